"""Tokens kept alive: renewed before they die, by one process at a time, and spoken of before it is too late.

The new token is stored before anything uses it.  Should the process end between the platform's answer and
that moment, or the database stay away, a token that is good once is lost: the platform then refuses the old
one, and the account says that an administrator must connect it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from threading import Event

import structlog

from collectors import consent, ways
from collectors.base import Access, AuthExpired, PermissionLost, Transient
from collectors.consent import Door
from collectors.registry import OPEN as READ_BY
from pipeline.installation import Installation
from settings import App
from store import accounts, audit, credentials, jobs
from store.accounts import WHOLE_ACCOUNT, AccountRow, StreamRow
from store.credentials import CredentialUnreadable
from store.database import Session, Unreachable
from vocabulary import GwylioError, Platform

log = structlog.get_logger("gwylio.tokens")

LEASE = timedelta(minutes=2)
"""Longer than any renewal can take: a lease older than this has lost its process."""
PAUSES_S = (0.1, 0.4, 1.0)
"""Between the tries to store a new token while the database cannot be reached; all within the lease."""
YOUNG = timedelta(minutes=30)
"""A token younger than this is not renewed because a platform refuses it: that would not help."""
STUCK = timedelta(hours=1)
"""How long a renewal may be due before we stop counting on it."""
SOON = timedelta(hours=1)
"""A token that nobody can renew and that lives no longer than this is marked as dead at once."""
WARNED = (14, 7, 3, 1)
"""Days before the end on which it is said, once each."""
NEEDS_NO_APP = (Platform.THREADS,)


class NoApp(GwylioError):
    """A platform's app is not configured, and nothing can be asked of it without."""

    def __init__(self, slug: str, platform: Platform) -> None:
        super().__init__(f"{slug}: put client_id of its app in [apps.{platform.value}] of gwylio.toml; {SEE}")


SEE = "docs/reference/tokens.md says how"


# --- kept alive


def tend(here: Installation, slug: str, *, now: datetime) -> None:
    """Renew an account's token where it is time, and say what is about to die."""
    try:
        renew(here, slug, now=now)
    except GwylioError as error:
        log.warning("token not renewed", account=slug, error=type(error).__name__)
    warn(here, slug, now=now)


def ready(here: Installation, account: AccountRow, *, now: datetime) -> AccountRow:
    """The account, with a token that can be used: renewed before, where it is about to die.

    Raises:
        AuthExpired: it is dead, and cannot be renewed.
        GwylioError: it is dead, and could not be renewed now.
    """
    if not consent.due(account.credential_since, account.credential_expires, None, now):
        return account
    failed: GwylioError | None = None
    try:
        renew(here, account.slug, now=now)
    except GwylioError as error:
        failed = error
    with here.store.read() as session:
        fresh = accounts.by_slug(session, account.slug)
    if fresh.credential_expires is None or now < fresh.credential_expires:
        return fresh
    slug = account.slug
    if fresh.credential_renews:
        raise failed or Transient(slug, "the token ran out, and is being renewed at this moment")
    raise failed or AuthExpired(slug, f"the token ran out; run `gwylio account connect {slug}`")


def renew(here: Installation, slug: str, *, now: datetime, refused: bytes | None = None) -> bool:
    """Renew an account's token if it is time; whether there is a new one.

    With `refused`, as it is stored, a token is renewed in any case, and none but this.  The lease begins
    when it is taken, which may be long after `now`.

    Raises:
        AuthExpired: it can no longer be renewed; that is on record.
        CredentialUnreadable, NoApp: something of ours stands in the way.
        CollectorError: another of its kinds; it may be tried again.
    """
    with here.store.read() as session:
        account = accounts.by_slug(session, slug)
    used = account.credential
    if used is None or not account.credential_renews or refused not in (None, used):
        return False
    held = credentials.reveal(account, key=here.keys.credentials)
    ends = consent.renewal_ends(held)
    if not (refused or consent.due(account.credential_since, account.credential_expires, ends, now)):
        return False
    door = door_of(here, account, now, credential=held)
    taken = max(now, here.clock()) if here.clock else now
    until = taken + LEASE
    if not here.store.write(lambda session: credentials.lease(session, account.id, used=used, now=taken, until=until)):
        return False
    give_back = partial(_not_renewed, account=account, used=used, until=until, now=now)
    try:
        fresh = ways.renew(door)
    except AuthExpired as error:
        here.store.write(partial(give_back, refused=error))
        raise
    except GwylioError:
        here.store.write(partial(give_back, refused=None))
        raise
    return _stored(
        here,
        slug,
        lambda session: credentials.renewed(
            session,
            account.id,
            fresh.credential,
            used=used,
            key=here.keys.credentials,
            expires=fresh.expires,
            renews=fresh.renews,
            now=now,
        ),
    )


def _stored(here: Installation, slug: str, act: Callable[[Session], bool]) -> bool:
    """Store what the platform gives only once: a database that is away for a moment must not cost a consent."""
    for pause in PAUSES_S:
        try:
            return here.store.write(act)
        except Unreachable:
            log.warning("new token not stored yet", account=slug)
            Event().wait(pause)
    return here.store.write(act)


def refused(account: AccountRow, trouble: str) -> bool:
    """Whether this trouble of a whole account is that its token is not renewed: it stands until there is another."""
    ends = account.credential_expires is not None and not account.credential_renews
    return ends and trouble.startswith(AuthExpired.__name__)


def after_refusal(here: Installation, account: AccountRow, *, now: datetime) -> bool:
    """A platform no longer takes a token that should still live: renew it, unless it is new; whether that was done.

    `account` is as it was when its token was refused: what has come in its place since is left alone.
    """
    if not account.credential_renews or account.credential_since is None or now - account.credential_since < YOUNG:
        return False
    try:
        return renew(here, account.slug, now=now, refused=account.credential)
    except GwylioError as error:
        log.warning("token not renewed", account=account.slug, error=type(error).__name__)
        return False


def door_of(here: Installation, account: AccountRow, now: datetime, *, credential: str = "") -> Door:
    """What the platform's way in needs to know.

    Raises:
        NoApp: it needs an app, and none is configured.
    """
    platform = account.platform
    way = ways.WAYS.get(platform) or ways.TYPED.get(platform)
    app = here.settings.app(platform)
    if needs_app(platform) and not (app and app.client_id) and not (credential and platform in NEEDS_NO_APP):
        raise NoApp(account.slug, platform)
    return Door(
        platform=platform,
        name=way.name if way else platform.value,
        access=Access(
            account=account.slug,
            native_id=account.native_id,
            credential=credential,
            base_url=here.settings.platform_urls.get(platform.value),
            home=account.home,
        ),
        app=app or App(),
        now=now,
    )


def needs_app(platform: Platform) -> bool:
    """Whether an app must be registered there before anybody can consent; Mastodon makes one for whoever asks."""
    return platform in ways.WAYS and platform is not Platform.MASTODON


def _not_renewed(
    session: Session,
    account: AccountRow,
    used: bytes,
    until: datetime,
    now: datetime,
    refused: AuthExpired | None,
) -> None:
    """Give the lease back; what will never be renewed is said at once where little life is left in it."""
    on_record = credentials.not_renewed(
        session, account.id, used=used, until=until, refused=refused is not None, now=now
    )
    expires = account.credential_expires
    if on_record and refused is not None and (expires is None or expires - now < SOON):
        row = accounts.stream(session, account.id, WHOLE_ACCOUNT)
        row.trouble, row.failures, row.last_started = f"{AuthExpired.__name__}: {refused.reason}", row.failures + 1, now


# --- how they stand


class Health(StrEnum):
    """How a token stands, the worst first."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    """It does not open with this installation's key."""
    DEAD = "dead"
    DYING = "dying"
    """A person must act within a fortnight."""
    LIMITED = "limited"
    """It lives, and may not do everything."""
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Standing:
    """One account's token.  `until`: when a person must act at the latest; None: as far as we know, never.

    `days` are whole days until then.  `why` is the trouble on record that made it so.
    """

    account: AccountRow = field(repr=False)
    health: Health
    until: datetime | None = None
    days: int | None = None
    why: str = ""
    stuck: bool = False
    """Its renewal is long due and was not done."""


def standing(account: AccountRow, streams: Iterable[StreamRow], *, key: bytes, now: datetime) -> Standing:
    """How an account's token stands at this moment."""
    if account.credential is None:
        return Standing(account, Health.MISSING)
    try:
        ends = consent.renewal_ends(credentials.reveal(account, key=key))
    except CredentialUnreadable:
        return Standing(account, Health.UNREADABLE)
    since, expires = account.credential_since, account.credential_expires
    stuck = account.credential_renews and consent.due(since, expires, ends, now - STUCK)
    until = ends if account.credential_renews and not stuck else expires
    days = max(0, (until - now).days) if until else None
    troubles = _troubles(account, streams)
    dead = next((each for each in troubles if each.startswith(AuthExpired.__name__)), "")
    limited = next((each for each in troubles if each.startswith(PermissionLost.__name__)), "")
    if dead or (until is not None and until <= now):
        return Standing(account, Health.DEAD, until, days, dead, stuck)
    if until is not None and until - now <= timedelta(days=max(WARNED)):
        return Standing(account, Health.DYING, until, days, limited, stuck)
    return Standing(account, Health.LIMITED if limited else Health.WELL, until, days, limited)


def _troubles(account: AccountRow, streams: Iterable[StreamRow]) -> Sequence[str]:
    """What went wrong with this token; what went wrong before it was given is over."""
    since = account.credential_since
    found = [row for row in streams if row.trouble and row.last_started and (since is None or row.last_started > since)]
    return [row.trouble for row in sorted(found, key=lambda row: row.name != WHOLE_ACCOUNT)]


def standings(here: Installation, *, now: datetime) -> Sequence[Standing]:
    """Every account's token, in the order of their slugs."""
    with here.store.read() as session:
        rows = accounts.health(session)
    return [standing(account, streams, key=here.keys.credentials, now=now) for account, streams in rows]


def complaint(how: Standing) -> str:
    """What an administrator must hear of a token, in a sentence; empty where it is well."""
    slug = how.account.slug
    again = f"run `gwylio account connect {slug}`"
    if how.health is Health.MISSING:
        return f"{slug} has no token; {again}" if how.account.platform in READ_BY else ""
    if how.health is Health.UNREADABLE:
        return f"the token of {slug} was encrypted with another key; restore the key, or {again}"
    if how.health is Health.DEAD:
        return f"the token of {slug} is dead ({how.why or f'it ran out on {how.until:%Y-%m-%d}'}); {again}"
    if how.health is Health.DYING:
        why = ", and could not be renewed" if how.stuck else ""
        return f"the token of {slug} dies on {how.until:%Y-%m-%d}, in {how.days} days{why}; {again}"
    return ""


def warn(here: Installation, slug: str, *, now: datetime) -> bool:
    """Put on record that a token dies, once for each day of `WARNED`, and once that it is dead; whether it was news."""
    with here.store.read() as session:
        found = [each for each in accounts.health(session) if each[0].slug == slug]
    for account, streams in found:
        how = standing(account, streams, key=here.keys.credentials, now=now)
        if how.health in (Health.DEAD, Health.DYING):
            return here.store.write(partial(_warn, how=how, now=now))
    return False


def _warn(session: Session, how: Standing, now: datetime) -> bool:
    account, when = how.account, how.until or how.account.credential_since
    dead = how.health is Health.DEAD
    reached = [0] if dead else [days for days in WARNED if how.until and how.until - now <= timedelta(days=days)]
    fresh = [
        days
        for days in reached
        if jobs.claim(session, f"token:{account.slug}:{when.isoformat() if when else ''}:{days}", now=now)
    ]
    if not fresh or min(fresh) != min(reached):
        return False
    log.warning("token dead" if dead else "token dies soon", account=account.slug, days=how.days)
    audit.append(
        session,
        actor=audit.SYSTEM,
        action="credential.dead" if dead else "credential.dies",
        subject=f"account:{account.slug}",
        now=now,
        after={"on": how.until.isoformat() if how.until else None, "days": how.days},
    )
    return True
