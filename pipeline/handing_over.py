"""A case given to the service area that it is for, and its author told so: both, or neither."""

from __future__ import annotations

from datetime import datetime

from moderation import signposting
from moderation.record import Actor
from moderation.replies import Draft
from pipeline.entering import into_record
from pipeline.installation import Installation
from pipeline.replying import into_outbox
from store.database import Session


def hand_over(
    here: Installation,
    case_id: int,
    area: str,
    draft: Draft,
    *,
    at: datetime | None = None,
    words: str = "",
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> int:
    """Hand a case over with its clocks running, and answer its author; the reply's id.

    The reply leaves by the door that every reply leaves by.  `at` is when the author was told elsewhere, where they
    were: then it is recorded instead.  `words` are for the colleagues there.

    Raises:
        signposting.NowhereToHand: no such area, or it has the case already.
        lifecycle.IllegalTransition: the case was answered or closed.
        and as `send_reply`, or with `at` as `record_reply`.
    """
    if at is None:
        put = into_outbox(here, case_id, draft, actor=actor, now=now)
    else:
        put = into_record(here, case_id, draft, at=at, actor=actor, now=now)

    def act(session: Session) -> int:
        signposting.hand_over(
            session,
            case_id,
            area,
            areas=here.areas,
            actor=actor,
            policy=here.policy,
            now=now,
            words=words,
            saw=saw,
        )
        reply_id = put(session, None)
        signposting.pointed(session, case_id, reply_id, actor=actor, now=now, area=area)
        return reply_id

    return here.store.write(act)
