"""What is peculiar to Flickr: errors with status 200, comments all at once, addresses for threads, and signatures."""

from __future__ import annotations

import json
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
from collectors.flickr import Flickr, open_flickr
from collectors.registry import open_collector
from collectors.transport import Answer, BadCredential
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Kept, Scene, of_stream, run_all, run_once
from tests.collectors.test_nonsense import DATE, Parrot
from vocabulary import Author, Comment, OwnReply, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
LIST = "*?method=flickr.photos.comments.getList"


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.FLICKR)


@pytest.fixture
def photo(scene: Scene, account: Account) -> str:
    return scene.world.post(account.slug, "Castell Dyffryn dan eira", NINE - 2 * DAY)


def comments(scene: Scene, account: Account, photo: str, many: int, at: datetime = NINE - 6 * HOUR) -> list[str]:
    """A minute apart, oldest first."""
    return [scene.world.comment(account.slug, f"Sylw {n}", *MARI, at + n * MINUTE, post=photo) for n in range(many)]


def photos(scene: Scene, account: Account, many: int) -> list[str]:
    """A day apart, the latest first."""
    return [scene.world.post(account.slug, f"Llun {n}", NINE - (n + 1) * DAY) for n in range(many)]


def made(scene: Scene) -> int:
    return len(scene.simulator.requests)


# --- which photographs are looked at again


def test_the_latest_photographs_are_read_again_and_older_ones_when_they_stirred(scene: Scene, account: Account):
    old = photos(scene, account, 40)[-1]
    kept = of_stream(scene, account, "comments")
    first = made(scene)
    scene.world.now = NINE + 3 * HOUR
    late = scene.world.comment(account.slug, "Newydd weld hwn", *TOM, NINE + 2 * HOUR, post=old)

    of_stream(scene, account, "comments", kept)

    assert (first, made(scene) - first) == (2 + 40, 2 + 20 + 1)
    assert kept.comments[late].thread == old


def test_an_edit_under_one_of_the_latest_photographs_is_found(scene: Scene, account: Account, photo: str):
    (question,) = comments(scene, account, photo, 1)
    kept = of_stream(scene, account, "comments")
    scene.world.now = NINE + 5 * HOUR
    scene.world.edit(question, "Wedi'i olygu", NINE + HOUR)

    of_stream(scene, account, "comments", kept)

    assert kept.comments[question].text == "Wedi'i olygu"


def test_a_photograph_without_a_comment_says_so_by_leaving_the_list_out(scene: Scene, account: Account, photo: str):
    kept = of_stream(scene, account, "comments")

    assert not kept.comments
    assert not any(page.troubles for page in kept.pages)


def test_a_photograph_that_is_gone_is_named_and_does_not_stop_the_others(scene: Scene, account: Account):
    first, second = photos(scene, account, 2)
    (found,) = comments(scene, account, second, 1)
    scene.spoil(Fault(Kind.GONE, path=LIST))

    kept = of_stream(scene, account, "comments")

    assert set(kept.comments) == {found}
    assert [trouble.native_id for page in kept.pages for trouble in page.troubles] == [first]


def test_a_list_of_photographs_that_leads_back_to_itself_is_told(scene: Scene, account: Account):
    photos(scene, account, 30)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*getPhotos", nth=2))

    with pytest.raises(Malformed, match="leads back to itself"):
        list(scene.collector(account, page_size=10).fetch("posts", Cursor(), Budget()))


def test_an_empty_page_of_photographs_does_not_end_the_run(scene: Scene, account: Account):
    everything = photos(scene, account, 30)
    scene.spoil(Fault(Kind.EMPTY_PAGE_WITH_NEXT, path="*getPhotos", nth=2))

    kept = of_stream(scene, account, "posts", page_size=10)

    assert set(kept.posts) == {*everything[:10], *everything[20:]}


# --- the comments of one photograph come all at once


def test_comments_are_dealt_out_in_pages_and_none_twice(scene: Scene, account: Account, photo: str):
    everything = comments(scene, account, photo, 25)
    kept, collector = Kept(), scene.collector(account, page_size=10)
    while not run_once(collector, "comments", kept, Budget(pages=1)):
        pass

    handed = [comment.native_id for page in kept.pages for comment in page.comments]
    assert handed == everything


def test_what_comes_or_goes_between_two_pages_loses_nothing(scene: Scene, account: Account, photo: str):
    everything = comments(scene, account, photo, 25)
    kept, collector = Kept(), scene.collector(account, page_size=10)
    assert not run_once(collector, "comments", kept, Budget(pages=1))
    for native_id in everything[:5]:
        scene.world.delete(native_id, NINE)
    late = comments(scene, account, photo, 1, at=NINE - MINUTE)

    assert run_once(collector, "comments", kept)

    assert set(kept.comments) == {*everything, *late}


def test_comments_of_one_second_are_all_handed_over(scene: Scene, account: Account, photo: str):
    everything = {scene.world.comment(account.slug, f"{n}", *MARI, NINE - HOUR, post=photo) for n in range(25)}

    assert set(of_stream(scene, account, "comments", page_size=4).comments) == everything


# --- who is answered


def test_an_address_before_the_words_says_whom_they_answer(scene: Scene, account: Account, photo: str):
    first, second = comments(scene, account, photo, 2)
    answer = scene.world.comment(account.slug, "Fi hefyd", *TOM, NINE - HOUR, parent=second)

    comment = of_stream(scene, account, "comments").comments[answer]

    assert (comment.in_reply_to, comment.text) == (second, "Fi hefyd")
    assert comment.in_reply_to != first
    assert json.loads(comment.raw)["_content"] == "[https://www.flickr.com/photos/user_7001] Fi hefyd"


def said(native_id: str, content: Any, at: int, **over: Any) -> dict[str, Any]:
    usual = {
        "id": f"1-50-{native_id}",
        "author": "7001@N00",
        "author_is_deleted": 0,
        "authorname": "Mari Evans",
        "datecreate": str(at),
        "permalink": f"https://www.flickr.com/photos/dyffryn/50/#comment{native_id}",
        "path_alias": "mari",
        "realname": "",
        "_content": content,
    }
    return {name: value for name, value in {**usual, **over}.items() if value is not None}


TOM_SAID = {"author": "7002@N00", "path_alias": "", "authorname": "Tom Parry"}
ADDRESS = "https://www.flickr.com/photos/"

# What the last of three comments says (Mari's at 1, Tom's at 2), what it then answers, and in which words.
ADDRESSES = [
    (f"[{ADDRESS}mari] Diolch",                  "1-50-1", "Diolch"),
    (f"[{ADDRESS}Mari/] Diolch",                 "1-50-1", "Diolch"),
    (f"[{ADDRESS}7001@N00]\nDiolch",             "1-50-1", "Diolch"),
    (f"[{ADDRESS}7002@N00] Diolch",              "1-50-2", "Diolch"),
    ("[http://flickr.com/people/mari] Diolch",   "1-50-1", "Diolch"),
    (f"[{ADDRESS}neb] Diolch",                   "50",     f"[{ADDRESS}neb] Diolch"),
    (f"Diolch [{ADDRESS}mari]",                  "50",     f"Diolch [{ADDRESS}mari]"),
    ("[https://twyll.example/photos/mari] Hei",  "50",     "[https://twyll.example/photos/mari] Hei"),
    (f"[{ADDRESS}mari]",                         "1-50-1", ""),
    ("Diolch",                                   "50",     "Diolch"),
    ("Un &amp; <b>dau</b>\nTri",                 "50",     "Un & dau\nTri"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "to", "words"), ADDRESSES)
def test_whose_address_stands_before_the_words_is_answered(content: str, to: str, words: str):
    last = said("3", content, 3, author="7003@N00", path_alias="elin")
    page = page_of(said("1", "Hardd", 1), said("2", "Ydy", 2, **TOM_SAID), last)

    comment = page.comments[-1]

    assert (comment.in_reply_to, comment.text) == (to, words)


def test_the_latest_comment_of_whoever_is_addressed_is_meant():
    page = page_of(
        said("1", "Un", 1), said("2", "Dau", 2), said("3", f"[{ADDRESS}mari] Ie", 3, **TOM_SAID), said("4", "Tri", 4)
    )

    assert page.comments[2].in_reply_to == "1-50-2"


def test_a_reply_begins_with_the_address_of_whom_it_answers(scene: Scene, account: Account, photo: str):
    (question,) = comments(scene, account, photo, 1)

    scene.collector(account).reply(question, "Diolch <3 & hwyl", key="k")

    (ours,) = of_stream(scene, account, "comments").ours.values()
    assert (ours.text, ours.in_reply_to) == ("Diolch <3 & hwyl", question)
    content = json.loads(ours.raw)["_content"]
    assert content == "[https://www.flickr.com/photos/user_7001] Diolch &lt;3 &amp; hwyl"


def test_the_same_words_to_the_same_person_are_refused_as_flickr_would_publish_nothing(
    scene: Scene, account: Account, photo: str
):
    (question,) = comments(scene, account, photo, 1)
    collector = scene.collector(account)
    collector.reply(question, "Diolch", key="k1")

    with pytest.raises(Refused, match="same words twice"):
        collector.reply(question, "Diolch", key="k2")

    assert len(scene.world.replies_by_us(account.slug)) == 1


def test_the_same_words_to_two_people_are_two_replies(scene: Scene, account: Account, photo: str):
    (first,) = comments(scene, account, photo, 1)
    second = scene.world.comment(account.slug, "A fi", *TOM, NINE - HOUR, post=photo)
    collector = scene.collector(account)

    receipts = {collector.reply(question, "Diolch", key="k").native_id for question in (first, second)}

    assert len(receipts) == 2


def test_a_reply_to_one_of_two_comments_by_the_same_person_is_found_for_either(
    scene: Scene, account: Account, photo: str
):
    """Nobody can tell which was meant, and to overlook one would be to send it twice."""
    first, second = comments(scene, account, photo, 2)
    collector = scene.collector(account)
    receipt = collector.reply(first, "Diolch", key="k")

    found = {question: collector.own_replies(question, since=NINE) for question in (first, second)}

    assert [(ours.native_id, ours.in_reply_to) for ours in found[first]] == [(receipt.native_id, first)]
    assert [(ours.native_id, ours.in_reply_to) for ours in found[second]] == [(receipt.native_id, second)]


def test_what_was_said_by_hand_to_nobody_by_name_is_looked_at_as_well(scene: Scene, account: Account, photo: str):
    (question,) = comments(scene, account, photo, 1)
    by_hand = scene.world.comment(account.slug, "Dydd Mawrth", account.native_id, "", NINE - MINUTE, post=photo)

    (found,) = scene.collector(account).own_replies(question, since=NINE - HOUR)

    assert (found.native_id, found.in_reply_to) == (by_hand, photo)


def test_a_comment_that_is_gone_is_not_replied_to(scene: Scene, account: Account, photo: str):
    (question,) = comments(scene, account, photo, 1)
    scene.world.delete(question, NINE - MINUTE)
    collector = scene.collector(account)
    acts: tuple[Callable[[], object], ...] = (
        lambda: collector.reply(question, "Diolch", key="k"),
        lambda: collector.own_replies(question, since=NINE),
    )
    for act in acts:
        with pytest.raises(Gone, match="does not stand under its photograph"):
            act()
    assert {each.method for each in scene.simulator.requests} == {"GET"}


@pytest.mark.parametrize("native_id", ["", "50", "1-50", "1-50-x", "../1-50-1"])
def test_an_id_that_flickr_cannot_have_is_asked_of_nobody(scene: Scene, account: Account, native_id: str):
    collector = scene.collector(account)
    acts: tuple[Callable[[], object], ...] = (
        lambda: collector.reply(native_id, "Diolch", key="k"),
        lambda: collector.own_replies(native_id, since=NINE),
        lambda: collector.act(Action.DELETE, native_id),
    )
    for act in acts:
        with pytest.raises(Refused):
            act()
    assert collector.recheck([native_id]) == {native_id: Standing.UNKNOWN}
    assert made(scene) == 0


# --- what became of it


def test_a_second_look_asks_once_for_each_photograph(scene: Scene, account: Account):
    first, second = photos(scene, account, 2)
    everything = [*comments(scene, account, first, 9), *comments(scene, account, second, 9)]
    scene.world.delete(everything[4], NINE - MINUTE)

    standing = scene.collector(account).recheck(everything)

    assert standing == dict.fromkeys(everything, Standing.PRESENT) | {everything[4]: Standing.GONE}
    assert made(scene) == 2


def test_comments_that_went_with_their_photograph_are_not_said_to_be_deleted(
    scene: Scene, account: Account, photo: str
):
    (question,) = comments(scene, account, photo, 1)
    scene.world.delete(photo, NINE - MINUTE)

    assert scene.collector(account).recheck([question]) == {question: Standing.UNKNOWN}


# --- our photographs


def test_a_photograph_is_its_title_and_its_description_and_is_counted(scene: Scene, account: Account, photo: str):
    comments(scene, account, photo, 3)

    kept = of_stream(scene, account, "posts")

    post = kept.posts[photo]
    assert (post.text, post.posted_at) == ("Castell Dyffryn dan eira", NINE - 2 * DAY)
    assert post.url == f"https://www.flickr.com/photos/{account.username}/{photo}/"
    assert [count for page in kept.pages for count in page.counts] == [Count(photo, 3)]


def test_every_photograph_is_found_and_afterwards_only_what_stirred(scene: Scene, account: Account):
    everything = photos(scene, account, 30)
    kept = of_stream(scene, account, "posts", page_size=10)
    assert set(kept.posts) == set(everything)
    scene.world.now = NINE + 9 * DAY
    scene.world.edit(everything[-1], "Teitl newydd", NINE + 8 * DAY)
    before = len(kept.pages)

    of_stream(scene, account, "posts", kept, page_size=10)

    again = [post.native_id for page in kept.pages[before:] for post in page.posts]
    assert again == [everything[-1], *everything[:7]]
    assert kept.posts[everything[-1]].text == "Teitl newydd"


# --- signatures


def test_a_signature_made_with_another_secret_is_not_accepted(scene: Scene, account: Account, photo: str):
    keys = json.loads(account.token) | {"access_token_secret": "arall"}
    collector = open_collector(Platform.FLICKR, replace(scene.access(account), credential=json.dumps(keys)))

    with pytest.raises(AuthExpired, match="does not accept the signature"):
        run_all(collector)


def test_words_in_any_script_are_signed_as_they_are_sent(scene: Scene, account: Account, photo: str):
    (question,) = comments(scene, account, photo, 1)
    words = "Ŵy & 50% = ~hanner+ 🏴󠁧󠁢󠁷󠁬󠁳󠁿"

    scene.collector(account).reply(question, words, key="k")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert reply.text == words


def test_neither_secret_nor_token_is_in_the_address_or_in_what_is_shown(scene: Scene, account: Account, photo: str):
    collector: Any = scene.collector(account)
    sent: list[Any] = []
    collector.line.session.hooks["response"].append(lambda response, *args, **more: sent.append(response.request))
    run_all(collector)

    assert sent
    for request in sent:
        assert "oauth" not in request.url
        header = str(request.headers["Authorization"])
        assert 'oauth_signature_method="HMAC-SHA1"' in header
        assert "cs" not in header.split('"')
    assert "token0123456789secret" not in repr(collector)


KEYS = {"consumer_key": "ck", "consumer_secret": "cs", "access_token": "at", "access_token_secret": "ats"}


@pytest.mark.parametrize("missing", KEYS)
def test_three_keys_of_four_open_nothing(missing: str):
    keys = {name: value for name, value in KEYS.items() if name != missing}

    with pytest.raises(BadCredential, match="connect the account again"):
        open_flickr(Access(account="a", native_id="1@N00", credential=json.dumps(keys)))


def test_three_thousand_and_six_hundred_an_hour_are_enough_and_no_more(scene: Scene, account: Account, photo: str):
    (question,) = comments(scene, account, photo, 1)
    collector = scene.collector(account)
    flickr: Any = scene.simulator._platforms["flickr"]
    flickr._spent[account.slug, NINE] = 3_599
    assert collector.recheck([question]) == {question: Standing.PRESENT}

    with pytest.raises(RateLimited) as caught:
        collector.recheck([question])

    scene.world.now = caught.value.until
    assert collector.recheck([question]) == {question: Standing.PRESENT}


# --- payloads as they come


class Told:
    """A line on which each question gets the next answer, and the last of them ever after."""

    def __init__(self, *bodies: Any) -> None:
        self._answers = [Answer(200, DATE, json.dumps(body).encode()) for body in bodies]

    def ask(self, send: Callable[[], object]) -> Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Silent(Parrot):
    """A parrot that does not even try to send."""

    def ask(self, send: Callable[[], object]) -> Answer:
        return self.answer


def an_account(body: Any, status: int = 200) -> Flickr:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    line: Any = Silent(Answer(status, DATE, raw))
    return Flickr("dyffryn", "1001@N99", None, line)


def a_list(*photos: Any, **over: Any) -> dict[str, Any]:
    usual = {"page": 1, "pages": 1, "perpage": 500, "total": len(photos), "photo": list(photos)}
    return {"photos": {**usual, **over}, "stat": "ok"}


def page_of(*items: Any) -> Any:
    listed = {"comments": {"photo_id": "50", "comment": list(items)}, "stat": "ok"}
    line: Any = Told(a_list({"id": "50"}), a_list(), listed)
    (page,) = Flickr("dyffryn", "1001@N99", None, line).fetch("comments", Cursor(), Budget())
    return page


AT = 1_794_816_000
# What a comment says, and what of it comes out.
SHAPES: list[tuple[dict[str, Any], str, Any]] = [
    ({},                            "native_id",   "1-50-1"),
    ({},                            "thread",      "50"),
    ({},                            "in_reply_to", "50"),
    ({},                            "text",        "Hardd"),
    ({"_content": None},            "text",        ""),
    ({},                            "posted_at",   datetime.fromtimestamp(AT, UTC)),
    ({"datecreate": AT},            "posted_at",   datetime.fromtimestamp(AT, UTC)),
    ({},                            "author",      Author("7001@N00", "Mari Evans")),
    ({"author_is_deleted": 1},      "author",      Author("7001@N00", "Mari Evans")),
    ({"authorname": None},          "author",      Author("7001@N00", "")),
    ({"authorname": None, "realname": "Mari E"}, "author", Author("7001@N00", "Mari E")),
    ({"author": None},              "author",      None),
    ({"path_alias": None},          "text",        "Hardd"),
    ({"permalink": None},           "url",         ""),
    ({},                            "hidden",      None),
    ({"peth_newydd": 1},            "text",        "Hardd"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "value"), SHAPES)
def test_a_comment_comes_out_as_it_stands(facts: dict[str, Any], name: str, value: Any):
    (comment,) = page_of({**said("1", "Hardd", AT, **facts)}).comments

    assert isinstance(comment, Comment)
    assert getattr(comment, name) == value


def test_a_comment_of_our_own_is_a_reply_to_the_photograph():
    (ours,) = page_of(said("1", "Croeso", AT, author="1001@N99")).ours

    assert isinstance(ours, OwnReply)
    assert (ours.in_reply_to, ours.thread, ours.text) == ("50", "50", "Croeso")


@pytest.mark.parametrize(
    "item",
    [
        7,
        {},
        said("1", "Hardd", AT, id=None),
        said("1", "Hardd", AT, id=7),
        said("1", "Hardd", AT, datecreate=None),
        said("1", "Hardd", AT, datecreate="ddoe"),
        said("1", "Hardd", AT, datecreate="99999999999"),
        said("1", "Hardd", AT, author=7),
        said("1", 7, AT),
    ],
)
def test_one_comment_that_cannot_be_read_costs_no_other(item: Any):
    page = page_of(item, said("8", "Da", AT))

    assert [comment.native_id for comment in page.comments] == ["1-50-8"]
    assert len(page.troubles) == 1


# How a photograph may come, and the words that come out.
TITLES: list[tuple[dict[str, Any], str]] = [
    ({"title": "Castell"},                                                              "Castell"),
    ({"title": "Castell", "description": {"_content": "Dan <b>eira</b> &amp; rhew"}}, "Castell\n\nDan eira & rhew"),
    ({"title": "", "description": {"_content": "Heb deitl"}},                           "Heb deitl"),
    ({"title": "Castell", "description": {"_content": ""}},                             "Castell"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "text"), TITLES)
def test_a_photograph_comes_out_as_it_stands(facts: dict[str, Any], text: str):
    (page,) = an_account(a_list({"id": "50", "dateupload": str(AT), **facts})).fetch("posts", Cursor(), Budget())

    (post,) = page.posts
    assert (post.native_id, post.text, post.url) == ("50", text, "https://www.flickr.com/photos/1001@N99/50/")
    assert page.counts == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"jsonFlickrApi({})",
        {},
        {"stat": "ok"},
        {"stat": "ok", "photos": {}},
        a_list(pages="tri"),
        a_list(total=None),
        a_list(photo=None),
        {"stat": "fail"},
    ],
)
def test_what_is_no_list_of_flickrs_is_told(body: Any):
    with pytest.raises(Malformed):
        list(an_account(body).fetch("posts", Cursor(), Budget()))


@pytest.mark.parametrize("body", [{"stat": "ok"}, {"stat": "ok", "comments": {"comment": {}}}])
def test_what_is_no_list_of_comments_never_says_that_one_is_gone(body: Any):
    assert an_account(body).recheck(["1-50-1"]) == {"1-50-1": Standing.UNKNOWN}


@pytest.mark.parametrize("item", [None, {}, {"id": None}, {"id": []}, {"id": {}}])
def test_beside_a_comment_that_cannot_be_told_none_is_gone(item: Any):
    def standing_beside(*items: Any) -> Standing:
        return an_account({"stat": "ok", "comments": {"comment": list(items)}}).recheck(["1-50-1"])["1-50-1"]

    assert standing_beside({"id": "1-50-2"}) is Standing.GONE
    assert standing_beside({"id": "1-50-2"}, item) is Standing.UNKNOWN


def failed(code: int) -> dict[str, Any]:
    return {"stat": "fail", "code": code, "message": "-"}


# A status and what comes with it; what we make of that when reading, and what when writing.
ERRORS: list[tuple[int, Any, type[CollectorError], type[CollectorError]]] = [
    (200, failed(1),          Gone,           Gone),
    (200, failed(2),          Refused,        Refused),
    (200, failed(8),          Refused,        Refused),
    (200, failed(9),          Refused,        RateLimited),
    (200, failed(96),         AuthExpired,    AuthExpired),
    (200, failed(98),         AuthExpired,    AuthExpired),
    (200, failed(99),         PermissionLost, PermissionLost),
    (200, failed(100),        AuthExpired,    AuthExpired),
    (200, failed(105),        Transient,      Unconfirmed),
    (200, failed(106),        Transient,      Unconfirmed),
    (200, failed(116),        Refused,        Refused),
    (200, failed(429),        Refused,        Refused),
    (200, failed(987),        Refused,        Refused),
    (200, b"<html></html>",   Malformed,      Unconfirmed),
    (401, b"oauth_problem=signature_invalid", AuthExpired, AuthExpired),
    (403, b"",                PermissionLost, PermissionLost),
    (404, b"",                Malformed,      Unconfirmed),
    (429, b"",                RateLimited,    RateLimited),
    (500, failed(98),         Transient,      Unconfirmed),
    (502, b"",                Transient,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "reading", "writing"), ERRORS)
def test_flickrs_errors_are_understood(
    status: int, body: Any, reading: type[CollectorError], writing: type[CollectorError]
):
    account = an_account(body, status)
    acts: list[tuple[Callable[[], object], type[CollectorError]]] = [
        (lambda: account._said_under("50"), reading),
        (lambda: account._change("flickr.photos.comments.addComment", photo_id="50"), writing),
    ]
    for act, kind in acts:
        with pytest.raises(CollectorError) as caught:
            act()
        assert type(caught.value) is kind


def test_a_comment_that_was_deleted_already_is_deleted():
    an_account(failed(2)).act(Action.DELETE, "1-50-1")


@pytest.mark.parametrize("action", [Action.HIDE, Action.UNHIDE])
def test_nobody_hides_a_comment_on_flickr(scene: Scene, account: Account, action: Action):
    with pytest.raises(Refused, match="delete it, or leave it and record why"):
        scene.collector(account).act(action, "1-50-1")
    assert made(scene) == 0


# --- whatever comes

NAMES = st.sampled_from(
    "stat code message photos photo page pages total comments comment id author path_alias authorname datecreate "
    "dateupload _content title description count_comments".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(["", "50", "1-50-1", "99999999999", "[https://www.flickr.com/photos/mari] a", "\ud800", "mari"]),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
ITEMS = st.fixed_dictionaries(
    {"id": st.sampled_from(["1-50-1", "1-50-2", "50"]), "datecreate": st.just("1794816000") | VALUES},
    optional={"_content": VALUES, "author": VALUES, "path_alias": VALUES, "dateupload": VALUES},
)
FINE = st.fixed_dictionaries(
    {"stat": st.just("ok")},
    optional={
        "photos": JSON
        | st.fixed_dictionaries({"pages": VALUES, "total": VALUES, "photo": st.lists(ITEMS | JSON, max_size=3)}),
        "comments": JSON | st.fixed_dictionaries({"comment": st.lists(ITEMS | JSON, max_size=3)}),
        "comment": JSON,
    },
)
BODIES = st.one_of(
    st.one_of(JSON, FINE, st.fixed_dictionaries({"stat": st.just("fail"), "code": JSON})).map(
        lambda body: json.dumps(body).encode()
    ),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
TOKENS = st.sampled_from(
    ['["2026-11-16T09:00:00+00:00",["50"],"[5,\\"a\\"]"]', '["2026-11-16T09:00:00+00:00",["50","51"],"{"]']
)


@given(
    status=st.sampled_from([200, 200, 200, 200, 301, 400, 401, 403, 404, 418, 429, 500, 503]),
    body=BODIES,
    token=st.text(max_size=30) | TOKENS,
    mark=st.text(max_size=30) | st.sampled_from(["0001-01-01T00:00:00+00:00", "2026-11-16T09:00:00"]),
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(status: int, body: bytes, token: str, mark: str):
    account = an_account(body, status)

    def read(stream: str) -> None:
        for page in account.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert all(comment.posted_at.tzinfo for comment in page.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in account.streams()),
        lambda: account.reply("1-50-1", "Diolch", key="k"),
        *(lambda action=action: account.act(action, "1-50-1") for action in Action),
        lambda: account.own_replies("1-50-1", since=NINE),
        lambda: account.recheck(["1-50-1", "x"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@given(
    status=st.sampled_from([200, 400, 401, 403, 404, 429, 500, 502, 503]),
    body=st.one_of(JSON.map(lambda body: json.dumps(body).encode()), st.binary(max_size=40)),
)
@settings(max_examples=100, deadline=None)
def test_a_refused_second_look_never_says_gone(status: int, body: bytes):
    try:
        standing = an_account(body, status).recheck(["1-50-1"])
    except CollectorError:
        return
    assert standing["1-50-1"] is not Standing.GONE
