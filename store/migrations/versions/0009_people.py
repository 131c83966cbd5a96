"""Who opened whose page, and reviews of conduct with what people did in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RUNNING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["author.id"], name=op.f("fk_opening_author_id_author")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_opening_case_id_cases")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_opening_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index("ix_opening_at", ["at"], unique=False)
        batch_op.create_index("ix_opening_user_id_author_id_at", ["user_id", "author_id", "at"], unique=False)
        batch_op.create_index("ix_opening_user_id_case_id_at", ["user_id", "case_id", "at"], unique=False)

    op.create_table(
        "conduct_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restrictions", sa.JSON(), nullable=False),
        sa.Column("how_cy", sa.Text(), nullable=False),
        sa.Column("how_en", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["author.id"], name=op.f("fk_conduct_review_author_id_author")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_conduct_review_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct_review")),
    )
    with op.batch_alter_table("conduct_review", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_conduct_review_author_id"), ["author_id"], unique=False)
        batch_op.create_index(op.f("ix_conduct_review_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "uq_conduct_review_running", ["author_id"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
        )

    op.create_table(
        "conduct_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["conduct_review.id"], name=op.f("fk_conduct_act_review_id_conduct_review")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conduct_act_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct_act")),
    )
    with op.batch_alter_table("conduct_act", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_conduct_act_review_id"), ["review_id"], unique=False)


def downgrade() -> None:
    for table in ("conduct_act", "conduct_review", "opening"):
        op.drop_table(table)
