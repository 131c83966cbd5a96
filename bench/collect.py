"""Collection end to end: from a simulated platform into the store, beside the bare client reading the same pages.

For each platform a few thousand comments lie under posts of ours.  The product asks for them with the
real client, reads, normalises and keeps them with revisions, cursors and audit rows, durably.  The peer
asks for the same pages with the same client over the same line, takes the JSON apart and keeps nothing.
Both in one process, one after the other, so that the ratio is what storing costs.

    python -m bench.collect [--comments 3000] [--platform facebook ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pipeline
from collectors.base import Budget, Collector
from tests.collectors.contracts import CONTRACTS
from tests.village import SLUG, Village, village
from vocabulary import Platform

POSTS = 15
WORDS = "Pryd fydd y biniau'n cael eu casglu yn ein stryd ni? Mae'n ddeg diwrnod bellach ers y tro diwethaf. "
PLENTY = Budget(pages=100_000, items=10_000_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """Comments a second and requests a comment, of the product and of the bare client."""

    ours: float
    bare: float
    requests: float


def write(place: Village, many: int) -> None:
    """As many comments, a second apart, under posts of ours; then it is a while later."""
    world, start = place.simulator.world, place.now
    posts = [world.post(SLUG, "Newyddion", start + timedelta(seconds=n)) for n in range(POSTS)]
    for n in range(many):
        at = start + timedelta(minutes=1, seconds=n)
        world.comment(SLUG, WORDS * (1 + n % 3), f"7{n % 400:03d}", f"Enw {n % 400}", at, post=posts[n % POSTS])
    place.wait(minutes=10, seconds=many)


class Tape:
    """The line of a collector, with the answers of a round kept in their order, to be asked for again bare."""

    def __init__(self, line: Any) -> None:
        self.line, self.asked = line, list[Callable[[], object]]()

    def ask(self, send: Callable[[], object]) -> Any:
        self.asked.append(send)
        return self.line.ask(send)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)


def measured(platform: Platform, many: int) -> Rate:
    with tempfile.TemporaryDirectory() as folder, village(platform, Path(folder)) as place:
        pipeline.collect(place.here, SLUG, now=place.now)  # a client loads its own code once, before anybody counts
        write(place, many)
        account = place.here.collector
        tape: Tape | None = None

        def taped(row: Any, now: Any) -> Collector:
            nonlocal tape
            real: Any = account(row, now)
            tape = tape or Tape(real.line)
            return cast("Collector", replace(real, line=tape))

        here = replace(place.here, collector=taped)
        before, started = len(place.simulator.requests), time.perf_counter()
        told = pipeline.collect(here, SLUG, now=place.now, budget=PLENTY)
        ours = time.perf_counter() - started
        requests = len(place.simulator.requests) - before
        if told.new != many or told.troubles or tape is None:
            sys.exit(f"{platform}: {told.new} of {many} collected, {told.troubles}")
        started = time.perf_counter()
        for send in tape.asked:
            json.loads(tape.line.ask(send).body or b"null")
        bare = time.perf_counter() - started
        return Rate(many / ours, many / bare, requests / many)


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--comments", type=int, default=3_000)
    words.add_argument("--platform", type=Platform, nargs="*", default=list(CONTRACTS))
    asked = words.parse_args()
    print(f"collection, {asked.comments:,} comments under {POSTS} posts:")
    print(f"  {'':<12}{'stored/s':>10}{'bare/s':>10}{'ratio':>8}{'requests/comment':>20}")
    for platform in asked.platform:
        rate = measured(platform, asked.comments)
        ratio = rate.ours / rate.bare
        print(f"  {platform.value:<12}{rate.ours:>10,.0f}{rate.bare:>10,.0f}{ratio:>8.2f}{rate.requests:>20.3f}")


if __name__ == "__main__":
    main()
