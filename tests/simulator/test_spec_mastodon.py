"""The simulator's Mastodon speaks as Mastodon.py has it: the client's types are the nearest thing to a specification.

Every property that we send is one that the client knows, of its kind; those that it never leaves out are there.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mastodon import return_types

from simulator.exchange import Ask
from simulator.mastodon import Mastodon
from simulator.world import World
from vocabulary import Platform

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SIMPLE: Mapping[str, Callable[[Any], bool]] = {
    "IdType": lambda value: isinstance(value, str) and value.isdecimal(),
    "MaybeSnowflakeIdType": lambda value: isinstance(value, str) and value.isdecimal(),
    "datetime": lambda value: isinstance(value, str) and bool(MOMENT.fullmatch(value)),
    "str": lambda value: type(value) is str,
    "int": lambda value: type(value) is int,
    "bool": lambda value: type(value) is bool,
}
# What the client always expects, of a post, of whoever wrote it, and of what tells of it.
ALWAYS = {
    "Status": "id uri created_at account content visibility sensitive spoiler_text media_attachments mentions tags "
    "emojis reblogs_count favourites_count replies_count url in_reply_to_id in_reply_to_account_id reblog poll card "
    "language edited_at quote",
    "Account": "id username acct url display_name note avatar header locked fields emojis bot created_at",
    "Notification": "id type created_at account status",
    "StatusEdit": "content spoiler_text sensitive created_at account media_attachments emojis",
    "StatusMention": "id username url acct",
    "Context": "ancestors descendants",
}


def flaws(value: Any, kind: str, where: str) -> Iterator[str]:
    """What in a value is not of the client's type of that name."""
    if kind.startswith("Optional["):
        if value is not None:
            yield from flaws(value, kind[len("Optional[") : -1], where)
    elif found := re.fullmatch(r"(?:NonPaginatable|Paginatable|Entity)?[Ll]ist\[(\w+)\]", kind):
        if not isinstance(value, list):
            yield f"{where}: {value!r} is not a list"
        else:
            for number, inner in enumerate(value):
                yield from flaws(inner, found[1], f"{where}[{number}]")
    elif isinstance(named := getattr(return_types, kind, None), type) and kind not in SIMPLE:
        yield from flaws_of_entity(value, named, where)
    elif kind in SIMPLE and not SIMPLE[kind](value):
        yield f"{where}: {value!r} is not of type {kind}"


def flaws_of_entity(value: Any, named: type, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is not a {named.__name__}"
        return
    known: Mapping[str, Any] = named.__annotations__
    for name in set(ALWAYS.get(named.__name__, "").split()) - set(value):
        yield f"{where}: {name} is missing"
    for name, inner in value.items():
        if name not in known:
            yield f"{where}: {name} is not in {named.__name__}"
        else:
            yield from flaws(inner, str(known[name]).strip("'\""), f"{where}.{name}")


def a_lively_world() -> tuple[World, dict[str, str]]:
    world = World(now=NINE + 9 * HOUR)
    us = world.add_account(Platform.MASTODON, "dyffryn-m", "1001", "Cyngor Dyffryn", "token")
    post = world.post(us.slug, "Newyddion\n\nGweler https://dyffryn.example/biniau?a=1&b=2 #Biniau", NINE)
    question = world.comment(us.slug, "Pryd <b> & w?", "7001", "Mari Evans", NINE + HOUR, post=post)
    deeper = world.comment(us.slug, "A fi", "7002", "Tom", NINE + 2 * HOUR, parent=question, mentions_us=False)
    reply = world.comment(us.slug, "Dydd Mawrth", us.native_id, "", NINE + 3 * HOUR, parent=question)
    private = world.direct_message(us.slug, "Yn breifat", "7001", "Mari Evans", NINE + HOUR)
    quote = world.quote(us.slug, "Clywch!", "7002", "Tom", NINE + HOUR, of=post)
    world.overheard(us.slug, "Biniau eto #biniau", "7002", "Tom", NINE + HOUR)
    world.edit(question, "Pryd?", NINE + 4 * HOUR)
    gone = world.comment(us.slug, "-", "7002", "Tom", NINE + HOUR, post=post)
    world.delete(gone, NINE + 2 * HOUR)
    names = {"post": post, "question": question, "deeper": deeper, "reply": reply, "private": private, "quote": quote}
    return world, {**names, "gone": gone}


V1 = "/api/v1"
NOTICES = [("types[]", "mention"), ("types[]", "quote"), ("include_filtered", "true")]

# Verb, path, parameters; the client's type of the answer, and its status.
CALLS: list[tuple[str, str, list[tuple[str, str]], str, int]] = [
    ("GET",  f"{V1}/notifications",                   NOTICES,                            "list[Notification]", 200),
    ("GET",  f"{V1}/notifications",                   [("min_id", "0"), ("limit", "1")],  "list[Notification]", 200),
    ("GET",  f"{V1}/statuses/{{question}}",           [],                                 "Status",             200),
    ("GET",  f"{V1}/statuses/{{quote}}",              [],                                 "Status",             200),
    ("GET",  f"{V1}/statuses/{{gone}}",               [],                                 "",                   404),
    ("GET",  f"{V1}/statuses/{{deeper}}/context",     [],                                 "Context",            200),
    ("GET",  f"{V1}/statuses/{{question}}/history",   [],                                 "list[StatusEdit]",   200),
    ("GET",  f"{V1}/statuses",                        [("id[]", "{post}"), ("id[]", "{gone}")], "list[Status]", 200),
    ("GET",  f"{V1}/statuses",                        [("id[]", "1")] * 21,               "",                   422),
    ("GET",  f"{V1}/accounts/1001/statuses",          [("exclude_reblogs", "1")],         "list[Status]",       200),
    ("GET",  f"{V1}/accounts/verify_credentials",     [],                                 "Account",            200),
    ("GET",  f"{V1}/timelines/tag/biniau",            [("min_id", "0")],                  "list[Status]",       200),
    ("GET",  "/api/v2/search",                        [("q", "biniau"), ("type", "statuses")], "SearchV2",      200),
    ("GET",  "/api/v2/search",                        [("q", "")],                        "",                   422),
    ("POST", f"{V1}/statuses", [("status", "@user_7001@toot.example Ie"), ("in_reply_to_id", "{post}")], "Status", 200),
    ("POST", f"{V1}/statuses",                        [("status", "x" * 501)],            "",                   422),
    ("POST", f"{V1}/statuses",                        [("status", " ")],                  "",                   422),
    ("POST", f"{V1}/statuses", [("status", "Diolch"), ("in_reply_to_id", "{gone}")],      "",                   404),
    ("GET",  f"{V1}/nothing",                         [],                                 "",                   404),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path", "pairs", "kind", "status"), CALLS)
def test_mastodon_speaks_as_its_client_has_it(
    verb: str, path: str, pairs: list[tuple[str, str]], kind: str, status: int
):
    world, names = a_lively_world()

    def filled(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], text)

    pairs = [(name, filled(value)) for name, value in pairs]
    reads = verb == "GET"
    ask = Ask(verb, filled(path), dict(pairs) if reads else {}, {} if reads else dict(pairs), "token", pairs)

    answer = Mastodon(world).answer(ask)

    assert answer.status == status
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(answer.headers) or status == 404
    if kind:
        assert list(flaws(answer.payload, kind, path)) == []
        assert answer.payload
    else:
        assert set(answer.payload) == {"error"}


def test_a_token_of_nobody_opens_nothing():
    world, _ = a_lively_world()

    assert Mastodon(world).answer(Ask("GET", f"{V1}/notifications", {}, {}, "arall")).status == 401


def test_a_key_that_comes_again_within_the_hour_is_answered_with_the_same():
    world, names = a_lively_world()
    mastodon, form = Mastodon(world), {"status": "Diolch", "in_reply_to_id": names["question"]}
    made = []
    for minutes, key in ((0, "k1"), (59, "k1"), (1, "k1"), (0, "k2"), (0, "")):
        world.now += timedelta(minutes=minutes)
        made.append(mastodon.answer(Ask("POST", f"{V1}/statuses", {}, form, "token", headers={"idempotency-key": key})))

    ids = [answer.payload["id"] for answer in made]
    assert ids[0] == ids[1]
    assert len({*ids[1:]}) == 4
    assert [answer.written is not None for answer in made] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("change", "many"),
    [
        ({"id": 7}, 1),
        ({"created_at": "ddoe"}, 1),
        ({"colour": "red"}, 1),
        ({"mentions": [{"id": "1"}]}, 3),
        ({"account": None}, 1),
        ({"replies_count": True}, 1),
        ({}, 0),
    ],
)
def test_the_check_itself_sees_a_flaw(change: dict[str, Any], many: int):
    world, names = a_lively_world()
    path = f"{V1}/statuses/{names['question']}"
    status = typing.cast("dict[str, Any]", Mastodon(world).answer(Ask("GET", path, {}, {}, "token")).payload)

    assert len(list(flaws({**status, **change}, "Status", "-"))) == many
