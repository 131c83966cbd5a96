"""Requests under the law, and complaints: what runs on a clock of its own beside the answer to a comment.

None of them ends by itself, nor with the answer to the comment that it came in: a person says what
it was, and how it ended.  Until then its clock runs, a case that holds it cannot be closed, and the
warnings of its date are given.

Clocks stand still only where the law or the pack says so.  The day on which we asked and the day on
which the person answered are the two ends: the days after the first, up to the second, do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from moderation import deadlines, pauses
from moderation.calendar import Calendar
from moderation.deadlines import Deadline, london_date
from moderation.policy import Policy
from moderation.record import SYSTEM, Actor, write_down
from moderation.working_days import working_days
from store import cases, matters
from store.cases import CaseRow
from store.database import Session
from store.matters import MatterRow, PauseRow
from vocabulary import Clock, GwylioError, MatterAct, MatterState, Note

A, S = MatterAct, MatterState

# fmt: off
TRANSITIONS = MappingProxyType({
    (S.POSSIBLE,  A.CONFIRM):       S.RUNNING,
    (S.POSSIBLE,  A.DISMISS):       S.DISMISSED,   # the classifiers were wrong
    (S.RUNNING,   A.ASK_CLARITY):   S.WAITING,
    (S.RUNNING,   A.NEXT_STAGE):    S.RUNNING,     # a complaint that was not settled
    (S.RUNNING,   A.FINISH):        S.DONE,
    (S.RUNNING,   A.DISMISS):       S.DISMISSED,   # withdrawn, or not valid after all
    (S.WAITING,   A.CLARIFIED):     S.RUNNING,
    (S.WAITING,   A.FINISH):        S.DONE,
    (S.WAITING,   A.DISMISS):       S.DISMISSED,
    (S.DONE,      A.TAKE_UP_AGAIN): S.RUNNING,
    (S.DONE,      A.NEXT_STAGE):    S.RUNNING,     # the person is not content with how it ended
    (S.DISMISSED, A.TAKE_UP_AGAIN): S.RUNNING,
})
# fmt: on

WITH_REASON = frozenset({A.FINISH, A.NEXT_STAGE, A.TAKE_UP_AGAIN, A.ASK_CLARITY})
KINDS = (Clock.FOI, Clock.SAR, Clock.COMPLAINT)
BY_LAW = frozenset({Clock.FOI, Clock.SAR})


class MatterRefused(GwylioError):
    """What was asked cannot be done to this matter; `allowed` may be."""

    def __init__(self, state: MatterState, act: MatterAct, allowed: Sequence[MatterAct]) -> None:
        self.state, self.act, self.allowed = state, act, tuple(allowed)
        super().__init__(f"cannot {act} a matter that is {state}; allowed: {', '.join(allowed)}")


class MatterReasonNeeded(GwylioError):
    """This act is recorded with a reason in an officer's own words; none was given."""


class NoFurtherStage(GwylioError):
    """The complaint stands at the last stage that the pack knows."""


class StaleMatter(GwylioError):
    """The matter, or the pause, moved while somebody was reading; nothing was done."""


class UnknownMatter(GwylioError):
    """There is no such matter, or no such pause."""


class RunsAlready(GwylioError):
    """A matter of this kind runs in the case already."""


def allowed_from(clock: Clock, state: MatterState, policy: Policy, stage: str = "") -> tuple[MatterAct, ...]:
    """What may be done, in the order of the table.

    Only complaints have stages.  Clarification is asked for only where that stops the clock; elsewhere the officer
    simply asks.
    """
    further = clock is Clock.COMPLAINT and next_stage(stage, policy) is not None
    can_wait = stops_for_clarity(clock, policy)
    return tuple(
        act
        for here, act in TRANSITIONS
        if here is state and (act is not A.NEXT_STAGE or further) and (act is not A.ASK_CLARITY or can_wait)
    )


def stops_for_clarity(clock: Clock, policy: Policy) -> bool:
    """Whether this clock stands still while the person who asked must say more."""
    return clock in BY_LAW or clock.value in policy.pauses.clocks


def next_stage(stage: str, policy: Policy) -> str | None:
    """The stage of complaints after this one; None after the last, or one that the pack no longer knows."""
    slugs = [each.slug for each in policy.response.complaint_stages]
    return slugs[slugs.index(stage) + 1] if stage in slugs[:-1] else None


def begin(
    session: Session,
    case: CaseRow,
    comment_id: int,
    received_at: datetime,
    deadline: Deadline,
    *,
    state: MatterState,
    actor: Actor,
    now: datetime,
    stage: str = "",
    words: str = "",
) -> MatterRow:
    """A matter with its clock running since the person wrote.

    Raises:
        RunsAlready: one of its kind runs in this case.
    """
    if matters.live_of_clock(session, case.id, deadline.clock) is not None:
        raise RunsAlready(f"{case.reference} holds such a matter already")
    matter = MatterRow(
        case_id=case.id,
        comment_id=comment_id,
        clock=deadline.clock,
        state=state,
        stage=stage,
        received_at=received_at,
        due=deadline.due,
        first_due=deadline.due,
        due_because="",
        elsewhere="",
    )
    session.add(matter)
    session.flush()
    _say(session, case, matter, "begin", actor=actor, now=now, words=words)
    return matter


def take_up(
    session: Session,
    case_id: int,
    clock: Clock,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    words: str,
) -> MatterRow:
    """A person says that what came in is a request or a complaint, whatever the classifiers thought.

    Its clock has run since the comment of the case's current round was posted.

    Raises:
        MatterReasonNeeded: without a reason.
        RunsAlready: as `begin`.
    """
    if not words.strip():
        raise MatterReasonNeeded("say why it is one")
    case = session.get(CaseRow, case_id, with_for_update=True)
    if case is None:
        raise UnknownMatter(f"there is no case {case_id}")
    turn = cases.current_round(session, case)
    stage = policy.response.complaint_stages[0].slug if clock is Clock.COMPLAINT else ""
    deadline = deadlines.due(turn.received_at, clock, policy.response, working_days(session, policy), stage=stage)
    return begin(
        session,
        case,
        turn.comment_id,
        turn.received_at,
        deadline,
        state=MatterState.RUNNING,
        actor=actor,
        now=now,
        stage=stage,
        words=words,
    )


def act(
    session: Session,
    case_id: int,
    matter_id: int,
    what: MatterAct,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    words: str = "",
    elsewhere: str = "",
    saw: int | None = None,
) -> MatterRow:
    """Move a matter along one row of the table, and its clock with it.  The only writer of its state.

    Raises:
        UnknownMatter, StaleMatter, MatterRefused, MatterReasonNeeded, NoFurtherStage: as they say.
    """
    matter = _get(session, case_id, matter_id, saw)
    allowed = allowed_from(matter.clock, matter.state, policy, matter.stage)
    if what is A.NEXT_STAGE and matter.clock is Clock.COMPLAINT and next_stage(matter.stage, policy) is None:
        raise NoFurtherStage("the complaint stands at its last stage")
    if what not in allowed:
        raise MatterRefused(matter.state, what, allowed)
    if (what in WITH_REASON or (what is A.DISMISS and matter.state is not S.POSSIBLE)) and not words.strip():
        raise MatterReasonNeeded(f"say why: {what}")
    case = session.get_one(CaseRow, matter.case_id, with_for_update=True)
    waiting = matter.state is S.WAITING
    matter.state = TRANSITIONS[matter.state, what]
    matter.ended_at = None if matter.live else now
    matter.elsewhere = elsewhere.strip() or matter.elsewhere
    if what is A.ASK_CLARITY:
        pauses.stop(session, case, pauses.ASK_CLARITY, matter=matter, actor=actor, now=now)
    elif waiting:
        pauses.run_on(session, case, matter=matter, actor=actor, now=now)
    days = working_days(session, policy)
    if what is A.NEXT_STAGE:
        matter.stage = next_stage(matter.stage, policy) or matter.stage
        matter.received_at, matter.due_because = now, ""
        matter.first_due = matter.due = _due_of(session, matter, policy, days, now=now)
    elif waiting:
        recount(session, case, matter, policy, days, because=pauses.ASK_CLARITY, now=now)
    _say(session, case, matter, what.value, actor=actor, now=now, words=words)
    return matter


def deadline_of(
    matter: MatterRow,
    its_pauses: Iterable[PauseRow],
    policy: Policy,
    days: Mapping[Clock, Calendar],
    *,
    today: date,
) -> Deadline:
    """The dates of a matter as they stand; `its_pauses` may be all of its case.

    A stage of a complaint begins anew: pauses of an earlier one are no part of its count.
    """
    began = london_date(matter.received_at)
    mine = [pause for pause in its_pauses if pause.matter_id == matter.id and pause.began >= began]
    return deadlines.due(
        matter.received_at,
        matter.clock,
        policy.response,
        days,
        pauses=pauses.stood_still(mine, today),
        stage=matter.stage,
    )


def recount(
    session: Session,
    case: CaseRow,
    matter: MatterRow,
    policy: Policy,
    days: Mapping[Clock, Calendar],
    *,
    because: str,
    now: datetime,
) -> bool:
    """Give a matter the date that the calendar and its pauses say now; whether it moved."""
    due = _due_of(session, matter, policy, days, now=now)
    if due == matter.due:
        return False
    before, matter.due, matter.due_because = matter.due, due, because
    write_down(
        session,
        case,
        Note.DUE_RECOMPUTED,
        actor=SYSTEM,
        now=now,
        detail={"because": because, "matter": matter.id, "from": before.isoformat(), "to": due.isoformat()},
    )
    return True


def strike(
    session: Session,
    case_id: int,
    pause_id: int,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    words: str,
) -> PauseRow:
    """A pause was a mistake: it counts for nothing from now on, and the date is what it would have been.

    Raises:
        UnknownMatter: there is no such pause.
        StaleMatter: it was struck out before.
        MatterReasonNeeded: without a reason.
    """
    if not words.strip():
        raise MatterReasonNeeded("say why the pause is struck out")
    pause = session.get(PauseRow, pause_id, with_for_update=True)
    if pause is None or pause.case_id != case_id:
        raise UnknownMatter(f"no clock of case {case_id} stood still in pause {pause_id}")
    if pause.struck_at is not None:
        raise StaleMatter("this pause was struck out already")
    pause.struck_at = now
    case = session.get_one(CaseRow, pause.case_id, with_for_update=True)
    write_down(
        session,
        case,
        Note.PAUSE_STRUCK,
        actor=actor,
        now=now,
        words=words,
        detail={"pause": pause.id, "round": pause.round, "matter": pause.matter_id},
    )
    session.flush()
    if pause.matter_id is not None:
        matter, days = session.get_one(MatterRow, pause.matter_id), working_days(session, policy)
        recount(session, case, matter, policy, days, because="pause_struck", now=now)
    elif pause.round == case.round:
        pauses.recount_round(session, case, policy, because="pause_struck", now=now)
    return pause


def _due_of(
    session: Session, matter: MatterRow, policy: Policy, days: Mapping[Clock, Calendar], *, now: datetime
) -> date:
    held = matters.pauses_of_case(session, matter.case_id)
    return deadline_of(matter, held, policy, days, today=london_date(now)).due


def _get(session: Session, case_id: int, matter_id: int, saw: int | None) -> MatterRow:
    matter = session.get(MatterRow, matter_id, with_for_update=True)
    if matter is None or matter.case_id != case_id:
        raise UnknownMatter(f"case {case_id} holds no matter {matter_id}")
    if saw is not None and matter.version != saw:
        raise StaleMatter("this matter has moved since you opened the page; read it again and decide anew")
    return matter


def _say(
    session: Session, case: CaseRow, matter: MatterRow, what: str, *, actor: Actor, now: datetime, words: str
) -> None:
    write_down(
        session,
        case,
        Note.MATTER,
        actor=actor,
        now=now,
        words=words,
        detail={
            "matter": matter.id,
            "clock": matter.clock.value,
            "act": what,
            "to": matter.state.value,
            "stage": matter.stage,
            "due": matter.due.isoformat(),
        },
    )
