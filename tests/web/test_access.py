"""Every page, listed from the application itself, in both languages: axe finds nothing, nothing scrolls sideways at 320
pixels, nothing is asked of another site, and a page says in which language it is and what it is called."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyotp
import pytest
import uvicorn

from moderation import staff
from moderation.record import Actor
from settings import SignIn
from tests.web.test_browser import NARROW, WIDE, browser
from tests.web.test_gate import OWN, asked, routes
from tests.web.world import A_PNG, PASSWORD, STAFF, Site, open_site, token_in, version_in
from vocabulary import Role
from web.gate import PUBLIC
from web.security import SESSION_COOKIE, token_hash

playwright = pytest.importorskip("playwright.sync_api")
from axe_playwright_python.sync_playwright import Axe  # noqa: E402 - after the check that it is there
from playwright.sync_api import Browser, Page, Request, expect  # noqa: E402

pytestmark = pytest.mark.browser
__all__ = ("browser",)

NO_PAGES = frozenset(
    {
        *("healthz", "webhook_asked", "entry"),
        *("queue_events", "case_events", "next_case"),
        *("bundle", "evidence", "monitoring_csv", "users_csv", "weekly_csv"),
        *("redrawn", "removal_again", "review_again"),
        *("session", "provider_out", "provider_back"),
        *("code_page", "enrol_page"),
    }
)
"""What is asked for with GET and is no page: streams, files, redirections; and steps with a test of their own."""
IN_PARTICULAR = {"purpose_page": {"case_id": "5"}, "invitation_page": {"token": "gwahoddiad"}}
"""Parameters of a route that are not those of the first case."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


class Opened(NamedTuple):
    """A page, by its route, and somebody who may open it."""

    name: str
    path: str
    username: str


@pytest.fixture(scope="module")
def site(council: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site in which something stands on every page."""
    opened = open_site(council, tmp_path_factory.mktemp("busy"))
    opened.said("Pryd mae'r biniau yn cael eu casglu?")
    opened.said("When is the bin lorry coming, you idiots? https://example.org/" + "a" * 200)
    opened.said("My number is 07700 900123, please call me. " + "شكرا جزيلا لكم " * 20)
    opened.said("The pothole is not mended", account="priffyrdd-fb")
    restricted = opened.said("They are not safe at home, when is the visit?")
    opened.shown(1, "s" * 90 + ".png", A_PNG)
    opened.reviewed(1)
    rhys, catrin = opened.visitor("rhys"), opened.visitor("catrin")
    rhys.fill("/en/cases/1", "translation", kind="holding", text_en="Thank you.", context="She has asked twice.")
    rhys.fill("/en/cases/2", "acts/escalate", reason="It is not ours alone to answer")
    rhys.fill("/en/cases/2", "notes", reason="@catrin, what do we say?")
    form = {
        "rule": "abuse",
        "kind": "hide",
        "reason": "It calls them idiots.",
        "confirmed": "true",
        "exception": "Read twice",
    }
    page = rhys.get("/en/cases/2").text
    rhys.post("/en/comments/2/removal", data={"csrf": token_in(page), "version": version_in(page), **form})
    catrin.fill("/en/cases/1", "senior-flag", reason="The leader is named.")
    catrin.fill(f"/en/cases/{restricted}", "restriction", restricted="true", reason="Somebody may come to harm")
    catrin.fill("/en/cases/3", "incidents", kind="self_harm", words="Somebody may come to harm")
    nia, link = Actor("nia", opened.users["nia"]), token_hash("gwahoddiad")
    opened.store.write(lambda session: staff.invite(session, opened.users["elin"], link, actor=nia, now=opened.now))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pages(site: Site) -> list[Opened]:
    """Each route that makes pages, with somebody who may open it."""
    visitors = {name: site.visitor(name) for name in STAFF} | {"": site.visitor()}
    found, unseen = [Opened("an error", "/en/nowhere", "rhys")], []
    for route in routes(site):
        if route.method != "GET" or route.name in NO_PAGES:
            continue
        path = asked(route, OWN | IN_PARTICULAR.get(route.name, {})).path
        may = [""] if route.name in PUBLIC else STAFF
        answers = ((name, visitors[name].get(path, follow_redirects=True)) for name in may)
        username = next((name for name, got in answers if got.status_code == 200 and got.url.path == path), None)
        if username is None:
            unseen.append(f"{route.name} {path}")
        else:
            found.append(Opened(route.name, path, username))
    assert unseen == [], "nobody here may open these: fill in their parameters, or say that they are no pages"
    return found


@contextmanager
def served(site: Site) -> Iterator[str]:
    """A site over real HTTP on loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(site.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    with served(site) as found:
        yield found


@pytest.mark.parametrize("language", ["cy", "en"])
def test_every_page_can_be_used_by_everybody(
    site: Site, browser: Browser, address: str, pages: list[Opened], language: str
) -> None:
    axe, wrong = Axe(), list[str]()
    titles: dict[str, set[str]] = {}
    for username in dict.fromkeys(each.username for each in pages):
        context = browser.new_context(base_url=address, viewport=WIDE, reduced_motion="reduce")  # type: ignore[arg-type]
        if username:
            token = site.visitor(username).cookies[SESSION_COOKIE]
            context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        page = context.new_page()
        elsewhere: list[str] = []
        page.on("request", partial(_note, elsewhere))
        for each in (each for each in pages if each.username == username):
            path = re.sub(r"^/en/", f"/{language}/", each.path)
            page.goto(path)
            titles.setdefault(page.title(), set()).add(each.name)
            wrong += [f"{each.name}: {fault}" for fault in faults_of(page, axe, language)]
        wrong += [f"asks another site: {url}" for url in elsewhere if not url.startswith(address)]
        context.close()
    assert wrong == []
    assert {title: names for title, names in titles.items() if len(names) > 1} == {}


def test_the_steps_of_signing_in_can_be_taken_by_everybody(council: Path, tmp_path: Path, browser: Browser) -> None:
    site, axe = open_site(council, tmp_path, sign_in=SignIn(second_factor=(Role.ADMINISTRATOR,))), Axe()
    wrong: list[str] = []
    with served(site) as address:
        page = browser.new_page(base_url=address, viewport=WIDE)  # type: ignore[arg-type]

        def here(language: str, title: str) -> None:
            expect(page).to_have_title(re.compile(title))
            wrong.extend(faults_of(page, axe, language))

        def sign_in(language: str) -> None:
            page.goto(f"/{language}/sign-in")
            page.fill("#username", "nia")
            page.fill("#password", PASSWORD)
            page.click("main button[type=submit]")

        sign_in("cy")
        here("cy", "Ail ffactor")
        secret = page.inner_text(".second-factor__secret").replace(" ", "")
        page.fill("#code", pyotp.TOTP(secret).at(site.now))
        page.click("main button[type=submit]")
        here("cy", "Eich codau adfer")
        page.context.clear_cookies()
        site.now += timedelta(minutes=1)
        sign_in("en")
        here("en", "Code from your telephone")
        page.fill("#code", pyotp.TOTP(secret).at(site.now))
        page.click("main button[type=submit]")
        here("en", "Queue")
        page.close()
    site.close()
    assert wrong == []


def _note(seen: list[str], request: Request) -> None:
    seen.append(request.url)


def faults_of(page: Page, axe: Any, language: str) -> Iterator[str]:
    """What is wrong with an open page, a line for each fault."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    results = axe.run(page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    for violation in results.response["violations"]:
        for node in violation["nodes"]:
            yield f"{violation['id']} ({violation['help']}): {node['html'][:160]} {node.get('any', [{}])[:1]}"
    if page.locator("html").get_attribute("lang") != language:
        yield "says another language"
    if page.locator("h1").count() != 1:
        yield f"{page.locator('h1').count()} headings of the first level"
    if page.locator(".thread__words:not([lang]), .queue__words bdi:not([lang])").count():
        yield "a comment without its language"
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > NARROW["width"]:
        yield f"is {width} pixels wide at {NARROW['width']}"
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
