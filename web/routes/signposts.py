"""Handing a case over and telling its author, and pointing an author to another body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import queue, replies, signposting, signposts
from moderation.lifecycle import IllegalTransition
from store import replies as outbox
from vocabulary import GwylioError, ReplyKind, ReplyState
from web.handing_over import HAND_OVER, HandOverFields
from web.routes.cases import (
    BEFORE_THE_COMMENT,
    BOX_NAMES,
    BOXES,
    ELSEWHERE,
    NOT_SENT,
    OUT_OF_REACH,
    ElsewhereFields,
    Typed,
    at_field,
    case_page,
    objections_at,
)
from web.visit import SomeVisit, Visit
from web.when import Unclear, moment_of
from words.names import N_

router = APIRouter(prefix="/{language}")

WHICH_AREA: Final = N_("Choose the service area that the case is for.")
WHICH_BODY: Final = N_("Choose whom to point the author to.")
BOXES_FULL: Final = N_("The box already has words in it. Empty it and insert again.")


@router.post("/cases/{case_id}/hand-over/words", name="hand_over_words")
def words(visit: SomeVisit, case_id: int, fields: Annotated[HandOverFields, Form()]) -> Response:
    """The same page with the words that the author would read; nothing is done."""
    with visit.store.read() as session:
        case = queue.get(session, case_id)
    if fields.area not in visit.here.areas or fields.area == case.service_area:
        return _no_area(visit, case_id, fields)
    if not (fields.text_cy.strip() or fields.text_en.strip()):
        said = signposts.to_area(visit.here.policy, visit.here.areas, fields.area, case.reference)
        fields = fields.model_copy(update={f"text_{box}": said.say(box) for box in BOXES[case.reply_in]})
    return case_page(visit, case_id, typed=Typed(handover=fields, act=HAND_OVER))


@router.post("/cases/{case_id}/hand-over", name="hand_over")
def hand_over(visit: SomeVisit, case_id: int, fields: Annotated[HandOverFields, Form()]) -> Response:
    """Give the case to another area and tell its author: both are done, or neither."""
    try:
        reply_id = pipeline.hand_over(
            visit.here,
            case_id,
            fields.area,
            fields.draft,
            at=moment_of(fields, now=visit.now) if fields.elsewhere else None,
            words=fields.reason,
            actor=visit.actor,
            now=visit.now,
            saw=fields.version,
        )
    except (queue.StaleCase, queue.UnknownCase, IllegalTransition):
        raise
    except signposting.NowhereToHand:
        return _no_area(visit, case_id, fields)
    except GwylioError as error:
        title = visit.words.gettext("Nothing has been done")
        typed = Typed(handover=fields, act=HAND_OVER)
        return case_page(visit, case_id, typed=typed, faults=_faults(visit, error, fields), faults_title=title)
    with visit.store.read() as session:
        waits = outbox.reply(session, reply_id).state is ReplyState.AWAITING_APPROVAL
    done = "handed_over_recorded" if fields.elsewhere else "handed_over_for_approval" if waits else "handed_over"
    stays = visit.reader.roles_in(fields.area)
    return visit.go(f"cases/{case_id}" if stays else "queue", done=done)


@router.post("/cases/{case_id}/signpost", name="signpost")
def signpost(visit: SomeVisit, case_id: int, fields: Annotated[ElsewhereFields, Form()]) -> Response:
    """The same page with a signpost in the boxes of the language owed, as the answer; nothing is done."""
    elsewhere = fields.form == ELSEWHERE
    prefix = f"{ELSEWHERE}-" if elsewhere else ""
    with visit.store.read() as session:
        case = queue.get(session, case_id)
    chosen = visit.here.policy.offered_signposts.get(fields.point_to)
    empty = [box for box in BOX_NAMES if box in BOXES[case.reply_in] and not getattr(fields, f"text_{box}").strip()]
    typed, wrong = fields, WHICH_BODY if chosen is None else "" if empty else BOXES_FULL
    if chosen is not None and empty:
        said = signposts.to_body(visit.here.policy, chosen, case.reference)
        update = {f"text_{box}": said.say(box) for box in empty}
        typed = fields.model_copy(update={"kind": ReplyKind.ANSWER, "signpost": fields.point_to, **update})
    faults = [at_field(visit.words.gettext(wrong), f"{prefix}point-to")] if wrong else []
    page = Typed(elsewhere=typed, act=ELSEWHERE) if elsewhere else Typed(typed)
    return case_page(visit, case_id, typed=page, faults=faults)


def _no_area(visit: Visit, case_id: int, fields: HandOverFields) -> Response:
    """The page again, as before an area was chosen."""
    typed = Typed(handover=fields.model_copy(update={"area": ""}), act=HAND_OVER)
    fault = at_field(visit.words.gettext(WHICH_AREA), f"{HAND_OVER}-area")
    return case_page(visit, case_id, typed=typed, faults=[fault])


def _faults(visit: Visit, error: GwylioError, fields: HandOverFields) -> list[Mapping[str, str]]:
    """Why nothing was done, each at its field."""
    words, prefix = visit.words, f"{HAND_OVER}-"
    if isinstance(error, Unclear):
        return [at_field(words.gettext(error.text), f"{prefix}{error.part}")]
    if isinstance(error, replies.ImpossibleTime):
        return [at_field(words.gettext(BEFORE_THE_COMMENT), f"{prefix}day")]
    if isinstance(error, replies.ReplyRefused):
        advice = words.gettext("To do it all the same, say why below the words; the reason is kept and counted.")
        return objections_at(words, error, fields.box, advice=advice, prefix=prefix)
    return [at_field(words.gettext(NOT_SENT.get(type(error), OUT_OF_REACH)), f"{prefix}{fields.box}")]
