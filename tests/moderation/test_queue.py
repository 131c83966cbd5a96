"""No comment is lost on its way to a case, nothing moves a clock that must not, and every act leaves its rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from moderation import deadlines, lifecycle, matters, pauses, queue
from moderation.calendar import Holiday, calendars, seed_holidays
from moderation.lifecycle import IllegalTransition
from moderation.queue import ClosingRefused, ReasonNeeded, StaleCase, UnknownCase
from moderation.record import Actor
from store import audit, cases, comments
from store import matters as matter_rows
from store.audit import AuditRow
from store.cases import CaseRow, EventRow, RoundRow
from store.comments import CommentRow
from store.database import Session, Store
from store.matters import MatterRow
from tests.conftest import KEY
from tests.factories import (
    DAYS,
    MONDAY,
    NOON,
    POWYS,
    a_comment,
    a_route,
    comes,
    does,
    officer,
    with_account,
)
from vocabulary import Act, Author, Clock, MatterState, Note, Reason, ReplyLanguage, Severity, State

LATER = NOON + timedelta(days=1)


@pytest.fixture
def mair(store: Store) -> Actor:
    with_account(store)
    return officer(store)


def case_of(store: Store, case_id: int) -> CaseRow:
    with store.read() as session:
        return queue.get(session, case_id)


def rounds_of(store: Store, case_id: int) -> list[RoundRow]:
    with store.read() as session:
        return list(session.scalars(select(RoundRow).where(RoundRow.case_id == case_id).order_by(RoundRow.number)))


def matters_of(store: Store, case_id: int) -> list[MatterRow]:
    with store.read() as session:
        return list(matter_rows.of_case(session, case_id))


def happened(store: Store, case_id: int) -> list[str]:
    with store.read() as session:
        return [event.what for event in cases.events(session, case_id)]


def trail(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        return [(row["action"], row["subject"]) for row in audit.rows(session)]


def another(text: str = "Dal dim byd", native_id: str = "c2", **over: Any) -> Any:
    return a_comment(text, native_id=native_id, posted_at=LATER, **over)


def answered(store: Store, case_id: int, who: Actor, at: datetime) -> None:
    def act(session: Session) -> None:
        case = queue.get(session, case_id, lock=True)
        queue.acknowledged(session, case, case.round, at, actor=who, now=at)
        queue.answered(session, case, case.round, at, actor=who, now=at, policy=POWYS)

    store.write(act)


def test_a_comment_opens_a_case_whose_clocks_run_since_it_was_posted(store: Store, mair: Actor) -> None:
    placed = comes(store, now=LATER)

    case, [turn] = case_of(store, placed.case_id), rounds_of(store, placed.case_id)
    assert placed.how == "opened"
    assert (case.state, case.reference) == (State.RECEIVED, "GW-2026-000001")
    assert turn.received_at == MONDAY
    assert (turn.ack_due, turn.due, turn.first_due) == (date(2026, 11, 3), date(2026, 11, 9), date(2026, 11, 9))
    assert case.due == turn.due
    assert case.policy_version.startswith("powys")
    assert happened(store, case.id) == ["opened"]
    assert trail(store)[-1] == ("case.opened", f"case:{case.id}")


def test_the_clocks_of_the_law_run_beside_the_councils_own(store: Store, mair: Actor) -> None:
    placed = comes(store, clocks=(Clock.ANSWER, Clock.FOI))

    [matter] = matters_of(store, placed.case_id)
    assert (matter.clock, matter.state, matter.due) == (Clock.FOI, MatterState.POSSIBLE, date(2026, 12, 1))


def test_a_further_comment_joins_the_open_case_and_the_first_clock_stands(store: Store, mair: Actor) -> None:
    first = comes(store)
    second = comes(store, another(), now=LATER, severity=Severity.HIGH)

    assert second == queue.Placed(first.case_id, "joined")
    assert [turn.received_at for turn in rounds_of(store, first.case_id)] == [MONDAY]
    assert case_of(store, first.case_id).severity is Severity.HIGH
    assert happened(store, first.case_id) == ["opened", "comment_joined"]


def test_a_further_comment_takes_nothing_away_that_was_owed(store: Store, mair: Actor) -> None:
    first = comes(store, severity=Severity.HIGH)
    comes(store, another("Diolch"), answer_owed=False, reply_in=ReplyLanguage.EN, severity=Severity.NONE)

    case = case_of(store, first.case_id)
    assert (case.answer_owed, case.reply_in, case.severity) == (True, ReplyLanguage.CY, Severity.HIGH)


def test_who_writes_in_both_languages_is_owed_both(store: Store, mair: Actor) -> None:
    first = comes(store)
    comes(store, another("Still nothing"), reply_in=ReplyLanguage.EN)

    assert case_of(store, first.case_id).reply_in is ReplyLanguage.BOTH


def test_a_request_under_the_law_that_joins_a_case_starts_that_clock(store: Store, mair: Actor) -> None:
    first = comes(store)
    comes(store, another("Under the Freedom of Information Act..."), clocks=(Clock.ANSWER, Clock.FOI))

    [turn] = rounds_of(store, first.case_id)
    assert turn.due == date(2026, 11, 9)
    assert [matter.due for matter in matters_of(store, first.case_id)] == [date(2026, 12, 2)]


def test_a_further_comment_after_an_answer_reopens_with_a_new_round(store: Store, mair: Actor) -> None:
    first = comes(store, reply_in=ReplyLanguage.EN)
    does(store, first.case_id, Act.ASSIGN, who=mair, owner_id=mair.user_id)
    answered(store, first.case_id, mair, NOON)
    again = comes(store, another(), now=LATER)

    case, turns = case_of(store, first.case_id), rounds_of(store, first.case_id)
    assert again == queue.Placed(first.case_id, "reopened")
    assert (case.state, case.round, case.due) == (State.ASSIGNED, 2, date(2026, 11, 10))
    assert case.reply_in is ReplyLanguage.CY
    assert [(turn.number, turn.answered_at) for turn in turns] == [(1, NOON), (2, None)]


def test_a_case_that_wanted_no_answer_is_owed_one_when_it_reopens_for_one(store: Store, mair: Actor) -> None:
    first = comes(store, answer_owed=False)
    answered(store, first.case_id, mair, NOON)
    comes(store, another("Pryd?"), now=LATER)

    assert case_of(store, first.case_id).answer_owed


def test_thanks_after_an_answer_are_a_round_to_which_none_is_owed(store: Store, mair: Actor) -> None:
    first = comes(store)
    answered(store, first.case_id, mair, NOON)
    thanks = comes(store, another("Diolch!"), answer_owed=False)

    assert thanks.how == "reopened"
    assert not case_of(store, first.case_id).answer_owed
    assert [turn.answer_owed for turn in rounds_of(store, first.case_id)] == [True, False]


def test_whether_an_answer_is_owed_is_decided_for_the_round_that_runs(store: Store, mair: Actor) -> None:
    first = comes(store)
    answered(store, first.case_id, mair, NOON)
    comes(store, another("Pryd?"), now=LATER)
    store.write(
        lambda session: queue.change_answer_owed(
            session, first.case_id, owed=False, actor=mair, now=LATER, words="Sgwrs rhwng ffrindiau"
        )
    )

    assert not case_of(store, first.case_id).answer_owed
    assert [turn.answer_owed for turn in rounds_of(store, first.case_id)] == [True, False]


def test_after_closing_a_further_comment_opens_a_new_linked_case(store: Store, mair: Actor) -> None:
    first = comes(store)
    does(store, first.case_id, Act.CLOSE, who=mair, outcome=POWYS.outcomes[0].slug, words="Wedi'i ateb.")
    again = comes(store, another(), now=LATER)

    assert (again.how, again.case_id != first.case_id) == ("linked", True)
    assert case_of(store, again.case_id).previous_id == first.case_id
    assert case_of(store, first.case_id).state is State.CLOSED


@pytest.mark.parametrize(
    ("why", "over"),
    [
        ("an unknown author", {"author": None}),
        ("an unknown thread", {"thread": ""}),
        ("another author", {"author": Author("a9", "Ifan Enghraifft")}),
        ("another thread", {"thread": "p9"}),
    ],
)
def test_what_cannot_be_known_to_belong_together_is_never_joined(
    store: Store, mair: Actor, why: str, over: dict[str, Any]
) -> None:
    same = over if why.startswith("an unknown") else {}
    first = comes(store, a_comment(**same))
    second = comes(store, another(**over))

    assert second.how == "opened", why
    assert second.case_id != first.case_id


def test_the_author_coming_back_ends_the_waiting_for_them(store: Store, mair: Actor) -> None:
    first = comes(store)
    does(store, first.case_id, Act.ASK_AUTHOR, who=mair)
    comes(store, another("Dyma'r cyfeiriad"))

    assert case_of(store, first.case_id).state is State.ASSIGNED


def test_an_edit_never_moves_the_clock(store: Store, mair: Actor) -> None:
    placed = comes(store, answer_owed=False)
    before = rounds_of(store, placed.case_id)[0]

    def edit(session: Session) -> None:
        [row] = session.scalars(select(CommentRow))
        queue.comment_edited(session, row, route=a_route(severity=Severity.URGENT), now=LATER)

    store.write(edit)
    after, case = rounds_of(store, placed.case_id)[0], case_of(store, placed.case_id)
    assert (after.received_at, after.due, after.ack_due) == (before.received_at, before.due, before.ack_due)
    assert (case.answer_owed, case.severity) == (True, Severity.URGENT)
    assert happened(store, placed.case_id)[-1] == "comment_edited"


def test_a_deletion_by_its_author_closes_nothing(store: Store, mair: Actor) -> None:
    placed = comes(store)
    store.write(lambda session: queue.comment_vanished(session, session.scalars(select(CommentRow)).one(), now=LATER))

    assert case_of(store, placed.case_id).state is State.RECEIVED
    assert happened(store, placed.case_id)[-1] == "comment_vanished"


def test_a_case_that_moved_since_it_was_read_is_left_alone(store: Store, mair: Actor) -> None:
    placed = comes(store)
    saw = case_of(store, placed.case_id).version
    does(store, placed.case_id, Act.ASSIGN, who=mair, owner_id=mair.user_id, saw=saw)

    with pytest.raises(StaleCase, match="has moved since you opened it") as caught:
        does(store, placed.case_id, Act.ESCALATE, who=mair, words="Bygythiad", saw=saw)
    assert (caught.value.saw, caught.value.case_id) == (saw, placed.case_id)
    assert case_of(store, placed.case_id).state is State.ASSIGNED


def test_what_the_person_wrote_meanwhile_makes_an_officers_page_stale(store: Store, mair: Actor) -> None:
    placed = comes(store)
    saw = case_of(store, placed.case_id).version
    comes(store, another())

    with pytest.raises(StaleCase):
        does(store, placed.case_id, Act.CLOSE, who=mair, outcome=POWYS.outcomes[0].slug, words="Diolch", saw=saw)


def test_an_act_makes_the_other_pages_stale_even_where_the_case_stays_as_it_was(store: Store, mair: Actor) -> None:
    placed = comes(store)
    does(store, placed.case_id, Act.ASSIGN, who=mair, words="I'r un maes")
    saw = case_of(store, placed.case_id).version
    does(store, placed.case_id, Act.ASSIGN, who=mair, words="I'r un maes", saw=saw)

    with pytest.raises(StaleCase):
        does(store, placed.case_id, Act.ASSIGN, who=mair, words="I'r un maes", saw=saw)


def test_a_note_by_a_colleague_makes_nobodys_page_stale(store: Store, mair: Actor) -> None:
    placed = comes(store)
    saw = case_of(store, placed.case_id).version
    store.write(lambda session: queue.note(session, placed.case_id, actor=mair, now=NOON, words="Ffoniais y depo."))

    assert does(store, placed.case_id, Act.ASK_AUTHOR, who=mair, saw=saw).state is State.AWAITING_AUTHOR


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("", "Wedi'i ateb"), ("nonsense", "Wedi'i ateb"), (POWYS.outcomes[0].slug, ""), (POWYS.outcomes[0].slug, "  \n")],
)
def test_a_case_is_not_closed_without_an_outcome_of_the_policy_and_a_reason(
    store: Store, mair: Actor, outcome: str, words: str
) -> None:
    placed = comes(store)
    with pytest.raises(ClosingRefused):
        does(store, placed.case_id, Act.CLOSE, who=mair, outcome=outcome, words=words)
    assert happened(store, placed.case_id) == ["opened"]


@pytest.mark.parametrize(("first", "act"), [(None, Act.ESCALATE), (Act.ESCALATE, Act.RETURN), (Act.CLOSE, Act.REOPEN)])
def test_some_acts_need_a_reason(store: Store, mair: Actor, first: Act | None, act: Act) -> None:
    placed = comes(store)
    if first is not None:
        does(store, placed.case_id, first, who=mair, words="Rheswm", outcome=POWYS.outcomes[0].slug)
    with pytest.raises(ReasonNeeded):
        does(store, placed.case_id, act, who=mair, words=" ")
    assert does(store, placed.case_id, act, who=mair, words="Rheswm").state is not None


def test_a_persons_word_on_whether_an_answer_is_owed_needs_a_reason_and_is_kept(store: Store, mair: Actor) -> None:
    placed = comes(store)

    def change(words: str, *, owed: bool) -> None:
        store.write(
            lambda session: queue.change_answer_owed(
                session, placed.case_id, owed=owed, actor=mair, now=NOON, words=words
            )
        )

    with pytest.raises(ReasonNeeded):
        change("", owed=False)
    change("Diolch oedd hwn.", owed=False)
    change("Diolch oedd hwn.", owed=False)
    assert not case_of(store, placed.case_id).answer_owed
    assert happened(store, placed.case_id) == ["opened", "answer_owed_changed"]


def test_every_act_leaves_an_event_and_a_row_on_the_trail(store: Store, mair: Actor) -> None:
    placed = comes(store)
    walk: list[tuple[Act, dict[str, Any]]] = [
        (Act.ASSIGN, {"owner_id": mair.user_id}),
        (Act.ESCALATE, {"words": "Bygythiad"}),
        (Act.RETURN, {"words": "Dim bygythiad"}),
        (Act.ASK_TRANSLATION, {}),
        (Act.TRANSLATED, {}),
        (Act.CLOSE, {"words": "Diolch", "outcome": POWYS.outcomes[0].slug}),
        (Act.REOPEN, {"words": "Camgymeriad"}),
    ]
    for act, more in walk:
        does(store, placed.case_id, act, who=mair, **more)

    acts = [act.value for act, _ in walk]
    assert happened(store, placed.case_id) == ["opened", *acts]
    assert [action for action, _ in trail(store)][-len(acts) :] == [f"case.{act}" for act in acts]
    with store.read() as session:
        assert audit.verify(session, KEY, None) is None
        [*_, closing, _] = cases.events(session, placed.case_id)
        assert (closing.from_state, closing.to_state, closing.words) == (State.ASSIGNED, State.CLOSED, "Diolch")


def test_the_trail_holds_no_word_of_an_officer_or_a_resident(store: Store, mair: Actor) -> None:
    placed = comes(store, a_comment("Geiriau preswylydd"))
    does(store, placed.case_id, Act.ESCALATE, who=mair, words="Geiriau swyddog")
    with store.read() as session:
        written = str(list(audit.rows(session)))
    assert "Geiriau" not in written


def test_an_act_that_is_refused_leaves_nothing(store: Store, mair: Actor) -> None:
    placed = comes(store)
    before = trail(store)
    with pytest.raises(IllegalTransition):
        does(store, placed.case_id, Act.TRANSLATED, who=mair)
    assert (happened(store, placed.case_id), trail(store)) == (["opened"], before)


def test_a_case_that_does_not_exist_is_said_to_be_unknown(store: Store, mair: Actor) -> None:
    with pytest.raises(UnknownCase, match="no case 404"):
        does(store, 404, Act.ASSIGN, who=mair)


def test_a_holiday_announced_late_moves_what_is_due_and_keeps_what_was_first_said(store: Store, mair: Actor) -> None:
    placed = comes(store, clocks=(Clock.ANSWER, Clock.FOI))
    announced = Holiday(date(2026, 11, 5), "england-and-wales", "A day of thanks", "Diwrnod o ddiolch", "gov.uk")
    days = calendars([*seed_holidays(), announced])

    def move(session: Session) -> bool:
        [fact] = cases.running(session)
        [matter] = matter_rows.of_case(session, fact.case.id)
        because: dict[str, Any] = {"because": "new holidays", "now": LATER}
        answer = pauses.round_deadline(fact.round, (), POWYS, days, today=LATER.date())
        moved = pauses.move_due(session, fact.case, fact.round, answer, **because)
        return matters.recount(session, fact.case, matter, POWYS, days, **because) and moved

    assert store.write(move)
    assert not store.write(move), "the second time nothing is left to move"
    [turn], [matter] = rounds_of(store, placed.case_id), matters_of(store, placed.case_id)
    assert (turn.first_due, turn.due) == (date(2026, 11, 9), date(2026, 11, 10))
    assert (matter.first_due, matter.due) == (date(2026, 12, 1), date(2026, 12, 2))
    assert case_of(store, placed.case_id).due == turn.due
    assert happened(store, placed.case_id) == ["opened", "matter", "due_recomputed", "due_recomputed"]


def test_a_warning_is_told_once_in_a_round(store: Store, mair: Actor) -> None:
    placed = comes(store)

    def tell(session: Session) -> bool:
        case = queue.get(session, placed.case_id)
        return queue.tell(session, case, key="late/area", whom="area", about=Reason("late"), now=LATER)

    assert [store.write(tell), store.write(tell)] == [True, False]
    answered(store, placed.case_id, mair, LATER)
    comes(store, another())
    assert store.write(tell), "a new round is a new matter"
    assert happened(store, placed.case_id).count("told") == 2


def test_the_first_reply_stops_the_acknowledgement_clock_and_a_later_one_does_not_move_it(
    store: Store, mair: Actor
) -> None:
    placed = comes(store)

    def acknowledge(at: datetime) -> Callable[[Session], None]:
        return lambda session: queue.acknowledged(
            session, queue.get(session, placed.case_id), 1, at, actor=mair, now=LATER
        )

    for at in (LATER, LATER + timedelta(hours=1), NOON):
        store.write(acknowledge(at))
    [turn] = rounds_of(store, placed.case_id)
    assert turn.acknowledged_at == NOON
    assert happened(store, placed.case_id).count("acknowledged") == 2


def test_an_answer_that_arrives_after_the_person_wrote_again_leaves_the_new_round_open(
    store: Store, mair: Actor
) -> None:
    placed = comes(store)
    answered(store, placed.case_id, mair, NOON)
    comes(store, another())

    def late(session: Session) -> None:
        case = queue.get(session, placed.case_id, lock=True)
        queue.answered(session, case, 1, NOON, actor=mair, now=LATER, policy=POWYS)

    store.write(late)
    assert case_of(store, placed.case_id).state is State.ASSIGNED
    assert [turn.answered_at for turn in rounds_of(store, placed.case_id)] == [NOON, None]
    assert trail(store)[-1] == ("case.round_answered", f"case:{placed.case_id}")


def test_references_are_never_given_twice(store: Store, mair: Actor) -> None:
    for number in range(5):
        comes(store, a_comment(native_id=f"n{number}", thread=f"t{number}"))
    with store.read() as session:
        references = session.scalars(select(CaseRow.reference)).all()
    assert sorted(references) == [f"GW-2026-{number:06d}" for number in range(1, 6)]


def test_two_who_place_the_same_conversation_at_once_open_one_case(store: Store, mair: Actor) -> None:
    """Two processes may read at the same time; on PostgreSQL nothing but a lock keeps them apart."""
    from concurrent.futures import ThreadPoolExecutor

    def keep(session: Session) -> list[int]:
        from store import accounts

        account = accounts.by_slug(session, "cyngor-fb")
        both = [a_comment(native_id=f"c{number}") for number in range(8)]
        return list(comments.keep(session, account, both, now=NOON).new)

    def put(comment_id: int) -> None:
        def act(session: Session) -> None:
            cases.one_placer(session)
            row = session.get_one(CommentRow, comment_id)
            dates = {Clock.ANSWER: deadlines.due(MONDAY, Clock.ANSWER, POWYS.response, DAYS)}
            queue.place(session, row, route=a_route(), dates=dates, policy=POWYS, now=NOON)

        store.write(act)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, store.write(keep)))
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(CaseRow)) == 1
        assert session.scalar(select(func.count()).select_from(EventRow)) == 8
        assert session.scalar(select(func.count()).select_from(AuditRow)) == 8
        assert audit.verify(session, KEY, None) is None


def test_the_buttons_of_the_table_are_the_acts_that_work(on_sqlite: Store) -> None:
    with_account(on_sqlite)
    who = officer(on_sqlite)
    placed = comes(on_sqlite)
    for act in Act:
        allowed = act in lifecycle.allowed_from(State.RECEIVED)

        class TryOut(Exception):
            pass

        def attempt(session: Session, act: Act = act) -> None:
            queue.advance(
                session,
                placed.case_id,
                act,
                actor=who,
                now=NOON,
                policy=POWYS,
                words="Rheswm",
                outcome=POWYS.outcomes[0].slug,
            )
            raise TryOut

        with pytest.raises(TryOut if allowed else IllegalTransition):
            on_sqlite.write(attempt)
    assert happened(on_sqlite, placed.case_id) == [Note.OPENED.value]
