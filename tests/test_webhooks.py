"""A platform tells, it is asked, and the queue has it: once however often it is told, and never what was only told.

The platforms, their clients and the web app are real and speak over loopback.  Run as a module, this
file is a process that ends itself between keeping an event and answering.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi.testclient import TestClient
from sqlalchemy import event as listening
from sqlalchemy import select

import opening
import pipeline
import scheduler
import settings as configuration
from classifiers.panel import Panel
from collectors.base import (
    AuthExpired,
    Budget,
    Cursor,
    Gone,
    Malformed,
    Page,
    PermissionLost,
    RateLimited,
    Standing,
    Transient,
)
from collectors.registry import CannotOpen
from collectors.webhooks import DOORS
from pipeline import Installation
from simulator.faults import Kind
from simulator.push import Order
from simulator.server import Simulator
from simulator.world import World
from store import audit, silences, webhooks
from store.accounts import WHOLE_ACCOUNT, AccountRow
from store.audit import AuditRow
from store.credentials import CredentialUnreadable
from store.database import Store
from store.silences import Silent
from store.webhooks import WebhookEventRow
from tests.factories import with_account
from tests.pushed import SECRETS, an_installation, patient, served, settings_of, signed
from tests.ready import a_state_folder, lay_out
from tests.town import NINE, ByWords, Town, register
from vocabulary import Platform, Presence
from web.app import create_app

ROOT = Path(__file__).parents[1]
SLUGS = {platform: f"dyffryn-{platform.value}" for platform in DOORS}
DELETES = [Platform.FACEBOOK, Platform.THREADS, Platform.LINKEDIN, Platform.TIKTOK]


@dataclass
class Wired(Town):
    """A town with an account on every platform that pushes, and its web app, served at `address`."""

    address: str = ""

    def pushes(self, slug: str = "dyffryn-facebook", **spoilt: Any) -> list[int]:
        """What happened on an account's platform since the last push is delivered; the answers."""
        platform = self.world.account(slug).platform
        order = Order(slug, f"{self.address}/webhooks/{platform.value}", SECRETS[platform], **spoilt)
        return self.simulator.pusher.deliver(order)

    def sends(self, platform: Platform, body: Any) -> int:
        """A rightly signed body that the simulator did not write."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(
            f"{self.address}/webhooks/{platform.value}", raw, headers=signed(platform, raw, self.now), timeout=10
        ).status_code

    def settles(self, slug: str = "dyffryn-facebook") -> Any:
        return scheduler.settle(self.here, slug, now=self.now)

    def events(self) -> Sequence[WebhookEventRow]:
        with self.store.read() as session:
            return session.scalars(select(WebhookEventRow).order_by(WebhookEventRow.id)).all()

    def with_collector(self, collector: Callable[[AccountRow, datetime], Any]) -> Installation:
        return replace(self.here, collector=collector)


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Wired]:
    world = World(now=NINE)
    with Simulator(world) as simulator:
        lay_out(a_state_folder(), tmp_path)
        with opening.installation(settings_of(tmp_path, simulator.base_url)) as opened:
            town = Wired(replace(opened, open_panel=lambda: Panel([ByWords()])), simulator)
            for number, (platform, slug) in enumerate(SLUGS.items()):
                theirs = world.add_account(platform, slug, f"{1001 + number}", "Dyffryn", f"token-of-{slug}")
                town.store.write(partial(register, here=town.here, theirs=theirs))
                town.posts[slug] = world.post(slug, "Casglu biniau: dyddiau newydd", NINE - timedelta(days=1))
            with served(patient(create_app(town.here, now=lambda: town.now))) as town.address:
                yield town


def trail(town: Town, action: str) -> Sequence[AuditRow]:
    with town.store.read() as session:
        return session.scalars(select(AuditRow).where(AuditRow.action == action)).all()


# --- from the platform to the queue


@pytest.mark.parametrize("platform", DOORS)
def test_what_a_platform_tells_ten_times_is_one_event_and_one_case(dyffryn: Wired, platform: Platform) -> None:
    slug = SLUGS[platform]
    native_id = dyffryn.says("Pryd mae'r biniau'n cael eu casglu?", slug)
    assert dyffryn.pushes(slug, times=10, order="shuffled") == [200] * 10

    [event] = dyffryn.events()
    assert (event.deliveries, event.settled_at) == (10, None)
    dyffryn.wait(seconds=5)
    told = dyffryn.settles(slug)

    assert (told.settled, told.failed) == (1, 0)
    case_id = dyffryn.comment(native_id).case_id
    assert [case.id for case in dyffryn.cases()] == [case_id]
    [event] = dyffryn.events()
    assert (event.settled_at, event.trouble) == (dyffryn.now, "")
    assert dyffryn.pushes(slug) == []
    dyffryn.wait(minutes=10)
    dyffryn.collect(slug)
    assert len(dyffryn.comments()) == 1, "the round that comes anyway finds the same"


@pytest.mark.parametrize("platform", [Platform.FACEBOOK, Platform.INSTAGRAM, Platform.LINKEDIN])
def test_many_events_in_one_body_are_many_events_and_one_round(dyffryn: Wired, platform: Platform) -> None:
    slug = SLUGS[platform]
    for number in range(12):
        dyffryn.says("Pryd?", slug, author=f"a{number}")
    assert dyffryn.pushes(slug, together=10, order="reversed") == [200, 200]
    assert len(dyffryn.events()) == 12

    before = len(dyffryn.simulator.requests)
    assert dyffryn.settles(slug).settled == 12
    asked = len(dyffryn.simulator.requests) - before
    assert len(dyffryn.cases()) == 12
    dyffryn.wait(minutes=1)
    before = len(dyffryn.simulator.requests)
    dyffryn.collect(slug)
    assert asked <= len(dyffryn.simulator.requests) - before + 5, "what one round takes, and hardly more"


@pytest.mark.parametrize("platform", DOORS)
def test_what_is_wrongly_signed_is_not_kept_and_what_was_not_taken_comes_again(
    dyffryn: Wired, platform: Platform
) -> None:
    slug = SLUGS[platform]
    dyffryn.says("Pryd?", slug)
    for signature in ("wrong", "cut", "coded", "none"):
        assert dyffryn.pushes(slug, times=2, signature=signature) == [401, 401], signature
    assert dyffryn.events() == []
    dyffryn.wait(minutes=5)
    assert dyffryn.pushes(slug) == [200], "as platforms do when they are not answered with 200"
    assert dyffryn.settles(slug).settled == 1
    assert len(dyffryn.cases()) == 1


def test_a_stolen_secret_can_make_us_look_and_can_put_no_word_into_the_queue(dyffryn: Wired) -> None:
    value = {"item": "comment", "verb": "add", "comment_id": "7_9", "post_id": "1001_7", "message": "Bygythiad ffug"}
    body = {"object": "page", "entry": [{"id": "1001", "time": 1, "changes": [{"field": "feed", "value": value}]}]}
    assert dyffryn.sends(Platform.FACEBOOK, body) == 200
    assert dyffryn.settles().settled == 1
    assert (dyffryn.comments(), dyffryn.cases()) == ([], [])


def test_a_stolen_secret_cannot_make_a_comment_pass_for_deleted(dyffryn: Wired) -> None:
    dyffryn.arrives("Pryd?", "dyffryn-facebook")
    [comment] = dyffryn.comments()
    value = {"item": "comment", "verb": "remove", "comment_id": comment.native_id}
    body = {"object": "page", "entry": [{"id": "1001", "time": 1, "changes": [{"field": "feed", "value": value}]}]}
    dyffryn.wait(minutes=1)
    for _ in range(3):
        assert dyffryn.sends(Platform.FACEBOOK, body) == 200
        dyffryn.settles()
        dyffryn.wait(minutes=10)
    [comment] = dyffryn.comments()
    assert (comment.presence, comment.gone_checks) == (Presence.PRESENT, 0)


@pytest.mark.parametrize("platform", DELETES)
def test_what_is_said_to_be_gone_is_looked_at_twice_before_it_counts_as_deleted(
    dyffryn: Wired, platform: Platform
) -> None:
    slug = SLUGS[platform]
    dyffryn.arrives("Pryd?", slug)
    [comment] = dyffryn.comments()
    dyffryn.pushes(slug)
    dyffryn.settles(slug)
    dyffryn.wait(minutes=1)
    dyffryn.world.delete(comment.native_id, dyffryn.now)
    assert dyffryn.pushes(slug, times=3) == [200, 200, 200]

    for _ in range(5):
        dyffryn.settles(slug)
        dyffryn.wait(seconds=50)
    [comment] = dyffryn.comments()
    assert (comment.presence, comment.gone_checks) == (Presence.PRESENT, 1), "however often it is told"
    dyffryn.wait(minutes=2)
    assert dyffryn.settles(slug).settled == 1
    [comment] = dyffryn.comments()
    assert (comment.presence, comment.noticed_gone) == (Presence.DELETED_BY_AUTHOR, dyffryn.now)
    assert all(event.settled_at for event in dyffryn.events())


def test_an_edit_is_read_and_two_edits_are_two_events(dyffryn: Wired) -> None:
    native_id = dyffryn.says("Pryd?", "dyffryn-facebook")
    dyffryn.pushes()
    dyffryn.settles()
    for text in ("Pryd mae'r biniau?", "Pryd mae'r biniau gwyrdd?"):
        dyffryn.wait(minutes=1)
        dyffryn.world.edit(native_id, text, dyffryn.now)
        assert dyffryn.pushes() == [200]
        assert dyffryn.settles().settled == 1
    assert dyffryn.comment(native_id).latest == 3
    assert len(dyffryn.events()) == 3


@pytest.mark.parametrize("in_a_comment", [True, False])
def test_a_mention_on_instagram_is_read_where_it_stands(dyffryn: Wired, in_a_comment: bool) -> None:
    slug = SLUGS[Platform.INSTAGRAM]
    theirs = dyffryn.world.mention(slug, "Traeth hyfryd", "b7", "Enw b7", dyffryn.wait(seconds=1))
    named = theirs
    if in_a_comment:
        named = dyffryn.world.comment(
            slug, "Beth am y biniau @dyffryn?", "a9", "Enw a9", dyffryn.now, post=theirs, mentions_us=True
        )
    dyffryn.pushes(slug)
    assert dyffryn.settles(slug).settled == len(dyffryn.events())
    assert dyffryn.comment(named).case_id is not None
    assert "mentions" in dyffryn.streams(slug)
    dyffryn.wait(hours=30)
    again = dyffryn.world.mention(slug, "Diolch", "b8", "Enw b8", dyffryn.now)
    dyffryn.collect(slug)
    dyffryn.pushes(slug)
    dyffryn.wait(minutes=1)
    dyffryn.settles(slug)
    assert dyffryn.comment(again).case_id is not None
    with dyffryn.store.read() as session:
        gaps = session.scalars(
            select(silences.SilenceRow.began).where(silences.SilenceRow.began > NINE + timedelta(minutes=1))
        ).all()
    assert gaps == [], "a day without a mention is no silence of that stream"
    for _ in range(3):
        dyffryn.wait(days=1)
        dyffryn.collect(slug)
    pipeline.watch(dyffryn.here, now=dyffryn.now)
    with dyffryn.store.read() as session:
        assert [account.slug for account, _ in silences.lasting(session) if account.slug == slug] == []


def test_a_mention_that_is_gone_again_and_one_that_nobody_can_read(dyffryn: Wired) -> None:
    slug = SLUGS[Platform.INSTAGRAM]
    theirs = dyffryn.world.mention(slug, "Traeth", "b7", "Enw b7", dyffryn.wait(seconds=1))
    dyffryn.world.delete(theirs, dyffryn.wait(seconds=1))
    dyffryn.pushes(slug)
    told = dyffryn.settles(slug)
    assert (told.settled, told.failed) == (1, 0)

    dyffryn.wait(minutes=1)
    dyffryn.world.mention(slug, "Traeth arall", "b7", "Enw b7", dyffryn.now)
    dyffryn.pushes(slug)
    here = dyffryn.with_collector(lambda account, now: object())
    assert pipeline.settle(here, slug, now=dyffryn.now).failed == 1


# --- waiting, failing, and ending at any moment


def test_while_the_account_is_told_to_wait_its_events_wait_too(dyffryn: Wired) -> None:
    native_id = dyffryn.says("Pryd?", "dyffryn-x")
    dyffryn.spoil(Kind.RATE_LIMITED, seconds=900, times=100)
    dyffryn.pushes("dyffryn-x")
    dyffryn.settles("dyffryn-x")
    asked = len(dyffryn.simulator.requests)
    for _ in range(10):
        dyffryn.wait(minutes=1)
        dyffryn.settles("dyffryn-x")
    assert len(dyffryn.simulator.requests) == asked, "nothing is asked before the platform said so"
    [event] = dyffryn.events()
    assert (event.tries, event.settled_at) == (0, None), "to be told to wait is no failure"

    dyffryn.mend()
    dyffryn.wait(minutes=6)
    assert dyffryn.settles("dyffryn-x").settled == 1
    assert dyffryn.comment(native_id).case_id is not None


def test_what_fails_three_times_is_put_aside_and_seen(dyffryn: Wired) -> None:
    native_id = dyffryn.says("Geiriau preswylydd", "dyffryn-facebook")
    dyffryn.pushes()
    dyffryn.spoil(Kind.SERVER_ERROR, times=10_000)
    tried = []
    for minute in range(80):
        if dyffryn.settles().failed:
            tried.append(minute)
        dyffryn.wait(minutes=1)
    assert len(tried) == 3
    assert [later - sooner for sooner, later in itertools.pairwise(tried)] == [10, 60]
    [aside] = dyffryn.put_aside()
    assert (aside.stream, aside.native_id) == ("webhook", native_id)
    assert "Transient" in aside.reason
    assert "preswylydd" not in aside.reason
    [event] = dyffryn.events()
    assert (event.tries, event.settled_at is not None) == (3, True)
    assert [row.after["event"] for row in trail(dyffryn, "webhook.put_aside")] == [event.id]

    dyffryn.mend()
    dyffryn.wait(hours=2)
    dyffryn.collect("dyffryn-facebook")
    assert dyffryn.comment(native_id).first_seen == dyffryn.now, (
        "and the round that comes anyway finds what it was about"
    )


def test_an_event_that_fails_holds_up_no_other(dyffryn: Wired) -> None:
    """What came is held, so it is settled, though another stream of the account cannot be read."""
    dyffryn.collect("dyffryn-facebook")
    native_id = dyffryn.says("Pryd?", "dyffryn-facebook")
    value = {"item": "comment", "verb": "add", "comment_id": "7_9"}
    body = {"object": "page", "entry": [{"id": "1001", "time": 1, "changes": [{"field": "feed", "value": value}]}]}
    dyffryn.sends(Platform.FACEBOOK, body)
    dyffryn.pushes()
    dyffryn.spoil(Kind.FORBIDDEN, path="*/conversations", times=10_000)
    dyffryn.wait(minutes=1)
    told = dyffryn.settles()
    assert (told.settled, told.failed) == (1, 1)
    assert dyffryn.comment(native_id).case_id is not None


def test_an_edit_that_was_seen_is_settled_though_another_list_cannot_be_read(dyffryn: Wired) -> None:
    dyffryn.arrives("Pryd?", "dyffryn-facebook")
    [comment] = dyffryn.comments()
    dyffryn.pushes()
    dyffryn.settles()
    dyffryn.world.edit(comment.native_id, "Pryd mae'r biniau?", dyffryn.wait(minutes=1))
    dyffryn.pushes()
    dyffryn.spoil(Kind.FORBIDDEN, path="*/conversations", times=10_000)
    told = dyffryn.settles()
    assert (told.settled, told.failed) == (1, 0)
    assert dyffryn.comment(comment.native_id).latest == 2


def test_a_storm_of_comments_takes_a_round_every_half_minute_and_not_one_each(dyffryn: Wired) -> None:
    rounds = 0
    for second in range(120):
        dyffryn.says("Pryd?", "dyffryn-facebook", author=f"a{second}")
        dyffryn.pushes()
        if second % 5 == 0:
            rounds += dyffryn.settles().collected is not None
    assert rounds <= 5
    dyffryn.wait(seconds=31)
    dyffryn.settles()
    assert len(dyffryn.cases()) == 120
    assert all(event.settled_at for event in dyffryn.events())


def test_an_account_without_a_token_is_not_asked_every_five_seconds(dyffryn: Wired) -> None:
    dyffryn.spoil(Kind.EXPIRED, times=10_000)
    for number in range(24):
        dyffryn.says("Pryd?", "dyffryn-facebook", author=f"a{number}")
        dyffryn.pushes()
        dyffryn.settles()
        dyffryn.wait(seconds=4)
    assert len(trail(dyffryn, "collect.failed")) <= 2


class Dies:
    """A store whose process ends before its so-many-th write."""

    def __init__(self, store: Store, left: int) -> None:
        self.store, self.left, self.read = store, left, store.read

    def write(self, act: Any) -> Any:
        if self.left == 0:
            raise SystemExit("killed")
        self.left -= 1
        return self.store.write(act)


@pytest.mark.parametrize("platform", [Platform.FACEBOOK, Platform.INSTAGRAM])
def test_wherever_settling_ends_the_next_run_finds_the_same(dyffryn: Wired, platform: Platform) -> None:
    slug = SLUGS[platform]
    dyffryn.says("Pryd?", slug)
    dyffryn.world.mention(slug, "Traeth", "b7", "Enw b7", dyffryn.wait(seconds=1))
    dyffryn.pushes(slug)
    many = len(dyffryn.events())
    assert many == 2
    writes, told = 0, None
    while told is None:
        here = replace(dyffryn.here, store=Dies(dyffryn.store, writes))  # type: ignore[arg-type]
        dyffryn.wait(minutes=6)
        with contextlib.suppress(SystemExit):
            told = pipeline.settle(here, slug, now=dyffryn.now)
        assert told or not any(event.settled_at for event in dyffryn.events()), writes
        writes += 1
    assert writes > 2
    assert (told.settled, told.failed) == (many, 0)
    dyffryn.read()
    assert len(dyffryn.comments()) == len(dyffryn.cases()) == 2


def test_a_look_that_is_not_written_down_does_not_count_towards_a_deletion(dyffryn: Wired) -> None:
    dyffryn.arrives("Pryd?", "dyffryn-facebook")
    [comment] = dyffryn.comments()
    dyffryn.world.delete(comment.native_id, dyffryn.wait(minutes=1))
    dyffryn.pushes()
    dies = replace(dyffryn.here, store=Dies(dyffryn.store, 0))  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(SystemExit):
            pipeline.settle(dies, "dyffryn-facebook", now=dyffryn.wait(minutes=1))
    assert [each.gone_checks for each in dyffryn.comments()] == [0]


class Odd:
    """A collector that raises what it was given, whatever is asked; `asked` counts."""

    def __init__(self, fault: Exception) -> None:
        self.fault, self.asked = fault, 0

    def streams(self) -> Sequence[str]:
        return ()

    def recheck(self, native_ids: Sequence[str]) -> Mapping[str, Standing]:
        self.asked += 1
        raise self.fault

    def mentioned(self, *, comment_id: str, media_id: str) -> Page:
        self.asked += 1
        raise self.fault


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ValueError("geiriau preswylydd"), "ValueError"),
        (Malformed("dyffryn-instagram", "nonsense came"), "Malformed: nonsense came"),
    ],
)
def test_whatever_is_raised_while_one_event_is_looked_at_stands_on_it_without_a_residents_word(
    dyffryn: Wired, fault: Exception, reason: str
) -> None:
    slug = SLUGS[Platform.INSTAGRAM]
    dyffryn.world.mention(slug, "Traeth", "b7", "Enw b7", dyffryn.wait(seconds=1))
    dyffryn.pushes(slug)
    here = dyffryn.with_collector(lambda account, now: Odd(fault))
    assert pipeline.settle(here, slug, now=dyffryn.now).failed == 1
    [event] = dyffryn.events()
    assert (event.trouble, event.tries, event.settled_at) == (reason, 1, None)

    dyffryn.wait(minutes=11)
    assert (
        pipeline.settle(
            dyffryn.with_collector(lambda account, now: Odd(Gone(slug, "gone"))), slug, now=dyffryn.now
        ).settled
        == 1
    )


INSTAGRAM = SLUGS[Platform.INSTAGRAM]
NOT_THEIR_OWN = [
    Transient(INSTAGRAM, "stumbled"),
    AuthExpired(INSTAGRAM, "connect it again"),
    PermissionLost(INSTAGRAM, "not allowed"),
    CredentialUnreadable("another key"),
    CannotOpen("of another kind"),
]


def mentions(dyffryn: Wired, many: int) -> list[str]:
    told = [
        dyffryn.world.mention(INSTAGRAM, "Traeth", f"b{number}", "Enw", dyffryn.wait(seconds=1))
        for number in range(many)
    ]
    assert set(dyffryn.pushes(INSTAGRAM)) == {200}
    return told


@pytest.mark.parametrize("fault", NOT_THEIR_OWN, ids=lambda fault: type(fault).__name__)
def test_a_mention_outlives_what_is_wrong_with_more_than_itself(dyffryn: Wired, fault: Exception) -> None:
    """Nothing but its notice knows of it, so a day of outage or a dead token must not cost it."""
    [theirs] = mentions(dyffryn, 1)
    odd = Odd(fault)
    here = dyffryn.with_collector(lambda account, now: odd)
    for _ in range(24 * 12):
        assert pipeline.settle(here, INSTAGRAM, now=dyffryn.now).failed == 0
        dyffryn.wait(minutes=5)
    assert 24 <= odd.asked <= 30, "more and more seldom, and every hour at last"
    [event] = dyffryn.events()
    assert (event.tries, event.settled_at, event.trouble.partition(":")[0]) == (0, None, type(fault).__name__)

    dyffryn.wait(hours=1)
    assert dyffryn.settles(INSTAGRAM).settled == 1
    assert dyffryn.comment(theirs).case_id is not None
    assert [event.trouble for event in dyffryn.events()] == [""]


def test_what_has_kept_a_notice_waiting_for_a_month_counts_as_its_own_failure(dyffryn: Wired) -> None:
    mentions(dyffryn, 1)
    here = dyffryn.with_collector(lambda account, now: Odd(PermissionLost(INSTAGRAM, "not allowed")))
    pipeline.settle(here, INSTAGRAM, now=dyffryn.now)
    dyffryn.wait(days=30)
    for _ in range(3):
        assert pipeline.settle(here, INSTAGRAM, now=dyffryn.now).failed == 1
        dyffryn.wait(hours=1)
    assert [each.reason for each in dyffryn.put_aside()] == ["PermissionLost: not allowed"]


def test_one_mention_that_nobody_may_read_holds_up_no_other(dyffryn: Wired) -> None:
    mentions(dyffryn, 3)
    odd = Odd(PermissionLost(INSTAGRAM, "not allowed"))
    pipeline.settle(dyffryn.with_collector(lambda account, now: odd), INSTAGRAM, now=dyffryn.now)
    assert odd.asked == 3


def test_of_fifty_mentions_one_is_told_to_wait_and_all_do(dyffryn: Wired) -> None:
    told = mentions(dyffryn, 50)
    dyffryn.wait(minutes=1)
    until = dyffryn.now + timedelta(hours=1)
    odd = Odd(RateLimited(INSTAGRAM, "wait one hour", until=until, scope="app"))
    here = dyffryn.with_collector(lambda account, now: odd)
    while dyffryn.now < until:
        assert pipeline.settle(here, INSTAGRAM, now=dyffryn.now).failed == 0
        dyffryn.wait(minutes=1)
    assert odd.asked == 1
    assert dyffryn.streams(INSTAGRAM)[WHOLE_ACCOUNT].blocked_until == until

    dyffryn.wait(minutes=5)
    assert dyffryn.settles(INSTAGRAM).settled == 50
    assert {each.native_id for each in dyffryn.comments()} == set(told)


def test_a_mention_is_not_asked_for_once_the_round_before_it_was_told_to_wait(dyffryn: Wired) -> None:
    dyffryn.says("Pryd?", INSTAGRAM)
    mentions(dyffryn, 3)
    dyffryn.spoil(Kind.RATE_LIMITED, seconds=3600, times=100)
    before = len(dyffryn.simulator.requests)
    dyffryn.settles(INSTAGRAM)
    assert len(dyffryn.simulator.requests) == before + 1


def test_a_limit_of_one_endpoint_has_no_list_wait(dyffryn: Wired) -> None:
    mentions(dyffryn, 3)
    odd = Odd(RateLimited(INSTAGRAM, "not so fast", until=dyffryn.now + timedelta(hours=1), scope="endpoint"))
    pipeline.settle(dyffryn.with_collector(lambda account, now: odd), INSTAGRAM, now=dyffryn.now)
    assert odd.asked == 1
    assert WHOLE_ACCOUNT not in dyffryn.streams(INSTAGRAM)


def taken_away(dyffryn: Wired, many: int = 1) -> list[str]:
    """Comments that we hold, and of which we are then told that they are gone."""
    slug = "dyffryn-facebook"
    ours = [dyffryn.says("Pryd?", slug, author=f"a{number}") for number in range(many)]
    dyffryn.pushes()
    dyffryn.settles()
    dyffryn.wait(minutes=1)
    for native_id in ours:
        dyffryn.world.delete(native_id, dyffryn.now)
    dyffryn.pushes()
    return ours


@pytest.mark.parametrize("first_look", [True, False])
@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.FORBIDDEN])
def test_a_deletion_is_not_settled_without_an_answer(dyffryn: Wired, kind: Kind, first_look: bool) -> None:
    [native_id] = taken_away(dyffryn)
    if not first_look:
        assert dyffryn.settles().settled == 0
        dyffryn.wait(minutes=6)
    dyffryn.spoil(kind, times=10_000)
    told = dyffryn.settles()
    assert (told.settled, told.failed) == (0, 1)
    assert dyffryn.comment(native_id).gone_checks == (0 if first_look else 1)
    [event] = [each for each in dyffryn.events() if each.settled_at is None]
    assert event.trouble.startswith("the platform does not say: ")

    dyffryn.mend()
    for _ in range(3):
        dyffryn.wait(minutes=11)
        dyffryn.settles()
    assert dyffryn.comment(native_id).presence is Presence.DELETED_BY_AUTHOR
    assert [each for each in dyffryn.events() if each.settled_at is None] == []


def test_a_deletion_that_is_told_to_wait_has_the_account_wait(dyffryn: Wired) -> None:
    gone = taken_away(dyffryn, 5)
    dyffryn.spoil(Kind.RATE_LIMITED, seconds=3600, times=10_000)
    before = len(dyffryn.simulator.requests)
    for _ in range(50):
        assert dyffryn.settles().settled == 0
        dyffryn.wait(minutes=1)
    assert len(dyffryn.simulator.requests) == before + 1
    assert dyffryn.streams("dyffryn-facebook")[WHOLE_ACCOUNT].blocked_until is not None

    dyffryn.mend()
    dyffryn.wait(minutes=20)
    dyffryn.settles()
    dyffryn.wait(minutes=61)
    assert dyffryn.settles().settled == 5
    assert {dyffryn.comment(each).presence for each in gone} == {Presence.DELETED_BY_AUTHOR}


class Brief:
    """A real collector whose rounds end after one page."""

    def __init__(self, collector: Any) -> None:
        self.collector, self.streams = collector, collector.streams

    def fetch(self, stream: str, cursor: Cursor, budget: Budget) -> Iterator[Page]:
        yield from self.collector.fetch(stream, cursor, replace(budget, pages=1))


def test_a_round_that_did_not_come_to_the_end_settles_only_what_it_saw(dyffryn: Wired) -> None:
    first = dyffryn.says("Pryd?", "dyffryn-x", author="a0")
    dyffryn.pushes("dyffryn-x")
    for number in range(1, 250):
        dyffryn.says("Pryd?", "dyffryn-x", author=f"a{number}")
    here = dyffryn.with_collector(lambda account, now: Brief(dyffryn.here.collector(account, now)))
    told = pipeline.settle(here, "dyffryn-x", now=dyffryn.now)
    assert told.collected is not None
    assert told.collected.incomplete
    assert first not in {each.native_id for each in dyffryn.comments()}
    assert (told.settled, told.failed) == (0, 0)

    dyffryn.wait(minutes=6)
    assert dyffryn.settles("dyffryn-x").settled == 1
    assert dyffryn.comment(first).native_id == first


# --- what is kept


def bodies(many: int, *, again: int = 1) -> list[bytes]:
    """The same comments as many times, each time under another time and in another order."""
    changes = [
        {"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": f"7_{n}"}} for n in range(many)
    ]
    return [
        json.dumps(
            {"object": "page", "entry": [{"id": "1001", "time": time, "changes": changes[:: (-1) ** time]}]}
        ).encode()
        for time in range(again)
    ]


def test_the_same_event_ten_times_at_once_is_one_row_on_either_database(store: Store, tmp_path: Path) -> None:
    account = with_account(store, native_id="1001")
    here = an_installation(store, tmp_path)
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda body: pipeline.receive(here, Platform.FACEBOOK, body, now=NINE), bodies(5, again=10)))
    with store.read() as session:
        rows = session.scalars(select(WebhookEventRow)).all()
        assert [row.deliveries for row in rows] == [10] * 5
        assert {row.account_id for row in rows} == {account.id}
        assert webhooks.known(session, account.id, ["7_1"]) == frozenset()
        assert [row.id for row in webhooks.waiting(session, account.id, limit=3)] == sorted(row.id for row in rows)[:3]
        [heard] = webhooks.heard(session)
    assert (heard.platform, heard.account.slug, heard.events, heard.waiting) == (Platform.FACEBOOK, account.slug, 5, 5)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        (b"not JSON", "it is no JSON that can be read"),
        (
            b'{"object":"page","entry":[{"id":"4444","changes":[{"field":"feed","value":{}}]}]}',
            "it names no account of ours",
        ),
        (
            b'{"object":"page","entry":[{"id":"\\u0000\\ud800","changes":[{"field":"feed"}]}]}',
            "it names no account of ours",
        ),
    ],
)
def test_what_is_rightly_signed_and_of_no_use_is_kept_put_aside_and_seen(
    store: Store, tmp_path: Path, body: bytes, trouble: str
) -> None:
    with_account(store, native_id="1001")
    pipeline.receive(an_installation(store, tmp_path), Platform.FACEBOOK, body, now=NINE)
    with store.read() as session:
        [row] = webhooks.put_aside(session, limit=10)
        [heard] = webhooks.heard(session)
    assert (row.raw, row.trouble, row.settled_at) == (body, trouble, NINE)
    assert (heard.account, heard.put_aside, heard.waiting) == (None, 1, 0)


def test_an_account_out_of_use_is_none_of_ours(store: Store, tmp_path: Path) -> None:
    account = with_account(store, native_id="1001")
    store.write(lambda session: setattr(session.get_one(AccountRow, account.id), "active", False))
    [body] = bodies(1)
    pipeline.receive(an_installation(store, tmp_path), Platform.FACEBOOK, body, now=NINE)
    with store.read() as session:
        assert [row.account_id for row in webhooks.put_aside(session, limit=10)] == [None]


def test_a_month_after_it_was_settled_an_event_has_no_words_left_and_is_still_known(
    store: Store, tmp_path: Path
) -> None:
    with_account(store, native_id="1001")
    here = an_installation(store, tmp_path)
    body = b'{"object":"page","entry":[{"id":"1001","changes":[{"field":"name","value":"geiriau"}]}]}'
    pipeline.receive(here, Platform.FACEBOOK, body, now=NINE)
    [waits] = bodies(1)
    pipeline.receive(here, Platform.FACEBOOK, waits, now=NINE)
    scheduler.forget(here, now=NINE + timedelta(days=29))
    scheduler.forget(here, now=NINE + timedelta(days=31))
    with store.read() as session:
        rows = session.scalars(select(WebhookEventRow).order_by(WebhookEventRow.id)).all()
    assert [row.raw for row in rows] == [b"", waits], "what still waits is whole"
    pipeline.receive(here, Platform.FACEBOOK, body, now=NINE + timedelta(days=32))
    with store.read() as session:
        assert [row.deliveries for row in session.scalars(select(WebhookEventRow).order_by(WebhookEventRow.id))] == [
            2,
            1,
        ]


def test_between_the_keeping_and_the_answer_nothing_can_be_lost(tmp_path: Path) -> None:
    """A process keeps an event and is killed before it answers: the row is there, and the next delivery is the same."""
    settings = settings_of(tmp_path)
    configuration.make_key_file(settings.key_file)
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store:
        opening.make_ready(store, now=NINE)
        with_account(store, native_id="1001")
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.test_webhooks", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b""), ended.stderr
    with opening.installation(settings) as here:
        [body] = bodies(1)
        with here.store.read() as session:
            [row] = session.scalars(select(WebhookEventRow)).all()
        assert (row.deliveries, row.raw) == (1, body)
        assert deliver(here, body) == 200
        with here.store.read() as session:
            assert [row.deliveries for row in session.scalars(select(WebhookEventRow))] == [2]


def deliver(here: Installation, body: bytes) -> int:
    app = patient(create_app(here, now=lambda: NINE))
    client = TestClient(app, base_url="http://localhost")
    status: int = client.post(
        "/webhooks/facebook", content=body, headers=signed(Platform.FACEBOOK, body, NINE)
    ).status_code
    return status


class EndsAfterWriting:
    """A store whose process ends as soon as an act is durable."""

    def __init__(self, store: Store) -> None:
        self.store, self.read = store, store.read

    def write(self, act: Any) -> Any:
        self.store.write(act)
        os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str) -> None:
    with opening.installation(settings_of(Path(folder))) as here:
        [body] = bodies(1)
        sys.exit(f"it answered {deliver(replace(here, store=EndsAfterWriting(here.store)), body)}")  # type: ignore[arg-type]


def test_what_waits_is_found_without_walking_what_is_settled(on_sqlite: Store) -> None:
    asked: list[tuple[str, Any]] = []
    with on_sqlite.read() as session:
        connection = session.connection()
        listening.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        webhooks.waiting(session, 1, limit=5)
        [(statement, values)] = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "ix_webhook_event_account_id_settled_at (account_id=? AND settled_at=?)" in plan[0][-1]


# --- a webhook that is silent


def watch(town: Town) -> list[tuple[str, str, datetime]]:
    pipeline.watch(town.here, now=town.now)
    with town.store.read() as session:
        return [(account.slug, row.kind, row.began) for account, row in silences.lasting(session)]


def test_a_webhook_that_told_before_and_does_not_tell_now_is_noticed_and_ends_with_the_next_event(
    dyffryn: Wired,
) -> None:
    dyffryn.says("Pryd?", "dyffryn-facebook")
    dyffryn.pushes()
    dyffryn.settles()
    assert watch(dyffryn) == []

    dyffryn.wait(minutes=20)
    dyffryn.says("Ble?", "dyffryn-facebook", author="a2")
    first = dyffryn.now
    dyffryn.simulator.pusher.skip("dyffryn-facebook")
    dyffryn.wait(minutes=3)
    dyffryn.collect("dyffryn-facebook")
    assert watch(dyffryn) == [], "its notice may still come"
    dyffryn.wait(minutes=31)
    assert watch(dyffryn) == [("dyffryn-facebook", "webhook", first)]
    dyffryn.wait(hours=5)
    dyffryn.collect("dyffryn-facebook")
    assert watch(dyffryn) == [("dyffryn-facebook", "webhook", first)], "it began once"

    dyffryn.says("Pam?", "dyffryn-facebook", author="a3")
    dyffryn.pushes()
    dyffryn.wait(minutes=1)
    dyffryn.settles()
    with dyffryn.store.read() as session:
        assert silences.lasting(session) == []
    assert [row.after for row in trail(dyffryn, "silence.end")] == [{"kind": "webhook"}]
    assert watch(dyffryn) == []


def test_a_silence_is_not_ended_by_what_came_before_it(dyffryn: Wired) -> None:
    """A notice that had to wait is settled in the middle of it."""
    dyffryn.says("Pryd?", "dyffryn-facebook")
    dyffryn.pushes()
    dyffryn.spoil(Kind.SERVER_ERROR, times=10_000)
    dyffryn.settles()
    dyffryn.mend()
    dyffryn.wait(minutes=5)
    dyffryn.says("Ble?", "dyffryn-facebook", author="a2")
    silent = [("dyffryn-facebook", "webhook", dyffryn.now)]
    dyffryn.simulator.pusher.skip("dyffryn-facebook")
    dyffryn.wait(minutes=1)
    dyffryn.collect("dyffryn-facebook")
    dyffryn.wait(minutes=31)
    assert watch(dyffryn) == silent

    assert dyffryn.settles().settled == 1
    assert trail(dyffryn, "silence.end") == []
    assert watch(dyffryn) == silent


@pytest.mark.parametrize("what", ["never told", "told late", "private", "from before"])
def test_what_no_webhook_owed_us_is_no_silence(dyffryn: Wired, what: str) -> None:
    dyffryn.wait(minutes=1)
    if what != "never told":
        dyffryn.says("Pryd?", "dyffryn-facebook")
        dyffryn.pushes()
        dyffryn.settles()
        dyffryn.wait(minutes=10)
    if what == "private":
        dyffryn.world.direct_message("dyffryn-facebook", "Preifat", "605", "Enw 605", dyffryn.now)
    elif what == "from before":
        dyffryn.world.comment(
            "dyffryn-facebook", "Hen", "a6", "Enw a6", NINE - timedelta(days=3), post=dyffryn.posts["dyffryn-facebook"]
        )
    else:
        dyffryn.says("Ble?", "dyffryn-facebook", author="a2")
    dyffryn.simulator.pusher.skip("dyffryn-facebook") if what != "told late" else None
    dyffryn.wait(minutes=1)
    dyffryn.collect("dyffryn-facebook")
    dyffryn.wait(minutes=25)
    if what == "told late":
        dyffryn.pushes()
    dyffryn.wait(hours=1)
    dyffryn.collect("dyffryn-facebook")
    assert len(dyffryn.comments()) >= 1
    assert watch(dyffryn) == []


def tagged(town: Wired) -> str:
    return town.world.mention("dyffryn-instagram", "Gwyliau", "b7", "Enw b7", town.now)


def deep(town: Wired) -> str:
    """A reply to a reply: X tells of direct ones only."""
    theirs = town.says("Pryd?", "dyffryn-x", author="a8")
    town.pushes("dyffryn-x")
    town.wait(minutes=10)
    return town.world.comment("dyffryn-x", "A fi", "a9", "Enw", town.now, post=town.posts["dyffryn-x"], parent=theirs)


@pytest.mark.parametrize(("slug", "happens"), [("dyffryn-instagram", tagged), ("dyffryn-x", deep)])
def test_what_a_platform_tells_nobody_of_is_not_missed(
    dyffryn: Wired, slug: str, happens: Callable[[Wired], str]
) -> None:
    dyffryn.says("Pryd?", slug)
    dyffryn.pushes(slug)
    dyffryn.wait(minutes=10)
    native_id = happens(dyffryn)
    dyffryn.simulator.pusher.skip(slug)
    dyffryn.collect(slug)
    dyffryn.wait(hours=1)
    dyffryn.collect(slug)
    assert dyffryn.comment(native_id).native_id == native_id, "the rounds found it"
    assert [each for each in watch(dyffryn) if each[1] == Silent.WEBHOOK] == []


def test_a_webhook_that_nobody_wants_any_more_is_not_missed(dyffryn: Wired) -> None:
    dyffryn.says("Pryd?", "dyffryn-facebook")
    dyffryn.pushes()
    dyffryn.settles()
    dyffryn.wait(minutes=10)
    dyffryn.says("Ble?", "dyffryn-facebook", author="a2")
    dyffryn.collect("dyffryn-facebook")
    dyffryn.wait(hours=1)
    [(slug, kind, _)] = watch(dyffryn)
    assert (slug, kind) == ("dyffryn-facebook", Silent.WEBHOOK)

    with dyffryn.store.read() as session:
        account = session.scalars(select(AccountRow).where(AccountRow.slug == slug)).one()
    assert dyffryn.store.write(lambda session: webhooks.expect_none(session, account.id)) == 1
    assert watch(dyffryn) == []


def test_the_trail_holds_through_all_of_it(dyffryn: Wired) -> None:
    for platform, slug in SLUGS.items():
        dyffryn.says("Pryd?", slug, author=f"a-{platform.value}")
        dyffryn.pushes(slug)
        dyffryn.settles(slug)
    with dyffryn.store.read() as session:
        head = audit.read_head(dyffryn.here.settings.audit_head_file)
        assert audit.verify(session, dyffryn.here.keys.audit, head) is None


# --- the control of the simulator


def test_the_simulator_pushes_on_request_over_http_and_only_to_loopback(dyffryn: Wired) -> None:
    dyffryn.says("Pryd?", "dyffryn-facebook")
    control = f"{dyffryn.simulator.base_url}/_simulator/push"
    order = {
        "account": "dyffryn-facebook",
        "url": f"{dyffryn.address}/webhooks/facebook",
        "secret": SECRETS[Platform.FACEBOOK],
        "times": 3,
    }
    for wrong in (
        {"url": "http://platform.example/webhooks/facebook"},
        {"url": f"{dyffryn.address}/webhooks/facebook".replace("http", "https")},
        {"account": "nobody"},
        {"times": 0},
        {"times": "3"},
        {"order": "sideways"},
        {"signature": "forged"},
        {"more": 1},
    ):
        assert requests.post(control, json=order | wrong, timeout=10).status_code == 400, wrong
    assert requests.post(control, data="[", timeout=10).status_code == 400
    assert requests.post(control, json=order, timeout=10).json() == {"delivered": [200, 200, 200]}
    assert [event.deliveries for event in dyffryn.events()] == [3]
    told = requests.get(f"{dyffryn.simulator.base_url}/_simulator/requests", timeout=10).text
    assert SECRETS[Platform.FACEBOOK] not in told


def test_where_nobody_listens_a_delivery_is_not_taken_and_comes_again(dyffryn: Wired) -> None:
    dyffryn.says("Pryd?", "dyffryn-facebook")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    order = Order("dyffryn-facebook", f"http://127.0.0.1:{port}/webhooks/facebook", SECRETS[Platform.FACEBOOK])
    assert dyffryn.simulator.pusher.deliver(order) == [0]
    assert dyffryn.pushes() == [200]


if __name__ == "__main__":
    main(*sys.argv[1:])
