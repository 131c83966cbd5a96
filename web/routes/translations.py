"""What the translators have to do: each text with what it is said in answer to, and nothing else of its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response

from moderation import translations
from store import translations as requests
from store.database import Session
from web.gate import NotThere
from web.visit import Fields, Number, SomeVisit, Text, Visit
from words.names import N_

router = APIRouter(prefix="/{language}")

MOST = 50
"""Texts on the page, the soonest due first."""
LARGEST_ID = 2**53

DONE: Final[Mapping[str, str]] = {
    "take": N_("The text is yours. Nobody else translates it meanwhile."),
    "give_back": N_("The text is with all the translators again."),
    "hand_in": N_("Handed in. The officer has it."),
    "gone": N_("Nothing has been done: the text was withdrawn or handed in, or a colleague has taken it up."),
}


class TranslateFields(Fields):
    what: Literal["take", "give_back", "hand_in"]
    text: Text = ""


@router.get("/translations", name="translations")
def waiting(visit: SomeVisit, done: str = "") -> Response:
    return _page(visit, done=visit.words.gettext(DONE[done]) if done in DONE else "")


@router.post("/translations/{translation_id}", name="translate")
def translate(visit: SomeVisit, translation_id: Number, fields: Annotated[TranslateFields, Form()]) -> Response:
    """Take a text up, give it back, or hand it in."""
    actor, now = visit.actor, visit.now

    def act(session: Session) -> None:
        if requests.case_of(session, translation_id) is None:
            raise NotThere
        if fields.what == "take":
            translations.take(session, translation_id, actor=actor, now=now)
        elif fields.what == "give_back":
            translations.give_back(session, translation_id, actor=actor, now=now)
        else:
            translations.hand_in(session, translation_id, fields.text, actor=actor, policy=visit.here.policy, now=now)

    try:
        visit.store.write(act)
    except translations.NotTheirs:
        return visit.go("translations", done="gone")
    except translations.NothingHandedIn:
        text = visit.words.gettext("Write the translation before you hand it in.")
        return _page(visit, faults=[{"text": text, "href": f"#text-{translation_id}"}])
    return visit.go("translations", done=fields.what)


def _page(visit: Visit, *, faults: list[Mapping[str, str]] | None = None, done: str = "") -> Response:
    with visit.store.read() as session:
        tasks = requests.waiting(session, limit=MOST)
    return visit.page(
        "translations.html",
        status=422 if faults else 200,
        toggle=f"/{visit.words.other}/translations",
        tasks=tasks,
        mine=visit.reader.user_id,
        now=visit.now,
        faults=faults or (),
        done=done,
    )
