"""What metered platforms cost: reserved before a request leaves, settled once it is answered.

Amounts are whole millionths of the platform's unit (moderation/budgets.py).  A reservation that was
never settled, because the process died, stays: a ceiling is for the worst that may have happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base, insert_if_absent
from vocabulary import Platform

BILLED_ONCE_A = timedelta(days=1)
_SPENDING = 5_511


class SpendingRow(Base):
    """What one account spent in one period (a month such as `2026-11`, a day such as `2026-11-25`)."""

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


@dataclass(frozen=True, slots=True)
class Spent:
    """What a platform cost in one period so far, and what is set aside for requests under way."""

    spent: int = 0
    reserved: int = 0

    @property
    def gone(self) -> int:
        return self.spent + self.reserved


def so_far(session: Session, platform: Platform, period: str, *, account_id: int | None = None) -> Spent:
    """Of one account, or of all accounts on the platform together."""
    query = select(func.sum(SpendingRow.spent), func.sum(SpendingRow.reserved)).where(
        SpendingRow.platform == platform, SpendingRow.period == period
    )
    if account_id is not None:
        query = query.where(SpendingRow.account_id == account_id)
    spent, reserved = session.execute(query).one()
    return Spent(int(spent or 0), int(reserved or 0))


def reserve(
    session: Session, platform: Platform, account_id: int, period: str, *, price: int, most: int, limit: int
) -> int:
    """Set aside the price of up to `most` things, as many as the limit of the platform has room for; how many.

    Two who reserve at once do so one after the other: on PostgreSQL behind a lock, on SQLite as there is one writer.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_SPENDING)))
    room = limit - so_far(session, platform, period).gone
    many = most if price == 0 else max(0, min(most, room // price))
    if many and price:
        insert_if_absent(
            session, SpendingRow, platform=platform, account_id=account_id, period=period, spent=0, reserved=0
        )
        row = session.get_one(SpendingRow, (platform, account_id, period), with_for_update=True)
        row.reserved += many * price
    return many


def settle(
    session: Session,
    platform: Platform,
    account_id: int,
    period: str,
    *,
    price: int,
    reserved: Mapping[str, int],
    ids: Sequence[str] | None,
    day: str,
) -> None:
    """Pay in `period` for what came, instead of what was set aside; that may have been in the period before.

    An id that was paid for on this day is free.  Without `ids` all that was set aside is paid for.
    """
    if not price:
        return
    fresh = (
        sum(reserved.values())
        if ids is None
        else sum(
            insert_if_absent(session, BilledRow, platform=platform, day=day, native_id=native_id)
            for native_id in sorted(set(ids))
        )
    )
    insert_if_absent(session, SpendingRow, platform=platform, account_id=account_id, period=period, spent=0, reserved=0)
    for name in sorted({period, *reserved}):
        row = session.get_one(SpendingRow, (platform, account_id, name), with_for_update=True)
        row.reserved -= reserved.get(name, 0) * price
        row.spent += fresh * price if name == period else 0


def forget_billed(session: Session, *, before: datetime) -> None:
    """Drop what was remembered of the days before the one of `before`; nothing is free for that long."""
    session.execute(delete(BilledRow).where(BilledRow.day < f"{before - BILLED_ONCE_A:%Y-%m-%d}"))
