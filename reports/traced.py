"""From a figure of the weekly report back to what it counts.  Pure: `figures.behind` says what that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moderation.calendar import Calendar
from moderation.deadlines import london_date, working_days_taken
from reports.figures import SLOWEST, Counted, behind, in_welsh, within
from reports.page import WELSH_OWED
from reports.week import Week
from store.figures import Arrival, Place, Rows, Turn


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one week, and of which part of it; what is empty asks nothing.

    `day` is the day on which a comment was posted or an answer due; `days` the working days that an answer took.
    """

    name: str
    area: str = ""
    platform: str = ""
    language: str = ""
    day: date | None = None
    days: int | None = None

    def has(self, place: Place) -> bool:
        """Whether it counts what lies there."""
        return (
            self.area in ("", place.area)
            and self.platform in ("", place.platform)
            and (in_welsh(place) if self.language == WELSH_OWED else self.language in ("", place.language))
        )


def counted(rows: Rows, week: Week, figure: Figure, calendar: Calendar, *, until: datetime) -> Sequence[Counted]:
    """The rows that the figure is the number of; none for a name that no figure has."""
    chosen = behind(within(rows, figure.has), week, until=until).get(figure.name, ())
    return [
        row
        for row in chosen
        if (figure.day is None or _day(row) == figure.day)
        and (figure.days is None or _took(row, calendar) == figure.days)
    ]


def _day(row: Counted) -> date | None:
    if isinstance(row, Arrival):
        return london_date(row.posted_at)
    return row.due if isinstance(row, Turn) else None


def _took(row: Counted, calendar: Calendar) -> int | None:
    if not isinstance(row, Turn) or row.answered_at is None:
        return None
    return min(SLOWEST, working_days_taken(row.received_at, row.answered_at, calendar))
