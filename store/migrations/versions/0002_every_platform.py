"""Every platform: how a comment reached us, metered reading, webhooks, evidence, searches, silences and counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("home", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("credential_expires", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("credential_renews", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.add_column(sa.Column("remaining", sa.Double(), nullable=True))
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(40), nullable=False, server_default="addressed"))
        batch_op.add_column(sa.Column("found_by", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("rechecked_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "webhook_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(40), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_webhook_event_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_event")),
        sa.UniqueConstraint("platform", "fingerprint", name=op.f("uq_webhook_event_platform_fingerprint")),
    )
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_event_account_id_received_at", ["account_id", "received_at"], unique=False)
        batch_op.create_index("ix_webhook_event_account_id_settled_at", ["account_id", "settled_at"], unique=False)
        batch_op.create_index("ix_webhook_event_settled_at_id", ["settled_at", "id"], unique=False)

    op.create_table(
        "spending",
        sa.Column("platform", sa.String(40), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_spending_account_id_account")),
        sa.PrimaryKeyConstraint("platform", "account_id", "period", name=op.f("pk_spending")),
    )
    op.create_table(
        "billed",
        sa.Column("platform", sa.String(40), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "day", "native_id", name=op.f("pk_billed")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_evidence_comment_id_comment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("comment_id", "sha256", name=op.f("uq_evidence_comment_id_sha256")),
    )
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_search_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_saved_search_account_id_name")),
    )
    op.create_table(
        "silence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_silence_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
        sa.UniqueConstraint("account_id", "kind", "began", name=op.f("uq_silence_account_id_kind_began")),
    )
    op.create_table(
        "thread_count",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("differs_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_thread_count_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "thread", name=op.f("pk_thread_count")),
    )


def downgrade() -> None:
    for table in ("thread_count", "silence", "saved_search", "evidence", "billed", "spending", "webhook_event"):
        op.drop_table(table)
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_column("rechecked_at")
        batch_op.drop_column("found_by")
        batch_op.drop_column("origin")
    with op.batch_alter_table("stream", schema=None) as batch_op:
        batch_op.drop_column("remaining")
    with op.batch_alter_table("account", schema=None) as batch_op:
        for column in ("renewing_until", "credential_renews", "credential_expires", "home"):
            batch_op.drop_column(column)
