"""Messages to colleagues: what each is to be told, and the outbox in which one row is one message.

An entry is one warning for one recipient; it belongs to at most one message.  A recipient is a
member of staff (`user:12`) or a Teams channel (`teams:waste`).  A message holds references, dates,
counts and the policy's reasons, never what a resident wrote, and nobody's name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, and_, exists, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base, insert_if_absent
from store.cases import CaseRow, EventRow, ToldRow, still_owes
from store.people import GrantRow, UserRow
from vocabulary import NoticeState, Reason, Role, Severity, State, Waits

TEAMS = "teams:"
USER = "user:"
TO_A_GROUP = "waits"
"""In the records of a case, whom it was told of what waits for several: they need not open the case itself."""
_OVER = frozenset({State.ANSWERED, State.CLOSED})


class NoticeRow(Base):
    """One message to one recipient.  `key` names the intent and never changes, whatever is tried.

    `content` is what it says, by language.  `needs_person` is set when only a person can go on.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_state_not_before", "state", "not_before"),
        Index("ix_notice_recipient_kind_made_at", "recipient", "kind", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    recipient: Mapped[str]
    content: Mapped[dict[str, Any]]
    cases: Mapped[int]
    urgent: Mapped[bool]
    at_night: Mapped[bool]
    state: Mapped[NoticeState]
    tries: Mapped[int] = mapped_column(default=0)
    needs_person: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    intended_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")


class EntryRow(Base):
    """One warning that one recipient is to hear.  `lapsed_at`: it was settled before anybody had to hear of it."""

    __tablename__ = "notice_entry"
    __table_args__ = (
        Index(
            "ix_notice_entry_waiting",
            "recipient",
            sqlite_where=text("notice_id IS NULL AND lapsed_at IS NULL"),
            postgresql_where=text("notice_id IS NULL AND lapsed_at IS NULL"),
        ),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    urgent: Mapped[bool]
    at_night: Mapped[bool]
    at: Mapped[datetime]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"), index=True)
    lapsed_at: Mapped[datetime | None]


class OpenedRow(Base):
    """When somebody who may answer a case last opened it while a warning stood, and who."""

    __tablename__ = "case_opened"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


@dataclass(frozen=True, slots=True)
class Colleague:
    """Whom a message may go to: address, language, and what they are in which area (`*`: every area)."""

    id: int
    username: str
    full_name: str
    email: str
    language: str
    grants: frozenset[tuple[Role, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An entry that no message has yet, with what is known of its case.

    `stands`: the case is as it was told of, and still owes something.
    """

    case_id: int
    round: int
    key: str
    urgent: bool
    at_night: bool
    reference: str
    area: str
    restricted: bool
    due: date | None
    about: tuple[str, Mapping[str, str | int]]
    stands: bool


def colleagues(session: Session) -> Sequence[Colleague]:
    """Every member of staff who has not left, by id."""
    granted: dict[int, set[tuple[Role, str]]] = {}
    for user_id, role, area in session.execute(select(GrantRow.user_id, GrantRow.role, GrantRow.area)):
        granted.setdefault(user_id, set()).add((role, area))
    users = session.scalars(select(UserRow).where(UserRow.active, ~UserRow.service).order_by(UserRow.id))
    return [
        Colleague(
            user.id, user.username, user.full_name, user.email, user.language, frozenset(granted.get(user.id, ()))
        )
        for user in users
    ]


def enter(
    session: Session,
    case: CaseRow,
    key: str,
    recipients: Iterable[str],
    *,
    urgent: bool,
    at_night: bool,
    now: datetime,
) -> int:
    """Each of them is to hear of a warning; how many had not been put down for it before."""
    return sum(
        insert_if_absent(
            session,
            EntryRow,
            case_id=case.id,
            round=case.round,
            key=key,
            recipient=recipient,
            urgent=urgent,
            at_night=at_night,
            at=now,
            notice_id=None,
            lapsed_at=None,
        )
        for recipient in recipients
    )


def recipients_waiting(session: Session) -> Sequence[str]:
    """Who has something to hear that is in no message yet."""
    return session.scalars(
        select(EntryRow.recipient)
        .where(EntryRow.notice_id.is_(None), EntryRow.lapsed_at.is_(None))
        .distinct()
        .order_by(EntryRow.recipient)
    ).all()


def waiting(session: Session, recipient: str) -> Sequence[Waiting]:
    """What one recipient is to hear, the case due soonest first; locked, so that no two make a message of it."""
    rows = session.execute(
        select(EntryRow, CaseRow, ToldRow.about, still_owes())
        .join(CaseRow, CaseRow.id == EntryRow.case_id)
        .join(
            ToldRow,
            and_(ToldRow.case_id == EntryRow.case_id, ToldRow.round == EntryRow.round, ToldRow.key == EntryRow.key),
        )
        .where(EntryRow.recipient == recipient, EntryRow.notice_id.is_(None), EntryRow.lapsed_at.is_(None))
        .order_by(CaseRow.due, CaseRow.id, EntryRow.key)
        .with_for_update(of=EntryRow)
    ).all()
    return [
        Waiting(
            case_id=case.id,
            round=entry.round,
            key=entry.key,
            urgent=entry.urgent,
            at_night=entry.at_night,
            reference=case.reference,
            area=case.service_area,
            restricted=case.restricted,
            due=case.due if case.answer_owed and case.state not in _OVER else None,
            about=(about[0], about[1]),
            stands=case.round == entry.round and bool(owes),
        )
        for entry, case, about, owes in rows
    ]


def take(session: Session, recipient: str, entries: Collection[Waiting], notice: NoticeRow) -> None:
    """These entries are in this message now."""
    _mark(session, recipient, entries, notice_id=notice.id)


def lapse(session: Session, recipient: str, entries: Collection[Waiting], *, now: datetime) -> None:
    """These need not be told any more."""
    _mark(session, recipient, entries, lapsed_at=now)


def _mark(session: Session, recipient: str, entries: Collection[Waiting], **values: object) -> None:
    for each in entries:
        session.execute(
            update(EntryRow)
            .where(
                EntryRow.case_id == each.case_id,
                EntryRow.round == each.round,
                EntryRow.key == each.key,
                EntryRow.recipient == recipient,
            )
            .values(**values)
        )


def last_made(session: Session, recipient: str, kind: str) -> datetime | None:
    """When the latest message of this kind was made for them."""
    return session.scalar(
        select(func.max(NoticeRow.made_at)).where(NoticeRow.recipient == recipient, NoticeRow.kind == kind)
    )


def make(session: Session, **values: Any) -> NoticeRow | None:
    """A new message, waiting to leave; None where its key was used before."""
    facts: dict[str, Any] = {
        "state": NoticeState.WAITING,
        "tries": 0,
        "needs_person": False,
        "not_before": None,
        "intended_at": None,
        "sent_at": None,
        "trouble": "",
    }
    if not insert_if_absent(session, NoticeRow, **facts | values):
        return None
    return session.scalars(select(NoticeRow).where(NoticeRow.key == values["key"])).one()


def next_to_leave(session: Session, *, now: datetime, by_day: bool, passing_over: Collection[str]) -> NoticeRow | None:
    """The oldest message that may leave now, locked.  Outside working hours only one that may leave at night.

    `passing_over` are the beginnings of recipients whose channel is unwell.
    """
    return session.scalars(
        select(NoticeRow)
        .where(
            NoticeRow.state.in_([NoticeState.WAITING, NoticeState.FAILED_FOR_NOW]),
            or_(NoticeRow.not_before.is_(None), NoticeRow.not_before <= now),
            *([] if by_day else [NoticeRow.at_night]),
            *(~NoticeRow.recipient.startswith(each, autoescape=True) for each in sorted(passing_over)),
        )
        .order_by(NoticeRow.urgent.desc(), NoticeRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def sending_since(session: Session, *, before: datetime) -> Sequence[NoticeRow]:
    """Messages whose intent is older than this and of which nothing was heard since, locked."""
    return session.scalars(
        select(NoticeRow)
        .where(NoticeRow.state == NoticeState.SENDING, NoticeRow.intended_at <= before)
        .order_by(NoticeRow.id)
        .with_for_update(skip_locked=True)
    ).all()


def by_id(session: Session, notice_id: int) -> NoticeRow | None:
    """The message with this id, locked for change."""
    return session.get(NoticeRow, notice_id, with_for_update=True)


def for_a_person(session: Session) -> Sequence[NoticeRow]:
    """Messages with which only a person can go on, oldest first."""
    return session.scalars(select(NoticeRow).where(NoticeRow.needs_person).order_by(NoticeRow.id)).all()


def latest(session: Session, *, recipient: str | None = None, limit: int) -> Sequence[NoticeRow]:
    """The newest messages first, of one recipient or of all."""
    query = select(NoticeRow).order_by(NoticeRow.id.desc()).limit(limit)
    return session.scalars(query if recipient is None else query.where(NoticeRow.recipient == recipient)).all()


def counts(session: Session) -> Mapping[NoticeState, int]:
    """How many messages are in each state."""
    return dict(session.execute(select(NoticeRow.state, func.count()).group_by(NoticeRow.state)).all())


def unopened_since(session: Session, case_ids: Sequence[int]) -> dict[int, datetime]:
    """By case, when somebody was first told of it since when nobody has opened it or done anything about it."""
    touched = exists().where(
        EventRow.case_id == ToldRow.case_id, EventRow.user_id.is_not(None), EventRow.at >= ToldRow.at
    )
    rows = session.execute(
        select(ToldRow.case_id, func.min(ToldRow.at))
        .join(CaseRow, and_(CaseRow.id == ToldRow.case_id, CaseRow.round == ToldRow.round))
        .outerjoin(OpenedRow, OpenedRow.case_id == ToldRow.case_id)
        .where(
            ToldRow.case_id.in_(case_ids),
            ToldRow.whom != TO_A_GROUP,
            or_(OpenedRow.at.is_(None), OpenedRow.at < ToldRow.at),
            ~touched,
        )
        .group_by(ToldRow.case_id)
    )
    return dict(rows.all())


def waits_to_be_opened(session: Session, case_id: int) -> bool:
    """Whether somebody was told of this case and nobody has opened it since."""
    return case_id in unopened_since(session, [case_id])


def opened(session: Session, case_id: int, *, user_id: int, now: datetime) -> None:
    """Somebody who may answer it has opened the case; the chain stops there."""
    if not insert_if_absent(session, OpenedRow, case_id=case_id, at=now, user_id=user_id):
        session.execute(update(OpenedRow).where(OpenedRow.case_id == case_id).values(at=now, user_id=user_id))


@dataclass(frozen=True, slots=True)
class Unheard:
    """A warning about a case that reached nobody by e-mail or on Teams.  `owes`: the case still owes something."""

    case_id: int
    reference: str
    area: str
    restricted: bool
    key: str
    about: Reason
    at: datetime
    owes: bool


def unheard(session: Session, areas: frozenset[str] | None) -> Sequence[Unheard]:
    """Warnings given in the round that runs of which nobody was written to, newest first."""
    written = exists().where(
        EntryRow.case_id == ToldRow.case_id, EntryRow.round == ToldRow.round, EntryRow.key == ToldRow.key
    )
    rows = session.execute(
        select(ToldRow, CaseRow, still_owes())
        .join(CaseRow, and_(CaseRow.id == ToldRow.case_id, CaseRow.round == ToldRow.round))
        .where(
            or_(still_owes(), ToldRow.whom == TO_A_GROUP),
            ~written,
            ~ToldRow.key.startswith(Waits.MENTION.value),
            *_within(areas),
        )
        .order_by(ToldRow.at.desc(), ToldRow.case_id.desc(), ToldRow.key)
    )
    return [
        Unheard(
            case.id,
            case.reference,
            case.service_area,
            case.restricted,
            told.key,
            Reason(told.about[0], told.about[1]),
            told.at,
            bool(owes),
        )
        for told, case, owes in rows
    ]


@dataclass(frozen=True, slots=True)
class Behind:
    """What the digest says of one service area: how many answers are late, and since when the oldest is."""

    area: str
    late: int
    oldest: date


@dataclass(frozen=True, slots=True)
class Pressing:
    """A case as the digest names it."""

    case_id: int
    reference: str
    area: str
    since: datetime
    restricted: bool


_OPEN = CaseRow.state.not_in(_OVER)


def urgent_cases(session: Session, areas: frozenset[str] | None = None) -> Sequence[Pressing]:
    """Open urgent cases, the oldest first."""
    rows = session.execute(
        select(CaseRow.id, CaseRow.reference, CaseRow.service_area, CaseRow.opened_at, CaseRow.restricted)
        .where(_OPEN, CaseRow.severity == Severity.URGENT, *_within(areas))
        .order_by(CaseRow.id)
    )
    return [Pressing(*row) for row in rows]


def late_answers(session: Session, today: date, areas: frozenset[str] | None = None) -> Sequence[Behind]:
    """By service area, how many answers that are owed are late today; the areas by name."""
    rows = session.execute(
        select(CaseRow.service_area, func.count(), func.min(CaseRow.due))
        .where(_OPEN, CaseRow.answer_owed, CaseRow.due < today, *_within(areas))
        .group_by(CaseRow.service_area)
        .order_by(CaseRow.service_area)
    )
    return [Behind(*row) for row in rows]


def _within(areas: frozenset[str] | None) -> tuple[Any, ...]:
    return () if areas is None else (CaseRow.service_area.in_(sorted(areas)),)
