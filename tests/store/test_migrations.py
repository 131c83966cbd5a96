"""The schema that migrations make is the schema of the models, on both databases, and back."""

from __future__ import annotations

from importlib import import_module

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from store import schema

SEARCH = "store.migrations.versions.0017_search"


def test_migrations_equal_models(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": lambda name, *_: name not in schema.OF_SEARCH}
        )

        assert compare_metadata(context, schema.metadata()) == []


def test_a_database_behind_says_what_to_run(store):
    with store.engine.begin() as connection:
        command.downgrade(schema._alembic(connection), "base")

    with pytest.raises(schema.SchemaBehind, match="gwylio migrate"):
        schema.check(store.engine)


def test_down_and_up_again_is_whole(store):
    with store.engine.begin() as connection:
        command.downgrade(schema._alembic(connection), "base")
    assert set(inspect(store.engine).get_table_names()) <= {"alembic_version"}

    schema.upgrade(store.engine)

    schema.check(store.engine)
    assert set(schema.metadata().tables) <= set(inspect(store.engine).get_table_names())


def test_every_trigger_of_the_search_stands(store):
    """SQLite forgets the triggers of a table that a later migration makes anew: such a one must put them back."""
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if store.on_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with store.read() as session:
        standing = set(session.scalars(text(catalogue)))
    assert standing == {f"search_{name}" for name, *_ in import_module(SEARCH).TRIGGERS}
