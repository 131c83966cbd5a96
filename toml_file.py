"""A TOML file that a person wrote, and everything that is wrong with it at once.

tomllib keeps no positions, so the lines of keys are found by a second, shallow reading.  A key
inside an inline table has the line on which its table begins.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from vocabulary import GwylioError

Key: TypeAlias = tuple[str | int, ...]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Record(BaseModel):
    """A table of the file: frozen, and every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Bilingual(Record):
    """One text in both languages; neither may be missing or empty."""

    cy: Text
    """In Welsh."""
    en: Text
    """In English."""

    def say(self, language: str) -> str:
        """The text in Welsh for `cy`, in English for anything else."""
        return self.cy if language == "cy" else self.en

    def values(self, key: str) -> dict[str, str | int]:
        """The pair as values of a `Reason`, under `key` and `key_cy`."""
        return {key: self.en, f"{key}_cy": self.cy}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.  `line` is None where nothing in the file stands for it; `key` is dotted."""

    file: str
    line: int | None
    key: str
    reason: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.reason}" if self.key else f"{place}: {self.reason}"


class FileError(GwylioError):
    """A file cannot be honoured; `problems` is all of them, the message one line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line or 0, p.key)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What one file says, and on which line it says it."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[Key, int] = field(repr=False)

    def depth(self, key: Key) -> int:
        """How much of `key` this file writes: 0 for nothing, len(key) for all of it."""
        return next((n for n in range(len(key), 0, -1) if key[:n] in self.lines), 0)

    def problem(self, key: Key, reason: str) -> Problem:
        """A problem at `key`, on the line of the nearest table that is written."""
        return Problem(self.name, self.lines.get(key[: self.depth(key)]), dotted(key), reason)


def read(path: Path) -> TomlFile:
    """The file, parsed.

    Raises:
        FileError: it is not there, is not UTF-8, or is not TOML; with the line.
    """
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        raise FileError([Problem(path.name, None, "", f"there is no such file in {path.parent.name}/")]) from None
    except OSError as error:
        raise FileError([Problem(path.name, None, "", f"cannot be read: {error.strerror}")]) from error
    try:
        text = written.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        raise FileError([Problem(path.name, line, "", "is not UTF-8; save it as UTF-8")]) from None
    try:
        return TomlFile(path.name, tomllib.loads(text), _first_lines(text))
    except tomllib.TOMLDecodeError as error:
        raise FileError([_syntax(path.name, text, str(error))]) from None
    except (ValueError, RecursionError):
        raise FileError(
            [Problem(path.name, None, "", "has a number too long or tables too deep to be meant")]
        ) from None


def problems_of(
    error: ValidationError, files: Iterable[TomlFile], model: type[BaseModel] | None = None
) -> Iterator[Problem]:
    """Pydantic's findings in our words, each laid at the file that writes most of its key (the first on a tie).

    With the model that was read, an unknown key is answered with the known one it resembles.
    """
    written = tuple(files)
    findings = error.errors(include_url=False)
    for finding in findings:
        key = tuple(part for part in finding["loc"] if part != "[key]")
        entries = (other for other in findings if other["loc"][: len(key)] == key != other["loc"])
        if finding["type"] == "too_short" and any(entries):
            continue  # it is short only because its entries were refused
        reason = _in_our_words(finding["type"], finding.get("ctx", {}), finding["msg"])
        if model and finding["type"] == "extra_forbidden":
            reason += did_you_mean(str(key[-1]), _keys_of(model))
        yield nearest(written, key).problem(key, reason)


def nearest(files: Iterable[TomlFile], key: Key) -> TomlFile:
    """The file that writes most of `key`; the first on a tie."""
    return max(files, key=lambda file: file.depth(key))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def dotted(key: Key) -> str:
    """`route[2].when`, with list places counted from 1 as a reader counts them."""
    text = ""
    for part in key:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


HEADER = re.compile(r"^\s*\[(?P<list>\[)?\s*(?P<key>[^\]]+?)\s*\]")
ASSIGNED = re.compile(r"""^\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
QUOTED_OR_NOTE = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')


def _lines(text: str) -> Iterator[tuple[Key, int]]:
    """Each key and the line it begins on.  The text is known to be valid TOML."""
    table: Key = ()
    lists: dict[Key, int] = {}
    inside = ""
    depth = 0
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole
        if inside:
            _, closed, line = line.partition(inside)
            inside = "" if closed else inside
            if not closed:
                continue
        elif depth == 0:
            if header := HEADER.match(line):
                table = _resolve(header["key"], lists)
                if header["list"]:
                    lists[table] = lists.get(table, -1) + 1
                    yield table, number
                    table = (*table, lists[table])
                yield from ((table[:n], number) for n in range(1, len(table) + 1))
                continue
            if assigned := ASSIGNED.match(line):
                key = (*table, *_parts(assigned["key"]))
                yield from ((key[:n], number) for n in range(len(table) + 1, len(key) + 1))
        bare = QUOTED_OR_NOTE.sub(lambda m: m[0] if m[0] in ('"""', "'''") else "", line)
        quote = next((q for q in ('"""', "'''") if bare.count(q) % 2), "")
        inside, bare = quote, bare.split(quote)[0] if quote else bare
        depth += sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}")


def _first_lines(text: str) -> Mapping[Key, int]:
    lines: dict[Key, int] = {}
    for key, line in _lines(text):
        lines.setdefault(key, line)
    return lines


def _resolve(header: str, lists: Mapping[Key, int]) -> Key:
    """A header's key, with the place of every list of tables it passes through."""
    key: Key = ()
    parts = _parts(header)
    for n, part in enumerate(parts):
        key = (*key, part)
        if n < len(parts) - 1 and key in lists:
            key = (*key, lists[key])
    return key


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in PART.findall(key))


def _keys_of(model: type[BaseModel]) -> frozenset[str]:
    """Every key that a file of this kind may write, anywhere in it."""
    schema = model.model_json_schema()
    tables = [schema, *schema.get("$defs", {}).values()]
    return frozenset(key for table in tables for key in table.get("properties", ()))


def _syntax(name: str, text: str, message: str) -> Problem:
    reason, _, place = message.partition(" (at ")
    found = re.match(r"line (\d+)", place)
    line = int(found[1]) if found else text.count("\n") + 1
    return Problem(name, line, "", f"is not TOML: {reason[:1].lower()}{reason[1:]}")


def _in_our_words(kind: str, context: Mapping[str, Any], message: str) -> str:
    if sentence := SENTENCES.get(kind):
        return sentence.format(**context)
    return str(context.get("error") or message)


SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a key we know",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must have at least {min_length}",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must fit the pattern {pattern}",
    "date_type": "must be a date, such as 2026-12-29",
    "date_from_datetime_parsing": "must be a date, such as 2026-12-29",
    "time_type": "must be a time, such as 09:00:00",
    "time_parsing": "must be a time, such as 09:00:00",
}
