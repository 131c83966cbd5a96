"""Accents, case, apostrophes and Welsh mutations never stand between a reader and what they look for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from words.folding import all_forms, holds, pieces, question, terms
from words.mutations import forms_of

WELSH = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["p", "t", "c", "b", "d", "g", "m", "ll", "rh", "gl", "gr", "gw", "s", "n", "ff", ""]),
        st.sampled_from("aeiouwy"),
        st.text("abcdefghilmnoprstuwy", max_size=6),
    ),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mae'r ŵyl i’w gweld", ["mae", "r", "wyl", "i", "w", "gweld"]),
        ("DON'T, don’t, dont", ["dont", "dont", "dont"]),
        ("O'Brien's tŷ", ["obriens", "ty"]),
        ("GW-2026-000123", ["gw", "2026", "000123"]),
        ("a_b c/d 3pm", ["a", "b", "c", "d", "3pm"]),
        ("café CAFE\u0301", ["cafe", "cafe"]),
        ("🗑️ … ", []),
    ],
)
def test_what_is_compared_of_a_text(text: str, found: list[str]) -> None:
    assert terms(text) == found


@pytest.mark.parametrize(
    ("asked", "said", "found"),
    [
        ("bin", "Ble mae fy min?", True),
        ("bin", "Dwy fin lawn", True),
        ("biniau", "y finiau", True),
        ("gasglu", "Pryd mae casglu?", True),
        ("casglu", "wedi eu gasglu", True),
        ("nghasglu", "ei chasglu", True),
        ("ardd", "Gwastraff gardd", True),
        ("gardd", "o'r ardd", True),
        ("oed", "ei hoed hi", True),
        ("lyfrgell", "y llyfrgell", True),
        ("llyfrgell", "i'r lyfrgell", True),
        ("GWYL", "yr ŵyl", True),
        ("dont", "I don’t know", True),
        ("bini", "y biniau", True),
        ("bini gwyrdd", "y biniau gwyrdd", False),
        ('"bin gwyrdd"', "y bin gwyrdd", True),
        ('"bin gwyrdd"', "gwyrdd yw'r bin", False),
        ('"bin gwyrdd"', "dau fin gwyrdd", False),
        ("bin -gwyrdd", "y bin gwyrdd", False),
        ("bin -gwyrdd", "y bin glas", True),
        ("park-and-ride", "the park and ride", True),
        ("bi", "biniau", False),
        ("ffordd", "y tordd", False),
    ],
)
def test_what_a_question_finds(asked: str, said: str, found: bool) -> None:
    assert holds(terms(said), question(asked)) is found


@pytest.mark.parametrize("asked", ["", "  ", "-bin", '""', "…", '-"bin gwyrdd"'])
def test_a_question_that_wants_nothing_asks_nothing(asked: str) -> None:
    assert not question(asked)


@given(WELSH)
def test_every_mutated_form_finds_its_radical_and_every_radical_its_forms(word: str) -> None:
    [radical] = terms(word) or ["a"]
    for form in forms_of(radical):
        assert radical in all_forms(form) or len(form) < 2
        assert form in all_forms(radical) or len(radical) < 2


@given(st.text())
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    once = " ".join(terms(text))
    assert " ".join(terms(once)) == once


@given(st.text(max_size=60), st.text(max_size=20))
def test_marking_loses_no_character(text: str, asked: str) -> None:
    assert "".join(piece for piece, _ in pieces(text, question(asked))) == text


def test_a_word_is_marked_in_the_form_in_which_it_stands() -> None:
    assert [piece for piece, marked in pieces("Fy Mîn: un fin.", question("bin")) if marked] == ["Mîn", "fin"]
