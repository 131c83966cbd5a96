"""A token is worth what its owner may do, within its scopes: each route, role, area and scope."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

from moderation import api_tokens, queue, staff
from moderation.record import Actor
from moderation.sight import SHOWN_ONLY
from store.database import Session
from tests.web.api.caller import EVERYTHING, Caller, caller, given, of_token
from tests.web.world import STAFF, Site, token_in
from vocabulary import Role, Scope
from web.api.access import ROUTES
from web.api.app import Api
from web.gate import PERMISSIONS, PUT_BEFORE
from web.security import SESSION_COOKIE, CallLimit, new_api_token, token_hash

OWN, OTHER = ("1", "waste"), ("3", "highways")
BODIES = {"note_on_case": {"words": " "}, "classify_text": {"text": "When?"}, "act_on_case": {}, "check_reply": {}}
"""Enough for a call to be let in and then refused, or to leave nothing behind."""


class Route(NamedTuple):
    """A route of the API by its name, with its parameters in braces."""

    name: str
    method: str
    path: str


def routes(site: Site) -> list[Route]:
    api = next(each.app for each in site.app.routes if isinstance(each, Mount) and isinstance(each.app, Api))
    found = [
        Route(str(route.name), next(iter(route.methods or set())), str(route.path_format))
        for route in iter_route_contexts(api.routes)
        if isinstance(route.original_route, APIRoute)
    ]
    assert len(found) == len(ROUTES)
    return found


def ask(program: Caller, route: Route, number: str = "1") -> int:
    path = route.path.format(case_id=number, comment_id=number, act="close")
    headers = {"if_match": '"0"', "idempotency_key": "a"} if route.method in {"POST", "PUT"} else {}
    body = BODIES.get(route.name, {}) if route.method == "POST" else None
    return program.call(route.method, path, body, **headers).status_code


def test_every_route_says_what_it_needs_and_every_page_it_names_is_one(still_site: Site) -> None:
    assert {route.name for route in routes(still_site)} == ROUTES.keys()
    assert {needs.page for needs in ROUTES.values()} - {""} <= PERMISSIONS.keys()
    assert all(bool(needs.scope) == bool(needs.page) for needs in ROUTES.values())
    assert {needs.scope for needs in ROUTES.values()} - {None} == EVERYTHING


@pytest.mark.parametrize("username", STAFF)
def test_each_route_asks_for_role_area_and_scope(still_site: Site, username: str) -> None:
    _name, role, area = STAFF[username]
    all_of_them = caller(still_site, username)
    for route in routes(still_site):
        needs = ROUTES[route.name]
        others = EVERYTHING - {needs.scope} if needs.scope else EVERYTHING
        all_but_one = caller(still_site, username, others)
        for number, case_area in (OWN, OTHER):
            where = (username, route.name, case_area)
            assert ask(all_but_one, route, number) == (403 if needs.scope else 200), where
            assert ask(all_of_them, route, number) in expected(route, role, area, case_area), where


def expected(route: Route, role: Role, area: str, case_area: str) -> set[int]:
    """Which statuses are right.  409, 412 and 422 mean that the call was let in and what it said refused."""
    page = ROUTES[route.name].page
    if not page:
        return {200}
    shown_only = role in SHOWN_ONLY and role not in PUT_BEFORE.get(page, ())
    if "_id}" in route.path and (area not in ("*", case_area) or shown_only):
        return {404}
    return {200, 204, 409, 412, 422} if role in PERMISSIONS[page] else {403}


def test_a_stranger_is_told_to_show_a_token_and_nothing_else(still_site: Site) -> None:
    _number, good = given(still_site, "rhys")
    for shown in ("", "Bearer", "Bearer nonsense", f"Basic {good}", f"Bearer {good}x", f"Bearer {'x' * 5_000}"):
        program = Caller(still_site.app, base_url="http://localhost", raise_server_exceptions=False)
        for route in routes(still_site):
            path = f"/api/v1{route.path.format(case_id=1, comment_id=1, act='close')}"
            answer = program.request(route.method, path, headers={"authorization": shown})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), (shown, route.name)
            assert answer.json()["type"] == "urn:gwylio:problem:no-token"


def test_a_cookie_opens_nothing_of_the_api_and_a_token_no_page(still_site: Site) -> None:
    visitor = still_site.visitor("rhys")
    assert visitor.get("/en/queue").status_code == 200
    assert visitor.get("/api/v1/queue").status_code == 401

    _number, token = given(still_site, "rhys")
    program = of_token(still_site, token)
    assert program.get("/api/v1/queue").status_code == 200
    assert program.get("/en/queue").headers["location"].startswith("/en/sign-in")
    program.cookies.set(SESSION_COOKIE, token)
    assert program.get("/en/queue").headers["location"].startswith("/en/sign-in")


def test_a_restricted_case_is_not_opened_and_its_words_are_in_no_list(site: Site) -> None:
    case_id = site.said("When will somebody help me, please?")
    catrin = Actor("catrin", site.users["catrin"])
    site.store.write(
        lambda session: queue.restrict(
            session, case_id, restricted=True, actor=catrin, now=site.now, words="Somebody is at risk."
        )
    )
    program = caller(site, "rhys")
    for route in routes(site):
        if "_id}" in route.path:
            assert ask(program, route) == 403, route.name
    answer = program.call("GET", f"/cases/{case_id}", accept_language="cy")
    assert answer.json()["type"] == "urn:gwylio:problem:restricted-case"
    assert "diben" in answer.json()["detail"]
    listed = program.call("GET", "/queue?show=all")
    assert "help me" not in listed.text
    [line] = listed.json()["cases"]
    assert (line["restricted"], line["words"], line["author"], line["flags"]) == (True, None, None, [])
    assert caller(site, "aled").call("GET", f"/cases/{case_id}").status_code == 404, "whose role never opens it"


def test_a_token_ends_with_its_time_with_its_owner_and_when_it_is_revoked(site: Site) -> None:
    tokens = {name: given(site, name) for name in ("rhys", "elin", "catrin")}
    programs = {name: of_token(site, token) for name, (_number, token) in tokens.items()}
    assert {each.call("GET", "/token").status_code for each in programs.values()} == {200}

    nia = Actor("nia", site.users["nia"])
    site.store.write(lambda session: api_tokens.revoke(session, tokens["rhys"][0], actor=nia, now=site.now))
    site.store.write(
        lambda session: staff.change_active(session, site.users["elin"], active=False, actor=nia, now=site.now)
    )
    stand = {name: each.call("GET", "/token").status_code for name, each in programs.items()}
    assert stand == {"rhys": 401, "elin": 401, "catrin": 200}
    site.store.write(
        lambda session: staff.change_active(session, site.users["elin"], active=True, actor=nia, now=site.now)
    )
    assert programs["elin"].call("GET", "/token").status_code == 401, "who comes back makes a new one"
    site.now += timedelta(days=30)
    assert programs["catrin"].call("GET", "/token").status_code == 401


def test_what_somebody_may_do_no_longer_their_token_does_no_longer(site: Site) -> None:
    case_id = site.said("When is it?")
    program, nia = caller(site, "rhys"), Actor("nia", site.users["nia"])
    assert program.call("GET", f"/cases/{case_id}").status_code == 200
    site.store.write(
        lambda session: staff.change_grants(
            session, site.users["rhys"], [(Role.OFFICER, "highways")], actor=nia, now=site.now
        )
    )
    assert program.call("GET", f"/cases/{case_id}").status_code == 404
    assert program.call("GET", "/queue").json()["cases"] == []


def test_a_service_has_rights_of_its_own_and_nobody_is_it(site: Site) -> None:
    nia, token = Actor("nia", site.users["nia"]), new_api_token()
    case_id = site.said("When is it?")

    def act(session: Session) -> int:
        grants = [(Role.OFFICER, "waste")]
        service = api_tokens.add_service(
            session, username="web.chat", full_name="Web chat", grants=grants, actor=nia, now=site.now
        )
        api_tokens.give(
            session,
            service.id,
            token_hash(token),
            name="Web chat",
            scopes=[Scope.READ_CASES, Scope.READ_QUEUE],
            days=30,
            actor=nia,
            now=site.now,
        )
        return service.id

    service = site.store.write(act)
    program = of_token(site, token)
    assert program.call("GET", f"/cases/{case_id}").status_code == 200
    officers = next(each for each in program.call("GET", "/areas").json()["areas"] if each["code"] == "waste")
    assert service not in {each["id"] for each in officers["officers"]}, "no case is given to a program"
    visitor = site.visitor("nia")
    assert "Web chat" not in visitor.get("/en/users").text
    assert visitor.get(f"/en/users/{service}").status_code == 404
    form = token_in(visitor.get("/en/api-tokens").text)
    visitor.post(f"/en/api-tokens/services/{service}/ended", data={"csrf": form})
    assert program.call("GET", "/token").status_code == 401


def test_a_token_that_is_used_too_often_waits(site: Site) -> None:
    program = caller(site, "rhys")
    site.app.state.web.calls = CallLimit("2 per minute")
    assert [program.call("GET", "/token").status_code for _ in range(3)] == [200, 200, 429]
    answer = program.call("GET", "/token")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert caller(site, "elin").call("GET", "/token").status_code == 200


def test_a_token_shows_when_it_was_last_used(site: Site) -> None:
    number, token = given(site, "rhys")
    assert "Never used" in site.visitor("rhys").get("/en/api-tokens").text
    of_token(site, token).call("GET", "/token")
    assert "Last used 20 November 2026, 10:00" in site.visitor("rhys").get("/en/api-tokens").text
    assert f"token {number}" in site.visitor("nia").get("/en/api-tokens").text
    assert f"token {number}" not in site.visitor("elin").get("/en/api-tokens").text
