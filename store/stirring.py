"""What has happened to cases since, for the pages that people have open.

Events are numbered as they are written and seen once they are committed, so on PostgreSQL a lower number may come to
light after a higher one: whoever goes on from a number looks back a little, and remembers what it has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.cases import CaseRow, EventRow


@dataclass(frozen=True, slots=True)
class Stir:
    """One event, by its number, and the case that it happened to, by where that case is now."""

    event_id: int
    case_id: int
    area: str


def newest(session: Session) -> int:
    """The number of the last event; 0 before the first."""
    return session.scalar(select(func.max(EventRow.id))) or 0


def since(session: Session, number: int, *, limit: int) -> Sequence[Stir]:
    """The events after this number, the oldest first."""
    rows = session.execute(
        select(EventRow.id, EventRow.case_id, CaseRow.service_area)
        .join(CaseRow, CaseRow.id == EventRow.case_id)
        .where(EventRow.id > number)
        .order_by(EventRow.id)
        .limit(limit)
    )
    return [Stir(*row) for row in rows]
