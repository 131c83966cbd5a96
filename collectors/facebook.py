"""A Facebook Page, through facebook-sdk: its posts, what visitors post there, comments, and private messages.

What this project knows of Facebook is in this file and stops here; what it shares with Instagram and
Threads is in collectors/graph.py.  Two surprises.  Comments cannot be read incrementally: there is no
sign of an edit, and a late reply does not move its thread up; so the latest 25 posts are read again
in full each time, and of the latest 300 the others when Facebook says that they stirred.  And the SDK
is a bare transport here: the token travels in a header, never in an address, and answers are read
below the SDK (collectors/transport.py says why).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from collectors.base import (
    CLOCKS_DISAGREE,
    Access,
    Action,
    Budget,
    Capabilities,
    Count,
    Cursor,
    Gone,
    Malformed,
    Page,
    RateLimited,
    Receipt,
    Refused,
    Standing,
    Transient,
    Usage,
)
from collectors.graph import (
    Graph,
    Listing,
    Meaning,
    again_from,
    is_count,
    is_time,
    open_sdk,
    seconds,
    send_through,
    time_or_none,
)
from collectors.inbox import MEANING as MESSAGING
from collectors.inbox import Inbox
from collectors.items import moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from collectors.transport import Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

POST_FIELDS = "id,created_time,message,story,from,permalink_url,status_type,is_hidden"
COMMENT_FIELDS = "id,created_time,message,from{id,name},parent{id},is_hidden,permalink_url,attachment,comment_count"
PAGE_SIZE = 100

WRITTEN_BY_VISITOR = "wall_post"

WATCHED_IN_FULL = 25  # the latest posts, read again each time for edits and late replies
WATCHED_FOR_STIRRING = 300  # further back, a post is read only when its updated_time is new
OVERLAP = timedelta(hours=1)
POSTS_AGAIN = timedelta(days=7)  # our own posts are edited too, and a post may name us later
READ_BACK_PAGES = 20
LONGEST_COMMENT = 8_000
LONGEST_MESSAGE = 2_000

FEEDS = {"posts": "feed", "tagged": "tagged"}
WHOLE_FEED = {"include_hidden": "true"}  # what we have hidden is discussed on, and may be shown again

# Facebook's own error codes; those of the whole family are in collectors/graph.py.
MEANING: Meaning = {
    32: (RateLimited, "Facebook asks this Page to wait"),
    506: (Refused, "Facebook refuses to publish the same words twice"),
    80001: (RateLimited, "Facebook asks this Page to wait"),
}
NOT_PUBLISHED = "Facebook will not publish this reply; reply on Facebook itself and record it here"
NOT_DONE = "Facebook will not do that to this comment; do it on Facebook itself and record it here"
PRIVATE = "a private message cannot be hidden or deleted for the person who wrote it"
MESSAGE = "m_"
"""How the id of a private message begins; a post's or a comment's is digits."""


@dataclass(frozen=True, slots=True)
class FacebookPage:
    """One Page of ours; `page_id` is its numeric id."""

    account: str
    page_id: str
    graph: Any = field(repr=False)
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.FACEBOOK

    @property
    def _asks(self) -> Graph:
        return Graph(self.account, "Facebook", self.line, {**MESSAGING, **MEANING})

    @property
    def _inbox(self) -> Inbox:
        return Inbox(
            self._asks,
            self.graph,
            place=self.page_id,
            network="messenger",
            ours=frozenset({self.page_id}),
            longest=LONGEST_MESSAGE,
            page_size=self.page_size,
            url=f"https://business.facebook.com/latest/inbox/messenger?asset_id={self.page_id}",
        )

    # --- reading

    def streams(self) -> Sequence[str]:
        return ("comments", "posts", "messages", "tagged")

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages of one stream.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"Facebook has no stream {stream!r}; it has {', '.join(self.streams())}")
        read = {"comments": self._comments, "messages": self._inbox.pages}
        yield from read[stream](cursor, budget) if stream in read else self._written(FEEDS[stream], cursor, budget)

    def _written(self, edge: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """The feed: our own posts, and what visitors wrote there, which are comments to us.

        Posts that name us on other people's pages are in a list of their own, and are comments to us as well.
        """
        again, whole = again_from(cursor.watermark, POSTS_AGAIN), WHOLE_FEED if edge == FEEDS["posts"] else {}

        def leaf(leg: str, after: str) -> Leaf:
            listing = self._listing(self.page_id, edge, after, fields=POST_FIELDS, **whole, **seconds(again))
            sifted = sift(listing.items, partial(self._post_or_comment, edge))
            return Leaf(sifted, listing.next, listing.at.isoformat(), listing.usage)

        run = Run.unpacked(cursor.page_token, is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment and reply under the posts worth reading again.

        A post may go away after it was listed, or its comments may not be for us: the others go on.
        How many there are is said when the last page is there to compare with; of an object with tens of
        thousands Facebook does not list them all.
        """

        def leaf(post: str, after: str) -> Leaf:
            listing = self._listing(
                post, "comments", after, fields=COMMENT_FIELDS, filter="stream", order="chronological", summary="true"
            )
            sifted = sift(listing.items, partial(self._comment_or_ours, post))
            return Leaf(sifted, listing.next, usage=listing.usage, counts=_counts(post, after, listing))

        run, spent = Run.unpacked(cursor.page_token, is_time), NOTHING_SPENT
        if run is None:
            run, spent = self._posts_to_read(cursor)
        yield from pages(self.account, cursor, run, budget, leaf, spent=spent)

    def _posts_to_read(self, cursor: Cursor) -> tuple[Run, Usage]:
        """The latest posts in any case; older ones that stirred since the watermark, less an overlap."""
        stirred_since = again_from(cursor.watermark, OVERLAP)
        posts: list[str] = []
        began, after, looked_at, usage, trail = "", "", 0, NOTHING_SPENT, Trail(self.account, "Facebook")
        while True:
            listing = self._listing(self.page_id, "feed", after, fields="id,created_time,updated_time", **WHOLE_FEED)
            began = began or listing.at.isoformat()
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            for item in listing.items:
                looked_at += 1
                if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                    continue
                if looked_at <= WATCHED_IN_FULL or _stirred(item, stirred_since):
                    posts.append(item["id"])
            if not listing.next or looked_at >= WATCHED_FOR_STIRRING:
                return Run(began, tuple(dict.fromkeys(posts))), usage
            after = trail.on(listing.next, len(listing.items))

    def _post_or_comment(self, edge: str, item: Mapping[str, Any], raw: bytes) -> Comment | Post:
        """Where Facebook does not say who wrote, what stands in our feed and is not called a visitor's is ours."""
        native_id, text = said(item, "id"), perhaps(item, "message") or perhaps(item, "story")
        author, url, posted_at = _author(item), perhaps(item, "permalink_url"), moment(item, "created_time")
        unnamed = edge == FEEDS["posts"] and perhaps(item, "status_type") != WRITTEN_BY_VISITOR
        ours = author.native_id == self.page_id if author else unnamed
        if ours:
            return Post(account=self.account, native_id=native_id, text=text, posted_at=posted_at, url=url, raw=raw)
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=author,
            thread=native_id,
            url=url,
            hidden=None if edge == FEEDS["tagged"] else _hidden(item),
            raw=raw,
        )

    def _comment_or_ours(
        self, post: str, item: Mapping[str, Any], raw: bytes, *, above: str = ""
    ) -> Comment | OwnReply:
        native_id, text, posted_at = said(item, "id"), perhaps(item, "message"), moment(item, "created_time")
        author, parent = _author(item), perhaps(within(item, "parent"), "id") or above or post
        if author is not None and author.native_id == self.page_id:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=parent,
                text=text,
                posted_at=posted_at,
                thread=post,
                raw=raw,
            )
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=author,
            thread=post,
            in_reply_to=parent,
            url=perhaps(item, "permalink_url"),
            hidden=_hidden(item),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Facebook says the same of what is gone and of what we may not see.

        So GONE is said only where the post above can still be read with the same token; of a post on
        somebody else's page it is never said, for it may be shown to fewer people now.  Facebook does not
        tell of edits; the re-scan finds them.
        """
        parents: dict[str, Standing] = {}
        standing: dict[str, Standing] = {}
        for native_id in native_ids:
            if native_id.startswith(MESSAGE):
                standing[native_id] = self._inbox.standing(native_id)
                continue
            seen = self._standing(native_id)
            if seen is Standing.GONE:
                visitor = native_id.startswith(f"{self.page_id}_")  # a visitor's post stands on the Page itself
                parent = self.page_id if visitor else self._post_above(native_id)
                if parent not in parents:
                    parents[parent] = self._standing(parent)
                seen = seen if parents[parent] is Standing.PRESENT else Standing.UNKNOWN
            standing[native_id] = seen
        return standing

    def _post_above(self, native_id: str) -> str:
        """A comment's id is that of its post without the Page, and its own."""
        return f"{self.page_id}_{native_id.partition('_')[0]}"

    def _standing(self, native_id: str) -> Standing:
        return self._asks.standing(native_id, lambda: self.graph.get_object(native_id, fields="id"))

    # --- acting

    def capabilities(self) -> Capabilities:
        """A comment's own replies are read from where they are written, so an absence settles within a minute."""
        return Capabilities(
            actions=frozenset(Action),
            longest_reply=LONGEST_COMMENT,
            proves_absence=True,
            settles_after=timedelta(minutes=1),
        )

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: Facebook takes none.  A private message is answered where it was written."""
        if native_id.startswith(MESSAGE):
            return self._inbox.reply(native_id, text)
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than Facebook allows; it was not sent")
        sending = send_through(self.graph, f"{native_id}/comments", message=text)
        published = self._asks.published(self._asks.write(sending, refusal=NOT_PUBLISHED))
        asking = partial(self.graph.get_object, published, fields="id,created_time")
        return Receipt(published, self._asks.time_of(asking, "created_time"))

    def act(self, action: Action, native_id: str) -> None:
        if native_id.startswith(MESSAGE):
            raise Refused(self.account, PRIVATE)
        if action is Action.DELETE:
            self._delete(native_id)
        elif action in (Action.HIDE, Action.UNHIDE):
            hidden = "true" if action is Action.HIDE else "false"
            self._asks.done(send_through(self.graph, native_id, is_hidden=hidden), refusal=NOT_DONE)
        else:
            raise Refused(self.account, f"that is not how one does {action.value} on Facebook")

    def _delete(self, native_id: str) -> None:
        """What is not there need not be deleted; but the same is said of what is not for us."""
        try:
            self._asks.done(send_through(self.graph, native_id, method="DELETE"), refusal=NOT_DONE)
        except Gone:
            if self.recheck([native_id])[native_id] is not Standing.GONE:
                raise

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """Facebook nests once: a reply to a reply stands beside it, so the comment above is read as well.

        `in_reply_to` is the comment that a reply stands under, which then is not `native_id`.
        """
        earliest = since - CLOCKS_DISAGREE
        if native_id.startswith(MESSAGE):
            return self._inbox.own_replies(native_id, earliest)
        post, places = self._where(native_id)
        return [ours for place in places for ours in self._own_under(post, place) if ours.posted_at >= earliest]

    def _where(self, native_id: str) -> tuple[str, Sequence[str]]:
        """The post above, and the places where a reply to this may stand.

        A post has no field `parent`, and Facebook refuses to be asked for it: so a post that names us, whose id
        looks like a comment's, is told from one.
        """
        if native_id.startswith(f"{self.page_id}_"):
            return native_id, (native_id,)
        try:
            body = self._asks.node(lambda: self.graph.get_object(native_id, fields="id,parent{id}"))
        except Refused:
            return native_id, (native_id,)
        if body.get("id") != native_id:
            raise Malformed(self.account, "Facebook did not say where the comment stands")
        above = body.get("parent")
        holder = above.get("id") if isinstance(above, dict) else None
        return self._post_above(native_id), (native_id, holder) if isinstance(holder, str) else (native_id,)

    def _own_under(self, post: str, native_id: str) -> Iterator[OwnReply]:
        after = ""
        for _ in range(READ_BACK_PAGES):
            listing = self._listing(native_id, "comments", after, fields=COMMENT_FIELDS, order="reverse_chronological")
            sifted = sift(listing.items, partial(self._comment_or_ours, post, above=native_id))
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on Facebook cannot be read")
            yield from sifted.ours
            if not listing.next:
                return
            if listing.next == after:
                raise Malformed(self.account, "Facebook answers with a page that leads back to itself")
            after = listing.next
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    def _listing(self, above: str, edge: str, after: str, **args: Any) -> Listing:
        if after:
            args["after"] = after
        return self._asks.listing(lambda: self.graph.get_connections(above, edge, limit=self.page_size, **args))


def open_page(access: Access) -> FacebookPage:
    """Connect to one Page with its Page token.  The SDK is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    client, line = open_sdk(access)
    return FacebookPage(access.account, access.native_id, client, line)


def _hidden(item: Mapping[str, Any]) -> bool | None:
    return item["is_hidden"] is True if "is_hidden" in item else None


def _author(item: Mapping[str, Any]) -> Author | None:
    """None where Facebook does not say who wrote: it tells only a Page token with the MODERATE task."""
    author = within(item, "from")
    native_id = perhaps(author, "id")
    return Author(native_id, perhaps(author, "name")) if native_id else None


def _stirred(item: Mapping[str, Any], again: datetime | None) -> bool:
    """Whether something happened to a post; where Facebook does not say, it did."""
    at = time_or_none(item.get("updated_time"))
    return again is None or at is None or at >= again


def _counts(post: str, after: str, listing: Listing) -> tuple[Count, ...]:
    """How many Facebook says stand under a post, on the last page of them; without a sum, as each says of its own."""
    if listing.next:
        return ()
    total = listing.total
    if total is None and not after:
        top = [each for each in listing.items if isinstance(each, dict) and not each.get("parent")]
        replies = [each["comment_count"] for each in top if is_count(each.get("comment_count"))]
        total = len(top) + sum(replies)
    return () if total is None else (Count(post, total),)
