"""What time brings: holidays that were not known, due dates that move with them, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from moderation import deadlines, escalation, queue, telling
from moderation.calendar import COMPUTED, GOV_UK, Calendar, Holiday, calendars, seed_holidays
from moderation.policy import Policy
from pipeline.installation import Installation
from pipeline.notifying import reach_of
from store import audit, cases, findings, holidays, notices
from store.database import Session
from vocabulary import Clock, Label, Language


def working_days(session: Session, policy: Policy) -> Mapping[Clock, Calendar]:
    """The calendar of each clock, from the holidays and closure days that stand now."""
    days = (Holiday(*row) for row in holidays.standing(session))
    return calendars([*days, *policy.closure_days])


def refresh_holidays(here: Installation, *, now: datetime, known: Iterable[Holiday] | None = None) -> int:
    """Take in holidays we had not heard of, take back those that were only computed and are not on GOV.UK's list.

    Every running clock is recomputed where any day changed; how many did.  `known` is the list that
    comes with this version, unless said.
    """
    days = list(seed_holidays() if known is None else known)
    changed = here.store.write(partial(_keep_holidays, days=days, now=now))
    if changed:
        recompute_due(here, because="new holidays", now=now)
    return changed


def _keep_holidays(session: Session, days: Sequence[Holiday], now: datetime) -> int:
    """What was only computed counts for nothing in a year of which GOV.UK has published the list, now or before."""
    standing = [Holiday(*row) for row in holidays.standing(session)]
    published = {(row.division, row.day.year) for row in (*days, *standing) if row.source == GOV_UK}
    sure = [row for row in days if row.source != COMPUTED or (row.division, row.day.year) not in published]
    rows = [(row.day, row.division, row.title_en, row.title_cy, row.source) for row in sure]
    fresh = len(holidays.keep(session, rows, now=now))
    wanted = {(row.day, row.division) for row in sure}
    gone = [
        (row.day, row.division)
        for row in standing
        if row.source == COMPUTED
        and (row.division, row.day.year) in published
        and (row.day, row.division) not in wanted
    ]
    for day, division in gone:
        holidays.withdraw(session, day, division, now=now)
    if fresh or gone:
        audit.append(
            session,
            actor=audit.SYSTEM,
            action="holidays.keep",
            subject="holidays",
            now=now,
            after={"new": fresh, "withdrawn": [f"{day}/{division}" for day, division in gone]},
        )
    return fresh + len(gone)


def recompute_due(here: Installation, *, because: str, now: datetime) -> int:
    """Give every running case the dates that today's calendar says; how many moved."""
    moved, after = 0, 0
    while True:
        changed, last = here.store.write(
            partial(_recompute_some, policy=here.policy, after=after, because=because, now=now)
        )
        moved += changed
        if last is None:
            return moved
        after = last


def _recompute_some(
    session: Session, policy: Policy, after: int, because: str, now: datetime
) -> tuple[int, int | None]:
    """How many of a page of cases moved, and the last case's id; None where there was none."""
    days = working_days(session, policy)
    batch = cases.running(session, after=after)
    changed = 0
    for fact in batch:
        turn = fact.round
        dates = {clock: deadlines.due(turn.received_at, clock, policy.response, days) for clock in Clock}
        changed += queue.move_due(session, fact.case, turn, dates, because=because, now=now)
    return changed, batch[-1].case.id if batch else None


def warn(here: Installation, *, now: datetime) -> int:
    """Tell those whom the policy names what is due soon, due today or late; each warning once."""
    told, after = 0, 0
    chain = any(rule.unopened_working_hours for rule in here.policy.escalations)
    days: Mapping[Clock, Calendar] | None = None
    while True:
        with here.store.read() as session:
            batch = cases.running(session, after=after)
            ids = [fact.case.id for fact in batch]
            told_before, labels = cases.told_keys(session, ids), findings.labels_of_cases(session, ids)
            unopened = notices.unopened_since(session, ids) if chain else {}
            days = days or working_days(session, here.policy)
        if not batch:
            return told
        after = batch[-1].case.id
        wanted = [
            (fact.case.id, each)
            for fact in batch
            for each in escalation.tells(
                _facts(
                    fact,
                    labels.get(fact.case.id, {}),
                    told_before.get(fact.case.id, frozenset()),
                    unopened.get(fact.case.id),
                    here.policy,
                ),
                here.policy,
                days,
                now,
            )
        ]
        if wanted:
            told += here.store.write(partial(_tell, here=here, wanted=wanted, now=now))


def _tell(session: Session, here: Installation, wanted: Sequence[tuple[int, escalation.Tell]], now: datetime) -> int:
    """A warning that is given, and whoever is to hear of it, are one act: neither is there without the other."""
    reach, told = reach_of(session, here.settings), 0
    for case_id, each in wanted:
        case = queue.get(session, case_id)
        if queue.tell(session, case, key=each.key, whom=each.whom.value, about=each.about, now=now):
            telling.address(session, case, each, reach, now=now)
            told += 1
    return told


def _facts(
    fact: cases.Facts,
    scores: Mapping[Label, float],
    told: frozenset[str],
    unopened_since: datetime | None,
    policy: Policy,
) -> escalation.Facts:
    case, turn, language = fact.case, fact.round, Language(fact.case.language)
    return escalation.Facts(
        state=case.state,
        area=case.service_area,
        answer_owed=case.answer_owed,
        severity=case.severity,
        labels=frozenset(label for label, score in scores.items() if score >= policy.threshold(label, language)),
        has_owner=case.owner_id is not None,
        ack_due=None if turn.acknowledged_at else turn.ack_due,
        due=None if turn.answered_at else turn.due,
        foi_due=turn.foi_due,
        sar_due=turn.sar_due,
        told=told,
        unopened_since=unopened_since,
    )
