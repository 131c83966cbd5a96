"""Who opened what is not for everybody to see: a restricted case, or an author's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base


class AccessRow(Base):
    """One opening, by one person, of one case or one author's page.

    `purpose` is in their own words; empty for an opening under a purpose that they had given before.
    """

    __tablename__ = "access"
    __table_args__ = (
        Index("ix_access_user_id_case_id_at", "user_id", "case_id", "at"),
        Index("ix_access_user_id_author_id_at", "user_id", "author_id", "at"),
        Index("ix_access_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    at: Mapped[datetime]
    purpose: Mapped[str] = mapped_column(default="")


def purpose_given(session: Session, user_id: int, case_id: int, *, since: datetime) -> bool:
    """Whether this person has said since then why they open this case."""
    found = session.scalar(
        select(AccessRow.id)
        .where(
            AccessRow.user_id == user_id,
            AccessRow.case_id == case_id,
            AccessRow.at >= since,
            AccessRow.purpose != "",
        )
        .limit(1)
    )
    return found is not None


def between(session: Session, start: datetime, end: datetime) -> Sequence[AccessRow]:
    """Every opening from `start` up to but not including `end`, oldest first."""
    return session.scalars(
        select(AccessRow).where(AccessRow.at >= start, AccessRow.at < end).order_by(AccessRow.at, AccessRow.id)
    ).all()
