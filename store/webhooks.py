"""What platforms pushed to us, kept as it came before it was answered.

An event points at something that happened; the platform is then asked what it was.  The same
event, however often it is delivered, is one row.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from vocabulary import Platform


class WebhookEventRow(Base):
    """One delivery with its bytes.  `account_id` is None where it names no account of ours."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        UniqueConstraint("platform", "fingerprint"),
        Index("ix_webhook_event_account_id_received_at", "account_id", "received_at"),
        Index("ix_webhook_event_settled_at_id", "settled_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[Platform]
    fingerprint: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    deliveries: Mapped[int] = mapped_column(default=1)
    tries: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]
