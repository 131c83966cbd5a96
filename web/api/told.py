"""What the store knows, in the shapes of the API: nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from moderation import pauses
from moderation.policy import Policy
from reports import figures
from store import matters, triage
from store.cases import CaseRow
from store.database import Session
from store.desk import CaseFile, Said, Written
from vocabulary import (
    Act,
    Finding,
    Label,
    Language,
    Note,
    Origin,
    Platform,
    Presence,
    Question,
    Reason,
    ReplyKind,
    ReplyLanguage,
    ReplyState,
    Role,
    Scope,
    Severity,
    State,
)
from web import thread
from web.api import shapes
from web.api.access import Call
from web.gate import CASES
from web.history import Teller
from web.pages import area_name
from web.routes.cases import acts_open_to
from web.routes.queue import Line
from words import Words

KINDS: Final = {
    "state": State,
    "act": Act,
    "event": Note,
    "label": Label,
    "question": Question,
    "severity": Severity,
    "language": Language,
    "reply_language": ReplyLanguage,
    "platform": Platform,
    "presence": Presence,
    "origin": Origin,
    "reply_kind": ReplyKind,
    "reply_state": ReplyState,
    "role": Role,
    "scope": Scope,
}
"""The enumerations whose members stand in answers, by the name of their kind."""


def named() -> dict[str, list[shapes.Named]]:
    """What people call every code, in both languages."""
    cy, en = Words("cy"), Words("en")
    return {
        kind: [shapes.Named(code=each.value, cy=cy.name(each), en=en.name(each)) for each in members]
        for kind, members in KINDS.items()
    }


def line(words: Words, found: Line, claimed_by: str) -> shapes.Line:
    """One case of a list; of a restricted one neither words nor name."""
    case = found.case
    return shapes.Line(
        id=case.id,
        reference=case.reference,
        version=case.version,
        state=case.state,
        service_area=case.service_area,
        reply_in=case.reply_in,
        answer_owed=case.answer_owed,
        severity=case.severity,
        restricted=case.restricted,
        due=case.due,
        ack_due=case.ack_due,
        acknowledged=case.acknowledged,
        owner=case.owner,
        escalated_to=case.escalated_to,
        claimed_by=claimed_by,
        platform=case.platform,
        account=case.account,
        author=None if case.restricted else case.author,
        comment=case.comment_id,
        words=None if case.restricted else found.words,
        language=case.language,
        posted_at=case.posted_at,
        presence=case.presence,
        origin=case.origin,
        comments=case.comments,
        flags=[] if case.restricted else [_flag(words, each) for each in found.flags],
    )


def case(call: Call, session: Session, file: CaseFile, names: Mapping[int, str]) -> shapes.Case:
    """One case with all that belongs to it."""
    row, words, policy = file.case, call.words, call.here.policy
    held = call.reader.roles_in(row.service_area) & CASES
    claimed = triage.claimed_by(session, row.id, now=call.now)
    teller = Teller(words, policy, lambda slug: area_name(call.web, words, slug), names)
    history = [(each, teller.line(each)) for each in reversed(file.history)]
    return shapes.Case(
        id=row.id,
        reference=row.reference,
        version=row.version,
        state=row.state,
        service_area=row.service_area,
        language=row.language,
        reply_in=row.reply_in,
        answer_owed=row.answer_owed,
        severity=row.severity,
        escalated_to=row.escalated_to,
        owner=file.owner,
        claimed_by=claimed[1] if claimed else "",
        outcome=row.outcome,
        previous=file.previous,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        because=[words.say(Reason(text, values)) for text, values in row.because],
        account=shapes.Account(slug=file.account.slug, name=file.account.display_name, platform=file.account.platform),
        author=shapes.Author(id=file.author.id, name=file.author.name) if file.author else None,
        post=shapes.Post(text=file.post.text, posted_at=file.post.posted_at) if file.post else None,
        clocks=_clocks(call, session, file),
        thread=list(_turns(words, policy, thread.of(file, policy))),
        history=[
            shapes.Event(
                at=told.at, what=happened.event.what, sentence=told.sentence, facts=list(told.facts), words=told.words
            )
            for happened, told in history
        ],
        acts=acts_open_to(held, row.state),
    )


def moved(row: CaseRow) -> shapes.Moved:
    """Where a case stands now."""
    return shapes.Moved(
        id=row.id,
        reference=row.reference,
        version=row.version,
        state=row.state,
        service_area=row.service_area,
        answer_owed=row.answer_owed,
    )


def counted(found: figures.Figures) -> shapes.Figures:
    """Figures, the delay in seconds."""
    values: dict[str, Any] = asdict(found)
    delay = values.pop("collection_delay")
    return shapes.Figures(collection_delay_seconds=delay.total_seconds() if delay is not None else None, **values)


def _clocks(call: Call, session: Session, file: CaseFile) -> shapes.Clocks:
    turn, today = file.round, call.web.today()
    stood = matters.pauses_of_case(session, file.case.id)
    deadline = pauses.round_deadline(turn, stood, call.here.policy, call.web.calendars(), today=today)
    working = deadline.counted if deadline.due == turn.due else ()
    return shapes.Clocks(
        received_at=turn.received_at,
        ack_due=turn.ack_due,
        acknowledged_at=turn.acknowledged_at,
        due=turn.due,
        first_due=turn.first_due,
        answered_at=turn.answered_at,
        overdue=turn.ended_at is None and turn.answer_owed and turn.due < today,
        working=[shapes.CountedDay(day=each.day, number=each.number, why=call.words.say(each.why)) for each in working],
    )


def _turns(words: Words, policy: Policy, turns: Iterable[thread.Turn]) -> Iterator[shapes.Turn]:
    for turn in turns:
        if turn.said is not None:
            yield _comment(words, policy, turn.said, turn)
        elif turn.written is not None:
            yield _reply(turn.written, turn.at)
        elif turn.native is not None:
            yield shapes.NativeTurn(at=turn.at, id=turn.native.id, text=turn.native.text)


def _reply(written: Written, at: datetime) -> shapes.ReplyTurn:
    reply = written.reply
    return shapes.ReplyTurn(
        at=at,
        id=reply.id,
        what=reply.kind,
        state=reply.state,
        text_cy=reply.text_cy,
        text_en=reply.text_en,
        exception=reply.exception_reason,
        writer=written.writer,
    )


def _comment(words: Words, policy: Policy, said: Said, turn: thread.Turn) -> shapes.CommentTurn:
    comment, flagged = said.comment, {each.about for each in turn.flags}
    return shapes.CommentTurn(
        at=turn.at,
        id=comment.id,
        presence=comment.presence,
        origin=comment.origin,
        language=comment.language,
        revisions=[
            shapes.Revision(number=each.number, text=each.text, seen_at=each.seen_at) for each in said.revisions
        ],
        findings=[
            shapes.Finding(
                about=each.about,
                score=each.score,
                why=_why(words, each.why),
                flagged=each.about in flagged,
                classifier=each.classifier,
                says=each.says,
            )
            for each in said.findings
        ],
    )


def _flag(words: Words, finding: Finding) -> shapes.Flag:
    return shapes.Flag(about=finding.about, score=finding.score, why=_why(words, finding.why))


def _why(words: Words, reasons: Sequence[Reason]) -> list[str]:
    return [words.say(reason) for reason in reasons]
