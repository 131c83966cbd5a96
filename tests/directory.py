"""A directory that people sign in by: a real OpenID provider over HTTP, which can be told to lie in its tokens."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import authlib.deprecate  # noqa: F401 - it has every warning of its own shown, so it comes before we ask for silence
import flask
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it still uses what authlib is leaving
    import oidc_provider_mock
    from oidc_provider_mock import _server, _storage

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "gwylio-of-dyffryn"

Claims = dict[str, Any]
Forge = Callable[[Claims, RSAKey], str]


@dataclass
class Directory:
    """What it knows of people, and how it is to answer.  `forge` makes another token of what it would have said."""

    issuer: str = ""
    forge: Forge | None = None
    document: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def knows(self, subject: str, **claims: Any) -> None:
        """Somebody with an account there; claims are what their token says."""
        self._put(subject, {"tid": TENANT, "oid": subject, "name": subject.title()} | claims)

    def _put(self, subject: str, claims: Claims) -> None:
        answer = requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=10)
        assert answer.status_code < 300, answer.text

    def comes(self, url: str, subject: str) -> str:
        """Somebody signs in there, as in a browser; the address that they are sent back to."""
        answer = requests.post(url, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code in {302, 303}, answer.text
        return answer.headers["location"]

    def new_key(self) -> None:
        """As providers do from time to time."""
        requests.post(f"{self.issuer}/test/new-key", timeout=10)


@contextmanager
def directory() -> Iterator[Directory]:
    found = Directory()
    app = oidc_provider_mock.app()

    @app.post("/test/new-key")
    def new_key() -> str:
        from authlib import jose

        held = flask.g.oidc_provider_mock_storage
        held.jwk = jose.RSAKey.generate_key(is_private=True)
        return "done"

    @app.after_request
    def as_told(answer: flask.Response) -> flask.Response:
        path = flask.request.path
        found.asked.append(path)
        if path.endswith("openid-configuration") and found.document:
            answer.data = json.dumps({**answer.get_json(), **found.document})
        if path == "/oauth2/token":
            found.exchanged.append(flask.request.form.to_dict())
            said = answer.get_json()
            if found.forge and "id_token" in said:
                said["id_token"] = found.forge(claims_of(said["id_token"]), _key())
                answer.data = json.dumps(said)
        return answer

    with _server._threaded_server(app, host="127.0.0.1", poll_interval=0.02) as server:
        found.issuer = f"http://127.0.0.1:{server.server_port}"
        yield found


def _key() -> RSAKey:
    held = _storage.storage.jwk
    return RSAKey.import_key(held.as_dict(is_private=True))


def claims_of(token: str) -> Claims:
    body = token.split(".")[1]
    found: Claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def signed(claims: Claims, key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def unsigned(claims: Claims, key: RSAKey) -> str:
    """A token that says it needs no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts) + "."


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
