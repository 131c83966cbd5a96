"""Days on which the body is closed, added and struck by a person: every running clock is counted again.

What a case was promised first is kept, as with a holiday that is announced late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from moderation import deadlines
from moderation.calendar import CLOSURE, WALES, Holiday, calendars
from moderation.deadlines import london_date
from moderation.record import Actor
from pipeline.clocks import PAGE, recompute_due
from pipeline.installation import Installation
from store import audit, holidays, recounting
from store.database import Session
from vocabulary import Clock, GwylioError

FURTHEST: Final = timedelta(days=731)
BY_HAND: Final = "by hand"
"""Who told us of such a day: a colleague, on a page."""


class NoClosure(GwylioError):
    """The day cannot be added or struck."""


class DayOff(NoClosure):
    """Nobody works on that day as it is."""


class TooFar(NoClosure):
    """The day is years away, as a slip of the finger makes it."""


class NotByHand(NoClosure):
    """No closure day that was added by hand stands on that date."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A closure day that somebody would add, or (`strike`) take back, and why."""

    day: date
    title_en: str
    title_cy: str
    because: str
    strike: bool = False


@dataclass(frozen=True, slots=True)
class Moves:
    """How many open cases would get another date; those with a clock of their own are counted one by one later."""

    cases: int
    apart: int


def preview(here: Installation, wish: Wish, *, now: datetime) -> Moves:
    """What it would do to the open cases; nothing is changed.

    Raises:
        NoClosure: it cannot be done.
    """
    with here.store.read() as session:
        days = _standing(session, here)
        _check(days, wish, now)
        after = calendars(_with(days, wish))
        moved, last = 0, 0
        while page := recounting.running(session, after=last, limit=PAGE):
            last, counted = page[-1].case_id, {}
            for each in page:
                arrived = london_date(each.received_at)
                if arrived not in counted:
                    counted[arrived] = deadlines.due(each.received_at, Clock.ANSWER, here.policy.response, after)
                dates = counted[arrived]
                moved += (dates.ack_due, dates.due) != (each.ack_due, each.due)
        return Moves(moved, len(recounting.set_apart(session)))


def carry_out(here: Installation, wish: Wish, *, actor: Actor, now: datetime) -> int:
    """Add or strike the day and count every running clock again; how many cases moved.

    Raises:
        NoClosure: it cannot be done.
    """

    def act(session: Session) -> None:
        _check(_standing(session, here), wish, now)
        if wish.strike:
            holidays.withdraw(session, wish.day, CLOSURE, now=now)
        else:
            holidays.keep(session, [(wish.day, CLOSURE, wish.title_en, wish.title_cy, BY_HAND)], now=now)
        audit.append(
            session,
            actor=actor.name,
            action="closure.strike" if wish.strike else "closure.add",
            subject=f"closure:{wish.day}",
            now=now,
            after={"because": wish.because, "en": wish.title_en, "cy": wish.title_cy},
        )

    here.store.write(act)
    return recompute_due(here, because="closure days", now=now)


def _standing(session: Session, here: Installation) -> list[Holiday]:
    return [*(Holiday(*row) for row in holidays.standing(session)), *here.policy.closure_days]


def _with(days: Sequence[Holiday], wish: Wish) -> list[Holiday]:
    if wish.strike:
        return [each for each in days if not _by_hand(each, wish.day)]
    return [*days, Holiday(wish.day, CLOSURE, wish.title_en, wish.title_cy, BY_HAND)]


def _check(days: Sequence[Holiday], wish: Wish, now: datetime) -> None:
    if wish.strike:
        if not any(_by_hand(each, wish.day) for each in days):
            raise NotByHand(f"no closure day was added by hand on {wish.day}")
        return
    if abs(wish.day - london_date(now)) > FURTHEST:
        raise TooFar(f"{wish.day} is more than two years away")
    off = {each.day for each in days if each.division in (WALES, CLOSURE)}
    if wish.day.isoweekday() > 5 or wish.day in off:
        raise DayOff(f"nobody works on {wish.day} as it is")


def _by_hand(each: Holiday, day: date) -> bool:
    return each.day == day and each.division == CLOSURE and each.source == BY_HAND
