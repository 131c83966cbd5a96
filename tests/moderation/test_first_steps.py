"""A step is ticked by what is there, and each says what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from moderation.first_steps import Found, steps
from vocabulary import Role

NOTHING = Found(
    named=False, accounts=0, connected=0, read=0, comments=False, areas=("waste", "highways"), grants=(),
    reachable=False,
)  # fmt: skip
OFFICERS = [(Role.OFFICER, "waste"), (Role.OFFICER, "highways")]

# fmt: off
TICKED: list[tuple[dict[str, Any], list[int]]] = [
    ({},                                                              []),
    ({"named": True},                                                 [0]),
    ({"grants": [(Role.COMMUNICATIONS, "*")]},                        [1]),
    ({"grants": OFFICERS[:1]},                                        []),
    ({"grants": OFFICERS},                                            [2]),
    ({"grants": [(Role.OFFICER, "*")]},                               [2]),
    ({"accounts": 1},                                                 [3]),
    ({"accounts": 1, "connected": 1},                                 [3, 4]),
    ({"accounts": 1, "connected": 1, "read": 1},                      [3, 4, 5]),
    ({"accounts": 1, "comments": True},                               [3, 4, 5]),   # a file was imported
    ({"reachable": True},                                             [6]),
]
# fmt: on


@pytest.mark.parametrize(("there", "ticked"), TICKED)
def test_what_is_there_ticks_its_steps_and_no_others(there: dict[str, Any], ticked: list[int]) -> None:
    found = steps(replace(NOTHING, **there))
    assert [number for number, step in enumerate(found) if step.done] == ticked


def test_how_many_areas_have_nobody_is_said() -> None:
    assert steps(replace(NOTHING, grants=OFFICERS[:1]))[2].how.values == {"n": 1}
