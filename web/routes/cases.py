"""One case: all that belongs to it, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import (
    circumstances,
    conduct_reviews,
    house_rules,
    keeping,
    lifecycle,
    openings,
    pauses,
    queue,
    removal_life,
    removals,
    replies,
    retention,
    senior,
    telling,
    templates,
    translations,
    triage,
)
from moderation import incidents as incident_rules
from moderation import matters as matter_rules
from moderation.deadlines import Deadline
from moderation.house_rules import Wish
from moderation.policy import IncidentKind, Policy
from moderation.replies import Draft
from moderation.reply_rules import Code
from moderation.translations import Wanted
from pipeline import Looked
from store import desk, evidence, incidents, legal_holds, matters, notices, sessions, stirring
from store import removals as removal_rows
from store import replies as outbox
from store import senior as senior_flags
from store import translations as requests
from store import triage as claims
from store.cases import CaseRow
from store.database import Session
from store.desk import CaseFile
from store.incidents import IncidentRow
from store.matters import MatterRow, PauseRow
from store.sessions import Colleague
from store.translations import Request
from store.triage import Member
from vocabulary import (
    Act,
    Clock,
    GwylioError,
    Label,
    Language,
    Note,
    Origin,
    Question,
    Reason,
    RemovalKind,
    ReplyKind,
    ReplyLanguage,
    ReplyState,
    ReviewAct,
    Role,
    Severity,
    State,
    TranslationOf,
    TranslationState,
)
from web import letters, thread
from web.gate import ANSWERING, COMMUNICATIONS, FLAGGING, NotAllowed, NotThere
from web.handing_over import HAND_OVER, HandOverFields, around
from web.history import STATE_HINTS, STILL, Teller
from web.pages import area_name
from web.visit import Fields, Number, SomeVisit, Text, Visit
from web.when import Unclear, WhenFields, moment_of
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

Officers = Mapping[str, Sequence[Colleague]]

DONE: Final[Mapping[str, str]] = {
    "reply": N_("The reply is in the outbox and leaves within a few minutes."),
    "for_approval": N_("The reply waits for a colleague to approve it. The deadline runs on."),
    "note": N_("The note is kept."),
    "assign": N_("The case is assigned."),
    "ask_translation": N_("A translation has been asked for."),
    "translated": N_("The translation is ready; the case is yours again."),
    "withdraw_translation": N_("The translators no longer have this text; the case is yours again."),
    "approve": N_("The reply is approved; it is in the outbox and leaves within a few minutes."),
    "send_back": N_("The reply is a draft again."),
    "ask_author": N_("The case waits for the author."),
    "author_replied": N_("The case no longer waits for the author."),
    "escalate": N_("The case is with communications now."),
    "return": N_("The case is back with the service area."),
    "close": N_("The case is closed."),
    "reopen": N_("The case is open again."),
    "answer_owed": N_("Whether an answer is owed has been changed."),
    "correct": N_("Your correction is kept and stands."),
    "unhide": N_("The comment can be seen on the platform again."),
    "native": N_("The reply made on the platform counts as the answer."),
    "record": N_("The reply given elsewhere is recorded."),
    "matter": N_("What became of the request or complaint is recorded."),
    "incident": N_("The incident is recorded, and those whom the policy names have been told."),
    "incident_ended": N_("What was done about the incident is recorded."),
    "restrict": N_("Whether the case is restricted has been changed."),
    "snooze": N_("The case is put off."),
    "strike": N_("The pause is struck out and the date counted again."),
    "entered": N_("The comment is kept, and this is its case."),
    "senior_flag": N_("The case is flagged for senior management; their next digest names it."),
    "senior_flag_end": N_("The case is no longer flagged for senior management."),
    "handed_over": N_("The case is with the other service area, and the author is told so within a few minutes."),
    "handed_over_for_approval": N_(
        "The case is with the other service area. What the author is told waits for a colleague to approve it."
    ),
    "handed_over_recorded": N_("The case is with the other service area, and it is recorded that the author was told."),
    "held": N_("A legal hold stands: the case is kept whatever its dates say."),
    "hold_lifted": N_("The legal hold is lifted; the case is kept by its dates again."),
    "refer": N_("Communications have been asked to look at the author's conduct. The case is still yours to answer."),
}
"""What a page says after an act, by the word in its address."""

OFFERED: Final[Mapping[Act, frozenset[Role]]] = {
    Act.ASSIGN: ANSWERING,
    Act.ASK_AUTHOR: ANSWERING,
    Act.AUTHOR_REPLIED: ANSWERING,
    Act.ESCALATE: ANSWERING,
    Act.RETURN: COMMUNICATIONS,
    Act.CLOSE: ANSWERING,
    Act.REOPEN: ANSWERING,
}
"""The acts that have this form, and whose they are.

ANSWER has none: only a reply on the platform answers.  What is asked of the translators has forms of its own.
"""

NOT_SENT: Final[Mapping[type[GwylioError], str]] = {
    replies.NoReplyHere: N_("No comment of this case still stands on its platform. Close the case as withdrawn."),
    replies.NotFromHere: N_("This comment was entered by hand. Answer where it was said, and record the answer here."),
    replies.CannotReplyThere: N_(
        "This platform takes no reply from here. Answer on the platform, and record it below."
    ),
    replies.AlreadyOnItsWay: N_("Another reply to this case is on its way. Wait until it has left."),
}
BOX_OF: Final[Mapping[Code, str]] = {
    Code.WELSH_MISSING: "text_cy",
    Code.NOT_WELSH: "text_cy",
    Code.ENGLISH_MISSING: "text_en",
    Code.NOT_ENGLISH: "text_en",
    Code.POLITICAL: "confirmed",
    Code.MACHINE: "by-machine",
    Code.MACHINE_UNEXPLAINED: "danger",
}
"""The field that an objection is about; the others stand at the one that was filled in."""
OUT_OF_REACH: Final = N_("This account cannot be used from here at the moment. Tell your administrator.")

MATTERS_RUN: Final = N_("A request or a complaint in this case has not ended. Say first what became of it.")

ELSEWHERE: Final = "elsewhere"
"""The form in which a reply given elsewhere is recorded: its name, and what the ids of its fields begin with."""
BEFORE_THE_COMMENT: Final = N_("A reply cannot come before the comment. Look at the day and the time again.")

NOT_ASKED: Final[Mapping[type[GwylioError], str]] = {
    translations.NothingToTranslate: N_("Write the reply in one of the boxes, and leave the other one empty."),
    translations.AlreadyAsked: N_("The translators have a text of this case already. Withdraw it first."),
}
"""Why nothing was asked of the translators."""

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
    confirmed: bool = False
    machine_cy: bool = False
    machine_en: bool = False
    danger: Text = ""
    context: Text = ""
    point_to: str = ""
    signpost: str = ""

    @property
    def draft(self) -> Draft:
        return Draft(
            self.kind,
            self.text_cy,
            self.text_en,
            self.exception,
            confirmed=self.confirmed,
            by_machine=frozenset(box for box in BOX_NAMES if getattr(self, f"machine_{box}")),
            danger=self.danger,
            signpost=self.signpost,
        )

    @property
    def box(self) -> str:
        """The field in which the officer wrote."""
        return "text_en" if self.text_en and not self.text_cy else "text_cy"


class ElsewhereFields(ReplyFields, WhenFields):
    """A reply that was given elsewhere.  `form` tells it from one to be sent, when only the language changes."""

    form: str = ""


class TranslationFields(Fields):
    version: Number
    reason: Text = ""
    text: Text = ""


class AskFields(ReplyFields):
    """What the translators are asked for: the text of the reply that is being written, or the comment itself."""

    what: TranslationOf = TranslationOf.REPLY

    @property
    def wanted(self) -> Wanted | None:
        """The text in the one box that has words; None where neither or both have."""
        boxes = [box for box in BOX_NAMES if getattr(self, f"text_{box}").strip()]
        if len(boxes) != 1:
            return None
        return Wanted(self.what, getattr(self, f"text_{boxes[0]}"), Language(boxes[0]), self.context, self.kind)


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


class SeniorFlagFields(Fields):
    version: Number
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


class RemovalFields(Fields):
    """A wish that a comment be taken down.  `confirmed` comes with the caution that was shown."""

    version: Number = 0
    rule: Text = ""
    kind: RemovalKind = RemovalKind.HIDE
    reason: Text = ""
    confirmed: bool = False
    exception: Text = ""

    @property
    def wish(self) -> Wish:
        return Wish(self.rule, self.kind, self.reason, confirmed=self.confirmed, exception=self.exception)


@dataclass(frozen=True, slots=True)
class Typed:
    """What the reader had typed, so that no refusal costs them their words; `act` names the form it stood in."""

    reply: ReplyFields = field(default_factory=ReplyFields)
    elsewhere: ElsewhereFields = field(default_factory=ElsewhereFields)
    act: str = ""
    words: str = ""
    outcome: str = ""
    to: str = ""
    removal: RemovalFields = field(default_factory=RemovalFields)
    handover: HandOverFields = field(default_factory=HandOverFields)


class _Held:
    """A matter as the page shows it: its row, how its days were counted, and what may be done about it."""

    def __init__(self, row: MatterRow, policy: Policy, deadline: Deadline) -> None:
        self.row = row
        self.deadline = deadline if deadline.due == row.due else None
        self.acts = matter_rules.allowed_from(row.clock, row.state, policy, row.stage)
        stages = {each.slug: each for each in policy.response.complaint_stages}
        self.stage = stages.get(row.stage)


@router.get("/cases/{case_id}", name="case")
def case(visit: SomeVisit, case_id: int, done: str = "") -> Response:
    _opened(visit, case_id)
    return case_page(visit, case_id, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/cases/{case_id}/redraw", name="redraw")
def redraw(visit: SomeVisit, case_id: int, fields: Annotated[ElsewhereFields, Form()]) -> Response:
    """The same page in the other language, with what was typed; nothing is done."""
    typed = Typed(elsewhere=fields, act=ELSEWHERE) if fields.form == ELSEWHERE else Typed(fields)
    return case_page(visit, case_id, typed=typed)


@router.post("/cases/{case_id}/saved-reply", name="saved_reply")
def saved_reply(visit: SomeVisit, case_id: int, fields: Annotated[ReplyFields, Form()]) -> Response:
    """The same page with a saved reply in the boxes that stand empty; nothing is done."""
    words = visit.words
    with visit.store.read() as session:
        case_row = queue.get(session, case_id)
        offered = {each.slug: each for each in templates.offered(session, visit.web.saved_replies)}
    chosen = offered.get(fields.saved) or letters.chosen(visit, case_id, fields.saved)
    if chosen is None:
        fault = at_field(words.gettext("Choose a saved reply."), "saved")
        return case_page(visit, case_id, typed=Typed(fields), faults=[fault])
    empty = [box for box in BOX_NAMES if not getattr(fields, f"text_{box}").strip()]
    if not empty:
        fault = at_field(words.gettext("Both boxes have words in them already. Empty one and insert again."), "saved")
        return case_page(visit, case_id, typed=Typed(fields), faults=[fault])
    texts = {f"text_{box}": chosen.filled(box, _known_of(visit, case_row, box)) for box in empty}
    kind = chosen.kind if len(empty) == len(BOX_NAMES) else fields.kind
    typed = Typed(fields.model_copy(update={"kind": kind, **texts}))
    return case_page(visit, case_id, typed=typed, inserted=words.gettext(INSERTED))


@router.get("/cases/{case_id}/{rest:path}", name="redrawn")
def redrawn(visit: SomeVisit, case_id: int, rest: str) -> Response:
    """Where a browser lands that loads the address of a form again: at the case."""
    return visit.go(f"cases/{case_id}")


@router.post("/cases/{case_id}/reply", name="reply")
def reply(visit: SomeVisit, case_id: int, fields: Annotated[ReplyFields, Form()]) -> Response:
    try:
        sent = pipeline.send_reply(
            visit.here, case_id, fields.draft, actor=visit.actor, now=visit.now, saw=fields.version
        )
    except (queue.StaleCase, queue.UnknownCase):
        raise
    except GwylioError as error:
        title = visit.words.gettext("The reply has not been sent")
        advice = visit.words.gettext(
            "To send it all the same, say why below the reply; the reason is kept and counted."
        )
        faults = objections_at(visit.words, error, fields.box, advice=advice)
        return case_page(visit, case_id, typed=Typed(fields), faults=faults, faults_title=title)
    letters.sent(visit, case_id, fields.saved, sent)
    with visit.store.read() as session:
        waits = outbox.reply(session, sent).state is ReplyState.AWAITING_APPROVAL
    return visit.go(f"cases/{case_id}", done="for_approval" if waits else "reply")


@router.post("/cases/{case_id}/check", name="check_reply")
def check_reply(visit: SomeVisit, case_id: int, fields: Annotated[ReplyFields, Form()]) -> Response:
    """The same page, with what a reply in these words would meet; nothing is done."""
    looked = pipeline.look_at_reply(visit.here, case_id, fields.draft, now=visit.now)
    return case_page(visit, case_id, typed=Typed(fields), looked=looked)


@router.post("/cases/{case_id}/translation", name="ask_translation")
def ask_translation(visit: SomeVisit, case_id: int, fields: Annotated[AskFields, Form()]) -> Response:
    """Ask the translators for the reply in the other language, or for what the comment says."""

    def act(session: Session) -> None:
        wanted = fields.wanted
        if fields.what is TranslationOf.COMMENT:
            wanted = _comment_wanted(session, case_id, fields.context)
        if wanted is None:
            raise translations.NothingToTranslate(f"case {case_id}")
        translations.ask(
            session,
            case_id,
            wanted,
            actor=visit.actor,
            policy=visit.here.policy,
            calendar=visit.web.calendars()[Clock.ANSWER],
            now=visit.now,
            saw=fields.version,
        )

    try:
        visit.store.write(act)
    except (translations.NothingToTranslate, translations.AlreadyAsked) as error:
        box = "comment-context" if fields.what is TranslationOf.COMMENT else "context"
        fault = at_field(visit.words.gettext(NOT_ASKED[type(error)]), box)
        return case_page(visit, case_id, typed=Typed(fields), faults=[fault])
    return visit.go(f"cases/{case_id}", done="ask_translation")


@router.post("/cases/{case_id}/translation/came", name="translation_came")
def translation_came(visit: SomeVisit, case_id: int, fields: Annotated[TranslationFields, Form()]) -> Response:
    """The translation reached the officer by another way."""
    actor, policy = visit.actor, visit.here.policy
    try:
        visit.store.write(
            lambda session: translations.came(
                session, case_id, fields.text, actor=actor, policy=policy, now=visit.now, saw=fields.version
            )
        )
    except translations.NothingHandedIn:
        fault = at_field(visit.words.gettext("Put the translation in the box."), "translation-text")
        return case_page(visit, case_id, typed=Typed(act="translation_came"), faults=[fault])
    return visit.go(f"cases/{case_id}", done="translated")


@router.post("/cases/{case_id}/translation/withdrawn", name="withdraw_translation")
def withdraw_translation(visit: SomeVisit, case_id: int, fields: Annotated[TranslationFields, Form()]) -> Response:
    """The officer does without the translation."""
    actor, policy = visit.actor, visit.here.policy
    try:
        visit.store.write(
            lambda session: translations.withdraw(
                session, case_id, actor=actor, policy=policy, now=visit.now, words=fields.reason, saw=fields.version
            )
        )
    except queue.ReasonNeeded:
        return _why(visit, case_id, Typed(act="withdraw_translation"))
    return visit.go(f"cases/{case_id}", done="withdraw_translation")


@router.post("/cases/{case_id}/acts/{act}", name="act")
def take(visit: SomeVisit, case_id: int, act: str, fields: Annotated[ActFields, Form()]) -> Response:
    """One act of the lifecycle table, as a form of the case page asked for it."""
    if act not in set(OFFERED):
        raise NotThere
    wanted, words = Act(act), visit.words
    with visit.store.read() as session:
        held = visit.reader.roles_in(desk.area_of(session, case_id) or "")
        given = given_to(visit, sessions.officers(session), fields.to) if wanted is Act.ASSIGN else ("", None)
    if not held & OFFERED[wanted]:
        raise NotAllowed
    typed = Typed(act=act, words=fields.reason, outcome=fields.outcome, to=fields.to)
    if given is None:
        fault = at_field(words.gettext("Choose a service area or an officer."), "to")
        return case_page(visit, case_id, typed=typed, faults=[fault])
    area, owner_id = given
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
    except queue.MattersRun:
        return case_page(visit, case_id, typed=typed, faults=[at_field(words.gettext(MATTERS_RUN), "matters")])
    except queue.ClosingRefused:
        missing = words.gettext("Choose an outcome and say why the case is closed.")
        fault = at_field(missing, "reason-close" if fields.outcome else "outcome")
        return case_page(visit, case_id, typed=typed, faults=[fault])
    except queue.ReasonNeeded:
        return _why(visit, case_id, typed)
    if not visit.reader.roles_in(moved_to):
        return visit.go("queue", done=act)
    return visit.go(f"cases/{case_id}", done=act)


@router.post("/cases/{case_id}/notes", name="note")
def note(visit: SomeVisit, case_id: int, fields: Annotated[NoteFields, Form()]) -> Response:
    try:
        pipeline.note(visit.here, case_id, fields.reason, actor=visit.actor, now=visit.now)
    except queue.ReasonNeeded:
        fault = at_field(visit.words.gettext("Write the note before you keep it."), "reason-note")
        return case_page(visit, case_id, typed=Typed(act="note"), faults=[fault])
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


@router.post("/cases/{case_id}/senior-flag", name="senior_flag")
def senior_flag(visit: SomeVisit, case_id: int, fields: Annotated[SeniorFlagFields, Form()]) -> Response:
    """Put the conversation before senior management; flagged already is flagged."""
    try:
        visit.store.write(
            lambda session: senior.flag(
                session, case_id, actor=visit.actor, now=visit.now, words=fields.reason, saw=fields.version
            )
        )
    except queue.ReasonNeeded:
        return _why(visit, case_id, Typed(act="senior_flag"))
    except senior.AlreadyFlagged:
        pass
    return visit.go(f"cases/{case_id}", done="senior_flag")


@router.post("/cases/{case_id}/senior-flag/end", name="senior_flag_end")
def senior_flag_end(visit: SomeVisit, case_id: int) -> Response:
    """Senior management have seen it, or need not; taken down already is taken down."""
    with suppress(senior.NotFlagged):
        visit.store.write(lambda session: senior.end_flag(session, case_id, actor=visit.actor, now=visit.now))
    with visit.store.read() as session:
        opens = desk.within(session, [case_id], visit.reader.areas())
    return visit.go(f"cases/{case_id}" if opens else "senior", done="senior_flag_end")


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
    draft = Draft(fields.kind, fields.text_cy, fields.text_en, fields.exception, signpost=fields.signpost)
    try:
        at = moment_of(fields, now=visit.now)
        pipeline.record_reply(visit.here, case_id, draft, at=at, actor=visit.actor, now=visit.now, saw=fields.version)
    except Unclear as unclear:
        faults = [at_field(words.gettext(unclear.text), f"{ELSEWHERE}-{unclear.part}")]
    except replies.ImpossibleTime:
        faults = [at_field(words.gettext(BEFORE_THE_COMMENT), f"{ELSEWHERE}-day")]
    except replies.ReplyRefused as refused:
        advice = words.gettext("To record it all the same, say why below the reply; the reason is kept and counted.")
        faults = objections_at(words, refused, fields.box, advice=advice, prefix=f"{ELSEWHERE}-")
    else:
        return visit.go(f"cases/{case_id}", done="record")
    title = words.gettext("The reply has not been recorded")
    return case_page(visit, case_id, typed=typed, faults=faults, faults_title=title)


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
        fault = at_field(visit.words.gettext("Choose what is to be corrected."), f"finding-{comment_id}")
        return case_page(visit, case_id, typed=typed, faults=[fault])
    return visit.go(f"cases/{case_id}", done="correct")


@router.post("/comments/{comment_id}/removal", name="ask_removal")
def ask_removal(visit: SomeVisit, comment_id: int, fields: Annotated[RemovalFields, Form()]) -> Response:
    """Ask for a comment to be taken down: by a rule, with a reason, and twice where something speaks against it."""
    with visit.store.read() as session:
        case_id = desk.case_of_comment(session, comment_id)
    if case_id is None:
        raise NotThere
    words, typed = visit.words, Typed(act=f"removal-{comment_id}", removal=fields)
    title = words.gettext("Nothing has been done")
    try:
        removal_id = pipeline.ask_removal(
            visit.here, comment_id, fields.wish, actor=visit.actor, now=visit.now, saw=fields.version
        )
    except house_rules.RemovalRefused as refused:
        faults = [at_field(words.say(each.why), f"{each.field}-removal-{comment_id}") for each in refused.objections]
        return case_page(visit, case_id, typed=typed, faults=faults, faults_title=title)
    except removals.AlreadyAsked as known:
        return visit.go(f"removals/{known.removal_id}", done="already")
    except removals.NothingToRemove:
        fault = at_field(words.gettext("The comment is not on the platform any more."), f"rule-removal-{comment_id}")
        return case_page(visit, case_id, typed=typed, faults=[fault], faults_title=title)
    return visit.go(f"removals/{removal_id}", done="asked")


@router.post("/comments/{comment_id}/showing", name="show_again")
def show_again(visit: SomeVisit, comment_id: int, fields: Annotated[NoteFields, Form()]) -> Response:
    """Show a comment again that is hidden on its platform though nobody asked for it here."""
    with visit.store.read() as session:
        case_id = desk.case_of_comment(session, comment_id)
    if case_id is None:
        raise NotThere
    try:
        pipeline.show_again(visit.here, comment_id, actor=visit.actor, words=fields.reason, now=visit.now)
    except queue.ReasonNeeded:
        return _why(visit, case_id, Typed(act=f"show-{comment_id}"))
    except removals.AlreadyAsked as known:
        return visit.go(f"removals/{known.removal_id}", done="already")
    except GwylioError:
        text = visit.words.gettext("The platform did not do it. Nothing has changed; try again later.")
        typed = Typed(act=f"show-{comment_id}", words=fields.reason)
        return case_page(visit, case_id, typed=typed, faults=[at_field(text, f"reason-show-{comment_id}")])
    return visit.go(f"cases/{case_id}", done="unhide")


def case_page(
    visit: Visit,
    case_id: int,
    *,
    typed: Typed | None = None,
    faults: Sequence[Mapping[str, str]] = (),
    faults_title: str = "",
    done: str = "",
    inserted: str = "",
    looked: Looked | None = None,
) -> Response:
    """The case's page; with faults it is the answer to a form that was refused."""
    with visit.store.read() as session:
        file = desk.case_file(session, case_id)
        if file is None:
            raise NotThere
        officers, names = sessions.officers(session), sessions.names(session)
        flagged = senior_flags.of_case(session, case_id)
        kept = evidence.of_comments(session, [said.comment.id for said in file.said])
        offered = templates.offered(session, visit.web.saved_replies)
        asked = requests.of_case(session, case_id)
        cautions = circumstances.political(session, file.case, visit.here.policy)
        approval = circumstances.approval_because(session, file.case, policy=visit.here.policy, now=visit.now)
        happened = incidents.of_case(session, case_id)
        claimed = claims.claimed_by(session, case_id, now=visit.now)
        wave = _wave(visit, session, file)
        running, stood = matters.of_case(session, case_id), matters.pauses_of_case(session, case_id)
        keeps = retention.kept(keeping.facts_of(session, file.case, visit.here.policy), visit.here.policy)
        held_by_law = legal_holds.of_case(session, case_id)
        review = conduct_reviews.standing(session, file.case.author_id, today=visit.web.today())
        taken_down = removal_rows.of_comments(session, [said.comment.id for said in file.said])
        reach = removal_rows.reach(session, [said.comment for said in file.said])
        hidden = removal_rows.undecided(session, [case_id])
        stirred = stirring.newest(session)
    openings.see_case(visit.store, case_id, policy=visit.here.policy, actor=visit.actor, now=visit.now)
    policy, calendar = visit.here.policy, visit.web.calendars()[Clock.ANSWER]
    held = visit.reader.roles_in(file.case.service_area)
    may_act = bool(held & ANSWERING)
    allowed = lifecycle.allowed_from(file.case.state)
    days, today = visit.web.calendars(), visit.web.today()
    deadline = pauses.round_deadline(file.round, stood, policy, days, today=today)
    teller = Teller(visit.words, policy, lambda slug: area_name(visit.web, visit.words, slug), names)
    in_other = f"/{visit.words.other}/cases/{case_id}"
    landed = _landed(visit, file, asked) if typed is None and may_act else None
    typed = typed or Typed(landed.reply if landed else ReplyFields())
    by_hand = all(said.comment.origin is Origin.MANUAL for said in file.said)
    can_send = pipeline.takes_replies(file.account) and not by_hand
    elsewhere = file.case.state is not State.CLOSED and (typed.act == ELSEWHERE or not can_send)
    handing = may_act and typed.act == HAND_OVER and bool(typed.handover.area)
    return visit.page(
        "case.html",
        status=422 if faults else 200,
        toggle=f"{in_other}/{HAND_OVER}/words" if handing else f"{in_other}/redraw" if may_act else in_other,
        keeps_form="" if not may_act else HAND_OVER if handing else ELSEWHERE if elsewhere else "reply",
        handing=handing,
        keeps=keeps,
        stirred=stirred,
        legal_hold=held_by_law,
        may_hold=bool(held & COMMUNICATIONS),
        **around(visit, file, _labels(file, policy)),
        evidence=kept,
        flagged=flagged,
        may_end_flag=bool(held & FLAGGING),
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
        today=today,
        matters=[
            _Held(each, policy, matter_rules.deadline_of(each, stood, policy, days, today=today)) for each in running
        ],
        matter_kinds=[
            kind for kind in matter_rules.KINDS if not any(each.live and each.clock is kind for each in running)
        ],
        pauses=stood,
        incidents=happened,
        claimed=_Claimed(claimed[0].user_id == visit.reader.user_id, claimed[1], claimed[0].until) if claimed else None,
        wave=wave,
        snooze_until=_until(visit, file),
        incident_kinds={kind.slug: kind for kind in policy.incidents},
        suggested=_suggested(file, happened, policy),
        may_bundle=may_act and _bundled(file, happened, policy),
        because=[Reason(text, values) for text, values in file.case.because],
        hint=visit.words.gettext(STILL if _stands_still(file, stood) else STATE_HINTS[file.case.state]),
        history=[teller.line(each) for each in reversed(file.history)],
        may_act=may_act,
        review=review,
        limits=[
            limit.say(visit.words.language)
            for slug in (review.restrictions if review else ())
            if (limit := policy.restriction(slug))
        ],
        may_review=bool(held & COMMUNICATIONS),
        acts=acts_open_to(held, file.case.state),
        outcomes=policy.outcomes,
        choices=[(slug, sessions.officers_of(officers, slug)) for slug in visit.here.areas.slugs],
        boxes=BOXES[file.case.reply_in],
        saved_replies=offered,
        word_bank=visit.web.word_bank.topics,
        requests=asked,
        may_withdraw=file.case.state is State.AWAITING_TRANSLATION or any(_unfinished(each) for each in asked),
        may_ask=Act.ASK_TRANSLATION in allowed and not any(_unfinished(each) for each in asked),
        may_ask_comment=file.case.language in translations.OTHER,
        by_machine={each.row.reply_id: each.row.state for each in reversed(asked) if _stands(each)},
        machine_allowed=policy.translation.machine.value != "never",
        pre_election=policy.pre_election_on(visit.web.today()),
        cautions=cautions,
        approval=approval,
        landed=landed,
        looked=looked,
        removal_letters=letters.of_case(visit, taken_down.values()),
        removals=taken_down,
        decide_by={each.removal_id: removals.decide_by(each.hidden_at, policy, calendar) for each in hidden},
        standing=removal_life.STANDING,
        rules={said.comment.id: house_rules.pointed_to(said.findings, policy) for said in file.said},
        reach=reach,
        inserted=inserted,
        urgent=_urgent(file, policy),
        typed=typed,
        may_confirm=Act.ANSWER in allowed and file.round.answered_at is None,
        faults=faults,
        faults_title=faults_title,
        done=done,
    )


def acts_open_to(held: frozenset[Role], state: State) -> list[Act]:
    """The acts with a form of their own that somebody with these roles may do to a case in this state."""
    return [act for act in lifecycle.allowed_from(state) if held & OFFERED.get(act, frozenset())]


class _Claimed(NamedTuple):
    mine: bool
    who: str
    until: datetime


def _until(visit: Visit, file: CaseFile) -> str:
    """The last day to which an open case may be put off, in words; empty where there is none."""
    latest = triage.latest_snooze(file.case, visit.web.today())
    return visit.words.short_day(latest) if latest and file.case.state not in {State.ANSWERED, State.CLOSED} else ""


def _wave(visit: Visit, session: Session, file: CaseFile) -> tuple[Member, ...]:
    """The other open cases with the same words that this reader may answer."""
    if file.case.state in {State.ANSWERED, State.CLOSED} or file.case.restricted or not file.said:
        return ()
    found = pipeline.wave_of(session, file.case.id, file.said[-1].revisions[0].text, now=visit.now)
    return tuple(each for each in found if visit.reader.roles_in(each.service_area) & ANSWERING)


def _labels(file: CaseFile, policy: Policy) -> set[Label]:
    """What is flagged anywhere in the case."""
    flags = (each.about for said in file.said for each in thread.flags(said.findings, policy))
    return {about for about in flags if isinstance(about, Label)}


def _suggested(file: CaseFile, happened: Sequence[IncidentRow], policy: Policy) -> list[IncidentKind]:
    """The incidents that an open case points to, less those that somebody has recorded."""
    if file.case.state in {State.ANSWERED, State.CLOSED}:
        return []
    recorded = {incident.kind for incident in happened}
    kinds = incident_rules.suggested(_labels(file, policy), policy)
    return [kind for kind in kinds if kind.slug not in recorded]


def _bundled(file: CaseFile, happened: Sequence[IncidentRow], policy: Policy) -> bool:
    """Whether the pack offers the evidence of this case as a bundle."""
    recorded = {incident.kind for incident in happened}
    kinds = incident_rules.suggested(_labels(file, policy), policy)
    return any(kind.bundle for kind in (*kinds, *(k for k in policy.incidents if k.slug in recorded)))


def _stands_still(file: CaseFile, stood: Sequence[PauseRow]) -> bool:
    """Whether the answer clock of the current round stands still."""
    return any(pause.round == file.case.round and not (pause.ended or pause.struck_at) for pause in stood)


def _opened(visit: Visit, case_id: int) -> None:
    """Whoever may answer has opened the case: nobody up the chain hears that nobody has, and colleagues see who has."""
    with visit.store.read() as session:
        case = queue.get(session, case_id)
        if not visit.reader.roles_in(case.service_area) & ANSWERING:
            return
        first = notices.waits_to_be_opened(session, case_id)
        claimed = claims.claimed_by(session, case_id, now=visit.now)
    working = case.state not in {State.ANSWERED, State.CLOSED}
    fresh = claimed and (claimed[0].user_id != visit.reader.user_id or claimed[0].until - visit.now > triage.CLAIM / 2)

    def act(session: Session) -> None:
        if first:
            telling.opened(session, case_id, actor=visit.actor, now=visit.now)
        if working and not fresh:
            triage.claim(session, case_id, actor=visit.actor, now=visit.now)

    if first or (working and not fresh):
        visit.store.write(act)


@dataclass(frozen=True, slots=True)
class Landed:
    """Words that wait for the officer in the boxes, and why they are there; `words` are a colleague's."""

    reply: ReplyFields
    why: str
    words: str = ""


def _landed(visit: Visit, file: CaseFile, asked: Sequence[Request]) -> Landed | None:
    """A reply that was sent back, or a translation that was handed in since the last reply was written."""
    last = file.written[-1].reply if file.written else None
    if last is not None and last.state is ReplyState.DRAFT:
        said = [each.event.words for each in file.history if each.event.what == Note.REPLY_SENT_BACK]
        fields = ReplyFields(
            kind=last.kind, text_cy=last.text_cy, text_en=last.text_en, exception=last.exception_reason
        )
        return Landed(
            fields, visit.words.gettext("This reply was sent back. It is in the boxes, as it was written."), said[-1]
        )
    done = (each.row for each in asked if each.row.state is TranslationState.DONE and each.row.reply_id is None)
    ready = next((row for row in done if row.what is TranslationOf.REPLY), None)
    if ready is None or ready.done_at is None or (last is not None and last.created_at >= ready.done_at):
        return None
    texts = {ready.from_language: ready.text, ready.to_language: ready.result}
    why = visit.words.gettext("The translation is in the box, beside the text that you sent to the translators.")
    fields = ReplyFields(kind=ready.kind, text_cy=texts[Language.CY], text_en=texts[Language.EN])
    return Landed(fields, why)


def _unfinished(request: Request) -> bool:
    return request.row.state in requests.UNFINISHED


def _stands(request: Request) -> bool:
    """Whether it is about a reply that left, or will, with a machine's words."""
    return request.row.reply_id is not None and request.row.state is not TranslationState.WITHDRAWN


def _comment_wanted(session: Session, case_id: int, context: str) -> Wanted | None:
    """The newest comment of the case, from the language that it is in."""
    file = desk.case_file(session, case_id)
    if file is None or file.case.language not in set(Language):
        return None
    newest = file.said[-1]
    return Wanted(TranslationOf.COMMENT, newest.revisions[0].text, Language(file.case.language), context)


def _known_of(visit: Visit, case: CaseRow, language: str) -> Mapping[str, str]:
    """What is known of a case, to fill the placeholders of a saved reply in one language."""
    words = Words("cy" if language == "cy" else "en")
    known = {"reference": case.reference, "due": words.day(case.due)}
    if case.service_area in visit.here.areas:
        area = visit.here.areas[case.service_area]
        known |= {"area": area.name.say(language), "signpost": area.contact.say(language)}
    return known


def _urgent(file: CaseFile, policy: Policy) -> list[Label]:
    """What makes an open case urgent: the labels that are, each once; empty for a case that is not."""
    if file.case.severity is not Severity.URGENT or file.case.state in {State.ANSWERED, State.CLOSED}:
        return []
    seen = (each.about for said in file.said for each in thread.flags(said.findings, policy))
    labels = dict.fromkeys(about for about in seen if isinstance(about, Label))
    return [label for label in labels if policy.severity[label] is Severity.URGENT]


def _why(visit: Visit, case_id: int, typed: Typed) -> Response:
    """The page again: a reason is missing."""
    fault = at_field(visit.words.gettext("Say why, in your own words."), f"reason-{typed.act}")
    return case_page(visit, case_id, typed=typed, faults=[fault])


def objections_at(
    words: Words, error: GwylioError, box: str, *, advice: str, prefix: str = ""
) -> list[Mapping[str, str]]:
    """Why a reply did not leave, as the officer reads it; `box` is the field it stands in."""
    if not isinstance(error, replies.ReplyRefused):
        return [at_field(words.gettext(NOT_SENT.get(type(error), OUT_OF_REACH)), box)]
    faults = [at_field(words.say(each.why), f"{prefix}{BOX_OF.get(each.code, box)}") for each in error.objections]
    if any(each.overridable for each in error.objections):
        faults.append(at_field(advice, f"{prefix}exception"))
    return faults


def at_field(text: str, field: str) -> Mapping[str, str]:
    """A fault as the pages show it: above the form, and at the field with this id."""
    return {"text": text[:1].upper() + text[1:], "href": f"#{field}"}


def given_to(visit: Visit, officers: Officers, to: str) -> tuple[str, int | None] | None:
    """The area, and the officer in it if one was chosen: `waste` or `waste.12`.  None for neither."""
    area, _, officer = to.partition(".")
    if area not in visit.here.areas:
        return None
    there = {str(each.id): each.id for each in sessions.officers_of(officers, area)}
    return (area, there.get(officer)) if not officer or officer in there else None
