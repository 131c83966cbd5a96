"""One request by somebody who is signed in: what a route needs, and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from moderation.record import Actor
from pipeline import Installation
from store.database import Store
from web.gate import SomeReader, SomeWeb, SomeWords
from web.pages import render
from web.security import Reader
from web.wired import Web
from words import Words


@dataclass(frozen=True, slots=True)
class Visit:
    """Handed to every route behind the gate."""

    request: Request
    web: Web
    words: Words
    reader: Reader
    now: datetime

    @property
    def here(self) -> Installation:
        return self.web.here

    @property
    def store(self) -> Store:
        return self.web.here.store

    @property
    def actor(self) -> Actor:
        """Who does it, for the events and the trail."""
        return Actor(self.reader.session.username, self.reader.user_id)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        return render(self.request, template, self.words, status=status, **context)

    def go(self, path: str, **asked: str) -> Response:
        """To another page in the same language, with GET."""
        return RedirectResponse(f"/{self.words.language}/{path}" + (f"?{urlencode(asked)}" if asked else ""), 303)


def visit_of(request: Request, web: SomeWeb, words: SomeWords, reader: SomeReader) -> Visit:
    return Visit(request, web, words, reader, web.now())


SomeVisit = Annotated[Visit, Depends(visit_of)]


def without_nul(text: str) -> str:
    """The text less U+0000, which PostgreSQL does not store and nobody types."""
    return text.replace("\0", "")


Text = Annotated[str, AfterValidator(without_nul)]
LARGEST: Final = 2**53
Number = Annotated[int, Field(ge=0, le=LARGEST)]
"""An id or a version, as large as any can be."""


class Fields(BaseModel):
    """What a form sends; the gate has seen to its token."""

    model_config = ConfigDict(frozen=True, extra="ignore")
