"""The figures are those of the books, and their intervals hold what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.measures import UNKNOWN, Counts, Figure, auc, calibration_error, reliability, share


def test_a_share_has_wilsons_interval() -> None:
    assert share(9, 10) == pytest.approx((0.9, 0.5958, 0.9821), abs=1e-4)
    assert share(0, 20) == pytest.approx((0.0, 0.0, 0.1611), abs=1e-4)
    assert math.isnan(share(0, 0).value)


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_its_share_and_stays_within_nought_and_one(found: int, of: int) -> None:
    told = share(min(found, of), of)
    assert 0 <= told.low <= told.value <= told.high <= 1


def test_ties_count_half_and_a_perfect_order_is_one() -> None:
    truth = np.array([True, True, False, False])
    assert auc(truth, np.array([0.9, 0.8, 0.2, 0.1])).value == 1
    assert auc(truth, np.array([0.5, 0.5, 0.5, 0.5])).value == 0.5
    assert auc(truth, np.array([0.1, 0.8, 0.2, 0.9])).value == 0.25
    assert auc(np.array([True]), np.array([0.3])) == UNKNOWN


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=60))
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[bool, float]]) -> None:
    yes = [score for truth, score in rows if truth]
    no = [score for truth, score in rows if not truth]
    told = auc(np.array([truth for truth, _ in rows]), np.array([score for _, score in rows]))
    if yes and no:
        pairs = [(a > b) + 0.5 * (a == b) for a in yes for b in no]
        assert told.value == pytest.approx(sum(pairs) / len(pairs))
        assert told.low <= told.value <= told.high
    else:
        assert told is UNKNOWN


def test_precision_recall_and_both_f1_come_from_the_same_counts() -> None:
    truth = np.array([True] * 4 + [False] * 6)
    said = np.array([True, True, True, False] + [True] + [False] * 5)
    counts = Counts.of(truth, said)
    assert counts == (3, 1, 1, 5)
    assert (counts.precision.value, counts.recall.value, counts.f1.value) == (0.75, 0.75, 0.75)
    assert counts.macro_f1 == pytest.approx((0.75 + 10 / 12) / 2)
    assert counts.f1.low < 0.75 < counts.f1.high


def test_scores_that_say_what_was_so_have_no_calibration_error() -> None:
    truth = np.array([True, False] * 50 + [True] * 100)
    score = np.array([0.5] * 100 + [1.0] * 100)
    assert calibration_error(truth, score) == 0
    assert [each.texts for each in reliability(truth, score)] == [100, 100]
    assert calibration_error(truth, 1 - score) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("figure", "written"),
    [(Figure(0.9, 0.5958, 0.9821), ".900 [.596, .982]"), (Figure(1, 0.9999, 1), "1.00 [1.00, 1.00]"), (UNKNOWN, "–")],
)
def test_a_figure_is_written_short(figure: Figure, written: str) -> None:
    assert str(figure) == written
