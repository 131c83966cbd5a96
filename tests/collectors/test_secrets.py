"""No token and no resident's words in any error, log line, representation or record of requests."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.base import Access, Action, Budget, CollectorError, Cursor
from collectors.registry import open_collector
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import World
from tests.collectors.conftest import BOTH, NINE, Kept, Scene, run_all
from vocabulary import Platform

WORDS = "Gair-preifat-Mari"
SECRETS = ("token0123456789secret", WORDS, "Cyfrinach")


def clean(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


def error_of(act: Callable[[], object]) -> CollectorError | None:
    try:
        act()
    except CollectorError as error:
        return error
    return None


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("kind", Kind)
def test_whatever_goes_wrong_nothing_secret_is_said(
    lasting_scene: Scene, caplog: pytest.LogCaptureFixture, platform: Platform, kind: Kind
):
    caplog.set_level(logging.DEBUG)
    account = lasting_scene.account(platform)
    post = lasting_scene.world.post(account.slug, WORDS, NINE)
    question = lasting_scene.world.comment(account.slug, WORDS, "7001", "Mari Cyfrinach", NINE, post=post)
    collector = lasting_scene.collector(account, timeout=0.4 if kind in (Kind.SLOW, Kind.DRIP) else 5.0)
    lasting_scene.spoil(Fault(kind, times=99))
    acts = (
        lambda: [list(collector.fetch(stream, Cursor(), Budget())) for stream in collector.streams()],
        lambda: collector.reply(question, WORDS, key="k1"),
        lambda: collector.act(Action.HIDE, question),
        lambda: collector.own_replies(question, since=NINE),
    )
    errors = [error for act in acts if (error := error_of(act)) is not None]
    lasting_scene.mend()

    for error in errors:
        assert clean("".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__))
    assert clean(caplog.text)


@pytest.mark.parametrize("platform", BOTH)
def test_a_day_without_faults_leaves_no_secret_in_a_log(
    lasting_scene: Scene, caplog: pytest.LogCaptureFixture, platform: Platform
):
    caplog.set_level(logging.DEBUG)
    for name in ("tweepy.client", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, logger=name)
    account = lasting_scene.account(platform)
    lasting_scene.world.post(account.slug, WORDS, NINE)

    assert run_all(lasting_scene.collector(account)).posts

    assert clean(caplog.text)


@pytest.mark.parametrize("platform", BOTH)
def test_a_collector_and_its_pages_do_not_show_the_token(lasting_scene: Scene, platform: Platform):
    account = lasting_scene.account(platform)
    lasting_scene.world.post(account.slug, "Bore da", NINE)
    collector, kept = lasting_scene.collector(account, page_size=10), Kept()
    run_all(collector, kept)

    assert clean(repr(collector) + repr(kept.pages) + repr(account))


def test_the_simulator_writes_down_what_was_asked_and_no_token(tmp_path: Path):
    world, log = World(now=NINE), tmp_path / "requests.jsonl"
    with Simulator(world, log=log) as simulator:
        scene = Scene(world, simulator)
        for platform in BOTH:
            account = scene.account(platform)
            world.post(account.slug, "Bore da", NINE)
            run_all(scene.collector(account))

    assert "/mentions" in log.read_text()
    assert clean(log.read_text() + repr(simulator.requests))


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("credential", ["", "  ", "tŷ-token0123456789secret"])
def test_a_damaged_credential_is_refused_without_being_quoted(platform: Platform, credential: str):
    with pytest.raises(Exception, match=r"connect the .* again") as caught:
        open_collector(platform, Access(account="a", native_id="1", credential=credential))

    assert clean(str(caught.value))


def test_the_token_never_travels_in_an_address(lasting_scene: Scene):
    account = lasting_scene.account(Platform.FACEBOOK)
    lasting_scene.world.post(account.slug, "Bore da", NINE)
    collector, addresses = lasting_scene.collector(account), []
    collector.line.session.hooks["response"].append(lambda response, **_: addresses.append(response.request.url))  # type: ignore[attr-defined]

    run_all(collector)
    collector.reply(next(iter(lasting_scene.world.messages(account.slug))).native_id, "Helo", key="k")

    assert addresses
    assert all("token0123456789secret" not in address for address in addresses)
