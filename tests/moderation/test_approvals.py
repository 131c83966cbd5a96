"""Where the policy asks, a second person reads a reply before it leaves; never whoever wrote it, and no clock stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from collectors.base import Action, Capabilities, Receipt
from moderation import lifecycle, queue, replies
from moderation.policy import Approval, Policy, PreElection, Source
from moderation.queue import ReasonNeeded, StaleCase
from moderation.record import Actor
from moderation.replies import AlreadyOnItsWay, CannotReplyThere, Draft, NobodysOwn, NotAwaiting
from store import audit, cases, comments, findings
from store import replies as outbox
from store.database import Store
from store.replies import ReplyRow
from tests.conftest import KEY
from tests.factories import MONDAY, NOON, POWYS, a_comment, comes, does, officer, with_account
from tests.moderation.given import with_rules
from toml_file import Bilingual
from vocabulary import Act, Finding, Label, Presence, ReplyKind, ReplyState, State

DIOLCH = "Diolch. Casglwn y biniau yfory."
ALWAYS = with_rules(POWYS, approval=Approval(source=Source.OURS, always=True))
ON_ABUSE = with_rules(POWYS, approval=Approval(source=Source.OURS, labels=(Label.ABUSE,)))
ELECTION = PreElection(begins=MONDAY.date(), ends=MONDAY.date(), title=Bilingual(cy="Etholiad", en="Election"))
IN_ELECTIONS = with_rules(POWYS, approval=Approval(source=Source.OURS, pre_election=True), pre_elections=(ELECTION,))


@dataclass
class Desk:
    """One case, the officer who answers it, and a colleague."""

    store: Store
    case_id: int
    mair: Actor
    ifan: Actor
    policy: Policy = ALWAYS
    now: Any = NOON
    actions: frozenset[Action] = field(default_factory=lambda: frozenset(Action))

    def limits(self) -> Capabilities:
        return Capabilities(self.actions, 40, proves_absence=True, settles_after=timedelta(minutes=1))

    def sends(self, text: str = DIOLCH) -> int:
        return self.store.write(
            lambda session: (
                replies.send(
                    session,
                    self.case_id,
                    Draft(ReplyKind.ANSWER, text_cy=text),
                    objections=lambda case, draft: (),
                    limits=self.limits(),
                    length_of=len,
                    actor=self.mair,
                    policy=self.policy,
                    now=self.now,
                ).id
            )
        )

    def approves(self, reply: int, who: Actor, saw: int | None = None) -> None:
        self.store.write(
            lambda session: replies.approve(
                session, reply, limits=self.limits(), length_of=len, actor=who, now=self.now, saw=saw
            )
        )

    def sends_back(self, reply: int, who: Actor, words: str = "Say which day.") -> None:
        self.store.write(lambda session: replies.send_back(session, reply, actor=who, now=self.now, words=words))

    def claims(self) -> list[replies.Intent]:
        return self.store.write(lambda session: replies.claim(session, now=self.now))

    def reply(self, number: int) -> ReplyRow:
        with self.store.read() as session:
            return outbox.reply(session, number)

    def version(self) -> int:
        with self.store.read() as session:
            return queue.get(session, self.case_id).version

    def happened(self) -> list[str]:
        with self.store.read() as session:
            assert audit.verify(session, KEY, None) is None
            return [event.what for event in cases.events(session, self.case_id)]


@pytest.fixture
def desk(store: Store) -> Desk:
    with_account(store)
    return Desk(store, comes(store).case_id, officer(store), officer(store, "ifan"))


def test_a_reply_waits_until_a_colleague_approves_it_and_then_leaves(desk: Desk) -> None:
    number = desk.sends()
    assert desk.reply(number).state is ReplyState.AWAITING_APPROVAL
    assert desk.claims() == []
    desk.approves(number, desk.ifan)
    assert (desk.reply(number).state, desk.reply(number).approver_id) == (ReplyState.APPROVED, desk.ifan.user_id)
    [intent] = desk.claims()
    assert intent.text == DIOLCH
    assert desk.happened() == ["opened", "assign", "reply_for_approval", "reply_approved"]


def test_no_clock_stops_while_it_waits(desk: Desk) -> None:
    number = desk.sends()
    with desk.store.read() as session:
        before = cases.current_round(session, queue.get(session, desk.case_id))
    assert (before.acknowledged_at, before.answered_at) == (None, None)
    desk.now += timedelta(days=2)
    desk.approves(number, desk.ifan)
    [intent] = desk.claims()
    at = desk.now + timedelta(seconds=20)
    desk.store.write(
        lambda session: replies.confirm(session, intent.part_id, Receipt("r1", at), policy=desk.policy, now=at)
    )
    with desk.store.read() as session:
        after = cases.current_round(session, queue.get(session, desk.case_id))
    assert (after.answered_at, after.due) == (at, before.due)


def test_nobody_approves_their_own(desk: Desk) -> None:
    number = desk.sends()
    with pytest.raises(NobodysOwn):
        desk.approves(number, desk.mair)
    assert desk.claims() == []


def test_it_is_approved_once_and_a_colleague_sends_no_other_meanwhile(desk: Desk) -> None:
    number = desk.sends()
    with pytest.raises(AlreadyOnItsWay):
        desk.sends("Rhywbeth arall.")
    desk.approves(number, desk.ifan)
    for act in (desk.approves, desk.sends_back):
        with pytest.raises(NotAwaiting):
            act(number, desk.ifan)
    assert len(desk.claims()) == 1


def test_one_that_is_sent_back_is_a_draft_and_makes_room_for_the_next(desk: Desk) -> None:
    number = desk.sends()
    with pytest.raises(ReasonNeeded):
        desk.sends_back(number, desk.ifan, " ")
    desk.sends_back(number, desk.ifan)
    assert desk.reply(number).state is ReplyState.DRAFT
    assert desk.claims() == []
    with pytest.raises(NotAwaiting):
        desk.approves(number, desk.ifan)
    desk.approves(desk.sends("Diolch. Ddydd Mawrth."), desk.ifan)
    assert [intent.text for intent in desk.claims()] == ["Diolch. Ddydd Mawrth."]


def test_whoever_wrote_it_may_take_it_back(desk: Desk) -> None:
    number = desk.sends()
    desk.sends_back(number, desk.mair, "A slip of mine.")
    assert desk.reply(number).state is ReplyState.DRAFT


def test_one_who_read_the_case_before_it_moved_approves_nothing(desk: Desk) -> None:
    number, saw = desk.sends(), desk.version()
    comes(desk.store, a_comment("A phryd mae'r gwydr?", native_id="c2"))
    with pytest.raises(StaleCase):
        desk.approves(number, desk.ifan, saw=saw)
    desk.approves(number, desk.ifan, saw=desk.version())
    assert [intent.target for intent in desk.claims()] == ["c2"], "it goes to the comment that stands there today"


def test_nothing_is_approved_on_a_case_that_was_closed(desk: Desk) -> None:
    number = desk.sends()
    does(desk.store, desk.case_id, Act.CLOSE, who=desk.ifan, outcome=POWYS.outcomes[0].slug, words="withdrawn")
    with pytest.raises(lifecycle.IllegalTransition):
        desk.approves(number, desk.ifan)
    assert desk.claims() == []


def test_nothing_is_approved_to_a_comment_that_has_gone(desk: Desk) -> None:
    number = desk.sends()

    def gone(session: Any) -> None:
        session.get_one(comments.CommentRow, 1).presence = Presence.DELETED_BY_AUTHOR

    desk.store.write(gone)
    with pytest.raises(replies.NoReplyHere):
        desk.approves(number, desk.ifan)
    assert desk.reply(number).state is ReplyState.AWAITING_APPROVAL


def test_a_long_one_is_cut_when_it_leaves(desk: Desk) -> None:
    number = desk.sends("Diolch am gysylltu. Casglwn y biniau i gyd yfory.")
    desk.approves(number, desk.ifan)
    with desk.store.read() as session:
        assert [part.number for part in outbox.parts(session, number)] == [1, 2]


@pytest.mark.parametrize(
    ("policy", "flagged", "waits"),
    [
        (POWYS, True, False),
        (ALWAYS, False, True),
        (ON_ABUSE, False, False),
        (ON_ABUSE, True, True),
        (IN_ELECTIONS, False, True),
    ],
)
def test_only_what_the_pack_wants_read_twice_waits(desk: Desk, policy: Policy, flagged: bool, waits: bool) -> None:
    if flagged:
        abuse = Finding(about=Label.ABUSE, score=0.95, why=(), classifier="test/1")
        desk.store.write(lambda session: findings.replace(session, 1, 1, [abuse], now=NOON))
    desk.policy = policy
    assert (desk.reply(desk.sends()).state is ReplyState.AWAITING_APPROVAL) is waits


def test_after_the_poll_nothing_waits_any_more(desk: Desk) -> None:
    desk.policy, desk.now = IN_ELECTIONS, NOON + timedelta(days=1)
    assert desk.reply(desk.sends()).state is ReplyState.APPROVED


def test_a_platform_that_takes_no_reply_is_answered_there_and_recorded_here(desk: Desk) -> None:
    desk.policy, desk.actions = POWYS, frozenset({Action.HIDE})
    with pytest.raises(CannotReplyThere):
        desk.sends()
    desk.store.write(
        lambda session: replies.record(
            session,
            desk.case_id,
            Draft(ReplyKind.ANSWER, text_cy=DIOLCH),
            at=NOON,
            objections=lambda case, draft: (),
            actor=desk.mair,
            policy=POWYS,
            now=NOON,
        )
    )
    with desk.store.read() as session:
        case = queue.get(session, desk.case_id)
        assert (case.state, cases.current_round(session, case).answered_at) == (State.ANSWERED, NOON)
    assert desk.claims() == []
