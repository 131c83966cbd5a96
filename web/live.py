"""What happens while a page is open: one look at the database for all that are open in this process.

A page is told that something moved, never what: it asks for itself again, through the gate, when its reader wishes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from fastapi.concurrency import run_in_threadpool

from store import desk, stirring, triage
from store.database import Store
from store.desk import Wanted
from store.stirring import Stir

log = structlog.get_logger("gwylio.web")

MOST: Final = 500
"""Events that are looked at in one turn; what a late holiday moves is passed on turn by turn."""
LOOK_BACK: Final = 200
"""How far a number that came to light late may lie behind the last."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the database is looked at, how old may be what is known of who is signed in, how long a stream lasts.

    In seconds.  A stream ends and the browser opens another: what stands between us and it may not like older ones.
    """

    every_s: float = 2.0
    lasts_s: float = 600.0
    recheck_s: float = 10.0

    @property
    def turns(self) -> int:
        """How often one stream is told, at least once."""
        return max(1, round(self.lasts_s / self.every_s))


class Live:
    """Follows the events of the cases, from the first open page on until the last is closed."""

    def __init__(self, store: Store, now: Callable[[], datetime], pace: Pace) -> None:
        self._store, self._now, self.pace = store, now, pace
        self._followers: dict[asyncio.Queue[tuple[Stir, ...]], int] = {}
        self._claims: dict[int, str] = {}
        self._found: dict[tuple[Wanted, frozenset[int]], frozenset[int]] = {}
        self._one_asks = threading.Lock()
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    @asynccontextmanager
    async def following(self, case_id: int = 0) -> AsyncIterator[asyncio.Queue[tuple[Stir, ...]]]:
        """The turns to come, each with what happened; empty ones too, where a case's claim may have changed."""
        mine: asyncio.Queue[tuple[Stir, ...]] = asyncio.Queue()
        self._followers[mine] = case_id
        if self._task is None or self._task.done() or self._over.is_set():
            self._over = asyncio.Event()
            self._task = asyncio.create_task(self._look(self._over))
        try:
            yield mine
        finally:
            del self._followers[mine]
            if not self._followers:
                self._over.set()

    def fitting(self, wanted: Wanted, moved: frozenset[int]) -> frozenset[int]:
        """Which of the cases that moved a question finds: asked once for all who ask the same in this turn."""
        with self._one_asks:
            if (wanted, moved) not in self._found:
                with self._store.read() as session:
                    self._found[wanted, moved] = desk.fitting(session, wanted, moved)
            return self._found[wanted, moved]

    def claimed_by(self, case_id: int) -> str:
        """Who works on a case that a page follows, as of the last turn; empty for nobody."""
        return self._claims.get(case_id, "")

    async def _look(self, over: asyncio.Event) -> None:
        seen: set[int] | None = None
        last = 0
        while not over.is_set():
            try:
                if seen is None:
                    last = await run_in_threadpool(self._newest)
                claimable = sorted({case_id for case_id in self._followers.values() if case_id})
                found, self._claims = await run_in_threadpool(self._since, last - LOOK_BACK, claimable)
            except Exception as error:  # noqa: BLE001 - a database that is away for a moment must not end it for every page
                log.warning("open pages are not told what moves", error=type(error).__name__)
            else:
                news = tuple(stir for stir in found if seen is not None and stir.event_id not in seen)
                self._found = {}
                seen = {stir.event_id for stir in found}
                last = max([last, *seen])
                for each in self._followers:
                    each.put_nowait(news)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self.pace.every_s)

    def _newest(self) -> int:
        with self._store.read() as session:
            return stirring.newest(session)

    def _since(self, number: int, case_ids: list[int]) -> tuple[list[Stir], dict[int, str]]:
        with self._store.read() as session:
            found = list(stirring.since(session, number, limit=LOOK_BACK + MOST))
            return found, triage.claims(session, case_ids, now=self._now()) if case_ids else {}


def sent(event: str, data: Mapping[str, Any], *, number: int = 0) -> str:
    """One message of a stream, as the browser's EventSource reads it; `number` is where it goes on from."""
    at = f"id: {number}\n" if number else ""
    return f"{at}event: {event}\ndata: {json.dumps(data, separators=(',', ':'), ensure_ascii=False)}\n\n"
