"""Whom to point a person to who wrote of what is not ours to answer: a service area of ours, or another body.

The words of a comment and what was seen in it suggest; they decide nothing, and nothing leaves without an officer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from moderation.policy import Policy, Signpost
from moderation.service_areas import Areas
from toml_file import Bilingual
from vocabulary import Label, Language, Reason

OUTCOME = "signposted"
"""The outcome that a case is offered to be closed with once its author was pointed elsewhere, where the pack has it."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A signpost, and what in the comments suggests it: nothing for one that only a person thinks of."""

    slug: str
    signpost: Signpost
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SuggestedArea:
    """A service area that the words of the comments point to, beside the one that has the case."""

    slug: str
    because: Reason


def suggested(said: Sequence[tuple[str, Language]], flagged: Collection[Label], policy: Policy) -> list[Suggested]:
    """Every signpost of the pack, those first that the comments or what is flagged in them suggest."""
    found: dict[str, dict[str, None]] = {}
    for text, language in said:
        for slug, words in policy.signpost_words.found(text, language).items():
            found.setdefault(slug, {}).update(dict.fromkeys(words))
    every = [
        Suggested(slug, signpost, tuple(_because(signpost, found.get(slug, ()), flagged)))
        for slug, signpost in policy.offered_signposts.items()
    ]
    return sorted(every, key=lambda each: not each.because)


def suggested_area(said: Sequence[tuple[str, Language]], now_with: str, areas: Areas) -> SuggestedArea | None:
    """The service area that the newest words point to, where it is another than the one that has the case."""
    for text, language in reversed(said):
        pointed = areas.pointed_to(text, language)
        if pointed is not None:
            slug, words = pointed
            return None if slug == now_with else SuggestedArea(slug, _mentions(words))
    return None


def to_area(policy: Policy, areas: Areas, area: str, reference: str) -> Bilingual:
    """What is written to somebody whose case goes to another service area."""
    there = areas[area]
    return _filled(policy.signposting.handed_over, {"area": there.name, "contact": there.contact}, reference)


def to_body(policy: Policy, signpost: Signpost, reference: str) -> Bilingual:
    """What is written to somebody whom another body can help."""
    return _filled(policy.signposting.elsewhere, {"body": signpost, "contact": signpost.contact}, reference)


def still_points(signpost: Signpost, text_cy: str, text_en: str) -> bool:
    """Whether a reply that began as a signpost still says where to turn, after an officer has worked on it."""
    written = f"{text_cy}\n{text_en}".casefold()
    told = (signpost.cy, signpost.en, signpost.contact.cy, signpost.contact.en)
    return any(words.casefold() in written for words in told)


def _because(signpost: Signpost, words: Collection[str], flagged: Collection[Label]) -> Iterator[Reason]:
    for label in signpost.labels:
        if label in flagged:
            yield Reason("this is flagged on the case: {label}", {"label": label})
    if words:
        yield _mentions(words)


def _mentions(words: Collection[str]) -> Reason:
    return Reason("mentions {words}", {"words": ", ".join(words)})


def _filled(pair: Bilingual, known: dict[str, Bilingual], reference: str) -> Bilingual:
    texts = {}
    for language in ("cy", "en"):
        text = pair.say(language).replace("{reference}", reference)
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", value.say(language))
        texts[language] = text
    return Bilingual(**texts)
