"""What another threshold would have done, and what people corrected: for a person who decides.

Nothing here moves a threshold.  A pack is changed by hand, by whoever may, after they have seen this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers.personal_data import Ours, masked
from moderation.policy import Policy
from store.findings import CorrectedComment, Scored
from vocabulary import Label, Language, Question

LISTED = 20
_HANDLE = re.compile(r"(?<!\w)@[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Preview:
    """Comments under today's threshold and under another.

    `right_now` and `right_then` are of those that a person has corrected: how many the threshold agrees with.
    """

    comments: int
    flagged_now: int
    flagged_then: int
    no_longer: tuple[str, ...]
    newly: tuple[str, ...]
    corrected: int
    right_now: int
    right_then: int


def preview(
    rows: Sequence[Scored], about: Label | Question, policy: Policy, threshold: float, *, welsh: bool | None = None
) -> Preview:
    """`welsh` limits it to comments with Welsh in them, or to those without."""
    chosen = [row for row in rows if welsh is None or Language(row.language).has_welsh is welsh]
    now = [row.score >= policy.threshold(about, Language(row.language)) for row in chosen]
    then = [row.score >= threshold for row in chosen]
    told = [
        (row.corrected == "yes", was, would) for row, was, would in zip(chosen, now, then, strict=True) if row.corrected
    ]
    changed = list(zip(chosen, now, then, strict=True))
    return Preview(
        comments=len(chosen),
        flagged_now=sum(now),
        flagged_then=sum(then),
        no_longer=tuple(dict.fromkeys(row.reference for row, was, would in changed if was and not would)),
        newly=tuple(dict.fromkeys(row.reference for row, was, would in changed if would and not was)),
        corrected=len(told),
        right_now=sum(truth == was for truth, was, _ in told),
        right_then=sum(truth == would for truth, _, would in told),
    )


def export_lines(corrected: Sequence[CorrectedComment], ours: Ours) -> Iterator[str]:
    """One JSON object a comment, without its author, its address and what is known as personal data.

    A name in running text is not known; whoever takes the file out of the house reads it first.
    """
    for each in corrected:
        text = each.comment.text
        if each.comment.author and each.comment.author.name:
            text = re.sub(re.escape(each.comment.author.name), "…", text, flags=re.IGNORECASE)
        told = {
            "text": masked(_HANDLE.sub("@…", text), ours),
            "language": each.language,
            "labels": dict(sorted(each.said.items())),
        }
        yield json.dumps(told, ensure_ascii=False)
