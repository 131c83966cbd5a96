"""Communications keep the saved replies from a page; officers read them and choose."""

from __future__ import annotations

import html

import pytest

from store import audit
from tests.web.world import Site, token_in, version_in

SNOW = {
    "kind": "answer",
    "title_cy": "Eira",
    "title_en": "Snow",
    "text_cy": "Nid yw'r ffordd yn ddiogel, {name}. Cyfeirnod: {reference}.",
    "text_en": "The road is not safe, {name}. Reference: {reference}.",
}


def actions(site: Site) -> list[str]:
    with site.store.read() as session:
        return [row["action"] for row in audit.rows(session) if row["action"].startswith("template.")]


def test_a_new_pair_is_offered_to_officers_and_filled(site: Site) -> None:
    case, catrin, rhys = site.said("When is the bin lorry coming?"), site.visitor("catrin"), site.visitor("rhys")
    token = token_in(catrin.get("/en/templates/new").text)
    done = catrin.post("/en/templates/new", data={"csrf": token, **SNOW})
    assert done.headers["location"] == "/en/templates?done=added"
    assert '<option value="snow">Eira</option>' in rhys.get(f"/cy/cases/{case}").text
    filled = html.unescape(rhys.fill(f"/cy/cases/{case}", "saved-reply", kind="answer", saved="snow").text)
    assert "Nid yw'r ffordd yn ddiogel, {name}. Cyfeirnod: GW-2026-000001." in filled
    assert actions(site) == ["template.added"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("text_cy", "", "The reply in Welsh is missing"),
        ("title_en", " ", "The title in English is missing"),
        ("text_en", "The road is not safe.", "The two languages use other placeholders: {name}, {reference}"),
        ("text_cy", "The road is not safe, {name}. {reference}", "does not read as Welsh"),
        ("text_en", "The road is not safe, {nmae}. {reference}", "{nmae} is no placeholder that we know"),
    ],
)
def test_a_pair_that_is_not_whole_is_not_kept_and_nothing_typed_is_lost(
    site: Site, field: str, typed: str, said: str
) -> None:
    catrin = site.visitor("catrin")
    token = token_in(catrin.get("/en/templates/new").text)
    refused = catrin.post("/en/templates/new", data={"csrf": token, **SNOW, field: typed})
    page = html.unescape(refused.text)
    assert refused.status_code == 422
    assert said in page
    assert 'value="Eira"' in page
    assert actions(site) == []


def test_one_of_the_file_is_changed_retired_and_put_back(site: Site) -> None:
    case, catrin = site.said("When is the bin lorry coming?"), site.visitor("catrin")
    read = catrin.get("/en/templates/thanks").text
    assert "Thank you very much for your kind words" in read
    data = {"csrf": token_in(read), "version": version_in(read)}
    changed = catrin.post("/en/templates/thanks", data=SNOW | data)
    assert changed.headers["location"] == "/en/templates?done=changed"
    stale = catrin.post("/en/templates/thanks", data=SNOW | data)
    assert stale.status_code == 409
    assert "A colleague has changed this saved reply" in stale.text
    offered = '<option value="thanks">Snow</option>'
    assert offered in catrin.get(f"/en/cases/{case}").text
    for version, retired in (("1", "true"), ("2", "false")):
        form = {"csrf": data["csrf"], "version": version, "retired": retired}
        assert catrin.post("/en/templates/thanks/retired", data=form).status_code == 303
        assert (offered in catrin.get(f"/en/cases/{case}").text) is (retired == "false")
        assert catrin.post("/en/templates/thanks/retired", data=form).status_code == 409
    assert actions(site) == ["template.changed", "template.retired", "template.restored"]


def test_officers_read_them_and_change_nothing(site: Site) -> None:
    rhys = site.visitor("rhys")
    page = rhys.get("/cy/templates").text
    assert "Diolch am eiriau caredig" in page
    assert "/cy/templates/new" not in page
    data = {"csrf": token_in(page), "version": "0", "retired": "true", **SNOW}
    for path in ("new", "thanks", "thanks/retired"):
        assert rhys.post(f"/cy/templates/{path}", data=data).status_code == 403
    assert rhys.get("/cy/templates/thanks").status_code == 403


@pytest.mark.parametrize("slug", ["nonsense", "..", "x" * 300])
def test_what_is_not_there_is_not_there(site: Site, slug: str) -> None:
    catrin = site.visitor("catrin")
    token = token_in(catrin.get("/en/templates").text)
    assert catrin.get(f"/en/templates/{slug}").status_code in {404, 405}
    data = {"csrf": token, "version": "0", "retired": "true"}
    assert catrin.post(f"/en/templates/{slug}/retired", data=data).status_code == 404
