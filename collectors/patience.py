"""Connections on which a whole answer, its head and its body, has to come in time.

The libraries' own timeout is for each read by itself: whoever sends a byte now and then is waited for as
long as they like.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

WHOLE_ANSWER: Final = 3
"""How many timeouts a whole answer may take."""


class _Hurried(io.RawIOBase):
    """What comes in on a socket, until a deadline; after that a TimeoutError."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer does not end")
        self._sock.settimeout(min(left, self._sock.gettimeout() or math.inf))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _InTime(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        timeout = sock.gettimeout()
        if timeout is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_Hurried(raw, sock, time.monotonic() + WHOLE_ANSWER * timeout))


class _Connection(HTTPConnection):
    response_class = _InTime


class _SecureConnection(HTTPSConnection):
    response_class = _InTime


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


IN_TIME: Final[Mapping[str, Any]] = {"http": _Pool, "https": _SecurePool}
"""For urllib3's managers of pools, direct or through a proxy."""
