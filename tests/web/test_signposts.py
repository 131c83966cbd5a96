"""A case is handed over and its author told in one act; whoever asks what is not ours is pointed to who can help."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from httpx2 import Response

import pipeline
from moderation import policy, queue
from moderation.policy import Approval, Policy, Source
from store import cases
from store.cases import CaseRow, EventRow, RoundRow
from tests.web.test_replying import DeafPlatform, boxes, happened, under, with_rules, written
from tests.web.world import Site, Visitor, token_in, version_in
from vocabulary import Author, ReplyKind, ReplyState, State

ENGLISH = "When is the gate mended?"
WELSH = "Pryd mae'r giât yn cael ei thrwsio?"
TOLD_AT = {"told": "elsewhere", "day": "20", "month": "11", "year": "2026", "clock": "9:30"}


def case_of(site: Site, case: int) -> CaseRow:
    with site.store.read() as session:
        return queue.get(session, case)


def turn_of(site: Site, case: int) -> RoundRow:
    with site.store.read() as session:
        return cases.current_round(session, queue.get(session, case))


def words_for(page: str) -> dict[str, str]:
    """What stands in the two boxes of the form that hands over."""
    found = re.findall(r'<textarea [^>]*id="hand-over-(text_cy|text_en)"[^>]*>([^<]*)</textarea>', page)
    return {box: html.unescape(text) for box, text in found}


def events(site: Site, case: int, what: str) -> list[EventRow]:
    return [each for each in happened(site, case) if each.what == what]


@pytest.mark.parametrize(("said", "box", "name"), [(ENGLISH, "text_en", "Highways"), (WELSH, "text_cy", "Priffyrdd")])
def test_the_words_are_seen_in_the_language_owed_before_anything_is_done(
    site: Site, said: str, box: str, name: str
) -> None:
    case, rhys = site.said(said), site.visitor("rhys")
    seen = words_for(rhys.fill(f"/en/cases/{case}", "hand-over/words", area="highways").text)
    other = ({"text_cy", "text_en"} - {box}).pop()
    assert seen[other] == ""
    assert all(part in seen[box] for part in (name, "01632 960110", "GW-2026-000001"))
    assert (case_of(site, case).service_area, written(site, case)) == ("waste", [])


def test_what_the_author_goes_on_to_say_suggests_another_area(site: Site) -> None:
    case, rhys = site.said("When is the bin lorry coming?"), site.visitor("rhys")
    chosen = '<option value="highways" selected>'
    assert chosen not in rhys.get(f"/en/cases/{case}").text
    assert site.said("And when is the pothole filled?", author=Author("a1", "Mair Enghraifft")) == case
    page = rhys.get(f"/en/cases/{case}").text
    assert chosen in page
    assert "Suggested: Highways. Mentions pothole." in page


def test_the_case_goes_over_with_its_clock_running_and_the_author_is_told(site: Site) -> None:
    case, rhys = site.said(ENGLISH), site.visitor("rhys")
    due = case_of(site, case).due
    page = rhys.fill(f"/en/cases/{case}", "hand-over/words", area="highways").text
    sent = {"area": "highways", "reason": "Ours ends at the kerb.", **words_for(page)}
    answer = rhys.fill(f"/en/cases/{case}", "hand-over", **sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/queue?done=handed_over")
    pipeline.dispatch(site.here, now=site.now)
    assert ["Highways" in text for text in site.platforms["cyngor-fb"].sent] == [True]
    row, turn = case_of(site, case), turn_of(site, case)
    assert (row.service_area, row.owner_id, row.state, row.due) == ("highways", None, State.ASSIGNED, due)
    assert turn.acknowledged_at is not None
    assert turn.answered_at is None
    [reply] = written(site, case)
    assert reply.kind is ReplyKind.HOLDING
    [assigned], [told] = events(site, case, "assign"), events(site, case, "signposted")
    assert (assigned.words, told.detail) == ("Ours ends at the kerb.", {"reply": reply.id, "area": "highways"})
    assert "told the author where to turn" in site.visitor("elin").get(f"/en/cases/{case}").text


def test_words_that_may_not_leave_leave_the_case_where_it_is(site: Site) -> None:
    case, rhys = site.said(WELSH), site.visitor("rhys")
    text = "It is with Highways now. You will have the answer from them."
    refused = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", text_en=text)
    assert refused.status_code == 422
    assert 'href="#hand-over-text_cy"' in refused.text
    assert words_for(refused.text)["text_en"] == text
    assert (case_of(site, case).service_area, written(site, case), events(site, case, "assign")) == ("waste", [], [])
    reason = {"exception": "The author asked for English."}
    rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", text_en=text, **reason)
    assert [each.exception_reason for each in written(site, case)] == ["The author asked for English."]


def test_the_department_that_has_it_now_is_the_one_that_must_be_named(site: Site) -> None:
    rct = under(site, policy.load("rhondda-cynon-taf"))
    case, rhys = rct.said(ENGLISH), rct.visitor("rhys")
    unnamed = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", text_en="Thank you. It is GW-2026-000001.")
    assert "must name the department that has the comment now: Highways" in unnamed.text
    page = rhys.fill(f"/en/cases/{case}", "hand-over/words", area="highways").text
    done = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", **words_for(page))
    assert done.status_code == 303, "the words of the pack name it, with the reference"


def test_where_the_pack_asks_a_colleague_approves_what_the_author_is_told(site: Site) -> None:
    council = under(site, with_rules("powys", approval=Approval(source=Source.OURS, always=True)))
    case, rhys = council.said(ENGLISH), council.visitor("rhys")
    page = rhys.fill(f"/en/cases/{case}", "hand-over/words", area="highways").text
    assert "A colleague must approve" in page
    done = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", **words_for(page))
    assert done.headers["location"].endswith("done=handed_over_for_approval")
    assert [each.state for each in written(council, case)] == [ReplyState.AWAITING_APPROVAL]
    assert (case_of(council, case).service_area, turn_of(council, case).acknowledged_at) == ("highways", None)


def test_where_the_platform_takes_no_reply_it_is_told_there_and_recorded(site: Site) -> None:
    case, rhys = site.said(ENGLISH), site.visitor("rhys")
    site.platforms["cyngor-fb"] = DeafPlatform("cyngor-fb")
    page = rhys.fill(f"/en/cases/{case}", "hand-over/words", area="highways").text
    refused = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", **words_for(page))
    assert "This platform takes no reply from here" in refused.text
    assert case_of(site, case).service_area == "waste"
    unclear = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", told="elsewhere", **words_for(page))
    assert 'href="#hand-over-day"' in unclear.text
    done = rhys.fill(f"/en/cases/{case}", "hand-over", area="highways", **words_for(page), **TOLD_AT)
    assert done.headers["location"].endswith("done=handed_over_recorded")
    [reply] = written(site, case)
    assert (reply.state, reply.kind, case_of(site, case).service_area) == (
        ReplyState.SENT,
        ReplyKind.HOLDING,
        "highways",
    )
    assert turn_of(site, case).acknowledged_at == reply.sent_at


@pytest.mark.parametrize("area", ["", "waste", "moon"])
def test_a_case_is_handed_to_another_area_that_there_is(site: Site, area: str) -> None:
    case, rhys = site.said(ENGLISH), site.visitor("rhys")
    for form in ("hand-over/words", "hand-over"):
        refused = rhys.fill(f"/en/cases/{case}", form, area=area, text_en="Thank you.")
        assert refused.status_code in {200, 422}
        assert "Choose the service area that the case is for." in refused.text
    assert written(site, case) == []


def test_whoever_changes_the_language_keeps_the_words(site: Site) -> None:
    case, rhys = site.said(ENGLISH), site.visitor("rhys")
    page = rhys.fill(f"/en/cases/{case}", "hand-over/words", area="highways", text_en="My own words.").text
    assert f'formaction="/cy/cases/{case}/hand-over/words"' in page
    other = rhys.fill(f"/cy/cases/{case}", "hand-over/words", area="highways", **words_for(page)).text
    assert words_for(other)["text_en"] == "My own words."


def test_a_stale_page_hands_nothing_over(site: Site) -> None:
    case, rhys = site.said(ENGLISH), site.visitor("rhys")
    page = rhys.get(f"/en/cases/{case}").text
    stale = {"csrf": token_in(page), "version": version_in(page), "area": "highways", "text_en": "Thank you."}
    rhys.fill(f"/en/cases/{case}", "acts/escalate", reason="Look at this.")
    assert rhys.post(f"/en/cases/{case}/hand-over", data=stale).status_code == 409
    assert case_of(site, case).service_area == "waste"


# Elsewhere.


def point_there(visitor: Visitor, case: int, said: dict[str, str], to: str) -> Response:
    """Send the form of a reply that was given elsewhere, whose name is a field of its own."""
    page = visitor.get(f"/en/cases/{case}").text
    answer: Response = visitor.post(
        f"/en/cases/{case}/{to}", data={"csrf": token_in(page), "version": version_in(page), **said}
    )
    return answer


STOLEN = "When is the CCTV coming? My bike was stolen and the council is silent."


def test_the_words_suggest_another_body_and_say_why_and_nothing_is_filled_in_by_itself(site: Site) -> None:
    case, rhys = site.said(STOLEN), site.visitor("rhys")
    page = html.unescape(rhys.get(f"/en/cases/{case}").text)
    assert "Suggested: The police." in page
    assert "Mentions stolen." in page
    assert boxes(page) == {"cy": "", "en": ""}
    welsh = html.unescape(rhys.get(f"/cy/cases/{case}").text)
    assert "Awgrym: Yr heddlu." in welsh


def test_pointing_elsewhere_is_an_answer_and_the_case_may_close_as_signposted(site: Site) -> None:
    case, rhys = site.said(STOLEN), site.visitor("rhys")
    page = rhys.fill(f"/en/cases/{case}", "signpost", point_to="police", kind="holding").text
    filled = boxes(page)
    assert filled["cy"] == ""
    assert all(part in filled["en"] for part in ("The police", "101", "GW-2026-000001"))
    assert written(site, case) == []
    assert '<input type="hidden" name="signpost" value="police">' in page
    rhys.fill(f"/en/cases/{case}", "reply", kind="answer", text_en=filled["en"], signpost="police")
    pipeline.dispatch(site.here, now=site.now)
    assert case_of(site, case).state is State.ANSWERED
    [pointed] = events(site, case, "signposted")
    assert pointed.detail["body"] == "police"
    after = rhys.get(f"/en/cases/{case}").text
    assert re.search(r'<option value="signposted" selected>', after), "offered; an officer still says why"
    assert "To: The police" in after
    rhys.fill(f"/en/cases/{case}", "acts/close", outcome="signposted", reason="It is theirs.")
    assert case_of(site, case).outcome == "signposted"


def test_a_reply_that_no_longer_points_anywhere_is_no_signpost(site: Site) -> None:
    case, rhys = site.said(STOLEN), site.visitor("rhys")
    rhys.fill(f"/en/cases/{case}", "reply", kind="answer", text_en="The camera is not ours.", signpost="police")
    assert events(site, case, "signposted") == []
    assert len(written(site, case)) == 1


def test_a_box_with_words_is_left_as_it_is_and_nobody_is_pointed_nowhere(site: Site) -> None:
    case, rhys = site.said(STOLEN), site.visitor("rhys")
    full = rhys.fill(f"/en/cases/{case}", "signpost", point_to="police", text_en="My own words.")
    assert (full.status_code, boxes(full.text)["en"]) == (422, "My own words.")
    nobody = rhys.fill(f"/en/cases/{case}", "signpost", point_to="")
    assert "Choose whom to point the author to." in nobody.text


def test_what_was_said_elsewhere_may_be_a_signpost_too(site: Site) -> None:
    case, rhys = site.said(STOLEN), site.visitor("rhys")
    page = point_there(rhys, case, {"form": "elsewhere", "point_to": "police"}, "signpost").text
    [text] = re.findall(r'<textarea [^>]*id="elsewhere-text_en"[^>]*>([^<]*)</textarea>', page)
    when = {each: TOLD_AT[each] for each in ("day", "month", "year", "clock")}
    said = {"kind": "answer", "text_en": html.unescape(text), "signpost": "police", "form": "elsewhere", **when}
    point_there(rhys, case, said, "elsewhere")
    assert case_of(site, case).state is State.ANSWERED
    assert len(events(site, case, "signposted")) == 1


def test_a_pack_that_points_nowhere_shows_no_signposts(site: Site) -> None:
    none: Policy = with_rules("powys", signposts={})
    council = Site(replace(site.here, policy=none), site.platforms, site.users)
    case = council.said(STOLEN)
    assert "Point elsewhere" not in council.visitor("rhys").get(f"/en/cases/{case}").text
