"""Removals: those that wait for somebody, and one with its evidence, who agreed, and what may be done about it.

Legal advisers and senior managers see what is put before them: a removal that needs legal services, an
appeal.  Everybody else sees those of their areas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import house_rules, keeping, openings, removal_letters, removal_life, removals, retention, routing
from moderation.deadlines import london_date
from moderation.queue import ReasonNeeded
from moderation.removal_life import AWAITING, RemovalAct
from store import evidence, findings, legal_holds, sessions
from store import removals as kept
from store.database import Session
from store.removals import RemovalFile, RemovalRow, Took
from vocabulary import Clock, NotDone, Recommended, RemovalState, Role
from web.gate import AGREEING, ANSWERING, APPEALS, COMMUNICATIONS, NotThere
from web.history import HOW
from web.routes.legal_holds import HoldFields
from web.visit import Fields, Number, SomeVisit, Text, Visit
from web.when import Unclear, WhenFields, moment_of
from words.names import N_

router = APIRouter(prefix="/{language}")

SEEING: Final = ANSWERING | {Role.AUDITOR, Role.ADMINISTRATOR}
"""Who sees every removal of their areas."""

DONE: Final[Mapping[str, str]] = {
    "asked": N_("The evidence is kept, and the removal has been asked for."),
    "already": N_("This removal has been asked for already. Nothing else has been done."),
    "agreed": N_("Your agreement is recorded."),
    "refused": N_("Your refusal is recorded; the comment is not taken down."),
    "withdrawn": N_("The removal has been taken back."),
    "undone": N_("The removal has been undone."),
    "again": N_("It has been done on the platform."),
    "again_failed": N_("The platform has been asked again and did not do it."),
    "told": N_("It is recorded that the author has been told."),
    "native": N_("What was done on the platform is recorded, and counts."),
    "held": N_("A legal hold stands: the case is kept whatever its dates say."),
    "hold_lifted": N_("The legal hold is lifted; the case is kept by its dates again."),
    "appeal": N_("The appeal is recorded."),
    "appeal_decided": N_("The decision on the appeal is recorded."),
}

SENTENCES: Final[Mapping[str, str]] = {
    "ask": N_("{who} asked for the comment to be taken down, and the evidence was kept."),
    RemovalAct.HIDE_FIRST: N_("The comment was hidden, before those who must agree had agreed."),
    RemovalAct.AGREE: N_("{who} agreed."),
    RemovalAct.APPROVE: N_("Everybody who must agree has agreed."),
    RemovalAct.REFUSE: N_("{who} refused."),
    RemovalAct.WITHDRAW: N_("{who} took it back."),
    RemovalAct.CARRY_OUT: N_("The comment was taken down."),
    RemovalAct.APPEAL: N_("{who} recorded an appeal by the author."),
    RemovalAct.UPHOLD: N_("{who} decided the appeal: the comment stays down."),
    RemovalAct.OVERTURN: N_("{who} decided the appeal: the comment is shown again."),
    RemovalAct.UNDO: N_("{who} undid the removal."),
    "not_done": N_("The platform did not do what was asked."),
    "done": N_("The comment can be seen on the platform again."),
    "told": N_("{who} told the author why."),
}

OWED: Final[Mapping[str, str]] = {
    removals.HIDE: N_("Hide the comment on the platform"),
    removals.UNHIDE: N_("Show the comment on the platform again"),
    removals.DELETE: N_("Delete the comment on the platform"),
}
"""What is still to be done, as an order to whoever does it."""

NOT_YOURS: Final = N_("Somebody who had no part in this removal must do this.")
WHY: Final = N_("Say why, in your own words.")
TOO_EARLY: Final = N_("It cannot have been before the removal was asked for. Look at the day and the time again.")


class DecisionFields(Fields):
    version: Number
    role: Role
    agrees: bool
    reason: Text = ""


class ReasonFields(Fields):
    version: Number
    reason: Text = ""


class PlatformFields(WhenFields):
    version: Number
    what: Literal["again", "native"]
    reason: Text = ""


class AppealFields(WhenFields):
    version: Number
    reason: Text = ""


class AppealDecisionFields(Fields):
    version: Number
    stays: bool
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What the reader had typed; `act` names the form it stood in."""

    act: str = ""
    words: str = ""
    when: WhenFields = field(default_factory=WhenFields)


Fault = Mapping[str, str]


@router.get("/removals", name="removals")
def listed(visit: SomeVisit) -> Response:
    """What waits: for communications, for legal services, to be done on a platform, appeals."""
    reader = visit.reader
    areas, watching = reader.areas_as(SEEING), bool(reader.roles() & SEEING)
    with visit.store.read() as session:

        def waiting(role: Role) -> Sequence[kept.RemovalLine]:
            return kept.awaiting(session, sorted(AWAITING), reader.areas_as(SEEING | {role}), role=role)

        appealed = kept.awaiting(session, [RemovalState.APPEALED], reader.areas_as(SEEING | APPEALS))
        hidden = kept.undecided(session)
        lists = [(N_("Appeals to be decided"), appealed)]
        if watching or Role.LEGAL in reader.roles():
            lists.insert(0, (N_("For legal services to agree"), waiting(Role.LEGAL)))
        if watching:
            lists.insert(0, (N_("For communications to agree"), waiting(Role.COMMUNICATIONS)))
            lists.append((N_("Still to be done on the platform"), kept.owed(session, areas)))
            if visit.here.policy.removal.tell_author:
                lists.append((N_("Authors still to be told why"), kept.untold(session, areas)))
            lists.append((N_("Taken down, and on view again"), kept.on_view_again(session, areas)))
    return visit.page(
        "removals.html",
        lists=lists,
        policy=visit.here.policy,
        owed=OWED,
        today=visit.web.today(),
        decide_by=days_to_decide(visit, hidden),
    )


@router.get("/removals/{removal_id}", name="removal")
def removal(visit: SomeVisit, removal_id: int, done: str = "") -> Response:
    return _page(visit, removal_id, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/removals/{removal_id}/decision", name="decide_removal")
def decide(visit: SomeVisit, removal_id: int, fields: Annotated[DecisionFields, Form()]) -> Response:
    """Somebody in a role that is needed agrees, or does not."""
    held = visit.reader.roles_in(_file(visit, removal_id).case.service_area)
    return _act(
        visit,
        removal_id,
        lambda session: removals.decide(
            session,
            removal_id,
            fields.role,
            agrees=fields.agrees,
            held=held,
            words=fields.reason,
            actor=visit.actor,
            now=visit.now,
            saw=fields.version,
        ),
        typed=Typed(f"decide-{fields.role}", fields.reason),
        done="agreed" if fields.agrees else "refused",
    )


@router.post("/removals/{removal_id}/withdrawal", name="withdraw_removal")
def withdraw(visit: SomeVisit, removal_id: int, fields: Annotated[ReasonFields, Form()]) -> Response:
    """Whoever asked takes it back."""
    return _act(
        visit,
        removal_id,
        lambda session: removals.withdraw(
            session, removal_id, words=fields.reason, actor=visit.actor, now=visit.now, saw=fields.version
        ),
        typed=Typed("withdraw", fields.reason),
        done="withdrawn",
    )


@router.post("/removals/{removal_id}/undo", name="undo_removal")
def undo(visit: SomeVisit, removal_id: int, fields: Annotated[ReasonFields, Form()]) -> Response:
    """The comment is shown again after all."""
    return _act(
        visit,
        removal_id,
        lambda session: removals.undo(
            session, removal_id, words=fields.reason, actor=visit.actor, now=visit.now, saw=fields.version
        ),
        typed=Typed("undo", fields.reason),
        done="undone",
    )


@router.post("/removals/{removal_id}/platform", name="removal_on_platform")
def on_platform(visit: SomeVisit, removal_id: int, fields: Annotated[PlatformFields, Form()]) -> Response:
    """Ask the platform again, or record what somebody did there."""
    _file(visit, removal_id)
    if fields.what == "again":
        stands = pipeline.carry_out(visit.here, removal_id, actor=visit.actor, now=visit.now)
        return visit.go(f"removals/{removal_id}", done="again" if stands else "again_failed")
    typed = Typed("native", fields.reason, fields)
    try:
        at = moment_of(fields, now=visit.now)
    except Unclear as unclear:
        fault = _fault(visit.words.gettext(unclear.text), f"native-{unclear.part}")
        return _page(visit, removal_id, typed=typed, faults=[fault])
    return _act(
        visit,
        removal_id,
        lambda session: removals.record_native(
            session, removal_id, at=at, words=fields.reason, actor=visit.actor, now=visit.now, saw=fields.version
        ),
        typed=typed,
        done="native",
    )


@router.post("/removals/{removal_id}/told", name="removal_told")
def told(visit: SomeVisit, removal_id: int, fields: Annotated[ReasonFields, Form()]) -> Response:
    """The author was told why in another way than by a reply from here."""
    return _act(
        visit,
        removal_id,
        lambda session: removals.told(session, removal_id, words=fields.reason, actor=visit.actor, now=visit.now),
        typed=Typed("told", fields.reason),
        done="told",
    )


@router.post("/removals/{removal_id}/appeal", name="record_appeal")
def record_appeal(visit: SomeVisit, removal_id: int, fields: Annotated[AppealFields, Form()]) -> Response:
    """The author says that it was wrong; the day by which that is decided is counted from when they said it."""
    typed = Typed("appeal", fields.reason, fields)
    try:
        came_at = moment_of(fields, now=visit.now)
    except Unclear as unclear:
        fault = _fault(visit.words.gettext(unclear.text), f"appeal-{unclear.part}")
        return _page(visit, removal_id, typed=typed, faults=[fault])
    calendar = visit.web.calendars()[Clock.ANSWER]
    due = calendar.after(london_date(came_at), visit.here.policy.removal.appeal_days.value)
    return _act(
        visit,
        removal_id,
        lambda session: removals.appeal(
            session,
            removal_id,
            came_at=came_at,
            due=due,
            words=fields.reason,
            actor=visit.actor,
            now=visit.now,
            saw=fields.version,
        ),
        typed=typed,
        done="appeal",
    )


@router.post("/removals/{removal_id}/appeal-decision", name="decide_appeal")
def decide_appeal(visit: SomeVisit, removal_id: int, fields: Annotated[AppealDecisionFields, Form()]) -> Response:
    """Somebody who had no part in the removal judges the appeal."""
    return _act(
        visit,
        removal_id,
        lambda session: removals.decide_appeal(
            session,
            removal_id,
            stays=fields.stays,
            words=fields.reason,
            actor=visit.actor,
            now=visit.now,
            saw=fields.version,
        ),
        typed=Typed("decide-appeal", fields.reason),
        done="appeal_decided",
    )


@router.post("/removals/{removal_id}/legal-hold", name="removal_hold")
def legal_hold(visit: SomeVisit, removal_id: int, fields: Annotated[HoldFields, Form()]) -> Response:
    """Legal services, who open no case, keep that of a removal whatever its dates say, or no longer."""
    case_id, act = _file(visit, removal_id).case.id, keeping.hold if fields.held else keeping.lift
    try:
        with suppress(keeping.AlreadyHeld, keeping.NotHeld):
            visit.store.write(
                lambda session: act(session, case_id, actor=visit.actor, now=visit.now, words=fields.reason)
            )
    except ReasonNeeded:
        fault = _fault(visit.words.gettext(WHY), "reason-legal-hold")
        return _page(visit, removal_id, typed=Typed("legal-hold"), faults=[fault])
    return visit.go(f"removals/{removal_id}", done="held" if fields.held else "hold_lifted")


@router.get("/removals/{removal_id}/{rest:path}", name="removal_again")
def again(visit: SomeVisit, removal_id: int, rest: str) -> Response:
    """Where a browser lands that loads the address of a form again: at the removal."""
    return visit.go(f"removals/{removal_id}")


def days_to_decide(visit: Visit, hidden: Sequence[kept.Undecided]) -> Mapping[int, date]:
    """By removal, the day by which its hidden comment is to be decided about."""
    calendar = visit.web.calendars()[Clock.ANSWER]
    return {each.removal_id: removals.decide_by(each.hidden_at, visit.here.policy, calendar) for each in hidden}


def _act(visit: Visit, removal_id: int, act: Callable[[Session], RemovalRow], *, typed: Typed, done: str) -> Response:
    """Do it, and what it makes owed on the platform; or the page again, with why not."""
    _file(visit, removal_id)
    prefix = typed.act
    try:
        pipeline.act_on_removal(visit.here, act, actor=visit.actor, now=visit.now)
    except ReasonNeeded:
        fault = _fault(visit.words.gettext(WHY), f"reason-{prefix}")
    except removals.ImpossibleTime:
        fault = _fault(visit.words.gettext(TOO_EARLY), f"{prefix}-day")
    except removals.NotYours:
        fault = _fault(visit.words.gettext(NOT_YOURS), f"reason-{prefix}")
    except removals.NothingOwed:
        return visit.go(f"removals/{removal_id}", done="again")
    else:
        return visit.go(f"removals/{removal_id}", done=done)
    return _page(visit, removal_id, typed=typed, faults=[fault])


def _file(visit: Visit, removal_id: int) -> RemovalFile:
    """The removal, where this reader may see it.

    Raises:
        NotThere: it does not exist, or is not put before them.
    """
    with visit.store.read() as session:
        file = kept.file_of(session, removal_id)
    if file is None or not _sees(visit, file):
        raise NotThere
    return file


def _sees(visit: Visit, file: RemovalFile) -> bool:
    held = visit.reader.roles_in(file.case.service_area)
    return bool(
        held & SEEING
        or (Role.LEGAL in held and Role.LEGAL.value in file.removal.needed)
        or (held & APPEALS and file.appeal is not None)
    )


def _page(
    visit: Visit, removal_id: int, *, typed: Typed | None = None, faults: Sequence[Fault] = (), done: str = ""
) -> Response:
    file = _file(visit, removal_id)
    row, policy = file.removal, visit.here.policy
    openings.see_case(visit.store, file.case.id, policy=policy, actor=visit.actor, now=visit.now)
    with visit.store.read() as session:
        seen = findings.of_comments(session, [file.comment.id])[file.comment.id]
        files = evidence.of_comments(session, [file.comment.id]).get(file.comment.id, ())
        names = sessions.names(session)
        reach = kept.reach(session, [file.comment])[file.comment.id]
        keeps = retention.kept(keeping.facts_of(session, file.case, policy), policy)
        held_by_law = legal_holds.of_case(session, file.case.id)
        decide_by = days_to_decide(visit, kept.undecided(session, [file.case.id]))
    held, me = visit.reader.roles_in(file.case.service_area), visit.reader.user_id
    had_a_part = {row.asked_by, *(each.approval.user_id for each in file.approvals)}
    open_roles = removals.open_roles(row, [each.approval for each in file.approvals])
    allowed, rule = removal_life.allowed_from(row.state), policy.house_rule(row.rule)
    letters = visit.web.removal_letters
    return visit.page(
        "removal.html",
        status=422 if faults else 200,
        toggle=f"/{visit.words.other}/removals/{removal_id}",
        file=file,
        removal=row,
        rule=rule,
        flags=sorted(routing.counted(seen, policy), key=lambda finding: -finding.score),
        cautions=[house_rules.CAUTIONS[each] for each in house_rules.Caution if each.value in row.cautions],
        record=next((each for each in files if each.id == row.evidence_id), None),
        files=[each for each in files if each.id != row.evidence_id],
        reach=reach,
        decide_by=decide_by.get(removal_id),
        today=visit.web.today(),
        report_page=policy.report_pages.get(file.account.platform)
        if rule is not None and Recommended.REPORT in rule.acts
        else None,
        keeps=keeps,
        legal_hold=held_by_law,
        may_hold=bool(held & AGREEING),
        names=names,
        open_roles=open_roles,
        may_decide=[role for role in open_roles if role in held & AGREEING] if me not in had_a_part else [],
        may_withdraw=RemovalAct.WITHDRAW in allowed and me == row.asked_by and bool(held & ANSWERING),
        may_undo=RemovalAct.UNDO in allowed and bool(held & COMMUNICATIONS),
        may_do=bool(row.owed) and bool(held & ANSWERING),
        may_record=RemovalAct.APPEAL in allowed and bool(held & ANSWERING),
        may_judge=RemovalAct.UPHOLD in allowed and bool(held & APPEALS) and me not in had_a_part,
        owed=visit.words.gettext(OWED[row.owed]) if row.owed else "",
        opens_case=bool(held & SEEING),
        tries_again=row.not_done is not NotDone.NO_SUCH_ACT,
        letters=removal_letters.offered(row.state, letters, policy) if held & ANSWERING else (),
        name_of=removal_letters.name_of,
        may_tell=policy.removal.tell_author
        and row.told_at is None
        and row.state in removal_letters.AGREED
        and bool(held & ANSWERING),
        to_author=removal_letters.to_ask_author(rule, letters, policy) if rule else None,
        days=policy.removal.appeal_days.value,
        overdue=file.appeal is not None and file.appeal.decided_at is None and file.appeal.due < visit.web.today(),
        history=[_told(visit, each) for each in reversed(file.history)],
        typed=typed or Typed(),
        faults=faults,
        done=done,
    )


def _told(visit: Visit, took: Took) -> Mapping[str, object]:
    """One line of the history, in plain words."""
    words, event = visit.words, took.event
    sentence = SENTENCES[event.what]
    facts = []
    if event.detail.get("how") in HOW:
        facts.append(words.gettext("How: {value}", value=words.gettext(HOW[event.detail["how"]])))
    if event.detail.get("why") in set(NotDone):
        facts.append(words.name(NotDone(event.detail["why"])))
    if event.detail.get("role") in set(Role):
        facts.append(words.gettext("As: {value}", value=words.name(Role(event.detail["role"]))))
    said = words.gettext(sentence, who=took.who or "Gwylio") if "{who}" in sentence else words.gettext(sentence)
    return {"at": event.at, "sentence": said, "facts": facts, "words": event.words}


def _fault(text: str, field_id: str) -> Fault:
    return {"text": text, "href": f"#{field_id}"}
