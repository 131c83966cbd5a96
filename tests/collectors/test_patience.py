"""Whoever answers a byte now and then is not waited for: neither for the head of an answer nor for its body."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
import requests

from collectors.transport import Line, Unanswered

TIMEOUT = 0.4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\nX-Long: "


@contextmanager
def answering(at_once: bytes, then: bytes) -> Iterator[str]:
    """A server that sends the one at once and goes on with the other for ever, a byte each tenth of a second."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            client, _ = listening.accept()
            with closing(client):
                client.recv(65_536)
                client.sendall(at_once)
                while then and not over.wait(0.1):
                    client.sendall(then)

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        serving.join()
        listening.close()


def line_to(address: str) -> Line:
    return Line(requests.Session(), "https://platform.example", base_url=address, timeout=TIMEOUT)


@pytest.mark.parametrize(
    "at_once",
    [b"", HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nyes"],
    ids=["no head", "half a head", "half a body"],
)
def test_an_answer_that_drips_for_ever_is_given_up(at_once: bytes) -> None:
    with answering(at_once, b"x") as address:
        line = line_to(address)

        with pytest.raises(Unanswered, match="no answer came in time") as silence:
            line.ask(lambda: line.session.get("https://platform.example/comments"))

    assert silence.value.sent


def test_an_answer_that_comes_in_pieces_and_in_time_is_whole() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    with answering(whole, b"y") as address:
        line = line_to(address)

        answer = line.ask(lambda: line.session.get("https://platform.example/comments"))

    assert (answer.status, answer.body) == (200, b"yyyyyy")
