"""From the trained network to the folder that ships: ONNX in int8, tokenizer, configuration, the heads apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from classifiers.training.network import Network

ATTENTION = 12
OPSET = 18


class _Shown(nn.Module):  # type: ignore[misc]
    """The network with the states of its tokens beside the answers."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states = self.network.trunk(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1)
        logits = self.network.heads(nn.functional.gelu(self.network.hidden(mean), approximate="tanh"))
        embedding = nn.functional.normalize(self.network.project(mean), dim=-1)
        return logits, embedding, states


def export(network: Network, tokenizer: Path, out: Path) -> None:
    """Writes model.onnx, heads.npz, config.json and the tokenizer's files to `out`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    out.mkdir(parents=True, exist_ok=True)
    whole, ready = out / "whole.onnx", out / "ready.onnx"
    shown = _Shown(network).eval()
    ids = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])
    mask = (ids > 0).long()
    torch.onnx.export(
        shown,
        (ids, mask),
        str(whole),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits", "embedding", "states"],
        dynamic_axes={
            "input_ids": {0: "texts", 1: "tokens"},
            "attention_mask": {0: "texts", 1: "tokens"},
            "logits": {0: "texts"},
            "embedding": {0: "texts"},
            "states": {0: "texts", 1: "tokens"},
        },
        opset_version=OPSET,
        dynamo=False,
    )
    shown.eval()  # the exporter leaves a module in training mode
    quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
    quantize_dynamic(
        str(ready),
        str(out / "model.onnx"),
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather", "Gemm"],
        nodes_to_exclude=_kept_whole(ready),
        extra_options={"MatMulConstBOnly": True},
    )
    whole.unlink()
    ready.unlink()
    np.savez_compressed(
        out / "heads.npz",
        hidden=network.hidden.weight.detach().numpy().astype(np.float16),
        bias=network.hidden.bias.detach().numpy().astype(np.float16),
        heads=network.heads.weight.detach().numpy().astype(np.float16),
        constant=network.heads.bias.detach().numpy().astype(np.float16),
    )
    config: dict[str, Any] = network.trunk.config.to_dict()
    kept = ("model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
    (out / "config.json").write_text(json.dumps({key: config[key] for key in kept}, indent=2) + "\n", encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / name, out / name)


def _kept_whole(model: Path) -> list[str]:
    """The nodes of the last two layers: they are small, and a score hangs on them."""
    import onnx

    graph = onnx.load(str(model)).graph
    return [node.name for node in graph.node if node.name.startswith(("/network/heads", "/network/hidden"))]
