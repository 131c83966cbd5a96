"""The encoder's path beside its bare session and beside BERT base under torch; the language alone; the first answer.

Two threads, comments of about 30 words, all different, so that nothing is remembered.  BERT base has
random weights, which are as slow as trained ones; it is left out where torch (the extra `hub`) is not
installed.

    python -m bench.encoder [--comments 2000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

THREADS = 2
WORDS = (
    "pryd biniau casglu stryd ni diwrnod bellach gwylanod ffordd ysgol eto cyngor diolch pawb heddiw fory mae yn ar"
    " the street light outside has been out for a fortnight who do i tell so that it is mended please council thank you"
    " absolute clowns lot three weeks waiting answer about blue bin nobody ever comes here disgrace lovely morning"
).split()


def comments(number: int, seed: int = 1) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(WORDS, k=dice.randint(26, 34))) for _ in range(number)]


def rate(what: Callable[[], Any], number: int) -> float:
    started = time.perf_counter()
    what()
    return number / (time.perf_counter() - started)


def bare(texts: Sequence[str]) -> float:
    """The session alone over batches that are ready: what nothing around it can beat."""
    from classifiers.encoder import BATCH, open_encoder

    encoder = open_encoder(threads=THREADS)
    rows = sorted((encoder.tokenizer(text)["input_ids"] for text in texts), key=len)
    ready = []
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        width = max(map(len, some))
        import numpy as np

        ids, mask = (np.zeros((len(some), width), dtype=np.int64) for _ in range(2))
        for at, row in enumerate(some):
            ids[at, : len(row)], mask[at, : len(row)] = row, 1
        ready.append({"input_ids": ids, "attention_mask": mask})
    encoder.session.run(None, ready[0])

    def run() -> None:
        for fed in ready:
            encoder.session.run(None, fed)

    return rate(run, len(texts))


def whole(texts: Sequence[str]) -> float:
    """Tokenizer, batches, session and what each word weighed."""
    from classifiers.encoder import open_encoder

    encoder = open_encoder(threads=THREADS)
    encoder.encode(comments(64, seed=2))

    def run() -> None:
        for start in range(0, len(texts), 256):
            encoder.encode(texts[start : start + 256])

    return rate(run, len(texts))


def panel(texts: Sequence[str]) -> float:
    """Every classifier that ships, over comments without a history."""
    from classifiers.panel import open_panel
    from vocabulary import Comment, Reading

    once = datetime(2026, 1, 1, tzinfo=UTC)
    readings = [
        Reading(Comment(account="", native_id=str(at), text=text, posted_at=once)) for at, text in enumerate(texts)
    ]
    opened = open_panel()
    opened.read(readings[:2])

    def run() -> None:
        for start in range(0, len(readings), 256):
            opened.read(readings[start : start + 256])

    return rate(run, len(texts))


def bert_base(texts: Sequence[str]) -> float:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from classifiers.encoder import open_encoder

    torch.set_num_threads(THREADS)
    config = BertConfig(vocab_size=31_000)
    model: Any = BertForSequenceClassification(config)
    model.eval()
    tokenizer = open_encoder().tokenizer
    rows = sorted(texts, key=len)

    def run() -> None:
        with torch.inference_mode():
            for start in range(0, len(rows), 32):
                fed = tokenizer(rows[start : start + 32], padding=True, return_tensors="pt")
                model(input_ids=fed["input_ids"], attention_mask=fed["attention_mask"]).logits.softmax(-1)

    return rate(run, len(texts))


def language(texts: Sequence[str]) -> tuple[float, float]:
    """Comments a second on one thread, and how many MiB of memory it added."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    from classifiers.language import open_language

    known = open_language()
    known.findings(texts[:64])

    def run() -> None:
        for start in range(0, len(texts), 256):
            known.findings(texts[start : start + 256])

    told = rate(run, len(texts))
    return told, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def langid(texts: Sequence[str]) -> float:
    from classifiers.language import open_foreign

    foreign = open_foreign()
    return rate(lambda: [foreign(text) for text in texts], len(texts))


def first_answer() -> float:
    """Seconds from the start of `gwylio classify` until its first line is out."""
    line = json.dumps({"id": 1, "text": "Pryd mae'r biniau'n cael eu casglu?"}) + "\n"
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", suffix=".jsonl") as file:
        file.write(line)
        file.flush()
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cli", "classify", file.name], check=True, capture_output=True)
        return time.perf_counter() - started


PARTS: dict[str, Callable[[Sequence[str]], Any]] = {
    "language": language, "langid": langid, "bare": bare, "whole": whole, "panel": panel, "bert_base": bert_base,
}  # fmt: skip


def apart(part: str, number: int) -> Any:
    """Each part in a process of its own, so that none warms another or adds to its memory."""
    env = os.environ | {"OMP_NUM_THREADS": str(THREADS), "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.encoder", "--part", part, "--comments", str(number)],
        capture_output=True, text=True, env=env, check=False,
    )  # fmt: skip
    return json.loads(done.stdout) if done.returncode == 0 else None


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--comments", type=int, default=2_000)
    words.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.part:
        print(json.dumps(PARTS[asked.part](comments(asked.comments))))
        return
    number = asked.comments
    tongue, grown = apart("language", 5 * number)
    print(f"language: {tongue:,.0f} a second on one thread, {grown:.0f} MiB; py3langid {apart('langid', number):,.0f}")
    alone, through = apart("bare", number), apart("whole", number)
    print(f"bare session: {alone:,.0f} a second; the encoder's path: {through:,.0f}, {through / alone:.2f} of it")
    everything = apart("panel", number)
    print(f"the whole panel: {everything:,.0f} a second")
    bert = apart("bert_base", max(64, number // 20))
    if bert is None:
        print("BERT base under torch: not measured, the extra `hub` is not installed")
    else:
        print(f"BERT base under torch: {bert:,.1f} a second; the encoder's path is {through / bert:.1f} times that")
    print(f"first answer after start: {min(first_answer() for _ in range(3)):.2f} s")


if __name__ == "__main__":
    main()
