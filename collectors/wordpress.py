"""The comments on a WordPress site of ours, through its REST interface and an Application Password.

What this project knows of WordPress is in this file and stops here.  Four surprises.  `status=all`
means what is approved and what is held, and not what was taken for spam: that is a stream of its own.
Nothing tells of an edit, so the comments of the last fortnight are read again each time; a late one is
found by its own date, however old its post.  To set a status that stands already is an error.  And a
guest has no id: each of their comments has an author of its own, for nothing joins two people of one
name, and their addresses are not even asked for.

Posts and comments are numbered apart, so a post is known here as `p12`, which is how its short link goes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from collectors.asking import keys_in, open_line, read, retry_at, time_in, write
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
from collectors.numbered import Place, Sheet, following
from collectors.paging import Leaf, Run, pages
from collectors.plain import escaped, plain
from collectors.transport import LOOPBACK, Answer, BadCredential, CannotOpen, Line, UnsafeAddress
from vocabulary import Author, Comment, OwnReply, Platform, Post

API: Final = "wp-json/wp/v2"
PAGE_SIZE: Final = 100
# Without the addresses and the browser of whoever wrote, which this context would show.
COMMENT_FIELDS: Final = "id,post,parent,author,author_name,date_gmt,content,link,status,type"
POST_FIELDS: Final = "id,date_gmt,modified_gmt,title,excerpt,link,type"

READ_AGAIN: Final = timedelta(days=14)
POSTS_AGAIN: Final = timedelta(days=7)
IDS_AT_ONCE: Final = 50
READ_BACK_PAGES: Final = 20
LIMIT_WINDOW: Final = timedelta(minutes=15)
LONGEST_COMMENT: Final = 65_525  # bytes; what WordPress checks before it asks its database
NUMBER: Final = re.compile(r"[0-9]{1,18}")

# A stream of comments -> the status to ask for.
STATUS: Final = {"comments": "all", "spam": "spam"}
HIDDEN: Final = {"approved": False, "hold": True, "spam": True}
WANTED: Final = {Action.HIDE: "hold", Action.UNHIDE: "approved"}
TRASH: Final = "trash"

# The code that WordPress gives, or the status where it gives none that we know -> what it means to us, in our words.
MEANING: dict[int | str, tuple[type[CollectorError], str]] = {
    400: (Refused, "WordPress does not understand the request"),
    401: (AuthExpired, "the site does not accept the application password, or its server does not pass it on"),
    403: (PermissionLost, "the site does not allow this user to do that; they must be able to moderate comments"),
    404: (PermissionLost, "the site has no REST interface at this address; it may be switched off"),
    409: (Refused, "WordPress refuses to publish the same words twice"),
    429: (RateLimited, "the site, or a guard before it, asks us to wait"),
    "comment_duplicate": (Refused, "WordPress refuses to publish the same words twice"),
    "comment_flood": (RateLimited, "WordPress finds that the user comments too quickly"),
    "rest_already_trashed": (Gone, "WordPress says that it is in the bin"),
    "rest_comment_closed": (Refused, "comments are closed there"),
    "rest_comment_draft_post": (Gone, "the post is not published"),
    "rest_comment_invalid_id": (Gone, "WordPress says that it is not there"),
    "rest_comment_invalid_post_id": (Gone, "WordPress says that the post is not there"),
    "rest_comment_trash_post": (Gone, "the post is in the bin"),
    "rest_no_route": (PermissionLost, "the site's REST interface for comments is switched off"),
    "rest_post_invalid_id": (Gone, "WordPress says that the post is not there"),
    "rest_trash_not_supported": (Refused, "the site keeps no bin"),
}
NOT_DONE: Final = "do it in WordPress and record it here"
NOTHING_CHANGED: Final = "rest_comment_failed_edit"  # it stands so already, or the database failed


@dataclass(frozen=True, slots=True)
class WordPress:
    """One site of ours; `user_id` is the number of the user that we reply as, and whose password we hold."""

    account: str
    user_id: str
    site: str
    line: Line = field(repr=False)
    page_size: int = PAGE_SIZE

    @property
    def platform(self) -> Platform:
        return Platform.WORDPRESS

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
            raise ValueError(f"WordPress has no stream {stream!r}; it has {', '.join(self.streams())}")
        yield from self._posts(cursor, budget) if stream == "posts" else self._comments(cursor, budget, STATUS[stream])

    def _comments(self, cursor: Cursor, budget: Budget, status: str) -> Iterator[Page]:
        """Oldest first, so that what arrives meanwhile stands behind what was read.

        `after` is told with its zone, which WordPress turns into the site's own; a site older than 5.3 takes
        it for local time, and in autumn an hour comes twice: a fortnight is more than either.
        """
        asked = {"context": "edit", "status": status, "orderby": "date_gmt", "order": "asc"}
        asked |= _since("after", cursor, READ_AGAIN)

        def leaf(leg: str, token: str) -> Leaf:
            return self._leaf("comments", token, self._comment_or_ours, _fields=COMMENT_FIELDS, **asked)

        return pages(self.account, cursor, Run.unpacked(cursor.page_token, _is_time) or Run(), budget, leaf)

    def _posts(self, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        """What we published, and its edits; pages may be commented on as well."""
        asked = {"orderby": "id", "order": "asc"} | _since("modified_after", cursor, POSTS_AGAIN)

        def leaf(kind: str, token: str) -> Leaf:
            return self._leaf(kind, token, self._post, _fields=POST_FIELDS, **asked)

        run = Run.unpacked(cursor.page_token, _is_time) or Run(legs=("posts", "pages"))
        return pages(self.account, cursor, run, budget, leaf)

    def _leaf(self, path: str, token: str, read_one: Any, **asked: str) -> Leaf:
        place = Place.unpacked(token)
        sheet, answer = self._sheet(path, page=str(place.page), **asked)
        then = following(self.account, place, sheet)
        at = time_in(answer, self.account, "WordPress").isoformat()
        usage = Usage(requests=1, items=len(sheet.items))
        return Leaf(sift(sheet.items, read_one), then.packed() if then else "", at, usage)

    def _post(self, item: Mapping[str, Any], raw: bytes) -> Post:
        title = plain(perhaps(within(item, "title"), "rendered"))
        more = plain(perhaps(within(item, "excerpt"), "rendered"))
        return Post(
            account=self.account,
            native_id=f"p{_number(item, 'id')}",
            text=f"{title}\n\n{more}" if title and more else title or more,
            posted_at=_gmt(item, "date_gmt"),
            url=perhaps(item, "link"),
            raw=raw,
        )

    def _comment_or_ours(self, item: Mapping[str, Any], raw: bytes) -> Comment | OwnReply:
        native_id, post, parent = _number(item, "id"), f"p{_number(item, 'post')}", _number(item, "parent")
        above = post if parent == "0" else parent
        text, posted_at = plain(perhaps(within(item, "content"), "raw")), _gmt(item, "date_gmt")
        author = _author(item, native_id)
        if author is not None and author.native_id == self.user_id:
            return OwnReply(
                account=self.account,
                native_id=native_id,
                in_reply_to=above,
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
            in_reply_to=above,
            url=perhaps(item, "link"),
            hidden=HIDDEN.get(perhaps(item, "status")),
            raw=raw,
        )

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        """What is in the bin is gone, and so is what WordPress says it has no comment of; it does not tell of edits.

        A list leaves out what the user may not read, so each that is missing from it is asked for by itself.
        """
        standing = dict.fromkeys(native_ids, Standing.UNKNOWN)
        known = [each for each in standing if NUMBER.fullmatch(each)]
        for start in range(0, len(known), IDS_AT_ONCE):
            batch = known[start : start + IDS_AT_ONCE]
            try:
                standing |= self._listed(batch)
            except (AuthExpired, RateLimited):
                raise
            except PermissionLost:
                standing |= dict.fromkeys(batch, Standing.FORBIDDEN)
                continue
            except CollectorError:
                continue
            standing |= {each: self._alone(each) for each in batch if standing[each] is Standing.UNKNOWN}
        return standing

    def _listed(self, batch: Sequence[str]) -> dict[str, Standing]:
        answer = self._read(
            "comments",
            include=",".join(batch),
            status="any",
            context="edit",
            per_page=str(len(batch)),
            _fields="id,status",
        )
        found: dict[str, Standing] = {}
        for item in _items(answer, self.account):
            if not isinstance(item, dict) or str(item.get("id")) not in batch:
                raise Malformed(self.account, "WordPress answered about comments that it was not asked about")
            found[str(item["id"])] = _standing(item)
        return found

    def _alone(self, native_id: str) -> Standing:
        try:
            return _standing(self._comment(native_id))
        except Gone:
            return Standing.GONE
        except PermissionLost:
            return Standing.FORBIDDEN
        except (AuthExpired, RateLimited):
            raise
        except CollectorError:
            return Standing.UNKNOWN

    # --- acting

    def capabilities(self) -> Capabilities:
        """The site answers from its own database: what is not in any of its lists was not written."""
        return Capabilities(
            actions=frozenset(Action),
            longest_reply=LONGEST_COMMENT,
            proves_absence=True,
            settles_after=timedelta(minutes=1),
        )

    def length_of(self, text: str) -> int:
        return len(escaped(text).encode())

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        """`key` is not sent: WordPress takes none.  What a comment stands under is asked for first."""
        if self.length_of(text) > LONGEST_COMMENT:
            raise Refused(self.account, "the reply is longer than WordPress allows; it was not sent")
        above = self._comment(native_id)
        if above.get("status") == TRASH:
            raise Gone(self.account, "the comment is in the site's bin")
        try:
            post = int(_number(above, "post"))
        except Unreadable:
            raise Malformed(self.account, "WordPress did not say where the comment stands") from None
        answer = self._sent(
            "POST", "comments", post=post, parent=int(native_id), content=escaped(text), status="approved"
        )
        body = self._written(answer).json()
        try:
            published = _number(body, "id") if isinstance(body, dict) else ""
        except Unreadable:
            published = ""
        if not published:
            raise Unconfirmed(self.account, "WordPress took the reply and did not say under which number it stands")
        return Receipt(published, _perhaps_gmt(body))

    def act(self, action: Action, native_id: str) -> None:
        wanted = TRASH if action is Action.DELETE else WANTED.get(action)
        if wanted is None or not NUMBER.fullmatch(native_id):
            raise Refused(self.account, f"that is not how one does {action.value} on WordPress; {NOT_DONE}")
        try:
            body = self._changed(native_id, wanted)
        except Unconfirmed as doubt:
            raise Transient(self.account, doubt.reason) from None
        except Gone:
            if action is Action.DELETE:
                return
            raise
        except Refused as refusal:
            raise Refused(self.account, f"{refusal.reason}; {NOT_DONE}") from None
        if not isinstance(body, dict) or body.get("status") != wanted:
            raise Malformed(self.account, "WordPress did not say whether that is done")

    def _changed(self, native_id: str, wanted: str) -> Any:
        """The comment after it was changed; or as it stands, where WordPress had nothing to change."""
        path = f"comments/{native_id}"
        if wanted == TRASH:
            return self._written(self._sent("DELETE", path)).json()
        answer = self._sent("POST", path, status=wanted)
        if _code(answer) != NOTHING_CHANGED:
            return self._written(answer).json()
        there = self._comment(native_id)
        if there.get("status") != wanted:
            raise Transient(self.account, "WordPress could not change the comment's status")
        return there

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        """What stands under the comment in our name, held or taken for spam as well, and not what is in the bin."""
        asked = {"parent": native_id, "status": "any", "context": "edit", "orderby": "date_gmt", "order": "asc"}
        earliest, place = since - CLOCKS_DISAGREE, Place()
        found: list[OwnReply] = []
        for _ in range(READ_BACK_PAGES):
            sheet, _ = self._sheet("comments", page=str(place.page), _fields=COMMENT_FIELDS, **asked)
            standing = [item for item in sheet.items if not (isinstance(item, dict) and item.get("status") == TRASH)]
            sifted = sift(standing, self._comment_or_ours)
            if sifted.troubles:
                raise Malformed(self.account, "one of the replies on the site cannot be read")
            found += [ours for ours in sifted.ours if ours.posted_at >= earliest]
            then = following(self.account, place, sheet)
            if then is None:
                return list({ours.native_id: ours for ours in found}.values())
            place = then
        raise Transient(self.account, f"there are more than {READ_BACK_PAGES} pages of replies")

    # --- asking WordPress, and understanding what comes back

    def _comment(self, native_id: str) -> Mapping[str, Any]:
        """One comment as it stands.

        Raises:
            CollectorError: one of its kinds; `Gone` where WordPress has none of that number.
        """
        if not NUMBER.fullmatch(native_id):
            raise Refused(self.account, "that is no number of a comment on WordPress")
        body = self._read(f"comments/{native_id}", context="edit", _fields="id,post,status").json()
        if not isinstance(body, dict) or str(body.get("id")) != native_id:
            raise Malformed(self.account, "WordPress answered with something that is not the comment asked for")
        return body

    def _sheet(self, path: str, **asked: str) -> tuple[Sheet, Answer]:
        answer = self._read(path, per_page=str(self.page_size), **asked)
        items = _items(answer, self.account)
        total, last = (answer.headers.get(f"x-wp-{name}", "") for name in ("total", "totalpages"))
        if not NUMBER.fullmatch(total) or not NUMBER.fullmatch(last):
            raise Malformed(
                self.account, "the site does not say how many pages there are; a guard may drop its headers"
            )
        return Sheet(items, int(total), int(asked["page"]) >= int(last), self.page_size), answer

    def _read(self, path: str, **asked: str) -> Answer:
        where = f"{self.site}/{API}/{path}"
        answer = read(self.line, self.account, lambda: self.line.session.get(where, params=asked))
        if answer.status == 200:
            return answer
        raise self._meaning(answer, otherwise=Transient if answer.status >= 500 else Malformed)

    def _sent(self, method: str, path: str, **body: str | int) -> Answer:
        where = f"{self.site}/{API}/{path}"
        return write(self.line, self.account, lambda: self.line.session.request(method, where, json=body or None))

    def _written(self, answer: Answer) -> Answer:
        """A definite error of WordPress's own means that nothing was written; anything else unclear is a doubt."""
        if answer.status in (200, 201):
            return answer
        error = self._meaning(answer, otherwise=Unconfirmed)
        raise Unconfirmed(self.account, error.reason) if answer.status == 503 else error

    def _meaning(self, answer: Answer, *, otherwise: type[CollectorError]) -> CollectorError:
        code = _code(answer)
        until = retry_at(answer)
        if 300 <= answer.status < 400:
            return PermissionLost(
                self.account,
                f"the site sends us elsewhere (status {answer.status}), perhaps to a page for signing in; "
                "check its address, and whether its REST interface is open",
            )
        if answer.status == 503 and until:
            return RateLimited(self.account, "the site asks us to wait", until=until)
        known = MEANING.get(code) or MEANING.get(answer.status)
        if known is None:
            return otherwise(
                self.account, f"WordPress answered with status {answer.status} ({code or 'no code given'})"
            )
        kind, words = known
        text = f"{words} ({code or 'no code given'}, status {answer.status})"
        if not issubclass(kind, RateLimited):
            return kind(self.account, text)
        if answer.at is None:
            return Transient(self.account, text)
        return RateLimited(self.account, text, until=until or answer.at + LIMIT_WINDOW)


def open_wordpress(access: Access) -> WordPress:
    """Connect to one site with the application password of a user who may moderate its comments.

    The credential is `user:password`, or an object with `username` and `password`.  Where no home is said,
    the site is at `base_url`.

    Raises:
        BadCredential: it is not such a pair.
        UnsafeAddress: the site's address would carry it in the clear.
        CannotOpen: there is no address.
    """
    pair = _pair(access)
    site = _site(access.account, access.home or access.base_url or "")
    there = urlsplit(site)
    headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "Accept": "application/json"}
    reached = access if access.home else replace(access, base_url=None)
    line = open_line(reached, f"{there.scheme}://{there.netloc}", headers)
    return WordPress(access.account, access.native_id, site, line)


def _pair(access: Access) -> str:
    if access.credential.strip().startswith("{"):
        keys = keys_in(access, "username", "password")
        return f"{keys['username']}:{keys['password']}"
    pair = keys_in(access)["access_token"]
    user, _, password = pair.partition(":")
    if not user or not password:
        raise BadCredential(
            f"{access.account}: the credential is not a user's name and application password with a colon between; "
            "connect the account again"
        )
    return pair


def _site(account: str, address: str) -> str:
    if not address:
        raise CannotOpen(f"{account}: say at which address the WordPress site is; set the account's home")
    site = (address if "://" in address else f"https://{address}").rstrip("/")
    there = urlsplit(site)
    if there.scheme != "https" and there.hostname not in LOOPBACK:
        raise UnsafeAddress(
            f"{there.hostname} would be sent the password unencrypted; use https, or plain http on this machine"
        )
    if not there.hostname or there.username or there.query or there.fragment:
        raise CannotOpen(f"{account}: the site's address is its scheme, its name and perhaps a path, and nothing else")
    return site


def _items(answer: Answer, account: str) -> list[Any]:
    """What a list shows.

    Raises:
        Malformed: it is not a list; most often a page for people, with status 200.
    """
    items = answer.json()
    if isinstance(items, list):
        return items
    page = answer.body.lstrip()[:1] == b"<"
    what = "a web page, such as one for signing in" if page else "something that is not a list"
    raise Malformed(account, f"the site's REST interface answered with {what}")


def _code(answer: Answer) -> str:
    """WordPress's own word for what went wrong, of letters only, so that it can be quoted."""
    body = answer.json()
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_-]{1,60}", code) else ""


def _standing(item: Mapping[str, Any]) -> Standing:
    status = item.get("status")
    if status == TRASH:
        return Standing.GONE
    return Standing.PRESENT if status in HIDDEN else Standing.UNKNOWN


def _author(item: Mapping[str, Any], native_id: str) -> Author | None:
    """A user of the site; or a guest, of whom one comment knows nothing of another."""
    if "author" not in item:
        return None
    user, name = _number(item, "author"), perhaps(item, "author_name")
    if user != "0":
        return Author(user, name)
    return Author(f"guest:{native_id}", name) if name else None


def _number(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not NUMBER.fullmatch(str(value)):
        raise Unreadable(f"{name} is missing or not a number")
    return str(value)


def _gmt(item: Mapping[str, Any], name: str) -> datetime:
    """WordPress leaves the zone out of a time that it calls GMT."""
    return moment({name: f"{said(item, name).removesuffix('Z')}+00:00"}, name)


def _perhaps_gmt(body: Mapping[str, Any]) -> datetime | None:
    try:
        return _gmt(body, "date_gmt")
    except Unreadable:
        return None


def _since(name: str, cursor: Cursor, again: timedelta) -> dict[str, str]:
    try:
        since = datetime.fromisoformat(cursor.watermark).astimezone(UTC) - again
    except (ValueError, OverflowError):
        return {}
    return {name: since.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
