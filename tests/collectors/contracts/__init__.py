"""What each platform promises and what it may do to us: one file a platform, one table for all.

The tests in test_contract.py hold every collector to its contract, with its real client, over real
HTTP, against the simulator.  docs/reference/collectors.md is generated from the same tables.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from collectors.base import CollectorError
from simulator.faults import Kind
from vocabulary import Author, Platform


class Basis(StrEnum):
    """What we know a platform's behaviour from; simulator and collector share an author, so this matters."""

    SPECIFICATION = "specification"
    DOCUMENTATION = "documentation"
    RECALLED = "recalled"


Ends = tuple[tuple[Kind, type[CollectorError]], ...]
Replies = tuple[tuple[Kind, type[CollectorError], bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One platform, as far as the tests that are the same for all need to know it.

    `stream` brings the comments under our posts, by requests whose path fits `path`; `write_path` is
    where a reply is published.  `ends`: faults that end a run, and the error we make of each.
    `harmless`: faults that cost nothing.  `replies`: faults of a reply, our error, and whether it
    was published.  `sees_edits`, `says_hidden`, `nests` (a reply to a reply names it as its parent),
    `names_nobody` (it may withhold who wrote), `hides` and `deletes` say what the platform can do.
    `author` is whom it names, of an id and a name: some know people by their handle only, or by an id.
    `basis` is by what we know it: reading, acting, errors.
    """

    platform: Platform
    stream: str
    path: str
    write_path: str
    own_id: str = "{}"
    write_method: str = "POST"
    token: str = "token0123456789secret{}"
    home: str = ""
    page_size: int = 10
    ends: Ends
    harmless: tuple[Kind, ...]
    replies: Replies
    sees_edits: bool = True
    says_hidden: bool = True
    hides: bool = True
    deletes: bool = False
    nests: bool = True
    names_nobody: bool = True
    author: Callable[[str, str], Author] = Author
    basis: Mapping[str, Basis]


def _all() -> dict[Platform, Contract]:
    here = Path(__file__).parent
    names = sorted(path.stem for path in here.glob("*.py") if path.stem != "__init__")
    found = [importlib.import_module(f"tests.collectors.contracts.{name}").CONTRACT for name in names]
    return {contract.platform: contract for contract in found}


CONTRACTS: Mapping[Platform, Contract] = _all()
