"""Late duties of the account register: who was told of which, and in which message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty_told",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_duty_told_notice_id_notice")),
        sa.PrimaryKeyConstraint("key", "recipient", name=op.f("pk_duty_told")),
    )
    with op.batch_alter_table("duty_told", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_told_notice_id"), ["notice_id"], unique=False)


def downgrade() -> None:
    op.drop_table("duty_told")
