"""docs/reference/collectors.md is what a run gives today, and in no cell of it is anything lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collectors import matrix

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "collectors.md"


@pytest.mark.slow
def test_the_page_of_the_collectors_is_what_happens_and_nothing_is_lost() -> None:
    cells = matrix.matrix()

    assert [place for place, outcome in cells.items() if not outcome.whole] == []
    assert matrix.page(cells) == PAGE.read_text(encoding="utf-8")
