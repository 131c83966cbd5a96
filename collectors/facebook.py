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

from collectors.asking import keys_in, read, retry_at, write
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
    PermissionLost,
    RateLimited,
    Receipt,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
    Usage,
)
from collectors.items import Unreadable, moment, perhaps, said, sift, within
from collectors.paging import NOTHING_SPENT, Leaf, Run, pages
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST = "https://graph.facebook.com"
VERSION = "v26.0"
POST_FIELDS = "id,created_time,message,story,from,permalink_url,status_type"
COMMENT_FIELDS = "id,created_time,message,from{id,name},parent{id},is_hidden,permalink_url,attachment"
PAGE_SIZE = 100

WRITTEN_BY_VISITOR = "wall_post"

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

        def leaf(leg: str, after: str) -> Leaf:
            listing = self._listing(self.page_id, "feed", after, fields=POST_FIELDS, **_since(since))
            sifted = sift(listing.items, self._post_or_visitor)
            return Leaf(sifted, listing.next, listing.at.isoformat(), listing.usage)

        run = Run.unpacked(cursor.page_token, _is_time) or Run()
        return pages(self.account, cursor, run, budget, leaf)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment and reply under the posts worth reading again.

        A post may go away after it was listed, or its comments may not be for us: the others go on.
        """

        def leaf(post: str, after: str) -> Leaf:
            listing = self._listing(
                post, "comments", after, fields=COMMENT_FIELDS, filter="stream", order="chronological"
            )
            return Leaf(sift(listing.items, partial(self._comment_or_ours, post)), listing.next, usage=listing.usage)

        run, spent = Run.unpacked(cursor.page_token, _is_time), NOTHING_SPENT
        if run is None:
            run, spent = self._posts_to_read(cursor)
        yield from pages(self.account, cursor, run, budget, leaf, spent=spent)

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
                raise Malformed(self.account, "Facebook answers with a page that leads back to itself")
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

    def act(self, action: Action, native_id: str) -> None:
        try:
            body = self._changed(action, native_id).json()
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        except Gone:
            if action is Action.DELETE:
                return
            raise
        if not isinstance(body, dict) or body.get("success") is not True:
            raise Malformed(self.account, "Facebook did not say whether that is done")

    def _changed(self, action: Action, native_id: str) -> Answer:
        if action is Action.DELETE:
            return self._write(native_id, method="DELETE")
        if action not in (Action.HIDE, Action.UNHIDE):
            raise Refused(self.account, f"that is not how one does {action.value} on Facebook")
        return self._write(native_id, is_hidden="true" if action is Action.HIDE else "false")

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
                raise Malformed(self.account, "Facebook answers with a page that leads back to itself")
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
        answer = read(self.line, self.account, send)
        error = _error(answer)
        if error is not None:
            raise self._meaning(answer, error)
        if answer.status == 503 and (until := retry_at(answer)):
            raise RateLimited(self.account, "Facebook asks us to wait", until=until)
        if answer.status >= 500:
            raise Transient(self.account, f"Facebook answered with status {answer.status}")
        if answer.status != 200:
            raise Malformed(self.account, f"Facebook answered with status {answer.status} and no error of its own")
        return answer

    def _write(self, path: str, *, method: str = "POST", **form: str) -> Answer:
        """A definite error of Facebook's own means that nothing was written; anything else unclear is a doubt."""
        answer = write(
            self.line,
            self.account,
            lambda: self.graph.request(f"{VERSION}/{path}", post_args=form or None, method=method),
        )
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


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as it came; `next` is the cursor to go on with, empty on the last."""

    items: list[Any]
    next: str
    at: datetime
    usage: Usage


def open_page(access: Access) -> FacebookPage:
    """Connect to one Page with its Page token.  The SDK is imported here.

    Raises:
        BadCredential: the token is empty, or not one that fits into a header.
    """
    import facebook
    import requests

    token = keys_in(access)["access_token"]
    session = requests.Session()
    # Graph takes the token here as well (restfb#1107); without one of its own the SDK puts none in the address.
    session.headers["Authorization"] = f"Bearer {token}"
    graph = facebook.GraphAPI(access_token=None, timeout=access.timeout, session=session)
    graph.version = VERSION  # the constructor refuses every version newer than 3.1; the attribute does not
    line = Line(session, HOST, base_url=access.base_url, timeout=access.timeout)
    return FacebookPage(access.account, access.native_id, graph, line)


def _author(item: Mapping[str, Any]) -> Author | None:
    """None where Facebook does not say who wrote: it tells only a Page token with the MODERATE task."""
    author = within(item, "from")
    native_id = perhaps(author, "id")
    return Author(native_id, perhaps(author, "name")) if native_id else None


def _since(moment_: datetime | None) -> dict[str, int]:
    return {} if moment_ is None else {"since": int(moment_.timestamp())}


def _is_time(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


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
