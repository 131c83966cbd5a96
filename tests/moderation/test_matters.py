"""A request under the law never ends by itself; a clock stands still only where it may, and its date says why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import deadlines, matters, pauses, queue
from moderation.calendar import seed_holidays
from moderation.deadlines import StoodStill
from moderation.matters import TRANSITIONS, MatterReasonNeeded, MatterRefused, NoFurtherStage, RunsAlready, StaleMatter
from moderation.policy import Policy
from moderation.record import Actor
from store import cases, holidays
from store import matters as matter_rows
from store.cases import CaseRow, RoundRow
from store.database import Session, Store
from store.matters import MatterRow, PauseRow
from tests.factories import MONDAY, POWYS, comes, does, officer, with_account
from tests.moderation.given import DAYS, figures
from vocabulary import Act, Clock, MatterAct, MatterState, State

PAUSING = POWYS.model_copy(update={"pauses": POWYS.pauses.model_copy(update={"clocks": ("answer", "complaint")})})
WEDNESDAY, NEXT_MONDAY = MONDAY + timedelta(days=2), MONDAY + timedelta(days=7)
REASON = "Rheswm"


@pytest.fixture
def mair(store: Store) -> Actor:
    with_account(store)
    rows = [(row.day, row.division, row.title_en, row.title_cy, row.source) for row in seed_holidays()]
    store.write(lambda session: holidays.keep(session, rows, now=MONDAY))
    return officer(store)


def matter_of(store: Store, case_id: int) -> MatterRow:
    with store.read() as session:
        return list(matter_rows.of_case(session, case_id))[-1]


def round_of(store: Store, case_id: int) -> RoundRow:
    with store.read() as session:
        return cases.current_round(session, session.get_one(CaseRow, case_id))


def acts(
    store: Store,
    matter: MatterRow,
    what: MatterAct,
    who: Actor,
    *,
    at: datetime = MONDAY,
    words: str = REASON,
    policy: Policy = POWYS,
    **more: Any,
) -> MatterRow:
    return store.write(
        lambda session: matters.act(
            session, matter.case_id, matter.id, what, policy=policy, actor=who, now=at, words=words, **more
        )
    )


def a_request(store: Store, clock: Clock = Clock.FOI) -> MatterRow:
    return matter_of(store, comes(store, clocks=(Clock.ANSWER, clock)).case_id)


def a_complaint(store: Store, who: Actor, policy: Policy = POWYS) -> MatterRow:
    case_id = comes(store).case_id
    return store.write(
        lambda session: matters.take_up(
            session, case_id, Clock.COMPLAINT, policy=policy, actor=who, now=MONDAY, words=REASON
        )
    )


def closing(store: Store, case_id: int, who: Actor) -> State:
    return does(store, case_id, Act.CLOSE, who=who, outcome="referred", words=REASON).state


def test_a_possible_request_keeps_its_case_open_until_a_person_has_decided(store: Store, mair: Actor) -> None:
    matter = a_request(store)
    with pytest.raises(queue.MattersRun, match="say first how it ended"):
        closing(store, matter.case_id, mair)
    acts(store, matter, MatterAct.DISMISS, mair, words="")
    assert closing(store, matter.case_id, mair) is State.CLOSED


def test_answering_the_comment_ends_no_request(store: Store, mair: Actor) -> None:
    matter = a_request(store)
    does(store, matter.case_id, Act.ANSWER, who=mair)
    assert matter_of(store, matter.case_id).live
    with store.read() as session:
        assert [fact.case.id for fact in cases.running(session)] == [matter.case_id]


@pytest.mark.parametrize("state", MatterState)
@pytest.mark.parametrize("what", MatterAct)
def test_what_the_table_does_not_have_is_refused_with_what_may_be_done(
    store: Store, mair: Actor, state: MatterState, what: MatterAct
) -> None:
    matter = a_complaint(store, mair, PAUSING)

    def put(session: Session) -> None:
        session.get_one(MatterRow, matter.id).state = state

    store.write(put)
    if (state, what) in TRANSITIONS:
        assert acts(store, matter, what, mair, policy=PAUSING).state is TRANSITIONS[state, what]
    else:
        with pytest.raises(MatterRefused) as refused:
            acts(store, matter, what, mair, policy=PAUSING)
        assert what not in refused.value.allowed


@pytest.mark.parametrize(
    ("first", "what"),
    [
        (None, MatterAct.FINISH),
        (None, MatterAct.ASK_CLARITY),
        (None, MatterAct.DISMISS),
        (None, MatterAct.NEXT_STAGE),
        (MatterAct.FINISH, MatterAct.TAKE_UP_AGAIN),
    ],
)
def test_what_ends_or_lengthens_a_matter_wants_a_reason(
    store: Store, mair: Actor, first: MatterAct | None, what: MatterAct
) -> None:
    matter = a_complaint(store, mair, PAUSING)
    if first:
        acts(store, matter, first, mair, policy=PAUSING)
    with pytest.raises(MatterReasonNeeded):
        acts(store, matter, what, mair, words=" ", policy=PAUSING)


def test_a_page_that_is_old_moves_nothing(store: Store, mair: Actor) -> None:
    matter = a_request(store)
    acts(store, matter, MatterAct.CONFIRM, mair, saw=matter.version)
    with pytest.raises(StaleMatter):
        acts(store, matter, MatterAct.FINISH, mair, saw=matter.version)


def test_a_case_holds_one_running_matter_of_a_kind(store: Store, mair: Actor) -> None:
    matter = a_request(store)
    with pytest.raises(RunsAlready):
        store.write(
            lambda session: matters.take_up(
                session, matter.case_id, Clock.FOI, policy=POWYS, actor=mair, now=MONDAY, words=REASON
            )
        )


def test_a_complaint_goes_through_its_stages_each_with_its_own_days(store: Store, mair: Actor) -> None:
    matter = a_complaint(store, mair)
    assert (matter.stage, matter.due) == ("informal", date(2026, 11, 16))
    matter = acts(store, matter, MatterAct.NEXT_STAGE, mair, at=NEXT_MONDAY)
    assert (matter.stage, matter.due, matter.first_due) == ("formal", date(2026, 12, 7), date(2026, 12, 7))
    with pytest.raises(NoFurtherStage):
        acts(store, matter, MatterAct.NEXT_STAGE, mair)


def test_a_request_waits_for_clarity_and_its_date_moves_by_the_days_it_waited(store: Store, mair: Actor) -> None:
    matter = a_request(store)
    assert matter.due == date(2026, 12, 1)
    acts(store, matter, MatterAct.CONFIRM, mair)
    acts(store, matter, MatterAct.ASK_CLARITY, mair, at=WEDNESDAY)
    matter = acts(store, matter, MatterAct.CLARIFIED, mair, at=NEXT_MONDAY)
    assert (matter.first_due, matter.due) == (date(2026, 12, 1), date(2026, 12, 4)), "three working days stood still"


def test_a_month_grows_by_the_days_it_stood_still(store: Store, mair: Actor) -> None:
    matter = a_request(store, Clock.SAR)
    assert matter.due == date(2026, 12, 2)
    acts(store, matter, MatterAct.CONFIRM, mair)
    acts(store, matter, MatterAct.ASK_CLARITY, mair, at=WEDNESDAY)
    assert acts(store, matter, MatterAct.CLARIFIED, mair, at=NEXT_MONDAY).due == date(2026, 12, 7)


def waits(store: Store, case_id: int, who: Actor, policy: Policy) -> None:
    more: dict[str, Any] = dict(actor=who, policy=policy)
    store.write(lambda session: queue.advance(session, case_id, Act.ASK_AUTHOR, now=WEDNESDAY, **more))
    store.write(lambda session: queue.advance(session, case_id, Act.AUTHOR_REPLIED, now=NEXT_MONDAY, **more))


@pytest.mark.parametrize(("policy", "due"), [(POWYS, date(2026, 11, 9)), (PAUSING, date(2026, 11, 12))])
def test_the_answer_clock_stands_still_for_the_persons_details_only_where_the_pack_says_so(
    store: Store, mair: Actor, policy: Policy, due: date
) -> None:
    case_id = comes(store).case_id
    waits(store, case_id, mair, policy)
    turn = round_of(store, case_id)
    assert (turn.first_due, turn.due) == (date(2026, 11, 9), due)


def test_a_pause_that_was_a_mistake_is_struck_out_and_the_first_date_stands_again(store: Store, mair: Actor) -> None:
    case_id = comes(store).case_id
    waits(store, case_id, mair, PAUSING)
    with store.read() as session:
        [pause] = matter_rows.pauses_of_case(session, case_id)
    more: dict[str, Any] = dict(policy=PAUSING, actor=mair, now=NEXT_MONDAY)
    with pytest.raises(MatterReasonNeeded):
        store.write(lambda session: matters.strike(session, case_id, pause.id, words="", **more))
    store.write(lambda session: matters.strike(session, case_id, pause.id, words=REASON, **more))
    assert round_of(store, case_id).due == date(2026, 11, 9)
    with pytest.raises(StaleMatter):
        store.write(lambda session: matters.strike(session, case_id, pause.id, words=REASON, **more))


def test_the_counting_shows_which_days_stood_still() -> None:
    still = [StoodStill(date(2026, 11, 4), date(2026, 11, 9), "we waited", "roeddem yn aros")]
    counted = deadlines.due(MONDAY, Clock.ANSWER, figures(), DAYS, pauses=still)
    stood = [str(day.day) for day in counted.counted if "stood still" in str(day.why)]
    assert stood == ["2026-11-05", "2026-11-06", "2026-11-09"]
    assert counted.due == date(2026, 11, 12)


@given(st.integers(0, 30), st.integers(0, 40), st.sampled_from([Clock.ANSWER, Clock.FOI, Clock.SAR, Clock.COMPLAINT]))
def test_standing_still_never_makes_it_due_sooner(began: int, lasted: int, clock: Clock) -> None:
    first = MONDAY.date() + timedelta(days=began)
    plain = deadlines.due(MONDAY, clock, figures(), DAYS)
    still = [StoodStill(first, first + timedelta(days=lasted), "we waited", "roeddem yn aros")]
    paused = deadlines.due(MONDAY, clock, figures(), DAYS, pauses=still)
    assert paused.due >= plain.due
    assert DAYS[clock].is_working_day(paused.due)


def test_no_pause_is_no_pause() -> None:
    pause = PauseRow(case_id=1, round=1, matter_id=None, because=pauses.AWAITING_AUTHOR, began=MONDAY.date())
    pause.struck_at = MONDAY
    assert pauses.stood_still([pause], MONDAY.date() + timedelta(days=9)) == ()
