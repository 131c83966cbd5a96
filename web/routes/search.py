"""Search over the cases that the reader may open, the newest first.

What was typed may be a resident's name, so it is never logged.  A search that finds somebody by their name alone is
looking them up: the trail gets who looked for which author, never the words.  It asks for no purpose, as nothing of a
person is gathered here: each line is one case that the reader opens anyway, and what somebody has said to us all
together stays on their page, behind its own question.  A restricted case is found only by those whose role opens
restricted ones, and its line shows neither words nor name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from moderation import openings
from moderation.service_areas import Areas
from moderation.sight import MAY_OPEN
from store import desk, search
from store.database import Session
from store.desk import QueueCase
from store.search import Sought
from vocabulary import Clock, ReplyLanguage, State
from web.security import Reader
from web.visit import Fields, SomeVisit, Text, Visit
from words.folding import Question, excerpt, holds, pieces, question, terms

router = APIRouter(prefix="/{language}")

PAGE: Final = 25
LONGEST: Final = 200
"""Characters of what was typed that are looked at."""
ONLY_OPEN: Final = "open"
E = TypeVar("E", bound=StrEnum)


class Asked(Fields):
    """The question of the address, and the id of the case to go on from."""

    q: Text = ""
    area: str = ""
    reply_in: str = ""
    state: str = ""
    since: str = ""
    until: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One case that was found: its words around what was asked for, and its author's name, in marked pieces.

    `own_words` says that they are the comment's, in its language, and not a reply's or a note's.
    """

    case: QueueCase
    words: Sequence[tuple[str, bool]]
    author: Sequence[tuple[str, bool]]
    own_words: bool


@router.get("/search", name="search")
def find(visit: SomeVisit, asked: Annotated[Asked, Query()]) -> Response:
    reader, written = visit.reader, " ".join(asked.q.split())[:LONGEST]
    wanted, sought = question(written), sought_by(reader, asked, visit.here.areas)
    before = int(asked.before) if re.fullmatch("[0-9]{1,15}", asked.before) else None
    with visit.store.read() as session:
        whole = search.referred_to(session, written, sought)
        if whole is not None:
            return visit.go(f"cases/{whole}")
        found = search.find(session, wanted, sought, before=before, limit=PAGE)
        total = search.count(session, wanted, sought)
        lines = _lines(session, found.case_ids, wanted, visit.here.areas)
        named = {
            author_id
            for author_id, name in search.names_of(session, found.case_ids).values()
            if holds(terms(name), wanted)
        }
    if named:
        visit.store.write(lambda session: openings.looked_for(session, named, actor=visit.actor, now=visit.now))
    chosen = {name: given for name, given in asked.model_dump(exclude={"q", "before"}).items() if given}
    return visit.page(
        "search.html",
        written=written,
        looked=bool(wanted),
        lines=lines,
        total=total,
        most=desk.MOST_COUNTED,
        chosen=chosen,
        going_on=before is not None,
        first=_address(written, chosen),
        older=_address(written, {**chosen, "before": str(found.case_ids[-1])}) if found.more else "",
        unfiltered=_address(written, {}),
        today=visit.web.today(),
        calendar=visit.web.calendars()[Clock.ANSWER],
        areas=_visible_areas(visit),
        states=tuple(State),
        ended=(State.ANSWERED, State.CLOSED),
        only_open=ONLY_OPEN,
        languages=tuple(ReplyLanguage),
        everywhere=reader.areas() is None,
    )


def sought_by(reader: Reader, asked: Asked, areas: Areas) -> Sought:
    """Among which cases this reader looks."""
    return Sought(
        areas=reader.areas(),
        restricted_in=reader.areas_as(MAY_OPEN),
        area=asked.area if asked.area in areas else "",
        reply_in=_one_of(ReplyLanguage, asked.reply_in),
        state=_one_of(State, asked.state),
        only_open=asked.state == ONLY_OPEN,
        since=_day(asked.since),
        until=_day(asked.until),
    )


def _lines(session: Session, case_ids: Sequence[int], wanted: Question, areas: Areas) -> list[Line]:
    cases = desk.lines(session, case_ids)
    texts = search.texts_of(session, [case.id for case in cases if not case.restricted])
    return [_line(case, texts.get(case.id, ()), wanted, areas) for case in cases]


def _line(case: QueueCase, texts: Sequence[str], wanted: Question, areas: Areas) -> Line:
    """Personal data are masked in every text, as a list is read over shoulders."""
    if case.restricted:
        return Line(case, (), (), own_words=False)
    from classifiers import personal_data

    ours = personal_data.ours_in(areas.contacts)
    for text in texts:
        shown = excerpt(personal_data.masked(text, ours), wanted)
        if any(marked for _piece, marked in shown):
            return Line(case, shown, list(pieces(case.author, wanted)), own_words=text == case.words)
    shown = excerpt(personal_data.masked(case.words, ours), wanted)
    return Line(case, shown, list(pieces(case.author, wanted)), own_words=True)


def _address(written: str, chosen: Mapping[str, str]) -> str:
    return "?" + urlencode({"q": written, **chosen})


def _visible_areas(visit: Visit) -> list[str]:
    mine = visit.reader.areas()
    return [slug for slug in visit.here.areas.slugs if mine is None or slug in mine]


def _day(written: str) -> date | None:
    """A day as a browser sends it, of a year that a database and a calendar know; anything else filters nothing."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _one_of(kind: type[E], value: str) -> E | None:
    return kind(value) if value in set(kind) else None
