"""The second step of signing in: the code from the telephone, or enrolling, for those who must and have not yet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from moderation import second_factor
from store import second_factors
from store.database import Session
from store.people import UserRow
from web import steps
from web.gate import SomeWeb, SomeWords
from web.pages import render
from web.qr import drawn
from web.signing_in import (
    CODE,
    ENROL,
    FROM_LOCAL,
    WRONG_CODE,
    actor_of,
    hand_over,
    keep_token,
    let_in,
    open_session,
    own_form,
    refused,
    stranger_token,
    waiting,
)
from web.visit import Fields
from web.wired import Web
from words import Words

router = APIRouter(prefix="/{language}")


class CodeFields(Fields):
    csrf: str = ""
    code: str = ""


@router.get("/sign-in/code", name="code_page")
def code_page(request: Request, web: SomeWeb, words: SomeWords) -> Response:
    if waiting(web, steps.brought(request, web, CODE)) is None:
        return _over(words)
    return _code_page(request, web, words)


@router.post("/sign-in/code", name="code")
def code(request: Request, web: SomeWeb, words: SomeWords, fields: Annotated[CodeFields, Form()]) -> Response:
    own_form(request, fields.csrf)
    step = steps.brought(request, web, CODE)
    user = waiting(web, step)
    if step is None or user is None:
        return _over(words)
    fault = _fault(request, web, words, user, fields.code)
    if fault is not None:
        return fault
    return let_in(request, web, words, user, to=step.facts["to"], how=f"{FROM_LOCAL} and second factor")


@router.get("/sign-in/second-factor", name="enrol_page")
def enrol_page(request: Request, web: SomeWeb, words: SomeWords) -> Response:
    step = steps.brought(request, web, ENROL)
    user = waiting(web, step)
    if step is None or user is None:
        return _over(words)
    return _enrol_page(request, web, words, user, step.facts["secret"])


@router.post("/sign-in/second-factor", name="enrol")
def enrol(request: Request, web: SomeWeb, words: SomeWords, fields: Annotated[CodeFields, Form()]) -> Response:
    own_form(request, fields.csrf)
    step = steps.brought(request, web, ENROL)
    user = waiting(web, step)
    if step is None or user is None:
        return _over(words)
    key, now, secret = web.here.keys.credentials, web.now(), step.facts["secret"]
    codes = web.store.write(
        lambda session: (
            second_factor.confirm(session, user.id, secret, fields.code, key=key, actor=actor_of(user), now=now)
            if _has_none(session, user)
            else ()
        )
    )
    if not codes:
        return _enrol_page(request, web, words, user, secret, fault=words.gettext(WRONG_CODE))
    token = open_session(request, web, user, how=f"{FROM_LOCAL} and second factor")
    answer = render(request, "recovery_codes.html", words, codes=codes, on=step.facts["to"] or "/", toggle="")
    hand_over(answer, web, token)
    return answer


def _has_none(session: Session, user: UserRow) -> bool:
    """Whoever has one already shows it: a step taken before must not put another in its place."""
    return second_factors.held(session, user.id) is None


def _fault(request: Request, web: Web, words: Words, user: UserRow, typed: str) -> Response | None:
    """The page that asks again where the code is wrong, or there were too many; as with passwords."""
    address, key, now = request.client.host if request.client else "", web.here.keys.credentials, web.now()
    with web.limit.one_try(user.username, address) as allowed:
        if not allowed:
            fault = words.gettext("Too many attempts. Wait a quarter of an hour and try again.")
            return _code_page(request, web, words, fault=fault, status=429)

        def act(session: Session) -> bool:
            right = second_factor.holds(session, user.id, typed, key=key, actor=actor_of(user), now=now)
            if not right:
                refused(session, web, actor_of(user), "second factor")
            return right

        if web.store.write(act):
            return None
        web.limit.failed(user.username, address)
    fault = words.gettext("The code is not right, or was used already. Wait for the next one.")
    return _code_page(request, web, words, fault=fault, status=422)


def _over(words: Words) -> Response:
    return RedirectResponse(f"/{words.language}/sign-in?done=over", 303)


def _code_page(request: Request, web: Web, words: Words, *, fault: str = "", status: int = 200) -> Response:
    token = stranger_token(request)
    faults = [{"text": fault, "href": "#code"}] if fault else ()
    answer = render(request, "sign_in_code.html", words, status=status, csrf=token, faults=faults)
    return keep_token(answer, web, token)


def _enrol_page(request: Request, web: Web, words: Words, user: UserRow, secret: str, *, fault: str = "") -> Response:
    token, body = stranger_token(request), web.here.settings.body
    said = second_factor.address(secret, user.username, body.cy if words.language == "cy" else body.en)
    answer = render(
        request,
        "second_factor.html",
        words,
        status=422 if fault else 200,
        csrf=token,
        must=True,
        secret=secret,
        qr=drawn(said, words.gettext("QR code for the authenticator app")),
        post=f"/{words.language}/sign-in/second-factor",
        faults=[{"text": fault, "href": "#code"}] if fault else (),
    )
    return keep_token(answer, web, token)
