"""The account register: what was done about an account, a person or the body, and on which day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, case, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.accounts import AccountRow, AdministratorRow
from store.base import Base
from store.comments import PostRow
from store.people import GrantRow, UserRow


class RegisterRow(Base):
    """One entry.  `duty` is a key of the pack's duties; `answers` are yes or no to what it asks, in its order.

    `person` is whom it is about, as the body writes the name; empty for a duty on an account or the body.
    `held` are the accounts to which a leaver had access that day.
    """

    __tablename__ = "register"

    id: Mapped[int] = mapped_column(primary_key=True)
    duty: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    person: Mapped[str] = mapped_column(default="")
    on_day: Mapped[date]
    words: Mapped[str]
    answers: Mapped[list[Any]]
    held: Mapped[list[Any]]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))


class DutyToldRow(Base):
    """One late duty that one recipient was told of, and in which message; never twice.  `key` names the lateness."""

    __tablename__ = "duty_told"

    key: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Posting:
    """What an account published since a moment: all of it, what has Welsh in it, and when it last did at all."""

    posts: int
    with_welsh: int
    latest: datetime | None


def entries(session: Session, account_id: int | None = None) -> Sequence[RegisterRow]:
    """Every entry, newest first; of one account where it is named."""
    query = select(RegisterRow).order_by(RegisterRow.on_day.desc(), RegisterRow.id.desc())
    return session.scalars(query if account_id is None else query.where(RegisterRow.account_id == account_id)).all()


def administrators(session: Session, account_id: int | None = None) -> Sequence[AdministratorRow]:
    """Who holds access to accounts now, oldest first; of one account where it is named."""
    query = select(AdministratorRow).where(AdministratorRow.until.is_(None)).order_by(AdministratorRow.since)
    if account_id is not None:
        query = query.where(AdministratorRow.account_id == account_id)
    return session.scalars(query).all()


def told(session: Session, keys: Collection[str]) -> frozenset[tuple[str, str]]:
    """Which of these latenesses were told, each with whom it was told."""
    rows = session.execute(select(DutyToldRow.key, DutyToldRow.recipient).where(DutyToldRow.key.in_(keys)))
    return frozenset((key, recipient) for key, recipient in rows)


def posting(session: Session, *, since: datetime, until: datetime | None = None) -> dict[int, Posting]:
    """By account in use, how it posted since then, and before `until` where it is given."""
    recent = PostRow.posted_at >= since
    if until is not None:
        recent &= PostRow.posted_at < until
    welsh = recent & PostRow.language.in_(["cy", "mixed"])
    rows = session.execute(
        select(
            AccountRow.id,
            func.coalesce(func.sum(case((recent, 1), else_=0)), 0),
            func.coalesce(func.sum(case((welsh, 1), else_=0)), 0),
            func.max(PostRow.posted_at),
        )
        .outerjoin(PostRow, PostRow.account_id == AccountRow.id)
        .where(AccountRow.active)
        .group_by(AccountRow.id)
    )
    return {account_id: Posting(posts, cy, latest) for account_id, posts, cy, latest in rows}


def users_by_area(session: Session) -> Sequence[tuple[str, UserRow]]:
    """Each active member of staff with each service area they have a role in, in order of area and name."""
    rows = session.execute(
        select(GrantRow.area, UserRow)
        .join(UserRow, UserRow.id == GrantRow.user_id)
        .where(UserRow.active, ~UserRow.service)
        .distinct()
        .order_by(GrantRow.area, UserRow.full_name)
    )
    return [(area, user) for area, user in rows]
