"""The share of answers in time over several weeks, by service area: as `figures` counts it, in one question a week."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from moderation.deadlines import london_date
from reports.week import ONE_DAY, Week, midnight
from store import figures as kept
from store.database import Session

WEEKS: Final = 12
SAME: Final = 0.05
"""Shares that lie no further apart than this are called the same."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of the answers due in one week, those in time."""

    week: Week
    due: int
    in_time: int

    @property
    def share(self) -> float | None:
        """0 to 1; None where none was due."""
        return self.in_time / self.due if self.due else None


def shares(
    session: Session, last: Week, *, weeks: int, now: datetime
) -> list[tuple[Week, Mapping[str, tuple[int, int]]]]:
    """Each week up to `last`, the earliest first: by area, how many answers were due, and how many in time."""
    found = []
    for number in range(weeks - 1, -1, -1):
        week = Week.of(last.first_day - timedelta(weeks=number))
        days = [week.first_day + each * ONE_DAY for each in range(7)]
        until = min(now, week.end)
        ends = {day: midnight(day + ONE_DAY) for day in days}
        found.append((week, kept.judged(session, ends, until=until, today=london_date(until))))
    return found


def together(
    found: list[tuple[Week, Mapping[str, tuple[int, int]]]], areas: Collection[str] | None = None
) -> tuple[Share, ...]:
    """The weeks of some areas added up (None: of all)."""
    return tuple(
        Share(
            week,
            sum(due for area, (due, _) in counted.items() if areas is None or area in areas),
            sum(in_time for area, (_, in_time) in counted.items() if areas is None or area in areas),
        )
        for week, counted in found
    )


def direction(weeks: tuple[Share, ...]) -> int:
    """Whether the last week is better (1) or worse (-1) than those before it together, or the same (0)."""
    before = Share(weeks[-1].week, sum(each.due for each in weeks[:-1]), sum(each.in_time for each in weeks[:-1]))
    if weeks[-1].share is None or before.share is None or abs(weeks[-1].share - before.share) <= SAME:
        return 0
    return 1 if weeks[-1].share > before.share else -1
