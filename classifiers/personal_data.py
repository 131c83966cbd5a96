"""Personal data that somebody has published about themselves or a neighbour, named by kind only.

The reasons never repeat the value: a finding is read by more people than the comment.  The
council's own contacts are known and are not findings; nor are planning references, sums, dates
and bus numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from classifiers.text import EMAIL
from vocabulary import Finding, Label, Reading, Reason

_LONGEST = 20_000
MASK = "▮▮▮"
_FEWEST_DIGITS = 9
_SHAPED_LIKE_ONE = re.compile(
    r"(?<![\d/\-])(?:(?:\+44[ \-]?(?:\(0\))?|0)7(?:[ \-]?\d){9}"
    r"|01632[ \-]?960[ \-]?\d{3}|029[ \-]?2018[ \-]?0\d{3}|020[ \-]?7946[ \-]?0\d{3})(?![\d/\-])"
)
_PERSONAL_LINES = frozenset({0, 1, 2, 6, 7})  # fixed line, mobile, either, VoIP, personal number
# Letters that HMRC never allots (NIM39110): D F I Q U V in either place, O in the second, and the pairs below.
_NINO = re.compile(
    r"(?<![A-Z0-9])([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])[ \-]?\d\d[ \-]?\d\d[ \-]?\d\d[ \-]?[A-D](?![A-Z0-9])"
)
_NEVER_ALLOTTED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_SAID_TO_BE_ONE = re.compile(
    r"\b(?:N\.?I\.?|NINO|NATIONAL INSURANCE|YSWIRIANT (?:GWLADOL|CENEDLAETHOL))\b"
    r".{0,25}?\b[A-Z]{2}[ \-]?(?:\d\d[ \-]?){3}[A-D]\b"
)
# The areas of Royal Mail postcodes; C I K M O V never stand in the inward half.
_AREAS = frozenset(
    """
    AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL
    GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL
    OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF
    WN WR WS WV YO ZE
    """.split()
)
_POSTCODE = re.compile(r"(?<![A-Z0-9])([A-Z]{1,2})\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?![A-Z0-9])")
_CARD = re.compile(r"(?<![\d\-])\d(?:[ \-]?\d){12,18}(?![\d\-])")
_SORT_CODE = re.compile(r"(?<!\d)\d\d-\d\d-\d\d(?!\d)")
_EIGHT_DIGITS = re.compile(r"(?<!\d)\d{8}(?!\d)")
_ACCOUNT = re.compile(
    r"(?<!\w)(?:sort ?code|account (?:no|number|num)|a/c|cod didoli|rhif (?:y )?(?:cyfrif|gyfrif)|iban)(?!\w)"
)
_BORN = re.compile(
    r"(?<!\w)(?:dob|d\.o\.b|date of birth|born(?: on)?|dyddiad geni|ganwyd|ganed|geni)(?!\w)\W{0,5}"
    r"(?:(?:is|yw|ydi|ydy|on|ar)\W{1,3})?"
    r"(?:\d{1,2}[ ./\-]\d{1,2}[ ./\-]\d{2,4}|\d{1,2}(?:st|nd|rd|th|af|il|ydd|ed|fed|eg)? \w{3,9},? \d{4})"
)
# Current (AB12 CDE) and prefix (A123 BCD) plates; A470 and S4C are neither.
_PLATE = re.compile(
    r"(?<![A-Z0-9])"
    r"(?:[A-HJ-PR-Y]{2}\d\d ?[A-HJ-PR-Z]{3}|[A-HJ-NPR-TV-Y]\d{1,3} ?[A-HJ-PR-TV-Y]{3})"
    r"(?![A-Z0-9])"
)
_STREET = (
    "street|st|road|rd|avenue|ave|close|drive|lane|terrace|crescent|gardens|court|place|row|grove|square|view|hill"
)
_HOUSE = r"(?<![\w£.])(?:(?:flat|fflat|apartment|no\.?|number|rhif) ?)?\d{1,3}[a-d]?,? "
_ADDRESS = re.compile(
    rf"{_HOUSE}(?:(?:[^\W\d_][\w'\-]{{1,20}} ){{1,3}}(?:{_STREET})(?!\w)"
    r"|(?:heol|stryd|ffordd|lon|maes|bryn|clos|rhodfa|cae|llys|gerddi|rhes|tai|teras) (?:yr? )?[^\W\d_][\w'\-]{1,20})"
)
_THEIRS = re.compile(
    r"(?<!\w)(?:i live|we live|lives|living|(?:dw i|dwi|yn|'n) byw|byw yn|my address|home address|cyfeiriad|house at)"
    r"(?!\w)"
)
_ILL = (
    r"(?:cancer|dementia|alzheimer'?s|autis\w+|adhd|epilep\w+|diabet\w+|asthma|copd|bipolar|schizophreni\w+|depress\w+"
    r"|anxiety|antidepressants|ms|multiple sclerosis|parkinson'?s|hiv|stroke|ptsd|heart (?:attack|failure|condition)"
    r"|miscarriage|awtis\w+|canser|ganser|iselder|gorbryder|gwrthiselyddion|stroc|parlys|clefyd \w+)"
)
_WHOSE = (
    r"(?:i've|i have|i'm|im|i am|my \w+|our \w+|his|her|he|she|with my|gen i|gyda fi|efo fi|dw i'n|dwi'n|fy \w+|fi'n"
    r"|mae [a-z]+ [a-z]+)"
)
_CONDITION = re.compile(rf"(?<!\w){_WHOSE}(?:,? [\w']{{1,15}},?){{0,5}} {_ILL}(?!\w)")


_NUMBER_AS_PRINTED = re.compile(r"\+?\d[\d ()]{8,16}\d")


@dataclass(frozen=True, slots=True)
class Ours:
    """The council's own contacts: e-mail domains and telephone numbers that anybody may repeat.

    `domains` match themselves and what stands under them; `telephones` are compared digit by digit.
    """

    domains: frozenset[str] = frozenset({"gov.uk", "gov.wales", "llyw.cymru", "police.uk", "nhs.uk", "nhs.wales"})
    telephones: frozenset[str] = frozenset()

    def owns(self, address: str) -> bool:
        host = address.rpartition("@")[2].lower().rstrip(".")
        return any(host == domain or host.endswith("." + domain) for domain in self.domains)

    def answers(self, telephone: str) -> bool:
        digits = re.sub(r"\D", "", telephone)[-10:]
        return any(re.sub(r"\D", "", ours)[-10:] == digits for ours in self.telephones)


def ours_in(texts: Iterable[str]) -> Ours:
    """The contacts that a body publishes in these texts, beside the public bodies that everybody knows."""
    written = "\n".join(texts)
    domains = {address.rpartition("@")[2].lower() for address in EMAIL.findall(written)}
    return Ours(Ours().domains | domains, frozenset(_NUMBER_AS_PRINTED.findall(written)))


class Seen(NamedTuple):
    """How sure we are, and where it stands: the characters from `begin` until `end`."""

    score: float
    begin: int
    end: int


def _at(score: float, found: re.Match[str]) -> Seen:
    return Seen(score, *found.span())


def level(text: str) -> str:
    """`text` in lower case without accents, letter for letter: what is found in it stands there in `text` too."""
    return "".join(map(_plain_letter, text))


@lru_cache(maxsize=4_096)
def _plain_letter(letter: str) -> str:
    if letter in "\u2019\u2018\u02bc":
        return "'"
    plain = unicodedata.normalize("NFKD", letter)[:1].lower()
    return plain if len(plain) == 1 else letter


def emails(text: str, ours: Ours) -> Iterator[Seen]:
    yield from (_at(0.97, found) for found in EMAIL.finditer(text) if not ours.owns(found.group()))


def telephones(text: str, ours: Ours) -> Iterator[Seen]:
    """Numbers that could ring, and the ranges Ofcom keeps for fiction.  Service numbers are nobody's own."""
    import phonenumbers

    near = text[:_LONGEST]
    if sum(map(str.isdigit, near)) < _FEWEST_DIGITS:
        return
    yield from (_at(0.95, found) for found in _SHAPED_LIKE_ONE.finditer(near) if not ours.answers(found.group()))
    for found in phonenumbers.PhoneNumberMatcher(near, "GB", leniency=phonenumbers.Leniency.VALID):
        kind = phonenumbers.number_type(found.number)
        spelt = found.raw_string.lstrip("(")
        if kind in _PERSONAL_LINES and spelt[:1] in "0+" and not ours.answers(str(found.number.national_number)):
            yield Seen(0.95, found.start, found.end)


def insurance_numbers(text: str, ours: Ours) -> Iterator[Seen]:
    """Numbers that could have been allotted, and those that somebody calls one."""
    capitals = level(text).upper()
    yield from (_at(0.97, found) for found in _NINO.finditer(capitals) if found.group(1) not in _NEVER_ALLOTTED)
    yield from (_at(0.9, found) for found in _SAID_TO_BE_ONE.finditer(capitals))


def postcodes(text: str, ours: Ours) -> Iterator[Seen]:
    yield from (_at(0.8, found) for found in _POSTCODE.finditer(level(text).upper()) if found.group(1) in _AREAS)


def bank_details(text: str, ours: Ours) -> Iterator[Seen]:
    for found in _CARD.finditer(text):
        if _luhn(re.sub(r"\D", "", found.group())):
            yield _at(0.95, found)
    if _ACCOUNT.search(level(text)):
        yield from (_at(0.95, found) for numbers in (_SORT_CODE, _EIGHT_DIGITS) for found in numbers.finditer(text))


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return len(set(digits)) > 1 and sum(part - 9 * (part > 9) for part in doubled) % 10 == 0


def births(text: str, ours: Ours) -> Iterator[Seen]:
    yield from (_at(0.9, found) for found in _BORN.finditer(level(text)))


def plates(text: str, ours: Ours) -> Iterator[Seen]:
    yield from (_at(0.85, found) for found in _PLATE.finditer(text))


def addresses(text: str, ours: Ours) -> Iterator[Seen]:
    """A house number and a street; surer when somebody is said to live there."""
    plain = level(text)
    score = 0.85 if _THEIRS.search(plain) else 0.6
    yield from (_at(score, found) for found in _ADDRESS.finditer(plain))


def health(text: str, ours: Ours) -> Iterator[Seen]:
    """A named condition beside a named person or the writer."""
    yield from (_at(0.7, found) for found in _CONDITION.finditer(level(text)))


Look = Callable[[str, Ours], Iterator[Seen]]

KINDS: tuple[tuple[Reason, Look], ...] = (
    (Reason("an e-mail address"), emails),
    (Reason("a telephone number"), telephones),
    (Reason("a National Insurance number"), insurance_numbers),
    (Reason("a postcode"), postcodes),
    (Reason("bank or card details"), bank_details),
    (Reason("a date of birth"), births),
    (Reason("a vehicle registration"), plates),
    (Reason("a home address"), addresses),
    (Reason("a health condition"), health),
)


@dataclass(frozen=True, slots=True)
class PersonalData:
    """The personal-data classifier; one finding a comment, its reasons the kinds that were seen."""

    ours: Ours = Ours()
    name: str = "personal-data/2"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [(self.finding(reading.comment.text),) for reading in readings]

    def finding(self, text: str) -> Finding:
        seen = [(kind, max((each.score for each in look(text, self.ours)), default=0.0)) for kind, look in KINDS]
        return Finding(
            about=Label.PERSONAL_DATA,
            score=max(score for _, score in seen),
            why=tuple(kind for kind, score in seen if score > 0),
            classifier=self.name,
        )


def masked(text: str, ours: Ours, mask: str = MASK) -> str:
    """`text` with `mask` in place of every value that `KINDS` would name, for whoever need not see it."""
    spans = sorted((each.begin, each.end) for _, look in KINDS for each in look(text, ours))
    shown, at = [], 0
    for begin, end in spans:
        if begin >= at:
            shown += [text[at:begin], mask]
        at = max(at, end)
    return "".join([*shown, text[at:]])


def open_personal_data(ours: Ours | None = None) -> PersonalData:
    """`ours` are the council's own contacts; without them only public bodies' domains are known."""
    return PersonalData(ours or Ours())
