"""Whatever people write and officers do, in whatever order: nothing is lost, nothing illegal happens, all adds up."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select

from moderation import lifecycle, queue
from moderation.lifecycle import TRANSITIONS, IllegalTransition
from moderation.queue import StaleCase
from store import audit, cases
from store.audit import AuditRow
from store.cases import CaseRow, EventRow, RoundRow
from store.comments import CommentRow
from tests.conftest import KEY, sqlite_store
from tests.factories import MONDAY, POWYS, a_comment, comes, does, officer, with_account
from vocabulary import Act, Author, State

OUTCOME = POWYS.outcomes[0].slug
AUTHORS = (None, Author("a1", "Mair Enghraifft"), Author("a2", "Ifan Enghraifft"))


class CaseWalk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="gwylio-walk-"))
        self.store = sqlite_store(self.folder)
        with_account(self.store)
        self.mair = officer(self.store)
        self.now = MONDAY
        self.written = 0
        self.known: dict[int, tuple[State, int]] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def later(self) -> datetime:
        self.now += timedelta(hours=5)
        return self.now

    def remember(self) -> None:
        with self.store.read() as session:
            self.known = {case.id: (case.state, case.version) for case in session.scalars(select(CaseRow))}

    @rule(author=st.sampled_from(AUTHORS), thread=st.sampled_from(["p1", "p2", ""]), owed=st.booleans())
    def somebody_writes(self, author: Author | None, thread: str, owed: bool) -> None:
        self.written += 1
        at = self.later()
        said = a_comment(native_id=f"c{self.written}", author=author, thread=thread, posted_at=at)
        comes(self.store, said, now=at, answer_owed=owed)
        self.remember()

    @precondition(lambda self: self.known)
    @rule(data=st.data(), act=st.sampled_from(list(Act)))
    def somebody_acts(self, data: st.DataObject, act: Act) -> None:
        case_id = data.draw(st.sampled_from(sorted(self.known)))
        state, version = self.known[case_id]
        more: dict[str, Any] = dict(words="Rheswm", outcome=OUTCOME, saw=version)
        if (state, act) in TRANSITIONS:
            after = does(self.store, case_id, act, who=self.mair, now=self.later(), **more)
            assert after.state is TRANSITIONS[state, act]
        else:
            with pytest.raises(IllegalTransition):
                does(self.store, case_id, act, who=self.mair, now=self.later(), **more)
        self.remember()

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def somebody_acts_on_an_old_page(self, data: st.DataObject) -> None:
        case_id = data.draw(st.sampled_from(sorted(self.known)))
        state, version = self.known[case_id]
        with pytest.raises(StaleCase):
            does(self.store, case_id, lifecycle.allowed_from(state)[0], who=self.mair, saw=version - 1)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def an_answer_arrives(self, data: st.DataObject) -> None:
        case_id = data.draw(st.sampled_from(sorted(self.known)))
        at = self.later()

        def act(session: Any) -> None:
            case = queue.get(session, case_id, lock=True)
            queue.acknowledged(session, case, case.round, at, actor=self.mair, now=at)
            queue.answered(session, case, case.round, at, actor=self.mair, now=at, policy=POWYS)

        self.store.write(act)
        self.remember()

    @invariant()
    def every_comment_has_its_case(self) -> None:
        with self.store.read() as session:
            placed = session.scalar(select(func.count()).select_from(CommentRow).where(CommentRow.case_id.is_not(None)))
            assert placed == self.written

    @invariant()
    def each_case_has_one_round_for_each_turn_and_one_open_at_most(self) -> None:
        with self.store.read() as session:
            for case in session.scalars(select(CaseRow)):
                turns = session.scalars(
                    select(RoundRow).where(RoundRow.case_id == case.id).order_by(RoundRow.number)
                ).all()
                assert [turn.number for turn in turns] == list(range(1, case.round + 1))
                assert cases.current_round(session, case).due == case.due
                assert sum(turn.ended_at is None for turn in turns) <= 1
                assert all(turn.first_due == turn.due for turn in turns)

    @invariant()
    def a_conversation_never_has_two_open_cases(self) -> None:
        with self.store.read() as session:
            going_on = [
                (case.author_id, case.thread)
                for case in session.scalars(select(CaseRow).where(CaseRow.author_id.is_not(None), CaseRow.thread != ""))
                if case.state is not State.CLOSED and not _reopened_by_hand(session, case.id)
            ]
            assert len(going_on) == len(set(going_on))

    @invariant()
    def every_move_is_a_row_of_the_table(self) -> None:
        with self.store.read() as session:
            at: dict[int, State] = {}
            for event in session.scalars(select(EventRow).order_by(EventRow.id)):
                before = at.setdefault(event.case_id, event.from_state)
                assert event.from_state is before
                if event.from_state is not event.to_state or event.what in {each.value for each in Act}:
                    assert TRANSITIONS[event.from_state, Act(event.what)] is event.to_state
                at[event.case_id] = event.to_state
            assert at == {case_id: state for case_id, (state, _) in self.known.items()}

    @invariant()
    def every_event_is_on_the_trail_and_the_trail_holds(self) -> None:
        with self.store.read() as session:
            events = session.scalar(select(func.count()).select_from(EventRow))
            rows = session.scalar(
                select(func.count())
                .select_from(AuditRow)
                .where(AuditRow.action.startswith("case."), AuditRow.action != "case.round_answered")
            )
            assert events == rows
            assert audit.verify(session, KEY, audit.read_head(self.folder / "audit.head")) is None


def _reopened_by_hand(session: Any, case_id: int) -> bool:
    """A closed case that an officer opens again may stand beside the one that followed it."""
    return any(
        event.what == Act.REOPEN and event.from_state is State.CLOSED for event in cases.events(session, case_id)
    )


TestCaseWalk = CaseWalk.TestCase
TestCaseWalk.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
