"""The case says until when it is kept; a legal hold is put on and lifted by those who may, each time with why."""

from __future__ import annotations

import html
import re

import pytest

import pipeline
from moderation import policy
from moderation.house_rules import Wish
from moderation.record import Actor
from moderation.replies import Draft
from store import audit, legal_holds
from tests.web.test_replying import happened, under
from tests.web.world import Site, token_in, version_in
from vocabulary import RemovalKind, ReplyKind

CASE = "When is the bin lorry coming?"
INSULT = "When is the bin lorry coming, you idiots?"


def kept_line(site: Site, path: str, username: str = "catrin") -> str:
    page = site.visitor(username).get(path).text
    found = re.search(r'<p [^>]*id="kept">(.*?)</p>', page, re.DOTALL)
    assert found
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split())


def test_a_case_says_until_when_it_is_kept_and_why(site: Site) -> None:
    case, catrin = site.said(CASE), site.visitor("catrin")
    assert kept_line(site, f"/en/cases/{case}") == "How long it is kept is not counted yet (the case is open)."
    catrin.fill(f"/en/cases/{case}", "acts/close", outcome="no_response_needed", reason="Thanks only.")
    line = kept_line(site, f"/en/cases/{case}")
    assert line.startswith(
        "Kept until 20 November 2027 at least (the longest that applies: comments that got no reply;"
    )
    assert kept_line(site, f"/cy/cases/{case}").startswith("I'w gadw tan 20 Tachwedd 2027 o leiaf (yr hwyaf")


def test_what_was_asked_to_be_taken_down_runs_from_the_decision(site: Site) -> None:
    case, catrin = site.said(INSULT), site.visitor("catrin")
    rhys = Actor("rhys", site.users["rhys"])
    removal = pipeline.ask_removal(
        site.here, 1, Wish("abuse", RemovalKind.HIDE, "An insult."), actor=rhys, now=site.now
    )
    catrin.fill(f"/en/cases/{case}", "acts/close", outcome="removed", reason="Abuse.")
    assert "not decided yet: comments that somebody asked to have taken down" in kept_line(site, f"/en/cases/{case}")
    page = catrin.get(f"/en/removals/{removal}").text
    agreed = {"csrf": token_in(page), "version": version_in(page), "role": "communications", "agrees": "true"}
    catrin.post(f"/en/removals/{removal}/decision", data={**agreed, "reason": "It is."})
    assert kept_line(site, f"/en/cases/{case}").startswith("Kept until 20 November 2032 at least")


def test_an_answered_case_is_kept_longer_than_one_without_a_reply(site: Site) -> None:
    case, catrin = site.said(CASE), site.visitor("catrin")
    rhys = Actor("rhys", site.users["rhys"])
    draft = Draft(ReplyKind.ANSWER, text_en="Thank you. The crew is on the way.")
    pipeline.send_reply(site.here, case, draft, actor=rhys, now=site.now)
    pipeline.dispatch(site.here, now=site.now)
    catrin.fill(f"/en/cases/{case}", "acts/close", outcome="answered", reason="Done.")
    assert kept_line(site, f"/en/cases/{case}").startswith("Kept until 20 November 2028 at least")


def test_a_hold_is_put_on_and_lifted_with_a_reason_a_row_and_a_trail(site: Site) -> None:
    case, catrin = site.said(CASE), site.visitor("catrin")
    unsaid = catrin.fill(f"/en/cases/{case}", "legal-hold", held="true")
    assert unsaid.status_code == 422
    assert 'href="#reason-legal-hold"' in unsaid.text
    for _ in range(2):
        done = catrin.fill(f"/en/cases/{case}", "legal-hold", held="true", reason="A claim was announced.")
        assert done.headers["location"].endswith("done=held"), "held already is held"
    assert kept_line(site, f"/en/cases/{case}") == "Legal hold, 20 November 2026, 10:00: “A claim was announced.”"
    catrin.fill(f"/en/cases/{case}", "acts/close", outcome="no_response_needed", reason="Nothing more.")
    assert "Legal hold" in kept_line(site, f"/en/cases/{case}")
    for _ in range(2):
        catrin.fill(f"/en/cases/{case}", "legal-hold", held="false", reason="The claim was dropped.")
    assert kept_line(site, f"/en/cases/{case}").startswith("Kept until 20 November 2027")
    told = [(each.what, each.words) for each in happened(site, case) if "hold" in each.what]
    assert told == [("legal_hold", "A claim was announced."), ("legal_hold_lifted", "The claim was dropped.")]
    with site.store.read() as session:
        assert legal_holds.of_case(session, case) is None
        trail = [row["action"] for row in audit.rows(session) if "legal_hold" in row["action"]]
    assert trail == ["case.legal_hold", "case.legal_hold_lifted"]


@pytest.mark.parametrize("username", ["rhys", "aled", "nia"])
def test_nobody_else_holds_a_case(site: Site, username: str) -> None:
    case, visitor = site.said(CASE), site.visitor(username)
    assert "Put a legal hold" not in visitor.get(f"/en/cases/{case}").text
    said = {"csrf": token_in(visitor.get("/en/queue").text), "held": "true", "reason": "Mine."}
    assert visitor.post(f"/en/cases/{case}/legal-hold", data=said).status_code == 403


def test_legal_services_hold_a_case_from_the_removal_that_is_put_before_them(site: Site) -> None:
    council = under(site, policy.load("carmarthenshire"))
    case, huw = council.said(INSULT), council.visitor("huw")
    rhys = Actor("rhys", council.users["rhys"])
    removal = pipeline.ask_removal(
        council.here, 1, Wish("abuse", RemovalKind.HIDE, "An insult."), actor=rhys, now=council.now
    )
    path = f"/en/removals/{removal}"
    token = {"csrf": token_in(huw.get(path).text)}
    unsaid = huw.post(f"{path}/legal-hold", data={**token, "held": "true"})
    assert 'href="#reason-legal-hold"' in unsaid.text
    huw.post(f"{path}/legal-hold", data={**token, "held": "true", "reason": "A claim was announced."})
    assert "A claim was announced." in kept_line(council, path, "huw")
    assert "Legal hold" in kept_line(council, f"/en/cases/{case}")
    huw.post(f"{path}/legal-hold", data={**token, "held": "false", "reason": "Dropped."})
    assert "Legal hold" not in kept_line(council, path, "huw")
