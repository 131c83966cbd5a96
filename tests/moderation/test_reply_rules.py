"""No reply leaves in the wrong language, half-written, or with somebody's details in it, unless an officer says why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.policy import Approval, MachineRule, PreElection, Source
from moderation.reply_rules import (
    Circumstances,
    Code,
    Objection,
    TooNarrow,
    approval_because,
    check,
    check_fit,
    check_machine,
    looks_political,
    split,
    standing,
)
from tests.moderation.given import POWYS
from toml_file import Bilingual
from vocabulary import Label, Language, Reason, ReplyLanguage

WELSH = "Diolch am gysylltu. Bydd y criw yn dod yfory."
ENGLISH = "Thank you for getting in touch. The crew will come tomorrow."
IRISH = "Go raibh maith agat."

SPOKEN = {WELSH: Language.CY, ENGLISH: Language.EN, IRISH: Language.OTHER, f"{WELSH} {ENGLISH}": Language.MIXED}
CY, EN, BOTH = ReplyLanguage.CY, ReplyLanguage.EN, ReplyLanguage.BOTH


def language_of(text: str) -> Language:
    return SPOKEN.get(text, Language.UND)


def personal_data(text: str) -> list[Reason]:
    return [Reason("an e-mail address")] if "@" in text else []


def profanity(text: str) -> list[Reason]:
    return [Reason("strong language: {words}", {"words": "damn"})] if "damn" in text else []


def codes(text_cy: str, text_en: str, owed: ReplyLanguage) -> list[Code]:
    found = check(text_cy, text_en, owed, language_of=language_of, personal_data=personal_data, profanity=profanity)
    return [objection.code for objection in found]


# Welsh box, English box, owed; what stands in the way.
GUARD = [
    (WELSH, "", CY, []),
    (WELSH, ENGLISH, CY, []),
    ("", ENGLISH, CY, [Code.WELSH_MISSING]),
    (ENGLISH, "", CY, [Code.NOT_WELSH]),
    (IRISH, "", CY, [Code.NOT_WELSH]),
    ("Diolch!", "", CY, []),
    (f"{WELSH} {ENGLISH}", "", CY, []),
    ("", ENGLISH, EN, []),
    (WELSH, ENGLISH, EN, []),
    (WELSH, "", EN, [Code.ENGLISH_MISSING]),
    ("", WELSH, EN, [Code.NOT_ENGLISH]),
    (WELSH, ENGLISH, BOTH, []),
    (WELSH, "", BOTH, [Code.ENGLISH_MISSING]),
    ("", ENGLISH, BOTH, [Code.WELSH_MISSING]),
    (ENGLISH, WELSH, BOTH, [Code.NOT_WELSH, Code.NOT_ENGLISH]),
    (ENGLISH, ENGLISH, BOTH, [Code.NOT_WELSH]),
    ("", "", CY, [Code.EMPTY]),
    (" \n", "\t", BOTH, [Code.EMPTY]),
    ("Helo {enw}", "Hello {name}", BOTH, [Code.PLACEHOLDER, Code.PLACEHOLDER]),
    ("Helo {name}", "Hello {name}", BOTH, [Code.PLACEHOLDER]),
    ("Rhif [[cyfeirnod]]", "", CY, [Code.PLACEHOLDER]),
    ("Ebostiwch mair@example.org", "E-mail mair@example.org", BOTH, [Code.PERSONAL_DATA]),
    ("", "The damn bins are late.", EN, [Code.PROFANITY]),
    ("", "The damn bins, says mair@example.org", EN, [Code.PERSONAL_DATA, Code.PROFANITY]),
    ("", "Write to {name} at mair@example.org", CY, [Code.WELSH_MISSING, Code.PLACEHOLDER, Code.PERSONAL_DATA]),
]


@pytest.mark.parametrize(("text_cy", "text_en", "owed", "objections"), GUARD)
def test_the_guard(text_cy: str, text_en: str, owed: ReplyLanguage, objections: list[Code]) -> None:
    assert codes(text_cy, text_en, owed) == objections


HIGHWAYS = Bilingual(cy="Priffyrdd", en="Highways")
WASTE = Bilingual(cy="Gwastraff ac ailgylchu", en="Waste and recycling")
POLITICAL = (Reason("the comment reads as political: give facts, and take no side"),)
PLAIN = Circumstances()
REFERRED = Circumstances(reference="GW-2026-000001", department=HIGHWAYS)

# Welsh box, English box, the circumstances; what is missing, or wants a thought.
FITTING = [
    ("Diolch.", "Thank you.", PLAIN, []),
    ("Cyfeirnod GW-2026-000001, gyda Phriffyrdd.", "", REFERRED, []),
    ("Cyfeirnod GW-2026-000001. Aeth i Briffyrdd.", "Reference gw-2026-000001, now with Highways.", REFERRED, []),
    ("Cyfeirnod GW-2026-000001. Aeth i Briffyrdd.", "Now with Highways.", REFERRED, [Code.REFERENCE_MISSING]),
    ("Cyfeirnod GW-2026-000001.", "GW-2026-000001: with Highways.", REFERRED, [Code.DEPARTMENT_MISSING]),
    ("", "Thank you.", REFERRED, [Code.REFERENCE_MISSING, Code.DEPARTMENT_MISSING]),
    ("", "GW-2026-000001: Priffyrdd", REFERRED, [Code.DEPARTMENT_MISSING]),
    ("Mae gyda'r tîm Gwastraff ac Ailgylchu.", "", Circumstances(department=WASTE), []),
    ("Diolch.", "", Circumstances(political=POLITICAL), [Code.POLITICAL]),
]


@pytest.mark.parametrize(("text_cy", "text_en", "around", "objections"), FITTING)
def test_a_reply_is_true_to_its_case(text_cy: str, text_en: str, around: Circumstances, objections: list[Code]) -> None:
    assert [each.code for each in check_fit(text_cy, text_en, around)] == objections


NEVER = MachineRule(value="never", source=Source.OURS)
IN_DANGER = MachineRule(value="immediate_danger", source=Source.POLICY, cites="8.5")

# The pack's rule, which texts a machine translated, the danger that the officer names; what stands in the way.
MACHINES = [
    (NEVER, set(), "", []),
    (NEVER, {"cy"}, "the river is rising", [Code.MACHINE]),
    (IN_DANGER, set(), "", []),
    (IN_DANGER, {"cy"}, " ", [Code.MACHINE_UNEXPLAINED]),
    (IN_DANGER, {"cy"}, "the river is rising", []),
]


@pytest.mark.parametrize(("rule", "texts", "danger", "objections"), MACHINES)
def test_a_machines_words_leave_only_in_immediate_danger_and_where_the_policy_allows(
    rule: MachineRule, texts: set[str], danger: str, objections: list[Code]
) -> None:
    assert [each.code for each in check_machine(texts, danger, rule)] == objections


def test_each_objection_has_the_one_remedy_that_fits_it() -> None:
    slips = {Code.EMPTY, Code.PLACEHOLDER, Code.MACHINE, Code.MACHINE_UNEXPLAINED}
    raised = [Objection(code, Reason("why")) for code in Code]
    left = {
        (reason, confirmed): {each.code for each in standing(raised, reason=reason, confirmed=confirmed)}
        for reason in ("", "because")
        for confirmed in (False, True)
    }
    assert left["", False] == set(Code)
    assert left["", True] == set(Code) - {Code.POLITICAL}
    assert left["because", False] == slips | {Code.POLITICAL}
    assert left["because", True] == slips


ELECTION = PreElection(begins=date(2027, 3, 22), ends=date(2027, 5, 6), title=Bilingual(cy="Etholiad", en="Election"))

# What the pack says, what is flagged, whether an election is near; how many reasons there are for a second reader.
SECOND_READERS = [
    ({}, {Label.ABUSE, Label.POLITICAL}, ELECTION, 0),
    ({"always": True}, set(), None, 1),
    ({"labels": (Label.DEFAMATION_RISK,)}, {Label.ABUSE}, None, 0),
    ({"labels": (Label.DEFAMATION_RISK, Label.ABUSE)}, {Label.ABUSE}, None, 1),
    ({"pre_election": True}, set(), None, 0),
    ({"pre_election": True}, set(), ELECTION, 1),
    ({"always": True, "labels": (Label.ABUSE,), "pre_election": True}, {Label.ABUSE}, ELECTION, 3),
]


@pytest.mark.parametrize(("says", "flagged", "near", "reasons"), SECOND_READERS)
def test_a_second_person_reads_what_the_pack_wants_read_twice(
    says: dict[str, Any], flagged: set[Label], near: PreElection | None, reasons: int
) -> None:
    assert len(approval_because(Approval(source=Source.OURS, **says), flagged, near)) == reasons


# Whose name it is, and what was flagged; whether an officer is asked to take care.
WHO = [
    ("Mair Enghraifft", set(), 0),
    ("Mair Enghraifft", {Label.POLITICAL}, 1),
    ("Cllr Ifan Enghraifft", set(), 1),
    ("Y Cynghorydd Ifan Enghraifft", set(), 1),
    ("Y Blaid Werdd, Cwm Enghraifft", {Label.POLITICAL}, 2),
    ("Ms Green", set(), 0),
    ("Simply the best", set(), 0),
    ("", set(), 0),
]


@pytest.mark.parametrize(("name", "flagged", "reasons"), WHO)
def test_a_politician_or_a_political_comment_asks_for_care(name: str, flagged: set[Label], reasons: int) -> None:
    assert len(looks_political(flagged, name, POWYS.political_names)) == reasons


def in_x_count(text: str) -> int:
    """X counts an emoji as two."""
    return sum(2 if ord(letter) > 0x1F000 else 1 for letter in text)


def test_a_reply_that_fits_is_one_part_without_a_mark() -> None:
    assert split(f" {WELSH}\n", 280) == (WELSH,)
    assert split("  ", 280) == ()


def test_a_longer_one_is_cut_between_words_and_numbered() -> None:
    assert split("one two three four five", 15) == ("one two (1/3)", "three (2/3)", "four five (3/3)")


def test_a_word_longer_than_a_part_is_cut_and_never_inside_a_letter() -> None:
    parts = split("w\u0302" * 20, 14)
    assert all(not part.startswith("\u0302") for part in parts)
    assert "".join(part.rsplit(" (", 1)[0] for part in parts) == "w\u0302" * 20


def test_where_no_text_fits_beside_its_mark_we_say_so() -> None:
    with pytest.raises(TooNarrow):
        split("a b c d e f g h", 6)


@given(st.text(st.characters(codec="utf-8"), max_size=400), st.integers(24, 120), st.sampled_from([len, in_x_count]))
def test_parts_fit_keep_their_order_and_lose_nothing(text, longest, length_of) -> None:
    try:
        parts = split(text, longest, length_of)
    except TooNarrow:
        return
    assert all(length_of(part) <= longest for part in parts)
    words = parts if len(parts) < 2 else [part.rsplit(" (", 1)[0] for part in parts]
    assert "".join("".join(words).split()) == "".join(text.split())
    if len(parts) > 1:
        assert [part.rsplit(" (", 1)[1] for part in parts] == [f"{n}/{len(parts)})" for n in range(1, len(parts) + 1)]
