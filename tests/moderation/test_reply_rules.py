"""No reply leaves in the wrong language, half-written, or with somebody's details in it, unless an officer says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.reply_rules import Code, TooNarrow, check, split
from vocabulary import Language, Reason, ReplyLanguage

WELSH = "Diolch am gysylltu. Bydd y criw yn dod yfory."
ENGLISH = "Thank you for getting in touch. The crew will come tomorrow."
IRISH = "Go raibh maith agat."

SPOKEN = {WELSH: Language.CY, ENGLISH: Language.EN, IRISH: Language.OTHER, f"{WELSH} {ENGLISH}": Language.MIXED}
CY, EN, BOTH = ReplyLanguage.CY, ReplyLanguage.EN, ReplyLanguage.BOTH


def language_of(text: str) -> Language:
    return SPOKEN.get(text, Language.UND)


def personal_data(text: str) -> list[Reason]:
    return [Reason("an e-mail address")] if "@" in text else []


def codes(text_cy: str, text_en: str, owed: ReplyLanguage) -> list[Code]:
    found = check(text_cy, text_en, owed, language_of=language_of, personal_data=personal_data)
    return [objection.code for objection in found]


# Welsh box, English box, owed; what stands in the way.
GUARD = [
    (WELSH, "", CY, []),
    (WELSH, ENGLISH, CY, []),
    ("", ENGLISH, CY, [Code.WELSH_MISSING]),
    (ENGLISH, "", CY, [Code.NOT_WELSH]),
    (IRISH, "", CY, [Code.NOT_WELSH]),
    ("Diolch!", "", CY, []),
    (f"{WELSH} {ENGLISH}", "", CY, []),
    ("", ENGLISH, EN, []),
    (WELSH, ENGLISH, EN, []),
    (WELSH, "", EN, [Code.ENGLISH_MISSING]),
    ("", WELSH, EN, [Code.NOT_ENGLISH]),
    (WELSH, ENGLISH, BOTH, []),
    (WELSH, "", BOTH, [Code.ENGLISH_MISSING]),
    ("", ENGLISH, BOTH, [Code.WELSH_MISSING]),
    (ENGLISH, WELSH, BOTH, [Code.NOT_WELSH, Code.NOT_ENGLISH]),
    (ENGLISH, ENGLISH, BOTH, [Code.NOT_WELSH]),
    ("", "", CY, [Code.EMPTY]),
    (" \n", "\t", BOTH, [Code.EMPTY]),
    ("Helo {enw}", "Hello {name}", BOTH, [Code.PLACEHOLDER, Code.PLACEHOLDER]),
    ("Helo {name}", "Hello {name}", BOTH, [Code.PLACEHOLDER]),
    ("Rhif [[cyfeirnod]]", "", CY, [Code.PLACEHOLDER]),
    ("Ebostiwch mair@example.org", "E-mail mair@example.org", BOTH, [Code.PERSONAL_DATA]),
    ("", "Write to {name} at mair@example.org", CY, [Code.WELSH_MISSING, Code.PLACEHOLDER, Code.PERSONAL_DATA]),
]


@pytest.mark.parametrize(("text_cy", "text_en", "owed", "objections"), GUARD)
def test_the_guard(text_cy: str, text_en: str, owed: ReplyLanguage, objections: list[Code]) -> None:
    assert codes(text_cy, text_en, owed) == objections


def test_an_officer_may_override_all_but_a_slip() -> None:
    seen = {}
    for text_cy, text_en, owed, _ in GUARD:
        for objection in check(text_cy, text_en, owed, language_of=language_of, personal_data=personal_data):
            seen[objection.code] = objection.overridable
    assert seen == {code: code not in {Code.EMPTY, Code.PLACEHOLDER} for code in Code}


def in_x_count(text: str) -> int:
    """X counts an emoji as two."""
    return sum(2 if ord(letter) > 0x1F000 else 1 for letter in text)


def test_a_reply_that_fits_is_one_part_without_a_mark() -> None:
    assert split(f" {WELSH}\n", 280) == (WELSH,)
    assert split("  ", 280) == ()


def test_a_longer_one_is_cut_between_words_and_numbered() -> None:
    assert split("one two three four five", 15) == ("one two (1/3)", "three (2/3)", "four five (3/3)")


def test_a_word_longer_than_a_part_is_cut_and_never_inside_a_letter() -> None:
    parts = split("w\u0302" * 20, 14)
    assert all(not part.startswith("\u0302") for part in parts)
    assert "".join(part.rsplit(" (", 1)[0] for part in parts) == "w\u0302" * 20


def test_where_no_text_fits_beside_its_mark_we_say_so() -> None:
    with pytest.raises(TooNarrow):
        split("a b c d e f g h", 6)


@given(st.text(st.characters(codec="utf-8"), max_size=400), st.integers(24, 120), st.sampled_from([len, in_x_count]))
def test_parts_fit_keep_their_order_and_lose_nothing(text, longest, length_of) -> None:
    try:
        parts = split(text, longest, length_of)
    except TooNarrow:
        return
    assert all(length_of(part) <= longest for part in parts)
    words = parts if len(parts) < 2 else [part.rsplit(" (", 1)[0] for part in parts]
    assert "".join("".join(words).split()) == "".join(text.split())
    if len(parts) > 1:
        assert [part.rsplit(" (", 1)[1] for part in parts] == [f"{n}/{len(parts)})" for n in range(1, len(parts) + 1)]
