"""A council with one account on each platform, its collectors, and the simulator between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.base import Access, Budget, Collector, Cursor, Page
from collectors.registry import open_collector
from simulator.faults import Fault
from simulator.server import Simulator
from simulator.world import Account, Message, World
from tests.collectors.contracts import CONTRACTS
from vocabulary import Comment, OwnReply, Platform, Post

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
TOKENS = {platform: contract.token for platform, contract in CONTRACTS.items()}
BOTH = (Platform.X, Platform.FACEBOOK)


@dataclass(slots=True)
class Kept:
    """What a store would hold after some runs: by id, and how often each was handed over."""

    comments: dict[str, Comment] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    ours: dict[str, OwnReply] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    cursors: dict[str, Cursor] = field(default_factory=dict)

    def keep(self, stream: str, page: Page) -> None:
        self.comments |= {comment.native_id: comment for comment in page.comments}
        self.posts |= {post.native_id: post for post in page.posts}
        self.ours |= {reply.native_id: reply for reply in page.ours}
        self.cursors[stream] = page.cursor
        self.pages.append(page)


@dataclass(slots=True)
class Scene:
    """The world, its simulator, and one collector for each account."""

    world: World
    simulator: Simulator
    opened: dict[str, Collector] = field(default_factory=dict)
    serial: int = 0

    def account(self, platform: Platform) -> Account:
        self.serial += 1
        slug, contract = f"dyffryn-{platform.value}-{self.serial}", CONTRACTS[platform]
        own_id, token = contract.own_id.format(1000 + self.serial), contract.token.format(self.serial)
        return self.world.add_account(platform, slug, own_id, "Cyngor Dyffryn", token)

    def access(self, account: Account, **more: Any) -> Access:
        return Access(
            account=account.slug,
            native_id=account.native_id,
            credential=account.token,
            base_url=self.simulator.url_of(account.platform),
            home=CONTRACTS[account.platform].home,
            **more,
        )

    def collector(self, account: Account, *, page_size: int = 100, timeout: float = 5.0, **more: Any) -> Collector:
        opened = open_collector(account.platform, self.access(account, timeout=timeout, **more))
        return replace(opened, page_size=page_size)  # type: ignore[type-var]

    def spoil(self, fault: Fault) -> None:
        self.simulator.faults.add(fault)

    def mend(self) -> None:
        self.simulator.faults.clear()


def run_once(collector: Collector, stream: str, kept: Kept, budget: Budget | None = None) -> bool:
    """One run as the pipeline makes it: every page and its cursor are kept before the next is asked for."""
    complete = False
    for page in collector.fetch(stream, kept.cursors.get(stream, Cursor()), budget or Budget()):
        kept.keep(stream, page)
        complete = page.complete
    return complete


def run_all(collector: Collector, kept: Kept | None = None, budget: Budget | None = None) -> Kept:
    """Every stream, each continued until its run is complete."""
    kept = kept if kept is not None else Kept()
    for stream in collector.streams():
        for _ in range(200):
            if run_once(collector, stream, kept, budget):
                break
        else:
            pytest.fail(f"{stream} never completes")
    return kept


def of_stream(scene: Scene, account: Account, stream: str, kept: Kept | None = None, **more: Any) -> Kept:
    """One whole run of one stream, by a collector that is opened with `more`."""
    kept = kept if kept is not None else Kept()
    assert run_once(scene.collector(account, **more), stream, kept)
    return kept


def asked_of(scene: Scene, path: str) -> int:
    """How many requests there were whose path ends so."""
    return sum(each.path.endswith(path) for each in scene.simulator.requests)


def message_of(scene: Scene, native_id: str) -> Message:
    message = scene.world.message(native_id)
    assert message is not None
    return message


@pytest.fixture
def scene() -> Iterator[Scene]:
    world = World(now=NINE)
    with Simulator(world) as simulator:
        yield Scene(world, simulator)


@pytest.fixture(scope="module")
def lasting_scene() -> Iterator[Scene]:
    """One for a whole file, where each case has an account of its own."""
    world = World(now=NINE + timedelta(days=1))
    with Simulator(world) as simulator:
        yield Scene(world, simulator)
