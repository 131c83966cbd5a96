"""What is late on an account is told to those who keep it, once for each lateness, and a new account is not judged."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from moderation import policy, register
from moderation.errands import HEARS, everything, recipients
from moderation.notices import SHORTFALLS, voices
from moderation.policy import Policy
from moderation.record import Actor
from moderation.register import PASSWORD
from moderation.telling import Reach
from store import accounts
from store.comments import PostRow
from store.database import Session, Store
from store.errands import Late
from store.notices import Colleague
from store.register import RegisterRow
from tests.factories import DAYS, LONG_AGO, MONDAY, NOON, POWYS, an_account, officer
from tests.moderation.given import AREAS
from vocabulary import Clock, Errand, Role

CARMARTHENSHIRE = policy.load("carmarthenshire")
STAFF = {
    "rhys": (Role.OFFICER, "waste"),
    "heledd": (Role.OFFICER, "highways"),
    "catrin": (Role.COMMUNICATIONS, "*"),
    "alun": (Role.ADMINISTRATOR, "*"),
    "sioned": (Role.SENIOR, "*"),
}


def late(store: Store, pack: Policy = POWYS, *, days: int = 0) -> list[Late]:
    with store.read() as session:
        return everything(session, pack, DAYS[Clock.ANSWER], now=NOON + timedelta(days=days))


def reach(*, by_mail: bool = True, places: frozenset[str] = frozenset()) -> Reach:
    people = [
        Colleague(number, name, f"{name}@cyngor.example", "cy", frozenset({grant}))
        for number, (name, grant) in enumerate(STAFF.items())
    ]
    return Reach(people, places, by_mail=by_mail)


def hear(each: Late) -> set[str]:
    names = dict(enumerate(STAFF))
    return {names[int(recipient.removeprefix("user:"))] for recipient in recipients(each, reach())}


def posts(store: Store, *, every_days: int, language: str = "mixed") -> None:
    def act(session: Session) -> None:
        for number in range(28 // every_days):
            at = NOON - timedelta(days=every_days * number)
            session.add(
                PostRow(
                    account_id=1, native_id=f"p{number}", text="Biniau / Bins", language=language, posted_at=at,
                    first_seen=at, url="", raw=b"{}",
                )
            )  # fmt: skip

    store.write(act)


def test_every_errand_has_its_words_in_both_languages() -> None:
    assert set(HEARS) == set(Errand)
    faults = {Errand.DUTY: "audit", Errand.POSTING: "stale", Errand.LEAVER: "access"}
    for voice in voices(None, AREAS, POWYS, "https://gwylio.example"):
        said = voice.errands(
            [
                Late(
                    what=what, key=what, account="Cyngor", area="waste", fault=fault, roles=frozenset(),
                    since=date(2026, 11, 2),
                )
                for what, fault in faults.items()
            ]
        )  # fmt: skip
        assert len(said.groups) == len(Errand)
        assert all(group.lines[0].link.endswith("/register") for group in said.groups)
    assert set(SHORTFALLS) >= {"stale", "seldom", "no_welsh", "access", "password"}


def test_a_late_duty_is_heard_by_those_who_record_it_once_for_each_lateness(store: Store) -> None:
    store.write(lambda session: an_account(session, now=LONG_AGO))
    [looked_at] = [each for each in late(store, CARMARTHENSHIRE) if each.fault == "looked_at"]
    assert looked_at.roles == frozenset(CARMARTHENSHIRE.duties["looked_at"].by)
    assert looked_at.key in {each.key for each in late(store, CARMARTHENSHIRE, days=7)}, "the same lateness, one name"

    def looked(session: Session) -> None:
        entry = RegisterRow(
            duty="looked_at", account_id=1, person="", on_day=NOON.date(), words="Iawn", answers=[], held=[],
            recorded_at=NOON, recorded_by=1,
        )  # fmt: skip
        session.add(entry)

    officer(store)
    store.write(looked)
    assert "looked_at" not in {each.fault for each in late(store, CARMARTHENSHIRE)}
    [again] = [each for each in late(store, CARMARTHENSHIRE, days=7) if each.fault == "looked_at"]
    assert again.key != looked_at.key, "another lateness, another name"


@pytest.mark.parametrize(
    ("every_days", "language", "faults"),
    [
        (2, "mixed", set()),
        (2, "en", {"no_welsh"}),
        (7, "mixed", {"seldom"}),
        (28, "cy", {"seldom"}),
    ],
)
def test_an_account_is_held_to_what_the_pack_says_of_posting(
    store: Store, every_days: int, language: str, faults: set[str]
) -> None:
    store.write(lambda session: an_account(session, now=LONG_AGO))
    posts(store, every_days=every_days, language=language)
    assert {each.fault for each in late(store) if each.what is Errand.POSTING} == faults


def test_posting_is_told_of_once_a_week_to_the_area_and_communications(store: Store) -> None:
    store.write(lambda session: an_account(session, now=LONG_AGO))
    [stale] = [each for each in late(store) if each.fault == "stale"]
    assert hear(stale) == {"rhys", "catrin"}
    assert stale.key in {each.key for each in late(store, days=1)}
    assert stale.key not in {each.key for each in late(store, days=7)}


def test_an_account_that_is_new_is_not_said_to_be_left_alone(store: Store) -> None:
    store.write(lambda session: an_account(session, now=MONDAY))
    assert late(store) == []


def test_the_access_of_somebody_who_left_is_told_to_those_who_can_end_it_until_they_have(store: Store) -> None:
    mair = officer(store)

    def left(session: Session) -> None:
        account = an_account(session, now=MONDAY, login_model="shared")
        register.give_access(session, account, "Sion Enghraifft", actor=Actor("mair", mair.user_id), now=MONDAY)
        register.record(
            session, "leaver", account=None, person="Sion Enghraifft", on_day=NOON.date(), answers=(),
            words="Gadawodd", roles=frozenset(Role), policy=POWYS, actor=mair, now=NOON,
        )  # fmt: skip

    store.write(left)
    found = [each for each in late(store) if each.what is Errand.LEAVER]
    assert {each.fault for each in found} == {"access", "password"}
    assert all(hear(each) == {"catrin", "alun"} for each in found)

    def ended(session: Session) -> None:
        register.end_access(session, 1, actor=mair, now=NOON)
        register.record(
            session, PASSWORD, account=accounts.by_slug(session, "cyngor-fb"), person="",
            on_day=NOON.date(), answers=(), words="Newidiwyd", roles=frozenset(Role), policy=CARMARTHENSHIRE,
            actor=mair, now=NOON,
        )  # fmt: skip

    store.write(ended)
    assert [each for each in late(store, CARMARTHENSHIRE) if each.what is Errand.LEAVER] == []


def test_a_channel_hears_what_its_people_hear(store: Store) -> None:
    store.write(lambda session: an_account(session, now=LONG_AGO))
    [stale] = [each for each in late(store) if each.fault == "stale"]
    places = frozenset({"waste", "highways", "communications", "senior"})
    assert set(recipients(stale, reach(by_mail=False, places=places))) == {"teams:waste", "teams:communications"}
