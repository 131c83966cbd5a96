"""Officers see who works on a case, put it off, answer a wave together, and act on what they ticked."""

from __future__ import annotations

import html
import re

import pipeline
from moderation import queue
from tests.web.world import Site, Visitor, token_in
from vocabulary import State

CY = "Pryd mae'r biniau yn cael eu casglu ym Maes Enghraifft?"
EN = "When is the bin lorry coming to Example Road this week?"


def state(site: Site, case: int) -> State:
    with site.store.read() as session:
        return queue.get(session, case).state


def ticked(site: Site, *case_ids: int) -> list[str]:
    with site.store.read() as session:
        return [f"{each}.{queue.get(session, each).version}" for each in case_ids]


def sends(visitor: Visitor, path: str, **fields: str | list[str]) -> str:
    token = token_in(visitor.get("/en/queue").text)
    answer = visitor.post(f"/en/{path}", data={"csrf": token, **fields}, follow_redirects=True)
    return html.unescape(answer.text)


def test_whoever_opens_a_case_is_seen_to_work_on_it(site: Site) -> None:
    case = site.said(EN)
    site.visitor("rhys").get(f"/en/cases/{case}")
    page = site.visitor("catrin").get(f"/en/cases/{case}").text
    assert "Rhys Morgan is working on this case until" in page
    assert "Working on it: Rhys Morgan" in site.visitor("catrin").get("/en/queue").text
    rhys = site.visitor("rhys")
    assert "You are working on this case until" in rhys.get(f"/en/cases/{case}").text
    sends(rhys, f"cases/{case}/claim", release="true")
    assert "Working on it" not in site.visitor("catrin").get("/en/queue").text


def test_whoever_only_reads_claims_nothing(site: Site) -> None:
    case = site.said(EN)
    site.visitor("aled").get(f"/en/cases/{case}")
    assert "is working on this case until" not in site.visitor("rhys").get(f"/en/cases/{case}").text


def test_what_is_put_off_waits_no_longer_and_is_found_under_everything(site: Site) -> None:
    case, visitor = site.said(EN), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", "snooze", until="2026-12-24", reason="Later")
    assert refused.status_code == 422
    assert "The latest is" in html.unescape(refused.text)
    done = visitor.fill(f"/en/cases/{case}", "snooze", until="2026-11-24", reason="The depot answers on Tuesday")
    assert done.headers["location"] == f"/en/cases/{case}?done=snooze"
    assert "bin lorry" not in visitor.get("/en/queue").text
    assert "bin lorry" in visitor.get("/en/queue?show=all").text


def test_a_wave_is_answered_together_each_in_the_language_it_is_owed(site: Site) -> None:
    first, second, third = (site.said(EN), site.said(EN + "!"), site.said("A lovely picture of the pier"))
    visitor = site.visitor("rhys")
    page = visitor.get(f"/en/cases/{first}").text
    wave = re.findall(r'id="wave-(\d+)" name="ticked"', page)
    assert wave == [str(first), str(second)]
    told = sends(
        visitor,
        f"cases/{first}/wave",
        ticked=ticked(site, first, second),
        text_cy="Bydd y lori yno yfory. Diolch.",
        text_en="The lorry comes tomorrow. Thank you.",
    )
    assert "Done: 2" in told
    pipeline.dispatch(site.here, now=site.now)
    assert site.platforms["cyngor-fb"].sent == ["The lorry comes tomorrow. Thank you."] * 2
    assert [state(site, each) for each in (first, second, third)] == [State.ANSWERED, State.ANSWERED, State.RECEIVED]


def test_of_a_wave_what_is_not_right_for_one_case_is_not_sent_to_it(site: Site) -> None:
    first, welsh = site.said(EN), site.said(CY)
    told = sends(
        site.visitor("rhys"),
        f"cases/{first}/wave",
        ticked=ticked(site, first, welsh),
        text_en="The lorry comes tomorrow.",
    )
    assert "Done: 1" in told
    assert "a reply in Welsh is owed, and there is none" in told


def test_what_is_ticked_is_closed_together_and_undone(site: Site) -> None:
    cases = [site.said(EN), site.said("A lovely picture")]
    visitor = site.visitor("rhys")
    told = sends(
        visitor, "queue/bulk/close", ticked=ticked(site, *cases), outcome="no_response_needed", reason="Thanks"
    )
    assert "Done: 2" in told
    assert [state(site, each) for each in cases] == [State.CLOSED] * 2
    found = re.search(r'action="/en/(bulk/\d+/undo)"', told)
    assert found
    assert "Done: 2" in sends(visitor, found[1])
    assert State.CLOSED not in [state(site, each) for each in cases]


def test_nothing_of_another_area_is_touched_and_nothing_without_a_reason(site: Site) -> None:
    theirs = site.said("There is a pothole in the road", account="priffyrdd-fb")
    visitor = site.visitor("rhys")
    told = sends(visitor, "queue/bulk/close", ticked=ticked(site, theirs), outcome="no_response_needed", reason="x")
    assert "Nothing was done." in told
    ours = site.said(EN)
    told = sends(visitor, "queue/bulk/close", ticked=ticked(site, ours), outcome="no_response_needed", reason="")
    assert "Nothing was done: say why." in told
    assert state(site, theirs) is state(site, ours) is State.RECEIVED


def test_a_colleague_who_is_mentioned_finds_it_among_their_reminders(site: Site) -> None:
    case = site.said(EN)
    site.visitor("catrin").fill(f"/en/cases/{case}", "notes", reason="@rhys do you know the driver? @elin @nobody")
    assert "catrin mentions you in a note" in site.visitor("rhys").get("/en/queue").text
    assert "mentions you" not in site.visitor("elin").get("/en/queue").text
