"""The one way out to a platform: whose timeouts hold, and whose answers we read ourselves.

An SDK shapes and sends the request; what it makes of the answer is not trusted.  facebook-sdk takes
a 500 for success and tweepy trips over a body that is no object, so status, headers and bytes are
caught on the session, below the SDK, and judged here.  Nothing raised from here quotes an address,
a header or a body: that is where tokens and residents' words are.
"""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from collectors.patience import IN_TIME
from vocabulary import GwylioError

LOOPBACK = ("127.0.0.1", "::1", "localhost")

PIECE = 65_536
LARGEST_ANSWER = 32 * 2**20
"""Bytes, once unpacked; no page of comments comes near."""

# These write addresses, headers or signatures when the level is DEBUG.
TALKATIVE = ("tweepy.client", "urllib3.connectionpool", "requests_oauthlib.oauth1_auth", "oauthlib.oauth1.rfc5849")


class CannotOpen(GwylioError):
    """A collector cannot be opened as configured; the message says what to change."""


class UnsafeAddress(CannotOpen):
    """A platform's address would carry the token in the clear over a network."""


class BadCredential(CannotOpen):
    """What was stored as an account's credential is not one that its platform takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the SDK thought of it.  Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def at(self) -> datetime | None:
        """The platform's own clock when it answered, from the `Date` header (UTC)."""
        try:
            return parsedate_to_datetime(self.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return None

    def json(self) -> Any:
        """The body as JSON; None when it is not JSON (which also stands for `null`: neither is of use)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Unanswered(Exception):
    """No whole answer came.  `sent` is False only when the request cannot have reached the platform."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason, self.sent = reason, sent


class RewritingAdapter(HTTPAdapter):
    """Sends to `base_url` what an SDK addressed to its built-in host, and never waits for long.

    That is no longer than `timeout` for a sign of life, and than three of them for a whole answer.

    The path of the original request is kept and put behind that of `base_url`.  A request signed
    for the original address (OAuth 1) stays signed for it.
    """

    def __init__(self, base_url: str | None, timeout: float) -> None:
        super().__init__(max_retries=0)
        self._base = urlsplit(base_url.rstrip("/")) if base_url else None
        self._timeout = timeout
        if self._base and self._base.scheme != "https" and self._base.hostname not in LOOPBACK:
            raise UnsafeAddress(
                f"{self._base.hostname} would be sent the token unencrypted; use https, or plain http on this machine"
            )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = IN_TIME

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = IN_TIME
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        if self._base:
            there = urlsplit(request.url or "")
            request.url = urlunsplit(
                (self._base.scheme, self._base.netloc, self._base.path + str(there.path), str(there.query), "")
            )
            if self._base.hostname in LOOPBACK:
                kwargs["proxies"] = {}
        return super().send(request, *args, **kwargs)


class Line:
    """A session with one platform, and the last answer that came over it.

    Several threads may ask (the schedule collects while an officer hides); their requests go out in turn.
    """

    def __init__(self, session: requests.Session, host: str, *, base_url: str | None, timeout: float) -> None:
        session.mount(host, RewritingAdapter(base_url, timeout))
        session.stream = True  # the body is read below, by our clock
        session.hooks["response"].append(self._caught)
        session.max_redirects = 0  # an API that redirects is not the API; and a write must not be sent twice
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.auth = _as_it_is
        hush()
        self.session = session
        self._answers: list[Answer] = []
        self._turn = Lock()

    def _caught(self, response: requests.Response, *args: Any, **kwargs: Any) -> None:
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._answers.append(Answer(response.status_code, headers, self._body_of(response)))

    def _body_of(self, response: requests.Response) -> bytes:
        """The whole body, which the SDK then finds read already."""
        body = bytearray()
        try:
            while piece := response.raw.read1(PIECE, decode_content=True):
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise requests.ReadTimeout("the answer does not end")
        except ReadTimeoutError as fault:
            raise requests.ReadTimeout(fault) from None
        except HTTPError as fault:
            raise requests.ConnectionError(fault) from None
        finally:
            response.raw.release_conn() if response.raw.isclosed() else response.close()
        whole = bytes(body)
        vars(response).update(_content=whole, _content_consumed=True)  # what asking for `content` would do
        return whole

    def ask(self, send: Callable[[], object]) -> Answer:
        """The answer to the request that `send` makes.

        Raises:
            Unanswered: the connection failed, was dropped, was too slow or ended half-way.
        """
        with self._turn:
            self._answers.clear()
            missing = self._made(send)
            # Raised out here, so that it does not drag along an exception that quotes the request.
            if missing is not None:
                raise missing
            if not self._answers:
                raise Unanswered("no request was made", sent=False)
            return self._answers[-1]

    def _made(self, send: Callable[[], object]) -> Unanswered | None:
        try:
            send()
        except Exception as fault:  # whatever an SDK makes of an answer, the answer itself is what counts
            if self._answers:
                return None
            # Mastodon.py wraps what it was told in an error of its own, whose text quotes the address.
            broken = next((each for each in _causes(fault) if isinstance(each, requests.RequestException)), None)
            if broken is None:
                raise
            return _unanswered(broken)
        return None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An authentication that adds nothing: without one, `requests` would put a line of ~/.netrc over our token."""
    return request


def _unanswered(fault: requests.RequestException) -> Unanswered:
    """What a failure of `requests` means; only a failure to connect proves that nothing was sent."""
    causes = tuple(_causes(fault))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Unanswered("the platform's certificate could not be verified", sent=False)
    if any(isinstance(cause, (NewConnectionError, ConnectTimeoutError)) for cause in causes):
        return Unanswered("no connection could be made", sent=False)
    if isinstance(fault, requests.Timeout):
        return Unanswered("no answer came in time", sent=True)
    return Unanswered("the connection ended before the whole answer had come", sent=True)


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """The fault and everything it carries: urllib3 hides the first cause in `args` and `reason`."""
    waiting: list[object] = [fault]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


class _NothingBelowInfo(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


_QUIET = _NothingBelowInfo()


def hush() -> None:
    """Keep the libraries' debug lines, which quote tokens, out of every log.  Harmless to repeat."""
    for name in TALKATIVE:
        logging.getLogger(name).addFilter(_QUIET)
