"""What time brings: holidays that were not known, due dates that move with them, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from moderation import deadlines, escalation, matters, pauses, queue, removals, telling
from moderation.calendar import COMPUTED, GOV_UK, Calendar, Holiday, seed_holidays
from moderation.deadlines import london_date
from moderation.lifecycle import ANSWER_OWED
from moderation.policy import Policy
from moderation.working_days import working_days
from pipeline.installation import Installation
from pipeline.notifying import reach_of
from store import audit, cases, findings, holidays, incidents, notices, recounting
from store import matters as matter_rows
from store import removals as removal_rows
from store.cases import CaseRow
from store.database import Session
from store.incidents import IncidentRow
from store.matters import MatterRow, PauseRow
from store.recounting import Dates
from vocabulary import Clock, Label, Language

PAGE = 5_000
"""Cases whose dates are counted again in one transaction."""
ONE_AT_A_TIME = 200
LANES = 2
"""Stretches of cases that are counted again side by side where the database writes for several at once."""


def refresh_holidays(here: Installation, *, now: datetime, known: Iterable[Holiday] | None = None) -> int:
    """Take in holidays we had not heard of, take back those that were only computed and are not on GOV.UK's list.

    Every running clock is recomputed where any day changed, now or before a process that died while it recomputed; how
    many days changed now.  `known` is the list that comes with this version, unless said.
    """
    days = list(seed_holidays() if known is None else known)
    changed = here.store.write(partial(_keep_holidays, days=days, now=now))
    with here.store.read() as session:
        owed = holidays.recount_owed(session)
    if owed:
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
    """Give every running case the dates that today's calendar says; how many moved.

    On PostgreSQL, which writes for several at once, the cases go in `LANES`, each a stretch of their ids.
    """
    with here.store.read() as session:
        last = recounting.last_id(session)
    wide = last if here.store.on_sqlite else -(-last // LANES)
    lanes = [(start, min(start + wide, last)) for start in range(0, last, max(1, wide))]
    work = partial(_recompute_lane, here, because=because, now=now)
    with ThreadPoolExecutor(max_workers=LANES, thread_name_prefix="recount") as pool:
        moved = sum(pool.map(work, lanes))
    with here.store.read() as session:
        apart = recounting.set_apart(session)
    for start in range(0, len(apart), ONE_AT_A_TIME):
        some = apart[start : start + ONE_AT_A_TIME]
        moved += here.store.write(partial(_recompute_each, policy=here.policy, ids=some, because=because, now=now))
    here.store.write(holidays.recounted)
    return moved


def _recompute_lane(here: Installation, lane: tuple[int, int], *, because: str, now: datetime) -> int:
    """The cases after one id and up to another, a page at a time; how many moved."""
    (after, upto), moved = lane, 0
    while True:
        changed, last = here.store.write(
            partial(_recompute_page, policy=here.policy, after=after, upto=upto, because=because, now=now)
        )
        moved += changed
        if last is None:
            return moved
        after = last


def _recompute_page(
    session: Session, policy: Policy, after: int, upto: int, because: str, now: datetime
) -> tuple[int, int | None]:
    """How many of a page of cases moved, and the last case's id; None where there was none.

    A date follows from the London day of arrival, so that day is counted once and not once a case.
    """
    days = working_days(session, policy)
    page = recounting.running(session, after=after, upto=upto, limit=PAGE)
    counted: dict[date, Dates] = {}
    moved = []
    for each in page:
        arrived = london_date(each.received_at)
        if arrived not in counted:
            answer = deadlines.due(each.received_at, Clock.ANSWER, policy.response, days)
            counted[arrived] = Dates(answer.ack_due, answer.due, answer.beyond_known)
        dates = counted[arrived]
        if dates != (each.ack_due, each.due, each.beyond_known):
            moved.append((each, dates))
    recounting.move(session, moved, because=because, now=now)
    return len(moved), page[-1].case_id if page else None


def _recompute_each(session: Session, policy: Policy, ids: Sequence[int], because: str, now: datetime) -> int:
    """Cases with a clock that stood still, or with a matter of its own: how many moved."""
    days, today = working_days(session, policy), london_date(now)
    held, stood = matter_rows.live_of_cases(session, ids), matter_rows.pauses_of_cases(session, ids)
    changed = 0
    for case in (session.get_one(CaseRow, case_id) for case_id in ids):
        if case.state in ANSWER_OWED:
            turn = cases.current_round(session, case)
            answer = pauses.round_deadline(turn, stood.get(case.id, ()), policy, days, today=today)
            changed += pauses.move_due(session, case, turn, answer, because=because, now=now)
        for matter in held.get(case.id, ()):
            matters.recount(session, case, matter, policy, days, because=because, now=now)
    return changed


def hold_off(here: Installation, *, now: datetime) -> int:
    """Hold off the dates of clocks that stand still and would look late from today; how many."""
    with here.store.read() as session:
        waiting = cases.late_though_still(session, today=london_date(now))
    if not waiting:
        return 0
    return here.store.write(partial(_hold_off, pause_ids=waiting, policy=here.policy, now=now))


def _hold_off(session: Session, pause_ids: Sequence[int], policy: Policy, now: datetime) -> int:
    moved, days = 0, working_days(session, policy)
    for pause in (session.get_one(PauseRow, pause_id) for pause_id in pause_ids):
        case = session.get_one(CaseRow, pause.case_id, with_for_update=True)
        if pause.matter_id is None:
            moved += pauses.recount_round(session, case, policy, because=pause.because, now=now)
        else:
            matter = session.get_one(MatterRow, pause.matter_id)
            moved += matters.recount(session, case, matter, policy, days, because=pause.because, now=now)
    return moved


def warn(here: Installation, *, now: datetime) -> int:
    """Tell those whom the policy names what is due soon, due today or late; each warning once."""
    hold_off(here, now=now)
    told, after = 0, 0
    chain = any(rule.unopened_working_hours for rule in here.policy.escalations)
    days: Mapping[Clock, Calendar] | None = None
    with here.store.read() as session:
        reach = reach_of(session, here.settings)
    while True:
        with here.store.read() as session:
            batch = cases.running(session, after=after)
            ids = [fact.case.id for fact in batch]
            told_before, labels = cases.told_keys(session, ids), findings.labels_of_cases(session, ids)
            elsewhere = cases.told_elsewhere(session, ids)
            held, stood = matter_rows.live_of_cases(session, ids), matter_rows.pauses_of_cases(session, ids)
            happened = incidents.open_of_cases(session, ids)
            hidden = removal_rows.undecided(session, ids)
            unopened = notices.unopened_since(session, ids) if chain else {}
            days = days or working_days(session, here.policy)
        if not batch:
            return told
        after = batch[-1].case.id
        wanted = []
        for case_id, fact in zip(ids, batch, strict=True):
            beside = _Beside(
                held.get(case_id, ()),
                stood.get(case_id, ()),
                happened.get(case_id, ()),
                unopened.get(case_id),
                [
                    removals.decide_by(each.hidden_at, here.policy, days[Clock.ANSWER])
                    for each in hidden
                    if each.case_id == case_id
                ],
                telling.owner_is_there(fact.case, reach),
                told_before.get(case_id, frozenset()),
                elsewhere.get(case_id, frozenset()),
            )
            facts = _facts(fact, labels.get(case_id, {}), beside, here.policy)
            wanted += [(case_id, each) for each in escalation.tells(facts, here.policy, days, now)]
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


class _Beside(NamedTuple):
    """What has a clock of its own in a case, what stands still, and since when nobody has opened it who might have.

    `removals_due` are the days by which its hidden comments are to be decided about.  Then whether its owner is still
    there, and what was told before, here and elsewhere.
    """

    held: Sequence[MatterRow]
    stood: Sequence[PauseRow]
    happened: Sequence[IncidentRow]
    unopened_since: datetime | None
    removals_due: Sequence[date]
    has_owner: bool
    told: frozenset[str]
    told_elsewhere: frozenset[str]


def _facts(
    fact: cases.Facts,
    scores: Mapping[Label, float],
    beside: _Beside,
    policy: Policy,
) -> escalation.Facts:
    case, turn, language = fact.case, fact.round, Language(fact.case.language)
    still = {(pause.round, pause.matter_id) for pause in beside.stood if pause.ended is None}
    due = {matter.clock: matter.due for matter in beside.held if (None, matter.id) not in still}
    return escalation.Facts(
        state=case.state,
        area=case.service_area,
        answer_owed=case.answer_owed,
        severity=case.severity,
        labels=frozenset(label for label, score in scores.items() if score >= policy.threshold(label, language)),
        has_owner=beside.has_owner,
        owner_id=case.owner_id,
        ack_due=None if turn.acknowledged_at else turn.ack_due,
        due=None if turn.answered_at or (turn.number, None) in still else turn.due,
        foi_due=due.get(Clock.FOI),
        sar_due=due.get(Clock.SAR),
        complaint_due=due.get(Clock.COMPLAINT),
        incident_due=min((each.due for each in beside.happened if each.due), default=None),
        removal_due=min(beside.removals_due, default=None),
        told=beside.told,
        told_elsewhere=beside.told_elsewhere,
        unopened_since=beside.unopened_since,
    )
