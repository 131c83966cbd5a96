"""Comments, their revisions, their authors and our posts.

`keep` is the only way in: it stores the new, adds a revision to the changed, and notes that the
rest are still there.  Handing it the same page twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Table,
    UniqueConstraint,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

import vocabulary
from store import bulk
from store.accounts import AccountRow
from store.base import Base, NaiveTime
from store.cases import CaseRow
from store.normaliser import LONGEST, for_search, harmless, normalise, normalise_line
from vocabulary import Origin, Platform, Presence, State

T = TypeVar("T")

LONGEST_ADDRESS = 2_000
"""Characters of a comment's address; a longer one, or one with strange characters, is not kept."""
CHUNK = 400
"""Ids in one IN list; SQLite and PostgreSQL are both at ease with it."""


class AuthorRow(Base):
    """Who wrote, as one platform knows them."""

    __tablename__ = "author"
    __table_args__ = (UniqueConstraint("platform", "native_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[Platform]
    native_id: Mapped[str]
    name: Mapped[str]


class PostRow(Base):
    """What we published, with the language it is in once it was read."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("account_id", "native_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    native_id: Mapped[str]
    text: Mapped[str]
    language: Mapped[str] = mapped_column(default="")
    posted_at: Mapped[datetime]
    first_seen: Mapped[datetime]
    url: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class CommentRow(Base):
    """One message by the public to us.  `latest` is the number of its newest revision.

    `case_id` is None until it is routed, and stays so for history.  `found_by` names a saved search.
    `rechecked_at` is when its platform was last asked what became of it.
    `unread_tries` counts failed readings; `read_at` is None while it waits to be read.
    """

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("account_id", "native_id"),
        Index("ix_comment_author_id_posted_at", "author_id", "posted_at"),
        Index("ix_comment_read_at_id", "read_at", "id"),
        Index("ix_comment_posted_at", "posted_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    native_id: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    thread: Mapped[str]
    in_reply_to: Mapped[str]
    url: Mapped[str]
    posted_at: Mapped[datetime]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    noticed_gone: Mapped[datetime | None]
    gone_checks: Mapped[int] = mapped_column(default=0)
    rechecked_at: Mapped[datetime | None]
    presence: Mapped[Presence]
    origin: Mapped[Origin] = mapped_column(default=Origin.ADDRESSED)
    found_by: Mapped[str] = mapped_column(default="")
    latest: Mapped[int]
    history: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="")
    read_at: Mapped[datetime | None]
    unread_tries: Mapped[int] = mapped_column(default=0)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)


class RevisionRow(Base):
    """The words of a comment at one time.  Erasing the words leaves their hash."""

    __tablename__ = "revision"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str]
    search: Mapped[str]
    cut: Mapped[bool] = mapped_column(default=False)
    sha256: Mapped[str]
    seen_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class OwnReplyRow(Base):
    """A reply of ours as the platform shows it; `reply_part_id` once it is known to be from the outbox."""

    __tablename__ = "own_reply"
    __table_args__ = (UniqueConstraint("account_id", "native_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    native_id: Mapped[str]
    in_reply_to: Mapped[str] = mapped_column(index=True)
    thread: Mapped[str]
    text: Mapped[str]
    posted_at: Mapped[datetime]
    first_seen: Mapped[datetime]
    reply_part_id: Mapped[int | None] = mapped_column(ForeignKey("reply_part.id"))
    joined_at: Mapped[datetime | None]
    raw: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Kept:
    """Ids of the comments that are new, and of those whose words changed."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    unchanged: int = 0


def keep(
    session: Session, account: AccountRow, found: Iterable[vocabulary.Comment], *, now: datetime, history: bool = False
) -> Kept:
    """Store what a page brought.

    Comments posted before the account's `open_since`, and all of them where `history` is said,
    are history: they are kept and never open a case.  Nobody wrote later than we read it: a time
    in the future is taken for `now`, lest its answer be due in another century.
    """
    comments = {comment.native_id: comment for comment in found}
    if naive := [each.native_id for each in comments.values() if each.posted_at.tzinfo is None]:
        raise NaiveTime(f"{account.slug}: comment {naive[0]} has no time zone; give every moment its zone")
    if not comments:
        return Kept()
    session.flush()
    known = _known(session, account.id, list(comments))
    fresh = [comment for native_id, comment in comments.items() if native_id not in known]
    new = _insert(session, account, fresh, now=now, history=history)
    changed: list[_Known] = []
    same: list[_Known] = []
    for native_id, row in known.items():
        (same if row.sha256 == fingerprint(comments[native_id].text) else changed).append(row)
    _revise(session, changed, comments, now=now)
    for part in _chunks([row.id for row in same]):
        session.execute(
            update(CommentRow).where(CommentRow.id.in_(part)).values(last_seen=now, noticed_gone=None, gone_checks=0)
        )
    _note_hidden(session, known, comments, {row.native_id for row in changed})
    _note_addressed(session, known, comments)
    return Kept(tuple(new), tuple(row.id for row in changed), len(same))


def keep_posts(session: Session, account: AccountRow, found: Iterable[vocabulary.Post], *, now: datetime) -> int:
    """Store our own posts that we did not know yet; how many were new."""
    posts = {post.native_id: post for post in found}
    known: set[str] = set()
    for part in _chunks(list(posts)):
        known.update(
            session.scalars(
                select(PostRow.native_id).where(PostRow.account_id == account.id, PostRow.native_id.in_(part))
            )
        )
    rows = [
        {
            "account_id": account.id,
            "native_id": post.native_id,
            "text": normalise(post.text).text,
            "language": "",
            "posted_at": post.posted_at,
            "first_seen": now,
            "url": _address(post.url),
            "raw": post.raw,
        }
        for native_id, post in posts.items()
        if native_id not in known
    ]
    if rows:
        session.execute(insert(PostRow), rows)
    return len(rows)


def keep_own(session: Session, account: AccountRow, found: Iterable[vocabulary.OwnReply], *, now: datetime) -> int:
    """Store replies of ours that the platform shows and we had not recorded; how many were new."""
    ours = {reply.native_id: reply for reply in found}
    known: set[str] = set()
    for part in _chunks(list(ours)):
        known.update(
            session.scalars(
                select(OwnReplyRow.native_id).where(
                    OwnReplyRow.account_id == account.id, OwnReplyRow.native_id.in_(part)
                )
            )
        )
    rows = [
        {
            "account_id": account.id,
            "native_id": reply.native_id,
            "in_reply_to": reply.in_reply_to,
            "thread": reply.thread,
            "text": normalise(reply.text).text,
            "posted_at": reply.posted_at,
            "first_seen": now,
            "raw": reply.raw,
        }
        for native_id, reply in ours.items()
        if native_id not in known
    ]
    if rows:
        session.execute(insert(OwnReplyRow), rows)
    return len(rows)


def unread(session: Session, *, limit: int, tries: int) -> Sequence[int]:
    """Ids of comments that wait to be read by the panel, oldest first; poisoned ones are left out."""
    return session.scalars(
        select(CommentRow.id)
        .where(CommentRow.read_at.is_(None), CommentRow.unread_tries < tries)
        .order_by(CommentRow.posted_at, CommentRow.id)
        .limit(limit)
    ).all()


def as_said(session: Session, ids: Sequence[int]) -> Mapping[int, vocabulary.Comment]:
    """The comments with their newest words, as they travel between packages."""
    said: dict[int, vocabulary.Comment] = {}
    for part in _chunks(ids):
        rows = session.execute(_WITH_WORDS.where(CommentRow.id.in_(part)))
        said.update({row.CommentRow.id: _as_comment(row) for row in rows})
    return said


def earlier_by(
    session: Session, author_id: int, *, before: datetime, within: timedelta, limit: int
) -> list[vocabulary.Comment]:
    """What the same author said to us before, newest first, on any of our accounts of that platform."""
    rows = session.execute(
        _WITH_WORDS.where(
            CommentRow.author_id == author_id,
            CommentRow.posted_at < before,
            CommentRow.posted_at >= before - within,
        )
        .order_by(CommentRow.posted_at.desc())
        .limit(limit)
    )
    return [_as_comment(row) for row in rows]


def lately(session: Session, *, since: datetime, before: datetime, limit: int) -> list[vocabulary.Comment]:
    """What anybody said to us from `since` until `before`, the newest `limit` of it."""
    rows = session.execute(
        _WITH_WORDS.where(
            CommentRow.posted_at >= since, CommentRow.posted_at < before, CommentRow.author_id.is_not(None)
        )
        .order_by(CommentRow.posted_at.desc())
        .limit(limit)
    )
    return [_as_comment(row) for row in rows]


def newest_since(session: Session, since: datetime, limit: int) -> list[vocabulary.Comment]:
    """The newest `limit` comments to us since then, with their newest words."""
    rows = session.execute(
        _WITH_WORDS.where(CommentRow.posted_at >= since, CommentRow.origin != Origin.SEARCH)
        .order_by(CommentRow.posted_at.desc())
        .limit(limit)
    )
    return [_as_comment(row) for row in rows]


def posts_unread(session: Session, *, limit: int) -> list[tuple[int, str, datetime]]:
    """Id, words and time of our own posts whose language nobody has read, newest first."""
    rows = session.execute(
        select(PostRow.id, PostRow.text, PostRow.posted_at)
        .where(PostRow.language == "")
        .order_by(PostRow.posted_at.desc(), PostRow.id.desc())
        .limit(limit)
    )
    return [(post_id, text, at) for post_id, text, at in rows]


def keep_post_languages(session: Session, found: Mapping[int, vocabulary.Language]) -> None:
    """The language of each of these posts."""
    for post_id, language in found.items():
        session.execute(update(PostRow).where(PostRow.id == post_id).values(language=language.value))


def wordings(session: Session, ids: Sequence[int]) -> Sequence[RevisionRow]:
    """Every wording of these comments with what the platform gave us, in order of the comments and of time."""
    return session.scalars(
        select(RevisionRow).where(RevisionRow.comment_id.in_(ids)).order_by(RevisionRow.comment_id, RevisionRow.number)
    ).all()


def placed_since(session: Session, since: datetime, limit: int) -> list[tuple[int, str, str]]:
    """Id, case reference and the account's service area of the newest comments that have a case, newest first."""
    from store.cases import CaseRow

    rows = session.execute(
        select(CommentRow.id, CaseRow.reference, AccountRow.service_area)
        .join(CaseRow, CaseRow.id == CommentRow.case_id)
        .join(AccountRow, AccountRow.id == CommentRow.account_id)
        .where(CommentRow.posted_at >= since)
        .order_by(CommentRow.posted_at.desc(), CommentRow.id.desc())
        .limit(limit)
    )
    return [(comment_id, reference, area) for comment_id, reference, area in rows]


def fingerprint(text: str) -> str:
    """SHA-256 of the words as they came, in UTF-8 (lone surrogates pass)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# Pages are written through the tables: the ORM would look at every row by itself.
_AUTHOR, _COMMENT, _REVISION = (cast("Table", row.__table__) for row in (AuthorRow, CommentRow, RevisionRow))
_NOT_ON_SHOW = frozenset(
    {Presence.HIDDEN_BY_US, Presence.DELETED_BY_AUTHOR, Presence.DELETED_BY_US, Presence.UNAVAILABLE}
)
_WITH_WORDS = (
    select(CommentRow, RevisionRow.text, RevisionRow.edited_at, AuthorRow.native_id, AuthorRow.name, AccountRow.slug)
    .join(RevisionRow, and_(RevisionRow.comment_id == CommentRow.id, RevisionRow.number == CommentRow.latest))
    .join(AccountRow, AccountRow.id == CommentRow.account_id)
    .outerjoin(AuthorRow, AuthorRow.id == CommentRow.author_id)
)


def _as_comment(row: Row[CommentRow, str, datetime | None, str, str, str]) -> vocabulary.Comment:
    comment, text, edited_at, author_id, author_name, slug = row
    return vocabulary.Comment(
        account=slug,
        native_id=comment.native_id,
        text=text,
        posted_at=comment.posted_at,
        author=vocabulary.Author(author_id, author_name) if author_id is not None else None,
        thread=comment.thread,
        in_reply_to=comment.in_reply_to,
        url=comment.url,
        edited_at=edited_at,
        hidden=comment.presence is Presence.HIDDEN_BY_US,
        origin=comment.origin,
        found_by=comment.found_by,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    native_id: str
    latest: int
    presence: Presence
    origin: Origin
    sha256: str


_KNOWN = """
    SELECT c.id, c.native_id, c.latest, c.presence, c.origin, r.sha256
    FROM comment AS c JOIN revision AS r ON r.comment_id = c.id AND r.number = c.latest
    WHERE c.native_id IN :wanted AND c.account_id = ?
"""
_KNOWN_AUTHORS = "SELECT native_id, id, name FROM author WHERE native_id IN :wanted AND platform = ?"


def _known(session: Session, account_id: int, native_ids: Sequence[str]) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for part in _chunks(native_ids):
        for comment_id, native_id, latest, presence, origin, sha256 in bulk.among(session, _KNOWN, part, account_id):
            known[native_id] = _Known(comment_id, native_id, latest, Presence(presence), Origin(origin), sha256)
    return known


def _insert(
    session: Session, account: AccountRow, fresh: Sequence[vocabulary.Comment], *, now: datetime, history: bool
) -> list[int]:
    if not fresh:
        return []
    authors = _authors(session, account.platform, [comment.author for comment in fresh if comment.author])
    since = None if history else account.open_since
    past = [history or (since is not None and comment.posted_at < since) for comment in fresh]
    ids = bulk.reserve(session, _COMMENT, len(fresh))
    bulk.add(
        session,
        _COMMENT,
        {
            "id": ids,
            "account_id": account.id,
            "native_id": [comment.native_id for comment in fresh],
            "author_id": [comment.author and authors[comment.author.native_id] for comment in fresh],
            "thread": [comment.thread for comment in fresh],
            "in_reply_to": [comment.in_reply_to for comment in fresh],
            "url": [_address(comment.url) for comment in fresh],
            "posted_at": [min(now, comment.posted_at) for comment in fresh],
            "first_seen": now,
            "last_seen": now,
            "gone_checks": 0,
            "presence": [Presence.HIDDEN_BY_US if comment.hidden else Presence.PRESENT for comment in fresh],
            "origin": [comment.origin for comment in fresh],
            "found_by": [comment.found_by for comment in fresh],
            "latest": 1,
            "history": past,
            "language": "",
            "read_at": [now if known_before else None for known_before in past],
            "unread_tries": 0,
        },
    )
    _add_revisions(session, ids, 1, fresh, now=now)
    return ids


def _address(url: str) -> str:
    return url if len(url) <= LONGEST_ADDRESS and url.isprintable() else ""


def _add_revisions(
    session: Session, ids: list[int], numbers: int | list[int], said: Sequence[vocabulary.Comment], *, now: datetime
) -> None:
    texts = [harmless(comment.text) for comment in said]
    bulk.add(
        session,
        _REVISION,
        {
            "comment_id": ids,
            "number": numbers,
            "text": texts,
            "search": [for_search(text) for text in texts],
            "cut": [len(comment.text) > LONGEST for comment in said],
            "sha256": [fingerprint(comment.text) for comment in said],
            "seen_at": now,
            "edited_at": [comment.edited_at for comment in said],
            "raw": [comment.raw or comment.text.encode("utf-8", "surrogatepass") for comment in said],
        },
    )


def _revise(
    session: Session, changed: Sequence[_Known], comments: Mapping[str, vocabulary.Comment], *, now: datetime
) -> None:
    if not changed:
        return
    said = [comments[row.native_id] for row in changed]
    _add_revisions(session, [row.id for row in changed], [row.latest + 1 for row in changed], said, now=now)
    for row in changed:
        session.execute(
            update(CommentRow)
            .where(CommentRow.id == row.id)
            .values(
                latest=row.latest + 1,
                presence=Presence.EDITED,
                last_seen=now,
                noticed_gone=None,
                gone_checks=0,
                read_at=case((CommentRow.history, now), else_=None),
                unread_tries=0,
            )
        )


def _note_hidden(
    session: Session,
    known: Mapping[str, _Known],
    comments: Mapping[str, vocabulary.Comment],
    revised: Collection[str],
) -> None:
    """What is hidden stays so where the platform does not say, whatever became of its words."""
    for native_id, row in known.items():
        hidden, stands = comments[native_id].hidden, Presence.EDITED if native_id in revised else row.presence
        if hidden or (hidden is None and row.presence is Presence.HIDDEN_BY_US):
            seen = Presence.HIDDEN_BY_US
        elif stands in _NOT_ON_SHOW:
            seen = Presence.EDITED if row.latest > 1 else Presence.PRESENT
        else:
            continue
        if seen is not stands:
            session.execute(update(CommentRow).where(CommentRow.id == row.id).values(presence=seen))


def _note_addressed(session: Session, known: Mapping[str, _Known], comments: Mapping[str, vocabulary.Comment]) -> None:
    """What a search found first may have been written to us after all: then it is read again, as such."""
    for native_id, row in known.items():
        origin = comments[native_id].origin
        if row.origin is Origin.SEARCH and origin is not Origin.SEARCH:
            session.execute(
                update(CommentRow)
                .where(CommentRow.id == row.id)
                .values(origin=origin, found_by="", read_at=case((CommentRow.history, CommentRow.read_at), else_=None))
            )


def _authors(session: Session, platform: Platform, authors: Iterable[vocabulary.Author]) -> dict[str, int]:
    said = {author.native_id: author.name for author in authors}
    wanted = {native_id: normalise_line(name) for native_id, name in said.items()}
    known = _known_authors(session, platform, list(wanted))
    for native_id, (author_id, name) in known.items():
        if wanted[native_id] and wanted[native_id] != name:
            session.execute(update(AuthorRow).where(AuthorRow.id == author_id).values(name=wanted[native_id]))
    ids = {native_id: author_id for native_id, (author_id, _) in known.items()}
    if missing := [native_id for native_id in wanted if native_id not in known]:
        added = bulk.reserve(session, _AUTHOR, len(missing))
        names = [wanted[native_id] for native_id in missing]
        bulk.add(session, _AUTHOR, {"id": added, "platform": platform, "native_id": missing, "name": names})
        ids |= zip(missing, added, strict=True)
    return ids


def _known_authors(session: Session, platform: Platform, native_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    known: dict[str, tuple[int, str]] = {}
    for part in _chunks(native_ids):
        for native_id, author_id, name in bulk.among(session, _KNOWN_AUTHORS, part, platform.value):
            known[native_id] = (author_id, name)
    return known


def _chunks(ids: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def author_ids(session: Session, ids: Sequence[int]) -> dict[int, int | None]:
    """The author's row id of each of these comments, None where the platform does not say."""
    found: dict[int, int | None] = {}
    for part in _chunks(ids):
        rows = session.execute(select(CommentRow.id, CommentRow.author_id).where(CommentRow.id.in_(part)))
        found.update({row.id: row.author_id for row in rows})
    return found


def account_ids(session: Session, ids: Sequence[int]) -> set[int]:
    """The accounts that these comments were left on."""
    found: set[int] = set()
    for part in _chunks(ids):
        found.update(session.scalars(select(CommentRow.account_id).where(CommentRow.id.in_(part)).distinct()))
    return found


def unseen_since(
    session: Session, account_id: int, *, before: datetime, posted_since: datetime, limit: int
) -> Sequence[tuple[int, str]]:
    """Comments with a case that no collection has shown since `before`, those not asked about for longest first.

    One that is older than `posted_since` only while its case is open.  Of one that was entered by hand no platform
    can say anything.
    """
    open_case = select(CaseRow.id).where(CaseRow.id == CommentRow.case_id, CaseRow.state != State.CLOSED).exists()
    rows = session.execute(
        select(CommentRow.id, CommentRow.native_id)
        .where(
            CommentRow.account_id == account_id,
            CommentRow.case_id.is_not(None),
            CommentRow.origin != Origin.MANUAL,
            CommentRow.presence.in_([Presence.PRESENT, Presence.EDITED, Presence.HIDDEN_BY_US]),
            CommentRow.last_seen < before,
            or_(CommentRow.posted_at >= posted_since, open_case),
        )
        .order_by(func.coalesce(CommentRow.rechecked_at, CommentRow.last_seen), CommentRow.id)
        .limit(limit)
    )
    return [(comment_id, native_id) for comment_id, native_id in rows]


def last_recheck(session: Session, account_id: int) -> datetime | None:
    """When a platform was last asked what became of any comment of one account."""
    return session.scalar(select(func.max(CommentRow.rechecked_at)).where(CommentRow.account_id == account_id))


def find(session: Session, account_slug: str, native_id: str) -> tuple[int, int | None] | None:
    """The ids of a comment and of its case (None where it has none), or None where we do not hold it."""
    row = session.execute(
        select(CommentRow.id, CommentRow.case_id)
        .join(AccountRow, AccountRow.id == CommentRow.account_id)
        .where(AccountRow.slug == account_slug, CommentRow.native_id == native_id)
    ).one_or_none()
    return (row.id, row.case_id) if row else None


def any_kept(session: Session) -> bool:
    """Whether anything that anybody said is kept, however it came."""
    return session.scalar(select(CommentRow.id).limit(1)) is not None


def posted_between(session: Session, start: datetime, end: datetime) -> int:
    """How many comments, without history, were posted from `start` up to but not at `end`."""
    return (
        session.scalar(
            select(func.count())
            .select_from(CommentRow)
            .where(CommentRow.posted_at >= start, CommentRow.posted_at < end, ~CommentRow.history)
        )
        or 0
    )
