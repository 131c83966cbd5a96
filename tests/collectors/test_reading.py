"""What people write to us comes out whole, once, with the right author, time and place."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from collectors.base import Action, Budget, Cursor
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import BOTH, NINE, Scene, run_all
from vocabulary import Author, Platform

MARI = ("7001", "Mari Evans")
TOM = ("7002", "Tom Parry")
HOUR = timedelta(hours=1)


def a_question(scene: Scene, account: Account, text: str = "Pryd mae'r biniau'n cael eu casglu?") -> tuple[str, str]:
    """Our post and Mari's comment under it, some hours ago."""
    post = scene.world.post(account.slug, "Bore da bawb", NINE - 5 * HOUR)
    return post, scene.world.comment(account.slug, text, *MARI, NINE - 4 * HOUR, post=post)


@pytest.mark.parametrize("platform", BOTH)
def test_a_comment_says_who_wrote_what_when_and_where(scene: Scene, platform: Platform):
    account = scene.account(platform)
    post, native_id = a_question(scene, account)

    comment = run_all(scene.collector(account)).comments[native_id]

    assert comment.account == account.slug
    assert comment.text == "Pryd mae'r biniau'n cael eu casglu?"
    assert comment.author == Author(*MARI)
    assert comment.posted_at == NINE - 4 * HOUR
    assert comment.thread == post
    assert comment.in_reply_to == post
    assert comment.url.startswith("https://")
    assert comment.edited_at is None
    assert json.loads(comment.raw)["id"] == native_id


@pytest.mark.parametrize("platform", BOTH)
def test_what_we_published_comes_out_as_ours_and_never_as_a_comment(scene: Scene, platform: Platform):
    account = scene.account(platform)
    post, question = a_question(scene, account)
    by_hand = scene.world.comment(
        account.slug, "Dydd Mawrth.", account.native_id, "", NINE - 3 * HOUR, post=post, parent=question
    )

    kept = run_all(scene.collector(account))

    assert set(kept.posts) == {post}
    assert kept.ours[by_hand].in_reply_to == question
    assert kept.ours[by_hand].text == "Dydd Mawrth."
    assert kept.ours[by_hand].posted_at == NINE - 3 * HOUR
    assert set(kept.comments) == {question}


@pytest.mark.parametrize("platform", BOTH)
def test_a_reply_deep_in_a_thread_names_its_parent(scene: Scene, platform: Platform):
    account = scene.account(platform)
    post, question = a_question(scene, account)
    reply = scene.world.comment(account.slug, "Same here", *TOM, NINE - 3 * HOUR, parent=question)

    comment = run_all(scene.collector(account)).comments[reply]

    assert (comment.thread, comment.in_reply_to) == (post, question)


@pytest.mark.parametrize("platform", BOTH)
def test_what_is_written_on_our_page_or_to_our_name_is_a_comment_of_its_own_thread(scene: Scene, platform: Platform):
    account = scene.account(platform)
    native_id = scene.world.mention(account.slug, "The bins on Heol Fawr?", *TOM, NINE - HOUR)

    comment = run_all(scene.collector(account)).comments[native_id]

    assert (comment.thread, comment.in_reply_to, comment.author) == (native_id, "", Author(*TOM))


@pytest.mark.parametrize("platform", BOTH)
def test_an_edit_is_found_by_the_next_run_and_is_the_same_comment(scene: Scene, platform: Platform):
    account = scene.account(platform)
    _, native_id = a_question(scene, account)
    collector = scene.collector(account)
    kept = run_all(collector)
    scene.world.now = NINE + HOUR
    scene.world.edit(native_id, "Pryd mae'r bin gwyrdd?", NINE + HOUR / 2)

    run_all(collector, kept)

    assert set(kept.comments) == {native_id}
    assert kept.comments[native_id].text == "Pryd mae'r bin gwyrdd?"
    assert kept.comments[native_id].posted_at == NINE - 4 * HOUR


def test_an_edit_on_x_says_when_it_was_made(scene: Scene):
    account = scene.account(Platform.X)
    _, native_id = a_question(scene, account)
    scene.world.edit(native_id, "Pryd mae'r bin gwyrdd?", NINE - 3 * HOUR)

    assert run_all(scene.collector(account)).comments[native_id].edited_at == NINE - 3 * HOUR


def test_a_reply_to_an_edited_tweet_is_a_reply_to_the_comment_we_know(scene: Scene):
    account = scene.account(Platform.X)
    _, question = a_question(scene, account)
    scene.world.edit(question, "Pryd mae'r bin gwyrdd?", NINE - 3 * HOUR)
    reply = scene.world.comment(account.slug, "Dydd Iau", *TOM, NINE - 2 * HOUR, parent=question)

    assert run_all(scene.collector(account)).comments[reply].in_reply_to == question


@pytest.mark.parametrize("vocabulary", ["tweets", "posts"])
def test_x_is_understood_in_both_its_vocabularies(scene: Scene, vocabulary: str):
    scene.world.x_vocabulary = vocabulary
    account = scene.account(Platform.X)
    post, question = a_question(scene, account, text="Ŵ " * 200)
    scene.world.edit(question, "Ŷ " * 200, NINE - 3 * HOUR)
    answer = scene.world.comment(account.slug, "Diolch", account.native_id, "", NINE - HOUR, parent=question)

    kept = run_all(scene.collector(account))

    assert kept.comments[question].text == "Ŷ " * 200
    assert kept.ours[answer].in_reply_to == question
    assert set(kept.posts) == {post}


def test_a_long_tweet_is_read_to_its_end(scene: Scene):
    account = scene.account(Platform.X)
    _, native_id = a_question(scene, account, text="Mae'r palmant ar Heol yr Orsaf " * 60)

    assert run_all(scene.collector(account)).comments[native_id].text == "Mae'r palmant ar Heol yr Orsaf " * 60


ODD_TEXTS = [
    "Bins & bags < 3 > 2",
    "&amp; is how they write &, &copy; is not",
    "Gweler https://dyffryn.example/biniau?a=1&b=2. A https://dyffryn.example/eto!",
    "https://dyffryn.example/" + "biniau/" * 60 + " a <mwy>",
    "Llinell\n\nEto 🏴󠁧󠁢󠁷󠁬󠁳󠁿 👨‍👩‍👧 Ŵ w\u0302",
]


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_words_come_out_as_they_were_typed(scene: Scene, platform: Platform, text: str):
    account = scene.account(platform)
    _, question = a_question(scene, account, text=text)
    scene.world.comment(account.slug, text, account.native_id, "", NINE - HOUR, parent=question)

    kept = run_all(scene.collector(account))

    assert kept.comments[question].text == text
    assert [reply.text for reply in kept.ours.values()] == [text]


def test_the_handles_before_a_reply_are_not_its_words_but_those_of_a_mention_are(scene: Scene):
    account = scene.account(Platform.X)
    _, native_id = a_question(scene, account, text="@heddlu a ninnau")
    mention = scene.world.mention(account.slug, f"@{account.username} helo", *TOM, NINE - HOUR)

    kept = run_all(scene.collector(account))

    assert kept.comments[native_id].text == "@heddlu a ninnau"
    assert kept.comments[mention].text == f"@{account.username} helo"


def test_a_reply_that_took_our_name_away_is_still_found_under_our_post(scene: Scene):
    account = scene.account(Platform.X)
    _, question = a_question(scene, account)
    untagged = scene.world.comment(
        account.slug, "Ask the other lot", *TOM, NINE - HOUR, parent=question, mentions_us=False
    )

    assert untagged in run_all(scene.collector(account)).comments


def test_many_conversations_are_searched_within_the_length_x_allows(scene: Scene):
    account = scene.account(Platform.X)
    untagged = set()
    for number in range(30):
        post = scene.world.post(account.slug, f"Newyddion {number}", NINE - 40 * HOUR + number * HOUR)
        at = NINE - 39 * HOUR + number * HOUR
        untagged.add(scene.world.comment(account.slug, "?", *TOM, at, post=post, mentions_us=False))

    assert untagged <= set(run_all(scene.collector(account)).comments)


def test_a_mention_indexed_late_is_found_by_the_run_after(scene: Scene):
    account = scene.account(Platform.X)
    late = scene.world.mention(account.slug, "Helo?", *TOM, NINE - HOUR / 2, listed_at=NINE + HOUR / 4)
    sooner = scene.world.mention(account.slug, "Bore da", *MARI, NINE - HOUR / 6)
    collector = scene.collector(account)
    kept = run_all(collector)
    assert set(kept.comments) == {sooner}
    scene.world.now = NINE + HOUR

    assert set(run_all(collector, kept).comments) == {sooner, late}


def test_a_late_comment_under_an_old_post_is_found_because_the_post_stirred(scene: Scene):
    account = scene.account(Platform.FACEBOOK)
    old, _ = a_question(scene, account)
    for number in range(40):
        scene.world.post(account.slug, f"Newyddion {number}", NINE - 2 * HOUR + timedelta(minutes=number))
    collector = scene.collector(account)
    kept = run_all(collector)
    late = scene.world.comment(account.slug, "Still waiting", *TOM, NINE + HOUR, post=old)
    scene.world.now = NINE + 2 * HOUR

    assert late in run_all(collector, kept).comments


def test_a_post_that_cannot_be_read_is_named_and_does_not_stop_the_others(scene: Scene):
    account = scene.account(Platform.FACEBOOK)
    first, _ = a_question(scene, account)
    _, native_id = a_question(scene, account, text="A'r llall?")
    scene.spoil(Fault(Kind.GONE, path=f"*{first}/comments"))

    kept = run_all(scene.collector(account))

    assert set(kept.comments) == {native_id}
    assert [trouble.native_id for page in kept.pages for trouble in page.troubles] == [first]


@pytest.mark.parametrize("platform", BOTH)
def test_where_the_platform_does_not_say_who_wrote_nobody_did(scene: Scene, platform: Platform):
    account = scene.account(platform)
    post, native_id = a_question(scene, account)
    visitor = scene.world.mention(account.slug, "The bins on Heol Fawr?", *TOM, NINE - HOUR)
    scene.spoil(Fault(Kind.MISSING_FROM, path="*", times=99))

    kept = run_all(scene.collector(account))

    assert {comment.native_id: comment.author for comment in kept.comments.values()} == {native_id: None, visitor: None}
    assert set(kept.posts) == {post}


@pytest.mark.parametrize("platform", BOTH)
def test_a_hidden_comment_is_still_read(scene: Scene, platform: Platform):
    account = scene.account(platform)
    _, native_id = a_question(scene, account)
    collector = scene.collector(account)
    collector.act(Action.HIDE, native_id)

    comment = run_all(collector).comments[native_id]

    assert comment.hidden is (True if platform is Platform.FACEBOOK else None)  # X does not say


@pytest.mark.parametrize("platform", BOTH)
def test_a_page_says_what_it_cost_and_what_is_left(scene: Scene, platform: Platform):
    account = scene.account(platform)
    a_question(scene, account)

    pages = run_all(scene.collector(account)).pages

    assert sum(page.usage.requests for page in pages) == len(scene.simulator.requests)
    assert all(page.usage.remaining is not None and 0 < page.usage.remaining <= 1 for page in pages)


@pytest.mark.parametrize("platform", BOTH)
def test_an_account_where_nothing_ever_happened_completes(scene: Scene, platform: Platform):
    kept = run_all(scene.collector(scene.account(platform)))

    assert not kept.comments
    assert not kept.posts


def test_an_unknown_stream_is_refused_by_name(scene: Scene):
    with pytest.raises(ValueError, match="it has comments, posts"):
        list(scene.collector(scene.account(Platform.FACEBOOK)).fetch("likes", Cursor(), Budget()))
