"""Good rows are kept, bad rows are named by their line, and a file that is wrong as a whole is refused with advice."""

from __future__ import annotations

import csv
import json
import sys
import tracemalloc
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.import_file import BadRow, UnreadableFile, WithEvidence, read_comments
from vocabulary import Author, Comment, Origin

HEADING = "id,text,author,author_name,posted_at,thread,in_reply_to,url\n"
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AT = "2026-11-20T09:00:00Z"


def the_file(tmp_path: Path, content: str | bytes, name: str = "comments.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path) -> list[Comment | WithEvidence | BadRow]:
    return list(read_comments(path, account="dyffryn-flickr"))


def good(path: Path) -> list[Comment]:
    return [row for row in rows(path) if isinstance(row, Comment)]


def bad(path: Path) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows(path) if isinstance(row, BadRow)]


def test_a_full_row_becomes_a_comment(tmp_path: Path):
    path = the_file(tmp_path, HEADING + f"c1,Pryd mae'r biniau?,u1,Mari Evans,{AT},p1,c0,https://a.example/c1\n")

    (comment,) = good(path)

    assert (comment.account, comment.native_id, comment.text) == ("dyffryn-flickr", "c1", "Pryd mae'r biniau?")
    assert comment.author == Author("u1", "Mari Evans")
    assert comment.posted_at == NINE
    assert (comment.thread, comment.in_reply_to, comment.url) == ("p1", "c0", "https://a.example/c1")
    assert json.loads(comment.raw)["author_name"] == "Mari Evans"


MOMENTS = [
    "2026-11-20T09:00:00Z",
    "2026-11-20T09:00:00+00:00",
    "2026-11-20T09:00:00+0000",
    "2026-11-20 10:00:00+01:00",
    "1795165200",
    "1795165200000",
    "Fri Nov 20 09:00:00 +0000 2026",
]


@pytest.mark.parametrize("written", MOMENTS)
def test_a_time_with_a_zone_is_read_in_every_form_platforms_use(tmp_path: Path, written: str):
    (comment,) = good(the_file(tmp_path, f"id,text,posted_at\nc1,Helo,{written}\n"))

    assert comment.posted_at == NINE


BAD_ROWS = [
    ("c1,Helo,u,n,2026-11-20T09:00:00,,,",  "time zone"),
    ("c1,Helo,u,n,20/11/2026 09:00,,,",     "not a time"),
    ("c1,Helo,u,n,,,,",                     "posted_at is missing"),
    (f",Helo,u,n,{AT},,,",                  "id is missing"),
    (f"c1,  ,u,n,{AT},,,",                  "text is missing"),
    (f"1.86E+18,Helo,u,n,{AT},,,",          "shortened by a spreadsheet"),
    (f'c1,Helo,u,n,{AT},"1,86E+18",,',    "shortened by a spreadsheet"),
    (f"c1,Helo,u,n,{AT}",                   "5 columns where the first line has 8"),
    (f"c1,Helo, a mwy,u,n,{AT},,,",         "9 columns where the first line has 8"),
    (f'c1,"Helo" meddai,u,n,{AT},,,',       "quotation marks"),
    ("c1,Helo,u,n,0001-01-01T00:00:00+09:00,,,", "not a time"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_by_its_line_and_its_neighbours_are_kept(tmp_path: Path, row: str, reason: str):
    path = the_file(tmp_path, HEADING + f"a,Cyn,,,{AT},,,\n{row}\nb,Wedyn,,,{AT},,,\n")

    assert [comment.native_id for comment in good(path)] == ["a", "b"]
    ((line, why),) = bad(path)
    assert (line, reason in why) == (3, True)
    (kept,) = [one.raw for one in rows(path) if isinstance(one, BadRow)]
    assert kept.decode() == row


def test_a_reason_never_quotes_what_somebody_wrote(tmp_path: Path):
    path = the_file(tmp_path, HEADING + "c1,Helo,u,n,Mari Evans,,,\nMari Evans,,u,n,x,,,\n")

    assert all("Mari" not in reason for _, reason in bad(path))
    assert all("Mari" not in repr(row) for row in rows(path))


def test_a_comment_over_several_lines_counts_as_one_row(tmp_path: Path):
    path = the_file(tmp_path, HEADING + f'a,"un\ndau\ntri",,,{AT},,,\nb,Helo,,,x,,,\n')

    assert good(path)[0].text == "un\ndau\ntri"
    assert bad(path)[0][0] == 5


def test_a_quotation_mark_never_closed_does_not_swallow_the_file(tmp_path: Path):
    lines = "".join(f"c{number},Helo,,,{AT},,,\n" for number in range(20_000))
    path = the_file(tmp_path, HEADING + f'x,"Helo,,,{AT},,,\n' + lines)

    found = rows(path)

    assert isinstance(found[0], BadRow)
    assert found[0].line == 2
    assert len(found) > 14_000


def test_the_limit_on_a_row_holds_where_the_process_has_raised_its_own(tmp_path: Path):
    before = csv.field_size_limit(sys.maxsize)
    try:
        test_a_quotation_mark_never_closed_does_not_swallow_the_file(tmp_path)
    finally:
        csv.field_size_limit(before)


def test_a_row_too_long_is_one_bad_row_and_the_next_is_read(tmp_path: Path):
    path = the_file(tmp_path, HEADING + f"x,{'a' * 3_000_000},,,{AT},,,\nc1,Helo,,,{AT},,,\n")

    found = rows(path)

    assert [(type(row).__name__, getattr(row, "line", "")) for row in found] == [("BadRow", 2), ("Comment", "")]


HEADINGS = [
    "id,text,posted_at",
    "ID,Text,Posted At",
    "comment_id,message,created_time",
    "Comment-ID,Comment,Created-At",
    "tweet_id,full_text,timestamp",
]


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_headings_of_common_exports_are_understood(
    tmp_path: Path, heading: str, delimiter: str, mark: str, ending: str
):
    lines = [heading, f"c1,Sŵn ym Mhenmaenmawr,{AT}", ""]
    path = the_file(tmp_path, mark + ending.join(lines).replace(",", delimiter))

    assert [(comment.native_id, comment.text) for comment in good(path)] == [("c1", "Sŵn ym Mhenmaenmawr")]


REFUSED = [
    (b"",                                                       "is empty"),
    (b"\xef\xbb\xbf \n",                                        "is empty"),
    ("id,text,posted_at\nc1,Sŵn".encode("utf-16"),              "UTF-16"),
    ("id,text,posted_at\nc1,Helo".encode("utf-16-le"),          "UTF-16"),
    ("id,text,posted_at\nc1,tŷ,x\nc2,caf\u00e9".encode("latin-1", "replace"), r"not UTF-8 \(line 3\).*CSV UTF-8"),
    ("id,text,posted_at\nc1,Sŵn".encode()[:-2],                 "not UTF-8"),
    (b"id,text\nc1,Helo\n",                                     "none for posted_at"),
    (b"c1,Helo,2026-11-20T09:00:00Z\n",                         "none for id, text, posted_at"),
    (b'[{"id": "c1"}]',                                         "one JSON list"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "advice"), REFUSED)
def test_a_file_wrong_as_a_whole_is_refused_with_advice(tmp_path: Path, content: bytes, advice: str):
    with pytest.raises(UnreadableFile, match=advice):
        rows(the_file(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(UnreadableFile, match="cannot be read"):
        rows(tmp_path / "none.csv")


def test_bytes_that_are_not_utf8_stop_the_import_before_the_first_row(tmp_path: Path):
    path = the_file(tmp_path, (HEADING + f"a,Helo,,,{AT},,,\n" * 100_000).encode() + b"b,t\xff,,,x,,,\n")

    with pytest.raises(UnreadableFile, match="line 100002"):
        next(iter(read_comments(path, account="a")))


def test_json_lines_are_read_as_graph_and_x_write_them(tmp_path: Path):
    lines = [
        {"id": "c1", "message": "Helo", "created_time": "2026-11-20T09:00:00+0000", "from": {"id": "u1", "name": "M"}},
        {"id": 1858000000000000001, "text": "Helo", "created_at": AT, "author_id": "u2", "conversation_id": 7},
        {"id": "c3", "text": "Helo", "posted_at": 1795165200, "author": None},
    ]
    path = the_file(tmp_path, "\n".join(map(json.dumps, lines)), "comments.jsonl")

    first, second, third = good(path)

    assert (first.author, first.posted_at) == (Author("u1", "M"), NINE)
    assert (second.native_id, second.thread, second.author) == ("1858000000000000001", "7", Author("u2"))
    assert (third.author, third.posted_at) == (None, NINE)


BAD_LINES = [
    ("{",                                                   "not JSON"),
    ("[]",                                                  "not a JSON object"),
    ('{"id": true, "text": "x", "posted_at": "x"}',         "neither a text nor a whole number"),
    ('{"id": 1.86e18, "text": "x", "posted_at": "x"}',      "neither a text nor a whole number"),
    ('{"id": "c", "text": {"a": 1}, "posted_at": "x"}',     "neither a text nor a whole number"),
    ('{"id": "c", "text": "x"}',                            "posted_at is missing"),
    ("[" * 100_000,                                         "not JSON"),
    ('{"id": "' + "x" * 1_100_000 + '"}',                   "longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_of_json_costs_itself_alone(tmp_path: Path, line: str, reason: str):
    whole = json.dumps({"id": "a", "text": "Helo", "posted_at": AT})
    path = the_file(tmp_path, f"{whole}\n{line}\n\n{whole}\n")

    assert len(good(path)) == 2
    ((number, why),) = bad(path)
    assert (number, reason in why) == (2, True)


def test_a_text_with_half_a_letter_is_kept_as_it_came(tmp_path: Path):
    path = the_file(tmp_path, json.dumps({"id": "a", "text": "x\ud800", "posted_at": AT}))

    assert good(path)[0].text == "x\ud800"


@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip),
        min_size=1,
    )
)
def test_what_a_spreadsheet_writes_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: list[str]):
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["id", "text", "posted_at"])
    writer.writerows([[f"c{number}", text, AT] for number, text in enumerate(texts)])
    path = the_file(tmp_path_factory.mktemp("import"), out.getvalue())

    assert [comment.text for comment in good(path)] == texts


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    path = tmp_path / "comments.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADING)
        file.writelines(f"c{number},{'Helo ' * 40},,,{AT},,,\n" for number in range(30_000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_comments(path, account="a"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 30_000
    assert path.stat().st_size > 6_000_000
    assert peak < 4_000_000


WITH_EVIDENCE = "id,text,posted_at,author,author_name,origin,evidence\n"


def shown(path: Path) -> list[tuple[str, ...]]:
    return [tuple(map(str, row.files)) for row in rows(path) if isinstance(row, WithEvidence)]


PATHS = [
    ("llun.png",                   ("llun.png",)),
    ("sgriniau/a.png",             ("sgriniau/a.png",)),
    ("sgriniau\\a.png",            ("sgriniau/a.png",)),
    ("./llun.png",                 ("llun.png",)),
    (" a.png ; b c.pdf;; ",        ("a.png", "b c.pdf")),
    ("Llun tŷ bach.png",           ("Llun tŷ bach.png",)),
    ("..a/b..png",                 ("..a/b..png",)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "files"), PATHS)
def test_a_row_names_its_evidence_by_paths_from_the_folder_of_the_file(
    tmp_path: Path, written: str, files: tuple[str, ...]
):
    path = the_file(tmp_path, WITH_EVIDENCE + f"c1,Helo,{AT},,,manual,{written}\n")

    assert shown(path) == [files]
    line = json.dumps({"id": "c1", "text": "Helo", "posted_at": AT, "evidence": written})
    assert shown(the_file(tmp_path, line, "comments.jsonl")) == [files]


OUTSIDE = [
    "../secret", "a/../../secret", "..\\secret", "/etc/passwd", "\\\\server\\share\\a.png", "\\a.png", "C:\\a.png",
    "C:a.png", "..", "llun.png; ../secret", "a\u202eb.png", "a\x1b.png",
]  # fmt: skip


@pytest.mark.parametrize("written", OUTSIDE)
def test_a_path_that_leads_out_of_the_folder_makes_its_row_a_bad_one(tmp_path: Path, written: str):
    path = the_file(tmp_path, WITH_EVIDENCE + f"a,Cyn,{AT},,,,\nc1,Helo,{AT},,,manual,{written}\nb,Wedyn,{AT},,,,\n")

    assert [comment.native_id for comment in good(path)] == ["a", "b"]
    ((line, reason),) = bad(path)
    assert (line, "in the folder of the file" in reason) == (3, True)
    assert "secret" not in reason


ORIGINS = [
    ("",            Origin.ADDRESSED),
    ("addressed",   Origin.ADDRESSED),
    ("manual",      Origin.MANUAL),
    (" Manual ",    Origin.MANUAL),
    ("search",      None),
    ("private",     None),
    ("Mair",        None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "origin"), ORIGINS)
def test_a_row_may_say_that_it_was_written_down_by_hand(tmp_path: Path, written: str, origin: Origin | None):
    path = the_file(tmp_path, WITH_EVIDENCE + f"c1,Helo,{AT},,,{written},\n")

    assert [comment.origin for comment in good(path)] == ([origin] if origin else [])
    assert [reason for _, reason in bad(path) if "Mair" in reason] == []


def test_a_name_alone_is_kept_of_what_was_written_down_and_is_nobody_elses(tmp_path: Path):
    lines = [f"c1,Helo,{AT},,John Jones,manual,", f"c2,Helo,{AT},,John Jones,manual,", f"c3,Helo,{AT},,John Jones,,"]
    first, second, collected = good(the_file(tmp_path, WITH_EVIDENCE + "\n".join(lines)))

    assert first.author is not None
    assert second.author is not None
    assert (first.author.name, second.author.name) == ("John Jones", "John Jones")
    assert first.author.native_id != second.author.native_id
    assert collected.author is None


def test_evidence_is_named_and_never_opened_here(tmp_path: Path):
    (row,) = rows(the_file(tmp_path, WITH_EVIDENCE + f"c1,Helo,{AT},,,manual,nid-oes.png\n"))

    assert isinstance(row, WithEvidence)
    assert row.files == (PurePosixPath("nid-oes.png"),)
    assert (row.line, row.comment.native_id) == (2, "c1")
