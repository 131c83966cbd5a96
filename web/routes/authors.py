"""One author: what they said to us on one platform, and nothing else about them.

Opening the page is recorded before a word of it is shown.  Whoever loads it again shortly after, or
reads it in the other language, is still reading: their opening is in the address.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Response

from moderation import openings
from store import authors
from web.gate import LONGEST_ID, NotThere
from web.visit import Fields, SomeVisit, Text, Visit

router = APIRouter(prefix="/{language}")

PAGE: Final = 25
"""How many of their cases one page shows."""


class PurposeFields(Fields):
    purpose: Text = ""


@router.get("/authors/{author_id}", name="author")
def author(visit: SomeVisit, author_id: int, opening: str = "", before: str = "") -> Response:
    """The page, or before it the form that asks what it is opened for."""
    number = _number(opening)
    with visit.store.read() as session:
        reads = number is not None and openings.still_reading(
            session, number, author_id, actor=visit.actor, now=visit.now
        )
    if not reads:
        return _open(visit, author_id, "")
    with visit.store.read() as session:
        found = authors.dossier(session, author_id, visit.reader.areas(), before=_number(before), limit=PAGE)
        times = openings.openings_of(
            session, author_id, rule=visit.here.policy.viewing, actor=visit.actor, now=visit.now
        )
    if found is None:
        raise NotThere
    return visit.page(
        "author.html",
        author=found,
        opening=number,
        **_warning(visit, times),
    )


@router.post("/authors/{author_id}", name="author_purpose")
def author_purpose(visit: SomeVisit, author_id: int, fields: Annotated[PurposeFields, Form()]) -> Response:
    """What the page is opened for."""
    return _open(visit, author_id, fields.purpose, asked=True)


def _open(visit: Visit, author_id: int, purpose: str, *, asked: bool = False) -> Response:
    """Record an opening and go to the page; where a purpose is needed and none is given, ask for it."""
    try:
        opening = visit.store.write(
            lambda session: (
                openings.open_author(
                    session,
                    author_id,
                    rule=visit.here.policy.viewing,
                    actor=visit.actor,
                    now=visit.now,
                    purpose=purpose,
                ).id
            )
        )
    except openings.PurposeNeeded as needed:
        fault = {"text": visit.words.gettext("Say why you open this page."), "href": "#purpose"}
        return visit.page(
            "author_purpose.html",
            status=422 if asked else 200,
            author_id=author_id,
            faults=[fault] if asked else [],
            **_warning(visit, needed.number),
        )
    return visit.go(f"authors/{author_id}", opening=str(opening))


def _warning(visit: Visit, times: int) -> dict[str, Any]:
    """What a page says of looking again: how often within how many days, and whom to ask."""
    rule = visit.here.policy.viewing
    return {
        "times": times,
        "within_days": rule.within_days.value,
        "warned": times >= rule.purpose_from.value,
        "authoriser": rule.authoriser.called.say(visit.words.language),
    }


def _number(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) <= LONGEST_ID else None
