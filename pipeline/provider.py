"""Sign-in by OpenID Connect: where to send somebody, and whom the provider says came back (Microsoft Entra ID).

The provider's word is taken only as it stands in its signed token: issuer, audience, time, nonce, and the one
directory that is ours.  What it says of itself, and its keys, are fetched once and kept; a key that we do not
know has them fetched again, as providers change theirs.  Nothing of a token reaches a log or an error.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from settings import LOOPBACK, Entra, NoKey
from vocabulary import GwylioError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

TIMEOUT_S: Final = 10.0
LARGEST: Final = 1_000_000
LEEWAY_S: Final = 60
"""How far the provider's clock may be from ours."""
KEPT: Final = timedelta(days=1)
ASKED_AGAIN: Final = timedelta(minutes=1)
"""A token with an unknown key has the keys fetched again, at most so often: strangers can make up such tokens."""
LEFT_ALONE: Final = timedelta(seconds=15)
"""A provider that did not answer is not asked again for so long, or whoever knocks would keep us waiting for it."""
ALGORITHMS: Final = ("RS256",)
"""What Entra signs with; never `none`, and nothing that a public key could forge."""
SCOPE: Final = "openid profile"
NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderError(GwylioError):
    """Signing in by the provider did not come to its end; `what` is a word for the log."""

    def __init__(self, what: str) -> None:
        super().__init__(f"signing in by the provider failed: {what}")
        self.what = what


class ProviderAway(ProviderError):
    """The provider does not answer, or not as one; trying later may help."""


class NotVouchedFor(ProviderError):
    """What came back proves nobody."""


@dataclass(frozen=True, slots=True)
class Departure:
    """On the way to the provider: the address, and what must come back, or be shown, with it."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider vouches for: `subject` is directory and object id, which it never gives to anybody else."""

    issuer: str
    subject: str
    name: str
    login: str
    app_roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    document: dict[str, Any]
    keys: KeySet
    at: datetime


class Provider:
    """One provider, with what is kept of it; used by many threads."""

    def __init__(self, entra: Entra) -> None:
        self.entra = entra
        self._known: _Known | None = None
        self._away_since: datetime | None = None
        self._turn = threading.Lock()

    def depart(self, back: str, *, now: datetime) -> Departure:
        """Send somebody to the provider, who comes back to the address `back`.

        Raises:
            ProviderAway: it cannot be asked where.
        """
        from authlib.common.security import generate_token

        document = self._learnt(now).document
        verifier, nonce = generate_token(64), generate_token(32)
        with self._client(back, secret="") as client:
            url, state = client.create_authorization_url(
                document["authorization_endpoint"], code_verifier=verifier, nonce=nonce, response_mode="query"
            )
        return Departure(url, state, nonce, verifier)

    def arrive(self, code: str, *, back: str, verifier: str, nonce: str, now: datetime) -> Person:
        """Exchange the code for the provider's word about who came.

        Raises:
            ProviderAway, NotVouchedFor: as they say.
        """
        import requests
        from authlib.integrations.base_client import OAuthError

        document = self._learnt(now).document
        try:
            secret = self.entra.secret()
        except NoKey:
            raise ProviderAway("no client secret") from None
        try:
            with self._client(back, secret=secret) as client:
                given = client.fetch_token(
                    document["token_endpoint"],
                    code=code,
                    code_verifier=verifier,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                )
        except OAuthError:
            raise NotVouchedFor("code refused") from None
        except (requests.RequestException, ValueError) as error:
            raise ProviderAway(type(error).__name__) from None
        return self._person(str(given.get("id_token", "")), nonce, now)

    def way_out(self, *, now: datetime) -> str:
        """Where somebody signs out of the provider too; empty where it does not say."""
        try:
            return _safe(str(self._learnt(now).document.get("end_session_endpoint", "")))
        except ProviderAway:
            return ""

    def look(self, *, now: datetime) -> None:
        """See that the provider answers as one.

        Raises:
            ProviderAway: it does not.
        """
        self._learnt(now)

    def _person(self, token: str, nonce: str, now: datetime) -> Person:
        from joserfc import jwt
        from joserfc.errors import JoseError

        entra, moment = self.entra, int(now.timestamp())
        claims = self._claims(token, now)
        registry = jwt.JWTClaimsRegistry(
            now=moment,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": entra.address},
            aud={"essential": True, "value": entra.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            tid={"essential": True, "value": entra.tenant},
            oid={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise NotVouchedFor(f"{error.error} {getattr(error, 'claim', '')}".strip()) from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != entra.client_id:
            raise NotVouchedFor("invalid_claim azp")
        roles = claims.get("roles")
        return Person(
            issuer=entra.address,
            subject=f"{claims['tid']}/{claims['oid']}",
            name=str(claims.get("name", "")),
            login=str(claims.get("preferred_username", "")).lower(),
            app_roles=tuple(str(each) for each in roles) if isinstance(roles, list) else (),
        )

    def _claims(self, token: str, now: datetime) -> dict[str, Any]:
        """What a token of the provider says.

        Raises:
            NotVouchedFor: the provider did not sign it.
        """
        from joserfc import jwt
        from joserfc.errors import JoseError

        for keys in (self._learnt(now).keys, self._learnt(now, again=True).keys):
            try:
                return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError):
                continue
        raise NotVouchedFor("signature")

    def _learnt(self, now: datetime, *, again: bool = False) -> _Known:
        """What the provider says of itself, and its keys; `again` where those that we have did not do.

        Raises:
            ProviderAway: it does not say.
        """
        if not self._turn.acquire(timeout=TIMEOUT_S):
            raise ProviderAway("somebody else is asking")
        try:
            known, stands = self._known, ASKED_AGAIN if again else KEPT
            if known is not None and timedelta(0) <= now - known.at < stands:
                return known
            if self._away_since is not None and timedelta(0) <= now - self._away_since < LEFT_ALONE:
                raise ProviderAway("it did not answer a moment ago")
            self._away_since = now
            self._known = self._ask(now)
            self._away_since = None
            return self._known
        finally:
            self._turn.release()

    def _ask(self, now: datetime) -> _Known:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        document = _fetched(f"{self.entra.address}/.well-known/openid-configuration")
        if document.get("issuer") != self.entra.address:
            raise ProviderAway("it says that it is another issuer")
        if missing := [each for each in NEEDED if not _safe(str(document.get(each, "")))]:
            raise ProviderAway(f"it names no {missing[0]}")
        try:
            keys = KeySet.import_key_set(_fetched(document["jwks_uri"]))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError):
            raise ProviderAway("its keys cannot be read") from None
        return _Known(document, keys, now)

    def _client(self, back: str, *, secret: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self.entra.client_id,
            secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - how, and no secret
        )


def _fetched(address: str) -> dict[str, Any]:
    """A JSON object of the provider.

    Raises:
        ProviderAway: there is none.
    """
    import requests

    try:
        with requests.get(address, timeout=TIMEOUT_S, allow_redirects=False, stream=True) as answer:
            if answer.status_code != 200:
                raise ProviderAway(f"HTTP {answer.status_code}")
            body = answer.raw.read(LARGEST, decode_content=True)
        found = json.loads(body)
    except (requests.RequestException, ValueError) as error:
        raise ProviderAway(type(error).__name__) from None
    if not isinstance(found, dict):
        raise ProviderAway("it says nothing that can be read")
    return found


def _safe(address: str) -> str:
    """An address that nobody on the way can read along with; empty for any other."""
    there = urlsplit(address)
    return address if there.scheme == "https" or (there.scheme == "http" and there.hostname in LOOPBACK) else ""
