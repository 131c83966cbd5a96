"""The account register: what policy asks of whoever keeps an account, besides answering the people who write there.

The pack says which duties there are, on what, how often, who records them and what must stand before.
A duty is recorded by a person; what is overdue is computed from the last entry and never stored.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from moderation.calendar import Calendar
from moderation.deadlines import london_date
from moderation.policy import Duty, Policy
from moderation.record import Actor
from store import audit
from store import register as rows
from store.accounts import AccountRow, AdministratorRow
from store.database import Session
from store.register import Posting, RegisterRow
from vocabulary import GwylioError, Role

PASSWORD = "password_changed"  # noqa: S105 - the name of a duty
LEAVER = "leaver"
SHARED = "shared"


class EntryRefused(GwylioError):
    """An entry cannot stand so; `field` is what is wrong: duty, person, day, reason, or what must stand before."""

    def __init__(self, field: str, why: str, *, missing: Sequence[str] = ()) -> None:
        self.field, self.missing = field, tuple(missing)
        super().__init__(why)


class MayNotRecord(GwylioError):
    """The pack has somebody else record this."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one duty on one account stands: when it was last done, and by when again.  None: never, or not again."""

    duty: str
    last: date | None
    due: date | None

    def overdue(self, today: date) -> bool:
        return self.due is not None and self.due < today


@dataclass(frozen=True, slots=True)
class LeaverTask:
    """Something to be done because somebody left: access to be ended, or a shared password to be changed."""

    person: str
    account: str
    what: str
    since: date
    account_id: int
    entry_id: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What somebody who holds access to an account has yet to do, or to do again, by which day."""

    duty: str
    holder: AdministratorRow
    due: date


def standing(
    policy: Policy, entries: Iterable[RegisterRow], account_since: date, calendar: Calendar
) -> tuple[Standing, ...]:
    """Every duty on one account, in the pack's order.  One that recurs is due from the day the account began."""
    latest: dict[str, date] = {}
    for entry in entries:
        latest[entry.duty] = max(entry.on_day, latest.get(entry.duty, entry.on_day))
    found = []
    for slug, duty in policy.duties.items():
        if duty.on != "account":
            continue
        last = latest.get(slug)
        found.append(Standing(slug, last, next_due(duty, last or account_since, calendar)))
    return tuple(found)


def next_due(duty: Duty, last: date, calendar: Calendar) -> date | None:
    """By when a duty is to be done again; None where it does not recur."""
    if duty.every_months is not None:
        years, month = divmod(last.month - 1 + duty.every_months, 12)
        year = last.year + years
        return date(year, month + 1, min(last.day, months.monthrange(year, month + 1)[1]))
    if duty.every_working_days is not None:
        return calendar.after(last, duty.every_working_days)
    return None


def leaver_tasks(
    entries: Sequence[RegisterRow], holders: Sequence[AdministratorRow], accounts: Mapping[int, AccountRow]
) -> Iterator[LeaverTask]:
    """What is left to do about those who left or moved: every access they hold, every shared password they knew."""
    for entry in entries:
        if entry.duty != LEAVER:
            continue
        for holder in holders:
            if holder.name == entry.person:
                account = accounts[holder.account_id]
                yield LeaverTask(entry.person, account.display_name, "access", entry.on_day, account.id, entry.id)
        for account_id in entry.held:
            shared = accounts.get(account_id)
            if shared is None or shared.login_model != SHARED:
                continue
            if not any(
                each.duty == PASSWORD and each.account_id == account_id and each.on_day >= entry.on_day
                for each in entries
            ):
                yield LeaverTask(entry.person, shared.display_name, "password", entry.on_day, shared.id, entry.id)


def owed_by_holders(
    policy: Policy, entries: Iterable[RegisterRow], holders: Iterable[AdministratorRow], calendar: Calendar
) -> Iterator[Owed]:
    """What the pack asks of everybody who holds access: due from the day they do, and again by its interval."""
    latest: dict[tuple[str, str], date] = {}
    for entry in entries:
        known = (entry.duty, entry.person)
        latest[known] = max(entry.on_day, latest.get(known, entry.on_day))
    for holder in holders:
        for slug, duty in policy.duties.items():
            last = latest.get((slug, holder.name))
            due = next_due(duty, last, calendar) if last else london_date(holder.since)
            if duty.of_holders and due is not None:
                yield Owed(slug, holder, due)


def behind(policy: Policy, posted: Posting, *, weeks: int, now: datetime) -> tuple[str, ...]:
    """How an account falls short of what the pack says of posting: `stale`, `seldom`, `no_welsh`, or not at all."""
    short = []
    if posted.latest is None or (now - posted.latest).days > policy.posting.stale_after_days:
        short.append("stale")
    if posted.posts < policy.posting.times_a_week * weeks:
        short.append("seldom")
    if policy.posting.bilingual and posted.with_welsh < posted.posts:
        short.append("no_welsh")
    return tuple(short)


def record(
    session: Session,
    duty_slug: str,
    *,
    account: AccountRow | None,
    person: str,
    on_day: date,
    answers: Collection[int],
    words: str,
    roles: Collection[Role],
    policy: Policy,
    actor: Actor,
    now: datetime,
) -> RegisterRow:
    """A person says that a duty was done.  `answers` are the places of what was answered with yes.

    Raises:
        EntryRefused: no such duty here, nobody named, a day to come, no words, or something that must stand before.
        MayNotRecord: the pack has other roles record it.
    """
    duty = policy.duties.get(duty_slug)
    if duty is None or (duty.on == "account") != (account is not None):
        raise EntryRefused("duty", "choose what was done")
    if not set(duty.by) & set(roles) or actor.user_id is None:
        raise MayNotRecord(f"{duty_slug} is recorded by {', '.join(duty.by)}")
    if duty.on == "person" and not person.strip():
        raise EntryRefused("person", "say whom it is about")
    if on_day > london_date(now):
        raise EntryRefused("day", "the day is still to come")
    if not words.strip():
        raise EntryRefused("reason", "say what was done, or decided")
    known = rows.entries(session, account.id if account else None)
    stands = {entry.duty for entry in known if account or entry.person == person.strip()}
    if missing := [each for each in duty.after if each not in stands]:
        raise EntryRefused("before", f"not before: {', '.join(missing)}", missing=missing)
    kept = [place in answers for place in range(len(duty.asks))]
    theirs = [row.account_id for row in rows.administrators(session) if row.name == person.strip()]
    entry = RegisterRow(
        duty=duty_slug,
        account_id=account.id if account else None,
        person=person.strip() if duty.on == "person" else "",
        on_day=on_day,
        words=words.strip(),
        answers=kept,
        held=theirs if duty_slug == LEAVER else [],
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(entry)
    session.flush()
    audit.append(
        session,
        actor=actor.name,
        action="register.recorded",
        subject=f"register:{entry.id}",
        now=now,
        after={"duty": duty_slug, "account": entry.account_id, "on": on_day.isoformat(), "answers": kept},
    )
    return entry


def give_access(session: Session, account: AccountRow, person: str, *, actor: Actor, now: datetime) -> None:
    """Somebody administers this account from now on.

    Raises:
        EntryRefused: nobody is named, or they hold it already.
    """
    name = person.strip()
    if not name:
        raise EntryRefused("person", "say who")
    if any(row.name == name for row in rows.administrators(session, account.id)):
        raise EntryRefused("person", "they hold it already")
    row = AdministratorRow(account_id=account.id, name=name, since=now, given_by=actor.name)
    session.add(row)
    session.flush()
    _trail(session, "register.access_given", row, actor, now)


def end_access(session: Session, administrator_id: int, *, actor: Actor, now: datetime) -> None:
    """Somebody administers an account no longer; ended twice is ended once."""
    row = session.get(AdministratorRow, administrator_id, with_for_update=True)
    if row is not None and row.until is None:
        row.until = now
        _trail(session, "register.access_ended", row, actor, now)


def _trail(session: Session, action: str, row: AdministratorRow, actor: Actor, now: datetime) -> None:
    audit.append(
        session,
        actor=actor.name,
        action=action,
        subject=f"account:{row.account_id}",
        now=now,
        after={"administrator": row.id},
    )
