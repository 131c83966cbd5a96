"""The service areas are named in both languages, and their words point where they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation.service_areas import AreasError, load
from tests.moderation.given import AREAS
from vocabulary import Language


def test_ours_are_those_of_a_council() -> None:
    assert {"waste", "highways", "planning", "housing", "education", "social-care"} <= set(AREAS.slugs)
    assert {"customer-services", "communications"} <= set(AREAS.slugs)


@pytest.mark.parametrize(
    ("text", "language", "area"),
    [
        ("My recycling was not collected, two bins left", Language.EN, "waste"),
        ("Chasglwyd mo fy miniau", Language.CY, "waste"),
        ("There is a pothole on the bridge", Language.EN, "highways"),
        ("Mae dwll yn y ffordd ger y bont", Language.CY, "highways"),
        ("a planning application for a bin store", Language.EN, "planning"),
        ("Nice sunset", Language.EN, None),
    ],
)
def test_the_area_with_most_words_is_pointed_to(text: str, language: Language, area: str | None) -> None:
    pointed = AREAS.pointed_to(text, language)
    assert (pointed and pointed[0]) == area


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "service_areas.toml"
    path.write_text(
        '[waste]\nname = { cy = "Gwastraff" }\ncontact = { cy = "a", en = "" }\nword = 3\n[roads]\nname = "Roads"\n',
        encoding="utf-8",
    )
    with pytest.raises(AreasError) as caught:
        load(path)
    assert [str(problem) for problem in caught.value.problems] == [
        "service_areas.toml:2: waste.name.en: is missing",
        "service_areas.toml:3: waste.contact.en: must not be empty",
        "service_areas.toml:4: waste.word: is not a key we know; did you mean words?",
        "service_areas.toml:5: roads.contact: is missing",
        "service_areas.toml:6: roads.name: must be a table",
    ]


def test_a_file_that_is_not_there_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(AreasError, match="there is no such file"):
        load(tmp_path / "service_areas.toml")
