"""A person who is told what is wrong with a file is told on which line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from toml_file import FileError, Record, TomlFile, dotted, problems_of, read

TEXT = '''\
title = "a [not.a] = table"   # nor = this
"quoted key" = 1
a.b.c = 2
list = [
    "x = 1",   # ]
    { y = 2 },
]
story = """
[inside]
z = 3
"""

[table]
one = 1
two = { three = 3 }

[table.below]
four = 4

[[row]]
five = 5

[[row]]
six = 6

[row.below]
seven = 7

[[row.deep]]
eight = 8
'''

LINES = {
    ("title",): 1,
    ("quoted key",): 2,
    ("a",): 3,
    ("a", "b", "c"): 3,
    ("list",): 4,
    ("story",): 8,
    ("table",): 13,
    ("table", "one"): 14,
    ("table", "two"): 15,
    ("table", "below"): 17,
    ("table", "below", "four"): 18,
    ("row",): 20,
    ("row", 0): 20,
    ("row", 0, "five"): 21,
    ("row", 1): 23,
    ("row", 1, "six"): 24,
    ("row", 1, "below"): 26,
    ("row", 1, "below", "seven"): 27,
    ("row", 1, "deep", 0, "eight"): 30,
}


@pytest.fixture
def written(tmp_path: Path) -> TomlFile:
    path = tmp_path / "x.toml"
    path.write_text(TEXT, encoding="utf-8")
    return read(path)


def test_every_key_is_found_on_its_line(written: TomlFile) -> None:
    assert {key: written.lines.get(key) for key in LINES} == LINES


def test_what_is_inside_a_string_or_a_list_is_no_key(written: TomlFile) -> None:
    keys = {part for key in written.lines for part in key}
    assert keys.isdisjoint({"nor", "inside", "not", "x", "y", "z", "three"})


def test_a_key_inside_an_inline_table_has_the_line_of_its_table(written: TomlFile) -> None:
    assert str(written.problem(("table", "two", "three"), "is odd")) == "x.toml:15: table.two.three: is odd"


def test_places_in_a_list_are_counted_from_one() -> None:
    assert dotted(("row", 1, "when", 0)) == "row[2].when[1]"


class Shape(Record):
    colour: str
    sides: int = 3


def test_an_unknown_key_is_answered_with_the_one_it_resembles(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('color = "red"\n', encoding="utf-8")
    file = read(path)
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate(file.values)
    assert [str(problem) for problem in problems_of(caught.value, [file], Shape)] == [
        "x.toml: colour: is missing",
        "x.toml:1: color: is not a key we know; did you mean colour?",
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b"a = 1\nb = \n", "x.toml:2: is not TOML: invalid value"),
        (b"a = 1\na = 2\n", "x.toml:2: is not TOML: cannot overwrite a value"),
        (b"a = 1\n# \xff\n", "x.toml:2: is not UTF-8; save it as UTF-8"),
    ],
)
def test_what_is_not_toml_says_where_it_stops(tmp_path: Path, written: bytes, message: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(written)
    with pytest.raises(FileError) as caught:
        read(path)
    assert str(caught.value) == message


def test_a_file_that_is_not_there_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        read(tmp_path / "x.toml")
    with pytest.raises(FileError, match="cannot be read"):
        read(tmp_path)
