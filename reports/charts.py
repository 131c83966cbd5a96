"""The weekly figures as charts: where each bar and point stands, in either language.

Pure.  A chart repeats what a table beside it says, and tells its series apart by filling and place, never by colour
alone.  `web/templates/parts/charts.html` draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from moderation.service_areas import Areas
from reports.figures import SLOWEST, Weekly
from reports.measures import NOTHING, plain
from reports.page import WELSH_OWED, Cell, Line, Table, area_name
from reports.trend import Share
from vocabulary import Language
from words import Words

WIDTH: Final = 320
LABELS: Final = 18
"""The height of a line of writing."""
BAR: Final = 13
GAP: Final = 9
WRITING: Final = 34
"""Room at the end of a bar for its number."""
HIGH: Final = 110
"""The height of the field of a line."""
TOP: Final = 14
LEFT: Final = 34


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `series` is 0 or 1, which are filled differently."""

    series: int
    y: int
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one row under their label."""

    label: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One week of a line; `text` is empty where its number is not written beside it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with its title, its description in words, and the table that says the same.

    `lines` are runs of points to be joined; `rungs` are the heights at which the field is ruled, with what they mean;
    `weeks` stand below it.
    """

    slug: str
    title: str
    description: str
    height: int
    series: tuple[str, ...]
    table: Table
    groups: tuple[Group, ...] = ()
    points: tuple[Point, ...] = ()
    lines: tuple[str, ...] = ()
    rungs: tuple[tuple[float, str], ...] = ()
    weeks: tuple[tuple[float, str], ...] = ()


def charts(report: Weekly, weeks: Sequence[Share], words: Words, areas: Areas) -> tuple[Chart, ...]:
    """The charts of a week's page; `weeks` are those up to the report's own."""
    return (
        _by_area(report, words, areas),
        _by_day(report, words),
        _over_weeks(weeks, words),
        _two_languages(report, words),
    )


def sparkline(weeks: Sequence[Share], *, width: int = 72, height: int = 20) -> tuple[str, ...]:
    """The runs of a small line without writing: x and y of each week's share, as SVG takes them."""
    step = (width - 8) / max(1, len(weeks) - 1)
    return _runs(
        [
            None if each.share is None else (4 + n * step, height - 3 - each.share * (height - 6))
            for n, each in enumerate(weeks)
        ]
    )


def per_cent(share: float | None) -> str:
    return NOTHING if share is None else f"{plain(100 * share)}%"


def _by_area(report: Weekly, words: Words, areas: Areas) -> Chart:
    _ = words.gettext
    rows = [(area_name(slug, words, areas), each, {"area": slug}) for slug, each in report.by_area.items()]
    series = (_("Answers due"), _("Answered in time"))
    title = _("Answered in time, by service area")
    lines = [
        Line(
            Cell(name, number=False),
            (
                _counted(each.due, figure="due", **where),
                _counted(each.in_time, figure="in_time", **where),
                _counted(each.received, figure="received", **where),
            ),
        )
        for name, each, where in rows
    ]
    headings = (*series, _("Comments received"))
    return _bars(
        "by-area",
        title,
        _("For each service area: how many answers were due this week, and below it how many of them were in time."),
        series,
        [(name, (each.due, each.in_time)) for name, each, _where in rows if each.due],
        _table(title, _("Service area"), headings, lines),
    )


def _by_day(report: Weekly, words: Words) -> Chart:
    _ = words.gettext
    series = (_("Comments received"), _("Answered in time"))
    title = _("Received and answered in time, by day")
    lines = [
        Line(
            Cell(words.long_day(each.day), number=False),
            (
                _counted(each.received, figure="received", day=each.day.isoformat()),
                _counted(each.in_time, figure="in_time", day=each.day.isoformat()),
                _counted(each.due, figure="due", day=each.day.isoformat()),
            ),
        )
        for each in report.days
    ]
    return _bars(
        "by-day",
        title,
        _("For each day: how many comments were posted, and how many answers due that day were in time."),
        series,
        [(words.weekday(each.day), (each.received, each.in_time)) for each in report.days],
        _table(title, _("Day"), (*series, _("Answers due")), lines),
    )


def days_taken(words: Words, n: int) -> str:
    """How long an answer took: `the same day`, `3`, `6 or more`."""
    if n == 0:
        return words.gettext("the same day")
    return words.gettext("{n} or more", n=n) if n >= SLOWEST else str(n)


def _two_languages(report: Weekly, words: Words) -> Chart:
    _ = words.gettext
    series = (_("Welsh"), _("English"))
    title = _("How long answers took, Welsh beside English")
    rows = [
        (days_taken(words, n), n, pair)
        for n, pair in enumerate(zip(report.welsh_pace, report.english_pace, strict=True))
    ]
    lines = [
        Line(
            Cell(name, number=False),
            (
                _counted(welsh, figure="answered", language=WELSH_OWED, days=str(n)),
                _counted(english, figure="answered", language=Language.EN.value, days=str(n)),
            ),
        )
        for name, n, (welsh, english) in rows
    ]
    return _bars(
        "languages",
        title,
        _("How many answers given this week took so many working days, to Welsh and to English."),
        series,
        [(name, pair) for name, _n, pair in rows],
        _table(title, _("Working days"), series, lines),
    )


def _over_weeks(weeks: Sequence[Share], words: Words) -> Chart:
    _ = words.gettext
    title = _("Answered in time, week by week")
    step = (WIDTH - LEFT - 16) / max(1, len(weeks) - 1)
    places = [
        None if each.share is None else (LEFT + 6 + n * step, TOP + (1 - each.share) * HIGH)
        for n, each in enumerate(weeks)
    ]
    known = [each for each in weeks if each.share is not None]
    points = tuple(
        Point(*place, per_cent(each.share) if each is known[-1] else "")
        for each, place in zip(weeks, places, strict=True)
        if place is not None
    )
    description = (
        _(
            "A line of {n} weeks: {first} in week {first_week}, {last} in week {last_week}.",
            n=len(weeks),
            first=per_cent(known[0].share),
            first_week=known[0].week.number,
            last=per_cent(known[-1].share),
            last_week=known[-1].week.number,
        )
        if known
        else _("In none of these weeks was an answer due.")
    )
    lines = [
        Line(
            Cell(_("Week {number}, {year}", number=each.week.number, year=each.week.year), number=False),
            (
                Cell(per_cent(each.share), behind={"figure": "due", "week": str(each.week)} if each.due else None),
                _counted(each.due, figure="due", week=str(each.week)),
                _counted(each.in_time, figure="in_time", week=str(each.week)),
            ),
        )
        for each in reversed(weeks)
    ]
    headings = (_("Answered in time, %"), _("Answers due"), _("Answered in time"))
    return Chart(
        slug="weeks",
        title=title,
        description=description,
        height=TOP + HIGH + 2 * LABELS,
        series=(),
        table=_table(title, _("Week"), headings, lines),
        points=points,
        lines=_runs(places),
        rungs=tuple((TOP + (1 - rung) * HIGH, f"{rung:.0%}") for rung in (0, 0.5, 1)),
        weeks=tuple(
            (LEFT + 6 + n * step, str(each.week.number))
            for n, each in enumerate(weeks)
            if (len(weeks) - 1 - n) % 2 == 0
        ),
    )


def _runs(places: Iterable[tuple[float, float] | None]) -> tuple[str, ...]:
    """The points that stand next to each other, as SVG joins them; where there is none, the line is broken."""
    runs: list[list[str]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(f"{place[0]:.1f},{place[1]:.1f}")
    return tuple(" ".join(run) for run in runs if len(run) > 1)


def _bars(
    slug: str,
    title: str,
    description: str,
    series: tuple[str, ...],
    rows: Sequence[tuple[str, tuple[int, int]]],
    table: Table,
) -> Chart:
    most = max((number for _, pair in rows for number in pair), default=0)
    groups, y = [], 0
    for label, pair in rows:
        top = y + LABELS
        bars = tuple(
            Bar(n, top + n * BAR, (WIDTH - WRITING) * number / most if most else 0, plain(number))
            for n, number in enumerate(pair)
        )
        groups.append(Group(label, y + LABELS - 5, bars))
        y = top + len(pair) * BAR + GAP
    return Chart(
        slug=slug, title=title, description=description, height=y, series=series, groups=tuple(groups), table=table
    )


def _table(caption: str, corner: str, headings: Iterable[str], lines: Iterable[Line]) -> Table:
    return Table(caption, corner, tuple(Cell(heading) for heading in headings), tuple(lines))


def _counted(number: int, **behind: str) -> Cell:
    return Cell(plain(number), behind=behind if number else None)
