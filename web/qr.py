"""QR codes as SVG within a page: lines with attributes, so that the page needs no style and no second request."""

from __future__ import annotations

from markupsafe import Markup


def drawn(text: str, title: str) -> Markup:
    """The code with the quiet margin that telephones need, black on white in either scheme of colours."""
    import segno

    code = segno.make(text, error="m", micro=False)
    drawing = code.svg_inline(scale=5, border=4, light="#fff", svgclass="qr", lineclass=None, omitsize=False)
    opening, rest = drawing.split(">", 1)
    named = Markup('{} role="img" aria-label="{}">{}')
    return named.format(Markup(opening), title, Markup(rest))  # noqa: S704 - drawn by segno, with nothing of `text` in it
