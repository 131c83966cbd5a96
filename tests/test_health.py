"""Silence is noticed, stands in the report of its week, and ends when the account is heard again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import pipeline
from reports import weekly
from reports.week import Week
from simulator.faults import Kind
from store import accounts, silences
from store.audit import AuditRow
from store.database import Session
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


def test_an_account_whose_token_is_dead_is_silent_although_it_is_tried_every_round(dyffryn: Town) -> None:
    dyffryn.collect()
    began = dyffryn.now
    dyffryn.spoil(Kind.EXPIRED, platform=None, path="*", times=10_000)
    for _ in range(8):
        dyffryn.wait(minutes=10)
        dyffryn.collect("dyffryn-fb")
        watch(dyffryn)

    assert ("dyffryn-fb", "unread") in lasting(dyffryn)
    with dyffryn.store.read() as session:
        assert {row.began for _, row in silences.lasting(session)} == {began}


def test_a_silence_that_was_not_over_after_all_goes_on(dyffryn: Town) -> None:
    with dyffryn.store.read() as session:
        account = accounts.by_slug(session, "dyffryn-fb")
    since, later = dyffryn.now, dyffryn.now + timedelta(hours=2)

    def note(began: datetime | None, now: datetime) -> bool:
        return dyffryn.store.write(lambda session: silences.note(session, account, Silent.UNREAD, began, now=now))

    assert [note(since, later), note(None, later), note(since, later + timedelta(hours=1))] == [True, True, True]
    assert lasting(dyffryn) == [("dyffryn-fb", "unread")]


def test_of_an_account_out_of_use_nothing_is_expected(dyffryn: Town) -> None:
    dyffryn.collect()
    dyffryn.spoil(Kind.SERVER_ERROR, platform=None, path="*/comments", times=10_000)
    dyffryn.wait(hours=2)
    dyffryn.collect()
    watch(dyffryn)
    assert lasting(dyffryn)

    def retire(session: Session) -> None:
        for account in accounts.everyone(session):
            account.active = False

    dyffryn.store.write(retire)
    watch(dyffryn)

    assert lasting(dyffryn) == []


def test_a_stream_that_is_not_even_tried_for_a_day_and_a_half_is_silent(dyffryn: Town) -> None:
    dyffryn.collect()

    def leave_alone(session: Session) -> None:
        account = accounts.by_slug(session, "dyffryn-fb")
        row = accounts.stream(session, account.id, "tagged")
        row.last_started = row.last_success = dyffryn.now - timedelta(hours=37)

    dyffryn.store.write(leave_alone)
    watch(dyffryn)

    assert lasting(dyffryn) == [("dyffryn-fb", "unread")]


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
