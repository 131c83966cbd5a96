"""Texts in other clothes: English with Welsh words in it, and the disguises of the internet.

A Welsh word from our own list takes the place of an English one, in whatever mutation.  It makes
no Welsh sentence; it teaches that *twpsyn* stands where *idiot* does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers.language import open_words
from classifiers.text import folded
from words.mutations import forms_of

Words = Mapping[str, Sequence[str]]
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}


def word_list(path: Path) -> dict[str, tuple[str, ...]]:
    """Welsh alternatives by English word or phrase: `english TAB welsh / welsh`, one a line."""
    found: dict[str, tuple[str, ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        english, _, welsh = line.partition("\t")
        if english.strip() and welsh.strip():
            found[folded(english.strip())] = tuple(part.strip() for part in welsh.split("/") if part.strip())
    return found


def english_of(words: Words) -> dict[str, tuple[str, ...]]:
    """The other way: English words by folded Welsh word and each of its mutations."""
    turned: dict[str, list[str]] = {}
    for english, welsh in words.items():
        for each in welsh:
            plain = folded(each)
            for form in forms_of(plain) if " " not in plain else (plain,):
                turned.setdefault(form, []).append(english)
    return {welsh: tuple(english) for welsh, english in turned.items()}


def switched(text: str, words: Words, dice: random.Random, share: float) -> str:
    """`text` with about `share` of the words that the list knows in Welsh, the longest phrase first."""
    shown = text.split()
    out: list[str] = []
    at = 0
    while at < len(shown):
        for length in (3, 2, 1):
            phrase = " ".join(shown[at : at + length])
            found = _WORD.search(folded(phrase)) if length == 1 else None
            key = found.group() if found else folded(phrase).strip(".,!?;:\"'")
            if key in words and dice.random() < share and at + length <= len(shown):
                welsh = dice.choice(words[key])
                if " " not in welsh and dice.random() < 0.35:
                    welsh = dice.choice(sorted(forms_of(folded(welsh))))
                out.append(folded(phrase).replace(key, welsh, 1))
                at += length
                break
        else:
            out.append(shown[at])
            at += 1
    return " ".join(out)


def disguised(text: str, dice: random.Random) -> str:
    """`text` as somebody writes it who means to slip past a filter, or who types badly."""
    found = list(_WORD.finditer(text))
    if not found:
        return text
    kind = dice.randrange(5)
    hit = dice.choice(found)
    word = hit.group()
    if kind == 0 and len(word) > 3:
        at = dice.randrange(len(word) - 1)
        new = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif kind == 1 and len(word) > 3:
        at = dice.randrange(1, len(word))
        new = word[:at] + word[at + 1 :]
    elif kind == 2 and len(word) > 3:
        new = word[0] + "*" * dice.randint(1, len(word) - 2) + word[-1]
    elif kind == 3:
        new = "".join(
            dice.choice(_LEET[letter]) if letter in _LEET and dice.random() < 0.5 else letter for letter in word
        )
    else:
        return text.upper() if dice.random() < 0.3 else re.sub(r"[.,!?']", "", text)
    return text[: hit.start()] + new + text[hit.end() :]


NAMES = (
    "Siân", "Gwenllian", "Huw", "Dafydd", "Mair", "Rhodri", "Lowri", "Gethin", "Mohammed", "Fatima", "Aisha", "Yusuf",
    "Priya", "Agnieszka", "Piotr", "Wei", "Mei", "Oluwaseun", "Blessing", "Tyrone", "Kayleigh", "Chloe", "Jayden",
    "Kevin", "Sharon",
)  # fmt: skip
PLACES = (
    "Pontypridd", "Llanelli", "Ynysybwl", "Abertawe", "Swansea", "Casnewydd", "Newport", "Caergybi", "Holyhead",
    "Newtown", "Y Drenewydd", "Fishguard", "Abergwaun", "Merthyr", "Bethesda", "Maesteg", "Prestatyn", "Tonypandy",
)  # fmt: skip
_CAPITAL = re.compile(r"(?<!\w)[^\W\d_a-z][^\W\d_]{2,}(?!\w)")


def renamed(text: str, dice: random.Random) -> str:
    """`text` about somebody else, somewhere else: who and where must say nothing about what is said."""
    known = open_words()

    def another(found: re.Match[str]) -> str:
        plain = folded(found.group())
        if plain in known.people:
            return dice.choice(NAMES)
        return dice.choice(PLACES) if plain in known.names else found.group()

    return _CAPITAL.sub(another, text)
