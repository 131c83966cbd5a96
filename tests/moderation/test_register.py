"""The register says who may do what with an account, what is due again, and what is left to do when somebody leaves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import policy, register
from moderation.policy import Policy, PolicyError
from moderation.record import Actor
from moderation.register import EntryRefused, MayNotRecord
from store import accounts
from store import register as rows
from store.accounts import AccountRow
from store.database import Session, Store
from store.register import Posting, RegisterRow
from tests.factories import LONG_AGO, MONDAY, NOON, an_account, officer
from tests.moderation.given import CARMARTHENSHIRE, DAYS, POWYS
from vocabulary import Clock, Role

CARDIFF = policy.load("cardiff")
EVERY_ROLE = frozenset(Role)
DAY = MONDAY.date()


@pytest.fixture
def mair(store: Store) -> Actor:
    store.write(lambda session: an_account(session, login_model="shared"))
    return officer(store)


def account_of(session: Session) -> AccountRow:
    return accounts.by_slug(session, "cyngor-fb")


def records(
    store: Store, who: Actor, duty: str, pack: Policy = POWYS, *, person: str = "", day: date = DAY, **over: Any
) -> RegisterRow:
    facts: dict[str, Any] = {"answers": (), "words": "Cofnodwyd", "roles": EVERY_ROLE} | over
    on_account = pack.duties[duty].on == "account" if duty in pack.duties else False

    def act(session: Session) -> RegisterRow:
        account = account_of(session) if on_account else None
        return register.record(
            session, duty, account=account, person=person, on_day=day, policy=pack, actor=who, now=NOON, **facts
        )

    return store.write(act)


@pytest.mark.parametrize(
    ("pack", "before"),
    [
        (POWYS, ["requested", "approved_service", "approved_communications"]),
        (CARDIFF, ["requested", "approved_service", "approved_communications", "approved_monitoring"]),
        (CARMARTHENSHIRE, ["requested", "trial", "approved_service", "approved_communications"]),
    ],
)
def test_an_account_is_authorised_once_all_have_agreed_whom_the_policy_names(
    store: Store, mair: Actor, pack: Policy, before: list[str]
) -> None:
    for duty in before:
        with pytest.raises(EntryRefused) as refused:
            records(store, mair, "authorised", pack)
        assert refused.value.field == "before"
        records(store, mair, duty, pack)
    assert records(store, mair, "authorised", pack).duty == "authorised"


@pytest.mark.parametrize(
    ("duty", "over", "field"),
    [
        ("coffee", {}, "duty"),
        ("training", {"person": " "}, "person"),
        ("requested", {"day": DAY + timedelta(days=1)}, "day"),
        ("requested", {"words": ""}, "reason"),
    ],
)
def test_what_is_missing_is_said(store: Store, mair: Actor, duty: str, over: dict[str, Any], field: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        records(store, mair, duty, **over)
    assert refused.value.field == field


def test_the_monitoring_officers_permission_is_theirs_to_record(store: Store, mair: Actor) -> None:
    records(store, mair, "requested", CARDIFF)
    with pytest.raises(MayNotRecord):
        records(store, mair, "approved_monitoring", CARDIFF, roles={Role.COMMUNICATIONS})
    assert records(store, mair, "approved_monitoring", CARDIFF, roles={Role.AUDITOR}).recorded_by == mair.user_id


@pytest.mark.parametrize(
    ("pack", "duty", "last", "due"),
    [
        (CARMARTHENSHIRE, "audit", date(2026, 3, 31), date(2026, 9, 30)),
        (CARMARTHENSHIRE, "audit", date(2026, 8, 31), date(2027, 2, 28)),
        (POWYS, "audit", date(2026, 2, 28), date(2027, 2, 28)),
        (CARMARTHENSHIRE, "looked_at", date(2026, 11, 6), date(2026, 11, 9)),
        (POWYS, "requested", date(2026, 11, 6), None),
    ],
)
def test_what_recurs_is_due_again_by_the_packs_interval(pack: Policy, duty: str, last: date, due: date | None) -> None:
    assert register.next_due(pack.duties[duty], last, DAYS[Clock.ANSWER]) == due


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_the_next_audit_is_never_sooner_than_the_last(last: date) -> None:
    due = register.next_due(CARMARTHENSHIRE.duties["audit"], last, DAYS[Clock.ANSWER])
    assert due is not None
    assert timedelta(days=178) <= due - last <= timedelta(days=184)


def test_an_account_that_was_never_audited_is_due_from_the_day_it_began() -> None:
    found = {each.duty: each for each in register.standing(CARMARTHENSHIRE, [], date(2026, 1, 15), DAYS[Clock.ANSWER])}
    assert found["audit"].last is None
    assert found["audit"].due == date(2026, 7, 15)
    assert found["audit"].overdue(date(2026, 7, 16))
    assert not found["audit"].overdue(date(2026, 7, 15))


def tasks(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        known = {each.id: each for each in accounts.everyone(session)}
        found = register.leaver_tasks(rows.entries(session), rows.administrators(session), known)
        return [(task.person, task.what) for task in found]


def test_a_leaver_opens_the_list_of_all_that_is_to_be_revoked(store: Store, mair: Actor) -> None:
    who = "Ifan Enghraifft"
    store.write(lambda session: register.give_access(session, account_of(session), who, actor=mair, now=LONG_AGO))
    assert tasks(store) == []
    records(store, mair, "leaver", person=who)
    assert tasks(store) == [(who, "access"), (who, "password")]
    with store.read() as session:
        [row] = rows.administrators(session)
    for _twice in range(2):
        store.write(lambda session: register.end_access(session, row.id, actor=mair, now=NOON))
    assert tasks(store) == [(who, "password")]
    records(store, mair, "password_changed")
    assert tasks(store) == []


def test_access_is_given_to_a_name_and_once(store: Store, mair: Actor) -> None:
    def give(name: str) -> None:
        store.write(lambda session: register.give_access(session, account_of(session), name, actor=mair, now=NOON))

    give("Ifan Enghraifft")
    for name in (" ", "Ifan Enghraifft"):
        with pytest.raises(EntryRefused):
            give(name)


@pytest.mark.parametrize(
    ("posts", "welsh", "days_ago", "short"),
    [(8, 8, 1, ()), (8, 7, 1, ("no_welsh",)), (7, 7, 1, ("seldom",)), (0, 0, 40, ("stale", "seldom"))],
)
def test_an_account_is_kept_alive_and_in_both_languages(
    posts: int, welsh: int, days_ago: int, short: tuple[str, ...]
) -> None:
    latest: datetime = NOON - timedelta(days=days_ago)
    assert register.behind(POWYS, Posting(posts, welsh, latest), weeks=4, now=NOON) == short


def test_an_account_without_a_post_is_left_alone() -> None:
    assert "stale" in register.behind(POWYS, Posting(0, 0, None), weeks=4, now=NOON)


def test_a_duty_that_waits_for_one_that_nobody_has_is_refused(tmp_path: Any) -> None:
    (tmp_path / "bad.toml").write_text(
        'extends = "powys"\nversion = "1"\ntitle = { cy = "a", en = "b" }\n[duty.audit]\nafter = ["requestd"]\n'
    )
    with pytest.raises(PolicyError, match="there is no duty requestd; did you mean requested"):
        policy.load(tmp_path / "bad.toml")
