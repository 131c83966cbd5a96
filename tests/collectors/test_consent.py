"""Every platform's way in, end to end over real HTTP: what is asked, what is brought back, what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import ways
from collectors.base import (
    Access,
    AuthExpired,
    CollectorError,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Transient,
)
from collectors.consent import (
    Asking,
    Declined,
    Granted,
    NotOurs,
    Verdict,
    WrongAccount,
    brought_back,
    challenge_of,
    due,
    granted,
    is_of,
    lifetime,
    renewal_ends,
    verdict,
)
from collectors.registry import OPEN, open_collector
from simulator.faults import Fault, Kind
from tests.consents import IDS, NINE, PASSWORDS, WAY_BACK, Village, browse, slug_of, taken_to, village
from vocabulary import Platform

P = Platform
CODE_WAYS = [platform for platform in ways.WAYS if platform is not P.FLICKR]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def lasting_village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with village(tmp_path_factory.mktemp("village")) as made:
        yield made


@pytest.fixture
def dyffryn(lasting_village: Village) -> Iterator[Village]:
    """The same village for each test, at nine o'clock, with nobody in the way."""
    lasting_village.now = lasting_village.world.now = NINE
    yield lasting_village
    lasting_village.simulator.faults.clear()
    consent = lasting_village.simulator.consent
    consent.denies.clear()
    consent.declines.clear()
    consent.signed_in.clear()


# platform, how long it lives, whether it is renewed, and what is kept beside the access token
WHAT_COMES = [
    (P.X,         2 * HOUR,                          True,  {"refresh_token"}),
    (P.FACEBOOK,  None,                              False, {"page_id"}),
    (P.INSTAGRAM, None,                              False, {"page_id"}),
    (P.YOUTUBE,   timedelta(seconds=3_599),          True,  {"refresh_token"}),
    (P.LINKEDIN,  60 * DAY,                          True,  {"refresh_token", "refresh_expires"}),
    (P.TIKTOK,    DAY,                               True,  {"refresh_token", "refresh_expires"}),
    (P.THREADS,   timedelta(seconds=5_183_944),      True,  set()),
    (P.MASTODON,  None,                              False, set()),
    (P.FLICKR,    None,                              False, {"access_token_secret", "consumer_key", "consumer_secret"}),
    (P.VIMEO,     None,                              False, set()),
]  # fmt: skip


def test_the_table_knows_every_platform_with_a_page_of_consent() -> None:
    assert {platform for platform, *_ in WHAT_COMES} == set(ways.WAYS)
    assert not set(ways.WAYS) & set(ways.TYPED)


@pytest.mark.parametrize(("platform", "lives", "renews", "beside"), WHAT_COMES, ids=[row[0] for row in WHAT_COMES])
def test_an_administrator_goes_there_and_back_and_the_account_is_open(
    dyffryn: Village, platform: Platform, lives: timedelta | None, renews: bool, beside: set[str]
) -> None:
    came = taken_to(dyffryn.door(platform))

    keys = json.loads(came.credential)
    assert set(keys) == {"access_token"} | beside
    assert (came.expires, came.renews, came.wanting) == (NINE + lives if lives else None, renews, ())
    assert dyffryn.world.holder_of(platform, keys["access_token"]) == dyffryn.world.account(slug_of(platform))


@pytest.mark.parametrize("platform", [each for each in ways.WAYS if each in OPEN])
def test_what_comes_of_consent_is_a_credential_that_the_collector_takes(dyffryn: Village, platform: Platform) -> None:
    door = dyffryn.door(platform)
    collector = open_collector(platform, replace(door.access, credential=taken_to(door).credential))

    assert collector.recheck([]) == {}
    assert collector.account == slug_of(platform)


def test_the_address_of_consent_asks_for_what_we_need_and_says_nothing_secret(dyffryn: Village) -> None:
    for platform in CODE_WAYS:
        door = dyffryn.door(platform)
        asking = ways.WAYS[platform].begin(door)
        said = dict(parse_qsl(urlsplit(asking.address).query))
        assert said["response_type"] == "code"
        assert said["redirect_uri"] == asking.redirect_uri == WAY_BACK
        assert said["state"] == asking.state
        assert len(asking.state) >= 43
        assert said["scope"]
        if asking.verifier:
            assert said["code_challenge"] == challenge_of(asking.verifier)
            assert said["code_challenge_method"] == "S256"
        for secret in (door.app.client_secret, asking.verifier, *asking.kept.values()):
            assert not secret or secret not in asking.address or secret == asking.kept.get("client_id")
        assert not any(secret in repr(asking) for secret in (asking.state, asking.verifier) if secret)


@pytest.mark.parametrize("platform", [P.X, P.YOUTUBE, P.MASTODON])
def test_a_verifier_goes_with_the_code_where_the_platform_takes_one(dyffryn: Village, platform: Platform) -> None:
    door = dyffryn.door(platform)
    way = ways.WAYS[platform]
    asking = way.begin(door)
    brought = brought_back(asking, browse(asking.address))

    with pytest.raises(Refused, match="begin again"):
        way.finish(door, replace(asking, verifier="another-verifier"), brought)

    assert way.finish(door, asking, brought).credential, "the refusal did not use the code up"


@pytest.mark.parametrize("platform", ways.WAYS)
def test_what_was_brought_back_is_good_once(dyffryn: Village, platform: Platform) -> None:
    door = dyffryn.door(platform)
    way = ways.WAYS[platform]
    asking = way.begin(door)
    brought = brought_back(asking, browse(asking.address))
    way.finish(door, asking, brought)

    with pytest.raises(Refused, match="does not accept what was brought back"):
        way.finish(door, asking, brought)


@pytest.mark.parametrize("platform", ways.WAYS)
def test_what_was_brought_back_does_not_keep(dyffryn: Village, platform: Platform) -> None:
    door = dyffryn.door(platform)
    way = ways.WAYS[platform]
    asking = way.begin(door)
    brought = brought_back(asking, browse(asking.address))
    dyffryn.wait(hours=2)

    with pytest.raises(Refused, match="too old"):
        way.finish(door, asking, brought)


@pytest.mark.parametrize("platform", [each for each in ways.WAYS if each is not P.MASTODON])
def test_an_app_that_the_platform_does_not_know_is_not_blamed_on_the_token(
    dyffryn: Village, platform: Platform
) -> None:
    right, wrong = dyffryn.door(platform), dyffryn.door(platform, client_secret="not-the-secret")
    way = ways.WAYS[platform]

    def come_as_somebody_else() -> None:
        asking = way.begin(wrong if platform is P.FLICKR else right)
        way.finish(wrong, asking, brought_back(asking, browse(asking.address)))

    with pytest.raises(PermissionLost, match="does not accept the app") as caught:
        come_as_somebody_else()

    assert "not-the-secret" not in str(caught.value)


# LinkedIn says nothing of whose a token is; a Mastodon server is signed in to by one account at a time
@pytest.mark.parametrize("platform", [each for each in ways.WAYS if each is not P.LINKEDIN])
def test_a_consent_for_another_account_is_not_taken(dyffryn: Village, platform: Platform) -> None:
    other = dyffryn.world.add_account(platform, f"arall-{platform.value}", "urn:other:77", "Rhywun Arall", "other")
    dyffryn.simulator.consent.signed_in[platform] = other.slug
    door = dyffryn.door(platform)
    if platform in (P.FACEBOOK, P.INSTAGRAM):
        door = replace(door, access=replace(door.access, native_id="nobody's"))

    with pytest.raises(WrongAccount, match=r"another account|none of them"):
        taken_to(door)


def test_a_page_far_down_the_list_is_found(dyffryn: Village) -> None:
    for number in range(7):
        dyffryn.world.add_account(P.FACEBOOK, f"ysgol-{number}", f"20{number}", f"Ysgol {number}", f"school-{number}")
    door = dyffryn.door(P.FACEBOOK)

    came = taken_to(replace(door, access=replace(door.access, native_id="206")))

    token = json.loads(came.credential)["access_token"]
    assert dyffryn.world.holder_of(P.FACEBOOK, token) == dyffryn.world.account("ysgol-6")


@pytest.mark.parametrize("platform", [P.X, P.FACEBOOK, P.LINKEDIN, P.TIKTOK, P.YOUTUBE, P.VIMEO, P.MASTODON])
def test_a_permission_that_was_not_given_is_named(dyffryn: Village, platform: Platform) -> None:
    way = ways.WAYS[platform]
    assert not isinstance(way, ways.FlickrWay)
    missing = way.asked(dyffryn.door(platform))[-1]
    dyffryn.simulator.consent.declines.add(missing)

    assert taken_to(dyffryn.door(platform)).wanting == (missing,)


def test_an_app_may_ask_for_other_permissions_than_the_usual(dyffryn: Village) -> None:
    door = dyffryn.door(P.LINKEDIN)
    named = replace(door, app=door.app.model_copy(update={"scopes": ("r_organization_social_feed",)}))

    assert dict(parse_qsl(urlsplit(ways.LINKEDIN.begin(named).address).query))["scope"] == "r_organization_social_feed"


@pytest.mark.parametrize("platform", CODE_WAYS)
def test_somebody_who_says_no_is_understood(dyffryn: Village, platform: Platform) -> None:
    dyffryn.simulator.consent.denies.add(platform)
    asking = ways.WAYS[platform].begin(dyffryn.door(platform))
    back = browse(asking.address)

    assert is_of(asking, back)
    with pytest.raises(Declined, match="access_denied"):
        brought_back(asking, back)


ASKING = Asking(account="a", address="", redirect_uri=WAY_BACK, state="s" * 43)
NOT_OURS = [
    "",
    "nonsense",
    "http://[",
    WAY_BACK,
    f"{WAY_BACK}?code=c",
    f"{WAY_BACK}?code=c&state=",
    f"{WAY_BACK}?code=c&state=x",
    f"{WAY_BACK}?code=c&state=ŵ",
    f"{WAY_BACK}?code=c&state={'s' * 42}",
    f"{WAY_BACK}?code=c&state={'s' * 44}",
    f"{WAY_BACK}?code=c&State={'s' * 43}",
    f"{WAY_BACK}#code=c&state={'s' * 43}",
    f"{WAY_BACK}?error=x",
]


@pytest.mark.parametrize("address", NOT_OURS)
def test_an_address_of_another_attempt_is_not_ours_and_is_not_quoted(address: str) -> None:
    with pytest.raises(NotOurs) as caught:
        brought_back(ASKING, address)
    assert not is_of(ASKING, address)
    assert not address or address not in str(caught.value)


@pytest.mark.parametrize("end", ["", "#_=_", "#_", " ", "\n"])
def test_what_a_platform_or_a_terminal_adds_to_the_address_does_no_harm(end: str) -> None:
    assert brought_back(ASKING, f" {WAY_BACK}?code=c%2Fd&state={'s' * 43}{end}")["code"] == "c/d"


def test_what_a_platform_says_when_it_refuses_is_quoted_only_where_it_is_a_word() -> None:
    for said, shown in (("access_denied", "access_denied"), ("Mair+Enghraifft+said+no", "it did not say why")):
        with pytest.raises(Declined, match=shown):
            brought_back(ASKING, f"{WAY_BACK}?error={said}&state={'s' * 43}")


# --- renewing


RENEWED = [
    (P.X, timedelta(minutes=101), 2 * HOUR),
    (P.YOUTUBE, timedelta(minutes=51), timedelta(seconds=3_599)),
    (P.TIKTOK, timedelta(hours=21), DAY),
    (P.LINKEDIN, timedelta(days=51), 60 * DAY),
    (P.THREADS, timedelta(days=51), timedelta(seconds=5_183_944)),
]


def held(dyffryn: Village, platform: Platform, came: Granted) -> Access:
    return replace(dyffryn.door(platform).access, credential=came.credential)


@pytest.mark.parametrize(("platform", "after", "lives"), RENEWED)
def test_a_token_is_renewed_and_opens_the_same_account(
    dyffryn: Village, platform: Platform, after: timedelta, lives: timedelta
) -> None:
    came = taken_to(dyffryn.door(platform))
    dyffryn.wait(seconds=after.total_seconds())
    again = ways.renew(dyffryn.door(platform, credential=came.credential))

    assert again.expires == dyffryn.now + lives
    assert again.renews
    keys, before = json.loads(again.credential), json.loads(came.credential)
    assert set(keys) == set(before)
    assert keys["access_token"] != before["access_token"]
    assert dyffryn.world.holder_of(platform, keys["access_token"]) == dyffryn.world.account(slug_of(platform))
    assert renewal_ends(again.credential) == renewal_ends(came.credential), "renewing does not put off the end"


@pytest.mark.parametrize("platform", [P.X, P.TIKTOK])
def test_a_refresh_token_that_rotates_is_good_once(dyffryn: Village, platform: Platform) -> None:
    came = taken_to(dyffryn.door(platform))
    ways.renew(dyffryn.door(platform, credential=came.credential))

    with pytest.raises(AuthExpired, match=f"gwylio account connect {slug_of(platform)}"):
        ways.renew(dyffryn.door(platform, credential=came.credential))


@pytest.mark.parametrize("platform", [P.YOUTUBE, P.LINKEDIN, P.THREADS])
def test_a_token_that_somebody_took_back_is_dead(dyffryn: Village, platform: Platform) -> None:
    came = taken_to(dyffryn.door(platform))
    dyffryn.simulator.consent.revoke_all(platform)

    with pytest.raises(AuthExpired, match="no longer renews"):
        ways.renew(dyffryn.door(platform, credential=came.credential))


@pytest.mark.parametrize("platform", [P.LINKEDIN, P.TIKTOK])
def test_renewing_ends_when_the_platform_said_however_often_it_was_done(dyffryn: Village, platform: Platform) -> None:
    came = taken_to(dyffryn.door(platform))
    dyffryn.wait(days=350)
    late = ways.renew(dyffryn.door(platform, credential=came.credential))
    assert renewal_ends(late.credential) == NINE + 365 * DAY
    assert late.expires is not None
    assert late.expires <= NINE + 365 * DAY

    dyffryn.wait(days=15)
    with pytest.raises(AuthExpired):
        ways.renew(dyffryn.door(platform, credential=late.credential))


def test_a_client_that_keeps_no_secret_names_itself_instead(tmp_path: Path) -> None:
    with village(tmp_path, public=True) as dyffryn:
        came = taken_to(dyffryn.door(P.X))
        again = ways.renew(dyffryn.door(P.X, credential=came.credential))

        assert dyffryn.world.holder_of(P.X, json.loads(again.credential)["access_token"])


def test_a_token_that_cannot_be_renewed_says_so_without_asking(dyffryn: Village) -> None:
    before = len(dyffryn.simulator.requests)
    with pytest.raises(AuthExpired, match="cannot be renewed"):
        ways.renew(dyffryn.door(P.MASTODON, credential='{"access_token": "t"}'))
    assert len(dyffryn.simulator.requests) == before


# --- when a platform is unwell


UNWELL = [
    (Kind.HTML_502,       Transient),
    (Kind.TRUNCATED_JSON, Malformed),
    (Kind.FALSE_BODY,     Malformed),
    (Kind.DROPPED_BEFORE, Transient),
    (Kind.DROPPED_AFTER,  Transient),
    (Kind.CUT_SHORT,      Transient),
    (Kind.RETRY_AFTER,    Transient),
]  # fmt: skip
TOKEN_PATH = {
    P.X: "/2/oauth2/token",
    P.YOUTUBE: "/token",
    P.LINKEDIN: "/oauth/v2/accessToken",
    P.THREADS: "/refresh_access_token",
    P.TIKTOK: "*/refresh_token/",
}


@pytest.mark.parametrize("platform", TOKEN_PATH)
@pytest.mark.parametrize(("kind", "error"), UNWELL)
def test_a_platform_that_stumbles_is_asked_again_later(
    dyffryn: Village, platform: Platform, kind: Kind, error: type[CollectorError]
) -> None:
    came = taken_to(dyffryn.door(platform))
    dyffryn.wait(days=2)
    dyffryn.simulator.faults.add(Fault(kind, path=TOKEN_PATH[platform]))

    with pytest.raises(error):
        ways.renew(dyffryn.door(platform, credential=came.credential))


# status, what it answers, what it means
MEANINGS = [
    (200, {"access_token": "t"},                                                  Verdict.FINE),
    (200, {},                                                                     Verdict.FINE),
    (400, {"error": "invalid_grant"},                                             Verdict.GRANT),
    (400, {"error": "invalid_request"},                                           Verdict.REQUEST),
    (401, {"error": "invalid_client"},                                            Verdict.APP),
    (401, {"error": "unauthorized_client"},                                       Verdict.APP),
    (503, {"error": "temporarily_unavailable"},                                   Verdict.STUMBLED),
    (500, {"error": "anything"},                                                  Verdict.STUMBLED),
    (400, {"error": "invalid_scope"},                                             Verdict.REQUEST),
    (400, {"error": {"code": 1, "type": "OAuthException"}},                       Verdict.APP),
    (500, {"error": {"code": 1, "type": "OAuthException"}},                       Verdict.STUMBLED),
    (400, {"error": {"code": 190, "error_subcode": 460}},                         Verdict.GRANT),
    (400, {"error": {"code": 4, "is_transient": False}},                          Verdict.WAIT),
    (400, {"error": {"code": 190, "is_transient": True}},                         Verdict.STUMBLED),
    (403, {"error": {"code": 10}},                                                Verdict.REQUEST),
    (400, {"error_type": "OAuthException", "code": 400, "error_message": "used"}, Verdict.GRANT),
    (200, {"code": 40110, "message": "expired"},                                  Verdict.GRANT),
    (200, {"code": 40101, "message": "app"},                                      Verdict.APP),
    (200, {"code": 40100, "message": "often"},                                    Verdict.WAIT),
    (200, {"code": 51000, "message": "inside"},                                   Verdict.STUMBLED),
    (200, {"code": 40002, "message": "param"},                                    Verdict.REQUEST),
    (429, {},                                                                     Verdict.WAIT),
    (502, {},                                                                     Verdict.STUMBLED),
    (404, {},                                                                     Verdict.REQUEST),
    (302, {},                                                                     Verdict.REQUEST),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "means"), MEANINGS)
def test_every_shape_of_an_answer_has_one_meaning(status: int, body: dict[str, object], means: Verdict) -> None:
    assert verdict(status, body) is means


def test_x_calls_a_dead_refresh_token_a_bad_request() -> None:
    assert verdict(400, {"error": "invalid_request"}, dead=ways.X.dead) is Verdict.GRANT


NAMES = ["error", "code", "is_transient", "error_message", "data", "id", "access_token", "expires_in", "scope"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
)
OBJECTS = st.dictionaries(
    st.sampled_from(["error", "code", "expires_in", "refresh_token_expires_in", "scope", "access_token"]), JSON
)


@given(st.integers(100, 599), OBJECTS)
def test_whatever_is_answered_means_something(status: int, body: dict[str, object]) -> None:
    assert verdict(status, body) in Verdict
    life = lifetime(body, "expires_in")
    assert life is None or life > timedelta(0)


@given(OBJECTS)
def test_whatever_is_granted_is_stored_as_text(body: dict[str, object]) -> None:
    came = granted({"access_token": "before"}, body, NINE)
    assert all(isinstance(value, str) for value in json.loads(came.credential).values())
    assert came.expires is None or came.expires > NINE


def test_a_platform_that_makes_us_wait_says_until_when(dyffryn: Village) -> None:
    came = taken_to(dyffryn.door(P.X))
    dyffryn.simulator.faults.add(Fault(Kind.RATE_LIMITED, path="/2/oauth2/token", seconds=600))

    with pytest.raises(RateLimited) as caught:
        ways.renew(dyffryn.door(P.X, credential=came.credential))

    assert caught.value.until == NINE + timedelta(minutes=10)


# --- when it is time


def at(**after: float) -> datetime:
    return NINE + timedelta(**after)


# lives, renewing ends, asked after, due
DUE = [
    (2 * HOUR,  None,      timedelta(minutes=99),   False),
    (2 * HOUR,  None,      timedelta(minutes=100),  True),
    (2 * HOUR,  None,      timedelta(hours=3),      True),
    (HOUR,      None,      timedelta(minutes=49),   False),
    (HOUR,      None,      timedelta(minutes=50),   True),
    (DAY,       365 * DAY, timedelta(hours=19),     False),
    (DAY,       365 * DAY, timedelta(hours=20),     True),
    (60 * DAY,  365 * DAY, timedelta(days=49),      False),
    (60 * DAY,  365 * DAY, timedelta(days=50),      True),
    (5 * DAY,   5 * DAY,   timedelta(days=4.9),     False),
    (5 * DAY,   5 * DAY,   timedelta(days=5),       True),
    (None,      None,      timedelta(days=3_000),   False),
    (timedelta(minutes=5), None, timedelta(0),      True),
]  # fmt: skip


@pytest.mark.parametrize(("lives", "ends", "after", "expected"), DUE)
def test_a_token_is_renewed_in_the_last_sixth_of_its_life(
    lives: timedelta | None, ends: timedelta | None, after: timedelta, expected: bool
) -> None:
    assert due(NINE, NINE + lives if lives else None, NINE + ends if ends else None, NINE + after) is expected


@given(st.integers(1, 10**8), st.integers(0, 10**8), st.integers(0, 10**8))
def test_what_is_due_stays_due(lives: int, first: int, later: int) -> None:
    expires = at(seconds=lives)
    assert not due(NINE, expires, None, at(seconds=first)) or due(NINE, expires, None, at(seconds=first + later))


# --- a name and a password


TYPED = {
    P.BLUESKY: {"identifier": IDS[P.BLUESKY], "password": PASSWORDS[P.BLUESKY]},
    P.WORDPRESS: {"username": "mair", "password": PASSWORDS[P.WORDPRESS].partition(":")[2]},
}


@pytest.mark.parametrize("platform", ways.TYPED)
def test_a_password_made_for_us_is_tried_before_it_is_kept(dyffryn: Village, platform: Platform) -> None:
    way = ways.TYPED[platform]
    keys = TYPED[platform]
    assert tuple(keys) == way.asks

    came = way.check(dyffryn.door(platform), keys)

    assert json.loads(came.credential) == keys
    assert (came.expires, came.renews, came.wanting) == (None, False, ())
    with pytest.raises(Refused, match="does not accept that name and password") as caught:
        way.check(dyffryn.door(platform), {**keys, "password": "anghywir-iawn"})
    assert "anghywir" not in str(caught.value)


def test_a_server_must_be_known_where_there_are_many(dyffryn: Village) -> None:
    door = dyffryn.door(P.MASTODON)
    with pytest.raises(Refused, match="--home"):
        ways.WAYS[P.MASTODON].begin(replace(door, access=replace(door.access, home=" ")))
