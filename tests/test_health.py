"""Silence is noticed, stands in the report of its week, and ends when the account is heard again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import pipeline
from reports import weekly
from reports.week import Week
from simulator.faults import Kind
from store import silences
from store.audit import AuditRow
from store.silences import SilenceRow, Silent
from tests.town import Town, town


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def watch(dyffryn: Town) -> None:
    pipeline.watch(dyffryn.here, now=dyffryn.now)


def lasting(dyffryn: Town) -> list[tuple[str, str]]:
    with dyffryn.store.read() as session:
        return [(account.slug, row.kind) for account, row in silences.lasting(session)]


def test_an_account_that_cannot_be_read_for_an_hour_is_silent_until_it_can(dyffryn: Town) -> None:
    dyffryn.collect()
    watch(dyffryn)
    began = dyffryn.now
    dyffryn.spoil(Kind.SERVER_ERROR, platform=None, path="*/comments", times=10_000)
    for _ in range(8):
        dyffryn.wait(minutes=10)
        dyffryn.collect()
        watch(dyffryn)
    assert lasting(dyffryn) == [("dyffryn-fb", "unread")]

    dyffryn.mend()
    dyffryn.wait(hours=2)
    dyffryn.collect()
    watch(dyffryn)

    assert lasting(dyffryn) == []
    with dyffryn.store.read() as session:
        row = session.scalars(select(SilenceRow)).one()
        trail = session.scalars(select(AuditRow.action).where(AuditRow.action.startswith("silence."))).all()
    assert (row.began, row.ended) == (began, dyffryn.now)
    assert trail == ["silence.begin", "silence.end"]


def test_an_account_stiller_than_ever_is_noticed_and_heard_again(dyffryn: Town) -> None:
    for _ in range(25):
        dyffryn.says("Pryd?")
        dyffryn.wait(hours=1)
    dyffryn.collect()
    watch(dyffryn)
    assert lasting(dyffryn) == []

    dyffryn.wait(hours=13)
    dyffryn.collect()
    watch(dyffryn)
    assert lasting(dyffryn) == [("dyffryn-fb", "quiet")]

    dyffryn.says("Mae'n ôl")
    dyffryn.wait(minutes=1)
    dyffryn.collect()
    watch(dyffryn)
    assert lasting(dyffryn) == []


def test_a_time_in_which_nobody_ran_the_schedule_is_noticed_as_it_ends(dyffryn: Town) -> None:
    dyffryn.collect()
    began = dyffryn.now
    dyffryn.wait(days=2)
    dyffryn.collect()

    with dyffryn.store.read() as session:
        rows = session.scalars(select(SilenceRow).order_by(SilenceRow.account_id)).all()
    assert [(row.kind, row.began, row.ended) for row in rows] == [("unread", began, dyffryn.now)] * 2


def test_a_report_that_covers_a_silence_says_so(dyffryn: Town) -> None:
    dyffryn.collect()
    dyffryn.spoil(Kind.EXPIRED, path="*", times=10_000)
    dyffryn.wait(hours=3)
    dyffryn.collect()
    watch(dyffryn)

    with dyffryn.store.read() as session:
        report = weekly.weekly(
            session, dyffryn.here.policy, dyffryn.here.areas, Week.of(dyffryn.now.date()), now=dyffryn.now
        )
        before = weekly.weekly(
            session,
            dyffryn.here.policy,
            dyffryn.here.areas,
            Week.of((dyffryn.now - timedelta(days=7)).date()),
            now=dyffryn.now,
        )
    assert {each.kind for each in report.silences} == {Silent.UNREAD}
    assert before.silences == ()
