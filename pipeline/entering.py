"""What has no interface for machines, written down by hand: a comment with its evidence, and a reply given elsewhere.

The comment and its files are kept in one transaction; then the panel reads it and it is placed as any
other.  Should that fail, it waits for the next run, and nobody types it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from moderation import entries, replies
from moderation.entries import Entry
from moderation.record import Actor
from moderation.replies import Draft
from moderation.working_days import working_days
from pipeline.installation import Installation
from pipeline.reading import place, readings_of
from pipeline.replying import objections_to
from store import accounts, audit, comments, evidence
from store.comments import CommentRow
from store.database import Session
from store.evidence import Copy, Evidence
from vocabulary import GwylioError

log = structlog.get_logger("gwylio.pipeline")


class EntryRefused(GwylioError):
    """Something is wrong with what was typed; `objections` say what, field by field."""

    def __init__(self, objections: Sequence[entries.Objection]) -> None:
        self.objections = tuple(objections)
        super().__init__("; ".join(f"{each.box}: {each.why}" for each in objections))


def enter(
    here: Installation, account: str, entry: Entry, files: Sequence[Evidence] = (), *, actor: Actor, now: datetime
) -> int | None:
    """Keep what was typed and its files, read it, and put it in the queue: the id of its case, or None until then.

    However old it is, it opens a case: whoever writes it down means it to be answered.  The same form
    sent twice is one comment; files that come with the second are kept beside it.

    Raises:
        EntryRefused: nothing was kept.
        accounts.UnknownAccount: no account has that slug.
        evidence.EvidenceChanged: a file changed while it was being kept; nothing was.
    """
    with here.store.read() as session:
        on = accounts.by_slug(session, account)
    if objections := entries.check(entry, on.platform, now=now):
        raise EntryRefused(objections)
    on.open_since = None  # of this copy, which is nobody else's
    comment = entries.as_comment(entry, account)

    def act(session: Session) -> int:
        known = comments.find(session, account, comment.native_id)
        comment_id = known[0] if known else comments.keep(session, on, [comment], now=now).new[0]
        evidence.keep(session, comment_id, files, by=actor.name, now=now)
        if not known:
            audit.append(
                session,
                actor=actor.name,
                action="comment.entered",
                subject=f"comment:{comment_id}",
                now=now,
                after={"account": account, "evidence": [each.sha256 for each in files]},
            )
        return comment_id

    comment_id = here.store.write(act)
    try:
        _read(here, comment_id, now=now)
    except Exception as error:  # noqa: BLE001 - it is kept, and the next run reads it
        log.warning("entered comment waits to be read", comment=comment_id, error=type(error).__name__)
    with here.store.read() as session:
        return session.get_one(CommentRow, comment_id).case_id


def record_reply(
    here: Installation,
    case_id: int,
    draft: Draft,
    *,
    at: datetime,
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> int:
    """Record a reply that was given elsewhere, under the same guard as one that leaves from here; its id.

    Raises:
        replies.ReplyRefused, replies.ImpossibleTime, queue.StaleCase, queue.UnknownCase, lifecycle.IllegalTransition.
    """
    put = into_record(here, case_id, draft, at=at, actor=actor, now=now)
    return here.store.write(lambda session: put(session, saw))


def into_record(
    here: Installation, case_id: int, draft: Draft, *, at: datetime, actor: Actor, now: datetime
) -> Callable[[Session, int | None], int]:
    """What records a reply within somebody's transaction, as `into_outbox` sends one; it raises as `record_reply`."""
    objections = objections_to(here, draft)

    def put(session: Session, saw: int | None) -> int:
        return replies.record(
            session,
            case_id,
            draft,
            at=at,
            objections=objections,
            actor=actor,
            policy=here.policy,
            now=now,
            saw=saw,
        ).id

    return put


def hand_out(here: Installation, evidence_id: int, *, actor: Actor, now: datetime) -> Copy:
    """A copy of a file of evidence, once the trail says to whom it went.

    Raises:
        evidence.EvidenceChanged: its bytes are not those that were kept.
    """
    with here.store.read() as session:
        copy = evidence.copy_of(session, evidence_id)
    here.store.write(
        lambda session: audit.append(
            session,
            actor=actor.name,
            action="evidence.handed_out",
            subject=f"evidence:{evidence_id}",
            now=now,
            after={"sha256": copy.sha256},
        )
    )
    return copy


def _read(here: Installation, comment_id: int, *, now: datetime) -> None:
    with here.store.read() as session:
        if session.get_one(CommentRow, comment_id).read_at is not None:
            return
        reading = readings_of(session, [comment_id])[comment_id]
        days = working_days(session, here.policy)
    [opinion] = here.open_panel().read([reading])
    here.store.write(lambda session: place(session, here, (comment_id, reading.comment, opinion), days, now=now))
