"""What else an officer may want to see at a glance: displeasure, politics, selling, sexual talk, accusations.

None of these is a fault.  Criticism is not abuse; politics is marked because replies are held
back before an election, accusations because a published one can make us a publisher.
"""

from __future__ import annotations

import re

from classifiers.cues import Asked, Cue, open_clues
from classifiers.weighing import Scales, Weighed
from vocabulary import Label, Reason

_ANGRY = re.compile("[\U0001f620\U0001f621\U0001f92c\U0001f624\U0001f44e\U0001f644\U0001f595]")
_ADVERTISED = re.compile("[\U0001f4b0\U0001f4b5\U0001f4b8\U0001f911\U0001f48a\U0001f51e\U0001f449\U0001f4c8]")
_FLIRT = re.compile("[\U0001f346\U0001f351\U0001f4a6\U0001f924\U0001f51e\U0001f445\U0001f48b]")
_SHOP = re.compile(r"(?<!\w)(?:bit\.ly|[\w\-]{2,40}\.(?:com|net|shop|online|xyz))(?!\w)")

ASKED = (
    Asked(
        Label.NEGATIVE,
        -1.7,
        (
            Cue(Reason("words of displeasure"), 2.6, "displeasure"),
            Cue(Reason("something is wrong or late"), 1.9, "wrong"),
            Cue(Reason("an angry sign"), 1.5, _ANGRY),
            Cue(Reason("praise or thanks"), -2.2, "praise"),
        ),
    ),
    Asked(
        Label.POLITICAL,
        -3.0,
        (Cue(Reason("a party, an election or a policy of parties"), 3.6, "party"),),
    ),
    Asked(
        Label.SPAM,
        -3.0,
        (
            Cue(Reason("something is sold or promised"), 3.2, "selling"),
            Cue(Reason("a link to a shop or a shortened link"), 0.8, _SHOP),
            Cue(Reason("signs of advertising"), 1.2, _ADVERTISED),
        ),
    ),
    Asked(
        Label.SEXUAL,
        -3.6,
        (Cue(Reason("sexual words"), 4.2, "sexual"), Cue(Reason("sexual signs"), 2.6, _FLIRT)),
    ),
    Asked(
        Label.DEFAMATION_RISK,
        -3.4,
        (
            Cue(Reason("wrongdoing is alleged as fact"), 2.3, "wrongdoing"),
            Cue(Reason("somebody is named or can be told"), 1.6, "somebody"),
            Cue(Reason("it is said to be fact"), 0.8, "fact"),
            Cue(Reason("it is denied, or warned of"), -1.6, "denied"),
        ),
    ),
    Asked(
        Label.IMPERSONATION,
        -3.0,
        (
            Cue(Reason("it speaks as the council or its officers"), 3.4, "as_us"),
            Cue(Reason("money, a card or a password is asked for"), 1.6, "asks_for"),
            Cue(Reason("it warns of a fake, or reports one"), -3.0, "warns"),
        ),
    ),
)


def open_tone(scales: Scales) -> Weighed:
    """Raises WordListError when the word file cannot be read."""
    return Weighed("tone/2", scales, open_clues(ASKED, "tone.toml"))
