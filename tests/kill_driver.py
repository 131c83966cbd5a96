"""A nursery of processes that are there to be killed.

    python -m tests.kill_driver FOLDER BASE_URL

Each line `DEED START STEP` on standard input forks a child, which opens the installation in FOLDER
and does DEED over and over until it is killed; time is a number that it counts up itself, so that
hours of waiting pass in moments.  Answers are `child PID`, `ready` (from the child) and `dead`.
Forked from a process that has everything imported and nothing opened, a child begins at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import facebook  # noqa: F401 - imported before the fork, so that no child has to
import tweepy  # noqa: F401
from sqlalchemy.orm import configure_mappers

import collectors.facebook
import collectors.x  # noqa: F401 - the same
import opening
import pipeline
import settings as configuration
from classifiers.panel import Panel
from pipeline import Installation
from settings import Settings
from store import accounts
from tests.town import SOURCES, ByWords


def dispatch(here: Installation, now: datetime) -> None:
    pipeline.dispatch(here, now=now)


def collect(here: Installation, now: datetime) -> None:
    for slug in SOURCES:
        pipeline.collect(here, slug, now=now)
    pipeline.read_waiting(here, now=now)


DEEDS: Mapping[str, Callable[[Installation, datetime], None]] = {"dispatch": dispatch, "collect": collect}


def live(settings: Settings, deed: str, start: str, step: str) -> None:
    now = datetime.fromisoformat(start)
    with opening.installation(settings) as opened:
        here = replace(opened, open_panel=lambda: Panel([ByWords()]))
        with here.store.read() as session:
            for account in accounts.active(session):
                here.collector(account, now)
        print("ready", flush=True)
        while True:
            DEEDS[deed](here, now)
            now += timedelta(seconds=float(step))


def main(folder: str, base_url: str) -> None:
    urls = {platform.value: f"{base_url}/{platform.value}" for platform in SOURCES.values()}
    settings = configuration.exactly(state_dir=Path(folder), bank_holidays_url="", platform_urls=urls)
    configure_mappers()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(settings, *line.split())
        print(f"child {child}", flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
