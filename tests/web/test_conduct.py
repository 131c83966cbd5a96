"""A review of conduct from the first doubt to its end, in forms, in both languages, by communications."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from moderation import conduct_reviews
from store import cases, replies
from store.conduct import ConductReviewRow
from store.people import GrantRow
from tests.web.world import Site, Visitor, token_in, version_in
from vocabulary import Author, ReplyKind, ReviewState, Role

MAIR = Author("a-mair", "Mair Enghraifft")
BINS = "When is the bin lorry coming?"
DECISION: dict[str, Any] = {
    "words": "Eleven times after our answer.",
    "disability": "Asked; none given.",
    "language": "Welsh offered.",
    "circumstances": "None known.",
    "restrictions": ["one_channel", "settled_matter"],
    "how_cy": "Trwy e-bost at y gwasanaeth yn unig.",
    "how_en": "By e-mail to the service only.",
    "review_in": "6",
}
LETTER = {"text_cy": "Annwyl Mair, rhybudd.", "text_en": "Dear Mair, a warning.", "sent_by": "letter"}


def acts(visitor: Visitor, review: int, step: str, /, **fields: Any) -> Response:
    """Send one form of a review's page, as somebody who has just read it."""
    page = visitor.get(f"/en/reviews/{review}")
    version = re.search(r'name="version" value="(\d+)"', page.text)
    data = {"csrf": token_in(page.text), "version": version[1] if version else "0", **fields}
    answer: Response = visitor.post(f"/en/reviews/{review}/acts/{step}", data=data)
    return answer


def review_of(site: Site, review: int) -> ConductReviewRow:
    with site.store.read() as session:
        return conduct_reviews.get(session, review)


def decided(site: Site, case: int) -> int:
    review, visitor = site.reviewed(case), site.visitor("catrin")
    assert acts(visitor, review, "warn", **LETTER).status_code == 303
    assert acts(visitor, review, "decide", **DECISION).status_code == 303
    return review


def test_an_officer_refers_with_a_reason_and_answers_the_case_as_before(site: Site) -> None:
    case, visitor = site.said(BINS, author=MAIR), site.visitor("rhys")
    empty = visitor.fill(f"/en/cases/{case}", "review", reason=" ")
    assert empty.status_code == 422
    assert "Say why, in your own words." in empty.text
    sent = visitor.fill(f"/en/cases/{case}", "review", reason="The same bin every day since June.")
    assert sent.headers["location"] == f"/en/cases/{case}?done=refer"
    page = html.unescape(visitor.get(f"/en/cases/{case}?done=refer").text)
    assert "The case is still yours to answer." in page
    assert "Nothing has been decided; answer as before." in page
    assert "Send the reply" in page
    assert "The same bin every day" not in page, "their reasons stand in the review"
    catrin = site.visitor("catrin")
    assert "Referred to communications" in html.unescape(catrin.get("/en/reviews").text)
    assert "not yet looked at: 1" in catrin.get("/en/queue").text
    acts(catrin, 1, "open", words="Worth a look.")
    assert "not yet looked at" not in catrin.get("/en/queue").text


def test_communications_open_a_review_from_the_case_and_see_the_evidence(site: Site) -> None:
    case, visitor = site.said(BINS, author=MAIR), site.visitor("catrin")
    begun = visitor.fill(f"/cy/cases/{case}", "review", reason="Bob dydd ers mis Mehefin.")
    assert begun.headers["location"] == "/cy/reviews/1?done=open"
    page = html.unescape(visitor.get(begun.headers["location"]).text)
    for said in (
        "Adolygiad ymddygiad",
        "Sylwadau i ni: 1",
        "wedi'i gyfrif o'u sylwadau i'n cyfrifon ar y platfform hwn",
        "Yr hyn sydd ond yn edrych yn debyg iddo",
        "Nid yw cwyno, mynd â chwyn ymhellach na beirniadu yn flinderus.",
        "Bob dydd ers mis Mehefin.",
        "Catrin Vaughan",
    ):
        assert said in page
    again = visitor.fill(f"/en/cases/{case}", "review", reason="Twice.")
    assert again.headers["location"] == f"/en/cases/{case}"


def test_the_walk_to_a_decision_and_to_its_end(site: Site) -> None:
    case = site.said(BINS, author=MAIR)
    review, visitor = site.reviewed(case), site.visitor("catrin")
    for step, fields, state in (
        ("warn", LETTER, ReviewState.WARNED),
        ("decide", DECISION, ReviewState.DECIDED),
        ("notify", LETTER, ReviewState.DECIDED),
        ("continue", {"words": "It goes on.", "review_in": "3"}, ReviewState.DECIDED),
        ("lift", {"words": "It is over."}, ReviewState.LIFTED),
    ):
        done = acts(visitor, review, step, **fields)
        assert done.headers["location"] == f"/en/reviews/{review}?done={step}"
        assert visitor.get(done.headers["location"]).status_code == 200
        assert review_of(site, review).state is state
    page = html.unescape(visitor.get(f"/en/reviews/{review}").text)
    assert 'id="acts-heading"' not in page
    assert "Adjustments considered: disability: Asked; none given." in re.sub(r"<[^>]+>", "", page)


@pytest.mark.parametrize(
    ("step", "fields", "says", "at"),
    [
        ("warn", {**LETTER, "text_cy": ""}, "Write the letter in Welsh and in English", "warn-letter_cy"),
        ("warn", {**LETTER, "sent_by": "pigeon"}, "Say how the letter was sent", "warn-sent_by"),
        ("warn", {**LETTER, "sent_by": "reply"}, "No reply on the case has these words", "warn-sent_by"),
        ("decide", DECISION, "They have not been warned", "decide-no_warning"),
        ("decide", {**DECISION, "disability": ""}, "Say what was considered", "decide-disability"),
        ("decide", {**DECISION, "restrictions": ["all"]}, "Choose at least one way", "decide-restrictions"),
        ("decide", {**DECISION, "review_in": "7"}, "at the latest in 6 months", "decide-review_in"),
        ("decide", {**DECISION, "review_in": "²"}, "at the latest in 6 months", "decide-review_in"),
        ("dismiss", {"words": ""}, "Say why, in your own words", "dismiss-words"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(
    site: Site, step: str, fields: dict[str, Any], says: str, at: str
) -> None:
    review, visitor = site.reviewed(site.said(BINS, author=MAIR)), site.visitor("catrin")
    refused = acts(visitor, review, step, **fields)
    page = html.unescape(refused.text)
    assert refused.status_code == 422
    assert f'href="#{at}"' in page
    assert f'id="{at}"' in page
    assert page.count(says) >= 2
    assert all(value in page for value in fields.values() if isinstance(value, str) and len(value) > 9)
    assert review_of(site, review).state is ReviewState.OPENED


def test_whoever_decided_cannot_hear_the_appeal_and_a_colleague_can(site: Site) -> None:
    review, catrin = decided(site, site.said(BINS, author=MAIR)), site.visitor("catrin")
    acts(catrin, review, "appeal", words="They wrote on the fifth.")
    refused = acts(catrin, review, "overturn", words="I was wrong.")
    assert refused.status_code == 422
    assert "a colleague must" in refused.text
    site.store.write(
        lambda session: session.add(GrantRow(user_id=site.users["elin"], role=Role.COMMUNICATIONS, area="*"))
    )
    assert acts(site.visitor("elin"), review, "overturn", words="Nobody asked about their health.").status_code == 303
    assert review_of(site, review).state is ReviewState.OVERTURNED


def test_a_form_that_is_too_old_says_so_and_does_nothing(site: Site) -> None:
    review, visitor = site.reviewed(site.said(BINS, author=MAIR)), site.visitor("catrin")
    token = token_in(visitor.get(f"/en/reviews/{review}").text)
    old = {"csrf": token, "version": "1", **LETTER}
    assert visitor.post(f"/en/reviews/{review}/acts/warn", data=old).status_code == 303
    late = visitor.post(f"/en/reviews/{review}/acts/dismiss", data={**old, "words": "Late."})
    assert late.status_code == 409
    assert "Somebody acted in this review while you were reading it." in late.text
    assert review_of(site, review).state is ReviewState.WARNED
    assert visitor.post(f"/en/reviews/{review}/acts/nonsense", data=old).status_code == 404


def test_the_warning_goes_into_the_ordinary_reply_form_and_is_found_there(site: Site) -> None:
    case = site.said(BINS, author=MAIR)
    review, visitor = site.reviewed(case), site.visitor("catrin")
    page = html.unescape(visitor.get(f"/en/reviews/{review}").text)
    assert f'formaction="/en/cases/{case}/redraw"' in page
    for prepared in ("Our reference: GW-2026-000001", "Ein cyfeirnod: GW-2026-000001", "polisi'r corff"):
        assert prepared in page
    letter = {"text_cy": LETTER["text_cy"], "text_en": LETTER["text_en"]}
    form = visitor.post(f"/en/cases/{case}/redraw", data={"csrf": token_in(page), "kind": "holding", **letter})
    assert LETTER["text_en"] in form.text
    sent = {"csrf": token_in(form.text), "version": version_in(form.text), "kind": "holding", **letter}
    assert visitor.post(f"/en/cases/{case}/reply", data=sent).status_code == 303
    with site.store.read() as session:
        [reply] = replies.of_case(session, case)
    assert reply.kind is ReplyKind.HOLDING, "a warning answers nothing: the answer is still owed"
    assert acts(visitor, review, "warn", **{**LETTER, "sent_by": "reply"}).status_code == 303


def test_the_case_shows_a_decision_as_advice_in_the_readers_language(site: Site) -> None:
    case = site.said(BINS, author=MAIR)
    decided(site, case)
    visitor = site.visitor("rhys")
    english, welsh = (html.unescape(visitor.get(f"/{each}/cases/{case}").text) for each in ("en", "cy"))
    for said in ("Contact is limited", "contact by one channel only", "By e-mail to the service only.", "20 May 2027"):
        assert said in english
    for said in (
        "Mae cysylltu wedi'i gyfyngu",
        "Trwy e-bost at y gwasanaeth yn unig.",
        "20 Mai 2027",
        "Cyngor yw hwn.",
    ):
        assert said in welsh
    assert "Send the reply" in english
    assert "Eleven times" not in english, "the reasons are for communications"


def test_a_new_comment_of_somebody_whose_contact_is_limited_waits_in_the_queue_like_any_other(site: Site) -> None:
    decided(site, site.said(BINS, author=MAIR))
    fresh = site.said("The tap is not safe, is my child in danger?", author=MAIR, thread="p9")
    page = html.unescape(site.visitor("rhys").get("/en/queue").text)
    assert "is my child in danger?" in page
    with site.store.read() as session:
        assert [event.what for event in cases.events(session, fresh)] == ["opened"]
        assert replies.of_case(session, fresh) == []
    assert site.platforms["cyngor-fb"].hidden == {}
    assert site.platforms["cyngor-fb"].sent == []


def test_a_decision_that_should_have_been_looked_at_again_is_told_to_communications(site: Site) -> None:
    review = decided(site, site.said(BINS, author=MAIR))
    site.now += timedelta(days=182)
    visitor = site.visitor("catrin")
    assert "overdue" in visitor.get("/en/reviews").text
    queue_page = visitor.get("/en/queue").text
    assert "should have been looked at again: 1" in queue_page
    assert "should have been looked at again" not in site.visitor("rhys").get("/en/queue").text
    assert acts(visitor, review, "continue", words="It goes on.", review_in="6").status_code == 303
    assert "should have been looked at again" not in visitor.get("/en/queue").text


@pytest.mark.parametrize("username", ["rhys", "aled", "nia"])
def test_only_communications_read_a_review(site: Site, username: str) -> None:
    review, visitor = site.reviewed(site.said(BINS, author=MAIR)), site.visitor(username)
    assert visitor.get(f"/en/reviews/{review}").status_code == 403
    assert visitor.get("/en/reviews").status_code == 403
    assert site.visitor("elin").get(f"/en/reviews/{review}").status_code == 404
