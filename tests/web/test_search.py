"""Whoever may open a case finds it, in either language, and is told what was found; nobody is looked up unseen."""

from __future__ import annotations

import html
import re

from sqlalchemy import select, text

from store.audit import AuditRow
from tests.web.world import Site
from vocabulary import Author


def references(page: str) -> list[str]:
    return re.findall(r"GW-\d{4}-\d{6}", page)


def test_what_was_found_is_marked_in_the_form_in_which_it_stands(site: Site) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu o fy min i?")
    site.said("The pothole is not mended")
    visitor = site.visitor("rhys")
    for language in ("cy", "en"):
        page = html.unescape(visitor.get(f"/{language}/search?q=gasglu+bin").text)
        assert references(page) == ["GW-2026-000001"]
        assert "<mark>casglu</mark>" in page
        assert "<mark>min</mark>" in page
    assert "GW-2026-000001" in visitor.get("/en/search?q=bini").text


def test_no_result_says_what_was_looked_for_and_how_to_widen_it(site: Site) -> None:
    page = site.visitor("rhys").get("/en/search?q=%3Cb%3Ezzz&area=waste").text
    assert "&lt;b&gt;zzz" in page
    assert "Search without the filters" in page
    assert "Only cases of your own service areas" in page
    assert "Nothing was found" not in site.visitor("rhys").get("/en/search").text
    assert "at least one word" in site.visitor("rhys").get("/en/search?q=-bin").text


def test_a_whole_reference_goes_to_its_case(site: Site) -> None:
    theirs = site.said("The pothole is not mended", account="priffyrdd-fb")
    ours = site.said("The bins are late")
    visitor = site.visitor("rhys")
    answer = visitor.get("/en/search?q=gw-2026-000002", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/en/cases/{ours}")
    assert visitor.get(f"/en/cases/{theirs}").status_code == 404
    assert "Nothing was found" in visitor.get("/en/search?q=gw-2026-000001").text


def test_a_case_of_another_area_is_neither_shown_nor_counted(site: Site) -> None:
    site.said("The pothole again on Tuesday", account="priffyrdd-fb")
    site.said("The bins are late on Tuesday")
    page = site.visitor("rhys").get("/en/search?q=tuesday").text
    assert "Cases: 1." in page
    assert "pothole" not in page
    assert "Cases: 2." in site.visitor("catrin").get("/en/search?q=tuesday").text
    for shown_only in ("gwen", "huw", "delyth"):
        assert "Nothing was found" in site.visitor(shown_only).get("/en/search?q=tuesday").text


def test_a_restricted_case_is_found_by_those_who_open_it_and_keeps_its_words(site: Site) -> None:
    case = site.said("The bins hold a secret", author=Author("a9", "Gwyneth Enghraifft"))
    site.store.write(lambda session: session.execute(text(f"UPDATE cases SET restricted = true WHERE id = {case}")))
    page = site.visitor("rhys").get("/en/search?q=secret").text
    assert "GW-2026-000001" in page
    assert "Gwyneth" not in page
    assert "bins hold" not in page
    for reader in ("aled", "nia", "elin"):
        assert "Nothing was found" in site.visitor(reader).get("/en/search?q=secret").text
    assert "GW-2026-000001" in site.visitor("gwen").get("/en/search?q=secret").text


def test_personal_data_stay_masked_in_what_was_found(site: Site) -> None:
    site.said("The bins: ring me on 07700 900123")
    assert "900123" not in site.visitor("rhys").get("/en/search?q=bins").text


def test_looking_somebody_up_by_name_is_recorded_without_the_words(site: Site) -> None:
    site.said("The bins are late", author=Author("a9", "Gwyneth Enghraifft"))
    visitor = site.visitor("rhys")

    def searched() -> list[tuple[str, str, str]]:
        with site.store.read() as session:
            rows = session.scalars(select(AuditRow).where(AuditRow.action == "author.searched")).all()
            return [(row.actor, row.subject, repr(row.after)) for row in rows]

    visitor.get("/en/search?q=bins")
    visitor.get("/en/search?q=bins+gwyneth")
    assert searched() == []
    visitor.get("/en/search?q=gwyneth")
    [(actor, subject, after)] = searched()
    assert (actor, subject) == ("rhys", "author:1")
    assert "wyneth" not in after


def test_nonsense_in_the_address_filters_nothing(site: Site) -> None:
    site.said("The bins are late")
    visitor = site.visitor("rhys")
    for asked in (
        "area=x&state=y&reply_in=z",
        "since=2026-99-99&until=0001-01-01",
        "before=%D9%A1",
        "before=" + "9" * 40,
    ):
        assert "GW-2026-000001" in visitor.get(f"/en/search?q=bins&{asked}").text, asked
    for asked in ("before=1", "since=2027-01-01", "until=2020-01-01", "state=closed", "reply_in=both"):
        assert "GW-2026-000001" not in visitor.get(f"/en/search?q=bins&{asked}").text, asked


def test_older_cases_are_on_the_next_page(site: Site) -> None:
    for number in range(26):
        site.said(f"The bins are late {number}x")
    visitor = site.visitor("rhys")
    first = visitor.get("/en/search?q=bins").text
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = visitor.get("/en/search" + html.unescape(older)).text
    assert (len(references(first)), references(second)) == (25, ["GW-2026-000001"])
    assert "To the first page" in second
