"""One piece of work of each person who lives here, in a real browser: in both languages, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import pipeline
from tests.web.test_browser import WIDE, address, browser
from tests.web.world import PASSWORD, Site
from words import Screen, Words

playwright = pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect  # noqa: E402 - after the check that it is there

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize(("language", "scripts"), [("cy", True), ("en", False), ("cy", False), ("en", True)]),
]
__all__ = ("address", "browser")

Opens = Callable[[str], "Desk"]


class Desk:
    """Somebody at their own browser, who reads one language."""

    def __init__(self, page: Page, language: Screen) -> None:
        self.page, self.language, self.say = page, language, Words(language).gettext

    def sign_in(self, username: str) -> None:
        self.page.goto(f"/{self.language}/sign-in")
        self.page.get_by_label(self.say("User name")).fill(username)
        self.page.get_by_label(self.say("Password")).fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button").click()
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text(self.say("Sign in"))

    def opens(self, path: str) -> None:
        self.page.goto(f"/{self.language}/{path}")

    def follows(self, name: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=self.say(name), exact=True).click()

    def presses(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=self.say(name)).first.click()

    def unfolds(self, name: str) -> None:
        self.page.locator("summary").filter(has_text=self.say(name)).first.click()

    def fills(self, name: str, text: str) -> None:
        self.page.get_by_role("main").get_by_label(self.say(name)).locator("visible=true").first.fill(text)

    def reads(self, *said: str) -> None:
        for each in said:
            expect(self.page.get_by_role("main")).to_contain_text(self.say(each))


@pytest.fixture
def at(browser: Browser, address: str, language: Screen, scripts: bool) -> Any:
    """Opens a browser for somebody and signs them in; what a script throws fails the test."""
    contexts, thrown = [], list[str]()

    def opened(username: str) -> Desk:
        context = browser.new_context(base_url=address, viewport=WIDE, java_script_enabled=scripts)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: thrown.append(str(error)))
        desk = Desk(page, language)
        desk.sign_in(username)
        return desk

    yield opened
    for each in contexts:
        each.close()
    assert not thrown


def test_a_translator_gives_a_welsh_writer_their_answer_in_time(site: Site, at: Opens) -> None:
    case = site.said("Pryd mae'r biniau yn cael eu casglu?")
    rhys = at("rhys")
    rhys.opens(f"cases/{case}")
    rhys.fills("Reply in English", "The bins are collected on Monday.")
    rhys.unfolds("Ask the translators for the other language")
    rhys.fills("A word to the translators (if you like)", "Monday the 23rd")
    rhys.presses("Ask for a translation")
    rhys.reads("A translation has been asked for.")

    mair = at("mair")
    mair.reads("The bins are collected on Monday.", "Monday the 23rd")
    mair.presses("Take it up")
    mair.fills("The translation", "Bydd y biniau yn cael eu casglu ddydd Llun.")
    mair.presses("Hand it in")
    mair.reads("Nothing waits to be translated.")

    rhys.opens(f"cases/{case}")
    expect(rhys.page.locator("#text_cy")).to_have_value("Bydd y biniau yn cael eu casglu ddydd Llun.")
    rhys.presses("Send the reply")
    rhys.reads("The reply is in the outbox and leaves within a few minutes.")
    pipeline.dispatch(site.here, now=site.now)
    [sent] = site.platforms["cyngor-fb"].sent
    assert sent.startswith("Bydd y biniau yn cael eu casglu ddydd Llun.")


def test_communications_agree_that_abuse_is_hidden_and_the_evidence_stays(site: Site, at: Opens) -> None:
    case = site.said("When is the bin lorry coming, you idiots?")
    rhys = at("rhys")
    rhys.opens(f"cases/{case}")
    rhys.unfolds("Ask for this comment to be taken down")
    form = rhys.page.locator("form[action$='/removal']")
    form.locator("input[value=abuse]").check()
    form.get_by_role("textbox").first.fill("It calls the crew idiots.")
    form.get_by_role("button").click()

    catrin = at("catrin")
    catrin.opens("removals")
    catrin.page.get_by_role("main").get_by_role("link").first.click()
    catrin.reads("It calls the crew idiots.")
    catrin.page.get_by_role("main").get_by_role("textbox").first.fill("I read it too.")
    catrin.presses("Agree that it is taken down")
    assert site.platforms["cyngor-fb"].hidden == {"c1": True}
    catrin.opens(f"cases/{case}")
    catrin.reads("When is the bin lorry coming, you idiots?")


def test_senior_management_see_what_is_flagged_and_where_answers_are_late(site: Site, at: Opens) -> None:
    flagged = site.said("When is the bin lorry coming, you idiots?")
    site.said("Pryd mae'r biniau yn cael eu casglu?", posted_at=site.now - timedelta(days=20))
    site.visitor("catrin").fill(f"/en/cases/{flagged}", "senior-flag", reason="The leader is named in it.")
    delyth = at("delyth")
    delyth.opens("senior")
    delyth.reads("The leader is named in it.", "The oldest was due")
    delyth.presses("Seen: take the flag down")
    delyth.reads("Nothing is flagged.")
    delyth.opens("reports/weekly")
    expect(delyth.page.get_by_role("table").first).to_be_visible()


def test_the_monitoring_officer_sees_who_looked_at_what_somebody_said(site: Site, at: Opens) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu?")
    rhys = site.visitor("rhys")
    rhys.get("/en/authors/1", follow_redirects=True)
    aled = at("aled")
    aled.opens("monitoring")
    aled.reads("Rhys Morgan")
    with aled.page.expect_download() as handed_out:
        aled.page.get_by_role("link", name=aled.say("Download as CSV")).click()
    assert "rhys" in handed_out.value.path().read_text(encoding="utf-8").lower()


def test_an_administrator_sees_each_account_and_what_its_token_needs(site: Site, at: Opens) -> None:
    nia = at("nia")
    nia.opens("accounts")
    nia.reads("cyngor-fb", "priffyrdd-fb")
    nia.opens("accounts/cyngor-fb/token")
    expect(nia.page.get_by_role("heading", level=1)).to_be_visible()
