"""`gwylio classify` keeps order, loses nothing, and says which line it could not read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.panel import Panel, open_panel
from classifiers.stream import KEPT_PER_AUTHOR, Histories, LineError, classify_lines, row
from classifiers.summary import Rules
from vocabulary import Label, Language, ReplyLanguage, Severity

RULES = Rules(
    threshold=lambda about, language: 0.5,
    severities=dict.fromkeys(Label, Severity.LOW) | {Label.THREAT: Severity.URGENT},
    reply_in=lambda language, unsure: (
        ReplyLanguage.BOTH if unsure or language not in (Language.CY, Language.EN) else ReplyLanguage(language.value)
    ),
)
FIELDS = {
    "id",
    "language",
    "language_score",
    "language_review",
    "reply_in",
    "needs_welsh_reply",
    "offensive",
    "labels",
    "needs_response",
    "severity",
}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return open_panel()


def lines_of(*rows: object) -> list[str]:
    return [json.dumps(each) + "\n" for each in rows]


def answers(panel: Panel, *rows: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in classify_lines(lines_of(*rows), panel, RULES)]


def test_every_field_of_the_form_is_there_and_every_label_is_listed(panel: Panel) -> None:
    (answer,) = answers(panel, {"id": "1", "text": "Pryd fydd y bin yn cael ei gasglu?"})
    assert set(answer) == FIELDS
    assert [each["label"] for each in answer["labels"]] == [label.value for label in Label]
    assert all(set(each) == {"label", "score", "flagged", "why"} for each in answer["labels"])
    assert (answer["language"], answer["reply_in"], answer["needs_welsh_reply"]) == ("cy", "cy", True)
    assert answer["needs_response"] >= 0.5
    assert answer["severity"] == "none"


def test_ids_come_back_as_they_came_in_the_order_they_came(panel: Panel) -> None:
    ids = [7, "seven", None, 7.5, ["a"], *range(600)]
    assert [each["id"] for each in answers(panel, *({"id": each, "text": "Diolch"} for each in ids))] == ids


def test_the_highest_severity_of_the_flagged_labels_is_given(panel: Panel) -> None:
    (answer,) = answers(panel, {"id": 1, "text": "I know where you live, watch your back"})
    assert answer["severity"] == "urgent"
    assert answer["offensive"] >= 0.5
    assert next(each["why"] for each in answer["labels"] if each["label"] == "threat")


def test_nothing_in_is_nothing_out(panel: Panel) -> None:
    assert list(classify_lines([], panel, RULES)) == []
    assert list(classify_lines(["\n", "   \n"], panel, RULES)) == []


BAD = [
    ("{", "not JSON"),
    ("[1]", "a JSON list, not an object"),
    ('{"text": "x"}', "no id"),
    ('{"id": 1}', "no text"),
    ('{"id": 1, "text": 5}', "text that is not a string"),
    ('{"id": 1, "text": "x", "author": "a", "posted_at": "yesterday"}', "posted_at is not a date"),
    ('{"id": 1, "text": "x", "author": "a", "posted_at": "2026-03-02T09:00:00"}', "no time zone"),
]


@pytest.mark.parametrize(("line", "says"), BAD)
def test_a_bad_line_is_named_after_all_before_it_are_answered(panel: Panel, line: str, says: str) -> None:
    given_lines = [*lines_of({"id": 1, "text": "a"}), "\n", *lines_of({"id": 2, "text": "b"}), line]
    out: list[str] = []
    with pytest.raises(LineError, match=says) as error:
        out.extend(classify_lines(given_lines, panel, RULES))
    assert error.value.line == 4
    assert [json.loads(each)["id"] for each in out] == [1, 2]


def test_an_error_never_repeats_the_comment() -> None:
    with pytest.raises(LineError) as error:
        row(3, '{"id": 1, "text": "Ceridwen said", ')
    assert "Ceridwen" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["a " * 50_000, "\x00\x1f\x7f\x85\u2028\u2029\u202e\ufeff", "\ud800", "ÿ" * 100_000, "?" * 100_000, "😡" * 50_000],
    ids=["words", "controls", "surrogate", "letters", "marks", "emoji"],
)
def test_long_and_broken_text_gives_one_line_of_utf8(panel: Panel, text: str) -> None:
    (line,) = classify_lines(lines_of({"id": text[:20], "text": text}), panel, RULES)
    assert len(line.splitlines()) == 1
    line.encode("utf-8")
    assert json.loads(line)["id"] == text[:20]


def test_rows_with_an_author_are_read_as_a_history(panel: Panel) -> None:
    rows = [
        {
            "id": at,
            "text": "Why was the bench refused?",
            "author": "a1",
            "posted_at": f"2026-03-{2 + at:02}T09:00:00Z",
            "thread": "mainc",
            "replied_before": at > 0,
        }
        for at in range(6)
    ]
    flags = [
        {each["label"] for each in answer["labels"] if each["flagged"]} & {"vexatious", "repeated"}
        for answer in answers(panel, *rows)
    ]
    assert flags[0] == set()
    assert flags[1] == {"repeated"}
    assert flags[-1] == {"repeated", "vexatious"}


def test_only_so_much_of_each_author_is_remembered() -> None:
    histories = Histories(authors=2)
    busy = [row(at, json.dumps({"id": at, "text": "a", "author": "busy"})) for at in range(KEPT_PER_AUTHOR + 50)]
    reading = [histories.reading(each) for each in busy][-1]
    assert len(reading.earlier) == KEPT_PER_AUTHOR
    assert reading.earlier[0].comment.native_id == str(KEPT_PER_AUTHOR + 48)
    for author in ("second", "third"):
        histories.reading(row(1, json.dumps({"id": 1, "text": "a", "author": author})))
    assert histories.reading(row(1, json.dumps({"id": 1, "text": "a", "author": "busy"}))).earlier == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=80), max_size=8))
def test_no_text_breaks_the_stream_or_silences_a_classifier(texts: list[str]) -> None:
    found = answers(open_once(), *({"id": at, "text": text} for at, text in enumerate(texts)))
    assert [each["id"] for each in found] == list(range(len(texts)))
    assert all("silent" not in each for each in found)


def open_once(held: list[Panel] = []) -> Panel:  # noqa: B006 - one panel for every example
    if not held:
        held.append(open_panel())
    return held[0]
