"""GOV.UK Frontend as we may use it: its styles, without the crown, the crest and GDS Transport.

The typeface and the royal arms are licensed for the gov.uk domain only, and a council is not on
it.  Run again for a new version: `npm pack govuk-frontend@VERSION` somewhere, then
`python -m web.vendor_govuk PACKAGE.tgz`; the result is committed, so nobody needs npm to run us.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).parent / "static" / "govuk"
STYLES = "package/dist/govuk/govuk-frontend.min.css"
FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'
UNWANTED = re.compile(r"@font-face|crown|crest|copyright-logo|logo-dot", re.IGNORECASE)
LEFT_BEHIND = re.compile(r"GDS Transport|crown|crest|logo-dot|url\(/assets", re.IGNORECASE)


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Each rule of a level as its prelude (selector or at-rule) and what its braces hold."""
    start = depth = opened = 0
    for at, char in enumerate(css):
        if char == "{":
            if depth == 0:
                opened = at
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened], css[opened + 1 : at]
                start = at + 1
        elif char == ";" and depth == 0:
            yield css[start : at + 1], ""
            start = at + 1


def without_unwanted(css: str) -> str:
    """The same rules less those that draw the crown or the crest or load GDS Transport."""
    kept = []
    for prelude, body in rules(css):
        if prelude.endswith(";"):
            kept.append(prelude)
            continue
        if UNWANTED.search(prelude):
            continue
        inside = without_unwanted(body) if prelude.startswith(("@media", "@supports")) else body
        if inside:
            kept.append(f"{prelude}{{{inside}}}")
    return "".join(kept)


def adapted(css: str) -> str:
    """The stylesheet with our typefaces; refuses to return one that still asks for what we may not use."""
    css = re.sub(r"/\*#.*?\*/|@charset[^;]*;", "", css)
    css = re.sub(r'"?GDS Transport"?,\s*arial,\s*sans-serif', FONTS, css)
    css = without_unwanted(css)
    if left := LEFT_BEHIND.search(css):
        raise SystemExit(f"the stylesheet still holds {left.group()!r}; teach web/vendor_govuk.py about it")
    return css


def member(archive: tarfile.TarFile, name: str) -> str:
    file = archive.extractfile(name)
    if file is None:
        raise SystemExit(f"{archive.name!r} has no file {name}")
    return file.read().decode()


def main(package: Path) -> None:
    with tarfile.open(package) as archive:
        version = json.loads(member(archive, "package/package.json"))["version"]
        css = adapted(member(archive, STYLES))
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "govuk-frontend.css").write_text(
        f"/*! GOV.UK Frontend {version}, MIT (LICENSE.txt), changed by web/vendor_govuk.py (README.md) */\n{css}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
