"""A comment is hidden under a rule of the pack; criticism of the body or its leaders is protected."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import house_rules, policy
from moderation.house_rules import ONLY_CRITICISM, UNSUPPORTED, RuleNeeded, SureNeeded
from moderation.policy import PolicyError
from tests.moderation.given import POWYS
from vocabulary import Label

RCT, SCHOOL = policy.load("rhondda-cynon-taf"), policy.load("school")


@pytest.mark.parametrize("pack", [policy.load(name) for name in policy.names()], ids=lambda pack: pack.name)
@pytest.mark.parametrize("label", sorted(house_rules.CRITICISM))
def test_in_no_pack_does_criticism_break_a_rule_that_hides(pack: policy.Policy, label: Label) -> None:
    assert not [rule for rule in house_rules.broken([label], pack) if rule.permits_hiding]


@pytest.mark.parametrize(
    ("labels", "rules"),
    [
        ([Label.ABUSE], ["civil"]),
        ([Label.HATE], ["racist"]),
        ([Label.REPEATED], ["once"]),
        ([Label.PERSONAL_DATA, Label.SPAM], ["private", "no_advertising"]),
        ([Label.NEGATIVE, Label.COMPLAINT], []),
    ],
)
def test_the_house_rules_of_rhondda_cynon_taf_point_to_what_is_seen(labels: list[Label], rules: list[str]) -> None:
    assert [rule.slug for rule in house_rules.broken(labels, RCT)] == rules


def test_a_school_tells_the_police_of_what_is_grave_asks_for_what_upsets_and_leaves_what_is_minor() -> None:
    first = {rule.slug: rule.acts[0].value for rule in SCHOOL.house_rules}
    assert (first["grave"], first["upsetting"], first["minor"]) == ("police", "take_down", "leave")
    assert "minor" not in {rule.slug for rule in house_rules.permitted(SCHOOL)}


@pytest.mark.parametrize("slug", ["", "kindness"])
def test_no_comment_is_hidden_without_a_rule(slug: str) -> None:
    with pytest.raises(RuleNeeded):
        house_rules.check(slug, [Label.ABUSE], POWYS, sure=True)
    with pytest.raises(RuleNeeded):
        house_rules.check("minor", [Label.NEGATIVE], SCHOOL, sure=True)


@pytest.mark.parametrize(
    ("labels", "why"), [([Label.NEGATIVE], ONLY_CRITICISM), ([Label.COMPLAINT], ONLY_CRITICISM), ([], UNSUPPORTED)]
)
def test_what_nothing_supports_is_asked_once_more_and_then_a_person_decides(labels: list[Label], why: object) -> None:
    with pytest.raises(SureNeeded) as refused:
        house_rules.check("civil", labels, POWYS, sure=False)
    assert refused.value.why == why
    assert house_rules.check("civil", labels, POWYS, sure=True).slug == "civil"


def test_what_was_seen_supports_its_rule() -> None:
    assert house_rules.check("civil", [Label.ABUSE, Label.NEGATIVE], POWYS, sure=False).slug == "civil"


def test_a_pack_that_hides_criticism_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        'extends = "powys"\nversion = "1"\ntitle = { cy = "a", en = "b" }\n'
        '[[house_rule]]\nslug = "praise"\ncy = "a"\nen = "b"\nlabels = ["negative"]\npermits_hiding = true\n'
        'acts = ["hide"]\n'
    )
    with pytest.raises(PolicyError, match="criticism is protected"):
        policy.load(tmp_path / "bad.toml")
