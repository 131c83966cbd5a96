"""What waits for a colleague, read from where it stands, and who was written to about it.

Nothing is noted when something begins to wait: what waits is what the rows say now, so that nothing is
forgotten, and nobody is told of what is settled already.  A row here is one colleague who was told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base, insert_if_absent
from store.cases import CaseRow, EventRow
from store.conduct import STANDING, ConductReviewRow
from store.removals import ApprovalRow, RemovalRow
from store.replies import PartRow, ReplyRow
from store.translations import UNFINISHED, TranslationRow
from vocabulary import Errand, NotDone, Note, RemovalState, ReplyState, ReviewState, Role, State, TranslationState

_OVER = (State.ANSWERED, State.CLOSED)
_AWAITING = (RemovalState.REQUESTED, RemovalState.HIDDEN)


class ErrandRow(Base):
    """One recipient was written to about one thing that waited.  `key` names the thing, and this waiting of it."""

    __tablename__ = "errand_told"

    key: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[Errand]
    at: Mapped[datetime]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """One thing that waits.  `reference` names its case, or the account that it is about.

    `users` are those for whom it waits by name, `roles` those of its area of whom one must act, and `not_users`
    those who may not, as they asked for it.  `duty` is a slug of the pack's duties, or how an account falls short.
    """

    what: Errand
    key: str
    reference: str
    area: str
    case_id: int | None = None
    restricted: bool = False
    since: date | None = None
    link: str = ""
    duty: str = ""
    users: frozenset[int] = frozenset()
    roles: frozenset[Role] = frozenset()
    not_users: frozenset[int] = frozenset()


def told(session: Session, recipient: str, keys: Sequence[str]) -> frozenset[str]:
    """Which of these somebody was told of before."""
    rows = session.scalars(select(ErrandRow.key).where(ErrandRow.recipient == recipient, ErrandRow.key.in_(keys)))
    return frozenset(rows)


def tell(session: Session, waits: Waits, recipient: str, *, notice_id: int | None, now: datetime) -> bool:
    """This recipient is told; False where they were before."""
    return insert_if_absent(
        session, ErrandRow, key=waits.key, recipient=recipient, what=waits.what, at=now, notice_id=notice_id
    )


def waiting(session: Session, *, today: date, now: datetime, since: datetime) -> Iterator[Waits]:
    """Everything that waits on cases; what happened before `since` is told to nobody any more."""
    yield from _replies(session, since)
    yield from _translations(session, now, since)
    yield from _removals(session)
    yield from _conduct(session, today)


def _replies(session: Session, since: datetime) -> Iterator[Waits]:
    for reply, case in session.execute(
        _of_case(select(ReplyRow, CaseRow), ReplyRow).where(ReplyRow.state == ReplyState.AWAITING_APPROVAL)
    ):
        yield _about(case, Errand.APPROVAL, f"{reply.id}", link="approvals", not_users=frozenset({reply.author_id}))
    sent_back = (
        select(EventRow, CaseRow)
        .join(CaseRow, CaseRow.id == EventRow.case_id)
        .where(EventRow.what == Note.REPLY_SENT_BACK.value, EventRow.at >= since, CaseRow.state.not_in(_OVER))
    )
    for event, case in session.execute(sent_back):
        reply = session.get(ReplyRow, event.detail.get("reply"))
        if reply is not None and reply.state is ReplyState.DRAFT and reply.author_id != event.user_id:
            yield _about(case, Errand.SENT_BACK, f"{event.id}", users=frozenset({reply.author_id}))
    by_hand = _of_case(select(PartRow, ReplyRow, CaseRow).join(ReplyRow, ReplyRow.id == PartRow.reply_id), ReplyRow)
    for part, reply, case in session.execute(by_hand.where(PartRow.needs_person)):
        yield _about(case, Errand.BY_HAND, f"{part.id}:{part.attempts}", users=frozenset({reply.author_id}))


def _translations(session: Session, now: datetime, since: datetime) -> Iterator[Waits]:
    rows = session.execute(
        _of_case(select(TranslationRow, CaseRow), TranslationRow).where(
            or_(
                TranslationRow.state == TranslationState.TO_CHECK,
                and_(TranslationRow.state.in_(UNFINISHED), CaseRow.state.not_in(_OVER)),
                and_(
                    TranslationRow.state == TranslationState.DONE,
                    TranslationRow.done_at >= since,
                    CaseRow.state.not_in(_OVER),
                ),
            )
        )
    )
    for row, case in rows:
        name = f"{row.id}"
        if row.state is TranslationState.TO_CHECK:
            yield _about(case, Errand.TRANSLATION_CHECK, name, link="translations")
        elif row.state is TranslationState.DONE:
            if row.done_by != row.asked_by and row.reply_id is None:
                yield _about(case, Errand.TRANSLATED, name, users=frozenset({row.asked_by}))
        elif row.due < now:
            takers = frozenset({row.taken_by} if row.taken_by else ())
            yield _about(case, Errand.TRANSLATION_LATE, name, link="translations", users=takers)
        elif row.state is TranslationState.ASKED:
            yield _about(case, Errand.TRANSLATION, f"{name}:{row.asked_at.isoformat()}", link="translations")


def _removals(session: Session) -> Iterator[Waits]:
    rows = session.execute(
        _of_case(select(RemovalRow, CaseRow), RemovalRow).where(
            RemovalRow.state.in_([*_AWAITING, RemovalState.APPEALED])
        )
    ).all()
    agreed: dict[int, set[tuple[int, Role]]] = {}
    for removal_id, user_id, role in session.execute(
        select(ApprovalRow.removal_id, ApprovalRow.user_id, ApprovalRow.role).where(
            ApprovalRow.removal_id.in_([row.id for row, _case in rows])
        )
    ):
        agreed.setdefault(removal_id, set()).add((user_id, role))
    for row, case in rows:
        by = frozenset(user_id for user_id, _role in agreed.get(row.id, ()))
        link = f"removals/{row.id}"
        if row.state is RemovalState.APPEALED:
            yield _about(case, Errand.REMOVAL_APPEAL, f"{row.id}", link=link, not_users=by)
            continue
        given = {role for _user, role in agreed.get(row.id, ())}
        for role in (Role(each) for each in row.needed):
            if role not in given:
                yield _about(
                    case,
                    Errand.REMOVAL,
                    f"{row.id}:{role}",
                    link=link,
                    roles=frozenset({role}),
                    not_users=by | {row.asked_by},
                )

    by_hand = _of_case(select(RemovalRow, CaseRow), RemovalRow).where(
        RemovalRow.owed != "", RemovalRow.not_done.in_([NotDone.NO_SUCH_ACT, NotDone.REFUSED])
    )
    for row, case in session.execute(by_hand):
        name = f"removal:{row.id}:{row.owed}"
        yield _about(case, Errand.BY_HAND, name, link=f"removals/{row.id}", users=frozenset({row.asked_by}))


def _conduct(session: Session, today: date) -> Iterator[Waits]:
    rows = session.execute(
        _of_case(select(ConductReviewRow, CaseRow), ConductReviewRow).where(ConductReviewRow.ended_at.is_(None))
    )
    for review, case in rows:
        link = f"reviews/{review.id}"
        if review.state is ReviewState.REFERRED:
            yield _about(case, Errand.CONDUCT_REFERRED, f"{review.id}", link=link)
        if review.state is ReviewState.APPEALED:
            yield _about(case, Errand.CONDUCT_APPEAL, f"{review.id}:{review.decided_at}", link=link)
        if review.state in STANDING and review.review_on is not None and review.review_on <= today:
            yield _about(case, Errand.CONDUCT_REVIEW, f"{review.id}:{review.review_on}", link=link)


def _of_case(query: Select[*tuple[Any, ...]], row: Any) -> Select[*tuple[Any, ...]]:
    return query.join(CaseRow, CaseRow.id == row.case_id).order_by(row.id)


def _about(case: CaseRow, what: Errand, name: str, *, link: str = "", **more: Any) -> Waits:
    return Waits(
        what=what,
        key=f"{what}:{name}",
        reference=case.reference,
        area=case.service_area,
        case_id=case.id,
        restricted=case.restricted,
        link=link or f"cases/{case.id}",
        **more,
    )
