"""The words of every case are found, in one index on each database, and the database itself sees which are behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OF_COMMENT = "SELECT case_id, {no} FROM comment WHERE case_id IS NOT NULL AND "
TRIGGERS = (
    ("cases_come", "INSERT ON cases", "", "VALUES (NEW.id, {no})"),
    ("cases_go", "DELETE ON cases", "", "VALUES (OLD.id, {no})"),
    ("cases_named", "UPDATE OF author_id, reference ON cases", "", "VALUES (NEW.id, {no})"),
    ("comment_comes", "INSERT ON comment", "NEW.case_id IS NOT NULL", "VALUES (NEW.case_id, {no})"),
    ("comment_goes", "DELETE ON comment", "OLD.case_id IS NOT NULL", "VALUES (OLD.case_id, {no})"),
    ("comment_placed", "UPDATE OF case_id ON comment", "NEW.case_id IS NOT NULL", "VALUES (NEW.case_id, {no})"),
    (
        "comment_moved",
        "UPDATE OF case_id ON comment",
        "OLD.case_id IS NOT NULL AND (NEW.case_id IS NULL OR NEW.case_id <> OLD.case_id)",
        "VALUES (OLD.case_id, {no})",
    ),
    ("comment_revised", "UPDATE OF latest ON comment", "NEW.case_id IS NOT NULL", "VALUES (NEW.case_id, {no})"),
    ("revision_comes", "INSERT ON revision", "NEW.number > 1", OF_COMMENT + "id = NEW.comment_id"),
    ("revision_changed", "UPDATE OF text ON revision", "", OF_COMMENT + "id = NEW.comment_id"),
    ("revision_goes", "DELETE ON revision", "", OF_COMMENT + "id = OLD.comment_id"),
    ("author_named", "UPDATE OF name ON author", "NEW.name <> OLD.name", OF_COMMENT + "author_id = NEW.id"),
    ("reply_comes", "INSERT ON reply", "", "VALUES (NEW.case_id, {no})"),
    ("reply_changed", "UPDATE OF text_cy, text_en ON reply", "", "VALUES (NEW.case_id, {no})"),
    ("reply_goes", "DELETE ON reply", "", "VALUES (OLD.case_id, {no})"),
    (
        "own_reply_comes",
        "INSERT ON own_reply",
        "",
        OF_COMMENT + "account_id = NEW.account_id AND native_id = NEW.in_reply_to",
    ),
    (
        "own_reply_changed",
        "UPDATE OF text, reply_part_id ON own_reply",
        "",
        OF_COMMENT + "account_id = NEW.account_id AND native_id = NEW.in_reply_to",
    ),
    (
        "own_reply_goes",
        "DELETE ON own_reply",
        "",
        OF_COMMENT + "account_id = OLD.account_id AND native_id = OLD.in_reply_to",
    ),
    ("event_comes", "INSERT ON case_event", "NEW.words <> ''", "VALUES (NEW.case_id, {no})"),
    ("event_changed", "UPDATE OF words ON case_event", "", "VALUES (NEW.case_id, {no})"),
    ("event_goes", "DELETE ON case_event", "OLD.words <> ''", "VALUES (OLD.case_id, {no})"),
)
"""Name, when, on which rows, and the cases that are behind from then on.  A first revision comes before its case."""


def upgrade() -> None:
    op.create_table(
        "search_stale",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("backlog", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_stale")),
    )
    op.create_index(op.f("ix_search_stale_backlog"), "search_stale", ["backlog"])
    if _on_sqlite():
        op.execute("CREATE VIRTUAL TABLE search_document USING fts5(terms, tokenize = 'ascii')")
    else:
        op.execute("CREATE TABLE search_document (case_id INTEGER PRIMARY KEY, terms TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_search_document_terms ON search_document USING gin (terms) WITH (fastupdate = off)")
    for trigger in TRIGGERS:
        (_on_sqlite_when if _on_sqlite() else _on_postgresql_when)(*trigger)
    op.execute("INSERT INTO search_stale (case_id, backlog) SELECT id, true FROM cases")


def downgrade() -> None:
    for name, when, _which, _behind in TRIGGERS:
        if _on_sqlite():
            op.execute(f"DROP TRIGGER search_{name}")
        else:
            op.execute(f"DROP TRIGGER search_{name} ON {when.split(' ON ')[1]}")
            op.execute(f"DROP FUNCTION search_{name}()")
    op.execute("DROP TABLE search_document")
    op.drop_index(op.f("ix_search_stale_backlog"), "search_stale")
    op.drop_table("search_stale")


def _on_sqlite_when(name: str, when: str, which: str, behind: str) -> None:
    op.execute(
        f"CREATE TRIGGER search_{name} AFTER {when} FOR EACH ROW {_when(which)}"
        f" BEGIN INSERT INTO search_stale (case_id, backlog) {behind.format(no='false')}; END"
    )


def _on_postgresql_when(name: str, when: str, which: str, behind: str) -> None:
    op.execute(
        f"CREATE FUNCTION search_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO search_stale (case_id, backlog) {behind.format(no='false')}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER search_{name} AFTER {when} FOR EACH ROW {_when(which)} EXECUTE FUNCTION search_{name}()"
    )


def _when(which: str) -> str:
    return f"WHEN ({which})" if which else ""


def _on_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
