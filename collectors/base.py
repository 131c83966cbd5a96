"""What a collector is: something that reads our comments on one platform, and acts there.

A stream is one thing a platform lets us page through (mentions, comments on our posts).  Each
page carries the cursor to store **with** its items, so that a crash resumes or repeats and
never skips.  A collector never sleeps: it says until when, and the schedule comes round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from vocabulary import Comment, GwylioError, OwnReply, Platform, Post

CLOCKS_DISAGREE = timedelta(minutes=2)
"""How far a platform's clock may stand from ours before a read-back misses what it looks for."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a stream stands.  Both halves belong to the collector; nobody else looks inside.

    `watermark` is the newest id or time whose run was completed; `page_token` is set while a run
    is unfinished and lets the next one go on from there.
    """

    watermark: str = ""
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one run may spend; a run that reaches it stops incomplete and is continued."""

    pages: int = 50
    items: int = 5_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What one page cost: requests made, items billed, and the platform's own count of what is left.

    `remaining` is a fraction of the platform's window, 0 to 1, or None where it does not say.
    """

    requests: int = 0
    items: int = 0
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many comments, replies included and our own with them, the platform says stand in a thread."""

    thread: str
    said: int


@dataclass(frozen=True, slots=True)
class Page:
    """Items and the cursor to store with them, in one transaction.

    `complete` is True only on the page that ended the run: its cursor has the new watermark and
    no page token.  `troubles` says what on this page could not be read; its bytes are kept.
    """

    cursor: Cursor
    complete: bool
    comments: tuple[Comment, ...] = ()
    posts: tuple[Post, ...] = ()
    ours: tuple[OwnReply, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    counts: tuple[Count, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One item we could not read: why, and its bytes, for quarantine."""

    reason: str
    raw: bytes
    native_id: str = ""


class Standing(StrEnum):
    """What a re-check found out about one comment.  Only GONE, twice, ever means deleted."""

    PRESENT = "present"
    EDITED = "edited"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What can be done to a comment on its platform."""

    REPLY = "reply"
    HIDE = "hide"
    UNHIDE = "unhide"
    DELETE = "delete"
    """Take somebody else's comment away for good; a platform where we may only hide has no such action."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this platform lets us do, for this account.

    `longest_reply` is in the platform's own count, which `length_of` makes.  `proves_absence`:
    a read-back that finds nothing, after `settles_after`, shows that nothing was sent.
    """

    actions: frozenset[Action]
    longest_reply: int
    proves_absence: bool
    settles_after: timedelta


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an action was carried out: the platform's id, and its own time for it if it gave one."""

    native_id: str
    at: datetime | None = None


class Collector(Protocol):
    """One account on one platform.  Several threads may use it; its requests go out one at a time."""

    @property
    def account(self) -> str:
        """Our own slug for the account."""

    @property
    def platform(self) -> Platform: ...

    def streams(self) -> Sequence[str]:
        """The streams to read, the most important first."""

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Yield pages starting at `cursor`.  Overlap is expected; the unique key makes it harmless.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
        """

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """What became of comments we hold, one answer for each id.  An error is UNKNOWN or FORBIDDEN, never GONE.

        Raises:
            RateLimited: come back later; nothing is known of any of them.
            AuthExpired: the token is dead; the same.
        """

    def capabilities(self) -> Capabilities: ...

    def length_of(self, text: str) -> int:
        """How long the platform counts this text."""

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """Reply in public to one comment, once.  `key` names the intent, for the platforms that take one.

        Raises:
            Unconfirmed: it may or may not have been published; read back before anything else.
            CollectorError: any other kind means that nothing was published.
        """

    def act(self, action: Action, native_id: str) -> None:
        """Hide a comment, show it again, or delete it: what `capabilities` names besides replying.

        Twice is harmless.

        Raises:
            Refused: the platform has no such action for this comment.
            CollectorError: any other kind means that it may or may not be done; asking again is the way to know.
        """

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """Our replies to one comment as the platform shows them now, made at or after `since`.

        Some made up to `CLOCKS_DISAGREE` before it are included: better one reply too many to look at
        than one missed because the platform's clock is behind ours.

        Raises:
            CollectorError: nothing is known; never read it as "no reply".
        """


class Meter(Protocol):
    """What may still be spent on a platform that charges for reading, or counts it.

    `what` is a kind of thing in the platform's price list (config/budgets.toml).  What is set aside
    is durable before the request leaves, so that not even a crash passes a ceiling.
    """

    def reserve(self, what: str, most: int = 1) -> int:
        """Set aside the price of `most` things; how many of them may be asked for, from 1 up to `most`.

        Raises:
            QuotaExhausted: not even one is left in this period.
        """

    def settle(self, what: str, reserved: int, ids: Sequence[str] | None = None) -> None:
        """Pay for what came instead of what was set aside: these ids, or all that was reserved where None is said.

        An id paid for earlier on the same day is free.
        """


class Unmetered:
    """The meter of a platform that costs nothing."""

    def reserve(self, what: str, most: int = 1) -> int:
        return most

    def settle(self, what: str, reserved: int, ids: Sequence[str] | None = None) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """All that a collector needs to reach one account.

    `native_id` is the account's own id on the platform, never its name.  `credential` is a bare token,
    or the JSON object that `gwylio account connect` keeps.  `base_url` None is the real platform;
    another address must be https or on this machine.  `home` is the account's server on a platform
    that has many.  `searches` are the saved searches to make, name to query.  `timeout` is in seconds,
    to connect and between two bytes.
    """

    account: str
    native_id: str
    credential: str = field(repr=False)
    base_url: str | None = None
    home: str = ""
    searches: Mapping[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Unmetered)
    timeout: float = 10.0


class CollectorError(GwylioError):
    """A platform did not do what we asked.  `reason` is safe to log: no token, no resident's words."""

    def __init__(self, account: str, reason: str) -> None:
        super().__init__(f"{account}: {reason}")
        self.account, self.reason = account, reason


class AuthExpired(CollectorError):
    """The token is dead; a person must renew it."""


class PermissionLost(CollectorError):
    """The token lives but may no longer do this; a person must look."""


class RateLimited(CollectorError):
    """Come back at `until` (UTC); `scope` says what is limited."""

    def __init__(self, account: str, reason: str, *, until: datetime, scope: str = "account") -> None:
        super().__init__(account, reason)
        self.until, self.scope = until, scope


class QuotaExhausted(RateLimited):
    """The paid or daily allowance is used up until `until` (UTC)."""


class Transient(CollectorError):
    """The platform stumbled; the next scheduled run will do."""


class Gone(CollectorError):
    """What we asked about is not there."""


class Malformed(CollectorError):
    """The platform answered nonsense; the cursor stays where it is."""


class Refused(CollectorError):
    """The platform will never do this as asked; a person decides what then."""


class Unconfirmed(CollectorError):
    """A write was sent and no answer came back: it may stand on the platform or not."""
