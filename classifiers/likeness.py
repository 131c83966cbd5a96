"""Whether two comments are about the same matter: in the same words, or in others, or in the other language.

Words are compared as wholes; meaning by the encoder's embedding.  Two alike complaints about two
streets are two matters, so names and figures that disagree say no, however alike the rest is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from classifiers.encoder import Encoder
from classifiers.text import folded, words

SAME_WORDS = 84.0
"""From 0 to 100, the order of words aside."""
SAME_MEANING = 0.74
"""The product of two unit vectors."""
FEWEST_WORDS = 3
"""Shorter texts are the same matter only when they are the very same."""

_PROPER = re.compile(r"(?<![.!?\"'\n] )(?<!^)(?<!\w)[^\W\d_a-z][^\W\d_]+(?:[ \-][^\W\d_a-z][^\W\d_]+)*")
_FIGURE = re.compile(r"\d+")
_LONGEST = 2_000

Meaning = Callable[[str, Sequence[str]], Sequence[float]]
"""A text and others in; how near each of the others is in meaning, up to 1, out."""


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    return " ".join(words(folded(text[:_LONGEST])))


@lru_cache(maxsize=20_000)
def names(text: str) -> tuple[str, ...]:
    """Capitalised words inside sentences, folded: places and people.  Nothing is told where all is in capitals."""
    if text.isupper():
        return ()
    return tuple(dict.fromkeys(folded(name) for name in _PROPER.findall(text[:_LONGEST])))


@lru_cache(maxsize=20_000)
def figures(text: str) -> frozenset[str]:
    return frozenset(_FIGURE.findall(text[:_LONGEST]))


def words_alike(text: str, others: Sequence[str]) -> list[float]:
    """How like `text` each of the others is, 0 to 100: order of words aside, and only as wholes."""
    from rapidfuzz import fuzz, process

    if not others:
        return []
    return [float(score) for score in process.cdist([text], others, scorer=fuzz.token_sort_ratio)[0]]


def by_encoder(encoder: Encoder) -> Meaning:
    def meaning(text: str, others: Sequence[str]) -> Sequence[float]:
        one, *rest = (each.embedding for each in encoder.encode([text, *others]))
        return [float(one @ other) for other in rest]

    return meaning


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike is alike enough."""

    meaning: Meaning
    same_words: float = SAME_WORDS
    same_meaning: float = SAME_MEANING

    def same_words_as(self, text: str, others: Sequence[str]) -> list[bool]:
        """Which of the others say nearly the same, of the same places and figures."""
        mine = plain(text)
        if not mine:
            return [False] * len(others)
        enough = self.same_words if mine.count(" ") >= FEWEST_WORDS - 1 else 99.0
        scores = words_alike(mine, [plain(other) for other in others])
        return [
            score >= enough and figures(text) == figures(other) and _same_names(text, other)
            for other, score in zip(others, scores, strict=True)
        ]

    def same_matter_as(self, text: str, others: Sequence[str]) -> list[bool]:
        """Which of the others are about the same matter, in whatever words."""
        alike = self.same_words_as(text, others)
        if plain(text).count(" ") < FEWEST_WORDS - 1 or all(alike):
            return alike
        return [
            same or (near >= self.same_meaning and plain(other).count(" ") >= FEWEST_WORDS - 1 and agree(text, other))
            for same, near, other in zip(alike, self.meaning(text, others), others, strict=True)
        ]


def _same_names(one: str, other: str) -> bool:
    """Whether two texts name the same; one in small letters throughout may name anything."""
    mine, theirs = set(names(one)), set(names(other))
    return mine == theirs or not mine or not theirs


def agree(one: str, other: str) -> bool:
    """Whether two texts may be of one place and one figure: where both name any, they share one."""
    for mine, theirs in ((set(names(one)), set(names(other))), (figures(one), figures(other))):
        if mine and theirs and not mine & theirs:
            return False
    return True
