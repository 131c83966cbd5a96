"""A search is about the body and its work; whatever would follow one person is refused, with the reason."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.surveillance import FOLLOWS, NAMES, TOO_LONG, names_of, refusal, review_refusal

NAMES_OF_DYFFRYN = names_of(["Cyngor Sir Dyffryn", "Dyffryn County Council", "Gwastraff Dyffryn Waste"])
HANDLES = ("cyngordyffryn",)

MAY_BE_MADE = [
    "Dyffryn",
    '"Cyngor Dyffryn" biniau',
    "dyffryn council bins -is:retweet",
    "Dyffryn OR #DyffrynBins",
    "#PontCaer",
    "@CyngorDyffryn",
    '("Cyngor Dyffryn" OR cyngordyffryn) -"Dyffryn Ogwen"',
]

REFUSED = [
    ("",                                 TOO_LONG.text),
    ("   ",                              TOO_LONG.text),
    ("dyffryn " * 60,                    TOO_LONG.text),
    ("from:janejones",                   FOLLOWS.text),
    ("dyffryn from:janejones",           FOLLOWS.text),
    ("dyffryn FROM:janejones",           FOLLOWS.text),
    ("(dyffryn (to:jane))",              FOLLOWS.text),
    ("dyffryn in_reply_to_tweet_id:17",  FOLLOWS.text),
    ("dyffryn conversation_id:17",       FOLLOWS.text),
    ("dyffryn list:8",                   FOLLOWS.text),
    ("dyffryn did:plc:abc",              FOLLOWS.text),
    ('dyffryn url:"x.com/jane"',       FOLLOWS.text),
    ("dyffryn geocode:51.6,-3.4,1km",    FOLLOWS.text),
    ("@jane",                            FOLLOWS.text),
    ("dyffryn @jane.bsky.social",        FOLLOWS.text),
    ("Jane Jones",                       NAMES.text),
    ('"Jane Jones" OR dyffryn',          NAMES.text),
    ('dyffryn OR "Jane Jones"',          NAMES.text),
    ("Jane -dyffryn",                    NAMES.text),
    ('Jane -"cyngor dyffryn"',           NAMES.text),
    ("council",                          NAMES.text),
    ("cyngor sir",                       NAMES.text),
]  # fmt: skip


@pytest.mark.parametrize("query", MAY_BE_MADE)
def test_what_is_about_the_body_or_a_topic_may_be_searched_for(query: str) -> None:
    assert refusal(query, NAMES_OF_DYFFRYN, HANDLES) is None


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_what_follows_a_person_is_refused_with_the_reason(query: str, why: str) -> None:
    found = refusal(query, NAMES_OF_DYFFRYN, HANDLES)

    assert found is not None
    assert found.text == why
    assert str(found)


@given(st.text(max_size=80))
def test_no_query_names_a_stranger_and_passes(text: str) -> None:
    assert refusal(f"{text} from:jane", NAMES_OF_DYFFRYN, HANDLES) is not None
    assert refusal(f"{text} OR Jane", NAMES_OF_DYFFRYN, HANDLES) is not None


@pytest.mark.parametrize(
    ("review_on", "good"),
    [("2026-11-25", False), ("2026-11-26", True), ("2027-05-27", True), ("2027-05-28", False), ("2026-01-01", False)],
)
def test_a_search_is_looked_at_again_within_six_months(review_on: str, good: bool) -> None:
    assert (review_refusal(date.fromisoformat(review_on), date(2026, 11, 25)) is None) is good
