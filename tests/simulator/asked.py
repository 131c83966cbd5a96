"""Every request that a collector makes in a full life, as it left for the platform: for the specifications to judge.

A life has a post, what is said under it, in private and elsewhere, two rounds of every stream, replies,
what is hidden and deleted, and what is looked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from collectors.base import Access, Action, Budget, Cursor
from collectors.instagram import InstagramAccount
from collectors.registry import open_collector
from simulator.server import Simulator
from simulator.world import World
from vocabulary import Platform

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MARI, TOM = ("7001", "Mari Evans"), ("7002", "Tom Parry")
US, TOKEN = "1001", "token"
NOT_READ_BACK = ((Platform.INSTAGRAM, "elsewhere"), (Platform.INSTAGRAM, "mention"))
"""What is said there is not shown to us, so that a doubt stays one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `path` without the version."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Life:
    """A world in which something of everything happened, and the ids by which it is known."""

    world: World
    ids: Mapping[str, str]


def a_life(platform: Platform) -> Life:
    """What there is before the collector comes; `elsewhere` names us, under somebody else's name."""
    world, slug = World(now=NINE + 9 * HOUR), "dyffryn"
    world.add_account(platform, slug, US, "Cyngor Dyffryn", TOKEN)
    post = world.post(slug, "Newyddion", NINE)
    asked = world.comment(slug, "Pryd?", *MARI, NINE + HOUR, post=post)
    reply = world.comment(slug, "Ie, pryd?", *TOM, NINE + 2 * HOUR, parent=asked)
    ours = world.comment(slug, "Dydd Mawrth", US, "", NINE + 3 * HOUR, parent=asked)
    elsewhere = world.mention(slug, "@dyffryn, ble mae'r bws?", *TOM, NINE + HOUR, elsewhere=True)
    ids = {"post": post, "asked": asked, "reply": reply, "ours": ours, "elsewhere": elsewhere}
    ids["gone"] = world.comment(slug, "-", *TOM, NINE + HOUR, post=post)
    if platform is Platform.THREADS:
        ids["answer"] = world.comment(slug, "Ar ei ffordd", US, "", NINE + 2 * HOUR, parent=elsewhere)
        ids["back"] = world.comment(slug, "O ble?", *TOM, NINE + 3 * HOUR, parent=ids["answer"], mentions_us=False)
        ids["overheard"] = world.overheard(slug, "Mae biniau Dyffryn yn llawn #dyffryn", *MARI, NINE + HOUR)
        for minutes in range(3):  # between the two rounds
            at = NINE + 9 * HOUR + timedelta(minutes=minutes + 1)
            ids["later"] = world.overheard(slug, f"Mae biniau Dyffryn yn llawn eto {minutes}", *MARI, at)
        ids["quote"] = world.quote(slug, "Clywch!", *MARI, NINE + HOUR, of=post)
        return Life(world, ids)
    ids["private"] = world.direct_message(slug, "Helo?", *MARI, NINE + HOUR)
    if platform is Platform.FACEBOOK:
        ids["visitor"] = world.mention(slug, "Y biniau?", *MARI, NINE + HOUR)
    else:
        strange = world.overheard(slug, "Gwyliau!", *TOM, NINE)
        ids["strange"] = strange
        ids["mention"] = world.comment(slug, "Gofynnwch i @dyffryn", *MARI, NINE + HOUR, post=strange, mentions_us=True)
    return Life(world, ids)


def asked_by(platform: Platform, life: Life, **more: Any) -> list[Asked]:
    """What its collector asks for, in two rounds and in all that an officer may do."""
    world, ids = life.world, life.ids
    with Simulator(world) as simulator:
        access = Access(account="dyffryn", native_id=US, credential=TOKEN, base_url=simulator.url_of(platform), **more)
        collector: Any = replace(open_collector(platform, access), page_size=2)  # type: ignore[type-var]
        heard: list[Asked] = []
        collector.line.session.hooks["response"].append(lambda response, **_: heard.append(_as_it_left(response)))
        cursors: dict[str, Cursor] = {}
        for _ in range(2):
            for stream in collector.streams():
                for page in collector.fetch(stream, cursors.get(stream, Cursor()), Budget(pages=500)):
                    cursors[stream] = page.cursor
            world.now += HOUR
        for name in ("asked", "reply", "elsewhere", "mention", "private", "visitor", "overheard"):
            if name in ids:
                collector.reply(ids[name], "Diolch", key=name)
                if (platform, name) not in NOT_READ_BACK:
                    collector.own_replies(ids[name], since=NINE)
        for action in (Action.HIDE, Action.UNHIDE):
            for name in ("asked", "visitor"):
                if name in ids:
                    collector.act(action, ids[name])
        world.delete(ids["gone"], world.now)
        collector.recheck(list(ids.values()))
        if Action.DELETE in collector.capabilities().actions:
            collector.act(Action.DELETE, ids["asked"])
        if isinstance(collector, InstagramAccount):
            collector.mentioned(ids["mention"], ids["strange"])
            collector.mentioned(media_id=ids["elsewhere"])
    return heard


def _as_it_left(response: Any) -> Asked:
    sent = response.request
    there = urlsplit(sent.url)
    body = sent.body.decode() if isinstance(sent.body, bytes) else sent.body or ""
    path = "/" + there.path.split("/", 3)[3]  # without the platform that the simulator pretends to be, and the version
    return Asked(sent.method, path, dict(parse_qsl(there.query)), dict(parse_qsl(body)))
