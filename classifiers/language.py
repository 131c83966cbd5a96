"""The language a comment is written in: Welsh, English, both, another, or none that can be told.

Every word is weighed by its letters, the sentence smooths its words (people change language
between phrases, seldom between words), and rules on share and structure decide.  py3langid,
which knows a hundred languages and misses short Welsh, is asked only whether the text is
something else altogether.

A miss is worse than a false alarm here (Welsh Language Standards 58 and 59), so one short run
of Welsh in English is neither yes nor no: the finding is `unsure` and a person looks.
"""

from __future__ import annotations

import math
import re
import tomllib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.files import WORDS, arrays
from classifiers.text import LETTERS, folded, without_addresses
from vocabulary import Finding, Language, Question, Reading, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

# Words of both languages: they follow their neighbours and count for neither.
_EITHER = frozenset({"a", "i", "o", "am", "at", "no", "do", "more", "her", "are", "has", "hi"})
_PARTICLES = frozenset({"y", "yr", "ar", "the", "o", "a", "and", "of", "sir"})
BITS = 16
KINDS = ("cy", "en", "other")
NAME = "name"
CY, EN, OTHER = range(3)

_MODEL = Path(__file__).parent / "models" / "language"
_TOKEN = re.compile(rf"#?'?{LETTERS}+(?:['\-]{LETTERS}+)*'?|[.!?\n:;,()\"]")
_LONGEST = 4_000
_TOGETHER = 64
_STAY = math.log(0.8)
_MOVE = math.log(0.1)
_PLACE = re.compile(
    r"(?:aber|blaen|bryn|caer|cefn|cil|coed|cwm|dol|glan|llan|maes|mynydd|nant|pant|pen|pont|porth|rhos|rhyd|tre|ynys)"
    r"\w{3,}"
)


def buckets(word: str) -> list[int]:
    """Where the letters of a folded word are looked up: the word and its pieces of one to five letters."""
    edged = f"^{word}$"
    pieces = {edged[at : at + n] for n in (2, 3, 4, 5) for at in range(len(edged) - n + 1)} | {f"={word}"}
    return sorted(zlib.crc32(piece.encode("utf-8", "replace")) & ((1 << BITS) - 1) for piece in pieces)


class Scores(NamedTuple):
    """Log-probabilities of one word or one run of text."""

    cy: float
    en: float
    other: float


NEUTRAL = Scores(math.log(1 / 3), math.log(1 / 3), math.log(1 / 3))


@dataclass(frozen=True, slots=True)
class Words:
    """The lists of config/words, folded."""

    function: frozenset[str]
    everyday: frozenset[str]
    english: frozenset[str]
    names: frozenset[str]
    people: frozenset[str]
    openers: frozenset[str]
    neutral: frozenset[str]
    courtesies: frozenset[tuple[str, ...]]


@lru_cache(maxsize=1)
def open_words(folder: Path = WORDS) -> Words:
    """Reads welsh.toml, english.toml and names.toml once."""

    def table(name: str) -> dict[str, str]:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))

    def listed(text: str) -> frozenset[str]:
        return frozenset(folded(text).split())

    welsh, names = table("welsh.toml"), table("names.toml")
    return Words(
        function=listed(welsh["function"]),
        everyday=listed(welsh["everyday"]) | listed(welsh["courtesies"]),
        english=listed(table("english.toml")["function"]),
        names=listed(names["places"]),
        people=listed(names["people"]),
        openers=listed(names["openers"]),
        neutral=listed(names["neutral"]),
        courtesies=frozenset(tuple(folded(line).split()) for line in welsh["courtesies"].split("\n") if line.strip()),
    )


@dataclass(slots=True)
class WordTable:
    """The trained table behind one word's scores; the words met most are remembered."""

    weights: Any
    bias: Any
    words: Words
    score: Callable[[str], Scores] = field(init=False)

    def __post_init__(self) -> None:
        self.score = lru_cache(maxsize=50_000)(self._score)

    def _score(self, word: str) -> Scores:
        import numpy as np

        if word in self.words.function:
            return Scores(math.log(0.98), math.log(0.01), math.log(0.01))
        if word in self.words.english:
            return Scores(math.log(0.01), math.log(0.98), math.log(0.01))
        if word in self.words.everyday:
            return Scores(math.log(0.9), math.log(0.07), math.log(0.03))
        if len(word) > 40:
            return NEUTRAL
        at = buckets(word)
        raw = self.weights[:, at].sum(axis=1) / math.sqrt(len(at)) + self.bias
        raw -= raw.max()
        shared = 0.97 * np.exp(raw) / np.exp(raw).sum() + 0.01
        return Scores(*(math.log(float(part)) for part in shared))


def open_table(folder: Path = _MODEL) -> WordTable:
    """Raises ModelError when the table is missing or is not the one its manifest names."""
    held = arrays(folder)
    return WordTable(held["weights"].astype("float32") * held["scale"], held["bias"], open_words())


class Token(NamedTuple):
    """A word as folded, its scores, and whether it says anything about the language at all."""

    word: str
    scores: Scores
    counts: bool


def tokens(text: str, table: WordTable) -> list[Token]:
    """The words of `text`.  Names, courtesies of the internet and words of both languages do not count."""
    lists = table.words
    found: list[Token] = []
    shown = _TOKEN.findall(without_addresses(text[:_LONGEST]))
    cased = any(word[1:].islower() for word in shown)
    begins, named = True, False
    for word, following in zip(shown, [*shown[1:], ""], strict=False):
        if len(word) == 1 and not word.isalpha():
            begins, named = begins or word in ".!?\n", False
            continue
        plain = _plain(word)
        seen = Seen(plain, plain.strip("'"), cased and word[:1].isupper(), begins, named, following[:1].isupper())
        is_name = seen.is_name(lists, cased=cased)
        scores = NEUTRAL if is_name else table.score(plain)
        found.append(Token(plain, scores, not is_name and plain not in _EITHER))
        named = (is_name and (seen.capital or named)) or (seen.capital and seen.bare in lists.openers)
        begins = False
    return found


@lru_cache(maxsize=50_000)
def _plain(word: str) -> str:
    return folded(word).strip("#")


class Seen(NamedTuple):
    """A word where it stands: whether it has a capital, begins a sentence, or goes on from a name."""

    word: str
    bare: str
    capital: bool
    begins: bool
    named: bool
    capital_follows: bool

    def is_name(self, lists: Words, *, cased: bool) -> bool:
        """Whether it says nothing about the language; without any case in the text, first names are names."""
        if self.bare in lists.neutral or self.bare in lists.names or (len(self.bare) == 1 and self.bare not in "yoia"):
            return True
        if self.bare in lists.people and (self.capital or not cased):
            return True
        if self.named and self.capital_follows and self.bare in _PARTICLES:
            return True
        if not self.capital or self.word in lists.english:
            return False
        if self.named or (self.bare in lists.openers and (not self.begins or self.capital_follows)):
            return True
        if not self.begins and self.word not in lists.function:
            return True
        return _PLACE.fullmatch(self.bare) is not None and self.word not in lists.everyday


def smoothed(comments: Sequence[Sequence[Token]]) -> list[list[int]]:
    """The likeliest language of each token when a change of language costs something (Viterbi), many comments at once.

    Comments of like length go together, as the longest of them sets the price.
    """
    paths: list[list[int]] = [[] for _ in comments]
    by_length = sorted((at for at, found in enumerate(comments) if found), key=lambda at: len(comments[at]))
    for start in range(0, len(by_length), _TOGETHER):
        places = by_length[start : start + _TOGETHER]
        for at, path in zip(places, _likeliest([comments[at] for at in places]), strict=True):
            paths[at] = path
    return paths


def _likeliest(comments: Sequence[Sequence[Token]]) -> list[list[int]]:
    import numpy as np

    lengths = [len(found) for found in comments]
    longest = max(lengths)
    nothing = [(0.0, 0.0, 0.0)]
    scores = np.array([[token.scores for token in found] + nothing * (longest - len(found)) for found in comments])
    rows = np.arange(len(comments))
    best, came = scores[:, 0], np.empty((longest, len(comments), len(KINDS)), dtype=np.int8)
    last = np.zeros(len(comments), dtype=np.int8)
    ends = np.array(lengths) - 1
    last[ends == 0] = best[ends == 0].argmax(axis=1)
    for at in range(1, longest):
        top = best.argmax(axis=1)
        stay, move = best + _STAY, (best[rows, top] + _MOVE)[:, None]
        came[at] = np.where(stay >= move, np.arange(len(KINDS)), top[:, None])
        best = np.maximum(stay, move) + scores[:, at]
        last[ends == at] = best[ends == at].argmax(axis=1)
    back = came.tolist()
    paths = []
    for row, (length, kind) in enumerate(zip(lengths, last.tolist(), strict=True)):
        path = [kind]
        for at in range(length - 1, 0, -1):
            path.append(back[at][row][path[-1]])
        paths.append(path[::-1])
    return paths


@dataclass(frozen=True, slots=True)
class Runs:
    """What the tokens add up to."""

    welsh: int
    english: int
    other: int
    longest_welsh: int
    structure: int
    share: float
    courtesy_only: bool


def added_up(found: Sequence[Token], path: Sequence[int], lists: Words) -> Runs:
    """Counts by language, the longest run of Welsh, and how many Welsh words of grammar there are."""
    counts = [0, 0, 0]
    structure = 0
    runs: list[list[str]] = []
    in_run = in_welsh = False
    for token, kind in zip(found, path, strict=True):
        if token.counts:
            counts[kind] += 1
            structure += kind == CY and token.word in lists.function
        in_run = kind == CY and (in_run or token.counts)
        if in_run and not in_welsh:
            runs.append([])
        if in_run and (token.counts or token.word in _EITHER):
            runs[-1].append(token.word)
        in_welsh = in_run
    total = sum(counts)
    return Runs(
        welsh=counts[CY],
        english=counts[EN],
        other=counts[OTHER],
        longest_welsh=max(map(len, runs), default=0),
        structure=structure,
        share=counts[CY] / total if total else 0.0,
        courtesy_only=bool(runs) and all(_is_courtesy(run, lists) for run in runs),
    )


def _is_courtesy(run: Sequence[str], lists: Words) -> bool:
    while run and run[-1] in _EITHER:
        run = run[:-1]
    return tuple(run) in lists.courtesies or all((word,) in lists.courtesies for word in run)


class Decision(NamedTuple):
    """What we say, how sure, and whether a person should look."""

    language: Language
    score: float
    unsure: bool


def decided(runs: Runs, foreign: float) -> Decision:
    """`foreign` is the library's probability that the text is neither Welsh nor English."""
    known = runs.welsh + runs.english
    if not known + runs.other:
        return Decision(Language.UND, 0.9, unsure=False)
    if foreign >= 0.5 and (runs.other > known or (foreign > 0.9 and runs.other * 2 >= known)):
        return Decision(Language.OTHER, max(foreign, 0.6), unsure=bool(runs.structure > 1))
    if runs.share >= 0.75:
        return Decision(Language.CY, 0.5 + runs.share / 2, unsure=False)
    if not runs.welsh:
        return Decision(Language.EN, 1 - runs.share, unsure=False)
    if runs.courtesy_only:
        return Decision(Language.EN, 1 - runs.share, unsure=runs.share >= 0.34)
    if (runs.structure and runs.welsh >= 2) or runs.welsh >= 3:
        return Decision(Language.MIXED, min(0.95, 0.5 + 0.1 * runs.welsh), unsure=runs.welsh < 3)
    return Decision(Language.EN, 1 - runs.share, unsure=runs.longest_welsh >= 2 or runs.structure > 0)


_SAID = {
    Language.CY: Reason("Welsh words: {welsh} of {all}"),
    Language.EN: Reason("English words: {english} of {all}"),
    Language.MIXED: Reason("both languages: {welsh} Welsh words and {english} English"),
    Language.OTHER: Reason("neither Welsh nor English: {other} words of {all}"),
    Language.UND: Reason("no words that tell a language"),
}


@dataclass(frozen=True, slots=True)
class LanguageOf:
    """The language classifier; one finding a comment, about `Question.LANGUAGE`."""

    table: WordTable
    foreign: Callable[[str], float]
    name: str = "language/2"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [(finding,) for finding in self.findings([reading.comment.text for reading in readings])]

    def finding(self, text: str) -> Finding:
        [only] = self.findings([text])
        return only

    def findings(self, texts: Sequence[str]) -> list[Finding]:
        """One finding a text, in order; many at once cost less."""
        found = [tokens(text, self.table) for text in texts]
        return [self._decided(*each) for each in zip(texts, found, smoothed(found), strict=True)]

    def tagged(self, text: str) -> list[tuple[str, str]]:
        """Each word as folded, with its class: `cy`, `en`, `other`, or `name` for what says nothing of the language."""
        found = tokens(text, self.table)
        [path] = smoothed([found])
        return [
            (token.word, KINDS[kind] if token.counts or token.word in _EITHER else NAME)
            for token, kind in zip(found, path, strict=True)
        ]

    def _decided(self, text: str, found: Sequence[Token], path: Sequence[int]) -> Finding:
        runs = added_up(found, path, self.table.words)
        doubtful = runs.other > 0 and bool(runs.other * 4 >= runs.welsh + runs.english)
        language, score, unsure = decided(runs, self.foreign(text[:_LONGEST]) if doubtful else 0.0)
        counts = {"welsh": runs.welsh, "english": runs.english, "other": runs.other}
        counts["all"] = sum(counts.values())
        why = [Reason(_SAID[language].text, counts)]
        if unsure:
            why.append(Reason("a person should check: a short run of Welsh, or too little to tell"))
        return Finding(
            about=Question.LANGUAGE,
            score=round(min(1.0, score), 3),
            why=tuple(why),
            classifier=self.name,
            says=language.value,
            unsure=unsure,
        )


LIKELY = (
    "cy en ga gd br fr de es it pt nl pl ro uk ru bg tr ar fa ur pa bn gu hi ta so sw zh ja ko el hu cs sk lt lv tl vi"
    " la"
).split()


def open_foreign(languages: Iterable[str] = LIKELY) -> Callable[[str], float]:
    """py3langid, restricted to languages that are met here, as the probability of neither ours; opened when asked."""

    @cache
    def library() -> Any:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        found.set_languages(list(languages))
        return found

    def foreign(text: str) -> float:
        ranked = dict(library().rank(text.encode("utf-8", "replace")))
        return float(1 - ranked.get("cy", 0.0) - ranked.get("en", 0.0))

    return foreign


def open_language() -> LanguageOf:
    """Raises ModelError when the word table is missing or damaged."""
    return LanguageOf(open_table(), open_foreign())
