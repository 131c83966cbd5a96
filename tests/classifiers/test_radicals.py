"""An insult is the same insult in every mutation; an ordinary word is left as it is."""

from __future__ import annotations

import pytest

from classifiers.radicals import radical_of, shown
from classifiers.text import prepared


@pytest.mark.parametrize("form", ["twpsyn", "dwpsyn", "thwpsyn", "nhwpsyn", "DWPSYN", "d.w.p.s.y.n"])
def test_every_mutation_is_shown_as_the_word_itself(form: str) -> None:
    assert shown(f"Ti yw'r {form} mwyaf").split()[-2] == "twpsyn"


@pytest.mark.parametrize(
    "text",
    ["Sut wyt ti a chi?", "Cot goch ar goll", "Moron a thatws", "Y gast ddefaid", "Ras gychod", "A chwithau hefyd"],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert shown(text) == prepared(text)


def test_no_word_is_turned_into_another_listed_one_and_back() -> None:
    radicals = radical_of()
    assert not set(radicals) & set(radicals.values())
