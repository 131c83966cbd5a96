"""A CSV of arrivals, and the same with its due dates: the stream behind `gwylio due`.

Rows come and go one at a time.  A bad row is left out and reported with its line; the good ones
are kept, in their order.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from moderation.calendar import Calendar
from moderation.deadlines import Deadline, Figures, NaiveTime, due, explain
from vocabulary import Clock, GwylioError, Reason

ARRIVED = ("received_at", "received_at_utc")
ADDED = ("ack_due", "due")
COUNTED = "counted"

# Beyond this many, a list of bad rows helps nobody.
LISTED = 1_000


class BadRows(GwylioError):
    """Rows that could not be dated; `troubles` is (line, reason) for each of the first thousand, `number` is all."""

    def __init__(self, troubles: Sequence[tuple[int, str]], number: int) -> None:
        self.troubles, self.number = tuple(troubles), number
        lines = [f"line {line}: {reason}" for line, reason in self.troubles]
        if number > len(lines):
            lines.append(f"and {number - len(lines)} more")
        super().__init__("\n".join(lines))


class BadHeader(GwylioError):
    """The first line does not say which column holds the arrivals."""


def due_rows(
    lines: Iterable[str],
    clock: Clock,
    figures: Figures,
    calendars: Mapping[Clock, Calendar],
    *,
    counted: bool = False,
    say: Callable[[Reason], str] = str,
) -> Iterator[list[str]]:
    """The header, then each row, with `ack_due` and `due` (and `counted`, the days) after its own columns.

    `lines` is text read with newline="".  `ack_due` is empty for the clocks of the law.

    Raises:
        BadHeader: before the first row.
        BadRows: after the last row, when some were left out.
    """
    rows = csv.reader(lines)
    added = [*ADDED, *([COUNTED] if counted else [])]
    header = _header(rows, added)
    place = next(n for name in ARRIVED for n, column in enumerate(header) if column.strip() == name)
    yield [*header, *added]
    troubles: list[tuple[int, str]] = []
    number = 0
    for line, row, trouble in _numbered(rows):
        if row is not None and not row:
            continue
        try:
            if row is None:
                raise _Unreadable(trouble)
            deadline = _deadline(row, place, len(header), clock, figures, calendars)
            yield [*row, *_dates(deadline), *(["; ".join(explain(deadline, say))] if counted else [])]
        except (_Unreadable, NaiveTime) as error:
            number += 1
            if number <= LISTED:
                troubles.append((line, str(error)))
    if number:
        raise BadRows(troubles, number)


class _Unreadable(GwylioError):
    """This row has no date in it."""


def _header(rows: Iterator[list[str]], added: Sequence[str]) -> list[str]:
    try:
        header = next(rows)
    except StopIteration:
        raise BadHeader("the file is empty; its first line must name a column received_at") from None
    except csv.Error as error:
        raise BadHeader(f"the first line is not CSV: {error}") from None
    header = [column.removeprefix("\ufeff") for column in header]
    columns = [column.strip() for column in header]
    if not set(ARRIVED).intersection(columns):
        raise BadHeader(f"no column is named {' or '.join(ARRIVED)}; there are: {', '.join(columns)}")
    if taken := [column for column in added if column in columns]:
        raise BadHeader(f"there is already a column named {', '.join(taken)}; rename it first")
    return header


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | None, str]]:
    """Each row with the line it ends on; None and a reason where it is not CSV."""
    reader = rows
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _line(reader), None, f"is not CSV: {error}"
        else:
            yield _line(reader), row, ""


def _line(reader: Iterator[list[str]]) -> int:
    return int(getattr(reader, "line_num", 0))


def _deadline(
    row: Sequence[str],
    place: int,
    columns: int,
    clock: Clock,
    figures: Figures,
    calendars: Mapping[Clock, Calendar],
) -> Deadline:
    if len(row) != columns:
        raise _Unreadable(f"has {len(row)} columns where the first line has {columns}")
    text = row[place].strip()
    try:
        arrived = datetime.fromisoformat(text)
        return due(arrived, clock, figures, calendars)
    except ValueError:
        raise _Unreadable(f"{text[:40]!r} is not a time like 2026-07-01T23:30:00Z") from None
    except OverflowError:
        raise _Unreadable(f"{text[:40]!r} is too near the end of time") from None


def _dates(deadline: Deadline) -> tuple[str, str]:
    return deadline.ack_due.isoformat() if deadline.ack_due else "", deadline.due.isoformat()
