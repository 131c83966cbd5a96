"""Pages of the web app among 100,000 open cases, beside an empty page of the same framework, in one run.

    python -m bench.pages [--cases 100000] [--requests 300]

Cases are put in through the database's quick door (bench/million.py).  Somebody who is signed in asks for a page again
and again, in process: what is timed is the application from the request to the last byte, with no network.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient

from bench.million import NOW, an_installation, fill, milliseconds
from pipeline import Installation
from store import people, sessions
from store.database import Session
from store.people import EVERY_AREA
from vocabulary import Role
from web.app import create_app
from web.security import LASTS, SESSION_COOKIE, new_token, token_hash

COMMUNICATIONS, OFFICER = "bench-communications", "officer-3"
LIMITS_MS = {"queue": 25, "cases": 30}
LARGEST_KB = 60


def cookie_of(here: Installation, username: str) -> str:
    """The cookie of a browser in which somebody has just signed in."""
    token = new_token()

    def act(session: Session) -> None:
        user = people.by_username(session, username)
        sessions.open_session(
            session, token_hash=token_hash(token), user_id=user.id, csrf="bench", now=NOW, lasts=LASTS
        )

    here.store.write(act)
    return token


def measure(client: TestClient, path: str, requests: int) -> tuple[float, float]:
    return milliseconds(lambda: client.get(path).raise_for_status(), requests)


def an_empty_page() -> TestClient:
    app = FastAPI()

    @app.get("/", response_class=HTMLResponse)
    def nothing() -> str:
        return "<!doctype html><title>nothing</title>"

    return TestClient(app)


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--cases", type=int, default=100_000)
    words.add_argument("--requests", type=int, default=300)
    asked = words.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        an_installation(Path(folder), allowed_hosts=["testserver"]) as here,
    ):
        started = time.perf_counter()
        fill(here.store, asked.cases)
        here.store.write(
            lambda session: people.add(
                session,
                username=COMMUNICATIONS,
                full_name="Cyfathrebu",
                password_hash="",
                grants=[(Role.COMMUNICATIONS, EVERY_AREA)],
                now=NOW,
            )
        )
        print(f"{asked.cases:,} open cases (put in within {time.perf_counter() - started:,.0f} s)")
        bare, bare_worst = measure(an_empty_page(), "/", asked.requests)
        print(f"  {'an empty page of FastAPI':<34} median {bare:6.1f} ms   99th percentile {bare_worst:6.1f} ms")
        app = create_app(here, now=lambda: NOW)
        for username, paths in ((COMMUNICATIONS, ("queue", "cases/7")), (OFFICER, ("queue?show=mine", "queue"))):
            client = TestClient(app)
            client.cookies.set(SESSION_COOKIE, cookie_of(here, username))
            for path in paths:
                body = client.get(f"/cy/{path}").raise_for_status().content
                half, worst = measure(client, f"/cy/{path}", asked.requests)
                limit = LIMITS_MS[path.partition("/")[0].partition("?")[0]]
                small = len(gzip.compress(body)) / 1_000
                print(
                    f"  {username + ' ' + path:<34} median {half:6.1f} ms   99th percentile {worst:6.1f} ms"
                    f"   of {limit} ms: {worst / limit:.2f}   of the empty page: {half / bare:.1f}"
                    f"   {len(body) / 1_000:.0f} kB, {small:.1f} compressed, of {LARGEST_KB}: {small / LARGEST_KB:.2f}"
                )


if __name__ == "__main__":
    main()
