"""Signed-in browsers: opened, found again by the hash of their cookie, and ended.

The cookie itself is kept nowhere: who reads the database cannot become anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store import preferences
from store.people import EVERY_AREA, GrantRow, UserRow, WebSessionRow
from store.preferences import Preferences, PreferencesRow
from vocabulary import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whose browser this is and what they may do where; `csrf` is the token of its forms.

    `expires_at`: when it ends whatever is done; `by_provider`: whoever vouched for them can also sign them out.
    """

    user_id: int
    username: str
    full_name: str
    language: str
    csrf: str
    grants: tuple[tuple[Role, str], ...]
    last_seen: datetime
    expires_at: datetime
    by_provider: bool = False
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff that a case can be given to."""

    id: int
    full_name: str


def owner(session: Session, username: str) -> UserRow | None:
    """Who signs in under this name, if anybody."""
    return session.scalar(select(UserRow).where(UserRow.username == username))


def open_session(
    session: Session,
    *,
    token_hash: bytes,
    user_id: int,
    csrf: str,
    now: datetime,
    lasts: timedelta,
    browser: str = "",
    by_provider: bool = False,
) -> None:
    """A new signed-in browser, which ends at the latest when `lasts` is over."""
    session.add(
        WebSessionRow(
            token_hash=token_hash,
            user_id=user_id,
            csrf=csrf,
            created_at=now,
            last_seen=now,
            expires_at=now + lasts,
            browser=browser,
            by_provider=by_provider,
        )
    )
    session.execute(update(UserRow).where(UserRow.id == user_id).values(last_sign_in=now))


def find(session: Session, token_hash: bytes, *, now: datetime, idle: timedelta) -> SignedIn | None:
    """The session with this hash, unless it is over, was left idle, or its owner has left."""
    row = session.execute(
        select(WebSessionRow, UserRow, PreferencesRow)
        .join(UserRow, UserRow.id == WebSessionRow.user_id)
        .outerjoin(PreferencesRow, PreferencesRow.user_id == UserRow.id)
        .where(
            WebSessionRow.token_hash == token_hash,
            WebSessionRow.expires_at > now,
            WebSessionRow.last_seen > now - idle,
            UserRow.active,
        )
    ).one_or_none()
    if row is None:
        return None
    browser, user, chosen = row
    granted = session.execute(select(GrantRow.role, GrantRow.area).where(GrantRow.user_id == user.id))
    return SignedIn(
        user_id=user.id,
        username=user.username,
        full_name=user.full_name,
        language=user.language,
        csrf=browser.csrf,
        grants=tuple((role, area) for role, area in granted),
        last_seen=browser.last_seen,
        expires_at=browser.expires_at,
        by_provider=browser.by_provider,
        preferences=preferences.of(chosen),
    )


def of_user(session: Session, user_id: int, *, now: datetime, idle: timedelta) -> Sequence[WebSessionRow]:
    """Where somebody is signed in, the latest first."""
    return session.scalars(
        select(WebSessionRow)
        .where(WebSessionRow.user_id == user_id, WebSessionRow.expires_at > now, WebSessionRow.last_seen > now - idle)
        .order_by(WebSessionRow.last_seen.desc(), WebSessionRow.token_hash)
    ).all()


def end_all(session: Session, user_id: int, *, but: bytes = b"") -> int:
    """End every session of somebody, `but` this one; how many there were."""
    ended = session.execute(
        delete(WebSessionRow)
        .where(WebSessionRow.user_id == user_id, WebSessionRow.token_hash != but)
        .returning(WebSessionRow.token_hash)
    )
    return len(ended.all())


def renew(session: Session, old: bytes, new: bytes, *, csrf: str) -> None:
    """The same session under another cookie: whoever had the old one has nothing."""
    session.execute(update(WebSessionRow).where(WebSessionRow.token_hash == old).values(token_hash=new, csrf=csrf))


def touch(session: Session, token_hash: bytes, *, now: datetime) -> None:
    """This browser is still in use."""
    session.execute(update(WebSessionRow).where(WebSessionRow.token_hash == token_hash).values(last_seen=now))


def end(session: Session, token_hash: bytes) -> None:
    """Signed out: the cookie opens nothing any more."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.token_hash == token_hash))


def names(session: Session) -> Mapping[int, str]:
    """The full name of everybody who is or was a member of staff, by id."""
    return dict(session.execute(select(UserRow.id, UserRow.full_name)).all())


_OFFICERS = (
    select(GrantRow.area, UserRow.id, UserRow.full_name)
    .join(UserRow, UserRow.id == GrantRow.user_id)
    .where(UserRow.active, ~UserRow.service, GrantRow.role == Role.OFFICER)
    .order_by(GrantRow.area, UserRow.full_name)
)


def officers(session: Session) -> Mapping[str, Sequence[Colleague]]:
    """Who answers in each service area, by name; those of every area stand under `*`."""
    found: dict[str, list[Colleague]] = {}
    for area, user_id, full_name in session.execute(_OFFICERS):
        found.setdefault(area, []).append(Colleague(user_id, full_name))
    return found


def officers_of(by_area: Mapping[str, Sequence[Colleague]], area: str) -> list[Colleague]:
    """The officers of one service area, those of every area last."""
    return [*by_area.get(area, ()), *by_area.get(EVERY_AREA, ())]
