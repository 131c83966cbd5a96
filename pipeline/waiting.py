"""Whoever is waited for is told, once for each thing that waits: by day, and what has been done meanwhile never."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from moderation import telling, waiting
from moderation.working_days import working_days
from pipeline.installation import Installation
from pipeline.notifying import reach_of
from store import awaited, cases
from store.awaited import Awaited
from store.database import Session
from vocabulary import Clock

AT_ONCE = 100
"""Things told in one transaction."""


def tell_waiting(here: Installation, *, now: datetime) -> int:
    """Look at all that waits for somebody, and put down whoever is to hear of it; how much was told."""
    with here.store.read() as session:
        found = awaited.everything(session, now=now)
        told = cases.told_before(session, {each.case_id for each in found})
        open_now = here.policy.hours.are_on(now, working_days(session, here.policy)[Clock.ANSWER])
    fresh = [
        each
        for each in found
        if (each.case_id, each.key) not in told and (open_now or waiting.at_any_hour(each.severity, here.policy))
    ]
    return sum(
        here.store.write(partial(_tell, here=here, items=fresh[start : start + AT_ONCE], now=now))
        for start in range(0, len(fresh), AT_ONCE)
    )


def _tell(session: Session, here: Installation, items: Sequence[Awaited], now: datetime) -> int:
    """What is told, and who is to hear of it, are one act; what another process has told meanwhile is left alone."""
    reach = reach_of(session, here.settings)
    told = cases.told_before(session, {each.case_id for each in items})
    return sum(
        telling.await_someone(session, each, here.policy, reach, now=now)
        for each in items
        if (each.case_id, each.key) not in told
    )
