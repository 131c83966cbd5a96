"""The measures of the report as a table: what each is called, where it comes from, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reports.figures import Figures
from words.names import N_

NOTHING: Final = "–"
"""Stands where there was nothing to measure."""

Number = int | float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One column.  `of` gives a count, days, minutes or, where it `is_share`, per cent; None for nothing.

    `counts` names the rows it is made of, as `figures.behind` has them.
    """

    heading: str
    of: Callable[[Figures], Number]
    counts: str
    is_share: bool = False

    def written(self, figures: Figures) -> str:
        """As a reader meets it: `1,204`, `2.5`, `83.3%`."""
        number = self.of(figures)
        if number is None:
            return NOTHING
        return f"{plain(number)}%" if self.is_share else plain(number)


def plain(number: float) -> str:
    """With thousands marked and at most one decimal; the same in both languages."""
    return f"{number:,.1f}".removesuffix(".0")


def _per_cent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _minutes(figures: Figures) -> float | None:
    return None if figures.collection_delay is None else figures.collection_delay.total_seconds() / 60


RECEIVED = Measure(N_("Comments received"), lambda figures: figures.received, "received")
NEEDING = Measure(N_("Conversations needing a response"), lambda figures: figures.needing, "needing")
NOT_NEEDED = Measure(N_("No response needed"), lambda figures: figures.not_needed, "not_needed")
ACKNOWLEDGEMENTS_DUE = Measure(
    N_("Acknowledgements due"), lambda figures: figures.acknowledgements_due, "acknowledgements_due"
)
ACKNOWLEDGED = Measure(N_("Conversations acknowledged"), lambda figures: figures.acknowledged, "acknowledged")
ACKNOWLEDGED_IN_TIME = Measure(
    N_("Acknowledged in time"), lambda figures: figures.acknowledged_in_time, "acknowledged_in_time"
)
SHARE_ACKNOWLEDGED = Measure(
    N_("Acknowledged in time, %"),
    lambda figures: _per_cent(figures.share_acknowledged),
    "acknowledgements_due",
    is_share=True,
)
DUE = Measure(N_("Answers due"), lambda figures: figures.due, "due")
IN_TIME = Measure(N_("Answered in time"), lambda figures: figures.in_time, "in_time")
LATE = Measure(N_("Answered late or not at all"), lambda figures: figures.late, "late")
SHARE_IN_TIME = Measure(
    N_("Answered in time, %"), lambda figures: _per_cent(figures.share_in_time), "due", is_share=True
)
CLOSED_UNANSWERED = Measure(
    N_("Closed without a reply"), lambda figures: figures.closed_unanswered, "closed_unanswered"
)
STILL_OPEN = Measure(N_("Still to be answered"), lambda figures: figures.still_open, "still_open")
OVERDUE = Measure(N_("Unanswered and overdue"), lambda figures: figures.overdue, "overdue")
ANSWERED = Measure(N_("Answers given"), lambda figures: figures.answered, "answered")
MEDIAN = Measure(N_("Median, working days"), lambda figures: figures.median_days, "answered")
NINETIETH = Measure(N_("90th percentile, working days"), lambda figures: figures.ninetieth_days, "answered")
DELAY = Measure(N_("Collection delay, median minutes"), _minutes, "received")
ENGLISH_ONLY = Measure(N_("English-only replies to Welsh"), lambda figures: figures.english_only, "english_only")
BY_MACHINE = Measure(N_("Replies translated by machine"), lambda figures: figures.by_machine, "by_machine")
REOPENED = Measure(N_("Reopened"), lambda figures: figures.reopened, "reopened")

ANSWERS: Final = (RECEIVED, NEEDING, DUE, IN_TIME, LATE, SHARE_IN_TIME, STILL_OPEN, OVERDUE, MEDIAN, NINETIETH)
BESIDES: Final = (
    NOT_NEEDED,
    ACKNOWLEDGEMENTS_DUE,
    ACKNOWLEDGED,
    ACKNOWLEDGED_IN_TIME,
    SHARE_ACKNOWLEDGED,
    ANSWERED,
    CLOSED_UNANSWERED,
    REOPENED,
    ENGLISH_ONLY,
    BY_MACHINE,
    DELAY,
)
IN_BRIEF: Final = (RECEIVED, NEEDING, DUE, SHARE_IN_TIME, LATE, OVERDUE, MEDIAN)
SIDE_BY_SIDE: Final = (RECEIVED, NEEDING, DUE, IN_TIME, LATE, STILL_OPEN, OVERDUE, ENGLISH_ONLY)
COMPARED: Final = (SHARE_ACKNOWLEDGED, SHARE_IN_TIME, MEDIAN, NINETIETH)
ALL: Final = (
    RECEIVED,
    NEEDING,
    NOT_NEEDED,
    ACKNOWLEDGEMENTS_DUE,
    ACKNOWLEDGED,
    ACKNOWLEDGED_IN_TIME,
    SHARE_ACKNOWLEDGED,
    DUE,
    IN_TIME,
    LATE,
    SHARE_IN_TIME,
    CLOSED_UNANSWERED,
    STILL_OPEN,
    OVERDUE,
    ANSWERED,
    MEDIAN,
    NINETIETH,
    REOPENED,
    ENGLISH_ONLY,
    BY_MACHINE,
    DELAY,
)
