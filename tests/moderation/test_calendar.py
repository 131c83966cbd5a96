"""The holidays that come with the program are right, and say where they are from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import holidays
import pytest

from moderation import calendar
from moderation.calendar import FIRST_YEAR, Holiday, announced_holidays, calendars, seed_holidays
from tests.moderation.given import DAYS, closed_on
from vocabulary import Clock

WALES = DAYS[Clock.ANSWER]
KINGDOM = DAYS[Clock.FOI]


def test_the_welsh_list_agrees_with_a_second_source_year_by_year() -> None:
    other = holidays.country_holidays("GB", subdiv="WLS", years=range(FIRST_YEAR, WALES.known_until.year + 1))
    theirs = {day for day in other if day.weekday() < 5}
    ours = {day for day in WALES.days_off if day <= WALES.known_until}
    assert ours == theirs


def test_the_list_reaches_from_before_the_first_comment_to_the_end_of_2028() -> None:
    assert min(WALES.days_off).year == FIRST_YEAR
    assert WALES.known_until >= date(2028, 12, 31)


@pytest.mark.parametrize(
    ("day", "in_wales", "in_the_kingdom"),
    [
        (date(2022, 9, 19), False, False),
        (date(2023, 5, 8), False, False),
        (date(2026, 6, 15), True, False),
        (date(2026, 3, 17), True, False),
        (date(2026, 11, 30), True, False),
        (date(2024, 1, 2), True, False),
        (date(2026, 11, 21), False, False),
        (date(2026, 11, 20), True, True),
    ],
)
def test_a_day_off_elsewhere_stops_the_clock_of_the_law_only(day: date, in_wales: bool, in_the_kingdom: bool) -> None:
    assert (WALES.is_working_day(day), KINGDOM.is_working_day(day)) == (in_wales, in_the_kingdom)


def test_every_holiday_has_a_welsh_title_and_a_source() -> None:
    untranslated = {row.title_en for row in seed_holidays() if row.title_cy in {"", row.title_en}}
    assert untranslated == set()
    assert all(row.source for row in seed_holidays())


def test_no_day_is_listed_twice_in_one_division() -> None:
    keys = [(row.day, row.division) for row in seed_holidays()]
    assert len(keys) == len(set(keys))


def test_why_not_names_the_day() -> None:
    closed = closed_on(date(2026, 12, 29))[Clock.ANSWER]
    said = {
        date(2026, 12, 25): "bank holiday: Christmas Day",
        date(2026, 12, 26): "Saturday",
        date(2026, 12, 27): "Sunday",
        date(2026, 12, 29): "we are closed: Office closed",
        date(2026, 12, 30): "None",
    }
    assert {day: str(closed.why_not(day)) for day in said} == said


def test_a_holiday_that_arrives_late_moves_the_clock_once_it_is_a_row() -> None:
    late = Holiday(date(2026, 11, 23), "england-and-wales", "A day of rejoicing", "Diwrnod o lawenydd", "ours")
    after = calendars([*seed_holidays(), late])
    assert after[Clock.ANSWER].after(date(2026, 11, 20), 1) == date(2026, 11, 24)
    assert after[Clock.FOI].after(date(2026, 11, 20), 1) == date(2026, 11, 24)
    assert WALES.after(date(2026, 11, 20), 1) == date(2026, 11, 23)


def test_a_day_off_announced_late_is_heard_of_and_the_rest_stands(gov_uk: str) -> None:
    heard = {(row.day, row.division): row for row in announced_holidays(gov_uk)}

    assert heard[date(2027, 6, 7), calendar.WALES].title_en == "A day for something great"
    assert {(row.day, row.division) for row in seed_holidays()} <= heard.keys()


def test_when_gov_uk_cannot_be_reached_the_days_of_the_program_stand() -> None:
    nobody_listens = "http://127.0.0.1:9/bank-holidays.json"

    assert announced_holidays(nobody_listens) == seed_holidays()


@pytest.fixture
def gov_uk() -> Iterator[str]:
    """GOV.UK's list with one more day, served over real HTTP on loopback."""
    from govuk_bank_holidays.bank_holidays import BankHolidays

    listed = BankHolidays.load_backup_data()
    listed[calendar.WALES]["events"].append(
        {"title": "A day for something great", "date": "2027-06-07", "notes": "", "bunting": True}
    )
    body = json.dumps(listed).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/bank-holidays.json"
        server.shutdown()
