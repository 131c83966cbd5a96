"""An act is durable when it is answered, alone in its failure, and the only way to change anything."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from store import jobs
from store.cases import CounterRow, next_reference
from store.database import Session, Store, StoreError
from store.jobs import RunOnceRow
from tests.conftest import sqlite_store
from tests.factories import MONDAY


def test_an_answered_act_is_on_disk(on_sqlite):
    on_sqlite.write(lambda session: jobs.claim(session, "weekly:2026-W44", now=MONDAY))

    with sqlite3.connect(on_sqlite.url.database) as other:
        assert other.execute("SELECT key FROM run_once").fetchall() == [("weekly:2026-W44",)]


def test_one_act_of_a_group_fails_alone(store):
    ready = threading.Event()

    def slow(session):
        ready.wait(5)

    def add(key: str) -> Callable[[Session], None]:
        return lambda session: session.add(RunOnceRow(key=key, at=MONDAY))

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(store.write, slow)
        acts = [pool.submit(store.write, add(key)) for key in ("a", "b", "a", "c")]
        ready.set()
        first.result()
        failed = [act for act in acts if isinstance(act.exception(), IntegrityError)]

    assert len(failed) == 1
    with store.read() as session:
        assert sorted(session.scalars(select(RunOnceRow.key))) == ["a", "b", "c"]


def test_a_reader_cannot_write(store):
    with store.read() as session, pytest.raises(DBAPIError):
        session.execute(text("DELETE FROM run_once"))


def test_numbers_are_given_out_once_and_without_gaps(store):
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: store.write(lambda session: next_reference(session, 2026)), range(40)))

    assert sorted(given) == [f"GW-2026-{number:06d}" for number in range(1, 41)]
    with store.read() as session:
        assert session.get(CounterRow, "reference:2026").last == 40


def test_a_key_is_claimed_once(store):
    with ThreadPoolExecutor(4) as pool:

        def claim(_):
            try:
                return store.write(lambda session: jobs.claim(session, "weekly:2026-W44", now=MONDAY))
            except IntegrityError:
                return False

        assert sum(pool.map(claim, range(8))) == 1


def test_writing_inside_a_write_is_refused_not_deadlocked(on_sqlite):
    with pytest.raises(StoreError, match="pass the session on"):
        on_sqlite.write(lambda session: on_sqlite.write(lambda inner: None))


@pytest.mark.parametrize("url", ["sqlite://", "mysql://localhost/x"])
def test_a_database_we_cannot_use_is_refused_in_words(url):
    with pytest.raises(StoreError, match="sqlite:///"):
        Store(url, audit_key=b"k")


def test_a_closed_store_says_so_and_keeps_nobody_waiting(tmp_path):
    store = sqlite_store(tmp_path)
    store.close()
    with pytest.raises(StoreError, match="closed; nothing was written"):
        store.write(lambda session: None)


def test_sqlite_is_set_as_promised(on_sqlite):
    def ask(session):
        return [
            session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert on_sqlite.write(ask) == ["wal", 2, 1]


def test_an_error_of_the_database_holds_nobodys_words(store):
    words = "Fy rhif ffôn yw 07700 900123"

    with pytest.raises(DBAPIError) as raised:
        store.write(lambda session: session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": words}))

    assert words not in str(raised.value)
