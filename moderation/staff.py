"""Members of staff: who may do what where, who has left, and how they come in first.

The pages and `gwylio user` call the same functions.  Nobody raises themselves, and the last administrator stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from moderation.notices import Group, Line, Said
from moderation.record import Actor
from store import api_tokens, audit, identities, people, preferences, sessions
from store.accounts import AccountRow, AdministratorRow
from store.database import Session
from store.people import UserRow
from store.preferences import Preferences
from vocabulary import GwylioError, Role
from words import Screen, Words

INVITED_FOR: Final = timedelta(days=7)
NO_PASSWORD: Final = "!"  # noqa: S105 - a mark, and no password
"""In place of a hash: no password opens it."""

Grants = Sequence[tuple[Role, str]]


class LastAdministrator(GwylioError):
    """Nobody would be left who administers."""


class OwnRights(GwylioError):
    """Somebody else must decide what one may do oneself."""


class IdentityTaken(GwylioError):
    """What a provider knows somebody by belongs to another user here."""


class NoGrants(GwylioError):
    """A member of staff needs a role."""


class LinkOver(GwylioError):
    """The link was used, has run out, or was replaced by another."""


def add(
    session: Session,
    *,
    username: str,
    full_name: str,
    grants: Grants,
    actor: Actor,
    now: datetime,
    password_hash: str = NO_PASSWORD,
    language: str = "en",
    email: str = "",
) -> UserRow:
    """A new member of staff.

    Raises:
        NoGrants: without any role.
        people.UserExists, people.UnfitUsername: as they say.
    """
    granted = _each_once(grants)
    user = people.add(
        session,
        username=username,
        full_name=full_name.strip(),
        password_hash=password_hash,
        grants=granted,
        language=language,
        email=email,
        now=now,
    )
    _trail(session, "user.add", user.id, actor, now, after={"grants": _written(granted)})
    return user


def change_email(session: Session, user_id: int, email: str, *, actor: Actor, now: datetime) -> None:
    """Where somebody is written to from now on; empty: nowhere."""
    user = session.get_one(UserRow, user_id, with_for_update=True)
    before, user.email = bool(user.email), email
    _trail(session, "user.email", user_id, actor, now, before={"known": before}, after={"known": bool(email)})


def change_grants(session: Session, user_id: int, grants: Grants, *, actor: Actor, now: datetime) -> bool:
    """What somebody may do from now on; their sessions end, so that no page is left that shows more.

    Returns whether anything changed.

    Raises:
        NoGrants, OwnRights, LastAdministrator: nothing has changed.
    """
    granted = _each_once(grants)
    _not_oneself(user_id, actor)
    before = [(row.role, row.area) for row in people.grants(session, user_id)]
    if set(before) == set(granted):
        return False
    if Role.ADMINISTRATOR not in {role for role, _ in granted}:
        _somebody_is_left(session, user_id)
    people.replace_grants(session, user_id, granted)
    sessions.end_all(session, user_id)
    facts = {"grants": _written(before)}, {"grants": _written(granted)}
    _trail(session, "user.grants", user_id, actor, now, before=facts[0], after=facts[1])
    return True


def change_active(session: Session, user_id: int, *, active: bool, actor: Actor, now: datetime) -> bool:
    """Somebody has left, or is back; whoever left is out at once, and no link or token of theirs opens anything.

    Returns whether anything changed.

    Raises:
        OwnRights, LastAdministrator: nothing has changed.
    """
    user = session.get_one(UserRow, user_id, with_for_update=True)
    _not_oneself(user_id, actor)
    if user.active == active:
        return False
    if not active:
        _somebody_is_left(session, user_id)
        sessions.end_all(session, user_id)
        identities.withdraw(session, user_id)
        api_tokens.revoke_all(session, user_id, now=now)
    user.active = active
    _trail(session, "user.active", user_id, actor, now, before={"active": not active}, after={"active": active})
    return True


def invite(session: Session, user_id: int, token_hash: bytes, *, actor: Actor, now: datetime) -> datetime:
    """A link by which somebody chooses a password, once; until when.  Any before it opens nothing any more."""
    until = now + INVITED_FOR
    identities.invite(session, user_id, token_hash, expires=until)
    _trail(session, "user.invite", user_id, actor, now, after={"until": until.isoformat()})
    return until


def accept(session: Session, token_hash: bytes, password_hash: str, *, now: datetime) -> UserRow:
    """Whoever holds the link has chosen a password; every session of the account ends.

    Raises:
        LinkOver: the link opens nothing.
    """
    user = _invited(session, token_hash, now)
    change_password(session, user.id, password_hash, actor=Actor(user.username, user.id), now=now)
    return user


def connect(session: Session, token_hash: bytes, issuer: str, subject: str, *, now: datetime) -> UserRow:
    """Whoever holds the link comes in by a provider's id from now on.

    Raises:
        LinkOver: the link opens nothing.
        IdentityTaken: that id belongs to somebody else here.
    """
    user = _invited(session, token_hash, now)
    known = identities.owner(session, issuer, subject)
    if known is not None and known.id != user.id:
        raise IdentityTaken(f"the identity that came for user {user.id} is that of user {known.id}")
    identities.bind(session, user.id, issuer, subject, now=now)
    identities.withdraw(session, user.id)
    _trail(session, "user.identity", user.id, Actor(user.username, user.id), now, after={"issuer": issuer})
    return user


def change_password(
    session: Session, user_id: int, password_hash: str, *, actor: Actor, now: datetime, but: bytes = b""
) -> None:
    """A new password; every session but this one ends, and no link opens anything any more."""
    user = session.get_one(UserRow, user_id, with_for_update=True)
    had, user.password_hash = user.password_hash != NO_PASSWORD, password_hash
    ended = sessions.end_all(session, user_id, but=but)
    identities.withdraw(session, user_id)
    _trail(session, "user.password", user_id, actor, now, before={"had": had}, after={"sessions_ended": ended})


def sign_out_everywhere(session: Session, user_id: int, *, actor: Actor, now: datetime) -> None:
    """Every session of somebody ends."""
    ended = sessions.end_all(session, user_id)
    _trail(session, "user.sign_out_everywhere", user_id, actor, now, after={"sessions_ended": ended})


def choose(session: Session, user_id: int, chosen: Preferences, *, actor: Actor, now: datetime) -> None:
    """How somebody likes their pages; in the language they choose they are written to as well."""
    before = preferences.of(session.get(preferences.PreferencesRow, user_id))
    if chosen == before:
        return
    preferences.keep(session, user_id, chosen)
    if chosen.language and chosen.language != before.language:
        session.get_one(UserRow, user_id, with_for_update=True).language = chosen.language
    _trail(session, "user.preferences", user_id, actor, now, before=_choices(before), after=_choices(chosen))


def held_by(
    full_name: str, holders: Iterable[AdministratorRow], accounts: Mapping[int, AccountRow]
) -> list[AccountRow]:
    """The accounts whose access the register says this person holds: what is to be ended where they leave."""
    return [accounts[row.account_id] for row in holders if row.name == full_name and row.account_id in accounts]


def invitation(link: str, until: datetime, language: Screen) -> Said:
    """What somebody is told who is invited; the link is for them alone."""
    words = Words(language)
    return Said(
        language,
        words.gettext("You are invited to Gwylio"),
        (
            Group(
                words.gettext("You can use Gwylio once you have opened this link. It works once, and for you alone."),
                (Line(words.gettext("Come in, until {moment}", moment=words.moment(until)), link),),
            ),
        ),
        (Line(words.gettext("If you did not expect this, tell your administrator."), ""),),
    )


def _invited(session: Session, token_hash: bytes, now: datetime) -> UserRow:
    user = identities.invited(session, token_hash, now=now)
    if user is None:
        raise LinkOver("a link was used, has run out, or was replaced")
    return user


def _each_once(grants: Grants) -> list[tuple[Role, str]]:
    if not grants:
        raise NoGrants("a member of staff needs at least one role")
    return list(dict.fromkeys(grants))


def _not_oneself(user_id: int, actor: Actor) -> None:
    if actor.user_id == user_id:
        raise OwnRights(f"user {user_id} would have decided what they may do themselves")


def _somebody_is_left(session: Session, user_id: int) -> None:
    left = people.administrators(session)
    if left == {user_id}:
        raise LastAdministrator("this is the last administrator; make somebody else one first")


def _written(grants: Collection[tuple[Role, str]]) -> list[list[str]]:
    return [[role.value, area] for role, area in grants]


def _choices(chosen: Preferences) -> dict[str, Any]:
    return {
        "language": chosen.language,
        "shortcuts": chosen.shortcuts,
        "live": chosen.live,
        "blurred": chosen.blurred,
        "keys": dict(chosen.keys),
    }


def _trail(
    session: Session,
    action: str,
    user_id: int,
    actor: Actor,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.append(
        session, actor=actor.name, action=action, subject=f"user:{user_id}", now=now, before=before, after=after
    )
