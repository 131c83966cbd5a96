"""A note, and whoever it addresses: `@catrin` is reminded of it, on the page and by whatever way reaches her."""

from __future__ import annotations

from datetime import datetime

from moderation import queue, triage
from moderation.record import Actor
from pipeline.installation import Installation
from pipeline.notifying import reach_of
from store import notices, people
from store.cases import CaseRow
from store.database import Session


def note(here: Installation, case_id: int, words: str, *, actor: Actor, now: datetime) -> None:
    """Keep an officer's note; colleagues whom it addresses by their username, and who may see the case, hear of it.

    Raises:
        queue.ReasonNeeded, queue.UnknownCase: as `queue.note`.
    """

    def act(session: Session) -> None:
        queue.note(session, case_id, actor=actor, now=now, words=words)
        case = queue.get(session, case_id)
        known = people.who_may_see(session, triage.mentioned(words), case.service_area)
        reach = reach_of(session, here.settings)

        def told(case: CaseRow, key: str, user_id: int) -> None:
            recipient = f"{notices.USER}{user_id}"
            if reach.by_mail and reach.colleague(recipient):
                notices.enter(session, case, key, (recipient,), urgent=False, at_night=False, now=now)

        triage.mention(session, case_id, known, actor=actor, now=now, told=told)

    here.store.write(act)
