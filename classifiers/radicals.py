"""Welsh insults in the form that the dictionary has: *dwpsyn* and *thwpsyn* are no kinder than *twpsyn*.

A mutation hides the first letter, and with it the word from an encoder that reads in pieces.  Only
listed insults and profanities are turned back, and none that is an ordinary word as well.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from classifiers.files import WORDS
from classifiers.text import folded, prepared
from words.mutations import forms_of

SHORTEST = 4
"""Shorter forms are too often another word: *chi* is no dog."""


@lru_cache(maxsize=1)
def radical_of(folder: Path = WORDS) -> Mapping[str, str]:
    """By mutated form, the word itself; both folded."""
    table = tomllib.loads((folder / "offence.toml").read_text(encoding="utf-8"))
    innocent = set(folded(table["profanity"]["innocent"]).split())
    listed = {word for kind in ("profanity", "insult") for word in folded(table[kind]["cy"]).split()} - innocent
    found: dict[str, str] = {}
    for word in sorted(listed):
        for form in forms_of(word):
            if form != word and len(form) >= SHORTEST and form not in innocent and form not in listed:
                found.setdefault(form, word)
    return found


def shown(text: str) -> str:
    """What the encoder is shown of `text`: prepared, and its insults in the radical.

    A change here is a change of model: training and reading use this one function.
    """
    radicals = radical_of()
    return " ".join(radicals.get(word, word) for word in prepared(text).split(" "))
