"""What was decided is done on the real platforms' interfaces, evidence first, and nothing is done without a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import pipeline
from moderation import removals
from moderation.house_rules import RemovalRefused, Wish
from moderation.record import Actor
from simulator.faults import Kind
from store import cases
from store.audit import AuditRow
from store.evidence import EvidenceRow
from store.removals import RemovalRow
from tests.factories import a_user
from tests.town import Town, town
from vocabulary import NotDone, Presence, RemovalKind, RemovalState, Role

CAS = "Ffoniwch hi ar 07700 900123"
WISH = Wish("personal_data", RemovalKind.HIDE, "Mae'n rhoi rhif ffôn rhywun.")


@pytest.fixture
def dyffryn(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def asks(dyffryn: Town, native_id: str, wish: Wish = WISH) -> RemovalRow:
    comment = dyffryn.comment(native_id)
    removal_id = pipeline.ask_removal(dyffryn.here, comment.id, wish, actor=dyffryn.mair, now=dyffryn.now)
    return removal(dyffryn, removal_id)


def removal(dyffryn: Town, removal_id: int) -> RemovalRow:
    with dyffryn.store.read() as session:
        return session.get_one(RemovalRow, removal_id)


def agrees(dyffryn: Town, removal_id: int, *, agrees: bool = True) -> RemovalRow:
    rhian = dyffryn.store.write(lambda session: Actor("rhian", a_user(session, "rhian", Role.COMMUNICATIONS, "*").id))
    pipeline.act_on_removal(
        dyffryn.here,
        lambda session: removals.decide(
            session,
            removal_id,
            Role.COMMUNICATIONS,
            agrees=agrees,
            held={Role.COMMUNICATIONS},
            words="Cytuno.",
            actor=rhian,
            now=dyffryn.now,
        ),
        actor=rhian,
        now=dyffryn.now,
    )
    return removal(dyffryn, removal_id)


def on_view(dyffryn: Town, native_id: str) -> bool:
    message = dyffryn.world.message(native_id)
    return message is not None and not message.hidden


@pytest.mark.parametrize("slug", ["dyffryn-fb", "dyffryn-x"])
def test_a_comment_is_hidden_agreed_to_and_shown_again_on_its_platform(dyffryn: Town, slug: str) -> None:
    case_id = dyffryn.arrives(CAS, slug)
    [comment] = dyffryn.comments()
    asked = asks(dyffryn, comment.native_id)
    assert asked.state is RemovalState.HIDDEN
    assert not on_view(dyffryn, comment.native_id)
    assert agrees(dyffryn, asked.id).state is RemovalState.REMOVED
    pipeline.act_on_removal(
        dyffryn.here,
        lambda session: removals.undo(session, asked.id, words="Camgymeriad", actor=dyffryn.mair, now=dyffryn.now),
        actor=dyffryn.mair,
        now=dyffryn.now,
    )
    assert on_view(dyffryn, comment.native_id)
    assert dyffryn.comment(comment.native_id).presence is Presence.PRESENT
    with dyffryn.store.read() as session:
        told = [event.what for event in cases.events(session, case_id)]
    assert told == ["opened", "removal_asked", "hidden", "removal_agreed", "removal_ended", "unhidden"]


@pytest.mark.parametrize("kind", [Kind.FORBIDDEN, Kind.SERVER_ERROR, Kind.HTML_502])
def test_the_evidence_and_whoever_asked_are_kept_before_a_platform_that_fails_is_asked(
    dyffryn: Town, kind: Kind
) -> None:
    dyffryn.arrives(CAS)
    [comment] = dyffryn.comments()
    dyffryn.spoil(kind, method="POST", times=1000)
    asked = asks(dyffryn, comment.native_id)
    assert (asked.state, asked.owed) == (RemovalState.REQUESTED, "hide")
    assert asked.not_done in {NotDone.FAILED, NotDone.REFUSED}
    assert dyffryn.comment(comment.native_id).presence is Presence.PRESENT
    with dyffryn.store.read() as session:
        assert CAS.encode() in session.get_one(EvidenceRow, asked.evidence_id).content
        trail = session.scalars(select(AuditRow.action).order_by(AuditRow.number)).all()
    assert trail.index("evidence.kept") < trail.index("removal.ask") < trail.index("comment.hide_asked")
    dyffryn.mend()
    assert pipeline.carry_out(dyffryn.here, asked.id, actor=dyffryn.mair, now=dyffryn.now)
    assert not on_view(dyffryn, comment.native_id)
    assert removal(dyffryn, asked.id).state is RemovalState.HIDDEN


def test_what_may_have_been_hidden_is_shown_again_when_it_is_refused(dyffryn: Town) -> None:
    dyffryn.arrives(CAS)
    [comment] = dyffryn.comments()
    dyffryn.spoil(Kind.SERVER_ERROR, method="POST", times=1000)
    asked = asks(dyffryn, comment.native_id)
    refused = agrees(dyffryn, asked.id, agrees=False)
    assert (refused.state, refused.owed) == (RemovalState.REFUSED, "unhide")
    dyffryn.mend()
    assert pipeline.carry_out(dyffryn.here, asked.id, actor=dyffryn.mair, now=dyffryn.now)
    assert on_view(dyffryn, comment.native_id)


def test_a_comment_that_is_to_be_deleted_is_hidden_first_and_deleted_once_agreed(dyffryn: Town) -> None:
    dyffryn.arrives(CAS)
    [comment] = dyffryn.comments()
    asked = asks(dyffryn, comment.native_id, Wish("personal_data", RemovalKind.DELETE, "Rhif ffôn."))
    assert asked.state is RemovalState.HIDDEN
    assert agrees(dyffryn, asked.id).state is RemovalState.REMOVED
    assert dyffryn.comment(comment.native_id).presence is Presence.DELETED_BY_US


def test_x_deletes_nothing_for_us_so_a_person_does_it_there(dyffryn: Town) -> None:
    dyffryn.arrives(CAS, "dyffryn-x")
    [comment] = dyffryn.comments()
    asked = asks(dyffryn, comment.native_id, Wish("personal_data", RemovalKind.DELETE, "Rhif ffôn."))
    agreed = agrees(dyffryn, asked.id)
    assert (agreed.state, agreed.owed, agreed.not_done) == (RemovalState.APPROVED, "delete", NotDone.NO_SUCH_ACT)
    dyffryn.wait(minutes=30)
    dyffryn.store.write(
        lambda session: removals.record_native(
            session, asked.id, at=dyffryn.now, words="Yn X ei hun.", actor=dyffryn.mair, now=dyffryn.now
        )
    )
    done = removal(dyffryn, asked.id)
    assert (done.state, done.owed, done.removed_at) == (RemovalState.REMOVED, "", dyffryn.now)


def test_a_comment_that_has_gone_by_then_is_taken_for_done(dyffryn: Town) -> None:
    dyffryn.arrives(CAS)
    [comment] = dyffryn.comments()
    dyffryn.world.delete(comment.native_id, dyffryn.now)
    asked = asks(dyffryn, comment.native_id)
    assert (asked.state, asked.owed) == (RemovalState.HIDDEN, "")
    assert dyffryn.comment(comment.native_id).presence is Presence.PRESENT, "the next check says whose doing it was"


def test_nothing_that_was_seen_hides_anything_by_itself(dyffryn: Town) -> None:
    dyffryn.arrives(CAS)
    [comment] = dyffryn.comments()
    for _ in range(3):
        dyffryn.wait(hours=7)
        dyffryn.collect()
        dyffryn.read()
        pipeline.warn(dyffryn.here, now=dyffryn.now)
    assert on_view(dyffryn, comment.native_id)
    with pytest.raises(RemovalRefused):
        asks(dyffryn, comment.native_id, Wish("personal_data", RemovalKind.HIDE, ""))
    assert on_view(dyffryn, comment.native_id)


def test_a_hidden_comment_stays_so_in_our_books_when_it_is_collected_again(dyffryn: Town) -> None:
    dyffryn.arrives(CAS, "dyffryn-x")
    [comment] = dyffryn.comments()
    asks(dyffryn, comment.native_id)
    dyffryn.wait(hours=7)
    dyffryn.collect()
    assert dyffryn.comment(comment.native_id).presence is Presence.HIDDEN_BY_US
