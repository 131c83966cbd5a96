"""An author's page shows what they said to us and nothing else, to those who may see it, and it is known who looked."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import pipeline
from moderation import policy
from store import accounts, audit, comments, findings
from store.comments import AuthorRow, CommentRow
from store.database import Session
from store.openings import OpeningRow
from tests.factories import a_comment
from tests.web.world import Site, Visitor, token_in
from vocabulary import Author, Finding, Label, Opened, Platform

MAIR = Author("a-mair", "Mair Enghraifft")
BINS, POTHOLE = "When is the bin lorry coming?", "The pothole is not mended"
DAY = timedelta(days=1)


def author_of(site: Site, case: int) -> int:
    with site.store.read() as session:
        found = session.query(CommentRow.author_id).filter(CommentRow.case_id == case).limit(1).scalar()
    assert found is not None
    return int(found)


def opened(site: Site) -> list[OpeningRow]:
    with site.store.read() as session:
        return session.query(OpeningRow).order_by(OpeningRow.id).all()


def viewed(site: Site) -> list[dict[str, Any]]:
    with site.store.read() as session:
        return [row for row in audit.rows(session) if row["action"].endswith(".viewed")]


def look(visitor: Visitor, author: int, language: str = "en") -> str:
    """Open the page, which sends the browser on to the reading of it."""
    first = visitor.get(f"/{language}/authors/{author}")
    assert first.status_code == 303, first.text
    page = visitor.get(first.headers["location"])
    assert page.status_code == 200
    return html.unescape(page.text)


def look_with_purpose(visitor: Visitor, author: int, purpose: str) -> str:
    form = visitor.get(f"/en/authors/{author}")
    sent = visitor.post(f"/en/authors/{author}", data={"csrf": token_in(form.text), "purpose": purpose})
    assert sent.status_code == 303
    return html.unescape(visitor.get(sent.headers["location"]).text)


def test_the_page_has_their_comments_and_our_answers_and_is_reached_from_the_case(site: Site) -> None:
    case, visitor = site.said(BINS, author=MAIR), site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "reply", kind="answer", text_en="Thank you. The crew is coming on Monday.")
    pipeline.dispatch(site.here, now=site.now)
    author = author_of(site, case)
    assert f'href="/en/authors/{author}"' in visitor.get(f"/en/cases/{case}").text
    page = look(visitor, author)
    for said in ("Mair Enghraifft", "Facebook", BINS, "The crew is coming on Monday.", "GW-2026-000001"):
        assert said in page
    assert "a-mair" not in page


def test_an_officer_sees_only_what_belongs_to_their_areas_and_communications_see_all(site: Site) -> None:
    bins = site.said(BINS, author=MAIR)
    site.said(POTHOLE, author=MAIR, account="priffyrdd-fb")
    author = author_of(site, bins)
    seen = {name: look(site.visitor(name), author) for name in ("rhys", "elin", "catrin")}
    assert (BINS in seen["rhys"], POTHOLE in seen["rhys"]) == (True, False)
    assert (BINS in seen["elin"], POTHOLE in seen["elin"]) == (False, True)
    assert (BINS in seen["catrin"], POTHOLE in seen["catrin"]) == (True, True)


@pytest.mark.parametrize("username", ["elin", "mair", "gwen", "huw", "delyth"])
def test_an_author_of_another_area_is_not_there(site: Site, username: str) -> None:
    author, visitor = author_of(site, site.said(BINS, author=MAIR)), site.visitor(username)
    assert visitor.get(f"/en/authors/{author}").status_code == 404
    token = token_in(visitor.get("/en/queue").text)
    assert visitor.post(f"/en/authors/{author}", data={"csrf": token, "purpose": "x"}).status_code == 404
    assert opened(site) == []


@pytest.mark.parametrize("username", ["aled", "nia"])
def test_who_answers_nobody_opens_no_authors_page(site: Site, username: str) -> None:
    author = author_of(site, site.said(BINS, author=MAIR))
    assert site.visitor(username).get(f"/en/authors/{author}").status_code == 403


def test_the_same_person_on_another_platform_is_another_author(site: Site) -> None:
    def on_x(session: Session) -> None:
        account = accounts.add(
            session, slug="cyngor-x", platform=Platform.X, native_id="x", display_name="cyngor-x",
            service_area="waste", now=site.now - 90 * DAY,
        )  # fmt: skip
        said = a_comment(POTHOLE, account="cyngor-x", native_id="x1", author=MAIR, posted_at=site.now - DAY / 24)
        comments.keep(session, account, [said], now=site.now)

    case = site.said(BINS, author=MAIR)
    site.store.write(on_x)
    pipeline.read_waiting(site.here, now=site.now)
    assert POTHOLE not in look(site.visitor("catrin"), author_of(site, case))
    with site.store.read() as session:
        assert session.query(AuthorRow).count() == 2


def test_opening_is_recorded_before_a_word_is_shown_and_loading_again_is_still_reading(site: Site) -> None:
    author, visitor = author_of(site, site.said(BINS, author=MAIR)), site.visitor("rhys")
    first = visitor.get(f"/en/authors/{author}")
    assert BINS not in first.text
    [row] = opened(site)
    assert (row.user_id, row.author_id, row.what, row.at) == (site.users["rhys"], author, Opened.AUTHOR, site.now)
    place = first.headers["location"]
    for there in (place, place, place.replace("/en/", "/cy/")):
        assert BINS in html.unescape(visitor.get(there).text)
    assert len(opened(site)) == 1
    site.now += timedelta(minutes=31)
    assert visitor.get(place).status_code == 303
    assert len(opened(site)) == 2


def test_another_persons_opening_opens_nothing(site: Site) -> None:
    case, other = site.said(BINS, author=MAIR), site.said("When is the tip open?")
    mine = site.visitor("rhys").get(f"/en/authors/{author_of(site, case)}").headers["location"]
    opening = mine.partition("opening=")[2]
    for visitor, author in (
        (site.visitor("catrin"), author_of(site, case)),
        (site.visitor("rhys"), author_of(site, other)),
    ):
        for given in (opening, "999", "x", "-1", "9" * 40):
            answer = visitor.get(f"/en/authors/{author}?opening={given}")
            assert BINS not in answer.text
            if answer.status_code == 303:
                assert answer.headers["location"] != mine


def test_the_third_opening_in_28_days_asks_what_for_and_says_whom_to_ask(site: Site) -> None:
    author, visitor = author_of(site, site.said(BINS, author=MAIR)), site.visitor("rhys")
    for _ in range(2):
        assert "directed surveillance" not in look(visitor, author)
        site.now += timedelta(minutes=40)
    form = visitor.get(f"/en/authors/{author}")
    assert form.status_code == 200
    page = html.unescape(form.text)
    assert "Why do you open this page?" in page
    assert "ask: the authorising officer." in page
    assert BINS not in page
    empty = visitor.post(f"/en/authors/{author}", data={"csrf": token_in(form.text), "purpose": "  "})
    assert empty.status_code == 422
    assert "Say why you open this page." in empty.text
    assert len(opened(site)) == 2
    shown = look_with_purpose(visitor, author, "The third letter about the same bin.")
    assert BINS in shown
    assert "directed surveillance" in shown
    assert [row.purpose for row in opened(site)] == ["", "", "The third letter about the same bin."]
    assert visitor.get(f"/cy/authors/{author}").status_code == 200, "and so does the fourth"


def test_the_openings_of_others_of_other_authors_and_of_long_ago_are_not_counted(site: Site) -> None:
    case, other = site.said(BINS, author=MAIR), site.said("When is the tip open?")
    for name, each in (("catrin", case), ("catrin", case), ("rhys", other), ("rhys", other), ("rhys", case)):
        look(site.visitor(name), author_of(site, each))
    site.now += 2 * DAY
    look(site.visitor("rhys"), author_of(site, case))
    site.now += 27 * DAY
    look(site.visitor("rhys"), author_of(site, case))
    assert site.visitor("rhys").get(f"/en/authors/{author_of(site, case)}").status_code == 200


def test_in_cardiff_even_the_first_opening_says_what_it_is_for(site: Site) -> None:
    author = author_of(site, site.said(BINS, author=MAIR))
    site = replace(site, here=replace(site.here, policy=policy.load("cardiff")))
    form = site.visitor("rhys").get(f"/cy/authors/{author}")
    assert form.status_code == 200
    assert "Pam yr ydych yn agor y dudalen hon?" in html.unescape(form.text)
    assert opened(site) == []


def test_the_trail_says_who_which_and_when_and_nothing_of_a_person(site: Site) -> None:
    author, visitor = author_of(site, site.said(BINS, author=MAIR)), site.visitor("rhys")
    for _ in range(2):
        look(visitor, author)
    look_with_purpose(visitor, author, "Mair Enghraifft rang.")
    rows = viewed(site)
    assert [(row["actor"], row["subject"]) for row in rows] == [("rhys", f"author:{author}")] * 3
    assert [row["after"]["purpose_given"] for row in rows] == [False, False, True]
    assert [row["after"]["number"] for row in rows] == [1, 2, 3]
    assert "Enghraifft" not in repr(rows)


def at_risk(site: Site, case: int) -> None:
    """A person says that somebody may be at risk in a case."""

    def act(session: Session) -> None:
        comment = session.query(CommentRow.id).filter(CommentRow.case_id == case).limit(1).scalar()
        assert comment is not None
        seen = [Finding(about=Label.SAFEGUARDING, score=0.9, why=(), classifier="care/1")]
        findings.replace(session, comment, 1, seen, now=site.now)

    site.store.write(act)


def test_who_saw_a_restricted_case_is_recorded_once_in_a_reading_and_others_are_not(site: Site) -> None:
    plain, risk = site.said(BINS), site.said("When is the lorry coming, my boy is hurt")
    at_risk(site, risk)
    visitor = site.visitor("rhys")
    for case in (plain, risk, risk):
        visitor.get(f"/en/cases/{case}")
    visitor.fill(f"/en/cases/{risk}", "notes", reason="")
    assert [(row.what, row.case_id) for row in opened(site)] == [(Opened.CASE, risk)]
    site.now += timedelta(minutes=31)
    visitor.get(f"/en/cases/{risk}")
    site.visitor("aled").get(f"/en/cases/{risk}")
    assert [row["actor"] for row in viewed(site)] == ["rhys", "rhys", "aled"]
    assert {row["subject"] for row in viewed(site)} == {f"case:{risk}"}


def test_a_case_whose_author_is_under_review_is_restricted_while_the_review_runs(site: Site) -> None:
    case = site.said(BINS, author=MAIR)
    site.reviewed(case)
    site.visitor("rhys").get(f"/en/cases/{case}")
    assert [row.what for row in opened(site)] == [Opened.CASE]


def test_older_cases_stand_on_a_further_page(site: Site) -> None:
    made = [
        site.said(f"When is the bin number {number} emptied?", author=MAIR, thread=f"t{number}") for number in range(27)
    ]
    visitor, author = site.visitor("rhys"), author_of(site, made[0])
    first = look(visitor, author)
    assert "number 26 emptied" in first
    assert "number 1 emptied" not in first
    place = first.partition('rel="next" href="')[2].partition('"')[0]
    second = html.unescape(visitor.get(f"/en/authors/{author}{place}").text)
    assert "number 1 emptied" in second
    assert "number 26 emptied" not in second
    assert len(opened(site)) == 1
