"""What has not happened yet is not there, and the truth can always be asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.world import World
from vocabulary import Platform

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_world(platform: Platform = Platform.X) -> World:
    world = World(now=NINE)
    world.add_account(platform, "dyffryn", "1001", "Cyngor Dyffryn", "token")
    return world


def test_the_story_plays_as_the_clock_moves():
    world = a_world()
    post = world.post("dyffryn", "Bore da", NINE + HOUR)
    world.edit(post, "Bore da bawb", NINE + 2 * HOUR)
    world.delete(post, NINE + 3 * HOUR)
    message = world.message(post)
    assert message is not None

    seen = []
    for hours in range(4):
        world.now = NINE + hours * HOUR
        seen.append(message.current(world.now).text if message.exists(world.now) else None)

    assert seen == [None, "Bore da", "Bore da bawb", None]


@pytest.mark.parametrize("platform", [Platform.X, Platform.FACEBOOK])
def test_ids_are_unique_and_grow_with_time_however_the_story_is_told(platform: Platform):
    world = a_world(platform)
    moments = [NINE + timedelta(minutes=(7 * number) % 60) for number in range(60)] * 2
    told = [(at, world.post("dyffryn", "Bore da", at)) for at in moments]

    ids = [native_id for _, native_id in told]
    assert len(set(ids)) == len(ids)
    times_by_id = [at for at, _ in sorted(told, key=lambda one: int(one[1].split("_")[-1]))]
    assert times_by_id == sorted(moments)


def test_ids_have_the_shape_of_their_platform():
    x, facebook = a_world(), a_world(Platform.FACEBOOK)
    tweet, post = x.post("dyffryn", "Bore da", NINE), facebook.post("dyffryn", "Bore da", NINE)
    comment = facebook.comment("dyffryn", "?", "7001", "Mari", NINE, post=post)
    reply = facebook.comment("dyffryn", "!", "7002", "Tom", NINE, parent=comment)

    assert tweet.isdigit()
    assert len(tweet) == 19
    assert post.startswith("1001_")
    assert comment.split("_")[0] == reply.split("_")[0] == post.split("_")[1]


def test_our_replies_are_those_we_wrote_and_that_still_stand():
    world = a_world()
    post = world.post("dyffryn", "Bore da", NINE - 5 * HOUR)
    asked = world.comment("dyffryn", "?", "7001", "Mari", NINE - 4 * HOUR, post=post)
    kept = world.comment("dyffryn", "Dydd Mawrth", "1001", "", NINE - 3 * HOUR, parent=asked)
    gone = world.comment("dyffryn", "Dydd Llun", "1001", "", NINE - 3 * HOUR, parent=asked)
    world.delete(gone, NINE - 2 * HOUR)

    assert [reply.native_id for reply in world.replies_by_us("dyffryn")] == [kept]


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        a_world().post("dyffryn", "Bore da", datetime(2026, 11, 16, 9, 0))  # noqa: DTZ001
