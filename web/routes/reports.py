"""The weekly report as a page and as a CSV file, of as many service areas as the reader may see."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Response

from moderation.policy import policy_version
from reports import csv_file, page
from reports.figures import Weekly, figures
from reports.week import NoSuchWeek, Week
from store import figures as kept
from store.figures import Rows
from vocabulary import Clock
from web.gate import NotThere
from web.visit import SomeVisit, Visit

router = APIRouter(prefix="/{language}")

A_WEEK = timedelta(days=7)


@router.get("/reports/weekly", name="weekly")
def weekly(visit: SomeVisit, week: str = "") -> Response:
    """The week asked for, or the last one that is over."""
    chosen = _week(visit, week)
    this_week = Week.of(visit.web.today())
    following = Week.of(chosen.first_day + A_WEEK)
    return visit.page(
        "weekly.html",
        report=page.sheet(_report(visit, chosen), visit.words, visit.here.areas),
        week=chosen,
        previous=Week.of(chosen.first_day - A_WEEK),
        following=following if following <= this_week else None,
        everywhere=visit.reader.areas() is None,
        case_href=lambda case_id: f"/{visit.words.language}/cases/{case_id}",
    )


@router.get("/reports/weekly.csv", name="weekly_csv")
def weekly_csv(visit: SomeVisit, week: str = "") -> Response:
    chosen = _week(visit, week)
    return Response(
        csv_file.written(_report(visit, chosen), visit.words, visit.here.areas),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="weekly-{chosen}.{visit.words.language}.csv"'},
    )


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


def _report(visit: Visit, week: Week) -> Weekly:
    """The figures of the service areas that this reader may see, and of no others."""
    with visit.store.read() as session:
        rows = kept.rows(session, week.start, week.end, week.first_day)
    mine = visit.reader.areas()
    return figures(
        rows if mine is None else _within(rows, mine),
        week,
        visit.web.calendars()[Clock.ANSWER],
        until=min(visit.now, week.end),
        areas=[slug for slug in visit.here.areas.slugs if mine is None or slug in mine],
        policy=policy_version(visit.here.policy),
    )


def _within(rows: Rows, areas: frozenset[str]) -> Rows:
    return Rows(
        turns=tuple(each for each in rows.turns if each.place.area in areas),
        arrivals=tuple(each for each in rows.arrivals if each.place.area in areas),
        reopenings=tuple(each for each in rows.reopenings if each.place.area in areas),
        english_only=tuple(each for each in rows.english_only if each.place.area in areas),
        by_machine=tuple(each for each in rows.by_machine if each.place.area in areas),
        platforms=rows.platforms,
        silences=tuple(each for each in rows.silences if each.area in areas),
    )
