"""The demo world: an invented county council, four weeks of its life, and the real product at work on it.

The platforms are simulated on loopback; everything else is what runs in production.  The past is
played through it with a clock that is handed in, so that the queue, the trail and the report hold
what officers would really have left behind.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import opening
import pipeline
import scheduler
import settings as configuration
from collectors.base import Refused
from moderation import house_rules, matters, queue, removals, replies
from moderation.deadlines import LONDON
from moderation.house_rules import Wish
from moderation.lifecycle import IllegalTransition
from moderation.record import Actor
from moderation.replies import Draft
from pipeline import Installation
from reports import weekly
from simulator import faults as faults_file
from simulator import story
from simulator.platforms import one_of_each
from simulator.script import Arrival
from simulator.server import Simulator
from simulator.story import Commented, Deed, Deleted, Edited, Event, OfficerActed, Posted, Story
from simulator.world import World
from store import accounts, audit, cases, comments, credentials, findings, people, triage
from store import matters as matter_rows
from store import replies as outbox
from store.database import Session, Store
from vocabulary import Act, GwylioError, Label, MatterAct, RemovalKind, ReplyKind, Role, State

PASSWORD = "gwylio-demo"  # noqa: S105 - of invented people, on loopback, in a database made for the demo
MAIL_AT = "dyffryn-eirian.example"
"""A name that belongs to nobody (RFC 2606); and nothing is sent anyway."""
MARK = "this-is-a-gwylio-demo"
ROUNDS = (8, 15)
"""London hours at which the played past is collected; what an officer acts on is collected before."""
TRICKLE_S = 12.0
ANSWERS_S = 45.0
PACES = {
    "collect": {"seconds": 20},
    "classify": {"seconds": 10},
    "dispatch": {"seconds": 5},
    "escalate": {"seconds": 60},
}


_NOT_NOW = (
    IllegalTransition,
    Refused,
    removals.AlreadyAsked,
    removals.NothingToRemove,
    replies.ReplyRefused,
    replies.NoReplyHere,
    replies.AlreadyOnItsWay,
)
"""What an invented officer meets when the case has gone another way than the story thought."""


class NotADemo(GwylioError):
    """The folder holds something that is not ours to throw away."""


class NotAsExpected(GwylioError):
    """What the demo left behind does not agree with itself."""


@dataclass(slots=True)
class Played:
    """What the invented officers did, and what they had to give up."""

    acts: dict[str, int] = field(default_factory=dict)
    exceptions: int = 0
    passed_over: int = 0
    because: list[str] = field(default_factory=list)


def once(folder: Path, *, seed: int, now: datetime) -> None:
    """The whole job without a browser: collect, read, place, answer, report; then check that it agrees with itself.

    Raises:
        NotAsExpected: a reply was sent twice or not at all, the trail is broken, or the report's totals are others.
    """
    started = time.monotonic()
    log = folder / "simulator.jsonl"
    with _stage(folder, seed=seed, now=now, log=log) as stage:
        played = stage.play()
        week = weekly.Week.before(now)
        here = stage.here
        files = weekly.publish(here.store, here.settings, here.policy, here.areas, week, folder, now=now)
        summary = _check(stage, week, now=now) | {
            "played": played.acts,
            "language exceptions": played.exceptions,
            "passed over": played.passed_over,
            "seconds": round(time.monotonic() - started, 1),
        }
    (folder / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, value in summary.items():
        print(f"{name}: {value}")
    print("report:", *files, sep="\n  ")
    print(f"every request to the platforms: {log}")


def live(folder: Path, *, seed: int, port: int) -> None:
    """Play the past, then go on living: collectors, schedule and web app in one process, until stopped.

    Raises:
        opening.PortTaken: before anything of an earlier demo, which may be running there, is thrown away.
    """
    opening.port_free("127.0.0.1", port or 8080)
    print("Setting the scene: four weeks of an invented council's comments, through the real pipeline.")
    print("It takes about a minute…", flush=True)
    with _stage(folder, seed=seed, now=datetime.now(UTC), log=folder / "simulator.jsonl", port=port) as stage:
        stage.play()
        stage.simulator.world.now = None
        scheduler.weekly_report(stage.here, now=datetime.now(UTC))
        clock = scheduler.build(stage.here, every=PACES)
        stopped = threading.Event()
        clock.start()
        for work in (stage.trickle, stage.answer):
            threading.Thread(target=work, args=(stopped,), name=work.__name__, daemon=True).start()
        _say_where(stage)
        try:
            opening.serve(stage.here, demo_password=PASSWORD)
        finally:
            stopped.set()
            clock.shutdown(wait=True)


def simulate(
    *, port: int, faults: Path | None, seed: int, now: datetime, stands: datetime | None = None, empty: bool = False
) -> None:
    """The platforms alone, with the story in them or empty, until stopped.  `stands` is where their clock stands."""
    if empty:
        world = World()
        one_of_each(world)
    else:
        told = story.read()
        world = _world_of(told)
        story.load(world, story.events(told, seed=seed, now=now))
    world.now = stands
    played = faults_file.load(faults) if faults else None
    if played:
        played.reseed(seed)
    with Simulator(world, port=port, faults=played) as simulator:
        print(f"the platforms are at {simulator.base_url}  (stop with Ctrl-C)")
        for account in world.accounts():
            print(
                f"  {account.slug}: {simulator.url_of(account.platform)}  id {account.native_id}  token {account.token}"
            )
        with _until_interrupted() as stopped:
            stopped.wait()


@dataclass(slots=True)
class Stage:
    """The installation, the platforms and the story that is played on them."""

    here: Installation
    simulator: Simulator
    told: Story
    events: Sequence[Event]
    known: dict[str, str]
    now: datetime
    played: Played = field(default_factory=Played)
    _fresh: set[str] = field(default_factory=set)
    _missing: set[str] = field(default_factory=set)
    _accounts: dict[str, str] = field(default_factory=dict)
    _unanswered: list[Arrival] = field(default_factory=list)

    def play(self) -> Played:
        """Everything that happened by `now`, in its order, with the clocks set to when it did."""
        rounds = iter(self._rounds())
        due = next(rounds, None)
        for event in self.events:
            while due is not None and due <= event.at:
                self._round(due)
                due = next(rounds, None)
            match event:
                case Posted(account=slug):
                    self._fresh.add(slug)
                case Commented(account=slug, key=key):
                    self._fresh.add(slug)
                    self._accounts[key] = slug
                case Edited(key=key):
                    self._fresh.add(self._accounts[key])
                case Deleted(key=key):
                    self._missing.add(self._accounts[key])
                case OfficerActed():
                    self._officer(event)
        self._fresh.update(account.slug for account in self.told.council.accounts)
        self._round(self.now)
        return self.played

    def trickle(self, stopped: threading.Event) -> None:
        """New comments keep coming while the demo runs, until all have come."""
        for arrival in self.told.trickle:
            if stopped.wait(TRICKLE_S):
                return
            self.deal(arrival, datetime.now(UTC))

    def answer(self, stopped: threading.Event) -> None:
        """Invented officers answer some of what comes, so that a visitor sees the queue move."""
        while not stopped.wait(ANSWERS_S):
            self.answer_one(datetime.now(UTC))

    def deal(self, arrival: Arrival, at: datetime) -> None:
        """One comment comes, and waits for its answer where the story has one."""
        self._accounts[arrival.key] = arrival.account
        self.known[arrival.key] = story.deal(self.simulator.world, arrival, self.known, at)
        if arrival.answer_cy:
            self._unanswered.append(arrival)

    def answer_one(self, at: datetime) -> bool:
        """Answer the oldest comment that has a case and that nobody works on; whether there was one."""
        for arrival in list(self._unanswered):
            comment_id, case_id = self._comment(arrival.key) or (0, None)
            if case_id is None:
                continue
            who = self._free_for(case_id, at)
            if who is None:
                continue
            self._unanswered.remove(arrival)
            event = OfficerActed(
                at=at,
                key=arrival.key,
                deed=Deed.ANSWER,
                who=who.name,
                text_cy=arrival.answer_cy,
                text_en=arrival.answer_en,
            )
            with suppress(*_NOT_NOW):
                self._do(event, comment_id, case_id, who)
                return True
        return False

    def _free_for(self, case_id: int, at: datetime) -> Actor | None:
        """The officer of the case's area, unless it belongs to somebody: what a visitor has opened is theirs."""
        with self.here.store.read() as session:
            case = queue.get(session, case_id)
            taken = case.owner_id is not None or triage.claimed_by(session, case_id, now=at) is not None
        if taken or case.state is not State.RECEIVED:
            return None
        there = (person for person in self.told.council.staff if case.service_area in person.areas)
        officer = next((person for person in there if Role.OFFICER in person.roles), None)
        return self._actor(officer.username) if officer else None

    def _rounds(self) -> Iterator[datetime]:
        day = self.events[0].at.astimezone(LONDON).replace(minute=0, second=0, microsecond=0)
        while day <= self.now:
            for hour in ROUNDS:
                at = day.replace(hour=hour).astimezone(UTC)
                if self.events[0].at <= at < self.now:
                    yield at
            day += timedelta(days=1)

    def _round(self, at: datetime) -> None:
        self.simulator.world.now = at
        for slug in sorted(self._fresh):
            pipeline.collect(self.here, slug, now=at)
        self._fresh.clear()
        pipeline.read_waiting(self.here, now=at)
        if at.astimezone(LONDON).hour == ROUNDS[0]:
            for slug in sorted(self._missing):
                pipeline.recheck(self.here, slug, now=at)
        scheduler.escalate(self.here, now=at)
        pipeline.senior_digest(self.here, now=at)

    def _officer(self, event: OfficerActed) -> None:
        at = event.at
        self.simulator.world.now = at
        slug = self._accounts[event.key]
        if slug in self._fresh and self._comment(event.key) is None:
            pipeline.collect(self.here, slug, now=at)
            self._fresh.discard(slug)
            pipeline.read_waiting(self.here, now=at)
        comment_id, case_id = self._comment(event.key) or (0, None)
        if case_id is None:
            self.played.passed_over += 1
            return
        try:
            self._do(event, comment_id, case_id, self._actor(event.who))
        except _NOT_NOW as error:
            self.played.passed_over += 1
            self.played.because.append(f"{event.key} {event.deed}: {error}")
            return
        self.played.acts[event.deed.value] = self.played.acts.get(event.deed.value, 0) + 1

    def _do(self, event: OfficerActed, comment_id: int, case_id: int, actor: Actor) -> None:
        at = event.at
        match event.deed:
            case Deed.ACKNOWLEDGE:
                self._reply(case_id, event, ReplyKind.HOLDING, actor)
            case Deed.ANSWER:
                self._reply(case_id, event, ReplyKind.ANSWER, actor)
            case Deed.ESCALATE:
                self._advance(case_id, Act.ESCALATE, actor, at, words=event.why or "For the communications team.")
            case Deed.HIDE:
                self._take_down(comment_id, event, actor)
            case Deed.CLOSE:
                self._close(case_id, event, actor)

    def _reply(self, case_id: int, event: OfficerActed, kind: ReplyKind, actor: Actor) -> None:
        with self.here.store.read() as session:
            case = queue.get(session, case_id)
        cy, en = (text.replace("{reference}", case.reference) for text in (event.text_cy, event.text_en))
        draft = Draft(kind, cy, en, confirmed=True)
        try:
            pipeline.send_reply(self.here, case_id, draft, actor=actor, now=event.at)
        except replies.ReplyRefused:
            reason = f"The comment is plainly in one language; we found {case.language}, which is not what it is."
            draft = Draft(kind, cy, en, reason, confirmed=True)
            pipeline.send_reply(self.here, case_id, draft, actor=actor, now=event.at)
            self.played.exceptions += 1
        pipeline.dispatch(self.here, self._accounts[event.key], now=event.at)

    def _take_down(self, comment_id: int, event: OfficerActed, actor: Actor) -> None:
        """One officer asks, by the rule that what was seen points to; a colleague agrees."""
        with self.here.store.read() as session:
            seen = findings.of_comments(session, [comment_id])[comment_id]
        policy = self.here.policy
        pointed = (each.rule for each in house_rules.pointed_to(seen, policy) if each.seen)
        unseen = (rule for rule in policy.house_rules if Label.ABUSE in rule.labels)
        rule = next(rule for rule in (*pointed, *unseen) if rule.removable)
        why = event.why or f"House rule: {rule.en}."
        wish = Wish(rule.slug, RemovalKind.HIDE, why, confirmed=True, exception="Read again with a colleague.")
        removal_id = pipeline.ask_removal(self.here, comment_id, wish, actor=actor, now=event.at)
        for role in policy.removal.approvers:
            other = self._another(Role(role), actor)
            pipeline.act_on_removal(
                self.here,
                partial(
                    removals.decide,
                    removal_id=removal_id,
                    role=Role(role),
                    agrees=True,
                    held={Role(role)},
                    words="I read it too, and agree.",
                    actor=other,
                    now=event.at,
                ),
                actor=other,
                now=event.at,
            )

    def _another(self, role: Role, than: Actor) -> Actor:
        found = (person for person in self.told.council.staff if role in person.roles)
        return self._actor(next(person.username for person in found if person.username != than.name))

    def _close(self, case_id: int, event: OfficerActed, actor: Actor) -> None:
        outcome = self.here.policy.outcome(event.outcome) or self.here.policy.outcomes[0]
        words = outcome.reasons[0].en if outcome.reasons else outcome.en
        self.here.store.write(lambda session: self._end_matters(session, case_id, event, actor, words))
        self._advance(case_id, Act.CLOSE, actor, event.at, words=words, outcome=outcome.slug)

    def _end_matters(self, session: Session, case_id: int, event: OfficerActed, actor: Actor, words: str) -> None:
        """What the officer says of requests and complaints before they close: dealt with where it was handed on."""
        for matter in matter_rows.live_of_cases(session, [case_id]).get(case_id, ()):
            handed_on = event.outcome == "referred"
            acts = [MatterAct.CONFIRM, MatterAct.FINISH] if handed_on else [MatterAct.DISMISS]
            for act in acts:
                matters.act(
                    session,
                    case_id,
                    matter.id,
                    act,
                    policy=self.here.policy,
                    actor=actor,
                    now=event.at,
                    words=words,
                )

    def _advance(
        self, case_id: int, act: Act, actor: Actor, at: datetime, *, words: str = "", outcome: str = ""
    ) -> None:
        self.here.store.write(
            lambda session: queue.advance(
                session, case_id, act, actor=actor, now=at, policy=self.here.policy, words=words, outcome=outcome
            )
        )

    def _comment(self, key: str) -> tuple[int, int | None] | None:
        with self.here.store.read() as session:
            return comments.find(session, self._accounts[key], self.known[key])

    def _actor(self, username: str) -> Actor:
        with self.here.store.read() as session:
            return Actor(username, people.by_username(session, username).id)


@contextmanager
def _stage(folder: Path, *, seed: int, now: datetime, log: Path, port: int = 0) -> Iterator[Stage]:
    told = story.read()
    events = story.events(told, seed=seed, now=now)
    _clear(folder)
    world = _world_of(told)
    known = story.load(world, events)
    world.now = events[0].at
    with Simulator(world, log=log) as simulator:
        settings = configuration.exactly(
            body={"cy": told.council.name_cy, "en": told.council.name_en},
            state_dir=folder,
            bank_holidays_url="",
            send_notices=False,
            sign_in={"second_factor": ()},  # one password for everybody, whom nobody has to be kept from
            public_url=f"http://127.0.0.1:{port or 8080}",
            port=port or 8080,
            platform_urls={each.platform.value: simulator.url_of(each.platform) for each in told.council.accounts},
        )
        configuration.make_key_file(settings.key_file)
        keys = configuration.keys(settings)
        with Store(settings.database, audit_key=keys.audit, head_file=settings.audit_head_file) as store:
            opening.make_ready(store, now=events[0].at)
        with opening.installation(settings) as here:
            here.store.write(lambda session: _people_and_accounts(session, here, told, world, since=events[0].at))
            yield Stage(here, simulator, told, events, known, now)


def _people_and_accounts(session: Session, here: Installation, told: Story, world: World, *, since: datetime) -> None:
    from web.security import hash_password

    kept = hash_password(PASSWORD)
    for person in told.council.staff:
        everywhere = frozenset(Role) - {Role.OFFICER}
        grants = [
            (role, area)
            for role in person.roles
            for area in ([people.EVERY_AREA] if role in everywhere else person.areas)
        ]
        people.add(
            session,
            username=person.username,
            full_name=person.name,
            password_hash=kept,
            grants=grants,
            email=f"{person.username}@{MAIL_AT}",
            now=since,
        )
    for each in told.council.accounts:
        account = accounts.add(
            session,
            slug=each.slug,
            platform=each.platform,
            native_id=each.native_id,
            display_name=each.name,
            service_area=each.area,
            now=since,
        )
        token = world.account(each.slug).token
        credentials.keep(session, account, token, key=here.keys.credentials, actor=audit.SYSTEM, now=since)


def _world_of(told: Story) -> World:
    world = World()
    for each in told.council.accounts:
        world.add_account(each.platform, each.slug, each.native_id, each.name, f"demo-token-of-{each.slug}")
    return world


def _clear(folder: Path) -> None:
    """Throw away the last demo; anything else is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise NotADemo(f"{folder} is not empty and is no earlier demo: choose another folder with --out")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _check(stage: Stage, week: weekly.Week, *, now: datetime) -> dict[str, object]:
    here = stage.here
    published = sorted(written.native_id for written in stage.simulator.replies())
    with here.store.read() as session:
        sent = sorted(outbox.sent_ids(session))
        unsettled = outbox.unsettled(session)
        broken = audit.verify(session, here.keys.audit, audit.read_head(here.settings.audit_head_file))
        head = audit.read_head(here.settings.audit_head_file)
        report = weekly.weekly(session, here.policy, here.areas, week, now=now)
        counted = comments.posted_between(session, week.start, week.end)
        open_cases = cases.count_open(session)
    wrong = [
        *(["a reply was published twice"] if len(published) != len(set(published)) else []),
        *([f"{len(published)} replies were published, {len(sent)} are recorded"] if published != sent else []),
        *([f"{unsettled} replies are unsettled"] if unsettled else []),
        *([broken.reason] if broken else []),
        *(
            [f"the report says {report.total.received} received, the rows say {counted}"]
            if report.total.received != counted
            else []
        ),
    ]
    if wrong:
        raise NotAsExpected("; ".join(wrong))
    return {
        "replies, each exactly once": len(sent),
        "audit rows, chain whole": head.number if head else 0,
        "comments in the report's week": counted,
        "cases still open": open_cases,
    }


def _say_where(stage: Stage) -> None:
    settings = stage.here.settings
    url = f"http://{settings.host}:{settings.port}/"
    print(f"\n{stage.told.council.name_cy} · {stage.told.council.name_en}")
    print(f"  {url}")
    print(f"  sign in as any of these, with the password {PASSWORD}:")
    for person in stage.told.council.staff:
        what = ", ".join(role.value for role in person.roles)
        where = f" ({', '.join(person.areas)})" if person.areas and Role.OFFICER in person.roles else ""
        print(f"    {person.username:18} {what}{where}")
    print(f"  the weekly report: {settings.reports_dir}")
    print("  messages to colleagues leave nowhere; they are on the page Negeseuon · Messages")
    print("  new comments keep arriving; stop with Ctrl-C", flush=True)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        import webbrowser

        threading.Timer(1.0, webbrowser.open, [url]).start()


@contextmanager
def _until_interrupted() -> Iterator[threading.Event]:
    import signal

    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    yield stopped
