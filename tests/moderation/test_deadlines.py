"""A due date is the one that a person with a diary would find."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.deadlines import NaiveTime, days_left, due, explain, london_date, working_days_taken
from tests.moderation.given import DAYS, closed_on, figures
from vocabulary import Clock

ANSWER = DAYS[Clock.ANSWER]

# Worked by hand from a wall calendar.  Arrival (UTC), acknowledgement, answer, why it is here.
ANSWERS = [
    ("2026-11-18T10:00:00Z", "2026-11-19", "2026-11-25", "an ordinary Wednesday"),
    ("2026-11-21T10:00:00Z", "2026-11-23", "2026-11-27", "a Saturday counts from the Monday after"),
    ("2026-11-22T23:59:59Z", "2026-11-23", "2026-11-27", "so does the last second of a Sunday"),
    ("2026-07-01T22:30:00Z", "2026-07-02", "2026-07-08", "half past eleven on a July night in Cardiff"),
    ("2026-07-01T23:30:00Z", "2026-07-03", "2026-07-09", "half past midnight: tomorrow, in Cardiff"),
    ("2026-12-01T23:30:00Z", "2026-12-02", "2026-12-08", "in winter the two days agree"),
    ("2026-12-23T12:00:00Z", "2026-12-24", "2027-01-04", "24, (25), (28 for Boxing Day), 29, 30, 31, (1 Jan), 4"),
    ("2026-12-25T12:00:00Z", "2026-12-29", "2027-01-05", "on Christmas Day itself"),
    (
        "2027-12-24T12:00:00Z",
        "2027-12-29",
        "2028-01-05",
        "27 and 28 stand for Christmas and Boxing Day, 3 for 1 January",
    ),
    ("2027-03-25T12:00:00Z", "2027-03-30", "2027-04-05", "Maundy Thursday: neither Friday nor Monday counts"),
    ("2022-09-14T12:00:00Z", "2022-09-15", "2022-09-22", "the State Funeral, Monday 19 September 2022"),
    ("2022-09-16T12:00:00Z", "2022-09-20", "2022-09-26", "from the Friday before it"),
    ("2022-05-31T12:00:00Z", "2022-06-01", "2022-06-09", "two Jubilee days, and no late May holiday"),
    ("2023-05-03T12:00:00Z", "2023-05-04", "2023-05-11", "the Coronation, Monday 8 May 2023"),
    ("2026-08-28T12:00:00Z", "2026-09-01", "2026-09-07", "the summer holiday of Wales, which is not Scotland's"),
    ("2026-07-31T12:00:00Z", "2026-08-03", "2026-08-07", "Scotland's summer holiday does not count here"),
]


@pytest.mark.parametrize(("arrived", "acknowledge", "answer", "why"), ANSWERS)
def test_the_answer_clock_agrees_with_a_diary(arrived: str, acknowledge: str, answer: str, why: str) -> None:
    found = due(datetime.fromisoformat(arrived), Clock.ANSWER, figures(), DAYS)
    assert (found.ack_due, found.due) == (date.fromisoformat(acknowledge), date.fromisoformat(answer)), why


FOI = [
    ("2026-06-01T09:00:00Z", "2026-06-30", "Scotland's 15 June 2026 is left out"),
    ("2026-07-01T09:00:00Z", "2026-07-30", "so is Northern Ireland's 13 July, for the Boyne"),
    ("2026-12-10T09:00:00Z", "2027-01-13", "25, 28, 1 January and Scotland's 4 (for 2) January"),
]


@pytest.mark.parametrize(("arrived", "answer", "why"), FOI)
def test_a_freedom_of_information_request_has_twenty_days_that_work_everywhere(
    arrived: str, answer: str, why: str
) -> None:
    found = due(datetime.fromisoformat(arrived), Clock.FOI, figures(), DAYS)
    assert (found.ack_due, found.due) == (None, date.fromisoformat(answer)), why


SAR = [
    ("2026-11-20T09:00:00Z", "2026-12-21", "20 December is a Sunday"),
    ("2026-09-03T23:30:00Z", "2026-10-05", "4 September in London; 4 October is a Sunday"),
    ("2026-01-30T09:00:00Z", "2026-03-02", "no 30 February; 28 is a Saturday"),
    ("2028-01-31T09:00:00Z", "2028-02-29", "a leap year's last day"),
    ("2026-11-25T09:00:00Z", "2026-12-29", "Christmas Day, then a weekend, then Boxing Day's substitute"),
    ("2026-12-15T09:00:00Z", "2027-01-15", "over the year's end"),
]


@pytest.mark.parametrize(("arrived", "answer", "why"), SAR)
def test_a_subject_access_request_has_a_month(arrived: str, answer: str, why: str) -> None:
    found = due(datetime.fromisoformat(arrived), Clock.SAR, figures(), DAYS)
    assert (found.ack_due, found.due) == (None, date.fromisoformat(answer)), why


def test_our_closure_days_stop_our_clock_and_no_clock_of_the_law() -> None:
    closed = closed_on(date(2026, 12, 29), date(2026, 12, 30))
    arrived = datetime(2026, 12, 23, 12, tzinfo=UTC)
    for clock, moves in ((Clock.ANSWER, True), (Clock.FOI, False), (Clock.SAR, False)):
        assert (due(arrived, clock, figures(), closed) != due(arrived, clock, figures(), DAYS)) is moves
    assert due(arrived, Clock.ANSWER, figures(), closed).due == date(2027, 1, 6)


@pytest.mark.parametrize(
    ("arrived", "as_it_is", "deemed"),
    [
        ("2026-11-14T12:00:00Z", "2026-11-20", "2026-11-23"),
        ("2026-12-25T12:00:00Z", "2027-01-05", "2027-01-06"),
        ("2026-11-18T12:00:00Z", "2026-11-25", "2026-11-25"),
    ],
)
def test_deemed_received_gives_a_day_more_only_to_what_comes_on_a_day_off(
    arrived: str, as_it_is: str, deemed: str
) -> None:
    moment = datetime.fromisoformat(arrived)
    assert due(moment, Clock.ANSWER, figures(), DAYS).due == date.fromisoformat(as_it_is)
    assert due(moment, Clock.ANSWER, figures(deemed=True), DAYS).due == date.fromisoformat(deemed)


def test_an_acknowledgement_of_no_days_is_owed_the_same_day_or_the_next_that_works() -> None:
    for arrived, owed in (("2026-11-18T10:00Z", "2026-11-18"), ("2026-11-21T10:00Z", "2026-11-23")):
        found = due(datetime.fromisoformat(arrived), Clock.ANSWER, figures(acknowledge=0), DAYS)
        assert found.ack_due == date.fromisoformat(owed)


def test_a_date_past_the_last_known_holiday_says_so() -> None:
    for arrived, says in (("2028-12-19T09:00Z", False), ("2028-12-28T09:00Z", True)):
        found = due(datetime.fromisoformat(arrived), Clock.ANSWER, figures(), DAYS)
        assert found.beyond_known is says
        assert ("may yet move" in explain(found)[-1]) is says


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(NaiveTime, match="has no zone"):
        due(datetime(2026, 11, 20, 9, 0), Clock.ANSWER, figures(), DAYS)  # noqa: DTZ001


def test_the_counting_can_be_read_day_by_day() -> None:
    found = due(datetime(2026, 12, 23, 12, tzinfo=UTC), Clock.ANSWER, figures(answer=2), DAYS)
    assert explain(found) == (
        "2026-12-23: the day it arrived is day 0",
        "2026-12-24: working day 1",
        "2026-12-25: bank holiday: Christmas Day",
        "2026-12-26: Saturday",
        "2026-12-27: Sunday",
        "2026-12-28: bank holiday: Boxing Day",
        "2026-12-29: working day 2",
    )


# What a person may post, and the program must date: from the first platforms to past the last known holiday.
moments = st.datetimes(
    min_value=datetime(2005, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [UTC, ZoneInfo("Europe/London"), timezone(timedelta(hours=-11)), ZoneInfo("Asia/Kolkata")]
    ),
)
clocks = st.sampled_from(Clock)
packs = st.builds(figures, st.integers(2, 30), st.integers(0, 2), deemed=st.booleans())


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), clocks, packs)
def test_arriving_later_never_makes_it_due_sooner(first, later, clock, pack) -> None:
    before = due(first.astimezone(UTC), clock, pack, DAYS)
    after = due(first.astimezone(UTC) + later, clock, pack, DAYS)
    assert before.due <= after.due
    assert before.ack_due is None or (after.ack_due is not None and before.ack_due <= after.ack_due)


@given(moments, clocks, packs)
def test_a_due_date_is_a_working_day_and_never_the_day_of_arrival(moment, clock, pack) -> None:
    found = due(moment, clock, pack, DAYS)
    assert DAYS[clock].is_working_day(found.due)
    assert found.due > london_date(moment)
    assert found.ack_due is None or found.ack_due <= found.due


@given(moments, st.sampled_from([Clock.ANSWER, Clock.FOI]), packs)
def test_the_days_explained_are_the_days_counted(moment, clock, pack) -> None:
    found = due(moment, clock, pack, DAYS)
    days = found.counted
    assert [day.number for day in days if day.counted] == list(
        range(1, (20 if clock is Clock.FOI else pack.answer_days.value) + 1)
    )
    assert (days[0].day, days[-1].day, days[-1].counted) == (london_date(moment), found.due, True)
    assert [day.day for day in days] == [days[0].day + timedelta(days=n) for n in range(len(days))]


@given(moments, moments)
def test_working_days_taken_agree_with_counting_them_one_by_one(received, answered) -> None:
    start, end = london_date(received), london_date(answered)
    day, counted = start, 0
    while day < end:
        day += timedelta(days=1)
        counted += ANSWER.is_working_day(day)
    assert working_days_taken(received, answered, ANSWER) == counted


@given(moments, packs)
def test_an_answer_on_the_due_date_took_as_many_days_as_the_policy_gives(moment, pack) -> None:
    found = due(moment, Clock.ANSWER, pack, DAYS)
    assert days_left(found.due, found.day_nought, ANSWER) == pack.answer_days.value


@pytest.mark.parametrize(
    ("today", "left"),
    [
        ("2026-11-20", 1),
        ("2026-11-21", 1),
        ("2026-11-23", 0),
        ("2026-11-24", -1),
        ("2026-11-26", -3),
        ("2026-11-29", -4),
    ],
)
def test_days_left_are_working_days_and_late_is_below_nought(today: str, left: int) -> None:
    assert days_left(date(2026, 11, 23), date.fromisoformat(today), ANSWER) == left


def test_a_friday_deadline_is_late_on_saturday() -> None:
    assert days_left(date(2026, 11, 20), date(2026, 11, 21), ANSWER) == -1
