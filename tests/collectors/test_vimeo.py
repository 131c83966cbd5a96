"""What is peculiar to Vimeo: lists inside of lists, counts that say where to look, and nothing hidden or deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import (
    Access,
    Action,
    AuthExpired,
    Budget,
    CollectorError,
    Count,
    Cursor,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Standing,
    Transient,
    Unconfirmed,
)
from collectors.transport import Answer
from collectors.vimeo import Kept, VimeoAccount, open_vimeo
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Scene, asked_of, of_stream, run_all, run_once
from tests.collectors.conftest import Kept as Shelf
from tests.collectors.test_nonsense import DATE, Parrot
from vocabulary import Author, Comment, OwnReply, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.VIMEO)


@pytest.fixture
def video(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Cyfarfod y cyngor llawn", NINE - 2 * DAY)


def comments(scene: Scene, account: Account, video: str, many: int, at: Any = NINE - 6 * HOUR) -> list[str]:
    """A minute apart, oldest first."""
    return [scene.world.comment(account.slug, f"Sylw {n}", *MARI, at + n * MINUTE, post=video) for n in range(many)]


def replies(scene: Scene, account: Account, comment: str, many: int, at: Any = NINE - 3 * HOUR) -> set[str]:
    return {scene.world.comment(account.slug, f"Ateb {n}", *TOM, at + n * MINUTE, parent=comment) for n in range(many)}


def videos(scene: Scene, account: Account, many: int) -> list[str]:
    """With a comment each, a day apart, the latest first."""
    made = [scene.world.post(account.slug, f"Fideo {n}", NINE - (n + 1) * DAY) for n in range(many)]
    for one in made:
        comments(scene, account, one, 1)
    return made


# --- which videos, and which comments, are looked at again


def test_a_video_whose_count_stands_still_is_read_again_only_among_the_latest(scene: Scene, account: Account):
    videos(scene, account, 40)
    shelf = of_stream(scene, account, "comments")
    first = asked_of(scene, "/comments")

    of_stream(scene, account, "comments", shelf)

    assert (first, asked_of(scene, "/comments") - first) == (40, 25)


def test_a_late_comment_under_an_old_video_is_found_by_its_count(scene: Scene, account: Account):
    old = videos(scene, account, 40)[-1]
    shelf = of_stream(scene, account, "comments")
    scene.world.now = NINE + 2 * HOUR
    late = scene.world.comment(account.slug, "Newydd weld hwn", *TOM, NINE + HOUR, post=old)

    of_stream(scene, account, "comments", shelf)

    assert shelf.comments[late].thread == old


def test_a_comment_taken_away_as_another_comes_is_not_hidden_by_the_count(scene: Scene, account: Account, video: str):
    (gone,) = comments(scene, account, video, 1)
    shelf = of_stream(scene, account, "comments")
    scene.world.now = NINE + 2 * HOUR
    scene.world.delete(gone, NINE + HOUR)
    (late,) = comments(scene, account, video, 1, at=NINE + HOUR)

    of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments


def test_a_video_without_a_comment_costs_nothing(scene: Scene, account: Account, video: str):
    of_stream(scene, account, "comments")

    assert [each.path.rsplit("/", 1)[-1] for each in scene.simulator.requests] == ["videos"]


def test_videos_are_looked_at_as_far_back_as_is_said_and_no_further(scene: Scene, account: Account):
    for number in range(320):
        scene.world.post(account.slug, f"Fideo {number}", NINE - (number + 1) * HOUR)

    of_stream(scene, account, "comments")

    assert asked_of(scene, "/videos") == 3


def test_a_late_reply_to_an_old_comment_is_found_by_that_comments_count(scene: Scene, account: Account, video: str):
    (comment,) = comments(scene, account, video, 1, at=NINE - 40 * HOUR)
    before = replies(scene, account, comment, 2)
    scene.world.now = NINE + 30 * DAY
    shelf = of_stream(scene, account, "comments")
    scene.world.now += DAY
    late = scene.world.comment(account.slug, "Eto", *MARI, scene.world.now - HOUR, parent=comment)

    of_stream(scene, account, "comments", shelf)

    assert {*before, late} < set(shelf.comments)
    assert shelf.comments[late].in_reply_to == comment


def test_replies_that_stand_still_are_read_again_for_a_fortnight(scene: Scene, account: Account, video: str):
    (comment,) = comments(scene, account, video, 1, at=NINE)
    replies(scene, account, comment, 2, at=NINE)
    shelf = Shelf()
    asked = []
    for days in (1, 13, 15, 16):
        scene.world.now = NINE + days * DAY
        before = asked_of(scene, "/replies")
        of_stream(scene, account, "comments", shelf)
        asked.append(asked_of(scene, "/replies") - before)

    assert asked == [1, 1, 0, 0]


def test_an_edited_reply_is_found(scene: Scene, account: Account, video: str):
    (comment,) = comments(scene, account, video, 1)
    (reply,) = replies(scene, account, comment, 1)
    shelf = of_stream(scene, account, "comments")
    scene.world.now = NINE + HOUR
    scene.world.edit(reply, "Wedi'i olygu", NINE + MINUTE)

    of_stream(scene, account, "comments", shelf)

    assert shelf.comments[reply].text == "Wedi'i olygu"


def test_what_vimeo_counts_under_a_video_is_told_as_it_is_read(scene: Scene, account: Account, video: str):
    comment, _ = comments(scene, account, video, 2)
    replies(scene, account, comment, 3)

    shelf = of_stream(scene, account, "comments")

    assert [count for page in shelf.pages for count in page.counts] == [Count(video, 2)]


# --- a run that is stopped, or disturbed


def test_a_run_stopped_among_the_replies_goes_on_there(scene: Scene, account: Account, video: str):
    everything = set(comments(scene, account, video, 3))
    for comment in sorted(everything):
        everything |= replies(scene, account, comment, 25)
    shelf, collector = Shelf(), scene.collector(account, page_size=10)
    runs = 1
    while not run_once(collector, "comments", shelf, Budget(pages=1)):
        runs += 1

    assert set(shelf.comments) == everything
    assert runs == asked_of(scene, "/comments") + asked_of(scene, "/replies") == 1 + 3 * 3


def test_a_video_that_went_away_is_named_and_does_not_stop_the_others(scene: Scene, account: Account):
    first, second, third = videos(scene, account, 3)
    scene.spoil(Fault(Kind.GONE, path=f"{second}/comments"))

    shelf = of_stream(scene, account, "comments")

    assert {comment.thread for comment in shelf.comments.values()} == {first, third}
    assert [trouble.native_id for page in shelf.pages for trouble in page.troubles] == [second]


def test_a_comment_that_went_away_takes_its_replies_along(scene: Scene, account: Account, video: str):
    comment, other = comments(scene, account, video, 2)
    replies(scene, account, comment, 2)
    scene.spoil(Fault(Kind.GONE, path="*/replies"))

    shelf = of_stream(scene, account, "comments")

    assert set(shelf.comments) == {comment, other}


def test_what_moves_up_a_page_because_another_was_taken_away_is_not_missed(scene: Scene, account: Account, video: str):
    everything = comments(scene, account, video, 30)
    collector, shelf = scene.collector(account, page_size=10), Shelf()
    assert not run_once(collector, "comments", shelf, Budget(pages=1))
    for comment in everything[:3]:
        scene.world.delete(comment, NINE)

    assert run_once(collector, "comments", shelf)

    assert set(shelf.comments) == set(everything)


def test_a_page_that_is_no_longer_there_begins_the_run_anew(scene: Scene, account: Account, video: str):
    everything = comments(scene, account, video, 12)
    collector, shelf = scene.collector(account, page_size=10), Shelf()
    assert not run_once(collector, "comments", shelf, Budget(pages=1))
    for comment in everything[:5]:
        scene.world.delete(comment, NINE)

    assert run_once(collector, "comments", shelf)

    assert set(shelf.comments) == set(everything)


def test_an_empty_page_does_not_end_a_run_and_the_next_makes_it_good(scene: Scene, account: Account, video: str):
    everything = comments(scene, account, video, 30)
    scene.spoil(Fault(Kind.EMPTY_PAGE_WITH_NEXT, path="*/comments", nth=2))
    shelf = of_stream(scene, account, "comments", page_size=10)
    assert set(shelf.comments) == {*everything[:10], *everything[20:]}

    of_stream(scene, account, "comments", shelf, page_size=10)

    assert set(shelf.comments) == set(everything)


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=20),
    st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=20),
)
def test_what_was_counted_last_is_what_is_kept(old: dict[str, int], new: dict[str, int]):
    kept = Kept(old).then(new)

    assert Kept.unpacked(kept.packed()) == kept
    assert kept.counts == {**old, **new}


def test_no_more_counts_are_kept_than_a_cursor_can_carry():
    kept = Kept({f"a{n}": n for n in range(1_900)}).then({f"b{n}": n for n in range(1_900)})

    assert len(kept.counts) == 2_000
    assert all(f"b{n}" in kept.counts for n in range(1_900))


# --- our videos


def test_every_video_is_found_and_afterwards_only_what_changed(scene: Scene, account: Account):
    made = [scene.world.post(account.slug, f"Fideo {n}", NINE - (n + 10) * DAY) for n in range(30)]
    shelf = of_stream(scene, account, "posts", page_size=10)
    assert set(shelf.posts) == set(made)
    first = len(scene.simulator.requests)
    scene.world.now = NINE + DAY
    scene.world.edit(made[-1], "Teitl newydd", NINE + HOUR)

    of_stream(scene, account, "posts", shelf, page_size=10)

    assert (first, len(scene.simulator.requests) - first) == (3, 2)
    assert shelf.posts[made[-1]].text == "Teitl newydd"
    assert shelf.posts[made[-1]].posted_at == NINE - 39 * DAY


# --- saying something back


def test_a_reply_to_a_reply_is_taken_and_stands_in_its_thread(scene: Scene, account: Account, video: str):
    (comment,) = comments(scene, account, video, 1)
    (reply,) = replies(scene, account, comment, 1)
    collector = scene.collector(account)

    receipt = collector.reply(reply, "Diolch", key="k")

    assert receipt.at == NINE
    ours = of_stream(scene, account, "comments").ours[receipt.native_id]
    assert (ours.in_reply_to, ours.thread) == (comment, video)


def test_a_read_back_goes_through_every_page(scene: Scene, account: Account, video: str):
    (comment,) = comments(scene, account, video, 1)
    replies(scene, account, comment, 25)
    collector = scene.collector(account, page_size=10)
    collector.reply(comment, "Diolch", key="k")

    assert [reply.text for reply in collector.own_replies(comment, since=NINE)] == ["Diolch"]


def test_a_read_back_of_a_comment_that_is_gone_is_no_answer(scene: Scene, account: Account, video: str):
    (comment,) = comments(scene, account, video, 1)
    scene.world.delete(comment, NINE - MINUTE)

    with pytest.raises(Gone):
        scene.collector(account).own_replies(comment, since=NINE - HOUR)


@pytest.mark.parametrize("native_id", ["", "12", "/videos/76000001", "/videos/1/comments/2/../../../me", "/me"])
def test_an_id_that_vimeo_cannot_have_is_asked_of_nobody(scene: Scene, account: Account, native_id: str):
    collector = scene.collector(account)
    for act in (
        lambda: collector.reply(native_id, "Diolch", key="k"),
        lambda: collector.own_replies(native_id, since=NINE),
    ):
        with pytest.raises(Refused):
            act()
    assert collector.recheck([native_id]) == {native_id: Standing.UNKNOWN}
    assert scene.simulator.requests == []


@pytest.mark.parametrize("action", [Action.HIDE, Action.UNHIDE, Action.DELETE])
def test_what_vimeo_has_no_way_for_is_for_the_officer_to_do_there(scene: Scene, account: Account, action: Action):
    with pytest.raises(Refused, match=r"on vimeo\.com and record it here"):
        scene.collector(account).act(action, "/videos/76000001/comments/2")
    assert scene.simulator.requests == []


def test_comments_that_went_with_their_video_are_not_said_to_be_deleted(scene: Scene, account: Account):
    first, second = videos(scene, account, 2)
    (with_it,), (alone,) = (comments(scene, account, one, 1) for one in (first, second))
    scene.world.delete(first, NINE - MINUTE)
    scene.world.delete(alone, NINE - MINUTE)

    assert scene.collector(account).recheck([with_it, alone]) == {with_it: Standing.UNKNOWN, alone: Standing.GONE}


def test_what_is_left_of_the_allowance_is_told(scene: Scene, account: Account, video: str):
    comments(scene, account, video, 1)

    pages = run_all(scene.collector(account)).pages

    assert all(page.usage.remaining is not None and 0.9 < page.usage.remaining < 1 for page in pages)


def test_the_moment_in_the_header_is_honoured(scene: Scene, account: Account, video: str):
    scene.spoil(Fault(Kind.RATE_LIMITED, seconds=137))

    with pytest.raises(RateLimited) as caught:
        run_all(scene.collector(account))

    assert caught.value.until == NINE + timedelta(seconds=137)


@pytest.mark.parametrize("native_id", ["1001", "/users/1001"])
def test_an_account_goes_by_its_number_or_by_its_address(native_id: str):
    assert open_vimeo(Access(account="a", native_id=native_id, credential="token")).user_id == "1001"


# --- payloads as they come


class Silent(Parrot):
    """A parrot that does not even try to send."""

    def ask(self, send: Callable[[], object]) -> Answer:
        return self.answer


def an_account(body: Any, status: int = 200) -> VimeoAccount:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    line: Any = Silent(Answer(status, DATE, raw))
    return VimeoAccount("dyffryn", "1001", line)


class Told:
    """A line that answers by what is asked for: our videos, or what stands under one."""

    def __init__(self, videos: Any, comments: Any) -> None:
        self._answers = [Answer(200, DATE, json.dumps(body).encode()) for body in (videos, comments)]

    def ask(self, send: Callable[[], object]) -> Answer:
        return self._answers.pop(0)


def a_list(*items: Any, **over: Any) -> dict[str, Any]:
    return {"total": len(items), "page": 1, "per_page": 100, "paging": {"next": None}, "data": list(items)} | over


def a_comment(**over: Any) -> dict[str, Any]:
    usual = {
        "uri": "/videos/258684937/comments/12345",
        "type": "video",
        "text": "Pryd?",
        "created_on": "2026-11-16T08:00:00+00:00",
        "link": "https://vimeo.com/258684937#comment_12345",
        "user": {"uri": "/users/7001", "name": "Mari Evans", "link": "https://vimeo.com/mari"},
        "metadata": {"connections": {"replies": {"uri": "-", "options": ["GET"], "total": 0}}},
        "resource_key": "a1",
    }
    return {name: value for name, value in {**usual, **over}.items() if value is not None}


def a_video(**over: Any) -> dict[str, Any]:
    usual = {
        "uri": "/videos/258684937",
        "name": "Cyfarfod",
        "created_time": "2026-11-15T08:00:00+00:00",
        "metadata": {"connections": {"comments": {"uri": "-", "options": ["GET"], "total": 1}}},
    }
    return {**usual, **over}


def page_of(*items: Any) -> Any:
    line: Any = Told(a_list(a_video()), a_list(*items))
    (page,) = VimeoAccount("dyffryn", "1001", line).fetch("comments", Cursor(), Budget())
    return page


# What a comment says, and what of it comes out.
SHAPES: list[tuple[dict[str, Any], str, Any]] = [
    ({},                                      "native_id",   "/videos/258684937/comments/12345"),
    ({},                                      "thread",      "/videos/258684937"),
    ({},                                      "in_reply_to", "/videos/258684937"),
    ({},                                      "text",        "Pryd?"),
    ({"text": None},                          "text",        ""),
    ({"text": "Un & dau <b>"},                "text",        "Un & dau <b>"),
    ({},                                      "posted_at",   NINE - HOUR),
    ({"created_on": "2026-11-16T08:00:00Z"},  "posted_at",   NINE - HOUR),
    ({},                                      "author",      Author("/users/7001", "Mari Evans")),
    ({"user": None},                          "author",      None),
    ({"user": {}},                            "author",      None),
    ({"user": {"uri": "/users/7001"}},        "author",      Author("/users/7001", "")),
    ({},                                      "hidden",      None),
    ({},                                      "url",         "https://vimeo.com/258684937#comment_12345"),
    ({"metadata": None},                      "text",        "Pryd?"),
    ({"peth_newydd": [1]},                    "text",        "Pryd?"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "value"), SHAPES)
def test_a_comment_comes_out_as_it_stands(facts: dict[str, Any], name: str, value: Any):
    (comment,) = page_of(a_comment(**facts)).comments

    assert getattr(comment, name) == value


def test_a_comment_of_our_own_is_a_reply_to_the_video():
    (ours,) = page_of(a_comment(user={"uri": "/users/1001", "name": "Cyngor Dyffryn"})).ours

    assert isinstance(ours, OwnReply)
    assert (ours.in_reply_to, ours.thread) == ("/videos/258684937", "/videos/258684937")


@pytest.mark.parametrize(
    "item",
    [
        7,
        {},
        a_comment(uri=None),
        a_comment(uri="/videos/258684937"),
        a_comment(uri="/videos/258684937/comments/abc"),
        a_comment(text=7),
        a_comment(created_on=None),
        a_comment(created_on="ddoe"),
        a_comment(user="Mari"),
    ],
)
def test_one_comment_that_cannot_be_read_costs_no_other(item: Any):
    page = page_of(item, a_comment(uri="/videos/258684937/comments/6"))

    assert [comment.native_id for comment in page.comments] == ["/videos/258684937/comments/6"]
    assert all(isinstance(comment, Comment) for comment in page.comments)
    assert len(page.troubles) == 1


# How a video may come, and how many of its comments are asked for.
VIDEOS = [
    (a_video(),                                                 1),
    (a_video(uri="/videos/258684937:a1b2c3d4e5"),               1),
    (a_video(metadata={"connections": {"comments": None}}),     0),
    (a_video(metadata={"connections": None}),                   0),
    (a_video(metadata=None),                                    0),
    (a_video(metadata=7),                                       0),
    (a_video(uri="/ondemand/1"),                                0),
    (7,                                                         0),
]  # fmt: skip


@pytest.mark.parametrize(("item", "read"), VIDEOS)
def test_a_video_whose_comments_are_switched_off_or_that_is_none_is_passed_over(item: Any, read: int):
    line: Any = Told(a_list(item), a_list(a_comment()))

    (page,) = VimeoAccount("dyffryn", "1001", line).fetch("comments", Cursor(), Budget())

    assert len(page.comments) == read


def test_a_video_is_its_name_and_its_description():
    item = a_video(description="Yn fyw o'r siambr", link="https://vimeo.com/258684937")

    (page,) = an_account(a_list(item)).fetch("posts", Cursor(), Budget())

    (post,) = page.posts
    assert (post.native_id, post.text) == ("/videos/258684937", "Cyfarfod\n\nYn fyw o'r siambr")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": []},
        a_list(total="2"),
        a_list(paging=None),
        a_list(paging={"next": 7}),
        a_list(paging={"next": "/users/1001/videos"}),
        a_list(paging={"next": "/users/1001/videos?page=tri"}),
        a_list(paging={"next": "/users/1001/videos?page=1"}),
        a_list(data={}),
    ],
)
def test_what_is_no_list_of_vimeos_is_told(body: Any):
    with pytest.raises(Malformed):
        list(an_account(body).fetch("posts", Cursor(), Budget()))


def an_error(code: int | None) -> dict[str, Any]:
    return {"error": "-"} if code is None else {"error": "-", "developer_message": "-", "error_code": code}


# A status and a code, what we make of them when reading, and what when writing.
ERRORS: list[tuple[int, Any, type[CollectorError], type[CollectorError]]] = [
    (400, an_error(2207),      Refused,        Refused),
    (401, an_error(8003),      AuthExpired,    AuthExpired),
    (401, b"",                 AuthExpired,    AuthExpired),
    (403, an_error(3301),      Refused,        Refused),
    (403, an_error(3411),      PermissionLost, PermissionLost),
    (403, an_error(3412),      PermissionLost, PermissionLost),
    (403, an_error(3413),      Refused,        Refused),
    (403, an_error(9999),      PermissionLost, PermissionLost),
    (404, an_error(None),      Gone,           Gone),
    (404, b"<html></html>",    Malformed,      Unconfirmed),
    (400, b"<html></html>",    Malformed,      Unconfirmed),
    (429, an_error(9000),      RateLimited,    RateLimited),
    (429, b"",                 RateLimited,    RateLimited),
    (500, an_error(None),      Transient,      Unconfirmed),
    (500, an_error(8003),      Transient,      Unconfirmed),
    (302, b"",                 Malformed,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "reading", "writing"), ERRORS)
def test_vimeos_errors_are_understood(
    status: int, body: Any, reading: type[CollectorError], writing: type[CollectorError]
):
    account = an_account(body, status)
    acts: list[tuple[Callable[[], object], type[CollectorError]]] = [
        (lambda: list(account.fetch("comments", Cursor(), Budget())), reading),
        (lambda: account.reply("/videos/1/comments/2", "Diolch", key="k"), writing),
    ]
    for act, kind in acts:
        with pytest.raises(CollectorError) as caught:
            act()
        assert type(caught.value) is kind


def test_a_reply_that_vimeo_refuses_is_for_the_officer_to_make_there():
    with pytest.raises(Refused, match=r"reply on vimeo\.com and record it here"):
        an_account(an_error(3413), 403).reply("/videos/1/comments/2", "Diolch", key="k")


# --- whatever comes

NAMES = st.sampled_from(
    "total page paging next data uri text created_on user name metadata connections comments replies error "
    "error_code modified_time created_time description link".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(["", "/videos/1", "/videos/1/comments/2", "/users/7?page=2", "2026-11-16T09:00:00Z", "\ud800"]),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
ITEMS = st.fixed_dictionaries(
    {"uri": st.sampled_from(["/videos/1", "/videos/1/comments/2"]), "created_on": st.just("2026-11-16T09:00:00Z")},
    optional={
        "metadata": st.fixed_dictionaries({"connections": st.dictionaries(NAMES, JSON, max_size=3)}),
        "user": JSON,
    },
)
LISTS = st.fixed_dictionaries(
    {"data": st.lists(ITEMS | JSON, max_size=3), "total": st.integers(0, 9), "paging": st.just({"next": None}) | JSON}
)
BODIES = st.one_of(
    st.one_of(JSON, LISTS, st.fixed_dictionaries({"error": JSON, "error_code": JSON})).map(
        lambda body: json.dumps(body).encode()
    ),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
SWEEPS = st.tuples(
    st.lists(st.sampled_from(["1", "258684937"]), max_size=2), st.text(max_size=9),
    st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=2), st.text(max_size=9),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
).map(lambda sweep: json.dumps(["", [""], json.dumps(sweep)]))  # fmt: skip


@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 418, 429, 500, 503]),
    body=BODIES,
    token=st.text(max_size=30) | SWEEPS,
    mark=st.text(max_size=30) | st.sampled_from(['{"counts": {"1": 9}}', "0001-01-01T00:00:00Z", "2026-11-16T09:00Z"]),
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(status: int, body: bytes, token: str, mark: str):
    account = an_account(body, status)

    def read(stream: str) -> None:
        for page in account.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert all(comment.posted_at.tzinfo for comment in page.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in account.streams()),
        lambda: account.reply("/videos/1/comments/2", "Diolch", key="k"),
        *(lambda action=action: account.act(action, "/videos/1/comments/2") for action in Action),
        lambda: account.own_replies("/videos/1/comments/2", since=NINE),
        lambda: account.recheck(["/videos/1/comments/2", "x"]),
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
        standing = an_account(body, status).recheck(["/videos/1/comments/2"])
    except CollectorError:
        return
    assert standing["/videos/1/comments/2"] is not Standing.GONE
