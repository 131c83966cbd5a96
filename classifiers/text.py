"""The one normaliser: what a comment looks like once its disguises are off.

Every step is linear in the length of the text.  That is not free: Unicode normalisation sorts
each run of combining marks by insertion, so a comment of 100,000 stacked accents would take
minutes.  The marks are therefore dropped before anything is decomposed.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

LETTERS = r"[^\W\d_]"
WORD = re.compile(rf"{LETTERS}+(?:['\-]{LETTERS}+)*'?|'{LETTERS}+")
LINK = re.compile(r"(?:https?://|www\.)\S+|<url>", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w@])@[\w.\-]{1,60}")
EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,6}")

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u02b9\u00b4\u0060\u2032\uff07"), "'")
_SPACED = re.compile(r"(?<!\S)\w(?:[ .\-_*]\w(?!\w)){3,30}+")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_RUN = re.compile(r"[a-z0-9@$!]+")
_DISGUISE = re.compile(r"[0-9@$!]")
_LEET = str.maketrans("013457@$!", "oieastasi")


@cache
def _dropped() -> dict[int, str | None]:
    """What disappears (marks, surrogates, format characters) and what becomes a space (controls)."""
    table: dict[int, str | None] = {}
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(chr(code))
        if kind in ("Mn", "Me", "Cs", "Cf"):
            table[code] = None
        elif kind in ("Cc", "Zl", "Zp"):
            table[code] = " "
    return table | _APOSTROPHES


def folded(text: str) -> str:
    """`text` in lower case without accents, invisible characters or curly apostrophes; line ends are spaces."""
    if text.isascii():
        return text.lower() if text.isprintable() else text.translate(_dropped()).lower()
    bare = text.translate(_dropped())
    return unicodedata.normalize("NFKD", bare).translate(_dropped()).casefold()


def unmasked(text: str) -> str:
    """Folded text with spaced-out, stretched and digit-for-letter spellings put back: `t.w.p.s.y.n`, `tw4t`."""
    joined = _SPACED.sub(lambda run: re.sub(r"[ .\-_*]", "", run.group()), text)
    if _DISGUISE.search(joined):
        joined = _RUN.sub(_undisguised, joined)
    return _STRETCHED.sub(r"\1", joined)


def _undisguised(found: re.Match[str]) -> str:
    """A sum, a bus number or a size (`5km`, `t2`) begins or ends in a digit and is left alone."""
    shown = found.group()
    core = shown.rstrip("!")
    if core.isalpha() or not core or core[0].isdigit() or core[-1].isdigit() or not any(map(str.isalpha, core)):
        return shown
    return core.translate(_LEET) + shown[len(core) :]


_APART = re.compile(r"([^\w\s'])")


def prepared(text: str) -> str:
    """Folded, unmasked, punctuation and emoji standing alone, one space between: see `radicals.shown`."""
    plain = unmasked(HANDLE.sub(" @user ", LINK.sub(" <url> ", folded(text))))
    return " ".join(_APART.sub(r" \1 ", plain).split())


def without_addresses(text: str) -> str:
    """`text` with links, handles and e-mail addresses taken out: they have no language."""
    return HANDLE.sub(" ", EMAIL.sub(" ", LINK.sub(" ", text)))


def words(text: str) -> list[str]:
    """The words of folded text, apostrophes and hyphens inside them kept."""
    return WORD.findall(text)
