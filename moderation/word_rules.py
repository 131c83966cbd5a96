"""Words and phrases to look for, met in every form that Welsh gives them.

A rule is written in the radical form: `bin` finds *fy min* and *y fin*.  Case, accents and
apostrophes are folded, words are whole.  Mutated forms are sought only where the comment may be
Welsh: in English, *min* is a minute and *three* is not a *tree*.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Mapping
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from toml_file import Record, Text
from vocabulary import Language
from words.mutations import forms_of

K = TypeVar("K", bound=Hashable)

# Everyday words that a mutated form may look like once accents are folded: *ci* gives *chi*, *tŷ* gives *dy*,
# *tân* gives *dan*, *bae* gives *mae*.  One of these alone is never taken for the mutated word.
EVERYDAY = frozenset(
    "a ac ag am ar at bo bod bu byth chi da dan dau dim dod dros drwy dy dyma dyna ddim e ei ein er eu fe fel fi fo "
    "fod fu fy gan gyda ha hi hwn hyd hyn i iawn ie im iw lle ma mae mai mewn mi mo mor mwy na nac nad nag neu "
    "nhw ni nid nol nos o oed oedd oes oni os pa pan pob rhag rhwng rhy roedd rwy rwyf rydw sut sy sydd ti tra tri "
    "trwy un wedi wrth y ych ydw ydy ydych yma yn yna yng ym yr".split()
)

# *ar fin* is "about to" and "on the edge of", whatever is said of a bin.
IDIOMS = frozenset({("ar", "fin")})

MARKS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
TOKEN = re.compile(r"[^\W_]+|[.!?;]+")


def _has_a_word(text: str) -> str:
    if not any(letter.isalnum() for letter in text):
        raise PydanticCustomError("no_word", "has no letter in it, so it is never found")
    return text


Sought = Annotated[Text, AfterValidator(_has_a_word)]


class Words(Record):
    """The words of one rule, Welsh in the radical form.  English words never mutate."""

    cy: tuple[Sought, ...] = ()
    en: tuple[Sought, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.cy or self.en)


class WordRules(Generic[K]):
    """The words of many rules, compiled once and sought together in one pass over a text."""

    def __init__(self, rules: Mapping[K, Words]) -> None:
        self._plain: dict[str, list[_Phrase[K]]] = {}
        self._welsh: dict[str, list[_Phrase[K]]] = {}
        for key, words in rules.items():
            for word in (*words.en, *words.cy):
                tokens = tuple(frozenset([token]) for token in tokens_of(word))
                _plant(self._plain, _Phrase(key, word, tokens))
            for word in words.cy:
                _plant(self._welsh, _Phrase(key, word, _welsh_tokens(word)))

    def found(self, text: str, language: Language = Language.UND) -> Mapping[K, tuple[str, ...]]:
        """For each rule that occurs, its words as the rule writes them, in the order of the text.

        `language` is that of the text; mutated forms are passed over when it is English.
        """
        seen: dict[K, dict[str, None]] = {}
        tokens = tokens_of(text)
        tables = (self._plain,) if language is Language.EN else (self._plain, self._welsh)
        for place, token in enumerate(tokens):
            if place and (tokens[place - 1], token) in IDIOMS:
                continue
            for table in tables:
                for phrase in table.get(token, ()):
                    if phrase.stands_at(tokens, place):
                        seen.setdefault(phrase.key, {})[phrase.word] = None
        return {key: tuple(words) for key, words in seen.items()}


class _Phrase(Generic[K]):
    """A word or phrase as the forms that each of its words may take."""

    __slots__ = ("forms", "key", "word")

    def __init__(self, key: K, word: str, forms: tuple[frozenset[str], ...]) -> None:
        self.key, self.word, self.forms = key, word, forms

    def stands_at(self, tokens: list[str], place: int) -> bool:
        if place + len(self.forms) > len(tokens):
            return False
        return all(tokens[place + n] in forms for n, forms in enumerate(self.forms))


def tokens_of(text: str) -> list[str]:
    """The words of a text, folded; the end of a sentence is a token of its own, so no phrase spans it.

    An apostrophe or a hyphen parts two words: *o'r bin* has three, *fly-tipping* two.
    """
    return TOKEN.findall(MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()))


def _welsh_tokens(word: str) -> tuple[frozenset[str], ...]:
    tokens = tokens_of(word)
    if len(tokens) > 1:
        return tuple(frozenset(forms_of(token)) for token in tokens)
    return tuple(
        frozenset(form for form in forms_of(token) if form == token or form not in EVERYDAY) for token in tokens
    )


def _plant(table: dict[str, list[_Phrase[K]]], phrase: _Phrase[K]) -> None:
    for first in phrase.forms[0] if phrase.forms else ():
        table.setdefault(first, []).append(phrase)
