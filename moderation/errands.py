"""Who is written to about what waits for a colleague, beside cases that are due: approvals, translations, duties.

Everything that waits is read from where it stands, each time.  Each colleague hears of each thing once; what comes
within the hour is one message, and nothing is told outside working hours.  Nobody hears of a case that they could
not open, unless the thing itself is put before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from moderation import notices, register, restricted, telling
from moderation.calendar import Calendar
from moderation.deadlines import london_date
from moderation.policy import Policy
from moderation.telling import Reach, Scribe
from store import accounts
from store import errands as kept
from store import notices as outbox
from store import register as rows
from store.accounts import AccountRow, AdministratorRow
from store.database import Session
from store.errands import Waits
from store.notices import TEAMS, USER, Colleague, NoticeRow
from vocabulary import Errand, Role

KIND = "errands"
FORGOTTEN_AFTER = timedelta(days=7)
"""What was sent back or translated longer ago is told to nobody any more."""
POSTS_OVER = timedelta(weeks=4)
"""Over which it is counted how often an account posts; one that is newer is not judged yet."""
ROLE_OF_PLACE: Final[Mapping[str, Role]] = {"communications": Role.COMMUNICATIONS, "senior": Role.SENIOR}

HEARS: Final[Mapping[Errand, frozenset[Role]]] = {
    Errand.APPROVAL: frozenset({Role.OFFICER, Role.COMMUNICATIONS}),
    Errand.SENT_BACK: frozenset(),
    Errand.TRANSLATION: frozenset({Role.TRANSLATOR}),
    Errand.TRANSLATION_LATE: frozenset({Role.TRANSLATOR, Role.COMMUNICATIONS}),
    Errand.TRANSLATION_CHECK: frozenset({Role.TRANSLATOR}),
    Errand.TRANSLATED: frozenset(),
    Errand.BY_HAND: frozenset({Role.COMMUNICATIONS}),
    Errand.REMOVAL: frozenset(),
    Errand.REMOVAL_APPEAL: frozenset({Role.COMMUNICATIONS, Role.LEGAL}),
    Errand.CONDUCT_REFERRED: frozenset({Role.COMMUNICATIONS}),
    Errand.CONDUCT_REVIEW: frozenset({Role.COMMUNICATIONS}),
    Errand.CONDUCT_APPEAL: frozenset({Role.COMMUNICATIONS}),
    Errand.DUTY: frozenset(),
    Errand.POSTING: frozenset({Role.OFFICER, Role.COMMUNICATIONS}),
    Errand.LEAVER: frozenset({Role.COMMUNICATIONS, Role.ADMINISTRATOR}),
}
"""The roles of its service area that hear of each, besides whomever it waits for by name or by a role of its own."""
SHOWN: Final[Mapping[Errand, frozenset[Role]]] = {
    Errand.TRANSLATION: frozenset({Role.TRANSLATOR}),
    Errand.TRANSLATION_LATE: frozenset({Role.TRANSLATOR}),
    Errand.TRANSLATION_CHECK: frozenset({Role.TRANSLATOR}),
    Errand.REMOVAL: frozenset({Role.LEGAL}),
    Errand.REMOVAL_APPEAL: frozenset({Role.LEGAL}),
}
"""Who is shown the thing itself though they may not open a restricted case that it belongs to."""


def recipients(waits: Waits, reach: Reach) -> tuple[str, ...]:
    """Who hears of it: `user:12` by e-mail, `teams:waste` on the channel of those who do."""
    people = reach.people if reach.by_mail else ()
    found = [f"{USER}{each.id}" for each in people if each.email and _hears(each, waits)]
    roles = _may(waits, HEARS[waits.what] | waits.roles)
    places = [place for place, role in ROLE_OF_PLACE.items() if role in roles]
    places += [waits.area] if Role.OFFICER in roles else []
    return (*found, *(f"{TEAMS}{place}" for place in places if place in reach.places))


def _hears(person: Colleague, waits: Waits) -> bool:
    if person.id in waits.not_users:
        return False
    roles = _may(waits, HEARS[waits.what] | waits.roles)
    held = {role for role, where in person.grants if where in (waits.area, notices.EVERY_AREA)}
    return person.id in waits.users or bool(held & roles)


def _may(waits: Waits, roles: frozenset[Role]) -> frozenset[Role]:
    """Those of these roles that may know of it."""
    shown = restricted.MAY_OPEN | SHOWN.get(waits.what, frozenset())
    return roles & shown if waits.restricted else roles


def of_accounts(
    policy: Policy,
    accounts: Sequence[AccountRow],
    entries: Sequence[rows.RegisterRow],
    holders: Sequence[AdministratorRow],
    posted: Mapping[int, rows.Posting],
    calendar: Calendar,
    *,
    now: datetime,
) -> Iterator[Waits]:
    """What is late about the accounts: duties, the access of those who left, and once a week how they post."""
    today = london_date(now)
    for account in accounts:
        if not account.active:
            continue
        mine = [entry for entry in entries if entry.account_id == account.id]
        for each in register.standing(policy, mine, london_date(account.created_at), calendar):
            if each.overdue(today):
                key = f"{Errand.DUTY}:{account.id}:{each.duty}:{each.due}"
                by = frozenset(policy.duties[each.duty].by)
                yield _of_account(account, Errand.DUTY, key, duty=each.duty, since=each.due, roles=by)
        short = posted.get(account.id) if now - account.created_at >= POSTS_OVER else None
        for fault in register.behind(policy, short, weeks=POSTS_OVER.days // 7, now=now) if short else ():
            week = f"{today.isocalendar().year}-{today.isocalendar().week}"
            yield _of_account(account, Errand.POSTING, f"{Errand.POSTING}:{account.id}:{fault}:{week}", duty=fault)
    known = {account.id: account for account in accounts}
    for task in register.leaver_tasks(entries, holders, known):
        key = f"{Errand.LEAVER}:{task.entry_id}:{task.account_id}:{task.what}"
        yield _of_account(known[task.account_id], Errand.LEAVER, key, duty=task.what, since=task.since)


def _of_account(
    account: AccountRow,
    what: Errand,
    key: str,
    *,
    duty: str,
    since: date | None = None,
    roles: frozenset[Role] = frozenset(),
) -> Waits:
    return Waits(
        what=what,
        key=key,
        reference=account.display_name,
        area=account.service_area,
        since=since,
        link="register",
        duty=duty,
        roles=roles,
    )


def everything(session: Session, policy: Policy, calendar: Calendar, *, now: datetime) -> list[Waits]:
    """All that waits now."""
    return [
        *kept.waiting(session, today=london_date(now), now=now, since=now - FORGOTTEN_AFTER),
        *of_accounts(
            policy,
            accounts.everyone(session),
            rows.entries(session),
            rows.administrators(session),
            rows.posting(session, since=now - POSTS_OVER),
            calendar,
            now=now,
        ),
    ]


def by_recipient(waiting: Iterable[Waits], reach: Reach) -> Mapping[str, list[Waits]]:
    """What each is to hear, whether or not they have heard it."""
    found: dict[str, list[Waits]] = {}
    for each in waiting:
        for recipient in recipients(each, reach):
            found.setdefault(recipient, []).append(each)
    return found


def unheard(session: Session, by_recipient: Mapping[str, Sequence[Waits]]) -> Mapping[str, list[Waits]]:
    """Of these, what each has not heard of; nobody who has heard it all."""
    found: dict[str, list[Waits]] = {}
    for recipient, waiting in by_recipient.items():
        known = kept.told(session, recipient, [each.key for each in waiting])
        if new := [each for each in waiting if each.key not in known]:
            found[recipient] = new
    return found


def write_to(
    session: Session, recipient: str, waiting: Sequence[Waits], reach: Reach, scribe: Scribe, *, now: datetime
) -> NoticeRow | None:
    """One message of everything that they have not heard of; None where that is nothing, or they are left in peace."""
    new = unheard(session, {recipient: waiting}).get(recipient, [])
    last = outbox.last_made(session, recipient, KIND)
    if not new or (last is not None and now - last < timedelta(minutes=scribe.policy.notices.gather_minutes)):
        return None
    notice = telling.make(
        session,
        key=f"{KIND}:{recipient}:{new[0].key}",
        kind=KIND,
        recipient=recipient,
        said=tuple(voice.errands(new) for voice in scribe.voices(recipient, reach)),
        cases=len({each.case_id for each in new if each.case_id is not None}),
        urgent=False,
        at_night=False,
        now=now,
    )
    for each in new:
        kept.tell(session, each, recipient, notice_id=notice.id if notice else None, now=now)
    return notice
