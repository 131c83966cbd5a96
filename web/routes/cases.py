"""One case: all that belongs to it, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import conduct_reviews, deadlines, lifecycle, openings, queue, replies
from moderation.policy import Policy
from moderation.replies import Draft
from moderation.reply_rules import Code
from store import desk, evidence, sessions
from store.desk import CaseFile
from store.people import EVERY_AREA
from store.sessions import Colleague
from vocabulary import (
    Act,
    Clock,
    GwylioError,
    Label,
    Language,
    Origin,
    Question,
    Reason,
    ReplyKind,
    ReplyLanguage,
    ReviewAct,
    Role,
    Severity,
    State,
)
from web import thread
from web.gate import ANSWERING, COMMUNICATIONS, NotAllowed, NotThere
from web.history import STATE_HINTS, Teller
from web.pages import area_name
from web.visit import Fields, Number, SomeVisit, Text, Visit
from web.when import Unclear, WhenFields, moment_of
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

Officers = Mapping[str, Sequence[Colleague]]

DONE: Final[Mapping[str, str]] = {
    "reply": N_("The reply is in the outbox and leaves within a few minutes."),
    "note": N_("The note is kept."),
    "assign": N_("The case is assigned."),
    "ask_translation": N_("A translation has been asked for."),
    "translated": N_("The translation is ready; the case is yours again."),
    "ask_author": N_("The case waits for the author."),
    "author_replied": N_("The case no longer waits for the author."),
    "escalate": N_("The case is with communications now."),
    "return": N_("The case is back with the service area."),
    "close": N_("The case is closed."),
    "reopen": N_("The case is open again."),
    "answer_owed": N_("Whether an answer is owed has been changed."),
    "correct": N_("Your correction is kept and stands."),
    "hide": N_("The comment is hidden on the platform."),
    "unhide": N_("The comment can be seen on the platform again."),
    "native": N_("The reply made on the platform counts as the answer."),
    "record": N_("The reply given elsewhere is recorded."),
    "entered": N_("The comment is kept, and this is its case."),
    "refer": N_("Communications have been asked to look at the author's conduct. The case is still yours to answer."),
}
"""What a page says after an act, by the word in its address."""

OFFERED: Final[Mapping[Act, frozenset[Role]]] = {
    Act.ASSIGN: ANSWERING,
    Act.ASK_TRANSLATION: ANSWERING,
    Act.TRANSLATED: ANSWERING,
    Act.ASK_AUTHOR: ANSWERING,
    Act.AUTHOR_REPLIED: ANSWERING,
    Act.ESCALATE: ANSWERING,
    Act.RETURN: COMMUNICATIONS,
    Act.CLOSE: ANSWERING,
    Act.REOPEN: ANSWERING,
}
"""The acts that have a form, and whose they are.  ANSWER has none: only a reply on the platform answers."""

NOT_SENT: Final[Mapping[type[GwylioError], str]] = {
    replies.NoReplyHere: N_("No comment of this case still stands on its platform. Close the case as withdrawn."),
    replies.NotFromHere: N_("This comment was entered by hand. Answer where it was said, and record the answer here."),
    replies.AlreadyOnItsWay: N_("Another reply to this case is on its way. Wait until it has left."),
}
BOX_OF: Final[Mapping[Code, str]] = {
    Code.WELSH_MISSING: "text_cy",
    Code.NOT_WELSH: "text_cy",
    Code.ENGLISH_MISSING: "text_en",
    Code.NOT_ENGLISH: "text_en",
}
"""The field that an objection is about; the others stand at the one that was filled in."""
OUT_OF_REACH: Final = N_("This account cannot be used from here at the moment. Tell your administrator.")

ELSEWHERE: Final = "elsewhere"
"""The form in which a reply given elsewhere is recorded: its name, and what the ids of its fields begin with."""
BEFORE_THE_COMMENT: Final = N_("A reply cannot come before the comment. Look at the day and the time again.")

BOX_NAMES: Final = ("cy", "en")
INSERTED: Final = N_("Inserted. Fill in whatever stands in curly brackets before you send it.")

BOXES: Final[Mapping[ReplyLanguage, frozenset[str]]] = {
    ReplyLanguage.CY: frozenset({"cy"}),
    ReplyLanguage.EN: frozenset({"en"}),
    ReplyLanguage.BOTH: frozenset({"cy", "en"}),
}


class ReplyFields(Fields):
    version: Number = 0
    kind: ReplyKind = ReplyKind.ANSWER
    text_cy: Text = ""
    text_en: Text = ""
    exception: Text = ""
    saved: str = ""

    @property
    def box(self) -> str:
        """The field in which the officer wrote."""
        return "text_en" if self.text_en and not self.text_cy else "text_cy"


class ElsewhereFields(ReplyFields, WhenFields):
    """A reply that was given elsewhere.  `form` tells it from one to be sent, when only the language changes."""

    form: str = ""


class ActFields(Fields):
    version: Number
    reason: Text = ""
    to: Text = ""
    outcome: Text = ""


class NoteFields(Fields):
    reason: Text = ""


class AnswerOwedFields(Fields):
    version: Number
    owed: bool
    reason: Text = ""


class NativeFields(Fields):
    version: Number
    own_reply: Number


class ReferralFields(Fields):
    reason: Text = ""


class CorrectionFields(Fields):
    """`finding` is what is said of what: `abuse:no`, `hate:yes`, `language:cy`."""

    finding: Text = ""
    reason: Text = ""


class HidingFields(Fields):
    hidden: bool
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What the reader had typed, so that no refusal costs them their words; `act` names the form it stood in."""

    reply: ReplyFields = field(default_factory=ReplyFields)
    elsewhere: ElsewhereFields = field(default_factory=ElsewhereFields)
    act: str = ""
    words: str = ""
    outcome: str = ""
    to: str = ""


@router.get("/cases/{case_id}", name="case")
def case(visit: SomeVisit, case_id: int, done: str = "") -> Response:
    return _page(visit, case_id, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/cases/{case_id}/redraw", name="redraw")
def redraw(visit: SomeVisit, case_id: int, fields: Annotated[ElsewhereFields, Form()]) -> Response:
    """The same page in the other language, with what was typed; nothing is done."""
    typed = Typed(elsewhere=fields, act=ELSEWHERE) if fields.form == ELSEWHERE else Typed(fields)
    return _page(visit, case_id, typed=typed)


@router.post("/cases/{case_id}/saved-reply", name="saved_reply")
def saved_reply(visit: SomeVisit, case_id: int, fields: Annotated[ReplyFields, Form()]) -> Response:
    """The same page with a saved reply in the boxes that stand empty; nothing is done."""
    words, chosen = visit.words, visit.web.saved_replies.get(fields.saved)
    if chosen is None:
        fault = _fault(words.gettext("Choose a saved reply."), "saved")
        return _page(visit, case_id, typed=Typed(fields), faults=[fault])
    empty = [box for box in BOX_NAMES if not getattr(fields, f"text_{box}").strip()]
    if not empty:
        fault = _fault(words.gettext("Both boxes have words in them already. Empty one and insert again."), "saved")
        return _page(visit, case_id, typed=Typed(fields), faults=[fault])
    with visit.store.read() as session:
        reference = queue.get(session, case_id).reference
    texts = {f"text_{box}": chosen.filled(box, reference) for box in empty}
    kind = chosen.kind if len(empty) == len(BOX_NAMES) else fields.kind
    typed = Typed(fields.model_copy(update={"kind": kind, **texts}))
    return _page(visit, case_id, typed=typed, inserted=words.gettext(INSERTED))


@router.get("/cases/{case_id}/{rest:path}", name="redrawn")
def redrawn(visit: SomeVisit, case_id: int, rest: str) -> Response:
    """Where a browser lands that loads the address of a form again: at the case."""
    return visit.go(f"cases/{case_id}")


@router.post("/cases/{case_id}/reply", name="reply")
def reply(visit: SomeVisit, case_id: int, fields: Annotated[ReplyFields, Form()]) -> Response:
    draft = Draft(fields.kind, fields.text_cy, fields.text_en, fields.exception)
    try:
        pipeline.send_reply(visit.here, case_id, draft, actor=visit.actor, now=visit.now, saw=fields.version)
    except (queue.StaleCase, queue.UnknownCase):
        raise
    except GwylioError as error:
        title = visit.words.gettext("The reply has not been sent")
        advice = visit.words.gettext(
            "To send it all the same, say why below the reply; the reason is kept and counted."
        )
        faults = _objections(visit.words, error, fields.box, advice=advice)
        return _page(visit, case_id, typed=Typed(fields), faults=faults, faults_title=title)
    return visit.go(f"cases/{case_id}", done="reply")


@router.post("/cases/{case_id}/acts/{act}", name="act")
def take(visit: SomeVisit, case_id: int, act: str, fields: Annotated[ActFields, Form()]) -> Response:
    """One act of the lifecycle table, as a form of the case page asked for it."""
    if act not in set(OFFERED):
        raise NotThere
    wanted, words = Act(act), visit.words
    with visit.store.read() as session:
        held = visit.reader.roles_in(desk.area_of(session, case_id) or "")
        given_to = _given_to(visit, sessions.officers(session), fields.to) if wanted is Act.ASSIGN else ("", None)
    if not held & OFFERED[wanted]:
        raise NotAllowed
    typed = Typed(act=act, words=fields.reason, outcome=fields.outcome, to=fields.to)
    if given_to is None:
        fault = _fault(words.gettext("Choose a service area or an officer."), "to")
        return _page(visit, case_id, typed=typed, faults=[fault])
    area, owner_id = given_to
    try:
        moved_to = visit.store.write(
            lambda session: (
                queue.advance(
                    session,
                    case_id,
                    wanted,
                    actor=visit.actor,
                    now=visit.now,
                    policy=visit.here.policy,
                    saw=fields.version,
                    words=fields.reason,
                    area=area,
                    owner_id=owner_id,
                    outcome=fields.outcome,
                ).service_area
            )
        )
    except queue.ClosingRefused:
        missing = words.gettext("Choose an outcome and say why the case is closed.")
        fault = _fault(missing, "reason-close" if fields.outcome else "outcome")
        return _page(visit, case_id, typed=typed, faults=[fault])
    except queue.ReasonNeeded:
        return _why(visit, case_id, typed)
    if not visit.reader.roles_in(moved_to):
        return visit.go("queue", done=act)
    return visit.go(f"cases/{case_id}", done=act)


@router.post("/cases/{case_id}/notes", name="note")
def note(visit: SomeVisit, case_id: int, fields: Annotated[NoteFields, Form()]) -> Response:
    try:
        visit.store.write(
            lambda session: queue.note(session, case_id, actor=visit.actor, now=visit.now, words=fields.reason)
        )
    except queue.ReasonNeeded:
        fault = _fault(visit.words.gettext("Write the note before you keep it."), "reason-note")
        return _page(visit, case_id, typed=Typed(act="note"), faults=[fault])
    return visit.go(f"cases/{case_id}", done="note")


@router.post("/cases/{case_id}/answer-owed", name="answer_owed")
def answer_owed(visit: SomeVisit, case_id: int, fields: Annotated[AnswerOwedFields, Form()]) -> Response:
    try:
        visit.store.write(
            lambda session: queue.change_answer_owed(
                session,
                case_id,
                owed=fields.owed,
                actor=visit.actor,
                now=visit.now,
                words=fields.reason,
                saw=fields.version,
            )
        )
    except queue.ReasonNeeded:
        return _why(visit, case_id, Typed(act="answer_owed"))
    return visit.go(f"cases/{case_id}", done="answer_owed")


@router.post("/cases/{case_id}/native", name="confirm_native")
def confirm_native(visit: SomeVisit, case_id: int, fields: Annotated[NativeFields, Form()]) -> Response:
    """A reply made on the platform itself was the answer, says an officer."""
    visit.store.write(
        lambda session: replies.confirm_native(
            session,
            case_id,
            fields.own_reply,
            actor=visit.actor,
            policy=visit.here.policy,
            now=visit.now,
            saw=fields.version,
        )
    )
    return visit.go(f"cases/{case_id}", done="native")


@router.post("/cases/{case_id}/elsewhere", name="record_reply")
def record_reply(visit: SomeVisit, case_id: int, fields: Annotated[ElsewhereFields, Form()]) -> Response:
    """A reply was given by telephone, or on a platform that takes none from us, and counts from then."""
    words, typed = visit.words, Typed(elsewhere=fields, act=ELSEWHERE)
    draft = Draft(fields.kind, fields.text_cy, fields.text_en, fields.exception)
    try:
        at = moment_of(fields, now=visit.now)
        pipeline.record_reply(visit.here, case_id, draft, at=at, actor=visit.actor, now=visit.now, saw=fields.version)
    except Unclear as unclear:
        faults = [_fault(words.gettext(unclear.text), f"{ELSEWHERE}-{unclear.part}")]
    except replies.ImpossibleTime:
        faults = [_fault(words.gettext(BEFORE_THE_COMMENT), f"{ELSEWHERE}-day")]
    except replies.ReplyRefused as refused:
        advice = words.gettext("To record it all the same, say why below the reply; the reason is kept and counted.")
        faults = _objections(words, refused, fields.box, advice=advice, prefix=f"{ELSEWHERE}-")
    else:
        return visit.go(f"cases/{case_id}", done="record")
    title = words.gettext("The reply has not been recorded")
    return _page(visit, case_id, typed=typed, faults=faults, faults_title=title)


@router.post("/cases/{case_id}/review", name="refer")
def refer(visit: SomeVisit, case_id: int, fields: Annotated[ReferralFields, Form()]) -> Response:
    """Ask communications to look at how somebody has been contacting us; who is of communications opens a review."""
    with visit.store.read() as session:
        held = visit.reader.roles_in(desk.area_of(session, case_id) or "")
    step = ReviewAct.OPEN if held & COMMUNICATIONS else ReviewAct.REFER
    try:
        review_id = visit.store.write(
            lambda session: (
                conduct_reviews.begin(
                    session,
                    case_id,
                    act=step,
                    words=fields.reason,
                    actor=visit.actor,
                    policy=visit.here.policy,
                    now=visit.now,
                ).id
            )
        )
    except conduct_reviews.ActRefused:
        return _why(visit, case_id, Typed(act="review"))
    except (conduct_reviews.ReviewRunning, conduct_reviews.NobodyKnown):
        return visit.go(f"cases/{case_id}")
    return (
        visit.go(f"reviews/{review_id}", done="open")
        if held & COMMUNICATIONS
        else visit.go(f"cases/{case_id}", done="refer")
    )


@router.post("/comments/{comment_id}/correction", name="correct")
def correct(visit: SomeVisit, comment_id: int, fields: Annotated[CorrectionFields, Form()]) -> Response:
    """What the classifiers saw is wrong, says an officer; their word stands from now on."""
    with visit.store.read() as session:
        case_id = desk.case_of_comment(session, comment_id)
    if case_id is None:
        raise NotThere
    about, _, says = fields.finding.partition(":")
    typed = Typed(act=f"correct-{comment_id}", words=fields.reason, to=fields.finding)
    known: dict[str, Label | Question] = {str(each): each for each in (*Label, Question.LANGUAGE)}
    try:
        if about not in known:
            raise queue.NotCorrectable(about)
        visit.store.write(
            lambda session: queue.correct(
                session,
                comment_id,
                known[about],
                says,
                actor=visit.actor,
                policy=visit.here.policy,
                now=visit.now,
                words=fields.reason,
            )
        )
    except queue.ReasonNeeded:
        return _why(visit, case_id, typed)
    except queue.NotCorrectable:
        fault = _fault(visit.words.gettext("Choose what is to be corrected."), f"finding-{comment_id}")
        return _page(visit, case_id, typed=typed, faults=[fault])
    return visit.go(f"cases/{case_id}", done="correct")


@router.post("/comments/{comment_id}/hiding", name="hide")
def hide(visit: SomeVisit, comment_id: int, fields: Annotated[HidingFields, Form()]) -> Response:
    """Hide a comment on its platform, or show it again."""
    with visit.store.read() as session:
        case_id = desk.case_of_comment(session, comment_id)
    if case_id is None:
        raise NotThere
    try:
        pipeline.hide(
            visit.here, comment_id, hidden=fields.hidden, actor=visit.actor, words=fields.reason, now=visit.now
        )
    except queue.ReasonNeeded:
        fault = visit.words.gettext("Say which rule the comment breaks, or why it is shown again.")
    except queue.UnknownCase:
        raise
    except GwylioError:
        fault = visit.words.gettext("The platform did not do it. Nothing has changed; try again later.")
    else:
        return visit.go(f"cases/{case_id}", done="hide" if fields.hidden else "unhide")
    typed = Typed(act=f"hide-{comment_id}", words=fields.reason)
    return _page(visit, case_id, typed=typed, faults=[_fault(fault, f"reason-hide-{comment_id}")])


def _page(
    visit: Visit,
    case_id: int,
    *,
    typed: Typed | None = None,
    faults: Sequence[Mapping[str, str]] = (),
    faults_title: str = "",
    done: str = "",
    inserted: str = "",
) -> Response:
    """The case's page; with faults it is the answer to a form that was refused."""
    with visit.store.read() as session:
        file = desk.case_file(session, case_id)
        if file is None:
            raise NotThere
        officers, names = sessions.officers(session), sessions.names(session)
        kept = evidence.of_comments(session, [said.comment.id for said in file.said])
        review = conduct_reviews.standing(session, file.case.author_id, today=visit.web.today())
    openings.see_case(visit.store, case_id, policy=visit.here.policy, actor=visit.actor, now=visit.now)
    policy, calendar = visit.here.policy, visit.web.calendars()[Clock.ANSWER]
    held = visit.reader.roles_in(file.case.service_area)
    may_act = bool(held & ANSWERING)
    allowed = lifecycle.allowed_from(file.case.state)
    deadline = deadlines.due(file.round.received_at, Clock.ANSWER, policy.response, visit.web.calendars())
    teller = Teller(visit.words, policy, lambda slug: area_name(visit.web, visit.words, slug), names)
    in_other = f"/{visit.words.other}/cases/{case_id}"
    typed = typed or Typed()
    by_hand = all(said.comment.origin is Origin.MANUAL for said in file.said)
    can_send = pipeline.takes_replies(file.account) and not by_hand
    elsewhere = file.case.state is not State.CLOSED and (typed.act == ELSEWHERE or not can_send)
    return visit.page(
        "case.html",
        status=422 if faults else 200,
        toggle=f"{in_other}/redraw" if may_act else in_other,
        keeps_form="" if not may_act else ELSEWHERE if elsewhere else "reply",
        evidence=kept,
        by_hand=by_hand,
        can_send=can_send,
        file=file,
        case=file.case,
        round=file.round,
        thread=thread.of(file, policy),
        labels=tuple(Label),
        tongues=tuple(Language),
        deadline=deadline if deadline.due == file.round.due else None,
        calendar=calendar,
        today=visit.web.today(),
        because=[Reason(text, values) for text, values in file.case.because],
        hint=visit.words.gettext(STATE_HINTS[file.case.state]),
        history=[teller.line(each) for each in reversed(file.history)],
        may_act=may_act,
        review=review,
        limits=[
            limit.say(visit.words.language)
            for slug in (review.restrictions if review else ())
            if (limit := policy.restriction(slug))
        ],
        may_review=bool(held & COMMUNICATIONS),
        acts=[act for act in allowed if held & OFFERED.get(act, frozenset())],
        outcomes=policy.outcomes,
        choices=[(slug, _officers_of(officers, slug)) for slug in visit.here.areas.slugs],
        boxes=BOXES[file.case.reply_in],
        saved_replies=visit.web.saved_replies.replies,
        inserted=inserted,
        urgent=_urgent(file, policy),
        typed=typed,
        may_confirm=Act.ANSWER in allowed and file.round.answered_at is None,
        faults=faults,
        faults_title=faults_title,
        done=done,
    )


def _urgent(file: CaseFile, policy: Policy) -> list[Label]:
    """What makes an open case urgent: the labels that are, each once; empty for a case that is not."""
    if file.case.severity is not Severity.URGENT or file.case.state in {State.ANSWERED, State.CLOSED}:
        return []
    seen = (each.about for said in file.said for each in thread.flags(said.findings, policy))
    labels = dict.fromkeys(about for about in seen if isinstance(about, Label))
    return [label for label in labels if policy.severity[label] is Severity.URGENT]


def _why(visit: Visit, case_id: int, typed: Typed) -> Response:
    """The page again: a reason is missing."""
    fault = _fault(visit.words.gettext("Say why, in your own words."), f"reason-{typed.act}")
    return _page(visit, case_id, typed=typed, faults=[fault])


def _objections(
    words: Words, error: GwylioError, box: str, *, advice: str, prefix: str = ""
) -> list[Mapping[str, str]]:
    """Why a reply did not leave, as the officer reads it; `box` is the field it stands in."""
    if not isinstance(error, replies.ReplyRefused):
        return [_fault(words.gettext(NOT_SENT.get(type(error), OUT_OF_REACH)), box)]
    faults = [_fault(words.say(each.why), f"{prefix}{BOX_OF.get(each.code, box)}") for each in error.objections]
    if any(each.overridable for each in error.objections):
        faults.append(_fault(advice, f"{prefix}exception"))
    return faults


def _fault(text: str, field: str) -> Mapping[str, str]:
    return {"text": text[:1].upper() + text[1:], "href": f"#{field}"}


def _given_to(visit: Visit, officers: Officers, to: str) -> tuple[str, int | None] | None:
    """The area, and the officer in it if one was chosen: `waste` or `waste.12`.  None for neither."""
    area, _, officer = to.partition(".")
    if area not in visit.here.areas:
        return None
    there = {str(each.id): each.id for each in _officers_of(officers, area)}
    return (area, there.get(officer)) if not officer or officer in there else None


def _officers_of(officers: Officers, area: str) -> list[Colleague]:
    return [*officers.get(area, ()), *officers.get(EVERY_AREA, ())]
