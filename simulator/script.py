"""The demo story as its files tell it: an invented council, its posts, and what people said under them.

It is written by day and clock, with no dates in it, in `config/demo/` and `config/templates.toml`.
A file that cannot be told is refused with everything that is wrong in all of them.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from vocabulary import Author, GwylioError, Label, Language, Platform, ReplyKind, Role

FOLDER = Path(__file__).resolve().parent.parent / "config"
DAYS = 28
WORKING_DAY = timedelta(hours=9)
"""What `1d` means where officers are concerned; for the public it is 24 hours."""
X_LIMIT = 280

WRITTEN_IN = tuple(language.value for language in Language)
LABELS = frozenset(label.value for label in Label)
KINDS = frozenset(kind.value for kind in ReplyKind)
WORKING_LENGTHS = ("acknowledge_after", "answer_after", "escalate_after")
ELAPSED_LENGTHS = ("edit_after", "delete_after")
COMMENT_KEYS = frozenset(
    """acknowledge_after answer answer_after answer_cy answer_en area at by close delete_after edit edit_after
    escalate escalate_after hide labels needs officer on_call to""".split()
).union(WRITTEN_IN)
THREAD_KEYS = frozenset({"account", "at", "comment", "cy", "day", "en", "key"})
TRICKLE_KEYS = frozenset({"account", "answer_cy", "answer_en", "area", "by", "labels", "needs", "under"}).union(
    WRITTEN_IN
)
HABITS = (
    "acknowledge_after",
    "acknowledge_when_answer_takes",
    "answer_after",
    "close_after_answer",
    "close_unneeded_after",
    "escalate_after",
    "hide_after",
)
TYPES: Mapping[str, type] = {"comment": list, "day": int, "hide": bool, "labels": list, "needs": bool, "on_call": bool}
NAMES_OF_TYPES: Mapping[type, str] = {list: "a list", int: "a number", bool: "true or false", str: "text in quotes"}
FILLED = frozenset({"name", "reference"})
"""The placeholders of a template that the demo can fill without an officer."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CLOCK = re.compile(r"(?:\+(?P<days>\d+) )?(?P<hour>\d\d):(?P<minute>\d\d)")
LENGTH = re.compile(r"(?:(?P<d>\d+)d)? ?(?:(?P<h>\d+)h)? ?(?:(?P<m>\d+)m)?")


class StoryError(GwylioError):
    """The story's files cannot be told; `problems` has them all, each with its file and place."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the demo story cannot be told:\n" + "\n".join(f"  {problem}" for problem in problems))


@dataclass(frozen=True, slots=True)
class Area:
    """A service area, by slug, with its name in both languages."""

    slug: str
    name_cy: str
    name_en: str


@dataclass(frozen=True, slots=True)
class CorporateAccount:
    """One of the council's accounts; `area` takes what nothing else claims."""

    slug: str
    platform: Platform
    native_id: str
    name: str
    area: str
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who signs in."""

    username: str
    name: str
    roles: tuple[Role, ...]
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Council:
    """The invented council, and in `habits` how fast its officers work, in working time."""

    slug: str
    name_cy: str
    name_en: str
    outcomes: tuple[str, ...]
    areas: tuple[Area, ...]
    accounts: tuple[CorporateAccount, ...]
    staff: tuple[Staff, ...]
    habits: Mapping[str, tuple[timedelta, timedelta]]

    def account(self, slug: str) -> CorporateAccount:
        """The account of that slug; KeyError when there is none."""
        return {account.slug: account for account in self.accounts}[slug]

    def on_duty(self, role: Role, area: str) -> tuple[Staff, ...]:
        """Who may act in that role for that area, in the order of the file."""
        return tuple(person for person in self.staff if role in person.roles and area in person.areas)


@dataclass(frozen=True, slots=True)
class Template:
    """A saved reply in both languages."""

    slug: str
    kind: ReplyKind
    cy: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One comment as the story's file has it.

    `key` is the thread's key and the comment's place in it; `to` is the key of the comment it
    replies to; `day` and `clock` are London's.  Lengths of officers' acts are working time, unless
    they are `on_call`, when they act at any hour; `edit_after` and `delete_after` are elapsed time.
    `needs_response`, `language`, `labels` and `area` are the writer's own truth, for tests; the
    product never sees them.
    """

    key: str
    day: int
    clock: time
    author: Author | None = None
    text: str = ""
    language: Language = Language.UND
    area: str = ""
    to: str = ""
    needs_response: bool = False
    labels: frozenset[Label] = frozenset()
    edit: str = ""
    edit_after: timedelta = timedelta(0)
    delete_after: timedelta | None = None
    template: str = ""
    answer_cy: str = ""
    answer_en: str = ""
    acknowledge_after: timedelta | None = None
    answer_after: timedelta | None = None
    escalate: str = ""
    escalate_after: timedelta | None = None
    hide: bool = False
    close: str = ""
    officer: str = ""
    on_call: bool = False

    @property
    def is_answered(self) -> bool:
        """Whether the story has an answer for it, sooner or later."""
        return bool(self.template or self.answer_cy or self.answer_en)


@dataclass(frozen=True, slots=True)
class Thread:
    """A post of the council and what was said under it, or with no `text` a run of mentions."""

    key: str
    account: str
    text: str
    day: int
    clock: time
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A comment that comes while the demo runs; `under` is a thread's key, or "" for a mention."""

    key: str
    account: str
    under: str
    author: Author | None
    text: str
    language: Language
    area: str
    needs_response: bool = False
    labels: frozenset[Label] = frozenset()
    answer_cy: str = ""
    answer_en: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """All of it, checked: every reference resolves."""

    council: Council
    templates: Mapping[str, Template]
    threads: tuple[Thread, ...]
    trickle: tuple[Arrival, ...]


def read(folder: Path = FOLDER) -> Story:
    """The story of `folder/demo/` with the saved replies of `folder/templates.toml`.

    Raises:
        StoryError: with everything that is wrong in any of the files.
    """
    problems: list[str] = []
    table = _toml(folder / "demo" / "council.toml", problems)
    if problems:
        raise StoryError(problems)
    council = _council(table)
    problems += _contradictions(council)
    templates = _templates(_toml(folder / "templates.toml", problems), problems)
    threads: list[Thread] = []
    for file in sorted((folder / "demo" / "threads").glob("*.toml")):
        threads += _threads(_Page(council, templates, file.name, problems), _toml(file, problems).get("thread", []))
    keys = [thread.key for thread in threads]
    problems += [f"threads: the key {key} is used twice; give one of them another" for key in _doubled(keys)]
    arriving = _toml(folder / "demo" / "trickle.toml", problems).get("comment", [])
    trickle = _trickle(_Page(council, templates, "trickle.toml", problems), arriving, threads)
    if problems:
        raise StoryError(problems)
    return Story(council, templates, tuple(threads), tuple(trickle))


def author_id(platform: Platform, name: str) -> str:
    """The numeric id of the author who writes under `name` on `platform`: always the same one."""
    return str(10**14 + int.from_bytes(hashlib.sha256(f"{platform}:{name}".encode()).digest()[:6]))


@dataclass(frozen=True, slots=True)
class _Page:
    """What is being read, and where: a problem is noted against `place` and the reading goes on."""

    council: Council
    templates: Mapping[str, Template]
    place: str
    problems: list[str]

    def at(self, place: str) -> _Page:
        return _Page(self.council, self.templates, f"{self.place}{place}", self.problems)

    def wrong(self, what: str, *, when: bool = True) -> None:
        if when:
            self.problems.append(f"{self.place}: {what}")

    def takes(self, table: Mapping[str, Any], known: frozenset[str]) -> None:
        """Notes the keys that mean nothing here and the values of another type than theirs."""
        for key, value in table.items():
            wanted = TYPES.get(key, str)
            self.wrong(f"nothing is called {key} here; known are {', '.join(sorted(known))}", when=key not in known)
            self.wrong(f"{key} must be {NAMES_OF_TYPES[wanted]}", when=key in known and not isinstance(value, wanted))

    def clock(self, table: Mapping[str, Any]) -> tuple[int, time]:
        """Days on and time of day of `at`."""
        found = CLOCK.fullmatch(table.get("at", ""))
        if found is None or int(found["hour"]) > 23 or int(found["minute"]) > 59:
            self.wrong('at is no time; write "09:05", or "+1 09:05" for the next day')
            return 0, time(0)
        return int(found["days"] or 0), time(int(found["hour"]), int(found["minute"]))

    def lengths(self, table: Mapping[str, Any]) -> dict[str, timedelta]:
        """The lengths of time in `table`: in working days for officers, in whole ones for the public."""
        found = {name: _length(table[name], WORKING_DAY) for name in WORKING_LENGTHS if name in table}
        found |= {name: _length(table[name], timedelta(days=1)) for name in ELAPSED_LENGTHS if name in table}
        for name, length in found.items():
            self.wrong(f'{name} is no length of time; write "2d 3h", "4h" or "20m"', when=length is None)
        return {name: length for name, length in found.items() if length is not None}

    def words(self, table: Mapping[str, Any]) -> tuple[Language, str]:
        """The language a comment stands under, and its text."""
        written = [language for language in WRITTEN_IN if language in table]
        if len(written) != 1:
            self.wrong(f"write its text once, under its language: one of {', '.join(WRITTEN_IN)}")
            return Language.UND, ""
        return Language(written[0]), table[written[0]].strip()

    def labels(self, table: Mapping[str, Any]) -> frozenset[Label]:
        names = table.get("labels", [])
        for name in names:
            self.wrong(f"there is no label {name}; the labels are those of vocabulary.Label", when=name not in LABELS)
        return frozenset(Label(name) for name in names if name in LABELS)

    def area(self, table: Mapping[str, Any], account: CorporateAccount) -> str:
        area = str(table.get("area", account.area))
        known = {each.slug for each in self.council.areas}
        self.wrong(f"there is no service area {area}; the areas are in council.toml", when=area not in known)
        return area

    def fits(self, account: CorporateAccount, text: str) -> None:
        too_long = account.platform is Platform.X and len(text) > X_LIMIT
        self.wrong(f"X takes {X_LIMIT} characters and this has {len(text)}", when=too_long)


def _threads(page: _Page, tables: Sequence[Mapping[str, Any]]) -> list[Thread]:
    told = [_thread(page.at(f": thread {table.get('key', number)}"), table) for number, table in enumerate(tables, 1)]
    return [thread for thread in told if thread is not None]


def _thread(page: _Page, table: Mapping[str, Any]) -> Thread | None:
    before = len(page.problems)
    page.takes(table, THREAD_KEYS)
    page.wrong('it has no key; write one such as "bin-day"', when="key" not in table)
    page.wrong(f"day must be a number from 0 to {DAYS - 1}", when=table.get("day") not in range(DAYS))
    page.wrong("a post needs both cy and en; a run of mentions has neither", when=("cy" in table) != ("en" in table))
    account = {each.slug: each for each in page.council.accounts}.get(table.get("account", ""))
    page.wrong("its account is none of those in council.toml", when=account is None)
    clock = page.clock(table)[1]
    if account is None or len(page.problems) > before:
        return None
    text = f"{table['cy'].strip()}\n\n{table['en'].strip()}" if "cy" in table else ""
    page.fits(account, text)
    remarks: list[Remark] = []
    day, previous = table["day"], clock
    for number, said in enumerate(table.get("comment", []), 1):
        here = page.at(f", comment {number}")
        days, at = here.clock(said)
        here.wrong("it is earlier than the one above it; +1 is the next day", when=days == 0 and at < previous)
        day, previous = day + days, at
        here.wrong(f"it falls after day {DAYS - 1}, the last one told", when=day >= DAYS)
        remark = _remark(here, said, account, Remark(key=f"{table['key']}/{number}", day=day, clock=at), remarks)
        if remark is not None:
            remarks.append(remark)
    for remark in remarks:
        beyond_us = remark.hide and not text and not remark.to
        page.wrong(f"comment {remark.key.rpartition('/')[2]} is a mention, and X hides only replies", when=beyond_us)
    unheard = not text and account.platform is not Platform.X and any(not remark.to for remark in remarks)
    page.wrong("only X has mentions; give it a post, or an account on X", when=unheard)
    return Thread(table["key"], account.slug, text, table["day"], clock, tuple(remarks))


def _remark(
    page: _Page, said: Mapping[str, Any], account: CorporateAccount, blank: Remark, above: Sequence[Remark]
) -> Remark | None:
    """`blank`, which has its key and its time, filled in."""
    before = len(page.problems)
    page.takes(said, COMMENT_KEYS)
    if len(page.problems) > before:
        return None
    language, text = page.words(said)
    answered_to = _author(account.platform, said.get("to", ""))
    to = next((each.key for each in reversed(above) if answered_to and each.author == answered_to), "")
    staff = {"", *(person.username for person in page.council.staff)}
    outcomes = {"", *page.council.outcomes}
    page.fits(account, text)
    page.wrong(f"it replies to {said.get('to')}, who has said nothing above it", when="to" in said and not to)
    page.wrong(f"there is no {said.get('officer')} among the staff", when=said.get("officer", "") not in staff)
    page.wrong(f"{said.get('close')} is none of the outcomes", when=said.get("close", "") not in outcomes)
    page.wrong("edit and edit_after go together", when=("edit" in said) != ("edit_after" in said))
    _check_answer(page, said, language)
    lengths = page.lengths(said)
    return replace(
        blank,
        author=_author(account.platform, said.get("by", "")),
        text=text,
        language=language,
        area=page.area(said, account),
        to=to,
        needs_response=said.get("needs", False),
        labels=page.labels(said),
        edit=said.get("edit", "").strip(),
        edit_after=lengths.get("edit_after", timedelta(0)),
        delete_after=lengths.get("delete_after"),
        template=said.get("answer", ""),
        answer_cy=said.get("answer_cy", "").strip(),
        answer_en=said.get("answer_en", "").strip(),
        acknowledge_after=lengths.get("acknowledge_after"),
        answer_after=lengths.get("answer_after"),
        escalate=said.get("escalate", ""),
        escalate_after=lengths.get("escalate_after"),
        hide=said.get("hide", False),
        close=said.get("close", ""),
        officer=said.get("officer", ""),
        on_call=said.get("on_call", False),
    )


def _check_answer(page: _Page, said: Mapping[str, Any], language: Language) -> None:
    slug = said.get("answer", "")
    written = {each for each in ("cy", "en") if said.get(f"answer_{each}")}
    owed = {Language.CY: {"cy"}, Language.EN: {"en"}}.get(language, {"cy", "en"})
    template = page.templates.get(slug)
    gaps = set(PLACEHOLDER.findall(template.cy)) - FILLED if template else set()
    page.wrong("it has an answer and a template as well; keep one", when=bool(slug and written))
    page.wrong(f"there is no template {slug}; they are in templates.toml", when=bool(slug) and template is None)
    page.wrong(f"the template {slug} has gaps that only an officer can fill; write the answer out", when=bool(gaps))
    page.wrong(
        "its answer lacks a language that is owed: cy to Welsh, en to English, both to anything else",
        when=bool(written) and not owed <= written,
    )


def _trickle(page: _Page, tables: Sequence[Mapping[str, Any]], threads: Sequence[Thread]) -> list[Arrival]:
    posts = {thread.key: thread for thread in threads if thread.text}
    told = [_arrival(page.at(f": comment {number}"), said, number, posts) for number, said in enumerate(tables, 1)]
    return [arrival for arrival in told if arrival is not None]


def _arrival(page: _Page, said: Mapping[str, Any], number: int, posts: Mapping[str, Thread]) -> Arrival | None:
    before = len(page.problems)
    page.takes(said, TRICKLE_KEYS)
    if len(page.problems) > before:
        return None
    under = posts.get(said.get("under", ""))
    slug = under.account if under else said.get("account", "")
    account = {each.slug: each for each in page.council.accounts}.get(slug)
    page.wrong(f"no thread with a post is called {said.get('under')}", when="under" in said and under is None)
    page.wrong("name the thread it stands under, or the account it mentions", when=account is None)
    if account is None:
        return None
    page.wrong("only X has mentions", when=under is None and account.platform is not Platform.X)
    language, text = page.words(said)
    page.fits(account, text)
    page.wrong("it is answered in both languages or not at all", when=("answer_cy" in said) != ("answer_en" in said))
    return Arrival(
        key=f"trickle/{number}",
        account=slug,
        under=under.key if under else "",
        author=_author(account.platform, said.get("by", "")),
        text=text,
        language=language,
        area=page.area(said, account),
        needs_response=said.get("needs", False),
        labels=page.labels(said),
        answer_cy=said.get("answer_cy", ""),
        answer_en=said.get("answer_en", ""),
    )


def _templates(table: Mapping[str, Any], problems: list[str]) -> dict[str, Template]:
    templates: dict[str, Template] = {}
    for number, row in enumerate(table.get("template", []), 1):
        place = f"templates.toml: template {row.get('slug', number)}"
        if not {"slug", "kind", "cy", "en"} <= row.keys() or row["kind"] not in KINDS:
            problems.append(f"{place}: it needs slug, kind ({' or '.join(ReplyKind)}), cy and en")
        elif set(PLACEHOLDER.findall(row["cy"])) != set(PLACEHOLDER.findall(row["en"])):
            problems.append(f"{place}: its Welsh and its English have different placeholders")
        else:
            templates[row["slug"]] = Template(row["slug"], ReplyKind(row["kind"]), row["cy"], row["en"])
    if "holding" not in templates:
        problems.append("templates.toml: officers acknowledge with the template holding, and there is none")
    return templates


def _council(table: Mapping[str, Any]) -> Council:
    try:
        return Council(
            slug=table["council"]["slug"],
            name_cy=table["council"]["name"]["cy"],
            name_en=table["council"]["name"]["en"],
            outcomes=tuple(table["council"]["outcomes"]),
            areas=tuple(Area(row["slug"], row["name"]["cy"], row["name"]["en"]) for row in table["area"]),
            accounts=tuple(_account(row) for row in table["account"]),
            staff=tuple(
                Staff(row["username"], row["name"], tuple(Role(role) for role in row["roles"]), tuple(row["areas"]))
                for row in table["staff"]
            ),
            habits={name: _habit(table["habits"][name]) for name in HABITS},
        )
    except KeyError as error:
        raise StoryError([f"council.toml: {error.args[0]} is missing somewhere"]) from error
    except (TypeError, ValueError) as error:
        raise StoryError([f"council.toml: {error}"]) from error


def _account(row: Mapping[str, Any]) -> CorporateAccount:
    return CorporateAccount(
        slug=row["slug"],
        platform=Platform(row["platform"]),
        native_id=row["native_id"],
        name=row["name"],
        area=row["area"],
        languages=tuple(Language(language) for language in row["languages"]),
    )


def _contradictions(council: Council) -> list[str]:
    areas = {area.slug for area in council.areas}
    slugs = [each.slug for each in council.accounts] + [each.username for each in council.staff]
    named = [(account.slug, account.area) for account in council.accounts]
    named += [(person.username, area) for person in council.staff for area in person.areas]
    roles = (Role.OFFICER, Role.COMMUNICATIONS)
    return [
        *(f"council.toml: {who}: there is no service area {area}" for who, area in named if area not in areas),
        *(
            f"council.toml: nobody with the role {role} covers {area}"
            for role in roles
            for area in sorted(areas)
            if not council.on_duty(role, area)
        ),
        *(f"council.toml: {slug} is used twice" for slug in _doubled(slugs)),
    ]


def _habit(value: str | Sequence[str]) -> tuple[timedelta, timedelta]:
    """From one length, or from the shortest and the longest."""
    shortest, longest = (value, value) if isinstance(value, str) else value
    low, high = _length(shortest, WORKING_DAY), _length(longest, WORKING_DAY)
    if low is None or high is None or low > high:
        raise ValueError(f"the habit {value} is not two lengths of working time, the shorter first")
    return low, high


def _length(text: str, day: timedelta) -> timedelta | None:
    found = LENGTH.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    return day * int(found["d"] or 0) + timedelta(hours=int(found["h"] or 0), minutes=int(found["m"] or 0))


def _author(platform: Platform, by: str) -> Author | None:
    """Who writes under that name; `Name #2` is another person of the same name."""
    return Author(author_id(platform, by), by.partition(" #")[0]) if by else None


def _doubled(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _toml(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{file.name}: the file is missing from {file.parent.name}/")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file.name}: {error}")
    return {}
