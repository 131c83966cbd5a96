"""A reply is owed in the writer's language: Welsh is found in all its clothes, and names do not make English Welsh."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.language import LanguageOf, open_language
from tests.classifiers.factories import a_reading

CASES = [
    # language, review, text
    ("cy", False, "Pryd fydd y biniau'n cael eu casglu yn ein stryd ni?"),
    ("cy", False, "Da ni wedi bod yn aros 3 mis am ateb"),
    ("cy", False, "Sai'n gwbod pwy i ffonio am y twll yn yr hewl"),
    ("cy", False, "Dwi isio gwbod pryd ma'r pwll yn agor"),
    ("cy", False, "maer golau stryd wedi torri ers wythnos"),
    ("cy", False, "LLE MAE'R BINIAU"),
    ("cy", False, "Diolch"),
    ("cy", False, "Pam?"),
    ("cy", False, "dim biniau"),
    ("cy", False, "Llongyfarchiadau Sioned"),
    ("cy", False, "Roedd y gwasanaeth yn Abertawe yn wych"),
    ("mixed", False, "Hi, oes rhywun yn gwybod when the tip opens fory?"),
    ("mixed", False, "Bin day is Monday, mae'r biniau du bob pythefnos"),
    ("mixed", False, "Diolch am yr ateb but the bin is still there"),
    ("en", False, "When will the bins be collected?"),
    ("en", False, "The lights on Heol Fawr by Ysgol Glan Morfa are out"),
    ("en", False, "I live in Llanfihangel and the bus to Machynlleth never came"),
    ("en", False, "Thank you from Mair and Dafydd"),
    ("en", False, "Plaid Cymru and Labour both voted for it"),
    ("en", False, "Bore da, can anyone tell me when the tip opens?"),
    ("en", False, "Thanks for sorting the bins so quickly, diolch yn fawr!"),
    ("en", True, "Brilliant work, da iawn pawb"),
    ("other", False, "Czy ktoś wie kiedy otwierają"),
    ("other", False, "Bonjour, où est la gare s'il vous plaît"),
    ("other", False, "Go raibh maith agat a chara"),
    ("und", False, "lol"),
    ("und", False, "haha xx"),
    ("und", False, "Pontypridd"),
    ("und", False, "Gwenllian Ffion"),
    ("und", False, "@huw 👏👏👏"),
    ("und", False, "07700 900123"),
    ("und", False, "https://www.example.cymru/biniau"),
    ("und", False, "???"),
    ("und", False, ""),
]


@pytest.fixture(scope="module")
def language() -> LanguageOf:
    return open_language()


@pytest.mark.parametrize(("said", "review", "text"), CASES)
def test_each_text_is_given_its_language(language: LanguageOf, said: str, review: bool, text: str) -> None:
    finding = language.finding(text)
    assert (finding.says, finding.unsure) == (said, review)


def test_every_answer_has_a_reason_without_the_words_of_the_comment(language: LanguageOf) -> None:
    for _, _, text in CASES:
        finding = language.finding(text)
        assert finding.why
        assert 0 <= finding.score <= 1
        assert all(set(reason.values) <= {"welsh", "english", "other", "all"} for reason in finding.why)


@pytest.mark.parametrize("text", ["Lle mae'r bin glas?", "Ble ma’r bws", "Pryd mae’r cyfarfod nesaf"])
def test_accents_apostrophes_and_case_do_not_change_the_language(language: LanguageOf, text: str) -> None:
    forms = [text, text.lower(), text.upper(), text.replace("'", "’"), text.replace("’", "").replace("'", "")]
    assert {language.finding(form).says for form in forms} == {"cy"}


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    (answer,) = open_once().read([a_reading(text)])
    assert answer[0].says in {"cy", "en", "mixed", "other", "und"}


def open_once(held: list[LanguageOf] = []) -> LanguageOf:  # noqa: B006 - one model for every example
    if not held:
        held.append(open_language())
    return held[0]
