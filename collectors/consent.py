"""Consent: how an administrator lets us into an account of the body's, and how we stay in.

What is the same everywhere is here: the address they are sent to, what they bring back, what a platform's
token endpoint means, and the credential that comes of it, with the moment at which it dies.  How each
platform differs is in collectors/ways.py.  Nothing raised from here quotes an address, a code or a token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from collectors.asking import open_line, read, retry_at
from collectors.base import (
    Access,
    AuthExpired,
    CollectorError,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Transient,
)
from collectors.transport import Answer
from settings import App
from vocabulary import GwylioError, Platform

LONGEST_LIFE: Final = timedelta(days=3_660)
"""Whatever an answer says; one that lives longer is looked at again after ten years."""
COME_BACK_IN: Final = timedelta(minutes=15)
"""When a platform asks us to wait and does not say how long."""
RENEWED_IN_THE_LAST: Final = 6
"""A token is renewed in the last sixth of its life: 20 minutes of X's two hours, 10 days of 60."""
SHORTEST_MARGIN: Final = timedelta(minutes=10)
"""Two rounds of the job that renews."""
REFRESH_EXPIRES: Final = "refresh_expires"
"""Kept with the credential: when renewing ends, however often it was done."""
NOT_RENEWED: Final = "no longer renews the token"
"""In the reason of whatever says so: what is known of a dead token beside that it is dead."""
ERROR_WORD: Final = re.compile(r"[a-z_]{1,40}")


class NotOurs(GwylioError):
    """What was brought back belongs to another attempt, or to nobody's."""


class Declined(Refused):
    """The administrator, or the platform on their behalf, said no."""


class WrongAccount(Refused):
    """Consent was given, for another account than the one we asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What is to be opened: one account, the app that we come as, and when.

    `access.credential` is what we hold already, where something is to be renewed.  `name` is what people
    call the platform.
    """

    platform: Platform
    name: str
    access: Access
    app: App
    now: datetime

    @property
    def account(self) -> str:
        return self.access.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An administrator on their way to a platform, and what we must remember until they are back.

    `state` comes back under the name `sign`.  `kept` is the platform's own: an app that was made for this
    attempt, or half of a key.
    """

    account: str
    address: str = field(repr=False)
    redirect_uri: str
    state: str = field(repr=False)
    sign: str = "state"
    verifier: str = field(default="", repr=False)
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """A credential as it is stored, when it dies (None: it does not run out), and whether we can renew it.

    `wanting` are permissions that were asked for and not given.
    """

    credential: str = field(repr=False)
    expires: datetime | None
    renews: bool
    wanting: tuple[str, ...] = ()


# --- there and back


def a_secret() -> str:
    """43 characters that nobody guesses; a state or a verifier."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """What the platform is told of a verifier beforehand (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def address_of(page: str, questions: Mapping[str, str], base_url: str | None) -> str:
    """The address of a platform's page of consent, at `base_url` where the platform is to be found there."""
    there = urlsplit(page)
    if base_url:
        base = urlsplit(base_url.rstrip("/"))
        there = there._replace(scheme=base.scheme, netloc=base.netloc, path=base.path + there.path)
    return urlunsplit(there._replace(query=urlencode(questions)))


def is_of(asking: Asking, address: str) -> bool:
    """Whether an address is the one that this attempt waits for, whatever it says."""
    try:
        brought_back(asking, address)
    except NotOurs:
        return False
    except Declined:
        return True
    return True


def brought_back(asking: Asking, address: str) -> Mapping[str, str]:
    """What the platform gave the administrator, from the address that it sent them back to.

    Raises:
        NotOurs: this attempt did not begin here.
        Declined: they said no.
    """
    try:
        brought = dict(parse_qsl(urlsplit(address.strip()).query, keep_blank_values=True))
    except ValueError:
        brought = {}
    if not hmac.compare_digest(brought.get(asking.sign, "").encode(), asking.state.encode()):
        raise NotOurs(
            "that address is not from this attempt; copy the whole address that the browser was sent to, or begin again"
        )
    if "error" in brought:
        raise Declined(asking.account, f"the platform gave no consent ({_word(brought['error'])})")
    return brought


# --- what comes of it


def granted(
    keys: Mapping[str, str],
    answer: Mapping[str, Any],
    now: datetime,
    *,
    asked: Sequence[str] = (),
    renews: bool | None = None,
) -> Granted:
    """The credential made of `keys`, what we held before among them, and a token endpoint's answer.

    It renews where there is a refresh token, unless `renews` says otherwise.
    """
    fresh = {name: str(answer[name]) for name in ("access_token", "refresh_token") if answer.get(name)}
    ends = lifetime(answer, "refresh_token_expires_in")
    held = {**keys, **fresh, **({REFRESH_EXPIRES: (now + ends).isoformat()} if ends else {})}
    life = lifetime(answer, "expires_in")
    scope = answer.get("scope")
    given = re.split(r"[\s,]+", scope.strip()) if isinstance(scope, str) else list(asked)
    return Granted(
        json.dumps(held, sort_keys=True),
        now + life if life else None,
        "refresh_token" in held if renews is None else renews,
        tuple(each for each in asked if each not in given),
    )


def lifetime(answer: Mapping[str, Any], name: str) -> timedelta | None:
    """So many seconds, as a number or in digits; None where it does not say."""
    said = answer.get(name)
    if isinstance(said, str) and re.fullmatch(r"[0-9]{1,12}", said):
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said < float("inf"):
        return None
    return timedelta(seconds=min(said, LONGEST_LIFE.total_seconds()))


def renewal_ends(credential: str) -> datetime | None:
    """When renewing ends, so that an administrator must come again; None where nobody said."""
    try:
        said = json.loads(credential)[REFRESH_EXPIRES]
        at = datetime.fromisoformat(said)
    except (ValueError, KeyError, TypeError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def due(since: datetime | None, expires: datetime | None, ends: datetime | None, now: datetime) -> bool:
    """Whether a token that renews should be renewed now: it is in the last part of its life, and would gain by it."""
    if expires is None or (ends is not None and ends <= expires and now < expires):
        return False
    life = expires - since if since else timedelta()
    return now >= expires - max(life / RENEWED_IN_THE_LAST, SHORTEST_MARGIN)


# --- asking a token endpoint


class Verdict(Enum):
    """What a token endpoint means."""

    FINE = auto()
    GRANT = auto()
    """The code or the refresh token is not accepted: used, too old, revoked."""
    APP = auto()
    """The app is not accepted."""
    WAIT = auto()
    STUMBLED = auto()
    REQUEST = auto()
    """It does not understand, or will not; nothing is said of what we hold."""


WORDS: Final[Mapping[str, Verdict]] = {
    "invalid_grant": Verdict.GRANT,
    "expired_token": Verdict.GRANT,
    "invalid_client": Verdict.APP,
    "unauthorized_client": Verdict.APP,
    "temporarily_unavailable": Verdict.STUMBLED,
    "server_error": Verdict.STUMBLED,
    "slow_down": Verdict.WAIT,
}
"""RFC 6749's own words, and a few that are common."""

GRAPH: Final[Mapping[int, Verdict]] = {
    1: Verdict.APP,  # "Error validating client secret."
    2: Verdict.STUMBLED,
    4: Verdict.WAIT,
    17: Verdict.WAIT,
    100: Verdict.GRANT,  # "This authorization code has been used."
    101: Verdict.APP,  # "Error validating application."
    102: Verdict.GRANT,
    190: Verdict.GRANT,
    400: Verdict.GRANT,  # Threads: "Matching code was not found or was already used"
    613: Verdict.WAIT,
}

TIKTOK: Final[Mapping[int, Verdict]] = {
    40016: Verdict.WAIT,
    40100: Verdict.WAIT,
    40101: Verdict.APP,
    40102: Verdict.GRANT,
    40103: Verdict.GRANT,
    40105: Verdict.GRANT,
    40110: Verdict.GRANT,  # the code is older than ten minutes, or was used
}


def verdict(status: int, body: Mapping[str, Any], *, dead: Iterable[str] = ()) -> Verdict:
    """What an answer means, in any of the shapes that platforms have for it.

    `dead`: words that mean the same as `invalid_grant` on this platform.
    """
    error, code = body.get("error"), _number(body.get("code"))
    if status == 429:
        return Verdict.WAIT
    if isinstance(error, Mapping):
        found = GRAPH.get(_number(error.get("code")), Verdict.REQUEST)
        return Verdict.STUMBLED if status >= 500 or error.get("is_transient") is True else found
    if isinstance(error, str):
        return Verdict.GRANT if error in dead else WORDS.get(error, _by_status(status, Verdict.REQUEST))
    if code:
        table = GRAPH if "error_message" in body else TIKTOK
        return table.get(code, Verdict.STUMBLED if 50_000 <= code < 60_000 else Verdict.REQUEST)
    return _by_status(status, Verdict.FINE)


def _number(code: object) -> int:
    return code if isinstance(code, int) and not isinstance(code, bool) else 0


def _by_status(status: int, otherwise: Verdict) -> Verdict:
    if status >= 500:
        return Verdict.STUMBLED
    return Verdict.REQUEST if status >= 300 else otherwise


def ask(
    door: Door,
    method: str,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    renewing: bool = False,
    dead: Iterable[str] = (),
    **more: Any,
) -> Mapping[str, Any]:
    """The JSON object that a token endpoint answers; `more` is what `requests` sends: `data`, `json`, `params`.

    Raises:
        AuthExpired: when renewing, what we hold is dead.
        CollectorError: another of its kinds; what we hold is as it was.
    """
    answer = answer_of(door, method, address, headers=headers, **more)
    said = answer.json()
    body: Mapping[str, Any] = said if isinstance(said, dict) else {}
    found = verdict(answer.status, body, dead=dead)
    if found is not Verdict.FINE:
        raise refusal(door, found, answer, renewing=renewing, word=str(body.get("error") or ""))
    if not body:
        raise Malformed(door.account, f"{door.name} answered with something that is not a JSON object")
    return body


def answer_of(
    door: Door, method: str, address: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    """The answer, whatever it says.

    Raises:
        Transient: no whole answer came.
    """
    there = urlsplit(address)
    line = open_line(door.access, f"{there.scheme}://{there.netloc}", {"Accept": "application/json", **(headers or {})})
    return read(line, door.account, lambda: line.session.request(method, address, **more))


def refusal(door: Door, found: Verdict, answer: Answer, *, renewing: bool, word: str = "") -> CollectorError:
    """The error that a verdict is to us, with what to do about it."""
    slug, name = door.account, door.name
    if found is Verdict.GRANT and renewing:
        return AuthExpired(slug, f"{name} {NOT_RENEWED}; run `gwylio account connect {slug}`")
    if found is Verdict.WAIT:
        until = retry_at(answer, "x-rate-limit-reset") or (door.now + COME_BACK_IN)
        return RateLimited(slug, f"{name} asks us to wait before it gives a token", until=until)
    kind, reason = {
        Verdict.GRANT: (Refused, "does not accept what was brought back: it was used, or is too old; begin again"),
        Verdict.APP: (
            PermissionLost,
            "does not accept the app: look at its client_id in gwylio.toml and at its secret",
        ),
        Verdict.STUMBLED: (Transient, "stumbled"),
    }.get(found, (Refused, f"will not give a token ({_word(word)})"))
    return kind(slug, f"{name} {reason}")


def _word(said: str) -> str:
    """A word that a platform has for an error; never anything else that it may have said."""
    return said if ERROR_WORD.fullmatch(said) else "it did not say why"


def text_in(door: Door, body: Mapping[str, Any], name: str) -> str:
    """A value that must be there.

    Raises:
        Malformed: it is not.
    """
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise Malformed(door.account, f"{door.name} answered without {name}")
    return value


def must_be_ours(door: Door, owner: str) -> None:
    """Nothing, where the consent is for the account that we asked about.

    Raises:
        WrongAccount: with what to do about it.
    """
    if owner != door.access.native_id:
        raise WrongAccount(
            door.account,
            f"the consent is for another account of {door.name} than {door.access.native_id}: "
            "sign in there as the right one, and connect again",
        )


Settle = Callable[[Door, Mapping[str, Any]], Granted]
"""What a platform makes of the first answer to a code, further questions included."""
