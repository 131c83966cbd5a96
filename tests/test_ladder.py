"""A warning never ends at somebody who is not there: the next one up hears, and where nobody can, that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import scheduler
from moderation import telling
from moderation.notices import LADDER, rungs
from moderation.policy import Whom
from store import people
from store.cases import CaseRow
from store.database import Session
from tests.factories import does
from tests.moderation.given import POWYS, with_rules
from tests.test_notifying import DUE_DAY, Council, council
from vocabulary import Act, Clock, Role, Severity

__all__ = ["council"]

BEFORE = DUE_DAY - timedelta(days=3)
"""The Friday before the answer is due: the owner alone is told."""
UP = {
    Whom.OWNER: (Whom.OWNER, Whom.AREA, Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.AREA: (Whom.AREA, Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.COMMUNICATIONS: (Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.SENIOR: (Whom.SENIOR, Whom.COMMUNICATIONS),
    Whom.TRANSLATOR: (Whom.TRANSLATOR, Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.LEGAL: (Whom.LEGAL, Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.SAFEGUARDING: (Whom.SAFEGUARDING, Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.AUDITOR: (Whom.AUDITOR, Whom.COMMUNICATIONS, Whom.SENIOR),
    Whom.ADMINISTRATOR: (Whom.ADMINISTRATOR, Whom.COMMUNICATIONS, Whom.SENIOR),
}


@pytest.mark.parametrize("whom", Whom)
def test_from_everybody_there_is_a_way_up_that_ends_with_those_who_answer_for_all(whom: Whom) -> None:
    assert rungs(whom) == UP[whom]
    assert Whom.COMMUNICATIONS in rungs(whom)
    assert LADDER[0] is Whom.OWNER


def change(council: Council, username: str, **values: object) -> None:
    def act(session: Session) -> None:
        user = people.by_username(session, username)
        for name, value in values.items():
            setattr(user, name, value)

    council.store.write(act)


def heard(council: Council) -> set[str]:
    return {name for name in council.users if council.post_to(name)}


def without_channels(council: Council) -> None:
    settings = council.here.settings.model_copy(update={"teams": {}})
    council.here = replace(council.here, settings=settings)


def unwritten(council: Council) -> list[str]:
    with council.store.read() as session:
        return [each.reference for each in telling.unheard(session, None, now=council.now)]


def test_an_owner_who_is_there_is_told_alone(council: Council) -> None:
    council.case(owner="elin")
    scheduler.escalate(council.here, now=BEFORE)
    assert heard(council) == {"elin"}


def test_an_owner_who_is_away_does_not_open_it_and_the_pack_s_hours_take_it_up(council: Council) -> None:
    council.case(owner="elin")
    up = {}
    for hours in range(6):
        scheduler.escalate(council.here, now=BEFORE + timedelta(hours=hours))
        up[hours] = heard(council)
    assert up[0] == up[1] == {"elin"}
    assert up[2] == up[3] == {"elin", "rhys"}, "after two working hours the area"
    assert up[4] == up[5] == {"elin", "rhys", "catrin"}, "after four communications; senior management only if urgent"


@pytest.mark.parametrize("gone", [{"email": ""}, {"active": False}], ids=["has no address", "has left"])
def test_for_an_owner_who_cannot_be_reached_the_area_hears_at_once(council: Council, gone: dict[str, object]) -> None:
    council.case(owner="elin")
    change(council, "elin", **gone)
    scheduler.escalate(council.here, now=BEFORE)
    assert heard(council) == {"rhys"}


def test_for_an_owner_who_works_elsewhere_now_the_area_hears(council: Council) -> None:
    council.case(owner="elin")

    def move(session: Session) -> None:
        for grant in people.grants(session, council.users["elin"]):
            grant.area = "highways"

    council.store.write(move)
    scheduler.escalate(council.here, now=BEFORE)
    assert heard(council) == {"rhys"}


def test_where_nobody_of_the_area_can_be_reached_communications_hear_and_after_them_senior_management(
    council: Council,
) -> None:
    council.case(owner="elin")
    for username in ("elin", "rhys"):
        change(council, username, email="")
    scheduler.escalate(council.here, now=BEFORE)
    assert heard(council) == {"catrin"}

    without_channels(council)
    change(council, "catrin", email="")
    council.case(owner="elin")
    scheduler.escalate(council.here, now=BEFORE + timedelta(hours=2))
    assert heard(council) == {"catrin", "sioned"}
    assert "GW-2026" not in council.post_to("sioned")[0], "they open no case"
    assert unwritten(council) == []


def test_where_nobody_at_all_can_be_reached_it_is_said_and_not_forgotten(council: Council) -> None:
    council.case(owner="elin")
    without_channels(council)
    for username in ("elin", "rhys", "catrin", "sioned"):
        change(council, username, email="")
    scheduler.escalate(council.here, now=BEFORE)
    assert heard(council) == set()
    assert unwritten(council) == ["GW-2026-000001"]

    change(council, "catrin", email="catrin@cyngor.example")
    scheduler.escalate(council.here, now=BEFORE + timedelta(hours=4))
    assert heard(council) == {"catrin"}, "the chain goes on, to whoever can be reached by then"


def test_a_warning_of_a_case_that_is_handed_over_reaches_the_area_that_has_it_now(council: Council) -> None:
    case_id = council.case(owner="elin", severity=Severity.URGENT)
    council.store.write(
        lambda session: people.add(
            session, username="osian", full_name="Osian", password_hash="!", grants=[(Role.OFFICER, "highways")],
            email="osian@cyngor.example", now=DUE_DAY,
        )
    )  # fmt: skip
    scheduler.escalate(council.here, now=BEFORE)
    assert council.post_to("osian") == []
    now = BEFORE + timedelta(minutes=10)
    does(council.store, case_id, Act.ASSIGN, who=council.actor("catrin"), now=now, area="highways", owner_id=None)
    for minutes in (15, 20, 90):
        scheduler.escalate(council.here, now=BEFORE + timedelta(minutes=minutes))
    [text] = council.post_to("osian")
    assert "somebody needs to look at this today" in text


def test_a_warning_to_an_owner_reaches_whoever_owns_the_case_after_them_once(council: Council) -> None:
    case_id = council.case(owner="elin")
    scheduler.escalate(council.here, now=BEFORE)
    assert heard(council) == {"elin"}
    catrin, rhys, elin = (council.actor(who) for who in ("catrin", "rhys", "elin"))
    for minutes, owner in ((10, rhys), (200, elin)):
        now = BEFORE + timedelta(minutes=minutes)
        does(council.store, case_id, Act.ASSIGN, who=catrin, now=now, area="waste", owner_id=owner.user_id)
        for later in (5, 70):
            scheduler.escalate(council.here, now=now + timedelta(minutes=later))
    assert [len(council.post_to(who)) for who in ("rhys", "elin")] == [1, 1]


def test_a_request_that_runs_on_is_told_though_the_comment_was_answered(council: Council) -> None:
    foi = next(rule for rule in POWYS.escalations if rule.slug == "foi-soon")
    council.here = replace(council.here, policy=with_rules(POWYS, escalations=(foi,)))
    case_id = council.case(owner="elin", clocks=(Clock.ANSWER, Clock.FOI))
    does(council.store, case_id, Act.ANSWER, who=council.actor("elin"), now=DUE_DAY)
    scheduler.escalate(council.here, now=DUE_DAY + timedelta(days=21))
    assert heard(council) == {"elin", "rhys"}
    assert "freedom of information" in council.post_to("elin")[0]


def test_every_warning_of_every_pack_reaches_somebody_as_long_as_one_on_the_ladder_can_be_reached(
    council: Council,
) -> None:
    without_channels(council)
    for username in ("elin", "rhys", "sioned"):
        change(council, username, email="")
    for severity in (Severity.NONE, Severity.URGENT):
        council.case(owner="elin", severity=severity)
        council.case(severity=severity)
    for hours in range(0, 24 * 8, 2):
        scheduler.escalate(council.here, now=BEFORE + timedelta(hours=hours))
    assert unwritten(council) == []
    with council.store.read() as session:
        assert session.query(CaseRow).count() == 4
    assert heard(council) == {"catrin"}
