"""Cases that are opened with a purpose: somebody may be at risk, and only those see it whose role needs it.

Every opening is recorded.  A purpose holds for a day: who comes back tomorrow says again why.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from moderation import openings, queue
from moderation.record import Actor, write_down
from store import openings as rows
from store.database import Session
from vocabulary import Note

HOLDS = timedelta(hours=12)


def open_with_purpose(session: Session, case_id: int, *, purpose: str, actor: Actor, now: datetime) -> None:
    """Somebody says why they open a restricted case; they may then read it for `HOLDS`.

    Raises:
        queue.ReasonNeeded: without a purpose.
        queue.UnknownCase: there is no such case.
    """
    if not purpose.strip() or actor.user_id is None:
        raise queue.ReasonNeeded("say for what purpose you open this case")
    case = queue.get(session, case_id)
    openings.see_with_purpose(session, case.id, purpose, actor=actor, now=now)
    write_down(session, case, Note.OPENED_WITH_PURPOSE, actor=actor, now=now, words=purpose)


def may_read(session: Session, case_id: int, *, user_id: int, now: datetime) -> bool:
    """Whether this person's purpose for this case still holds."""
    return rows.purpose_given(session, user_id, case_id, since=now - HOLDS)
