"""What one author said to us on one platform, with our answers, as far as a reader may see.

Nothing here comes from anybody's profile, and nothing is joined across platforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, and_, select, true
from sqlalchemy.orm import Session

from store.accounts import AccountRow
from store.cases import CaseRow
from store.comments import AuthorRow, CommentRow, OwnReplyRow, RevisionRow
from store.replies import ReplyRow
from vocabulary import Platform, Presence, ReplyState, State


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment of theirs, in its newest words."""

    id: int
    case_id: int | None
    at: datetime
    account: str
    words: str
    language: str
    presence: Presence


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply of ours that stands on the platform: from the outbox in two texts, or made there in one."""

    case_id: int
    at: datetime
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A case of theirs: what they said in it and what we answered, oldest first."""

    case_id: int
    reference: str
    state: State
    area: str
    opened_at: datetime
    comments: list[Comment] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Dossier:
    """One page of what an author said to us.  `later` is the id to go on from, where there are older cases."""

    id: int
    name: str
    platform: Platform
    conversations: tuple[Conversation, ...]
    outside: tuple[Comment, ...]
    later: int | None


def areas_of(session: Session, author_id: int) -> frozenset[str]:
    """The service areas in which an author has cases."""
    return frozenset(
        session.scalars(select(CaseRow.service_area).where(CaseRow.id.in_(cases_of(author_id))).distinct())
    )


def cases_of(author_id: int) -> Select[int | None]:
    """The ids of an author's cases, by the index on their comments: the cases themselves have none."""
    return select(CommentRow.case_id).where(CommentRow.author_id == author_id, CommentRow.case_id.is_not(None))


def dossier(
    session: Session, author_id: int, areas: frozenset[str] | None, *, before: int | None, limit: int
) -> Dossier | None:
    """Their cases in these service areas (None: all), the newest first, from one on; None for an unknown author.

    Comments that belong to no case are shown to those only who see every area, on the first page.
    """
    author = session.get(AuthorRow, author_id)
    if author is None:
        return None
    found = session.scalars(
        select(CaseRow)
        .where(
            CaseRow.id.in_(cases_of(author_id)),
            true() if areas is None else CaseRow.service_area.in_(areas),
            true() if before is None else CaseRow.id < before,
        )
        .order_by(CaseRow.id.desc())
        .limit(limit + 1)
    ).all()
    shown = {
        case.id: Conversation(case.id, case.reference, case.state, case.service_area, case.opened_at)
        for case in found[:limit]
    }
    for comment in _comments(session, author_id, list(shown)):
        if comment.case_id is not None:
            shown[comment.case_id].comments.append(comment)
    for answer in (*_answers(session, list(shown)), *_native(session, list(shown))):
        shown[answer.case_id].answers.append(answer)
    for conversation in shown.values():
        conversation.answers.sort(key=_moment)
    outside = tuple(_comments(session, author_id, None, limit=limit)) if areas is None and before is None else ()
    later = min(shown) if len(found) > limit else None
    return Dossier(author.id, author.name, author.platform, tuple(shown.values()), outside, later)


def _comments(
    session: Session, author_id: int, case_ids: Sequence[int] | None, *, limit: int | None = None
) -> list[Comment]:
    """Those of these cases, oldest first; or the newest that belong to none."""
    where = CommentRow.case_id.is_(None) if case_ids is None else CommentRow.case_id.in_(case_ids)
    order = CommentRow.posted_at.desc() if case_ids is None else CommentRow.posted_at
    rows = session.execute(
        select(
            CommentRow.id,
            CommentRow.case_id,
            CommentRow.posted_at,
            AccountRow.display_name,
            RevisionRow.text,
            CommentRow.language,
            CommentRow.presence,
        )
        .join(RevisionRow, and_(RevisionRow.comment_id == CommentRow.id, RevisionRow.number == CommentRow.latest))
        .join(AccountRow, AccountRow.id == CommentRow.account_id)
        .where(CommentRow.author_id == author_id, where)
        .order_by(order, CommentRow.id)
        .limit(limit)
    )
    return [Comment(*row) for row in rows]


def _answers(session: Session, case_ids: Sequence[int]) -> list[Answer]:
    """Replies from the outbox, or recorded, that have reached them."""
    rows = session.execute(
        select(ReplyRow.case_id, ReplyRow.sent_at, ReplyRow.created_at, ReplyRow.text_cy, ReplyRow.text_en).where(
            ReplyRow.case_id.in_(case_ids), ReplyRow.state == ReplyState.SENT
        )
    )
    return [
        Answer(case_id, sent or created, tuple((lang, text) for lang, text in (("cy", cy), ("en", en)) if text))
        for case_id, sent, created, cy, en in rows
    ]


def _native(session: Session, case_ids: Sequence[int]) -> list[Answer]:
    """Replies made on the platform itself."""
    rows = session.execute(
        select(CommentRow.case_id, OwnReplyRow.posted_at, OwnReplyRow.text)
        .join(
            OwnReplyRow,
            and_(
                OwnReplyRow.account_id == CommentRow.account_id,
                OwnReplyRow.in_reply_to == CommentRow.native_id,
                OwnReplyRow.reply_part_id.is_(None),
            ),
        )
        .where(CommentRow.case_id.in_(case_ids))
    )
    return [Answer(case_id, at, (("", text),)) for case_id, at, text in rows if case_id is not None]


def _moment(answer: Answer) -> datetime:
    return answer.at
