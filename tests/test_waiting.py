"""Whoever is waited for is told: once, by name of nobody, and never about a case that they could not open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest

import pipeline
from collectors.base import Action, Capabilities, Refused
from moderation import conduct_reviews, queue, removals, replies, telling, translations, waiting
from moderation.house_rules import Wish
from moderation.policy import Approval, EscalateRule, Source
from moderation.record import Actor
from moderation.replies import Draft
from moderation.translations import Wanted
from moderation.working_days import working_days
from store import awaited, people
from store.cases import CaseRow
from store.database import Session
from store.people import GrantRow
from store.replies import ReplyRow
from tests.moderation.given import CARMARTHENSHIRE, POWYS, with_rules
from tests.moderation.test_conduct import WHOLE
from tests.test_notifying import DUE_DAY, RESIDENT, ROOT, Council, council, mailbox
from vocabulary import (
    Clock,
    Language,
    NotDone,
    RemovalKind,
    ReplyKind,
    ReviewAct,
    Role,
    Severity,
    TranslationOf,
    Waits,
)
from words import Words

__all__ = ["council"]

MORE = {
    "dewi": (Role.COMMUNICATIONS, "*", "en"),
    "lowri": (Role.LEGAL, "*", "en"),
    "mari": (Role.TRANSLATOR, "*", "cy"),
    "gwenno": (Role.TRANSLATOR, "*", "en"),
    "osian": (Role.OFFICER, "highways", "en"),
}
LIMITS = Capabilities(frozenset(Action), 4_000, proves_absence=True, settles_after=timedelta(minutes=1))
ENGLISH = "The lorry comes on Friday."


T = TypeVar("T")


@dataclass
class Town:
    """A council with translators and a lawyer, in which one person has just written about waste."""

    council: Council
    case: int = 0

    def actor(self, username: str) -> Actor:
        return self.council.actor(username)

    def does(self, act: Callable[[Session], T]) -> T:
        return self.council.store.write(act)

    def heard(self) -> dict[str, str]:
        """By username, all that was mailed to them."""
        known = self.council.users
        return {each: "\n".join(self.council.post_to(each)) for each in known if self.council.post_to(each)}

    # --- what makes something wait

    def writes(self, who: str = "elin") -> int:
        draft = Draft(ReplyKind.ANSWER, text_cy="Daw'r lorri ddydd Gwener.")
        return self.does(
            lambda session: (
                replies.send(
                    session, self.case, draft, objections=lambda case, draft: (), limits=LIMITS, length_of=len,
                    actor=self.actor(who), policy=self.council.here.policy, now=self.council.now,
                ).id
            )
        )  # fmt: skip

    def waits_for_approval(self) -> int:
        pack = with_rules(self.council.here.policy, approval=Approval(source=Source.OURS, always=True))
        self.council.here = replace(self.council.here, policy=pack)
        return self.writes()

    def is_sent_back(self) -> None:
        reply, who = self.waits_for_approval(), self.actor("catrin")
        self.does(lambda session: replies.send_back(session, reply, actor=who, now=self.council.now, words="Pryd?"))

    def fails(self) -> None:
        self.writes()
        self.is_refused()

    def is_refused(self) -> None:
        [intent] = self.does(lambda session: replies.claim(session, now=self.council.now))
        self.does(
            lambda session: replies.fail(
                session,
                intent.part_id,
                Refused(account="cyngor-fb", reason="no"),
                settles_after=timedelta(0),
                now=self.council.now,
            )
        )

    def asks_for_translation(self, who: str = "elin") -> int:
        wanted = Wanted(TranslationOf.REPLY, ENGLISH, Language.EN)

        def act(session: Session) -> int:
            return translations.ask(
                session, self.case, wanted, actor=self.actor(who), policy=POWYS, now=self.council.now,
                calendar=working_days(session, POWYS)[Clock.ANSWER],
            ).id  # fmt: skip

        return self.does(act)

    def is_late(self) -> None:
        self.asks_for_translation()
        self.council.now += timedelta(days=2)

    def is_translated(self) -> None:
        asked, who = self.asks_for_translation(), self.actor("mari")
        self.does(
            lambda session: translations.hand_in(session, asked, "Daw.", actor=who, policy=POWYS, now=self.council.now)
        )

    def is_translated_by_machine(self) -> None:
        def act(session: Session) -> None:
            row = session.get_one(ReplyRow, self.writes_in(session))
            translations.to_check(
                session, row, frozenset({"cy"}), "The river is rising", actor=self.actor("elin"), policy=POWYS,
                calendar=working_days(session, POWYS)[Clock.ANSWER], now=self.council.now,
            )  # fmt: skip

        self.does(act)

    def writes_in(self, session: Session) -> int:
        draft = Draft(ReplyKind.ANSWER, text_cy="Afon yn codi.", text_en="The river is rising.")
        return replies.send(
            session, self.case, draft, objections=lambda case, draft: (), limits=LIMITS, length_of=len,
            actor=self.actor("elin"), policy=POWYS, now=self.council.now,
        ).id  # fmt: skip

    def asks_for_removal(self, who: str = "elin") -> int:
        wish = Wish("abuse", RemovalKind.HIDE, "It calls her names.", confirmed=True, exception="I saw it.")
        return self.does(
            lambda session: (
                removals.ask(
                    session, self.case, wish, hides_here=True, actor=self.actor(who), policy=self.council.here.policy,
                    now=self.council.now,
                ).id
            )
        )  # fmt: skip

    def is_agreed(self) -> int:
        removal, who = self.asks_for_removal(), self.actor("catrin")
        self.does(
            lambda session: removals.decide(
                session, removal, Role.COMMUNICATIONS, agrees=True, held={Role.COMMUNICATIONS}, words="Ie.", actor=who,
                now=self.council.now,
            )
        )  # fmt: skip
        return removal

    def is_not_done(self) -> None:
        removal = self.is_agreed()
        self.does(lambda session: removals.failed(session, removal, NotDone.REFUSED, now=self.council.now))

    def is_appealed(self, due: date = date(2026, 11, 23)) -> None:
        removal, who, now = self.is_agreed(), self.actor("elin"), self.council.now
        self.does(lambda session: removals.done(session, removal, how="platform", actor=who, at=now, now=now))
        self.does(
            lambda session: removals.appeal(session, removal, came_at=now, due=due, words="A joke.", actor=who, now=now)
        )

    def refers(self) -> int:
        return self.reviews("elin", ReviewAct.REFER)

    def reviews(self, who: str, act: ReviewAct = ReviewAct.OPEN) -> int:
        return self.does(
            lambda session: (
                conduct_reviews.begin(
                    session, self.case, act=act, words="Since June.", actor=self.actor(who), policy=POWYS,
                    now=self.council.now,
                ).id
            )
        )  # fmt: skip

    def decides(self, *more: ReviewAct) -> None:
        review = self.reviews("catrin")
        for act in (ReviewAct.WARN, ReviewAct.DECIDE, *more):
            step = partial(conduct_reviews.act, review_id=review, what=act, given=WHOLE[act], policy=POWYS)
            self.does(partial(step, actor=self.actor("catrin"), now=self.council.now))

    def is_appealed_today(self) -> None:
        self.is_appealed(DUE_DAY.date())

    def appeals_against_limits(self) -> None:
        self.decides(ReviewAct.APPEAL)

    def falls_due(self) -> None:
        self.decides()
        self.council.now = datetime(2027, 7, 5, 9, 0, tzinfo=UTC)

    def mentions(self) -> None:
        pipeline.note(
            self.council.here,
            self.case,
            "@elin a wyddoch chi? @osian",
            actor=self.actor("catrin"),
            now=self.council.now,
        )


@pytest.fixture
def town(council: Council) -> Town:
    def hire(session: Session) -> None:
        for username, (role, area, language) in MORE.items():
            user = people.add(
                session, username=username, full_name=username.title(), password_hash="!", grants=[(role, area)],
                language=language, email=mailbox(username), now=DUE_DAY,
            )  # fmt: skip
            council.users[username] = user.id

    council.store.write(hire)
    return Town(council, council.case(at=DUE_DAY - timedelta(minutes=5)))


COMMUNICATIONS = {"catrin", "dewi"}
TRANSLATORS = {"mari", "gwenno"}
OTHERS = {"dewi", "lowri", "sioned"}
"""Who had no part in the removal."""
ALL: Mapping[Waits, tuple[Callable[[Town], object], set[str], str]] = {
    # what waits                what somebody did               who hears, nobody else      where it leads
    Waits.REPLY_TO_APPROVE:     (Town.waits_for_approval,       {"rhys"} | COMMUNICATIONS,  "approvals"),
    Waits.REPLY_SENT_BACK:      (Town.is_sent_back,             {"elin"},                   "cases/1"),
    Waits.REPLY_STUCK:          (Town.fails,                    {"elin"} | COMMUNICATIONS,  "cases/1"),
    Waits.TRANSLATION_ASKED:    (Town.asks_for_translation,     TRANSLATORS,                "translations"),
    Waits.TRANSLATION_LATE:     (Town.is_late,                  {"elin"} | TRANSLATORS,     "cases/1"),
    Waits.TRANSLATION_TO_CHECK: (Town.is_translated_by_machine, TRANSLATORS,                "translations"),
    Waits.TRANSLATION_DONE:     (Town.is_translated,            {"elin"},                   "cases/1"),
    Waits.REMOVAL_TO_AGREE:     (Town.asks_for_removal,         COMMUNICATIONS,             "removals/1"),
    Waits.REMOVAL_TO_DO:        (Town.is_not_done,              {"elin"} | COMMUNICATIONS,  "removals/1"),
    Waits.REMOVAL_APPEAL:       (Town.is_appealed,              OTHERS,                     "removals/1"),
    Waits.REMOVAL_APPEAL_DUE:   (Town.is_appealed_today,        OTHERS,                     "removals/1"),
    Waits.CONDUCT_REFERRED:     (Town.refers,                   COMMUNICATIONS,             "reviews/1"),
    Waits.CONDUCT_APPEAL:       (Town.appeals_against_limits,   {"dewi"},                   "reviews/1"),
    Waits.CONDUCT_DUE:          (Town.falls_due,                COMMUNICATIONS,             "reviews/1"),
    Waits.MENTION:              (Town.mentions,                 {"elin"},                   "cases/1"),
}  # fmt: skip


def said(kind: Waits, language: str) -> str:
    text = Words("cy" if language == "cy" else "en").gettext(waiting.said(kind))
    return text[:1].upper() + text[1:]


def told_of(town: Town, kind: Waits) -> set[str]:
    """Who was mailed that this waits."""
    return {who for who, text in town.heard().items() if {said(kind, "cy"), said(kind, "en")} & set(text.splitlines())}


def test_every_kind_of_thing_that_waits_is_told_to_somebody_and_is_found() -> None:
    assert set(waiting.TOLD) == set(Waits)
    assert set(awaited.FINDS) == set(Waits) - {Waits.MENTION}
    assert all(row.tell or row.them for row in waiting.TOLD.values())
    assert set(ALL) == set(Waits)


@pytest.mark.parametrize("kind", Waits)
def test_whoever_is_waited_for_is_told_once_in_their_language_and_without_a_resident_s_word(
    town: Town, kind: Waits
) -> None:
    makes, who, leads = ALL[kind]
    makes(town)
    for _ in range(4):
        town.council.escalate(minutes=61)

    assert told_of(town, kind) == who
    for username in who:
        text = town.heard()[username]
        assert text.count(said(kind, "cy")) + text.count(said(kind, "en")) == 1
        for word in (RESIDENT, "biniau", "lorry", "lorri", "Elin", "Catrin", "joke", "names"):
            assert word not in text
    one = min(who)
    assert f"/{leads}" in town.heard()[one]


def test_nothing_is_told_at_night_and_all_of_it_in_the_morning_in_one_message(town: Town) -> None:
    town.council.now = datetime(2026, 11, 9, 22, 0, tzinfo=UTC)
    town.asks_for_removal()
    town.refers()
    town.council.escalate(minutes=5)
    assert town.heard() == {}

    town.council.now = datetime(2026, 11, 10, 8, 46, tzinfo=UTC)
    town.council.escalate()
    [text] = town.council.post_to("catrin")
    assert text.startswith("Yn aros amdanoch: 2\n")
    assert said(Waits.REMOVAL_TO_AGREE, "cy") in text
    assert said(Waits.CONDUCT_REFERRED, "cy") in text


def test_where_the_pack_tells_of_urgent_cases_at_any_hour_what_waits_in_one_is_told_at_night(town: Town) -> None:
    rule = next(rule for rule in POWYS.escalations if rule.slug == "urgent")
    pack = with_rules(POWYS, escalations=(EscalateRule(**rule.model_dump() | {"at_night": True}),))
    town.council.here = replace(town.council.here, policy=pack)
    town.does(lambda session: setattr(session.get_one(CaseRow, town.case), "severity", Severity.URGENT))
    town.council.now = datetime(2026, 11, 9, 22, 0, tzinfo=UTC)
    town.asks_for_removal()
    town.council.escalate(minutes=5)
    assert told_of(town, Waits.REMOVAL_TO_AGREE) == COMMUNICATIONS


def test_what_is_done_before_its_message_was_made_is_told_to_nobody(town: Town) -> None:
    asked = town.asks_for_translation()
    pipeline.tell_waiting(town.council.here, now=town.council.now)
    town.does(lambda session: translations.take(session, asked, actor=town.actor("mari"), now=town.council.now))
    town.council.escalate(minutes=5)
    assert told_of(town, Waits.TRANSLATION_ASKED) == set()


def test_a_text_that_is_given_back_is_told_anew_to_the_other_translators(town: Town) -> None:
    asked, mari = town.asks_for_translation(), town.actor("mari")
    town.council.escalate(minutes=5)
    town.does(lambda session: translations.take(session, asked, actor=mari, now=town.council.now))
    town.does(lambda session: translations.give_back(session, asked, actor=mari, now=town.council.now))
    before = {who: len(town.council.post_to(who)) for who in TRANSLATORS}
    town.council.escalate(minutes=90)
    assert {who for who in TRANSLATORS if len(town.council.post_to(who)) > before[who]} == TRANSLATORS - {"mari"}


def test_a_storm_is_one_message(town: Town) -> None:
    for _ in range(12):
        town.case = town.council.case(at=DUE_DAY)
        town.asks_for_translation()
    town.council.escalate()
    [text] = town.council.post_to("gwenno")
    assert text.startswith("Waiting for you: 12\n")


def test_a_translator_is_told_of_a_text_and_of_no_case(town: Town) -> None:
    town.asks_for_translation()
    town.council.escalate()
    [text] = town.council.post_to("gwenno")
    assert "Text 1 · " in text
    assert "GW-2026" not in text
    assert "/queue" not in text
    assert "/cases/" not in text


def test_a_removal_needs_each_role_and_tells_each_until_it_has_spoken(town: Town) -> None:
    town.council.here = replace(town.council.here, policy=with_rules(POWYS, removal=CARMARTHENSHIRE.removal))
    removal = town.asks_for_removal("catrin")
    town.council.escalate()
    assert told_of(town, Waits.REMOVAL_TO_AGREE) == {"dewi", "lowri"}, "whoever asked does not agree to it"
    [text] = town.council.post_to("lowri")
    assert f"Removal {removal} · " in text
    assert "GW-2026" not in text, "a lawyer is shown the removal, and opens no case"


def leave(town: Town, username: str) -> None:
    town.does(lambda session: setattr(people.by_username(session, username), "active", False))


def restrict(town: Town) -> None:
    town.does(
        lambda session: queue.restrict(
            session, town.case, restricted=True, actor=town.actor("elin"), now=town.council.now, words="A child."
        )
    )


def test_a_restricted_case_has_a_name_only_for_those_who_open_it(town: Town) -> None:
    restrict(town)
    town.does(lambda session: setattr(session.get_one(CaseRow, town.case), "severity", Severity.URGENT))
    for _ in range(8):
        town.council.escalate(hours=1)

    assert "GW-2026-000001" in town.heard()["rhys"]
    assert "sioned" in town.heard(), "senior management hear in the end"
    for text in (town.heard()["sioned"], *map(str, town.council.room.cards)):
        assert "GW-2026" not in text
        assert "/cases/" not in text
    assert "osian" not in town.heard()


def test_the_digest_for_senior_management_names_no_restricted_case(town: Town) -> None:
    restrict(town)
    town.does(lambda session: setattr(session.get_one(CaseRow, town.case), "severity", Severity.URGENT))
    assert pipeline.senior_digest(town.council.here, now=DUE_DAY + timedelta(hours=1))
    [text] = town.council.post_to("sioned")
    assert "Achos cyfyngedig · " in text
    assert "GW-2026" not in text


def test_whoever_has_lost_the_area_since_hears_of_its_cases_no_more(town: Town) -> None:
    town.is_sent_back()
    pipeline.tell_waiting(town.council.here, now=town.council.now)
    town.does(
        lambda session: session.delete(session.query(GrantRow).filter_by(user_id=town.council.users["elin"]).one())
    )
    town.council.escalate(minutes=5)
    assert told_of(town, Waits.REPLY_SENT_BACK) == set()


def test_where_no_translator_can_be_reached_communications_hear(town: Town) -> None:
    for username in TRANSLATORS:
        leave(town, username)
    town.asks_for_translation()
    town.council.escalate()
    assert told_of(town, Waits.TRANSLATION_ASKED) == COMMUNICATIONS


def test_a_text_that_is_in_somebody_s_hands_is_late_for_them_and_for_whoever_asked(town: Town) -> None:
    asked = town.asks_for_translation()
    town.does(lambda session: translations.take(session, asked, actor=town.actor("mari"), now=town.council.now))
    town.council.escalate(hours=49)
    assert told_of(town, Waits.TRANSLATION_LATE) == {"mari", "elin"}


def test_what_waits_for_nobody_who_can_be_reached_is_said_until_it_is_done(town: Town) -> None:
    removal = town.asks_for_removal()
    town.council.here = replace(town.council.here, settings=town.council.here.settings.model_copy(update={"teams": {}}))
    for username in ("catrin", "dewi", "sioned"):
        leave(town, username)
    town.council.escalate()

    def unheard() -> list[str]:
        with town.council.store.read() as session:
            return [each.key for each in telling.unheard(session, None, now=town.council.now)]

    assert unheard() == [f"removal_to_agree-{removal}-communications"]
    actor, now = town.actor("elin"), town.council.now
    town.does(lambda session: removals.withdraw(session, removal, words="Na.", actor=actor, now=now))
    assert unheard() == []


def test_a_reply_that_is_stuck_again_is_told_again(town: Town) -> None:
    town.fails()
    town.council.escalate()
    with town.council.store.read() as session:
        [first] = awaited.everything(session, now=town.council.now)
    assert first.kind is Waits.REPLY_STUCK
    town.does(
        lambda session: replies.decide(
            session, first.id, published=False, native_id="", actor=town.actor("catrin"), policy=POWYS,
            now=town.council.now,
        )
    )  # fmt: skip
    town.council.now += timedelta(hours=2)
    town.is_refused()
    town.council.escalate()
    assert town.heard()["elin"].count(said(Waits.REPLY_STUCK, "en")) == 2


def test_the_page_on_messages_has_the_table() -> None:
    page = (ROOT / "docs" / "reference" / "notices.md").read_text(encoding="utf-8")
    assert waiting.table() in page
