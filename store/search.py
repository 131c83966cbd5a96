"""Full-text search over cases: FTS5 on SQLite, a tsvector on PostgreSQL, both over the terms of words/folding.py.

One document for each case: its reference, its author's name, what was said in it as it stands now, what
we replied, and what officers noted.  Triggers of the database put down which cases have changed, so that no way of
writing can be forgotten; `catch_up` writes their documents anew before the transaction that changed them ends.
What is erased in its own table is therefore not to be found any more.

Who may see a case is asked of the case itself, in the same query.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    delete,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.cases import CaseRow, EventRow
from store.comments import AuthorRow, CommentRow, OwnReplyRow, RevisionRow
from store.desk import MOST_COUNTED
from store.replies import ReplyRow
from vocabulary import ReplyLanguage, State
from words import LONDON
from words.folding import Part, Question, terms

MOST_TERMS = 16_000
"""Words of one case that are found; PostgreSQL counts no further in one document."""
MOST_BYTES = 600_000
BETWEEN = "¶"
"""Stands between two texts, so that no phrase begins in one and ends in the next; no question has it."""
AT_ONCE = 200

_DOCUMENTS = table("search_document")
_REFERENCE = re.compile(r"\s*(GW-\d{4}-\d{6,})\s*", re.IGNORECASE | re.ASCII)


class StaleRow(Base):
    """A case whose document is behind.  `backlog` is what a migration left, for `gwylio migrate` to go through."""

    __tablename__ = "search_stale"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int]
    backlog: Mapped[bool] = mapped_column(index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Among which cases to look.  `areas` and `restricted_in` are what the reader may open (None: all areas)."""

    areas: frozenset[str] | None
    restricted_in: frozenset[str] | None
    area: str = ""
    reply_in: ReplyLanguage | None = None
    state: State | None = None
    only_open: bool = False
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of cases, the newest first; `more` says whether there are older ones."""

    case_ids: tuple[int, ...]
    more: bool


def find(session: Session, asked: Question, sought: Sought, *, before: int | None = None, limit: int = 25) -> Found:
    """The cases that hold what is asked, the newest first, from below `before` on."""
    if not asked:
        return Found((), more=False)
    query = _found(session, asked, sought)
    if before is not None:
        query = query.where(_case_id(session) < before)
    ids = session.scalars(query.order_by(_case_id(session).desc()).limit(limit + 1)).all()
    return Found(tuple(ids[:limit]), more=len(ids) > limit)


def count(session: Session, asked: Question, sought: Sought) -> int:
    """How many cases that is, counted no further than MOST_COUNTED."""
    if not asked:
        return 0
    ids = _found(session, asked, sought).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(ids)) or 0


def referred_to(session: Session, written: str, sought: Sought) -> int | None:
    """The case whose whole reference this is, where the reader may see it."""
    reference = _REFERENCE.fullmatch(written)
    if reference is None:
        return None
    seen = _seen(Sought(areas=sought.areas, restricted_in=sought.restricted_in))
    return session.scalar(select(CaseRow.id).where(CaseRow.reference == reference[1].upper(), seen))


def texts_of(session: Session, case_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
    """What is found of each of these cases: what was said first and the newest of it first, then replies and notes."""
    texts: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
    for query in _texts(case_ids):
        for case_id, *said in session.execute(query):
            texts[case_id] += filter(None, said)
    return texts


def names_of(session: Session, case_ids: Collection[int]) -> Mapping[int, tuple[int, str]]:
    """The author of each of these cases, by id and name; those that are not known are left out."""
    rows = session.execute(
        select(CaseRow.id, AuthorRow.id, AuthorRow.name)
        .join(AuthorRow, AuthorRow.id == CaseRow.author_id)
        .where(CaseRow.id.in_(case_ids))
    )
    return {case_id: (author_id, name) for case_id, author_id, name in rows}


def catch_up(session: Session) -> None:
    """Write the documents of the cases that this transaction has changed."""
    ended = delete(StaleRow).where(~StaleRow.backlog).returning(StaleRow.case_id)
    _write(session, set(session.scalars(ended)))


def catch_up_backlog(session: Session, *, limit: int = AT_ONCE) -> int:
    """Write some of the documents that a migration left to be written; how many, 0 when there are no more."""
    some = select(StaleRow.id).where(StaleRow.backlog).order_by(StaleRow.id).limit(limit)
    ids = session.scalars(some).all()
    cases = session.scalars(delete(StaleRow).where(StaleRow.id.in_(ids)).returning(StaleRow.case_id)).all()
    _write(session, set(cases))
    return len(ids)


def _write(session: Session, case_ids: Collection[int]) -> None:
    ordered = sorted(case_ids)
    for start in range(0, len(ordered), AT_ONCE):
        _write_some(session, ordered[start : start + AT_ONCE])


def _write_some(session: Session, case_ids: Sequence[int]) -> None:
    """The lock makes whoever changes the same case at once wait, and then read what the other one wrote."""
    locked = select(CaseRow.id, CaseRow.reference).where(CaseRow.id.in_(case_ids)).order_by(CaseRow.id)
    references = {row.id: row.reference for row in session.execute(locked.with_for_update(key_share=True))}
    names = names_of(session, list(references))
    texts = texts_of(session, list(references))
    documents = {
        case_id: _document([reference, names.get(case_id, (0, ""))[1], *texts[case_id]])
        for case_id, reference in references.items()
    }
    on_sqlite = _on_sqlite(session)
    key = "rowid" if on_sqlite else "case_id"
    connection = session.connection()
    connection.execute(
        text(f"DELETE FROM search_document WHERE {key} = :case_id"),  # noqa: S608 - one of two names of ours
        [{"case_id": case_id} for case_id in case_ids],
    )
    if documents:
        terms_as = ":terms" if on_sqlite else "CAST(:terms AS tsvector)"
        connection.execute(
            text(f"INSERT INTO search_document ({key}, terms) VALUES (:case_id, {terms_as})"),  # noqa: S608 - as above
            [
                {"case_id": case_id, "terms": " ".join(said) if on_sqlite else _vector(said)}
                for case_id, said in documents.items()
            ],
        )


def _texts(case_ids: Collection[int]) -> Iterator[Select[*tuple[Any, ...]]]:
    yield (
        select(CommentRow.case_id, RevisionRow.text)
        .join(RevisionRow, and_(RevisionRow.comment_id == CommentRow.id, RevisionRow.number == CommentRow.latest))
        .where(CommentRow.case_id.in_(case_ids))
        .order_by(CommentRow.posted_at.desc(), CommentRow.id.desc())
    )
    yield (
        select(ReplyRow.case_id, ReplyRow.text_cy, ReplyRow.text_en)
        .where(ReplyRow.case_id.in_(case_ids))
        .order_by(ReplyRow.id.desc())
    )
    yield (
        select(CommentRow.case_id, OwnReplyRow.text)
        .join(
            OwnReplyRow,
            and_(OwnReplyRow.account_id == CommentRow.account_id, OwnReplyRow.in_reply_to == CommentRow.native_id),
        )
        .where(CommentRow.case_id.in_(case_ids), OwnReplyRow.reply_part_id.is_(None))
        .order_by(OwnReplyRow.id.desc())
    )
    yield (
        select(EventRow.case_id, EventRow.words)
        .where(EventRow.case_id.in_(case_ids), EventRow.words != "")
        .order_by(EventRow.id.desc())
    )


def _document(texts: Sequence[str]) -> list[str]:
    said: list[str] = []
    size = 0
    for one in texts:
        for term in (*terms(one), BETWEEN):
            size += len(term.encode())
            if len(said) == MOST_TERMS or size > MOST_BYTES:
                return said
            said.append(term)
    return said


def _vector(said: Sequence[str]) -> str:
    places: dict[str, list[str]] = {}
    for place, term in enumerate(said, start=1):
        places.setdefault(term, []).append(str(place))
    return " ".join(f"'{term}':{','.join(found[:255])}" for term, found in places.items())


def _found(session: Session, asked: Question, sought: Sought) -> Select[int]:
    """From the index to the cases, never the other way: each case is asked for by itself, once it was found.

    PostgreSQL takes the beginning of any word for a common one, and would read every case from the newest on.
    """
    seen = select(true()).where(CaseRow.id == _case_id(session), _seen(sought)).scalar_subquery()
    if _on_sqlite(session):
        matched = text("search_document MATCH :asked").bindparams(asked=_for_sqlite(asked))
        return select(_case_id(session)).select_from(_DOCUMENTS).where(matched, seen)
    matched = text("terms @@ CAST(:asked AS tsquery)").bindparams(asked=_for_postgresql(asked))
    first = select(literal_column("case_id", Integer).label("case_id")).select_from(_DOCUMENTS).where(matched)
    found = first.cte("found", nesting=True).prefix_with("MATERIALIZED", dialect="postgresql")
    return select(_case_id(session)).select_from(found).where(seen)


def _case_id(session: Session) -> ColumnElement[int]:
    return literal_column("search_document.rowid" if _on_sqlite(session) else "found.case_id", Integer)


def _seen(sought: Sought) -> ColumnElement[bool]:
    """Cases that the reader may open, and among those the ones that were asked for."""
    conditions: list[ColumnElement[bool]] = [
        or_(
            and_(~CaseRow.restricted, _in(sought.areas)),
            and_(CaseRow.restricted, _in(sought.restricted_in)),
        )
    ]
    if sought.area:
        conditions.append(CaseRow.service_area == sought.area)
    if sought.reply_in is not None:
        conditions.append(CaseRow.reply_in == sought.reply_in)
    if sought.state is not None:
        conditions.append(CaseRow.state == sought.state)
    if sought.only_open:
        conditions.append(CaseRow.state.not_in([State.ANSWERED, State.CLOSED]))
    if sought.since is not None:
        conditions.append(CaseRow.opened_at >= _midnight(sought.since))
    if sought.until is not None:
        conditions.append(CaseRow.opened_at < _midnight(sought.until + timedelta(days=1)))
    return and_(*conditions)


def _in(areas: frozenset[str] | None) -> ColumnElement[bool]:
    if areas is None:
        return true()
    return CaseRow.service_area.in_(sorted(areas)) if areas else false()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)


def _for_sqlite(asked: Question) -> str:
    wanted = " AND ".join(f"({_forms_for_sqlite(part)})" for part in asked.wanted)
    unwanted = " OR ".join(f"({_forms_for_sqlite(part)})" for part in asked.unwanted)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _forms_for_sqlite(part: Part) -> str:
    return " OR ".join(f'"{" ".join(words)}"{"*" if begun else ""}' for words, begun in part.ways())


def _for_postgresql(asked: Question) -> str:
    wanted = [f"({_forms_for_postgresql(part)})" for part in asked.wanted]
    unwanted = [f"!({_forms_for_postgresql(part)})" for part in asked.unwanted]
    return " & ".join(wanted + unwanted)


def _forms_for_postgresql(part: Part) -> str:
    return " | ".join(
        "(" + " <-> ".join([*(f"'{word}'" for word in words[:-1]), f"'{words[-1]}'{':*' if begun else ''}"]) + ")"
        for words, begun in part.ways()
    )


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
