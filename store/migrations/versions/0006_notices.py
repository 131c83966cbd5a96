"""Messages to colleagues: the outbox, what each is to be told, who opened a case, flags for senior management."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("at_night", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index("ix_notice_state_not_before", "notice", ["state", "not_before"], unique=False)
    op.create_index("ix_notice_recipient_kind_made_at", "notice", ["recipient", "kind", "made_at"], unique=False)

    op.create_table(
        "notice_entry",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("at_night", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notice_entry_case_id_cases")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_entry_notice_id_notice")),
        sa.PrimaryKeyConstraint("case_id", "round", "key", "recipient", name=op.f("pk_notice_entry")),
    )
    op.create_index(op.f("ix_notice_entry_notice_id"), "notice_entry", ["notice_id"], unique=False)
    op.create_index(
        "ix_notice_entry_waiting",
        "notice_entry",
        ["recipient"],
        unique=False,
        sqlite_where=sa.text("notice_id IS NULL AND lapsed_at IS NULL"),
        postgresql_where=sa.text("notice_id IS NULL AND lapsed_at IS NULL"),
    )

    op.create_table(
        "case_opened",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_opened_case_id_cases")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_case_opened_user_id_users")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_opened")),
    )

    op.create_table(
        "senior_flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flagged_by", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_senior_flag_case_id_cases")),
        sa.ForeignKeyConstraint(["flagged_by"], ["users.id"], name=op.f("fk_senior_flag_flagged_by_users")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_senior_flag_ended_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_senior_flag")),
    )
    op.create_index(op.f("ix_senior_flag_case_id"), "senior_flag", ["case_id"], unique=False)
    op.create_index(
        "uq_senior_flag_standing",
        "senior_flag",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("senior_flag", "case_opened", "notice_entry", "notice"):
        op.drop_table(table)
