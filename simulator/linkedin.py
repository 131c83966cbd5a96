"""A LinkedIn page as its Community Management API answers: Rest.li lists, offsets, and a list of what happened.

A token speaks for the page of its holder.  Two things are as strict here as they are there: a URN in a path must
be escaped, and the brackets of a `List(…)` must not be.  People have no names, and a reply stands under a
comment, however deep it was said.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, unquote

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil, each_item, without
from simulator.world import Account, Message, World, milliseconds
from vocabulary import Platform

OLDEST_VERSION: Final = "202512"
PROTOCOL: Final = "2.0.0"
LONGEST_PAGE: Final = 100
USUAL_PAGE: Final = 10
LONGEST_COMMENT: Final = 1_250
BATCH: Final = 50
REMEMBERED: Final = timedelta(days=60)
SEGMENT: Final = re.compile(r"[\w.~%-]+")
RESERVED: Final = re.compile(r"([|{}@\[\]()<>#\\*_~])")


class LinkedInRefusal(Exception):
    """An error to answer with; `code` is the word that clients go by."""

    def __init__(self, status: int, code: str, message: str, *, service: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.service = status, code, message, service


@dataclass(frozen=True, slots=True)
class Happened:
    """One row of the list of what happened to a page."""

    action: str
    message: Message
    at: datetime

    @property
    def number(self) -> int:
        named = f"{self.action} {self.message.native_id} {self.at.isoformat()}"
        return int(hashlib.sha256(named.encode()).hexdigest()[:12], 16)


class LinkedIn:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.LINKEDIN

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return {**SPOIL, Kind.EMPTY_PAGE_WITH_NEXT: self._withhold}

    def __init__(self, world: World) -> None:
        self.world = world
        self.not_public: set[str] = set()
        """Posts that only some may see; of what happens under them nothing is told."""
        self._withheld: dict[str, tuple[int, int]] = {}
        self._routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", r"/rest/posts", self._posts),
            ("GET", r"/rest/organizationalEntityNotifications", self._notifications),
            ("GET", r"/rest/socialMetadata", self._counts),
            ("GET", r"/rest/socialActions/([^/]+)/comments", self._comments),
            ("POST", r"/rest/socialActions/([^/]+)/comments", self._publish),
            ("GET", r"/rest/socialActions/([^/]+)/comments/(\d+)", self._comment),
            ("DELETE", r"/rest/socialActions/([^/]+)/comments/(\d+)", self._delete),
        )

    def answer(self, ask: Ask) -> Answer:
        try:
            return self._routed(ask)
        except LinkedInRefusal as refusal:
            return error(refusal)

    def _routed(self, ask: Ask) -> Answer:
        us = self.world.holder_of(Platform.LINKEDIN, ask.token)
        if us is None:
            raise LinkedInRefusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", service=65_600)
        version = ask.headers.get("linkedin-version", "")
        if not re.fullmatch(r"\d{6}", version):
            raise LinkedInRefusal(400, "VERSION_MISSING", "A version must be present. Please specify a version.")
        if version < OLDEST_VERSION:
            raise LinkedInRefusal(426, "NONEXISTENT_VERSION", f"Requested version {version} is not active")
        if ask.headers.get("x-restli-protocol-version") != PROTOCOL or not all(
            SEGMENT.fullmatch(each) for each in ask.path.strip("/").split("/")
        ):
            raise _unresolved()
        for method, pattern, answer in self._routes:
            match = re.fullmatch(pattern, ask.path)
            if match and method == ask.method:
                with self.world.lock:
                    return answer(us, ask, *map(unquote, match.groups()))
        raise LinkedInRefusal(404, "RESOURCE_NOT_FOUND", f"No virtual resource found for {ask.path}")

    # --- reading

    def _posts(self, us: Account, ask: Ask) -> Answer:
        if ask.query.get("q") != "author" or ask.query.get("author") != _urn(us):
            raise _forbidden(f"posts of {ask.query.get('author')}")
        posts = [message for message in self._of(us) if _is_post(us, message) and message.listed(self.world.now)]
        posts.sort(key=_place, reverse=True)
        return self._page(ask, [self._post(us, each) for each in posts])

    def _notifications(self, us: Account, ask: Ask) -> Answer:
        named = re.search(r"(?:^|&)actions=List\(([\w,]*)\)(?:&|$)", ask.raw_query)
        if ask.query.get("q") != "criteria" or named is None:
            raise _unresolved()
        if ask.query.get("organizationalEntity") != _urn(us):
            raise _forbidden("organizationalEntityNotifications.FINDER-criteria")
        since, until = self.world.now - REMEMBERED, self.world.now
        if "timeRange" in ask.query:
            span = re.search(r"(?:^|&)timeRange=\(start:(\d+),end:(\d+)\)(?:&|$)", ask.raw_query)
            if span is None:
                raise _unresolved()
            since, until = max(since, _since_1970(span[1])), min(until, _since_1970(span[2]))
        wanted = named[1].split(",")
        found = [each for each in self._happened(us) if each.action in wanted and since <= each.at <= until]
        found.sort(key=lambda each: (each.at, each.number), reverse=True)
        return self._page(ask, [self._notice(us, each) for each in found])

    def _happened(self, us: Account) -> Sequence[Happened]:
        """An edit and a deletion are told as well as what was written; of a post that is not listed yet, nothing."""
        now, told = self.world.now, list[Happened]()
        for message in self.world.messages(us.slug):
            if message.at > now or (message.listed_at is not None and message.listed_at > now):
                continue
            by_us = message.author.native_id == us.native_id
            root = self.world.message(message.root)
            if not message.parent:
                if not by_us and message.mentions_us:
                    told.append(Happened("SHARE_MENTION", message, message.at))
                continue
            if root is None or not _is_post(us, root) or root.native_id in self.not_public:
                continue
            told.append(Happened("ADMIN_COMMENT" if by_us else "COMMENT", message, message.at))
            told += [Happened("COMMENT_EDIT", message, each.at) for each in message.history(now)[1:]]
            told += [Happened("COMMENT_DELETE", message, start) for start, _ in message.gone if start <= now]
        return told

    def _notice(self, us: Account, happened: Happened) -> dict[str, Any]:
        message, now = happened.message, self.world.now
        shape: dict[str, Any] = {
            "notificationId": happened.number,
            "organizationalEntity": _urn(us),
            "action": happened.action,
            "sourcePost": message.root,
            "generatedActivity": message.native_id.replace("(urn:li:", "("),
            "lastModifiedAt": milliseconds(happened.at),
            "subscriber": "urn:li:person:gweinyddwr",
        }
        if not message.exists(now):
            return shape
        words = {"entity": message.native_id, "owner": _actor(us, message), "text": message.current(now).text}
        if happened.action == "SHARE_MENTION":
            return {**shape, "decoratedGeneratedActivity": {"share": words}}
        root = self.world.message(message.root)
        post = {"entity": message.root, "owner": _urn(us), "text": root.current(now).text if root else ""}
        comment = {**words, "object": message.root}
        return {**shape, "decoratedSourcePost": post, "decoratedGeneratedActivity": {"comment": comment}}

    def _counts(self, us: Account, ask: Ask) -> Answer:
        """LinkedIn counts a comment before its lists show it."""
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for urn in _ids(ask):
            post = self.world.message(urn)
            if post is None or post.account != us.slug or not post.exists(self.world.now):
                errors[urn] = {"status": 404, "code": "NOT_FOUND", "message": "Not found"}
                continue
            said = [each for each in self._of(us) if each.parent and each.root == urn and self._there(us, each)]
            first = sum(self._top(each) is each for each in said)
            results[urn] = {
                "commentsState": "OPEN",
                "commentSummary": {"count": len(said), "topLevelCount": first},
                "reactionSummaries": {},
                "entity": urn,
            }
        statuses = dict.fromkeys(results, 200) | dict.fromkeys(errors, 404)
        return Answer(200, {"results": results, "statuses": statuses, "errors": errors})

    def _comments(self, us: Account, ask: Ask, urn: str) -> Answer:
        above = self._readable(us, urn)
        if "ids" in ask.query:
            return self._batch(us, ask, above)
        now = self.world.now
        found = [
            each
            for each in self._of(us)
            if each.parent and each.root == above.root and each.listed(now) and self._there(us, each)
            if (self._top(each) is each) == (above.parent == "")
            if not above.parent or (self._top(each) is above and each is not above)
        ]
        found.sort(key=_place, reverse=True)
        return self._page(ask, [self._shape(us, each) for each in found], withheld=self._withheld.get(ask.path))

    def _batch(self, us: Account, ask: Ask, above: Message) -> Answer:
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for number in _ids(ask):
            message = self._numbered(us, above, number)
            if message is None:
                errors[number] = {"status": 404, "code": "NOT_FOUND", "message": "Comment not found"}
            else:
                results[number] = self._shape(us, message)
        statuses = dict.fromkeys(results, 200) | dict.fromkeys(errors, 404)
        return Answer(200, {"results": results, "statuses": statuses, "errors": errors})

    def _comment(self, us: Account, ask: Ask, urn: str, number: str) -> Answer:
        message = self._numbered(us, self._readable(us, urn), number)
        if message is None:
            raise LinkedInRefusal(404, "NOT_FOUND", "Comment not found")
        return Answer(200, self._shape(us, message))

    # --- acting

    def _publish(self, us: Account, ask: Ask, urn: str) -> Answer:
        """What stands under a comment must name it as its parent, and that must be a comment of the first level."""
        above, said = self._addressed(us, urn), ask.form.get("message")
        text = str(said.get("text", "")) if isinstance(said, dict) else ""
        if ask.form.get("actor") != _urn(us):
            raise _forbidden("socialActions.CREATE")
        if not text or len(text) > LONGEST_COMMENT:
            raise LinkedInRefusal(400, "INVALID_PARAM", "message/text is missing or too long")
        if ask.form.get("object") != above.root or ask.form.get("parentComment", "") != (urn if above.parent else ""):
            raise LinkedInRefusal(400, "INVALID_PARAM", "object or parentComment does not fit the thread")
        if above.parent and self._top(above) is not above:
            raise LinkedInRefusal(400, "INVALID_PARAM", "parentComment must be a comment of the first level")
        message = self.world.write(us.slug, text, above=above)
        written = Written(us.slug, message.native_id, above.native_id, text)
        return Answer(201, self._shape(us, message), {"x-restli-id": _number(message)}, written=written)

    def _delete(self, us: Account, ask: Ask, urn: str, number: str) -> Answer:
        if ask.query.get("actor") != _urn(us):
            raise _forbidden("socialActions.DELETE")
        message = self._numbered(us, self._readable(us, urn), number)
        if message is None:
            raise LinkedInRefusal(404, "NOT_FOUND", "Comment not found")
        self.world.erase(message)
        return Answer(204, body=b"", content_type=None)

    # --- who and where

    def _of(self, us: Account) -> list[Message]:
        return [message for message in self.world.messages(us.slug) if message.exists(self.world.now)]

    def _there(self, us: Account, message: Message) -> bool:
        """Whether a comment is there, with the comment and the post that it stands under."""
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

    def _addressed(self, us: Account, urn: str) -> Message:
        message = self.world.message(urn)
        if message is None or message.account != us.slug or not self._there(us, message):
            raise LinkedInRefusal(404, "NOT_FOUND", f"Could not find entity {urn}")
        return message

    def _readable(self, us: Account, urn: str) -> Message:
        """Only what stands under a post of ours is shown to us."""
        message = self._addressed(us, urn)
        root = self.world.message(message.root)
        if root is None or not _is_post(us, root):
            raise _forbidden(f"member is unauthorized on {urn}")
        return message

    def _numbered(self, us: Account, above: Message, number: str) -> Message | None:
        message = self.world.message(f"urn:li:comment:({above.root},{number})")
        return message if message and message.account == us.slug and self._there(us, message) else None

    # --- shapes

    def _page(self, ask: Ask, items: Sequence[Mapping[str, Any]], *, withheld: tuple[int, int] | None = None) -> Answer:
        """What is withheld takes up places in the list, and shows nothing in them."""
        start, count = (_number_in(ask, name, usual) for name, usual in (("start", 0), ("count", USUAL_PAGE)))
        if not 1 <= count <= LONGEST_PAGE:
            raise LinkedInRefusal(400, "INVALID_PARAM", f"count must be between 1 and {LONGEST_PAGE}")
        places: list[Mapping[str, Any] | None] = list(items)
        if withheld is not None:
            places[withheld[0] : withheld[0]] = [None] * withheld[1]
        shown = [each for each in places[start : start + count] if each is not None]
        links = [_link(ask, "next", start + count, count)] if len(places) > start + count else []
        paging = {"start": start, "count": count, "total": len(places), "links": links}
        return Answer(200, {"elements": shown, "paging": paging})

    def _post(self, us: Account, message: Message) -> dict[str, Any]:
        now = self.world.now
        return {
            "id": message.native_id,
            "author": _urn(us),
            "commentary": RESERVED.sub(r"\\\1", message.current(now).text),
            "createdAt": milliseconds(message.at),
            "publishedAt": milliseconds(message.at),
            "lastModifiedAt": milliseconds(message.current(now).at),
            "lifecycleState": "PUBLISHED",
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED"},
        }

    def _shape(self, us: Account, message: Message) -> dict[str, Any]:
        now, actor, top = self.world.now, _actor(us, message), self._top(message)
        shape: dict[str, Any] = {
            "actor": actor,
            "commentUrn": message.native_id,
            "created": {"actor": actor, "time": milliseconds(message.at)},
            "id": _number(message),
            "lastModified": {"actor": actor, "time": milliseconds(message.current(now).at)},
            "likesSummary": {"selectedLikes": [], "aggregatedTotalLikes": 0, "totalLikes": 0},
            "message": {"attributes": [], "text": message.current(now).text},
            "object": message.root,
        }
        if top is not message:
            return {**shape, "parentComment": top.native_id}
        replies = sum(
            self._top(each) is message and each is not message and each.listed(now)
            for each in self._of(us)
            if each.parent
        )
        if replies:
            shape["commentsSummary"] = {"totalFirstLevelComments": replies, "aggregatedTotalComments": replies}
        return shape

    # --- a fault with a memory

    def _withhold(self, answer: Answer, ask: Ask) -> Answer:
        """A whole page of comments that we may not see: an empty page with a next one, today and tomorrow."""
        paging = answer.payload.get("paging") if isinstance(answer.payload, dict) else None
        if not isinstance(paging, dict) or "ids" in ask.query:
            return answer
        self._withheld[ask.path] = paging["start"], paging["count"]
        return self.answer(ask)


def _urn(us: Account) -> str:
    return us.native_id if ":" in us.native_id else f"urn:li:organization:{us.native_id}"


def _actor(us: Account, message: Message) -> str:
    return _urn(us) if message.author.native_id == us.native_id else message.author.native_id


def _is_post(us: Account, message: Message) -> bool:
    return not message.parent and message.author.native_id == us.native_id


def _number(message: Message) -> str:
    """The last number of its URN."""
    return str(re.findall(r"\d+", message.native_id)[-1])


def _place(message: Message) -> tuple[datetime, str]:
    return message.at, message.native_id


def _since_1970(digits: str) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(int(digits), 10**14))


def _number_in(ask: Ask, name: str, usual: int) -> int:
    value = ask.query.get(name, str(usual))
    if not value.isdecimal():
        raise LinkedInRefusal(400, "INVALID_PARAM", f"{name} must be a number")
    return int(value)


def _ids(ask: Ask) -> list[str]:
    """Rest.li takes the brackets of a list only as they are, and its members only escaped."""
    match = re.search(r"(?:^|&)ids=List\(([^()&:]*)\)(?:&|$)", ask.raw_query)
    ids = [unquote(each) for each in match[1].split(",")] if match else []
    if not ids or len(ids) > BATCH:
        raise _unresolved()
    return ids


def _link(ask: Ask, rel: str, start: int, count: int) -> dict[str, str]:
    kept = "".join(f"{name}={quote(value)}&" for name, value in ask.pairs if name not in ("start", "count"))
    return {"rel": rel, "type": "application/json", "href": f"{ask.path}?{kept}start={start}&count={count}"}


def error(refusal: LinkedInRefusal) -> Answer:
    """The envelope of every error of LinkedIn's."""
    body: dict[str, Any] = {"status": refusal.status, "code": refusal.code, "message": refusal.message}
    if refusal.service is not None:
        body["serviceErrorCode"] = refusal.service
    return Answer(refusal.status, body)


def _unresolved() -> LinkedInRefusal:
    return LinkedInRefusal(400, "ILLEGAL_ARGUMENT", "Resource method could not be resolved from request parameters.")


def _forbidden(what: str) -> LinkedInRefusal:
    return LinkedInRefusal(403, "ACCESS_DENIED", f"Not enough permissions to access: {what}", service=100)


# --- what goes wrong, in LinkedIn's words


def _as_error(status: int, code: str, message: str, *, service: int | None = None) -> Callable[..., Answer]:
    return lambda fault, now: error(LinkedInRefusal(status, code, message, service=service))


def _slow_down(fault: Fault, now: datetime) -> Answer:
    answer = error(LinkedInRefusal(429, "TOO_MANY_REQUESTS", "Too many requests"))
    return replace(answer, headers={"Retry-After": str(int(fault.seconds))})


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    paging = answer.payload.get("paging") or {}
    start, count = paging.get("start", 0), paging.get("count", USUAL_PAGE)
    return replace(
        answer, payload={**answer.payload, "paging": {**paging, "links": [_link(ask, "next", start, count)]}}
    )


def _short(answer: Answer, ask: Ask) -> Answer:
    """Half of what was asked for, and the rest on the next page."""
    paging, items = answer.payload.get("paging"), answer.payload.get("elements", [])
    if not isinstance(paging, dict) or len(items) < 2:
        return answer
    half = len(items) // 2
    shorter = {**paging, "count": half, "links": [_link(ask, "next", paging["start"] + half, half)]}
    return replace(answer, payload={**answer.payload, "elements": items[:half], "paging": shorter})


def _nameless(item: dict[str, Any]) -> dict[str, Any]:
    """A comment without its actor, as LinkedIn has been seen to send it (MicrosoftDocs/feedback#971)."""
    created = item.get("created")
    bare = without("actor")(item)
    return {**bare, "created": without("actor")(created)} if isinstance(created, dict) else bare


INSTEAD: Instead = {
    Kind.RATE_LIMITED: _slow_down,
    Kind.RATE_LIMITED_WITHOUT_RESET: _as_error(429, "TOO_MANY_REQUESTS", "Comment create throttled"),
    Kind.USAGE_CAPPED: _as_error(
        429,
        "TOO_MANY_REQUESTS",
        "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.",
        service=101,
    ),
    Kind.EXPIRED: _as_error(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", service=65_602),
    Kind.FORBIDDEN: _as_error(403, "ACCESS_DENIED", "Not enough permissions to access: socialActions", service=100),
    Kind.REFUSED: _as_error(400, "INVALID_PARAM", "Invalid param"),
    Kind.GONE: _as_error(404, "NOT_FOUND", "Could not find entity"),
    Kind.SERVER_ERROR: _as_error(500, "INTERNAL_SERVER_ERROR", "Internal Server Error"),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "Internal Server Error"}]}),
    Kind.PARTIAL_ERRORS: _short,
    Kind.NEXT_LOOP: _loop,
    Kind.MISSING_FROM: each_item("elements", _nameless),
    Kind.BROKEN_ITEM: each_item("elements", without("created"), only_first=True),
}
