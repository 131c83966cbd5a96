"""Of several lists, one that cannot be read holds up no other, and is never left unsaid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import (
    AuthExpired,
    Budget,
    CollectorError,
    Cursor,
    Malformed,
    PermissionLost,
    Refused,
    Transient,
)
from collectors.items import Sifted
from collectors.paging import TRIES, Leaf, Run, pages
from vocabulary import Comment

AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
PAGES = 2
"""Pages of each leg."""
PUT_OFF = [Malformed, PermissionLost, Refused]


@dataclass
class Lists:
    """A platform with a list for each leg; `fails` says what is wrong with one."""

    legs: tuple[str, ...]
    fails: dict[str, Callable[[], CollectorError]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, leg: str, token: str) -> Leaf:
        self.asked.append(leg)
        if leg in self.fails:
            error = self.fails[leg]()
            raise error
        number = int(token or 0)
        said = Comment(account="a", native_id=f"{leg}{number}", text="Pryd?", posted_at=AT)
        return Leaf(Sifted(comments=[said]), str(number + 1) if number + 1 < PAGES else "")


@dataclass
class Round:
    read: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)
    complete: bool = False
    error: CollectorError | None = None


def a_round(lists: Lists, cursor: Cursor, budget: Budget | None = None) -> tuple[Round, Cursor]:
    """One round as the pipeline makes it, from a cursor to a cursor."""
    told = Round()
    run = Run.unpacked(cursor.page_token) or Run("mark", lists.legs)
    try:
        for page in pages("a", cursor, run, budget or Budget(), lists.read):
            told.read |= {each.native_id for each in page.comments}
            told.reported |= {each.native_id for each in page.troubles}
            cursor, told.complete = page.cursor, page.complete
    except CollectorError as error:
        told.error = error
    return told, cursor


def wrong(kind: type[CollectorError]) -> Callable[[], CollectorError]:
    return lambda: kind("a", "no")


def everything(legs: str) -> set[str]:
    return {f"{leg}{number}" for leg in legs for number in range(PAGES)}


@pytest.mark.parametrize("kind", PUT_OFF)
@pytest.mark.parametrize("bad", "abc")
def test_one_that_cannot_be_read_holds_up_no_other_and_is_said_each_time(kind: type[CollectorError], bad: str) -> None:
    lists = Lists(("a", "b", "c"), {bad: wrong(kind)})

    first, cursor = a_round(lists, Cursor())

    assert first.read == everything("abc".replace(bad, ""))
    assert isinstance(first.error, kind)
    assert not first.complete
    for _ in range(TRIES):
        again, cursor = a_round(lists, cursor)
        assert (again.read, again.reported, type(again.error)) == (set(), set(), kind)
    last, cursor = a_round(lists, cursor)
    assert (last.reported, last.complete, last.error) == ({bad}, True, None)
    assert cursor == Cursor("mark")


@pytest.mark.parametrize("rounds", range(1, TRIES + 2))
def test_one_that_can_be_read_again_is_read_and_not_reported(rounds: int) -> None:
    lists, cursor = Lists(("a", "b", "c"), {"b": wrong(Malformed)}), Cursor()
    for _ in range(rounds):
        _, cursor = a_round(lists, cursor)

    lists.fails.clear()
    told, cursor = a_round(lists, cursor)

    assert (told.read, told.reported, told.complete, cursor) == (everything("b"), set(), True, Cursor("mark"))


@pytest.mark.parametrize("kind", PUT_OFF)
@pytest.mark.parametrize("legs", ["a", "ab"])
def test_where_none_can_be_read_nothing_is_given_up_and_each_round_looks_anew(
    kind: type[CollectorError], legs: str
) -> None:
    lists, cursor = Lists(tuple(legs), {leg: wrong(kind) for leg in legs}), Cursor()
    for _ in range(3 * TRIES):
        told, cursor = a_round(lists, cursor)
        assert (told.reported, told.complete, type(told.error)) == (set(), False, kind)

    lists.legs = (*legs, "z")  # what was found meanwhile
    told, cursor = a_round(lists, cursor)
    assert told.read == everything("z")


@pytest.mark.parametrize("kind", [Transient, AuthExpired])
def test_what_concerns_more_than_one_list_ends_the_round_where_it_stands(kind: type[CollectorError]) -> None:
    lists = Lists(("a", "b", "c"), {"b": wrong(kind)})

    told, cursor = a_round(lists, Cursor())
    assert (told.read, type(told.error), lists.asked) == (everything("a"), kind, ["a", "a", "b"])

    lists.fails.clear()
    assert a_round(lists, cursor)[0].read == everything("bc")


def test_a_list_that_goes_round_in_a_circle_holds_up_no_other() -> None:
    lists = Lists(("a", "b"))
    whole = lists.read

    def circling(leg: str, token: str) -> Leaf:
        return Leaf(whole(leg, "0").sifted, "7") if leg == "a" else whole(leg, token)

    lists.read = circling  # type: ignore[method-assign]
    told, cursor = a_round(lists, Cursor())

    assert told.read == {"a0", *everything("b")}
    assert isinstance(told.error, Malformed)
    for _ in range(TRIES + 1):
        told, cursor = a_round(lists, cursor)
    assert (told.reported, told.complete) == ({"a"}, True)


LEGS = "abcd"
WEATHER = st.lists(st.dictionaries(st.sampled_from(LEGS), st.sampled_from([*PUT_OFF, Transient])), max_size=12)


@given(weather=WEATHER, most=st.integers(1, 5))
def test_whatever_fails_and_when_each_list_is_read_to_its_end_or_reported_and_the_run_ends(
    weather: list[Mapping[str, type[CollectorError]]], most: int
) -> None:
    lists, cursor = Lists(tuple(LEGS)), Cursor()
    read, reported, told = set[str](), set[str](), Round()
    fine: list[Mapping[str, type[CollectorError]]] = [{}] * (PAGES * len(LEGS) + 2)
    for fails in [*weather, *fine]:
        lists.fails = {leg: wrong(kind) for leg, kind in fails.items()}
        told, cursor = a_round(lists, cursor, Budget(pages=most))
        read |= told.read
        reported |= told.reported
        if told.complete:
            break

    assert told.complete
    assert cursor == Cursor("mark")
    assert {leg for leg in LEGS if not everything(leg) <= read} <= reported
