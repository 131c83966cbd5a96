"""The share in time of many weeks, which the database counts, is the share that each week's report says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from moderation import policy, service_areas
from moderation.calendar import Calendar
from reports import traced, trend
from reports.figures import figures
from reports.page import WELSH_OWED
from reports.traced import Figure
from reports.trend import Share
from reports.week import Week
from reports.weekly import weekly
from store import figures as kept
from store.database import Store
from tests.reports.world import World
from vocabulary import Language, Platform

POWYS, AREAS = policy.load("powys"), service_areas.load()
LAST = Week(2026, 45)
"""The clocks go back within the weeks before it, at the end of October."""
COUNTS = (
    "received", "needing", "not_needed", "acknowledgements_due", "acknowledged", "acknowledged_in_time",
    "due", "in_time", "late", "closed_unanswered", "still_open", "overdue", "answered", "reopened",
)  # fmt: skip


def a_month(store: Store) -> World:
    """Conversations of four weeks: some answered a minute before or after their day ended in London."""
    world, dice = World(store), Random(6)
    world.account("fb", Platform.FACEBOOK, "waste")
    world.account("x", Platform.X, "highways")
    day = LAST.first_day - timedelta(weeks=3)
    for n in range(60):
        posted = day + timedelta(days=n % 28)
        due = posted + timedelta(days=dice.randint(0, 9))
        edges = [
            f"{due} 23:59",
            f"{due + timedelta(days=1)} 00:00",
            f"{posted} 18:00",
            f"{due + timedelta(days=9)} 10:00",
        ]
        case = world.case(
            dice.choice(["fb", "x"]),
            f"{posted} 09:00",
            str(due),
            area=dice.choice(["waste", "highways"]),
            language=dice.choice(["en", "cy", "mixed"]),
            owed=dice.random() < 0.8,
            ack_due=str(posted + timedelta(days=1)) if n % 3 else "",
            acknowledged=f"{posted} 18:00" if n % 2 else "",
            answered=dice.choice([*edges, "", ""]),
            ended=dice.choice([*edges, "", "", ""]),
        )
        if n % 7 == 0:
            world.reopened(case, f"{posted + timedelta(days=1)} 12:00")
    return world


def test_the_database_counts_as_the_report_does(store: Store) -> None:
    a_month(store)
    for now in (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 11, 5, 12, 30, tzinfo=UTC)):
        with store.read() as session:
            found = trend.shares(session, LAST, weeks=4, now=now)
            assert [week for week, _ in found] == [Week(2026, number) for number in (42, 43, 44, 45)]
            for week, counted in found:
                report = weekly(session, POWYS, AREAS, week, now=now)
                due = {area: (each.due, each.in_time) for area, each in report.by_area.items() if each.due}
                assert counted == due, week
                [together] = trend.together([(week, counted)])
                assert together.share == report.total.share_in_time


def test_each_figure_is_the_number_of_what_it_counts(on_sqlite: Store) -> None:
    a_month(on_sqlite)
    calendar = Calendar({}, LAST.last_day + timedelta(days=400))
    until = LAST.end
    with on_sqlite.read() as session:
        rows = kept.rows(session, LAST.start, LAST.end, LAST.first_day)
    report = figures(rows, LAST, calendar, until=until)

    def number(name: str, area: str = "", platform: str = "", language: str = "") -> int:
        return len(traced.counted(rows, LAST, Figure(name, area, platform, language), calendar, until=until))

    for name in COUNTS:
        assert number(name) == getattr(report.total, name), name
        for area, each in report.by_area.items():
            assert number(name, area=area) == getattr(each, name), (name, area)
        for platform, each in report.by_platform.items():
            assert number(name, platform=platform) == getattr(each, name), (name, platform)
        for language, each in report.by_language.items():
            assert number(name, language=language) == getattr(each, name), (name, language)
        assert number(name, language=WELSH_OWED) == getattr(report.welsh, name), name
    for day in report.days:
        for name in ("received", "due", "in_time"):
            counted = traced.counted(rows, LAST, Figure(name, day=day.day), calendar, until=until)
            assert len(counted) == getattr(day, name)
    for owed, pace in ((WELSH_OWED, report.welsh_pace), (Language.EN.value, report.english_pace)):
        for days, answers in enumerate(pace):
            figure = Figure("answered", language=owed, days=days)
            assert len(traced.counted(rows, LAST, figure, calendar, until=until)) == answers
    assert sum(report.welsh_pace) + sum(report.english_pace) == report.total.answered > 0


def test_a_trend_is_better_worse_or_the_same() -> None:
    def weeks(*shares: tuple[int, int]) -> tuple[Share, ...]:
        return tuple(Share(Week(2026, 40 + n), due, in_time) for n, (due, in_time) in enumerate(shares))

    assert trend.direction(weeks((10, 5), (10, 5), (10, 9))) == 1
    assert trend.direction(weeks((10, 9), (10, 9), (10, 5))) == -1
    assert trend.direction(weeks((10, 9), (100, 90), (10, 9))) == 0
    assert trend.direction(weeks((0, 0), (10, 9))) == 0
    assert trend.direction(weeks((10, 9), (0, 0))) == 0
