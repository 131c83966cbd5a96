"""Somebody may be in danger: a wish to die or to hurt oneself, or a child or adult at risk.

High recall is wanted: a person reads every one the same day.  Idiom is the look-alike: *dying
to know*, *to die for*, *my feet are killing me*, *this junction will kill someone*.
"""

from __future__ import annotations

from classifiers.cues import Asked, Cue, open_clues
from classifiers.weighing import Heeded, Scales, Weighed
from vocabulary import Label, Reason

_SELF_HARM = Cue(Reason("words of wanting to die or to hurt oneself"), 5.0, "self_harm")
_AT_RISK = Cue(Reason("a child or adult may be at risk"), 4.5, "at_risk")
_IDIOM = Cue(Reason("an idiom"), -4.5, "idiom")

IN_DANGER = (_SELF_HARM, _AT_RISK)

ASKED = (
    Asked(Label.SELF_HARM, -3.5, (_SELF_HARM, _IDIOM)),
    Asked(Label.SAFEGUARDING, -3.5, (_AT_RISK, _IDIOM)),
)


def open_care(scales: Scales) -> Weighed:
    """Raises WordListError when the word file cannot be read."""
    return Heeded("care/2", scales, open_clues(ASKED, "care.toml"))
