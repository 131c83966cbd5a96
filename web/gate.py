"""Who may do what: one row for each route, and the gate in front of all of them.

A route without a row cannot be reached.  A case of a service area that the reader has nothing to
do with does not exist for them (404); an act that their role does not allow on a case that they
may see is forbidden (403).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from store import authors, conduct, desk, evidence, sessions
from store.database import Session
from vocabulary import GwylioError, Role
from web.security import IDLE, SESSION_COOKIE, SHOWN_ONLY, TOUCH_AFTER, Reader, brings_files, same, token_hash
from web.wired import Web
from words import Words, is_screen
from words.names import N_

EVERYBODY: Final = frozenset(Role)
ANSWERING: Final = frozenset({Role.OFFICER, Role.COMMUNICATIONS})
WATCHING: Final = frozenset({Role.COMMUNICATIONS, Role.AUDITOR, Role.ADMINISTRATOR})
COMMUNICATIONS: Final = frozenset({Role.COMMUNICATIONS})
AUDITING: Final = frozenset({Role.AUDITOR})
CONNECTING: Final = frozenset({Role.COMMUNICATIONS, Role.ADMINISTRATOR})

PUBLIC: Final = frozenset({"entry", "healthz", "sign_in_page", "sign_in", "webhook_asked", "webhook_came"})
"""Routes for people who have not signed in, and for platforms, which sign what they send."""

PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = {
    "sign_out": EVERYBODY,
    "queue": EVERYBODY,
    "case": EVERYBODY,
    "redraw": EVERYBODY,
    "redrawn": EVERYBODY,
    "saved_reply": ANSWERING,
    "reply": ANSWERING,
    "act": ANSWERING,
    "note": ANSWERING,
    "answer_owed": ANSWERING,
    "confirm_native": ANSWERING,
    "hide": ANSWERING,
    "correct": ANSWERING,
    "record_reply": ANSWERING,
    "refer": ANSWERING,
    "author": ANSWERING,
    "author_purpose": ANSWERING,
    "reviews": COMMUNICATIONS,
    "review": COMMUNICATIONS,
    "review_act": COMMUNICATIONS,
    "review_again": COMMUNICATIONS,
    "monitoring": AUDITING,
    "monitoring_csv": AUDITING,
    "enter_page": ANSWERING,
    "enter": ANSWERING,
    "evidence": EVERYBODY,
    "escalations": WATCHING,
    "settle": COMMUNICATIONS,
    "weekly": EVERYBODY,
    "weekly_csv": EVERYBODY,
    "accounts": WATCHING,
    "token": CONNECTING,
}

PAGES: Final = (
    ("queue", N_("Queue"), "queue", ("queue", "cases")),
    ("enter_page", N_("Enter by hand"), "enter", ("enter",)),
    ("escalations", N_("Escalations"), "escalations", ("escalations", "parts")),
    ("reviews", N_("Reviews of conduct"), "reviews", ("reviews",)),
    ("monitoring", N_("Monitoring"), "monitoring", ("monitoring",)),
    ("weekly", N_("Weekly report"), "reports/weekly", ("reports",)),
    ("accounts", N_("Accounts"), "accounts", ("accounts",)),
)
"""The navigation: the route's name, what the link says, where it leads, and the paths that belong to it."""


class NotSignedIn(GwylioError):
    """The browser has no session; whoever it is must sign in first."""


class FormNotOurs(GwylioError):
    """A form came without its session's token: from another site, or after the session ended."""


class NotAllowed(GwylioError):
    """The reader may see this and may not do it."""


class NotThere(GwylioError):
    """It does not exist, or not for this reader; nobody is told which."""


def sees_page(reader: Reader, name: str) -> bool:
    """Whether the navigation leads this reader there."""
    return bool(reader.roles() & PERMISSIONS[name])


def web_of(request: Request) -> Web:
    """What this application is made of."""
    web: Web = request.app.state.web
    return web


async def _web(request: Request) -> Web:
    """Without a thread, as nothing is waited for."""
    return web_of(request)


SomeWeb = Annotated[Web, Depends(_web)]


async def form_token(request: Request, web: SomeWeb) -> AsyncIterator[str]:
    """The token that a form came with; empty where none did, or nobody asks for it.

    Raises:
        NotSignedIn: a stranger sends files, of which nothing is read.
        HTTPException: they weigh too much, or the form does not say how much.
    """
    if request.method in {"GET", "HEAD"} or request.scope["route"].name in PUBLIC:
        yield ""
        return
    if brings_files(request.headers.get("content-type", "").encode("latin-1")):
        reader = await run_in_threadpool(signed_in, request, web)
        if reader is None:
            raise NotSignedIn
        length = re.fullmatch("[0-9]{1,18}", request.headers.get("content-length", ""))
        if length is None or int(length[0]) > LARGEST_UPLOAD:
            raise HTTPException(413 if length else 411)
    async with request.form(max_fields=MOST_FIELDS) as form:
        yield str(form.get("csrf", ""))


async def gate(request: Request, web: SomeWeb, token: Annotated[str, Depends(form_token)]) -> None:
    """Stands before every route: session, form token, role, service area.

    What is open to all passes without a thread: a platform that knocks does not wait until the pages have one to spare.

    Raises:
        NotSignedIn, FormNotOurs, NotThere, NotAllowed: as they say.
    """
    if request.scope["route"].name not in PUBLIC:
        await run_in_threadpool(_admit, request, web, token)


def _admit(request: Request, web: Web, token: str) -> None:
    name = request.scope["route"].name
    reader = signed_in(request, web)
    if reader is None:
        raise NotSignedIn
    request.state.reader = reader
    if request.method not in {"GET", "HEAD"} and not same(token, reader.csrf):
        raise FormNotOurs(f"a form for {name} came without its token")
    roles = PERMISSIONS.get(name, frozenset())
    named = {key: value for key, value in request.path_params.items() if key in _AREAS_BY}
    held = _roles_in(reader, _areas(web, *named.popitem())) - SHOWN_ONLY if named else reader.roles()
    if not held:
        raise NotThere
    if not held & roles:
        raise NotAllowed


def signed_in(request: Request, web: Web) -> Reader | None:
    """Whose browser this is, if anybody's."""
    token = request.cookies.get(SESSION_COOKIE, "")
    if not token:
        return None
    hashed, now = token_hash(token), web.now()
    with web.store.read() as session:
        found = sessions.find(session, hashed, now=now, idle=IDLE)
    if found is None:
        return None
    if now - found.last_seen > TOUCH_AFTER:
        web.store.write(lambda session: sessions.touch(session, hashed, now=now))
    return Reader(found)


def reader_of(request: Request) -> Reader:
    """Who is signed in; the gate has let them pass."""
    reader: Reader = request.state.reader
    return reader


def words_of(language: str) -> Words:
    """The words of the language in the path.

    Raises:
        NotThere: we have no pages in it.
    """
    if not is_screen(language):
        raise NotThere
    return Words(language)


SomeReader = Annotated[Reader, Depends(reader_of)]
SomeWords = Annotated[Words, Depends(words_of)]

LONGEST_ID: Final = 15
LARGEST_UPLOAD: Final = evidence.MOST * evidence.LARGEST + 1_000_000
"""Bytes of one form with all its files."""
MOST_FIELDS: Final = 50
"""In one form, its files aside; none of ours has a third of it."""


def _roles_in(reader: Reader, areas: frozenset[str]) -> frozenset[Role]:
    """What a reader is in any of these service areas."""
    return frozenset(role for area in areas for role in reader.roles_in(area))


def _areas(web: Web, key: str, value: Any) -> frozenset[str]:
    """The service area of the case that a path names, or those in which the author it names has cases.

    Raises:
        NotThere: it names none.
    """
    number = str(value)
    if not number.isascii() or not number.isdigit() or len(number) > LONGEST_ID:
        raise NotThere
    with web.store.read() as session:
        areas = _AREAS_BY[key](session, int(number))
    if not areas:
        raise NotThere
    return areas


def _by_case(case_of: Callable[[Session, int], int | None]) -> Callable[[Session, int], frozenset[str]]:
    """The area of the one case that something belongs to."""

    def areas(session: Session, number: int) -> frozenset[str]:
        case_id = case_of(session, number)
        area = desk.area_of(session, case_id) if case_id is not None else None
        return frozenset() if area is None else frozenset({area})

    return areas


_AREAS_BY: Final[Mapping[str, Callable[[Session, int], frozenset[str]]]] = {
    "case_id": _by_case(lambda _session, case_id: case_id),
    "comment_id": _by_case(desk.case_of_comment),
    "part_id": _by_case(desk.case_of_part),
    "evidence_id": _by_case(evidence.case_of),
    "review_id": _by_case(conduct.case_of),
    "author_id": authors.areas_of,
}
