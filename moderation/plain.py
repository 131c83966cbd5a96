"""Plain language, as far as it can be counted: how many words a sentence has, and which ones are too long.

Sentences are told apart in Welsh and English alike, so that neither language seems the plainer for how it is cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_SENTENCE = 25
"""Words in a sentence; GOV.UK and Cymraeg Clir both advise no more."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|\b(?:[\w-]+\.)+(?:com|cymru|wales|org|uk|net|example)\b\S*")
_SHORT = re.compile(r"\b(?:e\.g|i\.e|etc|h\.y|e\.e|ayb|a\.y\.b|Mr|Mrs|Ms|Dr|St|Cyng|Cllr|Rh)\.", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:[-'’.:/][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Plain:
    """How one text reads.  `long_ones` are its sentences that are too long, with their number of words."""

    words: int
    sentences: int
    longest: int
    long_ones: tuple[tuple[str, int], ...]


def read(text: str) -> Plain:
    """Count the words and sentences of a text; an address is one word, and an abbreviation ends no sentence."""
    counted = [(sentence, len(_WORD.findall(_ADDRESS.sub("address", sentence)))) for sentence in _sentences(text)]
    counted = [(sentence, words) for sentence, words in counted if words]
    lengths = [words for _sentence, words in counted]
    return Plain(
        sum(lengths),
        len(lengths),
        max(lengths, default=0),
        tuple((sentence, words) for sentence, words in counted if words > LONGEST_SENTENCE),
    )


def _sentences(text: str) -> list[str]:
    kept = _ADDRESS.sub(lambda found: found[0][:-1].replace(".", _DOT) + found[0][-1], text)
    kept = _SHORT.sub(lambda found: found[0].replace(".", _DOT), kept)
    return [sentence.replace(_DOT, ".").strip() for sentence in _END.split(kept) if sentence.strip()]


_DOT = "\ue000"
"""Stands for a full stop that ends no sentence, while they are told apart."""
