"""Files that the rows of an import name, looked at before anything of their row is kept.

Only what lies in the folder of the imported file, or below it, is opened: a link that leads out of it
is no way in, for what is kept can be read by whoever may see the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from collectors.import_file import BadRow, WithEvidence
from store.evidence import LARGEST, MOST, Evidence, UnfitFile, look_at


def evidence_of(row: WithEvidence, folder: Path) -> tuple[Evidence, ...] | BadRow:
    """The files of a row, or the row as a bad one with the reason of the first that is not taken."""
    if len(row.files) > MOST:
        return BadRow(row.line, f"evidence: more than {MOST} files", row.raw)
    try:
        return tuple(_all(row, folder))
    except _NotTaken as reason:
        return BadRow(row.line, str(reason), row.raw)


class _NotTaken(Exception):
    """Why a file is not taken; says its place in the row, and not its name."""


def _all(row: WithEvidence, folder: Path) -> Iterator[Evidence]:
    for number, path in enumerate(row.files, start=1):
        try:
            yield _one(folder, path)
        except (UnfitFile, _NotTaken) as reason:
            raise _NotTaken(f"evidence: file {number} {reason}") from None
        except (OSError, ValueError):
            raise _NotTaken(f"evidence: file {number} cannot be read") from None


def _one(folder: Path, path: PurePosixPath) -> Evidence:
    home = folder.resolve()
    there = (home / path).resolve()
    if not there.is_relative_to(home):
        raise _NotTaken("lies outside the folder of the imported file")
    if not there.is_file():
        raise _NotTaken("is not there, or is no file")
    with there.open("rb") as file:
        return look_at(path.name, file, partial(_read, there))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)
