"""How the pretend platforms let somebody in: a page of consent that grants at once, and the token endpoints behind it.

An account's own token, which a story gives it, opens it for ever; what is granted here lives by the world's clock
and dies by it.  A code is good once and for a while, a refresh token that rotates is good once, and what a platform
says to one that is not is what it really says, as far as we know.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from simulator.exchange import Answer, Ask
from simulator.faults import Instead, Spoil
from simulator.world import Account, World
from vocabulary import Platform

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
SHORT_LIVED: Final = timedelta(seconds=5_400)
LONG_LIVED: Final = timedelta(seconds=5_183_944)
CODE_LIVES: Final[Mapping[Platform, timedelta]] = {Platform.X: timedelta(seconds=30)}
CODE_LIVES_ELSEWHERE: Final = timedelta(minutes=10)
TASKS: Final = ("MODERATE", "CREATE_CONTENT", "MESSAGING", "ADVERTISE", "ANALYZE")
FLICKR: Final = "https://www.flickr.com"


@dataclass(frozen=True, slots=True)
class App:
    """An app that is registered with a platform.  Without a secret it is a public client."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(slots=True)
class Code:
    """What an administrator brings back; `challenge` is what a verifier must fit."""

    app: App
    account: Account
    scope: str
    until: datetime
    challenge: str = ""
    spent: bool = False


@dataclass(slots=True)
class Grant:
    """A token that was given out.  `kind`: it opens the account (access), or leads to others (user, refresh, request).

    `until` None: it does not run out.  `secret` is the other half of a Flickr token.
    """

    platform: Platform
    kind: str
    app: App
    account: Account
    scope: str
    since: datetime
    until: datetime | None = None
    secret: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)
    spent: bool = False

    def lives(self, now: datetime) -> bool:
        return not self.spent and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class DoorOnly:
    """A platform that nobody has simulated yet: its way in is here, and it says whose an account is."""

    platform: Platform
    world: World

    @property
    def instead(self) -> Instead:
        return {}

    @property
    def spoil(self) -> Spoil:
        return {}

    def answer(self, ask: Ask) -> Answer:
        us = self.world.holder_of(self.platform, ask.token)
        if us is None:
            return Answer(401, {"error": "The access token is invalid"})
        if ask.path == "/api/v1/accounts/verify_credentials":
            return Answer(200, {"id": us.native_id, "username": us.username})
        return Answer(404, {"error": "nothing but its way in is simulated"})


class Denial(Exception):
    """An error to answer with."""

    def __init__(self, status: int, payload: Mapping[str, Any] | str) -> None:
        super().__init__(status)
        self.status, self.payload = status, payload


class Consent:
    """Whoever signs in on a platform is, unless `signed_in` says otherwise, the holder of its first account.

    `denies` are platforms where they say no, `declines` permissions from which they take the tick away.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.apps: dict[tuple[Platform, str], App] = {}
        self.signed_in: dict[Platform, str] = {}
        self.denies: set[Platform] = set()
        self.declines: set[str] = set()
        self.codes: dict[str, Code] = {}
        self.grants: dict[str, Grant] = {}
        self._serial = itertools.count(1)
        world.also_opens = self.holder_of
        self._routes: tuple[tuple[Platform, str, str, Callable[[Platform, Ask], Answer]], ...] = (
            (Platform.X, "GET", r"/i/oauth2/authorize", self._consent),
            (Platform.X, "POST", r"/2/oauth2/token", self._x),
            (Platform.FACEBOOK, "GET", r"/v[\d.]+/dialog/oauth", self._consent),
            (Platform.FACEBOOK, "GET|POST", r"/v[\d.]+/oauth/access_token", self._meta),
            (Platform.FACEBOOK, "GET", r"/v[\d.]+/me/accounts", self._pages),
            (Platform.FACEBOOK, "GET", r"/v[\d.]+/me/permissions", self._permissions),
            (Platform.INSTAGRAM, "GET", r"/v[\d.]+/dialog/oauth", self._consent),
            (Platform.INSTAGRAM, "GET|POST", r"/v[\d.]+/oauth/access_token", self._meta),
            (Platform.INSTAGRAM, "GET", r"/v[\d.]+/me/accounts", self._pages),
            (Platform.INSTAGRAM, "GET", r"/v[\d.]+/me/permissions", self._permissions),
            (Platform.THREADS, "GET", r"/oauth/authorize", self._consent),
            (Platform.THREADS, "POST", r"/oauth/access_token", self._threads),
            (Platform.THREADS, "GET", r"/access_token", self._threads_long),
            (Platform.THREADS, "GET", r"/refresh_access_token", self._threads_again),
            (Platform.YOUTUBE, "GET", r"/o/oauth2/v2/auth", self._consent),
            (Platform.YOUTUBE, "POST", r"/token", self._google),
            (Platform.LINKEDIN, "GET", r"/oauth/v2/authorization", self._consent),
            (Platform.LINKEDIN, "POST", r"/oauth/v2/accessToken", self._linkedin),
            (Platform.TIKTOK, "GET", r"/v2/auth/authorize/", self._consent),
            (Platform.TIKTOK, "POST", r"/open_api/v1\.3/tt_user/oauth2/(?:refresh_)?token/", self._tiktok),
            (Platform.MASTODON, "POST", r"/api/v1/apps", self._make_app),
            (Platform.MASTODON, "GET", r"/oauth/authorize", self._consent),
            (Platform.MASTODON, "POST", r"/oauth/token", self._mastodon),
            (Platform.VIMEO, "GET", r"/oauth/authorize", self._consent),
            (Platform.VIMEO, "POST", r"/oauth/access_token", self._vimeo),
            (Platform.FLICKR, "POST", r"/services/oauth/request_token", self._flickr_request),
            (Platform.FLICKR, "GET", r"/services/oauth/authorize", self._flickr_consent),
            (Platform.FLICKR, "POST", r"/services/oauth/access_token", self._flickr_access),
            (Platform.WORDPRESS, "GET", r"/wp-json/wp/v2/users/me", self._wordpress),
        )

    def platforms(self) -> set[Platform]:
        """Those whose way in is here."""
        return {platform for platform, *_ in self._routes}

    # --- told beforehand

    def register(self, platform: Platform, client_id: str, client_secret: str, redirect_uri: str) -> App:
        """An app that the body has registered with a platform."""
        app = App(client_id, client_secret, redirect_uri)
        self.apps[platform, client_id] = app
        return app

    def revoke_all(self, platform: Platform) -> None:
        """Somebody changed a password, or took the app away: whatever was granted there is dead."""
        with self.world.lock:
            for grant in self.grants.values():
                grant.spent = grant.spent or grant.platform is platform

    # --- asked

    def answer(self, platform: Platform, ask: Ask) -> Answer | None:
        """What a page of consent or a token endpoint answers; None for what is neither."""
        for where, methods, pattern, made in self._routes:
            if where is platform and ask.method in methods.split("|") and re.fullmatch(pattern, ask.path):
                try:
                    with self.world.lock:
                        return made(platform, ask)
                except Denial as denial:
                    return _told(denial.status, denial.payload)
        return None

    def holder_of(self, platform: Platform, token: str) -> Account | None:
        """The account that a granted token opens at this moment."""
        grant = self.grants.get(token)
        if grant is None or grant.platform is not platform or grant.kind != "access" or not grant.lives(self.world.now):
            return None
        return grant.account

    # --- the page of consent

    def _consent(self, platform: Platform, ask: Ask) -> Answer:
        """It grants at once, and sends the browser back."""
        said = ask.query
        app = self.apps.get((platform, said.get("client_key" if platform is Platform.TIKTOK else "client_id", "")))
        back, state = said.get("redirect_uri", ""), said.get("state", "")
        if app is None or back != app.redirect_uri or said.get("response_type") != "code":
            raise Denial(400, "Something is wrong with this app's address of consent.")
        if platform in self.denies:
            return _sent_to(back, error="access_denied", state=state)
        if platform is Platform.X and said.get("code_challenge_method") != "S256":
            raise Denial(400, "X asks for a challenge.")
        code = f"code-of-{platform}-{next(self._serial)}-{_tail(state)}"
        lives = CODE_LIVES.get(platform, CODE_LIVES_ELSEWHERE)
        self.codes[code] = Code(
            app,
            self._who(platform),
            " ".join(scope for scope in re.split(r"[\s,]+", said.get("scope", "")) if scope not in self.declines),
            self.world.now + lives,
            said.get("code_challenge", ""),
        )
        if platform is Platform.YOUTUBE and said.get("access_type") != "offline":
            self.codes[code].scope += " online"
        return _sent_to(back, code=code, state=state)

    def _who(self, platform: Platform) -> Account:
        ours = [account for account in self.world.accounts() if account.platform is platform]
        if not ours:
            raise Denial(403, "Nobody is signed in here.")
        return next((account for account in ours if account.slug == self.signed_in.get(platform)), ours[0])

    def _taken(self, code: str, app: App, said: Mapping[str, Any], denial: Denial) -> Code:
        """A code, used up; `denial` where it is not to be had."""
        found = self.codes.get(code)
        if found is None or found.spent or found.app != app or self.world.now >= found.until:
            raise denial
        if said.get("redirect_uri") != app.redirect_uri:
            raise denial
        if found.challenge and _challenge(str(said.get("code_verifier", ""))) != found.challenge:
            raise denial
        found.spent = True
        return found

    def _give(
        self, platform: Platform, kind: str, app: App, of: Code | Grant, lives: timedelta | None, secret: str = ""
    ) -> str:
        """A new token; it runs out after `lives`."""
        token = f"{kind}-of-{of.account.slug}-{next(self._serial)}-{_tail(of.account.slug + kind)}"
        now = self.world.now
        until = now + lives if lives else None
        self.grants[token] = Grant(platform, kind, app, of.account, of.scope, now, until, secret)
        return token

    def _held(self, platform: Platform, token: str, kinds: tuple[str, ...], denial: Denial) -> Grant:
        grant = self.grants.get(token)
        if grant is None or grant.platform is not platform or grant.kind not in kinds:
            raise denial
        if not grant.lives(self.world.now):
            raise denial
        return grant

    def _app(self, platform: Platform, ask: Ask, denial: Denial, *, secret: bool = True) -> App:
        """Which app asks, by the body or by the header."""
        name, _, password = ask.token.partition(":")
        basic = (platform, name) in self.apps
        client_id = name if basic else str(ask.form.get("client_id") or ask.query.get("client_id") or "")
        given = password if basic else str(ask.form.get("client_secret") or ask.query.get("client_secret") or "")
        app = self.apps.get((platform, client_id))
        if app is None or (secret and not hmac.compare_digest(given, app.client_secret)):
            raise denial
        return app

    # --- OAuth 2.0 as most have it

    def _pair(
        self,
        platform: Platform,
        ask: Ask,
        app: App,
        *,
        lives: timedelta,
        refresh_lives: timedelta | None = None,
        rotates: bool = False,
        words: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], Grant]:
        """An access token and its refresh token, for a code or for the refresh token before."""
        said, now = ask.form, self.world.now
        words = words or {}
        refused = Denial(400, {"error": "invalid_grant", "error_description": "Bad Request", **words})
        if said.get("grant_type") == "refresh_token":
            old = str(said.get("refresh_token", ""))
            grant = self._held(platform, old, ("refresh",), refused)
            if grant.app != app:
                raise refused
            if rotates:
                grant.spent = True
            refresh = self._give(platform, "refresh", app, grant, None) if rotates else old
            self.grants[refresh].until = grant.until
            of: Code | Grant = grant
        else:
            of = self._taken(str(said.get("code") or said.get("auth_code") or ""), app, said, refused)
            refresh = self._give(platform, "refresh", app, of, refresh_lives)
        ends = self.grants[refresh].until
        lives = min(lives, ends - now) if ends else lives
        answer: dict[str, Any] = {
            "access_token": self._give(platform, "access", app, of, lives),
            "expires_in": int(lives.total_seconds()),
            "refresh_token": refresh,
            "scope": of.scope,
            "token_type": "bearer",
        }
        if ends:
            answer["refresh_token_expires_in"] = int((ends - now).total_seconds())
        return answer, self.grants[answer["access_token"]]

    def _x(self, platform: Platform, ask: Ask) -> Answer:
        """Two hours, and a refresh token that is good once.  X calls a bad one a bad request."""
        stranger = {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
        app = self._app(platform, ask, Denial(401, stranger))
        words = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
        answer, _ = self._pair(platform, ask, app, lives=2 * HOUR, rotates=True, words=words)
        if "offline.access" not in answer["scope"]:
            del answer["refresh_token"]
        return Answer(200, answer)

    def _google(self, platform: Platform, ask: Ask) -> Answer:
        """An hour.  The refresh token stays the same, and comes only with the first answer."""
        stranger = {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        app = self._app(platform, ask, Denial(401, stranger))
        answer, grant = self._pair(platform, ask, app, lives=timedelta(seconds=3_599))
        if ask.form.get("grant_type") == "refresh_token" or "online" in grant.scope.split():
            del answer["refresh_token"]
        return Answer(200, answer)

    def _linkedin(self, platform: Platform, ask: Ask) -> Answer:
        """60 days, and a refresh token whose year runs on however often it is used."""
        stranger = {"error": "invalid_client", "error_description": "Client authentication failed"}
        app = self._app(platform, ask, Denial(401, stranger))
        answer, _ = self._pair(platform, ask, app, lives=60 * DAY, refresh_lives=365 * DAY)
        answer["scope"] = answer["scope"].replace(" ", ",")
        return Answer(200, answer)

    def _tiktok(self, platform: Platform, ask: Ask) -> Answer:
        """A day and a year.  Whatever goes wrong is a 200 with a code of its own."""
        stranger = Denial(200, _tiktok_says(40101, "App ID or secret is invalid"))
        try:
            app = self._app(platform, ask, stranger)
            answer, grant = self._pair(platform, ask, app, lives=DAY, refresh_lives=365 * DAY, rotates=True)
        except Denial as denial:
            if denial is stranger:
                raise
            code = 40103 if ask.form.get("grant_type") == "refresh_token" else 40110
            raise Denial(200, _tiktok_says(code, "Expired")) from None
        answer["scope"] = answer["scope"].replace(" ", ",")
        return Answer(200, _tiktok_says(0, "OK", {**answer, "open_id": grant.account.native_id}))

    def _make_app(self, platform: Platform, ask: Ask) -> Answer:
        """A Mastodon server makes an app for whoever asks."""
        number = next(self._serial)
        app = self.register(
            platform, f"app-{number}", f"secret-{number}-{_tail(str(number))}", str(ask.form.get("redirect_uris", ""))
        )
        return Answer(200, {
            "id": str(number), "name": ask.form.get("client_name", ""), "client_id": app.client_id,
            "client_secret": app.client_secret, "redirect_uris": [app.redirect_uri],
        })  # fmt: skip

    def _mastodon(self, platform: Platform, ask: Ask) -> Answer:
        stranger = {"error": "invalid_client", "error_description": "Client authentication failed"}
        app = self._app(platform, ask, Denial(401, stranger))
        code = self._taken(str(ask.form.get("code", "")), app, ask.form, Denial(400, {"error": "invalid_grant"}))
        token = self._give(platform, "access", app, code, None)
        created = int(self.world.now.timestamp())
        return Answer(200, {"access_token": token, "token_type": "Bearer", "scope": code.scope, "created_at": created})

    def _vimeo(self, platform: Platform, ask: Ask) -> Answer:
        app = self._app(platform, ask, Denial(401, {"error": "invalid_client"}))
        code = self._taken(str(ask.form.get("code", "")), app, ask.form, Denial(400, {"error": "invalid_grant"}))
        token = self._give(platform, "access", app, code, None)
        user = {"uri": code.account.native_id, "name": code.account.name}
        return Answer(200, {"access_token": token, "token_type": "bearer", "scope": code.scope, "user": user})

    # --- Meta

    def _meta(self, platform: Platform, ask: Ask) -> Answer:
        """A code becomes a user's token of an hour and a half; that becomes one of 60 days."""
        said = {**ask.query, **ask.form}
        app = self._app(platform, ask, Denial(400, _graph(1, "Error validating client secret.")))
        if said.get("grant_type") == "fb_exchange_token":
            held = self._held(
                platform, str(said.get("fb_exchange_token", "")), ("user",), Denial(400, _graph(190, "Invalid token."))
            )
            return Answer(200, self._meta_token(platform, app, held, LONG_LIVED))
        used = Denial(400, _graph(100, "This authorization code has been used.", 36009))
        code = self._taken(str(said.get("code", "")), app, said, used)
        return Answer(200, self._meta_token(platform, app, code, SHORT_LIVED))

    def _meta_token(self, platform: Platform, app: App, of: Code | Grant, lives: timedelta) -> dict[str, Any]:
        token = self._give(platform, "user", app, of, lives)
        return {"access_token": token, "token_type": "bearer", "expires_in": int(lives.total_seconds())}

    def _pages(self, platform: Platform, ask: Ask) -> Answer:
        """The Pages of whoever consented, a few at a time.  A Page's token lives as long as the user's, or for good."""
        user = self._held(platform, ask.token, ("user",), Denial(400, _graph(190, "Invalid token.", 463)))
        ours = [account for account in self.world.accounts() if account.platform is platform]
        start, size = int(ask.query.get("after", "0")), min(int(ask.query.get("limit", "25")), 2)
        long_lived = user.until is not None and user.until - user.since > DAY
        rows = []
        for account in ours[start : start + size]:
            token = self._give(platform, "access", user.app, user, None if long_lived else user.until - self.world.now)  # type: ignore[operator]
            self.grants[token].account = account
            page_id = account.native_id if platform is Platform.FACEBOOK else f"9{account.native_id}"
            row: dict[str, Any] = {"id": page_id, "name": account.name, "access_token": token, "tasks": list(TASKS)}
            if platform is Platform.INSTAGRAM:
                row["instagram_business_account"] = {"id": account.native_id}
            rows.append(row)
        end = start + size
        more = {"next": f"{FLICKR}/"} if end < len(ours) else {}
        return Answer(200, {"data": rows, "paging": {"cursors": {"before": str(start), "after": str(end)}, **more}})

    def _permissions(self, platform: Platform, ask: Ask) -> Answer:
        user = self._held(platform, ask.token, ("user",), Denial(400, _graph(190, "Invalid token.", 463)))
        given = [{"permission": scope, "status": "granted"} for scope in user.scope.split()]
        return Answer(200, {"data": given + [{"permission": each, "status": "declined"} for each in self.declines]})

    def _threads(self, platform: Platform, ask: Ask) -> Answer:
        app = self._app(platform, ask, Denial(400, _graph(101, "Error validating application.")))
        used = {"error_type": "OAuthException", "code": 400, "error_message": "Matching code was already used"}
        code = self._taken(str(ask.form.get("code", "")), app, ask.form, Denial(400, used))
        token = self._give(platform, "short", app, code, HOUR)
        user = code.account.native_id
        return Answer(200, {"access_token": token, "user_id": int(user) if user.isdigit() else user})

    def _threads_long(self, platform: Platform, ask: Ask) -> Answer:
        dead = Denial(400, _graph(190, "Session has expired", 463))
        held = self._held(platform, ask.token, ("short",), dead)
        if ask.query.get("grant_type") != "th_exchange_token":
            raise Denial(400, _graph(100, "Unsupported grant type"))
        if not hmac.compare_digest(ask.query.get("client_secret", ""), held.app.client_secret):
            raise Denial(400, _graph(1, "Error validating client secret."))
        return self._threads_token(platform, held)

    def _threads_again(self, platform: Platform, ask: Ask) -> Answer:
        """The same account for 60 days more, once the token is a day old."""
        held = self._held(platform, ask.token, ("access",), Denial(400, _graph(190, "Session has expired", 463)))
        if ask.query.get("grant_type") != "th_refresh_token" or self.world.now - held.since < DAY:
            raise Denial(400, _graph(10, "This token cannot be refreshed yet"))
        return self._threads_token(platform, held)

    def _threads_token(self, platform: Platform, of: Grant) -> Answer:
        token = self._give(platform, "access", of.app, of, LONG_LIVED)
        lives = int(LONG_LIVED.total_seconds())
        return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": lives})

    # --- a user of a WordPress site

    def _wordpress(self, platform: Platform, ask: Ask) -> Answer:
        us = self.world.holder_of(platform, ask.token)
        if us is None:
            raise Denial(401, {"code": "incorrect_password", "message": "…", "data": {"status": 401}})
        return Answer(200, {"id": 1, "name": us.name, "capabilities": {"moderate_comments": not self.declines}})

    # --- Flickr

    def _flickr_request(self, platform: Platform, ask: Ask) -> Answer:
        app = self._signed_by(ask, "request_token", "")
        if ask.oauth.get("oauth_callback") != app.redirect_uri:
            raise Denial(400, "oauth_problem=parameter_rejected")
        account = self._who(platform)
        of = Code(app, account, "write", self.world.now + HOUR)
        token = self._give(platform, "request", app, of, HOUR, secret=_tail(f"request{account.slug}"))
        secret = self.grants[token].secret
        return _told(
            200, urlencode({"oauth_callback_confirmed": "true", "oauth_token": token, "oauth_token_secret": secret})
        )

    def _flickr_consent(self, platform: Platform, ask: Ask) -> Answer:
        token = ask.query.get("oauth_token", "")
        grant = self._held(platform, token, ("request",), Denial(400, "This request has run out."))
        grant.verifier = f"verifier-{next(self._serial)}-{_tail(token)}"
        return _sent_to(grant.app.redirect_uri, oauth_token=token, oauth_verifier=grant.verifier)

    def _flickr_access(self, platform: Platform, ask: Ask) -> Answer:
        rejected = Denial(401, "oauth_problem=token_rejected")
        grant = self._held(platform, ask.oauth.get("oauth_token", ""), ("request",), rejected)
        app = self._signed_by(ask, "access_token", grant.secret)
        if not grant.verifier or ask.oauth.get("oauth_verifier") != grant.verifier:
            raise Denial(401, "oauth_problem=verifier_invalid")
        grant.spent = True
        token = self._give(platform, "access", app, grant, None, secret=_tail(f"access{grant.account.slug}"))
        return _told(
            200,
            urlencode({
                "fullname": grant.account.name, "oauth_token": token, "oauth_token_secret": self.grants[token].secret,
                "user_nsid": grant.account.native_id, "username": grant.account.username,
            }),
        )  # fmt: skip

    def _signed_by(self, ask: Ask, leg: str, token_secret: str) -> App:
        """The app whose key signed this, with the secret of the token beside its own (RFC 5849, 3.4)."""
        signed = {name: value for name, value in ask.oauth.items() if name not in ("oauth_signature", "realm")}
        app = self.apps.get((Platform.FLICKR, signed.get("oauth_consumer_key", "")))
        if app is None:
            raise Denial(401, "oauth_problem=consumer_key_unknown")
        pairs = sorted((_escaped(name), _escaped(str(value))) for name, value in {**signed, **ask.form}.items())
        words = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(_escaped(each) for each in (ask.method, f"{FLICKR}/services/oauth/{leg}", words))
        key = f"{_escaped(app.client_secret)}&{_escaped(token_secret)}"
        made = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
        if not hmac.compare_digest(made, ask.oauth.get("oauth_signature", "")):
            raise Denial(401, "oauth_problem=signature_invalid")
        return app


def granted_at(address: str) -> dict[str, str]:
    """What the address that somebody was sent back to says."""
    return dict(parse_qsl(urlsplit(address).query))


def _sent_to(address: str, **said: str) -> Answer:
    joined = "&" if urlsplit(address).query else "?"
    return Answer(302, headers={"Location": f"{address}{joined}{urlencode(said)}"}, body=b"", content_type=None)


def _told(status: int, payload: Mapping[str, Any] | str) -> Answer:
    if isinstance(payload, str):
        return Answer(status, body=payload.encode(), content_type="text/plain; charset=utf-8")
    return Answer(status, payload)


def _graph(code: int, message: str, subcode: int | None = None) -> dict[str, Any]:
    more = {"error_subcode": subcode} if subcode else {}
    return {"error": {"message": message, "type": "OAuthException", "code": code, **more, "fbtrace_id": "Abc"}}


def _tiktok_says(code: int, message: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "2026", "data": dict(data or {})}


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _tail(seed: str) -> str:
    """A few letters, so that nothing that is granted looks like anything else in a log."""
    return hashlib.sha256(seed.encode()).hexdigest()[:12]


def _escaped(text: str) -> str:
    return quote(text, safe="~")
