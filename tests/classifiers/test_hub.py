"""A model of the operator's choosing speaks beside the panel: in our words, never alone, and never from pickle."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import opening
import settings
from classifiers.base import ModelError
from classifiers.hub import BATCH, FLOOR, Hub, open_model
from classifiers.panel import Panel
from settings import HubModel
from tests.classifiers.factories import a_reading
from toml_file import FileError
from vocabulary import Finding, Label, Reading
from words import say

INSTALLED = all(importlib.util.find_spec(name) for name in ("huggingface_hub", "torch", "transformers"))
with_the_extra = pytest.mark.skipif(not INSTALLED, reason="the extra `hub` is not installed")
without_the_extra = pytest.mark.skipif(INSTALLED, reason="the extra `hub` is installed")

OWN = ("offensive", "not-offensive", "LABEL_2")


@dataclass
class Written:
    """Answers a text with the numbers written in it, one for each label."""

    asked: list[list[str]] = field(default_factory=list)

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self.asked.append(list(texts))
        return [[float(number) for number in text.split()] for text in texts]


@dataclass(frozen=True)
class Shipped:
    """A classifier that always sees abuse, as surely as it is told."""

    score: float
    name: str = "shipped/1"

    def read(self, readings: Sequence[Reading]) -> Sequence[tuple[Finding, ...]]:
        return [(Finding(about=Label.ABUSE, score=self.score, why=(), classifier=self.name),) for _ in readings]


def a_hub(labels: Mapping[str, Label], own: Sequence[str] = OWN) -> Hub:
    return Hub("enghraifft/tramgwydd", "0123456789ab", own, labels, Written())


MEANINGS: list[tuple[dict[str, Label], str, dict[Label, float]]] = [
    ({"offensive": Label.ABUSE},                           "0.8 0.1 0.1",       {Label.ABUSE: 0.8}),
    ({"LABEL_2": Label.THREAT},                            "0.8 0.1 0.1",       {Label.THREAT: 0.1}),
    ({"offensive": Label.ABUSE, "LABEL_2": Label.HATE},    "0.5 0.1 0.4",       {Label.ABUSE: 0.5, Label.HATE: 0.4}),
    ({"offensive": Label.ABUSE, "LABEL_2": Label.ABUSE},   "0.3 0.1 0.6",       {Label.ABUSE: 0.6}),
    ({"offensive": Label.ABUSE, "LABEL_2": Label.ABUSE},   "0.6 0.1 0.3",       {Label.ABUSE: 0.6}),
    ({"offensive": Label.ABUSE},                           f"{FLOOR} 0.9 0.0",  {Label.ABUSE: FLOOR}),
    ({"offensive": Label.ABUSE},                           "0.0099 0.9 0.0",    {}),
    ({"offensive": Label.ABUSE, "not-offensive": Label.NEGATIVE}, "0 0 0",      {}),
    ({},                                                   "1 1 1",             {}),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "answer", "heard"), MEANINGS)
def test_the_models_labels_are_heard_as_ours_the_surest_of_several(
    labels: dict[str, Label], answer: str, heard: dict[Label, float]
) -> None:
    [findings] = a_hub(labels).read([a_reading(answer)])
    assert {finding.about: finding.score for finding in findings} == heard


def test_a_finding_says_which_model_said_what_in_both_languages() -> None:
    labels = {"offensive": Label.ABUSE, "LABEL_2": Label.ABUSE}
    [[finding]] = a_hub(labels).read([a_reading("0.2 0.1 0.7")])
    assert finding.classifier == "hub:enghraifft/tramgwydd@0123456789ab/1"
    assert [say(reason, "en") for reason in finding.why] == ["the model enghraifft/tramgwydd says LABEL_2"]
    assert [say(reason, "cy") for reason in finding.why] == ["mae'r model enghraifft/tramgwydd yn dweud LABEL_2"]


def test_comments_of_like_length_are_read_together_and_answered_in_their_own_order() -> None:
    answers = [(7 * at) % 100 / 100 for at in range(2 * BATCH + 5)]
    texts = [f"{answer:.2f}{'0' * (at % 9)} 0 0" for at, answer in enumerate(answers)]
    written = Written()
    findings = Hub("m", "v", OWN, {"offensive": Label.ABUSE}, written).read([a_reading(text) for text in texts])

    assert [each[0].score if each else 0.0 for each in findings] == answers
    assert [len(batch) for batch in written.asked] == [BATCH, BATCH, 5]
    assert [len(text) for batch in written.asked for text in batch] == sorted(map(len, texts))


def test_no_comments_are_not_asked_about() -> None:
    written = Written()
    assert Hub("m", "v", OWN, {"offensive": Label.ABUSE}, written).read([]) == []
    assert written.asked == []


def test_a_label_the_model_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(ModelError, match=r"no label OFFENSIVE, rude; its own are offensive, not-offensive, LABEL_2:"):
        a_hub({"OFFENSIVE": Label.ABUSE, "rude": Label.ABUSE, "LABEL_2": Label.HATE})


@pytest.mark.parametrize("answer", ["nan 0 0", "1.5 0 0", "-0.1 0 0"])
def test_an_answer_that_is_no_probability_is_silence_and_not_a_clean_bill(answer: str) -> None:
    clear, broken = Panel([a_hub({"offensive": Label.ABUSE})]).read([a_reading("0 1 0"), a_reading(answer)])
    assert clear.silent == ()
    assert broken.silent == ("hub:enghraifft/tramgwydd@0123456789ab/1",)


@pytest.mark.parametrize(("shipped", "hub", "believed"), [(0.2, 0.9, 0.9), (0.9, 0.2, 0.9), (0.4, 0.0, 0.4)])
def test_it_can_raise_a_flag_of_the_panel_and_never_lower_one(shipped: float, hub: float, believed: float) -> None:
    panel = Panel([Shipped(shipped), a_hub({"offensive": Label.ABUSE})])
    [opinion] = panel.read([a_reading(f"{hub} 0 0")])
    assert opinion.score(Label.ABUSE) == opinion.offensive == believed


@without_the_extra
def test_without_the_extra_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    folder = save_graph(tmp_path / "bychan")
    (folder / "model.onnx").rename(folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"not there as ONNX and needs .* \.venv/bin/pip install -e '\.\[hub\]'"):
        open_model(str(folder), {"offensive": Label.ABUSE})


def test_the_check_of_an_installation_says_that_its_model_cannot_be_opened(tmp_path: Path) -> None:
    assert any("the model enghraifft/tramgwydd is not on this machine" in problem for problem in problems(tmp_path))


CONFIGURATION = """\
state_dir = "{state}"

[classifiers.offensive]
model = "enghraifft/tramgwydd"
{more}
[classifiers.offensive.labels]
offensive = "abuse"
"{own}" = "{ours}"
"""


def configured(folder: Path, more: str = "", own: str = "LABEL_2", ours: str = "hate") -> Path:
    file = folder / "gwylio.toml"
    file.write_text(CONFIGURATION.format(state=folder, more=more, own=own, ours=ours), encoding="utf-8")
    return file


def problems(folder: Path) -> list[str]:
    file = configured(folder)
    settings.make_key_file(settings.load(file).key_file)
    return list(opening.problems(file))


def test_the_model_its_revision_and_its_labels_are_read_from_the_file(tmp_path: Path) -> None:
    assert settings.load(configured(tmp_path, 'revision = "v2"')).classifiers.offensive == HubModel(
        model="enghraifft/tramgwydd",
        revision="v2",
        allow_download=False,
        labels={"offensive": Label.ABUSE, "LABEL_2": Label.HATE},
    )


def test_everything_wrong_with_the_table_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        settings.load(configured(tmp_path, "revison = 2\nallow_download = 3", ours="rude"))
    said = [(problem.line, problem.key) for problem in caught.value.problems]
    assert said == [
        (5, "classifiers.offensive.revison"),
        (6, "classifiers.offensive.allow_download"),
        (9, "classifiers.offensive.labels.LABEL_2"),
    ]
    assert "did you mean revision?" in str(caught.value)


def test_a_model_whose_labels_mean_nothing_to_us_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text('[classifiers.offensive]\nmodel = "enghraifft/tramgwydd"\nlabels = {}\n', encoding="utf-8")
    with pytest.raises(FileError, match=r"gwylio\.toml:3: classifiers\.offensive\.labels: must have at least 1"):
        settings.load(file)


WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bore", "da", "pryd", "mae", "biniau", "the", "bin", "##s")
LABELS = ("fine", "offensive")


def save_tiny(folder: Path, *, head: bool = True, pickled: bool = False, **over: Any) -> Path:
    """A BERT with one layer and random weights, its tokenizer beside it."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    sizes: dict[str, Any] = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    config = BertConfig(
        vocab_size=len(WORDS), max_position_embeddings=40, id2label=dict(enumerate(LABELS)), **sizes, **over
    )
    torch.manual_seed(20)
    model = BertForSequenceClassification(config) if head else BertModel(config)
    model.save_pretrained(folder)
    if pickled:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


def save_graph(folder: Path, **over: Any) -> Path:
    """An ONNX model that knows only how many words a text has, and a tokenizer of ours beside it."""
    import onnx
    from onnx import TensorProto, helper
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    folder.mkdir()
    words = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", model_max_length=20
    ).save_pretrained(folder)
    config = {"model_type": "bert", "id2label": dict(enumerate(LABELS)), "label2id": {}, **over}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["mask", "axis"], ["count"], keepdims=1),
            helper.make_node("Neg", ["count"], ["fewer"]),
            helper.make_node("Concat", ["fewer", "count"], ["logits"], axis=1),
        ],
        "counting",
        [helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["texts", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 2])],
        [helper.make_tensor("axis", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.save(model, str(folder / "model.onnx"))
    return folder


def test_a_model_that_is_there_as_onnx_runs_without_torch(tmp_path: Path) -> None:
    hub = open_model(str(save_graph(tmp_path / "bychan")), {"offensive": Label.ABUSE})
    short, long = hub.read([a_reading("da"), a_reading("bore da pryd mae biniau")])
    assert hub.name.startswith("hub:bychan@")
    assert short[0].score == pytest.approx(1 / (1 + 2.718281828**-2), abs=1e-3)
    assert long[0].score > short[0].score


def test_a_graph_whose_labels_are_questions_apart_is_read_so(tmp_path: Path) -> None:
    folder = save_graph(tmp_path / "bychan", problem_type="multi_label_classification")
    [found] = open_model(str(folder), {"offensive": Label.ABUSE, "fine": Label.NEGATIVE}).read([a_reading("da")])
    assert [finding.score for finding in found] == pytest.approx([0.2689, 0.7311], abs=1e-3)


def test_a_graph_that_is_damaged_is_refused(tmp_path: Path) -> None:
    folder = save_graph(tmp_path / "bychan")
    (folder / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="bychan cannot be opened"):
        open_model(str(folder), {"offensive": Label.ABUSE})


@with_the_extra
def test_a_model_in_a_folder_reads_comments_without_a_network(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bychan")
    hub = open_model(str(folder), {"offensive": Label.ABUSE, "fine": Label.NEGATIVE})
    short, long = a_reading("Bore da"), a_reading("Pryd mae'r biniau? " * 500)

    findings = hub.read([long, short, a_reading("")])
    assert hub.name.startswith("hub:bychan@")
    assert str(tmp_path) not in hub.name
    for each in findings:
        assert {finding.about for finding in each} == {Label.ABUSE, Label.NEGATIVE}
        assert sum(finding.score for finding in each) == pytest.approx(1, abs=0.001)
    assert hub.read([short])[0][0].score == pytest.approx(findings[1][0].score, abs=0.001)


@with_the_extra
def test_a_model_whose_labels_are_questions_apart_answers_each_alone(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bychan", problem_type="multi_label_classification")
    [findings] = open_model(str(folder), {"offensive": Label.ABUSE, "fine": Label.NEGATIVE}).read([a_reading("da")])
    assert sum(finding.score for finding in findings) != pytest.approx(1, abs=0.001)


@with_the_extra
def test_another_model_in_the_same_folder_has_another_name(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "bychan")
    before = open_model(str(folder), {"offensive": Label.ABUSE}).name
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"problem_type": "multi_label_classification"}))
    assert open_model(str(folder), {"offensive": Label.ABUSE}).name != before


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"head": False},                {},                                    "lacks a classification head"),
    ({"pickled": True},              {},                                    "nor a safetensors file"),
    ({"problem_type": "regression"}, {},                                    "answers with amounts"),
    ({},                             {"revision": "v2"},                    "is a folder, which has no revision"),
    ({},                             {"labels": {"LABEL_1": Label.ABUSE}},  "its own are fine, offensive"),
]  # fmt: skip


@with_the_extra
@pytest.mark.parametrize(("saved", "asked", "reason"), REFUSED)
def test_a_model_we_cannot_trust_or_understand_is_refused_by_name(
    tmp_path: Path, saved: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    folder = save_tiny(tmp_path / "bychan", **saved)
    with pytest.raises(ModelError, match=f"bychan.*{reason}"):
        open_model(str(folder), **{"labels": {"offensive": Label.ABUSE}, **asked})


@with_the_extra
@pytest.mark.parametrize("name", ["enghraifft/not-fetched", "no/such/folder", "/nowhere"])
def test_a_model_that_is_not_here_is_not_looked_for_elsewhere(name: str) -> None:
    with pytest.raises(ModelError, match=f"the model {name} is not on this machine"):
        open_model(name, {"offensive": Label.ABUSE})


@with_the_extra
def test_the_check_of_an_installation_says_that_its_model_is_not_here(tmp_path: Path) -> None:
    assert any("enghraifft/tramgwydd is not on this machine" in problem for problem in problems(tmp_path))
