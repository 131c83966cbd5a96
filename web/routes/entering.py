"""Writing down what nothing collects: a telephone call, a screenshot, a platform without an interface.

The files come in parts, and only from somebody who is signed in: nothing of them is read before that is
known.  What is handed out again is an attachment, whatever it may be.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, BinaryIO, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

import pipeline
from moderation import entries
from moderation.entries import Box, Entry
from store import accounts, desk
from store.accounts import AccountRow
from store.evidence import LARGEST, MOST, Evidence, Unfit, UnfitFile, look_at
from store.file_kinds import ENDINGS
from store.normaliser import normalise_line
from web.gate import ANSWERING
from web.visit import SomeVisit, Text, Visit
from web.when import Unclear, WhenFields, moment_of
from words import Words
from words.names import N_

router = APIRouter(prefix="/{language}")

THE_GATE_HAS_WEIGHED_IT: Final = 2**62
"""No limit, in place of the one for forms without files: beyond a limit there is no page, in any language."""
MEGABYTE: Final = 1024 * 1024

UNFIT: Final[Mapping[Unfit, str]] = {
    Unfit.EMPTY: N_("{name} is empty."),
    Unfit.TOO_LARGE: N_("{name} is larger than {n} MB."),
    Unfit.OTHER_KIND: N_("{name} is not a kind of file that can be kept here."),
}
FIELD_OF: Final[Mapping[Box, str]] = {
    Box.TEXT: "text",
    Box.POSTED_AT: "when-day",
    Box.AUTHOR_NAME: "author_name",
    Box.AUTHOR_ID: "author_id",
    Box.URL: "url",
}

BOXES: Final = ("#account", "#text", "#author_name", "#author_id", "#when", "#url", "#files")
"""In the order of the page, which is the order in which its faults are told."""

Fault = Mapping[str, str]


class EntryFields(WhenFields):
    account: Text = ""
    text: Text = ""
    author_name: Text = ""
    author_id: Text = ""
    url: Text = ""
    form: Text = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form brought: words, and files that nobody has looked at."""

    fields: EntryFields
    files: Sequence[UploadFile]


async def sent(request: Request) -> Sent:
    """The form, which the gate has read already; a box for files that was left empty brings none."""
    form = await request.form()
    given = form.multi_items()
    return Sent(
        EntryFields.model_validate({name: value for name, value in given if isinstance(value, str)}),
        [value for _, value in given if isinstance(value, UploadFile) and (value.filename or value.size)],
    )


@router.get("/enter", name="enter_page")
def enter_page(visit: SomeVisit) -> Response:
    return _page(visit, EntryFields(), _accounts(visit))


@router.post("/enter", name="enter", max_body_size=THE_GATE_HAS_WEIGHED_IT)
def enter(visit: SomeVisit, given: Annotated[Sent, Depends(sent)], redraw: str = "") -> Response:
    """Keep a comment with its evidence; with `redraw`, the same page in the other language, and nothing is done."""
    fields, choices = given.fields, _accounts(visit)
    if redraw:
        return _page(visit, fields, choices)
    on = next((account for account in choices if account.slug == fields.account), None)
    entry, faults = _entry(visit, fields, on)
    files, unfit = _looked_at(visit.words, given.files)
    if on is None or faults or unfit:
        return _page(visit, fields, choices, faults=[*faults, *unfit], files_again=bool(given.files))
    case_id = pipeline.enter(visit.here, on.slug, entry, files, actor=visit.actor, now=visit.now)
    if case_id is None:
        return visit.go("queue", done="entered")
    with visit.store.read() as session:
        area = desk.area_of(session, case_id) or ""
    if not visit.reader.roles_in(area):
        return visit.go("queue", done="entered_elsewhere")
    return visit.go(f"cases/{case_id}", done="entered")


@router.get("/evidence/{evidence_id}", name="evidence")
def evidence(visit: SomeVisit, evidence_id: int) -> Response:
    """A copy of a file, for whoever may see its case; the trail says who has it."""
    copy = pipeline.hand_out(visit.here, evidence_id, actor=visit.actor, now=visit.now)
    attached = f"attachment; filename*=UTF-8''{quote(copy.name, safe='')}"
    return Response(copy.content, media_type=copy.media_type, headers={"content-disposition": attached})


def _entry(visit: Visit, fields: EntryFields, on: AccountRow | None) -> tuple[Entry, list[Fault]]:
    """The entry, and all that is wrong with it; where its time is, that stands in for a moment that is none."""
    words, faults = visit.words, list[Fault]()
    if on is None:
        faults.append(_fault(words.gettext("Choose the account."), "account"))
    try:
        posted_at = moment_of(fields, now=visit.now)
    except Unclear as unclear:
        posted_at = visit.now
        faults.append(_fault(_sentence(words.gettext(unclear.text)), f"when-{unclear.part}"))
    entry = Entry(
        text=fields.text,
        posted_at=posted_at,
        author_name=fields.author_name,
        author_id=fields.author_id,
        url=fields.url,
        form=fields.form,
    )
    objections = entries.check(entry, on.platform if on else None, now=visit.now)
    return entry, [*faults, *(_fault(_sentence(words.say(each.why)), FIELD_OF[each.box]) for each in objections)]


def _accounts(visit: Visit) -> list[AccountRow]:
    """The accounts that this reader answers for."""
    with visit.store.read() as session:
        active = accounts.active(session)
    return [account for account in active if visit.reader.roles_in(account.service_area) & ANSWERING]


def _looked_at(words: Words, files: Sequence[UploadFile]) -> tuple[list[Evidence], list[Fault]]:
    """The files that may be kept, and what is wrong with the others."""
    if len(files) > MOST:
        return [], [_fault(words.gettext("Choose at most {n} files.", n=MOST), "files")]
    fit, faults = list[Evidence](), list[Fault]()
    for file in files:
        name = file.filename or ""
        try:
            fit.append(look_at(name, file.file, partial(_all_of, file.file)))
        except UnfitFile as unfit:
            shown = normalise_line(name, 60)
            faults.append(_fault(words.gettext(UNFIT[unfit.why], name=shown, n=LARGEST // MEGABYTE), "files"))
    return fit, faults


def _all_of(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _fault(text: str, field: str) -> Fault:
    return {"text": text, "href": f"#{field}"}


def _page(
    visit: Visit,
    fields: EntryFields,
    choices: Sequence[AccountRow],
    *,
    faults: Sequence[Fault] = (),
    files_again: bool = False,
) -> Response:
    return visit.page(
        "enter.html",
        status=422 if faults else 200,
        toggle=f"/{visit.words.other}/enter?redraw=1",
        keeps_form="enter",
        typed=fields.model_copy(update={"form": fields.form or secrets.token_urlsafe(16)}),
        accounts=choices,
        most=MOST,
        largest=LARGEST // MEGABYTE,
        endings=",".join(sorted(ENDINGS)),
        faults=sorted(faults, key=lambda fault: BOXES.index(fault["href"].partition("-")[0])),
        files_again=files_again,
    )
