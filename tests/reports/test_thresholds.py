"""Another threshold is shown before it is decided, and what leaves the house carries nobody with it."""

from __future__ import annotations

import json

from classifiers.personal_data import MASK, Ours
from moderation import policy
from reports.thresholds import Preview, export_lines, preview
from store.findings import CorrectedComment, Scored
from tests.factories import a_comment
from vocabulary import Author, Label

POWYS = policy.load("powys")
ROWS = [
    Scored("A-1", "en", 0.65, "no"),
    Scored("A-2", "en", 0.95, "yes"),
    Scored("A-3", "cy", 0.65, ""),
    Scored("A-4", "cy", 0.30, "yes"),
    Scored("A-5", "en", 0.10, ""),
]


def test_a_preview_says_what_changes_and_whom_officers_agree_with() -> None:
    assert preview(ROWS, Label.ABUSE, POWYS, 0.7) == Preview(
        comments=5,
        flagged_now=3,
        flagged_then=1,
        no_longer=("A-1", "A-3"),
        newly=(),
        corrected=3,
        right_now=1,
        right_then=2,
    )
    assert preview(ROWS, Label.ABUSE, POWYS, 0.2).newly == ("A-4",)


def test_a_preview_may_be_of_one_language() -> None:
    welsh, others = (preview(ROWS, Label.ABUSE, POWYS, 0.7, welsh=welsh) for welsh in (True, False))
    assert (welsh.comments, welsh.no_longer) == (2, ("A-3",))
    assert (others.comments, others.no_longer) == (3, ("A-1",))


def test_an_export_has_no_author_no_handle_and_no_telephone() -> None:
    comment = a_comment("Mair Enghraifft sy ma, @huw_e ffonia fi: 07700 900123", author=Author("a1", "Mair Enghraifft"))
    [line] = export_lines([CorrectedComment(comment, "cy", {"abuse": "no"})], Ours())
    assert json.loads(line) == {"text": f"… sy ma, @… ffonia fi: {MASK}", "language": "cy", "labels": {"abuse": "no"}}
