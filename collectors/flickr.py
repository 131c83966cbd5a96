"""The photographs of ours on Flickr, and the comments under them, with requests signed by OAuth 1.0a.

What this project knows of Flickr's API is in this file and stops here.  Four surprises.  An error comes
with status 200 and `stat` `fail`.  The comments of a photograph come all at once, so it is we who deal
them out in pages.  They do not nest: whoever answers somebody puts that person's address before their
words, in brackets, as Flickr's own page does, and so do we.  And the same words are not published twice
under one photograph: Flickr takes them, publishes nothing, and answers with the comment that stands there.

The latest twenty photographs are read again each time; of the others, those that stirred, a thousand at most.
That is asked of `recentlyUpdated`, which new comments move up.  `activity.userPhotos` would be the other
way; it may be asked once an hour at most, and others found it empty (snarfed/bridgy#1234).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from collectors.asking import keys_in, open_line, read, retry_at, time_in, write
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
from collectors.items import YEARS, Unreadable, perhaps, said, sift, within
from collectors.numbered import Place, Sheet, following
from collectors.paging import Leaf, Run, pages
from collectors.plain import escaped, plain
from collectors.transport import Answer, Line
from vocabulary import Author, Comment, OwnReply, Platform, Post

HOST: Final = "https://api.flickr.com"
REST: Final = f"{HOST}/services/rest/"
FORMAT: Final = {"format": "json", "nojsoncallback": "1"}
KEYS: Final = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
PAGE_SIZE: Final = 500
# The last is not in Flickr's documentation; where it does not come, nothing is counted.
EXTRAS: Final = "description,date_upload,last_update,path_alias,count_comments"

WATCHED: Final = 20  # the latest photographs, whose comments are read again each time
STIRRED_PAGES: Final = 2  # further back, of those that stirred since; at the first run, of those that stirred last
OVERLAP: Final = timedelta(hours=1)
POSTS_AGAIN: Final = timedelta(days=7)
SINCE_EVER: Final = 946_684_800  # before there was a Flickr
LIMIT_WINDOW: Final = timedelta(hours=1)
LONGEST_COMMENT: Final = 2_000  # Flickr does not say how long one may be

COMMENT: Final = re.compile(r"[0-9]{1,20}-([0-9]{1,20})-[0-9]{1,20}")
ADDRESS: Final = re.compile(r"[\w@.-]{1,64}", re.ASCII)
ADDRESSED: Final = re.compile(r"\[https?://(?:www\.)?flickr\.com/(?:photos|people)/([\w@.-]{1,64})/?\]\s*", re.ASCII)
EPOCH: Final = re.compile(r"[0-9]{1,11}")

PHOTOS, STIRRED = "flickr.people.getPhotos", "flickr.photos.recentlyUpdated"
COMMENTS, ADD, DELETE = (f"flickr.photos.comments.{name}" for name in ("getList", "addComment", "deleteComment"))

# Flickr's code, where it means something else with some methods the method too; or the HTTP status -> our words.
MEANING: dict[int | tuple[str, int], tuple[type[CollectorError], str]] = {
    (PHOTOS, 2): (Gone, "Flickr knows no such account"),
    (COMMENTS, 1): (Gone, "Flickr says that the photograph is not there, or not for us"),
    (ADD, 1): (Gone, "Flickr says that the photograph is not there, or not for us"),
    (ADD, 9): (RateLimited, "Flickr finds that the account comments too quickly"),
    (DELETE, 1): (Gone, "Flickr says that the photograph is not there"),
    (DELETE, 2): (Gone, "Flickr says that the comment is not there"),
    96: (AuthExpired, "Flickr does not accept the signature; connect the account again"),
    97: (AuthExpired, "Flickr does not accept the signature; connect the account again"),
    98: (AuthExpired, "Flickr no longer accepts the token; connect the account again"),
    99: (PermissionLost, "Flickr does not allow this token to do that; it must be one that may write"),
    100: (AuthExpired, "Flickr no longer accepts the app's key; connect the account again"),
    105: (Transient, "Flickr stumbled"),
    106: (Transient, "Flickr stumbled"),
    116: (Refused, "Flickr refuses an address in it, which was used for abuse"),
    401: (AuthExpired, "Flickr does not accept the signature; connect the account again"),
    403: (PermissionLost, "Flickr does not allow that"),
    429: (RateLimited, "Flickr asks the app to wait"),
}
NOT_UNDERSTOOD: Final = (Refused, "Flickr does not understand the request")
NO_SUCH_ACTION: Final = "nobody can hide a comment on Flickr; delete it, or leave it and record why"


@dataclass(frozen=True, slots=True)
class Flickr:
    """One account of ours; `nsid` is Flickr's id for it, such as `12345678@N00`."""

    account: str
    nsid: str
    signature: Any = field(repr=False)
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.FLICKR

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
            raise ValueError(f"Flickr has no stream {stream!r}; it has {', '.join(self.streams())}")
        yield from {"comments": self._comments, "posts": self._posts}[stream](cursor, budget)

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """All our photographs at first; then those that are new, or changed, or were commented on."""
        since = _earlier(cursor, POSTS_AGAIN)

        def leaf(leg: str, token: str) -> Leaf:
            place = Place.unpacked(token)
            where = {"user_id": self.nsid} if since is None else {"min_date": str(since)}
            sheet, answer = self._photos(
                PHOTOS if since is None else STIRRED, place, per_page=str(self.page_size), extras=EXTRAS, **where
            )
            then = following(self.account, place, sheet)
            at, usage = time_in(answer, self.account, "Flickr").isoformat(), Usage(1, len(sheet.items))
            counts = tuple(filter(None, map(_count, sheet.items)))
            return Leaf(sift(sheet.items, self._photo), then.packed() if then else "", at, usage, counts)

        return pages(self.account, cursor, Run.unpacked(cursor.page_token, _is_time) or Run(), budget, leaf)

    def _comments(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """Every comment under the photographs worth reading again; one that is gone does not stop the others."""

        def leaf(photo: str, token: str) -> Leaf:
            items = self._said_under(photo)
            answered = _answered(items)
            left = [item for item in items if _place(item) > _dealt(token)]
            now, more = left[: self.page_size], len(left) > self.page_size
            sifted = sift(now, lambda item, raw: self._told(item, raw, photo, answered))
            return Leaf(sifted, json.dumps(_place(now[-1])) if more else "", usage=Usage(1, len(now)))

        run, spent = Run.unpacked(cursor.page_token, _is_time), Usage()
        if run is None or run.legs == ("",):
            run, spent = self._photos_to_read(cursor)
        yield from pages(self.account, cursor, run, budget, leaf, spent=spent)

    def _photos_to_read(self, cursor: Cursor) -> tuple[Run, Usage]:
        """The latest photographs in any case; older ones that stirred since the watermark, less an overlap."""
        sheet, answer = self._photos(PHOTOS, Place(), user_id=self.nsid, per_page=str(WATCHED))
        began, items, requests = time_in(answer, self.account, "Flickr").isoformat(), list(sheet.items), 1
        since, place = _earlier(cursor, OVERLAP), Place()
        for _ in range(STIRRED_PAGES):
            sheet, _ = self._photos(STIRRED, place, min_date=str(since or SINCE_EVER), per_page=str(PAGE_SIZE))
            items, requests = [*items, *sheet.items], requests + 1
            then = following(self.account, place, sheet)
            if then is None:
                break
            place = then
        ids = [item["id"] for item in items if isinstance(item, dict) and _is_number(item.get("id"))]
        return Run(began, tuple(dict.fromkeys(ids))), Usage(requests=requests)

    def _said_under(self, photo: str) -> list[Any]:
        """All comments of a photograph, oldest first."""
        body = self._call(COMMENTS, photo_id=photo).json()
        comments = body.get("comments")
        items = comments.get("comment", []) if isinstance(comments, dict) else None
        if not isinstance(items, list):
            raise Malformed(self.account, "Flickr answered with something that is not a list of comments")
        return sorted(items, key=_place)

    def _photo(self, item: Mapping[str, Any], raw: bytes) -> Post:
        native_id, title = said(item, "id"), perhaps(item, "title")
        more = plain(perhaps(within(item, "description"), "_content"))
        address = perhaps(item, "pathalias") or self.nsid
        return Post(
            account=self.account,
            native_id=native_id,
            text=f"{title}\n\n{more}" if title and more else title or more,
            posted_at=_epoch(item, "dateupload"),
            url=f"https://www.flickr.com/photos/{address}/{native_id}/" if ADDRESS.fullmatch(address) else "",
            raw=raw,
        )

    def _told(
        self, item: Mapping[str, Any], raw: bytes, photo: str, answered: Mapping[str, Answered]
    ) -> Comment | OwnReply:
        native_id, posted_at, author = said(item, "id"), _epoch(item, "datecreate"), _author(item)
        perhaps(item, "_content")
        spoken = answered.get(native_id, NOBODY)
        if author is not None and author.native_id == self.nsid:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=spoken.to or photo,
                text=spoken.words,
                posted_at=posted_at,
                thread=photo,
                raw=raw,
            )
        return Comment(
            account=self.account,
            native_id=native_id,
            text=spoken.words,
            posted_at=posted_at,
            author=author,
            thread=photo,
            in_reply_to=spoken.to or photo,
            url=perhaps(item, "permalink"),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """A comment is gone where its photograph's comments can be read and it is not among them.

        Flickr does not tell of edits.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        under: dict[str, list[str]] = {}
        for native_id in native_ids:
            if match := COMMENT.fullmatch(native_id):
                under.setdefault(match[1], []).append(native_id)
        for photo, ids in under.items():
            try:
                listed = [item.get("id") if isinstance(item, dict) else None for item in self._said_under(photo)]
            except (AuthExpired, RateLimited):
                raise
            except PermissionLost:
                standing |= dict.fromkeys(ids, Standing.FORBIDDEN)
            except CollectorError:
                continue
            else:
                # One that cannot be told may be any of them.
                missing = Standing.GONE if all(isinstance(each, str) for each in listed) else Standing.UNKNOWN
                standing |= {each: Standing.PRESENT if each in listed else missing for each in ids}
        return standing

    # --- acting

    def capabilities(self) -> Capabilities:
        """Nobody says how soon Flickr lists what was written, so an absence proves nothing."""
        return Capabilities(
            actions=frozenset({Action.REPLY, Action.DELETE}),
            longest_reply=LONGEST_COMMENT,
            proves_absence=False,
            settles_after=timedelta(minutes=2),
        )

    def length_of(self, text: str) -> int:
        return len(escaped(text))

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """The author's address goes before the words.  `key` is not sent: Flickr takes none.

        Raises:
            Refused: these words stand under the photograph already.
            CollectorError: another of its kinds.
        """
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than we send to Flickr; it was not sent")
        photo, items, above = self._found(native_id)
        body = self._change(ADD, photo_id=photo, comment_text=f"{_address_before(above)}{escaped(text)}").json()
        made = body.get("comment")
        published = made.get("id") if isinstance(made, dict) else None
        if not isinstance(published, str) or not published:
            raise Unconfirmed(self.account, "Flickr took the reply and did not say under which id it stands")
        if any(item.get("id") == published for item in items if isinstance(item, dict)):
            raise Refused(self.account, "Flickr does not publish the same words twice; they stand there already")
        try:
            return Receipt(published, _epoch(made, "datecreate"))
        except Unreadable:
            return Receipt(published)

    def act(self, action: Action, native_id: str) -> None:
        if action is not Action.DELETE or not COMMENT.fullmatch(native_id):
            raise Refused(self.account, NO_SUCH_ACTION)
        try:
            self._change(DELETE, comment_id=native_id)
        except Gone:
            return
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """What we said under the photograph to this comment's author, or to nobody by name.

        Which of several comments by one person was meant nobody can tell; those to the author are said to be to this.
        """
        photo, items, above = self._found(native_id)
        earliest, names = since - CLOCKS_DISAGREE, _addresses(above)
        answered = _answered(items)
        sifted = sift(items, lambda item, raw: self._told(item, raw, photo, answered))
        if sifted.troubles:
            raise Malformed(self.account, "one of the comments on Flickr cannot be read")
        found: list[OwnReply] = []
        for ours in sifted.ours:
            to = answered[ours.native_id]
            if ours.posted_at >= earliest and (not to.name or to.name in names):
                found.append(replace(ours, in_reply_to=native_id) if to.name else ours)
        return found

    def _found(self, native_id: str) -> tuple[str, list[Any], Mapping[str, Any]]:
        """The photograph, all that stands under it, and this comment.

        Raises:
            Gone: it does not stand there.
        """
        match = COMMENT.fullmatch(native_id)
        if match is None:
            raise Refused(self.account, "that is no comment on Flickr")
        items = self._said_under(match[1])
        above = next((item for item in items if isinstance(item, dict) and item.get("id") == native_id), None)
        if above is None:
            raise Gone(self.account, "the comment does not stand under its photograph any more")
        return match[1], items, above

    # --- asking Flickr, and understanding what comes back

    def _photos(self, method: str, place: Place, **asked: str) -> tuple[Sheet, Answer]:
        answer = self._call(method, page=str(place.page), **asked)
        photos = answer.json().get("photos")
        items = photos.get("photo") if isinstance(photos, dict) else None
        last, total = (_whole(photos, name) for name in ("pages", "total"))
        if not isinstance(items, list) or last is None or total is None:
            raise Malformed(self.account, "Flickr answered with something that is not a list of photographs")
        return Sheet(items, total, place.page >= last, int(asked["per_page"])), answer

    def _call(self, method: str, **asked: str) -> Answer:
        whole = {"method": method, **FORMAT, **asked}
        answer = read(self.line, self.account, lambda: self.line.session.get(REST, params=whole, auth=self.signature))
        error = self._error(answer, method, Transient, Malformed)
        if error is not None:
            raise error
        return answer

    def _change(self, method: str, **asked: str) -> Answer:
        """A definite error of Flickr's own means that nothing was written; anything else unclear is a doubt."""
        whole = {"method": method, **FORMAT, **asked}
        answer = write(self.line, self.account, lambda: self.line.session.post(REST, data=whole, auth=self.signature))
        error = self._error(answer, method, Unconfirmed, Unconfirmed)
        if isinstance(error, Transient) or (error is not None and answer.status == 503):
            raise Unconfirmed(self.account, error.reason)
        if error is not None:
            raise error
        return answer

    def _error(
        self, answer: Answer, method: str, stumbled: type[CollectorError], nonsense: type[CollectorError]
    ) -> CollectorError | None:
        body = answer.json()
        stat = body.get("stat") if isinstance(body, dict) else None
        if answer.status == 200 and stat == "ok":
            return None
        until = retry_at(answer)
        if answer.status == 503 and until:
            return RateLimited(self.account, "Flickr asks us to wait", until=until)
        if answer.status >= 500:
            return stumbled(self.account, f"Flickr answered with status {answer.status}")
        code = body.get("code") if stat == "fail" else None
        if isinstance(code, int):
            kind, words = MEANING.get((method, code)) or (MEANING.get(code) if code < 400 else None) or NOT_UNDERSTOOD
        elif answer.status in MEANING:
            kind, words = MEANING[answer.status]
        else:
            return nonsense(self.account, f"Flickr answered with status {answer.status}, in words that are not its own")
        text = f"{words} (code {code}, status {answer.status})" if isinstance(code, int) else words
        if not issubclass(kind, RateLimited):
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        return RateLimited(self.account, text, until=until or answer.at + LIMIT_WINDOW)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a comment says, without the address before it; whose address that was, and which comment it answers."""

    words: str = ""
    name: str = ""
    to: str = ""


NOBODY: Final = Answered()


def open_flickr(access: Access) -> Flickr:
    """Connect to one account; its credential has the app's key and secret and the token's.

    Raises:
        BadCredential: one of the four is missing.
    """
    from requests_oauthlib import OAuth1

    keys = keys_in(access, *KEYS)
    signature = OAuth1(*(keys[name] for name in KEYS))
    return Flickr(access.account, access.native_id, signature, open_line(access, HOST, {"Accept": "application/json"}))


def _answered(items: Sequence[Any]) -> dict[str, Answered]:
    """By its id, what each comment says and to whom: the latest comment before it by whose address it begins with.

    An address of somebody who said nothing before is part of the words.
    """
    latest: dict[str, str] = {}
    found: dict[str, Answered] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            continue
        content = item.get("_content")
        words = plain(content) if isinstance(content, str) else ""
        match = ADDRESSED.match(words)
        name = match[1].lower() if match else ""
        if match and name in latest:
            found[item["id"]] = Answered(words[match.end() :], name, latest[name])
        else:
            found[item["id"]] = Answered(words)
        for address in _addresses(item):
            latest[address] = item["id"]
    return found


def _addresses(item: Mapping[str, Any]) -> list[str]:
    """The names under which the author of a comment has an address."""
    names = (item.get("path_alias"), item.get("author"))
    return [name.lower() for name in names if isinstance(name, str) and ADDRESS.fullmatch(name)]


def _address_before(item: Mapping[str, Any]) -> str:
    """How Flickr's own page begins an answer to somebody."""
    return next((f"[https://www.flickr.com/photos/{name}] " for name in _addresses(item)), "")


def _author(item: Mapping[str, Any]) -> Author | None:
    native_id = perhaps(item, "author")
    return Author(native_id, perhaps(item, "authorname") or perhaps(item, "realname")) if native_id else None


def _count(item: Any) -> Count | None:
    many = _whole(item, "count_comments")
    return Count(item["id"], many) if many is not None and _is_number(item.get("id")) else None


def _whole(item: Any, name: str) -> int | None:
    """A whole number, which Flickr writes now with quotes and now without."""
    value = item.get(name) if isinstance(item, dict) else None
    return int(value) if isinstance(value, int | str) and EPOCH.fullmatch(str(value)) else None


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal()


def _epoch(item: Mapping[str, Any], name: str) -> datetime:
    seconds = _whole(item, name)
    if seconds is None:
        raise Unreadable(f"{name} is missing or not a time")
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise Unreadable(f"{name} is not a time") from None
    if at.year not in YEARS:
        raise Unreadable(f"{name} is not a time at which somebody can have written")
    return at


def _place(item: Any) -> tuple[int, str]:
    """Where a comment stands among the others of its photograph; what cannot be read stands first."""
    native_id = item.get("id") if isinstance(item, dict) else None
    return _whole(item, "datecreate") or 0, native_id if isinstance(native_id, str) else ""


def _dealt(token: str) -> tuple[int, str]:
    """Up to where the comments of a photograph were handed over."""
    try:
        at, native_id = json.loads(token)
        return int(at), str(native_id)
    except (OverflowError, RecursionError, TypeError, ValueError):
        return -1, ""


def _earlier(cursor: Cursor, by: timedelta) -> int | None:
    try:
        return max(SINCE_EVER, int((datetime.fromisoformat(cursor.watermark) - by).timestamp()))
    except (OverflowError, ValueError):
        return None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
