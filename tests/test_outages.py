"""An hour in which half of all requests fail: a named wait is kept to the second, and nothing is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import pipeline
from simulator.faults import Fault, Kind
from store.accounts import StreamRow
from tests.collectors.contracts import CONTRACTS
from tests.village import Village, village
from vocabulary import Platform, Presence

HOUR = 60
EVERYWHERE = pytest.mark.parametrize("platform", CONTRACTS, ids=lambda platform: platform.value)


def free_at(streams: list[StreamRow], now: datetime) -> datetime | None:
    """The first moment at which any stream may be read again; None where one may be read now."""
    blocked = {row.name: row.blocked_until for row in streams}
    whole = blocked.pop("account", None)
    if whole is not None and whole > now:
        return whole
    waits = [until for until in blocked.values() if until is not None and until > now]
    return min(waits) if waits and len(waits) == len(blocked) else None


def half_of_everything_fails(place: Village) -> None:
    """A quarter is told to wait for 137 seconds, a quarter is a stumble."""
    place.simulator.faults.add(Fault(Kind.RATE_LIMITED, share=0.15, seconds=137))
    place.simulator.faults.add(Fault(Kind.RETRY_AFTER, share=0.12, seconds=137))
    place.simulator.faults.add(Fault(Kind.SERVER_ERROR, share=0.33))


@EVERYWHERE
def test_an_hour_of_half_failures_loses_nothing_and_no_wait_is_cut_short(platform: Platform, tmp_path: Path) -> None:
    with village(platform, tmp_path) as place:
        place.collect()
        half_of_everything_fails(place)
        failed = 0
        for minute in range(HOUR):
            if minute % 3 == 0:
                place.says(f"Sylw {minute}", author=f"700{minute % 4}")
            until = free_at(list(place.streams()), place.now)
            if until is not None and until - place.now < timedelta(minutes=1):
                place.wait(seconds=(until - place.now).total_seconds() - 1)
                before = len(place.simulator.requests)
                pipeline.collect(place.here, "dyffryn", now=place.now)
                assert len(place.simulator.requests) == before, "a second too soon"
                place.wait(seconds=1)
            told = pipeline.collect(place.here, "dyffryn", now=place.now)
            failed += bool(told.troubles)
            place.wait(seconds=60 - place.now.second)
        place.simulator.faults.clear()
        place.wait(hours=2)
        for _ in range(4):
            place.wait(minutes=10)
            place.collect()
        told = place.collect()[0]

        assert failed, "the hour was not as bad as it should be"
        assert (told.troubles, told.incomplete) == ([], False)
        held = place.held()
        assert set(held) == set(place.comments)
        assert {row.presence for row in held.values()} == {Presence.PRESENT}


@EVERYWHERE
def test_a_wait_that_is_over_to_the_second_is_over(platform: Platform, tmp_path: Path) -> None:
    with village(platform, tmp_path) as place:
        place.spoil(Kind.RETRY_AFTER, times=1_000, seconds=137)
        place.collect()
        waits = {row.blocked_until for row in place.streams() if row.blocked_until}
        place.simulator.faults.clear()
        assert waits == {place.now + timedelta(seconds=137)}

        place.says("Pryd?")
        place.wait(seconds=135)
        before = len(place.simulator.requests)
        place.collect()
        assert len(place.simulator.requests) == before

        place.wait(seconds=1)
        place.collect()
        assert len(place.simulator.requests) > before
