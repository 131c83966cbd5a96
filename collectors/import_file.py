"""Comments from a file: CSV or JSON lines, as a platform exports them or a person typed them.

Read as a stream, whatever the size.  A row that cannot be read is handed back with its line and
its reason, and the others go on; only a file that is wrong as a whole is refused.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TextIO

from collectors.items import LONGEST_ID, YEARS, fit_for_an_id
from vocabulary import Author, Comment, GwylioError, Origin

# Our column -> the names that exports give it, the best first.  Case, spaces and hyphens do not matter.
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "native_id", "comment_id", "commentid", "tweet_id", "post_id_str", "id_str"),
    "text": ("text", "message", "comment", "full_text", "comment_text", "body", "content"),
    "author": ("author", "author_id", "from_id", "user_id", "from", "user", "username", "author_channel_id"),
    "author_name": ("author_name", "from_name", "display_name", "user_name", "screen_name", "name"),
    "posted_at": ("posted_at", "created_at", "created_time", "published_at", "timestamp", "date", "time"),
    "thread": ("thread", "conversation_id", "post_id", "video_id", "media_id"),
    "in_reply_to": ("in_reply_to", "parent_id", "in_reply_to_status_id", "reply_to"),
    "url": ("url", "permalink_url", "permalink", "link", "comment_url"),
    "origin": ("origin",),
    "evidence": ("evidence",),
}
NEEDED = ("id", "text", "posted_at")

LONGEST_LINE = 1_048_576
"""Characters of one line; beyond them a row is bad and the reader goes on with the next."""

LONGEST_RECORD = 131_072
"""Characters of one row of a table, all its lines together; beyond them it is bad, so a mark never closed swallows no
more than that.  Ours, as the csv module's own limit belongs to the whole process and anybody may have raised it."""

CHUNK = 1 << 20
X_DATE = re.compile(r"\w{3} (\w{3}) (\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})")
DAMAGED_NUMBER = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
EPOCH = re.compile(r"\d{10}|\d{13}")


class UnreadableFile(GwylioError):
    """The file as a whole is not one that can be imported; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that was not imported.  `line` counts from 1; `raw` is the row as it stands in the file (UTF-8)."""

    line: int
    reason: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WithEvidence:
    """A comment whose row names files, by their paths from the file's own folder; nobody has looked at them yet."""

    comment: Comment
    files: tuple[PurePosixPath, ...]
    line: int
    raw: bytes = field(repr=False)


class _Wrong(Exception):
    """Why one row is bad; quotes nothing that stands in it."""


def read_comments(path: Path, *, account: str) -> Iterator[Comment | WithEvidence | BadRow]:
    """Every row of a CSV or JSON lines file, in order.

    The file is read twice, first to see that all of it is UTF-8, so that nothing of a file in
    another encoding is imported.

    Raises:
        UnreadableFile: before the first row, when the file as a whole is wrong.
    """
    _check_encoding(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            opening = _first_letter(file)
            if not opening:
                raise UnreadableFile(f"{path} is empty; there is nothing to import")
            if opening == "[":
                raise UnreadableFile(f"{path} is one JSON list; write each comment as an object on a line of its own")
            yield from (_json_lines(file, account) if opening == "{" else _csv(file, path, account))
    except OSError as problem:
        raise UnreadableFile(f"{path} cannot be read: {problem.strerror or problem}") from problem


def _check_encoding(path: Path) -> None:
    decoder, line, chunk = codecs.getincrementaldecoder("utf-8")(), 1, b""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head:
                raise UnreadableFile(f"{path} is in UTF-16; save it again as UTF-8 (in Excel: CSV UTF-8)")
            chunk = head
            while chunk:
                decoder.decode(chunk)
                line += chunk.count(b"\n")
                chunk = file.read(CHUNK)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as problem:
        line += chunk[: max(0, problem.start)].count(b"\n")
        raise UnreadableFile(
            f"{path} is not UTF-8 (line {line}), more likely Windows-1252; save it again as UTF-8 (in Excel: CSV UTF-8)"
        ) from None
    except OSError as problem:
        raise UnreadableFile(f"{path} cannot be read: {problem.strerror or problem}") from problem


def _first_letter(file: TextIO) -> str:
    letter = file.read(1)
    while letter.isspace():
        letter = file.read(1)
    file.seek(0)
    return letter


# --- JSON lines


def _json_lines(file: TextIO, account: str) -> Iterator[Comment | WithEvidence | BadRow]:
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            _skip_line(file)
            yield BadRow(number, f"the line is longer than {LONGEST_LINE} characters", line.encode())
        elif line.strip():
            yield _json_row(line, number, account)


def _skip_line(file: TextIO) -> None:
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
        pass


def _json_row(line: str, number: int, account: str) -> Comment | WithEvidence | BadRow:
    raw = line.rstrip("\r\n").encode()
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise _Wrong("the line is not a JSON object")
        named = {_plain(name): value for name, value in row.items()}
        values = {
            column: next((_as_text(named[name], column) for name in names if named.get(name) not in (None, "")), "")
            for column, names in COLUMNS.items()
        }
        return _with_evidence(_comment(account, values, _author_object(named), raw), values, number, raw)
    except _Wrong as wrong:
        return BadRow(number, str(wrong), raw)
    except (ValueError, RecursionError):
        return BadRow(number, "the line is not JSON", raw)


def _as_text(value: Any, column: str) -> str:
    """Text, a whole number (ids and epoch times are written so), or the id of an object that has one."""
    if isinstance(value, dict) and isinstance(value.get("id"), (str, int)):
        value = value["id"]
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _Wrong(f"{column} is neither a text nor a whole number")
    return str(value)


def _author_object(named: Mapping[str, Any]) -> str:
    """The name in an author written as an object, as Graph writes `from`."""
    whole: dict[str, Any] = next((named[name] for name in COLUMNS["author"] if isinstance(named.get(name), dict)), {})
    name = whole.get("name", "")
    return name if isinstance(name, str) else ""


# --- CSV


class _Lines:
    """The file's lines as the csv reader takes them, remembering those of the present record.

    Raises csv.Error, as the reader itself would, where the record is longer than LONGEST_RECORD.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._taken: list[str] = []
        self._length = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self._taken.append(line)
        self._length += len(line)
        if self._length > LONGEST_RECORD:
            if len(line) == LONGEST_LINE and not line.endswith("\n"):
                _skip_line(self._file)
            raise csv.Error("the record is too long")
        return line

    def record(self) -> tuple[int, bytes]:
        """Where the record began, and its lines; what follows belongs to the next."""
        first, raw = self.number - len(self._taken) + 1, "".join(self._taken).rstrip("\r\n").encode()
        self._taken.clear()
        self._length = 0
        return first, raw


def _csv(file: TextIO, path: Path, account: str) -> Iterator[Comment | WithEvidence | BadRow]:
    lines = _Lines(file)
    heading = next(lines)
    delimiter = max(",;\t", key=heading.count)
    lines.record()
    names = [_plain(name) for name in next(csv.reader([heading], delimiter=delimiter))]
    places = _places(names, path)
    # Strict, so that a quotation mark out of place is a bad row and not two comments in one.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield BadRow(*_bad(lines, "the quotation marks are not paired, or the row is too long"))
            continue
        line, raw = lines.record()
        if any(value.strip() for value in row):
            yield _csv_row(row, names, places, line, raw, account)


def _bad(lines: _Lines, reason: str) -> tuple[int, str, bytes]:
    line, raw = lines.record()
    return line, reason, raw


def _places(names: Sequence[str], path: Path) -> dict[str, int]:
    """Our column -> its place in the row."""
    places = {
        column: next(names.index(each) for each in known if each in names)
        for column, known in COLUMNS.items()
        if not set(known).isdisjoint(names)
    }
    if missing := [column for column in NEEDED if column not in places]:
        raise UnreadableFile(
            f"{path}: the first line must name the columns, and there is none for {', '.join(missing)}; "
            f"known columns: {', '.join(COLUMNS)}"
        )
    return places


def _csv_row(
    row: Sequence[str], names: Sequence[str], places: Mapping[str, int], line: int, raw: bytes, account: str
) -> Comment | WithEvidence | BadRow:
    try:
        if len(row) != len(names):
            raise _Wrong(f"the row has {len(row)} columns where the first line has {len(names)}")
        values = {column: row[places[column]] if column in places else "" for column in COLUMNS}
        kept = json.dumps(dict(zip(names, row, strict=True))).encode("ascii")
        return _with_evidence(_comment(account, values, "", kept), values, line, raw)
    except _Wrong as wrong:
        return BadRow(line, str(wrong), raw)


# --- one row, wherever it came from


def _comment(account: str, values: Mapping[str, str], author_name: str, raw: bytes) -> Comment:
    native_id, author = values["id"].strip(), values["author"].strip()
    for column in ("id", "in_reply_to", "thread"):
        if DAMAGED_NUMBER.fullmatch(values[column].strip()):
            raise _Wrong(f"{column} was shortened by a spreadsheet; export again and format the column as text")
    for column in ("id", "author", "in_reply_to", "thread"):
        if not fit_for_an_id(values[column].strip()):
            raise _Wrong(f"{column} is longer than {LONGEST_ID} characters, or holds characters that no id has")
    if not native_id:
        raise _Wrong("id is missing")
    if not values["text"].strip():
        raise _Wrong("text is missing")
    name, origin = values["author_name"].strip() or author_name, _origin(values["origin"].strip().lower())
    if name and not author and origin is Origin.MANUAL:
        author = _nobody_else(account, native_id)
    return Comment(
        account=account,
        native_id=native_id,
        text=values["text"],
        posted_at=_moment(values["posted_at"].strip()),
        author=Author(author, name) if author else None,
        thread=values["thread"].strip(),
        in_reply_to=values["in_reply_to"].strip(),
        url=values["url"].strip(),
        origin=origin,
        raw=raw,
    )


def _origin(written: str) -> Origin:
    """Written to us, unless the row says that it was written down by hand; the others are for us to find out."""
    if written in {"", Origin.ADDRESSED}:
        return Origin.ADDRESSED
    if written != Origin.MANUAL:
        raise _Wrong("origin is none that a file can bring; write manual, or leave it empty")
    return Origin.MANUAL


def _nobody_else(account: str, native_id: str) -> str:
    """The id of somebody of whom only a name was written down: of this comment's author, and of no other's."""
    return f"manual:{hashlib.sha256(json.dumps([account, native_id]).encode('ascii')).hexdigest()[:40]}"


def _with_evidence(comment: Comment, values: Mapping[str, str], line: int, raw: bytes) -> Comment | WithEvidence:
    written = [path.strip() for path in values["evidence"].split(";") if path.strip()]
    if not written:
        return comment
    return WithEvidence(comment, tuple(_beside(path) for path in written), line, raw)


def _beside(written: str) -> PurePosixPath:
    """A path that cannot lead out of the file's own folder, as far as its words go; Windows' strokes are understood."""
    path = PurePosixPath(written.replace("\\", "/"))
    there = PureWindowsPath(written)
    if path.is_absolute() or there.drive or there.root or ".." in path.parts or not written.isprintable():
        raise _Wrong("evidence must lie in the folder of the file, or below it; name it from there")
    return path


def _moment(text: str) -> datetime:
    """ISO 8601 with a zone, seconds or milliseconds since 1970, or the form of X's archive; in UTC."""
    if not text:
        raise _Wrong("posted_at is missing")
    try:
        if EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
        if archive := X_DATE.fullmatch(text):
            month, day, clock, zone, year = archive.groups()
            at = parsedate_to_datetime(f"{day} {month} {year} {clock} {zone}")
        else:
            at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise _Wrong("posted_at has no time zone; end it with Z, or with +00:00 or +01:00")
        if at.year not in YEARS:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Wrong("posted_at is not a time; write it as 2026-11-20T09:30:00+00:00") from None


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())
