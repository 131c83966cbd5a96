"""Every key that a pack may write is documented, in the words of the records that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation import policy_keys
from moderation.policy import PACKS, Policy, names
from toml_file import read

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "policy-keys.md"


def test_the_page_in_docs_is_that_of_the_records() -> None:
    assert PAGE.read_text(encoding="utf-8") == policy_keys.page(), "renew it with the command it names"


def test_every_key_says_what_it_is() -> None:
    rows = [line for line in policy_keys.page().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.split("|")[2].strip() == ""] == []


@pytest.mark.parametrize("name", names())
def test_every_key_of_every_pack_is_on_the_page(name: str) -> None:
    page = policy_keys.page()
    keys = {str(part) for key in read(PACKS / f"{name}.toml").lines for part in key if isinstance(part, str)}
    assert [key for key in sorted(keys) if f"`{key}`" not in page and f"[{key}]" not in page] == []
    assert set(Policy.model_fields) > {"response", "thresholds"}
