"""The dates of many running cases at once: read by the page, and written with few statements.

A holiday that is announced late moves most of what is open.  Each case that moves has its event; the
trail has one row for a page of them, with the digest of what was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple, cast

from sqlalchemy import Table, func, select, true
from sqlalchemy.orm import Session

from store import audit, bulk
from store.cases import CaseRow, EventRow, RoundRow
from store.matters import MatterRow, PauseRow
from vocabulary import Note, State


class Running(NamedTuple):
    """The current round of a case that still owes an answer."""

    case_id: int
    round_id: int
    state: State
    received_at: datetime
    ack_due: date | None
    due: date
    beyond_known: bool


class Dates(NamedTuple):
    """What a round's dates are to be."""

    ack_due: date | None
    due: date
    beyond_known: bool


def last_id(session: Session) -> int:
    """The id of the newest case; 0 before the first."""
    return session.scalar(select(func.max(CaseRow.id))) or 0


def running(session: Session, *, after: int, upto: int | None = None, limit: int) -> list[Running]:
    """A page of them by the case's id, those with a clock that stood still or a matter of its own left out."""
    apart = select(PauseRow.case_id).where(PauseRow.struck_at.is_(None)).union(select(MatterRow.case_id))
    rows = session.execute(
        select(
            CaseRow.id,
            RoundRow.id,
            CaseRow.state,
            RoundRow.received_at,
            RoundRow.ack_due,
            RoundRow.due,
            RoundRow.beyond_known,
        )
        .join(RoundRow, (RoundRow.case_id == CaseRow.id) & (RoundRow.number == CaseRow.round))
        .where(
            CaseRow.state.not_in([State.CLOSED, State.ANSWERED]),
            CaseRow.id > after,
            CaseRow.id <= upto if upto is not None else true(),
            CaseRow.id.not_in(apart),
        )
        .order_by(CaseRow.id)
        .limit(limit)
    )
    return [Running(*row) for row in rows]


def set_apart(session: Session) -> Sequence[int]:
    """The cases that `running` leaves out, by id: those whose clocks are counted one at a time."""
    paused = select(PauseRow.case_id).where(PauseRow.struck_at.is_(None))
    return session.scalars(paused.union(select(MatterRow.case_id)).order_by("case_id")).all()


def move(session: Session, moved: Sequence[tuple[Running, Dates]], *, because: str, now: datetime) -> None:
    """Give each of these its new dates, with an event; the trail gets one row for all of them."""
    if not moved:
        return
    bulk.change(
        session,
        cast("Table", RoundRow.__table__),
        [each.round_id for each, _ in moved],
        {
            "ack_due": [dates.ack_due for _, dates in moved],
            "due": [dates.due for _, dates in moved],
            "beyond_known": [dates.beyond_known for _, dates in moved],
            "due_because": because,
        },
    )
    bulk.change(
        session,
        cast("Table", CaseRow.__table__),
        [each.case_id for each, _ in moved],
        {"due": [dates.due for _, dates in moved]},
        more="version = version + 1",
    )
    told = [_told(each.due, dates.due, because) for each, dates in moved]
    bulk.add(
        session,
        cast("Table", EventRow.__table__),
        {
            "case_id": [each.case_id for each, _ in moved],
            "at": now,
            "user_id": None,
            "what": Note.DUE_RECOMPUTED.value,
            "from_state": [each.state for each, _ in moved],
            "to_state": [each.state for each, _ in moved],
            "words": "",
            "detail": told,
        },
    )
    written = "\n".join(f"{each.case_id} {detail}" for (each, _), detail in zip(moved, told, strict=True))
    audit.append(
        session,
        actor=audit.SYSTEM,
        action="cases.due_recomputed",
        subject="cases",
        now=now,
        after={
            "because": because,
            "cases": len(moved),
            "first": moved[0][0].case_id,
            "last": moved[-1][0].case_id,
            "sha256": hashlib.sha256(written.encode()).hexdigest(),
        },
    )


@lru_cache(maxsize=1_000)
def _told(before: date, after: date, because: str) -> str:
    """The detail of an event, as JSON; few pairs of days stand behind many cases."""
    return json.dumps({"because": because, "from": before.isoformat(), "to": after.isoformat()})
