"""The panel reads what waits, and each comment is put where it belongs.

Reading takes its time and holds no transaction.  So a comment that was placed meanwhile by
somebody else, or whose words changed, is left alone when its turn to be placed comes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from classifiers.panel import Opinion, Panel
from moderation import deadlines, queue, replies, routing
from moderation.calendar import Calendar
from moderation.working_days import working_days
from pipeline.installation import Installation
from store import accounts, audit, cases, comments, findings, jobs
from store import replies as outbox
from store.accounts import AccountRow
from store.comments import CommentRow
from store.database import Session
from vocabulary import Clock, Comment, Earlier, Reading

log = structlog.get_logger("gwylio.pipeline")

LOOK_BACK = timedelta(days=365)
HISTORY = 200
WAVE = timedelta(days=7)
AROUND = 500
"""How far back, and how many, of an author's earlier comments to us the panel is shown."""
BATCH = 256
READING_TRIES = 3
"""A comment that could not be placed in this many runs is put aside, and shown."""

Read = tuple[int, Comment, Opinion]
"""A comment's id, its words as the panel read them, and what it saw."""


def read_waiting(here: Installation, *, now: datetime) -> int:
    """Show the panel every comment that waits, and put each where it belongs; how many were placed.

    One that cannot be placed is tried again in the next run, and put aside after the third.  Where another thread
    is at it, none: that one goes on until nothing waits.
    """
    if not here.reading.acquire(blocking=False):
        return 0
    try:
        return _read_all(here, now=now)
    finally:
        here.reading.release()


def _read_all(here: Installation, *, now: datetime) -> int:
    placed = 0
    touched: set[int] = set()
    _read_posts(here)
    failed: set[int] = set()
    panel: Panel | None = None
    while True:
        with here.store.read() as session:
            waiting = comments.unread(session, limit=BATCH + len(failed), tries=READING_TRIES)
            ids = [comment_id for comment_id in waiting if comment_id not in failed]
            if not ids:
                break
            readings = readings_of(session, ids)
            days = working_days(session, here.policy)
            touched |= comments.account_ids(session, ids)
        panel = panel or here.open_panel()
        opinions = panel.read(list(readings.values()))
        read = [(each, reading.comment, seen) for (each, reading), seen in zip(readings.items(), opinions, strict=True)]
        try:
            placed += here.store.write(partial(_place_all, here=here, read=read, days=days, now=now))
        except Exception:  # noqa: BLE001 - one of them is poisoned; find out which
            alone = {each[0]: _place_alone(here, each, days, now=now) for each in read}
            placed += sum(each is True for each in alone.values())
            failed |= {comment_id for comment_id, done in alone.items() if done is None}
    _join_native_of(here, touched, now=now)
    return placed


def _read_posts(here: Installation) -> None:
    """Which language our own posts are in, so that the register can say how bilingual an account is."""
    with here.store.read() as session:
        waiting = comments.posts_unread(session, limit=BATCH)
    if not waiting:
        return
    said = [Reading(Comment(account="", native_id=str(id_), text=text, posted_at=at)) for id_, text, at in waiting]
    opinions = here.open_panel().read(said)
    found = {id_: routing.language_of(seen.findings)[0] for (id_, _, _), seen in zip(waiting, opinions, strict=True)}
    here.store.write(lambda session: comments.keep_post_languages(session, found))


def readings_of(session: Session, ids: Sequence[int]) -> dict[int, Reading]:
    """Each comment with its author's earlier comments to us, and whether we had replied before each."""
    said = comments.as_said(session, ids)
    authors = comments.author_ids(session, ids)
    times = cases.reply_times(session, sorted({author for author in authors.values() if author is not None}))
    around = _around(session, list(said.values()))
    readings: dict[int, Reading] = {}
    for comment_id in ids:
        comment, author = said[comment_id], authors[comment_id]
        if author is None:
            readings[comment_id] = Reading(comment)
            continue
        replied = times.get(author, [])
        earlier = comments.earlier_by(session, author, before=comment.posted_at, within=LOOK_BACK, limit=HISTORY)
        readings[comment_id] = Reading(
            comment,
            tuple(Earlier(each, _replied_before(replied, each)) for each in earlier),
            _replied_before(replied, comment),
            tuple(each for each in around if each.posted_at < comment.posted_at),
        )
    return readings


def _around(session: Session, read: Sequence[Comment]) -> list[Comment]:
    """What anybody said in the days before the newest of `read` and since: enough to see a wave rise."""
    moments = [comment.posted_at for comment in read]
    newest = max(moments, default=None)
    if newest is None:
        return []
    return comments.lately(session, since=min(moments) - WAVE, before=newest, limit=AROUND)


def place(session: Session, here: Installation, read: Read, days: Mapping[Clock, Calendar], *, now: datetime) -> bool:
    """Keep what the panel saw, decide where the comment belongs, and put it there.

    False, and nothing is done, where it was read meanwhile, or its words are no longer those that were read.
    """
    comment_id, words, opinion = read
    cases.one_placer(session)
    comment = session.get_one(CommentRow, comment_id, with_for_update=True)
    said = comments.as_said(session, [comment_id])[comment_id]
    if comment.read_at is not None or said.text != words.text:
        return False
    account = session.get_one(AccountRow, comment.account_id)
    findings.replace(session, comment_id, comment.latest, opinion.findings, now=now)
    if opinion.silent:
        audit.append(
            session,
            actor=audit.SYSTEM,
            action="comment.not_read_by",
            subject=f"comment:{comment_id}",
            now=now,
            after={"silent": list(opinion.silent)},
        )
    seen = findings.of_comments(session, [comment_id])[comment_id]
    route = routing.route(said, seen, account.service_area, here.policy, here.areas)
    comment.language, comment.read_at = route.language, now
    if comment.case_id is not None:
        queue.comment_edited(session, comment, route=route, now=now)
        return True
    dates = {clock: deadlines.due(comment.posted_at, clock, here.policy.response, days) for clock in route.clocks}
    queue.place(session, comment, route=route, dates=dates, policy=here.policy, now=now)
    return True


def join_native(here: Installation, account: AccountRow, *, now: datetime) -> None:
    """Join what was answered on the platform itself, where there is anything to join."""
    with here.store.read() as session:
        if not outbox.any_unjoined(session, account.id):
            return
    here.store.write(lambda session: replies.join_native(session, account, policy=here.policy, now=now))


def _join_native_of(here: Installation, account_ids: Collection[int], *, now: datetime) -> None:
    """A reply made on the platform may be collected before its comment is placed; now it finds its case."""
    if not account_ids:
        return
    with here.store.read() as session:
        touched = [account for account in accounts.everyone(session) if account.id in account_ids]
    for account in touched:
        join_native(here, account, now=now)


def _place_all(
    session: Session, here: Installation, read: Sequence[Read], days: Mapping[Clock, Calendar], now: datetime
) -> int:
    return sum(place(session, here, each, days, now=now) for each in read)


def _place_alone(here: Installation, read: Read, days: Mapping[Clock, Calendar], *, now: datetime) -> bool | None:
    """Whether it was placed; None where it could not be, which is counted."""
    try:
        return here.store.write(lambda session: place(session, here, read, days, now=now))
    except Exception as error:  # noqa: BLE001 - counted, and put aside at the third time
        log.error("comment could not be placed", comment=read[0], error=type(error).__name__)
        reason = type(error).__name__
        here.store.write(lambda session: _could_not(session, read[0], reason, now=now))
        return None


def _could_not(session: Session, comment_id: int, reason: str, *, now: datetime) -> None:
    comment = session.get_one(CommentRow, comment_id)
    comment.unread_tries += 1
    if comment.unread_tries >= READING_TRIES:
        jobs.quarantine(
            session,
            comment.account_id,
            "reading",
            native_id=comment.native_id,
            fingerprint=f"comment:{comment_id}:{comment.latest}",
            reason=reason,
            raw=b"",
            now=now,
        )


def _replied_before(replied: Sequence[datetime], comment: Comment) -> bool:
    return bisect_left(replied, comment.posted_at) > 0
