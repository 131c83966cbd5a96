"""An account opened to us by an administrator: through a page of consent, by a password made for us, or by a token.

Between the page and here the administrator is somewhere else; what must be remembered meanwhile is in an
`Asking`, and nothing is stored before the platform has said whose account it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial

from collectors import consent, ways
from collectors.consent import Asking, Granted
from pipeline.installation import Installation
from pipeline.tokens import door_of, needs_app
from store import accounts, audit, credentials
from store.accounts import AccountRow
from store.database import Session


class How(StrEnum):
    """What an administrator has to do to let us in."""

    CONSENT = "consent"
    """Go to the platform's page of consent."""
    TYPED = "typed"
    """Type a name, and a password that was made for us."""
    TOKEN = "token"  # noqa: S105 - not one
    """Give a token that the platform's own pages hand out."""


def how(here: Installation, slug: str) -> How:
    """What has to be done for this account; without a configured app there is only a token.

    Raises:
        accounts.UnknownAccount: there is none.
    """
    platform = _account(here, slug).platform
    if platform in ways.TYPED:
        return How.TYPED
    app = here.settings.app(platform)
    reachable = platform in ways.WAYS and (not needs_app(platform) or (app is not None and bool(app.client_id)))
    return How.CONSENT if reachable else How.TOKEN


def asked_for(here: Installation, slug: str) -> tuple[str, ...]:
    """What is typed for this account, the last of it a secret."""
    way = ways.TYPED.get(_account(here, slug).platform)
    return way.asks if way else ()


def missing_app(here: Installation, slug: str) -> str:
    """The platform whose app would have to be configured before anybody could consent; empty where none helps."""
    platform = _account(here, slug).platform
    return platform.value if needs_app(platform) else ""


def moved(here: Installation, slug: str, home: str, *, actor: str, now: datetime) -> None:
    """Note on which server an account lives, on a platform that has many."""

    def act(session: Session) -> None:
        account = accounts.by_slug(session, slug)
        before, account.home = account.home, home
        audit.append(
            session, actor=actor, action="account.home", subject=f"account:{slug}", now=now,
            before={"home": before}, after={"home": home},
        )  # fmt: skip

    here.store.write(act)


def begin(here: Installation, slug: str, *, now: datetime) -> Asking:
    """Send an administrator off to the page of consent.

    Raises:
        GwylioError: no app is configured, or the platform will not begin.
    """
    account = _account(here, slug)
    return ways.WAYS[account.platform].begin(door_of(here, account, now))


def finish(here: Installation, slug: str, asking: Asking, address: str, *, actor: str, now: datetime) -> Granted:
    """Turn the address that an administrator was sent back to into a stored credential.

    Raises:
        consent.NotOurs: it is not from this attempt.
        CollectorError: the platform gives nothing, or for another account; what was stored before stands.
    """
    account = _account(here, slug)
    brought = consent.brought_back(asking, address)
    granted = ways.WAYS[account.platform].finish(door_of(here, account, now), asking, brought)
    return _stored(here, slug, granted, actor=actor, now=now)


def typed(here: Installation, slug: str, keys: Mapping[str, str], *, actor: str, now: datetime) -> Granted:
    """Try a name and a password, and store them.

    Raises:
        CollectorError: the platform does not accept them, or they are another account's.
    """
    account = _account(here, slug)
    return _stored(
        here, slug, ways.TYPED[account.platform].check(door_of(here, account, now), keys), actor=actor, now=now
    )


def bare(here: Installation, slug: str, token: str, *, actor: str, now: datetime) -> None:
    """Store a token as it was given: nobody knows yet whose it is, nor when it dies."""
    _stored(here, slug, Granted(token, None, renews=False), actor=actor, now=now)


def _stored(here: Installation, slug: str, granted: Granted, *, actor: str, now: datetime) -> Granted:
    here.store.write(partial(_keep, slug=slug, granted=granted, key=here.keys.credentials, actor=actor, now=now))
    return granted


def _keep(session: Session, slug: str, granted: Granted, key: bytes, actor: str, now: datetime) -> None:
    credentials.keep(
        session,
        accounts.by_slug(session, slug),
        granted.credential,
        key=key,
        actor=actor,
        now=now,
        expires=granted.expires,
        renews=granted.renews,
    )


def _account(here: Installation, slug: str) -> AccountRow:
    with here.store.read() as session:
        return accounts.by_slug(session, slug)
