"""The translators have whole working days, and never longer than the officer has."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.translation_due import translation_due
from tests.moderation.given import DAYS, POWYS
from vocabulary import Clock

LONDON = ZoneInfo("Europe/London")
CALENDAR = DAYS[Clock.ANSWER]

# Asked (London), days, the answer due; back by (the body closes at 17:15).
DUE = [
    ("2026-11-20 10:00", 1, "2026-11-27", "2026-11-23 17:15"),  # Friday to Monday
    ("2026-11-19 10:00", 1, "2026-11-27", "2026-11-20 17:15"),
    ("2026-11-19 10:00", 0, "2026-11-27", "2026-11-19 17:15"),
    ("2026-11-19 17:15", 0, "2026-11-27", "2026-11-20 17:15"),  # after closing counts as tomorrow
    ("2026-11-20 18:00", 1, "2026-11-27", "2026-11-24 17:15"),  # Friday evening is Monday
    ("2026-11-21 09:00", 1, "2026-11-27", "2026-11-24 17:15"),  # and so is Saturday
    ("2026-12-24 18:00", 1, "2027-01-04", "2026-12-30 17:15"),  # Christmas, Boxing Day in lieu
    ("2026-11-19 10:00", 3, "2026-11-20", "2026-11-20 17:15"),  # the answer is due first
    ("2026-11-20 10:00", 1, "2026-11-19", "2026-11-19 17:15"),  # and may be late already
    ("2026-11-19 10:00", 3, "", "2026-11-24 17:15"),  # nothing waits for it but the translators
    ("2026-07-01 17:14", 0, "2026-07-10", "2026-07-01 17:15"),  # by the clock in Wales
]


@pytest.mark.parametrize(("asked", "days", "answer", "back"), DUE)
def test_a_translation_is_back_by_the_end_of_its_day(asked: str, days: int, answer: str, back: str) -> None:
    due = translation_due(
        datetime.fromisoformat(asked).replace(tzinfo=LONDON),
        days,
        hours=POWYS.hours,
        calendar=CALENDAR,
        answer_due=date.fromisoformat(answer) if answer else None,
    )
    assert due == datetime.fromisoformat(back).replace(tzinfo=LONDON)


@given(
    st.datetimes(datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2027-06-01")),
    st.integers(0, 10),
    st.dates(date(2025, 1, 1), date(2027, 7, 1)),
)
def test_it_never_falls_after_the_answer_nor_on_a_day_off_of_its_own(asked: datetime, days: int, answer: date) -> None:
    moment = asked.replace(tzinfo=LONDON)
    free = translation_due(moment, days, hours=POWYS.hours, calendar=CALENDAR, answer_due=None)
    bound = translation_due(moment, days, hours=POWYS.hours, calendar=CALENDAR, answer_due=answer)
    assert CALENDAR.is_working_day(free.date())
    assert free > moment
    assert bound.date() == min(free.date(), answer)
