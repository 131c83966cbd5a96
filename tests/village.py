"""An invented village: one account on one platform, whichever, with the real collector, client and pipeline.

Time is a number that the village counts up itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

import opening
import pipeline
import settings as configuration
from classifiers.panel import Panel
from pipeline import Installation
from settings import Settings
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account, Message, World
from store import accounts, credentials
from store.accounts import StreamRow
from store.comments import CommentRow
from store.database import Session
from tests.collectors.contracts import CONTRACTS, Contract
from tests.ready import a_state_folder, lay_out
from tests.town import NINE, ByWords
from vocabulary import Platform

KEY = "k" * 40
SLUG = "dyffryn"


def settings_of(platform: Platform, folder: Path, base_url: str) -> Settings:
    """This folder, that platform on the simulator, and nothing from this machine."""
    urls = {platform.value: f"{base_url}/{platform.value}"}
    return configuration.exactly(state_dir=folder, bank_holidays_url="", platform_urls=urls, secret_key=KEY)


@dataclass
class Village:
    """One account, its platform, and what we hold of it.  `now` is everybody's."""

    contract: Contract
    folder: Path
    simulator: Simulator
    account: Account
    now: datetime = NINE
    serial: int = 0
    posts: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    _opened: Any = None
    here: Installation = field(init=False)

    def open(self) -> None:
        made = settings_of(self.contract.platform, self.folder, self.simulator.base_url)
        self._opened = opening.installation(made)
        self.here = replace(self._opened.__enter__(), open_panel=lambda: Panel([ByWords()]))

    def close(self) -> None:
        self._opened.__exit__(None, None, None)

    def wait(self, **much: float) -> None:
        self.now += timedelta(**much)
        self.simulator.world.now = self.now

    def connect(self) -> None:
        """The token that the platform takes now is given to us."""
        token = self.simulator.world.account(self.account.slug).token

        def act(session: Session) -> None:
            account = accounts.by_slug(session, self.account.slug)
            credentials.keep(session, account, token, key=self.here.keys.credentials, actor="test", now=self.now)

        self.here.store.write(act)

    def collect(self, here: Installation | None = None) -> list[pipeline.Collected]:
        told = [pipeline.collect(here or self.here, self.account.slug, now=self.now)]
        pipeline.read_waiting(here or self.here, now=self.now)
        return told

    def truth(self) -> dict[str, Message]:
        world = self.simulator.world
        return {native_id: message for native_id in self.comments if (message := world.message(native_id))}

    def register(self) -> None:
        """Make the account known to us, with its token."""

        def act(session: Session) -> None:
            row = accounts.add(
                session,
                slug=SLUG,
                platform=self.contract.platform,
                native_id=self.account.native_id,
                home=self.contract.home,
                display_name="Dyffryn",
                service_area="waste",
                now=NINE - timedelta(days=2),
            )
            credentials.keep(session, row, self.account.token, key=self.here.keys.credentials, actor="test", now=NINE)

        self.here.store.write(act)

    def says(self, text: str, *, author: str = "7001", **where: Any) -> str:
        """Somebody writes under our first post, or where it is said; the platform's id of it."""
        self.wait(seconds=1)
        place = where or {"post": self.posts[0]}
        self.comments.append(self.simulator.world.comment(SLUG, text, author, f"Enw {author}", self.now, **place))
        return self.comments[-1]

    def spoil(self, kind: Kind, **facts: Any) -> None:
        self.simulator.faults.add(Fault(kind, **facts))

    def held(self) -> dict[str, CommentRow]:
        with self.here.store.read() as session:
            return {row.native_id: row for row in session.scalars(select(CommentRow))}

    def streams(self) -> Sequence[StreamRow]:
        with self.here.store.read() as session:
            return session.scalars(select(StreamRow)).all()


def settle_in(platform: Platform, folder: Path) -> Village:
    """A village with one post of ours from this morning; its simulator runs, and must be stopped."""
    lay_out(a_state_folder(KEY), folder)
    contract, world = CONTRACTS[platform], World(now=NINE)
    simulator = Simulator(world)
    simulator.start()
    theirs = world.add_account(platform, SLUG, contract.own_id.format("1001"), "Dyffryn", contract.token.format("1"))
    made = Village(contract, folder, simulator, theirs)
    made.open()
    made.register()
    made.posts.append(world.post(SLUG, "Casglu biniau", NINE - timedelta(hours=2)))
    return made


@contextmanager
def village(platform: Platform, folder: Path) -> Iterator[Village]:
    """The same, closed at the end."""
    made = settle_in(platform, folder)
    try:
        yield made
    finally:
        made.close()
        made.simulator.stop()
