"""The mutated forms of a Welsh word: whoever looks for *bin* must meet *fin* and *min*.

Forms are generated without looking at grammar, so some are never said; they are for matching, not
for writing.
"""

from __future__ import annotations

from collections.abc import Iterator

# Thorne, A Comprehensive Welsh Grammar, sections 41-107.  A letter that is absent does not mutate.
SOFT = {"p": "b", "t": "d", "c": "g", "b": "f", "d": "dd", "g": "", "m": "f", "ll": "l", "rh": "r"}
NASAL = {"p": "mh", "t": "nh", "c": "ngh", "b": "m", "d": "n", "g": "ng"}
ASPIRATE = {"p": "ph", "t": "th", "c": "ch"}
MUTATIONS = (SOFT, NASAL, ASPIRATE)
VOWELS = frozenset("aeiouwyâêîôûŵŷ")
# What stands first where a soft mutation has taken the g: ardd, lân, rug.
_WITHOUT_G = VOWELS | frozenset("lnr")
# One letter in Welsh, though written with two; those not in a table above do not mutate.
DIGRAPHS = ("ch", "dd", "ff", "ng", "ll", "ph", "rh", "th")
_LONGER = ("ngh", "mh", "nh", *DIGRAPHS)


def forms_of(word: str) -> Iterator[str]:
    """A Welsh word in lower case, then its soft, nasal, aspirate and h- forms where it has them."""
    yield word
    letter = word[:2] if word.startswith(DIGRAPHS) else word[:1]
    for mutation in MUTATIONS:
        if letter in mutation:
            yield mutation[letter] + word[len(letter) :]
    if letter in VOWELS:
        yield f"h{word}"


def radicals_of(form: str) -> Iterator[str]:
    """The Welsh words of which a word in lower case may be a mutated form; itself is not among them."""
    letter = next((each for each in _LONGER if form.startswith(each)), form[:1])
    for mutation in MUTATIONS:
        for radical, mutated in mutation.items():
            if mutated and mutated == letter:
                yield radical + form[len(mutated) :]
    if letter in _WITHOUT_G:
        yield f"g{form}"
    if letter == "h" and form[1:2] in VOWELS:
        yield form[1:]
