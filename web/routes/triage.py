"""Claims, putting off, waves and acts on several cases at once: what officers do with a queue besides answering."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response
from pydantic import Field

import pipeline
from moderation import queue, replies, triage
from moderation.replies import Draft
from moderation.triage import Outcome
from store import sessions
from store.cases import CaseRow
from vocabulary import Act, GwylioError, ReplyKind
from web.gate import ANSWERING
from web.routes.cases import NOT_SENT, OUT_OF_REACH, Typed, at_field, case_page, given_to
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

WHY: Final = N_("Say why, in your own words.")
LATER: Final = N_("Write a day after today and before the deadline, such as 2026-11-24. The latest is {day}.")
NO_DAY: Final = N_("There is no day left before the deadline: this case cannot be put off.")
Ticked = Annotated[tuple[Text, ...], Field(max_length=triage.MOST)]


class ClaimFields(Fields):
    release: bool = False


class SnoozeFields(Fields):
    version: Number = 0
    until: Text = ""
    reason: Text = ""


class WaveFields(Fields):
    ticked: Ticked = ()
    kind: ReplyKind = ReplyKind.ANSWER
    text_cy: Text = ""
    text_en: Text = ""
    exception: Text = ""


class BulkFields(Fields):
    """`ticked` are cases as they were seen: `12.3` is case 12 at version 3."""

    ticked: Ticked = ()
    to: Text = ""
    outcome: Text = ""
    reason: Text = ""


@router.post("/cases/{case_id}/claim", name="claim")
def claim(visit: SomeVisit, case_id: int, fields: Annotated[ClaimFields, Form()]) -> Response:
    """The reader works on the case now, or no longer."""
    act = triage.release if fields.release else triage.claim
    visit.store.write(lambda session: act(session, case_id, actor=visit.actor, now=visit.now))
    return visit.go("queue" if fields.release else f"cases/{case_id}")


@router.post("/cases/{case_id}/snooze", name="snooze")
def snooze(visit: SomeVisit, case_id: int, fields: Annotated[SnoozeFields, Form()]) -> Response:
    """Put a case off to a day before its deadline."""
    typed = Typed(act="snooze", words=fields.reason, to=fields.until)
    try:
        until = date.fromisoformat(fields.until)
    except ValueError:
        until = date.min
    try:
        visit.store.write(
            lambda session: triage.snooze(
                session, case_id, until, actor=visit.actor, now=visit.now, words=fields.reason, saw=fields.version
            )
        )
    except queue.ReasonNeeded:
        fault = at_field(visit.words.gettext(WHY), "reason-snooze")
        return case_page(visit, case_id, typed=typed, faults=[fault])
    except triage.NoSnooze as no:
        words = visit.words
        says = words.gettext(LATER, day=words.short_day(no.latest)) if no.latest else words.gettext(NO_DAY)
        return case_page(visit, case_id, typed=typed, faults=[at_field(says, "until")])
    return visit.go(f"cases/{case_id}", done="snooze")


@router.post("/cases/{case_id}/wave", name="answer_wave")
def answer_wave(visit: SomeVisit, case_id: int, fields: Annotated[WaveFields, Form()]) -> Response:
    """The same reply to this case and to others in which people said the same; each is checked and sent for itself."""
    draft = Draft(fields.kind, fields.text_cy, fields.text_en, fields.exception)
    saw = {each: version for each, version in triage.as_seen(fields.ticked).items() if _may_answer(visit, each)}
    sent, refused = pipeline.answer_wave(visit.here, saw, draft, actor=visit.actor, now=visit.now)
    with visit.store.read() as session:
        names = {each: queue.get(session, each).reference for each in (*sent, *refused)}
    return visit.page(
        "bulk.html",
        done=[names[each] for each in sent],
        refused={names[each]: _why(visit, error) for each, error in refused.items()},
        bulk_id=0,
        back=f"cases/{case_id}",
    )


@router.post("/queue/bulk/{act}", name="bulk_act")
def bulk(visit: SomeVisit, act: str, fields: Annotated[BulkFields, Form()]) -> Response:
    """One act on every case that was ticked."""
    wanted = {"assign": Act.ASSIGN, "close": Act.CLOSE}.get(act)
    with visit.store.read() as session:
        given = given_to(visit, sessions.officers(session), fields.to) if wanted is Act.ASSIGN else ("", None)
    saw = triage.as_seen(fields.ticked)
    if wanted is None or not saw or given is None:
        return visit.go("queue", done="bulk_nothing")
    area, owner_id = given
    try:
        found = visit.store.write(
            lambda session: triage.on_several(
                session,
                saw,
                wanted,
                allowed=lambda case: _may_act(visit, case),
                actor=visit.actor,
                policy=visit.here.policy,
                now=visit.now,
                words=fields.reason,
                area=area,
                owner_id=owner_id,
                outcome=fields.outcome,
            )
        )
    except queue.ReasonNeeded:
        return visit.go("queue", done="bulk_why")
    return _told(visit, found)


@router.post("/bulk/{bulk_id}/undo", name="bulk_undo")
def undo(visit: SomeVisit, bulk_id: int) -> Response:
    """Take back the last act on several cases, where nobody touched them since."""
    try:
        found = visit.store.write(
            lambda session: triage.undo(
                session, min(bulk_id, 2**53), actor=visit.actor, policy=visit.here.policy, now=visit.now
            )
        )
    except triage.CannotUndo:
        return visit.go("queue", done="bulk_nothing")
    return _told(visit, found, undone=True)


def _told(visit: Visit, found: Outcome, *, undone: bool = False) -> Response:
    """What was done, case by case."""
    return visit.page(
        "bulk.html",
        done=found.done,
        refused=dict.fromkeys(found.refused, visit.words.gettext(N_("It moved since, or this cannot be done to it."))),
        bulk_id=0 if undone else found.bulk_id,
        back="queue",
    )


def _may_act(visit: Visit, case: CaseRow) -> bool:
    return bool(visit.reader.roles_in(case.service_area) & ANSWERING) and not case.restricted


def _may_answer(visit: Visit, case_id: int) -> bool:
    with visit.store.read() as session:
        case = session.get(CaseRow, case_id)
        return case is not None and _may_act(visit, case)


def _why(visit: Visit, error: GwylioError) -> str:
    """Why one reply of a wave did not leave."""
    if isinstance(error, replies.ReplyRefused):
        return "; ".join(visit.words.say(each.why) for each in error.objections)
    if isinstance(error, queue.StaleCase):
        return visit.words.gettext(N_("It moved since, or this cannot be done to it."))
    return visit.words.gettext(NOT_SENT.get(type(error), OUT_OF_REACH))
