"""Profanity, abuse, hate and threat are four questions; swearing at a pothole is only the first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.offensive import Offensive, open_offensive
from tests.classifiers.factories import a_reading, scales
from vocabulary import Finding, Label

P, A, H, T = Label.PROFANITY, Label.ABUSE, Label.HATE, Label.THREAT

HITS = [
    ({A}, "You are a pathetic little man and everybody hates you"),
    ({P, A}, "You useless fucking idiots"),
    ({P, A}, "tw4t, you absolute c u n t"),
    ({A, T}, "I know where you live, watch your back"),
    ({A, T}, "Someone should put petrol through his letterbox"),
    ({A, T}, "Dwi'n gwybod lle ti'n byw, gwylia dy gefn"),
    ({A, H}, "Immigrants are vermin, send them all home"),
    ({A, H}, "Dylai'r ffoaduriaid fynd adre, parasitiaid ydyn nhw"),
    ({P}, "Ffwcin twll yn y ffordd eto"),
    ({P}, "this fucking pothole again ffs"),
    ({P}, "shit weather for the carnival"),
]
INNOCENT = [
    "When will the bins be collected?",
    "Pryd fydd y biniau'n cael eu casglu?",
    "Moron a thatws i swper, diolch i'r gegin gymunedol",
    "Mae gast ddu ar goll yn ardal y parc",
    "I live in Scunthorpe and work in Penistone",
    "Tŷ coch ar y chwith wrth y capel",
    "The cuts will kill the high street",
    "This junction is going to kill someone",
    "My back is killing me from lifting these boxes",
    "I could murder a cup of tea after that queue",
    "Croeso i ffoaduriaid yn ein tref",
    "As a gay man I felt very welcome at the event",
    "The mosque is holding an open day on Saturday",
    "Useless service as always, I will be complaining",
    "Mae'r gwasanaeth yn warthus, dw i wedi cael llond bol",
    "",
]


@pytest.fixture(scope="module")
def offensive() -> Offensive:
    return open_offensive(scales())


def flagged(offensive: Offensive, text: str) -> set[Label]:
    return {each.about for each in findings(offensive, text) if each.score >= 0.5 and isinstance(each.about, Label)}


def findings(offensive: Offensive, text: str) -> tuple[Finding, ...]:
    (found,) = offensive.read([a_reading(text)])
    return found


@pytest.mark.parametrize(("labels", "text"), HITS)
def test_each_is_found_for_what_it_is(offensive: Offensive, labels: set[Label], text: str) -> None:
    assert flagged(offensive, text) >= labels
    if labels == {P}:
        assert flagged(offensive, text) == {P}


@pytest.mark.parametrize("text", INNOCENT)
def test_criticism_idiom_place_names_and_false_friends_are_innocent(offensive: Offensive, text: str) -> None:
    assert flagged(offensive, text) == set()


def test_all_four_questions_are_always_answered_in_order(offensive: Offensive) -> None:
    answers = offensive.read([a_reading("Diolch"), a_reading("You idiot"), a_reading("")])
    assert [[each.about for each in row] for row in answers] == [[P, A, H, T]] * 3


def test_a_flag_names_the_words_that_carried_it(offensive: Offensive) -> None:
    abuse = findings(offensive, "You pathetic idiot, when is my bin collected")[1]
    assert "idiot" in " ".join(str(reason) for reason in abuse.why)


@pytest.mark.parametrize("form", ["twpsyn", "t w p s y n", "t.w.p.s.y.n", "tw\u200bpsyn", "TWPSYN", "twpsynnnn"])
def test_a_disguised_insult_is_read_as_the_insult(offensive: Offensive, form: str) -> None:
    plain = findings(offensive, "Ti yw'r twpsyn mwyaf yn y cyngor")[1].score
    assert findings(offensive, f"Ti yw'r {form} mwyaf yn y cyngor")[1].score == pytest.approx(plain, abs=0.35)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a\u0301\u0323" * 33_000,
        "\u0323" * 100_000,
        "f " * 50_000,
        "1a" * 50_000,
        "\ufdfa" * 5_000,
        "\x00" * 100_000,
    ],
    ids=["letters", "accents", "marks", "spaced", "leet", "ligatures", "nul"],
)
def test_long_and_hostile_text_is_read(offensive: Offensive, text: str) -> None:
    assert len(findings(offensive, text)) == 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=120), max_size=6))
def test_a_batch_says_what_its_comments_say_alone(texts: list[str]) -> None:
    offensive = open_offensive(scales())
    together = offensive.read([a_reading(text) for text in texts])
    alone = [findings(offensive, text) for text in texts]
    assert [[each.score for each in row] for row in together] == [
        [pytest.approx(each.score, abs=2e-4) for each in row] for row in alone
    ]
