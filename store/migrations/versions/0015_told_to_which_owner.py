"""Which owner was warned: whoever is given the case after them is warned too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("told", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_told_owner_id_users"), "users", ["owner_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("told", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_told_owner_id_users"), type_="foreignkey")
        batch_op.drop_column("owner_id")
