"""Templates turned into pages: one template for both languages, everything escaped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from reports.page import TEMPLATES as REPORT_TEMPLATES
from vocabulary import Language
from web import help_pages, shortcuts
from web.due import left, to_acknowledge
from web.gate import OWN_PAGES, SECTIONS, Page, sees_page, web_of
from web.security import LANGUAGE_COOKIE, Reader
from web.veil import veiled
from web.wired import Web
from words import LANGUAGES, Screen, Words, is_screen

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
YEAR: Final = 365 * 24 * 3600
NAMES: Final[Mapping[Screen, str]] = {"cy": "Cymraeg", "en": "English"}


@cache
def asset(name: str) -> str:
    """The address of a static file, with its hash, so that a browser may keep it for good."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@cache
def environment() -> Environment:
    """The templates of our own and of govuk-frontend-jinja; autoescape is always on."""
    loader = ChoiceLoader(
        [
            FileSystemLoader(HERE / "templates"),
            PrefixLoader(
                {
                    "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                    "reports": FileSystemLoader(REPORT_TEMPLATES),
                }
            ),
        ]
    )
    templates = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates.globals["asset"] = asset
    return templates


def warm_up() -> None:
    """Compile every template of ours, which those who come first in the morning would do all at once."""
    for name in environment().list_templates(filter_func=lambda name: "/" not in name or name.startswith("parts/")):
        environment().get_template(name)


def render(request: Request, template: str, words: Words, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page.  `keeps_form` names a form whose contents go along when the reader changes the language."""
    web = web_of(request)
    reader: Reader | None = getattr(request.state, "reader", None)
    body = web.here.settings.body
    shared: dict[str, Any] = {
        "_": words.gettext,
        "ngettext": words.ngettext,
        "words": words,
        "language": words.language,
        "other_language": words.other,
        "other_language_name": NAMES[words.other],
        "toggle": in_other_language(request, words.other),
        "keeps_form": "",
        "home": f"/{words.language}/{reader.home}" if reader else f"/{words.language}/sign-in",
        "body_name": body.cy if words.language == "cy" else body.en,
        "reader": reader,
        "help_at": f"/{words.language}/help/{_subject(request)}".rstrip("/"),
        "demo": bool(web.demo_password),
        "csrf": reader.csrf if reader else "",
        "navigation": _navigation(request, words, reader) if reader else (),
        "searches": bool(reader and sees_page(reader, "search")),
        "own_pages": _links(request, words, reader, OWN_PAGES) if reader else (),
        "area_name": lambda slug: area_name(web, words, slug),
        "language_name": lambda language: words.name(Language(language or Language.UND)),
        "left": lambda *given, **named: left(words, *given, **named),
        "to_acknowledge": lambda *given: to_acknowledge(words, *given),
        "keys": shortcuts.keys(reader.preferences.keys) if reader else {},
        "shortcuts": [(where, list(some)) for where, some in groupby(shortcuts.SHORTCUTS, lambda each: each.where)],
        "veiled": lambda flags: veiled(reader, flags),
        "forms_of": words.forms_of,
        "done": "",
        "faults": (),
        "faults_title": "",
    }
    html = environment().get_template(template).render({**shared, **context})
    response = HTMLResponse(html, status_code=status, headers={"content-language": words.language})
    if request.cookies.get(LANGUAGE_COOKIE) != words.language:
        response.set_cookie(
            LANGUAGE_COOKIE,
            words.language,
            max_age=YEAR,
            httponly=True,
            samesite="lax",
            secure=web.here.settings.https,
        )
    return response


def in_both(sides: Mapping[Screen, Mapping[str, str]], *, status: int = 200) -> HTMLResponse:
    """One page with both languages side by side, for whoever has not chosen yet."""
    given = [{"language": language, **sides[language]} for language in LANGUAGES]
    return HTMLResponse(environment().get_template("both.html").render(sides=given), status_code=status)


def area_name(web: Web, words: Words, slug: str) -> str:
    """What people call a service area; the slug itself for one that has left the configuration."""
    areas = web.here.areas
    return areas[slug].name.say(words.language) if slug in areas else slug


def in_other_language(request: Request, other: Screen) -> str:
    """The same page in the other language: same path, same question."""
    _, _, rest = request.url.path.lstrip("/").partition("/")
    query = f"?{urlencode(request.query_params.multi_items())}" if request.query_params else ""
    return f"/{other}/{rest}{query}"


def chosen_language(request: Request) -> Screen | None:
    """The language of the path, else of the last visit, else the browser's first of ours; None where nobody said."""
    first = request.url.path.lstrip("/").partition("/")[0]
    if is_screen(first):
        return first
    cookie = request.cookies.get(LANGUAGE_COOKIE, "")
    if is_screen(cookie):
        return cookie
    for wish in request.headers.get("accept-language", "").split(","):
        wished = wish.partition(";")[0].strip().partition("-")[0].lower()
        if is_screen(wished):
            return wished
    return None


def _navigation(request: Request, words: Words, reader: Reader) -> list[dict[str, Any]]:
    """The sections that this reader may enter; `pages` holds the second row where there is more than one page."""
    found = []
    for section in SECTIONS:
        pages = _links(request, words, reader, section.pages)
        if pages:
            several = {"text": words.gettext(section.text), "here": any(page["here"] for page in pages), "pages": pages}
            found.append({**pages[0], "pages": (), **(several if len(pages) > 1 else {})})
    return found


def _subject(request: Request) -> str:
    """The subject of the help about this page."""
    page = request.url.path.split("/")[2:3]
    return help_pages.about(page[0]) if page and page[0] not in {"help", help_pages.STATEMENT} else ""


def _links(request: Request, words: Words, reader: Reader, pages: Sequence[Page]) -> list[dict[str, Any]]:
    here = request.url.path
    return [
        {
            "text": words.gettext(page.text),
            "href": f"/{words.language}/{page.path}",
            "act": page.act,
            "here": any(f"{here}/".startswith(f"/{words.language}/{part}/") for part in page.parts),
        }
        for page in pages
        if sees_page(reader, page.route)
    ]
