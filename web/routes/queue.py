"""The queue: open cases, due soonest first, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from moderation.policy import Policy
from moderation.service_areas import Areas
from store import conduct, desk, findings, sessions, stirring, triage
from store.database import Session
from store.desk import AskedPage, Hears, Key, QueueCase, QueuePage, Reminder, Wanted
from store.sessions import Colleague
from store.triage import BulkRow
from vocabulary import Clock, Finding, Label, ReplyLanguage, Role, Severity, State
from web.gate import ANSWERING, sees_page
from web.security import Reader
from web.thread import flags
from web.visit import Fields, SomeVisit, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

PAGE = 25
URGENT = 5
"""How many urgent cases stand above the queue; the filter shows the rest."""
REMINDERS = 10
UNDO_FOR = timedelta(hours=12)
"""How long the page offers to undo an act on several cases."""
LARGEST_ID = 2**53
MOVED_ON = N_("Done. The case belongs to another service area now.")
DONE: Final[Mapping[str, str]] = {
    "entered": N_("The comment is kept. It will be in the queue within a few minutes."),
    "entered_elsewhere": N_("The comment is kept. Its case belongs to another service area."),
    "no_other": N_("There is no other case in the queue."),
    "bulk_nothing": N_("Nothing was done: tick cases, and choose what is to be done with them."),
    "bulk_why": N_("Nothing was done: say why."),
}
"""What the page says after something was done, by the word in its address; MOVED_ON after anything else."""
E = TypeVar("E", bound=StrEnum)


SHOWN: Final[Mapping[str, str]] = {
    "": N_("Waiting for us"),
    "urgent": N_("Urgent"),
    "overdue": N_("Overdue"),
    "mine": N_("Assigned to me"),
    "look": N_("No answer owed"),
    "all": N_("Everything"),
}
"""What a reader may ask to be shown, by the word in the address."""


class Asked(Fields):
    """The question of the address: filters, and where to go on from."""

    area: str = ""
    reply_in: str = ""
    state: str = ""
    show: str = ""
    after: str = ""
    before: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the list with what was flagged in its comment.

    `words` are those of the comment, somebody's personal data masked: a list is read over shoulders.
    """

    case: QueueCase
    flags: Sequence[Finding]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueData:
    """What the store says of one page of the queue: a page of cases, and what stands above and below them."""

    page: QueuePage
    seen: Mapping[int, Sequence[Finding]]
    total: int
    only_to_look: int
    urgent: QueuePage
    unsettled: int
    claimed: Mapping[int, str]
    undoable: BulkRow | None
    officers: Mapping[str, Sequence[Colleague]]
    to_review: int
    referred: int
    reminders: Sequence[Reminder]
    stirred: int


@router.get("/queue", name="queue")
def queue(visit: SomeVisit, asked: Annotated[Asked, Query()]) -> Response:
    reader, today = visit.reader, visit.web.today()
    show, wanted = wanted_by(reader, asked, visit.here.areas, today=today)
    ends = {"after": key_of(asked.after), "before": key_of(asked.before)}
    with visit.store.read() as session:
        data = read_queue(session, reader, wanted, **ends, now=visit.now, today=today)
    chosen = {"area": wanted.area, "reply_in": asked.reply_in, "state": asked.state, "show": show}
    return visit.page(
        "queue.html",
        lines=lines_of(data.seen, data.page.cases, visit.here.policy, visit.here.areas),
        total=data.total,
        most=desk.MOST_COUNTED,
        only_to_look=data.only_to_look,
        look=_link({**chosen, "show": "look"}),
        urgent=data.urgent if show != "urgent" else None,
        unsettled=data.unsettled,
        to_review=data.to_review,
        referred=data.referred,
        reminders=data.reminders,
        stirred=data.stirred,
        today=today,
        calendar=visit.web.calendars()[Clock.ANSWER],
        areas=_visible_areas(visit),
        shown={name: visit.words.gettext(text) for name, text in SHOWN.items()},
        states=tuple(State),
        languages=tuple(ReplyLanguage),
        claimed=data.claimed,
        undoable=data.undoable,
        may_act=bool(reader.roles() & ANSWERING),
        choices=[(slug, sessions.officers_of(data.officers, slug)) for slug in visit.here.areas.slugs],
        outcomes=visit.here.policy.outcomes,
        chosen=chosen,
        filtered=any(chosen.values()),
        everywhere=reader.areas() is None,
        earlier=_link(chosen, before=data.page.earlier),
        later=_link(chosen, after=data.page.later),
        done=visit.words.gettext(DONE.get(asked.done, MOVED_ON)) if asked.done else "",
    )


@router.get("/cases/{case_id}/next", name="next_case")
def next_case(visit: SomeVisit, case_id: int, asked: Annotated[Asked, Query()]) -> Response:
    """To the case that stands after this one in the queue, or at its beginning after the last."""
    _show, wanted = wanted_by(visit.reader, asked, visit.here.areas, today=visit.web.today())
    with visit.store.read() as session:
        key = desk.key_of(session, case_id)
        after, first = desk.queue_pages(
            session, AskedPage(wanted=wanted, after=key, limit=1), AskedPage(wanted=wanted, limit=1)
        )
    cases = [case for case in (*after.cases, *first.cases) if case.id != case_id]
    return visit.go(f"cases/{cases[0].id}") if cases else visit.go("queue", done="no_other")


def wanted_by(reader: Reader, asked: Asked, areas: Areas, *, today: date) -> tuple[str, Wanted]:
    """Which word of SHOWN the address asks for, and the cases that are meant."""
    state = _one_of(State, asked.state)
    show = asked.show if asked.show in SHOWN else ""
    show = show or ("all" if state else "")
    return show, Wanted(
        areas=reader.areas(),
        area=asked.area if asked.area in areas else "",
        reply_in=_one_of(ReplyLanguage, asked.reply_in),
        state=state,
        waiting={"": True, "look": False}.get(show),
        severity=Severity.URGENT if show == "urgent" else None,
        due_before=today if show == "overdue" else None,
        owner_id=reader.user_id if show == "mine" else None,
        awake_on=today if show in {"", "look"} else None,
    )


def read_queue(
    session: Session,
    reader: Reader,
    wanted: Wanted,
    *,
    after: Key | None = None,
    before: Key | None = None,
    now: datetime,
    today: date,
) -> QueueData:
    """All that a page of the queue asks of the store; bench/million.py holds it to its limit."""
    areas = reader.areas()
    page, urgent = desk.queue_pages(
        session,
        AskedPage(wanted=wanted, after=after, before=before, limit=PAGE),
        AskedPage(wanted=Wanted(areas=areas, severity=Severity.URGENT), limit=URGENT),
    )
    reviews = sees_page(reader, "reviews")
    stirred = stirring.newest(session)
    return QueueData(
        stirred=stirred,
        page=page,
        seen=findings.of_comments(session, [case.comment_id for case in page.cases]),
        total=desk.count(session, wanted),
        only_to_look=desk.count(session, replace(wanted, waiting=False)) if wanted.waiting else 0,
        urgent=urgent,
        unsettled=len(desk.unsettled(session, areas)) if sees_page(reader, "escalations") else 0,
        claimed=triage.claims(session, [case.id for case in page.cases], now=now),
        undoable=triage.last_bulk(session, reader.user_id, since=now - UNDO_FOR),
        officers=sessions.officers(session),
        to_review=conduct.count_overdue(session, areas, today=today) if reviews else 0,
        referred=conduct.count_referred(session, areas) if reviews else 0,
        reminders=desk.reminders(session, _hears(reader), areas, limit=REMINDERS),
    )


def lines_of(
    seen: Mapping[int, Sequence[Finding]], cases: Sequence[QueueCase], policy: Policy, areas: Areas
) -> list[Line]:
    """The cases of a page with what was flagged in each, less what the policy does not hold to be serious at all."""
    lines = []
    for case in cases:
        found = flags(seen[case.comment_id], policy)
        serious = [each for each in found if policy.severity[each.about] is not Severity.NONE]
        personal = any(each.about is Label.PERSONAL_DATA for each in found)
        lines.append(Line(case, serious, _masked(case.words, areas) if personal else case.words))
    return lines


def _masked(text: str, areas: Areas) -> str:
    from classifiers import personal_data

    return personal_data.masked(text, personal_data.ours_in(areas.contacts))


def key_of(written: str) -> Key | None:
    """`2026-11-20.417`: the due date and id on which a page ended.  Anything else is the beginning."""
    day, _, number = written.partition(".")
    try:
        key = date.fromisoformat(day), int(number)
    except ValueError:
        return None
    return key if 0 <= key[1] < LARGEST_ID else None


def _visible_areas(visit: Visit) -> list[str]:
    """The service areas that this reader may choose among."""
    mine = visit.reader.areas()
    return [slug for slug in visit.here.areas.slugs if mine is None or slug in mine]


def _hears(reader: Reader) -> Hears:
    """Whose warnings this reader hears."""
    roles = frozenset(role.value for role in reader.roles() - {Role.OFFICER})
    return Hears(user_id=reader.user_id, roles=roles, officer_of=reader.officer_of())


def _one_of(kind: type[E], value: str) -> E | None:
    """The member with this value; an unknown one filters nothing."""
    return kind(value) if value in set(kind) else None


def _link(chosen: Mapping[str, str], **key: Key | None) -> str:
    """The query string of these filters, from a key on; nothing where the key is None and there is no such page."""
    if None in key.values():
        return ""
    asked: dict[str, Any] = {field: given for field, given in chosen.items() if given}
    return "?" + urlencode({**asked, **{name: f"{end[0]:%Y-%m-%d}.{end[1]}" for name, end in key.items() if end}})
