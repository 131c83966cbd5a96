"""Files kept as evidence beside a comment: a screenshot, a recording of a call, a letter.

The bytes are kept as they were given, with their SHA-256.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class EvidenceRow(Base):
    """One file.  `content` is loaded only when it is asked for."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("comment_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    kept_at: Mapped[datetime]
    kept_by: Mapped[str]
