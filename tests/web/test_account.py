"""One's own account: browsers, password, how one likes the pages; and the warning before a session ends."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from httpx2 import Response

from tests.web.world import PASSWORD, Site, Visitor, sign_in, token_in
from web.browsers import name_of
from web.security import IDLE, LASTS, SESSION_COOKIE

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW = "tebot glas yn hedfan"


def send(visitor: Visitor, form: str, **data: Any) -> Response:
    token = token_in(visitor.get("/en/account").text)
    answer: Response = visitor.post(f"/en/account/{form}", data={"csrf": token, **data})
    return answer


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/en/account").status_code == 200


def test_one_sees_every_browser_in_words_and_signs_out_one_or_all(site: Site) -> None:
    here, there = site.visitor("rhys", headers={"user-agent": FIREFOX}), site.visitor("rhys")
    theirs = site.visitor("elin")
    page = here.get("/en/account").text
    assert ("Firefox, Windows" in page, "A browser that does not say" in page, "140" in page) == (True, True, False)
    others = re.findall(r'name="browser" value="([0-9a-f]{64})"', page)
    elins = re.findall(r'"browser" value="([0-9a-f]{64})"', site.visitor("elin").get("/en/account").text)
    assert len(others) == len(elins) == 1
    send(here, "sessions/end", browser=elins[0])
    assert is_in(theirs), "somebody else's browser is not one's to sign out"
    send(here, "sessions/end", browser=others[0])
    assert (is_in(here), is_in(there)) == (True, False)
    again = site.visitor("rhys")
    send(again, "sessions/end-all")
    assert (is_in(here), is_in(again), is_in(theirs)) == (False, False, True)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_the_name_that_people_know(agent: str, name: str) -> None:
    assert name_of(agent) == name


def test_a_password_is_changed_by_whoever_knows_the_old_one(site: Site) -> None:
    visitor, other = site.visitor("rhys"), site.visitor("rhys")
    cookie = visitor.cookies[SESSION_COOKIE]
    for old, new in (("guess", NEW), ("", NEW), (PASSWORD, "short"), (PASSWORD, "Rhys-Morgan-2026")):
        refused = send(visitor, "password", old=old, new=new)
        assert (refused.status_code, 'href="/cy/account"' in refused.text) == (422, True), (old, new)
    assert sign_in(site.visitor(), "rhys", NEW).status_code == 422
    assert is_in(other)
    send(visitor, "password", old=PASSWORD, new=NEW)
    assert (is_in(visitor), is_in(other), visitor.cookies[SESSION_COOKIE] == cookie) == (True, False, False)
    assert not is_in(site.visitor(cookies={SESSION_COOKIE: cookie}))
    assert sign_in(site.visitor(), "rhys", PASSWORD).status_code == 422
    assert sign_in(site.visitor(), "rhys", NEW).status_code == 303


def test_the_old_password_is_guessed_no_more_often_than_at_the_door(site: Site) -> None:
    visitor = site.visitor("rhys")
    said = [unescape(send(visitor, "password", old=f"guess {n}", new=NEW).text) for n in range(6)]
    assert ["That is not your password." in each for each in said] == [True] * 5 + [False]
    assert "Too many attempts." in said[5]


def test_asking_how_long_is_left_does_not_keep_anybody_signed_in(site: Site) -> None:
    visitor, started = site.visitor("rhys"), site.now
    site.now += timedelta(minutes=50)
    left = (LASTS - timedelta(minutes=50)).total_seconds()
    assert visitor.get("/en/session").json() == {"ends_in": left, "idle_in": 600}
    site.now = started + timedelta(minutes=59)
    assert visitor.get("/cy/session").json()["idle_in"] == 60
    site.now = started + IDLE
    assert visitor.get("/en/session").status_code == 303


def test_whoever_says_that_they_are_there_stays_and_no_longer_than_half_a_day(site: Site) -> None:
    visitor = site.visitor("rhys")
    token, started = token_in(visitor.get("/en/queue").text), site.now
    site.now += timedelta(minutes=59)
    assert visitor.post("/cy/session", data={"csrf": token}).json()["idle_in"] == IDLE.total_seconds()
    site.now += timedelta(minutes=59)
    assert visitor.get("/en/session").json()["idle_in"] == 60
    while site.now < started + LASTS - timedelta(minutes=30):
        assert visitor.post("/en/session", data={"csrf": token}).status_code == 200
        site.now += timedelta(minutes=30)
    assert visitor.post("/en/session", data={"csrf": token}).json()["idle_in"] < IDLE.total_seconds()


def test_the_language_of_choice_is_where_one_lands_and_the_path_stays_the_truth(site: Site) -> None:
    visitor = site.visitor("rhys")
    send(visitor, "preferences", written_in="cy", shortcuts="true", live="true")
    assert '<html lang="en"' in visitor.get("/en/queue").text
    assert sign_in(site.visitor(), "rhys").headers["location"] == "/cy/queue"
    assert visitor.get("/").headers["location"] == "/cy/queue"
    assert re.search(r'value="cy"[^>]*selected', visitor.get("/en/notices").text), "messages come in it too"
    assert sign_in(site.visitor(), "elin", language="cy").headers["location"] == "/cy/queue", "nothing was chosen"


def test_keys_and_live_pages_are_as_their_reader_chose(site: Site) -> None:
    visitor = site.visitor("rhys")
    body = 'data-shortcuts="{0}" data-live="{0}"'.format
    assert body("on") in visitor.get("/en/queue").text
    page = visitor.get("/en/account").text
    acts = re.findall(r'name="act" value="(\w+)"', page)
    keys = [unescape(each) for each in re.findall(r'name="key"[^>]*value="([^"]*)"', page)]
    assert len(acts) == len(keys) > 10
    given = dict(zip(acts, keys, strict=True)) | {"reply": "y"}
    assert send(visitor, "preferences", written_in="page", act=acts, key=list(given.values())).status_code == 303
    page = visitor.get("/en/queue").text
    assert body("off") in page
    assert '"reply": "y"' in unescape(page)
    given["note"] = "y"
    twice = send(visitor, "preferences", written_in="page", act=acts, key=list(given.values()))
    assert (twice.status_code, "Look at: y" in twice.text) == (422, True)


def test_flagged_words_are_shown_on_request_to_whoever_wishes_so_and_others_at_once(site: Site) -> None:
    abuse = site.said("When is the bin lorry coming, you idiots?")
    site.said("Pryd mae'r biniau yn cael eu casglu?")
    visitor = site.visitor("rhys")

    def case() -> str:
        return visitor.get(f"/en/cases/{abuse}").text

    def queue() -> str:
        return visitor.get("/en/queue").text

    assert "on-request" not in case() + queue()
    send(visitor, "preferences", written_in="page", blurred="true")
    for page in (case(), queue()):
        veiled = re.findall(r'<details class="on-request">.*?</details>', page, re.DOTALL)
        assert len(veiled) == 1
        assert "idiots" in veiled[0]
        assert "Show the words" in veiled[0]
        assert "you idiots" not in page.replace(veiled[0], "")
        assert '<details class="govuk-details" open>' not in page, "why it was flagged quotes the words"
    assert "Flagged: abuse" in queue()
    assert "biniau" in queue()
