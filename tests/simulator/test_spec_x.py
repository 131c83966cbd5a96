"""The simulator's X keeps to X's own description of its API, in both vocabularies, and so do we in asking.

The descriptions are not ours to ship.  GWYLIO_SPECS names a folder that has them:
`x/openapi-2.159-tweet-vocabulary.json` and `x/openapi-2.167-post-vocabulary.json`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.exchange import Ask
from simulator.world import World
from simulator.x import X
from vocabulary import Platform

SPECS = os.environ.get("GWYLIO_SPECS", "")
pytestmark = pytest.mark.skipif(not SPECS, reason="GWYLIO_SPECS names no folder with the platforms' specifications")

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
VOCABULARIES = {"tweets": "openapi-2.159-tweet-vocabulary.json", "posts": "openapi-2.167-post-vocabulary.json"}
SHARED = "author_id,conversation_id,created_at,display_text_range,entities,in_reply_to_user_id,public_metrics"
FIELDS = {"tweets": f"{SHARED},note_tweet,referenced_tweets", "posts": f"{SHARED},note_post,referenced_posts"}
EXPANSIONS = {"tweets": "author_id,referenced_tweets.id", "posts": "author_id,referenced_posts.id"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
}


def document(*parts: str) -> Any:
    return json.loads(Path(SPECS, *parts).read_text(encoding="utf-8"))


def flaws(value: Any, schema: Mapping[str, Any], spec: Mapping[str, Any], where: str) -> Iterator[str]:
    """What in a value does not keep to a schema of OpenAPI; an unknown property is a flaw."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    kinds = schema.get("discriminator", {}).get("mapping")
    if kinds and isinstance(value, dict):
        yield from flaws_of_problem(value, kinds, spec, where)
    elif "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        yield f"{where}: {value!r} is not of type {schema['type']}"
    elif isinstance(value, dict):
        yield from flaws_of_object(value, schema, spec, where)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where}: has too few items"
        for number, inner in enumerate(value):
            yield from flaws(inner, schema.get("items", {}), spec, f"{where}[{number}]")
    elif isinstance(value, str):
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is not one of {schema['enum']}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where}: {value!r} does not fit {schema['pattern']}"


def flaws_of_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], spec: Mapping[str, Any], where: str
) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value)
    for name, inner in value.items():
        if name in properties:
            yield from flaws(inner, properties[name], spec, f"{where}.{name}")
        elif properties and not schema.get("additionalProperties"):
            yield f"{where}: {name} is not in the specification"


def flaws_of_problem(
    value: Mapping[str, Any], kinds: Mapping[str, str], spec: Mapping[str, Any], where: str
) -> Iterator[str]:
    """A problem's type says which schema it keeps to, beside the one of all problems."""
    target = kinds.get(str(value.get("type")))
    if target is None:
        yield f"{where}: there is no problem of type {value.get('type')!r}"
        return
    for part in spec["components"]["schemas"][target.rsplit("/", 1)[-1]].get("allOf", [])[1:]:
        yield from flaws(value, {**part, "additionalProperties": True}, spec, where)


def a_lively_world(vocabulary: str = "tweets") -> tuple[World, str, str]:
    world = World(now=NINE + timedelta(hours=5))
    world.x_vocabulary = vocabulary
    slugs = {Platform.X: "dyffryn-x", Platform.FACEBOOK: "dyffryn-fb"}
    post = asked = ""
    for platform in (Platform.FACEBOOK, Platform.X):
        slug = slugs[platform]
        world.add_account(platform, slug, "1001", "Cyngor Dyffryn", "token")
        post = world.post(slug, "Bore da", NINE)
        if platform is Platform.X:
            world.quote(slug, "Eto? @dyffrynx", "7002", "Tom", NINE + timedelta(hours=1), of=post)
            world.overheard(slug, "Mae #dyffryn yn araf", "7002", "Tom", NINE + timedelta(hours=1))
            message = world.direct_message(slug, "Helo https://a.example/", "7001", "Mari", NINE + timedelta(hours=1))
            world.comment(slug, "Bore da", "1001", "", NINE + timedelta(hours=2), parent=message)
        asked = world.comment(slug, "Ŵ" * 400, "7001", "Mari", NINE + timedelta(hours=1), post=post)
        world.comment(slug, "Dydd Mawrth", "1001", "", NINE + timedelta(hours=2), parent=asked)
        world.edit(asked, "Pryd? https://a.example/", NINE + timedelta(hours=3))
        for number in range(12):
            world.comment(
                slug,
                "Ŷ" * 300 + f" https://a.example/{number} <b>",
                "7002",
                "Tom",
                NINE + timedelta(hours=4, minutes=number),
                post=post,
            )
    return world, post, asked


FOUND = {"query": "to:1001 -from:1001"}
HIDE = {"hidden": True}

# Method, path, the path in the specification, query and form.
X_CALLS: list[tuple[str, str, str, dict[str, str], dict[str, Any]]] = [
    ("GET",  "/2/users/me", "/2/users/me", {}, {}),
    ("GET",  "/2/users/1001/mentions", "/2/users/{id}/mentions", {"max_results": "10"}, {}),
    ("GET",  "/2/users/1001/mentions", "/2/users/{id}/mentions", {"since_id": "9" * 19}, {}),
    ("GET",  "/2/users/1001/tweets", "/2/users/{id}/tweets", {}, {}),
    ("GET",  "/2/tweets/search/recent", "/2/tweets/search/recent", FOUND, {}),
    ("GET",  "/2/tweets/search/recent", "/2/tweets/search/recent", {"query": '"yn araf" #dyffryn -from:1001'}, {}),
    ("GET",  "/2/tweets/{post}/quote_tweets", "/2/tweets/{id}/quote_tweets", {"max_results": "10"}, {}),
    ("GET",  "/2/tweets/{asked}/quote_tweets", "/2/tweets/{id}/quote_tweets", {}, {}),
    ("GET",  "/2/tweets", "/2/tweets", {"ids": "{post},{asked},123"}, {}),
    ("GET",  "/2/tweets/{asked}", "/2/tweets/{id}", {}, {}),
    ("GET",  "/2/tweets/123", "/2/tweets/{id}", {}, {}),
    ("POST", "/2/tweets", "/2/tweets", {}, {"text": "Helo"}),
    ("PUT",  "/2/tweets/{asked}/hidden", "/2/tweets/{tweet_id}/hidden", {}, HIDE),
]  # fmt: skip


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize(("method", "path", "template", "query", "form"), X_CALLS)
def test_x_keeps_to_its_specification(
    vocabulary: str, method: str, path: str, template: str, query: dict[str, str], form: dict[str, Any]
):
    spec = document("x", VOCABULARIES[vocabulary])
    world, post, asked = a_lively_world(vocabulary)
    names = {"post": post, "asked": asked}
    noun = vocabulary.removesuffix("s")
    asking = {f"{noun}.fields": FIELDS[vocabulary], "expansions": EXPANSIONS[vocabulary]} if method == "GET" else {}
    filled = {name: value.format(**names) for name, value in {**query, **asking}.items()}
    responses = spec["paths"][template][method.lower()]["responses"]

    answer = X(world).answer(Ask(method, path.format(**names), filled, form, "token"))

    schema = responses[str(answer.status)]["content"]["application/json"]["schema"]
    assert list(flaws(answer.payload, schema, spec, path)) == []


# The same, of direct messages, which have fields of their own.
MESSAGES = "/2/dm_events"
ONE_TALK = "/2/dm_conversations/{id}/dm_events"
WITH = "/2/dm_conversations/with/{participant_id}/messages"
ASKED = {"dm_event.fields": "created_at,dm_conversation_id,entities", "event_types": "MessageCreate"}
MESSAGE_CALLS: list[tuple[str, str, dict[str, str], dict[str, Any], int]] = [
    (MESSAGES,                                  MESSAGES, {}, {},                                   200),
    (MESSAGES,                                  MESSAGES, ASKED | {"expansions": "sender_id"}, {},  200),
    (MESSAGES,                                  MESSAGES, ASKED | {"max_results": "1"}, {},         200),
    (MESSAGES,                                  MESSAGES, {"max_results": "101"}, {},               400),
    ("/2/dm_conversations/1001-7001/dm_events", ONE_TALK, ASKED, {},                                200),
    ("/2/dm_conversations/1001-7009/dm_events", ONE_TALK, ASKED, {},                                200),
    ("/2/dm_conversations/with/7001/messages",  WITH,     {}, {"text": "Helo"},                     201),
    ("/2/dm_conversations/with/7001/messages",  WITH,     {}, {"text": ""},                         400),
    ("/2/dm_conversations/with/7009/messages",  WITH,     {}, {"text": "Helo"},                     403),
]  # fmt: skip


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize(("path", "template", "query", "form", "status"), MESSAGE_CALLS)
def test_direct_messages_keep_to_the_specification(
    vocabulary: str, path: str, template: str, query: dict[str, str], form: dict[str, Any], status: int
):
    spec = document("x", VOCABULARIES[vocabulary])
    world, _, _ = a_lively_world(vocabulary)
    method = "POST" if template == WITH else "GET"
    operation = spec["paths"][template][method.lower()]

    answer = X(world).answer(Ask(method, path, query, form, "token"))

    assert answer.status == status
    if status < 400:
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        assert list(flaws(answer.payload, schema, spec, path)) == []
    known = dict(parameters_of(operation, spec))
    assert set(query) <= set(known)
    for name in set(query) - {"max_results"}:
        assert set(query[name].split(",")) <= set(known[name]["items"]["enum"])


def parameters_of(operation: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in operation.get("parameters", []):
        parameter = spec["components"]["parameters"][each["$ref"].rsplit("/", 1)[-1]] if "$ref" in each else each
        yield parameter["name"], parameter["schema"]


def test_what_we_ask_about_messages_is_what_is_held_against_the_specification():
    from collectors.x import ASKING_IN_PRIVATE

    assert {name.replace("dm_event_fields", "dm_event.fields"): value for name, value in ASKING_IN_PRIVATE.items()} == {
        "dm_event.fields": ASKED["dm_event.fields"].split(","),
        "event_types": ASKED["event_types"],
        "expansions": ["sender_id"],
        "user_fields": ["name", "username"],
    }


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize(("method", "path", "template", "query", "form"), X_CALLS)
def test_what_we_ask_of_x_is_in_its_specification(
    vocabulary: str, method: str, path: str, template: str, query: dict[str, str], form: dict[str, Any]
):
    spec = document("x", VOCABULARIES[vocabulary])
    parameters = spec["paths"][template][method.lower()].get("parameters", [])
    shared = spec["components"]["parameters"]
    known = {each["name"] if "name" in each else shared[each["$ref"].rsplit("/", 1)[-1]]["name"] for each in parameters}

    assert set(query) <= known
    if method == "GET" and template != "/2/users/me":
        assert {"expansions", f"{vocabulary.removesuffix('s')}.fields"} <= known


@pytest.mark.parametrize("change", [{"text": 7}, {"id": "x"}, {"colour": "red"}, {"referenced_tweets": []}])
def test_the_check_itself_sees_a_flaw(change: dict[str, Any]):
    spec = document("x", VOCABULARIES["tweets"])
    tweet = {"id": "1", "text": "Helo", **change}

    assert len(list(flaws({"data": [tweet]}, {"$ref": "#/components/schemas/Get2TweetsResponse"}, spec, "-"))) == 1
