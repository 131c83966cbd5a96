"""A ceiling is counted to the millionth, begins anew when its platform says, and is spent on what matters first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.budgets import MILLION, Budget, BudgetsError, load, read_now
from vocabulary import Platform

X = load().root[Platform.X]
YOUTUBE = load().root[Platform.YOUTUBE]
MOMENTS = st.integers(0, 730 * 86_400).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second))

# The moment, whose period it lies in, and when that ends (UTC).
SPANS = [
    (X,       "2026-11-30T23:59:59Z", "2026-11",    "2026-12-01T00:00:00Z"),
    (X,       "2026-12-01T00:00:00Z", "2026-12",    "2027-01-01T00:00:00Z"),
    (X,       "2028-02-29T12:00:00Z", "2028-02",    "2028-03-01T00:00:00Z"),
    (YOUTUBE, "2026-11-25T07:59:00Z", "2026-11-24", "2026-11-25T08:00:00Z"),
    (YOUTUBE, "2026-11-25T08:00:00Z", "2026-11-25", "2026-11-26T08:00:00Z"),
    (YOUTUBE, "2026-03-08T09:00:00Z", "2026-03-08", "2026-03-09T07:00:00Z"),   # the clocks go forward there
    (YOUTUBE, "2026-11-01T08:00:00Z", "2026-11-01", "2026-11-02T08:00:00Z"),   # and back
]  # fmt: skip


@pytest.mark.parametrize(("budget", "at", "name", "end"), SPANS)
def test_a_period_ends_where_its_platform_counts(budget: Budget, at: str, name: str, end: str) -> None:
    span = budget.span(datetime.fromisoformat(at))

    assert (span.name, span.end) == (name, datetime.fromisoformat(end))


@given(at=MOMENTS)
def test_every_moment_lies_in_its_own_period_and_the_next_begins_where_it_ends(at: datetime) -> None:
    for budget in (X, YOUTUBE):
        span = budget.span(at)
        assert span.start <= at < span.end
        assert budget.span(span.end).start == span.end
        assert 0 <= span.gone(at) < 1


def test_reading_leaves_for_replies_what_is_kept_for_them() -> None:
    assert X.limit("reply") == X.most == 40 * MILLION
    assert X.limit("owned_read") == 34 * MILLION
    assert YOUTUBE.limit("write") == 10_000 * MILLION


def test_a_kind_without_a_price_is_as_dear_as_the_dearest() -> None:
    assert X.price("something new") == X.price("reply_with_link")


START = datetime(2026, 11, 1, tzinfo=UTC)
HALF = START + timedelta(days=15)

# At the middle of the month: how much is spent, the stream's rank, how long ago it was read, and whether it is now.
READ = [
    (0.00, 0, None,                  True),
    (0.00, 5, None,                  True),
    (0.59, 5, timedelta(0),          True),
    (0.65, 1, timedelta(hours=23),   False),
    (0.65, 1, timedelta(days=1),     True),
    (0.65, 0, timedelta(minutes=29), False),
    (0.65, 0, timedelta(minutes=30), True),
    (0.80, 0, timedelta(minutes=59), False),
    (0.80, 0, timedelta(hours=1),    True),
    (1.00, 0, timedelta(hours=2),    True),
    (1.00, 0, None,                  True),
    (1.00, 1, timedelta(hours=23),   False),
    (1.00, 1, None,                  True),
]  # fmt: skip


@pytest.mark.parametrize(("spent", "rank", "ago", "read"), READ)
def test_ahead_of_the_calendar_what_matters_most_is_read_less_often_and_the_rest_once_a_day(
    spent: float, rank: int, ago: timedelta | None, read: bool
) -> None:
    last = None if ago is None else HALF - ago
    assert read_now(rank, round(spent * X.most), X, HALF, last) is read


def test_a_ceiling_of_nothing_reads_nothing() -> None:
    assert not read_now(0, 0, X.model_copy(update={"ceiling": 0.0}), HALF, None)


WRONG = [
    ("ceiling = 40", "ceiling = -1",               "x.ceiling: must be 0.0 or more"),
    ('zone = "UTC"', 'zone = "Wales/Llandudno"',   "is not a time zone"),
    ("[x]", "[ex]",                                "ex"),
    ('period = "month"', 'period = "year"',        "must be one of"),
    ("reply = 0.01275", 'reply = "dear"',          "x.prices.reply: must be a number"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_a_file_that_cannot_be_honoured_is_refused_with_the_reason(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    text = Path("config/budgets.toml").read_text(encoding="utf-8")
    assert right in text
    file = tmp_path / "budgets.toml"
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")

    with pytest.raises(BudgetsError, match=said):
        load(file)
