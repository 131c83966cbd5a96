"""Every route has its row: role by role, in one's own service area and in another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from moderation.sight import SHOWN_ONLY
from tests.web.world import STAFF, Site, token_in
from vocabulary import Role
from web.gate import PERMISSIONS, PUBLIC, PUT_BEFORE

NAMED = {"part_id": "1", "reply_id": "1", "translation_id": "1", "template": "holding", "removal_id": "1", "token": "1"}
OWN = NAMED | {"case_id": "1", "comment_id": "1", "evidence_id": "1", "slug": "cyngor-fb"}
OTHER = NAMED | {"case_id": "3", "comment_id": "3", "evidence_id": "2", "slug": "priffyrdd-fb"}
OWN |= {"author_id": "1", "review_id": "1"}
OTHER |= {"author_id": "3", "review_id": "2"}
OF_NO_CASE = dict.fromkeys(
    ["matter_id", "pause_id", "incident_id", "administrator_id", "notice_id", "bulk_id", "user_id", "token_id"], "1"
)
"""Ids that a route asks about only once its form is filled in."""


class Route(NamedTuple):
    """A route by its name; `path` has its parameters in braces, or filled in where it was asked for."""

    name: str
    method: str
    path: str


def routes(site: Site) -> Iterator[Route]:
    """Every route of the application but `/static`, which is a mount of files for everybody."""
    found = [
        Route(str(route.name), next(iter((route.methods or set()) - {"HEAD"})), str(route.path_format))
        for route in iter_route_contexts(site.app.routes)
        if isinstance(route.original_route, APIRoute)
    ]
    assert len(found) > len(PUBLIC)
    yield from found


def asked(route: Route, places: dict[str, str]) -> Route:
    named = {
        "language": "en",
        "act": "close",
        "step": "warn",
        "subject": "queue",
        "rest": "reply",
        **places,
        **OF_NO_CASE,
    }
    return route._replace(path=route.path.format(**named))


def test_every_route_has_a_permission_and_every_permission_a_route(still_site: Site) -> None:
    names = {route.name for route in routes(still_site)}
    assert names == PUBLIC | PERMISSIONS.keys()
    assert not PUBLIC & PERMISSIONS.keys()


def test_every_page_stands_under_a_language(still_site: Site) -> None:
    outside = {route.name for route in routes(still_site) if not route.path.startswith("/{language}/")}
    assert outside == {"entry", "healthz", "webhook_asked", "webhook_came"}


def test_a_stranger_is_sent_to_sign_in_from_everywhere_else(still_site: Site) -> None:
    stranger = still_site.visitor()
    for route in routes(still_site):
        if route.name in PUBLIC:
            continue
        each = asked(route, OWN)
        answer = stranger.request(each.method, each.path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/en/sign-in"), each


@pytest.mark.parametrize("username", STAFF)
def test_each_role_meets_what_its_row_says(still_site: Site, username: str) -> None:
    _name, role, area = STAFF[username]
    visitor = still_site.visitor(username)
    token = token_in(visitor.get("/en/queue").text)
    for route in routes(still_site):
        if route.name in PUBLIC or route.name in {"sign_out", "sign_out_everywhere"}:
            continue
        for places, case_area in ((OWN, "waste"), (OTHER, "highways")):
            each = asked(route, places)
            answer = visitor.request(each.method, each.path, data={"csrf": token} if each.method == "POST" else None)
            expected = _expected(each, role, area, case_area)
            assert answer.status_code in expected, (each, username, case_area, answer.status_code)


def _expected(each: Route, role: Role, area: str, case_area: str) -> set[int]:
    """Which statuses are right.  400, 409 and 422 mean that the gate was passed and the empty form refused."""
    names_a_case = any(mark in each.path for mark in ("/cases/", "/comments/", "/evidence/", "/authors/", "/reviews/"))
    if "/parts/" in each.path or "/removals/" in each.path or "/replies/" in each.path:
        return {404}
    shown_only = role in SHOWN_ONLY and role not in PUT_BEFORE.get(each.name, ())
    if names_a_case and (area not in ("*", case_area) or shown_only):
        return {404}
    if role not in PERMISSIONS[each.name]:
        return {403}
    if "/translations/1" in each.path:
        return {400}
    return {200, 303} if each.method == "GET" else {200, 303, 400, 409, 422}


@pytest.mark.parametrize("number", ["0", "999999", "-1", "1.5", "1e3", "x", "9" * 40, "١"])
@pytest.mark.parametrize("path", ["/en/cases/{}", "/cy/cases/{}"])
def test_a_case_that_is_not_there_looks_like_one_that_is_somebody_elses(
    still_site: Site, path: str, number: str
) -> None:
    visitor = still_site.visitor("rhys")
    theirs, none = visitor.get(path.format(3)), visitor.get(path.format(number))
    assert theirs.status_code == none.status_code == 404
    assert theirs.text.replace("/cases/3", f"/cases/{number}") == none.text or number in ("-1", "1.5", "1e3", "x", "١")


def test_an_officer_never_sees_a_word_of_another_area(still_site: Site) -> None:
    visitor = still_site.visitor("rhys")
    for path in ("/en/queue", "/en/queue?area=highways", "/en/queue?state=received", "/en/cases/3"):
        assert "pothole" not in visitor.get(path).text
    assert "Cases: 0." in visitor.get("/en/queue?area=highways").text


@pytest.mark.parametrize("username", STAFF)
def test_the_navigation_leads_only_where_one_may_go(still_site: Site, username: str) -> None:
    visitor = still_site.visitor(username)
    links = r'(?:govuk-service-navigation__link|gwylio-pages__link|gwylio-header__tool)" href="(/en/[^"]+)"'
    asked, found = set[str](), {"/en/queue", "/en/translations"}
    while found - asked:
        path = min(found - asked)
        asked.add(path)
        answer = visitor.get(path)
        assert answer.status_code == 200 or path in ("/en/queue", "/en/translations"), path
        found |= set(re.findall(links, answer.text))
    assert len(asked) > 3
