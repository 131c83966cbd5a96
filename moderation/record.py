"""Who did what to a case: the event and the audit row that every act leaves, in one transaction with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store import audit, cases
from store.cases import CaseRow, EventRow
from store.database import Session
from vocabulary import Note


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a member of staff, or the system itself (no user id).

    `token` is the id of the token of the API that came with it, 0 where somebody did it on a page.
    """

    name: str
    user_id: int | None = None
    token: int = 0

    @property
    def way(self) -> dict[str, int]:
        """How it came, for the detail of an event and of its row in the trail."""
        return {"token": self.token} if self.token else {}


SYSTEM = Actor(audit.SYSTEM)


_TO_BE_READ_FIRST = frozenset(
    {
        Note.COMMENT_JOINED,
        Note.COMMENT_EDITED,
        Note.REPLY_QUEUED,
        Note.REPLY_FOR_APPROVAL,
        Note.REPLY_APPROVED,
        Note.REPLY_SENT_BACK,
        Note.REPLY_RECORDED,
        Note.NATIVE_REPLY_FOUND,
    }
)
"""What an officer must have read before deciding: a page opened earlier is stale."""


def write_down(
    session: Session,
    case: CaseRow,
    what: Note,
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down something that does not move the state.  `detail` holds ids, codes and dates only."""
    if what in _TO_BE_READ_FIRST:
        cases.moved(session, case)
    facts = {**(detail or {}), **actor.way}
    session.add(
        EventRow(
            case_id=case.id,
            at=now,
            user_id=actor.user_id,
            what=what.value,
            from_state=case.state,
            to_state=case.state,
            words=words.strip(),
            detail=facts,
        )
    )
    audit.append(
        session,
        actor=actor.name,
        action=f"case.{what.value}",
        subject=f"case:{case.id}",
        now=now,
        after=facts,
    )
