"""Bluesky as two services that answer under one address: our repository, and the view of everybody's.

The repository is true at once; the view lags, hides whoever has blocked us, and lists by when
something says that it was written.  A post is never edited, so only the first version is shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil
from simulator.world import Account, Message, Person, World, milliseconds
from vocabulary import Platform

ROOT: Final = "/xrpc/"
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"
THREAD: Final = "app.bsky.feed.defs#threadViewPost"
LINK, MENTION = "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#mention"
REQUESTS_IN_A_WINDOW: Final = 3_000
WINDOW: Final = timedelta(minutes=5)
SESSION: Final = timedelta(hours=2)
TOLD_ABOVE: Final = 4  # so many authors above a reply hear of it
DEEPEST: Final = 10  # levels of replies that are shown, whatever is asked for
LONGEST_TEXT: Final = 3_000  # bytes; and 300 characters as a reader counts them
MOST_HIDDEN: Final = 300
LONGEST_PATH_SHOWN: Final = 15
AT_URI: Final = re.compile(r"at://([^/]+)/([^/]+)/([^/]+)")
ADDRESS: Final = re.compile(r"(https?://)([^\s/]+)((?:/\S*)?[^\s.,;:!?)\]'\"])")


class BlueskyRefusal(Exception):
    """An error to answer with; `name` is the word that clients go by."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status, self.name, self.message = status, name, message


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that an app password has opened: whose, and until when its access token is good."""

    account: Account
    until: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each post was answered and quoted, as the lists have it."""

    replies: Counter[str]
    quotes: Counter[str]

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Self:
        return cls(Counter(each.parent for each in messages), Counter(each.quotes for each in messages))


class Bluesky:
    """The platform: `answer` is all that the server asks of it.

    The token of an account is one access token of it that never runs out, and its app password.
    """

    platform = Platform.BLUESKY

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent: dict[tuple[str, int], int] = {}
        self._sessions: dict[str, Opened] = {}
        self._refreshing: dict[str, Account] = {}
        self._records: dict[str, dict[str, Any]] = {}
        self._gates: dict[str, dict[str, Any]] = {}
        self._serial = 0
        self._tally: Tally | None = None
        self._routes: Mapping[tuple[str, str], Callable[[Account, Ask], Answer]] = {
            ("GET", "app.bsky.actor.getProfiles"): self._profiles,
            ("GET", "app.bsky.feed.getAuthorFeed"): self._author_feed,
            ("GET", "app.bsky.feed.getPostThread"): self._thread,
            ("GET", "app.bsky.feed.getPosts"): self._posts,
            ("GET", "app.bsky.feed.searchPosts"): self._search,
            ("GET", "app.bsky.notification.listNotifications"): self._notifications,
            ("GET", "com.atproto.repo.getRecord"): self._record,
            ("GET", "com.atproto.repo.listRecords"): self._list_records,
            ("POST", "com.atproto.repo.createRecord"): self._create,
            ("POST", "com.atproto.repo.deleteRecord"): self._delete,
            ("POST", "com.atproto.repo.putRecord"): self._put,
        }

    def answer(self, ask: Ask) -> Answer:
        method = ask.path.removeprefix(ROOT)
        try:
            with self.world.lock:
                self._tally = None
                if method == "com.atproto.server.createSession":
                    return self._begin(ask)
                if method == "com.atproto.server.refreshSession":
                    return self._refresh(ask)
                us = self._holder(ask.token)
                if (ask.method, method) not in self._routes:
                    raise BlueskyRefusal(501, "MethodNotImplemented", "Method Not Implemented")
                made = self._routes[ask.method, method](us, ask)
                return replace(made, headers=self._rate_headers(us))
        except BlueskyRefusal as refusal:
            return error(refusal.status, refusal.name, refusal.message)

    # --- sessions

    def _holder(self, token: str) -> Account:
        if not token:
            raise BlueskyRefusal(401, "AuthMissing", "Authentication Required")
        opened = self._sessions.get(token)
        if opened is not None and self.world.now >= opened.until:
            raise BlueskyRefusal(400, "ExpiredToken", "Token has expired")
        us = opened.account if opened else self.world.holder_of(Platform.BLUESKY, token)
        if us is None:
            raise BlueskyRefusal(400, "InvalidToken", "Token could not be verified")
        return us

    def _begin(self, ask: Ask) -> Answer:
        us = self.world.holder_of(Platform.BLUESKY, str(ask.form.get("password", "")))
        if us is None or ask.form.get("identifier") not in (us.native_id, _handle(us)):
            raise BlueskyRefusal(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._open(us)

    def _refresh(self, ask: Ask) -> Answer:
        us = self._refreshing.pop(ask.token, None)
        if us is None:
            raise BlueskyRefusal(400, "ExpiredToken", "Token has been revoked")
        return self._open(us)

    def _open(self, us: Account) -> Answer:
        self._serial += 1
        access, refresh = (f"{us.token}.{kind}.{self._serial}" for kind in ("access", "refresh"))
        self._sessions[access] = Opened(us, self.world.now + SESSION)
        self._refreshing[refresh] = us
        return Answer(
            200,
            {"accessJwt": access, "refreshJwt": refresh, "handle": _handle(us), "did": us.native_id, "active": True},
        )

    # --- the view of everybody

    def _notifications(self, us: Account, ask: Ask) -> Answer:
        reasons = [value for name, value in ask.pairs or ask.query.items() if name == "reasons"]
        told = {message.native_id: self._reason(us, message) for message in self._seen(us)}
        found = [message for message in self._seen(us) if told[message.native_id][0] in (reasons or REASONS)]

        def shape(message: Message) -> dict[str, Any]:
            reason, subject = told[message.native_id]
            whole = {
                "uri": message.native_id,
                "cid": self._cid(message),
                "author": _profile(message.author),
                "reason": reason,
                "record": self._as_written(message),
                "isRead": False,
                "indexedAt": _iso(message.at),
                "labels": [],
            }
            return whole | ({"reasonSubject": subject} if subject else {})

        return _page(ask, "notifications", found, shape)

    def _reason(self, us: Account, message: Message) -> tuple[str, str]:
        """Why we hear of it, and what of ours it concerns; nothing where we do not."""
        if message.author.native_id == us.native_id or message.aside:
            return "", ""
        quoted = self.world.message(message.quotes) if message.quotes else None
        if quoted and quoted.author.native_id == us.native_id:
            return "quote", quoted.native_id
        above = self.world.message(message.parent) if message.parent else None
        for _ in range(TOLD_ABOVE):
            if above is None:
                break
            if above.author.native_id == us.native_id:
                return "reply", above.native_id
            above = self.world.message(above.parent) if above.parent else None
        named = re.search(rf"@{re.escape(_handle(us))}(?![\w.-])", _words(message))
        return ("mention", "") if named or (message.mentions_us and not message.parent) else ("", "")

    def _thread(self, us: Account, ask: Ask) -> Answer:
        uri = ask.query.get("uri", "")
        depth = min(_number(ask, "depth", usual=6, fewest=0, most=1000), DEEPEST)
        message = self.world.message(uri)
        if message is None or not self._shown(us, message):
            raise BlueskyRefusal(400, "NotFound", f"Post not found: {uri}")
        if message.author.native_id in self.world.blockers:
            return Answer(200, {"thread": _blocked(message)})
        below: dict[str, list[Message]] = {}
        for each in sorted(self._all(us), key=_place):
            below.setdefault(each.parent, []).append(each)
        payload: dict[str, Any] = {"thread": self._branch(us, message, below, depth)}
        root = self.world.message(message.root)
        if root and (gate := self._gate(us, root)):
            payload["threadgate"] = {"uri": _gate_of(root), "cid": _cid_of(gate), "record": gate, "lists": []}
        return Answer(200, payload)

    def _branch(
        self, us: Account, message: Message, below: Mapping[str, Sequence[Message]], depth: int
    ) -> dict[str, Any]:
        if message.author.native_id in self.world.blockers:
            return _blocked(message)
        branch: dict[str, Any] = {"$type": THREAD, "post": self._view(us, message)}
        if depth:
            replies = below.get(message.native_id, ())
            branch["replies"] = [self._branch(us, reply, below, depth - 1) for reply in replies]
        return branch

    def _author_feed(self, us: Account, ask: Ask) -> Answer:
        actor, only = ask.query.get("actor", ""), ask.query.get("filter", "posts_with_replies")
        found = [
            message
            for message in self._all(us)
            if message.author.native_id == actor and not (message.parent and only == "posts_no_replies")
        ]
        return _page(ask, "feed", found, lambda message: {"post": self._view(us, message)})

    def _posts(self, us: Account, ask: Ask) -> Answer:
        found = [message for uri in _several(ask, "uris") if (message := self.world.message(uri))]
        shown = [each for each in found if self._shown(us, each) and each.author.native_id not in self.world.blockers]
        return Answer(200, {"posts": [self._view(us, message) for message in shown]})

    def _search(self, us: Account, ask: Ask) -> Answer:
        """By pages that are counted, as Bluesky's are; what is new in between pushes the rest down."""
        query, since = ask.query.get("q", ""), ask.query.get("since")
        if not query:
            raise BlueskyRefusal(400, "InvalidRequest", "Params must have the property q")
        earliest = datetime.fromisoformat(since) if since else datetime(1970, 1, 1, tzinfo=UTC)
        found = [message for message in self._seen(us) if _matches(query, _words(message)) and message.at >= earliest]
        found.sort(key=_place, reverse=True)
        size, start = _number(ask, "limit", usual=25, fewest=1, most=100), _number(ask, "cursor", usual=0, fewest=0)
        payload: dict[str, Any] = {"posts": [self._view(us, each) for each in found[start : start + size]]}
        if len(found) > start + size:
            payload["cursor"] = str(start + size)
        return Answer(200, payload)

    def _profiles(self, us: Account, ask: Ask) -> Answer:
        people = {message.author.native_id: message.author for message in self.world.messages(us.slug)}
        people[us.native_id] = Person(us.native_id, us.name, us.username)
        shown = [people[actor] for actor in _several(ask, "actors") if actor in people]
        return Answer(
            200,
            {
                "profiles": [
                    _profile(person)
                    | {"viewer": {"muted": False, "blockedBy": person.native_id in self.world.blockers}, "labels": []}
                    for person in shown
                    if person.native_id not in self.world.suspended
                ]
            },
        )

    def _all(self, us: Account) -> list[Message]:
        """All that lists show, our own included."""
        return [
            message
            for message in self.world.messages(us.slug)
            if message.listed(self.world.now) and self._shown(us, message)
        ]

    def _seen(self, us: Account) -> list[Message]:
        """The same without those who have blocked us."""
        return [message for message in self._all(us) if message.author.native_id not in self.world.blockers]

    def _shown(self, us: Account, message: Message) -> bool:
        away = message.private or message.author.native_id in self.world.suspended
        return message.account == us.slug and not away and message.exists(self.world.now)

    def _view(self, us: Account, message: Message) -> dict[str, Any]:
        self._tally = tally = self._tally or Tally.of(self._all(us))
        view = {
            "uri": message.native_id,
            "cid": self._cid(message),
            "author": _profile(message.author),
            "record": self._as_written(message),
            "replyCount": tally.replies[message.native_id],
            "repostCount": 0,
            "likeCount": 0,
            "quoteCount": tally.quotes[message.native_id],
            "indexedAt": _iso(message.listed_at or message.at),
            "viewer": {"threadMuted": False, "replyDisabled": False},
            "labels": [],
        }
        if gate := self._gate(us, message):
            view["threadgate"] = {"uri": _gate_of(message), "cid": _cid_of(gate), "record": gate, "lists": []}
        return view

    def _as_written(self, message: Message) -> dict[str, Any]:
        """The record in its author's repository."""
        if message.native_id in self._records:
            return self._records[message.native_id]
        text, facets = as_typed(_words(message))
        record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": _iso(message.at)}
        if message.mentions_us and not message.parent and text:
            first = len(text.split(maxsplit=1)[0].encode()) if text.strip() else len(text.encode())
            us = self.world.account(message.account)
            facets.append(_facet(0, first, {"$type": MENTION, "did": us.native_id}))
        if facets:
            record["facets"] = facets
        above, root = self.world.message(message.parent), self.world.message(message.root)
        if above and root:
            record["reply"] = {"root": self._reference(root), "parent": self._reference(above)}
        quoted = self.world.message(message.quotes)
        if quoted:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": self._reference(quoted)}
        return record

    def _reference(self, message: Message) -> dict[str, str]:
        return {"uri": message.native_id, "cid": self._cid(message)}

    def _cid(self, message: Message) -> str:
        return _cid_of(message.native_id)

    # --- our repository

    def _record(self, us: Account, ask: Ask) -> Answer:
        repo, collection, key = (ask.query.get(name, "") for name in ("repo", "collection", "rkey"))
        message = self.world.message(f"at://{repo}/{POST}/{key}")
        if message is None or repo != us.native_id or not message.exists(self.world.now):
            raise _no_record(repo, collection, key)
        if collection == POST:
            return Answer(200, self._kept(message))
        gate = self._gate(us, message) if collection == GATE else None
        if gate is None:
            raise _no_record(repo, collection, key)
        return Answer(200, {"uri": _gate_of(message), "cid": _cid_of(gate), "value": gate})

    def _list_records(self, us: Account, ask: Ask) -> Answer:
        """By key, newest first.  A page that is not empty has a cursor, the last one too."""
        if (ask.query.get("repo"), ask.query.get("collection")) != (us.native_id, POST):
            raise BlueskyRefusal(400, "InvalidRequest", "Could not find repo")
        size, before = _number(ask, "limit", usual=50, fewest=1, most=100), ask.query.get("cursor", "")
        found = [
            message
            for message in self.world.messages(us.slug)
            if message.author.native_id == us.native_id and not message.private and message.exists(self.world.now)
            if not before or _key(message) < before
        ]
        shown = sorted(found, key=_key, reverse=True)[:size]
        payload: dict[str, Any] = {"records": [self._kept(message) for message in shown]}
        if shown:
            payload["cursor"] = _key(shown[-1])
        return Answer(200, payload)

    def _kept(self, message: Message) -> dict[str, Any]:
        return {"uri": message.native_id, "cid": self._cid(message), "value": self._as_written(message)}

    def _create(self, us: Account, ask: Ask) -> Answer:
        record = self._fit(us, ask)
        if ask.form.get("collection") == GATE:
            root = self._root_of(us, str(ask.form.get("rkey", "")))
            if self._gate(us, root):
                raise BlueskyRefusal(500, "InternalServerError", "Internal Server Error")
            return self._set_gate(us, root, record)
        text, reply = str(record.get("text", "")), record.get("reply") or {}
        if len(text.encode()) > LONGEST_TEXT or "createdAt" not in record:
            raise _wrong("Invalid app.bsky.feed.post record: Record/text must not be longer than 300 graphemes")
        above = self.world.message(str(reply.get("parent", {}).get("uri", "")))  # that it is there is not asked
        message = self.world.write(us.slug, text, above=above)
        self._records[message.native_id] = dict(record)
        written = Written(us.slug, message.native_id, above.native_id, text) if above else None
        return replace(_done(message.native_id, self._cid(message)), written=written)

    def _put(self, us: Account, ask: Ask) -> Answer:
        record = self._fit(us, ask)
        if ask.form.get("collection") != GATE:
            raise _wrong("Invalid collection")
        root = self._root_of(us, str(ask.form.get("rkey", "")))
        gate = self._gate(us, root)
        swap = ask.form.get("swapRecord")
        if "swapRecord" in ask.form and swap != (_cid_of(gate) if gate else None):
            raise BlueskyRefusal(400, "InvalidSwap", f"Record was at {_cid_of(gate)}")
        return self._set_gate(us, root, record)

    def _set_gate(self, us: Account, root: Message, record: Mapping[str, Any]) -> Answer:
        hidden = record.get("hiddenReplies", [])
        if len(hidden) > MOST_HIDDEN:
            raise _wrong("Invalid app.bsky.feed.threadgate record: Record/hiddenReplies must not have more than 300")
        self._gates[root.native_id] = dict(record)
        for message in self.world.messages(us.slug):
            if message.root == root.native_id and message.parent:
                self.world.set_hidden(message, hidden=message.native_id in hidden)
        return _done(_gate_of(root), _cid_of(record))

    def _gate(self, us: Account, root: Message) -> dict[str, Any] | None:
        """What our post says of those who reply; whatever is hidden there in the world is named in it."""
        if root.parent or root.author.native_id != us.native_id:
            return None
        here = [m for m in self.world.messages(us.slug) if m.root == root.native_id and m.parent]
        hidden = [message.native_id for message in here if message.hidden]
        gate = self._gates.get(root.native_id)
        if gate is None and not hidden:
            return None
        known = {message.native_id for message in here}
        gate = gate or {"$type": GATE, "post": root.native_id, "createdAt": _iso(root.at)}
        kept = [uri for uri in gate.get("hiddenReplies", ()) if uri in hidden or uri not in known]
        return {**gate, "hiddenReplies": [*kept, *(uri for uri in hidden if uri not in kept)]}

    def _delete(self, us: Account, ask: Ask) -> Answer:
        message = self.world.message(f"at://{ask.form.get('repo')}/{POST}/{ask.form.get('rkey')}")
        if ask.form.get("repo") != us.native_id:
            raise BlueskyRefusal(403, "Forbidden", "Cannot write to another repository")
        if message is not None and message.exists(self.world.now):
            self.world.erase(message)
        return Answer(200, {})

    def _fit(self, us: Account, ask: Ask) -> Mapping[str, Any]:
        """The record that is to be written, where it may be.  Only our own repository can be written to."""
        record = ask.form.get("record")
        if ask.form.get("repo") != us.native_id:
            raise BlueskyRefusal(403, "Forbidden", "Cannot write to another repository")
        if not isinstance(record, dict) or record.get("$type") != ask.form.get("collection"):
            raise _wrong("Invalid $type")
        return record

    def _root_of(self, us: Account, key: str) -> Message:
        root = self.world.message(f"at://{us.native_id}/{POST}/{key}")
        if root is None:
            raise _wrong("There is no such post")
        return root

    def _rate_headers(self, us: Account) -> dict[str, str]:
        length = WINDOW.total_seconds()
        window = int(self.world.now.timestamp() // length)
        spent = self._spent[us.slug, window] = self._spent.get((us.slug, window), 0) + 1
        return _rates(
            REQUESTS_IN_A_WINDOW, max(0, REQUESTS_IN_A_WINDOW - spent), int((window + 1) * length), "3000;w=300"
        )


REASONS: Final = ("mention", "reply", "quote")


def as_typed(text: str) -> tuple[str, list[dict[str, Any]]]:
    """A text as the app sends it: long links cut short, and facets, counted in bytes, that say what the links are."""
    sent, facets, place = "", list[dict[str, Any]](), 0
    for found in ADDRESS.finditer(text):
        sent += text[place : found.start()]
        path = found[3]
        shown = f"{found[2]}{path[:13]}..." if len(path) > LONGEST_PATH_SHOWN else f"{found[2]}{path}"
        start = len(sent.encode("utf-8", "surrogatepass"))
        facets.append(_facet(start, start + len(shown.encode()), {"$type": LINK, "uri": found[0]}))
        sent, place = sent + shown, found.end()
    return sent + text[place:], facets


def _facet(start: int, end: int, feature: Mapping[str, str]) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def _matches(query: str, text: str) -> bool:
    """Every word of one of the alternatives; a tag and a phrase are words here."""
    there = re.findall(r"#?\w+", text.casefold())
    return any(
        all(word in there or word in [each.removeprefix("#") for each in there] for word in re.findall(r"#?\w+", each))
        for each in query.casefold().split(" or ")
    )


def _words(message: Message) -> str:
    return message.versions[0].text


def _handle(account: Account | Person) -> str:
    return f"{account.username.replace('_', '-').lower()}.bsky.social"


def _profile(person: Person) -> dict[str, Any]:
    return {"did": person.native_id, "handle": _handle(person), "displayName": person.name[:64]}


def _blocked(message: Message) -> dict[str, Any]:
    author = {"did": message.author.native_id, "viewer": {"blockedBy": True}}
    return {"$type": "app.bsky.feed.defs#blockedPost", "uri": message.native_id, "blocked": True, "author": author}


def _key(message: Message) -> str:
    return message.native_id.rsplit("/", 1)[-1]


def _gate_of(root: Message) -> str:
    return root.native_id.replace(POST, GATE)


def _cid_of(content: object) -> str:
    """A name made of what is named: here of what is enough to tell two apart."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + digest).decode().lower().rstrip("=")


def _place(message: Message) -> tuple[datetime, str]:
    return message.at, message.native_id


def _page(ask: Ask, key: str, found: list[Message], shape: Callable[[Message], dict[str, Any]]) -> Answer:
    """Newest first, by the earlier of when a post says it was written and when it was seen.

    A page that is not empty has a cursor, the last one too.
    """
    size, before = _number(ask, "limit", usual=50, fewest=1, most=100), ask.query.get("cursor")
    left = sorted(found, key=_place, reverse=True)
    if before:
        last = _read_cursor(before)
        left = [message for message in left if _mark(message) < last]
    shown = left[:size]
    payload: dict[str, Any] = {key: [shape(message) for message in shown]}
    if shown:
        at, uri = _mark(shown[-1])
        payload["cursor"] = f"{at}::{uri}"
    return Answer(200, payload)


def _mark(message: Message) -> tuple[int, str]:
    return milliseconds(message.at), message.native_id


def _read_cursor(cursor: str) -> tuple[int, str]:
    found = re.fullmatch(r"(\d{1,15})::(at://\S+|~*)", cursor)
    if found is None:
        raise _wrong("Malformed cursor")
    return int(found[1]), found[2]


def _number(ask: Ask, name: str, *, usual: int, fewest: int, most: int = 10_000) -> int:
    said = ask.query.get(name, str(usual))
    number = int(said) if said.isdecimal() else -1
    if not fewest <= number <= most:
        raise _wrong(f"{name} must be between {fewest} and {most}")
    return number


def _several(ask: Ask, name: str) -> list[str]:
    said = [value for key, value in ask.pairs or ask.query.items() if key == name]
    if not 1 <= len(said) <= 25:
        raise _wrong(f"{name} must not have more than 25 elements")
    return said


def _done(uri: str, cid: str) -> Answer:
    return Answer(
        200,
        {
            "uri": uri,
            "cid": cid,
            "commit": {"cid": _cid_of([cid]), "rev": "3l222222222a2"},
            "validationStatus": "valid",
        },
    )


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def error(status: int, name: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The envelope of every error."""
    return Answer(status, {"error": name, "message": message}, headers or {})


def _wrong(message: str) -> BlueskyRefusal:
    return BlueskyRefusal(400, "InvalidRequest", message)


def _no_record(repo: str, collection: str, key: str) -> BlueskyRefusal:
    return BlueskyRefusal(400, "RecordNotFound", f"Could not locate record: at://{repo}/{collection}/{key}")


def _rates(limit: int, left: int, reset: int, policy: str) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(left),
        "RateLimit-Reset": str(reset),
        "RateLimit-Policy": policy,
    }


# --- what goes wrong, in Bluesky's words


def _limited(headers: Mapping[str, str]) -> Answer:
    return error(429, "RateLimitExceeded", "Rate Limit Exceeded", headers)


def _reset(fault: Fault, now: datetime) -> dict[str, str]:
    return _rates(REQUESTS_IN_A_WINDOW, 0, int((now + timedelta(seconds=fault.seconds)).timestamp()), "3000;w=300")


def _tomorrow(now: datetime) -> dict[str, str]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return _rates(35_000, 0, int(day.timestamp()), "35000;w=86400")


LISTED: Final = ("notifications", "feed", "posts")


def _listed(answer: Answer) -> str:
    """The name under which a page has its items; empty where it is no page."""
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    return next((name for name in LISTED if name in payload), "")


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    cursor = ask.query.get("cursor") or answer.payload.get("cursor") or "1::"
    return replace(answer, payload={**answer.payload, "cursor": cursor})


def _empty(answer: Answer, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, a step later."""
    name = _listed(answer)
    if not name or not answer.payload[name]:
        return answer
    if "q" in ask.query:
        return replace(answer, payload={"posts": [], "cursor": f"0{ask.query.get('cursor', '')}"})
    first = answer.payload[name][0]
    at = datetime.fromisoformat(first.get("post", first)["record"]["createdAt"])
    cursor = f"{milliseconds(at)}::{first.get('post', first)['uri']}~"
    return replace(answer, payload={**answer.payload, name: [], "cursor": cursor})


def _short(answer: Answer, ask: Ask) -> Answer:
    """Fewer than there are and than were asked for, and the rest on the next page."""
    name = _listed(answer)
    half = answer.payload[name][: len(answer.payload[name]) // 2] if name else []
    if not half or name != "notifications":
        return answer
    at = milliseconds(datetime.fromisoformat(half[-1]["record"]["createdAt"]))
    return replace(answer, payload={**answer.payload, name: half, "cursor": f"{at}::{half[-1]['uri']}"})


def _each(*names: str, only_first: bool = False) -> Callable[[Answer, Ask], Answer]:
    """Takes properties from the posts of a page, however deep they stand in it."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        left = 1 if only_first else 10_000

        def changed(value: Any) -> Any:
            nonlocal left
            if isinstance(value, list):
                return [changed(each) for each in value]
            if not isinstance(value, dict):
                return value
            if "uri" in value and "cid" in value and names[0] in value and left:
                left -= 1
                return {name: inner for name, inner in value.items() if name not in names}
            return {name: changed(inner) for name, inner in value.items()}

        return replace(answer, payload=changed(answer.payload))

    return spoil


INSTEAD: Instead = {
    Kind.RATE_LIMITED: lambda f, now: _limited(_reset(f, now)),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _limited({}),
    Kind.USAGE_CAPPED: lambda f, now: _limited(_tomorrow(now)),
    Kind.EXPIRED: lambda f, now: error(400, "ExpiredToken", "Token has expired"),
    Kind.FORBIDDEN: lambda f, now: error(403, "Forbidden", "Bad token scope"),
    Kind.REFUSED: lambda f, now: error(400, "InvalidRequest", "Invalid request"),
    Kind.GONE: lambda f, now: error(400, "NotFound", "Post not found"),
    Kind.SERVER_ERROR: lambda f, now: error(500, "InternalServerError", "Internal Server Error"),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"errors": [{"message": "Internal Error"}]}),
    Kind.PARTIAL_ERRORS: _short,
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: _each("author"),
    Kind.BROKEN_ITEM: _each("record", only_first=True),
}
