"""A month as the monitoring list means it: a calendar month on London time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Self

from moderation.deadlines import LONDON, london_date
from vocabulary import GwylioError

WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class NoSuchMonth(GwylioError):
    """What was given is not a month of the calendar."""

    def __init__(self, written: str) -> None:
        super().__init__(f"{written!r} is not a month; write the year and the month, such as 2026-11")
        self.written = written


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in London."""

    year: int
    number: int

    @classmethod
    def parse(cls, written: str) -> Self:
        """The month of `2026-11`.

        Raises:
            NoSuchMonth: it is written otherwise, or lies beyond the calendar.
        """
        found = WRITTEN.fullmatch(written.strip())
        if found is None or not 1 < int(found[1]) < 9999:
            raise NoSuchMonth(written)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that a day belongs to."""
        return cls(day.year, day.month)

    @classmethod
    def before(cls, now: datetime) -> Self:
        """The last month that was over in London at `now`."""
        return cls.of(london_date(now)).previous

    @property
    def previous(self) -> Self:
        return type(self)(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    @property
    def following(self) -> Self:
        return type(self)(self.year + (self.number == 12), self.number % 12 + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def start(self) -> datetime:
        """The first of the month, 00:00 in London, in UTC."""
        return datetime.combine(self.first_day, time(), tzinfo=LONDON).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first moment of the next month, in UTC."""
        return self.following.start

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"
