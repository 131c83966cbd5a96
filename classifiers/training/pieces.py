"""The vocabulary of both languages: the base model's English that is met, Welsh pieces, and the emoji people use.

Embeddings of pieces that stay are kept.  A new Welsh piece begins where its translation stands in
our word list, else at the mean of the old pieces it was made of.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def welsh_pieces(texts: Iterable[str], size: int) -> list[str]:
    """A WordPiece vocabulary of `size` learnt from folded Welsh text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    learner = Tokenizer(models.WordPiece(unk_token=SPECIAL[1]))
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    learner.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=size, min_frequency=3, show_progress=False))
    return sorted(learner.get_vocab(), key=learner.get_vocab().__getitem__)


def emoji(texts: Iterable[str], least: int) -> list[str]:
    """Symbols that stand in at least `least` texts, most met first."""
    met = Counter(
        sign
        for text in texts
        for sign in set(text)
        if unicodedata.category(sign) in {"So", "Sk"} and ord(sign) > 0x2000
    )
    return [sign for sign, count in met.most_common() if count >= least]


def vocabulary(
    base: Sequence[str], used: Counter[int], welsh: Sequence[str], signs: Sequence[str], size: int
) -> list[str]:
    """The pieces that ship, special ones first: what Welsh and the emoji need, then English by use.

    `used` counts the base model's ids over the English texts.  Pieces of one letter always stay.
    """
    chosen: dict[str, None] = dict.fromkeys(SPECIAL)
    for piece in base:
        letters = piece.removeprefix("##")
        if len(letters) == 1 and letters.isascii():
            chosen[piece] = None
    chosen |= dict.fromkeys(welsh)
    chosen |= dict.fromkeys(signs)
    common = sorted(range(len(base)), key=lambda at: (-used[at], at))
    for at in common:
        if len(chosen) >= size:
            break
        if not base[at].startswith("[unused") and (used[at] or at < 24_000) and base[at].isascii():
            chosen[base[at]] = None
    return list(chosen)


def tokenizer_json(base: Path, pieces: Sequence[str]) -> dict[str, Any]:
    """The base model's tokenizer with the new pieces: what `transformers` loads."""
    held: dict[str, Any] = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    ids = {piece: at for at, piece in enumerate(pieces)}
    held["model"]["vocab"] = ids
    held["truncation"] = held["padding"] = None
    for added in held["added_tokens"]:
        added["id"] = ids[added["content"]]
    for name, special in held["post_processor"].get("special_tokens", {}).items():
        special["ids"] = [ids[name]]
    for end in ("sep", "cls"):
        if end in held["post_processor"]:
            held["post_processor"][end] = [f"[{end.upper()}]", ids[f"[{end.upper()}]"]]
    return held


def embeddings(
    pieces: Sequence[str],
    old: Mapping[str, int],
    table: Any,
    split: Any,
    translations: Mapping[str, Sequence[str]],
) -> Any:
    """One row a piece: its old row, the mean of its translations' rows, or the mean of its old pieces' rows.

    `split` gives the old pieces of a text; `translations` English words by folded Welsh word.
    """
    mean = table.mean(axis=0)
    rows = np.empty((len(pieces), table.shape[1]), dtype=np.float32)
    for at, piece in enumerate(pieces):
        if piece in old:
            rows[at] = table[old[piece]]
            continue
        meant = [old[part] for english in translations.get(piece, ()) for part in split(english) if part in old]
        made_of = meant or [old[part] for part in split(piece.removeprefix("##")) if part in old and part != "[UNK]"]
        rows[at] = table[made_of].mean(axis=0) if made_of else mean
    return rows
