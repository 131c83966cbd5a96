"""Whoever is waited for is written to, once: by name, by role, and never about a case that they could not open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from moderation import conduct_reviews, policy, register, removals, translations
from moderation.errands import HEARS, everything, recipients
from moderation.house_rules import Wish
from moderation.notices import SHORTFALLS, voices
from moderation.policy import Policy
from moderation.record import Actor
from moderation.telling import Reach
from moderation.translations import Wanted
from store.comments import PostRow
from store.conduct import ConductReviewRow
from store.database import Session, Store
from store.errands import Waits
from store.notices import Colleague
from store.removals import RemovalRow
from store.replies import PartRow, ReplyRow
from tests.factories import DAYS, LONG_AGO, MONDAY, NOON, POWYS, a_comment, a_user, an_account, comes
from tests.moderation.given import AREAS
from vocabulary import (
    Author,
    Clock,
    Errand,
    Language,
    RemovalKind,
    RemovalState,
    ReplyKind,
    ReplyState,
    ReviewAct,
    ReviewState,
    Role,
    TranslationOf,
)

CARMARTHENSHIRE = policy.load("carmarthenshire")
STAFF = {
    "rhys": Role.OFFICER,
    "elin": Role.OFFICER,
    "catrin": Role.COMMUNICATIONS,
    "dewi": Role.COMMUNICATIONS,
    "lowri": Role.LEGAL,
    "gwenno": Role.TRANSLATOR,
    "alun": Role.ADMINISTRATOR,
}
EVERYWHERE = frozenset(STAFF) - {"rhys", "elin"}


@dataclass
class Office:
    """One case of a resident's, and seven colleagues."""

    store: Store
    case_id: int
    people: dict[str, Actor]
    policy: Policy = POWYS
    now: Any = NOON

    def does(self, act: Callable[[Session], Any]) -> Any:
        return self.store.write(act)

    def id_of(self, who: str) -> int:
        user_id = self.people[who].user_id
        assert user_id is not None
        return user_id

    def writes(self, who: str, state: ReplyState, *, needs_person: bool = False) -> int:
        def act(session: Session) -> int:
            reply = ReplyRow(
                case_id=self.case_id, comment_id=1, round=1, kind=ReplyKind.ANSWER, state=state, text_cy="Helo",
                text_en="", exception_reason="", author_id=self.id_of(who), created_at=NOON,
            )  # fmt: skip
            session.add(reply)
            session.flush()
            if needs_person:
                session.add(
                    PartRow(
                        reply_id=reply.id, account_id=1, number=1, key=f"k{reply.id}", target="c1", text="Helo",
                        state=ReplyState.FAILED_FOR_GOOD, attempts=5, needs_person=True,
                    )
                )  # fmt: skip
            return reply.id

        return self.store.write(act)

    def asks_translation(self) -> int:
        wanted = Wanted(TranslationOf.REPLY, "The lorry comes on Friday.", Language.EN, "")
        row = self.does(
            lambda session: translations.ask(
                session, self.case_id, wanted, actor=self.people["rhys"], policy=POWYS,
                calendar=DAYS[Clock.ANSWER], now=NOON,
            ).id
        )  # fmt: skip
        return int(row)

    def asks_removal(self, who: str = "rhys") -> int:
        wish = Wish("abuse", RemovalKind.HIDE, "It calls her names.", confirmed=True, exception="Darllenais eto")
        row = self.does(
            lambda session: (
                removals.ask(session, 1, wish, hides_here=True, actor=self.people[who], policy=self.policy, now=NOON).id
            )
        )
        return int(row)

    def waiting(self) -> list[Waits]:
        with self.store.read() as session:
            return everything(session, self.policy, DAYS[Clock.ANSWER], now=self.now)

    def reach(self, *, by_mail: bool = True, places: frozenset[str] = frozenset()) -> Reach:
        people = [
            Colleague(
                self.id_of(name), name, f"{name}@cyngor.example", "cy",
                frozenset({(role, "*" if name in EVERYWHERE else "waste")}),
            )
            for name, role in STAFF.items()
        ]  # fmt: skip
        return Reach(people, places, by_mail=by_mail)

    def hear(self, what: Errand) -> set[str]:
        """Who hears of the things of this kind that wait now."""
        names = {f"user:{self.id_of(name)}": name for name in STAFF}
        found = [each for each in self.waiting() if each.what is what]
        assert found, f"nothing waits: {what}"
        return {names[recipient] for each in found for recipient in recipients(each, self.reach())}


@pytest.fixture
def office(store: Store) -> Office:
    store.write(lambda session: an_account(session, now=MONDAY))
    placed = comes(store, a_comment("Clown wyt ti, Mair", author=Author("a1", "Huw Enghraifft")))

    def hire(session: Session) -> dict[str, Actor]:
        areas = {name: "*" if name in EVERYWHERE else "waste" for name in STAFF}
        return {name: Actor(name, a_user(session, name, role, areas[name]).id) for name, role in STAFF.items()}

    people = store.write(hire)
    return Office(store, placed.case_id, people)


def test_every_errand_is_heard_by_somebody_and_has_its_words_in_both_languages() -> None:
    assert set(HEARS) == set(Errand)
    own = {Errand.SENT_BACK, Errand.TRANSLATED, Errand.REMOVAL, Errand.DUTY}
    assert {what for what, roles in HEARS.items() if not roles} == own, "these wait for somebody by name or role"
    for voice in voices(None, AREAS, POWYS, "https://gwylio.example"):
        waits = [
            Waits(what=what, key=what, reference="GW-2026-000001", area="waste", since=date(2026, 11, 2), link="queue")
            for what in Errand
        ]
        said = voice.errands(waits)
        assert len(said.groups) == len(Errand)
        assert all(group.lines[0].link.startswith("https://gwylio.example/") for group in said.groups)
    assert set(SHORTFALLS) >= {"stale", "seldom", "no_welsh", "access", "password"}


def test_a_reply_waits_for_everybody_who_may_approve_it_but_its_writer(office: Office) -> None:
    office.writes("rhys", ReplyState.AWAITING_APPROVAL)
    assert office.hear(Errand.APPROVAL) == {"elin", "catrin", "dewi"}


def test_a_reply_that_came_back_waits_for_its_writer_alone_and_not_where_they_took_it_back(office: Office) -> None:
    from moderation import replies

    def back(who: str) -> None:
        reply = office.writes("rhys", ReplyState.AWAITING_APPROVAL)
        office.does(
            lambda session: replies.send_back(session, reply, actor=office.people[who], now=NOON, words="Rhy hir")
        )

    back("rhys")
    assert not [each for each in office.waiting() if each.what is Errand.SENT_BACK]
    back("catrin")
    assert office.hear(Errand.SENT_BACK) == {"rhys"}
    office.now = NOON + timedelta(days=8)
    assert not [each for each in office.waiting() if each.what is Errand.SENT_BACK], "it is forgotten after a week"


def test_what_only_a_person_can_settle_waits_for_communications_and_whoever_wrote_it(office: Office) -> None:
    office.writes("elin", ReplyState.FAILED_FOR_GOOD, needs_person=True)
    assert office.hear(Errand.BY_HAND) == {"elin", "catrin", "dewi"}


def test_a_translation_waits_for_the_translators_then_for_its_asker_and_late_for_communications_too(
    office: Office,
) -> None:
    number = office.asks_translation()
    assert office.hear(Errand.TRANSLATION) == {"gwenno"}
    office.now = NOON + timedelta(days=14)
    assert office.hear(Errand.TRANSLATION_LATE) == {"gwenno", "catrin", "dewi"}
    gwenno = office.people["gwenno"]
    office.does(lambda session: translations.take(session, number, actor=gwenno, now=NOON))
    office.now = NOON
    assert not office.waiting(), "somebody has it, and it is not late"
    office.does(
        lambda session: translations.hand_in(session, number, "Dydd Gwener.", actor=gwenno, policy=POWYS, now=NOON)
    )
    assert office.hear(Errand.TRANSLATED) == {"rhys"}


def test_a_removal_waits_for_each_role_that_has_not_said_yes_and_never_for_whoever_asked(office: Office) -> None:
    office.policy = CARMARTHENSHIRE
    number = office.asks_removal("catrin")
    assert office.hear(Errand.REMOVAL) == {"dewi", "lowri"}
    office.does(
        lambda session: removals.decide(
            session, number, Role.COMMUNICATIONS, agrees=True, held={Role.COMMUNICATIONS}, words="Ie",
            actor=office.people["dewi"], now=NOON,
        )
    )  # fmt: skip
    assert office.hear(Errand.REMOVAL) == {"lowri"}


def test_an_appeal_waits_for_those_who_did_not_agree_to_what_it_is_against(office: Office) -> None:
    number = office.asks_removal()

    def appealed(session: Session) -> None:
        held = {Role.COMMUNICATIONS}
        removals.decide(
            session, number, Role.COMMUNICATIONS, agrees=True, held=held, words="Ie", actor=office.people["dewi"],
            now=NOON,
        )  # fmt: skip
        session.get_one(RemovalRow, number).state = RemovalState.APPEALED

    office.does(appealed)
    assert office.hear(Errand.REMOVAL_APPEAL) == {"catrin", "lowri"}


def test_conduct_waits_for_communications_when_referred_and_when_its_day_has_come(office: Office) -> None:
    rhys = office.people["rhys"]
    review = office.does(
        lambda session: (
            conduct_reviews.begin(
                session, office.case_id, act=ReviewAct.REFER, words="Eto ac eto", actor=rhys, policy=POWYS, now=NOON
            ).id
        )
    )
    assert office.hear(Errand.CONDUCT_REFERRED) == {"catrin", "dewi"}

    def decided(session: Session, state: ReviewState) -> None:
        row = session.get_one(ConductReviewRow, review)
        row.state, row.review_on, row.decided_at = state, NOON.date(), NOON

    office.does(lambda session: decided(session, ReviewState.DECIDED))
    assert office.hear(Errand.CONDUCT_REVIEW) == {"catrin", "dewi"}
    office.does(lambda session: decided(session, ReviewState.APPEALED))
    assert office.hear(Errand.CONDUCT_APPEAL) == {"catrin", "dewi"}


@pytest.mark.parametrize(
    ("what", "heard_by"),
    [(Errand.APPROVAL, {"elin", "catrin", "dewi"}), (Errand.POSTING, {"rhys", "elin", "catrin", "dewi"})],
)
def test_of_a_restricted_case_only_those_hear_who_may_open_it(office: Office, what: Errand, heard_by: set[str]) -> None:
    waits = Waits(
        what=what, key="k", reference="GW-2026-000001", area="waste", restricted=True,
        roles=frozenset({Role.TRANSLATOR, Role.ADMINISTRATOR}),
        not_users=frozenset({office.id_of("rhys")} if what is Errand.APPROVAL else ()),
    )  # fmt: skip
    names = {f"user:{office.id_of(name)}": name for name in STAFF}
    assert {names[each] for each in recipients(waits, office.reach())} == heard_by


def test_another_area_hears_nothing_and_a_channel_what_its_people_hear(office: Office) -> None:
    office.writes("rhys", ReplyState.AWAITING_APPROVAL)
    [waits] = office.waiting()
    reach = office.reach(by_mail=False, places=frozenset({"waste", "highways", "communications", "senior"}))
    assert set(recipients(waits, reach)) == {"teams:waste", "teams:communications"}


def test_late_duties_posts_and_leavers_wait_for_those_who_record_them_once_for_each_lateness(store: Store) -> None:
    def old(session: Session) -> None:
        account = an_account(session, now=LONG_AGO, login_model="shared")
        register.give_access(session, account, "Sion Enghraifft", actor=Actor("alun", None), now=LONG_AGO)

    store.write(old)
    with store.read() as session:
        found = everything(session, CARMARTHENSHIRE, DAYS[Clock.ANSWER], now=NOON)
    late = {each.duty: each for each in found if each.what is Errand.DUTY}
    assert "looked_at" in late
    assert late["looked_at"].roles == frozenset(CARMARTHENSHIRE.duties["looked_at"].by)
    with store.read() as session:
        next_week = everything(session, CARMARTHENSHIRE, DAYS[Clock.ANSWER], now=NOON + timedelta(days=7))
    later = {each.key for each in next_week}
    assert {each.key for each in found if each.what is Errand.DUTY} <= later, "the same lateness has the same name"
    assert not {each.key for each in found if each.what is Errand.POSTING} & later, "posts are told of once a week"


def test_an_account_that_is_new_is_not_said_to_be_left_alone(office: Office) -> None:
    assert not [each for each in office.waiting() if each.what in {Errand.POSTING, Errand.DUTY}]


def test_an_account_that_is_posted_to_in_both_languages_waits_for_nobody(store: Store) -> None:
    def posts(session: Session) -> None:
        account = an_account(session, now=LONG_AGO)
        for number in range(12):
            at = NOON - timedelta(days=2 * number)
            session.add(
                PostRow(account_id=account.id, native_id=f"p{number}", text="Biniau / Bins", language="mixed",
                        posted_at=at, first_seen=at, url="", raw=b"{}")
            )  # fmt: skip

    store.write(posts)
    with store.read() as session:
        found = everything(session, POWYS, DAYS[Clock.ANSWER], now=NOON)
    assert not [each for each in found if each.what is Errand.POSTING]
