"""Warnings reach people: real mail over real sockets, once, by day, in their language, and nothing of a resident's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select

import opening
import pipeline
import scheduler
import settings as configuration
from moderation import queue, senior, telling
from moderation.notices import LEASE, TRIES, voices
from moderation.record import Actor
from pipeline import Installation
from pipeline.channels import Letter, NoAnswer, NotTaken, OutOfReach
from pipeline.mail import Post
from pipeline.notifying import channels
from pipeline.teams import LARGEST, Webhooks, card
from settings import Mail, Settings
from store import audit, people
from store.audit import AuditRow
from store.database import Session, Store
from store.notices import EntryRow, NoticeRow
from tests.factories import a_comment, an_account, comes, does
from tests.moderation.given import AREAS, POWYS
from tests.moderation.test_notices import Told
from tests.post_office import PASSWORD, USER, PostOffice, TeamsRoom, certificate_in, post_office, teams_room
from tests.ready import a_state_folder, lay_out
from vocabulary import Act, Author, NoticeState, Role, Severity

ROOT = Path(__file__).parents[1]
MONDAY_NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
DUE_DAY = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
"""A Monday morning on which what came a week before is due."""
RESIDENT, THEIR_WORDS = "Mair Enghraifft", "Pryd mae'r biniau?"
STAFF = {
    "rhys": (Role.OFFICER, "waste", "cy"),
    "elin": (Role.OFFICER, "waste", "en"),
    "catrin": (Role.COMMUNICATIONS, "*", "cy"),
    "sioned": (Role.SENIOR, "*", "cy"),
    "nobody": (Role.OFFICER, "waste", "en"),
}


def mailbox(username: str) -> str:
    return f"{username}@cyngor.example"


@dataclass
class Council:
    """An installation whose mail and Teams are our own."""

    here: Installation
    office: PostOffice
    room: TeamsRoom
    users: dict[str, int] = field(default_factory=dict)
    now: datetime = DUE_DAY
    _cases: int = 0

    @property
    def store(self) -> Store:
        return self.here.store

    def case(self, *, at: datetime = MONDAY_NOON, owner: str = "", **over: Any) -> int:
        """Somebody wrote a week ago; the id of the case."""
        self._cases += 1
        comment = a_comment(
            THEIR_WORDS, native_id=f"c{self._cases}", author=Author(f"a{self._cases}", RESIDENT), posted_at=at
        )
        placed = comes(self.store, comment, now=at, **over)
        if owner:
            does(self.store, placed.case_id, Act.ASSIGN, who=self.actor("catrin"), now=at, owner_id=self.users[owner])
        return placed.case_id

    def actor(self, username: str) -> Actor:
        return Actor(username, self.users[username])

    def escalate(self, **much: float) -> None:
        """One round of the schedule, so much later."""
        self.now += timedelta(**much)
        scheduler.escalate(self.here, now=self.now)

    def notices(self) -> list[NoticeRow]:
        with self.store.read() as session:
            return list(session.scalars(select(NoticeRow).order_by(NoticeRow.id)))

    def states(self) -> list[NoticeState]:
        return [notice.state for notice in self.notices()]

    def post_to(self, username: str) -> list[str]:
        """What was mailed to them, with its headers."""
        return [f"{message['Subject']}\n{message.get_content()}" for message in self.office.to(mailbox(username))]


def settings_for(folder: Path, office: PostOffice, room: TeamsRoom | None = None, **over: Any) -> Settings:
    mail = Mail(host="127.0.0.1", port=office.port, security="none", sender="gwylio@cyngor.example")
    facts: dict[str, Any] = dict(
        state_dir=folder, bank_holidays_url="", mail=mail, public_url="https://gwylio.example/",
        teams={name: f"{room.url}/cyfrinach-{name}" for name in ("communications", "senior")} if room else {},
    )  # fmt: skip
    return configuration.exactly(**facts | over)


def hire(session: Session) -> dict[str, int]:
    found = {}
    for username, (role, area, language) in STAFF.items():
        user = people.add(
            session, username=username, full_name=username.title(), password_hash="!", grants=[(role, area)],
            language=language, email="" if username == "nobody" else mailbox(username), now=MONDAY_NOON,
        )  # fmt: skip
        found[username] = user.id
    return found


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    lay_out(a_state_folder(), tmp_path)
    with ExitStack() as stack:
        office, room = stack.enter_context(post_office()), stack.enter_context(teams_room())
        here = stack.enter_context(opening.installation(settings_for(tmp_path, office, room)))
        here.store.write(an_account)
        yield Council(here, office, room, here.store.write(hire))


def test_what_is_due_today_reaches_the_owner_and_the_area_each_in_their_language(council: Council) -> None:
    council.case(owner="rhys")
    council.escalate()

    [welsh], [english] = council.post_to("rhys"), council.post_to("elin")
    assert welsh.startswith("Achosion i edrych arnynt: 1\n")
    assert "i'w ateb heddiw" in welsh
    assert english.startswith("Cases to look at: 1\n")
    assert "to be answered today" in english
    assert "https://gwylio.example/cy/cases/1" in welsh
    assert "https://gwylio.example/en/cases/1" in english
    assert set(council.states()) == {NoticeState.SENT}
    assert council.post_to("catrin") == council.post_to("sioned") == []


def test_a_message_holds_references_and_nothing_of_the_resident(council: Council) -> None:
    council.case(owner="rhys", severity=Severity.URGENT)
    council.escalate()

    everything = [str(message) for message in council.office.messages] + [str(each) for each in council.room.cards]
    assert everything
    for said in everything:
        assert "GW-2026-000001" in said
        for word in ("Mair", "Enghraifft", "biniau", "Rhys", "Elin"):
            assert word not in said.replace(mailbox("rhys"), "").replace(mailbox("elin"), "")


def test_ten_cases_are_one_message_and_the_next_waits_an_hour(council: Council) -> None:
    for _ in range(10):
        council.case(owner="elin")
    council.escalate()
    assert [message["Subject"] for message in council.office.to(mailbox("elin"))] == ["Cases to look at: 10"]

    council.case(owner="elin")
    council.escalate(minutes=5)
    council.escalate(minutes=54)
    assert len(council.post_to("elin")) == 1, "what comes within the hour is gathered"
    council.escalate(minutes=1)
    assert [text.partition("\n")[0] for text in council.post_to("elin")][1:] == ["Cases to look at: 1"]


def test_what_is_urgent_does_not_wait(council: Council) -> None:
    council.case(owner="elin")
    council.escalate()
    council.case(owner="elin", severity=Severity.URGENT)
    council.escalate(minutes=5)

    assert [text.partition("\n")[0] for text in council.post_to("elin")] == [
        "Cases to look at: 1",
        "Urgent. Cases to look at: 1",
    ]


def test_nobody_hears_the_same_thing_twice_however_often_we_look(council: Council) -> None:
    council.case(owner="rhys")
    for _ in range(30):
        council.escalate(minutes=2)
    assert [len(council.post_to(name)) for name in ("rhys", "elin", "catrin")] == [1, 1, 0]


@pytest.mark.parametrize("night", [datetime(2026, 11, 9, 22, 0, tzinfo=UTC), datetime(2026, 11, 14, 12, 0, tzinfo=UTC)])
def test_nothing_leaves_at_night_or_on_a_day_off_not_even_what_was_gathered_by_day(
    council: Council, night: datetime
) -> None:
    council.case(owner="elin")
    council.escalate()
    council.case(owner="elin")
    council.escalate(minutes=30)
    before = len(council.office.messages)

    scheduler.escalate(council.here, now=night)
    assert len(council.office.messages) == before
    scheduler.escalate(council.here, now=datetime(2026, 11, 16, 8, 50, tzinfo=UTC))
    assert len(council.post_to("elin")) == 2, "in the morning it is told"


def test_what_was_settled_before_its_message_was_made_is_told_to_nobody(council: Council) -> None:
    council.case(owner="elin")
    council.escalate()
    case_id = council.case(owner="elin")
    council.escalate(minutes=5)
    close: dict[str, Any] = dict(outcome="no_response_needed", words="Diolch yn unig")
    does(council.store, case_id, Act.CLOSE, who=council.actor("elin"), now=council.now, **close)
    council.escalate(hours=1)

    assert len(council.post_to("elin")) == 1
    with council.store.read() as session:
        lapsed = session.scalar(select(func.count()).where(EntryRow.lapsed_at.is_not(None)))
    assert lapsed


def test_somebody_who_has_left_is_written_to_no_more(council: Council) -> None:
    council.case(owner="elin")
    council.escalate()
    council.case(owner="elin")
    council.escalate(minutes=5)

    def leave(session: Session) -> None:
        people.by_username(session, "elin").active = False

    council.store.write(leave)
    council.escalate(hours=2)
    assert len(council.post_to("elin")) == 1


def test_the_next_one_up_hears_when_nobody_opens_the_case_and_senior_management_last(council: Council) -> None:
    council.case(owner="elin", severity=Severity.URGENT)
    heard: dict[int, set[str]] = {}
    for hours in range(7):
        scheduler.escalate(council.here, now=DUE_DAY + timedelta(hours=hours))
        heard[hours] = {message["To"].partition("@")[0] for message in council.office.messages}
    assert "sioned" not in heard[5]
    assert "sioned" in heard[6]
    assert "nid oes neb wedi'i agor ers chwe awr waith" in council.post_to("sioned")[0]


def test_a_case_that_somebody_opened_goes_no_further_up(council: Council) -> None:
    case_id = council.case(owner="elin")
    council.escalate()
    council.store.write(
        lambda session: telling.opened(
            session, case_id, actor=council.actor("elin"), now=council.now + timedelta(1 / 24)
        )
    )
    for _ in range(6):
        council.escalate(hours=1)
    assert council.post_to("catrin") == []
    assert [text for text in council.post_to("elin") if "nobody has opened" in text.lower()] == []


def test_doing_something_about_a_case_counts_as_having_opened_it(council: Council) -> None:
    case_id = council.case(owner="elin")
    council.escalate()
    council.store.write(
        lambda session: queue.note(
            session, case_id, actor=council.actor("elin"), now=council.now + timedelta(minutes=1), words="Wedi ffonio"
        )
    )
    for _ in range(6):
        council.escalate(hours=1)
    assert council.post_to("catrin") == []


def test_a_channel_is_told_in_both_languages_with_links_and_nothing_else(council: Council) -> None:
    council.case(severity=Severity.URGENT)
    council.escalate()

    [(path, posted)] = council.room.cards
    assert path == "/cyfrinach-communications"
    [attachment] = posted["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    content = attachment["content"]
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    texts = " ".join(block["text"] for block in content["body"])
    assert "Brys. Achosion i edrych arnynt: 1" in texts
    assert "Urgent. Cases to look at: 1" in texts
    assert {action["url"] for action in content["actions"]} == {
        f"https://gwylio.example/{language}/queue" for language in ("cy", "en")
    }


# --- trouble on the way


def test_a_mail_server_that_cannot_be_reached_is_tried_again_later_and_holds_up_nobody_for_ever(
    council: Council,
) -> None:
    council.office.refuse_message["*"] = 451
    council.case(owner="elin")
    council.escalate()
    assert council.states() == [NoticeState.FAILED_FOR_NOW] * 2
    council.office.refuse_message.clear()
    council.escalate(seconds=30)
    assert council.office.messages == [], "not before it is time"
    council.escalate(minutes=1)
    assert council.states() == [NoticeState.SENT] * 2
    assert len(council.post_to("elin")) == 1


def test_after_the_last_try_a_person_is_asked(council: Council) -> None:
    council.office.refuse_message[mailbox("elin")] = 451
    council.case(owner="elin")
    council.escalate()
    for _ in range(TRIES):
        council.escalate(minutes=61)
    [stuck] = [notice for notice in council.notices() if notice.needs_person]
    assert (stuck.state, stuck.tries, stuck.trouble) == (NoticeState.FAILED_FOR_GOOD, TRIES, "message 451")


def test_an_address_that_the_server_does_not_know_fails_at_once(council: Council) -> None:
    council.office.refuse_recipient[mailbox("elin")] = 550
    council.case(owner="elin")
    council.escalate()
    states = {notice.recipient: notice.state for notice in council.notices()}
    assert states[f"user:{council.users['elin']}"] is NoticeState.FAILED_FOR_GOOD
    assert states[f"user:{council.users['rhys']}"] is NoticeState.SENT, "the others are written to"


def test_a_message_that_left_when_the_line_broke_is_never_sent_again_by_itself(council: Council) -> None:
    council.office.hang_up_after_message = True
    council.case(owner="elin")
    council.escalate()
    council.office.hang_up_after_message = False
    first = len(council.office.messages)
    for _ in range(5):
        council.escalate(minutes=61)

    uncertain = [notice for notice in council.notices() if notice.state is NoticeState.UNCERTAIN]
    assert first == len(uncertain) == 1
    assert uncertain[0].needs_person
    assert len(council.office.messages) == len({message["Message-ID"] for message in council.office.messages})

    council.store.write(
        lambda session: telling.settle(
            session, uncertain[0].id, again=True, actor=council.actor("catrin"), now=council.now
        )
    )
    council.escalate(minutes=5)
    copies = [message["Message-ID"] for message in council.office.messages]
    assert len(copies) == len(set(copies)) + 1, "a person sent it again, and a mailbox can know the copy"


def test_while_the_server_cannot_be_reached_one_message_tries_and_the_rest_wait(
    tmp_path: Path,
) -> None:
    lay_out(a_state_folder(), tmp_path)
    with post_office() as gone:
        pass
    with opening.installation(settings_for(tmp_path, gone)) as here:
        here.store.write(an_account)
        council = Council(here, gone, TeamsRoom(), here.store.write(hire))
        council.case(owner="elin")
        council.escalate()
        assert sorted(council.states()) == [NoticeState.FAILED_FOR_NOW, NoticeState.WAITING]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, NoticeState.SENT),
        (202, NoticeState.SENT),
        (302, NoticeState.FAILED_FOR_GOOD),
        (404, NoticeState.FAILED_FOR_GOOD),
        (429, NoticeState.FAILED_FOR_NOW),
        (503, NoticeState.FAILED_FOR_NOW),
        (500, NoticeState.UNCERTAIN),
        (504, NoticeState.UNCERTAIN),
    ],
)
def test_what_a_webhook_answers_decides(council: Council, status: int, state: NoticeState) -> None:
    council.room.answers = [status]
    council.case(severity=Severity.URGENT)
    council.escalate()
    [posted] = [notice for notice in council.notices() if notice.recipient == "teams:communications"]
    assert posted.state is state


def test_a_webhook_that_hangs_up_may_have_taken_it(council: Council) -> None:
    council.room.mute = True
    council.case(severity=Severity.URGENT)
    council.escalate()
    council.room.mute = False
    for _ in range(3):
        council.escalate(minutes=61)
    assert sum(path.endswith("communications") and "000001" in str(said) for path, said in council.room.cards) == 1


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
import opening, pipeline, settings as configuration
from pipeline import mail
from tests.test_notifying import settings_for
from tests.post_office import PostOffice

def die(self, letter):
    os._exit(86)

folder, port, now, point = sys.argv[1:]
real = mail.Post.send

def send(self, letter):
    if point == "before":
        os._exit(86)
    real(self, letter)
    os._exit(86)

mail.Post.send = send
with opening.installation(settings_for(Path(folder), PostOffice(port=int(port)))) as here:
    pipeline.notify(here, now=datetime.fromisoformat(now))
"""


@pytest.mark.parametrize(("point", "left"), [("before", 0), ("after", 1)])
def test_a_process_that_dies_between_intent_and_proof_leaves_the_message_to_a_person(
    council: Council, tmp_path: Path, point: str, left: int
) -> None:
    council.case(owner="elin")
    pipeline.warn(council.here, now=council.now)
    words = [str(tmp_path), str(council.office.port), council.now.isoformat(), point]
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", KILLED, *words], cwd=ROOT, check=False, env=os.environ)
    assert done.returncode == 86
    assert len(council.office.messages) == left
    assert council.states().count(NoticeState.SENDING) == 1

    council.escalate(minutes=1)
    assert council.states().count(NoticeState.SENDING) == 1, "perhaps the other process is only slow"
    council.escalate(minutes=LEASE / timedelta(minutes=1))
    assert council.states().count(NoticeState.UNCERTAIN) == 1
    for _ in range(4):
        council.escalate(minutes=61)
    assert len(council.office.messages) == len({message["Message-ID"] for message in council.office.messages})
    assert [notice.trouble for notice in council.notices() if notice.needs_person] == ["Interrupted"]


# --- the digest


def test_senior_management_get_one_digest_a_day_of_what_is_flagged_urgent_and_late(council: Council) -> None:
    flagged, _urgent = council.case(), council.case(severity=Severity.URGENT)
    council.store.write(
        lambda session: senior.flag(
            session, flagged, actor=council.actor("elin"), now=MONDAY_NOON, words="Mair Enghraifft yn y wasg yfory"
        )
    )
    day = datetime(2026, 11, 10, 8, 59, tzinfo=UTC)
    assert pipeline.senior_digest(council.here, now=day) == 0
    assert pipeline.senior_digest(council.here, now=day + timedelta(minutes=5)) == 2
    assert pipeline.senior_digest(council.here, now=day + timedelta(minutes=10)) == 0
    assert pipeline.senior_digest(council.here, now=day + timedelta(hours=8)) == 0

    [mailed] = council.post_to("sioned")
    assert mailed.startswith("I'r uwch reolwyr, 10 Tachwedd 2026")
    for words in ("Wedi'u fflagio i'r uwch reolwyr: 1", "Achosion brys sy'n dal ar agor: 1", "Atebion hwyr: 2"):
        assert words in mailed
    assert "wasg" not in mailed
    assert [path for path, _ in council.room.cards] == ["/cyfrinach-senior"]

    assert pipeline.senior_digest(council.here, now=day + timedelta(days=1, minutes=5)) == 2, "the next day has its own"


def test_on_a_day_with_nothing_to_say_nothing_is_said(council: Council) -> None:
    council.case(at=DUE_DAY)
    assert pipeline.senior_digest(council.here, now=DUE_DAY + timedelta(hours=1)) == 0
    assert council.office.messages == []


# --- the record, the log, and what is kept from both


def test_every_step_of_a_message_is_on_the_trail_and_the_trail_holds_no_address(council: Council) -> None:
    council.office.refuse_recipient[mailbox("rhys")] = 550
    council.case(owner="elin", severity=Severity.URGENT)
    council.escalate()
    with council.store.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.startswith("notice."))).all()
        assert audit.verify(session, council.here.keys.audit, None) is None
    assert {row.action for row in rows} == {"notice.make", "notice.send", "notice.sent", "notice.fail"}
    for row in rows:
        assert "@" not in str(row.after)
        assert "cyfrinach" not in str(row.after)
        assert "127.0.0.1" not in str(row.after)


def test_no_address_no_webhook_and_no_password_is_logged_or_recorded(council: Council) -> None:
    council.office.refuse_recipient["*"] = 550
    council.room.answers = [404]
    council.case(severity=Severity.URGENT)
    with structlog.testing.capture_logs() as logged:
        council.escalate()
    told = f"{logged} {[notice.trouble for notice in council.notices()]} {council.here.settings!r}"
    assert "message not sent" in told
    for secret in ("cyfrinach", mailbox("elin"), "Mair", "is not here"):
        assert secret not in told


def test_where_no_mail_is_set_up_nothing_is_gathered_for_the_day_it_will_be(tmp_path: Path) -> None:
    lay_out(a_state_folder(), tmp_path)
    with post_office() as office, opening.installation(settings_for(tmp_path, office, mail=Mail())) as here:
        here.store.write(an_account)
        council = Council(here, office, TeamsRoom(), here.store.write(hire))
        council.case(owner="elin")
        council.escalate()
        assert council.notices() == []
        with council.store.read() as session:
            assert session.scalar(select(func.count()).select_from(EntryRow)) == 0


def test_the_demo_sends_nothing_and_keeps_every_message_to_be_read(tmp_path: Path) -> None:
    lay_out(a_state_folder(), tmp_path)
    with (
        post_office() as office,
        teams_room() as room,
        opening.installation(settings_for(tmp_path, office, room, send_notices=False)) as here,
    ):
        here.store.write(an_account)
        council = Council(here, office, room, here.store.write(hire))
        council.case(owner="elin", severity=Severity.URGENT)
        council.escalate()
        assert (office.connections, room.cards) == (0, [])
        assert set(council.states()) == {NoticeState.SENT}


# --- the ways themselves


def a_letter(to: str) -> Letter:
    said = [voice.test() for voice in voices(None, AREAS, POWYS, "https://gwylio.example")]
    return Letter(to, said, "test:1", DUE_DAY)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_leaves_over_tls_signed_in_and_to_a_server_that_we_trust(tmp_path: Path, security: Any) -> None:
    certificate = certificate_in(tmp_path)
    with post_office(certificate=certificate, tls_at_once=security == "tls", asks_for_user=True) as office:
        mail = Mail(
            host="127.0.0.1", port=office.port, security=security, ca_file=certificate, user=USER, password=PASSWORD,
            sender="gwylio@cyngor.example",
        )  # fmt: skip
        way = Post(mail, timeout=5)
        way.knock()
        way.send(a_letter("elin@cyngor.example"))
        assert (office.encrypted, office.signed_in) == ([True], [True])
        [message] = office.messages
        assert message["From"] == "Gwylio <gwylio@cyngor.example>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Subject"] == "Prawf gan Gwylio / A test from Gwylio"

        stranger = mail.model_copy(update={"ca_file": None})
        wrong = mail.model_copy(update={"password": "arall"})
        for other in (stranger, wrong):
            with pytest.raises(OutOfReach) as refused:
                Post(other, timeout=5).send(a_letter("elin@cyngor.example"))
            assert "arall" not in str(refused.value)
            with pytest.raises(OutOfReach):
                Post(other, timeout=5).knock()
        assert len(office.messages) == 1


def test_a_server_without_starttls_gets_neither_our_password_nor_a_message() -> None:
    with post_office(asks_for_user=True) as office:
        mail = Mail(host="127.0.0.1", port=office.port, user=USER, password=PASSWORD, sender="gwylio@cyngor.example")
        with pytest.raises(OutOfReach):
            Post(mail, timeout=5).send(a_letter("elin@cyngor.example"))
        assert office.messages == []


@pytest.mark.parametrize(
    "address", ["elin", "elin@cyngor.example\r\nBcc: x@y.example", "Elin <e@c.example>", "", "a@b c"]
)
def test_what_is_no_mailbox_is_not_written_to(address: str) -> None:
    with post_office() as office:
        mail = Mail(host="127.0.0.1", port=office.port, security="none", sender="gwylio@cyngor.example")
        with pytest.raises(NotTaken) as refused:
            Post(mail, timeout=5).send(a_letter(address))
        assert refused.value.for_good
        assert office.connections == 0


def test_a_webhook_that_is_not_there_is_out_of_reach_and_its_address_is_not_said() -> None:
    with teams_room() as room:
        address = f"{room.url}/cyfrinach"
        Webhooks((address,)).knock()
        Webhooks().send(a_letter(address))
        room.mute = True
        with pytest.raises(NoAnswer) as broken:
            Webhooks().send(a_letter(address))
    with pytest.raises(OutOfReach) as gone:
        Webhooks().send(a_letter(address))
    with pytest.raises(OutOfReach):
        Webhooks((address,)).knock()
    for error in (broken.value, gone.value):
        assert "cyfrinach" not in str(error)
        assert error.__cause__ is None


def test_a_card_is_never_larger_than_teams_takes() -> None:
    many = [
        Told(
            number,
            f"GW-2026-{number:06d}",
            about=("policy: {rule}", dict.fromkeys(["rule", "rule_cy"], f"{number % 40}" * 40)),
        )
        for number in range(2_000)
    ]
    said = [voice.warnings(many) for voice in voices(None, AREAS, POWYS, "https://gwylio.example")]

    assert len(json.dumps(card(said), ensure_ascii=False).encode()) <= LARGEST


def test_only_what_is_set_up_is_a_way(tmp_path: Path) -> None:
    with post_office() as office:
        bare = settings_for(tmp_path, office, mail=Mail())
        assert channels(bare) == {}
        assert channels(settings_for(tmp_path, office)).keys() == {"user:"}
