"""docs/reference/collectors.md, from a run: every fault on every platform, what we made of it, and what it cost.

    python -m tests.collectors.matrix > docs/reference/collectors.md

Each cell is played with the real client over real HTTP: thirty comments lie there, one request of
the stream that brings them is spoilt, and the next round has to make it good.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from collectors.base import Action, CollectorError
from collectors.registry import open_collector
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import World
from tests.collectors.conftest import NINE, Kept, Scene, run_once
from tests.collectors.contracts import CONTRACTS
from tests.collectors.test_contract import LONG, thirty_comments
from vocabulary import Platform
from words import Words

NOW = NINE + timedelta(days=1)
FAULTS: Mapping[Kind, str] = {
    Kind.RATE_LIMITED: "told to wait until a moment",
    Kind.RATE_LIMITED_WITHOUT_RESET: "told to wait, and not until when",
    Kind.RETRY_AFTER: "503 with `Retry-After`",
    Kind.USAGE_CAPPED: "the paid or daily allowance is used up",
    Kind.EXPIRED: "the token is dead",
    Kind.FORBIDDEN: "the permission is gone",
    Kind.REFUSED: "the request is refused",
    Kind.GONE: "what is asked about is not there",
    Kind.SERVER_ERROR: "a server error of its own",
    Kind.HTML_502: "an HTML page from a proxy",
    Kind.ERRORS_ONLY: "success, and nothing but errors in it",
    Kind.PARTIAL_ERRORS: "success, and errors beside the data",
    Kind.FALSE_BODY: "`false` instead of a body",
    Kind.TRUNCATED_JSON: "JSON that ends half-way",
    Kind.CUT_SHORT: "a connection that ends half-way",
    Kind.DROPPED_BEFORE: "a connection that ends before the request was read",
    Kind.DROPPED_AFTER: "a connection that ends after it was",
    Kind.APPLIED_THEN_504: "done, and answered with a 504",
    Kind.SLOW: "no answer in time",
    Kind.DRIP: "an answer that drips",
    Kind.NO_CONTENT_TYPE: "no content type",
    Kind.NEXT_LOOP: "a page that leads to itself",
    Kind.EMPTY_PAGE_WITH_NEXT: "an empty page with another behind it",
    Kind.MISSING_FROM: "nobody named as the author",
    Kind.BROKEN_ITEM: "one item that cannot be read",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one fault came to.

    `said` is our error, or empty where the round went through; `later`, that such a round was not the whole.
    """

    said: str
    put_aside: int
    later: bool
    whole: bool

    def __str__(self) -> str:
        said = f"`{self.said}`" if self.said else ("set apart, with its bytes" if self.put_aside else "nothing")
        later = "; the rest by the round after" if self.later else ""
        return f"{said}{later}{'' if self.whole else '; **LOST**'}"


def played(scene: Scene, platform: Platform, kind: Kind) -> Outcome:
    """Thirty comments, one spoilt request, and another round."""
    contract = CONTRACTS[platform]
    account, everything = thirty_comments(scene, platform)
    collector = scene.collector(account, page_size=contract.page_size, timeout=0.4 if kind in LONG else 5.0)
    kept, said = Kept(), ""
    scene.spoil(Fault(kind, path=contract.path, nth=2, seconds=2))
    try:
        run_once(collector, contract.stream, kept)
    except CollectorError as error:
        said = type(error).__name__
    aside = {trouble.raw for page in kept.pages for trouble in page.troubles}
    later = not said and len(kept.comments) + len(aside) < len(everything)
    scene.mend()
    for hours in (1, 2):
        scene.world.now = NOW + timedelta(hours=hours)
        run_once(collector, contract.stream, kept)
    scene.world.now = NOW
    whole = len(kept.comments) + (kind is Kind.BROKEN_ITEM and len(aside)) >= len(everything)
    return Outcome(said, len(aside), later, whole)


def matrix() -> dict[tuple[Platform, Kind], Outcome]:
    """Every cell, in the order of the tables."""
    with Simulator(World(now=NOW)) as simulator:
        scene = Scene(simulator.world, simulator)
        return {(platform, kind): played(scene, platform, kind) for kind in FAULTS for platform in CONTRACTS}


def page(cells: Mapping[tuple[Platform, Kind], Outcome]) -> str:
    """The document."""
    words = Words("en")
    names = {platform: words.name(platform) for platform in CONTRACTS}
    return "\n".join([*INTRO.splitlines(), *_contracts(names), *_abilities(names), *_faults(names, cells), ""])


def _contracts(names: Mapping[Platform, str]) -> Iterator[str]:
    yield from (
        "",
        "## By what we know each platform",
        "",
        "| platform | reading | acting | errors |",
        "|---|---|---|---|",
    )
    for platform, name in names.items():
        basis = CONTRACTS[platform].basis
        yield f"| {name} | " + " | ".join(basis[about].value for about in ("reading", "acting", "errors")) + " |"


def _abilities(names: Mapping[Platform, str]) -> Iterator[str]:
    yield from (
        "",
        "## What each collector reads, and what it can do there",
        "",
        "| platform | streams, the most important first | acts | an edit is seen | a read-back proves absence |",
        "|---|---|---|---|---|",
    )
    for platform, name in names.items():
        contract = CONTRACTS[platform]
        with Simulator(World(now=NINE)) as simulator:
            scene = Scene(simulator.world, simulator)
            account = scene.account(platform)
            collector = open_collector(platform, scene.access(account, searches={"name": "Dyffryn"}))
            streams = ", ".join(stream.replace("search:name", "saved searches") for stream in collector.streams())
            can = collector.capabilities()
        acts = ", ".join(action.value for action in Action if action in can.actions)
        proof = "yes" if can.proves_absence else "no: a person decides"
        edits = "yes" if contract.sees_edits else "there are none, or none is shown"
        yield f"| {name} | {streams} | {acts} | {edits} | {proof} |"


def _faults(names: Mapping[Platform, str], cells: Mapping[tuple[Platform, Kind], Outcome]) -> Iterator[str]:
    yield from ("", "## What goes wrong, and what happened")
    for kind, fault in FAULTS.items():
        yield from ("", f"### {fault[0].upper()}{fault[1:]}", "", "| platform | what we said of it |", "|---|---|")
        yield from (f"| {name} | {cells[platform, kind]} |" for platform, name in names.items())


INTRO = """\
# The collectors, platform by platform

Generated from a run of every fault on every platform; a test plays it again and holds this page to it. To renew it:

    python -m tests.collectors.matrix > docs/reference/collectors.md

Nothing here has met the live platforms. Simulator and collector share an author, so it says by what each
platform's behaviour is known: its own *specification* (the simulator's answers are validated against it in tests),
its *documentation*, or only *recalled* from use and from other people's code.

For every cell thirty comments lie under a post of ours and the second request for them is spoilt, once. The error
is what the round said. *Nothing* means that the round went through all the same, *set apart* that it did but for what
could not be read, whose bytes lie in quarantine. Two hours later, with the fault gone, all thirty were held or,
where one of them can never be read, set apart.
`RateLimited` and `QuotaExhausted` say until when to wait, and no request leaves before; `AuthExpired` and
`PermissionLost` are for a person; after `Transient`, `Malformed`, `Refused` and `Gone` the next round begins where the
last page that was kept ended."""


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(page(matrix()))
