"""A week as the report means it: the ISO week on London time, Monday to Sunday."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from moderation.deadlines import LONDON, london_date
from vocabulary import GwylioError

WRITTEN = re.compile(r"([0-9]{4})-W([0-9]{2})")
ONE_DAY = timedelta(days=1)


class NoSuchWeek(GwylioError):
    """What was given is not a week of the calendar."""

    def __init__(self, written: str) -> None:
        super().__init__(f"{written!r} is not a week; write the ISO year and week, such as 2026-W47")
        self.written = written


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO week in London.  In spring one is an hour short, in autumn one is an hour longer."""

    year: int
    number: int

    @classmethod
    def parse(cls, written: str) -> Self:
        """The week of `2026-W47`.

        Raises:
            NoSuchWeek: it is written otherwise, or that year has no such week.
        """
        found = WRITTEN.fullmatch(written.strip())
        if found is None:
            raise NoSuchWeek(written)
        week = cls(int(found[1]), int(found[2]))
        try:
            _ = week.start, week.end
        except (ValueError, OverflowError):
            raise NoSuchWeek(written) from None
        return week

    @classmethod
    def of(cls, day: date) -> Self:
        """The week that a day belongs to."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def before(cls, now: datetime) -> Self:
        """The last week that was over in London at `now`."""
        return cls.of(london_date(now) - timedelta(days=7))

    @property
    def first_day(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return date.fromisocalendar(self.year, self.number, 7)

    @property
    def start(self) -> datetime:
        """Monday 00:00 in London, in UTC."""
        return midnight(self.first_day)

    @property
    def end(self) -> datetime:
        """The first moment of the next week, in UTC."""
        return midnight(self.last_day + ONE_DAY)

    def has(self, day: date) -> bool:
        """Whether this London day is one of the seven."""
        return self.first_day <= day <= self.last_day

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"


def midnight(day: date) -> datetime:
    """When a London day begins, in UTC."""
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)
