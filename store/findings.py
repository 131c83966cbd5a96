"""What classifiers saw, and what a person said instead.

A re-run replaces findings; a correction stands until a person changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, UniqueConstraint, and_, bindparam, delete, exists, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base
from store.cases import CaseRow
from store.comments import CommentRow, as_said
from vocabulary import Comment, Finding, Label, Question, Reason


class FindingRow(Base):
    """One finding about one revision of one comment."""

    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    revision: Mapped[int]
    about: Mapped[str]
    says: Mapped[str]
    score: Mapped[float]
    unsure: Mapped[bool]
    why: Mapped[list[Any]]
    classifier: Mapped[str]
    at: Mapped[datetime]


class CorrectionRow(Base):
    """A person's word on a comment: `says` is a language, or `yes` or `no` for a label."""

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("comment_id", "about"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    about: Mapped[str]
    says: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    at: Mapped[datetime]


def replace(session: Session, comment_id: int, revision: int, findings: Iterable[Finding], *, now: datetime) -> None:
    """The findings of the newest reading stand in place of those before."""
    session.execute(delete(FindingRow).where(FindingRow.comment_id == comment_id))
    rows = [
        {
            "comment_id": comment_id,
            "revision": revision,
            "about": str(finding.about),
            "says": finding.says,
            "score": finding.score,
            "unsure": finding.unsure,
            "why": [[reason.text, dict(reason.values)] for reason in finding.why],
            "classifier": finding.classifier,
            "at": now,
        }
        for finding in findings
    ]
    if rows:
        session.execute(insert(FindingRow), rows)


_CORRECTIONS = select(CorrectionRow).where(CorrectionRow.comment_id.in_(bindparam("ids", expanding=True)))
_FINDINGS = (
    select(FindingRow)
    .where(FindingRow.comment_id.in_(bindparam("ids", expanding=True)))
    .order_by(FindingRow.comment_id, FindingRow.id)
)


def of_comments(session: Session, ids: Sequence[int]) -> Mapping[int, list[Finding]]:
    """The findings of these comments, with a person's corrections applied."""
    found: dict[int, list[Finding]] = {comment_id: [] for comment_id in ids}
    corrected = {(row.comment_id, row.about): row for row in session.scalars(_CORRECTIONS, {"ids": ids})}
    for row in session.scalars(_FINDINGS, {"ids": ids}):
        if (row.comment_id, row.about) not in corrected:
            found[row.comment_id].append(_as_finding(row))
    for (comment_id, _), correction in corrected.items():
        found[comment_id].append(_as_corrected(correction))
    return found


def labels_of_cases(session: Session, case_ids: Sequence[int]) -> Mapping[int, Mapping[Label, float]]:
    """By case, the highest score of each label over its comments, corrections applied."""
    said_otherwise = exists().where(
        CorrectionRow.comment_id == FindingRow.comment_id, CorrectionRow.about == FindingRow.about
    )
    seen = session.execute(
        select(CommentRow.case_id, FindingRow.about, func.max(FindingRow.score))
        .join(FindingRow, FindingRow.comment_id == CommentRow.id)
        .where(CommentRow.case_id.in_(case_ids), FindingRow.about.not_in(_NOT_LABELS), ~said_otherwise)
        .group_by(CommentRow.case_id, FindingRow.about)
    )
    corrected = session.execute(
        select(CommentRow.case_id, CorrectionRow.about, CorrectionRow.says)
        .join(CorrectionRow, CorrectionRow.comment_id == CommentRow.id)
        .where(CommentRow.case_id.in_(case_ids), CorrectionRow.about.not_in(_NOT_LABELS))
    )
    scores: dict[int, dict[Label, float]] = {}
    said = ((case_id, about, 0.0 if says == "no" else 1.0) for case_id, about, says in corrected)
    for case_id, about, score in (*seen, *said):
        if case_id is not None:
            best = scores.setdefault(case_id, {})
            best[Label(about)] = max(best.get(Label(about), 0.0), score)
    return scores


@dataclass(frozen=True, slots=True)
class CorrectedComment:
    """A comment that a person corrected, with its newest words; `said` is what they said, by what it is about."""

    comment: Comment
    language: str
    said: Mapping[str, str]


def corrected_comments(session: Session) -> list[CorrectedComment]:
    """Every comment with a correction, in the order of their ids."""
    said: dict[int, dict[str, str]] = {}
    for row in session.scalars(select(CorrectionRow).order_by(CorrectionRow.comment_id)):
        said.setdefault(row.comment_id, {})[row.about] = row.says
    words = as_said(session, list(said))
    found = session.execute(select(CommentRow.id, CommentRow.language).where(CommentRow.id.in_(said)))
    languages = {row.id: row.language for row in found}
    return [CorrectedComment(words[each], languages[each], about) for each, about in said.items()]


class Scored(NamedTuple):
    """A comment of a case, its highest score about something, and what a person said instead ("" for nobody)."""

    reference: str
    language: str
    score: float
    corrected: str


def scored(session: Session, about: Label | Question, *, since: datetime) -> list[Scored]:
    """Every comment of a case that was posted `since` then and has a finding about it, oldest first."""
    found = session.execute(
        select(CaseRow.reference, CommentRow.language, func.max(FindingRow.score), func.max(CorrectionRow.says))
        .select_from(FindingRow)
        .join(CommentRow, CommentRow.id == FindingRow.comment_id)
        .join(CaseRow, CaseRow.id == CommentRow.case_id)
        .outerjoin(
            CorrectionRow,
            and_(CorrectionRow.comment_id == CommentRow.id, CorrectionRow.about == FindingRow.about),
        )
        .where(FindingRow.about == str(about), CommentRow.posted_at >= since)
        .group_by(CommentRow.id, CaseRow.reference, CommentRow.language)
        .order_by(CommentRow.id)
    )
    return [Scored(reference, language, score, says or "") for reference, language, score, says in found]


def correct(
    session: Session, comment_id: int, about: Label | Question, says: str, *, user_id: int, reason: str, now: datetime
) -> None:
    """Record a person's word; it takes the place of their or a colleague's earlier one."""
    row = session.scalar(
        select(CorrectionRow).where(CorrectionRow.comment_id == comment_id, CorrectionRow.about == str(about))
    )
    if row is None:
        session.add(
            CorrectionRow(comment_id=comment_id, about=str(about), says=says, user_id=user_id, reason=reason, at=now)
        )
    else:
        row.says, row.user_id, row.reason, row.at = says, user_id, reason, now


_QUESTIONS = frozenset(Question)
_NOT_LABELS = [each.value for each in Question]


def _about(value: str) -> Label | Question:
    return Question(value) if value in _QUESTIONS else Label(value)


def _as_finding(row: FindingRow) -> Finding:
    return Finding(
        about=_about(row.about),
        score=row.score,
        why=tuple(Reason(text, values) for text, values in row.why),
        classifier=row.classifier,
        says=row.says,
        unsure=row.unsure,
    )


def _as_corrected(row: CorrectionRow) -> Finding:
    return Finding(
        about=_about(row.about),
        score=0.0 if row.says == "no" else 1.0,
        why=(Reason("corrected by a person"),),
        classifier="person",
        says="" if row.says in {"yes", "no"} else row.says,
    )
