"""Replies, from an officer's words to proof that they stand on the platform.

The intent is durable before the request leaves.  A reply whose fate nobody knows is looked for
on the platform, and is never sent again on hope: only a platform that can prove absence, twice,
lets it go out once more; otherwise a person decides.  Nothing here talks to a platform:
`pipeline.dispatch` does, between these steps.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.base import (
    Action,
    AuthExpired,
    Capabilities,
    CollectorError,
    PermissionLost,
    RateLimited,
    Receipt,
    Transient,
    Unconfirmed,
)
from moderation import circumstances, lifecycle, queue, reply_rules, signposting, signposts, translations
from moderation.policy import Policy
from moderation.record import SYSTEM, Actor, write_down
from store import audit, cases, replies
from store.accounts import AccountRow
from store.cases import CaseRow
from store.comments import CommentRow
from store.database import Session
from store.normaliser import for_search
from store.replies import PartRow, ReplyRow
from vocabulary import Act, GwylioError, Note, OwnReply, ReplyKind, ReplyState, State

LEASE = timedelta(minutes=3)
"""Longer than any request of ours can take: an intent older than this has lost its process."""
SKEW = timedelta(minutes=5)
"""How far a platform's clock may be from ours when we look for our own replies."""
READBACKS = 2
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
TRIES = 8
"""Attempts that surely published nothing, before a person is asked."""
LOOKING = timedelta(hours=1)
"""How long we go on trying to look for a lost reply, before a person is asked to."""
LONG_WAIT = timedelta(hours=12)
"""A platform that makes us wait longer than this has a person told; the reply still leaves when it may."""


class ReplyRefused(GwylioError):
    """The reply may not leave as it is; `objections` say why, and which of them a reason overrides."""

    def __init__(self, objections: Sequence[reply_rules.Objection]) -> None:
        self.objections = tuple(objections)
        super().__init__("; ".join(str(each.why) for each in objections))


class AlreadyOnItsWay(GwylioError):
    """A colleague's reply, or one's own, has not reached the platform yet."""


class NoReplyHere(GwylioError):
    """There is nothing on this case that a reply could answer."""


class NotFromHere(NoReplyHere):
    """What there is was entered by hand: no platform takes a reply to it, and one given elsewhere is recorded."""


class CannotReplyThere(NoReplyHere):
    """The platform takes no reply from us: answer on the platform itself, and record the answer here."""


class NotAwaiting(NoReplyHere):
    """The reply was approved or sent back already; it waits for nobody."""


class NobodysOwn(GwylioError):
    """Whoever wrote a reply does not approve it: that is what a second pair of eyes is for."""


class ImpossibleTime(GwylioError):
    """A reply cannot have been given before anybody had asked, nor later than now."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an officer wrote.  `exception` is their reason where the language owed is not given.

    `confirmed`: they have read the cautions.  `by_machine` are the texts (`cy`, `en`) that a machine translated,
    `danger` the immediate danger for which it was used.  `signpost` is the policy's with which they began.
    """

    kind: ReplyKind
    text_cy: str = ""
    text_en: str = ""
    exception: str = ""
    confirmed: bool = False
    by_machine: frozenset[str] = frozenset()
    danger: str = ""
    signpost: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """One message to publish now; its row already says `sending`, durably."""

    part_id: int
    account: str
    target: str
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Lost:
    """One message whose fate is unknown, to be looked for on its platform since `since`."""

    part_id: int
    account: str
    target: str
    text: str
    since: datetime


def send(
    session: Session,
    case_id: int,
    draft: Draft,
    *,
    objections: Callable[[CaseRow, Draft], Sequence[reply_rules.Objection]],
    limits: Capabilities,
    length_of: Callable[[str], int],
    actor: Actor,
    policy: Policy,
    now: datetime,
    saw: int | None = None,
) -> ReplyRow:
    """Put a reply in the outbox, in as many parts as the platform's length asks.

    Where the policy wants a colleague to approve it first, it waits for them, and the clocks run on.

    Raises:
        ReplyRefused: an objection stands that no recorded reason overrides, or a caution that nobody confirmed.
        queue.StaleCase: the case moved while the officer wrote.
        AlreadyOnItsWay: an earlier reply has not arrived yet.
        NoReplyHere: the case has no comment that still stands.
        CannotReplyThere: the platform takes no reply from us.
    """
    case = queue.get(session, case_id, saw=saw, lock=True)
    raised = objections(case, draft)
    standing = reply_rules.standing(raised, reason=draft.exception, confirmed=draft.confirmed)
    if _on_its_way(session, case):
        raise AlreadyOnItsWay(f"a reply on {case.reference} is already on its way; wait until it is sent")
    if standing:
        raise ReplyRefused(standing)
    comment = _answering(session, case)
    _check_taken_there(case, limits)
    because = circumstances.approval_because(session, case, policy=policy, now=now)
    reply = ReplyRow(
        case_id=case.id,
        comment_id=comment.id,
        round=case.round,
        kind=draft.kind,
        state=ReplyState.AWAITING_APPROVAL if because else ReplyState.APPROVED,
        text_cy=draft.text_cy.strip(),
        text_en=draft.text_en.strip(),
        exception_reason=draft.exception.strip(),
        author_id=actor.user_id,
        created_at=now,
    )
    session.add(reply)
    session.flush()
    if not because:
        _into_parts(session, reply, case, comment, limits=limits, length_of=length_of)
    if case.state is State.RECEIVED:
        queue.advance(session, case.id, Act.ASSIGN, actor=actor, now=now, policy=policy, owner_id=actor.user_id)
    write_down(
        session,
        case,
        Note.REPLY_FOR_APPROVAL if because else Note.REPLY_QUEUED,
        actor=actor,
        now=now,
        words=draft.exception,
        detail={
            "reply": reply.id,
            "kind": draft.kind.value,
            "exception": bool(draft.exception.strip()),
            "cautions": sorted({each.code.value for each in raised if each.confirmable}),
            "by_machine": sorted(draft.by_machine),
        },
    )
    _point(session, reply, draft, actor=actor, policy=policy, now=now)
    return reply


def approve(
    session: Session,
    reply_id: int,
    *,
    limits: Capabilities,
    length_of: Callable[[str], int],
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> ReplyRow:
    """A colleague has read a reply and lets it go: it is in the outbox now, to the comment that stands there today.

    Raises:
        NobodysOwn: they wrote it themselves.
        NotAwaiting: it waits for nobody any more.
        NoReplyHere: there is no comment left to answer, or the platform takes no reply.
        queue.StaleCase: the case moved while they read.
        lifecycle.IllegalTransition: the case was closed meanwhile.
    """
    reply, case = _awaiting(session, reply_id, saw=saw)
    if reply.author_id == actor.user_id:
        raise NobodysOwn(f"reply {reply_id} is to be approved by somebody other than whoever wrote it")
    lifecycle.next_state(case.state, Act.ANSWER)
    comment = _answering(session, case)
    _check_taken_there(case, limits)
    reply.state, reply.approver_id, reply.comment_id = ReplyState.APPROVED, actor.user_id, comment.id
    _into_parts(session, reply, case, comment, limits=limits, length_of=length_of)
    write_down(
        session,
        case,
        Note.REPLY_APPROVED,
        actor=actor,
        now=now,
        detail={"reply": reply.id, "author": reply.author_id},
    )
    return reply


def send_back(
    session: Session, reply_id: int, *, actor: Actor, now: datetime, words: str, saw: int | None = None
) -> ReplyRow:
    """A colleague says what is to be changed, or whoever wrote it takes it back: it is a draft again.

    Raises:
        queue.ReasonNeeded: without a word.
        NotAwaiting, queue.StaleCase: as `approve`.
    """
    if not words.strip():
        raise queue.ReasonNeeded("say what is to be changed in this reply")
    reply, case = _awaiting(session, reply_id, saw=saw)
    reply.state = ReplyState.DRAFT
    translations.no_check(session, reply.id, actor=actor, now=now)
    write_down(session, case, Note.REPLY_SENT_BACK, actor=actor, now=now, words=words, detail={"reply": reply.id})
    return reply


def record(
    session: Session,
    case_id: int,
    draft: Draft,
    *,
    at: datetime,
    objections: Callable[[CaseRow, Draft], Sequence[reply_rules.Objection]],
    actor: Actor,
    policy: Policy,
    now: datetime,
    saw: int | None = None,
) -> ReplyRow:
    """A reply that was given elsewhere, by telephone or on the platform itself, and counts from when it was given.

    It stands there under an id that nobody knows: should collection see it one day, in the same words,
    the two are joined.  Recording the same thing twice records it once.

    Raises:
        ReplyRefused, queue.StaleCase: as `send`.
        ImpossibleTime: it was given before the first comment, or in the future.
        lifecycle.IllegalTransition: the case is closed.
    """
    key = _recorded_as(case_id, draft, at)
    if known := replies.reply_of_key(session, key):
        return known
    case = queue.get(session, case_id, saw=saw, lock=True)
    lifecycle.next_state(case.state, Act.ANSWER)
    comment = replies.newest_comment_before(session, case.id, at)
    if comment is None or at > now:
        raise ImpossibleTime(f"no reply on {case.reference} can have been given at that time")
    standing = reply_rules.standing(objections(case, draft), reason=draft.exception, confirmed=draft.confirmed)
    if standing:
        raise ReplyRefused(standing)
    turn = cases.round_at(session, case, at)
    reply = ReplyRow(
        case_id=case.id,
        comment_id=comment.id,
        round=turn.number,
        kind=draft.kind,
        state=ReplyState.SENT,
        text_cy=draft.text_cy.strip(),
        text_en=draft.text_en.strip(),
        exception_reason=draft.exception.strip(),
        author_id=actor.user_id,
        created_at=now,
        sent_at=at,
    )
    session.add(reply)
    session.flush()
    session.add(
        PartRow(
            reply_id=reply.id,
            account_id=case.account_id,
            number=1,
            key=key,
            target=comment.native_id,
            text="\n\n".join(filter(None, (reply.text_cy, reply.text_en))),
            state=ReplyState.SENT,
            attempts=0,
            readbacks=0,
            needs_person=False,
            native_id="",
            trouble="",
            sent_at=at,
        )
    )
    write_down(
        session,
        case,
        Note.REPLY_RECORDED,
        actor=actor,
        now=now,
        words=draft.exception,
        detail={
            "reply": reply.id,
            "kind": draft.kind.value,
            "at": at.isoformat(),
            "exception": bool(draft.exception.strip()),
        },
    )
    _point(session, reply, draft, actor=actor, policy=policy, now=now)
    queue.acknowledged(session, case, turn.number, at, actor=actor, now=now)
    if draft.kind is ReplyKind.ANSWER:
        queue.answered(session, case, turn.number, at, actor=actor, now=now, policy=policy)
    return reply


def claim(session: Session, *, now: datetime, limit: int = 20, account_id: int | None = None) -> list[Intent]:
    """Take what may leave now and say so durably; the caller sends only after this is committed."""
    intents = []
    for part, account in replies.ready(session, now=now, limit=limit, account_id=account_id):
        part.state, part.intended_at, part.attempts = ReplyState.SENDING, now, part.attempts + 1
        part.not_before, part.needs_person = None, False
        _settle_reply(session, part)
        _trail(session, part, "outbox.sending", now)
        intents.append(Intent(part.id, account.slug, part.target, part.text, part.key))
    return intents


def confirm(session: Session, part_id: int, receipt: Receipt, *, policy: Policy, now: datetime) -> None:
    """The platform has it: keep its id and its time, stop the clocks, and when it was the answer move the case."""
    part = replies.part(session, part_id)
    if part.state is ReplyState.SENT:
        return
    part.state, part.native_id, part.sent_at = ReplyState.SENT, receipt.native_id, receipt.at or now
    part.needs_person, part.trouble, part.not_before = False, "", None
    reply = _settle_reply(session, part)
    _trail(session, part, "outbox.sent", now, native_id=receipt.native_id)
    replies.join_own(session, part, now=now)
    case = queue.get(session, reply.case_id, lock=True)
    actor = _author(session, reply)
    queue.acknowledged(session, case, reply.round, part.sent_at, actor=actor, now=now)
    if reply.state is ReplyState.SENT:
        reply.sent_at = part.sent_at
        if reply.kind is ReplyKind.ANSWER:
            queue.answered(session, case, reply.round, part.sent_at, actor=actor, now=now, policy=policy)


def fail(session: Session, part_id: int, error: CollectorError, *, settles_after: timedelta, now: datetime) -> None:
    """What an error means for a part: unknown fate, later again, or a person.

    Nothing is changed where the part is no longer being sent: an answer that comes after the intent was
    given up for lost says less than what was found out since.
    """
    part = replies.part(session, part_id)
    if part.state is not ReplyState.SENDING:
        return
    part.trouble = f"{type(error).__name__}: {error.reason}"
    if isinstance(error, Unconfirmed):
        _become_uncertain(session, part, not_before=now + settles_after, now=now)
        return
    if isinstance(error, RateLimited):
        part.state, part.not_before = ReplyState.FAILED_FOR_NOW, error.until
        part.needs_person = error.until - now > LONG_WAIT
    elif isinstance(error, Transient | AuthExpired | PermissionLost) and part.attempts < TRIES:
        part.state = ReplyState.FAILED_FOR_NOW
        part.not_before = now + BACKOFF[min(part.attempts, len(BACKOFF)) - 1]
    else:
        part.state, part.needs_person = ReplyState.FAILED_FOR_GOOD, True
        _note(session, part, Note.REPLY_FAILED, now)
    _settle_reply(session, part)
    _trail(session, part, f"outbox.{part.state.value}", now)


def recover(session: Session, account_id: int, *, settles_after: timedelta, now: datetime) -> int:
    """Intents whose process died become uncertain; how many there were."""
    lost = replies.sending_since(session, account_id, before=now - LEASE)
    for part in lost:
        part.trouble = "the process that was sending it ended"
        _become_uncertain(session, part, not_before=now + settles_after, now=now)
    return len(lost)


def lost(session: Session, account_id: int, *, now: datetime, limit: int = 50) -> list[Lost]:
    """Uncertain parts that it is time to look for: since they were written, so that no attempt is overlooked."""
    return [
        Lost(part.id, account.slug, part.target, part.text, reply.created_at - SKEW)
        for part, reply, account in replies.uncertain(session, account_id, now=now, limit=limit)
    ]


def looked(
    session: Session,
    part_id: int,
    found: Sequence[OwnReply],
    *,
    limits: Capabilities,
    policy: Policy,
    now: datetime,
) -> bool:
    """Settle an uncertain part by what the platform shows of our replies to its comment; whether it stands there."""
    part = replies.part(session, part_id)
    if part.state is not ReplyState.UNCERTAIN:
        return False
    taken = replies.native_ids(session, part.account_id, [each.native_id for each in found])
    shown = [Receipt(each.native_id, each.posted_at) for each in found if same_words(each.text, part.text)]
    if ours := next((each for each in (*shown, *_collected(session, part)) if each.native_id not in taken), None):
        confirm(session, part_id, ours, policy=policy, now=now)
        return True
    part.readbacks += 1
    _trail(session, part, "outbox.not_found", now, readbacks=part.readbacks)
    if part.readbacks < READBACKS:
        part.not_before = now + limits.settles_after
    elif limits.proves_absence:
        part.state, part.not_before, part.readbacks = ReplyState.APPROVED, None, 0
        _settle_reply(session, part)
    else:
        part.needs_person = True
        _note(session, part, Note.REPLY_UNCERTAIN, now)
    return False


def could_not_look(session: Session, part_id: int, reason: str, *, now: datetime) -> None:
    """The platform would not say what stands there: look again later, and after `LOOKING` ask a person to."""
    part = replies.part(session, part_id)
    if part.state is not ReplyState.UNCERTAIN:
        return
    since = part.intended_at or now
    part.trouble = reason
    part.not_before = now + max(BACKOFF[0], (now - since) / 4)
    if now - since >= LOOKING and not part.needs_person:
        part.needs_person = True
        _trail(session, part, "outbox.not_looked", now)
        _note(session, part, Note.REPLY_UNCERTAIN, now)


def decide(
    session: Session, part_id: int, *, published: bool, native_id: str, actor: Actor, policy: Policy, now: datetime
) -> None:
    """A person has looked at the platform: the part stands there, or it does not and goes out again.

    Where they do not say under which id it stands (`native_id` empty), a reply in the same words that
    collection has seen is taken for it.

    Raises:
        NoReplyHere: it is not waiting for a person.
    """
    part = replies.part(session, part_id)
    if not part.needs_person:
        raise NoReplyHere(f"reply part {part_id} is not waiting for a person")
    part.needs_person = False
    _trail(session, part, "outbox.decided", now, actor=actor.name, published=published)
    if published:
        seen = () if native_id else _collected(session, part)
        receipt = next(iter(seen), Receipt(native_id, part.intended_at))
        confirm(session, part_id, receipt, policy=policy, now=now)
    else:
        part.state, part.not_before, part.readbacks, part.attempts = ReplyState.APPROVED, None, 0, 0
        _settle_reply(session, part)


def give_up(session: Session, part_id: int, *, actor: Actor, words: str, now: datetime) -> None:
    """A person decides, and says why, that what was not published of a reply stays so; the case is as it was.

    Raises:
        NoReplyHere: it is not waiting for a person.
        queue.ReasonNeeded: without a reason.
    """
    part = replies.part(session, part_id)
    if not part.needs_person:
        raise NoReplyHere(f"reply part {part_id} is not waiting for a person")
    if not words.strip():
        raise queue.ReasonNeeded("say why this reply is given up")
    for each in replies.parts(session, part.reply_id):
        if each.state is not ReplyState.SENT:
            each.state, each.needs_person, each.not_before = ReplyState.FAILED_FOR_GOOD, False, None
            _trail(session, each, "outbox.given_up", now, actor=actor.name)
    reply = _settle_reply(session, part)
    if all(each.state is not ReplyState.SENT for each in replies.parts(session, reply.id)):
        translations.no_check(session, reply.id, actor=actor, now=now)
    case = queue.get(session, reply.case_id)
    write_down(session, case, Note.REPLY_GIVEN_UP, actor=actor, now=now, words=words, detail={"reply": reply.id})


def join_native(session: Session, account: AccountRow, *, policy: Policy, now: datetime) -> int:
    """Join replies that collection has seen: to a part of unknown fate where they are in its words, else to their case.

    Those made on the platform by hand acknowledge at the platform's own time; how many of these there were.
    One on a comment that has yet to be placed waits for it.
    """
    joined = 0
    for own, comment in replies.native_unjoined(session, account.id):
        ours = next(
            (
                part
                for part in replies.unsettled_to(session, account.id, own.in_reply_to)
                if same_words(own.text, part.text)
            ),
            None,
        )
        if ours is not None:
            if ours.state is ReplyState.UNCERTAIN:
                confirm(session, ours.id, Receipt(own.native_id, own.posted_at), policy=policy, now=now)
            elif ours.state is ReplyState.SENT:
                ours.native_id = own.native_id
                replies.join_own(session, ours, now=now)
            continue
        if comment.case_id is None:
            own.joined_at = now if comment.read_at is not None else None
            continue
        own.joined_at = now
        case = queue.get(session, comment.case_id, lock=True)
        write_down(session, case, Note.NATIVE_REPLY_FOUND, actor=SYSTEM, now=now, detail={"own_reply": own.id})
        turn = cases.round_at(session, case, own.posted_at)
        queue.acknowledged(session, case, turn.number, own.posted_at, actor=SYSTEM, now=now)
        joined += 1
    return joined


def confirm_native(
    session: Session, case_id: int, own_reply_id: int, *, actor: Actor, policy: Policy, now: datetime, saw: int | None
) -> None:
    """An officer says that a reply made on the platform was the answer; it counts from its own time there.

    It answers the turn of the clocks that ran when it was made: who wrote again since is still owed one.

    Raises:
        NoReplyHere: there is no such reply on the case.
        queue.StaleCase: the case moved while the officer read.
    """
    case = queue.get(session, case_id, saw=saw, lock=True)
    own = replies.own_reply(session, own_reply_id, case_id=case.id)
    if own is None:
        raise NoReplyHere(f"{case.reference} has no such reply on its platform")
    turn = cases.round_at(session, case, own.posted_at)
    queue.acknowledged(session, case, turn.number, own.posted_at, actor=actor, now=now)
    queue.answered(session, case, turn.number, own.posted_at, actor=actor, now=now, policy=policy)


def same_words(shown: str, sent: str) -> bool:
    """Whether the platform shows what we sent, past the changes that platforms make to text."""
    return _plain(shown) == _plain(sent)


# A platform may show any address, with or without its scheme, as a short link of its own.
_LINK = re.compile(r"\b(?:https?://|(?:[\w-]+\.)+[a-z]{2,})\S*", re.IGNORECASE)
_ADDRESSED = re.compile(r"^(?:@\w+\s+)+")
_SETTLED_LAST: Iterable[ReplyState] = (
    ReplyState.FAILED_FOR_GOOD,
    ReplyState.UNCERTAIN,
    ReplyState.FAILED_FOR_NOW,
    ReplyState.SENDING,
    ReplyState.APPROVED,
    ReplyState.SENT,
)


def _plain(text: str) -> str:
    return for_search(_ADDRESSED.sub("", _LINK.sub("<link>", html.unescape(text)).strip()))


def _recorded_as(case_id: int, draft: Draft, at: datetime) -> str:
    """The key of a reply given elsewhere: the same for the same words at the same time, however often they are sent."""
    words = (case_id, draft.kind.value, draft.text_cy.strip(), draft.text_en.strip(), at.isoformat())
    return f"manual:{hashlib.sha256(json.dumps(words).encode('ascii')).hexdigest()[:40]}"


def _collected(session: Session, part: PartRow) -> list[Receipt]:
    """Replies to the part's comment in its words, as collection saw them on the platform."""
    return [
        Receipt(own.native_id, own.posted_at)
        for own in replies.collected_of(session, part)
        if same_words(own.text, part.text)
    ]


def _settle_reply(session: Session, part: PartRow) -> ReplyRow:
    """A reply stands where its least advanced part does."""
    session.flush()
    reply = replies.reply(session, part.reply_id)
    states = {each.state for each in replies.parts(session, reply.id)}
    reply.state = next(state for state in _SETTLED_LAST if state in states)
    return reply


def _become_uncertain(session: Session, part: PartRow, *, not_before: datetime, now: datetime) -> None:
    part.state, part.not_before, part.readbacks = ReplyState.UNCERTAIN, not_before, 0
    _settle_reply(session, part)
    _trail(session, part, "outbox.uncertain", now)


def _trail(
    session: Session, part: PartRow, action: str, now: datetime, *, actor: str = audit.SYSTEM, **more: object
) -> None:
    audit.append(
        session,
        actor=actor,
        action=action,
        subject=f"reply_part:{part.id}",
        now=now,
        after={"state": part.state.value, "attempts": part.attempts, **more},
    )


def _note(session: Session, part: PartRow, what: Note, now: datetime) -> None:
    reply = replies.reply(session, part.reply_id)
    case = queue.get(session, reply.case_id)
    write_down(session, case, what, actor=SYSTEM, now=now, detail={"reply": reply.id, "part": part.number})


_UNDER_WAY = frozenset(
    {
        ReplyState.AWAITING_APPROVAL,
        ReplyState.APPROVED,
        ReplyState.SENDING,
        ReplyState.UNCERTAIN,
        ReplyState.FAILED_FOR_NOW,
    }
)


def _on_its_way(session: Session, case: CaseRow) -> bool:
    return any(reply.state in _UNDER_WAY for reply in replies.of_case(session, case.id))


def _awaiting(session: Session, reply_id: int, *, saw: int | None) -> tuple[ReplyRow, CaseRow]:
    """A reply that waits for approval, and its case, locked in that order in which everybody locks them."""
    case = queue.get(session, replies.reply(session, reply_id).case_id, saw=saw, lock=True)
    reply = replies.reply(session, reply_id, lock=True)
    if reply.state is not ReplyState.AWAITING_APPROVAL:
        raise NotAwaiting(f"reply {reply_id} is not waiting for approval")
    return reply, case


def _check_taken_there(case: CaseRow, limits: Capabilities) -> None:
    if Action.REPLY not in limits.actions:
        raise CannotReplyThere(f"the platform of {case.reference} takes no reply from us; answer there and record it")


def _into_parts(
    session: Session,
    reply: ReplyRow,
    case: CaseRow,
    comment: CommentRow,
    *,
    limits: Capabilities,
    length_of: Callable[[str], int],
) -> None:
    """The messages that a reply makes, to leave in order."""
    text = "\n\n".join(filter(None, (reply.text_cy, reply.text_en)))
    for number, words in enumerate(reply_rules.split(text, limits.longest_reply, length_of), start=1):
        session.add(
            PartRow(
                reply_id=reply.id,
                account_id=case.account_id,
                number=number,
                key=secrets.token_hex(16),
                target=comment.native_id,
                text=words,
                state=ReplyState.APPROVED,
                attempts=0,
                readbacks=0,
                needs_person=False,
                native_id="",
                trouble="",
            )
        )


def _point(session: Session, reply: ReplyRow, draft: Draft, *, actor: Actor, policy: Policy, now: datetime) -> None:
    """Where a reply that began as a signpost still is one, say on the case to whom it points."""
    signpost = policy.signposts.get(draft.signpost)
    if signpost is not None and signposts.still_points(signpost, reply.text_cy, reply.text_en):
        signposting.pointed(session, reply.case_id, reply.id, actor=actor, now=now, body=draft.signpost)


def _answering(session: Session, case: CaseRow) -> CommentRow:
    comment = replies.newest_standing_comment(session, case.id)
    if comment is None and replies.any_by_hand(session, case.id):
        raise NotFromHere(f"{case.reference} was entered by hand; answer it where it was said, and record the answer")
    if comment is None:
        raise NoReplyHere(f"no comment of {case.reference} still stands on its platform; close it as withdrawn")
    return comment


def _author(session: Session, reply: ReplyRow) -> Actor:
    return Actor(replies.author_name(session, reply), reply.author_id)
