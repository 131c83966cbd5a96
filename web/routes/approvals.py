"""Replies that a second person must read before they leave; nobody approves their own."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import circumstances, lifecycle, queue, replies
from store import desk
from store import replies as outbox
from vocabulary import Clock, GwylioError
from web.routes.cases import NOT_SENT, OUT_OF_REACH
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

OWN: Final = N_("You wrote this reply. A colleague must approve it.")


class ApproveFields(Fields):
    version: Number


class SendBackFields(Fields):
    version: Number
    reason: Text = ""


@router.get("/approvals", name="approvals")
def approvals(visit: SomeVisit) -> Response:
    return _page(visit)


@router.post("/replies/{reply_id}/approve", name="approve")
def approve(visit: SomeVisit, reply_id: int, fields: Annotated[ApproveFields, Form()]) -> Response:
    """Let a colleague's reply go."""
    try:
        pipeline.approve_reply(visit.here, reply_id, actor=visit.actor, now=visit.now, saw=fields.version)
    except replies.NobodysOwn:
        return _refused(visit, reply_id, OWN)
    except (queue.StaleCase, queue.UnknownCase, replies.NotAwaiting, lifecycle.IllegalTransition):
        raise
    except GwylioError as error:
        return _refused(visit, reply_id, NOT_SENT.get(type(error), OUT_OF_REACH))
    return visit.go(f"cases/{_case_of(visit, reply_id)}", done="approve")


@router.post("/replies/{reply_id}/send-back", name="send_back")
def send_back(visit: SomeVisit, reply_id: int, fields: Annotated[SendBackFields, Form()]) -> Response:
    """Say what is to be changed, or take one's own reply back."""
    try:
        visit.store.write(
            lambda session: replies.send_back(
                session, reply_id, actor=visit.actor, now=visit.now, words=fields.reason, saw=fields.version
            )
        )
    except queue.ReasonNeeded:
        return _refused(visit, reply_id, N_("Say what is to be changed."))
    return visit.go(f"cases/{_case_of(visit, reply_id)}", done="send_back")


def _case_of(visit: Visit, reply_id: int) -> int:
    with visit.store.read() as session:
        return outbox.reply(session, reply_id).case_id


def _refused(visit: Visit, reply_id: int, text: str) -> Response:
    return _page(visit, faults=[{"text": visit.words.gettext(text), "href": f"#reason-{reply_id}"}])


def _page(visit: Visit, *, faults: list[dict[str, str]] | None = None) -> Response:
    policy = visit.here.policy
    with visit.store.read() as session:
        waiting = [
            (each, circumstances.approval_because(session, each.case, policy=policy, now=visit.now))
            for each in desk.for_approval(session, visit.reader.areas())
        ]
    return visit.page(
        "approvals.html",
        status=422 if faults else 200,
        toggle=f"/{visit.words.other}/approvals",
        waiting=waiting,
        mine=visit.reader.user_id,
        today=visit.web.today(),
        calendar=visit.web.calendars()[Clock.ANSWER],
        faults=faults or (),
    )
