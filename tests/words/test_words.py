"""Whoever chooses Welsh reads Welsh: every message, every name, every number and date."""

from __future__ import annotations

import inspect
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest

import vocabulary
from vocabulary import Label, Language, Note, Reason, ReplyLanguage, State
from words import CATALOGUE, LANGUAGES, Words, extract, is_screen, say
from words.names import NAMES

NOUNS = [
    member
    for _name, kind in inspect.getmembers(vocabulary, inspect.isclass)
    if issubclass(kind, StrEnum) and kind is not StrEnum
    for member in kind
]


def test_the_catalogue_holds_every_message_in_welsh() -> None:
    catalogue, written = extract.brought_up_to_date()
    assert list(extract.faults(catalogue)) == []
    assert written == CATALOGUE.read_bytes(), "run `python -m words.extract`"


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: f"{type(noun).__name__}.{noun.name}")
def test_every_value_of_the_vocabulary_has_a_name_in_both_languages(noun: StrEnum) -> None:
    assert NAMES[type(noun)][noun]
    for language in LANGUAGES:
        assert Words(language).name(noun).strip()


def test_welsh_is_a_language_and_not_among_the_labels() -> None:
    assert "Welsh" not in {Words("en").name(label) for label in Label}
    assert Words("cy").name(Language.CY) == Words("cy").name(ReplyLanguage.CY) == "Cymraeg"


# One row for each of the six forms, and the numbers that try their edges.
DAYS = [
    (0, "Dim diwrnodau gwaith ar ôl"),
    (1, "1 diwrnod gwaith ar ôl"),
    (2, "2 ddiwrnod gwaith ar ôl"),
    (3, "3 diwrnod gwaith ar ôl"),
    (4, "4 o ddiwrnodau gwaith ar ôl"),
    (5, "5 o ddiwrnodau gwaith ar ôl"),
    (6, "6 diwrnod gwaith ar ôl"),
    (7, "7 o ddiwrnodau gwaith ar ôl"),
    (12, "12 o ddiwrnodau gwaith ar ôl"),
]


@pytest.mark.parametrize(("number", "welsh"), DAYS)
def test_welsh_counts_in_six_forms(number: int, welsh: str) -> None:
    assert Words("cy").ngettext("{n} working day left", "{n} working days left", number) == welsh


def test_english_counts_in_two() -> None:
    words = Words("en")
    assert words.ngettext("{n} working day left", "{n} working days left", 1) == "1 working day left"
    assert words.ngettext("{n} working day left", "{n} working days left", 0) == "0 working days left"


def test_a_date_is_written_as_people_write_it() -> None:
    day = date(2026, 11, 20)
    assert (Words("cy").day(day), Words("en").day(day)) == ("20 Tachwedd 2026", "20 November 2026")
    assert (Words("cy").weekday(day), Words("en").weekday(day)) == ("Dydd Gwener", "Friday")
    assert Words("cy").long_day(day) == "Dydd Gwener 20 Tachwedd 2026"


def test_a_moment_is_told_by_the_clock_in_wales() -> None:
    late_in_july = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert Words("en").moment(late_in_july) == "2 July 2026, 00:30"
    assert Words("cy").moment(late_in_july) == "2 Gorffennaf 2026, 00:30"
    assert Words("en").day(late_in_july) == "2 July 2026"


def test_a_reason_is_said_in_either_language() -> None:
    reason = Reason("Welsh words: {welsh} of {all}", {"welsh": 3, "all": 4})
    assert say(reason, "en") == str(reason) == "Welsh words: 3 of 4"
    assert say(reason, "cy") == "Geiriau Cymraeg: 3 o 4"


def test_a_reason_takes_the_welsh_side_of_a_value_that_has_one() -> None:
    reason = Reason("bank holiday: {title}", {"title": "Boxing Day", "title_cy": "Gŵyl San Steffan"})
    assert say(reason, "en") == "bank holiday: Boxing Day"
    assert say(reason, "cy") == "gŵyl banc: Gŵyl San Steffan"


def test_a_noun_among_the_values_is_named() -> None:
    assert Words("cy").gettext("Reply in: {language}", language=ReplyLanguage.BOTH) == "Iaith yr ymateb: y ddwy iaith"


def test_a_message_that_nobody_translated_is_still_said() -> None:
    assert Words("cy").gettext("never seen before: {n}", n=1) == "never seen before: 1"


@pytest.mark.parametrize(("language", "ours"), [("cy", True), ("en", True), ("de", False), ("", False), ("CY", False)])
def test_there_are_two_languages_of_the_screen(language: str, ours: bool) -> None:
    assert is_screen(language) is ours


def test_the_states_of_a_case_and_what_happens_to_it_do_not_share_a_word() -> None:
    words = Words("cy")
    assert words.name(State.ESCALATED) != words.name(Note.TOLD)
