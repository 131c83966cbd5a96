"""Whom to tell, about which case, and when: before a date, after it, or at once.

Pure.  Nobody is told the same thing twice: whoever records a `Tell` hands its key back next time.
Of the rules by date that hold for one clock, a person hears the most pressing only, so that a
morning after a holiday brings one message for each case and not four.  Nobody is told anything
outside the working hours of the pack, except by a rule on severity or label that says `at_night`;
the packs that come with the program have none, since no policy names who is on call.

Up the chain: a rule may hold once nobody has opened the case for so many working hours since somebody
was told of it.  Nights and days off do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from moderation.calendar import Calendar
from moderation.deadlines import days_left, london_date
from moderation.lifecycle import ANSWER_OWED
from moderation.policy import EscalateRule, Policy, Watched, Whom
from moderation.working_time import worked
from vocabulary import Clock, Label, Reason, Severity, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What escalation needs to know of a case.  A date is None where that clock does not run, or stands still.

    The dates of requests, complaints, incidents and hidden comments are watched though the comment itself was
    answered.  `ack_due` is None once somebody has been acknowledged, `due` once they have been answered.
    `labels` are those flagged in its comments, `told` the keys of what was told before, and `told_elsewhere` those of
    them that were told to another service area or owner, who has it no longer.  `unopened_since` is when
    the first was told who might have opened the case and did not; None where somebody has, or nobody was told.
    """

    state: State
    area: str
    answer_owed: bool
    severity: Severity
    labels: frozenset[Label] = frozenset()
    has_owner: bool = True
    owner_id: int | None = None
    ack_due: date | None = None
    due: date | None = None
    foi_due: date | None = None
    sar_due: date | None = None
    complaint_due: date | None = None
    incident_due: date | None = None
    removal_due: date | None = None
    told: frozenset[str] = frozenset()
    told_elsewhere: frozenset[str] = frozenset()
    unopened_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """One thing to tell.  `whom` is never OWNER where nobody owns the case; the area hears it instead.

    `urgent`: it waits for no other message.  `at_night`: it may leave at any hour.
    """

    whom: Whom
    area: str
    about: Reason
    key: str
    urgent: bool = False
    at_night: bool = False


def tells(facts: Facts, policy: Policy, calendars: Mapping[Clock, Calendar], now: datetime) -> tuple[Tell, ...]:
    """What is to be told now.  `now` carries a zone; keys are unique within a case and a round of its clocks."""
    open_now = policy.hours.are_on(now, calendars[Clock.ANSWER])
    by_nature = _by_nature(facts, policy) if facts.state in ANSWER_OWED else ()
    wanted: dict[str, Tell] = {}
    by_date = _by_date(facts, policy, calendars, london_date(now))
    unopened = _unopened(facts, policy, calendars[Clock.ANSWER], now)
    for rule, tell in (*by_date, *by_nature, *unopened):
        whose = {Whom.AREA: facts.area, Whom.OWNER: facts.owner_id}.get(tell.whom)
        if whose is not None and tell.key in facts.told_elsewhere:
            tell = replace(tell, key=f"{tell.key}/{whose}")  # noqa: PLW2901 - the same, to those who have it now
        if (open_now or rule.at_night) and tell.key not in facts.told:
            wanted.setdefault(tell.key, tell)
    return tuple(wanted.values())


def _by_date(
    facts: Facts, policy: Policy, calendars: Mapping[Clock, Calendar], today: date
) -> Iterator[tuple[EscalateRule, Tell]]:
    """For each date that is watched and each person, the most pressing rule that holds."""
    owed = facts.answer_owed and facts.state in ANSWER_OWED
    watched: tuple[tuple[Watched, date | None, Clock], ...] = (
        ("acknowledgement", facts.ack_due if owed else None, Clock.ANSWER),
        ("answer", facts.due if owed else None, Clock.ANSWER),
        ("foi", facts.foi_due, Clock.FOI),
        ("sar", facts.sar_due, Clock.SAR),
        ("complaint", facts.complaint_due, Clock.COMPLAINT),
        ("incident", facts.incident_due, Clock.ANSWER),
        ("removal", facts.removal_due, Clock.ANSWER),
    )
    for clock, due, counted_by in watched:
        if due is None:
            continue
        left = days_left(due, today, calendars[counted_by])
        most: dict[Whom, EscalateRule] = {}
        for rule in policy.escalations:
            if clock in rule.clocks and _holds(rule, left):
                for whom in _whom(rule, facts):
                    most[whom] = max(most.get(whom, rule), rule, key=_pressing)
        for whom, rule in most.items():
            yield rule, _tell(rule, whom, facts, f"{clock}:{due}")


def _by_nature(facts: Facts, policy: Policy) -> Iterator[tuple[EscalateRule, Tell]]:
    for rule in policy.escalations:
        if rule.unopened_working_hours is not None:
            continue
        if rule.severity and facts.severity.rank >= rule.severity.rank:
            yield from ((rule, _tell(rule, whom, facts, facts.severity)) for whom in _whom(rule, facts))
        elif facts.labels.intersection(rule.labels):
            yield from ((rule, _tell(rule, whom, facts, "labels")) for whom in _whom(rule, facts))


def _unopened(facts: Facts, policy: Policy, calendar: Calendar, now: datetime) -> Iterator[tuple[EscalateRule, Tell]]:
    since = facts.unopened_since
    if since is None:
        return
    waited = worked(since, now, policy.hours, calendar)
    for rule in policy.escalations:
        hours = rule.unopened_working_hours
        if hours is None or waited < timedelta(hours=hours):
            continue
        if rule.severity is None or facts.severity.rank >= rule.severity.rank:
            yield from ((rule, _tell(rule, whom, facts, f"{since:%Y-%m-%dT%H:%M}")) for whom in _whom(rule, facts))


def _holds(rule: EscalateRule, left: int) -> bool:
    if rule.overdue_working_days is not None:
        return -left >= rule.overdue_working_days
    return rule.due_in_working_days is not None and 0 <= left <= rule.due_in_working_days


def _pressing(rule: EscalateRule) -> int:
    """Higher is more pressing: many days late first, many days left last."""
    return rule.overdue_working_days or -(rule.due_in_working_days or 0)


def _whom(rule: EscalateRule, facts: Facts) -> tuple[Whom, ...]:
    people = (Whom.AREA if whom is Whom.OWNER and not facts.has_owner else whom for whom in rule.tell)
    return tuple(dict.fromkeys(people))


def _tell(rule: EscalateRule, whom: Whom, facts: Facts, matter: str) -> Tell:
    about = Reason("policy: {rule}", rule.because.values("rule"))
    urgent = rule.at_night or facts.severity is Severity.URGENT
    return Tell(whom, facts.area, about, f"{rule.slug}/{whom}/{matter}", urgent, rule.at_night)
