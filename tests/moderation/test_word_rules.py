"""A rule in the radical form finds every form that Welsh gives it, and no other word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.word_rules import EVERYDAY, WordRules, Words, tokens_of
from vocabulary import Language
from words.mutations import forms_of

# Radical, then the forms after *ei* (his: soft), *fy* (nasal), *ei* (hers: aspirate or h-).
MUTATIONS = [
    ("palmant", {"balmant", "mhalmant", "phalmant"}),
    ("twll", {"dwll", "nhwll", "thwll"}),
    ("casgliad", {"gasgliad", "nghasgliad", "chasgliad"}),
    ("bin", {"fin", "min"}),
    ("dŵr", {"ddŵr", "nŵr"}),
    ("gwastraff", {"wastraff", "ngwastraff"}),
    ("goleuadau", {"oleuadau", "ngoleuadau"}),
    ("maes", {"faes"}),
    ("llyfrgell", {"lyfrgell"}),
    ("rhent", {"rent"}),
    ("ysgol", {"hysgol"}),
    ("ailgylchu", {"hailgylchu"}),
    ("heol", set()),
    ("ffordd", set()),
    ("chwarae", set()),
    ("sbwriel", set()),
    ("lôn", set()),
]


@pytest.mark.parametrize(("radical", "forms"), MUTATIONS)
def test_the_forms_of_a_word_are_those_of_the_grammar(radical: str, forms: set[str]) -> None:
    (word,) = tokens_of(radical)
    assert set(forms_of(word)) == {word} | {tokens_of(form)[0] for form in forms}


RULES = WordRules(
    {
        "bins": Words(cy=("bin", "biniau", "ailgylchu", "gwastraff gardd"), en=("bin", "bins", "fly-tipping", "tip")),
        "housing": Words(cy=("tŷ", "tai cyngor"), en=("council house",)),
        "dogs": Words(cy=("ci", "baw ci"), en=("dog",)),
    }
)

FOUND = [
    ("Mae fy min i heb ei gasglu", Language.CY, {"bins": ("bin",)}),
    ("Gwagiwch y finiau!", Language.CY, {"bins": ("biniau",)}),
    ("BINIAU ac AILGYLCHU", Language.CY, {"bins": ("biniau", "ailgylchu")}),
    ("ei hailgylchu hi", Language.CY, {"bins": ("ailgylchu",)}),
    ("o'r bin, i’r bin", Language.CY, {"bins": ("bin",)}),
    ("casglu wastraff gardd", Language.CY, {"bins": ("gwastraff gardd",)}),
    ("fy ngwastraff ardd", Language.CY, {"bins": ("gwastraff gardd",)}),
    ("y dŷ hwn", Language.CY, {}),
    ("mae’r tŷ yn oer", Language.CY, {"housing": ("tŷ",)}),
    ("MAE'R TY YN OER", Language.CY, {"housing": ("tŷ",)}),
    ("dyma dy fag di", Language.CY, {}),
    ("mae dai cyngor yma", Language.CY, {"housing": ("tai cyngor",)}),
    ("diolch i chi", Language.CY, {}),
    ("faw ci ar y llwybr", Language.CY, {"dogs": ("baw ci", "ci")}),
    ("baw. Ci bach", Language.CY, {"dogs": ("ci",)}),
    ("the bus is 5 min late", Language.EN, {}),
    ("fly tipping on the lane", Language.EN, {"bins": ("fly-tipping",)}),
    ("cabin, binding and dustbin", Language.EN, {}),
    ("my bin's full", Language.EN, {"bins": ("bin",)}),
    ("#bins @bin_men", Language.EN, {"bins": ("bins", "bin")}),
    ("b\u200bin and 𝐛𝐢𝐧𝐬", Language.EN, {"bins": ("bin", "bins")}),
    ("Council House", Language.EN, {"housing": ("council house",)}),
    ("", Language.UND, {}),
]


@pytest.mark.parametrize(("text", "language", "found"), FOUND)
def test_words_are_found_whole_and_in_any_form(
    text: str, language: Language, found: dict[str, tuple[str, ...]]
) -> None:
    seen = {key: tuple(sorted(words)) for key, words in RULES.found(text, language).items()}
    assert seen == {key: tuple(sorted(words)) for key, words in found.items()}


def test_being_about_to_do_something_is_no_bin() -> None:
    assert RULES.found("Mae'r wal ar fin cwympo", Language.CY) == {}
    assert RULES.found("Mae caead y fin wedi torri", Language.CY) == {"bins": ("bin",)}


def test_an_everyday_word_is_never_taken_for_a_mutated_one() -> None:
    welsh = WordRules({"all": Words(cy=("ci", "tŷ", "tân", "bae", "ban", "gardd"))})
    assert welsh.found(" ".join(sorted(EVERYDAY)), Language.CY) == {}


@given(st.sampled_from([radical for radical, _ in MUTATIONS]), st.text(alphabet=" .,!?'’-\n", min_size=1), st.data())
def test_any_form_is_found_between_any_punctuation(radical, between, data) -> None:
    (word,) = tokens_of(radical)
    form = data.draw(st.sampled_from(sorted(set(forms_of(word)) - EVERYDAY)))
    rules = WordRules({"it": Words(cy=(radical,))})
    assert rules.found(f"x{between}{form.upper()}{between}x", Language.CY) == {"it": (radical,)}


@given(st.text())
def test_no_text_is_too_strange_to_search(text) -> None:
    RULES.found(text, Language.UND)
