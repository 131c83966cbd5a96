"""What platforms pushed to us, kept as it came before it was answered.

An event points at something that happened; the platform is then asked what it was.  The same
event, however often it is delivered, is one row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import ForeignKey, Index, LargeBinary, Table, UniqueConstraint, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.accounts import AccountRow
from store.base import Base
from store.comments import CommentRow, OwnReplyRow, PostRow
from store.replies import PartRow
from vocabulary import Origin, Platform, Presence

UNANNOUNCED: Final = timedelta(minutes=30)
"""How long after we found a comment by asking its notice may still come."""
CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""A comment dated so little after the latest event may be the one that it announced."""
WORDS_KEPT: Final = timedelta(days=30)
"""How long the bytes of a settled event stay; no platform delivers again after three days."""


class WebhookEventRow(Base):
    """One thing that a platform told us, with its bytes.  `account_id` is None where it names no account of ours.

    `settled_at` is None while the platform has still to be asked; `tried_at` is when it last was, and
    `trouble` what came of it.  A settled event with a `trouble` was put aside.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (
        UniqueConstraint("platform", "fingerprint"),
        Index("ix_webhook_event_account_id_received_at", "account_id", "received_at"),
        Index("ix_webhook_event_account_id_settled_at", "account_id", "settled_at"),
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
    tried_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One event as it is to be kept; with `settled` nobody is asked about it."""

    platform: Platform
    fingerprint: str
    account_id: int | None
    raw: bytes = field(repr=False)
    trouble: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard for one account, or (`account` None) on one platform for none of ours."""

    platform: Platform
    account: AccountRow | None
    latest: datetime
    events: int
    waiting: int
    put_aside: int


def keep(session: Session, arrived: Sequence[Arrived], *, now: datetime) -> None:
    """Add each event, or count one more delivery of it; whoever else is adding it."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    table = cast("Table", WebhookEventRow.__table__)
    rows = [
        {
            "platform": each.platform,
            "fingerprint": each.fingerprint,
            "account_id": each.account_id,
            "raw": each.raw,
            "received_at": now,
            "deliveries": 1,
            "tries": 0,
            "trouble": each.trouble,
            "settled_at": now if each.settled else None,
        }
        for each in arrived
    ]
    once_more = {"deliveries": table.c.deliveries + 1}
    session.execute(
        insert(table).on_conflict_do_update(index_elements=["platform", "fingerprint"], set_=once_more), rows
    )


def ours_among(session: Session, native_ids: Collection[str]) -> Mapping[tuple[Platform, str], int]:
    """Those of these that are accounts of ours in use, by platform and native id; an id may be one on two platforms."""
    found = session.execute(
        select(AccountRow.platform, AccountRow.native_id, AccountRow.id).where(
            AccountRow.active, AccountRow.native_id.in_(native_ids)
        )
    )
    return {(platform, native_id): account_id for platform, native_id, account_id in found}


def waiting(session: Session, account_id: int, *, limit: int) -> Sequence[WebhookEventRow]:
    """The account's events that are not settled: those never tried first, then in the order of their tries."""
    return session.scalars(
        select(WebhookEventRow)
        .where(WebhookEventRow.account_id == account_id, WebhookEventRow.settled_at.is_(None))
        .order_by(WebhookEventRow.tried_at.is_not(None), WebhookEventRow.tried_at, WebhookEventRow.id)
        .limit(limit)
    ).all()


def known(session: Session, account_id: int, native_ids: Sequence[str]) -> frozenset[str]:
    """Which of these ids we hold already, as a comment, a post or a reply of ours."""
    return frozenset(
        native_id
        for row in (CommentRow, OwnReplyRow, PostRow, PartRow)
        for native_id in session.scalars(
            select(row.native_id).where(row.account_id == account_id, row.native_id.in_(native_ids))
        )
    )


def seen_since(session: Session, account_id: int, native_ids: Sequence[str], since: datetime) -> frozenset[str]:
    """Which of these comments the platform has shown us from a moment on."""
    return frozenset(
        session.scalars(
            select(CommentRow.native_id).where(
                CommentRow.account_id == account_id,
                CommentRow.native_id.in_(native_ids),
                CommentRow.last_seen >= since,
            )
        )
    )


def on_show(session: Session, account_id: int, native_ids: Sequence[str]) -> Sequence[tuple[int, str]]:
    """Those of these comments that still stood on the platform when we last looked: our id and the platform's."""
    rows = session.execute(
        select(CommentRow.id, CommentRow.native_id)
        .where(
            CommentRow.account_id == account_id,
            CommentRow.native_id.in_(native_ids),
            CommentRow.presence.in_([Presence.PRESENT, Presence.EDITED, Presence.HIDDEN_BY_US]),
        )
        .order_by(CommentRow.id)
    )
    return [(comment_id, native_id) for comment_id, native_id in rows]


def unannounced_since(session: Session, account_id: int, *, now: datetime) -> datetime | None:
    """When the first comment came that the platform ought to have told us of and did not.

    None for an account of which it never told us anything.  Only what stands right under a post of ours
    counts: of that every platform tells, while tags, replies to replies, private messages and what a
    search finds are told of by some, or to those who subscribed to them apart.
    """
    latest = session.scalar(
        select(func.max(WebhookEventRow.received_at)).where(WebhookEventRow.account_id == account_id)
    )
    if latest is None:
        return None
    return session.scalar(
        select(func.min(CommentRow.posted_at)).where(
            CommentRow.account_id == account_id,
            CommentRow.origin == Origin.ADDRESSED,
            CommentRow.in_reply_to.in_(select(PostRow.native_id).where(PostRow.account_id == account_id)),
            CommentRow.history.is_(False),
            CommentRow.posted_at > latest + CLOCKS_DIFFER,
            CommentRow.first_seen <= now - UNANNOUNCED,
        )
    )


def heard(session: Session) -> Sequence[Heard]:
    """What was heard for each account, and on each platform for none of ours; in the order of platforms and slugs."""
    row = WebhookEventRow
    found = session.execute(
        select(
            row.platform,
            AccountRow,
            func.max(row.received_at),
            func.count(),
            func.count().filter(row.settled_at.is_(None)),
            func.count().filter(row.settled_at.is_not(None), row.trouble != ""),
        )
        .outerjoin(AccountRow, AccountRow.id == row.account_id)
        .group_by(row.platform, AccountRow.id)
        .order_by(row.platform, AccountRow.slug)
    )
    return [Heard(*each) for each in found]


def put_aside(session: Session, *, limit: int) -> Sequence[WebhookEventRow]:
    """The latest events that were put aside, the newest first."""
    return session.scalars(
        select(WebhookEventRow)
        .where(WebhookEventRow.settled_at.is_not(None), WebhookEventRow.trouble != "")
        .order_by(WebhookEventRow.id.desc())
        .limit(limit)
    ).all()


def forget_words(session: Session, *, before: datetime) -> None:
    """Empty the bytes of events that were settled before a moment; their fingerprints stay, so that none comes anew."""
    session.execute(
        update(WebhookEventRow).where(WebhookEventRow.settled_at < before, WebhookEventRow.raw != b"").values(raw=b"")
    )


def expect_none(session: Session, account_id: int) -> int:
    """Forget that the platform ever told us of this account, so that its silence is none; how many events went."""
    gone = session.execute(
        delete(WebhookEventRow).where(WebhookEventRow.account_id == account_id).returning(WebhookEventRow.id)
    )
    return len(gone.all())
