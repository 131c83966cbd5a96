"""A Facebook Page, through facebook-sdk: its posts, what visitors post on it, and the comments under both.

What this project knows of the Graph API is in this file and stops here.  Two surprises.  Comments
cannot be read incrementally: there is no sign of an edit, and a late reply does not move its thread
up; so the latest posts are read again in full each time, and older ones when Facebook says that
they stirred.  And the SDK is a bare transport here: the token travels in a header, never in an
address, and answers are read below the SDK (collectors/transport.py says why).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeGuard

from collectors.base import (
    CLOCKS_DISAGREE,
    Action,
    AuthExpired,
    Budget,
    Capabilities,
    CollectorError,
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
from collectors.transport import Answer, BadCredential, Line, Unanswered
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST = "https://graph.facebook.com"
VERSION = "v26.0"
POST_FIELDS = "id,created_time,message,story,from,permalink_url,status_type"
COMMENT_FIELDS = "id,created_time,message,from{id,name},parent{id},is_hidden,permalink_url,attachment"
PAGE_SIZE = 100

WRITTEN_BY_VISITOR = "wall_post"
UNREADABLE_POST = "the comments under this post cannot be read; it is gone, or not for us"

WATCHED_IN_FULL = 25  # the latest posts, read again each time for edits and late replies
WATCHED_FOR_STIRRING = 300  # further back, a post is read only when its updated_time is new
OVERLAP = timedelta(hours=1)
POSTS_AGAIN = timedelta(days=7)  # our own posts are edited too
LIMIT_WINDOW = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=1)  # whatever a header says; asking once a day does no harm
READ_BACK_PAGES = 20
LONGEST_COMMENT = 8_000

# Error code -> what it means to us, in our words.  One that is not here is as its HTTP status says.
MEANING: dict[int, tuple[type[CollectorError], str]] = {
    1: (Transient, "Facebook stumbled"),
    2: (Transient, "Facebook stumbled"),
    3: (PermissionLost, "the Facebook app may not do that; check its permissions"),
    4: (RateLimited, "Facebook asks the app to wait"),
    10: (PermissionLost, "the Facebook app may not do that; check its permissions"),
    17: (RateLimited, "Facebook asks this user to wait"),
    32: (RateLimited, "Facebook asks this Page to wait"),
    100: (Refused, "Facebook does not understand the request"),
    102: (AuthExpired, "Facebook no longer accepts the token; connect the Page again"),
    190: (AuthExpired, "Facebook no longer accepts the token; connect the Page again"),
    341: (RateLimited, "Facebook asks the app to wait"),
    368: (PermissionLost, "Facebook has blocked the Page for breaking its policies; look there"),
    506: (Refused, "Facebook refuses to publish the same words twice"),
    613: (RateLimited, "Facebook asks us to wait"),
    803: (Gone, "Facebook says that it is not there"),
    80001: (RateLimited, "Facebook asks this Page to wait"),
}
PERMISSIONS = range(200, 300)
NOT_THERE = (100, 33)  # code and subcode: does not exist, or we may not see it
STUMBLED = (1, 2)  # after a write, these do not say that nothing was written


@dataclass(frozen=True, slots=True)
class Run:
    """A re-scan that is not finished, as it is kept in a cursor's page token.

    `began` is Facebook's time when it began, and becomes the watermark.  `posts` are still to be
    read, the first of them under way from `after` on.
    """

    began: str
    posts: tuple[str, ...]
    after: str = ""

    def packed(self) -> str:
        return json.dumps([self.began, self.posts, self.after], separators=(",", ":"))

    @classmethod
    def unpacked(cls, page_token: str) -> Run | None:
        """None where there is no run to go on with, or a page token that is not ours."""
        try:
            began, posts, after = json.loads(page_token)
            datetime.fromisoformat(began)
            return cls(began, tuple(map(str, posts)), str(after)) if posts else None
        except (TypeError, ValueError):
            return None


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
            raise ValueError(f"Facebook has no stream {stream!r}; it has {', '.join(self.streams())}")
        yield from {"comments": self._comments, "posts": self._posts}[stream](cursor, budget)

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """The feed: our own posts, and what visitors wrote there, which are comments to us."""
        since = datetime.fromisoformat(cursor.watermark) - POSTS_AGAIN if cursor.watermark else None
        run = Run.unpacked(cursor.page_token)
        began, after = (run.began, run.after) if run else ("", "")
        pages, items, seen = 0, 0, {after}
        while True:
            try:
                listing = self._listing(self.page_id, "feed", after, fields=POST_FIELDS, **_since(since))
            except Refused:
                if pages or not after:
                    raise
                after = ""  # the cursor of an earlier run has gone stale: this run from its start
                continue
            began = began or listing.at.isoformat()
            pages, items = pages + 1, items + listing.usage.items
            looped = listing.next in seen
            if not listing.next:
                here = Cursor(max(began, cursor.watermark))
            else:
                here = Cursor(cursor.watermark, "" if looped else Run(began, (self.page_id,), listing.next).packed())
            yield _page(sift(listing.items, self._post_or_visitor), here, listing.usage, complete=not listing.next)
            if looped and listing.next:
                raise self._loop()
            if not listing.next or pages >= budget.pages or items >= budget.items:
                return
            after = listing.next
            seen.add(after)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment and reply under the posts worth reading again."""
        run, spent = Run.unpacked(cursor.page_token), Usage()
        if run is None:
            run, spent = self._posts_to_read(cursor)
        if not run.posts:
            yield Page(cursor=Cursor(max(run.began, cursor.watermark)), complete=True, usage=spent)
            return
        pages, items, read_one, seen = spent.requests, 0, False, {(run.posts[0], run.after)}
        while run.posts:
            post = run.posts[0]
            try:
                listing = self._listing(
                    post, "comments", run.after, fields=COMMENT_FIELDS, filter="stream", order="chronological"
                )
                sifted = sift(listing.items, partial(self._comment_or_ours, post))
            except Gone:
                # It went away since it was listed, or its comments are not for us; the others go on, and this is seen.
                listing, sifted = None, Sifted(troubles=[Trouble(UNREADABLE_POST, as_bytes({"id": post}), post)])
            except Refused:
                if read_one or not run.after:
                    raise
                run = replace(run, after="")  # the cursor of an earlier run has gone stale: this post from its start
                continue
            read_one = True
            token = listing.next if listing else ""
            pages, items = pages + 1, items + (listing.usage.items if listing else 0)
            looped = bool(token) and (post, token) in seen
            seen.add((post, token))
            run = replace(run, after=token) if token else replace(run, posts=run.posts[1:], after="")
            if run.posts:
                here = Cursor(cursor.watermark, "" if looped else run.packed())
            else:
                here = Cursor(max(run.began, cursor.watermark))
            usage = listing.usage if listing else Usage(requests=1)
            yield _page(sifted, here, replace(usage, requests=usage.requests + spent.requests), complete=not run.posts)
            spent = Usage()
            if looped:
                raise self._loop()
            if run.posts and (pages >= budget.pages or items >= budget.items):
                return

    def _posts_to_read(self, cursor: Cursor) -> tuple[Run, Usage]:
        """The latest posts in any case; older ones that stirred since the watermark, less an overlap."""
        stirred_since = datetime.fromisoformat(cursor.watermark) - OVERLAP if cursor.watermark else None
        posts: list[str] = []
        began, after, looked_at, seen, usage = "", "", 0, {""}, Usage()
        while True:
            listing = self._listing(self.page_id, "feed", after, fields="id,created_time,updated_time")
            began = began or listing.at.isoformat()
            usage = replace(listing.usage, requests=usage.requests + 1, items=usage.items + listing.usage.items)
            for item in listing.items:
                looked_at += 1
                if not isinstance(item, dict) or not isinstance(item.get("id"), str):
                    continue
                if looked_at <= WATCHED_IN_FULL or _stirred(item, stirred_since):
                    posts.append(item["id"])
            if listing.next in seen and listing.next:
                raise self._loop()
            if not listing.next or looked_at >= WATCHED_FOR_STIRRING:
                return Run(began, tuple(dict.fromkeys(posts))), usage
            after = listing.next
            seen.add(after)

    def _post_or_visitor(self, item: Mapping[str, Any], raw: bytes) -> Comment | Post:
        """Where Facebook does not say who wrote, what is not called a visitor's is taken for ours."""
        native_id, text = said(item, "id"), perhaps(item, "message") or perhaps(item, "story")
        author, url, posted_at = _author(item), perhaps(item, "permalink_url"), moment(item, "created_time")
        ours = author.native_id == self.page_id if author else perhaps(item, "status_type") != WRITTEN_BY_VISITOR
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
            hidden=item["is_hidden"] is True if "is_hidden" in item else None,
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Facebook says the same of what is gone and of what we may not see.

        So GONE is said only where the post above can still be read with the same token.  Facebook
        does not tell of edits; the re-scan finds them.
        """
        parents: dict[str, Standing] = {}
        standing: dict[str, Standing] = {}
        for native_id in native_ids:
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
        try:
            answer = self._read(lambda: self.graph.get_object(native_id, fields="id"))
        except Gone:
            return Standing.GONE
        except PermissionLost:
            return Standing.FORBIDDEN
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return Standing.UNKNOWN
        body = answer.json()
        return Standing.PRESENT if isinstance(body, dict) and body.get("id") == native_id else Standing.UNKNOWN

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
        """`key` is not sent: Facebook takes none."""
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than Facebook allows; it was not sent")
        body = self._write(f"{native_id}/comments", message=text).json()
        published = body.get("id") if isinstance(body, dict) else None
        if not isinstance(published, str) or not published:
            raise Unconfirmed(self.account, "Facebook took the reply and did not say under which id it stands")
        return Receipt(published, self._created(published))

    def _created(self, native_id: str) -> datetime | None:
        try:
            body = self._read(lambda: self.graph.get_object(native_id, fields="id,created_time")).json()
            return moment(body, "created_time") if isinstance(body, dict) else None
        except (CollectorError, Unreadable):
            return None

    def hide(self, native_id: str, *, hidden: bool) -> None:
        try:
            body = self._write(native_id, is_hidden="true" if hidden else "false").json()
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        if not isinstance(body, dict) or body.get("success") is not True:
            raise Malformed(self.account, "Facebook did not say whether the comment is hidden")

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """Facebook nests once: a reply to a reply stands beside it, so the comment above is read as well.

        `in_reply_to` is the comment that a reply stands under, which then is not `native_id`.
        """
        body = self._read(lambda: self.graph.get_object(native_id, fields="id,parent{id}")).json()
        if not isinstance(body, dict) or body.get("id") != native_id:
            raise Malformed(self.account, "Facebook did not say where the comment stands")
        above = body.get("parent")
        places = [native_id]
        if isinstance(above, dict) and isinstance(above.get("id"), str):
            places.append(above["id"])
        earliest = since - CLOCKS_DISAGREE
        return [ours for place in places for ours in self._own_under(place) if ours.posted_at >= earliest]

    def _own_under(self, native_id: str) -> Iterator[OwnReply]:
        post = native_id if native_id.startswith(f"{self.page_id}_") else self._post_above(native_id)
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
                raise self._loop()
            after = listing.next
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    # --- asking Facebook, and understanding what comes back

    def _listing(self, above: str, edge: str, after: str, **args: Any) -> Listing:
        if after:
            args["after"] = after
        answer = self._read(lambda: self.graph.get_connections(above, edge, limit=self.page_size, **args))
        body = answer.json()
        items, paging = (body.get("data"), body.get("paging", {})) if isinstance(body, dict) else (None, None)
        if not isinstance(items, list) or not isinstance(paging, dict):
            raise Malformed(self.account, "Facebook answered with something that is not a page of items")
        if answer.at is None:
            raise Malformed(self.account, "Facebook answered without its own time")
        following = ""
        if paging.get("next"):
            cursors = paging.get("cursors")
            following = cursors.get("after", "") if isinstance(cursors, dict) else ""
            if not isinstance(following, str) or not following:
                raise Malformed(self.account, "Facebook promises a next page and does not say where")
        return Listing(items, following, answer.at, Usage(1, len(items), _remaining(answer)))

    def _read(self, send: Callable[[], object]) -> Answer:
        try:
            answer = self.line.ask(send)
        except Unanswered as silence:
            raise Transient(self.account, silence.reason) from None
        error = _error(answer)
        if error is not None:
            raise self._meaning(answer, error)
        if answer.status >= 500:
            raise Transient(self.account, f"Facebook answered with status {answer.status}")
        if answer.status != 200:
            raise Malformed(self.account, f"Facebook answered with status {answer.status} and no error of its own")
        return answer

    def _write(self, path: str, **form: str) -> Answer:
        """A definite error of Facebook's own means that nothing was written; anything else unclear is a doubt."""
        try:
            answer = self.line.ask(lambda: self.graph.request(f"{VERSION}/{path}", post_args=form, method="POST"))
        except Unanswered as silence:
            raise (Unconfirmed if silence.sent else Transient)(self.account, silence.reason) from None
        error = _error(answer)
        if error is not None and _number(error, "code") not in (*STUMBLED, None) and answer.status < 500:
            raise self._meaning(answer, error)
        if error is not None or answer.status != 200:
            raise Unconfirmed(
                self.account, f"Facebook answered with status {answer.status} and did not say what it did"
            )
        return answer

    def _meaning(self, answer: Answer, error: Mapping[str, Any]) -> CollectorError:
        code, subcode = _number(error, "code"), _number(error, "error_subcode")
        named = f"(code {code}{f', subcode {subcode}' if subcode is not None else ''}, status {answer.status})"
        if (code, subcode) == NOT_THERE:
            return Gone(self.account, f"Facebook says that it is not there, or not for us {named}")
        if code in PERMISSIONS:
            return PermissionLost(self.account, f"the Page's token may no longer do that; check its roles {named}")
        kind, words = MEANING.get(code or 0, _by_status(answer.status))
        if kind is not RateLimited:
            return kind(self.account, f"{words} {named}")
        if answer.at is None:
            return Transient(self.account, f"{words} {named}")
        wait = _minutes_to_wait(answer)
        until = answer.at + (min(timedelta(minutes=wait), LONGEST_WAIT) if wait else LIMIT_WINDOW)
        return RateLimited(
            self.account, f"{words} {named}", until=until, scope="app" if code in (4, 341) else "account"
        )

    def _loop(self) -> Malformed:
        return Malformed(self.account, "Facebook answers with a page that leads back to itself; the run starts anew")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is the cursor to go on with, empty on the last."""

    items: list[Any]
    next: str
    at: datetime
    usage: Usage


def open_page(account: str, native_id: str, credential: str, *, base_url: str | None, timeout: float) -> FacebookPage:
    """Connect to one Page with its Page token.  The SDK is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    import facebook
    import requests

    token = credential.strip()
    if not token or not token.isascii() or any(letter.isspace() for letter in token):
        raise BadCredential(f"{account}: the Facebook token is empty or damaged; connect the Page again")
    session = requests.Session()
    # Graph takes the token here as well (restfb#1107); without one of its own the SDK puts none in the address.
    session.headers["Authorization"] = f"Bearer {token}"
    graph = facebook.GraphAPI(access_token=None, timeout=timeout, session=session)
    graph.version = VERSION  # the constructor refuses every version newer than 3.1; the attribute does not
    return FacebookPage(account, native_id, graph, Line(session, HOST, base_url=base_url, timeout=timeout))


def _page(sifted: Sifted, cursor: Cursor, usage: Usage, *, complete: bool) -> Page:
    return Page(
        cursor=cursor,
        complete=complete,
        comments=tuple(sifted.comments),
        posts=tuple(sifted.posts),
        ours=tuple(sifted.ours),
        troubles=tuple(sifted.troubles),
        usage=usage,
    )


def _author(item: Mapping[str, Any]) -> Author | None:
    """None where Facebook does not say who wrote: it tells only a Page token with the MODERATE task."""
    author = within(item, "from")
    native_id = perhaps(author, "id")
    return Author(native_id, perhaps(author, "name")) if native_id else None


def _since(moment_: datetime | None) -> dict[str, int]:
    return {} if moment_ is None else {"since": int(moment_.timestamp())}


def _stirred(item: Mapping[str, Any], since: datetime | None) -> bool:
    """Whether something happened to a post; where Facebook does not say, it did."""
    try:
        return since is None or datetime.fromisoformat(item["updated_time"]) >= since
    except (KeyError, TypeError, ValueError):
        return True


def _error(answer: Answer) -> Mapping[str, Any] | None:
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def _number(error: Mapping[str, Any], name: str) -> int | None:
    number = error.get(name)
    return number if isinstance(number, int) else None


def _by_status(status: int) -> tuple[type[CollectorError], str]:
    if status >= 500:
        return Transient, "Facebook stumbled"
    if status == 401:
        return MEANING[190]
    if status == 403:
        return MEANING[10]
    return Refused, "Facebook will not do that"


def _usage_rows(answer: Answer) -> Iterator[Mapping[str, Any]]:
    """What the two usage headers say, row by row; nothing where they cannot be read."""
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        try:
            said_there = json.loads(answer.headers.get(name, "{}"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(said_there, dict):
            continue
        if name != "x-business-use-case-usage":
            yield said_there
            continue
        yield from (
            row for rows in said_there.values() if isinstance(rows, list) for row in rows if isinstance(row, dict)
        )


def _remaining(answer: Answer) -> float | None:
    """What is left of the narrowest allowance; the headers speak in percent used."""
    counts = ("call_count", "total_time", "total_cputime")
    used = [row[name] for row in _usage_rows(answer) for name in counts if _is_count(row.get(name))]
    return max(0.0, 1 - max(used) / 100) if used else None


def _minutes_to_wait(answer: Answer) -> int:
    waits = [row.get("estimated_time_to_regain_access") for row in _usage_rows(answer)]
    return max((wait for wait in waits if _is_count(wait)), default=0)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 0 <= value <= 1_000_000
