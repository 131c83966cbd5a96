"""Words that travel as HTML: what a reader sees of them, and how ours are sent so that a reader sees what was typed.

Lines are those of the text, as WordPress and Flickr keep them.  A link whose words hide where it leads
says so behind them: that is what a warning about a link is made of.
"""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import Final

UNSEEN: Final = frozenset({"script", "style"})
ENDS_A_LINE: Final = frozenset({"p", "div", "li", "blockquote"})


def plain(text: str) -> str:
    """What a reader sees of it."""
    reading = _Reading()
    reading.feed(text)
    reading.close()
    return "".join(reading.seen).strip()


def escaped(text: str) -> str:
    """The text as HTML that shows it as it is."""
    return html.escape(text, quote=False)


class _Reading(HTMLParser):
    """Takes anything: what is no HTML is text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._unseen = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self.seen.append("\n")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.seen)))

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in ENDS_A_LINE:
            self.seen.append("\n")
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            if address and _bare(address) not in "".join(self.seen[start:]):
                self.seen.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.seen.append(data)


def _bare(address: str) -> str:
    return address.partition("://")[2].removeprefix("www.").rstrip("/") or address
