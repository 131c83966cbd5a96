"""A page that is open hears that its cases moved, and of no others; and asking by itself keeps nobody signed in."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from moderation import queue
from moderation.record import Actor
from store import stirring
from tests.web.world import Site, Visitor, open_site, token_in
from vocabulary import Act
from web.live import Pace

PATIENCE_S = 20.0


@pytest.fixture
def site(council: Path, tmp_path: Path) -> Iterator[Site]:
    opened = open_site(council, tmp_path)
    opened = replace(opened, pace=Pace(every_s=0.02, lasts_s=60, recheck_s=0))
    yield opened
    opened.close()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(site.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


class Stream:
    """An open stream, read event by event."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self) -> tuple[str, Any]:
        """The next event and what it says; what only keeps the line open is passed over."""
        event = ""
        for line in self._lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return event, json.loads(line.removeprefix("data: "))
        return "over", None


@pytest.fixture
def follow(site: Site, address: str) -> Iterator[Any]:
    client = httpx.Client(base_url=address, timeout=PATIENCE_S, follow_redirects=False)
    opened: list[Any] = []

    def stream(visitor: Visitor, path: str, **headers: str) -> Stream:
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        answer = client.stream("GET", path, headers={"cookie": cookies, **headers})
        opened.append(answer)
        entered = answer.__enter__()
        assert entered.status_code == 200
        assert entered.headers["content-type"].startswith("text/event-stream")
        lines = entered.iter_lines()
        assert next(lines).startswith("retry: ")
        return Stream(lines)

    yield stream
    for each in opened:
        each.__exit__(None, None, None)
    client.close()


def the_newest(site: Site) -> int:
    with site.store.read() as session:
        return stirring.newest(session)


def closed(site: Site, case_id: int) -> None:
    def act(session: Any) -> None:
        queue.advance(
            session,
            case_id,
            Act.CLOSE,
            actor=Actor("rhys", site.users["rhys"]),
            now=site.now,
            policy=site.here.policy,
            outcome="no_response_needed",
            words="Not for us",
        )

    site.store.write(act)


def test_a_page_hears_of_a_case_that_came_and_of_one_that_left_it(site: Site, follow: Any) -> None:
    first = site.said("Pryd mae'r biniau yn cael eu casglu?")
    page = site.visitor("rhys").get("/en/queue").text
    since = re.search(r'data-since="(\d+)"', page)
    assert since is not None
    stream = follow(site.visitor("rhys"), f"/en/queue/events?since={since[1]}&cases={first}")
    second = site.said("When is the bin lorry coming?")
    assert stream.next() == ("moved", {"here": [second], "left": []})
    closed(site, first)
    assert stream.next() == ("moved", {"here": [], "left": [first]})


def test_what_happened_between_the_page_and_its_stream_is_told_first(site: Site, follow: Any) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu?")
    before = the_newest(site)
    second = site.said("When is the bin lorry coming?")
    assert follow(site.visitor("rhys"), f"/en/queue/events?since={before}").next()[1]["here"] == [second]
    reconnected = follow(site.visitor("rhys"), "/en/queue/events?since=0", **{"last-event-id": str(before)})
    assert reconnected.next()[1]["here"] == [second]


def test_a_page_hears_only_of_what_its_question_finds(site: Site, follow: Any) -> None:
    stream = follow(site.visitor("rhys"), "/en/queue/events?reply_in=cy")
    site.said("When is the bin lorry coming?")
    welsh = site.said("Pryd mae'r biniau yn cael eu casglu?")
    assert stream.next() == ("moved", {"here": [welsh], "left": []})


def test_a_case_of_another_area_is_never_named_even_to_a_page_that_claims_to_show_it(site: Site, follow: Any) -> None:
    theirs = site.said("The pothole is not mended", account="priffyrdd-fb")
    stream = follow(site.visitor("rhys"), f"/en/queue/events?cases={theirs}")
    closed(site, theirs)
    ours = site.said("When is the bin lorry coming?")
    assert stream.next() == ("moved", {"here": [ours], "left": []})


def test_a_case_page_hears_that_it_moved_and_who_works_on_it(site: Site, follow: Any) -> None:
    case_id = site.said("Pryd mae'r biniau yn cael eu casglu?")
    catrin = site.visitor("catrin")
    stream = follow(catrin, f"/cy/cases/{case_id}/events?since={the_newest(site)}")
    site.visitor("rhys").get(f"/cy/cases/{case_id}")
    assert stream.next() == ("who", {"name": "Rhys Morgan"})
    closed(site, case_id)
    assert stream.next() == ("moved", {"moved": True})


def test_whoever_is_signed_out_hears_that_and_no_more(site: Site, follow: Any) -> None:
    visitor = site.visitor("rhys")
    stream = follow(visitor, "/en/queue/events")
    visitor.post("/en/sign-out", data={"csrf": token_in(visitor.get("/en/queue").text)})
    site.said("When is the bin lorry coming?")
    assert stream.next() == ("ended", {})
    assert stream.next()[0] == "over"


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(site: Site, follow: Any) -> None:
    visitor = site.visitor("rhys")
    for _ in range(2):
        site.now += timedelta(minutes=25)
        follow(visitor, "/en/queue/events")
    site.now += timedelta(minutes=25)
    assert visitor.get("/en/queue").headers["location"].startswith("/en/sign-in")
