"""Somebody's own cases lie in the order of their dates: a page of five thousand is found without sorting them all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("state NOT IN ('closed', 'answered')")
BEFORE = "ix_cases_open_owner_id"
NOW = "ix_cases_open_owner_id_due"


def upgrade() -> None:
    op.create_index(NOW, "cases", ["owner_id", "due", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index(BEFORE, "cases")


def downgrade() -> None:
    op.create_index(BEFORE, "cases", ["owner_id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index(NOW, "cases")
