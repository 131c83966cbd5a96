"""Personal data is named by kind and never repeated; references, sums, dates and our own contacts are not it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.personal_data import MASK, Ours, PersonalData, level, masked, ours_in

SEEN = [
    ("an e-mail address", "write to me at mair.ifan@example.com please"),
    ("a telephone number", "ring me on 07700 900123"),
    ("a telephone number", "my number is +44 7911 123456"),
    ("a telephone number", "ffoniwch fi ar 01970 623111"),
    ("a National Insurance number", "my NI is AB 12 34 56 C"),
    ("a National Insurance number", "look up ni qq123456c"),
    ("a postcode", "I'm at SY23 3BF"),
    ("bank or card details", "card 4111 1111 1111 1111"),
    ("bank or card details", "sort code 12-34-56 account number 12345678"),
    ("a date of birth", "DOB 12/03/1987"),
    ("a date of birth", "fy nyddiad geni yw 3 Mawrth 1990"),
    ("a vehicle registration", "the car is CX21 ABC"),
    ("a home address", "I live at 14 Mill Lane"),
    ("a home address", "dw i'n byw yn 37 Heol Dderwen"),
    ("a health condition", "my daughter has epilepsy and needs transport"),
    ("a health condition", "mae fy mab yn awtistig"),
]
NOT_IT = [
    "ref 01632-2024-88, any update?",
    "planning application 23/01234/FUL",
    "case GW-2026-004217",
    "the 460 and the T2 bus never came",
    "the A470 and the M4 are shut, J32 to J33",
    "£1,250,000 on a car park",
    "Council tax went up 9.5% in 2025-26",
    "closed since 12/03/2024",
    "open 10-12 and 14-16",
    "S4C are filming at 6pm",
    "email enquiries@cyngor-enghraifft.gov.uk",
    "rhowch ganiad i 0300 123 4567",
    "call 101 or 999",
    "Councillor Mair Ifan voted against",
    "20mph on a B4333 road",
    "room 14 on floor 2",
    "",
]


@pytest.mark.parametrize(("kind", "text"), SEEN)
def test_each_kind_is_seen(kind: str, text: str) -> None:
    finding = PersonalData().finding(text)
    assert kind in [str(reason) for reason in finding.why]
    assert finding.score >= 0.5


@pytest.mark.parametrize("text", NOT_IT)
def test_references_sums_and_our_own_contacts_are_not_it(text: str) -> None:
    finding = PersonalData().finding(text)
    assert [str(reason) for reason in finding.why if finding.score >= 0.5] == []


def test_the_reasons_never_hold_the_value() -> None:
    for _, text in SEEN:
        for reason in PersonalData().finding(text).why:
            assert reason.values == {}
            assert not any(map(str.isdigit, str(reason)))


def test_the_councils_own_number_is_known() -> None:
    ours = Ours(domains=frozenset({"sir-y-bannau.cymru"}), telephones=frozenset({"01970 623111"}))
    assert PersonalData(ours).finding("ring 01970 623111 or write to biniau@sir-y-bannau.cymru").score == 0.0


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert 0 <= PersonalData().finding(text).score <= 1


def test_what_the_council_publishes_is_nobodys_personal_data() -> None:
    ours = ours_in(["Ebost: gwastraff@cyngor.example. Ffôn: 01632 960110", "Email: waste@council.example."])

    assert ours.owns("unrhywun@cyngor.example")
    assert ours.owns("roads@council.example")
    assert ours.answers("+44 1632 960110")
    assert not ours.answers("01632 960111")


@pytest.mark.parametrize(("kind", "text"), SEEN)
def test_what_is_seen_can_be_masked_and_is_seen_no_more(kind: str, text: str) -> None:
    shown = masked(text, Ours())
    assert MASK in shown
    assert kind not in [str(reason) for reason in PersonalData().finding(shown).why]


def test_a_mask_covers_the_value_and_nothing_else() -> None:
    text = "Ffoniwch Siân ar 07700 900412 neu sian@enghraifft.cymru, diolch"
    assert masked(text, Ours()) == f"Ffoniwch Siân ar {MASK} neu {MASK}, diolch"


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_masking_breaks_on_no_text_and_levelling_keeps_every_place(text: str) -> None:
    assert len(level(text)) == len(text)
    assert isinstance(masked(text, Ours()), str)
