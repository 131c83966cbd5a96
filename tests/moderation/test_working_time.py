"""Working time is counted in the council's own hours, whatever the night, the weekend or the clock change did."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.deadlines import NaiveTime
from moderation.working_time import worked
from tests.moderation.given import DAYS, POWYS, closed_on
from vocabulary import Clock

CALENDAR = DAYS[Clock.ANSWER]

# Powys works from 08:45 to 17:15, London time.  20 November 2026 is a Friday.
COUNTED = [
    ("2026-11-20T09:00:00+00:00", "2026-11-20T11:00:00+00:00", timedelta(hours=2)),
    ("2026-11-20T07:00:00+00:00", "2026-11-20T09:45:00+00:00", timedelta(hours=1)),
    ("2026-11-20T16:15:00+00:00", "2026-11-20T23:00:00+00:00", timedelta(hours=1)),
    ("2026-11-20T16:15:00+00:00", "2026-11-23T09:45:00+00:00", timedelta(hours=2)),
    ("2026-11-21T10:00:00+00:00", "2026-11-22T22:00:00+00:00", timedelta(0)),
    ("2026-12-24T16:45:00+00:00", "2026-12-29T09:15:00+00:00", timedelta(hours=1)),
    ("2026-10-23T16:15:00+01:00", "2026-10-26T09:45:00+00:00", timedelta(hours=2)),
    ("2026-07-01T07:45:00+00:00", "2026-07-01T08:45:00+00:00", timedelta(hours=1)),
    ("2026-11-20T11:00:00+00:00", "2026-11-20T09:00:00+00:00", timedelta(0)),
]


@pytest.mark.parametrize(("since", "until", "much"), COUNTED)
def test_only_working_hours_count(since: str, until: str, much: timedelta) -> None:
    assert worked(datetime.fromisoformat(since), datetime.fromisoformat(until), POWYS.hours, CALENDAR) == much


def test_a_day_on_which_the_body_is_closed_does_not_count() -> None:
    closed = closed_on(date(2026, 11, 20))[Clock.ANSWER]
    since, until = (datetime.fromisoformat(f"2026-11-{day}T12:00:00+00:00") for day in (19, 23))
    assert worked(since, until, POWYS.hours, closed) == timedelta(hours=8, minutes=30)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(NaiveTime):
        worked(datetime(2026, 11, 20), datetime(2026, 11, 21), POWYS.hours, CALENDAR)  # noqa: DTZ001


moments = st.datetimes(datetime(2026, 10, 1), datetime(2027, 4, 30)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=datetime.fromisoformat("2026-11-20T12:00:00+00:00").tzinfo)
)


@given(st.tuples(moments, moments, moments).map(sorted))
def test_what_is_worked_in_two_stretches_is_worked_in_both_together(three: list[datetime]) -> None:
    first, second, third = three
    parts = worked(first, second, POWYS.hours, CALENDAR) + worked(second, third, POWYS.hours, CALENDAR)
    assert parts == worked(first, third, POWYS.hours, CALENDAR)
