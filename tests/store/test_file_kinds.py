"""A file is what its bytes say, and gets a name that says the same."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import file_kinds
from store.file_kinds import CHUNK, EML, GIF, JPEG, KINDS, M4A, MP3, MP4, PDF, PNG, TXT, WAV, WEBP, Kind, fit_name
from tests.web.world import A_PNG

FRAME = b"\xff\xfb\x90\x00" + b"\0" * 413  # MPEG-1 Layer III, 128 kbit/s, 44.1 kHz: 417 bytes
A_MAIL = b"From: Mair <mair@example.org>\r\nSubject: Biniau\r\n sy'n llawn\r\n\r\n<html>caf\xe9</html>"
A_PAGE = b"<!DOCTYPE html><script>alert(1)</script>"

WHAT: list[tuple[str, bytes, Kind | None]] = [
    ("a picture",                        A_PNG,                                           PNG),
    ("a photograph",                     b"\xff\xd8\xff\xe0\0\x10JFIF\0",                 JPEG),
    ("a moving picture",                 b"GIF89a\1\0\1\0",                               GIF),
    ("a picture of the web",             b"RIFF\x24\0\0\0WEBPVP8 ",                       WEBP),
    ("a letter",                         b"%PDF-1.7\n%\xe2\xe3",                          PDF),
    ("sound with a tag",                 b"ID3\4\0\0\0\0\1\x76" + b"\0" * 100,            MP3),
    ("sound without one",                FRAME * 3,                                       MP3),
    ("a film",                           b"\0\0\0\x18ftypisom\0\0\2\0",                   MP4),
    ("a telephone's recording",          b"\0\0\0\x1cftypM4A \0\0\0\0",                   M4A),
    ("a wave",                           b"RIFF\x24\0\0\0WAVEfmt ",                       WAV),
    ("a note",                           "Ffoniodd hi am y biniau.\nTŷ gwag.\r\n".encode(), TXT),
    ("a note with a mark",               b"\xef\xbb\xbfHelo",                             TXT),
    ("an e-mail, whatever it is in",     A_MAIL,                                          EML),
    ("a page",                           A_PAGE,                                          None),
    ("a page after a mark and a space",  b"\xef\xbb\xbf\n " + A_PAGE,                      None),
    ("a drawing that may run scripts",   b'<svg xmlns="http://www.w3.org/2000/svg"/>',    None),
    ("a page that ends as a letter",     A_PAGE + b"\n%PDF-1.7",                          None),
    ("a program",                        b"MZ\x90\0\3\0\0\0",                             None),
    ("an archive",                       b"PK\3\4\x14\0\0\0",                             None),
    ("a picture of another kind",        b"\0\0\0\x18ftypheic\0\0\0\0",                   None),
    ("a film of another kind",           b"\0\0\0\x14ftypqt  \0\0\0\0",                   None),
    ("a mark of sound and no more",      b"\xff\xfb\x90\x00" + b"\1" * 500,               None),
    ("a text of another encoding",       "Tŷ".encode("utf-16"),                           None),
    ("an old text",                      b"caf\xe9",                                      None),
    ("a text with a NUL at its end",     b"Helo" * 1_000 + b"\0",                         None),
    ("half a letter at the end",         "Tŷ".encode()[:-1],                              None),
    ("the first half of a picture's sign", A_PNG[:4],                                     None),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind"), [row[1:] for row in WHAT], ids=[row[0] for row in WHAT])
def test_the_bytes_say_what_a_file_is(content: bytes, kind: Kind | None) -> None:
    assert file_kinds.kind_of(BytesIO(content)) == kind


POLYGLOTS = [A_PNG + A_PAGE, A_PNG + b"PK\3\4", b"GIF89a/*" + A_PAGE + b"*/=1;", b"%PDF-1.7\n" + A_PAGE]


@pytest.mark.parametrize("content", POLYGLOTS, ids=range(len(POLYGLOTS)))
def test_what_is_two_things_at_once_is_only_ever_called_the_first(content: bytes) -> None:
    kind = file_kinds.kind_of(BytesIO(content))

    assert kind in {PNG, GIF, PDF}
    assert "html" not in fit_name("x.html", kind).rpartition(".")[2]


def test_a_letter_on_the_border_of_two_pieces_is_whole() -> None:
    assert file_kinds.kind_of(BytesIO(b"a" * (CHUNK - 1) + "ŷ".encode())) == TXT


NAMES = [
    ("sgrinlun.png",                     PNG,  "sgrinlun.png"),
    ("Sgrinlun 2026-11-20 am 14.30.PNG", PNG,  "Sgrinlun 2026-11-20 am 14.30.png"),
    ("tŷ bach.jpeg",                     JPEG, "tŷ bach.jpeg"),
    ("ty\u0302.txt",                     TXT,  "tŷ.txt"),
    ("../../etc/passwd",                 TXT,  "passwd.txt"),
    ("..\\..\\boot.ini",                 TXT,  "boot.ini.txt"),
    ("C:\\Users\\mair\\llun.png",        PNG,  "llun.png"),
    ("/etc/shadow",                      TXT,  "shadow.txt"),
    ("llun.jpg",                         WEBP, "llun.webp"),
    ("llun.png.exe",                     PNG,  "llun.png.exe.png"),
    ("llun.html",                        PNG,  "llun.html.png"),
    ("galwad.m4a",                       MP4,  "galwad.m4a"),
    ("llun.png\0.exe",                   PNG,  "llun.png.exe.png"),
    ("llun\r\nSet-Cookie: a=b.png",      PNG,  "llun Set-Cookie_ a=b.png"),
    ("gpj.\u202egnp.png",                PNG,  "gpj.⟨U+202E⟩gnp.png"),
    ('a"b<c>d|e?f*g:h.png',              PNG,  "a_b_c_d_e_f_g_h.png"),
    ("",                                 PNG,  "evidence.png"),
    (".png",                             PNG,  "evidence.png"),
    ("...",                              GIF,  "evidence.gif"),
    ("CON.png",                          PNG,  "evidence_CON.png"),
    ("nul.tar.png",                      PNG,  "evidence_nul.tar.png"),
    ("x" * 5_000 + ".png",               PNG,  "x" * 96 + ".png"),
]  # fmt: skip


@pytest.mark.parametrize(("given_name", "kind", "kept"), NAMES, ids=range(len(NAMES)))
def test_a_name_is_made_fit_and_true(given_name: str, kind: Kind, kept: str) -> None:
    assert fit_name(given_name, kind) == kept


@given(st.text(), st.sampled_from(KINDS))
def test_whatever_the_name_it_stays_in_its_folder_and_ends_as_what_it_is(name: str, kind: Kind) -> None:
    kept = fit_name(name, kind)

    assert kept.endswith(kind.endings)
    assert len(kept) <= file_kinds.LONGEST_NAME
    assert not set(kept) & set('/\\<>:"|?*\0\r\n')
    assert not kept.startswith(".")
    assert kept.isprintable()
    assert fit_name(kept, kind) == kept
