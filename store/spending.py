"""What reading a metered platform costs: reserved before a request leaves, settled once it is answered.

Amounts are whole numbers of the platform's unit: millionths of a pound on X, quota units on YouTube.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from vocabulary import Platform


class SpendingRow(Base):
    """What one account spent in one period (a month such as `2026-11`, a day such as `2026-11-25`).

    `reserved` is for requests under way; after a crash it stays, so that a ceiling is never passed.
    """

    __tablename__ = "spending"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)


class BilledRow(Base):
    """One item that was paid for on one day (UTC); the platform does not bill it again that day."""

    __tablename__ = "billed"

    platform: Mapped[Platform] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    native_id: Mapped[str] = mapped_column(primary_key=True)
