"""What is peculiar to Threads: nothing says what is new, handles for ids, and a reply in two steps."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from collectors.base import (
    Action,
    Budget,
    Cursor,
    Malformed,
    PermissionLost,
    RateLimited,
    Refused,
    Standing,
    Transient,
)
from collectors.threads import ThreadsProfile, Us
from collectors.transport import Answer
from simulator.faults import Fault, Kind
from simulator.threads import Threads
from simulator.world import Account
from tests.collectors.conftest import NINE, Kept, Scene, run_all, run_once
from tests.collectors.test_nonsense import DATE, AnySdk, Parrot
from vocabulary import Author, Origin, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AT = "2026-11-16T08:00:00+0000"
BINS = {"biniau": "Dyffryn biniau"}


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.THREADS)


@pytest.fixture
def post(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Diwrnod agored", NINE - 48 * HOUR)


def asked_of(scene: Scene, path: str, method: str = "GET") -> int:
    return sum(each.path.endswith(path) and each.method == method for each in scene.simulator.requests)


def of_stream(scene: Scene, account: Account, stream: str, kept: Kept | None = None, **more: Any) -> Kept:
    kept = kept if kept is not None else Kept()
    assert run_once(scene.collector(account, **more), stream, kept, Budget(pages=500))
    return kept


def a_profile(answer: Any) -> ThreadsProfile:
    line: Any = Parrot(Answer(200, DATE, json.dumps(answer).encode()))
    return ThreadsProfile("dyffryn", "1001", AnySdk(), line, searches=BINS)


def under(answer: Any) -> Kept:
    """What a profile makes of this answer, as a page of the conversation under the post 1."""
    kept = Kept()
    kept.cursors["comments"] = Cursor("", json.dumps([json.dumps([NINE.isoformat(), 0]), ["1"], ""]))
    run_once(a_profile(answer), "comments", kept)
    return kept


# --- nothing says what is new


def newer_posts(scene: Scene, account: Account, many: int, *, commented: bool = False) -> list[str]:
    posts = []
    for number in range(many):
        at = NINE - 24 * HOUR + number * MINUTE
        posts.append(scene.world.post(account.slug, f"Newyddion {number}", at))
        if commented:
            scene.world.comment(account.slug, "Diolch", *TOM, at + MINUTE, post=posts[-1])
    return posts


def test_the_first_run_reads_every_post_that_has_replies(scene: Scene, account: Account, post: str):
    comment = scene.world.comment(account.slug, "?", *MARI, NINE - 40 * HOUR, post=post)
    newer_posts(scene, account, 40)

    kept = of_stream(scene, account, "comments")

    assert set(kept.comments) == {comment}
    assert asked_of(scene, "/conversation") == 25 + 1


def test_a_late_reply_under_an_old_post_is_found_when_its_turn_comes(scene: Scene, account: Account, post: str):
    scene.world.comment(account.slug, "?", *MARI, NINE - 40 * HOUR, post=post)
    newer_posts(scene, account, 60, commented=True)  # so that 36 are old
    kept = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "Still waiting", *TOM, NINE + MINUTE, post=post)
    rounds = 0
    while late not in kept.comments:
        scene.world.now += HOUR
        before = asked_of(scene, "/conversation")
        of_stream(scene, account, "comments", kept)
        rounds += 1
        assert asked_of(scene, "/conversation") - before == 25 + 10

    assert rounds <= 4


def test_every_old_post_has_its_turn(scene: Scene, account: Account):
    posts = newer_posts(scene, account, 62, commented=True)
    kept = of_stream(scene, account, "comments")
    before = len(scene.simulator.requests)
    for _ in range(4):
        of_stream(scene, account, "comments", kept)

    read = {each.path.split("/")[-2] for each in scene.simulator.requests[before:] if "conversation" in each.path}
    assert read == set(posts)


def test_a_post_without_a_reply_has_no_turn(scene: Scene, account: Account, post: str):
    newer_posts(scene, account, 40)
    kept = of_stream(scene, account, "comments")
    before = asked_of(scene, "/conversation")

    of_stream(scene, account, "comments", kept)

    assert asked_of(scene, "/conversation") - before == 25


@pytest.mark.parametrize("watermark", ["", "x", "[]", '["x", 3]', f'["{NINE.isoformat()}", -1]', "[" * 9000])
def test_a_watermark_that_is_not_ours_begins_anew(scene: Scene, account: Account, watermark: str):
    newer_posts(scene, account, 40, commented=True)
    kept = Kept()
    kept.cursors["comments"] = Cursor(watermark)

    of_stream(scene, account, "comments", kept)

    assert len(kept.comments) == 40


def test_posts_that_lead_back_to_themselves_end_the_run(scene: Scene, account: Account):
    newer_posts(scene, account, 40)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/threads", nth=2))

    with pytest.raises(Malformed, match="leads back to itself"):
        of_stream(scene, account, "comments", page_size=10)


# --- a page promises nothing


def test_pages_are_read_until_one_is_empty(scene: Scene, account: Account, post: str):
    everything = {
        scene.world.comment(account.slug, f"{n}", *MARI, NINE - 9 * HOUR + n * MINUTE, post=post) for n in range(20)
    }

    kept = of_stream(scene, account, "comments", page_size=10)

    assert set(kept.comments) == everything
    assert asked_of(scene, "/conversation") == 3


def test_a_list_of_one_page_is_asked_for_once(scene: Scene, account: Account, post: str):
    scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)

    of_stream(scene, account, "comments")

    assert asked_of(scene, "/conversation") == 1


def test_a_page_that_promises_a_next_one_has_one():
    body = {"data": [], "paging": {"next": "x", "cursors": {"after": "y"}}}
    page = next(iter(a_profile(body).fetch("mentions", Cursor(), Budget(pages=1))))

    assert json.loads(page.cursor.page_token)[2] == "y"


# A short page, and whether another follows: private people are missing, and Threads may send fewer than were asked for.
SHORT_PAGES = [
    ({"data": [{"id": "1", "timestamp": AT}], "paging": {"cursors": {"before": "x", "after": "y"}}}, True),
    ({"data": [{"id": "1", "timestamp": AT}], "paging": {"cursors": {"before": "x"}}},               False),
    ({"data": [{"id": "1", "timestamp": AT}], "paging": {}},                                         False),
    ({"data": [{"id": "1", "timestamp": AT}]},                                                       False),
    ({"data": [], "paging": {"cursors": {"after": "y"}}},                                            False),
]  # fmt: skip


@pytest.mark.parametrize(("body", "more"), SHORT_PAGES)
def test_only_a_page_without_a_cursor_or_with_nothing_on_it_is_the_last(body: dict[str, Any], more: bool):
    page = next(iter(a_profile(body).fetch("mentions", Cursor(), Budget(pages=1))))

    assert page.complete is not more


# --- what is said to us


def test_a_mention_is_a_comment_of_its_own_thread(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "@dyffryn ble mae'r bws?", *TOM, NINE - HOUR)

    comment = of_stream(scene, account, "mentions").comments[mention]

    assert (comment.thread, comment.in_reply_to) == (mention, "")
    assert (comment.author, comment.origin) == (Author("@user_7002", "user_7002"), Origin.ADDRESSED)


def test_a_mention_deep_in_somebody_elses_conversation_says_where_it_stands(scene: Scene, account: Account):
    root = scene.world.overheard(account.slug, "Y bws eto", *TOM, NINE - 3 * HOUR)
    reply = scene.world.comment(account.slug, "Gofyn i @dyffryn", *MARI, NINE - HOUR, post=root, mentions_us=True)

    kept = of_stream(scene, account, "mentions")

    assert set(kept.comments) == {reply}
    assert (kept.comments[reply].thread, kept.comments[reply].in_reply_to) == (root, root)


def test_what_we_answered_there_is_found_among_our_own(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "@dyffryn ble mae'r bws?", *TOM, NINE - 2 * HOUR)
    ours = scene.world.comment(account.slug, "Ar ei ffordd", account.native_id, "", NINE - HOUR, parent=mention)

    kept = run_all(scene.collector(account))

    assert set(kept.comments) == {mention}
    assert (kept.ours[ours].in_reply_to, kept.ours[ours].thread) == (mention, mention)


def test_we_do_not_mention_ourselves():
    ours = {"id": "2", "text": "@dyffryn", "timestamp": AT, "owner": {"id": "1001"}}
    (page,) = a_profile({"data": [ours]}).fetch("mentions", Cursor(), Budget())

    assert not page.comments


def test_what_was_passed_on_without_a_word_is_neither_a_post_nor_a_mention():
    body = {"data": [{"id": "2", "timestamp": AT, "media_type": "REPOST_FACADE"}]}
    for stream in ("posts", "mentions", "search:biniau"):
        page = next(iter(a_profile(body | {"username": "dyffryn"}).fetch(stream, Cursor(), Budget())))
        assert not page.posts
        assert not page.comments


# --- what answers us in somebody else's conversation


@pytest.fixture
def answer(scene: Scene, account: Account) -> str:
    """Of ours, under somebody else's post that mentions us."""
    mention = scene.world.mention(account.slug, "@dyffryn ble mae'r bws?", *TOM, NINE - 9 * HOUR)
    return scene.world.comment(account.slug, "Ar ei ffordd", account.native_id, "", NINE - 8 * HOUR, parent=mention)


def test_what_answers_us_elsewhere_is_to_us_even_where_it_does_not_name_us(scene: Scene, account: Account, answer: str):
    kept = of_stream(scene, account, "comments")
    back = scene.world.comment(account.slug, "O ble?", *TOM, NINE - HOUR, parent=answer, mentions_us=False)
    scene.world.comment(account.slug, "Pwy a ŵyr", *MARI, NINE - MINUTE, parent=back, mentions_us=False)

    of_stream(scene, account, "comments", kept)

    assert set(kept.comments) == {back}
    root = scene.world.message(answer)
    assert root is not None
    assert (kept.comments[back].thread, kept.comments[back].in_reply_to) == (root.root, answer)


def test_a_reply_of_ours_that_nobody_answered_costs_nothing(scene: Scene, account: Account, answer: str):
    of_stream(scene, account, "comments")

    assert asked_of(scene, f"/{answer}/replies") == 0


def test_what_answers_us_under_our_own_post_is_read_there_and_not_twice(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 9 * HOUR, post=post)
    ours = scene.world.comment(account.slug, "Yfory", account.native_id, "", NINE - 8 * HOUR, parent=question)
    back = scene.world.comment(account.slug, "Diolch", *MARI, NINE - HOUR, parent=ours)

    kept = of_stream(scene, account, "comments")

    assert set(kept.comments) == {question, back}
    assert asked_of(scene, f"/{ours}/replies") == 0


@pytest.mark.parametrize("kind", [Kind.GONE, Kind.REFUSED])
def test_answers_that_threads_does_not_show_leave_the_others_alone(
    scene: Scene, account: Account, post: str, answer: str, kind: Kind
):
    scene.world.comment(account.slug, "O ble?", *TOM, NINE - HOUR, parent=answer, mentions_us=False)
    comment = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - HOUR, post=post)
    scene.spoil(Fault(kind, path=f"*/{answer}/replies"))

    kept = of_stream(scene, account, "comments")

    assert set(kept.comments) == {comment}
    assert not any(page.troubles for page in kept.pages)


def test_answers_that_must_wait_end_the_run(scene: Scene, account: Account, answer: str):
    scene.world.comment(account.slug, "O ble?", *TOM, NINE - HOUR, parent=answer, mentions_us=False)
    scene.spoil(Fault(Kind.RATE_LIMITED, path=f"*/{answer}/replies"))

    with pytest.raises(RateLimited):
        of_stream(scene, account, "comments")


# What Threads says of a reply that is hidden, and whether people see it.
HIDDEN = [
    ("NOT_HUSHED", False), ("UNHUSHED", False), ("HIDDEN", True), ("COVERED", True), ("BLOCKED", True),
    ("RESTRICTED", True), ("SOMETHING_NEW", None), ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "hidden"), HIDDEN)
def test_whether_people_see_a_reply(status: str, hidden: bool | None):
    kept = under({"data": [{"id": "2", "text": "?", "timestamp": AT, "hide_status": status}]})

    assert kept.comments["2"].hidden is hidden


def test_a_private_person_has_no_handle_and_no_address():
    kept = under({"data": [{"id": "2", "text": "?", "timestamp": AT}]})

    comment = kept.comments["2"]
    assert (comment.author, comment.url, comment.thread, comment.in_reply_to) == (None, "", "1", "1")


# --- searches


def overheard(scene: Scene, account: Account) -> tuple[str, ...]:
    """What a search for our bins finds; only the first two are said of us and not to us."""
    world, slug = scene.world, account.slug
    ours = world.post(slug, "Biniau Dyffryn: dyddiau newydd", NINE - 5 * HOUR)
    about = world.overheard(slug, "Mae biniau Dyffryn yn llawn", *MARI, NINE - 4 * HOUR)
    quote = world.quote(slug, "Biniau Dyffryn eto fyth", *TOM, NINE - 3 * HOUR, of=ours)
    reply = world.comment(slug, "biniau dyffryn?", *MARI, NINE - 2 * HOUR, post=ours)
    mention = world.mention(slug, f"@{account.username} biniau Dyffryn!", *TOM, NINE - HOUR)
    answer = world.comment(slug, "Biniau Dyffryn yfory", account.native_id, "", NINE - HOUR, parent=mention)
    after = world.comment(slug, "Pa biniau, Dyffryn?", *TOM, NINE - 30 * MINUTE, parent=answer, mentions_us=False)
    return about, quote, ours, reply, mention, answer, after


def test_a_search_finds_what_is_said_of_us_and_not_what_is_said_to_us(scene: Scene, account: Account):
    about, quote, *_ = overheard(scene, account)

    kept = of_stream(scene, account, "search:biniau", searches=BINS)

    assert set(kept.comments) == {about, quote}
    assert {(comment.origin, comment.found_by) for comment in kept.comments.values()} == {(Origin.SEARCH, "biniau")}
    assert not kept.posts
    assert not kept.ours


def test_searches_come_after_all_other_streams(scene: Scene, account: Account):
    collector = scene.collector(account, searches=BINS | {"tag": "#dyffryn"})

    assert collector.streams() == ("comments", "mentions", "posts", "own", "search:biniau", "search:tag")


def test_a_tag_is_searched_for_as_one(scene: Scene, account: Account):
    tagged = scene.world.overheard(account.slug, "Glaw eto #dyffryn", *MARI, NINE - HOUR)
    scene.world.overheard(account.slug, "Glaw yn Nyffryn, dyffryn gwlyb", *MARI, NINE - HOUR)

    assert set(of_stream(scene, account, "search:t", searches={"t": "#dyffryn"}).comments) == {tagged}


def test_a_search_that_finds_nothing_asks_nothing_more(scene: Scene, account: Account):
    of_stream(scene, account, "search:biniau", searches=BINS)

    assert [each.path for each in scene.simulator.requests] == ["/v1.0/keyword_search"]


def test_a_first_search_brings_one_page_and_later_ones_what_is_new(scene: Scene, account: Account):
    old = [
        scene.world.overheard(account.slug, f"biniau Dyffryn {n}", *MARI, NINE - 30 * HOUR + n * MINUTE)
        for n in range(30)
    ]
    kept = of_stream(scene, account, "search:biniau", searches=BINS, page_size=10)
    assert set(kept.comments) == set(old[20:])
    scene.world.now += 12 * HOUR
    new = {
        scene.world.overheard(account.slug, f"biniau Dyffryn {n}", *MARI, NINE + HOUR + n * MINUTE) for n in range(25)
    }

    of_stream(scene, account, "search:biniau", kept, searches=BINS, page_size=10)

    assert set(kept.comments) == {*old[20:], *new}


def test_a_search_goes_back_by_moments_and_never_by_a_cursor():
    """A search gives cursors and takes none: with one it would answer with the same page for ever."""
    found = [{"id": f"{n}", "text": "biniau", "timestamp": f"2026-11-16T08:0{n}:00+0000"} for n in (3, 2)]
    body = {"data": found, "paging": {"cursors": {"after": "y"}}, "username": "dyffryn"}
    since = (NINE - 2 * HOUR).isoformat()

    first, second = a_profile(body).fetch("search:biniau", Cursor(since), Budget())

    oldest = int((NINE - HOUR).timestamp()) + 120
    assert json.loads(first.cursor.page_token)[2] == f"until:{oldest}"
    assert second.complete  # the same again leads no further back


def test_a_search_ends_where_it_began_the_last_time():
    body = {"data": [{"id": "1", "text": "biniau", "timestamp": AT}], "username": "dyffryn"}

    (page,) = a_profile(body).fetch("search:biniau", Cursor(NINE.isoformat()), Budget())

    assert page.complete


def test_a_search_that_must_wait_leaves_the_other_streams_alone(scene: Scene, account: Account):
    scene.spoil(Fault(Kind.RATE_LIMITED, path="*/keyword_search", seconds=900))

    with pytest.raises(RateLimited) as caught:
        of_stream(scene, account, "search:biniau", searches=BINS)

    assert (caught.value.scope, caught.value.until) == ("search", scene.world.now + 15 * MINUTE)


def test_a_search_that_is_not_permitted_says_so(scene: Scene, account: Account):
    scene.spoil(Fault(Kind.FORBIDDEN, path="*/keyword_search"))

    with pytest.raises(PermissionLost):
        of_stream(scene, account, "search:biniau", searches=BINS)


def test_where_our_own_name_is_not_told_nothing_is_taken_for_overheard():
    with pytest.raises(Malformed, match="our own profile"):
        list(a_profile({"data": [{"id": "1", "text": "biniau"}]}).fetch("search:biniau", Cursor(), Budget()))


# What was found, and whether it is by us or to us.
CONCERNS = [
    ({"username": "dyffryn"},                     True),
    ({"username": "Dyffryn"},                     True),
    ({"username": "dyffryn2"},                    False),
    ({"text": "Helo @dyffryn!"},                  True),
    ({"text": "Helo @Dyffryn, sut mae?"},         True),
    ({"text": "Helo @dyffryn.gwyn"},              False),
    ({"text": "Helo dyffryn"},                    False),
    ({"root_post": {"id": "5"}},                  True),
    ({"replied_to": {"id": "5"}},                 True),
    ({"root_post": {"id": "6"}},                  False),
    ({},                                          False),
]  # fmt: skip


@pytest.mark.parametrize(("item", "concerns"), CONCERNS)
def test_what_concerns_us_is_told_from_what_is_overheard(item: dict[str, Any], concerns: bool):
    assert Us("dyffryn", frozenset({"5"})).concerns(item) is concerns


# --- a reply in two steps


@pytest.fixture
def question(scene: Scene, account: Account, post: str) -> str:
    return scene.world.comment(account.slug, "Pryd?", *MARI, NINE - HOUR, post=post)


def slow(scene: Scene, times: int) -> None:
    platform = scene.simulator._platforms["threads"]
    assert isinstance(platform, Threads)
    platform.slow = times


@pytest.mark.parametrize(
    "kind",
    [Kind.DROPPED_BEFORE, Kind.DROPPED_AFTER, Kind.SERVER_ERROR, Kind.HTML_502, Kind.FALSE_BODY, Kind.TRUNCATED_JSON],
)
def test_whatever_befalls_the_first_step_nothing_is_published_and_nothing_is_in_doubt(
    scene: Scene, account: Account, question: str, kind: Kind
):
    scene.spoil(Fault(kind, method="POST", path="*/threads"))

    with pytest.raises(Transient, match="nothing was published"):
        scene.collector(account).reply(question, "Yfory.", key="k1")

    assert scene.world.replies_by_us(account.slug) == []
    assert asked_of(scene, "/threads_publish", "POST") == 0


def test_a_reply_is_published_when_it_is_ready(scene: Scene, account: Account, question: str):
    slow(scene, 2)

    receipt = scene.collector(account).reply(question, "Yfory.", key="k1")

    assert [reply.native_id for reply in scene.world.replies_by_us(account.slug)] == [receipt.native_id]
    assert receipt.at == scene.world.now


def test_a_reply_that_is_not_ready_in_time_is_not_published(scene: Scene, account: Account, question: str):
    slow(scene, 99)

    with pytest.raises(Transient, match="still making"):
        scene.collector(account).reply(question, "Yfory.", key="k1")

    assert scene.world.replies_by_us(account.slug) == []


@pytest.mark.parametrize("status", ["ERROR", "EXPIRED"])
def test_a_reply_that_cannot_be_made_ready_is_for_a_person(status: str):
    with pytest.raises(Refused, match="record it here"):
        a_profile({"id": "18", "status": status}).reply("1", "Yfory.", key="k1")


def test_a_publication_that_finds_nothing_ready_has_published_nothing(scene: Scene, account: Account, question: str):
    """The status said FINISHED and the publishing did not agree, which happens."""
    collector: Any = scene.collector(account)

    def unmade(response: Any, **more: Any) -> None:
        if "status" in response.request.url:
            slow(scene, 99)

    collector.session.hooks["response"].append(unmade)

    with pytest.raises(Transient, match="nothing was published"):
        collector.reply(question, "Yfory.", key="k1")

    assert asked_of(scene, "/threads_publish", "POST") == 1
    assert scene.world.replies_by_us(account.slug) == []


# Text, and how long Threads counts it.
LENGTHS = [
    ("Diolch",                6),
    ("ŵ ŷ â",                 5),
    ("w\u0302",               2),
    ("😀",                    4),
    ("👨‍👩‍👧",               18),
    ("❤️",                    6),
    ("🏴\U000e0067\U000e007f", 12),
    ("”“’–…",                 5),
    ("https://a.example/",   18),
    ("",                      0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "length"), LENGTHS)
def test_an_emoji_is_as_long_as_its_bytes(text: str, length: int):
    assert a_profile({}).length_of(text) == length


def test_only_what_answers_our_post_directly_can_be_hidden(scene: Scene, account: Account, question: str):
    nested = scene.world.comment(account.slug, "Ie?", *TOM, NINE - MINUTE, parent=question)
    collector = scene.collector(account)
    collector.act(Action.HIDE, question)

    with pytest.raises(Refused, match="do it on Threads itself and record it here"):
        collector.act(Action.HIDE, nested)


# --- what became of it


def test_a_mention_that_is_listed_is_there_whatever_is_said_of_its_id(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "@dyffryn?", *TOM, NINE - HOUR)
    scene.spoil(Fault(Kind.GONE, path=f"*/{mention}"))

    assert scene.collector(account).recheck([mention]) == {mention: Standing.PRESENT}


def test_a_mention_may_be_older_than_those_that_are_listed(scene: Scene, account: Account, question: str):
    for number in range(60):
        scene.world.mention(account.slug, f"{number}", *TOM, NINE - 50 * HOUR + number * MINUTE)
    scene.world.delete(question, NINE)

    assert scene.collector(account, page_size=10).recheck([question]) == {question: Standing.UNKNOWN}
    assert scene.collector(account, page_size=20).recheck([question]) == {question: Standing.GONE}


@pytest.mark.parametrize("path", ["*/{us}", "*/mentions"])
@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.FORBIDDEN, Kind.TRUNCATED_JSON])
def test_nothing_is_gone_while_the_rest_cannot_be_read(
    scene: Scene, account: Account, question: str, path: str, kind: Kind
):
    scene.world.delete(question, NINE)
    scene.spoil(Fault(kind, path=path.format(us=account.native_id), times=9))

    assert scene.collector(account).recheck([question]) == {question: Standing.UNKNOWN}


def test_many_replies_of_ours_are_read_back_to_their_end(scene: Scene, account: Account, question: str):
    for number in range(25):
        scene.world.comment(account.slug, f"{number}", account.native_id, "", NINE, parent=question)

    assert len(scene.collector(account, page_size=10).own_replies(question, since=NINE)) == 25


def test_the_token_never_travels_in_an_address(scene: Scene, account: Account, question: str):
    collector, addresses = scene.collector(account, searches=BINS), list[str]()
    line: Any = collector
    line.session.hooks["response"].append(lambda response, **_: addresses.append(response.request.url))

    run_all(collector)
    collector.reply(question, "Yfory.", key="k1")

    assert addresses
    assert all(account.token not in address for address in addresses)
