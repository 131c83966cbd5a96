"""A Facebook Page as the Graph API answers: its feed, the posts that name it, the comments, and Messenger."""

from __future__ import annotations

from functools import partial
from typing import Any

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Instead, Spoil
from simulator.graph import (
    Graph,
    Wanted,
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
from simulator.inbox import Inbox
from simulator.world import Account, Message, World
from vocabulary import Platform

HOST = "https://graph.facebook.com"
LONGEST_MESSAGE = 2_000

# A few fields that only the other kind of node has; Graph refuses a request that asks for one.
NOT_OF_A_POST = ("parent", "comment_count", "is_private", "can_hide")
NOT_OF_A_COMMENT = ("story", "status_type", "updated_time")


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
        inbox = Inbox(world, "messenger", talk="t_", message="m_", longest=LONGEST_MESSAGE)
        self._graph = Graph(
            world,
            self.platform,
            (
                *inbox.routes,
                ("GET", r"/(\w+)/(?:feed|published_posts|visitor_posts|tagged)", self._feed),
                ("GET", r"/(\w+)/comments", self._comments),
                ("POST", r"/(\w+)/comments", self._publish),
                ("GET", r"/(\w+)", self._object),
                ("POST", r"/(\w+)", self._change),
                ("DELETE", r"/(\w+)", self._delete),
            ),
        )

    def answer(self, ask: Ask) -> Answer:
        return self._graph.answer(ask)

    # --- reading

    def _feed(self, page: Account, ask: Ask, owner: str) -> Answer:
        if owner not in (page.native_id, "me"):
            raise not_there(owner)
        now, edge = self.world.now, ask.path.rsplit("/", 1)[-1]
        found = [
            message
            for message in self.world.messages(page.slug)
            if not message.parent and not message.private and not message.aside and message.listed(now)
            if message.elsewhere == (edge == "tagged")
            if not message.hidden or ask.query.get("include_hidden") == "true"
            if edge in ("feed", "tagged") or (message.author.native_id == page.native_id) == (edge == "published_posts")
        ]
        self._refuse(wanted(ask.query.get("fields", "id")), NOT_OF_A_POST, "PagePost")
        return listed(
            ask, HOST, newest_first(in_time(ask, found)), partial(self._post, page), "created_time,message,id"
        )

    def _comments(self, page: Account, ask: Ask, above_id: str) -> Answer:
        above, now = self._there(page, above_id), self.world.now
        flat = ask.query.get("filter") == "stream"
        under = [
            message
            for message in self.world.messages(page.slug)
            if message.parent == above.native_id or (flat and message.parent and message.root == above.native_id)
        ]
        self._refuse(wanted(ask.query.get("fields", "id")), NOT_OF_A_COMMENT, "Comment")
        found = newest_first([message for message in under if message.listed(now)])
        backwards = ask.query.get("order") == "reverse_chronological"
        answer = listed(
            ask, HOST, found if backwards else found[::-1], partial(self._comment, page), "created_time,message,id"
        )
        if ask.query.get("summary") in ("1", "true"):
            total = sum(message.exists(now) for message in under)  # counted before it is listed
            answer.payload["summary"] = {"order": "chronological", "total_count": total, "can_comment": True}
        return answer

    def _object(self, page: Account, ask: Ask, native_id: str) -> Answer:
        if native_id in (page.native_id, "me"):
            whole = {"id": page.native_id, "name": page.name, "username": page.username}
            return Answer(200, chosen(whole, wanted(ask.query.get("fields", "id,name"))))
        message, fields = self._there(page, native_id), wanted(ask.query.get("fields", "created_time,message,id"))
        if message.parent:
            self._refuse(fields, NOT_OF_A_COMMENT, "Comment")
            return Answer(200, chosen(self._comment(page, message), fields))
        self._refuse(fields, NOT_OF_A_POST, "PagePost")
        return Answer(200, chosen(self._post(page, message), fields))

    # --- acting

    def _publish(self, page: Account, ask: Ask, above_id: str) -> Answer:
        above, text = self._there(page, above_id), said(ask, "message")
        if not text:
            raise wrong("One of the params must be provided: message")
        parent = self.world.message(above.parent) if above.parent else None
        # Comments nest once: a reply to a reply stands beside it, under the comment above.
        holder = parent if parent is not None and parent.parent else above
        message = self.world.write(page.slug, text, above=holder)
        written = Written(page.slug, message.native_id, above.native_id, text)
        return Answer(200, {"id": message.native_id}, written=written)

    def _change(self, page: Account, ask: Ask, native_id: str) -> Answer:
        self.world.set_hidden(self._there(page, native_id), hidden=flag(ask, "is_hidden"))
        return Answer(200, {"success": True})

    def _delete(self, page: Account, ask: Ask, native_id: str) -> Answer:
        self.world.erase(self._there(page, native_id))
        return Answer(200, {"success": True})

    # --- shapes

    def _there(self, page: Account, native_id: str) -> Message:
        message = self.world.message(native_id)
        if message is None or message.account != page.slug or message.private or not message.exists(self.world.now):
            raise not_there(native_id)
        root = self.world.message(message.root)
        if root is None or root.aside or not root.exists(self.world.now):
            raise not_there(native_id)
        return message

    def _refuse(self, fields: dict[str, Wanted], strange: tuple[str, ...], node: str) -> None:
        for name in fields:
            if name in strange:
                raise no_such_field(name, node)

    def _post(self, page: Account, message: Message) -> dict[str, Any]:
        now = self.world.now
        stirred = [m.at for m in self.world.messages(page.slug) if m.root == message.native_id and m.exists(now)]
        by_page = message.author.native_id == page.native_id
        return {
            "id": message.native_id,
            "created_time": plus(message.at),
            "updated_time": plus(max([message.at, message.current(now).at, *stirred])),
            "message": message.current(now).text,
            "from": {"name": message.author.name, "id": message.author.native_id},
            "permalink_url": f"https://www.facebook.com/{message.native_id.replace('_', '/posts/')}",
            "status_type": "wall_post" if not by_page and not message.elsewhere else "mobile_status_update",
            "is_hidden": message.hidden,
        }

    def _comment(self, page: Account, message: Message) -> dict[str, Any]:
        now, above = self.world.now, self.world.message(message.parent)
        replies = [m for m in self.world.messages(page.slug) if m.parent == message.native_id and m.exists(now)]
        shape: dict[str, Any] = {
            "id": message.native_id,
            "created_time": plus(message.at),
            "message": message.current(now).text,
            "from": {"name": message.author.name, "id": message.author.native_id},
            "permalink_url": f"https://www.facebook.com/{message.root}?comment_id={message.native_id.split('_')[-1]}",
            "is_hidden": message.hidden,
            "is_private": False,
            "can_hide": message.author.native_id != page.native_id,
            "can_remove": True,
            "comment_count": len(replies),
            "like_count": 0,
        }
        if above is not None and above.parent:
            shape["parent"] = {"id": above.native_id, "created_time": plus(above.at)}
        return shape


INSTEAD: Instead = instead("pages", 80_001, (506, "Duplicate status message"))
SPOIL: Spoil = spoil(HOST, who=("from",), when="created_time")
