"""What is peculiar to TikTok: a 200 that says no, a video with every comment, counts that betray, and long numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import (
    Action,
    AuthExpired,
    Budget,
    CollectorError,
    Cursor,
    Malformed,
    Page,
    PermissionLost,
    QuotaExhausted,
    RateLimited,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
)
from collectors.tiktok import Kept, Place, TikTokAccount
from collectors.transport import Answer
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Scene, asked_of, of_stream, run_all, run_once
from tests.collectors.conftest import Kept as Shelf
from tests.collectors.test_nonsense import DATE
from vocabulary import Author, Comment, Origin, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
VIDEO, NUMBER = "7203946942097902849", "7247303576418566913"
EIGHT = str(int((NINE - HOUR).timestamp()))


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.TIKTOK)


@pytest.fixture
def videos(scene: Scene, account: Account) -> list[str]:
    """Fifty videos, the oldest first: three pages of them."""
    return [scene.world.post(account.slug, f"Fideo {n}", NINE - (90 - n) * HOUR) for n in range(50)]


def comments(scene: Scene, account: Account, video: str, many: int, at: datetime = NINE - 30 * HOUR) -> list[str]:
    return [scene.world.comment(account.slug, f"Sylw {n}", *MARI, at + n * MINUTE, post=video) for n in range(many)]


def replies(scene: Scene, account: Account, above: str, many: int) -> set[str]:
    at = NINE - 20 * HOUR
    return {scene.world.comment(account.slug, f"Ateb {n}", *TOM, at + n * MINUTE, parent=above) for n in range(many)}


# --- counts, for nothing can be asked for since


def test_a_late_comment_under_an_old_video_is_found_within_the_hour(scene: Scene, account: Account, videos: list[str]):
    comments(scene, account, videos[0], 3)
    shelf = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "Eto?", *TOM, NINE + 5 * MINUTE, post=videos[0])
    scene.world.now += 20 * MINUTE
    of_stream(scene, account, "comments", shelf)
    assert late not in shelf.comments
    scene.world.now += 45 * MINUTE
    before = asked_of(scene, "comment/list/")

    of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments
    assert asked_of(scene, "comment/list/") - before == 10 + 1  # the latest ten, and that one


def test_a_comment_under_one_of_the_latest_twenty_is_found_by_the_next_run(
    scene: Scene, account: Account, videos: list[str]
):
    shelf = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "Eto?", *TOM, NINE + 5 * MINUTE, post=videos[-19])
    scene.world.now += 10 * MINUTE
    before = asked_of(scene, "comment/list/")

    of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments
    assert asked_of(scene, "comment/list/") - before == 1


def test_a_late_reply_to_an_old_comment_is_found_by_its_videos_count(scene: Scene, account: Account, videos: list[str]):
    first, *_ = comments(scene, account, videos[0], 40)
    before = replies(scene, account, first, 5)
    shelf = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "Eto?", *TOM, NINE + 5 * MINUTE, parent=first)
    scene.world.now += 65 * MINUTE

    of_stream(scene, account, "comments", shelf)

    assert {late, *before} <= set(shelf.comments)


def test_a_quiet_run_costs_one_request(scene: Scene, account: Account, videos: list[str]):
    comments(scene, account, videos[-1], 3)
    shelf = of_stream(scene, account, "comments")
    scene.world.now += 65 * MINUTE  # so that what changed before the first run is no longer followed
    of_stream(scene, account, "comments", shelf)
    before = len(scene.simulator.requests)
    scene.world.now += 10 * MINUTE

    of_stream(scene, account, "comments", shelf)

    assert len(scene.simulator.requests) - before == 1


def test_a_comment_that_is_counted_before_it_is_listed_is_found(scene: Scene, account: Account, videos: list[str]):
    shelf = of_stream(scene, account, "comments")
    late = scene.world.comment(
        account.slug, "?", *TOM, NINE + 5 * MINUTE, post=videos[-15], listed_at=NINE + 45 * MINUTE
    )
    for _ in range(3):
        scene.world.now += 20 * MINUTE
        of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments


def test_every_hour_each_video_says_how_many_comments_it_has(scene: Scene, account: Account, videos: list[str]):
    first, gone = comments(scene, account, videos[0], 2)
    replies(scene, account, first, 4)
    scene.world.delete(gone, NINE - HOUR)

    shelf = of_stream(scene, account, "comments")

    said = {count.thread: count.said for page in shelf.pages for count in page.counts}
    assert said == dict.fromkeys(videos, 0) | {videos[0]: 5}
    scene.world.now += 10 * MINUTE
    before = len(shelf.pages)
    of_stream(scene, account, "comments", shelf)
    assert [page.counts for page in shelf.pages[before:]]
    assert not any(page.counts for page in shelf.pages[before:])


def test_the_first_run_reads_a_video_to_its_end_and_later_ones_the_latest_five_hundred(scene: Scene, account: Account):
    video = scene.world.post(account.slug, "Poblogaidd", NINE - 99 * HOUR)
    everything = comments(scene, account, video, 530)
    shelf = of_stream(scene, account, "comments")
    first = asked_of(scene, "comment/list/")
    assert set(shelf.comments) == set(everything)
    scene.world.now += 2 * HOUR

    of_stream(scene, account, "comments", shelf)

    assert (first, asked_of(scene, "comment/list/") - first) == (18, 17)


@pytest.mark.parametrize("path", ["*/video/list/", "*/comment/reply/list/"])
def test_a_list_that_leads_back_to_itself_is_not_followed_for_ever(
    scene: Scene, account: Account, videos: list[str], path: str
):
    (first,) = comments(scene, account, videos[0], 1)
    replies(scene, account, first, 40)
    scene.spoil(Fault(Kind.NEXT_LOOP, path=path, nth=2))

    with pytest.raises(Malformed, match="leads back to itself"):
        of_stream(scene, account, "comments")


@given(
    st.dictionaries(st.text("0123456789", min_size=1, max_size=3), st.integers(0, 9), max_size=9),
    st.dictionaries(st.text("0123456789", min_size=1, max_size=3), st.integers(0, 9), max_size=9),
    st.booleans(),
)
def test_a_count_stirs_from_when_it_changed_for_as_long_as_the_overlap(
    old: dict[str, int], new: dict[str, int], full: bool
):
    kept = Kept(NINE - 9 * HOUR, NINE - 9 * HOUR).then(NINE - 2 * HOUR, old, full=True).then(NINE, new, full=full)

    assert Kept.unpacked(kept.packed()) == kept
    assert set(kept.counts) == set(new) | (set() if full else set(old))
    assert {video for video in kept.counts if kept.stirs(video)} == {
        video for video, many in new.items() if old.get(video) != many
    }
    later = kept.then(NINE + 61 * MINUTE, new, full=full)
    assert not any(later.stirs(video) for video in later.counts)


# --- replies


def test_replies_are_asked_for_only_where_a_comment_does_not_bring_them_all(
    scene: Scene, account: Account, videos: list[str]
):
    few, many, _ = comments(scene, account, videos[0], 3)
    everything = replies(scene, account, few, 3) | replies(scene, account, many, 4)

    shelf = of_stream(scene, account, "comments")

    assert everything <= set(shelf.comments)
    assert asked_of(scene, "comment/reply/list/") == 1


def test_a_run_stopped_among_the_replies_goes_on_there(scene: Scene, account: Account):
    video = scene.world.post(account.slug, "Bore da", NINE - 99 * HOUR)
    everything = set(comments(scene, account, video, 3))
    for above in sorted(everything):
        everything |= replies(scene, account, above, 12)
    shelf, collector = Shelf(), scene.collector(account, page_size=10)
    while not run_once(collector, "comments", shelf, Budget(pages=1)):
        pass

    assert set(shelf.comments) == everything
    assert asked_of(scene, "comment/list/") + asked_of(scene, "comment/reply/list/") == 1 + 3 * 2


def test_a_comment_that_went_away_while_it_was_read_takes_its_replies_along(scene: Scene, account: Account):
    video = scene.world.post(account.slug, "Bore da", NINE - 99 * HOUR)
    gone, other = comments(scene, account, video, 2)
    replies(scene, account, gone, 9)
    more = replies(scene, account, other, 9)
    scene.spoil(Fault(Kind.GONE, path="*/comment/reply/list/", nth=2))

    shelf = of_stream(scene, account, "comments")

    assert {gone, other, *more} <= set(shelf.comments)
    assert not any(page.troubles for page in shelf.pages)


def test_a_video_that_is_not_shown_any_more_is_named_and_does_not_stop_the_others(scene: Scene, account: Account):
    hidden, shown = (scene.world.post(account.slug, f"{n}", NINE - n * HOUR) for n in (48, 49))
    comments(scene, account, hidden, 2)
    others = comments(scene, account, shown, 2)
    scene.spoil(Fault(Kind.REFUSED, path="*/comment/list/", nth=1))

    shelf = of_stream(scene, account, "comments")

    assert [trouble.native_id for page in shelf.pages for trouble in page.troubles] == [hidden]
    assert set(shelf.comments) == set(others)


def test_a_cursor_gone_stale_begins_the_video_again(scene: Scene, account: Account):
    video = scene.world.post(account.slug, "Bore da", NINE - 99 * HOUR)
    everything = comments(scene, account, video, 30)
    shelf = Shelf()
    assert not run_once(scene.collector(account, page_size=10), "comments", shelf, Budget(pages=1))
    mark, legs, _ = json.loads(shelf.cursors["comments"].page_token)
    shelf.cursors["comments"] = Cursor("", json.dumps([mark, legs, Place("99990", 10).packed()]))

    of_stream(scene, account, "comments", shelf, page_size=10)

    assert set(shelf.comments) == set(everything)


@given(
    st.builds(
        Place,
        st.none() | st.just("") | st.integers(0, 10**18).map(str),
        st.integers(0, 999),
        st.lists(st.just(NUMBER), max_size=3).map(tuple),
        st.just("") | st.integers(0, 10**18).map(str),
    )
)
def test_a_place_survives_being_kept(place: Place):
    assert place.over or Place.unpacked(place.packed()) == place


@given(st.text(max_size=30) | st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=5).map(json.dumps))
def test_a_place_that_is_not_one_of_ours_is_the_beginning(token: str):
    place = Place.unpacked(token)

    assert not place.over
    assert all(each.isdigit() for each in (*place.threads, place.cursor or "0", place.reply or "0"))


# --- saying something back


def test_a_reply_to_a_reply_stands_under_the_comment_above_and_is_found_there(
    scene: Scene, account: Account, videos: list[str]
):
    (question,) = comments(scene, account, videos[0], 1)
    (reply,) = replies(scene, account, question, 1)
    collector = scene.collector(account)

    receipt = collector.reply(reply, "Dydd Iau", key="k")

    message = scene.world.message(receipt.native_id)
    assert message is not None
    assert (message.parent, message.text, receipt.at) == (question, "Dydd Iau", NINE)
    (found,) = collector.own_replies(reply, since=NINE)
    assert (found.native_id, found.in_reply_to, found.thread) == (receipt.native_id, question, videos[0])


def test_every_write_names_the_video_and_no_id_is_a_number(scene: Scene, account: Account, videos: list[str]):
    (question,) = comments(scene, account, videos[0], 1)
    collector, requests = scene.collector(account), list[Any]()
    collector.line.session.hooks["response"].append(lambda response, **_: requests.append(response.request))  # type: ignore[attr-defined]
    collector.reply(question, "Dydd Iau", key="k")
    collector.act(Action.HIDE, question)
    collector.act(Action.UNHIDE, question)

    written = [json.loads(each.body) for each in requests if each.method == "POST"]
    number = question.rpartition("/")[2]
    assert [(each["video_id"], each["comment_id"]) for each in written] == [(videos[0], number)] * 3
    assert [each.get("action") for each in written] == [None, "HIDE", "UNHIDE"]
    assert {each.headers["Access-Token"] for each in requests} == {account.token}
    assert not any("Authorization" in each.headers or account.token in each.url for each in requests)


def test_what_tiktok_refuses_is_for_the_officer_to_do_there(scene: Scene, account: Account, videos: list[str]):
    (question,) = comments(scene, account, videos[0], 1)
    collector = scene.collector(account)
    acts: list[tuple[Callable[[], object], str]] = [
        (lambda: collector.reply(question, "?", key="k"), "reply in the TikTok app and record it here"),
        (lambda: collector.act(Action.HIDE, question), "do it in the TikTok app and record it here"),
    ]
    for act, words in acts:
        scene.mend()
        scene.spoil(Fault(Kind.REFUSED, method="POST"))
        with pytest.raises(Refused, match=words):
            act()


@pytest.mark.parametrize("act", ["reply", "own_replies"])
def test_what_is_no_id_of_a_comment_is_refused_without_a_request(scene: Scene, account: Account, act: str):
    collector = scene.collector(account)

    with pytest.raises(Refused):
        collector.reply(VIDEO, "?", key="k") if act == "reply" else collector.own_replies(VIDEO, since=NINE)

    assert not scene.simulator.requests


def test_an_emoji_counts_for_two():
    assert an_account().length_of("Diolch 😀") == 9


def test_a_read_back_that_never_ends_is_no_answer(scene: Scene, account: Account, videos: list[str]):
    (question,) = comments(scene, account, videos[0], 1)
    replies(scene, account, question, 25)

    with pytest.raises(Transient, match="pages of replies"):
        scene.collector(account, page_size=1).own_replies(question, since=NINE - HOUR)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/reply/list/", nth=2))
    with pytest.raises(Malformed, match="leads back to itself"):
        scene.collector(account, page_size=10).own_replies(question, since=NINE - HOUR)


def test_a_hidden_comment_is_read_and_called_hidden(scene: Scene, account: Account, videos: list[str]):
    hidden, shown = comments(scene, account, videos[0], 2)
    scene.collector(account).act(Action.HIDE, hidden)

    shelf = of_stream(scene, account, "comments")

    assert (shelf.comments[hidden].hidden, shelf.comments[shown].hidden) == (True, False)


# --- mentions


def test_a_comment_that_names_us_elsewhere_stands_under_somebody_elses_video(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "@dyffryn beth am hyn?", *TOM, NINE - HOUR)

    comment = of_stream(scene, account, "mentions").comments[mention]

    video, _, number = mention.partition("/")
    assert number.isdigit()
    assert (comment.text, comment.posted_at, comment.thread) == ("@dyffryn beth am hyn?", NINE - HOUR, video)
    assert (comment.author, comment.origin) == (None, Origin.ADDRESSED)
    assert comment.url == f"https://www.tiktok.com/@rhywun/video/{video}"


def test_mentions_are_read_back_to_a_day_before_the_last_run(scene: Scene, account: Account):
    many = [scene.world.mention(account.slug, f"{n}", *TOM, NINE - n * HOUR) for n in range(90)]
    shelf = of_stream(scene, account, "mentions")
    assert set(shelf.comments) == set(many)
    before = len(scene.simulator.requests)
    scene.world.now += HOUR
    late = scene.world.mention(account.slug, "Hwyr", *TOM, NINE - 3 * HOUR, listed_at=NINE + MINUTE)

    of_stream(scene, account, "mentions", shelf)

    assert late in shelf.comments
    assert len(scene.simulator.requests) - before == 1


def test_a_mention_can_be_answered_though_its_video_is_not_ours(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "@dyffryn beth am hyn?", *TOM, NINE - HOUR)
    collector = scene.collector(account)

    receipt = collector.reply(mention, "Diolch am ofyn", key="k")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert (reply.native_id, reply.parent) == (receipt.native_id, mention)
    assert reply.native_id.partition("/")[0] == mention.partition("/")[0]


def test_what_became_of_a_mention_is_not_known_and_it_cannot_be_hidden(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "@dyffryn beth am hyn?", *TOM, NINE - HOUR)
    collector = scene.collector(account)

    assert collector.recheck([mention, "7"]) == {mention: Standing.UNKNOWN, "7": Standing.UNKNOWN}
    with pytest.raises(Refused, match="record it here"):
        collector.act(Action.HIDE, mention)
    with pytest.raises(Refused):
        collector.own_replies(mention, since=NINE)


# --- what became of comments


def test_a_second_look_asks_for_thirty_at_once(scene: Scene, account: Account, videos: list[str]):
    many = comments(scene, account, videos[0], 65)
    (reply,) = replies(scene, account, many[0], 1)
    scene.world.delete(many[2], NINE - HOUR)

    standing = scene.collector(account).recheck([*many, reply])

    assert standing == dict.fromkeys([*many, reply], Standing.PRESENT) | {many[2]: Standing.GONE}
    assert (asked_of(scene, "comment/list/"), asked_of(scene, "video/list/")) == (3, 1)


def test_comments_that_went_with_their_video_are_not_said_to_be_deleted(
    scene: Scene, account: Account, videos: list[str]
):
    (with_it,), (alone,) = (comments(scene, account, video, 1) for video in videos[:2])
    scene.world.delete(videos[0], NINE - MINUTE)
    scene.world.delete(alone, NINE - MINUTE)

    assert scene.collector(account).recheck([with_it, alone]) == {with_it: Standing.UNKNOWN, alone: Standing.GONE}


@pytest.mark.parametrize("kind", [Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.REFUSED, Kind.FALSE_BODY])
def test_nothing_is_gone_while_our_videos_cannot_be_read(scene: Scene, account: Account, videos: list[str], kind: Kind):
    (gone,) = comments(scene, account, videos[0], 1)
    scene.world.delete(gone, NINE - MINUTE)
    scene.spoil(Fault(kind, path="*/video/list/"))

    assert scene.collector(account).recheck([gone]) == {gone: Standing.UNKNOWN}


def test_an_answer_about_other_comments_says_nothing_of_ours():
    other = answered({"comments": [a_comment(comment_id="8")], "has_more": False, "cursor": 0})

    assert an_account(("", other)).recheck([f"{VIDEO}/{NUMBER}"]) == {f"{VIDEO}/{NUMBER}": Standing.UNKNOWN}


# --- our videos


def test_a_video_is_a_post_with_its_caption_and_its_address(scene: Scene, account: Account, videos: list[str]):
    shelf = of_stream(scene, account, "posts")

    assert set(shelf.posts) == set(videos)
    post = shelf.posts[videos[3]]
    assert (post.text, post.posted_at) == ("Fideo 3", NINE - 87 * HOUR)
    assert post.url.startswith(f"https://www.tiktok.com/@{account.username}/video/{videos[3]}")


def test_videos_are_read_back_to_a_week_before_the_last_run(scene: Scene, account: Account):
    old = [scene.world.post(account.slug, f"{n}", NINE - timedelta(days=n)) for n in range(40)]
    shelf = of_stream(scene, account, "posts", page_size=5)
    assert set(shelf.posts) == set(old)
    before = asked_of(scene, "video/list/")
    scene.world.now += HOUR
    new = scene.world.post(account.slug, "Newydd", NINE + MINUTE)

    of_stream(scene, account, "posts", shelf, page_size=5)

    assert new in shelf.posts
    assert asked_of(scene, "video/list/") - before == 2


# --- a 200 that says no


@dataclass
class Telephone:
    """A line on which each question gets the first answer whose words are in its address, and all are written down."""

    answers: list[tuple[str, Answer]]
    asked: list[str] = field(default_factory=list)

    @property
    def session(self) -> Telephone:
        return self

    def get(self, address: str) -> None:
        self.asked.append(address)

    def post(self, address: str, json: object) -> None:
        self.asked.append(address)

    def ask(self, send: Callable[[], object]) -> Answer:
        send()
        return next(answer for words, answer in self.answers if words in self.asked[-1])


def answered(data: Any, code: Any = 0, message: str = "OK", status: int = 200) -> Answer:
    body = {"code": code, "message": message, "request_id": "2026", "data": data}
    return Answer(status, DATE, json.dumps(body).encode())


def an_account(*answers: tuple[str, Answer]) -> TikTokAccount:
    line: Any = Telephone(list(answers))
    return TikTokAccount("dyffryn", "_000open", line)


# TikTok's code, what we make of it when reading, and what when writing.
CODES = [
    (40000, Refused,        Refused),
    (40001, PermissionLost, PermissionLost),
    (40002, Refused,        Refused),
    (40100, RateLimited,    RateLimited),
    (40101, PermissionLost, PermissionLost),
    (40102, AuthExpired,    AuthExpired),
    (40104, AuthExpired,    AuthExpired),
    (40105, AuthExpired,    AuthExpired),
    (40777, Malformed,      Refused),
    (50000, Transient,      Unconfirmed),
    (51021, RateLimited,    RateLimited),
    (51305, Transient,      Unconfirmed),
    (20001, Transient,      Unconfirmed),
    ("0",   Malformed,      Unconfirmed),
    (None,  Malformed,      Unconfirmed),
    (True,  Malformed,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reading", "writing"), CODES)
def test_a_200_with_a_code_is_an_error(code: Any, reading: type[CollectorError], writing: type[CollectorError]):
    account = an_account(("comment/list", answered({}, 40002)), ("", answered({}, code, "Cyfrinach")))
    acts: list[tuple[Callable[[], object], type[CollectorError]]] = [
        (lambda: list(account.fetch("posts", Cursor(), Budget())), reading),
        (lambda: account.reply(f"{VIDEO}/{NUMBER}", "Diolch", key="k"), writing),
    ]
    for act, kind in acts:
        with pytest.raises(CollectorError) as caught:
            act()
        assert type(caught.value) is kind
        assert "Cyfrinach" not in str(caught.value)


# An HTTP status that is no 200, whatever stands in the body.
STATUSES = [
    (401, AuthExpired,    AuthExpired),
    (403, PermissionLost, PermissionLost),
    (404, Malformed,      Unconfirmed),
    (429, RateLimited,    RateLimited),
    (500, Transient,      Unconfirmed),
    (504, Transient,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "reading", "writing"), STATUSES)
def test_a_gateways_status_is_understood_too(status: int, reading: type[CollectorError], writing: type[CollectorError]):
    account = an_account(("comment/list", answered({}, 40002)), ("", answered({}, 0, status=status)))
    with pytest.raises(CollectorError) as read:
        list(account.fetch("posts", Cursor(), Budget()))
    with pytest.raises(CollectorError) as written:
        account.reply(f"{VIDEO}/{NUMBER}", "Diolch", key="k")

    assert (type(read.value), type(written.value)) == (reading, writing)


@pytest.mark.parametrize(
    ("message", "kind", "until", "scope"),
    [
        ("App reaches the QPM limit.", RateLimited, NINE + MINUTE, "endpoint"),
        ("App reaches the QPD limit.", QuotaExhausted, NINE.replace(day=17, hour=0), "app"),
    ],
)
def test_a_limit_is_for_a_minute_or_for_the_day(message: str, kind: type[RateLimited], until: datetime, scope: str):
    with pytest.raises(RateLimited) as caught:
        list(an_account(("", answered({}, 40100, message))).fetch("comments", Cursor(), Budget()))

    assert (type(caught.value), caught.value.until, caught.value.scope) == (kind, until, scope)


def test_a_code_that_nobody_knows_ends_the_run_and_skips_no_video():
    account = an_account(
        ("video/list", answered({"videos": [{"item_id": VIDEO, "comments": 2}], "has_more": False, "cursor": 0})),
        ("comment/list", answered({}, 40777)),
    )

    with pytest.raises(Malformed):
        list(account.fetch("comments", Cursor(), Budget()))


# --- payloads as they come


def a_comment(**over: Any) -> dict[str, Any]:
    comment = {
        "comment_id": NUMBER,
        "video_id": VIDEO,
        "user_id": "ce9b7be629b0447af777a0ad945783f6",
        "unique_identifier": "+ABc1D2/E0fGhijklMNOrD34vDW",
        "create_time": EIGHT,
        "text": "Pryd?",
        "likes": 1,
        "replies": 0,
        "owner": False,
        "liked": False,
        "pinned": False,
        "status": "PUBLIC",
        "username": "mari",
        "display_name": "Mari",
        "profile_image": "https://p16.example/x.jpeg?x-expires=1",
    }
    return {name: value for name, value in (comment | over).items() if value is not None}


def read_under(*items: Any) -> Page:
    account = an_account(
        ("video/list", answered({"videos": [{"item_id": VIDEO, "comments": 9}], "has_more": False, "cursor": 0})),
        ("", answered({"comments": list(items), "has_more": False, "cursor": 0})),
    )
    *_, last = account.fetch("comments", Cursor(), Budget())
    return last


SOMEBODY = "+ABc1D2/E0fGhijklMNOrD34vDW"
# What a comment says, and what of it comes out.
SHAPES: list[tuple[dict[str, Any], str, Any]] = [
    ({},                                             "native_id",   f"{VIDEO}/{NUMBER}"),
    ({"comment_id": int(NUMBER)},                    "native_id",   f"{VIDEO}/{NUMBER}"),
    ({},                                             "text",        "Pryd?"),
    ({"text": None, "image_url": "https://a.example/x.jpg"}, "text", ""),
    ({},                                             "author",      Author(SOMEBODY, "Mari")),
    ({"display_name": None},                         "author",      Author(SOMEBODY, "mari")),
    ({"unique_identifier": None},                    "author",      Author("ce9b7be629b0447af777a0ad945783f6", "Mari")),
    ({"unique_identifier": None, "user_id": None},   "author",      None),
    ({},                                             "posted_at",   NINE - HOUR),
    ({"create_time": int(EIGHT)},                    "posted_at",   NINE - HOUR),
    ({},                                             "thread",      VIDEO),
    ({},                                             "in_reply_to", VIDEO),
    ({"parent_comment_id": "7235861947622916866"},   "in_reply_to", f"{VIDEO}/7235861947622916866"),
    ({"parent_comment_id": 7235861947622916866},     "in_reply_to", f"{VIDEO}/7235861947622916866"),
    ({"parent_comment_id": 0},                       "in_reply_to", VIDEO),
    ({"parent_comment_id": ""},                      "in_reply_to", VIDEO),
    ({},                                             "hidden",      False),
    ({"status": "HIDDEN"},                           "hidden",      True),
    ({"status": "FRIENDS"},                          "hidden",      None),
    ({"status": None},                               "hidden",      None),
    ({},                                             "edited_at",   None),
    ({},                                             "url",         f"https://www.tiktok.com/@/video/{VIDEO}"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "value"), SHAPES)
def test_a_comment_comes_out_as_it_stands(facts: dict[str, Any], name: str, value: Any):
    (comment,) = read_under(a_comment(**facts)).comments

    assert getattr(comment, name) == value


def test_what_the_owner_of_the_video_wrote_is_ours():
    (ours,) = read_under(a_comment(owner=True, parent_comment_id="8")).ours

    assert (ours.native_id, ours.in_reply_to, ours.thread) == (f"{VIDEO}/{NUMBER}", f"{VIDEO}/8", VIDEO)


def test_a_reply_comes_out_of_the_comment_that_brings_it():
    reply = a_comment(comment_id="8", parent_comment_id=NUMBER, text="A fi")
    page = read_under(a_comment(replies=1, reply_list=[reply]))

    assert [(each.native_id, each.in_reply_to) for each in page.comments] == [
        (f"{VIDEO}/{NUMBER}", VIDEO),
        (f"{VIDEO}/8", f"{VIDEO}/{NUMBER}"),
    ]
    assert b"A fi" not in page.comments[0].raw


@pytest.mark.parametrize(
    "item",
    [
        7,
        {},
        a_comment(comment_id=None),
        a_comment(comment_id=7.247303576418567e18),
        a_comment(comment_id="7.247303576418567e18"),
        a_comment(comment_id=True),
        a_comment(comment_id="../7"),
        a_comment(parent_comment_id=7.2e18),
        a_comment(create_time=None),
        a_comment(create_time="ddoe"),
        a_comment(create_time=1.5),
        a_comment(create_time=10**15),
        a_comment(text=7),
        a_comment(status=7),
    ],
)
def test_one_comment_that_cannot_be_read_costs_no_other(item: Any):
    page = read_under(item, a_comment(comment_id="8"))

    assert [comment.native_id for comment in page.comments] == [f"{VIDEO}/8"]
    assert len(page.troubles) == 1


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"videos": None, "has_more": False},
        {"videos": [], "has_more": 1},
        {"videos": [], "has_more": True},
        {"videos": [], "has_more": True, "cursor": 1.5},
        {"videos": [], "has_more": True, "cursor": "abc"},
        {"videos": [], "has_more": True, "cursor": -1},
        {"has_more": True, "cursor": 20},
    ],
)
def test_half_a_page_is_nonsense(data: Any):
    with pytest.raises(Malformed):
        list(an_account(("", answered(data))).fetch("posts", Cursor(), Budget()))


def test_a_list_that_is_left_out_because_it_is_empty_is_empty():
    (page,) = an_account(("", answered({"has_more": False, "cursor": 0}))).fetch("posts", Cursor(), Budget())

    assert (page.complete, page.posts) == (True, ())


def test_a_mention_of_another_kind_of_link_gets_ours():
    mention = {
        "item_id": int(VIDEO), "comment_id": NUMBER, "comment_text": "@dyffryn", "comment_create_time": EIGHT,
        "video_link": "javascript:alert(1)", "commenter_display_name": "Tom", "comment_type": "REPLY",
    }  # fmt: skip
    (page,) = an_account(("", answered({"comments": [mention], "has_more": False}))).fetch(
        "mentions", Cursor(), Budget()
    )

    (comment,) = page.comments
    assert isinstance(comment, Comment)
    assert (comment.native_id, comment.url) == (f"{VIDEO}/{NUMBER}", f"https://www.tiktok.com/@/video/{VIDEO}")


def test_a_reply_without_a_time_is_confirmed_and_one_without_an_id_is_in_doubt():
    lookup = ("comment/list", answered({"comments": [], "has_more": False}))
    made = an_account(lookup, ("", answered({"comment_id": int(NUMBER)})))
    assert made.reply(f"{VIDEO}/8", "Diolch", key="k").native_id == f"{VIDEO}/{NUMBER}"
    for data in ({}, None, {"comment_id": 7.2e18}):
        with pytest.raises(Unconfirmed, match="did not say under which id"):
            an_account(lookup, ("", answered(data))).reply(f"{VIDEO}/8", "Diolch", key="k")


def test_a_video_of_which_nothing_is_counted_is_read_and_named_where_it_cannot_be():
    account = an_account(
        ("video/list", answered({"videos": [{"item_id": VIDEO}], "has_more": False, "cursor": 0})),
        ("comment/list", answered({}, 40002)),
    )

    *_, last = account.fetch("comments", Cursor(), Budget())

    assert last.complete
    assert [trouble.native_id for trouble in last.troubles] == [VIDEO]


# --- whatever comes

NAMES = st.sampled_from(
    "code message data comments videos cursor has_more comment_id video_id item_id parent_comment_id create_time text "
    "owner status reply_list replies unique_identifier user_id display_name username caption share_url comment_text "
    "comment_create_time video_link".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(["", VIDEO, NUMBER, EIGHT, "PUBLIC", "\ud800", "😀"]),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "comment_id": st.sampled_from([NUMBER, int(NUMBER), 7.2e18]), "item_id": st.just(VIDEO), "comments": VALUES,
        "create_time": st.just(EIGHT) | VALUES, "text": VALUES, "replies": VALUES, "reply_list": JSON,
        "owner": VALUES, "parent_comment_id": VALUES, "comment_create_time": st.just(EIGHT),
    },
)  # fmt: skip
ENVELOPES = st.fixed_dictionaries(
    {
        "code": st.just(0) | VALUES,
        "data": JSON
        | st.fixed_dictionaries(
            {"has_more": st.booleans() | VALUES},
            optional={
                "comments": st.lists(ITEMS | JSON, max_size=3),
                "videos": st.lists(ITEMS | JSON, max_size=3),
                "cursor": st.integers(0, 90) | VALUES,
                "comment_id": VALUES,
            },
        ),
    },
    optional={"message": VALUES},
)
BODIES = st.one_of(
    st.one_of(JSON, ENVELOPES).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
TOKENS = st.tuples(
    st.sampled_from(["", Kept(NINE, NINE).packed()]),
    st.lists(st.sampled_from(["", VIDEO]), max_size=2),
    st.text(max_size=5)
    | st.sampled_from([Place("20", 20, (NUMBER,)).packed(), Place(None, 0, (NUMBER,), "20").packed()]),
).map(json.dumps)
MARKS = st.text(max_size=20) | st.sampled_from([
    Kept(NINE - MINUTE, NINE - MINUTE).packed(), Kept(NINE, NINE - 2 * HOUR, {VIDEO: (3, 0)}).packed(),
    NINE.isoformat(), '["0001-01-01T00:00:00","2026-11-16",{}]',
])  # fmt: skip


@given(
    status=st.sampled_from([200, 200, 200, 200, 204, 301, 401, 403, 404, 429, 500, 503]),
    body=BODIES,
    headers=st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=9), max_size=2),
    token=st.text(max_size=30) | TOKENS,
    mark=MARKS,
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    status: int, body: bytes, headers: dict[str, str], token: str, mark: str
):
    account, native_id = an_account(("", Answer(status, DATE | headers, body))), f"{VIDEO}/{NUMBER}"

    def look(stream: str) -> None:
        for each in account.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert all(comment.posted_at.tzinfo for comment in each.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: look(stream) for stream in account.streams()),
        lambda: account.reply(native_id, "Diolch", key="k"),
        lambda: account.act(Action.HIDE, native_id),
        lambda: account.own_replies(native_id, since=NINE),
        lambda: account.recheck([native_id, "?"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@given(code=st.integers(1, 60_000), status=st.sampled_from([200, 200, 401, 403, 429, 500, 502, 503]), data=JSON)
@settings(max_examples=100, deadline=None)
def test_a_refused_second_look_never_says_gone(code: int, status: int, data: Any):
    account, native_id = an_account(("", answered(data, code, status=status))), f"{VIDEO}/{NUMBER}"
    try:
        standing = account.recheck([native_id])
    except CollectorError:
        return
    assert standing[native_id] is not Standing.GONE


def test_a_day_of_rounds_keeps_everything(scene: Scene, account: Account, videos: list[str]):
    """Every ten minutes for some hours, with comments arriving under old videos and new."""
    shelf, truth = Shelf(), set[str]()
    for round_ in range(9):
        for place in (round_, 49 - round_):
            truth.add(scene.world.comment(account.slug, f"{round_}", *TOM, scene.world.now, post=videos[place]))
        run_all(scene.collector(account), shelf)
        scene.world.now += 10 * MINUTE
    scene.world.now += HOUR

    run_all(scene.collector(account), shelf)

    assert set(shelf.comments) == truth
