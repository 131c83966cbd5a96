"""On a case's page an officer says what became of a request or a complaint; until then the case does not close."""

from __future__ import annotations

import html
import re

import pytest

from store import matters
from store.matters import MatterRow
from tests.web.world import Site, Visitor, token_in
from vocabulary import MatterState

ENGLISH = "When is the bin lorry coming?"


def matter_of(site: Site, case: int) -> MatterRow:
    with site.store.read() as session:
        return matters.of_case(session, case)[-1]


def moves(visitor: Visitor, case: int, matter: MatterRow, act: str, reason: str = "", **over: str) -> int:
    page = visitor.get(f"/en/cases/{case}")
    data = {"csrf": token_in(page.text), "version": str(matter.version), "act": act, "reason": reason, **over}
    return visitor.post(f"/en/cases/{case}/matters/{matter.id}", data=data).status_code


@pytest.fixture
def complaint(site: Site) -> int:
    case = site.said(ENGLISH)
    done = site.visitor("rhys").fill(f"/en/cases/{case}", "matters", kind="complaint", reason="The third time")
    assert done.headers["location"] == f"/en/cases/{case}?done=matter"
    return case


def test_a_complaint_shows_its_stage_its_date_and_how_it_was_counted(site: Site, complaint: int) -> None:
    page = html.unescape(site.visitor("rhys").get(f"/cy/cases/{complaint}").text)
    assert "Datrysiad anffurfiol" in page
    assert re.search(r'<time datetime="2026-12-04">', page)


@pytest.mark.parametrize(
    ("kind", "reason", "says"),
    [
        ("", "x", "Choose what it is."),
        ("answer", "x", "Choose what it is."),
        ("foi", " ", "Say why, in your own words."),
    ],
)
def test_what_is_missing_is_said_at_its_field(site: Site, kind: str, reason: str, says: str) -> None:
    case = site.said(ENGLISH)
    refused = site.visitor("rhys").fill(f"/en/cases/{case}", "matters", kind=kind, reason=reason)
    assert refused.status_code == 422
    assert says in html.unescape(refused.text)


def test_a_case_that_holds_one_does_not_close(site: Site, complaint: int) -> None:
    visitor = site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{complaint}", "acts/close", outcome="answered", reason="Done")
    assert refused.status_code == 422
    assert "A request or a complaint in this case has not ended." in html.unescape(refused.text)
    assert moves(visitor, complaint, matter_of(site, complaint), "finish") == 422
    assert moves(visitor, complaint, matter_of(site, complaint), "finish", "Apologised", elsewhere="C-12") == 303
    matter = matter_of(site, complaint)
    assert (matter.state, matter.elsewhere) == (MatterState.DONE, "C-12")
    done = visitor.fill(f"/en/cases/{complaint}", "acts/close", outcome="answered", reason="Done")
    assert done.headers["location"] == f"/en/cases/{complaint}?done=close"


def test_what_somebody_else_moved_meanwhile_is_not_moved_again(site: Site, complaint: int) -> None:
    matter, visitor = matter_of(site, complaint), site.visitor("rhys")
    assert moves(visitor, complaint, matter, "finish", "Apologised") == 303
    assert moves(visitor, complaint, matter, "dismiss", "Withdrawn") == 422
    assert matter_of(site, complaint).state is MatterState.DONE


def test_a_matter_of_another_case_is_not_moved_from_here(site: Site, complaint: int) -> None:
    other = site.said("There is a pothole in the road", account="priffyrdd-fb")
    assert moves(site.visitor("elin"), other, matter_of(site, complaint), "finish", "Apologised") == 422
    assert matter_of(site, complaint).state is MatterState.RUNNING


def test_nothing_is_offered_twice(site: Site, complaint: int) -> None:
    page = site.visitor("rhys").get(f"/en/cases/{complaint}").text
    kinds = re.search(r'<select class="govuk-select" id="kind" name="kind">(.*?)</select>', page, re.DOTALL)
    assert kinds
    assert re.findall(r'value="(\w+)"', kinds[1]) == ["foi", "sar"]
