"""Threads, by plain requests: replies under our posts, posts that mention us, and saved searches.

What this project knows of Threads is in this file and stops here; what it shares with Facebook and
Instagram is in collectors/graph.py.  Four surprises.  Nothing says that a post has a new reply: the
latest 25 are read again each time, and of the latest 300 ten of the others in turn, so that a late reply
is found after some rounds.  What answers us in somebody else's conversation is in no list of its own: it
is looked for under each of our latest replies there.  Whoever wrote is known by a handle and by nothing
else.  And a reply is published in two steps, of which the first leaves nothing behind that anybody sees.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from collectors.asking import keys_in, open_line
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
    RateLimited,
    Receipt,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
    Usage,
)
from collectors.graph import Graph, Listing, Meaning, again_from, is_time, known_by_handle, seconds, time_or_none
from collectors.items import moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from collectors.transport import Line
from vocabulary import Comment, Origin, OwnReply, Platform, Post

HOST: Final = "https://graph.threads.net"
VERSION: Final = "v1.0"
PAGE_SIZE: Final = 100
POST_FIELDS: Final = "id,text,timestamp,permalink,media_type"
REPLY_FIELDS: Final = f"{POST_FIELDS},username,is_reply_owned_by_me,root_post,replied_to,hide_status"
MENTION_FIELDS: Final = f"{POST_FIELDS},username,owner,root_post,replied_to"
FOUND_FIELDS: Final = f"{POST_FIELDS},username,is_reply,root_post,replied_to"  # a search refuses to say whose it is
REPOST: Final = "REPOST_FACADE"

WATCHED_IN_FULL: Final = 25  # the latest posts, read again each time for late replies, edits and what was hidden
WATCHED_IN_TURN: Final = 300  # further back, a post that has replies is read again when its turn comes
IN_TURN_AT_ONCE: Final = 10
OF_OURS: Final = "reply:"  # how the leg begins that reads what answers one reply of ours; the others are posts
UNTIL: Final = "until:"  # how the place in a search begins that is a moment, and no cursor
OVERLAP: Final = timedelta(hours=1)
POSTS_AGAIN: Final = timedelta(days=1)  # a post may be edited for a quarter of an hour
READ_BACK_PAGES: Final = 20
MENTION_PAGES: Final = 5
READY_READS: Final = 5  # how often to ask whether a reply can be published, before it is left for the next round
LONGEST_POST: Final = 500
ACTIONS: Final = frozenset({Action.REPLY, Action.HIDE, Action.UNHIDE})
HIDDEN: Final = {
    "NOT_HUSHED": False,
    "UNHUSHED": False,
    "HIDDEN": True,
    "COVERED": True,
    "BLOCKED": True,
    "RESTRICTED": True,
}

# Threads' own error codes; those of the whole family are in collectors/graph.py.
MEANING: Final[Meaning] = {
    (24, 4279009): (Transient, "Threads has not made the reply ready; nothing was published"),
}
NOT_PUBLISHED: Final = "Threads will not publish this reply; reply on Threads itself and record it here"
NOT_HIDEABLE: Final = (
    "Threads hides only what answers a post of ours directly; do it on Threads itself and record it here"
)
NO_SUCH_ACTION: Final = "Threads lets nobody delete somebody else's post; hide it instead"
BY_BYTES: Final = frozenset({"So", "Sk", "Cs", "Cf"})
"""Categories of characters that Threads counts by their bytes: emoji, and what joins and colours them."""
VARIATION: Final = "\ufe0f"


@dataclass(frozen=True, slots=True)
class Us:
    """How to tell what is ours, or said to us, among what a search finds; `posts` are our latest, and replies."""

    username: str
    posts: frozenset[str]

    def concerns(self, item: Mapping[str, Any]) -> bool:
        """Whether it is by us, answers us, or names us."""
        above = {perhaps(within(item, name), "id") for name in ("root_post", "replied_to")}
        names = re.findall(r"@([\w.]+)", perhaps(item, "text").casefold())
        ours = self.username.casefold()
        return perhaps(item, "username").casefold() == ours or bool(above & self.posts) or ours in names


@dataclass(frozen=True, slots=True)
class ThreadsProfile:
    """One profile of ours; `user_id` is its numeric id.  Each saved search is words, or one #tag."""

    account: str
    user_id: str
    session: Any = field(repr=False)
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE
    searches: Mapping[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return Platform.THREADS

    @property
    def _asks(self) -> Graph:
        return Graph(self.account, "Threads", self.line, MEANING)

    # --- reading

    def streams(self) -> Sequence[str]:
        return ("comments", "mentions", "posts", "own", *(f"search:{name}" for name in self.searches))

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages of one stream.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"Threads has no stream {stream!r}; it has {', '.join(self.streams())}")
        kind, _, name = stream.partition(":")
        read: Mapping[str, Callable[[Cursor, Budget], Iterator[Page]]] = {
            "comments": self._comments,
            "mentions": partial(self._list, "mentions", MENTION_FIELDS, OVERLAP, self._mention),
            "posts": partial(self._list, "threads", POST_FIELDS, POSTS_AGAIN, self._post),
            "own": partial(self._list, "replies", REPLY_FIELDS, OVERLAP, self._ours),
            "search": partial(self._search, name),
        }
        yield from read[kind](cursor, budget)

    def _list(
        self,
        edge: str,
        fields: str,
        overlap: timedelta,
        told: Callable[[Mapping[str, Any], bytes], Comment | OwnReply | Post | None],
        cursor: Cursor,
        budget: Budget,
    ) -> Iterator[Page]:
        """One of the profile's own lists, newest first, from the last run on."""
        again = seconds(again_from(cursor.watermark, overlap))

        def leaf(leg: str, after: str) -> Leaf:
            listing = self._listing(f"{self.user_id}/{edge}", after, fields=fields, **again)
            return Leaf(sift(listing.items, told), listing.next, listing.at.isoformat(), listing.usage)

        run = Run.unpacked(cursor.page_token, is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every reply, however deep, under the posts worth reading again, and what answers us elsewhere.

        A reply of ours whose answers Threads does not show, because they are somebody else's, has none.
        """

        def leaf(leg: str, after: str) -> Leaf:
            above = leg.removeprefix(OF_OURS)
            ours = above != leg
            try:
                listing = self._listing(
                    f"{above}/{'replies' if ours else 'conversation'}", after, fields=REPLY_FIELDS, reverse="false"
                )
            except (Gone, Refused):
                if not ours:
                    raise
                return Leaf(usage=Usage(requests=1))
            sifted = sift(listing.items, partial(self._comment_or_ours, above))
            return Leaf(sifted, listing.next, usage=listing.usage)

        run, spent = Run.unpacked(cursor.page_token, _is_turn), NOTHING_SPENT
        if run is None or not run.mark:
            run, spent = self._posts_to_read(cursor)
        yield from pages(
            self.account, cursor, run, budget, leaf, newer=lambda mark, before: mark or before, spent=spent
        )

    def _posts_to_read(self, cursor: Cursor) -> tuple[Run, Usage]:
        """The latest posts in any case; of the older ones that have replies, those whose turn it is.

        The first run reads them all.  And of our latest hundred replies those that were answered under no post of
        ours, or under one that is further back.
        """
        posts, quiet = list[str](), set[str]()
        after, usage, trail = "", NOTHING_SPENT, Trail(self.account, "Threads")
        while True:
            listing = self._listing(f"{self.user_id}/threads", after, fields="id,media_type,has_replies")
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            for item in listing.items:
                if isinstance(item, dict) and isinstance(item.get("id"), str) and item.get("media_type") != REPOST:
                    posts.append(item["id"])
                    quiet |= {item["id"]} if item.get("has_replies") is False else set()
            if not listing.next or len(posts) >= WATCHED_IN_TURN:
                break
            after = trail.on(listing.next, len(listing.items))
        posts = list(dict.fromkeys(posts))
        older = [post for post in posts[WATCHED_IN_FULL:] if post not in quiet]
        turn = _turn(cursor.watermark)
        if turn is not None and older:
            start = turn % len(older)
            older = [*older[start:], *older[:start]][:IN_TURN_AT_ONCE]
            turn = start + len(older)
        elsewhere = self._listing(f"{self.user_id}/replies", "", fields="id,has_replies,root_post")
        answered = [f"{OF_OURS}{each}" for each in _answered(elsewhere.items, frozenset(posts))]
        usage = replace(usage, requests=usage.requests + 1, items=usage.items + elsewhere.usage.items)
        mark = json.dumps([listing.at.isoformat(), turn or 0])
        return Run(mark, (*posts[:WATCHED_IN_FULL], *older, *answered)), usage

    def _search(self, name: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """What a saved search finds, less what is ours or addressed to us: the other streams bring that.

        The first run brings the latest page only.  Threads takes 2,200 searches that find something in a day.
        A search takes no cursor: further back is what was written until the oldest that was found.
        """
        again, query, us = again_from(cursor.watermark, OVERLAP), self.searches[name].strip(), list[Us]()
        tag = re.fullmatch(r"#(\w+)", query)
        asked = {"q": tag[1], "search_mode": "TAG"} if tag else {"q": query, "search_mode": "KEYWORD"}

        def leaf(leg: str, place: str) -> Leaf:
            listing, more = self._found(place, **asked, **seconds(again)), NOTHING_SPENT
            if listing.items and not us:
                known, more = self._us()
                us.append(known)
            sifted = sift(listing.items, lambda item, raw: self._overheard(name, us[0], item, raw))
            usage = replace(listing.usage, requests=listing.usage.requests + more.requests)
            further = _further_back(listing, place, again) if again else ""
            return Leaf(sifted, further, listing.at.isoformat(), usage)

        run = Run.unpacked(cursor.page_token, is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _found(self, place: str, **asked: Any) -> Listing:
        """A search has a limit of its own, which leaves the profile's other streams alone."""
        if place.startswith(UNTIL):
            asked["until"] = place.removeprefix(UNTIL)
        after = "" if place.startswith(UNTIL) else place
        try:
            return self._page("keyword_search", after, fields=FOUND_FIELDS, search_type="RECENT", **asked)
        except RateLimited as limited:
            raise RateLimited(self.account, limited.reason, until=limited.until, scope="search") from None

    def _us(self) -> tuple[Us, Usage]:
        profile = self._asks.node(self._get(self.user_id, fields="id,username"))
        username = profile.get("username")
        if not isinstance(username, str) or not username:
            raise Malformed(self.account, "Threads did not say how our own profile is called")
        lists = [self._listing(f"{self.user_id}/{edge}", "", fields="id") for edge in ("threads", "replies")]
        posts = {str(each.get("id")) for listing in lists for each in listing.items if isinstance(each, dict)}
        return Us(username, frozenset(posts)), Usage(requests=3)

    def _overheard(self, name: str, us: Us, item: Mapping[str, Any], raw: bytes) -> Comment | None:
        if item.get("media_type") == REPOST or us.concerns(item):
            return None
        return replace(self._comment(item, raw), origin=Origin.SEARCH, found_by=name)

    def _mention(self, item: Mapping[str, Any], raw: bytes) -> Comment | None:
        ours = within(item, "owner").get("id") == self.user_id
        return None if ours or item.get("media_type") == REPOST else self._comment(item, raw)

    def _comment_or_ours(self, post: str, item: Mapping[str, Any], raw: bytes) -> Comment | OwnReply:
        if item.get("is_reply_owned_by_me") is True:
            return self._ours(item, raw, post=post)
        return self._comment(item, raw, post=post)

    def _comment(self, item: Mapping[str, Any], raw: bytes, *, post: str = "") -> Comment:
        native_id = said(item, "id")
        return Comment(
            account=self.account,
            native_id=native_id,
            text=perhaps(item, "text"),
            posted_at=moment(item, "timestamp"),
            author=known_by_handle(perhaps(item, "username")),
            thread=perhaps(within(item, "root_post"), "id") or post or native_id,
            in_reply_to=perhaps(within(item, "replied_to"), "id") or post,
            url=perhaps(item, "permalink"),
            hidden=HIDDEN.get(perhaps(item, "hide_status")),
            raw=raw,
        )

    def _ours(self, item: Mapping[str, Any], raw: bytes, *, post: str = "") -> OwnReply:
        return OwnReply(
            account=self.account,
            native_id=said(item, "id"),
            in_reply_to=perhaps(within(item, "replied_to"), "id") or post,
            text=perhaps(item, "text"),
            posted_at=moment(item, "timestamp"),
            thread=perhaps(within(item, "root_post"), "id") or post,
            raw=raw,
        )

    def _post(self, item: Mapping[str, Any], raw: bytes) -> Post | None:
        """What we passed on of others without a word of ours is no post of ours."""
        if item.get("media_type") == REPOST:
            return None
        return Post(
            account=self.account,
            native_id=said(item, "id"),
            text=perhaps(item, "text"),
            posted_at=moment(item, "timestamp"),
            url=perhaps(item, "permalink"),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Threads says the same of what is gone, and of what is not for us.

        So GONE is said only of what is not among the posts that mention us either, as long as those can all be
        listed, and the profile itself can be read with the same token.
        """
        standing = {each: self._standing(each) for each in native_ids}
        missing = [each for each in native_ids if standing[each] is Standing.GONE]
        if not missing:
            return standing
        if self._standing(self.user_id) is not Standing.PRESENT:
            return standing | dict.fromkeys(missing, Standing.UNKNOWN)
        mentions, whole = self._mentions()
        otherwise = Standing.GONE if whole else Standing.UNKNOWN
        return standing | {each: Standing.PRESENT if each in mentions else otherwise for each in missing}

    def _standing(self, native_id: str) -> Standing:
        return self._asks.standing(native_id, self._get(native_id, fields="id"))

    def _mentions(self) -> tuple[set[str], bool]:
        """The posts that mention us now, and whether these are all."""
        found, after = set[str](), ""
        try:
            for _ in range(MENTION_PAGES):
                listing = self._listing(f"{self.user_id}/mentions", after, fields="id")
                found |= {str(each.get("id")) for each in listing.items if isinstance(each, dict)}
                if not listing.next or listing.next == after:
                    return found, not listing.next
                after = listing.next
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            pass
        return found, False

    # --- acting

    def capabilities(self) -> Capabilities:
        """Nothing is promised of how soon our own replies are listed, so absence proves nothing here."""
        return Capabilities(
            actions=ACTIONS, longest_reply=LONGEST_POST, proves_absence=False, settles_after=timedelta(minutes=1)
        )

    def length_of(self, text: str) -> int:
        """Characters, but an emoji counts as the bytes it is written with."""
        return sum(
            len(char.encode("utf-8", "surrogatepass"))
            if char == VARIATION or unicodedata.category(char) in BY_BYTES
            else 1
            for char in text
        )

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: Threads takes none.

        Until the second step nothing is published, so that whatever befalls the first leaves no doubt.
        """
        if self.length_of(text) > LONGEST_POST:
            raise Refused(self.account, "the reply is longer than Threads allows; it was not sent")
        container = self._prepared(native_id, text)
        self._wait_for(container)
        answer = self._asks.write(
            self._send(f"{self.user_id}/threads_publish", creation_id=container), refusal=NOT_PUBLISHED
        )
        published = self._asks.published(answer)
        return Receipt(published, self._asks.time_of(self._get(published, fields="id,timestamp"), "timestamp"))

    def _prepared(self, native_id: str, text: str) -> str:
        """The container in which a reply waits to be published."""
        sending = self._send(f"{self.user_id}/threads", media_type="TEXT", text=text, reply_to_id=native_id)
        try:
            return self._asks.published(self._asks.write(sending, refusal=NOT_PUBLISHED))
        except Unconfirmed as doubt:
            raise Transient(self.account, f"nothing was published: {doubt.reason}") from None

    def _wait_for(self, container: str) -> None:
        """Ask until Threads has made the reply ready.

        Raises:
            Refused: it cannot be made ready.
            Transient: it is not ready yet, and nothing was published.
        """
        for _ in range(READY_READS):
            status = self._asks.node(self._get(container, fields="id,status")).get("status")
            if status == "FINISHED":
                return
            if status in ("ERROR", "EXPIRED"):
                raise Refused(self.account, NOT_PUBLISHED)
        raise Transient(self.account, "Threads is still making the reply ready; nothing was published")

    def act(self, action: Action, native_id: str) -> None:
        if action not in (Action.HIDE, Action.UNHIDE):
            raise Refused(self.account, NO_SUCH_ACTION)
        hide = "true" if action is Action.HIDE else "false"
        self._asks.done(self._send(f"{native_id}/manage_reply", hide=hide), refusal=NOT_HIDEABLE)

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """Among all that we replied to anybody since then."""
        earliest, after, found = since - CLOCKS_DISAGREE, "", list[OwnReply]()
        for _ in range(READ_BACK_PAGES):
            listing = self._listing(f"{self.user_id}/replies", after, fields=REPLY_FIELDS, **seconds(earliest))
            sifted = sift(listing.items, self._ours)
            if sifted.troubles:
                raise Malformed(self.account, "one of our own replies on Threads cannot be read")
            found += [ours for ours in sifted.ours if ours.in_reply_to == native_id and ours.posted_at >= earliest]
            if not listing.next:
                return found
            if listing.next == after:
                raise Malformed(self.account, "Threads answers with a page that leads back to itself")
            after = listing.next
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of our own replies")

    # --- asking Threads

    def _listing(self, path: str, after: str, **asked: Any) -> Listing:
        """One page.  Threads never promises a next one: it gives a cursor where there are several pages.

        Nor does it promise how long a page is: what private people wrote is missing from it, and of some lists it
        does not say that they know a `limit`.  So only a page without a cursor is the last, or one with nothing on it.
        """
        listing = self._page(path, after, **asked)
        return replace(listing, next=listing.next or (listing.last if listing.items else ""))

    def _page(self, path: str, after: str, **asked: Any) -> Listing:
        if after:
            asked["after"] = after
        return self._asks.listing(self._get(path, limit=self.page_size, **asked))

    def _get(self, path: str, **asked: Any) -> Callable[[], object]:
        return lambda: self.session.get(_address(path), params=asked)

    def _send(self, path: str, **form: str) -> Callable[[], object]:
        return lambda: self.session.post(_address(path), data=form)


def open_threads(access: Access) -> ThreadsProfile:
    """Connect to one profile with its own token.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    token = keys_in(access)["access_token"]
    line = open_line(access, HOST, {"Authorization": f"Bearer {token}"})
    return ThreadsProfile(access.account, access.native_id, line.session, line, searches=access.searches)


def _address(path: str) -> str:
    return f"{HOST}/{VERSION}/{quote(path)}"


def _answered(ours: Sequence[Any], posts: frozenset[str]) -> list[str]:
    """Of our replies those under none of these posts that somebody may have answered."""
    found = []
    for each in ours:
        if not isinstance(each, dict) or not isinstance(each.get("id"), str) or each.get("has_replies") is False:
            continue
        root = each.get("root_post")
        if not isinstance(root, dict) or str(root.get("id")) not in posts:
            found.append(each["id"])
    return list(dict.fromkeys(found))


def _further_back(found: Listing, place: str, again: datetime) -> str:
    """The place in a search after this page; none where it leads no further back, or beyond where we begin."""
    times = [time_or_none(each.get("timestamp")) for each in found.items if isinstance(each, dict)]
    oldest = min((at for at in times if at is not None), default=again)
    further = f"{UNTIL}{int(oldest.timestamp())}"
    return found.next or ("" if oldest <= again or further == place else further)


def _turn(watermark: str) -> int | None:
    """How far the older posts were read in turn; None before the first run has ended."""
    try:
        at, turn = json.loads(watermark)
        return int(turn) if is_time(at) and turn >= 0 else None
    except (OverflowError, RecursionError, TypeError, ValueError):
        return None


def _is_turn(mark: str) -> bool:
    return _turn(mark) is not None
