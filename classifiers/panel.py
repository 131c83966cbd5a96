"""The panel: every classifier reads the batch once, and one that fails does not silence the rest.

A classifier that raises on a batch is asked again comment by comment, so that one poisoned
comment silences only itself; what stayed silent is on the record of that comment.  Nothing
heavy is loaded before `open_panel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from classifiers.base import Classifier
from classifiers.personal_data import Ours
from vocabulary import Finding, Label, Language, Question, Reading

log = structlog.get_logger("gwylio.classifiers")

OFFENDING = (Label.ABUSE, Label.HATE, Label.THREAT)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the panel saw in one comment; `silent` names the classifiers that could not read it."""

    findings: tuple[Finding, ...]
    silent: tuple[str, ...] = ()

    def about(self, what: Label | Question) -> Finding | None:
        """The finding with the highest score about `what`, if anybody looked: of several classifiers the surest."""
        return max((each for each in self.findings if each.about is what), key=lambda each: each.score, default=None)

    def score(self, what: Label | Question) -> float:
        """0 where nobody saw it, and also where nobody could look: then `silent` says so."""
        found = self.about(what)
        return found.score if found else 0.0

    @property
    def language(self) -> Language:
        """UND when the language classifier was silent."""
        found = self.about(Question.LANGUAGE)
        return Language(found.says) if found else Language.UND

    @property
    def unsure_of_language(self) -> bool:
        found = self.about(Question.LANGUAGE)
        return found.unsure if found else True

    @property
    def offensive(self) -> float:
        """The probability of abuse, hate or threat; profanity alone does not raise it."""
        return max(map(self.score, OFFENDING))

    @property
    def needs_response(self) -> float:
        return self.score(Question.NEEDS_RESPONSE)


class Misread(Exception):
    """A classifier answered another number of comments than it was asked."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Classifiers asked together; the order of the findings is theirs."""

    classifiers: Sequence[Classifier]

    def read(self, readings: Sequence[Reading]) -> Sequence[Opinion]:
        """One opinion a reading, in the same order.  Never raises for a classifier's fault."""
        if not readings:
            return []
        answers = [_asked(classifier, readings) for classifier in self.classifiers]
        names = [classifier.name for classifier in self.classifiers]
        return [
            Opinion(
                findings=tuple(finding for findings in row if findings is not None for finding in findings),
                silent=tuple(name for name, findings in zip(names, row, strict=True) if findings is None),
            )
            for row in zip(*answers, strict=True)
        ] or [Opinion(()) for _ in readings]


def _asked(classifier: Classifier, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...] | None]:
    """The classifier's answers, with None for each comment it could not read."""
    try:
        return _counted(classifier, readings)
    except Exception as error:  # noqa: BLE001 - whatever a classifier raises, the others are heard
        if len(readings) == 1:
            _note(classifier, readings[0], error)
            return [None]
    answers: list[tuple[Finding, ...] | None] = []
    for reading in readings:
        try:
            answers.extend(_counted(classifier, [reading]))
        except Exception as error:  # noqa: BLE001 - as above, for one comment
            _note(classifier, reading, error)
            answers.append(None)
    return answers


def _counted(classifier: Classifier, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
    answers = classifier.read(readings)
    if len(answers) != len(readings):
        raise Misread(f"{classifier.name} answered {len(answers)} of {len(readings)}")
    return answers


def _note(classifier: Classifier, reading: Reading, error: Exception) -> None:
    """Ids and the kind of error only: its message may hold the comment's words."""
    log.warning(
        "classifier_silent",
        classifier=classifier.name,
        account=reading.comment.account,
        comment=reading.comment.native_id,
        error=type(error).__name__,
    )


def _shipped(ours: Ours | None, examples: Mapping[str, Sequence[str]]) -> Iterator[Classifier]:
    from classifiers.care import open_care
    from classifiers.language import open_language
    from classifiers.likeness import Likeness, by_encoder
    from classifiers.nearest import open_nearest
    from classifiers.needs_response import open_needs_response
    from classifiers.offensive import open_offensive
    from classifiers.personal_data import open_personal_data
    from classifiers.requests import open_requests
    from classifiers.tone import open_tone
    from classifiers.vexatious import open_vexatious
    from classifiers.weighing import open_scales

    language = open_language()
    scales = open_scales(language)
    yield language
    yield open_offensive(scales)
    yield open_vexatious(Likeness(by_encoder(scales.encoder)))
    yield open_personal_data(ours)
    yield open_needs_response(scales)
    yield open_requests(scales)
    yield open_care(scales)
    yield open_tone(scales)
    if nearest := open_nearest(scales.encoder, examples):
        yield nearest


def open_panel(
    ours: Ours | None = None,
    also: Sequence[Classifier] = (),
    examples: Mapping[str, Sequence[str]] | None = None,
) -> Panel:
    """The classifiers that ship, loaded, and after them those of `also`.

    `ours` are the body's own contacts, which are nobody's personal data; `examples` what its service areas
    get, by slug, for the suggestion of one.

    Raises ModelError when a model is missing or is not the one its manifest names.
    """
    return Panel([*_shipped(ours, examples or {}), *also])
