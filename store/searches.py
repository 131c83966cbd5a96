"""Saved searches: what is said of the body by people who did not write to it.

Each has a purpose, the name of who asked for it, and a day by which it is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.accounts import AccountRow
from store.base import Base
from vocabulary import GwylioError

Standing = tuple[tuple[str, str], ...]
"""The searches that are made for an account: name and query, in the order of their names."""


class SearchExists(GwylioError):
    """A search of that name is made already."""


class UnknownSearch(GwylioError):
    """No search of that name is made."""


class SavedSearchRow(Base):
    """One search, made with the token of one account.  `ended_at` is None while it is made."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    query: Mapped[str]
    purpose: Mapped[str]
    asked_by: Mapped[str]
    created_at: Mapped[datetime]
    review_on: Mapped[date]
    ended_at: Mapped[datetime | None]


def stream_of(name: str) -> str:
    """What the stream of a search is called."""
    return f"search:{name}"


def standing(session: Session, account_id: int, *, on: date) -> Standing:
    """The searches that are made for one account on a day: none that was to be looked at again before it."""
    rows = session.execute(
        select(SavedSearchRow.name, SavedSearchRow.query)
        .where(
            SavedSearchRow.account_id == account_id, SavedSearchRow.ended_at.is_(None), SavedSearchRow.review_on >= on
        )
        .order_by(SavedSearchRow.name)
    )
    return tuple((row.name, row.query) for row in rows)


def everything(session: Session) -> Sequence[tuple[AccountRow, SavedSearchRow]]:
    """Every search that is made, with its account."""
    rows = session.execute(
        select(AccountRow, SavedSearchRow)
        .join(AccountRow, AccountRow.id == SavedSearchRow.account_id)
        .where(SavedSearchRow.ended_at.is_(None))
        .order_by(AccountRow.slug, SavedSearchRow.name)
    )
    return [(account, search) for account, search in rows]


def add(
    session: Session,
    account: AccountRow,
    *,
    name: str,
    query: str,
    purpose: str,
    asked_by: str,
    review_on: date,
    now: datetime,
) -> SavedSearchRow:
    """A new search; one that was ended under the same name begins again with these words.

    Raises:
        SearchExists: one of that name is made already.
    """
    known = _named(session, account.id, name)
    if known is not None and known.ended_at is None:
        raise SearchExists(f"{account.slug} has a search called {name} already; end it first")
    row = known or SavedSearchRow(account_id=account.id, name=name)
    row.query, row.purpose, row.asked_by = query, purpose, asked_by
    row.created_at, row.review_on, row.ended_at = now, review_on, None
    session.add(row)
    session.flush()
    return row


def end(session: Session, account: AccountRow, name: str, *, now: datetime) -> SavedSearchRow:
    """Make a search no more; what it found stays.

    Raises:
        UnknownSearch: none of that name is made.
    """
    row = _named(session, account.id, name)
    if row is None or row.ended_at is not None:
        raise UnknownSearch(f"{account.slug} has no search called {name}; `gwylio search list` shows them")
    row.ended_at = now
    return row


def _named(session: Session, account_id: int, name: str) -> SavedSearchRow | None:
    return session.scalar(
        select(SavedSearchRow).where(SavedSearchRow.account_id == account_id, SavedSearchRow.name == name)
    )
