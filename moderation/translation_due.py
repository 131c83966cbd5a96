"""By when the translators hand in: whole working days, to the end of the body's own day, before the answer is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from moderation.calendar import Calendar
from moderation.deadlines import LONDON
from moderation.policy import Hours


def translation_due(
    asked_at: datetime, days: int, *, hours: Hours, calendar: Calendar, answer_due: date | None
) -> datetime:
    """The moment at which the translation is late, in London time.

    What is asked after the body has closed, or on a day off, counts as asked when it opens again, and that day
    is day 0.  The translators never have longer than until the answer is due, where one is still to be given.
    """
    local = asked_at.astimezone(LONDON)
    day = local.date() if local.time() < hours.closes else local.date() + timedelta(days=1)
    last = calendar.after(calendar.on_or_after(day), days)
    if answer_due is not None:
        last = min(last, answer_due)
    return datetime.combine(last, hours.closes, LONDON)
