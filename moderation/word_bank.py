"""The word bank, from config/word_bank.toml: short phrases in pairs, shown beside the box of a reply."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from toml_file import Bilingual, FileError, Record, problems_of, read

FILE = "word_bank.toml"


class WordBankError(FileError):
    """The file of the word bank says something we cannot honour."""


class Topic(Record):
    """Phrases that belong together."""

    title: Bilingual
    """What they are about."""
    phrases: tuple[Bilingual, ...] = Field(min_length=1)
    """Each in both languages."""


class WordBank(Record):
    """All of it, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: tuple[Topic, ...] = Field(default=(), alias="topic")


def load(path: Path) -> WordBank:
    """The word bank of a file; an empty one where there is no such file, for a body need not have any.

    Raises:
        WordBankError: every problem at once, with its line.
    """
    if not path.exists():
        return WordBank()
    try:
        file = read(path)
    except FileError as error:
        raise WordBankError(error.problems) from None
    try:
        return WordBank.model_validate(file.values)
    except ValidationError as error:
        raise WordBankError(problems_of(error, [file], WordBank)) from None
