"""Who was written to about what is late on an account: a duty of the register, its posts, the access of a leaver.

What is late is read from the register each time (moderation/errands.py); a row here is one recipient who was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base, insert_if_absent
from vocabulary import Errand, Role


class ErrandRow(Base):
    """One recipient was written to about one errand.  `key` names it, and this lateness of it."""

    __tablename__ = "errand_told"

    key: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[Errand]
    at: Mapped[datetime]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Something to be done about an account.  `fault` is a slug of the pack's duties, or how the account falls short.

    `roles` are those of its service area who hear of it.
    """

    what: Errand
    key: str
    account: str
    area: str
    fault: str
    roles: frozenset[Role]
    since: date | None = None


def told(session: Session, recipient: str, keys: Sequence[str]) -> frozenset[str]:
    """Which of these somebody was told of before."""
    rows = session.scalars(select(ErrandRow.key).where(ErrandRow.recipient == recipient, ErrandRow.key.in_(keys)))
    return frozenset(rows)


def tell(session: Session, late: Late, recipient: str, *, notice_id: int | None, now: datetime) -> bool:
    """This recipient is told; False where they were before."""
    return insert_if_absent(
        session, ErrandRow, key=late.key, recipient=recipient, what=late.what, at=now, notice_id=notice_id
    )
