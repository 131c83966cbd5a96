"""What is peculiar to LinkedIn: a list of what happened, offsets that slip, brackets, versions, and nobody's name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import (
    Action,
    Budget,
    CollectorError,
    Cursor,
    Gone,
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
from collectors.linkedin import Kept, LinkedInPage, Place, plain
from collectors.transport import Answer
from simulator.faults import Fault, Kind
from simulator.world import Account
from tests.collectors.conftest import NINE, Scene, of_stream, run_all, run_once
from tests.collectors.conftest import Kept as Shelf
from tests.collectors.test_nonsense import DATE
from vocabulary import Author, OwnReply, Platform

MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
PERSON = "urn:li:person:{}"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
US = "urn:li:organization:1001"
POST = "urn:li:share:7094637247487995904"
ACTIVITY = "urn:li:activity:7094637247890620418"
COMMENT = f"urn:li:comment:({ACTIVITY},7094977717598625792)"
EIGHT_MS = 1_794_816_000_000  # NINE less an hour


@pytest.fixture
def account(scene: Scene) -> Account:
    return scene.account(Platform.LINKEDIN)


@pytest.fixture
def posts(scene: Scene, account: Account) -> list[str]:
    """Forty posts, the oldest first: far more than are read in full."""
    return [scene.world.post(account.slug, f"Newyddion {n}", NINE - (90 - n) * HOUR) for n in range(40)]


def asked_of(scene: Scene, path: str) -> int:
    return sum(path in each.path for each in scene.simulator.requests)


# --- what happened


def test_a_late_comment_under_an_old_post_is_found_within_the_hour_and_no_other_post_is_read(
    scene: Scene, account: Account, posts: list[str]
):
    scene.world.comment(account.slug, "Diolch", *MARI, NINE - 40 * HOUR, post=posts[0])
    shelf = of_stream(scene, account, "comments")
    read = asked_of(scene, "/comments")
    scene.world.now += 20 * MINUTE
    late = scene.world.comment(account.slug, "Eto?", *TOM, NINE + 15 * MINUTE, post=posts[0])

    of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments
    assert asked_of(scene, "/comments") - read == 1


def test_an_edit_under_an_old_post_is_found_because_linkedin_tells_of_it(
    scene: Scene, account: Account, posts: list[str]
):
    native_id = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 40 * HOUR, post=posts[0])
    shelf = of_stream(scene, account, "comments")
    scene.world.now += 20 * MINUTE
    scene.world.edit(native_id, "Pryd, plîs?", NINE + 10 * MINUTE)

    of_stream(scene, account, "comments", shelf)

    comment = shelf.comments[native_id]
    assert (comment.text, comment.edited_at) == ("Pryd, plîs?", NINE + 10 * MINUTE)


def test_a_deletion_makes_its_post_worth_reading(scene: Scene, account: Account, posts: list[str]):
    native_id = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 40 * HOUR, post=posts[0])
    shelf = of_stream(scene, account, "comments")
    read = asked_of(scene, "/comments")
    scene.world.now += 20 * MINUTE
    scene.world.delete(native_id, NINE + 10 * MINUTE)

    of_stream(scene, account, "comments", shelf)

    assert asked_of(scene, "/comments") - read == 1


def test_a_quiet_run_costs_one_request(scene: Scene, account: Account, posts: list[str]):
    shelf = of_stream(scene, account, "comments")
    before = len(scene.simulator.requests)
    scene.world.now += 20 * MINUTE

    of_stream(scene, account, "comments", shelf)

    assert len(scene.simulator.requests) - before == 1


def test_what_linkedin_does_not_tell_of_is_found_by_its_count_within_two_hours(
    scene: Scene, account: Account, posts: list[str]
):
    scene.simulator._platforms["linkedin"].not_public = set(posts)  # type: ignore[attr-defined]
    shelf = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "Eto?", *TOM, NINE + 10 * MINUTE, post=posts[0])
    scene.world.now += 20 * MINUTE
    of_stream(scene, account, "comments", shelf)
    assert late not in shelf.comments
    scene.world.now += HOUR

    of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments


def test_a_comment_that_is_listed_after_it_was_told_of_is_found(scene: Scene, account: Account, posts: list[str]):
    shelf = of_stream(scene, account, "comments")
    late = scene.world.comment(account.slug, "?", *TOM, NINE + 5 * MINUTE, post=posts[0], listed_at=NINE + 45 * MINUTE)
    for _ in range(3):
        scene.world.now += 20 * MINUTE
        of_stream(scene, account, "comments", shelf)

    assert late in shelf.comments


def test_every_hour_each_post_says_how_many_comments_it_has(scene: Scene, account: Account, posts: list[str]):
    first = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 30 * HOUR, post=posts[0])
    scene.world.comment(account.slug, "Dydd Iau", account.native_id, "", NINE - 29 * HOUR, parent=first)
    gone = scene.world.comment(account.slug, "?", *TOM, NINE - 29 * HOUR, parent=first)
    scene.world.delete(gone, NINE - HOUR)

    shelf = of_stream(scene, account, "comments")

    said = {count.thread: count.said for page in shelf.pages for count in page.counts}
    assert said == dict.fromkeys(posts, 0) | {posts[0]: 2}
    assert all(not page.complete for page in shelf.pages if page.counts)


def test_no_post_without_a_comment_is_read(scene: Scene, account: Account, posts: list[str]):
    of_stream(scene, account, "comments")

    assert asked_of(scene, "/comments") == 0


def test_only_the_latest_two_thousand_things_that_happened_are_looked_at(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE)
    shelf = of_stream(scene, account, "comments", page_size=1)
    scene.world.now += 30 * MINUTE
    for number in range(25):
        scene.world.comment(account.slug, f"{number}", *TOM, NINE + number * MINUTE, post=post)

    run_once(scene.collector(account, page_size=1), "comments", shelf, Budget(pages=1))

    assert asked_of(scene, "Notifications") == 20


@pytest.mark.parametrize("path", ["*Notifications", "/rest/posts"])
def test_a_list_that_leads_back_to_itself_is_not_followed_for_ever(
    scene: Scene, account: Account, posts: list[str], path: str
):
    shelf = of_stream(scene, account, "comments", page_size=10)
    scene.world.now += 2 * HOUR
    scene.spoil(Fault(Kind.NEXT_LOOP, path=path, times=99))

    with pytest.raises(Malformed, match="leads back to itself"):
        of_stream(scene, account, "comments", shelf, page_size=10)


# --- offsets


def pages_of(collector: Any, shelf: Shelf, stream: str = "comments") -> Iterator[Page]:
    for page in collector.fetch(stream, shelf.cursors.get(stream, Cursor()), Budget()):
        shelf.keep(stream, page)
        yield page


@pytest.mark.parametrize("place", ["comments", "replies"])
def test_a_comment_taken_away_between_two_pages_makes_no_other_slip_through(scene: Scene, account: Account, place: str):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    first = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    above = {"post": post} if place == "comments" else {"parent": first}
    many = [
        scene.world.comment(account.slug, f"{n}", *TOM, NINE - 7 * HOUR + n * MINUTE, **above)  # type: ignore[arg-type]
        for n in range(35)
    ]
    shelf, taken = Shelf(), list[str]()
    for page in pages_of(scene.collector(account, page_size=10), shelf):
        ids = [comment.native_id for comment in page.comments if comment.native_id in many]
        if ids and len(taken) < 2:
            scene.world.delete(ids[0], NINE)
            taken.append(ids[0])

    assert len(taken) == 2
    assert set(shelf.comments) == {first, *many}


def test_a_thread_that_went_away_while_it_was_read_takes_its_replies_along(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    gone, other = (scene.world.comment(account.slug, f"{n}", *MARI, NINE - 8 * HOUR, post=post) for n in range(2))
    scene.world.comment(account.slug, "A fi", *TOM, NINE - 7 * HOUR, parent=gone)
    reply = scene.world.comment(account.slug, "A fi", *TOM, NINE - 7 * HOUR, parent=other)
    shelf = Shelf()
    for page in pages_of(scene.collector(account), shelf):
        if gone in {comment.native_id for comment in page.comments}:
            scene.world.delete(gone, NINE)

    assert set(shelf.comments) == {gone, other, reply}
    assert not any(page.troubles for page in shelf.pages)


def test_a_run_stopped_among_the_replies_goes_on_there(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    everything = {scene.world.comment(account.slug, f"{n}", *MARI, NINE - 8 * HOUR, post=post) for n in range(3)}
    for above in sorted(everything):
        for n in range(12):
            at = NINE - 7 * HOUR + n * MINUTE
            everything.add(scene.world.comment(account.slug, f"{n}", *TOM, at, parent=above))
    shelf, collector = Shelf(), scene.collector(account, page_size=10)
    while not run_once(collector, "comments", shelf, Budget(pages=1)):
        pass

    assert set(shelf.comments) == everything
    assert sum(len(page.comments) for page in shelf.pages) == len(everything)
    assert asked_of(scene, "/comments") == 1 + 3 * 2


PLACES = st.builds(
    Place,
    st.none() | st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.lists(st.just(COMMENT), max_size=3).map(tuple),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


@given(PLACES)
def test_a_place_survives_being_kept(place: Place):
    assert place.over or Place.unpacked(place.packed()) == place


@given(st.text(max_size=30) | st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=6).map(json.dumps))
def test_a_place_that_is_not_one_of_ours_is_the_beginning(token: str):
    place = Place.unpacked(token)

    assert not place.over
    assert all(thread.startswith("urn:li:comment:(") for thread in place.threads)


@given(st.dictionaries(st.text(max_size=9), st.integers(0, 999), max_size=9))
def test_what_a_run_leaves_for_the_next_survives_being_kept(counts: dict[str, int]):
    kept = Kept(NINE, NINE - HOUR, counts)

    assert Kept.unpacked(kept.packed()) == kept


# --- brackets, versions and the day


def test_urns_are_escaped_in_a_path_and_brackets_are_not_in_a_question(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    scene.world.comment(account.slug, "A fi", *TOM, NINE - 7 * HOUR, parent=question)
    collector, requests = scene.collector(account), list[Any]()
    collector.line.session.hooks["response"].append(lambda response, **_: requests.append(response.request))  # type: ignore[attr-defined]
    shelf = run_all(collector)
    scene.world.now += 10 * MINUTE
    run_all(collector, shelf)
    collector.recheck([question])
    collector.reply(question, "Dydd Iau", key="k")

    addresses = [request.url.removeprefix(scene.simulator.base_url) for request in requests]
    assert any("actions=List(COMMENT,ADMIN_COMMENT,COMMENT_EDIT,COMMENT_DELETE)&" in each for each in addresses)
    assert any("&timeRange=(start:" in each for each in addresses)
    assert any("ids=List(urn%3Ali%3Aactivity%3A" in each for each in addresses)
    assert any("/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A" in each for each in addresses)
    assert not any(set(":(,") & set(each.partition("?")[0]) for each in addresses)
    assert not any(account.token in each for each in addresses)
    assert {request.headers["X-Restli-Protocol-Version"] for request in requests} == {"2.0.0"}
    assert all(len(request.headers["LinkedIn-Version"]) == 6 for request in requests)


def test_a_version_that_linkedin_has_retired_says_what_to_do(scene: Scene, account: Account):
    collector = scene.collector(account)
    collector.line.session.headers["LinkedIn-Version"] = "202501"  # type: ignore[attr-defined]

    for stream in collector.streams():
        with pytest.raises(PermissionLost, match="install a newer Gwylio"):
            run_once(collector, stream, Shelf())


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

    delete = get

    def ask(self, send: Callable[[], object]) -> Answer:
        send()
        return next(answer for words, answer in self.answers if words in self.asked[-1])


def answered(body: Any, status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, DATE | {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def a_page(*answers: tuple[str, Answer]) -> LinkedInPage:
    line: Any = Telephone(list(answers))
    return LinkedInPage("dyffryn", "1001", line)


def listed(*elements: Any, total: int | None = None) -> Answer:
    many = len(elements) if total is None else total
    return answered({"elements": list(elements), "paging": {"start": 0, "count": 100, "links": [], "total": many}})


def no(status: int, code: str = "", message: str = "") -> Answer:
    return answered({"status": status, "code": code, "message": message}, status)


DAY = "throttle APPLICATION DAY limit for calls to this resource is reached."
LIMITS = [
    ("Too many requests",    {},                     RateLimited,    NINE + 5 * MINUTE,          "account"),
    ("Too many requests",    {"retry-after": "90"},  RateLimited,    NINE + 90 * MINUTE / 60,    "account"),
    (f"Resource level {DAY}", {},                    RateLimited,    NINE.replace(day=17, hour=0), "resource"),
    (f"Application {DAY}",   {},                     QuotaExhausted, NINE.replace(day=17, hour=0), "app"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "headers", "kind", "until", "scope"), LIMITS)
def test_linkedins_days_end_at_midnight_utc_and_may_be_those_of_one_resource(
    message: str, headers: dict[str, str], kind: type[RateLimited], until: datetime, scope: str
):
    answer = no(429, "TOO_MANY_REQUESTS", message)
    page = a_page(("", replace(answer, headers={**answer.headers, **headers})))

    with pytest.raises(RateLimited) as caught:
        list(page.fetch("comments", Cursor(), Budget()))

    assert (type(caught.value), caught.value.until, caught.value.scope) == (kind, until, scope)


# A status and a code, what we make of them when reading, and what when writing.
ERRORS = [
    (400, "ILLEGAL_ARGUMENT",     Refused,        Refused),
    (400, "VERSION_MISSING",      PermissionLost, PermissionLost),
    (403, "ACCESS_DENIED",        PermissionLost, PermissionLost),
    (404, "NOT_FOUND",            Gone,           Gone),
    (405, "METHOD_NOT_ALLOWED",   Malformed,      Unconfirmed),
    (409, "CONFLICT",             Refused,        Refused),
    (422, "DUPLICATE",            Refused,        Refused),
    (426, "NONEXISTENT_VERSION",  PermissionLost, PermissionLost),
    (426, "",                     PermissionLost, PermissionLost),
    (429, "TOO_MANY_REQUESTS",    RateLimited,    RateLimited),
    (500, "NOT_FOUND",            Transient,      Unconfirmed),
    (504, "",                     Transient,      Unconfirmed),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "reading", "writing"), ERRORS)
def test_linkedins_errors_are_understood(
    status: int, code: str, reading: type[CollectorError], writing: type[CollectorError]
):
    page = a_page(("", no(status, code)))
    acts: list[tuple[Callable[[], object], type[CollectorError]]] = [
        (lambda: list(page.fetch("posts", Cursor(), Budget())), reading),
        (lambda: page.reply(POST, "Diolch", key="k"), writing),
    ]
    for act, kind in acts:
        with pytest.raises(CollectorError) as caught:
            act()
        assert type(caught.value) is kind


def test_only_a_word_of_linkedins_own_is_quoted():
    for code in ("Gair preifat", "gair", 7, None, "A" * 99):
        with pytest.raises(Refused, match=r"no reason given, status 400"):
            list(a_page(("", no(400, code))).fetch("posts", Cursor(), Budget()))  # type: ignore[arg-type]


@dataclass
class Shrinking:
    """A post's comments, of which some are taken away before each question."""

    comments: list[int]
    takings: list[list[int]]
    asked: str = ""

    @property
    def session(self) -> Shrinking:
        return self

    def get(self, address: str) -> None:
        self.asked = address

    def ask(self, send: Callable[[], object]) -> Answer:
        send()
        if "/comments" not in self.asked:
            return listed({"id": POST}) if "posts" in self.asked else answered({"results": {}})
        for place in self.takings.pop(0) if self.takings else ():
            if self.comments:
                del self.comments[place % len(self.comments)]
        start, count = (int(part.partition("=")[2]) for part in self.asked.partition("?")[2].split("&"))
        urns = [f"urn:li:comment:({ACTIVITY},{number})" for number in self.comments]
        shown = [a_comment(commentUrn=urn) for urn in urns[start : start + count]]
        paging = {"start": start, "count": count, "links": [], "total": len(urns)}
        return answered({"elements": shown, "paging": paging})


@given(
    many=st.integers(1, 60),
    takings=st.lists(st.lists(st.integers(0, 99), max_size=7), max_size=9),
    size=st.integers(1, 9),
)
@settings(max_examples=200, deadline=None)
def test_whoever_stays_is_read_whatever_is_taken_away_meanwhile(many: int, takings: list[list[int]], size: int):
    there = Shrinking(list(range(1000, 1000 + many)), [list(each) for each in takings])
    line: Any = there
    page = LinkedInPage("dyffryn", "1001", line, page_size=size)

    read = {
        comment.native_id for each in page.fetch("comments", Cursor(), Budget(pages=999)) for comment in each.comments
    }

    assert read >= {f"urn:li:comment:({ACTIVITY},{number})" for number in there.comments}


# --- saying something back


def test_a_reply_to_a_reply_stands_under_the_comment_above_and_is_found_there(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    reply = scene.world.comment(account.slug, "A fi", *TOM, NINE - 7 * HOUR, parent=question)
    collector = scene.collector(account)

    receipt = collector.reply(reply, "Dydd Iau", key="k")

    message = scene.world.message(receipt.native_id)
    assert message is not None
    assert (message.parent, message.text, receipt.at) == (question, "Dydd Iau", NINE)
    (found,) = collector.own_replies(reply, since=NINE)
    assert (found.native_id, found.in_reply_to, found.thread) == (receipt.native_id, question, post)


@pytest.mark.parametrize("kind", [Kind.FALSE_BODY, Kind.TRUNCATED_JSON])
def test_the_id_in_the_header_confirms_a_reply_whose_body_does_not(scene: Scene, account: Account, kind: Kind):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    scene.spoil(Fault(kind, method="POST"))

    receipt = scene.collector(account).reply(question, "Dydd Iau", key="k")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert (receipt.native_id, receipt.at) == (reply.native_id, None)


# What comes back of a reply, and the id that it gives; None for a doubt.
RECEIPTS = [
    (answered({}, 201, x_restli_id="7099"),                                   f"urn:li:comment:({POST},7099)"),
    (answered({}, 201, x_restli_id=COMMENT),                                  COMMENT),
    (answered({"commentUrn": COMMENT}, 201),                                  COMMENT),
    (answered({"$URN": COMMENT}, 201),                                        COMMENT),
    (answered({"commentUrn": COMMENT.replace("(urn:li:", "(")}, 201),         COMMENT),
    (answered({"commentUrn": "nonsens"}, 201, x_restli_id="7099"),            f"urn:li:comment:({POST},7099)"),
    (answered({"commentUrn": 7}, 201, x_restli_id="saith"),                   None),
    (answered(b"", 201),                                                      None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "native_id"), RECEIPTS)
def test_a_receipt_is_what_linkedin_says_or_a_doubt(answer: Answer, native_id: str | None):
    page = a_page(("", answer))
    if native_id is None:
        with pytest.raises(Unconfirmed, match="did not say under which id"):
            page.reply(POST, "Diolch", key="k")
    else:
        assert page.reply(POST, "Diolch", key="k").native_id == native_id


def test_what_linkedin_refuses_is_for_the_officer_to_do_there(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    collector = scene.collector(account)
    for kind, method, words in (
        (Kind.REFUSED, "POST", "reply on LinkedIn itself and record it here"),
        (Kind.REFUSED, "DELETE", "delete it on LinkedIn itself and record it here"),
        (Kind.FORBIDDEN, "DELETE", "delete it on LinkedIn itself and record it here"),
    ):
        scene.mend()
        scene.spoil(Fault(kind, method=method))
        with pytest.raises(Refused, match=words):
            collector.reply(question, "?", key="k") if method == "POST" else collector.act(Action.DELETE, question)


def test_a_deletion_that_may_have_happened_is_asked_for_again(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    collector = scene.collector(account)
    scene.spoil(Fault(Kind.DROPPED_AFTER, method="DELETE"))
    with pytest.raises(Transient):
        collector.act(Action.DELETE, question)

    collector.act(Action.DELETE, question)

    message = scene.world.message(question)
    assert message is not None
    assert not message.exists(scene.world.now)


@pytest.mark.parametrize("act", ["reply", "own_replies"])
def test_what_is_no_id_of_linkedins_is_refused_without_a_request(scene: Scene, account: Account, act: str):
    collector = scene.collector(account)

    with pytest.raises(Refused):
        collector.reply("1_2", "?", key="k") if act == "reply" else collector.own_replies("1_2", since=NINE)

    assert not scene.simulator.requests


def test_an_emoji_counts_for_two():
    assert a_page().length_of("Diolch 😀") == 9


def test_a_read_back_that_never_ends_is_no_answer(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    question = scene.world.comment(account.slug, "Pryd?", *MARI, NINE - 8 * HOUR, post=post)
    for n in range(25):
        scene.world.comment(account.slug, f"{n}", *TOM, NINE - 7 * HOUR + n * MINUTE, parent=question)

    with pytest.raises(Transient, match="pages of replies"):
        scene.collector(account, page_size=1).own_replies(question, since=NINE - HOUR)
    scene.spoil(Fault(Kind.NEXT_LOOP, path="*/comments", nth=2))
    with pytest.raises(Malformed, match="leads back to itself"):
        scene.collector(account, page_size=10).own_replies(question, since=NINE - HOUR)


# --- mentions


def test_a_post_that_names_us_is_a_comment_of_its_own_thread(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "Diolch i @Cyngor Dyffryn", *TOM, NINE - HOUR)

    comment = of_stream(scene, account, "mentions").comments[mention]

    assert (comment.text, comment.posted_at) == ("Diolch i @Cyngor Dyffryn", NINE - HOUR)
    assert (comment.thread, comment.in_reply_to) == (mention, "")
    assert comment.author == Author(PERSON.format(TOM[0]))
    assert comment.url == f"https://www.linkedin.com/feed/update/{mention}/"


def test_mentions_are_read_from_where_the_last_run_came_to_less_an_overlap(scene: Scene, account: Account):
    old = [scene.world.mention(account.slug, f"{n}", *TOM, NINE - (30 - n) * HOUR) for n in range(25)]
    shelf = of_stream(scene, account, "mentions", page_size=10)
    scene.world.now += 3 * HOUR
    late = scene.world.mention(account.slug, "Hwyr", *TOM, NINE - HOUR / 2, listed_at=NINE + HOUR)
    before = len(scene.simulator.requests)

    of_stream(scene, account, "mentions", shelf, page_size=10)

    assert set(shelf.comments) == {*old, late}
    assert len(scene.simulator.requests) - before == 1


def test_a_mention_can_be_answered_and_what_became_of_it_is_not_asked(scene: Scene, account: Account):
    mention = scene.world.mention(account.slug, "Diolch i @Cyngor Dyffryn", *TOM, NINE - HOUR)
    collector = scene.collector(account)

    receipt = collector.reply(mention, "Croeso!", key="k")

    (reply,) = scene.world.replies_by_us(account.slug)
    assert (reply.native_id, reply.parent) == (receipt.native_id, mention)
    before = len(scene.simulator.requests)
    assert collector.recheck([mention]) == {mention: Standing.UNKNOWN}
    with pytest.raises(Refused):
        collector.act(Action.DELETE, mention)
    assert len(scene.simulator.requests) == before


def a_notice(**over: Any) -> dict[str, Any]:
    notice = {
        "notificationId": 5603453321,
        "organizationalEntity": US,
        "action": "COMMENT",
        "sourcePost": ACTIVITY,
        "decoratedSourcePost": {"entity": POST, "owner": US, "text": "Bore da"},
        "generatedActivity": COMMENT.replace("(urn:li:", "("),
        "decoratedGeneratedActivity": {"comment": {"entity": COMMENT, "owner": PERSON.format(1), "text": "Pryd?"}},
        "lastModifiedAt": EIGHT_MS,
    }
    return {name: value for name, value in (notice | over).items() if value is not None}


# What a notification says, and the post that is read for it.
NOTICES: list[tuple[Any, str]] = [
    (a_notice(),                                                POST),
    (a_notice(decoratedSourcePost=None),                        ACTIVITY),
    (a_notice(action="COMMENT_DELETE", decoratedSourcePost={}), ACTIVITY),
    (a_notice(action="LIKE"),                                   ""),
    (a_notice(sourcePost=None, decoratedSourcePost=None),       ""),
    (a_notice(decoratedSourcePost={"entity": "../posts"}),      ""),
    (a_notice(decoratedSourcePost=7),                           ""),
    (7,                                                         ""),
]  # fmt: skip


@pytest.mark.parametrize(("notice", "post"), NOTICES)
def test_the_post_that_stirred_is_read_by_the_name_that_lists_have_for_it(notice: Any, post: str):
    page = a_page(("Notifications", listed(notice)), ("/comments", listed()))

    list(page.fetch("comments", Cursor(Kept(NINE - MINUTE, NINE - MINUTE).packed()), Budget()))

    line: Any = page.line
    read = [address for address in line.asked if "/comments" in address]
    assert [post.replace(":", "%3A") in address for address in read] == ([True] if post else [])


def test_a_mention_that_was_taken_back_is_known_by_its_name_alone():
    gone = a_notice(action="SHARE_MENTION", generatedActivity="urn:li:share:9", decoratedGeneratedActivity=None)
    (page,) = a_page(("", listed(gone, a_notice()))).fetch("mentions", Cursor(), Budget())

    (comment,) = page.comments
    assert (comment.native_id, comment.text, comment.author) == ("urn:li:share:9", "", None)
    assert not page.troubles


# --- what became of comments


def test_a_second_look_asks_for_a_posts_comments_at_once_and_sees_edits(scene: Scene, account: Account):
    post = scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR)
    many = [scene.world.comment(account.slug, f"{n}", *MARI, NINE - 8 * HOUR, post=post) for n in range(45)]
    scene.world.edit(many[1], "Newydd", NINE - HOUR)
    scene.world.delete(many[2], NINE - HOUR)

    standing = scene.collector(account).recheck(many)

    assert standing == dict.fromkeys(many, Standing.PRESENT) | {many[1]: Standing.EDITED, many[2]: Standing.GONE}
    assert len(scene.simulator.requests) == 3


def test_comments_that_went_with_their_post_are_not_said_to_be_deleted(scene: Scene, account: Account):
    post, other = (scene.world.post(account.slug, "Bore da", NINE - 9 * HOUR) for _ in range(2))
    with_it = scene.world.comment(account.slug, "?", *MARI, NINE - 8 * HOUR, post=post)
    alone = scene.world.comment(account.slug, "?", *MARI, NINE - 8 * HOUR, post=other)
    scene.world.delete(post, NINE - MINUTE)
    scene.world.delete(alone, NINE - MINUTE)

    assert scene.collector(account).recheck([with_it, alone]) == {with_it: Standing.UNKNOWN, alone: Standing.GONE}


NUMBER = "7094977717598625792"
THERE = {"id": NUMBER, "created": {"time": EIGHT_MS}, "lastModified": {"time": EIGHT_MS}}
NOT_THERE = {"status": 404, "code": "NOT_FOUND"}
SILENCE, GONE_IN_IT = answered({"results": {}}), answered({"results": {}, "errors": {NUMBER: NOT_THERE}})
BATCHES = [
    # The batch, the comment asked for alone, the post's list; and where the comment stands.
    (answered({"results": {NUMBER: THERE}}), no(500),         no(500),  Standing.PRESENT),
    (GONE_IN_IT,                             no(500),         listed(), Standing.GONE),
    (GONE_IN_IT,                             no(500),         no(403),  Standing.UNKNOWN),
    (GONE_IN_IT,                             no(500),         no(404),  Standing.UNKNOWN),
    (answered({"results": {}, "errors": {NUMBER: {"status": 403}}}), no(403), listed(), Standing.FORBIDDEN),
    (SILENCE,                                no(404),         listed(), Standing.GONE),
    (SILENCE,                                answered(THERE), no(500),  Standing.PRESENT),
    (SILENCE,                                no(500),         listed(), Standing.UNKNOWN),
    (SILENCE,                                answered({}),    listed(), Standing.UNKNOWN),
    (no(403),                                answered(THERE), no(500),  Standing.PRESENT),
    (no(403),                                no(404),         listed(), Standing.GONE),
    (no(403),                                no(403),         listed(), Standing.FORBIDDEN),
    (no(404),                                no(404),         listed(), Standing.UNKNOWN),
    (answered({"results": []}),              no(404),         listed(), Standing.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("batch", "alone", "post", "standing"), BATCHES)
def test_gone_is_said_only_where_linkedin_says_so_of_a_post_that_can_be_read(
    batch: Answer, alone: Answer, post: Answer, standing: Standing
):
    page = a_page(("ids=List(", batch), (f"/comments/{NUMBER}", alone), ("/comments?", post))

    assert page.recheck([COMMENT]) == {COMMENT: standing}


def test_an_app_in_the_development_tier_asks_one_by_one_until_it_is_refused():
    numbers = [str(1000 + n) for n in range(9)]
    page = a_page(("ids=List(", no(403)), ("/comments/1002", no(403)), ("", answered(THERE | {"id": "1000"})))
    ids = [f"urn:li:comment:({ACTIVITY},{number})" for number in numbers]

    standing = page.recheck(ids)

    assert standing[ids[0]] is Standing.PRESENT
    assert standing[ids[1]] is Standing.UNKNOWN
    assert {standing[each] for each in ids[2:]} == {Standing.FORBIDDEN}
    line: Any = page.line
    assert len(line.asked) == 1 + 3


# --- our posts

LITTLE = [
    ("Bore da",                                                      "Bore da"),
    (r"Mae \(bron\) yn barod\: 50\% \*newydd\*",                     "Mae (bron) yn barod: 50% *newydd*"),
    (r"Gweler {hashtag|\#|biniau} a {hashtag|#|Dyffryn\_2026}",      "Gweler #biniau a #Dyffryn_2026"),
    (r"Diolch i @[Cyngor Dyffryn \(Cymru\)](urn:li:organization:7)", "Diolch i Cyngor Dyffryn (Cymru)"),
    (r"C:\\bin",                                                     r"C:\bin"),
    ("heb ddianc (2026) #biniau @mari",                              "heb ddianc (2026) #biniau @mari"),
    ("\\",                                                           "\\"),
]  # fmt: skip


@pytest.mark.parametrize(("commentary", "text"), LITTLE)
def test_a_post_is_read_as_it_shows(commentary: str, text: str):
    assert plain(commentary) == text


def test_what_we_posted_comes_out_as_it_was_typed(scene: Scene, account: Account):
    text = r"Biniau (gwyrdd) {2026} *heddiw* <yma> #dyffryn @ni | 50% \o/ ~ [x]_"
    post = scene.world.post(account.slug, text, NINE - HOUR)

    shelf = of_stream(scene, account, "posts")

    assert shelf.posts[post].text == text
    assert shelf.posts[post].url == f"https://www.linkedin.com/feed/update/{post}/"


def test_posts_are_read_back_to_a_week_before_the_last_run(scene: Scene, account: Account):
    old = [scene.world.post(account.slug, f"{n}", NINE - timedelta(days=n)) for n in range(40)]
    shelf = of_stream(scene, account, "posts", page_size=5)
    assert set(shelf.posts) == set(old)
    before = asked_of(scene, "/posts")
    scene.world.now += HOUR
    new = scene.world.post(account.slug, "Newydd", NINE + MINUTE)

    of_stream(scene, account, "posts", shelf, page_size=5)

    assert new in shelf.posts
    assert asked_of(scene, "/posts") - before == 2


def test_a_draft_and_another_pages_post_are_none_of_ours():
    post = {"id": POST, "author": US, "commentary": "Bore da", "createdAt": EIGHT_MS, "lifecycleState": "PUBLISHED"}
    others = [{**post, "lifecycleState": "DRAFT"}, {**post, "author": "urn:li:organization:2"}]

    (page,) = a_page(("", listed(post, *others))).fetch("posts", Cursor(), Budget())

    assert [each.native_id for each in page.posts] == [POST]
    assert not page.troubles


# --- payloads as they come


def a_comment(**over: Any) -> dict[str, Any]:
    comment = {
        "actor": PERSON.format("0nOuNqIyuL"),
        "commentUrn": COMMENT,
        "created": {"actor": PERSON.format("0nOuNqIyuL"), "time": EIGHT_MS},
        "id": NUMBER,
        "lastModified": {"actor": PERSON.format("0nOuNqIyuL"), "time": EIGHT_MS},
        "likesSummary": {"selectedLikes": [], "aggregatedTotalLikes": 1, "totalLikes": 1},
        "message": {"attributes": [], "text": "Pryd?"},
        "object": ACTIVITY,
    }
    return {name: value for name, value in (comment | over).items() if value is not None}


def read_under(*items: Any) -> Page:
    page = a_page(
        ("posts?", listed({"id": POST})),
        ("Metadata", answered({"results": {POST: {"commentSummary": {"count": 1}}}})),
        ("/comments", listed(*items)),
    )
    *_, last = page.fetch("comments", Cursor(), Budget())
    return last


ABOVE = f"urn:li:comment:({ACTIVITY},7094970000000000000)"
SHOWN = (
    f"https://www.linkedin.com/feed/update/{ACTIVITY}/?commentUrn="
    f"urn%3Ali%3Acomment%3A%28activity%3A7094637247890620418%2C{NUMBER}%29"
)
# What a comment says, and what of it comes out.
SHAPES: list[tuple[dict[str, Any], str, Any]] = [
    ({},                                                     "native_id",   COMMENT),
    ({"commentUrn": None, "$URN": COMMENT},                  "native_id",   COMMENT),
    ({"commentUrn": None},                                   "native_id",   COMMENT),
    ({"commentUrn": COMMENT.replace("(urn:li:", "(")},       "native_id",   COMMENT),
    ({},                                                     "text",        "Pryd?"),
    ({"message": None, "content": [{"type": "IMAGE"}]},      "text",        ""),
    ({},                                                     "author",      Author(PERSON.format("0nOuNqIyuL"))),
    ({"actor": None},                                        "author",      Author(PERSON.format("0nOuNqIyuL"))),
    ({"actor": None, "created": {"time": EIGHT_MS}},         "author",      None),
    ({},                                                     "posted_at",   NINE - HOUR),
    ({"created": {"time": str(EIGHT_MS)}},                   "posted_at",   NINE - HOUR),
    ({},                                                     "edited_at",   None),
    ({"lastModified": None},                                 "edited_at",   None),
    ({"lastModified": {"time": EIGHT_MS + 60_000}},          "edited_at",   NINE - HOUR + MINUTE),
    ({},                                                     "thread",      POST),
    ({},                                                     "in_reply_to", POST),
    ({"parentComment": ABOVE},                               "in_reply_to", ABOVE),
    ({"parentComment": ABOVE.replace("(urn:li:", "(")},      "in_reply_to", ABOVE),
    ({},                                                     "hidden",      None),
    ({},                                                     "url",         SHOWN),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "value"), SHAPES)
def test_a_comment_comes_out_as_it_stands(facts: dict[str, Any], name: str, value: Any):
    (comment,) = read_under(a_comment(**facts)).comments

    assert getattr(comment, name) == value


def test_what_our_page_wrote_is_ours_whoever_of_us_it_was():
    page = read_under(a_comment(actor=US, created={"actor": US, "impersonator": PERSON.format(3), "time": EIGHT_MS}))

    (ours,) = page.ours
    assert isinstance(ours, OwnReply)
    assert (ours.in_reply_to, ours.thread, ours.text) == (POST, POST, "Pryd?")
    assert not page.comments


@pytest.mark.parametrize(
    "item",
    [
        7,
        {},
        a_comment(commentUrn=None, object=None),
        a_comment(commentUrn="urn:li:comment:(x)", id="../7"),
        a_comment(created=None),
        a_comment(created={"time": "ddoe"}),
        a_comment(created={"time": 10**30}),
        a_comment(created={"time": -1}),
        a_comment(created={"time": 1.5}),
        a_comment(message={"text": 7}),
        a_comment(message=[]),
    ],
)
def test_one_comment_that_cannot_be_read_costs_no_other(item: Any):
    other = f"urn:li:comment:({ACTIVITY},8)"
    page = read_under(item, a_comment(commentUrn=other, id="8"))

    assert [comment.native_id for comment in page.comments] == [other]
    assert len(page.troubles) == 1


def test_a_page_that_promises_another_and_does_not_say_where_is_nonsense():
    for href in (None, 7, "", "https://[", "/rest?start=-1", "/rest?count=10"):
        body = {"elements": [], "paging": {"start": 0, "count": 10, "links": [{"rel": "next", "href": href}]}}
        with pytest.raises(Malformed, match="does not say where"):
            list(a_page(("", answered(body))).fetch("posts", Cursor(), Budget()))


def test_an_account_may_be_known_by_its_number_or_by_its_urn():
    for native_id in ("1001", US):
        assert replace(a_page(), organisation=native_id).urn == US


# --- whatever comes

NAMES = st.sampled_from(
    "elements paging start count total links rel href id commentUrn $URN object actor created lastModified time "
    "message text parentComment commentsSummary totalFirstLevelComments action sourcePost decoratedSourcePost entity "
    "generatedActivity decoratedGeneratedActivity share owner lastModifiedAt results errors status code commentary "
    "author createdAt lifecycleState commentSummary".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(["", COMMENT, POST, US, NUMBER, "next", "/x?start=10", "COMMENT", "SHARE_MENTION", "\ud800", "😀"]),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([POST, NUMBER]), "commentUrn": st.just(COMMENT), "created": JSON, "message": JSON,
        "commentsSummary": JSON, "action": st.sampled_from(["COMMENT", "SHARE_MENTION"]), "sourcePost": st.just(POST),
        "lastModifiedAt": VALUES, "createdAt": st.just(EIGHT_MS),
    },
)  # fmt: skip
LISTS = st.fixed_dictionaries(
    {
        "elements": st.lists(ITEMS | JSON, max_size=3),
        "paging": st.fixed_dictionaries({}, optional={"total": VALUES, "links": JSON, "count": VALUES}) | JSON,
    },
    optional={"results": JSON | st.dictionaries(st.sampled_from([POST, NUMBER]), JSON), "errors": JSON},
)
BODIES = st.one_of(
    st.one_of(JSON, LISTS).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
TOKENS = st.tuples(
    st.sampled_from(["", Kept(NINE, NINE).packed()]),
    st.lists(st.sampled_from(["", POST]), max_size=2),
    st.text(max_size=5) | PLACES.map(Place.packed),
).map(json.dumps)
MARKS = st.text(max_size=20) | st.sampled_from([
    Kept(NINE - MINUTE, NINE - MINUTE).packed(), Kept(NINE, NINE - 2 * HOUR, {POST: 3}).packed(), NINE.isoformat(),
    '["0001-01-01T00:00:00","2026-11-16",{}]',
])  # fmt: skip


@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 418, 426, 429, 500, 503]),
    body=BODIES,
    headers=st.dictionaries(st.sampled_from(["x-restli-id", "retry-after", "date"]), st.text(max_size=9), max_size=2),
    token=st.text(max_size=30) | TOKENS,
    mark=MARKS,
)
@settings(max_examples=300, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    status: int, body: bytes, headers: dict[str, str], token: str, mark: str
):
    page = a_page(("", Answer(status, DATE | headers, body)))

    def look(stream: str) -> None:
        for each in page.fetch(stream, Cursor(mark, token), Budget(pages=3)):
            assert all(comment.posted_at.tzinfo for comment in each.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: look(stream) for stream in page.streams()),
        lambda: page.reply(COMMENT, "Diolch", key="k"),
        lambda: page.reply(POST, "Diolch", key="k"),
        lambda: page.act(Action.DELETE, COMMENT),
        lambda: page.own_replies(COMMENT, since=NINE),
        lambda: page.recheck([COMMENT, POST, "?"]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@given(status=st.sampled_from([400, 401, 403, 409, 410, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_a_refused_second_look_never_says_gone(status: int, body: bytes):
    try:
        standing = a_page(("", Answer(status, DATE, body))).recheck([COMMENT])
    except CollectorError:
        return
    assert standing[COMMENT] is not Standing.GONE
