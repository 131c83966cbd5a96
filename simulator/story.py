"""Four weeks in the life of an invented council, told as dated events.

`simulator.script` reads what happens; here it is laid on the calendar so that day 27 is yesterday.
The seed moves minutes and officers' haste, never a word.  What an officer would do after `now` has
not happened yet, and that is how the queue comes to have something in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from simulator.script import DAYS, Arrival, Remark, Story, StoryError, Template, Thread, read
from vocabulary import Author, Label, Language, Role

__all__ = [
    "Commented", "Deed", "Deleted", "Edited", "Event", "OfficerActed", "Posted", "Story", "StoryError", "World",
    "after_working", "deal", "events", "load", "read",
]  # fmt: skip

LONDON = ZoneInfo("Europe/London")
OPENS, SHUTS = time(8, 30), time(17, 30)


class Deed(StrEnum):
    """What an officer of the story does to a comment."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    ESCALATE = "escalate"
    HIDE = "hide"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The council posted; `key` is the thread's."""

    at: datetime
    key: str
    account: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented:
    """Somebody wrote to us: under `post`, in reply to `parent` (story keys, or ""); neither means a mention."""

    at: datetime
    key: str
    account: str
    text: str
    author: Author | None
    post: str
    parent: str
    language: Language
    area: str
    needs_response: bool
    labels: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The author changed the comment; `text` is the new text."""

    at: datetime
    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """The author took the comment down."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerActed:
    """An officer of the story did something about the comment `key`.

    Texts are there for ACKNOWLEDGE and ANSWER, in the languages that are owed, and may still hold
    `{reference}`, which only the queue knows.  `outcome` goes with CLOSE, `why` with ESCALATE.
    """

    at: datetime
    key: str
    deed: Deed
    who: str
    text_cy: str = ""
    text_en: str = ""
    template: str = ""
    outcome: str = ""
    why: str = ""


Event = Posted | Commented | Edited | Deleted | OfficerActed


class World(Protocol):
    """What `load` asks of the simulated platforms.  Ids are the platform's; instants are in UTC."""

    def post(self, account: str, text: str, at: datetime) -> str: ...

    def comment(
        self,
        account: str,
        text: str,
        author_id: str,
        author_name: str,
        at: datetime,
        *,
        post: str = "",
        parent: str = "",
        mentions_us: bool | None = None,
    ) -> str: ...

    def mention(self, account: str, text: str, author_id: str, author_name: str, at: datetime) -> str: ...

    def edit(self, native_id: str, text: str, at: datetime) -> str: ...

    def delete(self, native_id: str, at: datetime) -> None: ...


def events(story: Story, *, seed: int, now: datetime) -> tuple[Event, ...]:
    """What has happened by `now`, oldest first.

    Posts and comments fall on the 28 days before today in London; officers act on weekdays between
    08:30 and 17:30 there.  The same `seed` and `now` give the same events; another seed gives the
    same words at other minutes.
    """
    first = now.astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) - timedelta(
        days=DAYS
    )
    told: list[Event] = []
    for thread in story.threads:
        written = _dated(thread, first, seed, now)
        if thread.text:
            told.append(Posted(at=written[thread.key], key=thread.key, account=thread.account, text=thread.text))
        for remark in thread.remarks:
            told += _said(thread, remark, written[remark.key])
        for conversation in _conversations(thread):
            told += _acts(story, conversation, written, seed)
    return tuple(sorted((event for event in told if event.at <= now), key=_order))


def load(world: World, told: Iterable[Event]) -> dict[str, str]:
    """Plays everything the public and the council's own posts did into `world`: story key to native id.

    The accounts must be in the world already, under the council's slugs.  What officers did is
    passed over: that reaches the platforms through the product.
    """
    known: dict[str, str] = {}
    for event in told:
        match event:
            case Posted():
                known[event.key] = world.post(event.account, event.text, event.at)
            case Commented():
                known[event.key] = _say(world, event, known)
            case Edited():
                world.edit(known[event.key], event.text, event.at)
            case Deleted():
                world.delete(known[event.key], event.at)
            case OfficerActed():
                pass
    return known


def deal(world: World, arrival: Arrival, known: Mapping[str, str], at: datetime) -> str:
    """Lets one comment of the trickle arrive at `at`; `known` is what `load` gave.  The native id."""
    said = Commented(
        at=at,
        key=arrival.key,
        account=arrival.account,
        text=arrival.text,
        author=arrival.author,
        post=arrival.under,
        parent="",
        language=arrival.language,
        area=arrival.area,
        needs_response=arrival.needs_response,
        labels=arrival.labels,
    )
    return _say(world, said, known)


def after_working(start: datetime, length: timedelta) -> datetime:
    """The instant, in UTC, `length` of working time after `start`; at night and at weekends no time passes."""
    local = start.astimezone(LONDON).replace(tzinfo=None)
    left = length
    while True:
        opens, shuts = datetime.combine(local.date(), OPENS), datetime.combine(local.date(), SHUTS)
        begins = max(local, opens)
        if local.weekday() < 5 and begins < shuts:
            if begins + left <= shuts:
                return (begins + left).replace(tzinfo=LONDON).astimezone(UTC)
            left -= shuts - begins
        local = datetime.combine(local.date() + timedelta(days=1), time(0))


def _say(world: World, said: Commented, known: Mapping[str, str]) -> str:
    author = said.author or Author("", "")
    if not said.post and not said.parent:
        return world.mention(said.account, said.text, author.native_id, author.name, said.at)
    return world.comment(
        said.account,
        said.text,
        author.native_id,
        author.name,
        said.at,
        post=known.get(said.post, ""),
        parent=known.get(said.parent, ""),
        mentions_us=None if said.post else True,
    )


def _order(event: Event) -> tuple[datetime, int, str]:
    return event.at, (Posted, Commented, Edited, OfficerActed, Deleted).index(type(event)), event.key


def _dated(thread: Thread, first: datetime, seed: int, now: datetime) -> dict[str, datetime]:
    chance = random.Random(f"{seed}/{thread.key}")
    shift = timedelta(minutes=chance.randint(-18, 18))
    at = (datetime.combine(first.date() + timedelta(days=thread.day), thread.clock) + shift).replace(tzinfo=LONDON)
    dates = {thread.key: min(at.astimezone(UTC), now)}
    latest = dates[thread.key]
    for remark in thread.remarks:
        local = datetime.combine(first.date() + timedelta(days=remark.day), remark.clock) + shift
        drift = timedelta(seconds=chance.randint(0, 420))
        soonest = latest + timedelta(seconds=chance.randint(20, 90))
        latest = min(max((local + drift).replace(tzinfo=LONDON).astimezone(UTC), soonest), now)
        dates[remark.key] = latest
    return dates


def _said(thread: Thread, remark: Remark, at: datetime) -> list[Event]:
    said: list[Event] = [
        Commented(
            at=at,
            key=remark.key,
            account=thread.account,
            text=remark.text,
            author=remark.author,
            post=thread.key if thread.text else "",
            parent=remark.to,
            language=remark.language,
            area=remark.area,
            needs_response=remark.needs_response,
            labels=remark.labels,
        )
    ]
    if remark.edit:
        said.append(Edited(at=at + remark.edit_after, key=remark.key, text=remark.edit))
    if remark.delete_after is not None:
        said.append(Deleted(at=at + remark.delete_after, key=remark.key))
    return said


def _conversations(thread: Thread) -> list[list[Remark]]:
    """The comments that the queue joins in one case: one author's under one post; every mention stands alone."""
    joined: dict[str, list[Remark]] = {}
    for remark in thread.remarks:
        writer = remark.author.native_id if remark.author and thread.text else remark.key
        joined.setdefault(writer, []).append(remark)
    return list(joined.values())


def _acts(
    story: Story, conversation: Sequence[Remark], written: Mapping[str, datetime], seed: int
) -> list[OfficerActed]:
    done: list[OfficerActed] = []
    for remark in conversation:
        done += _acts_on(story, remark, written[remark.key], seed)
    last = conversation[-1]
    gone = written[last.key] + last.delete_after if last.delete_after is not None else None
    if gone is not None:
        done = [act for act in done if act.key != last.key or act.at < gone]
    outcome = _outcome(conversation, withdrawn=gone is not None)
    if not outcome:
        return done
    chance = random.Random(f"{seed}/{last.key}/close")
    settled = max((act.at for act in done), default=written[last.key])
    habit = "close_after_answer" if any(remark.is_answered for remark in conversation) else "close_unneeded_after"
    at = after_working(max(settled, written[last.key], gone or settled), _drawn(story, habit, chance))
    who = done[-1].who if done else _officer(story, last, chance, Role.OFFICER)
    if any(remark.escalate for remark in conversation):
        who = _officer(story, last, chance, Role.COMMUNICATIONS)
    done.append(OfficerActed(at=at, key=last.key, deed=Deed.CLOSE, who=who, outcome=outcome))
    return done


def _outcome(conversation: Sequence[Remark], *, withdrawn: bool) -> str:
    """How the conversation ends, or "" while somebody in it still waits."""
    said = [remark.close for remark in conversation if remark.close]
    if said:
        return said[-1]
    if withdrawn:
        return "withdrawn"
    if any(remark.needs_response and not remark.is_answered for remark in conversation):
        return ""
    if any(remark.is_answered for remark in conversation):
        return "answered"
    return "" if any(remark.escalate for remark in conversation) else "no_response_needed"


def _acts_on(story: Story, remark: Remark, at: datetime, seed: int) -> list[OfficerActed]:
    chance = random.Random(f"{seed}/{remark.key}/acts")
    officer = _officer(story, remark, chance, Role.OFFICER)
    passed = _at_any_hour if remark.on_call else after_working
    done: list[OfficerActed] = []
    if remark.hide:
        hidden = passed(at, _drawn(story, "hide_after", chance))
        who = _officer(story, remark, chance, Role.COMMUNICATIONS)
        done.append(OfficerActed(at=hidden, key=remark.key, deed=Deed.HIDE, who=who))
    if remark.escalate:
        raised = passed(at, remark.escalate_after or _drawn(story, "escalate_after", chance))
        done.append(OfficerActed(at=raised, key=remark.key, deed=Deed.ESCALATE, who=officer, why=remark.escalate))
        officer = _officer(story, remark, chance, Role.COMMUNICATIONS)
    answer_after = remark.answer_after or _drawn(story, "answer_after", chance)
    acknowledge_after = remark.acknowledge_after or _drawn(story, "acknowledge_after", chance)
    slow = story.council.habits["acknowledge_when_answer_takes"][0]
    if remark.acknowledge_after or (remark.is_answered and answer_after >= slow > acknowledge_after):
        acknowledged = passed(at, acknowledge_after)
        done.append(_reply(story, remark, acknowledged, Deed.ACKNOWLEDGE, officer, story.templates["holding"]))
    if remark.is_answered:
        answered = max([passed(at, answer_after), *(passed(act.at, timedelta(minutes=4)) for act in done)])
        template = story.templates.get(remark.template)
        done.append(_reply(story, remark, answered, Deed.ANSWER, officer, template))
    return sorted(done, key=lambda act: act.at)


def _at_any_hour(start: datetime, length: timedelta) -> datetime:
    """`after_working` for somebody on call."""
    return start + length


def _reply(story: Story, remark: Remark, at: datetime, deed: Deed, who: str, template: Template | None) -> OfficerActed:
    """Welsh to Welsh, English to English, both to anything else; what the file writes out stands as it is."""
    if template is None:
        return OfficerActed(
            at=at, key=remark.key, deed=deed, who=who, text_cy=remark.answer_cy, text_en=remark.answer_en
        )
    name = remark.author.name if remark.author else ""
    cy, en = (_filled(text, name) for text in (template.cy, template.en))
    return OfficerActed(
        at=at,
        key=remark.key,
        deed=deed,
        who=who,
        text_cy="" if remark.language is Language.EN else cy,
        text_en="" if remark.language is Language.CY else en,
        template=template.slug,
    )


def _filled(text: str, name: str) -> str:
    return text.replace("{name}", name) if name else text.replace(", {name}", "").replace("{name}", "")


def _officer(story: Story, remark: Remark, chance: random.Random, role: Role) -> str:
    if remark.officer and role is Role.OFFICER:
        return remark.officer
    return chance.choice(story.council.on_duty(role, remark.area)).username


def _drawn(story: Story, habit: str, chance: random.Random) -> timedelta:
    low, high = story.council.habits[habit]
    return timedelta(seconds=chance.randint(int(low.total_seconds()), int(high.total_seconds())))
