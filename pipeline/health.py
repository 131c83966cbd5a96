"""Whether every account is heard: silences begun and ended, for the accounts page and the weekly report."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from moderation import silence
from moderation.silence import Standing
from pipeline.installation import Installation
from store import accounts, silences, webhooks
from store.accounts import WHOLE_ACCOUNT, AccountRow, StreamRow
from store.database import Session
from store.silences import Silent


def watch(here: Installation, *, now: datetime) -> int:
    """Look at every account in use; how many silences began or ended."""
    changed = 0
    with here.store.read() as session:
        watched = [(account, streams) for account, streams in accounts.health(session) if account.active]
    for account, streams in watched:
        with here.store.read() as session:
            posted = silences.moments(session, account.id, since=now - silence.LOOK_BACK)
            unannounced = webhooks.unannounced_since(session, account.id, now=now)
        found = {
            Silent.UNREAD: silence.unread_since([_standing(account, row, now) for row in streams], now),
            Silent.QUIET: silence.quiet_since(posted, now),
            Silent.WEBHOOK: unannounced,
        }
        changed += here.store.write(partial(_note, account=account, found=found, now=now))
    return changed


def _note(session: Session, account: AccountRow, found: dict[Silent, datetime | None], now: datetime) -> int:
    return sum(silences.note(session, account, kind, since, now=now) for kind, since in found.items())


def _standing(account: AccountRow, row: StreamRow, now: datetime) -> Standing:
    """The whole account has no success of its own: it counts from when it was last tried with one."""
    waits = row.blocked_until is not None and row.blocked_until > now
    since = row.last_success or account.created_at
    if row.name == WHOLE_ACCOUNT:
        return Standing(row.last_started or since, bool(row.trouble))
    return Standing(since, row.failures > 0 or waits)
