"""The word bank has every phrase twice, each in its own language, or the file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.language import open_language
from moderation import word_bank
from moderation.word_bank import WordBankError
from settings import CHECKOUT
from toml_file import Bilingual
from vocabulary import Language

LANGUAGE = open_language()
OURS = word_bank.load(CHECKOUT / "config" / word_bank.FILE)
GOOD = """\
[[topic]]
title = { cy = "Cyfarch", en = "Greeting" }
phrases = [{ cy = "Diolch", en = "Thank you" }]
"""


def test_a_body_without_the_file_has_an_empty_one(tmp_path: Path) -> None:
    assert word_bank.load(tmp_path / word_bank.FILE).topics == ()


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (', en = "Thank you"', "", ":3: topic[1].phrases[1].en: is missing"),
        ('"Diolch"', '" "', ":3: topic[1].phrases[1].cy: must not be empty"),
        ('[{ cy = "Diolch", en = "Thank you" }]', "[]", ":3: topic[1].phrases: must have at least 1"),
        ("title", "titel", ":1: topic[1].title: is missing"),
        ("[[topic]]", "[[topic]", ":1: is not TOML"),
    ],
)
def test_what_cannot_be_honoured_is_named_with_its_line(tmp_path: Path, good: str, bad: str, said: str) -> None:
    file = tmp_path / word_bank.FILE
    file.write_text(GOOD.replace(good, bad), encoding="utf-8")
    with pytest.raises(WordBankError) as caught:
        word_bank.load(file)
    assert str(caught.value).startswith(f"word_bank.toml{said}")


@pytest.mark.parametrize("phrase", [each for topic in OURS.topics for each in topic.phrases], ids=lambda each: each.en)
def test_no_phrase_of_ours_stands_on_the_wrong_side(phrase: Bilingual) -> None:
    assert LANGUAGE.finding(phrase.cy).says not in {Language.EN, Language.OTHER}
    assert LANGUAGE.finding(phrase.en).says not in {Language.CY, Language.OTHER}
