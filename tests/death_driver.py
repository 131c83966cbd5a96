"""Processes that end themselves at a named point while they collect.

    python -m tests.death_driver FOLDER BASE_URL PLATFORM

Each line `NOW POINT NTH` on standard input forks a child, which plays one round; its exit status is the
answer.  POINT is `before` (a transaction is about to be committed), `after` (it has just been) or
`asked` (an answer has come from the platform, and nothing of it is kept yet); NTH counts them from 1.
Nothing in the product knows of it.  The status is 0 where the round ended before the point came.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import configure_mappers

import opening
import pipeline
from classifiers.panel import Panel
from collectors.base import Access, Budget, CollectorError, Cursor, Page
from collectors.registry import open_collector
from settings import Settings
from store.database import Session, Store
from tests.town import ByWords
from tests.village import SLUG, settings_of
from vocabulary import GwylioError, Platform

DEAD = 86
"""The exit status of a process that ended itself."""


@dataclass(slots=True)
class Fate:
    """Counts down to the end."""

    point: str
    nth: int

    def comes(self, point: str) -> None:
        if point == self.point:
            self.nth -= 1
            if self.nth == 0:
                os._exit(DEAD)


@dataclass(slots=True)
class MortalStore:
    store: Store
    fate: Fate

    def write(self, act: Callable[[Session], Any]) -> Any:
        def doomed(session: Session) -> Any:
            answer = act(session)
            session.flush()
            self.fate.comes("before")
            return answer

        answer = self.store.write(doomed)
        self.fate.comes("after")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@dataclass(slots=True)
class MortalCollector:
    real: Any
    fate: Fate

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        for page in self.real.fetch(stream, cursor, budget):
            self.fate.comes("asked")
            yield page

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def live(settings: Settings, now: str, point: str, nth: str) -> None:
    fate = Fate(point, int(nth))
    with opening.installation(settings) as opened:
        store: Any = MortalStore(opened.store, fate)
        real = opened.collector
        mortal: Any = lambda account, at: MortalCollector(real(account, at), fate)  # noqa: E731
        here = replace(opened, store=store, collector=mortal, open_panel=lambda: Panel([ByWords()]))
        pipeline.collect(here, SLUG, now=datetime.fromisoformat(now))
        pipeline.read_waiting(here, now=datetime.fromisoformat(now))
    os._exit(0)


def main(folder: str, base_url: str, platform: str) -> None:
    settings = settings_of(Platform(platform), Path(folder), base_url)
    configure_mappers()
    with suppress(CollectorError, GwylioError):  # only so that its client is loaded, once for all children
        open_collector(Platform(platform), Access(account=SLUG, native_id="1", credential="{}", base_url=base_url))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(settings, *line.split())
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
