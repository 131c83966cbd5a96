"""`gwylio due` gives back every row it can date, and names every one it cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from moderation.due_file import BadHeader, BadRows, due_rows
from tests.moderation.given import DAYS, figures
from vocabulary import Clock


def dated(*lines: str, clock: Clock = Clock.ANSWER, counted: bool = False) -> list[list[str]]:
    return list(due_rows([f"{line}\n" for line in lines], clock, figures(), DAYS, counted=counted))


def test_rows_keep_their_columns_and_order_and_gain_two_dates() -> None:
    assert dated("id,received_at,note", "b,2026-11-20T09:00:00Z,Sylw", 'a,2026-07-01T23:30:00Z,"one, two"') == [
        ["id", "received_at", "note", "ack_due", "due"],
        ["b", "2026-11-20T09:00:00Z", "Sylw", "2026-11-23", "2026-11-27"],
        ["a", "2026-07-01T23:30:00Z", "one, two", "2026-07-03", "2026-07-09"],
    ]


@pytest.mark.parametrize("name", ["received_at", "received_at_utc", "\ufeffreceived_at", " received_at "])
def test_the_column_is_found_by_either_name_and_behind_a_byte_order_mark(name: str) -> None:
    assert dated(name, "2026-11-20T09:00:00+00:00")[1][-1] == "2026-11-27"


def test_the_clocks_of_the_law_have_no_acknowledgement() -> None:
    assert dated("received_at", "2026-11-20T09:00:00Z", clock=Clock.FOI)[1] == [
        "2026-11-20T09:00:00Z",
        "",
        "2026-12-21",
    ]


def test_the_counting_is_shown_when_asked_for() -> None:
    header, row = dated("received_at", "2026-11-20T09:00:00Z", counted=True)
    assert header[-1] == "counted"
    assert row[-1].split("; ")[:3] == [
        "2026-11-20: the day it arrived is day 0",
        "2026-11-21: Saturday",
        "2026-11-22: Sunday",
    ]


BAD = [
    ("2026-11-20T09:00:00", "line 3: a time of arrival has no zone; write it like 2026-07-01T23:30:00Z"),
    ("2026-11-20", "line 3: a time of arrival has no zone; write it like 2026-07-01T23:30:00Z"),
    ("yesterday", "line 3: 'yesterday' is not a time like 2026-07-01T23:30:00Z"),
    ("2026-02-30T09:00:00Z", "line 3: '2026-02-30T09:00:00Z' is not a time like 2026-07-01T23:30:00Z"),
    ("9999-12-31T23:00:00Z", "line 3: '9999-12-31T23:00:00Z' is too near the end of time"),
    ("2026-11-20T09:00:00Z,more", "line 3: has 2 columns where the first line has 1"),
]


@pytest.mark.parametrize(("row", "message"), BAD)
def test_a_bad_row_is_named_by_its_line_and_the_good_ones_are_kept(row: str, message: str) -> None:
    good = "2026-11-20T09:00:00Z"
    lines = [f"{line}\n" for line in ("received_at", good, row, good)]
    rows = due_rows(lines, Clock.ANSWER, figures(), DAYS)
    assert [next(rows)[0] for _ in range(3)] == ["received_at", good, good]
    with pytest.raises(BadRows) as caught:
        next(rows)
    assert str(caught.value) == message


def test_all_bad_rows_are_named_at_once_and_a_flood_is_counted() -> None:
    with pytest.raises(BadRows) as caught:
        dated("received_at", *["soon"] * 1_500)
    assert (caught.value.number, len(caught.value.troubles)) == (1_500, 1_000)
    assert str(caught.value).endswith("and 500 more")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "the file is empty"),
        (("id,when",), "no column is named received_at or received_at_utc; there are: id, when"),
        (("received_at,due",), "already a column named due"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_with_what_to_do(lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadHeader, match=message):
        dated(*lines)


def test_rows_come_out_before_the_file_has_ended() -> None:
    def endless() -> Iterator[str]:
        yield "received_at\n"
        while True:
            yield "2026-11-20T09:00:00Z\n"

    rows = due_rows(endless(), Clock.ANSWER, figures(), DAYS)
    assert [next(rows)[-1] for _ in range(3)] == ["due", "2026-11-27", "2026-11-27"]
