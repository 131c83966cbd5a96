"""What each page is for, in both languages: a file of web/help is one subject, and names the pages that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field

import toml_file
from toml_file import Bilingual, Record

FOLDER: Final = Path(__file__).parent / "help"
STATEMENT: Final = "accessibility"
"""The subject that is the accessibility statement: a page for everybody, with an address of its own."""


class Part(Record):
    """A heading and the paragraphs below it; one whose lines begin with `- ` is a list."""

    heading: Bilingual
    text: Bilingual = Field(alias="_")


class Subject(Record):
    """One subject.  `pages` are the first words of the addresses that it is about."""

    pages: tuple[str, ...]
    title: Bilingual
    parts: tuple[Part, ...] = Field(alias="part", min_length=1)


@cache
def subjects() -> Mapping[str, Subject]:
    """All of them, by the names of their files, in the order of those names.

    Raises:
        pydantic.ValidationError, toml_file.FileError: one is not as it should be, which a test finds before anybody.
    """
    found = {}
    for file in sorted(FOLDER.glob("*.toml")):
        values = dict(toml_file.read(file).values)
        values["part"] = [
            {"heading": each["heading"], "_": {name: each[name] for name in ("cy", "en")}} for each in values["part"]
        ]
        found[file.stem] = Subject.model_validate(values)
    return found


@cache
def about(page: str) -> str:
    """The subject of the pages whose addresses begin with this word; empty where there is none."""
    return next((slug for slug, subject in subjects().items() if page in subject.pages), "")


def blocks(text: str) -> list[tuple[bool, list[str]]]:
    """The paragraphs of a text, each with whether it is a list, and its lines."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        listed = all(line.startswith("- ") for line in lines)
        found.append((listed, [line.removeprefix("- ") for line in lines] if listed else [" ".join(lines)]))
    return found
