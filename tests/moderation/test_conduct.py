"""A review of conduct goes along its table only, and no act passes that lacks what it needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import conduct
from moderation.conduct import (
    DECIDING,
    NEEDS,
    TRANSITIONS,
    Contact,
    Given,
    IllegalReviewAct,
    after_months,
    allowed_from,
    figures,
    lacks,
    next_state,
)
from tests.moderation.given import POWYS
from vocabulary import Label, ReviewAct, ReviewState, SentBy

S, A = ReviewState, ReviewAct
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ANN, BEN = 1, 2

LIFE = [
    (S.REFERRED, [A.OPEN, A.DISMISS]),
    (S.OPENED,   [A.WARN, A.DECIDE, A.DISMISS]),
    (S.WARNED,   [A.DECIDE, A.DISMISS]),
    (S.DECIDED,  [A.NOTIFY, A.CONTINUE, A.LIFT, A.APPEAL]),
    (S.APPEALED, [A.UPHOLD, A.OVERTURN, A.LIFT]),
    (S.NOT_VEXATIOUS, []),
    (S.LIFTED,        []),
    (S.OVERTURNED,    []),
]  # fmt: skip

WHOLE = {
    A.OPEN: Given(words="Many of the same."),
    A.REFER: Given(words="Many of the same."),
    A.WARN: Given(letter_cy="Annwyl", letter_en="Dear", sent_by=SentBy.LETTER),
    A.DECIDE: Given(
        words="Eleven times after our answer.",
        disability="Asked; none given.",
        language="Welsh offered.",
        circumstances="None known.",
        restrictions=("one_channel",),
        how_cy="Trwy e-bost yn unig.",
        how_en="By e-mail only.",
        review_in=6,
    ),
    A.NOTIFY: Given(letter_cy="Annwyl", letter_en="Dear", sent_by=SentBy.EMAIL),
    A.DISMISS: Given(words="We had not answered."),
    A.CONTINUE: Given(words="It goes on.", review_in=3),
    A.LIFT: Given(words="It is over."),
    A.APPEAL: Given(words="They wrote on the fifth."),
    A.UPHOLD: Given(words="The reasons hold."),
    A.OVERTURN: Given(words="Nobody asked about their health."),
}

# act       what is taken away                the field that says so
MISSING = [
    (A.REFER,    {"words": " "},                   ["words"]),
    (A.OPEN,     {"words": ""},                    ["words"]),
    (A.WARN,     {"letter_cy": ""},                ["letter_cy"]),
    (A.WARN,     {"letter_en": "  "},              ["letter_en"]),
    (A.WARN,     {"letter_en": "About {how}"},     ["letter_en"]),
    (A.WARN,     {"sent_by": None},                ["sent_by"]),
    (A.DECIDE,   {"words": ""},                    ["words"]),
    (A.DECIDE,   {"disability": ""},               ["disability"]),
    (A.DECIDE,   {"language": ""},                 ["language"]),
    (A.DECIDE,   {"circumstances": ""},            ["circumstances"]),
    (A.DECIDE,   {"how_cy": ""},                   ["how_cy"]),
    (A.DECIDE,   {"how_en": ""},                   ["how_en"]),
    (A.DECIDE,   {"restrictions": ()},             ["restrictions"]),
    (A.DECIDE,   {"restrictions": ("everything",)}, ["restrictions"]),
    (A.DECIDE,   {"review_in": 0},                 ["review_in"]),
    (A.DECIDE,   {"review_in": 7},                 ["review_in"]),
    (A.NOTIFY,   {"letter_cy": ""},                ["letter_cy"]),
    (A.NOTIFY,   {"sent_by": None},                ["sent_by"]),
    (A.DISMISS,  {"words": ""},                    ["words"]),
    (A.CONTINUE, {"words": ""},                    ["words"]),
    (A.CONTINUE, {"review_in": 7},                 ["review_in"]),
    (A.LIFT,     {"words": ""},                    ["words"]),
    (A.APPEAL,   {"words": ""},                    ["words"]),
    (A.UPHOLD,   {"words": ""},                    ["words"]),
    (A.OVERTURN, {"words": ""},                    ["words"]),
]  # fmt: skip


def lacking(act: ReviewAct, said: Given, *, warned: bool = True, user: int = ANN, deciders: tuple[int, ...] = ()):
    found = lacks(act, said, warned=warned, user_id=user, deciders=deciders, policy=POWYS)
    return [lack.field for lack in found]


@pytest.mark.parametrize(("state", "acts"), LIFE, ids=str)
def test_the_life_of_a_review_is_this_table(state: ReviewState, acts: list[ReviewAct]) -> None:
    assert list(allowed_from(state)) == acts
    assert bool(acts) is not state.ended
    for act in set(ReviewAct) - set(acts):
        with pytest.raises(IllegalReviewAct, match="cannot"):
            next_state(state, act)


def test_every_state_is_listed_and_every_act_says_what_it_needs() -> None:
    assert {state for state, _ in LIFE} == set(ReviewState)
    assert set(NEEDS) == set(ReviewAct) == set(WHOLE)


def test_the_page_in_docs_is_that_of_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "conduct.md"
    assert page.read_text(encoding="utf-8") == conduct.page(), "renew it with the command it names"


def test_a_decision_is_reached_by_deciding_and_by_nothing_else() -> None:
    into = {act for (here, act), there in TRANSITIONS.items() if there.stands and not here.stands}
    assert into == {A.DECIDE}


@pytest.mark.parametrize("act", WHOLE)
def test_what_is_whole_passes(act: ReviewAct) -> None:
    assert lacking(act, WHOLE[act]) == []


@pytest.mark.parametrize(("act", "without", "fields"), MISSING)
def test_what_is_missing_is_said_at_its_field(act: ReviewAct, without: dict[str, object], fields: list[str]) -> None:
    whole = WHOLE[act]
    said = Given(**{name: without.get(name, getattr(whole, name)) for name in whole.__dataclass_fields__})  # type: ignore[arg-type]
    assert lacking(act, said) == fields


def test_nobody_is_decided_about_without_a_warning_unless_a_reason_says_why() -> None:
    whole = WHOLE[A.DECIDE]
    assert lacking(A.DECIDE, whole, warned=False) == ["no_warning"]
    fields = {name: getattr(whole, name) for name in whole.__dataclass_fields__}
    assert lacking(A.DECIDE, Given(**fields | {"no_warning": "A threat was made."}), warned=False) == []


@pytest.mark.parametrize("act", [A.UPHOLD, A.OVERTURN])
def test_an_appeal_is_heard_by_somebody_who_did_not_decide(act: ReviewAct) -> None:
    assert lacking(act, WHOLE[act], user=ANN, deciders=(ANN,)) == ["words"]
    assert lacking(act, WHOLE[act], user=BEN, deciders=(ANN,)) == []
    assert A.CONTINUE in DECIDING


@pytest.mark.parametrize(
    ("day", "number", "later"),
    [
        (date(2026, 11, 20), 6, date(2027, 5, 20)),
        (date(2026, 8, 31),  6, date(2027, 2, 28)),
        (date(2027, 8, 31),  6, date(2028, 2, 29)),
        (date(2026, 12, 1),  1, date(2027, 1, 1)),
        (date(2026, 6, 30),  6, date(2026, 12, 30)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)  # fmt: skip
def test_so_many_months_later_is_the_same_date_or_the_last_of_its_month(day: date, number: int, later: date) -> None:
    assert after_months(day, number) == later


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 12), st.integers(1, 12))
def test_more_months_are_never_sooner(day: date, one: int, other: int) -> None:
    assert (after_months(day, one) <= after_months(day, other)) == (one <= other)
    assert after_months(day, one).day <= day.day


def contact(days_ago: float, *, post: str = "p1", labels: tuple[Label, ...] = (), **facts: bool) -> Contact:
    return Contact(
        at=NOW - days_ago * DAY,
        post=(1, post),
        area="waste",
        labels=frozenset(labels),
        after_answer=facts.get("after_answer", False),
        unheard=facts.get("unheard", False),
    )


def test_the_figures_count_conduct_in_time() -> None:
    contacts = [
        contact(100),
        contact(99, unheard=True),
        *(contact(60 - hour / 24, labels=(Label.REPEATED,), after_answer=True) for hour in range(5)),
        contact(20, post="p2", labels=(Label.FOI_REQUEST,)),
        contact(3, post="p3", labels=(Label.SAFEGUARDING,)),
    ]
    seen = figures(contacts, late=2, now=NOW)
    assert (seen.comments, seen.in_week, seen.in_month, seen.busiest_week) == (9, 1, 2, 5)
    assert (seen.repeated, seen.posts, seen.areas, seen.after_answer) == (5, 3, 1, 5)
    assert (seen.unheard, seen.late, seen.requests, seen.at_risk) == (1, 2, 1, 1)
    assert (seen.first, seen.last) == (contacts[0].at, contacts[-1].at)


def test_of_nobody_there_is_nothing_to_weigh() -> None:
    seen = figures([], late=0, now=NOW)
    assert (seen.comments, seen.busiest_week, seen.first) == (0, 0, None)


def test_everything_shown_names_its_source_and_our_own_doing_stands_beside_theirs() -> None:
    seen = figures([contact(1)], late=3, now=NOW)
    for shown in (*conduct.evidence(seen), *conduct.look_alikes(seen)):
        assert str(shown.text)
        assert str(shown.source)
    assert "Answers of ours that were late, or never came: 3" in [str(each.text) for each in conduct.look_alikes(seen)]
    assert not [each for each in conduct.evidence(seen) if "abuse" in str(each.text)]
