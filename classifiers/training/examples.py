"""What the encoder learns from: rows that each say what they can answer, and leave the rest open.

The open sets do not mean the same thing by "offensive", so one label over all of them cannot be
right.  A row carries an answer only for the questions that its set, or its author, really
answered; the loss leaves the others out.
"""

from __future__ import annotations

import csv
import gzip
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.encoder import HEADS
from classifiers.labelled import threads

Answers = Mapping[str, int]
"""By head: 1 or 0; a head that is missing is not answered."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text and what is known of it.

    `group` names what must not be split between training and validation: a thread with all its
    renderings.  `pair` is the same comment in the other language, where somebody wrote one.
    """

    text: str
    answers: Answers
    source: str
    language: str = "en"
    weight: float = 1.0
    held_out: bool = False
    group: str = ""
    pair: str = ""


def _davidson(label: int, fine: str) -> dict[str, int]:
    hate = int(fine == "hate")
    return {"abuse": label, "hate": hate} | ({} if hate else {"threat": 0})


def _toxic(label: int, fine: str) -> dict[str, int]:
    return {"abuse": label} | ({} if label else {"hate": 0, "threat": 0})


def _sexism(label: int, fine: str) -> dict[str, int]:
    return {"abuse": label, "hate": label, "threat": int(fine.startswith("1. threats"))}


def _emoji(label: int, fine: str) -> dict[str, int]:
    return {"abuse": label, "hate": label, "threat": int(fine == "threateninglanguage")}


def _misogyny(label: int, fine: str) -> dict[str, int]:
    return {"abuse": int(bool(label) or fine == "Nonmisogynistic_personal_attack"), "hate": label}


def _whole(label: int, fine: str) -> dict[str, int]:
    return {"abuse": label, "hate": label}


# What each set can answer; how much a row counts when it is one, and when it is not: in the sets about
# sexism other abuse hides in "none".
SETS: dict[str, tuple[Callable[[int, str], dict[str, int]], float, float]] = {
    "civil_spans": (_toxic, 1.0, 1.0),
    "convabuse": (_toxic, 2.0, 2.0),
    "davidson": (_davidson, 1.0, 1.0),
    "edos": (_sexism, 1.0, 0.4),
    "fox": (_whole, 1.0, 0.7),
    "guest_misogyny": (_misogyny, 1.0, 0.4),
    "hatemojibuild": (_emoji, 1.0, 1.0),
    "identity_templates": (_toxic, 0.3, 0.3),
    "wiki_cat": (_toxic, 1.0, 1.0),
}


def rows_of(path: Path) -> Iterator[tuple[str, int, str, str]]:
    """Text, offensive (0 or 1), fine label and split of each row of one open set."""
    csv.field_size_limit(sys.maxsize)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["text"], int(row["label_offensive"]), row["fine_label"], row["split"]


def english(data: Path, dice: random.Random) -> Iterator[Example]:
    """The open sets under `data`/train; a twentieth is held out where the set has no split of its own."""
    for name, (answer, yes, no) in SETS.items():
        rows = list(rows_of(data / "train" / f"{name}.csv.gz"))
        has_split = any(split == "val" for *_, split in rows)
        for text, label, fine, split in rows:
            held_out = split == "val" if has_split else dice.random() < 0.05
            yield Example(text, answer(label, fine), name, "en", yes if label else no, held_out)


def joined(examples: Sequence[Example], count: int, dice: random.Random) -> Iterator[Example]:
    """`count` longer texts, each of two to four texts of one set, most of them all harmless.

    In some sets nearly every long text is abusive; without these a network learns to count words.
    A label is on when any part has it, off when every part has it off, and open otherwise.
    """
    quiet: dict[str, list[Example]] = {}
    loud: dict[str, list[Example]] = {}
    for each in examples:
        (loud if each.answers.get("abuse") else quiet).setdefault(each.source, []).append(each)
    sources = sorted(name for name, some in quiet.items() if name in loud and len(some) > 500)
    for _ in range(count):
        source = dice.choice(sources)
        parts = dice.choices(quiet[source], k=dice.randint(2, 4))
        if dice.random() < 0.25:
            parts[dice.randrange(len(parts))] = dice.choice(loud[source])
        answers = {}
        for head in HEADS:
            said = [part.answers.get(head) for part in parts]
            if 1 in said or None not in said:
                answers[head] = int(1 in said)
        yield Example(" ".join(part.text for part in parts), answers, source, "en", 0.7)


def authored(folder: Path, held_out: Callable[[str], bool] = lambda group: False) -> Iterator[Example]:
    """The project's own comments: every thread of every file, whole, each rendering beside its comment.

    `held_out` is asked about each thread.  Raises LabelledError with file and line.
    """
    for path in sorted(folder.glob("*.txt")):
        for each in threads(path):
            answers = {head: int(each.answers[head]) for head in HEADS}
            kept, source = held_out(each.group), f"authored {path.stem}"
            yield Example(each.text, answers, source, each.language, 1.0, kept, each.group, each.rendering)
            if each.rendering:
                other = {"cy": "en", "en": "cy"}.get(each.language, "")
                yield Example(each.rendering, answers, source, other, 1.0, kept, each.group, each.text)


def beginnings(path: Path) -> Iterator[Example]:
    """The first Welsh comments that were written for this project, one a row, with three labels."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            answers = {"abuse": int(row["offensive"]), "profanity": int(row["profanity"]), "threat": int(row["threat"])}
            yield Example(row["text"], answers, "authored beginnings", row["lang"])


def templates(path: Path) -> Iterator[Example]:
    """Welsh made from frames: rough, so it is only a seasoning, and weighs half."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            kind = row["functionality"]
            answers = {
                "abuse": int(row["offensive"]),
                "threat": int(kind in {"threat", "cs_threat"}),
                "hate": int(kind in {"group_hate", "cs_hate"}),
            }
            yield Example(row["text"], answers, "seasoning", "cy", 0.5)
