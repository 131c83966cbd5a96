"""A folder with a table and its screenshots comes in row by row, and no row with a file that is not taken."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

import pipeline
from pipeline import collecting
from store import evidence
from store.audit import AuditRow
from store.comments import CommentRow
from store.database import Store
from store.evidence import LARGEST, EvidenceRow
from tests.test_entering import TEN, Council, a_council
from tests.web.world import A_PNG

HEADING = "id,text,posted_at,origin,evidence\n"
AT = "2026-11-20T09:00:00Z"
A_PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pictures, beside a secret that is none of its business."""
    there = tmp_path / "o'r ffôn"
    (there / "sgriniau").mkdir(parents=True)
    (there / "un.png").write_bytes(A_PNG)
    (there / "sgriniau" / "dau.png").write_bytes(A_PNG + b"2")
    (tmp_path / "secret.png").write_bytes(A_PNG + b"secret")
    return there


@pytest.fixture
def council(store: Store, tmp_path: Path) -> Council:
    return a_council(store, tmp_path)


@pytest.fixture
def lone(on_sqlite: Store, tmp_path: Path) -> Council:
    return a_council(on_sqlite, tmp_path)


def brings(council: Council, folder: Path, *rows: str) -> pipeline.Imported:
    (folder / "galwadau.csv").write_text(HEADING + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return pipeline.bring_in(
        council.here, folder / "galwadau.csv", "cyngor-snap", history=False, open_since=None, now=TEN, actor="mair"
    )


def kept(council: Council) -> dict[str, list[str]]:
    """By the id of its row, the names of the files kept beside each comment."""
    with council.store.read() as session:
        rows = session.execute(
            select(CommentRow.native_id, EvidenceRow.name)
            .outerjoin(EvidenceRow, EvidenceRow.comment_id == CommentRow.id)
            .order_by(EvidenceRow.id)
        ).all()
    found: dict[str, list[str]] = {}
    for native_id, name in rows:
        found.setdefault(native_id, []).extend([name] if name else [])
    return found


def test_a_folder_comes_in_with_its_screenshots(council: Council, folder: Path) -> None:
    told = brings(council, folder, f"c1,Helo,{AT},manual,un.png;sgriniau/dau.png", f"c2,Helo eto,{AT},manual,")

    assert (told.new, told.evidence, told.bad) == (2, 2, 0)
    assert kept(council) == {"c1": ["un.png", "dau.png"], "c2": []}
    with council.store.read() as session:
        assert evidence.copy_of(session, 1).content == A_PNG
        assert [each.by for each in evidence.of_comments(session, [1])[1]] == ["Mair", "Mair"]


def test_the_same_folder_again_brings_nothing_and_a_file_more_brings_that(council: Council, folder: Path) -> None:
    brings(council, folder, f"c1,Helo,{AT},manual,un.png")

    again = brings(council, folder, f"c1,Helo,{AT},manual,un.png;sgriniau/dau.png")

    assert (again.new, again.known, again.evidence) == (0, 1, 1)
    assert kept(council) == {"c1": ["un.png", "dau.png"]}


def not_taken(folder: Path) -> Iterator[tuple[str, str]]:
    """What a row may name, and why it is not taken."""
    (folder / "tudalen.png").write_bytes(A_PAGE)
    (folder / "gwag.png").write_bytes(b"")
    with (folder / "mawr.png").open("wb") as file:
        file.write(A_PNG)
        file.truncate(LARGEST + 1)
    (folder / "allan.png").symlink_to(folder.parent / "secret.png")
    (folder / "allan").symlink_to(folder.parent)
    (folder / "i-mewn").symlink_to(folder / "un.png")
    os.mkfifo(folder / "pibell.png")
    yield "nid-oes.png", "file 1 is not there"
    yield "un.png;nid-oes.png", "file 2 is not there"
    yield "sgriniau", "is no file"
    yield "pibell.png", "is no file"
    yield "gwag.png", "is empty"
    yield "mawr.png", "is larger than 20 MB"
    yield "tudalen.png", "is none of PNG"
    yield "galwadau.csv/x.png", "file 1"
    yield "../secret.png", "in the folder of the file"
    yield "allan.png", "lies outside the folder"
    yield "allan/secret.png", "lies outside the folder"
    yield str(folder / "un.png"), "in the folder of the file"
    yield ";".join(["un.png"] * 11), "more than 10 files"
    yield "x" * 5_000, "file 1"


def test_a_row_with_a_file_that_is_not_taken_stays_out_with_its_reason_and_the_others_come_in(
    lone: Council, folder: Path
) -> None:
    cases = list(not_taken(folder))
    rows = [f"b{number},Drwg,{AT},manual,{written}" for number, (written, _) in enumerate(cases)]

    told = brings(lone, folder, f"a,Da,{AT},manual,un.png", *rows, f"z,Da hefyd,{AT},manual,i-mewn")

    assert kept(lone) == {"a": ["un.png"], "z": ["i-mewn.png"]}
    assert told.bad == len(cases)
    beside = [json.loads(line) for line in told.beside.read_text(encoding="utf-8").splitlines()]
    for number, ((written, reason), row) in enumerate(zip(cases, beside, strict=True)):
        assert row["line"] == number + 3
        assert reason in row["reason"], written
        assert row["row"] == rows[number]
        assert "secret" not in row["reason"]
    with lone.store.read() as session:
        assert session.scalar(select(func.count()).select_from(EvidenceRow)) == 2


def test_a_batch_is_kept_once_its_files_weigh_enough(lone: Council, folder: Path) -> None:
    heavy = LARGEST - 1
    for number in range(5):
        with (folder / f"{number}.png").open("wb") as file:
            file.write(A_PNG + bytes([number]))
            file.truncate(heavy)

    told = brings(lone, folder, *(f"c{number},Helo,{AT},manual,{number}.png" for number in range(5)))

    assert (told.new, told.evidence) == (5, 5)
    with lone.store.read() as session:
        batches = session.scalars(select(AuditRow.after).where(AuditRow.action == "import.batch")).all()
    assert [batch["new"] for batch in batches] == [4, 1]
    assert heavy * 4 >= collecting.FILES_TOGETHER > heavy * 3
