"""Every key that a pack may write is documented, in the words of the records that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import policy_keys
from moderation.policy import PACKS, Policy, names
from toml_file import read

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "policy-keys.md"

NAMED = {"duty", "signpost", "retention", "report_pages"}
"""Tables in which the second part of a key is a name: of the pack's own, or a platform's."""


def test_the_page_in_docs_is_that_of_the_records() -> None:
    assert PAGE.read_text(encoding="utf-8") == policy_keys.page(), "renew it with the command it names"


def test_every_key_says_what_it_is() -> None:
    rows = [line for line in policy_keys.page().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.split("|")[2].strip() == ""] == []


@pytest.mark.parametrize("name", names())
def test_every_key_of_every_pack_is_on_the_page(name: str) -> None:
    page = policy_keys.page()
    lines = [key[:1] + key[2:] if key[0] in NAMED else key for key in read(PACKS / f"{name}.toml").lines]
    keys = {part for key in lines for part in key if isinstance(part, str)}
    shown = ("`{}`", "[{}]", "[{}.NAME]")
    assert [key for key in sorted(keys) if not any(form.format(key) in page for form in shown)] == []
    assert set(Policy.model_fields) > {"response", "thresholds"}
