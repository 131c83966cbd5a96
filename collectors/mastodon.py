"""Mastodon, through Mastodon.py: who names or quotes us, whole conversations under our posts, and saved searches.

What this project knows of Mastodon's API is in this file and stops here.  Three surprises.  A post
does not say in which conversation it stands, so the first of a conversation is looked up.  Nobody is
told of a reply that does not name them: we find such a one under our posts, and name in ours whom we
answer, for a private answer would otherwise reach nobody.  And words travel as HTML.

*notifications* go forward by a number that the server gives as it hears of things, so what another
server sends late comes late and is not missed; those of the last ten minutes are read again, for a
number may be given before what it is for can be seen, and so are those of the latest 80 whose post was
edited in the last day.  *threads* reads our latest 25 posts that have replies again in full each time,
for edits too, and of the latest 300 those where the count of direct replies has changed.  Whoever
answers deep below an older post, or below what we said elsewhere, without naming us is not found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self
from urllib.parse import parse_qs, quote, urlsplit

from collectors.asking import fraction_left, home_in, keys_in, object_in, read, retry_at, time_in, write
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
    Unconfirmed,
    Usage,
)
from collectors.graphemes import graphemes
from collectors.items import Unreadable, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from collectors.paragraphs import plain
from collectors.transport import Answer, CannotOpen, Line
from vocabulary import Author, Comment, Origin, OwnReply, Platform, Post

# A server that does not know one of the types leaves it out.  A private message from whom we do not follow is
# filtered, unless one says that one may be.
NOTICES: Final[Mapping[str, Any]] = {"types[]": ["mention", "quote"], "include_filtered": "true"}
NOTICES_PAGE: Final = 80
STATUSES_PAGE: Final = 40
AT_ONCE: Final = 20  # posts that are asked for by their ids
VERSION: Final = "4.3.0"  # said to the client, which would otherwise ask the server before it asks what we want

SETTLED: Final = timedelta(minutes=10)
OVERLAP: Final = timedelta(days=1)  # other servers are away for hours, and what they send is dated by them
EDITED_WITHIN: Final = timedelta(days=1)
POSTS_AGAIN: Final = timedelta(days=7)  # our own posts are edited too
WATCHED_IN_FULL: Final = 25
WATCHED_FOR_COUNT: Final = 300
HISTORIES: Final = 20  # posts on one page whose earlier words are asked for
SEARCH_REACHES: Final = 1_000
READ_BACK_PAGES: Final = 20
LIMIT_WINDOW: Final = timedelta(minutes=5)

LONGEST_STATUS: Final = 500  # a server may allow more
ROOM_FOR_A_NAME: Final = 32  # whom we answer: an @, thirty letters and a space
LINK_WEIGHT: Final = 23

ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
NUMBER: Final = re.compile(r"[0-9]{1,19}")
HANDLE: Final = re.compile(r"\w[\w.-]*(?:@[\w.:-]+)?")
NAMED: Final = re.compile(r"@(\w[\w.-]*(?:@[\w.-]*\w)?)\s+")
ADDRESS: Final = re.compile(r"""https?://\S*[^\s.,;:!?)\]'"]""")
WITH_SERVER: Final = re.compile(r"(?<![\w/])(@\w[\w.-]*)@[\w.-]*\w")
TAG: Final = re.compile(r"#(\w+)")
FOR_ALL: Final = frozenset({"public", "unlisted"})

# Status -> what it means to us, in our words.
MEANING: dict[int, tuple[type[CollectorError], str]] = {
    400: (Refused, "Mastodon does not understand the request"),
    401: (AuthExpired, "Mastodon no longer accepts the token; connect the account again"),
    403: (PermissionLost, "Mastodon does not allow this token to do that; connect the account again, or look there"),
    404: (Gone, "Mastodon says that it is not there, or not for us"),
    410: (Gone, "Mastodon says that it is gone"),
    422: (Refused, "Mastodon refuses that"),
    429: (RateLimited, "Mastodon asks us to wait"),
}
NO_SUCH_ACTION: Final = (
    "Mastodon lets nobody hide or delete somebody else's post; report it to its server, or mute or block its author, "
    "on Mastodon, and record it here"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished run over conversations leaves for the next: when it began, and direct replies by post."""

    at: datetime
    counts: Mapping[str, int]

    def packed(self) -> str:
        return json.dumps({"at": self.at.isoformat(), "counts": self.counts}, separators=(",", ":"))

    @classmethod
    def unpacked(cls, mark: str) -> Self | None:
        """None before the first run has ended, or where it is not one of ours."""
        try:
            kept = json.loads(mark)
            at = datetime.fromisoformat(kept["at"])
            counts = {str(key): int(many) for key, many in kept["counts"].items()}
            return cls(at, counts) if at.tzinfo else None
        except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class MastodonAccount:
    """One account of ours; `account_id` is its number on the server where it lives."""

    account: str
    account_id: str
    client: Any = field(repr=False)
    line: Line = field(repr=False)
    page_size: int = NOTICES_PAGE
    searches: Mapping[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return Platform.MASTODON

    # --- reading

    def streams(self) -> Sequence[str]:
        return ("notifications", "threads", "own", *(f"search:{name}" for name in self.searches))

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Pages of one stream.

        Raises:
            CollectorError: one of its kinds; pages already yielded stand.
            ValueError: there is no such stream.
        """
        if stream not in self.streams():
            raise ValueError(f"Mastodon has no stream {stream!r}; it has {', '.join(self.streams())}")
        kind, _, name = stream.partition(":")
        streams: Mapping[str, Callable[[Cursor, Budget], Iterator[Page]]] = {
            "notifications": self._notifications,
            "threads": self._threads,
            "own": self._own,
            "search": partial(self._search, name),
        }
        yield from streams[kind](cursor, budget)

    def _notifications(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Forward, page by page, until a page is empty; the newest of a page says where the next begins."""
        begin = cursor.watermark or "0"

        def leaf(leg: str, token: str) -> Leaf:
            after, settled = _pair(token) or (begin, begin)
            listing = self._notices(min_id=after)
            settled = _settled(listing.items, listing.at - SETTLED) or settled
            begins_anew = not token and cursor.watermark
            edited = self._edited_since_told(listing.items) if begins_anew else []
            statuses, spent = self._with_history([_status_in(each) for each in (*edited, *listing.items)])
            roots, looked_up = self._roots(statuses)
            sifted = sift(statuses, lambda item, raw: self._told(item, raw, roots))
            usage = replace(listing.usage, requests=1 + bool(begins_anew) + spent + looked_up)
            if not listing.newer:
                return Leaf(sifted, "", settled, usage)
            # A page that leads back to itself is told by leading back, whatever else the token holds.
            return Leaf(sifted, token if listing.newer == after else f"{listing.newer} {settled}", usage=usage)

        run = Run.unpacked(cursor.page_token) or Run()
        return pages(self.account, cursor, run, budget, leaf, newer=_latest)

    def _notices(self, **where: str) -> Listing:
        return self._listing(partial(self._ask_list, "/api/v1/notifications", NOTICES_PAGE, {**NOTICES, **where}))

    def _edited_since_told(self, known: Sequence[Any]) -> list[Any]:
        """Of the latest notifications, those not known whose post was edited lately: of that we are told nothing."""
        listing = self._notices()
        since = listing.at - EDITED_WITHIN
        return [each for each in listing.items if each not in known and _edited(_status_in(each), since)]

    def _ask_list(self, endpoint: str, most: int, wanted: Mapping[str, Any]) -> object:
        """A page of a list, in the client's own way of asking for another page.

        Its other ways have no word for what we want, or ask the server first whether they may.
        """
        place = {"_pagination_method": "GET", "_pagination_endpoint": endpoint}
        return self.client.fetch_next({**place, **wanted, "limit": min(self.page_size, most)})

    def _roots(self, statuses: Sequence[Any]) -> tuple[Mapping[str, str], int]:
        """The first post of the conversation in which each stands, and how many questions that took.

        One question tells it for all that stand in the same conversation.  Where the conversation cannot be
        read any more, the post above is the best that is known of it.
        """
        roots: dict[str, str] = {}
        questions = 0
        for status in sorted(filter(_is_status, statuses), key=lambda each: (len(each["id"]), each["id"])):
            native_id, above = status["id"], status.get("in_reply_to_id")
            if not isinstance(above, str) or not ID.fullmatch(native_id):
                roots[native_id] = native_id
                continue
            if above not in roots:
                questions += 1
                line_up = self._above(native_id)
                first = line_up[0] if line_up else above
                roots |= dict.fromkeys((*line_up, above), first)
            roots[native_id] = roots[above]
        return roots, questions

    def _above(self, native_id: str) -> list[str]:
        """The posts above one in its conversation, from the first on; none where they cannot be read."""
        try:
            above = self._context(native_id)[0]
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return []
        return [status["id"] for status in above if _is_status(status)]

    def _context(self, native_id: str) -> tuple[list[Any], list[Any], Usage]:
        """What stands above a post, and below it."""
        answer = self._read(lambda: self.client.status_context(native_id))
        body = object_in(answer, self.account, "Mastodon")
        above, below = body.get("ancestors"), body.get("descendants")
        if not isinstance(above, list) or not isinstance(below, list):
            raise Malformed(self.account, "Mastodon answered with something that is not a conversation")
        return above, below, _usage(answer, len(below))

    def _with_history(self, statuses: Sequence[Any], since: datetime | None = None) -> tuple[list[Any], int]:
        """The posts, those edited since then with their earlier words beside them; and how many questions that took."""
        whole, questions = list[Any](), 0
        for status in statuses:
            if questions < HISTORIES and _is_status(status) and _edited(status, since):
                questions += 1
                whole.append(self._one_with_history(status))
            else:
                whole.append(status)
        return whole, questions

    def _one_with_history(self, status: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            versions = self._read(lambda: self.client.status_history(status["id"])).json()
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return status  # the words as they are now are what counts
        return {**status, "history": versions} if isinstance(versions, list) else status

    def _threads(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Whatever stands under our posts.  A leg of the run is the id of one post."""
        run = Run.unpacked(cursor.page_token, lambda mark: Kept.unpacked(mark) is not None)
        before, spent = Kept.unpacked(cursor.watermark), NOTHING_SPENT
        if run is None or not run.mark:
            run, spent = self._posts_to_read(before)
        kept = Kept.unpacked(run.mark)

        def leaf(post: str, token: str) -> Leaf:
            above, below, usage = self._context(post)
            statuses, questions = self._with_history(below, before.at - SETTLED if before else None)
            (root, *_) = (*(each["id"] for each in above if _is_status(each)), post)
            roots = {each["id"]: root for each in statuses if _is_status(each)}
            sifted = sift(statuses, lambda item, raw: self._told(item, raw, roots))
            direct = kept.counts.get(post, 0) if kept else 0
            many = direct + sum(_count(each) for each in below if isinstance(each, dict))
            usage = replace(usage, requests=1 + questions)
            return Leaf(sifted, usage=usage, counts=(Count(post, many),) if root == post else ())

        yield from pages(self.account, cursor, run, budget, leaf, newer=lambda mark, known: mark or known, spent=spent)

    def _posts_to_read(self, before: Kept | None) -> tuple[Run, Usage]:
        """The latest posts that have replies; further back, those where there are more or fewer than there were.

        Where we have gone on below a post of our own, all of it is read as one conversation.
        """
        known = before.counts if before else {}
        counts, above, wanted = dict[str, int](), dict[str, str](), list[str]()
        began, token, usage, trail = None, "", NOTHING_SPENT, Trail(self.account, "Mastodon")
        while True:
            listing = self._listing(partial(self._ask_own, token, exclude_replies=True))
            began = began or listing.at
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            for status in filter(_is_status, listing.items):
                native_id, many = status["id"], _count(status)
                if (len(wanted) < WATCHED_IN_FULL and many) or many != known.get(native_id, 0):
                    wanted.append(native_id)
                counts[native_id], above[native_id] = many, str(status.get("in_reply_to_id"))
            if not listing.older or len(counts) >= WATCHED_FOR_COUNT:
                legs = dict.fromkeys(_first_listed(each, above) for each in wanted)
                return Run(Kept(began, counts).packed(), tuple(legs)), usage
            token = trail.on(listing.older, len(listing.items))

    def _ask_own(self, before: str, **more: Any) -> object:
        return self.client.account_statuses(
            self.account_id,
            exclude_reblogs=True,
            max_id=before or None,
            limit=min(self.page_size, STATUSES_PAGE),
            **more,
        )

    def _own(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Our posts and replies of the last week before the last run, for they may have been edited.

        Where a new reply stands is looked up; what was said before we first looked stands where it answers.
        """
        run, known = Run.unpacked(cursor.page_token, _is_time) or Run(), _time(cursor.watermark)

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._listing(partial(self._ask_own, token))
            times = [at for at in map(_posted_at, listing.items) if at is not None]
            roots, questions = self._roots([each for each in listing.items if _is_new(each, known)])
            sifted = sift(listing.items, lambda item, raw: self._told(item, raw, roots, all_ours=True))
            done = known is not None and bool(times) and max(times) < known - POSTS_AGAIN
            usage = replace(listing.usage, requests=1 + questions)
            return Leaf(sifted, "" if done else listing.older, listing.at.isoformat(), usage)

        return pages(self.account, cursor, run, budget, leaf)

    def _search(self, name: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """What a saved search finds, less what is ours or addressed to us: the other streams bring that.

        A #tag is a timeline; anything else needs a server that searches, and there only what its authors allow.
        """
        tag, run = TAG.fullmatch(self.searches[name].strip()), Run.unpacked(cursor.page_token) or Run()
        begin = _earlier(cursor.watermark, OVERLAP) if cursor.watermark else "0"
        timeline = f"/api/v1/timelines/tag/{quote(tag[1])}" if tag else ""

        def tagged(leg: str, token: str) -> Leaf:
            after = token or begin
            listing = self._listing(partial(self._ask_list, timeline, STATUSES_PAGE, {"min_id": after}))
            sifted = sift(listing.items, partial(self._overheard, name))
            return Leaf(sifted, listing.newer, "" if listing.newer else after, listing.usage)

        def found(leg: str, token: str) -> Leaf:
            offset, newest = _pair(token) or ("0", begin)
            listing = self._found(self.searches[name], int(offset) if NUMBER.fullmatch(offset) else 0, begin)
            newest = _latest(newest, *(each["id"] for each in listing.items if _is_status(each)))
            after = int(offset) + len(listing.items) if NUMBER.fullmatch(offset) else 0
            sifted = sift(listing.items, partial(self._overheard, name))
            if not listing.items or after >= SEARCH_REACHES:
                return Leaf(sifted, "", newest, listing.usage)
            return Leaf(sifted, f"{after} {newest}", usage=listing.usage)

        return pages(self.account, cursor, run, budget, tagged if tag else found, newer=_latest)

    def _found(self, query: str, offset: int, after: str) -> Listing:
        """One page of a search, which is named by no header: it ends where it is empty."""
        answer = self._read(
            lambda: self.client.search_v2(
                query,
                resolve=False,
                result_type="statuses",
                exclude_unreviewed=False,
                offset=offset,
                min_id=after,
                limit=min(self.page_size, STATUSES_PAGE),
            )
        )
        items = object_in(answer, self.account, "Mastodon").get("statuses")
        if not isinstance(items, list):
            raise Malformed(self.account, "Mastodon answered a search without posts")
        return Listing(items, "", "", time_in(answer, self.account, "Mastodon"), _usage(answer, len(items)))

    def _overheard(self, name: str, item: Mapping[str, Any], raw: bytes) -> Comment | None:
        there = self._told(item, raw, {})
        quoted = within(within(within(item, "quote"), "quoted_status"), "account").get("id")
        named = [each.get("id") for each in _mentions(item)]
        if not isinstance(there, Comment) or self.account_id in (item.get("in_reply_to_account_id"), quoted, *named):
            return None
        return replace(there, origin=Origin.SEARCH, found_by=name)

    def _told(
        self, item: Mapping[str, Any], raw: bytes, roots: Mapping[str, str], *, all_ours: bool = False
    ) -> Comment | Post | OwnReply | None:
        """A post as it is; one that only passes another on is not for us."""
        if item.get("reblog") is not None:
            return None
        native_id, posted_at, text = said(item, "id"), moment(item, "created_at"), _text(item)
        above = perhaps(item, "in_reply_to_id")
        author, thread = _author(item), roots.get(native_id) or above or native_id
        url = perhaps(item, "url") or perhaps(item, "uri")
        if not all_ours and (author is None or author.native_id != self.account_id):
            return Comment(
                account=self.account,
                native_id=native_id,
                text=text,
                posted_at=posted_at,
                author=author,
                thread=thread,
                in_reply_to=above,
                url=url,
                edited_at=moment(item, "edited_at") if item.get("edited_at") is not None else None,
                origin=Origin.PRIVATE if _visibility(item) == "direct" else Origin.ADDRESSED,
                raw=raw,
            )
        if above:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=above,
                text=text,
                posted_at=posted_at,
                thread=thread,
                raw=raw,
            )
        return Post(account=self.account, native_id=native_id, text=text, posted_at=posted_at, url=url, raw=raw)

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Mastodon says the same of what is gone and of what is not for us, and never whose it was.

        So GONE is said only where Mastodon says so of that one post, and our own account can be read with
        the same token.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        ids = [each for each in standing if ID.fullmatch(each)]
        readable: bool | None = None
        for start in range(0, len(ids), AT_ONCE):
            batch = ids[start : start + AT_ONCE]
            standing |= self._present(batch)
            for each in batch:
                if standing[each] is Standing.UNKNOWN:
                    standing[each] = self._standing(each)
                if standing[each] is Standing.GONE:
                    readable = self._is_readable() if readable is None else readable
                    standing[each] = Standing.GONE if readable else Standing.UNKNOWN
        return standing

    def _present(self, batch: Sequence[str]) -> Mapping[str, Standing]:
        """Those that are there, in one question; older servers do not know it."""
        try:
            answer = self._read(lambda: self.client.statuses(list(batch)))
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return {}
        found = answer.json()
        items = [each for each in found if _is_status(each)] if isinstance(found, list) else []
        return {each["id"]: _still_there(each) for each in items if each["id"] in batch}

    def _standing(self, native_id: str) -> Standing:
        try:
            answer = self._read(lambda: self.client.status(native_id))
        except (AuthExpired, RateLimited):
            raise
        except Gone:
            return Standing.GONE
        except PermissionLost:
            return Standing.FORBIDDEN
        except CollectorError:
            return Standing.UNKNOWN
        found = answer.json()
        return _still_there(found) if _is_status(found) and found["id"] == native_id else Standing.UNKNOWN

    def _is_readable(self) -> bool:
        try:
            body = self._read(self.client.account_verify_credentials).json()
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return False
        return isinstance(body, dict) and body.get("id") == self.account_id

    # --- acting

    def capabilities(self) -> Capabilities:
        """Our replies are read back from our own posts, where each stands once it was taken: absence is proof.

        A reply sent again within the hour is answered with the first, by the key that goes with it.
        """
        return Capabilities(
            actions=frozenset({Action.REPLY}),
            longest_reply=LONGEST_STATUS - ROOM_FOR_A_NAME,
            proves_absence=True,
            settles_after=timedelta(minutes=2),
        )

    def length_of(self, text: str) -> int:
        """In characters as a reader sees them; a link is 23, and of a name on another server the first part counts."""
        return graphemes(WITH_SERVER.sub(r"\1", ADDRESS.sub("x" * LINK_WEIGHT, text)))

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """As visible as what it answers; and where that is not for all to see, for its author alone."""
        if self.length_of(text) > LONGEST_STATUS - ROOM_FOR_A_NAME:
            raise Refused(self.account, "the reply is longer than Mastodon allows; it was not sent")
        status = object_in(self._read(lambda: self.client.status(native_id)), self.account, "Mastodon")
        author = status.get("account")
        handle = author.get("acct") if isinstance(author, dict) else None
        if not isinstance(author, dict) or not isinstance(handle, str) or not HANDLE.fullmatch(handle):
            raise Malformed(self.account, "Mastodon did not say whom the reply is for")
        answer = self._write(
            lambda: self.client.status_post(
                text if author.get("id") == self.account_id else f"@{handle} {text}",
                in_reply_to_id=native_id,
                visibility=_visibility(status),
                idempotency_key=key,
            )
        )
        body = answer.json()
        if not _is_status(body):
            raise Unconfirmed(self.account, "Mastodon took the reply and did not say under which id it stands")
        return Receipt(body["id"], _posted_at(body))

    def act(self, action: Action, native_id: str) -> None:
        raise Refused(self.account, NO_SUCH_ACTION)

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        earliest, token, found = since - CLOCKS_DISAGREE, "", list[OwnReply]()
        above = [status["id"] for status in self._context(native_id)[0] if _is_status(status)]
        root = above[0] if above else native_id
        for _ in range(READ_BACK_PAGES):
            listing = self._listing(partial(self._ask_own, token))
            sifted = sift(listing.items, lambda item, raw: self._told(item, raw, {}, all_ours=True))
            if sifted.troubles:
                raise Malformed(self.account, "one of our own posts on Mastodon cannot be read")
            found += [
                replace(ours, thread=root)
                for ours in sifted.ours
                if ours.in_reply_to == native_id and ours.posted_at >= earliest
            ]
            times = [ours.posted_at for ours in sifted.ours] + [post.posted_at for post in sifted.posts]
            token = listing.older
            if not token or (times and max(times) < earliest):
                return found
        raise Transient(self.account, f"we have written more than {READ_BACK_PAGES} pages since then")

    # --- asking Mastodon, and understanding what comes back

    def _listing(self, send: Callable[[], object]) -> Listing:
        answer = self._read(send)
        items = answer.json()
        if not isinstance(items, list):
            raise Malformed(self.account, "Mastodon answered with something that is not a list")
        links = _links(answer)
        at = time_in(answer, self.account, "Mastodon")
        return Listing(items, links.get("min_id", ""), links.get("max_id", ""), at, _usage(answer, len(items)))

    def _read(self, send: Callable[[], object]) -> Answer:
        answer = read(self.line, self.account, send)
        if answer.status == 200:
            return answer
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "Mastodon asks us to wait", until=until)
        raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)

    def _write(self, send: Callable[[], object]) -> Answer:
        """A definite refusal of Mastodon's own means that nothing was written; anything else unclear is a doubt."""
        answer = write(self.line, self.account, send)
        if answer.status == 200:
            return answer
        raise self._meaning(answer, otherwise=Unconfirmed)

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        if answer.status not in MEANING:
            return otherwise(self.account, f"Mastodon answered with status {answer.status}")
        kind, words = MEANING[answer.status]
        text = f"{words} (status {answer.status})"
        if kind is not RateLimited:
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        until = retry_at(answer, "x-ratelimit-reset") or answer.at + LIMIT_WINDOW
        return RateLimited(self.account, text, until=until)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `newer` and `older` are where to go on in either direction, empty where there is nothing."""

    items: list[Any]
    newer: str
    older: str
    at: datetime
    usage: Usage


def open_mastodon(access: Access) -> MastodonAccount:
    """Connect to one account on its own server.  The client is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
        CannotOpen: nobody said on which server it lives.
    """
    token = keys_in(access)["access_token"]
    home = home_in(access) or (access.base_url and PLACEHOLDER)
    if not home:
        raise CannotOpen(f"{access.account}: say on which server of Mastodon it lives: `gwylio account add … --home`")
    home = "/".join(home.split("/")[:3])  # a server is the whole of its address
    import requests
    from mastodon import Mastodon

    session = requests.Session()
    line = Line(session, home, base_url=access.base_url or home, timeout=access.timeout)
    client = Mastodon(
        access_token=None,  # given as it is, it could be taken for the name of a file
        api_base_url=home,
        ratelimit_method="throw",
        request_timeout=access.timeout,
        mastodon_version=VERSION,
        version_check_mode="created",
        session=session,
    )
    client.access_token = token
    return MastodonAccount(access.account, access.native_id, client, line, searches=access.searches)


PLACEHOLDER: Final = "https://mastodon.invalid"
"""What the client is told where another address stands in for every server; nothing is sent there."""


def _pair(token: str) -> tuple[str, str] | None:
    first, _, second = token.partition(" ")
    return (first, second) if first and second else None


def _latest(*ids: str) -> str:
    """The newest of some ids: they are numbers, and where they are not, the longest and last."""
    return max(ids, key=lambda each: (len(each.lstrip("0")), each))


def _earlier(native_id: str, by: timedelta) -> str:
    """A post's number so much earlier: its upper bits are milliseconds.  Other software has other ids; those stay."""
    if not NUMBER.fullmatch(native_id):
        return native_id
    return str(max(0, int(native_id) - (by // timedelta(milliseconds=1) << 16)))


def _settled(notices: Sequence[Any], before: datetime) -> str:
    """The newest notification that was given its number before then; empty where there is none."""
    return _latest("", *(each["id"] for each in notices if _is_status(each) and (_posted_at(each) or before) < before))


def _status_in(notice: Any) -> Any:
    """The post that a notification is about; the notification itself where it has none, to be set apart."""
    status = notice.get("status") if isinstance(notice, dict) else None
    return status if isinstance(status, dict) else notice


def _is_status(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str) and bool(ID.fullmatch(item["id"]))


def _posted_at(item: Any) -> datetime | None:
    try:
        return moment(item, "created_at")
    except (Unreadable, AttributeError):
        return None


def _is_new(status: Any, known: datetime | None) -> bool:
    at = _posted_at(status)
    return known is not None and at is not None and at >= known - SETTLED


def _edited(status: Any, since: datetime | None) -> bool:
    try:
        return status.get("edited_at") is not None and (since is None or moment(status, "edited_at") >= since)
    except (Unreadable, AttributeError):
        return False


def _still_there(status: Mapping[str, Any]) -> Standing:
    return Standing.EDITED if status.get("edited_at") is not None else Standing.PRESENT


def _visibility(status: Mapping[str, Any]) -> str:
    """For whom an answer to this may be; what is for some only, or for nobody knows whom, is private."""
    shown = status.get("visibility")
    return shown if isinstance(shown, str) and shown in FOR_ALL else "direct"


def _count(status: Mapping[str, Any]) -> int:
    many = status.get("replies_count")
    return many if type(many) is int and many > 0 else 0


def _first_listed(native_id: str, above: Mapping[str, str]) -> str:
    """The highest above a post that is listed; as many steps as there are posts, should they go round in a circle."""
    for _ in above:
        if above[native_id] not in above:
            break
        native_id = above[native_id]
    return native_id


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if _is_time(text) else None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _author(item: Mapping[str, Any]) -> Author | None:
    account = within(item, "account")
    native_id = perhaps(account, "id")
    return Author(native_id, perhaps(account, "display_name") or perhaps(account, "acct")) if native_id else None


def _mentions(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    mentions = item.get("mentions")
    return [each for each in mentions if isinstance(each, dict)] if isinstance(mentions, list) else []


def _text(item: Mapping[str, Any]) -> str:
    """What was typed: a warning that stands before it, and no names that a client put before a reply."""
    content = item.get("content")
    if not isinstance(content, str):
        raise Unreadable("content is missing or not a text")
    text, warning = plain(content), perhaps(item, "spoiler_text")
    if item.get("in_reply_to_id") is not None:
        known = {
            each[part] for each in _mentions(item) for part in ("acct", "username") if isinstance(each.get(part), str)
        }
        start = 0
        while (named := NAMED.match(text, start)) and named[1] in known:
            start = named.end()
        text = text[start:]
    return f"{warning}\n\n{text}".strip() if warning else text


def _links(answer: Answer) -> dict[str, str]:
    """Where the pages on either side begin, from the header that says so."""
    from requests.utils import parse_header_links

    found: dict[str, str] = {}
    for link in parse_header_links(answer.headers.get("link", "")):
        try:
            query = parse_qs(urlsplit(link.get("url", "")).query)
        except ValueError:
            continue
        name = {"prev": "min_id", "next": "max_id"}.get(link.get("rel", ""), "")
        for value in query.get(name, ())[-1:]:
            if ID.fullmatch(value):
                found[name] = value
    return found


def _usage(answer: Answer, items: int) -> Usage:
    return Usage(1, items, fraction_left(answer, "x-ratelimit-limit", "x-ratelimit-remaining"))
