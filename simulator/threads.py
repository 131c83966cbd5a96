"""Threads as its API answers: pages with a cursor that promise nothing, and replies published in two steps.

A search knows no cursors at all, only moments.  What stands under somebody else's post is not shown, but for
what answers ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Instead, Spoil
from simulator.graph import (
    Graph,
    GraphRefusal,
    chosen,
    flag,
    in_time,
    instead,
    listed,
    newest_first,
    no_such_field,
    not_there,
    plus,
    said,
    spoil,
    wanted,
    wrong,
)
from simulator.world import Account, Message, World
from vocabulary import Platform

HOST = "https://graph.threads.net"
LONGEST_POST = 500
OF_A_REPLY = ("is_reply_owned_by_me", "root_post", "replied_to", "hide_status")
NOT_IN_A_SEARCH = ("owner", "is_reply_owned_by_me", "hide_status")


@dataclass(slots=True)
class Container:
    """A reply that waits to be published; it is not ready for the first `reads` times that somebody asks."""

    account: str
    text: str
    above: Message | None
    reads: int = 0
    published: str = ""


class Threads:
    """The platform: `answer` is all that the server asks of it.

    `slow` is how often a new container says that it is still being made.
    """

    platform = Platform.THREADS

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self.slow = 0
        self._containers: dict[str, Container] = {}
        self._graph = Graph(
            world,
            self.platform,
            (
                ("GET", r"/(\w+)/(threads|mentions|replies)", self._list),
                ("GET", r"/(\w+)/conversation", self._conversation),
                ("GET", r"/keyword_search", self._search),
                ("GET", r"/(\w+)", self._object),
                ("POST", r"/(\w+)/threads", self._prepare),
                ("POST", r"/(\w+)/threads_publish", self._publish),
                ("POST", r"/(\w+)/manage_reply", self._hide),
                ("DELETE", r"/(\w+)", self._delete),
            ),
            version="v1.0",
        )

    def answer(self, ask: Ask) -> Answer:
        return self._graph.answer(ask)

    # --- reading

    def _list(self, us: Account, ask: Ask, owner: str, edge: str) -> Answer:
        if not self._is_us(us, owner):
            if edge == "replies":
                return self._replies(us, ask, owner)
            raise not_there(owner)
        tests: dict[str, Callable[[Message], bool]] = {
            "threads": lambda message: self._by_us(us, message) and not message.parent,
            "replies": lambda message: self._by_us(us, message) and bool(message.parent),
            "mentions": lambda message: not self._by_us(us, message) and self._mentions(us, message),
        }
        found = [message for message in self._public(us) if tests[edge](message)]
        return self._page(us, ask, newest_first(in_time(ask, found)))

    def _replies(self, us: Account, ask: Ask, native_id: str) -> Answer:
        above = self._there(us, native_id)
        root = self.world.message(above.root)
        if not self._by_us(us, above) and (root is None or not self._by_us(us, root)):
            raise not_there(native_id)
        return self._page(us, ask, self._ordered(ask, [m for m in self._public(us) if m.parent == above.native_id]))

    def _conversation(self, us: Account, ask: Ask, native_id: str) -> Answer:
        root = self._there(us, native_id)
        if root.parent or not self._by_us(us, root):
            raise wrong("The conversation edge is only there for a post of your own that begins one")
        found = [message for message in self._public(us) if message.root == root.native_id and message.parent]
        return self._page(us, ask, self._ordered(ask, found))

    def _search(self, us: Account, ask: Ask) -> Answer:
        words = re.findall(r"\w+", ask.query.get("q", "").casefold())
        if not words:
            raise wrong("The parameter q is required")
        for name in wanted(ask.query.get("fields", "id")):
            if name in NOT_IN_A_SEARCH:
                raise no_such_field(name, "ThreadsMedia")
        tag = ask.query.get("search_mode") == "TAG"
        found = [message for message in self._public(us) if self._holds(message, words, tag=tag)]
        without_cursors = {name: value for name, value in ask.query.items() if name not in ("after", "before")}
        return self._page(us, replace(ask, query=without_cursors), newest_first(in_time(ask, found)))

    def _holds(self, message: Message, words: Sequence[str], *, tag: bool) -> bool:
        text = message.current(self.world.now).text.casefold()
        return f"#{words[0]}" in re.findall(r"#\w+", text) if tag else set(words) <= set(re.findall(r"\w+", text))

    def _object(self, us: Account, ask: Ask, native_id: str) -> Answer:
        fields = wanted(ask.query.get("fields", "id"))
        if self._is_us(us, native_id):
            return Answer(200, chosen({"id": us.native_id, "username": us.username, "name": us.name}, fields))
        if container := self._containers.get(native_id):
            container.reads += 1
            status = "PUBLISHED" if container.published else "FINISHED" if self._ready(container) else "IN_PROGRESS"
            return Answer(200, chosen({"id": native_id, "status": status}, fields))
        return Answer(200, chosen(self._shape(us, self._there(us, native_id)), fields))

    # --- acting

    def _prepare(self, us: Account, ask: Ask, owner: str) -> Answer:
        text, target = said(ask, "text"), said(ask, "reply_to_id")
        if not self._is_us(us, owner):
            raise not_there(owner)
        if said(ask, "media_type") != "TEXT" or not 1 <= len(text) <= LONGEST_POST:
            raise wrong(f"Param text must be at most {LONGEST_POST} characters long")
        above = self._there(us, target) if target else None
        native_id = f"18{len(self._containers):015d}"
        self._containers[native_id] = Container(us.slug, text, above)
        return Answer(200, {"id": native_id})

    def _publish(self, us: Account, ask: Ask, owner: str) -> Answer:
        container = self._containers.get(said(ask, "creation_id"))
        if not self._is_us(us, owner) or container is None or container.account != us.slug:
            raise not_there(said(ask, "creation_id"))
        if container.published or not self._ready(container):
            raise no_media()
        message = self.world.write(us.slug, container.text, above=container.above)
        container.published = message.native_id
        above = container.above
        written = Written(us.slug, message.native_id, above.native_id, container.text) if above else None
        return Answer(200, {"id": message.native_id}, written=written)

    def _ready(self, container: Container) -> bool:
        return container.reads > self.slow

    def _hide(self, us: Account, ask: Ask, native_id: str) -> Answer:
        message = self._there(us, native_id)
        root = self.world.message(message.root)
        if root is None or not self._by_us(us, root) or message.parent != root.native_id:
            raise wrong("Only a top-level reply to a post of your own can be hidden")
        self.world.set_hidden(message, hidden=flag(ask, "hide"))
        return Answer(200, {"success": True})

    def _delete(self, us: Account, ask: Ask, native_id: str) -> Answer:
        message = self._there(us, native_id)
        if not self._by_us(us, message):
            raise wrong("Only a post of your own can be deleted")
        self.world.erase(message)
        return Answer(200, {"success": True, "deleted_id": native_id})

    # --- shapes

    def _is_us(self, us: Account, owner: str) -> bool:
        return owner in (us.native_id, "me")

    def _by_us(self, us: Account, message: Message) -> bool:
        return message.author.native_id == us.native_id

    def _mentions(self, us: Account, message: Message) -> bool:
        """Whether it names us in a conversation that is not ours; in ours the world says so of every reply."""
        root = self.world.message(message.root)
        return message.mentions_us and root is not None and not self._by_us(us, root)

    def _public(self, us: Account) -> list[Message]:
        return [m for m in self.world.messages(us.slug) if not m.private and m.listed(self.world.now)]

    def _there(self, us: Account, native_id: str) -> Message:
        message, now = self.world.message(native_id), self.world.now
        if message is None or message.account != us.slug or message.private or not message.exists(now):
            raise not_there(native_id)
        root = self.world.message(message.root)
        if root is None or not root.exists(now):
            raise not_there(native_id)
        return message

    def _ordered(self, ask: Ask, messages: list[Message]) -> list[Message]:
        found = newest_first(messages)
        return found if ask.query.get("reverse", "true") == "true" else found[::-1]

    def _page(self, us: Account, ask: Ask, found: list[Message]) -> Answer:
        """Cursors where there are several pages, and on none of them a word of whether another follows."""
        answer = listed(ask, HOST, found, partial(self._shape, us), "id")
        more = answer.payload.get("paging", {}).pop("next", None)
        if more is None and not ask.query.get("after"):
            answer.payload.pop("paging", None)
        return answer

    def _shape(self, us: Account, message: Message) -> dict[str, Any]:
        now, ours = self.world.now, self._by_us(us, message)
        shape: dict[str, Any] = {
            "id": message.native_id,
            "media_product_type": "THREADS",
            "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.net/@{message.author.username}/post/{message.native_id}",
            "username": message.author.username,
            "text": message.current(now).text,
            "timestamp": plus(message.at),
            "shortcode": message.native_id,
            "is_quote_post": bool(message.quotes),
            "has_replies": any(each.parent == message.native_id for each in self._public(us)),
            "is_reply": bool(message.parent),
        }
        if ours and not message.parent:  # of a reply Threads does not say whose it is but by is_reply_owned_by_me
            shape["owner"] = {"id": us.native_id}
        if message.quotes:
            shape["quoted_post"] = {"id": message.quotes}
        if message.parent:
            hidden = "HIDDEN" if message.hidden else "NOT_HUSHED"
            above = ({"id": message.root}, {"id": message.parent})
            shape |= dict(zip(OF_A_REPLY, (ours, *above, hidden), strict=True))
        return shape


def no_media() -> GraphRefusal:
    """What Threads says of a container that it has not finished, or that was published already."""
    return GraphRefusal(400, 24, "The requested resource does not exist", subcode=4279009)


INSTEAD: Instead = instead("threads", 80_002, (100, "(#100) The reply cannot be published"))
SPOIL: Spoil = spoil(HOST, who=("username",), when="timestamp")
