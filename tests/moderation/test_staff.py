"""Nobody raises themselves, the last administrator stays, and every change of rights leaves what was and what is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from moderation import staff
from moderation.record import Actor
from store import audit, identities, people, preferences, second_factors, sessions
from store.audit import AuditRow
from store.database import Session, Store
from store.preferences import Preferences
from vocabulary import Role

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLI = Actor("command line")
OFFICER, ADMINISTRATOR = (Role.OFFICER, "waste"), (Role.ADMINISTRATOR, "*")


@pytest.fixture
def ids(store: Store) -> dict[str, int]:
    """Nia administers, Rhys answers."""

    def act(session: Session) -> dict[str, int]:
        made = {"nia": [ADMINISTRATOR], "rhys": [OFFICER]}
        found = {}
        for name, grants in made.items():
            user = staff.add(session, username=name, full_name=name.title(), grants=grants, actor=CLI, now=NOW)
            found[name] = user.id
            lasts = timedelta(hours=12)
            facts = dict(token_hash=name.encode().ljust(32), user_id=user.id, csrf="t", now=NOW, lasts=lasts)
            sessions.open_session(session, **facts)  # type: ignore[arg-type]
        return found

    return store.write(act)


def nia(ids: dict[str, int]) -> Actor:
    return Actor("nia", ids["nia"])


def last_row(store: Store) -> AuditRow:
    with store.read() as session:
        return session.query(AuditRow).order_by(AuditRow.number.desc()).first()  # type: ignore[return-value]


def signed_in(store: Store, name: str) -> bool:
    with store.read() as session:
        return sessions.find(session, name.encode().ljust(32), now=NOW, idle=HOUR) is not None


def test_changed_rights_end_the_sessions_and_leave_before_and_after(store: Store, ids: dict[str, int]) -> None:
    new = [OFFICER, (Role.AUDITOR, "*"), (Role.AUDITOR, "*")]
    change = partial(staff.change_grants, user_id=ids["rhys"], grants=new, actor=nia(ids), now=NOW)
    assert store.write(change)
    assert not store.write(change), "what is so already is left"
    assert not signed_in(store, "rhys")
    row = last_row(store)
    assert (row.actor, row.action, row.subject) == ("nia", "user.grants", f"user:{ids['rhys']}")
    assert row.before == {"grants": [["officer", "waste"]]}
    assert row.after == {"grants": [["officer", "waste"], ["auditor", "*"]]}


def test_nobody_decides_what_they_may_do_themselves(store: Store, ids: dict[str, int]) -> None:
    for act in (
        lambda session: staff.change_grants(session, ids["nia"], [ADMINISTRATOR, OFFICER], actor=nia(ids), now=NOW),
        lambda session: staff.change_active(session, ids["nia"], active=False, actor=nia(ids), now=NOW),
    ):
        with pytest.raises(staff.OwnRights):
            store.write(act)
    assert signed_in(store, "nia")


def test_the_last_administrator_stays(store: Store, ids: dict[str, int]) -> None:
    for act in (
        lambda session: staff.change_grants(session, ids["nia"], [OFFICER], actor=CLI, now=NOW),
        lambda session: staff.change_active(session, ids["nia"], active=False, actor=CLI, now=NOW),
    ):
        with pytest.raises(staff.LastAdministrator):
            store.write(act)
    store.write(lambda session: staff.change_grants(session, ids["rhys"], [ADMINISTRATOR], actor=nia(ids), now=NOW))
    assert store.write(lambda session: staff.change_active(session, ids["nia"], active=False, actor=CLI, now=NOW))
    with pytest.raises(staff.LastAdministrator):
        store.write(lambda session: staff.change_active(session, ids["rhys"], active=False, actor=CLI, now=NOW))


def test_nobody_is_left_without_a_role(store: Store, ids: dict[str, int]) -> None:
    with pytest.raises(staff.NoGrants):
        store.write(lambda session: staff.change_grants(session, ids["rhys"], [], actor=CLI, now=NOW))


def test_whoever_left_is_out_and_their_link_opens_nothing(store: Store, ids: dict[str, int]) -> None:
    store.write(lambda session: staff.invite(session, ids["rhys"], b"l" * 32, actor=CLI, now=NOW))
    store.write(lambda session: staff.change_active(session, ids["rhys"], active=False, actor=nia(ids), now=NOW))
    assert not signed_in(store, "rhys")
    store.write(lambda session: staff.change_active(session, ids["rhys"], active=True, actor=nia(ids), now=NOW))
    with pytest.raises(staff.LinkOver):
        store.write(lambda session: staff.accept(session, b"l" * 32, "hash", now=NOW))


def test_a_link_is_good_once_for_a_week_and_only_the_last_one(store: Store, ids: dict[str, int]) -> None:
    for link in (b"1" * 32, b"2" * 32):
        store.write(partial(staff.invite, user_id=ids["rhys"], token_hash=link, actor=CLI, now=NOW))

    def accept(link: bytes, now: datetime) -> None:
        store.write(lambda session: staff.accept(session, link, "hash", now=now))

    for link, now in ((b"1" * 32, NOW), (b"2" * 32, NOW + staff.INVITED_FOR)):
        with pytest.raises(staff.LinkOver):
            accept(link, now)
    store.write(lambda session: identities.forget_invitations(session, before=NOW + staff.INVITED_FOR))
    accept(b"2" * 32, NOW)
    assert not signed_in(store, "rhys")
    with pytest.raises(staff.LinkOver):
        accept(b"2" * 32, NOW)


def test_an_identity_belongs_to_one_person_and_a_person_has_one(store: Store, ids: dict[str, int]) -> None:
    def connect(name: str, subject: str) -> int:
        store.write(lambda session: staff.invite(session, ids[name], b"l" * 32, actor=CLI, now=NOW))
        return store.write(lambda session: staff.connect(session, b"l" * 32, "iss", subject, now=NOW)).id

    assert connect("rhys", "t/1") == connect("rhys", "t/2") == ids["rhys"]
    with pytest.raises(staff.IdentityTaken):
        connect("nia", "t/2")
    with store.read() as session:
        owners = [identities.owner(session, "iss", "t/1"), identities.owner(session, "other", "t/2")]
        assert owners == [None, None]
        assert identities.everybody(session) == {ids["rhys"]}


def test_a_new_password_ends_every_session_but_the_one_it_was_chosen_in(store: Store, ids: dict[str, int]) -> None:
    kept = b"rhys".ljust(32)

    def act(session: Session) -> None:
        facts = dict(user_id=ids["rhys"], csrf="t", now=NOW, lasts=HOUR)
        sessions.open_session(session, token_hash=b"o" * 32, **facts)  # type: ignore[arg-type]
        staff.change_password(session, ids["rhys"], "hash", actor=Actor("rhys", ids["rhys"]), now=NOW, but=kept)
        sessions.renew(session, kept, b"n" * 32, csrf="u")

    store.write(act)
    with store.read() as session:
        mine = sessions.of_user(session, ids["rhys"], now=NOW, idle=HOUR)
        assert [each.token_hash for each in mine] == [b"n" * 32]
        found = sessions.find(session, b"n" * 32, now=NOW, idle=HOUR)
    assert found is not None
    assert (found.csrf, last_row(store).after) == ("u", {"sessions_ended": 1})


def test_choices_are_read_with_the_session_and_set_the_language_of_messages(store: Store, ids: dict[str, int]) -> None:
    chosen = Preferences(language="cy", shortcuts=False, blurred=True, keys={"reply": "y"})
    actor = Actor("rhys", ids["rhys"])
    for _ in range(2):
        store.write(lambda session: staff.choose(session, ids["rhys"], chosen, actor=actor, now=NOW))
    with store.read() as session:
        found = sessions.find(session, b"rhys".ljust(32), now=NOW, idle=HOUR)
        others = sessions.find(session, b"nia".ljust(32), now=NOW, idle=HOUR)
        many = session.query(AuditRow).filter(AuditRow.action == "user.preferences").count()
    assert found is not None
    assert (found.preferences, found.language, many) == (chosen, "cy", 1)
    assert others is not None
    assert others.preferences == preferences.Preferences()


def test_a_second_factor_is_kept_spent_and_taken_away(store: Store, ids: dict[str, int]) -> None:
    key, user_id = b"n" * 43 + b"=", ids["nia"]
    for codes in ([b"a" * 32], [b"b" * 32, b"c" * 32]):
        store.write(partial(second_factors.keep, user_id=user_id, secret="S", step=1, codes=codes, key=key, now=NOW))

    def spend(code: bytes) -> bool:
        return store.write(lambda session: second_factors.spend(session, user_id, code))

    assert [spend(b"a" * 32), spend(b"b" * 32), spend(b"b" * 32)] == [False, True, False]
    with store.read() as session:
        assert second_factors.codes_left(session, user_id) == 1
        assert second_factors.everybody(session) == {user_id}
    assert store.write(lambda session: second_factors.forget(session, user_id))
    assert not store.write(lambda session: second_factors.forget(session, user_id))


def test_everybody_is_listed_with_what_they_may_do(store: Store, ids: dict[str, int]) -> None:
    with store.read() as session:
        assert [user.full_name for user in people.everyone(session)] == ["Nia", "Rhys"]
        assert people.all_grants(session) == {ids["nia"]: [ADMINISTRATOR], ids["rhys"]: [OFFICER]}
        assert audit.verify(session, b"a key for tests, 32 bytes long..", None) is None
        assert all(user.last_sign_in == NOW for user in people.everyone(session))
