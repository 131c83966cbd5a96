"""The Graph API, as far as the pretend Facebook, Instagram and Threads have it in common.

One error envelope, one way to page, percentages in headers, and the little language of `fields`, in
which an edge may be asked for inside another.  The token is read from the query, the form or the
header, as Graph does; and as Graph does, `next` carries it back in the clear.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from simulator.exchange import Answer, Ask
from simulator.faults import Fault, Instead, Kind, Spoil, each_item, without
from simulator.world import Account, Message, World
from vocabulary import Platform

VERSION = r"/v\d+\.\d+"
REQUESTS_IN_A_WINDOW = 2_000
USUAL_PAGE, LONGEST_PAGE = 25, 100
AGAIN = "again:"
"""A cursor that begins so stands at the same place as the one after it: what an empty page leads to."""

Shape = Callable[[Message], Mapping[str, Any]]
Routes = Sequence[tuple[str, str, Callable[..., Answer]]]


class GraphRefusal(Exception):
    """An error to answer with, in Graph's numbers."""

    def __init__(self, status: int, code: int, message: str, *, subcode: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.subcode = status, code, message, subcode


@dataclass(slots=True)
class Graph:
    """What stands before every answer of the family: the token, the version, the headers and the envelope."""

    world: World
    platform: Platform
    routes: Routes
    version: str = "v26.0"
    spent: dict[datetime, int] = field(default_factory=dict)
    """Requests in each hour of the world's clock."""

    def answer(self, ask: Ask) -> Answer:
        hour = self.world.now.replace(minute=0, second=0, microsecond=0)
        self.spent[hour] = self.spent.get(hour, 0) + 1
        account = self.world.holder_of(self.platform, ask.token)
        if account is None:
            made = error(GraphRefusal(401, 190, "Invalid OAuth 2.0 Access Token", subcode=467))
        else:
            try:
                with self.world.lock:
                    made = self._routed(account, ask)
            except GraphRefusal as refusal:
                made = error(refusal)
        used = min(99, 100 * self.spent[hour] // REQUESTS_IN_A_WINDOW)
        usage = json.dumps({"call_count": used, "total_time": used, "total_cputime": used})
        headers = {"X-App-Usage": usage, "facebook-api-version": self.version, **made.headers}
        return Answer(made.status, made.payload, headers, written=made.written)

    def _routed(self, account: Account, ask: Ask) -> Answer:
        path = re.sub(f"^{VERSION}", "", ask.path)
        for method, pattern, answer in self.routes:
            match = re.fullmatch(pattern, path)
            if match and method == ask.method:
                return answer(account, ask, *match.groups())
        raise GraphRefusal(400, 2500, "Unknown path components")


# --- errors


def error(refusal: GraphRefusal) -> Answer:
    """The envelope of every Graph error."""
    body: dict[str, Any] = {"message": refusal.message, "type": "OAuthException", "code": refusal.code}
    if refusal.subcode is not None:
        body["error_subcode"] = refusal.subcode
    body["fbtrace_id"] = "AbCdEfGhIjKlMnOpQrStUv"
    return Answer(refusal.status, {"error": body})


def not_there(native_id: str) -> GraphRefusal:
    """What Graph says of what does not exist, and of what it does not show."""
    return GraphRefusal(
        400,
        100,
        f"Unsupported request. Object with ID '{native_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation.",
        subcode=33,
    )


def wrong(message: str) -> GraphRefusal:
    """A parameter that Graph does not take."""
    return GraphRefusal(400, 100, f"(#100) {message}")


def no_such_field(name: str, node: str) -> GraphRefusal:
    """Graph refuses the whole request for a field that the kind of node does not have."""
    return wrong(f"Tried accessing nonexisting field ({name}) on node type ({node})")


# --- what is asked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field of `fields`, such as `replies.limit(50){id,text}`: what is wanted of it, and how."""

    fields: Mapping[str, Wanted] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)


def wanted(text: str) -> dict[str, Wanted]:
    """What `fields` asks for.

    Raises:
        GraphRefusal: a bracket is not closed, or a name is missing.
    """
    found, rest = _fields(text)
    if rest:
        raise wrong(f"Syntax error in the fields, at {rest[:20]!r}")
    return found


def _fields(text: str) -> tuple[dict[str, Wanted], str]:
    found: dict[str, Wanted] = {}
    while True:
        match = re.match(r"(\w+)((?:\.\w+\([^()]*\))*)", text)
        if match is None:
            raise wrong("Syntax error in the fields: a name is missing")
        arguments = dict(re.findall(r"\.(\w+)\(([^()]*)\)", match[2]))
        inner: dict[str, Wanted] = {}
        text = text[match.end() :]
        if text.startswith("{"):
            inner, text = _fields(text[1:])
            if not text.startswith("}"):
                raise wrong("Syntax error in the fields: a bracket is not closed")
            text = text[1:]
        found[match[1]] = Wanted(inner, arguments)
        if not text.startswith(","):
            return found, text
        text = text[1:]


def chosen(whole: Mapping[str, Any], fields: Mapping[str, Wanted]) -> dict[str, Any]:
    """Of a node, what was asked for, and its id; of a node inside it, the same."""
    return {name: _inside(whole[name], fields.get(name)) for name in whole if name in fields or name == "id"}


def _inside(value: Any, asked: Wanted | None) -> Any:
    return chosen(value, asked.fields) if isinstance(value, Mapping) and asked is not None and asked.fields else value


def said(ask: Ask, name: str) -> str:
    """A parameter, from the form or the address."""
    return str(ask.form.get(name, ask.query.get(name, "")))


def said_object(ask: Ask, name: str) -> Mapping[str, Any]:
    """A parameter that is JSON."""
    value: Any = ask.form.get(name, ask.query.get(name, ""))
    try:
        value = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise wrong(f"Param {name} must be a JSON object")
    return value


def flag(ask: Ask, name: str) -> bool:
    """A parameter that is yes or no."""
    value = said(ask, name).lower()
    if value not in ("true", "false", "1", "0"):
        raise wrong(f"Param {name} must be a boolean")
    return value in ("true", "1")


def moment(value: str | None) -> datetime | None:
    """`since` and `until`: an epoch or an ISO time."""
    if not value:
        return None
    return datetime.fromtimestamp(int(value), UTC) if value.isdigit() else datetime.fromisoformat(value)


def in_time(ask: Ask, messages: Sequence[Message]) -> list[Message]:
    """Those between `since` and `until`."""
    since, until = moment(ask.query.get("since")), moment(ask.query.get("until"))
    return [each for each in messages if (since is None or each.at >= since) and (until is None or each.at <= until)]


# --- pages


def newest_first(messages: Sequence[Message]) -> list[Message]:
    return sorted(messages, key=lambda message: (message.at, message.native_id), reverse=True)


def page(ask: Ask, host: str, ids: Sequence[str], shape: Callable[[int], Any], most: int = LONGEST_PAGE) -> Answer:
    """One page of a list of things known by `ids`, from the cursor on; `shape` makes the one at a place."""
    limit = max(1, min(int(ask.query.get("limit", USUAL_PAGE)), most))
    start = _place_after(ask.query.get("after", ""), ids)
    shown = range(start, min(start + limit, len(ids)))
    payload: dict[str, Any] = {"data": [shape(place) for place in shown]}
    if shown:
        cursors = {"before": cursor(ids[shown[0]]), "after": cursor(ids[shown[-1]])}
        payload["paging"] = {"cursors": cursors}
        if len(ids) > start + limit:
            query = {**ask.query, "access_token": ask.token, "after": cursors["after"]}
            payload["paging"]["next"] = f"{host}{ask.path}?{urlencode(query)}"
    return Answer(200, payload)


def listed(ask: Ask, host: str, found: Sequence[Message], shape: Shape, usual: str, most: int = LONGEST_PAGE) -> Answer:
    """One page of messages, each with the fields that were asked for."""
    fields = wanted(ask.query.get("fields", usual))
    return page(ask, host, [each.native_id for each in found], lambda place: chosen(shape(found[place]), fields), most)


def _place_after(after: str, ids: Sequence[str]) -> int:
    last = _uncursor(after).removeprefix(AGAIN)
    if not last:
        return 0
    return ids.index(last) + 1 if last in ids else len(ids)


def cursor(native_id: str) -> str:
    return base64.urlsafe_b64encode(native_id.encode()).decode()


def _uncursor(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text).decode()
    except ValueError:
        raise wrong("Invalid cursor") from None


def plus(at: datetime) -> str:
    """A time as Graph writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


# --- what goes wrong, in Graph's words


def _business_usage(fault: Fault, kind: str) -> dict[str, str]:
    row: dict[str, Any] = {"type": kind, "call_count": 100, "total_cputime": 20, "total_time": 20}
    row["estimated_time_to_regain_access"] = int(fault.seconds // 60)
    return {"X-Business-Use-Case-Usage": json.dumps({"100000000000001": [row]})}


def _graph(status: int, code: int, message: str, *, subcode: int | None = None) -> Answer:
    return error(GraphRefusal(status, code, message, subcode=subcode))


def instead(kind: str, limit: int, refused: tuple[int, str]) -> Instead:
    """What the family answers in place of what was asked; `limit` and `refused` are a platform's own codes."""
    return {
        Kind.RATE_LIMITED: lambda f, now: replace(
            _graph(400, limit, f"(#{limit}) There have been too many calls to this account."),
            headers=_business_usage(f, kind),
        ),
        Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _graph(400, 4, "(#4) Application request limit reached"),
        Kind.USAGE_CAPPED: lambda f, now: _graph(400, 17, "(#17) User request limit reached"),
        Kind.EXPIRED: lambda f, now: _graph(
            400, 190, "Error validating access token: Session has expired", subcode=463
        ),
        Kind.FORBIDDEN: lambda f, now: _graph(403, 200, "(#200) Permissions error"),
        Kind.REFUSED: lambda f, now: _graph(400, refused[0], refused[1]),
        Kind.GONE: lambda f, now: _graph(400, 100, "Unsupported request. Object does not exist", subcode=33),
        Kind.SERVER_ERROR: lambda f, now: Answer(500, {"status": "oops"}),
    }


def spoil(host: str, *, who: tuple[str, ...], when: str) -> Spoil:
    """How pages go wrong; `who` are the fields that say who wrote, `when` the one that every item must have."""

    def loop(answer: Answer, ask: Ask) -> Answer:
        """The page leads to itself."""
        paging = dict(answer.payload.get("paging") or {"cursors": {"after": "bG9vcA=="}})
        after = ask.query.get("after") or paging["cursors"]["after"]
        paging["cursors"] = {**paging["cursors"], "after": after}
        paging["next"] = f"{host}{ask.path}?after={after}"
        return replace(answer, payload={**answer.payload, "paging": paging})

    def empty(answer: Answer, ask: Ask) -> Answer:
        """Nothing on this page, and yet there is a next one: the same items, a step later."""
        after = cursor(f"{AGAIN}{_uncursor(ask.query.get('after', ''))}")
        paging = {"cursors": {"after": after}, "next": f"{host}{ask.path}?after={after}"}
        return replace(answer, payload={**answer.payload, "data": [], "paging": paging})

    return {
        Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "Internal Error"}]}),
        Kind.NEXT_LOOP: loop,
        Kind.EMPTY_PAGE_WITH_NEXT: empty,
        Kind.MISSING_FROM: each_item("data", without(*who)),
        Kind.BROKEN_ITEM: each_item("data", without(when), only_first=True),
    }
