"""Matters with clocks of their own beside the case that they came in, and the times that any clock stood still.

A matter is a freedom of information request, a subject access request or a complaint.  Answering the
comment ends none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from vocabulary import Clock, MatterState

ENDED = (MatterState.DONE, MatterState.DISMISSED)
_LIVE = text("state NOT IN ('done', 'dismissed')")


class MatterRow(Base):
    """One request or complaint of one case.  Only `moderation.matters` writes `state`.

    `stage` is that of a complaint.  `first_due` is what was promised first at this stage, `due_because` why
    `due` differs.  `elsewhere` is its number in the system of whoever deals with it.
    """

    __tablename__ = "matter"
    __table_args__ = (
        Index("ix_matter_live", "case_id", "clock", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    clock: Mapped[Clock]
    state: Mapped[MatterState]
    stage: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime]
    due: Mapped[date]
    first_due: Mapped[date]
    due_because: Mapped[str] = mapped_column(default="")
    elsewhere: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {  # noqa: RUF012 - as SQLAlchemy declares it
        "version_id_col": version
    }

    @property
    def live(self) -> bool:
        """Whether its clock may still run out."""
        return self.state not in ENDED


class PauseRow(Base):
    """A clock stood still: that of a round, or that of a matter.

    From the London day after `began` up to `ended`; while `ended` is None it stands still.  `because` is a code:
    `awaiting_author` or `ask_clarity`.  A pause that was struck out counts for nothing, and stays to be seen.
    """

    __tablename__ = "pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    round: Mapped[int | None]
    matter_id: Mapped[int | None] = mapped_column(ForeignKey("matter.id"))
    because: Mapped[str]
    began: Mapped[date]
    ended: Mapped[date | None]
    struck_at: Mapped[datetime | None]


def of_case(session: Session, case_id: int) -> Sequence[MatterRow]:
    """Every matter of a case, oldest first."""
    return session.scalars(select(MatterRow).where(MatterRow.case_id == case_id).order_by(MatterRow.id)).all()


def live_of_cases(session: Session, case_ids: Sequence[int]) -> dict[int, list[MatterRow]]:
    """By case, the matters that still run."""
    found: dict[int, list[MatterRow]] = {}
    rows = session.scalars(
        select(MatterRow).where(MatterRow.case_id.in_(case_ids), MatterRow.state.not_in(ENDED)).order_by(MatterRow.id)
    )
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


def live_of_clock(session: Session, case_id: int, clock: Clock) -> MatterRow | None:
    """The matter of this kind that runs in a case; there is one at most."""
    return session.scalars(
        select(MatterRow).where(MatterRow.case_id == case_id, MatterRow.clock == clock, MatterRow.state.not_in(ENDED))
    ).first()


def pauses_of_case(session: Session, case_id: int) -> Sequence[PauseRow]:
    """Every pause of a case's clocks, struck out or not, oldest first."""
    return session.scalars(select(PauseRow).where(PauseRow.case_id == case_id).order_by(PauseRow.id)).all()


def pauses_of_cases(session: Session, case_ids: Sequence[int]) -> dict[int, list[PauseRow]]:
    """By case, the pauses that count."""
    found: dict[int, list[PauseRow]] = {}
    rows = session.scalars(
        select(PauseRow).where(PauseRow.case_id.in_(case_ids), PauseRow.struck_at.is_(None)).order_by(PauseRow.id)
    )
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


def standing_still(
    session: Session, case_id: int, *, round_number: int | None, matter_id: int | None
) -> PauseRow | None:
    """The pause in which this clock stands now, if it does."""
    return session.scalars(
        select(PauseRow).where(
            PauseRow.case_id == case_id,
            PauseRow.round == round_number if round_number is not None else PauseRow.matter_id == matter_id,
            PauseRow.ended.is_(None),
            PauseRow.struck_at.is_(None),
        )
    ).first()
