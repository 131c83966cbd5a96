"""Files an unlucky operator has: whatever stands in them, a sentence says what to do, and nothing is lost by it."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import opening
import pipeline
import settings as configuration
import toml_file
from collectors.import_file import BadRow, UnreadableFile, read_comments
from simulator import faults
from simulator.faults import FaultsError
from store import audit
from store.database import Store
from tests.town import NINE, Town, town

GOOD: dict[str, object] = {"id": "9", "text": "Pryd mae'r biniau?", "posted_at": "2026-11-01T09:00:00Z"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path / "town") as made:
        yield made


def lines(folder: Path, *rows: dict[str, object]) -> Path:
    file = folder / "comments.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
    return file


BAD: dict[str, dict[str, object]] = {
    "half a character in an id": {"id": "\ud800"},
    "a NUL in an id": {"id": "1\0"},
    "an id as long as a book": {"id": "9" * 4_000},
    "half a character in an author": {"author": "\udfff"},
    "a line break in a thread": {"thread": "1\n2"},
    "the end of time": {"posted_at": "9999-12-31T23:00:00-14:00"},
    "before time": {"posted_at": "0001-01-01T00:00:00+14:00"},
    "no zone": {"posted_at": "2026-11-01T09:00:00"},
    "a number that is no time": {"posted_at": 10**18},
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD)
def test_a_row_that_no_database_keeps_is_reported_and_the_good_ones_are_kept(
    place: Town, tmp_path: Path, wrong: dict[str, object]
) -> None:
    file = lines(tmp_path, GOOD | {"id": "8"}, GOOD | wrong, GOOD)
    told = pipeline.bring_in(place.here, file, "dyffryn-fb", history=False, open_since=None, now=NINE)
    assert (told.new, told.bad) == (2, 1)
    assert told.first_bad[0][0] == 2
    assert len(told.beside.read_text(encoding="utf-8").splitlines()) == 1


def test_names_and_words_that_no_database_keeps_are_made_fit(place: Town, tmp_path: Path) -> None:
    strange = {
        "text": "y biniau \ud800\0",
        "author": "a",
        "author_name": "Mair\ud800\0\u202e",
        "url": "javascript:\udfff",
    }
    told = pipeline.bring_in(
        place.here, lines(tmp_path, GOOD | strange), "dyffryn-fb", history=False, open_since=None, now=NINE
    )
    assert (told.new, told.bad) == (1, 0)


def test_a_time_yet_to_come_is_taken_for_now(place: Town, tmp_path: Path) -> None:
    file = lines(tmp_path, GOOD | {"posted_at": "2066-11-01T09:00:00Z"})
    pipeline.bring_in(place.here, file, "dyffryn-fb", history=False, open_since=None, now=NINE)
    (comment,) = place.comments()
    assert comment.posted_at == NINE


def test_where_bad_rows_cannot_be_written_the_import_says_so(place: Town, tmp_path: Path) -> None:
    file = lines(tmp_path, GOOD, {"id": "1"})
    (tmp_path / "comments.jsonl.bad.jsonl").mkdir()
    with pytest.raises(UnreadableFile, match="make room for it"):
        pipeline.bring_in(place.here, file, "dyffryn-fb", history=False, open_since=None, now=NINE)


@pytest.mark.parametrize("path", [Path(), Path("/"), Path("nowhere.csv"), Path("/dev/null")])
def test_what_is_no_file_of_comments_is_refused_in_words(place: Town, path: Path) -> None:
    with pytest.raises(UnreadableFile):
        pipeline.bring_in(place.here, path, "dyffryn-fb", history=False, open_since=None, now=NINE)


WRITTEN: dict[str, tuple[bytes, str]] = {
    "a mark never closed": (b'id,text,posted_at\n1,"hi,2026-11-01T00:00:00Z\n', "quotation marks"),
    "a line of ten megabytes": (b"id,text,posted_at\n1," + b"a" * 10_000_000 + b",x\n", "too long"),
    "a NUL in an id": (b"id,text,posted_at\n1\0,hi,2026-11-01T00:00:00Z\n", "no id has"),
}


@pytest.mark.parametrize(("written", "says"), WRITTEN.values(), ids=WRITTEN)
def test_a_damaged_row_of_a_table_is_a_bad_row(tmp_path: Path, written: bytes, says: str) -> None:
    file = tmp_path / "comments.csv"
    file.write_bytes(written + b"9,iawn,2026-11-01T09:00:00Z\n")
    rows = list(read_comments(file, account="a"))
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert bad
    assert says in bad[0].reason


@pytest.mark.parametrize(
    "written",
    [
        "id,text,posted_at\n1,hi,2026-11-01T00:00:00Z\n".encode("utf-16"),
        "id,text,posted_at\n1,tô,2026-11-01T00:00:00Z\n".encode("latin-1"),
        b"",
        b"[]",
        b"\xff\xfe",
        b"name,words\n1,2\n",
    ],
)
def test_a_file_that_is_wrong_as_a_whole_brings_in_nothing(tmp_path: Path, written: bytes) -> None:
    file = tmp_path / "comments.csv"
    file.write_bytes(written)
    with pytest.raises(UnreadableFile):
        list(read_comments(file, account="a"))


CONFIGURATION: dict[str, tuple[bytes, set[str]]] = {
    "tables without end": (b"a = " + b"[" * 100_000, {"gwylio.toml"}),
    "inline tables without end": (b"a = " + b"{b = " * 5_000, {"gwylio.toml"}),
    "a number without end": (b"port = " + b"9" * 5_000, {"gwylio.toml"}),
    "another encoding": (b'policy = "\xff"', {"gwylio.toml:1"}),
    "a NUL": (b'policy = "powys"\0', {"gwylio.toml:1"}),
    "several things": (
        b'port = "x"\nhost = 3\nfoo = 1\nsecret_key = "s"\n',
        {"gwylio.toml:1: port", "gwylio.toml:2: host", "gwylio.toml:3: foo", "gwylio.toml:4: secret_key"},
    ),
}


@pytest.mark.parametrize(("written", "places"), CONFIGURATION.values(), ids=CONFIGURATION)
def test_every_fault_of_a_configuration_is_said_at_once(tmp_path: Path, written: bytes, places: set[str]) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_bytes(written)
    with pytest.raises(toml_file.FileError) as told:
        configuration.load(file)
    for place in places:
        assert place in str(told.value)
    assert '"s"' not in str(told.value)


def test_a_configuration_saved_by_notepad_is_read(tmp_path: Path) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_bytes(b'\xef\xbb\xbfpolicy = "cardiff"\n')
    assert configuration.load(file).policy == "cardiff"


@pytest.mark.parametrize(
    ("written", "says"), [(b"short\n", "shorter than 32"), (b"", "shorter than 32"), (None, "cannot be read")]
)
def test_a_key_that_is_none_is_named_and_none_is_made_in_its_place(
    tmp_path: Path, written: bytes | None, says: str
) -> None:
    settings = configuration.exactly(state_dir=tmp_path)
    if written is None:
        settings.key_file.mkdir()
    else:
        settings.key_file.write_bytes(written)
    with pytest.raises(configuration.NoKey, match=says):
        configuration.keys(settings)


def an_installation(folder: Path) -> Path:
    """Its configuration file; key and database are there."""
    file = folder / "gwylio.toml"
    file.write_text(f'state_dir = "{folder / "var"}"\n', encoding="utf-8")
    settings = configuration.load(file)
    configuration.make_key_file(settings.key_file)
    keys = configuration.keys(settings)
    with Store(settings.database, audit_key=keys.audit, head_file=settings.audit_head_file) as store:
        opening.make_ready(store, now=NINE)
    return file


@pytest.mark.parametrize("name", ["secret.key", "gwylio.sqlite3"])
def test_a_secret_that_others_may_read_is_a_fault(tmp_path: Path, name: str) -> None:
    file = an_installation(tmp_path)
    assert not any("chmod" in problem for problem in opening.problems(file))
    (tmp_path / "var" / name).chmod(0o644)
    assert any(f"chmod 600 {tmp_path / 'var' / name}" in problem for problem in opening.problems(file))


def test_another_key_is_a_fault_before_anything_is_written_under_it(tmp_path: Path) -> None:
    file = an_installation(tmp_path)
    (tmp_path / "var" / "secret.key").write_text("f" * 64, encoding="ascii")
    assert any("another secret key" in problem for problem in opening.problems(file))


def test_what_is_typed_stands_in_the_trail_with_whoever_typed_it(tmp_path: Path) -> None:
    file, who = an_installation(tmp_path), f"command line ({getpass.getuser()})"
    comments = lines(tmp_path, GOOD)
    for words, says in (
        (["user", "add", "rhys", "--name", "Rhys", "--role", "officer", "--area", "waste"], "ceffyl stwffwl\n"),
        (["account", "add", "fb", "--platform", "facebook", "--id", "1", "--name", "FB", "--area", "waste"], ""),
        (["account", "connect", "fb"], "EAAtoken\n"),
        (["import", str(comments), "--account", "fb"], ""),
    ):
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "cli", *words, "--config", str(file)],
            input=says,
            text=True,
            check=True,
            capture_output=True,
            timeout=120,
        )
    settings = configuration.load(file)
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store, store.read() as session:
        rows = list(audit.rows(session))
    assert {row["action"] for row in rows if row["actor"] == who} == {
        "user.add", "account.add", "credential.keep", "import.batch",
    }  # fmt: skip
    for never in ("cyfrinair", "EAAtoken", str(GOOD["text"])):
        assert never not in json.dumps(rows, ensure_ascii=False)


def test_no_file_makes_a_complaint_that_cannot_be_printed_or_that_moves_the_cursor(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_bytes(b"\x1b[2J\xff\x07\xe2\x80\xa8,b\n1,2\n")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cli", "due", str(file)], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert b"received_at" in done.stderr
    assert not set(b"\x1b\x07") & set(done.stderr)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "wrong", ['times = "x"', "times = 0", "nth = -1", "nth = true", 'seconds = "soon"', "path = 3", 'kind = "nope"']
)
def test_a_fault_that_cannot_be_played_is_refused_when_it_is_read(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "faults.toml"
    kind = "" if wrong.startswith("kind") else 'kind = "expired"\n'
    file.write_text(f"[[fault]]\n{kind}{wrong}\n", encoding="utf-8")
    with pytest.raises(FaultsError, match="fault 1"):
        faults.load(file)
