"""What a member of staff writes down by hand: a comment from where nothing reads it for us.

Pure.  An entry is refused in words that stand beside the field they are about.  A name alone is
nobody in particular: it is kept with its comment and joined to no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from vocabulary import Author, Comment, Origin, Platform, Reason

LONGEST_ADDRESS = 2_000
LONGEST_LINE = 200
"""Characters of a person's name or id, as somebody types it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was typed.  `form` names the form it was typed in, so that sending that twice enters it once.

    `author_id` is how the platform knows the author, where it knows people at all; `text` is what they
    wrote, or what they said.
    """

    text: str
    posted_at: datetime
    author_name: str = ""
    author_id: str = ""
    url: str = ""
    form: str = ""


class Box(StrEnum):
    """The field that an objection is about."""

    TEXT = "text"
    POSTED_AT = "posted_at"
    AUTHOR_NAME = "author_name"
    AUTHOR_ID = "author_id"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that is wrong with an entry, as whoever typed it reads it."""

    box: Box
    why: Reason


def check(entry: Entry, platform: Platform | None, *, now: datetime) -> tuple[Objection, ...]:
    """Everything that is wrong; empty means that it may be kept.  `platform` is None while nobody has chosen one."""
    return tuple(_objections(entry, platform, now))


def as_comment(entry: Entry, account: str) -> Comment:
    """The comment, under an id of ours that is the same each time that the same form is sent."""
    said = {**asdict(entry), "account": account, "posted_at": entry.posted_at.isoformat()}
    raw = json.dumps(said, sort_keys=True).encode("ascii")
    native_id = f"manual:{hashlib.sha256(raw).hexdigest()[:40]}"
    known, name = _known(entry), entry.author_name.strip()
    return Comment(
        account=account,
        native_id=native_id,
        text=entry.text,
        posted_at=entry.posted_at,
        author=Author(known or native_id, name or known) if known or name else None,
        url=entry.url.strip(),
        origin=Origin.MANUAL,
        raw=raw,
    )


def _objections(entry: Entry, platform: Platform | None, now: datetime) -> Iterator[Objection]:
    if not entry.text.strip():
        yield Objection(Box.TEXT, Reason("enter what was written or said"))
    if entry.posted_at > now:
        yield Objection(Box.POSTED_AT, IN_THE_FUTURE)
    for box, line in ((Box.AUTHOR_NAME, entry.author_name), (Box.AUTHOR_ID, entry.author_id)):
        if len(line) > LONGEST_LINE or not line.strip().isprintable():
            yield Objection(box, Reason("keep it to one line of at most {n} characters", {"n": LONGEST_LINE}))
    if _known(entry) and platform is Platform.OTHER:
        yield Objection(Box.AUTHOR_ID, Reason("leave this empty: people have no user name there"))
    if entry.url.strip() and not _is_address(entry.url.strip()):
        yield Objection(Box.URL, Reason("enter a link that begins with https://, or leave this empty"))


IN_THE_FUTURE = Reason("this is in the future; enter when it was")


def _known(entry: Entry) -> str:
    """The author's id; the sign that people write before a user name is no part of it."""
    return entry.author_id.strip().lstrip("@").strip()


def _is_address(url: str) -> bool:
    """Whether it leads to a host over https, and hides neither spaces nor somebody's password."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https"
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and len(url) <= LONGEST_ADDRESS
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        return False
