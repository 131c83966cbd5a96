"""SIGKILL at any moment: no reply is lost, none doubled; no comment is lost, none doubled; the trail holds.

The platforms live in this process and survive.  What is killed is a real process on a real
database; nothing in the product knows that it is being tried.  `make fire` kills a thousand times, town
after town, at other moments each time it is asked.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from simulator.faults import Kind
from store import audit
from store.cases import EventRow
from store.replies import PartRow
from tests.town import SOURCES, Town, town
from vocabulary import ReplyState

KILLS = 50
"""Of processes that send replies, in one town; half as many of processes that collect."""
TOWNS = range(max(1, int(os.environ.get("GWYLIO_KILLS", "0")) // (KILLS + KILLS // 2)))
SEED = int(os.environ.get("GWYLIO_SEED", "4217"))
ROOT = Path(__file__).parents[1]


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


@dataclass
class Nursery:
    process: subprocess.Popen[str]

    def kill_one(self, deed: str, dyffryn: Town, *, step: float, after: float) -> None:
        """A process begins, does its deed for `after` seconds, and is killed in the middle of it."""
        assert self.process.stdin is not None
        print(deed, dyffryn.now.isoformat(), step, file=self.process.stdin, flush=True)
        told = {self._line(), self._line()}
        [child] = [int(line.split()[1]) for line in told if line.startswith("child ")]
        assert "ready" in told, told
        threading.Event().wait(after)
        os.kill(child, signal.SIGKILL)
        assert self._line() == "dead", "it ended before it was killed"

    def _line(self) -> str:
        """The next answer; what the child logs stands between them."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(("child ", "ready", "dead")):
                return line.strip()
        return "gone"


@contextmanager
def nursery(folder: Path, dyffryn: Town) -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.kill_driver", str(folder), dyffryn.simulator.base_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Nursery(process)
        finally:
            process.kill()


def prove_the_database_is_whole(folder: Path, dyffryn: Town) -> None:
    with closing(sqlite3.connect(folder / "gwylio.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with dyffryn.store.read() as session:
        head = audit.read_head(folder / "audit.head")
        assert head is not None
        assert head.number <= audit.count(session), "the head outside is never ahead of the database"
        assert audit.verify(session, dyffryn.here.keys.audit, head) is None


def put_in_the_outbox(dyffryn: Town, many: int, first: int) -> None:
    """`many` replies, half of them on each platform, every third one so long that X takes it in parts."""
    for number in range(first, first + many):
        slug = list(SOURCES)[number % len(SOURCES)]
        dyffryn.says("Pryd?", slug, author=f"a{number}")
    dyffryn.wait(minutes=1)
    dyffryn.collect()
    dyffryn.read()
    for case in dyffryn.cases()[first:]:
        long = " ac yn y blaen" * (24 if case.id % 3 == 0 else 0)
        dyffryn.answers(case.id, f"Ateb i {case.reference}{long}: {case.reference}")


def being_sent(dyffryn: Town) -> int:
    with dyffryn.store.read() as session:
        query = select(func.count()).select_from(PartRow).where(PartRow.state == ReplyState.SENDING)
        return session.scalar(query) or 0


def unsettled(dyffryn: Town) -> list[PartRow]:
    """Parts that may still move by themselves: neither sent, nor before a person, nor behind one that is."""
    parts = dyffryn.parts()
    waiting = {part.id for part in parts if part.needs_person} | behind_a_person(parts)
    return [part for part in parts if part.state is not ReplyState.SENT and part.id not in waiting]


def behind_a_person(parts: Sequence[PartRow]) -> set[int]:
    """Parts of a reply that wait until a person has settled an earlier part of it."""
    first = {each.reply_id: each.number for each in reversed(parts) if each.needs_person}
    return {part.id for part in parts if part.number > first.get(part.reply_id, part.number)}


@pytest.mark.slow
@pytest.mark.parametrize("place", TOWNS)
def test_kills_between_intent_and_confirmation_lose_no_reply_and_double_none(
    dyffryn: Town, tmp_path: Path, place: int
) -> None:
    chance = random.Random(SEED + place)
    put_in_the_outbox(dyffryn, 60, 0)
    dyffryn.spoil(Kind.SLOW, method="POST", seconds=0.03, times=1_000_000)
    struck = tried = 0
    moment = 0.25  # until a machine turns out to be slower than that
    with nursery(tmp_path, dyffryn) as children:
        while struck < KILLS:
            tried += 1
            assert tried < 4 * KILLS, "the kills do not strike where they should"
            if len(unsettled(dyffryn)) < 20:
                put_in_the_outbox(dyffryn, 30, len(dyffryn.cases()))
            dyffryn.wait(minutes=4)
            children.kill_one("dispatch", dyffryn, step=20, after=chance.uniform(0.0, moment))
            struck += being_sent(dyffryn) > 0
            moment *= 1.5 if tried % 10 == 0 and struck < tried / 4 else 1.0
    left = 0
    while unsettled(dyffryn):
        left += 1
        assert left < 60, "some reply is neither sent nor before a person"
        dyffryn.wait(minutes=2)
        dyffryn.dispatch()

    published = Counter(dyffryn.published())
    assert {text: times for text, times in published.items() if times > 1} == {}, "doubled"
    parts = dyffryn.parts()
    sent = [part.text for part in parts if part.state is ReplyState.SENT]
    assert sorted(sent) == sorted(published), "what stands there is what is recorded, and the other way round"
    with_a_person = set(dyffryn.before_a_person())
    accounted_for = with_a_person | behind_a_person(parts)
    assert all(part.state is ReplyState.SENT or part.id in accounted_for for part in parts), "lost"
    assert len(sent) > len(parts) / 2
    prove_the_database_is_whole(tmp_path, dyffryn)


@pytest.mark.slow
@pytest.mark.parametrize("place", TOWNS)
def test_kills_while_comments_are_collected_and_placed_lose_none_and_double_none(
    dyffryn: Town, tmp_path: Path, place: int
) -> None:
    chance = random.Random(SEED + place)
    dyffryn.spoil(Kind.SLOW, method="GET", seconds=0.01, times=1_000_000)
    written: list[str] = []
    with nursery(tmp_path, dyffryn) as children:
        for _ in range(KILLS // 2):
            for slug in [*SOURCES] * 4:
                written.append(dyffryn.says("Pryd?", slug, author=f"a{len(written)}"))
            dyffryn.wait(minutes=2)
            children.kill_one("collect", dyffryn, step=60, after=chance.uniform(0.0, 0.3))
    dyffryn.mend()
    for _ in range(3):
        dyffryn.wait(minutes=10)
        dyffryn.collect()
        dyffryn.read()

    kept = dyffryn.comments()
    assert sorted(comment.native_id for comment in kept) == sorted(written)
    assert len({comment.case_id for comment in kept}) == len(dyffryn.cases()) == len(written)
    with dyffryn.store.read() as session:
        opened = session.scalars(select(EventRow.case_id).where(EventRow.what == "opened")).all()
    assert sorted(opened) == sorted(case.id for case in dyffryn.cases())
    assert not any(stream.incomplete for slug in SOURCES for stream in dyffryn.streams(slug).values())
    prove_the_database_is_whole(tmp_path, dyffryn)


def test_the_head_is_written_after_the_commit_and_a_torn_one_is_mended_by_the_next(
    dyffryn: Town, tmp_path: Path
) -> None:
    """A crash between the two leaves the head behind the database, which proves as much as it did."""
    head_file = tmp_path / "audit.head"
    before = head_file.read_bytes()
    dyffryn.arrives("Pryd?")
    head_file.write_bytes(before)
    prove_the_database_is_whole(tmp_path, dyffryn)

    head_file.write_bytes(b"")
    dyffryn.arrives("Ble?", author="a2")
    prove_the_database_is_whole(tmp_path, dyffryn)
    with dyffryn.store.read() as session:
        head = audit.read_head(head_file)
        assert head is not None
        assert head.number == audit.count(session)


def test_an_act_that_is_committed_is_done_even_where_its_head_cannot_be_kept(dyffryn: Town, tmp_path: Path) -> None:
    head_file = tmp_path / "audit.head"
    head_file.unlink()
    head_file.mkdir()
    (head_file / "in-the-way").touch()
    case_id = dyffryn.arrives("Pryd?")
    assert dyffryn.case(case_id).reference == "GW-2026-000001"
