"""Where platforms knock: without a session and without a form, but with a signature over every byte.

An answer of 200 means that the event is on disk.  One that takes longer than a platform waits is 503,
and so is one that fails: the platform delivers again, and the same event is the same row.  A wrong
signature is told nothing.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import structlog
from fastapi import APIRouter, Request, Response

import pipeline
from collectors.webhooks import DOORS, greeting, signed, verify_token
from vocabulary import Platform
from web.gate import NotThere, SomeWeb
from web.wired import Web

log = structlog.get_logger("gwylio.web")

router = APIRouter(prefix="/webhooks")

LARGEST: Final = 3_000_000
"""Bytes of one delivery; Meta puts up to a thousand changes into one, each with its text."""


@router.get("/{platform}", name="webhook_asked")
async def asked(request: Request, web: SomeWeb, platform: str) -> Response:
    """Whether this address is ours: what a platform asks before it sends anything, and again from time to time."""
    known = _known(platform)
    token = verify_token(web.here.keys.credentials, known)
    answer = greeting(known, _secret(web, known), token, request.query_params)
    if answer is None:
        log.warning("webhook not greeted", platform=known.value)
        return Response(status_code=403)
    return Response(answer.body, media_type=answer.media_type)


@router.post("/{platform}", name="webhook_came", max_body_size=LARGEST)
async def came(request: Request, web: SomeWeb, platform: str) -> Response:
    """One delivery: kept, then answered."""
    known, body = _known(platform), await request.body()
    now = web.now()
    if not signed(known, _secret(web, known), request.headers, body, now=now):
        return _refused(request, web, known)
    keep = partial(pipeline.receive, web.here, known, body, now=now)
    try:
        await asyncio.wait_for(asyncio.to_thread(keep), web.patience_s)
    except Exception as error:  # noqa: BLE001 - whatever stands in the way, the platform has to deliver again
        log.error("webhook not kept", platform=known.value, error=type(error).__name__)
        return Response(status_code=503)
    return Response(status_code=200)


def _known(platform: str) -> Platform:
    """The platform of the address.

    Raises:
        NotThere: none that pushes has that name.
    """
    if platform not in DOORS:
        raise NotThere
    return Platform(platform)


def _secret(web: Web, platform: Platform) -> str:
    return web.here.settings.signing_secret(platform)


def _refused(request: Request, web: Web, platform: Platform) -> Response:
    if not web.forgeries.one_more(request.client.host if request.client else ""):
        return Response(status_code=429)
    log.warning("webhook refused", platform=platform.value, secret_known=bool(_secret(web, platform)))
    return Response(status_code=401)
