"""Which flagged words a reader who wishes so is shown only on request.

A threat to oneself, or somebody at risk, is never among them: whoever must act on it reads it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vocabulary import Finding, Label
from web.security import Reader

VEILED: Final = frozenset({Label.PROFANITY, Label.ABUSE, Label.HATE, Label.THREAT, Label.SEXUAL})


def veiled(reader: Reader | None, flags: Sequence[Finding]) -> tuple[Label, ...]:
    """For what a comment's words stand behind a summary, each once; empty where they are shown at once."""
    if reader is None or not reader.preferences.blurred:
        return ()
    return tuple(dict.fromkeys(each.about for each in flags if isinstance(each.about, Label) and each.about in VEILED))
