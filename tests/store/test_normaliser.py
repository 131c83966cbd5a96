"""Text that enters the house can harm neither reader, log nor database."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.normaliser import LONGEST, for_search, normalise


@pytest.mark.parametrize(
    ("original", "text"),
    [
        ("Bore da",             "Bore da"),
        ("a\x00b",              "ab"),                  # NUL
        ("a\x1b[31mb",          "a[31mb"),              # terminal escapes
        ("a\r\nb\rc\u2028d",    "a\nb\nc\nd"),          # one kind of line end
        ("tab\there",           "tab\there"),
        ("\ud800",              "\ufffd"),              # a lone surrogate
        ("abc\u202edcba",       "abc⟨U+202E⟩dcba"),     # text that runs backwards is shown to do so
        ("👩\u200d🚒",          "👩\u200d🚒"),          # an emoji in parts stays whole
        ("tŷ",                  "tŷ"),
    ],
)  # fmt: skip
def test_what_it_becomes(original, text):
    assert normalise(original).text == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tŷ",          unicodedata.normalize("NFD", "tŷ")),
        ("mae’r bin",   "mae'r bin"),
        ("b\u200bin",   "bin"),
        ("BIN \n bin",  "bin bin"),
    ],
)  # fmt: skip
def test_found_by_search_however_it_was_typed(one, other):
    assert for_search(one) == for_search(other)


def test_the_end_of_a_very_long_text_is_cut_and_said_so():
    safe = normalise("x" * (LONGEST + 1))

    assert (len(safe.text), safe.cut) == (LONGEST, True)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_normalising_twice_changes_nothing(original):
    once = normalise(original).text

    assert normalise(once).text == once
    once.encode("utf-8")
