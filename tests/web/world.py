"""A small council for the tests of the pages: invented people, a panel that goes by words, a tame platform."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

import pipeline
from classifiers.panel import Panel
from collectors.base import Action, Budget, Capabilities, Cursor, Page, Receipt, Standing
from moderation import budgets, conduct_reviews, policy, service_areas
from moderation.calendar import seed_holidays
from moderation.record import Actor
from pipeline import Installation
from settings import Keys, Settings, SignIn
from store import accounts, comments, evidence, holidays, people
from store.accounts import AccountRow
from store.credentials import CredentialUnreadable
from store.database import Session, Store
from store.evidence import look_at
from tests.conftest import KEY, sqlite_store
from tests.factories import a_comment
from vocabulary import (
    Author,
    Finding,
    Label,
    Language,
    OwnReply,
    Platform,
    Post,
    Question,
    Reading,
    Reason,
    ReviewAct,
    Role,
)
from web.app import create_app, wired
from web.live import Pace

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PASSWORD = "ceffyl batri stwffwl cywir"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
"""Cheap to check, since hundreds of invented people sign in; tests/web/test_security.py looks at the dear kind."""
STAFF: Mapping[str, tuple[str, Role, str]] = {
    "rhys": ("Rhys Morgan", Role.OFFICER, "waste"),
    "elin": ("Elin Prosser", Role.OFFICER, "highways"),
    "catrin": ("Catrin Vaughan", Role.COMMUNICATIONS, "*"),
    "mair": ("Mair Ellis", Role.TRANSLATOR, "*"),
    "gwen": ("Gwen Lewis", Role.SAFEGUARDING, "*"),
    "huw": ("Huw Beynon", Role.LEGAL, "*"),
    "delyth": ("Delyth Rees", Role.SENIOR, "*"),
    "aled": ("Aled Pugh", Role.AUDITOR, "*"),
    "gwenno": ("Gwenno Puw", Role.TRANSLATOR, "*"),
    "nia": ("Nia Bowen", Role.ADMINISTRATOR, "*"),
}
ACCOUNTS: Mapping[str, str] = {"cyngor-fb": "waste", "priffyrdd-fb": "highways"}
A_PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\x0f\x04\0\t\xfb\x03\xfd\xe3U\xf2\x9c\0\0\0\0IEND\xaeB`\x82"
)
A_PASSWORD_IS_ENOUGH = SignIn(second_factor=())
"""For administrators too, so that a test signs anybody in by one step; tests/web/test_second_factor.py takes two."""
AT_ONCE = Pace(every_s=0.05, lasts_s=0)
"""A stream that tells what it knows and ends, as a test's browser reads an answer to its end."""
WELSH_WORDS = re.compile(r"\b(?:pryd|mae|nid|yn|diolch|chi|wedi|biniau|yw|gasglu)\b", re.IGNORECASE)
ENGLISH_WORDS = re.compile(r"\b(?:when|the|is|not|thank|you|have|and|our|bins?)\b", re.IGNORECASE)


class ByWords:
    """A classifier that knows a handful of words: enough to send each comment where a test wants it."""

    name = "by-words/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [self._one(reading.comment.text) for reading in readings]

    def _one(self, text: str) -> tuple[Finding, ...]:
        welsh, english = len(WELSH_WORDS.findall(text)), len(ENGLISH_WORDS.findall(text))
        language = Language.CY if welsh > english else Language.EN if english else Language.UND
        found = [
            Finding(
                about=Question.LANGUAGE,
                score=0.9,
                why=(Reason("Welsh words: {welsh} of {all}", {"welsh": welsh, "all": welsh + english}),),
                classifier=self.name,
                says=language.value,
            ),
            Finding(
                about=Question.NEEDS_RESPONSE,
                score=0.1 if "lovely" in text else 0.9,
                why=(),
                classifier=self.name,
            ),
        ]
        if "idiots" in text:
            why = (Reason("an insult aimed at somebody: {words}", {"words": "idiots"}),)
            found.append(Finding(about=Label.ABUSE, score=0.97, why=why, classifier=self.name))
        if "07700" in text:
            why = (Reason("a telephone number"),)
            found.append(Finding(about=Label.PERSONAL_DATA, score=0.97, why=why, classifier=self.name))
        return tuple(found)


@dataclass
class TamePlatform:
    """Takes every reply and hides whatever it is asked to."""

    account: str
    platform: Platform = Platform.FACEBOOK
    sent: list[str] = field(default_factory=list)
    hidden: dict[str, bool] = field(default_factory=dict)

    def streams(self) -> Sequence[str]:
        return ()

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        yield from ()

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        return dict.fromkeys(native_ids, Standing.UNKNOWN)

    def capabilities(self) -> Capabilities:
        return Capabilities(frozenset(Action), 8_000, proves_absence=False, settles_after=timedelta(seconds=30))

    def length_of(self, text: str) -> int:
        return len(text)

    def reply(self, native_id: str, text: str, *, key: str) -> Receipt:
        self.sent.append(text)
        return Receipt(f"r{len(self.sent)}", NOW)

    def act(self, action: Action, native_id: str) -> None:
        self.hidden[native_id] = action is Action.HIDE

    def own_replies(self, native_id: str, *, since: datetime) -> Sequence[OwnReply]:
        return ()


class Visitor(TestClient):
    """A browser without JavaScript."""

    def fill(self, case: str, form: str, **fields: str) -> Response:
        """Open a case's page and send one of its forms, as somebody who has just read it."""
        page = self.get(case)
        data = {"csrf": token_in(page.text), "version": version_in(page.text), **fields}
        answer: Response = self.post(f"{case}/{form}", data=data)
        return answer


IDLE: list[FastAPI] = []


@dataclass
class Site:
    """The application over an empty council; `now` can be moved."""

    here: Installation
    platforms: dict[str, TamePlatform]
    users: dict[str, int]
    now: datetime = NOW
    pace: Pace = AT_ONCE
    app: FastAPI = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.app = IDLE.pop() if IDLE else create_app(self.here)
        self.app.state.web = wired(self.here, now=lambda: self.now, pace=self.pace)

    def close(self) -> None:
        """Over; the next site has its routes, which take longer to lay out than most tests last."""
        self.store.close()
        IDLE.append(self.app)

    @property
    def store(self) -> Store:
        return self.here.store

    def said(self, text: str, *, account: str = "cyngor-fb", **over: Any) -> int:
        """A comment that came, was read and was placed; the id of its case."""
        self._number += 1
        facts: dict[str, Any] = dict(
            native_id=f"c{self._number}",
            author=Author(f"a{self._number}", "Mair Enghraifft"),
            posted_at=self.now - timedelta(hours=2),
            account=account,
            thread="p1",
        )
        comment = a_comment(text, **facts | over)

        def keep(session: Session) -> int:
            return comments.keep(session, accounts.by_slug(session, account), [comment], now=self.now).new[0]

        comment_id = self.store.write(keep)
        pipeline.read_waiting(self.here, now=self.now)
        with self.store.read() as session:
            case_id = session.get_one(comments.CommentRow, comment_id).case_id
        assert case_id is not None
        return case_id

    def shown(self, comment_id: int, name: str, content: bytes) -> int:
        """A file that a colleague kept beside a comment; its id."""
        file = look_at(name, BytesIO(content), lambda: content)
        kept = self.store.write(lambda session: evidence.keep(session, comment_id, [file], by="catrin", now=self.now))
        return kept[0]

    def reviewed(self, case_id: int) -> int:
        """A review of conduct that communications opened from a case; its id."""
        catrin = Actor("catrin", self.users["catrin"])

        def begin(session: Session) -> int:
            return conduct_reviews.begin(
                session,
                case_id,
                act=ReviewAct.OPEN,
                words="The same question after each answer, since June.",
                actor=catrin,
                policy=self.here.policy,
                now=self.now,
            ).id

        return self.store.write(begin)

    def visitor(self, username: str = "", **over: Any) -> Visitor:
        """A browser of its own, signed in where a name is given."""
        facts: dict[str, Any] = dict(base_url="http://localhost", follow_redirects=False)
        visitor = Visitor(self.app, **facts | over)
        if username:
            assert sign_in(visitor, username).status_code == 303
        return visitor


def make_council(folder: Path) -> None:
    """Two accounts with a post each, six members of staff, the holidays that come with the program."""
    with sqlite_store(folder) as store:
        store.write(_seed)


def open_site(council: Path, folder: Path, **settings: Any) -> Site:
    """The application over a copy of a council."""
    shutil.copytree(council, folder, dirs_exist_ok=True)
    return site_in(folder, **settings)


def site_in(folder: Path, *, sign_in: SignIn = A_PASSWORD_IS_ENOUGH, **settings: Any) -> Site:
    """The application over the council in this folder, as another process may have it open too."""
    platforms = {slug: TamePlatform(slug) for slug in ACCOUNTS}
    here = Installation(
        settings=Settings(state_dir=folder, sign_in=sign_in, **settings),
        keys=Keys(audit=KEY, credentials=b"n" * 43 + b"="),
        store=Store(f"sqlite:///{folder / 'test.sqlite3'}", audit_key=KEY, head_file=folder / "audit.head"),
        policy=policy.load("powys"),
        areas=service_areas.load(),
        budgets=budgets.load(),
        open_panel=lambda: Panel([ByWords()]),
        collector=lambda account, now: _opened(platforms, account),
    )
    with here.store.read() as session:
        users = {name: people.by_username(session, name).id for name in STAFF}
    return Site(here, platforms, users)


def _opened(platforms: Mapping[str, TamePlatform], account: AccountRow) -> TamePlatform:
    if account.slug not in platforms:
        raise CredentialUnreadable(f"{account.slug} has no token yet")
    return platforms[account.slug]


def _seed(session: Session) -> None:
    for slug, area in ACCOUNTS.items():
        account = accounts.add(
            session,
            slug=slug,
            platform=Platform.FACEBOOK,
            native_id=slug,
            display_name=slug,
            service_area=area,
            now=NOW - timedelta(days=90),
        )
        post = Post(account=slug, native_id="p1", text="Newyddion y cyngor", posted_at=NOW - timedelta(days=3))
        comments.keep_posts(session, account, [post], now=NOW)
    for username, (full_name, role, area) in STAFF.items():
        people.add(session, username=username, full_name=full_name, password_hash=HASH, grants=[(role, area)], now=NOW)
    days = [(day.day, day.division, day.title_en, day.title_cy, day.source) for day in seed_holidays()]
    holidays.keep(session, days, now=NOW)


def sign_in(visitor: Visitor, username: str, password: str = PASSWORD, *, language: str = "en") -> Response:
    page = visitor.get(f"/{language}/sign-in")
    data = {"csrf": token_in(page.text), "username": username, "password": password}
    answer: Response = visitor.post(f"/{language}/sign-in", data=data)
    return answer


def token_in(html: str) -> str:
    """The token of the first form on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found, "the page has no form token"
    return found.group(1)


def version_in(html: str) -> str:
    """The version of the case that a page shows."""
    found = re.search(r'name="version" value="(\d+)"', html)
    assert found, "the page shows no case"
    return found.group(1)
