"""When an answer is due: working days, counted on the body's own clock.

A comment posted at 23:30 UTC in July arrived tomorrow in Cardiff, so the day of arrival is taken
in Europe/London before anything is counted.  That day is day 0, whatever day of the week it is.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from moderation.calendar import ONE_DAY, PAUSE, Calendar, Holiday
from vocabulary import Clock, GwylioError, Reason

LONDON = ZoneInfo("Europe/London")

# Freedom of Information Act 2000, section 10(1).
FOI_WORKING_DAYS = 20


BEYOND_KNOWN = Reason("the due date runs past the last bank holidays that are known, and may yet move")


class Days(Protocol):
    """A number of days that a policy pack states."""

    @property
    def value(self) -> int: ...


class Figures(Protocol):
    """What a policy pack decides about the answer clock (`Policy.response`)."""

    @property
    def answer_days(self) -> Days: ...
    @property
    def acknowledge_days(self) -> Days: ...
    @property
    def deemed_next_working_day(self) -> bool: ...
    def complaint_days(self, stage: str) -> int: ...


class NaiveTime(GwylioError):
    """A time without a zone could be any of three days; say where it was read."""


@dataclass(frozen=True, slots=True)
class StoodStill:
    """A clock stood still from the day after `began` to `ended`, that day included; day 0 is not counted twice.

    `title_en` and `title_cy` say why, as the counting shows it.
    """

    began: date
    ended: date
    title_en: str
    title_cy: str

    @property
    def days(self) -> int:
        """Days of the week and of the weekend alike."""
        return max(0, (self.ended - self.began).days)

    def days_off(self) -> Iterator[Holiday]:
        for number in range(1, self.days + 1):
            yield Holiday(self.began + timedelta(days=number), PAUSE, self.title_en, self.title_cy, PAUSE)


@dataclass(frozen=True, slots=True)
class DayCounted:
    """One day between arrival and due date: its number in the count (0 when it is not counted), and why."""

    day: date
    number: int
    why: Reason

    @property
    def counted(self) -> bool:
        return self.number > 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """To the end of which London day we are in time.  `ack_due` is None for the clocks of the law.

    `beyond_known`: the due date lies after the last holiday we know of and may yet move.
    """

    ack_due: date | None
    due: date
    beyond_known: bool
    clock: Clock
    arrived: date
    day_nought: date
    calendar: Calendar = field(compare=False, repr=False)
    stood_still: int = 0
    """Days by which the month of a subject access request grew."""

    @property
    def counted(self) -> tuple[DayCounted, ...]:
        """Every day from arrival to due date, in order."""
        return tuple(_counted(self))


def due(
    received_at: datetime,
    clock: Clock,
    figures: Figures,
    calendars: Mapping[Clock, Calendar],
    *,
    pauses: Sequence[StoodStill] = (),
    stage: str = "",
) -> Deadline:
    """The dates that `received_at` sets.

    `stage` is that of a complaint, the first unless said.  A day on which the clock stood still is not counted.

    Raises:
        NaiveTime: `received_at` has no zone.
    """
    calendar = calendars[clock]
    if pauses:
        calendar = calendar.without(day for pause in pauses for day in pause.days_off())
    arrived = london_date(received_at)
    nought = arrived
    ack_due = None
    longer = 0
    if clock is Clock.SAR:
        longer = sum(pause.days for pause in pauses)
        answer_due = calendars[clock].on_or_after(_same_day_next_month(arrived) + timedelta(days=longer))
    elif clock is Clock.FOI:
        answer_due = calendar.after(arrived, FOI_WORKING_DAYS)
    elif clock is Clock.COMPLAINT:
        answer_due = _within(arrived, figures.complaint_days(stage), calendar)
    else:
        nought = calendar.on_or_after(arrived) if figures.deemed_next_working_day else arrived
        ack_due = _within(nought, figures.acknowledge_days.value, calendar)
        answer_due = _within(nought, figures.answer_days.value, calendar)
    beyond = answer_due > calendar.known_until
    return Deadline(ack_due, answer_due, beyond, clock, arrived, nought, calendar, longer)


def london_date(moment: datetime) -> date:
    """The day it was in Cardiff.

    Raises:
        NaiveTime: `moment` has no zone.
    """
    if moment.utcoffset() is None:
        raise NaiveTime("a time of arrival has no zone; write it like 2026-07-01T23:30:00Z")
    return moment.astimezone(LONDON).date()


def days_left(due: date, today: date, calendar: Calendar) -> int:
    """Working days after `today` until the end of `due`: 0 is today, below 0 is late (at least -1)."""
    if today > due:
        return min(-1, -calendar.working_days_between(due, today))
    return calendar.working_days_between(today, due)


def working_days_taken(received_at: datetime, answered_at: datetime, calendar: Calendar) -> int:
    """Whole working days from arrival to answer; 0 when both are on one day, or no working day lies between."""
    return calendar.working_days_between(london_date(received_at), london_date(answered_at))


def explain(deadline: Deadline, say: Callable[[Reason], str] = str) -> tuple[str, ...]:
    """The counting, one line for each day, and a warning where holidays are not yet known."""
    days = tuple(f"{day.day:%Y-%m-%d}: {say(day.why)}" for day in deadline.counted)
    return (*days, say(BEYOND_KNOWN)) if deadline.beyond_known else days


def _within(start: date, days: int, calendar: Calendar) -> date:
    return calendar.after(start, days) if days else calendar.on_or_after(start)


def _same_day_next_month(day: date) -> date:
    """The same date of the next month, or its last day if there is none."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def _counted(deadline: Deadline) -> Iterator[DayCounted]:
    calendar, day = deadline.calendar, deadline.arrived
    yield DayCounted(day, 0, Reason("the day it arrived is day 0"))
    if deadline.clock is Clock.SAR:
        day = _same_day_next_month(day)
        if deadline.stood_still:
            yield DayCounted(
                day, 0, Reason("days on which the clock stood still: {days}", {"days": deadline.stood_still})
            )
            day += timedelta(days=deadline.stood_still)
        while day < deadline.due:
            yield DayCounted(day, 0, calendar.why_not(day) or Reason("not a working day"))
            day += ONE_DAY
        yield DayCounted(day, 1, Reason("one month after it arrived"))
        return
    number = 0
    while day < deadline.due:
        day += ONE_DAY
        if why := calendar.why_not(day):
            yield DayCounted(day, 0, why)
        elif day <= deadline.day_nought:
            yield DayCounted(day, 0, Reason("treated as the day it arrived, day 0"))
        else:
            number += 1
            yield DayCounted(day, number, Reason("working day {number}", {"number": number}))
