"""The encoder reads each comment once, says the same in a batch as alone, and is the one its manifest names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.base import ModelError
from classifiers.encoder import HEADS, ROOM, STRIDE, WINDOW, WINDOWS, Encoder, open_encoder, starts
from classifiers.files import arrays, sha256
from classifiers.weighing import open_lines
from tests.classifiers.factories import scales

SHIPPED = Path(__file__).parents[2] / "classifiers" / "models"
LARGEST = 25_000_000
"""Bytes that may ship, all models together."""


def test_what_ships_is_what_the_manifests_name_and_no_more_than_may_ship() -> None:
    shipped = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in shipped) <= LARGEST
    for folder in {path.parent for path in shipped}:
        named = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        assert {path.name for path in folder.iterdir()} == {*named, "manifest.json", "CARD.md"}
        assert {name: sha256(folder / name) for name in named} == named


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED / "encoder", tmp_path / "encoder"))


@pytest.mark.parametrize("file", ["model.onnx", "heads.npz", "tokenizer.json", "weighing.json", "config.json"])
def test_a_changed_file_is_refused(copy: Path, file: str) -> None:
    with (copy / file).open("ab") as model:
        model.write(b" ")
    with pytest.raises(ModelError, match=rf"encoder/{file} is not the file that encoder/manifest\.json names"):
        open_encoder(copy)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        open_encoder(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        arrays(tmp_path)


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    change(told)
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")


def test_a_model_that_answers_other_questions_is_refused(copy: Path) -> None:
    rewrite(copy, lambda told: told["heads"].reverse())
    with pytest.raises(ModelError, match="answers other questions"):
        open_encoder(copy)


def test_lines_that_are_not_one_a_head_are_refused(copy: Path) -> None:
    lines = json.loads((copy / "weighing.json").read_text(encoding="utf-8"))
    del lines["spam"]
    (copy / "weighing.json").write_text(json.dumps(lines), encoding="utf-8")
    with pytest.raises(ModelError, match=r"weighing\.json cannot be read"):
        open_lines(copy)


@dataclass
class Counting:
    """A session that counts the texts that pass through it."""

    session: Any
    texts: int = 0

    def run(self, wanted: Any, fed: dict[str, Any]) -> Any:
        self.texts += len(fed["input_ids"])
        return self.session.run(wanted, fed)


def test_a_comment_that_several_classifiers_ask_about_passes_through_once() -> None:
    encoder = open_encoder()
    counting = Counting(encoder.session)
    counted = Encoder(encoder.name, encoder.tokenizer, counting, encoder.hidden)
    counted.encode(["Bore da", "Pryd mae'r pwll yn agor?", "Bore da"])
    counted.encode(["Pryd mae'r pwll yn agor?", "Bore da"])
    assert counting.texts == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=120), max_size=6))
def test_a_batch_says_what_its_comments_say_alone(texts: list[str]) -> None:
    encoder = scales().encoder
    fresh = Encoder(encoder.name, encoder.tokenizer, encoder.session, encoder.hidden)
    for text, together in zip(texts, fresh.encode(texts), strict=True):
        [alone] = Encoder(encoder.name, encoder.tokenizer, encoder.session, encoder.hidden).encode([text])
        # In eight bits a batch has one scale: a score differs a little with its neighbours (ADR 12).
        assert 1 / (1 + np.exp(-together.logits)) == pytest.approx(1 / (1 + np.exp(-alone.logits)), abs=0.3)
        assert np.linalg.norm(together.embedding) == pytest.approx(1, abs=1e-3)


@given(st.integers(0, WINDOW * 60))
def test_windows_cover_a_text_to_their_limit_and_each_begins_in_it(length: int) -> None:
    begun = starts(length)
    assert 1 <= len(begun) <= WINDOWS
    seen = {at for start in begun for at in range(start, min(length, start + ROOM))}
    assert seen == set(range(min(length, STRIDE * (WINDOWS - 1) + ROOM)))


@pytest.mark.parametrize("times", [1, 5, 30])
def test_every_word_has_its_gain_once_in_a_short_text_and_a_long_one(times: int) -> None:
    text = "You pathetic idiot, when is my bin collected " * times
    encoder = scales().encoder
    [encoded] = encoder.encode([text])
    words = encoder.words(text, encoded)
    assert " ".join(words) == "you pathetic idiot , when is my bin collected " * (times - 1) + (
        "you pathetic idiot , when is my bin collected"
    )
    assert encoder.gains(encoded).shape == (len(words), len(HEADS))


def test_nothing_has_no_words() -> None:
    encoder = scales().encoder
    [encoded] = encoder.encode([""])
    assert encoder.gains(encoded).shape == (0, len(HEADS))
