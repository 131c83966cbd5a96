"""The outbox of messages to colleagues: from a warning to a message, and from there to proof that it left.

The intent is durable before the first byte leaves.  A message whose fate nobody knows is never sent
again by itself: a person looks, and decides.  Nothing here talks to a server: `pipeline.notify` does,
between these steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moderation import notices, queue, waiting
from moderation.escalation import Tell
from moderation.notices import LEASE, Digest, Heard, Said, Voice
from moderation.policy import Policy, Whom
from moderation.record import Actor
from moderation.service_areas import Areas
from moderation.sight import SHOWN_ONLY, opening, roles_in
from store import audit, awaited, senior
from store import notices as outbox
from store.awaited import Awaited
from store.cases import CaseRow
from store.database import Session
from store.notices import TEAMS, USER, Colleague, NoticeRow, Pressing, Unheard, Waiting
from store.people import UserRow
from store.senior import Flagged
from vocabulary import GwylioError, NoticeState, Reason, Role, Severity, Waits
from words import Screen

WARNINGS, DIGEST = "warnings", "senior_digest"
_HOMES = ((Role.SENIOR, "senior"), (Role.LEGAL, "removals"), (Role.TRANSLATOR, "translations"))
"""Where the work lies of those who open no case."""
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

    def reaches(self, area: str) -> bool:
        """Whether a warning about a case of this area reaches anybody: its officers, or somebody further up."""
        return any(self.hears(rung, area, None) for rung in notices.rungs(Whom.AREA))

    @property
    def is_set_up(self) -> bool:
        """Whether there is any way to anybody; an installation without one shows its warnings on its pages."""
        return self.by_mail or bool(self.places)

    def hears(self, whom: Whom, area: str, owner_id: int | None) -> tuple[str, ...]:
        """Those of one rung who can be reached."""
        return notices.hears(whom, area, owner_id, self.people if self.by_mail else (), self.places)

    def hears_up(
        self, whom: Whom, case: CaseRow, *, kind: Waits | None = None, barred: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Those of the first rung on the way up where somebody can be reached who sees anything of the case."""
        for rung in notices.rungs(whom):
            others = [each for each in self.hears(rung, case.service_area, case.owner_id) if each not in barred]
            if found := self.who_see(others, case, kind=kind):
                return found
        return ()

    def who_see(self, recipients: Iterable[str], case: CaseRow, *, kind: Waits | None) -> tuple[str, ...]:
        """Those of them who may hear of this case."""
        return tuple(
            each
            for each in recipients
            if self.way(each, case.id, case.service_area, restricted=case.restricted, kind=kind)
        )

    def way(
        self, recipient: str, case_id: int, area: str, *, restricted: bool, kind: Waits | None, thing: str = ""
    ) -> waiting.Way | None:
        """How this recipient is written to about a case; None where it is not there for them."""
        several = recipient.startswith(TEAMS)
        return waiting.way(
            kind, self.held(recipient, area), restricted=restricted, several=several, case_id=case_id, thing=thing
        )

    def held(self, recipient: str, area: str) -> frozenset[Role]:
        """What a recipient is in one service area; a channel is what those are for whom it is there."""
        if recipient.startswith(TEAMS):
            place = recipient.removeprefix(TEAMS)
            if place in set(Role):
                return frozenset({Role(place)})
            return frozenset({Role.OFFICER}) if place == area else frozenset()
        colleague = self.colleague(recipient)
        return roles_in(colleague.grants, area) if colleague else frozenset()

    def home(self, recipient: str) -> str:
        """The page where this recipient's work lies: the queue, but for those who open no case."""
        place = recipient.removeprefix(TEAMS)
        colleague = self.colleague(recipient)
        roles = {role for role, _area in colleague.grants} if colleague else {role for role in Role if role == place}
        opens_none = roles and roles <= SHOWN_ONLY
        return next((page for role, page in _HOMES if role in roles), "queue") if opens_none else "queue"

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
        reach.hears_up(tell.whom, case),
        urgent=tell.urgent,
        at_night=tell.at_night,
        now=now,
    )


def owner_is_there(case: CaseRow, reach: Reach) -> bool:
    """Whether a case has an owner who has not left and may open it still; else its area hears what they would."""
    held = reach.held(f"{USER}{case.owner_id}", case.service_area)
    return bool(opening(held, restricted=case.restricted))


def gather(
    session: Session, recipient: str, reach: Reach, scribe: Scribe, *, open_now: bool, now: datetime
) -> NoticeRow | None:
    """Make one message of everything that this recipient is to hear; None where nothing is to leave yet.

    What was settled in the meantime is told to nobody, and nothing is told to somebody who has left.
    """
    entries = outbox.waiting(session, recipient)
    live = _live(session, entries, now=now)
    heard = [(each, _heard(each, recipient, reach, live)) for each in entries]
    outbox.lapse(session, recipient, [each for each, way in heard if way is None], now=now)
    ways = {(each.case_id, each.round, each.key): way for each, way in heard if way is not None}
    standing = [each for each, way in heard if way is not None]
    last = outbox.last_made(session, recipient, WARNINGS)
    leaving = notices.leaving(standing, last=last, open_now=open_now, policy=scribe.policy, now=now)
    if not leaving:
        return None
    first, home = leaving[0], reach.home(recipient)
    matters = [ways[each.case_id, each.round, each.key] for each in leaving]
    notice = make(
        session,
        key=f"{WARNINGS}:{recipient}:{first.case_id}:{first.round}:{first.key}",
        kind=WARNINGS,
        recipient=recipient,
        said=tuple(voice.warnings(matters, home=home) for voice in scribe.voices(recipient, reach)),
        cases=len({each.case_id for each in leaving}),
        urgent=any(each.urgent for each in leaving),
        at_night=all(each.at_night for each in leaving),
        now=now,
    )
    if notice is not None:
        outbox.take(session, recipient, leaving, notice)
    return notice


def _live(session: Session, entries: Iterable[Waiting], *, now: datetime) -> Mapping[str, Awaited]:
    """By its key, all that waits now, where an entry is about something that waits."""
    if not any(waiting.kind_of(each.key) for each in entries):
        return {}
    return {each.key: each for each in awaited.everything(session, now=now)}


def _heard(entry: Waiting, recipient: str, reach: Reach, live: Mapping[str, Awaited]) -> Heard | None:
    """An entry as its recipient hears it; None where it is settled, or they have left, or the case is not for them."""
    kind = waiting.kind_of(entry.key)
    item = live.get(entry.key)
    if kind is Waits.MENTION or kind is None:
        stands = entry.stands
    else:
        stands = item is not None and recipient not in {f"{USER}{each}" for each in item.barred}
    thing = waiting.thing_of(entry.key)
    way = (
        reach.way(recipient, entry.case_id, entry.area, restricted=entry.restricted, kind=kind, thing=thing)
        if stands
        else None
    )
    if way is None:
        return None
    return Heard(
        case_id=entry.case_id,
        reference=entry.reference,
        area=entry.area,
        due=entry.due,
        about=(waiting.said(kind), {}) if kind else entry.about,
        urgent=entry.urgent,
        waits=kind is not None,
        leads=way.leads,
        called=way.called,
        by=item.by if item else None,
    )


def await_someone(session: Session, item: Awaited, policy: Policy, reach: Reach, *, now: datetime) -> bool:
    """Tell whoever something waits for that it does, once; where none of them can be reached, the next one up."""
    case = queue.get(session, item.case_id)
    recipients = _awaited_by(item, case, reach)
    whom = recipients[0] if len(recipients) == 1 and recipients[0].startswith(USER) else outbox.TO_A_GROUP
    if not queue.tell(session, case, key=item.key, whom=whom, about=Reason(waiting.said(item.kind)), now=now):
        return False
    outbox.enter(
        session,
        case,
        item.key,
        recipients,
        urgent=item.severity is Severity.URGENT,
        at_night=waiting.at_any_hour(item.severity, policy),
        now=now,
    )
    return True


def unheard(session: Session, areas: frozenset[str] | None, *, now: datetime) -> tuple[Unheard, ...]:
    """Warnings that reached nobody and still stand: the newest of each case, newest first."""
    found = outbox.unheard(session, areas)
    waits = any(waiting.kind_of(each.key) for each in found)
    live = {each.key for each in awaited.everything(session, now=now)} if waits else set()
    newest: dict[int, Unheard] = {}
    for each in found:
        if each.key in live if waiting.kind_of(each.key) else each.owes:
            newest.setdefault(each.case_id, each)
    return tuple(newest.values())


def _awaited_by(item: Awaited, case: CaseRow, reach: Reach) -> tuple[str, ...]:
    """Who hears of it: those who wrote it, asked for it or have it in hand, and everybody who could do it."""
    row = waiting.TOLD[item.kind]
    barred = {f"{USER}{each}" for each in item.barred}
    theirs = [f"{USER}{each}" for each in item.them if row.them] if reach.by_mail else []
    found = [each for each in theirs if (one := reach.colleague(each)) and one.email]
    groups = waiting.whom(item.kind, item.role, taken=item.taken)
    for group in groups:
        found += [each for each in reach.hears(group, case.service_area, None) if each not in barred]
    hear = reach.who_see(dict.fromkeys(found), case, kind=item.kind)
    up = groups[-1] if groups else Whom.OWNER
    return hear or reach.hears_up(up, case, kind=item.kind, barred=barred)


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
        flagged=tuple((each.case_id, _name(each), each.area, each.at) for each in senior.standing(session)),
        urgent=tuple((each.case_id, _name(each), each.area, each.since) for each in outbox.urgent_cases(session)),
        late=tuple((each.area, each.late, each.oldest) for each in outbox.late_answers(session, day)),
    )


def _name(each: Flagged | Pressing) -> str:
    """The reference of a case in the digest; empty for one that is restricted, which no mailbox names."""
    return "" if each.restricted else each.reference


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
    """A message in its languages, waiting to leave; None where its key was used before."""
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
