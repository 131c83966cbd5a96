"""A purse that remembers what was set aside and what was paid, and that can run out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from collectors.base import QuotaExhausted

RENEWED = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class Purse:
    """`left` is how many things of whatever kind may still be had.  What was paid for once is free."""

    left: int = 1_000_000
    reserved: list[tuple[str, int]] = field(default_factory=list)
    paid: list[tuple[str, int]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def reserve(self, what: str, most: int = 1) -> int:
        if not self.left:
            raise QuotaExhausted("dyffryn", "nothing is left", until=RENEWED, scope="budget")
        many = min(most, self.left)
        self.left -= many
        self.reserved.append((what, many))
        return many

    def settle(self, what: str, reserved: int, ids: Sequence[str] | None = None) -> None:
        fresh = reserved if ids is None else len(set(ids) - self.known)
        self.known |= set(ids or ())
        self.left += reserved - fresh
        self.paid.append((what, fresh))
