"""Nothing can be done to a removal that the table does not allow, and none can be lost in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import removal_life
from moderation.removal_life import (
    AWAITING,
    NEXT_TO_MOVE,
    STANDING,
    TRANSITIONS,
    IllegalRemoval,
    RemovalAct,
    allowed_from,
    next_state,
)
from vocabulary import RemovalState

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "removals.md"
A, S = RemovalAct, RemovalState


@pytest.mark.parametrize("act", RemovalAct)
@pytest.mark.parametrize("state", RemovalState)
def test_an_act_is_in_the_table_or_refused_with_what_is_allowed(state: RemovalState, act: RemovalAct) -> None:
    if (state, act) in TRANSITIONS:
        assert next_state(state, act) is TRANSITIONS[state, act]
        return
    with pytest.raises(IllegalRemoval) as caught:
        next_state(state, act)
    assert caught.value.allowed == allowed_from(state)


def test_the_refusal_reads_as_a_sentence() -> None:
    with pytest.raises(IllegalRemoval, match="cannot agree a removal that is refused; allowed: nothing"):
        next_state(S.REFUSED, A.AGREE)


def test_nothing_comes_down_for_good_but_by_way_of_everybodys_agreement() -> None:
    leading = {(here, act) for (here, act), there in TRANSITIONS.items() if there is S.REMOVED}
    assert leading == {(S.APPROVED, A.CARRY_OUT)}
    assert {act for (_, act), there in TRANSITIONS.items() if there is S.APPROVED} == {A.APPROVE}


@pytest.mark.parametrize("state", sorted(STANDING))
def test_from_every_state_in_which_it_stands_it_can_be_put_up_again(state: RemovalState) -> None:
    assert {A.UNDO, A.OVERTURN, A.REFUSE} & set(allowed_from(state))


@pytest.mark.parametrize("state", sorted(AWAITING))
def test_while_it_waits_it_can_be_agreed_to_refused_and_taken_back(state: RemovalState) -> None:
    assert {A.AGREE, A.APPROVE, A.REFUSE, A.WITHDRAW} <= set(allowed_from(state))


@pytest.mark.parametrize("state", sorted(set(RemovalState) - STANDING))
def test_what_is_over_stays_so_and_another_is_asked_for(state: RemovalState) -> None:
    assert allowed_from(state) == ()


def test_every_state_is_reached_and_every_act_leads_somewhere() -> None:
    assert {S.REQUESTED, *TRANSITIONS.values()} == set(RemovalState) == set(NEXT_TO_MOVE)
    assert {act for _, act in TRANSITIONS} == set(RemovalAct)


def test_the_page_in_docs_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == removal_life.page(), "renew it with the command it names"
