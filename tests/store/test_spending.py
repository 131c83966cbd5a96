"""A ceiling is never passed: not by two at once, not by a crash, and nothing is paid for twice on a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from store import accounts, spending
from store.database import Store
from vocabulary import Platform

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
MONTH, DAY = "2026-11", "2026-11-25"


@pytest.fixture
def account(store: Store) -> int:
    return store.write(
        lambda session: (
            accounts.add(
                session, slug="a", platform=Platform.X, native_id="1", display_name="A", service_area="waste", now=NOW
            ).id
        )
    )


def reserve(store: Store, account: int, most: int, *, price: int = 10, limit: int = 1_000) -> int:
    return store.write(
        lambda session: spending.reserve(session, Platform.X, account, MONTH, price=price, most=most, limit=limit)
    )


def settle(store: Store, account: int, reserved: int, ids: list[str] | None, *, price: int = 10) -> None:
    store.write(
        lambda session: spending.settle(
            session, Platform.X, account, MONTH, price=price, reserved={MONTH: reserved}, ids=ids, day=DAY
        )
    )


def so_far(store: Store) -> spending.Spent:
    with store.read() as session:
        return spending.so_far(session, Platform.X, MONTH)


def test_as_many_are_set_aside_as_there_is_room_for(store: Store, account: int) -> None:
    assert reserve(store, account, 60) == 60
    assert reserve(store, account, 60) == 40
    assert reserve(store, account, 1) == 0
    assert so_far(store) == spending.Spent(0, 1_000)


def test_only_what_came_is_paid_for_and_the_same_one_once_a_day(store: Store, account: int) -> None:
    settle(store, account, reserve(store, account, 50), ["1", "2", "2", "3"])
    assert so_far(store) == spending.Spent(30, 0)

    settle(store, account, reserve(store, account, 50), ["3", "4"])
    assert so_far(store) == spending.Spent(40, 0)

    settle(store, account, reserve(store, account, 2), None)
    assert so_far(store) == spending.Spent(60, 0)


def test_what_was_set_aside_by_somebody_who_died_stays_set_aside(store: Store, account: int) -> None:
    reserve(store, account, 90)

    assert reserve(store, account, 90) == 10


def test_what_costs_nothing_needs_no_room(store: Store, account: int) -> None:
    reserve(store, account, 100)

    assert reserve(store, account, 7, price=0) == 7
    settle(store, account, 7, ["1"], price=0)


def test_many_at_once_never_pass_the_ceiling(store: Store, account: int) -> None:
    with ThreadPoolExecutor(8) as collectors:
        given = list(collectors.map(lambda _: reserve(store, account, 30), range(12)))

    assert sum(given) == 100
    assert so_far(store).gone == 1_000


def test_what_was_billed_days_ago_is_forgotten(store: Store, account: int) -> None:
    settle(store, account, reserve(store, account, 1), ["1"])
    store.write(lambda session: spending.forget_billed(session, before=NOW.replace(day=28)))

    settle(store, account, reserve(store, account, 1), ["1"])
    assert so_far(store).spent == 20
