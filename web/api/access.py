"""Who may call what: a scope and a page's own row for each route, and the gate in front of all of them.

A token is worth no more than the pages are to its owner: the roles of a route are those of the page that does the same.
Cookies are not looked at here, and tokens nowhere else, so that no page can make a browser call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from moderation.record import Actor
from store import api_tokens
from store.api_tokens import Bearer
from vocabulary import GwylioError, Scope
from web.gate import entitled, web_of
from web.security import Reader, token_hash
from web.visit import Visit
from web.wired import Web
from words import Screen, Words, is_screen

TOUCH_AFTER: Final = timedelta(minutes=1)
LONGEST_TOKEN: Final = 200


class Needs(NamedTuple):
    """What a route asks for: a scope, and the page whose roles and areas are its own; without a page, any token."""

    scope: Scope | None = None
    page: str = ""


ROUTES: Final[Mapping[str, Needs]] = {
    "whoami": Needs(),
    "vocabulary": Needs(),
    "areas": Needs(),
    "list_queue": Needs(Scope.READ_QUEUE, "queue"),
    "list_saved_replies": Needs(Scope.READ_QUEUE, "saved_reply"),
    "read_case": Needs(Scope.READ_CASES, "case"),
    "act_on_case": Needs(Scope.WRITE_CASES, "act"),
    "claim_case": Needs(Scope.WRITE_CASES, "claim"),
    "release_case": Needs(Scope.WRITE_CASES, "claim"),
    "note_on_case": Needs(Scope.WRITE_CASES, "note"),
    "change_answer_owed": Needs(Scope.WRITE_CASES, "answer_owed"),
    "correct_finding": Needs(Scope.WRITE_CASES, "correct"),
    "check_reply": Needs(Scope.WRITE_REPLIES, "check_reply"),
    "send_reply": Needs(Scope.WRITE_REPLIES, "reply"),
    "list_accounts": Needs(Scope.READ_ACCOUNTS, "accounts"),
    "weekly_figures": Needs(Scope.READ_REPORTS, "weekly"),
    "classify_text": Needs(Scope.CLASSIFY, "queue"),
}


class NoToken(GwylioError):
    """No token came, or one that opens nothing; nobody is told which."""


class ScopeMissing(GwylioError):
    """The token was not given for this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"the token has no scope {scope.value}")
        self.scope = scope


class TooManyCalls(GwylioError):
    """The token was used more often than it may be; it may be again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class Restricted(GwylioError):
    """The case is opened with a purpose, which a person gives on its page."""


@dataclass(frozen=True, slots=True)
class Call(Visit):
    """One call by somebody's token: a visit like any other, but for what it leaves and may be used for."""

    bearer: Bearer

    @property
    def actor(self) -> Actor:
        return Actor(self.reader.session.username, self.reader.user_id, self.bearer.token_id)


_scheme = HTTPBearer(auto_error=False, scheme_name="token", description="A token of *API tokens*, kept secret.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]


def admit(request: Request, credentials: Credentials) -> Call:
    """The call, if its token is good for it.

    Raises:
        NoToken, TooManyCalls, ScopeMissing, Restricted, NotThere, NotAllowed: as they say.
    """
    web, needs = web_of(request), ROUTES[request.scope["route"].name]
    bearer = _bearer(web, credentials)
    if needs.scope is not None and needs.scope not in bearer.scopes:
        raise ScopeMissing(needs.scope)
    reader = Reader(bearer.signed_in)
    if needs.page:
        case, _held = entitled(web, reader, needs.page, request.path_params)
        if case is not None and case.restricted:
            raise Restricted(f"case {case.id} is opened with a purpose")
    return Call(request, web, Words(language_of(request)), reader, web.now(), bearer)


SomeCall = Annotated[Call, Depends(admit)]


def _bearer(web: Web, credentials: HTTPAuthorizationCredentials | None) -> Bearer:
    if credentials is None or len(credentials.credentials) > LONGEST_TOKEN:
        raise NoToken("a call came without a token")
    now = web.now()
    with web.store.read() as session:
        found = api_tokens.find(session, token_hash(credentials.credentials), now=now)
    if found is None:
        raise NoToken("a call came with a token that opens nothing")
    if seconds := web.calls.wait(found.token_id):
        raise TooManyCalls(seconds)
    if found.last_used is None or now - found.last_used > TOUCH_AFTER:
        web.store.write(lambda session: api_tokens.touch(session, found.token_id, now=now))
    return found


def language_of(request: Request) -> Screen:
    """The language of ours that the caller likes best; English where none is named."""
    liked: list[tuple[float, Screen]] = []
    for wish in request.headers.get("accept-language", "").split(","):
        name, _, weight = wish.partition(";")
        language = name.strip().partition("-")[0].lower()
        if is_screen(language):
            liked.append((_weight(weight), language))
    best = max(liked, key=lambda each: each[0], default=(0.0, "en"))
    return best[1] if best[0] > 0 else "en"


def _weight(written: str) -> float:
    _, _, number = written.strip().partition("=")
    try:
        return float(number) if number else 1.0
    except ValueError:
        return 0.0
