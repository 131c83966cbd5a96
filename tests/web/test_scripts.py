"""What the scripts add for whoever has them: keys, the palette, live news, and words that are not lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.web.test_browser import WIDE, address, browser, sign_in
from tests.web.world import PASSWORD, Site, open_site
from web.live import Pace

playwright = pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect  # noqa: E402 - after the check that it is there

pytestmark = pytest.mark.browser
__all__ = ("address", "browser")


@pytest.fixture
def site(council: Any, tmp_path: Any) -> Any:
    opened = replace(open_site(council, tmp_path), pace=Pace(every_s=0.05, lasts_s=60))
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Any:
    """A page with scripts; what they throw fails the test."""
    context = browser.new_context(base_url=address, viewport=WIDE)  # type: ignore[arg-type]
    opened = context.new_page()
    thrown: list[str] = []
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    yield opened
    context.close()
    assert not thrown


def test_an_officer_works_through_the_queue_with_the_keyboard_alone(site: Site, page: Page) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu?", posted_at=site.now - timedelta(days=2))
    site.said("When is the bin lorry coming?")
    sign_in(page, "rhys", "cy")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="When is the bin lorry")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-row] input:checked")).to_have_count(1)
    page.keyboard.press("k")
    page.keyboard.press("o")
    page.wait_for_url("**/cy/cases/1")
    page.keyboard.press("a")
    expect(page.locator("#kind-2")).to_be_checked()
    expect(page.get_by_label("Ymateb yn Gymraeg")).to_be_focused()
    page.keyboard.type("jkc?")
    expect(page.get_by_label("Ymateb yn Gymraeg")).to_have_value("jkc?")
    page.get_by_label("Ymateb yn Gymraeg").blur()
    page.keyboard.press("c")
    expect(page.locator("#outcome")).to_be_focused()
    page.locator("#outcome").blur()
    page.keyboard.press("n")
    expect(page.locator("#reason-note")).to_be_focused()
    page.locator("#reason-note").blur()
    page.keyboard.press("]")
    page.wait_for_url("**/cy/cases/2")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Llwybrau byr y bysellfwrdd")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_url("**/cy/queue")


def test_the_palette_finds_an_act_by_its_name_without_its_accents(site: Site, page: Page) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu?")
    sign_in(page, "rhys", "cy")
    page.goto("/cy/cases/1")
    page.keyboard.press("Control+k")
    page.keyboard.type("uwchgyf")
    expect(page.locator("#palette li").first).to_have_text("Uwchgyfeirio")
    page.keyboard.press("Enter")
    expect(page.locator("#reason-escalate")).to_be_focused()
    page.locator("#reason-escalate").blur()
    page.keyboard.press("Control+k")
    page.keyboard.type("cofnodi a llaw")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cy/enter")


def test_a_new_case_is_announced_and_shown_only_when_asked_for(site: Site, page: Page) -> None:
    site.said("When is the bin lorry coming?")
    sign_in(page, "rhys", "en")
    page.keyboard.press("j")
    page.keyboard.press("x")
    site.said("Pryd mae'r biniau yn cael eu casglu?", posted_at=site.now - timedelta(days=2))
    expect(page.locator("#news")).to_contain_text("1 new case.")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.keyboard.press(".")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.get_by_role("link", name="When is the bin lorry")).to_be_focused()
    expect(page.locator("[data-row] input:checked")).to_have_count(1)
    expect(page.locator("#queue-count")).to_contain_text("Cases: 2.")
    expect(page.locator("#news [data-words]")).to_be_empty()
    page.get_by_role("button", name="Pause live updates").click()
    site.said("Is the tip open?")
    page.reload()
    expect(page.get_by_role("button", name="Go on with live updates")).to_be_visible()


def test_a_case_that_moves_under_its_reader_says_so_and_keeps_what_they_typed(site: Site, page: Page) -> None:
    site.said("When is the bin lorry coming?")
    sign_in(page, "rhys", "en")
    page.goto("/en/cases/1")
    page.get_by_label("Reply in English").fill("Thank you. The crew is coming on Monday.")
    colleague = site.visitor("catrin")
    assert colleague.fill("/en/cases/1", "acts/escalate", reason="Mine").status_code == 303
    expect(page.locator("#news")).to_contain_text("This case has moved on since you opened it.")
    page.get_by_role("button", name="Look at the case again").click()
    expect(page.get_by_text("You typed this before and did not send it.")).to_be_visible()
    expect(page.get_by_label("Reply in English")).to_have_value("Thank you. The crew is coming on Monday.")
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_label("Reply in English")).to_have_value("")


def test_without_a_connection_nothing_is_sent_and_nothing_is_lost(site: Site, page: Page) -> None:
    site.said("When is the bin lorry coming?")
    sign_in(page, "rhys", "en")
    page.goto("/en/cases/1")
    page.get_by_label("Reply in English").fill("Thank you. The crew is coming on Monday.")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator("#offline")).to_be_visible()
    expect(page.get_by_label("Reply in English")).to_have_value("Thank you. The crew is coming on Monday.")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator("[data-done]")).to_contain_text("The reply is in the outbox")
    expect(page.get_by_label("Reply in English")).to_have_value("")
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('gwylio-draft:')).length") == 0


def test_a_session_that_is_about_to_end_says_so_and_one_that_ended_keeps_what_was_typed(site: Site, page: Page) -> None:
    site.said("When is the bin lorry coming?")
    sign_in(page, "rhys", "en")
    page.goto("/en/cases/1")
    page.get_by_label("Reply in English").fill("Thank you. The crew is coming on Monday.")
    site.now += timedelta(minutes=57)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    dialog = page.locator("#session")
    expect(dialog).to_contain_text("3 minutes are left.")
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    site.now += timedelta(minutes=57)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(dialog).to_be_visible()
    site.now += timedelta(minutes=4)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(dialog).to_contain_text("You have been signed out")
    dialog.get_by_role("link", name="Sign in again").click()
    page.get_by_label("User name").fill("rhys")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/en/cases/1")
    expect(page.get_by_label("Reply in English")).to_have_value("Thank you. The crew is coming on Monday.")
