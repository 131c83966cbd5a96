"""Somebody's own cases, and the urgent ones of every area, lie in the order of their dates and need no sorting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("state NOT IN ('closed', 'answered')")
URGENT = sa.text("state NOT IN ('closed', 'answered') AND severity = 'urgent'")
BEFORE = "ix_cases_open_owner_id"
OWNED = "ix_cases_open_owner_id_due"
EVERYWHERE = "ix_cases_urgent_due"


def upgrade() -> None:
    op.create_index(OWNED, "cases", ["owner_id", "due", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index(EVERYWHERE, "cases", ["due", "id"], sqlite_where=URGENT, postgresql_where=URGENT)
    op.drop_index(BEFORE, "cases")


def downgrade() -> None:
    op.create_index(BEFORE, "cases", ["owner_id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index(EVERYWHERE, "cases")
    op.drop_index(OWNED, "cases")
