"""What the pretend platforms push by themselves: signed deliveries over real HTTP, to loopback and nowhere else.

After something has happened in the world, an order tells of all that happened since the last one:

    Pusher(world).deliver(Order("cyngor-fb", "http://127.0.0.1:8080/webhooks/facebook", "the app's secret"))

or, to a running simulator, `POST /_simulator/push` with the same names as a JSON object, answered with
the status of each delivery (0 where there was no answer):

    {"account": "cyngor-fb", "url": "http://127.0.0.1:8080/webhooks/facebook", "secret": "…", "times": 10}

`times` delivers each body so often, each time under another envelope time.  `order` is `told`,
`reversed` or `shuffled`.  `together` is how many events go into one body where the platform puts
several into one.  `signature` is `right`, or `wrong` (another secret), `cut` (half of it), `coded` (right,
and in the encoding of another platform), `none`.  What was not answered with 200 is delivered again
with the next order for that account, as platforms do.  The secret is not kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from itertools import count
from random import Random
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from simulator.world import Account, Message, World, milliseconds
from vocabulary import GwylioError, Platform

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
PATIENCE_S: Final = 10.0
ORDERS: Final = ("told", "reversed", "shuffled")
SIGNATURES: Final = ("right", "wrong", "cut", "coded", "none")


class PushError(GwylioError):
    """An order that cannot be carried out; the message says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to deliver, where, and how badly."""

    account: str
    url: str
    secret: str = field(repr=False)
    times: int = 1
    order: str = "told"
    together: int = 1
    signature: str = "right"
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened: `what` is `came`, `edited` or `gone`; `elsewhere`: not under a post of ours."""

    what: str
    message: Message
    at: datetime
    text: str = field(default="", repr=False)
    elsewhere: bool = False


class Pusher:
    """Delivers for one world.  What it has told of it does not tell again, unless it was not taken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._told_until: dict[str, datetime] = {}
        self._not_taken: dict[str, list[Change]] = {}
        self._serial = count(1)
        self._lock = Lock()

    def skip(self, account: str) -> None:
        """What happened so far is never told of: the platform was silent."""
        with self._lock:
            self._told_until[account] = self.world.now
            self._not_taken.pop(account, None)

    def deliver(self, order: Order) -> list[int]:
        """Deliver what happened since the last order; the status of each delivery, in the order they were made.

        Raises:
            PushError: the order is none that can be carried out.
        """
        ours = self._checked(order)
        with self._lock:
            now = self.world.now
            waiting = self._not_taken.pop(order.account, [])
            fresh = list(changes(self.world, ours, self._told_until.get(order.account), now))
            self._told_until[order.account] = now
        told = [change for change in (*waiting, *fresh) if change.what in PUSHED[ours.platform]]
        bodies = [told[start : start + order.together] for start in range(0, len(told), order.together)]
        runs = [body for body in bodies for _ in range(order.times)]
        if order.order == "reversed":
            runs.reverse()
        elif order.order == "shuffled":
            Random(order.seed).shuffle(runs)
        statuses = []
        for body in runs:
            status = self._send(ours, order, body, now)
            statuses.append(status)
            if status != 200:
                with self._lock:
                    known = self._not_taken.setdefault(order.account, [])
                    known += [change for change in body if change not in known]
        return statuses

    def _checked(self, order: Order) -> Account:
        known = {each.slug: each for each in self.world.accounts()}
        if order.account not in known:
            raise PushError(f"there is no account {order.account!r}; there are {', '.join(known)}")
        ours = known[order.account]
        if ours.platform not in PUSHED:
            raise PushError(f"{ours.platform.value} pushes nothing; {', '.join(PUSHED)} do")
        if urlsplit(order.url).scheme != "http" or urlsplit(order.url).hostname not in LOOPBACK:
            raise PushError("the simulator pushes to http on loopback only")
        if order.order not in ORDERS or order.signature not in SIGNATURES:
            raise PushError(f"order is one of {', '.join(ORDERS)}; signature one of {', '.join(SIGNATURES)}")
        if order.times < 1 or order.together < 1:
            raise PushError("times and together are whole numbers from 1")
        if order.together > 1 and ours.platform in ONE_IN_A_BODY:
            raise PushError(f"{ours.platform.value} puts one event into a body")
        return ours

    def _send(self, ours: Account, order: Order, told: Sequence[Change], now: datetime) -> int:
        body = json.dumps(BODY[ours.platform](ours, told, now, next(self._serial))).encode()
        there = urlsplit(order.url)
        headers = {"content-type": "application/json", **signature(ours.platform, order, body, now)}
        connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", there.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def order_from(row: Any) -> Order:
    """An order as it was sent to the control.

    Raises:
        PushError: it is not one.
    """
    names = {each.name: each.type for each in fields(Order)}
    if not isinstance(row, dict) or not {"account", "url", "secret"} <= row.keys() <= names.keys():
        raise PushError(f"an order has account, url and secret, and may have {', '.join(names)}")
    wrong = [name for name, value in row.items() if type(value).__name__ != names[name]]
    if wrong:
        raise PushError(f"{', '.join(wrong)}: not what belongs there")
    return Order(**row)


def changes(world: World, ours: Account, since: datetime | None, until: datetime) -> Iterator[Change]:
    """What others did to an account from after `since` up to `until`, in the order in which it happened."""

    def lately(at: datetime) -> bool:
        return (since is None or since < at) and at <= until

    found = []
    for message in world.messages(ours.slug):
        if message.author.native_id == ours.native_id or message.aside:
            continue
        root = world.message(message.root)
        elsewhere = root is None or root.author.native_id != ours.native_id
        tells = [("came", message.at, message.versions[0].text)]
        tells += [("edited", each.at, each.text) for each in message.versions[1:]]
        tells += [("gone", start, "") for start, _ in message.gone]
        found += [Change(what, message, at, text, elsewhere) for what, at, text in tells if lately(at)]
    yield from sorted(found, key=lambda change: change.at)


# --- how each signs


def signature(platform: Platform, order: Order, body: bytes, now: datetime) -> dict[str, str]:
    """The header that carries the signature, right or spoilt as the order wants it."""
    if order.signature == "none":
        return {}
    secret = order.secret + "!" if order.signature == "wrong" else order.secret
    header, before, written, after = SIGNED[platform]
    stamp = str(milliseconds(now) // 1000)
    mac = hmac.new(secret.encode(), after(stamp, body), hashlib.sha256).digest()
    coded = {"hex": mac.hex(), "base64": base64.b64encode(mac).decode()}
    said = coded["base64" if written == "hex" else "hex"] if order.signature == "coded" else coded[written]
    return {header: before.format(stamp) + (said[: len(said) // 2] if order.signature == "cut" else said)}


Signed = tuple[str, str, str, Callable[[str, bytes], bytes]]
META: Final[Signed] = ("X-Hub-Signature-256", "sha256=", "hex", lambda stamp, body: body)
SIGNED: Final[Mapping[Platform, Signed]] = {
    Platform.FACEBOOK: META,
    Platform.INSTAGRAM: META,
    Platform.THREADS: META,
    Platform.X: ("x-twitter-webhooks-signature", "sha256=", "base64", lambda stamp, body: body),
    Platform.LINKEDIN: ("X-LI-Signature", "", "hex", lambda stamp, body: b"hmacsha256=" + body),
    Platform.TIKTOK: ("Tiktok-Signature", "t={},s=", "hex", lambda stamp, body: stamp.encode() + b"." + body),
}
"""Header, what stands before the signature, its encoding, and the bytes that are signed."""


# --- what each writes


def _seconds(at: datetime) -> int:
    return milliseconds(at) // 1000


def _page(ours: Account, told: Sequence[Change], now: datetime, serial: int) -> dict[str, Any]:
    """Each body has another `time`; a removal says nothing of who wrote, or what."""
    entry: dict[str, Any] = {"id": ours.native_id, "time": _seconds(now) + serial}
    messages = [each for each in told if each.message.private]
    if others := [each for each in told if not each.message.private]:
        entry["changes"] = [{"field": "feed", "value": _feed(each)} for each in others]
    if messages:
        entry["messaging"] = [_meta_message(ours, each) for each in messages]
    return {"object": "page", "entry": [entry]}


def _feed(change: Change) -> dict[str, Any]:
    message = change.message
    value: dict[str, Any] = {
        "item": "comment" if message.parent else "post",
        "verb": {"came": "add", "edited": "edited", "gone": "remove"}[change.what],
        "post_id": message.root,
        "created_time": _seconds(change.at),
    }
    if message.parent:
        value |= {"comment_id": message.native_id, "parent_id": message.parent}
    if change.what != "gone":
        value |= {"message": change.text, "from": {"id": message.author.native_id, "name": message.author.name}}
    return value


def _meta_message(ours: Account, change: Change) -> dict[str, Any]:
    message = change.message
    return {
        "sender": {"id": message.author.native_id},
        "recipient": {"id": ours.native_id},
        "timestamp": milliseconds(change.at),
        "message": {"mid": message.native_id, "text": change.text},
    }


def _instagram(ours: Account, told: Sequence[Change], now: datetime, serial: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": ours.native_id, "time": _seconds(now) + serial}
    messages = [each for each in told if each.message.private]
    if others := [each for each in told if not each.message.private]:
        entry["changes"] = [_instagram_change(each) for each in others]
    if messages:
        entry["messaging"] = [_meta_message(ours, each) for each in messages]
    return {"object": "instagram", "entry": [entry]}


def _instagram_change(change: Change) -> dict[str, Any]:
    """Outside of our own posts there is only where we were mentioned, and no word of it."""
    message = change.message
    if change.elsewhere:
        named = {"comment_id": message.native_id} if message.parent else {}
        return {"field": "mentions", "value": {"media_id": message.root, **named}}
    value: dict[str, Any] = {
        "id": message.native_id,
        "from": {"id": message.author.native_id, "username": message.author.username},
        "text": change.text,
        "media": {"id": message.root, "media_product_type": "FEED"},
    }
    if message.parent != message.root:
        value["parent_id"] = message.parent
    return {"field": "comments", "value": value}


def _threads(ours: Account, told: Sequence[Change], now: datetime, serial: int) -> dict[str, Any]:
    [change] = told
    message = change.message
    kind = "delete" if change.what == "gone" else "replies" if message.parent else "mentions"
    value: dict[str, Any] = {"id": message.native_id, "timestamp": change.at.strftime("%Y-%m-%dT%H:%M:%S+0000")}
    if kind == "delete":
        value["owner_id"] = ours.native_id
    else:
        value |= {"username": message.author.username, "text": change.text, "media_type": "TEXT_POST"}
    if kind == "replies":
        value |= {"replied_to": {"id": message.parent}, "root_post": {"id": message.root, "owner_id": ours.native_id}}
    return {
        "app_id": "1000000000000001",
        "topic": "interaction" if kind == "mentions" else "moderate",
        "target_id": ours.native_id if kind == "mentions" else message.root,
        "time": _seconds(now) + serial,
        "subscription_id": "1000000000000002",
        "has_uid_field": False,
        "values": {"value": value, "field": kind},
    }


def _x(ours: Account, told: Sequence[Change], now: datetime, serial: int) -> dict[str, Any]:
    [change] = told
    message = change.message
    if message.private:
        kind, payload = "dm.received", _x_message(ours, message)
    else:
        kind = (
            "post.quote.create" if message.quotes else "post.reply.create" if message.parent else "post.mention.create"
        )
        payload = {
            "id": message.native_id,
            "text": change.text,
            "author_id": message.author.native_id,
            "conversation_id": message.root,
            "created_at": change.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "edit_history_tweet_ids": [message.native_id],
            "public_metrics": {"like_count": serial},
        }
    event = {"event_uuid": str(serial), "event_type": kind, "filter": {"user_id": ours.native_id}, "payload": payload}
    return {"data": event}


def _x_message(ours: Account, message: Message) -> dict[str, Any]:
    created = {
        "sender_id": message.author.native_id,
        "target": {"recipient_id": ours.native_id},
        "message_data": {"text": message.text},
    }
    number = message.native_id.rpartition("/")[2]
    return {"direct_message_events": [{"id": number, "type": "message_create", "message_create": created}]}


def _linkedin(ours: Account, told: Sequence[Change], now: datetime, serial: int) -> dict[str, Any]:
    return {
        "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
        "notifications": [_linkedin_notification(ours, change) for change in told],
    }


def _linkedin_notification(ours: Account, change: Change) -> dict[str, Any]:
    """The short form of a comment's URN stands here, and a number of its own for each event."""
    message = change.message
    whose = ours.native_id if ours.native_id.startswith("urn:") else f"urn:li:organization:{ours.native_id}"
    digest = hashlib.sha256(f"{change.what} {message.native_id} {change.at.isoformat()}".encode()).digest()
    return {
        "notificationId": int.from_bytes(digest[:7], "big"),
        "organizationalEntity": whose,
        "action": {"came": "COMMENT", "edited": "COMMENT_EDIT", "gone": "COMMENT_DELETE"}[change.what],
        "sourcePost": message.root,
        "generatedActivity": message.native_id.replace("(urn:li:", "("),
        "lastModifiedAt": milliseconds(change.at),
    }


def _tiktok(ours: Account, told: Sequence[Change], now: datetime, serial: int) -> dict[str, Any]:
    """The ids are bare numbers in a text of JSON."""
    [change] = told
    video, _, comment = change.message.native_id.rpartition("/")
    content = {
        "comment_id": int(comment),
        "video_id": int(video),
        "comment_type": "comment" if change.message.parent == change.message.root else "reply",
        "comment_action": {"came": "insert", "gone": "delete"}[change.what],
        "timestamp": _seconds(change.at),
        "unique_identifier": change.message.author.native_id,
    }
    return {
        "client_key": "pretend",
        "event": "comment.update",
        "create_time": _seconds(now) + serial,
        "user_openid": ours.native_id,
        "content": json.dumps(content),
    }


Body = Callable[[Account, Sequence[Change], datetime, int], dict[str, Any]]
BODY: Final[Mapping[Platform, Body]] = {
    Platform.FACEBOOK: _page,
    Platform.INSTAGRAM: _instagram,
    Platform.THREADS: _threads,
    Platform.X: _x,
    Platform.LINKEDIN: _linkedin,
    Platform.TIKTOK: _tiktok,
}
ONE_IN_A_BODY: Final = frozenset({Platform.THREADS, Platform.X, Platform.TIKTOK})
PUSHED: Final[Mapping[Platform, frozenset[str]]] = {
    Platform.FACEBOOK: frozenset({"came", "edited", "gone"}),
    Platform.INSTAGRAM: frozenset({"came"}),
    Platform.THREADS: frozenset({"came", "gone"}),
    Platform.X: frozenset({"came"}),
    Platform.LINKEDIN: frozenset({"came", "edited", "gone"}),
    Platform.TIKTOK: frozenset({"came", "gone"}),
}
"""What each platform tells of at all."""
