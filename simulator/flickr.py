"""Flickr as its REST interface answers: every method under one path, errors with status 200, requests signed.

The comments of a photograph come all at once and do not nest: whoever answers a comment has the address of
its author before their words.  The same words twice under one photograph are published once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Instead, Kind, Spoil, without
from simulator.world import Account, Message, World
from vocabulary import Platform

REST: Final = "https://api.flickr.com/services/rest/"
LIMIT: Final = 3_600
HOUR: Final = timedelta(hours=1)
LONGEST_PAGE: Final = 500
USUAL_PAGE: Final = 100
ADDRESSED: Final = re.compile(r"\[https?://www\.flickr\.com/(?:photos|people)/([\w@.-]+)/?\]\s*", re.ASCII)


class FlickrRefusal(Exception):
    """An error to answer with, in Flickr's numbers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Flickr:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.FLICKR

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return {**SPOIL, Kind.NEXT_LOOP: self._the_first_page_again}

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent: dict[tuple[str, datetime], int] = {}
        self._methods: Mapping[str, tuple[str, Callable[[Account, Mapping[str, str]], Answer]]] = {
            "flickr.people.getPhotos": ("GET", self._photos),
            "flickr.photos.recentlyUpdated": ("GET", self._stirred),
            "flickr.photos.comments.getList": ("GET", self._comments),
            "flickr.photos.comments.addComment": ("POST", self._publish),
            "flickr.photos.comments.deleteComment": ("POST", self._delete),
        }

    def answer(self, ask: Ask) -> Answer:
        us = self._signed_by(ask)
        if us is None:
            return error(98, "Login failed / Invalid auth token")
        if isinstance(us, FlickrRefusal):
            return error(us.code, us.message)
        hour = us.slug, self.world.now.replace(minute=0, second=0, microsecond=0)
        self._spent[hour] = self._spent.get(hour, 0) + 1
        if self._spent[hour] > LIMIT:
            return _too_many()
        asked = {name: str(value) for name, value in (ask.form if ask.method == "POST" else ask.query).items()}
        verb, method = self._methods.get(asked.get("method", ""), ("", None))
        try:
            if method is None or verb != ask.method or ask.path.rstrip("/") != "/services/rest":
                raise FlickrRefusal(112, f'Method "{asked.get("method", "")}" not found')
            with self.world.lock:
                return method(us, asked)
        except FlickrRefusal as refusal:
            return error(refusal.code, refusal.message)

    def _signed_by(self, ask: Ask) -> Account | FlickrRefusal | None:
        """Whose token it is; where we have been told its secrets, the signature must be right as well (RFC 5849)."""
        granted = self.world.holder_of(Platform.FLICKR, ask.token)
        if granted is not None:
            return granted
        for us in self.world.accounts():
            keys = _keys(us.token) if us.platform is Platform.FLICKR else {}
            if keys and keys["access_token"] == ask.token:
                signed = hmac.compare_digest(_signature(ask, keys), ask.oauth.get("oauth_signature", ""))
                return us if signed else FlickrRefusal(96, "Invalid signature")
        return None

    # --- reading

    def _photos(self, us: Account, asked: Mapping[str, str]) -> Answer:
        if asked.get("user_id") not in ("me", us.native_id):
            raise FlickrRefusal(2, "Unknown user")
        found = sorted(self._ours(us), key=lambda photo: (photo.at, photo.native_id), reverse=True)
        return self._page(us, asked, found)

    def _stirred(self, us: Account, asked: Mapping[str, str]) -> Answer:
        """What is new, was changed, or was commented on; what stirred last first."""
        if not asked.get("min_date", "").isdecimal():
            raise FlickrRefusal(2, "Not a valid date")
        since = int(asked["min_date"])
        found = [photo for photo in self._ours(us) if self._moved(us, photo).timestamp() >= since]
        found.sort(key=lambda photo: (self._moved(us, photo), photo.native_id), reverse=True)
        return self._page(us, asked, found)

    def _ours(self, us: Account) -> list[Message]:
        return [
            message
            for message in self.world.messages(us.slug)
            if not message.parent and message.author.native_id == us.native_id and message.listed(self.world.now)
            if not message.private and not message.aside
        ]

    def _moved(self, us: Account, photo: Message) -> datetime:
        now = self.world.now
        times = [max(each.listed_at or each.at, each.current(now).at) for each in self._said_under(us, photo)]
        return max([photo.current(now).at, *times])

    def _said_under(self, us: Account, photo: Message) -> list[Message]:
        found = [
            message
            for message in self.world.messages(us.slug)
            if message.parent and message.root == photo.native_id and message.listed(self.world.now)
        ]
        return sorted(found, key=lambda message: (message.at, message.native_id))

    def _comments(self, us: Account, asked: Mapping[str, str]) -> Answer:
        photo = self._photo_there(us, asked.get("photo_id", ""))
        comments = [self._comment(us, message) for message in self._said_under(us, photo)]
        listed = {"comment": comments} if comments else {}
        return _fine({"comments": {"photo_id": photo.native_id, **listed}})

    # --- acting

    def _publish(self, us: Account, asked: Mapping[str, str]) -> Answer:
        photo = self._photo_there(us, asked.get("photo_id", ""))
        content = html.unescape(asked.get("comment_text", "")).strip()
        if not content:
            raise FlickrRefusal(8, "Blank comment.")
        above, text = self._answered(us, photo, content)
        for message in self._said_under(us, photo):
            if message.author.native_id == us.native_id and self._words(message) == content:
                return _fine({"comment": self._comment(us, message)})
        message = self.world.write(us.slug, text, above=above)
        written = Written(us.slug, message.native_id, above.native_id, text)
        return _fine({"comment": self._comment(us, message)}, written=written)

    def _answered(self, us: Account, photo: Message, content: str) -> tuple[Message, str]:
        """What a comment is meant for: the latest by whose address it begins with, or the photograph."""
        match = ADDRESSED.match(content)
        if match:
            for message in reversed(self._said_under(us, photo)):
                if match[1].lower() in (message.author.native_id.lower(), message.author.username.lower()):
                    return message, content[match.end() :]
        return photo, content

    def _delete(self, us: Account, asked: Mapping[str, str]) -> Answer:
        message = self.world.message(asked.get("comment_id", ""))
        if message is None or message.account != us.slug or not message.parent or not message.exists(self.world.now):
            raise FlickrRefusal(2, "Comment not found.")
        self.world.erase(message)
        return _fine({})

    # --- shapes

    def _photo_there(self, us: Account, native_id: str) -> Message:
        photo = self.world.message(native_id)
        if photo is None or photo.account != us.slug or photo.parent or not photo.exists(self.world.now):
            raise FlickrRefusal(1, "Photo not found")
        return photo

    def _page(self, us: Account, asked: Mapping[str, str], found: Sequence[Message]) -> Answer:
        size = min(int(asked.get("per_page", USUAL_PAGE)), LONGEST_PAGE)
        page, last = int(asked.get("page", "1")), max(1, -(-len(found) // size))
        extras = asked.get("extras", "").split(",")
        photos = [self._photo(us, photo, extras) for photo in found[(page - 1) * size : page * size]]
        return _fine({"photos": {"page": page, "pages": last, "perpage": size, "total": len(found), "photo": photos}})

    def _photo(self, us: Account, photo: Message, extras: Sequence[str]) -> dict[str, Any]:
        more = {
            "description": ("description", {"_content": ""}),
            "date_upload": ("dateupload", _epoch(photo.at)),
            "last_update": ("lastupdate", _epoch(self._moved(us, photo))),
            "path_alias": ("pathalias", us.username),
            "count_comments": ("count_comments", str(len(self._said_under(us, photo)))),
        }
        return {
            "id": photo.native_id,
            "owner": us.native_id,
            "secret": "c85114c195",
            "server": "46",
            "farm": 1,
            "title": photo.current(self.world.now).text,
            "ispublic": 1,
            "isfriend": 0,
            "isfamily": 0,
            **dict(more[name] for name in extras if name in more),
        }

    def _words(self, message: Message) -> str:
        """With the address of whom it answers before them."""
        above = self.world.message(message.parent)
        text = message.current(self.world.now).text
        answers = above is not None and above.parent
        return f"[https://www.flickr.com/photos/{above.author.username}] {text}" if above and answers else text

    def _comment(self, us: Account, message: Message) -> dict[str, Any]:
        number = message.native_id.rsplit("-", 1)[-1]
        return {
            "id": message.native_id,
            "author": message.author.native_id,
            "author_is_deleted": 0,
            "authorname": message.author.name,
            "iconserver": "0",
            "iconfarm": 0,
            "datecreate": _epoch(message.at),
            "permalink": f"https://www.flickr.com/photos/{us.username}/{message.root}/#comment{number}",
            "path_alias": message.author.username,
            "realname": "",
            "_content": html.escape(self._words(message), quote=False),
        }

    def _the_first_page_again(self, answer: Answer, ask: Ask) -> Answer:
        """Under the number of another page, of which there seems to be one more each time."""
        photos = answer.payload.get("photos") if isinstance(answer.payload, dict) else None
        page = int(ask.query.get("page", "1"))
        us = self._signed_by(ask)
        if not photos or not isinstance(us, Account):
            return answer
        first = self._methods[ask.query["method"]][1](us, {**ask.query, "page": "1"}).payload["photos"]
        again = {**first, "page": page, "pages": max(first["pages"], page + 1)}
        return replace(answer, payload={**answer.payload, "photos": again})


def _keys(credential: str) -> dict[str, str]:
    """The four that requests are signed with, where an account's token says them."""
    try:
        keys = json.loads(credential)
    except ValueError:
        return {}
    return keys if isinstance(keys, dict) and "access_token" in keys else {}


def _signature(ask: Ask, keys: Mapping[str, str]) -> str:
    signed = {name: value for name, value in ask.oauth.items() if name not in ("oauth_signature", "realm")}
    said = [*signed.items(), *ask.pairs, *((name, str(value)) for name, value in ask.form.items())]
    words = "&".join(f"{name}={value}" for name, value in sorted((_escaped(n), _escaped(v)) for n, v in said))
    base = "&".join(_escaped(each) for each in (ask.method, REST, words))
    key = f"{_escaped(keys['consumer_secret'])}&{_escaped(keys['access_token_secret'])}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def _fine(payload: Mapping[str, Any], *, written: Written | None = None) -> Answer:
    return Answer(200, {**payload, "stat": "ok"}, written=written)


def error(code: int, message: str) -> Answer:
    """The envelope of every error of Flickr's; to HTTP it is no error."""
    return Answer(200, {"stat": "fail", "code": code, "message": message})


# --- what goes wrong, in Flickr's words


def _too_many() -> Answer:
    return Answer(429, body=b"<html><body>Too Many Requests</body></html>", content_type="text/html")


def _of_comments(*names: str, only_first: bool = False) -> Callable[[Answer, Ask], Answer]:
    """Takes properties from the comments of a photograph."""
    change = without(*names)

    def spoil(answer: Answer, ask: Ask) -> Answer:
        comments = answer.payload.get("comments", {}) if isinstance(answer.payload, dict) else {}
        items = comments.get("comment")
        if not items:
            return answer
        last = 1 if only_first else len(items)
        changed = [*map(change, items[:last]), *items[last:]]
        return replace(answer, payload={**answer.payload, "comments": {**comments, "comment": changed}})

    return spoil


def _only_some(keep: int) -> Callable[[Answer, Ask], Answer]:
    """What the user may not see is left out after it was counted, so a page may be short, or empty."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        photos = answer.payload.get("photos") if isinstance(answer.payload, dict) else None
        if not photos:
            return answer
        return replace(answer, payload={**answer.payload, "photos": {**photos, "photo": photos["photo"][:keep]}})

    return spoil


INSTEAD: Instead = {
    Kind.RATE_LIMITED: lambda f, now: replace(_too_many(), headers={"Retry-After": str(int(f.seconds))}),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _too_many(),
    Kind.USAGE_CAPPED: lambda f, now: _too_many(),
    Kind.EXPIRED: lambda f, now: error(98, "Invalid auth token"),
    Kind.FORBIDDEN: lambda f, now: error(99, "Insufficient permissions. Method requires write privileges."),
    Kind.REFUSED: lambda f, now: error(116, "Bad URL found"),
    Kind.GONE: lambda f, now: error(1, "Photo not found"),
    Kind.SERVER_ERROR: lambda f, now: error(105, "Service currently unavailable"),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "Internal Error"}]}),
    Kind.PARTIAL_ERRORS: _only_some(3),
    Kind.EMPTY_PAGE_WITH_NEXT: _only_some(0),
    Kind.MISSING_FROM: _of_comments("author", "authorname", "path_alias", "realname"),
    Kind.BROKEN_ITEM: _of_comments("datecreate", only_first=True),
}
