"""A Facebook Page as the Graph API answers: cursors, percent headers, and one error envelope.

The token is read from the query, the form or the header, as Graph does; and as Graph does, `next`
carries it back in the clear.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil, each_item, without
from simulator.world import Account, Message, World
from vocabulary import Platform

VERSION = r"/v\d+\.\d+"
REQUESTS_IN_A_WINDOW = 2_000
LONGEST_PAGE = 100
GRAPH = "https://graph.facebook.com"
AGAIN = "again:"
"""A cursor that begins so stands at the same place as the one after it: what an empty page leads to."""


class GraphRefusal(Exception):
    """An error to answer with, in Graph's numbers."""

    def __init__(self, status: int, code: int, message: str, *, subcode: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.subcode = status, code, message, subcode


class Facebook:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.FACEBOOK

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent = 0
        self._routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", r"/(\w+)/(?:feed|published_posts|visitor_posts)", self._feed),
            ("GET", r"/(\w+)/comments", self._comments),
            ("POST", r"/(\w+)/comments", self._publish),
            ("GET", r"/(\w+)", self._object),
            ("POST", r"/(\w+)", self._change),
            ("DELETE", r"/(\w+)", self._delete),
        )

    def answer(self, ask: Ask) -> Answer:
        self._spent += 1
        page = self.world.holder_of(Platform.FACEBOOK, ask.token)
        if page is None:
            made = error(GraphRefusal(401, 190, "Invalid OAuth 2.0 Access Token", subcode=467))
        else:
            try:
                with self.world.lock:
                    made = self._routed(page, ask)
            except GraphRefusal as refusal:
                made = error(refusal)
        used = min(99, 100 * self._spent // REQUESTS_IN_A_WINDOW)
        usage = json.dumps({"call_count": used, "total_time": used, "total_cputime": used})
        headers = {"X-App-Usage": usage, "facebook-api-version": "v26.0", **made.headers}
        return Answer(made.status, made.payload, headers, written=made.written)

    def _routed(self, page: Account, ask: Ask) -> Answer:
        path = re.sub(f"^{VERSION}", "", ask.path)
        for method, pattern, answer in self._routes:
            match = re.fullmatch(pattern, path)
            if match and method == ask.method:
                return answer(page, ask, *match.groups())
        raise GraphRefusal(400, 2500, "Unknown path components")

    # --- reading

    def _feed(self, page: Account, ask: Ask, owner: str) -> Answer:
        if owner not in (page.native_id, "me"):
            raise _not_there(owner)
        now, edge = self.world.now, ask.path.rsplit("/", 1)[-1]
        since, until = _moment(ask.query.get("since")), _moment(ask.query.get("until"))
        found = [
            message
            for message in self.world.messages(page.slug)
            if not message.parent
            and message.listed(now)
            and (since is None or message.at >= since)
            and (until is None or message.at <= until)
            and (edge == "feed" or (message.author.native_id == page.native_id) == (edge == "published_posts"))
        ]
        found.sort(key=lambda message: (message.at, message.native_id), reverse=True)
        return self._page(page, ask, found, self._post)

    def _comments(self, page: Account, ask: Ask, above_id: str) -> Answer:
        above, now = self._there(page, above_id), self.world.now
        flat = ask.query.get("filter") == "stream"
        found = [
            message
            for message in self.world.messages(page.slug)
            if message.listed(now) and message.parent
            if message.parent == above.native_id or (flat and message.root == above.native_id)
        ]
        backwards = ask.query.get("order") == "reverse_chronological"
        found.sort(key=lambda message: (message.at, message.native_id), reverse=backwards)
        return self._page(page, ask, found, self._comment)

    def _object(self, page: Account, ask: Ask, native_id: str) -> Answer:
        fields = _fields(ask.query, "id,name" if native_id in (page.native_id, "me") else "created_time,message,id")
        if native_id in (page.native_id, "me"):
            return Answer(200, _chosen({"id": page.native_id, "name": page.name, "username": page.username}, fields))
        message = self._there(page, native_id)
        shape = self._comment if message.parent else self._post
        return Answer(200, _chosen(shape(page, message), fields))

    # --- acting

    def _publish(self, page: Account, ask: Ask, above_id: str) -> Answer:
        above, text = self._there(page, above_id), _said(ask, "message")
        if not text:
            raise GraphRefusal(400, 100, "(#100) One of the params must be provided: message")
        parent = self.world.message(above.parent) if above.parent else None
        # Comments nest once: a reply to a reply stands beside it, under the comment above.
        holder = parent if parent is not None and parent.parent else above
        message = self.world.write(page.slug, text, above=holder)
        written = Written(page.slug, message.native_id, above.native_id, text)
        return Answer(200, {"id": message.native_id}, written=written)

    def _change(self, page: Account, ask: Ask, native_id: str) -> Answer:
        message, hidden = self._there(page, native_id), _said(ask, "is_hidden").lower()
        if hidden not in ("true", "false", "1", "0"):
            raise GraphRefusal(400, 100, "(#100) Param is_hidden must be a boolean")
        self.world.set_hidden(message, hidden=hidden in ("true", "1"))
        return Answer(200, {"success": True})

    def _delete(self, page: Account, ask: Ask, native_id: str) -> Answer:
        self.world.erase(self._there(page, native_id))
        return Answer(200, {"success": True})

    # --- shapes

    def _there(self, page: Account, native_id: str) -> Message:
        message = self.world.message(native_id)
        if message is None or message.account != page.slug or not message.exists(self.world.now):
            raise _not_there(native_id)
        root = self.world.message(message.root)
        if root is None or not root.exists(self.world.now):
            raise _not_there(native_id)
        return message

    def _page(
        self, page: Account, ask: Ask, found: list[Message], shape: Callable[[Account, Message], dict[str, Any]]
    ) -> Answer:
        limit = min(int(ask.query.get("limit", 25)), LONGEST_PAGE)
        start = 0
        if after := ask.query.get("after"):
            last = _uncursor(after).removeprefix(AGAIN)
            start = next(
                (place for place, one in enumerate(found, 1) if one.native_id == last), len(found) if last else 0
            )
        shown = found[start : start + limit]
        fields = _fields(ask.query, "created_time,message,id")
        payload: dict[str, Any] = {"data": [_chosen(shape(page, message), fields) for message in shown]}
        if shown:
            cursors = {"before": _cursor(shown[0].native_id), "after": _cursor(shown[-1].native_id)}
            payload["paging"] = {"cursors": cursors}
            if len(found) > start + limit:
                query = {**ask.query, "access_token": ask.token, "after": cursors["after"]}
                payload["paging"]["next"] = f"{GRAPH}{ask.path}?{urlencode(query)}"
        return Answer(200, payload)

    def _post(self, page: Account, message: Message) -> dict[str, Any]:
        now = self.world.now
        stirred = [m.at for m in self.world.messages(page.slug) if m.root == message.native_id and m.exists(now)]
        by_page = message.author.native_id == page.native_id
        return {
            "id": message.native_id,
            "created_time": _plus(message.at),
            "updated_time": _plus(max([message.at, message.current(now).at, *stirred])),
            "message": message.current(now).text,
            "from": {"name": message.author.name, "id": message.author.native_id},
            "permalink_url": f"https://www.facebook.com/{message.native_id.replace('_', '/posts/')}",
            "status_type": "mobile_status_update" if by_page else "wall_post",
            "is_hidden": message.hidden,
        }

    def _comment(self, page: Account, message: Message) -> dict[str, Any]:
        now, above = self.world.now, self.world.message(message.parent)
        shape: dict[str, Any] = {
            "id": message.native_id,
            "created_time": _plus(message.at),
            "message": message.current(now).text,
            "from": {"name": message.author.name, "id": message.author.native_id},
            "permalink_url": f"https://www.facebook.com/{message.root}?comment_id={message.native_id.split('_')[-1]}",
            "is_hidden": message.hidden,
            "is_private": False,
            "can_hide": message.author.native_id != page.native_id,
            "can_remove": True,
            "comment_count": sum(m.parent == message.native_id for m in self.world.messages(page.slug)),
            "like_count": 0,
        }
        if above is not None and above.parent:
            shape["parent"] = {"id": above.native_id, "created_time": _plus(above.at)}
        return shape


def error(refusal: GraphRefusal) -> Answer:
    """The envelope of every Graph error."""
    body: dict[str, Any] = {"message": refusal.message, "type": "OAuthException", "code": refusal.code}
    if refusal.subcode is not None:
        body["error_subcode"] = refusal.subcode
    body["fbtrace_id"] = "AbCdEfGhIjKlMnOpQrStUv"
    return Answer(refusal.status, {"error": body})


def _not_there(native_id: str) -> GraphRefusal:
    return GraphRefusal(
        400,
        100,
        f"Unsupported request. Object with ID '{native_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation.",
        subcode=33,
    )


def _chosen(whole: Mapping[str, Any], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name in fields or name == "id"}


def _fields(query: Mapping[str, str], usual: str) -> set[str]:
    """The field names asked for; sub-selections such as `from{id,name}` are read as the field."""
    return set(re.sub(r"\{[^}]*\}", "", query.get("fields", usual)).split(","))


def _said(ask: Ask, name: str) -> str:
    return str(ask.form.get(name, ask.query.get(name, "")))


def _moment(value: str | None) -> datetime | None:
    if not value:
        return None
    return datetime.fromtimestamp(int(value), UTC) if value.isdigit() else datetime.fromisoformat(value)


def _plus(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _cursor(native_id: str) -> str:
    return base64.urlsafe_b64encode(native_id.encode()).decode()


def _uncursor(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except ValueError:
        raise GraphRefusal(400, 100, "(#100) Invalid cursor") from None


# --- what goes wrong, in Graph's words


def _business_usage(fault: Fault) -> dict[str, str]:
    row = {"type": "pages", "call_count": 100, "total_cputime": 20, "total_time": 20}
    row["estimated_time_to_regain_access"] = int(fault.seconds // 60)
    return {"X-Business-Use-Case-Usage": json.dumps({"100000000000001": [row]})}


def _graph(status: int, code: int, message: str, *, subcode: int | None = None) -> Answer:
    return error(GraphRefusal(status, code, message, subcode=subcode))


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    paging = dict(answer.payload.get("paging") or {"cursors": {"after": "bG9vcA=="}})
    after = ask.query.get("after") or paging["cursors"]["after"]
    paging["cursors"] = {**paging["cursors"], "after": after}
    paging["next"] = f"{GRAPH}{ask.path}?after={after}"
    return replace(answer, payload={**answer.payload, "paging": paging})


def _empty(answer: Answer, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, a step later."""
    here = base64.urlsafe_b64decode(ask.query.get("after", "")).decode()
    after = _cursor(f"{AGAIN}{here}")
    paging = {"cursors": {"after": after}, "next": f"{GRAPH}{ask.path}?after={after}"}
    return replace(answer, payload={**answer.payload, "data": [], "paging": paging})


INSTEAD: Instead = {
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
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "Internal Error"}]}),
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: each_item("data", without("from")),
    Kind.BROKEN_ITEM: each_item("data", without("created_time"), only_first=True),
}
