"""The weekly report as a page with charts and as a CSV file, of as many service areas as the reader may see.

Every figure leads to the cases that it counts: those of them that the reader may open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from moderation import sight
from moderation.policy import policy_version
from reports import charts, csv_file, measures, page, traced, trend
from reports.figures import Weekly, figures, within
from reports.traced import Figure
from reports.week import NoSuchWeek, Week
from store import desk, findings
from store import figures as kept
from store.database import Session
from store.figures import Rows
from vocabulary import Clock, Label, Platform, Question, Role
from web.gate import CASES, NotThere
from web.routes.queue import lines_of
from web.security import Reader
from web.visit import Fields, SomeVisit, Visit
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

A_WEEK = timedelta(days=7)
PAGE: Final = 50
COUNTING: Final = frozenset(Role) - {Role.TRANSLATOR}
"""Who is shown the figures of their service areas; only some of them may open what was counted."""

NAMES: Final[Mapping[str, str]] = {each.counts: each.heading for each in reversed(measures.ALL)}
"""What each figure is called, by the name in its address."""
CORRECTED: Final[Mapping[str, str]] = {"taken_away": N_("Taken away"), "added": N_("Added or changed")}


@router.get("/reports/weekly", name="weekly")
def weekly(visit: SomeVisit, week: str = "") -> Response:
    """The week asked for, or the last one that is over."""
    chosen = _week(visit, week)
    this_week = Week.of(visit.web.today())
    following = Week.of(chosen.first_day + A_WEEK)
    mine = _areas(visit)
    with visit.store.read() as session:
        report = _report(visit, _rows(session, chosen, mine), chosen)
        found = trend.shares(session, chosen, weeks=trend.WEEKS, now=visit.now)
    return visit.page(
        "weekly.html",
        report=page.sheet(report, visit.words, visit.here.areas),
        drawn=charts.charts(report, trend.together(found, mine), visit.words, visit.here.areas),
        charts="parts/charts.html",
        table_template="reports/weekly_table.html",
        week=chosen,
        previous=Week.of(chosen.first_day - A_WEEK),
        following=following if following <= this_week else None,
        everywhere=mine is None,
        figure_href=lambda behind: (
            f"/{visit.words.language}/reports/weekly/cases?{urlencode({'week': str(chosen), **behind})}"
        ),
        case_href=_case_href(visit),
    )


class Asked(Fields):
    """The question of an address that lists what a figure counts."""

    week: str = ""
    figure: str = measures.RECEIVED.counts
    area: str = ""
    platform: str = ""
    language: str = ""
    day: str = ""
    days: str = ""
    page: str = ""


@router.get("/reports/weekly/cases", name="weekly_cases")
def weekly_cases(visit: SomeVisit, asked: Annotated[Asked, Query()]) -> Response:
    """What a figure counts: the cases that the reader may open, and how many are not theirs to see."""
    week, figure = _week(visit, asked.week), _figure(asked)
    with visit.store.read() as session:
        rows = _rows(session, week, _areas(visit))
        calendar = visit.web.calendars()[Clock.ANSWER]
        counted = traced.counted(rows, week, figure, calendar, until=min(visit.now, week.end))
        ids = list(dict.fromkeys(row.case_id for row in counted if row.case_id is not None))
        places = desk.places(session, ids)
        theirs = [case_id for case_id in ids if case_id in places and _opens(visit.reader, places[case_id])]
        number = _number(asked.page, most=max(0, len(theirs) - 1) // PAGE)
        cases = desk.lines(session, theirs[number * PAGE : (number + 1) * PAGE])
        seen = findings.of_comments(session, [case.comment_id for case in cases])
    question = {key: value for key, value in asked.model_dump(exclude={"page"}).items() if value} | {"week": str(week)}
    return visit.page(
        "weekly_cases.html",
        week=week,
        heading=_heading(visit.words, figure),
        about=[
            *(
                [
                    visit.words.gettext(
                        "Service area: {name}", name=page.area_name(figure.area, visit.words, visit.here.areas)
                    )
                ]
                if figure.area
                else []
            ),
            *_about(visit.words, figure),
        ],
        counted=len(counted),
        cases=len(ids),
        unplaced=sum(row.case_id is None for row in counted),
        hidden=len(ids) - len(theirs),
        lines=lines_of(seen, cases, visit.here.policy, visit.here.areas),
        today=visit.web.today(),
        calendar=calendar,
        earlier=f"?{urlencode(question | {'page': number - 1})}" if number else "",
        later=f"?{urlencode(question | {'page': number + 1})}" if len(theirs) > (number + 1) * PAGE else "",
    )


@router.get("/reports/weekly.csv", name="weekly_csv")
def weekly_csv(visit: SomeVisit, week: str = "") -> Response:
    report = report_of(visit, week)
    return Response(
        csv_file.written(report, visit.words, visit.here.areas),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="weekly-{report.week}.{visit.words.language}.csv"'},
    )


def report_of(visit: Visit, week: str) -> Weekly:
    """The figures of a week as it was written, or of the last one that is over, for the areas that a reader may see.

    Raises:
        NotThere: it is not a week, or it has not begun.
    """
    chosen = _week(visit, week)
    with visit.store.read() as session:
        return _report(visit, _rows(session, chosen, _areas(visit)), chosen)


def _week(visit: Visit, written: str) -> Week:
    """The week that was written, or the last one that is over.

    Raises:
        NotThere: it is not a week, or it has not begun.
    """
    if not written:
        return Week.before(visit.now)
    try:
        week = Week.parse(written)
    except NoSuchWeek:
        raise NotThere from None
    if week > Week.of(visit.web.today()):
        raise NotThere
    return week


def _figure(asked: Asked) -> Figure:
    """The figure that an address names.

    Raises:
        NotThere: no figure is called that.
    """
    if asked.figure not in NAMES and not _correction(asked.figure):
        raise NotThere
    try:
        day = date.fromisoformat(asked.day) if asked.day else None
        days = int(asked.days) if asked.days else None
    except ValueError:
        raise NotThere from None
    return Figure(asked.figure, asked.area, asked.platform, asked.language, day, days)


def _correction(name: str) -> Label | Question | None:
    """What a figure of corrections, such as `added.abuse`, is about."""
    which, _, about = name.partition(".")
    known: list[Label | Question] = [*Label, *Question]
    return next((each for each in known if each == about), None) if which in CORRECTED else None


def _heading(words: Words, figure: Figure) -> str:
    about = _correction(figure.name)
    if about is None:
        return words.gettext(NAMES[figure.name])
    which = words.gettext(CORRECTED[figure.name.partition(".")[0]])
    return f"{page.capital(words.name(about))}: {which}"


def _about(words: Words, figure: Figure) -> list[str]:
    """The part of the week that a figure is of, in words."""
    _, said = words.gettext, []
    if figure.platform in list(Platform):
        said.append(_("Platform: {name}", name=page.capital(words.name(Platform(figure.platform)))))
    if figure.language == page.WELSH_OWED:
        said.append(_("Those who wrote in Welsh or in both languages"))
    elif figure.language:
        said.append(_("Language: {name}", name=page.capital(words.name(kept.language_of(figure.language)))))
    if figure.day:
        said.append(_("Day: {day}", day=words.long_day(figure.day)))
    if figure.days is not None:
        said.append(_("Working days the answer took: {n}", n=charts.days_taken(words, figure.days)))
    return said


def _number(written: str, *, most: int) -> int:
    return min(int(written), most) if written.isascii() and written.isdigit() and len(written) < 9 else 0


def _case_href(visit: Visit) -> Callable[[int], str] | None:
    """Where a case is, for whoever opens any."""
    if not visit.reader.roles() & CASES - sight.SHOWN_ONLY:
        return None
    return lambda case_id: f"/{visit.words.language}/cases/{case_id}"


def _opens(reader: Reader, place: tuple[str, bool]) -> bool:
    area, restricted = place
    return bool(sight.opening(reader.roles_in(area), restricted=restricted))


def _areas(visit: Visit) -> frozenset[str] | None:
    """The service areas whose figures this reader sees; None is all of them."""
    return visit.reader.areas_as(COUNTING)


def _rows(session: Session, week: Week, mine: frozenset[str] | None) -> Rows:
    """What happened in the service areas that this reader may see, and in no others."""
    rows = kept.rows(session, week.start, week.end, week.first_day)
    if mine is None:
        return rows
    silences = tuple(each for each in rows.silences if each.area in mine)
    return replace(within(rows, lambda place: place.area in mine), silences=silences)


def _report(visit: Visit, rows: Rows, week: Week) -> Weekly:
    mine = _areas(visit)
    return figures(
        rows,
        week,
        visit.web.calendars()[Clock.ANSWER],
        until=min(visit.now, week.end),
        areas=[slug for slug in visit.here.areas.slugs if mine is None or slug in mine],
        policy=policy_version(visit.here.policy),
    )
