"""Who is written to about what is late on an account: a duty that recurs, its posts, the access of somebody who left.

What is late is read from the register each time, so that nobody is told of what is done.  Each colleague hears of each
lateness once, by day; what comes within the hour is one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from moderation import register, telling
from moderation.calendar import Calendar
from moderation.deadlines import london_date
from moderation.notices import EVERY_AREA
from moderation.policy import Policy
from moderation.telling import Reach, Scribe
from store import accounts
from store import errands as kept
from store import notices as outbox
from store import register as rows
from store.accounts import AccountRow, AdministratorRow
from store.database import Session
from store.errands import Late
from store.notices import TEAMS, USER, NoticeRow
from vocabulary import Errand, Role

KIND = "errands"
POSTS_OVER = timedelta(weeks=4)
"""Over which it is counted how often an account posts; one that is newer is not judged yet."""
ROLE_OF_PLACE: Final[Mapping[str, Role]] = {"communications": Role.COMMUNICATIONS, "senior": Role.SENIOR}
HEARS: Final[Mapping[Errand, frozenset[Role]]] = {
    Errand.DUTY: frozenset(),  # those who record it, as the pack says
    Errand.POSTING: frozenset({Role.OFFICER, Role.COMMUNICATIONS}),
    Errand.LEAVER: frozenset({Role.COMMUNICATIONS, Role.ADMINISTRATOR}),
}
"""The roles in the account's service area that hear of each."""


def everything(session: Session, policy: Policy, calendar: Calendar, *, now: datetime) -> list[Late]:
    """All that is late now."""
    return list(
        of_accounts(
            policy,
            accounts.everyone(session),
            rows.entries(session),
            rows.administrators(session),
            rows.posting(session, since=now - POSTS_OVER),
            calendar,
            now=now,
        )
    )


def of_accounts(
    policy: Policy,
    accounts: Sequence[AccountRow],
    entries: Sequence[rows.RegisterRow],
    holders: Sequence[AdministratorRow],
    posted: Mapping[int, rows.Posting],
    calendar: Calendar,
    *,
    now: datetime,
) -> Iterator[Late]:
    """What is late about the accounts: duties, the access of those who left, and once a week how they post."""
    today = london_date(now)
    week = f"{today.isocalendar().year}-{today.isocalendar().week:02}"
    for account in accounts:
        if not account.active:
            continue
        mine = [entry for entry in entries if entry.account_id == account.id]
        for each in register.standing(policy, mine, london_date(account.created_at), calendar):
            if each.overdue(today):
                by = frozenset(policy.duties[each.duty].by)
                yield _late(account, Errand.DUTY, each.duty, f"{each.due}", by, since=each.due)
        short = posted.get(account.id) if now - account.created_at >= POSTS_OVER else None
        for fault in register.behind(policy, short, weeks=POSTS_OVER.days // 7, now=now) if short else ():
            yield _late(account, Errand.POSTING, fault, week)
    known = {account.id: account for account in accounts}
    for task in register.leaver_tasks(entries, holders, known):
        yield _late(known[task.account_id], Errand.LEAVER, task.what, f"{task.entry_id}", since=task.since)


def _late(
    account: AccountRow,
    what: Errand,
    fault: str,
    this_time: str,
    roles: frozenset[Role] = frozenset(),
    *,
    since: date | None = None,
) -> Late:
    return Late(
        what=what,
        key=f"{what}:{account.id}:{fault}:{this_time}",
        account=account.display_name,
        area=account.service_area,
        fault=fault,
        roles=HEARS[what] | roles,
        since=since,
    )


def recipients(late: Late, reach: Reach) -> tuple[str, ...]:
    """Who hears of it: `user:12` by e-mail, `teams:waste` on the channel of those who do."""
    people = reach.people if reach.by_mail else ()
    found = [
        f"{USER}{each.id}"
        for each in people
        if each.email and any(role in late.roles and where in (late.area, EVERY_AREA) for role, where in each.grants)
    ]
    places = [place for place, role in ROLE_OF_PLACE.items() if role in late.roles]
    places += [late.area] if Role.OFFICER in late.roles else []
    return (*found, *(f"{TEAMS}{place}" for place in places if place in reach.places))


def by_recipient(late: Iterable[Late], reach: Reach) -> Mapping[str, list[Late]]:
    """What each is to hear, whether or not they have heard it."""
    found: dict[str, list[Late]] = {}
    for each in late:
        for recipient in recipients(each, reach):
            found.setdefault(recipient, []).append(each)
    return found


def unheard(session: Session, by_recipient: Mapping[str, Sequence[Late]]) -> Mapping[str, list[Late]]:
    """Of these, what each has not heard of; nobody who has heard it all."""
    found: dict[str, list[Late]] = {}
    for recipient, late in by_recipient.items():
        known = kept.told(session, recipient, [each.key for each in late])
        if new := [each for each in late if each.key not in known]:
            found[recipient] = new
    return found


def write_to(
    session: Session, recipient: str, late: Sequence[Late], reach: Reach, scribe: Scribe, *, now: datetime
) -> NoticeRow | None:
    """One message of everything that they have not heard of; None where that is nothing, or they are left in peace."""
    new = unheard(session, {recipient: late}).get(recipient, [])
    last = outbox.last_made(session, recipient, KIND)
    if not new or (last is not None and now - last < timedelta(minutes=scribe.policy.notices.gather_minutes)):
        return None
    notice = telling.make(
        session,
        key=f"{KIND}:{recipient}:{new[0].key}",
        kind=KIND,
        recipient=recipient,
        said=tuple(voice.errands(new) for voice in scribe.voices(recipient, reach)),
        cases=0,
        urgent=False,
        at_night=False,
        now=now,
    )
    for each in new:
        kept.tell(session, each, recipient, notice_id=notice.id if notice else None, now=now)
    return notice
