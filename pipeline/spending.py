"""The meter of an account on a platform that charges for reading, kept in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from collectors.base import QuotaExhausted
from moderation.budgets import Budget
from store import spending
from store.accounts import AccountRow
from store.database import Store


@dataclass(slots=True)
class Purse:
    """One thread's meter for one account.  `now` is the moment of the act that is under way."""

    store: Store
    account: AccountRow
    budget: Budget
    now: datetime
    _periods: dict[str, str] = field(default_factory=dict, init=False)

    def reserve(self, what: str, most: int = 1) -> int:
        """Set aside the price of `most` things, durably; how many may be asked for.

        Raises:
            QuotaExhausted: not even one is left in this period.
        """
        span, price = self.budget.span(self.now), self.budget.price(what)
        many = self.store.write(
            lambda session: spending.reserve(
                session,
                self.account.platform,
                self.account.id,
                span.name,
                price=price,
                most=most,
                limit=self.budget.limit(what),
            )
        )
        if not many:
            platform, period = self.account.platform.value, self.budget.period
            reason = f"the budget for {platform} is spent until the end of the {period}"
            raise QuotaExhausted(self.account.slug, reason, until=span.end, scope="budget")
        self._periods[what] = span.name
        return many

    def settle(self, what: str, reserved: int, ids: Sequence[str] | None = None) -> None:
        """Pay for what came instead of what was set aside."""
        period = self._periods.get(what, self.budget.span(self.now).name)
        self.store.write(
            lambda session: spending.settle(
                session,
                self.account.platform,
                self.account.id,
                period,
                price=self.budget.price(what),
                reserved=reserved,
                ids=ids,
                day=f"{self.now.astimezone(UTC):%Y-%m-%d}",
            )
        )
