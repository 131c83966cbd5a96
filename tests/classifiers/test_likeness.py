"""The same matter in the same words, in others, or in the other language; never two streets, two years, two people."""

from __future__ import annotations

import pytest

from classifiers.likeness import Likeness, agree, by_encoder
from tests.classifiers.factories import scales

SAME = [
    ("When is the pool opening again?", "When is the pool opening again??"),
    ("Why was the memorial bench refused?", "I should still like to know why the memorial bench was refused"),
    ("When does the swimming pool open again?", "Pryd mae'r pwll nofio'n ailagor?"),
    ("The street light outside our house is broken", "Mae'r golau stryd o flaen ein tŷ wedi torri"),
]
OTHER = [
    ("There is a pothole on Heol Las by the vets", "There is a pothole on Pont Helyg by the vets"),
    ("How many potholes were filled in 2023?", "How many potholes were filled in 2024?"),
    ("When is the pool opening again?", "When is the library opening again?"),
    ("Lovely flowers in the park", "The bin lorry missed our street again"),
    ("ok", "no"),
]


@pytest.fixture(scope="module")
def likeness() -> Likeness:
    return Likeness(by_encoder(scales().encoder))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_matter_is_known(likeness: Likeness, one: str, other: str) -> None:
    assert likeness.same_matter_as(one, [other]) == [True]
    assert likeness.same_matter_as(other, [one]) == [True]


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_matter_is_told_apart(likeness: Likeness, one: str, other: str) -> None:
    assert likeness.same_matter_as(one, [other]) == [False]


def test_each_of_the_others_is_answered_in_order(likeness: Likeness) -> None:
    text = "When is the pool opening again?"
    assert likeness.same_words_as(text, [text, "Something else altogether, I think", text.upper()]) == [
        True,
        False,
        True,
    ]
    assert likeness.same_matter_as(text, []) == []


def test_names_and_figures_that_disagree_are_two_matters() -> None:
    assert agree("a bin on Heol Las", "the bin on Heol Las")
    assert agree("a bin on Heol Las", "the bin again")
    assert not agree("a bin on Heol Las", "a bin on Pont Helyg")
    assert not agree("in 2023", "in 2024")
