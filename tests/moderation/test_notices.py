"""A message goes to the right people, by day, in their language, with everything in it and nothing of anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from moderation import notices
from moderation.escalation import tells
from moderation.notices import LISTED, TRIES, Digest, Voice, digest_is_due, hears, leaving, retry_at, voices
from moderation.policy import Policy, PolicyError, Whom, load
from tests.moderation.given import AREAS, DAYS, POWYS, with_rules
from tests.moderation.test_escalation import MONDAY, a_case
from vocabulary import Clock, Reason, Role, Severity
from words import Words

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
HTTPS = "https://gwylio.example"


@dataclass
class Person:
    id: int
    grants: set[tuple[Role, str]]
    email: str = "x@cyngor.example"


@dataclass(frozen=True)
class Told:
    case_id: int = 1
    reference: str = "GW-2026-000001"
    area: str = "waste"
    due: date | None = MONDAY
    about: tuple[str, Mapping[str, str | int]] = field(
        default_factory=lambda: ("policy: {rule}", {"rule": "the answer is late", "rule_cy": "mae'r ateb yn hwyr"})
    )
    urgent: bool = False
    at_night: bool = False
    stands: bool = True
    waits: bool = False
    called: Reason | None = None
    by: date | None = None

    @property
    def leads(self) -> str:
        return f"cases/{self.case_id}"


PEOPLE = [
    Person(1, {(Role.OFFICER, "waste")}),
    Person(2, {(Role.OFFICER, "highways")}),
    Person(3, {(Role.OFFICER, "*")}),
    Person(4, {(Role.COMMUNICATIONS, "*")}),
    Person(5, {(Role.SENIOR, "*"), (Role.OFFICER, "highways")}),
    Person(6, {(Role.OFFICER, "waste")}, email=""),
    Person(7, {(Role.COMMUNICATIONS, "highways")}),
]

WHO = [
    (Whom.OWNER, "waste", 2, (), ("user:2",)),
    (Whom.OWNER, "waste", None, (), ()),
    (Whom.OWNER, "waste", 6, (), ()),
    (Whom.AREA, "waste", 2, (), ("user:1", "user:3")),
    (Whom.AREA, "highways", None, ("highways", "waste"), ("user:2", "user:3", "user:5", "teams:highways")),
    (Whom.COMMUNICATIONS, "waste", None, ("communications",), ("user:4", "teams:communications")),
    (Whom.COMMUNICATIONS, "highways", None, (), ("user:4", "user:7")),
    (Whom.COMMUNICATIONS, "*", None, (), ("user:4", "user:7")),
    (Whom.SENIOR, "waste", None, ("senior", "waste"), ("user:5", "teams:senior")),
    (Whom.OWNER, "waste", 1, ("waste", "owner"), ("user:1",)),
]


@pytest.mark.parametrize(("whom", "area", "owner", "places", "recipients"), WHO)
def test_those_whom_the_policy_names_hear(
    whom: Whom, area: str, owner: int | None, places: tuple[str, ...], recipients: tuple[str, ...]
) -> None:
    assert hears(whom, area, owner, PEOPLE, places) == recipients


ORDINARY, URGENT = Told(), Told(2, urgent=True)
AT_ANY_HOUR = Told(3, urgent=True, at_night=True)
SETTLED = Told(4, stands=False)
HOURS_AGO, MINUTES_AGO = NOON - timedelta(hours=2), NOON - timedelta(minutes=59)
DAY, NIGHT = True, False

GOES: list[tuple[list[Told], datetime | None, bool, list[Told]]] = [
    ([ORDINARY], None, DAY, [ORDINARY]),
    ([ORDINARY], HOURS_AGO, DAY, [ORDINARY]),
    ([ORDINARY], MINUTES_AGO, DAY, []),
    ([ORDINARY, URGENT], MINUTES_AGO, DAY, [ORDINARY, URGENT]),
    ([ORDINARY, URGENT], None, NIGHT, []),
    ([ORDINARY, URGENT, AT_ANY_HOUR], None, NIGHT, [AT_ANY_HOUR]),
    ([AT_ANY_HOUR], MINUTES_AGO, NIGHT, [AT_ANY_HOUR]),
    ([SETTLED], None, DAY, []),
    ([SETTLED, ORDINARY], None, DAY, [ORDINARY]),
    ([], None, DAY, []),
]


@pytest.mark.parametrize(("waiting", "last", "day", "goes"), GOES, ids=range(len(GOES)))
def test_everything_goes_together_by_day_and_not_again_within_the_hour(
    waiting: list[Told], last: datetime | None, day: bool, goes: list[Told]
) -> None:
    assert list(leaving(waiting, last=last, open_now=day, policy=POWYS, now=NOON)) == goes


DIGESTS = [
    ("2026-11-20T08:59:00+00:00", None),
    ("2026-11-20T09:00:00+00:00", date(2026, 11, 20)),
    ("2026-11-20T17:14:00+00:00", date(2026, 11, 20)),
    ("2026-11-20T17:15:00+00:00", None),
    ("2026-11-21T10:00:00+00:00", None),
    ("2026-12-25T10:00:00+00:00", None),
    ("2026-07-01T08:00:00+00:00", date(2026, 7, 1)),
]


@pytest.mark.parametrize(("now", "day"), DIGESTS)
def test_the_digest_leaves_at_its_hour_on_a_working_day_or_later_that_day(now: str, day: date | None) -> None:
    assert digest_is_due(POWYS, DAYS[Clock.ANSWER], datetime.fromisoformat(now)) == day


def test_an_attempt_is_made_ever_later_and_not_for_ever() -> None:
    waits = [retry_at(tries, NOON) for tries in range(1, TRIES)]
    assert waits == sorted(set(filter(None, waits)))
    assert retry_at(TRIES, NOON) is None


def voice(language: Any = "en", address: str = HTTPS) -> Voice:
    return Voice(Words(language), AREAS, POWYS, address)


def test_a_message_names_each_case_once_under_each_reason_and_the_urgent_first() -> None:
    about = ("policy: {rule}", {"rule": "danger", "rule_cy": "perygl"})
    danger = Told(7, "GW-2026-000007", "social-care", None, about, urgent=True)
    said = voice().warnings([Told(), Told(), Told(2, "GW-2026-000002"), danger])

    assert said.subject == "Urgent. Cases to look at: 3"
    assert [group.heading for group in said.groups] == ["Policy: danger", "Policy: the answer is late"]
    waste = AREAS["waste"].name.en
    assert [line.text for line in said.groups[1].lines] == [
        f"GW-2026-000001 · {waste} · answer by 23 November 2026",
        f"GW-2026-000002 · {waste} · answer by 23 November 2026",
    ]
    assert said.groups[0].lines[0].link == f"{HTTPS}/en/cases/7"


def test_each_language_says_it_in_its_own_words_and_leads_to_its_own_pages() -> None:
    welsh = voice("cy").warnings([Told()])
    assert welsh.subject == "Achosion i edrych arnynt: 1"
    assert welsh.groups[0].heading == "Polisi: mae'r ateb yn hwyr"
    assert "i'w ateb erbyn 23 Tachwedd 2026" in welsh.groups[0].lines[0].text
    assert welsh.groups[0].lines[0].link == f"{HTTPS}/cy/cases/1"


@pytest.mark.parametrize(("language", "languages"), [("cy", ["cy"]), ("en", ["en"]), (None, ["cy", "en"])])
def test_a_person_reads_their_own_language_and_a_channel_both(language: str | None, languages: list[str]) -> None:
    assert [each.words.language for each in voices(language, AREAS, POWYS, "")] == languages


def test_a_long_list_is_cut_short_and_says_so() -> None:
    many = [Told(number, f"GW-2026-{number:06d}") for number in range(1, LISTED + 6)]
    [group] = voice().warnings(many).groups
    assert len(group.lines) == LISTED + 1
    assert group.lines[-1].text == "and more: 5"


def test_without_an_address_of_the_app_there_are_no_links() -> None:
    said = voice(address="").warnings([Told()])
    assert {line.link for group in said.groups for line in (*group.lines, *said.closing)} == {""}


def test_the_digest_says_what_is_flagged_urgent_and_late() -> None:
    found = Digest(
        day=date(2026, 11, 20),
        flagged=((3, "GW-2026-000003", "waste", NOON),),
        urgent=((4, "GW-2026-000004", "social-care", NOON),),
        late=(("waste", 2, date(2026, 11, 18)), ("highways", 1, date(2026, 11, 19))),
    )
    english, welsh = voice().digest(found), voice("cy").digest(found)
    assert [group.heading for group in english.groups] == [
        "Flagged for senior management: 1",
        "Urgent and open: 1",
        "Late answers: 3",
    ]
    assert [group.heading for group in welsh.groups] == [
        "Wedi'u fflagio i'r uwch reolwyr: 1",
        "Achosion brys sy'n dal ar agor: 1",
        "Atebion hwyr: 3",
    ]
    assert "2, the oldest due 18 November 2026" in english.groups[2].lines[0].text
    assert found.says_anything
    assert not Digest(day=date(2026, 11, 20)).says_anything


def test_a_message_is_read_back_as_it_was_written() -> None:
    said = (voice("cy").warnings([Told()]), voice().warnings([Told()]))
    assert notices.read(notices.written(said)) == said


# --- up the chain: working hours since somebody was told and nobody opened the case

FRIDAY_NINE = datetime.fromisoformat("2026-11-20T09:00:00+00:00")
CHAIN = [
    ("2026-11-20T10:59:00+00:00", Severity.NONE, set()),
    ("2026-11-20T11:00:00+00:00", Severity.NONE, {"unopened-area"}),
    ("2026-11-20T13:00:00+00:00", Severity.NONE, {"unopened-area", "unopened-communications"}),
    ("2026-11-20T15:00:00+00:00", Severity.NONE, {"unopened-area", "unopened-communications"}),
    ("2026-11-20T15:00:00+00:00", Severity.HIGH, {"unopened-area", "unopened-communications"}),
    ("2026-11-20T14:59:00+00:00", Severity.URGENT, {"unopened-area", "unopened-communications"}),
    ("2026-11-20T15:00:00+00:00", Severity.URGENT, {"unopened-area", "unopened-communications", "unopened-senior"}),
    ("2026-11-21T15:00:00+00:00", Severity.URGENT, set()),
]


@pytest.mark.parametrize(("now", "severity", "rules"), CHAIN)
def test_the_next_one_up_hears_when_nobody_has_opened_it(now: str, severity: Severity, rules: set[str]) -> None:
    facts = a_case(due=MONDAY, severity=severity, unopened_since=FRIDAY_NINE, told=frozenset({"urgent/area/urgent"}))
    found = tells(facts, POWYS, DAYS, datetime.fromisoformat(now))
    assert {each.key.split("/")[0] for each in found if each.key.startswith("unopened")} == rules


def test_once_it_was_opened_nobody_further_up_hears_of_it() -> None:
    now = datetime.fromisoformat("2026-11-20T16:00:00+00:00")
    found = tells(a_case(due=MONDAY, severity=Severity.URGENT, unopened_since=None), POWYS, DAYS, now)
    assert not [each for each in found if each.key.startswith("unopened")]


def test_senior_management_hear_of_single_cases_last_and_only_of_urgent_ones() -> None:
    for pack in map(load, ("common", "powys", "cardiff", "carmarthenshire", "rhondda-cynon-taf", "estyn", "school")):
        rules = [rule for rule in pack.escalations if Whom.SENIOR in rule.tell]
        hours = [rule.unopened_working_hours or 0 for rule in pack.escalations]
        assert [(rule.severity, rule.unopened_working_hours) for rule in rules] == [(Severity.URGENT, max(hours))]


def test_estyn_flags_conversations_to_senior_management_because_its_policy_says_so() -> None:
    digest = load("estyn").senior_digest
    assert (digest.source.value, digest.cites, digest.tell) == ("policy", "monitoring", (Whom.SENIOR,))


UNOPENED = '[[escalate]]\nslug = "x"\ntell = ["area"]\nbecause = { cy = "a", en = "b" }\nunopened_working_hours = 1\n'
BROKEN = [
    ("[senior_digest]\nsent_at = 07:00:00\n", "must lie within the working hours"),
    ('[senior_digest]\ntell = ["owner"]\n', "it goes to roles only"),
    ("[notices]\ngather_minutes = -1\n", "must be 0 or more"),
    (f"{UNOPENED}at_night = true\n", "at_night is for severity and labels"),
    (f"{UNOPENED}due_in_working_days = 1\n", "needs exactly one of"),
    (f'{UNOPENED}labels = ["abuse"]\n', "needs exactly one of"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_a_pack_that_would_write_at_night_or_to_nobody_is_refused(tmp_path: Any, text: str, reason: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError, match=reason):
        load(path, areas=AREAS.slugs)


def test_a_pack_may_leave_nobody_in_peace() -> None:
    restless: Policy = with_rules(POWYS, notices=POWYS.notices.model_copy(update={"gather_minutes": 0}))
    assert leaving([ORDINARY], last=NOON, open_now=DAY, policy=restless, now=NOON)
    assert not [line for line in replace(voice(), policy=restless).warnings([Told()]).closing if "minutes" in line.text]
