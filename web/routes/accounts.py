"""How the collectors of each account fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Response

from moderation.budgets import MILLION, Budget
from pipeline import tokens
from pipeline.tokens import Standing
from reports.page import SILENT
from store import accounts as accounts_store
from store import counts, jobs, notices, searches, silences, spending, webhooks
from store.accounts import AccountRow, StreamRow
from store.database import Session
from store.silences import Silent
from vocabulary import Platform
from web import token_words
from web.gate import sees_page
from web.visit import SomeVisit
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

STREAMS: Final[Mapping[str, str]] = {
    "account": N_("the whole account"),
    "comments": N_("comments"),
    "conversations": N_("replies in our conversations"),
    "held": N_("comments held for review"),
    "mentions": N_("mentions"),
    "messages": N_("private messages"),
    "notifications": N_("notifications"),
    "own": N_("our own posts and replies"),
    "posts": N_("our own posts"),
    "quotes": N_("quotes of our posts"),
    "reading": N_("reading by the classifiers"),
    "spam": N_("comments taken for spam"),
    "tagged": N_("posts that tag us"),
    "threads": N_("replies deep in our conversations"),
    "webhook": N_("notices from the platform"),
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
        silent, differing = silences.lasting(session), counts.differing(session, now=visit.now)
        searched, told = searches.everything(session), webhooks.heard(session)
        stuck_messages = len(notices.for_a_person(session))
        purses = [_purse(session, visit, platform, budget) for platform, budget in visit.here.budgets.root.items()]
    return visit.page(
        "accounts.html",
        health=health,
        put_aside=put_aside,
        silences=silent,
        differing=differing,
        searches=searched,
        told=told,
        stuck_messages=stuck_messages,
        purses=[purse for purse in purses if any(account.platform is purse.platform for account, _ in health)],
        silent_name=lambda kind: visit.words.gettext(SILENT[Silent(kind)]),
        slugs={account.id: account.slug for account, _ in health},
        now=visit.now,
        an_hour=timedelta(hours=1),
        token_left=lambda *found: token_words.left(visit.words, standing(visit, *found)),
        sees_tokens=sees_page(visit.reader, "token"),
        stream_name=lambda name: stream_name(visit.words, name),
        trouble=lambda recorded: trouble(visit.words, recorded),
    )


def standing(visit: SomeVisit, account: AccountRow, streams: Sequence[StreamRow]) -> Standing:
    """How an account's token stands."""
    return tokens.standing(account, streams, key=visit.here.keys.credentials, now=visit.now)


def stream_name(words: Words, name: str) -> str:
    """What people call a stream; a saved search has the name that it was given."""
    kind, _, given = name.partition(":")
    return (
        words.gettext(N_("search: {name}"), name=given) if kind == "search" else words.gettext(STREAMS.get(name, name))
    )


@dataclass(frozen=True, slots=True)
class Purse:
    """What one platform has cost in the period that runs, in words."""

    platform: Platform
    spent: str
    ceiling: str
    left: str
    anew: datetime


def _purse(session: Session, visit: SomeVisit, platform: Platform, budget: Budget) -> Purse:
    span = budget.span(visit.now)
    gone = spending.so_far(session, platform, span.name).gone

    def written(amount: int) -> str:
        return f"£{amount / MILLION:,.2f}" if budget.unit == "pounds" else f"{amount // MILLION:,}"

    return Purse(platform, written(gone), written(budget.most), written(max(0, budget.most - gone)), span.end)


def trouble(words: Words, recorded: str) -> str:
    """`AuthExpired: code 190`, as a sentence; empty where the name is not one we know."""
    name = recorded.partition(":")[0]
    return words.gettext(TROUBLES[name]) if name in TROUBLES else ""
