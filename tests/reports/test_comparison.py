"""Models are compared on what they would have flagged, with the differences to read and nobody's telephone in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from classifiers.panel import Panel
from classifiers.personal_data import MASK, Ours
from moderation import policy
from reports.comparison import Compared, compared, told
from tests.factories import a_comment
from vocabulary import Finding, Label, Reading


@dataclass(frozen=True, slots=True)
class ByWord:
    """Flags what holds its word."""

    word: str

    @property
    def name(self) -> str:
        return f"word:{self.word}/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [(self._one(reading.comment.text),) for reading in readings]

    def _one(self, text: str) -> Finding:
        return Finding(about=Label.ABUSE, score=0.9 if self.word in text else 0.1, why=(), classifier=self.name)


SAID = [a_comment(text) for text in ("you idiot", "you clown", "idiot clown, ring 07700 900123", "diolch")]


def test_each_pair_is_compared_once_for_each_label() -> None:
    ours, others = Panel([ByWord("idiot")]), [ByWord("clown"), ByWord("idiot")]
    rows = list(compared(SAID, ours, others, [Label.ABUSE], policy.load("powys")))
    assert [(row.first, row.second, row.both, row.neither, row.only_first, row.only_second) for row in rows] == [
        ("the panel", "word:clown/1", 1, 1, (0,), (1,)),
        ("the panel", "word:idiot/1", 2, 2, (), ()),
        ("word:clown/1", "word:idiot/1", 1, 1, (1,), (0,)),
    ]
    assert [row.agreement for row in rows] == pytest.approx([0, 1, 0])


def test_the_differences_are_there_to_read() -> None:
    row = Compared(Label.ABUSE, "the panel", "word:clown/1", both=0, neither=1, only_first=(0, 2), only_second=(1,))
    lines = list(told([row], SAID, Ours()))
    assert lines[0] == "abuse: the panel flags 2, word:clown/1 flags 1, both 0"
    assert "    you idiot" in lines
    assert f"    idiot clown, ring {MASK}" in lines


def test_nothing_to_compare_agrees() -> None:
    assert Compared(Label.ABUSE, "a", "b", 0, 0, (), ()).agreement == 1
