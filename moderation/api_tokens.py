"""Tokens of the API: given, revoked, and the programs that have rights of their own.

A token is worth what its owner may do when it is used, and within that only its scopes.  It is shown once to whoever
gave it.  The pages and `gwylio token` call the same functions.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from moderation.record import Actor
from moderation.staff import NO_PASSWORD, Grants
from store import api_tokens, audit, people
from store.api_tokens import ApiTokenRow
from store.database import Session
from store.people import UserRow
from vocabulary import GwylioError, Role, Scope

LASTS: Final = (30, 90, 365)
"""Days for which a token may be given."""
LONGEST_NAME: Final = 100


class TokenRefused(GwylioError):
    """A token has a name, at least one scope and an end, and somebody who may still come in."""


class ServiceRefused(GwylioError):
    """A service has a name, roles, and does not administer."""


class UnknownToken(GwylioError):
    """There is no such token, or it is somebody else's."""


def give(
    session: Session,
    user_id: int,
    hashed: bytes,
    *,
    name: str,
    scopes: Collection[Scope],
    days: int,
    actor: Actor,
    now: datetime,
) -> ApiTokenRow:
    """A new token for somebody, by its hash.

    Raises:
        TokenRefused: as it says.
    """
    user = session.get(UserRow, user_id)
    called = name.strip()
    if user is None or not user.active:
        raise TokenRefused(f"user {user_id} cannot come in, so no token is theirs")
    if not called or len(called) > LONGEST_NAME:
        raise TokenRefused("say what the token is for, in a hundred characters at most")
    if not scopes:
        raise TokenRefused("say what the token may be used for")
    if days not in LASTS:
        raise TokenRefused(f"a token lasts {', '.join(map(str, LASTS))} days")
    known = [scope.value for scope in Scope if scope in scopes]
    token = ApiTokenRow(
        token_hash=hashed,
        user_id=user_id,
        name=called,
        scopes=known,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    facts = {"user": user_id, "scopes": known, "until": token.expires_at.isoformat()}
    _trail(session, "api_token.given", f"api_token:{token.id}", actor, now, facts)
    return token


def revoke(session: Session, token_id: int, *, actor: Actor, now: datetime, owner: int | None = None) -> ApiTokenRow:
    """The token opens nothing any more; `owner`: only where it is theirs.  Revoked already is revoked.

    Raises:
        UnknownToken: as it says.
    """
    token = session.get(ApiTokenRow, token_id, with_for_update=True)
    if token is None or (owner is not None and token.user_id != owner):
        raise UnknownToken(f"there is no token {token_id}")
    if token.revoked_at is None:
        token.revoked_at = now
        _trail(session, "api_token.revoked", f"api_token:{token.id}", actor, now, {"user": token.user_id})
    return token


def add_service(
    session: Session, *, username: str, full_name: str, grants: Grants, actor: Actor, now: datetime
) -> UserRow:
    """A program with rights of its own; it has no password, and nobody signs in as it.

    Raises:
        ServiceRefused, people.UserExists, people.UnfitUsername: as they say.
    """
    granted = list(dict.fromkeys(grants))
    if not full_name.strip() or not granted:
        raise ServiceRefused("say what the service is called and what it may do")
    if any(role is Role.ADMINISTRATOR for role, _area in granted):
        raise ServiceRefused("no program administers: that is for people")
    user = people.add(
        session,
        username=username,
        full_name=full_name.strip(),
        password_hash=NO_PASSWORD,
        grants=granted,
        now=now,
        service=True,
    )
    facts = {"grants": [[role.value, area] for role, area in granted]}
    _trail(session, "service.added", f"user:{user.id}", actor, now, facts)
    return user


def end_service(session: Session, user_id: int, *, actor: Actor, now: datetime) -> None:
    """A program has no rights any more, and none of its tokens opens anything; what it did stays under its name.

    Raises:
        UnknownToken: there is no such service.
    """
    user = session.get(UserRow, user_id, with_for_update=True)
    if user is None or not user.service:
        raise UnknownToken(f"there is no service {user_id}")
    if user.active:
        user.active = False
        ended = api_tokens.revoke_all(session, user_id, now=now)
        _trail(session, "service.ended", f"user:{user_id}", actor, now, {"tokens": list(ended)})


def _trail(session: Session, action: str, subject: str, actor: Actor, now: datetime, after: dict[str, Any]) -> None:
    audit.append(session, actor=actor.name, action=action, subject=subject, now=now, after=after)
