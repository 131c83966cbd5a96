"""What is peculiar to WordPress: held and spam, pages that move, two clocks, guests, and doors that lead to people."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

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
from collectors.registry import open_collector
from collectors.transport import Answer, BadCredential, CannotOpen, UnsafeAddress
from collectors.wordpress import WordPress, open_wordpress
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Kept, Scene, of_stream, run_all, run_once
from tests.collectors.test_nonsense import DATE, Parrot
from vocabulary import Author, Comment, OwnReply, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
GUEST = ("ymwelydd", "Elin")
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.WORDPRESS)


@pytest.fixture
def post(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Dyddiau casglu newydd", NINE - 2 * DAY)


def comments(scene: Scene, account: Account, post: str, many: int, at: datetime = NINE - 6 * HOUR) -> list[str]:
    """A minute apart, oldest first."""
    return [scene.world.comment(account.slug, f"Sylw {n}", *MARI, at + n * MINUTE, post=post) for n in range(many)]


def with_status(scene: Scene, native_id: str, *, hidden: bool = False, spam: bool = False) -> None:
    message = scene.world.message(native_id)
    assert message is not None
    message.hidden, message.spam = hidden, spam


# --- what nobody but a moderator sees


def test_what_is_held_is_read_with_what_is_approved_and_spam_is_a_stream_of_its_own(
    scene: Scene, account: Account, post: str
):
    approved, held, spam = comments(scene, account, post, 3)
    with_status(scene, held, hidden=True)
    with_status(scene, spam, spam=True)

    read = {stream: of_stream(scene, account, stream).comments for stream in ("comments", "spam")}

    assert {native_id: comment.hidden for native_id, comment in read["comments"].items()} == {
        approved: False, held: True,
    }  # fmt: skip
    assert {native_id: comment.hidden for native_id, comment in read["spam"].items()} == {spam: True}


def test_what_was_taken_for_spam_can_be_shown_and_what_is_shown_can_be_held(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    with_status(scene, question, spam=True)
    collector = scene.collector(account)

    collector.act(Action.UNHIDE, question)
    shown = of_stream(scene, account, "comments").comments[question].hidden
    collector.act(Action.HIDE, question)

    assert shown is False
    assert of_stream(scene, account, "comments").comments[question].hidden is True
    assert not of_stream(scene, account, "spam").comments


def test_to_hold_what_is_held_is_an_error_of_wordpress_and_none_of_ours(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    collector = scene.collector(account)
    for _ in range(2):
        collector.act(Action.HIDE, question)

    assert [each.status for each in scene.simulator.requests] == [200, 500, 200]


def test_an_error_that_changed_nothing_and_should_have_is_told(scene: Scene, account: Account, post: str):
    body = {"code": "rest_comment_failed_edit", "message": "-", "data": {"status": 500}}
    site = a_site(body, 500)

    with pytest.raises(CollectorError):
        site.act(Action.HIDE, "7")


# --- paging


def test_what_arrives_between_two_pages_is_met_on_the_last(scene: Scene, account: Account, post: str):
    everything = set(comments(scene, account, post, 30))
    collector, kept = scene.collector(account, page_size=10), Kept()
    assert not run_once(collector, "comments", kept, Budget(pages=1))
    everything |= set(comments(scene, account, post, 5, at=NINE - 5 * MINUTE))

    assert run_once(collector, "comments", kept)

    assert set(kept.comments) == everything


def test_what_moves_up_a_page_because_another_was_taken_away_is_not_missed(scene: Scene, account: Account, post: str):
    everything = comments(scene, account, post, 30)
    collector, kept = scene.collector(account, page_size=10), Kept()
    assert not run_once(collector, "comments", kept, Budget(pages=1))
    for native_id in everything[:3]:
        collector.act(Action.DELETE, native_id)

    assert run_once(collector, "comments", kept)

    assert set(kept.comments) == set(everything)


def test_an_empty_page_does_not_end_a_run_and_the_next_makes_it_good(scene: Scene, account: Account, post: str):
    everything = comments(scene, account, post, 30)
    scene.spoil(Fault(Kind.EMPTY_PAGE_WITH_NEXT, path="*/comments", nth=2))
    kept = of_stream(scene, account, "comments", page_size=10)
    assert set(kept.comments) == {*everything[:10], *everything[20:]}

    of_stream(scene, account, "comments", kept, page_size=10)

    assert set(kept.comments) == set(everything)


def test_a_page_number_that_is_no_longer_there_begins_the_posts_anew(scene: Scene, account: Account):
    posts = [scene.world.post(account.slug, f"Newyddion {n}", NINE - n * HOUR) for n in range(1, 13)]
    collector, kept = scene.collector(account, page_size=10), Kept()
    assert not run_once(collector, "posts", kept, Budget(pages=1))
    for native_id in posts[:5]:
        scene.world.delete(native_id, NINE - MINUTE)

    assert run_once(collector, "posts", kept)

    assert set(posts[5:]) <= set(kept.posts)


def test_a_site_whose_guard_drops_the_headers_is_named(scene: Scene):
    with pytest.raises(Malformed, match="does not say how many pages"):
        list(a_site([], headers={}).fetch("comments", Cursor(), Budget()))


# --- time


def test_a_late_comment_under_a_very_old_post_is_found(scene: Scene, account: Account):
    old = scene.world.post(account.slug, "Ers talwm", NINE - 900 * DAY)
    kept = of_stream(scene, account, "comments")
    scene.world.now = NINE + 2 * HOUR
    late = scene.world.comment(account.slug, "Ydy hyn yn wir o hyd?", *TOM, NINE + HOUR, post=old)

    of_stream(scene, account, "comments", kept)

    assert kept.comments[late].thread == old


@pytest.mark.parametrize(("days", "found"), [(13, True), (15, False)])
def test_an_edit_is_found_within_a_fortnight(scene: Scene, account: Account, post: str, days: int, found: bool):
    (question,) = comments(scene, account, post, 1, at=NINE - MINUTE)
    kept = of_stream(scene, account, "comments")
    scene.world.now = NINE + days * DAY
    of_stream(scene, account, "comments", kept)
    scene.world.edit(question, "Wedi'i olygu", scene.world.now)

    of_stream(scene, account, "comments", kept)

    assert (kept.comments[question].text == "Wedi'i olygu") is found


def test_the_hour_that_comes_twice_in_autumn_loses_nothing(scene: Scene, account: Account):
    """On the last Sunday of October half past one comes twice where the site is."""
    night = datetime(2026, 10, 25, tzinfo=UTC)
    scene.world.now = night
    post = scene.world.post(account.slug, "Y nos", night - HOUR)
    kept, everything = Kept(), set()
    for minutes in range(0, 180, 20):
        at = night + timedelta(minutes=minutes)
        everything.add(scene.world.comment(account.slug, f"{minutes}", *MARI, at, post=post))
        scene.world.now = at + MINUTE
        of_stream(scene, account, "comments", kept)

    assert set(kept.comments) == everything
    assert kept.comments[max(everything, key=int)].posted_at == night + timedelta(minutes=160)


def test_an_edited_post_is_read_again_and_an_old_one_is_not(scene: Scene, account: Account):
    scene.world.post(account.slug, "Hen", NINE - 90 * DAY)
    edited = scene.world.post(account.slug, "Hefyd", NINE - 80 * DAY)
    kept = of_stream(scene, account, "posts")
    scene.world.now = NINE + DAY
    scene.world.edit(edited, "Hefyd, wedi'i olygu", NINE + HOUR)
    before = len(kept.pages)

    of_stream(scene, account, "posts", kept)

    assert [post.text for page in kept.pages[before:] for post in page.posts] == ["Hefyd, wedi'i olygu"]


# --- who wrote, and what


def test_two_guests_of_one_name_are_two_people(scene: Scene, account: Account, post: str):
    first, second = (
        scene.world.comment(account.slug, "Diolch", *GUEST, NINE - HOUR + n * MINUTE, post=post) for n in range(2)
    )

    kept = of_stream(scene, account, "comments")

    assert kept.comments[first].author == Author(f"guest:{first}", "Elin")
    assert kept.comments[second].author == Author(f"guest:{second}", "Elin")


def test_the_addresses_of_whoever_wrote_are_not_even_asked_for(scene: Scene, account: Account, post: str):
    comments(scene, account, post, 1)

    kept = of_stream(scene, account, "comments")

    (comment,) = kept.comments.values()
    assert set(json.loads(comment.raw)) == {
        "id", "post", "parent", "author", "author_name", "date_gmt", "content", "link", "status", "type",
    }  # fmt: skip


def test_a_comment_and_a_post_of_one_number_are_told_apart():
    """Posts and comments are numbered apart, and 12 may be both."""
    top, below = said_in(a_comment(id=13, post=12, parent=0), a_comment(id=14, post=12, parent=12))

    assert (top.in_reply_to, top.thread) == ("p12", "p12")
    assert (below.in_reply_to, below.thread) == ("12", "p12")


# The words as WordPress keeps them, and as a reader sees them.
WORDS = [
    ("Pryd mae&#039;r biniau?",                                      "Pryd mae'r biniau?"),
    ("Un\n\nDau<br />Tri",                                            "Un\n\nDau\nTri"),
    ('<a href="https://twyll.example/x">tudalen y cyngor</a>',          "tudalen y cyngor (https://twyll.example/x)"),
    ('<a href="https://dyffryn.example/">https://dyffryn.example</a>', "https://dyffryn.example"),
    ("<strong>Cywilydd</strong> <em>mawr</em>",                       "Cywilydd mawr"),
    ("5 < 7 a 7 > 5 & dyna ni",                                       "5 < 7 a 7 > 5 & dyna ni"),
    ("&lt;b&gt;",                                                     "<b>"),
    ("<blockquote>Dyfyniad</blockquote>Ateb",                         "Dyfyniad\nAteb"),
    ("Helo<script>drwg()</script>",                                   "Helo"),
    ("<",                                                             "<"),
    ("",                                                              ""),
]  # fmt: skip


@pytest.mark.parametrize(("kept", "seen"), WORDS)
def test_words_are_what_a_reader_sees(kept: str, seen: str):
    (comment,) = said_in(a_comment(content={"raw": kept, "rendered": "<p>-</p>"}))

    assert comment.text == seen


def test_what_we_say_is_shown_as_it_was_typed_and_measured_as_it_is_sent(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    collector = scene.collector(account)

    collector.reply(question, "Ŵy & <b>bara</b>", key="k1")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert reply.text == "Ŵy & <b>bara</b>"
    assert collector.length_of("Ŵ&<") == 2 + len("&amp;") + len("&lt;")


# --- saying something back


def test_the_same_words_are_not_published_twice_under_one_comment(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    collector = scene.collector(account)
    collector.reply(question, "Dydd Mawrth.", key="k1")

    with pytest.raises(Refused, match="same words twice"):
        collector.reply(question, "Dydd Mawrth.", key="k2")


def test_what_is_in_the_bin_is_not_replied_to(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    collector = scene.collector(account)
    collector.act(Action.DELETE, question)

    with pytest.raises(Gone, match="bin"):
        collector.reply(question, "Dydd Mawrth.", key="k1")
    assert [each.method for each in scene.simulator.requests] == ["DELETE", "GET"]


def test_a_read_back_finds_a_reply_that_is_held_or_taken_for_spam_and_none_in_the_bin(
    scene: Scene, account: Account, post: str
):
    (question,) = comments(scene, account, post, 1)
    collector = scene.collector(account)
    held, spam, binned = (collector.reply(question, f"Ateb {n}", key=f"k{n}").native_id for n in range(3))
    with_status(scene, held, hidden=True)
    with_status(scene, spam, spam=True)
    collector.act(Action.DELETE, binned)

    assert {reply.native_id for reply in collector.own_replies(question, since=NINE)} == {held, spam}


def test_a_read_back_goes_through_every_page(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    for number in range(25):
        scene.world.comment(account.slug, f"{number}", *TOM, NINE - HOUR + number * MINUTE, parent=question)
    collector = scene.collector(account, page_size=10)
    collector.reply(question, "Dydd Mawrth.", key="k1")

    assert [reply.text for reply in collector.own_replies(question, since=NINE)] == ["Dydd Mawrth."]


@pytest.mark.parametrize("native_id", ["", "p12", "../users/me", "12?force=true", "9" * 30])
def test_an_id_that_wordpress_cannot_have_is_asked_of_nobody(scene: Scene, account: Account, native_id: str):
    collector = scene.collector(account)
    acts: tuple[Callable[[], object], ...] = (
        lambda: collector.reply(native_id, "Diolch", key="k"),
        lambda: collector.act(Action.HIDE, native_id),
        lambda: collector.act(Action.DELETE, native_id),
    )
    for act in acts:
        with pytest.raises(Refused):
            act()
    assert collector.recheck([native_id]) == {native_id: Standing.UNKNOWN}
    assert scene.simulator.requests == []


# --- what became of it


def test_a_second_look_sees_the_bin_and_what_is_gone_for_good_and_what_is_only_held(
    scene: Scene, account: Account, post: str
):
    shown, held, spam, binned, gone = comments(scene, account, post, 5)
    with_status(scene, held, hidden=True)
    with_status(scene, spam, spam=True)
    collector = scene.collector(account)
    collector.act(Action.DELETE, binned)
    scene.world.delete(gone, NINE - MINUTE)

    assert collector.recheck([shown, held, spam, binned, gone]) == {
        shown: Standing.PRESENT, held: Standing.PRESENT, spam: Standing.PRESENT,
        binned: Standing.GONE, gone: Standing.GONE,
    }  # fmt: skip


def test_a_second_look_at_many_asks_for_fifty_at_once(scene: Scene, account: Account, post: str):
    everything = comments(scene, account, post, 120)

    standing = scene.collector(account).recheck(everything)

    assert standing == dict.fromkeys(everything, Standing.PRESENT)
    assert len(scene.simulator.requests) == 3


def test_a_comment_that_is_left_out_of_the_list_is_not_gone(scene: Scene, account: Account, post: str):
    """The user may not read it, or something on the site filters it; asked for by itself it is there."""
    (question,) = comments(scene, account, post, 1)
    scene.spoil(Fault(Kind.EMPTY_PAGE_WITH_NEXT, path="*/comments"))

    assert scene.collector(account).recheck([question]) == {question: Standing.PRESENT}


def test_a_comment_is_not_gone_because_the_site_shows_a_page_of_its_own():
    """A theme's own page for what cannot be found comes with 404 as well."""
    assert a_site(b"<html>Heb ei ganfod</html>", 404).recheck(["7"]) == {"7": Standing.FORBIDDEN}


# --- doors

PAIRS = [
    ("gwylio:abcd efgh ijkl mnop", "gwylio:abcd efgh ijkl mnop"),
    ("gwylio:a:b",                 "gwylio:a:b"),
    ('{"username": "gwylio", "password": "abcd efgh"}', "gwylio:abcd efgh"),
]  # fmt: skip


@pytest.mark.parametrize(("credential", "sent"), PAIRS)
def test_a_name_and_a_password_travel_in_the_header_and_are_not_shown(credential: str, sent: str):
    site = open_wordpress(an_access(credential=credential))

    said = str(site.line.session.headers["Authorization"])
    assert base64.b64decode(said.removeprefix("Basic ")).decode() == sent
    assert "gwylio" not in repr(site)


@pytest.mark.parametrize("credential", ["gwylio", ":abcd", "gwylio:", '{"username": "gwylio"}', '{"password": "a"}'])
def test_half_a_pair_opens_nothing(credential: str):
    with pytest.raises(BadCredential, match="connect the account again"):
        open_wordpress(an_access(credential=credential))


# Where the account says that the site is, and where its comments then are.
HOMES = [
    ("https://newyddion.dyffryn.example",    "https://newyddion.dyffryn.example"),
    ("https://dyffryn.example/newyddion/",   "https://dyffryn.example/newyddion"),
    ("newyddion.dyffryn.example",            "https://newyddion.dyffryn.example"),
    ("http://127.0.0.1:8080",                "http://127.0.0.1:8080"),
]  # fmt: skip


@pytest.mark.parametrize(("home", "site"), HOMES)
def test_a_site_may_lie_anywhere(home: str, site: str):
    assert open_wordpress(an_access(home=home)).site == site


def test_a_site_may_be_where_the_platform_is_said_to_be(scene: Scene, account: Account, post: str):
    (question,) = comments(scene, account, post, 1)
    collector = open_collector(Platform.WORDPRESS, replace(scene.access(account), home=""))

    assert set(run_all(collector).comments) == {question}


@pytest.mark.parametrize(
    ("home", "error"),
    [
        ("", CannotOpen),
        ("http://dyffryn.example", UnsafeAddress),
        ("https://gwylio:abcd@dyffryn.example", CannotOpen),
        ("https://dyffryn.example/?p=1", CannotOpen),
        ("https://", CannotOpen),
    ],
)
def test_an_address_that_is_none_is_refused(home: str, error: type[Exception]):
    with pytest.raises(error):
        open_wordpress(an_access(home=home))


# What comes instead of an answer, and what it means.
DOORS: list[tuple[int, Any, type[CollectorError], str]] = [
    (200, b"<!DOCTYPE html><html>Mewngofnodi</html>", Malformed,      "a web page"),
    (200, {"comments": []},                           Malformed,      "not a list"),
    (302, b"",                                        PermissionLost, "sends us elsewhere"),
    (401, b"<html>Basic auth</html>",                 AuthExpired,    "application password"),
    (401, {"code": "incorrect_password"},             AuthExpired,    "incorrect_password"),
    (401, {"code": "rest_forbidden_context"},         AuthExpired,    "does not pass it on"),
    (403, {"code": "rest_forbidden_context"},         PermissionLost, "able to moderate"),
    (403, b"<html>Wordfence</html>",                  PermissionLost, "no code given"),
    (404, {"code": "rest_no_route"},                  PermissionLost, "switched off"),
    (404, b"<html>Heb ei ganfod</html>",              PermissionLost, "no REST interface"),
    (418, b"",                                        Malformed,      "418"),
    (429, b"<html>Arafwch</html>",                    RateLimited,    "wait"),
    (500, {"code": "internal_server_error"},          Transient,      "internal_server_error"),
    (503, b"<html>Cynnal a chadw</html>",             Transient,      "503"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "error", "words"), DOORS)
def test_doors_that_lead_to_people_are_named(status: int, body: Any, error: type[CollectorError], words: str):
    with pytest.raises(CollectorError, match=words) as caught:
        list(a_site(body, status).fetch("comments", Cursor(), Budget()))

    assert type(caught.value) is error


def test_a_redirect_is_not_followed_with_the_password(scene: Scene, account: Account):
    """A site that moved would otherwise have it sent to wherever it points."""
    session = open_wordpress(scene.access(account)).line.session

    assert session.max_redirects == 0


# What WordPress says to a change, and what we make of it.
REFUSALS: list[tuple[int, str, type[CollectorError]]] = [
    (400, "comment_flood",                RateLimited),
    (400, "rest_invalid_param",           Refused),
    (400, "comment_content_column_length", Refused),
    (403, "rest_comment_closed",          Refused),
    (403, "rest_comment_invalid_post_id", Gone),
    (403, "rest_cannot_edit",             PermissionLost),
    (404, "rest_comment_invalid_id",      Gone),
    (409, "comment_duplicate",            Refused),
    (429, "",                             RateLimited),
    (500, "rest_comment_failed_create",   Unconfirmed),
    (503, "",                             Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "error"), REFUSALS)
def test_a_reply_that_is_refused_says_why(status: int, code: str, error: type[CollectorError]):
    there = Answer(200, DATE, json.dumps({"id": 7, "post": 12, "status": "approved"}).encode())
    no = Answer(status, DATE, json.dumps({"code": code, "message": "-", "data": {"status": status}}).encode())

    with pytest.raises(CollectorError) as caught:
        WordPress("dyffryn", "1001", "https://dyffryn.example", answering(there, no)).reply("7", "Diolch", key="k")

    assert type(caught.value) is error


def test_a_site_without_a_bin_is_for_the_officer():
    body = {"code": "rest_trash_not_supported", "message": "-", "data": {"status": 501}}

    with pytest.raises(Refused, match=r"no bin .*; do it in WordPress and record it here"):
        a_site(body, 501).act(Action.DELETE, "7")


# --- payloads as they come


class Told:
    """A line on which each question gets the next answer."""

    def __init__(self, *answers: Answer) -> None:
        self.session = requests.Session()
        self._answers = list(answers)

    def ask(self, send: Callable[[], object]) -> Answer:
        return self._answers.pop(0)


def answering(*answers: Answer) -> Any:
    return Told(*answers)


PAGES = {"x-wp-total": "1", "x-wp-totalpages": "1"}


def a_site(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> WordPress:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    line: Any = Silent(Answer(status, DATE | (PAGES if headers is None else headers), raw))
    return WordPress("dyffryn", "1001", "https://dyffryn.example", line)


class Silent(Parrot):
    """A parrot that does not even try to send."""

    def ask(self, send: Callable[[], object]) -> Answer:
        return self.answer


def an_access(**over: Any) -> Access:
    usual = {"credential": "gwylio:abcd efgh", "home": "https://newyddion.dyffryn.example"}
    return Access(account="dyffryn", native_id="1001", **{**usual, **over})


def a_comment(**over: Any) -> dict[str, Any]:
    usual = {
        "id": 7,
        "post": 12,
        "parent": 0,
        "author": 0,
        "author_name": "Mari Evans",
        "date_gmt": "2026-11-16T08:00:00",
        "content": {"rendered": "<p>Pryd?</p>\n", "raw": "Pryd?"},
        "link": "https://newyddion.dyffryn.example/biniau/#comment-7",
        "status": "approved",
        "type": "comment",
    }
    return {name: value for name, value in {**usual, **over}.items() if value is not None}


def said_in(*items: Any) -> list[Comment | OwnReply]:
    (page,) = a_site(list(items)).fetch("comments", Cursor(), Budget())
    assert not page.troubles
    return [*page.comments, *page.ours]


# What a comment says, and what of it comes out.
SHAPES: list[tuple[dict[str, Any], str, Any]] = [
    ({},                                   "native_id", "7"),
    ({},                                   "thread",    "p12"),
    ({},                                   "posted_at", NINE - HOUR),
    ({"date_gmt": "2026-11-16T08:00:00Z"}, "posted_at", NINE - HOUR),
    ({},                                   "author",    Author("guest:7", "Mari Evans")),
    ({"author_name": ""},                  "author",    None),
    ({"author_name": None},                "author",    None),
    ({"author": None},                     "author",    None),
    ({"author": 31},                       "author",    Author("31", "Mari Evans")),
    ({"link": None},                       "url",       ""),
    ({"status": "hold"},                   "hidden",    True),
    ({"status": "rhywbeth"},               "hidden",    None),
    ({"content": None},                    "text",      ""),
    ({"peth_newydd": {"a": [1]}},          "text",      "Pryd?"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "value"), SHAPES)
def test_a_comment_comes_out_as_it_stands(facts: dict[str, Any], name: str, value: Any):
    (comment,) = said_in(a_comment(**facts))

    assert getattr(comment, name) == value


@pytest.mark.parametrize(
    "item",
    [
        7,
        {},
        a_comment(id=None),
        a_comment(id="7"),
        a_comment(id=True),
        a_comment(post=None),
        a_comment(date_gmt=None),
        a_comment(date_gmt="0000-00-00T00:00:00"),
        a_comment(date_gmt="0001-01-01T00:00:00"),
        a_comment(content="Pryd?"),
        a_comment(content={"raw": 7}),
        a_comment(author="7001"),
        a_comment(author_name=7, author=3),
    ],
)
def test_one_comment_that_cannot_be_read_costs_no_other(item: Any):
    (page,) = a_site([item, a_comment(id=8)]).fetch("comments", Cursor(), Budget())

    assert [comment.native_id for comment in page.comments] == ["8"]
    assert len(page.troubles) == 1


# A post's title and the beginning of it, and what of them comes out.
TITLES = [
    ("Biniau &amp; bagiau", "<p>O ddydd Llun &hellip;</p>\n", "Biniau & bagiau\n\nO ddydd Llun …"),
    ("Biniau",              "",                               "Biniau"),
    ("",                    "<p>Heb deitl</p>",               "Heb deitl"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "excerpt", "text"), TITLES)
def test_a_post_is_its_title_and_how_it_begins(title: str, excerpt: str, text: str):
    item = {
        "id": 12, "date_gmt": "2026-11-16T08:00:00", "link": "https://dyffryn.example/biniau/",
        "title": {"rendered": title}, "excerpt": {"rendered": excerpt, "protected": False},
    }  # fmt: skip

    first, _ = a_site([item]).fetch("posts", Cursor(), Budget())

    (post,) = first.posts
    assert (post.native_id, post.text, post.url) == ("p12", text, "https://dyffryn.example/biniau/")


# --- whatever comes

NAMES = st.sampled_from(
    "id post parent author author_name date_gmt content raw rendered link status title excerpt code".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(["", "7", "hold", "trash", "rest_comment_failed_edit", "2026-11-16T09:00:00", "\ud800", "<a href"]),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
ITEMS = st.fixed_dictionaries({"id": st.integers(1, 9), "post": st.integers(1, 9), "parent": st.just(0)}) | JSON
BODIES = st.one_of(
    st.one_of(JSON, st.lists(ITEMS, max_size=3), ITEMS).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-wp-total", "x-wp-totalpages", "retry-after", "date"]),
    st.text("0123456789", max_size=12) | st.text(max_size=9),
)


@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 409, 410, 418, 429, 500, 501, 503]),
    headers=HEADERS.map(lambda strange: DATE | PAGES | strange),
    body=BODIES,
    token=st.text(max_size=30) | st.sampled_from(['["",[""],"[2,9,\\"7\\"]"]', '["",["posts"],"[-1,0,0]"]']),
    mark=st.text(max_size=30) | st.sampled_from(["0001-01-01T00:00:00+00:00", "2026-11-16T09:00:00"]),
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    status: int, headers: dict[str, str], body: bytes, token: str, mark: str
):
    line: Any = Silent(Answer(status, headers, body))
    site = WordPress("dyffryn", "1001", "https://dyffryn.example", line)

    def read(stream: str) -> None:
        for page in site.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert all(comment.posted_at.tzinfo for comment in page.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in site.streams()),
        lambda: site.reply("7", "Diolch", key="k"),
        *(lambda action=action: site.act(action, "7") for action in Action),
        lambda: site.own_replies("7", since=NINE),
        lambda: site.recheck(["7", "x"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@given(status=st.sampled_from([400, 401, 403, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_a_refused_second_look_never_says_gone(status: int, body: bytes):
    try:
        standing = a_site(body, status).recheck(["7"])
    except CollectorError:
        return
    assert standing["7"] is not Standing.GONE
