"""What a program may do to a case: what the pages do, by the same functions, and with the same rows left behind.

Whatever moves a case says which version it has seen (If-Match).  Whatever the public will see is done once for each key
that the caller chose (Idempotency-Key), however often it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Response

import pipeline
from moderation import queue, triage
from moderation.lifecycle import IllegalTransition
from moderation.replies import Draft, ReplyRefused
from store import api_tokens, desk, sessions
from store import replies as outbox
from store import triage as claims
from store.cases import CaseRow
from store.database import Session
from vocabulary import Act, GwylioError, Label, Question
from web.api import shapes, told
from web.api.access import Call, SomeCall
from web.api.problems import KeyUsed, Refused, fault_of, no_reply
from web.api.reading import CaseId
from web.gate import NotAllowed
from web.routes.cases import OFFERED, given_to
from web.visit import LARGEST

router = APIRouter()

OfferedAct = Literal["assign", "ask_author", "author_replied", "escalate", "return", "close", "reopen"]
"""The acts that have a form on the case's page."""

LONGEST_KEY: Final = 100
TOLD_THEMSELVES: Final = (queue.StaleCase, queue.UnknownCase, IllegalTransition, ReplyRefused, KeyUsed)
"""Why a reply does not leave, where there is more to say of it than that; else it is the account or its platform."""
Seen = Annotated[
    str,
    Header(
        alias="If-Match",
        max_length=30,
        description="The ETag of the case as you read it.",
        examples=['"3"'],
    ),
]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        description="A key of your own for this one thing; asked again with it, the same is answered and nothing done.",
        examples=["7d3c1c3e-2a41-4d0e-9a55-0d8f6c1d2b7e"],
    ),
]


@router.post("/cases/{case_id}/acts/{act}", name="act_on_case", tags=["cases"])
def act_on_case(
    call: SomeCall, case_id: CaseId, act: OfferedAct, asked: shapes.ActAsked, seen: Seen, response: Response
) -> shapes.Moved:
    """One act of the lifecycle: assign, escalate, return, wait for the author, close, reopen."""
    wanted = Act(act)
    with call.store.read() as session:
        held = call.reader.roles_in(desk.area_of(session, case_id) or "")
        officers = sessions.officers(session)
    if not held & OFFERED[wanted]:
        raise NotAllowed
    area, owner_id = "", None
    if wanted is Act.ASSIGN:
        if asked.area not in call.here.areas:
            raise Refused("body.area", "unknown-area")
        given = given_to(call, officers, f"{asked.area}.{asked.officer}" if asked.officer else asked.area)
        if given is None:
            raise Refused("body.officer", "unknown-officer")
        area, owner_id = given

    def do(session: Session) -> CaseRow:
        return queue.advance(
            session,
            case_id,
            wanted,
            actor=call.actor,
            now=call.now,
            policy=call.here.policy,
            saw=_version(seen),
            words=asked.reason,
            area=area,
            owner_id=owner_id,
            outcome=asked.outcome,
        )

    return _moved(call, do, response)


@router.put("/cases/{case_id}/answer-owed", name="change_answer_owed", tags=["cases"])
def change_answer_owed(
    call: SomeCall, case_id: CaseId, asked: shapes.OwedAsked, seen: Seen, response: Response
) -> shapes.Moved:
    """Whether an answer is owed, with a reason."""

    def do(session: Session) -> CaseRow:
        return queue.change_answer_owed(
            session,
            case_id,
            owed=asked.owed,
            actor=call.actor,
            now=call.now,
            words=asked.reason,
            saw=_version(seen),
        )

    return _moved(call, do, response)


@router.post("/comments/{comment_id}/corrections", name="correct_finding", tags=["cases"])
def correct_finding(
    call: SomeCall,
    comment_id: Annotated[int, Path(ge=1, le=LARGEST, description="The id of a comment of a case.")],
    asked: shapes.CorrectionAsked,
    response: Response,
) -> shapes.Moved:
    """What the classifiers saw is wrong; your word stands from now on."""
    about = Question.LANGUAGE if asked.about == Question.LANGUAGE.value else Label(asked.about)

    def do(session: Session) -> CaseRow:
        return queue.correct(
            session,
            comment_id,
            about,
            asked.says,
            actor=call.actor,
            policy=call.here.policy,
            now=call.now,
            words=asked.reason,
        )

    return _moved(call, do, response)


@router.post("/cases/{case_id}/notes", name="note_on_case", status_code=204, tags=["cases"])
def note_on_case(call: SomeCall, case_id: CaseId, asked: shapes.NoteAsked) -> None:
    """Words for colleagues; whoever is addressed and may see the case hears of them."""
    pipeline.note(call.here, case_id, asked.words, actor=call.actor, now=call.now)


@router.put("/cases/{case_id}/claim", name="claim_case", tags=["cases"])
def claim_case(call: SomeCall, case_id: CaseId) -> shapes.Claimed:
    """You work on the case for a quarter of an hour, unless somebody else does; it warns and locks nothing."""
    mine = call.store.write(lambda session: triage.claim(session, case_id, actor=call.actor, now=call.now))
    with call.store.read() as session:
        held = claims.claimed_by(session, case_id, now=call.now)
    return shapes.Claimed(mine=mine, claimed_by=held[1] if held else "")


@router.delete("/cases/{case_id}/claim", name="release_case", status_code=204, tags=["cases"])
def release_case(call: SomeCall, case_id: CaseId) -> None:
    """You work on it no longer; somebody else's claim stands."""
    call.store.write(lambda session: triage.release(session, case_id, actor=call.actor, now=call.now))


@router.post("/cases/{case_id}/replies/check", name="check_reply", tags=["replies"])
def check_reply(call: SomeCall, case_id: CaseId, asked: shapes.ReplyAsked) -> shapes.Checked:
    """What a reply in these words would meet; nothing is done."""
    looked = pipeline.look_at_reply(call.here, case_id, _draft(asked), now=call.now)
    faults = [fault_of(call.words, each) for each in looked.objections]
    return shapes.Checked(
        objections=[shapes.Objection(code=each.code, says=each.says, overridable=each.overridable) for each in faults],
        length=looked.length,
        longest=looked.longest,
        parts=list(looked.parts),
    )


@router.post(
    "/cases/{case_id}/replies", name="send_reply", status_code=201, response_model=shapes.Sent, tags=["replies"]
)
def send_reply(call: SomeCall, case_id: CaseId, asked: shapes.ReplyAsked, seen: Seen, key: Key) -> Any:
    """A holding reply or an answer: checked as on the page, and in the outbox, or before whoever must approve it."""
    hashed = hashlib.sha256(f"{case_id} {asked.model_dump_json()}".encode()).digest()
    with call.store.read() as session:
        known = _known(session, call, key, hashed)
    if known is not None:
        return known
    try:
        put = pipeline.into_outbox(call.here, case_id, _draft(asked), actor=call.actor, now=call.now)
        return call.store.write(lambda session: _once(session, call, key, hashed, lambda: put(session, _version(seen))))
    except TOLD_THEMSELVES:
        raise
    except GwylioError as error:
        return no_reply(call.request, error)


def _known(session: Session, call: Call, key: str, hashed: bytes) -> dict[str, Any] | None:
    """What was answered under this key.

    Raises:
        KeyUsed: it stands for something else.
    """
    kept = api_tokens.answered(session, call.bearer.token_id, key)
    if kept is not None and kept.asked != hashed:
        raise KeyUsed(f"token {call.bearer.token_id} used a key twice")
    return kept.answer if kept is not None else None


def _once(session: Session, call: Call, key: str, hashed: bytes, put: Callable[[], int]) -> dict[str, Any]:
    known = _known(session, call, key, hashed)
    if known is not None:
        return known
    reply_id = put()
    answer = {"reply": reply_id, "state": outbox.reply(session, reply_id).state.value}
    api_tokens.keep_answer(session, call.bearer.token_id, key, asked=hashed, answer=answer, now=call.now)
    return answer


def _draft(asked: shapes.ReplyAsked) -> Draft:
    return Draft(
        asked.kind,
        asked.text_cy,
        asked.text_en,
        asked.exception,
        confirmed=asked.confirmed,
        by_machine=frozenset(asked.by_machine),
        danger=asked.danger,
    )


def _moved(call: Call, do: Callable[[Session], CaseRow], response: Response) -> shapes.Moved:
    found = call.store.write(lambda session: told.moved(do(session)))
    response.headers["etag"] = f'"{found.version}"'
    return found


def _version(seen: str) -> int:
    """The version that an ETag names; -1, which no case has, for anything else."""
    written = seen.strip().strip('"')
    return int(written) if written.isascii() and written.isdigit() else -1
