"""Closure days: what stands, and a day added or struck once its effect has been seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Response

from moderation.calendar import CLOSURE, Holiday
from pipeline import closures
from pipeline.closures import BY_HAND, DayOff, NoClosure, TooFar, Wish
from store import holidays
from web.gate import CONNECTING
from web.visit import Fields, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

DONE: Final[Mapping[str, str]] = {
    "added": N_("The closure day has been added, and every open case has been counted again."),
    "struck": N_("The closure day has been struck, and every open case has been counted again."),
}
WHY_NOT: Final[Mapping[type[NoClosure], str]] = {
    DayOff: N_("Nobody works on that day as it is: it is a weekend, a bank holiday or a closure day already."),
    TooFar: N_("The day is more than two years away; check the year."),
}
GONE: Final = N_("No closure day that was added here stands on that date any more.")


class Asked(Fields):
    """A closure day as it is typed; `strike` takes it back."""

    day: Text = ""
    title_en: Text = ""
    title_cy: Text = ""
    because: Text = ""
    strike: bool = False
    done: str = ""


@router.get("/administration/closures", name="closures")
def closure_days(visit: SomeVisit, asked: Annotated[Asked, Query()]) -> Response:
    """What stands; with a day typed, what it would do, to be confirmed."""
    if not asked.day or not _may_change(visit):
        return _page(visit, asked if _may_change(visit) else Asked())
    wish, faults = _wish(visit, asked)
    if wish is None:
        return _page(visit, asked, faults=faults)
    try:
        moves = closures.preview(visit.here, wish, now=visit.now)
    except NoClosure as why:
        return _page(visit, asked, faults=[_fault(visit, why)])
    return visit.page("closure_confirm.html", wish=wish, moves=moves)


@router.post("/administration/closures", name="change_closures")
def change_closures(visit: SomeVisit, asked: Annotated[Asked, Form()]) -> Response:
    wish, faults = _wish(visit, asked)
    if wish is None:
        return _page(visit, asked, faults=faults)
    try:
        closures.carry_out(visit.here, wish, actor=visit.actor, now=visit.now)
    except NoClosure as why:
        return _page(visit, asked, faults=[_fault(visit, why)])
    visit.web.count_anew()
    return visit.go("administration/closures", done="struck" if wish.strike else "added")


def _wish(visit: Visit, asked: Asked) -> tuple[Wish | None, list[dict[str, str]]]:
    """What is asked for, or what is missing from it."""
    _, faults = visit.words.gettext, []
    try:
        day = date.fromisoformat(asked.day.strip())
    except ValueError:
        day = None
        faults.append({"text": _("Give the day as a date, such as 2026-12-29."), "href": "#day"})
    named = asked.strike or (asked.title_cy.strip() and asked.title_en.strip())
    if not named:
        href = "#title_cy" if not asked.title_cy.strip() else "#title_en"
        faults.append({"text": _("Say what the day is called, in Welsh and in English."), "href": href})
    if not asked.because.strip():
        faults.append({"text": _("Say why, for the audit trail."), "href": "#because"})
    if day is None or faults:
        return None, faults
    return Wish(day, asked.title_en.strip(), asked.title_cy.strip(), asked.because.strip(), asked.strike), []


def _fault(visit: Visit, why: NoClosure) -> dict[str, str]:
    return {"text": visit.words.gettext(WHY_NOT.get(type(why), GONE)), "href": "#day"}


def _page(visit: Visit, asked: Asked, *, faults: list[dict[str, str]] | None = None) -> Response:
    with visit.store.read() as session:
        kept = [Holiday(*row) for row in holidays.standing(session) if row[1] == CLOSURE]
    days = sorted([*kept, *visit.here.policy.closure_days], key=lambda each: each.day)
    today = visit.web.today()
    return visit.page(
        "closures.html",
        status=422 if faults else 200,
        toggle=f"/{visit.words.other}/administration/closures",
        coming=[each for each in days if each.day >= today],
        past=[each for each in days if each.day < today],
        by_hand=BY_HAND,
        may_change=_may_change(visit),
        typed=asked,
        today=today,
        faults=faults or (),
        done=visit.words.gettext(DONE[asked.done]) if asked.done in DONE else "",
    )


def _may_change(visit: Visit) -> bool:
    return bool(visit.reader.roles() & CONNECTING)
