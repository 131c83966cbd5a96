"""Who works on a case just now, and acts that were done to several cases at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.cases import CaseRow
from store.comments import CommentRow, RevisionRow
from store.people import UserRow
from vocabulary import Origin, State


class ClaimRow(Base):
    """Somebody works on a case; the claim is over at `until`, and whoever else comes sees it."""

    __tablename__ = "claim"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    until: Mapped[datetime]


class BulkRow(Base):
    """One act on several cases.  `cases` says of each how it stood before and which version the act left it at."""

    __tablename__ = "bulk_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    act: Mapped[str]
    cases: Mapped[list[Any]]
    undone_at: Mapped[datetime | None]


def claimed_by(session: Session, case_id: int, *, now: datetime) -> tuple[ClaimRow, str] | None:
    """Whose claim on a case holds now, with their name."""
    row = session.execute(
        select(ClaimRow, UserRow.full_name)
        .join(UserRow, UserRow.id == ClaimRow.user_id)
        .where(ClaimRow.case_id == case_id, ClaimRow.until > now)
    ).first()
    return (row[0], row[1]) if row else None


_CLAIMS = (
    select(ClaimRow.case_id, UserRow.full_name)
    .join(UserRow, UserRow.id == ClaimRow.user_id)
    .where(ClaimRow.case_id.in_(bindparam("ids", expanding=True)), ClaimRow.until > bindparam("now"))
)


def claims(session: Session, case_ids: Sequence[int], *, now: datetime) -> dict[int, str]:
    """By case, the name of whoever works on it now."""
    rows = session.execute(_CLAIMS, {"ids": case_ids, "now": now})
    return {row.case_id: row.full_name for row in rows}


def open_texts(session: Session, *, since: datetime, limit: int) -> list[tuple[int, int | None, str]]:
    """Case, author and newest words of comments since then whose case still wants an answer, newest first."""
    rows = session.execute(
        select(CaseRow.id, CommentRow.author_id, RevisionRow.text)
        .join(CommentRow, CommentRow.case_id == CaseRow.id)
        .join(RevisionRow, (RevisionRow.comment_id == CommentRow.id) & (RevisionRow.number == CommentRow.latest))
        .where(
            CaseRow.state.not_in([State.CLOSED, State.ANSWERED]),
            ~CaseRow.restricted,
            CommentRow.posted_at >= since,
            CommentRow.origin == Origin.ADDRESSED,
        )
        .order_by(CommentRow.posted_at.desc(), CommentRow.id.desc())
        .limit(limit)
    )
    return [(case_id, author_id, text) for case_id, author_id, text in rows]


@dataclass(frozen=True, slots=True)
class Member:
    """Another open case in which somebody else said the same."""

    case_id: int
    reference: str
    version: int
    service_area: str


def members(session: Session, case_ids: Sequence[int]) -> dict[int, Member]:
    """These cases, by their ids, as members of a wave."""
    rows = session.execute(
        select(CaseRow.id, CaseRow.reference, CaseRow.version, CaseRow.service_area).where(CaseRow.id.in_(case_ids))
    )
    return {row.id: Member(*row) for row in rows}


def authors_of(session: Session, case_id: int) -> set[int | None]:
    """Who wrote in a case; None for somebody whom the platform does not name."""
    return set(session.scalars(select(CommentRow.author_id).where(CommentRow.case_id == case_id)))


def last_bulk(session: Session, user_id: int, *, since: datetime) -> BulkRow | None:
    """The last act on several cases that this person may still undo."""
    return session.scalars(
        select(BulkRow)
        .where(BulkRow.user_id == user_id, BulkRow.at >= since, BulkRow.undone_at.is_(None))
        .order_by(BulkRow.id.desc())
        .limit(1)
    ).first()
