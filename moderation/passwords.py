"""Which passwords are too easily guessed: short ones, and those made of nothing but words that everybody tries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from vocabulary import Reason
from words.names import N_

SHORTEST: Final = 12
FEWEST_CHARACTERS: Final = 5

_AS_LETTERS: Final = str.maketrans("@4310$5!7+", "aaeiossitt")
_COMMON: Final = frozenset(
    """
    password passwort passphrase pass word cyfrinair croeso welcome hello helo letmein login admin administrator root
    user test demo changeme secret cyfrinach monkey dragon master sunshine princess football rugby peldroed liverpool
    chelsea arsenal manchester swansea cardiff abertawe caerdydd wales cymru cymraeg welsh council cyngor sir county
    town tref powys gwynedd ceredigion gwylio office swyddfa work gwaith computer internet qwerty qwertyuiop asdfgh
    asdfghjkl zxcvbn zxcvbnm abc abcd abcdef abcdefgh iloveyou caru summer winter spring autumn haf gaeaf gwanwyn
    hydref january february march april may june july august september october november december ionawr chwefror
    mawrth ebrill mai mehefin gorffennaf awst medi tachwedd rhagfyr monday tuesday wednesday thursday friday saturday
    sunday llun mawrth mercher iau gwener sadwrn sul the and my is a i
    """.split()
)


def fault(password: str, own: Iterable[str] = ()) -> Reason | None:
    """Why this password will not do, or None.  `own` are its owner's names, tried as soon as any word."""
    if len(password) < SHORTEST:
        return Reason(N_("It has fewer than {n} characters."), {"n": SHORTEST})
    if len(set(password.lower())) < FEWEST_CHARACTERS:
        return Reason(N_("It is the same few characters over and over."))
    words = _COMMON | {part for name in own for part in re.findall(r"[a-z]{3,}", name.lower())}
    anything = re.compile(f"(?:{'|'.join(sorted(words, key=len, reverse=True))})*")
    lower = password.lower()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lower)
    for read in (lower, core.translate(_AS_LETTERS)):
        if anything.fullmatch(re.sub(r"[^a-zà-ÿŵŷ]", "", read)):
            return Reason(N_("It is made of words and numbers that everybody tries first."))
    return None
