"""The saved replies that communications keep from a page: beside those of the file, or in their place.

Every change is an audit row, with the hash of each text and never the text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation import saved_replies
from moderation.record import Actor
from moderation.saved_replies import Pair, SavedReplies, SavedReply
from store import audit, templates
from store.database import Session
from store.templates import TemplateRow
from toml_file import Bilingual
from vocabulary import GwylioError


class UnknownTemplate(GwylioError):
    """No saved reply has that slug."""


class StaleTemplate(GwylioError):
    """A colleague changed the saved reply in the meantime; nothing was done."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One saved reply as communications see it.  `version` is 0 for one that only the file has."""

    reply: SavedReply
    in_file: bool
    version: int = 0
    changed_at: datetime | None = None
    retired: bool = False


def entries(session: Session, file: SavedReplies) -> tuple[Entry, ...]:
    """Every saved reply, the file's first and in its order; the retired ones too."""
    kept = {row.slug: row for row in templates.every(session)}
    of_file = {each.slug: each for each in file.replies}
    return (
        *(_of(kept[slug], in_file=True) if slug in kept else Entry(each, True) for slug, each in of_file.items()),
        *(_of(row, in_file=False) for slug, row in kept.items() if slug not in of_file),
    )


def offered(session: Session, file: SavedReplies) -> tuple[SavedReply, ...]:
    """The saved replies that an officer may choose from."""
    return tuple(each.reply for each in entries(session, file) if not each.retired)


def add(session: Session, file: SavedReplies, pair: Pair, *, actor: Actor, now: datetime) -> str:
    """A new saved reply, which passed `saved_replies.unfit`; its slug."""
    taken = {each.reply.slug for each in entries(session, file)}
    slug = saved_replies.slug_of(pair.title_en, taken)
    _write(session, TemplateRow(slug=slug), pair, "template.added", actor=actor, now=now)
    return slug


def change(
    session: Session, file: SavedReplies, slug: str, pair: Pair, *, actor: Actor, now: datetime, saw: int
) -> None:
    """Other words under the same slug; those of the file are left as they are, and stand no more.

    Raises:
        UnknownTemplate, StaleTemplate: as they say.
    """
    row = _seen(session, file, slug, saw=saw)
    _write(session, row or TemplateRow(slug=slug), pair, "template.changed", actor=actor, now=now)


def retire(
    session: Session, file: SavedReplies, slug: str, *, retired: bool, actor: Actor, now: datetime, saw: int
) -> None:
    """Take a saved reply from the officers' list, or put it back; its words are kept.

    Raises:
        UnknownTemplate, StaleTemplate: as they say.
    """
    row = _seen(session, file, slug, saw=saw)
    if row is None:
        [found] = [each for each in file.replies if each.slug == slug]
        row = TemplateRow(slug=slug)
        _fill(row, _pair(found))
        session.add(row)
    row.retired_at = now if retired else None
    row.changed_by, row.changed_at = _who(actor), now
    session.flush()
    _trail(session, row, "template.retired" if retired else "template.restored", {}, actor=actor, now=now)


def _seen(session: Session, file: SavedReplies, slug: str, *, saw: int) -> TemplateRow | None:
    row = templates.by_slug(session, slug)
    if row is None and file.get(slug) is None:
        raise UnknownTemplate(f"there is no saved reply {slug}")
    if (row.version if row is not None else 0) != saw:
        raise StaleTemplate(f"a colleague has changed the saved reply {slug}")
    return row


def _write(session: Session, row: TemplateRow, pair: Pair, action: str, *, actor: Actor, now: datetime) -> None:
    before = _hashes(row) if row.version else {}
    _fill(row, pair)
    row.changed_by, row.changed_at = _who(actor), now
    session.add(row)
    session.flush()
    _trail(session, row, action, before, actor=actor, now=now)


def _fill(row: TemplateRow, pair: Pair) -> None:
    row.kind = pair.kind
    for field in _TEXTS:
        setattr(row, field, getattr(pair, field).strip())


def _trail(
    session: Session, row: TemplateRow, action: str, before: dict[str, Any], *, actor: Actor, now: datetime
) -> None:
    after = {"version": row.version, "kind": row.kind.value, **_hashes(row)}
    audit.append(
        session, actor=actor.name, action=action, subject=f"template:{row.slug}", now=now, before=before, after=after
    )


def _hashes(row: TemplateRow) -> dict[str, str]:
    return {field: hashlib.sha256(getattr(row, field).encode()).hexdigest() for field in _TEXTS}


def _pair(reply: SavedReply) -> Pair:
    return Pair(kind=reply.kind, title_cy=reply.title.cy, title_en=reply.title.en, text_cy=reply.cy, text_en=reply.en)


def _of(row: TemplateRow, *, in_file: bool) -> Entry:
    reply = SavedReply(
        slug=row.slug,
        kind=row.kind,
        title=Bilingual(cy=row.title_cy, en=row.title_en),
        cy=row.text_cy,
        en=row.text_en,
    )
    return Entry(reply, in_file, row.version, row.changed_at, row.retired_at is not None)


def _who(actor: Actor) -> int:
    if actor.user_id is None:
        raise UnknownTemplate("the system keeps no saved replies of its own")
    return actor.user_id


_TEXTS = ("title_cy", "title_en", "text_cy", "text_en")
