"""The monitoring officer, and nobody else, reads who looked at whom and what was taken down."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from reports.monitoring import publish_last_month
from tests.web.world import STAFF, Site, token_in, version_in
from vocabulary import Author, Role

MAIR = Author("a-mair", "Mair Enghraifft")


def looks(site: Site, username: str = "rhys") -> None:
    """Somebody opens the first author's page."""
    assert site.visitor(username).get("/en/authors/1").status_code == 303


def test_the_page_says_who_looked_and_what_was_hidden_in_both_languages(site: Site) -> None:
    case = site.said("When is the bin lorry coming?", author=MAIR)
    looks(site)
    looks(site)
    looks(site, "catrin")
    site.reviewed(case)
    site.visitor("catrin").get("/en/reviews/1")
    visitor = site.visitor("rhys")
    page = visitor.get(f"/en/cases/{case}").text
    wish = {"rule": "personal_data", "reason": "It names a neighbour.", "confirmed": "true", "exception": "Read again."}
    asked = {"csrf": token_in(page), "version": version_in(page), **wish}
    assert visitor.post("/en/comments/1/removal", data=asked).status_code == 303
    agrees = {"role": "communications", "agrees": "true", "reason": "It does."}
    assert site.visitor("catrin").fill("/en/removals/1", "decision", **agrees).status_code == 303
    auditor = site.visitor("aled")
    english, welsh = (html.unescape(auditor.get(f"/{each}/monitoring?month=2026-11").text) for each in ("en", "cy"))
    for said in ("Rhys Morgan", "Author 1 on Facebook", "(review of conduct)", "hidden on the platform"):
        assert said in english
    for said in ("Awdur 1 (Facebook)", "(adolygiad ymddygiad)", "wedi'i guddio ar y platfform", "GW-2026-000001"):
        assert said in welsh
    assert english.index("Rhys Morgan") < english.index("Catrin Vaughan"), "who looked twice comes first"
    for page in (english, welsh):
        assert "Enghraifft" not in page
        assert "neighbour" not in page


def test_a_month_without_anything_says_so_and_the_months_lead_to_each_other(site: Site) -> None:
    auditor = site.visitor("aled")
    page = auditor.get("/en/monitoring").text
    assert "Monitoring, 2026-11" in html.unescape(page)
    assert page.count("Nobody opened one.") == 2
    assert "Nothing was taken down." in page
    assert 'href="?month=2026-10"' in page
    assert 'rel="next"' not in page
    assert 'rel="next" href="?month=2026-11"' in auditor.get("/en/monitoring?month=2026-10").text


@pytest.mark.parametrize("month", ["2026-12", "nonsense", "2026-13", "0001-01"])
def test_a_month_that_has_not_begun_or_is_none_is_not_there(site: Site, month: str) -> None:
    for path in ("monitoring", "monitoring.csv"):
        assert site.visitor("aled").get(f"/en/{path}?month={month}").status_code == 404


def test_the_file_is_that_of_the_page(site: Site) -> None:
    site.said("When is the bin lorry coming?", author=MAIR)
    looks(site)
    file = site.visitor("aled").get("/cy/monitoring.csv?month=2026-11")
    assert file.headers["content-disposition"] == 'attachment; filename="monitoring-2026-11.cy.csv"'
    assert "Awdur 1 (Facebook)" in file.content.decode("utf-8-sig")


def test_the_page_says_when_the_list_was_made(site: Site) -> None:
    assert "has not been made yet" in site.visitor("aled").get("/en/monitoring?month=2026-11").text
    site.now += timedelta(days=12)
    publish_last_month(site.store, site.here.settings, now=site.now)
    page = site.visitor("aled").get("/en/monitoring?month=2026-11").text
    assert "The list of this month was made on 2 December 2026, 10:00." in page


@pytest.mark.parametrize("username", [name for name, (_, role, _) in STAFF.items() if role is not Role.AUDITOR])
def test_nobody_else_reads_it(site: Site, username: str) -> None:
    for path in ("monitoring", "monitoring.csv"):
        assert site.visitor(username).get(f"/en/{path}").status_code == 403
