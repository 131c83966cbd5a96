"""Whoever may open a case finds it by what stands in it now, alike on both databases; nobody else does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, text, update

from store import comments, search
from store.cases import CaseRow, EventRow
from store.comments import AuthorRow, CommentRow, RevisionRow
from store.database import Session, Store
from store.replies import ReplyRow
from store.search import Sought
from tests.factories import MONDAY, a_comment, a_user
from tests.store.test_desk import Desk, desk_account
from vocabulary import Author, ReplyKind, ReplyLanguage, ReplyState, State
from words.folding import question

EVERYWHERE = Sought(areas=None, restricted_in=None)
NOWHERE = frozenset[str]()


def said(store: Store, words: str, **over: object) -> int:
    """A case in which somebody said this; its id."""
    desk: Desk = said.desks.setdefault(store, Desk(store))  # type: ignore[attr-defined]

    def make(session: Session) -> int:
        case = desk.case(session, **over)
        session.execute(
            update(RevisionRow)
            .where(RevisionRow.comment_id.in_(select(CommentRow.id).where(CommentRow.case_id == case.id)))
            .values(text=words)
        )
        return case.id

    return store.write(make)


said.desks = {}  # type: ignore[attr-defined]


def found(store: Store, asked: str, sought: Sought = EVERYWHERE) -> list[int]:
    with store.read() as session:
        ids = search.find(session, question(asked), sought).case_ids
        assert search.count(session, question(asked), sought) == len(ids)
    return list(ids)


def test_both_databases_answer_alike(store: Store) -> None:
    bins = said(store, "Ble mae fy min? Mae'r biniau gwyrdd yn llawn")
    hole = said(store, "The pothole by O'Brien's isn’t mended 中文字")
    both = said(store, "Gwyrdd yw'r bin a'r twll", reference="GW-2026-777777")
    for asked, ids in {
        "bin": [both, bins],
        "biniau gwyrdd": [bins],
        '"biniau gwyrdd"': [bins],
        '"gwyrdd biniau"': [],
        "gwyrdd -min": [],
        "gwyrdd -twll": [bins],
        "poth": [hole],
        "obriens isnt": [hole],
        "OBRIEN'S": [hole],
        "中文字": [hole],
        "twll": [both],
        "777777": [both],
        "gw-2026-777777": [both],
        "mair": [both, hole, bins],
        '"llawn gw"': [],
        "¶": [],
        "' OR * \" NEAR( :": [],
        "": [],
    }.items():
        assert found(store, asked) == ids, asked


def test_what_is_said_replied_noted_renamed_and_erased_since_is_found_as_it_stands(store: Store) -> None:
    case_id = said(store, "Ble mae'r lori?")
    assert found(store, "lori") == [case_id]

    def revise(session: Session) -> None:
        case = session.get_one(CaseRow, case_id)
        edited = a_comment("Ble mae'r sbwriel?", native_id="c1", author=Author("a1", "Mair"))
        comments.keep(session, desk_account(session), [edited], now=MONDAY + timedelta(hours=1))
        user = a_user(session)
        session.add(
            EventRow(
                case_id=case_id,
                at=MONDAY,
                user_id=user.id,
                what="noted",
                from_state=case.state,
                to_state=case.state,
                words="Rang the depot",
                detail={},
            )
        )
        session.add(
            ReplyRow(
                case_id=case_id,
                comment_id=1,
                round=1,
                kind=ReplyKind.ANSWER,
                state=ReplyState.DRAFT,
                text_cy="Daw yfory",
                text_en="",
                author_id=user.id,
                created_at=MONDAY,
            )
        )
        session.execute(update(AuthorRow).values(name="Siân Enghraifft"))

    store.write(revise)
    assert found(store, "lori") == found(store, "Mair") == []
    for asked in ("sbwriel", "depot", "yfory", "sian"):
        assert found(store, asked) == [case_id], asked

    store.write(lambda session: session.execute(update(RevisionRow).values(text="")))
    assert found(store, "sbwriel") == []
    store.write(lambda session: session.execute(delete(EventRow)))
    assert found(store, "depot") == []


def test_a_case_that_the_reader_may_not_open_is_neither_found_nor_counted(store: Store) -> None:
    waste, roads = said(store, "the lorry"), said(store, "the lorry", service_area="highways")
    secret = said(store, "the lorry", restricted=True, reference="GW-2026-999999")
    for areas, restricted_in, ids in (
        (None, None, [secret, roads, waste]),
        (None, NOWHERE, [roads, waste]),
        (frozenset({"waste"}), NOWHERE, [waste]),
        (frozenset({"waste"}), frozenset({"waste"}), [secret, waste]),
        (NOWHERE, frozenset({"highways"}), []),
        (NOWHERE, None, [secret]),
    ):
        sought = Sought(areas=areas, restricted_in=restricted_in)
        assert found(store, "lorry", sought) == ids
        with store.read() as session:
            assert search.referred_to(session, " gw-2026-999999 ", sought) == (secret if secret in ids else None)


def test_filters_and_pages(store: Store) -> None:
    ids = [said(store, "the lorry", opened_at=MONDAY + timedelta(days=day)) for day in range(5)]
    closed = said(store, "the lorry", state=State.CLOSED, reply_in=ReplyLanguage.EN, service_area="highways")
    for over, expected in (
        ({"only_open": True}, ids[::-1]),
        ({"state": State.CLOSED}, [closed]),
        ({"reply_in": ReplyLanguage.EN}, [closed]),
        ({"area": "highways"}, [closed]),
        ({"since": date(2026, 11, 4), "until": date(2026, 11, 5)}, [ids[3], ids[2]]),
    ):
        assert found(store, "lorry", Sought(areas=None, restricted_in=None, **over)) == expected, over
    with store.read() as session:
        first = search.find(session, question("lorry"), EVERYWHERE, limit=4)
        rest = search.find(session, question("lorry"), EVERYWHERE, limit=4, before=first.case_ids[-1])
    assert (*first.case_ids, *rest.case_ids) == (closed, *ids[::-1])
    assert (first.more, rest.more) == (True, False)


def test_a_change_that_is_undone_leaves_the_index_as_it_was(store: Store) -> None:
    case_id = said(store, "the lorry")

    def fail(session: Session) -> None:
        session.execute(update(RevisionRow).values(text="the skip"))
        raise KeyError

    with pytest.raises(KeyError):
        store.write(fail)
    assert (found(store, "lorry"), found(store, "skip")) == ([case_id], [])


def test_what_a_migration_left_is_indexed_bit_by_bit(store: Store) -> None:
    ids = [said(store, "the lorry") for _ in range(3)]

    def leave(session: Session) -> None:
        session.execute(text("DELETE FROM search_document"))
        session.execute(text("INSERT INTO search_stale (case_id, backlog) SELECT id, true FROM cases"))

    store.write(leave)
    assert found(store, "lorry") == []
    done = [store.write(lambda session: search.catch_up_backlog(session, limit=2)) for _ in range(3)]
    assert done == [2, 1, 0]
    assert found(store, "lorry") == ids[::-1]


def test_a_text_without_end_is_indexed_as_far_as_a_document_goes(store: Store) -> None:
    case_id = said(store, "cyntaf " + " ".join(f"gair{number}" for number in range(20_000)))
    assert found(store, "cyntaf") == found(store, "gair9000") == [case_id]
    assert found(store, "gair19999") == []
