"""What is still to be done before anybody is answered, for whoever sets the system up."""

from __future__ import annotations

from fastapi import APIRouter, Response

from moderation import first_steps
from moderation.first_steps import Found
from settings import Body
from store import accounts, comments, people
from web.visit import SomeVisit

router = APIRouter(prefix="/{language}")


@router.get("/first-steps", name="first_steps")
def page(visit: SomeVisit) -> Response:
    settings = visit.here.settings
    with visit.store.read() as session:
        watched = [(account, streams) for account, streams in accounts.health(session) if account.active]
        found = Found(
            named=settings.body != Body(),
            accounts=len(watched),
            connected=sum(account.credential is not None for account, _streams in watched),
            read=sum(any(stream.last_success for stream in streams) for _account, streams in watched),
            comments=comments.any_kept(session),
            areas=visit.here.areas.slugs,
            grants=[grant for granted in people.all_grants(session).values() for grant in granted],
            reachable=bool(settings.mail.host or settings.teams_places),
        )
    return visit.page("first_steps.html", steps=first_steps.steps(found))
