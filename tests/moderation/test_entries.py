"""What is typed by hand is refused beside its field or becomes one comment; a name alone is nobody in particular."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from moderation import entries
from moderation.entries import Box, Entry
from tests.factories import MONDAY, NOON
from vocabulary import Author, Origin, Platform

AN_ENTRY = Entry(text="Pryd mae'r biniau?", posted_at=MONDAY, form="f1")


def boxes(platform: Platform | None = Platform.SNAPCHAT, **typed: Any) -> list[Box]:
    return [each.box for each in entries.check(replace(AN_ENTRY, **typed), platform, now=NOON)]


WRONG: list[tuple[dict[str, Any], list[Box]]] = [
    ({},                                                       []),
    ({"text": ""},                                             [Box.TEXT]),
    ({"text": " \n\t"},                                        [Box.TEXT]),
    ({"posted_at": NOON},                                      []),
    ({"posted_at": NOON + timedelta(seconds=1)},               [Box.POSTED_AT]),
    ({"author_name": "Mair Enghraifft"},                       []),
    ({"author_name": "x" * 201},                               [Box.AUTHOR_NAME]),
    ({"author_name": "Mair\nEnghraifft"},                      [Box.AUTHOR_NAME]),
    ({"author_id": "@mair.e"},                                 []),
    ({"author_id": "x" * 201},                                 [Box.AUTHOR_ID]),
    ({"author_id": "mair\x00"},                                [Box.AUTHOR_ID]),
    ({"url": "https://story.example/p/1?a=b"},                 []),
    ({"url": " https://story.example/ "},                      []),
    ({"url": "http://story.example/"},                         [Box.URL]),
    ({"url": "javascript:alert(1)"},                           [Box.URL]),
    ({"url": "story.example"},                                 [Box.URL]),
    ({"url": "https://"},                                      [Box.URL]),
    ({"url": "https://mair:word@story.example/"},              [Box.URL]),
    ({"url": "https://story.example/a b"},                     [Box.URL]),
    ({"url": "https://[story.example/"},                       [Box.URL]),
    ({"url": "https://story.example/" + "a" * 2_000},          [Box.URL]),
    ({"text": "", "url": "x", "author_name": "a\nb"},          [Box.TEXT, Box.AUTHOR_NAME, Box.URL]),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "about"), WRONG, ids=range(len(WRONG)))
def test_each_fault_is_told_at_its_field_and_all_at_once(typed: dict[str, Any], about: list[Box]) -> None:
    assert boxes(**typed) == about


@pytest.mark.parametrize(("platform", "about"), [(Platform.OTHER, [Box.AUTHOR_ID]), (Platform.X, []), (None, [])])
def test_where_people_have_no_user_names_none_is_taken(platform: Platform | None, about: list[Box]) -> None:
    assert boxes(platform, author_id="07700 900123") == about


def test_an_entry_is_a_comment_that_says_where_it_came_from() -> None:
    comment = entries.as_comment(replace(AN_ENTRY, url=" https://story.example/ "), "cyngor-snap")

    assert (comment.account, comment.text, comment.posted_at) == ("cyngor-snap", "Pryd mae'r biniau?", MONDAY)
    assert (comment.origin, comment.url, comment.author) == (Origin.MANUAL, "https://story.example/", None)
    assert comment.thread == "", "nobody knows what it stood under, so it is joined to nothing"


AUTHORS = [
    ({"author_id": "@mair.e"},                                   Author("mair.e", "mair.e")),
    ({"author_id": "mair.e", "author_name": " Mair Enghraifft "}, Author("mair.e", "Mair Enghraifft")),
    ({"author_id": " @ ", "author_name": ""},                     None),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "author"), AUTHORS, ids=range(len(AUTHORS)))
def test_a_user_name_is_the_author(typed: dict[str, Any], author: Author | None) -> None:
    assert entries.as_comment(replace(AN_ENTRY, **typed), "cyngor-snap").author == author


def test_two_people_of_one_name_are_two_people() -> None:
    one, other = (
        entries.as_comment(replace(AN_ENTRY, author_name="John Jones", form=form), "cyngor-snap")
        for form in ("f1", "f2")
    )

    assert one.author is not None
    assert other.author is not None
    assert one.author.name == other.author.name
    assert one.author.native_id != other.author.native_id


CHANGES: list[dict[str, Any]] = [
    {"text": "Ble mae'r biniau?"},
    {"posted_at": NOON},
    {"author_name": "M"},
    {"url": "https://a.example"},
    {"form": "f2"},
]


@pytest.mark.parametrize("typed", CHANGES, ids=[next(iter(each)) for each in CHANGES])
def test_the_same_form_is_the_same_comment_until_it_says_something_else(typed: dict[str, Any]) -> None:
    first = entries.as_comment(AN_ENTRY, "cyngor-snap").native_id

    assert entries.as_comment(replace(AN_ENTRY), "cyngor-snap").native_id == first
    assert entries.as_comment(replace(AN_ENTRY, **typed), "cyngor-snap").native_id != first
    assert entries.as_comment(AN_ENTRY, "cyngor-fb").native_id != first


def test_half_a_letter_is_kept_as_it_came() -> None:
    comment = entries.as_comment(replace(AN_ENTRY, text="x\ud800"), "cyngor-snap")

    assert comment.text == "x\ud800"
    assert b"\\ud800" in comment.raw
