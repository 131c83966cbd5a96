"""Bluesky, through atproto: who answers, names or quotes us, whole threads under our posts, and saved searches.

What this project knows of the AT Protocol is in this file and stops here.  Three surprises.  Writers
say themselves when they wrote, so a comment counts from then or from when Bluesky saw it, whichever
is earlier, as Bluesky's own lists have it.  What we wrote is read from our own repository, which is
true at once; everything else comes from a view of it that lags.  And a post that the view leaves out
need not be gone: whoever blocks us is left out as well.

*notifications* go backwards in time and are read down to a day before the last run, for servers that
were away send late.  Whoever answers five levels below us tells us nothing, nor does anybody whom the
account's own settings leave out: *threads* reads the latest 25 posts that have replies again in full
each time, and of the latest 300 those where the count of direct replies has changed.  Direct messages
are another service, which is not read.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, Final, Self

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
    Trouble,
    Unconfirmed,
    Usage,
)
from collectors.graphemes import graphemes
from collectors.items import Unreadable, as_bytes, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, Trail, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, Origin, OwnReply, Platform, Post

HOST: Final = "https://bsky.social"  # it passes on to the server where an account lives
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"
LINK, MENTION = "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#mention"
REASONS: Final = ("mention", "reply", "quote")
PAGE_SIZE: Final = 100
AT_ONCE: Final = 25  # posts, or profiles, that are asked for by name

OVERLAP: Final = timedelta(days=1)
WATCHED_IN_FULL: Final = 25
WATCHED_FOR_COUNT: Final = 300
DEPTH: Final = 50
DESCENTS: Final = 20  # questions about one thread in one run, for the levels that are not sent along
READ_BACK_PAGES: Final = 10
SWAPS: Final = 4
LIMIT_WINDOW: Final = timedelta(minutes=5)
LONGEST_POST: Final = 300
LONGEST_IN_BYTES: Final = 3_000
MOST_HIDDEN: Final = 300

AT_URI: Final = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/([A-Za-z0-9.-]+)/([A-Za-z0-9._:~-]+)")
ADDRESS: Final = re.compile(r"""https?://\S*[^\s.,;:!?)\]'"]""")
APP_PASSWORD: Final = re.compile(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){3}")
ENOUGH_FOR_A_NAME: Final = re.compile(r"[A-Za-z]{1,60}")

# The error's name, or its status where the name is none that we know -> what it means to us, in our words.
MEANING: dict[int | str, tuple[type[CollectorError], str]] = {
    400: (Refused, "Bluesky does not understand the request"),
    401: (AuthExpired, "Bluesky no longer accepts the token; connect the account again"),
    403: (PermissionLost, "Bluesky does not allow this token to do that"),
    404: (Gone, "Bluesky says that it is not there"),
    429: (RateLimited, "Bluesky asks us to wait"),
    "AccountDeactivated": (PermissionLost, "the Bluesky account is switched off; look there"),
    "AccountTakedown": (PermissionLost, "Bluesky has taken the account down; look there"),
    "AuthFactorTokenRequired": (AuthExpired, "Bluesky asks for a code; connect the account with an app password"),
    "AuthenticationRequired": (AuthExpired, "Bluesky does not know this app password; connect the account again"),
    "BlockedActor": (PermissionLost, "we have blocked this account on Bluesky"),
    "BlockedByActor": (PermissionLost, "this account has blocked us on Bluesky"),
    "ConcurrentWrites": (Transient, "something else was written to our repository at the same moment"),
    "ExpiredToken": (AuthExpired, "Bluesky no longer accepts the token; connect the account again"),
    "InvalidToken": (AuthExpired, "Bluesky no longer accepts the token; connect the account again"),
    "NotFound": (Gone, "Bluesky says that it is not there"),
    "RecordNotFound": (Gone, "Bluesky says that it is not there"),
    "RepoDeactivated": (PermissionLost, "the Bluesky account is switched off; look there"),
    "RepoNotFound": (Gone, "Bluesky says that it is not there"),
    "RepoSuspended": (PermissionLost, "Bluesky has suspended the account; look there"),
    "RepoTakendown": (PermissionLost, "Bluesky has taken the account down; look there"),
}
RENEWABLE: Final = frozenset({"ExpiredToken", "InvalidToken"})
MOVED: Final = "InvalidSwap"

NOT_HIDEABLE: Final = "Bluesky hides only replies under posts of our own; mute the thread there, or record it here"
TOO_MANY_HIDDEN: Final = f"Bluesky hides {MOST_HIDDEN} replies under one post and no more; answer there and record it"
NOT_FOR_US: Final = "whoever began this thread does not let us reply; answer on Bluesky another way and record it here"
NO_SUCH_ACTION: Final = "Bluesky lets nobody delete somebody else's post; hide it instead"
TOO_DEEP: Final = "the thread is deeper than is read in one run; look at it on Bluesky"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished run over threads leaves for the next: when it began, and direct replies by post."""

    at: str
    counts: Mapping[str, int]

    def packed(self) -> str:
        return json.dumps({"at": self.at, "counts": self.counts}, separators=(",", ":"))

    @classmethod
    def unpacked(cls, mark: str) -> Self | None:
        """None before the first run has ended, or where it is not one of ours."""
        try:
            kept = json.loads(mark)
            at = datetime.fromisoformat(kept["at"]).isoformat()
            return cls(at, {str(key): int(many) for key, many in kept["counts"].items()})
        except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Descent:
    """How far a thread has been read: posts whose replies were not sent along, and replies counted so far."""

    left: tuple[str, ...]
    asked: int = 0
    said: int = 0

    def packed(self) -> str:
        return json.dumps([self.left, self.asked, self.said], separators=(",", ":"))

    @classmethod
    def unpacked(cls, token: str) -> Self | None:
        try:
            left, asked, said_so_far = json.loads(token)
            descent = cls(tuple(map(str, left)), int(asked), int(said_so_far))
            return descent if descent.left else None
        except (OverflowError, RecursionError, TypeError, ValueError):
            return None


@dataclass(slots=True)
class Login:
    """What opens the account: a token as it is, or an app password that opens sessions of two hours.

    Sessions are kept in memory and nowhere else.
    """

    identifier: str
    password: str = field(default="", repr=False)
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    turn: Lock = field(default_factory=Lock, repr=False)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"} if self.access else {}


@dataclass(frozen=True, slots=True)
class BlueskyAccount:
    """One account of ours; `did` is its id, which stays when its handle changes."""

    account: str
    did: str
    client: Any = field(repr=False)
    line: Line = field(repr=False)
    login: Login = field(repr=False)
    page_size: int = PAGE_SIZE
    searches: Mapping[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return Platform.BLUESKY

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
            raise ValueError(f"Bluesky has no stream {stream!r}; it has {', '.join(self.streams())}")
        kind, _, name = stream.partition(":")
        streams: Mapping[str, Callable[[Cursor, Budget], Iterator[Page]]] = {
            "notifications": self._notifications,
            "threads": self._threads,
            "own": self._own,
            "search": partial(self._search, name),
        }
        yield from streams[kind](cursor, budget)

    def _notifications(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """A notification comes with the post that it is about."""

        def ask(page: Mapping[str, Any]) -> object:
            return self.client.app.bsky.notification.list_notifications({"reasons": list(REASONS), **page})

        return self._backwards("notifications", ask, lambda item: item, cursor, budget)

    def _own(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Our posts and our replies; a post is never edited."""
        return self._backwards("feed", partial(self._ask_feed, "posts_with_replies"), _posted, cursor, budget)

    def _ask_feed(self, which: str, page: Mapping[str, Any]) -> object:
        return self.client.app.bsky.feed.get_author_feed({"actor": self.did, "filter": which, **page})

    def _backwards(
        self,
        key: str,
        ask: Callable[[Mapping[str, Any]], object],
        post_in: Callable[[Any], Any],
        cursor: Cursor,
        budget: Budget,
    ) -> Iterator[Page]:
        """From the newest on, until a whole page is older than the last run less the overlap."""
        run, since = Run.unpacked(cursor.page_token, _is_time) or Run(), _less_overlap(cursor)

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._listing(key, lambda: ask(self._page(token)))
            posts = [post for post in map(post_in, listing.items) if post is not None]
            times = [at for at in map(_sorted_at, posts) if at is not None]
            known = since is not None and bool(times) and max(times) < since
            return Leaf(sift(posts, self._told), "" if known else listing.next, listing.at.isoformat(), listing.usage)

        return pages(self.account, cursor, run, budget, leaf)

    def _page(self, token: str) -> dict[str, Any]:
        return {"limit": min(self.page_size, PAGE_SIZE)} | ({"cursor": token} if token else {})

    def _search(self, name: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """What a saved search finds, less what is ours or addressed to us: the other streams bring that."""
        run, since = Run.unpacked(cursor.page_token, _is_time) or Run(), _less_overlap(cursor)
        wanted = {"q": self.searches[name], "sort": "latest"} | ({"since": _iso(since)} if since else {})

        def leaf(leg: str, token: str) -> Leaf:
            listing = self._listing(
                "posts", lambda: self.client.app.bsky.feed.search_posts({**wanted, **self._page(token)})
            )
            sifted = sift(listing.items, partial(self._overheard, name))
            return Leaf(sifted, listing.next, listing.at.isoformat(), listing.usage)

        return pages(self.account, cursor, run, budget, leaf)

    def _overheard(self, name: str, item: Mapping[str, Any], raw: bytes) -> Comment | None:
        there = self._told(item, raw)
        if not isinstance(there, Comment) or self._addresses_us(item, there):
            return None
        return replace(there, origin=Origin.SEARCH, found_by=name)

    def _addresses_us(self, item: Mapping[str, Any], comment: Comment) -> bool:
        """Whether it stands under a post of ours, answers us, quotes us, or names us."""
        record = within(item, "record")
        named = {feature.get("did") for _, feature in _features(record) if feature.get("$type") == MENTION}
        embedded = within(record, "embed").get("record")
        inner = embedded.get("record") if isinstance(embedded, dict) else None  # a quote that has pictures as well
        quoted = [each.get("uri") for each in (embedded, inner) if isinstance(each, dict)]
        return self.did in named or any(
            _owner(uri) == self.did for uri in (comment.thread, comment.in_reply_to, *quoted) if isinstance(uri, str)
        )

    def _threads(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Whatever stands under our posts, however deep, with what is hidden there.

        A leg of the run is the key of one post.
        """
        run = Run.unpacked(cursor.page_token, lambda mark: Kept.unpacked(mark) is not None)
        spent = NOTHING_SPENT
        if run is None or not run.mark:
            run, spent = self._posts_to_read(cursor)
        yield from pages(
            self.account, cursor, run, budget, self._thread, newer=lambda mark, known: mark or known, spent=spent
        )

    def _posts_to_read(self, cursor: Cursor) -> tuple[Run, Usage]:
        """The latest posts that have replies; further back, those where there are more or fewer than there were."""
        known = Kept.unpacked(cursor.watermark)
        before, counts, keys = known.counts if known else {}, dict[str, int](), list[str]()
        began, token, usage, trail = "", "", NOTHING_SPENT, Trail(self.account, "Bluesky")
        while True:
            listing = self._listing("feed", partial(self._ask_feed, "posts_no_replies", self._page(token)))
            began = began or listing.at.isoformat()
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            for key, many in _replied_to(listing.items, self.did):
                if (len(keys) < WATCHED_IN_FULL and many) or many != before.get(key, 0):
                    keys.append(key)
                counts[key] = many
            if not listing.next or len(counts) >= WATCHED_FOR_COUNT:
                return Run(Kept(began, counts).packed(), tuple(dict.fromkeys(keys))), usage
            token = trail.on(listing.next, len(listing.items))

    def _thread(self, key: str, token: str) -> Leaf:
        """A thread as far down as it is sent, and where to go on below."""
        root = f"at://{self.did}/{POST}/{key}"
        descent = Descent.unpacked(token) or Descent((root,))
        asked = descent.left[0]
        answer = self._read(
            lambda: self.client.app.bsky.feed.get_post_thread({"uri": asked, "depth": DEPTH, "parentHeight": 0})
        )
        body = object_in(answer, self.account, "Bluesky")
        if not isinstance(body.get("thread"), dict):
            raise Malformed(self.account, "Bluesky answered with something that is not a thread")
        gate = _hidden_in(body.get("threadgate"))
        hidden = frozenset[str]() if gate is None and asked == root else gate
        posts, deeper, many = _branches(body["thread"], asked, first=not token)
        sifted = sift(posts, lambda item, raw: self._in_thread(item, raw, hidden))
        descent = Descent((*descent.left[1:], *deeper), descent.asked + 1, descent.said + many)
        if descent.left and descent.asked >= DESCENTS:
            sifted.troubles.append(Trouble(TOO_DEEP, as_bytes({"uri": root}), root))
            return Leaf(sifted, usage=_usage(answer, len(posts)))
        counts = () if descent.left else (Count(root, descent.said),)
        return Leaf(sifted, descent.packed() if descent.left else "", "", _usage(answer, len(posts)), counts)

    def _in_thread(
        self, item: Mapping[str, Any], raw: bytes, hidden: frozenset[str] | None
    ) -> Comment | OwnReply | None:
        there = self._told(item, raw)
        if isinstance(there, Comment):
            return replace(there, hidden=None if hidden is None else there.native_id in hidden)
        return there if isinstance(there, OwnReply) else None

    def _told(self, item: Mapping[str, Any], raw: bytes) -> Comment | Post | OwnReply | None:
        """A post in whatever it is wrapped; one that is in another collection is no post."""
        uri = said(item, "uri")
        address = AT_URI.fullmatch(uri)
        if address is None:
            raise Unreadable("uri is not the address of a record")
        did, collection, key = address.groups()
        if collection != POST:
            return None
        record = within(item, "record")
        if not record:
            raise Unreadable("the record is missing")
        text, posted_at, url = _text(record), _written_at(item), f"https://bsky.app/profile/{did}/post/{key}"
        reply = within(record, "reply")
        parent, root = (perhaps(within(reply, name), "uri") for name in ("parent", "root"))
        if did != self.did:
            return Comment(
                account=self.account,
                native_id=uri,
                text=text,
                posted_at=posted_at,
                author=_author(item, did),
                thread=root or uri,
                in_reply_to=parent,
                url=url,
                raw=raw,
            )
        if parent:
            return OwnReply(
                account=self.account,
                native_id=uri,
                in_reply_to=parent,
                text=text,
                posted_at=posted_at,
                thread=root,
                raw=raw,
            )
        return Post(account=self.account, native_id=uri, text=text, posted_at=posted_at, url=url, raw=raw)

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Bluesky leaves out what is not there, and what is not for us.

        So GONE is said only where the author's profile can be read with the same token, and neither of us
        has blocked the other.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        ids = list(standing)
        for start in range(0, len(ids), AT_ONCE):
            try:
                standing |= self._standing(ids[start : start + AT_ONCE])
            except (AuthExpired, RateLimited):
                raise
            except PermissionLost:
                standing |= dict.fromkeys(ids[start : start + AT_ONCE], Standing.FORBIDDEN)
            except CollectorError:
                continue
        return standing

    def _standing(self, batch: Sequence[str]) -> Mapping[str, Standing]:
        answer = self._read(lambda: self.client.app.bsky.feed.get_posts({"uris": list(batch)}))
        listed = [post.get("uri") if isinstance(post, dict) else None for post in self._items(answer, "posts")]
        missing = [each for each in batch if each not in listed]
        standing = dict.fromkeys(batch, Standing.PRESENT) | dict.fromkeys(missing, Standing.UNKNOWN)
        authors = sorted({owner for owner in map(_owner, missing) if owner})
        # A post that cannot be told may be any of those that are missing.
        if not authors or not all(isinstance(uri, str) for uri in listed):
            return standing
        answer = self._read(lambda: self.client.app.bsky.actor.get_profiles({"actors": authors}))
        profiles = {
            profile["did"]: profile
            for profile in self._items(answer, "profiles")
            if isinstance(profile, dict) and isinstance(profile.get("did"), str)
        }
        for each in missing:
            profile = profiles.get(_owner(each))
            if profile is not None:
                standing[each] = Standing.FORBIDDEN if _blocked(profile) else Standing.GONE
        return standing

    # --- acting

    def capabilities(self) -> Capabilities:
        """Our replies are read back from our own repository, where each stands from the moment it was taken."""
        return Capabilities(
            actions=frozenset({Action.REPLY, Action.HIDE, Action.UNHIDE}),
            longest_reply=LONGEST_POST,
            proves_absence=True,
            settles_after=timedelta(minutes=1),
        )

    def length_of(self, text: str) -> int:
        """In characters as a reader sees them, links in full."""
        return graphemes(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: Bluesky takes none.

        What is answered is looked at first: a reply names it and the post above by what they hold, and
        Bluesky would take a reply to what is gone, or from whom may not reply, and show it to nobody.
        """
        too_long = self.length_of(text) > LONGEST_POST or len(text.encode("utf-8", "surrogatepass")) > LONGEST_IN_BYTES
        if too_long:
            raise Refused(self.account, "the reply is longer than Bluesky allows; it was not sent")
        answer, post = self._post(native_id)
        viewer = post.get("viewer")
        if isinstance(viewer, dict) and viewer.get("replyDisabled") is True:
            raise Refused(self.account, NOT_FOR_US)
        at = time_in(answer, self.account, "Bluesky")
        record = {
            "$type": POST,
            "text": text,
            "createdAt": _iso(at),
            "reply": self._references(post),
            **_facets(text),
        }
        written = self._write(
            lambda: self.client.com.atproto.repo.create_record({"repo": self.did, "collection": POST, "record": record})
        )
        body = written.json()
        published = body.get("uri") if isinstance(body, dict) else None
        if not isinstance(published, str) or not AT_URI.fullmatch(published):
            raise Unconfirmed(self.account, "Bluesky took the reply and did not say under which address it stands")
        return Receipt(published, at)

    def _post(self, native_id: str) -> tuple[Answer, Mapping[str, Any]]:
        """One post, as we may see it.

        Raises:
            Gone: it is not there, or not for us.
        """
        answer = self._read(lambda: self.client.app.bsky.feed.get_posts({"uris": [native_id]}))
        for post in self._items(answer, "posts"):
            if isinstance(post, dict) and post.get("uri") == native_id:
                return answer, post
        raise Gone(self.account, "Bluesky does not show us the comment; it is gone, or its author has blocked us")

    def _references(self, post: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reply to this post must name."""
        try:
            above = within(within(within(post, "record"), "reply"), "root")
            parent = {"uri": said(post, "uri"), "cid": said(post, "cid")}
            root = {"uri": said(above, "uri"), "cid": said(above, "cid")} if above else parent
        except Unreadable:
            raise Malformed(self.account, "Bluesky did not say what a reply must name") from None
        return {"root": root, "parent": parent}

    def act(self, action: Action, native_id: str) -> None:
        """Hiding is a list beside our own post, which is read, changed, and written only if nobody else changed it."""
        if action not in (Action.HIDE, Action.UNHIDE):
            raise Refused(self.account, NO_SUCH_ACTION)
        _, post = self._post(native_id)
        root = AT_URI.fullmatch(str(self._references(post)["root"]["uri"]))
        if root is None or root[1] != self.did or root[0] == native_id:
            raise Refused(self.account, NOT_HIDEABLE)
        for _ in range(SWAPS):
            gate, cid, at = self._gate(root[0], root[3])
            hidden = [each for each in gate.get("hiddenReplies", ()) if isinstance(each, str)]
            if (native_id in hidden) is (action is Action.HIDE):
                return
            hidden = [*hidden, native_id] if action is Action.HIDE else [each for each in hidden if each != native_id]
            if len(hidden) > MOST_HIDDEN:
                raise Refused(self.account, TOO_MANY_HIDDEN)
            # What is in doubt is looked at again: nothing is changed twice.
            try:
                self._set_gate(root[3], {"createdAt": _iso(at), **gate, "hiddenReplies": hidden}, cid)
            except (Transient, Unconfirmed):
                continue
        raise Transient(self.account, "Bluesky did not say, after several attempts, that it is done")

    def _gate(self, root: str, key: str) -> tuple[Mapping[str, Any], str, datetime]:
        """What stands beside our post, its name (empty where there is nothing yet), and Bluesky's time."""
        wanted = {"repo": self.did, "collection": GATE, "rkey": key}
        answer = self._ask(read, lambda: self.client.com.atproto.repo.get_record(wanted))
        at = time_in(answer, self.account, "Bluesky")
        if answer.status == 400 and _name(answer) == "RecordNotFound":
            return {"$type": GATE, "post": root}, "", at
        body = object_in(self._understood(answer), self.account, "Bluesky")
        gate, cid = body.get("value"), body.get("cid")
        if (
            not isinstance(gate, dict)
            or not isinstance(cid, str)
            or not isinstance(gate.get("hiddenReplies", []), list)
        ):
            raise Malformed(self.account, "Bluesky did not say which replies are hidden")
        return gate, cid, at

    def _set_gate(self, key: str, gate: Mapping[str, Any], cid: str) -> None:
        """Where somebody else was quicker, that is a doubt like any other.

        Raises:
            Unconfirmed: it may be as we want it, or not.
        """
        wanted = {"repo": self.did, "collection": GATE, "rkey": key, "record": gate}
        repo = self.client.com.atproto.repo
        if cid:
            self._write(lambda: repo.put_record({**wanted, "swapRecord": cid}))
        else:
            # The client leaves out a null, so it cannot say "only if there is none"; making one anew says just that.
            self._write(lambda: repo.create_record(wanted))

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        found: list[OwnReply] = []
        earliest, token = since - CLOCKS_DISAGREE, ""
        for _ in range(READ_BACK_PAGES):
            wanted = {"repo": self.did, "collection": POST, **self._page(token)}
            listing = self._listing("records", partial(self.client.com.atproto.repo.list_records, wanted))
            sifted = sift(map(_as_view, listing.items), self._told)
            if sifted.troubles:
                raise Malformed(self.account, "one of our own posts on Bluesky cannot be read")
            found += [ours for ours in sifted.ours if ours.in_reply_to == native_id and ours.posted_at >= earliest]
            times = [ours.posted_at for ours in sifted.ours] + [post.posted_at for post in sifted.posts]
            token = listing.next
            if not token or (times and max(times) < earliest):
                return found
        raise Transient(self.account, f"our own repository has more than {READ_BACK_PAGES} pages since then")

    # --- asking Bluesky, and understanding what comes back

    def _listing(self, key: str, send: Callable[[], object]) -> Listing:
        answer = self._read(send)
        items, token = self._items(answer, key), object_in(answer, self.account, "Bluesky").get("cursor", "")
        if not isinstance(token, str):
            raise Malformed(self.account, "Bluesky answered with a cursor that is not one")
        return Listing(items, token, time_in(answer, self.account, "Bluesky"), _usage(answer, len(items)))

    def _items(self, answer: Answer, key: str) -> list[Any]:
        items = object_in(answer, self.account, "Bluesky").get(key)
        if not isinstance(items, list):
            raise Malformed(self.account, f"Bluesky answered without a list of {key}")
        return items

    def _read(self, send: Callable[[], object]) -> Answer:
        return self._understood(self._ask(read, send))

    def _understood(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "Bluesky asks us to wait", until=until)
        raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)

    def _write(self, send: Callable[[], object]) -> Answer:
        """A definite error of Bluesky's own means that nothing was written; anything else unclear is a doubt."""
        answer = self._ask(write, send)
        if answer.status == 200:
            return answer
        if _name(answer) == MOVED:
            raise Unconfirmed(self.account, "somebody else changed it at the same time")
        raise self._meaning(answer, otherwise=Unconfirmed)

    def _ask(self, how: Callable[[Line, str, Callable[[], object]], Answer], send: Callable[[], object]) -> Answer:
        """The answer, with a session that is good: one that ran out is renewed once, and nothing was done with it."""
        if not self.login.access:
            self._renew("")
        token = self.login.access
        answer = how(self.line, self.account, send)
        if answer.status not in (400, 401) or _name(answer) not in RENEWABLE or not self.login.password:
            return answer
        self._renew(token)
        return how(self.line, self.account, send)

    def _renew(self, stale: str) -> None:
        """A session in the place of `stale`, unless another thread was quicker."""
        server, login = self.client.com.atproto.server, self.login
        with login.turn:
            if login.access != stale:
                return
            login.access = ""
            if login.refresh:
                headers = {"Authorization": f"Bearer {login.refresh}"}
                login.refresh = ""
                answer = read(self.line, self.account, lambda: server.refresh_session(headers=headers))
                if answer.status == 200:
                    self._take(answer)
                    return
            wanted = {"identifier": login.identifier, "password": login.password}
            self._take(self._understood(read(self.line, self.account, lambda: server.create_session(wanted))))

    def _take(self, answer: Answer) -> None:
        body = object_in(answer, self.account, "Bluesky")
        access, refresh = body.get("accessJwt"), body.get("refreshJwt", "")
        if body.get("did") != self.did:
            raise PermissionLost(self.account, "the app password opens another Bluesky account; connect the right one")
        if not isinstance(access, str) or not isinstance(refresh, str) or not access or not access.isascii():
            raise Malformed(self.account, "Bluesky opened a session and gave no token for it")
        self.login.access, self.login.refresh = access, refresh

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        name = _name(answer)
        known = MEANING.get(name) or MEANING.get(answer.status)
        if known is None or answer.status >= 500:
            return otherwise(self.account, f"Bluesky answered with status {answer.status}")
        kind, words = known
        text = f"{words} ({name or 'no name given'}, status {answer.status})"
        if kind is not RateLimited:
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        until = retry_at(answer, "ratelimit-reset") or answer.at + LIMIT_WINDOW
        return RateLimited(self.account, text, until=until)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is the cursor to go on with, empty on the last."""

    items: list[Any]
    next: str
    at: datetime
    usage: Usage


@dataclass(frozen=True, slots=True)
class OverOurLine:
    """Stands where the client's httpx expects a transport, so that our timeouts and limits hold for it too."""

    session: Any
    made: Callable[..., Any]

    def handle_request(self, request: Any) -> Any:
        headers = {name: value for name, value in request.headers.items() if name in PASSED_ON}
        response = self.session.request(request.method, str(request.url), data=request.read() or None, headers=headers)
        kind = response.headers.get("content-type", "")
        return self.made(response.status_code, headers={"content-type": kind}, content=response.content)

    def close(self) -> None:
        self.session.close()


PASSED_ON: Final = frozenset({"accept", "authorization", "content-type", "user-agent"})


def open_bluesky(access: Access) -> BlueskyAccount:
    """Connect to one account.  The SDK is imported here.

    The credential is an app password by itself, a JSON object with `identifier` and `password`, or an
    access token, which is good for two hours.

    Raises:
        BadCredential: it is none of these.
    """
    login = _login(access)
    import httpx
    import requests
    from atproto import Client, Request

    # It writes the address of each request, and with it what was searched for.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    session = requests.Session()
    line = Line(session, HOST, base_url=access.base_url or home_in(access), timeout=access.timeout)
    request = Request(transport=OverOurLine(session, httpx.Response), trust_env=False, timeout=None)
    request.add_additional_headers_source(login.headers)
    client = Client(f"{HOST}/xrpc", request)
    return BlueskyAccount(access.account, access.native_id, client, line, login, searches=access.searches)


def _login(access: Access) -> Login:
    if "password" in access.credential:
        keys = keys_in(access, "identifier", "password")
        return Login(keys["identifier"], keys["password"])
    token = keys_in(access)["access_token"]
    if APP_PASSWORD.fullmatch(token):
        return Login(access.native_id, token)
    return Login(access.native_id, access=token)


def _less_overlap(cursor: Cursor) -> datetime | None:
    return datetime.fromisoformat(cursor.watermark) - OVERLAP if _is_time(cursor.watermark) else None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _owner(uri: str) -> str:
    """In whose repository a record is; empty where that is not an address."""
    found = AT_URI.fullmatch(uri)
    return found[1] if found else ""


def _posted(item: Any) -> Any:
    """The post of an item of a feed; None where it is somebody passing a post on."""
    if not isinstance(item, dict):
        return item
    return None if "reason" in item else item.get("post", item)


def _as_view(record: Any) -> Any:
    """A record of a repository in the shape in which the view shows it."""
    if not isinstance(record, dict):
        return record
    return {name: value for name, value in record.items() if name != "value"} | {"record": record.get("value")}


def _written_at(item: Mapping[str, Any]) -> datetime:
    """The earlier of when it says it was written and when Bluesky saw it.

    Raises:
        Unreadable: it says neither.
    """
    seen = moment(item, "indexedAt") if "indexedAt" in item else None
    try:
        written = moment(within(item, "record"), "createdAt")
    except Unreadable:
        if seen is None:
            raise
        return seen
    return min(written, seen) if seen else written


def _sorted_at(item: Any) -> datetime | None:
    try:
        return _written_at(item)
    except (Unreadable, AttributeError, TypeError):
        return None


def _author(item: Mapping[str, Any], did: str) -> Author:
    """Who wrote is in the address of what they wrote; their name may be missing."""
    author = within(item, "author")
    return Author(did, perhaps(author, "displayName") or perhaps(author, "handle"))


def _replied_to(items: Sequence[Any], did: str) -> Iterator[tuple[str, int]]:
    """Our posts on a page, by their key, each with how many direct replies it has."""
    for post in map(_posted, items):
        uri, many = (post.get("uri"), post.get("replyCount", 0)) if isinstance(post, dict) else (None, 0)
        address = AT_URI.fullmatch(uri) if isinstance(uri, str) else None
        if address and (address[1], address[2]) == (did, POST) and type(many) is int:
            yield address[3], many


def _branches(thread: Mapping[str, Any], asked: str, *, first: bool) -> tuple[list[Any], list[str], int]:
    """The posts of a thread, those of them whose replies were left out, and how many replies all of them have.

    The post that was asked for is known; its own replies are counted where it is the `first`.
    """
    posts: list[Any] = []
    deeper: list[str] = []
    many, waiting = 0, [thread]
    while waiting:
        branch = waiting.pop()
        post = branch.get("post")
        if not isinstance(post, dict):
            many -= 1  # gone, or blocked: counted above, and shown to nobody like us
            continue
        replies, counted, uri = branch.get("replies"), post.get("replyCount"), post.get("uri")
        counted = counted if type(counted) is int and counted > 0 else 0
        if uri != asked:
            posts.append(post)
        if uri != asked or first:
            many += counted
        if isinstance(replies, list):
            waiting += [reply for reply in replies if isinstance(reply, dict)]
        elif counted and uri != asked and isinstance(uri, str):
            deeper.append(uri)
    return posts, deeper, many


def _hidden_in(gate: Any) -> frozenset[str] | None:
    """The replies that our post hides; None where that is not said."""
    record = gate.get("record") if isinstance(gate, dict) else None
    hidden = record.get("hiddenReplies", []) if isinstance(record, dict) else None
    return frozenset(each for each in hidden if isinstance(each, str)) if isinstance(hidden, list) else None


def _blocked(profile: Mapping[str, Any]) -> bool:
    viewer = profile.get("viewer")
    return not isinstance(viewer, dict) or any(viewer.get(name) for name in ("blockedBy", "blocking", "blockingByList"))


# --- text


def _features(record: Mapping[str, Any]) -> Iterator[tuple[tuple[int, int], Mapping[str, Any]]]:
    """What parts of a text are, each with where it stands, in bytes."""
    facets = record.get("facets")
    for facet in facets if isinstance(facets, list) else ():
        index, features = (facet.get("index"), facet.get("features")) if isinstance(facet, dict) else (None, None)
        if not isinstance(index, dict) or not isinstance(features, list):
            continue
        start, end = index.get("byteStart"), index.get("byteEnd")
        if type(start) is int and type(end) is int:
            yield from (((start, end), feature) for feature in features if isinstance(feature, dict))


def _text(record: Mapping[str, Any]) -> str:
    """What its author wrote, with links in full where the app cut them short; other words of a link stay."""
    whole = perhaps(record, "text").encode("utf-8", "surrogatepass")
    links = sorted(
        (place, feature["uri"])
        for place, feature in _features(record)
        if feature.get("$type") == LINK and isinstance(feature.get("uri"), str)
    )
    parts, done = [], 0
    for (start, end), uri in links:
        if done <= start < end <= len(whole) and _is_short_for(whole[start:end], uri):
            parts += [whole[done:start], uri.encode("utf-8", "surrogatepass")]
            done = end
    return b"".join([*parts, whole[done:]]).decode("utf-8", "surrogatepass")


def _is_short_for(shown: bytes, uri: str) -> bool:
    """Whether it begins as the address does; then it is cut nowhere within a letter."""
    short = shown.decode("utf-8", "replace").rstrip(".…").removeprefix("www.")
    return "." in short and uri.partition("://")[2].removeprefix("www.").startswith(short)


def _facets(text: str) -> dict[str, Any]:
    """So that links in what we write can be followed; Bluesky makes none by itself, and counts bytes."""
    facets = []
    for found in ADDRESS.finditer(text):
        start = len(text[: found.start()].encode("utf-8", "surrogatepass"))
        facets.append(
            {
                "index": {"byteStart": start, "byteEnd": start + len(found[0].encode("utf-8", "surrogatepass"))},
                "features": [{"$type": LINK, "uri": found[0]}],
            }
        )
    return {"facets": facets} if facets else {}


def _name(answer: Answer) -> str:
    """The word for what went wrong, of letters only, so that it can be quoted."""
    body = answer.json()
    name = body.get("error") if isinstance(body, dict) else None
    return name if isinstance(name, str) and ENOUGH_FOR_A_NAME.fullmatch(name) else ""


def _usage(answer: Answer, items: int) -> Usage:
    return Usage(1, items, fraction_left(answer, "ratelimit-limit", "ratelimit-remaining"))
