"""A week is Monday to Sunday by the clock in Wales, and one that does not exist is refused in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.week import NoSuchWeek, Week

BORDERS = [
    # week, first day, last day, begins in UTC, ends in UTC, hours
    ("2026-W47", "2026-11-16", "2026-11-22", "2026-11-16T00:00", "2026-11-23T00:00", 168),
    ("2026-W28", "2026-07-06", "2026-07-12", "2026-07-05T23:00", "2026-07-12T23:00", 168),
    ("2026-W13", "2026-03-23", "2026-03-29", "2026-03-23T00:00", "2026-03-29T23:00", 167),
    ("2026-W43", "2026-10-19", "2026-10-25", "2026-10-18T23:00", "2026-10-26T00:00", 169),
    ("2026-W53", "2026-12-28", "2027-01-03", "2026-12-28T00:00", "2027-01-04T00:00", 168),
    ("2026-W01", "2025-12-29", "2026-01-04", "2025-12-29T00:00", "2026-01-05T00:00", 168),
]


@pytest.mark.parametrize(("written", "first", "last", "start", "end", "hours"), BORDERS)
def test_a_week_begins_and_ends_at_midnight_in_wales(written, first, last, start, end, hours):
    week = Week.parse(written)
    assert (week.first_day, week.last_day) == (date.fromisoformat(first), date.fromisoformat(last))
    assert week.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert week.end == datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert (week.end - week.start).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-11-23T07:00:00+00:00", "2026-W47"),
        ("2026-11-23T00:00:00+00:00", "2026-W47"),
        ("2026-11-22T23:59:59+00:00", "2026-W46"),
        ("2026-07-12T23:00:00+00:00", "2026-W28"),  # Monday already in Wales
        ("2026-07-12T22:59:59+00:00", "2026-W27"),
        ("2027-01-04T07:00:00+00:00", "2026-W53"),
    ],
)
def test_the_week_before_is_the_last_one_that_is_over_in_wales(now, over):
    assert str(Week.before(datetime.fromisoformat(now))) == over


@pytest.mark.parametrize(
    "written", ["", "2026", "2026-47", "2026-W7", "2026-W00", "2025-W53", "2026-W54", "0000-W01", "9999-W52", "last"]
)
def test_what_is_no_week_is_refused_with_the_form_to_use(written):
    with pytest.raises(NoSuchWeek, match="such as 2026-W47"):
        Week.parse(written)


@given(st.dates(date(1000, 1, 1), date(9000, 1, 1)))
def test_every_day_lies_in_its_week_which_reads_back_as_written(day):
    week = Week.of(day)
    assert week.has(day)
    assert Week.parse(str(week)) == week
