"""Fits the lines of classifiers/weighing.py on what the encoder never saw, and writes weighing.json.

A head with a handful of positives cannot pay for a free line, so each is pulled towards what the
encoder says by itself.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import care, needs_response, requests, tone
from classifiers.cues import open_clues
from classifiers.encoder import HEADS, open_encoder
from classifiers.files import sign
from classifiers.language import open_language
from classifiers.offensive import clues, open_lexicon
from classifiers.training.examples import Example, authored, english
from classifiers.weighing import Clue, Line, no_clue
from vocabulary import Label, Language, Question

PRIOR = (1.0, 0.8, 0.0, 0.0)
PULL = (6.0, 6.0, 0.5, 4.0)
"""How strongly each of the four is held to `PRIOR`; in units of one comment's information."""
LEAST_OF_CUES = 0.6
"""Where people chose the phrases because the law or a life hangs on them, they weigh at least so much."""
HEEDED = frozenset({"self_harm", "safeguarding", "foi_request", "subject_access", "spam", "sexual", "defamation_risk"})
LEANS = {"needs_response": 1.6}
"""How much more one that is missed costs than one look too many: a sincere question is never ignored."""
OF_EACH_SET = 600


def all_clues() -> dict[str, Clue]:
    """Every head's cues; heads without any have `no_clue`."""
    found: list[tuple[Label | Question, Clue]] = [
        *clues(open_lexicon()),
        *open_clues(care.ASKED, "care.toml"),
        *open_clues(requests.ASKED, "requests.toml"),
        *open_clues(tone.ASKED, "tone.toml"),
        *open_clues((needs_response.ASKED,), "needs_response.toml", "care.toml"),
    ]
    named: dict[str, Clue] = {about.value: clue for about, clue in found}
    return {head: named.get(head, no_clue) for head in HEADS}


def held_out(data: Path, folder: Path, seed: int) -> Iterator[Example]:
    """Our threads that were kept apart, and some of the open sets' validation rows."""
    from classifiers.training.encoder import kept_apart, with_profanity

    yield from (each for each in authored(folder, kept_apart) if each.held_out)
    dice, by_set = random.Random(seed), dict[str, list[Example]]()
    for each in english(data / "offensive", random.Random(seed)):
        if each.held_out:
            by_set.setdefault(each.source, []).append(each)
    for some in by_set.values():
        yield from with_profanity(dice.sample(some, min(OF_EACH_SET, len(some))))


def line(logits: Any, cues: Any, welsh: Any, truth: Any, weights: Any, least: float) -> Line:
    """The likeliest weights of logit and cues, cues never below `least`, and constants, with `PRIOR` held in mind."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    bounds = ((0.05, None), (least, None), (None, None), (None, None))
    table = np.column_stack([logits, cues, np.ones_like(logits), welsh])
    prior, pull = np.array(PRIOR), np.array(PULL)

    def cost(at: Any) -> tuple[float, Any]:
        total = table @ at
        loss = float(
            (weights * (np.logaddexp(0, total) - truth * total)).sum() + 0.5 * (pull * (at - prior) ** 2).sum()
        )
        slope = table.T @ (weights * (1 / (1 + np.exp(-total)) - truth)) + pull * (at - prior)
        return loss, slope

    found = minimize(cost, prior, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Line(*(round(float(part), 4) for part in found))


def fitted(examples: Sequence[Example], logits: Any, welsh: Any) -> dict[str, Line]:
    """One line a head."""
    hints = all_clues()
    lines = {}
    for at, head in enumerate(HEADS):
        some = [n for n, each in enumerate(examples) if head in each.answers]
        truth = np.array([float(examples[n].answers[head]) for n in some])
        weights = np.array([1.0 if examples[n].source.startswith("authored") else 0.3 for n in some])
        weights *= np.where(truth == 1, LEANS.get(head, 1.0), 1.0)
        cues = np.array([hints[head](examples[n].text)[0] for n in some])
        lines[head] = line(
            logits[some, at], cues, welsh[some], truth, weights, LEAST_OF_CUES if head in HEEDED else 0.0
        )
        told = ", ".join(f"{part:.2f}" for part in lines[head])
        print(f"{head}: {len(some)} texts, {int(truth.sum())} yes; line {told}")
    return lines


def reliability_table(examples: Sequence[Example], logits: Any, welsh: Any, lines: Mapping[str, Line]) -> Iterator[str]:
    """For the card: by tenth of the scale how many texts of our threads scored so, and how many of them were so."""
    hints = all_clues()
    ours = [n for n, each in enumerate(examples) if each.source.startswith("authored")]
    yield "| question | " + " | ".join(f"{at / 10:.1f}–" for at in range(10)) + " |"
    yield "|---|" + "---|" * 10
    for at, head in enumerate(HEADS):
        texts = [examples[n] for n in ours]
        score = np.array(
            [
                lines[head].probability(float(logits[n, at]), hints[head](examples[n].text)[0], welsh=bool(welsh[n]))
                for n in ours
            ]
        )
        truth = np.array([each.answers[head] == 1 for each in texts])
        place = np.minimum((score * 10).astype(int), 9)
        cells = [f"{int(truth[place == tenth].sum())} of {int((place == tenth).sum())}" for tenth in range(10)]
        yield f"| {head.replace('_', ' ')} | " + " | ".join(cells) + " |"


def fit(data: Path, folder: Path, out: Path, seed: int, about: dict[str, Any] | None = None) -> None:
    """Writes weighing.json beside the model in `out`, and signs the folder."""
    told = {"name": "encoder/2", "heads": list(HEADS), "seed": seed, **(about or {})}
    sign(out, told)
    examples = list(held_out(data, folder, seed))
    encoder = open_encoder(out)
    logits = np.stack([each.logits for each in encoder.encode([each.text for each in examples])])
    language = open_language()
    found = language.findings([each.text for each in examples])
    welsh = np.array([float(Language(finding.says).has_welsh) for finding in found])
    lines = fitted(examples, logits, welsh)
    print("\n".join(reliability_table(examples, logits, welsh, lines)))
    (out / "weighing.json").write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    sign(out, told)
