"""Every model, in one import, and the way from any earlier schema to today's."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, MetaData, inspect

from store import (
    accounts,
    api_tokens,
    audit,
    cases,
    comments,
    conduct,
    counts,
    evidence,
    findings,
    holidays,
    identities,
    incidents,
    jobs,
    legal_holds,
    matters,
    notices,
    openings,
    people,
    preferences,
    register,
    removals,
    replies,
    search,
    searches,
    second_factors,
    senior,
    silences,
    spending,
    templates,
    translations,
    triage,
    webhooks,
)
from store.base import Base
from vocabulary import GwylioError

NOUNS = (
    accounts,
    api_tokens,
    audit,
    cases,
    comments,
    conduct,
    counts,
    evidence,
    findings,
    holidays,
    identities,
    incidents,
    jobs,
    legal_holds,
    matters,
    notices,
    openings,
    people,
    preferences,
    register,
    removals,
    replies,
    search,
    searches,
    second_factors,
    senior,
    silences,
    spending,
    triage,
    templates,
    translations,
    webhooks,
)
OF_SEARCH = frozenset(
    ["search_document", *(f"search_document_{part}" for part in ("config", "content", "data", "docsize", "idx"))]
)
"""Tables that no model has, as each database keeps its full-text index in its own way (migration 0017)."""
MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaBehind(GwylioError):
    """The database was made by another version of Gwylio."""


def metadata() -> MetaData:
    """The tables as the models say them."""
    return Base.metadata


def upgrade(engine: Engine) -> None:
    """Bring the schema to the head; a new database gets all of it."""
    from alembic import command

    with engine.begin() as connection:
        command.upgrade(_alembic(connection), "head")


def check(engine: Engine) -> None:
    """Raise where the schema is not the one these models need.

    Raises:
        SchemaBehind: it was never made, or `gwylio migrate` has not been run.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
        empty = not inspect(connection).get_table_names()
        head = ScriptDirectory.from_config(_alembic(connection)).get_current_head()
    if here != head:
        state = "is empty" if empty else f"stands at {here or 'no version'}"
        raise SchemaBehind(f"the database {state}, this Gwylio needs {head}: run `gwylio migrate`")


def _alembic(connection: object):  # type: ignore[no-untyped-def]  # noqa: ANN202 - alembic is loaded only here
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
