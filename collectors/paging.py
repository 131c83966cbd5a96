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

from collectors.base import (
    Budget,
    CollectorError,
    Count,
    Cursor,
    Gone,
    Malformed,
    Page,
    PermissionLost,
    Refused,
    Trouble,
    Usage,
)
from collectors.items import Sifted, as_bytes

UNREADABLE_LEG: Final = "the comments under this post cannot be read; it is gone, or not for us"
NOTHING_SPENT: Final = Usage()
TRIES: Final = 2
"""How often a leg that was put off is tried again, each time in another round, before it is given up."""
BARREN: Final = 50
"""So many empty pages one after the other, each promising another, and a list is given up for now."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is not finished, as it is kept in a cursor's page token.

    `mark` becomes the watermark when the run ends; where it is empty, the first page's mark does.
    `legs` are still to be read, the first of them under way from `token` on; a lone list is the leg "".
    The last `put_off` of them could not be read and wait behind the others, and were tried again in `tries` rounds;
    `any_read` says that some leg of this run could be read.
    """

    mark: str = ""
    legs: tuple[str, ...] = ("",)
    token: str = ""
    put_off: int = 0
    tries: int = 0
    any_read: bool = False

    def packed(self) -> str:
        told: list[object] = [self.mark, self.legs, self.token]
        if self.put_off or self.any_read:
            told += [self.put_off, self.tries, self.any_read]
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def unpacked(cls, page_token: str, fits: Callable[[str], bool] = bool) -> Run | None:
        """None where there is no run to go on with, or a page token that is not ours.

        `fits` says whether a mark that is not empty can be one of the platform's.
        """
        try:
            mark, legs, token, *more = json.loads(page_token)
            put_off, tries, any_read = more or (0, 0, False)
            run = cls(str(mark), tuple(map(str, legs)), str(token), int(put_off), int(tries), bool(any_read))
            return run if run.legs and (not run.mark or fits(run.mark)) else None
        except (TypeError, ValueError, RecursionError):
            return None

    @property
    def all_put_off(self) -> bool:
        """Whether every leg that is left could not be read when it was its turn."""
        return self.put_off >= len(self.legs)

    @property
    def gives_up(self) -> bool:
        """Whether the first leg is passed over if it fails once more; never where no other could be read either."""
        return self.all_put_off and self.any_read and self.tries >= TRIES

    def putting_off(self, *, first: bool) -> Run:
        """The first leg behind the others.  `first`: it is the first to be put off in this round."""
        again, legs = self.all_put_off, (*self.legs[1:], self.legs[0])
        tries = self.tries + (again and first)
        return replace(self, legs=legs, token="", put_off=self.put_off + (not again), tries=tries)

    def passing(self, *, read: bool) -> Run:
        """What is left behind the first leg, whether or not it could be read."""
        put_off = self.put_off - self.all_put_off
        return replace(self, legs=self.legs[1:], token="", put_off=put_off, any_read=self.any_read or read)


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

    A leg that cannot be read holds up no other: it is put off until those are read.  When it has failed again in
    later rounds it is given up and reported, provided that any other could be read.

    Raises:
        CollectorError: whatever `read` raises, once there is no other leg to read.  `Gone` costs only its leg,
            which is reported; `Refused` at a token kept from an earlier run only begins its leg again.
        Malformed: a page leads back to one already read.
    """
    if not run.legs:
        yield Page(cursor=Cursor(newer(run.mark, cursor.watermark)), complete=True, usage=spent)
        return

    put_off: dict[str, CollectorError] = {}
    turned, items, kept_token, seen = spent.requests, 0, bool(run.token), {(run.legs[0], run.token)}
    while True:
        leg = run.legs[0]
        leaf, failed = _one(read, run, kept_token=kept_token)
        kept_token = False
        turned, items = turned + 1, items + leaf.usage.items
        run = replace(run, mark=run.mark or leaf.mark)
        if leaf.next and (leg, leaf.next) in seen:
            failed = Malformed(account, "the platform answers with a page that leads back to itself")
        seen.add((leg, leaf.next))
        if failed is None:
            run = replace(run, token=leaf.next) if leaf.next else run.passing(read=True)
        elif run.gives_up:
            run, failed = run.passing(read=False), None
            leaf.sifted.troubles.extend(_unreadable(leg).sifted.troubles)
        else:
            run = run.putting_off(first=not put_off)
            put_off[leg] = failed
        yield _page(leaf, run, cursor, newer, spent)
        spent = NOTHING_SPENT
        if run.legs and run.legs[0] in put_off:
            raise put_off[run.legs[0]]
        if not run.legs or turned >= budget.pages or items >= budget.items:
            return


def _one(read: Callable[[str, str], Leaf], run: Run, *, kept_token: bool) -> tuple[Leaf, CollectorError | None]:
    """The next page, or what was wrong with its leg, where that may be put off."""
    leg = run.legs[0]
    try:
        return read(leg, run.token), None
    except Gone:
        if not leg:
            raise
        return _unreadable(leg), None
    except (Malformed, PermissionLost, Refused) as error:
        if kept_token and isinstance(error, Refused):
            return _one(read, replace(run, token=""), kept_token=False)
        alone = len(run.legs) == 1 and not (run.put_off or run.any_read)
        if not leg or (alone and not kept_token):
            raise
        return Leaf(usage=Usage(requests=1)), error


def _page(leaf: Leaf, left: Run, cursor: Cursor, newer: Callable[[str, str], str], spent: Usage) -> Page:
    """What was read, and where to go on: where nothing at all could be read, anew, for there may be more by then."""
    stuck = left.all_put_off and not left.any_read
    here = Cursor(cursor.watermark, "" if stuck else left.packed())
    return Page(
        cursor=here if left.legs else Cursor(newer(left.mark, cursor.watermark)),
        complete=not left.legs,
        comments=tuple(leaf.sifted.comments),
        posts=tuple(leaf.sifted.posts),
        ours=tuple(leaf.sifted.ours),
        troubles=tuple(leaf.sifted.troubles),
        counts=leaf.counts,
        usage=replace(leaf.usage, requests=leaf.usage.requests + spent.requests, items=leaf.usage.items + spent.items),
    )


def _unreadable(leg: str) -> Leaf:
    trouble = Trouble(UNREADABLE_LEG, as_bytes({"id": leg}), leg)
    return Leaf(Sifted(troubles=[trouble]), usage=Usage(requests=1))
