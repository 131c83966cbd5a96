"""What a rightly signed body says: one notice for each thing that happened, and nothing that is believed.

A notice is a pointer.  Whoever holds a platform's secret can make us look sooner, and can put no word
into the queue: what happened is asked of the platform.  So little is read here, and what cannot be
read is a notice too, with its reason, so that somebody sees it.

TikTok and LinkedIn write their ids as bare numbers of nineteen digits, which a float would round;
here a number is a whole one or stays text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Final, NoReturn

from collectors.items import fit_for_an_id
from vocabulary import Platform

MOST: Final = 1_000
"""Things that one body may tell of; Meta puts as many together, LinkedIn ten."""


class Happened(StrEnum):
    """What a platform says became of something.  OTHER is nothing to us, and shows that the way is open."""

    CAME = "came"
    CHANGED = "changed"
    GONE = "gone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Mention:
    """Where somebody named us on Instagram, which lists such places nowhere; `comment_id` is empty for a caption."""

    media_id: str
    comment_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that happened, and where.

    `account_native_ids`: any of these may be the account's id on the platform, the likeliest first.
    `native_ids` are as the collectors write them.  `fingerprint` is that of what identifies the event,
    so that it is the same whenever and with whatever else it is delivered.  `raw` is the body as it
    would be if this were all that it told, or the body itself where it is.  `trouble` says why a
    part of a body could not be understood, and quotes nothing.
    """

    platform: Platform
    fingerprint: str
    raw: bytes = field(repr=False)
    happened: Happened = Happened.OTHER
    account_native_ids: tuple[str, ...] = ()
    native_ids: tuple[str, ...] = ()
    mention: Mention | None = None
    trouble: str = ""


class Unclear(Exception):
    """A part of a body is not what the platform promises; the text says what is wrong and quotes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One part of a body: what it means, what identifies it, and the body with this part alone."""

    alone: Any
    about: Any
    platform: Platform | None = None
    happened: Happened = Happened.OTHER
    accounts: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    mention: Mention | None = None
    trouble: str = ""


def notices(platform: Platform, body: bytes) -> tuple[Notice, ...]:
    """What a body sent to us for this platform tells, at least one notice; it never raises."""
    try:
        found = tuple(islice(_SPOKEN[platform](_lossless(body)), MOST + 1))
        if not found:
            raise Unclear("it tells of nothing")
        if len(found) > MOST:
            raise Unclear(f"it tells of more than {MOST} things at once")
        return tuple(_as_notice(platform, each, body if len(found) == 1 else None) for each in found)
    except Unclear as trouble:
        reason = str(trouble)
    except (ValueError, RecursionError):
        reason = "it is no JSON that can be read"
    fingerprint = hashlib.sha256(body).hexdigest()
    return (Notice(platform=platform, fingerprint=fingerprint, raw=body, trouble=reason),)


def _as_notice(platform: Platform, said: _Said, body: bytes | None) -> Notice:
    return Notice(
        platform=said.platform or platform,
        fingerprint=hashlib.sha256(_canonical(said.about)).hexdigest(),
        raw=body if body is not None else _canonical(said.alone),
        happened=said.happened,
        account_native_ids=tuple(each for each in dict.fromkeys(said.accounts) if each),
        native_ids=tuple(each for each in dict.fromkeys(said.ids) if each),
        mention=said.mention,
        trouble=said.trouble,
    )


# --- Meta: Facebook Pages and Instagram, many changes in one body

_OBJECTS: Final = {"page": Platform.FACEBOOK, "instagram": Platform.INSTAGRAM}
_WRITTEN: Final = frozenset({"album", "comment", "event", "link", "note", "photo", "post", "share", "status", "video"})
_VERBS: Final = {
    "add": Happened.CAME,
    "edit": Happened.CHANGED,
    "edited": Happened.CHANGED,  # both are sent (restfb#749)
    "hide": Happened.CHANGED,
    "remove": Happened.GONE,
    "unhide": Happened.CHANGED,
    "update": Happened.CHANGED,
}


def _meta(told: Any) -> Iterator[_Said]:
    """Meta's own examples put the body into a list; it comes without one."""
    for body in told if isinstance(told, list) else [told]:
        which = _text(_object(body), "object")
        if which not in _OBJECTS:
            raise Unclear("it tells of something that is neither a Page nor an Instagram account")
        for entry in _list(body, "entry"):
            yield from _meta_entry(which, entry)


def _meta_entry(which: str, entry: Any) -> Iterator[_Said]:
    if not isinstance(entry, dict):
        yield _Said(alone={"object": which, "entry": [entry]}, about=[which, entry], trouble="an entry is no object")
        return
    own = _id(entry.get("id"))
    kept = {name: entry[name] for name in ("id", "time") if name in entry}
    parts = [("changes", each) for each in _listed(entry, "changes")]
    parts += [("messaging", each) for each in _listed(entry, "messaging")]
    if "field" in entry:  # an app with Instagram's own login hears it so
        parts.append(("changes", {name: entry[name] for name in ("field", "value") if name in entry}))
    if not parts:
        parts.append(("changes", {}))
    for kind, part in parts:
        alone = {"object": which, "entry": [{**kept, kind: [part]}]}
        about = [which, own, kind, part]
        read = _change if kind == "changes" else _message
        try:
            happened, ids, mention = read(_OBJECTS[which], _object(part))
        except Unclear as trouble:
            yield _Said(alone=alone, about=about, platform=_OBJECTS[which], accounts=(own,), trouble=str(trouble))
        else:
            yield _Said(
                alone=alone,
                about=about,
                platform=_OBJECTS[which],
                happened=happened,
                accounts=(own,),
                ids=ids,
                mention=mention,
            )


_Meant = tuple[Happened, tuple[str, ...], Mention | None]


def _change(platform: Platform, change: Mapping[str, Any]) -> _Meant:
    kind, value = _text(change, "field"), change.get("value")
    if not kind:
        raise Unclear("a change has no field")
    if not isinstance(value, dict):
        return Happened.OTHER, (), None
    if platform is Platform.INSTAGRAM:
        return _instagram(kind, value)
    if kind not in ("feed", "mention"):
        return Happened.OTHER, (), None
    item = _text(value, "item")
    happened = _VERBS.get(_text(value, "verb"), Happened.OTHER) if item in _WRITTEN else Happened.OTHER
    return happened, (_id(value.get("comment_id" if item == "comment" else "post_id")),), None


def _instagram(kind: str, value: Mapping[str, Any]) -> _Meant:
    if kind in ("comments", "live_comments"):
        return Happened.CAME, (_id(value.get("id")),), None
    if kind == "mentions":
        comment, media = _id(value.get("comment_id")), _id(value.get("media_id"))
        if not media and not comment:
            raise Unclear("a mention says nothing of where it stands")
        return Happened.CAME, (comment or media,), Mention(media, comment)
    return Happened.OTHER, (), None


def _message(platform: Platform, told: Mapping[str, Any]) -> _Meant:
    """A private message; what says that one was delivered or read is nothing to us."""
    message = told.get("message")
    if not isinstance(message, dict):
        return Happened.OTHER, (), None
    return (Happened.GONE if message.get("is_deleted") is True else Happened.CAME), (_id(message.get("mid")),), None


# --- Threads: one thing in a body, under a name of its own

_THREADS: Final = {"replies": Happened.CAME, "mentions": Happened.CAME, "delete": Happened.GONE}


def _threads(told: Any) -> Iterator[_Said]:
    """A reply names the owner of the thread's first post; a mention is targeted at whoever is named."""
    body = _object(told)
    values = body.get("values")
    for each in values if isinstance(values, list) else [values]:
        alone = {name: body[name] for name in ("app_id", "topic", "target_id", "time") if name in body}
        alone["values"] = each
        about = [_id(body.get("target_id")), each]
        value = each.get("value") if isinstance(each, dict) else None
        if not isinstance(each, dict) or not isinstance(value, dict):
            yield _Said(alone=alone, about=about, trouble="it has no value")
            continue
        root = value.get("root_post")
        owner = _id(root.get("owner_id")) if isinstance(root, dict) else ""
        yield _Said(
            alone=alone,
            about=about,
            happened=_THREADS.get(_text(each, "field"), Happened.OTHER),
            accounts=(owner, _id(value.get("owner_id")), _id(body.get("target_id"))),
            ids=(_id(value.get("id")),),
        )


# --- X: the Activity API, one event in a body

_X: Final = {
    "post.mention.create": Happened.CAME,
    "post.quote.create": Happened.CAME,
    "post.reply.create": Happened.CAME,
    "dm.received": Happened.CAME,
    # post.create and post.delete tell of what the account itself did; a look at X costs money, and the rounds find it.
}


def _x(told: Any) -> Iterator[_Said]:
    data = _object(_object(told).get("data"))
    kind, chosen, payload = _text(data, "event_type"), data.get("filter"), data.get("payload")
    if not kind or not isinstance(payload, dict):
        raise Unclear("it has no event_type, or no payload")
    user = _id(chosen.get("user_id")) if isinstance(chosen, dict) else ""
    ids = tuple(_messages_on_x(payload)) if kind.startswith("dm.") else (_post_on_x(payload),)
    # The same post comes with other counts each time, and under another event_uuid.
    about = [kind, user, ids] if any(ids) else [kind, user, payload]
    yield _Said(alone=told, about=about, happened=_X.get(kind, Happened.OTHER), accounts=(user,), ids=ids)


def _post_on_x(payload: Mapping[str, Any]) -> str:
    """The id of its first version, by which a post is known."""
    versions = payload.get("edit_history_post_ids") or payload.get("edit_history_tweet_ids")
    numbered = [_id(each) for each in versions] if isinstance(versions, list) else []
    known = [each for each in (*numbered, _id(payload.get("id"))) if each]
    return min(known, key=lambda native_id: (len(native_id), native_id), default="")


def _messages_on_x(payload: Mapping[str, Any]) -> Iterator[str]:
    """Private messages as `conversation/message`; a conversation of two is called by both, the lower number first."""
    for each in _listed(payload, "direct_message_events"):
        created = each.get("message_create") if isinstance(each, dict) else None
        target = created.get("target") if isinstance(created, dict) else None
        if isinstance(created, dict) and isinstance(target, dict):
            two = sorted(
                (_id(created.get("sender_id")), _id(target.get("recipient_id"))), key=lambda one: (len(one), one)
            )
            yield f"{two[0]}-{two[1]}/{_id(each.get('id'))}" if all(two) and _id(each.get("id")) else ""


# --- LinkedIn: up to ten in a body

_LINKEDIN: Final = {
    "COMMENT": Happened.CAME,
    "SHARE_MENTION": Happened.CAME,
    "ADMIN_COMMENT": Happened.CAME,
    "COMMENT_EDIT": Happened.CHANGED,
    "COMMENT_DELETE": Happened.GONE,
}
_SHORT: Final = re.compile(r"^(urn:li:comment:\()(?!urn:)(\w+:)")
"""The notices write `urn:li:comment:(activity:1,2)` where everything else says `(urn:li:activity:1,2)`."""


def _linkedin(told: Any) -> Iterator[_Said]:
    body = _object(told)
    kind = _text(body, "type")
    for each in _list(body, "notifications"):
        alone = {"type": kind, "notifications": [each]}
        if not isinstance(each, dict):
            yield _Said(alone=alone, about=[kind, each], trouble="a notification is no object")
            continue
        whose, action, number = _text(each, "organizationalEntity"), _text(each, "action"), each.get("notificationId")
        urn = _id(each.get("generatedActivity"))
        yield _Said(
            alone=alone,
            about=[kind, whose, action, _id(number)] if _id(number) else [kind, each],
            happened=_LINKEDIN.get(action, Happened.OTHER),
            accounts=(_id(whose), _id(whose).rpartition(":")[2]),
            ids=(_SHORT.sub(r"\1urn:li:\2", urn),),
        )


# --- TikTok: one event in a body, as JSON inside JSON

_TIKTOK: Final = {
    "insert": Happened.CAME,
    "delete": Happened.GONE,
    "set_to_friends_only": Happened.CHANGED,
    "set_to_hidden": Happened.CHANGED,
    "set_to_public": Happened.CHANGED,
}


def _tiktok(told: Any) -> Iterator[_Said]:
    body = _object(told)
    kind, whose, content = _text(body, "event"), _id(body.get("user_openid")), _text(body, "content")
    if not kind:
        raise Unclear("it has no event")
    inside = _lossless(content) if content else {}
    happened, ids = Happened.OTHER, ("",)
    if kind == "comment.update":
        video, comment = (_id(_object(inside).get(name)) for name in ("video_id", "comment_id"))
        happened = _TIKTOK.get(_text(inside, "comment_action"), Happened.OTHER)
        ids = (f"{video}/{comment}" if video and comment else "",)
    yield _Said(alone=body, about=[kind, whose, inside], happened=happened, accounts=(whose,), ids=ids)


_SPOKEN: Final[Mapping[Platform, Callable[[Any], Iterator[_Said]]]] = {
    Platform.FACEBOOK: _meta,
    Platform.INSTAGRAM: _meta,
    Platform.THREADS: _threads,
    Platform.X: _x,
    Platform.LINKEDIN: _linkedin,
    Platform.TIKTOK: _tiktok,
}


# --- reading without trust


def _lossless(text: str | bytes) -> Any:
    """JSON in which no number loses a digit.

    Raises:
        ValueError, RecursionError: it is none that can be read.
    """
    return json.loads(text, parse_float=str, parse_constant=_no_number)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _canonical(part: Any) -> bytes:
    """The same bytes for the same JSON, whatever the order of its names."""
    return json.dumps(part, sort_keys=True, separators=(",", ":")).encode("ascii")


def _id(value: Any) -> str:
    """An id as text, or nothing where it is none that can be kept."""
    text = str(value) if type(value) is int else value if isinstance(value, str) else ""
    return text if fit_for_an_id(text) else ""


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _object(part: Any) -> Mapping[str, Any]:
    if not isinstance(part, dict):
        raise Unclear("a part of it is no object")
    return part


def _list(part: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = part.get(name)
    if not isinstance(value, list):
        raise Unclear(f"it has no list of {name}")
    return value


def _listed(part: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = part.get(name)
    return value if isinstance(value, list) else ()
