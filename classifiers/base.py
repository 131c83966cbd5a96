"""What a classifier is: it reads a batch of comments, once, and says what it saw.

Classifiers know no store and no policy.  Thresholds are the council's and live in its policy
pack; a classifier gives a score, its reasons and its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vocabulary import Finding, GwylioError, Reading


class Classifier(Protocol):
    """One question, asked of many comments at a time."""

    @property
    def name(self) -> str:
        """Name and version, such as `vexatious/1`; stored with every finding."""

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        """The findings for each reading, in the same order and number.  An empty tuple is an answer."""


class ModelError(GwylioError):
    """A model file is missing, damaged or not the one its card names."""


class WordListError(GwylioError):
    """A list in config/words is missing, is not TOML, or holds a line that cannot be used."""
