"""What was seen points to a rule and decides nothing; criticism is never taken down for being criticism."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import house_rules
from moderation.house_rules import Caution, RemovalRefused, Wish, cautions, check, is_criticism_only, is_hidden_first
from moderation.policy import NO_GROUND, TAKING_DOWN, HouseRule, Policy, PolicyError, Source, load, names
from tests.moderation.given import AREAS, CARMARTHENSHIRE, POWYS, seen, with_rules, written_in
from vocabulary import Label, Language, Recommended, RemovalKind, Severity

RCT, SCHOOL = load("rhondda-cynon-taf"), load("school")
L, R = Label, Recommended
NOTHING, CRITICISM_ONLY, UNSUPPORTED = (), (Caution.CRITICISM_ONLY,), (Caution.UNSUPPORTED,)
BOTH = (Caution.UNSUPPORTED, Caution.CRITICISM_ONLY)


def rule(pack: Policy, slug: str) -> HouseRule:
    found = pack.house_rule(slug)
    assert found is not None
    return found


# The house rules of Rhondda Cynon Taf (5.3): what points to each, whether it removes, what is recommended first.
OF_RCT = [
    ("civil",         (),                  False, R.ANSWER),
    ("unlawful",      (),                  True,  R.REMOVE),
    ("defamatory",    (L.DEFAMATION_RISK,), True, R.LEGAL),
    ("abusive",       (L.ABUSE,),          True,  R.HIDE),
    ("threatening",   (L.THREAT,),         True,  R.POLICE),
    ("racist",        (L.HATE,),           True,  R.HIDE),
    ("obscene",       (L.SEXUAL,),         True,  R.HIDE),
    ("swearing",      (L.PROFANITY,),      True,  R.HIDE),
    ("copied",        (),                  True,  R.REMOVE),
    ("repeated",      (L.REPEATED,),       True,  R.HIDE),
    ("personal_data", (L.PERSONAL_DATA,),  True,  R.HIDE),
    ("advertising",   (L.SPAM,),           True,  R.REMOVE),
    ("impersonation", (L.IMPERSONATION,),  True,  R.REPORT),
]  # fmt: skip

# Its school annex (9.4).
OF_SCHOOL = [
    ("threat_or_racism", "9.4, 5A", (L.THREAT, L.HATE),                     True,  (R.POLICE, R.HIDE)),
    ("upsetting",        "9.4, 5B", (L.ABUSE, L.SEXUAL),                    True,  (R.ASK_AUTHOR, R.REPORT, R.HIDE)),
    ("minor",            "9.4, 5C", (L.PROFANITY, L.REPEATED),              False, (R.LEAVE,)),
    ("defamatory",       "9.4, 5E", (L.DEFAMATION_RISK,),                   True,  (R.LEGAL,)),
    ("criticism",        "9.4, 6",  (L.NEGATIVE, L.COMPLAINT, L.POLITICAL), False, (R.ANSWER,)),
]  # fmt: skip


@pytest.mark.parametrize("row", OF_RCT, ids=lambda row: row[0])
def test_rhondda_cynon_taf_carries_its_house_rules(row: tuple[str, tuple[Label, ...], bool, Recommended]) -> None:
    found = rule(RCT, row[0])
    assert (found.labels, found.removable, found.acts[0]) == row[1:]
    assert (found.source, found.cites) == (Source.POLICY, "5.3")


@pytest.mark.parametrize("row", OF_SCHOOL, ids=lambda row: row[0])
def test_a_school_carries_the_rules_of_its_annex(row: tuple[object, ...]) -> None:
    found = rule(SCHOOL, str(row[0]))
    assert (found.cites, found.labels, found.removable, found.acts) == row[1:]


@pytest.mark.parametrize("name", names())
def test_in_every_pack_criticism_has_a_rule_that_asks_for_an_answer_and_takes_nothing_down(name: str) -> None:
    pack = load(name)
    found = rule(pack, "criticism")
    assert {L.NEGATIVE, L.COMPLAINT, L.POLITICAL} <= set(found.labels)
    assert (found.removable, found.acts) == (False, (R.ANSWER,))
    for each in pack.house_rules:
        assert not (each.removable and NO_GROUND & set(each.labels))
        assert each.removable or not TAKING_DOWN & set(each.acts)


def test_powys_answers_by_a_public_statement_or_takes_down_by_severity() -> None:
    removal = POWYS.removal
    assert (removal.source, removal.cites, removal.offer_statement) == (Source.POLICY, "12", True)
    assert rule(POWYS, "defamation").acts == (R.LEGAL, R.STATEMENT, R.HIDE)


# What was seen, the rule that is named, what speaks against it, whether it is hidden before anybody agrees.
CASES = [
    ([L.ABUSE],                         "abuse",         NOTHING,        True),
    ([L.ABUSE, L.NEGATIVE],             "abuse",         NOTHING,        True),
    ([L.HATE, L.POLITICAL],             "hate",          NOTHING,        True),
    ([L.THREAT],                        "threat",        NOTHING,        True),
    ([L.PERSONAL_DATA, L.COMPLAINT],    "personal_data", NOTHING,        True),
    ([L.SPAM],                          "advertising",   NOTHING,        False),  # low severity: it can wait
    ([L.REPEATED],                      "repeated",      NOTHING,        False),
    ([L.REPEATED, L.COMPLAINT],         "repeated",      CRITICISM_ONLY, False),  # said again, since nobody answered
    ([L.ABUSE],                         "threat",        UNSUPPORTED,    False),
    ([],                                "abuse",         UNSUPPORTED,    False),
    ([],                                "unlawful",      UNSUPPORTED,    False),
    ([L.NEGATIVE],                      "abuse",         BOTH,           False),
    ([L.COMPLAINT, L.POLITICAL],        "defamation",    BOTH,           False),
    ([L.NEGATIVE, L.PROFANITY],         "abuse",         BOTH,           False),  # coarse, and criticism all the same
    ([L.NEGATIVE, L.FOI_REQUEST],       "unlawful",      BOTH,           False),
    ([L.VEXATIOUS, L.COMPLAINT],        "abuse",         BOTH,           False),
    ([L.SELF_HARM, L.NEGATIVE],         "abuse",         UNSUPPORTED,    False),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "named", "against", "first"), CASES)
def test_what_speaks_against_it_and_whether_it_is_hidden_first(
    labels: list[Label], named: str, against: tuple[Caution, ...], first: bool
) -> None:
    findings = [written_in(Language.EN), *(seen(label) for label in labels)]
    assert cautions(rule(POWYS, named), findings, POWYS) == against
    assert is_hidden_first(rule(POWYS, named), findings, POWYS) is first


def test_swearing_at_a_council_is_criticism_even_where_swearing_is_against_the_rules() -> None:
    findings = [written_in(Language.EN), seen(L.PROFANITY), seen(L.NEGATIVE)]
    assert cautions(rule(RCT, "swearing"), findings, RCT) == CRITICISM_ONLY
    assert is_criticism_only(findings, RCT)


def test_a_finding_below_its_threshold_points_to_nothing_unless_the_rule_has_its_own() -> None:
    findings = [written_in(Language.EN), seen(L.ABUSE, 0.3)]
    strict = rule(POWYS, "abuse").model_copy(update={"score": 0.25})
    assert house_rules.supports(rule(POWYS, "abuse"), findings, POWYS) == ()
    assert [each.about for each in house_rules.supports(strict, findings, POWYS)] == [L.ABUSE]


def test_welsh_is_read_by_its_own_threshold() -> None:
    unsure = [seen(L.ABUSE, 0.5)]
    assert house_rules.supports(rule(POWYS, "abuse"), [written_in(Language.EN), *unsure], POWYS)
    assert not house_rules.supports(rule(POWYS, "abuse"), [written_in(Language.CY), *unsure], POWYS)


def test_the_rules_that_something_points_to_come_first_and_none_is_left_out() -> None:
    listed = house_rules.pointed_to([written_in(Language.EN), seen(L.SPAM), seen(L.ABUSE)], POWYS)
    assert [each.rule.slug for each in listed if each.seen] == ["abuse", "advertising"]
    assert [each.rule.slug for each in listed[:2]] == ["abuse", "advertising"]
    assert {each.rule for each in listed} == set(POWYS.house_rules)


@pytest.mark.parametrize(
    ("severity", "first"), [(Severity.NONE, True), (Severity.MEDIUM, True), (Severity.HIGH, False)]
)
def test_the_policy_says_how_serious_it_must_be_to_be_hidden_first(severity: Severity, first: bool) -> None:
    removal = CARMARTHENSHIRE.removal.model_copy(update={"hide_first_from": severity})
    pack = with_rules(CARMARTHENSHIRE, removal=removal)
    assert is_hidden_first(rule(pack, "abuse"), [written_in(Language.EN), seen(L.ABUSE)], pack) is first


# What is wished for, of a comment that is abusive (or critical), and the fields that are found wanting.
WISHES = [
    (L.ABUSE,    dict(),                                               []),
    (L.ABUSE,    dict(rule=""),                                        ["rule"]),
    (L.ABUSE,    dict(rule="rude"),                                    ["rule"]),
    (L.ABUSE,    dict(rule="relevant"),                                ["rule"]),
    (L.NEGATIVE, dict(rule="criticism"),                               ["rule"]),
    (L.ABUSE,    dict(words="  "),                                     ["reason"]),
    (L.ABUSE,    dict(rule="", words=""),                              ["rule", "reason"]),
    (L.ABUSE,    dict(rule="hate"),                                    ["rule", "exception"]),
    (L.NEGATIVE, dict(),                                               ["rule", "rule", "exception"]),
    (L.NEGATIVE, dict(confirmed=True),                                 ["rule", "rule", "exception"]),
    (L.NEGATIVE, dict(exception="A slur in dialect"),                  ["rule", "rule", "exception"]),
    (L.NEGATIVE, dict(confirmed=True, exception=" "),                  ["rule", "rule", "exception"]),
    (L.NEGATIVE, dict(confirmed=True, exception="A slur in dialect"),  []),
]  # fmt: skip


@pytest.mark.parametrize(("label", "over", "wanting"), WISHES)
def test_a_wish_needs_a_rule_a_reason_and_where_something_speaks_against_it_a_second_reason(
    label: Label, over: dict[str, object], wanting: list[str]
) -> None:
    facts: dict[str, object] = dict(rule="abuse", kind=RemovalKind.HIDE, words="It calls her names.")
    wish = Wish(**facts | over)  # type: ignore[arg-type]
    findings = [written_in(Language.EN), seen(label)]
    if not wanting:
        assert check(wish, findings, POWYS).slug == "abuse"
        return
    with pytest.raises(RemovalRefused) as caught:
        check(wish, findings, POWYS)
    assert [each.field for each in caught.value.objections] == wanting


HEAD = '[[house_rule]]\nslug = "x"\ncy = "a"\nen = "b"\nsource = "ours"\n'
ACTS = ", ".join(f"'{act}'" for act in list(Recommended)[:-1]) + f" or '{Recommended.POLICE}'"
BROKEN = [
    ("house_rule = []\n", "bad.toml:2: house_rule: must have at least 1"),
    (
        HEAD + 'labels = ["negative"]\nremovable = true\nacts = ["hide"]\n',
        "bad.toml:2: house_rule[1]: no comment is taken down for negative",
    ),
    (
        HEAD + 'labels = ["abuse", "vexatious"]\nremovable = true\nacts = ["leave"]\n',
        "bad.toml:2: house_rule[1]: no comment is taken down for vexatious",
    ),
    (
        HEAD + 'labels = ["complaint"]\nremovable = false\nacts = ["answer", "hide"]\n',
        "bad.toml:2: house_rule[1]: is not removable, so it cannot recommend hide",
    ),
    (HEAD + 'removable = true\nacts = ["block"]\n', f"bad.toml:8: house_rule[1].acts[1]: must be one of {ACTS}"),
    (HEAD + "removable = true\nacts = []\n", "bad.toml:8: house_rule[1].acts: must have at least 1"),
    (HEAD + 'acts = ["leave"]\n', "bad.toml:2: house_rule[1].removable: is missing"),
    (
        HEAD + 'score = 2.0\nremovable = true\nacts = ["hide"]\n',
        "bad.toml:7: house_rule[1].score: must be 1.0 or less",
    ),
    (
        (HEAD + 'removable = true\nacts = ["hide"]\n') * 2,
        "bad.toml:10: house_rule[2].slug: x is already house_rule[1]",
    ),
    (
        '[removal]\nhide_first_from = "soon"\n',
        "bad.toml:3: removal.hide_first_from: must be one of 'none', 'low', 'medium', 'high' or 'urgent'",
    ),
]


@pytest.mark.parametrize(("text", "problem"), BROKEN, ids=range(len(BROKEN)))
def test_rules_that_cannot_be_honoured_are_refused_with_line_and_reason(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load(path, areas=AREAS.slugs)
    assert [str(each) for each in caught.value.problems] == [problem]


def test_an_unknown_label_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    text = HEAD + 'labels = ["criticism"]\nremovable = true\nacts = ["hide"]\n'
    path.write_text(f'extends = "common"\n{text}', encoding="utf-8")
    with pytest.raises(PolicyError, match=r"bad.toml:7: house_rule\[1\].labels\[1\]: must be one of 'profanity'"):
        load(path, areas=AREAS.slugs)
