"""An incident, recorded and told in one act: neither is there without the other."""

from __future__ import annotations

from datetime import datetime

from moderation import incidents, telling
from moderation.record import Actor
from pipeline.installation import Installation
from pipeline.notifying import reach_of
from store.database import Session
from store.incidents import IncidentRow


def begin_incident(
    here: Installation,
    case_id: int,
    kind: str,
    *,
    option: str,
    words: str,
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> IncidentRow:
    """Record an incident; whoever the pack names hears of it on the page, and by whatever way reaches them.

    Raises:
        incidents.IncidentRefused, queue.StaleCase, queue.UnknownCase: as `incidents.begin`.
    """

    def act(session: Session) -> IncidentRow:
        reach = reach_of(session, here.settings)
        return incidents.begin(
            session,
            case_id,
            kind,
            policy=here.policy,
            actor=actor,
            now=now,
            words=words,
            option=option,
            saw=saw,
            told=lambda case, tell: telling.address(session, case, tell, reach, now=now),
        )

    return here.store.write(act)
