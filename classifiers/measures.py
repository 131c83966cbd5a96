"""The figures by which classifiers are judged, each with how far it may be off.

Intervals are of 95 %.  Arrays are one-dimensional and of equal length: `truth` of booleans, `score`
of probabilities.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGMAS = 1.959964
_DRAWS = 2_000
BINS = 10


class Figure(NamedTuple):
    """A figure and its interval; nan where there is nothing to measure."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        return f"{_short(self.value)} [{_short(self.low)}, {_short(self.high)}]"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1.00"


UNKNOWN = Figure(math.nan, math.nan, math.nan)


def share(found: int, of: int) -> Figure:
    """A share with Wilson's score interval, which stays within 0 and 1 and is honest about small numbers."""
    if not of:
        return UNKNOWN
    rate, square = found / of, _SIGMAS**2
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = _SIGMAS * math.sqrt(rate * (1 - rate) / of + square / (4 * of**2)) / (1 + square / of)
    return Figure(rate, max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half)))


class Counts(NamedTuple):
    """How often what was said is so."""

    right: int
    false_alarms: int
    missed: int
    left_alone: int

    @classmethod
    def of(cls, truth: NDArray[Any], said: NDArray[Any]) -> Counts:
        return cls(*(int(some.sum()) for some in (truth & said, ~truth & said, truth & ~said, ~truth & ~said)))

    @property
    def precision(self) -> Figure:
        return share(self.right, self.right + self.false_alarms)

    @property
    def recall(self) -> Figure:
        return share(self.right, self.right + self.missed)

    @property
    def f1(self) -> Figure:
        """The interval is drawn: what the same counts would have given in another sample of the same size."""
        import numpy as np

        if not self.right + self.missed:
            return UNKNOWN
        drawn = np.random.default_rng(1).multinomial(sum(self), np.array(self) / sum(self), size=_DRAWS)
        right, wrong = drawn[:, 0], drawn[:, 1] + drawn[:, 2]
        low, high = np.quantile(2 * right / np.maximum(1, 2 * right + wrong), [0.025, 0.975])
        return Figure(_f1(self.right, self.false_alarms + self.missed), float(low), float(high))

    @property
    def macro_f1(self) -> float:
        """The mean of the F1 of what is looked for and of the rest: the figure of many shared tasks."""
        wrong = self.false_alarms + self.missed
        return (_f1(self.right, wrong) + _f1(self.left_alone, wrong)) / 2


def _f1(right: int, wrong: int) -> float:
    return 2 * right / (2 * right + wrong) if right + wrong else 0.0


def auc(truth: NDArray[Any], score: NDArray[Any]) -> Figure:
    """The area under the ROC curve, ties shared, with DeLong's interval; unknown when one side is empty."""
    import numpy as np

    yes, no = score[truth], score[~truth]
    if not len(yes) or not len(no):
        return UNKNOWN
    above = _ranks(np.concatenate([yes, no]))
    among_yes, among_no = _ranks(yes), _ranks(no)
    of_yes = (above[: len(yes)] - among_yes) / len(no)
    of_no = 1 - (above[len(yes) :] - among_no) / len(yes)
    area = float(of_yes.mean())
    spread = sum(float(side.var(ddof=1)) / len(side) for side in (of_yes, of_no) if len(side) > 1)
    half = _SIGMAS * math.sqrt(spread)
    return Figure(area, max(0.0, area - half), min(1.0, max(area, area + half)))


def _ranks(values: NDArray[Any]) -> NDArray[Any]:
    """Ranks from 1, the mean rank where values are equal."""
    import numpy as np

    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: NDArray[Any] = (np.cumsum(count) - (count - 1) / 2)[place]
    return mean


class Bin(NamedTuple):
    """Texts that were given like scores: how many, their mean score, and the share that was so."""

    texts: int
    said: float
    was: float


def reliability(truth: NDArray[Any], score: NDArray[Any], bins: int = BINS) -> list[Bin]:
    """One bin for each `bins`th of the scale that has any text, in order."""
    import numpy as np

    place = np.minimum((score * bins).astype(int), bins - 1)
    masks = [place == at for at in range(bins)]
    return [Bin(int(m.sum()), float(score[m].mean()), float(truth[m].mean())) for m in masks if m.any()]


def calibration_error(truth: NDArray[Any], score: NDArray[Any]) -> float:
    """How far a score is from the share that was so, on average over texts (expected calibration error)."""
    found = reliability(truth, score)
    return sum(each.texts * abs(each.said - each.was) for each in found) / max(1, len(truth))
