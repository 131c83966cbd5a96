"""How the encoder and the cues are weighed together, question by question.

A question has a logit from the encoder and, where people have written turns of phrase for it, the
sum of their cues.  A line over both, fitted on threads that neither was made from, turns them into
a probability, with a constant of its own for Welsh, so that a probability is worth the same in
both languages.  A list or a phrase is thus evidence and never the decision.
"""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.base import ModelError
from classifiers.encoder import FOLDER, HEADS, REMEMBERED, Encoded, Encoder, open_encoder
from classifiers.language import LanguageOf
from vocabulary import Finding, Label, Language, Question, Reading, Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXPLAINED_FROM = 0.12
"""A lower score is explained by its cues alone: nobody is asked to act on it."""
WORDS_SHOWN = 4

Clue = Callable[[str], tuple[float, tuple[Reason, ...]]]
"""A text in; the sum of its cues and what was seen, out."""


def no_clue(text: str) -> tuple[float, tuple[Reason, ...]]:
    """For a question that the encoder answers alone."""
    return 0.0, ()


class Line(NamedTuple):
    """Weights of the encoder's logit and of the cues' sum, what is added, and what more where there is Welsh."""

    encoder: float
    cues: float
    constant: float
    welsh: float

    def probability(self, logit: float, cues: float, *, welsh: bool) -> float:
        total = self.encoder * logit + self.cues * cues + self.constant + self.welsh * welsh
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Scales:
    """What every question is weighed on: the encoder, the fitted line of each, and an ear for Welsh."""

    encoder: Encoder
    lines: Mapping[str, Line]
    has_welsh: Callable[[Sequence[str]], Sequence[bool]]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A classifier of one or more questions that the encoder answers, helped by cues."""

    name: str
    scales: Scales
    asked: Sequence[tuple[Label | Question, Clue]]

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        texts = [reading.comment.text for reading in readings]
        heard = zip(texts, self.scales.encoder.encode(texts), self.scales.has_welsh(texts), strict=True)
        return [self.findings(text, encoded, welsh=welsh) for text, encoded, welsh in heard]

    def findings(self, text: str, encoded: Encoded, *, welsh: bool) -> tuple[Finding, ...]:
        """One finding a question, in their order."""
        scores, said = self.scores(text, encoded, welsh=welsh)
        carried = Carried(self.scales.encoder, text, encoded)
        return tuple(
            Finding(
                about=about,
                score=round(scores[about], 4),
                why=(*said[about], *carried.for_(about.value, scores[about])),
                classifier=self.name,
            )
            for about, _ in self.asked
        )

    def scores(
        self, text: str, encoded: Encoded, *, welsh: bool
    ) -> tuple[dict[Label | Question, float], dict[Label | Question, tuple[Reason, ...]]]:
        """The probability of each question, and what its cues saw."""
        scores, said = {}, {}
        for about, clue in self.asked:
            total, said[about] = clue(text)
            logit = float(encoded.logits[HEADS.index(about.value)])
            scores[about] = self.scales.lines[about.value].probability(logit, total, welsh=welsh)
        return scores, said


OUTRIGHT = 0.7
HEEDED = frozenset({Label.SELF_HARM, Label.SAFEGUARDING, Label.FOI_REQUEST, Label.SUBJECT_ACCESS})


@dataclass(frozen=True, slots=True)
class Heeded(Weighed):
    """Questions on which a life or the law hangs: what is said outright is heard, whatever the encoder makes of it.

    The score of one of `HEEDED` is at least `OUTRIGHT` of what its cues say by themselves.
    """

    def scores(
        self, text: str, encoded: Encoded, *, welsh: bool
    ) -> tuple[dict[Label | Question, float], dict[Label | Question, tuple[Reason, ...]]]:
        scores, said = Weighed.scores(self, text, encoded, welsh=welsh)
        for about, clue in self.asked:
            if about in HEEDED:
                scores[about] = max(scores[about], OUTRIGHT / (1 + math.exp(-clue(text)[0])))
        return scores, said


@dataclass(frozen=True)
class Carried:
    """The words that carried a score; looked for once a comment, and only when a score is worth it."""

    encoder: Encoder
    text: str
    encoded: Encoded

    @cached_property
    def _gains(self) -> NDArray[Any]:
        return self.encoder.gains(self.encoded)

    def for_(self, head: str, score: float) -> tuple[Reason, ...]:
        """One reason with the words that weighed most for `head`, or none."""
        if score < EXPLAINED_FROM:
            return ()
        words, gains = self.encoder.words(self.text, self.encoded), self._gains[:, HEADS.index(head)]
        order = sorted(range(len(words)), key=lambda at: -gains[at])
        shown = [words[at] for at in order if gains[at] > 0 and any(map(str.isalnum, words[at]))]
        chosen = list(dict.fromkeys(shown))[:WORDS_SHOWN]
        return (Reason("words that weighed most: {words}", {"words": ", ".join(chosen)}),) if chosen else ()


def open_lines(folder: Path = FOLDER) -> Mapping[str, Line]:
    """The fitted lines, by head.  Raises ModelError when they are missing or are not one a head."""
    try:
        held = json.loads((folder / "weighing.json").read_text(encoding="utf-8"))
        return {head: Line(*map(float, held[head])) for head in HEADS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder.name}/weighing.json cannot be read ({type(error).__name__})") from error


def open_scales(language: LanguageOf, folder: Path = FOLDER) -> Scales:
    """The model in `folder`, heard with the help of `language`.

    Raises ModelError when a file is missing or is not the one that the manifest names.
    """
    known: OrderedDict[str, bool] = OrderedDict()
    lock = threading.Lock()

    def has_welsh(texts: Sequence[str]) -> Sequence[bool]:
        with lock:
            said = {text: known[text] for text in texts if text in known}
        fresh = [text for text in dict.fromkeys(texts) if text not in said]
        found = language.findings(fresh)
        said |= {text: Language(finding.says).has_welsh for text, finding in zip(fresh, found, strict=True)}
        with lock:
            known.update({text: said[text] for text in fresh})
            while len(known) > REMEMBERED:
                known.popitem(last=False)
        return [said[text] for text in texts]

    return Scales(open_encoder(folder), open_lines(folder), has_welsh)
