"""Who may do what: one row for each route, and the gate in front of all of them.

A route without a row cannot be reached.  A case of a service area that the reader has nothing to
do with does not exist for them (404); an act that their role does not allow on a case that they
may see is forbidden (403).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from moderation import restricted, sight
from moderation.sight import MAY_OPEN, SHOWN_ONLY
from store import authors, conduct, desk, evidence, removals, replies, sessions
from store.database import Session
from vocabulary import GwylioError, Role
from web.security import IDLE, SESSION_COOKIE, TOUCH_AFTER, Reader, brings_files, same, token_hash
from web.wired import Web
from words import Words, is_screen
from words.names import N_

EVERYBODY: Final = frozenset(Role)
CASES: Final = EVERYBODY - {Role.TRANSLATOR}
"""Who may open cases; translators are shown what they are asked for, and no more."""
ANSWERING: Final = frozenset({Role.OFFICER, Role.COMMUNICATIONS})
WATCHING: Final = frozenset({Role.COMMUNICATIONS, Role.AUDITOR, Role.ADMINISTRATOR})
COMMUNICATIONS: Final = frozenset({Role.COMMUNICATIONS})
FLAGGING: Final = frozenset({Role.OFFICER, Role.COMMUNICATIONS, Role.SENIOR})
SENIOR: Final = frozenset({Role.COMMUNICATIONS, Role.SENIOR})
AUDITING: Final = frozenset({Role.AUDITOR})
CONNECTING: Final = frozenset({Role.COMMUNICATIONS, Role.ADMINISTRATOR})
AGREEING: Final = frozenset({Role.COMMUNICATIONS, Role.LEGAL})
APPEALS: Final = frozenset({Role.COMMUNICATIONS, Role.LEGAL, Role.SENIOR})
TRANSLATING: Final = frozenset({Role.TRANSLATOR})

ADMINISTERING: Final = frozenset({Role.ADMINISTRATOR})

HEARING: Final = frozenset({Role.COMMUNICATIONS, Role.SAFEGUARDING, Role.LEGAL, Role.AUDITOR})
"""Who is told of incidents, each of those that concern them."""

PUBLIC: Final = frozenset(
    {
        "entry",
        "healthz",
        "sign_in_page",
        "sign_in",
        "code_page",
        "code",
        "enrol_page",
        "enrol",
        "provider_out",
        "provider_back",
        "invitation_page",
        "invitation",
        "accessibility",
        "webhook_asked",
        "webhook_came",
    }
)
"""Routes for people who have not signed in, and for platforms, which sign what they send."""

BY_ITSELF: Final = frozenset({"queue_events", "case_events", "session"})
"""Routes that an open page asks without its reader's doing."""

PERMISSIONS: Final[Mapping[str, frozenset[Role]]] = {
    "sign_out": EVERYBODY,
    "session": EVERYBODY,
    "keep_session": EVERYBODY,
    "account": EVERYBODY,
    "change_password": EVERYBODY,
    "own_factor_page": EVERYBODY,
    "own_factor": EVERYBODY,
    "end_own_factor": EVERYBODY,
    "end_session": EVERYBODY,
    "sign_out_everywhere": EVERYBODY,
    "preferences": EVERYBODY,
    "api_tokens": EVERYBODY,
    "give_api_token": EVERYBODY,
    "revoke_api_token": EVERYBODY,
    "add_service": ADMINISTERING,
    "end_service": ADMINISTERING,
    "first_steps": ADMINISTERING,
    "policy": WATCHING,
    "areas": WATCHING,
    "closures": WATCHING,
    "change_closures": CONNECTING,
    "users": ADMINISTERING,
    "add_user": ADMINISTERING,
    "user": ADMINISTERING,
    "user_email": ADMINISTERING,
    "user_grants": ADMINISTERING,
    "user_active": ADMINISTERING,
    "user_invite": ADMINISTERING,
    "user_factor": ADMINISTERING,
    "help": EVERYBODY,
    "help_page": EVERYBODY,
    "queue": CASES,
    "queue_events": CASES,
    "search": CASES,
    "case": CASES,
    "case_events": CASES,
    "next_case": CASES,
    "redraw": CASES,
    "redrawn": CASES,
    "saved_reply": ANSWERING,
    "reply": ANSWERING,
    "check_reply": ANSWERING,
    "hand_over_words": ANSWERING,
    "hand_over": ANSWERING,
    "signpost": ANSWERING,
    "ask_translation": ANSWERING,
    "translation_came": ANSWERING,
    "withdraw_translation": ANSWERING,
    "approvals": ANSWERING,
    "approve": ANSWERING,
    "send_back": ANSWERING,
    "templates": ANSWERING,
    "new_template_page": COMMUNICATIONS,
    "new_template": COMMUNICATIONS,
    "template_page": COMMUNICATIONS,
    "change_template": COMMUNICATIONS,
    "retire_template": COMMUNICATIONS,
    "translations": TRANSLATING,
    "translate": TRANSLATING,
    "act": ANSWERING,
    "note": ANSWERING,
    "answer_owed": ANSWERING,
    "confirm_native": ANSWERING,
    "ask_removal": ANSWERING,
    "show_again": ANSWERING,
    "removals": AGREEING | APPEALS | {Role.AUDITOR},
    "removal": EVERYBODY,
    "removal_again": EVERYBODY,
    "decide_removal": AGREEING,
    "withdraw_removal": ANSWERING,
    "undo_removal": COMMUNICATIONS,
    "removal_on_platform": ANSWERING,
    "removal_told": ANSWERING,
    "record_appeal": ANSWERING,
    "decide_appeal": APPEALS,
    "correct": ANSWERING,
    "record_reply": ANSWERING,
    "claim": ANSWERING,
    "snooze": ANSWERING,
    "answer_wave": ANSWERING,
    "bulk_act": ANSWERING,
    "bulk_undo": ANSWERING,
    "purpose_page": MAY_OPEN,
    "purpose": MAY_OPEN,
    "restrict": ANSWERING | {Role.SAFEGUARDING},
    "bundle": ANSWERING | {Role.SAFEGUARDING},
    "begin_incident": ANSWERING | {Role.SAFEGUARDING},
    "incidents": HEARING,
    "end_incident": HEARING | ANSWERING,
    "take_up": ANSWERING,
    "matter": ANSWERING,
    "strike_pause": ANSWERING,
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
    "evidence": CASES,
    "escalations": WATCHING,
    "settle": COMMUNICATIONS,
    "legal_hold": COMMUNICATIONS,
    "removal_hold": AGREEING,
    "senior": SENIOR,
    "senior_flag": ANSWERING,
    "senior_flag_end": FLAGGING,
    "notices": EVERYBODY,
    "notice_language": EVERYBODY,
    "settle_notice": CONNECTING,
    "weekly": EVERYBODY,
    "weekly_cases": EVERYBODY,
    "weekly_csv": EVERYBODY,
    "accounts": WATCHING,
    "token": CONNECTING,
    "register": WATCHING | {Role.OFFICER},
    "register_record": WATCHING | {Role.OFFICER, Role.SENIOR},
    "give_access": CONNECTING,
    "end_access": CONNECTING,
    "users_csv": WATCHING,
}

_OF_REMOVALS: Final = APPEALS - COMMUNICATIONS
PUT_BEFORE: Final[Mapping[str, frozenset[Role]]] = {
    "senior_flag_end": frozenset({Role.SENIOR}),
    "removal": _OF_REMOVALS,
    "removal_again": _OF_REMOVALS,
    "decide_removal": frozenset({Role.LEGAL}),
    "removal_hold": frozenset({Role.LEGAL}),
    "decide_appeal": _OF_REMOVALS,
}
"""Routes about a case that are open to roles which are shown something of it and do not open it."""
SAYING_WHY: Final = frozenset({"purpose_page", "purpose"})
"""Routes of a restricted case that are open before a purpose is given: they show nothing of it."""


class Page(NamedTuple):
    """A page that the navigation leads to: its route, what the link says, where it is, and which paths are its own.

    `act` is the one of web/shortcuts.py that leads there.
    """

    route: str
    text: str
    path: str
    parts: tuple[str, ...]
    act: str = ""


class Section(NamedTuple):
    """Pages that belong together; where a reader sees only one of them, the section is that page."""

    text: str
    pages: tuple[Page, ...]


SECTIONS: Final = (
    Section(
        N_("Queue"),
        (
            Page("queue", N_("Queue"), "queue", ("queue", "cases", "bulk"), act="queue"),
            Page("search", N_("Search the cases"), "search", ("search",)),
            Page("translations", N_("Translations"), "translations", ("translations",)),
            Page("approvals", N_("To approve"), "approvals", ("approvals", "replies")),
            Page("enter_page", N_("Enter by hand"), "enter", ("enter",)),
            Page("templates", N_("Saved replies"), "templates", ("templates",)),
        ),
    ),
    Section(
        N_("Communications"),
        (
            Page("escalations", N_("Escalations"), "escalations", ("escalations", "parts")),
            Page("removals", N_("Removals"), "removals", ("removals",)),
            Page("incidents", N_("Incidents"), "incidents", ("incidents",)),
            Page("reviews", N_("Reviews of conduct"), "reviews", ("reviews",)),
            Page("senior", N_("Senior management"), "senior", ("senior",)),
        ),
    ),
    Section(
        N_("Reports"),
        (
            Page("weekly", N_("Weekly report"), "reports/weekly", ("reports",)),
            Page("monitoring", N_("Monitoring"), "monitoring", ("monitoring",)),
        ),
    ),
    Section(
        N_("Accounts"),
        (
            Page("accounts", N_("Accounts"), "accounts", ("accounts",)),
            Page("register", N_("Account register"), "register", ("register",)),
        ),
    ),
    Section(
        N_("Administration"),
        (
            Page("users", N_("Users"), "users", ("users",)),
            Page("first_steps", N_("First steps"), "first-steps", ("first-steps",)),
            Page("areas", N_("Service areas"), "administration/areas", ("administration/areas",)),
            Page("policy", N_("Policy"), "administration/policy", ("administration/policy",)),
            Page("closures", N_("Closure days"), "administration/closures", ("administration/closures",)),
        ),
    ),
)
"""The navigation, in two rows: the sections, and the pages of the one that the reader is in."""

OWN_PAGES: Final = (
    Page("notices", N_("Messages"), "notices", ("notices",), act="messages"),
    Page("account", N_("Your account"), "account", ("account", "api-tokens")),
)
"""What concerns the reader alone, beside their name."""


class NotSignedIn(GwylioError):
    """The browser has no session; whoever it is must sign in first."""


class FormNotOurs(GwylioError):
    """A form came without its session's token: from another site, or after the session ended."""


class NotAllowed(GwylioError):
    """The reader may see this and may not do it."""


class PurposeNeeded(GwylioError):
    """The case is restricted, and the reader has not said today why they open it."""

    def __init__(self, case_id: int) -> None:
        super().__init__(f"case {case_id} is opened with a purpose")
        self.case_id = case_id


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
    case, held = entitled(web, reader, name, request.path_params)
    if case and case.restricted and name not in SAYING_WHY and not held <= SHOWN_ONLY - MAY_OPEN:
        _see(web, reader, case.id)


def entitled(web: Web, reader: Reader, name: str, path: Mapping[str, Any]) -> tuple[Case | None, frozenset[Role]]:
    """The case that a path names, if any, and what the reader is to it: enough for the route of this name.

    The API goes by it too.

    Raises:
        NotThere, NotAllowed: as they say.
    """
    named = {key: value for key, value in path.items() if key in _CASE_BY}
    case = _case(web, *named.popitem()) if named else None
    if case is not None:
        held = _held(reader, case, name)
    elif "author_id" in path:
        held = _held_of_author(web, reader, path["author_id"])
    else:
        held = reader.roles()
    if not held:
        raise NotThere
    if not held & PERMISSIONS.get(name, frozenset()):
        raise NotAllowed
    return case, held


def signed_in(request: Request, web: Web) -> Reader | None:
    """Whose browser this is, if anybody's; a page that asks by itself does not keep its reader signed in."""
    token = request.cookies.get(SESSION_COOKIE, "")
    if not token:
        return None
    hashed, now = token_hash(token), web.now()
    with web.store.read() as session:
        found = sessions.find(session, hashed, now=now, idle=IDLE)
    if found is None:
        return None
    if now - found.last_seen > TOUCH_AFTER and request.scope["route"].name not in BY_ITSELF:
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


class Case(NamedTuple):
    """What the gate knows of a case."""

    id: int
    area: str
    restricted: bool


def _held(reader: Reader, case: Case, name: str) -> frozenset[Role]:
    """What the reader is to this case on this route; where it is restricted, only roles that need it count."""
    held = reader.roles_in(case.area)
    put_before = PUT_BEFORE.get(name, frozenset())
    return sight.opening(held, restricted=case.restricted) | (held & put_before)


def _held_of_author(web: Web, reader: Reader, value: Any) -> frozenset[Role]:
    """What the reader is in any service area in which this author has cases.

    Raises:
        NotThere: there is no such author, or they have none.
    """
    with web.store.read() as session:
        areas = authors.areas_of(session, _number(value))
    return frozenset(role for area in areas for role in reader.roles_in(area)) - SHOWN_ONLY


def _number(value: Any) -> int:
    """The id that a path holds.

    Raises:
        NotThere: it is none.
    """
    number = str(value)
    if not number.isascii() or not number.isdigit() or len(number) > LONGEST_ID:
        raise NotThere
    return int(number)


def _see(web: Web, reader: Reader, case_id: int) -> None:
    """Let a reader pass to a restricted case; the page keeps that they saw it.

    Raises:
        PurposeNeeded: they have not said why.
    """
    now = web.now()
    with web.store.read() as session:
        may = restricted.may_read(session, case_id, user_id=reader.user_id, now=now)
    if not may:
        raise PurposeNeeded(case_id)


def _case(web: Web, key: str, value: Any) -> Case:
    """The case that a path names.

    Raises:
        NotThere: it names none.
    """
    with web.store.read() as session:
        case_id = _CASE_BY[key](session, _number(value))
        area = desk.area_of(session, case_id) if case_id is not None else None
        if case_id is None or area is None:
            raise NotThere
        return Case(case_id, area, desk.is_restricted(session, case_id))


_CASE_BY: Final[Mapping[str, Callable[[Session, int], int | None]]] = {
    "case_id": lambda _session, case_id: case_id,
    "comment_id": desk.case_of_comment,
    "part_id": desk.case_of_part,
    "reply_id": replies.case_of,
    "review_id": conduct.case_of,
    "evidence_id": evidence.case_of,
    "removal_id": removals.case_of,
}
