"""What was done once and must not be done again, what poisoned itself, and which policies were in force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base, insert_if_absent


class RunOnceRow(Base):
    """A job that ran under a key, such as `weekly:2026-W47`."""

    __tablename__ = "run_once"

    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class QuarantineRow(Base):
    """Bytes that we could not read, kept and counted until a person has looked."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("account_id", "stream", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    stream: Mapped[str]
    native_id: Mapped[str]
    fingerprint: Mapped[str]
    reason: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    times: Mapped[int]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class PolicyRow(Base):
    """A version of a policy pack that decided at least one case, with its words."""

    __tablename__ = "policy"

    version: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    first_used: Mapped[datetime]


def claim(session: Session, key: str, *, now: datetime) -> bool:
    """True the first time only; the key is kept in the transaction that does the work."""
    return insert_if_absent(session, RunOnceRow, key=key, at=now)


def keep_policy(session: Session, version: str, body: Callable[[], str], *, now: datetime) -> None:
    """Remember the words of a policy the first time it decides something."""
    if session.get(PolicyRow, version) is None:
        insert_if_absent(session, PolicyRow, version=version, body=body(), first_used=now)


def quarantine(
    session: Session,
    account_id: int,
    stream: str,
    *,
    native_id: str,
    fingerprint: str,
    reason: str,
    raw: bytes,
    now: datetime,
) -> QuarantineRow:
    """Keep what could not be read; the same bytes again are counted, not repeated."""
    row = session.scalar(
        select(QuarantineRow).where(
            QuarantineRow.account_id == account_id,
            QuarantineRow.stream == stream,
            QuarantineRow.fingerprint == fingerprint,
        )
    )
    if row is None:
        row = QuarantineRow(
            account_id=account_id,
            stream=stream,
            native_id=native_id,
            fingerprint=fingerprint,
            reason=reason,
            raw=raw,
            times=0,
            first_seen=now,
            last_seen=now,
        )
        session.add(row)
    row.times, row.last_seen, row.reason = row.times + 1, now, reason
    return row


def quarantined(session: Session) -> Sequence[QuarantineRow]:
    """What still waits for a person, oldest first."""
    return session.scalars(
        select(QuarantineRow).where(QuarantineRow.settled_at.is_(None)).order_by(QuarantineRow.id)
    ).all()
