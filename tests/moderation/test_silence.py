"""An account is measured by its own habit: a quiet page is not ill, and a busy one is by noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.silence import ENOUGH, LOOK_BACK, SHORTEST, Standing, quiet_since, unread_since

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def every(gap: timedelta, *, until: timedelta, times: int = 30) -> list[datetime]:
    """Comments at one distance from each other, the last of them `until` ago."""
    return [NOW - until - gap * number for number in range(times)]


# What the account's comments were like, and whether the silence since is an alarm.
HABITS = [
    ("nothing ever came",                       [],                                       False),
    ("too little to know the habit",            every(HOUR, until=5 * DAY, times=19),     False),
    ("hourly, and silent for eleven hours",     every(HOUR, until=11 * HOUR),             False),
    ("hourly, and silent for thirteen hours",   every(HOUR, until=13 * HOUR),             True),
    ("daily, and silent for 36 hours",          every(DAY, until=36 * HOUR),              False),
    ("daily, and silent for 37 hours",          every(DAY, until=37 * HOUR),              True),
    ("busy, after a Christmas of five days",    [*every(HOUR, until=6 * DAY), *every(HOUR, until=DAY, times=3)], False),
    ("hourly, and silent for two months",       every(HOUR, until=LOOK_BACK + DAY),       True),
    ("what came long before is no habit",       [*every(HOUR, until=LOOK_BACK + 2 * DAY), NOW - DAY], False),
    ("a comment from the future does not help", [*every(HOUR, until=13 * HOUR), NOW + HOUR], True),
]  # fmt: skip


@pytest.mark.parametrize(("habit", "posted", "alarm"), HABITS, ids=[habit for habit, _, _ in HABITS])
def test_a_silence_is_an_alarm_only_where_it_is_longer_than_the_accounts_own(
    habit: str, posted: list[datetime], alarm: bool
) -> None:
    since = quiet_since(posted, NOW)

    assert (since is not None) is alarm
    assert since is None or since == max(each for each in posted if each <= NOW)


@given(st.lists(st.integers(0, 59 * 24 * 60), min_size=ENOUGH), st.integers(0, 12 * 60))
def test_nobody_is_alarmed_within_half_a_day(minutes: list[int], ago: int) -> None:
    posted = [NOW - timedelta(minutes=ago + minute) for minute in minutes] + [NOW - timedelta(minutes=ago)]

    assert timedelta(minutes=ago) > SHORTEST or quiet_since(posted, NOW) is None


STREAMS = [
    ([],                                                                                None),
    ([Standing(NOW - 5 * DAY, failing=False)],                                          None),
    ([Standing(NOW - HOUR, failing=True)],                                              None),
    ([Standing(NOW - 2 * HOUR, failing=True)],                                          NOW - 2 * HOUR),
    ([Standing(NOW, failing=False), Standing(NOW - 3 * HOUR, failing=True)],            NOW - 3 * HOUR),
    ([Standing(NOW - 3 * HOUR, failing=True), Standing(NOW - DAY, failing=True)],       NOW - DAY),
]  # fmt: skip


@pytest.mark.parametrize(("streams", "since"), STREAMS)
def test_an_account_is_unread_since_the_oldest_success_of_a_stream_that_fails(
    streams: list[Standing], since: datetime | None
) -> None:
    assert unread_since(streams, NOW) == since
