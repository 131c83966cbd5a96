"""Handing a case to another service area, and the row that says where its author was told to turn.

What is written to the author is a reply like any other (moderation/replies.py); what it says is decided in
moderation/signposts.py.
"""

from __future__ import annotations

from datetime import datetime

from moderation import queue
from moderation.policy import Policy
from moderation.record import Actor, write_down
from moderation.service_areas import Areas
from store.cases import CaseRow
from store.database import Session
from vocabulary import Act, GwylioError, Note


class NowhereToHand(GwylioError):
    """There is no such service area, or it has the case already."""


def hand_over(
    session: Session,
    case_id: int,
    area: str,
    *,
    areas: Areas,
    actor: Actor,
    policy: Policy,
    now: datetime,
    words: str = "",
    saw: int | None = None,
) -> CaseRow:
    """Give a case to another service area, to nobody there in particular; its clocks run on.

    Raises:
        NowhereToHand: no such area, or it has the case.
        queue.StaleCase, queue.UnknownCase, lifecycle.IllegalTransition.
    """
    case = queue.get(session, case_id, saw=saw, lock=True)
    if area not in areas or area == case.service_area:
        raise NowhereToHand(f"{case.reference} cannot be handed to {area or 'no area'}")
    return queue.advance(session, case_id, Act.ASSIGN, actor=actor, now=now, policy=policy, words=words, area=area)


def pointed(session: Session, case_id: int, reply_id: int, *, actor: Actor, now: datetime, **where: str) -> None:
    """Write down that a reply tells the author where to turn: `area` is one of ours, `body` a signpost of the pack."""
    case = queue.get(session, case_id)
    write_down(session, case, Note.SIGNPOSTED, actor=actor, now=now, detail={"reply": reply_id, **where})
