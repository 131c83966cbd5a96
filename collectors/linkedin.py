"""A LinkedIn page of ours, by plain requests: the comments under its posts, and the posts in which others name it.

What this project knows of LinkedIn's Community Management API is in this file and stops here.  Three surprises.
LinkedIn keeps a list of what happened, which says under which posts somebody wrote, edited or deleted, however
old the posts; only those posts are read again.  It lists no post that is not public, so every hour the latest ten
posts are read in full, and of the latest hundred those whose count of comments has changed.  Lists are paged by
offset: where one comment is taken away, the next page would pass over another, which the list's total betrays.
And LinkedIn tells us nobody's name: who wrote is an id.

A reply stands under a comment, and no deeper.  There is no hiding and no blocking; a comment under a post of
ours can be deleted, for good.  A search there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final, Self, TypeGuard
from urllib.parse import parse_qs, quote, urlsplit

from collectors.asking import keys_in, object_in, open_line, read, retry_at, time_in, write
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
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Receipt,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
    Usage,
)
from collectors.items import Sifted, Unreadable, perhaps, said, sift, since_1970, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST: Final = "https://api.linkedin.com"
VERSION: Final = "202609"  # each lives about a year
HEADERS: Final = {"LinkedIn-Version": VERSION, "X-Restli-Protocol-Version": "2.0.0"}
PAGE_SIZE: Final = 100
IDS_AT_ONCE: Final = 20
COUNTS_AT_ONCE: Final = 50

WATCHED: Final = 10  # the latest posts, read again every hour
WATCHED_BY_COUNT: Final = 100  # further back, a post is read when its count of comments has changed
AGAIN_EVERY: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(days=60)  # how long LinkedIn keeps what happened
POSTS_AGAIN: Final = timedelta(days=7)  # our own posts are edited too
NOTICE_PAGES: Final = 20
READ_BACK_PAGES: Final = 20
LIMIT_WINDOW: Final = timedelta(minutes=5)
LONGEST_COMMENT: Final = 1_250

STIRRING: Final = ("COMMENT", "ADMIN_COMMENT", "COMMENT_EDIT", "COMMENT_DELETE")
MENTIONING: Final = ("SHARE_MENTION",)

# Notifications write `(activity:1,2)` where everything else says `(urn:li:activity:1,2)`.
COMMENT_URN: Final = re.compile(r"urn:li:comment:\((?:urn:li:)?(\w{1,20}:[0-9]{1,20}),([0-9]{1,20})\)")
POST_URN: Final = re.compile(r"urn:li:\w{1,20}:[0-9]{1,20}")
COUNT: Final = re.compile(r"[0-9]{1,9}")

# A word of LinkedIn's own, or the status -> what it means to us, in our words.
RETIRED: Final = (
    f"LinkedIn no longer answers to version {VERSION} of its API, which is the one this Gwylio speaks; "
    "install a newer Gwylio"
)
MEANING: dict[int | str, tuple[type[CollectorError], str]] = {
    400: (Refused, "LinkedIn does not understand the request"),
    401: (AuthExpired, "LinkedIn no longer accepts the token; connect the account again"),
    403: (PermissionLost, "LinkedIn does not allow this token to do that; check who administers the page, and the app"),
    404: (Gone, "LinkedIn says that it is not there"),
    409: (Refused, "LinkedIn says that this would be the same twice"),
    410: (Gone, "LinkedIn says that it is not there any more"),
    422: (Refused, "LinkedIn will not take this"),
    426: (PermissionLost, RETIRED),
    429: (RateLimited, "LinkedIn asks us to wait"),
    "NONEXISTENT_VERSION": (PermissionLost, RETIRED),
    "VERSION_MISSING": (PermissionLost, RETIRED),
}
NOT_PUBLISHED: Final = "LinkedIn will not publish this reply; reply on LinkedIn itself and record it here"
NOT_DELETED: Final = "LinkedIn will not delete this comment for us; delete it on LinkedIn itself and record it here"
NO_SUCH_ACTION: Final = "LinkedIn has no such action; a comment can be deleted there, and then record it here"

# Its posts are in what LinkedIn calls little text: these are escaped, and tags and names stand in templates.
LITTLE: Final = re.compile(r"\{hashtag\|\\?#\|([^{}|]*)\}|@\[((?:[^\]\\]|\\.)*)\]\(urn:[^()]*\)|\\(.)", re.DOTALL)
ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished run leaves for the next: when it began, and what the last hourly reading found.

    `full` is when posts were last read whatever had happened, `counts` how many comments each then had.
    """

    at: datetime
    full: datetime
    counts: Mapping[str, int] = field(default_factory=dict)

    def packed(self) -> str:
        return json.dumps([self.at.isoformat(), self.full.isoformat(), self.counts], separators=(",", ":"))

    @classmethod
    def unpacked(cls, watermark: str) -> Self | None:
        """None before the first run has ended."""
        try:
            at, full, counts = json.loads(watermark)
            return cls(
                datetime.fromisoformat(at).astimezone(UTC),
                datetime.fromisoformat(full).astimezone(UTC),
                {str(post): int(many) for post, many in counts.items()},
            )
        except (AttributeError, OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Place:
    """How far the reading of one post has come, as it is kept in a run's token.

    `start` is where its next page of comments begins, None after the last.  Before that page the replies
    to each of `threads` are read, the first from `reply` on.  The totals are what LinkedIn last said of
    each list, to notice when something was taken out of it.
    """

    start: int | None = 0
    total: int = 0
    threads: tuple[str, ...] = ()
    reply: int = 0
    replies: int = 0

    @property
    def over(self) -> bool:
        return self.start is None and not self.threads

    def packed(self) -> str:
        if self.over:
            return ""
        return json.dumps([self.start, self.total, self.threads, self.reply, self.replies], separators=(",", ":"))

    @classmethod
    def unpacked(cls, token: str) -> Self:
        """The beginning, where the token is not one of ours."""
        try:
            start, total, threads, reply, replies = json.loads(token)
            place = cls(
                None if start is None else int(start), int(total), tuple(map(str, threads)), int(reply), int(replies)
            )
        except (OverflowError, RecursionError, TypeError, ValueError):
            return cls()
        sound = min(place.start or 0, place.reply) >= 0 and all(map(COMMENT_URN.fullmatch, place.threads))
        return cls() if place.over or not sound else place


@dataclass(frozen=True, slots=True)
class LinkedInPage:
    """One page of ours; `organisation` is its id, a number or the URN that ends in it."""

    account: str
    organisation: str
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.LINKEDIN

    @property
    def urn(self) -> str:
        """Who we are, as LinkedIn has it."""
        return self.organisation if ":" in self.organisation else f"urn:li:organization:{self.organisation}"

    # --- reading

    def streams(self) -> Sequence[str]:
        return ("comments", "mentions", "posts")

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages of one stream.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"LinkedIn has no stream {stream!r}; it has {', '.join(self.streams())}")
        streams = {"comments": self._comments, "mentions": self._mentions, "posts": self._posts}
        yield from streams[stream](cursor, budget)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment and reply under the posts worth reading again."""
        run, spent = Run.unpacked(cursor.page_token, _is_kept), NOTHING_SPENT
        if run is None or not run.mark:
            run, counts, spent = self._posts_to_read(Kept.unpacked(cursor.watermark))
            if run.legs and counts:
                here = Cursor(cursor.watermark, run.packed())
                yield Page(cursor=here, complete=False, counts=counts, usage=spent)
                spent = NOTHING_SPENT
        yield from pages(
            self.account, cursor, run, budget, self._under, newer=lambda mark, known: mark or known, spent=spent
        )

    def _posts_to_read(self, before: Kept | None) -> tuple[Run, tuple[Count, ...], Usage]:
        """Those where something happened since the last run began, less an overlap; and every hour, more.

        The first run reads the latest hundred, as far as somebody wrote under them.
        """
        stirred, spent = list[str](), NOTHING_SPENT
        if before is not None:
            stirred, at, spent = self._stirred_since(before.at - OVERLAP)
            if timedelta(0) <= at - before.full < AGAIN_EVERY:
                return Run(replace(before, at=at).packed(), tuple(stirred)), (), spent
        latest, at, usage = self._latest_posts()
        counts, asked = self._counts(latest)
        known = before.counts if before else {}
        legs = [*stirred, *(post for post in latest[:WATCHED] if counts.get(post) != 0)]
        legs += [post for post in latest if counts.get(post) != known.get(post, 0)]
        kept = Kept(at, at, counts)
        said_there = tuple(Count(post, many) for post, many in counts.items())
        return (
            Run(kept.packed(), tuple(dict.fromkeys(legs))),
            said_there,
            Usage(requests=spent.requests + usage.requests + asked, items=spent.items + usage.items),
        )

    def _stirred_since(self, since: datetime) -> tuple[list[str], datetime, Usage]:
        """Our posts under which somebody wrote, edited or deleted since then, and LinkedIn's time.

        Of what happened the latest two thousand are looked at.
        """
        posts: list[str] = []
        began: datetime | None = None
        start, usage = 0, Usage()
        for _ in range(NOTICE_PAGES):
            listing = self._notifications(STIRRING, since, start)
            began = began or listing.at
            usage = Usage(usage.requests + 1, usage.items + len(listing.items))
            posts += filter(None, map(_post_of, listing.items))
            if listing.next is None:
                break
            start = self._beyond(start, listing.next)
        return list(dict.fromkeys(posts)), began or since, usage

    def _latest_posts(self) -> tuple[list[str], datetime, Usage]:
        posts: list[str] = []
        began: datetime | None = None
        start, usage = 0, Usage()
        while True:
            listing = self._listing_of_posts(start)
            began = began or listing.at
            usage = Usage(usage.requests + 1, usage.items + len(listing.items))
            ids = [item.get("id") for item in listing.items if isinstance(item, dict)]
            posts += [each for each in ids if isinstance(each, str) and POST_URN.fullmatch(each)]
            if listing.next is None or start >= WATCHED_BY_COUNT or len(posts) >= WATCHED_BY_COUNT:
                return list(dict.fromkeys(posts))[:WATCHED_BY_COUNT], began, usage
            start = self._beyond(start, listing.next)

    def _beyond(self, start: int, following: int) -> int:
        if following <= start:
            raise Malformed(self.account, "LinkedIn answers with a page that leads back to itself")
        return following

    def _counts(self, posts: Sequence[str]) -> tuple[dict[str, int], int]:
        """How many comments LinkedIn says each has, replies included, and how many requests that took."""
        counts: dict[str, int] = {}
        asked = range(0, len(posts), COUNTS_AT_ONCE)
        for first in asked:
            batch = posts[first : first + COUNTS_AT_ONCE]
            body = object_in(self._read(f"/rest/socialMetadata?ids={_list(batch)}"), self.account, "LinkedIn")
            results = body.get("results")
            if not isinstance(results, dict):
                raise Malformed(self.account, "LinkedIn answered with something that is not a batch of counts")
            for post in batch:
                found = results.get(post, results.get(_in_a_path(post)))
                summary = found.get("commentSummary") if isinstance(found, dict) else None
                many = summary.get("count") if isinstance(summary, dict) else None
                if _is_count(many):
                    counts[post] = many
        return counts, len(asked)

    def _under(self, post: str, token: str) -> Leaf:
        """One page of a post's comments, or of the replies to one of them.

        A thread that went away since it was listed took its replies along.
        """
        place = Place.unpacked(token)
        if not place.threads:
            listing = self._listing_under(post, place.start or 0)
            sifted = sift(listing.items, partial(self._comment_or_ours, post, post))
            threads = tuple(filter(None, map(_answered, listing.items)))
            then = Place(_onwards(listing, place.start or 0, place.total), listing.total or 0, threads)
            return Leaf(sifted, then.packed(), usage=Usage(requests=1, items=len(listing.items)))
        thread, done = place.threads[0], replace(place, threads=place.threads[1:], reply=0, replies=0)
        try:
            listing = self._listing_under(thread, place.reply)
        except Gone:
            return Leaf(Sifted(), done.packed(), usage=Usage(requests=1))
        sifted = sift(listing.items, partial(self._comment_or_ours, post, thread))
        onwards = _onwards(listing, place.reply, place.replies)
        then = done if onwards is None else replace(place, reply=onwards, replies=listing.total or 0)
        return Leaf(sifted, then.packed(), usage=Usage(requests=1, items=len(listing.items)))

    def _comment_or_ours(self, post: str, above: str, item: Mapping[str, Any], raw: bytes) -> Comment | OwnReply:
        native_id, text = _urn_of(item), perhaps(within(item, "message"), "text")
        posted_at, author = since_1970(within(item, "created"), "time", in_a_second=1000), _author(item)
        parent = _canonical(perhaps(item, "parentComment")) or above
        if author is not None and author.native_id == self.urn:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=parent,
                text=text,
                posted_at=posted_at,
                thread=post,
                raw=raw,
            )
        modified = within(item, "lastModified")
        modified_at = since_1970(modified, "time", in_a_second=1000) if "time" in modified else posted_at
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=author,
            thread=post,
            in_reply_to=parent,
            url=_address(native_id),
            edited_at=modified_at if modified_at > posted_at else None,
            raw=raw,
        )

    def _mentions(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Posts by others that name us, as LinkedIn tells of them; a comment that names us it does not tell of."""
        since = _moment(cursor.watermark)

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._notifications(MENTIONING, since and since - OVERLAP, _start(token))
            sifted = sift(listing.items, self._mention)
            following = "" if listing.next is None else str(listing.next)
            return Leaf(sifted, following, listing.at.isoformat(), Usage(requests=1, items=len(listing.items)))

        run = Run.unpacked(cursor.page_token, _is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _mention(self, item: Mapping[str, Any], raw: bytes) -> Comment | None:
        if item.get("action") not in MENTIONING:
            return None
        share = within(within(item, "decoratedGeneratedActivity"), "share")
        owner = perhaps(share, "owner")
        native_id = perhaps(item, "generatedActivity") or said(share, "entity")
        return Comment(
            account=self.account,
            native_id=native_id,
            text=perhaps(share, "text"),
            posted_at=since_1970(item, "lastModifiedAt", in_a_second=1000),
            author=Author(owner) if owner else None,
            thread=native_id,
            url=_address(native_id),
            raw=raw,
        )

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Our own posts, newest first, back to a week before the last run."""
        since = _moment(cursor.watermark)

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._listing_of_posts(_start(token))
            sifted = sift(listing.items, self._post)
            oldest = min((post.posted_at for post in sifted.posts), default=listing.at)
            far_enough = since is not None and oldest < since - POSTS_AGAIN
            following = "" if far_enough or listing.next is None else str(listing.next)
            return Leaf(sifted, following, listing.at.isoformat(), Usage(requests=1, items=len(listing.items)))

        run = Run.unpacked(cursor.page_token, _is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _post(self, item: Mapping[str, Any], raw: bytes) -> Post | None:
        if perhaps(item, "lifecycleState") not in ("", "PUBLISHED") or perhaps(item, "author") not in ("", self.urn):
            return None
        native_id = said(item, "id")
        return Post(
            account=self.account,
            native_id=native_id,
            text=plain(perhaps(item, "commentary")),
            posted_at=since_1970(item, "publishedAt" if "publishedAt" in item else "createdAt", in_a_second=1000),
            url=_address(native_id),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """A comment is gone where LinkedIn says so while others under its post, or the post's list, can be read.

        Other people's posts LinkedIn does not show us, so what became of a mention stays unknown.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        places: dict[str, dict[str, str]] = {}
        for each in native_ids:
            if named := _named(each):
                post, number = named
                places.setdefault(post, {})[number] = each
        for post, comments in places.items():
            numbers = list(comments)
            found: dict[str, Standing] = {}
            for first in range(0, len(numbers), IDS_AT_ONCE):
                found |= self._standing(post, numbers[first : first + IDS_AT_ONCE])
            proven = any(each in (Standing.PRESENT, Standing.EDITED) for each in found.values())
            if Standing.GONE in found.values() and not proven and not self._is_readable(post):
                found = {number: Standing.UNKNOWN if each is Standing.GONE else each for number, each in found.items()}
            standing |= {comments[number]: each for number, each in found.items()}
        return standing

    def _standing(self, post: str, numbers: Sequence[str]) -> dict[str, Standing]:
        """Many at once, which an app in LinkedIn's development tier may not ask; then, and in doubt, one by one."""
        try:
            found = self._found(post, numbers)
        except PermissionLost:
            found = {}
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return {}
        for number in numbers:
            if number in found:
                continue
            found[number] = self._alone(post, number)
            if found[number] is Standing.FORBIDDEN:
                return dict.fromkeys(numbers, Standing.FORBIDDEN) | found
        return found

    def _found(self, post: str, numbers: Sequence[str]) -> dict[str, Standing]:
        """What LinkedIn says definitely; of what it passes over in silence nothing is said here."""
        address = f"/rest/socialActions/{_in_a_path(post)}/comments?ids=List({','.join(numbers)})"
        body = object_in(self._read(address), self.account, "LinkedIn")
        results, errors = body.get("results"), body.get("errors", {})
        if not isinstance(results, dict) or not isinstance(errors, dict):
            raise Malformed(self.account, "LinkedIn answered with something that is not a batch of comments")
        found = {number: _as_it_stands(results[number]) for number in numbers if isinstance(results.get(number), dict)}
        for number in numbers:
            error = errors.get(number)
            if number not in found and isinstance(error, dict) and error.get("status") == 404:
                found[number] = Standing.GONE
        return found

    def _alone(self, post: str, number: str) -> Standing:
        try:
            return _as_it_stands(self._comment(post, number))
        except Gone:
            return Standing.GONE
        except PermissionLost:
            return Standing.FORBIDDEN
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return Standing.UNKNOWN

    def _comment(self, post: str, number: str) -> Mapping[str, Any]:
        body = object_in(
            self._read(f"/rest/socialActions/{_in_a_path(post)}/comments/{number}"), self.account, "LinkedIn"
        )
        if str(body.get("id")) != number:
            raise Malformed(self.account, "LinkedIn answered about another comment than it was asked about")
        return body

    def _is_readable(self, post: str) -> bool:
        try:
            self._listing_under(post, 0, many=1)
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return False
        return True

    # --- acting

    def capabilities(self) -> Capabilities:
        """How soon LinkedIn lists a comment of ours is not said anywhere, so an absence proves nothing."""
        return Capabilities(
            actions=frozenset({Action.REPLY, Action.DELETE}),
            longest_reply=LONGEST_COMMENT,
            proves_absence=False,
            settles_after=timedelta(minutes=2),
        )

    def length_of(self, text: str) -> int:
        """LinkedIn does not say what it counts; as its app is told in UTF-16, an emoji counts for two here."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """A reply to a reply stands beside it, so LinkedIn is asked first what stands above.  `key` is not sent."""
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than LinkedIn allows; it was not sent")
        post, above = self._place_of(native_id)
        body = {"actor": self.urn, "object": post, "message": {"text": text}}
        if above != post:
            body["parentComment"] = above
        address = f"{HOST}/rest/socialActions/{_in_a_path(above)}/comments"
        try:
            answer = self._write(lambda: self.line.session.post(address, json=body))
        except Refused as refusal:
            raise Refused(self.account, f"{NOT_PUBLISHED} ({refusal.reason})") from None
        return self._receipt(answer, post)

    def _receipt(self, answer: Answer, post: str) -> Receipt:
        """The comment's number stands in a header, whatever became of the body."""
        body = answer.json()
        made = body if isinstance(body, dict) else {}
        number = answer.headers.get("x-restli-id", "")
        named = made.get("commentUrn") or made.get("$URN")
        urn = _canonical(named) if isinstance(named, str) else ""
        urn = urn or _canonical(number) or _canonical(f"urn:li:comment:({post},{number})")
        if not urn:
            raise Unconfirmed(self.account, "LinkedIn took the reply and did not say under which id it stands")
        try:
            return Receipt(urn, since_1970(within(made, "created"), "time", in_a_second=1000))
        except Unreadable:
            return Receipt(urn)

    def act(self, action: Action, native_id: str) -> None:
        named = _named(native_id)
        if action is not Action.DELETE or named is None:
            raise Refused(self.account, NO_SUCH_ACTION)
        post, number = named
        address = f"{HOST}/rest/socialActions/{_in_a_path(post)}/comments/{number}?actor={_in_a_path(self.urn)}"
        try:
            self._write(lambda: self.line.session.delete(address))
        except Gone:
            return
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        except (PermissionLost, Refused) as refusal:
            raise Refused(self.account, f"{NOT_DELETED} ({refusal.reason})") from None

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """What we said where a reply to it stands: `in_reply_to` is the comment above, which may not be `native_id`."""
        post, above = self._place_of(native_id)
        earliest, found, start = since - CLOCKS_DISAGREE, list[OwnReply](), 0
        for _ in range(READ_BACK_PAGES):
            listing = self._listing_under(above, start)
            sifted = sift(listing.items, partial(self._comment_or_ours, post, above))
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on LinkedIn cannot be read")
            found += [ours for ours in sifted.ours if ours.posted_at >= earliest]
            if listing.next is None:
                return found
            start = self._beyond(start, listing.next)
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    def _place_of(self, native_id: str) -> tuple[str, str]:
        """The post that something stands under, and what a reply to it would stand under."""
        named = _named(native_id)
        if named is None:
            if not POST_URN.fullmatch(native_id):
                raise Refused(self.account, "that is not an id of LinkedIn's")
            return native_id, native_id
        above = self._comment(*named).get("parentComment")
        return named[0], (_canonical(above) if isinstance(above, str) else "") or _canonical(native_id)

    # --- asking LinkedIn, and understanding what comes back

    def _listing_under(self, urn: str, start: int, *, many: int | None = None) -> Listing:
        return self._listing(f"/rest/socialActions/{_in_a_path(urn)}/comments?", start, many or self.page_size)

    def _listing_of_posts(self, start: int) -> Listing:
        question = f"/rest/posts?q=author&author={_in_a_path(self.urn)}&sortBy=CREATED&"
        return self._listing(question, start, self.page_size)

    def _notifications(self, actions: Sequence[str], since: datetime | None, start: int) -> Listing:
        """What happened since then, or as far back as LinkedIn remembers."""
        question = f"/rest/organizationalEntityNotifications?q=criteria&actions={_list(actions)}"
        question += f"&organizationalEntity={_in_a_path(self.urn)}&"
        if since is not None:
            began = _milliseconds(since)
            question += f"timeRange=(start:{began},end:{began + REMEMBERED // timedelta(milliseconds=1)})&"
        return self._listing(question, start, self.page_size)

    def _listing(self, question: str, start: int, many: int) -> Listing:
        """One page.  The address is put together here, for an escaped bracket is not a bracket to LinkedIn."""
        answer = self._read(f"{question}start={start}&count={many}")
        body = object_in(answer, self.account, "LinkedIn")
        items, paging = body.get("elements"), body.get("paging")
        if not isinstance(items, list) or not isinstance(paging, dict):
            raise Malformed(self.account, "LinkedIn answered with something that is not a page of items")
        total = paging.get("total")
        return Listing(
            items,
            self._next(paging, start, many),
            total if _is_count(total) else None,
            time_in(answer, self.account, "LinkedIn"),
        )

    def _next(self, paging: Mapping[str, Any], start: int, many: int) -> int | None:
        """Where the next page begins.  What is withheld from us counts in a list, so a page may be short or empty."""
        links = paging.get("links")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("rel") == "next":
                named = _start_in(link.get("href"))
                if named is None:
                    raise Malformed(self.account, "LinkedIn promises a next page and does not say where")
                return named
        count, total = paging.get("count"), paging.get("total")
        following = start + (count if _is_count(count) and count else many)
        return following if _is_count(total) and following < total else None

    def _read(self, address: str) -> Answer:
        answer = read(self.line, self.account, lambda: self.line.session.get(f"{HOST}{address}"))
        if answer.status == 200:
            return answer
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "LinkedIn asks us to wait", until=until)
        raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)

    def _write(self, send: Callable[[], object]) -> Answer:
        """A definite error of LinkedIn's own means that nothing was written; anything else unclear is a doubt."""
        answer = write(self.line, self.account, send)
        if answer.status in (200, 201, 204):
            return answer
        raise self._meaning(answer, otherwise=Unconfirmed)

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        word, message = _said_of_it(answer)
        known = MEANING.get(word) or MEANING.get(answer.status)
        if known is None or answer.status >= 500:
            return otherwise(self.account, f"LinkedIn answered with status {answer.status}")
        kind, words = known
        text = f"{words} ({word or 'no reason given'}, status {answer.status})"
        if not issubclass(kind, RateLimited):
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        if "DAY limit" not in message:
            return RateLimited(self.account, text, until=retry_at(answer) or answer.at + LIMIT_WINDOW)
        tomorrow = datetime.combine(answer.at.date() + timedelta(days=1), time(), UTC)
        if "Resource level" in message:  # the other resources may still be asked
            return RateLimited(self.account, f"{words} until midnight UTC", until=tomorrow, scope="resource")
        return QuotaExhausted(self.account, "the day's calls to LinkedIn are used up", until=tomorrow, scope="app")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is where the next one begins, None after the last, `total` how long the list is."""

    items: list[Any]
    next: int | None
    total: int | None
    at: datetime


def open_linkedin(access: Access) -> LinkedInPage:
    """Connect to one page, with the token of somebody who administers it.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    token = keys_in(access)["access_token"]
    line = open_line(access, HOST, {**HEADERS, "Authorization": f"Bearer {token}"})
    return LinkedInPage(access.account, access.native_id, line)


def plain(commentary: str) -> str:
    """What a reader sees of a post's text: tags and names as they show, and nothing escaped."""
    return LITTLE.sub(_shown, commentary)


def _shown(match: re.Match[str]) -> str:
    tag, name, escaped = match.groups()
    if tag is not None:
        return "#" + ESCAPED.sub(r"\1", tag)
    return ESCAPED.sub(r"\1", name) if name is not None else str(escaped)


def _in_a_path(urn: str) -> str:
    return quote(urn, safe="")


def _list(each: Sequence[str]) -> str:
    """A list of Rest.li's: its members are escaped, its own brackets and commas are not."""
    return f"List({','.join(map(_in_a_path, each))})"


def _named(native_id: str) -> tuple[str, str] | None:
    """The post and the number that a comment's URN is made of; None for what is no comment."""
    match = COMMENT_URN.fullmatch(native_id)
    return (f"urn:li:{match[1]}", match[2]) if match else None


def _canonical(urn: str) -> str:
    """A comment's URN as we write it; nothing for what is no comment's."""
    named = _named(urn)
    return f"urn:li:comment:({named[0]},{named[1]})" if named else ""


def _urn_of(item: Mapping[str, Any]) -> str:
    """By which a comment is known, under either of the two names that LinkedIn has for it."""
    urn = _canonical(perhaps(item, "commentUrn") or perhaps(item, "$URN"))
    urn = urn or _canonical(f"urn:li:comment:({perhaps(item, 'object')},{perhaps(item, 'id')})")
    if not urn:
        raise Unreadable("the comment does not say which one it is")
    return urn


def _answered(item: Any) -> str | None:
    """The comment's own URN, where LinkedIn says that it has replies."""
    try:
        summary = within(item, "commentsSummary")
        said_there = [summary.get(name) for name in ("totalFirstLevelComments", "aggregatedTotalComments")]
        return _urn_of(item) if any(map(_is_count, said_there)) and any(said_there) else None
    except (Unreadable, AttributeError):
        return None


def _author(item: Mapping[str, Any]) -> Author | None:
    """None where LinkedIn does not say (MicrosoftDocs/feedback#971); it never says a name."""
    native_id = perhaps(item, "actor") or perhaps(within(item, "created"), "actor")
    return Author(native_id) if native_id else None


def _post_of(item: Any) -> str | None:
    """Our post that a notification is about, by the name that lists have for it."""
    try:
        if item.get("action") not in STIRRING:
            return None
        post = perhaps(within(item, "decoratedSourcePost"), "entity") or perhaps(item, "sourcePost")
    except (Unreadable, AttributeError):
        return None
    return post if POST_URN.fullmatch(post) else None


def _as_it_stands(comment: Mapping[str, Any]) -> Standing:
    """Present; and edited, where its two times differ."""
    times = [
        when.get("time") for when in (comment.get("created"), comment.get("lastModified")) if isinstance(when, dict)
    ]
    return Standing.EDITED if len(times) == 2 and None not in times and times[0] != times[1] else Standing.PRESENT


def _onwards(listing: Listing, start: int, total: int) -> int | None:
    """Where to read on after the page at `start`: a little before it, where the list was longer a page ago.

    What was taken out before that place has moved the rest up, and the first of it past this page.
    """
    missing = 0 if listing.total is None else total - listing.total
    return max(0, start - missing) if missing > 0 else listing.next


def _address(urn: str) -> str:
    """Where a browser shows it."""
    named = _named(urn)
    if named is None:
        return f"https://www.linkedin.com/feed/update/{urn}/"
    short = f"urn:li:comment:({named[0].removeprefix('urn:li:')},{named[1]})"
    return f"https://www.linkedin.com/feed/update/{named[0]}/?commentUrn={_in_a_path(short)}"


def _start_in(href: Any) -> int | None:
    try:
        named = parse_qs(urlsplit(href).query).get("start", []) if isinstance(href, str) else []
    except ValueError:
        return None
    return int(named[0]) if named and COUNT.fullmatch(named[0]) else None


def _start(token: str) -> int:
    return int(token) if COUNT.fullmatch(token) else 0


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= 10**9


def _said_of_it(answer: Answer) -> tuple[str, str]:
    """LinkedIn's own word for an error, of capitals only so that it can be quoted; and its sentence, which is not."""
    body = answer.json()
    if not isinstance(body, dict):
        return "", ""
    word, message = body.get("code"), body.get("message")
    known = isinstance(word, str) and re.fullmatch(r"[A-Z_]{1,60}", word)
    return str(word) if known else "", message if isinstance(message, str) else ""


def _moment(watermark: str) -> datetime | None:
    return datetime.fromisoformat(watermark) if _is_time(watermark) else None


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_kept(mark: str) -> bool:
    return Kept.unpacked(mark) is not None
