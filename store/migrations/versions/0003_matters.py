"""Matters: requests under the law and complaints on clocks of their own, and the times that a clock stood still.

What stood on a round as a possible request becomes a matter; where its case is closed, one that was dismissed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIVE = sa.text("state NOT IN ('done', 'dismissed')")
TAKE_OVER = """
INSERT INTO matter
  (case_id, comment_id, clock, state, stage, received_at, due, first_due, due_because, elsewhere, ended_at, version)
SELECT r.case_id, r.comment_id, 'CLOCK', CASE WHEN c.state = 'closed' THEN 'dismissed' ELSE 'possible' END, '',
  r.received_at, r.CLOCK_due, r.CLOCK_due, '', '', c.closed_at, 1
FROM round AS r JOIN cases AS c ON c.id = r.case_id
WHERE r.number = (SELECT MIN(f.number) FROM round AS f WHERE f.case_id = r.case_id AND f.CLOCK_due IS NOT NULL)
"""
GIVE_BACK = """
UPDATE round
SET CLOCK_due = (SELECT MIN(m.due) FROM matter AS m WHERE m.case_id = round.case_id AND m.clock = 'CLOCK')
WHERE number = (SELECT MAX(r.number) FROM round AS r WHERE r.case_id = round.case_id)
"""


def upgrade() -> None:
    op.create_table(
        "matter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("first_due", sa.Date(), nullable=False),
        sa.Column("due_because", sa.Text(), nullable=False),
        sa.Column("elsewhere", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_matter_case_id_cases")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_matter_comment_id_comment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter")),
    )
    op.create_index("ix_matter_case_id", "matter", ["case_id"])
    op.create_index(
        "ix_matter_live", "matter", ["case_id", "clock"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_table(
        "pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("matter_id", sa.Integer(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("began", sa.Date(), nullable=False),
        sa.Column("ended", sa.Date(), nullable=True),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_pause_case_id_cases")),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("fk_pause_matter_id_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    op.create_index("ix_pause_case_id", "pause", ["case_id"])
    for clock in ("foi", "sar"):
        op.execute(sa.text(TAKE_OVER.replace("CLOCK", clock)))
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_column("sar_due")
        batch_op.drop_column("foi_due")


def downgrade() -> None:
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("foi_due", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("sar_due", sa.Date(), nullable=True))
    for clock in ("foi", "sar"):
        op.execute(sa.text(GIVE_BACK.replace("CLOCK", clock)))
    op.drop_table("pause")
    op.drop_table("matter")
