"""The second factor of local users: a code from their telephone (RFC 6238), or one of the codes for a lost one.

A code is good for the half minute it belongs to and the one on either side, as clocks differ, and never twice.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Final

import pyotp

from moderation.record import Actor
from store import audit
from store import second_factors as rows
from store.database import Session
from vocabulary import Role

STEP_S: Final = 30
DRIFT: Final = 1
CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are read for one another."""


def needed(roles: Collection[Role], of: Collection[Role]) -> bool:
    """Whether somebody with these roles must have one."""
    return bool(set(roles) & set(of))


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, username: str, body: str) -> str:
    """What the QR code says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Gwylio {body}")


def matching_step(secret: str, code: str, *, now: datetime, after: int = 0) -> int | None:
    """The half minute that this code belongs to, if it is near and later than `after`."""
    typed = "".join(code.split())
    here = int(now.timestamp()) // STEP_S
    found = None
    for step in range(here - DRIFT, here + DRIFT + 1):
        right = pyotp.TOTP(secret).generate_otp(step)
        if hmac.compare_digest(right.encode(), typed.encode("utf-8", "replace")) and step > after:
            found = step
    return found


def new_codes() -> tuple[str, ...]:
    """Codes for the day when the telephone is lost."""
    return tuple("-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3)) for _ in range(CODES))


def code_hash(code: str) -> bytes:
    """What is kept of a recovery code, however it was typed."""
    typed = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(typed.encode("utf-8", "replace")).digest()


def confirm(
    session: Session, user_id: int, secret: str, code: str, *, key: bytes, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Keep a second factor once a code proves that the telephone has it; its recovery codes, or none: a wrong code."""
    step = matching_step(secret, code, now=now)
    if step is None:
        return ()
    codes, before = new_codes(), rows.of(session, user_id) is not None
    rows.keep(session, user_id, secret, step=step, codes=[code_hash(each) for each in codes], key=key, now=now)
    _trail(session, "user.second_factor", user_id, actor, now, before=before, after=True)
    return codes


def holds(session: Session, user_id: int, code: str, *, key: bytes, actor: Actor, now: datetime) -> bool:
    """Whether this code lets its owner in; it does so once.

    Raises:
        store.second_factors.FactorUnreadable: the secret was encrypted with another key.
    """
    row = rows.held(session, user_id)
    if row is None:
        return False
    step = matching_step(rows.reveal(row, key=key), code, now=now, after=row.last_step)
    if step is not None:
        row.last_step = step
        return True
    if not rows.spend(session, user_id, code_hash(code)):
        return False
    left = rows.codes_left(session, user_id)
    audit.append(
        session,
        actor=actor.name,
        action="user.recovery_code",
        subject=f"user:{user_id}",
        now=now,
        before={"left": left + 1},
        after={"left": left},
    )
    return True


def reset(session: Session, user_id: int, *, actor: Actor, now: datetime) -> bool:
    """Take somebody's second factor away, as where the telephone is lost; whether there was one."""
    if not rows.forget(session, user_id):
        return False
    _trail(session, "user.second_factor", user_id, actor, now, before=True, after=False)
    return True


def _trail(
    session: Session, action: str, user_id: int, actor: Actor, now: datetime, *, before: bool, after: bool
) -> None:
    audit.append(
        session,
        actor=actor.name,
        action=action,
        subject=f"user:{user_id}",
        now=now,
        before={"held": before},
        after={"held": after},
    )
