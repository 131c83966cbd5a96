"""X as its API v2 answers: ids that grow with time, problems inside a 200, and two vocabularies.

Every request speaks for one account, the holder of its token.  With `World.x_vocabulary` set to
`posts` the answers use the names of the newer specification; both names are understood in questions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil, each_item, without
from simulator.world import X_EPOCH_MS, Account, Message, Person, Version, World, milliseconds
from vocabulary import Platform

SEARCH_REACHES_BACK = timedelta(days=7)
SEARCH_LAGS = timedelta(seconds=30)
MENTIONS_REACHABLE = 800
LONGEST_QUERY = 512
LONGEST_SHOWN = 280
MESSAGES_REACH_BACK = timedelta(days=30)
LONGEST_MESSAGE = 10_000
WINDOW = timedelta(minutes=15)

LIMITS = {
    "mentions": 300,
    "search": 300,
    "timeline": 900,
    "lookup": 5000,
    "quotes": 75,
    "messages": 15,
    "message": 15,
    "write": 100,
    "hide": 50,
    "me": 75,
}
PROBLEMS = {"tweets": "https://api.twitter.com/2/problems", "posts": "https://api.x.com/2/problems"}
NEW_NAMES = {
    "note_tweet": "note_post",
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
}
OLD_NAMES = {new: old for old, new in NEW_NAMES.items()}


class XRefusal(Exception):
    """A problem to answer with: its kind, its title, its status and its detail."""

    def __init__(self, status: int, kind: str, title: str, detail: str) -> None:
        super().__init__(title)
        self.status, self.kind, self.title, self.detail = status, kind, title, detail


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of a message, as it is shown now."""

    message: Message
    version: Version


class X:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.X

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent: dict[tuple[str, str, int], int] = {}
        self._routes: tuple[tuple[str, str, str, Callable[..., Answer]], ...] = (
            ("GET", r"/2/users/me", "me", self._me),
            ("GET", r"/2/users/(\d+)/mentions", "mentions", self._mentions),
            ("GET", r"/2/users/(\d+)/tweets", "timeline", self._timeline),
            ("GET", r"/2/tweets/search/recent", "search", self._search),
            ("GET", r"/2/tweets/(\d+)/quote_tweets", "quotes", self._quotes),
            ("GET", r"/2/dm_events", "messages", self._messages),
            ("GET", r"/2/dm_conversations/([\d-]+)/dm_events", "messages", self._messages),
            ("POST", r"/2/dm_conversations/with/(\d+)/messages", "message", self._say_in_private),
            ("GET", r"/2/tweets", "lookup", self._lookup),
            ("GET", r"/2/tweets/(\d+)", "lookup", self._lookup_one),
            ("POST", r"/2/tweets", "write", self._publish),
            ("DELETE", r"/2/tweets/(\d+)", "write", self._delete),
            ("PUT", r"/2/tweets/(\d+)/hidden", "hide", self._hide),
        )

    def answer(self, ask: Ask) -> Answer:
        us = self.world.holder_of(Platform.X, ask.token)
        if us is None:
            return self.problem(401, "about:blank", "Unauthorized", "Unauthorized")
        for method, pattern, limit, answer in self._routes:
            match = re.fullmatch(pattern, ask.path)
            if match and method == ask.method:
                try:
                    with self.world.lock:
                        made = answer(us, ask, *match.groups())
                except XRefusal as refusal:
                    made = self.problem(refusal.status, refusal.kind, refusal.title, refusal.detail)
                return Answer(made.status, made.payload, self._rate_headers(us, limit), written=made.written)
        return self.problem(404, "about:blank", "Not Found", "There is nothing at this path")

    def problem(self, status: int, kind: str, title: str, detail: str, **more: Any) -> Answer:
        """An RFC 7807 answer; `kind` is the last word of its type."""
        uri = kind if kind == "about:blank" else f"{PROBLEMS[self.world.x_vocabulary]}/{kind}"
        return Answer(status, {"title": title, "type": uri, "status": status, "detail": detail, **more})

    # --- reading

    def _me(self, us: Account, ask: Ask) -> Answer:
        return Answer(200, {"data": {"id": us.native_id, "name": us.name, "username": us.username}})

    def _mentions(self, us: Account, ask: Ask, user: str) -> Answer:
        self._only_self(us, user)
        handle = re.compile(rf"@{re.escape(us.username)}\b", re.IGNORECASE)
        seen = self._newest_first(m for m in self._of(us) if m.author.native_id != us.native_id)
        found = [one for one in seen if one.message.mentions_us or handle.search(one.version.text)]
        return self._page(ask, found[:MENTIONS_REACHABLE], smallest=5, usual=10, mark_in="pagination_token")

    def _timeline(self, us: Account, ask: Ask, user: str) -> Answer:
        self._only_self(us, user)
        exclude = ask.query.get("exclude", "").split(",")
        seen = self._newest_first(m for m in self._of(us) if m.author.native_id == us.native_id)
        found = [one for one in seen if not (one.message.parent and "replies" in exclude)]
        return self._page(ask, found, smallest=5, usual=10, mark_in="pagination_token")

    def _search(self, us: Account, ask: Ask) -> Answer:
        query = ask.query.get("query", "")
        now = self.world.now
        if not query or len(query) > LONGEST_QUERY:
            raise _invalid("query", f"must have between 1 and {LONGEST_QUERY} characters")
        since = ask.query.get("since_id")
        if since and time_of(since) < milliseconds(now - SEARCH_REACHES_BACK):
            raise _invalid("since_id", "must be a tweet id created within the last 7 days")
        matches = understand(query)
        found = [
            one
            for one in self._newest_first(self._of(us))
            if now - SEARCH_REACHES_BACK <= one.version.at <= now - SEARCH_LAGS and matches(one.message, self.world)
        ]
        mark_in = "next_token" if "next_token" in ask.query else "pagination_token"
        return self._page(ask, found, smallest=10, usual=10, mark_in=mark_in, backwards=False)

    def _quotes(self, us: Account, ask: Ask, native_id: str) -> Answer:
        quoted = self._seen(native_id)
        if quoted is None:
            return Answer(200, {"errors": [self._missing(native_id, "id")]})
        found = self._newest_first(m for m in self._of(us) if m.quotes == quoted.message.native_id)
        answer = self._page(ask, found, smallest=10, usual=10, mark_in="pagination_token", backwards=False)
        for name in ("newest_id", "oldest_id"):  # here, and only here, X does not say
            answer.payload["meta"].pop(name, None)
        return answer

    def _messages(self, us: Account, ask: Ask, conversation: str = "") -> Answer:
        """Direct messages, newest first; X shows those of the last thirty days."""
        now, size = self.world.now, _size(ask, smallest=1, usual=100)
        found = [
            message
            for message in self.world.messages(us.slug)
            if message.private and message.listed(now) and message.at >= now - MESSAGES_REACH_BACK
            if not conversation or _place(message)[0] == conversation
        ]
        found.sort(key=lambda message: int(_place(message)[1]), reverse=True)
        if mark := ask.query.get("pagination_token"):
            below = _read_mark(mark)
            found = [message for message in found if int(_place(message)[1]) < below]
        shown = found[:size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if len(found) > size:
            meta["next_token"] = _mark(int(_place(shown[-1])[1]))
        payload: dict[str, Any] = {"meta": meta}
        if shown:
            expansions = _list(ask.query, "expansions")
            payload["data"] = [
                self._event(message, _list(ask.query, "dm_event.fields") + expansions) for message in shown
            ]
            if "sender_id" in expansions:
                people = {message.author.native_id: message.author for message in shown}
                payload["includes"] = {"users": [_user(person) for person in people.values()]}
        return Answer(200, payload)

    def _event(self, message: Message, fields: list[str]) -> dict[str, Any]:
        conversation, number = _place(message)
        sent, links = as_sent("", message.current(self.world.now).text)
        whole: dict[str, Any] = {
            "id": number,
            "event_type": "MessageCreate",
            "text": sent,
            "created_at": _iso(message.at),
            "dm_conversation_id": conversation,
            "sender_id": message.author.native_id,
        }
        event = {name: value for name, value in whole.items() if name in {"id", "event_type", "text", *fields}}
        if links and "entities" in fields:
            event |= {"entities": {"urls": links}} if self.world.x_vocabulary == "posts" else {"urls": links}
        return event

    def _lookup(self, us: Account, ask: Ask) -> Answer:
        ids = [one for one in ask.query.get("ids", "").split(",") if one]
        if not 1 <= len(ids) <= 100:
            raise _invalid("ids", "must have between 1 and 100 ids")
        found, problems = [], []
        for native_id in ids:
            one = self._seen(native_id)
            if one is None:
                problems.append(self._missing(native_id, "ids"))
            else:
                found.append(one)
        return self._listing(ask, found, problems=problems)

    def _lookup_one(self, us: Account, ask: Ask, native_id: str) -> Answer:
        one = self._seen(native_id)
        if one is None:
            return Answer(200, {"errors": [self._missing(native_id, "id")]})
        made = self._listing(ask, [one])
        made.payload["data"] = made.payload["data"][0]
        return made

    # --- acting

    def _publish(self, us: Account, ask: Ask) -> Answer:
        text = ask.form.get("text")
        if not isinstance(text, str) or not text:
            raise _invalid("text", "must not be empty")
        above = None
        target = str((ask.form.get("reply") or {}).get("in_reply_to_tweet_id", ""))
        if target:
            one = self._seen(target)
            if one is None:
                raise _forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
            above = one.message
            if self.world.self_serve and not (above.mentions_us or self._quotes_us(us, above)):
                raise _forbidden("Reply to this conversation is not allowed because you have not been mentioned.")
        message = self.world.write(us.slug, text, above=above)
        written = Written(us.slug, message.native_id, above.native_id, text) if above else None
        return Answer(201, {"data": {"id": message.native_id, "text": text}}, written=written)

    def _quotes_us(self, us: Account, message: Message) -> bool:
        quoted = self.world.message(message.quotes) if message.quotes else None
        return quoted is not None and quoted.author.native_id == us.native_id

    def _say_in_private(self, us: Account, ask: Ask, participant: str) -> Answer:
        text = ask.form.get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_MESSAGE:
            raise _invalid("text", f"must have between 1 and {LONGEST_MESSAGE} characters")
        said = [
            message
            for message in self.world.messages(us.slug)
            if message.private and message.author.native_id == participant and message.exists(self.world.now)
        ]
        if not said:
            raise _forbidden("You do not have permission to DM one or more participants.")
        above = max(said, key=lambda message: int(_place(message)[1]))
        message = self.world.write(us.slug, text, above=above)
        conversation, number = _place(message)
        made = {"dm_conversation_id": conversation, "dm_event_id": number}
        return Answer(201, {"data": made}, written=Written(us.slug, message.native_id, above.native_id, text))

    def _delete(self, us: Account, ask: Ask, native_id: str) -> Answer:
        one = self._seen(native_id)
        if one is None or one.message.author.native_id != us.native_id:
            raise _forbidden("You may delete only your own.")
        self.world.erase(one.message)
        return Answer(200, {"data": {"deleted": True}})

    def _hide(self, us: Account, ask: Ask, native_id: str) -> Answer:
        hidden = ask.form.get("hidden")
        if not isinstance(hidden, bool):
            raise _invalid("hidden", "must be true or false")
        one = self._seen(native_id)
        if one is None:
            raise XRefusal(404, "resource-not-found", "Not Found Error", "Could not find the Tweet.")
        root = self.world.message(one.message.root)
        if one.message.parent == "" or root is None or root.author.native_id != us.native_id:
            raise _forbidden("Only replies in a conversation that you began can be hidden.")
        self.world.set_hidden(one.message, hidden=hidden)
        return Answer(200, {"data": {"hidden": hidden}})

    # --- shapes

    def _of(self, us: Account) -> list[Message]:
        """All that is public."""
        return [message for message in self.world.messages(us.slug) if not message.private]

    def _newest_first(self, messages: Iterable[Message]) -> list[Seen]:
        now = self.world.now
        seen = [Seen(message, message.current(now)) for message in messages if message.listed(now)]
        return sorted(seen, key=lambda one: int(one.version.native_id), reverse=True)

    def _seen(self, native_id: str) -> Seen | None:
        """The version with this id, if it can be read now."""
        message, now = self.world.message(native_id), self.world.now
        if message is None or message.private or not message.exists(now):
            return None
        if self.world.account(message.account).platform is not Platform.X:
            return None
        return next((Seen(message, v) for v in message.history(now) if v.native_id == native_id), None)

    def _page(
        self, ask: Ask, found: list[Seen], *, smallest: int, usual: int, mark_in: str, backwards: bool = True
    ) -> Answer:
        size = _size(ask, smallest=smallest, usual=usual)
        found = [one for one in found if _within(one.version, ask.query)]
        if mark := ask.query.get(mark_in):
            below = _read_mark(mark)
            found = [one for one in found if int(one.version.native_id) < below]
        shown = found[:size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if shown:
            meta["newest_id"], meta["oldest_id"] = shown[0].version.native_id, shown[-1].version.native_id
            if backwards and mark:
                meta["previous_token"] = _mark(int(shown[0].version.native_id) + 1)
        if len(found) > size:
            meta["next_token"] = _mark(int(shown[-1].version.native_id))
        return self._listing(ask, shown, meta=meta)

    def _listing(
        self,
        ask: Ask,
        shown: list[Seen],
        *,
        meta: Mapping[str, Any] | None = None,
        problems: list[dict[str, Any]] | None = None,
    ) -> Answer:
        fields = _asked_fields(ask.query)
        expansions = {_old(name) for name in _list(ask.query, "expansions")}
        payload: dict[str, Any] = {}
        if shown:
            payload["data"] = [self._shape(one, fields) for one in shown]
            includes = self._includes(shown, fields, expansions)
            if includes:
                payload["includes"] = includes
        if problems:
            payload["errors"] = problems
        if meta is not None:
            payload["meta"] = dict(meta)
        return Answer(200, payload)

    def _includes(self, shown: list[Seen], fields: set[str], expansions: set[str]) -> dict[str, Any]:
        includes: dict[str, Any] = {}
        if "author_id" in expansions:
            people = {one.message.author.native_id: one.message.author for one in shown}
            includes["users"] = [_user(person) for person in people.values()]
        if "referenced_tweets.id" in expansions:
            named = {each for one in shown for each in (one.message.parent, one.message.quotes) if each}
            tweets = [self._shape(one, fields) for one in map(self._latest, sorted(named)) if one]
            if tweets:
                includes[self.world.x_vocabulary] = tweets
        return includes

    def _latest(self, native_id: str) -> Seen | None:
        message, now = self.world.message(native_id), self.world.now
        return Seen(message, message.current(now)) if message and message.exists(now) else None

    def _shape(self, one: Seen, fields: set[str]) -> dict[str, Any]:
        message, version = one.message, one.version
        prefix, quoted = self._prefix(message), self._latest(message.quotes) if message.quotes else None
        said = version.text if quoted is None else f"{version.text} {_address(quoted)}"
        full, links = as_sent(prefix, said)
        short = full if len(full) <= LONGEST_SHOWN else f"{full[: LONGEST_SHOWN - 25]}… https://t.co/{'0' * 10}"
        above = self._latest(message.parent) if message.parent else None
        entities = {"urls": links, "mentions": self._handles(message, full)}
        whole: dict[str, Any] = {
            "id": version.native_id,
            "text": short,
            "edit_history_tweet_ids": [v.native_id for v in message.history(self.world.now)],
            "author_id": message.author.native_id,
            "conversation_id": message.root,
            "created_at": _iso(version.at),
            "display_text_range": [len(prefix), len(short)],
            "lang": "und",
            "public_metrics": self._metrics(message),
        }
        if short is not full:
            whole["note_tweet"] = {"text": full, **_entities(entities, len(full))}
        whole |= _entities(entities, len(short) if short is full else len(short) - 25)
        references = []
        if message.parent:
            references.append({"type": "replied_to", "id": above.version.native_id if above else message.parent})
        if message.quotes:
            references.append({"type": "quoted", "id": quoted.version.native_id if quoted else message.quotes})
        if references:
            whole["referenced_tweets"] = references
        if above:
            whole["in_reply_to_user_id"] = above.message.author.native_id
        shown = {"id", "text", "edit_history_tweet_ids"} | fields
        new = self.world.x_vocabulary == "posts"
        return {(NEW_NAMES.get(name, name) if new else name): value for name, value in whole.items() if name in shown}

    def _metrics(self, message: Message) -> dict[str, int]:
        """X counts before its lists show what it has counted."""
        there = [each for each in self._of(self.world.account(message.account)) if each.exists(self.world.now)]
        counted = {
            "quote_count": sum(each.quotes == message.native_id for each in there),
            "reply_count": sum(each.parent == message.native_id for each in there),
        }
        passed_on = "repost_count" if self.world.x_vocabulary == "posts" else "retweet_count"
        return {**dict.fromkeys((passed_on, "like_count", "impression_count", "bookmark_count"), 0), **counted}

    def _handles(self, message: Message, text: str) -> list[dict[str, Any]]:
        """The names in a text, with the id of whom X knows by it; here that is only us."""
        us = self.world.account(message.account)
        return [
            {"start": found.start(), "end": found.end(), "username": found[1]}
            | ({"id": us.native_id} if found[1].lower() == us.username.lower() else {})
            for found in re.finditer(r"(?<!\w)@(\w{1,15})\b", text)
        ]

    def _prefix(self, message: Message) -> str:
        """The handles that X puts before a reply and hides from its readers: whom it answers, and us."""
        above = self.world.message(message.parent) if message.parent else None
        if above is None:
            return ""
        ours = self.world.account(message.account)
        answered = [above.author.username] if above.author.native_id != ours.native_id else []
        handles = answered + ([ours.username] if message.mentions_us else [])
        return "".join(f"@{handle} " for handle in handles if handle != message.author.username)

    def _missing(self, native_id: str, parameter: str) -> dict[str, Any]:
        return {
            "value": native_id,
            "detail": f"Could not find tweet with {parameter}: [{native_id}].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": parameter,
            "resource_id": native_id,
            "type": f"{PROBLEMS[self.world.x_vocabulary]}/resource-not-found",
        }

    def _only_self(self, us: Account, user: str) -> None:
        if user != us.native_id:
            raise _forbidden("This token speaks for another account.")

    def _rate_headers(self, us: Account, limit: str) -> dict[str, str]:
        window = int(self.world.now.timestamp() // WINDOW.total_seconds())
        spent = self._spent[us.slug, limit, window] = self._spent.get((us.slug, limit, window), 0) + 1
        return {
            "x-rate-limit-limit": str(LIMITS[limit]),
            "x-rate-limit-remaining": str(max(0, LIMITS[limit] - spent)),
            "x-rate-limit-reset": str(int((window + 1) * WINDOW.total_seconds())),
        }


# --- the language of search


def understand(query: str) -> Callable[[Message, World], bool]:
    """The test a query makes: words, "phrases", #tags, @names and the OPERATORS below; OR, a minus sign, brackets."""
    if query.count('"') % 2:
        raise _invalid("query", "a quotation is not closed")
    words = re.findall(r'-?\(|\)|-?"[^"]*"|-?[a-z_]+:[\w@]+|[^\s()"]+', query)
    test, rest = _either(words)
    if rest:
        raise _invalid("query", f"cannot read it from {rest[0]!r} on")
    return test


Test = Callable[[Message, World], bool]


def _either(words: list[str]) -> tuple[Test, list[str]]:
    test, words = _both(words)
    tests = [test]
    while words and words[0] == "OR":
        test, words = _both(words[1:])
        tests.append(test)
    return (lambda message, world: any(test(message, world) for test in tests)), words


def _both(words: list[str]) -> tuple[Test, list[str]]:
    tests: list[Test] = []
    while words and words[0] not in ("OR", ")"):
        test, words = _one(words)
        tests.append(test)
    return (lambda message, world: all(test(message, world) for test in tests)), words


def _one(words: list[str]) -> tuple[Test, list[str]]:
    negative, word, rest = words[0].startswith("-"), words[0].removeprefix("-"), words[1:]
    if word == "(":
        test, rest = _either(rest)
        if not rest or rest[0] != ")":
            raise _invalid("query", "a bracket is not closed")
        rest = rest[1:]
    else:
        test = _meaning(word)
    return (lambda message, world: test(message, world) is not negative), rest


def _meaning(word: str) -> Test:
    operator, colon, value = word.partition(":")
    if not word or (colon and operator not in OPERATORS):
        raise _invalid("query", f"there is no operator in {word!r}")
    if colon:
        named, wanted = OPERATORS[operator], value.removeprefix("@").lower()
        return lambda message, world: wanted in named(message, world)
    if word[0] in "#@":
        return lambda message, world: word.casefold() in re.findall(r"[#@]\w+", _folded(message, world))
    phrase = re.findall(r"\w+", word.casefold())
    return lambda message, world: _holds(re.findall(r"\w+", _folded(message, world)), phrase)


def _folded(message: Message, world: World) -> str:
    return message.current(world.now).text.casefold()


def _holds(words: list[str], phrase: list[str]) -> bool:
    return any(words[place : place + len(phrase)] == phrase for place in range(len(words)))


def _to(message: Message, world: World) -> set[str]:
    above = world.message(message.parent) if message.parent else None
    return {above.author.native_id, above.author.username.lower()} if above else set()


OPERATORS: dict[str, Callable[[Message, World], set[str]]] = {
    "conversation_id": lambda message, world: {message.root},
    "from": lambda message, world: {message.author.native_id, message.author.username.lower()},
    "in_reply_to_tweet_id": lambda message, world: {message.parent},
    "to": _to,
}


# --- small things


def as_sent(prefix: str, text: str) -> tuple[str, list[dict[str, Any]]]:
    """A text as X sends it: its links shortened, &, < and > escaped; and the entities that say what the links are."""
    sent, links = prefix, []
    for part in re.split(r"(https?://\S*[^\s.,;:!?)\]'\"])", text):
        if re.match(r"https?://", part):
            short = f"https://t.co/{hashlib.sha256(part.encode()).hexdigest()[:10]}"
            links.append({"start": len(sent), "end": len(sent) + len(short), "url": short, "expanded_url": part})
            sent += short
        else:
            sent += part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return sent, links


def _entities(entities: Mapping[str, list[dict[str, Any]]], end: int) -> dict[str, Any]:
    """Those that lie before `end`; X sends no empty list of them."""
    there = {name: [each for each in found if each["end"] <= end] for name, found in entities.items()}
    return {"entities": kept} if (kept := {name: found for name, found in there.items() if found}) else {}


def _user(person: Person) -> dict[str, str]:
    return {"id": person.native_id, "name": person.name, "username": person.username}


def _address(one: Seen) -> str:
    return f"https://x.com/{one.message.author.username}/status/{one.version.native_id}"


def _place(message: Message) -> tuple[str, str]:
    """The conversation of a direct message, and its own number there."""
    conversation, _, number = message.native_id.partition("/")
    return conversation, number


def _size(ask: Ask, *, smallest: int, usual: int) -> int:
    wanted = ask.query.get("max_results", str(usual))
    size = int(wanted) if wanted.isdecimal() else 0
    if not smallest <= size <= 100:
        raise _invalid("max_results", f"must be between {smallest} and 100")
    return size


def time_of(native_id: str) -> int:
    """Milliseconds since 1970 in which this id was made."""
    return (int(native_id) >> 22) + X_EPOCH_MS


def _within(version: Version, query: Mapping[str, str]) -> bool:
    number = int(version.native_id)
    return (
        number > int(query.get("since_id") or -1)
        and ("until_id" not in query or number < int(query["until_id"]))
        and ("start_time" not in query or version.at >= datetime.fromisoformat(query["start_time"]))
        and ("end_time" not in query or version.at < datetime.fromisoformat(query["end_time"]))
    )


def _asked_fields(query: Mapping[str, str]) -> set[str]:
    return {_old(name) for name in _list(query, "tweet.fields") + _list(query, "post.fields")}


def _old(name: str) -> str:
    head, dot, tail = name.partition(".")
    return OLD_NAMES.get(head, head) + dot + tail


def _list(query: Mapping[str, str], name: str) -> list[str]:
    return [word for word in query.get(name, "").split(",") if word]


def _mark(number: int) -> str:
    return f"7140dibdnow{number:016x}"


def _read_mark(mark: str) -> int:
    match = re.fullmatch(r"7140dibdnow([0-9a-f]{16})", mark)
    if match is None:
        raise _invalid("pagination_token", "is not one of ours")
    return int(match[1], 16)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _invalid(parameter: str, detail: str) -> XRefusal:
    return XRefusal(400, "invalid-request", "Invalid Request", f"{parameter} {detail}")


def _forbidden(detail: str) -> XRefusal:
    return XRefusal(403, "about:blank", "Forbidden", detail)


# --- what goes wrong, in X's words


def _problem(status: int, kind: str, title: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    uri = kind if kind == "about:blank" else f"{PROBLEMS['tweets']}/{kind}"
    return Answer(status, {"title": title, "type": uri, "status": status, "detail": title, **more}, headers or {})


def _reset(fault: Fault, now: datetime) -> dict[str, str]:
    return {
        "x-rate-limit-limit": "300",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int((now + timedelta(seconds=fault.seconds)).timestamp())),
    }


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself."""
    if "meta" not in answer.payload:
        return answer
    meta = answer.payload["meta"]
    mark = ask.query.get("pagination_token") or ask.query.get("next_token") or meta.get("next_token")
    return replace(answer, payload={**answer.payload, "meta": {**meta, "next_token": mark or f"7140dibdnow{'f' * 16}"}})


def _empty(answer: Answer, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, a step later."""
    payload = dict(answer.payload)
    if shown := payload.pop("data", None):
        payload["meta"] = {"result_count": 0, "next_token": _mark(int(shown[0]["id"]) + 1)}
    return replace(answer, payload=payload)


def _with_problems(answer: Answer, ask: Ask) -> Answer:
    """Data, and beside it a problem about a referenced tweet, as X answers when a parent is gone."""
    problem = {
        "type": f"{PROBLEMS['tweets']}/resource-not-found",
        "title": "Not Found Error",
        "detail": "Could not find tweet with referenced_tweets.id: [1].",
        "parameter": "referenced_tweets.id",
        "resource_id": "1",
        "resource_type": "tweet",
        "value": "1",
    }
    return replace(answer, payload={**answer.payload, "errors": [problem]})


def _problems_only(answer: Answer, ask: Ask) -> Answer:
    """A 200 that holds nothing but a problem."""
    problem = {"type": f"{PROBLEMS['tweets']}/internal-error", "title": "Internal Error", "detail": "-"}
    return replace(answer, payload={"errors": [problem]})


INSTEAD: Instead = {
    Kind.RATE_LIMITED: lambda f, now: _problem(429, "about:blank", "Too Many Requests", _reset(f, now)),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: _problem(429, "about:blank", "Too Many Requests"),
    Kind.USAGE_CAPPED: lambda f, now: _problem(
        429, "usage-capped", "UsageCapExceeded", _reset(f, now), period="Monthly", scope="Product"
    ),
    Kind.EXPIRED: lambda f, now: _problem(401, "about:blank", "Unauthorized"),
    Kind.FORBIDDEN: lambda f, now: _problem(403, "client-forbidden", "Client Forbidden"),
    Kind.REFUSED: lambda f, now: _problem(403, "about:blank", "Forbidden"),
    Kind.GONE: lambda f, now: _problem(404, "resource-not-found", "Not Found Error"),
    Kind.SERVER_ERROR: lambda f, now: _problem(503, "about:blank", "Service Unavailable"),
}
SPOIL: Spoil = {
    Kind.PARTIAL_ERRORS: _with_problems,
    Kind.ERRORS_ONLY: _problems_only,
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: each_item("data", without("author_id")),
    Kind.BROKEN_ITEM: each_item("data", without("created_at"), only_first=True),
}
