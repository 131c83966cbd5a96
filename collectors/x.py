"""X, through tweepy: mentions of us, the conversations under our posts, and what we said ourselves.

What this project knows of X is in this file and stops here.  Two surprises.  An edit has a new id,
so a comment is known by the first id of its history.  And ids tell the time, so the watermark is an
id, and the overlap asked for again is counted in minutes.

Three streams, because no single one is whole.  *mentions* misses who removed our name from a reply;
*conversations* searches under our latest posts for those, and reaches back seven days only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from collectors.asking import keys_in, read, retry_at, write
from collectors.base import (
    CLOCKS_DISAGREE,
    Access,
    Action,
    AuthExpired,
    Budget,
    Capabilities,
    CollectorError,
    Cursor,
    Gone,
    Malformed,
    Page,
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Receipt,
    Refused,
    Standing,
    Transient,
    Trouble,
    Unconfirmed,
    Usage,
)
from collectors.items import Sifted, Unreadable, as_bytes, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST = "https://api.twitter.com"  # tweepy's own; X answers there as at api.x.com
FIELDS = [
    "author_id", "conversation_id", "created_at", "display_text_range", "edit_history_tweet_ids",
    "entities", "in_reply_to_user_id", "note_tweet", "referenced_tweets",
]  # fmt: skip
EXPANSIONS = ["author_id", "referenced_tweets.id"]
PAGE_SIZE = 100
ASKING = {"tweet_fields": FIELDS, "expansions": EXPANSIONS, "user_fields": ["name", "username"]}

# The specification of August 2026 renames these; an account may be answered in either vocabulary.
HISTORY = ("edit_history_tweet_ids", "edit_history_post_ids")
NOTE = ("note_tweet", "note_post")
REFERENCES = ("referenced_tweets", "referenced_posts")
INCLUDED = ("tweets", "posts")

ID = re.compile(r"[0-9]{1,19}")
COUNT = re.compile(r"[0-9]{1,10}")
EPOCH_MS = 1_288_834_974_657  # the upper 42 bits of an id are milliseconds since then
OVERLAP = timedelta(
    hours=1
)  # mentions are indexed late (valory-xyz/IEKit#307); reading one twice in a day is not billed
SEARCH_REACHES_BACK = timedelta(days=7) - timedelta(hours=6)  # a run may take a while; keep clear of the edge
LIMIT_WINDOW = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)  # whatever a header says; asking once a day does no harm
CONVERSATIONS_WATCHED = 60
CONVERSATIONS_IN_A_QUERY = 12  # X takes 512 characters
READ_BACK_PAGES = 10
ACTIONS = frozenset({Action.REPLY, Action.HIDE, Action.UNHIDE})
RECHECKED_AT_ONCE = 100

# Status, or the last word of a problem's type -> what it means to us, in our words.
MEANING: dict[int | str, tuple[type[CollectorError], str]] = {
    400: (Refused, "X does not understand the request"),
    401: (AuthExpired, "X no longer accepts the token; connect the account again"),
    402: (PermissionLost, "the X account has no credit left; top it up"),
    403: (PermissionLost, "X does not allow this token to do that; check the app's permissions"),
    404: (Gone, "X says that it is not there"),
    "client-forbidden": (PermissionLost, "X does not allow this app to use its API; check its access level"),
    "disallowed-resource": (PermissionLost, "X withholds this from us"),
    "not-authorized-for-field": (PermissionLost, "X does not allow this token to read that field"),
    "not-authorized-for-resource": (PermissionLost, "X does not allow this token to read that"),
    "oauth1-permissions": (PermissionLost, "the X app may only read; give it permission to write"),
    "resource-not-found": (Gone, "X says that it is not there"),
    "unsupported-authentication": (PermissionLost, "X wants another kind of token for this"),
}
NOT_SUMMONED = (
    "X will not publish this reply through its API (it answers only those who mention or quote us); "
    "reply on X itself and record it here"
)
NOT_HIDEABLE = "X hides only replies in conversations that we began"

# What X counts (twitter-text, configuration 3): these ranges weigh one, everything else two, a link 23.
LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
LINK_WEIGHT = 23
# X knows every top-level domain; whatever looks like a name with a dot counts as a link here, which errs towards long.
LINK = re.compile(
    r"""https?://\S*[^\s.,;:!?)\]'"]|(?<![@\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}\b(?:/\S*[^\s.,;:!?)\]'"])?""", re.IGNORECASE
)
EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    "|[\u231a-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\u00a9\u00ae\U0001f000-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]*[\U000e0020-\U000e007f]*"
    "(?:\u200d[\u2190-\u2bff\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)


# X escapes these three and no others (tweepy#93), and puts a short address in the place of every link.
ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
ESCAPED = re.compile("|".join(ESCAPES))
SHORTENED = re.compile(r"https://t\.co/\w+")

# Leg, since id and page token -> the call that asks X for that page.
Ask = Callable[[str, str | None, str | None], object]


@dataclass(frozen=True, slots=True)
class XAccount:
    """One account of ours on X.  `user_id` is its numeric id; `signed` means OAuth 1.0a."""

    account: str
    user_id: str
    client: Any = field(repr=False)
    line: Line = field(repr=False)
    signed: bool = False
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.X

    # --- reading

    def streams(self) -> Sequence[str]:
        return ("mentions", "conversations", "own")

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages newest first; so it is the first page that says how far the run will have come.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"X has no stream {stream!r}; it has {', '.join(self.streams())}")
        read = {"mentions": self._mentions, "conversations": self._conversations, "own": self._own}[stream]
        yield from read(cursor, budget)

    def _mentions(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        def ask(leg: str, since: str | None, token: str | None) -> object:
            return self.client.get_users_mentions(
                self.user_id, since_id=since, pagination_token=token, **self._asking()
            )

        run = _unpacked(cursor) or Run()
        return self._pages(ask, cursor, run, _less_overlap(cursor), budget)

    def _own(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        run = _unpacked(cursor) or Run()
        return self._pages(self._ask_timeline, cursor, run, _less_overlap(cursor), budget, all_ours=True)

    def _asking(self) -> dict[str, Any]:
        return {**ASKING, "max_results": self.page_size, "user_auth": self.signed}

    def _ask_timeline(self, leg: str, since: str | None, token: str | None, **more: Any) -> object:
        return self.client.get_users_tweets(
            self.user_id,
            since_id=since,
            pagination_token=token,
            exclude=["retweets"],
            **self._asking(),
            **more,
        )

    def _conversations(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Replies addressed to us, then everything under our latest posts, a dozen conversations to a search.

        X lists our posts first, which also tells its time: searches are made at different moments,
        so the watermark is the moment before the first of them, not the newest reply seen.
        """

        def ask(leg: str, since: str | None, token: str | None) -> object:
            return self.client.search_recent_tweets(
                leg, since_id=since, next_token=token, sort_order="recency", **self._asking()
            )

        run, spent = _unpacked(cursor), NOTHING_SPENT
        if run is None or not run.mark:
            listing, spent = self._listing(
                lambda: self.client.get_users_tweets(self.user_id, exclude=["replies", "retweets"], **self._asking())
            )
            run = Run(id_at(listing.at), tuple(_searches(self.user_id, _conversations(listing.items))))
        since = _less_overlap(cursor)
        if since and time_of(since) < time_of(run.mark) - SEARCH_REACHES_BACK:
            since = None  # a search refuses an older id; without one it goes back as far as it can
        yield from self._pages(ask, cursor, run, since, budget, spent=spent)

    def _pages(
        self,
        ask: Ask,
        cursor: Cursor,
        run: Run,
        since: str | None,
        budget: Budget,
        *,
        spent: Usage = NOTHING_SPENT,
        all_ours: bool = False,
    ) -> Iterator[Page]:
        """Page through every leg of a run, from where it stands."""

        def leaf(leg: str, token: str) -> Leaf:
            listing, usage = self._listing(partial(ask, leg, since, token or None))
            sifted = self._sifted(listing, all_ours=all_ours)
            sifted.troubles += listing.troubles
            return Leaf(sifted, listing.next, listing.newest, usage)

        return pages(self.account, cursor, run, budget, leaf, newer=_newer, spent=spent)

    def _sifted(self, listing: Listing, *, all_ours: bool = False) -> Sifted:
        return sift(listing.items, lambda item, raw: self._told_apart(item, raw, listing, all_ours=all_ours))

    def _told_apart(
        self, item: Mapping[str, Any], raw: bytes, listing: Listing, *, all_ours: bool
    ) -> Comment | Post | OwnReply | None:
        history = _history(item)
        if said(item, "id") != history[-1]:
            return None  # an older version: the newest one is, or has been, on a page of its own
        references = dict(_references(item))
        if "retweeted" in references:
            return None  # somebody passing on our own words
        first, edited = history[0], len(history) > 1
        author = listing.author_of(item)
        text, thread = _text(item), perhaps(item, "conversation_id")
        parent = listing.first_id(references.get("replied_to", ""))
        url, posted_at = f"https://x.com/i/status/{first}", time_of(first) if edited else moment(item, "created_at")
        if not all_ours and (author is None or author.native_id != self.user_id):
            return Comment(
                account=self.account,
                native_id=first,
                text=text,
                posted_at=posted_at,
                author=author,
                thread=thread,
                in_reply_to=parent,
                url=url,
                edited_at=moment(item, "created_at") if edited else None,
                raw=raw,
            )
        if parent:
            return OwnReply(
                account=self.account,
                native_id=first,
                in_reply_to=parent,
                text=text,
                posted_at=posted_at,
                thread=thread,
                raw=raw,
            )
        return Post(account=self.account, native_id=first, text=text, posted_at=posted_at, url=url, raw=raw)

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        for start in range(0, len(native_ids), RECHECKED_AT_ONCE):
            batch = list(native_ids[start : start + RECHECKED_AT_ONCE])
            try:
                standing |= self._standing(batch)
            except (AuthExpired, RateLimited):
                raise
            except CollectorError:
                continue
        return standing

    def _standing(self, batch: list[str]) -> dict[str, Standing]:
        answer = self._read(
            lambda: self.client.get_tweets(batch, tweet_fields=["edit_history_tweet_ids"], user_auth=self.signed)
        )
        body, found = answer.json(), {}
        if not isinstance(body, dict):
            return {}
        for item in body.get("data") or []:
            if isinstance(item, dict) and item.get("id") in batch:
                history = _either(item, HISTORY) or [item["id"]]
                found[item["id"]] = Standing.EDITED if len(history) > 1 else Standing.PRESENT
        for problem in _problems(body):
            named = problem.get("resource_id") or problem.get("value")
            if named in batch:
                found[named] = MISSING.get(_kind(problem), Standing.UNKNOWN)
        return found

    # --- acting

    def capabilities(self) -> Capabilities:
        """A timeline may lag behind by minutes and X promises no bound, so absence proves nothing here."""
        return Capabilities(
            actions=ACTIONS, longest_reply=280, proves_absence=False, settles_after=timedelta(minutes=1)
        )

    def length_of(self, text: str) -> int:
        """X's weighted count: a letter of most alphabets is 1, anything else 2, an emoji 2, a link 23."""
        text = unicodedata.normalize("NFC", text)
        without_links, links = LINK.subn("", text)
        plain, emoji = EMOJI.subn("", without_links)
        weight = sum(1 if any(low <= ord(char) <= high for low, high in LIGHT) else 2 for char in plain)
        return weight + 2 * emoji + LINK_WEIGHT * links

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: X takes none.  The receipt's time is read from the new id, to the millisecond."""
        if self.length_of(text) > self.capabilities().longest_reply:
            raise Refused(self.account, "the reply is longer than X allows; it was not sent")
        answer = self._write(
            lambda: self.client.create_tweet(in_reply_to_tweet_id=native_id, text=text, user_auth=self.signed),
            refusal=NOT_SUMMONED,
        )
        body = answer.json()
        made = body.get("data") if isinstance(body, dict) else None
        published = made.get("id") if isinstance(made, dict) else None
        if not isinstance(published, str) or not ID.fullmatch(published):
            raise Unconfirmed(self.account, "X took the reply and did not say under which id it stands")
        return Receipt(published, time_of(published))

    def act(self, action: Action, native_id: str) -> None:
        if action not in (Action.HIDE, Action.UNHIDE):
            raise Refused(self.account, NOT_HIDEABLE)
        hidden = action is Action.HIDE
        change = self.client.hide_reply if hidden else self.client.unhide_reply
        try:
            answer = self._write(lambda: change(native_id, user_auth=self.signed), refusal=NOT_HIDEABLE)
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        body = answer.json()
        if not isinstance(body, dict) or body.get("data") != {"hidden": hidden}:
            raise Malformed(self.account, "X did not say whether the reply is hidden")

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        found: list[OwnReply] = []
        token = None
        for _ in range(READ_BACK_PAGES):
            listing, _usage = self._listing(
                partial(self._ask_timeline, "", None, token, start_time=since - CLOCKS_DISAGREE)
            )
            sifted = self._sifted(listing, all_ours=True)
            if sifted.troubles:
                raise Malformed(self.account, "one of our own posts on X cannot be read")
            found += [ours for ours in sifted.ours if ours.in_reply_to == native_id]
            token = listing.next or None
            if token is None:
                return found
        raise Transient(self.account, f"our own timeline has more than {READ_BACK_PAGES} pages since then")

    # --- asking X, and understanding what comes back

    def _listing(self, send: Callable[[], object]) -> tuple[Listing, Usage]:
        answer = self._read(send)
        body = answer.json()
        if not isinstance(body, dict):
            raise Malformed(self.account, "X answered with something that is not a JSON object")
        items, meta, includes = body.get("data", []), body.get("meta"), body.get("includes", {})
        if not isinstance(meta, dict):
            for problem in _problems(body):
                meaning, words = MEANING.get(_kind(problem), (Malformed, "X answered with problems and no page"))
                raise meaning(self.account, words)
            raise Malformed(self.account, "X answered without saying how the page ends")
        token, newest = meta.get("next_token", ""), meta.get("newest_id", "")
        if not isinstance(items, list) or not isinstance(includes, dict) or not isinstance(token, str):
            raise Malformed(self.account, "X answered with a page that is not a list")
        if not isinstance(newest, str) or not re.fullmatch(r"[0-9]{0,19}", newest):
            raise Malformed(self.account, "X answered with a page whose newest id is not one")
        if answer.at is None:
            raise Malformed(self.account, "X answered without its own time")
        listing = Listing(
            items=items,
            next=token,
            newest=newest,
            users=_by_id(includes.get("users")),
            tweets=_by_id([one for name in INCLUDED for one in includes.get(name) or []] + items),
            troubles=tuple(_troubles(body)),
            at=answer.at,
        )
        return listing, Usage(requests=1, items=len(items), remaining=_remaining(answer))

    def _read(self, send: Callable[[], object]) -> Answer:
        answer = read(self.line, self.account, send)
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "X asks us to wait", until=until)
        if answer.status != 200:
            raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)
        return answer

    def _write(self, send: Callable[[], object], *, refusal: str) -> Answer:
        answer = write(self.line, self.account, send)
        if answer.status in (200, 201):
            return answer
        if answer.status == 403 and _kind(_problem(answer)) not in MEANING:
            raise Refused(self.account, refusal)
        raise self._meaning(answer, otherwise=Unconfirmed)

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        problem = _problem(answer)
        if answer.status == 429:
            return self._limited(answer, problem)
        known = MEANING.get(_kind(problem)) if answer.status != 401 else None
        known = known or MEANING.get(answer.status)
        if known is None or answer.status >= 500:
            return otherwise(self.account, f"X answered with status {answer.status}")
        meaning, words = known
        return meaning(self.account, f"{words} (status {answer.status})")

    def _limited(self, answer: Answer, problem: Mapping[str, Any]) -> CollectorError:
        """Too many requests: until the reset that X names, else for one of its windows by its own clock."""
        if answer.at is None:
            return Transient(self.account, "X asked us to wait and did not say what time it is")
        if _kind(problem) == "usage-capped":
            until = _next_day(answer.at) if problem.get("period") == "Daily" else _next_month(answer.at)
            return QuotaExhausted(self.account, "the paid allowance of X is used up", until=until, scope="app")
        reset = answer.headers.get("x-rate-limit-reset", "")
        named = datetime.fromtimestamp(int(reset), UTC) if COUNT.fullmatch(reset) else answer.at + LIMIT_WINDOW
        until = min(named, answer.at + LONGEST_WAIT)
        return RateLimited(self.account, "X asks us to wait", until=until)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of tweets as it came, with what it includes, by id."""

    items: list[Any]
    next: str
    newest: str
    users: Mapping[str, Mapping[str, Any]]
    tweets: Mapping[str, Mapping[str, Any]]
    troubles: tuple[Trouble, ...]
    at: datetime

    def author_of(self, item: Mapping[str, Any]) -> Author | None:
        native_id = perhaps(item, "author_id")
        name = self.users.get(native_id, {}).get("name", "")
        return Author(native_id, name if isinstance(name, str) else "") if native_id else None

    def first_id(self, native_id: str) -> str:
        """The id by which we know the tweet that has `native_id` as one of its versions."""
        item = self.tweets.get(native_id)
        try:
            return _history(item)[0] if item else native_id
        except Unreadable:
            return native_id


def open_x(access: Access) -> XAccount:
    """Connect to one account.  tweepy is imported here.

    The credential is an OAuth 2.0 user token, or a JSON object with `consumer_key`, `consumer_secret`,
    `access_token` and `access_token_secret` (OAuth 1.0a, which does not expire).

    Raises:
        BadCredential: it is neither.
    """
    import tweepy

    signed = "consumer_key" in access.credential
    keys = keys_in(access, *(OAUTH1_KEYS if signed else ()))
    if signed:
        client = tweepy.Client(**{name: keys[name] for name in OAUTH1_KEYS}, return_type=dict, wait_on_rate_limit=False)
    else:
        client = tweepy.Client(bearer_token=keys["access_token"], return_type=dict, wait_on_rate_limit=False)
    line = Line(client.session, HOST, base_url=access.base_url, timeout=access.timeout)
    return XAccount(access.account, access.native_id, client, line, signed=signed)


def id_at(at: datetime) -> str:
    """The least id that X could have given at this moment."""
    since_1970 = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return str(max(0, since_1970 - EPOCH_MS) << 22)


def time_of(native_id: str) -> datetime:
    """When X gave this id (UTC, to the millisecond).

    Raises:
        Unreadable: it is not an id of X.
    """
    if not ID.fullmatch(native_id):
        raise Unreadable("an id is not digits")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=(int(native_id) >> 22) + EPOCH_MS)


MISSING = {"resource-not-found": Standing.GONE, "not-authorized-for-resource": Standing.FORBIDDEN}
OAUTH1_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


def _searches(user_id: str, conversations: Sequence[str]) -> Iterator[str]:
    yield f"to:{user_id} -from:{user_id}"
    for start in range(0, len(conversations), CONVERSATIONS_IN_A_QUERY):
        batch = conversations[start : start + CONVERSATIONS_IN_A_QUERY]
        either = " OR ".join(f"conversation_id:{native_id}" for native_id in batch)
        yield f"({either}) -from:{user_id}"


def _conversations(posts: Sequence[Any]) -> list[str]:
    """The latest of our conversations, newest first; a post that cannot be read is for the stream `own` to report."""
    roots = [post.get("conversation_id") for post in posts if isinstance(post, dict)]
    return [root for root in roots if isinstance(root, str) and ID.fullmatch(root)][:CONVERSATIONS_WATCHED]


def _less_overlap(cursor: Cursor) -> str | None:
    return id_at(time_of(cursor.watermark) - OVERLAP) if cursor.watermark else None


def _newer(one: str, other: str) -> str:
    return max(one, other, key=lambda number: int(number or 0))


def _unpacked(cursor: Cursor) -> Run | None:
    return Run.unpacked(cursor.page_token, lambda mark: bool(ID.fullmatch(mark)))


def _either(item: Mapping[str, Any], names: tuple[str, str]) -> Any:
    return next((item[name] for name in names if name in item), None)


def _history(item: Mapping[str, Any]) -> list[str]:
    """The ids of a tweet's versions, oldest first; X always sends it, and a lone id stands for itself."""
    history = _either(item, HISTORY)
    if history is None:
        return [said(item, "id")]
    if not isinstance(history, list) or not history or not all(isinstance(each, str) for each in history):
        raise Unreadable("the edit history is not a list of ids")
    return sorted(history, key=lambda native_id: (len(native_id), native_id))


def _references(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    references = _either(item, REFERENCES) or []
    if not isinstance(references, list) or not all(isinstance(each, dict) for each in references):
        raise Unreadable("the references are not a list")
    for each in references:
        yield said(each, "type"), said(each, "id")


def _text(item: Mapping[str, Any]) -> str:
    """What a reader sees: all of a long one, its links in full, without the handles that X puts before a reply."""
    text = said(item, "text")
    note = next((within(item, name) for name in NOTE if name in item), {})
    whole = perhaps(note, "text") or text
    span = item.get("display_text_range")
    start = span[0] if isinstance(span, list) and span and isinstance(span[0], int) else 0
    prefix = text[:start]
    if re.fullmatch(r"(?:@\w+\s+)*", prefix) and whole.startswith(prefix):
        whole = whole[start:]
    plain = ESCAPED.sub(lambda match: ESCAPES[match[0]], whole)
    links = dict(_links(note if perhaps(note, "text") else item))
    return SHORTENED.sub(lambda match: links.get(match[0], match[0]), plain)


def _links(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """X's short form of each link, and the link."""
    urls = within(item, "entities").get("urls")
    for each in urls if isinstance(urls, list) else ():
        if isinstance(each, dict) and isinstance(each.get("url"), str) and isinstance(each.get("expanded_url"), str):
            yield each["url"], each["expanded_url"]


def _by_id(items: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(items, list):
        return {}
    return {item["id"]: item for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)}


def _problems(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    problems = body.get("errors")
    return [each for each in problems if isinstance(each, dict)] if isinstance(problems, list) else []


def _problem(answer: Answer) -> Mapping[str, Any]:
    body = answer.json()
    if not isinstance(body, dict):
        return {}
    return body if "type" in body else next(iter(_problems(body)), {})


def _kind(problem: Mapping[str, Any]) -> str:
    """The last word of a problem's type, which both vocabularies share."""
    return str(problem.get("type", "")).rstrip("/").rsplit("/", 1)[-1]


def _troubles(body: Mapping[str, Any]) -> Iterator[Trouble]:
    """Problems beside the data.  One about what a tweet refers to (a parent that is gone) costs us nothing."""
    for problem in _problems(body):
        if "." not in str(problem.get("parameter", "")) and problem.get("parameter") not in EXPANSIONS:
            yield Trouble(f"X names a problem beside the page: {_kind(problem)}", as_bytes(problem))


def _remaining(answer: Answer) -> float | None:
    limit, left = (answer.headers.get(f"x-rate-limit-{name}", "") for name in ("limit", "remaining"))
    counted = COUNT.fullmatch(limit) and COUNT.fullmatch(left) and int(limit)
    return min(1.0, int(left) / int(limit)) if counted else None


def _next_day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _next_month(at: datetime) -> datetime:
    return _next_day((at.replace(day=1) + timedelta(days=31)).replace(day=1)) - timedelta(days=1)
