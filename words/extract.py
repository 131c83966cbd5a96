"""The Welsh catalogue brought up to date with what the program says.

`python -m words.extract` gathers the messages of the Python files and the templates into
`words/cy.po` and keeps the Welsh that is there.  `--check` writes nothing and exits 1 when the
catalogue is behind, a message has no Welsh, or a Welsh one names other placeholders.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from words import CATALOGUE

ROOT = Path(__file__).parent.parent
SOURCES = ("*.py", "words/*.py", "classifiers/**/*.py", "moderation/*.py", "reports/**/*.py", "web/**/*.py")
TEMPLATES = ("web/templates/**/*.html", "reports/**/*.html")
SINGULAR = frozenset({"_", "gettext", "N_", "Reason"})
PLURAL = frozenset({"ngettext", "forms_of"})

Found = str | tuple[str, str]

# Without dates, so that the file changes only when a message does.
HEADER = b"""\
# Cymraeg Gwylio: geiriau pob tudalen, pob adroddiad a phob rheswm.
msgid ""
msgstr ""
"Project-Id-Version: gwylio\\n"
"Language: cy\\n"
"Plural-Forms: nplurals=6; plural=(n==0) ? 0 : (n==1) ? 1 : (n==2) ? 2 : (n==3) ? 3 : (n==6) ? 4 : 5;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def in_python(source: str) -> Iterator[tuple[int, Found]]:
    """The messages of a Python file, each with its line: literal first arguments of the marking calls."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        literals = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if called in SINGULAR and literals and isinstance(node.args[0], ast.Constant):
            yield node.lineno, literals[0]
        elif called in PLURAL and len(literals) >= 2:
            yield node.lineno, (literals[0], literals[1])


def in_template(source: str) -> Iterator[tuple[int, Found]]:
    """The messages of a Jinja template, each with its line."""
    tree = Environment(autoescape=True).parse(source)
    for line, called, message in extract_from_ast(tree, gettext_functions=("_", "gettext", *PLURAL)):
        literals = [part for part in ((message,) if isinstance(message, str) else message or ()) if part is not None]
        if called in PLURAL and len(literals) >= 2:
            yield line, (literals[0], literals[1])
        elif called in SINGULAR and literals:
            yield line, literals[0]


def gathered(root: Path = ROOT) -> Catalog:
    """Every message of the program, without translations, in the order of the files."""
    catalogue = Catalog()
    for patterns, reader in ((SOURCES, in_python), (TEMPLATES, in_template)):
        for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
            name = path.relative_to(root).as_posix()
            for _line, message in sorted(reader(path.read_text(encoding="utf-8")), key=_by_line):
                catalogue.add(message, locations=[(name, 0)])
    return catalogue


def _by_line(found: tuple[int, Found]) -> int:
    return found[0]


def brought_up_to_date(root: Path = ROOT, path: Path = CATALOGUE) -> tuple[Catalog, bytes]:
    """The catalogue as it should be, and as its file should read."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale="cy")
    catalogue.update(gathered(root), no_fuzzy_matching=True, update_creation_date=False)
    written = BytesIO()
    write_po(
        written,
        catalogue,
        width=110,
        sort_by_file=True,
        omit_header=True,
        ignore_obsolete=True,
        include_previous=False,
        include_lineno=False,
    )
    return catalogue, HEADER + written.getvalue()


def faults(catalogue: Catalog) -> Iterator[str]:
    """What is wrong with the Welsh, one sentence for each fault."""
    for message in catalogue:
        if not message.id:
            continue
        source, forms = _forms(message)
        if message.fuzzy:
            yield f"{source!r} is marked fuzzy: check its Welsh and take the mark away"
        if not all(forms):
            yield f"{source!r} has no Welsh, or lacks one of its six forms"
            continue
        allowed = _placeholders(source)
        for form in forms:
            if not _placeholders(form) <= allowed or (form is forms[-1] and _placeholders(form) != allowed):
                yield f"{source!r} and {form!r} name different placeholders"


def _forms(message: Message) -> tuple[str, tuple[str, ...]]:
    source = message.id if isinstance(message.id, str) else message.id[-1]
    welsh = message.string if isinstance(message.string, (list, tuple)) else (message.string or "",)
    return source, tuple(welsh)


def _placeholders(text: str) -> set[str]:
    """The names in braces; `{title_cy}` is the Welsh side of `{title}`."""
    names = (name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None)
    return {name.removesuffix("_cy") for name in names}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m words.extract", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the catalogue is not right")
    check = parser.parse_args(arguments).check
    catalogue, written = brought_up_to_date()
    wrong = list(faults(catalogue))
    if check:
        if written != CATALOGUE.read_bytes():
            wrong.append("words/cy.po is behind the program: run `python -m words.extract`")
    else:
        CATALOGUE.write_bytes(written)
    for fault in wrong:
        sys.stderr.write(f"{fault}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
