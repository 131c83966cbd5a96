"""A reply that was given elsewhere counts from when it was given, once, and under the same guard as any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from collectors.base import Action, Capabilities
from moderation import queue, replies, reply_rules
from moderation.lifecycle import IllegalTransition
from moderation.queue import StaleCase
from moderation.record import Actor
from moderation.replies import AlreadyOnItsWay, Draft, ImpossibleTime, NoReplyHere, NotFromHere, ReplyRefused
from moderation.reply_rules import Code, Objection
from store import audit, cases, comments
from store import replies as outbox
from store.accounts import AccountRow
from store.audit import AuditRow
from store.cases import CaseRow, RoundRow
from store.comments import OwnReplyRow
from store.database import Session, Store
from store.replies import PartRow, ReplyRow
from tests.factories import MONDAY, NOON, POWYS, a_comment, comes, does, officer, with_account
from vocabulary import Act, Note, Origin, OwnReply, Reason, ReplyKind, ReplyState, State

TEN = MONDAY + timedelta(hours=1)
DIOLCH = "Diolch am ffonio. Casglwn y biniau yfory."
LIMITS = Capabilities(frozenset(Action), 8_000, proves_absence=False, settles_after=timedelta(minutes=1))
NO_WELSH = Objection(Code.WELSH_MISSING, Reason("a reply in Welsh is owed, and there is none"))


@dataclass
class Desk:
    """A comment of Monday at nine that was entered by hand, and the officer who has it; it is noon."""

    store: Store
    account: AccountRow
    mair: Actor
    case_id: int
    objections: list[Objection] = field(default_factory=list)

    def records(
        self, text_cy: str = DIOLCH, *, at: datetime = TEN, kind: ReplyKind = ReplyKind.ANSWER, **more: Any
    ) -> int:
        draft = Draft(kind, text_cy, more.pop("text_en", ""), more.pop("exception", ""))
        case_id, now = more.pop("case_id", self.case_id), more.pop("now", NOON)

        def act(session: Session) -> int:
            return replies.record(
                session, case_id, draft, at=at, objections=self._objects, actor=self.mair, policy=POWYS, now=now, **more
            ).id

        return self.store.write(act)

    def _objects(self, _case: CaseRow, _draft: Draft) -> Sequence[reply_rules.Objection]:
        return self.objections

    def case(self) -> tuple[CaseRow, RoundRow]:
        with self.store.read() as session:
            case = queue.get(session, self.case_id)
            return case, cases.current_round(session, case)

    def replies(self) -> Sequence[ReplyRow]:
        with self.store.read() as session:
            return outbox.of_case(session, self.case_id)

    def events(self) -> list[str]:
        with self.store.read() as session:
            return [event.what for event in cases.events(session, self.case_id)]


def a_desk(store: Store, origin: Origin = Origin.MANUAL) -> Desk:
    account = with_account(store)
    return Desk(store, account, officer(store), comes(store, a_comment(origin=origin)).case_id)


@pytest.fixture
def desk(store: Store) -> Desk:
    return a_desk(store)


@pytest.fixture
def lone(on_sqlite: Store) -> Desk:
    return a_desk(on_sqlite)


def test_an_answer_stops_both_clocks_when_it_was_given_and_answers_the_case(desk: Desk) -> None:
    desk.records()

    case, turn = desk.case()
    assert (turn.acknowledged_at, turn.answered_at, case.state) == (TEN, TEN, State.ANSWERED)
    [reply] = desk.replies()
    assert (reply.kind, reply.state, reply.sent_at, reply.author_id) == (
        ReplyKind.ANSWER, ReplyState.SENT, TEN, desk.mair.user_id,
    )  # fmt: skip
    assert desk.events() == [Note.OPENED, Note.REPLY_RECORDED, Note.ACKNOWLEDGED, Act.ANSWER]


def test_a_holding_reply_stops_the_first_clock_only(desk: Desk) -> None:
    desk.records(kind=ReplyKind.HOLDING)

    case, turn = desk.case()
    assert (turn.acknowledged_at, turn.answered_at, case.state) == (TEN, None, State.RECEIVED)


def test_recording_it_twice_records_it_once_even_from_a_page_that_is_stale_by_then(desk: Desk) -> None:
    saw = desk.case()[0].version
    first = desk.records(saw=saw)

    assert desk.records(saw=saw) == first
    assert len(desk.replies()) == 1
    assert desk.events().count(Note.REPLY_RECORDED) == 1


def test_who_read_the_case_before_a_colleague_recorded_must_read_it_again(lone: Desk) -> None:
    saw = lone.case()[0].version
    lone.records(kind=ReplyKind.HOLDING)

    with pytest.raises(StaleCase):
        lone.records("Dewch yfory.", saw=saw)


WHEN = [
    (MONDAY - timedelta(seconds=1), False),
    (MONDAY,                        True),
    (NOON,                          True),
    (NOON + timedelta(seconds=1),   False),
]  # fmt: skip


@pytest.mark.parametrize(("at", "possible"), WHEN, ids=["before", "at once", "now", "tomorrow"])
def test_it_was_given_after_the_comment_and_before_now(lone: Desk, at: datetime, possible: bool) -> None:
    if possible:
        lone.records(at=at)
    else:
        with pytest.raises(ImpossibleTime):
            lone.records(at=at)
    assert len(lone.replies()) == possible


def test_the_guard_holds_it_back_until_there_is_a_reason_which_is_kept(lone: Desk) -> None:
    lone.objections = [NO_WELSH]
    with pytest.raises(ReplyRefused) as refused:
        lone.records("", text_en="Thank you for ringing.")
    assert [each.code for each in refused.value.objections] == [Code.WELSH_MISSING]
    assert lone.events() == [Note.OPENED]

    lone.records("", text_en="Thank you for ringing.", exception="She asked for English.")
    [reply] = lone.replies()
    assert (reply.text_cy, reply.exception_reason) == ("", "She asked for English.")


def test_what_no_reason_overrides_is_never_recorded(lone: Desk) -> None:
    lone.objections = [Objection(Code.EMPTY, Reason("the reply is empty"))]

    with pytest.raises(ReplyRefused):
        lone.records("", exception="Because.")


def test_a_closed_case_is_opened_again_first(lone: Desk) -> None:
    does(lone.store, lone.case_id, Act.CLOSE, who=lone.mair, outcome="answered", words="Wedi'i ateb")

    with pytest.raises(IllegalTransition):
        lone.records()


def test_it_answers_the_turn_that_ran_when_it_was_given(desk: Desk) -> None:
    desk.records(at=TEN)
    eleven = TEN + timedelta(hours=1)
    comes(desk.store, a_comment("Nid dyna a ofynnais.", native_id="c2", posted_at=eleven, origin=Origin.MANUAL))
    assert desk.case()[0].round == 2

    desk.records("Ffoniais hi cyn iddi ysgrifennu.", at=TEN + timedelta(minutes=5))
    case, turn = desk.case()
    assert (case.state, turn.answered_at) == (State.ASSIGNED, None)

    desk.records("A dyma'r ateb i'r ail.", at=eleven + timedelta(minutes=5))
    case, turn = desk.case()
    assert (case.state, turn.answered_at) == (State.ANSWERED, eleven + timedelta(minutes=5))


def test_it_is_on_the_trail_without_its_words(desk: Desk) -> None:
    desk.records(exception="Gofynnodd am Gymraeg.")

    with desk.store.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "case.reply_recorded")).all()
        assert audit.verify(session, desk.store.audit_key, None) is None
    [row] = rows
    assert (row.actor, row.subject) == ("mair", f"case:{desk.case_id}")
    assert row.after == {"reply": 1, "kind": "answer", "at": TEN.isoformat(), "exception": True}


def test_nothing_of_it_ever_leaves(desk: Desk) -> None:
    desk.records()

    assert desk.store.write(lambda session: outbox.ready(session, now=NOON, limit=9)) == []
    with desk.store.read() as session:
        assert outbox.accounts_waiting(session, slug=None, now=NOON) == []
        assert outbox.unsettled(session) == 0


def test_nothing_is_sent_to_what_was_entered_by_hand(lone: Desk) -> None:
    with pytest.raises(NotFromHere):
        send(lone)
    assert lone.replies() == []


def test_what_was_collected_can_still_be_replied_to_beside_what_was_entered(lone: Desk) -> None:
    comes(lone.store, a_comment("Wel?", native_id="c2", posted_at=MONDAY + timedelta(minutes=1)))

    send(lone)

    with lone.store.read() as session:
        assert session.scalars(select(PartRow.target)).all() == ["c2"]


def send(desk: Desk) -> None:
    desk.store.write(
        lambda session: replies.send(
            session,
            desk.case_id,
            Draft(ReplyKind.ANSWER, DIOLCH),
            objections=lambda _case, _draft: [],
            limits=LIMITS,
            length_of=len,
            actor=desk.mair,
            policy=POWYS,
            now=NOON,
        )
    )


def test_a_reply_that_is_on_its_way_does_not_stop_one_that_was_given_from_being_recorded(on_sqlite: Store) -> None:
    desk = a_desk(on_sqlite, Origin.ADDRESSED)
    send(desk)
    with pytest.raises(AlreadyOnItsWay):
        send(desk)

    desk.records("Ffoniais hi beth bynnag.")

    assert desk.case()[0].state is State.ANSWERED


def test_where_collection_comes_across_the_same_words_later_the_two_are_one(store: Store) -> None:
    """An officer answers on the platform, records it here, and the next round of collection sees it there."""
    desk = a_desk(store, Origin.ADDRESSED)
    desk.records()
    seen = OwnReply(account="cyngor-fb", native_id="r9", in_reply_to="c1", text=DIOLCH, posted_at=TEN)

    def collect(session: Session) -> int:
        comments.keep_own(session, desk.account, [seen], now=NOON)
        return replies.join_native(session, desk.account, policy=POWYS, now=NOON)

    assert store.write(collect) == 0
    with store.read() as session:
        own, part = session.scalars(select(OwnReplyRow)).one(), session.scalars(select(PartRow)).one()
    assert (own.reply_part_id, part.native_id) == (part.id, "r9")
    assert Note.NATIVE_REPLY_FOUND not in desk.events()


def test_a_case_without_comments_that_stand_says_so_as_before(on_sqlite: Store) -> None:
    desk = a_desk(on_sqlite, Origin.ADDRESSED)
    assert issubclass(NotFromHere, NoReplyHere)
    on_sqlite.write(lambda session: setattr(session.get_one(comments.CommentRow, 1), "presence", "deleted_by_author"))

    with pytest.raises(NoReplyHere) as refused:
        send(desk)
    assert not isinstance(refused.value, NotFromHere)
