"""Replies and the outbox: one row for each part that leaves, durable before its first byte does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, exists, func, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from store.accounts import AccountRow
from store.base import Base
from store.comments import CommentRow, OwnReplyRow
from store.people import UserRow
from vocabulary import Origin, Presence, ReplyKind, ReplyState


class ReplyRow(Base):
    """What an officer wrote, in each language.  Its state is that of its least advanced part."""

    __tablename__ = "reply"
    __table_args__ = (
        Index(
            "ix_reply_awaiting_approval",
            "case_id",
            sqlite_where=text("state = 'awaiting_approval'"),
            postgresql_where=text("state = 'awaiting_approval'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    round: Mapped[int]
    kind: Mapped[ReplyKind]
    state: Mapped[ReplyState]
    text_cy: Mapped[str]
    text_en: Mapped[str]
    exception_reason: Mapped[str] = mapped_column(default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class PartRow(Base):
    """One message to publish.  `key` names the intent and never changes, whatever is tried.

    `readbacks` counts the times we looked and did not find it after the platform had settled.
    `needs_person` is set when only a person can say whether it stands there.
    """

    __tablename__ = "reply_part"
    __table_args__ = (
        UniqueConstraint("reply_id", "number"),
        Index("ix_reply_part_state_not_before", "state", "not_before"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    number: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    target: Mapped[str]
    text: Mapped[str]
    state: Mapped[ReplyState]
    attempts: Mapped[int] = mapped_column(default=0)
    readbacks: Mapped[int] = mapped_column(default=0)
    needs_person: Mapped[bool] = mapped_column(default=False)
    not_before: Mapped[datetime | None]
    intended_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    native_id: Mapped[str] = mapped_column(default="")
    trouble: Mapped[str] = mapped_column(default="")


def parts(session: Session, reply_id: int) -> Sequence[PartRow]:
    """The parts of a reply, in the order in which they leave."""
    return session.scalars(select(PartRow).where(PartRow.reply_id == reply_id).order_by(PartRow.number)).all()


def of_case(session: Session, case_id: int) -> Sequence[ReplyRow]:
    """The replies of a case, oldest first."""
    return session.scalars(select(ReplyRow).where(ReplyRow.case_id == case_id).order_by(ReplyRow.id)).all()


def waiting_for_a_person(session: Session) -> Sequence[tuple[ReplyRow, PartRow]]:
    """Parts that only a person can settle: uncertain ones, and those that failed for good."""
    rows = session.execute(
        select(ReplyRow, PartRow)
        .join(PartRow, PartRow.reply_id == ReplyRow.id)
        .where(PartRow.needs_person)
        .order_by(PartRow.id)
    )
    return [(reply, part) for reply, part in rows]


def reply(session: Session, reply_id: int, *, lock: bool = False) -> ReplyRow:
    """The reply with this id, which exists."""
    return session.get_one(ReplyRow, reply_id, with_for_update=lock or None)


def case_of(session: Session, reply_id: int) -> int | None:
    """The case that a reply belongs to, if there is such a reply."""
    return session.scalar(select(ReplyRow.case_id).where(ReplyRow.id == reply_id))


def part(session: Session, part_id: int) -> PartRow:
    """The part with this id, which exists, locked for change."""
    return session.get_one(PartRow, part_id, with_for_update=True)


def accounts_waiting(session: Session, *, slug: str | None, now: datetime) -> Sequence[AccountRow]:
    """The accounts on which a round of the outbox has something to do by now; only this one where a slug is given."""
    something = exists().where(
        PartRow.account_id == AccountRow.id,
        PartRow.state.in_([ReplyState.APPROVED, ReplyState.FAILED_FOR_NOW, ReplyState.SENDING, ReplyState.UNCERTAIN]),
        (PartRow.state != ReplyState.UNCERTAIN) | ~PartRow.needs_person,
        (PartRow.not_before.is_(None)) | (PartRow.not_before <= now),
    )
    query = select(AccountRow).where(something).order_by(AccountRow.slug)
    return session.scalars(query if slug is None else query.where(AccountRow.slug == slug)).all()


def ready(
    session: Session, *, now: datetime, limit: int, account_id: int | None = None
) -> Sequence[tuple[PartRow, AccountRow]]:
    """Parts that may leave now, oldest first; a part waits until those before it in its reply are sent."""
    before = aliased(PartRow)
    rows = session.execute(
        select(PartRow, AccountRow)
        .join(AccountRow, AccountRow.id == PartRow.account_id)
        .where(
            PartRow.state.in_([ReplyState.APPROVED, ReplyState.FAILED_FOR_NOW]),
            (PartRow.not_before.is_(None)) | (PartRow.not_before <= now),
            *([PartRow.account_id == account_id] if account_id is not None else []),
            ~exists().where(
                before.reply_id == PartRow.reply_id,
                before.number < PartRow.number,
                before.state != ReplyState.SENT,
            ),
        )
        .order_by(PartRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=PartRow)
    )
    return [(part_row, account) for part_row, account in rows]


def sending_since(session: Session, account_id: int, *, before: datetime) -> Sequence[PartRow]:
    """Parts whose intent was written before this moment and that nobody confirmed or failed since."""
    return session.scalars(
        select(PartRow)
        .where(PartRow.account_id == account_id, PartRow.state == ReplyState.SENDING, PartRow.intended_at <= before)
        .order_by(PartRow.id)
        .with_for_update(skip_locked=True)
    ).all()


def uncertain(
    session: Session, account_id: int, *, now: datetime, limit: int
) -> Sequence[tuple[PartRow, ReplyRow, AccountRow]]:
    """Uncertain parts that are to be looked for by now and not yet in front of a person."""
    rows = session.execute(
        select(PartRow, ReplyRow, AccountRow)
        .join(ReplyRow, ReplyRow.id == PartRow.reply_id)
        .join(AccountRow, AccountRow.id == PartRow.account_id)
        .where(
            PartRow.account_id == account_id,
            PartRow.state == ReplyState.UNCERTAIN,
            ~PartRow.needs_person,
            (PartRow.not_before.is_(None)) | (PartRow.not_before <= now),
        )
        .order_by(PartRow.id)
        .limit(limit)
    )
    return [(part_row, reply_row, account) for part_row, reply_row, account in rows]


def unsettled_to(session: Session, account_id: int, target: str) -> Sequence[PartRow]:
    """Parts on their way to one comment, of unknown fate, or known to stand there under an id that nobody gave."""
    return session.scalars(
        select(PartRow).where(
            PartRow.account_id == account_id,
            PartRow.target == target,
            PartRow.state.in_([ReplyState.SENDING, ReplyState.UNCERTAIN])
            | ((PartRow.state == ReplyState.SENT) & (PartRow.native_id == "")),
        )
    ).all()


def collected_of(session: Session, part_row: PartRow) -> Sequence[OwnReplyRow]:
    """Replies to the same comment that collection has seen and that belong to no part yet, oldest first."""
    return session.scalars(
        select(OwnReplyRow)
        .where(
            OwnReplyRow.account_id == part_row.account_id,
            OwnReplyRow.in_reply_to == part_row.target,
            OwnReplyRow.reply_part_id.is_(None),
            ~exists().where(PartRow.account_id == OwnReplyRow.account_id, PartRow.native_id == OwnReplyRow.native_id),
        )
        .order_by(OwnReplyRow.posted_at, OwnReplyRow.id)
    ).all()


def any_unjoined(session: Session, account_id: int) -> bool:
    """Whether collection has seen a reply of ours that is joined to nothing yet."""
    return (
        session.scalar(
            select(OwnReplyRow.id).where(OwnReplyRow.account_id == account_id, OwnReplyRow.joined_at.is_(None)).limit(1)
        )
        is not None
    )


def native_ids(session: Session, account_id: int, ids: Sequence[str]) -> frozenset[str]:
    """Which of these platform ids already belong to a part of ours."""
    if not ids:
        return frozenset()
    return frozenset(
        session.scalars(select(PartRow.native_id).where(PartRow.account_id == account_id, PartRow.native_id.in_(ids)))
    )


def join_own(session: Session, part_row: PartRow, *, now: datetime) -> None:
    """Where the platform's copy of this part was collected already, join the two."""
    own = session.scalar(
        select(OwnReplyRow).where(
            OwnReplyRow.account_id == part_row.account_id, OwnReplyRow.native_id == part_row.native_id
        )
    )
    if own is not None:
        own.reply_part_id, own.joined_at = part_row.id, now


def native_unjoined(session: Session, account_id: int) -> Sequence[tuple[OwnReplyRow, CommentRow]]:
    """Replies of ours seen on the platform that are not from the outbox, with the comment they answer.

    Those that are from the outbox are joined to their part in passing.
    """
    for own, part_row in session.execute(
        select(OwnReplyRow, PartRow)
        .join(PartRow, (PartRow.account_id == OwnReplyRow.account_id) & (PartRow.native_id == OwnReplyRow.native_id))
        .where(OwnReplyRow.account_id == account_id, OwnReplyRow.reply_part_id.is_(None))
    ):
        own.reply_part_id, own.joined_at = part_row.id, own.first_seen
    session.flush()
    rows = session.execute(
        select(OwnReplyRow, CommentRow)
        .join(
            CommentRow,
            (CommentRow.account_id == OwnReplyRow.account_id) & (CommentRow.native_id == OwnReplyRow.in_reply_to),
        )
        .where(OwnReplyRow.account_id == account_id, OwnReplyRow.joined_at.is_(None))
        .order_by(OwnReplyRow.posted_at)
    )
    return [(own, comment) for own, comment in rows]


def own_reply(session: Session, own_reply_id: int, *, case_id: int) -> OwnReplyRow | None:
    """A reply seen on the platform, if it answers a comment of this case."""
    return session.scalar(
        select(OwnReplyRow)
        .join(
            CommentRow,
            (CommentRow.account_id == OwnReplyRow.account_id) & (CommentRow.native_id == OwnReplyRow.in_reply_to),
        )
        .where(OwnReplyRow.id == own_reply_id, CommentRow.case_id == case_id)
    )


_CAN_BE_ANSWERED = (Presence.PRESENT, Presence.EDITED, Presence.HIDDEN_BY_US)


def newest_standing_comment(session: Session, case_id: int) -> CommentRow | None:
    """The last comment of a case that can still be replied to on its platform; a hidden one can.

    One that was entered by hand is on no platform that we could reach.
    """
    return session.scalars(
        select(CommentRow)
        .where(
            CommentRow.case_id == case_id,
            CommentRow.presence.in_(_CAN_BE_ANSWERED),
            CommentRow.origin != Origin.MANUAL,
        )
        .order_by(CommentRow.posted_at.desc(), CommentRow.id.desc())
        .limit(1)
    ).one_or_none()


def author_name(session: Session, row: ReplyRow) -> str:
    """The username of the officer who wrote it."""
    return session.get_one(UserRow, row.author_id).username


def reply_of_key(session: Session, key: str) -> ReplyRow | None:
    """The reply one of whose parts has this key."""
    return session.scalar(select(ReplyRow).join(PartRow, PartRow.reply_id == ReplyRow.id).where(PartRow.key == key))


def newest_comment_before(session: Session, case_id: int, moment: datetime) -> CommentRow | None:
    """The last comment of a case that had been made by then, whatever has become of it since."""
    return session.scalars(
        select(CommentRow)
        .where(CommentRow.case_id == case_id, CommentRow.posted_at <= moment)
        .order_by(CommentRow.posted_at.desc(), CommentRow.id.desc())
        .limit(1)
    ).one_or_none()


def any_by_hand(session: Session, case_id: int) -> bool:
    """Whether a comment of the case was entered by hand."""
    found = select(CommentRow.id).where(CommentRow.case_id == case_id, CommentRow.origin == Origin.MANUAL).limit(1)
    return session.scalar(found) is not None


def sent_ids(session: Session) -> Sequence[str]:
    """The platforms' ids of everything that was sent."""
    return session.scalars(select(PartRow.native_id).where(PartRow.state == ReplyState.SENT)).all()


def unsettled(session: Session) -> int:
    """How many parts are neither sent nor waiting for a person."""
    return (
        session.scalar(
            select(func.count()).select_from(PartRow).where(PartRow.state != ReplyState.SENT, ~PartRow.needs_person)
        )
        or 0
    )
