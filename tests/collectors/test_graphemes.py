"""A text is as long as a reader sees it, whatever it is made of."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.graphemes import graphemes

# As `Intl.Segmenter` of a browser counts them.
COUNTED = [
    ("",                          0),
    ("Ble mae'r bin?",            14),
    ("ŵ",                         1),
    ("w\u0302",                   1),
    ("a\r\nb",                    3),
    ("a\n\nb",                    4),
    ("🏴󠁧󠁢󠁷󠁬󠁳󠁿",                         1),
    ("🇬🇧🇫🇷",                      2),
    ("🇬🇧🇫",                       2),
    ("👍🏽👍🏿",                      2),
    ("👨‍👩‍👧‍👦",                        1),
    ("👩‍❤️‍👨",                        1),
    ("🏃🏽‍➡️🙂‍↔️🐦‍⬛",                3),
    ("🧑🏿‍🤝‍🧑🏻",                      1),
    ("x\u200d👩",                 2),
    ("👩\u200d\u200d👩",           2),
    ("1️⃣#️⃣",                      2),
    ("©️™️",                        2),
    ("한국각",                     3),
    ("\u1100\u1161\u11a8",        1),
    ("กำนัน",                      3),
    ("\u06001",                   1),
    ("\u200b\u200b",              2),
    ("\u0302",                    1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "many"), COUNTED)
def test_a_reader_sees_so_many(text: str, many: int):
    assert graphemes(text) == many


@given(st.text())
def test_never_more_than_code_points_and_never_none_of_some(text: str):
    assert bool(text) <= graphemes(text) <= len(text)


@given(st.text(), st.text())
def test_two_texts_together_are_no_longer_than_each_by_itself(one: str, other: str):
    assert graphemes(one + other) <= graphemes(one) + graphemes(other)


@given(st.text("abcŵŷâêîôûïö \n"))
def test_composed_or_not_it_is_as_long(text: str):
    assert graphemes(unicodedata.normalize("NFD", text)) == graphemes(unicodedata.normalize("NFC", text))
