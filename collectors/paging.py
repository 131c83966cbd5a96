"""Reading a stream page by page, for every platform: what is kept in a cursor, and when a run is over.

A run reads one list, or several one after the other: its legs (the comments of each post, a few
searches).  Only a missing next token ends a leg, never a short or an empty page; a token seen
before would lead round in a circle, and ends the run with an error instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from collectors.base import Budget, Count, Cursor, Gone, Malformed, Page, Refused, Trouble, Usage
from collectors.items import Sifted, as_bytes

UNREADABLE_LEG: Final = "the comments under this post cannot be read; it is gone, or not for us"
NOTHING_SPENT: Final = Usage()
BARREN: Final = 50
"""So many empty pages one after the other, each promising another, and a list is given up for now."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is not finished, as it is kept in a cursor's page token.

    `mark` becomes the watermark when the run ends; where it is empty, the first page's mark does.
    `legs` are still to be read, the first of them under way from `token` on; a lone list is the leg "".
    """

    mark: str = ""
    legs: tuple[str, ...] = ("",)
    token: str = ""

    def packed(self) -> str:
        return json.dumps([self.mark, self.legs, self.token], separators=(",", ":"))

    @classmethod
    def unpacked(cls, page_token: str, fits: Callable[[str], bool] = bool) -> Run | None:
        """None where there is no run to go on with, or a page token that is not ours.

        `fits` says whether a mark that is not empty can be one of the platform's.
        """
        try:
            mark, legs, token = json.loads(page_token)
            run = cls(str(mark), tuple(map(str, legs)), str(token))
            return run if run.legs and (not run.mark or fits(run.mark)) else None
        except (TypeError, ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of one leg, read.  `next` is the token to go on with, empty on the last page of the leg."""

    sifted: Sifted = field(default_factory=Sifted)
    next: str = ""
    mark: str = ""
    usage: Usage = NOTHING_SPENT
    counts: tuple[Count, ...] = ()


@dataclass(slots=True)
class Trail:
    """The way through a list that is read to its end at once, where no budget would stop whoever is led astray."""

    account: str
    platform: str
    _seen: set[str] = field(default_factory=set)
    _barren: int = 0

    def on(self, token: str, items: int) -> str:
        """The token to go on with, behind a page that brought so many items.

        Raises:
            Malformed: it leads back to a page already read, or past ever more empty ones.
        """
        self._barren = 0 if items else self._barren + 1
        if token in self._seen:
            raise Malformed(self.account, f"{self.platform} answers with a page that leads back to itself")
        if self._barren >= BARREN:
            raise Malformed(self.account, f"{self.platform} answers with one empty page after the other")
        self._seen.add(token)
        return token


def pages(
    account: str,
    cursor: Cursor,
    run: Run,
    budget: Budget,
    read: Callable[[str, str], Leaf],
    *,
    newer: Callable[[str, str], str] = max,
    spent: Usage = NOTHING_SPENT,
) -> Iterator[Page]:
    """Page through every leg of a run, from where it stands, until it ends or the budget does.

    `read` answers with the page of a leg at a token.  `newer` chooses between two watermarks.
    `spent` is what finding the legs has cost; it is shown with the first page.

    Raises:
        Malformed: a page leads back to one already read; the next run starts anew.
        CollectorError: whatever `read` raises.  `Gone` costs only its leg, which is reported, where the
            run has several; `Refused` at a token kept from an earlier run only begins its leg again.
    """
    if not run.legs:
        yield Page(cursor=Cursor(newer(run.mark, cursor.watermark)), complete=True, usage=spent)
        return
    turned, items, read_one, seen = spent.requests, 0, False, {(run.legs[0], run.token)}
    while True:
        leg = run.legs[0]
        try:
            leaf = read(leg, run.token)
        except Gone:
            if not leg:
                raise
            trouble = Trouble(UNREADABLE_LEG, as_bytes({"id": leg}), leg)
            leaf = Leaf(Sifted(troubles=[trouble]), usage=Usage(requests=1))
        except Refused:
            if read_one or not run.token:
                raise
            run = replace(run, token="")
            continue
        read_one = True
        turned, items = turned + 1, items + leaf.usage.items
        looped = bool(leaf.next) and (leg, leaf.next) in seen
        seen.add((leg, leaf.next))
        run = replace(run, mark=run.mark or leaf.mark)
        run = replace(run, token=leaf.next) if leaf.next else replace(run, legs=run.legs[1:], token="")
        if run.legs:
            here = Cursor(cursor.watermark, "" if looped else run.packed())
        else:
            here = Cursor(newer(run.mark, cursor.watermark))
        yield Page(
            cursor=here,
            complete=not run.legs,
            comments=tuple(leaf.sifted.comments),
            posts=tuple(leaf.sifted.posts),
            ours=tuple(leaf.sifted.ours),
            troubles=tuple(leaf.sifted.troubles),
            counts=leaf.counts,
            usage=replace(
                leaf.usage, requests=leaf.usage.requests + spent.requests, items=leaf.usage.items + spent.items
            ),
        )
        spent = NOTHING_SPENT
        if looped:
            raise Malformed(account, "the platform answers with a page that leads back to itself; the run starts anew")
        if not run.legs or turned >= budget.pages or items >= budget.items:
            return
