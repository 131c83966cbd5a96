"""Vimeo as its API 3.4 answers: lists in a wrapper with links to the next page, and replies in lists of their own.

A reply to a reply stands beside it, under the comment that both answer.  Nobody deletes but what they said themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Instead, Kind, Spoil, each_item, without
from simulator.world import Account, Message, World
from vocabulary import Platform

LIMIT: Final = 1_000
WINDOW: Final = timedelta(minutes=15)
LONGEST_PAGE: Final = 100
USUAL_PAGE: Final = 25


class VimeoRefusal(Exception):
    """An error to answer with; the older ones have no code."""

    def __init__(self, status: int, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Vimeo:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.VIMEO

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent: dict[tuple[str, datetime], int] = {}
        comment = r"(/videos/\d+/comments/\d+)"
        self._routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", r"/(?:me|users/(\d+))/videos", self._videos),
            ("GET", r"(/videos/\d+)", self._one_video),
            ("GET", r"(/videos/\d+)/comments", self._comments),
            ("POST", r"(/videos/\d+)/comments", self._publish),
            ("GET", comment, self._one_comment),
            ("DELETE", comment, self._delete),
            ("GET", f"{comment}/replies", self._replies),
            ("POST", f"{comment}/replies", self._publish),
        )

    def answer(self, ask: Ask) -> Answer:
        us = self.world.holder_of(Platform.VIMEO, ask.token)
        if us is None:
            return error(401, "You must provide a valid authenticated access token.", 8003)
        begun = self.world.now - (self.world.now - datetime.min.replace(tzinfo=self.world.now.tzinfo)) % WINDOW
        spent = self._spent[us.slug, begun] = self._spent.get((us.slug, begun), 0) + 1
        headers = {
            "X-RateLimit-Limit": str(LIMIT),
            "X-RateLimit-Remaining": str(max(0, LIMIT - spent)),
            "X-RateLimit-Reset": (begun + WINDOW).isoformat(),
        }
        if spent > LIMIT:
            return replace(_too_many(), headers=headers)
        try:
            with self.world.lock:
                made = self._routed(us, ask)
        except VimeoRefusal as refusal:
            made = error(refusal.status, refusal.message, refusal.code)
        return replace(made, headers={**headers, **made.headers})

    def _routed(self, us: Account, ask: Ask) -> Answer:
        for method, pattern, answer in self._routes:
            match = re.fullmatch(pattern, ask.path)
            if match and method == ask.method:
                return answer(us, ask, *match.groups())
        raise VimeoRefusal(404, "The requested page couldn't be found.")

    # --- reading

    def _videos(self, us: Account, ask: Ask, user: str | None) -> Answer:
        if user not in (None, us.native_id):
            raise VimeoRefusal(404, "The requested user couldn't be found.")
        now = self.world.now
        found = [
            message
            for message in self.world.messages(us.slug)
            if not message.parent and message.author.native_id == us.native_id and message.listed(now)
            if not message.private and not message.aside
        ]
        changed = ask.query.get("sort") == "modified_time"
        found.sort(
            key=lambda video: (video.current(now).at if changed else video.at, video.native_id),
            reverse=ask.query.get("direction", "desc") == "desc",
        )
        return _page(ask, found, lambda video: self._video(us, video))

    def _one_video(self, us: Account, ask: Ask, uri: str) -> Answer:
        return Answer(200, _chosen(self._video(us, self._video_there(us, uri)), ask))

    def _comments(self, us: Account, ask: Ask, uri: str) -> Answer:
        video = self._video_there(us, uri)
        found = self._said_under(us, video)[video.native_id]
        found.sort(key=_place, reverse=ask.query.get("direction", "desc") == "desc")
        return _page(ask, found, lambda comment: self._comment(us, comment))

    def _one_comment(self, us: Account, ask: Ask, uri: str) -> Answer:
        return Answer(200, _chosen(self._comment(us, self._comment_there(us, uri)), ask))

    def _replies(self, us: Account, ask: Ask, uri: str) -> Answer:
        above = self._comment_there(us, uri)
        found = self._said_under(us, self._video_there(us, above.root)).get(above.native_id, [])
        return _page(ask, sorted(found, key=_place), lambda comment: self._comment(us, comment))

    def _said_under(self, us: Account, video: Message) -> dict[str, list[Message]]:
        """By what it stands under as Vimeo has it: the video, or one of its comments, however deep it was said."""
        found: dict[str, list[Message]] = {video.native_id: []}
        for message in self.world.messages(us.slug):
            if message.parent and message.root == video.native_id and message.listed(self.world.now):
                top = self._top(message)
                if top.exists(self.world.now):
                    above = video if top is message else top
                    found.setdefault(above.native_id, []).append(message)
        return found

    def _top(self, message: Message) -> Message:
        above = self.world.message(message.parent)
        return message if above is None or not above.parent else self._top(above)

    # --- acting

    def _publish(self, us: Account, ask: Ask, uri: str) -> Answer:
        text = str(ask.form.get("text", ""))
        if not text:
            raise VimeoRefusal(400, "The comment text is missing.", 2207)
        answered = self._comment_there(us, uri) if "/comments/" in uri else self._video_there(us, uri)
        above = self._top(answered) if answered.parent else answered
        message = self.world.write(us.slug, text, above=above)
        written = Written(us.slug, message.native_id, answered.native_id, text)
        return Answer(201, self._comment(us, message), written=written)

    def _delete(self, us: Account, ask: Ask, uri: str) -> Answer:
        message = self._comment_there(us, uri)
        if message.author.native_id != us.native_id:
            raise VimeoRefusal(403, "You can't delete this comment.", 3415)
        self.world.erase(message)
        return Answer(204, body=b"", content_type=None)

    # --- shapes

    def _video_there(self, us: Account, uri: str) -> Message:
        video = self.world.message(uri)
        if video is None or video.account != us.slug or video.parent or not video.exists(self.world.now):
            raise VimeoRefusal(404, "The requested video couldn't be found.")
        return video

    def _comment_there(self, us: Account, uri: str) -> Message:
        message = self.world.message(uri)
        if message is None or not message.parent or not message.exists(self.world.now):
            raise VimeoRefusal(404, "The requested comment couldn't be found.")
        self._video_there(us, message.root)
        return message

    def _video(self, us: Account, video: Message) -> dict[str, Any]:
        """Vimeo counts the comments of a video without the replies to them."""
        current = video.current(self.world.now)
        comments = {"uri": f"{video.native_id}/comments", "options": ["GET", "POST"]}
        return {
            "uri": video.native_id,
            "name": current.text,
            "description": None,
            "type": "video",
            "link": f"https://vimeo.com/{video.native_id.rsplit('/', 1)[-1]}",
            "created_time": _iso(video.at),
            "modified_time": _iso(current.at),
            "release_time": _iso(video.at),
            "privacy": {"view": "anybody", "comments": "anybody"},
            "metadata": {
                "connections": {
                    "comments": {**comments, "total": len(self._said_under(us, video)[video.native_id])},
                    "likes": {"uri": f"{video.native_id}/likes", "options": ["GET"], "total": 0},
                }
            },
            "user": self._user(us.native_id, us.name),
            "resource_key": f"key{video.native_id.rsplit('/', 1)[-1]}",
        }

    def _comment(self, us: Account, message: Message) -> dict[str, Any]:
        video = self._video_there(us, message.root)
        replies = self._said_under(us, video).get(message.native_id, [])
        number = message.native_id.rsplit("/", 1)[-1]
        return {
            "uri": message.native_id,
            "type": "video",
            "text": message.current(self.world.now).text,
            "created_on": _iso(message.at),
            "link": f"https://vimeo.com/{video.native_id.rsplit('/', 1)[-1]}#comment_{number}",
            "user": self._user(message.author.native_id, message.author.name),
            "metadata": {
                "connections": {
                    "replies": {
                        "uri": f"{message.native_id}/replies",
                        "options": ["GET", "POST"],
                        "total": len(replies),
                    }
                }
            },
            "resource_key": f"key{number}",
        }

    def _user(self, native_id: str, name: str) -> dict[str, Any]:
        uri = native_id if native_id.startswith("/users/") else f"/users/{native_id}"
        return {"uri": uri, "name": name, "link": f"https://vimeo.com/user{uri.rsplit('/', 1)[-1]}"}


def _page(ask: Ask, found: Sequence[Message], shape: Callable[[Message], dict[str, Any]]) -> Answer:
    page, size = ask.query.get("page", "1"), ask.query.get("per_page", str(USUAL_PAGE))
    if not page.isdecimal() or not size.isdecimal() or not 1 <= int(size) <= LONGEST_PAGE:
        raise VimeoRefusal(400, "Something strange occurred. Please try again.", 2204)
    here, step = int(page), int(size)
    last = max(1, -(-len(found) // step))
    if not 1 <= here <= last:
        raise VimeoRefusal(400, "The requested page couldn't be found.")
    payload = {
        "total": len(found),
        "page": here,
        "per_page": step,
        "paging": {
            "next": _link(ask, here + 1) if here < last else None,
            "previous": _link(ask, here - 1) if here > 1 else None,
            "first": _link(ask, 1),
            "last": _link(ask, last),
        },
        "data": [_chosen(shape(message), ask) for message in found[(here - 1) * step : here * step]],
    }
    return Answer(200, payload)


def _link(ask: Ask, page: int) -> str:
    return f"{ask.path}?{urlencode({**ask.query, 'page': str(page)})}"


def _chosen(whole: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """The fields asked for; one inside of another brings the whole of that."""
    fields = ask.query.get("fields")
    names = {each.partition(".")[0] for each in fields.split(",")} if fields else set(whole)
    return {name: value for name, value in whole.items() if name in names}


def _place(message: Message) -> tuple[datetime, int]:
    return message.at, int(message.native_id.rsplit("/", 1)[-1])


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def error(status: int, message: str, code: int | None = None) -> Answer:
    """The envelope of Vimeo's errors, or that of the older ones, which have no code."""
    if code is None:
        return Answer(status, {"error": message})
    said = {"error": message, "link": None, "developer_message": message, "error_code": code}
    return Answer(status, said)


# --- what goes wrong, in Vimeo's words


def _too_many() -> Answer:
    return error(429, "Too many API requests. Wait an hour or so, then try again.", 9000)


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    paging = answer.payload.get("paging") if isinstance(answer.payload, dict) else None
    if paging is None:
        return answer
    again = _link(ask, int(ask.query.get("page", "1")))
    return replace(answer, payload={**answer.payload, "paging": {**paging, "next": again}})


def _only_some(keep: int) -> Callable[[Answer, Ask], Answer]:
    """What the user may not see is left out after it was counted, so a page may be short, or empty."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        if not isinstance(answer.payload, dict) or "data" not in answer.payload:
            return answer
        return replace(answer, payload={**answer.payload, "data": answer.payload["data"][:keep]})

    return spoil


INSTEAD: Instead = {
    Kind.RATE_LIMITED: lambda f, now: replace(
        _too_many(), headers={"X-RateLimit-Reset": (now + timedelta(seconds=f.seconds)).isoformat()}
    ),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _too_many(),
    Kind.USAGE_CAPPED: lambda f, now: error(429, "Too many API requests."),
    Kind.EXPIRED: lambda f, now: error(401, "You must provide a valid authenticated access token.", 8003),
    Kind.FORBIDDEN: lambda f, now: error(403, "You can't comment.", 3412),
    Kind.REFUSED: lambda f, now: error(403, "Comments are disabled on this video.", 3413),
    Kind.GONE: lambda f, now: error(404, "The requested video couldn't be found."),
    Kind.SERVER_ERROR: lambda f, now: error(500, "Oh no! There was a problem. Please try that again."),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "Internal Error"}]}),
    Kind.PARTIAL_ERRORS: _only_some(3),
    Kind.EMPTY_PAGE_WITH_NEXT: _only_some(0),
    Kind.NEXT_LOOP: _loop,
    Kind.MISSING_FROM: each_item("data", without("user")),
    Kind.BROKEN_ITEM: each_item("data", without("created_on"), only_first=True),
}
