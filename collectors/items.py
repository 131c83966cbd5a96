"""Items of a platform's page, each read without trust: one that cannot be read does not spoil the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from collectors.base import Trouble
from vocabulary import Comment, OwnReply, Post

LONGEST_ID: Final = 500
"""Characters; no platform's ids come near, and a database may index no longer ones."""
YEARS: Final = range(1970, 2200)
"""When somebody may have written; a date outside of them is nonsense, and working days are not counted from it."""
TICKS: Final = re.compile(r"[0-9]{1,15}")


class Unreadable(Exception):
    """One item is not what the platform promises; the text says what is wrong and quotes nothing."""


@dataclass(slots=True)
class Sifted:
    """A page's items, told apart."""

    comments: list[Comment] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    ours: list[OwnReply] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    def add(self, item: Comment | Post | OwnReply | None) -> None:
        if isinstance(item, Comment):
            self.comments.append(item)
        elif isinstance(item, Post):
            self.posts.append(item)
        elif isinstance(item, OwnReply):
            self.ours.append(item)


def sift(items: Iterable[Any], read: Callable[[Mapping[str, Any], bytes], Comment | Post | OwnReply | None]) -> Sifted:
    """Read each item with `read`, which answers None for one that is not for us."""
    sifted = Sifted()
    for item in items:
        raw = as_bytes(item)
        native_id = item.get("id", "") if isinstance(item, dict) else ""
        try:
            if not isinstance(item, dict):
                raise Unreadable("the item is not a JSON object")
            said_there = read(item, raw)
            if said_there is not None:
                sifted.add(with_fit_ids(said_there))
        except Unreadable as trouble:
            known = isinstance(native_id, str) and fit_for_an_id(native_id)
            sifted.troubles.append(Trouble(str(trouble), raw, native_id if known else ""))
    return sifted


def fit_for_an_id(text: str) -> bool:
    """Whether every database keeps this as it is: no control characters, no half of a surrogate pair, no book."""
    return len(text) <= LONGEST_ID and text.isprintable()


def with_fit_ids(item: Comment | Post | OwnReply) -> Comment | Post | OwnReply:
    """The item, where each of its ids is one that can be kept.

    Raises:
        Unreadable: one of them is not.
    """
    author = item.author.native_id if isinstance(item, Comment) and item.author else ""
    above = () if isinstance(item, Post) else (item.thread, item.in_reply_to)
    if not all(fit_for_an_id(each) for each in (item.native_id, author, *above)):
        raise Unreadable("an id is too long, or holds characters that no id has")
    return item


def as_bytes(item: Any) -> bytes:
    """The item as ASCII JSON, so that even a lone surrogate is kept as it came."""
    return json.dumps(item, separators=(",", ":")).encode("ascii")


def said(item: Mapping[str, Any], name: str) -> str:
    """The text under `name`, which must be there and not be empty."""
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing or not a text")
    return value


def perhaps(item: Mapping[str, Any], name: str) -> str:
    """The text under `name`, or nothing."""
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{name} is not a text")
    return value or ""


def moment(item: Mapping[str, Any], name: str) -> datetime:
    """The time under `name`, with its zone."""
    try:
        at = datetime.fromisoformat(said(item, name))
    except ValueError:
        raise Unreadable(f"{name} is not a time") from None
    if at.tzinfo is None:
        raise Unreadable(f"{name} has no time zone")
    if at.year not in YEARS:
        raise Unreadable(f"{name} is not a time at which somebody can have written")
    return at.astimezone(UTC)


def since_1970(item: Mapping[str, Any], name: str, *, in_a_second: int = 1) -> datetime:
    """The time under `name`, counted from 1970 in seconds or in so many parts of one: a whole number, or its digits."""
    value = item.get(name)
    if isinstance(value, str) and TICKS.fullmatch(value):
        value = int(value)
    if type(value) is not int or value < 0:
        raise Unreadable(f"{name} is missing or not a time")
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value * 1_000_000 // in_a_second)
    except OverflowError:
        at = datetime.max.replace(tzinfo=UTC)
    if at.year not in YEARS:
        raise Unreadable(f"{name} is not a time at which somebody can have written")
    return at


def within(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`; empty where there is none."""
    value = item.get(name)
    if value is not None and not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object")
    return value or {}
