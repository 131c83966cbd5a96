"""A WordPress site as its REST interface answers: pages by number, sizes in headers, times in the site's own zone.

What the public sees is approved; the rest is held, taken for spam, or in the bin, and only a user who
may moderate is told of it.  Words are kept as HTML.  Whoever's id is not a number is a guest.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Instead, Kind, Spoil, without
from simulator.world import Account, Message, World
from vocabulary import Platform

ROOT: Final = "/wp-json/wp/v2"
HOME: Final = "https://newyddion.dyffryn.example"
ZONE: Final = ZoneInfo("Europe/London")
LONGEST_PAGE: Final = 100
LONGEST_COMMENT: Final = 65_525

STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "all": ("approved", "hold"),
    "any": ("approved", "hold", "spam", "trash"),
    "approve": ("approved",),
    "hold": ("hold",),
    "spam": ("spam",),
    "trash": ("trash",),
}
"""What a list shows where a status is asked for."""


class WordPressRefusal(Exception):
    """An error to answer with; `code` is the word that clients go by."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class WordPress:
    """The platform: `answer` is all that the server asks of it.  One site each account, and one user of it."""

    platform = Platform.WORDPRESS

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return {**SPOIL, Kind.NEXT_LOOP: self._the_first_page_again}

    def __init__(self, world: World) -> None:
        self.world = world
        self._bin: set[str] = set()
        self._routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", "/comments", self._comments),
            ("POST", "/comments", self._publish),
            ("GET", r"/comments/(\d+)", self._comment),
            ("POST", r"/comments/(\d+)", self._change),
            ("DELETE", r"/comments/(\d+)", self._delete),
            ("GET", "/(posts|pages)", self._posts),
        )

    def answer(self, ask: Ask) -> Answer:
        us = self.world.holder_of(Platform.WORDPRESS, ask.token)
        if us is None:
            return error(401, "incorrect_password", "The provided password is an invalid application password.")
        try:
            with self.world.lock:
                return self._routed(us, ask)
        except WordPressRefusal as refusal:
            return error(refusal.status, refusal.code, refusal.message)

    def _routed(self, us: Account, ask: Ask) -> Answer:
        path = ask.path.removeprefix(ROOT)
        for method, pattern, answer in self._routes:
            match = re.fullmatch(pattern, path)
            if match and method == ask.method and path != ask.path:
                return answer(us, ask, *match.groups())
        raise WordPressRefusal(404, "rest_no_route", "No route was found matching the URL and request method.")

    # --- reading

    def _comments(self, us: Account, ask: Ask) -> Answer:
        status = ask.query.get("status", "approve")
        wanted = STATUSES.get(status, ())
        include, parents = _numbers(ask, "include"), _numbers(ask, "parent")
        after = _local(ask.query.get("after"))
        found = [
            message
            for message in self.world.messages(us.slug)
            if message.parent and self._is_listed(message) and self._status(message) in wanted
            if not include or message.native_id in include
            if not parents or self._parent(message) in parents
            if after is None or _in_the_zone(message.at) > after
        ]
        found.sort(key=_place, reverse=ask.query.get("order", "desc") == "desc")
        return _page(ask, found, lambda message: self._shape(us, message))

    def _is_listed(self, message: Message) -> bool:
        """What is in the bin is listed there; no other comment is once it, or its post, is gone."""
        now, post = self.world.now, self.world.message(message.root)
        return post is not None and post.exists(now) and (message.native_id in self._bin or message.listed(now))

    def _comment(self, us: Account, ask: Ask, number: str) -> Answer:
        return Answer(200, _chosen(self._shape(us, self._there(us, number)), ask))

    def _posts(self, us: Account, ask: Ask, kind: str) -> Answer:
        now, since = self.world.now, _local(ask.query.get("modified_after"))
        found = [
            message
            for message in self.world.messages(us.slug)
            if kind == "posts" and not message.parent and message.author.native_id == us.native_id
            if message.listed(now) and not message.private and not message.aside
            if since is None or _in_the_zone(message.current(now).at) > since
        ]
        found.sort(key=lambda message: int(_id(message)), reverse=ask.query.get("order", "desc") == "desc")
        answer = _page(ask, found, self._post)
        page, last = int(ask.query.get("page", 1)), int(answer.headers["X-WP-TotalPages"])
        if page > max(last, 1):
            raise WordPressRefusal(
                400,
                "rest_post_invalid_page_number",
                "The page number requested is larger than the number of pages available.",
            )
        return answer

    # --- acting

    def _publish(self, us: Account, ask: Ask) -> Answer:
        content, parent = str(ask.form.get("content", "")).strip(), str(ask.form.get("parent") or 0)
        post = self.world.message(f"p{ask.form.get('post')}")
        if post is None or post.account != us.slug or not post.exists(self.world.now):
            raise WordPressRefusal(
                403, "rest_comment_invalid_post_id", "Sorry, you are not allowed to create this comment without a post."
            )
        if not content:
            raise WordPressRefusal(400, "rest_comment_content_invalid", "Invalid comment content.")
        if len(content.encode()) > LONGEST_COMMENT:
            raise WordPressRefusal(
                400, "comment_content_column_length", "Comment field exceeds maximum length allowed."
            )
        above = self._there(us, parent) if parent != "0" else post
        text = html.unescape(content)
        if any(each.parent == above.native_id and each.text == text for each in self.world.replies_by_us(us.slug)):
            raise WordPressRefusal(
                409, "comment_duplicate", "Duplicate comment detected; it looks as though you’ve already said that!"
            )
        message = self.world.write(us.slug, text, above=above)
        headers = {"Location": f"{HOME}{ROOT}/comments/{message.native_id}"}
        written = Written(us.slug, message.native_id, above.native_id, text)
        return Answer(201, self._shape(us, message), headers, written=written)

    def _change(self, us: Account, ask: Ask, number: str) -> Answer:
        """To set a status that stands already changes no row of the database, which WordPress takes for a failure."""
        message, status = self._there(us, number), str(ask.form.get("status", ""))
        wanted = "approved" if status in ("approve", "1") else status
        if wanted not in ("approved", "hold", "spam") or wanted == self._status(message):
            raise WordPressRefusal(500, "rest_comment_failed_edit", "Updating comment status failed.")
        message.spam = wanted == "spam"
        self.world.set_hidden(message, hidden=wanted == "hold")
        return Answer(200, self._shape(us, message))

    def _delete(self, us: Account, ask: Ask, number: str) -> Answer:
        message = self._there(us, number)
        if message.native_id in self._bin:
            raise WordPressRefusal(410, "rest_already_trashed", "The comment has already been trashed.")
        self._bin.add(message.native_id)
        self.world.erase(message)
        return Answer(200, self._shape(us, message))

    # --- shapes

    def _there(self, us: Account, number: str) -> Message:
        message = self.world.message(number)
        if message is None or message.account != us.slug or not message.parent:
            raise _no_such_comment()
        post = self.world.message(message.root)
        if post is None or not post.exists(self.world.now):
            raise WordPressRefusal(404, "rest_post_invalid_id", "Invalid post ID.")
        if not message.exists(self.world.now) and message.native_id not in self._bin:
            raise _no_such_comment()
        return message

    def _status(self, message: Message) -> str:
        if message.native_id in self._bin:
            return "trash"
        if message.spam:
            return "spam"
        return "hold" if message.hidden else "approved"

    def _parent(self, message: Message) -> str:
        return "0" if message.parent == message.root else message.parent

    def _shape(self, us: Account, message: Message) -> dict[str, Any]:
        raw, user = html.escape(message.current(self.world.now).text, quote=False), message.author.native_id
        return {
            "id": int(message.native_id),
            "post": int(message.root[1:]),
            "parent": int(self._parent(message)),
            "author": int(user) if user.isdecimal() else 0,
            "author_name": message.author.name,
            "author_email": f"{user}@ebost.example",
            "author_url": "",
            "author_ip": "192.0.2.7",
            "author_user_agent": "Mozilla/5.0",
            "date": _in_the_zone(message.at).isoformat(),
            "date_gmt": _gmt(message.at),
            "content": {"rendered": f"<p>{raw}</p>\n", "raw": raw},
            "link": f"{HOME}/?{message.root.replace('p', 'p=')}#comment-{message.native_id}",
            "status": self._status(message),
            "type": "comment",
            "author_avatar_urls": {"96": "https://secure.gravatar.example/avatar/0?s=96"},
            "meta": [],
        }

    def _post(self, message: Message) -> dict[str, Any]:
        current = message.current(self.world.now)
        return {
            "id": int(_id(message)),
            "date": _in_the_zone(message.at).isoformat(),
            "date_gmt": _gmt(message.at),
            "modified_gmt": _gmt(current.at),
            "slug": message.native_id,
            "status": "publish",
            "type": "post",
            "link": f"{HOME}/?p={_id(message)}",
            "title": {"rendered": html.escape(current.text, quote=False)},
            "excerpt": {"rendered": "", "protected": False},
            "author": int(message.author.native_id),
            "comment_status": "open",
        }

    def _the_first_page_again(self, answer: Answer, ask: Ask) -> Answer:
        """What a cache shows that does not look at the number of the page."""
        page = int(ask.query.get("page", 1))
        first = self.answer(replace(ask, query={**ask.query, "page": "1"}))
        last = max(int(first.headers.get("X-WP-TotalPages", 1)), page + 1)
        return replace(first, headers={**first.headers, "X-WP-TotalPages": str(last)})


def _page(ask: Ask, found: Sequence[Message], shape: Callable[[Message], dict[str, Any]]) -> Answer:
    page, size = (ask.query.get(name, usual) for name, usual in (("page", "1"), ("per_page", "10")))
    if not page.isdecimal() or not size.isdecimal() or not 1 <= int(size) <= LONGEST_PAGE or int(page) < 1:
        raise WordPressRefusal(400, "rest_invalid_param", "Invalid parameter(s): per_page")
    start, step = (int(page) - 1) * int(size), int(size)
    shown = [_chosen(shape(message), ask) for message in found[start : start + step]]
    last = -(-len(found) // step)
    return Answer(200, shown, {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(last)})


def _chosen(whole: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    fields = ask.query.get("_fields")
    names = fields.split(",") if fields else list(whole)
    return {name: value for name, value in whole.items() if name in names}


def _numbers(ask: Ask, name: str) -> list[str]:
    return [number for number in ask.query.get(name, "").split(",") if number]


def _id(message: Message) -> str:
    return message.native_id.removeprefix("p")


def _place(message: Message) -> tuple[datetime, int]:
    """MySQL keeps whole seconds; comments of one second go by their number."""
    return message.at.replace(microsecond=0), int(message.native_id)


def _in_the_zone(at: datetime) -> datetime:
    """The clock on the wall where the site is, which shows an hour twice in autumn."""
    return at.astimezone(ZONE).replace(microsecond=0, tzinfo=None)


def _local(value: str | None) -> datetime | None:
    """A time in a query: with its zone it is turned into the site's own, without one it is taken for that."""
    if not value:
        return None
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=None) if at.tzinfo is None else at.astimezone(ZONE).replace(tzinfo=None)


def _gmt(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def _no_such_comment() -> WordPressRefusal:
    return WordPressRefusal(404, "rest_comment_invalid_id", "Invalid comment ID.")


def error(status: int, code: str, message: str) -> Answer:
    """The envelope of every error of WordPress's."""
    return Answer(status, {"code": code, "message": message, "data": {"status": status}})


# --- what goes wrong, in the words of WordPress and of what stands before it


def _guarded(headers: Mapping[str, str]) -> Answer:
    """A guard before the site that finds us too eager, and speaks to people."""
    page = b"<!DOCTYPE html><html><body><h1>429 Too Many Requests</h1></body></html>"
    return Answer(429, headers=headers, body=page, content_type="text/html; charset=utf-8")


def _each(*names: str, only_first: bool = False) -> Callable[[Answer, Ask], Answer]:
    change = without(*names)

    def spoil(answer: Answer, ask: Ask) -> Answer:
        if not isinstance(answer.payload, list):
            return answer
        last = 1 if only_first else len(answer.payload)
        return replace(answer, payload=[*map(change, answer.payload[:last]), *answer.payload[last:]])

    return spoil


def _only_some(keep: int) -> Callable[[Answer, Ask], Answer]:
    """What a user may not read is left out after it was counted, so a page may be short, or empty."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        return replace(answer, payload=answer.payload[:keep]) if isinstance(answer.payload, list) else answer

    return spoil


INSTEAD: Instead = {
    Kind.RATE_LIMITED: lambda f, now: _guarded({"Retry-After": str(int(f.seconds))}),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _guarded({}),
    Kind.USAGE_CAPPED: lambda f, now: error(429, "rest_too_many_requests", "Too many requests."),
    Kind.EXPIRED: lambda f, now: error(401, "incorrect_password", "The provided password is invalid."),
    Kind.FORBIDDEN: lambda f, now: error(403, "rest_forbidden_context", "Sorry, you are not allowed to edit comments."),
    Kind.REFUSED: lambda f, now: error(403, "rest_comment_closed", "Sorry, comments are closed for this item."),
    Kind.GONE: lambda f, now: error(404, "rest_comment_invalid_id", "Invalid comment ID."),
    Kind.SERVER_ERROR: lambda f, now: error(
        500, "internal_server_error", "<p>There has been a critical error on this website.</p>"
    ),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"code": "db_error", "message": "-", "data": None}),
    Kind.PARTIAL_ERRORS: _only_some(3),
    Kind.EMPTY_PAGE_WITH_NEXT: _only_some(0),
    Kind.MISSING_FROM: _each("author", "author_name"),
    Kind.BROKEN_ITEM: _each("date_gmt", only_first=True),
}
