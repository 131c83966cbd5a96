"""Any sequence-classification model by name, as one more classifier of the panel.

It can raise a flag and never lower one: the panel believes the surest finding about a label, so
what this model does not see the others still say.  Weights come from safetensors only, never from
pickle, and no code that travels with a model is run.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
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
WANTED = ("*.json", "*.txt", "*.model", "*.safetensors")
"""What is fetched and fingerprinted: settings, vocabularies and weights."""


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
                f"its own are {_listed(self.own)}: put these in [hub.labels]"
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
    `revision` is a commit, a branch or a tag, of a model by name only.  A model that opens is shown
    two texts before it is believed.

    Raises:
        ModelError: the extra `hub` is not installed, there is no such model, it cannot be used, or `labels`
            names a label that it does not have.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(
            f"the model {name} needs the extra `hub`, which is not installed: .venv/bin/pip install -e '.[hub]'"
        ) from error
    place = Path(name).expanduser()
    if place.is_dir():
        if revision:
            raise ModelError(f"{name} is a folder, which has no revision; take `revision` out of [hub]")
        folder, model, version = place, place.resolve().name, _fingerprint(place)
    else:
        folder = _fetched(name, revision, allow_download=allow_download)
        model, version = name, folder.name[:12]
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"the model {name} has no safetensors file, and other weights are never read; "
            "name a revision that has one, or save the model again with save_pretrained"
        )
    chatter: Any = transformers.logging
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    safely = dict(local_files_only=True, trust_remote_code=False)
    try:
        encoder, told = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **safely
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safely)
    except Exception as error:
        raise ModelError(f"the model {name} cannot be opened ({_first_line(error)})") from error
    # transformers fills what a file lacks with random numbers, and says so in passing.
    if told["missing_keys"] or told["mismatched_keys"]:
        raise ModelError(f"the model {name} was not trained to classify: it lacks a classification head")
    config = encoder.config
    if config.problem_type == "regression":
        raise ModelError(f"the model {name} answers with amounts, not with probabilities of labels")
    scores = _Torch(
        tokenizer,
        encoder.eval(),
        longest=_longest(tokenizer.model_max_length, getattr(config, "max_position_embeddings", None)),
        apart=config.problem_type == "multi_label_classification" or config.num_labels == 1,
    )
    try:
        scores(("", "Bore da / Good morning " * LONGEST))
    except Exception as error:
        raise ModelError(f"the model {name} cannot read a comment ({_first_line(error)})") from error
    return Hub(model, version, tuple(config.id2label[at] for at in sorted(config.id2label)), labels, scores)


@dataclass(frozen=True, slots=True)
class _Torch:
    """The model under torch.  `apart` says that its labels are questions apart, not alternatives."""

    tokenizer: Any
    model: Any
    longest: int
    apart: bool
    # A tokenizer that two threads use at once says "Already borrowed".
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        import torch

        with self.one_at_a_time, torch.inference_mode():
            tokens = self.tokenizer(
                list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
            )
            logits = self.model(**tokens).logits
            chances: Sequence[Sequence[float]] = (logits.sigmoid() if self.apart else logits.softmax(dim=-1)).tolist()
        return chances


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
                ignore_patterns=["*/*"],
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
            "or set allow_download = true in [hub] and run `gwylio check`"
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
