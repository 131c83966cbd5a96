"""YouTube as its Data API v3 answers: units counted by the day in California, and threads with a few of their replies.

Every request speaks for the channel of its token's holder, and each channel has a project, and so a
quota, of its own.  What is held for review or taken for spam is in no list that does not ask for it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil
from simulator.world import Account, Message, World
from vocabulary import Platform

ROOT: Final = "/youtube/v3"
QUOTA: Final = 10_000
READ, WRITE = 1, 50
PACIFIC: Final = ZoneInfo("America/Los_Angeles")
REPLIES_SHOWN: Final = 5
LONGEST_COMMENT: Final = 10_000
LONGEST_TITLE: Final = 100
IDS_AT_ONCE: Final = 50
STATUSES: Final = ("published", "heldForReview", "likelySpam")
WORDS: Final = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


class YouTubeRefusal(Exception):
    """An error to answer with; `reason` is the word that clients go by."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


class YouTube:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.YOUTUBE

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent: dict[tuple[str, str], int] = {}
        self._routes: Mapping[tuple[str, str], tuple[int, Callable[[Account, Ask], Answer]]] = {
            ("GET", "channels"): (READ, self._channels),
            ("GET", "playlistItems"): (READ, self._uploads),
            ("GET", "videos"): (READ, self._videos),
            ("GET", "commentThreads"): (READ, self._threads),
            ("GET", "comments"): (READ, self._comments),
            ("POST", "comments"): (WRITE, self._publish),
            ("DELETE", "comments"): (WRITE, self._delete),
            ("POST", "comments/setModerationStatus"): (WRITE, self._moderate),
        }

    def answer(self, ask: Ask) -> Answer:
        us = self.world.holder_of(Platform.YOUTUBE, ask.token)
        if us is None:
            return error(401, "authError", "Invalid Credentials")
        cost, answer = self._routes.get((ask.method, ask.path.removeprefix(f"{ROOT}/")), (READ, _nothing_here))
        day = us.slug, f"{self.world.now.astimezone(PACIFIC):%Y-%m-%d}"
        if self._spent.get(day, 0) + cost > QUOTA:
            return _out_of_quota()
        self._spent[day] = self._spent.get(day, 0) + cost
        try:
            with self.world.lock:
                return answer(us, ask)
        except YouTubeRefusal as refusal:
            return error(refusal.status, refusal.reason, refusal.message)

    # --- reading

    def _channels(self, us: Account, ask: Ask) -> Answer:
        if ask.query.get("mine") != "true" and us.native_id not in _ids(ask):
            return Answer(200, {"kind": "youtube#channelListResponse", "pageInfo": _page_info(0, 5)})
        whole = {
            "snippet": {"title": us.name, "customUrl": f"@{us.username}"},
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": _uploads_of(us)}},
        }
        item = _resource("youtube#channel", us.native_id, whole, _parts(ask))
        return Answer(200, {"kind": "youtube#channelListResponse", "pageInfo": _page_info(1, 5), "items": [item]})

    def _uploads(self, us: Account, ask: Ask) -> Answer:
        videos = [message for message in self._of(us) if _is_video(us, message)]
        if ask.query.get("playlistId") != _uploads_of(us) or not videos:
            raise YouTubeRefusal(404, "playlistNotFound", "The playlist cannot be found.")
        videos.sort(key=_place, reverse=True)
        places = {video.native_id: place for place, video in enumerate(videos)}

        def shape(video: Message) -> dict[str, Any]:
            title, description = _title(video.current(self.world.now).text)
            of_video = {"kind": "youtube#video", "videoId": video.native_id}
            snippet = {
                "publishedAt": _iso(video.at),
                "channelId": us.native_id,
                "title": title,
                "description": description,
                "channelTitle": us.name,
                "playlistId": _uploads_of(us),
                "position": places[video.native_id],
                "resourceId": of_video,
                "videoOwnerChannelId": us.native_id,
                "videoOwnerChannelTitle": us.name,
            }
            details = {"videoId": video.native_id, "videoPublishedAt": _iso(video.at)}
            whole = {"snippet": snippet, "contentDetails": details}
            return _resource("youtube#playlistItem", f"UUi{video.native_id}", whole, _parts(ask))

        return _page(ask, "youtube#playlistItemListResponse", Found(videos, shape, newest_first=True), usual=5, most=50)

    def _videos(self, us: Account, ask: Ask) -> Answer:
        ids = _ids(ask)
        videos = [message for message in self._of(us) if _is_video(us, message) and message.native_id in ids]
        items = [
            _resource("youtube#video", video.native_id, {"statistics": self._statistics(us, video)}, _parts(ask))
            for video in videos
        ]
        kind = "youtube#videoListResponse"
        return Answer(200, {"kind": kind, "pageInfo": _page_info(len(items), len(items)), "items": items})

    def _statistics(self, us: Account, video: Message) -> dict[str, str]:
        """YouTube counts a comment before its lists show it."""
        said = [
            message
            for message in self.world.messages(us.slug)
            if message.parent and message.root == video.native_id and self._there(us, message)
        ]
        comments = sum(status_of(message) == "published" for message in said)
        return {"viewCount": "100", "likeCount": "0", "favoriteCount": "0", "commentCount": str(comments)}

    def _threads(self, us: Account, ask: Ask) -> Answer:
        ids, video, channel = (ask.query.get(name) for name in ("id", "videoId", "allThreadsRelatedToChannelId"))
        if sum(each is not None for each in (ids, video, channel)) != 1:
            raise _wrong("incompatibleParameters", "Name one of id, videoId and allThreadsRelatedToChannelId.")
        if channel is not None and channel != us.native_id:
            raise YouTubeRefusal(403, "forbidden", "The comment threads cannot be retrieved for this channel.")
        if video is not None and not any(_is_video(us, each) and each.native_id == video for each in self._of(us)):
            raise YouTubeRefusal(404, "videoNotFound", "The video identified by videoId could not be found.")
        wanted = ask.query.get("moderationStatus", "published")
        if wanted not in STATUSES:
            raise _wrong("operationNotSupported", "Threads of this moderation status cannot be listed.")
        said, replies = self._of(us), self._replies(us)
        found = [
            top
            for top in said
            if top.parent and top.parent == top.root and video in (None, top.root)
            if ids is None or top.native_id in ids.split(",")
            if ids or status_of(top) == wanted or (wanted != "published" and replies[top.native_id, wanted])
        ]
        found.sort(key=_place, reverse=True)

        def shape(top: Message) -> dict[str, Any]:
            counted, shown = replies[top.native_id, "published"], replies[top.native_id, wanted]
            snippet = {
                "channelId": us.native_id,
                "videoId": top.root,
                "topLevelComment": self._comment(us, top, ask, with_video=True, with_status=ids is None),
                "canReply": True,
                "totalReplyCount": len(counted),
                "isPublic": status_of(top) == "published",
            }
            comments = [self._comment(us, each, ask, with_video=True, with_status=ids is None) for each in shown]
            whole = {"snippet": snippet} | ({"replies": {"comments": comments[:REPLIES_SHOWN]}} if comments else {})
            return _resource("youtube#commentThread", top.native_id, whole, _parts(ask))

        return _page(ask, "youtube#commentThreadListResponse", Found(found, shape, newest_first=True), usual=20)

    def _comments(self, us: Account, ask: Ask) -> Answer:
        """By id, without their moderation status; or the replies to one, oldest first.  No video is named."""
        parent, ids = ask.query.get("parentId"), _ids(ask)
        if (parent is None) == (not ids):
            raise _wrong("incompatibleParameters", "Name either id or parentId.")
        if parent is None:
            found = [message for message in self._all(us) if message.parent and message.native_id in ids]
        else:
            thread = self._comment_there(us, parent, "parentCommentNotFound").native_id
            found = self._replies(us)[thread, "published"]

        def shape(message: Message) -> dict[str, Any]:
            return self._comment(us, message, ask, with_video=False, with_status=parent is not None)

        return _page(ask, "youtube#commentListResponse", Found(found, shape, newest_first=False), usual=20)

    # --- acting

    def _publish(self, us: Account, ask: Ask) -> Answer:
        snippet = ask.form.get("snippet")
        said = snippet if isinstance(snippet, dict) else {}
        text, parent = str(said.get("textOriginal", "")), str(said.get("parentId", ""))
        if not text:
            raise _wrong("commentTextRequired", "The comment must have text.")
        if len(text) > LONGEST_COMMENT:
            raise _wrong("commentTextTooLong", "The comment is too long.")
        above = self._comment_there(us, parent, "parentCommentNotFound")
        if above.parent != above.root:
            raise _wrong("operationNotSupported", "A reply cannot be replied to.")
        message = self.world.write(us.slug, text, above=above)
        made = self._comment(us, message, ask, with_video=True, with_status=False)
        return Answer(200, made, written=Written(us.slug, message.native_id, above.native_id, text))

    def _delete(self, us: Account, ask: Ask) -> Answer:
        for native_id in _ids(ask):
            message = self._comment_there(us, native_id, "commentNotFound")
            if message.author.native_id != us.native_id:
                raise YouTubeRefusal(403, "forbidden", "The comment could not be deleted.")
            self.world.erase(message)
        return Answer(204, body=b"", content_type=None)

    def _moderate(self, us: Account, ask: Ask) -> Answer:
        status = ask.query.get("moderationStatus", "")
        if status not in ("published", "heldForReview", "rejected"):
            raise _wrong("operationNotSupported", "A comment cannot be given this moderation status.")
        for message in [self._comment_there(us, native_id, "commentNotFound") for native_id in _ids(ask)]:
            message.spam = False
            self.world.set_hidden(message, hidden=status != "published")
            if status == "rejected":
                self.world.erase(message)
        return Answer(204, body=b"", content_type=None)

    # --- shapes

    def _all(self, us: Account) -> list[Message]:
        return [message for message in self.world.messages(us.slug) if self._there(us, message)]

    def _of(self, us: Account) -> list[Message]:
        """All that lists show."""
        return [message for message in self._all(us) if message.listed(self.world.now)]

    def _there(self, us: Account, message: Message) -> bool:
        """Whether a comment is there, with its thread and the video that it stands under."""
        places = {message.native_id, message.native_id.partition(".")[0], message.root}
        return all(there and there.exists(self.world.now) for there in map(self.world.message, places))

    def _comment_there(self, us: Account, native_id: str, reason: str) -> Message:
        message = self.world.message(native_id)
        if message is None or message.account != us.slug or not message.parent or not self._there(us, message):
            raise YouTubeRefusal(404, reason, "The comment cannot be found.")
        return message

    def _replies(self, us: Account) -> Mapping[tuple[str, str], list[Message]]:
        """By thread and status, all that stands in it, however deep it was said: YouTube has one level of replies."""
        found: dict[tuple[str, str], list[Message]] = defaultdict(list)
        for message in sorted(self._of(us), key=_place):
            thread, dot, _ = message.native_id.partition(".")
            if dot:
                found[thread, status_of(message)].append(message)
        return found

    def _comment(
        self, us: Account, message: Message, ask: Ask, *, with_video: bool, with_status: bool
    ) -> dict[str, Any]:
        now, thread = self.world.now, message.native_id.partition(".")[0]
        text = message.current(now).text
        plain = ask.query.get("textFormat") == "plainText"
        snippet: dict[str, Any] = {
            "channelId": us.native_id,
            "textDisplay": text if plain else html.escape(text).replace("\n", "<br>"),
            "authorDisplayName": message.author.name,
            "authorProfileImageUrl": "",
            "authorChannelUrl": f"http://www.youtube.com/channel/{message.author.native_id}",
            "authorChannelId": {"value": message.author.native_id},
            "canRate": True,
            "viewerRating": "none",
            "likeCount": 0,
            "publishedAt": _iso(message.at),
            "updatedAt": _iso(message.current(now).at),
        }
        if message.author.native_id == us.native_id:
            snippet["textOriginal"] = text
        if thread != message.native_id:
            snippet["parentId"] = thread
        if with_video:
            snippet["videoId"] = message.root
        if with_status:
            snippet["moderationStatus"] = status_of(message)
        return _resource("youtube#comment", message.native_id, {"snippet": snippet}, ["snippet"])


def status_of(message: Message) -> str:
    """The name that YouTube has for where a comment stands."""
    if message.spam:
        return "likelySpam"
    return "heldForReview" if message.hidden else "published"


@dataclass(frozen=True, slots=True)
class Found:
    """What a list would show in all, and how each is shown."""

    messages: Sequence[Message]
    shape: Callable[[Message], dict[str, Any]]
    newest_first: bool


def _page(ask: Ask, kind: str, found: Found, *, usual: int, most: int = 100) -> Answer:
    if "part" not in ask.query:
        raise _wrong("missingRequiredParameter", "No filter selected. Expected: part")
    wanted = str(len(found.messages) or 1) if _ids(ask) else ask.query.get("maxResults", str(usual))
    size = int(wanted) if wanted.isdecimal() else 0
    if not 1 <= size <= most:
        raise _wrong("invalidParameter", f"maxResults must be between 1 and {most}.")
    left = list(found.messages)
    if token := ask.query.get("pageToken"):
        last = _read_token(ask, token)
        left = [each for each in left if not last or (_key(each) < last if found.newest_first else _key(each) > last)]
    shown = left[:size]
    payload: dict[str, Any] = {
        "kind": kind,
        "etag": "etag",
        "pageInfo": _page_info(len(found.messages), size),
        "items": [found.shape(each) for each in shown],
    }
    if len(left) > size:
        payload["nextPageToken"] = _token(ask, _key(shown[-1]))
    return Answer(200, payload)


def _place(message: Message) -> tuple[datetime, str]:
    return message.at, message.native_id


def _key(message: Message) -> str:
    return f"{message.at:%Y-%m-%dT%H:%M:%S.%f} {message.native_id}"


def _token(ask: Ask, last: str, again: int = 0) -> str:
    """Good for this question only; `again` makes another name for the same place."""
    return base64.urlsafe_b64encode(json.dumps([_question(ask), last, again]).encode()).decode()


def _read_token(ask: Ask, token: str) -> str:
    try:
        question, last, _ = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        question, last = "", ""
    if question != _question(ask):
        raise _wrong("invalidPageToken", "The request specifies an invalid page token.")
    return str(last)


def _question(ask: Ask) -> str:
    asked = sorted(
        (name, value) for name, value in ask.pairs or ask.query.items() if name not in ("pageToken", "maxResults")
    )
    return hashlib.sha256(json.dumps([ask.path, asked]).encode()).hexdigest()[:8]


def _is_video(us: Account, message: Message) -> bool:
    return not message.parent and message.author.native_id == us.native_id


def _uploads_of(us: Account) -> str:
    return f"UU{us.native_id.removeprefix('UC')}"


def _title(text: str) -> tuple[str, str]:
    """A video has a short title; what does not fit is its description."""
    return (text, "") if len(text) <= LONGEST_TITLE else (f"{text[: LONGEST_TITLE - 1]}…", text)


def _ids(ask: Ask) -> list[str]:
    """YouTube takes a list with commas, and a name said more than once."""
    said = [value for name, value in ask.pairs or ask.query.items() if name == "id"]
    ids = [each for value in said for each in value.split(",") if each]
    if len(ids) > IDS_AT_ONCE:
        raise _wrong("invalidParameter", f"At most {IDS_AT_ONCE} ids may be named.")
    return ids


def _parts(ask: Ask) -> list[str]:
    return ask.query.get("part", "").split(",")


def _resource(kind: str, native_id: str, whole: Mapping[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    chosen = {name: value for name, value in whole.items() if name in parts}
    return {"kind": kind, "etag": "etag", "id": native_id, **chosen}


def _page_info(total: int, size: int) -> dict[str, int]:
    return {"totalResults": total, "resultsPerPage": size}


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def error(status: int, reason: str, message: str, *, domain: str = "youtube") -> Answer:
    """The envelope of every error of Google's."""
    body: dict[str, Any] = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason}],
    }
    if status in WORDS:
        body["status"] = WORDS[status]
    return Answer(status, {"error": body})


def _wrong(reason: str, message: str) -> YouTubeRefusal:
    return YouTubeRefusal(400, reason, message)


def _nothing_here(us: Account, ask: Ask) -> Answer:
    return error(404, "notFound", "Not Found")


# --- what goes wrong, in YouTube's words


def _out_of_quota() -> Answer:
    message = "The request cannot be completed because you have exceeded your quota."
    return error(403, "quotaExceeded", message, domain="youtube.quota")


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    token = ask.query.get("pageToken") or answer.payload.get("nextPageToken") or "CAUQAA"
    return replace(answer, payload={**answer.payload, "nextPageToken": token})


def _empty(answer: Answer, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, a step later."""
    token = ask.query.get("pageToken")
    last, again = json.loads(base64.urlsafe_b64decode(token))[1:] if token else ("", 0)
    return replace(answer, payload={**answer.payload, "items": [], "nextPageToken": _token(ask, last, again + 1)})


def _short(answer: Answer, ask: Ask) -> Answer:
    """Fewer than there are and than were asked for, and the rest on the next page."""
    items = answer.payload.get("items", [])
    half = items[: len(items) // 2]
    if not half or answer.payload["kind"] != "youtube#commentThreadListResponse":
        return answer
    last = half[-1]
    at = datetime.fromisoformat(last["snippet"]["topLevelComment"]["snippet"]["publishedAt"])
    token = _token(ask, f"{at:%Y-%m-%dT%H:%M:%S.%f} {last['id']}")
    return replace(answer, payload={**answer.payload, "items": half, "nextPageToken": token})


def _each(name: str, *, only_first: bool = False) -> Callable[[Answer, Ask], Answer]:
    """Takes a property from the comments of a page, however deep they stand in it."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        items = answer.payload.get("items", []) if isinstance(answer.payload, dict) else []
        last = 1 if only_first else len(items)
        changed = [_without(name, item) for item in items[:last]] + items[last:]
        return replace(answer, payload={**answer.payload, "items": changed}) if items else answer

    return spoil


def _without(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(name, inner) for key, inner in value.items() if key != name}
    return [_without(name, inner) for inner in value] if isinstance(value, list) else value


def _spent(status: int, reason: str) -> Callable[[Fault, datetime], Answer]:
    return lambda fault, now: error(status, reason, "You have made too many requests.", domain="usageLimits")


INSTEAD: Instead = {
    Kind.RATE_LIMITED: _spent(403, "rateLimitExceeded"),
    Kind.RATE_LIMITED_WITHOUT_RESET: _spent(429, "userRateLimitExceeded"),
    Kind.USAGE_CAPPED: lambda f, now: _out_of_quota(),
    Kind.EXPIRED: lambda f, now: error(401, "authError", "Invalid Credentials", domain="global"),
    Kind.FORBIDDEN: lambda f, now: error(403, "forbidden", "Forbidden", domain="youtube.comment"),
    Kind.REFUSED: lambda f, now: error(400, "operationNotSupported", "Not supported", domain="youtube.comment"),
    Kind.GONE: lambda f, now: error(404, "commentNotFound", "Not found", domain="youtube.comment"),
    Kind.SERVER_ERROR: lambda f, now: error(500, "backendError", "Backend Error", domain="global"),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"reason": "backendError"}]}),
    Kind.PARTIAL_ERRORS: _short,
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: _each("authorChannelId"),
    Kind.BROKEN_ITEM: _each("publishedAt", only_first=True),
}
