"""What is late in the account register is told to whoever holds the account, then to communications, once each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import pipeline
from moderation import late_duties, policy, register
from moderation.policy import Policy, PolicyError
from moderation.record import Actor
from moderation.working_days import working_days
from pipeline.notifying import reach_of
from store import accounts, comments, people
from store import register as rows
from store.comments import PostRow
from store.database import Session
from tests.moderation.given import CARMARTHENSHIRE, POWYS
from tests.test_notifying import Council, council
from vocabulary import Clock, Post, Role
from web.gate import PERMISSIONS

__all__ = ["council"]

EVERY_ROLE = frozenset(Role)
FRIDAY = date(2026, 11, 6)
MONDAY, TUESDAY = date(2026, 11, 9), date(2026, 11, 10)


def nine(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC)


@dataclass
class Register:
    """One account that Elin holds, on which all was done on Friday."""

    council: Council

    def does(self, act: Callable[[Session], Any]) -> Any:
        return self.council.store.write(act)

    def keeps(self, pack: Policy) -> Register:
        self.council.here = replace(self.council.here, policy=pack)
        return self

    def records(self, duty: str, day: date, *, person: str = "") -> None:
        pack = self.council.here.policy

        def act(session: Session) -> None:
            account = accounts.by_slug(session, "cyngor-fb") if pack.duties[duty].on == "account" else None
            register.record(
                session, duty, account=account, person=person, on_day=day, answers=(), words="Gwnaed", policy=pack,
                roles=EVERY_ROLE, actor=self.council.actor("catrin"), now=nine(day) + timedelta(hours=8),
            )  # fmt: skip

        self.does(act)

    def gives(self, name: str, day: date = FRIDAY) -> None:
        who = Actor("catrin", self.council.users["catrin"])
        self.does(
            lambda session: register.give_access(
                session, accounts.by_slug(session, "cyngor-fb"), name, actor=who, now=nine(day)
            )
        )

    def posts(self, number: int, day: date, language: str) -> None:
        def act(session: Session) -> None:
            account = accounts.by_slug(session, "cyngor-fb")
            account.credential = b"x"
            said = Post(account="cyngor-fb", native_id=f"p{number}", text="Biniau", posted_at=nine(day))
            comments.keep_posts(session, account, [said], now=nine(day))
            session.query(PostRow).filter_by(native_id=f"p{number}").one().language = language

        self.does(act)

    def told(self, day: date, *, hours: float = 0) -> dict[str, str]:
        """Who was written to as the digest of that day left, with what was said."""
        before = {name: len(self.council.post_to(name)) for name in self.council.users}
        pipeline.register_digest(self.council.here, now=nine(day) + timedelta(hours=hours))
        return {
            name: "\n".join(fresh) for name, known in before.items() if (fresh := self.council.post_to(name)[known:])
        }


@pytest.fixture
def book(council: Council) -> Register:
    found = Register(council).keeps(CARMARTHENSHIRE)
    found.gives("Elin")
    found.records("training", FRIDAY, person="Elin")
    for duty in ("audit", "password_changed", "looked_at"):
        found.records(duty, FRIDAY)
    return found


def test_what_is_late_is_told_to_whoever_holds_the_account_once(book: Register) -> None:
    assert book.told(MONDAY) == {}, "it is due on Monday, and late from Tuesday"
    told = book.told(TUESDAY)
    assert set(told) == {"elin"}
    assert told["elin"].startswith("The account register. Late: 1\n")
    assert "Late, or not recorded: The account was looked at" in told["elin"]
    assert "Cyngor Enghraifft · Facebook · due 9 November 2026" in told["elin"]
    assert "https://gwylio.example/en/register#account-1" in told["elin"]
    for day in (date(2026, 11, 11), date(2026, 11, 12), date(2026, 11, 13)):
        assert book.told(day) == {}, "never twice for the same lateness"

    book.records("looked_at", date(2026, 11, 13))
    assert book.told(date(2026, 11, 16)) == {}, "it is gone when it is done"
    assert set(book.told(date(2026, 11, 17))) == {"elin"}, "another lateness is another matter"


def test_communications_hear_after_the_pack_s_time_and_once(book: Register) -> None:
    book.told(TUESDAY)
    days = [TUESDAY + timedelta(days=ahead) for ahead in range(1, 14)]
    told = {day: set(found) for day in days if (found := book.told(day))}
    assert told == {date(2026, 11, 17): {"catrin"}}, "the sixth working day late, and no other"


def test_nothing_leaves_at_night_on_a_day_off_or_before_its_hour(book: Register) -> None:
    assert book.told(TUESDAY, hours=-0.1) == {}
    assert book.told(TUESDAY, hours=13) == {}
    assert book.told(date(2026, 11, 14)) == {}
    assert set(book.told(TUESDAY, hours=3)) == {"elin"}, "what could not leave at its hour leaves later that day"


def test_many_late_duties_are_one_message(book: Register) -> None:
    far = date(2028, 1, 5)
    told = book.told(far)
    assert set(told) == {"elin", "catrin"}
    for text in told.values():
        assert len([line for line in text.splitlines() if "Cyngor Enghraifft" in line]) == 3


def test_in_a_pack_that_says_weekly_it_waits_for_the_first_working_day_of_the_week(book: Register) -> None:
    book.keeps(POWYS)
    book.records("audit", TUESDAY)
    assert POWYS.register_digest.every == "week"
    assert set(book.told(date(2027, 11, 8))) == {"elin"}, "the password, due on Saturday"
    for day in (date(2027, 11, 11), date(2027, 11, 12)):
        assert book.told(day) == {}, "the audit is late since Thursday; the digest of this week has left"
    assert set(book.told(date(2027, 11, 15))) == {"elin", "catrin"}

    book.records("password_changed", date(2027, 11, 15))
    book.records("audit", date(2026, 12, 24))
    assert book.told(date(2027, 12, 27)) == {}, "a bank holiday"
    assert set(book.told(date(2027, 12, 29))) == {"elin", "catrin"}


def test_powys_posts_twice_a_week_in_both_languages_or_somebody_hears_of_it(book: Register) -> None:
    book.keeps(POWYS)
    book.posts(1, date(2026, 11, 4), "en")
    told = book.told(MONDAY)
    assert set(told) == {"elin"}
    assert "Fewer posts in the week than the policy asks for" in told["elin"]
    assert "Posts in the week without Welsh" in told["elin"]
    assert "due 8 November 2026" in told["elin"]

    for number, day in enumerate((date(2026, 11, 10), date(2026, 11, 12)), start=2):
        book.posts(number, day, "cy")
    assert book.told(date(2026, 11, 16)) == {}, "the week after was as it should be"


def test_an_account_left_alone_is_told_once(book: Register) -> None:
    book.keeps(POWYS)
    for number in (1, 2):
        book.posts(number, date(2026, 11, 4), "cy")
    mondays = [date(2026, 11, 9) + timedelta(weeks=week) for week in range(8)]
    told = [book.told(day).get("elin", "") for day in mondays]
    assert ["left alone" in text for text in told].count(True) == 1


def test_of_an_account_that_nobody_reads_nothing_is_said(book: Register) -> None:
    book.keeps(POWYS)
    assert book.told(MONDAY) == {}


@pytest.mark.parametrize("why", ["nobody", "no address", "left", "two of that name", "cannot record it"])
def test_where_no_holder_can_be_told_or_do_it_communications_hear_at_once(book: Register, why: str) -> None:
    def act(session: Session) -> None:
        elin = people.by_username(session, "elin")
        if why == "nobody":
            for row in rows.administrators(session):
                row.until = nine(MONDAY)
        elif why == "no address":
            elin.email = ""
        elif why == "left":
            elin.active = False
        elif why == "two of that name":
            people.by_username(session, "rhys").full_name = "Elin"
        else:
            for grant in people.grants(session, elin.id):
                grant.role = Role.AUDITOR

    book.does(act)
    assert "catrin" in book.told(TUESDAY)


def test_whoever_left_holds_nothing_and_hears_nothing_and_is_not_named(book: Register) -> None:
    book.does(lambda session: setattr(accounts.by_slug(session, "cyngor-fb"), "login_model", "shared"))
    book.records("looked_at", MONDAY)
    book.records("leaver", MONDAY, person="Elin")
    told = book.told(TUESDAY)
    assert set(told) == {"catrin"}
    assert "Mae rhywun wedi gadael: rhaid dod â'u mynediad i ben" in told["catrin"]
    assert "Mae rhywun wedi gadael: rhaid newid cyfrinair" in told["catrin"]
    assert "Elin" not in told["catrin"]

    def end(session: Session) -> None:
        [row] = rows.administrators(session)
        register.end_access(session, row.id, actor=book.council.actor("catrin"), now=nine(TUESDAY))

    book.does(end)
    book.records("password_changed", TUESDAY)
    book.records("looked_at", TUESDAY)
    with book.council.store.read() as session:
        still = late_duties.open_book(session, now=nine(date(2026, 11, 11)))
        calendar = working_days(session, CARMARTHENSHIRE)[Clock.ANSWER]
        assert late_duties.late(still, CARMARTHENSHIRE, calendar, date(2026, 11, 11)) == ()


def test_whoever_holds_an_account_untrained_is_late_where_the_pack_asks_for_training(book: Register) -> None:
    book.gives("Rhys", MONDAY)
    book.records("looked_at", MONDAY)
    told = book.told(TUESDAY)
    assert set(told) == {"catrin", "elin", "rhys"}, "training is for communications to record"
    assert "Hyfforddwyd y person" in told["rhys"]
    book.records("training", TUESDAY, person="Rhys")
    book.records("looked_at", TUESDAY)
    assert book.told(date(2026, 11, 11)) == {}


def test_what_can_be_told_to_nobody_is_found_and_the_administrators_hear_before_that(book: Register) -> None:
    def silence(session: Session) -> None:
        for username in ("elin", "catrin"):
            people.by_username(session, username).email = ""

    book.does(silence)
    book.council.here = replace(book.council.here, settings=book.council.here.settings.model_copy(update={"teams": {}}))

    def unheard() -> list[str]:
        with book.council.store.read() as session:
            reach = reach_of(session, book.council.here.settings)
            calendar = working_days(session, CARMARTHENSHIRE)[Clock.ANSWER]
            found = late_duties.open_book(session, now=nine(TUESDAY))
            return [each.what for each in late_duties.unheard(found, CARMARTHENSHIRE, reach, calendar, TUESDAY)]

    assert unheard() == ["looked_at"]
    assert book.told(TUESDAY) == {}

    def hire(session: Session) -> None:
        user = people.add(
            session, username="nia", full_name="Nia", password_hash="!", grants=[(Role.ADMINISTRATOR, "*")],
            email="nia@cyngor.example", now=nine(MONDAY),
        )  # fmt: skip
        book.council.users["nia"] = user.id

    book.does(hire)
    assert unheard() == []
    assert set(book.told(date(2026, 11, 11))) == {"nia"}


def test_only_those_who_open_the_register_are_sent_there() -> None:
    assert PERMISSIONS["register"] == late_duties.READING
    assert PERMISSIONS["end_access"] == late_duties.GIVING_ACCESS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[register_digest]\nsent_at = 07:00:00\n", "register_digest.sent_at must lie within the working hours"),
        ('[register_digest]\nevery = "duty"\n', "must be one of"),
        ("[duty.audit]\nof_holders = true\n", "of_holders is for a duty on"),
    ],
)
def test_a_pack_that_would_write_at_night_or_for_each_duty_is_refused(tmp_path: Any, text: str, reason: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError, match=reason):
        policy.load(path)
