"""What waits for a member of staff, as it stands now: one query for each kind, and the same answer for all.

Only reads.  Each event has a key of its own, so that it is told once: what comes back (a reply stuck
again, a second appeal) is another event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from store.cases import CaseRow, EventRow
from store.conduct import STANDING, ConductActRow, ConductReviewRow
from store.removals import AppealRow, ApprovalRow, RemovalRow
from store.replies import PartRow, ReplyRow
from store.translations import UNFINISHED, TranslationRow
from vocabulary import (
    Note,
    RemovalState,
    ReplyState,
    ReviewAct,
    ReviewState,
    Role,
    Severity,
    State,
    TranslationState,
    Waits,
)

LONDON = ZoneInfo("Europe/London")
_OVER = (State.ANSWERED, State.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One thing that waits.

    `id` is that of the reply, its part, translation, removal or review, `turn` tells one event of the same thing from
    the next.  `them` wrote it, asked for it or have it in hand; `barred` may not do it.  `role` is the one role that
    is needed, where it is one.  `taken`: somebody has it in hand, so that their colleagues need not hear.
    """

    kind: Waits
    id: int
    case_id: int
    area: str
    restricted: bool
    severity: Severity
    them: tuple[int, ...] = ()
    barred: frozenset[int] = frozenset()
    role: Role | None = None
    taken: bool = False
    by: date | None = None
    turn: str = ""

    @property
    def key(self) -> str:
        """The name of this event among the warnings of its case."""
        return "-".join(filter(None, (self.kind.value, str(self.id), self.role and self.role.value, self.turn)))


def everything(session: Session, *, now: datetime) -> tuple[Awaited, ...]:
    """All that waits for somebody now, in the order of the kinds."""
    return tuple(each for find in FINDS.values() for each in find(session, now))


def _of_case(case: CaseRow) -> dict[str, Any]:
    return {"case_id": case.id, "area": case.service_area, "restricted": case.restricted, "severity": case.severity}


def _to_approve(session: Session, now: datetime) -> Iterator[Awaited]:
    rows = _with_case(session, select(ReplyRow).where(ReplyRow.state == ReplyState.AWAITING_APPROVAL), ReplyRow)
    for reply, case in rows:
        by = case.due if case.answer_owed else None
        barred = frozenset({reply.author_id})
        yield Awaited(kind=Waits.REPLY_TO_APPROVE, id=reply.id, barred=barred, by=by, **_of_case(case))


def _sent_back(session: Session, now: datetime) -> Iterator[Awaited]:
    """What a colleague sent back, until its writer writes anew; who took their own back knows of it."""
    later = aliased(ReplyRow)
    drafts = select(ReplyRow).where(
        ReplyRow.state == ReplyState.DRAFT,
        ~exists().where(later.case_id == ReplyRow.case_id, later.id > ReplyRow.id),
    )
    rows = [(reply, case) for reply, case in _with_case(session, drafts, ReplyRow) if case.state not in _OVER]
    sent = session.execute(
        select(EventRow.detail, EventRow.user_id).where(
            EventRow.case_id.in_([case.id for _reply, case in rows]), EventRow.what == Note.REPLY_SENT_BACK.value
        )
    )
    sender = {detail.get("reply"): user_id for detail, user_id in sent}
    for reply, case in rows:
        if sender.get(reply.id) not in {None, reply.author_id}:
            yield Awaited(kind=Waits.REPLY_SENT_BACK, id=reply.id, them=(reply.author_id,), **_of_case(case))


def _stuck(session: Session, now: datetime) -> Iterator[Awaited]:
    rows = session.execute(
        select(PartRow, ReplyRow.author_id, CaseRow)
        .join(ReplyRow, ReplyRow.id == PartRow.reply_id)
        .join(CaseRow, CaseRow.id == ReplyRow.case_id)
        .where(PartRow.needs_person)
        .order_by(PartRow.id)
    )
    for part, writer, case in rows:
        turn = _moment(part.intended_at) if part.intended_at else ""
        yield Awaited(kind=Waits.REPLY_STUCK, id=part.id, them=(writer,), turn=turn, **_of_case(case))


def _asked(session: Session, now: datetime) -> Iterator[Awaited]:
    """What nobody has taken, anew each time that somebody gives it back; who gave it back knows of it."""
    asked = select(TranslationRow).where(TranslationRow.state == TranslationState.ASKED)
    rows = [(row, case) for row, case in _with_case(session, asked, TranslationRow) if case.state not in _OVER]
    returned: dict[int, list[int | None]] = {}
    for detail, user_id in session.execute(
        select(EventRow.detail, EventRow.user_id)
        .where(
            EventRow.case_id.in_([case.id for _row, case in rows]), EventRow.what == Note.TRANSLATION_GIVEN_BACK.value
        )
        .order_by(EventRow.id)
    ):
        returned.setdefault(detail["translation"], []).append(user_id)
    for row, case in rows:
        by_whom = returned.get(row.id, [])
        barred = frozenset(user_id for user_id in by_whom[-1:] if user_id is not None)
        turn = str(len(by_whom)) if by_whom else ""
        yield Awaited(
            kind=Waits.TRANSLATION_ASKED, id=row.id, barred=barred, turn=turn, by=_day(row.due), **_of_case(case)
        )


def _late(session: Session, now: datetime) -> Iterator[Awaited]:
    late = select(TranslationRow).where(
        TranslationRow.state.in_([*UNFINISHED, TranslationState.TO_CHECK]), TranslationRow.due < now
    )
    for row, case in _with_case(session, late, TranslationRow):
        if case.state not in _OVER or row.state is TranslationState.TO_CHECK:
            them = tuple(dict.fromkeys(each for each in (row.taken_by, row.asked_by) if each is not None))
            taken = row.taken_by is not None
            yield Awaited(
                kind=Waits.TRANSLATION_LATE, id=row.id, them=them, taken=taken, by=_day(row.due), **_of_case(case)
            )


def _to_check(session: Session, now: datetime) -> Iterator[Awaited]:
    unread = select(TranslationRow).where(TranslationRow.state == TranslationState.TO_CHECK)
    for row, case in _with_case(session, unread, TranslationRow):
        yield Awaited(kind=Waits.TRANSLATION_TO_CHECK, id=row.id, by=_day(row.due), **_of_case(case))


def _done(session: Session, now: datetime) -> Iterator[Awaited]:
    """What the translators handed in, until a reply is written; who brought it in themselves knows of it."""
    written = exists().where(ReplyRow.case_id == TranslationRow.case_id, ReplyRow.created_at >= TranslationRow.done_at)
    done = select(TranslationRow).where(
        TranslationRow.state == TranslationState.DONE,
        TranslationRow.reply_id.is_(None),
        TranslationRow.done_by != TranslationRow.asked_by,
        ~written,
    )
    for row, case in _with_case(session, done, TranslationRow):
        if case.state not in _OVER:
            yield Awaited(kind=Waits.TRANSLATION_DONE, id=row.id, them=(row.asked_by,), **_of_case(case))


def _to_agree(session: Session, now: datetime) -> Iterator[Awaited]:
    """One for each role in which somebody must still say yes or no, and never whoever has had a part in it."""
    waiting = select(RemovalRow).where(RemovalRow.state.in_([RemovalState.REQUESTED, RemovalState.HIDDEN]))
    for removal, case in _with_case(session, waiting, RemovalRow):
        given = _given(session, removal)
        barred = frozenset({removal.asked_by, *(each.user_id for each in given)})
        for needed in removal.needed:
            if needed not in {each.role.value for each in given}:
                yield Awaited(
                    kind=Waits.REMOVAL_TO_AGREE, id=removal.id, barred=barred, role=Role(needed), **_of_case(case)
                )


def _to_do(session: Session, now: datetime) -> Iterator[Awaited]:
    owed = select(RemovalRow).where(RemovalRow.owed != "", RemovalRow.not_done.is_not(None))
    for removal, case in _with_case(session, owed, RemovalRow):
        yield Awaited(
            kind=Waits.REMOVAL_TO_DO, id=removal.id, them=(removal.asked_by,), turn=removal.owed, **_of_case(case)
        )


def _appeals(session: Session, now: datetime) -> Iterator[Awaited]:
    return _appealed(session, Waits.REMOVAL_APPEAL, due_by=date.max)


def _appeals_due(session: Session, now: datetime) -> Iterator[Awaited]:
    return _appealed(session, Waits.REMOVAL_APPEAL_DUE, due_by=_day(now))


def _appealed(session: Session, kind: Waits, *, due_by: date) -> Iterator[Awaited]:
    appealed = select(RemovalRow).where(RemovalRow.state == RemovalState.APPEALED)
    for removal, case in _with_case(session, appealed, RemovalRow):
        due = session.get_one(AppealRow, removal.id).due
        if due <= due_by:
            barred = frozenset({removal.asked_by, *(each.user_id for each in _given(session, removal))})
            yield Awaited(kind=kind, id=removal.id, barred=barred, by=due, **_of_case(case))


def _referred(session: Session, now: datetime) -> Iterator[Awaited]:
    referred = select(ConductReviewRow).where(ConductReviewRow.state == ReviewState.REFERRED)
    for review, case in _with_case(session, referred, ConductReviewRow):
        by = _acts(session, review, ReviewAct.REFER)
        barred = frozenset(act.user_id for act in by)
        yield Awaited(kind=Waits.CONDUCT_REFERRED, id=review.id, barred=barred, **_of_case(case))


def _conduct_appeals(session: Session, now: datetime) -> Iterator[Awaited]:
    """An appeal is heard by nobody who decided."""
    appealed = select(ConductReviewRow).where(ConductReviewRow.state == ReviewState.APPEALED)
    for review, case in _with_case(session, appealed, ConductReviewRow):
        deciders = _acts(session, review, ReviewAct.DECIDE, ReviewAct.CONTINUE)
        turn = str(max(act.id for act in _acts(session, review, ReviewAct.APPEAL)))
        barred = frozenset(act.user_id for act in deciders)
        yield Awaited(kind=Waits.CONDUCT_APPEAL, id=review.id, barred=barred, turn=turn, **_of_case(case))


def _conduct_due(session: Session, now: datetime) -> Iterator[Awaited]:
    standing = select(ConductReviewRow).where(
        ConductReviewRow.state.in_(STANDING), ConductReviewRow.review_on <= _day(now)
    )
    for review, case in _with_case(session, standing, ConductReviewRow):
        by = review.review_on
        yield Awaited(kind=Waits.CONDUCT_DUE, id=review.id, by=by, turn=str(by), **_of_case(case))


FINDS: Mapping[Waits, Callable[[Session, datetime], Iterator[Awaited]]] = {
    Waits.REPLY_TO_APPROVE: _to_approve,
    Waits.REPLY_SENT_BACK: _sent_back,
    Waits.REPLY_STUCK: _stuck,
    Waits.TRANSLATION_ASKED: _asked,
    Waits.TRANSLATION_LATE: _late,
    Waits.TRANSLATION_TO_CHECK: _to_check,
    Waits.TRANSLATION_DONE: _done,
    Waits.REMOVAL_TO_AGREE: _to_agree,
    Waits.REMOVAL_TO_DO: _to_do,
    Waits.REMOVAL_APPEAL: _appeals,
    Waits.REMOVAL_APPEAL_DUE: _appeals_due,
    Waits.CONDUCT_REFERRED: _referred,
    Waits.CONDUCT_APPEAL: _conduct_appeals,
    Waits.CONDUCT_DUE: _conduct_due,
}
"""How what waits is found.  A mention waits in nothing: whoever is mentioned is told as the note is kept."""


def _with_case(session: Session, query: Select[Any], row: Any) -> Sequence[tuple[Any, CaseRow]]:
    """The rows of one kind with their cases, oldest first."""
    found = session.execute(query.add_columns(CaseRow).join(CaseRow, CaseRow.id == row.case_id).order_by(row.id))
    return [(each, case) for each, case in found]


def _given(session: Session, removal: RemovalRow) -> Sequence[ApprovalRow]:
    return session.scalars(select(ApprovalRow).where(ApprovalRow.removal_id == removal.id)).all()


def _acts(session: Session, review: ConductReviewRow, *acts: ReviewAct) -> Sequence[ConductActRow]:
    return session.scalars(
        select(ConductActRow).where(ConductActRow.review_id == review.id, ConductActRow.act.in_(acts))
    ).all()


def _day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}"
