"""The simulator's Facebook and Instagram keep to Meta's own description of the Graph API, and so do we in asking.

The descriptions are not ours to ship.  GWYLIO_SPECS names a folder that has them: `meta/Page.json`,
`meta/IGMedia.json` and the others.  They have each node's fields, its edges, and what an edge takes;
of messages they have no description.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulator.exchange import Answer, Ask
from simulator.facebook import Facebook
from simulator.graph import Wanted, wanted
from simulator.instagram import Instagram
from tests.simulator.asked import TOKEN, US, Asked, Life, a_life, asked_by
from vocabulary import Platform

SPECS = os.environ.get("GWYLIO_SPECS", "")
pytestmark = pytest.mark.skipif(not SPECS, reason="GWYLIO_SPECS names no folder with the platforms' specifications")

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "datetime": str,
    "bool": bool,
    "int": int,
    "unsigned int": int,
    "float": (int, float),
    "list": list,
    "map": dict,
}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000")
ON_EVERY_EDGE = {"fields", "limit", "after", "since", "until", "summary"}
"""What any edge of Graph takes beside what is its own."""
FAMILY: dict[Platform, type[Facebook | Instagram]] = {Platform.FACEBOOK: Facebook, Platform.INSTAGRAM: Instagram}


@cache
def node(name: str) -> Mapping[str, Any] | None:
    """What Meta says of one kind of node; None where the folder has nothing of it."""
    path = Path(SPECS, "meta", f"{name}.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def described(name: str) -> Mapping[str, Any]:
    found = node(name)
    assert found is not None, f"meta/{name}.json is missing"
    return found


def fields_of(name: str) -> Mapping[str, str]:
    return {field["name"]: field["type"] for field in described(name)["fields"]}


def edge_of(name: str, method: str, edge: str) -> Mapping[str, Any]:
    """What Meta says of one edge of a node, or of the node itself where `edge` is empty."""
    found = [each for each in described(name)["apis"] if (each["method"], each.get("endpoint") or "") == (method, edge)]
    assert found, f"{name} has no {method} {edge or 'of its own'}"
    described_so: Mapping[str, Any] = found[0]
    return described_so


@cache
def enums() -> Mapping[str, list[str]]:
    found = json.loads(Path(SPECS, "meta", "enum_types.subset.json").read_text(encoding="utf-8"))
    return {each["name"]: each["values"] for each in found}


def edges_of(name: str) -> Mapping[str, str]:
    return {each["endpoint"]: each["return"] for each in described(name)["apis"] if each.get("endpoint")}


# --- what is answered


def flaws(value: Any, kind: str, where: str) -> Iterator[str]:
    """What in a value does not keep to a type of Meta's; an unknown field is a flaw."""
    if kind in TYPES:
        if not isinstance(value, TYPES[kind]) or (kind.endswith("int") and isinstance(value, bool)):
            yield f"{where}: {value!r} is not of type {kind}"
        elif kind == "datetime" and not DATE_TIME.fullmatch(str(value)):
            yield f"{where}: {value!r} is not a time"
    elif not isinstance(value, dict):
        yield f"{where}: {value!r} is not a {kind}"
    elif node(kind) is not None:
        fields, edges = fields_of(kind), edges_of(kind)
        for name, inner in value.items():
            if name in fields:
                yield from flaws(inner, fields[name], f"{where}.{name}")
            elif name in edges and isinstance(inner, dict):
                yield from flaws_of_page(inner, edges[name], f"{where}.{name}")
            else:
                yield f"{where}: {name} is not in {kind}"


def flaws_of_page(page: Mapping[str, Any], kind: str, where: str) -> Iterator[str]:
    yield from (f"{where}: {name} is not in a page" for name in set(page) - {"data", "paging", "summary"})
    for number, item in enumerate(page["data"]):
        yield from flaws(item, kind, f"{where}[{number}]")


class Reading(NamedTuple):
    """What is asked of which kind of node, its id in braces; what is shown, and what of it must be there."""

    kind: str
    native_id: str
    edge: str
    query: Mapping[str, str]
    shown: str
    there: str = "id"


def all_of(kind: str) -> dict[str, str]:
    """Every field that a kind of node has."""
    return {"fields": ",".join(sorted(fields_of(kind))) if SPECS else ""}


def within(name: str, kind: str) -> str:
    """Every field of what stands in a field or edge, as one writes it; the braces doubled, for they name no id."""
    return f"{name}{{{{{all_of(kind)['fields']}}}}}"


ON_FACEBOOK = [
    Reading("Page", US, "feed", all_of("PagePost"), "PagePost", "id created_time updated_time message from is_hidden"),
    Reading("Page", US, "tagged", all_of("PagePost"), "PagePost", "id created_time message from permalink_url"),
    Reading("Page", US, "visitor_posts", all_of("PagePost"), "PagePost", "id from"),
    Reading("Page", US, "conversations", {"platform": "messenger"}, "UnifiedThread", "id updated_time"),
    Reading("Page", US, "", {"fields": "id,name,username"}, "Page", "id name"),
    Reading(
        "PagePost", "{post}", "comments",
        {"filter": "stream", "order": "chronological", "summary": "true", **all_of("Comment")},
        "Comment", "id created_time message from is_hidden permalink_url comment_count",
    ),
    Reading("PagePost", "{elsewhere}", "comments", {"order": "reverse_chronological"}, "Comment", ""),
    Reading("PagePost", "{post}", "", all_of("PagePost"), "PagePost", "id permalink_url status_type"),
    Reading("Comment", "{asked}", "comments", all_of("Comment"), "Comment", "id parent"),
    Reading("Comment", "{reply}", "", all_of("Comment"), "Comment", "id parent"),
]  # fmt: skip
ON_INSTAGRAM = [
    Reading("IGUser", US, "media", all_of("IGMedia"), "IGMedia", "id caption timestamp comments_count owner username"),
    Reading("IGUser", US, "tags", all_of("IGMedia"), "IGMedia", "id caption timestamp permalink username"),
    Reading(
        "IGUser", US, "",
        {
            "fields": "id,name,username,"
            f"{within('mentioned_comment.comment_id({mention})', 'IGComment')},"
            f"{within('mentioned_media.media_id({elsewhere})', 'IGMedia')}"
        },
        "IGUser", "id mentioned_comment mentioned_media",
    ),
    Reading(
        "IGMedia", "{post}", "comments",
        {"fields": f"{within('replies', 'IGComment')},{all_of('IGComment')['fields']}"},
        "IGComment", "id text timestamp username from hidden media replies",
    ),
    Reading("IGMedia", "{post}", "", all_of("IGMedia"), "IGMedia", "id comments_count permalink"),
    Reading("IGComment", "{asked}", "replies", all_of("IGComment"), "IGComment", "id parent_id from"),
    Reading("IGComment", "{ours}", "", all_of("IGComment"), "IGComment", "id from user parent_id media"),
    Reading("Page", "me", "conversations", {"platform": "instagram"}, "UnifiedThread", "id updated_time"),
]  # fmt: skip


def answered(life: Life, platform: Platform, method: str, path: str, query: Mapping[str, str], **form: str) -> Answer:
    def filled(text: str) -> str:
        return text.format(**life.ids)

    asking = {name: filled(value) for name, value in query.items()}
    ask = Ask(method, f"/v26.0/{filled(path)}", asking, {name: filled(value) for name, value in form.items()}, TOKEN)
    return FAMILY[platform](life.world).answer(ask)


def of_each(facebook: list[Any], instagram: list[Any]) -> list[Any]:
    return [(Platform.FACEBOOK, each) for each in facebook] + [(Platform.INSTAGRAM, each) for each in instagram]


@pytest.mark.parametrize(("platform", "reading"), of_each(ON_FACEBOOK, ON_INSTAGRAM))
def test_what_graph_shows_is_as_meta_describes_it(platform: Platform, reading: Reading):
    assert edge_of(reading.kind, "GET", reading.edge)["return"] == reading.shown
    path = f"{reading.native_id}/{reading.edge}".rstrip("/")

    answer = answered(a_life(platform), platform, "GET", path, reading.query)

    assert answer.status == 200
    page = answer.payload if reading.edge else {"data": [answer.payload]}
    assert list(flaws_of_page(page, reading.shown, path)) == []
    assert any(set(reading.there.split()) <= set(item) for item in page["data"] or [()])


class Change(NamedTuple):
    """What is sent to which edge of which kind of node, and what is answered."""

    kind: str
    native_id: str
    method: str
    edge: str
    form: Mapping[str, str]
    told: set[str]


TO_MARI = {"recipient": '{{"id":"7001"}}', "message": '{{"text":"Helo"}}', "messaging_type": "RESPONSE"}
CHANGES_ON_FACEBOOK = [
    Change("Comment",  "{asked}",   "POST",   "comments", {"message": "Helo"},    {"id"}),
    Change("PagePost", "{visitor}", "POST",   "comments", {"message": "Helo"},    {"id"}),
    Change("Comment",  "{asked}",   "POST",   "",         {"is_hidden": "true"},  {"success"}),
    Change("PagePost", "{visitor}", "POST",   "",         {"is_hidden": "false"}, {"success"}),
    Change("Comment",  "{asked}",   "DELETE", "",         {},                     {"success"}),
    Change("PagePost", "{visitor}", "DELETE", "",         {},                     {"success"}),
    Change("Page",     US,          "POST",   "messages", TO_MARI,                {"recipient_id", "message_id"}),
]  # fmt: skip
NAMED_IN_COMMENT = {"media_id": "{strange}", "comment_id": "{mention}", "message": "Helo"}
NAMED_IN_POST = {"media_id": "{elsewhere}", "message": "Helo"}
CHANGES_ON_INSTAGRAM = [
    Change("IGComment", "{asked}", "POST",   "replies",  {"message": "Helo"}, {"id"}),
    Change("IGComment", "{asked}", "POST",   "",         {"hide": "true"},    {"success"}),
    Change("IGComment", "{asked}", "DELETE", "",         {},                  {"success"}),
    Change("IGUser",    US,        "POST",   "mentions", NAMED_IN_COMMENT,    {"id"}),
    Change("IGUser",    US,        "POST",   "mentions", NAMED_IN_POST,       {"id"}),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "change"), of_each(CHANGES_ON_FACEBOOK, CHANGES_ON_INSTAGRAM))
def test_what_graph_changes_is_as_meta_describes_it(platform: Platform, change: Change):
    known = {each["name"]: each for each in edge_of(change.kind, change.method, change.edge)["params"]}
    assert {name for name, each in known.items() if each.get("required")} <= set(change.form) <= set(known)
    path = f"{change.native_id}/{change.edge}".rstrip("/")

    answer = answered(a_life(platform), platform, change.method, path, {}, **change.form)

    assert (answer.status, set(answer.payload)) == (200, change.told)


@pytest.mark.parametrize(
    "change", [{"text": 7}, {"timestamp": "ddoe"}, {"colour": "red"}, {"from": {"name": "Mari"}}, {"hidden": 1}]
)
def test_the_check_itself_sees_a_flaw(change: dict[str, Any]):
    life = a_life(Platform.INSTAGRAM)
    whole = answered(life, Platform.INSTAGRAM, "GET", "{asked}", all_of("IGComment")).payload

    assert len(list(flaws({**whole, **change}, "IGComment", "-"))) == 1


# --- what we ask

PROBES = {
    # A post that names us has an id like a comment's; Facebook refuses to say where it stands, which tells it from one.
    (Platform.FACEBOOK, "PagePost", "GET", "", "id,parent{id}"),
    # Another's post that names us is answered as a mention once Instagram says that it is no comment under ours.
    (Platform.INSTAGRAM, "IGMedia", "POST", "replies", None),
}
"""What is asked although it may be refused, for the refusal says what we could not know; each is in the collector."""


def kind_of(native_id: str, life: Life, platform: Platform) -> str:
    """The kind of node that stands under an id."""
    if native_id in (US, "me"):
        return "IGUser" if platform is Platform.INSTAGRAM and native_id == US else "Page"
    message = life.world.message(native_id)
    if message is None or message.private:
        return "UnifiedThread" if message is None else "UnifiedMessage"
    kinds = {Platform.FACEBOOK: ("PagePost", "Comment"), Platform.INSTAGRAM: ("IGMedia", "IGComment")}
    return kinds[platform][bool(message.parent)]


def unknown_in(fields: Mapping[str, Wanted], kind: str, where: str) -> Iterator[str]:
    """Which of the fields that we ask for a node does not have, or an edge of it."""
    if node(kind) is None:
        return
    known = {**edges_of(kind), **fields_of(kind)}
    for name, asked in fields.items():
        if name not in known:
            yield f"{where}: {kind} has no {name}"
        else:
            yield from unknown_in(asked.fields, known[name], f"{where}.{name}")


def flaws_of_asking(asked: Asked, life: Life, platform: Platform) -> Iterator[str]:
    native_id, _, edge = asked.path.strip("/").partition("/")
    kind = kind_of(native_id, life, platform)
    if node(kind) is None or (platform, kind, asked.method, edge, asked.query.get("fields")) in PROBES:
        return
    described_so = edge_of(kind, asked.method, edge)
    known = {each["name"]: each["type"] for each in described_so.get("params", [])}
    for name, value in {**asked.query, **asked.form}.items():
        if name not in known and (name not in ON_EVERY_EDGE or name in asked.form):
            yield f"{asked.path}: {name} is not taken by {kind} {edge}"
        elif value not in enums().get(known.get(name, ""), [value]):
            yield f"{asked.path}: {value} is no {name}"
    if "fields" in asked.query:
        yield from unknown_in(wanted(asked.query["fields"]), described_so["return"], asked.path)


@pytest.mark.parametrize("platform", FAMILY)
def test_everything_that_we_ask_is_in_metas_description(platform: Platform):
    life = a_life(platform)

    heard = asked_by(platform, life)

    assert len({(each.method, each.path.rpartition("/")[2]) for each in heard}) > 9
    assert [flaw for asked in heard for flaw in flaws_of_asking(asked, life, platform)] == []


# Something that nobody should ask.
WRONG = [
    Asked("GET", "/{post}/comments", {"order": "sideways"}, {}),
    Asked("GET", "/{post}/comments", {"fields": "id,colour"}, {}),
    Asked("GET", "/{post}/comments", {"fields": "id,parent{colour}"}, {}),
    Asked("GET", "/{post}/comments", {"colour": "red"}, {}),
    Asked("POST", "/{asked}", {}, {"hidden": "true"}),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_the_check_of_what_we_ask_sees_a_flaw_too(wrong: Asked):
    life = a_life(Platform.FACEBOOK)
    asked = Asked(wrong.method, wrong.path.format(**life.ids), wrong.query, wrong.form)

    assert len(list(flaws_of_asking(asked, life, Platform.FACEBOOK))) == 1
