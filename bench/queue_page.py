"""The queue page at 10,000 open cases, beside an empty page of the same framework, in one run.

Comments go through the real pipeline (store, panel, routing, queue); then a signed-in officer asks
for the queue again and again, in process, so that no network is measured.

    python -m bench.queue_page [--cases 10000] [--requests 200]
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient

import opening
import pipeline
import settings as configuration
from bench.ingest import START, pages
from pipeline import Installation
from store import accounts, cases, comments, people
from store.database import Session, Store
from vocabulary import Platform, Role
from web.app import create_app
from web.security import hash_password

PASSWORD = "a password for the bench"
PAGE = 500


def an_installation(folder: Path) -> configuration.Settings:
    settings = configuration.load(None, state_dir=folder, allowed_hosts=["testserver"])
    configuration.make_key_file(settings.key_file)
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store:
        opening.make_ready(store, now=START)
    return settings


def fill(here: Installation, number: int) -> float:
    """Cases opened a second, from stored comment to queue, classifiers included."""

    def people_and_account(session: Session) -> accounts.AccountRow:
        people.add(
            session,
            username="bench",
            full_name="Bench",
            password_hash=hash_password(PASSWORD),
            grants=[(Role.COMMUNICATIONS, people.EVERY_AREA)],
            now=START,
        )
        return accounts.add(
            session,
            slug="cyngor-fb",
            platform=Platform.FACEBOOK,
            native_id="1044",
            display_name="Cyngor",
            service_area="waste",
            now=START,
            open_since=START,
        )

    account = here.store.write(people_and_account)
    for page in pages(number, PAGE):
        here.store.write(lambda session, page=page: comments.keep(session, account, page, now=START))  # type: ignore[misc]
    started = time.perf_counter()
    pipeline.read_waiting(here, now=START + timedelta(days=1))
    return number / (time.perf_counter() - started)


def times_of(client: TestClient, path: str, number: int) -> list[float]:
    """Seconds of each request, after ten that warm up."""
    taken = []
    for turn in range(number + 10):
        started = time.perf_counter()
        answer = client.get(path)
        if turn >= 10:
            taken.append(time.perf_counter() - started)
        answer.raise_for_status()
    return sorted(taken)


def signed_in(here: Installation) -> TestClient:
    now = START + timedelta(days=2)
    client = TestClient(create_app(here, now=lambda: now))
    page = client.get("/en/sign-in").text
    token = page.split('name="csrf"', 1)[1].split('value="', 1)[1].split('"', 1)[0] if 'name="csrf"' in page else ""
    client.post("/en/sign-in", data={"username": "bench", "password": PASSWORD, "csrf": token})
    return client


def empty_page() -> TestClient:
    app = FastAPI()

    @app.get("/", response_class=HTMLResponse)
    def nothing() -> str:
        return "<!doctype html><title>nothing</title>"

    return TestClient(app)


def say(name: str, taken: list[float]) -> float:
    middle, last = statistics.median(taken) * 1000, taken[int(len(taken) * 0.99)] * 1000
    print(f"  {name:24} median {middle:7.1f} ms   99th percentile {last:7.1f} ms")
    return middle


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--cases", type=int, default=10_000)
    words.add_argument("--requests", type=int, default=200)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder, opening.installation(an_installation(Path(folder))) as here:
        rate = fill(here, asked.cases)
        with here.store.read() as session:
            number = cases.count_open(session)
        print(f"{number:,} open cases, opened at {rate:,.0f} a second (panel, routing, queue, audit)")
        client = signed_in(here)
        body = client.get("/en/queue").content
        print(f"queue page, {asked.requests} requests: {len(body):,} bytes, {len(gzip.compress(body)):,} compressed")
        ours = say("/en/queue", times_of(client, "/en/queue", asked.requests))
        theirs = say("an empty FastAPI page", times_of(empty_page(), "/", asked.requests))
        print(f"  ratio of the medians     {ours / theirs:.1f}   (measured {datetime.now(UTC):%Y-%m-%d})")


if __name__ == "__main__":
    main()
