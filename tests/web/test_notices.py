"""Messages on their page, flags for senior management on theirs, and a case that counts as opened once it is."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete

import pipeline
from moderation import conduct_reviews, notices
from moderation.notices import voices
from moderation.record import Actor
from store import notices as outbox
from store import people
from store.cases import CaseRow, ToldRow
from store.database import Session
from store.notices import NoticeRow
from tests.web.world import HASH, Site, Visitor, token_in
from vocabulary import NoticeState, ReviewAct, Role

BINS = "Pryd mae'r biniau yn cael eu casglu?"


def hire(session: Session, site: Site, username: str = "mared", role: Role = Role.SENIOR) -> int:
    user = people.add(
        session, username=username, full_name="Mared Rowlands", password_hash=HASH, grants=[(role, "*")], now=site.now
    )
    return user.id


@pytest.fixture
def mared(site: Site) -> Visitor:
    """A senior manager."""
    site.store.write(partial(hire, site=site))
    return site.visitor("mared")


def a_message(site: Site, recipient: str, state: NoticeState, **over: object) -> int:
    said = [voice.test() for voice in voices(None, site.here.areas, site.here.policy, "https://gwylio.example")]

    def act(session: Session) -> int:
        made = outbox.make(
            session, key=f"test:{recipient}:{state}", kind="warnings", recipient=recipient, cases=1, urgent=False,
            content=notices.written(said), at_night=False, made_at=site.now, **{"state": state, **over},
        )  # fmt: skip
        assert made is not None
        return made.id

    return site.store.write(act)


def text_of(visitor: Visitor, path: str) -> str:
    return html.unescape(visitor.get(path).text)


# --- flagging


def test_an_officer_flags_a_case_and_senior_management_read_why(site: Site, mared: Visitor) -> None:
    site.said(BINS)
    answer = site.visitor("rhys").fill("/en/cases/1", "senior-flag", reason="Bydd y wasg yno yfory")
    assert answer.headers["location"] == "/en/cases/1?done=senior_flag"
    assert "flagged for senior management; their next digest" in text_of(
        site.visitor("rhys"), "/en/cases/1?done=senior_flag"
    )

    for language, heading in (("en", "Flagged for senior management: 1"), ("cy", "Wedi'u fflagio i'r uwch reolwyr: 1")):
        page = text_of(mared, f"/{language}/senior")
        assert heading in page
        assert "Bydd y wasg yno yfory" in page
    token = token_in(mared.get("/en/senior").text)
    assert mared.post("/en/cases/1/senior-flag/end", data={"csrf": token}).status_code == 303
    assert "Nothing is flagged." in text_of(mared, "/en/senior")
    assert mared.post("/en/cases/1/senior-flag/end", data={"csrf": token}).status_code == 303, "seen is seen"


def test_a_flag_without_a_reason_is_refused_at_its_field(site: Site) -> None:
    site.said(BINS)
    answer = site.visitor("rhys").fill("/en/cases/1", "senior-flag", reason=" ")
    assert answer.status_code == 422
    assert 'href="#reason-senior_flag"' in answer.text
    assert 'id="reason-senior_flag"' in answer.text


def test_a_flag_on_a_case_that_moved_is_refused_and_a_second_flag_is_no_error(site: Site) -> None:
    site.said(BINS)
    visitor = site.visitor("rhys")
    token = token_in(visitor.get("/en/cases/1").text)
    stale = visitor.post("/en/cases/1/senior-flag", data={"csrf": token, "version": "99", "reason": "x"})
    assert stale.status_code == 409
    for _ in range(2):
        data = {"csrf": token, "version": "1", "reason": "Y wasg"}
        assert visitor.post("/en/cases/1/senior-flag", data=data).status_code in {303, 409}


@pytest.mark.parametrize(("username", "status"), [("catrin", 200), ("rhys", 403), ("aled", 403), ("nia", 403)])
def test_the_page_for_senior_management_is_theirs_and_communications(site: Site, username: str, status: int) -> None:
    assert site.visitor(username).get("/en/senior").status_code == status


def test_the_page_shows_what_is_late_by_area(site: Site, mared: Visitor) -> None:
    site.said(BINS, posted_at=site.now - timedelta(days=20))
    page = text_of(mared, "/en/senior")
    assert "Late answers: 1" in page
    assert "/en/queue?show=overdue" not in page, "senior managers open no queue"
    assert "/en/queue?show=overdue&area=waste" in text_of(site.visitor("catrin"), "/en/senior")
    assert "Atebion hwyr: 1" in text_of(mared, "/cy/senior")


def test_an_auditor_flags_nothing(site: Site) -> None:
    site.said(BINS)
    visitor = site.visitor("aled")
    token = token_in(visitor.get("/en/cases/1").text)
    answer = visitor.post("/en/cases/1/senior-flag", data={"csrf": token, "version": "1", "reason": "x"})
    assert answer.status_code == 403
    assert "senior-flag" not in visitor.get("/en/cases/1").text


# --- opening


@pytest.mark.parametrize(("username", "stops"), [("rhys", True), ("catrin", True), ("aled", False)])
def test_the_chain_stops_when_somebody_who_may_answer_opens_the_case(site: Site, username: str, stops: bool) -> None:
    site.said(BINS, posted_at=site.now - timedelta(days=20))
    pipeline.warn(site.here, now=site.now)
    with site.store.read() as session:
        assert outbox.waits_to_be_opened(session, 1)
    visitor = site.visitor(username)
    site.now += timedelta(minutes=5)
    visitor.get("/cy/cases/1")
    with site.store.read() as session:
        assert outbox.waits_to_be_opened(session, 1) is not stops


# --- messages


def test_everybody_reads_their_own_messages_and_no_one_elses(site: Site) -> None:
    own = a_message(site, f"user:{site.users['rhys']}", NoticeState.SENT)
    other = a_message(site, f"user:{site.users['elin']}", NoticeState.SENT)
    page = text_of(site.visitor("rhys"), "/en/notices")
    assert f"message {own}" in page
    assert f"message {other}" not in page
    assert '<div lang="cy">' in page
    assert "rhybuddion yn eich cyrraedd" in page


def test_what_is_stuck_is_seen_on_the_accounts_page_and_settled_by_a_person(site: Site) -> None:
    stuck = a_message(
        site, "teams:waste", NoticeState.UNCERTAIN, needs_person=True, trouble="Interrupted", intended_at=site.now
    )
    catrin = site.visitor("catrin")
    assert "Messages that wait for a person: 1" in text_of(catrin, "/en/accounts")
    page = text_of(catrin, "/en/notices")
    assert "not known whether it arrived" in page
    assert "Negeseuon sy'n aros am benderfyniad: 1" in text_of(catrin, "/cy/notices")

    data = {"csrf": token_in(catrin.get("/en/notices").text), "what": "again"}
    assert catrin.post(f"/en/notices/{stuck}/settle", data=data).headers["location"] == "/en/notices?done=again"
    assert catrin.post(f"/en/notices/{stuck}/settle", data=data).headers["location"] == "/en/notices?done=settled"
    with site.store.read() as session:
        row = session.get_one(NoticeRow, stuck)
    assert (row.state, row.needs_person, row.tries) == (NoticeState.WAITING, False, 0)
    assert "wait for a person: " not in text_of(catrin, "/en/accounts").replace("Replies that wait", "")


@pytest.mark.parametrize(("username", "status"), [("catrin", 303), ("nia", 303), ("aled", 403), ("rhys", 403)])
def test_only_communications_and_administrators_settle_a_message(site: Site, username: str, status: int) -> None:
    stuck = a_message(site, "teams:waste", NoticeState.FAILED_FOR_GOOD, needs_person=True, trouble="HTTP 404")
    visitor = site.visitor(username)
    data = {"csrf": token_in(visitor.get("/en/queue").text), "what": "enough"}
    assert visitor.post(f"/en/notices/{stuck}/settle", data=data).status_code == status


def test_everybody_chooses_the_language_in_which_they_are_written_to(site: Site) -> None:
    visitor = site.visitor("rhys")
    data = {"csrf": token_in(visitor.get("/en/notices").text), "written_in": "cy"}
    assert visitor.post("/en/notices/language", data=data).headers["location"] == "/en/notices?done=language"
    assert '<option value="cy" lang="cy" selected>' in visitor.get("/en/notices").text
    assert visitor.post("/en/notices/language", data={**data, "written_in": "fr"}).status_code == 400
    with site.store.read() as session:
        assert people.by_username(session, "rhys").language == "cy"


# --- warnings that reached nobody


def mailing(site: Site) -> Site:
    """The same council where mail is written, though nobody there has an address yet."""
    here = replace(site.here, settings=site.here.settings.model_copy(update={"send_notices": False}))
    return replace(site, here=here)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ("Warnings that reached nobody: 1", "Service areas about which nobody can be written to:")),
        ("cy", ("Rhybuddion heb gyrraedd neb: 1", "Meysydd gwasanaeth nad oes modd ysgrifennu at neb amdanynt:")),
    ],
)
def test_communications_see_the_warnings_that_reached_nobody_until_somebody_can_be_reached(
    site: Site, language: str, says: tuple[str, ...]
) -> None:
    site = mailing(site)
    site.said(BINS, posted_at=site.now - timedelta(days=20))
    pipeline.warn(site.here, now=site.now)
    page = text_of(site.visitor("catrin"), f"/{language}/escalations")
    for each in says:
        assert each in page
    assert f'href="/{language}/cases/1"' in page

    def reach(session: Session) -> None:
        people.by_username(session, "catrin").email = "catrin@cyngor.example"
        session.execute(delete(ToldRow))

    site.store.write(reach)
    pipeline.warn(site.here, now=site.now)
    assert "reached nobody" not in text_of(site.visitor("catrin"), "/en/escalations")


def test_where_no_way_to_anybody_is_set_up_the_page_counts_nothing_as_unheard(site: Site) -> None:
    site.said(BINS, posted_at=site.now - timedelta(days=20))
    pipeline.warn(site.here, now=site.now)
    assert "reached nobody" not in text_of(site.visitor("catrin"), "/en/escalations")


def test_a_restricted_case_is_not_named_there_to_those_who_do_not_open_it(site: Site) -> None:
    site = mailing(site)
    site.said(BINS, posted_at=site.now - timedelta(days=20))
    site.store.write(lambda session: setattr(session.get_one(CaseRow, 1), "restricted", True))
    pipeline.warn(site.here, now=site.now)
    assert "GW-2026" in text_of(site.visitor("catrin"), "/en/escalations")
    auditors = text_of(site.visitor("aled"), "/en/escalations")
    assert "reached nobody: 1" in auditors
    assert "GW-2026" not in auditors.partition('id="unheard"')[2].partition("<h2")[0]


def test_the_history_of_a_case_says_what_waited_and_who_was_told(site: Site) -> None:
    case = site.said(BINS)
    site.visitor("rhys").fill(f"/en/cases/{case}", "notes", reason="x")
    catrin = Actor("catrin", site.users["catrin"])
    site.store.write(
        lambda session: conduct_reviews.begin(
            session, case, act=ReviewAct.REFER, words="x", actor=catrin, policy=site.here.policy, now=site.now
        )
    )
    pipeline.tell_waiting(site.here, now=site.now)
    page = text_of(site.visitor("catrin"), f"/en/cases/{case}")
    assert "About: a person's conduct to be looked at" in page
    assert "To: whoever it waits for" in page
