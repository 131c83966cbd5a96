"""What is late in the account register, and who is told of it: whoever holds the account, then communications.

A lateness has a key: the duty, the account and the day on which it was due.  Each recipient is told of
it once, in one message with all that is late; what was done meanwhile is in no message, since what is
late is counted when the message is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from moderation import register
from moderation.calendar import Calendar
from moderation.deadlines import LONDON, days_left, london_date
from moderation.notices import Overdue
from moderation.policy import Policy, Whom
from moderation.register import LEAVER, PASSWORD
from moderation.telling import Reach, Scribe, make
from store import accounts
from store import register as rows
from store.accounts import AccountRow, AdministratorRow
from store.database import Session
from store.notices import USER, Colleague
from store.register import DutyToldRow, Posting, RegisterRow
from vocabulary import Reason, Role

KIND = "register_digest"
READING = frozenset({Role.OFFICER, Role.COMMUNICATIONS, Role.AUDITOR, Role.ADMINISTRATOR})
"""Who opens the register; a test holds it to the gate."""
GIVING_ACCESS = frozenset({Role.COMMUNICATIONS, Role.ADMINISTRATOR})
WEEK = timedelta(days=7)
STALE, SELDOM, NO_WELSH = "stale", "seldom", "no_welsh"

_POSTING: Mapping[str, Reason] = {
    STALE: Reason("an account is left alone: no post for longer than the policy lets it be"),
    SELDOM: Reason("fewer posts in the week than the policy asks for"),
    NO_WELSH: Reason("posts in the week without Welsh"),
}
_LEFT: Mapping[str, Reason] = {
    "access": Reason("somebody has left: their access is to be ended"),
    "password": Reason("somebody has left: a shared password that they knew is to be changed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One lateness.

    `by` are the roles that can put it right, `thing` tells two of one kind apart, `person` is who has left.
    """

    what: str
    reason: Reason
    account: AccountRow
    due: date
    by: frozenset[Role]
    thing: str = ""
    person: str = ""

    @property
    def key(self) -> str:
        return "/".join(filter(None, (self.what, str(self.account.id), self.thing, self.due.isoformat())))


@dataclass(frozen=True, slots=True)
class Book:
    """All that the register knows: who did what, who holds access, and how accounts posted in the last whole week."""

    accounts: Sequence[AccountRow]
    entries: Sequence[RegisterRow]
    holders: Sequence[AdministratorRow]
    posted: Mapping[int, Posting]


def last_week(today: date) -> tuple[date, date]:
    """The first and the last day of the last whole week before this day."""
    monday = today - timedelta(days=today.weekday()) - WEEK
    return monday, monday + timedelta(days=6)


def open_book(session: Session, *, now: datetime) -> Book:
    """The register as it stands now."""
    monday, sunday = last_week(london_date(now))
    since, until = (datetime.combine(day, time(), LONDON) for day in (monday, sunday + timedelta(days=1)))
    posted = rows.posting(session, since=since, until=until)
    return Book(accounts.everyone(session), rows.entries(session), rows.administrators(session), posted)


def late(book: Book, policy: Policy, calendar: Calendar, today: date) -> tuple[Late, ...]:
    """All that is late today, on accounts that are in use; what somebody who left holds is late on any account."""
    found = [*_left(book, policy)]
    for account in book.accounts:
        if account.active:
            found += [*_duties(book, account, policy, calendar), *_of_holders(book, account, policy, calendar)]
            found += _posting(book.posted.get(account.id), account, policy, today)
    return tuple(each for each in found if each.due < today)


def _duties(book: Book, account: AccountRow, policy: Policy, calendar: Calendar) -> Iterator[Late]:
    mine = [entry for entry in book.entries if entry.account_id == account.id]
    for each in register.standing(policy, mine, london_date(account.created_at), calendar):
        duty = policy.duties[each.duty]
        if each.due is not None:
            reason = Reason(_NOT_RECORDED.text, duty.values("duty"))
            yield Late(what=each.duty, reason=reason, account=account, due=each.due, by=frozenset(duty.by))


def _of_holders(book: Book, account: AccountRow, policy: Policy, calendar: Calendar) -> Iterator[Late]:
    theirs = [holder for holder in book.holders if holder.account_id == account.id]
    for each in register.owed_by_holders(policy, book.entries, theirs, calendar):
        duty = policy.duties[each.duty]
        reason, thing = Reason(_NOT_RECORDED.text, duty.values("duty")), f"holder-{each.holder.id}"
        yield Late(what=each.duty, reason=reason, account=account, due=each.due, by=frozenset(duty.by), thing=thing)


def _left(book: Book, policy: Policy) -> Iterator[Late]:
    known = {account.id: account for account in book.accounts}
    changing = frozenset(policy.duties[PASSWORD].by) if PASSWORD in policy.duties else READING
    for task in register.leaver_tasks(book.entries, book.holders, known):
        yield Late(
            what=f"{LEAVER}-{task.what}",
            reason=_LEFT[task.what],
            account=known[task.account_id],
            due=task.since,
            by=GIVING_ACCESS if task.what == "access" else changing,
            thing=f"entry-{task.entry_id}",
            person=task.person,
        )


def _posting(posted: Posting | None, account: AccountRow, policy: Policy, today: date) -> Iterator[Late]:
    """How an account falls short of the cadence: of one that is not read, nothing can be said."""
    if posted is None or account.credential is None:
        return
    asked, begun, (monday, sunday) = policy.posting, london_date(account.created_at), last_week(today)
    latest = london_date(posted.latest) if posted.latest else begun
    short = {STALE: latest + timedelta(days=asked.stale_after_days)}
    if begun <= monday and posted.posts < asked.times_a_week:
        short[SELDOM] = sunday
    if asked.bilingual and posted.with_welsh < posted.posts:
        short[NO_WELSH] = sunday
    for what, due in short.items():
        yield Late(what=what, reason=_POSTING[what], account=account, due=due, by=READING)


_NOT_RECORDED = Reason("late, or not recorded: {duty}")


def hears(each: Late, book: Book, policy: Policy, reach: Reach, calendar: Calendar, today: date) -> tuple[str, ...]:
    """Who is told of it today: whoever holds the account, and communications once it is so late.

    At once where no holder can be told, or could put it right.  Where none of communications can be reached, the
    administrators hear in their place.
    """
    keepers = _keepers(each, book, reach)
    told = tuple(f"{USER}{keeper.id}" for keeper in keepers)
    can = any(role in each.by for keeper in keepers for role, _area in keeper.grants)
    late_days = -days_left(each.due, today, calendar)
    if can and late_days <= policy.register_digest.communications_after:
        return told
    area = each.account.service_area
    up = reach.hears(Whom.COMMUNICATIONS, area, None) or reach.hears(Whom.ADMINISTRATOR, area, None)
    return tuple(dict.fromkeys((*told, *up)))


def _keepers(each: Late, book: Book, reach: Reach) -> tuple[Colleague, ...]:
    """The members of staff who hold access to the account, by the names that the register has.

    A name that two bear is nobody's, and whoever has left hears nothing.
    """
    names = {holder.name for holder in book.holders if holder.account_id == each.account.id} - {each.person}
    found = [person for person in reach.people if reach.by_mail and person.full_name in names]
    return tuple(
        person
        for person in found
        if person.email
        and sum(other.full_name == person.full_name for other in found) == 1
        and any(role in READING for role, _area in person.grants)
    )


def make_digest(
    session: Session, period: str, reach: Reach, scribe: Scribe, calendar: Calendar, *, now: datetime
) -> int:
    """Make one message for each who is to hear of something late that they were not told of; how many messages."""
    book, today = open_book(session, now=now), london_date(now)
    found = late(book, scribe.policy, calendar, today)
    told = rows.told(session, [each.key for each in found])
    wanted: dict[str, list[Late]] = {}
    for each in found:
        for recipient in hears(each, book, scribe.policy, reach, calendar, today):
            if (each.key, recipient) not in told:
                wanted.setdefault(recipient, []).append(each)
    return sum(_tell(session, period, recipient, some, reach, scribe, now=now) for recipient, some in wanted.items())


def _tell(
    session: Session,
    period: str,
    recipient: str,
    some: Collection[Late],
    reach: Reach,
    scribe: Scribe,
    *,
    now: datetime,
) -> bool:
    lines = [
        Overdue(each.reason, each.account.id, each.account.display_name, each.account.platform, each.due)
        for each in some
    ]
    notice = make(
        session,
        key=f"{KIND}:{period}:{recipient}",
        kind=KIND,
        recipient=recipient,
        said=tuple(voice.register(lines) for voice in scribe.voices(recipient, reach)),
        cases=len(lines),
        urgent=False,
        at_night=False,
        now=now,
    )
    if notice is None:
        return False
    session.add_all([DutyToldRow(key=each.key, recipient=recipient, notice_id=notice.id, at=now) for each in some])
    return True


def unheard(book: Book, policy: Policy, reach: Reach, calendar: Calendar, today: date) -> tuple[Late, ...]:
    """What is late and can be told to nobody."""
    return tuple(
        each for each in late(book, policy, calendar, today) if not hears(each, book, policy, reach, calendar, today)
    )
