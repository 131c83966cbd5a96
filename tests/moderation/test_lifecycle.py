"""Nothing can be done to a case that the table does not allow, and no case can be lost in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import lifecycle
from moderation.lifecycle import ANSWER_OWED, TRANSITIONS, IllegalTransition, allowed_from, next_state
from vocabulary import Act, State

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "lifecycle.md"


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("state", State)
def test_an_act_is_in_the_table_or_refused_with_what_is_allowed(state: State, act: Act) -> None:
    if (state, act) in TRANSITIONS:
        assert next_state(state, act) is TRANSITIONS[state, act]
        return
    with pytest.raises(IllegalTransition) as caught:
        next_state(state, act)
    assert caught.value.allowed == allowed_from(state)


def test_the_refusal_reads_as_a_sentence() -> None:
    with pytest.raises(IllegalTransition, match="cannot close a case that is closed; allowed: reopen"):
        next_state(State.CLOSED, Act.CLOSE)


@pytest.mark.parametrize("start", State)
def test_from_every_state_every_other_can_be_reached_but_received(start: State) -> None:
    reached, edge = {start}, [start]
    while edge:
        here = edge.pop()
        edge += [there for (state, _), there in TRANSITIONS.items() if state is here and there not in reached]
        reached.update(edge)
    assert reached | {State.RECEIVED} == set(State)


def test_nothing_returns_to_received() -> None:
    assert State.RECEIVED not in TRANSITIONS.values()


@pytest.mark.parametrize("state", sorted(ANSWER_OWED))
@pytest.mark.parametrize("act", [Act.ANSWER, Act.CLOSE, Act.ASSIGN])
def test_while_an_answer_is_owed_it_can_be_given_closed_or_handed_on(state: State, act: Act) -> None:
    assert act in allowed_from(state)


def test_only_an_answer_or_a_close_ends_the_wait_for_an_answer() -> None:
    leaving = {act for (state, act), there in TRANSITIONS.items() if state in ANSWER_OWED and there not in ANSWER_OWED}
    assert leaving == {Act.ANSWER, Act.CLOSE}


def test_an_answer_that_a_platform_confirms_late_still_finds_its_place() -> None:
    assert next_state(State.ANSWERED, Act.ANSWER) is State.ANSWERED


def test_every_act_of_the_vocabulary_leads_somewhere() -> None:
    assert {act for _, act in TRANSITIONS} == set(Act)


def test_the_page_in_docs_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == lifecycle.page(), "renew it with the command it names"
