"""One report, two languages: the same numbers, all of the words, none of a resident's."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest

from moderation import policy, service_areas
from moderation.calendar import Calendar
from moderation.service_areas import Areas
from reports import csv_file, measures, page
from reports.figures import Weekly, figures
from reports.week import Week
from reports.weekly import weekly
from settings import Body
from store.figures import Place, Rows, Turn
from tests.reports.test_figures import LATER, WEEK, a_week
from tests.reports.world import at, on_sqlite
from vocabulary import Language, Platform
from words import LANGUAGES, Words

POWYS = policy.load("powys")
AREAS = service_areas.load()
BODY = Body(cy="Cyngor Dyffryn Enlli", en="Dyffryn Enlli Council")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Weekly:
    world = on_sqlite(tmp_path_factory.mktemp("page"))
    a_week(world)
    with world.store.read() as session:
        counted = weekly(session, POWYS, AREAS, WEEK, now=LATER)
    world.store.close()
    return counted


class Outline(HTMLParser):
    """What a reader meets: texts outside <style>, and the elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if data.strip() and "style" not in self._inside:
            self.texts.append(" ".join(data.split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def cells(html: str) -> list[list[str]]:
    """The numbers in each row of each table, in order."""
    return [
        re.findall(r'<td class="govuk-table__cell govuk-table__cell--numeric">([^<]*?)\s*<', row)
        for row in re.findall(r"<tr .*?</tr>", html, re.DOTALL)
    ]


def in_both(report: Weekly) -> dict[str, str]:
    return {each: page.html(report, Words(each), AREAS, BODY) for each in LANGUAGES}


def test_both_languages_have_the_same_numbers_in_the_same_places(report):
    html = in_both(report)
    assert cells(html["cy"]) == cells(html["en"])
    assert sum(len(row) for row in cells(html["en"])) > 300


def test_the_page_says_the_figures_that_were_counted(report):
    sheet = page.sheet(report, Words("en"), AREAS)
    assert {heading: cell.text for heading, cell in sheet.brief} == {
        "Comments received": "7",
        "Conversations needing a response": "5",
        "Answers due": "4",
        "Answered in time, %": "25%",
        "Answered late or not at all": "3",
        "Unanswered and overdue": "2",
        "Median, working days": "3.5",
    }
    compared = {
        line.head.text: [cell.text for cell in line.cells]
        for line in next(each for each in sheet.sections if each.slug == "languages").tables[1].lines
    }
    assert compared == {
        "Acknowledged in time, %": ["–", "33.3%", "–"],
        "Answered in time, %": ["50%", "0%", "+50"],
        "Median, working days": ["5", "2", "+3"],
        "90th percentile, working days": ["6", "2", "+4"],
    }


def test_the_welsh_page_is_in_welsh_to_the_last_heading(report):
    """Every text of the Welsh page differs from that of the English page, but for numbers and names."""
    html = in_both(report)
    cy, en = (Outline(html[each]).texts for each in ("cy", "en"))
    same_in_both = {"X", "Facebook", "–", report.policy}
    left_over = {text for text in set(cy) & set(en) if re.search("[a-z]", text)} - same_in_both
    assert {text for text in left_over if not re.fullmatch(r"GW-\d{4}-\d{6}", text)} == set()
    assert "Atebwyd mewn pryd" in cy
    assert "Wythnos 47, 2026: 16 Tachwedd 2026 hyd 22 Tachwedd 2026" in cy
    assert "Week 47, 2026: 16 November 2026 to 22 November 2026" in en


def test_every_message_of_the_report_has_its_welsh():
    headings = [each.heading for each in measures.ALL]
    for message in [*headings, *page.NOTES]:
        assert Words("cy").gettext(message) != message


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_who_listens_can_find_their_way(report, language):
    outline = Outline(page.html(report, Words(language), AREAS, BODY))
    assert outline.all("html")[0]["lang"] == language
    assert len(outline.all("h1")) == 1
    assert len(outline.all("caption")) == len(outline.all("table")) == 9
    assert all(each.get("scope") in {"col", "row"} for each in outline.all("th"))
    assert all(each.get("aria-hidden") == "true" for each in outline.all("svg"))
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(each["aria-labelledby"] in ids for each in outline.all("section"))


def test_the_page_fetches_nothing_and_carries_no_inline_style(report):
    html = page.html(report, Words("en"), AREAS, BODY)
    assert not re.search(r"https?://|<script|<link|<img|\bstyle=|\bsrc=", html)


def test_names_are_escaped(report):
    strange = "<script>alert(1)</script>"
    html = page.html(report, Words("en"), AREAS, Body(cy=strange, en=strange))
    assert strange not in html
    assert escape(strange) in html


def test_an_area_that_left_the_configuration_keeps_its_figures(report):
    few = Areas({slug: AREAS[slug] for slug in AREAS.slugs if slug != "highways"})
    assert "highways" in Outline(page.html(report, Words("cy"), few, BODY)).texts


def test_a_week_that_is_not_over_says_so(report):
    halfway = replace(report, until=at("2026-11-18 12:05"))
    assert page.sheet(report, Words("en"), AREAS).unfinished == ""
    assert "18 November 2026, 12:05" in page.sheet(halfway, Words("en"), AREAS).unfinished
    assert "18 Tachwedd 2026, 12:05" in page.html(halfway, Words("cy"), AREAS, BODY)


def test_without_a_late_case_there_is_a_sentence_and_no_table():
    empty = figures(Rows(), Week(2026, 47), Calendar({}, WEEK.last_day), until=WEEK.end)
    sections = {each.slug: each for each in page.sheet(empty, Words("cy"), AREAS).sections}
    assert (sections["late"].intro, sections["late"].tables) == ("Nid oes unrhyw achos yn hwyr.", ())
    assert (sections["unheard"].intro, sections["unheard"].tables) == (
        "Darllenwyd pob cyfrif drwy gydol yr wythnos.",
        (),
    )


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0"), (2.5, "2.5"), (3.0, "3"), (1204, "1,204"), (100 / 3, "33.3"), (99.96, "100")]
)
def test_numbers_are_written_with_at_most_one_decimal(number, written):
    assert measures.plain(number) == written


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_opens_in_a_spreadsheet_with_its_accents(report, language):
    content = csv_file.written(report, Words(language), AREAS)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = read(content)
    header, total = rows[0], rows[1]
    assert len(header) == len(total) == 3 + len(measures.ALL)
    by_name = dict(zip(header, total, strict=True))
    assert by_name[Words(language).gettext("Comments received")] == "7"
    assert by_name[Words(language).gettext("Answered in time, %")] == "25.0"
    assert by_name[Words(language).gettext("Median, working days")] == "3.5"
    late = rows.index([])
    unheard = rows.index([], late + 1)
    assert [row[5] for row in rows[late + 2 : unheard]] == [case.due.isoformat() for case in report.late_cases]
    corrected = rows.index([], unheard + 1)
    assert len(rows[unheard + 2 : corrected]) == len(report.silences)
    assert len(rows[corrected + 2 :]) == len(report.corrections)


def test_both_tables_have_the_same_numbers(report):
    cy, en = (read(csv_file.written(report, Words(each), AREAS)) for each in LANGUAGES)
    blank = cy.index([])
    assert [row[3:] for row in cy[1:blank]] == [row[3:] for row in en[1:blank]]
    assert all(not set(a) & set(b) for a, b in ((cy[0], en[0]), (cy[blank + 1], en[blank + 1])))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_never_begins_a_formula(start):
    slug = f'{start}HYPERLINK("http://example.test")'
    turn = Turn(
        place=Place(area=slug, platform=Platform.X, language=Language.CY),
        case_id=1,
        reference=slug,
        owed=True,
        received_at=at("2026-11-10 09:00"),
        ack_due=None,
        due=WEEK.first_day,
    )
    report = figures(Rows(turns=(turn,)), WEEK, Calendar({}, WEEK.last_day), until=WEEK.end)
    rows = read(csv_file.written(report, Words("en"), AREAS))
    suspects = [cell for row in rows for cell in row if "HYPERLINK" in cell]
    assert len(suspects) == 3
    assert all(cell.startswith("'") for cell in suspects)
