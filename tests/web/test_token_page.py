"""Whoever connects an account reads where its token stands, what ended it, and exactly what to do on its platform."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest

from collectors.registry import OPEN
from pipeline.connecting import How
from pipeline.tokens import Health, Standing
from settings import App
from store import accounts, credentials
from store.accounts import AccountRow
from store.database import Session
from tests.web.world import NOW, STAFF, Site
from vocabulary import Platform, Role
from web import token_words
from web.app import create_app
from web.token_guides import GUIDES
from words import LANGUAGES, Screen, Words

DAY = timedelta(days=1)
PAGE = "/{}/accounts/cyngor-fb/token"
SECRET = "planted-token-of-cyngor"


def keep(site: Site, *, lives: timedelta | None = None, renews: bool = False, key: bytes | None = None) -> None:
    def act(session: Session) -> None:
        account = accounts.by_slug(session, "cyngor-fb")
        credentials.keep(
            session, account, SECRET, key=key or site.here.keys.credentials, actor="nia", now=site.now,
            expires=site.now + lives if lives else None, renews=renews,
        )  # fmt: skip

    site.store.write(act)


def fails(session: Session, site: Site, trouble: str) -> None:
    row = accounts.stream(session, 1, "comments")
    row.trouble, row.failures, row.last_started = trouble, 1, site.now


def pages(site: Site, path: str = PAGE, username: str = "nia") -> tuple[str, str]:
    """In English and in Welsh, without their tags."""
    visitor = site.visitor(username)
    found = [visitor.get(path.format(language)) for language in ("en", "cy")]
    assert [each.status_code for each in found] == [200, 200]
    english, welsh = (" ".join(html.unescape(re.sub(r"<[^>]+>", " ", each.text)).split()) for each in found)
    return english, welsh


@pytest.mark.parametrize("username", STAFF)
def test_those_who_connect_accounts_see_it_and_nobody_else(still_site: Site, username: str) -> None:
    role = STAFF[username][1]
    answer = still_site.visitor(username).get(PAGE.format("en"))
    expected = 200 if role in (Role.ADMINISTRATOR, Role.COMMUNICATIONS) else 403
    assert answer.status_code == expected


@pytest.mark.parametrize("username", ["nia", "catrin", "aled"])
def test_the_accounts_page_leads_there_only_those_who_may_go(still_site: Site, username: str) -> None:
    page = still_site.visitor(username).get("/en/accounts").text
    assert "No token yet" in page
    assert ('href="/en/accounts/cyngor-fb/token"' in page) is (username != "aled")


@pytest.mark.parametrize("slug", ["nid-oes", "Cyngor-FB", "..", "%00", "x" * 300])
def test_an_account_that_is_not_there_has_no_page(still_site: Site, slug: str) -> None:
    assert still_site.visitor("nia").get(f"/en/accounts/{slug}/token").status_code == 404


# lives, renews, days gone, trouble; what the accounts page says in both languages, and why
SAID = [
    (60, False, 20, "", "Token: 40 days left", "Tocyn: 40 o ddiwrnodau ar ôl", ""),
    (60, False, 46, "", "Token: 14 days left", "Tocyn: 14 o ddiwrnodau ar ôl", "runs out on 19 January 2027"),
    (60, False, 58, "", "Token: 2 days left", "Tocyn: 2 ddiwrnod ar ôl", "this one cannot be renewed"),
    (60, False, 59.5, "", "Token: less than a day left", "Tocyn: llai na diwrnod ar ôl", "runs out on"),
    (60, False, 61, "", "The token is dead", "Nid yw'r tocyn yn gweithio mwyach", "ran out on 19 January 2027"),
    (60, True, 61, "", "The token is dead", "Nid yw'r tocyn yn gweithio mwyach", "no app of Facebook is configured"),
    (60, True, 1, "", "The token renews itself", "Caiff y tocyn ei adnewyddu'n awtomatig", ""),
    (None, False, 900, "", "The token does not run out", "Nid yw'r tocyn yn dod i ben", ""),
    (None, False, 1, "AuthExpired: code 190", "The token is dead", "Nid yw'r tocyn yn gweithio mwyach",
     "no longer accepts it, although it had not run out"),
    (60, False, 1, "AuthExpired: Facebook no longer renews the token; run it", "The token is dead",
     "Nid yw'r tocyn yn gweithio mwyach", "no longer renews it: somebody took it back"),
    (None, False, 1, "PermissionLost: (#200)", "The token may not do everything", "Ni chaiff y tocyn wneud popeth",
     "a permission was not given"),
]  # fmt: skip


@pytest.mark.parametrize("row", SAID)
def test_where_it_stands_and_why_is_said_in_both_languages(site: Site, row: tuple[Any, ...]) -> None:
    lives, renews, gone, trouble, short, byr, why = row
    keep(site, lives=lives * DAY if lives else None, renews=renews)
    site.now += gone * DAY
    if trouble:
        site.store.write(partial(fails, site=site, trouble=trouble))

    for english, welsh in (pages(site), pages(site, "/{}/accounts")):
        assert short in english
        assert byr in welsh
    english, welsh = pages(site)
    assert why in english
    assert (trouble in english and trouble in welsh) or not trouble
    assert ("If it dies: what to do" in english) is (not why), "where nothing is wrong, nothing has to be done"
    assert SECRET not in english + welsh


def test_one_that_does_not_open_says_what_to_put_back_first(site: Site) -> None:
    keep(site, key=b"m" * 43 + b"=")
    english, welsh = pages(site)
    assert "The token does not open" in english
    assert "secret.key from its backup, or GWYLIO_SECRET_KEY" in english
    assert english.index("secret.key") < english.index("gwylio account connect")
    assert "secret.key o'i chopi wrth gefn" in welsh


# --- exactly what to do


def account_on(platform: Platform, home: str = "") -> AccountRow:
    return AccountRow(
        id=1, slug="ein-cyfrif", platform=platform, native_id="id-42", home=home, display_name="Cyngor Dyffryn",
        service_area="waste", credential_renews=False,
    )  # fmt: skip


def told(platform: Platform, way: How, *, home: str = "", redirect_uri: str = App().redirect_uri) -> list[str]:
    how = Standing(account_on(platform, home), Health.DEAD)
    found = token_words.steps(Words("en"), how, way, redirect_uri)
    both = [each for step in found for each in (step, step.instead) if each]
    return [f"{step.words} {step.typed}".strip() for step in both]


# platform, what is done there first, and what on its page of consent
LED = [
    (Platform.X,         "sign in to X as the account itself: Cyngor Dyffryn (id-42)", "allow everything"),
    (Platform.FACEBOOK,  "send messages for the Page Cyngor Dyffryn (id-42)",          "every permission ticked"),
    (Platform.INSTAGRAM, "the Page to which the Instagram account Cyngor Dyffryn",     "Choose that Page"),
    (Platform.YOUTUBE,   "owns or manages the channel Cyngor Dyffryn",                 "tick every box"),
    (Platform.LINKEDIN,  "super administrator of the page Cyngor Dyffryn",             "allow everything"),
    (Platform.TIKTOK,    "sign in to TikTok as the account itself",                    "allow everything"),
    (Platform.THREADS,   "sign in to Threads as the account itself",                   "allow everything"),
    (Platform.MASTODON,  "sign in on tŵt.example as the account itself",               "allow everything"),
    (Platform.FLICKR,    "sign in to Flickr as the account itself",                    "allow everything"),
    (Platform.VIMEO,     "sign in to Vimeo as the account itself",                     "allow everything"),
]  # fmt: skip
TRY = "Try it. From then on this page says that the token works. gwylio collect --account ein-cyfrif"


@pytest.mark.parametrize(("platform", "first", "then"), LED)
def test_the_steps_to_consent_are_those_of_this_platform_in_their_order(
    platform: Platform, first: str, then: str
) -> None:
    said = told(platform, How.CONSENT, home="tŵt.example")
    assert first in said[0]
    assert said[1].endswith("gwylio account connect ein-cyfrif")
    assert said[2].endswith("gwylio account connect ein-cyfrif --paste")
    assert then in said[3]
    assert said[4:] == [TRY]


TYPED = [
    (Platform.BLUESKY,   "sign in to Bluesky as the account itself", "make a new one", "the app password"),
    (Platform.WORDPRESS, "Sign in on tŵt.example as the user",       "add a new one",  "the application password"),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "first", "made", "then"), TYPED)
def test_the_steps_to_a_password_are_those_of_this_platform_in_their_order(
    platform: Platform, first: str, made: str, then: str
) -> None:
    said = told(platform, How.TYPED, home="tŵt.example")
    assert first in said[0]
    assert made in said[1]
    assert said[2].endswith("gwylio account connect ein-cyfrif")
    assert then in said[3]
    assert said[4:] == [TRY]


def test_every_platform_that_is_read_has_its_steps() -> None:
    assert {platform for platform, *_ in (*LED, *TYPED)} == set(GUIDES) == set(OPEN)


@pytest.mark.parametrize(("platform", "way"), [(Platform.MASTODON, How.CONSENT), (Platform.WORDPRESS, How.TYPED)])
def test_a_home_that_nobody_has_named_yet_is_asked_for_with_the_command(platform: Platform, way: How) -> None:
    said = told(platform, way)
    assert "on its own server" in said[0]
    assert [step for step in said if step.endswith("gwylio account connect ein-cyfrif --home …")]


def test_where_nobody_can_be_heard_here_the_address_is_pasted_in_any_case() -> None:
    said = told(Platform.FACEBOOK, How.CONSENT, redirect_uri="https://www.example.org/back")
    assert not any("--paste" in step for step in said)
    assert said[-2].startswith("Copy the whole address")


def test_without_an_app_the_page_says_what_to_configure_and_how_to_give_a_token(site: Site) -> None:
    english, welsh = pages(site)
    for page in (english, welsh):
        assert "[apps.facebook]" in page
        assert "docs/reference/tokens.md" in page
        assert "gwylio account connect cyngor-fb --token" in page

    settings = site.here.settings.model_copy(update={"apps": {Platform.FACEBOOK: App(client_id="app-of-the-council")}})
    led = Site(replace(site.here, settings=settings), site.platforms, site.users)
    led.app = create_app(led.here, now=lambda: led.now)
    english, welsh = pages(led)
    for page in (english, welsh):
        assert "[apps." not in page
        assert "gwylio account connect cyngor-fb --paste" in page


@pytest.mark.parametrize("health", [*Health])
@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_every_state_on_every_platform(language: Screen, health: Health) -> None:
    words = Words(language)
    for platform, days in product(Platform, (None, 0, 3, 14)):
        how = Standing(account_on(platform), health, NOW if days is not None else None, days)
        said = [
            token_words.left(words, how).words,
            token_words.means(words, how),
            token_words.why(words, how, led=True),
            *(step.words for step in token_words.steps(words, how, How.CONSENT, App().redirect_uri)),
        ]
        assert "{" not in "".join(said)
        assert said[0]
        assert said[1]
