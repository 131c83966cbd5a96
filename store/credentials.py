"""Tokens at rest: encrypted with a key that is not in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from store import audit
from store.accounts import AccountRow
from vocabulary import GwylioError


class CredentialUnreadable(GwylioError):
    """A stored token does not open with this installation's key."""


def keep(session: Session, account: AccountRow, token: str, *, key: bytes, actor: str, now: datetime) -> None:
    """Store an account's token in place of the one before."""
    from cryptography.fernet import Fernet

    account.credential, account.credential_since = Fernet(key).encrypt(token.encode()), now
    audit.append(session, actor=actor, action="credential.keep", subject=f"account:{account.slug}", now=now)


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
