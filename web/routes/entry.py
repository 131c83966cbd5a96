"""The front door: choosing a language, signing in, signing out."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from store import accounts, audit, people, sessions
from store.database import Session
from store.people import UserRow
from vocabulary import Role
from web.gate import SomeWeb, SomeWords, signed_in, web_of
from web.pages import chosen_language, in_both, render
from web.security import SESSION_COOKIE, password_holds, token_hash
from web.signing_in import actor_of, after_password, keep_token, own_form, own_path, refused, stranger_token
from web.visit import Fields, SomeVisit, Text
from web.wired import Web
from words import LANGUAGES, Words
from words.names import N_

router = APIRouter(prefix="/{language}")
door = APIRouter()

WELCOME: Final = N_("People write to the council. Here they are answered in time, and in their language.")
DONE: Final = {
    "password": N_("Your password stands. Sign in with it."),
    "everywhere": N_("You have signed out everywhere."),
    "over": N_("That took too long. Sign in again."),
}


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
        chosen = reader.preferences.language or language or reader.session.language
        return RedirectResponse(f"/{chosen}/{reader.home}", 303)
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
def sign_in_page(
    request: Request, web: SomeWeb, words: SomeWords, to: str = "", done: str = "", provider: str = ""
) -> Response:
    if (reader := signed_in(request, web)) is not None:
        return RedirectResponse(f"/{words.language}/{reader.home}", 303)
    said = words.gettext(DONE[done]) if done in DONE else ""
    return _sign_in_page(request, words, SignInFields(to=to), done=said, provider=bool(provider))


@router.post("/sign-in", name="sign_in")
def sign_in(request: Request, web: SomeWeb, words: SomeWords, fields: Annotated[SignInFields, Form()]) -> Response:
    own_form(request, fields.csrf)
    username, address = fields.username.strip(), request.client.host if request.client else ""
    with web.limit.one_try(username, address) as allowed:
        if not allowed:
            fault = words.gettext("Too many attempts. Wait a quarter of an hour and try again.")
            return _sign_in_page(request, words, fields, fault=fault, status=429)
        user = _known(web, username, fields.password)
        if user is None:
            web.limit.failed(username, address)
    if user is None:
        fault = words.gettext("The user name or the password is not right.")
        return _sign_in_page(request, words, fields, fault=fault, status=422)
    return after_password(request, web, words, user, fields.to)


@router.post("/sign-out", name="sign_out")
def sign_out(visit: SomeVisit) -> Response:
    hashed, reader = token_hash(visit.request.cookies[SESSION_COOKIE]), visit.reader

    def act(session: Session) -> None:
        sessions.end(session, hashed)
        subject = f"user:{reader.user_id}"
        audit.append(session, actor=visit.actor.name, action="user.sign_out", subject=subject, now=visit.now)

    visit.store.write(act)
    answer = visit.go("sign-in", **({"provider": "1"} if reader.session.by_provider else {}))
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer


def _known(web: Web, username: str, password: str) -> UserRow | None:
    """Whose name and password these are, if they belong together and passwords are for them.

    Whether the name is known shows neither in the answer nor in the work that is done for it.
    """
    with web.store.read() as session:
        user = sessions.owner(session, username)
        roles = {row.role for row in people.grants(session, user.id if user else 0)}
    may = web.here.settings.sign_in.passwords == "everybody" or Role.ADMINISTRATOR in roles
    holds = password_holds(user.password_hash if user and user.active and may else None, password)
    if user is None or not holds:
        who = actor_of(user) if user else None
        web.store.write(lambda session: refused(session, web, who, "password"))
        return None
    return user


def _invented(web: Web) -> list[tuple[UserRow, list[tuple[Role, str]]]]:
    """The people of a demo world with what they may do; nobody anywhere else."""
    if not web.demo_password:
        return []
    with web.store.read() as session:
        everyone, granted = people.everyone(session), people.all_grants(session)
    return [(user, granted.get(user.id, [])) for user in everyone if user.active]


def _sign_in_page(
    request: Request,
    words: Words,
    fields: SignInFields,
    *,
    fault: str = "",
    status: int = 200,
    done: str = "",
    provider: bool = False,
) -> Response:
    token, web = stranger_token(request), web_of(request)
    sign_in = web.here.settings.sign_in
    answer = render(
        request,
        "sign_in.html",
        words,
        status=status,
        csrf=token,
        to=own_path(fields.to),
        username=fields.username,
        entra=sign_in.entra,
        administrators_only=sign_in.passwords == "administrators",
        faults=[{"text": fault, "href": "#username"}] if fault else (),
        done=done,
        invented=_invented(web),
        demo_password=web.demo_password,
        leave_provider=web.provider.way_out(now=web.now()) if provider and web.provider else "",
    )
    return keep_token(answer, web, token)
