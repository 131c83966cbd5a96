"""Saved replies come in pairs that say the same, and a broken file says everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.language import open_language
from moderation import saved_replies
from moderation.reply_rules import PLACEHOLDER
from moderation.saved_replies import SavedReplies, SavedRepliesError, SavedReply
from settings import CHECKOUT
from vocabulary import Language, ReplyKind

LANGUAGE = open_language()
OURS = saved_replies.load(CHECKOUT / "config" / saved_replies.FILE)

GOOD = """\
[[template]]
slug = "thanks"
kind = "answer"
title = { cy = "Diolch", en = "Thanks" }
cy = "Diolch, {name}. Eich cyfeirnod: {reference}."
en = "Thank you, {name}. Your reference: {reference}."
"""


def loaded(folder: Path, text: str) -> SavedReplies:
    file = folder / saved_replies.FILE
    file.write_text(text, encoding="utf-8")
    return saved_replies.load(file)


def test_a_body_without_the_file_has_none(tmp_path: Path) -> None:
    assert saved_replies.load(tmp_path / saved_replies.FILE).replies == ()


def test_the_reference_is_filled_in_and_nothing_else(tmp_path: Path) -> None:
    thanks = loaded(tmp_path, GOOD).get("thanks")
    assert thanks is not None
    assert thanks.kind is ReplyKind.ANSWER
    known = {"reference": "GW-2026-000001"}
    assert thanks.filled("cy", known) == "Diolch, {name}. Eich cyfeirnod: GW-2026-000001."
    assert thanks.filled("en", known) == "Thank you, {name}. Your reference: GW-2026-000001."


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (
            'en = "Thank you, {name}. Your reference: {reference}."\n',
            "",
            ":1: template[1].en: is missing",
        ),
        ("Diolch, {name}.", "Diolch.", ":5: template[1].cy: cy and en use other placeholders: {name}"),
        (
            "{name}",
            "{nmae}",
            ":5: template[1].cy: {nmae} is no placeholder that we know; did you mean {name}?; name it in placeholders",
        ),
        ('cy = "Diolch"', 'cy = ""', ":4: template[1].title.cy: must not be empty"),
        (
            'kind = "answer"',
            'kind = "poem"',
            ":3: template[1].kind: must be one of 'holding' or 'answer'",
        ),
        ('slug = "thanks"', 'slug = "Thanks!"', ":2: template[1].slug: must fit the pattern"),
        ("[[template]]", "[[templates]]", ":1: templates: is not a key we know; did you mean template?"),
        ("kind =", "kind", ":3: is not TOML"),
    ],
)
def test_what_cannot_be_honoured_is_named_with_its_line(tmp_path: Path, good: str, bad: str, said: str) -> None:
    with pytest.raises(SavedRepliesError) as caught:
        loaded(tmp_path, GOOD.replace(good, bad))
    assert str(caught.value).startswith(f"templates.toml{said}")


def test_a_body_names_the_placeholders_that_its_officers_fill(tmp_path: Path) -> None:
    road = GOOD.replace("{name}", "{road}")
    with pytest.raises(SavedRepliesError, match=r"\{road\} is no placeholder that we know"):
        loaded(tmp_path, road)
    assert loaded(tmp_path, f'placeholders = ["road"]\n{road}').known[-1] == "{road}"


def test_what_is_known_of_a_case_is_filled_in_in_each_language(tmp_path: Path) -> None:
    thanks = loaded(tmp_path, GOOD.replace("{name}", "{area}: {signpost}, {due}")).get("thanks")
    assert thanks is not None
    known = {
        "reference": "GW-2026-000001",
        "area": "Priffyrdd",
        "signpost": "helo@council.example",
        "due": "1 Mai 2027",
    }
    filled = "Diolch, Priffyrdd: helo@council.example, 1 Mai 2027. Eich cyfeirnod: GW-2026-000001."
    assert thanks.filled("cy", known) == filled


def test_two_with_one_slug_are_told_apart_by_nobody(tmp_path: Path) -> None:
    with pytest.raises(SavedRepliesError, match=r":9: template\[2\]\.slug: thanks is the slug of another saved reply"):
        loaded(tmp_path, f"{GOOD}\n{GOOD}")


@pytest.mark.parametrize("reply", OURS.replies, ids=lambda reply: reply.slug)
def test_each_of_ours_passes_the_guard_once_it_is_filled_in(reply: SavedReply) -> None:
    cy, en = (PLACEHOLDER.sub("Mair", text) for text in (reply.cy, reply.en))
    assert LANGUAGE.finding(cy).says == Language.CY
    assert LANGUAGE.finding(en).says == Language.EN
