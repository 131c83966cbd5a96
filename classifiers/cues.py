"""Questions answered by turns of phrase: each cue that is found adds its weight, and says what it saw.

The score is a logistic of the sum, so 0.5 is where the cues balance.  The phrases live in
config/words, one a line, written for folded text (lower case, no accents, straight
apostrophes); they hold no unbounded gaps, so that a long comment costs in proportion to its
length.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.base import WordListError
from classifiers.files import WORDS
from classifiers.text import LINK, folded
from vocabulary import Finding, Label, Question, Reading, Reason


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
    """An `Asked` with its patterns compiled."""

    about: Label | Question
    bias: float
    cues: tuple[tuple[re.Pattern[str], float, Reason], ...]

    def answer(self, plain: str) -> tuple[float, tuple[Reason, ...]]:
        """Score and reasons for text already `plain`; the reasons are the cues that speak for it."""
        found = [(weight, saw) for pattern, weight, saw in self.cues if pattern.search(plain)]
        total = self.bias + sum(weight for weight, _ in found)
        return 1 / (1 + math.exp(-total)), tuple(saw for weight, saw in found if weight > 0)


@dataclass(frozen=True, slots=True)
class Cued:
    """A classifier over one or more questions that are answered by cues."""

    name: str
    asked: tuple[Ready, ...]

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [self.findings(reading.comment.text) for reading in readings]

    def findings(self, text: str) -> tuple[Finding, ...]:
        """One finding a question, in their order."""
        at_hand, found = plain(text), []
        for one in self.asked:
            score, why = one.answer(at_hand)
            found.append(Finding(about=one.about, score=round(score, 4), why=why, classifier=self.name))
        return tuple(found)


def plain(text: str) -> str:
    """Folded text on one line, links taken out."""
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


def open_cued(name: str, asked: Sequence[Asked], *files: str) -> Cued:
    """A classifier whose phrases are read from `files` in config/words."""
    lists = phrases(*files)
    return Cued(name, tuple(made_ready(one, lists) for one in asked))
