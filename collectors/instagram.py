"""An Instagram professional account, through facebook-sdk and the token of its Page: comments, tags and messages.

What this project knows of Instagram is in this file and stops here; what it shares with Facebook and
Threads is in collectors/graph.py.  Three surprises.  Nothing can be asked for "since", and nothing moves
a post up: the latest 25 are read again each time, and of the latest 300 the others when Instagram counts
another number of comments.  A comment brings a few of its replies along, and need not say that there
are more.  And a mention under somebody else's post is in no list: only a webhook tells of it, and
`mentioned` asks for what it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self

from collectors.base import (
    CLOCKS_DISAGREE,
    Access,
    Action,
    AuthExpired,
    Budget,
    Capabilities,
    CollectorError,
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
    ends,
    is_count,
    is_time,
    known_by_handle,
    open_sdk,
    remaining,
    seconds,
    send_through,
    time_or_none,
)
from collectors.inbox import MEANING as MESSAGING
from collectors.inbox import Inbox
from collectors.items import Sifted, Unreadable, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from collectors.transport import Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

PAGE_SIZE: Final = 100
COMMENTS_PAGE: Final = 50  # Instagram sends no more comments than that at once
MEDIA_FIELDS: Final = "id,caption,media_type,permalink,timestamp,username"
TAGGED_FIELDS: Final = f"{MEDIA_FIELDS},owner{{id}}"  # the owner is told only where it is us
PERSON: Final = "username,from{id,username,self_ig_scoped_id},user{id}"
COMMENT_FIELDS: Final = f"id,text,timestamp,{PERSON},hidden,parent_id,media{{id,permalink}}"
WITH_REPLIES: Final = f"{COMMENT_FIELDS},replies.limit({COMMENTS_PAGE}){{id,text,timestamp,{PERSON},hidden,parent_id}}"
MENTION_FIELDS: Final = "id,text,timestamp,username,media{id,permalink}"

WATCHED_IN_FULL: Final = 25  # the latest posts, read again each time for late replies and for what was hidden
WATCHED_BY_COUNT: Final = 300  # further back, a post is read only when its count of comments is another
OVERLAP: Final = timedelta(hours=1)  # a comment may be counted before it is listed
POSTS_AGAIN: Final = timedelta(days=7)  # a caption is edited, and somebody is tagged later
PERHAPS_CUT: Final = 25  # Graph's usual page: as many replies may be all, or the first of many
READ_BACK_PAGES: Final = 20
TAG_PAGES: Final = 5
LONGEST_COMMENT: Final = 2_200
LONGEST_MESSAGE: Final = 1_000
MESSAGES_REACHABLE: Final = 20  # Meta tells nothing of the older messages of a conversation
MESSAGE: Final = "aWdf"
"""How the id of a private message begins; anything else is digits."""

# Instagram's own error codes; those of the whole family are in collectors/graph.py.
MEANING: Final[Meaning] = {
    80002: (RateLimited, "Instagram asks this account to wait"),
}
NOT_PUBLISHED: Final = "Instagram will not publish this reply; reply on Instagram itself and record it here"
NOT_DONE: Final = "Instagram will not do that to this comment; do it on Instagram itself and record it here"
PRIVATE: Final = "a private message cannot be hidden or deleted for the person who wrote it"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a run leaves for the next: when it was, how many comments Instagram counted, and since when so many.

    A post that does not say how many has -1.  Times are in seconds.
    """

    at: int
    media: Mapping[str, tuple[int, int]]

    def packed(self) -> str:
        return json.dumps([self.at, self.media], separators=(",", ":"))

    @classmethod
    def unpacked(cls, watermark: str) -> Self | None:
        """None before the first run has ended, or where it is not one of ours."""
        try:
            at, media = json.loads(watermark)
            return cls(int(at), {str(each): (int(many), int(since)) for each, (many, since) in media.items()})
        except (AttributeError, OverflowError, RecursionError, TypeError, ValueError):
            return None

    def then(self, at: int, media: Mapping[str, int]) -> Self:
        """After another run counted."""
        before = {each: many for each, (many, _) in self.media.items()}
        return replace(
            self,
            at=at,
            media={
                each: (many, self.media[each][1] if before.get(each) == many else at) for each, many in media.items()
            },
        )

    def unread(self, media: str, now: Counted) -> bool:
        """Whether there may be something under a post that this run, or one before it, did not see.

        A comment may be counted before it is listed; so a count is trusted once a run came long enough after it.
        """
        many, since = now.media[media]
        return many < 0 or (many > 0 and (since == now.at or self.at - since < OVERLAP.total_seconds()))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reading of one post stands: the cursor of its comments, and whose replies are to be read before that.

    `over` says that there are no more comments, only replies of those that were read.
    """

    after: str = ""
    over: bool = False
    long: tuple[tuple[str, str], ...] = ()

    def packed(self) -> str:
        """Empty where there is nothing left to read."""
        if self.over and not self.long:
            return ""
        return json.dumps([self.after, self.over, self.long], separators=(",", ":"))

    @classmethod
    def unpacked(cls, token: str) -> Self:
        """The beginning, where the token is not one of ours."""
        try:
            after, over, long = json.loads(token)
            return cls(str(after), bool(over), tuple((str(comment), str(reply)) for comment, reply in long))
        except (RecursionError, TypeError, ValueError):
            return cls()


@dataclass(frozen=True, slots=True)
class InstagramAccount:
    """One account of ours; `ig_id` is its id as an Instagram user, not its Page's."""

    account: str
    ig_id: str
    client: Any = field(repr=False)
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.INSTAGRAM

    @property
    def _asks(self) -> Graph:
        return Graph(self.account, "Instagram", self.line, {**MESSAGING, **MEANING})

    @property
    def _inbox(self) -> Inbox:
        return Inbox(
            self._asks,
            self.client,
            place="me",
            network="instagram",
            ours=frozenset({self.ig_id}),
            longest=LONGEST_MESSAGE,
            page_size=self.page_size,
            reachable=MESSAGES_REACHABLE,
            url="https://www.instagram.com/direct/inbox/",
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
            raise ValueError(f"Instagram has no stream {stream!r}; it has {', '.join(self.streams())}")
        read = {
            "comments": self._comments,
            "posts": self._posts,
            "messages": self._inbox.pages,
            "tagged": self._tagged,
        }
        yield from read[stream](cursor, budget)

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        again = again_from(cursor.watermark, POSTS_AGAIN)

        def leaf(leg: str, after: str) -> Leaf:
            listing = self._listing(self.ig_id, "media", after, fields=MEDIA_FIELDS, **seconds(again))
            return Leaf(sift(listing.items, self._post), listing.next, listing.at.isoformat(), listing.usage)

        run = Run.unpacked(cursor.page_token, is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _tagged(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Other people's posts that tag us, newest first: those of the last seven days are read again each time.

        A tag that is put on an older post later is not found.
        """
        again = again_from(cursor.watermark, POSTS_AGAIN)

        def leaf(leg: str, after: str) -> Leaf:
            listing = self._listing(self.ig_id, "tags", after, fields=TAGGED_FIELDS)
            times = [time_or_none(each.get("timestamp")) for each in listing.items if isinstance(each, dict)]
            known = again is not None and any(at is not None and at < again for at in times)
            sifted = sift(listing.items, self._tagging)
            return Leaf(sifted, "" if known else listing.next, listing.at.isoformat(), listing.usage)

        run = Run.unpacked(cursor.page_token, is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment and reply under the posts worth reading again.

        How many there are is said when the last page is there to compare with: Instagram also counts what it
        does not list, such as what somebody whom we restricted has written.
        """
        run, spent = Run.unpacked(cursor.page_token, _is_counted), NOTHING_SPENT
        if run is None or not run.mark:
            run, spent = self._media_to_read(cursor)
        counted = Counted.unpacked(run.mark) or Counted(0, {})

        def leaf(media: str, token: str) -> Leaf:
            place = Place.unpacked(token)
            sifted, usage, then = self._replies_of(media, place) if place.long else self._under(media, place)
            said_there = counted.media.get(media, (-1, 0))[0]
            over = not then.packed() and said_there >= 0
            return Leaf(sifted, then.packed(), usage=usage, counts=(Count(media, said_there),) if over else ())

        yield from pages(
            self.account, cursor, run, budget, leaf, newer=lambda mark, before: mark or before, spent=spent
        )

    def _media_to_read(self, cursor: Cursor) -> tuple[Run, Usage]:
        """The latest posts in any case; older ones whose count of comments is another than it was, or was so lately."""
        known, said_there = Counted.unpacked(cursor.watermark), dict[str, int]()
        after, usage, trail = "", NOTHING_SPENT, Trail(self.account, "Instagram")
        while True:
            listing = self._listing(self.ig_id, "media", after, fields="id,comments_count")
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            for item in listing.items:
                if isinstance(item, dict) and isinstance(item.get("id"), str):
                    count = item.get("comments_count")
                    said_there[item["id"]] = count if is_count(count) else -1
            if not listing.next or len(said_there) >= WATCHED_BY_COUNT:
                break
            after = trail.on(listing.next, len(listing.items))
        before = known or Counted(0, {})
        counted = before.then(int(listing.at.timestamp()), said_there)
        legs = [
            media
            for place, media in enumerate(counted.media)
            if place < WATCHED_IN_FULL or before.unread(media, counted)
        ]
        return Run(counted.packed(), tuple(legs)), usage

    def _under(self, media: str, place: Place) -> tuple[Sifted, Usage, Place]:
        """One page of comments, each with the first of its replies."""
        listing = self._listing(media, "comments", place.after, most=COMMENTS_PAGE, fields=WITH_REPLIES)
        long = tuple(
            (comment, last) for comment, replies, last in map(_replies_in, listing.items) if comment and replies
        )
        then = Place(listing.next, over=not listing.next, long=long)
        return self._sifted(media, listing.items), listing.usage, then

    def _replies_of(self, media: str, place: Place) -> tuple[Sifted, Usage, Place]:
        """One page of the replies to the first comment that has more.  One that has gone away took them along."""
        (comment, after), *others = place.long
        done = replace(place, long=tuple(others))
        try:
            listing = self._listing(comment, "replies", after, most=COMMENTS_PAGE, fields=COMMENT_FIELDS)
        except Gone:
            return Sifted(), Usage(requests=1), done
        then = replace(place, long=((comment, listing.next), *others)) if listing.next else done
        return self._sifted(media, listing.items, above=comment), listing.usage, then

    def _sifted(self, media: str, items: Sequence[Any], *, above: str = "") -> Sifted:
        """Comments, and behind each of them its replies."""
        flat, parents = list[Any](), dict[str, str]()
        for item in items:
            flat.append({name: item[name] for name in item if name != "replies"} if isinstance(item, dict) else item)
            inner = item.get("replies") if isinstance(item, dict) else None
            replies = inner.get("data") if isinstance(inner, dict) else None
            for reply in replies if isinstance(replies, list) else ():
                flat.append(reply)
                if isinstance(reply, dict):
                    parents[str(reply.get("id"))] = str(item.get("id"))
        url = next((each for each in map(_permalink, items) if each), "")
        return sift(flat, lambda item, raw: self._told(media, item, raw, parents.get(str(item.get("id")), above), url))

    def _told(self, media: str, item: Mapping[str, Any], raw: bytes, above: str, url: str) -> Comment | OwnReply:
        native_id, text, posted_at = said(item, "id"), perhaps(item, "text"), moment(item, "timestamp")
        parent = perhaps(item, "parent_id") or above or media
        author = _author(item)
        if self._is_ours(item):
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=parent,
                text=text,
                posted_at=posted_at,
                thread=media,
                raw=raw,
            )
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=author,
            thread=media,
            in_reply_to=parent,
            url=url,
            hidden=item["hidden"] is True if "hidden" in item else None,
            raw=raw,
        )

    def _is_ours(self, item: Mapping[str, Any]) -> bool:
        """Our own id stands under `user`; under `from` we go by one of this app's own, and it says that it is ours."""
        sender = within(item, "from")
        named = (perhaps(within(item, "user"), "id"), perhaps(sender, "id"))
        return self.ig_id in named or bool(perhaps(sender, "self_ig_scoped_id"))

    def _post(self, item: Mapping[str, Any], raw: bytes) -> Post:
        return Post(
            account=self.account,
            native_id=said(item, "id"),
            text=perhaps(item, "caption"),
            posted_at=moment(item, "timestamp"),
            url=perhaps(item, "permalink"),
            raw=raw,
        )

    def _tagging(self, item: Mapping[str, Any], raw: bytes) -> Comment | None:
        """Somebody else's post, of whom Instagram tells the handle only; our own may tag us as well."""
        if within(item, "owner").get("id") == self.ig_id:
            return None
        native_id = said(item, "id")
        return Comment(
            account=self.account,
            native_id=native_id,
            text=perhaps(item, "caption"),
            posted_at=moment(item, "timestamp"),
            author=known_by_handle(perhaps(item, "username")),
            thread=native_id,
            url=perhaps(item, "permalink"),
            raw=raw,
        )

    def mentioned(self, comment_id: str = "", media_id: str = "") -> Page:
        """What a webhook said that we were named in: a comment under somebody else's post, or such a post.

        A webhook names the post as well where it was in a comment; then the comment is what is read.

        Raises:
            CollectorError: one of its kinds; Gone where it is not there any more.
            ValueError: neither is named.
        """
        if not comment_id and not media_id:
            raise ValueError("name the comment or the post")
        name, native_id = ("mentioned_comment", comment_id) if comment_id else ("mentioned_media", media_id)
        fields = MENTION_FIELDS if comment_id else TAGGED_FIELDS
        answer = self._asks.read(partial(self._ask_mention, name, native_id, fields))
        body = answer.json()
        item = body.get(name) if isinstance(body, dict) else None
        if not isinstance(item, dict):
            raise Gone(self.account, "Instagram shows no such mention; it is gone, or not for us")
        sifted = sift([item], partial(self._naming, media_id) if comment_id else self._tagging)
        return Page(
            cursor=Cursor(),
            complete=True,
            comments=tuple(sifted.comments),
            troubles=tuple(sifted.troubles),
            usage=Usage(1, 1, remaining(answer)),
        )

    def _naming(self, media: str, item: Mapping[str, Any], raw: bytes) -> Comment:
        """Somebody's comment that names us, in a thread that is not ours."""
        where = within(item, "media")
        thread = perhaps(where, "id") or media
        if not thread:
            raise Unreadable("the comment does not say under which post it stands")
        return Comment(
            account=self.account,
            native_id=said(item, "id"),
            text=perhaps(item, "text"),
            posted_at=moment(item, "timestamp"),
            author=known_by_handle(perhaps(item, "username")),
            thread=thread,
            in_reply_to=thread,
            url=perhaps(where, "permalink"),
            raw=raw,
        )

    def _ask_mention(self, name: str, native_id: str, fields: str) -> object:
        key = "comment_id" if name == "mentioned_comment" else "media_id"
        return self.client.get_object(self.ig_id, fields=f"{name}.{key}({native_id}){{{fields}}}")

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Instagram says the same of what is gone, and of what is somebody else's and only names or tags us.

        So GONE is said only of what is in neither of the places where those are shown, while the account itself
        can be read with the same token.
        """
        standing: dict[str, Standing] = {}
        for native_id in native_ids:
            if native_id.startswith(MESSAGE):
                standing[native_id] = self._inbox.standing(native_id)
            else:
                standing[native_id] = self._standing(native_id)
        missing = [each for each in native_ids if standing[each] is Standing.GONE]
        if missing:
            standing |= self._looked_for(missing)
        return standing

    def _standing(self, native_id: str) -> Standing:
        return self._asks.standing(native_id, lambda: self.client.get_object(native_id, fields="id"))

    def _looked_for(self, missing: Sequence[str]) -> dict[str, Standing]:
        if self._standing(self.ig_id) is not Standing.PRESENT:
            return dict.fromkeys(missing, Standing.UNKNOWN)
        try:
            tags, whole = self._tags()
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return dict.fromkeys(missing, Standing.UNKNOWN)
        otherwise = Standing.GONE if whole else Standing.UNKNOWN
        return {
            each: Standing.PRESENT if each in tags else self._as_mention(each, otherwise=otherwise) for each in missing
        }

    def _tags(self) -> tuple[set[str], bool]:
        """The posts that tag us now, and whether these are all."""
        found, after = set[str](), ""
        for _ in range(TAG_PAGES):
            listing = self._listing(self.ig_id, "tags", after, fields="id")
            found |= {str(each.get("id")) for each in listing.items if isinstance(each, dict)}
            if not listing.next or listing.next == after:
                return found, not listing.next
            after = listing.next
        return found, False

    def _as_mention(self, native_id: str, *, otherwise: Standing) -> Standing:
        for name in ("mentioned_comment", "mentioned_media"):
            try:
                body = self._asks.node(partial(self._ask_mention, name, native_id, "id"))
            except (Gone, Refused):
                continue
            except (AuthExpired, RateLimited):
                raise
            except CollectorError:
                return Standing.UNKNOWN
            if isinstance(body.get(name), dict):
                return Standing.PRESENT
        return otherwise

    # --- acting

    def capabilities(self) -> Capabilities:
        """A comment's own replies are read from where they are written, so an absence settles within minutes."""
        return Capabilities(
            actions=frozenset(Action),
            longest_reply=LONGEST_COMMENT,
            proves_absence=True,
            settles_after=timedelta(minutes=5),
        )

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: Instagram takes none.  A private message is answered where it was written.

        Where Instagram knows no such comment under our posts, it may be one that names us under another's.
        """
        if native_id.startswith(MESSAGE):
            return self._inbox.reply(native_id, text)
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than Instagram allows; it was not sent")
        try:
            sending = send_through(self.client, f"{native_id}/replies", message=text)
            answer = self._asks.write(sending, refusal=NOT_PUBLISHED)
        except (Gone, Refused):
            place = self._mention_of(native_id)
            if not place:
                raise
            answer = self._asks.write(
                send_through(self.client, f"{self.ig_id}/mentions", message=text, **place), refusal=NOT_PUBLISHED
            )
        published = self._asks.published(answer)
        asking = partial(self.client.get_object, published, fields="id,timestamp")
        return Receipt(published, self._asks.time_of(asking, "timestamp"))

    def _mention_of(self, native_id: str) -> dict[str, str]:
        """How a mention is named when it is answered; empty where this is none."""
        for name, fields in (("mentioned_comment", "id,media{id}"), ("mentioned_media", "id")):
            try:
                found = self._asks.node(partial(self._ask_mention, name, native_id, fields)).get(name)
            except CollectorError:
                continue
            if isinstance(found, dict) and name == "mentioned_media":
                return {"media_id": native_id}
            media = found.get("media") if isinstance(found, dict) else None
            if isinstance(media, dict) and isinstance(media.get("id"), str):
                return {"media_id": media["id"], "comment_id": native_id}
        return {}

    def act(self, action: Action, native_id: str) -> None:
        if native_id.startswith(MESSAGE):
            raise Refused(self.account, PRIVATE)
        if action is Action.DELETE:
            self._delete(native_id)
        elif action in (Action.HIDE, Action.UNHIDE):
            hidden = "true" if action is Action.HIDE else "false"
            self._asks.done(send_through(self.client, native_id, hide=hidden), refusal=NOT_DONE)
        else:
            raise Refused(self.account, f"that is not how one does {action.value} on Instagram")

    def _delete(self, native_id: str) -> None:
        """What is not there need not be deleted; but the same is said of what is not for us."""
        try:
            self._asks.done(send_through(self.client, native_id, method="DELETE"), refusal=NOT_DONE)
        except Gone:
            if self.recheck([native_id])[native_id] is not Standing.GONE:
                raise

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """Instagram nests once: what answers a reply stands beside it, under the comment above.

        `in_reply_to` is the comment that a reply stands under, which then is not `native_id`.
        """
        earliest = since - CLOCKS_DISAGREE
        if native_id.startswith(MESSAGE):
            return self._inbox.own_replies(native_id, earliest)
        body = self._asks.node(lambda: self.client.get_object(native_id, fields="id,parent_id,media{id}"))
        where = body.get("media")
        media = where.get("id") if isinstance(where, dict) else None
        if body.get("id") != native_id or not isinstance(media, str):
            raise Malformed(self.account, "Instagram did not say where the comment stands")
        above = body.get("parent_id")
        holder = above if isinstance(above, str) and above else native_id
        return [ours for ours in self._own_under(media, holder) if ours.posted_at >= earliest]

    def _own_under(self, media: str, comment: str) -> Iterator[OwnReply]:
        after = ""
        for _ in range(READ_BACK_PAGES):
            listing = self._listing(comment, "replies", after, most=COMMENTS_PAGE, fields=COMMENT_FIELDS)
            sifted = self._sifted(media, listing.items, above=comment)
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on Instagram cannot be read")
            yield from sifted.ours
            if not listing.next:
                return
            if listing.next == after:
                raise Malformed(self.account, "Instagram answers with a page that leads back to itself")
            after = listing.next
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    def _listing(self, above: str, edge: str, after: str, *, most: int = PAGE_SIZE, **args: Any) -> Listing:
        """One page.  Instagram promises the next one, but not among the posts that tag us.

        There only a page without a cursor is the last, or one with nothing on it.
        """
        if after:
            args["after"] = after
        limit = min(self.page_size, most)
        listing = self._asks.listing(lambda: self.client.get_connections(above, edge, limit=limit, **args))
        if edge == "tags" and listing.items:
            return replace(listing, next=listing.last)
        return listing


def open_instagram(access: Access) -> InstagramAccount:
    """Connect to one account with the token of the Page it belongs to.  The SDK is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    client, line = open_sdk(access)
    return InstagramAccount(access.account, access.native_id, client, line)


def _is_counted(mark: str) -> bool:
    return Counted.unpacked(mark) is not None


def _author(item: Mapping[str, Any]) -> Author | None:
    """Who wrote, by an id of this app's own where Instagram gives it."""
    sender = within(item, "from")
    native_id, username = perhaps(sender, "id"), perhaps(sender, "username") or perhaps(item, "username")
    return Author(native_id, username) if native_id else known_by_handle(username)


def _permalink(item: Any) -> str:
    media = item.get("media") if isinstance(item, dict) else None
    url = media.get("permalink") if isinstance(media, dict) else None
    return url if isinstance(url, str) else ""


def _replies_in(item: Any) -> tuple[str, bool, str]:
    """Of a comment: its id, whether it may have more replies than it brought along, and the cursor to go on from."""
    inner = item.get("replies") if isinstance(item, dict) else None
    replies, paging = (inner.get("data"), inner.get("paging")) if isinstance(inner, dict) else (None, None)
    promised, last = ends(paging) if isinstance(paging, dict) else (False, "")
    many = len(replies) if isinstance(replies, list) else 0
    comment = item.get("id") if isinstance(item, dict) else None
    return comment if isinstance(comment, str) else "", promised or many >= PERHAPS_CUT, last
