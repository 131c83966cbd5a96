"""Help, a page a subject, and the accessibility statement, which is there for everybody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from web import help_pages
from web.gate import NotThere, SomeWeb, SomeWords, signed_in
from web.help_pages import STATEMENT, Subject
from web.pages import render
from web.visit import SomeVisit
from words import Words

router = APIRouter(prefix="/{language}")


@router.get("/help", name="help")
def contents(visit: SomeVisit) -> Response:
    return visit.page("help_contents.html", subjects=_others())


@router.get("/help/{subject}", name="help_page")
def help_page(visit: SomeVisit, subject: str) -> Response:
    found = _others().get(subject)
    if found is None:
        raise NotThere
    return visit.page("help.html", **_said(found, visit.words))


@router.get("/accessibility", name="accessibility")
def accessibility(request: Request, web: SomeWeb, words: SomeWords) -> Response:
    """What is known to work for everybody and what is not; the 2018 Regulations ask for it."""
    request.state.reader = signed_in(request, web)
    settings = web.here.settings
    body = settings.body.cy if words.language == "cy" else settings.body.en
    contact = settings.accessibility_contact or words.gettext("whoever looks after this system at your organisation")
    statement = help_pages.subjects()[STATEMENT]
    return render(request, "help.html", words, **_said(statement, words, body=body, contact=contact))


def _others() -> dict[str, Subject]:
    return {slug: subject for slug, subject in help_pages.subjects().items() if slug != STATEMENT}


def _said(subject: Subject, words: Words, **values: str) -> dict[str, Any]:
    return {
        "title": subject.title.say(words.language),
        "parts": [
            (
                part.heading.say(words.language),
                [
                    (listed, [_filled(line, values) for line in lines])
                    for listed, lines in help_pages.blocks(part.text.say(words.language))
                ],
            )
            for part in subject.parts
        ],
    }


def _filled(line: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        line = line.replace(f"{{{name}}}", value)
    return line
