"""What has to be done at once: told to the police, to safeguarding, to legal services, to whom a breach is reported.

The pack says which kinds there are, what to do about each, by when, and who hears of it.  The system
suggests one where a label points to it and does none of it: a person acts, and what they did is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from moderation import queue
from moderation.deadlines import london_date
from moderation.escalation import Tell
from moderation.policy import IncidentKind, Policy
from moderation.record import Actor, write_down
from moderation.working_days import working_days
from store.cases import CaseRow
from store.database import Session
from store.incidents import IncidentRow
from vocabulary import Clock, GwylioError, Label, Note, Reason


class IncidentRefused(GwylioError):
    """An incident cannot be recorded so; `field` is what is missing: kind, option or reason."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(why)


class UnknownIncident(GwylioError):
    """There is no such incident in this case, or it has ended."""


def suggested(labels: Collection[Label], policy: Policy) -> tuple[IncidentKind, ...]:
    """The kinds that what was seen in a case points to, in the pack's order."""
    return tuple(kind for kind in policy.incidents if set(kind.labels) & set(labels))


def begin(
    session: Session,
    case_id: int,
    kind_slug: str,
    *,
    policy: Policy,
    actor: Actor,
    now: datetime,
    words: str,
    option: str = "",
    saw: int | None = None,
    told: Callable[[CaseRow, Tell], object] = lambda case, tell: None,
) -> IncidentRow:
    """A person says that this has happened, and everybody whom the pack names is told at once.

    `told` is called for each warning that is given, in the same transaction.

    Raises:
        IncidentRefused: no such kind, no choice where the pack wants one, or no word on what happened.
        queue.StaleCase, queue.UnknownCase: as `queue.get`.
    """
    kind = policy.incident(kind_slug)
    if kind is None:
        raise IncidentRefused("kind", "choose what has happened")
    if kind.options and option not in {each.slug for each in kind.options}:
        raise IncidentRefused("option", f"choose: {', '.join(each.slug for each in kind.options)}")
    if not words.strip() or actor.user_id is None:
        raise IncidentRefused("reason", "say what has happened")
    case = queue.get(session, case_id, saw=saw, lock=True)
    due = None
    if kind.due_in_working_days is not None:
        calendar = working_days(session, policy)[Clock.ANSWER]
        today = calendar.on_or_after(london_date(now))
        due = calendar.after(today, kind.due_in_working_days)
    incident = IncidentRow(
        case_id=case.id,
        kind=kind.slug,
        option=option if kind.options else "",
        opened_at=now,
        opened_by=actor.user_id,
        due=due,
        reference="",
    )
    session.add(incident)
    session.flush()
    if kind.restricts:
        queue.restrict(session, case.id, restricted=True, actor=actor, now=now, words=words)
    write_down(
        session,
        case,
        Note.INCIDENT_OPENED,
        actor=actor,
        now=now,
        words=words,
        detail={
            "incident": incident.id,
            "kind": kind.slug,
            "option": incident.option,
            "due": due.isoformat() if due else "",
        },
    )
    about = Reason("policy: {rule}", kind.values("rule"))
    for whom in kind.tell:
        tell = Tell(whom, case.service_area, about, f"incident-{incident.id}/{whom}", urgent=True, at_night=False)
        queue.tell(session, case, key=tell.key, whom=whom.value, about=about, now=now)
        told(case, tell)
    return incident


def end(
    session: Session,
    case_id: int,
    incident_id: int,
    *,
    actor: Actor,
    now: datetime,
    words: str,
    reference: str = "",
) -> IncidentRow:
    """What was done about it, and its number where it was reported.

    Raises:
        UnknownIncident: it is none of this case's, or was ended before.
        IncidentRefused: nobody says what was done.
    """
    incident = session.get(IncidentRow, incident_id, with_for_update=True)
    if incident is None or incident.case_id != case_id or incident.ended_at is not None:
        raise UnknownIncident(f"case {case_id} has no open incident {incident_id}")
    if not words.strip() or actor.user_id is None:
        raise IncidentRefused("reason", "say what was done")
    incident.ended_at, incident.ended_by = now, actor.user_id
    incident.reference = reference.strip()
    write_down(
        session,
        queue.get(session, case_id, lock=True),
        Note.INCIDENT_ENDED,
        actor=actor,
        now=now,
        words=words,
        detail={"incident": incident.id, "kind": incident.kind, "reference": incident.reference},
    )
    return incident
