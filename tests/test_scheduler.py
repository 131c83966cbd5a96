"""The table of jobs keeps its promises: nothing in the hour that repeats, nothing twice, nobody held up by another."""

from __future__ import annotations

import inspect
import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import select

import scheduler
from collectors.base import Cursor, Page
from scheduler import JOBS, Job
from simulator.world import Account
from store import accounts, webhooks
from store.audit import AuditRow
from store.jobs import RunOnceRow
from store.webhooks import Arrived
from tests.town import NINE, Town, register, town
from vocabulary import Platform, Presence

LONDON = ZoneInfo("Europe/London")
BY_NAME = {job.name: job for job in JOBS}


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def trigger_of(job: Job) -> Any:
    given = scheduler._trigger(job, {})
    kind = {"cron": CronTrigger, "interval": IntervalTrigger}[given.pop("trigger")]
    return kind(**given)


def firings(job: Job, start: datetime, many: int) -> list[datetime]:
    trigger, fired = trigger_of(job), []
    previous, now = None, start
    for _ in range(many):
        previous = trigger.get_next_fire_time(previous, now)
        assert previous is not None
        fired.append(previous)
        now = previous + timedelta(microseconds=1)
    return fired


def test_every_job_has_a_name_of_its_own_and_one_kind_of_trigger() -> None:
    assert len(BY_NAME) == len(JOBS)
    assert all((job.every is None) != (job.at is None) for job in JOBS)
    assert not any(":" in job.name for job in JOBS), "the slug of an account stands after the colon"


@pytest.mark.parametrize("job", JOBS, ids=list(BY_NAME))
def test_every_job_takes_its_moment_and_where_it_is_per_account_a_slug(job: Job) -> None:
    parameters = list(inspect.signature(job.run).parameters.values())
    assert next(each for each in parameters if each.name == "now").kind is inspect.Parameter.KEYWORD_ONLY
    needed = [each for each in parameters if each.default is inspect.Parameter.empty and each.name != "now"]
    positional = [each for each in parameters if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert len(needed) <= (2 if job.per_account else 1) <= len(positional)


def test_only_the_weekly_report_goes_by_london_time() -> None:
    assert {job.name for job in JOBS if job.zone != "UTC"} == {"weekly report"}
    assert BY_NAME["weekly report"].zone == "Europe/London"


@pytest.mark.parametrize("job", [job for job in JOBS if job.at], ids=[job.name for job in JOBS if job.at])
def test_no_job_of_the_clock_falls_into_the_hour_that_is_skipped_or_repeats(job: Job) -> None:
    year = firings(job, datetime(2026, 1, 1, tzinfo=UTC), 800)
    for at in (moment.astimezone(LONDON) for moment in year):
        assert not (0, 55) <= (at.hour, at.minute) <= (2, 5), at
    assert len({moment.astimezone(UTC) for moment in year}) == len(year)


@pytest.mark.parametrize("turn", [datetime(2026, 10, 24, tzinfo=UTC), datetime(2027, 3, 27, tzinfo=UTC)])
def test_the_report_is_out_at_seven_in_the_morning_before_and_after_the_clocks_change(turn: datetime) -> None:
    mornings = [moment.astimezone(LONDON) for moment in firings(BY_NAME["weekly report"], turn, 4)]
    assert {(at.hour, at.minute) for at in mornings} == {(7, 0)}
    assert len({at.date() for at in mornings}) == 4


def test_an_interval_job_is_even_while_the_clocks_change() -> None:
    job = replace(BY_NAME["collect"], every={"minutes": 10})
    given = {name: value for name, value in scheduler._trigger(job, {}).items() if name not in {"trigger", "jitter"}}
    trigger = IntervalTrigger(start_date=datetime(2026, 10, 24, 23, 0, tzinfo=UTC), timezone=UTC, **given)
    previous: datetime | None = None
    fired = []
    for _ in range(30):
        previous = trigger.get_next_fire_time(previous, previous or datetime(2026, 10, 24, 23, 0, tzinfo=UTC))
        assert previous is not None
        fired.append(previous)
    assert {later - earlier for earlier, later in itertools.pairwise(fired)} == {timedelta(minutes=10)}


def test_running_once_does_the_whole_job(dyffryn: Town) -> None:
    dyffryn.says("Pryd?")
    dyffryn.says("Ble?", "dyffryn-x", author="a2")
    dyffryn.wait(minutes=1)
    scheduler.run_once(dyffryn.here, now=dyffryn.now)
    for case in dyffryn.cases():
        dyffryn.answers(case.id, "Yfory.")
    scheduler.run_once(dyffryn.here, now=dyffryn.wait(minutes=1))

    assert len(dyffryn.published()) == 2
    assert {case.state.value for case in dyffryn.cases()} == {"answered"}
    assert len(list(dyffryn.here.settings.reports_dir.iterdir())) == 6


def test_the_weekly_report_is_published_once_and_caught_up_when_monday_was_missed(dyffryn: Town) -> None:
    monday = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
    first = scheduler.weekly_report(dyffryn.here, now=monday + timedelta(days=2))
    assert {path.name for path in first} == {  # type: ignore[attr-defined]
        f"weekly-2026-W46.{language}.{kind}" for language in ("cy", "en") for kind in ("html", "csv")
    }
    assert scheduler.weekly_report(dyffryn.here, now=monday + timedelta(days=3)) == ()
    assert scheduler.weekly_report(dyffryn.here, now=monday + timedelta(days=7)) != ()
    with dyffryn.store.read() as session:
        assert sorted(session.scalars(select(RunOnceRow.key))) == ["weekly:2026-W46", "weekly:2026-W47"]
        written = session.scalars(select(AuditRow.subject).where(AuditRow.action == "report.weekly")).all()
    assert written == ["report:weekly:2026-W46", "report:weekly:2026-W47"]


def test_a_job_that_fails_ends_nothing_and_its_error_is_not_quoted(
    dyffryn: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(here: object, *, now: datetime) -> None:
        raise ValueError("geiriau preswylydd")

    scheduler._run(Job("fails", fails, every={"minutes": 1}), dyffryn.here, "", now=NINE)
    told = capsys.readouterr().out
    assert "job failed" in told
    assert "ValueError" in told
    assert "test_scheduler.py" in told
    assert "preswylydd" not in told


def jobs_of(built: Any) -> set[str]:
    return {job.id for job in built.get_jobs()}


def test_an_account_that_is_added_while_it_runs_gets_its_jobs_and_one_out_of_use_loses_them(dyffryn: Town) -> None:
    built = scheduler.build(dyffryn.here)
    assert {"collect:dyffryn-x", "dispatch:dyffryn-fb", "classify", "accounts"} <= jobs_of(built)

    theirs = dyffryn.world.add_account(Platform.X, "newydd", "55", "Newydd", "t")
    dyffryn.store.write(lambda session: register(session, dyffryn.here, theirs))
    next(job for job in built.get_jobs() if job.id == "accounts").func()
    assert {f"{job.name}:newydd" for job in JOBS if job.per_account} <= jobs_of(built)

    def retire(session: Any) -> None:
        accounts.by_slug(session, "newydd").active = False

    dyffryn.store.write(retire)
    next(job for job in built.get_jobs() if job.id == "accounts").func()
    assert not any(name.endswith(":newydd") for name in jobs_of(built))
    assert "collect:dyffryn-x" in jobs_of(built)


def test_what_waits_for_a_platform_has_other_threads_than_what_does_not(dyffryn: Town) -> None:
    built = scheduler.build(dyffryn.here)
    assert {job.executor for job in built.get_jobs() if ":" in job.id} == {"x", "facebook"}
    assert {job.executor for job in built.get_jobs() if ":" not in job.id} == {"house"}


class Stuck:
    """A collector whose platform does not answer until it is let go."""

    def __init__(self, real: Any, gate: threading.Event, entered: threading.Event) -> None:
        self.real, self.gate, self.entered = real, gate, entered

    def streams(self) -> Any:
        return self.real.streams()

    def fetch(self, stream: str, cursor: Cursor, budget: Any) -> Iterator[Page]:
        self.entered.set()
        self.gate.wait(30)
        yield from self.real.fetch(stream, cursor, budget)


def test_an_outage_of_a_platform_with_many_accounts_delays_no_other_platform(dyffryn: Town) -> None:
    """The real scheduler runs while none of twenty accounts is answered; the other platform's account goes on."""
    for number in range(20):
        theirs = dyffryn.world.add_account(Platform.X, f"arall-{number}", f"{3000 + number}", "Arall", f"t{number}")
        dyffryn.store.write(partial(register, here=dyffryn.here, theirs=theirs))
    gate, entered, placed = threading.Event(), threading.Event(), threading.Event()
    real = dyffryn.here.collector

    def collector(account: Any, now: datetime) -> Any:
        opened = real(account, now)
        return Stuck(opened, gate, entered) if account.platform is Platform.X else opened

    here = replace(dyffryn.here, collector=collector)
    dyffryn.world.now = None
    dyffryn.world.comment(
        "dyffryn-fb", "Pryd?", "a1", "Enw", datetime.now(UTC) - timedelta(minutes=1), post=dyffryn.posts["dyffryn-fb"]
    )
    built = scheduler.build(here)
    built.add_listener(lambda event: placed.set() if dyffryn.cases() else None)
    built.start()
    try:
        assert entered.wait(30), "the schedule does not wait for the first interval to pass"
        assert placed.wait(30), "the other account's comment waits for the slow one"
    finally:
        gate.set()
        built.shutdown(wait=True)


def tell(town: Town, slug: str, native_id: str) -> None:
    """What the webhook of a platform does with a notice that something came."""
    theirs = town.world.account(slug)
    arrived = Arrived(
        platform=theirs.platform,
        fingerprint=native_id,
        account_id=account_id(town, slug),
        raw=notice(theirs, native_id),
    )
    town.store.write(lambda session: webhooks.keep(session, [arrived], now=town.now))


def account_id(town: Town, slug: str) -> int:
    with town.store.read() as session:
        return accounts.by_slug(session, slug).id


def notice(theirs: Account, native_id: str, verb: str = "add") -> bytes:
    if theirs.platform is Platform.X:
        data = {
            "event_type": "post.mention.create",
            "filter": {"user_id": theirs.native_id},
            "payload": {"id": native_id},
        }
        return json.dumps({"data": data}).encode()
    value = {"item": "comment", "verb": verb, "comment_id": native_id}
    entry = {"id": theirs.native_id, "changes": [{"field": "feed", "value": value}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def test_what_platforms_tell_is_settled_while_another_platform_hangs_and_nobody_waits_for_it(
    dyffryn: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """The real scheduler: every account of one platform has notices and no answer; the other's are in the queue."""
    for number in range(20):
        theirs = dyffryn.world.add_account(Platform.X, f"arall-{number}", f"{3000 + number}", "Arall", f"t{number}")
        dyffryn.store.write(partial(register, here=dyffryn.here, theirs=theirs))
        tell(dyffryn, theirs.slug, f"99{number}")
    gate, entered, placed, passed_over = (threading.Event() for _ in range(4))
    real = dyffryn.here.collector

    def collector(account: Any, now: datetime) -> Any:
        opened = real(account, now)
        return Stuck(opened, gate, entered) if account.platform is Platform.X else opened

    dyffryn.world.now = None
    at = datetime.now(UTC) - timedelta(minutes=1)
    native_id = dyffryn.world.comment("dyffryn-fb", "Pryd?", "a1", "Enw", at, post=dyffryn.posts["dyffryn-fb"])
    tell(dyffryn, "dyffryn-fb", native_id)
    never = {"days": 1}
    paces = {job.name: {"seconds": 1} if job.name == "settle" else never for job in JOBS if job.every}
    built = scheduler.build(replace(dyffryn.here, collector=collector), every=paces)
    for job in built.get_jobs():
        if not job.id.startswith("settle:"):
            built.remove_job(job.id)
    built.add_listener(lambda event: placed.set() if dyffryn.cases() else None)
    built.add_listener(lambda event: passed_over.set(), EVENT_JOB_MAX_INSTANCES)
    built.start()
    try:
        assert entered.wait(30), "a notice is looked at without waiting for a round"
        assert placed.wait(30), "what one platform told waits for the other"
        assert passed_over.wait(30)
    finally:
        gate.set()
        built.shutdown(wait=True)
    assert [record for record in caplog.records if record.name.startswith("apscheduler")] == [], (
        "that a job is still at work is no news, every few seconds"
    )


def test_running_once_looks_at_what_a_round_would_not_find(dyffryn: Town) -> None:
    """Right after a round nothing more is asked, so the notices come first."""
    dyffryn.arrives("Pryd?")
    [comment] = dyffryn.comments()
    dyffryn.world.delete(comment.native_id, dyffryn.wait(minutes=1))
    raw = notice(dyffryn.world.account("dyffryn-fb"), comment.native_id, "remove")
    arrived = Arrived(platform=Platform.FACEBOOK, fingerprint="gone", account_id=comment.account_id, raw=raw)
    dyffryn.store.write(lambda session: webhooks.keep(session, [arrived], now=dyffryn.now))
    for _ in range(2):
        scheduler.run_once(dyffryn.here, now=dyffryn.wait(minutes=10))
    [comment] = dyffryn.comments()
    assert comment.presence is Presence.DELETED_BY_AUTHOR


def test_collectors_are_never_shared_between_threads(dyffryn: Town) -> None:
    with dyffryn.store.read() as session:
        account = accounts.by_slug(session, "dyffryn-x")
    mine = dyffryn.here.collector(account, dyffryn.now)
    assert dyffryn.here.collector(account, dyffryn.now) is mine
    others: list[Any] = []
    thread = threading.Thread(target=lambda: others.append(dyffryn.here.collector(account, dyffryn.now)))
    thread.start()
    thread.join()
    assert others[0] is not mine
    account.credential_since = dyffryn.now + timedelta(days=1)
    assert dyffryn.here.collector(account, dyffryn.now) is not mine, "a new token opens a new one"
