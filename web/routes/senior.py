"""What senior management are to know, as it stands now; the daily digest says the same in fewer words."""

from __future__ import annotations

from fastapi import APIRouter, Response

from store import notices, senior
from web.routes.cases import DONE
from web.visit import SomeVisit

router = APIRouter(prefix="/{language}")


@router.get("/senior", name="senior")
def senior_page(visit: SomeVisit, done: str = "") -> Response:
    areas = visit.reader.granted()
    with visit.store.read() as session:
        flagged = senior.standing(session, areas)
        urgent = notices.urgent_cases(session, areas)
        late = notices.late_answers(session, visit.web.today(), areas)
    return visit.page(
        "senior.html",
        flagged=flagged,
        urgent=urgent,
        late=late,
        opens=visit.reader.areas(),
        done=visit.words.gettext(DONE[done]) if done in DONE else "",
        sent_at=f"{visit.here.policy.senior_digest.sent_at:%H:%M}",
    )
