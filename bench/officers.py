"""Two hundred officers at once on one process, each acting every five seconds, over real HTTP.

    python -m bench.officers [--officers 200] [--seconds 60] [--cases 20000]

Each reads the queue, opens a case of it, and then takes a note, has a reply checked, or waits for its author, by turns.
Besides, pairs of officers post the same version of one case in the same moment: of each pair one must be told that a
colleague was first, and the events must show one act.  The process is `gwylio web`'s own application on SQLite, with
its streams open for every officer.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from bench.million import NOW, OFFICERS, an_installation, fill
from bench.pages import cookie_of
from store.cases import CaseRow, EventRow
from vocabulary import Act
from web.security import SESSION_COOKIE

EVERY_S = 5.0
LIMIT_MS = 300
PAIRS = 20
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Taken:
    """How long each kind of request took, in milliseconds, and what came back that should not have."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)

    async def ask(
        self, client: httpx.AsyncClient, kind: str, method: str, path: str, allowed: Sequence[int], **data: str
    ) -> httpx.Response | None:
        started = time.perf_counter()
        try:
            answer = await client.request(method, path, data=data or None)
        except httpx.HTTPError as error:
            self.wrong[f"{kind}: {type(error).__name__}"] += 1
            return None
        self.times[kind].append((time.perf_counter() - started) * 1_000)
        if answer.status_code not in allowed:
            self.wrong[f"{kind}: {answer.status_code}"] += 1
        return answer


async def an_officer(number: int, client: httpx.AsyncClient, taken: Taken, until: float) -> None:
    """One request every five seconds: the queue, a case of it, and something that is done to it, by turns."""
    dice = random.Random(number)
    await asyncio.sleep(dice.random() * EVERY_S)
    rows: list[str] = []
    case, form = "", {"csrf": "bench", "version": ""}
    turn = dice.randrange(3)
    while time.monotonic() < until:
        began, turn = time.monotonic(), (turn + 1) % 3
        if turn == 0 or not rows:
            page = await taken.ask(client, "queue", "GET", "/cy/queue", [200])
            rows = re.findall(r'data-row="(\d+)"', page.text) if page is not None else rows
        elif turn == 1 or not form["version"]:
            case = f"/cy/cases/{dice.choice(rows)}"
            shown = await taken.ask(client, "case", "GET", case, [200])
            found = re.search(r'name="version" value="(\d+)"', shown.text) if shown is not None else None
            form["version"] = found[1] if found else ""
        else:
            act = dice.choice(["note", "check", "ask"])
            if act == "note":
                await taken.ask(client, act, "POST", f"{case}/notes", [303, 409], **form, reason="Gofynnwyd i'r criw.")
            elif act == "check":
                words = "Diolch am eich neges. Mae'r criw yn dod ddydd Llun."
                await taken.ask(client, act, "POST", f"{case}/check", [200, 409], **form, text_cy=words)
            else:
                await taken.ask(client, act, "POST", f"{case}/acts/ask_author", [303, 409], **form, reason="")
            form["version"] = ""
        await asyncio.sleep(max(0.0, EVERY_S * (0.8 + 0.4 * dice.random()) - (time.monotonic() - began)))


async def a_race(case_id: int, pair: Sequence[httpx.AsyncClient], taken: Taken) -> None:
    """Two officers close the same version of one case in the same moment."""
    pages = await asyncio.gather(*(client.get(f"/cy/cases/{case_id}") for client in pair))
    found = [re.search(r'name="version" value="(\d+)"', page.text) for page in pages]
    form = {"csrf": "bench", "outcome": "no_response_needed", "reason": "Dim i'w ateb."}
    answers = await asyncio.gather(
        *(
            client.post(f"/cy/cases/{case_id}/acts/close", data={**form, "version": each[1] if each else "0"})
            for client, each in zip(pair, found, strict=True)
        )
    )
    if sorted(answer.status_code for answer in answers) != [303, 409]:
        taken.wrong[f"race: {sorted(answer.status_code for answer in answers)}"] += 1


async def a_stream(client: httpx.AsyncClient, until: float) -> None:
    """An officer's open page, which listens while it is open."""
    while time.monotonic() < until:
        try:
            async with asyncio.timeout(max(0.1, until - time.monotonic())):
                async with client.stream("GET", "/cy/queue/events") as stream:
                    async for _line in stream.aiter_lines():
                        pass
        except (TimeoutError, httpx.HTTPError):
            return


async def press(base: str, cookies: Sequence[str], seconds: float, raced: Sequence[tuple[int, int, int]]) -> Taken:
    taken = Taken()
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)  # the server lets go after five seconds
    clients = [
        httpx.AsyncClient(base_url=base, cookies={SESSION_COOKIE: cookie}, timeout=30.0, limits=limits)
        for cookie in cookies
    ]
    until = time.monotonic() + seconds
    work = [an_officer(number, client, taken, until) for number, client in enumerate(clients)]
    listening = [a_stream(client, until) for client in clients]
    races = [a_race(case_id, (clients[one], clients[other]), taken) for case_id, one, other in raced]
    await asyncio.gather(*work, *listening, *races)
    for client in clients:
        await client.aclose()
    return taken


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--officers", type=int, default=OFFICERS)
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--cases", type=int, default=20_000)
    words.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    words.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.serve:
        serve(asked.folder, asked.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        with an_installation(Path(folder)) as here:
            fill(here.store, asked.cases)
            cookies = [cookie_of(here, f"officer-{number}") for number in range(asked.officers)]
            with here.store.read() as session:
                raced_ids = session.scalars(
                    select(CaseRow.id).where(CaseRow.service_area == "area-00").limit(PAIRS)
                ).all()
        twelve = [number for number in range(asked.officers) if number % 12 == 0]
        raced = [(case_id, twelve[0], twelve[1]) for case_id in raced_ids]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = subprocess.Popen([sys.executable, "-m", "bench.officers", "--serve", str(port), "--folder", folder])
        try:
            waits_for(port)
            taken = asyncio.run(press(f"http://127.0.0.1:{port}", cookies, asked.seconds, raced))
        finally:
            server.terminate()
            server.wait()
        with an_installation(Path(folder)) as here, here.store.read() as session:
            twice = [
                case_id
                for case_id, *_ in raced
                if len(
                    session.scalars(
                        select(EventRow.id).where(EventRow.case_id == case_id, EventRow.what == Act.CLOSE.value)
                    ).all()
                )
                != 1
            ]
    say(taken, asked.officers, asked.seconds, len(raced), len(twice))


def waits_for(port: int) -> None:
    """Until the server answers."""
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1.0).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


def serve(folder: Path, port: int) -> None:
    """The web app on a folder that is there, with a clock that goes on from NOW."""
    import uvicorn

    import opening
    import settings as configuration
    from web import pages
    from web.app import create_app

    started = time.monotonic()
    with opening.installation(configuration.load(None, state_dir=folder)) as here:
        pages.warm_up()
        app = create_app(here, now=lambda: NOW + timedelta(seconds=time.monotonic() - started))
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False)


def say(taken: Taken, officers: int, seconds: float, pairs: int, twice: int) -> None:
    every = sorted(each for some in taken.times.values() for each in some)
    print(f"{officers} officers for {seconds:.0f} s: {len(every):,} requests, {len(every) / seconds:.0f} a second")
    for kind, some in taken.times.items():
        some.sort()
        print(
            f"  {kind:<8} {len(some):6,}   median {some[len(some) // 2]:7.1f} ms"
            f"   99th percentile {some[int(len(some) * 0.99)]:7.1f} ms"
        )
    worst = every[int(len(every) * 0.99)]
    print(f"  all      {len(every):6,}   99th percentile {worst:.1f} ms, of {LIMIT_MS}: {worst / LIMIT_MS:.2f}")
    print(f"  errors: {dict(taken.wrong) or 'none'}; cases that two had in hand: {pairs}, overwritten: {twice}")


if __name__ == "__main__":
    main()
