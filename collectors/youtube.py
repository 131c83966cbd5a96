"""YouTube, through google-api-python-client: what is said under our channel's videos, and what nobody but us can see.

What this project knows of the YouTube Data API is in this file and stops here.  Three surprises.
Nothing can be asked for "since": threads come newest first, so the latest hundred are read again each
time for edits and late replies.  A thread brings five of its replies at most, and says only how many
there are.  And a comment that is held for review, or taken for spam, is in no public list: each kind
is a stream of its own, lest somebody wait for an answer to what we never saw.

Below the latest hundred a late reply shows only in its video's count of comments, which is compared
every hour for the latest five hundred videos.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from collectors.asking import keys_in, object_in, read, retry_at, time_in, write
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
from collectors.paging import NOTHING_SPENT, UNREADABLE_LEG, Leaf, Run, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST: Final = "https://youtube.googleapis.com"
PAGE_SIZE: Final = 100
UPLOADS_PAGE: Final = 50  # what YouTube takes for videos, whatever it takes for comments
IDS_AT_ONCE: Final = 30  # a longer address than 2,048 characters is sent as a POST by the client
LIST, WRITE = "list", "write"

WATCHED: Final = 100  # the latest threads, read again each time
FIRST_READING: Final = 5_000  # threads that the very first run goes back
IN_A_VIDEO: Final = 1_000  # threads read where a video's count has changed
LONG_AGAIN: Final = 10  # threads with more replies than are sent along, read again though their count stands still
UPLOAD_PAGES: Final = 10
FIRST_UPLOAD_PAGES: Final = 100
COUNTED_EVERY: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(hours=1)
COUNTS_KEPT: Final = 1_000
READ_BACK_PAGES: Final = 20
LIMIT_WINDOW: Final = timedelta(minutes=5)
COUNT: Final = re.compile(r"[0-9]{1,12}")
PACIFIC: Final = ZoneInfo("America/Los_Angeles")
LONGEST_COMMENT: Final = 10_000

STATUS: Final = {"comments": "published", "held": "heldForReview", "spam": "likelySpam"}
HIDDEN: Final = {"published": False, "heldForReview": True, "likelySpam": True, "rejected": True}

# The reason that YouTube gives, or the status where it gives none that we know -> what it means to us, in our words.
MEANING: dict[int | str, tuple[type[CollectorError], str]] = {
    400: (Refused, "YouTube does not understand the request"),
    401: (AuthExpired, "YouTube no longer accepts the token; connect the account again"),
    403: (PermissionLost, "YouTube does not allow this token to do that; check who manages the channel"),
    404: (Gone, "YouTube says that it is not there"),
    429: (RateLimited, "YouTube asks us to wait"),
    "accessNotConfigured": (PermissionLost, "the YouTube Data API is not switched on for this Google Cloud project"),
    "commentsDisabled": (Gone, "comments are switched off there"),
    "dailyLimitExceeded": (QuotaExhausted, "the project's daily quota on YouTube is used up"),
    "ineligibleAccount": (PermissionLost, "the YouTube account may not comment yet; finish setting it up there"),
    "insufficientPermissions": (PermissionLost, "the token lacks a scope; connect the account again"),
    "processingFailure": (Transient, "YouTube could not process that now"),
    "quotaExceeded": (QuotaExhausted, "the project's daily quota on YouTube is used up"),
    "rateLimitExceeded": (RateLimited, "YouTube asks the project to wait"),
    "userRateLimitExceeded": (RateLimited, "YouTube asks this account to wait"),
}
NOT_PUBLISHED: Final = "YouTube will not publish this reply; reply in YouTube Studio and record it here"
NOT_DONE: Final = "YouTube will not do that to this comment; do it in YouTube Studio and record it here"
NO_SUCH_ACTION: Final = "YouTube lets nobody delete somebody else's comment; hide it instead"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished run leaves for the next: when it began, and what YouTube said of how many.

    `counts` are the replies of threads that do not bring them all, by thread, and the comments of videos, by video.
    """

    at: datetime
    counts: Mapping[str, int]

    def packed(self) -> str:
        return json.dumps({"at": self.at.isoformat(), "counts": self.counts}, separators=(",", ":"))

    def then(self, at: datetime, counts: Mapping[str, int]) -> Self:
        """After another run, which read newest first: so what was kept longest is forgotten first."""
        older = {each: many for each, many in self.counts.items() if each not in counts}
        return replace(self, at=at, counts=dict([*counts.items(), *older.items()][:COUNTS_KEPT]))

    @classmethod
    def unpacked(cls, watermark: str) -> Self | None:
        """None before the first run has ended."""
        try:
            kept = json.loads(watermark)
            at = datetime.fromisoformat(kept["at"])
            return cls(at.astimezone(UTC), {str(each): int(many) for each, many in kept["counts"].items()})
        except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far a run has come, as it is kept in a cursor's page token.

    `videos` are to be gone through, "" being the whole channel, the first of them from `page` on.
    Before that, the replies of the threads in `long` (each with its video), the first from `replies` on.
    `threads` were read of the first video; `again` counts long threads that were read for good measure.
    """

    videos: tuple[str, ...] = ()
    page: str = ""
    threads: int = 0
    again: int = 0
    long: tuple[tuple[str, str], ...] = ()
    replies: str = ""
    began: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return not self.videos and not self.long

    def packed(self) -> str:
        return json.dumps(
            [self.videos, self.page, self.threads, self.again, self.long, self.replies, self.began, self.counts],
            separators=(",", ":"),
        )

    @classmethod
    def unpacked(cls, token: str) -> Self | None:
        """None where it is not one of ours."""
        try:
            videos, page, threads, again, long, replies, began, counts = json.loads(token)
            return cls(
                tuple(map(str, videos)),
                str(page),
                int(threads),
                int(again),
                tuple((str(thread), str(video)) for thread, video in long),
                str(replies),
                datetime.fromisoformat(began).astimezone(UTC).isoformat(),
                {str(each): int(many) for each, many in counts.items()},
            )
        except (AttributeError, OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class YouTubeChannel:
    """One channel of ours; `channel_id` is its id, never its handle."""

    account: str
    channel_id: str
    client: Any = field(repr=False)
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE
    meter: Meter = field(default_factory=Unmetered, repr=False)

    @property
    def platform(self) -> Platform:
        return Platform.YOUTUBE

    # --- reading

    def streams(self) -> Sequence[str]:
        return (*STATUS, "posts")

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages of one stream.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"YouTube has no stream {stream!r}; it has {', '.join(self.streams())}")
        if stream == "posts":
            yield from self._posts(cursor, budget)
        else:
            run = _unpacked(cursor) or Run()
            yield from self._sweep(cursor, run, budget, Sweep(("",)), STATUS[stream])

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Our videos; and every hour, what was said under those where YouTube's count has changed.

        Between the hours only the latest page of videos is looked at.
        """
        if run := _unpacked(cursor):
            yield from self._sweep(cursor, run, budget, Sweep(), STATUS["comments"])
            return
        before = Kept.unpacked(cursor.watermark)
        playlist, at = self._uploads()
        counting, counts = before is None or at - before.at >= COUNTED_EVERY, dict[str, int]()
        most = FIRST_UPLOAD_PAGES if before is None else UPLOAD_PAGES if counting else 1
        for page in self._videos(playlist, cursor, most, counting=counting):
            counts |= {count.thread: count.said for count in page.counts}
            yield page
        known = before or Kept(at, {})
        kept = known.then(at, counts) if counting else known
        changed = [video for video, many in counts.items() if many != known.counts.get(video, many)]
        spent = Usage(requests=1)
        if not changed:
            yield Page(cursor=Cursor(kept.packed()), complete=True, usage=spent)
            return
        run = Run(token=Sweep(tuple(changed), began=at.isoformat(), counts=counts).packed())
        yield from self._sweep(cursor, run, budget, Sweep(), STATUS["comments"], spent=spent)

    def _sweep(
        self,
        cursor: Cursor,
        run: Run,
        budget: Budget,
        anew: Sweep,
        status: str,
        *,
        spent: Usage = NOTHING_SPENT,
    ) -> Iterator[Page]:
        """Go through threads from where a run stands, and through the replies that they do not bring along.

        `anew` is where to begin when YouTube no longer knows the page, or there is none.
        """
        before = Kept.unpacked(cursor.watermark)
        asked: set[tuple[str, str]] = set()

        def leaf(leg: str, token: str) -> Leaf:
            sweep = Sweep.unpacked(token) or anew
            if sweep.over:
                return Leaf()
            asked.add(_place(sweep))
            sifted, usage, then = self._replies_of(sweep) if sweep.long else self._threads(sweep, status, before)
            if then.over:
                at = datetime.fromisoformat(then.began)
                return Leaf(sifted, "", (before or Kept(at, {})).then(at, then.counts).packed(), usage)
            # A page that leads back to itself is told by leading back: the counts in its token have grown.
            return Leaf(sifted, token if _place(then) in asked else then.packed(), usage=usage)

        yield from pages(self.account, cursor, run, budget, leaf, newer=lambda mark, known: mark or known, spent=spent)

    def _threads(self, sweep: Sweep, status: str, before: Kept | None) -> tuple[Sifted, Usage, Sweep]:
        """One page of threads, and where the sweep stands after it."""
        video = sweep.videos[0]
        where = {"videoId": video} if video else {"allThreadsRelatedToChannelId": self.channel_id}
        try:
            listing = self._listing(
                lambda: self.client.commentThreads().list(
                    part="snippet,replies",
                    order="time",
                    textFormat="plainText",
                    moderationStatus=status,
                    maxResults=self.page_size,
                    **where,
                    **_page(sweep.page),
                )
            )
        except (Gone, Refused) as error:
            if not video or (sweep.page and isinstance(error, Refused)):
                raise
            trouble = Trouble(UNREADABLE_LEG, as_bytes({"id": video}), video)
            then = replace(sweep, videos=sweep.videos[1:], page="", threads=0)
            return Sifted(troubles=[trouble]), Usage(requests=1), then
        threads = [thread for thread in map(_thread, listing.items) if thread is not None]
        sifted = sift(_apart(listing.items), lambda item, raw: self._told(item, raw, {t.id: t.video for t in threads}))
        read_so_far, again, long = sweep.threads + len(listing.items), sweep.again, list(sweep.long)
        for thread in threads:
            if thread.replies <= thread.shown or status != STATUS["comments"]:
                continue  # the replies of a thread are listed without those that are held
            stands_still = before is not None and before.counts.get(thread.id) == thread.replies
            if not stands_still or again < LONG_AGAIN:
                long.append((thread.id, thread.video))
                again += stands_still
        then = replace(
            sweep,
            page=listing.next,
            threads=read_so_far,
            again=again,
            long=tuple(long),
            began=sweep.began or listing.at.isoformat(),
            counts={**sweep.counts, **{t.id: t.replies for t in threads if t.replies > t.shown}},
        )
        if not listing.next or _enough(video, read_so_far, threads, before):
            then = replace(then, videos=sweep.videos[1:], page="", threads=0)
        return sifted, Usage(requests=1, items=_many(sifted)), then

    def _replies_of(self, sweep: Sweep) -> tuple[Sifted, Usage, Sweep]:
        """One page of the first long thread's replies.  A thread that has gone away since took them along."""
        thread, video = sweep.long[0]
        done = replace(sweep, long=sweep.long[1:], replies="")
        try:
            listing = self._replies_listing(thread, sweep.replies)
        except Gone:
            return Sifted(), Usage(requests=1), done
        sifted = sift(listing.items, lambda item, raw: self._told(item, raw, {thread: video}))
        then = replace(sweep, replies=listing.next) if listing.next else done
        return sifted, Usage(requests=1, items=_many(sifted)), then

    def _replies_listing(self, thread: str, page: str) -> Listing:
        return self._listing(
            lambda: self.client.comments().list(
                part="snippet", parentId=thread, textFormat="plainText", maxResults=self.page_size, **_page(page)
            )
        )

    def _told(self, item: Mapping[str, Any], raw: bytes, videos: Mapping[str, str]) -> Comment | OwnReply:
        """A thread's own comment, or a reply; where a reply does not name its video, `videos` has it by thread."""
        comment = within(within(item, "snippet"), "topLevelComment") or item
        facts, native_id = within(comment, "snippet"), said(comment, "id")
        above = perhaps(facts, "parentId") or native_id.partition(".")[0]
        parent = "" if above == native_id else above
        video = perhaps(facts, "videoId") or videos.get(above, "")
        thread = video or above  # what is said about the channel itself stands under no video
        text = perhaps(facts, "textOriginal") or perhaps(facts, "textDisplay")
        posted_at, author = moment(facts, "publishedAt"), _author(facts)
        if author is not None and author.native_id == self.channel_id:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=parent or video,
                text=text,
                posted_at=posted_at,
                thread=thread,
                raw=raw,
            )
        updated_at = moment(facts, "updatedAt") if facts.get("updatedAt") else posted_at
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=author,
            thread=thread,
            in_reply_to=parent or video,
            url=f"https://www.youtube.com/watch?v={video}&lc={native_id}" if video else "",
            edited_at=updated_at if updated_at > posted_at else None,
            hidden=HIDDEN.get(perhaps(facts, "moderationStatus")),
            raw=raw,
        )

    def _uploads(self) -> tuple[str, datetime]:
        """The playlist of all our videos, which costs a hundredth of a search for them; and YouTube's time."""
        answer = self._read(lambda: self.client.channels().list(part="contentDetails", id=self.channel_id))
        items = _items(answer, self.account)
        if not items:
            raise Gone(self.account, "YouTube knows no channel of this id, or does not show it to this token")
        try:
            playlist = said(within(within(items[0], "contentDetails"), "relatedPlaylists"), "uploads")
        except (Unreadable, AttributeError):
            raise Malformed(self.account, "YouTube did not say where the channel's videos are listed") from None
        return playlist, time_in(answer, self.account, "YouTube")

    def _videos(self, playlist: str, cursor: Cursor, most: int, *, counting: bool) -> Iterator[Page]:
        """At most so many pages of our videos, newest first; the latest of them with their counts, where asked for."""
        token = ""
        for number in range(most):
            try:
                listing = self._videos_listing(playlist, token)
            except Gone:
                yield Page(cursor=cursor, complete=False, usage=Usage(requests=1))
                return  # a channel without a video has no such playlist
            sifted = sift(listing.items, self._video)
            counted = counting and number < UPLOAD_PAGES and bool(sifted.posts)
            yield Page(
                cursor=cursor,
                complete=False,
                posts=tuple(sifted.posts),
                troubles=tuple(sifted.troubles),
                counts=self._counts([post.native_id for post in sifted.posts]) if counted else (),
                usage=Usage(requests=1 + counted, items=len(listing.items)),
            )
            if not listing.next:
                return
            if listing.next == token:
                raise Malformed(self.account, "YouTube answers with a page that leads back to itself")
            token = listing.next

    def _videos_listing(self, playlist: str, token: str) -> Listing:
        return self._listing(
            lambda: self.client.playlistItems().list(
                part="snippet,contentDetails",
                playlistId=playlist,
                maxResults=min(self.page_size, UPLOADS_PAGE),
                **_page(token),
            )
        )

    def _video(self, item: Mapping[str, Any], raw: bytes) -> Post:
        snippet, details = within(item, "snippet"), within(item, "contentDetails")
        native_id, title, more = said(details, "videoId"), perhaps(snippet, "title"), perhaps(snippet, "description")
        # A video that is not public yet has only the time at which it was uploaded.
        posted_at = (
            moment(details, "videoPublishedAt") if "videoPublishedAt" in details else moment(snippet, "publishedAt")
        )
        return Post(
            account=self.account,
            native_id=native_id,
            text=f"{title}\n\n{more}" if more else title,
            posted_at=posted_at,
            url=f"https://www.youtube.com/watch?v={native_id}",
            raw=raw,
        )

    def _counts(self, videos: Sequence[str]) -> tuple[Count, ...]:
        """How many comments YouTube says stand under each; nothing of one whose comments are switched off."""
        answer = self._read(lambda: self.client.videos().list(part="statistics", id=",".join(videos)))
        said_there = {
            str(item.get("id")): str(statistics.get("commentCount"))
            for item in _items(answer, self.account)
            if isinstance(item, dict)
            for statistics in (item.get("statistics"),)
            if isinstance(statistics, dict)
        }
        return tuple(
            Count(video, int(said_there[video])) for video in videos if COUNT.fullmatch(said_there.get(video, ""))
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """YouTube leaves out what is not there.

        GONE is said of a reply only where its thread can be read with the same token, and of a thread
        where the channel can.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        standing |= self._standing(list(native_ids))
        missing = [each for each in native_ids if standing[each] is Standing.GONE]
        threads = sorted({each.partition(".")[0] for each in missing if "." in each})
        around = self._standing(threads) if threads else {}
        channel = self._is_readable() if any("." not in each for each in missing) else False
        for each in missing:
            thread = each.partition(".")[0]
            above = around.get(thread) in (Standing.PRESENT, Standing.EDITED) if thread != each else channel
            standing[each] = Standing.GONE if above else Standing.UNKNOWN
        return standing

    def _standing(self, native_ids: Sequence[str]) -> dict[str, Standing]:
        standing: dict[str, Standing] = {}
        for start in range(0, len(native_ids), IDS_AT_ONCE):
            batch = native_ids[start : start + IDS_AT_ONCE]
            try:
                standing |= self._found(batch)
            except (AuthExpired, RateLimited):
                raise
            except PermissionLost:
                standing |= dict.fromkeys(batch, Standing.FORBIDDEN)
            except CollectorError:
                continue
        return standing

    def _found(self, batch: Sequence[str]) -> dict[str, Standing]:
        answer = self._read(lambda: self.client.comments().list(part="snippet", id=",".join(batch)))
        found = dict.fromkeys(batch, Standing.GONE)
        for item in _items(answer, self.account):
            if not isinstance(item, dict) or item.get("id") not in batch:
                raise Malformed(self.account, "YouTube answered about comments that it was not asked about")
            facts = item.get("snippet")
            times = [facts.get(name) for name in ("publishedAt", "updatedAt")] if isinstance(facts, dict) else []
            edited = len(times) == 2 and times[1] is not None and times[0] != times[1]
            found[item["id"]] = Standing.EDITED if edited else Standing.PRESENT
        return found

    def _is_readable(self) -> bool:
        try:
            self._uploads()
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return False
        return True

    # --- acting

    def capabilities(self) -> Capabilities:
        """YouTube may take a reply of ours for spam, or hold it, and then lists it nowhere: absence proves nothing."""
        return Capabilities(
            actions=frozenset({Action.REPLY, Action.HIDE, Action.UNHIDE}),
            longest_reply=LONGEST_COMMENT,
            proves_absence=False,
            settles_after=timedelta(minutes=2),
        )

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """A reply to a reply is one to its thread.  `key` is not sent: YouTube takes none."""
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than YouTube allows; it was not sent")
        said_there = {"snippet": {"parentId": native_id.partition(".")[0], "textOriginal": text}}
        answer = self._write(lambda: self.client.comments().insert(part="snippet", body=said_there), NOT_PUBLISHED)
        body = answer.json()
        published = body.get("id") if isinstance(body, dict) else None
        if not isinstance(published, str) or not published:
            raise Unconfirmed(self.account, "YouTube took the reply and did not say under which id it stands")
        try:
            return Receipt(published, moment(within(body, "snippet"), "publishedAt"))
        except Unreadable:
            return Receipt(published)

    def act(self, action: Action, native_id: str) -> None:
        """A hidden comment is held for review: we still see it, and can show it again."""
        if action not in (Action.HIDE, Action.UNHIDE):
            raise Refused(self.account, NO_SUCH_ACTION)
        status = "heldForReview" if action is Action.HIDE else "published"
        try:
            self._write(
                lambda: self.client.comments().setModerationStatus(id=native_id, moderationStatus=status), NOT_DONE
            )
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """What we said in the comment's thread: `in_reply_to` is the thread, whichever reply of it was answered."""
        thread, earliest = native_id.partition(".")[0], since - CLOCKS_DISAGREE
        threads = self._listing(lambda: self.client.commentThreads().list(part="snippet", id=thread)).items
        video = next((there.video for there in map(_thread, threads) if there and there.id == thread), None)
        if video is None:
            raise Gone(self.account, "YouTube says that the thread is not there")
        found: list[OwnReply] = []
        page = ""
        for _ in range(READ_BACK_PAGES):
            listing = self._replies_listing(thread, page)
            sifted = sift(listing.items, lambda item, raw: self._told(item, raw, {thread: video}))
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on YouTube cannot be read")
            found += [ours for ours in sifted.ours if ours.posted_at >= earliest]
            page = listing.next
            if not page:
                return found
        raise Transient(self.account, f"the thread has more than {READ_BACK_PAGES} pages of replies")

    # --- asking YouTube, and understanding what comes back

    def _listing(self, request: Callable[[], Any]) -> Listing:
        answer = self._read(request)
        items, token = _items(answer, self.account), object_in(answer, self.account, "YouTube").get("nextPageToken", "")
        if not isinstance(token, str):
            raise Malformed(self.account, "YouTube answered with a page token that is not one")
        return Listing(items, token, time_in(answer, self.account, "YouTube"))

    def _read(self, request: Callable[[], Any]) -> Answer:
        """Every question costs a unit, whatever comes of it."""
        self.meter.reserve(LIST)
        try:
            answer = read(self.line, self.account, lambda: request().execute())
        finally:
            self.meter.settle(LIST, 1)
        if answer.status == 200:
            return answer
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "YouTube asks us to wait", until=until)
        raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)

    def _write(self, request: Callable[[], Any], refusal: str) -> Answer:
        """A definite error of YouTube's own means that nothing was written; anything else unclear is a doubt."""
        self.meter.reserve(WRITE)
        try:
            answer = write(self.line, self.account, lambda: request().execute())
        except Transient:
            self.meter.settle(WRITE, 1, ())
            raise
        except Unconfirmed:
            self.meter.settle(WRITE, 1)
            raise
        self.meter.settle(WRITE, 1)
        if answer.status in (200, 204):
            return answer
        error = self._meaning(answer, otherwise=Unconfirmed)
        if isinstance(error, Transient):
            raise Unconfirmed(self.account, error.reason)
        if isinstance(error, Refused):
            raise Refused(self.account, f"{refusal} ({_reason(answer) or answer.status})")
        raise error

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        reason = _reason(answer)
        known = MEANING.get(reason) or MEANING.get(answer.status)
        if known is None or (answer.status >= 500 and reason not in MEANING):
            return otherwise(self.account, f"YouTube answered with status {answer.status}")
        kind, words = known
        text = f"{words} ({reason or 'no reason given'}, status {answer.status})"
        if not issubclass(kind, RateLimited):
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        if kind is QuotaExhausted:
            return QuotaExhausted(self.account, text, until=_midnight_in_california(answer.at), scope="app")
        return RateLimited(self.account, text, until=retry_at(answer) or answer.at + LIMIT_WINDOW)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is the token to go on with, empty on the last."""

    items: list[Any]
    next: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as far as paging goes: how many replies YouTube says it has, and how many came along."""

    id: str
    video: str
    replies: int
    shown: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class OverOurLine:
    """Stands where the client expects an `httplib2.Http`, so that our timeouts and limits hold for it too."""

    session: Any
    made: Callable[[Mapping[str, str]], Any]

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> tuple[Any, bytes]:
        response = self.session.request(method, uri, data=body, headers=headers)
        return self.made({**response.headers, "status": str(response.status_code)}), response.content


def open_youtube(access: Access) -> YouTubeChannel:
    """Connect to one channel.  The client library is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    import httplib2
    import requests
    from googleapiclient.discovery import build

    token = keys_in(access)["access_token"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    line = Line(session, HOST, base_url=access.base_url, timeout=access.timeout)
    # It logs the bodies of errors that it cannot read, and we read them ourselves.
    logging.getLogger("googleapiclient.http").setLevel(logging.CRITICAL)
    client = build(
        "youtube",
        "v3",
        http=OverOurLine(session, httplib2.Response),
        static_discovery=True,
        # So that no variable of the environment leads elsewhere.
        client_options={"api_endpoint": f"{HOST}/", "universe_domain": "googleapis.com"},
    )
    return YouTubeChannel(access.account, access.native_id, client, line, meter=access.meter)


def _unpacked(cursor: Cursor) -> Run | None:
    """The run under way.  Its mark is made when it ends, from what it read."""
    return Run.unpacked(cursor.page_token, lambda mark: False)


def _place(sweep: Sweep) -> tuple[str, str]:
    """Which page a sweep will ask for next."""
    return (sweep.long[0][0], sweep.replies) if sweep.long else (next(iter(sweep.videos), "-"), sweep.page)


def _page(token: str) -> dict[str, str]:
    return {"pageToken": token} if token else {}


def _enough(video: str, read_so_far: int, threads: Sequence[Thread], before: Kept | None) -> bool:
    """Whether a sweep may stop before the last page."""
    if video:
        return read_so_far >= IN_A_VIDEO
    if before is None:
        return read_so_far >= FIRST_READING
    times = [thread.at for thread in threads if thread.at is not None]
    return read_so_far >= WATCHED and bool(times) and min(times) < before.at - OVERLAP


def _thread(item: Any) -> Thread | None:
    """None where it is no thread; `sift` says what is wrong with it."""
    try:
        snippet = within(item, "snippet")
        video, facts = perhaps(snippet, "videoId"), within(within(snippet, "topLevelComment"), "snippet")
        replies, at = snippet.get("totalReplyCount", 0), facts.get("publishedAt")
        return Thread(
            said(item, "id"),
            video or perhaps(facts, "videoId"),
            replies if isinstance(replies, int) else 0,
            len(_replies_in(item)),
            moment(facts, "publishedAt") if at else None,
        )
    except (Unreadable, AttributeError):
        return None


def _replies_in(item: Any) -> list[Any]:
    replies = item.get("replies") if isinstance(item, dict) else None
    comments = replies.get("comments") if isinstance(replies, dict) else None
    return comments if isinstance(comments, list) else []


def _apart(items: Sequence[Any]) -> Iterator[Any]:
    """Each thread without its replies, and then those."""
    for item in items:
        yield {name: value for name, value in item.items() if name != "replies"} if isinstance(item, dict) else item
        yield from _replies_in(item)


def _many(sifted: Sifted) -> int:
    return len(sifted.comments) + len(sifted.ours) + len(sifted.troubles)


def _author(facts: Mapping[str, Any]) -> Author | None:
    """None where YouTube does not say: a channel that was deleted has a name at most."""
    native_id = perhaps(within(facts, "authorChannelId"), "value")
    return Author(native_id, perhaps(facts, "authorDisplayName")) if native_id else None


def _items(answer: Answer, account: str) -> list[Any]:
    """What a list shows; YouTube leaves the property out where some lists are empty.

    Raises:
        Malformed: it is not a list of YouTube's, such as half of one.
    """
    body = object_in(answer, account, "YouTube")
    items = body.get("items", [])
    if not isinstance(body.get("kind"), str) or not isinstance(items, list):
        raise Malformed(account, "YouTube answered with something that is not one of its lists")
    return items


def _reason(answer: Answer) -> str:
    """The word for what went wrong, of letters only, so that it can be quoted."""
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    errors = error.get("errors") if isinstance(error, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    reason = first.get("reason") if isinstance(first, dict) else None
    return reason if isinstance(reason, str) and reason.isascii() and reason.isalpha() and len(reason) < 60 else ""


def _midnight_in_california(at: datetime) -> datetime:
    """When YouTube counts a new day."""
    local = at.astimezone(PACIFIC)
    return datetime.combine(local.date() + timedelta(days=1), time(), PACIFIC).astimezone(UTC)
