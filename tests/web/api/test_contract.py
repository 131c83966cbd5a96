"""Schemathesis asks every route what its description allows, and what it does not: never a fault of ours.

GWYLIO_API_EXAMPLES=200 asks more often than the few times that a run of every test has time for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.strategies import SearchStrategy, one_of
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.web.api.caller import given
from tests.web.world import A_PNG, Site, open_site
from web.api.access import ROUTES
from web.security import CallLimit

FEW = 12
EXAMPLES = int(os.environ.get("GWYLIO_API_EXAMPLES", FEW))
ASKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES == FEW,  # the same ones every day; more of them are new ones
    database=None,
)
HERE = {"host": "localhost"}


@pytest.fixture(scope="module")
def lived_in(council: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, since these calls do things to it."""
    site = open_site(council, tmp_path_factory.mktemp("contract"))
    site.app.state.web.calls = CallLimit("1000000 per second")
    for text in ("Pryd mae'r biniau yn cael eu casglu?", "When is the bin lorry coming, you idiots?", "Thank you"):
        site.said(text)
    site.shown(1, "sgrinlun.png", A_PNG)
    yield site
    site.store.close()


@pytest.fixture(scope="module")
def api(lived_in: Site) -> Any:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", lived_in.app, headers=HERE)


@pytest.fixture(scope="module")
def token(lived_in: Site) -> str:
    _number, token = given(lived_in, "catrin")
    return token


def cases_of(api: Any, route: str, *modes: GenerationMode) -> SearchStrategy[Any]:
    """Calls of one route: such as its description allows, or such as it does not."""
    operation = api.find_operation_by_id(route)
    return one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))


@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_is_as_described(api: Any, token: str, route: str) -> None:
    @hypothesis.given(case=cases_of(api, route, GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
    @ASKED
    def ask(case: Any) -> None:
        headers = {**HERE, "authorization": f"Bearer {token}"}
        case.call_and_validate(headers=headers, excluded_checks=[ignored_auth, positive_data_acceptance])

    ask()


def test_without_a_token_every_answer_is_that_one_is_needed(api: Any) -> None:
    for route in ROUTES:

        @hypothesis.given(case=cases_of(api, route, GenerationMode.POSITIVE))
        @settings(ASKED, max_examples=max(2, EXAMPLES // 10))
        def ask(case: Any) -> None:
            assert case.call_and_validate(headers=HERE).status_code == 401, case

        ask()
