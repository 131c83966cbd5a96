"""Taking comments down, and showing them again, on their platforms: what people decided, done there.

What is decided is written first, with the evidence; then the platform is asked, once; then what became
of it is written.  Where a platform cannot or will not, it stays owed, and a person does it there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from collectors.base import Action, Collector, CollectorError, Gone, Refused
from moderation import queue, removals, replies
from moderation.house_rules import Wish
from moderation.record import Actor
from moderation.removal_life import STANDING
from pipeline.installation import Installation
from store import audit
from store import removals as kept
from store.accounts import AccountRow
from store.comments import CommentRow
from store.database import Session
from store.removals import RemovalRow
from vocabulary import GwylioError, NotDone, Origin

log = structlog.get_logger("gwylio.pipeline")


def ask_removal(
    here: Installation, comment_id: int, wish: Wish, *, actor: Actor, now: datetime, saw: int | None = None
) -> int:
    """Ask for a comment to be taken down; it is hidden at once where the policy lets it be.  The removal's id.

    Raises:
        house_rules.RemovalRefused, removals.AlreadyAsked, removals.NothingToRemove: nothing was done.
        queue.UnknownCase, queue.StaleCase.
    """
    hides_here = Action.HIDE in abilities(here, comment_id, now=now)
    return act_on_removal(
        here,
        lambda session: removals.ask(
            session,
            comment_id,
            wish,
            hides_here=hides_here,
            actor=actor,
            policy=here.policy,
            now=now,
            saw=saw,
        ),
        actor=actor,
        now=now,
    )


def act_on_removal(here: Installation, act: Callable[[Session], RemovalRow], *, actor: Actor, now: datetime) -> int:
    """Do one act of `moderation.removals`, then what it makes owed on the platform.  The removal's id."""

    def acted(session: Session) -> tuple[int, bool]:
        removal = act(session)
        session.flush()
        return removal.id, bool(removal.owed) and removal.not_done is None

    removal_id, owed = here.store.write(acted)
    if owed:
        carry_out(here, removal_id, actor=actor, now=now)
    return removal_id


def carry_out(here: Installation, removal_id: int, *, actor: Actor, now: datetime) -> bool:
    """Do on the platform what is owed; whether nothing is owed any more.

    What could not be done is recorded with why; a person tries again or does it there.
    """
    with here.store.read() as session:
        removal = removals.get(session, removal_id)
        comment = session.get_one(CommentRow, removal.comment_id)
        account = session.get_one(AccountRow, comment.account_id)
    if not removal.owed:
        return True
    try:
        why = _try(here, removal_id, Action(removal.owed), comment, account, actor=actor, now=now)
    except removals.NothingOwed:
        return True  # somebody else was quicker
    if why is None:
        return True
    here.store.write(lambda session: removals.failed(session, removal_id, why, now=now))
    return False


def abilities(here: Installation, comment_id: int, *, now: datetime) -> frozenset[Action]:
    """What can be done to this comment from here; nothing where its account cannot be opened."""
    with here.store.read() as session:
        comment = session.get(CommentRow, comment_id)
        account = session.get_one(AccountRow, comment.account_id) if comment else None
    if comment is None or account is None or comment.origin is Origin.MANUAL:
        return frozenset()
    try:
        return here.collector(account, now).capabilities().actions
    except GwylioError:
        return frozenset()


def show_again(here: Installation, comment_id: int, *, actor: Actor, words: str, now: datetime) -> None:
    """Show a comment that is hidden on its platform though nobody asked for it here.

    Raises:
        queue.ReasonNeeded: without a reason.
        removals.AlreadyAsked: somebody did ask; that removal is undone instead.
        replies.NotFromHere: it was entered by hand, and is on no platform that we could reach.
        CollectorError: the platform did not do it.
    """
    if not words.strip():
        raise queue.ReasonNeeded("say why it is shown again")
    with here.store.read() as session:
        comment = session.get_one(CommentRow, comment_id)
        account = session.get_one(AccountRow, comment.account_id)
        known = kept.of_comments(session, [comment_id]).get(comment_id)
    if known is not None and known.state in STANDING:
        raise removals.AlreadyAsked(known)
    if comment.origin is Origin.MANUAL:
        raise replies.NotFromHere(f"comment {comment_id} was entered by hand and cannot be shown from here")
    collector = here.collector(account, now)
    here.store.write(
        lambda session: audit.append(
            session, actor=actor.name, action="comment.unhide_asked", subject=f"comment:{comment_id}", now=now
        )
    )
    collector.act(Action.UNHIDE, comment.native_id)
    here.store.write(lambda session: removals.shown_again(session, comment_id, words=words, actor=actor, now=now))


def _try(
    here: Installation,
    removal_id: int,
    action: Action,
    comment: CommentRow,
    account: AccountRow,
    *,
    actor: Actor,
    now: datetime,
) -> NotDone | None:
    """Ask the platform; why it was not done, or None where it was."""
    if comment.origin is Origin.MANUAL:
        return NotDone.NO_SUCH_ACT
    try:
        collector = here.collector(account, now)
    except GwylioError as error:
        log.warning("account cannot be opened", account=account.slug, error=type(error).__name__)
        return NotDone.OUT_OF_REACH
    if action not in collector.capabilities().actions:
        return NotDone.NO_SUCH_ACT
    here.store.write(lambda session: removals.about_to(session, removal_id, actor=actor, now=now))
    how = _asked(collector, action, comment.native_id)
    if isinstance(how, NotDone):
        return how
    here.store.write(lambda session: removals.done(session, removal_id, how=how, actor=actor, at=now, now=now))
    return None


def _asked(collector: Collector, action: Action, native_id: str) -> NotDone | str:
    try:
        collector.act(action, native_id)
    except Gone:
        return "gone"
    except Refused:
        return NotDone.REFUSED
    except CollectorError as error:
        log.warning("platform did not do it", account=collector.account, act=action.value, error=type(error).__name__)
        return NotDone.FAILED
    return "platform"
