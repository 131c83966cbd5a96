"""What a reader sees of HTML that comes in paragraphs, as Mastodon and all that speak to it send what people wrote.

Lines of the source mean nothing here, except in what is set as code.  A link that Mastodon shortens is
there in full, in parts that are not shown; one whose words are others says behind them where it leads.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote

UNSEEN: Final = frozenset({"script", "style", "template", "title"})
PARAGRAPHS: Final = frozenset(
    {"blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
LINES: Final = frozenset({"dd", "dt", "li", "tr"})
NAMES_SOMETHING: Final = frozenset({"mention", "hashtag", "u-url"})
SPACE: Final = " \t\r\n\f"
NO_TAG: Final = re.compile(r"""<(?!/?[A-Za-z](?>[^<>"']|"[^"]*"|'[^']*')*+>)""")
BROKEN: Final = re.compile(r"[\r\n]+")


def plain(html: str) -> str:
    """The text, with a blank line between two paragraphs.

    The parser fails at a declaration it does not know, and takes minutes over tags that do not end; so it is
    given none of these.
    """
    reading = _Reading()
    reading.feed(NO_TAG.sub("&lt;", html))
    reading.close()
    return reading.text()


class _Reading(HTMLParser):
    """Takes anything: what is no HTML is text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._seen: list[str] = []
        self._broken = 0  # how many lines to break before the next text: none, one, or two
        self._unseen = 0
        self._as_set = 0
        self._link: tuple[str, int] | None = None

    def set_cdata_mode(self, *args: object, **more: object) -> None:
        """Not even within a script: what ends one for a browser does not for the parser, which would hide the rest."""

    def text(self) -> str:
        return "".join(self._seen).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag in UNSEEN:
            self._unseen += 1
        elif tag in PARAGRAPHS:
            self._break(2)
            self._as_set += tag == "pre"
        elif tag in LINES:
            self._break(1)
            self._add("- " if tag == "li" else "")
        elif tag == "br":
            self._add("\n")
        elif tag == "img":
            self._add(facts.get("alt", ""))
        elif tag == "a":
            named = NAMES_SOMETHING & set(facts.get("class", "").split())
            self._end_link()  # there is no link inside a link
            self._link = ("" if named else facts.get("href", ""), len(self._seen))

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in PARAGRAPHS:
            self._break(2)
            self._as_set = max(0, self._as_set - (tag == "pre"))
        elif tag in LINES:
            self._break(1)
        elif tag == "a":
            self._end_link()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._add(data if self._as_set else _unbroken(data))

    def _end_link(self) -> None:
        if self._link is None:
            return
        address, start = self._link
        self._link = None
        shown = "".join(self._seen[start:]).strip()
        if address and not _says(shown, address):
            self._add(f" ({address})" if shown else address)

    def _break(self, lines: int) -> None:
        self._broken = max(self._broken, lines)

    def _add(self, text: str) -> None:
        if self._broken:
            text = text.lstrip(" \n")
        if not text:
            return
        if self._broken and self._seen:
            self._seen.append("\n" * self._broken)
        self._broken = 0
        self._seen.append(text)


def _unbroken(data: str) -> str:
    """The text of several lines of the source as one; spaces that break no line are left as they are."""
    first, *rest = BROKEN.split(data)
    if not rest:
        return data
    *inner, last = rest
    return " ".join([first.rstrip(SPACE), *filter(None, (line.strip(SPACE) for line in inner)), last.lstrip(SPACE)])


def _says(shown: str, address: str) -> bool:
    """Whether the words of a link are the address that it leads to, all of it."""
    return not _bare(address) or _bare(shown) == _bare(address)


def _bare(address: str) -> str:
    return unquote(address.rpartition("://")[2].removeprefix("www.").rstrip("/"))
