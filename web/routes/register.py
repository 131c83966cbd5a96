"""The account register: what stands to be done about each account, who holds access, and what was recorded."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response
from pydantic import Field

from moderation import register
from moderation.deadlines import london_date
from moderation.policy import Duty
from moderation.register import LeaverTask, Owed, Standing
from store import accounts, sessions
from store import register as rows
from store.accounts import AccountRow, AdministratorRow
from store.register import Posting, RegisterRow
from vocabulary import Clock, Role
from web.gate import NotThere
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

WEEKS: Final = 4
FAULTS: Final[Mapping[str, str]] = {
    "duty": N_("Choose what was done."),
    "person": N_("Say who it is about. Whoever holds access already is not given it again."),
    "day": N_("Write the day it was done as 2026-11-20; it cannot lie in the future."),
    "reason": N_("Say what was done, or decided."),
    "before": N_("Something must be recorded before this."),
    "role": N_("The policy has somebody else record this."),
}
SHORT: Final[Mapping[str, str]] = {
    "stale": N_("left alone"),
    "seldom": N_("posts too seldom"),
    "no_welsh": N_("posts without Welsh"),
}
DONE: Final[Mapping[str, str]] = {
    "recorded": N_("It stands in the register."),
    "given": N_("The access stands in the register."),
    "ended": N_("The access is recorded as ended."),
}


class EntryFields(Fields):
    """`account` is a slug, or empty; `answers` are the places of what was answered with yes."""

    duty: Text = ""
    account: Text = ""
    person: Text = ""
    day: Text = ""
    answers: Annotated[tuple[Number, ...], Field(max_length=50)] = ()
    reason: Text = ""


class AccessFields(Fields):
    account: Text = ""
    person: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One account as the register lists it."""

    account: AccountRow
    standing: tuple[Standing, ...]
    overdue: tuple[Standing, ...]
    owed: tuple[Owed, ...]
    posted: Posting | None
    short: tuple[str, ...]
    holders: tuple[AdministratorRow, ...]


@router.get("/register", name="register")
def register_page(visit: SomeVisit, done: str = "") -> Response:
    return _page(visit, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/register", name="register_record")
def record(visit: SomeVisit, fields: Annotated[EntryFields, Form()]) -> Response:
    """A duty was done."""
    try:
        day = date.fromisoformat(fields.day) if fields.day else london_date(visit.now)
    except ValueError:
        return _page(visit, fault="day", typed=fields)
    with visit.store.read() as session:
        account = next((each for each in accounts.everyone(session) if each.slug == fields.account), None)
    try:
        visit.store.write(
            lambda session: register.record(
                session,
                fields.duty,
                account=account,
                person=fields.person,
                on_day=day,
                answers=fields.answers,
                words=fields.reason,
                roles=visit.reader.roles(),
                policy=visit.here.policy,
                actor=visit.actor,
                now=visit.now,
            )
        )
    except register.EntryRefused as refused:
        return _page(visit, fault=refused.field, missing=refused.missing, typed=fields)
    except register.MayNotRecord:
        return _page(visit, fault="role", typed=fields)
    return visit.go("register", done="recorded")


@router.post("/register/access", name="give_access")
def give_access(visit: SomeVisit, fields: Annotated[AccessFields, Form()]) -> Response:
    """Somebody administers an account from now on."""
    with visit.store.read() as session:
        account = next((each for each in accounts.everyone(session) if each.slug == fields.account), None)
    if account is None:
        return _page(visit, fault="duty")
    try:
        visit.store.write(
            lambda session: register.give_access(session, account, fields.person, actor=visit.actor, now=visit.now)
        )
    except register.EntryRefused as refused:
        return _page(visit, fault=refused.field)
    return visit.go("register", done="given")


@router.post("/register/access/{administrator_id}/end", name="end_access")
def end_access(visit: SomeVisit, administrator_id: int) -> Response:
    """Somebody administers an account no longer."""
    if administrator_id > 2**53:
        raise NotThere
    visit.store.write(lambda session: register.end_access(session, administrator_id, actor=visit.actor, now=visit.now))
    return visit.go("register", done="ended")


@router.get("/register/users.csv", name="users_csv")
def users_csv(visit: SomeVisit) -> Response:
    """Who uses the system, by service area, with the day of their training: what a service is recharged for."""
    with visit.store.read() as session:
        people = rows.users_by_area(session)
        trained = {row.person: row.on_day for row in reversed(rows.entries(session)) if row.duty == "training"}
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["area", "name", "username", "since", "trained"])
    for area, user in people:
        day = trained.get(user.full_name)
        name = f"'{user.full_name}" if user.full_name[:1] in "=+-@" else user.full_name
        table.writerow([area, name, user.username, f"{user.created_at:%Y-%m-%d}", day.isoformat() if day else ""])
    headers = {"content-disposition": 'attachment; filename="users.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _page(
    visit: Visit,
    *,
    done: str = "",
    fault: str = "",
    missing: Sequence[str] = (),
    typed: EntryFields | None = None,
) -> Response:
    policy, today = visit.here.policy, visit.web.today()
    with visit.store.read() as session:
        known = {each.id: each for each in accounts.everyone(session)}
        entries, holders = rows.entries(session), rows.administrators(session)
        posted = rows.posting(session, since=visit.now - timedelta(weeks=WEEKS))
        names = sessions.names(session)
    roles = visit.reader.roles()
    return visit.page(
        "register.html",
        status=422 if fault else 200,
        lines=[_line(visit, account, entries, holders, posted.get(account.id)) for account in known.values()],
        tasks=_tasks(entries, holders, known),
        entries=entries[:100],
        known=known,
        names=names,
        duties=policy.duties,
        offered=_offered(policy.duties, roles),
        today=today,
        short_names={name: visit.words.gettext(text) for name, text in SHORT.items()},
        weeks=WEEKS,
        fault=visit.words.gettext(FAULTS[fault]) if fault else "",
        missing=[policy.duties[slug] for slug in missing],
        typed=typed or EntryFields(),
        may_give=bool(roles & {Role.COMMUNICATIONS, Role.ADMINISTRATOR}),
        done=done,
    )


def _offered(duties: Mapping[str, Duty], roles: frozenset[Role]) -> dict[str, Duty]:
    return {slug: duty for slug, duty in duties.items() if roles & set(duty.by)}


def _tasks(
    entries: Sequence[RegisterRow], holders: Sequence[AdministratorRow], known: Mapping[int, AccountRow]
) -> list[LeaverTask]:
    return list(register.leaver_tasks(entries, holders, known))


def _line(
    visit: Visit,
    account: AccountRow,
    entries: Sequence[RegisterRow],
    holders: Sequence[AdministratorRow],
    posted: Posting | None,
) -> Line:
    policy, today = visit.here.policy, visit.web.today()
    mine = [entry for entry in entries if entry.account_id == account.id]
    calendar = visit.web.calendars()[Clock.ANSWER]
    standing = register.standing(policy, mine, london_date(account.created_at), calendar)
    theirs = tuple(holder for holder in holders if holder.account_id == account.id)
    owed = register.owed_by_holders(policy, entries, theirs, calendar) if account.active else ()
    return Line(
        account=account,
        standing=standing,
        overdue=tuple(each for each in standing if each.overdue(today)) if account.active else (),
        owed=tuple(each for each in owed if each.due < today),
        posted=posted,
        short=register.behind(policy, posted, weeks=WEEKS, now=visit.now) if posted else (),
        holders=theirs,
    )
