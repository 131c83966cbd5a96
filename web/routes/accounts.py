"""How the collectors of each account fare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Response

from store import accounts as accounts_store
from store import jobs
from web.visit import SomeVisit
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

STREAMS: Final[Mapping[str, str]] = {
    "account": N_("the whole account"),
    "comments": N_("comments"),
    "conversations": N_("replies in our conversations"),
    "mentions": N_("mentions"),
    "own": N_("our own posts and replies"),
    "posts": N_("our own posts"),
    "reading": N_("reading by the classifiers"),
}
"""What people call the streams that collectors read."""

TROUBLES: Final[Mapping[str, str]] = {
    "AuthExpired": N_("The token has expired: an administrator connects the account again."),
    "PermissionLost": N_("The token no longer allows this: an administrator looks at its permissions."),
    "RateLimited": N_("The platform asks us to wait; it goes on by itself."),
    "QuotaExhausted": N_("The allowance is used up; it goes on by itself when it is renewed."),
    "Transient": N_("The platform stumbled; the next round tries again."),
    "Malformed": N_("The platform answered nonsense; the next round tries again from the same place."),
    "CredentialUnreadable": N_("There is no token that opens: an administrator connects the account."),
    "Unsupported": N_("Nothing reads this platform: bring in its exports with `gwylio import`."),
}
"""What an error means to whoever looks after the accounts, by the name it was recorded under."""


@router.get("/accounts", name="accounts")
def accounts(visit: SomeVisit) -> Response:
    with visit.store.read() as session:
        health = accounts_store.health(session)
        put_aside = jobs.quarantined(session)
    return visit.page(
        "accounts.html",
        health=health,
        put_aside=put_aside,
        slugs={account.id: account.slug for account, _ in health},
        now=visit.now,
        stream_name=lambda name: visit.words.gettext(STREAMS.get(name, name)),
        trouble=lambda recorded: trouble(visit.words, recorded),
    )


def trouble(words: Words, recorded: str) -> str:
    """`AuthExpired: code 190`, as a sentence; empty where the name is not one we know."""
    name = recorded.partition(":")[0]
    return words.gettext(TROUBLES[name]) if name in TROUBLES else ""
