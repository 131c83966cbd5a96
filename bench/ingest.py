"""Ingest: comments into the store, beside the same rows through bare `sqlite3.executemany`, in one run.

The product normalises, looks for what it knows, keeps authors, revisions and the platform's bytes,
writes an audit row for each page and makes every page durable.  The peer only inserts.  Both write
to SQLite in WAL with synchronous=FULL, one transaction a page.

    python -m bench.ingest [--comments 50000] [--page 500]
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


def through_the_store(folder: Path, number: int, size: int) -> float:
    with Store(f"sqlite:///{folder / 'store.sqlite3'}", audit_key=b"k" * 32, head_file=folder / "head") as store:
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
        made = list(pages(number, size))
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


def bare(folder: Path, number: int, size: int) -> float:
    made = [
        [
            (each.native_id, _author(each), each.text, each.posted_at.isoformat(), each.thread, each.url, each.raw)
            for each in page
        ]
        for page in pages(number, size)
    ]
    with sqlite3.connect(folder / "bare.sqlite3", isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "CREATE TABLE comment (id INTEGER PRIMARY KEY, native_id TEXT UNIQUE, author TEXT, text TEXT,"
            " posted_at TEXT, thread TEXT, url TEXT, raw BLOB)"
        )
        started = time.perf_counter()
        for rows in made:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(INSERT, rows)
            db.execute("COMMIT")
        return number / (time.perf_counter() - started)


def _author(comment: Comment) -> str:
    return comment.author.native_id if comment.author else ""


def median(measure: Callable[[Path, int, int], float], number: int, size: int) -> float:
    rates = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rates.append(measure(Path(folder), number, size))
    return statistics.median(rates)


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--comments", type=int, default=50_000)
    words.add_argument("--page", type=int, default=500)
    asked = words.parse_args()
    ours = median(through_the_store, asked.comments, asked.page)
    theirs = median(bare, asked.comments, asked.page)
    print(f"ingest, {asked.comments:,} comments in pages of {asked.page}, median of {ROUNDS}:")
    print(f"  store.comments.keep   {ours:>10,.0f} comments/s")
    print(f"  sqlite3.executemany   {theirs:>10,.0f} rows/s")
    print(f"  ratio                 {ours / theirs:>10.3f}")


if __name__ == "__main__":
    main()
