"""What is written about the API is what it is."""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import State

from web.api import reference
from web.api.access import ROUTES
from web.api.app import create_api
from web.api.told import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "api.md"


def test_the_page_is_the_one_that_the_routes_write() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page()


def test_everything_is_described_and_nothing_of_the_pages() -> None:
    described = create_api(State()).openapi()
    assert described["openapi"].startswith("3.1")
    operations = [operation for each in described["paths"].values() for operation in each.values()]
    assert {operation["operationId"] for operation in operations} == ROUTES.keys()
    assert all(operation["description"] and operation["security"] == [{"token": []}] for operation in operations)
    shapes = described["components"]["schemas"]
    assert all(shape.get("description") for shape in shapes.values() if "properties" in shape)


def test_every_code_of_an_answer_is_in_the_vocabulary() -> None:
    listed = {frozenset(each.value for each in members) for members in KINDS.values()}
    shapes = create_api(State()).openapi()["components"]["schemas"]
    assert {frozenset(shape["enum"]) for shape in shapes.values() if "enum" in shape} <= listed
