"""When a clock stands still, and what that does to its date.

A pause lasts from the day after we asked to the day on which the person answered; those days do not
count.  While one lasts, the date is held off only as far as it must be: it never looks late.  A
pause that was a mistake is struck out, and stays to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from moderation import deadlines
from moderation.calendar import Calendar
from moderation.deadlines import Deadline, StoodStill, london_date
from moderation.policy import Policy
from moderation.record import SYSTEM, Actor, write_down
from moderation.working_days import working_days
from store import cases, matters
from store.cases import CaseRow, RoundRow
from store.database import Session
from store.matters import MatterRow, PauseRow
from vocabulary import Clock, Note

AWAITING_AUTHOR = "awaiting_author"
ASK_CLARITY = "ask_clarity"
WHY_STILL: Mapping[str, tuple[str, str]] = {
    AWAITING_AUTHOR: ("we waited for the person's details", "roeddem yn aros am fanylion y person"),
    ASK_CLARITY: ("we had asked for clarification", "roeddem wedi gofyn am eglurhad"),
}
"""Why a clock stood still, in both languages, by the code that a pause keeps."""


def stood_still(pauses: Iterable[PauseRow], until: date) -> tuple[StoodStill, ...]:
    """The pauses that count, as the counting of days takes them; one that lasts goes to `until`."""
    return tuple(
        StoodStill(pause.began, pause.ended or max(until, pause.began), *WHY_STILL[pause.because])
        for pause in pauses
        if pause.struck_at is None
    )


def round_deadline(
    turn: RoundRow, pauses: Iterable[PauseRow], policy: Policy, days: Mapping[Clock, Calendar], *, today: date
) -> Deadline:
    """The dates of one turn of the answer clock, with the pauses of its case left out."""
    mine = [pause for pause in pauses if pause.round == turn.number]
    still = stood_still(mine, today)
    return deadlines.due(turn.received_at, Clock.ANSWER, policy.response, days, pauses=still)


def stop_round(session: Session, case: CaseRow, *, policy: Policy, actor: Actor, now: datetime) -> bool:
    """The answer clock stands still while we wait for the person's details, where the pack says so; whether it does."""
    if "answer" not in policy.pauses.clocks:
        return False
    stop(session, case, AWAITING_AUTHOR, matter=None, actor=actor, now=now)
    return True


def run_round_on(session: Session, case: CaseRow, *, policy: Policy, actor: Actor, now: datetime) -> bool:
    """The answer clock runs again, if it stood still, and its date is counted anew; whether it stood still."""
    if not run_on(session, case, matter=None, actor=actor, now=now):
        return False
    recount_round(session, case, policy, because=AWAITING_AUTHOR, now=now)
    return True


def stop(
    session: Session, case: CaseRow, because: str, *, matter: MatterRow | None, actor: Actor, now: datetime
) -> PauseRow:
    """The clock of a matter, or of the case's current round, stands still from tomorrow."""
    pause = PauseRow(
        case_id=case.id,
        round=None if matter else case.round,
        matter_id=matter.id if matter else None,
        because=because,
        began=london_date(now),
    )
    session.add(pause)
    session.flush()
    write_down(session, case, Note.PAUSED, actor=actor, now=now, detail=_which(pause))
    return pause


def run_on(session: Session, case: CaseRow, *, matter: MatterRow | None, actor: Actor, now: datetime) -> bool:
    """That clock runs again, if it stood still; whether it did."""
    pause = matters.standing_still(
        session,
        case.id,
        round_number=None if matter else case.round,
        matter_id=matter.id if matter else None,
    )
    if pause is None:
        return False
    pause.ended = max(london_date(now), pause.began)
    write_down(session, case, Note.RESUMED, actor=actor, now=now, detail=_which(pause))
    return True


def recount_round(session: Session, case: CaseRow, policy: Policy, *, because: str, now: datetime) -> bool:
    """Give the current round the date that the calendar and its pauses say now; whether it moved."""
    turn = cases.current_round(session, case)
    pauses = matters.pauses_of_case(session, case.id)
    days = working_days(session, policy)
    return move_due(
        session,
        case,
        turn,
        round_deadline(turn, pauses, policy, days, today=london_date(now)),
        because=because,
        now=now,
    )


def move_due(session: Session, case: CaseRow, turn: RoundRow, answer: Deadline, *, because: str, now: datetime) -> bool:
    """Give a running round its new dates where they differ; the first due date stands beside them."""
    fresh = {"ack_due": answer.ack_due, "due": answer.due, "beyond_known": answer.beyond_known}
    moved = {name: to for name, to in fresh.items() if getattr(turn, name) != to}
    if not moved:
        return False
    before = turn.due
    for name, to in moved.items():
        setattr(turn, name, to)
    turn.due_because, case.due = because, answer.due
    write_down(
        session,
        case,
        Note.DUE_RECOMPUTED,
        actor=SYSTEM,
        now=now,
        detail={"because": because, "from": before.isoformat(), "to": answer.due.isoformat()},
    )
    return True


def _which(pause: PauseRow) -> dict[str, object]:
    return {
        "pause": pause.id,
        "round": pause.round,
        "matter": pause.matter_id,
        "because": pause.because,
        "began": pause.began.isoformat(),
        "ended": pause.ended.isoformat() if pause.ended else "",
    }
