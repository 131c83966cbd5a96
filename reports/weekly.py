"""The weekly report, from the store to four files: a page and a table, in Welsh and in English.

A file is written whole or not at all.  Of a week that is over, the same rows make the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from moderation.calendar import Calendar, Holiday, calendars
from moderation.policy import Policy, policy_version
from moderation.service_areas import Areas
from reports import csv_file, page
from reports.figures import Figures, LateCase, Weekly, figures
from reports.files import write_whole
from reports.week import NoSuchWeek, Week
from settings import Settings
from store import audit, holidays, jobs
from store import figures as kept
from store.database import Session, Store
from vocabulary import Clock
from words import LANGUAGES, Words

__all__ = ["Figures", "LateCase", "NoSuchWeek", "Week", "Weekly", "publish", "publish_last_week", "weekly"]


def weekly(session: Session, policy: Policy, areas: Areas, week: Week, *, now: datetime) -> Weekly:
    """The figures of a week from the rows as they stand; of a week that is not over, those until `now`."""
    return figures(
        kept.rows(session, week.start, week.end, week.first_day),
        week,
        _answer_days(session, policy),
        until=min(now, week.end),
        areas=areas.slugs,
        policy=policy_version(policy),
    )


def publish(
    store: Store, settings: Settings, policy: Policy, areas: Areas, week: Week, out_dir: Path, *, now: datetime
) -> tuple[Path, ...]:
    """Write the report of a week to `out_dir`, over an earlier one of that week, and record that it was written.

    Answers `weekly-2026-W47.cy.html`, `.cy.csv`, `.en.html` and `.en.csv`, in that order.
    """
    files = _write(store, settings, policy, areas, week, out_dir, now=now)
    store.write(lambda session: _record(session, week, files, now=now))
    return tuple(files)


def publish_last_week(
    store: Store, settings: Settings, policy: Policy, areas: Areas, *, now: datetime
) -> tuple[Path, ...]:
    """Publish the week before `now` in the folder of reports, once; nothing where that was done before.

    The files come first and the run-once key after them: a crash between writes the same files again.
    """
    week = Week.before(now)
    key = f"weekly:{week}"
    with store.read() as session:
        if session.get(jobs.RunOnceRow, key) is not None:
            return ()
    files = _write(store, settings, policy, areas, week, settings.reports_dir, now=now)

    def act(session: Session) -> None:
        if jobs.claim(session, key, now=now):
            _record(session, week, files, now=now)

    store.write(act)
    return tuple(files)


def _write(
    store: Store, settings: Settings, policy: Policy, areas: Areas, week: Week, out_dir: Path, *, now: datetime
) -> dict[Path, str]:
    """The files written, with the SHA-256 of each."""
    with store.read() as session:
        report = weekly(session, policy, areas, week, now=now)
    out_dir.mkdir(parents=True, exist_ok=True)
    files: dict[Path, str] = {}
    for name, content in _contents(report, settings, areas):
        write_whole(out_dir / name, content)
        files[out_dir / name] = hashlib.sha256(content).hexdigest()
    return files


def _contents(report: Weekly, settings: Settings, areas: Areas) -> Iterator[tuple[str, bytes]]:
    for language in LANGUAGES:
        words = Words(language)
        yield f"weekly-{report.week}.{language}.html", page.html(report, words, areas, settings.body).encode()
        yield f"weekly-{report.week}.{language}.csv", csv_file.written(report, words, areas)


def _record(session: Session, week: Week, files: dict[Path, str], *, now: datetime) -> None:
    audit.append(
        session,
        actor=audit.SYSTEM,
        action="report.weekly",
        subject=f"report:weekly:{week}",
        now=now,
        after={"sha256": {path.name: digest for path, digest in files.items()}},
    )


def _answer_days(session: Session, policy: Policy) -> Calendar:
    days = (Holiday(*row) for row in holidays.standing(session))
    return calendars([*days, *policy.closure_days])[Clock.ANSWER]
