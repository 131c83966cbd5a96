"""`gwylio classify` as a stream: JSON lines in, JSON lines out, order kept, memory flat.

A line that cannot be read stops nothing before it: the answers up to it are out, then the error
names the line.  Rows that carry an author are read as a history, in the order they come, and a
bounded number of each author's comments is remembered.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from classifiers.panel import Panel
from classifiers.summary import Rules, as_json
from vocabulary import Author, Comment, Earlier, GwylioError, Reading, Reason

BATCH = 256
BATCH_CHARACTERS = 400_000
KEPT_PER_AUTHOR = 200
KEPT_AUTHORS = 20_000
KEPT_AROUND = 300
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAFE = re.compile("[\ud800-\udfff\u0085\u2028\u2029]")


class LineError(GwylioError):
    """A line of input is not what `gwylio classify` reads; `line` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """One line of input as read.  `id` goes back as it came."""

    id: Any
    comment: Comment
    replied_before: bool


def row(number: int, line: str) -> Row:
    """Raises LineError: not JSON, not an object, no id, no text, or a date without a time zone."""
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        raise LineError(number, 'not JSON; each line must be an object such as {"id": "1", "text": "..."}') from None
    if not isinstance(held, dict):
        raise LineError(number, f"a JSON {type(held).__name__}, not an object with id and text")
    if "id" not in held:
        raise LineError(number, "no id")
    if not isinstance(held.get("text"), str):
        raise LineError(number, "no text, or text that is not a string")
    author = held.get("author")
    name = str(author) if author not in (None, "") else ""
    comment = Comment(
        account=str(held.get("account") or ""),
        native_id=str(held["id"]),
        text=held["text"],
        posted_at=_posted_at(number, held.get("posted_at")),
        author=Author(name) if name else None,
        thread=str(held.get("thread") or ""),
    )
    return Row(held["id"], comment, bool(held.get("replied_before")))


def _posted_at(number: int, given: object) -> datetime:
    if given in (None, ""):
        return UNDATED
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise LineError(number, "posted_at is not a date and time such as 2026-03-02T09:30:00+00:00") from None
    if moment.tzinfo is None:
        raise LineError(number, "posted_at has no time zone; write +00:00, Z or +01:00 after the time")
    return moment


class Histories:
    """What each author has written so far, newest first, and what anybody wrote lately.

    The authors longest unheard are forgotten.
    """

    def __init__(self, per_author: int = KEPT_PER_AUTHOR, authors: int = KEPT_AUTHORS) -> None:
        self._per_author = per_author
        self._authors = authors
        self._kept: OrderedDict[str, deque[Earlier]] = OrderedDict()
        self._lately: deque[Comment] = deque(maxlen=KEPT_AROUND)

    def reading(self, given: Row) -> Reading:
        """`given` with its author's earlier comments; it is remembered for the next."""
        author = given.comment.author
        if author is None:
            return Reading(given.comment, replied_before=given.replied_before)
        kept = self._kept.setdefault(author.native_id, deque(maxlen=self._per_author))
        self._kept.move_to_end(author.native_id)
        reading = Reading(given.comment, tuple(kept), given.replied_before, tuple(self._lately))
        self._lately.append(given.comment)
        kept.appendleft(Earlier(given.comment, given.replied_before))
        if len(self._kept) > self._authors:
            self._kept.popitem(last=False)
        return reading


def classify_lines(
    lines: Iterable[str], panel: Panel, rules: Rules, *, say: Callable[[Reason], str] = str, batch: int = BATCH
) -> Iterator[str]:
    """One JSON line (no newline) for each line that is not blank, in order.

    Raises LineError at the first line that cannot be read, after the answers to all before it.
    """
    histories = Histories()
    waiting: list[tuple[Any, Reading]] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given = row(number, line)
        except LineError:
            yield from _answers(waiting, panel, rules, say)
            raise
        waiting.append((given.id, histories.reading(given)))
        size += len(given.comment.text)
        if len(waiting) >= batch or size >= BATCH_CHARACTERS:
            yield from _answers(waiting, panel, rules, say)
            waiting, size = [], 0
    yield from _answers(waiting, panel, rules, say)


def _answers(
    waiting: Sequence[tuple[Any, Reading]], panel: Panel, rules: Rules, say: Callable[[Reason], str]
) -> Iterator[str]:
    opinions = panel.read([reading for _, reading in waiting])
    for (id_, _), opinion in zip(waiting, opinions, strict=True):
        line = json.dumps(as_json(id_, opinion, rules, say), ensure_ascii=False)
        yield _UNSAFE.sub(lambda one: f"\\u{ord(one.group()):04x}", line)
