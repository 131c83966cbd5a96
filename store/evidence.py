"""Files kept as evidence beside a comment: a screenshot, a recording of a call, a letter.

The bytes are kept as they were given, with their SHA-256, and are handed out only if they still
agree with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store import audit
from store.base import Base
from store.comments import CommentRow
from store.file_kinds import CHUNK, fit_name, kind_of
from store.people import UserRow
from vocabulary import GwylioError

MOST = 10
"""Files with one comment, in one go."""
LARGEST = 20 * 1024 * 1024
"""Bytes of one file."""


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


class Unfit(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    OTHER_KIND = "other_kind"


class UnfitFile(GwylioError):
    """A file that is not taken as evidence.  The message does not say its name, which may be anybody's."""

    def __init__(self, why: Unfit) -> None:
        self.why = why
        super().__init__(_WHY[why])


class EvidenceChanged(GwylioError):
    """The bytes are no longer those that were looked at, or that were kept."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that was looked at and may be kept.  `read` gives its bytes, so that ten are never in memory at once."""

    name: str
    media_type: str
    size: int
    sha256: str
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """One file as the case page lists it; `by` is a full name, or what the trail calls whoever has none."""

    id: int
    name: str
    size: int
    sha256: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One file to be handed out."""

    name: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)


def look_at(name: str, file: BinaryIO, read: Callable[[], bytes]) -> Evidence:
    """See what a file is, how large and what its SHA-256, a piece at a time.

    Raises:
        UnfitFile: it is empty, too large, or of a kind that is not taken.
    """
    size = file.seek(0, 2)
    if not size:
        raise UnfitFile(Unfit.EMPTY)
    if size > LARGEST:
        raise UnfitFile(Unfit.TOO_LARGE)
    kind = kind_of(file)
    if kind is None:
        raise UnfitFile(Unfit.OTHER_KIND)
    hashed = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK):
        hashed.update(chunk)
    return Evidence(fit_name(name, kind), kind.media_type, size, hashed.hexdigest(), read)


def keep(session: Session, comment_id: int, files: Iterable[Evidence], *, by: str, now: datetime) -> list[int]:
    """Keep files beside a comment, each once, with a row in the trail; the ids of those that are new.

    Raises:
        EvidenceChanged: a file is no longer the one that was looked at.
    """
    known = set(session.scalars(select(EvidenceRow.sha256).where(EvidenceRow.comment_id == comment_id)))
    added: list[int] = []
    for file in files:
        if file.sha256 in known:
            continue
        content = file.read()
        _check(content, file.sha256)
        row = {
            "comment_id": comment_id,
            "name": file.name,
            "media_type": file.media_type,
            "size": file.size,
            "sha256": file.sha256,
            "content": content,
            "kept_at": now,
            "kept_by": by,
        }
        evidence_id = session.scalars(insert(EvidenceRow).values(row).returning(EvidenceRow.id)).one()
        audit.append(
            session,
            actor=by,
            action="evidence.kept",
            subject=f"evidence:{evidence_id}",
            now=now,
            after={"comment": comment_id, "sha256": file.sha256, "size": file.size},
        )
        known.add(file.sha256)
        added.append(evidence_id)
    return added


def of_comments(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[Kept]]:
    """By comment, the files kept beside it, in the order in which they came; a comment without any is left out."""
    found: dict[int, list[Kept]] = {}
    rows = session.execute(
        select(EvidenceRow, UserRow.full_name)
        .outerjoin(UserRow, UserRow.username == EvidenceRow.kept_by)
        .where(EvidenceRow.comment_id.in_(ids))
        .order_by(EvidenceRow.id)
    )
    for row, full_name in rows:
        kept = Kept(row.id, row.name, row.size, row.sha256, row.kept_at, full_name or row.kept_by)
        found.setdefault(row.comment_id, []).append(kept)
    return found


def case_of(session: Session, evidence_id: int) -> int | None:
    """The case of the comment that a file is kept beside, if there is one."""
    return session.scalar(
        select(CommentRow.case_id)
        .join(EvidenceRow, EvidenceRow.comment_id == CommentRow.id)
        .where(EvidenceRow.id == evidence_id)
    )


def copy_of(session: Session, evidence_id: int) -> Copy:
    """A copy of a file that is there.

    Raises:
        EvidenceChanged: its bytes are not those that were kept.
    """
    row = session.get_one(EvidenceRow, evidence_id)
    content = session.scalars(select(EvidenceRow.content).where(EvidenceRow.id == evidence_id)).one()
    _check(content, row.sha256)
    return Copy(row.name, row.media_type, row.sha256, content)


_WHY = {
    Unfit.EMPTY: "is empty",
    Unfit.TOO_LARGE: f"is larger than {LARGEST // 1024 // 1024} MB",
    Unfit.OTHER_KIND: "is none of PNG, JPEG, GIF, WebP, PDF, MP3, MP4, M4A, WAV, text (UTF-8) and e-mail (.eml)",
}


def _check(content: bytes, sha256: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise EvidenceChanged("a file of evidence does not have the SHA-256 under which it is kept")
