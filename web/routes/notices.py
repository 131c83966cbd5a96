"""The messages that Gwylio wrote: one's own, and those with which only a person can go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response

from moderation import notices, telling
from moderation.notices import Said
from store import notices as outbox
from store import sessions
from store.notices import TEAMS, USER, NoticeRow
from web.gate import CONNECTING, WATCHING
from web.pages import NAMES, area_name
from web.visit import Fields, SomeVisit, Visit
from words import Screen
from words.names import N_

router = APIRouter(prefix="/{language}")

SHOWN: Final = 50
DONE: Final[Mapping[str, str]] = {
    "again": N_("The message leaves again with the next round."),
    "enough": N_("Recorded: nothing more is done about this message."),
    "language": N_("From now on you are written to in the language that you chose."),
    "settled": N_("Somebody else has settled this message already."),
}
CHANNELS: Final[Mapping[str, str]] = {
    "communications": N_("communications team"),
    "senior": N_("senior managers"),
}


class SettleFields(Fields):
    what: Literal["again", "enough"]


class LanguageFields(Fields):
    written_in: Screen


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with what it says, in each of its languages, and to whom."""

    notice: NoticeRow
    said: tuple[Said, ...]
    to: str


@router.get("/notices", name="notices")
def messages(visit: SomeVisit, done: str = "") -> Response:
    """One's own messages; whoever watches over the installation sees what is stuck, and the latest of all."""
    watches = bool(visit.reader.roles() & WATCHING)
    with visit.store.read() as session:
        own = outbox.latest(session, recipient=f"{USER}{visit.reader.user_id}", limit=SHOWN)
        stuck = outbox.for_a_person(session) if watches else ()
        everybodys = outbox.latest(session, limit=SHOWN) if watches else ()
        names = sessions.names(session)
    return visit.page(
        "notices.html",
        own=[_shown(visit, notice, names) for notice in own],
        stuck=[_shown(visit, notice, names) for notice in stuck],
        everybodys=[_shown(visit, notice, names) for notice in everybodys],
        watches=watches,
        written_in=visit.reader.session.language,
        languages=NAMES,
        may_settle=bool(visit.reader.roles() & CONNECTING),
        leaves=visit.here.settings.send_notices,
        by_mail=bool(visit.here.settings.mail.host),
        done=visit.words.gettext(DONE[done]) if done in DONE else "",
    )


@router.post("/notices/language", name="notice_language")
def choose_language(visit: SomeVisit, fields: Annotated[LanguageFields, Form()]) -> Response:
    """In which language one is written to, whatever language the pages are read in."""
    visit.store.write(
        lambda session: telling.choose_language(session, fields.written_in, actor=visit.actor, now=visit.now)
    )
    return visit.go("notices", done="language")


@router.post("/notices/{notice_id}/settle", name="settle_notice")
def settle(visit: SomeVisit, notice_id: int, fields: Annotated[SettleFields, Form()]) -> Response:
    """A person has asked the recipient, or looked: the message is sent again, or that is the end of it."""
    try:
        visit.store.write(
            lambda session: telling.settle(
                session, notice_id, again=fields.what == "again", actor=visit.actor, now=visit.now
            )
        )
    except telling.AlreadySettled:
        return visit.go("notices", done="settled")
    return visit.go("notices", done=fields.what)


def _shown(visit: Visit, notice: NoticeRow, names: Mapping[int, str]) -> Shown:
    place = notice.recipient.removeprefix(TEAMS)
    if place != notice.recipient:
        name = visit.words.gettext(CHANNELS[place]) if place in CHANNELS else area_name(visit.web, visit.words, place)
        to = f"Teams: {name}"
    else:
        to = names.get(int(notice.recipient.removeprefix(USER)), notice.recipient)
    return Shown(notice, notices.read(notice.content), to)
