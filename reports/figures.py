"""A week's rows counted into figures.  Pure: the same rows give the same figures on any day.

What came in is counted in the London week in which it was posted; in time and late are counted
in the week in which the answer was due.  So Monday's report judges no case before its day.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from moderation.calendar import Calendar
from moderation.deadlines import london_date, working_days_taken
from reports.week import ONE_DAY, Week
from store.figures import OWED_WELSH, Arrival, Corrected, Happening, Place, Rows, Turn
from store.silences import Silence
from vocabulary import Label, Language, Platform, Question

K = TypeVar("K", bound=str)

LISTED = (Language.CY, Language.MIXED, Language.EN, Language.OTHER, Language.UND)
NINETIETH = 0.9
SLOWEST = 6
"""Answers that took so many working days or more are shown together."""

Counted = Turn | Arrival | Happening | Corrected
"""A row that a figure counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted in one place.

    `needing` and `not_needed` are the conversations that began in the week.  Of
    `acknowledgements_due` some were `acknowledged`, and of these some in time.  `due` is `in_time`
    and `late` together; `closed_unanswered` stands beside it: ended by the due date without an
    answer of ours on the platform.  `overdue` is part of `still_open`.  `median_days` and
    `ninetieth_days` are whole working days from arrival (day 0) of the answers given in the week.
    A measure is None where there was nothing to measure.
    """

    received: int
    needing: int
    not_needed: int
    acknowledgements_due: int
    acknowledged: int
    acknowledged_in_time: int
    due: int
    in_time: int
    late: int
    closed_unanswered: int
    still_open: int
    overdue: int
    answered: int
    reopened: int
    english_only: int
    by_machine: int = 0
    median_days: float | None
    ninetieth_days: int | None
    collection_delay: timedelta | None

    @property
    def share_in_time(self) -> float | None:
        """Answers in time among those due, 0 to 1; None where none was due."""
        return self.in_time / self.due if self.due else None

    @property
    def share_acknowledged(self) -> float | None:
        """Acknowledgements in time among those due, 0 to 1; None where none was due."""
        return self.acknowledged_in_time / self.acknowledgements_due if self.acknowledgements_due else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCase:
    """An answer that came late or has not come, without a word or a name of whoever wrote.

    `days_late` are working days, at least 1: to the answer, to the closing, or to the last whole day.
    """

    case_id: int
    reference: str
    place: Place
    received: date
    due: date
    answered: date | None
    days_late: int


@dataclass(frozen=True, slots=True)
class Corrections:
    """How often people took a flag away or added one that was missed; of a language, how often they changed it."""

    about: Label | Question
    taken_away: int
    added: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the week: what was posted on it, and what was to be answered by its end."""

    day: date
    received: int
    due: int
    in_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """A week in figures.  `until` is the week's end, or the present while it is not over.

    `welsh_pace` and `english_pace` count the answers of the week by the working days they took, up to SLOWEST.
    `welsh` counts those to whom Welsh is owed, whether they wrote in Welsh or in both languages.
    `late_cases` are the late ones due in the week and the overdue ones of earlier weeks.  `silences` are
    those that the week cannot speak for; `searched` is what saved searches found, which nobody wrote to us.
    """

    week: Week
    until: datetime
    policy: str
    total: Figures
    by_area: Mapping[str, Figures]
    by_platform: Mapping[Platform, Figures]
    by_language: Mapping[Language, Figures]
    welsh: Figures
    english: Figures
    late_cases: tuple[LateCase, ...]
    days: tuple[Day, ...] = ()
    welsh_pace: tuple[int, ...] = ()
    english_pace: tuple[int, ...] = ()
    silences: tuple[Silence, ...] = ()
    searched: int = 0
    corrections: tuple[Corrections, ...] = ()

    @property
    def over(self) -> bool:
        return self.until >= self.week.end


def figures(
    rows: Rows, week: Week, calendar: Calendar, *, until: datetime, areas: Sequence[str] = (), policy: str = ""
) -> Weekly:
    """Rows counted: in all, by area, by platform and by language.

    What happened at `until` or later has not happened yet.  Every area named is listed, and after
    them any that only a row knows.
    """
    seen = _as_of(rows, until)
    kinds = (seen.turns, seen.arrivals, seen.reopenings, seen.english_only, seen.by_machine)
    places = [each.place for kind in kinds for each in kind]

    def count(counts: Callable[[Place], bool]) -> Figures:
        return _counted(within(seen, counts), week, calendar, until)

    def split(by: Callable[[Place], K], known: Iterable[K]) -> dict[K, Figures]:
        keys = dict.fromkeys([*known, *sorted({by(place) for place in places})])
        return {key: count(lambda place, key=key: by(place) == key) for key in keys}  # type: ignore[misc]

    return Weekly(
        week=week,
        until=until,
        policy=policy,
        total=count(lambda _: True),
        by_area=split(lambda place: place.area, areas),
        by_platform=split(lambda place: place.platform, rows.platforms),
        by_language=split(lambda place: place.language, LISTED),
        welsh=count(in_welsh),
        english=count(in_english),
        late_cases=_late_cases(seen.turns, week, calendar, until),
        days=tuple(_by_day(seen, week, until)),
        welsh_pace=_pace(within(seen, in_welsh), week, calendar, until),
        english_pace=_pace(within(seen, in_english), week, calendar, until),
        silences=tuple(each for each in rows.silences if each.began < until),
        searched=rows.searched,
        corrections=tuple(_corrections(seen)),
    )


def in_welsh(place: Place) -> bool:
    """Whether Welsh is owed there."""
    return place.language in OWED_WELSH


def in_english(place: Place) -> bool:
    return place.language is Language.EN


def _corrections(rows: Rows) -> Iterable[Corrections]:
    for about in (*Label, *Question):
        said = [each.says for each in rows.corrections if each.about == about]
        if said:
            yield Corrections(about, said.count("no"), len(said) - said.count("no"))


def within(rows: Rows, counts: Callable[[Place], bool]) -> Rows:
    """The rows of the places that count, such as the areas that a reader may see."""
    return Rows(
        turns=tuple(each for each in rows.turns if counts(each.place)),
        arrivals=tuple(each for each in rows.arrivals if counts(each.place)),
        reopenings=tuple(each for each in rows.reopenings if counts(each.place)),
        english_only=tuple(each for each in rows.english_only if counts(each.place)),
        by_machine=tuple(each for each in rows.by_machine if counts(each.place)),
        platforms=rows.platforms,
        corrections=tuple(each for each in rows.corrections if counts(each.place)),
    )


def behind(rows: Rows, week: Week, *, until: datetime) -> Mapping[str, Sequence[Counted]]:
    """The rows that each count of `Figures` is the number of, by its name; corrections by `taken_away.abuse`.

    What happened at `until` or later has not happened yet.
    """
    seen = _as_of(rows, until)
    corrected: dict[str, list[Counted]] = {}
    for each in seen.corrections:
        corrected.setdefault(f"{'taken_away' if each.says == 'no' else 'added'}.{each.about}", []).append(each)
    return {**_chosen(seen, week, until), **corrected}


def _chosen(rows: Rows, week: Week, until: datetime) -> dict[str, Sequence[Counted]]:
    """What each count counts: the one place that says so."""
    owed = [turn for turn in rows.turns if turn.owed]
    began = [turn for turn in rows.turns if week.has(london_date(turn.received_at))]
    acknowledgeable = [turn for turn in owed if _acknowledgement_due(turn, week, until)]
    acknowledged = [turn for turn in acknowledgeable if turn.acknowledged_at]
    due = [turn for turn in owed if _due(turn, week, until)]
    still_open = [turn for turn in owed if _open(turn)]
    return {
        "received": rows.arrivals,
        "needing": [turn for turn in began if turn.owed],
        "not_needed": [turn for turn in began if not turn.owed],
        "acknowledgements_due": acknowledgeable,
        "acknowledged": acknowledged,
        "acknowledged_in_time": [turn for turn in acknowledged if _by(turn.acknowledged_at, turn.ack_due)],
        "due": due,
        "in_time": [turn for turn in due if not _late(turn)],
        "late": [turn for turn in due if _late(turn)],
        "closed_unanswered": [turn for turn in owed if week.has(turn.due) and _closed_unanswered(turn)],
        "still_open": still_open,
        "overdue": [turn for turn in still_open if _overdue(turn, until)],
        "answered": [turn for turn in owed if turn.answered_at and week.has(london_date(turn.answered_at))],
        "reopened": rows.reopenings,
        "english_only": rows.english_only,
        "by_machine": rows.by_machine,
    }


def _counted(rows: Rows, week: Week, calendar: Calendar, until: datetime) -> Figures:
    chosen = _chosen(rows, week, until)
    days = sorted(_days_taken(chosen["answered"], calendar))
    delays = [(arrival.first_seen - arrival.posted_at).total_seconds() for arrival in rows.arrivals]
    return Figures(
        **{name: len(counted) for name, counted in chosen.items()},
        median_days=statistics.median(days) if days else None,
        ninetieth_days=days[math.ceil(NINETIETH * len(days)) - 1] if days else None,
        collection_delay=timedelta(seconds=statistics.median(delays)) if delays else None,
    )


def _days_taken(answered: Iterable[Counted], calendar: Calendar) -> Iterator[int]:
    """Whole working days from arrival to answer."""
    for turn in answered:
        if isinstance(turn, Turn) and turn.answered_at:
            yield working_days_taken(turn.received_at, turn.answered_at, calendar)


def _by_day(rows: Rows, week: Week, until: datetime) -> Iterator[Day]:
    chosen = _chosen(rows, week, until)
    received = Counter(london_date(each.posted_at) for each in rows.arrivals)
    due, in_time = (Counter(turn.due for turn in chosen[name] if isinstance(turn, Turn)) for name in ("due", "in_time"))
    for number in range(7):
        day = week.first_day + number * ONE_DAY
        yield Day(day, received[day], due[day], in_time[day])


def _pace(rows: Rows, week: Week, calendar: Calendar, until: datetime) -> tuple[int, ...]:
    """How many answers of the week took 0, 1, 2 ... working days; the last place holds all that took longer."""
    taken = Counter(min(days, SLOWEST) for days in _days_taken(_chosen(rows, week, until)["answered"], calendar))
    return tuple(taken[days] for days in range(SLOWEST + 1))


def _late(turn: Turn) -> bool:
    """Of a turn that can be judged: whether no answer of ours stood there by the end of its due date in London."""
    return not _by(turn.answered_at, turn.due)


def _due(turn: Turn, week: Week, until: datetime) -> bool:
    """Due in the week, and judged: its day is over, or it was answered before that."""
    if not week.has(turn.due) or _closed_unanswered(turn):
        return False
    return turn.answered_at is not None or turn.due <= _last_whole_day(until)


def _acknowledgement_due(turn: Turn, week: Week, until: datetime) -> bool:
    if turn.ack_due is None or not week.has(turn.ack_due):
        return False
    if turn.acknowledged_at is None and _by(turn.ended_at, turn.ack_due):
        return False
    return turn.acknowledged_at is not None or turn.ack_due <= _last_whole_day(until)


def _closed_unanswered(turn: Turn) -> bool:
    """Ended by its due date without an answer of ours; one that is ended later was late before that."""
    return turn.answered_at is None and _by(turn.ended_at, turn.due)


def _open(turn: Turn) -> bool:
    return turn.answered_at is None and turn.ended_at is None


def _overdue(turn: Turn, until: datetime) -> bool:
    return _open(turn) and turn.due <= _last_whole_day(until)


def _by(moment: datetime | None, day: date | None) -> bool:
    return moment is not None and day is not None and london_date(moment) <= day


def _last_whole_day(until: datetime) -> date:
    return london_date(until) - ONE_DAY


def _late_cases(turns: Iterable[Turn], week: Week, calendar: Calendar, until: datetime) -> tuple[LateCase, ...]:
    listed = [
        LateCase(
            case_id=turn.case_id,
            reference=turn.reference,
            place=turn.place,
            received=london_date(turn.received_at),
            due=turn.due,
            answered=london_date(turn.answered_at) if turn.answered_at else None,
            days_late=max(1, calendar.working_days_between(turn.due, _late_until(turn, until))),
        )
        for turn in turns
        if turn.owed and (_overdue(turn, until) or (_due(turn, week, until) and _late(turn)))
    ]
    return tuple(sorted(listed, key=lambda case: (-case.days_late, case.due, case.reference)))


def _late_until(turn: Turn, until: datetime) -> date:
    over = turn.answered_at or turn.ended_at
    return london_date(over) if over else _last_whole_day(until)


def _as_of(rows: Rows, until: datetime) -> Rows:
    def so_far(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment < until else None

    return Rows(
        turns=tuple(
            replace(
                turn,
                acknowledged_at=so_far(turn.acknowledged_at),
                answered_at=so_far(turn.answered_at),
                ended_at=so_far(turn.ended_at),
            )
            for turn in rows.turns
            if turn.received_at < until
        ),
        arrivals=tuple(each for each in rows.arrivals if each.posted_at < until),
        reopenings=tuple(each for each in rows.reopenings if each.at < until),
        english_only=tuple(each for each in rows.english_only if each.at < until),
        by_machine=tuple(each for each in rows.by_machine if each.at < until),
        platforms=rows.platforms,
        corrections=tuple(each for each in rows.corrections if each.at < until),
    )
