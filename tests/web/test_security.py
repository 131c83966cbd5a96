"""Nobody gets in who should not, and every answer tells the browser to trust nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import audit, sessions
from store.people import WebSessionRow
from tests.web.world import PASSWORD, Site, sign_in, token_in
from web.security import HEADERS, IDLE, LASTS, SESSION_COOKIE, hash_password, password_holds, token_hash


def test_a_password_is_kept_as_argon2id_and_nothing_else() -> None:
    kept = hash_password(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert password_holds(kept, PASSWORD)
    assert not password_holds(kept, PASSWORD + " ")


@pytest.mark.parametrize("kept", [None, "!", "", "$argon2id$nonsense"])
def test_no_password_opens_what_has_none(kept: str | None) -> None:
    assert not password_holds(kept, "")
    assert not password_holds(kept, PASSWORD)


def test_the_right_password_leads_to_the_queue_and_the_wrong_one_says_nothing_more(site: Site) -> None:
    visitor = site.visitor()
    wrong, nobody = sign_in(visitor, "rhys", "guess"), sign_in(visitor, "nobody", "guess")
    assert wrong.status_code == nobody.status_code == 422
    assert "The user name or the password is not right." in wrong.text
    assert wrong.text.replace("rhys", "nobody") == nobody.text
    assert "guess" not in wrong.text
    assert sign_in(visitor, "rhys").headers["location"] == "/en/queue"


def test_signing_in_changes_the_cookie_and_ends_the_session_before(site: Site) -> None:
    visitor = site.visitor("rhys")
    first = visitor.cookies[SESSION_COOKIE]
    visitor.cookies.delete("gwylio-form")
    page = site.visitor().get("/en/sign-in")
    visitor.cookies.set("gwylio-form", page.cookies["gwylio-form"])
    again = visitor.post("/en/sign-in", data={"csrf": token_in(page.text), "username": "rhys", "password": PASSWORD})
    assert again.status_code == 303
    assert again.cookies[SESSION_COOKIE] != first
    old = site.visitor(cookies={SESSION_COOKIE: first})
    assert old.get("/en/queue").headers["location"].startswith("/en/sign-in")


def test_only_the_hash_of_a_cookie_is_kept(site: Site) -> None:
    cookie = site.visitor("rhys").cookies[SESSION_COOKIE]
    with site.store.read() as session:
        rows = session.query(WebSessionRow).all()
    assert [row.token_hash for row in rows] == [token_hash(cookie)]
    assert cookie.encode() not in rows[0].token_hash


@pytest.mark.parametrize(
    ("away", "still_in"),
    [(IDLE - timedelta(minutes=1), True), (IDLE + timedelta(minutes=1), False), (LASTS, False)],
)
def test_a_session_left_alone_ends(site: Site, away: timedelta, still_in: bool) -> None:
    visitor = site.visitor("rhys")
    site.now += away
    assert (visitor.get("/en/queue").status_code == 200) is still_in


def test_a_session_in_use_goes_on_and_ends_all_the_same_after_half_a_day(site: Site) -> None:
    visitor, started = site.visitor("rhys"), site.now
    while site.now < started + LASTS - timedelta(minutes=30):
        assert visitor.get("/en/queue").status_code == 200
        site.now += timedelta(minutes=30)
    site.now = started + LASTS + timedelta(minutes=1)
    assert visitor.get("/en/queue").status_code == 303


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    visitor = site.visitor("rhys")
    cookie = visitor.cookies[SESSION_COOKIE]
    out = visitor.post("/cy/sign-out", data={"csrf": token_in(visitor.get("/en/queue").text)})
    assert out.headers["location"] == "/cy/sign-in"
    assert site.visitor(cookies={SESSION_COOKIE: cookie}).get("/en/queue").status_code == 303


def test_a_colleague_who_left_is_out_at_once(site: Site) -> None:
    visitor = site.visitor("rhys")
    site.store.write(lambda session: setattr(sessions.owner(session, "rhys"), "active", False))
    assert visitor.get("/en/queue").status_code == 303
    assert sign_in(site.visitor(), "rhys").status_code == 422


def test_a_name_is_tried_five_times_and_then_waits(site: Site) -> None:
    visitor = site.visitor()
    tries = [sign_in(visitor, "rhys", "guess").status_code for _ in range(7)]
    assert tries == [422] * 5 + [429] * 2
    assert sign_in(visitor, "rhys").status_code == 429
    assert sign_in(visitor, "elin").status_code == 303


@pytest.mark.parametrize(
    ("to", "goes"),
    [
        ("/cy/cases/5?done=note", "/cy/cases/5?done=note"),
        ("https://elsewhere.example/en/queue", "/en/queue"),
        ("//elsewhere.example", "/en/queue"),
        ("/en//elsewhere.example", "/en/queue"),
        ("/en/\\elsewhere", "/en/queue"),
        ("/de/queue", "/en/queue"),
        ("", "/en/queue"),
    ],
)
def test_after_signing_in_nobody_is_sent_to_another_site(site: Site, to: str, goes: str) -> None:
    visitor = site.visitor()
    page = visitor.get("/en/sign-in", params={"to": to})
    done = visitor.post(
        "/en/sign-in",
        data={"csrf": token_in(page.text), "username": "rhys", "password": PASSWORD, "to": to},
    )
    assert done.headers["location"] == goes


@pytest.mark.parametrize("token", ["", "guess"])
def test_a_form_without_its_token_does_nothing(site: Site, token: str) -> None:
    case = site.said("Pryd mae'r biniau yn cael eu casglu?")
    visitor = site.visitor("rhys")
    done = visitor.post(f"/en/cases/{case}/notes", data={"csrf": token, "reason": "never kept"})
    assert done.status_code == 403
    assert "never kept" not in visitor.get(f"/en/cases/{case}").text
    assert visitor.post("/en/sign-out", data={"csrf": token}).status_code == 403
    stranger = site.visitor()
    stranger.get("/en/sign-in")
    refused = stranger.post("/en/sign-in", data={"csrf": token, "username": "rhys", "password": PASSWORD})
    assert refused.status_code == 403


@pytest.mark.parametrize("path", ["/", "/en/sign-in", "/en/queue", "/en/nowhere", "/healthz", "/static/gwylio.css"])
def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(still_site: Site, path: str) -> None:
    answer = still_site.visitor().get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


def test_pages_are_not_kept_by_the_browser_and_styles_are(still_site: Site) -> None:
    visitor = still_site.visitor()
    assert visitor.get("/en/sign-in").headers["cache-control"] == "no-store"
    assert "immutable" in visitor.get("/static/gwylio.css").headers["cache-control"]
    assert visitor.get("/static/nothing.css").headers["cache-control"] == "no-store"


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    visitor = site.visitor()
    page = visitor.get("/en/sign-in")
    data = {"csrf": token_in(page.text), "username": "rhys", "password": PASSWORD}
    for cookie in visitor.post("/en/sign-in", data=data).headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie or "SameSite=strict" in cookie


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
def test_another_host_name_is_refused(still_site: Site, host: str) -> None:
    assert still_site.visitor().get("/en/sign-in", headers={"host": host}).status_code == 400


def test_signing_in_and_out_stand_in_the_trail(site: Site) -> None:
    visitor = site.visitor()
    sign_in(visitor, "rhys", "guess")
    sign_in(visitor, "rhys")
    visitor.post("/en/sign-out", data={"csrf": token_in(visitor.get("/en/queue").text)})
    with site.store.read() as session:
        actions = [row.action for row in session.query(audit.AuditRow).order_by(audit.AuditRow.number)]
    assert actions[-3:] == ["user.sign_in_refused", "user.sign_in", "user.sign_out"]


@pytest.mark.parametrize(
    ("path", "site_that_asks", "compressed"),
    [
        ("/en/queue?a=word", "same-origin", True),
        ("/en/queue?a=word", "none", True),
        ("/en/queue?a=word", "same-site", False),
        ("/en/queue?a=word", "cross-site", False),
        ("/en/queue?a=word", "", False),
        ("/static/gwylio.css", "cross-site", True),
        ("/api/v1/openapi.json", "", True),
    ],
)
def test_no_other_site_learns_from_the_length_of_a_page(
    still_site: Site, path: str, site_that_asks: str, compressed: bool
) -> None:
    headers = {"sec-fetch-site": site_that_asks} if site_that_asks else {}
    answer = still_site.visitor("rhys").get(path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert answer.headers["x-content-type-options"] == "nosniff"
