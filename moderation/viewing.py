"""When looking at what one person has said to us needs a purpose, and which cases are restricted.

A first look at what somebody wrote to us is ordinary work.  Looking again and again at one person
may be directed surveillance, which needs an authorisation that no page can give (Regulation of
Investigatory Powers Act 2000, section 26; the Code of Practice of 2018, paragraphs 3.10 to 3.17).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from moderation.policy import Viewing
from vocabulary import Label

ONE_READING = timedelta(minutes=30)
"""How long a page that was opened may be loaded again, or read in the other language, as the same opening."""

AT_RISK = frozenset({Label.SAFEGUARDING, Label.SELF_HARM})


def number_of(earlier: Sequence[datetime], now: datetime, rule: Viewing) -> int:
    """Which opening of the same page by the same person this one is, within the days that count; 1 is the first."""
    since = now - timedelta(days=rule.within_days.value)
    return 1 + sum(at > since for at in earlier)


def purpose_needed(earlier: Sequence[datetime], now: datetime, rule: Viewing) -> bool:
    """Whether this opening must say what it is for."""
    return number_of(earlier, now, rule) >= rule.purpose_from.value


def restricted(labels: Collection[Label], *, under_review: bool) -> bool:
    """Whether it is recorded who saw a case: somebody may be at risk, or its author's conduct is under review."""
    return under_review or not AT_RISK.isdisjoint(labels)
