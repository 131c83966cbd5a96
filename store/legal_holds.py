"""Legal holds: cases that are kept whatever their dates say, with who put the hold on and lifted it, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base


class LegalHoldRow(Base):
    """One hold, with reasons in a colleague's own words.  It stands until `lifted_at`; one stands on a case at most."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index(
            "uq_legal_hold_standing",
            "case_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    reason: Mapped[str]
    put_on_at: Mapped[datetime]
    put_on_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lifted_because: Mapped[str] = mapped_column(default="")


def of_case(session: Session, case_id: int) -> LegalHoldRow | None:
    """The hold that stands on a case, if one does."""
    return session.scalars(
        select(LegalHoldRow).where(LegalHoldRow.case_id == case_id, LegalHoldRow.lifted_at.is_(None))
    ).one_or_none()
