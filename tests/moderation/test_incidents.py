"""What must be acted on at once is suggested, recorded by a person, told as the pack says, and never forgotten."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from moderation import incidents, queue, restricted
from moderation.calendar import seed_holidays
from moderation.incidents import IncidentRefused, UnknownIncident
from moderation.record import Actor
from store import cases, holidays, openings
from store import incidents as rows
from store.cases import CaseRow
from store.database import Session, Store
from store.incidents import IncidentRow
from tests.factories import MONDAY, NOON, POWYS, comes, does, officer, with_account
from vocabulary import Act, Label, State

SATURDAY = MONDAY + timedelta(days=5)
WORDS = "Mae'r heddlu'n gwybod"


@pytest.fixture
def mair(store: Store) -> Actor:
    with_account(store)
    days = [(row.day, row.division, row.title_en, row.title_cy, row.source) for row in seed_holidays()]
    store.write(lambda session: holidays.keep(session, days, now=MONDAY))
    return officer(store)


def begins(store: Store, case_id: int, kind: str, who: Actor, **over: Any) -> IncidentRow:
    facts: dict[str, Any] = {"policy": POWYS, "actor": who, "now": NOON, "words": WORDS} | over
    return store.write(lambda session: incidents.begin(session, case_id, kind, **facts))


def ends(store: Store, incident: IncidentRow, who: Actor, words: str = WORDS) -> IncidentRow:
    return store.write(
        lambda session: incidents.end(
            session, incident.case_id, incident.id, actor=who, now=NOON, words=words, reference="DPP-1234"
        )
    )


def happened(store: Store, case_id: int) -> list[str]:
    with store.read() as session:
        return [event.what for event in cases.events(session, case_id)]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        (Label.THREAT, "police"),
        (Label.HATE, "hate_crime"),
        (Label.SELF_HARM, "self_harm"),
        (Label.SAFEGUARDING, "safeguarding"),
        (Label.DEFAMATION_RISK, "defamation"),
    ],
)
def test_a_label_points_to_what_must_be_done(label: Label, kind: str) -> None:
    assert [each.slug for each in incidents.suggested([label], POWYS)] == [kind]


@pytest.mark.parametrize("label", [Label.COMPLAINT, Label.NEGATIVE, Label.PROFANITY, Label.POLITICAL])
def test_criticism_points_to_nothing(label: Label) -> None:
    assert incidents.suggested([label], POWYS) == ()


def test_an_incident_is_due_the_same_day_and_told_at_once(store: Store, mair: Actor) -> None:
    case_id = comes(store).case_id
    incident = begins(store, case_id, "police", mair)
    assert incident.due == MONDAY.date()
    assert happened(store, case_id)[-3:] == ["incident_opened", "told", "told"]


def test_on_a_day_off_it_is_due_on_the_next_working_day(store: Store, mair: Actor) -> None:
    incident = begins(store, comes(store).case_id, "police", mair, now=SATURDAY)
    assert incident.due == date(2026, 11, 9)


@pytest.mark.parametrize(
    ("kind", "over", "field"),
    [
        ("", {}, "kind"),
        ("fire", {}, "kind"),
        ("hate_crime", {}, "option"),
        ("hate_crime", {"option": "postcode"}, "option"),
        ("police", {"words": "  "}, "reason"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(
    store: Store, mair: Actor, kind: str, over: dict[str, Any], field: str
) -> None:
    case_id = comes(store).case_id
    with pytest.raises(IncidentRefused) as refused:
        begins(store, case_id, kind, mair, **over)
    assert refused.value.field == field
    assert happened(store, case_id) == ["opened"]


def test_the_strand_of_a_hate_crime_is_kept(store: Store, mair: Actor) -> None:
    assert begins(store, comes(store).case_id, "hate_crime", mair, option="religion").option == "religion"


def test_closing_the_case_does_not_end_it_and_its_warnings_go_on(store: Store, mair: Actor) -> None:
    case_id = comes(store).case_id
    incident = begins(store, case_id, "police", mair)
    assert does(store, case_id, Act.CLOSE, who=mair, outcome="removed", words=WORDS).state is State.CLOSED
    with store.read() as session:
        assert [fact.case.id for fact in cases.running(session)] == [case_id]
    ends(store, incident, mair)
    with store.read() as session:
        assert not cases.running(session)


def test_it_ends_once_and_with_a_word_on_what_was_done(store: Store, mair: Actor) -> None:
    incident = begins(store, comes(store).case_id, "police", mair)
    with pytest.raises(IncidentRefused):
        ends(store, incident, mair, words="")
    assert ends(store, incident, mair).reference == "DPP-1234"
    with pytest.raises(UnknownIncident):
        ends(store, incident, mair)


def test_an_incident_of_another_case_is_unknown(store: Store, mair: Actor) -> None:
    incident = begins(store, comes(store).case_id, "police", mair)
    with pytest.raises(UnknownIncident):
        store.write(lambda session: incidents.end(session, 404, incident.id, actor=mair, now=NOON, words=WORDS))


def restricts(store: Store, case_id: int) -> bool:
    with store.read() as session:
        return session.get_one(CaseRow, case_id).restricted


def test_a_safeguarding_incident_restricts_its_case(store: Store, mair: Actor) -> None:
    case_id = comes(store).case_id
    assert not restricts(store, case_id)
    begins(store, case_id, "safeguarding", mair)
    assert restricts(store, case_id)


def test_what_is_flagged_restricts_and_a_further_comment_never_lifts_it(store: Store, mair: Actor) -> None:
    placed = comes(store, restricted=True)
    does(store, placed.case_id, Act.ASSIGN, who=mair, owner_id=mair.user_id)
    assert restricts(store, placed.case_id)


def test_a_person_lifts_a_restriction_and_says_why(store: Store, mair: Actor) -> None:
    case_id = comes(store, restricted=True).case_id
    more: dict[str, Any] = {"restricted": False, "actor": mair, "now": NOON}
    with pytest.raises(queue.ReasonNeeded):
        store.write(lambda session: queue.restrict(session, case_id, words="", **more))
    store.write(lambda session: queue.restrict(session, case_id, words=WORDS, **more))
    assert not restricts(store, case_id)
    assert happened(store, case_id)[-1] == "unrestricted"


def test_a_purpose_opens_a_restricted_case_for_half_a_day_and_is_kept(store: Store, mair: Actor) -> None:
    case_id = comes(store, restricted=True).case_id
    reader: dict[str, Any] = {"user_id": mair.user_id}

    def may(at: Any) -> bool:
        with store.read() as session:
            return restricted.may_read(session, case_id, now=at, **reader)

    def opens(session: Session, purpose: str) -> None:
        restricted.open_with_purpose(session, case_id, purpose=purpose, actor=mair, now=NOON)

    assert not may(NOON)
    with pytest.raises(queue.ReasonNeeded):
        store.write(lambda session: opens(session, " "))
    store.write(lambda session: opens(session, "Atgyfeiriad heddiw"))
    assert may(NOON + timedelta(hours=11))
    assert not may(NOON + timedelta(hours=13))
    with store.read() as session:
        [row] = openings.between(session, MONDAY, SATURDAY)
    assert (row.user_id, row.purpose) == (mair.user_id, "Atgyfeiriad heddiw")
    assert happened(store, case_id)[-1] == "opened_with_purpose"


def test_open_incidents_are_listed_due_soonest_first(store: Store, mair: Actor) -> None:
    case_id = comes(store).case_id
    late = begins(store, case_id, "defamation", mair)
    soon = begins(store, case_id, "police", mair)
    with store.read() as session:
        found = rows.open_of_kinds(session, ["police", "defamation"])
    assert [incident.id for incident, _ in found] == [soon.id, late.id]
