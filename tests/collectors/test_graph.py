"""What the Graph family says, in our words: every code its kind, every wait its moment, and nothing quoted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import (
    Action,
    AuthExpired,
    Budget,
    Collector,
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
from collectors.facebook import FacebookPage
from collectors.graph import known_by_handle, remaining, time_or_none
from collectors.instagram import InstagramAccount
from collectors.threads import ThreadsProfile
from collectors.transport import Answer
from tests.collectors.conftest import NINE
from tests.collectors.test_nonsense import DATE, JSON, AnySdk, Parrot
from vocabulary import Author

WORDS = "Gair-preifat-Mari"
COMMENT = "11_22"
FAMILY = ("facebook", "instagram", "threads")
SEARCHES = {"biniau": "biniau"}


def a_collector(platform: str, answer: Answer) -> Collector:
    line: Any = Parrot(answer)
    if platform == "facebook":
        return FacebookPage("dyffryn", "1001", AnySdk(), line)
    if platform == "instagram":
        return InstagramAccount("dyffryn", "1001", AnySdk(), line)
    return ThreadsProfile("dyffryn", "1001", AnySdk(), line, searches=SEARCHES)


def an_error(status: int, code: object, subcode: object = None, headers: dict[str, str] | None = None) -> Answer:
    error = {"message": WORDS, "type": "OAuthException", "code": code, "fbtrace_id": "AbC"}
    if subcode is not None:
        error["error_subcode"] = subcode
    return Answer(status, DATE | (headers or {}), json.dumps({"error": error}).encode())


def raised(act: Callable[[], object]) -> CollectorError:
    with pytest.raises(CollectorError) as caught:
        act()
    return caught.value


def read(platform: str, answer: Answer) -> CollectorError:
    collector = a_collector(platform, answer)
    return raised(lambda: list(collector.fetch("posts", Cursor(), Budget())))


# Status, code and subcode, and what we make of it when we read.
CODES = [
    (500,      1,    None, Transient),
    (500,      2,    None, Transient),
    (403,      3,    None, PermissionLost),
    (400,      4,    None, RateLimited),
    (403,     10,    None, PermissionLost),
    (400,     17,    None, RateLimited),
    (400,    100,    None, Refused),
    (400,    100,      33, Gone),
    (400,    102,    None, AuthExpired),
    (401,    190,     463, AuthExpired),
    (400,    190,     460, AuthExpired),
    (403,    200,    None, PermissionLost),
    (403,    299,    None, PermissionLost),
    (400,    341,    None, RateLimited),
    (400,    368,    None, PermissionLost),
    (400,    613,    None, RateLimited),
    (404,    803,    None, Gone),
    (400,  80002,    None, RateLimited),
    (400,  80014,    None, RateLimited),
    (400, 999999,    None, Refused),
    (401, 999999,    None, AuthExpired),
    (403, 999999,    None, PermissionLost),
    (429, 999999,    None, RateLimited),
    (503, 999999,    None, Transient),
    (400, "190",     None, Refused),
]  # fmt: skip


@pytest.mark.parametrize("platform", FAMILY)
@pytest.mark.parametrize(("status", "code", "subcode", "kind"), CODES)
def test_a_code_means_the_same_on_every_platform_of_the_family(
    platform: str, status: int, code: object, subcode: int | None, kind: type[CollectorError]
):
    error = read(platform, an_error(status, code, subcode))

    assert type(error) is kind
    assert WORDS not in str(error)
    assert f"status {status}" in str(error)


# The platform, its own code and subcode, and what we make of it when we reply.
OWN_CODES = [
    ("facebook",     32,    None, RateLimited),
    ("facebook",    506,    None, Refused),
    ("facebook",  80001,    None, RateLimited),
    ("threads",      24, 4279009, Transient),
    ("facebook",      1,    None, Unconfirmed),
    ("threads",       2,    None, Transient),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "code", "subcode", "kind"), OWN_CODES)
def test_a_platform_has_codes_of_its_own(platform: str, code: int, subcode: int | None, kind: type[CollectorError]):
    collector = a_collector(platform, an_error(400, code, subcode))

    assert type(raised(lambda: collector.reply(COMMENT, "Diolch", key="k"))) is kind


@pytest.mark.parametrize("platform", FAMILY)
def test_a_refused_reply_tells_the_officer_where_to_go(platform: str):
    collector = a_collector(platform, an_error(400, 100))

    error = raised(lambda: collector.reply(COMMENT, "Diolch", key="k"))

    assert type(error) is Refused
    assert "record it here" in str(error)


@pytest.mark.parametrize("platform", FAMILY)
def test_what_cannot_be_hidden_is_hidden_on_the_platform_itself(platform: str):
    collector = a_collector(platform, an_error(400, 100))

    error = raised(lambda: collector.act(Action.HIDE, COMMENT))

    assert type(error) is Refused
    assert "record it here" in str(error)


# The business header's minutes, or none, and how long to wait.
WAITS = [
    (None,           timedelta(hours=1)),
    (0,              timedelta(hours=1)),
    (15,             timedelta(minutes=15)),
    (1440,           timedelta(days=1)),
    (10**9,          timedelta(days=1)),
    (-5,             timedelta(hours=1)),
    ("15",           timedelta(hours=1)),
]  # fmt: skip


@pytest.mark.parametrize(("minutes", "wait"), WAITS)
def test_a_limit_lasts_as_long_as_the_header_says_within_reason(minutes: object, wait: timedelta):
    rows = {"1001": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": minutes}]}

    error = read("facebook", an_error(400, 80001, headers={"x-business-use-case-usage": json.dumps(rows)}))

    assert isinstance(error, RateLimited)
    assert error.until == NINE + wait


# Status, headers, the body, and how long to wait; None: it does not say when it is.
WITHOUT_A_CODE = [
    (429, DATE | {"retry-after": "120"}, b"",                      timedelta(minutes=2)),
    (429, DATE,                          b"<html>",                timedelta(hours=1)),
    (429, {"retry-after": "120"},        b"{}",                    None),
    (503, DATE | {"retry-after": "120"}, b"{}",                    timedelta(minutes=2)),
    (400, DATE | {"retry-after": "120"}, b'{"error":{"code": 4}}', timedelta(minutes=2)),
]  # fmt: skip


@pytest.mark.parametrize(("status", "headers", "body", "wait"), WITHOUT_A_CODE)
def test_whoever_asks_us_to_wait_is_believed_even_in_plain_http(
    status: int, headers: dict[str, str], body: bytes, wait: timedelta | None
):
    error = read("threads", Answer(status, headers, body))

    assert type(error) is (Transient if wait is None else RateLimited)
    assert wait is None or getattr(error, "until", None) == NINE + wait


@pytest.mark.parametrize("platform", FAMILY)
def test_a_recheck_that_must_wait_says_so_and_nothing_of_the_comments(platform: str):
    collector = a_collector(platform, Answer(429, DATE, b"<html>"))

    assert type(raised(lambda: collector.recheck([COMMENT]))) is RateLimited


@pytest.mark.parametrize(
    ("code", "scope"), [(4, "app"), (341, "app"), (17, "account"), (80002, "account"), (613, "account")]
)
def test_a_limit_of_the_app_is_not_one_of_the_account(code: int, scope: str):
    error = read("instagram", an_error(400, code))

    assert isinstance(error, RateLimited)
    assert error.scope == scope


def test_a_limit_without_a_time_is_a_stumble():
    error = read("facebook", replace(an_error(400, 4), headers={}))

    assert type(error) is Transient


# Headers, and what is left of the narrowest allowance.
USAGE = [
    ({},                                                                                  None),
    ({"x-app-usage": '{"call_count": 28, "total_time": 25, "total_cputime": 25}'},         0.72),
    ({"x-app-usage": '{"call_count": 1}', "x-page-usage": '{"total_time": 90}'},           0.1),
    ({"x-business-use-case-usage": '{"1": [{"call_count": 5}, {"total_cputime": 60}]}'},   0.4),
    ({"x-app-usage": '{"call_count": 250}'},                                               0.0),
    ({"x-app-usage": '{"call_count": "28"}'},                                              None),
    ({"x-app-usage": "[]", "x-page-usage": "{", "x-business-use-case-usage": '{"1": 7}'},  None),
    ({"x-app-usage": "[" * 100_000},                                                       None),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "left"), USAGE)
def test_what_is_left_is_the_narrowest_allowance(headers: dict[str, str], left: float | None):
    assert remaining(Answer(200, headers, b"{}")) == (None if left is None else pytest.approx(left))


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-11-16T09:00:00+0000", NINE),
        ("2026-11-16T10:00:00+01:00", NINE),
        (int(NINE.timestamp()), NINE),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-11-16T09:00:00", None),
        ("1731747600", None),
        ("0001-01-01T00:00:00+14:00", None),
        (10**15, None),
        (-1, None),
        (True, None),
        (None, None),
    ],
)
def test_a_time_that_need_not_be_there_is_read_or_left(value: object, at: datetime | None):
    assert time_or_none(value) == at


def test_whoever_is_known_by_a_handle_is_known_by_nothing_else():
    assert known_by_handle("mari.evans") == Author("@mari.evans", "mari.evans")
    assert known_by_handle("") is None


@pytest.mark.parametrize("platform", FAMILY)
@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "paging": {"next": "https://graph.example/"}},
        {"data": [], "paging": {"next": "https://graph.example/", "cursors": {"after": 7}}},
        {"data": [], "paging": []},
        {"data": {}},
        [],
    ],
)
def test_a_page_that_is_none_is_nonsense(platform: str, body: object):
    assert type(read(platform, Answer(200, DATE, json.dumps(body).encode()))) is Malformed


def test_where_the_next_page_is_comes_from_the_cursor_and_never_from_an_address():
    body = {"data": [], "paging": {"next": "https://elsewhere.example/?after=y", "cursors": {"after": "x"}}}
    collector = a_collector("facebook", Answer(200, DATE, json.dumps(body).encode()))

    page = next(iter(collector.fetch("posts", Cursor(), Budget())))

    assert json.loads(page.cursor.page_token)[2] == "x"
    assert "elsewhere" not in page.cursor.page_token


# --- nonsense

NAMES = st.sampled_from(
    "data paging cursors after next summary total_count comments_count comment_count comments replies id message text "
    "caption created_time updated_time timestamp from name username user owner media permalink parent parent_id to "
    "hidden is_hidden hide_status is_reply_owned_by_me root_post replied_to has_replies media_type status "
    "mentioned_comment mentioned_media error code error_subcode success message_id".split()
)
VALUES = st.one_of(
    JSON,
    st.sampled_from(["11_22", "m_1", "1001", "2026-11-16T09:00:00+0000", "HIDDEN", "FINISHED", "@dyffryn", "\ud800"]),
    st.integers(-5, 10**20),
)
ITEMS = st.lists(st.dictionaries(NAMES, VALUES, max_size=9), max_size=3)
REPLIES = st.fixed_dictionaries({"data": st.one_of(ITEMS, VALUES)}, optional={"paging": VALUES})
ITEM = st.dictionaries(NAMES, VALUES, max_size=9)
THREAD = st.builds(lambda item, replies: item | {"replies": replies}, ITEM, REPLIES)
PAGES = st.fixed_dictionaries(
    {"data": st.one_of(ITEMS, st.lists(THREAD, max_size=3))},
    optional={
        "paging": st.one_of(VALUES, st.just({"next": "x", "cursors": {"after": "y"}})),
        "summary": st.dictionaries(NAMES, VALUES, max_size=3),
    },
)
BODIES = st.one_of(
    st.one_of(PAGES, st.dictionaries(NAMES, VALUES, max_size=9), VALUES).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
)
TOKENS = st.one_of(
    st.text(max_size=30),
    st.builds(
        lambda mark, legs, token: json.dumps([mark, legs, token]),
        st.one_of(st.text(max_size=9), JSON.map(json.dumps)),
        st.lists(st.text(max_size=4), max_size=2),
        st.one_of(st.text(max_size=9), JSON.map(json.dumps)),
    ),
)


@pytest.mark.parametrize("platform", FAMILY)
@given(
    status=st.sampled_from([200, 200, 200, 200, 201, 400, 401, 403, 404, 429, 500, 503]),
    body=BODIES,
    token=TOKENS,
    watermark=st.one_of(st.just(""), st.text(max_size=20), JSON.map(json.dumps)),
)
@settings(max_examples=150, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    platform: str, status: int, body: bytes, token: str, watermark: str
):
    collector = a_collector(platform, Answer(status, DATE, body))

    def read(stream: str) -> None:
        for page in collector.fetch(stream, Cursor(watermark, token), Budget(pages=3)):
            assert not page.complete or not page.cursor.page_token
            assert all(comment.posted_at.tzinfo for comment in page.comments)
            assert all(count.said >= 0 for count in page.counts)

    acts: list[Callable[[], object]] = [partial(read, stream) for stream in collector.streams()]
    for target in (COMMENT, "m_1", "aWdf1", "1001_5"):
        acts += [
            partial(collector.reply, target, "Diolch", key="k"),
            partial(collector.act, Action.HIDE, target),
            partial(collector.own_replies, target, since=NINE),
            partial(collector.recheck, [target]),
        ]
    if isinstance(collector, InstagramAccount):
        acts += [lambda: collector.mentioned("1", "2"), lambda: collector.mentioned(media_id="2")]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@pytest.mark.parametrize("platform", FAMILY)
@given(status=st.sampled_from([401, 403, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=60, deadline=None)
def test_a_refused_recheck_never_says_gone(platform: str, status: int, body: bytes):
    collector = a_collector(platform, Answer(status, DATE, body))
    try:
        standing = collector.recheck([COMMENT, "m_1"])
    except CollectorError:
        return
    assert Standing.GONE not in standing.values()
