"""Whatever is sent, nobody sees a traceback: a page says what is wrong, in the reader's language."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.world import Site, Visitor, token_in, version_in
from web.security import HEADERS

NASTY = (
    "\0",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "'; DROP TABLE cases;--",
    "../../etc",
)
QUERIES = ("area", "reply_in", "state", "show", "after", "before", "done", "week", "to")
PATHS = (
    "/en/queue",
    "/cy/cases/1",
    "/en/escalations",
    "/cy/reports/weekly",
    "/en/reports/weekly.csv",
    "/en/accounts",
    "/en/senior",
    "/cy/notices",
    "/cy/accounts/cyngor-fb/token",
    "/cy/enter",
)

odd = st.one_of(
    st.sampled_from([*NASTY, "2026-11-20.99999999999999999999", "9999-12-31.1", "2026-W99", "0000-W01", "9999-W52"]),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30),
)
at_ease = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def visitor(still_site: Site) -> Visitor:
    return still_site.visitor("catrin")


@at_ease
@given(path=st.sampled_from(PATHS), asked=st.dictionaries(st.sampled_from(QUERIES), odd, max_size=4))
def test_no_question_breaks_a_page(visitor: Visitor, path: str, asked: dict[str, str]) -> None:
    answer = visitor.get(path, params=asked)
    assert answer.status_code in {200, 404}


FORMS = {
    "/en/cases/1/reply": ("kind", "text_cy", "text_en", "exception", "version"),
    "/en/cases/1/acts/assign": ("to", "reason", "version"),
    "/en/cases/1/acts/close": ("outcome", "reason", "version"),
    "/cy/cases/1/answer-owed": ("owed", "reason", "version"),
    "/cy/cases/1/native": ("own_reply", "version"),
    "/en/comments/1/removal": ("rule", "kind", "reason", "confirmed", "exception", "version"),
    "/en/comments/1/showing": ("reason",),
    "/en/removals/1/platform": ("what", "day", "clock", "reason", "version"),
    "/en/parts/1/settle": ("what", "words"),
    "/en/cases/1/redraw": ("kind", "text_cy", "form", "day", "clock"),
    "/en/cases/1/elsewhere": ("kind", "text_cy", "day", "month", "year", "clock", "version"),
    "/cy/enter": ("account", "text", "author_name", "author_id", "day", "month", "year", "clock", "url", "form"),
}


@at_ease
@given(form=st.sampled_from(sorted(FORMS)), data=st.data())
def test_no_form_breaks_a_page(visitor: Visitor, form: str, data: st.DataObject) -> None:
    page = visitor.get("/en/cases/1").text
    fields = {name: data.draw(odd, label=name) for name in FORMS[form]}
    if data.draw(st.booleans(), label="knows the version"):
        fields["version"] = version_in(page)
    answer = visitor.post(form, data={**fields, "csrf": token_in(page)})
    assert answer.status_code in {200, 303, 400, 404, 409, 422}


def test_what_officers_type_never_holds_a_nul(site: Site) -> None:
    case, visitor = site.said("When are the bins emptied?"), site.visitor("rhys")
    assert visitor.fill(f"/en/cases/{case}", "notes", reason="one\0two").status_code == 303
    assert "onetwo" in visitor.get(f"/en/cases/{case}").text


@pytest.mark.parametrize(("language", "says"), [("en", "Something went wrong on our side"), ("cy", "Aeth rhywbeth")])
def test_a_mistake_of_ours_shows_a_reference_and_nothing_else(site: Site, language: str, says: str) -> None:
    visitor = site.visitor("rhys", raise_server_exceptions=False)
    site.now = None  # type: ignore[assignment]
    answer = visitor.get(f"/{language}/queue")
    assert answer.status_code == 500
    assert says in answer.text
    assert re.search(r"\b[0-9a-f]{8}\b", answer.text)
    assert "Traceback" not in answer.text
    assert "TypeError" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)


def test_a_form_as_large_as_a_book_is_refused(site: Site) -> None:
    case, visitor = site.said("When are the bins emptied?"), site.visitor("rhys")
    refused = visitor.fill(f"/en/cases/{case}", "notes", reason="x" * 1_100_000)
    assert refused.status_code == 413
    assert "xxx" not in visitor.get(f"/en/cases/{case}").text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/en/nowhere", 404),
        ("GET", "/cy/nowhere", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/de/queue", 404),
        ("POST", "/en/queue", 405),
        ("GET", "/en/sign-out", 405),
        ("GET", "/static/../app.py", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/docs", 404),
    ],
)
def test_an_address_that_is_not_there_has_a_page_too(visitor: Visitor, method: str, path: str, status: int) -> None:
    answer = visitor.request(method, path)
    assert answer.status_code == status
    assert "<h1" in answer.text


def test_an_error_for_someone_who_chose_no_language_is_told_in_both(still_site: Site) -> None:
    answer = still_site.visitor().get("/nowhere")
    assert "Page not found" in answer.text
    assert "Heb ddod o hyd i&#39;r dudalen" in answer.text
