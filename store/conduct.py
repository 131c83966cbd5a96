"""Reviews of somebody's conduct towards us, and what people did in them.

One review at most runs for each author, as one platform knows them.  Only
`moderation.conduct_reviews` writes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, func, select, text, true
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from store.authors import cases_of
from store.base import Base
from store.cases import CaseRow, RoundRow
from store.comments import AuthorRow, CommentRow
from store.people import UserRow
from vocabulary import Platform, ReviewAct, ReviewState

STANDING = tuple(state for state in ReviewState if state.stands)


class ConductReviewRow(Base):
    """One review, begun from a case.  `version` is what a form says it saw.

    `restrictions` are slugs of the policy, `how_cy` and `how_en` an officer's words on them.
    `ended_at` is None while it runs.
    """

    __tablename__ = "conduct_review"
    __table_args__ = (
        Index(
            "uq_conduct_review_running",
            "author_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[ReviewState]
    version: Mapped[int] = mapped_column()
    begun_at: Mapped[datetime]
    restrictions: Mapped[list[Any]]
    how_cy: Mapped[str] = mapped_column(default="")
    how_en: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    review_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]

    __mapper_args__ = {  # noqa: RUF012 - as SQLAlchemy declares it
        "version_id_col": version
    }


class ConductActRow(Base):
    """What one person did in a review.

    `words` are their reasons and `said` their other words, by the name of the field; `detail` holds codes and dates.
    """

    __tablename__ = "conduct_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("conduct_review.id"), index=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    act: Mapped[ReviewAct]
    to_state: Mapped[ReviewState]
    words: Mapped[str]
    said: Mapped[dict[str, Any]]
    detail: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One act of a review, and the name of whoever did it."""

    act: ConductActRow
    who: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A review in a list: whose conduct, by the name that their platform shows, and from which case."""

    review: ConductReviewRow
    author: str
    platform: Platform
    reference: str


@dataclass(frozen=True, slots=True)
class Said:
    """When and where one comment of an author came; `area` is empty where it belongs to no case."""

    comment_id: int
    at: datetime
    account_id: int
    thread: str
    case_id: int | None
    area: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the clocks of an author's cases."""

    account_id: int
    thread: str
    answer_owed: bool
    due: date
    acknowledged_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None


def running(session: Session, author_id: int | None) -> ConductReviewRow | None:
    """The review that runs on an author, if one does; an unknown author has none."""
    if author_id is None:
        return None
    return session.scalar(
        select(ConductReviewRow).where(ConductReviewRow.author_id == author_id, ConductReviewRow.ended_at.is_(None))
    )


def steps(session: Session, review_id: int) -> Sequence[Step]:
    """What was done in a review, oldest first."""
    rows = session.execute(
        select(ConductActRow, UserRow.full_name)
        .join(UserRow, UserRow.id == ConductActRow.user_id)
        .where(ConductActRow.review_id == review_id)
        .order_by(ConductActRow.id)
    )
    return [Step(act, name) for act, name in rows]


def acts(session: Session, review_id: int) -> Sequence[ConductActRow]:
    """What was done in a review, oldest first, without names."""
    return session.scalars(
        select(ConductActRow).where(ConductActRow.review_id == review_id).order_by(ConductActRow.id)
    ).all()


def case_of(session: Session, review_id: int) -> int | None:
    """The case that a review was begun from."""
    return session.scalar(select(ConductReviewRow.case_id).where(ConductReviewRow.id == review_id))


def of_case(session: Session, case_id: int) -> Sequence[ConductReviewRow]:
    """The reviews that were begun from a case, oldest first."""
    return session.scalars(
        select(ConductReviewRow).where(ConductReviewRow.case_id == case_id).order_by(ConductReviewRow.id)
    ).all()


def listed(session: Session, areas: frozenset[str] | None, *, ended: bool, limit: int = 200) -> Sequence[Listed]:
    """Reviews begun from cases of these areas (None: all): those that run, or the latest that have ended.

    The decision to be looked at again soonest comes first, then what was begun longest ago.
    """
    over = ConductReviewRow.ended_at.is_not(None) if ended else ConductReviewRow.ended_at.is_(None)
    order = (
        (ConductReviewRow.ended_at.desc(), ConductReviewRow.id.desc())
        if ended
        else (ConductReviewRow.review_on.is_(None), ConductReviewRow.review_on, ConductReviewRow.id)
    )
    rows = session.execute(
        select(ConductReviewRow, AuthorRow.name, AuthorRow.platform, CaseRow.reference)
        .join(AuthorRow, AuthorRow.id == ConductReviewRow.author_id)
        .join(CaseRow, CaseRow.id == ConductReviewRow.case_id)
        .where(over, true() if areas is None else CaseRow.service_area.in_(areas))
        .order_by(*order)
        .limit(limit)
    )
    return [Listed(*row) for row in rows]


def count_overdue(session: Session, areas: frozenset[str] | None, *, today: date) -> int:
    """How many decisions should have been looked at again before `today`."""
    return _count(session, areas, ConductReviewRow.state.in_(STANDING), ConductReviewRow.review_on < today)


def count_referred(session: Session, areas: frozenset[str] | None) -> int:
    """How many officers have asked communications to look, and nobody has."""
    return _count(session, areas, ConductReviewRow.state == ReviewState.REFERRED)


def _count(session: Session, areas: frozenset[str] | None, *which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(ConductReviewRow).join(CaseRow, CaseRow.id == ConductReviewRow.case_id)
    within = true() if areas is None else CaseRow.service_area.in_(areas)
    return session.scalar(query.where(within, ConductReviewRow.ended_at.is_(None), *which)) or 0


def before(session: Session, review: ConductReviewRow) -> Sequence[ConductReviewRow]:
    """The reviews of the same author that were begun earlier, the newest first."""
    return session.scalars(
        select(ConductReviewRow)
        .where(ConductReviewRow.author_id == review.author_id, ConductReviewRow.id < review.id)
        .order_by(ConductReviewRow.id.desc())
    ).all()


def said_by(session: Session, author_id: int) -> Sequence[Said]:
    """Every comment of an author to any of our accounts of that platform, oldest first."""
    rows = session.execute(
        select(
            CommentRow.id,
            CommentRow.posted_at,
            CommentRow.account_id,
            CommentRow.thread,
            CommentRow.case_id,
            CaseRow.service_area,
        )
        .outerjoin(CaseRow, CaseRow.id == CommentRow.case_id)
        .where(CommentRow.author_id == author_id)
        .order_by(CommentRow.posted_at, CommentRow.id)
    )
    return [Said(*row[:-1], row[-1] or "") for row in rows]


def turns_of(session: Session, author_id: int) -> Sequence[Turn]:
    """Every turn of the clocks of an author's cases, oldest first."""
    rows = session.execute(
        select(
            CaseRow.account_id,
            CaseRow.thread,
            RoundRow.answer_owed,
            RoundRow.due,
            RoundRow.acknowledged_at,
            RoundRow.answered_at,
            RoundRow.ended_at,
        )
        .join(CaseRow, CaseRow.id == RoundRow.case_id)
        .where(CaseRow.id.in_(cases_of(author_id)))
        .order_by(RoundRow.received_at, RoundRow.id)
    )
    return [Turn(*row) for row in rows]


def references(session: Session, case_ids: Sequence[int]) -> dict[int, str]:
    """The public references of cases, by id."""
    return dict(session.execute(select(CaseRow.id, CaseRow.reference).where(CaseRow.id.in_(case_ids))).all())


def touch(review: ConductReviewRow) -> None:
    """Give the review a new version though none of its columns changed: whoever reads it must read it again."""
    flag_modified(review, "state")
