"""A text goes to the translators and comes back: taken by one, handed in once, never in nobody's hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderation import lifecycle, queue, translations
from moderation.queue import ReasonNeeded, StaleCase
from moderation.record import Actor
from moderation.translations import AlreadyAsked, NothingHandedIn, NothingToTranslate, NotTheirs, Wanted
from store import audit, cases
from store import translations as requests
from store.database import Store
from store.replies import ReplyRow
from store.translations import Task, TranslationRow
from tests.conftest import KEY
from tests.factories import DAYS, NOON, POWYS, a_user, comes, does, officer, with_account
from vocabulary import (
    Act,
    Clock,
    Language,
    ReplyKind,
    ReplyState,
    Role,
    State,
    TranslationOf,
    TranslationState,
)

ENGLISH, WELSH = "The lorry comes on Friday.", "Daw'r lorri ddydd Gwener."
REPLY = Wanted(TranslationOf.REPLY, ENGLISH, Language.EN, "She was kind; be kind too.")


@dataclass
class Unit:
    """One case, its officer, and two translators."""

    store: Store
    case_id: int
    mair: Actor
    gwenno: Actor
    huw: Actor
    now: datetime = NOON

    def asks(self, wanted: Wanted = REPLY, **more: Any) -> int:
        return self.store.write(
            lambda session: (
                translations.ask(
                    session,
                    self.case_id,
                    wanted,
                    actor=self.mair,
                    policy=POWYS,
                    calendar=DAYS[Clock.ANSWER],
                    now=self.now,
                    **more,
                ).id
            )
        )

    def takes(self, number: int, who: Actor) -> None:
        self.store.write(lambda session: translations.take(session, number, actor=who, now=self.now))

    def gives_back(self, number: int, who: Actor) -> None:
        self.store.write(lambda session: translations.give_back(session, number, actor=who, now=self.now))

    def hands_in(self, number: int, who: Actor, text: str = WELSH) -> None:
        self.store.write(
            lambda session: translations.hand_in(session, number, text, actor=who, policy=POWYS, now=self.now)
        )

    def came(self, text: str = WELSH) -> None:
        self.store.write(
            lambda session: translations.came(session, self.case_id, text, actor=self.mair, policy=POWYS, now=self.now)
        )

    def withdraws(self, words: str = "The author writes English too.") -> None:
        self.store.write(
            lambda session: translations.withdraw(
                session, self.case_id, actor=self.mair, policy=POWYS, now=self.now, words=words
            )
        )

    def sends_by_machine(self) -> int:
        """A reply whose Welsh a machine made; the id of the reply."""

        def act(session: Any) -> int:
            reply = ReplyRow(
                case_id=self.case_id,
                comment_id=1,
                round=1,
                kind=ReplyKind.ANSWER,
                state=ReplyState.APPROVED,
                text_cy="Afon yn codi.",
                text_en="The river is rising.",
                exception_reason="",
                author_id=self.mair.user_id,
                created_at=self.now,
            )
            session.add(reply)
            session.flush()
            translations.to_check(
                session,
                reply,
                frozenset({"cy"}),
                "The river is rising.",
                actor=self.mair,
                policy=POWYS,
                calendar=DAYS[Clock.ANSWER],
                now=self.now,
            )
            return reply.id

        return self.store.write(act)

    def row(self, number: int) -> TranslationRow:
        with self.store.read() as session:
            return session.get_one(TranslationRow, number)

    def tasks(self) -> list[Task]:
        with self.store.read() as session:
            return list(requests.waiting(session, limit=50))

    def state(self) -> State:
        with self.store.read() as session:
            return queue.get(session, self.case_id).state

    def happened(self) -> list[str]:
        with self.store.read() as session:
            assert audit.verify(session, KEY, None) is None
            return [event.what for event in cases.events(session, self.case_id)]


@pytest.fixture
def unit(store: Store) -> Unit:
    with_account(store)
    placed = comes(store)

    def staff(name: str) -> Callable[[Any], Actor]:
        return lambda session: Actor(name, a_user(session, name, Role.TRANSLATOR, "*").id)

    return Unit(store, placed.case_id, officer(store), store.write(staff("gwenno")), store.write(staff("huw")))


def test_a_request_goes_and_comes_back_and_the_case_with_it(unit: Unit) -> None:
    number = unit.asks()
    assert unit.state() is State.AWAITING_TRANSLATION
    unit.takes(number, unit.gwenno)
    unit.hands_in(number, unit.gwenno)
    row = unit.row(number)
    assert (row.state, row.result, row.done_by) == (TranslationState.DONE, WELSH, unit.gwenno.user_id)
    assert (row.from_language, row.to_language) == (Language.EN, Language.CY)
    assert unit.state() is State.ASSIGNED
    assert unit.happened() == ["opened", "ask_translation", "translation_taken", "translated"]
    assert unit.tasks() == []


def test_a_translator_sees_the_text_what_it_answers_and_by_when_and_no_name(unit: Unit) -> None:
    unit.asks()
    [task] = unit.tasks()
    assert (task.row.text, task.row.context, task.comment) == (ENGLISH, REPLY.context, "Pryd mae'r biniau?")
    assert task.row.due == datetime(2026, 11, 3, 17, 15, tzinfo=UTC)
    assert "Enghraifft" not in repr(task)


def test_what_was_asked_is_due_before_the_answer_is(unit: Unit) -> None:
    unit.now += timedelta(days=30)
    number = unit.asks()
    with unit.store.read() as session:
        assert unit.row(number).due.date() == queue.get(session, unit.case_id).due


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(TranslationOf.REPLY, "  ", Language.EN),
        Wanted(TranslationOf.COMMENT, "Dzień dobry", Language.OTHER),
        Wanted(TranslationOf.COMMENT, "…", Language.UND),
    ],
)
def test_only_a_text_in_one_of_our_languages_is_asked_for(unit: Unit, wanted: Wanted) -> None:
    with pytest.raises(NothingToTranslate):
        unit.asks(wanted)
    assert unit.state() is State.RECEIVED


def test_the_translators_have_one_text_of_a_case_at_a_time(unit: Unit) -> None:
    unit.asks()
    with pytest.raises(AlreadyAsked):
        unit.asks()
    assert len(unit.tasks()) == 1


def test_one_who_read_an_older_case_asks_for_nothing(unit: Unit) -> None:
    does(unit.store, unit.case_id, Act.ASSIGN, who=unit.mair, owner_id=unit.mair.user_id)
    with pytest.raises(StaleCase):
        unit.asks(saw=1)
    assert unit.tasks() == []


def test_nobody_translates_what_a_colleague_has_taken_up(unit: Unit) -> None:
    number = unit.asks()
    unit.takes(number, unit.gwenno)
    unit.takes(number, unit.gwenno)
    for act in (unit.takes, unit.gives_back, unit.hands_in):
        with pytest.raises(NotTheirs):
            act(number, unit.huw)
    unit.gives_back(number, unit.gwenno)
    unit.takes(number, unit.huw)
    assert unit.row(number).taken_by == unit.huw.user_id
    assert unit.happened()[2:] == ["translation_taken", "translation_given_back", "translation_taken"]


def test_what_nobody_has_taken_up_is_handed_in_too_and_never_empty(unit: Unit) -> None:
    number = unit.asks()
    with pytest.raises(NotTheirs):
        unit.gives_back(number, unit.huw)
    with pytest.raises(NothingHandedIn):
        unit.hands_in(number, unit.huw, " \n")
    unit.hands_in(number, unit.huw)
    with pytest.raises(NotTheirs):
        unit.hands_in(number, unit.gwenno, "Rhywbeth arall.")
    assert unit.row(number).result == WELSH


def test_an_officer_does_without_and_says_why(unit: Unit) -> None:
    number = unit.asks()
    unit.takes(number, unit.gwenno)
    with pytest.raises(ReasonNeeded):
        unit.withdraws(" ")
    unit.withdraws()
    assert unit.state() is State.ASSIGNED
    assert unit.row(number).state is TranslationState.WITHDRAWN
    with pytest.raises(NotTheirs):
        unit.hands_in(number, unit.gwenno)
    with pytest.raises(NotTheirs):
        unit.withdraws()
    assert unit.happened()[-1] == "withdraw_translation"


def test_a_translation_that_came_by_telephone_is_put_in_by_the_officer(unit: Unit) -> None:
    number = unit.asks()
    unit.takes(number, unit.gwenno)
    unit.came()
    assert unit.row(number).done_by == unit.mair.user_id
    assert unit.state() is State.ASSIGNED
    with pytest.raises(NotTheirs):
        unit.came()


def test_a_request_stands_while_the_case_is_escalated_and_comes_back_as_a_note(unit: Unit) -> None:
    number = unit.asks()
    does(unit.store, unit.case_id, Act.ESCALATE, who=unit.mair, words="the press asks")
    assert [task.row.id for task in unit.tasks()] == [number]
    unit.hands_in(number, unit.gwenno)
    assert unit.state() is State.ESCALATED
    assert unit.happened()[-1] == "translation_handed_in"


def test_a_case_that_is_closed_owes_the_translators_nothing_until_it_opens_again(unit: Unit) -> None:
    number = unit.asks()
    does(unit.store, unit.case_id, Act.CLOSE, who=unit.mair, outcome=POWYS.outcomes[0].slug, words="done")
    assert unit.tasks() == []
    with pytest.raises(lifecycle.IllegalTransition):
        does(unit.store, unit.case_id, Act.WITHDRAW_TRANSLATION, who=unit.mair)
    does(unit.store, unit.case_id, Act.REOPEN, who=unit.mair, words="not done")
    assert [task.row.id for task in unit.tasks()] == [number]


def test_what_a_machine_translated_comes_back_to_be_checked_whatever_became_of_the_case(unit: Unit) -> None:
    reply = unit.sends_by_machine()
    does(unit.store, unit.case_id, Act.CLOSE, who=unit.mair, outcome=POWYS.outcomes[0].slug, words="done")
    [task] = unit.tasks()
    row = task.row
    assert (row.state, row.reply_id, row.text) == (TranslationState.TO_CHECK, reply, "The river is rising.")
    assert (row.result, row.context, row.to_language) == ("Afon yn codi.", "The river is rising.", Language.CY)
    unit.hands_in(row.id, unit.gwenno, "Mae'r afon yn codi.")
    assert unit.row(row.id).state is TranslationState.DONE
    assert unit.tasks() == []
    with unit.store.read() as session:
        checked = cases.events(session, unit.case_id)[-1]
    assert (checked.what, checked.detail["changed"]) == ("translation_checked", True)


def test_the_trail_keeps_hashes_of_texts_and_never_the_texts(unit: Unit) -> None:
    number = unit.asks()
    unit.hands_in(number, unit.gwenno)
    with unit.store.read() as session:
        rows = [row for row in audit.rows(session) if row["subject"] == f"translation:{number}"]
    assert [row["action"] for row in rows] == ["translation.asked", "translation.done"]
    assert "lorry" not in str(rows)
    assert "lorri" not in str(rows)
