"""From which opening on a purpose is asked for, and of which cases it is recorded who saw them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from moderation import policy
from moderation.policy import Source
from moderation.viewing import number_of, purpose_needed, restricted
from vocabulary import Label

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAY = timedelta(days=1)
POWYS, CARDIFF, CARMARTHENSHIRE = (policy.load(name) for name in ("powys", "cardiff", "carmarthenshire"))

# days since each earlier opening     which it is   Powys asks   Cardiff asks
OPENINGS = [
    ([],                                  1,           False,       True),
    ([1],                                 2,           False,       True),
    ([2, 1],                              3,           True,        True),
    ([27.9, 1],                           3,           True,        True),
    ([28, 1],                             2,           False,       True),
    ([40, 35, 30],                        1,           False,       True),
    ([5, 4, 3, 2, 1],                     6,           True,        True),
]  # fmt: skip


@pytest.mark.parametrize(("ago", "number", "powys", "cardiff"), OPENINGS)
def test_a_purpose_is_asked_for_as_the_policy_says(ago: list[float], number: int, powys: bool, cardiff: bool) -> None:
    earlier = [NOW - days * DAY for days in ago]
    assert number_of(earlier, NOW, POWYS.viewing) == number
    assert purpose_needed(earlier, NOW, POWYS.viewing) is powys
    assert purpose_needed(earlier, NOW, CARDIFF.viewing) is cardiff


def test_the_figures_say_whose_they_are_and_whom_to_ask() -> None:
    ours, cardiff, sir_gar = POWYS.viewing, CARDIFF.viewing, CARMARTHENSHIRE.viewing
    assert (ours.purpose_from.value, ours.within_days.value, ours.purpose_from.source) == (3, 28, Source.OURS)
    assert (cardiff.purpose_from.source, cardiff.purpose_from.cites) == (Source.POLICY, "10")
    assert (sir_gar.authoriser.called.en, sir_gar.authoriser.cites) == ("legal services", "6.1")
    assert sir_gar.purpose_from.value == 3


@pytest.mark.parametrize(
    ("labels", "under_review", "expected"),
    [
        (set(),                               False, False),
        ({Label.ABUSE, Label.HATE},           False, False),
        ({Label.VEXATIOUS},                   False, False),
        ({Label.SAFEGUARDING},                False, True),
        ({Label.SELF_HARM, Label.COMPLAINT},  False, True),
        (set(),                               True,  True),
    ],
)  # fmt: skip
def test_restricted_is_who_may_be_at_risk_and_whose_conduct_is_under_review(
    labels: set[Label], under_review: bool, expected: bool
) -> None:
    assert restricted(labels, under_review=under_review) is expected
