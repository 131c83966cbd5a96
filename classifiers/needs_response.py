"""Whether somebody is waiting for us: a sincere question, report, request or complaint.

Praise, banter, tagging a friend and general opinion expect nothing.  A person in danger always
does, whatever they ask.  The weights are ours, set by hand; 0.5 is where the balance tips.
"""

from __future__ import annotations

import re

from classifiers.care import IN_DANGER
from classifiers.cues import Asked, Cue, open_clues
from classifiers.weighing import Scales, Weighed
from vocabulary import Question, Reason

ASKED = Asked(
    about=Question.NEEDS_RESPONSE,
    bias=-1.5,
    cues=(
        *IN_DANGER,
        Cue(Reason("a question mark"), 1.4, re.compile(r"\?")),
        Cue(Reason("a question"), 1.5, "question"),
        Cue(Reason("a report of something wrong"), 1.9, "report"),
        Cue(Reason("a request"), 1.6, "request"),
        Cue(Reason("a grievance"), 0.7, "grievance"),
        Cue(Reason("please"), 0.6, "please"),
        Cue(Reason("praise or thanks"), -1.3, "praise"),
        Cue(Reason("an exclamation, not a question"), -1.8, "exclamation"),
        Cue(Reason("talk among friends"), -1.6, "friends"),
        Cue(Reason("a tag and nothing asked"), -2.5, re.compile(r"^(?:@\S+\s*){1,6}(?:[^\s?@]+\s*){0,3}$")),
    ),
)


def open_needs_response(scales: Scales) -> Weighed:
    """Raises WordListError when a word file cannot be read."""
    return Weighed("needs-response/2", scales, open_clues((ASKED,), "needs_response.toml", "care.toml"))
