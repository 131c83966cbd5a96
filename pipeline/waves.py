"""The same words from many people: found in the open cases, and answered together, each for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from classifiers.likeness import FEWEST_WORDS, SAME_WORDS, plain, words_alike
from moderation import queue
from moderation.record import Actor
from moderation.replies import Draft
from pipeline.installation import Installation
from pipeline.replying import send_reply
from store import triage
from store.database import Session
from store.triage import Member
from vocabulary import GwylioError, ReplyLanguage

SINCE = timedelta(days=14)
LOOKED_AT = 1_000
"""The newest comments of open cases; a wave is young."""
SHOWN = 50


def wave_of(session: Session, case_id: int, words: str, *, now: datetime) -> tuple[Member, ...]:
    """The other open cases with the same words by other people, newest first; none for a text of a word or two."""
    mine = plain(words)
    if len(mine.split()) < FEWEST_WORDS:
        return ()
    authors = triage.authors_of(session, case_id)
    others = [
        (other, text)
        for other, author, text in triage.open_texts(session, since=now - SINCE, limit=LOOKED_AT)
        if other != case_id and (author is None or author not in authors)
    ]
    scores = words_alike(mine, [plain(text) for _, text in others])
    alike = [other for (other, _), score in zip(others, scores, strict=True) if score >= SAME_WORDS]
    members = list(dict.fromkeys(alike))[:SHOWN]
    found = triage.members(session, members)
    return tuple(found[other] for other in members)


def answer_wave(
    here: Installation, saw: Mapping[int, int], draft: Draft, *, actor: Actor, now: datetime
) -> tuple[tuple[int, ...], dict[int, GwylioError]]:
    """The same reply to each of these cases, every one checked and sent for itself.

    Those that are in the outbox now, and of the others why not.
    """
    sent: list[int] = []
    refused: dict[int, GwylioError] = {}
    for case_id, version in saw.items():
        try:
            with here.store.read() as session:
                owed = queue.get(session, case_id).reply_in
            send_reply(here, case_id, _in(owed, draft), actor=actor, now=now, saw=version)
        except GwylioError as error:
            refused[case_id] = error
        else:
            sent.append(case_id)
    return tuple(sent), refused


def _in(owed: ReplyLanguage, draft: Draft) -> Draft:
    """The part of a reply in the language owed; all of it where that part is missing, so that the guard asks."""
    if owed is ReplyLanguage.CY and draft.text_cy.strip():
        return replace(draft, text_en="")
    if owed is ReplyLanguage.EN and draft.text_en.strip():
        return replace(draft, text_cy="")
    return draft
