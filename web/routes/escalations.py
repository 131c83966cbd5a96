"""What communications must see: escalated cases, and replies whose fate only a person can settle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response

from moderation import replies, telling
from moderation.queue import ReasonNeeded
from moderation.sight import MAY_OPEN
from pipeline.notifying import reach_of
from store import desk, findings
from store.database import Session
from store.desk import Wanted
from vocabulary import Clock, State
from web.gate import COMMUNICATIONS
from web.routes.queue import PAGE, key_of, lines_of
from web.visit import Fields, SomeVisit
from words.names import N_

router = APIRouter(prefix="/{language}")

MOST_UNHEARD: Final = 50
DONE: Final[Mapping[str, str]] = {
    "published": N_("Recorded: the reply stands on the platform."),
    "again": N_("The reply is in the outbox again."),
    "given_up": N_("The reply has been given up; the case is still yours to answer."),
    "why": N_("Nothing has been done: say why the reply is given up."),
    "settled": N_("Somebody else has settled this reply already."),
}


class SettleFields(Fields):
    what: Literal["published", "again", "given_up"]
    words: str = ""


@router.get("/escalations", name="escalations")
def escalations(visit: SomeVisit, after: str = "", done: str = "") -> Response:
    areas = visit.reader.areas()
    with visit.store.read() as session:
        page = desk.queue_page(session, Wanted(areas=areas, state=State.ESCALATED), after=key_of(after), limit=PAGE)
        seen = findings.of_comments(session, [case.comment_id for case in page.cases])
        waiting = desk.unsettled(session, areas)
        reach = reach_of(session, visit.here.settings)
        unheard = telling.unheard(session, areas, now=visit.now) if reach.is_set_up else ()
    seen_areas = visit.here.areas.slugs if areas is None else areas
    return visit.page(
        "escalations.html",
        unheard=unheard[:MOST_UNHEARD],
        many_unheard=len(unheard),
        unreached=[slug for slug in sorted(seen_areas) if reach.is_set_up and not reach.reaches(slug)],
        names_restricted=bool(visit.reader.roles() & MAY_OPEN),
        lines=lines_of(seen, page.cases, visit.here.policy, visit.here.areas),
        later=page.later,
        waiting=waiting,
        may_settle=bool(visit.reader.roles() & COMMUNICATIONS),
        today=visit.web.today(),
        calendar=visit.web.calendars()[Clock.ANSWER],
        done=visit.words.gettext(DONE[done]) if done in DONE else "",
    )


@router.post("/parts/{part_id}/settle", name="settle")
def settle(visit: SomeVisit, part_id: int, fields: Annotated[SettleFields, Form()]) -> Response:
    """A person has looked: the reply stands on the platform, or it does not and goes out again, or never will."""

    def act(session: Session) -> None:
        if fields.what == "given_up":
            replies.give_up(session, part_id, actor=visit.actor, words=fields.words, now=visit.now)
            return
        replies.decide(
            session,
            part_id,
            published=fields.what == "published",
            native_id="",
            actor=visit.actor,
            policy=visit.here.policy,
            now=visit.now,
        )

    try:
        visit.store.write(act)
    except replies.NoReplyHere:
        return visit.go("escalations", done="settled")
    except ReasonNeeded:
        return visit.go("escalations", done="why")
    return visit.go("escalations", done=fields.what)
