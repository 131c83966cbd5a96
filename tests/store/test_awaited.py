"""Every query for what waits runs on both databases, and finds what waits there and nothing that does not."""

from __future__ import annotations

from typing import Any

import pytest

from moderation import conduct_reviews, removals, translations
from moderation.house_rules import Wish
from moderation.record import Actor
from moderation.translations import Wanted
from store import awaited
from store.database import Session, Store
from store.replies import PartRow, ReplyRow
from tests.factories import DAYS, NOON, POWYS, a_comment, comes, officer, with_account
from vocabulary import (
    Author,
    Clock,
    Language,
    RemovalKind,
    ReplyKind,
    ReplyState,
    ReviewAct,
    TranslationOf,
    Waits,
)

WISH = Wish("abuse", RemovalKind.HIDE, "Mae'n ei sarhau.", confirmed=True, exception="Darllenais eto")
TEXT = Wanted(TranslationOf.REPLY, "The lorry comes on Friday.", Language.EN, "")


def kinds(store: Store) -> set[Waits]:
    with store.read() as session:
        return {each.kind for each in awaited.everything(session, now=NOON)}


def a_reply(state: ReplyState, writer: Actor) -> ReplyRow:
    return ReplyRow(
        case_id=1, comment_id=1, round=1, kind=ReplyKind.ANSWER, state=state, text_cy="Helo", text_en="",
        exception_reason="", author_id=writer.user_id, created_at=NOON,
    )  # fmt: skip


@pytest.fixture
def mair(store: Store) -> Actor:
    with_account(store)
    comes(store, a_comment("Clown wyt ti", author=Author("a1", "Huw Enghraifft")))
    return officer(store)


@pytest.mark.parametrize("kind", awaited.FINDS, ids=str)
def test_where_nothing_waits_nothing_is_found(store: Store, mair: Actor, kind: Waits) -> None:
    with store.read() as session:
        assert list(awaited.FINDS[kind](session, NOON)) == []


def test_what_waits_is_found_by_its_kind(store: Store, mair: Actor) -> None:
    def act(session: Session) -> None:
        facts: dict[str, Any] = {"actor": mair, "policy": POWYS, "now": NOON}
        translations.ask(session, 1, TEXT, calendar=DAYS[Clock.ANSWER], **facts)
        removals.ask(session, 1, WISH, hides_here=True, **facts)
        conduct_reviews.begin(session, 1, act=ReviewAct.REFER, words="Eto ac eto", **facts)
        replies = [a_reply(state, mair) for state in (ReplyState.AWAITING_APPROVAL, ReplyState.FAILED_FOR_GOOD)]
        session.add_all(replies)
        session.flush()
        session.add(
            PartRow(
                reply_id=replies[-1].id, account_id=1, number=1, key="k", target="c1", text="Helo",
                state=ReplyState.FAILED_FOR_GOOD, attempts=5, needs_person=True,
            )
        )  # fmt: skip

    store.write(act)
    assert kinds(store) == {
        Waits.REPLY_TO_APPROVE,
        Waits.REPLY_STUCK,
        Waits.TRANSLATION_ASKED,
        Waits.REMOVAL_TO_AGREE,
        Waits.CONDUCT_REFERRED,
    }
