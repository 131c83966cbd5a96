"""Accounts, comments and people for tests: say only what matters, the rest is filled in.

All names and words here are invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moderation import deadlines, policy, queue
from moderation.calendar import calendars, seed_holidays
from moderation.record import Actor
from moderation.routing import Route
from store import accounts, comments, people
from store.accounts import AccountRow
from store.cases import CaseRow
from store.comments import CommentRow
from store.database import Session, Store
from store.people import UserRow
from vocabulary import (
    Act,
    Author,
    Clock,
    Comment,
    Language,
    Platform,
    Reason,
    ReplyLanguage,
    Role,
    Severity,
)

POWYS = policy.load("powys")
DAYS = calendars(seed_holidays())
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=3)
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


def a_route(**over: Any) -> Route:
    facts: dict[str, Any] = dict(
        area="waste",
        language=Language.CY,
        unsure=False,
        reply_in=ReplyLanguage.CY,
        answer_owed=True,
        severity=Severity.NONE,
        clocks=(Clock.ANSWER,),
        flagged=(),
        because=(Reason("written in Welsh, so the reply is owed in Welsh"),),
    )
    return Route(**facts | over)


def comes(store: Store, comment: Comment | None = None, *, now: datetime = NOON, **over: Any) -> queue.Placed:
    """A comment is kept, routed as `over` says, and placed; `now` is when that happens."""
    said, route = comment or a_comment(), a_route(**over)

    def act(session: Session) -> queue.Placed:
        account = accounts.by_slug(session, said.account)
        [kept] = comments.keep(session, account, [said], now=now).new
        row = session.get_one(CommentRow, kept)
        row.read_at, row.language = now, route.language
        dates = {clock: deadlines.due(said.posted_at, clock, POWYS.response, DAYS) for clock in route.clocks}
        return queue.place(session, row, route=route, dates=dates, policy=POWYS, now=now)

    return store.write(act)


def does(store: Store, case_id: int, act: Act, *, who: Actor, now: datetime = NOON, **more: Any) -> CaseRow:
    """One step along the lifecycle."""
    return store.write(lambda session: queue.advance(session, case_id, act, actor=who, now=now, policy=POWYS, **more))


def officer(store: Store, username: str = "mair") -> Actor:
    return store.write(lambda session: Actor(username, a_user(session, username).id))
