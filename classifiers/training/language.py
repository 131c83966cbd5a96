"""Makes the table that tells a Welsh word from an English one and from any other.

    python -m classifiers.training.language --data ../shared/data/welsh --out classifiers/models/language --seed 7

One word at a time, by its letters: the decision about a comment is made by the rules of
classifiers/language.py.  Accents are folded and apostrophes dropped for half of the words,
because people type so.  Needs the extra `train`; reading needs only numpy.
"""

from __future__ import annotations

import argparse
import gzip
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.files import sign
from classifiers.language import BITS, KINDS, buckets
from classifiers.text import folded, without_addresses, words

CY, EN, OTHER = range(len(KINDS))
FILES = {
    "cy_commonvoice_cc0.txt.gz": CY,
    "cy_covost_cc0.txt.gz": CY,
    "cy_tagiedig_cc0.txt.gz": CY,
    "cy_ud_train.txt.gz": CY,
    "en_ewt_train.txt.gz": EN,
    "ga_train.txt.gz": OTHER,
    "gd_train.txt.gz": OTHER,
    "other_train.tsv.gz": OTHER,
}


def sentences(data: Path) -> Iterator[tuple[str, int]]:
    for name, kind in FILES.items():
        with gzip.open(data / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = line.rstrip("\n").rpartition("\t")[2] if name.endswith("tsv.gz") else line
                yield without_addresses(text), kind


def counted(data: Path, dice: random.Random) -> dict[str, list[float]]:
    """How often each word stands in each language, per million words of that language."""
    seen: list[Counter[str]] = [Counter() for _ in KINDS]
    for text, kind in sentences(data):
        found = words(folded(text))
        if dice.random() < 0.5:
            found = [word.replace("'", "") for word in found]
        seen[kind].update(found)
    totals = [sum(counter.values()) for counter in seen]
    everything = set().union(*seen)
    return {
        word: [1e6 * counter[word] / total for counter, total in zip(seen, totals, strict=True)] for word in everything
    }


def train(table: dict[str, list[float]]) -> dict[str, Any]:
    """The arrays that ship: one int8 row of weights a language, their scale, the biases."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression

    ordered = sorted(table)
    found = [buckets(word) for word in ordered]
    rows = np.repeat(np.arange(len(ordered)), [len(some) for some in found])
    columns = np.fromiter((bucket for some in found for bucket in some), dtype=np.int64)
    values = np.repeat([1 / np.sqrt(len(some)) for some in found], [len(some) for some in found])
    features = csr_matrix((values, (rows, columns)), shape=(len(ordered), 1 << BITS))
    rates = np.array([table[word] for word in ordered])
    index, truth, weight = [], [], []
    for kind in range(len(KINDS)):
        at = np.flatnonzero(rates[:, kind])
        index.append(at)
        truth.append(np.full(len(at), kind))
        weight.append(np.log1p(rates[at, kind] / 20) + 0.3)
    order = np.concatenate(index)
    model = LogisticRegression(C=20.0, max_iter=400)
    model.fit(features[order], np.concatenate(truth), sample_weight=np.concatenate(weight))
    scale = float(np.quantile(np.abs(model.coef_[model.coef_ != 0]), 0.9999)) / 127
    return {
        "weights": np.clip(np.rint(model.coef_ / scale), -127, 127).astype(np.int8),
        "scale": np.float32(scale),
        "bias": model.intercept_.astype(np.float32),
    }


def main(arguments: list[str] | None = None) -> None:
    ask = argparse.ArgumentParser(description="Train the word table of the language classifier.")
    ask.add_argument("--data", type=Path, required=True)
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--seed", type=int, default=7)
    told = ask.parse_args(arguments)
    table = counted(told.data, random.Random(told.seed))
    told.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(told.out / "model.npz", **train(table))
    about = {"name": "language/1", "kinds": list(KINDS), "bits": BITS, "words": len(table), "seed": told.seed}
    sign(told.out, about)


if __name__ == "__main__":
    main()
