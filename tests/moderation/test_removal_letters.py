"""What is said about a removal is said in both languages, and when the policy and its state let it."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import removal_letters, saved_replies
from moderation.policy import load, names
from moderation.removal_letters import (
    APPEAL_REFUSED,
    ASK_AUTHOR,
    OFFERED,
    SHOWN_AGAIN,
    STATEMENT,
    WHY,
    filled,
    name_of,
    named,
    offered,
)
from moderation.reply_rules import PLACEHOLDER
from tests.moderation.given import CARMARTHENSHIRE, POWYS
from vocabulary import RemovalState

LETTERS = saved_replies.load(Path(__file__).parents[2] / "config" / removal_letters.FILE)
S = RemovalState

# Where a removal stands, what Powys offers then, and what Carmarthenshire, which tells the author why.
STATES = [
    (S.REQUESTED, [],               []),
    (S.HIDDEN,    [],               []),
    (S.APPROVED,  [STATEMENT],      [WHY, STATEMENT]),
    (S.REMOVED,   [STATEMENT],      [WHY, STATEMENT]),
    (S.REFUSED,   [SHOWN_AGAIN],    [SHOWN_AGAIN]),
    (S.WITHDRAWN, [SHOWN_AGAIN],    [SHOWN_AGAIN]),
    (S.APPEALED,  [STATEMENT],      [WHY, STATEMENT]),
    (S.UPHELD,    [STATEMENT, APPEAL_REFUSED], [STATEMENT, APPEAL_REFUSED]),
    (S.UNDONE,    [SHOWN_AGAIN],    [SHOWN_AGAIN]),
]  # fmt: skip


@pytest.mark.parametrize(("state", "powys", "carmarthenshire"), STATES)
def test_what_is_offered_when(state: RemovalState, powys: list[str], carmarthenshire: list[str]) -> None:
    assert [each.slug for each in offered(state, LETTERS, POWYS)] == powys
    assert [each.slug for each in offered(state, LETTERS, CARMARTHENSHIRE)] == carmarthenshire


def test_a_policy_without_a_public_statement_offers_none() -> None:
    removal = POWYS.removal.model_copy(update={"offer_statement": False})
    assert offered(S.REMOVED, LETTERS, POWYS.model_copy(update={"removal": removal})) == ()


def test_every_letter_that_the_program_speaks_of_is_in_the_file() -> None:
    assert {each.slug for each in LETTERS.replies} == {*OFFERED, ASK_AUTHOR}


@pytest.mark.parametrize("letter", LETTERS.replies, ids=lambda letter: letter.slug)
def test_a_letter_names_the_rule_and_the_days_in_its_own_language(letter: saved_replies.SavedReply) -> None:
    rule = CARMARTHENSHIRE.house_rule("abuse")
    assert rule is not None
    made = filled(letter, rule, CARMARTHENSHIRE)
    for language in ("cy", "en"):
        left = PLACEHOLDER.findall(made.filled(language, {"reference": "GW-2026-000001"}))
        assert not {"{rule}", "{days}", "{reference}"} & set(left)
        assert (rule.say(language) in made.say(language)) is ("{rule}" in letter.say(language))


@pytest.mark.parametrize("pack", names())
def test_only_the_school_asks_the_author_to_take_it_down_and_never_in_public(pack: str) -> None:
    policy = load(pack)
    asking = [
        rule.slug for rule in policy.house_rules if removal_letters.to_ask_author(rule, LETTERS, policy) is not None
    ]
    assert asking == (["upsetting"] if pack == "school" else [])
    assert ASK_AUTHOR not in OFFERED


def test_a_letters_name_tells_its_removal_and_anything_else_is_none() -> None:
    assert named(name_of(17, WHY)) == (17, WHY)
    for other in (
        "",
        "thanks",
        "removal",
        "removal:",
        "removal:x:why",
        "removal:-1:why",
        "removal:١:why",
        "removals:1:y",
    ):
        assert named(other) is None
