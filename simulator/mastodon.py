"""A Mastodon server as it answers: HTML, numbers that tell the time, and pages that are named in a header.

Our account lives here and everybody else on another server, so their names have two parts.  A direct
message is a post that only those see whom it names.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from simulator.exchange import Answer, Ask, Written
from simulator.faults import Fault, Instead, Kind, Spoil
from simulator.world import Account, Message, Person, World, milliseconds
from vocabulary import Platform

HOME, ELSEWHERE = "dyffryn.example", "toot.example"
VERSION: Final = "4.5.0"
REQUESTS_IN_A_WINDOW: Final = 300
WINDOW: Final = timedelta(minutes=5)
POSTS_IN_A_WINDOW: Final = 300
KEYS_KEPT: Final = timedelta(hours=1)
LONGEST_STATUS: Final = 500
LINK_WEIGHT: Final = 23
STATUSES_AT_ONCE: Final = 20
ADDRESS: Final = re.compile(r"https?://\S*[^\s.,;:!?)\]'\"]")
HANDLES: Final = re.compile(r"^(?:@[\w.-]+(?:@[\w.-]+)?\s+)+")
ENTITY: Final = re.compile(
    r"(?P<link>https?://\S*[^\s.,;:!?)\]'\"])|(?<![\w/@])@(?P<name>\w+)(?:@(?P<at>[\w.-]+\w))?|(?<![\w/&])#(?P<tag>\w+)"
)


class MastodonRefusal(Exception):
    """An error to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class Sent:
    """What was posted under a key, and until when asking again is answered with the same."""

    native_id: str
    until: datetime


class Mastodon:
    """The platform: `answer` is all that the server asks of it."""

    platform = Platform.MASTODON

    @property
    def instead(self) -> Instead:
        return INSTEAD

    @property
    def spoil(self) -> Spoil:
        return SPOIL

    def __init__(self, world: World) -> None:
        self.world = world
        self._spent: dict[tuple[str, int], int] = {}
        self._keys: dict[tuple[str, str], Sent] = {}
        self._typed: dict[str, str] = {}
        self._routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", r"/api/v1/notifications", self._notifications),
            ("GET", r"/api/v1/statuses", self._several),
            ("GET", r"/api/v1/statuses/(\w+)", self._one),
            ("GET", r"/api/v1/statuses/(\w+)/context", self._context),
            ("GET", r"/api/v1/statuses/(\w+)/history", self._history),
            ("POST", r"/api/v1/statuses", self._publish),
            ("DELETE", r"/api/v1/statuses/(\w+)", self._delete),
            ("GET", r"/api/v1/accounts/verify_credentials", self._me),
            ("GET", r"/api/v1/accounts/(\w+)/statuses", self._of_account),
            ("GET", r"/api/v1/timelines/tag/([^/]+)", self._tagged),
            ("GET", r"/api/v2/search", self._search),
        )

    def answer(self, ask: Ask) -> Answer:
        if ask.path.rstrip("/") in ("/api/v1/instance", "/api/v2/instance"):
            return Answer(200, _instance(ask.path))
        us = self.world.holder_of(Platform.MASTODON, ask.token)
        if us is None:
            return error(401, "The access token is invalid")
        for method, pattern, answer in self._routes:
            match = re.fullmatch(pattern, ask.path)
            if match and method == ask.method:
                try:
                    with self.world.lock:
                        made = answer(us, ask, *match.groups())
                except MastodonRefusal as refusal:
                    made = error(refusal.status, refusal.message)
                return replace(made, headers={**self._rate_headers(us), **made.headers})
        return error(404, "The page you are looking for isn't here.")

    # --- reading

    def _notifications(self, us: Account, ask: Ask) -> Answer:
        types = _list(ask, "types[]") or ["mention", "quote"]
        found = [
            (_notice_id(message), kind, message)
            for message in self._listed(us)
            if message.author.native_id != us.native_id
            and (kind := self._kind(us, message)) in types
            and (not message.private or _is(ask, "include_filtered"))
        ]

        def shape(entry: tuple[str, str, Message]) -> dict[str, Any]:
            number, kind, message = entry
            return {
                "id": number,
                "type": kind,
                "created_at": _iso(message.listed_at or message.at),
                "group_key": f"ungrouped-{number}",
                "account": _account(message.author, us),
                "status": self._status(us, message),
            }

        return _page(ask, found, lambda entry: entry[0], shape, usual=40, most=80)

    def _kind(self, us: Account, message: Message) -> str:
        """Why we are told of it; a reply that does not name us is not told."""
        quoted = self.world.message(message.quotes) if message.quotes else None
        if quoted and quoted.author.native_id == us.native_id:
            return "quote"
        return "mention" if us.native_id in [each["id"] for each in self._mentions(us, message)] else ""

    def _several(self, us: Account, ask: Ask) -> Answer:
        ids = _list(ask, "id[]")
        if len(ids) > STATUSES_AT_ONCE:
            raise MastodonRefusal(422, "Validation failed: too many ids")
        found = [message for message in map(self.world.message, ids) if message and self._there(us, message)]
        return Answer(200, [self._status(us, message) for message in found])

    def _one(self, us: Account, ask: Ask, native_id: str) -> Answer:
        return Answer(200, self._status(us, self._found(us, native_id)))

    def _context(self, us: Account, ask: Ask, native_id: str) -> Answer:
        message = self._found(us, native_id)
        ancestors: list[Message] = []
        above = self._above(us, message)
        while above is not None:
            ancestors.insert(0, above)
            above = self._above(us, above)
        listed = sorted(self._listed(us), key=_number_of)
        below, waiting = list[Message](), [message.native_id]
        while waiting:
            parent = waiting.pop(0)
            replies = [each for each in listed if each.parent == parent]
            below += replies
            waiting += [reply.native_id for reply in replies]
        shape = {"ancestors": ancestors, "descendants": below}
        return Answer(200, {name: [self._status(us, each) for each in found] for name, found in shape.items()})

    def _history(self, us: Account, ask: Ask, native_id: str) -> Answer:
        message = self._found(us, native_id)
        versions = [
            {
                "content": to_html(self._prefix(us, message) + version.text),
                "spoiler_text": "",
                "sensitive": False,
                "created_at": _iso(version.at),
                "account": _account(message.author, us),
                "media_attachments": [],
                "emojis": [],
            }
            for version in message.history(self.world.now)
        ]
        return Answer(200, versions)

    def _of_account(self, us: Account, ask: Ask, native_id: str) -> Answer:
        found = [
            message
            for message in self._listed(us)
            if message.author.native_id == native_id
            and not (self._answers_somebody(message) and _is(ask, "exclude_replies"))
            and not (message.private and _is(ask, "exclude_direct"))
        ]
        return self._timeline(us, ask, found, always_goes_on=False)

    def _answers_somebody(self, message: Message) -> bool:
        """Whoever goes on below a post of their own answers nobody."""
        above = self.world.message(message.parent) if message.parent else None
        return above is not None and above.author.native_id != message.author.native_id

    def _tagged(self, us: Account, ask: Ask, tag: str) -> Answer:
        wanted = f"#{unquote(tag)}".casefold()
        found = [m for m in self._public(us) if wanted in re.findall(r"#\w+", self._words(m).casefold())]
        return self._timeline(us, ask, found)

    def _search(self, us: Account, ask: Ask) -> Answer:
        """Counted pages, without a header that names them.  The order is that of time, newest first."""
        words = re.findall(r"\w+", ask.query.get("q", "").casefold())
        if not words:
            raise MastodonRefusal(422, "Validation failed: q can't be blank")
        earliest = int(ask.query.get("min_id") or 0)
        found = [
            message
            for message in self._public(us)
            if int(message.native_id) > earliest
            and set(words) <= set(re.findall(r"\w+", self._words(message).casefold()))
        ]
        found.sort(key=_number_of, reverse=True)
        start, size = _number(ask, "offset", usual=0, most=10**6), _number(ask, "limit", usual=20, most=40)
        shown = [self._status(us, message) for message in found[start : start + size]]
        return Answer(200, {"accounts": [], "statuses": shown, "hashtags": []})

    def _me(self, us: Account, ask: Ask) -> Answer:
        return Answer(200, _account(Person(us.native_id, us.name, us.username), us))

    def _timeline(self, us: Account, ask: Ask, found: list[Message], *, always_goes_on: bool = True) -> Answer:
        def shape(message: Message) -> dict[str, Any]:
            return self._status(us, message)

        return _page(ask, found, lambda m: m.native_id, shape, usual=20, most=40, always_goes_on=always_goes_on)

    # --- acting

    def _publish(self, us: Account, ask: Ask) -> Answer:
        key = us.slug, ask.headers.get("idempotency-key", "")
        sent = self._keys.get(key)
        if key[1] and sent and self.world.now < sent.until and (there := self.world.message(sent.native_id)):
            return Answer(200, self._status(us, there))
        text, target = str(ask.form.get("status", "")), str(ask.form.get("in_reply_to_id", ""))
        if not text.strip():
            raise MastodonRefusal(422, "Validation failed: Text can't be blank")
        if weight(text) > LONGEST_STATUS:
            raise MastodonRefusal(422, f"Validation failed: Text character limit of {LONGEST_STATUS} exceeded")
        above = self.world.message(target) if target else None
        if target and (above is None or not self._there(us, above)):
            raise MastodonRefusal(404, "The post you are trying to reply to does not appear to exist.")
        words = HANDLES.sub("", text) if above else text
        message = self.world.write(us.slug, words, above=above)
        message.private = ask.form.get("visibility") == "direct"
        self._typed[message.native_id] = text
        if key[1]:
            self._keys[key] = Sent(message.native_id, self.world.now + KEYS_KEPT)
        written = Written(us.slug, message.native_id, above.native_id, words) if above else None
        return Answer(200, self._status(us, message), written=written)

    def _delete(self, us: Account, ask: Ask, native_id: str) -> Answer:
        message = self._found(us, native_id)
        if message.author.native_id != us.native_id:
            raise MastodonRefusal(404, "Record not found")
        shown = self._status(us, message)
        self.world.erase(message)
        return Answer(200, shown)

    # --- shapes

    def _there(self, us: Account, message: Message) -> bool:
        away = message.author.native_id in self.world.blockers | self.world.suspended
        return message.account == us.slug and not away and message.exists(self.world.now)

    def _found(self, us: Account, native_id: str) -> Message:
        message = self.world.message(native_id)
        if message is None or not self._there(us, message):
            raise MastodonRefusal(404, "Record not found")
        return message

    def _above(self, us: Account, message: Message) -> Message | None:
        above = self.world.message(message.parent) if message.parent else None
        return above if above and self._there(us, above) else None

    def _listed(self, us: Account) -> list[Message]:
        now = self.world.now
        return [each for each in self.world.messages(us.slug) if each.listed(now) and self._there(us, each)]

    def _public(self, us: Account) -> list[Message]:
        return [message for message in self._listed(us) if not message.private]

    def _words(self, message: Message) -> str:
        return message.current(self.world.now).text

    def _prefix(self, us: Account, message: Message) -> str:
        """The handles that stand before what somebody typed, as their client put them there."""
        typed = self._typed.get(message.native_id)
        if typed is not None:
            handles = HANDLES.match(typed)
            return handles[0] if handles and message.parent else ""
        above = self._above(us, message)
        answered = [above.author] if above and above.author.native_id != message.author.native_id else []
        ours = Person(us.native_id, us.name, us.username)
        named = [ours] if message.mentions_us or message.private else []
        people = {each.native_id: each for each in (*answered, *named) if each.native_id != message.author.native_id}
        if above is None and not message.mentions_us and not message.private:
            return ""
        if not message.mentions_us and not message.private:
            people.pop(us.native_id, None)  # they took our name away
        return "".join(f"@{_acct(each, us)} " for each in people.values())

    def _mentions(self, us: Account, message: Message) -> list[dict[str, str]]:
        known = {_acct(each.author, us).casefold(): each.author for each in self.world.messages(us.slug)}
        known[us.username.casefold()] = Person(us.native_id, us.name, us.username)
        text = self._prefix(us, message) + self._words(message)
        named = ["@".join(filter(None, (each["name"], each["at"]))) for each in ENTITY.finditer(text) if each["name"]]
        people = [known[name.casefold()] for name in dict.fromkeys(named) if name.casefold() in known]
        return [
            {"id": p.native_id, "username": p.username, "acct": _acct(p, us), "url": _profile_url(p, us)}
            for p in people
        ]

    def _status(self, us: Account, message: Message) -> dict[str, Any]:
        now, above = self.world.now, self._above(us, message)
        quoted = self.world.message(message.quotes) if message.quotes else None
        words, url = self._words(message), f"{_profile_url(message.author, us)}/{message.native_id}"
        replies = [m for m in self._public(us) if m.parent == message.native_id]
        return {
            "id": message.native_id,
            "created_at": _iso(message.at),
            "in_reply_to_id": above.native_id if above else None,
            "in_reply_to_account_id": above.author.native_id if above else None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "direct" if message.private else "public",
            "language": None,
            "uri": url,
            "url": url,
            "replies_count": len(replies),
            "reblogs_count": 0,
            "favourites_count": 0,
            "quotes_count": 0,
            "edited_at": _iso(message.current(now).at) if message.edited(now) else None,
            "favourited": False,
            "reblogged": False,
            "muted": False,
            "bookmarked": False,
            "content": to_html(self._prefix(us, message) + words),
            "filtered": [],
            "reblog": None,
            "account": _account(message.author, us),
            "media_attachments": [],
            "mentions": self._mentions(us, message),
            "tags": [{"name": tag, "url": f"https://{HOME}/tags/{tag}"} for tag in re.findall(r"#(\w+)", words)],
            "emojis": [],
            "card": None,
            "poll": None,
            "quote": {"state": "accepted", "quoted_status": self._status(us, quoted)} if quoted else None,
        }

    def _rate_headers(self, us: Account) -> dict[str, str]:
        length = WINDOW.total_seconds()
        window = int(self.world.now.timestamp() // length)
        spent = self._spent[us.slug, window] = self._spent.get((us.slug, window), 0) + 1
        reset = datetime.fromtimestamp((window + 1) * length, self.world.now.tzinfo)
        return _rates(REQUESTS_IN_A_WINDOW, max(0, REQUESTS_IN_A_WINDOW - spent), reset)


# --- words


def weight(text: str) -> int:
    """What counts towards the limit, in code points here: a link is 23, and of a name the first part."""
    without_links = ADDRESS.sub("x" * LINK_WEIGHT, text)
    return len(re.sub(r"(@\w+)@[\w.-]+\w", r"\1", without_links))


def to_html(text: str) -> str:
    """As Mastodon makes HTML of what was typed: three empty lines are one, and a long link is not all shown."""
    paragraphs = re.split(r"\n\n+", text)
    return "".join(f"<p>{_line(each)}</p>" for each in paragraphs)


def _line(text: str) -> str:
    made, place = "", 0
    for found in ENTITY.finditer(text):
        made += html.escape(text[place : found.start()], quote=False)
        made += _anchor(found)
        place = found.end()
    return (made + html.escape(text[place:], quote=False)).replace("\n", "<br />")


def _anchor(found: re.Match[str]) -> str:
    if link := found["link"]:
        scheme, rest = re.split(r"(?<=://)", link, maxsplit=1)
        prefix = scheme + ("www." if rest.startswith("www.") else "")
        shown, tail = link[len(prefix) :][:30], link[len(prefix) :][30:]
        parts = (("invisible", prefix), ("ellipsis" if tail else "", shown), ("invisible", tail))
        spans = "".join(f'<span class="{kind}">{html.escape(part)}</span>' for kind, part in parts)
        return f'<a href="{html.escape(link)}" target="_blank" rel="nofollow noopener" translate="no">{spans}</a>'
    if tag := found["tag"]:
        return f'<a href="https://{HOME}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    name, server = found["name"], found["at"] or HOME
    return (
        f'<span class="h-card" translate="no"><a href="https://{server}/@{name}" class="u-url mention">'
        f"@<span>{name}</span></a></span>"
    )


# --- small things


def _account(person: Person, us: Account) -> dict[str, Any]:
    return {
        "id": person.native_id,
        "username": person.username,
        "acct": _acct(person, us),
        "display_name": person.name,
        "locked": False,
        "bot": False,
        "group": False,
        "created_at": "2022-11-16T00:00:00.000Z",
        "note": "",
        "url": _profile_url(person, us),
        "uri": _profile_url(person, us),
        "avatar": "",
        "avatar_static": "",
        "header": "",
        "header_static": "",
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": 0,
        "last_status_at": None,
        "emojis": [],
        "fields": [],
    }


def _acct(person: Person, us: Account) -> str:
    return person.username if person.native_id == us.native_id else f"{person.username}@{ELSEWHERE}"


def _profile_url(person: Person, us: Account) -> str:
    return f"https://{HOME if person.native_id == us.native_id else ELSEWHERE}/@{person.username}"


def _notice_id(message: Message) -> str:
    """A number of its own, given when the server heard of it."""
    return f"{milliseconds(message.listed_at or message.at)}{int(message.native_id) & 0xFFFF:05d}"


def _number_of(message: Message) -> int:
    return int(message.native_id)


def _page(
    ask: Ask,
    found: Sequence[Any],
    number: Callable[[Any], str],
    shape: Callable[[Any], dict[str, Any]],
    *,
    usual: int,
    most: int,
    always_goes_on: bool = True,
) -> Answer:
    """Newest first; with `min_id`, those next above it.  Where to go on stands in the header.

    Most lists name a next page behind any that is not empty, the posts of one account only behind a full one.
    """
    size, lowest = _number(ask, "limit", usual=usual, most=most), _id(ask, "min_id")
    floor, ceiling = max(lowest or 0, _id(ask, "since_id") or 0), _id(ask, "max_id")
    inside = [each for each in found if int(number(each)) > floor and (ceiling is None or int(number(each)) < ceiling)]
    inside.sort(key=lambda each: int(number(each)), reverse=lowest is None)
    shown = inside[:size] if lowest is None else inside[:size][::-1]
    links = []
    if shown:
        if always_goes_on or len(shown) == size:
            links.append(f'<https://{HOME}{ask.path}?limit={size}&max_id={number(shown[-1])}>; rel="next"')
        links.append(f'<https://{HOME}{ask.path}?limit={size}&min_id={number(shown[0])}>; rel="prev"')
    return Answer(200, [shape(each) for each in shown], {"Link": ", ".join(links)} if links else {})


def _id(ask: Ask, name: str) -> int | None:
    said = ask.query.get(name, "")
    return int(said) if said.isdecimal() else None


def _number(ask: Ask, name: str, *, usual: int, most: int) -> int:
    said = ask.query.get(name, "")
    return min(int(said), most) if said.isdecimal() and (int(said) or name == "offset") else usual


def _list(ask: Ask, name: str) -> list[str]:
    return [value for key, value in ask.pairs or ask.query.items() if key == name]


def _is(ask: Ask, name: str) -> bool:
    return ask.query.get(name, "").lower() in ("1", "true")


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _instance(path: str) -> dict[str, Any]:
    known = {"public": "public", "authenticated": "authenticated"}
    access = {"local": known["public"], "remote": known["authenticated"]}
    feeds = dict.fromkeys(("live_feeds", "hashtag_feeds", "trending_link_feeds"), access)
    whole: dict[str, Any] = {"version": VERSION, "title": "Dyffryn", "api_versions": {"mastodon": 7}}
    if "v1" in path:
        return {**whole, "uri": HOME, "urls": {"streaming_api": f"wss://{HOME}"}}
    limits = {"max_characters": LONGEST_STATUS, "characters_reserved_per_url": LINK_WEIGHT}
    return {**whole, "domain": HOME, "configuration": {"statuses": limits, "timelines_access": feeds}}


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The envelope of every error."""
    return Answer(status, {"error": message}, headers or {})


def _rates(limit: int, left: int, reset: datetime) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


# --- what goes wrong, in Mastodon's words


def _limited(limit: int, fault: Fault, now: datetime) -> Answer:
    return error(429, "Too many requests", _rates(limit, 0, now + timedelta(seconds=fault.seconds)))


def _with_links(answer: Answer, ask: Ask, *, prev: str, following: str) -> Answer:
    where = f"https://{HOME}{ask.path}"
    link = f'<{where}?max_id={following}>; rel="next", <{where}?min_id={prev}>; rel="prev"'
    return replace(answer, headers={**answer.headers, "Link": link})


def _loop(answer: Answer, ask: Ask) -> Answer:
    """The page leads to itself, in either direction."""
    return _with_links(answer, ask, prev=ask.query.get("min_id", "1"), following=ask.query.get("max_id", "1"))


def _empty(answer: Answer, ask: Ask) -> Answer:
    """Nothing on this page, and yet there is a next one: the same items, under another name for the same place."""
    if not isinstance(answer.payload, list):
        return answer
    prev, following = (ask.query.get(name, other) for name, other in (("min_id", "0"), ("max_id", "9" * 18)))
    return replace(_with_links(answer, ask, prev=f"0{prev}", following=f"0{following}"), payload=[])


def _short(answer: Answer, ask: Ask) -> Answer:
    """Fewer than there are and than were asked for, and the rest on the next page."""
    half = answer.payload[len(answer.payload) // 2 :] if isinstance(answer.payload, list) else []
    if not half or "min_id" not in ask.query:
        return answer
    return replace(_with_links(answer, ask, prev=half[0]["id"], following=half[-1]["id"]), payload=half)


def _each(name: str, *, only_first: bool = False) -> Callable[[Answer, Ask], Answer]:
    """Takes a property from the posts of an answer, however deep they stand in it, and from what tells of them."""

    def spoil(answer: Answer, ask: Ask) -> Answer:
        left = 1 if only_first else 10_000

        def changed(value: Any) -> Any:
            nonlocal left
            if isinstance(value, list):
                return [changed(each) for each in value]
            if not isinstance(value, dict):
                return value
            spoilt = left and name in value and ("content" in value or (name == "account" and "status" in value))
            left -= bool(spoilt)
            return {key: changed(inner) for key, inner in value.items() if not (spoilt and key == name)}

        return replace(answer, payload=changed(answer.payload))

    return spoil


INSTEAD: Instead = {
    Kind.RATE_LIMITED: lambda f, now: _limited(REQUESTS_IN_A_WINDOW, f, now),
    Kind.RATE_LIMITED_WITHOUT_RESET: lambda f, now: error(429, "Too many requests"),
    Kind.USAGE_CAPPED: lambda f, now: _limited(POSTS_IN_A_WINDOW, replace(f, seconds=3 * 3600), now),
    Kind.EXPIRED: lambda f, now: error(401, "The access token is invalid"),
    Kind.FORBIDDEN: lambda f, now: error(403, "This action is outside the authorized scopes"),
    Kind.REFUSED: lambda f, now: error(422, "Validation failed: Text can't be blank"),
    Kind.GONE: lambda f, now: error(404, "Record not found"),
    Kind.SERVER_ERROR: lambda f, now: error(500, "We're sorry, but something went wrong on our end."),
}
SPOIL: Spoil = {
    Kind.ERRORS_ONLY: lambda answer, ask: replace(answer, payload={"error": "Something went wrong"}),
    Kind.PARTIAL_ERRORS: _short,
    Kind.NEXT_LOOP: _loop,
    Kind.EMPTY_PAGE_WITH_NEXT: _empty,
    Kind.MISSING_FROM: _each("account"),
    Kind.BROKEN_ITEM: _each("created_at", only_first=True),
}
