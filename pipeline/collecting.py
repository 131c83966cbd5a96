"""From the platforms, and from files, into the store.

An account's failure is recorded where the next officer of health looks, and the other accounts
go on.  What is kept is kept with its cursor, or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

import structlog

from collectors import import_file
from collectors.base import (
    AuthExpired,
    Budget,
    CollectorError,
    Cursor,
    Page,
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Standing,
)
from moderation import queue
from moderation.budgets import SCARCE, read_now
from pipeline import tokens
from pipeline.evidence_files import evidence_of
from pipeline.installation import Installation
from pipeline.reading import join_native
from store import accounts, audit, comments, counts, evidence, jobs, silences, spending
from store import replies as outbox
from store.accounts import WHOLE_ACCOUNT, AccountRow
from store.comments import CommentRow
from store.database import Session, Unreachable
from store.evidence import Evidence
from store.silences import Silent
from vocabulary import Comment, GwylioError, Presence

log = structlog.get_logger("gwylio.pipeline")

IMPORT_BATCH, SHOWN_BAD = 1_000, 20
FILES_TOGETHER = 64 * 1024 * 1024
"""Bytes of evidence after which a batch of an import is kept, so that no transaction grows without end."""
UNSEEN = timedelta(hours=6)
RECHECKED_FOR = timedelta(days=30)
"""How long after it was posted a comment is looked for again; one with an open case for as long as that is open."""
GONE_CHECKS = 2
PAGES_TOGETHER, ITEMS_TOGETHER = 25, 500
"""Most pages, and most comments, that are committed at once."""
LONGEST_PAUSE = timedelta(hours=1)
"""Longest wait that we set ourselves after failures; a platform's own wait may be longer."""
NOBODY_THERE = timedelta(hours=6)
"""A stream that was not even tried for so long was silent because we did not run; that is noticed as it ends."""
MATTERS_LESS = 1
"""The rank of whatever is not the first of an account's streams."""
OUR_BUDGET = "budget"
"""The scope of a limit that is our own: the ceiling in config/budgets.toml."""


@dataclass(slots=True)
class Collected:
    """What one round on one account brought."""

    account: str
    pages: int = 0
    new: int = 0
    changed: int = 0
    put_aside: int = 0
    incomplete: bool = False
    remaining: float | None = None
    """What the platform last said is left of its own window, 0 to 1."""
    spared: list[str] = field(default_factory=list)
    """Streams that were not read in this round, so that the budget lasts for what matters more."""
    troubles: list[str] = field(default_factory=list)


def collect(here: Installation, slug: str, *, now: datetime, budget: Budget | None = None) -> Collected:
    """One round of collection on one account: every stream that is not told to wait.

    A platform's failure is recorded on its stream and the others go on.

    Raises:
        accounts.UnknownAccount: no account has that slug.
    """
    with here.store.read() as session:
        account = accounts.by_slug(session, slug)
        cleared = accounts.stream_if_any(session, account.id, WHOLE_ACCOUNT)
    told = Collected(slug)
    try:
        account = tokens.ready(here, account, now=now)
        collector = here.collector(account, now)
        streams = collector.streams()
    except GwylioError as error:
        told.troubles.append(str(error))
        here.store.write(partial(note_failure, account=account, stream=WHOLE_ACCOUNT, error=error, now=now))
        return told
    if cleared is not None and cleared.trouble and not tokens.refused(account, cleared.trouble):
        here.store.write(partial(_clear, account=account))
    for rank, stream in enumerate(streams):
        with here.store.read() as session:
            cursor = _cursor(session, account, stream, now=now)
            row = accounts.stream_if_any(session, account.id, stream)
            spared = _is_spared(session, here, account, rank, row.last_started if row else None, now=now)
        if cursor is None:
            continue
        if spared or (rank and told.remaining is not None and told.remaining < SCARCE):
            told.spared.append(stream)
            continue
        try:
            _keep_pages(here, account, stream, collector.fetch(stream, cursor, budget or Budget()), told, now=now)
        except Unreachable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a platform provokes stands on its stream, and the others go on
            log.warning("stream failed", account=slug, stream=stream, error=type(error).__name__)
            told.troubles.append(f"{stream}: {_reason(error)}")
            here.store.write(partial(note_failure, account=account, stream=stream, error=error, now=now))
            if _concerns_the_account(error):
                if isinstance(error, AuthExpired):
                    tokens.after_refusal(here, account, now=now)
                break
    join_native(here, account, now=now)
    return told


def _keep_pages(
    here: Installation, account: AccountRow, stream: str, pages: Iterable[Page], told: Collected, *, now: datetime
) -> None:
    waiting: list[Page] = []
    complete = True

    def keep() -> None:
        if waiting:
            for kept in here.store.write(
                partial(_keep_together, account=account, stream=stream, pages=waiting, now=now)
            ):
                told.new += len(kept.new)
                told.changed += len(kept.changed)
            told.pages += len(waiting)
            for page in waiting:
                told.put_aside += len(page.troubles)
                told.remaining = page.usage.remaining if page.usage.remaining is not None else told.remaining
            waiting.clear()

    try:
        for page in pages:
            waiting.append(page)
            complete = page.complete
            if len(waiting) == PAGES_TOGETHER or sum(len(each.comments) for each in waiting) >= ITEMS_TOGETHER:
                keep()
    finally:
        # Whatever ended the run, the pages that were handed over stand.
        keep()
    told.incomplete = told.incomplete or not complete


def _keep_together(
    session: Session, account: AccountRow, stream: str, pages: Sequence[Page], *, now: datetime
) -> list[comments.Kept]:
    """A few small pages in one transaction, so that a quiet round is one commit and few questions to the database."""
    return [keep_page(session, account, stream, page, now=now) for page in _larger(pages)]


def _larger(pages: Sequence[Page]) -> Iterator[Page]:
    """The same in as few pages as may be: where a comment's words changed between two pages, both wordings are kept."""
    together: list[Page] = []
    said: dict[str, str] = {}
    for page in pages:
        if any(said.get(each.native_id, each.text) != each.text for each in page.comments):
            yield _as_one(together)
            together, said = [], {}
        together.append(page)
        said.update((each.native_id, each.text) for each in page.comments)
    if together:
        yield _as_one(together)


def _as_one(pages: Sequence[Page]) -> Page:
    last = pages[-1]
    usage = replace(
        last.usage,
        requests=sum(each.usage.requests for each in pages),
        items=sum(each.usage.items for each in pages),
    )
    return Page(
        cursor=last.cursor,
        complete=last.complete,
        comments=tuple(chain.from_iterable(each.comments for each in pages)),
        posts=tuple(chain.from_iterable(each.posts for each in pages)),
        ours=tuple(chain.from_iterable(each.ours for each in pages)),
        troubles=tuple(chain.from_iterable(each.troubles for each in pages)),
        counts=tuple(chain.from_iterable(each.counts for each in pages)),
        usage=usage,
    )


def keep_page(session: Session, account: AccountRow, stream: str, page: Page, *, now: datetime) -> comments.Kept:
    """Items and cursor in one transaction: after a crash the page is there with its cursor, or neither is."""
    # Where a platform withholds who wrote, a reply of ours looks like anybody's comment.
    ours_by_id = outbox.native_ids(session, account.id, [each.native_id for each in page.comments])
    said = [each for each in page.comments if each.native_id not in ours_by_id]
    kept = comments.keep(session, account, said, now=now)
    posts = comments.keep_posts(session, account, page.posts, now=now)
    ours = comments.keep_own(session, account, page.ours, now=now)
    for trouble in page.troubles:
        jobs.quarantine(
            session,
            account.id,
            stream,
            native_id=trouble.native_id,
            fingerprint=hashlib.sha256(trouble.raw).hexdigest(),
            reason=trouble.reason,
            raw=trouble.raw,
            now=now,
        )
    row = accounts.stream(session, account.id, stream)
    row.watermark, row.page_token = page.cursor.watermark, page.cursor.page_token
    row.incomplete, row.trouble, row.failures, row.blocked_until = not page.complete, "", 0, None
    row.requests += page.usage.requests
    row.items += page.usage.items
    row.remaining = page.usage.remaining
    if page.counts:
        counts.keep(session, account.id, {each.thread: each.said for each in page.counts}, now=now)
    row.last_started = now
    if page.complete:
        if row.last_success and now - row.last_success > NOBODY_THERE:
            silences.note_gap(session, account, Silent.UNREAD, row.last_success, now=now)
        row.last_success = now
    if kept.new or kept.changed or posts or ours or page.troubles:
        audit.append(
            session,
            actor=audit.SYSTEM,
            action="collect.page",
            subject=f"account:{account.slug}",
            now=now,
            after={
                "stream": stream,
                "new": list(kept.new),
                "changed": list(kept.changed),
                "posts": posts,
                "ours": ours,
                "put_aside": len(page.troubles),
            },
        )
    return kept


def _cursor(session: Session, account: AccountRow, stream: str, *, now: datetime) -> Cursor | None:
    """Where to go on from; None while this stream, or the whole account, is told to wait."""
    whole = accounts.stream_if_any(session, account.id, WHOLE_ACCOUNT)
    row = accounts.stream_if_any(session, account.id, stream)
    if any(each is not None and each.blocked_until is not None and now < each.blocked_until for each in (whole, row)):
        return None
    return Cursor(row.watermark, row.page_token) if row else Cursor()


def _is_spared(
    session: Session, here: Installation, account: AccountRow, rank: int, last: datetime | None, *, now: datetime
) -> bool:
    """Whether a metered platform is not asked in this round, because spending runs ahead of the calendar."""
    budget = here.budgets.of(account.platform)
    if budget is None:
        return False
    spent = spending.so_far(session, account.platform, budget.span(now).name).gone
    return not read_now(rank, spent, budget, now, last)


def _reason(error: Exception) -> str:
    """What to record of a failure; of one that is not ours only its kind, for its message may quote a resident."""
    kind = type(error).__name__
    return f"{kind}: {getattr(error, 'reason', error)}" if isinstance(error, GwylioError) else kind


def _concerns_the_account(error: Exception) -> bool:
    """Whether the account's other streams would meet the same."""
    return isinstance(error, AuthExpired | QuotaExhausted) or (
        isinstance(error, RateLimited) and error.scope == WHOLE_ACCOUNT
    )


def _clear(session: Session, account: AccountRow) -> None:
    row = accounts.stream(session, account.id, WHOLE_ACCOUNT)
    row.trouble, row.failures = "", 0


def note_failure(session: Session, account: AccountRow, stream: str, error: Exception, *, now: datetime) -> None:
    """Write down what is wrong with a stream, and until when it waits."""
    row = accounts.stream(session, account.id, stream)
    row.trouble = _reason(error)
    row.failures += 1
    row.last_started = now
    if isinstance(error, RateLimited) and error.scope == OUR_BUDGET:
        pass  # no request leaves until there is room again, and the council may make room at any time
    elif isinstance(error, RateLimited):
        row.blocked_until = error.until
        if _concerns_the_account(error):
            accounts.stream(session, account.id, WHOLE_ACCOUNT).blocked_until = error.until
    elif isinstance(error, CollectorError) and not isinstance(error, AuthExpired | PermissionLost):
        row.blocked_until = now + min(timedelta(minutes=2 ** min(row.failures, 6)), LONGEST_PAUSE)
    audit.append(
        session,
        actor=audit.SYSTEM,
        action="collect.failed",
        subject=f"account:{account.slug}",
        now=now,
        after={"stream": stream, "error": type(error).__name__, "failures": row.failures},
    )


@dataclass(slots=True)
class Imported:
    """What a file brought.  Bad rows stand in `beside`, as they were, each with its line and its reason."""

    beside: Path
    new: int = 0
    changed: int = 0
    known: int = 0
    bad: int = 0
    evidence: int = 0
    first_bad: list[tuple[int, str]] = field(default_factory=list)


def bring_in(
    here: Installation,
    file: Path,
    slug: str,
    *,
    history: bool,
    open_since: datetime | None,
    now: datetime,
    actor: str = audit.SYSTEM,
) -> Imported:
    """Keep the comments of a file, a batch at a time; bad rows are written beside it and the good ones go on.

    Without `open_since`, comments open cases since the account's own date; with `history` none does.

    Raises:
        accounts.UnknownAccount, import_file.UnreadableFile.
        evidence.EvidenceChanged: a file changed while it was being kept; the batches before it stand.
    """
    with here.store.read() as session:
        account = accounts.by_slug(session, slug)
    if open_since is not None:
        account.open_since = open_since
    told = Imported(file.parent / f"{file.name}.bad.jsonl")
    with _beside(told):
        told.beside.unlink(missing_ok=True)
    batch: list[WithFiles] = []
    weight = 0
    for row in import_file.read_comments(file, account=slug):
        whole = _whole(row, file.parent)
        if isinstance(whole, import_file.BadRow):
            _put_beside(told, whole)
            continue
        batch.append(whole)
        weight += sum(each.size for each in whole[1])
        if len(batch) == IMPORT_BATCH or weight >= FILES_TOGETHER:
            _keep_batch(here, account, batch, told, history=history, actor=actor, now=now)
            batch, weight = [], 0
    if batch:
        _keep_batch(here, account, batch, told, history=history, actor=actor, now=now)
    return told


WithFiles = tuple[Comment, Sequence[Evidence]]


def _whole(
    row: Comment | import_file.WithEvidence | import_file.BadRow, folder: Path
) -> WithFiles | import_file.BadRow:
    """A row with the files that it names, or why it is bad."""
    if isinstance(row, import_file.BadRow):
        return row
    if isinstance(row, Comment):
        return row, ()
    found = evidence_of(row, folder)
    return found if isinstance(found, import_file.BadRow) else (row.comment, found)


@contextmanager
def _beside(told: Imported) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise import_file.UnreadableFile(
            f"bad rows cannot be written to {told.beside} ({error.strerror}); make room for it and import again"
        ) from None


def _put_beside(told: Imported, row: import_file.BadRow) -> None:
    told.bad += 1
    if len(told.first_bad) < SHOWN_BAD:
        told.first_bad.append((row.line, row.reason))
    written = {"line": row.line, "reason": row.reason, "row": row.raw.decode("utf-8", "replace")}
    with _beside(told), told.beside.open("a", encoding="utf-8") as beside:
        beside.write(json.dumps(written, ensure_ascii=False) + "\n")


def _keep_batch(
    here: Installation,
    account: AccountRow,
    batch: Sequence[WithFiles],
    told: Imported,
    *,
    history: bool,
    actor: str,
    now: datetime,
) -> None:
    def act(session: Session) -> tuple[comments.Kept, int]:
        kept = comments.keep(session, account, [comment for comment, _ in batch], now=now, history=history)
        files = sum(_keep_files(session, comment, given, by=actor, now=now) for comment, given in batch if given)
        audit.append(
            session,
            actor=actor,
            action="import.batch",
            subject=f"account:{account.slug}",
            now=now,
            after={"new": len(kept.new), "changed": len(kept.changed), "history": history},
        )
        return kept, files

    kept, files = here.store.write(act)
    told.evidence += files
    told.new += len(kept.new)
    told.changed += len(kept.changed)
    told.known += kept.unchanged


def _keep_files(session: Session, comment: Comment, files: Sequence[Evidence], *, by: str, now: datetime) -> int:
    """Keep the files of a comment that is there; how many are new."""
    found = comments.find(session, comment.account, comment.native_id)
    return len(evidence.keep(session, found[0], files, by=by, now=now)) if found else 0


def recheck(here: Installation, slug: str, *, now: datetime, limit: int = 100) -> int:
    """Ask a platform what became of comments we have not seen lately; how many were found gone for good.

    Deleted means two re-checks that found nothing, never an error.  Where spending is ahead of the calendar that is
    asked once a day: to read what is new matters more.
    """
    with here.store.read() as session:
        account = accounts.by_slug(session, slug)
        waiting = comments.unseen_since(
            session, account.id, before=now - UNSEEN, posted_since=now - RECHECKED_FOR, limit=limit
        )
        waits = _cursor(session, account, WHOLE_ACCOUNT, now=now) is None
        last = comments.last_recheck(session, account.id)
        if not waiting or waits or _is_spared(session, here, account, MATTERS_LESS, last, now=now):
            return 0
    standing: Mapping[str, Standing] = {}
    try:
        standing = here.collector(account, now).recheck([native_id for _, native_id in waiting])
    except (AuthExpired, RateLimited) as error:
        log.warning("re-check failed", account=slug, error=type(error).__name__)
        if isinstance(error, RateLimited) and error.scope != OUR_BUDGET:
            here.store.write(partial(note_failure, account=account, stream=WHOLE_ACCOUNT, error=error, now=now))
        return 0
    except GwylioError as error:
        log.warning("re-check failed", account=slug, error=type(error).__name__)

    def act(session: Session) -> int:
        gone = 0
        for comment_id, native_id in waiting:
            comment = session.get_one(CommentRow, comment_id)
            comment.rechecked_at = now
            gone += note_standing(session, comment, standing.get(native_id), now=now)
        return gone

    return here.store.write(act)


def note_standing(session: Session, comment: CommentRow, standing: Standing | None, *, now: datetime) -> bool:
    """Write down what a re-check found; whether the comment is now held to be gone for good."""
    if standing in {Standing.PRESENT, Standing.EDITED}:
        comment.last_seen, comment.gone_checks = now, 0
        return False
    if standing is not Standing.GONE:
        return False
    comment.gone_checks += 1
    if comment.gone_checks < GONE_CHECKS:
        return False
    comment.presence, comment.noticed_gone = Presence.DELETED_BY_AUTHOR, now
    audit.append(session, actor=audit.SYSTEM, action="comment.gone", subject=f"comment:{comment.id}", now=now)
    queue.comment_vanished(session, comment, now=now)
    return True
