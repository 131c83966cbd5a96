"""A call does what the page does: the same checks, the same events, the same rows; and what is sent is sent once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

import pipeline
from store import replies
from store.audit import AuditRow
from store.cases import EventRow
from tests.web.api.caller import Caller, caller, given, of_token
from tests.web.world import Site

WELSH = "Pryd mae'r biniau yn cael eu casglu?"
ANSWER = {"text_cy": "Diolch. Mae'r biniau yn cael eu casglu yfory."}


def etag(program: Caller, case_id: int) -> str:
    return str(program.call("GET", f"/cases/{case_id}").headers["etag"])


def events(site: Site, case_id: int) -> list[EventRow]:
    with site.store.read() as session:
        return list(session.scalars(select(EventRow).where(EventRow.case_id == case_id).order_by(EventRow.id)))


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("urn:gwylio:problem:")


def test_a_case_tells_all_that_its_page_shows(site: Site) -> None:
    case_id = site.said("When is the bin lorry coming, you idiots?")
    found = caller(site, "rhys").call("GET", f"/cases/{case_id}", accept_language="cy;q=0.9, en;q=0.1").json()
    [turn] = found["thread"]
    flagged = {each["about"]: each["why"] for each in turn["findings"] if each["flagged"]}
    assert flagged == {"abuse": ["sarhad sydd wedi'i anelu at rywun: idiots"]}
    assert turn["revisions"][0]["text"] == "When is the bin lorry coming, you idiots?"
    clocks = found["clocks"]
    assert (clocks["received_at"], clocks["due"], clocks["overdue"]) == ("2026-11-20T08:00:00Z", "2026-11-27", False)
    assert [day["number"] for day in clocks["working"]] == [0, 0, 0, 1, 2, 3, 4, 5]
    assert found["history"][-1]["what"] == "opened"
    assert set(found["acts"]) == {"assign", "ask_author", "escalate", "close"}
    read_only = caller(site, "aled").call("GET", f"/cases/{case_id}").json()
    assert read_only["acts"] == [], "an auditor changes nothing"


def test_the_queue_goes_on_where_it_ended_and_masks_what_it_must(site: Site) -> None:
    ids = [site.said(text) for text in ("When is it?", "Ring me on 07700 900123 when it is", "The lorry is late")]
    site.said("The pothole is not mended", account="priffyrdd-fb")
    program, seen, after = caller(site, "rhys"), [], ""
    while True:
        page = program.call("GET", f"/queue?show=all&limit=2&after={after}").json()
        assert (page["total"], page["more_than_counted"]) == (3, False)
        seen += page["cases"]
        if not (after := page["next"] or ""):
            break
    assert [case["id"] for case in seen] == ids
    assert "07700" not in str(seen)
    assert problem(program.call("GET", "/queue?area=nowhere")) == (422, "not-readable")
    assert problem(program.call("GET", "/queue?after=2026-99-99.1")) == (422, "not-readable")
    assert program.call("GET", "/queue?area=highways").json()["cases"] == []


def test_an_act_leaves_the_event_and_the_row_that_the_page_leaves_and_says_by_which_token(site: Site) -> None:
    on_page, by_call = site.said("When is it?"), site.said("When is it not?")
    site.visitor("rhys").fill(f"/en/cases/{on_page}", "acts/escalate", reason="For you.")
    number, token = given(site, "rhys")
    program = of_token(site, token)
    body = {"reason": "For you."}
    answer = program.call("POST", f"/cases/{by_call}/acts/escalate", body, if_match=etag(program, by_call))
    assert (answer.status_code, answer.json()["state"]) == (200, "escalated")
    assert answer.headers["etag"] == etag(program, by_call)

    told = [events(site, case_id)[-1] for case_id in (on_page, by_call)]
    assert {(each.what, each.words, each.user_id) for each in told} == {("escalate", "For you.", site.users["rhys"])}
    assert [each.detail.get("token") for each in told] == [None, number]
    with site.store.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "case.escalate").order_by(AuditRow.number))
        trail = [(row.actor, row.after.get("token")) for row in rows]
    assert trail == [("rhys", None), ("rhys", number)]
    assert f"Through the API, token {number}" in site.visitor("rhys").get(f"/en/cases/{by_call}").text


@pytest.mark.parametrize(
    ("method", "path", "body", "state"),
    [
        ("POST", "acts/assign", {"area": "waste", "officer": 1}, "assigned"),
        ("POST", "acts/ask_author", {}, "awaiting_author"),
        ("POST", "acts/escalate", {"reason": "Abuse."}, "escalated"),
        ("POST", "acts/close", {"outcome": "no_response_needed", "reason": "Thanks."}, "closed"),
        ("PUT", "answer-owed", {"owed": False, "reason": "It is praise."}, "received"),
    ],
)
def test_whatever_moves_a_case_is_done_once_by_those_who_saw_it(
    site: Site, method: str, path: str, body: dict[str, Any], state: str
) -> None:
    case_id = site.said("When is it?")
    program, outcomes = caller(site, "rhys"), site.here.policy.outcomes
    body = {**body, **({"outcome": outcomes[0].slug} if "outcome" in body else {})}
    address = f"/cases/{case_id}/{path}"
    assert problem(program.call(method, address, body)) == (428, "version-missing")
    for stale in ('"0"', "nonsense", '"99999999999999999999"', "*"):
        assert problem(program.call(method, address, body, if_match=stale)) == (412, "stale-case")
    version = etag(program, case_id)
    answer = program.call(method, address, body, if_match=version)
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    if path != "answer-owed":
        assert problem(program.call(method, address, body, if_match=version)) == (412, "stale-case")


def test_an_act_that_is_not_to_be_done_says_what_may_be(site: Site) -> None:
    case_id = site.said("When is it?")
    program = caller(site, "rhys")
    version = etag(program, case_id)

    def act(name: str, body: dict[str, Any]) -> Any:
        return program.call("POST", f"/cases/{case_id}/acts/{name}", body, if_match=version, accept_language="cy")

    not_possible = act("reopen", {"reason": "Again."})
    assert problem(not_possible) == (409, "not-possible-now")
    assert "close" in not_possible.json()["allowed"]
    assert problem(act("return", {"reason": "Yours."})) == (403, "not-allowed")
    for name, body, field, code in (
        ("escalate", {}, "body.reason", "no-reason"),
        ("close", {"reason": "Done."}, "body.outcome", "no-outcome"),
        ("assign", {"area": "nowhere"}, "body.area", "unknown-area"),
        ("assign", {"area": "waste", "officer": site.users["elin"]}, "body.officer", "unknown-officer"),
        ("assign", {"areas": "waste"}, "body.areas", "extra_forbidden"),
    ):
        refused = act(name, body)
        [error] = refused.json()["errors"]
        assert (*problem(refused), error["field"], error["code"]) == (422, "not-readable", field, code)
        assert error["says"] not in {"say why, in your own words", "nobody asks for this"}, "it is said in Welsh"


def test_a_reply_is_checked_as_on_the_page_and_leaves_once_for_its_key(site: Site) -> None:
    case_id = site.said(WELSH)
    program, address = caller(site, "rhys"), f"/cases/{case_id}/replies"
    version = etag(program, case_id)
    assert problem(program.call("POST", address, ANSWER, if_match=version)) == (400, "idempotency-key-missing")
    in_english = program.call("POST", address, {"text_en": "When is it?"}, if_match=version, idempotency_key="a")
    assert problem(in_english) == (422, "reply-refused")
    assert [(each["code"], each["overridable"]) for each in in_english.json()["errors"]] == [("welsh_missing", True)]
    checked = program.call("POST", f"{address}/check", {"text_en": "When is it?"}).json()
    assert [each["code"] for each in checked["objections"]] == ["welsh_missing"]
    assert checked["parts"] == ["When is it?"]

    sent = [program.call("POST", address, ANSWER, if_match=version, idempotency_key="b") for _ in range(3)]
    assert {each.status_code for each in sent} == {201}
    assert len({each.text for each in sent}) == 1, "asked again, the same is answered"
    assert problem(program.call("POST", address, {"text_cy": "Na."}, if_match=version, idempotency_key="b")) == (
        422,
        "idempotency-key-used",
    )
    pipeline.dispatch(site.here, now=site.now)
    assert site.platforms["cyngor-fb"].sent == [ANSWER["text_cy"]]
    again = program.call("POST", address, ANSWER, if_match=etag(program, case_id), idempotency_key="c")
    assert again.status_code == 201, "another key is another reply"
    on_its_way = program.call("POST", address, ANSWER, if_match=etag(program, case_id), idempotency_key="d")
    assert problem(on_its_way) == (409, "no-reply-possible")
    elsewhere = caller(site, "catrin").call("POST", address, ANSWER, if_match=version, idempotency_key="b")
    assert problem(elsewhere) == (412, "stale-case"), "a key is one token's own"
    with site.store.read() as session:
        assert len(replies.of_case(session, case_id)) == 2


def test_notes_claims_and_corrections_are_those_of_the_page(site: Site) -> None:
    case_id = site.said("When is it, idiots?")
    rhys, catrin = caller(site, "rhys"), caller(site, "catrin")
    assert rhys.call("POST", f"/cases/{case_id}/notes", {"words": "@catrin is this abuse?"}).status_code == 204
    assert "@catrin is this abuse?" in site.visitor("catrin").get(f"/en/cases/{case_id}").text

    wrong = {"about": "abuse", "says": "cy", "reason": "Not so."}
    assert problem(rhys.call("POST", f"/comments/{case_id}/corrections", wrong)) == (422, "not-readable")
    right = {"about": "abuse", "says": "no", "reason": "A name of a play."}
    assert rhys.call("POST", f"/comments/{case_id}/corrections", right).status_code == 200
    found = rhys.call("GET", f"/cases/{case_id}").json()
    assert not [each for turn in found["thread"] for each in turn["findings"] if each["flagged"]]

    another = site.said("When is the other one?")
    assert rhys.call("PUT", f"/cases/{another}/claim").json() == {"mine": True, "claimed_by": "Rhys Morgan"}
    assert catrin.call("PUT", f"/cases/{another}/claim").json() == {"mine": False, "claimed_by": "Rhys Morgan"}
    assert rhys.call("DELETE", f"/cases/{another}/claim").status_code == 204
    assert catrin.call("PUT", f"/cases/{another}/claim").json()["mine"]


def test_who_sees_a_case_with_something_grave_in_it_leaves_a_row(site: Site) -> None:
    case_id = site.said("When is it?")
    site.reviewed(case_id)
    number, token = given(site, "rhys")
    of_token(site, token).call("GET", f"/cases/{case_id}")
    with site.store.read() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "case.viewed", AuditRow.actor == "rhys"))
    assert row.after["token"] == number


def test_figures_accounts_vocabulary_and_the_classifiers_answer(site: Site) -> None:
    site.said(WELSH)
    catrin, rhys = caller(site, "catrin"), caller(site, "rhys")
    this_week = catrin.call("GET", "/reports/weekly?week=2026-W47").json()
    assert (this_week["everywhere"], this_week["total"]["received"], this_week["welsh"]["received"]) == (True, 1, 1)
    mine = rhys.call("GET", "/reports/weekly?week=2026-W47").json()
    assert (mine["everywhere"], list(mine["by_area"])) == (False, ["waste"])
    for week in ("2026-W48", "2026-W60", "x"):
        assert problem(rhys.call("GET", f"/reports/weekly?week={week}")) == (422, "not-readable")
    health = catrin.call("GET", "/accounts").json()["accounts"]
    assert [each["slug"] for each in health] == ["cyngor-fb", "priffyrdd-fb"]
    words = rhys.call("GET", "/vocabulary").json()
    assert {"code": "closed", "cy": "wedi'i gau", "en": "closed"} in words["names"]["state"]
    assert {"state": "closed", "act": "reopen", "leads_to": "assigned"} in words["lifecycle"]
    seen = rhys.call("POST", "/classify", {"text": WELSH}, accept_language="cy").json()
    assert (seen["language"], seen["reply_in"], seen["needs_welsh_reply"]) == ("cy", "cy", True)
    assert seen["labels"][0] == {"label": "profanity", "score": 0.0, "flagged": False, "why": []}
    saved = rhys.call("GET", "/saved-replies").json()["saved_replies"]
    assert {each["slug"] for each in saved} >= {"holding"}


@pytest.mark.parametrize(
    ("liked", "language"),
    [("cy", "cy"), ("en-GB,en;q=0.9,cy;q=0.8", "en"), ("fr", "en"), ("", "en"), ("cy;q=0", "en"), ("cy;q=x, en", "en")],
)
def test_problems_come_in_the_language_that_is_liked_best(still_site: Site, liked: str, language: str) -> None:
    answer = of_token(still_site, "none").call("GET", "/queue", accept_language=liked)
    assert answer.headers["content-language"] == language
    assert answer.json()["title"] == {"cy": "Mae angen tocyn", "en": "A token is needed"}[language]


def test_moments_carry_their_zone_and_are_in_utc(site: Site) -> None:
    case_id = site.said("When is it?")
    found = caller(site, "rhys").call("GET", f"/cases/{case_id}").json()
    moments = [found["opened_at"], found["clocks"]["received_at"], found["thread"][0]["at"], found["history"][0]["at"]]
    assert {datetime.fromisoformat(each).tzinfo for each in moments} == {UTC}
