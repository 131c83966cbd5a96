"""A collector opens from a line of configuration, or says what to do instead."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from collectors.base import Access, Action
from collectors.registry import OPEN, Unsupported, open_collector
from collectors.transport import BadCredential, UnsafeAddress
from simulator.faults import Fault, Kind
from tests.collectors.conftest import BOTH, NINE, Scene, run_all
from vocabulary import Platform

KEYS = {"consumer_key": "ck", "consumer_secret": "cs", "access_token_secret": "ats"}


@pytest.mark.parametrize("platform", [platform for platform in Platform if platform not in OPEN])
def test_a_platform_without_a_collector_names_the_way_round(platform: Platform):
    with pytest.raises(Unsupported, match="gwylio import FILE --account dyffryn"):
        open_collector(platform, Access(account="dyffryn", native_id="1", credential="t"))


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("address", ["http://platform.example", "http://192.0.2.1:8080/x"])
def test_a_token_is_never_sent_unencrypted_over_a_network(platform: Platform, address: str):
    with pytest.raises(UnsafeAddress, match="https"):
        open_collector(platform, Access(account="a", native_id="1", credential="token", base_url=address))


@pytest.mark.parametrize("platform", BOTH)
def test_opening_sends_nothing(lasting_scene: Scene, platform: Platform):
    before = len(lasting_scene.simulator.requests)

    lasting_scene.collector(lasting_scene.account(platform))

    assert len(lasting_scene.simulator.requests) == before


def test_x_takes_four_signed_keys_as_well(lasting_scene: Scene):
    account = lasting_scene.account(Platform.X)
    post = lasting_scene.world.post(account.slug, "Bore da", NINE)
    credential = json.dumps({**KEYS, "access_token": account.token})
    collector = open_collector(Platform.X, replace(lasting_scene.access(account), credential=credential))

    assert set(run_all(collector).posts) == {post}
    assert collector.reply(post, "Eto", key="k").native_id
    collector.act(Action.HIDE, lasting_scene.world.comment(account.slug, "?", "7001", "Mari", NINE, post=post))


@pytest.mark.parametrize("keys", [KEYS, {**KEYS, "access_token": ""}, {**KEYS, "access_token": 7}, {}])
def test_x_keys_that_are_not_four_are_refused(keys: dict[str, object]):
    with pytest.raises(BadCredential, match="connect the account again"):
        open_collector(Platform.X, Access(account="a", native_id="1", credential=json.dumps(keys)))


def test_a_slow_platform_is_not_waited_for(lasting_scene: Scene):
    account = lasting_scene.account(Platform.X)
    lasting_scene.spoil(Fault(Kind.SLOW, seconds=60))
    collector = lasting_scene.collector(account, timeout=0.2)

    with pytest.raises(Exception, match="no answer came in time"):
        run_all(collector)
    lasting_scene.mend()
