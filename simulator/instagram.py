"""An Instagram account as the Graph API answers: media that count their comments, and replies that stay behind.

A comment brings its first replies along and does not say that there are more.  What stands under
somebody else's media cannot be read at all, but for the one thing that names us.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Instead, Kind, Spoil, each_item
from simulator.graph import (
    Graph,
    Wanted,
    chosen,
    cursor,
    flag,
    in_time,
    instead,
    listed,
    newest_first,
    not_there,
    page,
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
COMMENTS_PAGE, USUAL_REPLIES = 50, 25
LONGEST_MESSAGE, MESSAGES_REACHABLE = 1_000, 20
USUAL_COMMENT = "id,text,timestamp"
SCOPED = "9"
"""What stands before our own id where we go by one of the app's own, which says so."""


class Instagram:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.INSTAGRAM

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        inbox = Inbox(
            world,
            "instagram",
            talk="aWdfdA",
            message="aWdf",
            longest=LONGEST_MESSAGE,
            latest=MESSAGES_REACHABLE,
        )
        self._graph = Graph(
            world,
            self.platform,
            (
                *inbox.routes,
                ("GET", r"/(\d+)/(media|tags)", self._media),
                ("GET", r"/(\d+)/comments", self._comments),
                ("GET", r"/(\d+)/replies", self._replies),
                ("POST", r"/(\d+)/replies", self._publish),
                ("POST", r"/(\d+)/mentions", self._answer_mention),
                ("GET", r"/(\d+)", self._object),
                ("POST", r"/(\d+)", self._change),
                ("DELETE", r"/(\d+)", self._delete),
            ),
        )

    def answer(self, ask: Ask) -> Answer:
        return self._graph.answer(ask)

    # --- reading

    def _media(self, us: Account, ask: Ask, owner: str, edge: str) -> Answer:
        """Ours, or those of others that tag us; of these no page promises another, and none is chosen by its time."""
        if owner != us.native_id:
            raise not_there(owner)
        found = [
            message
            for message in self.world.messages(us.slug)
            if not message.parent and not message.private and not message.aside and message.listed(self.world.now)
            if (message.author.native_id == us.native_id) == (edge == "media")
        ]
        if edge == "media":
            found = in_time(ask, found)
        answer = listed(ask, HOST, newest_first(found), partial(self._medium, us), "id")
        more = answer.payload.get("paging", {}).pop("next", None) if edge == "tags" else ""
        if more is None and not ask.query.get("after"):
            answer.payload.pop("paging", None)
        return answer

    def _comments(self, us: Account, ask: Ask, media_id: str) -> Answer:
        """What answers the media itself, newest first; replies only inside it."""
        media = self._there(us, media_id)
        if media.parent:
            raise not_there(media_id)
        found = newest_first([m for m in self._under(us, media) if m.parent == media.native_id and self._listed(m)])
        fields = wanted(ask.query.get("fields", USUAL_COMMENT))

        def shape(place: int) -> dict[str, Any]:
            shown = chosen(self._comment(us, found[place]), fields)
            return {**shown, **self._with_replies(us, found[place], fields)}

        return page(ask, HOST, [each.native_id for each in found], shape, COMMENTS_PAGE)

    def _with_replies(self, us: Account, comment: Message, fields: Mapping[str, Wanted]) -> dict[str, Any]:
        """The first replies of a comment, and nothing that says whether these are all."""
        asked = fields.get("replies")
        found = self._replies_to(us, comment) if asked is not None else []
        if asked is None or not found:
            return {}
        limit = min(int(asked.arguments.get("limit", USUAL_REPLIES)), COMMENTS_PAGE)
        shown = found[:limit]
        cursors = {"before": cursor(shown[0].native_id), "after": cursor(shown[-1].native_id)}
        data = [chosen(self._comment(us, each), asked.fields or wanted(USUAL_COMMENT)) for each in shown]
        return {"replies": {"data": data, "paging": {"cursors": cursors}}}

    def _replies(self, us: Account, ask: Ask, comment_id: str) -> Answer:
        comment = self._there(us, comment_id)
        return listed(
            ask, HOST, self._replies_to(us, comment), partial(self._comment, us), USUAL_COMMENT, COMMENTS_PAGE
        )

    def _object(self, us: Account, ask: Ask, native_id: str) -> Answer:
        fields = wanted(ask.query.get("fields", "id"))
        if native_id == us.native_id:
            shown = chosen({"id": us.native_id, "name": us.name, "username": us.username}, fields)
            for name, find in (("mentioned_comment", self._mentioned_comment), ("mentioned_media", self._mentioned)):
                if name in fields:
                    shown[name] = find(us, fields[name])
            return Answer(200, shown)
        message = self._there(us, native_id)
        shape = self._comment if message.parent else self._medium
        return Answer(200, chosen(shape(us, message), fields))

    def _mentioned_comment(self, us: Account, asked: Wanted) -> dict[str, Any]:
        native_id = asked.arguments.get("comment_id", "")
        message = self.world.message(native_id)
        if message is None or not message.parent or not self._names_us(us, message):
            raise not_there(native_id)
        whole = self._comment(us, message)
        return chosen({name: whole[name] for name in whole if name not in ("from", "hidden", "user")}, asked.fields)

    def _mentioned(self, us: Account, asked: Wanted) -> dict[str, Any]:
        native_id = asked.arguments.get("media_id", "")
        message = self.world.message(native_id)
        if message is None or message.parent or not self._names_us(us, message):
            raise not_there(native_id)
        return chosen(self._medium(us, message), asked.fields)

    def _names_us(self, us: Account, message: Message) -> bool:
        """Whether it names us in a place that is not ours."""
        root = self.world.message(message.root)
        there = message.account == us.slug and message.exists(self.world.now) and message.mentions_us
        return there and root is not None and root.author.native_id != us.native_id

    # --- acting

    def _publish(self, us: Account, ask: Ask, comment_id: str) -> Answer:
        comment = self._there(us, comment_id)
        if not comment.parent:
            raise not_there(comment_id)
        if comment.hidden:
            raise wrong("A hidden comment cannot be replied to")
        return self._written(us, ask, comment, self._top(comment))

    def _answer_mention(self, us: Account, ask: Ask, owner: str) -> Answer:
        named = said(ask, "comment_id") or said(ask, "media_id")
        message = self.world.message(named)
        if owner != us.native_id or message is None or not self._names_us(us, message):
            raise not_there(named)
        if message.root != said(ask, "media_id"):
            raise wrong("Param media_id is not that of the comment")
        return self._written(us, ask, message, message)

    def _written(self, us: Account, ask: Ask, answered: Message, above: Message) -> Answer:
        text = said(ask, "message")
        if not text:
            raise wrong("The parameter message is required")
        message = self.world.write(us.slug, text, above=above)
        written = Written(us.slug, message.native_id, answered.native_id, text)
        return Answer(200, {"id": message.native_id}, written=written)

    def _change(self, us: Account, ask: Ask, native_id: str) -> Answer:
        self.world.set_hidden(self._there(us, native_id), hidden=flag(ask, "hide"))
        return Answer(200, {"success": True})

    def _delete(self, us: Account, ask: Ask, native_id: str) -> Answer:
        self.world.erase(self._there(us, native_id))
        return Answer(200, {"success": True})

    # --- shapes

    def _there(self, us: Account, native_id: str) -> Message:
        """Our media and what stands under them; nothing of anybody else's."""
        message, now = self.world.message(native_id), self.world.now
        if message is None or message.account != us.slug or message.private or not message.exists(now):
            raise not_there(native_id)
        root = self.world.message(message.root)
        if root is None or root.author.native_id != us.native_id or not root.exists(now):
            raise not_there(native_id)
        return message

    def _listed(self, message: Message) -> bool:
        return message.listed(self.world.now)

    def _under(self, us: Account, media: Message) -> list[Message]:
        return [m for m in self.world.messages(us.slug) if m.root == media.native_id and m.parent]

    def _top(self, comment: Message) -> Message:
        """Comments nest once: whatever answers a reply stands beside it, under the comment above."""
        above = self.world.message(comment.parent)
        return self._top(above) if above is not None and above.parent else comment

    def _replies_to(self, us: Account, comment: Message) -> list[Message]:
        """Oldest first."""
        root = self.world.message(comment.root)
        there = self._under(us, root) if root is not None else []
        return newest_first([m for m in there if m is not comment and self._top(m) is comment and self._listed(m)])[
            ::-1
        ]

    def _medium(self, us: Account, message: Message) -> dict[str, Any]:
        """Instagram counts before it lists what it has counted."""
        now = self.world.now
        shape: dict[str, Any] = {
            "id": message.native_id,
            "caption": message.current(now).text,
            "media_type": "IMAGE",
            "media_product_type": "FEED",
            "permalink": _permalink(message.native_id),
            "timestamp": plus(message.at),
            "username": message.author.username,
            "comments_count": sum(each.exists(now) for each in self._under(us, message)),
            "like_count": 0,
        }
        if message.author.native_id == us.native_id:
            shape["owner"] = {"id": us.native_id}
        return shape

    def _comment(self, us: Account, message: Message) -> dict[str, Any]:
        author = message.author
        shape: dict[str, Any] = {
            "id": message.native_id,
            "text": message.current(self.world.now).text,
            "timestamp": plus(message.at),
            "username": author.username,
            "from": {"id": author.native_id, "username": author.username},
            "hidden": message.hidden,
            "like_count": 0,
            "media": {"id": message.root, "permalink": _permalink(message.root), "media_product_type": "FEED"},
        }
        if self._top(message) is not message:
            shape["parent_id"] = self._top(message).native_id
        if author.native_id == us.native_id:
            scoped = f"{SCOPED}{us.native_id}"
            shape["user"] = {"id": us.native_id}
            shape["from"] = {"id": scoped, "username": author.username, "self_ig_scoped_id": scoped}
        return shape


def _permalink(media_id: str) -> str:
    return f"https://www.instagram.com/p/{media_id}/"


def _nameless(item: dict[str, Any]) -> dict[str, Any]:
    """An item, and the replies inside it, without anything that says who wrote."""
    kept = {name: value for name, value in item.items() if name not in ("from", "username")}
    if "replies" in kept:
        kept["replies"] = {**kept["replies"], "data": [_nameless(each) for each in kept["replies"]["data"]]}
    return kept


INSTEAD: Instead = instead("instagram", 80_002, (100, "(#100) The comment is invalid"))
SPOIL: Spoil = {**spoil(HOST, who=("from",), when="timestamp"), Kind.MISSING_FROM: each_item("data", _nameless)}
