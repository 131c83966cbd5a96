"""One account's token: where it stands, what died and why, and exactly what to do about it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from pipeline import connecting
from pipeline.connecting import How
from pipeline.tokens import Health
from settings import App
from store import accounts as accounts_store
from web import token_words
from web.gate import NotThere
from web.routes.accounts import standing
from web.token_guides import GUIDES
from web.visit import SomeVisit

router = APIRouter(prefix="/{language}")


@router.get("/accounts/{slug}/token", name="token")
def token(slug: str, visit: SomeVisit) -> Response:
    with visit.store.read() as session:
        found = next((each for each in accounts_store.health(session) if each[0].slug == slug), None)
    if found is None:
        raise NotThere
    account, streams = found
    words, how, way = visit.words, standing(visit, account, streams), connecting.how(visit.here, slug)
    guide, app = GUIDES.get(account.platform), visit.here.settings.app(account.platform) or App()
    successes = [stream.last_success for stream in streams if stream.last_success]
    return visit.page(
        "token.html",
        account=account,
        how=how,
        well=how.health is Health.WELL,
        alive=how.health in (Health.WELL, Health.LIMITED, Health.DYING),
        left=token_words.left(words, how),
        means=token_words.means(words, how),
        why=token_words.why(words, how, led=way is How.CONSENT),
        last_success=max(successes, default=None),
        steps=list(token_words.steps(words, how, way, app.redirect_uri)),
        lives=token_words.said(words, guide.lives, account) if guide else "",
        ends=[token_words.said(words, each, account) for each in guide.ends] if guide else [],
    )
