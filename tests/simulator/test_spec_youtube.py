"""The simulator's YouTube keeps to the official discovery document of the Data API.

The document is not ours to ship.  GWYLIO_SPECS names a folder that has it: `youtube/youtube.v3.json`.
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
from simulator.youtube import YouTube
from vocabulary import Platform

SPECS = os.environ.get("GWYLIO_SPECS", "")
pytestmark = pytest.mark.skipif(not SPECS, reason="GWYLIO_SPECS names no folder with the platforms' specifications")

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
}
DATE_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def document() -> Mapping[str, Any]:
    spec: Mapping[str, Any] = json.loads(Path(SPECS, "youtube", "youtube.v3.json").read_text(encoding="utf-8"))
    return spec


def flaws(value: Any, schema: Mapping[str, Any], spec: Mapping[str, Any], where: str) -> Iterator[str]:
    """What in a value does not keep to a schema of a discovery document; an unknown property is a flaw."""
    if "$ref" in schema:
        schema = spec["schemas"][schema["$ref"]]
    kind = schema["type"]
    if not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield f"{where}: {value!r} is not of type {kind}"
    elif isinstance(value, dict):
        yield from flaws_of_object(value, schema, spec, where)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from flaws(inner, schema["items"], spec, f"{where}[{number}]")
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    elif schema.get("format") == "date-time" and not re.fullmatch(DATE_TIME, str(value)):
        yield f"{where}: {value!r} is not a time"
    elif schema.get("format") in ("uint64", "int64") and not re.fullmatch(r"\d+", str(value)):
        yield f"{where}: {value!r} is not a number in a string"


def flaws_of_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], spec: Mapping[str, Any], where: str
) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name, inner in value.items():
        if name in properties:
            yield from flaws(inner, properties[name], spec, f"{where}.{name}")
        else:
            yield f"{where}: {name} is not in the specification"


def a_lively_world() -> tuple[World, dict[str, str]]:
    world = World(now=NINE + 5 * HOUR)
    world.add_account(Platform.YOUTUBE, "dyffryn-yt", "UCni", "Cyngor Dyffryn", "token")
    video = world.post("dyffryn-yt", "Ailgylchu yng Nghymru. " * 9, NINE)
    thread = world.comment("dyffryn-yt", "Ŵ <b> & w\nLlinell", "7001", "Mari", NINE + HOUR, post=video)
    held = world.comment("dyffryn-yt", "?", "7002", "Tom", NINE + HOUR, post=video)
    reply = world.comment("dyffryn-yt", "Dydd Mawrth", "UCni", "", NINE + 2 * HOUR, parent=thread)
    for number in range(9):
        world.comment("dyffryn-yt", f"{number}", "7002", "Tom", NINE + 3 * HOUR, parent=thread)
    world.edit(thread, "Pryd?", NINE + 4 * HOUR)
    message = world.message(held)
    assert message is not None
    world.set_hidden(message, hidden=True)
    return world, {"video": video, "thread": thread, "reply": reply, "held": held}


ALL = {"allThreadsRelatedToChannelId": "UCni", "part": "snippet,replies", "order": "time", "textFormat": "plainText"}
HELD = ALL | {"moderationStatus": "heldForReview", "maxResults": "100"}
SAID = {"snippet": {"parentId": "{thread}", "textOriginal": "Diolch"}}

# Resource, method, query, form, and the status of the answer.
CALLS: list[tuple[str, str, dict[str, str], dict[str, Any], int]] = [
    ("channels",       "list",   {"part": "snippet,contentDetails", "id": "UCni"}, {},                         200),
    ("channels",       "list",   {"part": "contentDetails", "id": "UCneb"}, {},                                200),
    ("playlistItems",  "list",   {"part": "snippet,contentDetails", "playlistId": "UUni", "maxResults": "50"}, {}, 200),
    ("playlistItems",  "list",   {"part": "snippet", "playlistId": "UUneb"}, {},                               404),
    ("videos",         "list",   {"part": "statistics", "id": "{video},neb"}, {},                              200),
    ("commentThreads", "list",   ALL, {},                                                                      200),
    ("commentThreads", "list",   ALL | {"maxResults": "1"}, {},                                                200),
    ("commentThreads", "list",   HELD, {},                                                                     200),
    ("commentThreads", "list",   {"part": "snippet", "videoId": "{video}"}, {},                                200),
    ("commentThreads", "list",   {"part": "snippet", "videoId": "neb"}, {},                                    404),
    ("commentThreads", "list",   {"part": "snippet", "id": "{thread}"}, {},                                    200),
    ("commentThreads", "list",   ALL | {"maxResults": "101"}, {},                                              400),
    ("commentThreads", "list",   ALL | {"pageToken": "CAUQAA"}, {},                                            400),
    ("commentThreads", "list",   {"part": "snippet"}, {},                                                      400),
    ("comments",       "list",   {"part": "snippet", "id": "{thread},{reply},{held},neb"}, {},                 200),
    ("comments",       "list",   {"part": "snippet", "parentId": "{thread}", "maxResults": "3"}, {},           200),
    ("comments",       "list",   {"part": "snippet", "parentId": "neb"}, {},                                   404),
    ("comments",       "insert", {"part": "snippet"}, SAID,                                                    200),
    ("comments",       "insert", {"part": "snippet"}, {"snippet": {"parentId": "{thread}"}},                   400),
    ("comments",       "setModerationStatus", {"id": "{held}", "moderationStatus": "published"}, {},           204),
    ("comments",       "setModerationStatus", {"id": "{held}", "moderationStatus": "likelySpam"}, {},          400),
    ("comments",       "delete", {"id": "{reply}"}, {},                                                        204),
    ("comments",       "delete", {"id": "{thread}"}, {},                                                       403),
]  # fmt: skip


def filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(inner, names) for name, inner in value.items()}
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], value)


@pytest.mark.parametrize(("resource", "method", "query", "form", "status"), CALLS)
def test_youtube_keeps_to_its_specification(
    resource: str, method: str, query: dict[str, str], form: dict[str, Any], status: int
):
    spec = document()
    world, names = a_lively_world()
    operation = spec["resources"][resource]["methods"][method]
    ask = Ask(operation["httpMethod"], f"/{operation['path']}", filled(query, names), filled(form, names), "token")

    answer = YouTube(world).answer(ask)

    assert answer.status == status
    if status == 200:
        assert list(flaws(answer.payload, operation["response"], spec, resource)) == []
    elif status == 204:
        assert "response" not in operation
        assert answer.body == b""
    else:
        assert answer.payload["error"]["errors"][0]["reason"].isalpha()


@pytest.mark.parametrize(("resource", "method", "query", "form", "status"), CALLS)
def test_what_is_asked_here_is_in_the_specification(
    resource: str, method: str, query: dict[str, str], form: dict[str, Any], status: int
):
    parameters = document()["resources"][resource]["methods"][method]["parameters"]

    assert set(query) <= set(parameters)
    assert {name for name, facts in parameters.items() if facts.get("required")} <= set(query)
    for name, value in query.items():
        assert value in parameters[name].get("enum", [value])
        if parameters[name]["type"] == "integer" and status == 200:
            assert int(parameters[name]["minimum"]) <= int(value) <= int(parameters[name]["maximum"])


@pytest.mark.parametrize(
    "change", [{"textDisplay": 7}, {"publishedAt": "ddoe"}, {"colour": "red"}, {"moderationStatus": "hidden"}]
)
def test_the_check_itself_sees_a_flaw(change: dict[str, Any]):
    comment = {"id": "UgA", "snippet": {"textDisplay": "Helo", **change}}

    assert len(list(flaws(comment, {"$ref": "Comment"}, document(), "-"))) == 1


def test_the_client_library_goes_by_the_same_document():
    from googleapiclient.discovery_cache import get_static_doc

    ours, theirs = document(), json.loads(get_static_doc("youtube", "v3"))

    for name in ("commentThreads", "comments", "channels", "playlistItems", "videos"):
        assert (
            theirs["resources"][name]["methods"]["list"]["path"] == ours["resources"][name]["methods"]["list"]["path"]
        )
    assert theirs["schemas"]["CommentSnippet"] == ours["schemas"]["CommentSnippet"]
