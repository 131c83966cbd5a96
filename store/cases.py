"""Cases, the rounds of their clocks, and everything that happened to them.

A round is one turn of the clocks: from a comment to its answer.  A further comment after an
answer starts a new round, so the first one's figures stand.  `due` and `answer_owed` of the
current round are repeated on the case for the queue to sort and filter by.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from store.base import Base, insert_if_absent
from store.incidents import IncidentRow
from store.matters import ENDED, MatterRow, PauseRow
from vocabulary import Reason, RemovalState, ReplyLanguage, Severity, State

_OPEN = "state NOT IN ('closed', 'answered')"
_ENDED = "state IN ('closed', 'answered')"
_ESCALATED = f"{_OPEN} AND state = 'escalated'"
_URGENT = f"{_OPEN} AND severity = 'urgent'"
_ONLY_TO_LOOK = f"{_OPEN} AND NOT (answer_owed OR severity IN ('high', 'urgent') OR state = 'escalated')"
"""Of which cases the partial indexes are; store/desk.py asks in the same words, or they would not be used."""


class CaseRow(Base):
    """One person's conversation in one thread that wants a decision.

    A `restricted` case is opened with a purpose, by those whose role needs it.  Only
    `moderation.queue` writes `state`.  `version` is what a form says it saw.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "ix_cases_open_due",
            "due",
            "id",
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_cases_open_service_area_due",
            "service_area",
            "due",
            "id",
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_cases_open_owner_id_due",
            "owner_id",
            "due",
            "id",
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_cases_open_urgent",
            "service_area",
            "due",
            "id",
            sqlite_where=text(_URGENT),
            postgresql_where=text(_URGENT),
        ),
        Index(
            "ix_cases_open_look",
            "service_area",
            "due",
            "id",
            sqlite_where=text(_ONLY_TO_LOOK),
            postgresql_where=text(_ONLY_TO_LOOK),
        ),
        Index("ix_cases_urgent_due", "due", "id", sqlite_where=text(_URGENT), postgresql_where=text(_URGENT)),
        Index("ix_cases_escalated_due", "due", "id", sqlite_where=text(_ESCALATED), postgresql_where=text(_ESCALATED)),
        Index("ix_cases_ended_due", "state", "due", "id", sqlite_where=text(_ENDED), postgresql_where=text(_ENDED)),
        Index(
            "ix_cases_ended_service_area_due",
            "service_area",
            "state",
            "due",
            "id",
            sqlite_where=text(_ENDED),
            postgresql_where=text(_ENDED),
        ),
        Index("ix_cases_account_id_author_id_thread", "account_id", "author_id", "thread"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    thread: Mapped[str]
    state: Mapped[State]
    version: Mapped[int] = mapped_column()
    service_area: Mapped[str]
    language: Mapped[str]
    reply_in: Mapped[ReplyLanguage]
    answer_owed: Mapped[bool]
    severity: Mapped[Severity]
    restricted: Mapped[bool] = mapped_column(default=False)
    snoozed_until: Mapped[date | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    escalated_to: Mapped[str] = mapped_column(default="")
    due: Mapped[date]
    round: Mapped[int]
    because: Mapped[list[Any]]
    policy_version: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    __mapper_args__ = {  # noqa: RUF012 - as SQLAlchemy declares it
        "version_id_col": version
    }


class RoundRow(Base):
    """One turn of the clocks.  `first_due` never changes; `due_because` says why `due` did.

    What may be a request under the law, and a complaint, has a clock of its own beside it (store/matters.py).
    """

    __tablename__ = "round"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        Index("ix_round_due", "due"),
        Index("ix_round_received_at", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    received_at: Mapped[datetime]
    answer_owed: Mapped[bool]
    ack_due: Mapped[date | None]
    due: Mapped[date]
    first_due: Mapped[date]
    due_because: Mapped[str] = mapped_column(default="")
    beyond_known: Mapped[bool] = mapped_column(default=False)
    acknowledged_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class EventRow(Base):
    """Something that happened to a case: an act that moved its state, or a note that did not.

    `words` are an officer's own; `detail` holds ids, codes and names of fields.
    """

    __tablename__ = "case_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    what: Mapped[str]
    from_state: Mapped[State]
    to_state: Mapped[State]
    words: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]]


class ToldRow(Base):
    """A warning that was given, once in a round: `key` names what about and to whom.

    `owner_id` is who owned the case, where it was given to its owner.
    """

    __tablename__ = "told"
    __table_args__ = (Index("ix_told_whom_area_at", "whom", "area", "at"), Index("ix_told_whom_at", "whom", "at"))

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    whom: Mapped[str]
    area: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    about: Mapped[list[Any]]
    at: Mapped[datetime]


class CounterRow(Base):
    """The last number given out under a name, such as the references of one year."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What escalation and the clocks ask of an open case and its current round."""

    case: CaseRow
    round: RoundRow


def next_reference(session: Session, year: int) -> str:
    """The next public reference of a year, such as GW-2026-004217; inside a write only."""
    name = f"reference:{year}"
    counter = session.get(CounterRow, name, with_for_update=True)
    if counter is None:
        insert_if_absent(session, CounterRow, name=name, last=0)
        counter = session.get_one(CounterRow, name, with_for_update=True)
    counter.last += 1
    return f"GW-{year}-{counter.last:06d}"


def current_round(session: Session, case: CaseRow) -> RoundRow:
    """The turn of the clocks that is running, or ran last."""
    return session.scalars(select(RoundRow).where(RoundRow.case_id == case.id, RoundRow.number == case.round)).one()


def numbered_round(session: Session, case_id: int, number: int) -> RoundRow:
    """One turn of a case's clocks, by its number (1 is the first)."""
    return session.scalars(select(RoundRow).where(RoundRow.case_id == case_id, RoundRow.number == number)).one()


def round_at(session: Session, case: CaseRow, moment: datetime) -> RoundRow:
    """The turn of the clocks that was running at that moment; the first one for any moment before it."""
    rounds = session.scalars(select(RoundRow).where(RoundRow.case_id == case.id).order_by(RoundRow.number)).all()
    return next((turn for turn in reversed(rounds) if turn.received_at <= moment), rounds[0])


def one_placer(session: Session) -> None:
    """Wait for whoever is placing comments: two at once could open two cases for one conversation.

    SQLite has one writer as it is.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_PLACING)))


def moved(session: Session, case: CaseRow) -> None:
    """Give the case a new version though none of its columns changed: whoever reads it must read it again."""
    flag_modified(case, "state")


_PLACING = 4_217
OWNER = "owner"
"""Whom a warning is for that goes to whoever owns the case; the policy packs say it so."""


def claim_told(session: Session, case: CaseRow, key: str, *, whom: str, about: Reason, now: datetime) -> bool:
    """True the first time that this warning is given in this round."""
    return insert_if_absent(
        session,
        ToldRow,
        case_id=case.id,
        round=case.round,
        key=key,
        area=case.service_area,
        whom=whom,
        owner_id=case.owner_id if whom == OWNER else None,
        about=[about.text, dict(about.values)],
        at=now,
    )


def told_keys(session: Session, case_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """By case, the keys of the warnings given in its current round."""
    keys: dict[int, set[str]] = {}
    rows = session.execute(
        select(ToldRow.case_id, ToldRow.key)
        .join(CaseRow, (CaseRow.id == ToldRow.case_id) & (CaseRow.round == ToldRow.round))
        .where(CaseRow.id.in_(case_ids))
    )
    for case_id, key in rows:
        keys.setdefault(case_id, set()).add(key)
    return {case_id: frozenset(each) for case_id, each in keys.items()}


def newest_in_thread(session: Session, account_id: int, author_id: int | None, thread: str) -> CaseRow | None:
    """The latest case of this author in this thread; None for an unknown author, who is never joined."""
    if author_id is None:
        return None
    return session.scalars(
        select(CaseRow)
        .where(CaseRow.account_id == account_id, CaseRow.author_id == author_id, CaseRow.thread == thread)
        .order_by(CaseRow.id.desc())
        .limit(1)
    ).one_or_none()


def running(session: Session, *, after: int = 0, limit: int = 500) -> Sequence[Facts]:
    """Cases that still owe something, with their current round, a page at a time by id.

    One that was answered or closed still does where a request, a complaint or an incident in it has not ended, or
    where a comment is hidden that nobody has decided about.
    """
    rows = session.execute(
        select(CaseRow, RoundRow)
        .join(RoundRow, (RoundRow.case_id == CaseRow.id) & (RoundRow.number == CaseRow.round))
        .where(still_owes(), CaseRow.id > after)
        .order_by(CaseRow.id)
        .limit(limit)
    )
    return [Facts(case, turn) for case, turn in rows]


def still_owes() -> ColumnElement[bool]:
    """Whether a case is open, or a request, a complaint, an incident or a hidden comment in it is."""
    from store.removals import RemovalRow

    live = select(MatterRow.case_id).where(MatterRow.state.not_in(ENDED))
    happened = select(IncidentRow.case_id).where(IncidentRow.ended_at.is_(None))
    hidden = select(RemovalRow.case_id).where(RemovalRow.state == RemovalState.HIDDEN)
    return or_(
        CaseRow.state.not_in([State.CLOSED, State.ANSWERED]),
        CaseRow.id.in_(live),
        CaseRow.id.in_(happened),
        CaseRow.id.in_(hidden),
    )


def told_before(session: Session, case_ids: Collection[int]) -> frozenset[tuple[int, str]]:
    """Every warning ever given about these cases, in whatever round: the case and the key."""
    rows = session.execute(select(ToldRow.case_id, ToldRow.key).where(ToldRow.case_id.in_(case_ids)))
    return frozenset((case_id, key) for case_id, key in rows)


def told_elsewhere(session: Session, case_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """By case, the keys of what was told in its current round to an area or an owner who has it no longer."""
    keys: dict[int, set[str]] = {}
    rows = session.execute(
        select(ToldRow.case_id, ToldRow.key)
        .join(CaseRow, (CaseRow.id == ToldRow.case_id) & (CaseRow.round == ToldRow.round))
        .where(
            CaseRow.id.in_(case_ids),
            or_(
                and_(ToldRow.whom != OWNER, ToldRow.area != CaseRow.service_area),
                ToldRow.owner_id != CaseRow.owner_id,
            ),
        )
    )
    for case_id, key in rows:
        keys.setdefault(case_id, set()).add(key)
    return {case_id: frozenset(each) for case_id, each in keys.items()}


def late_though_still(session: Session, *, today: date) -> Sequence[int]:
    """The pauses that last while the date of their clock has come or gone."""
    of_rounds = (
        select(PauseRow.id)
        .join(RoundRow, (RoundRow.case_id == PauseRow.case_id) & (RoundRow.number == PauseRow.round))
        .where(RoundRow.due <= today)
    )
    of_matters = select(PauseRow.id).join(MatterRow, MatterRow.id == PauseRow.matter_id).where(MatterRow.due <= today)
    return session.scalars(
        select(PauseRow.id).where(
            PauseRow.ended.is_(None),
            PauseRow.struck_at.is_(None),
            PauseRow.id.in_(of_rounds) | PauseRow.id.in_(of_matters),
        )
    ).all()


def events(session: Session, case_id: int) -> Sequence[EventRow]:
    """Everything that happened to a case, oldest first."""
    return session.scalars(select(EventRow).where(EventRow.case_id == case_id).order_by(EventRow.id)).all()


def count_open(session: Session) -> int:
    """How many cases are not yet answered or closed."""
    return (
        session.scalar(
            select(func.count()).select_from(CaseRow).where(CaseRow.state.not_in([State.CLOSED, State.ANSWERED]))
        )
        or 0
    )


def reply_times(session: Session, author_ids: Sequence[int]) -> dict[int, list[datetime]]:
    """When we had replied to each of these authors, oldest first, on any of our accounts of their platform."""
    times: dict[int, list[datetime]] = {}
    rows = session.execute(
        select(CaseRow.author_id, RoundRow.acknowledged_at)
        .join(RoundRow, RoundRow.case_id == CaseRow.id)
        .where(CaseRow.author_id.in_(author_ids), RoundRow.acknowledged_at.is_not(None))
        .order_by(RoundRow.acknowledged_at)
    )
    for author_id, at in rows:
        if author_id is not None and at is not None:
            times.setdefault(author_id, []).append(at)
    return times
