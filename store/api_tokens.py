"""Tokens by which other programs come in, and what they were answered under a key that they chose.

A token is kept as its SHA-256 alone.  What its owner may do is read anew at each request, so that a token never
outlives a role; whoever has left has none that opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.people import GrantRow, UserRow
from store.sessions import SignedIn
from vocabulary import Scope

ANSWERS_KEPT = timedelta(days=7)
"""How long a program that asks again hears what it heard before."""


class ApiTokenRow(Base):
    """One token.  `name` is what its owner knows it by; `scopes` are what it was asked for."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def opens(self, now: datetime) -> bool:
        """Whether it is still good for anything."""
        return self.revoked_at is None and now < self.expires_at


class ApiAnswerRow(Base):
    """What a program was answered to something that is done once, by the key it chose; `asked` is the hash of it."""

    __tablename__ = "api_answer"
    __table_args__ = (Index("ix_api_answer_at", "at"),)

    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary(32))
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token came, what they may do where at this moment, and what the token is for."""

    token_id: int
    name: str
    scopes: frozenset[Scope]
    last_used: datetime | None
    signed_in: SignedIn


def find(session: Session, token_hash: bytes, *, now: datetime) -> Bearer | None:
    """Whose token has this hash, unless it ran out, was revoked, or its owner has left."""
    row = session.execute(
        select(ApiTokenRow, UserRow)
        .join(UserRow, UserRow.id == ApiTokenRow.user_id)
        .where(
            ApiTokenRow.token_hash == token_hash,
            ApiTokenRow.expires_at > now,
            ApiTokenRow.revoked_at.is_(None),
            UserRow.active,
        )
    ).one_or_none()
    if row is None:
        return None
    token, user = row
    granted = session.execute(select(GrantRow.role, GrantRow.area).where(GrantRow.user_id == user.id))
    signed_in = SignedIn(
        user_id=user.id,
        username=user.username,
        full_name=user.full_name,
        language=user.language,
        csrf="",
        grants=tuple((role, area) for role, area in granted),
        last_seen=now,
        expires_at=token.expires_at,
    )
    known = frozenset(Scope(each) for each in token.scopes if each in set(Scope))
    return Bearer(token.id, token.name, known, token.last_used, signed_in)


def touch(session: Session, token_id: int, *, now: datetime) -> None:
    """This token was used."""
    session.execute(update(ApiTokenRow).where(ApiTokenRow.id == token_id).values(last_used=now))


def everything(session: Session, user_id: int | None = None) -> Sequence[tuple[ApiTokenRow, UserRow]]:
    """Every token with its owner, or those of one owner: the newest first, those that open nothing too."""
    query = (
        select(ApiTokenRow, UserRow)
        .join(UserRow, UserRow.id == ApiTokenRow.user_id)
        .order_by(ApiTokenRow.created_at.desc(), ApiTokenRow.id.desc())
    )
    if user_id is not None:
        query = query.where(ApiTokenRow.user_id == user_id)
    return [(token, user) for token, user in session.execute(query)]


def services(session: Session) -> Sequence[UserRow]:
    """The programs that have rights of their own, those that were ended too, by name."""
    return session.scalars(select(UserRow).where(UserRow.service).order_by(UserRow.full_name, UserRow.id)).all()


def revoke_all(session: Session, user_id: int, *, now: datetime) -> Sequence[int]:
    """None of somebody's tokens opens anything any more; the ids of those that did until now."""
    ended = session.execute(
        update(ApiTokenRow)
        .where(ApiTokenRow.user_id == user_id, ApiTokenRow.revoked_at.is_(None), ApiTokenRow.expires_at > now)
        .values(revoked_at=now)
        .returning(ApiTokenRow.id)
    )
    return sorted(ended.scalars())


def answered(session: Session, token_id: int, key: str) -> ApiAnswerRow | None:
    """What was answered under this key, if anything."""
    return session.get(ApiAnswerRow, (token_id, key))


def keep_answer(
    session: Session, token_id: int, key: str, *, asked: bytes, answer: Mapping[str, Any], now: datetime
) -> None:
    """Keep an answer in the transaction of what it is the answer to."""
    session.add(ApiAnswerRow(token_id=token_id, key=key, asked=asked, answer=dict(answer), at=now))
    session.flush()


def forget_answers(session: Session, *, before: datetime) -> None:
    """Delete the answers that were given before this moment."""
    session.execute(delete(ApiAnswerRow).where(ApiAnswerRow.at < before))
