"""Dates of many cases move with few statements: each case has its event, the trail one row."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, select

import pipeline
from classifiers.panel import Panel
from collectors.base import Collector
from moderation import budgets, service_areas
from moderation.calendar import GOV_UK, WALES, Holiday, seed_holidays
from pipeline import Installation
from settings import Keys, Settings
from store import audit, cases, matters, recounting
from store.accounts import AccountRow
from store.cases import CaseRow, EventRow
from store.database import Session, Store
from store.recounting import Dates
from tests.factories import NOON, POWYS, a_comment, comes, with_account
from vocabulary import Author, Clock, State

LATER = Dates(date(2026, 11, 4), date(2026, 11, 10), beyond_known=False)


def three(store: Store) -> list[int]:
    with_account(store)
    return [
        comes(store, a_comment(native_id=f"c{n}", author=Author(f"a{n}", "Mair Enghraifft"))).case_id for n in range(3)
    ]


def test_what_moved_has_its_dates_its_event_and_a_new_version(store: Store) -> None:
    case_ids = three(store)
    with store.read() as session:
        running = recounting.running(session, after=0, limit=2)
        before = {case_id: session.get_one(CaseRow, case_id).version for case_id in case_ids}
    assert [each.case_id for each in running] == case_ids[:2]

    store.write(lambda session: recounting.move(session, [(each, LATER) for each in running], because="x", now=NOON))

    with store.read() as session:
        for case_id in case_ids[:2]:
            case = session.get_one(CaseRow, case_id)
            turn = cases.current_round(session, case)
            assert (case.due, turn.ack_due, turn.due, turn.first_due) == (LATER.due, *LATER[:2], date(2026, 11, 9))
            assert case.version == before[case_id] + 1
            event = cases.events(session, case_id)[-1]
            assert event.detail == {"because": "x", "from": "2026-11-09", "to": "2026-11-10"}
            assert (event.from_state, event.to_state) == (State.RECEIVED, State.RECEIVED)
        assert session.get_one(CaseRow, case_ids[2]).due == date(2026, 11, 9)
        rows = [row for row in audit.rows(session) if row["action"] == "cases.due_recomputed"]
    assert [row["after"]["cases"] for row in rows] == [2]


def test_a_case_whose_clock_stood_still_or_that_holds_a_matter_is_counted_by_itself(store: Store) -> None:
    case_ids = three(store)
    comes(store, a_comment(native_id="c9", author=None, thread=""), clocks=(Clock.ANSWER, Clock.FOI))
    with store.read() as session:
        assert [each.case_id for each in recounting.running(session, after=0, limit=9)] == case_ids
        [apart] = recounting.set_apart(session)
        assert matters.of_case(session, apart)


def test_a_late_holiday_moves_every_case_once_whichever_lane_it_is_in(store: Store, tmp_path: Path) -> None:
    three(store)
    for n in range(3, 9):
        comes(store, a_comment(native_id=f"c{n}", author=Author(f"a{n}", "Mair Enghraifft")))
    here = Installation(
        settings=Settings(state_dir=tmp_path),
        keys=Keys(audit=b"k" * 32, credentials=b""),
        store=store,
        policy=POWYS,
        areas=service_areas.load(),
        budgets=budgets.load(),
        open_panel=lambda: Panel([]),
        collector=nobody,
    )
    announced = [*seed_holidays(), Holiday(date(2026, 11, 5), WALES, "A day", "Diwrnod", GOV_UK)]
    pipeline.refresh_holidays(here, now=NOON, known=announced)
    with store.read() as session:
        dues = session.scalars(select(CaseRow.due)).all()
        events = session.execute(
            select(EventRow.case_id, func.count()).where(EventRow.what == "due_recomputed").group_by(EventRow.case_id)
        ).all()
    assert set(dues) == {date(2026, 11, 10)}
    assert [number for _case, number in events] == [1] * 9


def nobody(account: AccountRow, now: datetime) -> Collector:
    raise AssertionError(f"{account.slug} is not asked")


def test_nothing_moved_leaves_no_row(store: Store) -> None:
    def act(session: Session) -> None:
        recounting.move(session, [], because="x", now=NOON)

    store.write(act)
    with store.read() as session:
        assert "cases.due_recomputed" not in {row["action"] for row in audit.rows(session)}
