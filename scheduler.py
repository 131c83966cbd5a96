"""The table of jobs, and the only clock: what runs when, and nothing about how.

APScheduler runs in UTC.  Only the weekly report is triggered on London time, and well away from
the hour that summer time repeats.  A job that must not happen twice has a run-once key.  What
waits for a platform has threads of that platform's own, so that a slow one holds up nobody else.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

import pipeline
from moderation.calendar import announced_holidays
from pipeline import Installation
from reports import monitoring, weekly
from store import accounts, api_tokens, identities, people, spending, webhooks
from vocabulary import Platform

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

log = structlog.get_logger("gwylio.scheduler")

MISFIRE_GRACE_S = 3_600
"""A job that could not start in time still runs, once, if it is no later than this."""
HOUSE_THREADS = 4
PLATFORM_THREADS = 8
"""For each platform by itself: while one hangs, the others have theirs."""
HOUSE = "house"
FOLLOW_EVERY_S = 30
"""How soon an account that was added, or taken out of use, is noticed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table.  `every` and `at` are APScheduler's own words for an interval or a cron trigger.

    `per_account` makes one job of it for each account, so that a slow platform delays no other.
    `at_once`: it also runs as soon as the schedule starts.
    """

    name: str
    run: Callable[..., object]
    every: Mapping[str, int] | None = None
    at: Mapping[str, str] | None = None
    zone: str = "UTC"
    per_account: bool = False
    at_once: bool = False


def collect(here: Installation, slug: str, *, now: datetime) -> object:
    """One round on one account, and at once the reading of what it brought."""
    told = pipeline.collect(here, slug, now=now)
    if told.new or told.changed:
        pipeline.read_waiting(here, now=now)
    return told


def settle(here: Installation, slug: str, *, now: datetime) -> object:
    """Look where a platform's notices point, and read at once what is found there."""
    told = pipeline.settle(here, slug, now=now)
    if told.settled or told.collected is not None:
        pipeline.read_waiting(here, now=now)
    return told


def escalate(here: Installation, *, now: datetime) -> object:
    """Warn whom the policy names and whoever is waited for, and at once write to them: one round is one message."""
    pipeline.warn(here, now=now)
    pipeline.tell_waiting(here, now=now)
    return pipeline.notify(here, now=now)


def forget(here: Installation, *, now: datetime) -> object:
    """Delete sessions and invitations that ran out, what was paid for on past days, old answers, and old words."""
    here.store.write(lambda session: webhooks.forget_words(session, before=now - webhooks.WORDS_KEPT))
    here.store.write(lambda session: spending.forget_billed(session, before=now))
    here.store.write(lambda session: api_tokens.forget_answers(session, before=now - api_tokens.ANSWERS_KEPT))
    here.store.write(lambda session: identities.forget_invitations(session, before=now))
    return here.store.write(lambda session: people.forget_sessions(session, before=now))


def holidays(here: Installation, *, now: datetime) -> object:
    """Ask what days off were announced, and recompute what they move."""
    url = here.settings.bank_holidays_url
    return pipeline.refresh_holidays(here, now=now, known=announced_holidays(url) if url else None)


def weekly_report(here: Installation, *, now: datetime) -> object:
    """Last week's report, once: on Monday morning, or on the first morning after it that we run."""
    return weekly.publish_last_week(here.store, here.settings, here.policy, here.areas, now=now)


def monitoring_list(here: Installation, *, now: datetime) -> object:
    """Last month's list for the monitoring officer, once: on the first morning of a month that we run."""
    return monitoring.publish_last_month(here.store, here.settings, now=now)


JOBS: tuple[Job, ...] = (
    Job("tokens", pipeline.tend, every={"minutes": 5}, per_account=True, at_once=True),
    Job("settle", settle, every={"seconds": 5}, per_account=True),
    Job("collect", collect, every={"minutes": 10}, per_account=True, at_once=True),
    Job("recheck", pipeline.recheck, every={"hours": 3}, per_account=True),
    Job("classify", pipeline.read_waiting, every={"minutes": 5}, at_once=True),
    Job("dispatch", pipeline.dispatch, every={"seconds": 20}, per_account=True),
    Job("escalate", escalate, every={"minutes": 5}),
    Job("senior digest", pipeline.senior_digest, every={"minutes": 5}),
    Job("register digest", pipeline.register_digest, every={"minutes": 5}),
    Job("watch", pipeline.watch, every={"minutes": 10}),
    Job("forget", forget, at={"hour": "3", "minute": "40"}),
    Job("holidays", holidays, at={"hour": "4", "minute": "10"}, at_once=True),
    Job("monitoring list", monitoring_list, at={"hour": "5", "minute": "20"}),
    Job("weekly report", weekly_report, at={"hour": "7", "minute": "0"}, zone="Europe/London"),
)


def build(here: Installation, *, every: Mapping[str, Mapping[str, int]] | None = None) -> BackgroundScheduler:
    """A scheduler with every job of the table, not yet started.  `every` changes intervals by name (the demo's).

    Accounts that are added while it runs are followed.
    """
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    # A job that is still at work when it is due again is passed over; that is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    paces = {"collect": {"minutes": here.settings.collect_every_minutes}, **(every or {})}
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={
            HOUSE: ThreadPoolExecutor(HOUSE_THREADS),
            **{platform.value: ThreadPoolExecutor(PLATFORM_THREADS) for platform in Platform},
        },
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE_S},
    )
    for job in JOBS:
        if not job.per_account:
            _add(scheduler, job, here, "", HOUSE, paces)
    follow_accounts(scheduler, here, paces)
    scheduler.add_job(
        partial(follow_accounts, scheduler, here, paces),
        id="accounts",
        name="accounts",
        executor=HOUSE,
        trigger="interval",
        seconds=FOLLOW_EVERY_S,
    )
    return scheduler


def follow_accounts(scheduler: BackgroundScheduler, here: Installation, paces: Mapping[str, Mapping[str, int]]) -> None:
    """Give each account in use its jobs, and take them from those that are not."""
    wanted = {
        f"{job.name}:{slug}": (job, slug, platform)
        for slug, platform in _accounts(here).items()
        for job in JOBS
        if job.per_account
    }
    standing = {each.id for each in scheduler.get_jobs() if ":" in each.id}
    for name in standing - wanted.keys():
        scheduler.remove_job(name)
    for name in wanted.keys() - standing:
        job, slug, platform = wanted[name]
        _add(scheduler, job, here, slug, platform.value, paces)


def run_once(here: Installation, *, now: datetime) -> None:
    """Every job of the table, once, in its order; what `gwylio scheduler --once` does.

    Notices are settled before the round, as they would wait after one.
    """
    slugs = list(_accounts(here))
    for job in JOBS:
        for slug in slugs if job.per_account else [""]:
            _run(job, here, slug, now=now)


def _accounts(here: Installation) -> dict[str, Platform]:
    with here.store.read() as session:
        return {account.slug: account.platform for account in accounts.active(session)}


def _add(
    scheduler: BackgroundScheduler,
    job: Job,
    here: Installation,
    slug: str,
    executor: str,
    paces: Mapping[str, Mapping[str, int]],
) -> None:
    scheduler.add_job(
        partial(_run, job, here, slug),
        id=f"{job.name}:{slug}" if slug else job.name,
        name=job.name,
        executor=executor,
        **({"next_run_time": datetime.now(UTC)} if job.at_once else {}),
        **_trigger(job, paces),
    )


def _run(job: Job, here: Installation, slug: str, *, now: datetime | None = None) -> None:
    """Run one job; its failure is logged with ids and the others go on."""
    given = (slug,) if slug else ()
    try:
        job.run(here, *given, now=now or datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - one job's failure must not end the schedule
        log.error("job failed", job=job.name, account=slug, error=type(error).__name__, at=_place_of(error))


def _place_of(error: Exception) -> str:
    """Where it was raised: file and line, and none of the words that an error's message may quote."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    last = traceback.extract_stack(frames[-1], limit=1)[-1] if frames else None
    return f"{last.filename}:{last.lineno}" if last else ""


def _trigger(job: Job, paces: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    if job.at is not None:
        return {"trigger": "cron", "timezone": job.zone, **job.at}
    return {"trigger": "interval", "jitter": 2, **paces.get(job.name, job.every or {})}
