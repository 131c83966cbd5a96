"""Who somebody is at the provider that vouches for them, and the one-time links by which they come in first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.people import UserRow


class IdentityRow(Base):
    """A person as one provider knows them, by an id that it never gives to anybody else.

    Never an e-mail address: a directory hands the address of somebody who left to their namesake, and some let
    people write whatever address they like.
    """

    __tablename__ = "identity"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    since: Mapped[datetime]


class InvitationRow(Base):
    """A link that lets its holder in once.  `token_hash` is SHA-256 of what the link carries."""

    __tablename__ = "invitation"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    expires_at: Mapped[datetime]


def owner(session: Session, issuer: str, subject: str) -> UserRow | None:
    """Whom a provider's id belongs to here, if anybody."""
    return session.scalar(
        select(UserRow)
        .join(IdentityRow, IdentityRow.user_id == UserRow.id)
        .where(IdentityRow.issuer == issuer, IdentityRow.subject == subject)
    )


def bind(session: Session, user_id: int, issuer: str, subject: str, *, now: datetime) -> None:
    """From now on this person comes in by that id, and by no other."""
    session.execute(delete(IdentityRow).where(IdentityRow.user_id == user_id))
    session.add(IdentityRow(issuer=issuer, subject=subject, user_id=user_id, since=now))


def everybody(session: Session) -> frozenset[int]:
    """Who comes in by a provider."""
    return frozenset(session.scalars(select(IdentityRow.user_id)))


def invite(session: Session, user_id: int, token_hash: bytes, *, expires: datetime) -> None:
    """A link for this person; any before it opens nothing any more."""
    withdraw(session, user_id)
    session.add(InvitationRow(token_hash=token_hash, user_id=user_id, expires_at=expires))


def invited(session: Session, token_hash: bytes, *, now: datetime) -> UserRow | None:
    """Whom a link lets in, unless it was used, has run out, or its owner has left."""
    return session.scalar(
        select(UserRow)
        .join(InvitationRow, InvitationRow.user_id == UserRow.id)
        .where(InvitationRow.token_hash == token_hash, InvitationRow.expires_at > now, UserRow.active)
    )


def withdraw(session: Session, user_id: int) -> None:
    """This person's links open nothing any more."""
    session.execute(delete(InvitationRow).where(InvitationRow.user_id == user_id))


def forget_invitations(session: Session, *, before: datetime) -> None:
    """Delete the links that ran out before this moment."""
    session.execute(delete(InvitationRow).where(InvitationRow.expires_at < before))
