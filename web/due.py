"""The days left on a case, as words, a colour and a shape that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from moderation.calendar import Calendar
from moderation.deadlines import days_left
from words import Words

SOON = 2
"""Working days left from which a case is shown as due soon."""


@dataclass(frozen=True, slots=True)
class Left:
    """`kind` is `late`, `today`, `soon`, `calm` or `done`; the style sheet has a colour and a shape for each."""

    kind: str
    words: str


def left(words: Words, due: date, today: date, calendar: Calendar, *, owed: bool = True) -> Left:
    """How long there still is, in working days."""
    if not owed:
        return Left("done", words.gettext("No answer owed"))
    days = days_left(due, today, calendar)
    if days < 0:
        return Left("late", words.ngettext("{n} working day late", "{n} working days late", -days))
    if due == today:
        return Left("today", words.gettext("Due today"))
    if days == 0:
        return Left("today", words.gettext("Due before the next working day"))
    words_left = words.ngettext("{n} working day left", "{n} working days left", days)
    return Left("soon" if days <= SOON else "calm", words_left)


def to_acknowledge(words: Words, ack_due: date | None, today: date) -> str:
    """What is still owed before the answer: an acknowledgement, or nothing."""
    if ack_due is None:
        return ""
    if ack_due < today:
        return words.gettext("Acknowledgement is late")
    if ack_due == today:
        return words.gettext("Acknowledge today")
    return words.gettext("Acknowledge by {day}", day=words.short_day(ack_due))
