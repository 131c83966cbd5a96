"""No row of the trail can be changed, taken away, added or moved unseen."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import text

from store import audit
from store.audit import Head
from store.database import Session, Store
from tests.factories import MONDAY

ROWS = 6
INSERTED = "INSERT INTO audit SELECT 7, at, actor, action, subject, before, after, mac FROM audit WHERE number = 6"


@pytest.fixture
def trail(store: Store) -> Store:
    for number in range(ROWS):
        store.write(partial(write, number=number))
    return store


def write(session: Session, number: int) -> None:
    audit.append(session, actor="mair", action="case.close", subject=f"case:{number}", now=MONDAY, after={"n": number})


def verdict(store: Store):
    with store.read() as session:
        assert store.head_file is not None
        return audit.verify(session, store.audit_key, audit.read_head(store.head_file))


def tamper(store: Store, *statements: str) -> None:
    store.write(lambda session: [session.execute(text(each)) for each in statements])


def test_an_untouched_trail_holds(trail):
    assert verdict(trail) is None


def test_an_empty_trail_holds(store):
    assert verdict(store) is None


@pytest.mark.parametrize(
    ("what", "statements", "first_bad"),
    [
        ("another actor",    ["UPDATE audit SET actor = 'x' WHERE number = 3"],                              3),
        ("another time",     ["UPDATE audit SET at = '2026-01-01 00:00:00' WHERE number = 2"],               2),
        ("another content",  ["""UPDATE audit SET after = '{"n": 9}' WHERE number = 4"""],                   4),
        ("one row gone",     ["DELETE FROM audit WHERE number = 4"],                                         4),
        ("the first gone",   ["DELETE FROM audit WHERE number = 1"],                                         1),
        ("the last gone",    ["DELETE FROM audit WHERE number = 6"],                                         6),
        ("the end cut off, head and all",
         ["DELETE FROM audit WHERE number > 4",
          "UPDATE audit_head SET number = 4, mac = (SELECT mac FROM audit WHERE number = 4)"],               5),
        ("two rows swapped", ["UPDATE audit SET number = 99 WHERE number = 2",
                              "UPDATE audit SET number = 2 WHERE number = 3",
                              "UPDATE audit SET number = 3 WHERE number = 99"],                              2),
        ("a row inserted",   [INSERTED],                                                                7),
        ("all of it gone",   ["DELETE FROM audit", "DELETE FROM audit_head"],                                1),
    ],
)  # fmt: skip
def test_the_first_bad_row_is_named(trail, what, statements, first_bad):
    tamper(trail, *statements)

    broken = verdict(trail)

    assert broken is not None, what
    assert broken.number == first_bad, what


def test_a_chain_made_anew_with_another_key_is_seen(trail, tmp_path):
    with trail.read() as session:
        assert audit.verify(session, b"another key", None) is not None


def test_an_act_that_fails_leaves_no_row_and_no_gap(trail):
    def act(session):
        write(session, 7)
        raise LookupError

    with pytest.raises(LookupError):
        trail.write(act)
    trail.write(lambda session: write(session, 8))

    assert verdict(trail) is None
    with trail.read() as session:
        assert [row["number"] for row in audit.rows(session)] == list(range(1, ROWS + 2))


def test_the_head_outside_never_goes_back(tmp_path):
    file = tmp_path / "head"
    audit.write_head(file, Head(9, b"9" * 32))
    audit.write_head(file, Head(7, b"7" * 32))

    assert audit.read_head(file) == Head(9, b"9" * 32)


def test_a_session_that_only_reads_cannot_append(store):
    with store.read() as session, pytest.raises(audit.NoAuditKey):
        write(session, 1)
