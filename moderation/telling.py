"""The outbox of messages to colleagues: from a warning to a message, and from there to proof that it left.

The intent is durable before the first byte leaves.  A message whose fate nobody knows is never sent
again by itself: a person looks, and decides.  Nothing here talks to a server: `pipeline.notify` does,
between these steps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moderation import notices
from moderation.escalation import Tell
from moderation.notices import LEASE, Digest, Said, Voice
from moderation.policy import Policy
from moderation.record import Actor
from moderation.service_areas import Areas
from store import audit, senior
from store import notices as outbox
from store.cases import CaseRow
from store.database import Session
from store.notices import TEAMS, USER, Colleague, NoticeRow
from store.people import UserRow
from vocabulary import GwylioError, NoticeState
from words import Screen

WARNINGS, DIGEST = "warnings", "senior_digest"
LOST = "Interrupted"
"""What is recorded of a message whose process ended before it knew."""


class AlreadySettled(GwylioError):
    """Nobody has to decide about this message any more, or there is no such message."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Who can be reached, and how: `people` by e-mail where `by_mail`, and the Teams channels of these `places`."""

    people: Sequence[Colleague]
    places: Collection[str]
    by_mail: bool

    def hears(self, tell: Tell, owner_id: int | None) -> tuple[str, ...]:
        people = self.people if self.by_mail else ()
        return notices.hears(tell.whom, tell.area, owner_id, people, self.places)

    def colleague(self, recipient: str) -> Colleague | None:
        """The member of staff that a recipient is; None for a channel, and for somebody who has left."""
        return next((each for each in self.people if f"{USER}{each.id}" == recipient), None)


@dataclass(frozen=True, slots=True)
class Scribe:
    """What a message is written from."""

    areas: Areas
    policy: Policy
    address: str

    def voices(self, recipient: str, reach: Reach) -> tuple[Voice, ...]:
        """One for each language of the recipient's message: their own, or both on a channel that several read."""
        colleague = reach.colleague(recipient)
        return notices.voices(colleague.language if colleague else None, self.areas, self.policy, self.address)


@dataclass(frozen=True, slots=True)
class Intent:
    """One message to hand over now; its row already says `sending`, durably."""

    notice_id: int
    recipient: str
    to: str
    said: tuple[Said, ...]
    key: str


def address(session: Session, case: CaseRow, tell: Tell, reach: Reach, *, now: datetime) -> int:
    """Put down everybody who is to hear of a warning that was just given; how many."""
    return outbox.enter(
        session,
        case,
        tell.key,
        reach.hears(tell, case.owner_id),
        urgent=tell.urgent,
        at_night=tell.at_night,
        now=now,
    )


def gather(
    session: Session, recipient: str, reach: Reach, scribe: Scribe, *, open_now: bool, now: datetime
) -> NoticeRow | None:
    """Make one message of everything that this recipient is to hear; None where nothing is to leave yet.

    What was settled in the meantime is told to nobody, and nothing is told to somebody who has left.
    """
    waiting = outbox.waiting(session, recipient)
    left = recipient.startswith(USER) and reach.colleague(recipient) is None
    outbox.lapse(session, recipient, [each for each in waiting if left or not each.stands], now=now)
    last = outbox.last_made(session, recipient, WARNINGS)
    leaving = () if left else notices.leaving(waiting, last=last, open_now=open_now, policy=scribe.policy, now=now)
    if not leaving:
        return None
    first = leaving[0]
    notice = make(
        session,
        key=f"{WARNINGS}:{recipient}:{first.case_id}:{first.round}:{first.key}",
        kind=WARNINGS,
        recipient=recipient,
        said=tuple(voice.warnings(leaving) for voice in scribe.voices(recipient, reach)),
        cases=len({each.case_id for each in leaving}),
        urgent=any(each.urgent for each in leaving),
        at_night=all(each.at_night for each in leaving),
        now=now,
    )
    if notice is not None:
        outbox.take(session, recipient, leaving, notice)
    return notice


def make_digest(session: Session, day: date, reach: Reach, scribe: Scribe, *, now: datetime) -> int:
    """Make the digest of a day for everybody whom the policy names, once each; how many messages.

    On a day on which there is nothing to say, nothing is said.
    """
    found = digest_of(session, day)
    if not found.says_anything:
        return 0
    people = reach.people if reach.by_mail else ()
    named = (
        notices.hears(whom, notices.EVERY_AREA, None, people, reach.places) for whom in scribe.policy.senior_digest.tell
    )
    recipients = dict.fromkeys(recipient for each in named for recipient in each)
    made = [
        make(
            session,
            key=f"{DIGEST}:{day}:{recipient}",
            kind=DIGEST,
            recipient=recipient,
            said=tuple(voice.digest(found) for voice in scribe.voices(recipient, reach)),
            cases=found.cases,
            urgent=False,
            at_night=False,
            now=now,
        )
        for recipient in recipients
    ]
    return sum(notice is not None for notice in made)


def digest_of(session: Session, day: date) -> Digest:
    """The facts of a day's digest, as they stand now."""
    return Digest(
        day=day,
        flagged=tuple((each.case_id, each.reference, each.area, each.at) for each in senior.standing(session)),
        urgent=tuple((each.case_id, each.reference, each.area, each.since) for each in outbox.urgent_cases(session)),
        late=tuple((each.area, each.late, each.oldest) for each in outbox.late_answers(session, day)),
    )


def make(
    session: Session,
    *,
    key: str,
    kind: str,
    recipient: str,
    said: Sequence[Said],
    cases: int,
    urgent: bool,
    at_night: bool,
    now: datetime,
) -> NoticeRow | None:
    """A new message, with its row on the trail; None where one of this key was made before."""
    notice = outbox.make(
        session,
        key=key,
        kind=kind,
        recipient=recipient,
        content=notices.written(said),
        cases=cases,
        urgent=urgent,
        at_night=at_night,
        made_at=now,
    )
    if notice is not None:
        _trail(session, notice, "notice.make", now=now, kind=kind, recipient=recipient, cases=cases)
    return notice


def opened(session: Session, case_id: int, *, actor: Actor, now: datetime) -> None:
    """Somebody who may answer a case has opened it since the last warning; the chain stops there."""
    if actor.user_id is None:
        return
    outbox.opened(session, case_id, user_id=actor.user_id, now=now)
    audit.append(session, actor=actor.name, action="case.opened_after_warning", subject=f"case:{case_id}", now=now)


def choose_language(session: Session, language: Screen, *, actor: Actor, now: datetime) -> None:
    """Somebody says in which language they are written to."""
    user = session.get_one(UserRow, actor.user_id, with_for_update=True)
    before, user.language = user.language, language
    audit.append(
        session,
        actor=actor.name,
        action="user.language",
        subject=f"user:{user.username}",
        now=now,
        before={"language": before},
        after={"language": language},
    )


def recover(session: Session, *, now: datetime) -> int:
    """Bring before a person every message whose process ended between the intent and the proof; how many."""
    lost = outbox.sending_since(session, before=now - LEASE)
    for notice in lost:
        _uncertain(session, notice, LOST, now=now)
    return len(lost)


def claim(
    session: Session,
    reach: Reach,
    *,
    webhooks: dict[str, str],
    by_day: bool,
    passing_over: Collection[str],
    now: datetime,
) -> Intent | None:
    """Say durably that the next message is about to leave; None where none may.

    One that has nowhere to go any more (they have left, the channel was taken away) fails for good.
    """
    while True:
        notice = outbox.next_to_leave(session, now=now, by_day=by_day, passing_over=passing_over)
        if notice is None:
            return None
        to = _where(notice.recipient, reach, webhooks)
        notice.tries += 1
        if not to:
            fail(session, notice.id, "NowhereToGo", for_good=True, now=now)
            session.flush()
            continue
        notice.state, notice.intended_at, notice.not_before = NoticeState.SENDING, now, None
        _trail(session, notice, "notice.send", now=now, tries=notice.tries)
        return Intent(notice.id, notice.recipient, to, notices.read(notice.content), notice.key)


def _where(recipient: str, reach: Reach, webhooks: dict[str, str]) -> str:
    if recipient.startswith(TEAMS):
        return webhooks.get(recipient.removeprefix(TEAMS), "")
    colleague = reach.colleague(recipient)
    return colleague.email if colleague else ""


def confirm(session: Session, notice_id: int, *, now: datetime) -> None:
    """It was taken."""
    notice = _known(session, notice_id)
    notice.state, notice.sent_at, notice.trouble, notice.needs_person = NoticeState.SENT, now, "", False
    _trail(session, notice, "notice.sent", now=now)


def fail(session: Session, notice_id: int, what: str, *, for_good: bool, now: datetime) -> None:
    """It surely was not taken: it is tried again later, and after the last try a person is asked."""
    notice = _known(session, notice_id)
    again = None if for_good else notices.retry_at(notice.tries, now)
    notice.state = NoticeState.FAILED_FOR_GOOD if again is None else NoticeState.FAILED_FOR_NOW
    notice.not_before, notice.needs_person, notice.trouble = again, again is None, what
    _trail(session, notice, "notice.fail", now=now, what=what, for_good=again is None)


def uncertain(session: Session, notice_id: int, what: str, *, now: datetime) -> None:
    """Nobody knows whether it was taken."""
    _uncertain(session, _known(session, notice_id), what, now=now)


def _uncertain(session: Session, notice: NoticeRow, what: str, *, now: datetime) -> None:
    notice.state, notice.needs_person, notice.trouble = NoticeState.UNCERTAIN, True, what
    _trail(session, notice, "notice.uncertain", now=now, what=what)


def settle(session: Session, notice_id: int, *, again: bool, actor: Actor, now: datetime) -> None:
    """A person has looked: the message is sent again, or need not be.

    Raises:
        AlreadySettled: somebody else did so, or there is no such message.
    """
    notice = outbox.by_id(session, notice_id)
    if notice is None or not notice.needs_person:
        raise AlreadySettled(f"message {notice_id} waits for nobody")
    before = notice.state
    notice.needs_person = False
    if again:
        notice.state, notice.tries, notice.not_before = NoticeState.WAITING, 0, None
    elif before is NoticeState.UNCERTAIN:
        notice.state, notice.sent_at = NoticeState.SENT, notice.intended_at
    audit.append(
        session,
        actor=actor.name,
        action="notice.settle",
        subject=f"notice:{notice.id}",
        now=now,
        before={"state": before.value},
        after={"state": notice.state.value, "again": again},
    )


def _known(session: Session, notice_id: int) -> NoticeRow:
    return session.get_one(NoticeRow, notice_id, with_for_update=True)


def _trail(session: Session, notice: NoticeRow, action: str, *, now: datetime, **after: object) -> None:
    audit.append(session, actor=audit.SYSTEM, action=action, subject=f"notice:{notice.id}", now=now, after=dict(after))
