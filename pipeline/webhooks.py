"""From what a platform pushed to a look at it: stored first, answered then, and settled by asking.

A notice only says where to look and when.  What is found there comes through the same collector and
the same `keep_page` as in every round, so nothing can be pushed into the queue; and where a notice is
lost, forged or never sent, the rounds find what it was about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, Protocol, runtime_checkable

import structlog

from collectors.base import (
    AuthExpired,
    CollectorError,
    Gone,
    Page,
    PermissionLost,
    RateLimited,
    Standing,
    Transient,
)
from collectors.notices import Happened, Mention, Notice, notices
from collectors.registry import CannotOpen
from pipeline.collecting import Collected, collect, keep_page, note_failure, note_standing
from pipeline.installation import Installation
from store import accounts, audit, jobs, silences, webhooks
from store.accounts import WHOLE_ACCOUNT, AccountRow, StreamRow
from store.comments import CommentRow
from store.credentials import CredentialUnreadable
from store.database import Session, Unreachable
from store.silences import Silent
from store.webhooks import Arrived, WebhookEventRow
from vocabulary import Platform, Presence

log = structlog.get_logger("gwylio.webhooks")

STREAM: Final = "webhook"
"""Under which an event that was put aside stands in the quarantine."""
MENTIONS: Final = "mentions"
TRIES: Final = 3
AT_ONCE: Final = 500
"""Most events that are settled together; the others wait for the next run, seconds later."""
APART: Final = timedelta(seconds=30)
"""Least time between two rounds that events ask for: a storm of comments is read in one round, not in one each."""
AFTER_FAILURE: Final = timedelta(minutes=2)
"""The same after a round in which something failed."""
AGAIN: Final = (timedelta(minutes=5), timedelta(minutes=10), timedelta(hours=1))
"""How long an event waits after a try, by how many of its tries have failed."""
PATIENCE: Final = timedelta(days=30)
"""How long an event waits at most for what is no fault of its own; from then on, each try counts."""
OF_THE_ACCOUNT: Final = (RateLimited, AuthExpired, CredentialUnreadable, CannotOpen)
"""What every event of the account would meet, so that no other is tried at the same moment."""
OF_THE_PLATFORM: Final = (Transient, PermissionLost)
"""What one event may meet alone, and most often all do: it is over some day, so the event waits."""
NARROW: Final = ("endpoint", "resource", "budget")
"""Scopes of a limit with which the account's lists may still be read."""
ANSWERS: Final = (Standing.PRESENT, Standing.EDITED, Standing.GONE)
NO_FAULT: Final = ("RateLimited", "QuotaExhausted")
"""What a stream is told to wait by; an event that meets it waits too, and has not failed."""


@runtime_checkable
class Mentioned(Protocol):
    """A collector whose platform shows where we were mentioned only to those who name the place."""

    def mentioned(self, *, comment_id: str, media_id: str) -> Page:
        """The comment or caption that mentions us, as a page of one.

        Raises:
            CollectorError: one of its kinds.
        """


def receive(here: Installation, platform: Platform, body: bytes, *, now: datetime) -> None:
    """Keep what a rightly signed body tells; durable when this returns.  The same again is counted.

    What cannot be understood, and what is about no account of ours, is kept too and put aside at once.
    """
    # In one order, lest two deliveries of the same lock each other out.
    told = sorted(notices(platform, body), key=lambda notice: notice.fingerprint)

    def act(session: Session) -> None:
        ours = webhooks.ours_among(session, {each for notice in told for each in notice.account_native_ids})
        webhooks.keep(session, [_arrived(notice, ours) for notice in told], now=now)

    here.store.write(act)


def _arrived(notice: Notice, ours: Mapping[tuple[Platform, str], int]) -> Arrived:
    whose = next((ours[key] for each in notice.account_native_ids if (key := (notice.platform, each)) in ours), None)
    trouble = notice.trouble or ("" if whose is not None else "it names no account of ours")
    return Arrived(
        platform=notice.platform,
        fingerprint=notice.fingerprint,
        account_id=whose,
        raw=notice.raw,
        trouble=trouble,
        settled=bool(trouble) or notice.happened is Happened.OTHER,
    )


class Fate(StrEnum):
    """What a look made of an event.  WAITS: it may not be asked about yet, or must be asked about once more."""

    SETTLED = "settled"
    WAITS = "waits"
    FAILED = "failed"


@dataclass(slots=True)
class Settled:
    """What one run for one account came to; `collected` is the round that it took, where it took one."""

    account: str
    settled: int = 0
    failed: int = 0
    collected: Collected | None = None


@dataclass(slots=True)
class _Event:
    """An event with what it says; what is found out about it is written down at the end."""

    id: int
    notice: Notice
    fate: Fate | None = None
    trouble: str = ""

    def fails(self, error: Exception) -> None:
        """What is wrong with more than this event has it wait; of an error not of ours only the kind is kept."""
        self.fate = Fate.WAITS if isinstance(error, OF_THE_ACCOUNT + OF_THE_PLATFORM) else Fate.FAILED
        reason = f": {error.reason}" if isinstance(error, CollectorError) else ""
        self.trouble = f"{type(error).__name__}{reason}"


def settle(here: Installation, slug: str, *, now: datetime) -> Settled:
    """Ask the platform what the account's waiting events were about; nothing while it is told to wait.

    Whatever moment this ends at, the next run begins with the same events and finds the same.

    Raises:
        accounts.UnknownAccount: no account has that slug.
    """
    told = Settled(slug)
    with here.store.read() as session:
        account = accounts.by_slug(session, slug)
        rows = [row for row in webhooks.waiting(session, account.id, limit=AT_ONCE) if _is_due(row, now)]
        if not rows:
            return told
        events = [_Event(row.id, _notice_of(row)) for row in rows]
        may_ask = _may_ask(_streams(session, account), now)
        held = webhooks.known(session, account.id, _ids(events))
        gone = webhooks.on_show(session, account.id, _ids(events, Happened.GONE))
    for event in events:
        if event.notice.trouble:
            event.fate, event.trouble = Fate.FAILED, event.notice.trouble
        elif event.notice.happened is Happened.CAME and _all_held(event, held):
            event.fate = Fate.SETTLED  # a round was quicker
    standing: dict[str, Standing] = {}
    if may_ask:
        open_still = [event for event in events if event.fate is None]
        told.collected = _look(here, account, [each for each in open_still if _wants_a_round(each.notice)], now=now)
        standing = _ask(here, account, [each for each in open_still if not _wants_a_round(each.notice)], gone, now=now)
    decided = [event for event in events if event.fate is not None]
    if decided:
        fates = here.store.write(
            partial(_write_down, account=account, events=decided, gone=gone, standing=standing, now=now)
        )
        told.settled, told.failed = fates.count(Fate.SETTLED), fates.count(Fate.FAILED)
    return told


def _notice_of(row: WebhookEventRow) -> Notice:
    """What a kept event says: its bytes are a body that tells of this one thing."""
    told = notices(row.platform, row.raw)
    return next((each for each in told if each.fingerprint == row.fingerprint), told[0])


def _is_due(row: WebhookEventRow, now: datetime) -> bool:
    """One kept waiting by what is no fault of its own waits as long again, up to an hour."""
    if row.tried_at is None:
        return True
    wait = AGAIN[min(row.tries, len(AGAIN) - 1)]
    if row.trouble and not row.tries:
        wait = min(max(wait, row.tried_at - row.received_at), AGAIN[-1])
    return now >= row.tried_at + wait


def _streams(session: Session, account: AccountRow) -> Sequence[StreamRow]:
    return next((streams for each, streams in accounts.health(session) if each.id == account.id), ())


def _may_ask(streams: Sequence[StreamRow], now: datetime) -> bool:
    """Whether events may ask for a round: the account is not told to wait, and the last round is a while ago."""
    if _is_told_to_wait(streams, now):
        return False
    latest = max((row.last_started for row in streams if row.last_started is not None), default=None)
    pause = AFTER_FAILURE if any(row.trouble for row in streams) else APART
    return latest is None or now - latest >= pause


def _is_told_to_wait(streams: Sequence[StreamRow], now: datetime) -> bool:
    whole = next((row for row in streams if row.name == WHOLE_ACCOUNT), None)
    return whole is not None and whole.blocked_until is not None and now < whole.blocked_until


def _ids(events: Sequence[_Event], happened: Happened | None = None) -> list[str]:
    return [
        native_id
        for event in events
        if happened is None or event.notice.happened is happened
        for native_id in event.notice.native_ids
    ]


def _all_held(event: _Event, held: frozenset[str]) -> bool:
    return bool(event.notice.native_ids) and held.issuperset(event.notice.native_ids)


def _wants_a_round(notice: Notice) -> bool:
    return notice.happened in {Happened.CAME, Happened.CHANGED} and notice.mention is None


def _look(here: Installation, account: AccountRow, events: Sequence[_Event], *, now: datetime) -> Collected | None:
    """One round for all of them.  Settled is what came and is held now, and what changed and was seen in this round.

    So is the rest, where all could be read, to its end: whatever it was, it is not there.
    """
    if not events:
        return None
    told = collect(here, account.slug, now=now)
    with here.store.read() as session:
        held = webhooks.known(session, account.id, _ids(events, Happened.CAME))
        seen = webhooks.seen_since(session, account.id, _ids(events, Happened.CHANGED), now)
        failing = [row for row in _streams(session, account) if row.trouble]
    at_fault = [row for row in failing if row.last_started == now and not row.trouble.startswith(NO_FAULT)]
    for event in events:
        whole = not failing and not told.incomplete
        if whole or _all_held(event, held if event.notice.happened is Happened.CAME else seen):
            event.fate = Fate.SETTLED
        elif at_fault:
            event.fate, event.trouble = Fate.FAILED, f"{at_fault[0].name}: {at_fault[0].trouble}"
        else:
            event.fate = Fate.WAITS
    return told


def _ask(
    here: Installation,
    account: AccountRow,
    events: Sequence[_Event],
    gone: Sequence[tuple[int, str]],
    *,
    now: datetime,
) -> dict[str, Standing]:
    """Ask for what no round shows, each by its id.  What is wrong with the whole account ends it, and all wait."""
    with here.store.read() as session:
        if _is_told_to_wait(_streams(session, account), now):
            return {}
    try:
        for event in events:
            if event.notice.mention is not None:
                _look_at(here, account, event, event.notice.mention, now=now)
        return _look_again(
            here, account, [each for each in events if each.notice.happened is Happened.GONE], gone, now=now
        )
    except OF_THE_ACCOUNT as error:
        for event in events:
            if event.fate is None:
                event.fails(error)
        if isinstance(error, RateLimited) and error.scope not in NARROW:
            here.store.write(partial(note_failure, account=account, stream=WHOLE_ACCOUNT, error=error, now=now))
        return {}


def _look_at(here: Installation, account: AccountRow, event: _Event, mention: Mention, *, now: datetime) -> None:
    """Keep what mentions us, from the one place where it can be read.

    Raises:
        OF_THE_ACCOUNT: one of these; nothing is known of the mention.
    """
    try:
        collector = here.collector(account, now)
        if not isinstance(collector, Mentioned):
            event.fate, event.trouble = Fate.FAILED, "Unsupported: its collector cannot look a mention up"
            return
        page = collector.mentioned(comment_id=mention.comment_id, media_id=mention.media_id)
        here.store.write(partial(_keep_mention, account=account, page=page, now=now))
        event.fate = Fate.SETTLED
    except (Unreachable, *OF_THE_ACCOUNT):
        raise
    except Gone:
        event.fate = Fate.SETTLED  # taken away before we looked
    except Exception as error:  # noqa: BLE001 - whatever one mention provokes stands on its event, and the others go on
        event.fails(error)


def _keep_mention(session: Session, *, account: AccountRow, page: Page, now: datetime) -> None:
    """No round reads this stream: it never starts, and the time since its last page is no silence."""
    row = accounts.stream(session, account.id, MENTIONS)
    row.last_success = None
    keep_page(session, account, MENTIONS, page, now=now)
    row.last_started = None


def _look_again(
    here: Installation,
    account: AccountRow,
    events: Sequence[_Event],
    held: Sequence[tuple[int, str]],
    *,
    now: datetime,
) -> dict[str, Standing]:
    """What became of comments that are said to be gone.  Of one that we do not hold for present nothing is asked.

    Settled is an event once there is an answer for each that was asked about.

    Raises:
        OF_THE_ACCOUNT: one of these; nothing is known of any of them.
    """
    on_show = {native_id for _, native_id in held}
    asking = [event for event in events if on_show.intersection(event.notice.native_ids)]
    standing: dict[str, Standing] = {}
    try:
        if asking:
            standing.update(here.collector(account, now).recheck(sorted(on_show.intersection(_ids(asking)))))
    except (Unreachable, *OF_THE_ACCOUNT):
        raise
    except Exception as error:  # noqa: BLE001 - the same
        for event in asking:
            event.fails(error)
    for event in events:
        unknown = [each for each in event.notice.native_ids if each in on_show and standing.get(each) not in ANSWERS]
        if not unknown:
            event.fate = Fate.SETTLED
        elif event.fate is None:
            event.fate, event.trouble = Fate.FAILED, f"the platform does not say: {standing.get(unknown[0], 'nothing')}"
    return standing


def _write_down(
    session: Session,
    *,
    account: AccountRow,
    events: Sequence[_Event],
    gone: Sequence[tuple[int, str]],
    standing: dict[str, Standing],
    now: datetime,
) -> list[Fate]:
    """What was found out, in one transaction: a comment missed once has its event wait for the second look."""
    missed_once = set()
    for comment_id, native_id in gone:
        comment = session.get_one(CommentRow, comment_id)
        note_standing(session, comment, standing.get(native_id), now=now)
        if standing.get(native_id) is Standing.GONE and comment.presence is not Presence.DELETED_BY_AUTHOR:
            missed_once.add(native_id)
    fates = [_write_one(session, account, event, missed_once, now=now) for event in events]
    if Fate.SETTLED in fates and webhooks.unannounced_since(session, account.id, now=now) is None:
        silences.note(session, account, Silent.WEBHOOK, None, now=now)
    return fates


def _write_one(session: Session, account: AccountRow, event: _Event, missed_once: set[str], *, now: datetime) -> Fate:
    row = session.get_one(WebhookEventRow, event.id)
    fate = event.fate or Fate.WAITS
    if fate is Fate.SETTLED and missed_once.intersection(event.notice.native_ids):
        fate = Fate.WAITS
    if fate is Fate.WAITS and event.trouble and now - row.received_at >= PATIENCE:
        fate = Fate.FAILED
    row.tried_at, row.trouble = now, event.trouble
    if fate is Fate.SETTLED:
        row.settled_at = now
    if fate is Fate.FAILED:
        row.tries += 1
        log.warning("notice failed", account=account.slug, number=row.id, tries=row.tries)
        if row.tries >= TRIES or event.notice.trouble:
            row.settled_at = now
            _put_aside(session, account, row, event, now=now)
    return fate


def _put_aside(session: Session, account: AccountRow, row: WebhookEventRow, event: _Event, *, now: datetime) -> None:
    jobs.quarantine(
        session,
        account.id,
        STREAM,
        native_id=next(iter(event.notice.native_ids), ""),
        fingerprint=row.fingerprint,
        reason=event.trouble,
        raw=row.raw,
        now=now,
    )
    audit.append(
        session,
        actor=audit.SYSTEM,
        action="webhook.put_aside",
        subject=f"account:{account.slug}",
        now=now,
        after={"event": row.id, "tries": row.tries},
    )
