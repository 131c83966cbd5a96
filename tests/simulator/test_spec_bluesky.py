"""The simulator's Bluesky keeps to the official lexicons.

The lexicons are not ours to ship.  GWYLIO_SPECS names a folder that has them: `bluesky/app/bsky/…`.
Those of `com.atproto` (sessions, repositories) are not in it; there the client's own models are the measure.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.bluesky import Bluesky
from simulator.exchange import Ask
from simulator.world import World
from tests.simulator.lexicons import Lexicons
from vocabulary import Platform

SPECS = os.environ.get("GWYLIO_SPECS", "")
pytestmark = pytest.mark.skipif(not SPECS, reason="GWYLIO_SPECS names no folder with the platforms' specifications")

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
US, MARI = "did:plc:ni", "did:plc:7001"
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"
LEXICONS = Lexicons(Path(SPECS, "bluesky"))
LINK = "Gweler https://dyffryn.example/biniau?a=1&b=2. A https://dyffryn.example!"


def a_lively_world() -> tuple[World, dict[str, str]]:
    world = World(now=NINE + 9 * HOUR)
    world.add_account(Platform.BLUESKY, "dyffryn-b", US, "Cyngor Dyffryn", "token", username="dyffryn_cyngor")
    post = world.post("dyffryn-b", f"Newyddion. {LINK}", NINE)
    question = world.comment("dyffryn-b", f"Pryd? {LINK} ŵ 🏴󠁧󠁢󠁷󠁬󠁳󠁿", "7001", "Mari Evans", NINE + HOUR, post=post)
    hidden = world.comment("dyffryn-b", "!", "7002", "Tom Parry", NINE + HOUR, post=post)
    blocked = world.comment("dyffryn-b", "?", "7003", "Elin", NINE + HOUR, post=post)
    away = world.comment("dyffryn-b", "?", "7004", "Siôn", NINE + HOUR, post=post)
    above = question
    for number in range(14):
        above = world.comment("dyffryn-b", f"{number}", "7002", "Tom", NINE + 2 * HOUR, parent=above)
    reply = world.comment("dyffryn-b", "Dydd Mawrth", US, "", NINE + 3 * HOUR, parent=question)
    quote = world.quote("dyffryn-b", "Clywch!", "7001", "Mari Evans", NINE + 4 * HOUR, of=post)
    mention = world.mention("dyffryn-b", "Helo bawb", "7002", "Tom", NINE + 5 * HOUR)
    gone = world.comment("dyffryn-b", "-", "7002", "Tom", NINE + HOUR, post=post)
    world.delete(gone, NINE + 2 * HOUR)
    world.overheard("dyffryn-b", "Biniau Dyffryn #biniau", "7002", "Tom", NINE + HOUR)
    message = world.message(hidden)
    assert message is not None
    world.set_hidden(message, hidden=True)
    world.blockers, world.suspended = {"did:plc:7003"}, {"did:plc:7004"}
    names = {
        "post": post, "question": question, "hidden": hidden, "blocked": blocked, "away": away, "reply": reply,
        "quote": quote, "mention": mention, "gone": gone, "key": post.rsplit("/", 1)[-1],
    }  # fmt: skip
    return world, names


# Method, its parameters (with each value of a list by itself), and the status of the answer.
CALLS: list[tuple[str, list[tuple[str, str]], int]] = [
    ("app.bsky.notification.listNotifications", [],                                                             200),
    ("app.bsky.notification.listNotifications", [("reasons", "reply"), ("reasons", "quote"), ("limit", "3")],   200),
    ("app.bsky.notification.listNotifications", [("cursor", "ddoe")],                                           400),
    ("app.bsky.notification.listNotifications", [("limit", "101")],                                             400),
    ("app.bsky.feed.getPostThread",             [("uri", "{post}")],                                            200),
    ("app.bsky.feed.getPostThread",             [("uri", "{post}"), ("depth", "1000"), ("parentHeight", "0")],  200),
    ("app.bsky.feed.getPostThread",             [("uri", "{question}"), ("depth", "0")],                        200),
    ("app.bsky.feed.getPostThread",             [("uri", "{blocked}")],                                         200),
    ("app.bsky.feed.getPostThread",             [("uri", "{away}")],                                            400),
    ("app.bsky.feed.getPostThread",             [("uri", "{gone}")],                                            400),
    ("app.bsky.feed.getAuthorFeed",             [("actor", US)],                                                200),
    ("app.bsky.feed.getAuthorFeed",             [("actor", US), ("filter", "posts_no_replies"), ("limit", "1")], 200),
    ("app.bsky.feed.getPosts",                  [("uris", "{post}"), ("uris", "{quote}"), ("uris", "{gone}")],  200),
    ("app.bsky.feed.getPosts",                  [("uris", "{blocked}")],                                        200),
    ("app.bsky.feed.searchPosts",               [("q", "biniau"), ("sort", "latest"), ("limit", "1")],          200),
    ("app.bsky.feed.searchPosts",               [("q", "#biniau"), ("since", "2026-11-16T09:00:00.000Z")],      200),
    ("app.bsky.actor.getProfiles",              [("actors", US), ("actors", MARI), ("actors", "did:plc:7003")], 200),
]  # fmt: skip


def asked(method: str, pairs: list[tuple[str, str]], names: Mapping[str, str]) -> Ask:
    pairs = [(name, re.sub(r"\{(\w+)\}", lambda found: names[found[1]], value)) for name, value in pairs]
    return Ask("GET", f"/xrpc/{method}", dict(pairs), {}, "token", pairs)


@pytest.mark.parametrize(("method", "pairs", "status"), CALLS)
def test_bluesky_keeps_to_its_lexicons(method: str, pairs: list[tuple[str, str]], status: int):
    world, names = a_lively_world()

    answer = Bluesky(world).answer(asked(method, pairs, names))

    assert answer.status == status
    if status == 200:
        assert list(LEXICONS.flaws_of_answer(method, answer.payload)) == []
    else:
        named = [each["name"] for each in LEXICONS.method(method).get("errors", ())]
        assert answer.payload["error"] in (*named, "InvalidRequest")


@pytest.mark.parametrize(("method", "pairs", "status"), CALLS)
def test_what_is_asked_here_is_in_the_lexicons(method: str, pairs: list[tuple[str, str]], status: int):
    ask = asked(method, pairs, a_lively_world()[1])
    several = {name: [value for each, value in ask.pairs if each == name] for name in ("uris", "actors", "reasons")}

    flaws = list(LEXICONS.flaws_of_question(method, {**ask.query, **{n: v for n, v in several.items() if v}}))

    assert bool(flaws) is (pairs == [("limit", "101")])


def test_the_lively_world_shows_what_there_is_to_show():
    """Lest the lexicons be kept by showing nothing."""
    world, names = a_lively_world()
    bluesky = Bluesky(world)

    told = bluesky.answer(asked("app.bsky.notification.listNotifications", [], names)).payload["notifications"]
    thread = bluesky.answer(asked("app.bsky.feed.getPostThread", [("uri", "{post}")], names)).payload

    assert {each["reason"] for each in told} == {"reply", "quote", "mention"}
    assert thread["threadgate"]["record"]["hiddenReplies"] == [names["hidden"]]
    kinds = [reply["$type"].partition("#")[2] for reply in thread["thread"]["replies"]]
    assert sorted(kinds) == ["blockedPost", "threadViewPost", "threadViewPost"]
    assert "embed" in next(each["record"] for each in told if each["reason"] == "quote")
    assert "facets" in thread["thread"]["post"]["record"]


SAID = {"$type": POST, "text": "Diolch", "createdAt": "2026-11-16T18:00:00.000Z"}
SHUT = {"$type": GATE, "post": "{post}", "createdAt": "2026-11-16T18:00:00.000Z", "hiddenReplies": []}
OURS = {"repo": US, "collection": POST}
GATED = {"repo": US, "collection": GATE, "rkey": "{key}"}

# What is asked of our repository, and of the session, and the status of the answer.
CALLS_WITHOUT_LEXICON: list[tuple[str, dict[str, Any], int]] = [
    ("repo.getRecord",       {**OURS, "rkey": "{key}"},                              200),
    ("repo.getRecord",       GATED,                                                  200),
    ("repo.getRecord",       {**OURS, "rkey": "neb"},                                400),
    ("repo.listRecords",     {**OURS, "limit": "1"},                                 200),
    ("repo.createRecord",    {**OURS, "record": SAID},                               200),
    ("repo.createRecord",    {**OURS, "repo": MARI, "record": SAID},                 403),
    ("repo.createRecord",    {**OURS, "record": {**SAID, "text": "x" * 3001}},       400),
    ("repo.createRecord",    {**GATED, "record": SHUT},                              500),
    ("repo.putRecord",       {**GATED, "record": SHUT},                              200),
    ("repo.putRecord",       {**GATED, "record": SHUT, "swapRecord": "bafy"},        400),
    ("repo.putRecord",       {**GATED, "record": {**SHUT, "hiddenReplies": ["at://x"] * 301}}, 400),
    ("server.createSession", {"identifier": US, "password": "token"},                200),
    ("server.createSession", {"identifier": US, "password": "arall"},                401),
]  # fmt: skip


@pytest.mark.parametrize(("method", "said", "status"), CALLS_WITHOUT_LEXICON)
def test_the_repository_and_the_session_are_as_the_client_has_them(method: str, said: dict[str, Any], status: int):
    from atproto import models

    world, names = a_lively_world()
    whole = {n: re.sub(r"\{(\w+)\}", lambda f: names[f[1]], v) if isinstance(v, str) else v for n, v in said.items()}
    path, reads = f"/xrpc/com.atproto.{method}", method.startswith(("repo.get", "repo.list"))

    answer = Bluesky(world).answer(
        Ask("GET" if reads else "POST", path, whole if reads else {}, {} if reads else whole, "token")
    )

    assert answer.status == status
    if status == 200:
        name = "".join(f"{part[0].upper()}{part[1:]}" for part in method.split("."))
        model = getattr(models, f"ComAtproto{name}").Response
        assert not model.model_validate(answer.payload, context={"strict_string_format": True}).model_extra
    else:
        assert set(answer.payload) == {"error", "message"}


@pytest.mark.parametrize(
    "change",
    [
        {"uri": "https://bsky.app"},
        {"cid": "bafy"},
        {"indexedAt": "ddoe"},
        {"replyCount": "1"},
        {"colour": "red"},
        {"author": {"did": US}},
        {"record": {"$type": POST, "text": "x" * 3001, "createdAt": "2026-11-16T18:00:00.000Z"}},
        {"record": {"$type": POST, "text": "x"}},
        {"record": {"text": "x"}},
    ],
)  # fmt: skip
def test_the_check_itself_sees_a_flaw(change: dict[str, Any]):
    world, names = a_lively_world()
    view = Bluesky(world).answer(asked("app.bsky.feed.getPosts", [("uris", "{post}")], names)).payload["posts"][0]

    assert len(list(LEXICONS.flaws_of_answer("app.bsky.feed.getPosts", {"posts": [{**view, **change}]}))) == 1
