"""The conversation of a case, ours and theirs, in the order in which it was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation import routing
from moderation.policy import Policy
from store.comments import OwnReplyRow
from store.desk import CaseFile, Said, Written
from vocabulary import Finding, Presence, Question, ReplyState

GONE = frozenset({Presence.DELETED_BY_AUTHOR, Presence.DELETED_BY_US, Presence.UNAVAILABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing said: a comment of theirs, a reply of ours by way of Gwylio, or one made on the platform."""

    at: datetime
    said: Said | None = None
    written: Written | None = None
    native: OwnReplyRow | None = None
    flags: Sequence[Finding] = ()
    about_language: Finding | None = None

    @property
    def given_elsewhere(self) -> bool:
        """Whether this reply of ours was recorded here and never sent from here."""
        return (
            self.written is not None
            and self.written.reply.state is ReplyState.SENT
            and not any(part.attempts for part in self.written.parts)
        )

    @property
    def gone(self) -> bool:
        return self.said is not None and self.said.comment.presence in GONE


def of(file: CaseFile, policy: Policy) -> list[Turn]:
    """Every turn of the case, oldest first.  Replies that have not been sent stand where they were written."""
    turns = [
        *(_theirs(said, policy) for said in file.said),
        *(Turn(at=written.reply.sent_at or written.reply.created_at, written=written) for written in file.written),
        *(Turn(at=own.posted_at, native=own) for own in file.native_replies),
    ]
    return sorted(turns, key=lambda turn: turn.at)


def flags(seen: Sequence[Finding], policy: Policy) -> list[Finding]:
    """The labels that count under the policy, the surest first.  The language of a comment is not one of them."""
    return sorted(routing.counted(seen, policy), key=lambda finding: -finding.score)


def _theirs(said: Said, policy: Policy) -> Turn:
    return Turn(
        at=said.comment.posted_at,
        said=said,
        flags=flags(said.findings, policy),
        about_language=next((each for each in said.findings if each.about is Question.LANGUAGE), None),
    )
