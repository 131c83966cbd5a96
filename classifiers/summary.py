"""An opinion as `gwylio classify` prints it: the form of design.md §7, held by everybody who scripts against it.

What counts as flagged, how soon a person should look and the language of the reply are the
council's; they are handed in as `Rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from classifiers.panel import Opinion
from vocabulary import Label, Language, Question, Reason, ReplyLanguage, Severity


@dataclass(frozen=True, slots=True)
class Rules:
    """What the pack says: thresholds by label and language, severities by label, and the reply a language is owed."""

    threshold: Callable[[Label | Question, Language], float]
    severities: Mapping[Label, Severity]
    reply_in: Callable[[Language, bool], ReplyLanguage]

    def flagged(self, opinion: Opinion) -> tuple[Label, ...]:
        """The labels at or over their threshold, in the vocabulary's order; a score of 0 never is."""
        language = opinion.language
        return tuple(label for label in Label if 0 < opinion.score(label) >= self.threshold(label, language))


def as_json(id_: Any, opinion: Opinion, rules: Rules, say: Callable[[Reason], str] = str) -> dict[str, Any]:
    """One output object, `id_` given back as it came; `say` renders the reasons (English unless told)."""
    flagged = rules.flagged(opinion)
    language = opinion.about(Question.LANGUAGE)
    decided, unsure = opinion.language, opinion.unsure_of_language
    return {
        "id": id_,
        "language": decided.value,
        "language_score": language.score if language else 0.0,
        "language_review": unsure,
        "reply_in": rules.reply_in(decided, unsure).value,
        "needs_welsh_reply": decided.has_welsh,
        "offensive": opinion.offensive,
        "labels": [_row(label, opinion, flagged=label in flagged, say=say) for label in Label],
        "needs_response": opinion.needs_response,
        "severity": max(
            (rules.severities[label] for label in flagged), key=lambda s: s.rank, default=Severity.NONE
        ).value,
    } | ({"silent": list(opinion.silent)} if opinion.silent else {})


def _row(label: Label, opinion: Opinion, *, flagged: bool, say: Callable[[Reason], str]) -> dict[str, Any]:
    found = opinion.about(label)
    return {
        "label": label.value,
        "score": found.score if found else 0.0,
        "flagged": flagged,
        "why": [say(reason) for reason in found.why] if found else [],
    }
