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

import base64
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock
from typing import Any

from simulator.exchange import Answer, Ask
from simulator.facebook import AGAIN, GRAPH, GraphRefusal, error
from vocabulary import GwylioError, Platform


class FaultsError(GwylioError):
    """A file of faults cannot be read as one."""


class Kind(StrEnum):
    """What is spoilt.  Those from DROPPED_BEFORE on concern the connection, the others the answer."""

    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_WITHOUT_RESET = "rate_limited_without_reset"
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


BEFORE_APPLYING = {
    Kind.RATE_LIMITED, Kind.RATE_LIMITED_WITHOUT_RESET, Kind.USAGE_CAPPED, Kind.EXPIRED, Kind.FORBIDDEN,
    Kind.REFUSED, Kind.GONE, Kind.SERVER_ERROR, Kind.HTML_502, Kind.DROPPED_BEFORE,
}  # fmt: skip
"""With these the platform does nothing of what was asked; with the others it does, then spoils the answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: what, and for which requests.  `seconds` is a wait, or how long a limit lasts."""

    kind: Kind
    platform: Platform | None = None
    method: str = "*"
    path: str = "*"
    nth: int | None = None
    times: int = 1
    seconds: float = 900.0

    def fits(self, platform: Platform, ask: Ask) -> bool:
        return (
            self.platform in (None, platform)
            and fnmatchcase(ask.method, self.method)
            and fnmatchcase(ask.path, self.path)
        )


@dataclass(slots=True)
class Faults:
    """Rows and how often each has fitted.  More may be added while the simulator runs."""

    rows: list[Fault] = field(default_factory=list)
    _fitted: dict[int, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

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
    if "seconds" in row and (isinstance(row["seconds"], bool) or not isinstance(row["seconds"], int | float)):
        raise ValueError("seconds must be a number")
    for name in ("method", "path"):
        if not isinstance(row.get(name, ""), str):
            raise TypeError(f"{name} must be text in quotes")
    platform = Platform(row["platform"]) if row.get("platform") else None
    return Fault(**{**row, "kind": Kind(row["kind"]), "platform": platform})


# --- what each kind answers


def instead(fault: Fault, platform: Platform, now: datetime) -> Answer:
    """The answer given in place of the platform's own, for the kinds in BEFORE_APPLYING."""
    return (INSTEAD_X if platform is Platform.X else INSTEAD_FACEBOOK)[fault.kind](fault, now)


def _problem(status: int, kind: str, title: str, headers: Mapping[str, str] | None = None) -> Answer:
    uri = kind if kind == "about:blank" else f"https://api.twitter.com/2/problems/{kind}"
    return Answer(status, {"title": title, "type": uri, "status": status, "detail": title}, headers or {})


def _reset(fault: Fault, now: datetime) -> dict[str, str]:
    return {
        "x-rate-limit-limit": "300",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int((now + timedelta(seconds=fault.seconds)).timestamp())),
    }


def _business_usage(fault: Fault) -> dict[str, str]:
    row = {"type": "pages", "call_count": 100, "total_cputime": 20, "total_time": 20}
    row["estimated_time_to_regain_access"] = int(fault.seconds // 60)
    return {"X-Business-Use-Case-Usage": json.dumps({"100000000000001": [row]})}


def _html(fault: Fault, now: datetime) -> Answer:
    return Answer(502, body=b"<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")


def _graph(status: int, code: int, message: str, *, subcode: int | None = None) -> Answer:
    return error(GraphRefusal(status, code, message, subcode=subcode))


Instead = dict[Kind, Callable[[Fault, datetime], Answer]]

INSTEAD_X: Instead = {
    Kind.RATE_LIMITED: lambda f, now: _problem(429, "about:blank", "Too Many Requests", _reset(f, now)),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _problem(429, "about:blank", "Too Many Requests"),
    Kind.USAGE_CAPPED: lambda f, now: _capped(_problem(429, "usage-capped", "UsageCapExceeded", _reset(f, now))),
    Kind.EXPIRED: lambda f, now: _problem(401, "about:blank", "Unauthorized"),
    Kind.FORBIDDEN: lambda f, now: _problem(403, "client-forbidden", "Client Forbidden"),
    Kind.REFUSED: lambda f, now: _problem(403, "about:blank", "Forbidden"),
    Kind.GONE: lambda f, now: _problem(404, "resource-not-found", "Not Found Error"),
    Kind.SERVER_ERROR: lambda f, now: _problem(503, "about:blank", "Service Unavailable"),
    Kind.HTML_502: _html,
}
INSTEAD_FACEBOOK: Instead = {
    Kind.RATE_LIMITED: lambda f, now: replace(
        _graph(400, 80001, "(#80001) There have been too many calls to this Page account."), headers=_business_usage(f)
    ),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _graph(400, 4, "(#4) Application request limit reached"),
    Kind.USAGE_CAPPED: lambda f, now: _graph(400, 17, "(#17) User request limit reached"),
    Kind.EXPIRED: lambda f, now: _graph(400, 190, "Error validating access token: Session has expired", subcode=463),
    Kind.FORBIDDEN: lambda f, now: _graph(403, 200, "(#200) Permissions error"),
    Kind.REFUSED: lambda f, now: _graph(400, 506, "Duplicate status message"),
    Kind.GONE: lambda f, now: _graph(400, 100, "Unsupported request. Object does not exist", subcode=33),
    Kind.SERVER_ERROR: lambda f, now: Answer(500, {"status": "oops"}),
    Kind.HTML_502: _html,
}


def _capped(answer: Answer) -> Answer:
    return replace(answer, payload={**answer.payload, "period": "Monthly", "scope": "Product"})


def spoilt(fault: Fault, platform: Platform, ask: Ask, answer: Answer) -> Answer:
    """The platform's own answer, after this fault has been at it."""
    return SPOIL[fault.kind](answer, platform, ask) if fault.kind in SPOIL else answer


def _bytes(answer: Answer) -> bytes:
    return json.dumps(answer.payload).encode()


def _loop(answer: Answer, platform: Platform, ask: Ask) -> Answer:
    """The page leads to itself."""
    payload = dict(answer.payload)
    if platform is Platform.X:
        mark = ask.query.get("pagination_token") or ask.query.get("next_token") or payload["meta"].get("next_token")
        payload["meta"] = {**payload["meta"], "next_token": mark or f"7140dibdnow{'f' * 16}"}
    else:
        paging = dict(payload.get("paging") or {"cursors": {"after": "bG9vcA=="}})
        after = ask.query.get("after") or paging["cursors"]["after"]
        paging["cursors"] = {**paging["cursors"], "after": after}
        paging["next"] = f"{GRAPH}{ask.path}?after={after}"
        payload["paging"] = paging
    return replace(answer, payload=payload)


def _empty(answer: Answer, platform: Platform, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, a step later."""
    payload = dict(answer.payload)
    shown = payload.get("data") or []
    if platform is Platform.X:
        payload.pop("data", None)
        if shown:
            above = int(shown[0]["id"]) + 1
            payload["meta"] = {"result_count": 0, "next_token": f"7140dibdnow{above:016x}"}
    else:
        here = base64.urlsafe_b64decode(ask.query.get("after", "")).decode()
        after = base64.urlsafe_b64encode(f"{AGAIN}{here}".encode()).decode()
        payload["data"] = []
        payload["paging"] = {"cursors": {"after": after}, "next": f"{GRAPH}{ask.path}?after={after}"}
    return replace(answer, payload=payload)


def _each(change: Callable[[dict[str, Any]], dict[str, Any]], *, only_first: bool) -> Callable[..., Answer]:
    def spoil(answer: Answer, platform: Platform, ask: Ask) -> Answer:
        data = list(answer.payload.get("data") or [])
        last = 1 if only_first else len(data)
        return replace(answer, payload={**answer.payload, "data": [change(x) for x in data[:last]] + data[last:]})

    return spoil


def _without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda item: {name: value for name, value in item.items() if name not in names}


def _with_problems(answer: Answer, platform: Platform, ask: Ask) -> Answer:
    """Data, and beside it a problem about a referenced tweet, as X answers when a parent is gone."""
    problem = {
        "type": "https://api.twitter.com/2/problems/resource-not-found",
        "title": "Not Found Error",
        "detail": "Could not find tweet with referenced_tweets.id: [1].",
        "parameter": "referenced_tweets.id",
        "resource_id": "1",
        "resource_type": "tweet",
        "value": "1",
    }
    return replace(answer, payload={**answer.payload, "errors": [problem]})


def _problems_only(answer: Answer, platform: Platform, ask: Ask) -> Answer:
    """A 200 that holds nothing but a problem."""
    problem = {"type": "https://api.twitter.com/2/problems/internal-error", "title": "Internal Error", "detail": "-"}
    return replace(answer, payload={"errors": [problem]})


Spoil = dict[Kind, Callable[[Answer, Platform, Ask], Answer]]

SPOIL: Spoil = {
    Kind.PARTIAL_ERRORS: _with_problems,
    Kind.ERRORS_ONLY: _problems_only,
    Kind.FALSE_BODY: lambda answer, platform, ask: replace(answer, body=b"false"),
    Kind.NO_CONTENT_TYPE: lambda answer, platform, ask: replace(answer, content_type=None),
    Kind.TRUNCATED_JSON: lambda answer, platform, ask: replace(answer, body=_bytes(answer)[:-7]),
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: _each(_without("from", "author_id"), only_first=False),
    Kind.BROKEN_ITEM: _each(_without("created_time", "created_at"), only_first=True),
    Kind.APPLIED_THEN_504: lambda answer, platform, ask: replace(
        answer, status=504, body=b"<html>Gateway Timeout</html>", content_type="text/html"
    ),
    Kind.CUT_SHORT: lambda answer, platform, ask: replace(answer, cut=True),
}


def rows(faults: Iterable[Fault]) -> Faults:
    """Faults from rows written in Python."""
    return Faults(list(faults))
