"""A token opens what its owner may do at this moment, and an answer is kept with what it is the answer to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from moderation import api_tokens, staff
from moderation.record import Actor
from store import api_tokens as rows
from store import people, register, sessions
from store.audit import AuditRow
from store.database import Session, Store
from vocabulary import Role, Scope

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
CLI = Actor("command line")
HASH = b"h" * 32


@pytest.fixture
def rhys(store: Store) -> int:
    return store.write(
        lambda session: (
            staff.add(
                session, username="rhys", full_name="Rhys", grants=[(Role.OFFICER, "waste")], actor=CLI, now=NOW
            ).id
        )
    )


def give(session: Session, user_id: int, hashed: bytes = HASH, *, days: int = 30) -> int:
    scopes = [Scope.WRITE_CASES, Scope.READ_QUEUE]
    return api_tokens.give(session, user_id, hashed, name=" Chat ", scopes=scopes, days=days, actor=CLI, now=NOW).id


def found(store: Store, *, now: datetime = NOW) -> rows.Bearer | None:
    with store.read() as session:
        return rows.find(session, HASH, now=now)


def test_a_token_is_found_by_its_hash_until_it_runs_out(store: Store, rhys: int) -> None:
    number = store.write(lambda session: give(session, rhys))
    bearer = found(store)
    assert bearer is not None
    assert (bearer.token_id, bearer.name, bearer.scopes) == (
        number,
        "Chat",
        frozenset({Scope.READ_QUEUE, Scope.WRITE_CASES}),
    )
    assert bearer.signed_in.grants == ((Role.OFFICER, "waste"),)
    assert found(store, now=NOW + timedelta(days=30) - timedelta(seconds=1))
    assert found(store, now=NOW + timedelta(days=30)) is None
    store.write(lambda session: rows.touch(session, number, now=NOW))
    store.write(lambda session: api_tokens.revoke(session, number, actor=CLI, now=NOW))
    store.write(lambda session: api_tokens.revoke(session, number, actor=CLI, now=NOW))
    assert found(store) is None
    with store.read() as session:
        [(token, owner)] = rows.everything(session, rhys)
        acts = session.scalars(select(AuditRow.action).where(AuditRow.subject == f"api_token:{number}")).all()
    assert (token.last_used, token.revoked_at, owner.id) == (NOW, NOW, rhys)
    assert acts == ["api_token.given", "api_token.revoked"], "revoked already is revoked"


def test_whoever_leaves_leaves_no_token_behind(store: Store, rhys: int) -> None:
    store.write(lambda session: give(session, rhys))
    store.write(lambda session: staff.change_active(session, rhys, active=False, actor=CLI, now=NOW))
    store.write(lambda session: staff.change_active(session, rhys, active=True, actor=CLI, now=NOW))
    assert found(store) is None
    store.write(lambda session: staff.change_active(session, rhys, active=False, actor=CLI, now=NOW))
    with pytest.raises(api_tokens.TokenRefused):
        store.write(lambda session: give(session, rhys, b"i" * 32))


def test_a_token_has_a_name_a_use_and_an_end(store: Store, rhys: int) -> None:
    good: dict[str, Any] = dict(name="Chat", scopes=[Scope.CLASSIFY], days=30)
    wrongs: tuple[dict[str, Any], ...] = ({"name": " "}, {"name": "x" * 101}, {"scopes": []}, {"days": 31})
    for wrong in wrongs:
        facts = {**good, **wrong}
        with pytest.raises(api_tokens.TokenRefused):
            store.write(partial(api_tokens.give, user_id=rhys, hashed=HASH, actor=CLI, now=NOW, **facts))
    assert found(store) is None


def test_a_service_is_nobody_among_people(store: Store, rhys: int) -> None:
    grants = [(Role.OFFICER, "waste"), (Role.COMMUNICATIONS, "*")]
    chat = store.write(
        lambda session: api_tokens.add_service(
            session, username="chat", full_name="Chat", grants=grants, actor=CLI, now=NOW
        )
    )
    store.write(lambda session: give(session, chat.id))
    with store.read() as session:
        assert [user.id for user in people.everyone(session)] == [rhys]
        assert [each.id for each in sessions.officers_of(sessions.officers(session), "waste")] == [rhys]
        assert {user.id for _area, user in register.users_by_area(session)} == {rhys}
        assert people.who_may_see(session, ["chat", "rhys"], "waste") == [rhys]
        assert [user.id for user in rows.services(session)] == [chat.id]
        with pytest.raises(people.UnknownUser):
            people.by_username(session, "chat")
    bearer = found(store)
    assert bearer is not None
    assert set(bearer.signed_in.grants) == set(grants)
    store.write(lambda session: api_tokens.end_service(session, chat.id, actor=CLI, now=NOW))
    assert found(store) is None
    for nobody in (rhys, 999):
        with pytest.raises(api_tokens.UnknownToken):
            store.write(partial(api_tokens.end_service, user_id=nobody, actor=CLI, now=NOW))
    administers: list[tuple[Role, str]] = [(Role.ADMINISTRATOR, "*")]
    for refused in ([], administers):
        facts = dict(username="other", full_name="Other", actor=CLI, now=NOW)
        with pytest.raises(api_tokens.ServiceRefused):
            store.write(partial(api_tokens.add_service, grants=refused, **facts))  # type: ignore[arg-type]


def test_an_answer_is_kept_for_its_token_and_key_and_forgotten_in_time(store: Store, rhys: int) -> None:
    one, other = (store.write(partial(give, user_id=rhys, hashed=hashed)) for hashed in (HASH, b"i" * 32))

    def keep(session: Session) -> None:
        rows.keep_answer(session, one, "k", asked=b"a" * 32, answer={"reply": 7}, now=NOW)

    store.write(keep)
    with store.read() as session:
        kept = rows.answered(session, one, "k")
        assert kept is not None
        assert (kept.asked, kept.answer) == (b"a" * 32, {"reply": 7})
        assert rows.answered(session, other, "k") is None
    store.write(lambda session: rows.forget_answers(session, before=NOW))
    with store.read() as session:
        assert rows.answered(session, one, "k") is not None
    store.write(lambda session: rows.forget_answers(session, before=NOW + timedelta(seconds=1)))
    with store.read() as session:
        assert rows.answered(session, one, "k") is None
