"""Saved searches: what is said of the body by people who did not write to it.

Each has a purpose, the name of who asked for it, and a day by which it is looked at again.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class SavedSearchRow(Base):
    """One search, made with the token of one account.  `ended_at` is None while it is made."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    query: Mapped[str]
    purpose: Mapped[str]
    asked_by: Mapped[str]
    created_at: Mapped[datetime]
    review_on: Mapped[date]
    ended_at: Mapped[datetime | None]
