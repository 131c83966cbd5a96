"""Turns of phrase that speak for an answer or against it: each that is found adds its weight, and says what it saw.

The sum is weighed beside the encoder (classifiers/weighing.py).  The phrases live in config/words,
one a line, written for folded text (lower case, no accents, straight apostrophes); they hold no
unbounded gaps, so that a long comment costs in proportion to its length.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from classifiers.base import WordListError
from classifiers.files import WORDS
from classifiers.text import LINK, folded
from vocabulary import Label, Question, Reason


@dataclass(frozen=True, slots=True)
class Cue:
    """What is looked for and how much it speaks for the answer (negative: against).

    `looks_for` names a list of phrases in the classifier's word file, or is a pattern itself.
    """

    saw: Reason
    weight: float
    looks_for: str | re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and its cues; `bias` is the sum before any is found."""

    about: Label | Question
    bias: float
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """An `Asked` with its patterns compiled: a clue of classifiers/weighing.py."""

    about: Label | Question
    bias: float
    cues: tuple[tuple[re.Pattern[str], float, Reason], ...]

    def __call__(self, text: str) -> tuple[float, tuple[Reason, ...]]:
        """The sum of what is found in `text`, and the cues that speak for the answer."""
        at_hand = plain(text)
        found = [(weight, saw) for pattern, weight, saw in self.cues if pattern.search(at_hand)]
        total = self.bias + sum(weight for weight, _ in found)
        return total, tuple(saw for weight, saw in found if weight > 0)


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Folded text on one line, links taken out; remembered, since several questions look at one comment."""
    return " ".join(folded(LINK.sub(" ", text)).split())


def phrases(*files: str, folder: Path = WORDS) -> dict[str, re.Pattern[str]]:
    """The lists of phrases in `files`, each compiled to one pattern of whole words, by name.

    Raises WordListError when a file is missing, is not TOML or holds a phrase that is no pattern.
    """
    compiled: dict[str, re.Pattern[str]] = {}
    for file in files:
        try:
            lists = tomllib.loads((folder / file).read_text(encoding="utf-8"))
            for key, section in lists.items():
                lines = [line.strip() for line in section["phrases"].splitlines() if line.strip()]
                compiled[key] = re.compile(r"(?<!\w)(?:" + "|".join(lines) + r")(?!\w)")
        except (OSError, ValueError, KeyError, TypeError, re.error) as error:
            raise WordListError(f"config/words/{file} cannot be read: {error}") from error
    return compiled


def made_ready(asked: Asked, lists: dict[str, re.Pattern[str]]) -> Ready:
    """`asked` with each cue's list found; raises WordListError when the file has no such list."""
    cues = []
    for cue in asked.cues:
        if isinstance(cue.looks_for, str) and cue.looks_for not in lists:
            raise WordListError(f"config/words has no list of phrases named {cue.looks_for}")
        pattern = lists[cue.looks_for] if isinstance(cue.looks_for, str) else cue.looks_for
        cues.append((pattern, cue.weight, cue.saw))
    return Ready(asked.about, asked.bias, tuple(cues))


def open_clues(asked: Sequence[Asked], *files: str) -> list[tuple[Label | Question, Ready]]:
    """The questions of `asked` in their order, each with its phrases from `files` in config/words.

    Raises WordListError when a file cannot be read or lacks a list.
    """
    lists = phrases(*files)
    return [(one.about, made_ready(one, lists)) for one in asked]
