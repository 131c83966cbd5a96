"""Text as it enters the house: safe to store, to show and to search.

The platform's own bytes are kept beside it, so nothing that is changed here is lost.
Linear in the length of the text.
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
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
LONGEST_NAME = 200
"""Characters of a person's name or an address that are kept; nothing honest is longer."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """`text` to show, `search` to look for (NFC, folded), and whether the end was cut off."""

    text: str
    search: str
    cut: bool


def normalise(original: str) -> Normalised:
    """The text without what could harm a reader, a log or a database.

    Lone surrogates become U+FFFD, control characters go, bidirectional controls are shown as
    `⟨U+202E⟩` so that nobody is fooled by their order.
    """
    cut = len(original) > LONGEST
    text = _SURROGATE.sub("\ufffd", original[:LONGEST])
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _CONTROL.sub("", text)
    text = _BIDI.sub(lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", text)
    return Normalised(text=text, search=for_search(text), cut=cut)


def normalise_line(original: str, longest: int = LONGEST_NAME) -> str:
    """A name, made safe in the same way and on one line; what is longer ends in an ellipsis."""
    line = _SPACE.sub(" ", normalise(original[: 2 * longest]).text).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def for_search(text: str) -> str:
    """The form in which text is compared: NFC, no invisible characters, one kind of apostrophe, folded case."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    plain = plain.replace("\u2019", "'").replace("\u2018", "'")
    return _SPACE.sub(" ", plain.casefold()).strip()
