"""A Vimeo account of ours: the comments under its videos, and the replies to them, which are lists of their own.

What this project knows of Vimeo's API is in this file and stops here.  Two surprises.  Nothing can be
asked for "since", so the comments of the latest videos are read again each time, and those of older ones,
of the latest three hundred, where Vimeo's count has changed.  And a comment says only how many replies it
has: they are asked for where that number has changed, or the comment is not a fortnight old.  Whether the
count of a video has its replies in it Vimeo does not say; if not, a late reply under an older video than the
latest twenty-five is found only when a comment comes beside it.

Only our own comments may be deleted, and none hidden; the owner of a video can do more on vimeo.com.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeGuard
from urllib.parse import parse_qs, urlsplit

from collectors.asking import fraction_left, keys_in, object_in, open_line, read, retry_at, time_in, write
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
from collectors.numbered import Place, Sheet, following
from collectors.paging import UNREADABLE_LEG, Leaf, Run, Trail, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST: Final = "https://api.vimeo.com"
VERSION: Final = "application/vnd.vimeo.*+json;version=3.4"
PAGE_SIZE: Final = 100
COMMENT_FIELDS: Final = "uri,type,text,created_on,link,user.uri,user.name,metadata.connections.replies.total"
VIDEO_FIELDS: Final = "uri,name,description,link,created_time,modified_time"
COUNT_FIELDS: Final = "uri,metadata.connections.comments.total"

WATCHED: Final = 25  # the latest videos, read again each time
LOOKED_AT: Final = 300  # further back, a video is read where its count has changed
REPLIES_AGAIN: Final = timedelta(days=14)
POSTS_AGAIN: Final = timedelta(days=7)
COUNTS_KEPT: Final = 2_000
READ_BACK_PAGES: Final = 20
LIMIT_WINDOW: Final = timedelta(minutes=15)
LONGEST_COMMENT: Final = 2_000  # Vimeo does not say how long one may be

VIDEO: Final = re.compile(r"/videos/([0-9]{1,18})(?::\w{1,64})?")  # an unlisted one carries a word that opens it
COMMENT: Final = re.compile(r"/videos/([0-9]{1,18})/comments/([0-9]{1,18})")

# The code that Vimeo gives, or the status where it gives none that we know -> what it means to us, in our words.
MEANING: dict[int, tuple[type[CollectorError], str]] = {
    400: (Refused, "Vimeo does not understand the request"),
    401: (AuthExpired, "Vimeo no longer accepts the token; connect the account again"),
    403: (PermissionLost, "Vimeo does not allow this token to do that; check its scopes"),
    404: (Gone, "Vimeo says that it is not there"),
    429: (RateLimited, "Vimeo asks us to wait"),
    3301: (Refused, "Vimeo takes the words for spam"),
    3411: (PermissionLost, "the Vimeo account may not comment before its address is verified there"),
    3412: (PermissionLost, "the Vimeo account may not comment"),
    3413: (Refused, "comments are switched off there"),
    8003: (AuthExpired, "Vimeo no longer accepts the token; connect the account again"),
    9000: (RateLimited, "Vimeo asks us to wait"),
}
NOT_PUBLISHED: Final = "reply on vimeo.com and record it here"
NO_SUCH_ACTION: Final = (
    "Vimeo's interface lets nobody hide a comment, or delete somebody else's; do it on vimeo.com and record it here"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished run leaves for the next: how many Vimeo said stand under each video, and under each comment.

    A video goes by its number, a comment by its video's and its own.  What nothing stands under is not kept.
    """

    counts: Mapping[str, int]

    def packed(self) -> str:
        return json.dumps({"counts": self.counts}, separators=(",", ":"))

    def then(self, counts: Mapping[str, int]) -> Self:
        """After another run; what was kept longest is forgotten first."""
        older = {each: many for each, many in self.counts.items() if each not in counts}
        return replace(self, counts=dict([*counts.items(), *older.items()][:COUNTS_KEPT]))

    @classmethod
    def unpacked(cls, watermark: str) -> Self:
        """Nothing, before the first run has ended."""
        try:
            return cls({str(each): int(many) for each, many in json.loads(watermark)["counts"].items()})
        except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
            return cls({})


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far a run has come, as it is kept in a cursor's page token.

    `videos` are to be read, the first of them from `place` on.  Before that, the replies to the comments in
    `waiting` (each a video's number and its own), the first from `replies` on.
    """

    videos: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)
    waiting: tuple[tuple[str, str], ...] = ()
    replies: Place = field(default_factory=Place)
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return not self.videos and not self.waiting

    def where(self) -> tuple[str, Place]:
        """Which page it will ask for next."""
        return ("/".join(self.waiting[0]), self.replies) if self.waiting else (self.videos[0], self.place)

    def packed(self) -> str:
        return json.dumps(
            [self.videos, self.place.packed(), self.waiting, self.replies.packed(), self.counts], separators=(",", ":")
        )

    @classmethod
    def unpacked(cls, token: str) -> Self | None:
        """None where it is not one of ours."""
        try:
            videos, place, waiting, replies, counts = json.loads(token)
            sweep = cls(
                tuple(map(str, videos)),
                Place.unpacked(place),
                tuple((str(video), str(comment)) for video, comment in waiting),
                Place.unpacked(replies),
                {str(each): int(many) for each, many in counts.items()},
            )
        except (AttributeError, OverflowError, RecursionError, TypeError, ValueError):
            return None
        return None if sweep.over else sweep


@dataclass(frozen=True, slots=True)
class VimeoAccount:
    """One account of ours; `user_id` is its number."""

    account: str
    user_id: str
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.VIMEO

    # --- reading

    def streams(self) -> Sequence[str]:
        return ("comments", "posts")

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages of one stream.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"Vimeo has no stream {stream!r}; it has {', '.join(self.streams())}")
        yield from {"comments": self._comments, "posts": self._posts}[stream](cursor, budget)

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Our videos, those that changed last first."""
        since = _time(cursor.watermark)

        def leaf(leg: str, token: str) -> Leaf:
            place = Place.unpacked(token)
            sheet, answer = self._videos(place, sort="modified_time", fields=VIDEO_FIELDS)
            then = None if since and _all_before(sheet, since - POSTS_AGAIN) else following(self.account, place, sheet)
            at = time_in(answer, self.account, "Vimeo").isoformat()
            sifted = sift(sheet.items, self._video)
            return Leaf(sifted, then.packed() if then else "", at, _usage(answer, len(sheet.items)))

        run = Run.unpacked(cursor.page_token, lambda mark: _time(mark) is not None) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment under the videos worth reading again, and the replies to those that stirred."""
        before = Kept.unpacked(cursor.watermark)
        asked: set[tuple[str, Place]] = set()

        def leaf(leg: str, token: str) -> Leaf:
            sweep, said_there, spent = Sweep.unpacked(token), tuple[Count, ...](), Usage()
            if sweep is None:
                sweep, said_there, spent = self._videos_to_read(before)
            if sweep.over:
                return Leaf(mark=before.then(sweep.counts).packed(), usage=spent)
            asked.add(sweep.where())
            sifted, usage, then = self._replies(sweep) if sweep.waiting else self._page_of_comments(sweep, before)
            usage = replace(usage, requests=usage.requests + spent.requests)
            if then.over:
                return Leaf(sifted, "", before.then(then.counts).packed(), usage, said_there)
            # A page that leads back to itself is told by leading back: the counts in its token have grown.
            return Leaf(sifted, token if then.where() in asked else then.packed(), "", usage, said_there)

        run = Run.unpacked(cursor.page_token, lambda mark: False) or Run()
        return pages(self.account, cursor, run, budget, leaf, newer=lambda mark, known: mark or known)

    def _videos_to_read(self, before: Kept) -> tuple[Sweep, tuple[Count, ...], Usage]:
        """The latest videos with comments, and older ones of which Vimeo counts more or fewer than it did."""
        videos, counts, place, usage = list[str](), dict[str, int](), Place(), Usage()
        looked_at, trail = 0, Trail(self.account, "Vimeo")
        while True:
            sheet, answer = self._videos(place, sort="date", fields=COUNT_FIELDS)
            usage = replace(_usage(answer, 0), requests=usage.requests + 1)
            for item in sheet.items:
                looked_at += 1
                video, many = _counted(item)
                stirred = many != before.counts.get(video, 0)
                if video and (stirred or (many and looked_at <= WATCHED)):
                    videos.append(video)
                    counts[video] = many
            then = following(self.account, place, sheet)
            if then is None or looked_at >= LOOKED_AT:
                sweep = Sweep(tuple(dict.fromkeys(videos)), counts=counts)
                return sweep, tuple(Count(f"/videos/{video}", many) for video, many in counts.items()), usage
            trail.on(f"{then.page} of {then.total}", len(sheet.items))
            place = then

    def _page_of_comments(self, sweep: Sweep, before: Kept) -> tuple[Sifted, Usage, Sweep]:
        """One page of a video's comments.  A video may go away after it was listed: the others go on."""
        video = sweep.videos[0]
        try:
            sheet, answer = self._sheet(f"/videos/{video}/comments", sweep.place, direction="asc")
        except Gone:
            uri = f"/videos/{video}"
            sifted = Sifted(troubles=[Trouble(UNREADABLE_LEG, as_bytes({"uri": uri}), uri)])
            return sifted, Usage(requests=1), replace(sweep, videos=sweep.videos[1:], place=Place())
        sifted = sift(sheet.items, lambda item, raw: self._told(item, raw, f"/videos/{video}"))
        young = time_in(answer, self.account, "Vimeo") - REPLIES_AGAIN
        counts, waiting = dict(sweep.counts), list(sweep.waiting)
        for comment, many, at in filter(None, map(_replied, sheet.items)):
            key = "/".join(comment)
            if many and (at >= young or before.counts.get(key) != many):
                waiting.append(comment)
            if many:
                counts[key] = many
        then = following(self.account, sweep.place, sheet)
        sweep = replace(sweep, waiting=tuple(waiting), counts=counts)
        sweep = replace(sweep, place=then) if then else replace(sweep, videos=sweep.videos[1:], place=Place())
        return sifted, _usage(answer, len(sheet.items)), sweep

    def _replies(self, sweep: Sweep) -> tuple[Sifted, Usage, Sweep]:
        """One page of replies to the first comment that has some.  One that has gone away since took them along."""
        video, comment = sweep.waiting[0]
        done = replace(sweep, waiting=sweep.waiting[1:], replies=Place())
        above = f"/videos/{video}/comments/{comment}"
        try:
            sheet, answer = self._sheet(f"{above}/replies", sweep.replies)
        except Gone:
            return Sifted(), Usage(requests=1), done
        sifted = sift(sheet.items, lambda item, raw: self._told(item, raw, above))
        then = following(self.account, sweep.replies, sheet)
        return sifted, _usage(answer, len(sheet.items)), replace(sweep, replies=then) if then else done

    def _video(self, item: Mapping[str, Any], raw: bytes) -> Post:
        name, more = perhaps(item, "name"), perhaps(item, "description")
        return Post(
            account=self.account,
            native_id=f"/videos/{_number_of_video(item)}",
            text=f"{name}\n\n{more}" if more else name,
            posted_at=moment(item, "created_time"),
            url=perhaps(item, "link"),
            raw=raw,
        )

    def _told(self, item: Mapping[str, Any], raw: bytes, above: str) -> Comment | OwnReply:
        native_id = said(item, "uri")
        match = COMMENT.fullmatch(native_id)
        if match is None:
            raise Unreadable("uri is not that of a comment")
        text, posted_at, author = perhaps(item, "text"), moment(item, "created_on"), _author(item)
        if author is not None and author.native_id == f"/users/{self.user_id}":
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=above,
                text=text,
                posted_at=posted_at,
                thread=f"/videos/{match[1]}",
                raw=raw,
            )
        return Comment(
            account=self.account,
            native_id=native_id,
            text=text,
            posted_at=posted_at,
            author=author,
            thread=f"/videos/{match[1]}",
            in_reply_to=above,
            url=perhaps(item, "link"),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """GONE is said only where the video can still be read with the same token.  Vimeo does not tell of edits."""
        videos: dict[str, Standing] = {}
        standing: dict[str, Standing] = {}
        for native_id in native_ids:
            match = COMMENT.fullmatch(native_id)
            seen = self._standing(native_id) if match else Standing.UNKNOWN
            if match and seen is Standing.GONE:
                video = f"/videos/{match[1]}"
                if video not in videos:
                    videos[video] = self._standing(video)
                seen = seen if videos[video] is Standing.PRESENT else Standing.UNKNOWN
            standing[native_id] = seen
        return standing

    def _standing(self, uri: str) -> Standing:
        try:
            body = self._read(uri, fields="uri").json()
        except Gone:
            return Standing.GONE
        except PermissionLost:
            return Standing.FORBIDDEN
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return Standing.UNKNOWN
        there = body.get("uri") if isinstance(body, dict) else None
        return Standing.PRESENT if isinstance(there, str) and there.partition(":")[0] == uri else Standing.UNKNOWN

    # --- acting

    def capabilities(self) -> Capabilities:
        """Nobody says how soon Vimeo lists what was written, so an absence proves nothing."""
        return Capabilities(
            actions=frozenset({Action.REPLY}),
            longest_reply=LONGEST_COMMENT,
            proves_absence=False,
            settles_after=timedelta(minutes=2),
        )

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: Vimeo takes none."""
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than we send to Vimeo; it was not sent")
        if not COMMENT.fullmatch(native_id):
            raise Refused(self.account, "that is no comment on Vimeo")
        body = self._write(f"{native_id}/replies", text=text).json()
        published = body.get("uri") if isinstance(body, dict) else None
        if not isinstance(published, str) or not COMMENT.fullmatch(published):
            raise Unconfirmed(self.account, "Vimeo took the reply and did not say under which address it stands")
        return Receipt(published, _perhaps_time(body, "created_on"))

    def act(self, action: Action, native_id: str) -> None:
        raise Refused(self.account, NO_SUCH_ACTION)

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """What stands under the comment itself: Vimeo may put an answer to a reply beside it, where it is collected."""
        earliest, place = since - CLOCKS_DISAGREE, Place()
        found: dict[str, OwnReply] = {}
        if not COMMENT.fullmatch(native_id):
            raise Refused(self.account, "that is no comment on Vimeo")
        for _ in range(READ_BACK_PAGES):
            sheet, _ = self._sheet(f"{native_id}/replies", place)
            sifted = sift(sheet.items, lambda item, raw: self._told(item, raw, native_id))
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on Vimeo cannot be read")
            found |= {ours.native_id: ours for ours in sifted.ours if ours.posted_at >= earliest}
            then = following(self.account, place, sheet)
            if then is None:
                return list(found.values())
            place = then
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    # --- asking Vimeo, and understanding what comes back

    def _videos(self, place: Place, *, sort: str, fields: str) -> tuple[Sheet, Answer]:
        return self._sheet(f"/users/{self.user_id}/videos", place, sort=sort, direction="desc", fields=fields)

    def _sheet(self, path: str, place: Place, **asked: str) -> tuple[Sheet, Answer]:
        answer = self._read(
            path, **{"fields": COMMENT_FIELDS, **asked, "page": str(place.page), "per_page": str(self.page_size)}
        )
        body = object_in(answer, self.account, "Vimeo")
        items, total, paging = body.get("data"), body.get("total"), body.get("paging")
        if not isinstance(items, list) or not isinstance(total, int) or not isinstance(paging, dict):
            raise Malformed(self.account, "Vimeo answered with something that is not one of its lists")
        return Sheet(items, total, self._is_last(paging.get("next"), place.page), self.page_size), answer

    def _is_last(self, following_page: Any, page: int) -> bool:
        if following_page is None:
            return True
        try:
            number = int(parse_qs(urlsplit(following_page).query)["page"][-1])
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Malformed(self.account, "Vimeo promises a next page and does not say which") from None
        if number != page + 1:
            raise Malformed(self.account, "Vimeo answers with a page that leads back to itself")
        return False

    def _read(self, path: str, **asked: str) -> Answer:
        answer = read(self.line, self.account, lambda: self.line.session.get(f"{HOST}{path}", params=asked))
        if answer.status == 200:
            return answer
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "Vimeo asks us to wait", until=until)
        raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)

    def _write(self, path: str, **body: str) -> Answer:
        """A definite error of Vimeo's own means that nothing was written; anything else unclear is a doubt."""
        answer = write(self.line, self.account, lambda: self.line.session.post(f"{HOST}{path}", json=body))
        if answer.status in (200, 201):
            return answer
        error = self._meaning(answer, otherwise=Unconfirmed)
        raise Refused(self.account, f"{error.reason}; {NOT_PUBLISHED}") if isinstance(error, Refused) else error

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        """What is not in Vimeo's own words, such as a page of a guard's, never says that a thing is gone."""
        body = answer.json()
        error = body if isinstance(body, dict) and isinstance(body.get("error"), str) else {}
        code = error.get("error_code")
        known = MEANING.get(code) if isinstance(code, int) else None
        if known is None and (error or answer.status not in (400, 404)):
            known = MEANING.get(answer.status)
        named = f"(code {code}, status {answer.status})" if isinstance(code, int) else f"(status {answer.status})"
        if known is None or answer.status >= 500:
            return otherwise(self.account, f"Vimeo answered with an error {named}")
        kind, words = known
        if not issubclass(kind, RateLimited):
            return kind(self.account, f"{words} {named}")
        if answer.at is None:
            return Transient(self.account, f"{words} {named}")
        until = retry_at(answer, "x-ratelimit-reset") or answer.at + LIMIT_WINDOW
        return RateLimited(self.account, f"{words} {named}", until=until)


def open_vimeo(access: Access) -> VimeoAccount:
    """Connect to one account with its token; the account goes by its number, or as `/users/` and that.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    headers = {"Authorization": f"Bearer {keys_in(access)['access_token']}", "Accept": VERSION}
    return VimeoAccount(access.account, access.native_id.removeprefix("/users/"), open_line(access, HOST, headers))


def _author(item: Mapping[str, Any]) -> Author | None:
    """None where Vimeo does not say, as when the user is no more."""
    user = within(item, "user")
    native_id = perhaps(user, "uri")
    return Author(native_id, perhaps(user, "name")) if native_id else None


def _number_of_video(item: Mapping[str, Any]) -> str:
    match = VIDEO.fullmatch(said(item, "uri"))
    if match is None:
        raise Unreadable("uri is not that of a video")
    return match[1]


def _counted(item: Any) -> tuple[str, int]:
    """A video's number and how many comments it has; no number where Vimeo does not say, as they are switched off."""
    try:
        total = within(within(within(item, "metadata"), "connections"), "comments").get("total")
        return (_number_of_video(item), total) if _is_count(total) else ("", 0)
    except (Unreadable, AttributeError):
        return "", 0


def _replied(item: Any) -> tuple[tuple[str, str], int, datetime] | None:
    """Which comment of which video, how many replies it has, and since when it stands; None where it cannot be read."""
    try:
        match = COMMENT.fullmatch(said(item, "uri"))
        total = within(within(within(item, "metadata"), "connections"), "replies").get("total")
        return ((match[1], match[2]), total, moment(item, "created_on")) if match and _is_count(total) else None
    except (Unreadable, AttributeError):
        return None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 0 <= value <= 1_000_000


def _all_before(sheet: Sheet, since: datetime) -> bool:
    """Whether all that stands on a page, and so all behind it, was last changed before this."""
    times = [_perhaps_time(item, "modified_time") if isinstance(item, dict) else None for item in sheet.items]
    return bool(times) and all(at is not None and at < since for at in times)


def _perhaps_time(item: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return moment(item, name)
    except Unreadable:
        return None


def _time(text: str) -> datetime | None:
    """A watermark, where it is one that a week can be taken from."""
    return _perhaps_time({"at": text}, "at") if text else None


def _usage(answer: Answer, items: int) -> Usage:
    return Usage(1, items, fraction_left(answer, "x-ratelimit-limit", "x-ratelimit-remaining"))
