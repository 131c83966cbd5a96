"""A pack explains itself in Welsh and in English, and says whose figure each is."""

from __future__ import annotations

import pytest

from moderation.policy import load, names
from moderation.policy_words import explain
from tests.moderation.given import AREAS, CARMARTHENSHIRE, POWYS
from vocabulary import Label


@pytest.mark.parametrize("name", names())
def test_both_languages_say_as_much(name: str) -> None:
    pack = load(name)
    welsh, english = explain(pack, "cy", AREAS), explain(pack, "en", AREAS)
    assert len(welsh) == len(english) > len(Label)
    assert not [line for line in (*welsh, *english) if "{" in line]
    assert pack.title.cy in welsh[0]
    assert pack.title.en in english[0]


def test_a_figure_says_whose_it_is() -> None:
    assert "Working days in which to answer: 5 (the body's policy, 11.2)." in explain(POWYS, "en", AREAS)
    assert "Working days in which to answer: 5 (our figure; the policy states none)." in explain(
        CARMARTHENSHIRE, "en", AREAS
    )


def test_the_approval_of_a_removal_is_said() -> None:
    said = "\n".join(explain(CARMARTHENSHIRE, "en", AREAS))
    assert "needs the agreement of all of these: the communications team, legal services" in said
    assert "The author is told why." in said
