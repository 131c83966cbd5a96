"""Whether every account is heard: silences begun and ended, for the accounts page and the weekly report.

Of an account that is no longer in use nothing is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Look at every account; how many silences began or ended."""
    changed = 0
    with here.store.read() as session:
        watched = accounts.health(session)
    for account, streams in watched:
        found: dict[Silent, datetime | None] = dict.fromkeys(Silent)
        if account.active:
            with here.store.read() as session:
                posted = silences.moments(session, account.id, within=silence.LOOK_BACK)
                found[Silent.WEBHOOK] = webhooks.unannounced_since(session, account.id, now=now)
            found[Silent.UNREAD] = silence.unread_since(_standings(account, streams, now), now)
            found[Silent.QUIET] = silence.quiet_since(posted, now)
        changed += here.store.write(partial(_note, account=account, found=found, now=now))
    return changed


def _note(session: Session, account: AccountRow, found: dict[Silent, datetime | None], now: datetime) -> int:
    return sum(silences.note(session, account, kind, since, now=now) for kind, since in found.items())


def _standings(account: AccountRow, streams: Sequence[StreamRow], now: datetime) -> list[Standing]:
    """How each stream fares.  The whole account has no success of its own: it counts from the last of any stream."""
    last = max((row.last_success for row in streams if row.last_success), default=account.created_at)
    return [
        Standing(last, bool(row.trouble))
        if row.name == WHOLE_ACCOUNT
        else Standing(row.last_success or account.created_at, _fails(row, now))
        for row in streams
    ]


def _fails(row: StreamRow, now: datetime) -> bool:
    waits = row.blocked_until is not None and row.blocked_until > now
    left_alone = row.last_started is not None and now - row.last_started > silence.LEFT_ALONE_FOR
    return row.failures > 0 or waits or left_alone
