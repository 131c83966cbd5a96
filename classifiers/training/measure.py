"""Figures for the model cards: the shipped classifiers on held-out sets, as Markdown tables.

    python -m classifiers.training.measure --data ../shared/data/offensive --cases ../shared/cases

Needs nothing that reading does not need.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.language import open_language
from classifiers.offensive import open_offensive
from classifiers.panel import OFFENDING, Panel
from vocabulary import Comment, Label, Reading

_ONCE = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "| set | rows | yes | macro-F1 at .5 | ROC-AUC | precision at recall .9 |\n|---|---|---|---|---|---|"


def readings(texts: Iterable[str]) -> list[Reading]:
    return [
        Reading(Comment(account="", native_id=str(at), text=text, posted_at=_ONCE)) for at, text in enumerate(texts)
    ]


def auc(truth: Any, score: Any) -> float:
    """Area under the ROC curve by ranks, ties shared; nan when one side is empty."""
    yes, no = int(truth.sum()), int((~truth).sum())
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[truth].sum() - yes * (yes + 1) / 2) / (yes * no)) if yes and no else float("nan")


def f1(truth: Any, said: Any) -> float:
    right = int((truth & said).sum())
    return 2 * right / max(1, int(truth.sum()) + int(said.sum()))


def macro_f1(truth: Any, said: Any) -> float:
    return (f1(truth, said) + f1(~truth, ~said)) / 2


def precision_at(truth: Any, score: Any, recall: float) -> float:
    """Precision where at least `recall` of the positives are found."""
    found = np.cumsum(truth[np.argsort(-score, kind="stable")])
    at = int(np.searchsorted(found, recall * truth.sum()))
    return float(found[at] / (at + 1))


def row(name: str, truth: Any, score: Any) -> str:
    figures = (macro_f1(truth, score >= 0.5), auc(truth, score), precision_at(truth, score, 0.9))
    return f"| {name} | {len(truth)} | {truth.sum()} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |"


def offences(texts: Sequence[str]) -> dict[Label | str, Any]:
    """Scores of each question of the offensive classifier, and under "any" those of abuse, hate or threat."""
    opinions = Panel([open_offensive()]).read(readings(texts))
    scores: dict[Label | str, Any] = {
        label: np.array([opinion.score(label) for opinion in opinions]) for label in (Label.PROFANITY, *OFFENDING)
    }
    return scores | {"any": np.array([opinion.offensive for opinion in opinions])}


def held_out(data: Path) -> None:
    csv.field_size_limit(sys.maxsize)
    print(HEAD)
    for path in sorted((data / "test").glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        truth = np.array([each["label_offensive"] == "1" for each in rows])
        print(row(path.name.removesuffix(".csv.gz"), truth, offences([each["text"] for each in rows])["any"]))


def worked_cases(cases: Path) -> None:
    def table(name: str) -> list[dict[str, str]]:
        with (cases / name).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    print("\nWorked cases, machine-authored, not checked by a first-language reader:\n\n" + HEAD)
    for name, column, label in (
        ("welsh_offensive", "offensive", "any"),
        ("welsh_offensive", "profanity", Label.PROFANITY),
        ("welsh_threads", "offensive", "any"),
        ("welsh_threads", "threat", Label.THREAT),
        ("council_comments", "abuse", Label.ABUSE),
        ("council_comments", "hate", Label.HATE),
        ("council_comments", "threat", Label.THREAT),
    ):
        rows = table(f"{name}.csv")
        truth = np.array([each[column] == "1" for each in rows])
        print(row(f"{name}: {column}", truth, offences([each["text"] for each in rows])[label]))
    rows = table("welsh_comments.csv")
    neutral = offences([each["text"] for each in rows])["any"]
    print(f"\nflagged of {len(rows)} benign council comments: {100 * (neutral >= 0.5).mean():.1f} %")
    language = open_language()
    found = [language.finding(each["text"]) for each in rows]
    owed = np.array([each["needs_welsh_reply"] == "1" for each in rows])
    said = np.array([each.says in {"cy", "mixed"} for each in found])
    right = int((owed & said).sum())
    review = np.mean([each.unsure for each in found])
    print(
        f"Welsh reply owed: precision {right / said.sum():.3f} recall {right / owed.sum():.3f} "
        f"F1 {f1(owed, said):.3f}; sent to review {100 * review:.1f} %"
    )


def main(arguments: list[str] | None = None) -> None:
    ask = argparse.ArgumentParser(description="Print the figures of the shipped classifiers.")
    ask.add_argument("--data", type=Path, required=True, help="the folder with test/")
    ask.add_argument("--cases", type=Path, help="the worked cases")
    told = ask.parse_args(arguments)
    held_out(told.data)
    if told.cases:
        worked_cases(told.cases)


if __name__ == "__main__":
    main()
