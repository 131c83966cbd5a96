"""What stands in the way of a reply: the guard between an officer and the outbox.

Pure.  A comment in Welsh is not answered in English alone; an English text in the Welsh box is
found out.  An objection that an officer may override needs a reason, which is kept and counted; a
caution asks only that they have thought of it, and say so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from moderation.policy import Approval, MachineRule, PreElection
from moderation.word_rules import WordRules, Words
from toml_file import Bilingual
from vocabulary import GwylioError, Label, Language, Reason, ReplyLanguage


class Code(StrEnum):
    """Which rule objects; stored with the officer's reason when it is overridden."""

    EMPTY = "empty"
    WELSH_MISSING = "welsh_missing"
    ENGLISH_MISSING = "english_missing"
    NOT_WELSH = "not_welsh"
    NOT_ENGLISH = "not_english"
    PLACEHOLDER = "placeholder"
    PERSONAL_DATA = "personal_data"
    PROFANITY = "profanity"
    REFERENCE_MISSING = "reference_missing"
    DEPARTMENT_MISSING = "department_missing"
    POLITICAL = "political"
    MACHINE = "machine"
    MACHINE_UNEXPLAINED = "machine_unexplained"


# An empty reply or an unfilled placeholder is a slip, and a machine's words are the policy's affair; in the rest,
# an officer may know better.
OVERRIDABLE = frozenset(
    {
        Code.WELSH_MISSING,
        Code.ENGLISH_MISSING,
        Code.NOT_WELSH,
        Code.NOT_ENGLISH,
        Code.PERSONAL_DATA,
        Code.PROFANITY,
        Code.REFERENCE_MISSING,
        Code.DEPARTMENT_MISSING,
    }
)
CONFIRMABLE = frozenset({Code.POLITICAL})

WANTS_WELSH = frozenset({ReplyLanguage.CY, ReplyLanguage.BOTH})
WANTS_ENGLISH = frozenset({ReplyLanguage.EN, ReplyLanguage.BOTH})

PLACEHOLDER = re.compile(r"\{[^{}\n]*\}|\[\[[^\]\n]*\]\]")


class TooNarrow(GwylioError):
    """The platform's longest reply leaves no room for a part and its mark."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing in the way, as the officer reads it."""

    code: Code
    why: Reason

    @property
    def overridable(self) -> bool:
        """Whether an officer may send it all the same, with a reason that is kept."""
        return self.code in OVERRIDABLE

    @property
    def confirmable(self) -> bool:
        """Whether it is a caution: an officer sends it all the same by saying that they have thought of it."""
        return self.code in CONFIRMABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What of a case a reply to it must be true to.

    `reference` and `department` must stand in it, where the policy says so; `political` is why to take care.
    """

    reference: str = ""
    department: Bilingual | None = None
    political: tuple[Reason, ...] = ()


def check(
    text_cy: str,
    text_en: str,
    reply_in: ReplyLanguage,
    *,
    language_of: Callable[[str], Language],
    personal_data: Callable[[str], Sequence[Reason]],
    profanity: Callable[[str], Sequence[Reason]] = lambda text: (),
) -> tuple[Objection, ...]:
    """Everything in the texts that stands in the way; empty means that they may go.

    `language_of` decides the language of one text, `personal_data` says what in it should not be public,
    `profanity` which of its words are not ours to use.
    """
    cy, en = text_cy.strip(), text_en.strip()
    if not cy and not en:
        return (Objection(Code.EMPTY, Reason("the reply is empty")),)
    return (
        *_languages(cy, en, reply_in),
        *_true_to_their_box(cy, en, language_of),
        *_slips(cy, en),
        *_seen_in(cy, en, Code.PERSONAL_DATA, personal_data),
        *_seen_in(cy, en, Code.PROFANITY, profanity),
    )


def check_fit(text_cy: str, text_en: str, around: Circumstances) -> tuple[Objection, ...]:
    """What stands in the way of these texts on this case: something missing from one of them, or a caution.

    The Welsh name of a department counts in any form that grammar gives it.
    """
    texts = {language: text.strip() for language, text in (("cy", text_cy), ("en", text_en)) if text.strip()}
    return (
        *(_without(texts.values(), around.reference) if around.reference else ()),
        *(_unnamed(texts, around.department) if around.department else ()),
        *(Objection(Code.POLITICAL, why) for why in around.political),
    )


def check_machine(by_machine: Collection[str], danger: str, rule: MachineRule) -> tuple[Objection, ...]:
    """What stands in the way of texts that a machine translated (`cy`, `en`): the policy, or a danger not named."""
    if not by_machine:
        return ()
    if rule.value == "never":
        return (Objection(Code.MACHINE, Reason("the policy lets no text leave that a machine translated")),)
    if not danger.strip():
        why = Reason("a text that a machine translated leaves only in immediate danger: say which danger it is")
        return (Objection(Code.MACHINE_UNEXPLAINED, why),)
    return ()


def standing(objections: Iterable[Objection], *, reason: str, confirmed: bool) -> list[Objection]:
    """The objections that neither the officer's reason nor their confirmation answers."""
    return [
        each
        for each in objections
        if not (each.overridable and reason.strip()) and not (each.confirmable and confirmed)
    ]


def approval_because(
    approval: Approval, flagged: Collection[Label], pre_election: PreElection | None
) -> tuple[Reason, ...]:
    """Why a colleague must approve a reply before it leaves; empty where nobody need."""
    return tuple(_approval(approval, flagged, pre_election))


def looks_political(flagged: Collection[Label], author: str, names: WordRules[bool]) -> tuple[Reason, ...]:
    """Why an officer should take care whom they answer: what was said, or by whom."""
    found = names.found(author).get(True, ())
    words = {"words": ", ".join(found)}
    return (
        *(
            (Reason("the comment reads as political: give facts, and take no side"),)
            if Label.POLITICAL in flagged
            else ()
        ),
        *((Reason("the author's name is like that of a politician or a party: {words}", words),) if found else ()),
    )


def split(text: str, longest: int, length_of: Callable[[str], int] = len) -> tuple[str, ...]:
    """A text as parts, in order, that a platform takes: `… (1/3)`.  One that fits is left alone.

    Cut between words; within one only where a single word is longer than a part.  `length_of` is the
    platform's own count.

    Raises:
        TooNarrow: there is no room for text beside the mark.
    """
    text = text.strip()
    if length_of(text) <= longest:
        return (text,) if text else ()
    for digits in count(1):
        widest = f" ({'9' * digits}/{'9' * digits})"
        parts = tuple(_parts(text, lambda part, mark=widest: length_of(part + mark) <= longest))  # type: ignore[misc]
        if len(str(len(parts))) <= digits:
            return tuple(f"{part} ({n}/{len(parts)})" for n, part in enumerate(parts, start=1))
    raise AssertionError


def _languages(cy: str, en: str, reply_in: ReplyLanguage) -> Iterator[Objection]:
    if reply_in in WANTS_WELSH and not cy:
        yield Objection(Code.WELSH_MISSING, Reason("a reply in Welsh is owed, and there is none"))
    if reply_in in WANTS_ENGLISH and not en:
        yield Objection(Code.ENGLISH_MISSING, Reason("a reply in English is owed, and there is none"))


def _true_to_their_box(cy: str, en: str, language_of: Callable[[str], Language]) -> Iterator[Objection]:
    """Only a certain contradiction counts: a short *Diolch!* or a text full of names is let through."""
    if cy and language_of(cy) in {Language.EN, Language.OTHER}:
        yield Objection(Code.NOT_WELSH, Reason("the text in the Welsh box does not read as Welsh"))
    if en and language_of(en) in {Language.CY, Language.OTHER}:
        yield Objection(Code.NOT_ENGLISH, Reason("the text in the English box does not read as English"))


def _approval(approval: Approval, flagged: Collection[Label], pre_election: PreElection | None) -> Iterator[Reason]:
    if approval.always:
        yield Reason("every reply is approved before it leaves")
    for label in approval.labels:
        if label in flagged:
            yield Reason("this is flagged on the case: {label}", {"label": label})
    if approval.pre_election and pre_election is not None:
        yield Reason("it is a pre-election period: {election}", pre_election.title.values("election"))


def _without(texts: Iterable[str], reference: str) -> Iterator[Objection]:
    if any(reference.casefold() not in text.casefold() for text in texts):
        why = Reason("the reference {reference} must stand in the reply, in each language", {"reference": reference})
        yield Objection(Code.REFERENCE_MISSING, why)


def _unnamed(texts: Mapping[str, str], department: Bilingual) -> Iterator[Objection]:
    sought: WordRules[str] = WordRules({"cy": Words(cy=(department.cy,)), "en": Words(en=(department.en,))})
    if any(language not in sought.found(text, Language(language)) for language, text in texts.items()):
        why = Reason(
            "the reply must name the department that has the comment now: {department}",
            department.values("department"),
        )
        yield Objection(Code.DEPARTMENT_MISSING, why)


def _slips(cy: str, en: str) -> Iterator[Objection]:
    unfilled = dict.fromkeys(PLACEHOLDER.findall(f"{cy}\n{en}"))
    for placeholder in unfilled:
        yield Objection(Code.PLACEHOLDER, Reason("{placeholder} has not been filled in", {"placeholder": placeholder}))


def _seen_in(cy: str, en: str, code: Code, see: Callable[[str], Sequence[Reason]]) -> Iterator[Objection]:
    seen: dict[str, Reason] = {}
    for text in filter(None, (cy, en)):
        for why in see(text):
            seen.setdefault(str(why), why)
    for why in seen.values():
        yield Objection(code, why)


def _parts(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    while text:
        if fits(text):
            yield text
            return
        borders = [found.start() for found in re.finditer(r"\s+", text)]
        end = _last(borders, text, fits) or _last(_places(text), text, fits)
        if not end:
            raise TooNarrow("no part of this reply fits the platform's longest reply with its mark")
        yield text[:end].rstrip()
        text = text[end:].lstrip()


def _last(ends: Sequence[int], text: str, fits: Callable[[str], bool]) -> int:
    """The last of the ascending `ends` up to which the text fits; 0 for none."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if fits(text[: ends[middle]].rstrip()):
            low = middle + 1
        else:
            high = middle
    return ends[low - 1] if low else 0


def _places(text: str) -> list[int]:
    """Where a word may be cut: never before a combining mark, a variation selector, a joiner, nor after a joiner."""
    joiner = "\u200d"
    return [
        n
        for n in range(1, len(text))
        if not unicodedata.combining(text[n])
        and text[n] != joiner
        and text[n - 1] != joiner
        and not "\ufe00" <= text[n] <= "\ufe0f"
        and not "\U0001f3fb" <= text[n] <= "\U0001f3ff"
    ]
