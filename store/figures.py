"""The rows of which a week's figures are made: no resident's words, no names.

A row stands as its case stands today (area, whether an answer is owed); only its moments say what
had happened by the end of the week.  A correction made later corrects the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, case, func, literal, not_, or_, select
from sqlalchemy.orm import Session, aliased

from store.accounts import AccountRow
from store.cases import CaseRow, EventRow, RoundRow
from store.comments import CommentRow
from store.replies import ReplyRow
from store.silences import Silence, overlapping
from store.translations import TranslationRow
from vocabulary import Act, Language, Note, Origin, Platform

OWED_WELSH = frozenset({Language.CY, Language.MIXED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is counted.  The area is the case's, or the account's while there is no case."""

    area: str
    platform: Platform
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of a case's clocks.  Its language is that of the comment that set them going."""

    place: Place
    case_id: int
    reference: str
    owed: bool
    received_at: datetime
    ack_due: date | None
    due: date
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A comment by the public, history left out: when it was posted, and when we first saw it.

    `case_id` is None until it has been placed.
    """

    place: Place
    posted_at: datetime
    first_seen: datetime
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something counted by the moment it happened, in a case."""

    place: Place
    at: datetime
    case_id: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """A person's word against that of the classifiers: `says` is a language, or yes or no for a label."""

    place: Place
    at: datetime
    about: str
    says: str
    case_id: int


@dataclass(frozen=True, slots=True)
class Rows:
    """All that the figures of one week are counted from.  `platforms` are those of our accounts.

    What a saved search found was not written to us: it is counted by itself, as `searched`.
    """

    turns: tuple[Turn, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    reopenings: tuple[Happening, ...] = ()
    english_only: tuple[Happening, ...] = ()
    by_machine: tuple[Happening, ...] = ()
    platforms: tuple[Platform, ...] = ()
    silences: tuple[Silence, ...] = ()
    searched: int = 0
    corrections: tuple[Corrected, ...] = ()


def rows(session: Session, start: datetime, end: datetime, first_day: date) -> Rows:
    """The rows that may count between two moments; `first_day` is the London date of `start`.

    A turn is among them when it began before `end` and was not over, done and due before `start`.
    """
    return Rows(
        turns=_turns(session, start, end, first_day),
        arrivals=_arrivals(session, start, end),
        reopenings=_reopenings(session, start, end),
        english_only=_english_only(session, start, end),
        by_machine=_by_machine(session, start, end),
        platforms=tuple(sorted(set(session.scalars(select(AccountRow.platform))))),
        silences=tuple(overlapping(session, start, end)),
        searched=_searched(session, start, end),
        corrections=_corrections(session, start, end),
    )


def language_of(written: str) -> Language:
    """A stored language; what was never read is not clear."""
    return Language(written) if written in _LANGUAGES else Language.UND


_LANGUAGES = frozenset(Language)


def judged(
    session: Session, ends: Mapping[date, datetime], *, until: datetime, today: date
) -> Mapping[str, tuple[int, int]]:
    """By area, the answers due on these days that can be judged, and those of them that were in time.

    `ends` says when each day is over; `today` is the day of `until`, after which nothing has happened yet.  The
    database counts by the rules of `reports.figures`, for many weeks at once.
    """
    over = case({day: literal(end, RoundRow.answered_at.type) for day, end in ends.items()}, value=RoundRow.due)
    answered = and_(RoundRow.answered_at.is_not(None), RoundRow.answered_at < until)
    closed = and_(not_(answered), RoundRow.ended_at.is_not(None), RoundRow.ended_at < until, RoundRow.ended_at < over)
    in_time = and_(answered, RoundRow.answered_at < over)
    found = session.execute(
        select(CaseRow.service_area, func.count(), func.sum(case((in_time, 1), else_=0)))
        .select_from(RoundRow)
        .join(CaseRow, CaseRow.id == RoundRow.case_id)
        .join(CommentRow, CommentRow.id == RoundRow.comment_id)
        .where(
            RoundRow.due.in_(list(ends)),
            RoundRow.answer_owed,
            RoundRow.received_at < until,
            CommentRow.origin != Origin.SEARCH,
            or_(answered, RoundRow.due < today),
            not_(closed),
        )
        .group_by(CaseRow.service_area)
    )
    return {area: (due, int(good)) for area, due, good in found}


def _turns(session: Session, start: datetime, end: datetime, first_day: date) -> tuple[Turn, ...]:
    found = session.execute(
        select(
            RoundRow,
            CaseRow.reference,
            CaseRow.service_area,
            RoundRow.answer_owed,
            AccountRow.platform,
            CommentRow.language,
        )
        .join(CaseRow, CaseRow.id == RoundRow.case_id)
        .join(CommentRow, CommentRow.id == RoundRow.comment_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .where(
            RoundRow.received_at < end,
            CommentRow.origin != Origin.SEARCH,
            or_(
                RoundRow.due >= first_day,
                RoundRow.answered_at >= start,
                RoundRow.ended_at >= start,
                and_(RoundRow.answered_at.is_(None), RoundRow.ended_at.is_(None)),
            ),
        )
        .order_by(RoundRow.id)
    )
    return tuple(
        Turn(
            place=Place(area=area, platform=platform, language=language_of(language)),
            case_id=turn.case_id,
            reference=reference,
            owed=owed,
            received_at=turn.received_at,
            ack_due=turn.ack_due,
            due=turn.due,
            acknowledged_at=turn.acknowledged_at,
            answered_at=turn.answered_at,
            ended_at=turn.ended_at,
        )
        for turn, reference, area, owed, platform, language in found
    )


def _arrivals(session: Session, start: datetime, end: datetime) -> tuple[Arrival, ...]:
    found = session.execute(
        select(
            CommentRow.posted_at,
            CommentRow.first_seen,
            CommentRow.language,
            CommentRow.case_id,
            CaseRow.service_area,
            AccountRow.service_area,
            AccountRow.platform,
        )
        .join(AccountRow, AccountRow.id == CommentRow.account_id)
        .outerjoin(CaseRow, CaseRow.id == CommentRow.case_id)
        .where(
            CommentRow.posted_at >= start,
            CommentRow.posted_at < end,
            ~CommentRow.history,
            CommentRow.origin != Origin.SEARCH,
        )
        .order_by(CommentRow.id)
    )
    return tuple(
        Arrival(
            place=Place(area=of_case or of_account, platform=platform, language=language_of(language)),
            posted_at=posted_at,
            first_seen=first_seen,
            case_id=case_id,
        )
        for posted_at, first_seen, language, case_id, of_case, of_account, platform in found
    )


def _searched(session: Session, start: datetime, end: datetime) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(CommentRow)
            .where(
                CommentRow.posted_at >= start,
                CommentRow.posted_at < end,
                ~CommentRow.history,
                CommentRow.origin == Origin.SEARCH,
            )
        )
        or 0
    )


def _corrections(session: Session, start: datetime, end: datetime) -> tuple[Corrected, ...]:
    found = session.execute(
        select(EventRow.at, EventRow.detail, CaseRow.id, CaseRow.service_area, CaseRow.language, AccountRow.platform)
        .join(CaseRow, CaseRow.id == EventRow.case_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .where(EventRow.what == Note.CORRECTED.value, EventRow.at >= start, EventRow.at < end)
        .order_by(EventRow.id)
    )
    return tuple(
        Corrected(
            Place(area=area, platform=platform, language=language_of(language)),
            at,
            str(detail.get("about", "")),
            str(detail.get("says", "")),
            case_id,
        )
        for at, detail, case_id, area, language, platform in found
    )


def _reopenings(session: Session, start: datetime, end: datetime) -> tuple[Happening, ...]:
    found = session.execute(
        select(EventRow.at, CaseRow.id, CaseRow.service_area, CaseRow.language, AccountRow.platform)
        .join(CaseRow, CaseRow.id == EventRow.case_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .where(EventRow.what == Act.REOPEN.value, EventRow.at >= start, EventRow.at < end)
        .order_by(EventRow.id)
    )
    return tuple(
        Happening(Place(area=area, platform=platform, language=language_of(language)), at, case_id)
        for at, case_id, area, language, platform in found
    )


def _english_only(session: Session, start: datetime, end: datetime) -> tuple[Happening, ...]:
    """Replies that left without Welsh though Welsh was written: to this comment, or to start the clock."""
    first, welsh = aliased(CommentRow), [each.value for each in OWED_WELSH]
    found = session.execute(
        select(
            ReplyRow.sent_at, CaseRow.id, CaseRow.service_area, CommentRow.language, first.language, AccountRow.platform
        )
        .join(CaseRow, CaseRow.id == ReplyRow.case_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .join(CommentRow, CommentRow.id == ReplyRow.comment_id)
        .join(RoundRow, and_(RoundRow.case_id == ReplyRow.case_id, RoundRow.number == ReplyRow.round))
        .join(first, first.id == RoundRow.comment_id)
        .where(
            ReplyRow.sent_at >= start,
            ReplyRow.sent_at < end,
            ReplyRow.text_cy == "",
            ReplyRow.text_en != "",
            ReplyRow.exception_reason != "",
            or_(CommentRow.language.in_(welsh), first.language.in_(welsh)),
        )
        .order_by(ReplyRow.id)
    )
    return tuple(
        Happening(
            Place(
                area=area,
                platform=platform,
                language=language_of(written if written in OWED_WELSH else started),
            ),
            at,
            case_id,
        )
        for at, case_id, area, written, started, platform in found
        if at is not None
    )


def _by_machine(session: Session, start: datetime, end: datetime) -> tuple[Happening, ...]:
    """Replies that left with words a machine had translated, whether or not they have been checked since."""
    marked = select(TranslationRow.reply_id).where(TranslationRow.reply_id.is_not(None))
    found = session.execute(
        select(ReplyRow.sent_at, CaseRow.id, CaseRow.service_area, CommentRow.language, AccountRow.platform)
        .join(CaseRow, CaseRow.id == ReplyRow.case_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .join(CommentRow, CommentRow.id == ReplyRow.comment_id)
        .where(ReplyRow.sent_at >= start, ReplyRow.sent_at < end, ReplyRow.id.in_(marked))
        .order_by(ReplyRow.id)
    )
    return tuple(
        Happening(Place(area=area, platform=platform, language=language_of(language)), at, case_id)
        for at, case_id, area, language, platform in found
        if at is not None
    )
