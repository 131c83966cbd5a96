"""Taking a comment down: asked for, agreed to, done, appealed against and undone, each by a person.

Nothing is hidden or deleted without one.  `_move` is the only writer of a removal's state; whatever
changes here adds an event to the removal, one to its case, and a row to the audit trail in the same
transaction.  What a comment was is kept as evidence in the transaction that asks, so that it is kept
whatever a platform does afterwards.  Nothing here speaks to a platform: `owed` says what is still to
be done there, and `done` or `failed` what became of it (pipeline/removing.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from moderation import house_rules, queue, removal_life
from moderation.calendar import Calendar
from moderation.deadlines import london_date
from moderation.house_rules import Wish
from moderation.policy import Policy, policy_version
from moderation.queue import ReasonNeeded
from moderation.record import SYSTEM, Actor, write_down
from moderation.removal_life import AWAITING, STANDING, RemovalAct
from store import audit, evidence, findings
from store import removals as kept
from store.comments import CommentRow
from store.database import Session
from store.removals import AppealRow, ApprovalRow, RemovalEventRow, RemovalRow
from vocabulary import GwylioError, NotDone, Note, Presence, RemovalKind, RemovalState, Role

A, S = RemovalAct, RemovalState

HIDE, UNHIDE, DELETE = "hide", "unhide", "delete"
"""What may be owed on a platform, in the words of `collectors.base.Action`."""
OUT_OF_SIGHT = frozenset({Presence.HIDDEN_BY_US, Presence.DELETED_BY_US})
GONE = frozenset({Presence.DELETED_BY_US, Presence.DELETED_BY_AUTHOR, Presence.UNAVAILABLE})
DECIDING_APPEALS = frozenset({Role.COMMUNICATIONS, Role.LEGAL, Role.SENIOR})


class UnknownRemoval(GwylioError):
    """There is no such removal, or not for this reader."""


class StaleRemoval(GwylioError):
    """The removal moved while somebody was reading it; nothing was done."""

    def __init__(self, removal: RemovalRow, saw: int) -> None:
        super().__init__(f"removal {removal.id} has moved since you opened it; read it again and decide anew")
        self.removal_id, self.saw, self.now = removal.id, saw, removal.version


class AlreadyAsked(GwylioError):
    """Somebody has asked for this comment to be taken down already."""

    def __init__(self, removal: RemovalRow) -> None:
        super().__init__(f"removal {removal.id} of this comment is {removal.state}")
        self.removal_id = removal.id


class NothingToRemove(GwylioError):
    """The comment is not on its platform any more."""


class NotYours(GwylioError):
    """Nobody agrees to what they asked for, agrees twice, or judges an appeal against what they agreed to."""


class NothingOwed(GwylioError):
    """Nothing is to be done on the platform for this removal."""


class ImpossibleTime(GwylioError):
    """It cannot have been done before it was asked for."""


def get(session: Session, removal_id: int, *, saw: int | None = None, lock: bool = False) -> RemovalRow:
    """The removal, as it is now.

    Raises:
        UnknownRemoval: there is none.
        StaleRemoval: it moved since `saw`.
    """
    removal = session.get(RemovalRow, removal_id, with_for_update=lock or None)
    if removal is None:
        raise UnknownRemoval(f"there is no removal {removal_id}")
    if saw is not None and removal.version != saw:
        raise StaleRemoval(removal, saw)
    return removal


def ask(
    session: Session,
    comment_id: int,
    wish: Wish,
    *,
    hides_here: bool,
    actor: Actor,
    policy: Policy,
    now: datetime,
    saw: int | None = None,
) -> RemovalRow:
    """Ask for a comment to be taken down, once the evidence of it is kept.

    `hides_here` is whether its platform hides comments for us.  One that is to be deleted is hidden first only there.
    `saw` is the version of the case.

    Raises:
        house_rules.RemovalRefused: no rule, no reason, or a caution that was not answered.
        AlreadyAsked, NothingToRemove: as they say.
        queue.UnknownCase, queue.StaleCase.
    """
    comment = session.get(CommentRow, comment_id, with_for_update=True)
    if comment is None or comment.case_id is None or actor.user_id is None:
        raise queue.UnknownCase(f"comment {comment_id} belongs to no case")
    case = queue.get(session, comment.case_id, saw=saw, lock=True)
    known = kept.of_comments(session, [comment_id]).get(comment_id)
    if known is not None and known.state in STANDING:
        raise AlreadyAsked(known)
    if comment.presence in GONE:
        raise NothingToRemove(f"comment {comment_id} is {comment.presence}")
    seen = findings.of_comments(session, [comment_id])[comment_id]
    rule = house_rules.check(wish, seen, policy)
    cautions = house_rules.cautions(rule, seen, policy)
    removal = RemovalRow(
        case_id=case.id,
        comment_id=comment_id,
        state=S.REQUESTED,
        kind=wish.kind,
        rule=rule.slug,
        severity=house_rules.severity(rule, seen, policy),
        words=wish.words.strip(),
        cautions=[caution.value for caution in cautions],
        exception=wish.exception.strip() if cautions else "",
        needed=[approver.value for approver in policy.removal.approvers],
        policy_version=policy_version(policy),
        asked_by=actor.user_id,
        asked_at=now,
    )
    asked = {
        "by": actor.name,
        "at": now.isoformat(),
        "rule": rule.slug,
        "rule_words": {"cy": rule.cy, "en": rule.en},
        "kind": wish.kind.value,
        "why": removal.words,
        "in_spite_of": removal.cautions,
        "because": removal.exception,
        "policy": removal.policy_version,
    }
    record = kept.record_of(session, comment, case.reference, seen, asked)
    [removal.evidence_id] = evidence.keep(session, comment_id, [record], by=actor.name, now=now)
    session.add(removal)
    session.flush()
    facts = {
        "comment": comment_id,
        "rule": rule.slug,
        "kind": wish.kind.value,
        "evidence": removal.evidence_id,
        "sha256": record.sha256,
        "cautions": removal.cautions,
        "needed": removal.needed,
    }
    _write_down(session, removal, "ask", S.REQUESTED, actor=actor, now=now, words=removal.words, detail=facts)
    _tell_case(session, removal, Note.REMOVAL_ASKED, actor=actor, now=now, words=removal.words, rule=rule.slug)
    if comment.presence is Presence.HIDDEN_BY_US:
        _move(session, removal, A.HIDE_FIRST, actor=SYSTEM, now=now, detail={"how": "found_hidden"})
    elif house_rules.is_hidden_first(rule, seen, policy) and (hides_here or wish.kind is RemovalKind.HIDE):
        removal.owed = HIDE
    session.flush()
    return removal


def decide(
    session: Session,
    removal_id: int,
    role: Role,
    *,
    agrees: bool,
    held: Collection[Role],
    words: str,
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> RemovalRow:
    """Say yes or no in one of the roles that are needed.  The last yes approves it; any no refuses it, and it is shown.

    `held` is what the person may act as in the area of the case.

    Raises:
        NotYours: they asked for it, have said yes or no already, or do not hold the role that is still needed.
        ReasonNeeded: without a reason.
        removal_life.IllegalRemoval, UnknownRemoval, StaleRemoval.
    """
    removal = get(session, removal_id, saw=saw, lock=True)
    removal_life.next_state(removal.state, A.AGREE if agrees else A.REFUSE)
    given = kept.approvals(session, removal_id)
    if actor.user_id is None or actor.user_id in {removal.asked_by, *(each.user_id for each in given)}:
        raise NotYours("somebody who has not had a part in this removal must agree")
    if role not in open_roles(removal, given) or role not in held:
        raise NotYours(f"nobody is asked for as {role}, or it is not you")
    _need(words, "say why you agree, or do not")
    session.add(
        ApprovalRow(removal_id=removal_id, role=role, user_id=actor.user_id, agreed=agrees, words=words.strip(), at=now)
    )
    if not agrees:
        _move(session, removal, A.REFUSE, actor=actor, now=now, words=words, detail={"role": role.value})
        _show(session, removal)
        _tell_case(session, removal, Note.REMOVAL_REFUSED, actor=actor, now=now, words=words, role=role.value)
        return removal
    _move(session, removal, A.AGREE, actor=actor, now=now, words=words, detail={"role": role.value})
    _tell_case(session, removal, Note.REMOVAL_AGREED, actor=actor, now=now, words=words, role=role.value)
    if set(removal.needed) <= {each.role.value for each in kept.approvals(session, removal_id)}:
        _approved(session, removal, actor=actor, now=now)
    return removal


def open_roles(removal: RemovalRow, given: Collection[ApprovalRow]) -> tuple[Role, ...]:
    """The roles in which somebody must still say yes or no."""
    if removal.state not in AWAITING:
        return ()
    said = {each.role.value for each in given}
    return tuple(Role(needed) for needed in removal.needed if needed not in said)


def decide_by(hidden_at: datetime, policy: Policy, calendar: Calendar) -> date:
    """The day by which those who must agree say yes or no about a comment that is hidden since then."""
    return calendar.after(london_date(hidden_at), policy.removal.decide_within.value)


def withdraw(
    session: Session, removal_id: int, *, words: str, actor: Actor, now: datetime, saw: int | None = None
) -> RemovalRow:
    """Whoever asked thinks again; what was hidden is shown.

    Raises:
        NotYours: somebody else asked.
        ReasonNeeded, removal_life.IllegalRemoval, UnknownRemoval, StaleRemoval.
    """
    removal = get(session, removal_id, saw=saw, lock=True)
    removal_life.next_state(removal.state, A.WITHDRAW)
    if actor.user_id != removal.asked_by:
        raise NotYours("only whoever asked for it takes it back")
    _need(words, "say why it is taken back")
    _end(session, removal, A.WITHDRAW, actor=actor, now=now, words=words)
    return removal


def undo(
    session: Session, removal_id: int, *, words: str, actor: Actor, now: datetime, saw: int | None = None
) -> RemovalRow:
    """Show a comment again after all.  What was deleted cannot come back; that it should is recorded.

    Raises:
        ReasonNeeded, removal_life.IllegalRemoval, UnknownRemoval, StaleRemoval.
    """
    removal = get(session, removal_id, saw=saw, lock=True)
    removal_life.next_state(removal.state, A.UNDO)
    _need(words, "say why it is shown again")
    _end(session, removal, A.UNDO, actor=actor, now=now, words=words)
    return removal


def appeal(
    session: Session,
    removal_id: int,
    *,
    came_at: datetime,
    due: date,
    words: str,
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> RemovalRow:
    """The author says that it was wrong; `due` is the day by which that is decided.

    Raises:
        ImpossibleTime: it came before the removal.
        ReasonNeeded: what the author says is missing.
        removal_life.IllegalRemoval, UnknownRemoval, StaleRemoval.
    """
    removal = get(session, removal_id, saw=saw, lock=True)
    removal_life.next_state(removal.state, A.APPEAL)
    _need(words, "write down what the author says")
    if actor.user_id is None:
        raise NotYours("a person records an appeal")
    if came_at < removal.asked_at or came_at > now:
        raise ImpossibleTime("an appeal comes after the removal, and not in the future")
    session.add(
        AppealRow(
            removal_id=removal_id,
            came_at=came_at,
            words=words.strip(),
            recorded_by=actor.user_id,
            recorded_at=now,
            due=due,
        )
    )
    detail = {"came_at": came_at.isoformat(), "due": due.isoformat()}
    _move(session, removal, A.APPEAL, actor=actor, now=now, detail=detail)
    _tell_case(session, removal, Note.APPEAL_CAME, actor=actor, now=now, **detail)
    return removal


def decide_appeal(
    session: Session,
    removal_id: int,
    *,
    stays: bool,
    words: str,
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> RemovalRow:
    """Judge the author's appeal: the comment stays down, or it is shown again.

    Raises:
        NotYours: whoever judges it asked for the removal or agreed to it.
        ReasonNeeded, removal_life.IllegalRemoval, UnknownRemoval, StaleRemoval.
    """
    removal = get(session, removal_id, saw=saw, lock=True)
    act = A.UPHOLD if stays else A.OVERTURN
    removal_life.next_state(removal.state, act)
    if actor.user_id is None or actor.user_id in had_a_part(session, removal):
        raise NotYours("somebody who neither asked for the removal nor agreed to it must judge the appeal")
    _need(words, "say why the appeal is decided so")
    row = session.get_one(AppealRow, removal_id)
    row.upheld, row.reasons, row.decided_by, row.decided_at = not stays, words.strip(), actor.user_id, now
    _tell_case(session, removal, Note.APPEAL_DECIDED, actor=actor, now=now, words=words, stays=stays)
    if stays:
        _move(session, removal, act, actor=actor, now=now, words=words)
    else:
        _end(session, removal, act, actor=actor, now=now, words=words)
    return removal


def had_a_part(session: Session, removal: RemovalRow) -> frozenset[int]:
    """Who asked, and who said yes or no."""
    return frozenset({removal.asked_by, *(each.user_id for each in kept.approvals(session, removal.id))})


def about_to(session: Session, removal_id: int, *, actor: Actor, now: datetime) -> None:
    """Write down that the platform is about to be asked; before the request leaves.

    Raises:
        NothingOwed: somebody else was quicker.
    """
    removal = get(session, removal_id, lock=True)
    if not removal.owed:
        raise NothingOwed(f"nothing is owed for removal {removal_id}")
    removal.tried = True
    audit.append(
        session,
        actor=actor.name,
        action=f"comment.{removal.owed}_asked",
        subject=f"comment:{removal.comment_id}",
        now=now,
        after={"removal": removal_id},
    )


def failed(session: Session, removal_id: int, why: NotDone, *, now: datetime) -> None:
    """The platform did not do what was owed; a person must try again, or do it there."""
    removal = get(session, removal_id, lock=True)
    if not removal.owed:
        return
    removal.not_done = why
    detail = {"owed": removal.owed, "why": why.value}
    _write_down(session, removal, "not_done", removal.state, actor=SYSTEM, now=now, detail=detail)


def done(session: Session, removal_id: int, *, how: str, actor: Actor, at: datetime, now: datetime) -> RemovalRow:
    """What was owed stands on the platform since `at`; `how` is `platform`, or `gone` where the comment had gone."""
    removal = get(session, removal_id, lock=True)
    return _done(session, removal, how=how, actor=actor, at=at, now=now) if removal.owed else removal


def record_native(
    session: Session,
    removal_id: int,
    *,
    at: datetime,
    words: str,
    actor: Actor,
    now: datetime,
    saw: int | None = None,
) -> RemovalRow:
    """Somebody did on the platform itself what is owed, and says when and why; it counts from then.

    Raises:
        NothingOwed: nothing is to be done.
        ImpossibleTime: it was asked for later.
        ReasonNeeded, UnknownRemoval, StaleRemoval.
    """
    removal = get(session, removal_id, saw=saw, lock=True)
    if not removal.owed:
        raise NothingOwed(f"nothing is owed for removal {removal_id}")
    _need(words, "say who did it on the platform, and why there")
    if at < removal.asked_at or at > now:
        raise ImpossibleTime("it was done after it was asked for, and not in the future")
    return _done(session, removal, how="native", actor=actor, at=at, now=now, words=words)


def told(
    session: Session, removal_id: int, *, actor: Actor, now: datetime, reply_id: int = 0, words: str = ""
) -> RemovalRow:
    """The author is told why, by this reply or as somebody puts down; recorded once.

    Raises:
        ReasonNeeded: by no reply, and nobody says how.
        UnknownRemoval: there is no such removal.
    """
    removal = get(session, removal_id, lock=True)
    if not reply_id:
        _need(words, "say how the author was told")
    if removal.told_at is None:
        removal.told_at = now
        detail = {"reply": reply_id} if reply_id else {}
        _write_down(session, removal, "told", removal.state, actor=actor, now=now, words=words, detail=detail)
    return removal


def shown_again(session: Session, comment_id: int, *, words: str, actor: Actor, now: datetime) -> None:
    """A comment that was hidden without a removal is on view again."""
    comment = session.get_one(CommentRow, comment_id, with_for_update=True)
    comment.presence = _on_view(comment)
    if comment.case_id is not None:
        case = queue.get(session, comment.case_id)
        write_down(session, case, Note.UNHIDDEN, actor=actor, now=now, words=words, detail={"comment": comment_id})


def _approved(session: Session, removal: RemovalRow, *, actor: Actor, now: datetime) -> None:
    """Everybody agreed, which is kept as evidence too: what is hidden already is done, and the rest is owed."""
    agreement = kept.agreement_of(session, removal, queue.get(session, removal.case_id).reference)
    evidence.keep(session, removal.comment_id, [agreement], by=actor.name, now=now)
    _move(session, removal, A.APPROVE, actor=SYSTEM, now=now, detail={"sha256": agreement.sha256})
    presence = session.get_one(CommentRow, removal.comment_id).presence
    if presence in GONE or (presence is Presence.HIDDEN_BY_US and removal.kind is RemovalKind.HIDE):
        removal.owed, removal.not_done, removal.removed_at = "", None, now
        _move(session, removal, A.CARRY_OUT, actor=SYSTEM, now=now, detail={"how": "found_so"})
        return
    _owe(removal, DELETE if removal.kind is RemovalKind.DELETE else HIDE)


def _end(session: Session, removal: RemovalRow, act: RemovalAct, *, actor: Actor, now: datetime, words: str) -> None:
    _move(session, removal, act, actor=actor, now=now, words=words)
    _show(session, removal)
    _tell_case(session, removal, Note.REMOVAL_ENDED, actor=actor, now=now, words=words, act=act.value)


def _show(session: Session, removal: RemovalRow) -> None:
    """What is hidden, or may be, is to be shown again; what is deleted cannot be."""
    presence = session.get_one(CommentRow, removal.comment_id).presence
    may_be_hidden = presence is Presence.HIDDEN_BY_US or (removal.owed == HIDE and removal.tried)
    _owe(removal, UNHIDE if may_be_hidden and presence not in GONE else "")


def _owe(removal: RemovalRow, what: str) -> None:
    removal.tried = removal.tried and removal.owed == what
    removal.owed, removal.not_done = what, None


def _done(
    session: Session, removal: RemovalRow, *, how: str, actor: Actor, at: datetime, now: datetime, words: str = ""
) -> RemovalRow:
    comment = session.get_one(CommentRow, removal.comment_id, with_for_update=True)
    owed, removal.owed, removal.not_done, removal.tried = removal.owed, "", None, False
    detail = {"how": how, "owed": owed, "at": at.isoformat()}
    if how != "gone":
        comment.presence = {
            HIDE: Presence.HIDDEN_BY_US,
            DELETE: Presence.DELETED_BY_US,
            UNHIDE: _on_view(comment),
        }[owed]
        note = {HIDE: Note.HIDDEN, DELETE: Note.DELETED, UNHIDE: Note.UNHIDDEN}[owed]
        _tell_case(session, removal, note, actor=actor, now=now, words=words, how=how, at=at.isoformat())
    if removal.state is S.REQUESTED:
        _move(session, removal, A.HIDE_FIRST, actor=actor, now=now, words=words, detail=detail)
    elif removal.state is S.APPROVED:
        removal.removed_at = at
        _move(session, removal, A.CARRY_OUT, actor=actor, now=now, words=words, detail=detail)
    else:
        _write_down(session, removal, "done", removal.state, actor=actor, now=now, words=words, detail=detail)
    return removal


def _move(
    session: Session,
    removal: RemovalRow,
    act: RemovalAct,
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Move a removal along one row of its table."""
    before = removal.state
    removal.state = removal_life.next_state(before, act)
    _write_down(session, removal, act.value, before, actor=actor, now=now, words=words, detail=detail)


def _write_down(
    session: Session,
    removal: RemovalRow,
    what: str,
    before: RemovalState,
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    facts = dict(detail or {})
    session.add(
        RemovalEventRow(
            removal_id=removal.id,
            at=now,
            user_id=actor.user_id,
            what=what,
            from_state=before,
            to_state=removal.state,
            words=words.strip(),
            detail=facts,
        )
    )
    audit.append(
        session,
        actor=actor.name,
        action=f"removal.{what}",
        subject=f"removal:{removal.id}",
        now=now,
        before={"state": before.value},
        after={"state": removal.state.value, **facts},
    )


def _tell_case(
    session: Session,
    removal: RemovalRow,
    what: Note,
    *,
    actor: Actor,
    now: datetime,
    words: str = "",
    **facts: object,
) -> None:
    case = queue.get(session, removal.case_id)
    detail = {"removal": removal.id, "comment": removal.comment_id, **facts}
    write_down(session, case, what, actor=actor, now=now, words=words, detail=detail)


def _need(words: str, what: str) -> None:
    if not words.strip():
        raise ReasonNeeded(what)


def _on_view(comment: CommentRow) -> Presence:
    return Presence.EDITED if comment.latest > 1 else Presence.PRESENT
