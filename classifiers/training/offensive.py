r"""Makes the offensive model from the open data sets, the same from the same data and seed.

    python -m classifiers.training.offensive --data ../shared/data/offensive \
        --out classifiers/models/offensive --seed 7

The sets do not mean the same thing by "offensive", so one label over all of them cannot be
right.  Three questions are asked of the rows that can answer them: is a person or group
abused, is it hate of a protected group, is it a threat.  A row that cannot answer a question
is left out of it.  Needs the extra `train`; reading needs only numpy.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import ngrams
from classifiers.training.seasoning import council_rows

QUESTIONS = ("abuse", "hate", "threat")
RARE = 2
Answer = int | None
Answers = tuple[Answer, Answer, Answer]


@dataclass(frozen=True, slots=True)
class Row:
    """One training text; an answer of None means that its set cannot say."""

    text: str
    answers: Answers
    source: str
    held_out: bool
    weight: float = 1.0


def _davidson(label: int, fine: str) -> Answers:
    return label, int(fine == "hate"), None if fine == "hate" else 0


def _spans(label: int, fine: str) -> Answers:
    return label, None if label else 0, None if label else 0


def _sexism(label: int, fine: str) -> Answers:
    return label, label, int(fine.startswith("1. threats"))


def _emoji(label: int, fine: str) -> Answers:
    return label, label, int(fine == "threateninglanguage")


def _misogyny(label: int, fine: str) -> Answers:
    return int(bool(label) or fine == "Nonmisogynistic_personal_attack"), label, None


def _whole(label: int, fine: str) -> Answers:
    return label, label, None


def _toxic(label: int, fine: str) -> Answers:
    return label, None if label else 0, None if label else 0


# What each set can answer, and how much one of its rows counts: see docs/reference/classifiers.md.
SETS: dict[str, tuple[Callable[[int, str], Answers], float]] = {
    "civil_spans": (_spans, 1.0),
    "convabuse": (_toxic, 2.0),
    "davidson": (_davidson, 1.0),
    "edos": (_sexism, 0.7),
    "fox": (_whole, 1.0),
    "guest_misogyny": (_misogyny, 0.5),
    "hatemojibuild": (_emoji, 1.0),
    "identity_templates": (_toxic, 0.3),
    "wiki_cat": (_toxic, 1.0),
}


def rows_of(path: Path) -> Iterator[tuple[str, int, str, str]]:
    """Text, offensive (0 or 1), fine label and split of each row of one set."""
    csv.field_size_limit(sys.maxsize)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["text"], int(row["label_offensive"]), row["fine_label"], row["split"]


def english(data: Path, dice: random.Random) -> Iterator[Row]:
    for name, (answer, weight) in SETS.items():
        rows = list(rows_of(data / "train" / f"{name}.csv.gz"))
        has_split = any(split == "val" for *_, split in rows)
        for text, label, fine, split in rows:
            held_out = split == "val" if has_split else dice.random() < 0.08
            yield Row(text, answer(label, fine), name, held_out, weight)


def welsh(authored: Path, sentences: Path, dice: random.Random) -> Iterator[Row]:
    """The project's own Welsh and mixed comments, and read Welsh sentences that are nobody's abuse."""
    for name, weight in (("comments", 4.0), ("templates", 0.6)):
        with (authored / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                kind, offensive = row["functionality"], int(row["offensive"])
                threat = int(offensive and "threat" in kind and "nonthreat" not in kind)
                hate = int(offensive and "hate" in kind)
                yield Row(row["text"], (offensive, hate, threat), f"authored {name}", dice.random() < 0.1, weight)
    for name in ("cy_commonvoice_cc0", "cy_covost_cc0"):
        with gzip.open(sentences / f"{name}.txt.gz", "rt", encoding="utf-8") as lines:
            some = dice.sample([line.strip() for line in lines], 2000)
        for text in some:
            yield Row(text, (0, 0, 0), name, dice.random() < 0.1, 0.5)


def seasoning(dice: random.Random) -> Iterator[Row]:
    for text, answers in council_rows(dice):
        yield Row(text, answers, "seasoning", dice.random() < 0.1, 1.5)


def matrix(texts: Iterable[str]) -> Any:
    """A sparse matrix of damped counts, one row a text, one column a bucket."""
    from scipy.sparse import csr_matrix, vstack  # type: ignore[import-untyped]

    prepared = [ngrams.prepared(text) for text in texts]
    parts = []
    for run in ngrams.slices(prepared):
        some = prepared[run]
        comment, bucket, value = ngrams.counted(ngrams.occurrences(some))
        parts.append(csr_matrix((value.astype(np.float32), (comment, bucket)), shape=(len(some), 1 << ngrams.BITS)))
    return vstack(parts, format="csr")


def rarity_of(counts: Any) -> Any:
    """Smoothed inverse document frequency per bucket; 0 where fewer than `RARE` texts have it."""
    seen = np.bincount(counts.indices, minlength=1 << ngrams.BITS)
    return np.where(seen >= RARE, np.log((1 + counts.shape[0]) / (1 + seen)) + 1, 0.0).astype(np.float32)


def scaled(counts: Any, rarity: Any) -> Any:
    from sklearn.preprocessing import normalize

    weighed = counts.copy()
    weighed.data = weighed.data * rarity[weighed.indices]
    return normalize(weighed, copy=False)


def straightened(scores: Any, truth: Any, weight: Any) -> tuple[float, float]:
    """Platt's slope and intercept, fitted on rows the model did not see."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), truth, sample_weight=weight)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def train(rows: list[Row], strength: float) -> dict[str, Any]:
    """The arrays that ship: rarity, one row of weights per question, and its bias, slope and intercept."""
    from sklearn.linear_model import LogisticRegression

    counts = matrix(row.text for row in rows)
    rarity = rarity_of(counts)
    table = scaled(counts, rarity)
    held = np.array([row.held_out for row in rows])
    weight = np.array([row.weight for row in rows])
    weights, lines = [], []
    for at, question in enumerate(QUESTIONS):
        known = np.array([row.answers[at] is not None for row in rows])
        truth = np.array([row.answers[at] or 0 for row in rows])
        fit, check = known & ~held, known & held
        model = LogisticRegression(C=strength, max_iter=400, solver="lbfgs", tol=1e-6)
        model.fit(table[fit], truth[fit], sample_weight=weight[fit])
        coefficient = model.coef_[0]
        small = np.where(rarity > 0, coefficient, 0).astype(np.float16)
        raw = table[check] @ small.astype(np.float32) + float(model.intercept_[0])
        slope, intercept = straightened(raw, truth[check], weight[check])
        weights.append(small)
        lines.append((float(model.intercept_[0]), slope, intercept))
        print(f"{question}: {fit.sum()} rows, {truth[fit].sum()} yes; checked on {check.sum()}", file=sys.stderr)
    return {
        "rarity": np.rint(rarity * 16).astype(np.uint8),
        "weights": np.stack(weights),
        "lines": np.array(lines, dtype=np.float32),
    }


def main(arguments: list[str] | None = None) -> None:
    ask = argparse.ArgumentParser(description="Train the offensive model.")
    ask.add_argument("--data", type=Path, required=True, help="the folder with train/ and test/")
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--authored", type=Path, help="default: authored/ beside the data folder")
    ask.add_argument("--welsh", type=Path, help="default: welsh/ beside the data folder")
    ask.add_argument("--seed", type=int, default=7)
    ask.add_argument("--strength", type=float, default=3.0, help="inverse regularisation")
    told = ask.parse_args(arguments)
    dice = random.Random(told.seed)
    beside = told.data.resolve().parent
    rows = [
        *english(told.data, dice),
        *welsh(told.authored or beside / "authored", told.welsh or beside / "welsh", dice),
        *seasoning(dice),
    ]
    arrays = train(rows, told.strength)
    told.out.mkdir(parents=True, exist_ok=True)
    model = told.out / "model.npz"
    np.savez_compressed(model, **arrays)
    manifest = {
        "name": "offensive/1",
        "file": model.name,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "questions": list(QUESTIONS),
        "bits": ngrams.BITS,
        "characters": list(ngrams.CHARACTERS),
        "rows": len(rows),
        "seed": told.seed,
    }
    (told.out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
