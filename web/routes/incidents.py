"""What has to be done at once, and cases that are opened with a purpose."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import incidents, queue, restricted
from moderation.policy import IncidentKind, Whom
from reports import bundle
from store import desk, findings
from store import incidents as rows
from store.database import Session
from store.incidents import IncidentRow
from vocabulary import Clock, Role
from web.gate import NotThere
from web.routes.cases import Typed, at_field, case_page
from web.routes.queue import lines_of
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

WHY: Final = N_("Say why, in your own words.")
PURPOSE: Final = N_("Say for what purpose you open this case.")
HAPPENED: Final = N_("Say what has happened.")
WHAT: Final = N_("Choose what has happened.")
WHICH: Final = N_("Choose which of these it is.")
DONE_WHAT: Final = N_("Say what was done.")
ENDED: Final = N_("This incident was ended already.")
MOST: Final = 200


class PurposeFields(Fields):
    purpose: Text = ""


class RestrictFields(Fields):
    version: Number = 0
    restricted: bool = True
    reason: Text = ""


class IncidentFields(Fields):
    version: Number = 0
    kind: Text = ""
    option: Text = ""
    reason: Text = ""


class EndFields(Fields):
    reason: Text = ""
    reference: Text = ""


@router.get("/cases/{case_id}/purpose", name="purpose_page")
def purpose_page(visit: SomeVisit, case_id: int) -> Response:
    return _ask(visit, case_id)


@router.post("/cases/{case_id}/purpose", name="purpose")
def purpose(visit: SomeVisit, case_id: int, fields: Annotated[PurposeFields, Form()]) -> Response:
    """Why a restricted case is opened; it is kept, and the case may be read for the day."""
    try:
        visit.store.write(
            lambda session: restricted.open_with_purpose(
                session, case_id, purpose=fields.purpose, actor=visit.actor, now=visit.now
            )
        )
    except queue.ReasonNeeded:
        return _ask(visit, case_id, visit.words.gettext(PURPOSE))
    return visit.go(f"cases/{case_id}")


@router.post("/cases/{case_id}/restriction", name="restrict")
def restrict(visit: SomeVisit, case_id: int, fields: Annotated[RestrictFields, Form()]) -> Response:
    """From now on a case is opened with a purpose only, or no longer so."""
    try:
        visit.store.write(
            lambda session: queue.restrict(
                session,
                case_id,
                restricted=fields.restricted,
                actor=visit.actor,
                now=visit.now,
                words=fields.reason,
                saw=fields.version,
            )
        )
    except queue.ReasonNeeded:
        fault = at_field(visit.words.gettext(WHY), "reason-restrict")
        return case_page(visit, case_id, typed=Typed(act="restrict"), faults=[fault])
    return visit.go(f"cases/{case_id}", done="restrict")


@router.post("/cases/{case_id}/incidents", name="begin_incident")
def begin_incident(visit: SomeVisit, case_id: int, fields: Annotated[IncidentFields, Form()]) -> Response:
    """Something has happened that must be acted on at once."""
    try:
        pipeline.begin_incident(
            visit.here,
            case_id,
            fields.kind,
            option=fields.option,
            words=fields.reason,
            actor=visit.actor,
            now=visit.now,
            saw=fields.version or None,
        )
    except incidents.IncidentRefused as refused:
        says = {"kind": WHAT, "option": WHICH, "reason": HAPPENED}[refused.field]
        field = "reason-incident" if refused.field == "reason" else f"incident-{refused.field}"
        typed = Typed(act="incident", words=fields.reason, to=fields.kind, outcome=fields.option)
        return case_page(visit, case_id, typed=typed, faults=[at_field(visit.words.gettext(says), field)])
    kind = visit.here.policy.incident(fields.kind)
    if kind and kind.restricts:
        visit.store.write(
            lambda session: restricted.open_with_purpose(
                session, case_id, purpose=fields.reason, actor=visit.actor, now=visit.now
            )
        )
    return visit.go(f"cases/{case_id}", done="incident")


@router.post("/cases/{case_id}/bundle", name="bundle")
def make_bundle(visit: SomeVisit, case_id: int) -> Response:
    """The evidence of a case to hand over; the trail says who made it."""
    body = visit.here.settings.body
    made = visit.store.write(
        lambda session: bundle.make(
            session,
            case_id,
            language=visit.words.language,
            body=getattr(body, visit.words.language),
            policy=visit.here.policy,
            actor=visit.actor,
            now=visit.now,
        )
    )
    headers = {"content-disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type="application/zip", headers=headers)


@router.get("/incidents", name="incidents")
def open_incidents(visit: SomeVisit, done: str = "") -> Response:
    """The open incidents that concern the reader, and, for those whose role needs them, the restricted cases."""
    return _page(visit, done=visit.words.gettext(INCIDENT_ENDED) if done == "ended" else "")


@router.post("/incidents/{incident_id}/end", name="end_incident")
def end_incident(visit: SomeVisit, incident_id: int, fields: Annotated[EndFields, Form()]) -> Response:
    """What was done about an incident."""
    with visit.store.read() as session:
        incident = session.get(IncidentRow, incident_id)
        area = desk.area_of(session, incident.case_id) if incident else None
    kind = visit.here.policy.incident(incident.kind) if incident else None
    if incident is None or area is None:
        return _page(visit, fault=visit.words.gettext(ENDED), incident_id=incident_id)
    if not (_concerns(visit, kind) or visit.reader.roles_in(area) & {Role.OFFICER, Role.COMMUNICATIONS}):
        raise NotThere
    try:
        visit.store.write(
            lambda session: incidents.end(
                session,
                incident.case_id,
                incident_id,
                actor=visit.actor,
                now=visit.now,
                words=fields.reason,
                reference=fields.reference,
            )
        )
    except incidents.IncidentRefused:
        return _page(visit, fault=visit.words.gettext(DONE_WHAT), incident_id=incident_id)
    except incidents.UnknownIncident:
        return _page(visit, fault=visit.words.gettext(ENDED), incident_id=incident_id)
    if visit.reader.roles_in(area) & {Role.OFFICER, Role.COMMUNICATIONS}:
        return visit.go(f"cases/{incident.case_id}", done="incident_ended")
    return visit.go("incidents", done="ended")


INCIDENT_ENDED: Final = N_("What was done about the incident is recorded.")


def _concerns(visit: Visit, kind: IncidentKind | None) -> bool:
    """Whether the pack has this reader told of incidents of this kind."""
    roles = {role.value for role in visit.reader.roles()}
    return kind is not None and any(whom.value in roles for whom in kind.tell)


def _page(visit: Visit, *, fault: str = "", incident_id: int = 0, done: str = "") -> Response:
    reader, policy = visit.reader, visit.here.policy
    everything = Role.COMMUNICATIONS in reader.roles()
    kinds = {kind.slug: kind for kind in policy.incidents if everything or _concerns(visit, kind)}
    needs = bool(reader.roles() & {Role.SAFEGUARDING, Role.COMMUNICATIONS})
    with visit.store.read() as session:
        found = rows.open_of_kinds(session, list(kinds))
        advice = {
            incident.id: _words_of(session, incident.case_id)
            for incident, _ in found
            if Whom.LEGAL in kinds[incident.kind].tell
        }
        cases = desk.restricted_cases(session, limit=MOST) if needs else ()
        seen = findings.of_comments(session, [case.comment_id for case in cases])
    return visit.page(
        "incidents.html",
        status=422 if fault else 200,
        incidents=found,
        kinds=kinds,
        advice=advice,
        needs=needs,
        lines=lines_of(seen, cases, policy, visit.here.areas),
        today=visit.web.today(),
        calendar=visit.web.calendars()[Clock.ANSWER],
        fault=fault,
        incident_id=incident_id,
        done=done,
    )


def _words_of(session: Session, case_id: int) -> tuple[str, ...]:
    """What was said in a case, for whoever has to advise on it; of a restricted case nothing."""
    if desk.is_restricted(session, case_id):
        return ()
    file = desk.case_file(session, case_id)
    return tuple(said.revisions[0].text for said in file.said) if file else ()


def _ask(visit: Visit, case_id: int, fault: str = "") -> Response:
    """The form that asks for a purpose; it shows nothing of the case but its reference."""
    with visit.store.read() as session:
        case = queue.get(session, case_id)
    if not case.restricted:
        return visit.go(f"cases/{case_id}")
    return visit.page("purpose.html", status=422 if fault else 200, case=case, fault=fault)
