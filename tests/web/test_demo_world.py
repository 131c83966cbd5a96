"""A demo says on every page that it is one, and lets anybody in as anybody; nothing else ever does."""

from __future__ import annotations

import html

import pytest

from tests.web.world import PASSWORD, STAFF, Site, Visitor, token_in
from web.app import create_app


@pytest.mark.parametrize(("language", "said"), [("cy", "Arddangosiad yw hwn"), ("en", "A demo: the council")])
def test_a_visitor_comes_in_as_anybody_with_one_press_and_is_told_that_they_are_invented(
    site: Site, language: str, said: str
) -> None:
    app = create_app(site.here, now=lambda: site.now, demo_password=PASSWORD)
    visitor = Visitor(app, base_url="http://localhost", follow_redirects=False)
    page = visitor.get(f"/{language}/sign-in").text
    assert said in page
    assert all(html.escape(name) in page for name, _role, _area in STAFF.values())
    form = {"csrf": token_in(page), "username": "rhys", "password": PASSWORD}
    assert visitor.post(f"/{language}/sign-in", data=form).headers["location"] == f"/{language}/queue"
    assert said in visitor.get(f"/{language}/queue").text


def test_an_installation_names_nobody_before_they_sign_in(site: Site) -> None:
    page = site.visitor().get("/en/sign-in").text
    assert "A demo" not in page
    assert not any(username in page or name in page for username, (name, _role, _area) in STAFF.items())
