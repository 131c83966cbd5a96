"""Each classifier is asked once, and one that fails silences neither the others nor the other comments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from structlog.testing import capture_logs

from classifiers.panel import Opinion, Panel
from tests.classifiers.factories import a_reading
from vocabulary import Finding, Label, Question, Reading


def a_finding(about: Label | Question, score: float, says: str = "") -> Finding:
    return Finding(about=about, score=score, why=(), classifier="fake/1", says=says)


@dataclass
class Steady:
    """Answers every comment with the same finding."""

    finding: Finding
    name: str = "steady/1"
    asked: list[int] = field(default_factory=list)

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        self.asked.append(len(readings))
        return [(self.finding,) for _ in readings]


@dataclass
class Choking:
    """Raises on a batch that holds a poisoned comment."""

    name: str = "choking/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        if any("poison" in reading.comment.text for reading in readings):
            raise ValueError("a secret: " + readings[0].comment.text)
        return [(a_finding(Label.SPAM, 0.3),) for _ in readings]


@dataclass
class Miscounting:
    """Answers one comment too few."""

    name: str = "miscounting/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [(a_finding(Label.NEGATIVE, 0.9),) for _ in readings[1:]]


def test_a_healthy_classifier_is_asked_once_for_the_whole_batch() -> None:
    steady = Steady(a_finding(Label.SPAM, 0.2))
    Panel([steady]).read([a_reading("a"), a_reading("b"), a_reading("c")])
    assert steady.asked == [3]


def test_a_poisoned_comment_silences_one_classifier_on_itself_only() -> None:
    panel = Panel([Choking(), Steady(a_finding(Label.COMPLAINT, 0.7))])
    first, poisoned, last = panel.read([a_reading("one"), a_reading("poison"), a_reading("three")])
    assert [opinion.silent for opinion in (first, poisoned, last)] == [(), ("choking/1",), ()]
    assert [opinion.score(Label.COMPLAINT) for opinion in (first, poisoned, last)] == [0.7, 0.7, 0.7]
    assert first.score(Label.SPAM) == last.score(Label.SPAM) == 0.3


def test_answers_that_do_not_match_the_questions_are_not_believed() -> None:
    opinions = Panel([Miscounting()]).read([a_reading("one"), a_reading("two")])
    assert [opinion.silent for opinion in opinions] == [("miscounting/1",), ("miscounting/1",)]


def test_the_log_of_a_silent_classifier_holds_ids_and_never_words() -> None:
    structlog.reset_defaults()
    with capture_logs() as logged:
        Panel([Choking()]).read([a_reading("poison, says Ceridwen", native_id="77")])
    assert [entry["comment"] for entry in logged] == ["77"]
    assert logged[0]["error"] == "ValueError"
    assert "Ceridwen" not in repr(logged)
    assert "secret" not in repr(logged)


def test_no_comments_are_no_opinions() -> None:
    assert Panel([Choking()]).read([]) == []
    assert Panel([]).read([a_reading("one")]) == [Opinion(())]


def test_profanity_alone_does_not_make_an_opinion_offensive() -> None:
    opinion = Opinion((a_finding(Label.PROFANITY, 0.99), a_finding(Label.ABUSE, 0.1), a_finding(Label.THREAT, 0.2)))
    assert opinion.offensive == 0.2


def test_the_opinion_of_a_silent_language_classifier_is_unsure() -> None:
    opinion = Opinion((), silent=("language/1",))
    assert opinion.language == "und"
    assert opinion.unsure_of_language


def test_importing_the_panel_loads_nothing_heavy() -> None:
    heavy = {"numpy", "py3langid", "phonenumbers", "rapidfuzz", "sklearn", "scipy", "transformers", "torch"}
    told = f"import sys, classifiers.panel; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
