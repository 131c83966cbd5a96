"""Second factors of local users: a shared secret, encrypted with a key that is not in the database, and recovery codes.

Of a recovery code only its SHA-256 is kept: it is drawn from more possibilities than anybody can try, so a slow
hash would only cost us time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, func, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from vocabulary import GwylioError


class SecondFactorRow(Base):
    """A confirmed second factor.  `last_step` is the last half minute whose code was accepted; none before it is."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    secret: Mapped[bytes]
    since: Mapped[datetime]
    last_step: Mapped[int]


class RecoveryCodeRow(Base):
    """One code that has not been used yet."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)


class FactorUnreadable(GwylioError):
    """A second factor does not open with this installation's key."""


def of(session: Session, user_id: int) -> SecondFactorRow | None:
    """Somebody's second factor, if they have one."""
    return session.get(SecondFactorRow, user_id)


def held(session: Session, user_id: int) -> SecondFactorRow | None:
    """The same, locked: of two browsers with one code, one is let in."""
    return session.scalar(select(SecondFactorRow).where(SecondFactorRow.user_id == user_id).with_for_update())


def keep(
    session: Session,
    user_id: int,
    secret: str,
    *,
    step: int,
    codes: Collection[bytes],
    key: bytes,
    now: datetime,
) -> None:
    """A second factor in place of any before; `codes` are the hashes of its recovery codes."""
    from cryptography.fernet import Fernet

    forget(session, user_id)
    sealed = Fernet(key).encrypt(secret.encode())
    session.add(SecondFactorRow(user_id=user_id, secret=sealed, since=now, last_step=step))
    session.flush()
    session.add_all([RecoveryCodeRow(user_id=user_id, code_hash=each) for each in codes])


def reveal(row: SecondFactorRow, *, key: bytes) -> str:
    """The secret, for the moment of its use.

    Raises:
        FactorUnreadable: it was encrypted with another key.
    """
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet(key).decrypt(row.secret).decode()
    except InvalidToken:
        raise FactorUnreadable(
            f"the second factor of user {row.user_id} was encrypted with another key; restore the key, or reset it "
            "with `gwylio user reset-factor`"
        ) from None


def spend(session: Session, user_id: int, code_hash: bytes) -> bool:
    """Use up a recovery code; False where there is no such code any more."""
    mine = RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.code_hash == code_hash
    return session.execute(delete(RecoveryCodeRow).where(*mine).returning(literal(1))).first() is not None


def codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes have not been used."""
    counted = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id)
    return session.scalar(counted) or 0


def forget(session: Session, user_id: int) -> bool:
    """Take away somebody's second factor and its codes; whether there was one."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    gone = session.execute(delete(SecondFactorRow).where(SecondFactorRow.user_id == user_id).returning(literal(1)))
    return gone.first() is not None


def everybody(session: Session) -> frozenset[int]:
    """Who has one."""
    return frozenset(session.scalars(select(SecondFactorRow.user_id)))
