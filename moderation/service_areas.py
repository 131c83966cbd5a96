"""The service areas of the body, from config/service_areas.toml: names, where to reach them, their words.

The words point a comment that no rule of the policy claims; Welsh ones stand in the radical form.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import ConfigDict, RootModel, ValidationError

from moderation.word_rules import WordRules, Words
from toml_file import Bilingual, FileError, Problem, Record, Text, problems_of, read
from vocabulary import Language

AREAS = Path(__file__).parent.parent / "config" / "service_areas.toml"


class AreasError(FileError):
    """The file of service areas says something we cannot honour."""


class Examples(Record):
    """Comments such as an area gets, in each language; what is nearest to one of them in meaning is suggested to it."""

    cy: tuple[Text, ...] = ()
    en: tuple[Text, ...] = ()


class ServiceArea(Record):
    """Who answers: what people call it, how they reach it, the words that point to it, and examples."""

    name: Bilingual
    contact: Bilingual
    words: Words = Words()
    examples: Examples = Examples()


class Areas(RootModel[dict[str, ServiceArea]]):
    """Every service area by its slug, in the order of the file."""

    model_config = ConfigDict(frozen=True)

    def __contains__(self, slug: object) -> bool:
        return slug in self.root

    def __getitem__(self, slug: str) -> ServiceArea:
        return self.root[slug]

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(self.root)

    @cached_property
    def rules(self) -> WordRules[str]:
        """The words of all areas, compiled once."""
        return WordRules({slug: area.words for slug, area in self.root.items()})

    @property
    def contacts(self) -> list[str]:
        """How people reach each area, in both languages: what anybody may repeat."""
        return [text for area in self.root.values() for text in (area.contact.cy, area.contact.en)]

    @property
    def examples(self) -> dict[str, tuple[str, ...]]:
        """The examples of each area in both languages, by its slug."""
        return {slug: (*area.examples.cy, *area.examples.en) for slug, area in self.root.items()}

    def pointed_to(self, text: str, language: Language) -> tuple[str, tuple[str, ...]] | None:
        """The area whose words occur most, and which words; the earlier area in the file on a tie; None for none."""
        found = self.rules.found(text, language)
        if not found:
            return None
        area = max(found, key=lambda slug: (len(found[slug]), -self.slugs.index(slug)))
        return area, found[area]


def load(path: Path = AREAS) -> Areas:
    """The areas of a file.

    Raises:
        AreasError: every problem at once, with its line.
    """
    try:
        file = read(path)
    except FileError as error:
        raise AreasError(error.problems) from None
    try:
        areas = Areas.model_validate(file.values)
    except ValidationError as error:
        raise AreasError(problems_of(error, [file], Areas)) from None
    if not areas.root:
        raise AreasError([Problem(file.name, None, "", "names no service area")])
    return areas
