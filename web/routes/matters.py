"""Requests under the law, complaints, and the pauses of clocks: what an officer records of them on a case."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from moderation import matters
from vocabulary import Clock, MatterAct
from web.routes.cases import Typed, at_field, case_page
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

WHY: Final = N_("Say why, in your own words.")
LAST_STAGE: Final = N_("The complaint stands at its last stage.")
MOVED: Final = N_("Somebody else recorded something here while you were reading. Look at it again.")
RUNS: Final = N_("Such a request or complaint is being dealt with in this case already.")
CHOOSE: Final = N_("Choose what it is.")


class MatterFields(Fields):
    """`act` is what becomes of it, `elsewhere` its number where it is dealt with."""

    version: Number = 0
    act: Text = ""
    reason: Text = ""
    elsewhere: Text = ""


class TakeUpFields(Fields):
    kind: Text = ""
    reason: Text = ""


class StrikeFields(Fields):
    reason: Text = ""


@router.post("/cases/{case_id}/matters", name="take_up")
def take_up(visit: SomeVisit, case_id: int, fields: Annotated[TakeUpFields, Form()]) -> Response:
    """An officer says that a comment is a request under the law, or a complaint."""
    typed = Typed(act="take_up", words=fields.reason, to=fields.kind)
    if fields.kind not in {kind.value for kind in matters.KINDS}:
        fault = at_field(visit.words.gettext(CHOOSE), "kind")
        return case_page(visit, case_id, typed=typed, faults=[fault])
    try:
        visit.store.write(
            lambda session: matters.take_up(
                session,
                case_id,
                Clock(fields.kind),
                policy=visit.here.policy,
                actor=visit.actor,
                now=visit.now,
                words=fields.reason,
            )
        )
    except matters.MatterReasonNeeded:
        return _again(visit, case_id, typed, WHY, "reason-take_up")
    except matters.RunsAlready:
        return _again(visit, case_id, typed, RUNS, "kind")
    return visit.go(f"cases/{case_id}", done="matter")


@router.post("/cases/{case_id}/matters/{matter_id}", name="matter")
def matter(visit: SomeVisit, case_id: int, matter_id: int, fields: Annotated[MatterFields, Form()]) -> Response:
    """One act of the table of matters."""
    form = f"matter-{matter_id}"
    typed = Typed(act=form, words=fields.reason, to=fields.act)
    if fields.act not in set(MatterAct):
        return _again(visit, case_id, typed, CHOOSE, "matters")
    try:
        visit.store.write(
            lambda session: matters.act(
                session,
                case_id,
                matter_id,
                MatterAct(fields.act),
                policy=visit.here.policy,
                actor=visit.actor,
                now=visit.now,
                words=fields.reason,
                elsewhere=fields.elsewhere,
                saw=fields.version,
            )
        )
    except matters.MatterReasonNeeded:
        return _again(visit, case_id, typed, WHY, f"reason-{form}")
    except matters.NoFurtherStage:
        return _again(visit, case_id, typed, LAST_STAGE, f"reason-{form}")
    except (matters.StaleMatter, matters.MatterRefused, matters.UnknownMatter):
        return _again(visit, case_id, typed, MOVED, "matters")
    return visit.go(f"cases/{case_id}", done="matter")


@router.post("/cases/{case_id}/pauses/{pause_id}", name="strike_pause")
def strike_pause(visit: SomeVisit, case_id: int, pause_id: int, fields: Annotated[StrikeFields, Form()]) -> Response:
    """A clock should not have stood still."""
    form = f"strike-{pause_id}"
    typed = Typed(act=form, words=fields.reason)
    try:
        visit.store.write(
            lambda session: matters.strike(
                session,
                case_id,
                pause_id,
                policy=visit.here.policy,
                actor=visit.actor,
                now=visit.now,
                words=fields.reason,
            )
        )
    except matters.MatterReasonNeeded:
        return _again(visit, case_id, typed, WHY, f"reason-{form}")
    except (matters.StaleMatter, matters.UnknownMatter):
        return _again(visit, case_id, typed, MOVED, "matters")
    return visit.go(f"cases/{case_id}", done="strike")


def _again(visit: Visit, case_id: int, typed: Typed, why: str, field: str) -> Response:
    return case_page(visit, case_id, typed=typed, faults=[at_field(visit.words.gettext(why), field)])
