"""The door at which a platform knocks: whether it is the platform, and how it is greeted.

A signature is over the bytes as they came, so nothing is read before it holds.  The surprise is in
the greeting.  X and LinkedIn have us sign a challenge with the very secret that signs their
notices, and anybody may bring a challenge: what could pass for a notice is not signed, or whoever
asks could have any notice signed by us.  What a notice says is in collectors/notices.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from vocabulary import Platform

OLDEST: Final = timedelta(hours=73)
"""TikTok delivers again for 72 hours, perhaps under the first signature.  What is replayed by then is a row we have."""
AHEAD: Final = timedelta(minutes=5)
"""How far a platform's clock may be ahead of ours."""

JSON, TEXT = "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What to answer to a platform that asks whether this address is ours."""

    body: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Knock:
    """What a request is judged by: the secret, the header that carries the signature, the bytes, and our clock."""

    secret: bytes
    given: str
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What a greeting is made from: the question's fields, the secret, and the token that the platform must know."""

    fields: Mapping[str, str]
    secret: bytes
    token: str


@dataclass(frozen=True, slots=True)
class Door:
    """How one platform signs, how it asks, and what has to be subscribed to there."""

    header: str
    holds: Callable[[Knock], bool]
    greet: Callable[[Asked], Greeting | None]
    subscribe: tuple[str, ...]
    asks_for_token: bool = False


def signed(platform: Platform, secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Whether these bytes came from the platform.  `headers` are in lower case; without a secret nothing does."""
    door = DOORS[platform]
    given = headers.get(door.header, "")
    return bool(secret and given) and door.holds(Knock(secret.encode(), given, body, now))


def greeting(platform: Platform, secret: str, token: str, fields: Mapping[str, str]) -> Greeting | None:
    """What to answer to a platform's question, or None where it is not one that the platform asks."""
    return DOORS[platform].greet(Asked(fields, secret.encode(), token))


def verify_token(key: bytes, platform: Platform) -> str:
    """What Meta must say when it asks; it follows from this installation's key, so that nobody has to keep it."""
    return hmac.new(key, f"gwylio:webhook:{platform.value}".encode(), hashlib.sha256).hexdigest()[:40]


# --- Meta

CHALLENGE: Final = re.compile(r"[\w.-]{1,200}", re.ASCII)


def _meta_holds(knock: Knock) -> bool:
    return _same(knock.given, "sha256=" + _hex(knock.secret, knock.body))


def _meta_greets(asked: Asked) -> Greeting | None:
    challenge = asked.fields.get("hub.challenge", "")
    fits = asked.fields.get("hub.mode") == "subscribe" and CHALLENGE.fullmatch(challenge)
    return Greeting(challenge, TEXT) if fits and _same(asked.fields.get("hub.verify_token", ""), asked.token) else None


# --- X

CRC: Final = re.compile(r"[\w.~+/=-]{1,500}", re.ASCII)


def _x_holds(knock: Knock) -> bool:
    """A body that could be a challenge is no notice, whoever signed it: we may have done so ourselves."""
    if CRC.fullmatch(knock.body.decode("latin-1")):
        return False
    return _same(knock.given, "sha256=" + _base64(knock.secret, knock.body))


def _x_greets(asked: Asked) -> Greeting | None:
    token = asked.fields.get("crc_token", "")
    if not asked.secret or not CRC.fullmatch(token):
        return None
    return Greeting(json.dumps({"response_token": "sha256=" + _base64(asked.secret, token.encode())}), JSON)


# --- LinkedIn

PREFIX: Final = b"hmacsha256="
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def _linkedin_holds(knock: Knock) -> bool:
    """The prefix is signed with the body; it may stand before the signature as well."""
    return _same(knock.given.removeprefix(PREFIX.decode()), _hex(knock.secret, PREFIX + knock.body))


def _linkedin_greets(asked: Asked) -> Greeting | None:
    code = asked.fields.get("challengeCode", "")
    if not asked.secret or not UUID.fullmatch(code):
        return None
    answer = {"challengeCode": code, "challengeResponse": _hex(asked.secret, code.encode())}
    return Greeting(json.dumps(answer), JSON)


# --- TikTok

STAMPED: Final = re.compile(r"t=([0-9]{1,11})((?:,s=[0-9a-f]{64}){1,4})")


def _tiktok_holds(knock: Knock) -> bool:
    """Several signatures may stand there while a secret is being replaced; one is enough."""
    stamp = STAMPED.fullmatch(knock.given.replace(" ", ""))
    if stamp is None:
        return False
    sent = datetime.fromtimestamp(int(stamp[1]), UTC)
    right = _hex(knock.secret, stamp[1].encode() + b"." + knock.body)
    holds = [_same(each, right) for each in stamp[2].split(",s=")[1:]]
    return any(holds) and -AHEAD <= knock.now - sent <= OLDEST


def _nobody_asks(_asked: Asked) -> Greeting | None:
    return None


DOORS: Final[Mapping[Platform, Door]] = {
    Platform.FACEBOOK: Door(
        "x-hub-signature-256", _meta_holds, _meta_greets, ("feed", "mention", "messages"), asks_for_token=True
    ),
    Platform.INSTAGRAM: Door(
        "x-hub-signature-256", _meta_holds, _meta_greets, ("comments", "mentions", "messages"), asks_for_token=True
    ),
    Platform.THREADS: Door(
        "x-hub-signature-256", _meta_holds, _meta_greets, ("replies", "mentions", "delete"), asks_for_token=True
    ),
    Platform.X: Door(
        "x-twitter-webhooks-signature",
        _x_holds,
        _x_greets,
        ("post.mention.create", "post.reply.create", "post.quote.create", "dm.received"),
    ),
    Platform.LINKEDIN: Door(
        "x-li-signature", _linkedin_holds, _linkedin_greets, ("ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",)
    ),
    Platform.TIKTOK: Door("tiktok-signature", _tiktok_holds, _nobody_asks, ("COMMENT",)),
}
"""Every platform that pushes to us.  The others are asked, and nothing else."""


def _same(given: str, right: str) -> bool:
    """Equality that takes as long whatever differs; nothing is the same as nothing."""
    return bool(given) and hmac.compare_digest(given.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _hex(secret: bytes, signed_bytes: bytes) -> str:
    return hmac.new(secret, signed_bytes, hashlib.sha256).hexdigest()


def _base64(secret: bytes, signed_bytes: bytes) -> str:
    return base64.b64encode(hmac.new(secret, signed_bytes, hashlib.sha256).digest()).decode("ascii")
