"""Who opened the page of an author, of a restricted case or of a review of conduct, when, and for what purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.cases import CaseRow
from store.comments import AuthorRow
from store.people import UserRow
from vocabulary import Opened, Platform


class OpeningRow(Base):
    """One opening.  `purpose` is the officer's own words; empty where none was asked for."""

    __tablename__ = "opening"
    __table_args__ = (
        Index("ix_opening_user_id_author_id_at", "user_id", "author_id", "at"),
        Index("ix_opening_user_id_case_id_at", "user_id", "case_id", "at"),
        Index("ix_opening_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    what: Mapped[Opened]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    purpose: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening as the monthly list tells it: an author by number and platform, a case by its reference."""

    at: datetime
    user_id: int
    who: str
    what: Opened
    author_id: int | None
    platform: Platform | None
    reference: str
    purpose: str


def one_at_a_time(session: Session, user_id: int) -> None:
    """Wait for whatever else this person is opening: two pages at once are two openings."""
    session.get_one(UserRow, user_id, with_for_update=True)


def of_author(session: Session, user_id: int, author_id: int, *, since: datetime) -> Sequence[datetime]:
    """When somebody opened the page of one author since then, oldest first."""
    return session.scalars(
        select(OpeningRow.at)
        .where(
            OpeningRow.user_id == user_id,
            OpeningRow.author_id == author_id,
            OpeningRow.what == Opened.AUTHOR,
            OpeningRow.at > since,
        )
        .order_by(OpeningRow.at, OpeningRow.id)
    ).all()


def reading(session: Session, opening_id: int, user_id: int, author_id: int, *, since: datetime) -> OpeningRow | None:
    """The opening that somebody is still reading by; None where it is another's, of another author, or older."""
    return session.scalar(
        select(OpeningRow).where(
            OpeningRow.id == opening_id,
            OpeningRow.user_id == user_id,
            OpeningRow.author_id == author_id,
            OpeningRow.what == Opened.AUTHOR,
            OpeningRow.at > since,
        )
    )


def opened_lately(session: Session, user_id: int, what: Opened, case_id: int, *, since: datetime) -> bool:
    """Whether somebody opened the page of this case, or of the review begun from it, since then."""
    return (
        session.scalar(
            select(OpeningRow.id)
            .where(
                OpeningRow.user_id == user_id,
                OpeningRow.case_id == case_id,
                OpeningRow.what == what,
                OpeningRow.at > since,
            )
            .limit(1)
        )
        is not None
    )


def between(session: Session, start: datetime, end: datetime) -> Sequence[Opening]:
    """Every opening from `start` up to `end`, oldest first."""
    rows = session.execute(
        select(
            OpeningRow.at,
            OpeningRow.user_id,
            UserRow.full_name,
            OpeningRow.what,
            OpeningRow.author_id,
            AuthorRow.platform,
            CaseRow.reference,
            OpeningRow.purpose,
        )
        .join(UserRow, UserRow.id == OpeningRow.user_id)
        .outerjoin(AuthorRow, AuthorRow.id == OpeningRow.author_id)
        .outerjoin(CaseRow, CaseRow.id == OpeningRow.case_id)
        .where(OpeningRow.at >= start, OpeningRow.at < end)
        .order_by(OpeningRow.at, OpeningRow.id)
    )
    return [
        Opening(at, user_id, who, what, author_id, platform, reference or "", purpose)
        for at, user_id, who, what, author_id, platform, reference, purpose in rows
    ]


def purpose_given(session: Session, user_id: int, case_id: int, *, since: datetime) -> bool:
    """Whether somebody has said since then why they open this case."""
    found = session.scalar(
        select(OpeningRow.id)
        .where(
            OpeningRow.user_id == user_id,
            OpeningRow.case_id == case_id,
            OpeningRow.what == Opened.CASE,
            OpeningRow.at > since,
            OpeningRow.purpose != "",
        )
        .limit(1)
    )
    return found is not None
