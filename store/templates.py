"""Saved replies that communications keep from their own page, beside those of config/templates.toml.

One with the slug of a saved reply in the file stands in its place; retired, it takes that one away too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from vocabulary import ReplyKind


class TemplateRow(Base):
    """One pair, in Welsh and in English.  `version` is what a form says it saw."""

    __tablename__ = "reply_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column()
    kind: Mapped[ReplyKind]
    title_cy: Mapped[str]
    title_en: Mapped[str]
    text_cy: Mapped[str]
    text_en: Mapped[str]
    changed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __mapper_args__ = {  # noqa: RUF012 - as SQLAlchemy declares it
        "version_id_col": version
    }


def every(session: Session) -> Sequence[TemplateRow]:
    """All of them, the retired ones too, in the order of their slugs."""
    return session.scalars(select(TemplateRow).order_by(TemplateRow.slug)).all()


def by_slug(session: Session, slug: str) -> TemplateRow | None:
    """The one with this slug, locked for change."""
    return session.scalar(select(TemplateRow).where(TemplateRow.slug == slug).with_for_update())
