"""How long a case is kept: the longest that a retention class of the pack asks, and why.

Pure.  Nothing runs while the case is open, or while something in it has not been decided; a legal hold stands
above every date.  Records are kept at least until the day that is said here; what becomes of them afterwards is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from moderation.conduct import after_months
from moderation.policy import CountedFrom, Keeps, Policy, RetentionClass
from vocabulary import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What of a case its keeping depends on.  A day is None for what has not ended yet.

    `about` is how it ended and what was in it, `incidents` the incidents recorded in it by their slugs, each with
    the day on which the last of its kind was decided.
    """

    closed_on: date | None
    about: Mapping[Keeps, date | None] = field(default_factory=dict)
    incidents: Mapping[str, date | None] = field(default_factory=dict)
    held: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when a case must be kept at least, by which class and why; no day while nothing runs yet, or it is held."""

    until: date | None
    because: tuple[Reason, ...]
    slug: str = ""
    held: bool = False


def kept(facts: Facts, policy: Policy) -> Kept:
    """The longest that applies.  Of two that end on one day, the first in the pack is named."""
    if facts.held:
        return Kept(None, (HELD,), held=True)
    if facts.closed_on is None:
        return Kept(None, (OPEN,))
    found = [(slug, rule) for slug, rule in policy.retention.items() if set(_days(rule, facts))]
    if running := [rule for _, rule in found if None in _days(rule, facts)]:
        return Kept(None, tuple(Reason(UNDECIDED.text, rule.values("what")) for rule in running))
    dated = [(until(rule, _from(rule, facts, facts.closed_on)), slug, rule) for slug, rule in found]
    last, slug, rule = max(dated, key=lambda each: each[0])
    return Kept(last, (Reason(LONGEST.text, rule.values("what")), _source(rule)), slug)


def until(rule: RetentionClass, day: date) -> date:
    """The last day on which what is counted from `day` must still be kept."""
    if rule.days is not None:
        return day + timedelta(days=rule.days)
    return after_months(day, rule.months if rule.months is not None else 12 * (rule.years or 0))


def trail_until(policy: Policy, day: date) -> date:
    """The last day on which an entry of the audit trail from `day` must still be kept."""
    return max(until(rule, day) for rule in policy.retention.values() if Keeps.AUDIT_TRAIL in rule.about)


OPEN = Reason("the case is open")
HELD = Reason("a legal hold stands")
UNDECIDED = Reason("not decided yet: {what}")
LONGEST = Reason("the longest that applies: {what}")


def _days(rule: RetentionClass, facts: Facts) -> Iterator[date | None]:
    """When each thing in the case that the class is about was decided."""
    for about in rule.about:
        if about in facts.about:
            yield facts.about[about]
    for incident in rule.incidents:
        if incident in facts.incidents:
            yield facts.incidents[incident]


def _from(rule: RetentionClass, facts: Facts, closed_on: date) -> date:
    if rule.counted_from is CountedFrom.CLOSING:
        return closed_on
    return max(day for day in _days(rule, facts) if day is not None)


def _source(rule: RetentionClass) -> Reason:
    return Reason("{because}", rule.because.values("because"))
