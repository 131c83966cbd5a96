"""How long we have been at work since a moment: nights, weekends, holidays and closure days do not count."""

from __future__ import annotations

from datetime import datetime, timedelta

from moderation.calendar import ONE_DAY, Calendar
from moderation.deadlines import LONDON, london_date
from moderation.policy import Hours


def worked(since: datetime, until: datetime, hours: Hours, calendar: Calendar) -> timedelta:
    """The working time from `since` up to `until`, both with their zones; nothing where `until` is no later.

    Raises:
        deadlines.NaiveTime: one of them has no zone.
    """
    day, last = london_date(since), london_date(until)
    total = timedelta(0)
    while day <= last:
        if calendar.is_working_day(day):
            opens = datetime.combine(day, hours.opens, LONDON)
            closes = datetime.combine(day, hours.closes, LONDON)
            total += max(timedelta(0), min(until, closes) - max(since, opens))
        day += ONE_DAY
    return total
