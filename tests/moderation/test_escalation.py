"""The right people hear of a case in good time, once, and never at night."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.escalation import Facts, tells
from moderation.policy import EscalateRule, Whom
from tests.moderation.given import DAYS, POWYS, closed_on, with_rules
from toml_file import Bilingual
from vocabulary import Label, Severity, State

NOON = "2026-11-20T12:00:00+00:00"  # a Friday
FRIDAY, MONDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)


def a_case(**facts: Any) -> Facts:
    ordinary: dict[str, Any] = {
        "state": State.ASSIGNED,
        "area": "waste",
        "answer_owed": True,
        "severity": Severity.NONE,
    }
    return Facts(**ordinary | facts)


def told(facts: Facts, now: str = NOON, pack: Any = POWYS) -> set[tuple[str, str]]:
    """The rule and the person of each thing told."""
    found = tells(facts, pack, DAYS, datetime.fromisoformat(now))
    return {(tell.key.split("/")[0], tell.whom.value) for tell in found}


SOON = {("answer-tomorrow", "owner")}
TODAY = {("answer-today", "owner"), ("answer-today", "area")}
LATE = {("answer-late", "owner"), ("answer-late", "area"), ("answer-late", "communications")}
VERY_LATE = LATE - {("answer-late", "communications")} | {("answer-very-late", "communications")}

BY_DATE = [
    ({"due": TUESDAY}, set()),
    ({"due": MONDAY}, SOON),
    ({"due": FRIDAY}, TODAY),
    ({"due": date(2026, 11, 19)}, LATE),
    ({"due": date(2026, 11, 17)}, VERY_LATE),
    ({"due": date(2026, 10, 1)}, VERY_LATE),
    ({"due": None}, set()),
    ({"due": FRIDAY, "answer_owed": False}, set()),
    ({"due": FRIDAY, "state": State.ANSWERED}, set()),
    ({"due": FRIDAY, "state": State.CLOSED}, set()),
    ({"due": FRIDAY, "has_owner": False}, {("answer-today", "area")}),
    ({"due": MONDAY, "has_owner": False}, {("answer-tomorrow", "area")}),
    ({"due": TUESDAY, "ack_due": FRIDAY}, {("acknowledge-today", "owner")}),
    ({"due": TUESDAY, "ack_due": MONDAY}, set()),
    ({"foi_due": date(2026, 11, 27)}, {("foi-soon", "owner"), ("foi-soon", "area")}),
    ({"foi_due": date(2026, 11, 30)}, {("foi-soon", "owner"), ("foi-soon", "area")}),
    ({"foi_due": date(2026, 12, 1)}, set()),
    ({"removal_due": FRIDAY}, set()),
    ({"removal_due": date(2026, 11, 19)}, {("removal-late", "communications")}),
    ({"removal_due": date(2026, 11, 19), "state": State.CLOSED}, {("removal-late", "communications")}),
    ({"sar_due": FRIDAY}, TODAY),
]


@pytest.mark.parametrize(("facts", "heard"), BY_DATE)
def test_the_most_pressing_rule_by_date_is_told(facts: dict[str, Any], heard: set[tuple[str, str]]) -> None:
    assert told(a_case(**facts)) == heard


BY_NATURE = [
    ({"severity": Severity.URGENT}, {("urgent", "area"), ("urgent", "communications")}),
    ({"severity": Severity.HIGH}, set()),
    ({"labels": frozenset({Label.VEXATIOUS})}, {("vexatious", "communications")}),
    ({"labels": frozenset({Label.ABUSE, Label.HATE})}, {("offensive", "communications")}),
    ({"labels": frozenset({Label.COMPLAINT, Label.NEGATIVE, Label.POLITICAL})}, set()),
    ({"severity": Severity.URGENT, "answer_owed": False}, {("urgent", "area"), ("urgent", "communications")}),
]


@pytest.mark.parametrize(("facts", "heard"), BY_NATURE)
def test_what_a_comment_is_may_be_told_whether_or_not_an_answer_is_owed(
    facts: dict[str, Any], heard: set[tuple[str, str]]
) -> None:
    assert told(a_case(**facts)) == heard


@pytest.mark.parametrize(
    "now",
    [
        "2026-11-20T08:44:00+00:00",
        "2026-11-20T17:15:00+00:00",
        "2026-11-21T12:00:00+00:00",
        "2026-12-25T12:00:00+00:00",
    ],
)
def test_nobody_is_told_anything_outside_working_hours(now: str) -> None:
    assert told(a_case(due=FRIDAY, severity=Severity.URGENT), now) == set()


def test_nor_on_a_day_that_the_body_is_closed() -> None:
    closed = closed_on(FRIDAY)
    assert tells(a_case(due=FRIDAY), POWYS, closed, datetime.fromisoformat(NOON)) == ()


def test_a_pack_may_say_that_danger_is_told_at_any_hour() -> None:
    rule = EscalateRule(
        slug="danger",
        labels=(Label.SELF_HARM,),
        tell=(Whom.COMMUNICATIONS,),
        at_night=True,
        because=Bilingual(cy="perygl", en="danger"),
    )
    pack = with_rules(POWYS, escalations=(*POWYS.escalations, rule))
    facts = a_case(due=FRIDAY, labels=frozenset({Label.SELF_HARM}))
    assert told(facts, "2026-11-21T03:00:00+00:00", pack) == {("danger", "communications")}


def test_a_date_that_moves_is_told_again() -> None:
    first = tells(a_case(due=FRIDAY), POWYS, DAYS, datetime.fromisoformat(NOON))
    keys = frozenset(tell.key for tell in first)
    assert tells(a_case(due=FRIDAY, told=keys), POWYS, DAYS, datetime.fromisoformat(NOON)) == ()
    assert told(a_case(due=MONDAY, told=keys), "2026-11-23T12:00:00+00:00") == TODAY


cases = st.builds(
    a_case,
    state=st.sampled_from(State),
    answer_owed=st.booleans(),
    severity=st.sampled_from(Severity),
    labels=st.frozensets(st.sampled_from(Label)),
    has_owner=st.booleans(),
    ack_due=st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31)),
    due=st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31)),
    foi_due=st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31)),
)
hours = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=datetime.fromisoformat(NOON).tzinfo)
)


@given(cases, st.lists(hours, min_size=1, max_size=12))
def test_however_often_we_look_nobody_hears_the_same_thing_twice(facts, moments) -> None:
    keys: list[str] = []
    for now in sorted(moments):
        seen = Facts(**{name: getattr(facts, name) for name in Facts.__slots__} | {"told": frozenset(keys)})
        keys += [tell.key for tell in tells(seen, POWYS, DAYS, now)]
    assert len(keys) == len(set(keys))
