"""The calendars that count today: the holidays and closure days that the store holds, and the pack's own."""

from __future__ import annotations

from collections.abc import Mapping

from moderation.calendar import Calendar, Holiday, calendars
from moderation.policy import Policy
from store import holidays
from store.database import Session
from vocabulary import Clock


def working_days(session: Session, policy: Policy) -> Mapping[Clock, Calendar]:
    """The calendar of each clock, from the holidays and closure days that stand now."""
    days = (Holiday(*row) for row in holidays.standing(session))
    return calendars([*days, *policy.closure_days])
