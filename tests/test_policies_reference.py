"""Every duty of the policies is accounted for: where it lives exists, and so does the test that shows it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "policies.md"

DUTIES = {
    "Powys County Council (2021)": [
        "7.1", "7.2.3", "7.2.4", "7.2.5–7", "7.2.11", "8.1", "8.3–8.5", "9.6", "10", "11.1", "11.2", "11.3", "12", "14",
    ],
    "Cardiff Council (2022)": ["3", "5", "6", "8", "10", "annex", "12"],
    "Carmarthenshire County Council": [
        "5.1, 5.3", "5.4–5.5", "5.6", "5.7–5.8", "5.9", "5.13", "5.15", "6.1", "9.2", "9.3", "9.4", "9.5",
    ],
    "Rhondda Cynon Taf County Borough Council (2019)": ["6.1", "5.2", "5.3", "5.3", "5.3", "5.3", "5.4", "9"],
    "Its school annex": ["9.4, 5A", "9.4, 5B", "9.4, 5C", "9.4, 5E", "9.4, 6", "6, 7"],
    "Estyn (2024)": ["channels", "monitoring", "privacy", "group chats", "pre-election"],
}  # fmt: skip
"""By policy, the sections that ask for something."""


class Row(NamedTuple):
    policy: str
    section: str
    where: str
    test: str


@cache
def rows() -> tuple[Row, ...]:
    found, policy = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            policy = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| § "):
            section, _asks, where, test = (cell.strip() for cell in line.strip("| ").split(" | "))
            found.append(Row(policy, section, where, test))
    return tuple(found)


def test_every_duty_of_every_policy_has_its_row() -> None:
    by_policy: dict[str, list[str]] = {}
    for row in rows():
        by_policy.setdefault(row.policy, []).append(row.section)
    assert by_policy == DUTIES


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.policy.split()[0]} {row.section}")
def test_where_a_duty_lives_is_there_or_it_says_not_yet(row: Row) -> None:
    named = [part for part in re.findall(r"`([^`]+)`", row.where) if "/" in part]
    assert [part for part in named if not (ROOT / part).exists()] == []
    assert named or "**not yet**" in row.where


@pytest.mark.parametrize(
    "row", [row for row in rows() if row.test != "–"], ids=lambda row: f"{row.policy} {row.section}"
)
def test_the_test_that_shows_it_is_there(row: Row) -> None:
    path, _, name = row.test.strip("`").partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_a_duty_without_a_test_is_not_yet_done() -> None:
    assert [row.section for row in rows() if row.test == "–" and "**not yet**" not in row.where] == []


def test_each_key_of_a_pack_that_is_named_is_in_it() -> None:
    missing = []
    for row in rows():
        for pack, key in re.findall(r"`(config/policies/[\w-]+\.toml)` `\[+([a-z_.]+?)(?:\.\*)?\]+`", row.where):
            text = (ROOT / pack).read_text(encoding="utf-8")
            if f"[{key}" not in text:
                missing.append((row.section, pack, key))
    assert missing == []
