"""What a message to a colleague says, to whom it goes, and when it may leave.

Pure.  A message names cases by their references and says why in the policy's own words: nothing of
it was written by a resident, and nobody's name is in it, so that it may lie in a mailbox.

Whoever is warned of ten cases in one round gets one message with ten lines.  After it they are left
in peace for as long as the policy says, and what comes in the meantime is gathered; only what is
urgent does not wait.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar

from moderation.calendar import Calendar
from moderation.deadlines import LONDON
from moderation.policy import Policy, Whom
from moderation.service_areas import Areas
from vocabulary import Platform, Reason, Role
from words import LANGUAGES, Screen, Words, is_screen
from words.names import N_

EVERY_AREA = "*"
HOMES = {
    "queue": N_("Your queue"),
    "translations": N_("Translations"),
    "removals": N_("Removals"),
    "senior": N_("Senior management"),
    "notices": N_("Messages"),
}
"""The page to which a message leads its recipient in the end."""
A_CASE = N_("a case that is put before you")
A_RESTRICTED_CASE = N_("a restricted case")
"""What a case is called to those who do not open it, and where several read."""
LISTED = 20
"""How many cases are named under one heading; the queue has the rest."""
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
TRIES = 5
"""Attempts that surely delivered nothing, before a person is asked."""
LEASE = timedelta(minutes=5)
"""Longer than any attempt of ours can take: an intent older than this has lost its process."""


class Hearing(Protocol):
    """A member of staff, as far as it matters whether they are told."""

    @property
    def id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def grants(self) -> Collection[tuple[Role, str]]: ...


class Matter(Protocol):
    """One case that somebody is to be told of; `due` is None where no answer is owed.

    It is named by its reference, or `called` otherwise where that is not for them, and `leads` to a page.  `waits`:
    something in it waits for the recipient, `by` a day where it has one of its own.
    """

    @property
    def case_id(self) -> int: ...
    @property
    def reference(self) -> str: ...
    @property
    def area(self) -> str: ...
    @property
    def due(self) -> date | None: ...
    @property
    def about(self) -> tuple[str, Mapping[str, str | int]]: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def waits(self) -> bool: ...
    @property
    def leads(self) -> str: ...
    @property
    def called(self) -> Reason | None: ...
    @property
    def by(self) -> date | None: ...


class Leaving(Protocol):
    """What decides whether something is told now."""

    @property
    def urgent(self) -> bool: ...
    @property
    def at_night(self) -> bool: ...
    @property
    def stands(self) -> bool: ...


M = TypeVar("M", bound=Leaving)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One case as one recipient hears of it."""

    case_id: int
    reference: str
    area: str
    due: date | None
    about: tuple[str, Mapping[str, str | int]]
    urgent: bool
    waits: bool
    leads: str
    called: Reason | None
    by: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message, and where it leads (nowhere, where the address of the app is not known)."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A message in one language."""

    language: Screen
    subject: str
    groups: tuple[Group, ...]
    closing: tuple[Line, ...]

    def written(self) -> dict[str, Any]:
        """As it is kept; `read` takes it back."""
        return {
            "subject": self.subject,
            "groups": [[group.heading, [[line.text, line.link] for line in group.lines]] for group in self.groups],
            "closing": [[line.text, line.link] for line in self.closing],
        }


def read(content: Mapping[str, Any]) -> tuple[Said, ...]:
    """A message as it was kept, in each of its languages."""
    return tuple(
        Said(
            language,
            said["subject"],
            tuple(Group(heading, _lines(lines)) for heading, lines in said["groups"]),
            _lines(said["closing"]),
        )
        for language, said in content.items()
        if is_screen(language)
    )


def written(said: Iterable[Said]) -> dict[str, Any]:
    """A message in each of its languages, as it is kept."""
    return {each.language: each.written() for each in said}


def _lines(kept: Iterable[Sequence[str]]) -> tuple[Line, ...]:
    return tuple(Line(text, link) for text, link in kept)


def hears(
    whom: Whom, area: str, owner_id: int | None, people: Iterable[Hearing], places: Collection[str]
) -> tuple[str, ...]:
    """Who is told by which way: `user:12` by e-mail, `teams:waste` on a channel; empty where nobody can be reached.

    An `area` of `*` is every one of them.  The channel of an area hears what its officers hear, that of
    communications or of senior management what they hear.  The owner has no channel.
    """
    found = [
        f"user:{each.id}"
        for each in people
        if each.email and (each.id == owner_id if whom is Whom.OWNER else _has_role(each, whom, area))
    ]
    place = area if whom is Whom.AREA else whom.value
    return (*found, *([f"teams:{place}"] if place in places and whom is not Whom.OWNER else []))


LADDER = (Whom.OWNER, Whom.AREA, Whom.COMMUNICATIONS, Whom.SENIOR)
"""Up the chain: who hears where nobody on the rung below can be reached."""


def rungs(whom: Whom) -> tuple[Whom, ...]:
    """Whom to try, one after the other, until somebody hears; those beside the ladder step on it at communications."""
    if whom in LADDER[:-1]:
        return LADDER[LADDER.index(whom) :]
    return tuple(dict.fromkeys((whom, Whom.COMMUNICATIONS, Whom.SENIOR)))


def _has_role(person: Hearing, whom: Whom, area: str) -> bool:
    role = Role.OFFICER if whom is Whom.AREA else Role(whom.value)
    return any(held is role and (area == EVERY_AREA or where in (area, EVERY_AREA)) for held, where in person.grants)


def leaving(
    waiting: Sequence[M], *, last: datetime | None, open_now: bool, policy: Policy, now: datetime
) -> tuple[M, ...]:
    """What goes into one recipient's message now; `last` is when the one before it was made.

    Empty while they are left in peace, or at night, except for what may be told at any hour.
    """
    allowed = tuple(each for each in waiting if each.stands and (open_now or each.at_night))
    in_peace = last is not None and now - last < timedelta(minutes=policy.notices.gather_minutes)
    return () if in_peace and not any(each.urgent for each in allowed) else allowed


def digest_is_due(policy: Policy, calendar: Calendar, now: datetime) -> date | None:
    """The day whose digest may leave now, within working hours; None before its hour and on a day off."""
    return _on_after(policy, policy.senior_digest.sent_at, calendar, now)


def register_digest_is_due(policy: Policy, calendar: Calendar, now: datetime) -> str | None:
    """The day or the week (`2026-W47`) of the register's digest, if it may leave now.

    A week's leaves on its first working day, or later in the week where it could not.
    """
    day = _on_after(policy, policy.register_digest.sent_at, calendar, now)
    if day is None:
        return None
    year, week, _ = day.isocalendar()
    return day.isoformat() if policy.register_digest.every == "day" else f"{year}-W{week:02}"


def _on_after(policy: Policy, sent_at: time, calendar: Calendar, now: datetime) -> date | None:
    local = now.astimezone(LONDON)
    return local.date() if policy.hours.are_on(now, calendar) and local.time() >= sent_at else None


def retry_at(tries: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None after the last."""
    return None if tries >= TRIES else now + BACKOFF[min(tries, len(BACKOFF)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The facts of one day's digest.

    Cases are (id, reference, area, since), the reference empty where the case is restricted; late answers are (area,
    how many, the oldest due date).
    """

    day: date
    flagged: tuple[tuple[int, str, str, datetime], ...] = ()
    urgent: tuple[tuple[int, str, str, datetime], ...] = ()
    late: tuple[tuple[str, int, date], ...] = ()

    @property
    def cases(self) -> int:
        """How many cases it is about; one that is flagged and urgent and late counts each time."""
        return len(self.flagged) + len(self.urgent) + sum(late for _area, late, _oldest in self.late)

    @property
    def says_anything(self) -> bool:
        return bool(self.flagged or self.urgent or self.late)


@dataclass(frozen=True, slots=True)
class Overdue:
    """One thing that is late in the account register: what, on which account, and since which day it was due."""

    what: Reason
    account_id: int
    account: str
    platform: Platform
    due: date


@dataclass(frozen=True, slots=True)
class Voice:
    """Says messages in one language.  `address` is that of the web app, without a slash at its end; it may be empty."""

    words: Words
    areas: Areas
    policy: Policy
    address: str

    def warnings(self, matters: Sequence[Matter], *, home: str = "queue") -> Said:
        """What is due, late or dangerous, and what waits: the urgent first, then those whose cases are due soonest.

        `home` is the page where the recipient's work lies.
        """
        groups: dict[str, dict[tuple[int, str], Line]] = {}
        for each in sorted(matters, key=_pressing):
            reason = self.words.say(Reason(*each.about))
            groups.setdefault(reason, {}).setdefault((each.case_id, each.leads), self._case(each))
        peace = self.policy.notices.gather_minutes
        return Said(
            self.words.language,
            self._subject(matters),
            tuple(self._group(heading, list(lines.values()), home) for heading, lines in groups.items()),
            (
                Line(self.words.gettext(HOMES[home]), self._to(home)),
                *([Line(self._peace(peace))] if peace else []),
            ),
        )

    def _subject(self, matters: Sequence[Matter]) -> str:
        """How many cases there are to look at; how many things wait, where nothing else is said."""
        gettext, urgent = self.words.gettext, any(each.urgent for each in matters)
        if all(each.waits for each in matters):
            many = len({(each.case_id, each.leads, each.about[0]) for each in matters})
            return (
                gettext("Urgent. Waiting for you: {n}", n=many) if urgent else gettext("Waiting for you: {n}", n=many)
            )
        many = len({each.case_id for each in matters})
        return gettext("Urgent. Cases to look at: {n}", n=many) if urgent else gettext("Cases to look at: {n}", n=many)

    def digest(self, found: Digest) -> Said:
        """What senior management hears each day; the reasons of the flags stand on the page only."""
        gettext = self.words.gettext
        groups = []
        if found.flagged:
            lines = [self._named(*each) for each in found.flagged]
            groups.append(self._group(gettext("Flagged for senior management: {n}", n=len(lines)), lines))
        if found.urgent:
            lines = [self._named(*each) for each in found.urgent]
            groups.append(self._group(gettext("Urgent and open: {n}", n=len(lines)), lines))
        if found.late:
            total = sum(late for _area, late, _oldest in found.late)
            lines = [
                Line(
                    gettext(
                        "{area}: {n}, the oldest due {day}",
                        area=self._area(area),
                        n=late,
                        day=self.words.day(oldest),
                    ),
                    self._to(f"queue?show=overdue&area={area}"),
                )
                for area, late, oldest in found.late
            ]
            groups.append(Group(gettext("Late answers: {n}", n=total), tuple(lines)))
        return Said(
            self.words.language,
            gettext("For senior management, {day}", day=self.words.day(found.day)),
            tuple(groups),
            (Line(gettext("All of it, with the reasons"), self._to("senior")),),
        )

    def register(self, found: Sequence[Overdue]) -> Said:
        """What is late in the account register, by what it is, the longest late first; nobody's name is in it."""
        gettext = self.words.gettext
        groups: dict[str, list[Line]] = {}
        for each in sorted(found, key=lambda each: (each.due, each.account)):
            due = gettext("due {day}", day=self.words.day(each.due))
            text = f"{each.account} · {self.words.name(each.platform)} · {due}"
            line = Line(text, self._to(f"register#account-{each.account_id}"))
            groups.setdefault(self.words.say(each.what), []).append(line)
        return Said(
            self.words.language,
            gettext("The account register. Late: {n}", n=len(found)),
            tuple(self._group(heading, lines, "register") for heading, lines in groups.items()),
            (Line(gettext("Account register"), self._to("register")),),
        )

    def test(self) -> Said:
        """A message that shows that the way is open."""
        heading = self.words.gettext("This is a test. If you can read it, warnings will reach you.")
        return Said(
            self.words.language,
            self.words.gettext("A test from Gwylio"),
            (Group(heading, ()),),
            (Line(self.words.gettext("Your queue"), self._to("queue")),),
        )

    def _peace(self, minutes: int) -> str:
        return self.words.gettext(
            "You get at most one such message in so many minutes: {n}. Only what is urgent does not wait.", n=minutes
        )

    def _case(self, matter: Matter) -> Line:
        named = matter.reference if matter.called is None else self.words.say(matter.called)
        said = [_capital(named), self._area(matter.area)]
        if matter.by is not None:
            said.append(self.words.gettext("by {day}", day=self.words.day(matter.by)))
        elif matter.due is not None and matter.called is None:
            said.append(self.words.gettext("answer by {day}", day=self.words.day(matter.due)))
        return Line(" · ".join(said), self._to(matter.leads))

    def _named(self, case_id: int, reference: str, area: str, at: datetime) -> Line:
        named = reference or _capital(self.words.gettext(A_RESTRICTED_CASE))
        leads = f"cases/{case_id}" if reference else "senior"
        return Line(f"{named} · {self._area(area)} · {self.words.day(at)}", self._to(leads))

    def _group(self, heading: str, lines: Sequence[Line], home: str = "queue") -> Group:
        more = len(lines) - LISTED
        rest = [Line(self.words.gettext("and more: {n}", n=more), self._to(home))] if more > 0 else []
        return Group(_capital(heading), (*lines[:LISTED], *rest))

    def _area(self, slug: str) -> str:
        return self.areas[slug].name.say(self.words.language) if slug in self.areas else slug

    def _to(self, path: str) -> str:
        return f"{self.address}/{self.words.language}/{path}" if self.address else ""


def voices(language: str | None, areas: Areas, policy: Policy, address: str) -> tuple[Voice, ...]:
    """One for each language of a message: the recipient's own, or both where several people read it (None)."""
    own: tuple[Screen, ...] = (language,) if language is not None and is_screen(language) else LANGUAGES
    return tuple(Voice(Words(each), areas, policy, address) for each in own)


def _capital(text: str) -> str:
    """As a line begins."""
    return text[:1].upper() + text[1:]


def _pressing(matter: Matter) -> tuple[bool, date, str]:
    return (not matter.urgent, matter.due or date.max, matter.reference)
