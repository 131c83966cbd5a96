"""A site for every test, and one that is only read from for the tests that ask every page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.world import A_PNG, Site, make_council, open_site


@pytest.fixture(scope="package")
def council(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a council in which nothing has happened yet."""
    folder = tmp_path_factory.mktemp("council")
    make_council(folder)
    return folder


@pytest.fixture
def site(council: Path, tmp_path: Path) -> Iterator[Site]:
    opened = open_site(council, tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def still_site(council: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two cases of waste (1 Welsh, 2 abusive English, escalated) and one of highways (3).

    Evidence stands beside the first (1) and the third (2); a review of conduct was begun from each (1, 2).
    """
    opened = open_site(council, tmp_path_factory.mktemp("site"))
    opened.said("Pryd mae'r biniau yn cael eu casglu?")
    opened.said("When is the bin lorry coming, you idiots?")
    opened.said("The pothole is not mended", account="priffyrdd-fb")
    opened.shown(1, "sgrinlun.png", A_PNG)
    opened.shown(3, "twll.png", A_PNG)
    opened.reviewed(1)
    opened.reviewed(3)
    yield opened
    opened.store.close()
