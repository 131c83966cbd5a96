"""What is peculiar to Bluesky: time runs backwards, threads are deep, hiding is a list, and our repository is true."""

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
from collectors.bluesky import BlueskyAccount, Descent, Kept, Login, OverOurLine, open_bluesky
from collectors.transport import Answer, BadCredential, UnsafeAddress
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Scene, asked_of, message_of, of_stream, run_all, run_once
from tests.collectors.conftest import Kept as Shelf
from tests.collectors.test_nonsense import DATE, Parrot
from vocabulary import Author, Comment, Origin, OwnReply, Platform, Post

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
MARI_DID, TOM_DID = "did:plc:7001", "did:plc:7002"
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
APP_PASSWORD = "abcd-efgh-2345-mnop"


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.BLUESKY)


@pytest.fixture
def post(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Bore da bawb", NINE - 5 * DAY)


def chain(scene: Scene, account: Account, above: str, many: int, at: datetime = NINE - 2 * DAY) -> list[str]:
    """Replies, each to the one before, by two people in turn."""
    made: list[str] = []
    for number in range(many):
        above = scene.world.comment(
            account.slug, f"{number}", *(MARI, TOM)[number % 2], at + number * MINUTE, parent=above
        )
        made.append(above)
    return made


# --- sessions


def with_app_password(scene: Scene, credential: str = APP_PASSWORD) -> tuple[Account, BlueskyAccount]:
    us = scene.world.add_account(Platform.BLUESKY, "dyffryn-b", "did:plc:dyffryn", "Cyngor Dyffryn", APP_PASSWORD)
    return us, open_bluesky(replace(scene.access(us), credential=credential))


@pytest.mark.parametrize(
    "credential",
    [
        APP_PASSWORD,
        json.dumps({"identifier": "did:plc:dyffryn", "password": APP_PASSWORD}),
        json.dumps({"identifier": "dyffrynb.bsky.social", "password": APP_PASSWORD}),
    ],
)
def test_an_app_password_opens_one_session_when_the_first_thing_is_asked(scene: Scene, credential: str):
    us, collector = with_app_password(scene, credential)
    post = scene.world.post(us.slug, "Bore da", NINE - HOUR)
    assert scene.simulator.requests == []

    assert set(run_all(collector).posts) == {post}

    assert asked_of(scene, "createSession") == 1


def test_a_session_that_ran_out_is_renewed_and_what_was_asked_is_asked_again(scene: Scene):
    us, collector = with_app_password(scene)
    scene.world.post(us.slug, "Bore da", NINE - HOUR)
    shelf = run_all(collector)
    scene.world.now += 3 * HOUR

    run_all(collector, shelf)

    assert (asked_of(scene, "createSession"), asked_of(scene, "refreshSession")) == (1, 1)
    assert [each.status for each in scene.simulator.requests].count(400) == 1


def test_a_session_that_cannot_be_renewed_is_opened_anew(scene: Scene):
    _, collector = with_app_password(scene)
    run_all(collector)
    scene.world.now += 3 * HOUR
    scene.spoil(Fault(Kind.EXPIRED, path="*refreshSession"))

    run_all(collector)

    assert (asked_of(scene, "createSession"), asked_of(scene, "refreshSession")) == (2, 1)


def test_a_reply_whose_session_ran_out_under_way_stands_once(scene: Scene):
    us, collector = with_app_password(scene)
    post = scene.world.post(us.slug, "Bore da", NINE - HOUR)
    question = scene.world.comment(us.slug, "Pryd?", *MARI, NINE - MINUTE, post=post)
    scene.spoil(Fault(Kind.EXPIRED, path="*createRecord"))

    collector.reply(question, "Dydd Mawrth", key="k")

    assert [reply.text for reply in scene.world.replies_by_us(us.slug)] == ["Dydd Mawrth"]


def test_an_app_password_that_was_revoked_is_for_a_person_to_renew(scene: Scene):
    us, collector = with_app_password(scene)
    run_all(collector)
    scene.world.renew_token(us.slug, "wxyz-wxyz-wxyz-wxyz")
    scene.world.now += 3 * HOUR
    scene.spoil(Fault(Kind.EXPIRED, path="*refreshSession"))

    with pytest.raises(AuthExpired, match="connect the account again"):
        run_all(collector)


def test_an_app_password_of_another_account_reads_nothing(scene: Scene):
    us, _ = with_app_password(scene)
    collector = open_bluesky(replace(scene.access(us), native_id="did:plc:arall", credential=json.dumps(
        {"identifier": us.native_id, "password": APP_PASSWORD}
    )))  # fmt: skip

    with pytest.raises(PermissionLost, match="another Bluesky account"):
        run_all(collector)


def test_a_platform_that_will_open_no_session_publishes_nothing(scene: Scene):
    us, collector = with_app_password(scene)
    scene.spoil(Fault(Kind.DROPPED_AFTER, path="*createSession"))

    with pytest.raises(Transient):
        collector.reply(scene.world.post(us.slug, "Bore da", NINE), "Eto", key="k")


@pytest.mark.parametrize(
    "keys", [{}, {"identifier": "dyffryn"}, {"password": APP_PASSWORD}, {"identifier": "", "password": APP_PASSWORD}]
)
def test_half_a_credential_is_refused(keys: dict[str, str]):
    with pytest.raises(BadCredential, match="connect the account again"):
        open_bluesky(Access(account="a", native_id="did:plc:ni", credential=json.dumps(keys)))


def test_the_account_is_read_where_it_lives(scene: Scene, account: Account, post: str):
    access = replace(scene.access(account), home=scene.simulator.url_of(Platform.BLUESKY), base_url=None)

    assert set(run_all(open_bluesky(access)).posts) == {post}


def test_a_home_without_encryption_is_refused():
    with pytest.raises(UnsafeAddress, match="https"):
        open_bluesky(Access(account="a", native_id="did:plc:ni", credential="t", home="http://pds.example"))


# --- notifications


def test_whoever_replies_mentions_or_quotes_is_heard(scene: Scene, account: Account, post: str):
    reply = scene.world.comment(account.slug, "Diolch", *MARI, NINE - HOUR, post=post)
    mention = scene.world.mention(account.slug, "Helo bawb", *TOM, NINE - HOUR)
    quote = scene.world.quote(account.slug, "Clywch!", *TOM, NINE - HOUR, of=post)
    scene.world.overheard(account.slug, "Cyngor Dyffryn eto", *TOM, NINE - HOUR)
    scene.world.direct_message(account.slug, "Yn breifat", *MARI, NINE - HOUR)

    comments = of_stream(scene, account, "notifications").comments

    assert {i: (c.thread, c.in_reply_to, c.origin) for i, c in comments.items()} == {
        reply: (post, post, Origin.ADDRESSED),
        mention: (mention, "", Origin.ADDRESSED),
        quote: (quote, "", Origin.ADDRESSED),
    }
    assert comments[reply].url == f"https://bsky.app/profile/{MARI_DID}/post/{reply.rsplit('/', 1)[1]}"


def test_what_a_slow_server_passes_on_late_is_found_further_down(scene: Scene, account: Account):
    shelf = of_stream(scene, account, "notifications")
    late = scene.world.mention(account.slug, "Helo", *MARI, NINE - 20 * HOUR, listed_at=NINE + HOUR)
    scene.world.now += 2 * HOUR

    of_stream(scene, account, "notifications", shelf)

    assert set(shelf.comments) == {late}


def test_no_more_is_read_again_than_a_day_and_a_page(scene: Scene, account: Account):
    for number in range(60):
        scene.world.mention(account.slug, f"{number}", *MARI, NINE - 9 * DAY + number * HOUR)
    shelf = of_stream(scene, account, "notifications", page_size=10)
    assert len(shelf.comments) == 60
    first = asked_of(scene, "listNotifications")
    new = scene.world.mention(account.slug, "Newydd", *MARI, NINE + MINUTE)
    scene.world.now += HOUR

    of_stream(scene, account, "notifications", shelf, page_size=10)

    assert new in shelf.comments
    assert (first, asked_of(scene, "listNotifications") - first) == (7, 2)


def test_one_that_claims_to_be_old_does_not_end_a_page(scene: Scene):
    """Whatever a writer says of the time, the rest of the page is looked at."""
    at = "2026-11-16T08:00:00.000Z"
    claims = [a_view("k1", createdAt="1971-01-01T00:00:00Z"), a_view("k2", createdAt=at)]
    collector = an_account({"notifications": claims, "cursor": "c"})
    since = Cursor((NINE - HOUR).isoformat())

    pages = collector.fetch("notifications", since, Budget(pages=1))

    assert [page.complete for page in pages] == [False]


# --- threads


@pytest.mark.parametrize("many", [3, 8, 35])
def test_a_thread_is_read_to_its_depth_and_its_count_is_told(scene: Scene, account: Account, post: str, many: int):
    """Five levels below us people tell us nothing any more, and ten levels are sent at once."""
    everything = chain(scene, account, post, many)
    assert len(of_stream(scene, account, "notifications").comments) == min(many, 4)

    shelf = of_stream(scene, account, "threads")

    assert set(shelf.comments) == set(everything)
    assert {comment.thread for comment in shelf.comments.values()} == {post}
    assert [count for page in shelf.pages for count in page.counts] == [Count(post, many)]
    assert asked_of(scene, "getPostThread") == 1 + (many - 1) // 10


def test_branches_are_gone_into_one_after_the_other(scene: Scene, account: Account, post: str):
    trunk = chain(scene, account, post, 12)
    branches = [chain(scene, account, trunk[9], 14, NINE - DAY + n * HOUR) for n in range(3)]
    everything = {*trunk, *(each for branch in branches for each in branch)}
    shelf, collector = Shelf(), scene.collector(account)
    runs = 1
    while not run_once(collector, "threads", shelf, Budget(pages=2)):
        runs += 1

    assert set(shelf.comments) == everything
    assert runs > 2
    assert [count.said for page in shelf.pages for count in page.counts] == [len(everything)]


def test_a_thread_without_end_is_left_and_said_so(scene: Scene, account: Account, post: str):
    everything = chain(scene, account, post, 230)

    shelf = of_stream(scene, account, "threads")

    assert set(shelf.comments) == set(everything[:200])
    (trouble,) = [trouble for page in shelf.pages for trouble in page.troubles]
    assert (trouble.native_id, "deeper than is read" in trouble.reason) == (post, True)


def test_what_we_hide_is_told_apart(scene: Scene, account: Account, post: str):
    hidden, shown = (scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post) for _ in range(2))
    message_of(scene, hidden).hidden = True

    comments = of_stream(scene, account, "threads").comments

    assert {native_id: comment.hidden for native_id, comment in comments.items()} == {hidden: True, shown: False}


def test_only_posts_with_replies_are_asked_about_and_later_only_what_may_have_changed(scene: Scene, account: Account):
    posts = [scene.world.post(account.slug, f"{n}", NINE - 30 * DAY + n * HOUR) for n in range(50)]
    for each in posts[:40]:
        scene.world.comment(account.slug, "?", *MARI, NINE - 20 * DAY, post=each)
    shelf = of_stream(scene, account, "threads")
    first = asked_of(scene, "getPostThread")
    late = scene.world.comment(account.slug, "Yn hwyr", *TOM, NINE + MINUTE, post=posts[0])
    scene.world.now += HOUR

    of_stream(scene, account, "threads", shelf)

    assert (first, asked_of(scene, "getPostThread") - first) == (40, 25 + 1)
    assert shelf.comments[late].thread == posts[0]


def test_a_post_that_goes_away_under_way_does_not_stop_the_others(scene: Scene, account: Account, post: str):
    other = scene.world.post(account.slug, "Eto", NINE - DAY)
    for each in (post, other):
        scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=each)
    scene.spoil(Fault(Kind.GONE, path="*getPostThread"))

    shelf = of_stream(scene, account, "threads")

    assert len(shelf.comments) == 1
    assert len([trouble for page in shelf.pages for trouble in page.troubles]) == 1


def test_whoever_blocks_us_or_is_gone_leaves_a_gap_and_no_trouble(scene: Scene, account: Account, post: str):
    gone, _, shown = (
        scene.world.comment(account.slug, "?", who, "Rhywun", NINE - HOUR, post=post)
        for who in ("7001", "7002", "7003")
    )
    below = [scene.world.comment(account.slug, "!", "7003", "R", NINE - MINUTE, parent=each) for each in (gone, shown)]
    scene.world.delete(gone, NINE - MINUTE)
    scene.world.blockers.add("did:plc:7002")

    shelf = of_stream(scene, account, "threads")

    assert set(shelf.comments) == {shown, below[1]}
    assert not any(page.troubles for page in shelf.pages)
    assert [count for page in shelf.pages for count in page.counts] == [Count(post, 2)]


def test_a_server_that_leaves_out_empty_lists_is_not_asked_for_ever():
    """A post whose only reply is not for us has a count and no replies; asked again, it has still none."""
    root = {"$type": "app.bsky.feed.defs#threadViewPost", "post": {**a_view("k0", did="did:plc:ni"), "replyCount": 1}}
    collector = an_account({"thread": root})

    leaf = collector._thread("k0", "")

    assert leaf.next == ""


@pytest.mark.parametrize("token", ["", "{", "[]", '[["a"]]', "[[],1,2]", '[["a"],"b",2]', "[" * 5000])
def test_a_place_in_a_thread_that_is_not_ours_is_its_beginning(token: str):
    assert Descent.unpacked(token) is None


@given(st.lists(st.text(max_size=5), min_size=1), st.integers(0, 99), st.integers(0, 99))
def test_a_place_in_a_thread_comes_back_as_it_was_kept(left: list[str], asked: int, said: int):
    descent = Descent(tuple(left), asked, said)

    assert Descent.unpacked(descent.packed()) == descent


@pytest.mark.parametrize("mark", ["", "{", "{}", '{"at":"ddoe","counts":{}}', '{"at":"2026-11-16","counts":[]}', "7"])
def test_a_watermark_that_is_not_ours_is_none(mark: str):
    assert Kept.unpacked(mark) is None


# --- our own, and searches


def test_what_we_only_passed_on_is_not_ours():
    ours = {"post": a_view("k1", did="did:plc:ni")}
    theirs = {"post": a_view("k2"), "reason": {"$type": "app.bsky.feed.defs#reasonRepost"}}

    (page,) = an_account({"feed": [theirs, ours]}).fetch("own", Cursor(), Budget())

    assert [post.native_id for post in page.posts] == ["at://did:plc:ni/app.bsky.feed.post/k1"]
    assert not page.comments
    assert not page.troubles


def test_a_search_brings_what_nobody_addressed_to_us(scene: Scene, account: Account, post: str):
    world, slug = scene.world, account.slug
    overheard = world.overheard(slug, "Biniau Dyffryn eto heddiw", *TOM, NINE - HOUR)
    world.overheard(slug, "Y tywydd", *TOM, NINE - HOUR)
    reply = world.comment(slug, "Biniau?", *MARI, NINE - HOUR, post=post)
    world.comment(slug, "Biniau!", *TOM, NINE - HOUR, parent=reply)
    world.mention(slug, "Biniau", *TOM, NINE - HOUR)
    world.quote(slug, "biniau", *TOM, NINE - HOUR, of=post)
    world.post(slug, "Ein biniau ni", NINE - HOUR)
    searches = {"biniau": "biniau"}

    shelf = of_stream(scene, account, "search:biniau", searches=searches)

    assert scene.collector(account, searches=searches).streams()[-1] == "search:biniau"
    assert set(shelf.comments) == {overheard}
    comment = shelf.comments[overheard]
    assert (comment.origin, comment.found_by, comment.thread) == (Origin.SEARCH, "biniau", overheard)
    assert not shelf.posts
    assert not shelf.ours


def test_a_search_pages_on_and_later_looks_back_a_day(scene: Scene, account: Account):
    searches = {"biniau": "biniau"}
    old = {scene.world.overheard(account.slug, f"Biniau {n}", *TOM, NINE - 3 * DAY + n * HOUR) for n in range(30)}
    shelf = of_stream(scene, account, "search:biniau", page_size=10, searches=searches)
    first = asked_of(scene, "searchPosts")
    new = scene.world.overheard(account.slug, "Biniau newydd", *TOM, NINE - 20 * HOUR)
    scene.world.now += 3 * HOUR

    of_stream(scene, account, "search:biniau", shelf, page_size=10, searches=searches)

    assert set(shelf.comments) == {*old, new}
    assert (first, asked_of(scene, "searchPosts") - first) == (3, 1)


def test_a_quote_with_pictures_is_addressed_to_us_as_well():
    record = {"$type": "app.bsky.embed.record", "record": {"uri": "at://did:plc:ni/app.bsky.feed.post/k0", "cid": "b"}}
    quote = a_view("k1", embed={"$type": "app.bsky.embed.recordWithMedia", "record": record})
    collector = replace(an_account({"posts": [quote, a_view("k2")]}), searches={"s": "biniau"})

    (page,) = collector.fetch("search:s", Cursor(), Budget())

    assert [comment.native_id for comment in page.comments] == [f"at://{MARI_DID}/app.bsky.feed.post/k2"]


def test_what_is_searched_for_is_kept_out_of_the_log(scene: Scene, account: Account, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)

    of_stream(scene, account, "search:s", searches={"s": "Cyfrinach"})

    assert asked_of(scene, "searchPosts") == 1
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert not any("Cyfrinach" in message or "searchPosts" in message for message in ours)


# --- words


def a_view(key: str, *, did: str = MARI_DID, text: Any = "Helo", **record: Any) -> dict[str, Any]:
    """A post as the view has it, with a record of these properties."""
    whole = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-16T08:00:00.000Z", **record}
    return {
        "uri": f"at://{did}/app.bsky.feed.post/{key}",
        "cid": "bafyreia",
        "author": {"did": did, "handle": "mari.example", "displayName": "Mari Evans"},
        "record": whole,
        "indexedAt": "2026-11-16T08:00:01.000Z",
    }


class Anything:
    """Stands for the SDK, however deep one reaches into it."""

    def __getattr__(self, name: str) -> Anything:
        return self

    def __call__(self, *args: Any, **more: Any) -> None:
        return None


def an_account(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> BlueskyAccount:
    """One to which every question gets this answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    line: Any = Parrot(Answer(status, headers or DATE, raw))
    return BlueskyAccount("dyffryn", "did:plc:ni", Anything(), line, Login("did:plc:ni", access="token"))


def heard(*views: Any) -> list[Comment]:
    (page,) = an_account({"notifications": list(views)}).fetch("notifications", Cursor(), Budget())
    return list(page.comments)


def linked(start: int, end: int, uri: Any, kind: str = "app.bsky.richtext.facet#link") -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [{"$type": kind, "uri": uri}]}


A, LONG = "https://a.example/1", "https://dyffryn.example/biniau"
SPOOF = "https://dyffryn.example.drwg.example/"

# A text and its facets, and what an officer reads.
TEXTS = [
    ("Gweler dyffryn.example/bin...", [linked(7, 29, LONG)],                          f"Gweler {LONG}"),
    ("Ŵy 🏴󠁧󠁢󠁷󠁬󠁳󠁿 dyffryn.example/…!",     [linked(33, 52, f"{LONG}ŵ")],                     f"Ŵy 🏴󠁧󠁢󠁷󠁬󠁳󠁿 {LONG}ŵ!"),
    ("www.dyffryn.example",           [linked(0, 19, LONG)],                          LONG),
    ("dyffryn.example",               [linked(0, 15, SPOOF)],                         SPOOF),
    ("a.example dyffryn.example",     [linked(10, 25, LONG), linked(0, 9, A)],        f"{A} {LONG}"),
    ("cliciwch yma",                  [linked(9, 12, A)],                             "cliciwch yma"),
    (A,                               [linked(0, 19, A)],                             A),
    ("Helo @dyffryn",                 [linked(5, 13, "x", "app.bsky.richtext.facet#mention")], "Helo @dyffryn"),
    ("a.example/1",                   [linked(0, 99, A)],                             "a.example/1"),
    ("a.example/1",                   [linked(5, 2, A)],                              "a.example/1"),
    ("a.example/1",                   [linked(-3, 11, A)],                            "a.example/1"),
    ("a.example/1",                   [linked(0, 11, 7), 7, {"index": 7}, {"index": {}}], "a.example/1"),
    ("a.example/1",                   [linked(0, 11, A), linked(2, 9, "https://example")], A),
    ("a.example/1",                   "facets",                                       "a.example/1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "facets", "read"), TEXTS, ids=range(len(TEXTS)))
def test_links_are_read_in_full_and_words_as_they_stand(text: str, facets: Any, read: str):
    (comment,) = heard(a_view("k", text=text, facets=facets))

    assert comment.text == read


PLACES = st.integers(-2, 60)


@given(
    text=st.text(st.sampled_from("aŵ.😀 \ud800/w"), max_size=20),
    facets=st.lists(
        st.builds(linked, PLACES, PLACES, st.sampled_from(["https://a.w/ŵ", "ŵ", "", 7, None])), max_size=4
    ),
)
def test_no_facet_spoils_a_text(text: str, facets: list[Any]):
    (comment,) = heard(a_view("k", text=text, facets=facets))

    assert comment.text == text or "https://a.w/ŵ" in comment.text


# Who says when, and from when we count.
MOMENTS = [
    ("2026-11-16T08:00:00Z",        "2026-11-16T08:00:01Z", "2026-11-16T08:00:00+00:00"),
    ("2026-11-16T10:00:00+02:00",   "2026-11-16T08:00:01Z", "2026-11-16T08:00:00+00:00"),
    ("2026-11-16T08:00:00.1234567Z", "2026-11-16T08:00:01Z", "2026-11-16T08:00:00.123456+00:00"),
    ("2031-01-01T00:00:00Z",        "2026-11-16T08:00:01Z", "2026-11-16T08:00:01+00:00"),
    ("2019-01-01T00:00:00Z",        "2026-11-16T08:00:01Z", "2019-01-01T00:00:00+00:00"),
    ("ddoe",                        "2026-11-16T08:00:01Z", "2026-11-16T08:00:01+00:00"),
    ("0001-01-01T00:00:00Z",        "2026-11-16T08:00:01Z", "2026-11-16T08:00:01+00:00"),
    (None,                          "2026-11-16T08:00:01Z", "2026-11-16T08:00:01+00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "seen", "counted"), MOMENTS)
def test_time_is_the_earlier_of_what_is_claimed_and_what_was_seen(written: str | None, seen: str, counted: str):
    (comment,) = heard({**a_view("k", createdAt=written), "indexedAt": seen})

    assert comment.posted_at.isoformat() == counted


def test_who_wrote_is_in_the_address_even_where_their_profile_is_not():
    named, handled, bare = heard(
        a_view("k1"),
        {**a_view("k2"), "author": {"did": MARI_DID, "handle": "mari.example", "displayName": ""}},
        {name: value for name, value in a_view("k3").items() if name != "author"},
    )

    assert named.author == Author(MARI_DID, "Mari Evans")
    assert handled.author == Author(MARI_DID, "mari.example")
    assert bare.author == Author(MARI_DID, "")


@pytest.mark.parametrize(
    "item",
    [
        7,
        {},
        {**a_view("k"), "uri": "https://bsky.app"},
        {**a_view("k"), "uri": 7},
        {**a_view("k"), "record": None},
        {**a_view("k"), "record": []},
        {**a_view("k"), "indexedAt": "ddoe"},
        a_view("k", text=7),
        a_view("k", reply=7),
        a_view("k", reply={"parent": {"uri": 7}}),
        {**a_view("k"), "author": 7},
        a_view("x" * 501),
    ],
)
def test_one_post_that_cannot_be_read_costs_no_other(item: Any):
    (page,) = an_account({"notifications": [item, a_view("da")]}).fetch("notifications", Cursor(), Budget())

    assert [comment.native_id for comment in page.comments] == [f"at://{MARI_DID}/app.bsky.feed.post/da"]
    assert len(page.troubles) == 1


def test_a_record_that_is_no_post_is_not_for_us():
    like = {**a_view("k"), "uri": f"at://{MARI_DID}/app.bsky.feed.like/k"}

    assert heard(like) == []


def test_an_edited_story_shows_its_first_words(scene: Scene, account: Account, post: str):
    """There is no edit on Bluesky; what looks like one is another post."""
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - HOUR, post=post)
    scene.world.edit(question, "Byth?", NINE - MINUTE)

    comment = run_all(scene.collector(account)).comments[question]

    assert (comment.text, comment.edited_at) == ("Pryd?", None)


# --- replying


def test_a_reply_names_the_post_above_and_the_first_of_its_thread(scene: Scene, account: Account, post: str):
    _, second = chain(scene, account, post, 2)
    collector, text = scene.collector(account), "Ŵ! Gweler https://dyffryn.example/biniau?a=1&b=2. Diolch"

    receipt = collector.reply(second, text, key="k")

    (view,) = posts_shown(collector, receipt.native_id)
    record = view["record"]
    assert [record["reply"][name]["uri"] for name in ("root", "parent")] == [post, second]
    cids = {each["uri"]: each["cid"] for each in posts_shown(collector, post, second)}
    assert [record["reply"][name]["cid"] for name in ("root", "parent")] == [cids[post], cids[second]]
    (facet,) = record["facets"]
    start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    assert text.encode()[start:end] == facet["features"][0]["uri"].encode() == b"https://dyffryn.example/biniau?a=1&b=2"
    assert (record["text"], record["createdAt"]) == (text, "2026-11-16T09:00:00.000Z")
    assert "langs" not in record  # the SDK's own would say English of Welsh
    assert receipt.at == NINE


def posts_shown(collector: Any, *uris: str) -> list[dict[str, Any]]:
    body = collector._read(lambda: collector.client.app.bsky.feed.get_posts({"uris": list(uris)})).json()
    return list(body["posts"])


def test_a_comment_that_begins_a_thread_is_above_and_first_at_once(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "Helo", *MARI, NINE - HOUR)
    collector = scene.collector(account)

    receipt = collector.reply(mention, "Helo", key="k")

    (view,) = posts_shown(collector, receipt.native_id)
    assert view["record"]["reply"]["root"] == view["record"]["reply"]["parent"]
    assert "facets" not in view["record"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [("🏴󠁧󠁢󠁷󠁬󠁳󠁿" * 100, True), ("x" * 300, True), ("w\u0302" * 300, True), ("x" * 301, False), ("👨‍👩‍👧‍👦" * 130, False)],
    ids=["flags", "letters", "hats", "too many", "too many bytes"],
)
def test_what_fits_is_counted_as_a_reader_does_and_in_bytes(
    scene: Scene, account: Account, post: str, text: str, fits: bool
):
    collector = scene.collector(account)
    if fits:
        collector.reply(post, text, key="k")
    else:
        with pytest.raises(Refused, match="longer than Bluesky allows"):
            collector.reply(post, text, key="k")

    assert asked_of(scene, "createRecord") == fits


@pytest.mark.parametrize("why", ["deleted", "blocked"])
def test_nothing_is_written_under_what_we_are_not_shown(scene: Scene, account: Account, post: str, why: str):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    if why == "deleted":
        scene.world.delete(question, NINE - MINUTE)
    else:
        scene.world.blockers.add(MARI_DID)

    with pytest.raises(Gone):
        scene.collector(account).reply(question, "Helo", key="k")

    assert asked_of(scene, "createRecord") == 0


def test_a_thread_that_shuts_us_out_is_not_answered_into_the_void():
    """The server would take the reply, and nobody would be shown it."""
    view = {**a_view("k"), "viewer": {"replyDisabled": True}}

    with pytest.raises(Refused, match="does not let us reply"):
        an_account({"posts": [view]}).reply(view["uri"], "Helo", key="k")


def test_a_read_back_looks_where_we_wrote_and_not_where_it_will_be_shown(scene: Scene, account: Account, post: str):
    scene.world.lag = HOUR
    collector = scene.collector(account)
    collector.reply(post, "Dydd Mawrth", key="k")

    (found,) = collector.own_replies(post, since=NINE)

    assert (found.text, found.in_reply_to, found.thread) == ("Dydd Mawrth", post, post)
    assert not run_all(collector).ours


def test_a_read_back_goes_on_until_it_is_past_the_time(scene: Scene, account: Account, post: str):
    for number in range(40):
        scene.world.comment(account.slug, "Eto", account.native_id, "", NINE - DAY + number * HOUR / 2, post=post)
    collector = scene.collector(account, page_size=10)

    found = collector.own_replies(post, since=NINE - 14 * HOUR)

    assert len(found) == 20
    assert asked_of(scene, "listRecords") == 3


def test_more_than_can_be_looked_through_is_not_an_empty_answer(scene: Scene, account: Account, post: str):
    for number in range(12):
        scene.world.comment(account.slug, "Eto", account.native_id, "", NINE - DAY + number * MINUTE, post=post)

    with pytest.raises(Transient, match="more than 10 pages"):
        scene.collector(account, page_size=1).own_replies(post, since=NINE - 2 * DAY)


# --- hiding

GATE = {"$type": "app.bsky.feed.threadgate", "createdAt": "2026-11-16T09:00:00.000Z"}


def gate_of(collector: Any, post: str) -> dict[str, Any]:
    key = post.rsplit("/", 1)[1]
    body = collector._read(
        lambda: collector.client.com.atproto.repo.get_record(
            {"repo": collector.did, "collection": "app.bsky.feed.threadgate", "rkey": key}
        )
    ).json()
    return dict(body["value"])


def test_hiding_writes_a_list_beside_our_post_and_leaves_the_rest_of_it(scene: Scene, account: Account, post: str):
    one, two = (scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post) for _ in range(2))
    collector: Any = scene.collector(account)
    collector.act(Action.HIDE, one)
    gate, key = gate_of(collector, post), post.rsplit("/", 1)[1]
    assert gate == {**GATE, "post": post, "hiddenReplies": [one]}
    collector._set_gate(key, {**gate, "allow": []}, collector._gate(post, key)[1])

    collector.act(Action.HIDE, two)
    collector.act(Action.UNHIDE, one)

    assert gate_of(collector, post) == {**gate, "allow": [], "hiddenReplies": [two]}
    assert [message_of(scene, each).hidden for each in (one, two)] == [False, True]


@pytest.mark.parametrize("there_is_one", [False, True])
def test_two_officers_at_once_do_not_undo_each_other(scene: Scene, account: Account, post: str, there_is_one: bool):
    first, ours, theirs = (scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post) for _ in range(3))
    collector, other = scene.collector(account), scene.collector(account)
    if there_is_one:
        other.act(Action.HIDE, first)
    waiting = [lambda: other.act(Action.HIDE, theirs)]

    def meanwhile(response: Any, **more: Any) -> None:
        if "getRecord" in response.request.url and waiting:
            waiting.pop()()

    collector.line.session.hooks["response"].append(meanwhile)  # type: ignore[attr-defined]

    collector.act(Action.HIDE, ours)

    assert waiting == []
    assert {each for each in (first, ours, theirs) if message_of(scene, each).hidden} == (
        {ours, theirs} | ({first} if there_is_one else set())
    )


def test_what_is_hidden_already_is_not_written_again(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    collector = scene.collector(account)
    for action in (Action.UNHIDE, Action.HIDE, Action.HIDE):
        collector.act(action, question)

    assert asked_of(scene, "createRecord") + asked_of(scene, "putRecord") == 1


@pytest.mark.parametrize("kind", [Kind.DROPPED_AFTER, Kind.SERVER_ERROR, Kind.HTML_502, Kind.APPLIED_THEN_504])
def test_hiding_that_is_in_doubt_is_looked_at_again(scene: Scene, account: Account, post: str, kind: Kind):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.spoil(Fault(kind, path="*createRecord"))

    scene.collector(account).act(Action.HIDE, question)

    assert message_of(scene, question).hidden


def test_hiding_that_never_ends_is_transient(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.spoil(Fault(Kind.SERVER_ERROR, method="POST", times=99))

    with pytest.raises(Transient, match="after several attempts"):
        scene.collector(account).act(Action.HIDE, question)


def test_three_hundred_are_hidden_and_no_more(scene: Scene, account: Account, post: str):
    one, two = (scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post) for _ in range(2))
    collector: Any = scene.collector(account)
    full = [f"at://{TOM_DID}/app.bsky.feed.post/{n}" for n in range(299)]
    collector._set_gate(post.rsplit("/", 1)[1], {**GATE, "post": post, "hiddenReplies": full}, "")
    collector.act(Action.HIDE, one)

    with pytest.raises(Refused, match="300 replies"):
        collector.act(Action.HIDE, two)

    collector.act(Action.UNHIDE, one)
    collector.act(Action.HIDE, two)
    assert gate_of(collector, post)["hiddenReplies"] == [*full, two]


def test_what_stands_in_somebody_elses_thread_cannot_be_hidden(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "Helo", *MARI, NINE - HOUR)
    below = scene.world.comment(account.slug, "Eto", *TOM, NINE - HOUR, parent=mention)
    for each in (mention, below):
        with pytest.raises(Refused, match="only replies under posts of our own"):
            scene.collector(account).act(Action.HIDE, each)

    assert all(each.method == "GET" for each in scene.simulator.requests)


# --- what became of it


def test_absence_is_told_apart_from_being_kept_out(scene: Scene, account: Account, post: str):
    people = {"7001": Standing.PRESENT, "7002": Standing.GONE, "7003": Standing.FORBIDDEN, "7004": Standing.UNKNOWN}
    ids = {who: scene.world.comment(account.slug, "?", who, "Rhywun", NINE - HOUR, post=post) for who in people}
    scene.world.delete(ids["7002"], NINE - MINUTE)
    scene.world.blockers.add("did:plc:7003")
    scene.world.suspended.add("did:plc:7004")

    standing = scene.collector(account).recheck(list(ids.values()))

    assert standing == {ids[who]: expected for who, expected in people.items()}


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [
        ({"blocking": "at://x"}, Standing.FORBIDDEN),
        ({"blockedBy": True}, Standing.FORBIDDEN),
        ({"blockingByList": {"name": "Rhestr"}}, Standing.FORBIDDEN),
        ({"blockedBy": False}, Standing.GONE),
        (None, Standing.FORBIDDEN),
    ],
)
def test_whom_we_have_blocked_is_not_gone_either(viewer: Any, expected: Standing):
    uri = f"at://{MARI_DID}/app.bsky.feed.post/k"
    standing = an_account({"posts": [], "profiles": [{"did": MARI_DID, "viewer": viewer}]}).recheck([uri])

    assert standing == {uri: expected}


def test_a_hundred_are_asked_about_in_four_questions(scene: Scene, account: Account, post: str):
    ids = [scene.world.comment(account.slug, f"{n}", *MARI, NINE - HOUR, post=post) for n in range(100)]

    standing = scene.collector(account).recheck([*ids, *ids])

    assert standing == dict.fromkeys(ids, Standing.PRESENT)
    assert (asked_of(scene, "getPosts"), asked_of(scene, "getProfiles")) == (4, 0)


def test_what_is_no_address_is_never_gone(scene: Scene, account: Account):
    assert scene.collector(account).recheck(["7"]) == {"7": Standing.UNKNOWN}


# --- errors

# A status and a name, what we make of them when reading, and what when writing.
ERRORS = [
    (400, "InvalidRequest",     Refused,        Refused),
    (400, "ExpiredToken",       AuthExpired,    AuthExpired),
    (400, "InvalidToken",       AuthExpired,    AuthExpired),
    (400, "BlockedByActor",     PermissionLost, PermissionLost),
    (400, "ConcurrentWrites",   Transient,      Transient),
    (400, "NotFound",           Gone,           Gone),
    (400, "SomethingNew",       Refused,        Refused),
    (401, "AuthMissing",        AuthExpired,    AuthExpired),
    (401, "AccountTakedown",    PermissionLost, PermissionLost),
    (403, "",                   PermissionLost, PermissionLost),
    (404, "",                   Gone,           Gone),
    (413, "PayloadTooLarge",    Malformed,      Unconfirmed),
    (429, "RateLimitExceeded",  RateLimited,    RateLimited),
    (500, "InternalServerError", Transient,     Unconfirmed),
    (502, "UpstreamFailure",    Transient,      Unconfirmed),
    (501, "MethodNotImplemented", Transient,    Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "name", "reading", "writing"), ERRORS)
def test_blueskys_words_are_understood(
    status: int, name: str, reading: type[CollectorError], writing: type[CollectorError]
):
    collector = an_account({"error": name, "message": "Cyfrinach"}, status)
    acts: list[tuple[Callable[[], object], type[CollectorError]]] = [
        (lambda: list(collector.fetch("notifications", Cursor(), Budget())), reading),
        (lambda: collector._write(lambda: None), writing),
    ]
    for act, kind in acts:
        with pytest.raises(CollectorError) as caught:
            act()
        assert type(caught.value) is kind
        assert "Cyfrinach" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"ratelimit-reset": "1794819900"}, datetime(2026, 11, 16, 9, 5, tzinfo=UTC)),
        ({"ratelimit-reset": "99999999999"}, NINE + DAY),
        ({"ratelimit-reset": "ddoe"}, NINE + 5 * MINUTE),
        ({"retry-after": "30"}, NINE + timedelta(seconds=30)),
        ({}, NINE + 5 * MINUTE),
    ],
)
def test_the_moment_to_come_back_is_blueskys_own(headers: dict[str, str], until: datetime):
    collector = an_account({"error": "RateLimitExceeded"}, 429, DATE | headers)

    with pytest.raises(RateLimited) as caught:
        list(collector.fetch("own", Cursor(), Budget()))

    assert caught.value.until == until


def test_a_limit_for_the_day_holds_until_tomorrow(scene: Scene, account: Account, post: str):
    scene.spoil(Fault(Kind.USAGE_CAPPED, path="*createRecord"))

    with pytest.raises(RateLimited) as caught:
        scene.collector(account).reply(post, "Helo", key="k")

    assert caught.value.until == datetime(2026, 11, 17, tzinfo=UTC)


def test_a_page_says_what_is_left_of_the_window(scene: Scene, account: Account, post: str):
    pages = run_all(scene.collector(account)).pages

    assert [page.usage.remaining for page in pages] == [left / 3000 for left in (2999, 2997, 2996, 2995)]


# --- our line below the client's


class Session:
    """A session that keeps what it was asked, and answers with a cookie."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.headers = {"content-type": "application/json", "set-cookie": "a=b", "content-encoding": "gzip"}
        self.status_code, self.content = 200, b"{}"

    def request(self, method: str, url: str, *, data: Any, headers: dict[str, str]) -> Session:
        self.asked.append((method, url, data, headers))
        return self


def test_no_header_passes_either_way_that_is_not_meant_to():
    import httpx

    session = Session()
    client = httpx.Client(transport=OverOurLine(session, httpx.Response))  # type: ignore[arg-type]

    for _ in range(2):
        client.post("https://bsky.social/xrpc/x", json={}, headers={"Authorization": "Bearer t", "x-y": "z"})

    assert dict(client.cookies) == {}
    assert all(
        set(headers) == {"accept", "authorization", "content-type", "user-agent"} for *_, headers in session.asked
    )


def test_a_token_is_never_in_an_address(scene: Scene, account: Account, post: str):
    collector, addresses = scene.collector(account), []
    collector.line.session.hooks["response"].append(lambda response, **_: addresses.append(response.request.url))  # type: ignore[attr-defined]

    run_all(collector)
    collector.reply(post, "Helo", key="k")

    assert addresses
    assert not any("token0123456789secret" in address for address in addresses)


# --- nonsense

NAMES = st.sampled_from(
    "notifications feed posts records thread threadgate profiles cursor uri cid author did handle displayName record "
    "text createdAt indexedAt reply root parent facets index byteStart byteEnd features embed replyCount viewer "
    "replyDisabled replies post value hiddenReplies error message accessJwt refreshJwt reason $type".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from([
        "", f"at://{MARI_DID}/app.bsky.feed.post/k", "at://did:plc:ni/app.bsky.feed.post/k0", "did:plc:ni",
        "2026-11-16T08:00:00Z", "app.bsky.richtext.facet#link", "https://a.example", "ExpiredToken", "NotFound",
        "RecordNotFound", "InvalidSwap", "\ud800",
    ]),
)  # fmt: skip
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
VIEWS = st.builds(
    lambda key, more: {**a_view(key), **more}, st.sampled_from("abc"), st.dictionaries(NAMES, JSON, max_size=4)
)
LISTS = st.fixed_dictionaries(
    {name: st.lists(VIEWS | JSON, max_size=3) for name in ("notifications", "feed", "posts", "records")},
    optional={"cursor": JSON, "thread": JSON, "threadgate": JSON, "profiles": JSON},
)
BODIES = st.one_of(
    st.one_of(JSON, LISTS, st.fixed_dictionaries({"error": JSON})).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
HEADERS = st.dictionaries(
    st.sampled_from(["ratelimit-reset", "ratelimit-limit", "ratelimit-remaining", "retry-after", "date"]),
    st.one_of(st.text("0123456789", max_size=12), st.text(max_size=9)),
)
QUESTION = f"at://{MARI_DID}/app.bsky.feed.post/a"


@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 413, 418, 429, 500, 502, 503]),
    headers=HEADERS.map(lambda strange: DATE | strange),
    body=BODIES,
    token=st.text(max_size=30),
    password=st.sampled_from(["", APP_PASSWORD]),
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    status: int, headers: dict[str, str], body: bytes, token: str, password: str
):
    collector = replace(
        an_account(body, status, headers),
        searches={"s": "biniau"},
        login=Login("did:plc:ni", password, "" if password else "t"),
    )

    def read(stream: str) -> None:
        for page in collector.fetch(stream, Cursor("", token), Budget(pages=3)):
            assert page.complete or page.cursor.watermark == ""
            for said in (*page.comments, *page.posts, *page.ours):
                assert isinstance(said, Comment | Post | OwnReply)
                assert said.posted_at.tzinfo

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in collector.streams()),
        lambda: collector.reply(QUESTION, "Diolch https://a.example", key="k"),
        lambda: collector.act(Action.HIDE, QUESTION),
        lambda: collector.own_replies(QUESTION, since=NINE),
        lambda: collector.recheck([QUESTION, "7"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@pytest.mark.parametrize("post", [None, {}, {"uri": None}, {"uri": []}, {"uri": {}}])
def test_beside_a_post_that_cannot_be_told_none_is_gone(post: Any):
    owner = QUESTION.split("/")[2]
    body = {"posts": [post], "profiles": [{"did": owner, "viewer": {}}]}

    assert an_account({**body, "posts": []}).recheck([QUESTION]) == {QUESTION: Standing.GONE}
    assert an_account(body).recheck([QUESTION]) == {QUESTION: Standing.UNKNOWN}


@given(status=st.sampled_from([400, 401, 403, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_a_refused_recheck_never_says_gone(status: int, body: bytes):
    try:
        standing = an_account(body, status).recheck([QUESTION])
    except CollectorError:
        return
    assert standing[QUESTION] is not Standing.GONE
