"""How Alembic meets our database: through the connection it is handed, never one of its own."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from store import schema
from store.base import UTCDateTime


def render(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Migrations speak in plain SQLAlchemy types, so that they outlive our own."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String({item.length})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=schema.metadata(),
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
