"""Indexes with which a page of the queue is read among a million open cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = "state NOT IN ('closed', 'answered')"
ENDED = "state IN ('closed', 'answered')"
INDEXES = (
    ("ix_cases_open_owner_id", ["owner_id"], OPEN),
    ("ix_cases_open_urgent", ["service_area", "due", "id"], f"{OPEN} AND severity = 'urgent'"),
    (
        "ix_cases_open_look",
        ["service_area", "due", "id"],
        f"{OPEN} AND NOT (answer_owed OR severity IN ('high', 'urgent') OR state = 'escalated')",
    ),
    ("ix_cases_escalated_due", ["due", "id"], f"{OPEN} AND state = 'escalated'"),
    ("ix_cases_ended_due", ["state", "due", "id"], ENDED),
    ("ix_cases_ended_service_area_due", ["service_area", "state", "due", "id"], ENDED),
)
WHOLE = "ix_cases_service_area_state_due"
"""Dropped: every open case paid for it whenever its date moved, and only those that had ended were sought by it."""


def upgrade() -> None:
    for name, columns, where in INDEXES:
        op.create_index(name, "cases", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.drop_index(WHOLE, "cases")
    op.create_index("ix_told_whom_at", "told", ["whom", "at"])


def downgrade() -> None:
    op.drop_index("ix_told_whom_at", "told")
    op.create_index(WHOLE, "cases", ["service_area", "state", "due"])
    for name, _columns, _where in INDEXES:
        op.drop_index(name, "cases")
