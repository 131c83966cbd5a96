"""A reply leaves once, with proof; of one whose fate is unknown nothing is assumed, and a person hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from collectors.base import (
    Action,
    AuthExpired,
    Capabilities,
    CollectorError,
    Gone,
    Malformed,
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Receipt,
    Refused,
    Transient,
    Unconfirmed,
)
from moderation import queue, replies, reply_rules
from moderation.queue import ReasonNeeded, StaleCase
from moderation.record import Actor
from moderation.replies import AlreadyOnItsWay, Draft, NoReplyHere, ReplyRefused, same_words
from store import accounts, audit, cases, comments
from store import replies as outbox
from store.accounts import AccountRow
from store.cases import CaseRow
from store.comments import CommentRow, OwnReplyRow
from store.database import Session, Store
from store.replies import PartRow, ReplyRow
from tests.conftest import KEY
from tests.factories import MONDAY, NOON, POWYS, a_comment, comes, does, officer, with_account
from vocabulary import Act, OwnReply, Presence, Reason, ReplyKind, ReplyState, State

SETTLES = timedelta(minutes=1)
DIOLCH = "Diolch. Casglwn y biniau yfory."
PROVES, DOES_NOT = True, False


@dataclass
class Desk:
    """One account, one officer, one case; `now` is moved by the tests."""

    store: Store
    account: AccountRow
    mair: Actor
    case_id: int
    now: datetime = NOON
    longest: int = 8_000
    objections: list[reply_rules.Objection] = field(default_factory=list)

    def limits(self, *, proves: bool = PROVES) -> Capabilities:
        return Capabilities(frozenset(Action), self.longest, proves_absence=proves, settles_after=SETTLES)

    def sends(self, text: str = DIOLCH, kind: ReplyKind = ReplyKind.ANSWER, **more: Any) -> int:
        saw, exception, case_id = more.pop("saw", None), more.pop("exception", ""), more.pop("case_id", self.case_id)
        who = more.pop("who", self.mair)
        draft = Draft(kind, text_cy=text, exception=exception, **more)

        def act(session: Session) -> int:
            return replies.send(
                session,
                case_id,
                draft,
                objections=lambda case, draft: self.objections,
                limits=self.limits(),
                length_of=len,
                actor=who,
                policy=POWYS,
                now=self.now,
                saw=saw,
            ).id

        return self.store.write(act)

    def claims(self, limit: int = 20) -> list[replies.Intent]:
        return self.store.write(lambda session: replies.claim(session, now=self.now, limit=limit))

    def confirms(self, part_id: int, native_id: str = "r1", at: datetime | None = None) -> None:
        receipt = Receipt(native_id, at)
        self.store.write(lambda session: replies.confirm(session, part_id, receipt, policy=POWYS, now=self.now))

    def fails(self, part_id: int, error: CollectorError) -> None:
        self.store.write(lambda session: replies.fail(session, part_id, error, settles_after=SETTLES, now=self.now))

    def looks(self, part_id: int, *found: OwnReply, proves: bool = PROVES) -> bool:
        return self.store.write(
            lambda session: replies.looked(
                session, part_id, found, limits=self.limits(proves=proves), policy=POWYS, now=self.now
            )
        )

    def recovers(self) -> int:
        return self.store.write(
            lambda session: replies.recover(session, self.account.id, settles_after=SETTLES, now=self.now)
        )

    def lost(self) -> list[replies.Lost]:
        with self.store.read() as session:
            return replies.lost(session, self.account.id, now=self.now)

    def decides(self, part_id: int, *, published: bool, native_id: str = "") -> None:
        self.store.write(
            lambda session: replies.decide(
                session,
                part_id,
                published=published,
                native_id=native_id,
                actor=self.mair,
                policy=POWYS,
                now=self.now,
            )
        )

    def gives_up(self, part_id: int, *, words: str) -> None:
        self.store.write(lambda session: replies.give_up(session, part_id, actor=self.mair, words=words, now=self.now))

    def collects(self, *found: OwnReply) -> int:
        def act(session: Session) -> int:
            comments.keep_own(session, self.account, found, now=self.now)
            return replies.join_native(session, self.account, policy=POWYS, now=self.now)

        return self.store.write(act)

    def wait(self, **much: float) -> None:
        self.now += timedelta(**much)

    def part(self, part_id: int = 1) -> PartRow:
        with self.store.read() as session:
            return session.get_one(PartRow, part_id)

    def parts(self) -> Sequence[PartRow]:
        with self.store.read() as session:
            return session.scalars(select(PartRow).order_by(PartRow.id)).all()

    def reply(self) -> ReplyRow:
        with self.store.read() as session:
            return session.scalars(select(ReplyRow).order_by(ReplyRow.id.desc())).first()  # type: ignore[return-value]

    def case(self) -> CaseRow:
        with self.store.read() as session:
            return queue.get(session, self.case_id)

    def turn(self) -> Any:
        with self.store.read() as session:
            return cases.current_round(session, queue.get(session, self.case_id))

    def happened(self) -> list[str]:
        with self.store.read() as session:
            return [event.what for event in cases.events(session, self.case_id)]

    def waits_for_a_person(self) -> list[int]:
        with self.store.read() as session:
            return [part.id for _, part in outbox.waiting_for_a_person(session)]


def ours(text: str = DIOLCH, native_id: str = "r1", at: datetime = NOON, to: str = "c1") -> OwnReply:
    return OwnReply(account="cyngor-fb", native_id=native_id, in_reply_to=to, text=text, posted_at=at)


def _desk(store: Store) -> Desk:
    account = with_account(store)
    return Desk(store, account, officer(store), comes(store).case_id)


@pytest.fixture
def desk(store: Store) -> Desk:
    return _desk(store)


@pytest.fixture
def lone(on_sqlite: Store) -> Desk:
    return _desk(on_sqlite)


def test_an_answer_goes_out_and_stops_both_clocks_at_the_platforms_own_time(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    assert (intent.account, intent.target, intent.text) == ("cyngor-fb", "c1", DIOLCH)
    at = NOON + timedelta(seconds=30)
    desk.confirms(intent.part_id, "r77", at)

    part, turn = desk.part(), desk.turn()
    assert (part.state, part.native_id, part.sent_at) == (ReplyState.SENT, "r77", at)
    assert (desk.reply().state, desk.reply().sent_at) == (ReplyState.SENT, at)
    assert (turn.acknowledged_at, turn.answered_at) == (at, at)
    assert desk.case().state is State.ANSWERED
    assert desk.happened() == ["opened", "assign", "reply_queued", "acknowledged", "answer"]


def test_a_holding_reply_stops_the_acknowledgement_clock_only(desk: Desk) -> None:
    desk.sends(kind=ReplyKind.HOLDING)
    [intent] = desk.claims()
    desk.confirms(intent.part_id)

    assert (desk.turn().acknowledged_at, desk.turn().answered_at) == (NOON, None)
    assert desk.case().state is State.ASSIGNED


def test_the_intent_is_on_disk_before_anything_is_sent(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()

    part = desk.part()
    assert (part.state, part.intended_at, part.attempts) == (ReplyState.SENDING, NOON, 1)
    assert intent.key == part.key
    assert desk.claims() == [], "what is being sent is not taken a second time"


def test_confirming_twice_changes_nothing(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.confirms(intent.part_id, "r1", NOON)
    before = desk.happened()
    desk.wait(hours=1)
    desk.confirms(intent.part_id, "r2", desk.now)

    assert (desk.part().native_id, desk.happened()) == ("r1", before)


def test_a_long_reply_leaves_in_parts_one_after_the_other(desk: Desk) -> None:
    desk.longest = 40
    desk.sends("Un dau tri pedwar pump chwech saith wyth naw deg un ar ddeg deuddeg.")
    order = []
    while intents := desk.claims():
        assert len(intents) == 1, "the next waits until the one before it stands there"
        order.append(intents[0].text)
        assert desk.case().state is State.ASSIGNED
        desk.confirms(intents[0].part_id, f"r{len(order)}")

    assert len(order) > 1
    assert [text.split(" ")[-1] for text in order] == [f"({n}/{len(order)})" for n in range(1, len(order) + 1)]
    assert desk.case().state is State.ANSWERED
    assert desk.turn().acknowledged_at == NOON


def test_a_part_that_fails_holds_back_those_after_it(desk: Desk) -> None:
    desk.longest = 40
    desk.sends("Un dau tri pedwar pump chwech saith wyth naw deg un ar ddeg deuddeg.")
    [first] = desk.claims()
    desk.fails(first.part_id, Refused("cyngor-fb", "no"))
    desk.wait(days=2)

    assert desk.claims() == []
    assert desk.reply().state is ReplyState.FAILED_FOR_GOOD
    assert desk.waits_for_a_person() == [first.part_id]


UNTIL = NOON + timedelta(hours=2)
NEXT_MONTH = NOON + timedelta(days=20)
ERRORS: list[tuple[CollectorError, ReplyState, datetime | None, bool]] = [
    (Transient("a", "stumbled"), ReplyState.FAILED_FOR_NOW, NOON + timedelta(minutes=1), False),
    (AuthExpired("a", "dead"), ReplyState.FAILED_FOR_NOW, NOON + timedelta(minutes=1), False),
    (PermissionLost("a", "may not"), ReplyState.FAILED_FOR_NOW, NOON + timedelta(minutes=1), False),
    (RateLimited("a", "slow", until=UNTIL), ReplyState.FAILED_FOR_NOW, UNTIL, False),
    (QuotaExhausted("a", "paid up", until=NEXT_MONTH), ReplyState.FAILED_FOR_NOW, NEXT_MONTH, True),
    (Refused("a", "never"), ReplyState.FAILED_FOR_GOOD, None, True),
    (Gone("a", "not there"), ReplyState.FAILED_FOR_GOOD, None, True),
    (Malformed("a", "nonsense"), ReplyState.FAILED_FOR_GOOD, None, True),
    (Unconfirmed("a", "no answer"), ReplyState.UNCERTAIN, NOON + SETTLES, False),
]


@pytest.mark.parametrize(
    ("error", "state", "not_before", "person"), ERRORS, ids=[type(error).__name__ for error, *_ in ERRORS]
)
def test_what_each_error_means_for_a_reply(
    lone: Desk, error: CollectorError, state: ReplyState, not_before: datetime | None, person: bool
) -> None:
    lone.sends()
    [intent] = lone.claims()
    lone.fails(intent.part_id, error)

    part = lone.part()
    assert (part.state, part.not_before, part.needs_person) == (state, not_before, person)
    assert part.trouble == f"{type(error).__name__}: {error.reason}"
    assert lone.reply().state is state
    assert lone.case().state is State.ASSIGNED, "nothing was answered"
    assert lone.turn().acknowledged_at is None
    if not_before is not None and state is ReplyState.FAILED_FOR_NOW:
        assert lone.claims() == []
        lone.now = not_before
        assert [again.part_id for again in lone.claims()] == [intent.part_id]


def test_what_fails_again_and_again_comes_before_a_person(lone: Desk) -> None:
    lone.sends()
    waits = []
    while intents := lone.claims():
        before = lone.now
        lone.fails(intents[0].part_id, Transient("a", "stumbled"))
        if (then := lone.part().not_before) is None:
            break
        waits.append(then - before)
        lone.now = then

    assert len(waits) == replies.TRIES - 1
    assert waits == sorted(waits), "each wait is at least as long as the one before"
    assert lone.waits_for_a_person() == [1]
    assert lone.happened()[-1] == "reply_failed"


def test_an_intent_whose_process_died_becomes_uncertain_and_is_never_just_sent_again(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.wait(minutes=2)
    assert desk.recovers() == 0, "a slow request is no dead process"
    desk.wait(minutes=1)
    assert desk.recovers() == 1
    assert desk.part().state is ReplyState.UNCERTAIN
    desk.wait(hours=9)
    assert desk.claims() == []
    [lost] = desk.lost()
    assert (lost.part_id, lost.target, lost.text) == (intent.part_id, "c1", DIOLCH)
    assert lost.since < NOON


def test_an_uncertain_reply_is_looked_for_only_once_the_platform_has_settled(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.fails(intent.part_id, Unconfirmed("a", "no answer"))
    assert desk.lost() == []
    desk.wait(minutes=1)
    assert len(desk.lost()) == 1


def uncertain(desk: Desk) -> int:
    desk.sends()
    [intent] = desk.claims()
    desk.fails(intent.part_id, Unconfirmed("a", "no answer"))
    desk.wait(minutes=1)
    return intent.part_id


def test_an_uncertain_reply_that_stands_there_is_sent_at_the_platforms_time(desk: Desk) -> None:
    part_id = uncertain(desk)
    at = NOON + timedelta(seconds=2)
    assert desk.looks(part_id, ours("Rhywbeth arall", "r0"), ours(native_id="r1", at=at))

    part = desk.part()
    assert (part.state, part.native_id, part.sent_at) == (ReplyState.SENT, "r1", at)
    assert desk.case().state is State.ANSWERED


def test_twice_not_found_where_absence_is_proof_goes_out_once_more(desk: Desk) -> None:
    part_id = uncertain(desk)
    assert not desk.looks(part_id)
    assert desk.part().state is ReplyState.UNCERTAIN
    assert desk.lost() == [], "the second look waits until it has settled again"
    desk.wait(minutes=1)
    assert not desk.looks(part_id)
    assert desk.part().state is ReplyState.APPROVED
    [again] = desk.claims()
    assert (again.part_id, again.key) == (part_id, desk.part().key)


def test_twice_not_found_where_absence_is_no_proof_comes_before_a_person(desk: Desk) -> None:
    part_id = uncertain(desk)
    for _ in range(2):
        desk.looks(part_id, proves=DOES_NOT)
        desk.wait(minutes=1)

    assert desk.part().state is ReplyState.UNCERTAIN
    assert desk.waits_for_a_person() == [part_id]
    assert desk.happened()[-1] == "reply_uncertain"
    desk.wait(days=9)
    assert (desk.claims(), desk.lost()) == ([], [])


def test_a_reply_of_ours_that_belongs_to_another_part_is_not_taken_for_this_one(desk: Desk) -> None:
    desk.sends(kind=ReplyKind.HOLDING)
    [first] = desk.claims()
    desk.confirms(first.part_id, "r1")
    desk.sends(kind=ReplyKind.HOLDING)
    [second] = desk.claims()
    desk.fails(second.part_id, Unconfirmed("a", "no answer"))
    desk.wait(minutes=1)

    assert not desk.looks(second.part_id, ours(native_id="r1"))
    assert desk.part(second.part_id).state is ReplyState.UNCERTAIN


def test_what_collection_saw_counts_when_absence_would_be_concluded(desk: Desk) -> None:
    """A read-back that misses what a collection has shown must not lead to a second reply."""
    part_id = uncertain(desk)
    desk.store.write(lambda session: comments.keep_own(session, desk.account, [ours(native_id="r5")], now=desk.now))

    assert desk.looks(part_id)
    assert desk.part().native_id == "r5"


def test_an_uncertain_reply_that_collection_comes_across_is_settled_by_it(desk: Desk) -> None:
    part_id = uncertain(desk)
    for _ in range(2):
        desk.looks(part_id, proves=DOES_NOT)
        desk.wait(minutes=1)
    assert desk.collects(ours(native_id="r9", at=NOON)) == 0, "it is ours, not made by hand"

    assert (desk.part().state, desk.part().native_id) == (ReplyState.SENT, "r9")
    assert desk.waits_for_a_person() == []
    assert desk.case().state is State.ANSWERED


def test_a_platform_that_will_not_say_is_asked_again_and_then_a_person_is(desk: Desk) -> None:
    part_id = uncertain(desk)

    def could_not() -> None:
        desk.store.write(lambda session: replies.could_not_look(session, part_id, "Transient: stumbled", now=desk.now))

    looks = 0
    while not desk.waits_for_a_person():
        assert len(desk.lost()) == 1
        could_not()
        then = desk.part().not_before
        assert then is not None
        assert then > desk.now, "it is not asked in every round"
        looks, desk.now = looks + 1, then
    assert timedelta(hours=1) <= desk.now - NOON < timedelta(hours=2)
    assert 3 < looks < 30
    assert desk.part().state is ReplyState.UNCERTAIN


def test_a_failure_told_late_takes_back_nothing_that_was_found_out_since(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.wait(minutes=4)
    desk.recovers()
    desk.fails(intent.part_id, Transient("a", "stumbled"))
    assert desk.part().state is ReplyState.UNCERTAIN
    desk.wait(minutes=1)
    desk.looks(intent.part_id, ours())
    desk.fails(intent.part_id, Transient("a", "stumbled"))
    assert desk.part().state is ReplyState.SENT


def test_a_confirmation_told_late_is_believed(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.wait(minutes=4)
    desk.recovers()
    desk.confirms(intent.part_id, "r1", NOON)
    assert desk.part().state is ReplyState.SENT


@pytest.mark.parametrize("native_id", ["r9", ""])
def test_a_person_says_that_it_stands_there(desk: Desk, native_id: str) -> None:
    part_id = uncertain(desk)
    for _ in range(2):
        desk.looks(part_id, proves=DOES_NOT)
        desk.wait(minutes=1)
    desk.decides(part_id, published=True, native_id=native_id)

    assert (desk.part().state, desk.part().native_id) == (ReplyState.SENT, native_id)
    assert desk.case().state is State.ANSWERED
    with pytest.raises(NoReplyHere):
        desk.decides(part_id, published=True)
    assert desk.collects(ours(native_id="r9")) == 0
    assert desk.part().native_id == "r9", "collection later says under which id"
    assert "native_reply_found" not in desk.happened()


def test_a_person_says_that_it_does_not_and_it_goes_out_again(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.fails(intent.part_id, Refused("a", "never"))
    desk.decides(intent.part_id, published=False)

    assert (desk.part().state, desk.waits_for_a_person()) == (ReplyState.APPROVED, [])
    assert len(desk.claims()) == 1


def test_a_person_gives_a_reply_up_with_a_reason_and_the_case_is_still_owed_one(desk: Desk) -> None:
    desk.sends()
    [intent] = desk.claims()
    desk.fails(intent.part_id, Refused("a", "never"))
    with pytest.raises(ReasonNeeded):
        desk.gives_up(intent.part_id, words=" ")
    desk.gives_up(intent.part_id, words="He rang us instead.")

    assert (desk.part().state, desk.waits_for_a_person()) == (ReplyState.FAILED_FOR_GOOD, [])
    assert desk.claims() == []
    assert desk.happened()[-1] == "reply_given_up"
    assert desk.turn().answered_at is None
    desk.sends()
    assert len(desk.claims()) == 1, "another reply may leave"


def test_a_reply_made_on_the_platform_acknowledges_at_its_own_time(desk: Desk) -> None:
    at = MONDAY + timedelta(minutes=40)
    assert desk.collects(ours("Helo, edrychwn i mewn i hyn", "n1", at)) == 1
    assert desk.collects() == 0, "once"

    assert (desk.turn().acknowledged_at, desk.turn().answered_at) == (at, None)
    assert desk.case().state is State.RECEIVED
    assert desk.happened() == ["opened", "native_reply_found", "acknowledged"]


def test_it_answers_at_that_same_time_once_an_officer_says_so(desk: Desk) -> None:
    at = MONDAY + timedelta(minutes=40)
    desk.collects(ours("Casglwyd y biniau heddiw", "n1", at))
    saw = desk.case().version

    def confirm(own_id: int) -> Callable[[Session], None]:
        return lambda session: replies.confirm_native(
            session, desk.case_id, own_id, actor=desk.mair, policy=POWYS, now=desk.now, saw=saw
        )

    with pytest.raises(NoReplyHere):
        desk.store.write(confirm(99))
    desk.store.write(confirm(1))
    assert desk.turn().answered_at == at
    assert desk.case().state is State.ANSWERED
    with pytest.raises(StaleCase):
        desk.store.write(confirm(1))


def test_what_was_answered_on_the_platform_before_the_person_wrote_again_does_not_answer_that(desk: Desk) -> None:
    desk.collects(ours("Casglwyd y biniau", "n1", NOON))

    def confirm(session: Session) -> None:
        replies.confirm_native(session, desk.case_id, 1, actor=desk.mair, policy=POWYS, now=desk.now, saw=None)

    desk.store.write(confirm)
    desk.wait(days=1)
    comes(desk.store, a_comment("Naddo!", native_id="c2", posted_at=desk.now), now=desk.now)
    desk.store.write(confirm)

    assert desk.case().state is State.ASSIGNED
    assert (desk.turn().number, desk.turn().answered_at) == (2, None)


def test_a_native_reply_waits_for_its_comment_to_be_placed(desk: Desk) -> None:
    """Both may arrive with one page, and the comment is placed only after the page was kept."""
    at = NOON + timedelta(minutes=1)

    def arrive(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        comments.keep(session, account, [a_comment(native_id="c2", thread="p2", posted_at=NOON)], now=NOON)

    desk.store.write(arrive)
    assert desk.collects(ours("Helo", "n1", at, to="c2")) == 0

    def place(session: Session) -> None:
        row = session.scalars(select(CommentRow).where(CommentRow.native_id == "c2")).one()
        row.case_id, row.read_at = desk.case_id, NOON

    desk.store.write(place)
    assert desk.collects() == 1
    assert desk.turn().acknowledged_at == at


def test_a_native_reply_to_a_comment_that_is_history_is_put_by(desk: Desk) -> None:
    def arrive(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        comments.keep(session, account, [a_comment(native_id="h1")], now=NOON, history=True)

    desk.store.write(arrive)
    assert desk.collects(ours("Helo", "n1", to="h1")) == 0
    with desk.store.read() as session:
        assert session.scalars(select(OwnReplyRow.joined_at)).one() is not None


def test_a_second_reply_waits_until_the_first_has_arrived(desk: Desk) -> None:
    desk.sends()
    with pytest.raises(AlreadyOnItsWay, match="already on its way"):
        desk.sends()
    [intent] = desk.claims()
    with pytest.raises(AlreadyOnItsWay):
        desk.sends()
    desk.confirms(intent.part_id)
    assert desk.sends(kind=ReplyKind.HOLDING) == 2


def test_who_read_the_case_before_a_colleague_replied_must_read_it_again(desk: Desk) -> None:
    """Even where the colleague's reply moved no state and has arrived already."""
    does(desk.store, desk.case_id, Act.ASSIGN, who=desk.mair, owner_id=desk.mair.user_id)
    saw = desk.case().version
    desk.sends(kind=ReplyKind.HOLDING)
    [intent] = desk.claims()
    desk.confirms(intent.part_id)

    with pytest.raises(StaleCase):
        desk.sends(saw=saw)
    assert len(desk.parts()) == 1


def test_two_officers_send_at_once_and_one_reply_leaves(desk: Desk) -> None:
    colleague = officer(desk.store, "ifan")
    saw = desk.case().version

    def send(who: Actor) -> int | Exception:
        try:
            return desk.sends(who=who, saw=saw)
        except (StaleCase, AlreadyOnItsWay) as told:
            return told

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(send, (desk.mair, colleague)))
    told = [str(each) for each in outcomes if isinstance(each, Exception)]
    assert len(told) == 1
    assert "GW-2026-000001" in told[0]
    assert len(desk.parts()) == 1


def test_two_that_claim_at_once_never_take_the_same_part(desk: Desk) -> None:
    for number in range(2, 8):
        placed = comes(desk.store, a_comment(native_id=f"c{number}", thread=f"t{number}"))
        desk.sends(case_id=placed.case_id)
    with ThreadPoolExecutor(4) as pool:
        taken = [intent.part_id for each in pool.map(lambda _: desk.claims(limit=2), range(8)) for intent in each]
    assert sorted(taken) == [1, 2, 3, 4, 5, 6]
    with desk.store.read() as session:
        assert audit.verify(session, KEY, None) is None


def test_objections_stop_a_reply_unless_a_reason_overrides_them_all(lone: Desk) -> None:
    welsh = reply_rules.Objection(reply_rules.Code.WELSH_MISSING, Reason("a reply in Welsh is owed"))
    placeholder = reply_rules.Objection(
        reply_rules.Code.PLACEHOLDER, Reason("{placeholder} has not been filled in", {"placeholder": "{x}"})
    )
    lone.objections = [welsh]
    with pytest.raises(ReplyRefused, match="Welsh is owed") as caught:
        lone.sends()
    assert caught.value.objections == (welsh,)
    with pytest.raises(ReplyRefused):
        lone.sends(exception="   ")
    lone.objections = [welsh, placeholder]
    with pytest.raises(ReplyRefused) as caught:
        lone.sends(exception="Gofynnodd am Saesneg")
    assert caught.value.objections == (placeholder,)
    lone.objections = [welsh]
    lone.sends(exception="Gofynnodd am Saesneg")
    assert lone.reply().exception_reason == "Gofynnodd am Saesneg"
    assert lone.claims() != []


def test_there_is_nothing_to_answer_once_every_comment_is_gone(lone: Desk) -> None:
    def vanish(session: Session) -> None:
        session.scalars(select(CommentRow)).one().presence = Presence.DELETED_BY_AUTHOR

    lone.store.write(vanish)
    with pytest.raises(NoReplyHere, match="close it as withdrawn"):
        lone.sends()


def test_the_answer_to_a_case_that_was_closed_meanwhile_still_counts_for_its_round(lone: Desk) -> None:
    lone.sends()
    [intent] = lone.claims()
    does(lone.store, lone.case_id, Act.CLOSE, who=lone.mair, words="Wedi'i ateb", outcome=POWYS.outcomes[0].slug)
    lone.confirms(intent.part_id)

    assert (lone.case().state, lone.turn().answered_at) == (State.CLOSED, NOON)


def test_every_step_of_the_outbox_is_on_the_trail_without_its_words(lone: Desk) -> None:
    part_id = uncertain(lone)
    for _ in range(2):
        lone.looks(part_id)
        lone.wait(minutes=1)
    [again] = lone.claims()
    lone.confirms(again.part_id)
    with lone.store.read() as session:
        rows = [row for row in audit.rows(session) if row["subject"] == f"reply_part:{part_id}"]
    assert [row["action"] for row in rows] == [
        "outbox.sending",
        "outbox.uncertain",
        "outbox.not_found",
        "outbox.not_found",
        "outbox.sending",
        "outbox.sent",
    ]
    assert "biniau" not in str(rows)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Diolch.", "Diolch."),
        ("Gweler https://www.powys.gov.uk/biniau.", "Gweler https://t.co/AbC123."),
        ("Gweler powys.gov.uk/biniau", "Gweler https://t.co/AbC123"),
        ("Gweler (powys.gov.uk/biniau) heddiw", "Gweler (https://t.co/AbC123) heddiw"),
        ("Biniau & ailgylchu", "Biniau &amp; ailgylchu"),
        ("1 < 2", "1 &lt; 2"),
        ("Diolch Mair", "@mair_enghraifft Diolch Mair"),
        ("Diolch", "@mair_enghraifft @ifan Diolch"),
        ("Llinell\r\nun", "Llinell un"),
        ("Dŵr", "Dw\u0302r"),
        ("Mae'n barod", "Mae\u2019n barod"),
        ("Diolch  yn fawr ", "Diolch yn fawr"),
    ],
)
def test_what_platforms_do_to_a_text_does_not_hide_it_from_us(sent: str, shown: str) -> None:
    assert same_words(shown, sent)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Casglwn yfory.", "Casglwn heddiw."),
        ("Diolch (1/2)", "Diolch (2/2)"),
        ("Diolch", ""),
        ("Gofynnwch i @cyngor", "Gofynnwch i"),
    ],
)
def test_another_text_is_another_text(sent: str, shown: str) -> None:
    assert not same_words(shown, sent)
