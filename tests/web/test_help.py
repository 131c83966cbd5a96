"""Every page has help in both languages, and everybody may read how accessible the pages are."""

from __future__ import annotations

import re

import pytest

from tests.web.test_access import NO_PAGES
from tests.web.test_gate import routes
from tests.web.world import Site
from web import help_pages
from web.help_pages import STATEMENT


def test_every_page_has_one_subject_of_help(site: Site) -> None:
    pages = {
        route.path.split("/")[2]
        for route in routes(site)
        if route.method == "GET" and route.name not in NO_PAGES and route.path.startswith("/{language}/")
    }
    named = [page for subject in help_pages.subjects().values() for page in subject.pages]
    assert pages - set(named) == set(), "say in a file of web/help what this page is for"
    assert len(named) == len(set(named))


def test_both_languages_say_as_much(site: Site) -> None:
    for slug, subject in help_pages.subjects().items():
        for part in subject.parts:
            sides = [
                [len(lines) for _listed, lines in help_pages.blocks(text)] for text in (part.text.cy, part.text.en)
            ]
            assert sides[0] == sides[1], (slug, part.heading.en)


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_page_leads_to_its_own_help_and_from_there_to_all_of_it(site: Site, language: str) -> None:
    visitor = site.visitor("rhys")
    [at] = re.findall(r'href="([^"]+)" data-act="help"', visitor.get(f"/{language}/queue").text)
    assert at == f"/{language}/help/queue"
    assert help_pages.subjects()["queue"].title.say(language) in visitor.get(at).text
    contents = visitor.get(f"/{language}/help").text
    for slug in help_pages.subjects().keys() - {STATEMENT}:
        assert f'href="/{language}/help/{slug}"' in contents
        assert visitor.get(f"/{language}/help/{slug}").status_code == 200
    assert visitor.get(f"/{language}/help/nothing").status_code == 404
    assert visitor.get(f"/{language}/help/{STATEMENT}").status_code == 404


@pytest.mark.parametrize(("language", "body"), [("cy", "Ein cyngor"), ("en", "Our council")])
def test_a_stranger_may_read_the_accessibility_statement(site: Site, language: str, body: str) -> None:
    page = site.visitor().get(f"/{language}/accessibility").text
    assert body in page
    assert "WCAG 2.2" in page
    assert not re.findall(r"[{}]", page)
