"""One small bilingual encoder: every label and an embedding from one forward pass a comment.

classifiers/training/encoder.py makes it: MiniLM with a vocabulary of both languages, in int8 for
onnxruntime.  Several classifiers ask it about the same comments; what it read lately is kept, so
that a comment passes through it once.  What leaves here are logits: each question weighs them
beside its cues (`classifiers/weighing.py`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.base import ModelError
from classifiers.files import checked_files
from classifiers.radicals import shown

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


class Window(NamedTuple):
    """Tokens that passed through together: `states` has one row a token, `of_token` the word of each inner one."""

    states: NDArray[Any]
    of_token: tuple[int, ...]
    logits: NDArray[Any]


class Encoded(NamedTuple):
    """What one comment became.

    `logits` has one number a head (`HEADS`).  `embedding` is a unit vector: the product of two says
    how alike they are.  `spans` has one row a word, where it begins and ends in the text as it was `shown`.
    `windows` is what the network made on the way, for whoever asks which words weighed.
    """

    logits: NDArray[Any]
    embedding: NDArray[Any]
    spans: NDArray[Any]
    windows: tuple[Window, ...]


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
        plain = [shown(text[:_CHARACTERS]) for text in texts]
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
        plain = shown(text[:_CHARACTERS])
        return [plain[begin:end] for begin, end in encoded.spans]

    def gains(self, encoded: Encoded) -> NDArray[Any]:
        """What each word added: one row a word, one column a head, how far the logit falls without it.

        One small product a word, from the pass that was made anyway.  tests/judgement holds the words that are
        named to deletion.
        """
        import numpy as np

        fallen, seen = [np.empty((0, len(HEADS)), dtype=np.float32)], -1
        for window in encoded.windows:
            words = list(dict.fromkeys(window.of_token))
            fresh = [row for row, word in enumerate(words) if word > seen]
            seen = max(words, default=seen)
            fallen.append(window.logits - self._heads(_left_out(window.states, window.of_token)[fresh]))
        return np.concatenate(fallen)

    def _passed(self, texts: Sequence[str]) -> Iterator[Encoded]:
        cuts = self._cut(texts)
        windows = [(at, start, ids) for at, cut in enumerate(cuts) for start, ids in self._windows(cut.ids)]
        read: list[dict[int, tuple[Window, NDArray[Any]]]] = [{} for _ in cuts]
        by_length = sorted(range(len(windows)), key=lambda at: (len(windows[at][2]), at))
        for begin in range(0, len(by_length), BATCH):
            places = by_length[begin : begin + BATCH]
            logits, vectors, states = self._run([windows[at][2] for at in places])
            for row, at in enumerate(places):
                text, start, ids = windows[at]
                of_token = tuple(cuts[text].words[start : start + len(ids) - 2])
                read[text][start] = Window(states[row, : len(ids)], of_token, logits[row]), vectors[row]
        yield from (_put_together(cut, some) for cut, some in zip(cuts, read, strict=True))

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


def _left_out(states: NDArray[Any], of_token: Sequence[int]) -> NDArray[Any]:
    """The mean of a window's states without each of its words in turn."""
    import numpy as np

    begins = [at for at, word in enumerate(of_token) if not at or word != of_token[at - 1]]
    if not begins:
        return np.empty((0, states.shape[1]), dtype=np.float32)
    sums = np.add.reduceat(states[1:-1], begins, axis=0)
    sizes = np.diff([*begins, len(of_token)])[:, None]
    means: NDArray[Any] = (states.sum(axis=0) - sums) / (len(states) - sizes)
    return means


def _put_together(cut: _Cut, read: Mapping[int, tuple[Window, NDArray[Any]]]) -> Encoded:
    """Windows, by where they start, back into a text, whose logits lie between the worst and the mean of theirs."""
    import numpy as np

    windows = tuple(read[start][0] for start in sorted(read))
    logits = np.array([window.logits for window in windows])
    vector = np.sum([vector for _, vector in read.values()], axis=0)
    words = max(windows[-1].of_token, default=-1) + 1
    return Encoded(
        (logits.max(axis=0) + logits.mean(axis=0)) / 2,
        vector / max(1e-6, float(np.linalg.norm(vector))),
        np.array(cut.spans[:words], dtype=np.int32).reshape(-1, 2),
        windows,
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
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # what waits leaves the core to others
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
