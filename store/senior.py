"""Conversations that somebody flagged for senior management, with who did so and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.cases import CaseRow
from store.people import UserRow
from vocabulary import State


class SeniorFlagRow(Base):
    """One flag.  `reason` is an officer's own words.  `ended_at` is None while it stands; a case has one that does."""

    __tablename__ = "senior_flag"
    __table_args__ = (
        Index(
            "uq_senior_flag_standing",
            "case_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    reason: Mapped[str]
    flagged_at: Mapped[datetime]
    flagged_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


@dataclass(frozen=True, slots=True)
class Flagged:
    """A conversation that stands flagged, as the digest and its page show it."""

    case_id: int
    reference: str
    area: str
    state: State
    reason: str
    at: datetime
    by: str
    restricted: bool


def standing(session: Session, areas: frozenset[str] | None = None) -> Sequence[Flagged]:
    """The flags that stand, the newest first, in the areas that the reader may see (None: all)."""
    rows = session.execute(
        select(
            CaseRow.id,
            CaseRow.reference,
            CaseRow.service_area,
            CaseRow.state,
            SeniorFlagRow.reason,
            SeniorFlagRow.flagged_at,
            UserRow.full_name,
            CaseRow.restricted,
        )
        .join(CaseRow, CaseRow.id == SeniorFlagRow.case_id)
        .join(UserRow, UserRow.id == SeniorFlagRow.flagged_by)
        .where(SeniorFlagRow.ended_at.is_(None), *([] if areas is None else [CaseRow.service_area.in_(sorted(areas))]))
        .order_by(SeniorFlagRow.flagged_at.desc(), SeniorFlagRow.id.desc())
    )
    return [Flagged(*row) for row in rows]


def of_case(session: Session, case_id: int) -> SeniorFlagRow | None:
    """The flag that stands on a case, if one does."""
    return session.scalars(
        select(SeniorFlagRow).where(SeniorFlagRow.case_id == case_id, SeniorFlagRow.ended_at.is_(None))
    ).one_or_none()
