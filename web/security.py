"""Who may knock, and what every answer says to the browser.

Passwords are argon2id hashes; a session is a random cookie of which only the hash is kept; every
form carries its session's token.  Whom a wrong name and a wrong password belong to cannot be told
apart, in words or in time.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.middleware.gzip import GZipMiddleware

from moderation.sight import SHOWN_ONLY
from store.people import EVERY_AREA
from store.preferences import Preferences
from store.sessions import SignedIn
from vocabulary import Role

IDLE: Final = timedelta(hours=1)
LASTS: Final = timedelta(hours=12)
TOUCH_AFTER: Final = timedelta(minutes=1)
SESSION_COOKIE: Final = "gwylio"
FORM_COOKIE: Final = "gwylio-form"
LANGUAGE_COOKIE: Final = "gwylio-language"
LONGEST_PASSWORD: Final = 1_000
LONGEST_NAME: Final = 100

POLICY: Final = "content-security-policy"
HEADERS: Final[Mapping[str, str]] = {
    POLICY: "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
PLAIN_FORM: Final = b"application/x-www-form-urlencoded"
IN_PARTS: Final = re.compile(rb"multipart/form-data; ?boundary=[-'()+_,./:=?0-9A-Za-z]{1,70}")
TAKES_FILES: Final = re.compile(r"/(?:cy|en)/enter")
NOT_PAGES: Final = ("/webhooks/", "/api/")
"""Where platforms and programs knock: nothing there reads a form, whatever its body is called."""
NO_SECRETS: Final = ("/static/", "/api/")
"""What no stranger can make a browser ask for with its reader's cookie to any effect."""
OWN_DOING: Final = (b"same-origin", b"none")
"""A browser asks because of a page of ours, or because its reader typed an address."""
COMPRESSED: Final = 4
"""Of 9: beyond it a page costs twice the time for a twentieth less."""
KEEP_STATIC: Final = "public, max-age=31536000, immutable"
KEEP_NOTHING: Final = "no-store"

_hasher = PasswordHasher()
_AT_ONCE: Final = threading.BoundedSemaphore(4)
"""Each hash takes 64 MiB while it is made; a crowd at the door must not take all the memory there is."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def hash_password(password: str) -> str:
    """The argon2id hash to keep in place of a password."""
    return _hasher.hash(password)


def password_holds(kept: str | None, password: str) -> bool:
    """Whether this is the password behind the hash; None, for an unknown name, takes as long and is False."""
    known = password if len(password) <= LONGEST_PASSWORD else ""
    with _AT_ONCE:
        try:
            holds = _hasher.verify(kept or _nobodys_hash(), known)
        except (VerificationError, InvalidHashError):
            return False
    return holds and kept is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_api_token() -> str:
    """A token of the API; it begins so that whoever finds one in a file knows what it is."""
    return f"gwylio_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> bytes:
    """What is kept of a session's cookie, or of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def same(one: str, other: str) -> bool:
    """Equality that takes as long whatever differs; two empty strings are not the same."""
    return bool(one) and hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Reader:
    """The signed-in person, as the pages ask about them."""

    session: SignedIn

    @property
    def name(self) -> str:
        return self.session.full_name

    @property
    def user_id(self) -> int:
        return self.session.user_id

    @property
    def csrf(self) -> str:
        return self.session.csrf

    @property
    def preferences(self) -> Preferences:
        return self.session.preferences

    def roles_in(self, area: str) -> frozenset[Role]:
        """What they are in one service area; a translator, who is shown texts and no case, is nobody there."""
        granted = (role for role, where in self.session.grants if where in (area, EVERY_AREA))
        return frozenset(role for role in granted if role is not Role.TRANSLATOR)

    def areas(self) -> frozenset[str] | None:
        """The service areas whose cases they may see; None is all of them."""
        return self.areas_as(frozenset(Role) - SHOWN_ONLY)

    def areas_as(self, roles: frozenset[Role]) -> frozenset[str] | None:
        """The service areas in which they are one of these; None is all of them."""
        seen = frozenset(area for role, area in self.session.grants if role in roles)
        return None if EVERY_AREA in seen else seen

    def granted(self) -> frozenset[str] | None:
        """The service areas in which they are anything at all; None is all of them."""
        return self.areas_as(frozenset(Role))

    @property
    def home(self) -> str:
        """The page where their work lies."""
        return "translations" if self.roles() == {Role.TRANSLATOR} else "queue"

    def officer_of(self) -> frozenset[str] | None:
        """The service areas whose officer they are; None is all of them."""
        return self.areas_as(frozenset({Role.OFFICER}))

    def roles(self) -> frozenset[Role]:
        """What they are anywhere."""
        return frozenset(role for role, _area in self.session.grants)


class SignInLimit:
    """How often a name may be tried with a wrong password, and an address with wrong names.

    Tries that are still under way count, so that nobody gains by making many at once.
    """

    def __init__(self, per_name: str = "5 per 15 minutes", per_address: str = "50 per 15 minutes") -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_name, self._per_address = parse(per_name), parse(per_address)
        self._under_way: Counter[tuple[str, str]] = Counter()
        self._turn = threading.Lock()

    @contextmanager
    def one_try(self, name: str, address: str) -> Iterator[bool]:
        """Whether this try may be made; it is over with the block."""
        windows = self._windows(name, address)
        with self._turn:
            allowed = all(
                self._limiter.get_window_stats(item, *keys).remaining > self._under_way[keys] for item, keys in windows
            )
            self._under_way.update(keys for _item, keys in windows if allowed)
        try:
            yield allowed
        finally:
            if allowed:
                with self._turn:
                    for _item, keys in windows:
                        self._under_way[keys] -= 1
                        if not self._under_way[keys]:
                            del self._under_way[keys]

    def failed(self, name: str, address: str) -> None:
        for item, keys in self._windows(name, address):
            self._limiter.hit(item, *keys)

    def _windows(self, name: str, address: str) -> tuple[tuple[RateLimitItem, tuple[str, str]], ...]:
        return (self._per_name, ("name", name[:LONGEST_NAME].casefold())), (self._per_address, ("address", address))


class ForgeryLimit:
    """How many wrongly signed notices an address is refused one by one, each with a line in the log.

    What is rightly signed is never held against it: behind a proxy all platforms have the same address.
    """

    def __init__(self, per_address: str = "30 per 15 minutes") -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_address = parse(per_address)

    def one_more(self, address: str) -> bool:
        """Count one; whether it is within the limit."""
        return self._limiter.hit(self._per_address, "forgery", address)


class CallLimit:
    """How often one token may be used, in this process."""

    def __init__(self, often: str = "600 per minute") -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_token = parse(often)

    def wait(self, token_id: int) -> int:
        """Count one call; 0, or how many seconds are to be waited."""
        key = str(token_id)
        if self._limiter.hit(self._per_token, key):
            return 0
        reset = self._limiter.get_window_stats(self._per_token, key).reset_time
        return max(1, math.ceil(reset - time.time()))


def brings_files(content_type: bytes) -> bool:
    """Whether a form comes in parts, as browsers send files: naming no encoding, so that it is read as UTF-8."""
    return IN_PARTS.fullmatch(content_type) is not None


class PlainForms:
    """Turns away, unread, what none of our pages sends.

    A form in parts may name any encoding that Python knows, and some take minutes over a megabyte; it
    would be decoded before anybody asks who sent it.  One page takes files, in parts that name none, and
    the gate reads nothing of them before it knows whose they are.
    """

    def __init__(self, app: Application, refused: Application) -> None:
        self.app, self.refused = app, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = (
            scope["type"] != "http"
            or scope["path"].startswith(NOT_PAGES)
            or all(
                value.partition(b";")[0].strip().lower() == PLAIN_FORM
                or (TAKES_FILES.fullmatch(scope["path"]) and brings_files(value))
                for name, value in scope["headers"]
                if name == b"content-type"
            )
        )
        await (self.app if plain else self.refused)(scope, receive, send)


class Compressed:
    """Compresses what a browser takes compressed, where nobody else's page made it ask.

    The length of a compressed page tells whoever can see it on the wire how well it repeats: a page that holds words of
    residents beside some of its own address would give them away, guess by guess, to another site that makes a reader's
    browser ask for it (BREACH).  A browser says who made it ask (`Sec-Fetch-Site`), and no script can say otherwise;
    one that says nothing gets its pages as they are.  A program that shows a token is made to ask by nobody.
    """

    def __init__(self, app: Application) -> None:
        self.app, self.compressing = app, GZipMiddleware(app, minimum_size=1_000, compresslevel=COMPRESSED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        safe = scope["type"] == "http" and (
            scope["path"].startswith(NO_SECRETS)
            or any(name == b"sec-fetch-site" and value in OWN_DOING for name, value in scope["headers"])
        )
        await (self.compressing if safe else self.app)(scope, receive, send)


class SafeAnswers:
    """Every answer carries HEADERS; pages are never kept by the browser, static files for long.

    What is handed out to be saved is a stranger's file, perhaps: opened all the same, it may do nothing at all.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")
        added = {**HEADERS, "cache-control": KEEP_STATIC if static else KEEP_NOTHING}

        async def send_safely(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                keep_nothing = message["status"] >= 400 and static
                values = {**added, "cache-control": KEEP_NOTHING} if keep_nothing else added
                if any(name.lower() == b"content-disposition" for name, _ in message["headers"]):
                    values = {**values, POLICY: f"{HEADERS[POLICY]}; sandbox"}
                message["headers"] = [
                    *((name, value) for name, value in message["headers"] if name.decode().lower() not in values),
                    *((name.encode(), value.encode()) for name, value in values.items()),
                ]
            await send(message)

        await self.app(scope, receive, send_safely)
