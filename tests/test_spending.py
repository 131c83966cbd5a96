"""A meter knows what time it is: a round that ends in another month than it began in is paid for in that one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.base import QuotaExhausted
from moderation import budgets
from pipeline.spending import Purse
from store import accounts, spending
from store.accounts import AccountRow
from store.database import Store
from store.spending import Spent
from tests.conftest import sqlite_store
from vocabulary import Platform

EVE = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC)
X = budgets.load().root[Platform.X].model_copy(update={"ceiling": 1.0, "keep_for_replies": 0.0})
PRICE = X.price("post_read")
MOST = X.most // PRICE


@dataclass
class Clock:
    """Seconds since something."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def account(store: Store) -> AccountRow:
    return store.write(
        lambda session: accounts.add(
            session, slug="a", platform=Platform.X, native_id="1", display_name="A", service_area="waste", now=EVE
        )
    )


def in_period(store: Store, period: str) -> Spent:
    with store.read() as session:
        return spending.so_far(session, Platform.X, period)


def test_a_page_that_comes_after_midnight_is_the_new_months(store: Store, account: AccountRow) -> None:
    clock = Clock()
    purse = Purse(store, account, X, EVE, clock)

    many = purse.reserve("post_read", 20)
    clock.seconds += 15
    purse.settle("post_read", many, ["1", "2"])

    assert in_period(store, "2026-11") == Spent()
    assert in_period(store, "2026-12") == Spent(spent=2 * PRICE)


def test_the_ceiling_of_the_new_month_holds_although_the_round_began_in_the_old_one(
    store: Store, account: AccountRow
) -> None:
    clock = Clock()
    purse = Purse(store, account, X, EVE, clock)
    clock.seconds += 15
    assert purse.reserve("post_read", 10 * MOST) == MOST
    purse.settle("post_read", MOST, None)

    with pytest.raises(QuotaExhausted):
        purse.reserve("post_read")
    assert in_period(store, "2026-12").gone <= X.most


def test_what_is_set_aside_on_both_sides_of_midnight_is_released_on_both(store: Store, account: AccountRow) -> None:
    clock = Clock()
    purse = Purse(store, account, X, EVE, clock)

    before = purse.reserve("post_read", 3)
    clock.seconds += 15
    after = purse.reserve("post_read", 4)
    purse.settle("post_read", before + after, ["1"])

    assert (in_period(store, "2026-11"), in_period(store, "2026-12")) == (Spent(), Spent(spent=PRICE))


def test_what_an_act_never_settled_stays_set_aside_and_the_next_act_pays_for_its_own(
    store: Store, account: AccountRow
) -> None:
    purse = Purse(store, account, X, EVE.replace(day=1), Clock())
    purse.reserve("post_read", 5)

    purse.begin(EVE.replace(day=2))
    purse.settle("post_read", purse.reserve("post_read", 7), ["1"])

    assert in_period(store, "2026-11") == Spent(spent=PRICE, reserved=5 * PRICE)
