"""A list that is paged by number moves while it is read; nothing that stands in it throughout is missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Malformed
from collectors.numbered import Place, Sheet, following


def sheet_of(there: list[int], page: int, size: int) -> Sheet:
    shown = there[(page - 1) * size : page * size]
    return Sheet([{"id": number} for number in shown], len(there), page * size >= len(there), size)


def read_whole(there: list[int], size: int, taken_away: list[list[int]]) -> list[int]:
    """Every number that was met; after each page some are taken out of the list, by where they stand in it."""
    there, met, place, turns = list(there), [], Place(), iter(taken_away)
    while True:
        sheet = sheet_of(there, place.page, size)
        met += [item["id"] for item in sheet.items]
        then = following("dyffryn", Place.unpacked(place.packed()), sheet)
        if then is None:
            return met
        for where in next(turns, []):
            if there:
                del there[where % len(there)]
        place = then


@given(
    many=st.integers(0, 40),
    size=st.integers(1, 7),
    taken_away=st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=12),
)
def test_what_stands_throughout_is_met_whatever_is_taken_away(many: int, size: int, taken_away: list[list[int]]):
    gone = set(range(many)) - set(stays_to_the_end(many, taken_away))

    assert set(range(many)) - gone <= set(read_whole(list(range(many)), size, taken_away))


def stays_to_the_end(many: int, taken_away: list[list[int]]) -> list[int]:
    there = list(range(many))
    for wheres in taken_away:
        for where in wheres:
            if there:
                del there[where % len(there)]
    return there


def test_a_list_that_stands_still_is_read_once():
    assert read_whole(list(range(23)), 5, []) == list(range(23))


def test_a_page_that_comes_again_under_another_number_is_nonsense():
    sheet = sheet_of(list(range(1, 31)), 1, 10)

    with pytest.raises(Malformed, match="leads back to itself"):
        following("dyffryn", Place(2, 30, "1"), sheet)


@pytest.mark.parametrize("token", ["", "{", "[]", "null", '["a",0,""]', "[0,0,0]", "[-3,0,0]", "[1e999,0,0]"])
def test_a_token_that_is_not_ours_is_the_beginning(token: str):
    assert Place.unpacked(token) == Place()
