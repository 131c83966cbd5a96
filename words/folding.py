"""Text and questions as a search compares them: accents, case and apostrophes folded, Welsh mutations forgiven.

Pure.  What is kept in an index is the plain terms of a text; the forms that a Welsh word may stand in are
looked for instead, so that *bin* meets *fin* and *min*, and *gasglu* meets *casglu*.  Some forms are never
said (whoever looks for *bins* also meets *pins*): a search would rather show one line too many.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from words.mutations import forms_of, radicals_of

LONGEST_TERM: Final = 32
"""Characters of a word that are compared."""
MOST_PARTS: Final = 12
"""Words and phrases of one question that count; the rest is not asked."""
SHORTEST_BEGINNING: Final = 3
"""Letters that the last word needs before it is taken for the beginning of a longer one."""

_APOSTROPHES = "'\u2018\u2019\u02bc\u00b4`"
_WORD = re.compile(rf"[^\W_](?:[\w\u0300-\u036f]|[{_APOSTROPHES}](?=\w))*")
_LETTERS = re.compile(r"[^\W_]+")
_CLITIC = re.compile(rf"(?<=\w)[{_APOSTROPHES}](?=(?:r|n|i|u|w|m|th|ch)$)", re.IGNORECASE)
"""The apostrophe of *mae'r*, *i'w*, *a'ch*: two words in Welsh, where *don't* is one in English."""
_PART = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Part:
    """One thing asked for: words beside each other, each of which may stand in several forms.

    `open_ended` means that the last of them may be the beginning of a word.
    """

    forms: tuple[tuple[str, ...], ...]
    open_ended: bool = False

    def ways(self) -> Iterator[tuple[tuple[str, ...], bool]]:
        """Every way in which it may be written, and whether the last word of that may go on."""
        for words in product(*self.forms):
            yield words, self.open_ended and len(words[-1]) >= SHORTEST_BEGINNING


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody looks for: every part of `wanted`, and none of `unwanted`."""

    wanted: tuple[Part, ...] = ()
    unwanted: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted)


def terms(text: str) -> list[str]:
    """The words of a text as they are compared, in their order."""
    return [term for word in _WORD.findall(text) for term in _folded(word)]


def question(written: str) -> Question:
    """What a line typed into a search box asks for.

    Words in quotation marks are looked for as they stand; a minus before a word leaves out what has it.
    """
    wanted: list[Part] = []
    unwanted: list[Part] = []
    for found in list(_PART.finditer(written))[:MOST_PARTS]:
        phrase, word = found["phrase"], found["word"] or ""
        said = terms(word if phrase is None else phrase)
        if not said:
            continue
        forms = tuple((each,) if phrase is not None else tuple(all_forms(each)) for each in said)
        last = not written[found.end() :].strip() and not found["minus"]
        begun = last and phrase is None and len(said[-1]) >= SHORTEST_BEGINNING
        (unwanted if found["minus"] else wanted).append(Part(forms, begun))
    return Question(tuple(wanted), tuple(unwanted))


def all_forms(term: str) -> list[str]:
    """A folded word, and every form of each word that it may be a form of."""
    if len(term) < 2 or not term.isalpha():
        return [term]
    radicals = [term, *radicals_of(term)]
    return list(dict.fromkeys([term, *(form for radical in radicals for form in forms_of(radical) if form)]))


def pieces(text: str, asked: Question) -> Iterator[tuple[str, bool]]:
    """The text in pieces, with whether each is a word that was asked for."""
    end = 0
    for found in _WORD.finditer(text):
        if any(_is_asked(term, asked.wanted) for term in _folded(found[0])):
            if found.start() > end:
                yield text[end : found.start()], False
            yield found[0], True
            end = found.end()
    if end < len(text):
        yield text[end:], False


def excerpt(text: str, asked: Question, longest: int = 240) -> list[tuple[str, bool]]:
    """The part of a text around the first word that was asked for, in pieces; its beginning where there is none."""
    first, end = 0, 0
    for piece, marked in pieces(text, asked):
        if marked:
            first = end
            break
        end += len(piece)
    start = text.rfind(" ", 0, max(0, first - longest // 3)) + 1 if first > longest // 2 else 0
    stop = start + longest
    if stop < len(text):
        stop = max(text.rfind(" ", start + longest // 2, stop), start + longest // 2)
    cut = list(pieces(text[start:stop], asked))
    return [*([("… ", False)] if start else []), *cut, *([(" …", False)] if stop < len(text) else [])]


def holds(said: Sequence[str], asked: Question) -> bool:
    """Whether these terms have every part of a question: the rule that an index follows."""
    return all(_has(said, part) for part in asked.wanted) and not any(_has(said, part) for part in asked.unwanted)


def _has(said: Sequence[str], part: Part) -> bool:
    size, last = len(part.forms), len(part.forms) - 1
    return any(
        all(_fits(said[at + place], forms, part.open_ended and place == last) for place, forms in enumerate(part.forms))
        for at in range(len(said) - size + 1)
    )


def _is_asked(term: str, wanted: Collection[Part]) -> bool:
    return any(
        _fits(term, forms, part.open_ended and place == len(part.forms) - 1)
        for part in wanted
        for place, forms in enumerate(part.forms)
    )


def _fits(term: str, forms: Sequence[str], begun: bool) -> bool:  # noqa: FBT001 - read with its call
    return term in forms or (begun and any(len(f) >= SHORTEST_BEGINNING and term.startswith(f) for f in forms))


def _folded(word: str) -> list[str]:
    if not word.isascii():
        word = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
        word = "".join(letter for letter in word if not unicodedata.combining(letter))
    plain = _CLITIC.sub(" ", word.lower())
    plain = re.sub(f"[{_APOSTROPHES}]", "", plain)
    return [term[:LONGEST_TERM] for term in _LETTERS.findall(plain)]
