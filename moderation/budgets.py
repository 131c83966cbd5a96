"""What may be spent on reading, from config/budgets.toml, and what is read first when it runs short.

A ceiling is for all accounts on a platform together and cannot be passed.  Part of it is kept for
replies: an officer who cannot answer is worse off than one who reads an hour later.  Amounts are
whole millionths of the platform's unit (pounds on X, quota units on YouTube), so that nothing is
lost to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, RootModel, ValidationError

from toml_file import FileError, Record, Text, problems_of, read
from vocabulary import Platform

BUDGETS: Final = Path(__file__).parent.parent / "config" / "budgets.toml"
MILLION: Final = 1_000_000
AHEAD: Final = 0.10
"""How far spending may run ahead of the calendar before what matters less is left out."""
SCARCE: Final = 0.10
"""Below this part of a platform's own window, only the most important stream is read."""

# How far spending is ahead of the calendar -> how long to wait between two readings of what matters most.
PACES: Final = (
    (0.50, timedelta(hours=3)),
    (0.25, timedelta(hours=1)),
    (AHEAD, timedelta(minutes=30)),
)
SPARED: Final = timedelta(days=1)
"""How long to wait between two readings of anything else meanwhile; X's search reaches seven days back."""


class BudgetsError(FileError):
    """The file of budgets says something we cannot honour."""


def _a_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is not a time zone; write one such as Europe/London") from None


class Budget(Record):
    """One platform's prices, by the kinds of thing its collector reserves, and its ceiling."""

    period: Literal["day", "month"]
    """When it begins anew."""
    zone: Annotated[Text, AfterValidator(_a_zone)]
    """Where the days are counted."""
    unit: Literal["pounds", "units"]
    """What the figures are in."""
    ceiling: Annotated[float, Field(ge=0, le=10**9)]
    """For one period and all accounts on the platform together."""
    keep_for_replies: Annotated[float, Field(ge=0, le=1)]
    """The part of the ceiling that reading never touches."""
    prices: Mapping[Text, Annotated[float, Field(ge=0, le=10**6)]]
    """Each kind of thing, and what one of it costs."""

    @property
    def most(self) -> int:
        """The ceiling, in millionths."""
        return round(self.ceiling * MILLION)

    def price(self, what: str) -> int:
        """What one costs, in millionths; a kind without a price is as dear as the dearest."""
        known = self.prices.get(what, max(self.prices.values(), default=0.0))
        return round(known * MILLION)

    def limit(self, what: str) -> int:
        """How far spending may go for this kind, in millionths: replies and acts may use what is kept for them."""
        return self.most if what in WRITES else round(self.most * (1 - self.keep_for_replies))

    def span(self, now: datetime) -> Span:
        """The period in which `now` lies."""
        local = now.astimezone(ZoneInfo(self.zone))
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.period == "day":
            end, name = start + timedelta(days=1), f"{start:%Y-%m-%d}"
        else:
            start = start.replace(day=1)
            end, name = (start + timedelta(days=32)).replace(day=1), f"{start:%Y-%m}"
        return Span(name, start.astimezone(UTC), end.astimezone(UTC))


WRITES: Final = frozenset({"reply", "reply_with_link", "act", "write"})
"""Kinds that an officer waits for."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period by its name, from `start` up to but not at `end` (UTC)."""

    name: str
    start: datetime
    end: datetime

    def gone(self, now: datetime) -> float:
        """How much of it is over, 0 to 1."""
        return (now - self.start) / (self.end - self.start)


class Budgets(RootModel[dict[Platform, Budget]]):
    """The metered platforms."""

    model_config = ConfigDict(frozen=True)

    def of(self, platform: Platform) -> Budget | None:
        """None for a platform that costs nothing."""
        return self.root.get(platform)


def load(path: Path = BUDGETS) -> Budgets:
    """The budgets of a file.

    Raises:
        BudgetsError: every problem at once, with its line.
    """
    try:
        file = read(path)
    except FileError as error:
        raise BudgetsError(error.problems) from None
    try:
        return Budgets.model_validate(file.values)
    except ValidationError as error:
        raise BudgetsError(problems_of(error, [file], Budgets)) from None


def read_now(rank: int, spent: int, budget: Budget, now: datetime, last_read: datetime | None) -> bool:
    """Whether a stream is read in this round.  `rank` is its place among its account's streams, 0 the first.

    While spending keeps to the calendar everything is read.  Ahead of it, what matters most is read less often, and
    what matters less once a day, so that neither it nor the last day of the month is blind.
    """
    if not budget.most:
        return False
    ahead = spent / budget.most - budget.span(now).gone(now)
    if ahead <= AHEAD:
        return True
    pace = next(wait for over, wait in PACES if ahead > over) if rank == 0 else SPARED
    return last_read is None or now - last_read >= pace
