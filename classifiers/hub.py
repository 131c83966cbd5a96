"""Any sequence-classification model by name, as one more classifier of the panel.

It can raise a flag and never lower one: the panel believes the surest finding about a label, so
what this model does not see the others still say.  It runs under onnxruntime where it is there as
ONNX, else under torch (the extra `hub`).  Weights come from ONNX or safetensors only, never from
pickle, and no code that travels with a model is run.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from classifiers.base import ModelError
from vocabulary import Finding, Label, Reading, Reason

FLOOR = 0.01
"""Below this a model has said nothing."""
BATCH = 32
LONGEST = 512
"""Tokens of one comment that are read; what comes after is not."""
WANTED = ("*.json", "*.txt", "*.model", "*.safetensors", "model.onnx", "onnx/model.onnx")
"""What is fetched and fingerprinted: settings, vocabularies and weights."""
GRAPHS = ("model.onnx", "onnx/model.onnx")
"""Where a model that is there as ONNX has its graph."""


class Probabilities(Protocol):
    """The one call we make on a model."""

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One row a text, in order; in it one probability for each of the model's own labels, in their order."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A model and what its labels mean to us.

    `own` are the model's labels as it names them.  Those that `labels` leaves out are not heard;
    of several that mean one of ours, the surest speaks.

    Raises:
        ModelError: `labels` names one that the model does not have.
    """

    model: str
    version: str
    own: Sequence[str]
    labels: Mapping[str, Label]
    probabilities: Probabilities

    def __post_init__(self) -> None:
        unknown = [label for label in self.labels if label not in self.own]
        if unknown:
            raise ModelError(
                f"the model {self.model} has no label {_listed(unknown)}; "
                f"its own are {_listed(self.own)}: put these in its table `labels`"
            )

    @property
    def name(self) -> str:
        return f"hub:{self.model}@{self.version}/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        """Comments of like length are read together, as the longest of a batch sets its price."""
        texts = [reading.comment.text for reading in readings]
        by_length = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        answers: list[tuple[Finding, ...]] = [()] * len(texts)
        for start in range(0, len(by_length), BATCH):
            places = by_length[start : start + BATCH]
            rows = self.probabilities([texts[at] for at in places])
            for at, row in zip(places, rows, strict=True):
                answers[at] = tuple(self._findings(row))
        return answers

    def _findings(self, row: Sequence[float]) -> Iterator[Finding]:
        surest: dict[Label, tuple[float, str]] = {}
        for own, score in zip(self.own, row, strict=True):
            if not 0 <= score <= 1:
                raise ModelError(f"the model {self.model} answered {score}, which is no probability")
            if label := self.labels.get(own):
                surest[label] = max(surest.get(label, (0.0, "")), (score, own))
        for label, (score, own) in surest.items():
            if score >= FLOOR:
                why = Reason("the model {model} says {label}", {"model": self.model, "label": own})
                yield Finding(about=label, score=round(score, 4), why=(why,), classifier=self.name)


def open_model(
    name: str, labels: Mapping[str, Label], *, revision: str | None = None, allow_download: bool = False
) -> Hub:
    """The model in the folder `name`, or the one of that name that was fetched from Hugging Face before.

    Nothing leaves this machine unless `allow_download` is set; then what is missing is fetched.
    `revision` is a commit, a branch or a tag, of a model by name only.  One that is there as ONNX runs under
    onnxruntime, any other under torch.  A model that opens is shown two texts before it is believed.

    Raises:
        ModelError: there is no such model, it cannot be used, it needs the extra `hub`, which is not installed,
            or `labels` names a label that it does not have.
    """
    import os

    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    import transformers

    place = Path(name).expanduser()
    if place.is_dir():
        if revision:
            raise ModelError(f"{name} is a folder, which has no revision; take `revision` out of its table")
        folder, model, version = place, place.resolve().name, _fingerprint(place)
    else:
        folder = _fetched(name, revision, allow_download=allow_download)
        model, version = name, folder.name[:12]
    graph = next((folder / file for file in GRAPHS if (folder / file).is_file()), None)
    if graph is None and not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"the model {name} has neither an ONNX nor a safetensors file, and other weights are never read; "
            "name a revision that has one, or save the model again with save_pretrained"
        )
    chatter: Any = transformers.logging
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    safely = dict(local_files_only=True, trust_remote_code=False)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **safely)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safely)
    except Exception as error:
        raise ModelError(f"the model {name} cannot be opened ({_first_line(error)})") from error
    if config.problem_type == "regression":
        raise ModelError(f"the model {name} answers with amounts, not with probabilities of labels")
    scores = _Read(
        tokenizer,
        _onnx(name, graph) if graph else _torch(name, folder, safely),
        longest=_longest(tokenizer.model_max_length, getattr(config, "max_position_embeddings", None)),
        apart=config.problem_type == "multi_label_classification" or config.num_labels == 1,
    )
    try:
        tried = scores(("", "Bore da / Good morning " * LONGEST))
    except Exception as error:
        raise ModelError(f"the model {name} cannot read a comment ({_first_line(error)})") from error
    if any(len(row) != config.num_labels for row in tried):
        raise ModelError(f"the model {name} does not answer with one number for each of its labels")
    return Hub(model, version, tuple(config.id2label[at] for at in sorted(config.id2label)), labels, scores)


Logits = Callable[[Mapping[str, Any]], Any]
"""The tokenizer's arrays in; one row of logits a text out, as an array."""


def _onnx(name: str, graph: Path) -> Logits:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"the model {name} cannot be opened ({_first_line(error)})") from error
    wanted = {each.name for each in session.get_inputs()}

    def logits(tokens: Mapping[str, Any]) -> Any:
        return session.run(None, {key: value for key, value in tokens.items() if key in wanted})[0]

    return logits


def _torch(name: str, folder: Path, safely: Mapping[str, Any]) -> Logits:
    try:
        import torch
    except ImportError as error:
        raise ModelError(
            f"the model {name} is not there as ONNX and needs the extra `hub`, which is not installed: "
            ".venv/bin/pip install -e '.[hub]'"
        ) from error
    import transformers

    try:
        model, told = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **safely
        )
    except Exception as error:
        raise ModelError(f"the model {name} cannot be opened ({_first_line(error)})") from error
    # transformers fills what a file lacks with random numbers, and says so in passing.
    if told["missing_keys"] or told["mismatched_keys"]:
        raise ModelError(f"the model {name} was not trained to classify: it lacks a classification head")
    model.eval()

    def logits(tokens: Mapping[str, Any]) -> Any:
        with torch.inference_mode():
            return model(**{key: torch.from_numpy(value) for key, value in tokens.items()}).logits.numpy()

    return logits


@dataclass(frozen=True, slots=True)
class _Read:
    """A tokenizer and what runs the model.  `apart` says that its labels are questions apart, not alternatives."""

    tokenizer: Any
    logits: Logits
    longest: int
    apart: bool
    # A tokenizer that two threads use at once says "Already borrowed".
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        import numpy as np

        with self.one_at_a_time:
            tokens = self.tokenizer(
                list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="np"
            )
            raw = np.asarray(self.logits(tokens), dtype=np.float64)
        if self.apart:
            chances = 1 / (1 + np.exp(-np.clip(raw, -60, 60)))
        else:
            grown = np.exp(raw - raw.max(axis=1, keepdims=True))
            chances = grown / grown.sum(axis=1, keepdims=True)
        told: Sequence[Sequence[float]] = chances.tolist()
        return told


def _fetched(name: str, revision: str | None, *, allow_download: bool) -> Path:
    """The folder of a model by name, called after its commit."""
    from huggingface_hub import snapshot_download

    wanted = f"{name} at revision {revision}" if revision else name
    try:
        return Path(
            snapshot_download(
                name,
                revision=revision,
                local_files_only=not allow_download,
                allow_patterns=list(WANTED),
            )
        )
    except Exception as error:
        if allow_download:
            raise ModelError(
                f"the model {wanted} could not be fetched ({_first_line(error)}): "
                "is its name right, is it public, can this machine reach the hub?"
            ) from error
        raise ModelError(
            f"the model {wanted} is not on this machine: name a folder that holds it, "
            "or set allow_download = true in its table and run `gwylio check`"
        ) from error


def _fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits that change when the model does."""
    told = hashlib.sha256()
    for path in sorted(path for pattern in WANTED for path in folder.glob(pattern)):
        with path.open("rb") as file:
            told.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return told.hexdigest()[:12]


def _longest(says: int, positions: int | None) -> int:
    """Tokens a text may have.  Some tokenizers say 10**30; RoBERTa keeps two of its positions for itself."""
    return min(says, positions - 2 if positions and positions > 2 else LONGEST, LONGEST)


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels)


def _first_line(error: Exception) -> str:
    said = str(error).strip().partition("\n")[0][:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
