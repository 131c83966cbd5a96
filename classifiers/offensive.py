"""Profanity, abuse, hate and threat: four questions, answered apart.  Swearing at a pothole is only the first.

The encoder reads the comment; beside it stand lists and turns of phrase of both languages
(config/words/offence.toml and hostility.toml) as cues.  An insult aimed at somebody speaks for
abuse, an insult alone does not.  Hate, and threats against people, are abuse as well.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from classifiers.cues import Asked, Cue, open_clues
from classifiers.encoder import Encoded
from classifiers.files import WORDS
from classifiers.text import folded, unmasked, words
from classifiers.weighing import Clue, Scales, Weighed
from vocabulary import Label, Question, Reason
from words.mutations import forms_of

_WORDS_SHOWN = 4
_MASKED = re.compile(r"(?<!\S)[a-z]{1,3}\*[a-z*]{1,6}")
_ABUSE_OF_THE_WORST = 0.95
"""How much of the surest of hate and threat abuse has at least."""

HOSTILITY = (
    Asked(
        Label.HATE,
        -5.4,
        (
            Cue(Reason("a protected group is named"), 3.0, "group"),
            Cue(Reason("hostile words of a group"), 3.2, "hostile"),
            Cue(Reason("said in defence or in everyday business"), -2.5, "no_hate"),
        ),
    ),
    Asked(
        Label.THREAT,
        -3.2,
        (
            Cue(Reason("harm is announced or hinted at"), 4.4, "threat"),
            Cue(Reason("quoted, denied, or a danger that is no person's"), -3.0, "no_threat"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lists of config/words/offence.toml with every mutation written out, folded."""

    profanity: frozenset[str]
    insult: frozenset[str]
    slur: frozenset[str]


@lru_cache(maxsize=1)
def open_lexicon(folder: Path = WORDS) -> Lexicon:
    """Reads offence.toml once."""
    table = tomllib.loads((folder / "offence.toml").read_text(encoding="utf-8"))

    def listed(section: dict[str, str]) -> frozenset[str]:
        innocent = set(folded(section.get("innocent", "")).split())
        mutated = {form for word in folded(section["cy"]).split() for form in forms_of(word) if len(form) > 1}
        return frozenset((set(folded(section["en"]).split()) | mutated) - innocent)

    return Lexicon(*(listed(table[name]) for name in ("profanity", "insult", "slur")))


# Who is spoken to or of: "you", "ti", "councillor", "y boi 'na".  An insult beside one of these is aimed.
_AIMED = frozenset(
    """
    you your you're youre u ur yous yourself he she him her he's she's hes shes they them they're theyre
    councillor cllr mayor officer manager warden leader boss staff man woman bloke guy boy girl people lot
    bunch crew council councillors ti dy di chi chdi chwi fo fe hi nhw nhw'n ti'n chi'n hi'n fo'n o e wyt
    cynghorydd gynghorydd cynghorwyr maer pennaeth arweinydd swyddog swyddogion rheolwr dyn ddyn dynes
    ddynes boi foi boio hogyn merch criw griw cyngor gyngor nhwthe ydach dach
    """.split()
)
_NEAR = 5


def listed(text: str, lexicon: Lexicon) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The profanities of `text`, its insults that are aimed at somebody, and its slurs."""
    plain = folded(text)
    found = words(unmasked(plain))
    profane = [word for word in found if word.strip("'") in lexicon.profanity]
    profane += [word for word in _MASKED.findall(plain) if word in lexicon.profanity]
    aimed = []
    for at, word in enumerate(found):
        if word in lexicon.insult and any(near in _AIMED for near in found[max(0, at - _NEAR) : at + _NEAR + 1]):
            aimed.append(word)
    slurs = [word for word in found if word in lexicon.slur]
    return tuple(dict.fromkeys(profane)), tuple(dict.fromkeys(aimed)), tuple(dict.fromkeys(slurs))


def clues(lexicon: Lexicon) -> list[tuple[Label | Question, Clue]]:
    """The four questions in order, each with what the lists and the turns of phrase say of it.

    Raises WordListError when hostility.toml cannot be read.
    """
    (_, hate), (_, threat) = open_clues(HOSTILITY, "hostility.toml")

    @lru_cache(maxsize=256)
    def seen(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        return listed(text, lexicon)

    def profanity(text: str) -> tuple[float, tuple[Reason, ...]]:
        profane, _, _ = seen(text)
        return float(bool(profane)), _shown(Reason("strong language: {words}"), profane)

    def abuse(text: str) -> tuple[float, tuple[Reason, ...]]:
        _, aimed, slurs = seen(text)
        found = (*slurs, *aimed)
        return float(bool(found)), _shown(Reason("an insult aimed at somebody: {words}"), found)

    return [(Label.PROFANITY, profanity), (Label.ABUSE, abuse), (Label.HATE, hate), (Label.THREAT, threat)]


def _shown(saw: Reason, found: tuple[str, ...]) -> tuple[Reason, ...]:
    return (Reason(saw.text, {"words": ", ".join(found[:_WORDS_SHOWN])}),) if found else ()


@dataclass(frozen=True, slots=True)
class Offensive(Weighed):
    """The offensive classifier: four findings a comment, always all four."""

    def scores(
        self, text: str, encoded: Encoded, *, welsh: bool
    ) -> tuple[dict[Label | Question, float], dict[Label | Question, tuple[Reason, ...]]]:
        scores, said = Weighed.scores(self, text, encoded, welsh=welsh)
        worst = max(scores[Label.HATE], scores[Label.THREAT])
        scores[Label.ABUSE] = max(scores[Label.ABUSE], _ABUSE_OF_THE_WORST * worst)
        return scores, said


def open_offensive(scales: Scales) -> Offensive:
    """Raises WordListError when a word file cannot be read."""
    return Offensive("offensive/2", scales, clues(open_lexicon()))
