"""Every word that a person reads, in Welsh and in English.

English is the key of a message and Welsh its translation in `cy.po`, which is read and compiled
in memory, once; no compiled catalogue is kept.  Welsh has six plural forms here; Babel's own
rule for Welsh has five, so the header of `cy.po` sets the rule by hand.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, Literal, TypeGuard
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from vocabulary import Reason
from words.names import NAMES

CATALOGUE: Final = Path(__file__).parent / "cy.po"
LONDON: Final = ZoneInfo("Europe/London")
LANGUAGES: Final = ("cy", "en")

Screen = Literal["cy", "en"]

KINDS_OF_NUMBER: Final = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 6, "other": 4}
"""A number of each kind that Unicode tells apart in Welsh, as `Intl.PluralRules` does in a browser."""


def is_screen(language: str) -> TypeGuard[Screen]:
    """Whether this is a language in which we have pages."""
    return language in LANGUAGES


class Words:
    """One language of the screen.  Values fill the `{names}` of a message as plain text, not as HTML."""

    def __init__(self, language: Screen) -> None:
        self.language: Final[Screen] = language

    @property
    def other(self) -> Screen:
        """The language a reader can change to."""
        return "en" if self.language == "cy" else "cy"

    def gettext(self, message: str, /, **values: object) -> str:
        found = _catalogue(self.language).gettext(message)
        return found.format(**self._said(values)) if values else found

    def ngettext(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The form for `n` things, which fills `{n}` itself."""
        return _catalogue(self.language).ngettext(one, many, n).format(n=n, **self._said(values))

    def forms_of(self, one: str, many: str) -> dict[str, str]:
        """Every form, `{n}` left in it, by Unicode's name for the kind of number: for a browser that counts."""
        return {kind: _catalogue(self.language).ngettext(one, many, n) for kind, n in KINDS_OF_NUMBER.items()}

    def say(self, reason: Reason) -> str:
        return _catalogue(self.language).gettext(reason.text).format(**self._said(reason.values))

    def name(self, noun: StrEnum) -> str:
        """What people call one of the values in vocabulary.py, such as a state or a label."""
        return self.gettext(NAMES[type(noun)][noun])

    def day(self, day: date) -> str:
        """`20 November 2026`, `20 Tachwedd 2026`."""
        return format_date(_in_london(day), "d MMMM y", locale=self.language)

    def short_day(self, day: date) -> str:
        """`Fri 20 Nov`, `Gwe 20 Tach`: for narrow columns; the year is near by."""
        return format_date(_in_london(day), "EEE d MMM", locale=self.language)

    def weekday(self, day: date) -> str:
        """`Friday`, `Dydd Gwener`."""
        return format_date(_in_london(day), "EEEE", locale=self.language)

    def long_day(self, day: date) -> str:
        """`Friday 20 November 2026`, `Dydd Gwener 20 Tachwedd 2026`."""
        return format_date(_in_london(day), "EEEE d MMMM y", locale=self.language)

    def clock(self, moment: datetime) -> str:
        """`14:05`, in Europe/London."""
        return moment.astimezone(LONDON).strftime("%H:%M")

    def moment(self, moment: datetime) -> str:
        """`20 November 2026, 14:05`, in Europe/London."""
        return f"{self.day(moment)}, {self.clock(moment)}"

    def _said(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values by which `{names}` are filled.  A council's own words come in pairs, `rule` and `rule_cy`."""
        own = {key: values.get(f"{key}_{self.language}", value) for key, value in values.items()}
        return {
            key: self.name(value) if isinstance(value, StrEnum) and type(value) in NAMES else value
            for key, value in own.items()
        }


def say(reason: Reason, language: Screen) -> str:
    """A reason as an officer reads it; values that are nouns of vocabulary.py are named in that language."""
    return Words(language).say(reason)


@cache
def _catalogue(language: Screen) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="cy")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _in_london(day: date) -> date:
    return day.astimezone(LONDON).date() if isinstance(day, datetime) else day
