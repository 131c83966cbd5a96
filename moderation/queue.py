"""The queue: how a case is opened, joined, moved and ended.

`advance` is the only writer of a case's state.  Whatever changes here adds an event to the case
and a row to the audit trail in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation import lifecycle, matters, pauses, routing
from moderation.deadlines import Deadline
from moderation.policy import Policy, policy_version
from moderation.record import SYSTEM, Actor, write_down
from moderation.routing import Route
from store import audit, cases, findings, jobs
from store import matters as matter_rows
from store.cases import CaseRow, EventRow, RoundRow
from store.comments import CommentRow
from store.database import Session
from vocabulary import (
    Act,
    Clock,
    Finding,
    GwylioError,
    Label,
    Language,
    MatterState,
    Note,
    Question,
    Reason,
    ReplyLanguage,
    State,
)


class UnknownCase(GwylioError):
    """There is no such case, or not for this reader."""


class StaleCase(GwylioError):
    """The case moved while somebody was reading it; nothing was done."""

    def __init__(self, case: CaseRow, saw: int) -> None:
        super().__init__(f"{case.reference} has moved since you opened it; read it again and decide anew")
        self.case_id, self.reference, self.saw, self.now = case.id, case.reference, saw, case.version


class ClosingRefused(GwylioError):
    """A case closes with an outcome from the policy's list and a reason, never without."""


class MattersRun(ClosingRefused):
    """A request under the law, or a complaint, runs in this case: it never ends by itself."""


class ReasonNeeded(GwylioError):
    """This act is recorded with a reason in an officer's own words; none was given."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a comment went: `how` is opened, joined, reopened, or linked (a new case after a closed one)."""

    case_id: int
    how: str


def place(
    session: Session,
    comment: CommentRow,
    *,
    route: Route,
    dates: Mapping[Clock, Deadline],
    policy: Policy,
    now: datetime,
) -> Placed:
    """Put a routed comment where it belongs: its author's open case in that thread, or a case of its own.

    An unknown author, or an unknown thread, is joined to nothing.
    """
    known = (
        cases.newest_in_thread(session, comment.account_id, comment.author_id, comment.thread)
        if comment.thread
        else None
    )
    if known is None:
        return Placed(open_case(session, comment, route, dates, policy, now=now).id, "opened")
    if known.state is State.CLOSED:
        case = open_case(session, comment, route, dates, policy, now=now, previous=known)
        return Placed(case.id, "linked")
    if known.state is State.ANSWERED:
        known.language, known.reply_in = route.language, route.reply_in
        _start_round(session, known, comment, dates, answer_owed=route.answer_owed)
    _join(session, known, comment, route, dates, now=now)
    if known.state is State.AWAITING_AUTHOR:
        advance(session, known.id, Act.AUTHOR_REPLIED, actor=SYSTEM, now=now, policy=policy)
    if known.state is State.ANSWERED:
        advance(session, known.id, Act.REOPEN, actor=SYSTEM, now=now, policy=policy)
        return Placed(known.id, "reopened")
    return Placed(known.id, "joined")


def open_case(
    session: Session,
    comment: CommentRow,
    route: Route,
    dates: Mapping[Clock, Deadline],
    policy: Policy,
    *,
    now: datetime,
    previous: CaseRow | None = None,
) -> CaseRow:
    """A new case for this comment, with its clocks running since the person posted."""
    jobs.keep_policy(session, policy_version(policy), policy.model_dump_json, now=now)
    case = CaseRow(
        reference=cases.next_reference(session, now.year),
        account_id=comment.account_id,
        author_id=comment.author_id,
        thread=comment.thread,
        state=State.RECEIVED,
        service_area=route.area,
        language=route.language,
        reply_in=route.reply_in,
        answer_owed=route.answer_owed,
        severity=route.severity,
        restricted=route.restricted,
        escalated_to="",
        due=dates[Clock.ANSWER].due,
        round=0,
        because=_written(route.because),
        policy_version=policy_version(policy),
        outcome="",
        previous_id=previous.id if previous else None,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    _start_round(session, case, comment, dates, answer_owed=route.answer_owed)
    comment.case_id = case.id
    write_down(
        session,
        case,
        Note.OPENED,
        actor=SYSTEM,
        now=now,
        detail={
            "comment": comment.id,
            "area": route.area,
            "reply_in": route.reply_in.value,
            "answer_owed": route.answer_owed,
            "due": case.due.isoformat(),
            "policy": policy_version(policy),
        },
    )
    _begin_matters(session, case, comment, dates, now=now)
    return case


def advance(
    session: Session,
    case_id: int,
    act: Act,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    saw: int | None = None,
    words: str = "",
    area: str = "",
    owner_id: int | None = None,
    escalate_to: str = "",
    outcome: str = "",
    detail: Mapping[str, Any] | None = None,
) -> CaseRow:
    """Move a case along one row of the lifecycle table.

    `saw` is the version the officer had before them; None for the system, which reads in this
    very transaction.

    Raises:
        UnknownCase: there is no such case.
        StaleCase: it moved since `saw`.
        lifecycle.IllegalTransition: the table has no such row.
        ClosingRefused: no outcome of the policy, or no reason.
        ReasonNeeded: escalating or handing back without saying why.
    """
    case = get(session, case_id, saw=saw, lock=True)
    before = case.state
    after = lifecycle.next_state(before, act)
    if act is Act.CLOSE:
        _check_closing(session, case, policy, outcome, words)
    if act in _WITH_REASON and actor.user_id is not None and not words.strip():
        raise ReasonNeeded(f"say why you {act.value.replace('_', ' ')} {case.reference}")
    facts = {"state": before.value, "area": case.service_area, "owner": case.owner_id}
    case.state = after
    cases.moved(session, case)
    if area:
        case.service_area = area
    if act is Act.ASSIGN:
        case.owner_id = owner_id
    if act is Act.ESCALATE:
        case.escalated_to = escalate_to or "communications"
    elif before is State.ESCALATED:
        case.escalated_to = ""
    session.add(
        EventRow(
            case_id=case.id,
            at=now,
            user_id=actor.user_id,
            what=act.value,
            from_state=before,
            to_state=after,
            words=words.strip(),
            detail=dict(detail or {}) | _said(area=area, owner=owner_id, to=escalate_to, outcome=outcome) | actor.way,
        )
    )
    audit.append(
        session,
        actor=actor.name,
        action=f"case.{act.value}",
        subject=f"case:{case.id}",
        now=now,
        before=facts,
        after={"state": after.value, "area": case.service_area, "owner": case.owner_id}
        | _said(outcome=outcome)
        | actor.way,
    )
    _move_rounds(session, case, act, before, outcome=outcome, actor=actor, policy=policy, now=now)
    session.flush()
    return case


def get(session: Session, case_id: int, *, saw: int | None = None, lock: bool = False) -> CaseRow:
    """The case, as it is now.

    Raises:
        UnknownCase, StaleCase: as `advance`.
    """
    case = session.get(CaseRow, case_id, with_for_update=lock or None)
    if case is None:
        raise UnknownCase(f"there is no case {case_id}")
    if saw is not None and case.version != saw:
        raise StaleCase(case, saw)
    return case


def change_answer_owed(
    session: Session, case_id: int, *, owed: bool, actor: Actor, now: datetime, words: str, saw: int | None = None
) -> CaseRow:
    """A person decides whether an answer is owed, and says why.

    Raises:
        ReasonNeeded: without a reason.
    """
    if not words.strip():
        raise ReasonNeeded("say why an answer is owed, or is not")
    case = get(session, case_id, saw=saw, lock=True)
    if case.answer_owed != owed:
        before = case.answer_owed
        _owe(session, case, owed=owed)
        write_down(
            session,
            case,
            Note.ANSWER_OWED_CHANGED,
            actor=actor,
            now=now,
            words=words,
            detail={"from": before, "to": owed},
        )
    return case


def restrict(
    session: Session,
    case_id: int,
    *,
    restricted: bool,
    actor: Actor,
    now: datetime,
    words: str,
    saw: int | None = None,
) -> CaseRow:
    """From now on the case is opened only with a purpose, or no longer so.

    Raises:
        ReasonNeeded: without a reason.
    """
    if not words.strip():
        raise ReasonNeeded("say why the case is restricted, or no longer is")
    case = get(session, case_id, saw=saw, lock=True)
    if case.restricted != restricted:
        case.restricted = restricted
        write_down(
            session,
            case,
            Note.RESTRICTED if restricted else Note.UNRESTRICTED,
            actor=actor,
            now=now,
            words=words,
        )
    return case


class NotCorrectable(GwylioError):
    """What a person says of a finding is nothing that can be said of it."""


def correct(
    session: Session,
    comment_id: int,
    about: Label | Question,
    says: str,
    *,
    actor: Actor,
    policy: Policy,
    now: datetime,
    words: str,
) -> CaseRow:
    """A person's word stands in place of what the classifiers saw, whatever they see later.

    `says` is a language for `Question.LANGUAGE`, else `yes` or `no`.  The language that a reply is owed in and
    how soon somebody should look follow it at once.

    Raises:
        ReasonNeeded: without a reason.
        NotCorrectable: that cannot be said of it.
        UnknownCase: the comment belongs to none.
    """
    if not words.strip():
        raise ReasonNeeded("say why the finding is wrong")
    if actor.user_id is None or says not in (set(Language) if about is Question.LANGUAGE else {"yes", "no"}):
        raise NotCorrectable(f"{about} cannot be corrected to {says!r}")
    comment = session.get(CommentRow, comment_id)
    if comment is None or comment.case_id is None:
        raise UnknownCase(f"comment {comment_id} belongs to no case")
    case = get(session, comment.case_id, lock=True)
    known = findings.of_comments(session, [comment_id])[comment_id]
    seen = max((finding for finding in known if finding.about is about), key=_score, default=None)
    findings.correct(session, comment_id, about, says, user_id=actor.user_id, reason=words.strip(), now=now)
    if about is Question.LANGUAGE:
        comment.language = case.language = says
        case.reply_in = routing.reply_in(Language(says), unsure=False, policy=policy)
    scores = findings.labels_of_cases(session, [case.id]).get(case.id, {})
    language = Language(case.language)
    case.severity = routing.severity(
        [label for label, score in scores.items() if score >= policy.threshold(label, language)], policy
    )
    before = {"score": seen.score, "classifier": seen.classifier, "said": seen.says} if seen else {}
    write_down(
        session,
        case,
        Note.CORRECTED,
        actor=actor,
        now=now,
        words=words,
        detail={"comment": comment_id, "about": str(about), "says": says, "before": before},
    )
    return case


def _score(finding: Finding) -> float:
    return finding.score


def note(session: Session, case_id: int, *, actor: Actor, now: datetime, words: str) -> None:
    """An officer's note on a case.

    Raises:
        ReasonNeeded: the note is empty.
    """
    if not words.strip():
        raise ReasonNeeded("the note is empty")
    write_down(session, get(session, case_id), Note.NOTED, actor=actor, now=now, words=words)


def comment_edited(session: Session, comment: CommentRow, *, route: Route, now: datetime) -> None:
    """An edit never moves the clock; it may make an answer owed, and never takes one away."""
    if comment.case_id is None:
        return
    case = get(session, comment.case_id, lock=True)
    _widen(session, case, route)
    write_down(
        session, case, Note.COMMENT_EDITED, actor=SYSTEM, now=now, detail={"comment": comment.id, "is": comment.latest}
    )


def comment_vanished(session: Session, comment: CommentRow, *, now: datetime) -> None:
    """The author's deletion closes nothing; the officer sees it and may close as withdrawn."""
    if comment.case_id is not None:
        case = get(session, comment.case_id)
        write_down(session, case, Note.COMMENT_VANISHED, actor=SYSTEM, now=now, detail={"comment": comment.id})


def acknowledged(
    session: Session, case: CaseRow, round_number: int, at: datetime, *, actor: Actor, now: datetime
) -> None:
    """A reply of ours stands on the platform since `at`: the acknowledgement clock of that round stops, once."""
    turn = cases.numbered_round(session, case.id, round_number)
    if turn.acknowledged_at is None or at < turn.acknowledged_at:
        turn.acknowledged_at = at
        write_down(
            session, case, Note.ACKNOWLEDGED, actor=actor, now=now, detail={"at": at.isoformat(), "round": round_number}
        )


def answered(
    session: Session, case: CaseRow, round_number: int, at: datetime, *, actor: Actor, now: datetime, policy: Policy
) -> None:
    """An answer of ours stands on the platform since `at`: that round's answer clock stops, and the case moves on.

    The state moves only where the table allows it and no later round has begun: a person who
    wrote again while the answer was on its way is still owed one.
    """
    turn = cases.numbered_round(session, case.id, round_number)
    if turn.answered_at is None or at < turn.answered_at:
        turn.answered_at = turn.ended_at = at
    if case.round == round_number and Act.ANSWER in lifecycle.allowed_from(case.state):
        advance(session, case.id, Act.ANSWER, actor=actor, now=now, policy=policy, detail={"at": at.isoformat()})
    else:
        audit.append(
            session,
            actor=actor.name,
            action="case.round_answered",
            subject=f"case:{case.id}",
            now=now,
            after={"at": at.isoformat(), "round": round_number},
        )


def tell(session: Session, case: CaseRow, *, key: str, whom: str, about: Reason, now: datetime) -> bool:
    """Record a warning, once in a round for its key; False where it was given before."""
    if not cases.claim_told(session, case, key, whom=whom, about=about, now=now):
        return False
    write_down(session, case, Note.TOLD, actor=SYSTEM, now=now, detail={"whom": whom, "key": key})
    return True


_WITH_REASON = frozenset({Act.ESCALATE, Act.RETURN, Act.REOPEN})


def _check_closing(session: Session, case: CaseRow, policy: Policy, outcome: str, words: str) -> None:
    if matter_rows.live_of_cases(session, [case.id]):
        raise MattersRun(f"{case.reference} holds a request or a complaint that runs; say first how it ended")
    if policy.outcome(outcome) is None:
        raise ClosingRefused(f"choose an outcome: {', '.join(each.slug for each in policy.outcomes)}")
    if not words.strip():
        raise ClosingRefused("say why this case is closed")


def _move_rounds(
    session: Session,
    case: CaseRow,
    act: Act,
    before: State,
    *,
    outcome: str,
    actor: Actor,
    policy: Policy,
    now: datetime,
) -> None:
    """What an act does to the turn of the clocks: it ends, goes on, or stands still."""
    if before is State.AWAITING_AUTHOR and case.state is not before:
        pauses.run_round_on(session, case, policy=policy, actor=actor, now=now)
    turn = cases.current_round(session, case)
    if act is Act.ASK_AUTHOR:
        pauses.stop_round(session, case, policy=policy, actor=actor, now=now)
    elif act is Act.CLOSE:
        case.outcome, case.closed_at = outcome, now
        turn.ended_at = now
    elif act is Act.ANSWER:
        turn.ended_at = turn.ended_at or now
    elif act is Act.REOPEN:
        case.outcome, case.closed_at = "", None
        if actor.user_id is not None:
            turn.ended_at = None


def _start_round(
    session: Session, case: CaseRow, comment: CommentRow, dates: Mapping[Clock, Deadline], *, answer_owed: bool
) -> None:
    answer = dates[Clock.ANSWER]
    case.round += 1
    case.due, case.answer_owed = answer.due, answer_owed
    session.add(
        RoundRow(
            case_id=case.id,
            number=case.round,
            comment_id=comment.id,
            received_at=comment.posted_at,
            answer_owed=answer_owed,
            ack_due=answer.ack_due,
            due=answer.due,
            first_due=answer.due,
            due_because="",
            beyond_known=answer.beyond_known,
        )
    )
    session.flush()


def _join(
    session: Session,
    case: CaseRow,
    comment: CommentRow,
    route: Route,
    dates: Mapping[Clock, Deadline],
    *,
    now: datetime,
) -> None:
    comment.case_id = case.id
    _widen(session, case, route)
    _begin_matters(session, case, comment, dates, now=now)
    write_down(session, case, Note.COMMENT_JOINED, actor=SYSTEM, now=now, detail={"comment": comment.id})


def _owe(session: Session, case: CaseRow, *, owed: bool) -> None:
    """What is owed stands on the round, for the report, and on the case, for the queue."""
    case.answer_owed = cases.current_round(session, case).answer_owed = owed


def _widen(session: Session, case: CaseRow, route: Route) -> None:
    """What a further comment adds to a round that runs; nothing that was owed is taken away by it."""
    _owe(session, case, owed=case.answer_owed or route.answer_owed)
    case.restricted = case.restricted or route.restricted
    case.snoozed_until = None
    if route.severity.rank > case.severity.rank:
        case.severity = route.severity
    if route.answer_owed and route.reply_in is not case.reply_in:
        case.reply_in = ReplyLanguage.BOTH
    if route.answer_owed:
        case.language = route.language


def _begin_matters(
    session: Session, case: CaseRow, comment: CommentRow, dates: Mapping[Clock, Deadline], *, now: datetime
) -> None:
    """What may be a request under the law runs on its own clock, unless one of its kind runs in this case already."""
    for clock in (clock for clock in dates if clock is not Clock.ANSWER):
        if matter_rows.live_of_clock(session, case.id, clock) is None:
            matters.begin(
                session,
                case,
                comment.id,
                comment.posted_at,
                dates[clock],
                state=MatterState.POSSIBLE,
                actor=SYSTEM,
                now=now,
            )


def _written(because: tuple[Reason, ...]) -> list[Any]:
    return [[reason.text, dict(reason.values)] for reason in because]


def _said(**facts: object) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value}
