"""The queue shows what is due first, to those who may see it, and never takes a resident's words for HTML."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from moderation import queue
from moderation.record import Actor
from store import desk
from store.database import Session
from store.desk import Wanted
from tests.web.world import STAFF, Site
from vocabulary import Act, Author, Reason, Severity, State

HOSTILE = "<script>alert('x')</script> <img src=x onerror=alert(1)> the bins {{ 7*7 }} \"><svg/onload=1>"


def references(page: str) -> list[str]:
    return re.findall(r"GW-\d{4}-\d{6}", page)


def test_due_soonest_stands_first(site: Site) -> None:
    for days in (2, 9, 5):
        site.said("When is the bin lorry coming?", posted_at=site.now - timedelta(days=days))
    page = site.visitor("rhys").get("/en/queue").text
    assert references(page) == ["GW-2026-000002", "GW-2026-000003", "GW-2026-000001"]


def test_a_deadline_has_words_a_date_and_a_shape(site: Site) -> None:
    site.said("When is the bin lorry coming?", posted_at=site.now - timedelta(days=11))
    site.said("When are the bins emptied?", posted_at=site.now - timedelta(days=7))
    site.said("The bins are late", posted_at=site.now - timedelta(hours=1))
    english, welsh = (site.visitor("rhys").get(f"/{each}/queue").text for each in ("en", "cy"))
    for kind, words, ymadrodd in (
        ("late", "4 working days late", "4 o ddiwrnodau gwaith yn hwyr"),
        ("today", "Due today", "I'w ateb heddiw"),
        ("calm", "5 working days left", "5 o ddiwrnodau gwaith ar ôl"),
    ):
        assert f"due--{kind}" in english
        assert words in english
        assert ymadrodd in html.unescape(welsh)


def test_hostile_words_and_names_are_shown_and_do_nothing(site: Site) -> None:
    case = site.said(HOSTILE, author=Author("h1", HOSTILE))
    visitor = site.visitor("rhys")
    for path in ("/en/queue", f"/en/cases/{case}", f"/cy/cases/{case}"):
        page = visitor.get(path).text
        assert not re.search(r'<script(?! type="module" src="/static/js/[a-z]+\.js\?v=[0-9a-f]{12}"></script>)', page)
        assert "<img" not in page
        assert "onerror" in page, "the words themselves are not taken away"
        assert "49" not in re.sub(r"[a-f0-9]{12}|csrf.*", "", page)


def test_the_language_owed_never_stands_among_the_flags(site: Site) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu, idiots?")
    page = site.visitor("rhys").get("/en/queue").text
    flagged = re.search(r"Flagged.*?</details>", page, re.DOTALL)
    assert flagged
    assert "abuse" in flagged.group()
    assert "Welsh" not in flagged.group()
    assert "Reply in: Welsh" in page


def test_no_answer_owed_counts_no_days(site: Site) -> None:
    site.said("The crew on the bin lorry were lovely", posted_at=site.now - timedelta(days=20))
    page = site.visitor("rhys").get("/en/queue?show=look").text
    assert references(page) == ["GW-2026-000001"]
    assert "due--done" in page
    assert "working day" not in page
    assert "Cases: 0." in site.visitor("rhys").get("/en/queue?show=overdue").text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", {1, 2, 3}),
        ("reply_in=cy", {1}),
        ("reply_in=en", {2, 3}),
        ("area=highways", {3}),
        ("state=escalated", {2}),
        ("state=closed", set()),
        ("show=overdue", {3}),
        ("show=mine", set()),
        ("show=urgent", set()),
        ("show=look", set()),
        ("show=all", {1, 2, 3}),
        ("show=nonsense", {1, 2, 3}),
        ("reply_in=cy&area=highways", set()),
        ("reply_in=xx&state=nonsense&after=rubbish", {1, 2, 3}),
        ("after=9999-99-99.x", {1, 2, 3}),
    ],
)
def test_filters_narrow_the_list_and_nonsense_filters_nothing(site: Site, asked: str, found: set[int]) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu?")
    second = site.said("When are the bins emptied?")
    site.said("The pothole is not mended", account="priffyrdd-fb", posted_at=site.now - timedelta(days=30))
    officer = Actor("rhys", site.users["rhys"])
    site.store.write(
        lambda session: queue.advance(
            session, second, Act.ESCALATE, actor=officer, now=site.now, policy=site.here.policy, words="why"
        )
    )
    page = site.visitor("catrin").get(f"/en/queue?{asked}").text
    assert {int(each[-6:]) for each in references(page)} == found


@pytest.mark.parametrize("limit", [1, 3, 7, 20])
def test_paging_forwards_and_back_shows_every_case_once(site: Site, limit: int) -> None:
    for number in range(20):
        site.said(f"The bins at number {number}", posted_at=site.now - timedelta(days=number % 4))
    wanted = Wanted(areas=None)
    with site.store.read() as session:
        page = desk.queue_page(session, wanted, limit=limit)
        pages = [page]
        while page.later:
            page = desk.queue_page(session, wanted, after=page.later, limit=limit)
            pages.append(page)
        back = [page]
        while page.earlier:
            page = desk.queue_page(session, wanted, before=page.earlier, limit=limit)
            back.append(page)
    keys = [case.key for each in pages for case in each.cases]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys) == 20
    assert [case.key for each in reversed(back) for case in each.cases] == keys


def test_links_to_the_next_page_keep_the_filters(site: Site) -> None:
    for number in range(30):
        site.said(f"The bins at number {number}")
    visitor = site.visitor("rhys")
    first = visitor.get("/en/queue?reply_in=en").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    address = html.unescape(following.group(1))
    assert "reply_in=en" in address
    second = visitor.get("/en/queue" + address).text
    assert len(references(first)) == 25
    assert len(references(second)) == 5
    assert not set(references(first)) & set(references(second))
    assert 'rel="prev"' in second


@pytest.mark.parametrize("path", ["/en/queue?reply_in=cy&area=waste", "/en/cases/1", "/en/nowhere?a=1&b=%C5%B5"])
def test_the_toggle_stays_on_the_page(still_site: Site, path: str) -> None:
    visitor = still_site.visitor("aled")
    toggle = re.search(r'hreflang="cy" href="([^"]+)"', visitor.get(path).text)
    assert toggle
    there = html.unescape(toggle.group(1))
    assert there == path.replace("/en/", "/cy/", 1)
    assert '<html lang="cy"' in visitor.get(there).text


def test_the_language_chosen_last_is_kept(still_site: Site) -> None:
    visitor = still_site.visitor("aled")
    visitor.get("/cy/queue")
    assert visitor.get("/").headers["location"] == "/cy/queue"
    visitor.get("/en/queue")
    assert visitor.get("/").headers["location"] == "/en/queue"


@pytest.mark.parametrize(
    ("wished", "goes"),
    [("cy-GB,cy;q=0.9,en;q=0.5", "/cy/sign-in"), ("en-GB", "/en/sign-in"), ("fr,de;q=0.9", ""), ("", "")],
)
def test_a_newcomer_meets_their_browsers_language_or_both(still_site: Site, wished: str, goes: str) -> None:
    door = still_site.visitor().get("/", headers={"accept-language": wished})
    if goes:
        assert door.headers["location"] == goes
    else:
        assert door.status_code == 200
        assert "Ymlaen yn Gymraeg" in door.text
        assert "Go on in English" in door.text


def test_what_owes_no_answer_does_not_drown_what_does_and_is_a_click_away(site: Site) -> None:
    site.said("The crew on the bin lorry were lovely", posted_at=site.now - timedelta(days=20))
    site.said("When are the bins emptied?")
    visitor = site.visitor("rhys")
    page = visitor.get("/en/queue").text
    assert references(page) == ["GW-2026-000002"]
    assert "Cases: 1." in page
    look = re.search(r'href="([^"]+)">To look through, no answer owed: 1<', page)
    assert look
    assert references(visitor.get("/en/queue" + html.unescape(look.group(1))).text) == ["GW-2026-000001"]
    assert references(visitor.get("/en/queue?show=all").text) == ["GW-2026-000001", "GW-2026-000002"]


def test_praise_that_is_serious_or_was_escalated_waits_like_the_rest(site: Site) -> None:
    serious, escalated = (site.said(f"The crew at number {number} were lovely") for number in (1, 2))
    site.store.write(lambda session: setattr(queue.get(session, serious), "severity", Severity.HIGH))
    site.visitor("rhys").fill(f"/en/cases/{escalated}", "acts/escalate", reason="the press asks")
    assert references(site.visitor("rhys").get("/en/queue").text) == ["GW-2026-000001", "GW-2026-000002"]


def test_a_state_that_is_asked_for_is_shown_whole(site: Site) -> None:
    case = site.said("The crew on the bin lorry were lovely")
    visitor = site.visitor("rhys")
    visitor.fill(f"/en/cases/{case}", "acts/close", outcome="no_response_needed", reason="praise")
    assert references(visitor.get("/en/queue?state=closed").text) == ["GW-2026-000001"]


@pytest.mark.parametrize("language", ["cy", "en"])
def test_what_is_urgent_stands_above_the_queue_whatever_its_date_or_filter(site: Site, language: str) -> None:
    site.said("The bins are late", posted_at=site.now - timedelta(days=30))
    case = site.said("The lovely bins")
    site.said("The pothole is not mended", account="priffyrdd-fb")

    def make_urgent(session: Session) -> None:
        for each in (case, case + 1):
            queue.get(session, each).severity = Severity.URGENT

    site.store.write(make_urgent)
    for asked in ("", "?show=overdue", "?reply_in=both"):
        page = site.visitor("rhys").get(f"/{language}/queue{asked}").text
        urgent = re.search(r'<section class="urgent".*?</section>', page, re.DOTALL)
        assert urgent
        assert re.findall(r"/cases/(\d+)", urgent.group()) == [str(case)], "and nobody sees another area's"
    assert 'class="urgent"' in site.visitor("rhys").get(f"/{language}/cases/{case}").text
    assert references(site.visitor("rhys").get(f"/{language}/queue?show=urgent").text) == [f"GW-2026-{case:06d}"]
    site.store.write(lambda session: setattr(queue.get(session, case), "state", State.ANSWERED))
    assert 'class="urgent"' not in site.visitor("rhys").get(f"/{language}/queue").text
    assert 'class="urgent"' not in site.visitor("rhys").get(f"/{language}/cases/{case}").text


def test_a_reminder_reaches_whom_it_was_meant_for_until_the_case_is_answered(site: Site) -> None:
    case = site.said("When are the bins emptied?")
    about = site.here.policy.escalations[0].because

    def tell(session: Session) -> None:
        for whom in ("area", "communications"):
            said = Reason("policy: {rule}", about.values("rule"))
            queue.tell(session, queue.get(session, case), key=f"x/{whom}", whom=whom, about=said, now=site.now)

    site.store.write(tell)
    reminded = {name for name in STAFF if "Your latest reminders" in site.visitor(name).get("/en/queue").text}
    assert reminded == {"rhys", "catrin"}
    assert about.cy in html.unescape(site.visitor("rhys").get("/cy/queue").text)
    site.store.write(lambda session: setattr(queue.get(session, case), "state", State.ANSWERED))
    assert "Your latest reminders" not in site.visitor("rhys").get("/en/queue").text


def test_severity_is_shown_where_somebody_should_look_soon(site: Site) -> None:
    case = site.said("The bins")
    site.store.write(lambda session: setattr(queue.get(session, case), "severity", Severity.URGENT))
    assert "urgent" in site.visitor("rhys").get("/en/queue").text


def test_an_answered_case_leaves_the_queue_and_can_be_found(site: Site) -> None:
    case = site.said("When are the bins emptied?")
    site.store.write(lambda session: setattr(queue.get(session, case), "state", State.ANSWERED))
    visitor = site.visitor("rhys")
    assert not references(visitor.get("/en/queue").text)
    assert references(visitor.get("/en/queue?state=answered").text) == ["GW-2026-000001"]
