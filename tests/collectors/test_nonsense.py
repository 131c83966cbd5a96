"""A platform may answer anything at all: what comes out is a result or an error in our words, never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import Action, Budget, Collector, CollectorError, Cursor, Standing
from collectors.facebook import FacebookPage
from collectors.transport import Answer
from collectors.x import XAccount
from tests.collectors.conftest import NINE

DATE = {"date": "Mon, 16 Nov 2026 09:00:00 GMT"}
ID = "1990000000000000001"
COMMENT = "11_22"


class AnySdk:
    """Stands for an SDK; what it would send does not matter here."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **more: None


@dataclass
class Parrot:
    """A line on which every question gets the same answer."""

    answer: Answer

    def ask(self, send: Callable[[], object]) -> Answer:
        send()
        return self.answer


# The platforms' own names, so that the nonsense reaches deep.
NAMES = st.sampled_from(
    "data meta next_token newest_id includes users tweets posts errors type title parameter value resource_id id text "
    "created_at author_id conversation_id referenced_tweets edit_history_tweet_ids note_tweet display_text_range "
    "hidden paging cursors after next error code error_subcode message created_time updated_time from name parent "
    "is_hidden permalink_url success".split()
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(
        ["", ID, COMMENT, "1001", "2026-11-16T09:00:00Z", "2026-11-16T09:00:00", "replied_to", "\ud800", "😀"]
    ),
)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6))
TWEETS = st.fixed_dictionaries(
    {"data": st.lists(st.dictionaries(NAMES, JSON, max_size=8), max_size=3), "meta": JSON}, optional={"includes": JSON}
)
GRAPH = st.fixed_dictionaries({"data": st.lists(st.dictionaries(NAMES, JSON, max_size=8), max_size=3), "paging": JSON})
BODIES = st.one_of(
    st.one_of(JSON, TWEETS, GRAPH, st.fixed_dictionaries({"error": JSON})).map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=40),
    st.just(b"[" * 100_000),
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-rate-limit-reset", "x-rate-limit-limit", "x-app-usage", "x-business-use-case-usage", "date"]),
    st.one_of(st.text("0123456789", max_size=12), JSON.map(json.dumps), st.text(max_size=9)),
)


def a_collector(platform: str, answer: Answer) -> Collector:
    line: Any = Parrot(answer)
    if platform == "x":
        return XAccount("dyffryn", "1001", AnySdk(), line)
    return FacebookPage("dyffryn", "1001", AnySdk(), line)


@pytest.mark.parametrize("platform", ["x", "facebook"])
@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 402, 403, 404, 418, 429, 500, 503]),
    headers=HEADERS.map(lambda strange: DATE | strange),
    body=BODIES,
    token=st.text(max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_nonsense_never_escapes_as_anything_but_our_own_words(
    platform: str, status: int, headers: dict[str, str], body: bytes, token: str
):
    collector = a_collector(platform, Answer(status, headers, body))

    def read(stream: str) -> None:
        for page in collector.fetch(stream, Cursor("", token), Budget(pages=3)):
            assert page.complete or page.cursor.watermark == ""
            assert all(comment.posted_at.tzinfo for comment in page.comments)

    acts: list[Callable[[], object]] = [
        *(lambda stream=stream: read(stream) for stream in collector.streams()),
        lambda: collector.reply(COMMENT, "Diolch", key="k"),
        lambda: collector.act(Action.HIDE, COMMENT),
        lambda: collector.own_replies(COMMENT, since=NINE),
        lambda: collector.recheck([ID, COMMENT]),
    ]
    for act in acts:
        try:
            act()
        except CollectorError:
            continue


@pytest.mark.parametrize("platform", ["x", "facebook"])
@given(status=st.sampled_from([401, 403, 429, 500, 502, 503]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_a_refused_recheck_never_says_gone(platform: str, status: int, body: bytes):
    collector = a_collector(platform, Answer(status, DATE, body))
    try:
        standing = collector.recheck([COMMENT])
    except CollectorError:
        return
    assert standing[COMMENT] is not Standing.GONE


# What X says of a tweet that is looked for again, and how it then stands.
LOOKED_FOR = [
    ({"data": 5},                                                    Standing.UNKNOWN),
    ({"data": {"id": ID}},                                           Standing.UNKNOWN),
    ({"data": [{"id": []}, {"id": {}}, 5]},                          Standing.UNKNOWN),
    ({"data": [{"id": ID, "edit_history_tweet_ids": 5}]},            Standing.PRESENT),
    ({"data": [{"id": ID, "edit_history_tweet_ids": [ID, "9"]}]},    Standing.EDITED),
    ({"errors": [{"resource_id": [], "value": {}}]},                 Standing.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("body", "standing"), LOOKED_FOR)
def test_whatever_x_says_of_a_tweet_it_stands_somehow(body: Any, standing: Standing):
    collector = a_collector("x", Answer(200, DATE, json.dumps(body).encode()))

    assert collector.recheck([ID]) == {ID: standing}
