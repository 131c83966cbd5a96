"""One morning of an officer in a real browser, without JavaScript: in Welsh, refused in English, and back."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

import pipeline
from tests.web.world import A_PNG, PASSWORD, Site

playwright = pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402 - after the check that it is there

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # a machine that runs other tests beside this one is slow, not wrong

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 800}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and under CI the pages must be seen in one")
        pytest.skip("no Chromium on this machine: `apt-get install chromium` and run again")
    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """The site, served over real HTTP on loopback."""
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


def a_page(browser: Browser, address: str, size: dict[str, int] = WIDE) -> Page:
    context = browser.new_context(base_url=address, viewport=size, java_script_enabled=False)  # type: ignore[arg-type]
    return context.new_page()


def sign_in(page: Page, username: str, language: str) -> None:
    page.goto(f"/{language}/sign-in")
    page.get_by_label("Enw defnyddiwr" if language == "cy" else "User name").fill(username)
    page.get_by_label("Cyfrinair" if language == "cy" else "Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(f"**/{language}/queue")


def test_an_officer_answers_in_welsh_is_refused_in_english_escalates_and_closes(
    site: Site, browser: Browser, address: str
) -> None:
    site.said("Pryd mae'r biniau yn cael eu casglu?", posted_at=site.now - timedelta(days=2))
    site.said("When is the bin lorry coming, you idiots?")
    page = a_page(browser, address)

    sign_in(page, "rhys", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("My queue")
    page.get_by_role("link", name="Pryd mae'r biniau").click()
    case = page.url

    page.get_by_label("Reply in English").fill("Thank you. The crew is coming on Monday.")
    page.get_by_role("button", name="Send the reply").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("The reply has not been sent")
    expect(summary).to_contain_text("A reply in Welsh is owed, and there is none")
    expect(page.get_by_label("Reply in English")).to_have_value("Thank you. The crew is coming on Monday.")

    page.get_by_role("button", name="Cymraeg").click()
    assert page.locator("html").get_attribute("lang") == "cy"
    expect(page.get_by_label("Ymateb yn Saesneg")).to_have_value("Thank you. The crew is coming on Monday.")
    page.get_by_label("Ymateb yn Saesneg").fill("")
    page.get_by_label("Ymateb yn Gymraeg").fill("Diolch am eich neges. Mae'r criw yn dod ddydd Llun.")
    page.get_by_role("button", name="Anfon yr ymateb").click()
    expect(page.get_by_role("status")).to_contain_text("Mae'r ymateb yn y blwch anfon")
    pipeline.dispatch(site.here, now=site.now)
    page.goto(case.replace("/en/", "/cy/"))
    expect(page.get_by_role("main")).to_contain_text("Atebwyd 20 Tachwedd 2026, 10:00")
    assert site.platforms["cyngor-fb"].sent == ["Diolch am eich neges. Mae'r criw yn dod ddydd Llun."]

    page.get_by_role("link", name="Yn ôl i'r ciw").click()
    page.get_by_role("link", name="When is the bin lorry").click()
    escalate = page.locator("#act-escalate")
    escalate.locator("summary").click()
    escalate.get_by_label("Pam?").fill("Sarhaus tuag at staff")
    escalate.get_by_role("button", name="Uwchgyfeirio").click()
    expect(page.get_by_role("status")).to_contain_text("Mae'r achos gyda'r tîm cyfathrebu nawr.")

    page.get_by_role("button", name="English").click()
    close = page.locator("#act-close")
    close.locator("summary").click()
    close.get_by_label("Outcome").select_option("no_response_needed")
    close.get_by_label("Why is it closed?").fill("Abuse, and nothing asked that we have not answered")
    close.get_by_role("button", name="Close").click()
    expect(page.get_by_role("status")).to_contain_text("The case is closed.")
    page.get_by_role("link", name="Back to the queue").click()
    expect(page.get_by_role("main")).to_contain_text("Cases: 0.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_an_officer_writes_down_a_telephone_call_with_a_screenshot_and_records_the_answer(
    site: Site, browser: Browser, address: str, tmp_path: Path
) -> None:
    screenshot = tmp_path / "Sgrinlun tŷ bach.png"
    screenshot.write_bytes(A_PNG)
    page = a_page(browser, address)
    sign_in(page, "rhys", "en")
    page.get_by_role("link", name="Enter by hand").click()

    page.get_by_label("Account", exact=True).select_option(label="cyngor-fb (Facebook, Waste and recycling)")
    page.get_by_label("What was written or said").fill("Pryd mae'r biniau yn cael eu casglu?")
    page.get_by_label("Their name").fill("Mair Enghraifft")
    page.get_by_label("Evidence").set_input_files(screenshot)
    page.get_by_role("button", name="Enter the comment").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the day, the month, the year and the time.")
    expect(page.get_by_label("Their name")).to_have_value("Mair Enghraifft")
    expect(page.get_by_role("main")).to_contain_text("Choose the files again")

    page.get_by_role("button", name="Cymraeg").click()
    assert page.locator("html").get_attribute("lang") == "cy"
    expect(page.get_by_label("Yr hyn a ysgrifennwyd")).to_have_value("Pryd mae'r biniau yn cael eu casglu?")
    for label, value in (("Diwrnod", "20"), ("Mis", "11"), ("Blwyddyn", "2026"), ("Amser", "9:30")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Tystiolaeth").set_input_files(screenshot)
    page.get_by_role("button", name="Cofnodi'r sylw").click()
    expect(page.get_by_role("status")).to_contain_text("Mae'r sylw wedi'i gadw, a dyma ei achos.")

    with page.expect_download() as handed_out:
        page.get_by_role("link", name="Sgrinlun tŷ bach.png").click()
    assert handed_out.value.suggested_filename == "Sgrinlun tŷ bach.png"
    assert handed_out.value.path().read_bytes() == A_PNG

    for label, value in (("Diwrnod", "20"), ("Mis", "11"), ("Blwyddyn", "2026"), ("Amser", "9.45")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Yr hyn a ddywedwyd gennym yn Gymraeg").fill("Diolch am ffonio. Mae'r criw yn dod ddydd Llun.")
    page.get_by_role("button", name="Cofnodi'r ymateb").click()
    expect(page.get_by_role("main")).to_contain_text("Atebwyd 20 Tachwedd 2026, 09:45")


def test_the_keyboard_reaches_the_content_first(site: Site, browser: Browser, address: str) -> None:
    page = a_page(browser, address)
    sign_in(page, "rhys", "cy")
    page.goto("/cy/queue")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Neidio i'r prif gynnwys")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("id", "main-content")
