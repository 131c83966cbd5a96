"""Incidents: what had to be done at once about a case, who did it, and by when it must have been done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base


class IncidentRow(Base):
    """One incident of one case.  `kind` and `option` are slugs of the policy pack.

    `reference` is its number where it was reported, such as the police's.  An incident without `ended_at` is open.
    """

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str]
    option: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime]
    opened_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    due: Mapped[date | None]
    reference: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


def of_case(session: Session, case_id: int) -> Sequence[IncidentRow]:
    """Every incident of a case, oldest first."""
    return session.scalars(select(IncidentRow).where(IncidentRow.case_id == case_id).order_by(IncidentRow.id)).all()


def open_of_kinds(session: Session, kinds: Sequence[str]) -> Sequence[tuple[IncidentRow, str]]:
    """The open incidents of these kinds with the references of their cases, due soonest first."""
    from store.cases import CaseRow

    rows = session.execute(
        select(IncidentRow, CaseRow.reference)
        .join(CaseRow, CaseRow.id == IncidentRow.case_id)
        .where(IncidentRow.ended_at.is_(None), IncidentRow.kind.in_(kinds))
        .order_by(IncidentRow.due.is_(None), IncidentRow.due, IncidentRow.id)
    )
    return [(incident, reference) for incident, reference in rows]


def open_of_cases(session: Session, case_ids: Sequence[int]) -> dict[int, list[IncidentRow]]:
    """By case, the incidents that are not ended."""
    found: dict[int, list[IncidentRow]] = {}
    rows = session.scalars(
        select(IncidentRow)
        .where(IncidentRow.case_id.in_(case_ids), IncidentRow.ended_at.is_(None))
        .order_by(IncidentRow.id)
    )
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found
