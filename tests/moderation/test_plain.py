"""A sentence that is too long is named, in either language, and no abbreviation or address is taken for its end."""

from __future__ import annotations

import pytest

from moderation import plain

LONG = " ".join(["gair"] * 26) + "."
FITS = " ".join(["word"] * 25) + "."

# The text; its words, its sentences, the words of the longest.
TEXTS = [
    ("", 0, 0, 0),
    ("…!?", 0, 0, 0),
    ("Diolch!", 1, 1, 1),
    ("Diolch am gysylltu. Bydd y criw yn dod yfory.", 9, 2, 6),
    ("Thank you! The crew will come at 7.30 tomorrow.", 9, 2, 7),
    ("Mae'r biniau wedi'u gwagio", 4, 1, 4),
    ("Ewch i council.example/cy/gwastraff. Diolch.", 4, 2, 3),
    ("Write to waste@council.example. Thank you.", 5, 2, 3),
    ("Bydd ar gau, h.y. heb fynediad, tan ddydd Llun.", 9, 1, 9),
    ("Dr. Bowen will call, e.g. on Monday.", 7, 1, 7),
    ("One line\nAnother line", 4, 2, 2),
    ('He said "Thank you." Then he left.', 7, 2, 4),
]


@pytest.mark.parametrize(("text", "words", "sentences", "longest"), TEXTS)
def test_words_and_sentences_are_counted_as_people_read_them(
    text: str, words: int, sentences: int, longest: int
) -> None:
    found = plain.read(text)
    assert (found.words, found.sentences, found.longest) == (words, sentences, longest)
    assert found.long_ones == ()


def test_only_a_sentence_past_the_limit_is_long() -> None:
    assert plain.read(f"Diolch. {FITS} {LONG}").long_ones == ((LONG, 26),)
