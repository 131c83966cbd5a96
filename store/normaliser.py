"""Text as it enters the house: safe to store, to show and to search.

The platform's own bytes are kept beside it, so nothing that is changed here is lost.  Most comments
need nothing done, so each rule first asks a cheap question: `str.isprintable` alone rules out every
control, surrogate, mark and odd space there is.  Linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 100_000
"""Characters kept for display and search; the rest stands in the original bytes only."""

_SURROGATE = re.compile("[\ud800-\udfff]")
# Everything in Cc but tab and newline; the line and paragraph separators become newlines first.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Embeddings, overrides, isolates and marks that can make text read in another order than it is.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNSAFE = re.compile(f"{_SURROGATE.pattern}|{_CONTROL.pattern}|{_BIDI.pattern}|[\u2028\u2029]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
LONGEST_NAME = 200
"""Characters of a person's name or an address that are kept; nothing honest is longer."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """`text` to show, `search` to look for (NFC, folded), and whether the end was cut off."""

    text: str
    search: str
    cut: bool


def normalise(original: str) -> Normalised:
    """The text without what could harm a reader, a log or a database, and what goes with it."""
    text = harmless(original)
    return Normalised(text=text, search=for_search(text), cut=len(original) > LONGEST)


def harmless(original: str) -> str:
    """The text, as much of it as is kept, without what could harm a reader, a log or a database.

    Lone surrogates become U+FFFD, control characters go, bidirectional controls are shown as
    `⟨U+202E⟩` so that nobody is fooled by their order.
    """
    text = original if len(original) <= LONGEST else original[:LONGEST]
    if text.isprintable() or not _UNSAFE.search(text):
        return text
    text = _SURROGATE.sub("\ufffd", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _CONTROL.sub("", text)
    return _BIDI.sub(lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", text)


def normalise_line(original: str, longest: int = LONGEST_NAME) -> str:
    """A name, made safe in the same way and on one line; what is longer ends in an ellipsis."""
    line = _spaced(harmless(original[: 2 * longest]))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def for_search(text: str) -> str:
    """The form in which text is compared: NFC, no invisible characters, one kind of apostrophe, folded case."""
    if text.isascii():
        return _spaced(text.lower())
    plain = unicodedata.normalize("NFC", text)
    if not plain.isprintable():
        plain = _INVISIBLE.sub("", plain)
    return _spaced(plain.replace("\u2019", "'").replace("\u2018", "'").casefold())


def _spaced(text: str) -> str:
    """One space between words and none around them; in printable text no other space can be."""
    if "  " in text or not text.isprintable():
        return " ".join(text.split())
    return text.strip()
