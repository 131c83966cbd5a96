"""A removal is one person's wish and others' agreement, on either database; its evidence and its trail outlive it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from moderation import policy, queue, removals
from moderation.house_rules import RemovalRefused, Wish
from moderation.policy import Policy
from moderation.queue import ReasonNeeded, StaleCase, UnknownCase
from moderation.record import Actor
from moderation.removal_life import IllegalRemoval
from moderation.removals import AlreadyAsked, ImpossibleTime, NothingOwed, NothingToRemove, NotYours
from store import audit, cases, evidence, findings
from store import removals as kept
from store.audit import AuditRow
from store.comments import CommentRow
from store.database import Session, Store
from store.removals import RemovalRow
from tests.conftest import KEY
from tests.factories import NOON, POWYS, a_comment, a_route, a_user, comes, with_account
from vocabulary import Author, Finding, Label, NotDone, Presence, RemovalKind, RemovalState, Role

CARMARTHENSHIRE = policy.load("carmarthenshire")
WISH = Wish("abuse", RemovalKind.HIDE, "It calls her names.")
S = RemovalState
ROLES = {
    "rhys": Role.OFFICER,
    "catrin": Role.COMMUNICATIONS,
    "dewi": Role.COMMUNICATIONS,
    "lowri": Role.LEGAL,
    "osian": Role.SENIOR,
}


@dataclass
class Desk:
    """One abusive comment on a case, and five colleagues who deal with it."""

    store: Store
    case_id: int
    people: dict[str, Actor]
    policy: Policy = POWYS

    def does(self, act: Callable[[Session], RemovalRow]) -> RemovalRow:
        return self.store.write(act)

    def asks(self, who: str = "rhys", wish: Wish = WISH, **more: Any) -> RemovalRow:
        facts: dict[str, Any] = dict(hides_here=True, actor=self.people[who], policy=self.policy, now=NOON) | more
        return self.does(lambda session: removals.ask(session, 1, wish, **facts))

    def decides(self, who: str, *, agrees: bool = True, role: Role | None = None, words: str = "Yes.") -> RemovalRow:
        held = {ROLES[who]} | ({role} if role else set())
        return self.does(
            lambda session: removals.decide(
                session,
                1,
                role or ROLES[who],
                agrees=agrees,
                held=held,
                words=words,
                actor=self.people[who],
                now=NOON,
            )
        )

    def done(self, how: str = "platform") -> RemovalRow:
        actor = self.people["rhys"]
        return self.does(lambda session: removals.done(session, 1, how=how, actor=actor, at=NOON, now=NOON))

    def ends(self, act: Callable[..., RemovalRow], who: str, words: str = "We were wrong.") -> RemovalRow:
        return self.does(lambda session: act(session, 1, words=words, actor=self.people[who], now=NOON))

    def appeals(self, **over: Any) -> RemovalRow:
        facts: dict[str, Any] = dict(
            came_at=NOON, due=date(2026, 11, 16), words="It was a joke.", actor=self.people["rhys"], now=NOON
        )
        return self.does(lambda session: removals.appeal(session, 1, **facts | over))

    def judges(self, who: str, *, stays: bool, words: str = "So it was.") -> RemovalRow:
        actor = self.people[who]
        return self.does(
            lambda session: removals.decide_appeal(session, 1, stays=stays, words=words, actor=actor, now=NOON)
        )

    @property
    def presence(self) -> Presence:
        with self.store.read() as session:
            return session.get_one(CommentRow, 1).presence

    def now_is(self, presence: Presence) -> None:
        self.store.write(lambda session: setattr(session.get_one(CommentRow, 1), "presence", presence))


@pytest.fixture
def desk(store: Store) -> Desk:
    with_account(store)
    case_id = comes(store, a_comment("Idiots, the lot of you")).case_id
    seen = Finding(about=Label.ABUSE, score=0.97, why=(), classifier="test/1")
    store.write(lambda session: findings.replace(session, 1, 1, [seen], now=NOON))
    people = {
        name: store.write(lambda session, n=name, r=role: Actor(n, a_user(session, n, r, "*").id))  # type: ignore[misc]
        for name, role in ROLES.items()
    }
    return Desk(store, case_id, people)


def test_the_evidence_is_kept_with_the_wish_and_can_be_proved(desk: Desk) -> None:
    asked = desk.asks()
    with desk.store.read() as session:
        copy = evidence.copy_of(session, asked.evidence_id or 0)
        row = session.scalars(select(AuditRow).where(AuditRow.action == "removal.ask")).one()
        broken = audit.verify(session, KEY, None)
    assert (asked.state, asked.owed, desk.presence) == (S.REQUESTED, "hide", Presence.PRESENT)
    assert row.after["sha256"] == copy.sha256 == hashlib.sha256(copy.content).hexdigest()
    said = json.loads(copy.content)
    assert said["comment"]["native_id"] == "c1"
    assert said["author"] == {"native_id": "a1", "name": "Mair Enghraifft"}
    assert [wording["text"] for wording in said["wordings"]] == ["Idiots, the lot of you"]
    assert (said["asked"]["by"], said["asked"]["rule"], said["asked"]["why"]) == ("rhys", "abuse", WISH.words)
    assert said["seen"] == [{"about": "abuse", "score": 0.97, "says": "", "by": "test/1"}]
    assert broken is None


def test_no_strange_character_keeps_a_comment_from_being_evidence(desk: Desk) -> None:
    asked = desk.asks(wish=Wish("abuse", RemovalKind.HIDE, "<b>\x7f\u202e it \u2028 calls her names"))
    with desk.store.read() as session:
        said = json.loads(evidence.copy_of(session, asked.evidence_id or 0).content)
    assert said["asked"]["why"] == "<b>\x7f\u202e it \u2028 calls her names"


def test_who_agreed_is_evidence_too_and_names_the_first_by_its_hash(desk: Desk) -> None:
    asked = desk.asks()
    desk.decides("catrin", words="An insult.")
    with desk.store.read() as session:
        first, second = evidence.of_comments(session, [1])[1]
        said = json.loads(evidence.copy_of(session, second.id).content)
    assert first.id == asked.evidence_id
    assert said["evidence_sha256"] == first.sha256
    assert said["asked"]["by"] == "rhys"
    assert [(each["by"], each["as"], each["why"]) for each in said["agreed"]] == [
        ("catrin", "communications", "An insult.")
    ]


def test_hidden_agreed_to_and_down(desk: Desk) -> None:
    desk.asks()
    assert desk.done().state is S.HIDDEN
    removed = desk.decides("catrin")
    assert (removed.state, removed.owed, removed.removed_at) == (S.REMOVED, "", NOON)
    with desk.store.read() as session:
        told = [event.what for event in cases.events(session, desk.case_id)]
        acts = [(took.event.what, took.who) for took in kept.file_of(session, 1).history]  # type: ignore[union-attr]
    assert told == ["opened", "removal_asked", "hidden", "removal_agreed"]
    assert acts == [
        ("ask", "Rhys"), ("hide_first", "Rhys"), ("agree", "Catrin"), ("approve", ""), ("carry_out", ""),
    ]  # fmt: skip


def test_agreed_to_before_it_could_be_hidden_it_is_still_owed(desk: Desk) -> None:
    desk.asks()
    agreed = desk.decides("catrin")
    assert (agreed.state, agreed.owed) == (S.APPROVED, "hide")
    assert desk.done().state is S.REMOVED
    assert desk.presence is Presence.HIDDEN_BY_US


# Who asked, who must agree by the policy, who did in which role; whether that was refused, and what it came to.
AGREEING = [
    ("rhys",   POWYS,           [("catrin", Role.COMMUNICATIONS)],                            False, S.APPROVED),
    ("catrin", POWYS,           [("catrin", Role.COMMUNICATIONS)],                            True,  S.REQUESTED),
    ("catrin", POWYS,           [("dewi", Role.COMMUNICATIONS)],                              False, S.APPROVED),
    ("rhys",   POWYS,           [("lowri", Role.LEGAL)],                                      True,  S.REQUESTED),
    ("rhys",   CARMARTHENSHIRE, [("catrin", Role.COMMUNICATIONS)],                            False, S.REQUESTED),
    ("rhys",   CARMARTHENSHIRE, [("lowri", Role.LEGAL)],                                      False, S.REQUESTED),
    ("rhys",   CARMARTHENSHIRE, [("catrin", Role.COMMUNICATIONS), ("lowri", Role.LEGAL)],     False, S.APPROVED),
    ("rhys",   CARMARTHENSHIRE, [("lowri", Role.LEGAL), ("dewi", Role.COMMUNICATIONS)],       False, S.APPROVED),
    ("rhys",   CARMARTHENSHIRE, [("catrin", Role.COMMUNICATIONS), ("catrin", Role.LEGAL)],    True,  S.REQUESTED),
    ("rhys",   CARMARTHENSHIRE, [("catrin", Role.COMMUNICATIONS), ("dewi", Role.COMMUNICATIONS)], True, S.REQUESTED),
    ("lowri",  CARMARTHENSHIRE, [("catrin", Role.COMMUNICATIONS), ("lowri", Role.LEGAL)],     True,  S.REQUESTED),
]  # fmt: skip


@pytest.mark.parametrize(("asker", "pack", "given", "refused", "state"), AGREEING)
def test_everybody_whom_the_policy_names_agrees_and_nobody_twice_or_to_their_own_wish(
    desk: Desk, asker: str, pack: Policy, given: list[tuple[str, Role]], refused: bool, state: RemovalState
) -> None:
    desk.policy = pack
    desk.asks(asker)
    *before, (last, role) = given
    for who, as_what in before:
        desk.decides(who, role=as_what)
    if refused:
        with pytest.raises(NotYours):
            desk.decides(last, role=role)
    else:
        desk.decides(last, role=role)
    with desk.store.read() as session:
        assert removals.get(session, 1).state is state


def test_a_role_that_somebody_does_not_hold_is_not_theirs_to_agree_in(desk: Desk) -> None:
    desk.asks()
    with pytest.raises(NotYours):
        desk.does(
            lambda session: removals.decide(
                session,
                1,
                Role.COMMUNICATIONS,
                agrees=True,
                held={Role.OFFICER, Role.LEGAL},
                words="Yes.",
                actor=desk.people["lowri"],
                now=NOON,
            )
        )


def test_one_no_is_enough_and_what_was_hidden_is_to_be_shown(desk: Desk) -> None:
    desk.policy = CARMARTHENSHIRE
    desk.asks()
    desk.done()
    desk.decides("catrin")
    refused = desk.decides("lowri", agrees=False, words="Fair comment.")
    assert (refused.state, refused.owed) == (S.REFUSED, "unhide")
    desk.done()
    assert desk.presence is Presence.PRESENT
    with pytest.raises(IllegalRemoval):
        desk.decides("dewi")


# What had been done on the platform when it ended, and what is owed there then.
ENDS = [
    ("nothing",  S.REQUESTED, ""),
    ("tried",    S.REQUESTED, "unhide"),   # it may have been hidden
    ("hidden",   S.HIDDEN,    "unhide"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "state", "owed"), ENDS)
def test_what_is_taken_back_is_shown_where_it_is_or_may_be_hidden(
    desk: Desk, before: str, state: RemovalState, owed: str
) -> None:
    desk.asks()
    if before == "tried":
        desk.store.write(lambda session: removals.about_to(session, 1, actor=desk.people["rhys"], now=NOON))
        desk.store.write(lambda session: removals.failed(session, 1, NotDone.FAILED, now=NOON))
    if before == "hidden":
        desk.done()
    with desk.store.read() as session:
        assert removals.get(session, 1).state is state
    assert (desk.ends(removals.withdraw, "rhys").owed, desk.presence) == (
        owed,
        Presence.HIDDEN_BY_US if before == "hidden" else Presence.PRESENT,
    )


def test_only_whoever_asked_takes_it_back(desk: Desk) -> None:
    desk.asks()
    with pytest.raises(NotYours):
        desk.ends(removals.withdraw, "catrin")


def test_what_ended_may_be_asked_for_anew_and_what_stands_may_not(desk: Desk) -> None:
    desk.asks()
    with pytest.raises(AlreadyAsked) as known:
        desk.asks("catrin")
    assert known.value.removal_id == 1
    desk.ends(removals.withdraw, "rhys")
    assert desk.asks("catrin").id == 2


@pytest.mark.parametrize("presence", [Presence.DELETED_BY_AUTHOR, Presence.DELETED_BY_US, Presence.UNAVAILABLE])
def test_what_has_gone_is_not_taken_down(desk: Desk, presence: Presence) -> None:
    desk.now_is(presence)
    with pytest.raises(NothingToRemove):
        desk.asks()


def test_a_refused_wish_leaves_nothing_behind(desk: Desk) -> None:
    with desk.store.read() as session:
        before = len(session.scalars(select(AuditRow.number)).all())
    for wish in (
        Wish("", RemovalKind.HIDE, "x"),
        Wish("abuse", RemovalKind.HIDE, " "),
        Wish("threat", RemovalKind.HIDE, "x"),
    ):
        with pytest.raises(RemovalRefused):
            desk.asks(wish=wish)
    with desk.store.read() as session:
        assert len(session.scalars(select(AuditRow.number)).all()) == before
        assert evidence.of_comments(session, [1]) == {}


def test_nobody_asks_without_being_somebody_nor_of_a_comment_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(UnknownCase):
        desk.asks(actor=Actor("system"))
    with pytest.raises(UnknownCase):
        desk.does(
            lambda session: removals.ask(
                session, 9, WISH, hides_here=True, actor=desk.people["rhys"], policy=POWYS, now=NOON
            )
        )


def test_a_wish_about_a_case_that_moved_is_stale(desk: Desk) -> None:
    def edits(session: Session) -> None:
        queue.comment_edited(session, session.get_one(CommentRow, 1), route=a_route(), now=NOON)

    desk.store.write(edits)
    with pytest.raises(StaleCase):
        desk.asks(saw=1)


def test_where_the_platform_hides_nothing_what_is_to_be_deleted_waits_for_agreement(desk: Desk) -> None:
    asked = desk.asks(wish=Wish("abuse", RemovalKind.DELETE, "Names."), hides_here=False)
    assert asked.owed == ""
    agreed = desk.decides("catrin")
    assert (agreed.state, agreed.owed) == (S.APPROVED, "delete")
    assert desk.done().state is S.REMOVED
    assert desk.presence is Presence.DELETED_BY_US
    undone = desk.ends(removals.undo, "catrin")
    assert (undone.state, undone.owed) == (S.UNDONE, ""), "it cannot be brought back"


def test_what_is_hidden_already_is_taken_on_as_it_is(desk: Desk) -> None:
    desk.now_is(Presence.HIDDEN_BY_US)
    asked = desk.asks()
    assert (asked.state, asked.owed) == (S.HIDDEN, "")
    assert desk.decides("catrin").state is S.REMOVED


def test_what_a_person_did_on_the_platform_counts_from_when_they_did_it(desk: Desk) -> None:
    desk.asks()
    desk.decides("catrin")
    later = NOON + timedelta(hours=2)

    def record(at: Any, words: str = "In the page's own tools.") -> RemovalRow:
        return desk.does(
            lambda session: removals.record_native(session, 1, at=at, words=words, actor=desk.people["rhys"], now=later)
        )

    for wrong in (NOON - timedelta(minutes=1), later + timedelta(minutes=1)):
        with pytest.raises(ImpossibleTime):
            record(wrong)
    with pytest.raises(ReasonNeeded):
        record(later, words="")
    done = record(NOON + timedelta(hours=1))
    assert (done.state, done.owed, done.removed_at) == (S.REMOVED, "", NOON + timedelta(hours=1))
    with pytest.raises(NothingOwed):
        record(later)
    with desk.store.read() as session:
        assert [event.detail["how"] for event in cases.events(session, desk.case_id) if event.what == "hidden"] == [
            "native"
        ]


@pytest.mark.parametrize(
    ("who", "may"), [("osian", True), ("dewi", True), ("lowri", True), ("catrin", False), ("rhys", False)]
)
def test_an_appeal_is_judged_by_somebody_who_neither_asked_nor_agreed(desk: Desk, who: str, may: bool) -> None:
    desk.asks()
    desk.done()
    desk.decides("catrin")
    desk.appeals()
    if not may:
        with pytest.raises(NotYours):
            desk.judges(who, stays=True)
        return
    assert desk.judges(who, stays=True).state is S.UPHELD
    assert desk.ends(removals.undo, "catrin").owed == "unhide", "and may be undone after all"


def test_an_appeal_that_is_granted_puts_the_comment_up_again(desk: Desk) -> None:
    desk.asks()
    desk.done()
    desk.decides("catrin")
    with pytest.raises(ReasonNeeded):
        desk.appeals(words=" ")
    for wrong in (NOON - timedelta(days=1), NOON + timedelta(days=1)):
        with pytest.raises(ImpossibleTime):
            desk.appeals(came_at=wrong)
    desk.appeals()
    with pytest.raises(IllegalRemoval):
        desk.appeals()
    with pytest.raises(ReasonNeeded):
        desk.judges("osian", stays=False, words="")
    judged = desk.judges("osian", stays=False)
    assert (judged.state, judged.owed) == (S.UNDONE, "unhide")
    desk.done()
    assert desk.presence is Presence.PRESENT
    with desk.store.read() as session:
        file = kept.file_of(session, 1)
    assert file is not None
    assert file.appeal is not None
    assert (file.appeal.upheld, file.appeal.reasons, file.appeal.decided_by) == (
        True,
        "So it was.",
        desk.people["osian"].user_id,
    )


@pytest.mark.parametrize("act", [removals.withdraw, removals.undo])
def test_nothing_is_taken_back_or_undone_without_a_reason(desk: Desk, act: Callable[..., RemovalRow]) -> None:
    desk.asks()
    if act is removals.undo:
        desk.decides("catrin")
    with pytest.raises(ReasonNeeded):
        desk.ends(act, "rhys", words="  ")


def test_the_lists_hold_what_waits_for_each(desk: Desk) -> None:
    desk.policy = CARMARTHENSHIRE
    desk.asks()

    def waiting(role: Role) -> list[int]:
        with desk.store.read() as session:
            lines = kept.awaiting(session, [S.REQUESTED, S.HIDDEN], None, role=role)
        return [line.removal.id for line in lines]

    assert (waiting(Role.COMMUNICATIONS), waiting(Role.LEGAL)) == ([1], [1])
    desk.decides("catrin")
    assert (waiting(Role.COMMUNICATIONS), waiting(Role.LEGAL)) == ([], [1])
    with desk.store.read() as session:
        assert [line.agreed for line in kept.owed(session, frozenset({"waste"}))] == [(Role.COMMUNICATIONS,)]
        assert kept.owed(session, frozenset({"highways"})) == []
    desk.decides("lowri")
    with desk.store.read() as session:
        assert [line.removal.id for line in kept.untold(session, None)] == [1]


def test_how_far_a_comment_came_is_what_we_hold_of_its_thread(desk: Desk) -> None:
    answer = a_comment("Quite so", native_id="c2", author=Author("a2", "Gwen Enghraifft"), in_reply_to="c1")
    comes(desk.store, answer)
    comes(desk.store, a_comment("Elsewhere", native_id="c3", author=Author("a3", "Ifan Enghraifft"), thread="p9"))
    with desk.store.read() as session:
        here = kept.reach(session, [session.get_one(CommentRow, 1)])
        assert kept.reach(session, []) == {}
    assert (here[1].answers, here[1].people) == (1, 2)


def test_the_trail_holds_after_all_of_it(desk: Desk) -> None:
    desk.asks()
    desk.done()
    desk.decides("catrin")
    desk.appeals()
    desk.judges("osian", stays=False)
    desk.done()
    with desk.store.read() as session:
        assert audit.verify(session, KEY, None) is None
        rows = session.scalars(select(AuditRow).where(AuditRow.subject == "removal:1").order_by(AuditRow.number)).all()
    assert [row.action.removeprefix("removal.") for row in rows] == [
        "ask", "hide_first", "agree", "approve", "carry_out", "appeal", "overturn", "done",
    ]  # fmt: skip
    written = "".join(f"{row.before}{row.after}" for row in rows)
    for never in ("names", "joke", "So it was", "Mair", "Yes."):
        assert never not in written
