"""What is configured, to be read: the policy pack in words, and the service areas with those who answer in them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Response

from moderation import policy_words
from moderation.policy import policy_version
from store import sessions
from web.pages import area_name
from web.visit import SomeVisit

router = APIRouter(prefix="/{language}")

NUMBERED: Final = re.compile(r"\d+\. ")


@router.get("/administration/policy", name="policy")
def policy(visit: SomeVisit) -> Response:
    """What `gwylio policy explain` says of the pack in force."""
    said = policy_words.explain(visit.here.policy, visit.words.language, visit.here.areas)
    blocks = [
        (kind, [NUMBERED.sub("", line, count=1) if kind == "numbered" else line for line in lines])
        for kind, lines in groupby(said, _kind)
    ]
    return visit.page("policy.html", blocks=blocks, version=policy_version(visit.here.policy))


@router.get("/administration/areas", name="areas")
def areas(visit: SomeVisit) -> Response:
    with visit.store.read() as session:
        officers = sessions.officers(session)
    found = [(slug, visit.here.areas[slug], sessions.officers_of(officers, slug)) for slug in visit.here.areas.slugs]
    without = [area_name(visit.web, visit.words, slug) for slug, _area, who in found if not who]
    return visit.page("areas.html", areas=found, without=without)


def _kind(sentence: str) -> str:
    if NUMBERED.match(sentence):
        return "numbered"
    return "lead" if sentence.endswith(":") else "plain"
