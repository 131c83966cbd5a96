"""Saved replies, from config/templates.toml: pairs in Welsh and English that an officer starts from.

`{reference}` is the case's own and is filled in; any other placeholder is left for the officer, and
the guard lets no reply leave while one stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from moderation.reply_rules import PLACEHOLDER
from toml_file import Bilingual, FileError, Problem, Record, TomlFile, problems_of, read
from vocabulary import ReplyKind

FILE = "templates.toml"
REFERENCE = "{reference}"


class SavedRepliesError(FileError):
    """The file of saved replies says something we cannot honour."""


class SavedReply(Bilingual):
    """One pair.  Both languages use the same placeholders, so that neither reader is told less."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    """Its name in the address of a form."""
    kind: ReplyKind
    """What kind of reply it makes."""
    title: Bilingual
    """What officers choose it by."""

    def filled(self, language: str, reference: str) -> str:
        """The text in one language, with the reference of the case."""
        return self.say(language).replace(REFERENCE, reference)


class SavedReplies(Record):
    """All of them, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replies: tuple[SavedReply, ...] = Field(default=(), alias="template")

    def get(self, slug: str) -> SavedReply | None:
        """The one with this slug."""
        return next((each for each in self.replies if each.slug == slug), None)


def load(path: Path) -> SavedReplies:
    """The saved replies of a file; none where there is no such file, for a body need not have any.

    Raises:
        SavedRepliesError: every problem at once, with its line.
    """
    if not path.exists():
        return SavedReplies()
    try:
        file = read(path)
    except FileError as error:
        raise SavedRepliesError(error.problems) from None
    try:
        saved = SavedReplies.model_validate(file.values)
    except ValidationError as error:
        raise SavedRepliesError(problems_of(error, [file], SavedReplies)) from None
    if wrong := [*_unlike(saved, file), *_twice(saved, file)]:
        raise SavedRepliesError(wrong)
    return saved


def _unlike(saved: SavedReplies, file: TomlFile) -> Iterator[Problem]:
    for place, each in enumerate(saved.replies):
        cy, en = (set(PLACEHOLDER.findall(text)) for text in (each.cy, each.en))
        if cy != en:
            only = ", ".join(sorted(cy ^ en))
            yield file.problem(("template", place, "cy"), f"cy and en use other placeholders: {only}")


def _twice(saved: SavedReplies, file: TomlFile) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for place, each in enumerate(saved.replies):
        seen[each.slug] += 1
        if seen[each.slug] == 2:
            yield file.problem(("template", place, "slug"), f"{each.slug} is the slug of another saved reply")
