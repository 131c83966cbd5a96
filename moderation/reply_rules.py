"""What stands in the way of a reply: the guard between an officer and the outbox.

Pure.  A comment in Welsh is not answered in English alone; an English text in the Welsh box is
found out.  An objection that an officer may override needs a reason, which is kept and counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from vocabulary import GwylioError, Language, Reason, ReplyLanguage


class Code(StrEnum):
    """Which rule objects; stored with the officer's reason when it is overridden."""

    EMPTY = "empty"
    WELSH_MISSING = "welsh_missing"
    ENGLISH_MISSING = "english_missing"
    NOT_WELSH = "not_welsh"
    NOT_ENGLISH = "not_english"
    PLACEHOLDER = "placeholder"
    PERSONAL_DATA = "personal_data"


# An empty reply or an unfilled placeholder is a slip; in the rest, an officer may know better.
OVERRIDABLE = frozenset(
    {Code.WELSH_MISSING, Code.ENGLISH_MISSING, Code.NOT_WELSH, Code.NOT_ENGLISH, Code.PERSONAL_DATA}
)

WANTS_WELSH = frozenset({ReplyLanguage.CY, ReplyLanguage.BOTH})
WANTS_ENGLISH = frozenset({ReplyLanguage.EN, ReplyLanguage.BOTH})

PLACEHOLDER = re.compile(r"\{[^{}\n]*\}|\[\[[^\]\n]*\]\]")


class TooNarrow(GwylioError):
    """The platform's longest reply leaves no room for a part and its mark."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing in the way, as the officer reads it."""

    code: Code
    why: Reason

    @property
    def overridable(self) -> bool:
        """Whether an officer may send it all the same, with a reason that is kept."""
        return self.code in OVERRIDABLE


def check(
    text_cy: str,
    text_en: str,
    reply_in: ReplyLanguage,
    *,
    language_of: Callable[[str], Language],
    personal_data: Callable[[str], Sequence[Reason]],
) -> tuple[Objection, ...]:
    """Everything that stands in the way; empty means that it may go.

    `language_of` decides the language of one text, `personal_data` says what in it should not be public.
    """
    cy, en = text_cy.strip(), text_en.strip()
    if not cy and not en:
        return (Objection(Code.EMPTY, Reason("the reply is empty")),)
    return (
        *_languages(cy, en, reply_in),
        *_true_to_their_box(cy, en, language_of),
        *_slips(cy, en, personal_data),
    )


def split(text: str, longest: int, length_of: Callable[[str], int] = len) -> tuple[str, ...]:
    """A text as parts, in order, that a platform takes: `… (1/3)`.  One that fits is left alone.

    Cut between words; within one only where a single word is longer than a part.  `length_of` is the
    platform's own count.

    Raises:
        TooNarrow: there is no room for text beside the mark.
    """
    text = text.strip()
    if length_of(text) <= longest:
        return (text,) if text else ()
    for digits in count(1):
        widest = f" ({'9' * digits}/{'9' * digits})"
        parts = tuple(_parts(text, lambda part, mark=widest: length_of(part + mark) <= longest))  # type: ignore[misc]
        if len(str(len(parts))) <= digits:
            return tuple(f"{part} ({n}/{len(parts)})" for n, part in enumerate(parts, start=1))
    raise AssertionError


def _languages(cy: str, en: str, reply_in: ReplyLanguage) -> Iterator[Objection]:
    if reply_in in WANTS_WELSH and not cy:
        yield Objection(Code.WELSH_MISSING, Reason("a reply in Welsh is owed, and there is none"))
    if reply_in in WANTS_ENGLISH and not en:
        yield Objection(Code.ENGLISH_MISSING, Reason("a reply in English is owed, and there is none"))


def _true_to_their_box(cy: str, en: str, language_of: Callable[[str], Language]) -> Iterator[Objection]:
    """Only a certain contradiction counts: a short *Diolch!* or a text full of names is let through."""
    if cy and language_of(cy) in {Language.EN, Language.OTHER}:
        yield Objection(Code.NOT_WELSH, Reason("the text in the Welsh box does not read as Welsh"))
    if en and language_of(en) in {Language.CY, Language.OTHER}:
        yield Objection(Code.NOT_ENGLISH, Reason("the text in the English box does not read as English"))


def _slips(cy: str, en: str, personal_data: Callable[[str], Sequence[Reason]]) -> Iterator[Objection]:
    unfilled = dict.fromkeys(PLACEHOLDER.findall(f"{cy}\n{en}"))
    for placeholder in unfilled:
        yield Objection(Code.PLACEHOLDER, Reason("{placeholder} has not been filled in", {"placeholder": placeholder}))
    seen: dict[str, Reason] = {}
    for text in filter(None, (cy, en)):
        for why in personal_data(text):
            seen.setdefault(str(why), why)
    for why in seen.values():
        yield Objection(Code.PERSONAL_DATA, why)


def _parts(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    while text:
        if fits(text):
            yield text
            return
        borders = [found.start() for found in re.finditer(r"\s+", text)]
        end = _last(borders, text, fits) or _last(_places(text), text, fits)
        if not end:
            raise TooNarrow("no part of this reply fits the platform's longest reply with its mark")
        yield text[:end].rstrip()
        text = text[end:].lstrip()


def _last(ends: Sequence[int], text: str, fits: Callable[[str], bool]) -> int:
    """The last of the ascending `ends` up to which the text fits; 0 for none."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if fits(text[: ends[middle]].rstrip()):
            low = middle + 1
        else:
            high = middle
    return ends[low - 1] if low else 0


def _places(text: str) -> list[int]:
    """Where a word may be cut: never before a combining mark, a variation selector, a joiner, nor after a joiner."""
    joiner = "\u200d"
    return [
        n
        for n in range(1, len(text))
        if not unicodedata.combining(text[n])
        and text[n] != joiner
        and text[n - 1] != joiner
        and not "\ufe00" <= text[n] <= "\ufe0f"
        and not "\U0001f3fb" <= text[n] <= "\U0001f3ff"
    ]
