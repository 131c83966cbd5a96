"""Whatever a platform answers, the run says what to do about it, the cursor stays, and nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from collectors.base import (
    AuthExpired,
    Budget,
    Cursor,
    Gone,
    Malformed,
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Refused,
    Transient,
)
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account
from tests.collectors.conftest import BOTH, NINE, Kept, Scene, run_once
from vocabulary import Platform

X, FACEBOOK = BOTH
NOW = NINE + timedelta(days=1)
FIRST = {X: "mentions", FACEBOOK: "comments"}
PATHS = {X: "*/mentions", FACEBOOK: "*/comments"}

# What the platform does in the middle of a run, and what we make of it.
ENDS_THE_RUN = [
    (X,        Kind.RATE_LIMITED,               RateLimited),
    (X,        Kind.RATE_LIMITED_WITHOUT_RESET, RateLimited),
    (X,        Kind.USAGE_CAPPED,               QuotaExhausted),
    (X,        Kind.EXPIRED,                    AuthExpired),
    (X,        Kind.FORBIDDEN,                  PermissionLost),
    (X,        Kind.REFUSED,                    PermissionLost),
    (X,        Kind.GONE,                       Gone),
    (X,        Kind.SERVER_ERROR,               Transient),
    (X,        Kind.HTML_502,                   Transient),
    (X,        Kind.ERRORS_ONLY,                Malformed),
    (X,        Kind.FALSE_BODY,                 Malformed),
    (X,        Kind.TRUNCATED_JSON,             Malformed),
    (X,        Kind.NEXT_LOOP,                  Malformed),
    (X,        Kind.APPLIED_THEN_504,           Transient),
    (X,        Kind.CUT_SHORT,                  Transient),
    (X,        Kind.DROPPED_BEFORE,             Transient),
    (X,        Kind.DROPPED_AFTER,              Transient),
    (X,        Kind.SLOW,                       Transient),
    (FACEBOOK, Kind.RATE_LIMITED,               RateLimited),
    (FACEBOOK, Kind.RATE_LIMITED_WITHOUT_RESET, RateLimited),
    (FACEBOOK, Kind.USAGE_CAPPED,               RateLimited),
    (FACEBOOK, Kind.EXPIRED,                    AuthExpired),
    (FACEBOOK, Kind.FORBIDDEN,                  PermissionLost),
    (FACEBOOK, Kind.REFUSED,                    Refused),
    (FACEBOOK, Kind.SERVER_ERROR,               Transient),
    (FACEBOOK, Kind.HTML_502,                   Transient),
    (FACEBOOK, Kind.ERRORS_ONLY,                Malformed),
    (FACEBOOK, Kind.FALSE_BODY,                 Malformed),
    (FACEBOOK, Kind.TRUNCATED_JSON,             Malformed),
    (FACEBOOK, Kind.NEXT_LOOP,                  Malformed),
    (FACEBOOK, Kind.APPLIED_THEN_504,           Transient),
    (FACEBOOK, Kind.CUT_SHORT,                  Transient),
    (FACEBOOK, Kind.DROPPED_BEFORE,             Transient),
    (FACEBOOK, Kind.DROPPED_AFTER,              Transient),
    (FACEBOOK, Kind.SLOW,                       Transient),
]  # fmt: skip

# What a run takes in its stride.
IS_HARMLESS = [
    (X,        Kind.PARTIAL_ERRORS),
    (X,        Kind.EMPTY_PAGE_WITH_NEXT),
    (X,        Kind.NO_CONTENT_TYPE),
    (FACEBOOK, Kind.EMPTY_PAGE_WITH_NEXT),
    (FACEBOOK, Kind.NO_CONTENT_TYPE),
]  # fmt: skip


@pytest.fixture
def mended(lasting_scene: Scene) -> Iterator[Scene]:
    yield lasting_scene
    lasting_scene.mend()


def thirty_comments(scene: Scene, platform: Platform) -> tuple[Account, set[str]]:
    account = scene.account(platform)
    post = scene.world.post(account.slug, "Bore da", NINE)
    minutes = [NINE + timedelta(minutes=minute) for minute in range(30)]
    return account, {scene.world.comment(account.slug, f"{at:%H:%M}", "7001", "Mari", at, post=post) for at in minutes}


def handed_over(kept: Kept) -> list[str]:
    return [comment.native_id for page in kept.pages for comment in page.comments]


@pytest.mark.parametrize(
    ("platform", "kind", "error", "nth"),
    [(*row, nth) for row in ENDS_THE_RUN for nth in (1, 2) if nth == 2 or row[1] is not Kind.NEXT_LOOP],
)
def test_a_fault_in_a_run_is_named_and_the_next_run_makes_it_good(
    mended: Scene, platform: Platform, kind: Kind, error: type[Exception], nth: int
):
    account, everything = thirty_comments(mended, platform)
    collector = mended.collector(account, page_size=10, timeout=0.5 if kind is Kind.SLOW else 5.0)
    kept, stream = Kept(), FIRST[platform]
    mended.spoil(Fault(kind, path=PATHS[platform], nth=nth))

    with pytest.raises(error) as caught:
        run_once(collector, stream, kept)

    assert type(caught.value) is error
    assert kept.cursors.get(stream, Cursor()).watermark == ""
    assert all(not page.complete for page in kept.pages)
    mended.mend()
    assert run_once(collector, stream, kept)
    assert set(kept.comments) == everything
    if kind is not Kind.NEXT_LOOP:  # there the run begins anew
        assert len(handed_over(kept)) == len(everything)


@pytest.mark.parametrize(("platform", "kind"), IS_HARMLESS)
def test_what_is_odd_but_whole_costs_nothing(mended: Scene, platform: Platform, kind: Kind):
    account, everything = thirty_comments(mended, platform)
    mended.spoil(Fault(kind, path=PATHS[platform], nth=2))
    kept = Kept()

    assert run_once(mended.collector(account, page_size=10), FIRST[platform], kept)

    assert set(kept.comments) == everything
    assert len(handed_over(kept)) == len(everything)
    assert not any(page.troubles for page in kept.pages)


@pytest.mark.parametrize("platform", BOTH)
def test_one_broken_item_is_set_apart_with_its_bytes_and_the_rest_of_the_page_is_kept(
    mended: Scene, platform: Platform
):
    account, everything = thirty_comments(mended, platform)
    mended.spoil(Fault(Kind.BROKEN_ITEM, path=PATHS[platform], nth=1))
    kept = Kept()

    assert run_once(mended.collector(account), FIRST[platform], kept)

    (trouble,) = [trouble for page in kept.pages for trouble in page.troubles]
    assert everything - set(kept.comments) == {trouble.native_id}
    assert trouble.native_id.encode() in trouble.raw
    assert "created" in trouble.reason


def test_x_names_the_moment_to_come_back(mended: Scene):
    account, _ = thirty_comments(mended, X)
    collector = mended.collector(account)
    limits = [
        (Kind.RATE_LIMITED,               NOW + timedelta(seconds=120)),
        (Kind.RATE_LIMITED_WITHOUT_RESET, NOW + timedelta(minutes=15)),
        (Kind.USAGE_CAPPED,               datetime(2026, 12, 1, tzinfo=UTC)),
    ]  # fmt: skip
    for kind, until in limits:
        mended.mend()
        mended.spoil(Fault(kind, seconds=120))
        with pytest.raises(RateLimited) as caught:
            list(collector.fetch("mentions", Cursor(), Budget()))
        assert caught.value.until == until


def test_facebook_names_the_moment_to_come_back(mended: Scene):
    account, _ = thirty_comments(mended, FACEBOOK)
    collector = mended.collector(account)
    for kind, until, scope in (
        (Kind.RATE_LIMITED, NOW + timedelta(minutes=7), "account"),
        (Kind.RATE_LIMITED_WITHOUT_RESET, NOW + timedelta(hours=1), "app"),
    ):
        mended.mend()
        mended.spoil(Fault(kind, seconds=420))
        with pytest.raises(RateLimited) as caught:
            list(collector.fetch("comments", Cursor(), Budget()))
        assert (caught.value.until, caught.value.scope) == (until, scope)


def test_a_refused_connection_is_transient(lasting_scene: Scene):
    account = lasting_scene.account(X)
    gone = Simulator(lasting_scene.world)
    gone.start()
    gone.stop()

    with pytest.raises(Transient, match="no connection could be made"):
        list(Scene(lasting_scene.world, gone).collector(account).fetch("mentions", Cursor(), Budget()))


@pytest.mark.parametrize("platform", BOTH)
def test_a_page_token_gone_stale_begins_the_run_anew(mended: Scene, platform: Platform):
    account, everything = thirty_comments(mended, platform)
    collector, kept, stream = mended.collector(account, page_size=10), Kept(), FIRST[platform]
    assert not run_once(collector, stream, kept, Budget(pages=2 if platform is FACEBOOK else 1))
    token = kept.cursors[stream].page_token
    kept.cursors[stream] = Cursor("", token[: token.rindex(',"')] + ',"!!!"]')

    assert run_once(collector, stream, kept)

    assert set(kept.comments) == everything


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("nonsense", ["{", "[]", "null", '["a"]', '["",[],""]', "x" * 4000])
def test_a_page_token_that_is_not_ours_begins_the_run_anew(mended: Scene, platform: Platform, nonsense: str):
    account, everything = thirty_comments(mended, platform)
    kept, stream = Kept(), FIRST[platform]
    kept.cursors[stream] = Cursor("", nonsense)

    assert run_once(mended.collector(account), stream, kept)

    assert set(kept.comments) == everything
