"""Whatever the page size, the budget and the moment of arrival: no comment is lost, and an edit never comes undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import Budget
from tests.collectors.conftest import BOTH, NINE, Kept, Scene, run_all, run_once
from vocabulary import Platform


@dataclass(frozen=True)
class Arrival:
    """A comment `at` minutes into the story, listed so much `late`, perhaps edited so much later."""

    at: int
    late: int
    edited_after: int | None
    untagged: bool


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        at=st.integers(0, 300),
        late=st.integers(0, 45),
        edited_after=st.none() | st.integers(1, 29),
        untagged=st.booleans(),
    ),
    max_size=40,
)


@pytest.mark.parametrize("platform", BOTH)
@given(
    arrivals=ARRIVALS,
    page_size=st.integers(10, 25),
    pages=st.integers(2, 4),
    rounds=st.lists(st.integers(1, 120), min_size=1, max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_what_is_kept(
    lasting_scene: Scene, platform: Platform, arrivals: list[Arrival], page_size: int, pages: int, rounds: list[int]
):
    scene, world = lasting_scene, lasting_scene.world
    account = scene.account(platform)
    posts = [world.post(account.slug, f"Newyddion {number}", NINE) for number in range(2)]
    truth = {}
    for number, arrival in enumerate(arrivals):
        at = NINE + timedelta(minutes=1 + arrival.at)
        native_id = world.comment(
            account.slug,
            f"Sylw {number}",
            "7001",
            "Mari",
            at,
            post=posts[number % 2],
            mentions_us=not arrival.untagged,
            listed_at=at + timedelta(minutes=arrival.late),
        )
        truth[native_id] = f"Sylw {number}"
        if arrival.edited_after is not None:
            truth[native_id] = f"Sylw {number}, wedi'i olygu"
            world.edit(native_id, truth[native_id], at + timedelta(minutes=arrival.edited_after))
    collector, kept, budget = scene.collector(account, page_size=page_size), Kept(), Budget(pages=pages)

    world.now = NINE
    for (
        minutes
    ) in rounds:  # the story unfolds between runs, and in the middle of runs that were cut off by their budget
        world.now += timedelta(minutes=minutes)
        for stream in collector.streams():
            run_once(collector, stream, kept, budget)
    world.now = NINE + timedelta(hours=8)
    run_all(collector, kept, budget)  # ends what was under way
    run_all(collector, kept, budget)  # and sees what came after it began

    assert {native_id: comment.text for native_id, comment in kept.comments.items()} == truth


@pytest.mark.parametrize("platform", BOTH)
def test_one_run_hands_each_comment_over_once(lasting_scene: Scene, platform: Platform):
    scene = lasting_scene
    account = scene.account(platform)
    post = scene.world.post(account.slug, "Bore da", NINE)
    for minute in range(57):
        at = NINE + timedelta(minutes=minute)
        scene.world.comment(account.slug, f"{minute}", "7001", "Mari", at, post=post)
    scene.world.now = NINE + timedelta(hours=2)
    collector, kept = scene.collector(account, page_size=10), Kept()
    stream = collector.streams()[0]

    for _ in range(20):
        if run_once(collector, stream, kept, Budget(pages=2)):
            break

    handed_over = [comment.native_id for page in kept.pages for comment in page.comments]
    assert len(handed_over) == len(set(handed_over)) == 57
    assert [page.complete for page in kept.pages].count(True) == 1


@pytest.mark.parametrize("platform", BOTH)
def test_the_watermark_waits_for_the_end_of_the_run(lasting_scene: Scene, platform: Platform):
    scene = lasting_scene
    account = scene.account(platform)
    post = scene.world.post(account.slug, "Bore da", NINE)
    for minute in range(25):
        scene.world.comment(account.slug, "?", "7001", "Mari", NINE + timedelta(minutes=minute), post=post)
    scene.world.now = NINE + timedelta(hours=2)
    kept = run_all(scene.collector(account, page_size=10), budget=Budget(pages=2))

    for page in kept.pages:
        assert page.complete is (page.cursor.page_token == "")
        assert page.complete is (page.cursor.watermark != "")


@pytest.mark.parametrize("platform", BOTH)
def test_a_run_stops_at_its_budget_of_items(lasting_scene: Scene, platform: Platform):
    scene = lasting_scene
    account = scene.account(platform)
    post = scene.world.post(account.slug, "Bore da", NINE)
    for minute in range(40):
        scene.world.comment(account.slug, "?", "7001", "Mari", NINE + timedelta(minutes=minute), post=post)
    scene.world.now = NINE + timedelta(hours=2)
    kept = Kept()

    complete = run_once(
        scene.collector(account, page_size=10),
        "comments" if platform is Platform.FACEBOOK else "mentions",
        kept,
        Budget(items=20),
    )

    assert not complete
    assert len(kept.comments) == 20
