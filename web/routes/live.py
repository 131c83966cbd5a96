"""Streams of server-sent events: that something of an open page moved, for the page to say so and to ask again.

A stream tells its reader nothing but ids of cases that they have seen, or may see now.  Whoever has been signed out is
told so; whoever has lost a service area hears no more of it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from store import desk, stirring
from store.stirring import Stir
from web.gate import signed_in
from web.live import MOST, sent
from web.routes.queue import Asked, wanted_by
from web.security import Reader
from web.visit import Number, SomeVisit, Visit

router = APIRouter(prefix="/{language}")

QUIET_S: Final = 20.0
"""After so long without news a line is sent that says nothing, or a proxy would think us dead; and who is signed in."""
COMES_BACK_MS: Final = 5_000
LAST_EVENT: Final = "last-event-id"
ON_A_PAGE: Final = 200
"""Cases whose lines one page may ask about."""

Told = Callable[[Reader, Sequence[Stir]], Mapping[str, Any]]
"""What a page is told of events; nothing where they do not concern it."""


class Open(Asked):
    """The question of an open page of the queue, the cases on it (`17.18.23`), and the last event it knows of."""

    since: Number = 0
    cases: str = ""


@router.get("/queue/events", name="queue_events")
async def queue_events(visit: SomeVisit, asked: Annotated[Open, Query()]) -> StreamingResponse:
    """Which cases came to this question since the page was made, and which of its own moved (`here`) or left."""
    shown = await run_in_threadpool(_seen, visit, _ids(asked.cases))

    def told(reader: Reader, news: Sequence[Stir]) -> Mapping[str, Any]:
        areas = reader.areas()
        moved = frozenset(stir.case_id for stir in news)
        near = frozenset(stir.case_id for stir in news if areas is None or stir.area in areas)
        if not near and not moved & shown:
            return {}
        _show, wanted = wanted_by(reader, asked, visit.here.areas, today=visit.web.today())
        here = visit.web.live.fitting(wanted, near)
        left = (moved & shown) - here
        return {"here": sorted(here), "left": sorted(left)} if here or left else {}

    return _answer(_stream(visit, told, since=asked.since))


@router.get("/cases/{case_id}/events", name="case_events")
async def case_events(visit: SomeVisit, case_id: int, since: Number = 0) -> StreamingResponse:
    """That a case moved since its page was made, and who works on it now."""

    def told(reader: Reader, news: Sequence[Stir]) -> Mapping[str, Any]:
        here = any(stir.case_id == case_id and reader.roles_in(stir.area) for stir in news)
        return {"moved": True} if here else {}

    return _answer(_stream(visit, told, since=since, case_id=case_id))


async def _stream(visit: Visit, told: Told, *, since: int, case_id: int = 0) -> AsyncIterator[str]:
    live = visit.web.live
    asked = visit.request.headers.get(LAST_EVENT, "")
    since = int(asked) if re.fullmatch("[0-9]{1,15}", asked) else since
    yield f"retry: {COMES_BACK_MS}\n\n"
    async with live.following(case_id) as turns:
        news: Sequence[Stir] = await run_in_threadpool(_missed, visit, since)
        quiet, checked, who = 0.0, live.pace.recheck_s, ""
        reader: Reader | None = visit.reader
        for _turn in range(live.pace.turns):
            if news or quiet >= QUIET_S:
                if checked >= live.pace.recheck_s:
                    reader, checked = await run_in_threadpool(signed_in, visit.request, visit.web), 0.0
                if reader is None:
                    yield sent("ended", {})
                    return
                data = await run_in_threadpool(told, reader, news)
                quiet = 0.0
                yield sent("moved", data, number=max(stir.event_id for stir in news)) if data else ":\n\n"
            if case_id and live.claimed_by(case_id) != who:
                who = live.claimed_by(case_id)
                yield sent("who", {"name": who if who != visit.reader.name else ""})
            news = await turns.get()
            quiet += live.pace.every_s
            checked += live.pace.every_s


def _answer(stream: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def _missed(visit: Visit, since: int) -> Sequence[Stir]:
    """What happened between the making of the page and now; nothing for a page that does not say when it was made."""
    if not since:
        return ()
    with visit.store.read() as session:
        return stirring.since(session, since, limit=MOST)


def _ids(written: str) -> list[int]:
    return [int(each) for each in written.split(".")[:ON_A_PAGE] if re.fullmatch("[0-9]{1,15}", each)]


def _seen(visit: Visit, ids: Sequence[int]) -> frozenset[int]:
    """Those of these cases that the reader may see."""
    with visit.store.read() as session:
        return desk.within(session, ids, visit.reader.areas())
