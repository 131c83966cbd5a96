"""Text that enters the house can harm neither reader, log nor database."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.normaliser import LONGEST, Normalised, for_search, normalise, normalise_line


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


def by_every_rule(original: str) -> Normalised:
    """Each rule in its turn and none of them skipped."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", original[:LONGEST])
    text = re.sub("\r\n|[\r\u2028\u2029]", "\n", text)
    text = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)
    text = re.sub("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", text)
    plain = re.sub("[\u00ad\u200b-\u200d\u2060\ufeff]", "", unicodedata.normalize("NFC", text))
    return Normalised(text, re.sub(r"\s+", " ", re.sub("[\u2018\u2019]", "'", plain).casefold()).strip(), cut=False)


ODD = " \t\n\r\x00\x1c\x85\xa0\u2028\u3000\u202e\u200b\u200d\xad\ud800\u0301\u2019'ŵŴßİ👩🚒"


@given(st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters(), st.sampled_from("abC "))))
def test_what_is_skipped_for_speed_would_have_changed_nothing(original):
    assert normalise(original) == by_every_rule(original)
    assert normalise_line(original, longest=1_000) == " ".join(by_every_rule(original).text.split())


@pytest.mark.parametrize("printable", [True, False])
def test_no_character_anywhere_is_treated_otherwise_for_speed(printable):
    these = [each for each in map(chr, range(sys.maxunicode + 1)) if each.isprintable() is printable]

    for start in range(0, len(these), LONGEST // 2):
        block = " ".join(these[start : start + LONGEST // 2])
        assert normalise(block) == by_every_rule(block)
