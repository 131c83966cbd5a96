"""What officers do with a queue besides answering: claim, put off, mention a colleague, act on several at once.

A claim warns and locks nothing: what keeps two officers apart is the version that each saw.  Putting off
never passes the deadline.  Whatever was done to several cases at once can be undone at once, where nobody
has touched them since.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from moderation import queue
from moderation.deadlines import london_date
from moderation.policy import Policy
from moderation.record import Actor, write_down
from store import audit
from store.cases import CaseRow
from store.database import Session
from store.triage import BulkRow, ClaimRow
from vocabulary import Act, GwylioError, Note, Reason, State

CLAIM = timedelta(minutes=15)
LONGEST = timedelta(days=28)
"""How long a case in which no answer is owed may be put off."""
MOST = 200
"""Cases in one act."""
MENTION = re.compile(r"(?<![\w@.])@([a-z][a-z0-9._-]{0,99})", re.IGNORECASE)
UNDOABLE = frozenset({Act.ASSIGN, Act.CLOSE})


class NoSnooze(GwylioError):
    """A case cannot be put off to that day; `latest` is the last day that is allowed, None where there is none."""

    def __init__(self, latest: date | None) -> None:
        self.latest = latest
        super().__init__(f"a case is put off to a day before its deadline, at latest to {latest or 'none'}")


class CannotUndo(GwylioError):
    """There is no such act, somebody else did it, or it was undone before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act on several cases did: those that moved, and of the others why not."""

    bulk_id: int
    done: tuple[str, ...]
    refused: Mapping[str, str]


def claim(session: Session, case_id: int, *, actor: Actor, now: datetime) -> bool:
    """Say that this person works on the case for a while, unless somebody else does; whether they do now.

    Nothing of the case changes, so nobody's page grows old by it.
    """
    if actor.user_id is None:
        return False
    row = session.get(ClaimRow, case_id, with_for_update=True)
    if row is None:
        session.add(ClaimRow(case_id=case_id, user_id=actor.user_id, until=now + CLAIM))
        return True
    if row.user_id != actor.user_id and row.until > now:
        return False
    row.user_id, row.until = actor.user_id, now + CLAIM
    return True


def release(session: Session, case_id: int, *, actor: Actor, now: datetime) -> None:
    """This person works on it no longer; somebody else's claim stands."""
    row = session.get(ClaimRow, case_id, with_for_update=True)
    if row is not None and row.user_id == actor.user_id:
        row.until = now


def latest_snooze(case: CaseRow, today: date) -> date | None:
    """The last day to which a case may be put off: before its deadline where an answer is owed; None for no day."""
    latest = case.due - timedelta(days=1) if case.answer_owed else today + LONGEST
    return latest if latest > today else None


def snooze(
    session: Session, case_id: int, until: date, *, actor: Actor, now: datetime, words: str, saw: int | None = None
) -> CaseRow:
    """Put a case off: until that day it is not among those that wait.  A further comment brings it back.

    Raises:
        NoSnooze: the day is not to come, or not before the deadline.
        queue.ReasonNeeded: without a reason.
    """
    if not words.strip():
        raise queue.ReasonNeeded("say why it is put off")
    case = queue.get(session, case_id, saw=saw, lock=True)
    today = london_date(now)
    latest = latest_snooze(case, today)
    if latest is None or not today < until <= latest or case.state in {State.ANSWERED, State.CLOSED}:
        raise NoSnooze(latest)
    case.snoozed_until = until
    write_down(session, case, Note.SNOOZED, actor=actor, now=now, words=words, detail={"until": until.isoformat()})
    return case


def mentioned(words: str) -> tuple[str, ...]:
    """The usernames that a note addresses, each once, in lower case."""
    return tuple(dict.fromkeys(found.lower().rstrip(".") for found in MENTION.findall(words)))


def mention(
    session: Session,
    case_id: int,
    users: Collection[int],
    *,
    actor: Actor,
    now: datetime,
    told: Callable[[CaseRow, str, int], object] = lambda case, key, user: None,
) -> None:
    """Remind these colleagues of the note that addresses them; `told` is called for each, in the same transaction."""
    case = queue.get(session, case_id)
    for user_id in users:
        key = f"mention-{now.isoformat()}/user:{user_id}"
        about = Reason("{who} mentions you in a note", {"who": actor.name})
        if queue.tell(session, case, key=key, whom=f"user:{user_id}", about=about, now=now):
            told(case, key, user_id)


def on_several(
    session: Session,
    saw: Mapping[int, int],
    act: Act,
    *,
    allowed: Callable[[CaseRow], bool],
    actor: Actor,
    policy: Policy,
    now: datetime,
    words: str,
    area: str = "",
    owner_id: int | None = None,
    outcome: str = "",
) -> Outcome:
    """One act on each of these cases, by the version that the officer saw; each leaves its own event and row.

    A case that moved since, or to which it may not be done, is left alone and named; the others go on.

    Raises:
        queue.ReasonNeeded: without a reason.
        CannotUndo: this act is not one that can be undone, so it is not done to several.
    """
    if act not in UNDOABLE:
        raise CannotUndo(f"{act} is done one case at a time")
    if not words.strip() or actor.user_id is None:
        raise queue.ReasonNeeded("say why")
    done: list[dict[str, Any]] = []
    names: list[str] = []
    refused: dict[str, str] = {}
    for case_id, version in list(saw.items())[:MOST]:
        case = session.get(CaseRow, case_id)
        if case is None or not allowed(case):
            continue
        before = {"case": case_id, "area": case.service_area, "owner": case.owner_id}
        try:
            with session.begin_nested():
                moved = queue.advance(
                    session,
                    case_id,
                    act,
                    actor=actor,
                    now=now,
                    policy=policy,
                    saw=version,
                    words=words,
                    area=area,
                    owner_id=owner_id,
                    outcome=outcome,
                )
        except GwylioError as error:
            refused[case.reference] = str(error)
        else:
            done.append(before | {"version": moved.version})
            names.append(moved.reference)
    bulk = BulkRow(user_id=actor.user_id, at=now, act=act.value, cases=done)
    session.add(bulk)
    session.flush()
    _trail(session, "bulk.done", bulk, actor, now)
    return Outcome(bulk.id, tuple(names), refused)


def undo(session: Session, bulk_id: int, *, actor: Actor, policy: Policy, now: datetime) -> Outcome:
    """Take back what one act did to several cases; a case that somebody touched since is left alone and named.

    Raises:
        CannotUndo: there is no such act of this person, or it was undone before.
    """
    bulk = session.get(BulkRow, bulk_id, with_for_update=True)
    if bulk is None or bulk.user_id != actor.user_id or bulk.undone_at is not None:
        raise CannotUndo("there is nothing of yours to undo here")
    bulk.undone_at = now
    names: list[str] = []
    refused: dict[str, str] = {}
    for each in bulk.cases:
        case = session.get_one(CaseRow, each["case"])
        back: dict[str, Any] = (
            {"act": Act.REOPEN}
            if bulk.act == Act.CLOSE
            else {"act": Act.ASSIGN, "area": each["area"], "owner_id": each["owner"]}
        )
        try:
            with session.begin_nested():
                queue.advance(
                    session, case.id, actor=actor, now=now, policy=policy, saw=each["version"], words=UNDONE, **back
                )
        except GwylioError as error:
            refused[case.reference] = str(error)
        else:
            names.append(case.reference)
    _trail(session, "bulk.undone", bulk, actor, now)
    return Outcome(bulk.id, tuple(names), refused)


UNDONE = "↶"
"""The words of an act that was undone: a sign, as it stands in histories of both languages."""


def _trail(session: Session, action: str, bulk: BulkRow, actor: Actor, now: datetime) -> None:
    audit.append(
        session,
        actor=actor.name,
        action=action,
        subject=f"bulk:{bulk.id}",
        now=now,
        after={"act": bulk.act, "cases": [each["case"] for each in bulk.cases]},
    )


def as_seen(ticked: Sequence[str]) -> dict[int, int]:
    """`12.3`: case 12 as it stood at version 3; whatever is not of that form is left out."""
    found: dict[int, int] = {}
    for each in ticked:
        case_id, _, version = each.partition(".")
        if case_id.isascii() and version.isascii() and case_id.isdigit() and version.isdigit():
            found[int(case_id[:15])] = int(version[:15])
    return found
