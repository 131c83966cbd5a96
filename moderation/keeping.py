"""What of a case its keeping depends on, gathered for moderation/retention.py; and legal holds, put on and lifted.

A hold keeps a case whatever its dates say, while a claim, a request or an inquiry needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from moderation import queue
from moderation.deadlines import london_date
from moderation.policy import Keeps, Policy
from moderation.queue import ReasonNeeded
from moderation.record import Actor, write_down
from moderation.retention import Facts
from store import conduct, incidents, legal_holds, matters, removals
from store.cases import CaseRow
from store.database import Session
from store.legal_holds import LegalHoldRow
from vocabulary import Clock, GwylioError, MatterState, Note, RemovalState

MATTERS: Mapping[Clock, Keeps] = {
    Clock.FOI: Keeps.FOI,
    Clock.SAR: Keeps.SUBJECT_ACCESS,
    Clock.COMPLAINT: Keeps.COMPLAINT,
}
UNDECIDED = frozenset({RemovalState.REQUESTED, RemovalState.HIDDEN, RemovalState.APPROVED, RemovalState.APPEALED})
"""Removals of which somebody must still decide or do something."""


class AlreadyHeld(GwylioError):
    """A legal hold stands on the case; one is enough."""


class NotHeld(GwylioError):
    """No legal hold stands on the case, so none can be lifted."""


def facts_of(session: Session, case: CaseRow, policy: Policy) -> Facts:
    """What of this case its keeping depends on, as it stands now."""
    about: list[tuple[Keeps, datetime | None]] = []
    if case.closed_at is not None:
        outcome = policy.outcome(case.outcome)
        about.append((Keeps.ANSWERED if outcome and outcome.answers else Keeps.NO_REPLY, case.closed_at))
    about += [
        (MATTERS[matter.clock], matter.ended_at)
        for matter in matters.of_case(session, case.id)
        if matter.state is not MatterState.DISMISSED
    ]
    about += [
        (Keeps.REMOVAL, None if removal.state in UNDECIDED else moved_at)
        for removal, moved_at in removals.of_case(session, case.id)
    ]
    about += [(Keeps.CONDUCT_REVIEW, review.ended_at) for review in conduct.of_case(session, case.id)]
    happened = [(incident.kind, incident.ended_at) for incident in incidents.of_case(session, case.id)]
    return Facts(
        closed_on=london_date(case.closed_at) if case.closed_at is not None else None,
        about={Keeps(key): day for key, day in _latest((key.value, at) for key, at in about).items()},
        incidents=_latest(happened),
        held=legal_holds.of_case(session, case.id) is not None,
    )


def hold(session: Session, case_id: int, *, actor: Actor, now: datetime, words: str) -> LegalHoldRow:
    """Keep a case whatever its dates say.

    Raises:
        ReasonNeeded: without a reason, or without a person.
        AlreadyHeld: one stands.
        queue.UnknownCase: there is no such case.
    """
    if not words.strip() or actor.user_id is None:
        raise ReasonNeeded("say why this case must be kept")
    case = queue.get(session, case_id, lock=True)
    if legal_holds.of_case(session, case_id) is not None:
        raise AlreadyHeld(f"a legal hold stands on {case.reference} already")
    row = LegalHoldRow(case_id=case_id, reason=words.strip(), put_on_at=now, put_on_by=actor.user_id, lifted_because="")
    session.add(row)
    session.flush()
    write_down(session, case, Note.LEGAL_HOLD, actor=actor, now=now, words=words, detail={"hold": row.id})
    return row


def lift(session: Session, case_id: int, *, actor: Actor, now: datetime, words: str) -> LegalHoldRow:
    """The case is kept by its dates again.

    Raises:
        ReasonNeeded: without a reason, or without a person.
        NotHeld: none stands.
        queue.UnknownCase: there is no such case.
    """
    if not words.strip() or actor.user_id is None:
        raise ReasonNeeded("say why this case need not be held any more")
    case = queue.get(session, case_id, lock=True)
    row = legal_holds.of_case(session, case_id)
    if row is None:
        raise NotHeld(f"no legal hold stands on {case.reference}")
    row.lifted_at, row.lifted_by, row.lifted_because = now, actor.user_id, words.strip()
    write_down(session, case, Note.LEGAL_HOLD_LIFTED, actor=actor, now=now, words=words, detail={"hold": row.id})
    return row


def _latest(ends: Iterable[tuple[str, datetime | None]]) -> dict[str, date | None]:
    """The last day of each kind; None while one of them has not ended."""
    found: dict[str, date | None] = {}
    for key, at in ends:
        before = found.get(key, date.min)
        found[key] = None if at is None or before is None else max(before, london_date(at))
    return found
