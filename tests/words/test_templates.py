"""No template says a word that has not gone through the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from words.extract import ROOT, TEMPLATES

FILES = sorted({path for pattern in TEMPLATES for path in ROOT.glob(pattern)})
SPOKEN = re.compile(r"""\b(?:aria-label|alt|title|placeholder|value|label)=["']([^"']*[A-Za-z][^"']*)["']""")
TAG = re.compile(r"<[^>]*>", re.DOTALL)
NAMES = {"Gwylio", "Ctrl"}
"""What is called the same in both languages: ourselves, and what stands on a key."""
MACHINE_WORDS = {
    *("true", "false", "elsewhere", "overdue", "mine", "published", "again", "given_up"),
    *("hide", "delete", "native"),
    *("comment", "hand_in", "give_back", "take"),
}
"""Values of hidden fields and options: a form sends them, nobody reads them."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_word_of_a_template_is_translated(path: Path) -> None:
    tokens = Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))
    bare = " ".join(value for _line, kind, value in tokens if kind == "data")
    spoken = {found for found in SPOKEN.findall(bare) if found not in MACHINE_WORDS}
    said = set(re.findall(r"[^\W\d_]{2,}", TAG.sub(" ", bare)))
    assert said - NAMES == set()
    assert spoken == set()


def test_there_are_templates_to_look_at() -> None:
    assert len(FILES) > 5
