"""A door on this machine that opens once: where a platform sends an administrator back to.

It hears whoever comes to the one address that was agreed, and nobody else: a page that calls here without
the state of this attempt is sent away, and the door stays open.  The address carries a code, so nothing of it
is written anywhere.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from vocabulary import GwylioError

HEARD_AT: Final = ("127.0.0.1", "localhost")
PATIENCE_S: Final = 5.0
"""How long a connection may take to say what it wants."""
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><title>Gwylio</title>'
    '<p lang="cy">Cewch gau’r ffenestr hon a mynd yn ôl at y derfynell.</p>'
    '<p lang="en">You may close this window and go back to the terminal.</p>'
)


class DoorTaken(GwylioError):
    """Nobody can be heard at the agreed address."""


class WayBack:
    """Listens from the moment it is opened; use it as a context manager.

    `redirect_uri` is on this machine; `is_it` says whether an address is the one that is waited for.

    Raises:
        DoorTaken: its port is in use.
    """

    def __init__(self, redirect_uri: str, is_it: Callable[[str], bool]) -> None:
        there = urlsplit(redirect_uri)
        found: queue.SimpleQueue[str] = queue.SimpleQueue()
        host, port = there.hostname or HEARD_AT[0], there.port or 80
        try:
            self._server = _Server((host, port), _heard(there.path or "/", is_it, found))
        except OSError as error:
            raise DoorTaken(
                f"port {port} of {host} cannot be listened on ({error.strerror}): stop what uses it, or give --paste"
            ) from None
        self._found = found
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> str | None:
        """The address that somebody was sent back to; None where nobody came in time."""
        try:
            return self._found.get(timeout=seconds)
        except queue.Empty:
            return None


def is_here(redirect_uri: str) -> bool:
    """Whether this machine can hear whoever is sent there."""
    there = urlsplit(redirect_uri)
    return there.scheme == "http" and there.hostname in HEARD_AT


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what went wrong is on the other side, and the terminal is somebody's."""


def _heard(path: str, is_it: Callable[[str], bool], found: queue.SimpleQueue[str]) -> type[BaseHTTPRequestHandler]:
    class Heard(BaseHTTPRequestHandler):
        timeout = PATIENCE_S
        server_version, sys_version = "Gwylio", ""

        def do_GET(self) -> None:
            expected = urlsplit(self.path).path == path and is_it(self.path)
            self.send_response(200 if expected else 404)
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            if expected:
                self.wfile.write(PAGE.encode())
                found.put(self.path)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Write nothing: the line would hold the code."""

    return Heard
