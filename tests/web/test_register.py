"""The register's page: what is due, who holds access, and one form to record what was done."""

from __future__ import annotations

import html

import pytest

from store import comments
from tests.web.world import Site, token_in

WORDS = "Cytunwyd yn y cyfarfod"


def sends(site: Site, username: str, path: str = "register", **fields: str) -> tuple[int, str]:
    visitor = site.visitor(username)
    data = {"csrf": token_in(visitor.get("/en/queue").text), **fields}
    answer = visitor.post(f"/en/{path}", data=data)
    return answer.status_code, html.unescape(answer.text)


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_was_recorded_stands_on_the_page(site: Site, language: str) -> None:
    assert sends(site, "catrin", duty="requested", account="cyngor-fb", reason=WORDS)[0] == 303
    page = html.unescape(site.visitor("aled").get(f"/{language}/register").text)
    assert WORDS in page
    assert {"en": "The account was asked for", "cy": "Gofynnwyd am y cyfrif"}[language] in page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Choose what was done."),
        ({"duty": "requested", "account": "cyngor-fb"}, "Say what was done, or decided."),
        ({"duty": "requested", "account": "cyngor-fb", "reason": "x", "day": "tomorrow"}, "Write the day"),
        ({"duty": "authorised", "account": "cyngor-fb", "reason": "x"}, "The head of service agreed"),
        ({"duty": "training", "reason": "x"}, "Say who it is about."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(site: Site, fields: dict[str, str], says: str) -> None:
    status, page = sends(site, "catrin", **fields)
    assert status == 422
    assert says in page


def test_access_is_given_and_ended(site: Site) -> None:
    assert sends(site, "nia", "register/access", account="cyngor-fb", person="Ifan Enghraifft")[0] == 303
    page = site.visitor("nia").get("/en/register").text
    assert "Ifan Enghraifft" in page
    assert sends(site, "nia", "register/access/1/end")[0] == 303
    assert "Ifan Enghraifft" not in site.visitor("nia").get("/en/register").text


def test_the_list_of_users_goes_by_service_area(site: Site) -> None:
    sends(site, "nia", duty="training", person="Rhys Morgan", reason="Day of training", day="2026-11-02")
    lines = site.visitor("aled").get("/en/register/users.csv").text.lstrip("\ufeff").splitlines()
    assert lines[0] == "area,name,username,since,trained"
    assert "waste,Rhys Morgan,rhys,2026-11-20,2026-11-02" in lines


def test_posts_are_counted_with_their_language(site: Site) -> None:
    site.said("When is the bin lorry coming?")
    with site.store.read() as session:
        assert comments.posts_unread(session, limit=9) == []
    assert "Posts in 4 weeks: 1; with Welsh: 0" in site.visitor("aled").get("/en/register").text
