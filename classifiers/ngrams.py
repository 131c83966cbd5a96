"""Hashed words, word pairs and character n-grams of a batch, without a loop over characters.

A prefix sum of `code · Bⁱ` (modulo 2⁶⁴, B odd) gives the hash of any stretch in two look-ups,
so every n-gram of every comment costs the same few vector operations.  Training and reading
use this one function; a change here is a change of model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.text import HANDLE, LINK, folded, unmasked

BITS = 18
CHARACTERS = (3, 4, 5)
SLICE = 120_000

_BASE = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
_MIX = np.uint64(0xD6E8FEB86659FD93)
_APART = re.compile(r"([^\w\s'])")

Index = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where each n-gram stands: its comment, its bucket, and the first and last word it touches."""

    comment: Index
    bucket: Index
    first_word: Index
    last_word: Index
    words: tuple[str, ...]


def prepared(text: str) -> str:
    """The text that is hashed: folded, unmasked, punctuation and emoji standing alone, one space between."""
    plain = unmasked(HANDLE.sub(" @user ", LINK.sub(" <url> ", folded(text))))
    return " ".join(_APART.sub(r" \1 ", plain).split())


@lru_cache(maxsize=1)
def _powers(length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    with np.errstate(over="ignore"):
        up = np.cumprod(np.concatenate(([np.uint64(1)], np.full(length, _BASE))))
        down = np.cumprod(np.concatenate(([np.uint64(1)], np.full(length, _INVERSE))))
    return up.astype(np.uint64), down.astype(np.uint64)


def slices(texts: Sequence[str]) -> list[slice]:
    """Runs of neighbouring texts of about `SLICE` characters, so that memory does not follow the batch."""
    runs, start, size = [], 0, 0
    for at, text in enumerate(texts):
        if at > start and size + len(text) > SLICE:
            runs.append(slice(start, at))
            start, size = at, 0
        size += len(text) + 2
    runs.append(slice(start, len(texts)))
    return runs


def occurrences(texts: Sequence[str]) -> Occurrences:
    """Every n-gram of `texts`, each already `prepared`."""
    joined = " " + "  ".join(texts) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    size = len(codes)
    up, down = _powers(1 << max(17, (size + 1).bit_length()))
    with np.errstate(over="ignore"):
        prefix = np.concatenate(([np.uint64(0)], np.cumsum((codes + np.uint64(1)) * up[:size])))
    ends = np.cumsum([len(text) + 2 for text in texts])
    comment_at = np.searchsorted(ends, np.arange(size), side="right")
    solid = codes != np.uint64(32)
    before = np.concatenate(([False], solid[:-1]))
    starts = np.flatnonzero(solid & ~before)
    stops = np.flatnonzero(~solid & before)
    word_at = np.cumsum(solid & ~before) - 1

    begin: list[Index] = []
    end: list[Index] = []
    for n in CHARACTERS:
        at = np.arange(max(0, size - n + 1))
        at = at[comment_at[at] == comment_at[np.minimum(at + n - 1, size - 1)]]
        begin.append(at)
        end.append(at + n)
    begin.append(starts)
    end.append(stops)
    together = comment_at[starts[:-1]] == comment_at[starts[1:]]
    begin.append(starts[:-1][together])
    end.append(stops[1:][together])
    kind = np.repeat(np.arange(len(begin), dtype=np.uint64), [len(at) for at in begin])
    first, last = np.concatenate(begin), np.concatenate(end)
    with np.errstate(over="ignore"):
        value = (prefix[last] - prefix[first]) * down[first] + (kind + np.uint64(1)) * _MIX
        value ^= value >> np.uint64(31)
        value *= _MIX
        value ^= value >> np.uint64(29)
    return Occurrences(
        comment=comment_at[first],
        bucket=(value >> np.uint64(64 - BITS)).astype(np.int64),
        first_word=np.clip(word_at[first], 0, None),
        last_word=np.clip(word_at[last - 1], 0, None),
        words=tuple(joined.split()),
    )


def counted(found: Occurrences) -> tuple[Index, Index, Numbers]:
    """Comment, bucket and damped count (1 + log n) of each distinct n-gram."""
    keys, counts = np.unique(found.comment << BITS | found.bucket, return_counts=True)
    return keys >> BITS, keys & ((1 << BITS) - 1), 1.0 + np.log(counts.astype(np.float64))


def weighed(comment: Index, bucket: Index, value: Numbers, rarity: NDArray[Any], rows: int) -> Numbers:
    """`value` times rarity, each comment's row scaled to length one."""
    scaled = value * rarity[bucket]
    length = np.sqrt(np.bincount(comment, weights=scaled * scaled, minlength=rows))
    return np.asarray(scaled / np.where(length > 0, length, 1.0)[comment], dtype=np.float64)
