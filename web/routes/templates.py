"""The saved replies: what there is, and for communications how it is added to, changed and retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

import pipeline
from moderation import saved_replies, templates
from moderation.saved_replies import Pair
from moderation.templates import Entry, StaleTemplate, UnknownTemplate
from vocabulary import ReplyKind
from web.gate import COMMUNICATIONS, NotThere
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

DONE: Final[Mapping[str, str]] = {
    "added": N_("The saved reply is there for every officer now."),
    "changed": N_("The saved reply has been changed."),
    "retired": N_("The saved reply is no longer offered; its words are kept."),
    "restored": N_("The saved reply is offered again."),
}
STALE: Final = N_("A colleague has changed this saved reply in the meantime. Nothing has been done; look at it again.")


class PairFields(Fields):
    version: Number = 0
    kind: ReplyKind = ReplyKind.ANSWER
    title_cy: Text = ""
    title_en: Text = ""
    text_cy: Text = ""
    text_en: Text = ""

    @property
    def pair(self) -> Pair:
        return Pair(
            kind=self.kind,
            title_cy=self.title_cy,
            title_en=self.title_en,
            text_cy=self.text_cy,
            text_en=self.text_en,
        )


class RetireFields(Fields):
    version: Number
    retired: bool


@router.get("/templates", name="templates")
def listed(visit: SomeVisit, done: str = "") -> Response:
    return _list(visit, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.get("/templates/new", name="new_template_page")
def new_page(visit: SomeVisit) -> Response:
    return _form(visit, None, PairFields())


@router.post("/templates/new", name="new_template")
def new(visit: SomeVisit, fields: Annotated[PairFields, Form()]) -> Response:
    """A new pair, if both languages are there and say the same."""
    if faults := _faults(visit, fields):
        return _form(visit, None, fields, faults=faults)
    file, actor = visit.web.saved_replies, visit.actor
    visit.store.write(lambda session: templates.add(session, file, fields.pair, actor=actor, now=visit.now))
    return visit.go("templates", done="added")


@router.get("/templates/{template}", name="template_page")
def page(visit: SomeVisit, template: str) -> Response:
    entry = _entry(visit, template)
    reply = entry.reply
    fields = PairFields(
        version=entry.version,
        kind=reply.kind,
        title_cy=reply.title.cy,
        title_en=reply.title.en,
        text_cy=reply.cy,
        text_en=reply.en,
    )
    return _form(visit, entry, fields)


@router.post("/templates/{template}", name="change_template")
def change(visit: SomeVisit, template: str, fields: Annotated[PairFields, Form()]) -> Response:
    """Other words for a saved reply; those of the file stay in the file, and stand no more."""
    entry = _entry(visit, template)
    if faults := _faults(visit, fields):
        return _form(visit, entry, fields, faults=faults)
    file, actor, saw = visit.web.saved_replies, visit.actor, fields.version
    try:
        visit.store.write(
            lambda session: templates.change(session, file, template, fields.pair, actor=actor, now=visit.now, saw=saw)
        )
    except StaleTemplate:
        return _form(visit, entry, fields, faults=[_fault(visit.words.gettext(STALE), "title_cy")], status=409)
    return visit.go("templates", done="changed")


@router.post("/templates/{template}/retired", name="retire_template")
def retire(visit: SomeVisit, template: str, fields: Annotated[RetireFields, Form()]) -> Response:
    """Take a saved reply from the officers' list, or put it back."""
    file, actor, saw = visit.web.saved_replies, visit.actor, fields.version
    try:
        visit.store.write(
            lambda session: templates.retire(
                session, file, template, retired=fields.retired, actor=actor, now=visit.now, saw=saw
            )
        )
    except UnknownTemplate:
        raise NotThere from None
    except StaleTemplate:
        return _list(visit, faults=[_fault(visit.words.gettext(STALE), template)])
    return visit.go("templates", done="retired" if fields.retired else "restored")


def _entry(visit: Visit, slug: str) -> Entry:
    with visit.store.read() as session:
        found = {each.reply.slug: each for each in templates.entries(session, visit.web.saved_replies)}
    if slug not in found:
        raise NotThere
    return found[slug]


def _faults(visit: Visit, fields: PairFields) -> list[Mapping[str, str]]:
    known, language_of = visit.web.saved_replies.known, pipeline.languages_of(visit.here)
    unfit = saved_replies.unfit(fields.pair, known=known, language_of=language_of)
    return [_fault(visit.words.say(each.why), each.field) for each in unfit]


def _fault(text: str, field: str) -> Mapping[str, str]:
    return {"text": text[:1].upper() + text[1:], "href": f"#{field}"}


def _form(
    visit: Visit,
    entry: Entry | None,
    fields: PairFields,
    *,
    faults: Sequence[Mapping[str, str]] = (),
    status: int = 422,
) -> Response:
    path = f"templates/{entry.reply.slug if entry else 'new'}"
    return visit.page(
        "template.html",
        status=status if faults else 200,
        toggle=f"/{visit.words.other}/{path}",
        path=path,
        entry=entry,
        typed=fields,
        known=visit.web.saved_replies.known,
        kinds=tuple(ReplyKind),
        faults=faults,
    )


def _list(visit: Visit, *, done: str = "", faults: Sequence[Mapping[str, str]] = ()) -> Response:
    with visit.store.read() as session:
        entries = templates.entries(session, visit.web.saved_replies)
    return visit.page(
        "templates.html",
        status=409 if faults else 200,
        toggle=f"/{visit.words.other}/templates",
        entries=entries,
        may_change=bool(visit.reader.roles() & COMMUNICATIONS),
        done=done,
        faults=faults,
    )
