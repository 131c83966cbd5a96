"""Whatever happened, the parts of a report add up to its totals, and these to the rows of the database."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import policy, service_areas
from reports.figures import Figures, Weekly
from reports.week import Week
from reports.weekly import weekly
from tests.reports.world import World, on_sqlite
from vocabulary import Platform

WEEK = Week(2026, 47)  # in winter, so that a London day is a UTC day and SQL can count it
POWYS = policy.load("powys")
AREAS = service_areas.load()
ACCOUNTS = {"fb": Platform.FACEBOOK, "x": Platform.X}
COUNTS = (
    "received", "needing", "not_needed", "acknowledgements_due", "acknowledged", "acknowledged_in_time",
    "due", "in_time", "late", "closed_unanswered", "still_open", "overdue", "answered", "reopened", "english_only",
)  # fmt: skip

minutes = st.integers(0, 21 * 24 * 60)
some_time_later = st.none() | st.integers(0, 12 * 24 * 60)
conversations = st.lists(
    st.fixed_dictionaries(
        {
            "account": st.sampled_from(sorted(ACCOUNTS)),
            "area": st.sampled_from([*AREAS.slugs[:3], "abolished"]),
            "language": st.sampled_from(["cy", "en", "mixed", "other", "und", ""]),
            "owed": st.booleans(),
            "posted": minutes,
            "days_to_answer": st.integers(0, 7),
            "acknowledged": some_time_later,
            "answered": some_time_later,
            "ended": some_time_later,
            "again": st.booleans(),
            "in_english_only": st.booleans(),
        }
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(conversations)
def test_the_parts_add_up_to_the_totals_and_the_totals_to_the_rows(said):
    with tempfile.TemporaryDirectory() as folder:
        world = on_sqlite(Path(folder))
        for slug, platform in ACCOUNTS.items():
            world.account(slug, platform)
        for each in said:
            happen(world, each)
        with world.store.read() as session:
            report = weekly(session, POWYS, AREAS, WEEK, now=datetime(2027, 6, 1, tzinfo=UTC))
        world.store.close()
        for part in (report.by_area, report.by_platform, report.by_language):
            assert summed(part) == counts(report.total)
        assert_narrowing(report)
        assert counted_by_sql(Path(folder) / "world.sqlite3") == {
            name: getattr(report.total, name)
            for name in ("received", "needing", "not_needed", "in_time", "late", "still_open", "answered", "reopened")
        }


def happen(world: World, each: Mapping[str, Any]) -> None:
    posted = datetime(2026, 11, 5, tzinfo=UTC) + timedelta(minutes=each["posted"])
    due = (posted + timedelta(days=each["days_to_answer"])).date()
    case_id = world.case(
        each["account"],
        written(posted),
        due.isoformat(),
        area=each["area"],
        language=each["language"],
        owed=each["owed"],
        ack_due=min(due, posted.date() + timedelta(days=1)).isoformat(),
        **{name: after(posted, each[name]) for name in ("acknowledged", "answered", "ended")},
    )
    if each["again"] and each["answered"] is not None:
        later = posted + timedelta(minutes=each["answered"], days=1)
        world.writes_again(case_id, each["account"], written(later), (later.date() + timedelta(days=5)).isoformat())
    if each["in_english_only"] and each["answered"] is not None:
        world.reply(case_id, after(posted, each["answered"]), en="On Tuesday.", reason="no translator")


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def after(posted: datetime, waited: int | None) -> str:
    return "" if waited is None else written(posted + timedelta(minutes=waited))


def counts(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in COUNTS}


def summed(parts: Mapping[Any, Figures]) -> dict[str, int]:
    return {name: sum(getattr(figures, name) for figures in parts.values()) for name in COUNTS}


def assert_narrowing(report: Weekly) -> None:
    for figures in (report.total, *report.by_area.values(), *report.by_language.values()):
        assert figures.acknowledgements_due >= figures.acknowledged >= figures.acknowledged_in_time
        assert figures.due == figures.in_time + figures.late
        assert figures.still_open >= figures.overdue
    unanswered_before = [case for case in report.late_cases if case.due < WEEK.first_day]
    assert len(report.late_cases) - len(unanswered_before) == report.total.late
    assert all(case.days_late >= 1 for case in report.late_cases)


def counted_by_sql(database: Path) -> dict[str, int]:
    first, after_last = WEEK.first_day.isoformat(), (WEEK.last_day + timedelta(days=1)).isoformat()
    last = date.isoformat(WEEK.last_day)
    turns = "FROM round JOIN cases ON cases.id = round.case_id WHERE"
    began = "received_at >= :first AND received_at < :after_last"
    queries = {
        "received": "FROM comment WHERE posted_at >= :first AND posted_at < :after_last AND NOT history",
        "needing": f"{turns} round.answer_owed AND {began}",
        "not_needed": f"{turns} NOT round.answer_owed AND {began}",
        "in_time": f"""{turns} round.answer_owed AND round.due BETWEEN :first AND :last
            AND date(answered_at) <= round.due""",
        "late": f"""{turns} round.answer_owed AND round.due BETWEEN :first AND :last
            AND (answered_at IS NULL OR date(answered_at) > round.due)
            AND NOT (ifnull(answered_at, :after_last) >= :after_last
                     AND ended_at IS NOT NULL AND date(ended_at) <= round.due)""",
        "still_open": f"""{turns} round.answer_owed AND received_at < :after_last
            AND ifnull(answered_at, :after_last) >= :after_last AND ifnull(ended_at, :after_last) >= :after_last""",
        "answered": f"{turns} round.answer_owed AND answered_at >= :first AND answered_at < :after_last",
        "reopened": "FROM case_event WHERE what = 'reopen' AND at >= :first AND at < :after_last",
    }
    with sqlite3.connect(database) as connection:
        days = {"first": first, "last": last, "after_last": after_last}
        found = {
            name: connection.execute(f"SELECT count(*) {query}", days).fetchone()[0] for name, query in queries.items()
        }
    connection.close()
    return found
