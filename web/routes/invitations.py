"""A one-time link by which a member of staff comes in first: they choose a password, or come by the directory."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from moderation import passwords, staff
from store import identities
from web.gate import SomeWeb, SomeWords
from web.pages import render
from web.security import SESSION_COOKIE, hash_password, token_hash
from web.signing_in import keep_token, own_form, stranger_token
from web.visit import Fields
from web.wired import Web
from words import Words

router = APIRouter(prefix="/{language}")


class PasswordFields(Fields):
    csrf: str = ""
    password: str = ""


@router.get("/invitation/{token}", name="invitation_page")
def invitation_page(request: Request, web: SomeWeb, words: SomeWords, token: str) -> Response:
    return _page(request, web, words, token)


@router.post("/invitation/{token}", name="invitation")
def invitation(
    request: Request, web: SomeWeb, words: SomeWords, token: str, fields: Annotated[PasswordFields, Form()]
) -> Response:
    own_form(request, fields.csrf)
    hashed = token_hash(token)
    with web.store.read() as session:
        user = identities.invited(session, hashed, now=web.now())
    if user is None:
        return _page(request, web, words, token)
    fault = passwords.fault(fields.password, (user.username, user.full_name))
    if fault is not None:
        return _page(request, web, words, token, fault=words.say(fault))
    kept = hash_password(fields.password)
    try:
        web.store.write(lambda session: staff.accept(session, hashed, kept, now=web.now()))
    except staff.LinkOver:
        return _page(request, web, words, token)
    answer = RedirectResponse(f"/{words.language}/sign-in?done=password", 303)
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer


def _page(request: Request, web: Web, words: Words, token: str, *, fault: str = "") -> Response:
    with web.store.read() as session:
        user = identities.invited(session, token_hash(token), now=web.now())
    form, sign_in = stranger_token(request), web.here.settings.sign_in
    answer = render(
        request,
        "invitation.html",
        words,
        status=404 if user is None else 422 if fault else 200,
        csrf=form,
        invited=user,
        token=token,
        shortest=passwords.SHORTEST,
        entra=sign_in.entra,
        faults=[{"text": fault, "href": "#password"}] if fault else (),
    )
    return keep_token(answer, web, form)
