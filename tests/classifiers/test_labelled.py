"""Sets that measure are read as they are written, and a damaged one is named with its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from classifiers.labelled import OFFENSIVE, WELSH_REPLY, LabelledError, sets_in, threads

THREAD = """\
# Biniau dros y Pasg / Easter bins
cy Pryd maen nhw'n dod 'te? [needs_response]
> When are they coming then?
en you lot are rats [hate]

mixed Diolch yn fawr iawn, see you Monday mate []
"""


def test_a_thread_is_read_with_its_renderings_and_what_a_label_implies(tmp_path: Path) -> None:
    (tmp_path / "pasg.txt").write_text(THREAD, encoding="utf-8")
    [(name, rows)] = sets_in(tmp_path)
    assert name == "pasg"
    assert [(row.language, row.rendering, row.group) for row in rows] == [
        ("cy", "When are they coming then?", "pasg:1"),
        ("en", "", "pasg:1"),
        ("mixed", "", "pasg:1"),
    ]
    assert [label for label, said in rows[1].answers.items() if said] == ["abuse", "hate", OFFENSIVE]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("> a rendering first", r"a\.txt:1: a rendering that follows no comment"),
        ("# post\ncy Helo", r"a\.txt:2: neither a post, a comment nor a rendering"),
        ("# post\ncy Helo [rude]", r"a\.txt:2: no such label: rude"),
    ],
)
def test_a_line_that_is_none_of_it_is_named(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(LabelledError, match=fault):
        list(threads(tmp_path / "a.txt"))


def test_a_table_answers_what_it_has_columns_for_and_what_was_learnt_from_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("text,lang,needs_welsh_reply\nHelo,cy,1\n", encoding="utf-8")
    (tmp_path / "other.csv").write_text("name\nx\n", encoding="utf-8")
    (tmp_path / "suite.tsv").write_text(
        "function\tlanguage\ttext\tlabels\nplain\ten\tYou idiot\tabuse\n", encoding="utf-8"
    )
    with gzip.open(tmp_path / "open.csv.gz", "wt", encoding="utf-8") as out:
        out.write("text,label_offensive\nhello,0\n")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "learnt.csv").write_text("text,label_offensive\nhello,0\n", encoding="utf-8")
    found = dict(sets_in(tmp_path))
    assert sorted(found) == ["open", "some", "suite"]
    assert dict(found["some"][0].answers) == {WELSH_REPLY: True}
    assert dict(found["open"][0].answers) == {OFFENSIVE: False}
    assert found["suite"][0].answers["abuse"]
    assert found["suite"][0].group == "plain"


def test_a_set_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(LabelledError, match=r"bad\.csv\.gz cannot be read"):
        list(sets_in(tmp_path))
