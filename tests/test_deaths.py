"""A process that ends itself at a named point of a round, on every platform: what it leaves behind is whole."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
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


def die(place: Village, platform: Platform, point: str, nth: int) -> int:
    """One round in a process of its own; its exit status."""
    words = [str(place.folder), place.simulator.base_url, platform.value, place.now.isoformat(), point, str(nth)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.death_driver", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, DEAD), done.stderr
    return done.returncode


@pytest.mark.slow
@pytest.mark.parametrize("platform", CONTRACTS, ids=lambda platform: platform.value)
def test_whatever_a_dead_process_left_the_next_round_makes_whole(platform: Platform, tmp_path: Path) -> None:
    with village(platform, tmp_path) as place:
        died = Counter[int]()
        for point, nth in POINTS:
            for number in range(3):
                place.says(f"Sylw {point} {nth} {number}", author=f"700{number}")
            place.wait(minutes=10)
            died[die(place, platform, point, nth)] += 1
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
