"""From somebody who has shown who they are to a signed-in browser, by one step or by two."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from moderation import second_factor
from moderation.record import Actor
from store import audit, people, second_factors, sessions
from store.database import Session
from store.people import UserRow
from vocabulary import Role
from web import browsers, steps
from web.gate import FormNotOurs
from web.security import FORM_COOKIE, IDLE, LASTS, SESSION_COOKIE, Reader, new_token, same, token_hash
from web.steps import Step
from web.wired import Web
from words import Words
from words.names import N_

OWN_PATH: Final = re.compile(r"/(?:cy|en)/[A-Za-z0-9][\w\-./?=&%+]*")
"""Where somebody may be sent after signing in: nowhere but here."""
CODE, ENROL = "code", "enrol"
FROM_LOCAL: Final = "password"
WRONG_CODE: Final = N_(
    "That is not the code that the app shows now. Look again, and see that the clock of the telephone is right."
)


def own_path(to: str) -> str:
    return to if OWN_PATH.fullmatch(to) else ""


def own_form(request: Request, token: str) -> None:
    """Let a stranger's form pass that was opened in this browser.

    Raises:
        FormNotOurs: it was not.
    """
    if not same(token, request.cookies.get(FORM_COOKIE, "")):
        raise FormNotOurs("a form of somebody who has not signed in came without its token")


def stranger_token(request: Request) -> str:
    """The token for the form of somebody who has not signed in; `keep_token` binds it to the browser."""
    return request.cookies.get(FORM_COOKIE) or new_token()


def keep_token(answer: Response, web: Web, token: str) -> Response:
    answer.set_cookie(FORM_COOKIE, token, httponly=True, samesite="strict", secure=web.here.settings.https)
    return answer


def roles_of(session: Session, user_id: int) -> frozenset[Role]:
    return frozenset(row.role for row in people.grants(session, user_id))


def after_password(request: Request, web: Web, words: Words, user: UserRow, to: str) -> Response:
    """The password was right: in, or on to the second factor, which is enrolled here where it must be had."""
    with web.store.read() as session:
        has = second_factors.of(session, user.id) is not None
        must = second_factor.needed(roles_of(session, user.id), web.here.settings.sign_in.second_factor)
    facts = {"user": str(user.id), "of": mark(user), "to": own_path(to)}
    if has:
        answer = RedirectResponse(f"/{words.language}/sign-in/code", 303)
        steps.put(answer, web, Step(CODE, facts))
        return answer
    if must:
        answer = RedirectResponse(f"/{words.language}/sign-in/second-factor", 303)
        steps.put(answer, web, Step(ENROL, {**facts, "secret": second_factor.new_secret()}))
        return answer
    return let_in(request, web, words, user, to=to, how=FROM_LOCAL)


def waiting(web: Web, step: Step | None) -> UserRow | None:
    """Whose step this is, unless they have left or changed their password since they took it."""
    if step is None:
        return None
    with web.store.read() as session:
        user = session.get(UserRow, step.user_id)
    return user if user is not None and user.active and same(step.facts["of"], mark(user)) else None


def mark(user: UserRow) -> str:
    """What a step holds of the password that it was taken with."""
    return hashlib.sha256(user.password_hash.encode()).hexdigest()


def let_in(
    request: Request, web: Web, words: Words, user: UserRow, *, to: str, how: str, by_provider: bool = False
) -> Response:
    """A signed-in browser, on its way to where its owner wanted to go, or to where their work lies."""
    token = open_session(request, web, user, how=how, by_provider=by_provider)
    with web.store.read() as session:
        found = sessions.find(session, token_hash(token), now=web.now(), idle=IDLE)
    language = (found.preferences.language if found else "") or words.language
    answer = RedirectResponse(own_path(to) or f"/{language}/{Reader(found).home if found else 'queue'}", 303)
    hand_over(answer, web, token)
    return answer


def open_session(request: Request, web: Web, user: UserRow, *, how: str, by_provider: bool = False) -> str:
    """A new session's cookie.  One that the browser had before ends with it."""
    token, csrf, now = new_token(), secrets.token_urlsafe(32), web.now()
    replaced = token_hash(request.cookies.get(SESSION_COOKIE, ""))

    def act(session: Session) -> None:
        sessions.end(session, replaced)
        sessions.open_session(
            session,
            token_hash=token_hash(token),
            user_id=user.id,
            csrf=csrf,
            now=now,
            lasts=LASTS,
            browser=browsers.name_of(request.headers.get("user-agent", "")),
            by_provider=by_provider,
        )
        subject = f"user:{user.id}"
        audit.append(session, actor=user.username, action="user.sign_in", subject=subject, now=now, after={"by": how})

    web.store.write(act)
    return token


def hand_over(answer: Response, web: Web, token: str) -> None:
    """The browser holds the session's cookie from now on, and nothing of the steps before."""
    answer.set_cookie(SESSION_COOKIE, token, httponly=True, samesite="lax", secure=web.here.settings.https)
    answer.delete_cookie(FORM_COOKIE, httponly=True, samesite="strict")
    steps.drop(answer)


def refused(session: Session, web: Web, who: Actor | None, step: str) -> None:
    """Write down that somebody was not let in."""
    name, subject = (who.name, f"user:{who.user_id}") if who else (audit.SYSTEM, "user:unknown")
    action = "user.sign_in_refused"
    audit.append(session, actor=name, action=action, subject=subject, now=web.now(), after={"step": step})


def actor_of(user: UserRow) -> Actor:
    return Actor(user.username, user.id)
