"""A token at rest cannot be read without its key, and is replaced only by whoever holds what it replaces."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from cryptography.fernet import Fernet

from store import accounts, audit, credentials
from store.accounts import WHOLE_ACCOUNT
from store.credentials import CredentialUnreadable
from store.database import Session, Store
from vocabulary import Platform

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=2)
KEY, OTHER = Fernet.generate_key(), Fernet.generate_key()
TOKEN = "planted-token-of-dyffryn"


@pytest.fixture
def account(store: Store) -> int:
    def act(session: Session) -> int:
        row = accounts.add(
            session,
            slug="dyffryn-x",
            platform=Platform.X,
            native_id="1",
            display_name="D",
            service_area="waste",
            now=NOW,
        )
        credentials.keep(
            session, row, TOKEN, key=KEY, actor="nia", now=NOW, expires=NOW + timedelta(hours=2), renews=True
        )
        return row.id

    return store.write(act)


def row_of(store: Store) -> accounts.AccountRow:
    with store.read() as session:
        return accounts.by_slug(session, "dyffryn-x")


def used(store: Store) -> bytes:
    held = row_of(store).credential
    assert held is not None
    return held


def renew(store: Store, account: int, before: bytes) -> bool:
    facts = dict(account_id=account, used=before, key=KEY, expires=None, renews=True, now=NOW)
    return store.write(partial(credentials.renewed, token="next", **facts))  # type: ignore[arg-type]


def test_a_token_opens_with_its_key_and_with_no_other(store: Store, account: int) -> None:
    assert credentials.reveal(row_of(store), key=KEY) == TOKEN
    assert TOKEN.encode() not in used(store)
    with pytest.raises(CredentialUnreadable, match="another key") as caught:
        credentials.reveal(row_of(store), key=OTHER)
    assert caught.value.__cause__ is None
    assert TOKEN not in str(caught.value)


def test_a_token_that_was_tampered_with_does_not_open(store: Store, account: int) -> None:
    def spoil(session: Session) -> None:
        row = accounts.by_slug(session, "dyffryn-x")
        assert row.credential is not None
        row.credential = row.credential[:-9] + b"AAAAAAAAA"

    store.write(spoil)
    with pytest.raises(CredentialUnreadable):
        credentials.reveal(row_of(store), key=KEY)


def test_one_holds_the_lease_until_it_is_over(store: Store, account: int) -> None:
    take = partial(credentials.lease, account_id=account, used=used(store))
    assert store.write(partial(take, now=NOW, until=SOON))
    assert not store.write(partial(take, now=NOW, until=SOON))
    assert not store.write(partial(take, now=SOON - timedelta(seconds=1), until=SOON))
    assert store.write(partial(take, now=SOON, until=SOON + timedelta(minutes=2))), "its process is gone"


def test_of_many_at_once_one_gets_the_lease(store: Store, account: int) -> None:
    start, take = threading.Barrier(8), partial(credentials.lease, account_id=account, used=used(store))

    def try_it(_: int) -> bool:
        start.wait()
        return store.write(partial(take, now=NOW, until=SOON))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(8))) == 1


def test_a_lease_is_for_the_token_that_was_seen(store: Store, account: int) -> None:
    before = used(store)
    assert renew(store, account, before)
    assert not store.write(partial(credentials.lease, account_id=account, used=before, now=NOW, until=SOON))


def test_whoever_comes_late_changes_nothing(store: Store, account: int) -> None:
    """A lease ran out while its process slept; another has it now, and has the newer token."""
    before = used(store)
    late = partial(credentials.not_renewed, account_id=account, used=before, until=SOON, refused=True, now=NOW)
    later = SOON + timedelta(minutes=2)
    assert store.write(partial(credentials.lease, account_id=account, used=before, now=NOW, until=SOON))
    assert store.write(partial(credentials.lease, account_id=account, used=before, now=SOON, until=later))

    give_back = partial(credentials.not_renewed, account_id=account, used=before, until=SOON, now=NOW)
    assert not store.write(partial(give_back, refused=False))
    assert row_of(store).renewing_until == later, "the other's lease stands"
    assert renew(store, account, before)
    assert not store.write(late)
    assert row_of(store).credential_renews


def test_what_the_trail_says_of_a_token_holds_no_part_of_it(store: Store, account: int) -> None:
    before = used(store)
    store.write(partial(credentials.not_renewed, account_id=account, used=before, until=SOON, refused=True, now=NOW))
    with store.read() as session:
        rows = [row for row in audit.rows(session) if row["action"].startswith("credential.")]
    assert [(row["action"], row["actor"], row["after"]) for row in rows] == [
        ("credential.keep", "nia", {"expires": "2026-11-16T11:00:00+00:00", "renews": True}),
        ("credential.refused", "system", {"expires": "2026-11-16T11:00:00+00:00", "renews": False}),
    ]


@pytest.mark.parametrize(
    ("trouble", "over"),
    [
        ("AuthExpired: dead", True),
        ("CredentialUnreadable: key", True),
        ("Transient: away", True),
        ("RateLimited: wait", False),
        ("QuotaExhausted: spent", False),
        ("", False),
    ],
)
def test_a_new_token_ends_what_was_wrong_with_the_old_and_no_wait_that_the_platform_set(
    store: Store, account: int, trouble: str, over: bool
) -> None:
    def act(session: Session) -> None:
        whole = accounts.stream(session, account, WHOLE_ACCOUNT)
        whole.trouble, whole.failures, whole.blocked_until = trouble, 3, SOON
        session.flush()
        credentials.keep(session, accounts.by_slug(session, "dyffryn-x"), "t", key=KEY, actor="nia", now=NOW)

    store.write(act)
    with store.read() as session:
        whole = accounts.stream_if_any(session, account, WHOLE_ACCOUNT)
    assert whole is not None
    assert (whole.trouble, whole.blocked_until) == (("", None) if over else (trouble, SOON))
