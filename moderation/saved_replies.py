"""Saved replies: pairs in Welsh and English that an officer starts from, in config/templates.toml and beside it.

What is known of the case is filled in when one is inserted; any other placeholder is left for the officer,
and the guard lets no reply leave while one stands.  A placeholder that nobody knows is a slip of the pen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from moderation.reply_rules import PLACEHOLDER
from toml_file import Bilingual, FileError, Problem, Record, TomlFile, did_you_mean, problems_of, read
from vocabulary import Language, Reason, ReplyKind

FILE = "templates.toml"
FILLED = ("reference", "area", "due", "signpost")
"""Filled in when a saved reply is inserted: the case's reference, its service area, its day, how to reach the area."""
BY_OFFICERS = ("name",)
"""Left for the officer in every installation; a file may name others."""


class SavedRepliesError(FileError):
    """The file of saved replies says something we cannot honour."""


class SavedReply(Bilingual):
    """One pair.  Both languages use the same placeholders, so that neither reader is told less."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    """Its name in the address of a form."""
    kind: ReplyKind
    """What kind of reply it makes."""
    title: Bilingual
    """What officers choose it by."""

    def filled(self, language: str, known: Mapping[str, str]) -> str:
        """The text in one language, with what is known of the case, by the names of the placeholders."""
        text = self.say(language)
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", value)
        return text


class SavedReplies(Record):
    """All of them, in the order of the file, and the placeholders that officers fill besides `{name}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    placeholders: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")], ...] = ()
    replies: tuple[SavedReply, ...] = Field(default=(), alias="template")

    @property
    def known(self) -> tuple[str, ...]:
        """Every placeholder that may stand in a saved reply, as it is written there."""
        return tuple(f"{{{name}}}" for name in (*FILLED, *BY_OFFICERS, *self.placeholders))

    def get(self, slug: str) -> SavedReply | None:
        """The one with this slug."""
        return next((each for each in self.replies if each.slug == slug), None)


def load(path: Path) -> SavedReplies:
    """The saved replies of a file; none where there is no such file, for a body need not have any.

    Raises:
        SavedRepliesError: every problem at once, with its line.
    """
    if not path.exists():
        return SavedReplies()
    try:
        file = read(path)
    except FileError as error:
        raise SavedRepliesError(error.problems) from None
    try:
        saved = SavedReplies.model_validate(file.values)
    except ValidationError as error:
        raise SavedRepliesError(problems_of(error, [file], SavedReplies)) from None
    if wrong := [*_unlike(saved, file), *_unknown(saved, file), *_twice(saved, file)]:
        raise SavedRepliesError(wrong)
    return saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A saved reply as somebody typed it into a form: anything may be missing."""

    kind: ReplyKind
    title_cy: str
    title_en: str
    text_cy: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """One thing to mend in a pair: the field it stands in, and why."""

    field: str
    why: Reason


def unfit(pair: Pair, *, known: Collection[str], language_of: Callable[[str], Language]) -> tuple[Unfit, ...]:
    """Everything for which a pair cannot be kept; empty where it can."""
    return tuple(_unfit(pair, known, language_of))


def slug_of(title: str, taken: Collection[str]) -> str:
    """A slug for a new saved reply from its English title, that no other has."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
    base = plain if plain[:1].isalpha() else f"reply-{plain}".rstrip("-")
    numbered = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in numbered if slug not in taken)


def _unfit(pair: Pair, known: Collection[str], language_of: Callable[[str], Language]) -> Iterator[Unfit]:
    for field, why in _MISSING.items():
        if not getattr(pair, field).strip():
            yield Unfit(field, why)
    cy, en = (PLACEHOLDER.findall(text) for text in (pair.text_cy, pair.text_en))
    for field, found in (("text_cy", cy), ("text_en", en)):
        for placeholder in dict.fromkeys(each for each in found if each not in known):
            why = Reason("{placeholder} is no placeholder that we know", {"placeholder": placeholder})
            yield Unfit(field, why)
    if pair.text_cy.strip() and pair.text_en.strip() and set(cy) != set(en):
        only = ", ".join(sorted(set(cy) ^ set(en)))
        yield Unfit("text_cy", Reason("the two languages use other placeholders: {only}", {"only": only}))
    wrong = {"text_cy": {Language.EN, Language.OTHER}, "text_en": {Language.CY, Language.OTHER}}
    reasons = {
        "text_cy": Reason("the text in the Welsh box does not read as Welsh"),
        "text_en": Reason("the text in the English box does not read as English"),
    }
    for field, languages in wrong.items():
        text = getattr(pair, field).strip()
        if text and language_of(PLACEHOLDER.sub("", text)) in languages:
            yield Unfit(field, reasons[field])


_MISSING: Mapping[str, Reason] = {
    "title_cy": Reason("the title in Welsh is missing"),
    "title_en": Reason("the title in English is missing"),
    "text_cy": Reason("the reply in Welsh is missing"),
    "text_en": Reason("the reply in English is missing"),
}


def _unlike(saved: SavedReplies, file: TomlFile) -> Iterator[Problem]:
    for place, each in enumerate(saved.replies):
        cy, en = (set(PLACEHOLDER.findall(text)) for text in (each.cy, each.en))
        if cy != en:
            only = ", ".join(sorted(cy ^ en))
            yield file.problem(("template", place, "cy"), f"cy and en use other placeholders: {only}")


def _unknown(saved: SavedReplies, file: TomlFile) -> Iterator[Problem]:
    for place, each in enumerate(saved.replies):
        for language, text in (("cy", each.cy), ("en", each.en)):
            for placeholder in dict.fromkeys(PLACEHOLDER.findall(text)):
                if placeholder not in saved.known:
                    hint = did_you_mean(placeholder, saved.known)
                    why = f"{placeholder} is no placeholder that we know{hint}; name it in placeholders if it is meant"
                    yield file.problem(("template", place, language), why)


def _twice(saved: SavedReplies, file: TomlFile) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for place, each in enumerate(saved.replies):
        seen[each.slug] += 1
        if seen[each.slug] == 2:
            yield file.problem(("template", place, "slug"), f"{each.slug} is the slug of another saved reply")
