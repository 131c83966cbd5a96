"""The pages that say what is configured: the policy pack and the service areas."""

from __future__ import annotations

from html import unescape

import pytest

from moderation import policy_words
from tests.web.world import Site
from words import Screen


@pytest.mark.parametrize("language", ["cy", "en"])
def test_the_policy_page_says_every_sentence_of_the_pack(still_site: Site, language: Screen) -> None:
    page = unescape(still_site.visitor("aled").get(f"/{language}/administration/policy").text)
    for sentence in policy_words.explain(still_site.here.policy, language, still_site.here.areas):
        assert sentence.partition(". ")[2] in page or sentence in page, sentence


def test_an_area_in_which_nobody_answers_is_shown_as_a_fault(still_site: Site) -> None:
    page = still_site.visitor("nia").get("/en/administration/areas").text
    fault = page.partition('id="without"')[2].partition("</div>")[0]
    assert "Housing" in fault
    assert "Waste" not in fault
    assert "Rhys Morgan" in page


def test_an_officer_has_no_business_there(still_site: Site) -> None:
    for page in ("policy", "areas", "closures"):
        assert still_site.visitor("rhys").get(f"/en/administration/{page}").status_code == 403
