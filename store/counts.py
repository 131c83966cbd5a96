"""How many comments a platform says stand in a thread, beside how many of them we hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.accounts import AccountRow
from store.base import Base
from store.comments import CommentRow, OwnReplyRow
from vocabulary import Presence

SHOWN_AFTER = timedelta(hours=2)
"""How long a platform may disagree with us before it is shown: a comment may have come between two rounds."""
_STANDING = (Presence.PRESENT, Presence.EDITED, Presence.HIDDEN_BY_US)


class ThreadCountRow(Base):
    """What the platform last said of one thread.  `differs_since` is when it began to say more than we hold."""

    __tablename__ = "thread_count"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    thread: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[int]
    held: Mapped[int]
    said_at: Mapped[datetime]
    differs_since: Mapped[datetime | None]


def keep(session: Session, account_id: int, said: Mapping[str, int], *, now: datetime) -> None:
    """Note what the platform says of each thread, and what we hold of it at this moment."""
    held = _held(session, account_id, list(said))
    known = session.scalars(
        select(ThreadCountRow).where(ThreadCountRow.account_id == account_id, ThreadCountRow.thread.in_(said))
    )
    rows = {row.thread: row for row in known}
    for thread, number in said.items():
        row = rows.get(thread)
        if row is None:
            row = ThreadCountRow(account_id=account_id, thread=thread, differs_since=None)
            session.add(row)
        row.said, row.held, row.said_at = number, held[thread], now
        row.differs_since = (row.differs_since or now) if number > row.held else None


def differing(session: Session, *, now: datetime) -> Sequence[tuple[AccountRow, ThreadCountRow]]:
    """The threads of which platforms have long said more than we hold, the greatest difference first."""
    rows = session.execute(
        select(AccountRow, ThreadCountRow)
        .join(AccountRow, AccountRow.id == ThreadCountRow.account_id)
        .where(ThreadCountRow.differs_since <= now - SHOWN_AFTER)
        .order_by((ThreadCountRow.said - ThreadCountRow.held).desc(), ThreadCountRow.thread)
    )
    return [(account, count) for account, count in rows]


def _held(session: Session, account_id: int, threads: Sequence[str]) -> dict[str, int]:
    held = dict.fromkeys(threads, 0)
    for query in (
        select(CommentRow.thread, func.count())
        .where(CommentRow.account_id == account_id, CommentRow.thread.in_(threads), CommentRow.presence.in_(_STANDING))
        .group_by(CommentRow.thread),
        select(OwnReplyRow.thread, func.count())
        .where(OwnReplyRow.account_id == account_id, OwnReplyRow.thread.in_(threads))
        .group_by(OwnReplyRow.thread),
    ):
        for thread, number in session.execute(query):
            held[thread] += number
    return held
