"""What is peculiar to YouTube: nothing since, five replies of many, comments nobody sees, and a day in California."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import (
    Action,
    Budget,
    CollectorError,
    Count,
    Cursor,
    Gone,
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
)
from collectors.transport import Answer
from collectors.youtube import Kept, Sweep, YouTubeChannel
from simulator.faults import Fault, Kind
from simulator.server import Simulator
from simulator.world import Account
from tests.collectors.conftest import NINE, Scene, asked_of, of_stream, run_all, run_once
from tests.collectors.conftest import Kept as Shelf
from tests.collectors.meters import Purse
from tests.collectors.test_nonsense import DATE, Parrot
from vocabulary import Author, Comment, OwnReply, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.YOUTUBE)


@pytest.fixture
def video(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Sut mae ailgylchu", NINE - 48 * HOUR)


def threads(scene: Scene, account: Account, video: str, many: int, at: datetime = NINE - 24 * HOUR) -> list[str]:
    """Comments under a video, a minute apart, oldest first."""
    return [scene.world.comment(account.slug, f"Sylw {n}", *MARI, at + n * MINUTE, post=video) for n in range(many)]


def replies(scene: Scene, account: Account, thread: str, many: int, at: datetime = NINE - 6 * HOUR) -> set[str]:
    return {scene.world.comment(account.slug, f"Ateb {n}", *TOM, at + n * MINUTE, parent=thread) for n in range(many)}


# --- what nobody but us can see


def test_a_comment_held_for_review_is_not_missed(scene: Scene, account: Account, video: str):
    held, spam, shown = threads(scene, account, video, 3)
    for native_id, name in ((held, "hidden"), (spam, "spam")):
        setattr(scene.world.message(native_id), name, True)
    seen = {stream: of_stream(scene, account, stream).comments for stream in ("comments", "held", "spam")}

    assert {stream: set(comments) for stream, comments in seen.items()} == {
        "comments": {shown}, "held": {held}, "spam": {spam},
    }  # fmt: skip
    assert [seen[stream][native_id].hidden for stream, native_id in (("held", held), ("spam", spam))] == [True, True]
    assert seen["comments"][shown].hidden is False


@pytest.mark.parametrize("stream", ["held", "spam"])
def test_a_held_reply_to_a_comment_that_all_can_see_is_not_missed(
    scene: Scene, account: Account, video: str, stream: str
):
    (thread,) = threads(scene, account, video, 1)
    (reply,) = replies(scene, account, thread, 1)
    setattr(scene.world.message(reply), {"held": "hidden", "spam": "spam"}[stream], True)

    comments = of_stream(scene, account, stream).comments

    assert {native_id: comment.hidden for native_id, comment in comments.items()} == {thread: False, reply: True}
    assert comments[reply].in_reply_to == thread


def test_what_we_hide_moves_to_the_held_ones_and_back(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    collector = scene.collector(account)
    for action, stream in ((Action.HIDE, "held"), (Action.UNHIDE, "comments")):
        collector.act(action, thread)
        seen = {each: set(of_stream(scene, account, each).comments) for each in ("comments", "held", "spam")}
        assert {each for each, comments in seen.items() if comments} == {stream}


def test_what_youtube_took_for_spam_can_be_shown(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    message = scene.world.message(thread)
    assert message is not None
    message.spam = True

    scene.collector(account).act(Action.UNHIDE, thread)

    assert set(of_stream(scene, account, "comments").comments) == {thread}


# --- reading again, and how far


def test_the_first_run_goes_back_and_later_ones_read_the_latest_hundred(scene: Scene, account: Account, video: str):
    everything = threads(scene, account, video, 230)
    shelf = of_stream(scene, account, "comments", page_size=50)
    assert set(shelf.comments) == set(everything)
    first = asked_of(scene, "commentThreads")
    scene.world.now += 2 * HOUR
    edited = everything[150]
    scene.world.edit(edited, "Wedi'i olygu", NINE + HOUR)

    of_stream(scene, account, "comments", shelf, page_size=50)

    assert (first, asked_of(scene, "commentThreads") - first) == (5, 2)
    assert (shelf.comments[edited].text, shelf.comments[edited].edited_at) == ("Wedi'i olygu", NINE + HOUR)


def test_more_new_threads_than_are_read_again_are_all_read(scene: Scene, account: Account, video: str):
    old = threads(scene, account, video, 20)
    shelf = of_stream(scene, account, "comments", page_size=50)
    scene.world.now += 12 * HOUR
    new = threads(scene, account, video, 170, at=NINE + HOUR)

    of_stream(scene, account, "comments", shelf, page_size=50)

    assert set(shelf.comments) == {*old, *new}


def test_a_late_reply_to_a_thread_of_the_latest_hundred_is_found(scene: Scene, account: Account, video: str):
    thread, *_ = threads(scene, account, video, 60)
    before = replies(scene, account, thread, 9)
    shelf = of_stream(scene, account, "comments", page_size=50)
    scene.world.now += 2 * HOUR
    late = scene.world.comment(account.slug, "Eto", *MARI, NINE + HOUR, parent=thread)

    of_stream(scene, account, "comments", shelf, page_size=50)

    assert {*before, late} <= set(shelf.comments)


def test_replies_are_asked_for_only_where_a_thread_does_not_bring_them_all(scene: Scene, account: Account, video: str):
    few, many, *_ = threads(scene, account, video, 9)
    replies(scene, account, few, 5)
    replies(scene, account, many, 6)

    of_stream(scene, account, "comments")

    assert asked_of(scene, "/comments") == 1


def test_long_threads_that_stand_still_are_read_again_a_few_at_a_time(scene: Scene, account: Account, video: str):
    everything = threads(scene, account, video, 14)
    for thread in everything:
        replies(scene, account, thread, 6)
    shelf = of_stream(scene, account, "comments")
    first = asked_of(scene, "/comments")
    scene.world.now += 2 * HOUR
    scene.world.comment(account.slug, "Eto", *MARI, NINE + HOUR, parent=everything[0])

    of_stream(scene, account, "comments", shelf)

    assert (first, asked_of(scene, "/comments") - first) == (14, 10 + 1)
    assert sum(comment.text == "Eto" for comment in shelf.comments.values()) == 1


def test_a_late_reply_below_the_latest_hundred_is_found_by_its_videos_count(scene: Scene, account: Account, video: str):
    thread = threads(scene, account, video, 130)[0]
    shelf = run_all(scene.collector(account))
    scene.world.now += 30 * MINUTE
    late = scene.world.comment(account.slug, "Eto", *MARI, NINE + MINUTE, parent=thread)
    run_all(scene.collector(account), shelf)
    assert late not in shelf.comments
    scene.world.now += HOUR

    run_all(scene.collector(account), shelf)

    assert (shelf.comments[late].thread, shelf.comments[late].in_reply_to) == (video, thread)


def test_videos_whose_count_stands_still_are_left_alone(scene: Scene, account: Account, video: str):
    threads(scene, account, video, 3)
    other = scene.world.post(account.slug, "Cwrdd â'r tîm", NINE - 40 * HOUR)
    threads(scene, account, other, 3)
    shelf = of_stream(scene, account, "posts")
    scene.world.now += 2 * HOUR
    of_stream(scene, account, "posts", shelf)
    assert asked_of(scene, "commentThreads") == 0
    threads(scene, account, other, 1, at=NINE + HOUR)

    scene.world.now += HOUR
    of_stream(scene, account, "posts", shelf)

    assert asked_of(scene, "commentThreads") == 1


def test_between_the_hours_only_new_videos_are_looked_for(scene: Scene, account: Account, video: str):
    shelf = of_stream(scene, account, "posts")
    scene.world.now += 20 * MINUTE
    new = scene.world.post(account.slug, "Newydd", NINE + 10 * MINUTE)

    of_stream(scene, account, "posts", shelf)

    assert set(shelf.posts) == {video, new}
    assert [asked_of(scene, path) for path in ("channels", "playlistItems", "videos")] == [2, 2, 1]


def test_a_video_whose_comments_are_switched_off_does_not_stop_the_others(scene: Scene, account: Account, video: str):
    other = scene.world.post(account.slug, "Cwrdd â'r tîm", NINE - 40 * HOUR)
    shelf = of_stream(scene, account, "posts")
    (found,) = threads(scene, account, video, 1)
    threads(scene, account, other, 1)
    scene.world.now += 2 * HOUR
    scene.spoil(Fault(Kind.GONE, path="*/commentThreads"))

    of_stream(scene, account, "posts", shelf)

    assert [trouble.native_id for page in shelf.pages for trouble in page.troubles] == [other]
    assert set(shelf.comments) == {found}


def test_a_run_stopped_among_the_replies_goes_on_there(scene: Scene, account: Account, video: str):
    everything = set(threads(scene, account, video, 3))
    for thread in sorted(everything):
        everything |= replies(scene, account, thread, 25)
    shelf, collector = Shelf(), scene.collector(account, page_size=10)
    runs = 1
    while not run_once(collector, "comments", shelf, Budget(pages=1)):
        runs += 1

    assert set(shelf.comments) == everything
    assert runs == asked_of(scene, "commentThreads") + asked_of(scene, "/comments") == 1 + 3 * 3


def test_a_page_token_gone_stale_begins_the_run_anew(scene: Scene, account: Account, video: str):
    everything = threads(scene, account, video, 30)
    shelf = Shelf()
    assert not run_once(scene.collector(account, page_size=10), "comments", shelf, Budget(pages=1))
    mark, legs, token = json.loads(shelf.cursors["comments"].page_token)
    stale = replace(Sweep.unpacked(token) or Sweep(), page="CAUQAA").packed()
    shelf.cursors["comments"] = Cursor("", json.dumps([mark, legs, stale]))

    of_stream(scene, account, "comments", shelf)

    assert set(shelf.comments) == set(everything)
    assert [each.status for each in scene.simulator.requests] == [200, 400, 200]


def test_a_thread_that_went_away_while_it_was_read_takes_its_replies_along(scene: Scene, account: Account, video: str):
    thread, other = threads(scene, account, video, 2)
    replies(scene, account, thread, 9)
    scene.spoil(Fault(Kind.GONE, path="*/comments"))

    shelf = of_stream(scene, account, "comments")

    assert {thread, other} <= set(shelf.comments)


def test_a_page_of_replies_that_leads_back_to_itself_ends_the_run(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    replies(scene, account, thread, 25)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/comments", nth=2))
    shelf, collector = Shelf(), scene.collector(account, page_size=10)

    with pytest.raises(CollectorError, match="leads back to itself"):
        run_once(collector, "comments", shelf)

    scene.mend()
    assert run_once(collector, "comments", shelf)
    assert len(shelf.comments) == 26


@pytest.mark.parametrize("item", [None, {}, {"id": None}, {"id": []}, {"id": {}}, {"id": "of-another"}])
def test_beside_a_comment_that_cannot_be_told_none_is_gone(item: Any):
    assert a_channel({"items": [item]}).recheck(["UgwX"]) == {"UgwX": Standing.UNKNOWN}


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=20),
    st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=20),
)
def test_what_was_counted_last_is_what_is_kept(old: dict[str, int], new: dict[str, int]):
    kept = Kept(NINE, old).then(NINE + HOUR, new)

    assert Kept.unpacked(kept.packed()) == kept
    assert kept.counts == {**old, **new}
    assert list(kept.counts)[: len(new)] == list(new)


def test_no_more_counts_are_kept_than_a_cursor_can_carry():
    kept = Kept(NINE, {f"a{n}": n for n in range(900)}).then(NINE, {f"b{n}": n for n in range(900)})

    assert len(kept.counts) == 1_000
    assert all(f"b{n}" in kept.counts for n in range(900))


# --- our videos


def test_a_video_is_a_post_with_its_title_its_description_and_its_count(scene: Scene, account: Account, video: str):
    long = "Ailgylchu yng Nghymru. " * 9
    other = scene.world.post(account.slug, long, NINE - 5 * HOUR)
    thread, gone, held, spam = threads(scene, account, video, 4)
    replies(scene, account, thread, 7)
    scene.world.delete(gone, NINE - HOUR)
    for native_id, name in ((held, "hidden"), (spam, "spam")):
        setattr(scene.world.message(native_id), name, True)

    shelf = of_stream(scene, account, "posts")

    assert shelf.posts[video].text == "Sut mae ailgylchu"
    assert shelf.posts[video].posted_at == NINE - 48 * HOUR
    assert shelf.posts[video].url == f"https://www.youtube.com/watch?v={video}"
    assert shelf.posts[other].text.endswith(long)
    assert {count for page in shelf.pages for count in page.counts} == {Count(video, 8), Count(other, 0)}


def test_every_video_is_found_however_many_there_are(scene: Scene, account: Account):
    videos = {scene.world.post(account.slug, f"Fideo {n}", NINE - n * HOUR) for n in range(1, 120)}

    shelf = of_stream(scene, account, "posts")

    assert set(shelf.posts) == videos
    assert asked_of(scene, "playlistItems") == asked_of(scene, "videos") == 3


def test_a_channel_that_youtube_does_not_know_is_named(scene: Scene, account: Account):
    collector = replace(scene.collector(account), channel_id="UCneb")  # type: ignore[type-var]

    with pytest.raises(Gone, match="knows no channel"):
        list(collector.fetch("posts", Cursor(), Budget()))


# --- the day in California

MIDNIGHTS = [
    # An ordinary day in winter and in summer, the two days on which the clocks change, and just before midnight.
    ("2026-11-16T09:00Z", "2026-11-17T08:00Z"),
    ("2026-07-01T12:00Z", "2026-07-02T07:00Z"),
    ("2026-11-01T12:00Z", "2026-11-02T08:00Z"),
    ("2027-03-14T12:00Z", "2027-03-15T07:00Z"),
    ("2026-11-17T07:59Z", "2026-11-17T08:00Z"),
    ("2026-11-17T08:00Z", "2026-11-18T08:00Z"),
]


@pytest.mark.parametrize(("now", "until"), MIDNIGHTS)
def test_a_used_up_quota_is_renewed_at_midnight_in_california(
    scene: Scene, account: Account, video: str, now: str, until: str
):
    scene.world.now = datetime.fromisoformat(now)
    scene.spoil(Fault(Kind.USAGE_CAPPED))

    with pytest.raises(QuotaExhausted) as caught:
        of_stream(scene, account, "comments")

    assert (caught.value.until, caught.value.scope) == (datetime.fromisoformat(until), "app")


def test_ten_thousand_units_are_a_day_and_a_write_is_fifty(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    collector = scene.collector(account)
    for number in range(200):
        collector.reply(thread, f"{number}", key="k")

    with pytest.raises(QuotaExhausted) as caught:
        collector.recheck([thread])

    scene.world.now = caught.value.until
    assert collector.recheck([thread]) == {thread: Standing.PRESENT}


def test_each_question_is_a_unit_and_each_change_a_write(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    replies(scene, account, thread, 9)
    purse = Purse()
    collector = scene.collector(account, meter=purse)

    run_all(collector)
    questions = len(scene.simulator.requests)
    collector.reply(thread, "Diolch", key="k")
    collector.act(Action.HIDE, thread)

    assert purse.paid == [("list", 1)] * questions + [("write", 1)] * 2


def test_nothing_is_sent_when_nothing_is_left(scene: Scene, account: Account, video: str):
    collector = scene.collector(account, meter=Purse(left=0))
    acts: tuple[Callable[[], object], ...] = (
        lambda: list(collector.fetch("comments", Cursor(), Budget())),
        lambda: collector.reply("UgA", "Diolch", key="k"),
        lambda: collector.act(Action.HIDE, "UgA"),
        lambda: collector.recheck(["UgA"]),
        lambda: collector.own_replies("UgA", since=NINE),
    )
    for act in acts:
        with pytest.raises(QuotaExhausted):
            act()
    assert scene.simulator.requests == []


@pytest.mark.parametrize("kind", [Kind.DROPPED_AFTER, Kind.REFUSED, Kind.SERVER_ERROR])
def test_a_change_that_was_sent_is_paid_for_whatever_came_of_it(scene: Scene, account: Account, video: str, kind: Kind):
    purse = Purse()
    scene.spoil(Fault(kind, method="POST"))
    with pytest.raises(CollectorError):
        scene.collector(account, meter=purse).reply("UgA", "Diolch", key="k")

    assert purse.paid == [("write", 1)]


def test_a_change_that_was_never_sent_costs_nothing(scene: Scene, account: Account):
    gone = Simulator(scene.world)
    gone.start()
    gone.stop()
    purse = Purse()

    with pytest.raises(Transient):
        Scene(scene.world, gone).collector(account, meter=purse).reply("UgA", "Diolch", key="k")

    assert purse.paid == [("write", 0)]


# --- replies, and what became of comments


def test_a_reply_to_a_reply_stands_in_its_thread_and_is_found_there(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    (reply,) = replies(scene, account, thread, 1)
    collector = scene.collector(account)

    receipt = collector.reply(reply, "Diolch", key="k")

    assert receipt.native_id.startswith(f"{thread}.")
    assert receipt.at == NINE
    (found,) = collector.own_replies(reply, since=NINE)
    assert (found.native_id, found.in_reply_to, found.thread) == (receipt.native_id, thread, video)


def test_a_read_back_of_a_thread_that_is_gone_is_no_answer(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    scene.world.delete(thread, NINE - MINUTE)

    with pytest.raises(Gone):
        scene.collector(account).own_replies(thread, since=NINE - HOUR)


def test_a_read_back_that_never_ends_is_no_answer(scene: Scene, account: Account, video: str):
    (thread,) = threads(scene, account, video, 1)
    replies(scene, account, thread, 25)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/comments", times=99))

    with pytest.raises(Transient, match="pages of replies"):
        scene.collector(account, page_size=10).own_replies(thread, since=NINE - HOUR)


def test_replies_that_went_with_their_thread_are_not_said_to_be_deleted(scene: Scene, account: Account, video: str):
    thread, other = threads(scene, account, video, 2)
    (with_it,) = replies(scene, account, thread, 1)
    (alone,) = replies(scene, account, other, 1)
    scene.world.delete(thread, NINE - MINUTE)
    scene.world.delete(alone, NINE - MINUTE)

    standing = scene.collector(account).recheck([thread, other, with_it, alone])

    assert standing == {
        thread: Standing.GONE, other: Standing.PRESENT, with_it: Standing.UNKNOWN, alone: Standing.GONE,
    }  # fmt: skip


@pytest.mark.parametrize("kind", [Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.GONE])
def test_nothing_is_gone_while_the_channel_cannot_be_read(scene: Scene, account: Account, video: str, kind: Kind):
    (thread,) = threads(scene, account, video, 1)
    scene.world.delete(thread, NINE - MINUTE)
    scene.spoil(Fault(kind, path="*/channels"))

    assert scene.collector(account).recheck([thread]) == {thread: Standing.UNKNOWN}


def test_a_second_look_sees_an_edit_and_asks_for_many_at_once_without_a_post(
    scene: Scene, account: Account, video: str
):
    everything = threads(scene, account, video, 70)
    scene.world.edit(everything[5], "Wedi'i olygu", NINE - HOUR)

    standing = scene.collector(account).recheck(everything)

    assert standing == dict.fromkeys(everything, Standing.PRESENT) | {everything[5]: Standing.EDITED}
    assert {each.method for each in scene.simulator.requests} == {"GET"}
    assert len(scene.simulator.requests) == 3


def test_an_id_as_long_as_youtubes_own_still_goes_by_get(scene: Scene, account: Account):
    ids = [f"UgxKREWxIgDrw8w2e_Z4AaABAg.8J-{number:019d}" for number in range(30)]

    scene.collector(account).recheck(ids)

    assert {each.method for each in scene.simulator.requests} == {"GET"}


# --- payloads as they come


class AnyClient:
    """Stands for the client; what it would send does not matter here."""

    def __getattr__(self, name: str) -> Callable[..., AnyClient]:
        return lambda *args, **more: self


def a_channel(body: Any, status: int = 200) -> YouTubeChannel:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    line: Any = Parrot(Answer(status, DATE, raw))
    return YouTubeChannel("dyffryn", "UCni", AnyClient(), line)


def a_comment(**over: Any) -> dict[str, Any]:
    facts = {
        "channelId": "UCni",
        "videoId": "dQw4w9WgXcQ",
        "textDisplay": "Pryd?",
        "authorDisplayName": "@mari",
        "authorChannelId": {"value": "UC7001"},
        "publishedAt": "2026-11-16T08:00:00Z",
        "updatedAt": "2026-11-16T08:00:00Z",
    } | over
    snippet = {name: value for name, value in facts.items() if value is not None}
    return {"kind": "youtube#comment", "etag": "e", "id": "UgA", "snippet": snippet}


def a_thread(comment: Any, **over: Any) -> dict[str, Any]:
    snippet = {"channelId": "UCni", "videoId": "dQw4w9WgXcQ", "topLevelComment": comment, "totalReplyCount": 0} | over
    return {
        "kind": "youtube#commentThread",
        "id": "UgA",
        "snippet": {k: v for k, v in snippet.items() if v is not None},
    }


def said_in(*items: Any) -> list[Comment | OwnReply]:
    body = {"kind": "youtube#commentThreadListResponse", "items": list(items)}
    (page,) = a_channel(body).fetch("comments", Cursor(), Budget())
    assert not page.troubles
    return [*page.comments, *page.ours]


def test_a_deleted_channel_is_nobody():
    (comment,) = said_in(a_thread(a_comment(authorChannelId=None)))

    assert isinstance(comment, Comment)
    assert comment.author is None


def test_a_comment_of_our_own_is_a_reply_to_the_video():
    (ours,) = said_in(a_thread(a_comment(authorChannelId={"value": "UCni"}, textOriginal="Bore <da>")))

    assert isinstance(ours, OwnReply)
    assert (ours.in_reply_to, ours.thread, ours.text) == ("dQw4w9WgXcQ", "dQw4w9WgXcQ", "Bore <da>")


# What a thread's comment says, and what of it comes out.
SHAPES: list[tuple[dict[str, Any], str, Any]] = [
    ({},                                        "text",      "Pryd?"),
    ({"textOriginal": "Pryd"},                  "text",      "Pryd"),
    ({"textDisplay": None},                     "text",      ""),
    ({},                                        "author",    Author("UC7001", "@mari")),
    ({"authorDisplayName": None},               "author",    Author("UC7001", "")),
    ({},                                        "edited_at", None),
    ({"updatedAt": None},                       "edited_at", None),
    ({"updatedAt": "2026-11-16T07:00:00Z"},     "edited_at", None),
    ({"updatedAt": "2026-11-16T08:30:00.123Z"}, "edited_at", datetime(2026, 11, 16, 8, 30, 0, 123_000, UTC)),
    ({},                                        "hidden",    None),
    ({"moderationStatus": "published"},         "hidden",    False),
    ({"moderationStatus": "heldForReview"},     "hidden",    True),
    ({"moderationStatus": "somethingNew"},      "hidden",    None),
    ({"imageUrl": "https://a.example/x.gif"},   "text",      "Pryd?"),
    ({"videoId": None},                         "thread",    "dQw4w9WgXcQ"),
    ({},                                        "url",       "https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc=UgA"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "value"), SHAPES)
def test_a_comment_comes_out_as_it_stands(facts: dict[str, Any], name: str, value: Any):
    (comment,) = said_in(a_thread(a_comment(**facts)))

    assert getattr(comment, name) == value


def test_what_is_said_about_the_channel_itself_is_a_thread_of_its_own():
    (comment,) = said_in(a_thread(a_comment(videoId=None), videoId=None))

    assert isinstance(comment, Comment)
    assert (comment.thread, comment.in_reply_to, comment.url) == ("UgA", "", "")


def test_a_reply_that_does_not_name_its_video_stands_under_that_of_its_thread():
    reply = {**a_comment(parentId="UgA", videoId=None, textDisplay="Fi hefyd"), "id": "UgA.9x"}
    thread = {**a_thread(a_comment(), totalReplyCount=1), "replies": {"comments": [reply]}}

    _, comment = said_in(thread)

    assert (comment.native_id, comment.in_reply_to, comment.thread) == ("UgA.9x", "UgA", "dQw4w9WgXcQ")


@pytest.mark.parametrize(
    "item",
    [
        7,
        {"id": "UgA"},
        a_thread(None),
        a_thread({"id": "UgA"}),
        a_thread(a_comment(publishedAt=None)),
        a_thread(a_comment(publishedAt="ddoe")),
        a_thread(a_comment(textDisplay=7)),
        a_thread({**a_comment(), "id": "x" * 501}),
    ],
)
def test_one_thread_that_cannot_be_read_costs_no_other(item: Any):
    good = {**a_thread({**a_comment(), "id": "UgB"}), "id": "UgB"}
    body = {"kind": "youtube#commentThreadListResponse", "items": [item, good]}

    (page,) = a_channel(body).fetch("comments", Cursor(), Budget())

    assert [comment.native_id for comment in page.comments] == ["UgB"]
    assert len(page.troubles) == 1


def an_error(reason: str) -> dict[str, Any]:
    return {"error": {"code": 400, "message": "-", "errors": [{"domain": "youtube", "reason": reason, "message": "-"}]}}


# A status and a reason, what we make of them when reading, and what when writing.
ERRORS = [
    (400, "processingFailure",     Transient,      Unconfirmed),
    (400, "invalidPageToken",      Refused,        Refused),
    (400, "commentTextTooLong",    Refused,        Refused),
    (401, "authError",             None,           None),
    (403, "commentsDisabled",      Gone,           Gone),
    (403, "forbidden",             PermissionLost, PermissionLost),
    (403, "insufficientPermissions", PermissionLost, PermissionLost),
    (403, "quotaExceeded",         QuotaExhausted, QuotaExhausted),
    (403, "rateLimitExceeded",     RateLimited,    RateLimited),
    (403, "somethingNew",          PermissionLost, PermissionLost),
    (404, "videoNotFound",         Gone,           Gone),
    (429, "rateLimitExceeded",     RateLimited,    RateLimited),
    (429, "quotaExceeded",         QuotaExhausted, QuotaExhausted),
    (500, "backendError",          Transient,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "reason", "reading", "writing"), ERRORS)
def test_youtubes_reasons_are_understood(
    status: int, reason: str, reading: type[CollectorError] | None, writing: type[CollectorError] | None
):
    channel = a_channel(an_error(reason), status)
    acts: list[tuple[Callable[[], object], type[CollectorError] | None]] = [
        (lambda: list(channel.fetch("comments", Cursor(), Budget())), reading),
        (lambda: channel.reply("UgA", "Diolch", key="k"), writing),
    ]
    for act, kind in acts:
        with pytest.raises(CollectorError) as caught:
            act()
        assert kind is None or type(caught.value) is kind


@pytest.mark.parametrize("action", [Action.HIDE, Action.UNHIDE])
def test_what_youtube_refuses_is_for_the_officer_to_do_there(action: Action):
    with pytest.raises(Refused, match="in YouTube Studio and record it here"):
        a_channel(an_error("operationNotSupported"), 400).act(action, "UgA")


def test_half_an_answer_is_not_taken_for_a_page():
    """The client itself answers with it as a text."""
    body = json.dumps({"kind": "youtube#commentThreadListResponse", "items": []}).encode()

    with pytest.raises(CollectorError, match="not a JSON object"):
        list(a_channel(body[:-3]).fetch("comments", Cursor(), Budget()))


def test_an_error_page_is_kept_out_of_the_log(
    scene: Scene, account: Account, video: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    scene.spoil(Fault(Kind.FORBIDDEN, times=9))
    with pytest.raises(PermissionLost):
        of_stream(scene, account, "comments")
    assert scene.collector(account).recheck(["UgA"]) == {"UgA": Standing.FORBIDDEN}

    assert "forbidden" not in caplog.text.lower()


@pytest.mark.parametrize("name", ["GOOGLE_API_USE_MTLS_ENDPOINT", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"])
def test_the_environment_leads_the_client_nowhere_else(
    scene: Scene, account: Account, video: str, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setenv(name, "always" if "MTLS" in name else "elsewhere.example")

    assert set(of_stream(scene, account, "posts").posts) == {video}


# --- whatever comes

NAMES = st.sampled_from(
    "kind id items nextPageToken snippet topLevelComment totalReplyCount replies comments videoId parentId textDisplay "
    "textOriginal publishedAt updatedAt authorChannelId value authorDisplayName moderationStatus contentDetails "
    "relatedPlaylists uploads videoPublishedAt title description statistics commentCount error errors reason".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(["", "UgA", "UgA.9x", "UCni", "2026-11-16T09:00:00Z", "0001-01-01T00:00:00Z", "7", "\ud800", "😀"]),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
THREADS = st.fixed_dictionaries(
    {"id": VALUES, "snippet": st.fixed_dictionaries({"topLevelComment": JSON}, optional={"totalReplyCount": VALUES})},
    optional={"replies": JSON},
)
LISTS = st.fixed_dictionaries(
    {"kind": st.just("youtube#list"), "items": st.lists(THREADS | JSON, max_size=3)}, optional={"nextPageToken": JSON}
)
ENVELOPES = st.fixed_dictionaries({"error": JSON | st.fixed_dictionaries({"errors": st.lists(JSON, max_size=2)})})
BODIES = st.one_of(
    st.one_of(JSON, LISTS, ENVELOPES).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
SWEEPS = st.tuples(
    st.lists(st.sampled_from(["", "dQw4w9WgXcQ"]), max_size=2), st.text(max_size=2), st.integers(), st.integers(),
    st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=2), st.text(max_size=2),
    st.sampled_from(["", "2026-11-16T09:00:00+00:00", "0001-01-01T00:00:00+00:00"]),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
).map(lambda sweep: json.dumps(["", [""], json.dumps(sweep)]))  # fmt: skip
MARKS = st.sampled_from(["", "{}", '{"at": "2026-11-16T08:00:00+00:00", "counts": {"UgA": 9}}', '{"at": "0001-01-01"}'])


@given(
    status=st.sampled_from([200, 200, 200, 204, 301, 400, 401, 403, 404, 418, 429, 500, 503]),
    body=BODIES,
    token=st.text(max_size=30) | SWEEPS,
    mark=st.text(max_size=30) | MARKS,
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(status: int, body: bytes, token: str, mark: str):
    channel = a_channel(body, status)

    def read(stream: str) -> None:
        for page in channel.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert all(comment.posted_at.tzinfo for comment in page.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in channel.streams()),
        lambda: channel.reply("UgA", "Diolch", key="k"),
        lambda: channel.act(Action.HIDE, "UgA"),
        lambda: channel.own_replies("UgA", since=NINE),
        lambda: channel.recheck(["UgA", "UgA.9x"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@given(status=st.sampled_from([400, 401, 403, 404, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_a_refused_second_look_never_says_gone(status: int, body: bytes):
    try:
        standing = a_channel(body, status).recheck(["UgA"])
    except CollectorError:
        return
    assert standing["UgA"] is not Standing.GONE
