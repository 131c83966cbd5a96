"""A page opens without what it does not need: heavy libraries stay unloaded until they are used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SDKS = ("tweepy", "facebook", "atproto", "googleapiclient", "httplib2", "mastodon")
MODELS = ("transformers", "torch", "onnxruntime", "py3langid", "sklearn")
SCREENS = ("fastapi", "starlette", "uvicorn")
TABLES = ("sqlalchemy", "alembic", "psycopg")

# What is imported, and what must not have come with it.
UNLOADED = [
    ("vocabulary",            (*SDKS, *MODELS, *SCREENS, *TABLES, "pydantic")),
    ("settings",              (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("words",                 (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("moderation.deadlines",  (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("moderation.policy",     (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("moderation.lifecycle",  (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("moderation.routing",    (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("moderation.escalation", (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("collectors.x",          (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("collectors.facebook",   (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("collectors.youtube",    (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("collectors.bluesky",    (*SDKS, *MODELS, *SCREENS, *TABLES, "httpx")),
    ("collectors.mastodon",   (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("classifiers.panel",     (*SDKS, *MODELS, *SCREENS, *TABLES)),
    ("store",                 (*SDKS, *MODELS, *SCREENS, "alembic")),
    ("reports.weekly",        (*SDKS, *MODELS, *SCREENS)),
    ("pipeline",              (*SDKS, *MODELS, *SCREENS)),
    ("scheduler",             (*SDKS, *MODELS)),
    ("web.app",               (*SDKS, *MODELS, "alembic")),
    ("cli",                   (*SDKS, *MODELS, *SCREENS, *TABLES, "simulator")),
]  # fmt: skip

LOADED = "import {module}, sys; print(*sorted({heavy!r} & sys.modules.keys()))"


@pytest.mark.parametrize(("module", "heavy"), UNLOADED, ids=[module for module, _ in UNLOADED])
def test_importing_one_part_leaves_what_it_does_not_need_unloaded(module: str, heavy: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module, heavy=set(heavy))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
