"""Databases that are ready before a test begins: to copy one takes a moment, to migrate one does not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import opening
import settings as configuration
from store import schema
from store.database import Store

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@cache
def a_state_folder(secret_key: str = "") -> Mapping[str, bytes]:
    """What `gwylio init` leaves, file by file, with a key file unless a key is said."""
    with tempfile.TemporaryDirectory() as folder:
        made = configuration.exactly(state_dir=Path(folder), bank_holidays_url="", secret_key=secret_key)
        if not secret_key:
            configuration.make_key_file(made.key_file)
        keys = configuration.keys(made)
        with Store(made.database, audit_key=keys.audit, head_file=made.audit_head_file) as store:
            opening.make_ready(store, now=NINE)
        return _files_of(Path(folder))


@cache
def a_database(name: str) -> Mapping[str, bytes]:
    """A database of that name with its schema and nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        with Store(f"sqlite:///{Path(folder, name)}", audit_key=b"of nobody") as store:
            schema.upgrade(store.engine)
        return _files_of(Path(folder))


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Put them into a folder, for nobody else to read; what is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if not (folder / name).exists():
            with open(folder / name, "xb", opener=_for_us) as file:
                file.write(content)


def _for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _files_of(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
