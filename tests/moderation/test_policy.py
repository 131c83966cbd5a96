"""A pack carries the figures of its body, and a broken one is refused with everything that is wrong."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from pydantic import ValidationError

from moderation import policy
from moderation.policy import Approver, PolicyError, Source, load, names, policy_version
from tests.moderation.given import AREAS, DAYS, POWYS
from vocabulary import Clock, Label, Language, ReplyLanguage, Severity

P, US = Source.POLICY, Source.OURS
EN, BOTH = ReplyLanguage.EN, ReplyLanguage.BOTH
COMMS, LEGAL = Approver.COMMUNICATIONS, Approver.LEGAL

# body                 answer    by whom  ack  to English, by whom  a removal needs          by whom  author told
BODIES = [
    ("powys",             5, P,  "11.2", 1, EN,   P,  "8.1",  (COMMS,),    P,  "12",  False),
    ("cardiff",           5, US, "",     1, EN,   P,  "5",    (COMMS,),       US, "",    False),
    ("carmarthenshire",   5, US, "",     1, BOTH, P,  "5.13", (COMMS, LEGAL), P,  "9.4", True),
    ("rhondda-cynon-taf", 5, US, "",     1, EN,   P,  "5.2",  (COMMS,),       US, "",    False),
    ("estyn",             5, US, "",     1, EN,   US, "",     (COMMS,),       US, "",    False),
    ("school",            5, US, "",     1, EN,   P,  "5.2",  (COMMS,),       US, "",    False),
]  # fmt: skip


@pytest.mark.parametrize("row", BODIES, ids=lambda row: row[0])
def test_each_pack_carries_its_bodys_figures_and_says_whose_they_are(row: tuple[object, ...]) -> None:
    pack = load(str(row[0]))
    assert row[1:] == (
        pack.response.answer_days.value,
        pack.response.answer_days.source,
        pack.response.answer_days.cites,
        pack.response.acknowledge_days.value,
        pack.reply_language.to_english,
        pack.reply_language.source,
        pack.reply_language.cites,
        pack.removal.approvers,
        pack.removal.source,
        pack.removal.cites,
        pack.removal.tell_author,
    )
    assert pack.response.acknowledge_days.source is Source.OURS, "no body states a figure for the acknowledgement"
    assert pack.response.deemed_next_working_day is False


# body                 a machine translates       reference, department     a second reader before an election
REPLIES = [
    ("powys",             "immediate_danger", P,  "8.5", False, False, US, "",    False, US, ""),
    ("cardiff",           "never",            US, "",    False, False, US, "",    False, US, ""),
    ("carmarthenshire",   "never",            US, "",    False, False, US, "",    False, US, ""),
    ("rhondda-cynon-taf", "never",            US, "",    True,  True,  P,  "5.3", False, US, ""),
    ("estyn",             "never",            US, "",    False, False, US, "",    True,  P,  "pre-election"),
    ("school",            "never",            US, "",    True,  True,  P,  "5.3", False, US, ""),
]  # fmt: skip


@pytest.mark.parametrize("row", REPLIES, ids=lambda row: row[0])
def test_each_pack_says_of_replies_what_its_body_does_and_no_more(row: tuple[object, ...]) -> None:
    pack = load(str(row[0]))
    machine, contents, approval = pack.translation.machine, pack.reply_contents, pack.approval
    assert row[1:] == (
        machine.value,
        machine.source,
        machine.cites,
        contents.reference,
        contents.department,
        contents.source,
        contents.cites,
        approval.pre_election,
        approval.source,
        approval.cites,
    )
    assert (approval.always, approval.labels) == (False, ()), "no body asks for a second reader at other times"
    assert pack.translation.days.source is US, "no body states a figure for the translators"


def test_a_pre_election_period_takes_in_both_of_its_days(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(
        'extends = "estyn"\n[[pre_election]]\nbegins = 2027-03-22\nends = 2027-05-06\n'
        'title = { cy = "Etholiadau", en = "Elections" }\n',
        encoding="utf-8",
    )
    pack = load(path, areas=AREAS.slugs)
    on = {day: pack.pre_election_on(date.fromisoformat(day)) is not None for day in (
        "2027-03-21", "2027-03-22", "2027-05-06", "2027-05-07",
    )}  # fmt: skip
    assert list(on.values()) == [False, True, True, False]


def test_the_six_bodies_and_their_common_ground_are_all_there_is() -> None:
    assert set(names()) == {str(row[0]) for row in BODIES} | {"common"}


@pytest.mark.parametrize("name", names())
def test_every_label_has_a_threshold_and_a_severity_in_every_pack(name: str) -> None:
    pack = load(name)
    assert all(0 <= pack.thresholds[label] <= 1 and isinstance(pack.severity[label], Severity) for label in Label)


@pytest.mark.parametrize("name", names())
def test_every_pack_can_close_a_case_in_the_ways_the_reports_count(name: str) -> None:
    pack = load(name)
    assert {"answered", "signposted", "referred", "no_response_needed", "withdrawn", "removed"} == {
        outcome.slug for outcome in pack.outcomes
    }
    no_response = pack.outcome("no_response_needed")
    assert no_response is not None
    assert not no_response.answers


@pytest.mark.parametrize("name", names())
def test_danger_is_urgent_in_every_pack_and_complaint_never_is(name: str) -> None:
    pack = load(name)
    for label in (Label.THREAT, Label.SELF_HARM, Label.SAFEGUARDING):
        assert pack.severity[label] is Severity.URGENT
    assert pack.severity[Label.NEGATIVE] is Severity.NONE
    assert pack.severity[Label.COMPLAINT].rank <= Severity.LOW.rank


def test_a_school_sends_safeguarding_to_education() -> None:
    assert load("school").routes[0].to == "education"
    assert load("school").hours.closes == time(16, 0)


def test_a_pack_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        POWYS.version = "2027"


def test_the_version_names_the_pack_and_changes_with_anything_in_it(tmp_path: Path) -> None:
    assert re.fullmatch(r"powys 2026-11 [0-9a-f]{8}", policy_version(POWYS))
    path = tmp_path / "ours.toml"
    versions = set()
    for days in (5, 5, 4):
        path.write_text(
            f'extends = "powys"\n[response]\nanswer_days = {{ value = {days}, source = "ours" }}\n', encoding="utf-8"
        )
        versions.add(policy_version(load(path, areas=AREAS.slugs)))
    assert len(versions) == 2


def test_a_comment_with_welsh_in_it_may_have_thresholds_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('extends = "powys"\n[welsh_thresholds]\nabuse = 0.4\n', encoding="utf-8")
    pack = load(path, areas=AREAS.slugs)
    plain = pack.thresholds[Label.ABUSE]
    assert {language: pack.threshold(Label.ABUSE, language) for language in Language} == {
        Language.CY: 0.4, Language.MIXED: 0.4, Language.EN: plain, Language.OTHER: plain, Language.UND: plain,
    }  # fmt: skip
    assert pack.threshold(Label.COMPLAINT, Language.CY) == pack.thresholds[Label.COMPLAINT]


def test_a_pack_by_path_may_extend_one_of_ours_and_says_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "ein-cyngor.toml"
    path.write_text(
        'extends = "carmarthenshire"\n'
        "[thresholds]\nabuse = 0.8\n"
        "[[closure]]\nday = 2026-12-29\n"
        'title = { cy = "Swyddfeydd ar gau", en = "Offices closed" }\n',
        encoding="utf-8",
    )
    pack = load(path, areas=AREAS.slugs)
    assert (pack.name, pack.thresholds[Label.ABUSE], pack.thresholds[Label.HATE]) == ("ein-cyngor", 0.8, 0.3)
    assert pack.removal.approvers == (COMMS, LEGAL)
    assert [(day.day, day.division) for day in pack.closure_days] == [(date(2026, 12, 29), "closure")]


@pytest.mark.parametrize(
    ("now", "on"),
    [
        ("2026-11-20T08:44:59Z", False),
        ("2026-11-20T08:45:00Z", True),
        ("2026-11-20T17:14:59Z", True),
        ("2026-11-20T17:15:00Z", False),
        ("2026-07-01T07:45:00Z", True),
        ("2026-07-01T16:15:00Z", False),
        ("2026-11-21T12:00:00Z", False),
        ("2026-12-25T12:00:00Z", False),
    ],
)
def test_working_hours_are_those_of_london_on_a_working_day(now: str, on: bool) -> None:
    assert POWYS.hours.are_on(datetime.fromisoformat(now).astimezone(UTC), DAYS[Clock.ANSWER]) is on


WHOM = (
    "'owner', 'area', 'communications', 'translator', 'safeguarding', 'legal', 'senior', 'auditor' or 'administrator'"
)
LABELS = ", ".join(f"'{label}'" for label in list(Label)[:-1]) + f" or '{Label.NEGATIVE}'"
BECAUSE = 'because = { cy = "a", en = "b" }\n'
LAST = '[[route]]\nto = "default"\nbecause = { cy = "a", en = "b" }\n'

# What the file says after `extends = "common"` on line 1, and every line of the refusal.
ONE_TRIGGER = "needs exactly one of due_in_working_days, overdue_working_days, unopened_working_hours, severity, labels"
BROKEN = [
    ("[thresholds]\nabuse = 1.5\n", ["bad.toml:3: thresholds.abuse: must be 1.0 or less"]),
    ("[thresholds]\nabuse = -0.1\n", ["bad.toml:3: thresholds.abuse: must be 0.0 or more"]),
    ("[thresholds]\nabuse = nan\n", ["bad.toml:3: thresholds.abuse: must be a number"]),
    ('[thresholds]\nabuse = "high"\n', ["bad.toml:3: thresholds.abuse: must be a number"]),
    ("[thresholds]\nabus = 0.5\n", ["bad.toml:3: thresholds.abus: is not a key we know; did you mean abuse?"]),
    ("[thresholds]\nwelsh = 0.5\n", ["bad.toml:3: thresholds.welsh: is not a key we know"]),
    ("thresholds = 3\n", ["bad.toml:2: thresholds: must be a table"]),
    (
        '[severity]\nhate = "dire"\n',
        ["bad.toml:3: severity.hate: must be one of 'none', 'low', 'medium', 'high' or 'urgent'"],
    ),
    (
        '[response]\nanswer_days = { value = -1, source = "ours" }\n',
        ["bad.toml:3: response.answer_days.value: must be 0 or more"],
    ),
    (
        '[response]\nanswer_days = { value = 0, source = "ours" }\n',
        ["bad.toml:2: response: answer_days must be 1 or more"],
    ),
    (
        '[response]\nanswer_days = { value = 2.5, source = "ours" }\n',
        ["bad.toml:3: response.answer_days.value: must be a whole number"],
    ),
    (
        '[response]\nacknowledge_days = { value = 6, source = "ours" }\n',
        ["bad.toml:2: response: acknowledge_days must not be more than answer_days"],
    ),
    (
        '[response]\nanswer_days = { value = 5, source = "policy" }\n',
        ['bad.toml:3: response.answer_days: comes from the policy, so it needs cites = "..." (the section)'],
    ),
    (
        '[response]\nanswer_days = { value = 5, source = "them" }\n',
        ["bad.toml:3: response.answer_days.source: must be one of 'policy' or 'ours'"],
    ),
    (
        "[response]\nanser_days = 5\n",
        ["bad.toml:3: response.anser_days: is not a key we know; did you mean answer_days?"],
    ),
    ("[hours]\nopens = 18:00:00\n", ["bad.toml:2: hours: opens must be earlier than closes"]),
    ("[hours]\nopens = 9\n", ["bad.toml:3: hours.opens: must be a time, such as 09:00:00"]),
    (
        '[reply_language]\nvalue = "welsh"\n',
        ["bad.toml:3: reply_language.value: must be one of 'same-as-contact' or 'bilingual'"],
    ),
    ('title = { cy = "Cyngor", en = "" }\n', ["bad.toml:2: title.en: must not be empty"]),
    ("version = 3\n", ["bad.toml:2: version: must be text in quotes"]),
    ('name = "powys"\n', ["bad.toml:2: name: is not a key we know; a pack is named by its file"]),
    ("[removal]\napprovers = []\n", ["bad.toml:3: removal.approvers: must have at least 1"]),
    (
        '[removal]\napprovers = ["mayor"]\n',
        ["bad.toml:3: removal.approvers[1]: must be one of 'communications' or 'legal'"],
    ),
    (
        '[translation]\nmachine = { value = "often", source = "ours" }\n',
        ["bad.toml:3: translation.machine.value: must be one of 'never' or 'immediate_danger'"],
    ),
    (
        '[[pre_election]]\nbegins = 2027-05-06\nends = 2027-03-22\ntitle = { cy = "a", en = "b" }\n',
        ["bad.toml:2: pre_election[1]: ends must not be earlier than begins"],
    ),
    ('[approval]\nlabels = ["welsh"]\n', [f"bad.toml:3: approval.labels[1]: must be one of {LABELS}"]),
    ("route = []\n", ["bad.toml:2: route: must have at least 1"]),
    (
        '[[route]]\nto = "waste"\nwhen = ["spam"]\nbecause = { cy = "a", en = "b" }\n',
        ["bad.toml:2: route[1]: the last route must have no condition, so that nothing is lost"],
    ),
    (LAST * 2, ["bad.toml:2: route[1]: has no condition, so the routes after it are never reached"]),
    (
        LAST.replace("default", "wast"),
        ["bad.toml:3: route[1].to: there is no service area wast; did you mean waste?"],
    ),
    (
        '[[route]]\nwhen = ["welsh"]\nto = "waste"\nbecause = { cy = "a", en = "b" }\n' + LAST,
        [f"bad.toml:3: route[1].when[1]: must be one of {LABELS}"],
    ),
    (
        '[[route]]\nmentions = { cy = ["bin", "?!"] }\nto = "waste"\n' + BECAUSE + LAST,
        ["bad.toml:3: route[1].mentions.cy[2]: has no letter in it, so it is never found"],
    ),
    ('[[route]]\nto = "default"\n', ["bad.toml:2: route[1].because: is missing"]),
    (
        '[[outcome]]\nslug = "Answered!"\ncy = "a"\nen = "b"\nanswers = true\n',
        ["bad.toml:3: outcome[1].slug: must fit the pattern ^[a-z][a-z0-9_]*$"],
    ),
    (
        '[[outcome]]\nslug = "a"\ncy = "a"\nen = "b"\nanswers = true\n' * 2,
        ["bad.toml:8: outcome[2].slug: a is already outcome[1]"],
    ),
    (
        '[[escalate]]\nslug = "x"\ntell = ["owner"]\nbecause = { cy = "a", en = "b" }\n',
        [f"bad.toml:2: escalate[1]: {ONE_TRIGGER}"],
    ),
    (
        '[[escalate]]\nslug = "x"\ndue_in_working_days = 1\nat_night = true\ntell = ["area"]\n' + BECAUSE,
        ["bad.toml:2: escalate[1]: at_night is for severity and labels; a date can wait until morning"],
    ),
    (
        '[[escalate]]\nslug = "x"\nseverity = "high"\ntell = ["mayor"]\nbecause = { cy = "a", en = "b" }\n',
        [
            f"bad.toml:5: escalate[1].tell[1]: must be one of {WHOM}",
        ],
    ),
    (
        "[[closure]]\nday = 3\n",
        ["bad.toml:2: closure[1].title: is missing", "bad.toml:3: closure[1].day: must be a date, such as 2026-12-29"],
    ),
    (
        '[report_pages]\nx = "http://x.example/"\n',
        ["bad.toml:3: report_pages.x: must fit the pattern ^https://[^\\s/]+/\\S*$"],
    ),
    ("x = [\n", ["bad.toml:3: is not TOML: invalid value"]),
    ("version = 1\nversion = 2\n", ["bad.toml:3: is not TOML: cannot overwrite a value"]),
]


@pytest.mark.parametrize(("text", "problems"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_pack_is_refused_with_key_line_and_reason(tmp_path: Path, text: str, problems: list[str]) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load(path, areas=AREAS.slugs)
    assert [str(problem) for problem in caught.value.problems] == problems


def test_everything_wrong_in_a_pack_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        """extends = "common"
version = 3

[thresholds]
abus = 0.5
hate = 7

[response]
answer_days = { value = -1, source = "ours" }

[[route]]
when = ["spam"]
to = "wast"
because = { cy = "a", en = "b" }
""",
        encoding="utf-8",
    )
    with pytest.raises(PolicyError) as caught:
        load(path, areas=AREAS.slugs)
    assert str(caught.value).splitlines() == [
        "bad.toml:2: version: must be text in quotes",
        "bad.toml:5: thresholds.abus: is not a key we know; did you mean abuse?",
        "bad.toml:6: thresholds.hate: must be 1.0 or less",
        "bad.toml:9: response.answer_days.value: must be 0 or more",
        "bad.toml:11: route[1]: the last route must have no condition, so that nothing is lost",
        "bad.toml:13: route[1].to: there is no service area wast; did you mean waste?",
    ]


def test_a_problem_in_the_pack_below_is_laid_there(tmp_path: Path) -> None:
    (tmp_path / "below.toml").write_text('extends = "common"\n[thresholds]\nabuse = 2\n', encoding="utf-8")
    (tmp_path / "above.toml").write_text('extends = "below"\n[thresholds]\nhate = 2\n', encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load(tmp_path / "above.toml", areas=AREAS.slugs)
    assert [str(problem) for problem in caught.value.problems] == [
        "above.toml:3: thresholds.hate: must be 1.0 or less",
        "below.toml:3: thresholds.abuse: must be 1.0 or less",
    ]


def test_a_threshold_that_nobody_states_is_missing(tmp_path: Path) -> None:
    common = (policy.PACKS / "common.toml").read_text(encoding="utf-8")
    path = tmp_path / "alone.toml"
    path.write_text(re.sub(r"(?m)^vexatious = 0.*\n", "", common), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"alone.toml:\d+: thresholds.vexatious: is missing"):
        load(path, areas=AREAS.slugs)


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("powis", "bad.toml:1: extends: there is no pack named powis; did you mean powys?"),
        ("bad", "bad.toml:1: extends: bad extends this pack in its turn"),
    ],
)
def test_a_pack_that_cannot_be_extended_is_named(tmp_path: Path, extends: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "{extends}"\n', encoding="utf-8")
    with pytest.raises(PolicyError, match=re.escape(message)):
        load(path, areas=AREAS.slugs)


def test_an_unknown_pack_is_answered_with_those_there_are() -> None:
    with pytest.raises(PolicyError, match=r"no such policy pack; did you mean cardiff\?; there are cardiff, "):
        load("cardif")


def test_a_pack_in_another_encoding_says_on_which_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes('extends = "common"\n# Tŷ\n# Caf\xe9'.encode("latin-1", "replace"))
    with pytest.raises(PolicyError, match=r"bad\.toml:3: is not UTF-8; save it as UTF-8"):
        load(path, areas=AREAS.slugs)
