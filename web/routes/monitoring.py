"""The monitoring officer's monthly list, as a page and as a CSV file."""

from __future__ import annotations

from fastapi import APIRouter, Response

from moderation.deadlines import london_date
from reports import monitoring as reports
from reports.month import Month, NoSuchMonth
from web.gate import NotThere
from web.visit import SomeVisit, Visit

router = APIRouter(prefix="/{language}")


@router.get("/monitoring", name="monitoring")
def monitoring(visit: SomeVisit, month: str = "") -> Response:
    """The month asked for, or this one so far."""
    chosen = _month(visit, month)
    with visit.store.read() as session:
        report = reports.monitoring(session, chosen)
    following = chosen.following
    return visit.page(
        "monitoring.html",
        report=report,
        month=chosen,
        following=following if following <= Month.of(london_date(visit.now)) else None,
        rule=visit.here.policy.viewing,
        page_of=lambda looked: reports.page_of(looked, visit.words),
        said_of=lambda action: reports.said_of(action, visit.words),
    )


@router.get("/monitoring.csv", name="monitoring_csv")
def monitoring_csv(visit: SomeVisit, month: str = "") -> Response:
    chosen = _month(visit, month)
    with visit.store.read() as session:
        report = reports.monitoring(session, chosen)
    return Response(
        reports.written(report, visit.words),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="monitoring-{chosen}.{visit.words.language}.csv"'},
    )


def _month(visit: Visit, written: str) -> Month:
    """The month that was written, or the one that runs.

    Raises:
        NotThere: it is not a month, or it has not begun.
    """
    this_month = Month.of(london_date(visit.now))
    if not written:
        return this_month
    try:
        month = Month.parse(written)
    except NoSuchMonth:
        raise NotThere from None
    if month > this_month:
        raise NotThere
    return month
