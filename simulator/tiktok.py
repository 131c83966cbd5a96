"""A TikTok account as the Accounts API answers: a code in every answer, and 200 with most of them.

A token speaks for the account of its holder.  Every request about a comment must name the comment's video, which
must be that account's own; only a reply may go under somebody else's.  Cursors are numbers, and say nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil
from simulator.world import Account, Message, World
from vocabulary import Platform

ROOT: Final = "/open_api/v1.3/business/"
LONGEST_COMMENT: Final = 150
REPLIES_SHOWN: Final = 3
IDS_AT_ONCE: Final = 30
STEP: Final = 10
"""Each place in a list has so many cursors, so that an empty page can lead on without leading back."""


class TikTokRefusal(Exception):
    """An error to answer with, in TikTok's numbers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class TikTok:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.TIKTOK

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._routes: Mapping[tuple[str, str], Callable[[Account, Ask], Answer]] = {
            ("GET", "video/list/"): self._videos,
            ("GET", "comment/list/"): self._comments,
            ("GET", "comment/reply/list/"): self._replies,
            ("GET", "mention/comment/list/"): self._mentions,
            ("POST", "comment/reply/create/"): self._publish,
            ("POST", "comment/hide/"): self._hide,
        }

    def answer(self, ask: Ask) -> Answer:
        try:
            return self._routed(ask)
        except TikTokRefusal as refusal:
            return said(refusal.code, refusal.message)

    def _routed(self, ask: Ask) -> Answer:
        if "access-token" in ask.query or not ask.token:
            raise TikTokRefusal(40104, "Access token is null.")
        us = self.world.holder_of(Platform.TIKTOK, ask.token)
        if us is None:
            raise TikTokRefusal(40105, "Access token is incorrect or has been revoked.")
        answer = self._routes.get((ask.method, ask.path.removeprefix(ROOT)))
        if answer is None or not ask.path.startswith(ROOT):
            return Answer(404, body=b"404 page not found", content_type="text/plain")
        if _asked(ask, "business_id") != us.native_id:
            raise TikTokRefusal(40001, "No permission to operate the business account.")
        with self.world.lock:
            return answer(us, ask)

    # --- reading

    def _videos(self, us: Account, ask: Ask) -> Answer:
        filters = _json_in(ask, "filters", {})
        wanted = filters.get("video_ids") if isinstance(filters, dict) else None
        fields = _json_in(ask, "fields", ["item_id"])
        videos = [each for each in self._of(us) if _is_video(us, each) and each.listed(self.world.now)]
        videos = [each for each in videos if wanted is None or each.native_id in wanted]

        def shape(video: Message) -> dict[str, Any]:
            whole = {
                "item_id": video.native_id,
                "create_time": _epoch(video.at),
                "caption": video.current(self.world.now).text,
                "share_url": f"https://www.tiktok.com/@{us.username}/video/{video.native_id}?utm_source=open_api",
                "comments": sum(each.parent != "" and each.root == video.native_id for each in self._of(us)),
                "likes": 0,
            }
            return {name: value for name, value in whole.items() if name in fields}

        return _page(ask, "videos", Found(videos, shape), most=20)

    def _comments(self, us: Account, ask: Ask) -> Answer:
        video = self._video(us, ask)
        said_there = [each for each in self._under(us, video) if each.listed(self.world.now)]
        if ask.query.get("status", "ALL") == "PUBLIC":
            said_there = [each for each in said_there if not each.hidden]
        numbers = _json_in(ask, "comment_ids", None)
        if numbers is not None:
            if not isinstance(numbers, list) or len(numbers) > IDS_AT_ONCE:
                raise TikTokRefusal(40002, "comment_ids: Longer than maximum length 30.")
            named = [each for each in said_there if _number(each) in numbers]
            return _page(ask, "comments", Found(named, lambda each: self._shape(us, each, said_there)), most=30)
        first = [each for each in said_there if self._top(each) is each]

        def shape(message: Message) -> dict[str, Any]:
            whole = self._shape(us, message, said_there)
            replies = self._answering(message, said_there)[:REPLIES_SHOWN]
            if ask.query.get("include_replies") == "true" and replies:
                whole["reply_list"] = [self._shape(us, each, said_there) for each in replies]
            return whole

        return _page(ask, "comments", Found(first, shape), most=30)

    def _replies(self, us: Account, ask: Ask) -> Answer:
        video = self._video(us, ask)
        top = self._comment(us, video, ask)
        said_there = [each for each in self._under(us, video) if each.listed(self.world.now)]
        replies = self._answering(top, said_there)
        return _page(ask, "comments", Found(replies, lambda each: self._shape(us, each, said_there)), most=30)

    def _mentions(self, us: Account, ask: Ask) -> Answer:
        fields = _json_in(ask, "fields", ["comment_id", "item_id"])
        found = [each for each in self._of(us) if not each.parent and each.mentions_us and each.listed(self.world.now)]

        def shape(message: Message) -> dict[str, Any]:
            video, _, number = message.native_id.partition("/")
            whole = {
                "item_id": video,
                "video_link": f"https://www.tiktok.com/@rhywun/video/{video}",
                "commenter_display_name": message.author.name,
                "comment_id": number,
                "comment_type": "COMMENT",
                "comment_text": message.current(self.world.now).text,
                "comment_create_time": _epoch(message.at),
                "comment_likes": 0,
            }
            return {name: value for name, value in whole.items() if name in fields}

        return _page(ask, "comments", Found(found, shape), most=100)

    # --- acting

    def _publish(self, us: Account, ask: Ask) -> Answer:
        """Under our own video, or under a comment that names us; replies stand at one level."""
        text, place = str(ask.form.get("text", "")), f"{ask.form.get('video_id')}/{ask.form.get('comment_id')}"
        above = self.world.message(place)
        if above is None or above.account != us.slug or not self._is_there(above):
            raise TikTokRefusal(40002, "comment_id: Invalid comment id.")
        if not text or len(text) > LONGEST_COMMENT:
            raise TikTokRefusal(40002, f"text: Length must be between 1 and {LONGEST_COMMENT}.")
        if self._top(above) is not above:
            raise TikTokRefusal(40002, "comment_id: A reply cannot be replied to.")
        message = self.world.write(us.slug, text, above=above)
        made = {
            "comment_id": _number(message),
            "parent_comment_id": _number(above),
            "video_id": above.native_id.partition("/")[0],
            "create_time": _epoch(message.at),
            "text": text,
        }
        return said(0, "OK", made, written=Written(us.slug, message.native_id, above.native_id, text))

    def _hide(self, us: Account, ask: Ask) -> Answer:
        message, action = self._comment(us, self._video(us, ask), ask), ask.form.get("action")
        if action not in ("HIDE", "UNHIDE"):
            raise TikTokRefusal(40002, "action: Must be one of: HIDE, UNHIDE.")
        self.world.set_hidden(message, hidden=action == "HIDE")
        return said(0, "OK", {})

    # --- who and where

    def _of(self, us: Account) -> list[Message]:
        return [message for message in self.world.messages(us.slug) if self._is_there(message)]

    def _is_there(self, message: Message) -> bool:
        """Whether a comment is there, with the one that it answers and the video that it stands under."""
        places = (message, self._top(message), self.world.message(message.root))
        return all(each is not None and each.exists(self.world.now) for each in places)

    def _top(self, message: Message) -> Message:
        """The comment of the first level that it stands under, or is."""
        while message.parent and message.parent != message.root:
            above = self.world.message(message.parent)
            if above is None:
                break
            message = above
        return message

    def _video(self, us: Account, ask: Ask) -> Message:
        named = _asked(ask, "video_id")
        if not named:
            raise TikTokRefusal(40002, "video_id: Missing data for required field.")
        video = self.world.message(named)
        if video is None or video.account != us.slug or not _is_video(us, video) or not self._is_there(video):
            raise TikTokRefusal(40002, "video_id: Invalid video id.")
        return video

    def _comment(self, us: Account, video: Message, ask: Ask) -> Message:
        message = self.world.message(f"{video.native_id}/{_asked(ask, 'comment_id')}")
        if message is None or message.account != us.slug or not self._is_there(message):
            raise TikTokRefusal(40002, "comment_id: Invalid comment id.")
        return message

    def _under(self, us: Account, video: Message) -> list[Message]:
        return [each for each in self._of(us) if each.parent and each.root == video.native_id]

    def _answering(self, top: Message, said_there: Sequence[Message]) -> list[Message]:
        return sorted((each for each in said_there if each is not top and self._top(each) is top), key=_place)[::-1]

    # --- shapes

    def _shape(self, us: Account, message: Message, said_there: Sequence[Message]) -> dict[str, Any]:
        top = self._top(message)
        shape: dict[str, Any] = {
            "comment_id": _number(message),
            "video_id": message.root,
            "user_id": hashlib.sha256(f"{us.slug} {message.author.native_id}".encode()).hexdigest(),
            "unique_identifier": message.author.native_id,
            "create_time": _epoch(message.at),
            "text": message.current(self.world.now).text,
            "likes": 0,
            "replies": len(self._answering(message, said_there)),
            "owner": message.author.native_id == us.native_id,
            "liked": False,
            "pinned": False,
            "status": "HIDDEN" if message.hidden else "PUBLIC",
            "username": message.author.username,
            "display_name": message.author.name,
            "profile_image": "",
        }
        return shape if top is message else {**shape, "parent_comment_id": _number(top)}


@dataclass(frozen=True, slots=True)
class Found:
    """What a list would show in all, and how each is shown; newest first, unless asked otherwise."""

    messages: Sequence[Message]
    shape: Callable[[Message], dict[str, Any]]


def _page(ask: Ask, name: str, found: Found, *, most: int) -> Answer:
    size = _number_in(ask, "max_count", 20)
    if not 1 <= size <= most:
        raise TikTokRefusal(40002, f"max_count: Must be between 1 and {most}.")
    backwards = ask.query.get("sort_order", "desc") != "asc"
    messages = sorted(found.messages, key=_place, reverse=backwards)
    start = _number_in(ask, "cursor", 0) // STEP
    if start > len(messages):
        raise TikTokRefusal(40002, "cursor: Invalid cursor.")
    shown, more = messages[start : start + size], len(messages) > start + size
    following = min(start + size, len(messages)) * STEP
    return said(0, "OK", {name: [found.shape(each) for each in shown], "cursor": following, "has_more": more})


def said(code: int, message: str, data: Mapping[str, Any] | None = None, *, written: Written | None = None) -> Answer:
    """The envelope of every answer."""
    body = {"code": code, "message": message, "request_id": "202611160900000102451641530A0B1C2D", "data": data or {}}
    return Answer(200, body, written=written)


def _asked(ask: Ask, name: str) -> str:
    """A parameter, wherever it stands; a number is as good as its digits."""
    value = (ask.query if ask.method == "GET" else ask.form).get(name, "")
    return str(value) if isinstance(value, (str, int)) else ""


def _number_in(ask: Ask, name: str, usual: int) -> int:
    value = ask.query.get(name, str(usual))
    if not value.isdecimal():
        raise TikTokRefusal(40002, f"{name}: Not a valid integer.")
    return int(value)


def _json_in(ask: Ask, name: str, usual: Any) -> Any:
    try:
        return json.loads(ask.query[name]) if name in ask.query else usual
    except ValueError:
        raise TikTokRefusal(40002, f"{name}: Not a valid list.") from None


def _is_video(us: Account, message: Message) -> bool:
    return not message.parent and message.author.native_id == us.native_id


def _number(message: Message) -> str:
    return message.native_id.rpartition("/")[2]


def _place(message: Message) -> tuple[datetime, str]:
    return message.at, message.native_id


def _epoch(at: datetime) -> str:
    """Seconds, as text."""
    return str(int(at.timestamp()))


# --- what goes wrong, in TikTok's words


def _as_error(code: int, message: str) -> Callable[[Fault, datetime], Answer]:
    return lambda fault, now: said(code, message)


def _data(answer: Answer) -> dict[str, Any] | None:
    """The data of a page; None for what is no page."""
    data = answer.payload.get("data") if isinstance(answer.payload, dict) else None
    return data if isinstance(data, dict) and "has_more" in data else None


def _with(answer: Answer, data: Mapping[str, Any]) -> Answer:
    return replace(answer, payload={**answer.payload, "data": data})


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    data = _data(answer)
    return answer if data is None else _with(answer, {**data, "has_more": True, "cursor": _number_in(ask, "cursor", 0)})


def _empty(answer: Answer, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, a step later."""
    data = _data(answer)
    if data is None:
        return answer
    nothing: dict[str, list[Any]] = {name: [] for name in data if isinstance(data[name], list)}
    return _with(answer, {**data, **nothing, "has_more": True, "cursor": _number_in(ask, "cursor", 0) + 1})


def _short(answer: Answer, ask: Ask) -> Answer:
    """Fewer than there are and than were asked for, and the rest on the next page."""
    data = _data(answer)
    items = (data or {}).get("comments") or []
    if data is None or len(items) < 2:
        return answer
    half, start = len(items) // 2, _number_in(ask, "cursor", 0) // STEP
    return _with(answer, {**data, "comments": items[:half], "has_more": True, "cursor": (start + half) * STEP})


def _each(*names: str, only_first: bool = False) -> Callable[[Answer, Ask], Answer]:
    """Takes properties from the comments of a page, and from the replies that come with them."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        data = _data(answer)
        items = (data or {}).get("comments") or []
        if data is None or not items:
            return answer
        last = 1 if only_first else len(items)
        return _with(answer, {**data, "comments": [_without(names, item) for item in items[:last]] + items[last:]})

    return spoil


def _without(names: Sequence[str], item: Mapping[str, Any]) -> dict[str, Any]:
    bare = {name: value for name, value in item.items() if name not in names}
    if "reply_list" in bare:
        bare["reply_list"] = [_without(names, reply) for reply in bare["reply_list"]]
    return bare


INSTEAD: Instead = {
    Kind.RATE_LIMITED: _as_error(40100, "App reaches the QPM limit."),
    Kind.RATE_LIMITED_WITHOUT_RESET: _as_error(51021, "Too many requests"),
    Kind.USAGE_CAPPED: _as_error(40100, "App reaches the QPD limit."),
    Kind.EXPIRED: _as_error(40102, "Access token is expired."),
    Kind.FORBIDDEN: _as_error(40001, "No permission to operate."),
    Kind.REFUSED: _as_error(40002, "text: The comment is not allowed."),
    Kind.GONE: _as_error(40002, "comment_id: Invalid comment id."),
    Kind.SERVER_ERROR: _as_error(50000, "System error"),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "System error"}]}),
    Kind.PARTIAL_ERRORS: _short,
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: _each("unique_identifier", "user_id", "username", "display_name"),
    Kind.BROKEN_ITEM: _each("create_time", only_first=True),
}
