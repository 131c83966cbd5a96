"""Members of staff, what they may do in which service areas, and their signed-in sessions."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, delete, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from vocabulary import GwylioError, Role

EVERY_AREA = "*"
USERNAME = re.compile(r"[a-z][a-z0-9._@-]{0,99}")
NOBODYS = "system"
"""The name under which the audit trail speaks of acts that no person did; a person so called could hide behind it."""


class UserRow(Base):
    """One person, never shared; or a `service`, which is a program with rights of its own: nobody signs in as it."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_sign_in: Mapped[datetime | None]
    service: Mapped[bool] = mapped_column(default=False, server_default=false())


class GrantRow(Base):
    """One role in one service area; `*` is every area."""

    __tablename__ = "user_grant"
    __table_args__ = (UniqueConstraint("user_id", "role", "area"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[Role]
    area: Mapped[str]


class WebSessionRow(Base):
    """A signed-in browser.  `token_hash` is SHA-256 of the cookie, which is kept nowhere.

    `browser` is what its owner knows it by, such as `Firefox, Windows`; where it was is nobody's business.
    """

    __tablename__ = "web_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime]
    expires_at: Mapped[datetime]
    browser: Mapped[str] = mapped_column(default="", server_default="")
    by_provider: Mapped[bool] = mapped_column(default=False, server_default=false())


class UserExists(GwylioError):
    """Somebody signs in under that name already."""


class UnfitUsername(GwylioError):
    """A username that the audit trail could not tell from another, or that nobody can type."""


class UnknownUser(GwylioError):
    """No member of staff has that username."""


def by_username(session: Session, username: str) -> UserRow:
    """The member of staff with this username.

    Raises:
        UnknownUser: there is none.
    """
    found = session.scalar(select(UserRow).where(UserRow.username == username, ~UserRow.service))
    if found is None:
        raise UnknownUser(f"no user is called {username}; add one with `gwylio user add`")
    return found


def add(
    session: Session,
    *,
    username: str,
    full_name: str,
    password_hash: str,
    grants: Sequence[tuple[Role, str]],
    now: datetime,
    language: str = "en",
    email: str = "",
    service: bool = False,
) -> UserRow:
    """A new member of staff, or service, with their grants.

    Raises:
        UserExists: somebody has that username.
        UnfitUsername: it is not made of small letters, digits and `.-_@`, or it is one that the trail uses itself.
    """
    if not USERNAME.fullmatch(username) or username == NOBODYS:
        raise UnfitUsername(
            f"{username!r} is no username: use small letters, digits, full stops and hyphens, and begin with a letter; "
            f"{NOBODYS} is taken"
        )
    if session.scalar(select(UserRow.id).where(UserRow.username == username)) is not None:
        raise UserExists(f"there is a user called {username} already; choose another username")
    user = UserRow(
        username=username,
        full_name=full_name,
        email=email,
        password_hash=password_hash,
        language=language,
        active=True,
        created_at=now,
        service=service,
    )
    session.add(user)
    session.flush()
    session.add_all([GrantRow(user_id=user.id, role=role, area=area) for role, area in grants])
    return user


def everyone(session: Session) -> Sequence[UserRow]:
    """Every member of staff, those who have left too, by name."""
    return session.scalars(select(UserRow).where(~UserRow.service).order_by(UserRow.full_name, UserRow.id)).all()


def all_grants(session: Session) -> dict[int, list[tuple[Role, str]]]:
    """What each person may do, and where, by their id."""
    found: dict[int, list[tuple[Role, str]]] = {}
    for row in session.scalars(select(GrantRow).order_by(GrantRow.id)):
        found.setdefault(row.user_id, []).append((row.role, row.area))
    return found


def replace_grants(session: Session, user_id: int, granted: Sequence[tuple[Role, str]]) -> None:
    """What this person may do from now on, in place of what they could."""
    session.execute(delete(GrantRow).where(GrantRow.user_id == user_id))
    session.add_all([GrantRow(user_id=user_id, role=role, area=area) for role, area in granted])
    session.flush()


def administrators(session: Session) -> frozenset[int]:
    """Who administers and may sign in; locked, so that two who take each other away do not leave nobody."""
    query = (
        select(UserRow)
        .where(
            UserRow.active,
            ~UserRow.service,
            UserRow.id.in_(select(GrantRow.user_id).where(GrantRow.role == Role.ADMINISTRATOR)),
        )
        .order_by(UserRow.id)
        .with_for_update()
    )
    return frozenset(user.id for user in session.scalars(query))


def grants(session: Session, user_id: int) -> Sequence[GrantRow]:
    """What this person may do, and where."""
    return session.scalars(select(GrantRow).where(GrantRow.user_id == user_id).order_by(GrantRow.id)).all()


def full_names(session: Session, usernames: Collection[str]) -> dict[str, str]:
    """What people are called, by the name they sign in with."""
    found = session.execute(select(UserRow.username, UserRow.full_name).where(UserRow.username.in_(usernames)))
    return {row.username: row.full_name for row in found}


def anybody(session: Session) -> bool:
    """Whether at least one person may sign in."""
    return session.scalar(select(UserRow.id).where(UserRow.active, ~UserRow.service).limit(1)) is not None


def forget_sessions(session: Session, *, before: datetime) -> None:
    """Delete the sessions that expired before this moment."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at < before))


def who_may_see(session: Session, usernames: Sequence[str], area: str) -> list[int]:
    """Of these, the active members of staff who may see cases of this area, each once."""
    rows = session.scalars(
        select(UserRow.id)
        .join(GrantRow, GrantRow.user_id == UserRow.id)
        .where(
            UserRow.username.in_(usernames),
            UserRow.active,
            ~UserRow.service,
            GrantRow.area.in_([area, EVERY_AREA]),
            GrantRow.role.in_([Role.OFFICER, Role.COMMUNICATIONS]),
        )
        .distinct()
        .order_by(UserRow.id)
    )
    return list(rows)
