"""How many comments a platform says stand in a thread, beside how many of them we hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class ThreadCountRow(Base):
    """What the platform last said of one thread.  `differs_since` is when it began to disagree with what we hold."""

    __tablename__ = "thread_count"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    thread: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[int]
    held: Mapped[int]
    said_at: Mapped[datetime]
    differs_since: Mapped[datetime | None]
