"""Days on which nobody works, as rows with the date we first heard of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.cases import CounterRow

RECOUNT = "holiday.recount"
"""1 from the moment that a day changes until every running clock has been counted again."""


class HolidayRow(Base):
    """A bank holiday of a division of the United Kingdom, or (`closure`) a day our own body is closed."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("day", "division"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    division: Mapped[str]
    title_en: Mapped[str]
    title_cy: Mapped[str]
    source: Mapped[str]
    first_seen: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


def standing(session: Session) -> Sequence[tuple[date, str, str, str, str]]:
    """The days that count now, by date: day, division, English title, Welsh title, source."""
    rows = session.execute(
        select(HolidayRow.day, HolidayRow.division, HolidayRow.title_en, HolidayRow.title_cy, HolidayRow.source)
        .where(HolidayRow.withdrawn_at.is_(None))
        .order_by(HolidayRow.day, HolidayRow.division)
    )
    return [(row.day, row.division, row.title_en, row.title_cy, row.source) for row in rows]


def keep(session: Session, days: Iterable[tuple[date, str, str, str, str]], *, now: datetime) -> list[HolidayRow]:
    """Add the days (date, division, English title, Welsh title, source) we had not heard of; those added."""
    known = {(row.day, row.division): row for row in session.scalars(select(HolidayRow))}
    fresh: list[HolidayRow] = []
    for day, division, title_en, title_cy, source in days:
        row = known.get((day, division))
        if row is None:
            row = HolidayRow(
                day=day, division=division, title_en=title_en, title_cy=title_cy, source=source, first_seen=now
            )
            session.add(row)
            known[day, division] = row
            fresh.append(row)
            continue
        row.source, row.title_en, row.title_cy = source, title_en, title_cy
        if row.withdrawn_at is not None:
            row.withdrawn_at = None
            fresh.append(row)
    if fresh:
        session.merge(CounterRow(name=RECOUNT, last=1))
    return fresh


def withdraw(session: Session, day: date, division: str, *, now: datetime) -> bool:
    """Take a day back; the row stays, so that it can be seen that it once counted."""
    row = session.scalar(
        select(HolidayRow).where(
            HolidayRow.day == day, HolidayRow.division == division, HolidayRow.withdrawn_at.is_(None)
        )
    )
    if row is None:
        return False
    row.withdrawn_at = now
    session.merge(CounterRow(name=RECOUNT, last=1))
    return True


def recount_owed(session: Session) -> bool:
    """Whether a day changed and the clocks have not all been counted again since: somebody died in between."""
    owed = session.get(CounterRow, RECOUNT)
    return owed is not None and owed.last == 1


def recounted(session: Session) -> None:
    """Every running clock has been counted again."""
    session.merge(CounterRow(name=RECOUNT, last=0))
