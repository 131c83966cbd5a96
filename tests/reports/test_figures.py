"""Every figure of one week, worked by hand from a small invented council, and what each figure means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TypedDict

import pytest

from moderation import policy, service_areas
from moderation.calendar import WALES, Calendar, Holiday
from reports.figures import Figures, Weekly, figures
from reports.week import Week
from reports.weekly import weekly
from store import holidays
from store.figures import Place, Rows, Turn
from tests.reports.world import World, at, on_sqlite
from vocabulary import Language, Platform

WEEK = Week(2026, 47)  # Monday 16 to Sunday 22 November
LATER = datetime(2027, 6, 1, tzinfo=UTC)
NO_DAYS_OFF = Calendar({}, date(2030, 12, 31))

POWYS = policy.load("powys")
AREAS = service_areas.load()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = on_sqlite(tmp_path_factory.mktemp("week"))
    a_week(world)
    yield world
    world.store.close()


@pytest.fixture(scope="module")
def report(world: World) -> Weekly:
    return report_of(world, LATER)


def report_of(world: World, now: datetime) -> Weekly:
    with world.store.read() as session:
        return weekly(session, POWYS, AREAS, WEEK, now=now)


class Writes(TypedDict):
    language: str


class Belongs(TypedDict):
    area: str


def a_week(world: World) -> None:
    """Fourteen conversations around one week; each line says what it is there for."""
    world.account("fb", Platform.FACEBOOK, "waste")
    world.account("x", Platform.X, "highways")
    en, cy, roads = Writes(language="en"), Writes(language="cy"), Belongs(area="highways")
    # acknowledged and answered within the week, due in the next
    world.case(
        "fb", "2026-11-16 09:00", "2026-11-23", ack_due="2026-11-17", delay="2026-11-16 09:10",
        acknowledged="2026-11-16 10:00", answered="2026-11-18 10:00", **en,
    )  # fmt: skip
    # answered half an hour before the end of its day, in English only
    in_english = world.case("fb", "2026-11-09 09:00", "2026-11-16", answered="2026-11-16 23:30", **cy)
    world.reply(in_english, "2026-11-16 23:30", en="Next Tuesday.", reason="no translator before the deadline")
    # answered ten minutes after the end of its day
    late = world.case("fb", "2026-11-10 09:00", "2026-11-17", answered="2026-11-18 00:10", **cy)
    world.reply(late, "2026-11-18 00:10", cy="Dydd Mawrth nesaf.")
    # due on Wednesday and never answered
    world.case("x", "2026-11-11 09:00", "2026-11-18", **en, **roads)
    # closed on its due date without an answer
    world.case("x", "2026-11-12 09:00", "2026-11-19", ended="2026-11-19 16:00", language="mixed", **roads)
    # acknowledged a day late, closed on the Saturday after its due date without an answer
    world.case(
        "x", "2026-11-13 09:00", "2026-11-20", ack_due="2026-11-16", acknowledged="2026-11-17 09:00",
        ended="2026-11-21 10:00", **en, **roads,
    )  # fmt: skip
    # thanks: no answer is owed
    world.case("fb", "2026-11-17 09:00", "2026-11-24", owed=False, delay="2026-11-17 09:20", **cy)
    # overdue since the week before last
    world.case("x", "2026-11-02 09:00", "2026-11-09", **en, **roads)
    # posted ten minutes before the week ended, answered after it
    world.case(
        "fb", "2026-11-22 23:50", "2026-11-27", language="other", ack_due="2026-11-23", delay="2026-11-23 00:20",
        acknowledged="2026-11-23 08:00", answered="2026-11-23 08:00",
    )  # fmt: skip
    # posted five minutes after the week ended
    world.case("x", "2026-11-23 00:05", "2026-11-30", **en, **roads)
    # history, and a comment that no one has read yet
    world.comment("fb", "2026-11-18 12:00", history=True)
    world.comment("x", "2026-11-18 12:00", language="", delay="2026-11-18 12:04")
    # answered, and its author wrote again
    again = world.case("fb", "2026-11-03 09:00", "2026-11-10", answered="2026-11-09 09:00", **cy)
    world.writes_again(again, "fb", "2026-11-17 09:00", "2026-11-24", answered="2026-11-19 09:00", **cy)
    # two that wait, one of them without the acknowledgement that was due on Friday
    world.case("x", "2026-11-20 10:00", "2026-11-27", ack_due="2026-11-23", **en, **roads)
    world.case("x", "2026-11-19 10:00", "2026-11-26", ack_due="2026-11-20", **en, **roads)


COLUMNS = (
    "received", "needing", "not_needed",
    "acknowledgements_due", "acknowledged", "acknowledged_in_time",
    "due", "in_time", "late", "closed_unanswered", "still_open", "overdue",
    "answered", "median_days", "ninetieth_days", "reopened", "english_only",
)  # fmt: skip

# fmt: off
BY_HAND = [
    #              came in  acknowledgements  answers due    open   answers given      re  en  delay
    ("total",      7, 5, 1,   3, 2, 1,         4, 1, 3, 1,   5, 2,   4, 3.5,  6,       1,  1,  4),
    ("waste",      4, 3, 1,   1, 1, 1,         2, 1, 1, 0,   1, 0,   4, 3.5,  6,       1,  1,  15),
    ("highways",   3, 2, 0,   2, 1, 0,         2, 0, 2, 1,   4, 2,   0, None, None,    0,  0,  0),
    ("planning",   0, 0, 0,   0, 0, 0,         0, 0, 0, 0,   0, 0,   0, None, None,    0,  0,  None),
    ("facebook",   4, 3, 1,   1, 1, 1,         2, 1, 1, 0,   1, 0,   4, 3.5,  6,       1,  1,  15),
    ("x",          3, 2, 0,   2, 1, 0,         2, 0, 2, 1,   4, 2,   0, None, None,    0,  0,  0),
    ("cy",         2, 1, 1,   0, 0, 0,         2, 1, 1, 0,   0, 0,   3, 5,    6,       1,  1,  10),
    ("mixed",      0, 0, 0,   0, 0, 0,         0, 0, 0, 1,   0, 0,   0, None, None,    0,  0,  None),
    ("en",         3, 3, 0,   3, 2, 1,         2, 0, 2, 0,   4, 2,   1, 2,    2,       0,  0,  0),
    ("other",      1, 1, 0,   0, 0, 0,         0, 0, 0, 0,   1, 0,   0, None, None,    0,  0,  30),
    ("und",        1, 0, 0,   0, 0, 0,         0, 0, 0, 0,   0, 0,   0, None, None,    0,  0,  4),
    ("Welsh owed", 2, 1, 1,   0, 0, 0,         2, 1, 1, 1,   0, 0,   3, 5,    6,       1,  1,  10),
]
# fmt: on


def places(report: Weekly) -> dict[str, Figures]:
    return {
        "total": report.total,
        **report.by_area,
        **{platform.value: counted for platform, counted in report.by_platform.items()},
        **{language.value: counted for language, counted in report.by_language.items()},
        "Welsh owed": report.welsh,
    }


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: row[0])
def test_every_figure_is_the_one_worked_by_hand(report, row):
    name, *numbers, delay = row
    counted = asdict(places(report)[name])
    assert {column: counted[column] for column in COLUMNS} == dict(zip(COLUMNS, numbers, strict=True))
    assert counted["collection_delay"] == (None if delay is None else timedelta(minutes=delay))


def test_the_late_cases_are_those_due_this_week_and_those_overdue_before_latest_first(report):
    assert [(case.due.day, case.answered and case.answered.day, case.days_late) for case in report.late_cases] == [
        (9, None, 9),
        (18, None, 2),
        (17, 18, 1),
        (20, None, 1),  # closed on a Saturday: no working day after, and late all the same
    ]


def test_shares_are_of_those_due_and_there_is_none_of_nothing(report):
    assert report.total.share_in_time == 1 / 4
    assert report.total.share_acknowledged == 1 / 3
    assert report.by_area["planning"].share_in_time is None
    assert report.by_area["planning"].share_acknowledged is None


def test_every_configured_area_and_every_platform_of_ours_is_listed(report):
    assert tuple(report.by_area) == AREAS.slugs
    assert tuple(report.by_platform) == (Platform.FACEBOOK, Platform.X)
    assert tuple(report.by_language) == tuple(Language(each) for each in ("cy", "mixed", "en", "other", "und"))


def test_a_report_written_later_says_what_it_said_on_monday(world, report):
    assert report_of(world, WEEK.end) == report


def test_the_figures_are_the_same_on_either_database(store, report):
    world = World(store)
    a_week(world)
    assert report_of(world, LATER) == report


def test_a_week_without_a_row_has_only_noughts(tmp_path):
    world = on_sqlite(tmp_path)
    with world.store.read() as session:
        empty = weekly(session, POWYS, AREAS, WEEK, now=LATER)
    world.store.close()
    assert set(asdict(empty.total).values()) == {0, None}
    assert empty.late_cases == ()
    assert tuple(empty.by_area) == AREAS.slugs


def test_a_week_that_is_not_over_judges_no_case_before_its_day(world):
    on_wednesday = report_of(world, at("2026-11-18 12:00"))
    assert not on_wednesday.over
    assert (on_wednesday.total.due, on_wednesday.total.in_time, on_wednesday.total.late) == (2, 1, 1)
    assert on_wednesday.total.overdue == 1  # that of 9 November; the one due today still has today
    on_thursday = report_of(world, at("2026-11-19 00:01"))
    assert (on_thursday.total.due, on_thursday.total.late, on_thursday.total.overdue) == (3, 2, 2)


WASTE = Place(area="waste", platform=Platform.X, language=Language.CY)


def a_turn(received: str, due: str, *, owed: bool = True, answered: str = "", ended: str = "") -> Turn:
    return Turn(
        place=WASTE,
        case_id=1,
        reference="GW-2026-000001",
        owed=owed,
        received_at=at(received),
        ack_due=None,
        due=date.fromisoformat(due),
        answered_at=at(answered) if answered else None,
        ended_at=at(ended) if ended else None,
    )


def counted(*turns: Turn, week: Week = WEEK, calendar: Calendar = NO_DAYS_OFF) -> Figures:
    return figures(Rows(turns=turns), week, calendar, until=week.end).total


@pytest.mark.parametrize(
    ("answered", "ended", "in_time", "late", "closed_unanswered"),
    [
        ("2026-11-18 00:00", "2026-11-18 00:00", 1, 0, 0),
        ("2026-11-18 23:59", "", 1, 0, 0),
        ("2026-11-19 00:00", "", 0, 1, 0),
        ("2026-11-13 09:00", "2026-11-20 09:00", 1, 0, 0),  # answered the week before, closed after
        ("", "", 0, 1, 0),
        ("", "2026-11-18 23:59", 0, 0, 1),
        ("", "2026-11-19 00:00", 0, 1, 0),  # closing late does not undo being late
        ("2026-11-24 09:00", "", 0, 1, 0),  # answered after the week: at its end it was not
    ],
)
def test_an_answer_is_in_time_until_the_end_of_its_day(answered, ended, in_time, late, closed_unanswered):
    seen = counted(a_turn("2026-11-11 09:00", "2026-11-18", answered=answered, ended=ended))
    assert (seen.in_time, seen.late, seen.closed_unanswered) == (in_time, late, closed_unanswered)
    assert seen.due == in_time + late


def test_what_needs_no_answer_is_never_due_open_or_late():
    seen = counted(a_turn("2026-11-16 09:00", "2026-11-18", owed=False))
    assert (seen.not_needed, seen.needing, seen.due, seen.still_open, seen.late) == (1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("week", "received", "counts"),
    [
        ("2026-W13", "2026-03-29 23:59", True),  # the last minute of the day on which summer time begins
        ("2026-W13", "2026-03-30 00:00", False),
        ("2026-W28", "2026-07-06 00:00", True),  # 23:00 UTC on the Sunday
        ("2026-W28", "2026-07-05 23:59", False),
        ("2026-W43", "2026-10-25 23:59", True),  # the day on which it ends, 25 hours long
        ("2026-W43", "2026-10-26 00:00", False),
    ],
)
def test_the_week_is_that_of_the_clock_in_wales(week, received, counts):
    seen = counted(a_turn(received, "2026-12-31"), week=Week.parse(week))
    assert seen.needing == counts


def test_days_to_answer_leave_out_bank_holidays():
    christmas = Holiday(date(2026, 12, 25), WALES, "Christmas Day", "Dydd Nadolig", "gov.uk")
    turn = a_turn("2026-12-24 09:00", "2027-01-04", answered="2026-12-29 09:00")
    week = Week.parse("2026-W53")
    assert counted(turn, week=week).median_days == 3
    assert counted(turn, week=week, calendar=Calendar({christmas.day: christmas}, date.max)).median_days == 2


def test_holidays_are_those_that_stand_in_the_store(tmp_path):
    world = on_sqlite(tmp_path)
    world.account("fb")
    world.case("fb", "2026-11-16 09:00", "2026-11-23", answered="2026-11-18 09:00")
    closed = (date(2026, 11, 17), WALES, "A day off", "Diwrnod rhydd", "ours")
    world.store.write(lambda session: holidays.keep(session, [closed], now=at("2026-11-01 09:00")))
    assert report_of(world, LATER).total.median_days == 1
    world.store.close()


def test_the_ninetieth_percentile_is_a_number_of_days_that_someone_waited():
    turns = [a_turn("2026-11-16 09:00", "2026-11-23", answered=f"2026-11-{day} 10:00") for day in (16,) * 9 + (20,)]
    assert counted(*turns).ninetieth_days == 0
    assert counted(*turns, turns[-1]).ninetieth_days == 4
