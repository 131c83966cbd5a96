"""One normaliser takes off every disguise, in time that follows the length of the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.text import folded, unmasked, without_addresses, words
from words.mutations import forms_of

FOLDED = [
    ("Tŷ Gŵyl", "ty gwyl"),
    ("Ty\u0302 Gw\u0302yl", "ty gwyl"),
    ("mae\u2019r", "mae'r"),
    ("bin\u200biau", "biniau"),
    ("\ufb01re", "fire"),
    ("a\x00b\nc", "a b c"),
    ("\ud800x", "x"),
]
UNMASKED = [
    ("t w p s y n", "twpsyn"),
    ("t.w.p.s.y.n wyt ti", "twpsyn wyt ti"),
    ("tw4t", "twat"),
    ("m0r0n", "moron"),
    ("fuuuuck", "fuck"),
    ("bus t2 at 10am", "bus t2 at 10am"),
    ("5km on the a470", "5km on the a470"),
    ("i a o y", "iaoy"),
]


@pytest.mark.parametrize(("text", "plain"), FOLDED)
def test_accents_invisible_letters_and_controls_are_folded(text: str, plain: str) -> None:
    assert folded(text) == plain


@pytest.mark.parametrize(("text", "plain"), UNMASKED)
def test_spaced_stretched_and_digit_spellings_are_put_back(text: str, plain: str) -> None:
    assert unmasked(text) == plain


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec=None), max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_addresses_have_no_language() -> None:
    bare = without_addresses("see https://example.cymru/biniau or mair@example.com and @huw")
    assert words(bare) == ["see", "or", "and"]


MUTATED = [
    ("twpsyn", {"twpsyn", "dwpsyn", "nhwpsyn", "thwpsyn"}),
    ("cont", {"cont", "gont", "nghont", "chont"}),
    ("bastad", {"bastad", "fastad", "mastad"}),
    ("gast", {"gast", "ast", "ngast"}),
    ("llipryn", {"llipryn", "lipryn"}),
    ("ffwl", {"ffwl"}),
    ("idiot", {"idiot", "hidiot"}),
]


@pytest.mark.parametrize(("word", "forms"), MUTATED)
def test_a_word_is_met_in_every_mutation(word: str, forms: set[str]) -> None:
    assert {form for form in forms_of(word) if len(form) > 1} == forms
