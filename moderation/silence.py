"""When an account's silence is an alarm: it cannot be read, or is stiller than it has been for two months.

A council's page that gets two comments a month is not ill when a week brings none, and one that gets
forty a day is ill by noon.  So each account is measured by its own longest silence, nights and
holidays in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

LOOK_BACK = timedelta(days=60)
ENOUGH = 20
"""Comments in that time; of fewer nobody can say what the habit is."""
LONGER_THAN_EVER = 1.5
SHORTEST = timedelta(hours=12)
"""A silence shorter than this is never an alarm."""
UNREAD_AFTER = timedelta(hours=1)
"""How long a stream may fail before the account counts as unread."""
LEFT_ALONE_FOR = timedelta(hours=36)
"""How long a stream may not even be tried, so that a budget lasts, before the account counts as unread."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one stream fares.  `since` is its last success, or when the account was registered."""

    since: datetime
    failing: bool


def quiet_since(posted: Sequence[datetime], now: datetime) -> datetime | None:
    """When the latest comment came, where the silence since is an alarm; None where it is the account's habit.

    `posted` are the moments of the account's comments, in any order.  The habit is that of `LOOK_BACK` before the
    latest of them, so that a silence does not outlast the memory of what it is measured by.
    """
    moments = sorted(each for each in posted if each <= now)
    moments = [each for each in moments if each >= moments[-1] - LOOK_BACK]
    if len(moments) < ENOUGH:
        return None
    longest = max(later - sooner for sooner, later in pairwise(moments))
    return moments[-1] if now - moments[-1] > max(SHORTEST, LONGER_THAN_EVER * longest) else None


def unread_since(streams: Iterable[Standing], now: datetime) -> datetime | None:
    """Since when part of an account cannot be read; None while all of it can."""
    lost = [each.since for each in streams if each.failing and now - each.since > UNREAD_AFTER]
    return min(lost, default=None)
