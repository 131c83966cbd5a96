"""What was given is kept to the byte, once, with who gave it; and never handed out when it is something else by now."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from sqlalchemy import select, update

from store import accounts, audit, comments, evidence
from store.audit import AuditRow
from store.database import Session, Store
from store.evidence import LARGEST, Evidence, EvidenceChanged, EvidenceRow, Unfit, UnfitFile, look_at
from tests.factories import NOON, a_comment, a_user, an_account
from tests.web.world import A_PNG

A_NOTE = b"Ffoniodd hi am y biniau."


def a_file(content: bytes = A_PNG, name: str = "sgrinlun.png") -> Evidence:
    return look_at(name, BytesIO(content), lambda: content)


def a_comment_kept(store: Store) -> int:
    def act(session: Session) -> int:
        return comments.keep(session, an_account(session), [a_comment()], now=NOON).new[0]

    return store.write(act)


def keep(store: Store, comment_id: int, *files: Evidence, by: str = "rhys") -> list[int]:
    return store.write(lambda session: evidence.keep(session, comment_id, files, by=by, now=NOON))


def test_what_comes_out_is_what_went_in_with_its_hash_and_whoever_gave_it(store: Store) -> None:
    store.write(lambda session: a_user(session, "rhys"))
    comment = a_comment_kept(store)
    picture, note = keep(store, comment, a_file(), a_file(A_NOTE, "nodyn.txt"))

    with store.read() as session:
        listed = evidence.of_comments(session, [comment, 999])
        copies = [evidence.copy_of(session, each) for each in (picture, note)]

    assert [each.content for each in copies] == [A_PNG, A_NOTE]
    assert [each.media_type for each in copies] == ["image/png", "text/plain"]
    assert list(listed) == [comment]
    first, second = listed[comment]
    assert (first.id, first.name, first.size, first.at, first.by) == (picture, "sgrinlun.png", len(A_PNG), NOON, "Rhys")
    assert second.sha256 == hashlib.sha256(A_NOTE).hexdigest()


def test_whoever_has_no_account_is_listed_as_the_trail_calls_them(store: Store) -> None:
    comment = a_comment_kept(store)
    keep(store, comment, a_file(), by="command line (mair)")

    with store.read() as session:
        assert evidence.of_comments(session, [comment])[comment][0].by == "command line (mair)"


def test_the_same_bytes_are_kept_once_whatever_they_are_called(store: Store) -> None:
    comment = a_comment_kept(store)

    assert len(keep(store, comment, a_file(), a_file(name="eto.png"))) == 1
    assert keep(store, comment, a_file(name="eto fyth.png")) == []


def test_every_file_is_in_the_trail_by_its_hash_and_not_by_its_name(store: Store) -> None:
    comment = a_comment_kept(store)
    [kept] = keep(store, comment, a_file(name="Mair Enghraifft.png"))

    with store.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "evidence.kept")).one()
        assert audit.verify(session, store.audit_key, None) is None

    assert (row.actor, row.subject) == ("rhys", f"evidence:{kept}")
    assert row.after == {"comment": comment, "sha256": hashlib.sha256(A_PNG).hexdigest(), "size": len(A_PNG)}


def test_a_file_that_changed_since_it_was_looked_at_leaves_nothing_half_kept(store: Store) -> None:
    comment = a_comment_kept(store)
    changed = look_at("b.png", BytesIO(A_PNG + b"1"), lambda: A_PNG + b"2")

    with pytest.raises(EvidenceChanged):
        keep(store, comment, a_file(), changed)

    with store.read() as session:
        assert evidence.of_comments(session, [comment]) == {}
        assert audit.count(session) == 0


def test_a_file_that_was_changed_in_the_database_is_not_handed_out(store: Store) -> None:
    comment = a_comment_kept(store)
    [kept] = keep(store, comment, a_file())
    store.write(lambda session: session.execute(update(EvidenceRow).values(content=A_NOTE)))

    with store.read() as session, pytest.raises(EvidenceChanged):
        evidence.copy_of(session, kept)


def test_the_list_of_a_case_loads_no_content(store: Store) -> None:
    comment = a_comment_kept(store)
    keep(store, comment, a_file())

    with store.read() as session:
        evidence.of_comments(session, [comment])
        row = session.scalars(select(EvidenceRow)).one()
        assert "content" not in row.__dict__


UNFIT = [
    (b"",                                  Unfit.EMPTY),
    (A_PNG + b"\0" * LARGEST,              Unfit.TOO_LARGE),
    (b"<!DOCTYPE html><p>Helo",            Unfit.OTHER_KIND),
]  # fmt: skip


@pytest.mark.parametrize(("content", "why"), UNFIT, ids=[why.value for _, why in UNFIT])
def test_a_file_that_is_not_taken_says_why(content: bytes, why: Unfit) -> None:
    with pytest.raises(UnfitFile) as refused:
        a_file(content, "Mair Enghraifft.png")

    assert refused.value.why is why
    assert "Mair" not in str(refused.value)


def test_the_largest_file_is_taken_to_the_byte() -> None:
    content = A_PNG + b"\0" * (LARGEST - len(A_PNG))

    assert a_file(content).size == LARGEST


def test_evidence_leads_to_the_case_of_its_comment(store: Store) -> None:
    comment = a_comment_kept(store)
    [kept] = keep(store, comment, a_file())

    with store.read() as session:
        assert evidence.case_of(session, kept) is None
        assert evidence.case_of(session, kept + 1) is None
        assert accounts.by_slug(session, "cyngor-fb").id == 1
