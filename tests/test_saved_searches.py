"""A saved search is made for a purpose and until a day, follows nobody, and leaves nothing running behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

import pipeline
from moderation import saved_searches
from moderation.record import Actor
from moderation.saved_searches import SearchRefused
from store import searches, silences
from store.accounts import StreamRow
from store.audit import AuditRow
from store.comments import CommentRow
from store.searches import SearchExists, UnknownSearch
from tests.town import Town, town
from vocabulary import Origin

X = "dyffryn-x"
MARI = Actor("mari", 1)
BODY = ("Cyngor Dyffryn", "Dyffryn Council")
NEXT_MONTH = date(2026, 12, 16)


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def begin(dyffryn: Town, query: str = "biniau dyffryn", *, review_on: date = NEXT_MONTH) -> None:
    dyffryn.store.write(
        lambda session: saved_searches.begin(
            session, X, name="biniau", query=query, purpose="Beth a ddywedir am y casgliadau",
            review_on=review_on, body=BODY, actor=MARI, now=dyffryn.now,
        )
    )  # fmt: skip


def end(dyffryn: Town) -> None:
    dyffryn.store.write(lambda session: saved_searches.end(session, X, "biniau", actor=MARI, now=dyffryn.now))


def overheard(dyffryn: Town, text: str) -> str:
    said = dyffryn.world.overheard(X, text, "a1", "Enw a1", dyffryn.wait(seconds=1))
    dyffryn.wait(minutes=10)
    dyffryn.collect(X)
    dyffryn.read()
    return said


def found(dyffryn: Town) -> list[tuple[str, Origin, str]]:
    with dyffryn.store.read() as session:
        rows = session.scalars(select(CommentRow).order_by(CommentRow.id)).all()
    return [(row.native_id, row.origin, row.found_by) for row in rows]


def streams(dyffryn: Town) -> set[str]:
    with dyffryn.store.read() as session:
        return set(session.scalars(select(StreamRow.name)))


def test_what_it_finds_is_kept_apart_and_owes_nobody_an_answer(dyffryn: Town) -> None:
    begin(dyffryn)
    said = overheard(dyffryn, "Mae biniau Dyffryn yn llawn")

    assert found(dyffryn) == [(said, Origin.SEARCH, "biniau")]
    assert not [case for case in dyffryn.cases() if case.answer_owed]


@pytest.mark.parametrize("query", ["from:mari_evans", "@mari_evans", '"Mari Evans"'])
def test_one_that_follows_a_person_is_refused_and_leaves_no_row(dyffryn: Town, query: str) -> None:
    with pytest.raises(SearchRefused):
        begin(dyffryn, query)

    with dyffryn.store.read() as session:
        assert searches.everything(session) == []


def test_one_is_made_once_and_ended_once_and_both_are_on_record(dyffryn: Town) -> None:
    begin(dyffryn)
    with pytest.raises(SearchExists):
        begin(dyffryn)
    end(dyffryn)
    with pytest.raises(UnknownSearch):
        end(dyffryn)
    begin(dyffryn)

    with dyffryn.store.read() as session:
        trail = session.scalars(
            select(AuditRow.action).where(AuditRow.action.startswith("search.")).order_by(AuditRow.number)
        ).all()
    assert trail == ["search.begin", "search.end", "search.begin"]


def test_once_it_is_ended_nothing_is_asked_and_nobody_waits_for_it(dyffryn: Town) -> None:
    begin(dyffryn)
    dyffryn.collect(X)
    assert "search:biniau" in streams(dyffryn)
    end(dyffryn)

    overheard(dyffryn, "Mae biniau Dyffryn yn llawn")
    dyffryn.wait(days=3)
    dyffryn.collect()
    pipeline.watch(dyffryn.here, now=dyffryn.now)

    assert found(dyffryn) == []
    assert "search:biniau" not in streams(dyffryn)
    with dyffryn.store.read() as session:
        assert silences.lasting(session) == []


def test_after_its_day_of_review_it_is_not_made_and_that_is_noticed(dyffryn: Town) -> None:
    begin(dyffryn, review_on=date(2026, 11, 17))
    dyffryn.collect()
    dyffryn.wait(days=2)
    dyffryn.collect()

    assert overheard(dyffryn, "Mae biniau Dyffryn yn llawn") not in [native_id for native_id, _, _ in found(dyffryn)]
    pipeline.watch(dyffryn.here, now=dyffryn.now)
    with dyffryn.store.read() as session:
        assert [(account.slug, row.kind) for account, row in silences.lasting(session)] == [(X, "unread")]
