"""Accounts, comments and people for tests: say only what matters, the rest is filled in.

All names and words here are invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from store import accounts, people
from store.accounts import AccountRow
from store.database import Session, Store
from store.people import UserRow
from vocabulary import Author, Comment, Platform, Role

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LONG_AGO = MONDAY - timedelta(days=400)


def a_comment(text: str = "Pryd mae'r biniau?", **over: Any) -> Comment:
    facts: dict[str, Any] = dict(
        account="cyngor-fb",
        native_id="c1",
        author=Author("a1", "Mair Enghraifft"),
        text=text,
        posted_at=MONDAY,
        thread="p1",
    )
    return Comment(**facts | over)


def an_account(session: Session, slug: str = "cyngor-fb", **over: Any) -> AccountRow:
    facts: dict[str, Any] = dict(
        slug=slug,
        platform=Platform.FACEBOOK,
        native_id=f"id of {slug}",
        display_name="Cyngor Enghraifft",
        service_area="waste",
        now=LONG_AGO,
    )
    return accounts.add(session, **facts | over)


def a_user(session: Session, username: str = "mair", role: Role = Role.OFFICER, area: str = "waste") -> UserRow:
    return people.add(
        session,
        username=username,
        full_name=username.title(),
        password_hash="!",
        grants=[(role, area)],
        now=LONG_AGO,
    )


def with_account(store: Store, **over: Any) -> AccountRow:
    return store.write(lambda session: an_account(session, **over))
