"""A moment as people type it: a day, a month, a year and a time of day, as the clock in Cardiff shows it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from collectors.items import YEARS
from moderation.deadlines import LONDON
from moderation.entries import IN_THE_FUTURE
from vocabulary import GwylioError
from web.visit import Fields, Text
from words.names import N_

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,2}", re.ASCII)
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)

MISSING: Final = N_("Enter the day, the month, the year and the time.")
NO_DAY: Final = N_("There is no such day. Enter it as 20 11 2026.")
NO_TIME: Final = N_("Enter the time as 14:30.")
SKIPPED: Final = N_("There was no such time: the clocks went forward in that hour.")


class WhenFields(Fields):
    day: Text = ""
    month: Text = ""
    year: Text = ""
    clock: Text = ""


class Unclear(GwylioError):
    """What was typed is no moment that has been; `text` says why, and `part` which of the boxes it is about."""

    def __init__(self, text: str, part: str) -> None:
        super().__init__(text)
        self.text, self.part = text, part


def moment_of(typed: WhenFields, *, now: datetime) -> datetime:
    """The moment, in UTC.  Of an hour that came twice, as the clocks went back, it is the first.

    Raises:
        Unclear: it is none, or it has yet to come.
    """
    day, month, year, clock = (each.strip() for each in (typed.day, typed.month, typed.year, typed.clock))
    if not all((day, month, year, clock)):
        parts = {"day": day, "month": month, "year": year, "clock": clock}
        raise Unclear(MISSING, next(name for name, value in parts.items() if not value))
    time = _CLOCK.fullmatch(clock)
    if time is None:
        raise Unclear(NO_TIME, "clock")
    if not (_NUMBER.fullmatch(day) and _NUMBER.fullmatch(month) and _YEAR.fullmatch(year) and int(year) in YEARS):
        raise Unclear(NO_DAY, "day")
    try:
        there = datetime(int(year), int(month), int(day), int(time[1]), int(time[2]), tzinfo=LONDON)
        moment = there.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unclear(NO_DAY, "day") from None
    if moment.astimezone(LONDON).replace(tzinfo=None) != there.replace(tzinfo=None):
        raise Unclear(SKIPPED, "clock")
    if moment > now:
        raise Unclear(IN_THE_FUTURE.text, "day")
    return moment
