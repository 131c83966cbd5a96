"""Labelled comments: our own threads, and sets in CSV, as something to be measured on.

Our threads are plain text: a line `# ` with the post, then one comment a line, its language first
and its labels in brackets last, and under it, after `> `, the same comment as somebody would put it
in the other language.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from classifiers.encoder import HEADS
from vocabulary import GwylioError, Label

OFFENSIVE, WELSH_REPLY = "offensive", "needs_welsh_reply"
"""Two answers beside the labels: abuse, hate or threat at once; and whether a Welsh reply is owed."""
WRITTEN = (*HEADS, Label.PERSONAL_DATA.value, Label.REPEATED.value)
_COMMENT = re.compile(r"(cy|en|mixed|other|und) (.+) \[([a-z_ ]*)\]")
_OFFENCE = frozenset({"abuse", "hate", "threat"})


class LabelledError(GwylioError):
    """A file of labelled comments cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A comment and what is known of it; a question that is missing from `answers` was not asked.

    `group` is the thread, or the function that a suite tests.  `rendering` is the same comment in the
    other language, where somebody wrote one.
    """

    text: str
    language: str
    answers: Mapping[str, bool]
    group: str = ""
    rendering: str = ""


def threads(path: Path) -> Iterator[Labelled]:
    """The comments of one file of threads.  Raises LabelledError at the first line that is none of the three."""
    group, waiting = "", None
    for number, line in enumerate(map(str.strip, path.read_text(encoding="utf-8").splitlines()), start=1):
        if line.startswith("> "):
            if waiting is None:
                raise LabelledError(f"{path.name}:{number}: a rendering that follows no comment")
            yield Labelled(waiting.text, waiting.language, waiting.answers, waiting.group, line[2:].strip())
            waiting = None
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if line.startswith("# "):
            group = f"{path.stem}:{number}"
        elif found := _COMMENT.fullmatch(line):
            language, text, said = found.groups()
            waiting = Labelled(text, language, answered(said.split(), f"{path.name}:{number}"), group)
        elif line:
            raise LabelledError(f"{path.name}:{number}: neither a post, a comment nor a rendering: {line[:60]}")
    if waiting is not None:
        yield waiting


def answered(labels: Iterable[str], where: str) -> dict[str, bool]:
    """An answer to every question from the labels that apply; what one implies, it brings along."""
    said = set(labels)
    if unknown := said - set(WRITTEN):
        raise LabelledError(f"{where}: no such label: {', '.join(sorted(unknown))}")
    if said & {"hate", "threat"}:
        said.add("abuse")
    if said & {"self_harm", "safeguarding"}:
        said.add("needs_response")
    return {name: name in said for name in WRITTEN} | {OFFENSIVE: bool(said & _OFFENCE)}


def sets_in(folder: Path) -> Iterator[tuple[str, list[Labelled]]]:
    """Every set under `folder` by name, in order; a folder called `train` is never looked into.

    Files with the ending .txt are threads; .csv, .csv.gz and .tsv are sets with a column `text`, and are
    passed over when they answer nothing that is asked here.  Raises LabelledError for one that is damaged.
    """
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if "train" in within.parts or not path.is_file():
            continue
        name = str(within).partition(".")[0]
        if path.suffix == ".txt":
            yield name, list(threads(path))
        elif path.name.endswith((".csv", ".csv.gz", ".tsv")) and (found := list(_rows(path))):
            yield name, found


def _rows(path: Path) -> Iterator[Labelled]:
    csv.field_size_limit(sys.maxsize)
    try:
        with _opened(path) as lines:
            for number, row in enumerate(csv.DictReader(lines, delimiter="\t" if path.suffix == ".tsv" else ","), 2):
                if (answers := _answers(row, f"{path.name}:{number}")) and row.get("text"):
                    language = row.get("lang") or row.get("language") or row.get("label") or "en"
                    group = row.get("function") or row.get("functionality") or row.get("category") or ""
                    yield Labelled(row["text"], language, answers, group)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelledError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _answers(row: Mapping[str, str | None], where: str) -> dict[str, bool]:
    if (said := row.get("labels")) is not None:
        return answered(said.split(), where)
    found = {name: row[name] == "1" for name in (*WRITTEN, OFFENSIVE, WELSH_REPLY) if row.get(name) in {"0", "1"}}
    if row.get("label_offensive") in {"0", "1"}:
        found[OFFENSIVE] = row["label_offensive"] == "1"
    if OFFENSIVE not in found and found.keys() >= _OFFENCE:
        found[OFFENSIVE] = any(found[name] for name in _OFFENCE)
    return found
