"""Times for which nothing can be said of an account: it could not be read, or was stiller than its habit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class Silent(StrEnum):
    """What was silent.  UNREAD: no round succeeded.  QUIET: rounds succeeded, and brought less than they used to."""

    UNREAD = "unread"
    QUIET = "quiet"
    WEBHOOK = "webhook"
    """Comments were found by asking that the platform should have pushed, and did not."""


class SilenceRow(Base):
    """One silence.  `ended` is None while it lasts."""

    __tablename__ = "silence"
    __table_args__ = (UniqueConstraint("account_id", "kind", "began"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    began: Mapped[datetime]
    noticed_at: Mapped[datetime]
    ended: Mapped[datetime | None]
