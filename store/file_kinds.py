"""What a file is, by its bytes and never by its name, and the name under which it may be kept.

A name is a stranger's word: `cat.png` may be a web page.  So the first bytes decide, and a name that
says otherwise gets the ending that is true.  Nothing here opens a picture or unpacks anything.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from store.normaliser import normalise_line

HEAD = 4_096
"""Bytes from the beginning of a file that are looked at; of a text, all of it."""
CHUNK = 1 << 20
LONGEST_NAME = 100
"""Characters of a file's name, its ending included; every file system takes it, whatever the letters."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is taken.  Its first ending is the one that a name without a true ending is given."""

    media_type: str
    endings: tuple[str, ...]


PNG = Kind("image/png", (".png",))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"))
GIF = Kind("image/gif", (".gif",))
WEBP = Kind("image/webp", (".webp",))
PDF = Kind("application/pdf", (".pdf",))
MP3 = Kind("audio/mpeg", (".mp3",))
MP4 = Kind("video/mp4", (".mp4", ".m4v", ".m4a"))  # telephones record sound into it too
M4A = Kind("audio/mp4", (".m4a",))
WAV = Kind("audio/wav", (".wav",))
TXT = Kind("text/plain", (".txt",))
EML = Kind("message/rfc822", (".eml",))
KINDS = (PNG, JPEG, GIF, WEBP, PDF, MP3, MP4, M4A, WAV, TXT, EML)
ENDINGS = frozenset(ending for kind in KINDS for ending in kind.endings)


def kind_of(file: BinaryIO) -> Kind | None:
    """What the file is, or None where it is nothing that we take."""
    file.seek(0)
    head = file.read(HEAD)
    known = next((kind for kind, looks_so in _BY_HEAD if looks_so(head)), None)
    if known is not None or _looks_like_markup(head):
        return known
    return TXT if _is_text(file) else None


def fit_name(given: str, kind: Kind) -> str:
    """A name on one line, in no folder, that every file system takes and that ends in what the file is."""
    last = re.split(r"[/\\]", given)[-1]
    safe = normalise_line(unicodedata.normalize("NFC", last), LONGEST)
    line = "".join("_" if letter in _UNFIT or not letter.isprintable() else letter for letter in safe).rstrip(" .")
    stem, dot, suffix = line.rpartition(".")
    ending = f"{dot}{suffix}".lower()
    if ending not in kind.endings:
        stem, ending = (stem if ending in ENDINGS else line), kind.endings[0]
    stem = stem[: LONGEST_NAME - len(ending)].strip(" .")
    if not stem or stem.partition(".")[0].upper() in _RESERVED:
        stem = f"evidence_{stem}".rstrip("_")
    return f"{stem}{ending}"


LONGEST = 1_000
"""Characters of a given name that are looked at."""
_UNFIT = frozenset('<>:"|?*%')
# Windows keeps these for its devices, whatever comes after a dot.
_RESERVED = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})


def _starts(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signs)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    """Whether the file is of the ISO base media family, and says first that it is one of these."""
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


# MPEG-1, -2 and -2.5 Layer III; what a decoder must know to find the next frame.
_BITRATES = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _is_mp3(head: bytes) -> bool:
    """A tag of ID3, or one frame after another: two bytes alone may be anything."""
    if head[:3] == b"ID3":
        return len(head) >= 10 and head[3] in {2, 3, 4} and all(byte < 0x80 for byte in head[6:10])
    length = _frame(head)
    return length > 0 and (len(head) <= length or _frame(head[length:]) > 0)


def _frame(head: bytes) -> int:
    """How long the MP3 frame is that begins here; 0 where none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version not in _RATES or layer != 1 or bitrate in {0, 15} or rate == 3:
        return 0
    first = version == 3
    return (144 if first else 72) * _BITRATES[first][bitrate] * 1_000 // _RATES[version][rate] + padding


_HEADER = re.compile(rb"([!-9;-~]+):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)")
_OF_A_MAIL = frozenset(
    {b"from", b"to", b"date", b"subject", b"message-id", b"received", b"return-path", b"mime-version", b"delivered-to"}
)


def _is_mail(head: bytes) -> bool:
    """Whether it opens with header lines, two of which every e-mail has; what follows may be in any encoding."""
    at, found = 0, set[bytes]()
    while line := _HEADER.match(head, at):
        found.add(line[1].lower())
        at = line.end()
    return len(found & _OF_A_MAIL) >= 2


_BY_HEAD: tuple[tuple[Kind, Callable[[bytes], bool]], ...] = (
    (PNG, lambda head: head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR"),
    (JPEG, _starts(b"\xff\xd8\xff")),
    (GIF, _starts(b"GIF87a", b"GIF89a")),
    (WEBP, _riff(b"WEBP")),
    (WAV, _riff(b"WAVE")),
    (PDF, _starts(b"%PDF-")),
    (M4A, _brand(b"M4A ", b"M4B ")),
    (
        MP4,
        _brand(
            b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV",
        ),
    ),
    (MP3, _is_mp3),
    (EML, _is_mail),
)  # fmt: skip

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def _is_text(file: BinaryIO) -> bool:
    """Whether it is UTF-8 from end to end, with no byte that no text has."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            if _CONTROL.search(decode(chunk)):
                return False
        decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _looks_like_markup(head: bytes) -> bool:
    """Whether a browser left to guess would draw it: a page, a picture of SVG, anything in tags."""
    return head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")
