"""One's own account: where one is signed in, password, second factor, and how one likes the pages."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from moderation import passwords, second_factor, staff
from store import second_factors, sessions
from store.database import Session
from store.people import UserRow
from store.preferences import Preferences
from vocabulary import Role
from web import shortcuts, steps
from web.browsers import UNKNOWN
from web.pages import NAMES
from web.qr import drawn
from web.security import IDLE, SESSION_COOKIE, hash_password, new_token, password_holds, token_hash
from web.signing_in import WRONG_CODE
from web.steps import Step
from web.visit import Fields, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

OWN_FACTOR: Final = "own factor"
DONE: Final[Mapping[str, str]] = {
    "password": N_("Your new password stands. Every other browser has been signed out."),
    "ended": N_("That browser is signed out."),
    "preferences": N_("Kept."),
    "factor-off": N_("From now on your password is enough."),
}
PAGES_OWN: Final = "page"
"""Instead of a language: that of the page."""
WRONG_PASSWORD: Final = N_("That is not your password.")
ODD_KEYS: Final = N_("Each key is one letter, digit or sign, and does one thing. Look at: {keys}")


class ChangeFields(Fields):
    old: str = ""
    new: str = ""


class FactorFields(Fields):
    password: str = ""
    code: str = ""


class EndFields(Fields):
    browser: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PreferencesFields(Fields):
    """What is not ticked is not sent; `act` and `key` go by pairs."""

    written_in: Literal["page", "cy", "en"]
    shortcuts: bool = False
    live: bool = False
    blurred: bool = False
    act: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    key: Annotated[tuple[Text, ...], Field(max_length=50)] = ()


@router.get("/session", name="session")
def session_left(visit: SomeVisit) -> Response:
    """How long this session still has; asking does not make it longer."""
    found = visit.reader.session
    return JSONResponse(
        {
            "ends_in": _seconds(found.expires_at - visit.now),
            "idle_in": _seconds(found.last_seen + IDLE - visit.now),
        }
    )


@router.post("/session", name="keep_session")
def keep_session(visit: SomeVisit) -> Response:
    """Somebody is still there."""
    visit.store.write(lambda session: sessions.touch(session, _own(visit), now=visit.now))
    left = visit.reader.session.expires_at - visit.now
    return JSONResponse({"ends_in": _seconds(left), "idle_in": _seconds(min(IDLE, left))})


@router.get("/account", name="account")
def account(visit: SomeVisit, done: str = "") -> Response:
    return _page(visit, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/account/password", name="change_password")
def change_password(visit: SomeVisit, fields: Annotated[ChangeFields, Form()]) -> Response:
    """A new password in place of the old one, which is asked for; this browser stays, under another cookie."""
    wrong = _not_theirs(visit, fields.old)
    if wrong:
        return _page(visit, fault=wrong, at="old")
    fault = passwords.fault(fields.new, (visit.reader.session.username, visit.reader.name))
    if fault is not None:
        return _page(visit, fault=visit.words.say(fault), at="new")
    kept, token = hash_password(fields.new), new_token()

    def act(session: Session) -> None:
        user_id = visit.reader.user_id
        staff.change_password(session, user_id, kept, actor=visit.actor, now=visit.now, but=_own(visit))
        sessions.renew(session, _own(visit), token_hash(token), csrf=secrets.token_urlsafe(32))

    visit.store.write(act)
    return _with_cookie(visit, visit.go("account", done="password"), token)


@router.get("/account/second-factor", name="own_factor_page")
def own_factor_page(visit: SomeVisit) -> Response:
    """A fresh secret to put into the app; nothing is kept of it here until a code proves that it is there."""
    step = Step(OWN_FACTOR, {"user": str(visit.reader.user_id), "secret": second_factor.new_secret()})
    answer = _factor_page(visit, step.facts["secret"])
    steps.put(answer, visit.web, step)
    return answer


@router.post("/account/second-factor", name="own_factor")
def own_factor(visit: SomeVisit, fields: Annotated[FactorFields, Form()]) -> Response:
    step = steps.brought(visit.request, visit.web, OWN_FACTOR)
    if step is None or step.user_id != visit.reader.user_id:
        return visit.go("account/second-factor")
    secret, token, csrf = step.facts["secret"], new_token(), secrets.token_urlsafe(32)
    if wrong := _not_theirs(visit, fields.password):
        return _factor_page(visit, secret, fault=wrong, at="password")

    def act(session: Session) -> tuple[str, ...]:
        user_id, key = visit.reader.user_id, visit.here.keys.credentials
        codes = second_factor.confirm(session, user_id, secret, fields.code, key=key, actor=visit.actor, now=visit.now)
        if codes:
            sessions.end_all(session, user_id, but=_own(visit))
            sessions.renew(session, _own(visit), token_hash(token), csrf=csrf)
        return codes

    codes = visit.store.write(act)
    if not codes:
        return _factor_page(visit, secret, fault=visit.words.gettext(WRONG_CODE), at="code")
    answer = visit.page("recovery_codes.html", codes=codes, on=f"/{visit.words.language}/account", toggle="", csrf=csrf)
    steps.drop(answer)
    return _with_cookie(visit, answer, token)


@router.post("/account/second-factor/off", name="end_own_factor")
def end_own_factor(visit: SomeVisit, fields: Annotated[FactorFields, Form()]) -> Response:
    """Do without, where one may."""
    if _must(visit):
        return _page(visit, fault=visit.words.gettext("Your role needs a second factor."), at="off")
    if wrong := _not_theirs(visit, fields.password):
        return _page(visit, fault=wrong, at="off")
    visit.store.write(
        lambda session: second_factor.reset(session, visit.reader.user_id, actor=visit.actor, now=visit.now)
    )
    return visit.go("account", done="factor-off")


@router.post("/account/sessions/end", name="end_session")
def end_session(visit: SomeVisit, fields: Annotated[EndFields, Form()]) -> Response:
    """Sign out one of one's own browsers."""
    hashed = bytes.fromhex(fields.browser)

    def act(session: Session) -> None:
        mine = sessions.of_user(session, visit.reader.user_id, now=visit.now, idle=IDLE)
        if any(each.token_hash == hashed for each in mine):
            sessions.end(session, hashed)

    visit.store.write(act)
    return visit.go("account", done="ended")


@router.post("/account/sessions/end-all", name="sign_out_everywhere")
def sign_out_everywhere(visit: SomeVisit) -> Response:
    """Every browser, this one too."""
    visit.store.write(
        lambda session: staff.sign_out_everywhere(session, visit.reader.user_id, actor=visit.actor, now=visit.now)
    )
    answer = visit.go("sign-in", done="everywhere")
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer


@router.post("/account/preferences", name="preferences")
def preferences(visit: SomeVisit, fields: Annotated[PreferencesFields, Form()]) -> Response:
    """How one likes the pages."""
    keys, odd = shortcuts.chosen(dict(zip(fields.act, fields.key, strict=False)))
    if odd:
        fault = visit.words.gettext(ODD_KEYS, keys=", ".join(odd))
        return _page(visit, fault=fault, at="key-box", typed=fields)
    chosen = Preferences(
        language="" if fields.written_in == PAGES_OWN else fields.written_in,
        shortcuts=fields.shortcuts,
        live=fields.live,
        blurred=fields.blurred,
        keys=keys,
    )
    visit.store.write(
        lambda session: staff.choose(session, visit.reader.user_id, chosen, actor=visit.actor, now=visit.now)
    )
    return visit.go("account", done="preferences")


def _own(visit: Visit) -> bytes:
    """The hash of this browser's cookie."""
    return token_hash(visit.request.cookies[SESSION_COOKIE])


def _seconds(left: timedelta) -> int:
    return max(0, int(left.total_seconds()))


def _must(visit: Visit) -> bool:
    return second_factor.needed(visit.reader.roles(), visit.here.settings.sign_in.second_factor)


def _not_theirs(visit: Visit, password: str) -> str:
    """What to say where this is not the reader's password, or was tried too often; empty where it is."""
    if not password:
        return visit.words.gettext(WRONG_PASSWORD)
    username, address = visit.reader.session.username, visit.request.client.host if visit.request.client else ""
    with visit.store.read() as session:
        kept = session.get_one(UserRow, visit.reader.user_id).password_hash
    with visit.web.limit.one_try(username, address) as allowed:
        if not allowed:
            return visit.words.gettext("Too many attempts. Wait a quarter of an hour and try again.")
        if password_holds(kept, password):
            return ""
        visit.web.limit.failed(username, address)
    return visit.words.gettext(WRONG_PASSWORD)


def _with_cookie(visit: Visit, answer: Response, token: str) -> Response:
    """The same session goes on under another cookie."""
    https = visit.here.settings.https
    answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=https)
    return answer


def _page(
    visit: Visit, *, done: str = "", fault: str = "", at: str = "", typed: PreferencesFields | None = None
) -> Response:
    with visit.store.read() as session:
        user = session.get_one(UserRow, visit.reader.user_id)
        browsers = sessions.of_user(session, user.id, now=visit.now, idle=IDLE)
        factor = second_factors.of(session, user.id)
        left = second_factors.codes_left(session, user.id)
    likes = visit.reader.preferences
    given = shortcuts.keys(dict(zip(typed.act, typed.key, strict=False)) if typed else likes.keys)
    return visit.page(
        "account.html",
        status=422 if fault else 200,
        toggle=f"/{visit.words.other}/account",
        user=user,
        roles=sorted({visit.words.name(Role(role)) for role, _ in visit.reader.session.grants}),
        browsers=[(each.token_hash.hex(), each, each.browser or visit.words.gettext(UNKNOWN)) for each in browsers],
        this=_own(visit).hex(),
        has_password=user.password_hash != staff.NO_PASSWORD,
        factor=factor,
        codes_left=left,
        must=_must(visit),
        waived=not visit.here.settings.sign_in.second_factor,
        shortest=passwords.SHORTEST,
        likes=typed or likes,
        written_in=(typed.written_in if typed else likes.language or PAGES_OWN),
        languages={PAGES_OWN: visit.words.gettext("That of the page I sign in on"), **NAMES},
        given=given,
        faults=[{"text": fault, "href": f"#{at}"}] if fault else (),
        fault_place=at,
        done=done,
    )


def _factor_page(visit: Visit, secret: str, *, fault: str = "", at: str = "") -> Response:
    body = visit.here.settings.body
    name = body.cy if visit.words.language == "cy" else body.en
    said = second_factor.address(secret, visit.reader.session.username, name)
    return visit.page(
        "second_factor.html",
        status=422 if fault else 200,
        must=False,
        secret=secret,
        qr=drawn(said, visit.words.gettext("QR code for the authenticator app")),
        post=f"/{visit.words.language}/account/second-factor",
        asks_password=True,
        faults=[{"text": fault, "href": f"#{at}"}] if fault else (),
    )
