"""The simulator's Threads keeps to Meta's own collection of requests, and so do we in asking.

The collection is not ours to ship.  GWYLIO_SPECS names a folder that has it, in `threads`, named as Meta names it.
It shows requests and what one of each was answered; it has no types, so that an example stands for them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from collectors.threads import HOST
from simulator.exchange import Answer, Ask
from simulator.graph import Wanted, wanted
from simulator.threads import Threads
from tests.simulator.asked import TOKEN, US, Asked, Life, a_life, asked_by
from vocabulary import Platform

SPECS = os.environ.get("GWYLIO_SPECS", "")
pytestmark = pytest.mark.skipif(not SPECS, reason="GWYLIO_SPECS names no folder with the platforms' specifications")

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000")
CHOICE = re.compile(r"[A-Z]+|true|false")
SEARCHES = {"biniau": "biniau dyffryn", "tag": "#dyffryn"}
UNSHOWN = {"hide_status": "NOT_HUSHED", "quoted_post": {"id": "string"}}
"""What the collection asks for and shows no example of; the documentation of a reply and of a post does."""
NOT_IMITATED = {"poll_attachment", "threads_profile_picture_url", "threads_biography"}
"""What an example has and no collector reads."""
NOT_IN_A_SEARCH = {"owner"}
"""The collection asks a search for it, but its example lacks it, and the documentation says that it is left out."""


class Described(NamedTuple):
    """What the collection has of one method and path: each parameter with the values shown, fields, an answer."""

    params: Mapping[str, set[str]]
    fields: Mapping[str, Wanted]
    body: str


@cache
def collection() -> Mapping[str, Any]:
    path = Path(SPECS, "threads", "threads-api.postman_collection.json")
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def variables() -> Mapping[str, str]:
    return {each["key"]: each["value"] for each in collection()["variable"]}


def requests(items: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in items:
        yield from requests(item["item"]) if "item" in item else [item]


@cache
def described() -> Mapping[str, Described]:
    """Every request by its method and path, as `GET {thread_id}/replies`; what is shown several times is one."""
    found: dict[str, Described] = {}
    for item in requests(collection()["item"]):
        url = item["request"]["url"]
        path = "/".join(filter(None, url["path"])).replace("{{", "{").replace("}}", "}")
        what = f"{item['request']['method']} {path.replace('reply_thread_id', 'thread_id')}"
        seen = found.get(what, Described({}, {}, ""))
        params = dict(seen.params)
        for each in url.get("query", []):
            params[each["key"]] = params.get(each["key"], set()) | {each.get("value") or ""}
        names = ",".join(variables()[name] for name in re.findall(r"{{(\w+)}}", "".join(params.get("fields", ()))))
        body = "".join(each.get("body") or "" for each in item.get("response", [])[:1])
        found[what] = Described(params, wanted(names) if names else {}, seen.body or body)
    return found


# --- what is answered


def example(what: str) -> Any:
    """What the collection shows as the answer, its placeholders made text; that of a single node as a page of one."""
    text = re.sub(r'(?<!")<string>', '"string"', described()[what].body)
    shown = json.loads(re.sub(r",\s*\.\.\.", "", text))
    return shown if "data" in shown else {"data": [shown]}


@cache
def shapes() -> Mapping[str, Any]:
    """Every field of a post or of a reply, with a value like its own."""
    found: dict[str, Any] = dict(UNSHOWN)
    for what in ("GET {thread_id}", "GET me/mentions", "GET {thread_id}/conversation"):
        found |= example(what)["data"][0]
    return found


def flaws(value: Any, like: Any, where: str) -> Iterator[str]:
    """What in a value is not like the example; an unknown field is a flaw."""
    if type(value) is not type(like):
        yield f"{where}: {value!r} is not of the type of {like!r}"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in like:
                yield from flaws(inner, like[name], f"{where}.{name}")
            else:
                yield f"{where}: {name} is not known"
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from flaws(inner, like[0], f"{where}[{number}]")
    elif isinstance(value, str) and DATE_TIME.fullmatch(like) and not DATE_TIME.fullmatch(value):
        yield f"{where}: {value!r} is not a time"


def answered(threads: Threads, what: str, ids: Mapping[str, str], query: Mapping[str, str], **form: str) -> Answer:
    method, _, path = what.partition(" ")
    return threads.answer(Ask(method, f"/v1.0/{path.format(**ids)}", dict(query), form, TOKEN))


def flaws_of_answer(answer: Answer, what: str) -> Iterator[str]:
    page = answer.payload if "data" in answer.payload else {"data": [answer.payload]}
    like = example(what)
    kept = {name: value for name, value in shapes().items() if name in described()[what].fields}
    shown = like["data"][0]
    yield from flaws(page, {**like, "data": [{**kept, **shown} if "text" in shown else shown]}, what)
    there = {name for item in page["data"] for name in item}
    yield from (f"{what}: {name} is missing" for name in sorted(set(shown) - there - NOT_IMITATED))


READINGS = [
    ("GET me",                       {}),
    ("GET {thread_id}",              {}),
    ("GET me/threads",               {}),
    ("GET me/replies",               {"limit": "1"}),
    ("GET me/mentions",              {}),
    ("GET {thread_id}/replies",      {"reverse": "false"}),
    ("GET {thread_id}/conversation", {}),
    ("GET keyword_search",           {"q": "clywch", "search_type": "TOP"}),
    ("GET keyword_search",           {"q": "dyffryn", "search_mode": "TAG"}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "query"), READINGS)
def test_what_threads_shows_is_as_meta_shows_it(what: str, query: dict[str, str]):
    life = a_life(Platform.THREADS)
    fields = ",".join(set(described()[what].fields) - (NOT_IN_A_SEARCH if "search" in what else set()))

    answer = answered(Threads(life.world), what, {"thread_id": life.ids["post"]}, {"fields": fields, **query})

    assert answer.status == 200
    assert list(flaws_of_answer(answer, what)) == []


def test_what_threads_changes_is_as_meta_shows_it():
    life = a_life(Platform.THREADS)
    threads, asked = Threads(life.world), life.ids["asked"]

    def told(what: str, native_id: str = "", **form: str) -> str:
        query = {"fields": "id,status"} if what.startswith("GET") else {}
        answer = answered(threads, what, {"thread_id": native_id, "container_id": native_id}, query, **form)
        assert list(flaws_of_answer(answer, what)) == []
        return str(answer.payload.get("id"))

    container = told("POST me/threads", media_type="TEXT", text="Helo", reply_to_id=asked)
    told("GET {container_id}", container)
    published = told("POST me/threads_publish", creation_id=container)
    told("POST {thread_id}/manage_reply", asked, hide="true")
    told("DELETE {thread_id}", published)


@pytest.mark.parametrize(
    "change", [{"text": 7}, {"timestamp": "ddoe"}, {"colour": "red"}, {"root_post": {"name": "-"}}, {"is_reply": 1}]
)
def test_the_check_itself_sees_a_flaw(change: dict[str, Any]):
    what = "GET {thread_id}/replies"
    whole = example(what)["data"][0]

    assert len(list(flaws_of_answer(Answer(200, {"data": [whole, {**whole, **change}]}), what))) == 1


# --- what we ask

BEYOND = {
    # Where an answer is, is documented of every post; the collection asks for it only among replies.
    "GET me/mentions: no field root_post",
    "GET me/mentions: no field replied_to",
    "GET keyword_search: no field is_reply",
    "GET keyword_search: no field root_post",
    "GET keyword_search: no field replied_to",
    # The documentation names these beside the one that the collection shows.
    "GET keyword_search: no search_type=RECENT",
    "GET keyword_search: no search_mode=KEYWORD",
    "POST {thread_id}/manage_reply: no hide=false",
    # The answer has a cursor, and the documentation says that it is taken here too.
    "GET {thread_id}/conversation: no after",
    # Nobody promises it; a page may be of any length, for the collector reads to the one without a cursor.
    "GET {thread_id}/conversation: no limit",
    "GET {thread_id}/replies: no limit",
}
"""All that we ask and the collection does not have; the documentation is Meta's, at /docs/threads."""


def place(path: str, life: Life) -> str:
    """A path as the collection writes it; what is no post's id is that of a reply which waits to be published."""
    first, _, edge = path.strip("/").partition("/")
    if first == US:
        first = "me"
    elif first.isdecimal():
        first = "{thread_id}" if life.world.message(first) else "{container_id}"
    return f"{first}/{edge}".rstrip("/")


def unknown_in(asked: Mapping[str, Wanted], known: Mapping[str, Wanted]) -> Iterator[str]:
    for name, inner in asked.items():
        if name in known:
            yield from (f"{name}.{each}" for each in unknown_in(inner.fields, known[name].fields))
        else:
            yield name


def flaws_of_asking(asked: Asked, life: Life) -> Iterator[str]:
    what = f"{asked.method} {place(asked.path, life)}"
    if what not in described():
        yield f"{what}: no such request"
        return
    params, fields, _ = described()[what]
    for name, value in {**asked.query, **asked.form}.items():
        if name not in params:
            yield f"{what}: no {name}"
        elif all(map(CHOICE.fullmatch, params[name])) and value not in params[name]:
            yield f"{what}: no {name}={value}"
    if "fields" in asked.query:
        yield from (f"{what}: no field {name}" for name in unknown_in(wanted(asked.query["fields"]), fields))


def test_everything_that_we_ask_is_in_metas_collection_or_beyond_it_for_a_reason():
    life = a_life(Platform.THREADS)

    heard = asked_by(Platform.THREADS, life, searches=SEARCHES)

    assert variables()["api_host"] == HOST
    assert len({f"{each.method} {place(each.path, life)}" for each in heard}) == 12
    assert {flaw for asked in heard for flaw in flaws_of_asking(asked, life)} == BEYOND


# Something that nobody should ask.
WRONG = [
    Asked("GET", "/{post}/comments", {}, {}),
    Asked("PUT", "/{post}", {}, {}),
    Asked("GET", "/{post}/replies", {"colour": "red"}, {}),
    Asked("GET", "/{post}/replies", {"fields": "id,colour"}, {}),
    Asked("GET", "/{post}/replies", {"fields": "id,poll_attachment{colour}"}, {}),
    Asked("GET", "/{post}/replies", {"reverse": "sideways"}, {}),
    Asked("GET", "/keyword_search", {"q": "biniau", "after": "-"}, {}),
    Asked("POST", "/1001/threads", {}, {"media_type": "VERSE"}),
    Asked("POST", "/{asked}/manage_reply", {}, {"hidden": "true"}),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_the_check_of_what_we_ask_sees_a_flaw_too(wrong: Asked):
    life = a_life(Platform.THREADS)
    asked = Asked(wrong.method, wrong.path.format(**life.ids), wrong.query, wrong.form)

    assert len(set(flaws_of_asking(asked, life)) - BEYOND) == 1
