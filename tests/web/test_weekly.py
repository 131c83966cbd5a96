"""The weekly report as a page: its charts, and every figure traced to the cases that it counts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from html import unescape

import pytest
from sqlalchemy import select

from moderation import queue
from moderation.record import Actor
from store.cases import RoundRow
from store.database import Session
from tests.web.world import NOW, Site

CASES = re.compile(r'href="(/en/reports/weekly/cases\?[^"]+)">([^<]+)<')


@pytest.fixture
def week(site: Site) -> Site:
    """A week with answers in time, late ones, Welsh and English, two areas; it is over."""
    for days in (12, 9, 8, 7):
        site.now = NOW - timedelta(days=days)
        first = site.said("When is the bin lorry coming?")
        site.said("Pryd mae'r biniau yn cael eu casglu?")
        site.said("The pothole is not mended", account="priffyrdd-fb")
        if days > 8:
            site.store.write(partial(_answered, case_id=first, at=site.now + timedelta(days=1)))
    site.now = NOW
    return site


def _answered(session: Session, case_id: int, at: datetime) -> None:
    turn = session.scalars(select(RoundRow).where(RoundRow.case_id == case_id)).one()
    turn.acknowledged_at = turn.answered_at = at


def test_every_figure_of_the_page_leads_to_as_many_as_it_says(week: Site) -> None:
    catrin = week.visitor("catrin")
    for number in ("2026-W46", "2026-W47"):
        page = catrin.get("/en/reports/weekly", params={"week": number}).text
        links = {unescape(path): text.strip() for path, text in CASES.findall(page)}
        assert len(links) > 30
        for path, text in links.items():
            answer = catrin.get(path)
            assert answer.status_code == 200, path
            if "." in text or "%" in text or "answered" in path or "received" in path:
                continue
            found = re.search(r"<h1[^>]*>[^<]*: (\d+)</h1>", answer.text)
            assert found, path
            assert found[1] == text.replace(",", ""), path


def test_what_is_listed_is_what_the_reader_may_open(week: Site) -> None:
    asked = {"week": "2026-W46", "figure": "received"}
    page = week.visitor("rhys").get("/en/reports/weekly/cases", params=asked).text
    assert "pothole" not in page
    assert "bin lorry" in page
    assert "Not yours" not in page, "cases of another area are not even counted"
    delyth = week.visitor("delyth").get("/en/reports/weekly/cases", params=asked).text
    assert "bin lorry" not in delyth
    assert "Not yours to open: 9." in delyth


def test_of_a_restricted_case_a_list_says_nothing(week: Site) -> None:
    catrin = Actor("catrin", week.users["catrin"])
    week.store.write(
        lambda session: queue.restrict(session, 4, restricted=True, actor=catrin, now=NOW, words="an address")
    )
    asked = {"week": "2026-W46", "figure": "received", "area": "waste"}
    assert "Not yours to open: 1." in week.visitor("aled").get("/en/reports/weekly/cases", params=asked).text
    page = week.visitor("rhys").get("/en/reports/weekly/cases", params=asked).text
    assert "Restricted: opened with a purpose" in page


@pytest.mark.parametrize(
    "asked", [{"figure": "nonsense"}, {"week": "2026-W99"}, {"day": "yesterday"}, {"days": "x"}, {"figure": "added.x"}]
)
def test_a_figure_that_is_none_is_not_there(still_site: Site, asked: dict[str, str]) -> None:
    assert still_site.visitor("catrin").get("/en/reports/weekly/cases", params=asked).status_code == 404


def test_a_page_beyond_the_last_is_the_last(still_site: Site) -> None:
    answer = still_site.visitor("catrin").get("/en/reports/weekly/cases", params={"week": "2026-W47", "page": "9"})
    assert answer.status_code == 200
    assert "bin lorry" in answer.text


@pytest.mark.parametrize("language", ["cy", "en"])
def test_each_chart_has_a_name_a_description_and_its_table(week: Site, language: str) -> None:
    page = week.visitor("catrin").get(f"/{language}/reports/weekly").text
    charts = re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)
    assert len(charts) == 4
    for chart in charts:
        slug, title, description = re.findall(
            r'id="chart-([a-z-]+)-title">([^<]+)</title>.*?<desc[^>]*>([^<]+)', chart, re.DOTALL
        )[0]
        assert 'role="img"' in chart
        assert f'aria-labelledby="chart-{slug}-title chart-{slug}-desc"' in chart
        assert title
        assert description
        assert f'id="chart-{slug}"' in page, "the table beside it"
    assert "style=" not in page
