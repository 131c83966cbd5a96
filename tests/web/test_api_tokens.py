"""Tokens are made and revoked by their owners and by administrators, on a page and on the command line."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from store import api_tokens
from store.audit import AuditRow
from tests.web.api.caller import given, of_token
from tests.web.world import Site, Visitor, token_in


def made(visitor: Visitor, **fields: object) -> str:
    """The answer to a form that asks for a token."""
    csrf = token_in(visitor.get("/en/api-tokens").text)
    good = {"csrf": csrf, "name": "Chat", "scopes": ["read:queue", "read:cases"], "days": "90"}
    answer = visitor.post("/en/api-tokens", data={**good, **fields})
    return str(answer.text if answer.status_code != 303 else answer.headers["location"])


def test_a_token_is_shown_once_and_opens_what_was_ticked(site: Site) -> None:
    visitor = site.visitor("rhys")
    [token] = re.findall(r"gwylio_[\w-]{43}", made(visitor))
    assert token not in visitor.get("/en/api-tokens").text
    program = of_token(site, token)
    assert program.call("GET", "/queue").status_code == 200
    assert program.call("GET", "/reports/weekly").status_code == 403
    with site.store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "api_token.given")).one()
    assert (row.actor, row.after["scopes"]) == ("rhys", ["read:queue", "read:cases"])
    assert token not in str(row.after)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": " "}, "Say what the token is for."),
        ({"scopes": []}, "Say what it may be used for."),
        ({"scopes": ["read:everything"]}, "Say what it may be used for."),
        ({"days": "10000"}, "done=nothing"),
        ({"owner": "1"}, "done=nothing"),
    ],
)
def test_a_form_that_says_too_little_makes_none(site: Site, fields: dict[str, object], says: str) -> None:
    assert says in made(site.visitor("rhys"), **fields)
    with site.store.read() as session:
        assert api_tokens.everything(session) == []


def test_one_revokes_one_s_own_and_an_administrator_anybody_s(site: Site) -> None:
    tokens = [given(site, "rhys") for _ in range(2)]
    programs = [of_token(site, token) for _number, token in tokens]

    def revoke(username: str, number: int) -> str:
        visitor = site.visitor(username)
        csrf = token_in(visitor.get("/cy/api-tokens").text)
        return str(visitor.post(f"/cy/api-tokens/{number}/revoked", data={"csrf": csrf}).headers["location"])

    assert revoke("elin", tokens[0][0]) == "/cy/api-tokens?done=nothing"
    assert revoke("rhys", tokens[0][0]) == "/cy/api-tokens?done=revoked"
    assert revoke("nia", tokens[1][0]) == "/cy/api-tokens?done=revoked"
    assert [each.call("GET", "/token").status_code for each in programs] == [401, 401]
    assert "Wedi&#39;i ddirymu" in site.visitor("rhys").get("/cy/api-tokens").text


def test_an_administrator_adds_a_service_and_gives_it_a_token(site: Site) -> None:
    nia = site.visitor("nia")
    csrf = token_in(nia.get("/en/api-tokens").text)
    fields = {"csrf": csrf, "service_name": "Web chat", "username": "web.chat", "role": "officer", "area": "waste"}
    for wrong, says in (
        ({"service_name": ""}, "Say what the service is called."),
        ({"username": "rhys"}, "and nobody else"),
        ({"role": ""}, "Give at least one role"),
        ({"role": "administrator"}, "a service does not administer"),
    ):
        answer = nia.post("/en/api-tokens/services", data={**fields, **wrong})
        assert (answer.status_code, says in answer.text) == (422, True), wrong
    assert nia.post("/en/api-tokens/services", data=fields).headers["location"] == "/en/api-tokens?done=service"
    with site.store.read() as session:
        [service] = api_tokens.services(session)
    [token] = re.findall(r"gwylio_[\w-]{43}", made(nia, owner=str(service.id)))
    who = of_token(site, token).call("GET", "/token").json()
    assert (who["username"], who["grants"]) == ("web.chat", [{"role": "officer", "area": "waste"}])
    assert site.visitor("rhys").get("/en/api-tokens").text.count("Web chat") == 0
