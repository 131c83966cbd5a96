"""An invented town: an installation on SQLite, both platforms simulated, and the real clients between them.

`now` is a parameter of everything, the platforms' clock included.  The panel goes by a few words,
so that a test can send a comment where it wants it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

import opening
import pipeline
import settings as configuration
from classifiers.panel import Panel
from moderation import queue
from moderation.record import Actor
from moderation.replies import Draft
from pipeline import Installation
from settings import Settings
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account, World
from store import accounts, credentials, jobs
from store import replies as outbox
from store.accounts import AccountRow, StreamRow
from store.cases import CaseRow
from store.comments import CommentRow
from store.database import Session, Store
from store.replies import PartRow
from tests.factories import a_user
from tests.ready import a_state_folder, lay_out
from vocabulary import Finding, Label, Language, Platform, Question, Reading, ReplyKind

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SOURCES = {"dyffryn-x": Platform.X, "dyffryn-fb": Platform.FACEBOOK}


class ByWords:
    """Language by two letters, personal data by a number, nonsense by a word that it chokes on."""

    name = "by-words/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [self._one(reading.comment.text) for reading in readings]

    def _one(self, text: str) -> tuple[Finding, ...]:
        language = Language.EN if re.search(r"\b(?:the|thank|when)\b", text, re.IGNORECASE) else Language.CY
        personal = 0.97 if "07700" in text else 0.2 if "0770" in text else 0.0
        return (
            Finding(about=Question.LANGUAGE, score=0.9, why=(), classifier=self.name, says=language.value),
            Finding(about=Question.NEEDS_RESPONSE, score=0.1 if "iolch" in text else 0.9, why=(), classifier=self.name),
            Finding(about=Label.PERSONAL_DATA, score=personal, why=(), classifier=self.name),
        )


@dataclass
class Town:
    """`posts` holds the native id of one post of ours on each account."""

    here: Installation
    simulator: Simulator
    now: datetime = NINE
    posts: dict[str, str] = field(default_factory=dict)
    _mair: Actor | None = None

    @property
    def world(self) -> World:
        return self.simulator.world

    @property
    def store(self) -> Store:
        return self.here.store

    @property
    def mair(self) -> Actor:
        if self._mair is None:
            self._mair = self.store.write(lambda session: Actor("mair", a_user(session, area="*").id))
        return self._mair

    def wait(self, **much: float) -> datetime:
        self.now += timedelta(**much)
        self.world.now = self.now
        return self.now

    def says(self, text: str, slug: str = "dyffryn-fb", author: str = "a1", **more: Any) -> str:
        """Somebody writes under our post, now; the platform's id of it."""
        self.wait(seconds=1)
        return self.world.comment(slug, text, author, f"Enw {author}", self.now, post=self.posts[slug], **more)

    def collect(self, *slugs: str) -> list[pipeline.Collected]:
        return [pipeline.collect(self.here, slug, now=self.now) for slug in slugs or SOURCES]

    def read(self) -> int:
        return pipeline.read_waiting(self.here, now=self.now)

    def arrives(self, text: str, slug: str = "dyffryn-fb", **more: Any) -> int:
        """A comment is written, collected, read and placed; the id of its case."""
        native_id = self.says(text, slug, **more)
        self.wait(minutes=1)
        self.collect(slug)
        self.read()
        case_id = self.comment(native_id).case_id
        assert case_id is not None
        return case_id

    def answers(self, case_id: int, text_cy: str, text_en: str = "", kind: ReplyKind = ReplyKind.ANSWER) -> int:
        draft = Draft(kind, text_cy, text_en, exception="Prawf")
        return pipeline.send_reply(self.here, case_id, draft, actor=self.mair, now=self.now)

    def dispatch(self, slug: str | None = None) -> pipeline.Dispatched:
        return pipeline.dispatch(self.here, slug, now=self.now)

    def spoil(self, kind: Kind, **facts: Any) -> None:
        self.simulator.faults.add(Fault(kind, **facts))

    def mend(self) -> None:
        self.simulator.faults.clear()

    def comment(self, native_id: str) -> CommentRow:
        with self.store.read() as session:
            return session.scalars(select(CommentRow).where(CommentRow.native_id == native_id)).one()

    def comments(self) -> Sequence[CommentRow]:
        with self.store.read() as session:
            return session.scalars(select(CommentRow).order_by(CommentRow.id)).all()

    def cases(self) -> Sequence[CaseRow]:
        with self.store.read() as session:
            return session.scalars(select(CaseRow).order_by(CaseRow.id)).all()

    def case(self, case_id: int) -> CaseRow:
        with self.store.read() as session:
            return queue.get(session, case_id)

    def parts(self) -> Sequence[PartRow]:
        with self.store.read() as session:
            return session.scalars(select(PartRow).order_by(PartRow.id)).all()

    def published(self) -> list[str]:
        """The texts of all replies that stand on the platforms, whoever learnt of it."""
        return [message.text for slug in SOURCES for message in self.world.replies_by_us(slug)]

    def before_a_person(self) -> list[int]:
        with self.store.read() as session:
            return [part.id for _, part in outbox.waiting_for_a_person(session)]

    def streams(self, slug: str) -> dict[str, StreamRow]:
        with self.store.read() as session:
            account = accounts.by_slug(session, slug)
            rows = session.scalars(select(StreamRow).where(StreamRow.account_id == account.id))
            return {row.name: row for row in rows}

    def put_aside(self) -> Sequence[jobs.QuarantineRow]:
        with self.store.read() as session:
            return jobs.quarantined(session)


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """The town with one account on each platform, each with a post of ours from yesterday."""
    world = World(now=NINE)
    with Simulator(world) as simulator:
        lay_out(a_state_folder(), folder)
        with opening.installation(settings_of(folder, simulator)) as opened:
            here = replace(opened, open_panel=lambda: Panel([ByWords()]))
            made = Town(here, simulator)
            for number, (slug, platform) in enumerate(SOURCES.items()):
                theirs = world.add_account(platform, slug, f"{1001 + number}", "Dyffryn", f"token-of-{slug}")
                here.store.write(partial(register, here=here, theirs=theirs))
                made.posts[slug] = world.post(slug, "Casglu biniau: dyddiau newydd", NINE - timedelta(days=1))
            yield made


def settings_of(folder: Path, simulator: Simulator) -> Settings:
    urls = {platform.value: simulator.url_of(platform) for platform in SOURCES.values()}
    return configuration.exactly(state_dir=folder, bank_holidays_url="", platform_urls=urls)


def register(session: Session, here: Installation, theirs: Account, *, connect: bool = True) -> AccountRow:
    account = accounts.add(
        session,
        slug=theirs.slug,
        platform=theirs.platform,
        native_id=theirs.native_id,
        display_name=theirs.name,
        service_area="waste",
        now=NINE - timedelta(days=2),
    )
    if connect:
        credentials.keep(session, account, theirs.token, key=here.keys.credentials, actor="test", now=NINE)
    return account
