"""The pictures of the README, taken from a demo that is running.

gwylio demo --port 8090
python -m tests.web.pictures http://127.0.0.1:8090 docs/images
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.web.test_browser import ARGUMENTS, CHROMIUM

WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 320, "height": 700}
OFFICER, COMMUNICATIONS = "Sioned Parry", "Ffion Castell"


def comes_in(page: Page, language: str, who: str) -> None:
    page.goto(f"/{language}/sign-in")
    page.get_by_role("button", name=who).click()


def main(address: str, folder: Path) -> None:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))

        def taken(name: str, language: str, who: str, path: str, size: dict[str, int]) -> None:
            page = browser.new_context(base_url=address, viewport=size).new_page()  # type: ignore[arg-type]
            comes_in(page, language, who)
            page.goto(f"/{language}/{path}")
            if path == "queue?reply_in=cy":
                page.locator("[data-row] a").first.click()
            page.screenshot(path=folder / f"{name}.png")

        taken("queue", "en", OFFICER, "queue", WIDE)
        taken("ciw", "cy", OFFICER, "queue", WIDE)
        taken("achos", "cy", OFFICER, "queue?reply_in=cy", WIDE)
        taken("report", "en", COMMUNICATIONS, "reports/weekly", WIDE)
        taken("narrow", "cy", OFFICER, "queue", NARROW)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
