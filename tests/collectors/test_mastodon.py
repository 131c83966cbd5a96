"""What is peculiar to Mastodon: time runs forward by number, words are HTML, and whoever is not named is not told."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
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
from collectors.mastodon import Kept, MastodonAccount, open_mastodon
from collectors.paragraphs import plain
from collectors.transport import Answer, CannotOpen, UnsafeAddress
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Scene, asked_of, of_stream, run_all, run_once
from tests.collectors.conftest import Kept as Shelf
from tests.collectors.test_nonsense import DATE, AnySdk, Parrot
from vocabulary import Author, Comment, Origin, OwnReply, Platform, Post

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
HOME = "https://dyffryn.example"


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.MASTODON)


@pytest.fixture
def post(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Bore da bawb", NINE - 5 * DAY)


def overhear(collector: Any) -> list[requests.PreparedRequest]:
    """Every request from now on, as it leaves."""
    heard: list[requests.PreparedRequest] = []
    collector.line.session.hooks["response"].append(lambda response, **more: heard.append(response.request))
    return heard


def query_of(request: requests.PreparedRequest) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(request.url)).query)


# --- a server of one's own


def test_somebody_must_say_on_which_server_it_lives():
    with pytest.raises(CannotOpen, match="--home"):
        open_mastodon(Access(account="a", native_id="1", credential="t"))


@pytest.mark.parametrize("home", ["dyffryn.example", "https://dyffryn.example/", "https://dyffryn.example/@cyngor"])
def test_a_server_is_its_address_and_nothing_behind_it(home: str):
    collector = open_mastodon(Access(account="a", native_id="1", credential="t", home=home))

    assert collector.client.api_base_url == HOME


def test_a_home_without_encryption_is_refused():
    with pytest.raises(UnsafeAddress, match="https"):
        open_mastodon(Access(account="a", native_id="1", credential="t", home="http://toot.example"))


def test_the_account_is_read_where_it_lives_and_nowhere_else(scene: Scene, account: Account, post: str):
    access = replace(scene.access(account), home="https://arall.example")
    collector = open_mastodon(access)
    sent = overhear(collector)

    assert set(run_all(collector).posts) == {post}
    assert {urlsplit(str(request.url)).hostname for request in sent} == {"127.0.0.1"}


def test_a_token_is_never_in_an_address_nor_another_secret_beside_it(scene: Scene, account: Account, post: str):
    collector = scene.collector(account)
    sent = overhear(collector)

    run_all(collector)
    collector.reply(post, "Helo", key="k")

    assert {request.headers["Authorization"] for request in sent} == {f"Bearer {account.token}"}
    assert not any(account.token in str(request.url) for request in sent)
    assert not any({"Cookie", "Idempotency-Key"} & set(request.headers) for request in sent if request.method == "GET")


def test_a_token_that_is_also_the_name_of_a_file_stays_a_token(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The client reads a token from a file where there is one of that name."""
    us = scene.world.add_account(Platform.MASTODON, "dyffryn-m", "1001", "Cyngor Dyffryn", "token")
    (tmp_path / "token").write_text("somebody-elses-token\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    post = scene.world.post(us.slug, "Bore da", NINE - HOUR)

    assert set(run_all(open_mastodon(scene.access(us))).posts) == {post}


# --- notifications


def test_whoever_names_or_quotes_us_is_heard(scene: Scene, account: Account, post: str):
    reply = scene.world.comment(account.slug, "Diolch", *MARI, NINE - HOUR, post=post)
    mention = scene.world.mention(account.slug, "Helo bawb", *TOM, NINE - HOUR)
    quote = scene.world.quote(account.slug, "Clywch!", *TOM, NINE - HOUR, of=post)
    private = scene.world.direct_message(account.slug, "Yn breifat", *MARI, NINE - HOUR)
    scene.world.overheard(account.slug, "Cyngor Dyffryn eto", *TOM, NINE - HOUR)
    unnamed = scene.world.comment(account.slug, "Heb enw", *TOM, NINE - HOUR, post=post, mentions_us=False)

    comments = of_stream(scene, account, "notifications").comments

    assert unnamed not in comments
    assert {i: (c.thread, c.in_reply_to, c.origin) for i, c in comments.items()} == {
        reply: (post, post, Origin.ADDRESSED),
        mention: (mention, "", Origin.ADDRESSED),
        quote: (quote, "", Origin.ADDRESSED),
        private: (private, "", Origin.PRIVATE),
    }
    assert comments[reply].url == f"https://toot.example/@user_7001/{reply}"


def test_notifications_are_paged_forward_each_from_the_newest_of_the_one_before(scene: Scene, account: Account):
    everything = [scene.world.mention(account.slug, f"{n}", *MARI, NINE - DAY + n * MINUTE) for n in range(25)]
    collector = scene.collector(account, page_size=10)
    sent, shelf = overhear(collector), Shelf()

    assert run_once(collector, "notifications", shelf)

    asked = [int(query_of(request)["min_id"][0]) for request in sent]
    assert asked == sorted(set(asked))
    assert (asked[0], len(asked)) == (0, 4)
    assert [len(page.comments) for page in shelf.pages] == [10, 10, 5, 0]
    assert [comment.native_id for comment in shelf.pages[0].comments] == everything[9::-1]
    assert all("since_id" not in query_of(request) and "max_id" not in query_of(request) for request in sent)


def test_what_another_server_sends_late_comes_late_and_is_not_missed(scene: Scene, account: Account):
    scene.world.mention(account.slug, "Yn brydlon", *TOM, NINE - HOUR)
    shelf = of_stream(scene, account, "notifications")
    late = scene.world.mention(account.slug, "Yn hwyr", *MARI, NINE - 20 * DAY, listed_at=NINE + HOUR)
    scene.world.now += 2 * HOUR

    of_stream(scene, account, "notifications", shelf)

    assert late in shelf.comments


def test_what_was_told_in_the_last_ten_minutes_is_read_again_and_no_more(scene: Scene, account: Account):
    for minutes in (60, 9, 1):
        scene.world.mention(account.slug, f"{minutes}", *MARI, NINE - minutes * MINUTE)
    shelf = of_stream(scene, account, "notifications")
    before = len(shelf.pages)

    of_stream(scene, account, "notifications", shelf)

    again = [comment.text for page in shelf.pages[before:] for comment in page.comments]
    assert sorted(text.split()[-1] for text in again) == ["1", "9"]


def test_an_edit_far_from_our_posts_is_found_for_a_day_with_the_words_before(scene: Scene, account: Account):
    mentions = [scene.world.mention(account.slug, "Pryd?", *MARI, NINE - n * HOUR) for n in (5, 30, 7)]
    private = scene.world.direct_message(account.slug, "Pryd?", *TOM, NINE - 8 * HOUR)
    shelf = of_stream(scene, account, "notifications")
    scene.world.edit(mentions[0], "Byth?", NINE + HOUR)
    scene.world.edit(private, "Byth, rhyngom ni?", NINE + HOUR)
    scene.world.edit(mentions[1], "Rhy hwyr", NINE + HOUR - DAY)
    scene.world.now += 2 * HOUR
    before = len(shelf.pages)

    of_stream(scene, account, "notifications", shelf)

    again = {comment.native_id: comment for page in shelf.pages[before:] for comment in page.comments}
    assert {native_id: comment.text for native_id, comment in again.items()} == {
        mentions[0]: "@dyffrynmastodon Byth?",
        private: "@dyffrynmastodon Byth, rhyngom ni?",
    }
    assert again[mentions[0]].edited_at == NINE + HOUR
    assert again[private].origin is Origin.PRIVATE
    history = json.loads(again[mentions[0]].raw)["history"]
    assert [plain(version["content"]).split()[-1] for version in history] == ["Pryd?", "Byth?"]


def test_where_a_conversation_begins_is_asked_once_for_all_that_stand_in_it(scene: Scene, account: Account):
    first = scene.world.overheard(account.slug, "Helo", *MARI, NINE - HOUR)
    above, replies = first, []
    for number in range(8):
        who = (MARI, TOM)[number % 2]
        above = scene.world.comment(
            account.slug, f"{number}", *who, NINE - 50 * MINUTE + number * MINUTE, parent=above, mentions_us=True
        )
        replies.append(above)

    shelf = of_stream(scene, account, "notifications")

    assert {native_id: comment.thread for native_id, comment in shelf.comments.items()} == dict.fromkeys(replies, first)
    assert [shelf.comments[each].in_reply_to for each in replies] == [first, *replies[:-1]]
    assert asked_of(scene, "/context") == 1


def test_a_conversation_that_cannot_be_read_costs_no_comment(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post, mentions_us=False)
    reply = scene.world.comment(account.slug, "!", *TOM, NINE - MINUTE, parent=question)
    scene.spoil(Fault(Kind.SERVER_ERROR, path="*/context", times=9))

    comments = of_stream(scene, account, "notifications").comments

    assert {native_id: comment.thread for native_id, comment in comments.items()} == {reply: question}


@pytest.mark.parametrize(("kind", "error"), [(Kind.RATE_LIMITED, RateLimited), (Kind.EXPIRED, AuthExpired)])
@pytest.mark.parametrize("path", ["*/context", "*/history"])
def test_a_limit_met_while_looking_around_ends_the_run_and_loses_nothing(
    scene: Scene, account: Account, post: str, kind: Kind, error: type[CollectorError], path: str
):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.world.edit(question, "??", NINE - MINUTE)
    scene.spoil(Fault(kind, path=path))
    shelf = Shelf()

    with pytest.raises(error):
        run_once(scene.collector(account), "notifications", shelf)

    assert shelf.pages == []
    assert set(of_stream(scene, account, "notifications", shelf).comments) == {question}


def test_an_edit_whose_earlier_words_are_withheld_is_an_edit_all_the_same(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.world.edit(question, "??", NINE - MINUTE)
    scene.spoil(Fault(Kind.FORBIDDEN, path="*/history"))

    comment = of_stream(scene, account, "notifications").comments[question]

    assert (comment.text, "history" in json.loads(comment.raw)) == ("??", False)


# --- threads


def test_whoever_takes_our_name_away_is_found_under_our_post_with_all_that_is_below(
    scene: Scene, account: Account, post: str
):
    unnamed = scene.world.comment(account.slug, "Heb enw", *MARI, NINE - 3 * HOUR, post=post, mentions_us=False)
    above, deep = unnamed, []
    for number in range(12):
        at = NINE - 2 * HOUR + number * MINUTE
        above = scene.world.comment(account.slug, f"{number}", *TOM, at, parent=above, mentions_us=False)
        deep.append(above)
    assert of_stream(scene, account, "notifications").comments == {}

    shelf = of_stream(scene, account, "threads")

    assert set(shelf.comments) == {unnamed, *deep}
    assert {comment.thread for comment in shelf.comments.values()} == {post}
    assert [count for page in shelf.pages for count in page.counts] == [Count(post, 13)]
    assert asked_of(scene, "/context") == 1


def test_a_late_reply_under_an_older_post_is_found_by_its_count(scene: Scene, account: Account):
    posts = [scene.world.post(account.slug, f"{n}", NINE - 90 * DAY + n * DAY) for n in range(60)]
    for each in posts[:40]:
        scene.world.comment(account.slug, "?", *MARI, NINE - 20 * DAY, post=each)
    shelf = of_stream(scene, account, "threads")
    first = asked_of(scene, "/context")
    late = scene.world.comment(account.slug, "Yn hwyr", *TOM, NINE + MINUTE, post=posts[0], mentions_us=False)
    alone = scene.world.comment(account.slug, "Y cyntaf", *TOM, NINE + MINUTE, post=posts[50], mentions_us=False)
    scene.world.now += HOUR

    of_stream(scene, account, "threads", shelf)

    assert (first, asked_of(scene, "/context") - first) == (40, 25 + 1)
    assert (shelf.comments[late].thread, shelf.comments[alone].thread) == (posts[0], posts[50])


def test_no_further_back_is_looked_than_three_hundred_posts(scene: Scene, account: Account):
    posts = [scene.world.post(account.slug, f"{n}", NINE - 400 * HOUR + n * HOUR) for n in range(330)]
    for each in (posts[0], posts[40]):
        scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=each, mentions_us=False)

    shelf = of_stream(scene, account, "threads")

    assert {comment.thread for comment in shelf.comments.values()} == {posts[40]}
    assert asked_of(scene, "/statuses") == 8


def test_what_we_go_on_with_below_our_own_post_is_one_conversation(scene: Scene, account: Account, post: str):
    us = account.native_id
    second = scene.world.comment(account.slug, "(2/3)", us, "", NINE - 4 * DAY, parent=post)
    third = scene.world.comment(account.slug, "(3/3)", us, "", NINE - 4 * DAY + MINUTE, parent=second)
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, parent=third, mentions_us=False)

    shelf = of_stream(scene, account, "threads")

    assert (shelf.comments[question].thread, shelf.comments[question].in_reply_to) == (post, third)
    assert {reply: shelf.ours[reply].thread for reply in (second, third)} == {second: post, third: post}
    assert [count for page in shelf.pages for count in page.counts] == [Count(post, 3)]
    assert asked_of(scene, "/context") == 1


def test_what_we_go_on_with_in_somebody_elses_conversation_stands_in_theirs(scene: Scene, account: Account):
    us = account.native_id
    mention = scene.world.mention(account.slug, "Helo", *MARI, NINE - 3 * HOUR)
    answer = scene.world.comment(account.slug, "(1/2)", us, "", NINE - 2 * HOUR, parent=mention)
    second = scene.world.comment(account.slug, "(2/2)", us, "", NINE - 2 * HOUR + MINUTE, parent=answer)
    question = scene.world.comment(account.slug, "?", *TOM, NINE - HOUR, parent=second, mentions_us=False)

    shelf = of_stream(scene, account, "threads")

    assert shelf.comments[question].thread == mention
    assert [count for page in shelf.pages for count in page.counts] == []


def test_a_post_that_goes_away_under_way_does_not_stop_the_others(scene: Scene, account: Account, post: str):
    other = scene.world.post(account.slug, "Eto", NINE - DAY)
    for each in (post, other):
        scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=each)
    scene.spoil(Fault(Kind.GONE, path="*/context"))

    shelf = of_stream(scene, account, "threads")

    assert len(shelf.comments) == 1
    assert len([trouble for page in shelf.pages for trouble in page.troubles]) == 1


def test_words_are_asked_for_again_only_of_what_was_edited_since(scene: Scene, account: Account, post: str):
    first, second = (scene.world.comment(account.slug, "?", *MARI, NINE - 2 * HOUR, post=post) for _ in range(2))
    scene.world.edit(first, "??", NINE - HOUR)
    shelf = of_stream(scene, account, "threads")
    assert asked_of(scene, "/history") == 1
    scene.world.edit(second, "???", NINE + HOUR)
    scene.world.now += 2 * HOUR

    of_stream(scene, account, "threads", shelf)

    assert asked_of(scene, "/history") == 2
    assert {each: shelf.comments[each].text for each in (first, second)} == {first: "??", second: "???"}


def test_a_list_of_our_posts_that_leads_back_to_itself_is_not_read_for_ever(scene: Scene, account: Account, post: str):
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/statuses", times=9))

    with pytest.raises(Malformed, match="leads back"):
        run_once(scene.collector(account), "threads", Shelf())


@pytest.mark.parametrize("mark", ["", "{", "{}", '{"at":"ddoe","counts":{}}', '{"at":"2026-11-16","counts":[]}', "7"])
def test_a_watermark_that_is_not_ours_is_none(mark: str):
    assert Kept.unpacked(mark) is None


@given(st.datetimes(timezones=st.just(UTC)), st.dictionaries(st.text(max_size=5), st.integers(0, 9**9), max_size=5))
def test_a_watermark_comes_back_as_it_was_kept(at: datetime, counts: dict[str, int]):
    kept = Kept(at, counts)

    assert Kept.unpacked(kept.packed()) == kept


# --- our own, and searches


def test_our_own_words_are_read_again_for_a_week_and_as_we_changed_them(scene: Scene, account: Account):
    old, recent = (scene.world.post(account.slug, "Biniau ddydd Llun", NINE - n * DAY) for n in (9, 6))
    shelf = of_stream(scene, account, "own", page_size=1)
    first = asked_of(scene, "/statuses")
    scene.world.edit(recent, "Biniau ddydd Mawrth", NINE + MINUTE)
    scene.world.edit(old, "Biniau ddydd Mercher", NINE + MINUTE)
    scene.world.now += HOUR

    of_stream(scene, account, "own", shelf, page_size=1)

    assert shelf.posts[recent].text == "Biniau ddydd Mawrth"
    assert (first, asked_of(scene, "/statuses") - first) == (2 + 1, 2)


def test_where_a_new_reply_of_ours_stands_is_looked_up(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "Helo", *MARI, NINE - 2 * HOUR)
    below = scene.world.comment(account.slug, "Eto", *TOM, NINE - HOUR, parent=mention, mentions_us=True)
    shelf = of_stream(scene, account, "own")
    reply = scene.world.comment(account.slug, "Diolch", account.native_id, "", NINE + MINUTE, parent=below)
    scene.world.now += HOUR

    of_stream(scene, account, "own", shelf)

    assert (shelf.ours[reply].in_reply_to, shelf.ours[reply].thread) == (below, mention)


def test_what_we_only_passed_on_is_not_ours():
    theirs = a_status("2", account=US, content="", reblog=a_status("1"))

    (page,) = an_account([theirs, a_status("3", account=US)]).fetch("own", Cursor(), Budget())

    assert [post.native_id for post in page.posts] == ["3"]
    assert not page.comments
    assert not page.troubles


SEARCHES = {"tag": "#Biniau", "words": "biniau dyffryn"}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_brings_what_nobody_addressed_to_us(scene: Scene, account: Account, post: str, name: str):
    world, slug, words = scene.world, account.slug, "Biniau Dyffryn #biniau"
    overheard = world.overheard(slug, f"{words} heddiw", *TOM, NINE - HOUR)
    world.overheard(slug, "Y tywydd", *TOM, NINE - HOUR)
    reply = world.comment(slug, words, *MARI, NINE - HOUR, post=post)
    beside = world.comment(slug, words, *TOM, NINE - HOUR, parent=reply, mentions_us=False)
    world.comment(slug, words, *TOM, NINE - HOUR, post=post, mentions_us=False)
    world.mention(slug, words, *TOM, NINE - HOUR)
    world.quote(slug, words, *TOM, NINE - HOUR, of=post)
    world.direct_message(slug, words, *TOM, NINE - HOUR)
    world.post(slug, words, NINE - HOUR)

    shelf = of_stream(scene, account, f"search:{name}", searches=SEARCHES)

    assert scene.collector(account, searches=SEARCHES).streams()[-2:] == ("search:tag", "search:words")
    assert set(shelf.comments) == {overheard, beside}
    comment = shelf.comments[overheard]
    assert (comment.origin, comment.found_by, comment.thread) == (Origin.SEARCH, name, overheard)
    assert not shelf.posts
    assert not shelf.ours
    assert asked_of(scene, "/search") == (2 if name == "words" else 0)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_pages_on_and_later_looks_back_a_day(scene: Scene, account: Account, name: str):
    """Other servers may be away for hours; what they send then bears its own time."""
    more: dict[str, Any] = {"page_size": 10, "searches": SEARCHES}
    words = "Biniau Dyffryn #biniau"
    old = {scene.world.overheard(account.slug, words, *TOM, NINE - 3 * DAY + n * HOUR) for n in range(30)}
    last = scene.world.overheard(account.slug, words, *TOM, NINE - HOUR)
    shelf = of_stream(scene, account, f"search:{name}", **more)
    first = len(scene.simulator.requests)
    late = scene.world.overheard(account.slug, words, *TOM, NINE - 20 * HOUR)
    scene.world.now += 3 * HOUR

    of_stream(scene, account, f"search:{name}", shelf, **more)

    assert set(shelf.comments) == {*old, last, late}
    assert (first, len(scene.simulator.requests) - first) == (5, 2)


def test_a_tag_is_looked_for_with_its_hat_on(scene: Scene, account: Account):
    overheard = scene.world.overheard(account.slug, "Heddiw #DŵrGlân", *TOM, NINE - HOUR)

    assert set(of_stream(scene, account, "search:s", searches={"s": " #dŵrglân "}).comments) == {overheard}


def test_a_search_ends_somewhere():
    """A server that never comes to an end is left at a thousand."""
    found = {"statuses": [a_status(str(n)) for n in range(40)], "accounts": [], "hashtags": []}
    collector = replace(an_account(found), searches={"s": "biniau"})

    pages = list(collector.fetch("search:s", Cursor(), Budget()))

    assert (len(pages), pages[-1].complete) == (25, True)


def test_what_is_searched_for_is_kept_out_of_the_log(scene: Scene, account: Account, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)

    for query in ("Cyfrinach", "#Cyfrinach"):
        of_stream(scene, account, "search:s", searches={"s": query})

    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert not any("Cyfrinach" in message for message in ours)


# --- words

US = {"id": "1001", "username": "cyngor", "acct": "cyngor", "display_name": "Cyngor Dyffryn"}
MARIS = {"id": "7001", "username": "mari", "acct": "mari@toot.example", "display_name": "Mari Evans"}
NAMING_US = {"id": "1001", "username": "cyngor", "acct": "cyngor", "url": f"{HOME}/@cyngor"}


def a_status(native_id: str, **more: Any) -> dict[str, Any]:
    """A post as the server has it, with these properties."""
    return {
        "id": native_id,
        "created_at": "2026-11-16T08:00:00.000Z",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "visibility": "public",
        "spoiler_text": "",
        "uri": f"https://toot.example/users/mari/statuses/{native_id}",
        "url": f"https://toot.example/@mari/{native_id}",
        "replies_count": 0,
        "edited_at": None,
        "content": "<p>Helo</p>",
        "reblog": None,
        "account": MARIS,
        "mentions": [],
        **more,
    }


def told_of(status: Any) -> dict[str, Any]:
    return {"id": "500", "type": "mention", "created_at": "2026-11-16T08:00:01.000Z", "account": {}, "status": status}


def an_account(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> MastodonAccount:
    """One to which every question gets this answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    line: Any = Parrot(Answer(status, headers or DATE, raw))
    return MastodonAccount("dyffryn", "1001", AnySdk(), line)


def heard(*statuses: Any) -> list[Comment]:
    (page,) = an_account([told_of(each) for each in statuses]).fetch("notifications", Cursor(), Budget())
    assert not page.troubles
    return list(page.comments)


LONG = "https://dyffryn.example/gwasanaethau/biniau-ac-ailgylchu?stryd=1&rhif=2"
SHORTENED = (
    f'<a href="{LONG}" rel="nofollow"><span class="invisible">https://</span>'
    '<span class="ellipsis">dyffryn.example/gwasanaethau/b</span>'
    '<span class="invisible">iniau-ac-ailgylchu?stryd=1&amp;rhif=2</span></a>'
)
NAME = '<span class="h-card"><a href="https://dyffryn.example/@c" class="u-url mention">@<span>cyngor</span></a></span>'
EVIL = "https://drwg.example/"

# HTML, and what an officer reads of it.
WORDS = [
    ("<p>Pryd?</p>",                                             "Pryd?"),
    ("<p>Un</p><p>Dau<br>Tri<br />Pedwar</p>",                   "Un\n\nDau\nTri\nPedwar"),
    ("<p>Bins &amp; bags &lt; 3 &amp;amp;</p>",                  "Bins & bags < 3 &amp;"),
    ("<p>a\n  b\r\nc  d</p>\n<p>e</p>",                          "a b c  d\n\ne"),
    (f"<p>Gweler {SHORTENED}.</p>",                              f"Gweler {LONG}."),
    (f"<p>{NAME} ydych chi yna?</p>",                            "@cyngor ydych chi yna?"),
    ('<p><a class="mention hashtag" href="https://a.example">#<span>Biniau</span></a>!</p>', "#Biniau!"),
    (f'<p>cliciwch <a href="{EVIL}">yma</a>.</p>',               f"cliciwch yma ({EVIL})."),
    (f'<p><a href="{EVIL}">https://dyffryn.example</a></p>',     f"https://dyffryn.example ({EVIL})"),
    (f'<p><a href="{EVIL}">dyffryn.example.drwg.example</a></p>', f"dyffryn.example.drwg.example ({EVIL})"),
    (f'<p><a href="{EVIL}"></a> a</p>',                          f"{EVIL} a"),
    (f'<p><a href="{EVIL}"><a href="{LONG}">un</a> dau</a></p>', f"{EVIL}un ({LONG}) dau"),
    ('<p><a href="">dim</a> <a>dim</a></p>',                     "dim dim"),
    ("<ul><li>un</li><li>dau</li></ul><p>tri</p>",               "- un\n- dau\n\ntri"),
    ("<blockquote><p>Meddai hi</p></blockquote><p>Ie</p>",       "Meddai hi\n\nIe"),
    ("<pre><code>a\n  b</code></pre><p>c\nd</p>",                "a\n  b\n\nc d"),
    ('<p>Da <img src="x" alt=":calon:" onerror="alert(1)"></p>', "Da :calon:"),
    ("<p>Da</p><script>alert('drwg')</script><style>p{}</style>", "Da"),
    ("<p>Da</p><script>a</script x><p>eto</p>",                  "Da\n\neto"),
    ('<p onclick="x" title="a>b">Da</p>',                        "Da"),
    ('<p style="display:none">Mae hwn yna</p>',                  "Mae hwn yna"),
    ("<p>Un<p>dau<b>tri",                                        "Un\n\ndautri"),
    ("</p></a></script>dal yma",                                 "dal yma"),
    ("dim HTML o gwbl",                                          "dim HTML o gwbl"),
    ("<![x[ a ]]> <!x <? <3 <- >",                               "<![x[ a ]]> <!x <? <3 <- >"),
    ("<a <b>b</b>",                                              "<a b"),
    ("",                                                         ""),
]  # fmt: skip


@pytest.mark.parametrize(("html", "read"), WORDS, ids=range(len(WORDS)))
def test_html_is_read_as_a_reader_sees_it_and_links_in_full(html: str, read: str):
    (comment,) = heard(a_status("1", content=html))

    assert comment.text == read


PIECES = st.sampled_from(
    ["<p>", "</p>", "<br>", "<a href='x'>", '<a href="', "</a>", "<!", "<![", "<!--", "-->", "<?", "]]>", "<", ">", "&",
     "&#", "&#x110000;", "&#0;", "&lt", ";", '"', "'", "<script>", "</script>", "<pre>", "<li>", "</", "/>", "ŵ",
     "\ud800", "\0", " ", "\n", "a", "<svg><![CDATA[", "<!doctype"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=400)
def test_no_html_is_too_broken_to_be_read(html: str):
    assert "<p>" not in plain(html)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]) | st.just("\n"), max_size=60))
def test_what_was_escaped_comes_out_as_it_was_typed(text: str):
    assert plain(f"<p>{escape(text)}</p>".replace("\n", "<br>")) == text.strip()


@pytest.mark.parametrize(
    "html", ["<!--" * 30_000, "<a " * 30_000, " " * 99_999 + "a", "<a href=x>" * 9_000 + "</a>" * 9_000, "<![" * 30_000]
)
def test_what_is_built_to_take_for_ever_does_not(html: str):
    """The suite ends; with the parser alone it would be some minutes later."""
    (comment,) = heard(a_status("1", content=html))

    assert comment.native_id == "1"


# Who is named before a reply, and what is left of the words.
NAMED = [
    ("@cyngor Diolch",                    ["cyngor"],                      "Diolch"),
    ("@cyngor @mari@toot.example Diolch", ["cyngor", "mari@toot.example"], "Diolch"),
    ("@cyngor @arall Diolch",             ["cyngor"],                      "@arall Diolch"),
    ("Diolch @cyngor am hyn",             ["cyngor"],                      "Diolch @cyngor am hyn"),
    ("@cyngor",                           ["cyngor"],                      "@cyngor"),
    ("@cyngor: na",                       ["cyngor"],                      "@cyngor: na"),
    ("@cyngor " * 20_000 + "a",           ["cyngor"],                      "a"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "mentions", "read"), NAMED, ids=range(len(NAMED)))
def test_names_that_a_client_puts_before_a_reply_are_not_words(typed: str, mentions: list[str], read: str):
    naming = [{"id": "1", "username": each.split("@")[0], "acct": each} for each in mentions]
    reply, alone = (
        a_status("2", content=f"<p>{typed}</p>", mentions=naming, in_reply_to_id=above) for above in ("1", None)
    )

    assert [comment.text for comment in heard(reply)] == [read]
    assert [comment.text for comment in heard(alone)] == [typed]


def test_a_warning_stands_before_the_words_it_warns_of():
    (comment,) = heard(a_status("1", spoiler_text="Gwleidyddiaeth", content="<p>Cwyn</p>"))

    assert comment.text == "Gwleidyddiaeth\n\nCwyn"


def test_who_wrote_is_named_as_they_name_themselves_or_by_their_handle():
    named, bare = heard(a_status("1"), a_status("2", account={**MARIS, "display_name": ""}))

    assert (named.author, bare.author) == (Author("7001", "Mari Evans"), Author("7001", "mari@toot.example"))


# How far a post is visible, and whether that is private.
VISIBLE = [
    ("public",   Origin.ADDRESSED, "public"),
    ("unlisted", Origin.ADDRESSED, "unlisted"),
    ("private",  Origin.PRIVATE,   "direct"),
    ("direct",   Origin.PRIVATE,   "direct"),
    ("newydd",   Origin.PRIVATE,   "direct"),
    (["public"], Origin.PRIVATE,   "direct"),
    (None,       Origin.PRIVATE,   "direct"),
]  # fmt: skip


class OnlyPosts:
    """Stands for the client: what it is asked to publish."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []

    def status(self, native_id: str) -> None:
        return None

    def status_context(self, native_id: str) -> None:
        return None

    def fetch_next(self, page: Any) -> None:
        return None

    def status_post(self, text: str, **more: Any) -> None:
        self.posted.append((text, more))


@pytest.mark.parametrize(("visibility", "origin", "answered"), VISIBLE)
def test_what_is_not_for_all_is_private_and_so_is_our_answer(visibility: Any, origin: Origin, answered: str):
    status, client = a_status("2", visibility=visibility), OnlyPosts()
    (comment,) = heard(status)

    replace(an_account(status), client=client).reply("2", "Diolch", key="k")

    assert comment.origin is origin
    ((text, more),) = client.posted
    assert (text, more["visibility"], more["in_reply_to_id"]) == ("@mari@toot.example Diolch", answered, "2")


@pytest.mark.parametrize(
    "item",
    [
        7,
        None,
        {},
        a_status("1", content=None),
        a_status("1", content=7),
        a_status("1", created_at="ddoe"),
        a_status("1", created_at="0001-01-01T00:00:00Z"),
        a_status("1", created_at="2026-11-16T08:00:00"),
        a_status("1", edited_at="ddoe"),
        a_status("1", account=7),
        a_status("1", account={"id": 7}),
        a_status("1", in_reply_to_id=7),
        a_status("1", spoiler_text=7),
        a_status("1", url=7),
        a_status("x" * 501),
        {**a_status("1"), "id": 7},
        {**a_status("1"), "id": ""},
    ],
)
def test_one_post_that_cannot_be_read_costs_no_other(item: Any):
    listed = [told_of(item), told_of(a_status("9"))]

    (page,) = an_account(listed).fetch("notifications", Cursor(), Budget())

    assert [comment.native_id for comment in page.comments] == ["9"]
    assert len(page.troubles) == 1


def test_what_we_do_not_know_is_let_pass():
    strange = a_status("1", quote={"state": "revoked"}, mentions=[7, {"acct": 7}], newydd={"a": 1})

    assert [comment.text for comment in heard(strange)] == ["Helo"]


# --- replying


def test_a_reply_names_whom_it_answers_and_carries_the_key(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - HOUR, post=post)
    collector = scene.collector(account)
    sent = overhear(collector)

    receipt = collector.reply(question, "Dydd Mawrth", key="k1")

    (request,) = [each for each in sent if each.method == "POST"]
    assert request.headers["Idempotency-Key"] == "k1"
    form = parse_qs(str(request.body))
    assert form["status"] == ["@user_7001@toot.example Dydd Mawrth"]
    assert (form["in_reply_to_id"], form["visibility"]) == ([question], ["public"])
    (stands,) = scene.world.replies_by_us(account.slug)
    assert (receipt.native_id, receipt.at) == (stands.native_id, NINE)
    assert run_all(collector).ours[stands.native_id].text == "Dydd Mawrth"


def test_the_same_intent_stands_once_however_often_it_is_sent(scene: Scene, account: Account, post: str):
    collector = scene.collector(account)
    first = collector.reply(post, "Dydd Mawrth", key="k1")
    scene.world.now += 30 * MINUTE

    assert collector.reply(post, "Dydd Mawrth", key="k1").native_id == first.native_id
    assert collector.reply(post, "Dydd Mawrth", key="k2").native_id != first.native_id
    assert len(scene.world.replies_by_us(account.slug)) == 2


def test_a_private_message_is_answered_for_its_author_alone(scene: Scene, account: Account):
    private = scene.world.direct_message(account.slug, "Rhyngom ni", *MARI, NINE - HOUR)
    collector = scene.collector(account)

    collector.reply(private, "Wrth gwrs", key="k")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert reply.private
    (found,) = collector.own_replies(private, since=NINE)
    assert (found.native_id, found.text) == (reply.native_id, "Wrth gwrs")
    assert run_all(collector).comments[private].text == "@dyffrynmastodon Rhyngom ni"


def test_we_do_not_name_ourselves(scene: Scene, account: Account, post: str):
    collector = scene.collector(account)
    sent = overhear(collector)

    collector.reply(post, "Ac eto", key="k")

    assert parse_qs(str(sent[-1].body))["status"] == ["Ac eto"]


# A text, and what Mastodon counts of it.
LENGTHS = [
    ("",                                             0),
    ("Ŵyr",                                          3),
    ("w\u0302",                                      1),
    ("👨‍👩‍👧‍👦🏴󠁧󠁢󠁷󠁬󠁳󠁿",                                           2),
    (f"Gweler {LONG}!",                              7 + 23 + 1),
    ("https://a.w",                                  23),
    ("@mari@toot.example diolch",                    5 + 7),
    ("post@dyffryn.example",                         20),
]  # fmt: skip


@pytest.mark.parametrize(("text", "counted"), LENGTHS, ids=range(len(LENGTHS)))
def test_length_is_counted_as_mastodon_counts(text: str, counted: int):
    assert an_account({}).length_of(text) == counted


def test_the_longest_reply_leaves_room_for_the_longest_name(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "?", "7" * 30, "Enw Hir", NINE - HOUR, post=post)
    collector = scene.collector(account)
    longest = collector.capabilities().longest_reply

    collector.reply(question, f"{'x' * (longest - 24)} {LONG}", key="k")
    with pytest.raises(Refused, match="longer than Mastodon allows"):
        collector.reply(question, "x" * (longest + 1), key="k2")

    assert len(scene.world.replies_by_us(account.slug)) == 1


def test_nothing_is_written_under_what_is_gone(scene: Scene, account: Account, post: str):
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.world.delete(question, NINE - MINUTE)

    with pytest.raises(Gone):
        scene.collector(account).reply(question, "Helo", key="k")

    assert all(each.method == "GET" for each in scene.simulator.requests)


def test_below_what_is_gone_a_read_back_knows_nothing(scene: Scene, account: Account, post: str):
    """Mastodon then says of our reply that it answers nothing; that it is not among the answers proves nothing."""
    question = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    collector = scene.collector(account)
    collector.reply(question, "Helo", key="k")
    scene.world.delete(question, NINE)

    with pytest.raises(Gone):
        collector.own_replies(question, since=NINE)


@pytest.mark.parametrize("account_of", [None, 7, {}, {"acct": 7}, {"acct": ""}, {"acct": "a b"}, {"acct": "a\n@pawb"}])
def test_nobody_is_answered_whose_name_we_were_not_told(account_of: Any):
    client = OnlyPosts()

    with pytest.raises(Malformed, match="whom the reply is for"):
        replace(an_account(a_status("2", account=account_of)), client=client).reply("2", "Helo", key="k")

    assert client.posted == []


def test_a_read_back_goes_on_until_it_is_past_the_time(scene: Scene, account: Account, post: str):
    for number in range(40):
        scene.world.comment(account.slug, "Eto", account.native_id, "", NINE - DAY + number * HOUR / 2, post=post)
    collector = scene.collector(account, page_size=10)

    found = collector.own_replies(post, since=NINE - 14 * HOUR)

    assert len(found) == 20
    assert asked_of(scene, "/statuses") == 3


def test_more_than_can_be_looked_through_is_not_an_empty_answer(scene: Scene, account: Account, post: str):
    for number in range(22):
        scene.world.comment(account.slug, "Eto", account.native_id, "", NINE - DAY + number * MINUTE, post=post)

    with pytest.raises(Transient, match="more than 20 pages"):
        scene.collector(account, page_size=1).own_replies(post, since=NINE - 2 * DAY)


def test_a_read_back_that_cannot_read_one_of_our_posts_does_not_say_there_is_none():
    body: dict[str, Any] = {"ancestors": [], "descendants": []}
    collector = an_account(body)
    answers = iter([Answer(200, DATE, json.dumps(each).encode()) for each in (body, [a_status("1", content=7)])])
    line: Any = Takes(answers)

    with pytest.raises(Malformed, match="cannot be read"):
        replace(collector, line=line).own_replies("1", since=NINE)


class Takes:
    """A line on which each question gets the next answer."""

    def __init__(self, answers: Any) -> None:
        self.answers = answers

    def ask(self, send: Callable[[], object]) -> Answer:
        send()
        answer: Answer = next(self.answers)
        return answer


def test_nobody_elses_post_can_be_hidden_and_the_officer_is_told_what_can_be_done(scene: Scene, account: Account):
    collector = scene.collector(account)
    assert collector.capabilities().actions == {Action.REPLY}

    for action in Action:
        with pytest.raises(Refused, match=r"report it .* mute or block .* record it here"):
            collector.act(action, "1")

    assert scene.simulator.requests == []


# --- what became of it


def test_a_hundred_are_asked_about_in_five_questions_and_an_edit_is_told(scene: Scene, account: Account, post: str):
    ids = [scene.world.comment(account.slug, f"{n}", *MARI, NINE - HOUR, post=post) for n in range(100)]
    scene.world.edit(ids[7], "Golygwyd", NINE - MINUTE)

    standing = scene.collector(account).recheck([*ids, *ids])

    assert standing == {**dict.fromkeys(ids, Standing.PRESENT), ids[7]: Standing.EDITED}
    assert len(scene.simulator.requests) == 5


def test_an_older_server_is_asked_about_each_alone(scene: Scene, account: Account, post: str):
    there, gone = (scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post) for _ in range(2))
    scene.world.delete(gone, NINE - MINUTE)
    scene.spoil(Fault(Kind.GONE, path="/api/v1/statuses", times=9))

    standing = scene.collector(account).recheck([there, gone])

    assert standing == {there: Standing.PRESENT, gone: Standing.GONE}


@pytest.mark.parametrize("kind", [Kind.GONE, Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.FALSE_BODY, Kind.TRUNCATED_JSON])
def test_nothing_is_gone_while_we_cannot_read_ourselves(scene: Scene, account: Account, post: str, kind: Kind):
    gone = scene.world.comment(account.slug, "?", *MARI, NINE - HOUR, post=post)
    scene.world.delete(gone, NINE - MINUTE)
    scene.spoil(Fault(kind, path="*/verify_credentials"))

    assert scene.collector(account).recheck([gone]) == {gone: Standing.UNKNOWN}


def test_a_token_of_another_account_proves_nothing_gone(scene: Scene, account: Account):
    other = scene.account(Platform.MASTODON)
    collector = open_mastodon(replace(scene.access(account), credential=other.token))

    assert collector.recheck(["110000000000000000"]) == {"110000000000000000": Standing.UNKNOWN}


def test_what_is_no_id_is_never_gone_and_never_asked_about(scene: Scene, account: Account):
    nonsense = ["", "../accounts", "a b", "x" * 65, "1?x=2"]

    assert scene.collector(account).recheck(nonsense) == dict.fromkeys(nonsense, Standing.UNKNOWN)
    assert scene.simulator.requests == []


# --- errors

# A status, what we make of it when reading, and what when writing.
ERRORS: list[tuple[int, type[CollectorError], type[CollectorError]]] = [
    (400, Refused,        Refused),
    (401, AuthExpired,    AuthExpired),
    (403, PermissionLost, PermissionLost),
    (404, Gone,           Gone),
    (410, Gone,           Gone),
    (422, Refused,        Refused),
    (429, RateLimited,    RateLimited),
    (202, Malformed,      Unconfirmed),
    (301, Malformed,      Unconfirmed),
    (413, Malformed,      Unconfirmed),
    (500, Transient,      Unconfirmed),
    (502, Transient,      Unconfirmed),
    (503, Transient,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "reading", "writing"), ERRORS)
def test_mastodons_words_are_understood(status: int, reading: type[CollectorError], writing: type[CollectorError]):
    collector = an_account({"error": "Cyfrinach"}, status)
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
        ({"x-ratelimit-reset": "2026-11-16T09:03:00.123456Z"}, NINE + timedelta(minutes=3, microseconds=123456)),
        ({"x-ratelimit-reset": "2026-11-16T10:03:00+01:00"},   NINE + 3 * MINUTE),
        ({"x-ratelimit-reset": "2030-01-01T00:00:00Z"},        NINE + DAY),
        ({"x-ratelimit-reset": "2026-11-16T08:00:00Z"},        NINE),
        ({"x-ratelimit-reset": "1794819900"},                  datetime(2026, 11, 16, 9, 5, tzinfo=UTC)),
        ({"x-ratelimit-reset": "ddoe"},                        NINE + 5 * MINUTE),
        ({"retry-after": "30"},                                NINE + timedelta(seconds=30)),
        ({},                                                   NINE + 5 * MINUTE),
    ],
)  # fmt: skip
def test_the_moment_to_come_back_is_a_date(headers: dict[str, str], until: datetime):
    collector = an_account({"error": "Too many requests"}, 429, DATE | headers)

    with pytest.raises(RateLimited) as caught:
        list(collector.fetch("own", Cursor(), Budget()))

    assert caught.value.until == until


def test_a_limit_without_any_time_is_for_the_next_run():
    with pytest.raises(Transient):
        list(an_account({}, 429, {"content-type": "application/json"}).fetch("own", Cursor(), Budget()))


def test_a_page_says_what_is_left_of_the_window(scene: Scene, account: Account, post: str):
    pages = run_all(scene.collector(account)).pages

    assert [page.usage.remaining for page in pages] == [left / 300 for left in (299, 298, 297)]


# --- the client's own ways


ODD_HEADERS: list[dict[str, str]] = [
    {"X-RateLimit-Reset": "ddoe", "X-RateLimit-Remaining": "llawer"},
    {"X-RateLimit-Reset": "2026-11-16T09:00:00Z", "Date": "ddoe"},
    {"Link": "<>; rel=next, <https://dyffryn.example/?max_id=%00>; rel=prev, nonsense"},
    {"Link": '<https://[drwg>; rel="next"'},
    {"Content-Type": "text/html"},
]


@pytest.mark.parametrize("headers", ODD_HEADERS, ids=range(len(ODD_HEADERS)))
def test_what_the_client_trips_over_is_read_all_the_same(
    scene: Scene, account: Account, post: str, headers: dict[str, str]
):
    """It takes a header it cannot read for a limit, and an answer that is not as it expects for none."""
    collector: Any = scene.collector(account)

    def spoilt(response: requests.Response, **more: Any) -> None:
        response.headers.update(headers)

    collector.line.session.hooks["response"].insert(0, spoilt)
    if "Date" in headers:
        with pytest.raises(Malformed, match="without its own time"):
            run_once(collector, "own", Shelf())
    else:
        shelf = Shelf()
        assert run_once(collector, "own", shelf)
        assert set(shelf.posts) == {post}


def test_a_network_error_of_the_clients_does_not_carry_the_address_out(scene: Scene, account: Account):
    scene.spoil(Fault(Kind.DROPPED_BEFORE, path="*", times=9))

    with pytest.raises(Transient) as caught:
        list(scene.collector(account, searches={"s": "#Cyfrinach"}).fetch("search:s", Cursor(), Budget()))

    said = f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    assert "Cyfrinach" not in said


# --- nonsense

NAMES = st.sampled_from(
    "id type created_at status account acct username display_name content spoiler_text visibility in_reply_to_id "
    "in_reply_to_account_id mentions edited_at url uri reblog quote quoted_status replies_count ancestors descendants "
    "statuses error".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from([
        "", "1", "2", "1001", "2026-11-16T08:00:00Z", "public", "direct", "<p>@mari Helo</p>", "<![x[", "mari",
        "\ud800",
    ]),
)  # fmt: skip
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
STATUSES = st.builds(
    lambda native_id, more: {**a_status(native_id), **more},
    st.sampled_from("123"),
    st.dictionaries(NAMES, JSON, max_size=4),
)
ITEMS = st.lists(STATUSES | STATUSES.map(told_of) | JSON, max_size=3)
BODIES = st.one_of(
    st.one_of(
        JSON,
        ITEMS,
        STATUSES,
        st.fixed_dictionaries({"ancestors": ITEMS, "descendants": ITEMS, "statuses": ITEMS}),
        st.fixed_dictionaries({"error": JSON}),
    ).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
LINKS = st.sampled_from(
    ["", '<https://a/?min_id=5>; rel="prev"', '<https://a/?max_id=5>; rel="next"', "<https://[>; rel=next", ",;<>"]
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "link": LINKS | st.text(max_size=20),
        **{
            name: st.one_of(st.text("0123456789", max_size=12), st.text(max_size=9))
            for name in ("x-ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining", "retry-after", "date")
        },
    },
)
STATUS_CODES: Sequence[int] = [200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 410, 418, 422, 429, 500, 502, 503]


@given(
    status=st.sampled_from(STATUS_CODES),
    headers=HEADERS.map(lambda strange: DATE | strange),
    body=BODIES,
    mark=st.sampled_from(["", "7", "ddoe", "2026-11-16T08:00:00+00:00"]) | st.text(max_size=20),
    token=st.text(max_size=30) | st.sampled_from(['["",["1"],"x"]', '["",[""],"7 8"]', '["",[""]," "]']),
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    status: int, headers: dict[str, str], body: bytes, mark: str, token: str
):
    collector = replace(an_account(body, status, headers), searches={"s": "biniau", "t": "#biniau"})

    def read(stream: str) -> None:
        for page in collector.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert page.complete or page.cursor.watermark == mark
            for said in (*page.comments, *page.posts, *page.ours):
                assert isinstance(said, Comment | Post | OwnReply)
                assert said.posted_at.tzinfo

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in collector.streams()),
        lambda: collector.reply("1", "Diolch https://a.example", key="k"),
        lambda: collector.act(Action.HIDE, "1"),
        lambda: collector.own_replies("1", since=NINE),
        lambda: collector.recheck(["1", "a b"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@given(status=st.sampled_from([400, 401, 403, 422, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_a_refused_recheck_never_says_gone(status: int, body: bytes):
    try:
        standing = an_account(body, status).recheck(["1"])
    except CollectorError:
        return
    assert standing["1"] is not Standing.GONE
