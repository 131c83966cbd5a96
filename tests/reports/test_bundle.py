"""Evidence leaves the house whole: every wording, what the platform gave, the files, and a hash of each, on record."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import bundle
from store import audit
from tests.web.world import A_PNG, Site, make_council, open_site

ABUSE = "Twll dy din di, 07700 900123 🙂 مرحبا #eval(panic) *not bold*"


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("council")
    make_council(folder)
    return folder


@pytest.fixture
def site(council: Path, tmp_path: Path) -> Site:
    return open_site(council, tmp_path)


def made(site: Site, case: int, language: str = "en") -> dict[str, bytes]:
    visitor = site.visitor("catrin")
    answer = visitor.fill(f"/{language}/cases/{case}", "bundle")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        return {name: held.read(name) for name in held.namelist()}


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_bundle_holds_the_words_the_files_and_their_hashes(site: Site, language: str) -> None:
    case = site.said(ABUSE)
    site.shown(1, "llun.png", A_PNG)
    parts = made(site, case, language)
    assert parts["comments/1-1.txt"].decode() == ABUSE
    assert parts["evidence/1-1-llun.png"] == A_PNG
    assert parts["bundle.pdf"].startswith(b"%PDF")
    sums = parts.pop("SHA256SUMS").decode().splitlines()
    assert set(sums) == {f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in parts.items()}


def test_that_it_was_made_and_with_which_hash_is_on_the_trail(site: Site) -> None:
    case = site.said(ABUSE)
    visitor = site.visitor("catrin")
    answer = visitor.fill(f"/en/cases/{case}", "bundle")
    with site.store.read() as session:
        row = [row for row in audit.rows(session) if row["action"] == "case.bundled"][-1]
    assert row["actor"] == "catrin"
    assert row["after"]["sha256"] == hashlib.sha256(answer.content).hexdigest()


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_whatever_was_written_can_be_shown_and_nothing_of_it_is_markup(text: str) -> None:
    shown = bundle.shown(text)
    assert all(sign in shown for sign in text if sign.isascii() and sign.isprintable())


@pytest.mark.parametrize("text", ["🙂", "مرحبا", "\u202e", "ŵŷâ", "#panic()", "\x00", "a\u0301", "Ж α €"])
def test_the_pdf_takes_it(text: str) -> None:
    told = {
        "language": "cy", "reference": "GW-2026-000001", "body": "Cyngor", "title": "Tystiolaeth", "facts": [],
        "files": "", "incidents": [bundle.shown(text)], "incidents_title": "D", "about_title": "A", "about": "a",
        "comments": [
            {"title": "Sylw", "language": "cy", "facts": [["a", bundle.shown(text)]], "files": [], "revisions": [
                {"title": "r", "text": bundle.shown(text), "facts": []}]}
        ],
    }  # fmt: skip
    assert bundle.pdf(told).startswith(b"%PDF")
