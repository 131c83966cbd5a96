"""What may go wrong on request: each fault is a row, and the first row that fits a request is used.

A fault looks at requests in the order they arrive.  `nth` counts those that fit, from 1; without
it the first `times` of them are spoilt.  Rows come from Python, or from a TOML or JSON file:

    [[fault]]
    kind = "html_502"
    platform = "facebook"
    path = "*/comments"
    nth = 3
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from simulator.exchange import Answer, Ask
from vocabulary import GwylioError, Platform


class FaultsError(GwylioError):
    """A file of faults cannot be read as one."""


class Kind(StrEnum):
    """What is spoilt.  Those from DROPPED_BEFORE on concern the connection, the others the answer."""

    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_WITHOUT_RESET = "rate_limited_without_reset"
    RETRY_AFTER = "retry_after"
    USAGE_CAPPED = "usage_capped"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    GONE = "gone"
    SERVER_ERROR = "server_error"
    HTML_502 = "html_502"
    PARTIAL_ERRORS = "partial_errors"
    ERRORS_ONLY = "errors_only"
    FALSE_BODY = "false_body"
    NO_CONTENT_TYPE = "no_content_type"
    TRUNCATED_JSON = "truncated_json"
    NEXT_LOOP = "next_loop"
    EMPTY_PAGE_WITH_NEXT = "empty_page_with_next"
    MISSING_FROM = "missing_from"
    BROKEN_ITEM = "broken_item"
    APPLIED_THEN_504 = "applied_then_504"
    CUT_SHORT = "cut_short"
    DROPPED_BEFORE = "dropped_before"
    DROPPED_AFTER = "dropped_after"
    SLOW = "slow"
    DRIP = "drip"


BEFORE_APPLYING = {
    Kind.RATE_LIMITED, Kind.RATE_LIMITED_WITHOUT_RESET, Kind.USAGE_CAPPED, Kind.EXPIRED, Kind.FORBIDDEN,
    Kind.REFUSED, Kind.GONE, Kind.SERVER_ERROR, Kind.HTML_502, Kind.RETRY_AFTER, Kind.DROPPED_BEFORE,
}  # fmt: skip
"""With these the platform does nothing of what was asked; with the others it does, then spoils the answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: what, and for which requests.  `seconds` is a wait, or how long a limit lasts.

    `share`, from 0 to 1, spoils that part of the fitting requests at random instead of counting them.
    """

    kind: Kind
    platform: Platform | None = None
    method: str = "*"
    path: str = "*"
    nth: int | None = None
    times: int = 1
    seconds: float = 900.0
    share: float | None = None

    def fits(self, platform: Platform, ask: Ask) -> bool:
        return (
            self.platform in (None, platform)
            and fnmatchcase(ask.method, self.method)
            and (fnmatchcase(ask.path, self.path) or fnmatchcase(ask.place, self.path))
        )


@dataclass(slots=True)
class Faults:
    """Rows and how often each has fitted.  More may be added while the simulator runs; `seed` draws the shares."""

    rows: list[Fault] = field(default_factory=list)
    seed: int = 7
    _fitted: dict[int, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _dice: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)

    def reseed(self, seed: int) -> None:
        """Draw the shares anew, from another seed."""
        with self._lock:
            self.seed, self._dice = seed, Random(seed)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self.rows.append(fault)

    def clear(self) -> None:
        with self._lock:
            self.rows.clear()
            self._fitted.clear()

    def for_request(self, platform: Platform, ask: Ask) -> Fault | None:
        """The fault this request suffers; asking counts it as made."""
        with self._lock:
            chosen = None
            for place, fault in enumerate(self.rows):
                if not fault.fits(platform, ask):
                    continue
                count = self._fitted[place] = self._fitted.get(place, 0) + 1
                if fault.share is not None:
                    due = self._dice.random() < fault.share
                else:
                    due = count == fault.nth if fault.nth is not None else count <= fault.times
                if due and chosen is None:
                    chosen = fault
            return chosen


def load(path: Path) -> Faults:
    """Read `[[fault]]` rows from TOML, or the same as JSON.

    Raises:
        FaultsError: naming every row that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as problem:
        raise FaultsError(f"{path}: cannot be read as faults ({problem})") from problem
    rows = document.get("fault", []) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise FaultsError(f"{path}: `fault` must be a list of tables")
    found, wrong = [], []
    for number, row in enumerate(rows, 1):
        try:
            found.append(from_row(row))
        except (TypeError, ValueError) as problem:
            wrong.append(f"{path}: fault {number}: {problem}")
    if wrong:
        raise FaultsError("\n".join(wrong))
    return Faults(found)


def from_row(row: Mapping[str, Any]) -> Fault:
    known = {each.name for each in fields(Fault)}
    if strange := set(row) - known:
        raise ValueError(f"does not know {', '.join(sorted(strange))}; knows {', '.join(sorted(known))}")
    if "kind" not in row:
        raise ValueError(f"needs a kind: {', '.join(kind.value for kind in Kind)}")
    for name in ("nth", "times"):
        if name in row and (type(row[name]) is not int or row[name] < 1):
            raise ValueError(f"{name} must be a whole number from 1 up")
    for name in ("seconds", "share"):
        if name in row and (isinstance(row[name], bool) or not isinstance(row[name], int | float)):
            raise ValueError(f"{name} must be a number")
    for name in ("method", "path"):
        if not isinstance(row.get(name, ""), str):
            raise TypeError(f"{name} must be text in quotes")
    platform = Platform(row["platform"]) if row.get("platform") else None
    return Fault(**{**row, "kind": Kind(row["kind"]), "platform": platform})


# --- what each kind answers, where it is the same on every platform

Instead = Mapping[Kind, Callable[[Fault, datetime], Answer]]
"""What a platform answers in place of what was asked, for the kinds that it has words of its own for."""
Spoil = Mapping[Kind, Callable[[Answer, Ask], Answer]]
"""How a platform's own answer is spoilt, for the kinds that concern the shape of its pages."""


def instead(fault: Fault, own: Instead, now: datetime) -> Answer:
    """The answer given in place of the platform's own."""
    return {**INSTEAD, **own}[fault.kind](fault, now)


def spoilt(fault: Fault, own: Spoil, ask: Ask, answer: Answer) -> Answer:
    """The platform's own answer, after this fault has been at it.  What is no page cannot be spoilt as one."""
    spoil = {**SPOIL, **own}.get(fault.kind)
    return spoil(answer, ask) if spoil and (fault.kind in SPOIL or answer.status == 200) else answer


def html_502(fault: Fault, now: datetime) -> Answer:
    return Answer(502, body=b"<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")


def come_back(fault: Fault, now: datetime) -> Answer:
    return Answer(503, {"message": "Service Unavailable"}, {"Retry-After": str(int(fault.seconds))})


INSTEAD: Instead = {Kind.HTML_502: html_502, Kind.RETRY_AFTER: come_back}
SPOIL: Spoil = {
    Kind.FALSE_BODY: lambda answer, ask: replace(answer, body=b"false"),
    Kind.NO_CONTENT_TYPE: lambda answer, ask: replace(answer, content_type=None),
    Kind.TRUNCATED_JSON: lambda answer, ask: replace(answer, body=json.dumps(answer.payload).encode()[:-7]),
    Kind.APPLIED_THEN_504: lambda answer, ask: replace(
        answer, status=504, body=b"<html>Gateway Timeout</html>", content_type="text/html"
    ),
    Kind.CUT_SHORT: lambda answer, ask: replace(answer, cut=True),
}


def each_item(
    key: str, change: Callable[[dict[str, Any]], dict[str, Any]], *, only_first: bool = False
) -> Callable[[Answer, Ask], Answer]:
    """Spoils the items that a page lists under `key`."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        items = list(answer.payload.get(key) or []) if isinstance(answer.payload, dict) else []
        last = 1 if only_first else len(items)
        changed = [change(item) for item in items[:last]] + items[last:]
        return replace(answer, payload={**answer.payload, key: changed}) if items else answer

    return spoil


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda item: {name: value for name, value in item.items() if name not in names}


def rows(faults: Iterable[Fault]) -> Faults:
    """Faults from rows written in Python."""
    return Faults(list(faults))
