"""X, through tweepy: mentions of us, direct messages, replies and quotes, saved searches, and what we said ourselves.

What this project knows of X is in this file and stops here.  Three surprises.  An edit has a new id,
so a comment is known by the first id of its history.  Ids tell the time, so the watermark is an id,
and the overlap asked for again is counted in minutes.  And X charges for each thing it sends, so that
nothing is asked for twice on two days which can be left alone.

Several streams, because no single one is whole.  *mentions* misses who removed our name from a reply;
*conversations* searches under our latest posts for those, and reaches back seven days only; *quotes*
of us need not name us at all.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from collectors.asking import keys_in, retry_at, write
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
    Meter,
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
    Unmetered,
    Usage,
)
from collectors.items import Sifted, Unreadable, as_bytes, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, Origin, OwnReply, Platform, Post

HOST = "https://api.twitter.com"  # tweepy's own; X answers there as at api.x.com
FIELDS = [
    "author_id", "conversation_id", "created_at", "display_text_range", "edit_history_tweet_ids",
    "entities", "in_reply_to_user_id", "note_tweet", "referenced_tweets",
]  # fmt: skip
EXPANSIONS = ["author_id", "referenced_tweets.id"]
PAGE_SIZE = 100
ASKING = {"tweet_fields": FIELDS, "expansions": EXPANSIONS, "user_fields": ["name", "username"]}
# The newer specification has no field `sender_id`; in both, asking for the sender's account brings it.
ASKING_IN_PRIVATE = {
    "dm_event_fields": ["created_at", "dm_conversation_id", "entities"],
    "event_types": "MessageCreate",
    "expansions": ["sender_id"],
    "user_fields": ["name", "username"],
}

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
QUOTED_AT_ONCE = 25  # posts whose quotes are read in one run; X takes 75 such requests in 15 minutes
MESSAGES_AGAIN = (
    10  # X lists messages from the newest on and has no "since"; what is read again on a new day is paid again
)
LONGEST_MESSAGE = 10_000
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
NOT_DELIVERED = "X will not deliver this message through its API; answer on X itself and record it here"
TO_SEVERAL = "a message to several people at once is answered on X itself; record it here"

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

CONVERSATION = re.compile(r"[0-9]{1,19}-[0-9]{1,19}|[0-9]{1,19}")

# Leg, since id, page token and how many -> the call that asks X for that page.
Ask = Callable[[str, str | None, str | None, int], object]


@dataclass(frozen=True, slots=True)
class Price:
    """What one of a page's things is called in the price list, and the fewest that X takes for a page."""

    what: str
    fewest: int = 1


OWNED, FOUND, PRIVATE = Price("owned_read", 5), Price("post_read", 10), Price("dm_read")
LOOKED_UP = Price("post_read")


@dataclass(frozen=True, slots=True)
class XAccount:
    """One account of ours on X.  `user_id` is its numeric id; `signed` means OAuth 1.0a.

    X has no id that says of itself whether it is a post's or a direct message's, so a message is known
    as `conversation/message`.
    """

    account: str
    user_id: str
    client: Any = field(repr=False)
    line: Line = field(repr=False)
    signed: bool = False
    page_size: int = PAGE_SIZE
    meter: Meter = field(default_factory=Unmetered, repr=False)
    searches: Mapping[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return Platform.X

    # --- reading

    def streams(self) -> Sequence[str]:
        searches = [f"search:{name}" for name in self.searches]
        return ("mentions", "messages", "conversations", "quotes", "own", *searches)

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages newest first; so it is the first page that says how far the run will have come.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"X has no stream {stream!r}; it has {', '.join(self.streams())}")
        kind, _, name = stream.partition(":")
        read: Mapping[str, Callable[[Cursor, Budget], Iterator[Page]]] = {
            "mentions": self._mentions,
            "messages": self._messages,
            "conversations": self._conversations,
            "quotes": self._quotes,
            "own": self._own,
            "search": partial(self._search, name),
        }
        yield from read[kind](cursor, budget)

    def _mentions(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        def ask(leg: str, since: str | None, token: str | None, many: int) -> object:
            return self.client.get_users_mentions(
                self.user_id, since_id=since, pagination_token=token, **self._asking(many)
            )

        run = _unpacked(cursor) or Run()
        return self._pages(OWNED, ask, cursor, run, _less_overlap(cursor), budget)

    def _own(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        run = _unpacked(cursor) or Run()
        return self._pages(OWNED, self._ask_timeline, cursor, run, _less_overlap(cursor), budget, all_ours=True)

    def _asking(self, many: int) -> dict[str, Any]:
        return {**ASKING, "max_results": many, "user_auth": self.signed}

    def _ask_timeline(self, leg: str, since: str | None, token: str | None, many: int, **more: Any) -> object:
        return self.client.get_users_tweets(
            self.user_id,
            since_id=since,
            pagination_token=token,
            exclude=["retweets"],
            **{**self._asking(many), **more},
        )

    def _ask_search(self, query: str, since: str | None, token: str | None, many: int) -> object:
        return self.client.search_recent_tweets(
            query, since_id=since, next_token=token, sort_order="recency", **self._asking(many)
        )

    def _conversations(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Replies addressed to us, then everything under our latest posts, a dozen conversations to a search.

        X lists our posts first, which also tells its time: searches are made at different moments,
        so the watermark is the moment before the first of them, not the newest reply seen.
        """
        run, spent = _unpacked(cursor), NOTHING_SPENT
        if run is None or not run.mark:
            listing, spent = self._listing(
                OWNED,
                lambda many: self.client.get_users_tweets(
                    self.user_id, exclude=["replies", "retweets"], **self._asking(many)
                ),
            )
            run = Run(id_at(listing.at), tuple(_searches(self.user_id, _conversations(listing.items))))
        since = _less_overlap(cursor)
        if since and time_of(since) < time_of(run.mark) - SEARCH_REACHES_BACK:
            since = None  # a search refuses an older id; without one it goes back as far as it can
        yield from self._pages(FOUND, self._ask_search, cursor, run, since, budget, spent=spent)

    def _quotes(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Who passes on our latest hundred posts with words of their own, where X says that there are new ones.

        X counts a quote before it lists it, so a post is read again for as long as the overlap is.  No more are
        asked for than the count has grown by, for those read before would be paid for again.
        """
        known, run, spent = _quoted(cursor.watermark), Run.unpacked(cursor.page_token, _is_quoted), NOTHING_SPENT
        if run is None or not run.mark:
            listing, spent = self._listing(
                OWNED, lambda many: self._ask_timeline("", None, None, many, tweet_fields=[*FIELDS, "public_metrics"])
            )
            now, said_now = int(listing.at.timestamp()), _quotes_of(listing.items)
            stirred = [post for post, many in said_now.items() if _stirred(many, known.get(post), now)][:QUOTED_AT_ONCE]
            seen = {post: known[post] for post in said_now if post in known and post not in stirred}
            seen |= {post: _noted(said_now[post], known.get(post), now) for post in stirred}
            run = Run(json.dumps(seen), tuple(stirred))
        said_there = _quoted(run.mark)

        def leaf(post: str, token: str) -> Leaf:
            grown = said_there.get(post, (0, 0))[0] - known.get(post, (0, 0))[0]
            most = min(self.page_size, max(FOUND.fewest, grown))
            listing, usage = self._listing(
                FOUND,
                lambda many: self.client.get_quote_tweets(post, pagination_token=token or None, **self._asking(many)),
                most,
            )
            on = listing.next if post not in known or grown > self.page_size else ""
            return Leaf(self._sifted(listing), on, usage=usage)

        yield from pages(
            self.account, cursor, run, budget, leaf, newer=lambda mark, before: mark or before, spent=spent
        )

    def _search(self, name: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """What a saved search finds, less what is ours or addressed to us: the other streams bring that."""
        run, query = _unpacked(cursor) or Run(), f"({self.searches[name]}) -from:{self.user_id} -to:{self.user_id}"
        since = _less_overlap(cursor)

        def leaf(leg: str, token: str) -> Leaf:
            ask = partial(self._ask_search, query)
            try:
                listing, usage = self._listing(FOUND, partial(ask, since, token or None))
            except Refused:
                if since is None or token:
                    raise
                # An id of more than seven days ago is refused; without one a search goes back as far as it can.
                listing, usage = self._listing(FOUND, partial(ask, None, None))
                usage = replace(usage, requests=2)
            sifted = sift(listing.items, lambda item, raw: self._overheard(name, item, raw, listing))
            sifted.troubles += listing.troubles
            return Leaf(sifted, listing.next, id_at(listing.at), usage)

        return pages(self.account, cursor, run, budget, leaf, newer=_newer)

    def _overheard(self, name: str, item: Mapping[str, Any], raw: bytes, listing: Listing) -> Comment | None:
        there = self._told_apart(item, raw, listing, all_ours=False)
        if not isinstance(there, Comment) or self._addresses_us(item, listing):
            return None
        return replace(there, origin=Origin.SEARCH, found_by=name)

    def _addresses_us(self, item: Mapping[str, Any], listing: Listing) -> bool:
        """Whether it answers us, quotes us, or names us."""
        quoted = listing.tweets.get(dict(_references(item)).get("quoted", ""), {})
        named = [
            handle.get("id")
            for entities in (within(item, "entities"), within(_note(item), "entities"))
            for handle in entities.get("mentions") or ()
            if isinstance(handle, dict)
        ]
        return self.user_id in (item.get("in_reply_to_user_id"), quoted.get("author_id"), *named)

    def _messages(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Direct messages, newest first, until those that were read before; X shows those of thirty days."""
        run, since = _unpacked(cursor) or Run(), _less_overlap(cursor)
        most = min(self.page_size, MESSAGES_AGAIN) if since else self.page_size

        def leaf(leg: str, token: str) -> Leaf:
            listing, usage = self._listing(
                PRIVATE,
                lambda many: self.client.get_direct_message_events(
                    pagination_token=token or None, max_results=many, user_auth=self.signed, **ASKING_IN_PRIVATE
                ),
                most,
            )
            ids = [int(number) for number in _ids(listing.items) if ID.fullmatch(number)]
            known = since is not None and min(ids, default=int(since)) < int(since)
            sifted = self._sifted_in_private(listing)
            sifted.troubles += listing.troubles
            return Leaf(sifted, "" if known else listing.next, id_at(listing.at), usage)

        return pages(self.account, cursor, run, budget, leaf, newer=_newer)

    def _sifted_in_private(self, listing: Listing) -> Sifted:
        """What we said answers the message that stands before it in the same conversation, where this page has it."""
        sifted = sift(listing.items, lambda item, raw: self._private(item, raw, listing))
        theirs = sorted(sifted.comments, key=lambda comment: comment.posted_at)
        sifted.ours = [
            replace(ours, in_reply_to=said_before[-1])
            if (
                said_before := [
                    t.native_id for t in theirs if t.thread == ours.thread and t.posted_at <= ours.posted_at
                ]
            )
            else ours
            for ours in sifted.ours
        ]
        return sifted

    def _private(self, item: Mapping[str, Any], raw: bytes, listing: Listing) -> Comment | OwnReply | None:
        if item.get("event_type") != "MessageCreate":
            return None
        number, conversation, sender = said(item, "id"), said(item, "dm_conversation_id"), perhaps(item, "sender_id")
        if not ID.fullmatch(number) or not CONVERSATION.fullmatch(conversation):
            raise Unreadable("an id is not digits")
        native_id, posted_at = f"{conversation}/{number}", moment(item, "created_at")
        text = _text(item) if item.get("text") else ""  # it may hold a picture and no words
        if sender == self.user_id:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to="",
                text=text,
                posted_at=posted_at,
                thread=conversation,
                raw=raw,
            )
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=listing.known_as(sender),
            thread=conversation,
            url=f"https://x.com/messages/{conversation}",
            origin=Origin.PRIVATE,
            raw=raw,
        )

    def _pages(
        self,
        price: Price,
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
            listing, usage = self._listing(price, partial(ask, leg, since, token or None))
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
        """A direct message stays with us whatever its author does with theirs, so X is not asked about one."""
        standing = {each: Standing.PRESENT if "/" in each else Standing.UNKNOWN for each in native_ids}
        posts = [each for each in native_ids if "/" not in each]
        for start in range(0, len(posts), RECHECKED_AT_ONCE):
            try:
                standing |= self._standing(posts[start : start + RECHECKED_AT_ONCE])
            except (AuthExpired, RateLimited):
                raise
            except CollectorError:
                continue
        return standing

    def _standing(self, batch: list[str]) -> dict[str, Standing]:
        """Of fewer, where no more can be paid for."""
        answer = self._read(
            LOOKED_UP,
            lambda many: self.client.get_tweets(
                batch[:many], tweet_fields=["edit_history_tweet_ids"], user_auth=self.signed
            ),
            len(batch),
        )
        body, found = answer.json(), {}
        if not isinstance(body, dict):
            return {}
        items = body.get("data")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and item.get("id") in batch:
                history = _either(item, HISTORY)
                edited = isinstance(history, list) and len(history) > 1
                found[item["id"]] = Standing.EDITED if edited else Standing.PRESENT
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
        """A message is answered where it was written, in private.

        `key` is not sent: X takes none.  The receipt's time is read from the new id, to the millisecond.
        """
        if "/" in native_id:
            return self._reply_in_private(native_id, text)
        if self.length_of(text) > self.capabilities().longest_reply:
            raise Refused(self.account, "the reply is longer than X allows; it was not sent")
        answer = self._write(
            _price_of(text),
            lambda: self.client.create_tweet(in_reply_to_tweet_id=native_id, text=text, user_auth=self.signed),
            refusal=NOT_SUMMONED,
        )
        published = self._made(answer).get("id")
        if not isinstance(published, str) or not ID.fullmatch(published):
            raise Unconfirmed(self.account, "X took the reply and did not say under which id it stands")
        return Receipt(published, time_of(published))

    def _reply_in_private(self, native_id: str, text: str) -> Receipt:
        conversation = native_id.partition("/")[0]
        others = [each for each in conversation.split("-") if each != self.user_id]
        if "-" not in conversation or len(others) != 1 or not ID.fullmatch(others[0]):
            raise Refused(self.account, TO_SEVERAL)
        if len(text) > LONGEST_MESSAGE:
            raise Refused(self.account, "the message is longer than X allows; it was not sent")
        answer = self._write(
            _price_of(text),
            lambda: self.client.create_direct_message(participant_id=others[0], text=text, user_auth=self.signed),
            refusal=NOT_DELIVERED,
        )
        published = self._made(answer).get("dm_event_id")
        if not isinstance(published, str) or not ID.fullmatch(published):
            raise Unconfirmed(self.account, "X took the message and did not say under which id it stands")
        return Receipt(f"{conversation}/{published}", time_of(published))

    def _made(self, answer: Answer) -> Mapping[str, Any]:
        body = answer.json()
        made = body.get("data") if isinstance(body, dict) else None
        return made if isinstance(made, dict) else {}

    def act(self, action: Action, native_id: str) -> None:
        if action not in (Action.HIDE, Action.UNHIDE) or "/" in native_id:
            raise Refused(self.account, NOT_HIDEABLE)
        hidden = action is Action.HIDE
        change = self.client.hide_reply if hidden else self.client.unhide_reply
        try:
            answer = self._write("act", lambda: change(native_id, user_auth=self.signed), refusal=NOT_HIDEABLE)
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        body = answer.json()
        if not isinstance(body, dict) or body.get("data") != {"hidden": hidden}:
            raise Malformed(self.account, "X did not say whether the reply is hidden")

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        if "/" in native_id:
            return self._said_in_private(native_id, since - CLOCKS_DISAGREE)
        found: list[OwnReply] = []
        token = None
        for _ in range(READ_BACK_PAGES):
            listing, _usage = self._listing(
                OWNED, partial(self._ask_timeline, "", None, token, start_time=since - CLOCKS_DISAGREE)
            )
            sifted = self._sifted(listing, all_ours=True)
            if sifted.troubles:
                raise Malformed(self.account, "one of our own posts on X cannot be read")
            found += [ours for ours in sifted.ours if ours.in_reply_to == native_id]
            token = listing.next or None
            if token is None:
                return found
        raise Transient(self.account, f"our own timeline has more than {READ_BACK_PAGES} pages since then")

    def _said_in_private(self, native_id: str, earliest: datetime) -> Sequence[OwnReply]:
        """What we said in its conversation since then: X does not know which message is an answer to which."""
        found: list[OwnReply] = []
        conversation, token = native_id.partition("/")[0], None
        for _ in range(READ_BACK_PAGES):
            listing, _usage = self._listing(PRIVATE, partial(self._ask_conversation, conversation, token))
            sifted = self._sifted_in_private(listing)
            if sifted.troubles:
                raise Malformed(self.account, "one of the messages on X cannot be read")
            found += [replace(ours, in_reply_to=native_id) for ours in sifted.ours if ours.posted_at >= earliest]
            token = listing.next or None
            times = [ours.posted_at for ours in sifted.ours] + [theirs.posted_at for theirs in sifted.comments]
            if token is None or min(times, default=earliest) < earliest:
                return found
        raise Transient(self.account, f"the conversation has more than {READ_BACK_PAGES} pages since then")

    def _ask_conversation(self, conversation: str, token: str | None, many: int) -> object:
        return self.client.get_direct_message_events(
            dm_conversation_id=conversation,
            pagination_token=token,
            max_results=many,
            user_auth=self.signed,
            **ASKING_IN_PRIVATE,
        )

    # --- asking X, and understanding what comes back

    def _listing(self, price: Price, send: Callable[[int], object], most: int | None = None) -> tuple[Listing, Usage]:
        """One page, of a page's usual size unless `most` is less; of what can be paid for."""
        answer = self._read(price, send, max(price.fewest, self.page_size if most is None else most))
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
            tweets={name: one for sent in (*map(includes.get, INCLUDED), items) for name, one in _by_id(sent).items()},
            troubles=tuple(_troubles(body)),
            at=answer.at,
        )
        return listing, Usage(requests=1, items=len(items), remaining=_remaining(answer))

    def _read(self, price: Price, send: Callable[[int], object], most: int) -> Answer:
        """The answer to a question for up to `most` things, paid for by what it holds."""
        many = self._allowed(price, most)
        try:
            answer = self._paid(price.what, many, lambda: send(many))
        except Unconfirmed as silence:
            raise Transient(self.account, silence.reason) from None
        self.meter.settle(price.what, many, _paid_for(answer))
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "X asks us to wait", until=until)
        if answer.status != 200:
            raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)
        return answer

    def _allowed(self, price: Price, most: int) -> int:
        """How many may be asked for: never fewer than X takes for a page.

        Raises:
            QuotaExhausted: there is not enough left for as many.
        """
        many = self.meter.reserve(price.what, most)
        try:
            while many < price.fewest:
                many += self.meter.reserve(price.what, price.fewest - many)
        except QuotaExhausted:
            self.meter.settle(price.what, many, ())
            raise
        return many

    def _paid(self, what: str, many: int, send: Callable[[], object]) -> Answer:
        """The answer, for which is still to be settled.  What was sent and not answered is paid as set aside.

        Raises:
            Unconfirmed: it was sent, and no whole answer came.
            Transient: it cannot have reached X, and costs nothing.
        """
        try:
            return write(self.line, self.account, send)
        except Unconfirmed:
            self.meter.settle(what, many)
            raise
        except Transient:
            self.meter.settle(what, many, ())
            raise

    def _write(self, what: str, send: Callable[[], object], *, refusal: str) -> Answer:
        answer = self._paid(what, self.meter.reserve(what), send)
        done = answer.status in (200, 201)
        self.meter.settle(what, 1, None if done or answer.status >= 500 else ())
        if done:
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
        return self.known_as(perhaps(item, "author_id"))

    def known_as(self, native_id: str) -> Author | None:
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
    return XAccount(
        access.account,
        access.native_id,
        client,
        line,
        signed=signed,
        meter=access.meter,
        searches=access.searches,
    )


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
    text, note = said(item, "text"), _note(item)
    whole = perhaps(note, "text") or text
    span = item.get("display_text_range")
    start = span[0] if isinstance(span, list) and span and isinstance(span[0], int) else 0
    prefix = text[:start]
    if re.fullmatch(r"(?:@\w+\s+)*", prefix) and whole.startswith(prefix):
        whole = whole[start:]
    plain = ESCAPED.sub(lambda match: ESCAPES[match[0]], whole)
    links = dict(_links(note if perhaps(note, "text") else item))
    return SHORTENED.sub(lambda match: links.get(match[0], match[0]), plain)


def _note(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """All of a long post, where X sends only its beginning as the text."""
    return next((within(item, name) for name in NOTE if name in item), {})


def _links(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """X's short form of each link, and the link; in the older vocabulary a message has them beside its entities."""
    urls = within(item, "entities").get("urls") or item.get("urls")
    for each in urls if isinstance(urls, list) else ():
        if isinstance(each, dict) and isinstance(each.get("url"), str) and isinstance(each.get("expanded_url"), str):
            yield each["url"], each["expanded_url"]


def _quotes_of(items: Sequence[Any]) -> dict[str, int]:
    """How often each post was quoted, where X says so."""
    counts = {
        item["id"]: metrics.get("quote_count")
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), str) and ID.fullmatch(item["id"])
        for metrics in (item.get("public_metrics"),)
        if isinstance(metrics, dict)
    }
    return {native_id: many for native_id, many in counts.items() if type(many) is int and many > 0}


Noted = tuple[int, int]
"""How often a post was quoted when we last read its quotes, and since when (epoch seconds) X says so."""


def _quoted(mark: str) -> dict[str, Noted]:
    try:
        return {str(post): (int(many), int(at)) for post, (many, at) in json.loads(mark).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _is_quoted(mark: str) -> bool:
    return mark == "{}" or bool(_quoted(mark))


def _stirred(many: int, known: Noted | None, now: int) -> bool:
    return known is None or many != known[0] or now - known[1] < OVERLAP.total_seconds()


def _noted(many: int, known: Noted | None, now: int) -> Noted:
    return known if known and known[0] == many else (many, now)


def _price_of(text: str) -> str:
    return "reply_with_link" if LINK.search(text) else "reply"


def _paid_for(answer: Answer) -> list[str] | None:
    """The ids of what came; None where that cannot be told, and everything that was set aside is paid for."""
    if answer.status != 200:
        return []
    body = answer.json()
    items = body.get("data", []) if isinstance(body, dict) else None
    return _ids(items) if isinstance(items, list) else None


def _ids(items: Sequence[Any]) -> list[str]:
    return [item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]


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
