"""A TikTok account of ours, by plain requests: what is said under its videos, and the comments elsewhere that name it.

What this project knows of TikTok's Accounts API is in this file and stops here.  Three surprises.  An error is a
200 whose `code` is not 0.  A comment can only be asked about together with its video, so we know it as
`video/comment`.  And nothing can be asked for "since": a list of our videos says how many comments each has, and
what is under one is read again when that number has changed, of the latest twenty in every run and of the latest
two hundred every hour, when the latest ten are read in any case.

Within a video the latest five hundred comments are read, but all of them the first time; beyond those TikTok
lists comments by likes, and some of them twice.  A comment brings three of its replies at most.  Nobody can edit
a comment on TikTok, and nobody but its author delete it; it can be hidden.  A search there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final, Self, TypeGuard
from urllib.parse import urlencode

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
from collectors.items import Sifted, Unreadable, perhaps, sift, since_1970
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST: Final = "https://business-api.tiktok.com"
ROOT: Final = f"{HOST}/open_api/v1.3/business"
PAGE_SIZE: Final = 30  # the most that TikTok takes for comments
VIDEOS_PAGE: Final = 20  # and for videos
IDS_AT_ONCE: Final = 30
VIDEO_FIELDS: Final = ("item_id", "create_time", "caption", "share_url", "comments")
MENTION_FIELDS: Final = (
    "item_id", "video_link", "commenter_display_name", "comment_id", "comment_type", "comment_text",
    "comment_create_time",
)  # fmt: skip

WATCHED: Final = 10  # the latest videos, read again every hour
WATCHED_BY_COUNT: Final = 200  # further back, a video is read when its count of comments has changed
IN_A_VIDEO: Final = 500  # comments of one video that are read again; TikTok's order ends there
FIRST_READING: Final = 5_000
AGAIN_EVERY: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(hours=1)
MENTIONS_AGAIN: Final = timedelta(days=1)  # TikTok tells of a mention after two or three hours
POSTS_AGAIN: Final = timedelta(days=7)
READ_BACK_PAGES: Final = 20
LIMIT_WINDOW: Final = timedelta(minutes=1)  # 40 requests a minute, for each account and endpoint
LONGEST_COMMENT: Final = 150

DIGITS: Final = re.compile(r"[0-9]{1,25}")
CURSOR: Final = re.compile(r"[0-9]{1,20}")
NATIVE_ID: Final = re.compile(r"([0-9]{1,25})/([0-9]{1,25})")

# TikTok's own code, or the HTTP status -> what it means to us, in our words.
MEANING: dict[int, tuple[type[CollectorError], str]] = {
    401: (AuthExpired, "TikTok no longer accepts the token; connect the account again"),
    403: (PermissionLost, "TikTok does not allow this token to do that; check the app's permissions"),
    429: (RateLimited, "TikTok asks us to wait"),
    40000: (Refused, "TikTok does not understand the request"),
    40001: (PermissionLost, "TikTok does not allow this token to do that; check the app's permissions"),
    40002: (Refused, "TikTok does not take the request as it is; what it is about may not be there any more"),
    40100: (RateLimited, "TikTok asks us to wait"),
    40101: (PermissionLost, "TikTok does not know the app; check its registration"),
    40102: (AuthExpired, "the TikTok token has run out; connect the account again"),
    40104: (AuthExpired, "TikTok was sent no token; connect the account again"),
    40105: (AuthExpired, "TikTok no longer accepts the token; connect the account again"),
    51021: (RateLimited, "TikTok asks us to wait"),
}
ITS_OWN: Final = range(40_000, 50_000)  # what TikTok says no to; from 50,000 on it is TikTok that stumbles
NOT_PUBLISHED: Final = "TikTok will not publish this reply; reply in the TikTok app and record it here"
NOT_DONE: Final = "TikTok will not do that to this comment; do it in the TikTok app and record it here"
NO_SUCH_ACTION: Final = "TikTok lets nobody delete somebody else's comment; hide it instead"
HIDDEN: Final = {"PUBLIC": False, "HIDDEN": True}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished run leaves for the next: when it began, when all counts were last compared, and the counts.

    `counts` is, by video, how many comments TikTok said there are, and when that was last seen to change (epoch).
    """

    at: datetime
    full: datetime
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def packed(self) -> str:
        return json.dumps([self.at.isoformat(), self.full.isoformat(), self.counts], separators=(",", ":"))

    def then(self, at: datetime, said_there: Mapping[str, int], *, full: bool) -> Self:
        """After another look at the counts; a full one forgets the videos that it no longer came to."""
        now = int(at.timestamp())
        seen = {
            video: self.counts[video] if self.counts.get(video, (-1, 0))[0] == many else (many, now)
            for video, many in said_there.items()
        }
        return replace(self, at=at, full=at if full else self.full, counts=seen if full else {**self.counts, **seen})

    def stirs(self, video: str) -> bool:
        """Whether the count of its comments changed lately."""
        return self.counts[video][1] >= int((self.at - OVERLAP).timestamp())

    @classmethod
    def unpacked(cls, watermark: str) -> Self | None:
        """None before the first run has ended."""
        try:
            at, full, counts = json.loads(watermark)
            return cls(
                datetime.fromisoformat(at).astimezone(UTC),
                datetime.fromisoformat(full).astimezone(UTC),
                {str(video): (int(many), int(changed)) for video, (many, changed) in counts.items()},
            )
        except (AttributeError, OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Place:
    """How far the reading of one video has come, as it is kept in a run's token.

    `cursor` is that of its next page of comments, None after the last; `done` of them were read.  Before
    that page the replies to each of `threads` are read, the first from `reply` on.
    """

    cursor: str | None = ""
    done: int = 0
    threads: tuple[str, ...] = ()
    reply: str = ""

    @property
    def over(self) -> bool:
        return self.cursor is None and not self.threads

    def packed(self) -> str:
        if self.over:
            return ""
        return json.dumps([self.cursor, self.done, self.threads, self.reply], separators=(",", ":"))

    @classmethod
    def unpacked(cls, token: str) -> Self:
        """The beginning, where the token is not one of ours."""
        try:
            cursor, done, threads, reply = json.loads(token)
            place = cls(None if cursor is None else str(cursor), int(done), tuple(map(str, threads)), str(reply))
        except (OverflowError, RecursionError, TypeError, ValueError):
            return cls()
        cursors = all(not each or CURSOR.fullmatch(each) for each in (place.cursor, place.reply))
        sound = cursors and all(map(DIGITS.fullmatch, place.threads))
        return cls() if place.over or not sound else place


@dataclass(frozen=True, slots=True)
class TikTokAccount:
    """One account of ours; `business_id` is what TikTok calls its open id."""

    account: str
    business_id: str
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.TIKTOK

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
            raise ValueError(f"TikTok has no stream {stream!r}; it has {', '.join(self.streams())}")
        streams = {"comments": self._comments, "mentions": self._mentions, "posts": self._posts}
        yield from streams[stream](cursor, budget)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment and reply under the videos worth reading again."""
        before = Kept.unpacked(cursor.watermark)
        run, spent = Run.unpacked(cursor.page_token, _is_kept), NOTHING_SPENT
        if run is None or not run.mark:
            run, counts, spent = self._videos_to_read(before)
            if run.legs and counts:
                here = Cursor(cursor.watermark, run.packed())
                yield Page(cursor=here, complete=False, counts=counts, usage=spent)
                spent = NOTHING_SPENT
        most = FIRST_READING if before is None else IN_A_VIDEO
        yield from pages(
            self.account,
            cursor,
            run,
            budget,
            partial(self._under, most),
            newer=lambda mark, known: mark or known,
            spent=spent,
        )

    def _videos_to_read(self, before: Kept | None) -> tuple[Run, tuple[Count, ...], Usage]:
        """Those whose count of comments has changed; and every hour, the latest in any case.

        TikTok counts a comment before it lists it, so a change is followed for as long as the overlap is.
        """
        listing = self._listing_of_videos("")
        at, found, usage = listing.at, list(map(_video_of, listing.items)), Usage(1, len(listing.items))
        full = before is None or not timedelta(0) <= at - before.full < AGAIN_EVERY
        trail = Trail(self.account, "TikTok")
        while full and listing.next and len(found) < WATCHED_BY_COUNT:
            listing = self._listing_of_videos(trail.on(listing.next, len(listing.items)))
            found += map(_video_of, listing.items)
            usage = Usage(usage.requests + 1, usage.items + len(listing.items))
        videos = [video for video, _ in found if video]
        counts = {video: many for video, many in found if video and many is not None}
        kept = (before or Kept(at, at)).then(at, counts, full=full)
        legs = [
            video
            for place, video in enumerate(videos)
            if video not in counts or (full and place < WATCHED) or (counts[video] and kept.stirs(video))
        ]
        said_there = tuple(Count(video, many) for video, many in counts.items()) if full else ()
        return Run(kept.packed(), tuple(dict.fromkeys(legs))), said_there, usage

    def _under(self, most: int, video: str, token: str) -> Leaf:
        """One page of a video's comments, or of the replies to one of them.

        A video that was made private since it was listed, or a comment that went away, is refused; the
        others go on.  Should it be more than that, TikTok's count will not fit what we hold, and that shows.
        """
        place = Place.unpacked(token)
        if place.threads:
            return self._replies(video, place)
        try:
            listing = self._listing_under(video, place.cursor or "")
        except Refused:
            if token:
                raise  # the cursor may be stale; the video is begun again
            raise Gone(self.account, "TikTok does not show the comments of this video") from None
        sifted = sift(_apart(listing.items), partial(self._comment_or_ours, video))
        usage = Usage(requests=1, items=_many(sifted))
        if listing.next and listing.next == place.cursor:
            return Leaf(sifted, token, usage=usage)  # it leads back to itself, which shows
        done = place.done + len(listing.items)
        onwards = listing.next if listing.next and done < most else None
        then = Place(onwards, done, tuple(filter(None, map(_long_thread, listing.items))))
        return Leaf(sifted, then.packed(), usage=usage)

    def _replies(self, video: str, place: Place) -> Leaf:
        thread, done = place.threads[0], replace(place, threads=place.threads[1:], reply="")
        try:
            listing = self._listing_of_replies(video, thread, place.reply)
        except Refused:
            return Leaf(Sifted(), done.packed(), usage=Usage(requests=1))
        sifted = sift(listing.items, partial(self._comment_or_ours, video))
        then = replace(place, reply=listing.next) if listing.next else done
        return Leaf(sifted, then.packed(), usage=Usage(requests=1, items=_many(sifted)))

    def _comment_or_ours(self, video: str, item: Mapping[str, Any], raw: bytes) -> Comment | OwnReply:
        """On our own videos, what the video's owner wrote is ours."""
        number, text, posted_at = _id(item, "comment_id"), perhaps(item, "text"), since_1970(item, "create_time")
        above = _perhaps_id(item, "parent_comment_id")
        native_id, parent = f"{video}/{number}", f"{video}/{above}" if above else video
        if item.get("owner") is True:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=parent,
                text=text,
                posted_at=posted_at,
                thread=video,
                raw=raw,
            )
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=_author(item),
            thread=video,
            in_reply_to=parent,
            url=_address(video),
            hidden=HIDDEN.get(perhaps(item, "status")),
            raw=raw,
        )

    def _mentions(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Comments that name us, under anybody's video, newest first; TikTok tells of a thousand, and not who wrote."""
        since = _moment(cursor.watermark)

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._listing(
                "mention/comment/list",
                "comments",
                token,
                PAGE_SIZE,
                fields=json.dumps(MENTION_FIELDS, separators=(",", ":")),
                sort_field="COMMENT_CREATE_TIME",
                sort_type="DESC",
            )
            sifted = sift(listing.items, self._mention)
            oldest = min((comment.posted_at for comment in sifted.comments), default=listing.at)
            far_enough = since is not None and oldest < since - MENTIONS_AGAIN
            usage = Usage(requests=1, items=len(listing.items))
            return Leaf(sifted, "" if far_enough else listing.next, listing.at.isoformat(), usage)

        run = Run.unpacked(cursor.page_token, _is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _mention(self, item: Mapping[str, Any], raw: bytes) -> Comment:
        video, number, link = _id(item, "item_id"), _id(item, "comment_id"), perhaps(item, "video_link")
        return Comment(
            account=self.account,
            native_id=f"{video}/{number}",
            text=perhaps(item, "comment_text"),
            posted_at=since_1970(item, "comment_create_time"),
            thread=video,
            url=link if link.startswith("https://") else _address(video),
            raw=raw,
        )

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Our own videos, newest first, back to a week before the last run."""
        since = _moment(cursor.watermark)

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._listing_of_videos(token)
            sifted = sift(listing.items, self._post)
            oldest = min((post.posted_at for post in sifted.posts), default=listing.at)
            far_enough = since is not None and oldest < since - POSTS_AGAIN
            usage = Usage(requests=1, items=len(listing.items))
            return Leaf(sifted, "" if far_enough else listing.next, listing.at.isoformat(), usage)

        run = Run.unpacked(cursor.page_token, _is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _post(self, item: Mapping[str, Any], raw: bytes) -> Post:
        video, link = _id(item, "item_id"), perhaps(item, "share_url")
        return Post(
            account=self.account,
            native_id=video,
            text=perhaps(item, "caption"),
            posted_at=since_1970(item, "create_time"),
            url=link if link.startswith("https://") else _address(video),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """TikTok leaves out what is not there.

        GONE is said only where the video is still among ours.  What became of a mention under somebody
        else's video stays unknown.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        places: dict[str, list[str]] = {}
        for each in native_ids:
            if named := NATIVE_ID.fullmatch(each):
                places.setdefault(named[1], []).append(named[2])
        for video, numbers in places.items():
            found: dict[str, Standing] = {}
            for first in range(0, len(numbers), IDS_AT_ONCE):
                found |= self._standing(video, numbers[first : first + IDS_AT_ONCE])
            if Standing.GONE in found.values() and not self._is_ours(video):
                found = {number: Standing.UNKNOWN if each is Standing.GONE else each for number, each in found.items()}
            standing |= {f"{video}/{number}": each for number, each in found.items()}
        return standing

    def _standing(self, video: str, numbers: Sequence[str]) -> dict[str, Standing]:
        try:
            there = [_id(item, "comment_id") for item in self._named(video, numbers)]
        except (AuthExpired, RateLimited):
            raise
        except PermissionLost:
            return dict.fromkeys(numbers, Standing.FORBIDDEN)
        except (CollectorError, Unreadable):
            return {}
        if not set(there) <= set(numbers):
            return {}  # it did not answer what was asked
        return {number: Standing.PRESENT if number in there else Standing.GONE for number in numbers}

    def _named(self, video: str, numbers: Sequence[str]) -> list[Mapping[str, Any]]:
        """Comments and replies by their numbers; those that are not there are left out."""
        listing = self._listing(
            "comment/list", "comments", "", IDS_AT_ONCE, video_id=video, status="ALL", comment_ids=json.dumps(numbers)
        )
        if not all(isinstance(item, dict) for item in listing.items):
            raise Malformed(self.account, "TikTok answered with something that is not a list of comments")
        return listing.items

    def _is_ours(self, video: str) -> bool:
        try:
            listing = self._listing_of_videos("", filters=json.dumps({"video_ids": [video]}))
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return False
        return any(_video_of(item)[0] == video for item in listing.items)

    # --- acting

    def capabilities(self) -> Capabilities:
        """TikTok may take replies that are alike for spam and show them to nobody: absence proves nothing."""
        return Capabilities(
            actions=frozenset({Action.REPLY, Action.HIDE, Action.UNHIDE}),
            longest_reply=LONGEST_COMMENT,
            proves_absence=False,
            settles_after=timedelta(minutes=5),
        )

    def length_of(self, text: str) -> int:
        """TikTok does not say what it counts; as its app is told in UTF-16, an emoji counts for two here."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """A reply to a reply stands beside it, so TikTok is asked first what stands above.  `key` is not sent."""
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than TikTok allows; it was not sent")
        video, above = self._place_of(native_id)
        said_there = {"business_id": self.business_id, "video_id": video, "comment_id": above, "text": text}
        made = self._write("comment/reply/create", said_there, NOT_PUBLISHED)
        try:
            number = _id(made, "comment_id")
        except Unreadable:
            raise Unconfirmed(self.account, "TikTok took the reply and did not say under which id it stands") from None
        try:
            return Receipt(f"{video}/{number}", since_1970(made, "create_time"))
        except Unreadable:
            return Receipt(f"{video}/{number}")

    def _place_of(self, native_id: str) -> tuple[str, str]:
        """The video, and the comment of its first level that a reply would stand under.

        Of a comment under somebody else's video TikTok does not say; it is taken for one of the first level.
        """
        named = NATIVE_ID.fullmatch(native_id)
        if named is None:
            raise Refused(self.account, "that is not an id of a comment on TikTok")
        video, number = named[1], named[2]
        try:
            items = self._named(video, [number])
        except Refused:
            return video, number
        for item in items:
            if item.get("comment_id") in (number, int(number)):
                try:
                    return video, _perhaps_id(item, "parent_comment_id") or number
                except Unreadable:
                    break
        return video, number

    def act(self, action: Action, native_id: str) -> None:
        named = NATIVE_ID.fullmatch(native_id)
        if action not in (Action.HIDE, Action.UNHIDE) or named is None:
            raise Refused(self.account, NO_SUCH_ACTION)
        said_there = {
            "business_id": self.business_id,
            "video_id": named[1],
            "comment_id": named[2],
            "action": "HIDE" if action is Action.HIDE else "UNHIDE",
        }
        try:
            self._write("comment/hide", said_there, NOT_DONE)
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """What we said where a reply to it stands: `in_reply_to` is the comment above, which may not be `native_id`."""
        video, above = self._place_of(native_id)
        earliest, found, cursor = since - CLOCKS_DISAGREE, list[OwnReply](), ""
        for _ in range(READ_BACK_PAGES):
            listing = self._listing_of_replies(video, above, cursor)
            sifted = sift(listing.items, partial(self._comment_or_ours, video))
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on TikTok cannot be read")
            found += [ours for ours in sifted.ours if ours.posted_at >= earliest]
            if not listing.next:
                return found
            if listing.next == cursor:
                raise Malformed(self.account, "TikTok answers with a page that leads back to itself")
            cursor = listing.next
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    # --- asking TikTok, and understanding what comes back

    def _listing_under(self, video: str, cursor: str) -> Listing:
        return self._listing(
            "comment/list",
            "comments",
            cursor,
            min(self.page_size, PAGE_SIZE),
            video_id=video,
            status="ALL",
            include_replies="true",
            sort_field="create_time",
            sort_order="desc",
        )

    def _listing_of_replies(self, video: str, comment: str, cursor: str) -> Listing:
        return self._listing(
            "comment/reply/list",
            "comments",
            cursor,
            min(self.page_size, PAGE_SIZE),
            video_id=video,
            comment_id=comment,
            status="ALL",
            sort_field="create_time",
            sort_order="desc",
        )

    def _listing_of_videos(self, cursor: str, **more: str) -> Listing:
        fields = json.dumps(VIDEO_FIELDS, separators=(",", ":"))
        return self._listing("video/list", "videos", cursor, min(self.page_size, VIDEOS_PAGE), fields=fields, **more)

    def _listing(self, path: str, name: str, cursor: str, most: int, **question: str) -> Listing:
        """One page.  Only `has_more` says whether there is another: one may be short, or empty."""
        asked = {"business_id": self.business_id, "max_count": str(most), **question}
        if cursor:
            asked["cursor"] = cursor
        answer = self._read(f"{ROOT}/{path}/?{urlencode(asked)}")
        data = _data(answer)
        items, more = data.get(name, [] if data.get("has_more") is False else None), data.get("has_more", False)
        if not isinstance(items, list) or not isinstance(more, bool):
            raise Malformed(self.account, "TikTok answered with something that is not a page of items")
        following = ""
        if more:
            named = data.get("cursor")
            following = str(named) if type(named) is int or isinstance(named, str) else ""
            if not CURSOR.fullmatch(following):
                raise Malformed(self.account, "TikTok promises a next page and does not say where")
        return Listing(items, following, time_in(answer, self.account, "TikTok"))

    def _read(self, address: str) -> Answer:
        answer = read(self.line, self.account, lambda: self.line.session.get(address))
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "TikTok asks us to wait", until=until)
        if answer.status != 200:
            raise self._meaning(answer, answer.status, otherwise=Transient if answer.status >= 500 else Malformed)
        code = self._code(answer)
        if code is None:
            raise Malformed(self.account, "TikTok answered without a code of its own")
        if code:
            raise self._meaning(answer, code, otherwise=Malformed if code in ITS_OWN else Transient)
        return answer

    def _write(self, path: str, said_there: Mapping[str, str], refusal: str) -> Mapping[str, Any]:
        """A definite no of TikTok's own means that nothing was written; anything else unclear is a doubt."""
        answer = write(self.line, self.account, lambda: self.line.session.post(f"{ROOT}/{path}/", json=said_there))
        code = answer.status
        if code == 200:
            try:
                known = self._code(answer)
            except Malformed:
                known = None
            if known is None:
                raise Unconfirmed(self.account, "TikTok did not say whether that is done")
            if known == 0:
                return _data(answer)
            code = known
        error = self._meaning(answer, code, otherwise=Refused if code in ITS_OWN else Unconfirmed)
        if isinstance(error, Refused):
            raise Refused(self.account, f"{refusal} (code {code})")
        raise error

    def _code(self, answer: Answer) -> int | None:
        code = object_in(answer, self.account, "TikTok").get("code")
        return code if type(code) is int else None

    def _meaning(self, answer: Answer, code: int, *, otherwise: type[CollectorError]) -> CollectorError:
        known = MEANING.get(code)
        if known is None:
            return otherwise(self.account, f"TikTok answered with code {code}")
        kind, words = known
        text = f"{words} (code {code})"
        if not issubclass(kind, RateLimited):
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        if "QPD" in _message(answer):  # so many a day
            tomorrow = datetime.combine(answer.at.date() + timedelta(days=1), time(), UTC)
            return QuotaExhausted(self.account, "the day's calls to TikTok are used up", until=tomorrow, scope="app")
        until = retry_at(answer) or answer.at + LIMIT_WINDOW
        return RateLimited(self.account, text, until=until, scope="endpoint")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is the cursor to go on with, empty on the last."""

    items: list[Any]
    next: str
    at: datetime


def open_tiktok(access: Access) -> TikTokAccount:
    """Connect to one account.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    line = open_line(access, HOST, {"Access-Token": keys_in(access)["access_token"]})
    return TikTokAccount(access.account, access.native_id, line)


def _id(item: Mapping[str, Any], name: str) -> str:
    """An id of nineteen digits or so, as text or as a number; one that went through a float has lost its end."""
    value = item.get(name)
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not DIGITS.fullmatch(text):
        raise Unreadable(f"{name} is not an id")
    return text


def _perhaps_id(item: Mapping[str, Any], name: str) -> str:
    """The same, or nothing; TikTok writes a nought for nothing in places."""
    return "" if item.get(name) in (None, "", 0, "0") else _id(item, name)


def _author(item: Mapping[str, Any]) -> Author | None:
    """None where TikTok does not say.  `user_id` is for one app only, and to go away."""
    native_id = perhaps(item, "unique_identifier") or perhaps(item, "user_id")
    return Author(native_id, perhaps(item, "display_name") or perhaps(item, "username")) if native_id else None


def _video_of(item: Any) -> tuple[str, int | None]:
    """A video of ours, and how many comments TikTok says it has; nothing where `item` is none."""
    try:
        many = item.get("comments")
        return _id(item, "item_id"), many if _is_count(many) else None
    except (Unreadable, AttributeError):
        return "", None


def _replies_in(item: Any) -> list[Any]:
    replies = item.get("reply_list") if isinstance(item, dict) else None
    return replies if isinstance(replies, list) else []


def _apart(items: Sequence[Any]) -> Iterator[Any]:
    """Each comment without its replies, and then those."""
    for item in items:
        yield {name: value for name, value in item.items() if name != "reply_list"} if isinstance(item, dict) else item
        yield from _replies_in(item)


def _long_thread(item: Any) -> str | None:
    """The comment's number, where TikTok says that it has more replies than came along."""
    try:
        many = item.get("replies")
        return _id(item, "comment_id") if _is_count(many) and many > len(_replies_in(item)) else None
    except (Unreadable, AttributeError):
        return None


def _many(sifted: Sifted) -> int:
    return len(sifted.comments) + len(sifted.ours) + len(sifted.troubles)


def _address(video: str) -> str:
    """Where a browser shows the video; TikTok puts the name in."""
    return f"https://www.tiktok.com/@/video/{video}"


def _data(answer: Answer) -> Mapping[str, Any]:
    body = answer.json()
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _message(answer: Answer) -> str:
    """TikTok's sentence, to be looked at and not to be quoted."""
    body = answer.json()
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else ""


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= 10**9


def _moment(watermark: str) -> datetime | None:
    return datetime.fromisoformat(watermark) if _is_time(watermark) else None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_kept(mark: str) -> bool:
    return Kept.unpacked(mark) is not None
