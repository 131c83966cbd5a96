"""Translation requests: asked by an officer, taken up and handed in by a translator, withdrawn when not needed.

A request moves its case by the lifecycle's own acts.  What a machine translated in an emergency comes here
afterwards, to be checked; nothing waits for that but the translators.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from moderation import lifecycle, queue
from moderation.calendar import Calendar
from moderation.policy import Policy
from moderation.record import Actor, write_down
from moderation.translation_due import translation_due
from store import audit, replies, translations
from store.cases import CaseRow
from store.database import Session
from store.replies import ReplyRow
from store.translations import UNFINISHED, TranslationRow
from vocabulary import Act, GwylioError, Language, Note, ReplyKind, State, TranslationOf, TranslationState

OTHER = {Language.CY: Language.EN, Language.MIXED: Language.EN, Language.EN: Language.CY}
"""Into which language a text goes; the translators have these two."""


class NothingToTranslate(GwylioError):
    """There is no text, or none that goes from one of our languages into the other."""


class AlreadyAsked(GwylioError):
    """The translators have a text of this case already."""


class NothingHandedIn(GwylioError):
    """A translation was handed in without a word in it."""


class NotTheirs(GwylioError):
    """The request is over, or somebody else has taken it up; nothing was done."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an officer asks for.  `context` is their own word to the translators; `kind` what reply it will be."""

    what: TranslationOf
    text: str
    from_language: Language
    context: str = ""
    kind: ReplyKind = ReplyKind.ANSWER


def ask(
    session: Session,
    case_id: int,
    wanted: Wanted,
    *,
    actor: Actor,
    policy: Policy,
    calendar: Calendar,
    now: datetime,
    saw: int | None = None,
) -> TranslationRow:
    """Ask the translators for one text of a case; the case waits for them, and its clocks run on.

    Raises:
        NothingToTranslate, AlreadyAsked: as they say.
        queue.StaleCase, queue.UnknownCase, lifecycle.IllegalTransition: as `queue.advance`.
    """
    case = queue.get(session, case_id, saw=saw, lock=True)
    text, to = wanted.text.strip(), OTHER.get(wanted.from_language)
    if not text or to is None:
        raise NothingToTranslate(f"no text of {case.reference} goes from one of our languages into the other")
    if translations.unfinished(session, case.id) is not None:
        raise AlreadyAsked(f"the translators have a text of {case.reference} already")
    row = _add(
        session, case, wanted, to, TranslationState.ASKED, actor=actor, policy=policy, calendar=calendar, now=now
    )
    detail = {"translation": row.id, "from": row.from_language.value, "to": to.value, "by": row.due.isoformat()}
    queue.advance(
        session,
        case.id,
        Act.ASK_TRANSLATION,
        actor=actor,
        now=now,
        policy=policy,
        words=wanted.context,
        detail=detail,
    )
    return row


def to_check(
    session: Session,
    reply: ReplyRow,
    by_machine: frozenset[str],
    danger: str,
    *,
    actor: Actor,
    policy: Policy,
    calendar: Calendar,
    now: datetime,
) -> None:
    """Put what a machine translated in a reply before the translators, as something to check as soon as they can."""
    case = queue.get(session, reply.case_id)
    for to in sorted(by_machine):
        theirs, ours = (reply.text_en, reply.text_cy) if to == Language.CY else (reply.text_cy, reply.text_en)
        source = Language.EN if to == Language.CY else Language.CY
        wanted = Wanted(TranslationOf.REPLY, theirs, source, danger, reply.kind)
        state = TranslationState.TO_CHECK
        row = _add(session, case, wanted, Language(to), state, actor=actor, policy=policy, calendar=calendar, now=now)
        row.reply_id, row.result = reply.id, ours
        detail = {"translation": row.id, "reply": reply.id, "to": to, "by": row.due.isoformat()}
        write_down(session, case, Note.TRANSLATION_TO_CHECK, actor=actor, now=now, words=danger, detail=detail)


def no_check(session: Session, reply_id: int, *, actor: Actor, now: datetime) -> None:
    """A reply with a machine's words did not leave after all, so that there is nothing to check in it."""
    for row in translations.to_check_of(session, reply_id):
        row.state = TranslationState.WITHDRAWN
        _trail(session, row, "translation.withdrawn", actor, now)


def take(session: Session, translation_id: int, *, actor: Actor, now: datetime) -> TranslationRow:
    """A translator takes a request up, so that no colleague does the same; twice is harmless.

    Raises:
        NotTheirs: it is over, or a colleague has it.
    """
    row = _theirs(session, translation_id, actor)
    if row.state is TranslationState.ASKED:
        row.state, row.taken_by, row.taken_at = TranslationState.TAKEN, actor.user_id, now
        _happened(session, row, Note.TRANSLATION_TAKEN, actor=actor, now=now)
    elif row.state is not TranslationState.TAKEN:
        raise NotTheirs(f"translation {translation_id} is {row.state}")
    return row


def give_back(session: Session, translation_id: int, *, actor: Actor, now: datetime) -> TranslationRow:
    """A translator leaves a request to the others.

    Raises:
        NotTheirs: they have not taken it up.
    """
    row = _theirs(session, translation_id, actor)
    if row.state is not TranslationState.TAKEN:
        raise NotTheirs(f"translation {translation_id} is {row.state}")
    row.state, row.taken_by, row.taken_at = TranslationState.ASKED, None, None
    _happened(session, row, Note.TRANSLATION_GIVEN_BACK, actor=actor, now=now)
    return row


def hand_in(session: Session, translation_id: int, text: str, *, actor: Actor, policy: Policy, now: datetime) -> None:
    """The translation is there, or what a machine did has been checked; the case goes back to its officer.

    Raises:
        NothingHandedIn: without a word.
        NotTheirs: it is over, or a colleague has it.
    """
    row = _theirs(session, translation_id, actor)
    _finish(session, row, text, actor=actor, policy=policy, now=now)


def came(
    session: Session, case_id: int, text: str, *, actor: Actor, policy: Policy, now: datetime, saw: int | None = None
) -> None:
    """The translation came to the officer by another way, and whoever had taken it up need not go on.

    Raises:
        NothingHandedIn: without a word.
        NotTheirs: nothing had been asked for.
        queue.StaleCase, queue.UnknownCase: as `queue.get`.
    """
    case = queue.get(session, case_id, saw=saw, lock=True)
    row = translations.unfinished(session, case.id)
    if row is None:
        raise NotTheirs(f"nothing of {case.reference} is with the translators")
    _finish(session, row, text, actor=actor, policy=policy, now=now)


def withdraw(
    session: Session, case_id: int, *, actor: Actor, policy: Policy, now: datetime, words: str, saw: int | None = None
) -> None:
    """The officer does without: what the translators had is withdrawn, and the case is the officer's again.

    Raises:
        queue.ReasonNeeded: without a reason.
        NotTheirs: nothing is with the translators, and the case does not wait for them.
        queue.StaleCase, queue.UnknownCase: as `queue.get`.
    """
    if not words.strip():
        raise queue.ReasonNeeded("say why the translation is no longer needed")
    case = queue.get(session, case_id, saw=saw, lock=True)
    row = translations.unfinished(session, case.id)
    waits = case.state is State.AWAITING_TRANSLATION
    if row is None and not waits:
        raise NotTheirs(f"nothing of {case.reference} is with the translators")
    detail = {"translation": row.id} if row is not None else {}
    if row is not None:
        row.state = TranslationState.WITHDRAWN
        _trail(session, row, "translation.withdrawn", actor, now)
    if waits:
        act = Act.WITHDRAW_TRANSLATION
        queue.advance(session, case.id, act, actor=actor, now=now, policy=policy, words=words, detail=detail)
    else:
        write_down(session, case, Note.NOTED, actor=actor, now=now, words=words, detail=detail)


def _add(
    session: Session,
    case: CaseRow,
    wanted: Wanted,
    to: Language,
    state: TranslationState,
    *,
    actor: Actor,
    policy: Policy,
    calendar: Calendar,
    now: datetime,
) -> TranslationRow:
    answer_due = None if state is TranslationState.TO_CHECK else case.due
    days = policy.translation.days.value
    context = replies.newest_comment_before(session, case.id, now)
    if context is None:
        raise NothingToTranslate(f"{case.reference} has no comment")
    row = TranslationRow(
        case_id=case.id,
        comment_id=context.id,
        what=wanted.what,
        kind=wanted.kind,
        from_language=wanted.from_language,
        to_language=to,
        text=wanted.text.strip(),
        context=wanted.context.strip(),
        state=state,
        asked_by=actor.user_id,
        asked_at=now,
        due=translation_due(now, days, hours=policy.hours, calendar=calendar, answer_due=answer_due),
        result="",
    )
    session.add(row)
    session.flush()
    _trail(session, row, f"translation.{state}", actor, now)
    return row


def _finish(session: Session, row: TranslationRow, text: str, *, actor: Actor, policy: Policy, now: datetime) -> None:
    if not text.strip():
        raise NothingHandedIn(f"translation {row.id} was handed in without a word")
    case = queue.get(session, row.case_id, lock=True)
    checked, changed = row.state is TranslationState.TO_CHECK, row.result.strip() != text.strip()
    row.state, row.result = TranslationState.DONE, text.strip()
    row.done_by, row.done_at = actor.user_id, now
    _trail(session, row, "translation.done", actor, now)
    detail = {"translation": row.id, "to": row.to_language.value}
    if checked:
        detail |= {"changed": changed}
        write_down(session, case, Note.TRANSLATION_CHECKED, actor=actor, now=now, detail=detail)
    elif Act.TRANSLATED in lifecycle.allowed_from(case.state):
        queue.advance(session, case.id, Act.TRANSLATED, actor=actor, now=now, policy=policy, detail=detail)
    else:
        write_down(session, case, Note.TRANSLATION_HANDED_IN, actor=actor, now=now, detail=detail)


def _theirs(session: Session, translation_id: int, actor: Actor) -> TranslationRow:
    """The request, if it is still open and this translator may go on with it."""
    case_id = translations.case_of(session, translation_id)
    if case_id is not None:
        queue.get(session, case_id, lock=True)
    row = translations.get(session, translation_id)
    if row is None or row.state not in {*UNFINISHED, TranslationState.TO_CHECK}:
        raise NotTheirs(f"translation {translation_id} is over, or was never asked for")
    if row.taken_by is not None and row.taken_by != actor.user_id:
        raise NotTheirs(f"a colleague has taken up translation {translation_id}")
    return row


def _happened(session: Session, row: TranslationRow, what: Note, *, actor: Actor, now: datetime) -> None:
    _trail(session, row, f"translation.{row.state}", actor, now)
    case = queue.get(session, row.case_id)
    write_down(session, case, what, actor=actor, now=now, detail={"translation": row.id})


def _trail(session: Session, row: TranslationRow, action: str, actor: Actor, now: datetime) -> None:
    said = {"text": row.text, "result": row.result}
    audit.append(
        session,
        actor=actor.name,
        action=action,
        subject=f"translation:{row.id}",
        now=now,
        after={"case": row.case_id, "state": row.state.value, "to": row.to_language.value}
        | {name: hashlib.sha256(words.encode()).hexdigest() for name, words in said.items() if words},
    )
