"""Items of a platform's page, each read without trust: one that cannot be read does not spoil the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.base import Trouble
from vocabulary import Comment, OwnReply, Post


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
            sifted.add(read(item, raw))
        except Unreadable as trouble:
            sifted.troubles.append(Trouble(str(trouble), raw, native_id if isinstance(native_id, str) else ""))
    return sifted


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
    return at


def within(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`; empty where there is none."""
    value = item.get(name)
    if value is not None and not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object")
    return value or {}
