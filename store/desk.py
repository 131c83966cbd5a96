"""What the pages ask of the store: a page of the queue, and one case with all that belongs to it.

Only reads.  A page of the queue goes by the key it ended on, never by an offset, so that the
ten-thousandth case costs what the first did and nothing is skipped while cases move.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Date,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased, defer

from store import findings
from store.accounts import AccountRow
from store.cases import CaseRow, EventRow, RoundRow, ToldRow, current_round
from store.comments import AuthorRow, CommentRow, OwnReplyRow, PostRow, RevisionRow
from store.people import UserRow
from store.replies import PartRow, ReplyRow
from vocabulary import Finding, Origin, Platform, Presence, Reason, ReplyLanguage, Severity, State

MOST_COUNTED = 500
"""Where counting stops; beyond it a page says "500 or more"."""

MOST_AT_ONCE = 10_000
"""Ids in one question; SQLite takes three times as many."""

MOST_OWNED = 100
"""Of so many of somebody's own cases, those due soonest, their reminders are looked up."""

Key = tuple[date, int]
"""Where a page ended: the due date and id of its last case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases to list.  `areas` is what the reader may see (None: all); the rest is what they chose.

    `waiting` is True for cases in which somebody has something to do (an answer is owed, or it is
    serious, or it was escalated), False for those that only want a look, None for both.  `awake_on`
    leaves out what is put off beyond that day.
    """

    areas: frozenset[str] | None
    waiting: bool | None = None
    severity: Severity | None = None
    area: str = ""
    reply_in: ReplyLanguage | None = None
    state: State | None = None
    due_before: date | None = None
    owner_id: int | None = None
    awake_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCase:
    """One line of the queue: the comment whose answer is owed, and what is known of its case."""

    id: int
    version: int
    reference: str
    state: State
    service_area: str
    reply_in: ReplyLanguage
    answer_owed: bool
    severity: Severity
    restricted: bool
    due: date
    ack_due: date | None
    acknowledged: bool
    owner: str
    escalated_to: str
    platform: Platform
    account: str
    author: str
    comment_id: int
    words: str
    language: str
    posted_at: datetime
    presence: Presence
    origin: Origin
    found_by: str
    comments: int

    @property
    def key(self) -> Key:
        return self.due, self.id


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Some cases, due soonest first; `earlier` and `later` are the keys to go on from, where there is more."""

    cases: tuple[QueueCase, ...]
    earlier: Key | None
    later: Key | None


@dataclass(frozen=True, slots=True)
class Said:
    """A comment of the case with every revision, newest first, and what was seen in it."""

    comment: CommentRow
    revisions: tuple[RevisionRow, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A reply with its parts and who wrote it."""

    reply: ReplyRow
    parts: tuple[PartRow, ...]
    writer: str


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the case and the name of whoever did it; empty for the system."""

    event: EventRow
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One case with all that belongs to it; lists are oldest first."""

    case: CaseRow
    round: RoundRow
    account: AccountRow
    author: AuthorRow | None
    owner: str
    post: PostRow | None
    said: tuple[Said, ...]
    native_replies: tuple[OwnReplyRow, ...]
    written: tuple[Written, ...]
    history: tuple[Happened, ...]
    previous: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A part of a reply that only a person can settle, with where it belongs."""

    reply: ReplyRow
    part: PartRow
    reference: str
    service_area: str
    account: str
    platform: Platform


@dataclass(frozen=True, slots=True)
class ForApproval:
    """A reply that waits for a colleague's approval, with the comment it answers and whoever wrote it."""

    reply: ReplyRow
    case: CaseRow
    comment: CommentRow
    words: str
    writer: str
    account: str
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Hears:
    """Whose warnings to list: a member of staff, their roles, and the areas whose officer they are (None: all)."""

    user_id: int
    roles: frozenset[str]
    officer_of: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """The latest warning that somebody was given about an open case."""

    case_id: int
    reference: str
    about: Reason
    at: datetime


OPEN = text("cases.state NOT IN ('closed', 'answered')")
"""In the words of the partial index, without which SQLite would not see that it fits."""
ENDED = text("cases.state IN ('closed', 'answered')")
_URGENT = text("cases.severity = 'urgent'")
"""The same, of those that are urgent."""
_AWAITING_APPROVAL = text("reply.state = 'awaiting_approval'")
"""The same, of the replies that wait for a colleague."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage:
    """A page of the queue to be read: after a key, or before one, or from the beginning."""

    wanted: Wanted
    after: Key | None = None
    before: Key | None = None
    limit: int = 25


def queue_page(
    session: Session, wanted: Wanted, *, after: Key | None = None, before: Key | None = None, limit: int = 25
) -> QueuePage:
    """The cases after a key, or those before one, due soonest first.  Answered and closed ones only when asked for."""
    [page] = queue_pages(session, AskedPage(wanted=wanted, after=after, before=before, limit=limit))
    return page


def queue_pages(session: Session, *asked: AskedPage) -> list[QueuePage]:
    """Several pages, whose cases are read at once."""
    keys = [_keys(session, each) for each in asked]
    ids = {case_id for some in keys for _due, case_id in some}
    lines = {line.id: _queue_case(line) for line in session.execute(_LINES, {"ids": list(ids)})} if ids else {}
    return [
        _queue_page(each, [lines[case_id] for _due, case_id in some if case_id in lines])
        for each, some in zip(asked, keys, strict=True)
    ]


def _queue_page(asked: AskedPage, found: Sequence[QueueCase]) -> QueuePage:
    """What was found, nearest first and one more than is shown where there is more."""
    more = len(found) > asked.limit
    cases = tuple(sorted(found[: asked.limit], key=lambda case: case.key))
    backwards, forwards = (more, True) if asked.before is not None else (asked.after is not None, more)
    return QueuePage(
        cases,
        earlier=cases[0].key if cases and backwards else None,
        later=cases[-1].key if cases and forwards else None,
    )


def lines(session: Session, case_ids: Sequence[int]) -> list[QueueCase]:
    """These cases as a list shows them, in the order of their ids as given."""
    found = {row.id: _queue_case(row) for row in session.execute(_LINES, {"ids": list(case_ids)})} if case_ids else {}
    return [found[case_id] for case_id in case_ids if case_id in found]


def count(session: Session, wanted: Wanted) -> int:
    """How many cases that is, counted no further than MOST_COUNTED."""
    return session.scalar(_count(wanted)) or 0


def fitting(session: Session, wanted: Wanted, case_ids: Collection[int]) -> frozenset[int]:
    """Which of these cases a question finds."""
    query = _wanted(select(CaseRow.id), wanted).where(CaseRow.id.in_(case_ids))
    return frozenset(session.scalars(query)) if case_ids else frozenset()


def within(session: Session, case_ids: Collection[int], areas: frozenset[str] | None) -> frozenset[int]:
    """Which of these cases are in these service areas (None: all)."""
    query = select(CaseRow.id).where(CaseRow.id.in_(case_ids))
    query = query if areas is None else query.where(CaseRow.service_area.in_(areas))
    return frozenset(session.scalars(query)) if case_ids else frozenset()


def places(session: Session, case_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """The service area of each of these cases, and whether it is restricted."""
    found: dict[int, tuple[str, bool]] = {}
    for start in range(0, len(case_ids), MOST_AT_ONCE):
        some = case_ids[start : start + MOST_AT_ONCE]
        rows = session.execute(select(CaseRow.id, CaseRow.service_area, CaseRow.restricted).where(CaseRow.id.in_(some)))
        found |= {case_id: (area, is_restricted) for case_id, area, is_restricted in rows}
    return found


def key_of(session: Session, case_id: int) -> Key | None:
    """Where a case stands in the queue, whether or not it is in it."""
    row = session.execute(select(CaseRow.due, CaseRow.id).where(CaseRow.id == case_id)).one_or_none()
    return (row.due, row.id) if row else None


def area_of(session: Session, case_id: int) -> str | None:
    """The service area of a case, or None where there is no such case."""
    return session.scalar(select(CaseRow.service_area).where(CaseRow.id == case_id))


def is_restricted(session: Session, case_id: int) -> bool:
    """Whether a case is opened only with a purpose."""
    return bool(session.scalar(select(CaseRow.restricted).where(CaseRow.id == case_id)))


def restricted_cases(session: Session, *, limit: int) -> tuple[QueueCase, ...]:
    """The open restricted cases of every area, due soonest first."""
    rows = session.execute(_LINE.where(OPEN, CaseRow.restricted).order_by(CaseRow.due, CaseRow.id).limit(limit))
    return tuple(map(_queue_case, rows))


def case_of_part(session: Session, part_id: int) -> int | None:
    """The case that a part of a reply belongs to."""
    return session.scalar(
        select(ReplyRow.case_id).join(PartRow, PartRow.reply_id == ReplyRow.id).where(PartRow.id == part_id)
    )


def case_of_comment(session: Session, comment_id: int) -> int | None:
    """The case that a comment belongs to, if it has one."""
    return session.scalar(select(CommentRow.case_id).where(CommentRow.id == comment_id))


def case_file(session: Session, case_id: int) -> CaseFile | None:
    """One case with all that belongs to it, or None where there is no such case."""
    case = session.get(CaseRow, case_id)
    if case is None:
        return None
    account = session.get_one(AccountRow, case.account_id)
    said = _said(session, case_id)
    return CaseFile(
        case=case,
        round=current_round(session, case),
        account=account,
        author=session.get(AuthorRow, case.author_id) if case.author_id is not None else None,
        owner=session.scalar(select(UserRow.full_name).where(UserRow.id == case.owner_id)) or "",
        post=session.scalar(select(PostRow).where(PostRow.account_id == account.id, PostRow.native_id == case.thread)),
        said=said,
        native_replies=_native_replies(session, account.id, [one.comment.native_id for one in said]),
        written=_written(session, case_id),
        history=tuple(
            Happened(event, name or "")
            for event, name in session.execute(
                select(EventRow, UserRow.full_name)
                .outerjoin(UserRow, UserRow.id == EventRow.user_id)
                .where(EventRow.case_id == case_id)
                .order_by(EventRow.id)
            )
        ),
        previous=session.scalar(select(CaseRow.reference).where(CaseRow.id == case.previous_id)) or "",
    )


def reminders(session: Session, hears: Hears, areas: frozenset[str] | None, *, limit: int) -> Sequence[Reminder]:
    """What somebody was warned of in open cases that they may see: the latest of each case, newest first.

    Each of their ears is asked by itself for the newest that it heard, so that nothing is read but those.
    """
    owned = session.scalars(_OWNED, {"owner": hears.user_id}).all()
    given: dict[str, Any] = {"owned": owned} if owned else {}
    rows = session.execute(_heard(hears, areas, limit * _WARNINGS, has_cases=bool(owned)), given).all()
    found: dict[int, Reminder] = {}
    for case_id, reference, (said, values), at, _key in sorted(
        rows, key=lambda row: (-row.at.timestamp(), -row.case_id, row.key)
    ):
        found.setdefault(case_id, Reminder(case_id, reference, Reason(said, values), at))
    return tuple(found.values())[:limit]


_WARNINGS = 3
"""More than one person hears of one case in one turn of its clocks."""


# Building a statement costs more than running it, and people ask for the same pages all day.
@lru_cache(maxsize=512)
def _heard(hears: Hears, areas: frozenset[str] | None, limit: int, *, has_cases: bool) -> CompoundSelect[Any]:
    ears = [ToldRow.whom == whom for whom in (*sorted(hears.roles), f"user:{hears.user_id}")]
    if hears.officer_of is None:
        ears.append(ToldRow.whom == "area")
    else:
        ears += [and_(ToldRow.whom == "area", ToldRow.area == area) for area in sorted(hears.officer_of)]
    if has_cases:
        ears.append(and_(ToldRow.case_id.in_(bindparam("owned", expanding=True)), ToldRow.whom == "owner"))
    seen = true() if areas is None else CaseRow.service_area.in_(areas)
    heard = [
        select(ToldRow.case_id, CaseRow.reference, ToldRow.about, ToldRow.at, ToldRow.key)
        .join(CaseRow, and_(CaseRow.id == ToldRow.case_id, CaseRow.round == ToldRow.round))
        .where(OPEN, ear, seen)
        .order_by(ToldRow.at.desc(), ToldRow.case_id.desc(), ToldRow.key)
        .limit(limit)
        .subquery()
        for ear in ears
    ]
    return union_all(*map(select, heard))


_OWNED = (
    select(CaseRow.id)
    .where(OPEN, CaseRow.owner_id == bindparam("owner"))
    .order_by(CaseRow.owner_id, CaseRow.due, CaseRow.id)  # as their own index has them
    .limit(MOST_OWNED)
)


def unsettled(session: Session, areas: frozenset[str] | None) -> Sequence[Unsettled]:
    """Parts of replies that only a person can settle, oldest first, in the areas that the reader may see."""
    rows = session.execute(
        select(ReplyRow, PartRow, CaseRow.reference, CaseRow.service_area, AccountRow.display_name, AccountRow.platform)
        .join(PartRow, PartRow.reply_id == ReplyRow.id)
        .join(CaseRow, CaseRow.id == ReplyRow.case_id)
        .join(AccountRow, AccountRow.id == PartRow.account_id)
        .where(PartRow.needs_person, true() if areas is None else CaseRow.service_area.in_(areas))
        .order_by(PartRow.id)
    )
    return [Unsettled(*row) for row in rows]


def for_approval(session: Session, areas: frozenset[str] | None) -> Sequence[ForApproval]:
    """Replies that wait for approval, those whose answer is due soonest first, in the areas the reader may see."""
    rows = session.execute(
        select(
            ReplyRow,
            CaseRow,
            CommentRow,
            RevisionRow.text,
            UserRow.full_name,
            AccountRow.display_name,
            AccountRow.platform,
        )
        .join(CaseRow, CaseRow.id == ReplyRow.case_id)
        .join(CommentRow, CommentRow.id == ReplyRow.comment_id)
        .join(RevisionRow, and_(RevisionRow.comment_id == CommentRow.id, RevisionRow.number == CommentRow.latest))
        .join(UserRow, UserRow.id == ReplyRow.author_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .where(
            _AWAITING_APPROVAL,
            true() if areas is None else CaseRow.service_area.in_(areas),
        )
        .order_by(CaseRow.due, ReplyRow.id)
    )
    return [ForApproval(*row) for row in rows]


_Owner = aliased(UserRow)
_COMMENTS = (
    select(func.count()).where(CommentRow.case_id == CaseRow.id).correlate(CaseRow).scalar_subquery().label("comments")
)
_LINE: Select[*tuple[Any, ...]] = (
    select(
        CaseRow.id,
        CaseRow.version,
        CaseRow.reference,
        CaseRow.state,
        CaseRow.service_area,
        CaseRow.reply_in,
        CaseRow.answer_owed,
        CaseRow.severity,
        CaseRow.restricted,
        CaseRow.due,
        RoundRow.ack_due,
        RoundRow.acknowledged_at,
        _Owner.full_name.label("owner"),
        CaseRow.escalated_to,
        AccountRow.platform,
        AccountRow.display_name.label("account"),
        AuthorRow.name.label("author"),
        CommentRow.id.label("comment_id"),
        RevisionRow.text.label("words"),
        CommentRow.language,
        CommentRow.posted_at,
        CommentRow.presence,
        CommentRow.origin,
        CommentRow.found_by,
        _COMMENTS,
    )
    .select_from(CaseRow)
    .join(RoundRow, and_(RoundRow.case_id == CaseRow.id, RoundRow.number == CaseRow.round))
    .join(CommentRow, CommentRow.id == RoundRow.comment_id)
    .join(RevisionRow, and_(RevisionRow.comment_id == CommentRow.id, RevisionRow.number == CommentRow.latest))
    .join(AccountRow, AccountRow.id == CaseRow.account_id)
    .outerjoin(AuthorRow, AuthorRow.id == CaseRow.author_id)
    .outerjoin(_Owner, _Owner.id == CaseRow.owner_id)
)
_LINES = _LINE.where(CaseRow.id.in_(bindparam("ids", expanding=True)))


def _keys(session: Session, asked: AskedPage) -> list[Key]:
    """The next keys from where a page ended, nearest first, and one more where there is more.

    Each service area is asked by itself: in its own index its cases lie in order, and no more are
    read than are shown, however many there are.
    """
    wanted, end = asked.wanted, asked.after if asked.before is None else asked.before
    areas = [wanted.area] if wanted.area or wanted.areas is None else sorted(wanted.areas)
    given: dict[str, Any] = {"limit": asked.limit + 1}
    given |= {"due": end[0], "id": end[1]} if end else {}
    found: list[Key] = []
    for area in areas:
        query = _next_keys(replace(wanted, area=area), forwards=asked.before is None, on=end is not None)
        found += [(due, case_id) for due, case_id in session.execute(query, given)]
    return sorted(found, reverse=asked.before is not None)[: asked.limit + 1]


@lru_cache(maxsize=512)
def _next_keys(wanted: Wanted, *, forwards: bool, on: bool) -> Select[date, int]:
    query = _wanted(select(CaseRow.due, CaseRow.id), wanted).limit(bindparam("limit", type_=Integer))
    if on:
        here, end = (
            tuple_(CaseRow.due, CaseRow.id),
            tuple_(bindparam("due", type_=Date), bindparam("id", type_=Integer)),
        )
        query = query.where(here > end if forwards else here < end)
    if forwards:
        return query.order_by(CaseRow.due, CaseRow.id)
    return query.order_by(CaseRow.due.desc(), CaseRow.id.desc())


@lru_cache(maxsize=512)
def _count(wanted: Wanted) -> Select[int]:
    """In the order of the index, area by area: without one PostgreSQL reads all that there is before it stops."""
    areas = [wanted.area] if wanted.area or wanted.areas is None else sorted(wanted.areas)
    some = [
        _wanted(select(CaseRow.id), replace(wanted, area=area))
        .order_by(CaseRow.due, CaseRow.id)
        .limit(MOST_COUNTED)
        .subquery()
        for area in areas or [""]
    ]
    ids = union_all(*(select(each.c.id) for each in some)).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(ids)


def _wanted(query: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    if wanted.areas is not None and wanted.area not in wanted.areas:
        query = query.where(CaseRow.service_area.in_(sorted(wanted.areas)))
    if wanted.area:
        query = query.where(CaseRow.service_area == wanted.area)
    if wanted.reply_in is not None:
        query = query.where(CaseRow.reply_in == wanted.reply_in)
    if wanted.due_before is not None:
        query = query.where(CaseRow.due < wanted.due_before, CaseRow.answer_owed)
    if wanted.owner_id is not None:
        query = query.where(CaseRow.owner_id == wanted.owner_id)
    if wanted.awake_on is not None:
        query = query.where(or_(CaseRow.snoozed_until.is_(None), CaseRow.snoozed_until <= wanted.awake_on))
    if wanted.severity is not None:
        urgent = wanted.severity is Severity.URGENT
        query = query.where(_URGENT if urgent else CaseRow.severity == wanted.severity)
    if wanted.waiting is not None:
        query = query.where(_WAITING if wanted.waiting else _ONLY_TO_LOOK)
    return query.where(OPEN if wanted.state is None else _IN[wanted.state])


_WAITING = or_(
    CaseRow.answer_owed, CaseRow.severity.in_([Severity.HIGH, Severity.URGENT]), CaseRow.state == State.ESCALATED
)
_IN = {
    state: and_(text(f"cases.state = '{state}'"), ENDED if state in {State.ANSWERED, State.CLOSED} else OPEN)
    for state in State
}
"""The cases in one state, in the words of the partial indexes."""
_ONLY_TO_LOOK = text("NOT (cases.answer_owed OR cases.severity IN ('high', 'urgent') OR cases.state = 'escalated')")
"""The opposite, in the words of its partial index."""


def _queue_case(row: Row[Any]) -> QueueCase:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["acknowledged"] = values.pop("acknowledged_at") is not None
    values["owner"], values["author"] = values["owner"] or "", values["author"] or ""
    return QueueCase(**values)


def _said(session: Session, case_id: int) -> tuple[Said, ...]:
    comments = session.scalars(
        select(CommentRow).where(CommentRow.case_id == case_id).order_by(CommentRow.posted_at, CommentRow.id)
    ).all()
    ids = [comment.id for comment in comments]
    revisions: dict[int, list[RevisionRow]] = {comment_id: [] for comment_id in ids}
    for row in session.scalars(
        select(RevisionRow)
        .where(RevisionRow.comment_id.in_(ids))
        .options(defer(RevisionRow.raw))
        .order_by(RevisionRow.comment_id, RevisionRow.number.desc())
    ):
        revisions[row.comment_id].append(row)
    seen = findings.of_comments(session, ids)
    return tuple(Said(comment, tuple(revisions[comment.id]), tuple(seen[comment.id])) for comment in comments)


def _native_replies(session: Session, account_id: int, answered: Sequence[str]) -> tuple[OwnReplyRow, ...]:
    rows = session.scalars(
        select(OwnReplyRow)
        .where(
            OwnReplyRow.account_id == account_id,
            OwnReplyRow.in_reply_to.in_(answered),
            OwnReplyRow.reply_part_id.is_(None),
        )
        .order_by(OwnReplyRow.posted_at)
    )
    return tuple(rows)


def _written(session: Session, case_id: int) -> tuple[Written, ...]:
    rows = session.execute(
        select(ReplyRow, UserRow.full_name)
        .join(UserRow, UserRow.id == ReplyRow.author_id)
        .where(ReplyRow.case_id == case_id)
        .order_by(ReplyRow.id)
    ).all()
    parts: dict[int, list[PartRow]] = {reply.id: [] for reply, _name in rows}
    for part in session.scalars(
        select(PartRow).where(PartRow.reply_id.in_(list(parts))).order_by(PartRow.reply_id, PartRow.number)
    ):
        parts[part.reply_id].append(part)
    return tuple(Written(reply, tuple(parts[reply.id]), name) for reply, name in rows)
