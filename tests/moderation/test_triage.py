"""A claim warns and locks nothing, putting off never passes the deadline, and an act on several can be taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from moderation import queue, triage
from moderation.record import Actor
from moderation.triage import CannotUndo, NoSnooze, Outcome
from store import cases
from store import triage as rows
from store.cases import CaseRow, ToldRow
from store.database import Session, Store
from tests.factories import MONDAY, NOON, POWYS, a_comment, comes, does, officer, with_account
from vocabulary import Act, Author, State

WHY = "Rheswm"
TODAY = NOON.date()


@pytest.fixture
def mair(store: Store) -> Actor:
    with_account(store)
    return officer(store)


@pytest.fixture
def ifan(store: Store, mair: Actor) -> Actor:
    return officer(store, "ifan")


def claims(store: Store, case_id: int, who: Actor, *, at: Any = NOON) -> bool:
    return store.write(lambda session: triage.claim(session, case_id, actor=who, now=at))


def holder(store: Store, case_id: int, *, at: Any = NOON) -> str:
    with store.read() as session:
        found = rows.claimed_by(session, case_id, now=at)
    return found[1] if found else ""


def test_a_claim_is_the_first_comers_until_it_expires(store: Store, mair: Actor, ifan: Actor) -> None:
    case_id = comes(store).case_id
    assert claims(store, case_id, mair)
    assert not claims(store, case_id, ifan)
    assert holder(store, case_id) == "Mair"
    later = NOON + triage.CLAIM + timedelta(seconds=1)
    assert holder(store, case_id, at=later) == ""
    assert claims(store, case_id, ifan, at=later)


def test_a_claim_changes_nothing_that_a_page_showed(store: Store, mair: Actor, ifan: Actor) -> None:
    case_id = comes(store).case_id
    with store.read() as session:
        saw = queue.get(session, case_id).version
    claims(store, case_id, mair)
    assert does(store, case_id, Act.ASSIGN, who=ifan, saw=saw).state is State.ASSIGNED


def test_only_ones_own_claim_is_given_up(store: Store, mair: Actor, ifan: Actor) -> None:
    case_id = comes(store).case_id
    claims(store, case_id, mair)
    store.write(lambda session: triage.release(session, case_id, actor=ifan, now=NOON))
    assert holder(store, case_id) == "Mair"
    store.write(lambda session: triage.release(session, case_id, actor=mair, now=NOON))
    assert holder(store, case_id) == ""


def snoozes(store: Store, case_id: int, until: date, who: Actor, words: str = WHY) -> CaseRow:
    return store.write(lambda session: triage.snooze(session, case_id, until, actor=who, now=NOON, words=words))


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1), date(2026, 11, 9), date(2026, 12, 1), date.min])
def test_a_case_is_never_put_off_to_its_deadline_or_beyond(store: Store, mair: Actor, day: date) -> None:
    case_id = comes(store).case_id  # due on 9 November
    with pytest.raises(NoSnooze) as refused:
        snoozes(store, case_id, day, mair)
    assert refused.value.latest == date(2026, 11, 8)


def test_putting_off_wants_a_reason_and_a_further_comment_brings_the_case_back(store: Store, mair: Actor) -> None:
    case_id = comes(store).case_id
    with pytest.raises(queue.ReasonNeeded):
        snoozes(store, case_id, date(2026, 11, 5), mair, " ")
    assert snoozes(store, case_id, date(2026, 11, 5), mair).snoozed_until == date(2026, 11, 5)
    comes(store, a_comment("Dal dim byd", native_id="c2", posted_at=NOON))
    with store.read() as session:
        assert queue.get(session, case_id).snoozed_until is None


def test_where_no_answer_is_owed_a_case_may_be_put_off_for_four_weeks(store: Store, mair: Actor) -> None:
    case_id = comes(store, answer_owed=False).case_id
    assert snoozes(store, case_id, TODAY + triage.LONGEST, mair).snoozed_until
    with pytest.raises(NoSnooze):
        snoozes(store, case_id, TODAY + triage.LONGEST + timedelta(days=1), mair)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("@catrin weli di hwn?", ("catrin",)),
        ("(@Rhys.) a @catrin, @catrin", ("rhys", "catrin")),
        ("ysgrifennwch at waste@cyngor.example", ()),
        ("@", ()),
    ],
)
def test_a_note_addresses_whom_it_names(words: str, found: tuple[str, ...]) -> None:
    assert triage.mentioned(words) == found


def test_a_mention_is_told_to_that_person_alone(store: Store, mair: Actor, ifan: Actor) -> None:
    case_id = comes(store).case_id
    told: list[int] = []
    store.write(
        lambda session: triage.mention(
            session, case_id, [ifan.user_id or 0], actor=mair, now=NOON, told=lambda case, key, user: told.append(user)
        )
    )
    with store.read() as session:
        [row] = session.query(ToldRow).all()
    assert (row.whom, told) == (f"user:{ifan.user_id}", [ifan.user_id])


def three(store: Store) -> list[int]:
    return [
        comes(store, a_comment(native_id=f"c{n}", author=Author(f"a{n}", "Mair Enghraifft"))).case_id for n in range(3)
    ]


def versions(store: Store, case_ids: list[int]) -> dict[int, int]:
    with store.read() as session:
        return {case_id: queue.get(session, case_id).version for case_id in case_ids}


def on_several(store: Store, saw: dict[int, int], act: Act, who: Actor, **over: Any) -> Outcome:
    facts: dict[str, Any] = {"words": WHY, "outcome": "no_response_needed"} | over
    return store.write(
        lambda session: triage.on_several(
            session, saw, act, allowed=lambda case: True, actor=who, policy=POWYS, now=NOON, **facts
        )
    )


def states(store: Store, case_ids: list[int]) -> list[State]:
    with store.read() as session:
        return [queue.get(session, case_id).state for case_id in case_ids]


def test_closing_several_leaves_an_event_on_each_and_is_undone_at_once(store: Store, mair: Actor) -> None:
    case_ids = three(store)
    found = on_several(store, versions(store, case_ids), Act.CLOSE, mair)
    assert (len(found.done), found.refused) == (3, {})
    assert states(store, case_ids) == [State.CLOSED] * 3
    with store.read() as session:
        assert all(cases.events(session, each)[-1].words == WHY for each in case_ids)
    back = store.write(lambda session: triage.undo(session, found.bulk_id, actor=mair, policy=POWYS, now=NOON))
    assert len(back.done) == 3
    assert State.CLOSED not in states(store, case_ids)
    with pytest.raises(CannotUndo):
        store.write(lambda session: triage.undo(session, found.bulk_id, actor=mair, policy=POWYS, now=NOON))


def test_assigning_several_is_undone_to_whoever_had_them(store: Store, mair: Actor, ifan: Actor) -> None:
    case_ids = three(store)
    does(store, case_ids[0], Act.ASSIGN, who=mair, owner_id=mair.user_id)
    found = on_several(store, versions(store, case_ids), Act.ASSIGN, mair, area="highways", owner_id=ifan.user_id)
    store.write(lambda session: triage.undo(session, found.bulk_id, actor=mair, policy=POWYS, now=NOON))
    with store.read() as session:
        owners = [(queue.get(session, each).service_area, queue.get(session, each).owner_id) for each in case_ids]
    assert owners == [("waste", mair.user_id), ("waste", None), ("waste", None)]


def test_a_case_that_moved_is_left_alone_and_named_and_the_others_go_on(store: Store, mair: Actor) -> None:
    case_ids = three(store)
    saw = versions(store, case_ids)
    does(store, case_ids[1], Act.ASSIGN, who=mair)
    found = on_several(store, saw, Act.CLOSE, mair)
    assert len(found.done) == 2
    assert len(found.refused) == 1
    assert states(store, case_ids)[1] is State.ASSIGNED


def test_what_somebody_touched_since_is_not_undone(store: Store, mair: Actor, ifan: Actor) -> None:
    case_ids = three(store)
    found = on_several(store, versions(store, case_ids), Act.CLOSE, mair)
    does(store, case_ids[0], Act.REOPEN, who=ifan, words=WHY)
    back = store.write(lambda session: triage.undo(session, found.bulk_id, actor=mair, policy=POWYS, now=NOON))
    assert (len(back.done), len(back.refused)) == (2, 1)


def test_only_ones_own_act_is_undone(store: Store, mair: Actor, ifan: Actor) -> None:
    found = on_several(store, versions(store, three(store)), Act.CLOSE, mair)
    with pytest.raises(CannotUndo):
        store.write(lambda session: triage.undo(session, found.bulk_id, actor=ifan, policy=POWYS, now=NOON))


@pytest.mark.parametrize("act", [act for act in Act if act not in triage.UNDOABLE])
def test_what_cannot_be_undone_is_not_done_to_several(store: Store, mair: Actor, act: Act) -> None:
    with pytest.raises(CannotUndo):
        on_several(store, {}, act, mair)


def test_what_a_form_sends_is_read_or_left_out() -> None:
    assert triage.as_seen(["12.3", "x.1", "4", "", "7.٣", "5.6"]) == {12: 3, 5: 6}


def test_nobody_acts_on_a_case_that_is_not_theirs(store: Store, mair: Actor) -> None:
    case_ids = three(store)

    def act(session: Session) -> Outcome:
        return triage.on_several(
            session,
            dict.fromkeys(case_ids, 1),
            Act.CLOSE,
            allowed=lambda case: False,
            actor=mair,
            policy=POWYS,
            now=MONDAY,
            words=WHY,
            outcome="no_response_needed",
        )

    found = store.write(act)
    assert (found.done, found.refused) == ((), {})
