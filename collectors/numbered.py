"""Lists that are paged by number: the second page is whatever stands second at the moment it is asked for.

So where something is taken out of the list between two pages, all that follows moves up, and the first
of it moves onto a page that was read already.  What a list says of its size betrays that, and the page
is read again.  What is put in only moves things down, and they are met twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from collectors.base import Malformed


@dataclass(frozen=True, slots=True)
class Place:
    """The page to ask for next, and what the page before it said: how long the list is, and with what it begins."""

    page: int = 1
    total: int = 0
    first: str = ""

    def packed(self) -> str:
        return json.dumps([self.page, self.total, self.first], separators=(",", ":"))

    @classmethod
    def unpacked(cls, token: str) -> Self:
        """The beginning of the list, where it is not one of ours."""
        try:
            page, total, first = json.loads(token)
            place = cls(int(page), int(total), str(first))
        except (OverflowError, RecursionError, TypeError, ValueError):
            return cls()
        return place if place.page > 0 else cls()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as it came; `total` is how many the list says it has in all, `last` that no page comes after."""

    items: Sequence[Any]
    total: int
    last: bool
    size: int

    @property
    def first(self) -> str:
        item = self.items[0] if self.items else None
        return str(item.get("id") or item.get("uri") or "") if isinstance(item, dict) else ""


def following(account: str, place: Place, sheet: Sheet) -> Place | None:
    """Where to read on; None after the last page.

    Raises:
        Malformed: it is the page that was read before, again.
    """
    if place.page > 1 and sheet.first and sheet.first == place.first:
        raise Malformed(account, "the platform answers with a page that leads back to itself; the run starts anew")
    missing = place.total - sheet.total
    if place.page > 1 and missing > 0:
        back = -(-missing // sheet.size)
        return Place(max(1, place.page - back), sheet.total)
    return None if sheet.last else Place(place.page + 1, sheet.total, sheet.first)
