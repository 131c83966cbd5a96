"""How somebody likes their pages: read with their session, in the same query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base


class PreferencesRow(Base):
    """What somebody has chosen; whoever has chosen nothing has no row."""

    __tablename__ = "preferences"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    language: Mapped[str]
    shortcuts: Mapped[bool]
    live: Mapped[bool]
    blurred: Mapped[bool]
    keys: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the pages go by.  `language`: where to after signing in, empty for that of the sign-in page.

    `shortcuts`, `live`: single keys, and pages that tell what has moved.  `blurred`: flagged words are shown on request
    only.  `keys` are the keys chosen in place of our own, by act.
    """

    language: str = ""
    shortcuts: bool = True
    live: bool = True
    blurred: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)


def of(row: PreferencesRow | None) -> Preferences:
    """The choices of a row, or what everybody has who chose nothing."""
    if row is None:
        return Preferences()
    return Preferences(
        language=row.language, shortcuts=row.shortcuts, live=row.live, blurred=row.blurred, keys=dict(row.keys)
    )


def keep(session: Session, user_id: int, chosen: Preferences) -> None:
    """Somebody's choices in place of those before."""
    session.merge(
        PreferencesRow(
            user_id=user_id,
            language=chosen.language,
            shortcuts=chosen.shortcuts,
            live=chosen.live,
            blurred=chosen.blurred,
            keys=dict(chosen.keys),
        )
    )
