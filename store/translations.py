"""What is asked of the translators, what became of it, and what a machine did in their stead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from store.accounts import AccountRow
from store.base import Base
from store.cases import CaseRow
from store.comments import CommentRow, PostRow, RevisionRow
from store.people import UserRow
from vocabulary import Language, Platform, ReplyKind, State, TranslationOf, TranslationState


class TranslationRow(Base):
    """One text, from one language into the other.

    `context` is the asker's own word to the translators, or the danger in which a machine was used;
    `result` is what came back, and for a machine's text what it said until somebody checks it.
    `reply_id` is the reply that left with a machine's words.
    """

    __tablename__ = "translation"
    __table_args__ = (Index("ix_translation_state_due", "state", "due"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("reply.id"))
    what: Mapped[TranslationOf]
    kind: Mapped[ReplyKind]
    from_language: Mapped[Language]
    to_language: Mapped[Language]
    text: Mapped[str]
    context: Mapped[str] = mapped_column(default="")
    state: Mapped[TranslationState]
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    due: Mapped[datetime]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    taken_at: Mapped[datetime | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    done_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the officer of its case sees it."""

    row: TranslationRow
    asker: str
    translator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A request as a translator sees it: the text, by when, and what it is said in answer to.  No name, no more."""

    row: TranslationRow
    reference: str
    asker: str
    taker: str
    platform: Platform
    comment: str
    comment_language: str
    post: str


UNFINISHED = (TranslationState.ASKED, TranslationState.TAKEN)
_OVER = (State.ANSWERED, State.CLOSED)


def get(session: Session, translation_id: int) -> TranslationRow | None:
    """The request with this id, locked for change."""
    return session.get(TranslationRow, translation_id, with_for_update=True)


def case_of(session: Session, translation_id: int) -> int | None:
    """The case that a request belongs to, if there is such a request."""
    return session.scalar(select(TranslationRow.case_id).where(TranslationRow.id == translation_id))


def unfinished(session: Session, case_id: int) -> TranslationRow | None:
    """The request of a case that the translators still owe, locked for change."""
    return session.scalars(
        select(TranslationRow)
        .where(TranslationRow.case_id == case_id, TranslationRow.state.in_(UNFINISHED))
        .order_by(TranslationRow.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def to_check_of(session: Session, reply_id: int) -> Sequence[TranslationRow]:
    """What a machine translated in a reply and nobody has checked, locked for change."""
    return session.scalars(
        select(TranslationRow)
        .where(TranslationRow.reply_id == reply_id, TranslationRow.state == TranslationState.TO_CHECK)
        .with_for_update()
    ).all()


def of_case(session: Session, case_id: int) -> tuple[Request, ...]:
    """Everything that was asked of the translators for a case, newest first."""
    asker, translator = aliased(UserRow), aliased(UserRow)
    rows = session.execute(
        select(TranslationRow, asker.full_name, translator.full_name)
        .join(asker, asker.id == TranslationRow.asked_by)
        .outerjoin(translator, translator.id == func.coalesce(TranslationRow.done_by, TranslationRow.taken_by))
        .where(TranslationRow.case_id == case_id)
        .order_by(TranslationRow.id.desc())
    )
    return tuple(Request(row, asked_by, done_by or "") for row, asked_by, done_by in rows)


def waiting(session: Session, *, limit: int) -> Sequence[Task]:
    """What the translators have to do, the soonest due first.

    A case that has been answered or closed needs no translation any more; it is asked for again if the case
    opens again.  What a machine did is checked whatever became of the case.
    """
    asker, taker = aliased(UserRow), aliased(UserRow)
    rows = session.execute(
        select(
            TranslationRow,
            CaseRow.reference,
            asker.full_name,
            taker.full_name,
            AccountRow.platform,
            RevisionRow.text,
            CommentRow.language,
            PostRow.text,
        )
        .join(CaseRow, CaseRow.id == TranslationRow.case_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .join(CommentRow, CommentRow.id == TranslationRow.comment_id)
        .join(RevisionRow, (RevisionRow.comment_id == CommentRow.id) & (RevisionRow.number == CommentRow.latest))
        .join(asker, asker.id == TranslationRow.asked_by)
        .outerjoin(taker, taker.id == TranslationRow.taken_by)
        .outerjoin(PostRow, (PostRow.account_id == CaseRow.account_id) & (PostRow.native_id == CaseRow.thread))
        .where(
            or_(
                TranslationRow.state == TranslationState.TO_CHECK,
                TranslationRow.state.in_(UNFINISHED) & CaseRow.state.not_in(_OVER),
            )
        )
        .order_by(TranslationRow.due, TranslationRow.id)
        .limit(limit)
    )
    return [
        Task(
            row=row,
            reference=reference,
            asker=asked_by,
            taker=taken_by or "",
            platform=platform,
            comment=comment,
            comment_language=language,
            post=post or "",
        )
        for row, reference, asked_by, taken_by, platform, comment, language, post in rows
    ]
