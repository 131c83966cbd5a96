"""One small bilingual encoder: every label and an embedding from one forward pass a comment.

classifiers/training/encoder.py makes it: MiniLM with a vocabulary of both languages, in int8 for
onnxruntime.  Several classifiers ask it about the same comments; what it read lately is kept, so
that a comment passes through it once.  What leaves here are logits: each question weighs them
beside its cues (`classifiers/weighing.py`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.base import ModelError
from classifiers.files import checked_files
from classifiers.text import prepared

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADS = (
    "profanity",
    "abuse",
    "hate",
    "threat",
    "sexual",
    "self_harm",
    "safeguarding",
    "needs_response",
    "complaint",
    "foi_request",
    "subject_access",
    "political",
    "negative",
    "spam",
    "defamation_risk",
    "impersonation",
)
"""The order of the logits; the names are those of `Label`, and `needs_response`."""

FOLDER = Path(__file__).parent / "models" / "encoder"
BATCH = 32
WINDOW = 64
"""Tokens that pass through together, about as many as the longest comments that are learnt from."""
ROOM = WINDOW - 2
STRIDE = 48
WINDOWS = 36
"""Windows of one comment that are read: some 1,300 words."""
REMEMBERED = 512
"""Comments whose reading is kept: several classifiers ask about the same batch."""
_CHARACTERS = 12_000


class Encoded(NamedTuple):
    """What one comment became.

    `logits` has one number a head (`HEADS`).  `embedding` is a unit vector: the product of two says
    how alike they are.  `spans` has one row a word, where it begins and ends in `prepared` text;
    `without` the same rows: the mean that the last layers read, when that word is left out of it;
    `window` the logits of the window in which each word stands.
    """

    logits: NDArray[Any]
    embedding: NDArray[Any]
    spans: NDArray[Any]
    without: NDArray[Any]
    window: NDArray[Any]


class _Cut(NamedTuple):
    """A text as the tokenizer cut it, between the first and the last token: ids, spans, and the word of each token."""

    ids: list[int]
    spans: list[tuple[int, int]]
    words: list[int]


@dataclass(slots=True)
class Encoder:
    """The tokenizer and the session, and what was read lately.  Threads may share it.

    `hidden` are the network's last two layers, to ask them again about a comment without a word.
    """

    name: str
    tokenizer: Any
    session: Any
    hidden: tuple[NDArray[Any], ...]
    _kept: OrderedDict[str, Encoded] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """One answer a text, in order; texts of like length go together."""
        plain = [prepared(text[:_CHARACTERS]) for text in texts]
        with self._lock:
            known = {text: self._kept[text] for text in plain if text in self._kept}
        fresh = [text for text in dict.fromkeys(plain) if text not in known]
        if fresh:
            known |= zip(fresh, self._passed(fresh), strict=True)
            with self._lock:
                self._kept |= {text: known[text] for text in fresh}
                while len(self._kept) > REMEMBERED:
                    self._kept.popitem(last=False)
        return [known[text] for text in plain]

    def words(self, text: str, encoded: Encoded) -> list[str]:
        """The words of `text` as the encoder saw them."""
        plain = prepared(text[:_CHARACTERS])
        return [plain[begin:end] for begin, end in encoded.spans]

    def gains(self, encoded: Encoded) -> NDArray[Any]:
        """What each word added: one row a word, one column a head, how far the logit falls without it.

        One small product a word, from the pass that was made anyway.  tests/judgement holds the words that are
        named to deletion.
        """
        import numpy as np

        fallen: NDArray[Any] = encoded.window - self._heads(encoded.without.astype(np.float32))
        return fallen

    def _passed(self, texts: Sequence[str]) -> list[Encoded]:
        import numpy as np

        cuts = self._cut(texts)
        windows = [(at, start, ids) for at, cut in enumerate(cuts) for start, ids in self._windows(cut.ids)]
        logits = np.empty((len(windows), len(HEADS)), dtype=np.float32)
        vectors = np.empty((len(windows), self.hidden[0].shape[0]), dtype=np.float32)
        without: list[NDArray[Any]] = [np.empty(0)] * len(windows)
        by_length = sorted(range(len(windows)), key=lambda at: len(windows[at][2]))
        for begin in range(0, len(by_length), BATCH):
            places = by_length[begin : begin + BATCH]
            logits[places], vectors[places], states = self._run([windows[at][2] for at in places])
            words = [cuts[windows[at][0]].words[windows[at][1] :][: len(windows[at][2]) - 2] for at in places]
            for at, state, of_token in zip(places, states, words, strict=True):
                without[at] = _left_out(state, of_token)
        return list(_put_together(cuts, windows, logits, vectors, without))

    def _cut(self, texts: Sequence[str]) -> list[_Cut]:
        with self._lock:  # a tokenizer that two threads use at once says "Already borrowed"
            found = self.tokenizer(list(texts), add_special_tokens=False).encodings
        cuts = []
        for each in found:
            spans: dict[int, tuple[int, int]] = {}
            for word, (begin, end) in zip(each.word_ids, each.offsets, strict=True):
                spans[word] = (spans[word][0] if word in spans else begin, end)
            cuts.append(_Cut(each.ids, list(spans.values()), each.word_ids))
        return cuts

    def _windows(self, ids: list[int]) -> Iterator[tuple[int, list[int]]]:
        first, last = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        for start in starts(len(ids)):
            yield start, [first, *ids[start : start + ROOM], last]

    def _run(self, rows: Sequence[Sequence[int]]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        import numpy as np

        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        logits, vectors, states = self.session.run(None, {"input_ids": ids, "attention_mask": mask})
        return logits, vectors, states

    def _heads(self, means: NDArray[Any]) -> NDArray[Any]:
        """The last two layers of the network, over means of states."""
        import numpy as np

        weight, bias, heads, constant = self.hidden
        inner = means @ weight.T + bias
        inner = 0.5 * inner * (1 + np.tanh(0.7978845608 * (inner + 0.044715 * inner**3)))
        out: NDArray[Any] = inner @ heads.T + constant
        return out


def _left_out(state: NDArray[Any], of_token: Sequence[int]) -> NDArray[Any]:
    """The mean of a window's states without each of its words in turn; `of_token` says whose each inner token is."""
    import numpy as np

    begins = [at for at, word in enumerate(of_token) if not at or word != of_token[at - 1]]
    if not begins:
        return np.empty((0, state.shape[1]), dtype=np.float16)
    inner, count = state[1 : len(of_token) + 1], len(of_token) + 2
    sums = np.add.reduceat(inner, begins, axis=0)
    sizes = np.diff([*begins, len(of_token)])[:, None]
    means: NDArray[Any] = (state[:count].sum(axis=0) - sums) / (count - sizes)
    return means.astype(np.float16)


def _put_together(
    cuts: Sequence[_Cut],
    windows: Sequence[tuple[int, int, list[int]]],
    logits: NDArray[Any],
    vectors: NDArray[Any],
    without: Sequence[NDArray[Any]],
) -> Iterator[Encoded]:
    """Windows back into texts: logits between the worst and the mean, each word from the first window that has it."""
    import numpy as np

    of_text: list[list[int]] = [[] for _ in cuts]
    for at, (text, _, _) in enumerate(windows):
        of_text[text].append(at)
    for cut, some in zip(cuts, of_text, strict=True):
        first: dict[int, tuple[int, int]] = {}
        for at in some:
            _, start, ids = windows[at]
            for row, word in enumerate(dict.fromkeys(cut.words[start : start + len(ids) - 2])):
                first.setdefault(word, (at, row))
        places = [first[word] for word in sorted(first)]
        vector = vectors[some].sum(axis=0)
        yield Encoded(
            (logits[some].max(axis=0) + logits[some].mean(axis=0)) / 2,
            vector / max(1e-6, float(np.linalg.norm(vector))),
            np.array([cut.spans[word] for word in sorted(first)], dtype=np.int32).reshape(-1, 2),
            np.array([without[at][row] for at, row in places], dtype=np.float16).reshape(-1, vectors.shape[1]),
            logits[np.array([at for at, _ in places], dtype=np.int64)],
        )


def starts(length: int) -> range:
    """Where the windows begin over `length` tokens: they overlap a little, and there are never over `WINDOWS`."""
    return range(0, max(1, length - (ROOM - STRIDE)), STRIDE)[:WINDOWS]


def open_encoder(folder: Path = FOLDER, threads: int = 0) -> Encoder:
    """The encoder in `folder`; `threads` of 0 lets onnxruntime choose.

    Raises ModelError when a file is missing or is not the one that the manifest names.
    """
    manifest = checked_files(folder)
    import os

    import numpy as np
    import onnxruntime

    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # that torch is missing is as it should be
    from transformers import PreTrainedTokenizerFast

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        with np.load(folder / "heads.npz", allow_pickle=False) as held:
            hidden = tuple(held[key].astype("float32") for key in ("hidden", "bias", "heads", "constant"))
    except Exception as error:
        raise ModelError(f"the model in {folder.name} cannot be opened ({type(error).__name__}: {error})") from error
    if manifest.get("heads") != list(HEADS):
        raise ModelError(f"the model in {folder.name} answers other questions than these; train it again")
    return Encoder(str(manifest["name"]), tokenizer, session, hidden)
