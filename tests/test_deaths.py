"""A process that ends itself at a named point of a round, on every platform: what it leaves behind is whole."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from store import audit
from store.comments import RevisionRow
from tests.collectors.contracts import CONTRACTS
from tests.death_driver import DEAD
from tests.village import Village, village
from vocabulary import Platform

ROOT = Path(__file__).parents[1]
POINTS = [(point, nth) for point in ("asked", "before", "after") for nth in (1, 2)]


@contextmanager
def mortals(place: Village, platform: Platform) -> Iterator[Callable[[str, int], int]]:
    """Plays one round in a process of its own, which ends itself at the nth such point; answers with its status."""
    words = [str(place.folder), place.simulator.base_url, platform.value]
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.death_driver", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        asking, answering = process.stdin, process.stdout
        assert asking is not None
        assert answering is not None

        def die(point: str, nth: int) -> int:
            print(place.now.isoformat(), point, nth, file=asking, flush=True)
            status = int(answering.readline())
            assert status in (0, DEAD)
            return status

        yield die


@pytest.mark.slow
@pytest.mark.parametrize("platform", CONTRACTS, ids=lambda platform: platform.value)
def test_whatever_a_dead_process_left_the_next_round_makes_whole(platform: Platform, tmp_path: Path) -> None:
    with village(platform, tmp_path) as place, mortals(place, platform) as die:
        died = Counter[int]()
        for point, nth in POINTS:
            for number in range(3):
                place.says(f"Sylw {point} {nth} {number}", author=f"700{number}")
            place.wait(minutes=10)
            died[die(point, nth)] += 1
        place.close()
        place.open()
        for _ in range(3):
            place.wait(minutes=10)
            place.collect()

        held = place.held()
        assert died[DEAD] >= len(POINTS) // 2, "the processes did not meet their points"
        assert set(held) == set(place.comments)
        assert all(row.case_id is not None for row in held.values())
        with place.here.store.read() as session:
            assert session.scalar(select(func.count()).select_from(RevisionRow)) == len(held)
            head = audit.read_head(place.folder / "audit.head")
            assert audit.verify(session, place.here.keys.audit, head) is None
