"""A legal hold on a case: put on and lifted, each with a reason.  Legal services do it on the page of a removal."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from moderation import keeping
from moderation.queue import ReasonNeeded
from web.routes.cases import Typed, at_field, case_page
from web.visit import Fields, SomeVisit, Text
from words.names import N_

router = APIRouter(prefix="/{language}")

WHY: Final = N_("Say why, in your own words.")


class HoldFields(Fields):
    """`held` is whether the case is to be held from now on."""

    held: bool
    reason: Text = ""


@router.post("/cases/{case_id}/legal-hold", name="legal_hold")
def legal_hold(visit: SomeVisit, case_id: int, fields: Annotated[HoldFields, Form()]) -> Response:
    """Keep a case whatever its dates say, or no longer; what stands so already stands."""
    act = keeping.hold if fields.held else keeping.lift
    try:
        with suppress(keeping.AlreadyHeld, keeping.NotHeld):
            visit.store.write(
                lambda session: act(session, case_id, actor=visit.actor, now=visit.now, words=fields.reason)
            )
    except ReasonNeeded:
        fault = at_field(visit.words.gettext(WHY), "reason-legal-hold")
        return case_page(visit, case_id, typed=Typed(act="legal-hold"), faults=[fault])
    return visit.go(f"cases/{case_id}", done="held" if fields.held else "hold_lifted")
