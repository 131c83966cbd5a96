"""The meter of an account on a platform that charges for reading, kept in the store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from collectors.base import QuotaExhausted
from moderation.budgets import Budget
from store import spending
from store.accounts import AccountRow
from store.database import Store


@dataclass(slots=True)
class Purse:
    """One thread's meter for one account.

    A long round may end in another month than it began in.  So the meter counts on from the moment at which the
    act under way began, by a clock that nobody sets.
    """

    store: Store
    account: AccountRow
    budget: Budget
    now: datetime
    clock: Callable[[], float] = time.monotonic
    _began: float = field(default=0.0, init=False)
    _held: dict[str, Counter[str]] = field(default_factory=dict, init=False)
    """Of each kind of thing, how many are set aside in which period."""

    def __post_init__(self) -> None:
        self.begin(self.now)

    def begin(self, now: datetime) -> None:
        """Another act is under way, and began at `now`."""
        self.now, self._began = now, self.clock()
        self._held.clear()

    @property
    def moment(self) -> datetime:
        """What time it is by now."""
        return self.now + timedelta(seconds=self.clock() - self._began)

    def reserve(self, what: str, most: int = 1) -> int:
        """Set aside the price of `most` things, durably; how many may be asked for.

        Raises:
            QuotaExhausted: not even one is left in this period.
        """
        span, price = self.budget.span(self.moment), self.budget.price(what)
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
        self._held.setdefault(what, Counter())[span.name] += many
        return many

    def settle(self, what: str, reserved: int, ids: Sequence[str] | None = None) -> None:
        """Pay for what came instead of what was set aside."""
        moment = self.moment
        period = self.budget.span(moment).name
        held = self._released(what, reserved)
        self.store.write(
            lambda session: spending.settle(
                session,
                self.account.platform,
                self.account.id,
                period,
                price=self.budget.price(what),
                reserved=held,
                ids=ids,
                day=f"{moment.astimezone(UTC):%Y-%m-%d}",
            )
        )

    def _released(self, what: str, reserved: int) -> Counter[str]:
        """In which periods so many were set aside, the latest first; what an act left unsettled stays set aside."""
        held, released = self._held.setdefault(what, Counter()), Counter[str]()
        for period in sorted(held, reverse=True):
            released[period] = min(held[period], reserved - released.total())
        held.subtract(released)
        return +released
