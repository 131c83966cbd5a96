"""Removals: who asked for a comment to be taken down, who agreed, what was done, and the author's appeal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("cautions", sa.JSON(), nullable=False),
        sa.Column("exception", sa.Text(), nullable=False),
        sa.Column("needed", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("owed", sa.Text(), nullable=False),
        sa.Column("tried", sa.Boolean(), nullable=False),
        sa.Column("not_done", sa.String(40), nullable=True),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_removal_asked_by_users")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_removal_case_id_cases")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_removal_comment_id_comment")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_removal_evidence_id_evidence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    with op.batch_alter_table("removal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_removal_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_removal_comment_id"), ["comment_id"], unique=False)
        batch_op.create_index("ix_removal_owed", ["owed"], unique=False)
        batch_op.create_index("ix_removal_state_id", ["state", "id"], unique=False)

    op.create_table(
        "removal_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("removal_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["removal_id"], ["removal.id"], name=op.f("fk_removal_approval_removal_id_removal")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_removal_approval_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal_approval")),
        sa.UniqueConstraint("removal_id", "role", name=op.f("uq_removal_approval_removal_id_role")),
        sa.UniqueConstraint("removal_id", "user_id", name=op.f("uq_removal_approval_removal_id_user_id")),
    )
    op.create_table(
        "removal_appeal",
        sa.Column("removal_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_removal_appeal_decided_by_users")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_removal_appeal_recorded_by_users")),
        sa.ForeignKeyConstraint(["removal_id"], ["removal.id"], name=op.f("fk_removal_appeal_removal_id_removal")),
        sa.PrimaryKeyConstraint("removal_id", name=op.f("pk_removal_appeal")),
    )
    op.create_table(
        "removal_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("removal_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("from_state", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["removal_id"], ["removal.id"], name=op.f("fk_removal_event_removal_id_removal")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_removal_event_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal_event")),
    )
    with op.batch_alter_table("removal_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_removal_event_removal_id"), ["removal_id"], unique=False)


def downgrade() -> None:
    for table in ("removal_event", "removal_appeal", "removal_approval", "removal"):
        op.drop_table(table)
