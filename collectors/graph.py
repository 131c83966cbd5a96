"""The Graph API, as far as Facebook, Instagram and Threads have it in common: its errors, its pages, its percentages.

One envelope serves all three: an error with a code and perhaps a subcode, a page with cursors, and
headers that say in percent how much of an allowance is used.  What follows from a code is said once,
here; each platform's file has the table of those that are its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeGuard

from collectors.asking import keys_in, object_in, read, retry_at, time_in, write
from collectors.base import (
    Access,
    AuthExpired,
    CollectorError,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
    Usage,
)
from collectors.items import Unreadable, moment
from collectors.transport import Answer, Line
from vocabulary import Author

HOST: Final = "https://graph.facebook.com"
VERSION: Final = "v26.0"
LIMIT_WINDOW: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(days=1)  # whatever a header says; asking once a day does no harm

Code = int | tuple[int, int]
Meaning = Mapping[Code, tuple[type[CollectorError], str]]

# Error code, or code and subcode -> what it means to us; {platform} is put in.  What is not here is as its status says.
MEANING: Final[Meaning] = {
    1: (Transient, "{platform} stumbled"),
    2: (Transient, "{platform} stumbled"),
    3: (PermissionLost, "the app may not do that on {platform}; check its permissions"),
    4: (RateLimited, "{platform} asks the app to wait"),
    10: (PermissionLost, "the app may not do that on {platform}; check its permissions"),
    17: (RateLimited, "{platform} asks this user to wait"),
    100: (Refused, "{platform} does not understand the request"),
    (100, 33): (Gone, "{platform} says that it is not there, or not for us"),
    102: (AuthExpired, "{platform} no longer accepts the token; connect the account again"),
    190: (AuthExpired, "{platform} no longer accepts the token; connect the account again"),
    341: (RateLimited, "{platform} asks the app to wait"),
    368: (PermissionLost, "{platform} has blocked the account for breaking its policies; look there"),
    613: (RateLimited, "{platform} asks us to wait"),
    803: (Gone, "{platform} says that it is not there"),
}
PERMISSIONS: Final = range(200, 300)
LOST: Final = (PermissionLost, "the token may no longer do that on {platform}; check the account's roles")
BUSINESS_LIMITS: Final = range(80_000, 80_100)
WAIT: Final = (RateLimited, "{platform} asks this account to wait")
STUMBLED: Final = (1, 2)  # after a write, these do not say that nothing was written
OF_THE_APP: Final = (4, 341)  # limits that the app's other accounts meet as well
USED: Final = ("call_count", "total_time", "total_cputime")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is the cursor to go on with, empty on the last.

    `last` is the cursor of the last item, whether or not there are more.  `total` is what the platform
    says of how many there are, on every page together, where it was asked.
    """

    items: list[Any]
    next: str
    last: str
    at: datetime
    usage: Usage
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """One account on one platform of the family, and what its answers mean in our words.

    `platform` is the name that people know; `meaning` holds the codes that are its own.
    """

    account: str
    platform: str
    line: Line = field(repr=False)
    meaning: Meaning = field(default_factory=dict, repr=False)

    def read(self, send: Callable[[], object]) -> Answer:
        """The answer to a question.

        Raises:
            CollectorError: one of its kinds, as the platform's error says.
        """
        answer = read(self.line, self.account, send)
        error = _error(answer)
        if error is not None:
            raise self._meant(answer, error)
        if answer.status == 429 or (answer.status == 503 and retry_at(answer)):
            raise self._limited(answer, f"{self.platform} asks us to wait (status {answer.status})", "account")
        if answer.status >= 500:
            raise Transient(self.account, f"{self.platform} answered with status {answer.status}")
        if answer.status != 200:
            raise Malformed(
                self.account, f"{self.platform} answered with status {answer.status} and no error of its own"
            )
        return answer

    def node(self, send: Callable[[], object]) -> Mapping[str, Any]:
        """The one thing that was asked for."""
        return object_in(self.read(send), self.account, self.platform)

    def listing(self, send: Callable[[], object]) -> Listing:
        """The page that was asked for.  A next page is promised by an address; only its cursor is kept."""
        answer = self.read(send)
        body = answer.json()
        items, paging = (body.get("data"), body.get("paging", {})) if isinstance(body, dict) else (None, None)
        if not isinstance(items, list) or not isinstance(paging, dict):
            raise Malformed(self.account, f"{self.platform} answered with something that is not a page of items")
        following, last = ends(paging)
        if following and not last:
            raise Malformed(self.account, f"{self.platform} promises a next page and does not say where")
        at = time_in(answer, self.account, self.platform)
        usage = Usage(1, len(items), remaining(answer))
        return Listing(items, last if following else "", last, at, usage, _total(body))

    def write(self, send: Callable[[], object], *, refusal: str = "") -> Answer:
        """The answer to a change.  A definite error of the platform's own means that nothing was written.

        `refusal` is what to tell the officer where the platform will not do it.

        Raises:
            Unconfirmed: anything else that is unclear.
            CollectorError: any other kind means that nothing was written.
        """
        answer = write(self.line, self.account, send)
        error = _error(answer)
        if error is not None and _number(error, "code") not in (*STUMBLED, None) and answer.status < 500:
            raise self._meant(answer, error, refusal)
        if error is not None or answer.status != 200:
            raise Unconfirmed(
                self.account, f"{self.platform} answered with status {answer.status} and did not say what it did"
            )
        return answer

    def published(self, answer: Answer, name: str = "id") -> str:
        """The id under which what we wrote stands.

        Raises:
            Unconfirmed: the platform does not say.
        """
        body = answer.json()
        native_id = body.get(name) if isinstance(body, dict) else None
        if not isinstance(native_id, str) or not native_id:
            raise Unconfirmed(self.account, f"{self.platform} took the reply and did not say under which id it stands")
        return native_id

    def done(self, send: Callable[[], object], *, refusal: str = "") -> None:
        """Change what is there; asking twice is harmless, so that a doubt is only a reason to ask again.

        Raises:
            CollectorError: one of its kinds, but never Unconfirmed.
        """
        try:
            body = self.write(send, refusal=refusal).json()
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        if not isinstance(body, dict) or body.get("success") is not True:
            raise Malformed(self.account, f"{self.platform} did not say whether that is done")

    def standing(self, native_id: str, send: Callable[[], object]) -> Standing:
        """Whether one thing can be read by its id.  GONE here is the platform's word, which is not yet a proof.

        Raises:
            AuthExpired, RateLimited: nothing is known.
        """
        try:
            body = self.node(send)
        except Gone:
            return Standing.GONE
        except PermissionLost:
            return Standing.FORBIDDEN
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return Standing.UNKNOWN
        return Standing.PRESENT if body.get("id") == native_id else Standing.UNKNOWN

    def time_of(self, send: Callable[[], object], name: str) -> datetime | None:
        """The platform's time of what we just wrote; None where it does not tell: that much is not worth an error."""
        try:
            return moment(self.node(send), name)
        except (CollectorError, Unreadable):
            return None

    def _meant(self, answer: Answer, error: Mapping[str, Any], refusal: str = "") -> CollectorError:
        code, subcode = _number(error, "code"), _number(error, "error_subcode")
        kind, template, own = self._known(code or 0, subcode) or (*_by_status(answer.status), False)
        if kind is Refused and refusal and not own:
            template = refusal
        words = f"{template.format(platform=self.platform)} {_named(answer, code, subcode)}"
        if kind is not RateLimited:
            return kind(self.account, words)
        return self._limited(answer, words, "app" if code in OF_THE_APP else "account")

    def _limited(self, answer: Answer, words: str, scope: str) -> CollectorError:
        """Until the platform's own moment, in minutes or as `Retry-After`; without one, for as long as its window."""
        if answer.at is None:
            return Transient(self.account, words)
        wait = timedelta(minutes=_minutes_to_wait(answer))
        named = answer.at + min(wait, LONGEST_WAIT) if wait > timedelta(0) else retry_at(answer)
        return RateLimited(self.account, words, until=named or answer.at + LIMIT_WINDOW, scope=scope)

    def _known(self, code: int, subcode: int | None) -> tuple[type[CollectorError], str, bool] | None:
        """What a code means, and whether it is one of the platform's own; the narrower it is said, the better."""
        exact: tuple[Code, ...] = (code,) if subcode is None else ((code, subcode), code)
        for each in exact:
            if each in self.meaning:
                return (*self.meaning[each], True)
            if each in MEANING:
                return (*MEANING[each], False)
        if code in PERMISSIONS:
            return (*LOST, False)
        return (*WAIT, False) if code in BUSINESS_LIMITS else None


def open_sdk(access: Access) -> tuple[Any, Line]:
    """facebook-sdk, and the line it sends over, for what lives at graph.facebook.com.  The SDK is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    import facebook
    import requests

    token = keys_in(access)["access_token"]
    session = requests.Session()
    # Graph takes the token here as well (restfb#1107); without one of its own the SDK puts none in the address.
    session.headers["Authorization"] = f"Bearer {token}"
    client = facebook.GraphAPI(access_token=None, timeout=access.timeout, session=session)
    client.version = VERSION  # the constructor refuses every version newer than 3.1; the attribute does not
    return client, Line(session, HOST, base_url=access.base_url, timeout=access.timeout)


def send_through(client: Any, path: str, *, method: str = "POST", **form: str) -> Callable[[], object]:
    """What makes the SDK send a change; its own ways to do so want a token in the address."""
    return lambda: client.request(f"{VERSION}/{path}", post_args=form or None, method=method)


def ends(paging: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a page promises another, and the cursor of its last item."""
    cursors = paging.get("cursors")
    last = cursors.get("after") if isinstance(cursors, dict) else ""
    return bool(paging.get("next")), last if isinstance(last, str) else ""


def seconds(at: datetime | None) -> dict[str, int]:
    """`since` as every listing takes it; nothing where there is no such moment."""
    return {} if at is None else {"since": int(at.timestamp())}


def time_or_none(value: object) -> datetime | None:
    """A time that need not be there, in either of the shapes that the documentation shows."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**10:
        return datetime.fromtimestamp(value, UTC)
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def is_time(text: str) -> bool:
    """Whether a mark is a time of ours."""
    return time_or_none(text) is not None


def again_from(watermark: str, overlap: timedelta) -> datetime | None:
    """From when on to read again; None before the first run has ended, or where the watermark is not a time."""
    at = time_or_none(watermark)
    return None if at is None else at - overlap


def is_count(value: object) -> TypeGuard[int]:
    """Whether a platform's number can be a number of things."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100_000_000


def known_by_handle(username: str) -> Author | None:
    """Somebody of whom a platform tells no more than the handle: that is all there is to know them by.

    A handle may change hands, which is rare; what would be joined wrongly then is one person's history.
    """
    return Author(f"@{username}", username) if username else None


def remaining(answer: Answer) -> float | None:
    """What is left of the narrowest allowance, 0 to 1; the headers speak in percent used."""
    used = [row[name] for row in _usage_rows(answer) for name in USED if is_count(row.get(name))]
    return max(0.0, 1 - max(used) / 100) if used else None


def _usage_rows(answer: Answer) -> Iterator[Mapping[str, Any]]:
    """What the usage headers say, row by row; nothing where they cannot be read."""
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        try:
            said_there = json.loads(answer.headers.get(name, "{}"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(said_there, dict):
            continue
        if name != "x-business-use-case-usage":
            yield said_there
            continue
        yield from (
            row for rows in said_there.values() if isinstance(rows, list) for row in rows if isinstance(row, dict)
        )


def _minutes_to_wait(answer: Answer) -> int:
    waits = [row.get("estimated_time_to_regain_access") for row in _usage_rows(answer)]
    return max((min(wait, 10**6) for wait in waits if type(wait) is int), default=0)


def _total(body: Mapping[str, Any]) -> int | None:
    summary = body.get("summary")
    total = summary.get("total_count") if isinstance(summary, dict) else None
    return total if is_count(total) else None


def _error(answer: Answer) -> Mapping[str, Any] | None:
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def _number(error: Mapping[str, Any], name: str) -> int | None:
    number = error.get(name)
    return number if isinstance(number, int) else None


def _named(answer: Answer, code: int | None, subcode: int | None) -> str:
    """The error's numbers: its message is not ours to pass on, for it may quote."""
    return f"(code {code}{f', subcode {subcode}' if subcode is not None else ''}, status {answer.status})"


def _by_status(status: int) -> tuple[type[CollectorError], str]:
    if status >= 500:
        return MEANING[2]
    if status == 401:
        return MEANING[190]
    if status == 403:
        return LOST
    if status == 429:
        return WAIT
    return Refused, "{platform} will not do that"
