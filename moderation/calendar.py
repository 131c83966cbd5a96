"""Which days are working days, and why another day is not.

Two lists of holidays are kept apart: that of England and Wales, by which a council promises an
answer, and that of the whole United Kingdom, by which the Freedom of Information Act counts
(section 10(6)).  A body's own closure days stop the first clock only: the law knows nothing of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from toml_file import Bilingual, FileError, Record, Text, problems_of, read
from vocabulary import Clock, Reason

OWN_ROWS = Path(__file__).parent.parent / "config" / "holidays.toml"

WALES = "england-and-wales"
CLOSURE = "closure"
PAUSE = "pause"
GOV_UK = "gov.uk"
COMPUTED = "computed"
# Divisions as GOV.UK names them, and as the package `holidays` does.
DIVISIONS = {WALES: ("ENG", "WLS"), "scotland": ("SCT",), "northern-ireland": ("NIR",)}
# Before the list of GOV.UK begins and after it ends, we go by the rules that `holidays` computes.
FIRST_YEAR = 2004
YEARS_AHEAD = 3

SATURDAY = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off in one division, or (`closure`) of our own body.  `source` is who told us.

    A day on which one clock stood still (`pause`) is a day off for that clock alone.
    """

    day: date
    division: str
    title_en: str
    title_cy: str
    source: str

    @property
    def why(self) -> Reason:
        if self.division == PAUSE:
            return Reason("the clock stood still: {title}", {"title": self.title_en, "title_cy": self.title_cy})
        if self.division == CLOSURE:
            return Reason("we are closed: {title}", {"title": self.title_en, "title_cy": self.title_cy})
        return Reason("bank holiday: {title}", {"title": self.title_en, "title_cy": self.title_cy})


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days that one clock counts.  After `known_until` a day off may yet be announced."""

    days_off: Mapping[date, Holiday] = field(repr=False)
    known_until: date
    _weekdays_off: tuple[date, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weekdays = tuple(sorted(day for day in self.days_off if day.weekday() < SATURDAY))
        object.__setattr__(self, "_weekdays_off", weekdays)

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.days_off

    def why_not(self, day: date) -> Reason | None:
        """Why this is not a working day; None when it is one."""
        if day.weekday() >= SATURDAY:
            return Reason("Saturday") if day.weekday() == SATURDAY else Reason("Sunday")
        return self.days_off[day].why if day in self.days_off else None

    def without(self, days: Iterable[Holiday]) -> Calendar:
        """The same calendar less these days; what was a day off before keeps its reason."""
        return Calendar({**{row.day: row for row in days}, **self.days_off}, self.known_until)

    def on_or_after(self, day: date) -> date:
        """`day`, or the next working day when it is not one."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def after(self, day: date, working_days: int) -> date:
        """The `working_days`-th working day after `day`, which is itself not counted."""
        while working_days:
            day += ONE_DAY
            working_days -= self.is_working_day(day)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after `start`, up to and including `end`; 0 when `end` is not later."""
        if end <= start:
            return 0
        weeks, rest = divmod((end - start).days, 7)
        tail = sum((start + timedelta(days=n)).weekday() < SATURDAY for n in range(1, rest + 1))
        off = bisect_right(self._weekdays_off, end) - bisect_right(self._weekdays_off, start)
        return weeks * 5 + tail - off


def calendars(days: Iterable[Holiday], known_until: date | None = None) -> Mapping[Clock, Calendar]:
    """The calendar of each clock, from rows of every division and of our closures.

    `known_until` is the end of the last year that GOV.UK has published, unless said.
    """
    rows = sorted(days, key=lambda row: (row.day, row.division != WALES, row.division))
    known = known_until or last_known(rows)
    wales: dict[date, Holiday] = {}
    closures: dict[date, Holiday] = {}
    anywhere: dict[date, Holiday] = {}
    for row in rows:
        if row.division == CLOSURE:
            closures.setdefault(row.day, row)
            continue
        anywhere.setdefault(row.day, row)
        if row.division == WALES:
            wales.setdefault(row.day, row)
    by_law = Calendar(wales, known)
    return {
        Clock.ANSWER: Calendar({**closures, **wales}, known),
        Clock.FOI: Calendar(anywhere, known),
        Clock.SAR: by_law,
        Clock.COMPLAINT: Calendar({**closures, **wales}, known),
    }


def last_known(days: Iterable[Holiday]) -> date:
    """The end of the last year of which GOV.UK has published the bank holidays of Wales."""
    years = [row.day.year for row in days if row.division == WALES and row.source == GOV_UK]
    return date(max(years), 12, 31) if years else date.min


@cache
def seed_holidays() -> tuple[Holiday, ...]:
    """The bank holidays of every division that come with the program; the network is not asked.

    GOV.UK's list as `govuk-bank-holidays` carries it, our own rows of config/holidays.toml, and,
    where neither has a day, what the package `holidays` computes.

    Raises:
        FileError: config/holidays.toml says something we cannot honour.
    """
    titles, own = _own_rows()
    rows: dict[tuple[date, str], Holiday] = {}
    for row in (*_published(titles), *own, *_computed(titles)):
        rows.setdefault((row.day, row.division), row)
    return tuple(sorted(rows.values(), key=lambda row: (row.day, row.division)))


def announced_holidays(url: str) -> tuple[Holiday, ...]:
    """The same days, with what GOV.UK says now at `url`; where it cannot be reached, those of the program."""
    titles, own = _own_rows()
    rows: dict[tuple[date, str], Holiday] = {}
    for row in (*_published(titles, url), *own, *seed_holidays()):
        rows.setdefault((row.day, row.division), row)
    return tuple(sorted(rows.values(), key=lambda row: (row.day, row.division)))


def _published(titles: Mapping[str, str], url: str = "") -> Iterator[Holiday]:
    from govuk_bank_holidays.bank_holidays import BankHolidays

    class Source(BankHolidays):  # type: ignore[misc]
        source_url = url

    english = Source(use_cached_holidays=not url).data
    welsh = Source(locale="cy", use_cached_holidays=not url).data
    for division in DIVISIONS:
        for en, cy in zip(english[division], welsh[division], strict=True):
            title = straight(en["title"])
            yield Holiday(en["date"], division, title, titles.get(title, cy["title"]), GOV_UK)


def _computed(titles: Mapping[str, str]) -> Iterator[Holiday]:
    import holidays

    last = last_known(_published(titles)).year
    for division, parts in DIVISIONS.items():
        for part in parts:
            years = range(FIRST_YEAR, last + YEARS_AHEAD + 1)
            computed = holidays.country_holidays("GB", subdiv=part, years=years, language="en_GB")
            for day, name in computed.items():
                if day.weekday() < SATURDAY:
                    title = straight(name).split(";")[0].removesuffix(" (observed)")
                    yield Holiday(day, division, title, titles.get(title, title), COMPUTED)


def _own_rows() -> tuple[Mapping[str, str], tuple[Holiday, ...]]:
    file = read(OWN_ROWS)
    try:
        written = _Written.model_validate(file.values)
    except ValidationError as error:
        raise FileError(problems_of(error, [file], _Written)) from None
    rows = (Holiday(row.day, row.division, row.title.en, row.title.cy, row.source) for row in written.holiday)
    return written.titles, tuple(rows)


class _Row(Record):
    """A bank holiday that GOV.UK's list does not have."""

    day: Annotated[date, Field(strict=True)]
    division: Literal["england-and-wales", "scotland", "northern-ireland"]
    title: Bilingual
    source: Text


class _Written(Record):
    """config/holidays.toml: rows of our own, and the Welsh of titles that come in English."""

    holiday: tuple[_Row, ...] = ()
    titles: Mapping[Text, Text] = Field(default_factory=dict)


def straight(title: str) -> str:
    """A title with plain apostrophes: our two sources differ only in those."""
    return title.replace("\u2019", "'")
