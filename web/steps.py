"""What a browser brings along from one step of signing in to the next: sealed, bound to it, and good for ten minutes.

It is kept with the browser and not in the database, so that a stranger who knocks leaves nothing behind.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final, NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request, Response

from web.wired import Web

STEP_COOKIE: Final = "gwylio-step"
STANDS: Final = timedelta(minutes=10)


class Step(NamedTuple):
    """Where somebody stands; `kind` says which page goes on from here, and no other does."""

    kind: str
    facts: dict[str, str]

    @property
    def user_id(self) -> int:
        return int(self.facts["user"])


def put(answer: Response, web: Web, step: Step) -> None:
    """The browser brings this along from now on, in place of what it brought before."""
    at = int(web.now().timestamp())
    sealed = Fernet(web.here.keys.credentials).encrypt_at_time(json.dumps(step).encode(), at)
    https = web.here.settings.https
    # Lax: the way back from a provider is a link from its site to ours.
    answer.set_cookie(STEP_COOKIE, sealed.decode(), httponly=True, samesite="lax", secure=https)


def brought(request: Request, web: Web, kind: str) -> Step | None:
    """What the browser brings, if it is of this kind and still stands."""
    sealed, ttl = request.cookies.get(STEP_COOKIE, ""), int(STANDS.total_seconds())
    try:
        opened = Fernet(web.here.keys.credentials).decrypt_at_time(sealed.encode(), ttl, int(web.now().timestamp()))
    except (InvalidToken, UnicodeEncodeError):
        return None
    step = Step(*json.loads(opened))
    return step if step.kind == kind else None


def drop(answer: Response) -> None:
    """The browser brings nothing any more."""
    answer.delete_cookie(STEP_COOKIE, httponly=True, samesite="lax")
