"""The front door: choosing a language, signing in, signing out."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from store import accounts, audit, sessions
from store.database import Session
from web.gate import FormNotOurs, SomeWeb, SomeWords, signed_in, web_of
from web.pages import chosen_language, in_both, render
from web.security import (
    FORM_COOKIE,
    IDLE,
    LASTS,
    SESSION_COOKIE,
    Reader,
    new_token,
    password_holds,
    same,
    token_hash,
)
from web.visit import Fields, SomeVisit, Text
from web.wired import Web
from words import LANGUAGES, Words
from words.names import N_

router = APIRouter(prefix="/{language}")
door = APIRouter()

WELCOME: Final = N_("People write to the council. Here they are answered in time, and in their language.")
_OWN_PATH: Final = re.compile(r"/(?:cy|en)/[A-Za-z0-9][\w\-./?=&%+]*")


@door.get("/healthz", name="healthz")
def healthz(web: SomeWeb) -> PlainTextResponse:
    """Whether the database can be read."""
    with web.store.read() as session:
        accounts.active(session)
    return PlainTextResponse("ok\n")


@door.get("/", name="entry")
def entry(request: Request, web: SomeWeb) -> Response:
    """To the queue or to the sign-in page, in the language chosen before; both languages for a newcomer."""
    reader = signed_in(request, web)
    language = chosen_language(request)
    if reader is not None:
        return RedirectResponse(f"/{language or reader.session.language}/{reader.home}", 303)
    if language is not None:
        return RedirectResponse(f"/{language}/sign-in", 303)
    return in_both(
        {
            each: {
                "title": Words(each).gettext("Welcome"),
                "text": Words(each).gettext(WELCOME),
                "href": f"/{each}/sign-in",
                "go": Words(each).gettext("Go on in English"),
            }
            for each in LANGUAGES
        }
    )


class SignInFields(Fields):
    csrf: str = ""
    username: Text = ""
    password: str = ""
    to: str = ""


@router.get("/sign-in", name="sign_in_page")
def sign_in_page(request: Request, web: SomeWeb, words: SomeWords, to: str = "") -> Response:
    if (reader := signed_in(request, web)) is not None:
        return RedirectResponse(f"/{words.language}/{reader.home}", 303)
    return _sign_in_page(request, words, SignInFields(to=to))


@router.post("/sign-in", name="sign_in")
def sign_in(request: Request, web: SomeWeb, words: SomeWords, fields: Annotated[SignInFields, Form()]) -> Response:
    if not same(fields.csrf, request.cookies.get(FORM_COOKIE, "")):
        raise FormNotOurs("a sign-in form came without its token")
    username, address = fields.username.strip(), request.client.host if request.client else ""
    with web.limit.one_try(username, address) as allowed:
        if not allowed:
            fault = words.gettext("Too many attempts. Wait a quarter of an hour and try again.")
            return _sign_in_page(request, words, fields, fault=fault, status=429)
        token = _open_session(web, username, fields.password, request.cookies.get(SESSION_COOKIE, ""))
        if token is None:
            web.limit.failed(username, address)
    if token is None:
        fault = words.gettext("The user name or the password is not right.")
        return _sign_in_page(request, words, fields, fault=fault, status=422)
    to = fields.to if _OWN_PATH.fullmatch(fields.to) else f"/{words.language}/{_home(web, token)}"
    answer = RedirectResponse(to, 303)
    answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=web.here.settings.https)
    answer.delete_cookie(FORM_COOKIE, httponly=True, samesite="strict")
    return answer


@router.post("/sign-out", name="sign_out")
def sign_out(visit: SomeVisit) -> Response:
    hashed, reader = token_hash(visit.request.cookies[SESSION_COOKIE]), visit.reader

    def act(session: Session) -> None:
        sessions.end(session, hashed)
        subject = f"user:{reader.user_id}"
        audit.append(session, actor=visit.actor.name, action="user.sign_out", subject=subject, now=visit.now)

    visit.store.write(act)
    answer = visit.go("sign-in")
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer


def _open_session(web: Web, username: str, password: str, replaced: str) -> str | None:
    """A new session's cookie, or None where name and password do not belong together.  An old session ends.

    Whether the name is known shows neither in the answer nor in the work that is done for it.
    """
    with web.store.read() as session:
        user = sessions.owner(session, username)
    holds = password_holds(user.password_hash if user and user.active else None, password)
    token, csrf, now = new_token(), secrets.token_urlsafe(32), web.now()

    def act(session: Session) -> None:
        if user is None or not holds:
            who, subject = (user.username, f"user:{user.id}") if user else (audit.SYSTEM, "user:unknown")
            audit.append(session, actor=who, action="user.sign_in_refused", subject=subject, now=now)
            return
        sessions.end(session, token_hash(replaced))
        sessions.open_session(session, token_hash=token_hash(token), user_id=user.id, csrf=csrf, now=now, lasts=LASTS)
        audit.append(session, actor=user.username, action="user.sign_in", subject=f"user:{user.id}", now=now)

    web.store.write(act)
    return token if holds else None


def _home(web: Web, token: str) -> str:
    """Where the work of whoever has just signed in lies."""
    with web.store.read() as session:
        found = sessions.find(session, token_hash(token), now=web.now(), idle=IDLE)
    return Reader(found).home if found is not None else "queue"


def _sign_in_page(
    request: Request, words: Words, fields: SignInFields, *, fault: str = "", status: int = 200
) -> Response:
    token = request.cookies.get(FORM_COOKIE) or new_token()
    answer = render(
        request,
        "sign_in.html",
        words,
        status=status,
        csrf=token,
        to=fields.to if _OWN_PATH.fullmatch(fields.to) else "",
        username=fields.username,
        faults=[{"text": fault, "href": "#username"}] if fault else (),
    )
    https = web_of(request).here.settings.https
    answer.set_cookie(FORM_COOKIE, token, httponly=True, samesite="strict", secure=https)
    return answer
