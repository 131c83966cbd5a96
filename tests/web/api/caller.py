"""Somebody's program: a token of a member of staff of the invented council, and what it asks with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from moderation import api_tokens
from moderation.record import Actor
from tests.web.world import Site
from vocabulary import Scope
from web.security import CallLimit, new_api_token, token_hash

EVERYTHING = frozenset(Scope)


class Caller(TestClient):
    """A program with a token; it never follows anything and keeps no cookie of its own accord."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: Response = self.request(method, f"/api/v1{path}", json=body, headers=named)
        return answer


def given(site: Site, username: str, scopes: Collection[Scope] = EVERYTHING) -> tuple[int, str]:
    """A token of somebody: its number, and itself."""
    token, user_id = new_api_token(), site.users[username]
    number = site.store.write(
        lambda session: (
            api_tokens.give(
                session,
                user_id,
                token_hash(token),
                name="A test",
                scopes=scopes,
                days=30,
                actor=Actor(username, user_id),
                now=site.now,
            ).id
        )
    )
    return number, token


def caller(site: Site, username: str, scopes: Collection[Scope] = EVERYTHING) -> Caller:
    """A program that shows somebody's token, as often as it likes."""
    site.app.state.web.calls = CallLimit("100000 per second")
    _number, token = given(site, username, scopes)
    return of_token(site, token)


def of_token(site: Site, token: str) -> Caller:
    facts: dict[str, Any] = dict(base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False)
    return Caller(site.app, headers={"authorization": f"Bearer {token}"}, **facts)
