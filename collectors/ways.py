"""Each platform's way in: what it is asked for, under which names, and what it makes of the answer.

Most are OAuth 2.0 with a code, and differ in small things; Flickr still signs, Bluesky and WordPress take a
password made for us, and Mastodon makes an app for whoever asks.  A platform without a row here takes a
token that its own pages hand out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from collectors.asking import home_in, keys_in
from collectors.base import AuthExpired, Malformed, Refused
from collectors.consent import (
    Asking,
    Door,
    Granted,
    Settle,
    Verdict,
    WrongAccount,
    a_secret,
    address_of,
    answer_of,
    ask,
    challenge_of,
    granted,
    must_be_ours,
    refusal,
    text_in,
    verdict,
)
from collectors.transport import LOOPBACK, UnsafeAddress
from settings import App
from vocabulary import Platform

GRAPH: Final = "https://graph.facebook.com/v26.0"
META_SCOPES: Final = ("pages_show_list", "pages_read_engagement")
MODERATING: Final = ("MODERATE", "CREATE_CONTENT", "MESSAGING")
"""What whoever consents must be able to do on the Page, in Meta's words."""
THREADS: Final = "https://graph.threads.net"
TIKTOK: Final = "https://business-api.tiktok.com/open_api/v1.3"
FLICKR: Final = "https://www.flickr.com/services/oauth"
BLUESKY: Final = "https://bsky.social"
OUR_NAME: Final = "Gwylio"

Exchange = Callable[[Door, "CodeWay", Mapping[str, str]], Mapping[str, Any]]
"""How a platform takes a code or a refresh token."""


def _by_refresh_token(door: Door, way: CodeWay) -> Granted:
    keys = keys_in(door.access, "access_token", "refresh_token")
    form = {"grant_type": "refresh_token", "refresh_token": keys["refresh_token"]}
    return granted(keys, way.exchange(door, way, form), door.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeWay:
    """OAuth 2.0 with a code, as one platform has it.

    `also` stands in the address of consent.  `dead` are its words for a refresh token that it no longer takes.
    """

    name: str
    authorize: str
    token: str
    scopes: tuple[str, ...]
    settle: Settle
    exchange: Exchange
    between: str = " "
    pkce: bool = False
    client_id: str = "client_id"
    also: Mapping[str, str] = field(default_factory=dict)
    dead: tuple[str, ...] = ()
    again: Callable[[Door, CodeWay], Granted] = _by_refresh_token

    def begin(self, door: Door) -> Asking:
        """Send an administrator off.  Nothing is asked of the platform yet."""
        state, verifier = a_secret(), a_secret() if self.pkce else ""
        questions = {
            "response_type": "code",
            self.client_id: door.app.client_id or "",
            "redirect_uri": door.app.redirect_uri,
            "scope": self.between.join(self.asked(door)),
            "state": state,
            **({"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"} if verifier else {}),
            **self.also,
        }
        return Asking(
            account=door.account,
            address=address_of(self.authorize, questions, door.access.base_url),
            redirect_uri=door.app.redirect_uri,
            state=state,
            verifier=verifier,
        )

    def finish(self, door: Door, asking: Asking, brought: Mapping[str, str]) -> Granted:
        """Turn what was brought back into a credential.

        Raises:
            WrongAccount: it is another account's.
            CollectorError: another of its kinds; nothing was granted.
        """
        form = {
            "grant_type": "authorization_code",
            "code": brought.get("code", ""),
            "redirect_uri": asking.redirect_uri,
            **({"code_verifier": asking.verifier} if asking.verifier else {}),
        }
        return self.settle(door, self.exchange(door, self, form))

    def renew(self, door: Door) -> Granted:
        """A new credential for the one that `door.access` holds, which may be dead from now on.

        Raises:
            AuthExpired: the platform no longer renews it.
            CollectorError: another of its kinds; what we hold is as it was, as far as we know.
        """
        return self.again(door, self)

    def asked(self, door: Door) -> tuple[str, ...]:
        """The permissions that are asked for."""
        return door.app.scopes or self.scopes


def _form(door: Door, way: CodeWay, form: Mapping[str, str]) -> Mapping[str, Any]:
    """Everything in the body, the app's identity with it: nothing secret stands in an address."""
    identity = {"client_id": door.app.client_id or "", "client_secret": door.app.client_secret}
    said = {**form, **{name: value for name, value in identity.items() if value}}
    return ask(door, "POST", way.token, data=said, renewing=_renewing(form), dead=way.dead)


def _basic(door: Door, way: CodeWay, form: Mapping[str, str]) -> Mapping[str, Any]:
    """The app's identity in the header; a public client, which has no secret, names itself in the body."""
    if not door.app.client_secret:
        return _form(door, way, form)
    headers = _password(door.app.client_id or "", door.app.client_secret)
    return ask(door, "POST", way.token, data=dict(form), headers=headers, renewing=_renewing(form), dead=way.dead)


def _renewing(form: Mapping[str, str]) -> bool:
    return "refresh_token" in form


def _password(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- X


def _x(door: Door, answer: Mapping[str, Any]) -> Granted:
    me = ask(door, "GET", "https://api.x.com/2/users/me", headers=_bearer(text_in(door, answer, "access_token")))
    must_be_ours(door, text_in(door, _object(me, "data"), "id"))
    return granted({}, answer, door.now, asked=X.asked(door))


X = CodeWay(
    name="X",
    authorize="https://x.com/i/oauth2/authorize",
    token="https://api.x.com/2/oauth2/token",  # noqa: S106 - an address
    scopes=(
        "tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "dm.read", "dm.write", "mute.write",
        "offline.access",
    ),
    pkce=True,
    exchange=_basic,
    settle=_x,
    dead=("invalid_request",),  # "Value passed for the token was invalid."
)  # fmt: skip


# --- Meta: Facebook and Instagram by a Page's token, Threads by its own


def _long_lived(door: Door, answer: Mapping[str, Any]) -> str:
    """A user's token of some 60 days for one of an hour or two: only a Page token made with it does not run out."""
    form = {
        "grant_type": "fb_exchange_token",
        "client_id": door.app.client_id or "",
        "client_secret": door.app.client_secret,
        "fb_exchange_token": text_in(door, answer, "access_token"),
    }
    return text_in(door, ask(door, "POST", f"{GRAPH}/oauth/access_token", data=form), "access_token")


def _pages(door: Door, user: str, fields: str) -> Iterator[Mapping[str, Any]]:
    """The Pages that whoever consented may look after."""
    after, seen = "", {""}
    while True:
        params = {"fields": fields, "limit": "100", **({"after": after} if after else {})}
        listing = ask(door, "GET", f"{GRAPH}/me/accounts", headers=_bearer(user), params=params)
        yield from _rows(listing, "data")
        paging = _object(listing, "paging")
        after = str(_object(paging, "cursors").get("after") or "") if paging.get("next") else ""
        if after in seen:
            return
        seen.add(after)


def _page_token(
    door: Door, answer: Mapping[str, Any], *, fields: str, is_it: Callable[[Mapping[str, Any]], bool]
) -> Granted:
    user = _long_lived(door, answer)
    many = 0
    for page in _pages(door, user, fields):
        many += 1
        if is_it(page):
            tasks = page.get("tasks")
            can = tasks if isinstance(tasks, list) else ()
            keys = {"access_token": text_in(door, page, "access_token"), "page_id": text_in(door, page, "id")}
            wanting = _declined(door, user) + tuple(each for each in MODERATING if each not in can)
            return Granted(json.dumps(keys, sort_keys=True), None, renews=False, wanting=wanting)
    raise WrongAccount(
        door.account,
        f"the consent is for {many} Pages, and none of them is that of {door.access.native_id}: "
        "whoever consents must look after it, and choose it on the page of consent",
    )


def _declined(door: Door, user: str) -> tuple[str, ...]:
    """Permissions that somebody took the tick away from."""
    answer = ask(door, "GET", f"{GRAPH}/me/permissions", headers=_bearer(user))
    said = {str(each.get("permission")): each.get("status") for each in _rows(answer, "data")}
    way = WAYS[door.platform]
    return tuple(scope for scope in way.asked(door) if said.get(scope) != "granted") if isinstance(way, CodeWay) else ()


def _facebook(door: Door, answer: Mapping[str, Any]) -> Granted:
    return _page_token(
        door, answer, fields="id,access_token,tasks", is_it=lambda page: page.get("id") == door.access.native_id
    )


def _instagram(door: Door, answer: Mapping[str, Any]) -> Granted:
    return _page_token(
        door,
        answer,
        fields="id,access_token,tasks,instagram_business_account{id}",
        is_it=lambda page: _object(page, "instagram_business_account").get("id") == door.access.native_id,
    )


FACEBOOK = CodeWay(
    name="Facebook",
    authorize="https://www.facebook.com/v26.0/dialog/oauth",
    token=f"{GRAPH}/oauth/access_token",
    scopes=(
        *META_SCOPES, "pages_read_user_content", "pages_manage_engagement", "pages_manage_metadata", "pages_messaging",
    ),
    between=",",
    exchange=_form,
    settle=_facebook,
)  # fmt: skip
INSTAGRAM = replace(
    FACEBOOK,
    name="Instagram",
    scopes=(
        *META_SCOPES,
        "pages_manage_metadata", "instagram_basic", "instagram_manage_comments", "instagram_manage_messages",
    ),
    settle=_instagram,
)  # fmt: skip


def _threads(door: Door, answer: Mapping[str, Any]) -> Granted:
    """An hour's token for one of 60 days.  Its documentation knows only the query for the secret."""
    must_be_ours(door, text_in(door, answer, "user_id"))
    params = {
        "grant_type": "th_exchange_token",
        "client_secret": door.app.client_secret,
        "access_token": text_in(door, answer, "access_token"),
    }
    return granted({}, ask(door, "GET", f"{THREADS}/access_token", params=params), door.now, renews=True)


def _threads_again(door: Door, way: CodeWay) -> Granted:
    """Its token renews itself, once it is a day old and while it lives."""
    keys = keys_in(door.access)
    params = {"grant_type": "th_refresh_token", "access_token": keys["access_token"]}
    answer = ask(door, "GET", f"{THREADS}/refresh_access_token", params=params, renewing=True)
    return granted(keys, answer, door.now, renews=True)


THREADS_WAY = CodeWay(
    name="Threads",
    authorize="https://threads.net/oauth/authorize",
    token=f"{THREADS}/oauth/access_token",
    scopes=(
        "threads_basic", "threads_content_publish", "threads_read_replies", "threads_manage_replies",
        "threads_manage_mentions", "threads_keyword_search",
    ),
    between=",",
    exchange=_form,
    settle=_threads,
    again=_threads_again,
)  # fmt: skip


# --- Google, LinkedIn, TikTok, Vimeo


def _youtube(door: Door, answer: Mapping[str, Any]) -> Granted:
    """The channel that was chosen on the page of consent: one person may look after many."""
    headers = _bearer(text_in(door, answer, "access_token"))
    channels = "https://www.googleapis.com/youtube/v3/channels"
    mine = ask(door, "GET", channels, headers=headers, params={"part": "id", "mine": "true"})
    must_be_ours(door, next((text_in(door, each, "id") for each in _rows(mine, "items")), ""))
    return granted({}, answer, door.now, asked=YOUTUBE.asked(door))


YOUTUBE = CodeWay(
    name="YouTube",
    authorize="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
    scopes=("https://www.googleapis.com/auth/youtube.force-ssl",),
    pkce=True,
    also={"access_type": "offline", "prompt": "consent"},  # without both there is no refresh token the second time
    exchange=_form,
    settle=_youtube,
)


def _linkedin(door: Door, answer: Mapping[str, Any]) -> Granted:
    """LinkedIn does not say for which organisation; the first round does, by reading or by being refused."""
    text_in(door, answer, "access_token")
    return granted({}, answer, door.now, asked=LINKEDIN.asked(door))


LINKEDIN = CodeWay(
    name="LinkedIn",
    authorize="https://www.linkedin.com/oauth/v2/authorization",
    token="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106 - an address
    scopes=("r_organization_social", "w_organization_social", "rw_organization_admin"),
    exchange=_form,
    settle=_linkedin,
)


def _tiktok_exchange(door: Door, way: CodeWay, form: Mapping[str, str]) -> Mapping[str, Any]:
    """A code is an `auth_code` here, and the answer lies in `data`, even where it says no."""
    body = {"client_id": door.app.client_id or "", "client_secret": door.app.client_secret, **form}
    if "code" in body:
        body["auth_code"] = body.pop("code")
    renewing = _renewing(form)
    where = f"{TIKTOK}/tt_user/oauth2/refresh_token/" if renewing else way.token
    return _object(ask(door, "POST", where, json=body, renewing=renewing), "data")


def _tiktok(door: Door, answer: Mapping[str, Any]) -> Granted:
    text_in(door, answer, "access_token")
    must_be_ours(door, text_in(door, answer, "open_id"))
    return granted({}, answer, door.now, asked=TIKTOK_WAY.asked(door))


TIKTOK_WAY = CodeWay(
    name="TikTok",
    authorize="https://www.tiktok.com/v2/auth/authorize/",
    token=f"{TIKTOK}/tt_user/oauth2/token/",
    scopes=("user.info.basic", "video.list", "comment.list", "comment.list.manage"),
    between=",",
    client_id="client_key",
    exchange=_tiktok_exchange,
    settle=_tiktok,
)


def _vimeo(door: Door, answer: Mapping[str, Any]) -> Granted:
    text_in(door, answer, "access_token")
    must_be_ours(door, text_in(door, _object(answer, "user"), "uri"))
    return granted({}, answer, door.now, asked=VIMEO.asked(door))


VIMEO = CodeWay(
    name="Vimeo",
    authorize="https://api.vimeo.com/oauth/authorize",
    token="https://api.vimeo.com/oauth/access_token",  # noqa: S106 - an address
    scopes=("public", "private", "interact", "edit"),
    exchange=_basic,
    settle=_vimeo,
)


# --- Mastodon: the server where the account lives makes an app for whoever asks


@dataclass(frozen=True, slots=True)
class MastodonWay:
    """A code of an app that is made for the attempt and forgotten after it.  Its token does not run out."""

    name: str = "Mastodon"
    scopes: tuple[str, ...] = (
        "read:accounts", "read:notifications", "read:search", "read:statuses", "write:blocks", "write:mutes",
        "write:reports", "write:statuses",
    )  # fmt: skip

    def begin(self, door: Door) -> Asking:
        """Make an app at the account's own server, and send an administrator off.

        Raises:
            CollectorError: the server makes none.
        """
        form = {"client_name": OUR_NAME, "redirect_uris": door.app.redirect_uri, "scopes": " ".join(self.asked(door))}
        made = ask(door, "POST", f"{home_of(door)}/api/v1/apps", data=form)
        app = App(client_id=text_in(door, made, "client_id"), redirect_uri=door.app.redirect_uri)
        asking = self._way(door).begin(replace(door, app=app.model_copy(update={"scopes": door.app.scopes})))
        return replace(asking, kept={name: text_in(door, made, name) for name in ("client_id", "client_secret")})

    def finish(self, door: Door, asking: Asking, brought: Mapping[str, str]) -> Granted:
        """Turn what was brought back into a credential.

        Raises:
            WrongAccount: it is another account's.
            CollectorError: another of its kinds; nothing was granted.
        """
        app = door.app.model_copy(update={**asking.kept})
        return self._way(door).finish(replace(door, app=app), asking, brought)

    def asked(self, door: Door) -> tuple[str, ...]:
        """The permissions that are asked for."""
        return door.app.scopes or self.scopes

    def _way(self, door: Door) -> CodeWay:
        home = home_of(door)
        return CodeWay(
            name=self.name,
            authorize=f"{home}/oauth/authorize",
            token=f"{home}/oauth/token",
            scopes=self.scopes,
            pkce=True,
            exchange=_form,
            settle=_mastodon,
        )


def _mastodon(door: Door, answer: Mapping[str, Any]) -> Granted:
    where = f"{home_of(door)}/api/v1/accounts/verify_credentials"
    me = ask(door, "GET", where, headers=_bearer(text_in(door, answer, "access_token")))
    must_be_ours(door, text_in(door, me, "id"))
    return granted({}, answer, door.now, asked=MastodonWay().asked(door))


def home_of(door: Door, otherwise: str = "") -> str:
    """The address of the server where the account lives, in letters that fit into one.

    Raises:
        Refused: nobody said which that is, or it is none.
        UnsafeAddress: what is said there would travel in the clear.
    """
    from requests import PreparedRequest, RequestException

    home, asked = home_in(door.access) or otherwise, PreparedRequest()
    if not home:
        raise Refused(
            door.account,
            f"say on which server of {door.name} it lives: `gwylio account connect {door.account} --home …`",
        )
    try:
        asked.prepare_url(home, None)
    except RequestException:
        raise Refused(door.account, "the address of its server is none") from None
    there = urlsplit(asked.url or "")
    if there.scheme != "https" and there.hostname not in LOOPBACK:
        raise UnsafeAddress(f"{there.hostname} would be sent secrets unencrypted; use https")
    return urlunsplit((there.scheme, there.netloc, there.path.rstrip("/"), "", ""))


# --- Flickr: OAuth 1.0a, with which every request is signed


@dataclass(frozen=True, slots=True)
class FlickrWay:
    """Three legs, and a token that does not run out; the app's own key is kept with it, for it signs with both."""

    name: str = "Flickr"

    def begin(self, door: Door) -> Asking:
        """Get a request token, and send an administrator off with it.

        Raises:
            CollectorError: the app is not accepted, or no answer came.
        """
        answer = self._signed(door, "request_token", callback_uri=door.app.redirect_uri)
        token = text_in(door, answer, "oauth_token")
        return Asking(
            account=door.account,
            address=address_of(f"{FLICKR}/authorize", {"oauth_token": token, "perms": "write"}, door.access.base_url),
            redirect_uri=door.app.redirect_uri,
            state=token,
            sign="oauth_token",
            kept={"secret": text_in(door, answer, "oauth_token_secret")},
        )

    def finish(self, door: Door, asking: Asking, brought: Mapping[str, str]) -> Granted:
        """Turn what was brought back into a credential.

        Raises:
            WrongAccount: it is another account's.
            CollectorError: another of its kinds; nothing was granted.
        """
        answer = self._signed(
            door,
            "access_token",
            resource_owner_key=asking.state,
            resource_owner_secret=asking.kept["secret"],
            verifier=brought.get("oauth_verifier", ""),
        )
        must_be_ours(door, text_in(door, answer, "user_nsid"))
        keys = {
            "consumer_key": door.app.client_id or "",
            "consumer_secret": door.app.client_secret,
            "access_token": text_in(door, answer, "oauth_token"),
            "access_token_secret": text_in(door, answer, "oauth_token_secret"),
        }
        return Granted(json.dumps(keys, sort_keys=True), None, renews=False)

    def _signed(self, door: Door, leg: str, **more: str) -> Mapping[str, Any]:
        """The answer of one leg, which is a form and not JSON."""
        from requests_oauthlib import OAuth1

        signature = OAuth1(door.app.client_id or "", door.app.client_secret, **more)
        answer = answer_of(door, "POST", f"{FLICKR}/{leg}", auth=signature)
        said = dict(parse_qsl(answer.body.decode("utf-8", "replace")))
        problem = said.get("oauth_problem", "")
        if answer.status != 200 or problem:
            found = OAUTH1.get(problem, verdict(answer.status, {}))
            raise refusal(door, found, answer, renewing=False, word=problem)
        return said


OAUTH1: Final[Mapping[str, Verdict]] = {
    "consumer_key_unknown": Verdict.APP,
    "consumer_key_rejected": Verdict.APP,
    "signature_invalid": Verdict.APP,
    "token_rejected": Verdict.GRANT,
    "token_used": Verdict.GRANT,
    "token_expired": Verdict.GRANT,
    "verifier_invalid": Verdict.GRANT,
}


# --- a name, and a password that the account's owner made for us


@dataclass(frozen=True, slots=True)
class Typed:
    """A way in without a page of consent.  `asks` are the keys of the credential; the last is a secret.

    `check` tries them, and answers with the credential.
    """

    name: str
    asks: tuple[str, ...]
    check: Callable[[Door, Mapping[str, str]], Granted]


def _bluesky(door: Door, keys: Mapping[str, str]) -> Granted:
    where = f"{home_of(door, BLUESKY)}/xrpc/com.atproto.server.createSession"
    session = _signed_in(door, "POST", where, json=dict(keys))
    must_be_ours(door, text_in(door, session, "did"))
    return Granted(json.dumps(dict(keys), sort_keys=True), None, renews=False)


def _wordpress(door: Door, keys: Mapping[str, str]) -> Granted:
    """Whoever signs in must be able to moderate; without that the site shows only what everybody sees."""
    where = f"{home_of(door)}/wp-json/wp/v2/users/me"
    headers = _password(keys["username"], keys["password"])
    me = _signed_in(door, "GET", where, headers=headers, params={"context": "edit"})
    text_in(door, me, "id")
    may = _object(me, "capabilities")
    wanting = () if may.get("moderate_comments") or not may else ("moderate_comments",)
    return Granted(json.dumps(dict(keys), sort_keys=True), None, renews=False, wanting=wanting)


def _signed_in(door: Door, method: str, where: str, **more: Any) -> Mapping[str, Any]:
    """The answer to somebody who signs in with a name and a password.

    Raises:
        Refused: they are not accepted.
        CollectorError: another of its kinds.
    """
    answer = answer_of(door, method, where, **more)
    if answer.status in (400, 401, 403):
        raise Refused(door.account, f"{door.name} does not accept that name and password")
    body = answer.json()
    found = verdict(answer.status, {})
    if found is not Verdict.FINE:
        raise refusal(door, found, answer, renewing=False)
    if not isinstance(body, dict):
        raise Malformed(door.account, f"{door.name} answered with something that is not a JSON object")
    return body


Way = CodeWay | MastodonWay | FlickrWay

WAYS: Final[Mapping[Platform, Way]] = {
    Platform.X: X,
    Platform.FACEBOOK: FACEBOOK,
    Platform.INSTAGRAM: INSTAGRAM,
    Platform.YOUTUBE: YOUTUBE,
    Platform.LINKEDIN: LINKEDIN,
    Platform.TIKTOK: TIKTOK_WAY,
    Platform.THREADS: THREADS_WAY,
    Platform.MASTODON: MastodonWay(),
    Platform.FLICKR: FlickrWay(),
    Platform.VIMEO: VIMEO,
}
"""The platforms with a page of consent."""

TYPED: Final[Mapping[Platform, Typed]] = {
    Platform.BLUESKY: Typed("Bluesky", ("identifier", "password"), _bluesky),
    Platform.WORDPRESS: Typed("WordPress", ("username", "password"), _wordpress),
}
"""The platforms where a password made for us is typed."""

NEED_A_HOME: Final = frozenset({Platform.MASTODON, Platform.WORDPRESS})
"""Where nobody can be asked before it is known which server it is."""


def renew(door: Door) -> Granted:
    """A new credential in place of the one that `door.access` holds.

    Raises:
        AuthExpired: it can no longer be renewed.
        CollectorError: another of its kinds; it may be tried again.
    """
    way = WAYS.get(door.platform)
    if not isinstance(way, CodeWay):
        raise AuthExpired(door.account, f"run `gwylio account connect {door.account}`: this token cannot be renewed")
    return way.renew(door)


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _rows(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = body.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
