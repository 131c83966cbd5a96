"""Vexatious is conduct over time, counted; asking again because nobody answered is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from classifiers.likeness import Likeness, by_encoder
from classifiers.vexatious import Vexatious, open_vexatious
from tests.classifiers.factories import NOON, a_history, a_reading, scales
from vocabulary import Author, Comment, Earlier, Label, Reading

WORTH_A_LOOK = 0.6

Row = tuple[float, str, str, bool]


def weeks(texts: list[str], thread: str = "parc", *, replied: bool) -> list[Row]:
    """One text a week, all but the first after a reply of ours if `replied`."""
    last = len(texts) - 1
    return [(7.0 * (last - at), thread, text, replied and at > 0) for at, text in enumerate(texts)]


PLACES = "Heol Las|Allt Goch|Pont Helyg|Stryd Newydd|Lôn Isaf|Maes Elin|Bryn Awel|Tre Garreg|Cae Mawr|Cwm Nant".split(
    "|"
)

VEXATIOUS: dict[str, list[Row]] = {
    "the same question after every reply": weeks(["Why was the bench refused?"] * 6, replied=True),
    "each answer brings another objection": weeks(
        ["The zip wire is too noisy", "Fine, then it is the parking", "So what about the drainage", "and the bats",
         "the fence is the wrong green", "the letter had a typo so it is void", "it is about privacy now"],
        replied=True,
    ),
    "thanks, and the same question all the same": weeks(
        ["Why was the bench refused?", "Kind thanks, I should still like to know why it was refused",
         "Thank you for the reply. Why was it refused?", "So grateful. The bench, and the reason for it",
         "Many thanks as ever, and the reason?", "Thanks, but you know my question by now", "Thank you. Why?"],
        replied=True,
    ),
    "twenty in a day after a reply": [
        (0.5 - at / 60, "ffordd", f"still {word} there", at > 0) for at, word in enumerate("abcdefghijklmnopqrst")
    ],
    "one officer, everywhere": [
        (14 - 2 * at, thread, f"and what does Colm Vassey say about the {thread}", at > 0)
        for at, thread in enumerate(["noise", "beach", "show", "pool", "library", "school"])
    ],
}  # fmt: skip

NOT_VEXATIOUS: dict[str, list[Row]] = {
    "resending what nobody answered": weeks(["Blue badge renewal sent 1 September, any news?"] * 6, replied=False),
    "ten different potholes": weeks(
        [f"Another pothole, this one by the bend on {place}" for place in PLACES], replied=True
    ),
    "thanks, often": [
        (20 - 2 * at, f"p{at}", f"Lovely {what}, diolch", True)
        for at, what in enumerate("flowers books sheep beach lights tea".split())
    ],
    "a tirade in one evening": [
        (0.1 - at / 100, "traeth", text, False)
        for at, text in enumerate(
            ["Dwi'n gandryll, toiledau ar glo", "Cywilydd arnoch chi", "A'r bin yn gorlifo", "Sgandal"]
        )
    ],
    "asking after one's own officer": weeks(
        ["I was told Colm Vassey has my grant, can he ring?", "Thanks, Colm rang",
         "Could you ask Colm Vassey for the drawings?", "Drawings came, please thank Colm"],
        replied=True,
    ),
    "a first comment": [(0, "parc", "Why was the bench refused?", False)],
}  # fmt: skip


@pytest.fixture(scope="module")
def vexatious() -> Vexatious:
    return open_vexatious(Likeness(by_encoder(scales().encoder)))


@pytest.mark.parametrize("rows", VEXATIOUS.values(), ids=VEXATIOUS.keys())
def test_a_pattern_of_conduct_is_shown_with_its_counts(vexatious: Vexatious, rows: list[Row]) -> None:
    found, _ = vexatious.findings(a_history(*rows))
    assert found.score >= WORTH_A_LOOK
    assert all("count" in reason.values for reason in found.why)


@pytest.mark.parametrize("rows", NOT_VEXATIOUS.values(), ids=NOT_VEXATIOUS.keys())
def test_what_only_looks_like_it_is_left_alone(vexatious: Vexatious, rows: list[Row]) -> None:
    found, _ = vexatious.findings(a_history(*rows))
    assert found.score < WORTH_A_LOOK


def test_tone_moves_nothing(vexatious: Vexatious) -> None:
    polite = ["Please tell me about the bench if I may", "Please tell me again about the bench if I may"]
    rude = ["Tell me about the bloody bench you clowns", "Tell me again about the bloody bench you clowns"]
    kind, unkind = (vexatious.findings(a_history(*weeks(texts, replied=True)))[0] for texts in (polite, rude))
    assert kind.score == unkind.score


def test_a_repeat_is_noticed_whoever_answered(vexatious: Vexatious) -> None:
    rows = weeks(["When is the pool opening again?", "When is the pool opening again??"], replied=False)
    _, repeated = vexatious.findings(a_history(*rows))
    assert repeated.about is Label.REPEATED
    assert repeated.score >= 0.5
    assert repeated.why[0].values == {"count": 1}


def test_both_questions_are_answered_without_a_history(vexatious: Vexatious) -> None:
    assert [(each.about, each.score) for each in vexatious.findings(a_reading("Helo"))] == [
        (Label.VEXATIOUS, 0.0),
        (Label.REPEATED, 0.0),
    ]


def test_only_the_newest_part_of_a_long_history_is_read(vexatious: Vexatious) -> None:
    def comment(at: int, text: str) -> Comment:
        return Comment(account="a", native_id=str(at), text=text, posted_at=NOON - timedelta(days=at), thread="t")

    old = tuple(Earlier(comment(at, "the very same words again"), replied_before=True) for at in range(300, 1_300))
    new = tuple(Earlier(comment(at, f"matter number {at}"), replied_before=False) for at in range(1, 201))
    found, repeated = vexatious.findings(Reading(comment(0, "the very same words again"), new + old))
    assert found.score == repeated.score == 0.0


def others(*texts: str, days: float = 1) -> tuple[Comment, ...]:
    """The same or other words by as many other people, so many days before NOON."""
    return tuple(
        Comment(
            account="a", native_id=f"o{at}", text=text, posted_at=NOON - timedelta(days=days), author=Author(f"o{at}")
        )
        for at, text in enumerate(texts)
    )


BUS = "Save the number 12 bus to Llanfair, do not cut it"


def test_the_same_words_from_several_people_within_days_are_a_wave(vexatious: Vexatious) -> None:
    mine = Comment(account="a", native_id="1", text=BUS, posted_at=NOON, author=Author("a1"))
    found, repeated = vexatious.findings(Reading(mine, around=others(BUS, BUS.lower(), BUS + "!!")))
    assert found.score == 0.0
    assert repeated.score >= 0.5
    assert repeated.why[0].values == {"count": 3, "days": 7}
    for quiet in (others(BUS), others(BUS, BUS, BUS, days=9), others("Lovely", "Diolch", "When is the next bus?")):
        assert vexatious.findings(Reading(mine, around=quiet))[1].score == 0.0


def test_a_wave_counts_people_and_not_comments(vexatious: Vexatious) -> None:
    mine = Comment(account="a", native_id="1", text=BUS, posted_at=NOON, author=Author("a1"))
    one = tuple(replace(each, author=Author("o1")) for each in others(BUS, BUS, BUS))
    assert vexatious.findings(Reading(mine, around=one))[1].score == 0.0
    self = tuple(replace(each, author=Author("a1")) for each in others(BUS, BUS, BUS))
    assert vexatious.findings(Reading(mine, around=self))[1].score == 0.0


def test_every_indicator_names_its_source(vexatious: Vexatious) -> None:
    for rows in VEXATIOUS.values():
        for reason in vexatious.findings(a_history(*rows))[0].why:
            assert "section 14" in reason.text or "policies on unreasonable contact" in reason.text
