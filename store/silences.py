"""Times for which nothing can be said of an account: it could not be read, or was stiller than its habit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import audit
from store.accounts import AccountRow
from store.base import Base, insert_if_absent
from store.comments import CommentRow
from vocabulary import Origin


class Silent(StrEnum):
    """What was silent.

    UNREAD: no round succeeded.  QUIET: rounds succeeded, and brought less than they used to.  WEBHOOK:
    comments were found by asking that the platform should have pushed, and did not.
    """

    UNREAD = "unread"
    QUIET = "quiet"
    WEBHOOK = "webhook"


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


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence with the account it was on, by the name that people know; `ended` is None while it lasts."""

    account: str
    area: str
    kind: Silent
    began: datetime
    ended: datetime | None


def note(session: Session, account: AccountRow, kind: Silent, since: datetime | None, *, now: datetime) -> bool:
    """Say that a silence lasts since a moment, or (None) that there is none; whether anything changed.

    A silence that began is on the audit trail, and so is its end.
    """
    lasting = session.scalars(
        select(SilenceRow).where(
            SilenceRow.account_id == account.id, SilenceRow.kind == kind.value, SilenceRow.ended.is_(None)
        )
    ).all()
    if since is not None and lasting:
        return False
    if since is None:
        for row in lasting:
            row.ended = now
            _trail(session, account, kind, "silence.end", now)
        return bool(lasting)
    return _begin(session, account, kind, since, None, now=now)


def note_gap(session: Session, account: AccountRow, kind: Silent, began: datetime, *, now: datetime) -> bool:
    """A silence that is noticed only as it ends: nobody was there to notice it."""
    return _begin(session, account, kind, began, now, now=now)


def overlapping(session: Session, start: datetime, end: datetime) -> Sequence[Silence]:
    """Every silence that touches the time from `start` up to `end`, in the order in which they began."""
    return [
        _as_silence(account, row)
        for account, row in session.execute(
            select(AccountRow, SilenceRow)
            .join(AccountRow, AccountRow.id == SilenceRow.account_id)
            .where(SilenceRow.began < end, or_(SilenceRow.ended.is_(None), SilenceRow.ended > start))
            .order_by(SilenceRow.began, SilenceRow.id)
        )
    ]


def lasting(session: Session) -> Sequence[tuple[AccountRow, SilenceRow]]:
    """The silences of this moment, the oldest first."""
    rows = session.execute(
        select(AccountRow, SilenceRow)
        .join(AccountRow, AccountRow.id == SilenceRow.account_id)
        .where(SilenceRow.ended.is_(None))
        .order_by(SilenceRow.began, SilenceRow.id)
    )
    return [(account, row) for account, row in rows]


def moments(session: Session, account_id: int, *, within: timedelta) -> Sequence[datetime]:
    """When each comment to one account was posted, within so long of the latest; those that a search found left out."""
    to_us = CommentRow.account_id == account_id, CommentRow.origin != Origin.SEARCH
    latest = session.scalar(select(func.max(CommentRow.posted_at)).where(*to_us))
    if latest is None:
        return ()
    return session.scalars(select(CommentRow.posted_at).where(*to_us, CommentRow.posted_at >= latest - within)).all()


def _begin(
    session: Session, account: AccountRow, kind: Silent, began: datetime, ended: datetime | None, *, now: datetime
) -> bool:
    fresh = insert_if_absent(
        session, SilenceRow, account_id=account.id, kind=kind.value, began=began, noticed_at=now, ended=ended
    ) or (ended is None and _goes_on(session, account, kind, began))
    if fresh:
        _trail(session, account, kind, "silence.begin" if ended is None else "silence.was", now)
    return fresh


def _goes_on(session: Session, account: AccountRow, kind: Silent, began: datetime) -> bool:
    """A silence that was thought to be over, and was not, is the same silence."""
    row = session.scalars(
        select(SilenceRow).where(
            SilenceRow.account_id == account.id, SilenceRow.kind == kind.value, SilenceRow.began == began
        )
    ).one()
    row.ended = None
    return True


def _as_silence(account: AccountRow, row: SilenceRow) -> Silence:
    return Silence(account.display_name, account.service_area, Silent(row.kind), row.began, row.ended)


def _trail(session: Session, account: AccountRow, kind: Silent, action: str, now: datetime) -> None:
    audit.append(
        session,
        actor=audit.SYSTEM,
        action=action,
        subject=f"account:{account.slug}",
        now=now,
        after={"kind": kind.value},
    )
