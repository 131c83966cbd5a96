"""Every platform is held to its contract: what is read, what goes wrong, what is said back, and what became of it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import (
    Access,
    Action,
    AuthExpired,
    Budget,
    Collector,
    CollectorError,
    Cursor,
    Malformed,
    RateLimited,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
)
from collectors.registry import open_collector
from collectors.transport import BadCredential, UnsafeAddress
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account
from tests.collectors.conftest import NINE, Kept, Scene, run_all, run_once
from tests.collectors.contracts import CONTRACTS, Contract
from vocabulary import Platform

HOUR = timedelta(hours=1)
MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
WORDS = "Gair-preifat-Mari"
SECRETS = ("token0123456789secret", WORDS, "Cyfrinach")
LONG = (Kind.SLOW, Kind.DRIP)

EVERYWHERE = pytest.mark.parametrize("platform", CONTRACTS, ids=lambda platform: platform.value)


def rows_of(name: str, where: Callable[[Contract], bool] = lambda contract: True) -> list[tuple[object, ...]]:
    return [
        (platform, *(row if isinstance(row, tuple) else (row,)))
        for platform, contract in CONTRACTS.items()
        if where(contract)
        for row in getattr(contract, name)
    ]


def those_that(ability: str) -> list[Platform]:
    return [platform for platform, contract in CONTRACTS.items() if getattr(contract, ability)]


@pytest.fixture
def mended(lasting_scene: Scene) -> Iterator[Scene]:
    yield lasting_scene
    lasting_scene.mend()
    lasting_scene.world.now = NINE + timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """Somebody asked us something on one platform."""

    scene: Scene
    account: Account
    collector: Collector
    post: str
    question: str

    def standing(self) -> list[str]:
        return [reply.text for reply in self.scene.world.replies_by_us(self.account.slug)]


@pytest.fixture
def asked(mended: Scene, platform: Platform) -> Asked:
    account = mended.account(platform)
    post = mended.world.post(account.slug, "Bore da bawb", NINE)
    question = mended.world.comment(account.slug, "Pryd mae'r biniau'n cael eu casglu?", *MARI, NINE + HOUR, post=post)
    return Asked(mended, account, mended.collector(account, timeout=0.6), post, question)


def thirty_comments(scene: Scene, platform: Platform) -> tuple[Account, set[str]]:
    account = scene.account(platform)
    post = scene.world.post(account.slug, "Bore da", NINE)
    minutes = [NINE + timedelta(minutes=minute) for minute in range(30)]
    return account, {scene.world.comment(account.slug, f"{at:%H:%M}", *MARI, at, post=post) for at in minutes}


def handed_over(kept: Kept) -> list[str]:
    return [comment.native_id for page in kept.pages for comment in page.comments]


def person(world_author: str, account: Account) -> str:
    """Who somebody is, as the platform has it."""
    from simulator.world import person_id

    return person_id(account.platform, world_author)


# --- reading


@EVERYWHERE
def test_a_comment_says_who_wrote_what_when_and_where(asked: Asked, platform: Platform):
    comment = run_all(asked.collector).comments[asked.question]

    assert comment.account == asked.account.slug
    assert comment.text == "Pryd mae'r biniau'n cael eu casglu?"
    assert comment.author == CONTRACTS[platform].author(person(MARI[0], asked.account), MARI[1])
    assert comment.posted_at == NINE + HOUR
    assert comment.thread == asked.post
    assert comment.url.startswith("https://")
    assert comment.edited_at is None
    assert isinstance(json.loads(comment.raw), dict)


@EVERYWHERE
def test_what_we_published_comes_out_as_ours_and_never_as_a_comment(asked: Asked):
    us = asked.account.native_id
    by_hand = asked.scene.world.comment(
        asked.account.slug, "Dydd Mawrth.", us, "", NINE + 2 * HOUR, post=asked.post, parent=asked.question
    )

    kept = run_all(asked.collector)

    assert set(kept.posts) == {asked.post}
    assert kept.posts[asked.post].text == "Bore da bawb"
    assert kept.ours[by_hand].in_reply_to == asked.question
    assert kept.ours[by_hand].text == "Dydd Mawrth."
    assert kept.ours[by_hand].posted_at == NINE + 2 * HOUR
    assert set(kept.comments) == {asked.question}


@EVERYWHERE
def test_a_reply_in_a_thread_stands_in_its_thread_and_names_what_it_answers(asked: Asked, platform: Platform):
    reply = asked.scene.world.comment(asked.account.slug, "A finnau", *TOM, NINE + 2 * HOUR, parent=asked.question)
    deeper = asked.scene.world.comment(asked.account.slug, "A ni", *MARI, NINE + 3 * HOUR, parent=reply)

    kept = run_all(asked.collector)

    assert (kept.comments[reply].thread, kept.comments[reply].in_reply_to) == (asked.post, asked.question)
    assert kept.comments[deeper].thread == asked.post
    assert kept.comments[deeper].in_reply_to == (reply if CONTRACTS[platform].nests else asked.question)


@EVERYWHERE
@pytest.mark.parametrize("many", [7, 23])
def test_every_reply_of_a_long_conversation_is_read(asked: Asked, many: int):
    """Some platforms send only the first few replies with a comment, and do not say that there are more."""
    replies = {
        asked.scene.world.comment(
            asked.account.slug, f"{n}", *TOM, NINE + 2 * HOUR + timedelta(minutes=n), parent=asked.question
        )
        for n in range(many)
    }

    kept = run_all(asked.scene.collector(asked.account, page_size=10))

    assert set(kept.comments) == {asked.question, *replies}


@pytest.mark.parametrize("platform", those_that("sees_edits"), ids=lambda platform: platform.value)
def test_an_edit_is_found_by_the_next_run_and_is_the_same_comment(asked: Asked):
    kept = run_all(asked.collector)
    asked.scene.world.now += HOUR
    asked.scene.world.edit(asked.question, "Pryd mae'r bin gwyrdd?", asked.scene.world.now - HOUR / 2)

    run_all(asked.collector, kept)

    assert set(kept.comments) == {asked.question}
    assert kept.comments[asked.question].text == "Pryd mae'r bin gwyrdd?"
    assert kept.comments[asked.question].posted_at == NINE + HOUR


@EVERYWHERE
@pytest.mark.parametrize(
    "text",
    [
        "Bins & bags < 3 > 2",
        "&amp; is how they write &, &copy; is not",
        "Gweler https://dyffryn.example/biniau?a=1&b=2. A https://dyffryn.example/eto!",
        "Llinell\n\nEto 🏴󠁧󠁢󠁷󠁬󠁳󠁿 👨‍👩‍👧 Ŵ w\u0302",
    ],
)
def test_words_come_out_as_they_were_typed(asked: Asked, text: str):
    said = asked.scene.world.comment(asked.account.slug, text, *MARI, NINE + 2 * HOUR, post=asked.post)
    us = asked.account.native_id
    ours = asked.scene.world.comment(asked.account.slug, text, us, "", NINE + 3 * HOUR, parent=said)

    kept = run_all(asked.collector)

    assert kept.comments[said].text == text
    assert kept.ours[ours].text == text


@pytest.mark.parametrize("platform", those_that("names_nobody"), ids=lambda platform: platform.value)
def test_where_the_platform_does_not_say_who_wrote_nobody_did(asked: Asked):
    asked.scene.spoil(Fault(Kind.MISSING_FROM, path="*", times=99))

    kept = run_all(asked.collector)

    assert {comment.native_id: comment.author for comment in kept.comments.values()} == {asked.question: None}


@EVERYWHERE
def test_a_page_says_what_it_cost(asked: Asked):
    before = len(asked.scene.simulator.requests)

    pages = run_all(asked.collector).pages

    assert sum(page.usage.requests for page in pages) == len(asked.scene.simulator.requests) - before
    assert all(page.usage.remaining is None or 0 <= page.usage.remaining <= 1 for page in pages)


@EVERYWHERE
def test_an_account_where_nothing_ever_happened_completes(mended: Scene, platform: Platform):
    kept = run_all(mended.collector(mended.account(platform)))

    assert not kept.comments
    assert not kept.posts


@EVERYWHERE
def test_an_unknown_stream_is_refused_by_name(asked: Asked):
    with pytest.raises(ValueError, match="it has "):
        list(asked.collector.fetch("likes", Cursor(), Budget()))


# --- paging


@EVERYWHERE
@given(
    arrivals=st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 45), st.none() | st.integers(1, 29), st.integers(0, 3)),
        max_size=30,
    ),
    page_size=st.integers(10, 25),
    pages=st.integers(2, 4),
    rounds=st.lists(st.integers(1, 120), min_size=1, max_size=4),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_what_is_kept(
    lasting_scene: Scene,
    platform: Platform,
    arrivals: list[tuple[int, int, int | None, int]],
    page_size: int,
    pages: int,
    rounds: list[int],
):
    """Arrivals at a minute, listed so much late, perhaps edited, some of them replies to the one before."""
    scene, world, contract = lasting_scene, lasting_scene.world, CONTRACTS[platform]
    account = scene.account(platform)
    posts = [world.post(account.slug, f"Newyddion {number}", NINE) for number in range(2)]
    truth: dict[str, str] = {}
    above = ""
    for number, (minute, late, edited_after, kind) in enumerate(sorted(arrivals, key=lambda each: each[0])):
        at = NINE + timedelta(minutes=1 + minute, seconds=number)
        place: dict[str, Any] = {"parent": above} if kind == 0 and above else {"post": posts[number % 2]}
        native_id = world.comment(
            account.slug, f"Sylw {number}", *MARI, at, listed_at=at + timedelta(minutes=late), **place
        )
        truth[native_id] = f"Sylw {number}"
        above = native_id if kind != 0 else above
        if edited_after is not None and contract.sees_edits:
            truth[native_id] = f"Sylw {number}, wedi'i olygu"
            world.edit(native_id, truth[native_id], at + timedelta(minutes=edited_after))
    collector, kept, budget = scene.collector(account, page_size=page_size), Kept(), Budget(pages=pages)

    world.now = NINE
    for minutes in rounds:
        world.now += timedelta(minutes=minutes)
        for stream in collector.streams():
            run_once(collector, stream, kept, budget)
    world.now = NINE + timedelta(hours=8)
    run_all(collector, kept, budget)
    run_all(collector, kept, budget)
    world.now = NINE + timedelta(days=1)

    assert {native_id: comment.text for native_id, comment in kept.comments.items()} == truth


@EVERYWHERE
def test_one_run_hands_each_comment_over_once_and_the_watermark_waits_for_its_end(mended: Scene, platform: Platform):
    account, everything = thirty_comments(mended, platform)
    collector, kept, stream = mended.collector(account, page_size=10), Kept(), CONTRACTS[platform].stream

    for _ in range(40):
        if run_once(collector, stream, kept, Budget(pages=2)):
            break

    assert len(handed_over(kept)) == len(everything)
    assert set(kept.comments) == everything
    assert [page.complete for page in kept.pages].count(True) == 1
    for page in kept.pages:
        assert page.complete is (page.cursor.page_token == "")
        assert page.complete is (page.cursor.watermark != "")


@EVERYWHERE
def test_a_run_stops_at_its_budget_of_items_and_is_continued(mended: Scene, platform: Platform):
    account, everything = thirty_comments(mended, platform)
    collector, kept, stream = mended.collector(account, page_size=10), Kept(), CONTRACTS[platform].stream

    assert not run_once(collector, stream, kept, Budget(items=20))
    assert len(kept.comments) < 30
    run_all(collector, kept)

    assert set(kept.comments) == everything


@EVERYWHERE
@pytest.mark.parametrize("nonsense", ["{", "[]", "null", '["a"]', '["",[],""]', "x" * 4000])
def test_a_page_token_that_is_not_ours_begins_the_run_anew(mended: Scene, platform: Platform, nonsense: str):
    account, everything = thirty_comments(mended, platform)
    kept, stream = Kept(), CONTRACTS[platform].stream
    kept.cursors[stream] = Cursor("", nonsense)

    assert run_once(mended.collector(account), stream, kept)

    assert set(kept.comments) == everything


# --- what goes wrong


# The first page cannot lead to itself before it was read.
@pytest.mark.parametrize(
    ("platform", "kind", "error", "nth"),
    [(*row, nth) for row in rows_of("ends") for nth in (1, 2) if nth == 2 or row[1] is not Kind.NEXT_LOOP],
)
def test_a_fault_in_a_run_is_named_and_the_next_run_makes_it_good(
    mended: Scene, platform: Platform, kind: Kind, error: type[CollectorError], nth: int
):
    contract = CONTRACTS[platform]
    account, everything = thirty_comments(mended, platform)
    collector = mended.collector(account, page_size=contract.page_size, timeout=0.4 if kind in LONG else 5.0)
    kept, stream = Kept(), contract.stream
    mended.spoil(Fault(kind, path=contract.path, nth=nth))

    with pytest.raises(CollectorError) as caught:
        run_once(collector, stream, kept)

    assert type(caught.value) is error
    assert kept.cursors.get(stream, Cursor()).watermark == ""
    assert all(not page.complete for page in kept.pages)
    mended.mend()
    assert run_once(collector, stream, kept)
    assert set(kept.comments) == everything
    if kind is not Kind.NEXT_LOOP:
        assert len(handed_over(kept)) == len(everything)


@pytest.mark.parametrize(("platform", "kind"), rows_of("harmless"))
def test_what_is_odd_but_whole_costs_nothing(mended: Scene, platform: Platform, kind: Kind):
    contract = CONTRACTS[platform]
    account, everything = thirty_comments(mended, platform)
    mended.spoil(Fault(kind, path=contract.path, nth=2))
    kept = Kept()

    assert run_once(mended.collector(account, page_size=contract.page_size), contract.stream, kept)

    assert set(kept.comments) == everything
    assert not any(page.troubles for page in kept.pages)


@pytest.mark.parametrize("platform", [each for each, kind in rows_of("harmless") if kind is Kind.EMPTY_PAGE_WITH_NEXT])
def test_nobody_is_led_on_for_ever_past_empty_pages_and_nothing_is_lost_by_it(mended: Scene, platform: Platform):
    account, everything = thirty_comments(mended, platform)
    collector, kept, before = mended.collector(account), Kept(), len(mended.simulator.requests)
    mended.spoil(Fault(Kind.EMPTY_PAGE_WITH_NEXT, times=100_000))

    for stream in collector.streams():
        with suppress(CollectorError):
            run_once(collector, stream, kept)

    assert len(mended.simulator.requests) - before <= 2 * Budget().pages * len(collector.streams())
    mended.mend()
    mended.world.now += HOUR  # LinkedIn, having listed no post, is asked for all of them again by then
    assert set(run_all(collector, kept).comments) == everything


@EVERYWHERE
def test_one_broken_item_is_set_apart_with_its_bytes_and_the_rest_is_kept(mended: Scene, platform: Platform):
    account, everything = thirty_comments(mended, platform)
    mended.spoil(Fault(Kind.BROKEN_ITEM, path=CONTRACTS[platform].path, nth=1))
    kept = Kept()

    assert run_once(mended.collector(account), CONTRACTS[platform].stream, kept)

    (trouble,) = [trouble for page in kept.pages for trouble in page.troubles]
    assert len(everything - set(kept.comments)) == 1
    assert trouble.raw
    assert trouble.reason


@EVERYWHERE
def test_the_moment_to_come_back_is_honoured_to_the_second(mended: Scene, platform: Platform):
    contract = CONTRACTS[platform]
    account, _ = thirty_comments(mended, platform)
    mended.spoil(Fault(Kind.RETRY_AFTER, path=contract.path, seconds=137))

    with pytest.raises(RateLimited) as caught:
        list(mended.collector(account).fetch(contract.stream, Cursor(), Budget()))

    assert caught.value.until == mended.world.now + timedelta(seconds=137)


@EVERYWHERE
def test_a_refused_connection_is_transient(mended: Scene, platform: Platform):
    gone = Simulator(mended.world)
    gone.start()
    gone.stop()
    collector = Scene(mended.world, gone).collector(mended.account(platform))

    with pytest.raises(Transient, match="no connection could be made"):
        list(collector.fetch(CONTRACTS[platform].stream, Cursor(), Budget()))


# --- saying something back


@EVERYWHERE
def test_a_reply_stands_under_the_comment_it_answers_and_its_receipt_is_the_platforms(asked: Asked):
    receipt = asked.collector.reply(asked.question, "Dydd Mawrth, o saith y bore.", key="k1")

    (reply,) = asked.scene.world.replies_by_us(asked.account.slug)
    assert reply.native_id == receipt.native_id
    assert (reply.parent, reply.text) == (asked.question, "Dydd Mawrth, o saith y bore.")
    assert receipt.at in (None, asked.scene.world.now)


@pytest.mark.parametrize(("platform", "kind", "error", "published"), rows_of("replies"))
def test_a_reply_that_may_have_been_published_is_never_called_failed(
    asked: Asked, platform: Platform, kind: Kind, error: type[CollectorError], published: bool
):
    contract = CONTRACTS[platform]
    asked.scene.spoil(Fault(kind, method=contract.write_method, path=contract.write_path, seconds=5))

    with pytest.raises(CollectorError) as caught:
        asked.collector.reply(asked.question, "Dydd Mawrth.", key="k1")

    assert type(caught.value) is error
    assert asked.standing() == (["Dydd Mawrth."] if published else [])


@EVERYWHERE
def test_a_doubtful_reply_can_be_read_back(asked: Asked, platform: Platform):
    contract, began = CONTRACTS[platform], asked.scene.world.now
    assert list(asked.collector.own_replies(asked.question, since=began)) == []
    asked.scene.spoil(Fault(Kind.DROPPED_AFTER, method=contract.write_method, path=contract.write_path))
    with pytest.raises(Unconfirmed):
        asked.collector.reply(asked.question, "Dydd Mawrth.", key="k1")

    (found,) = asked.collector.own_replies(asked.question, since=began)

    (stands,) = asked.scene.world.replies_by_us(asked.account.slug)
    assert (found.native_id, found.text, found.in_reply_to) == (stands.native_id, "Dydd Mawrth.", asked.question)
    assert found.thread == asked.post


@EVERYWHERE
def test_a_read_back_sees_our_replies_to_this_comment_since_then_and_no_others(asked: Asked):
    world, slug, us = asked.scene.world, asked.account.slug, asked.account.native_id
    other = world.comment(slug, "A fi?", *TOM, NINE + HOUR, post=asked.post)
    world.comment(slug, "I Mari, ddoe", us, "", NINE + 2 * HOUR, parent=asked.question)
    recent = world.comment(slug, "I Mari, heddiw", us, "", NINE + 5 * HOUR, parent=asked.question)
    world.comment(slug, "I Tom", us, "", NINE + 5 * HOUR, parent=other)
    world.comment(slug, "Diolch", *MARI, NINE + 6 * HOUR, parent=asked.question)

    found = asked.collector.own_replies(asked.question, since=NINE + 5 * HOUR)

    assert [reply.native_id for reply in found] == [recent]


@EVERYWHERE
@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.FALSE_BODY, Kind.TRUNCATED_JSON, Kind.DROPPED_BEFORE])
def test_a_read_back_that_fails_is_an_error_and_never_an_empty_answer(asked: Asked, kind: Kind):
    asked.scene.spoil(Fault(kind, method="GET", times=9))

    with pytest.raises((Transient, Malformed)):
        asked.collector.own_replies(asked.question, since=NINE)


@EVERYWHERE
def test_a_reply_longer_than_the_platform_allows_is_not_even_sent(asked: Asked):
    before = len(asked.scene.simulator.requests)
    too_long = "x" * (asked.collector.capabilities().longest_reply + 1)

    with pytest.raises(Refused):
        asked.collector.reply(asked.question, too_long, key="k1")

    assert len(asked.scene.simulator.requests) == before


@EVERYWHERE
def test_nothing_is_in_doubt_when_no_connection_was_made(asked: Asked):
    gone = Simulator(asked.scene.world)
    gone.start()
    gone.stop()
    nowhere = Scene(asked.scene.world, gone).collector(asked.account)

    with pytest.raises(Transient, match="no connection could be made"):
        nowhere.reply(asked.question, "Dydd Mawrth.", key="k1")


@pytest.mark.parametrize("platform", those_that("hides"), ids=lambda platform: platform.value)
def test_hiding_twice_is_harmless_can_be_undone_and_is_seen(asked: Asked, platform: Platform):
    message = asked.scene.world.message(asked.question)
    assert message is not None
    for hidden in (True, True, False, False, True):
        asked.collector.act(Action.HIDE if hidden else Action.UNHIDE, asked.question)
        assert message.hidden is hidden

    comment = run_all(asked.collector).comments[asked.question]

    assert comment.hidden is (True if CONTRACTS[platform].says_hidden else None)


@EVERYWHERE
def test_what_a_platform_cannot_do_is_declared_and_refused_without_a_request(asked: Asked):
    before = len(asked.scene.simulator.requests)
    for action in set(Action) - asked.collector.capabilities().actions - {Action.REPLY}:
        with pytest.raises(Refused):
            asked.collector.act(action, asked.question)

    assert len(asked.scene.simulator.requests) == before


@pytest.mark.parametrize("platform", those_that("deletes"), ids=lambda platform: platform.value)
def test_deleting_takes_a_comment_away_and_twice_is_harmless(asked: Asked):
    asked.collector.act(Action.DELETE, asked.question)
    asked.collector.act(Action.DELETE, asked.question)

    message = asked.scene.world.message(asked.question)
    assert message is not None
    assert not message.exists(asked.scene.world.now)


# --- what became of it


@EVERYWHERE
def test_a_recheck_tells_what_is_there_from_what_is_gone(asked: Asked):
    deleted = asked.scene.world.comment(asked.account.slug, "?", *TOM, NINE + HOUR, post=asked.post)
    asked.scene.world.delete(deleted, NINE + 2 * HOUR)

    standing = asked.collector.recheck([asked.question, deleted])

    assert standing == {asked.question: Standing.PRESENT, deleted: Standing.GONE}


@EVERYWHERE
@pytest.mark.parametrize(
    "kind",
    [
        Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.HTML_502, Kind.FALSE_BODY, Kind.TRUNCATED_JSON, Kind.DROPPED_BEFORE,
        Kind.SLOW,
    ],
)  # fmt: skip
def test_no_error_of_a_recheck_ever_says_gone(asked: Asked, kind: Kind):
    asked.scene.spoil(Fault(kind, times=9, seconds=5))
    try:
        standing = asked.collector.recheck([asked.question])
    except (AuthExpired, RateLimited):
        return

    assert standing[asked.question] in (Standing.UNKNOWN, Standing.FORBIDDEN)


@EVERYWHERE
@pytest.mark.parametrize(("kind", "error"), [(Kind.RATE_LIMITED, RateLimited), (Kind.EXPIRED, AuthExpired)])
def test_a_recheck_stops_at_what_concerns_the_whole_account(asked: Asked, kind: Kind, error: type[CollectorError]):
    asked.scene.spoil(Fault(kind, times=9))
    before = len(asked.scene.simulator.requests)

    with pytest.raises(error):
        asked.collector.recheck([asked.question] * 9)

    assert len(asked.scene.simulator.requests) == before + 1


# --- what must not be said


@EVERYWHERE
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in LONG], ids=lambda kind: kind.value)
def test_whatever_goes_wrong_nothing_secret_is_said(
    mended: Scene, caplog: pytest.LogCaptureFixture, platform: Platform, kind: Kind
):
    caplog.set_level(logging.DEBUG)
    account = mended.account(platform)
    post = mended.world.post(account.slug, WORDS, NINE)
    question = mended.world.comment(account.slug, WORDS, "7001", "Mari Cyfrinach", NINE, post=post)
    collector = mended.collector(account)
    mended.spoil(Fault(kind, times=99))
    acts: tuple[Callable[[], object], ...] = (
        *(lambda stream=stream: list(collector.fetch(stream, Cursor(), Budget())) for stream in collector.streams()),
        lambda: collector.reply(question, WORDS, key="k1"),
        lambda: collector.act(Action.HIDE, question),
        lambda: collector.own_replies(question, since=NINE),
        lambda: collector.recheck([question]),
    )
    for act in acts:
        try:
            act()
        except CollectorError as error:
            said = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)
            assert not any(secret in said for secret in SECRETS)

    assert not any(secret in caplog.text for secret in SECRETS)
    assert "token0123456789secret" not in repr(collector)


@EVERYWHERE
@pytest.mark.parametrize("credential", ["", "  ", "tŷ-token0123456789secret"])
def test_a_damaged_credential_is_refused_without_being_quoted(platform: Platform, credential: str):
    with pytest.raises(BadCredential, match=r"connect the .* again") as caught:
        open_collector(platform, Access(account="a", native_id="1", credential=credential))

    assert "token" not in str(caught.value).replace("access_token", "")


@EVERYWHERE
@pytest.mark.parametrize("address", ["http://platform.example", "http://192.0.2.1:8080/x"])
def test_a_token_is_never_sent_unencrypted_over_a_network(platform: Platform, address: str):
    token = CONTRACTS[platform].token.format(1)
    with pytest.raises(UnsafeAddress, match="https"):
        open_collector(platform, Access(account="a", native_id="1", credential=token, base_url=address))


@EVERYWHERE
def test_opening_sends_nothing(mended: Scene, platform: Platform):
    before = len(mended.simulator.requests)

    mended.collector(mended.account(platform))

    assert len(mended.simulator.requests) == before
