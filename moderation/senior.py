"""What an officer puts before senior management: a flag on a case, with the reason, until somebody takes it down."""

from __future__ import annotations

from datetime import datetime

from moderation import queue
from moderation.queue import ReasonNeeded
from moderation.record import Actor, write_down
from store import senior
from store.cases import CaseRow
from store.database import Session
from store.senior import SeniorFlagRow
from vocabulary import GwylioError, Note


class AlreadyFlagged(GwylioError):
    """The case stands flagged; one flag is enough."""


class NotFlagged(GwylioError):
    """No flag stands on the case, so none can be taken down."""


def flag(session: Session, case_id: int, *, actor: Actor, now: datetime, words: str, saw: int | None = None) -> CaseRow:
    """Put a conversation before senior management; the next digest names it.

    Raises:
        ReasonNeeded: without a reason, or without a person.
        AlreadyFlagged: it is before them.
        queue.UnknownCase, queue.StaleCase: as `queue.get`.
    """
    if not words.strip() or actor.user_id is None:
        raise ReasonNeeded("say why senior management should know of this conversation")
    case = queue.get(session, case_id, saw=saw, lock=True)
    if senior.of_case(session, case_id) is not None:
        raise AlreadyFlagged(f"{case.reference} is flagged already")
    row = SeniorFlagRow(case_id=case_id, reason=words.strip(), flagged_at=now, flagged_by=actor.user_id)
    session.add(row)
    session.flush()
    write_down(session, case, Note.SENIOR_FLAGGED, actor=actor, now=now, words=words, detail={"flag": row.id})
    return case


def end_flag(session: Session, case_id: int, *, actor: Actor, now: datetime, words: str = "") -> CaseRow:
    """Senior management have seen it, or need not; the digest no longer names it.

    Raises:
        NotFlagged: no flag stands.
        queue.UnknownCase: there is no such case.
    """
    case = queue.get(session, case_id, lock=True)
    row = senior.of_case(session, case_id)
    if row is None:
        raise NotFlagged(f"{case.reference} is not flagged")
    row.ended_at, row.ended_by = now, actor.user_id
    write_down(session, case, Note.SENIOR_FLAG_ENDED, actor=actor, now=now, words=words, detail={"flag": row.id})
    return case
