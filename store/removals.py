"""Removals of comments: who asked, by which rule, who agreed, what was done on the platform, and what became of it.

What a comment was is kept as a file of evidence beside it, before anything is hidden
(`record_of`).  Only `moderation.removals` writes `state`.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, exists, func, select, true
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from store import evidence
from store.accounts import AccountRow
from store.base import Base
from store.cases import CaseRow
from store.comments import AuthorRow, CommentRow, RevisionRow
from store.evidence import Evidence, EvidenceRow
from store.people import UserRow
from vocabulary import Finding, NotDone, Platform, Presence, RemovalKind, RemovalState, Role, Severity

LONGEST_RAW = 5_000_000
"""Bytes of a platform's own records that go into one file of evidence; beyond it their SHA-256 does."""


class RemovalRow(Base):
    """One wish to take a comment down, and its life.

    `owed` is what is still to be done on the platform: `hide`, `unhide`, `delete`, or nothing.  `not_done` is why it
    was not done when it was last tried.  `needed` are those who must agree, as the policy said when it was asked for.
    `words`, `exception` are the asker's own; `cautions` what they were told and asked all the same.
    """

    __tablename__ = "removal"
    __table_args__ = (Index("ix_removal_state_id", "state", "id"), Index("ix_removal_owed", "owed"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    state: Mapped[RemovalState]
    version: Mapped[int] = mapped_column()
    kind: Mapped[RemovalKind]
    rule: Mapped[str]
    severity: Mapped[Severity]
    words: Mapped[str]
    cautions: Mapped[list[Any]]
    exception: Mapped[str] = mapped_column(default="")
    needed: Mapped[list[Any]]
    policy_version: Mapped[str]
    owed: Mapped[str] = mapped_column(default="")
    tried: Mapped[bool] = mapped_column(default=False)
    not_done: Mapped[NotDone | None]
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    __mapper_args__ = {  # noqa: RUF012 - as SQLAlchemy declares it
        "version_id_col": version
    }


class ApprovalRow(Base):
    """Somebody agreed, or did not, in one of the roles that were needed; nobody in two."""

    __tablename__ = "removal_approval"
    __table_args__ = (UniqueConstraint("removal_id", "role"), UniqueConstraint("removal_id", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    removal_id: Mapped[int] = mapped_column(ForeignKey("removal.id"))
    role: Mapped[Role]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    agreed: Mapped[bool]
    words: Mapped[str]
    at: Mapped[datetime]


class AppealRow(Base):
    """What the author said against a removal, and what was decided; one appeal for each removal.

    `words` are the author's, as whoever recorded it put them down.
    """

    __tablename__ = "removal_appeal"

    removal_id: Mapped[int] = mapped_column(ForeignKey("removal.id"), primary_key=True, autoincrement=False)
    came_at: Mapped[datetime]
    words: Mapped[str]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    due: Mapped[date]
    upheld: Mapped[bool | None]
    reasons: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]


class RemovalEventRow(Base):
    """Something that happened to a removal.  `words` are a colleague's own; `detail` holds ids, codes and dates."""

    __tablename__ = "removal_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    removal_id: Mapped[int] = mapped_column(ForeignKey("removal.id"), index=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    what: Mapped[str]
    from_state: Mapped[RemovalState]
    to_state: Mapped[RemovalState]
    words: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Approved:
    """One approval and the name of whoever gave it."""

    approval: ApprovalRow
    who: str


@dataclass(frozen=True, slots=True)
class Took:
    """One event and the name of whoever did it; empty for the system."""

    event: RemovalEventRow
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalFile:
    """One removal with all that belongs to it; lists are oldest first."""

    removal: RemovalRow
    case: CaseRow
    account: AccountRow
    comment: CommentRow
    author: str
    revisions: tuple[RevisionRow, ...]
    asked_by: str
    approvals: tuple[Approved, ...]
    appeal: AppealRow | None
    history: tuple[Took, ...]


@dataclass(frozen=True, slots=True)
class RemovalLine:
    """One removal in a list."""

    removal: RemovalRow
    reference: str
    service_area: str
    platform: Platform
    account: str
    asked_by: str
    appeal_due: date | None
    agreed: tuple[Role, ...]


class Undecided(NamedTuple):
    """A comment that was hidden before those who must agree had agreed, and since when."""

    removal_id: int
    case_id: int
    hidden_at: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a comment has come, by what we hold: answers to it, and people who wrote in its thread."""

    answers: int
    people: int


def of_comments(session: Session, ids: Sequence[int]) -> Mapping[int, RemovalRow]:
    """By comment, its latest removal; a comment without any is left out."""
    rows = session.scalars(select(RemovalRow).where(RemovalRow.comment_id.in_(ids)).order_by(RemovalRow.id))
    return {row.comment_id: row for row in rows}


def of_case(session: Session, case_id: int) -> Sequence[tuple[RemovalRow, datetime]]:
    """Every removal of a case, oldest first, and when its state last moved."""
    moved = (
        select(RemovalEventRow.removal_id, func.max(RemovalEventRow.at).label("at"))
        .where(RemovalEventRow.from_state != RemovalEventRow.to_state)
        .group_by(RemovalEventRow.removal_id)
        .subquery()
    )
    rows = session.execute(
        select(RemovalRow, func.coalesce(moved.c.at, RemovalRow.asked_at))
        .outerjoin(moved, moved.c.removal_id == RemovalRow.id)
        .where(RemovalRow.case_id == case_id)
        .order_by(RemovalRow.id)
    )
    return [(removal, at) for removal, at in rows]


def undecided(session: Session, case_ids: Sequence[int] | None = None) -> Sequence[Undecided]:
    """The comments that were hidden first and are not decided about yet, oldest first; of these cases, or of all."""
    wanted = true() if case_ids is None else RemovalRow.case_id.in_(case_ids)
    rows = session.execute(
        select(RemovalRow.id, RemovalRow.case_id, func.max(RemovalEventRow.at))
        .join(RemovalEventRow, RemovalEventRow.removal_id == RemovalRow.id)
        .where(
            RemovalRow.state == RemovalState.HIDDEN,
            RemovalEventRow.to_state == RemovalState.HIDDEN,
            RemovalEventRow.from_state != RemovalState.HIDDEN,
            wanted,
        )
        .group_by(RemovalRow.id, RemovalRow.case_id)
        .order_by(RemovalRow.id)
    )
    return [Undecided(*row) for row in rows]


def case_of(session: Session, removal_id: int) -> int | None:
    """The case that a removal belongs to."""
    return session.scalar(select(RemovalRow.case_id).where(RemovalRow.id == removal_id))


def approvals(session: Session, removal_id: int) -> Sequence[ApprovalRow]:
    """Who has said yes or no so far, in that order."""
    return session.scalars(
        select(ApprovalRow).where(ApprovalRow.removal_id == removal_id).order_by(ApprovalRow.id)
    ).all()


def file_of(session: Session, removal_id: int) -> RemovalFile | None:
    """One removal with all that belongs to it, or None where there is no such removal."""
    removal = session.get(RemovalRow, removal_id)
    if removal is None:
        return None
    comment = session.get_one(CommentRow, removal.comment_id)
    author = session.get(AuthorRow, comment.author_id) if comment.author_id is not None else None
    revisions = session.scalars(
        select(RevisionRow).where(RevisionRow.comment_id == comment.id).order_by(RevisionRow.number)
    ).all()
    given = session.execute(
        select(ApprovalRow, UserRow.full_name)
        .join(UserRow, UserRow.id == ApprovalRow.user_id)
        .where(ApprovalRow.removal_id == removal_id)
        .order_by(ApprovalRow.id)
    )
    events = session.execute(
        select(RemovalEventRow, UserRow.full_name)
        .outerjoin(UserRow, UserRow.id == RemovalEventRow.user_id)
        .where(RemovalEventRow.removal_id == removal_id)
        .order_by(RemovalEventRow.id)
    )
    return RemovalFile(
        removal=removal,
        case=session.get_one(CaseRow, removal.case_id),
        account=session.get_one(AccountRow, comment.account_id),
        comment=comment,
        author=author.name if author else "",
        revisions=tuple(revisions),
        asked_by=session.get_one(UserRow, removal.asked_by).full_name,
        approvals=tuple(Approved(*row) for row in given),
        appeal=session.get(AppealRow, removal_id),
        history=tuple(Took(event, name or "") for event, name in events),
    )


def awaiting(
    session: Session, states: Sequence[RemovalState], areas: frozenset[str] | None, *, role: Role | None = None
) -> Sequence[RemovalLine]:
    """Removals in these states, oldest first, in the areas that the reader may see.

    With a role, those only that still need somebody in that role to say yes or no.
    """
    wanted: list[ColumnElement[bool]] = [RemovalRow.state.in_(states)]
    if role is not None:
        said = exists().where(ApprovalRow.removal_id == RemovalRow.id, ApprovalRow.role == role)
        wanted.append(~said)
    lines = _lines(session, and_(*wanted), areas)
    return [line for line in lines if role is None or role.value in line.removal.needed]


def owed(session: Session, areas: frozenset[str] | None) -> Sequence[RemovalLine]:
    """Removals of which something is still to be done on the platform, oldest first."""
    return _lines(session, RemovalRow.owed != "", areas)


def untold(session: Session, areas: frozenset[str] | None) -> Sequence[RemovalLine]:
    """Removals that everybody agreed to and whose author has not been told why, oldest first."""
    agreed = [RemovalState.APPROVED, RemovalState.REMOVED]
    return _lines(session, and_(RemovalRow.state.in_(agreed), RemovalRow.told_at.is_(None)), areas)


def on_view_again(session: Session, areas: frozenset[str] | None) -> Sequence[RemovalLine]:
    """Removals whose comment can be seen all the same: somebody showed it on the platform itself."""
    down = [RemovalState.HIDDEN, RemovalState.REMOVED, RemovalState.APPEALED, RemovalState.UPHELD]
    seen = exists().where(
        CommentRow.id == RemovalRow.comment_id, CommentRow.presence.in_([Presence.PRESENT, Presence.EDITED])
    )
    return _lines(session, and_(RemovalRow.state.in_(down), RemovalRow.owed == "", seen), areas)


def reach(session: Session, comments: Sequence[CommentRow]) -> Mapping[int, Reach]:
    """How far these comments of one account have come, by what we hold of their threads."""
    if not comments:
        return {}
    here = CommentRow.account_id == comments[0].account_id
    answers = dict(
        session.execute(
            select(CommentRow.in_reply_to, func.count())
            .where(here, CommentRow.in_reply_to.in_([each.native_id for each in comments]))
            .group_by(CommentRow.in_reply_to)
        ).all()
    )
    people = dict(
        session.execute(
            select(CommentRow.thread, func.count(CommentRow.author_id.distinct()))
            .where(here, CommentRow.thread.in_({each.thread for each in comments}))
            .group_by(CommentRow.thread)
        ).all()
    )
    return {each.id: Reach(answers.get(each.native_id, 0), people.get(each.thread, 0)) for each in comments}


def record_of(
    session: Session, comment: CommentRow, reference: str, seen: Sequence[Finding], asked: Mapping[str, Any]
) -> Evidence:
    """All that we hold of a comment, as one file of evidence: its words in every wording, author, time, link, files.

    `asked` is who asked for what, by which rule and why.  The platform's own record goes along as it came.
    """
    account = session.get_one(AccountRow, comment.account_id)
    author = session.get(AuthorRow, comment.author_id) if comment.author_id is not None else None
    revisions = session.scalars(
        select(RevisionRow).where(RevisionRow.comment_id == comment.id).order_by(RevisionRow.number)
    ).all()
    whole = sum(len(row.raw) for row in revisions) <= LONGEST_RAW
    files = session.execute(
        select(EvidenceRow.id, EvidenceRow.name, EvidenceRow.media_type, EvidenceRow.sha256, EvidenceRow.kept_at)
        .where(EvidenceRow.comment_id == comment.id)
        .order_by(EvidenceRow.id)
    )
    said = {
        "case": reference,
        "asked": dict(asked),
        "comment": {
            "id": comment.id,
            "platform": account.platform.value,
            "account": account.slug,
            "account_native_id": account.native_id,
            "native_id": comment.native_id,
            "thread": comment.thread,
            "in_reply_to": comment.in_reply_to,
            "link": comment.url,
            "posted_at": comment.posted_at.isoformat(),
            "first_seen": comment.first_seen.isoformat(),
            "last_seen": comment.last_seen.isoformat(),
            "presence": comment.presence.value,
            "language": comment.language,
        },
        "author": {"native_id": author.native_id, "name": author.name} if author else None,
        "wordings": [_wording(row, whole=whole) for row in revisions],
        "files": [
            {
                "id": row.id,
                "name": row.name,
                "type": row.media_type,
                "sha256": row.sha256,
                "at": row.kept_at.isoformat(),
            }
            for row in files
        ],
        "seen": [
            {"about": str(each.about), "score": round(each.score, 4), "says": each.says, "by": each.classifier}
            for each in seen
        ],
    }
    return _as_file(f"{reference} {comment.id}.txt", said)


def agreement_of(session: Session, removal: RemovalRow, reference: str) -> Evidence:
    """Who asked and who agreed, as a file of evidence that names the first by its SHA-256."""
    first = session.scalar(select(EvidenceRow.sha256).where(EvidenceRow.id == removal.evidence_id))
    given = session.execute(
        select(ApprovalRow, UserRow.username)
        .join(UserRow, UserRow.id == ApprovalRow.user_id)
        .where(ApprovalRow.removal_id == removal.id)
        .order_by(ApprovalRow.id)
    )
    said = {
        "case": reference,
        "removal": removal.id,
        "evidence_sha256": first,
        "rule": removal.rule,
        "kind": removal.kind.value,
        "policy": removal.policy_version,
        "asked": {
            "by": session.scalar(select(UserRow.username).where(UserRow.id == removal.asked_by)),
            "at": removal.asked_at.isoformat(),
        },
        "agreed": [{"by": who, "as": row.role.value, "at": row.at.isoformat(), "why": row.words} for row, who in given],
    }
    return _as_file(f"{reference} {removal.comment_id} agreed.txt", said)


def _as_file(name: str, said: Mapping[str, Any]) -> Evidence:
    text = json.dumps(said, ensure_ascii=False, indent=2).replace("\x7f", "\\u007f")
    content = text.encode("utf-8", "backslashreplace") + b"\n"
    return evidence.look_at(name, BytesIO(content), lambda: content)


def _wording(row: RevisionRow, *, whole: bool) -> dict[str, Any]:
    return {
        "number": row.number,
        "text": row.text,
        "sha256": row.sha256,
        "seen_at": row.seen_at.isoformat(),
        "edited_at": row.edited_at.isoformat() if row.edited_at else None,
        "platform_record_sha256": hashlib.sha256(row.raw).hexdigest(),
        "platform_record_base64": b64encode(row.raw).decode("ascii") if whole else None,
    }


_Asker = aliased(UserRow)


def _lines(session: Session, wanted: ColumnElement[bool], areas: frozenset[str] | None) -> list[RemovalLine]:
    rows = session.execute(
        select(
            RemovalRow,
            CaseRow.reference,
            CaseRow.service_area,
            AccountRow.platform,
            AccountRow.display_name,
            _Asker.full_name,
            AppealRow.due,
        )
        .join(CaseRow, CaseRow.id == RemovalRow.case_id)
        .join(AccountRow, AccountRow.id == CaseRow.account_id)
        .join(_Asker, _Asker.id == RemovalRow.asked_by)
        .outerjoin(AppealRow, AppealRow.removal_id == RemovalRow.id)
        .where(wanted, true() if areas is None else CaseRow.service_area.in_(areas))
        .order_by(RemovalRow.id)
    ).all()
    agreed: dict[int, list[Role]] = {}
    for removal_id, role in session.execute(
        select(ApprovalRow.removal_id, ApprovalRow.role)
        .where(ApprovalRow.removal_id.in_([row[0].id for row in rows]), ApprovalRow.agreed)
        .order_by(ApprovalRow.id)
    ):
        agreed.setdefault(removal_id, []).append(role)
    return [RemovalLine(*row, agreed=tuple(agreed.get(row[0].id, ()))) for row in rows]
