"""How long a text is to a reader: what Bluesky and Mastodon count instead of letters.

A flag is one, and so is a family of four with a skin colour each, or `w` with a circumflex of its
own.  The rules are those of Unicode's annex 29; the standard library has no table for them, so the
classes are made here from what it does have.  It knows nothing of Indic conjuncts, and counts them
apart, which errs towards long.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

ZWJ: Final = "\u200d"


class Kind(Enum):
    """What a character does to the break before or after it."""

    CONTROL = auto()
    EXTEND = auto()
    JOINER = auto()
    SPACING = auto()
    PREPEND = auto()
    FLAG = auto()
    PICTURE = auto()
    HANGUL_L = auto()
    HANGUL_V = auto()
    HANGUL_T = auto()
    HANGUL_LV = auto()
    HANGUL_LVT = auto()
    OTHER = auto()


CONTROLS: Final = frozenset({"Cc", "Zl", "Zp", "Cs"})
EXTENDING: Final = frozenset({"Mn", "Me"})
PREPENDED: Final = frozenset(map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)))
# Not marks by their category, and yet they hang on what stands before them: the zero-width non-joiner, the vowels
# of Thai and Lao that are written behind, the voicing marks of half-width kana; and marks that do extend.
ALSO_EXTENDING: Final = frozenset(
    map(
        chr,
        (0x200C, 0x9BE, 0x9D7, 0xB3E, 0xB57, 0xBBE, 0xBD7, 0xCC2, 0xCD5, 0xCD6, 0xD3E, 0xD57, 0xDCF, 0xDDF, 0x1B35,
         0x302E, 0x302F, 0xFF9E, 0xFF9F),
    )
)  # fmt: skip
ALSO_SPACING: Final = frozenset(map(chr, (0xE33, 0xEB3)))
SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
TAGS: Final = range(0xE0020, 0xE0080)
FLAG_LETTERS: Final = range(0x1F1E6, 0x1F200)
PICTURES: Final = (range(0x1F000, 0x1FB00), range(0x2190, 0x2C00), range(0x1FC00, 0x1FFFE))
LONE_PICTURES: Final = frozenset("\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299")

HANGUL_JAMO: Final = (
    (range(0x1100, 0x1160), Kind.HANGUL_L),
    (range(0xA960, 0xA97D), Kind.HANGUL_L),
    (range(0x1160, 0x11A8), Kind.HANGUL_V),
    (range(0xD7B0, 0xD7C7), Kind.HANGUL_V),
    (range(0x11A8, 0x1200), Kind.HANGUL_T),
    (range(0xD7CB, 0xD7FC), Kind.HANGUL_T),
)
HANGUL_SYLLABLES: Final = range(0xAC00, 0xD7A4)
HANGUL_TOGETHER: Final = frozenset(
    {
        (Kind.HANGUL_L, Kind.HANGUL_L),
        (Kind.HANGUL_L, Kind.HANGUL_V),
        (Kind.HANGUL_L, Kind.HANGUL_LV),
        (Kind.HANGUL_L, Kind.HANGUL_LVT),
        (Kind.HANGUL_LV, Kind.HANGUL_V),
        (Kind.HANGUL_V, Kind.HANGUL_V),
        (Kind.HANGUL_LV, Kind.HANGUL_T),
        (Kind.HANGUL_V, Kind.HANGUL_T),
        (Kind.HANGUL_LVT, Kind.HANGUL_T),
        (Kind.HANGUL_T, Kind.HANGUL_T),
    }
)


def graphemes(text: str) -> int:
    """How many characters a reader sees in the text."""
    return sum(1 for _ in _beginnings(text))


def _beginnings(text: str) -> Iterator[int]:
    """Where each begins."""
    before, letter_before = Kind.CONTROL, ""
    flags, picture = 0, False  # flag letters in a row; whether what is under way is a picture, joiners apart
    for place, letter in enumerate(text):
        kind = _kind(letter)
        joined = (
            (letter_before, letter) == ("\r", "\n")
            if Kind.CONTROL in (before, kind)
            else kind in (Kind.EXTEND, Kind.JOINER, Kind.SPACING)
            or before is Kind.PREPEND
            or (before, kind) in HANGUL_TOGETHER
            or (kind is Kind.FLAG and before is Kind.FLAG and flags % 2 == 1)
            or (kind is Kind.PICTURE and before is Kind.JOINER and picture)
        )
        if not joined:
            yield place
        flags = flags + 1 if kind is Kind.FLAG else 0
        picture = kind is Kind.PICTURE or (picture and kind in (Kind.EXTEND, Kind.JOINER) and before is not Kind.JOINER)
        before, letter_before = kind, letter


def _kind(letter: str) -> Kind:
    point, category = ord(letter), unicodedata.category(letter)
    if letter == ZWJ:
        return Kind.JOINER
    if letter in PREPENDED:
        return Kind.PREPEND
    if category in EXTENDING or letter in ALSO_EXTENDING or point in SKIN_TONES or point in TAGS:
        return Kind.EXTEND
    if category == "Mc" or letter in ALSO_SPACING:
        return Kind.SPACING
    if category in CONTROLS or category == "Cf":
        return Kind.CONTROL
    if point in FLAG_LETTERS:
        return Kind.FLAG
    if letter in LONE_PICTURES or any(point in pictures for pictures in PICTURES):
        return Kind.PICTURE
    return _hangul(point)


def _hangul(point: int) -> Kind:
    if point in HANGUL_SYLLABLES:
        return Kind.HANGUL_LVT if (point - HANGUL_SYLLABLES.start) % 28 else Kind.HANGUL_LV
    return next((kind for jamo, kind in HANGUL_JAMO if point in jamo), Kind.OTHER)
