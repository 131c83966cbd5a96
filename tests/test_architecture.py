"""Imports run downwards, only the edge looks at the clock, and nothing waits by sleeping.

`lint-imports` (pyproject.toml) holds the packages and what they reach by way of others; it cannot
see the single files at the top, so the same order is read here from every file's own imports.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).parents[1]

# The floor plan, from the top.  Those on one line may not import each other unless they are listed below.
FLOORS = (
    ("cli",),
    ("demo",),
    ("opening",),
    ("scheduler", "web"),
    ("pipeline", "reports"),
    ("moderation",),
    ("collectors", "classifiers", "store"),
    ("words",),
    ("settings",),
    ("toml_file",),
    ("vocabulary",),
)
FLOOR = {name: height for height, names in enumerate(reversed(FLOORS)) for name in names}
NEIGHBOURS = {("scheduler", "web"), ("web", "scheduler"), ("pipeline", "reports")}

MAY_KNOW = {  # who may import this, beside itself; nobody else may
    "simulator": {"cli", "demo"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "fastapi": {"web"},
    "tweepy": {"collectors"},
    "facebook": {"collectors"},
    "atproto": {"collectors"},
    "atproto_client": {"collectors"},
    "googleapiclient": {"collectors"},
    "httplib2": {"collectors"},
    "mastodon": {"collectors"},
    "transformers": {"classifiers"},
    "torch": {"classifiers"},
    "onnxruntime": {"classifiers"},
    "py3langid": {"classifiers"},
    "typer": {"cli"},
    "apscheduler": {"scheduler"},
}
SIMULATOR_KNOWS = {"simulator", "vocabulary", "words"}

# Opened inside the function that needs them: the queue page must start without them.
HEAVY = {
    "atproto", "atproto_client", "facebook", "googleapiclient", "httplib2", "mastodon", "onnxruntime", "py3langid",
    "sklearn", "torch", "transformers", "tweepy",
}  # fmt: skip

CLOCK_READERS = {"cli", "demo", "scheduler", "web"}
CLOCKS = {
    ("datetime", "now"), ("datetime", "today"), ("datetime", "utcnow"), ("date", "today"),
    ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"),
}  # fmt: skip


def product_files() -> list[Path]:
    names = [*FLOOR, "simulator"]
    files = [ROOT / f"{name}.py" for name in names if (ROOT / f"{name}.py").exists()]
    return files + [file for name in names for file in sorted((ROOT / name).rglob("*.py"))]


def unit(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def where(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Each imported top-level name, with the statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0], node


def run_at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """What a module does when it is imported: everything but the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """Each call `owner.name(...)`; `a.b.name()` is reported as owner `b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            yield getattr(owner, "id", getattr(owner, "attr", "")), node.func.attr, node


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in product_files()}


def test_the_import_contracts_hold() -> None:
    configuration.configure()

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True)


def test_every_import_of_ours_runs_downwards(trees: dict[Path, ast.Module]) -> None:
    wrong = [
        f"{where(file, node)}: {here} imports {there}"
        for file, tree in trees.items()
        for there, node in imports(tree)
        if (here := unit(file)) in FLOOR and there in FLOOR
        if here != there and (here, there) not in NEIGHBOURS and FLOOR[there] >= FLOOR[here]
    ]
    assert wrong == []


def test_what_belongs_to_one_room_is_known_in_that_room_only(trees: dict[Path, ast.Module]) -> None:
    wrong = [
        f"{where(file, node)}: {unit(file)} imports {there}"
        for file, tree in trees.items()
        for there, node in imports(tree)
        if there in MAY_KNOW and unit(file) not in MAY_KNOW[there] | {there}
    ]
    assert wrong == []


def test_the_simulator_knows_nothing_of_ours_but_the_vocabulary(trees: dict[Path, ast.Module]) -> None:
    wrong = [
        f"{where(file, node)}: imports {there}"
        for file, tree in trees.items()
        if unit(file) == "simulator"
        for there, node in imports(tree)
        if there in FLOOR and there not in SIMULATOR_KNOWS
    ]
    assert wrong == []


def test_the_vocabulary_needs_nothing_but_the_standard_library(trees: dict[Path, ast.Module]) -> None:
    foreign = {there for there, _ in imports(trees[ROOT / "vocabulary.py"])} - set(sys.stdlib_module_names)

    assert foreign == set()


def test_heavy_libraries_are_imported_where_they_are_opened(trees: dict[Path, ast.Module]) -> None:
    """Training is a program of its own that nothing else imports: it may begin with what it is made of."""
    wrong = [
        f"{where(file, node)}: imports {there} as soon as it is imported itself"
        for file, tree in trees.items()
        if "training" not in file.parts
        for statement in run_at_import(tree)
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for there, node in imports(statement)
        if there in HEAVY
    ]
    assert wrong == []


def test_only_the_edge_looks_at_the_clock(trees: dict[Path, ast.Module]) -> None:
    wrong = [
        f"{where(file, call)}: {owner}.{name}()"
        for file, tree in trees.items()
        if unit(file) not in CLOCK_READERS | {"simulator"}
        for owner, name, call in calls(tree)
        if (owner, name) in CLOCKS
    ]
    assert wrong == []


def test_nothing_waits_by_sleeping(trees: dict[Path, ast.Module]) -> None:
    wrong = [
        f"{where(file, call)}: {owner}.sleep()"
        for file, tree in trees.items()
        for owner, name, call in calls(tree)
        if name == "sleep"
    ] + [
        f"{where(file, node)}: from time import sleep"
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time" and "sleep" in {a.name for a in node.names}
    ]
    assert wrong == []
