"""Profanity, abuse, hate and threat: four questions, answered apart.

The score of abuse, hate and threat is a linear model over hashed n-grams (training/offensive.py
makes it), straightened so that it may be read as a probability.  The open data are English; in
Welsh the model knows only what the project wrote itself, so a word list stands beside it as a
feature: an insult aimed at somebody raises abuse, an insult alone does not.  Threats and hate in
plain words have too few examples in the open data, so turns of phrase stand beside the model
there.  Profanity is the list itself.  Swearing at a pothole is profanity and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers import ngrams
from classifiers.cues import Asked, Cue, Cued, open_cued
from classifiers.files import WORDS, arrays
from classifiers.text import folded, unmasked, words
from vocabulary import Finding, Label, Reading, Reason
from words.mutations import forms_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MODEL = Path(__file__).parent / "models" / "offensive"
QUESTIONS = (Label.ABUSE, Label.HATE, Label.THREAT)
_EXPLAINED_FROM = 0.3
_WORDS_SHOWN = 4
_MASKED = re.compile(r"(?<!\S)[a-z]{1,3}\*[a-z*]{1,6}")


HOSTILITY = (
    Asked(
        Label.HATE,
        -5.4,
        (
            Cue(Reason("a protected group is named"), 3.0, "group"),
            Cue(Reason("hostile words of a group"), 3.2, "hostile"),
            Cue(Reason("said in defence or in everyday business"), -2.5, "no_hate"),
        ),
    ),
    Asked(
        Label.THREAT,
        -3.2,
        (
            Cue(Reason("harm is announced or hinted at"), 4.4, "threat"),
            Cue(Reason("quoted, denied, or a danger that is no person's"), -3.0, "no_threat"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lists of config/words/offence.toml with every mutation written out, folded."""

    profanity: frozenset[str]
    insult: frozenset[str]
    slur: frozenset[str]


@lru_cache(maxsize=1)
def open_lexicon(folder: Path = WORDS) -> Lexicon:
    """Reads offence.toml once."""
    table = tomllib.loads((folder / "offence.toml").read_text(encoding="utf-8"))

    def listed(section: dict[str, str]) -> frozenset[str]:
        innocent = set(folded(section.get("innocent", "")).split())
        mutated = {form for word in folded(section["cy"]).split() for form in forms_of(word) if len(form) > 1}
        return frozenset((set(folded(section["en"]).split()) | mutated) - innocent)

    return Lexicon(*(listed(table[name]) for name in ("profanity", "insult", "slur")))


# Who is spoken to or of: "you", "ti", "councillor", "y boi 'na".  An insult beside one of these is aimed.
_AIMED = frozenset(
    """
    you your you're youre u ur yous yourself he she him her he's she's hes shes they them they're theyre
    councillor cllr mayor officer manager warden leader boss staff man woman bloke guy boy girl people lot
    bunch crew council councillors ti dy di chi chdi chwi fo fe hi nhw nhw'n ti'n chi'n hi'n fo'n o e wyt
    cynghorydd gynghorydd cynghorwyr maer pennaeth arweinydd swyddog swyddogion rheolwr dyn ddyn dynes
    ddynes boi foi boio hogyn merch criw griw cyngor gyngor nhwthe ydach dach
    """.split()
)
_NEAR = 5


@dataclass(frozen=True, slots=True)
class LinearModel:
    """The shipped arrays: rarity per bucket, a row of weights per question, and the line that straightens each."""

    rarity: NDArray[Any]
    weights: NDArray[Any]
    lines: NDArray[Any]

    def probabilities(self, texts: Sequence[str]) -> NDArray[Any]:
        """One row a text, one column a question, each between 0 and 1."""
        import numpy as np

        prepared = [ngrams.prepared(text) for text in texts]
        out = np.zeros((len(texts), len(QUESTIONS)))
        for run in ngrams.slices(prepared):
            some = prepared[run]
            comment, bucket, value = ngrams.counted(ngrams.occurrences(some))
            value = ngrams.weighed(comment, bucket, value, self.rarity, len(some))
            for at in range(len(QUESTIONS)):
                raw = np.bincount(comment, weights=value * self.weights[at, bucket], minlength=len(some))
                bias, slope, intercept = self.lines[at]
                out[run, at] = 1 / (1 + np.exp(-np.clip(slope * (raw + bias) + intercept, -30, 30)))
        return out

    def carried_by(self, text: str, question: int) -> tuple[str, ...]:
        """The words of `text` whose n-grams weigh most for `question`, most first."""
        import numpy as np

        found = ngrams.occurrences([ngrams.prepared(text)])
        if not found.words:
            return ()
        weight = self.weights[question, found.bucket] * self.rarity[found.bucket]
        share = weight / (found.last_word - found.first_word + 1)
        gained = np.bincount(found.first_word, weights=share, minlength=len(found.words))
        apart = found.last_word > found.first_word
        gained += np.bincount(found.last_word[apart], weights=share[apart], minlength=len(found.words))
        order = np.argsort(-gained)[: _WORDS_SHOWN * 2]
        chosen = [found.words[at] for at in order if gained[at] > 0 and any(map(str.isalpha, found.words[at]))]
        return tuple(dict.fromkeys(chosen))[:_WORDS_SHOWN]


def open_model(folder: Path = _MODEL) -> LinearModel:
    """Raises ModelError when the model is missing or is not the one its manifest names."""
    held = arrays(folder)
    return LinearModel(
        rarity=held["rarity"].astype("float32") / 16,
        weights=held["weights"].astype("float32"),
        lines=held["lines"],
    )


def listed(text: str, lexicon: Lexicon) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The profanities of `text`, its insults that are aimed at somebody, and its slurs."""
    plain = folded(text)
    found = words(unmasked(plain))
    profane = [word for word in found if word.strip("'") in lexicon.profanity]
    profane += [word for word in _MASKED.findall(plain) if word in lexicon.profanity]
    aimed = []
    for at, word in enumerate(found):
        if word in lexicon.insult and any(near in _AIMED for near in found[max(0, at - _NEAR) : at + _NEAR + 1]):
            aimed.append(word)
    slurs = [word for word in found if word in lexicon.slur]
    return tuple(dict.fromkeys(profane)), tuple(dict.fromkeys(aimed)), tuple(dict.fromkeys(slurs))


def raised(probability: float, lift: float) -> float:
    """`probability` with the odds of a listed word added; a list alone does not decide."""
    odds = probability / (1 - probability) if probability < 1 else 1e6
    return min(0.99, odds * lift / (1 + odds * lift))


def _strong(profane: tuple[str, ...]) -> tuple[Reason, ...]:
    if not profane:
        return ()
    return (Reason("strong language: {words}", {"words": ", ".join(profane[:_WORDS_SHOWN])}),)


@dataclass(frozen=True, slots=True)
class Offensive:
    """The offensive classifier: four findings a comment, always all four."""

    model: LinearModel
    lexicon: Lexicon
    hostility: Cued
    name: str = "offensive/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        texts = [reading.comment.text for reading in readings]
        if not texts:
            return []
        return [self._findings(text, row) for text, row in zip(texts, self.model.probabilities(texts), strict=True)]

    def _findings(self, text: str, row: NDArray[Any]) -> tuple[Finding, ...]:
        profane, aimed, slurs = listed(text, self.lexicon)
        hate, threat = self.hostility.findings(text)
        insulted = (*slurs, *aimed)
        scores = {
            Label.HATE: max(raised(float(row[1]), 4.0 if slurs else 1.0), hate.score),
            Label.THREAT: max(float(row[2]), threat.score),
        }
        # Hate and threats against people are abuse as well.
        scores[Label.ABUSE] = max(raised(float(row[0]), 3.0 if insulted else 1.0), 0.95 * max(scores.values()))
        said = {Label.HATE: hate.why, Label.THREAT: threat.why}
        return (
            self._finding(Label.PROFANITY, 0.95 if profane else 0.01, _strong(profane)),
            *(
                self._finding(label, scores[label], self._why(text, at, scores[label], insulted, said.get(label, ())))
                for at, label in enumerate(QUESTIONS)
            ),
        )

    def _why(
        self, text: str, question: int, score: float, insulted: tuple[str, ...], said: tuple[Reason, ...]
    ) -> tuple[Reason, ...]:
        if score < _EXPLAINED_FROM:
            return ()
        carried = self.model.carried_by(text, question)
        why = [*said]
        if carried:
            why.append(Reason("words that weighed most: {words}", {"words": ", ".join(carried)}))
        if insulted:
            why.append(Reason("an insult aimed at somebody: {words}", {"words": ", ".join(insulted[:_WORDS_SHOWN])}))
        return tuple(why)

    def _finding(self, label: Label, score: float, why: tuple[Reason, ...]) -> Finding:
        return Finding(about=label, score=round(score, 4), why=why, classifier=self.name)


def open_offensive() -> Offensive:
    """Raises ModelError when the model is missing or damaged."""
    return Offensive(open_model(), open_lexicon(), open_cued("offensive/1", HOSTILITY, "hostility.toml"))
