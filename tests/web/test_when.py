"""A moment as people type it is London's, has been, and was really there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.deadlines import LONDON
from web.when import MISSING, NO_DAY, NO_TIME, SKIPPED, Unclear, WhenFields, moment_of

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def moment(written: str, now: datetime = NOW) -> datetime:
    day, month, year, clock = written.split("/")
    return moment_of(WhenFields(day=day, month=month, year=year, clock=clock), now=now)


TYPED = [
    ("20/11/2026/09:30",     datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
    ("20/11/2026/10:00",     NOW),
    ("1/7/2026/9.05",        datetime(2026, 7, 1, 8, 5, tzinfo=UTC)),    # summer time
    (" 01 / 07 /2026/ 0:15", datetime(2026, 6, 30, 23, 15, tzinfo=UTC)),  # yesterday elsewhere
    ("25/10/2026/01:30",     datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # it came twice; the first
    ("29/2/2024/12:00",      datetime(2024, 2, 29, 12, 0, tzinfo=UTC)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "is_"), TYPED)
def test_it_is_kept_in_utc(written: str, is_: datetime) -> None:
    assert moment(written) == is_


WRONG = [
    ("///",                    MISSING, "day"),
    ("20//2026/09:30",         MISSING, "month"),
    ("20/11/ /09:30",          MISSING, "year"),
    ("20/11/2026/",            MISSING, "clock"),
    ("31/11/2026/09:30",       NO_DAY,  "day"),
    ("29/2/2026/09:30",        NO_DAY,  "day"),
    ("20/11/26/09:30",         NO_DAY,  "day"),
    ("20/Tach/2026/09:30",     NO_DAY,  "day"),
    ("٢٠/11/2026/09:30",       NO_DAY,  "day"),
    ("20/11/0000/09:30",       NO_DAY,  "day"),
    ("1/1/0001/00:00",         NO_DAY,  "day"),
    ("31/12/1969/12:00",       NO_DAY,  "day"),
    ("20/11/2026/0930",        NO_TIME, "clock"),
    ("20/11/2026/24:00",       NO_TIME, "clock"),
    ("20/11/2026/9:60",        NO_TIME, "clock"),
    ("20/11/2026/hanner dydd", NO_TIME, "clock"),
    ("29/3/2026/01:30",        SKIPPED, "clock"),
    ("20/11/2026/10:01",       "this is in the future; enter when it was", "day"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "says", "part"), WRONG)
def test_what_is_no_moment_is_said_at_its_box(written: str, says: str, part: str) -> None:
    with pytest.raises(Unclear) as unclear:
        moment(written)

    assert (unclear.value.text, unclear.value.part) == (says, part)


@given(st.integers(1, 20_000_000))
def test_what_a_clock_in_cardiff_showed_is_understood(minutes: int) -> None:
    at = NOW - timedelta(minutes=minutes)
    there = at.astimezone(LONDON)
    understood = moment(there.strftime("%d/%m/%Y/%H:%M"))

    assert understood in {at, at - timedelta(hours=1)}
    assert understood.astimezone(LONDON).replace(tzinfo=None) == there.replace(tzinfo=None)


@given(*[st.text(max_size=6)] * 4)
def test_nonsense_is_unclear_and_nothing_worse(day: str, month: str, year: str, clock: str) -> None:
    with pytest.raises(Unclear):
        moment_of(WhenFields(day=day, month=month, year=year, clock=clock), now=datetime(1, 1, 1, tzinfo=UTC))
