"""Corporate accounts, who administers them, and where each of their streams stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from vocabulary import GwylioError, Platform

WHOLE_ACCOUNT = "account"
"""The stream under which a failure stands that concerns no single stream."""


class AccountRow(Base):
    """One corporate account on one platform.  `credential` is encrypted; the key is outside the database.

    Comments posted before `open_since` are history: they are kept and open no case.  `home` is where
    the account lives on a platform that has many homes: a Mastodon server, a WordPress site.
    `credential_expires` is None for one that does not run out; `credential_renews` says whether we can
    renew it ourselves, and `renewing_until` that somebody is doing so now.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("platform", "native_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    platform: Mapped[Platform]
    native_id: Mapped[str]
    home: Mapped[str] = mapped_column(default="")
    display_name: Mapped[str]
    service_area: Mapped[str]
    login_model: Mapped[str] = mapped_column(default="personal")
    credential: Mapped[bytes | None] = mapped_column(LargeBinary)
    credential_since: Mapped[datetime | None]
    credential_expires: Mapped[datetime | None]
    credential_renews: Mapped[bool] = mapped_column(default=False)
    renewing_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    open_since: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AdministratorRow(Base):
    """Who may administer an account on its platform, since when, and who gave it to them."""

    __tablename__ = "account_administrator"
    __table_args__ = (UniqueConstraint("account_id", "name", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    since: Mapped[datetime]
    given_by: Mapped[str]
    until: Mapped[datetime | None]


class StreamRow(Base):
    """Where one stream of one account stands, and how its last runs went.

    `remaining` is what the platform last said is left of its window, 0 to 1; None where it does not say.
    """

    __tablename__ = "stream"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    watermark: Mapped[str] = mapped_column(default="")
    page_token: Mapped[str] = mapped_column(default="")
    last_started: Mapped[datetime | None]
    last_success: Mapped[datetime | None]
    incomplete: Mapped[bool] = mapped_column(default=False)
    trouble: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None]
    requests: Mapped[int] = mapped_column(default=0)
    items: Mapped[int] = mapped_column(default=0)
    remaining: Mapped[float | None]


class AccountExists(GwylioError):
    """The slug, or the account on its platform, is registered already."""


class UnknownAccount(GwylioError):
    """No account has that slug."""

    def __init__(self, slug: str, known: Sequence[str]) -> None:
        choices = ", ".join(known) or "none yet; add one with `gwylio account add`"
        super().__init__(f"no account is called {slug}; there are: {choices}")
        self.slug = slug


def by_slug(session: Session, slug: str) -> AccountRow:
    """The account with this slug.

    Raises:
        UnknownAccount: there is none.
    """
    found = session.scalar(select(AccountRow).where(AccountRow.slug == slug))
    if found is None:
        raise UnknownAccount(slug, sorted(session.scalars(select(AccountRow.slug))))
    return found


def active(session: Session) -> Sequence[AccountRow]:
    """The accounts that are collected, in the order of their slugs."""
    return session.scalars(select(AccountRow).where(AccountRow.active).order_by(AccountRow.slug)).all()


def everyone(session: Session) -> Sequence[AccountRow]:
    """All accounts, in the order of their slugs."""
    return session.scalars(select(AccountRow).order_by(AccountRow.slug)).all()


def stream(session: Session, account_id: int, name: str) -> StreamRow:
    """The stream's row, made on first use; inside a write only."""
    found = session.get(StreamRow, (account_id, name))
    if found is None:
        found = StreamRow(
            account_id=account_id, name=name, watermark="", page_token="", failures=0, requests=0, items=0
        )
        session.add(found)
    return found


def stream_if_any(session: Session, account_id: int, name: str) -> StreamRow | None:
    """The stream's row, or None before its first run."""
    return session.get(StreamRow, (account_id, name))


def forget_stream(session: Session, account_id: int, name: str) -> None:
    """Drop where a stream stands that is read no more."""
    session.execute(delete(StreamRow).where(StreamRow.account_id == account_id, StreamRow.name == name))


def health(session: Session) -> Sequence[tuple[AccountRow, Sequence[StreamRow]]]:
    """Every account with its streams, in the order of their names; no stream before the first run."""
    streams: dict[int, list[StreamRow]] = {}
    for row in session.scalars(select(StreamRow).order_by(StreamRow.name)):
        streams.setdefault(row.account_id, []).append(row)
    return [(account, streams.get(account.id, [])) for account in everyone(session)]


def add(
    session: Session,
    *,
    slug: str,
    platform: Platform,
    native_id: str,
    display_name: str,
    service_area: str,
    now: datetime,
    open_since: datetime | None = None,
    login_model: str = "personal",
    home: str = "",
) -> AccountRow:
    """A new account; its comments posted before `open_since` (now, unless said) are history.

    Raises:
        AccountExists: under this slug, or this id on this platform.
    """
    known = session.scalar(
        select(AccountRow).where(
            (AccountRow.slug == slug) | ((AccountRow.platform == platform) & (AccountRow.native_id == native_id))
        )
    )
    if known is not None:
        raise AccountExists(
            f"{known.slug} is registered already, as {known.native_id} on {known.platform.value}; "
            f"to renew its token, run `gwylio account connect {known.slug}`"
        )
    account = AccountRow(
        slug=slug,
        platform=platform,
        native_id=native_id,
        home=home,
        display_name=display_name,
        service_area=service_area,
        login_model=login_model,
        active=True,
        open_since=open_since or now,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account
