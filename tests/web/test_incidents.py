"""A restricted case shows nothing until somebody who may open it has said why; one form records an incident."""

from __future__ import annotations

import html

import pytest

from store import incidents, openings
from store.incidents import IncidentRow
from tests.web.world import NOW, Site, Visitor, token_in

SECRET = "My neighbour's child is not safe and nobody does anything"
WHY = "Referral to the duty team"


def a_restricted_case(site: Site) -> int:
    case = site.said(SECRET)
    done = site.visitor("catrin").fill(f"/en/cases/{case}", "restriction", restricted="true", reason=WHY)
    assert done.headers["location"] == f"/en/cases/{case}?done=restrict"
    return case


def says_why(visitor: Visitor, case: int, purpose: str = WHY) -> int:
    page = visitor.get(f"/en/cases/{case}/purpose")
    data = {"csrf": token_in(page.text), "purpose": purpose}
    return visitor.post(f"/en/cases/{case}/purpose", data=data).status_code


def incident_of(site: Site, case: int) -> IncidentRow:
    with site.store.read() as session:
        return incidents.of_case(session, case)[-1]


@pytest.mark.parametrize("username", ["rhys", "catrin", "gwen"])
def test_a_restricted_case_is_opened_with_a_purpose_by_those_whose_role_needs_it(site: Site, username: str) -> None:
    case, visitor = a_restricted_case(site), site.visitor(username)
    sent_on = visitor.get(f"/en/cases/{case}")
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, f"/en/cases/{case}/purpose")
    asked = visitor.get(f"/en/cases/{case}/purpose")
    assert SECRET not in asked.text
    assert says_why(visitor, case, " ") == 422
    assert says_why(visitor, case) == 303
    assert SECRET in html.unescape(visitor.get(f"/en/cases/{case}").text)


@pytest.mark.parametrize("username", ["elin", "aled", "nia", "mair", "huw", "delyth"])
def test_for_everybody_else_it_does_not_exist(site: Site, username: str) -> None:
    case, visitor = a_restricted_case(site), site.visitor(username)
    for path in ("", "/purpose"):
        assert visitor.get(f"/en/cases/{case}{path}").status_code == 404


def test_every_opening_is_kept_with_its_purpose(site: Site) -> None:
    case, visitor = a_restricted_case(site), site.visitor("rhys")
    says_why(visitor, case)
    for _ in range(2):
        visitor.get(f"/en/cases/{case}")
    with site.store.read() as session:
        rows = openings.between(session, NOW, NOW.replace(hour=23))
    assert [row.purpose for row in rows if row.user_id == site.users["rhys"]] == [WHY], "once in one reading"


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_queue_shows_that_it_is_there_and_not_a_word_of_it(site: Site, language: str) -> None:
    a_restricted_case(site)
    for username in ("rhys", "catrin"):
        page = site.visitor(username).get(f"/{language}/queue?show=all").text
        assert "not safe" not in page
        assert {"en": "Restricted: opened with a purpose", "cy": "Cyfyngedig: agorir â phwrpas"}[language] in page


def test_no_form_of_it_is_taken_before_a_purpose(site: Site) -> None:
    case, visitor = a_restricted_case(site), site.visitor("rhys")
    token = token_in(visitor.get("/en/queue").text)
    answer = visitor.post(f"/en/cases/{case}/notes", data={"csrf": token, "reason": "a note"})
    assert answer.headers["location"] == f"/en/cases/{case}/purpose"


def test_safeguarding_sees_the_restricted_cases_of_every_area(site: Site) -> None:
    case = a_restricted_case(site)
    page = site.visitor("gwen").get("/en/incidents").text
    assert f"/en/cases/{case}" in page
    assert "not safe" not in page


def test_an_incident_is_recorded_told_and_ended(site: Site) -> None:
    case, visitor = site.said("You will regret this when the lights go out"), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", "incidents", kind="", reason="x")
    assert refused.status_code == 422
    assert "Choose what has happened." in refused.text
    done = visitor.fill(f"/en/cases/{case}", "incidents", kind="police", reason="Reported by telephone")
    assert done.headers["location"] == f"/en/cases/{case}?done=incident"
    page = visitor.get(f"/en/cases/{case}").text
    assert "Threat or crime: the police" in page
    listed = site.visitor("catrin").get("/en/incidents").text
    assert "Threat or crime: the police" in listed
    incident = incident_of(site, case)
    data = {"csrf": token_in(page), "reason": "They came out", "reference": "DPP-1"}
    ended = visitor.post(f"/en/incidents/{incident.id}/end", data=data)
    assert ended.headers["location"] == f"/en/cases/{case}?done=incident_ended"
    assert "DPP-1" in visitor.get(f"/en/cases/{case}").text


def test_legal_services_read_what_was_said_and_answer_with_their_advice(site: Site) -> None:
    claim = "The clerk took money in an envelope"
    case = site.said(claim)
    site.visitor("catrin").fill(f"/en/cases/{case}", "incidents", kind="defamation", reason="Seen at ten")
    lawyer = site.visitor("huw")
    page = lawyer.get("/en/incidents").text
    assert claim in page
    assert lawyer.get(f"/en/cases/{case}").status_code == 404
    incident = incident_of(site, case)
    data = {"csrf": token_in(page), "reason": "Hide it; no letter"}
    assert lawyer.post(f"/en/incidents/{incident.id}/end", data=data).headers["location"] == "/en/incidents?done=ended"
    with site.store.read() as session:
        assert session.get_one(IncidentRow, incident.id).ended_by == site.users["huw"]


def test_whom_an_incident_does_not_concern_cannot_end_it(site: Site) -> None:
    case = site.said("You will regret this when the lights go out")
    site.visitor("catrin").fill(f"/en/cases/{case}", "incidents", kind="police", reason="Seen at ten")
    incident = incident_of(site, case)
    for username in ("huw", "elin"):
        visitor = site.visitor(username)
        token = token_in(visitor.get("/en/queue").text)
        data = {"csrf": token, "reason": "done"}
        assert visitor.post(f"/en/incidents/{incident.id}/end", data=data).status_code == 404


def test_an_incident_that_restricts_lets_whoever_recorded_it_go_on(site: Site) -> None:
    case, visitor = site.said(SECRET), site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "incidents", kind="safeguarding", reason=WHY)
    assert visitor.get(f"/en/cases/{case}").status_code == 200
    assert site.visitor("catrin").get(f"/en/cases/{case}").status_code == 303
