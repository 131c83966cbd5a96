"""Tokens at rest: encrypted with a key that is not in the database, and replaced only once the new one is there.

A token that renews is renewed by one process at a time, which holds a lease while it asks.  Whoever comes
back later than somebody else changes nothing: what a person gave in the meantime stands.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import accounts, audit
from store.accounts import AccountRow
from vocabulary import GwylioError

WAITS = ("RateLimited", "QuotaExhausted")
"""Troubles of a whole account that a new token does not end."""


class CredentialUnreadable(GwylioError):
    """A stored token does not open with this installation's key."""


def keep(
    session: Session,
    account: AccountRow,
    token: str,
    *,
    key: bytes,
    actor: str,
    now: datetime,
    expires: datetime | None = None,
    renews: bool = False,
) -> None:
    """Store an account's token in place of the one before.  `expires` None: it does not run out, or nobody said."""
    _put(session, account, token, key=key, expires=expires, renews=renews, now=now)
    _trail(session, account, "credential.keep", actor=actor, expires=expires, renews=renews, now=now)


def reveal(account: AccountRow, *, key: bytes) -> str:
    """The account's token, for the moment of its use.

    Raises:
        CredentialUnreadable: there is none, or the key is another.
    """
    from cryptography.fernet import Fernet, InvalidToken

    if account.credential is None:
        raise CredentialUnreadable(f"{account.slug} has no token yet; run `gwylio account connect {account.slug}`")
    try:
        return Fernet(key).decrypt(account.credential).decode()
    except InvalidToken:
        raise CredentialUnreadable(
            f"the token of {account.slug} was encrypted with another key; restore the key or connect the account again"
        ) from None


def lease(session: Session, account_id: int, *, used: bytes, now: datetime, until: datetime) -> bool:
    """Whether the caller alone may renew this very token until then; never while somebody else may, nor once it was."""
    row = _locked(session, account_id)
    if row.credential != used or (row.renewing_until is not None and now < row.renewing_until):
        return False
    row.renewing_until = until
    return True


def renewed(
    session: Session,
    account_id: int,
    token: str,
    *,
    used: bytes,
    key: bytes,
    expires: datetime | None,
    renews: bool,
    now: datetime,
) -> bool:
    """Store the token that came of renewing `used`; False where a person has given another meanwhile."""
    row = _locked(session, account_id)
    if row.credential != used:
        return False
    _put(session, row, token, key=key, expires=expires, renews=renews, now=now)
    _trail(session, row, "credential.renew", actor=audit.SYSTEM, expires=expires, renews=renews, now=now)
    return True


def not_renewed(
    session: Session, account_id: int, *, used: bytes, until: datetime, refused: bool, now: datetime
) -> bool:
    """Give the lease back.  `refused`: the platform never renews this token again; whether that is now on record."""
    row = _locked(session, account_id)
    if row.renewing_until == until:
        row.renewing_until = None
    if not refused or row.credential != used:
        return False
    row.credential_renews = False
    _trail(
        session, row, "credential.refused", actor=audit.SYSTEM, expires=row.credential_expires, renews=False, now=now
    )
    return True


def _put(
    session: Session,
    account: AccountRow,
    token: str,
    *,
    key: bytes,
    expires: datetime | None,
    renews: bool,
    now: datetime,
) -> None:
    """The new token in place of the old; what was wrong with the account because of the old one is over."""
    from cryptography.fernet import Fernet

    account.credential, account.credential_since = Fernet(key).encrypt(token.encode()), now
    account.credential_expires, account.credential_renews, account.renewing_until = expires, renews, None
    whole = accounts.stream_if_any(session, account.id, accounts.WHOLE_ACCOUNT)
    if whole is not None and whole.trouble and not whole.trouble.startswith(WAITS):
        whole.trouble, whole.failures, whole.blocked_until = "", 0, None


def _locked(session: Session, account_id: int) -> AccountRow:
    return session.scalars(select(AccountRow).where(AccountRow.id == account_id).with_for_update()).one()


def _trail(
    session: Session,
    account: AccountRow,
    action: str,
    *,
    actor: str,
    expires: datetime | None,
    renews: bool,
    now: datetime,
) -> None:
    audit.append(
        session,
        actor=actor,
        action=action,
        subject=f"account:{account.slug}",
        now=now,
        after={"expires": expires.isoformat() if expires else None, "renews": renews},
    )
