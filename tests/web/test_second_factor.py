"""Whoever must show a code from their telephone does so, once for each code; whoever lost it has ten others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from moderation import second_factor
from settings import SignIn
from store import audit, second_factors
from store.second_factors import FactorUnreadable
from tests.web.world import PASSWORD, Site, Visitor, open_site, sign_in, token_in
from vocabulary import Role
from web.security import SESSION_COOKIE
from web.steps import STANDS, STEP_COOKIE


@pytest.fixture
def site(council: Path, tmp_path: Path) -> Iterator[Site]:
    """A site whose administrators, and nobody else, must have a second factor."""
    opened = open_site(council, tmp_path, sign_in=SignIn(second_factor=(Role.ADMINISTRATOR,)))
    yield opened
    opened.close()


def enrolled(site: Site, username: str) -> tuple[str, list[str]]:
    """Somebody who has enrolled at the door; their secret and their recovery codes."""
    visitor = site.visitor()
    assert sign_in(visitor, username).headers["location"] == "/en/sign-in/second-factor"
    page = visitor.get("/en/sign-in/second-factor")
    secret = secret_on(page.text)
    done = visitor.post(
        "/en/sign-in/second-factor", data={"csrf": token_in(page.text), "code": pyotp.TOTP(secret).at(site.now)}
    )
    return secret, re.findall(r"<li><code>([^<]+)</code></li>", done.text)


def secret_on(html: str) -> str:
    found = re.search(r'second-factor__secret"[^>]*>([^<]+)<', html)
    assert found, "the page shows no secret"
    return found[1].replace(" ", "")


def typed(visitor: Visitor, code: str) -> int:
    page = visitor.get("/en/sign-in/code")
    return visitor.post("/en/sign-in/code", data={"csrf": token_in(page.text), "code": code}).status_code


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/en/account").status_code == 200


def test_an_administrator_enrols_at_the_first_sign_in_and_shows_a_code_at_every_other(site: Site) -> None:
    visitor = site.visitor()
    sign_in(visitor, "nia")
    assert not is_in(visitor), "a password alone opens nothing"
    page = visitor.get("/en/sign-in/second-factor")
    secret, token = secret_on(page.text), token_in(page.text)
    assert '<svg width="' in page.text
    wrong = visitor.post("/en/sign-in/second-factor", data={"csrf": token, "code": "000000"})
    assert (wrong.status_code, secret_on(wrong.text), is_in(visitor)) == (422, secret, False)
    right = visitor.post("/en/sign-in/second-factor", data={"csrf": token, "code": pyotp.TOTP(secret).at(site.now)})
    assert len(set(re.findall(r"<li><code>([^<]+)</code></li>", right.text))) == 10
    assert is_in(visitor)

    site.now += timedelta(minutes=1)
    again = site.visitor()
    assert sign_in(again, "nia").headers["location"] == "/en/sign-in/code"
    assert not is_in(again)
    assert typed(again, pyotp.TOTP(secret).at(site.now)) == 303
    assert is_in(again)


def test_whoever_need_not_have_one_comes_in_by_a_password(site: Site) -> None:
    assert is_in(site.visitor("rhys"))


def test_a_code_that_was_used_is_refused_and_so_is_one_of_another_half_minute(site: Site) -> None:
    secret, _ = enrolled(site, "nia")
    totp = pyotp.TOTP(secret)
    visitor = site.visitor()
    sign_in(visitor, "nia")
    assert typed(visitor, totp.at(site.now)) == 422, "it was used to enrol"
    site.now += timedelta(minutes=2)
    assert typed(visitor, totp.at(site.now - timedelta(seconds=60))) == 422
    assert typed(visitor, totp.at(site.now + timedelta(seconds=60))) == 422
    assert typed(visitor, totp.at(site.now + timedelta(seconds=30))) == 303, "clocks differ"


def test_a_recovery_code_lets_in_once_however_it_is_typed(site: Site) -> None:
    _, codes = enrolled(site, "nia")
    first, second = site.visitor(), site.visitor()
    sign_in(first, "nia")
    assert typed(first, codes[3].upper().replace("-", " ")) == 303
    sign_in(second, "nia")
    assert typed(second, codes[3]) == 422
    assert "Recovery codes left: 9" in first.get("/en/account").text


def test_codes_are_guessed_as_seldom_as_passwords(site: Site) -> None:
    enrolled(site, "nia")
    visitor = site.visitor()
    sign_in(visitor, "nia")
    assert [typed(visitor, f"{guess:06}") for guess in range(7)] == [422] * 5 + [429] * 2
    assert sign_in(site.visitor(), "nia").status_code == 429


def test_the_second_step_stands_for_ten_minutes_in_this_browser_and_under_this_password(site: Site) -> None:
    secret, _ = enrolled(site, "nia")
    visitor, stranger = site.visitor(), site.visitor()
    sign_in(visitor, "nia")
    stranger.cookies.set(STEP_COOKIE, "gAAAAABnonsense")
    assert stranger.get("/en/sign-in/code").headers["location"] == "/en/sign-in?done=over"
    page = visitor.get("/en/sign-in/code")
    site.now += STANDS + timedelta(seconds=1)
    late = visitor.post("/en/sign-in/code", data={"csrf": token_in(page.text), "code": pyotp.TOTP(secret).at(site.now)})
    assert late.headers["location"] == "/en/sign-in?done=over"
    assert not is_in(visitor)


def test_nobody_enrols_over_a_second_factor_that_was_set_up_meanwhile(site: Site) -> None:
    slow = site.visitor()
    sign_in(slow, "nia")
    page = slow.get("/en/sign-in/second-factor")
    enrolled(site, "nia")
    late = pyotp.TOTP(secret_on(page.text)).at(site.now)
    assert slow.post("/en/sign-in/second-factor", data={"csrf": token_in(page.text), "code": late}).status_code == 422
    assert not is_in(slow)


def test_the_secret_is_read_by_nobody_without_the_key_and_no_recovery_code_is_kept(site: Site) -> None:
    secret, codes = enrolled(site, "nia")
    with site.store.read() as session:
        row = second_factors.of(session, site.users["nia"])
        assert row is not None
        kept = [each.code_hash for each in session.query(second_factors.RecoveryCodeRow)]
        trail = str(list(audit.rows(session)))
    assert secret.encode() not in row.secret
    assert second_factors.reveal(row, key=site.here.keys.credentials) == secret
    with pytest.raises(FactorUnreadable, match="another key"):
        second_factors.reveal(row, key=b"m" * 43 + b"=")
    assert not any(code.encode() in each for code in codes for each in kept)
    assert not any(each in trail for each in (secret, *codes))


def test_setting_one_up_from_within_asks_for_the_password_and_signs_out_every_other_browser(site: Site) -> None:
    visitor, other = site.visitor("rhys"), site.visitor("rhys")
    cookie = visitor.cookies[SESSION_COOKIE]
    page = visitor.get("/en/account/second-factor")
    data = {"csrf": token_in(page.text), "code": pyotp.TOTP(secret_on(page.text)).at(site.now)}
    assert visitor.post("/en/account/second-factor", data={**data, "password": "guess"}).status_code == 422
    codes = visitor.post("/en/account/second-factor", data={**data, "password": PASSWORD}).text
    assert "recovery-codes" in codes
    assert is_in(visitor)
    assert visitor.post("/en/session", data={"csrf": token_in(codes)}).status_code == 200, "its forms are good"
    assert visitor.cookies[SESSION_COOKIE] != cookie
    assert not is_in(other)
    assert not is_in(site.visitor(cookies={SESSION_COOKIE: cookie}))
    off = {"csrf": token_in(visitor.get("/en/account").text), "password": PASSWORD}
    assert visitor.post("/en/account/second-factor/off", data=off).status_code == 303
    assert is_in(site.visitor("rhys"))


def test_whoever_must_have_one_cannot_take_it_away(site: Site) -> None:
    secret, _ = enrolled(site, "nia")
    site.now += timedelta(minutes=1)
    visitor = site.visitor()
    sign_in(visitor, "nia")
    typed(visitor, pyotp.TOTP(secret).at(site.now))
    off = {"csrf": token_in(visitor.get("/en/account").text), "password": PASSWORD}
    assert visitor.post("/en/account/second-factor/off", data=off).status_code == 422
    assert sign_in(site.visitor(), "nia").headers["location"] == "/en/sign-in/code"


def test_what_is_no_code_fits_no_half_minute() -> None:
    secret, now = second_factor.new_secret(), datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    right = pyotp.TOTP(secret).at(now)
    assert second_factor.matching_step(secret, f" {right[:3]} {right[3:]} ", now=now) == now.timestamp() // 30
    for code in ("", "      ", right[:5], right + "0", "١٢٣٤٥٦", "\ud800", "0" * 10_000):
        assert second_factor.matching_step(secret, code, now=now) is None
