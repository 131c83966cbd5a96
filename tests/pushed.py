"""What the tests of webhooks share: the secrets of invented apps, a signature, and as much of us as keeping needs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI

import settings as configuration
from classifiers.panel import Panel
from collectors.webhooks import DOORS
from moderation import budgets, policy, service_areas
from pipeline import Installation
from settings import App, Keys, Settings
from store.accounts import AccountRow
from store.database import Store
from tests.conftest import KEY
from tests.town import ByWords
from vocabulary import Platform

SECRETS = {platform: f"secret-of-{platform.value}" for platform in DOORS}
APPS = {platform: App(client_secret="of its consent", webhook_secret=secret) for platform, secret in SECRETS.items()}


def settings_of(folder: Path, base_url: str = "http://127.0.0.1:9") -> Settings:
    return configuration.exactly(
        state_dir=folder,
        bank_holidays_url="",
        platform_urls={platform.value: f"{base_url}/{platform.value}" for platform in DOORS},
        apps=APPS,
    )


def signed(platform: Platform, raw: bytes, now: datetime, secret: str = "") -> Mapping[str, str]:
    """The header of a right signature, made without our own code."""
    stamp = str(int(now.timestamp()))
    before = {Platform.LINKEDIN: b"hmacsha256=", Platform.TIKTOK: f"{stamp}.".encode()}.get(platform, b"")
    mac = hmac.new((secret or SECRETS[platform]).encode(), before + raw, hashlib.sha256)
    written = {
        Platform.LINKEDIN: mac.hexdigest(),
        Platform.TIKTOK: f"t={stamp},s={mac.hexdigest()}",
        Platform.X: f"sha256={base64.b64encode(mac.digest()).decode()}",
    }.get(platform, f"sha256={mac.hexdigest()}")
    return {DOORS[platform].header: written}


def nobody_is_asked(account: AccountRow, now: datetime) -> NoReturn:
    raise AssertionError("keeping an event asks nobody")


def an_installation(store: Store, folder: Path) -> Installation:
    """As much of one as keeping an event needs."""
    return Installation(
        settings=settings_of(folder),
        keys=Keys(audit=KEY, credentials=b"n" * 43 + b"="),
        store=store,
        policy=policy.load("powys"),
        areas=service_areas.load(),
        budgets=budgets.load(),
        open_panel=lambda: Panel([ByWords()]),
        collector=nobody_is_asked,
    )


def patient(app: FastAPI) -> FastAPI:
    """The application on a machine where everybody wants something at once; a slow answer is not what is tested."""
    app.state.web.patience_s = 60.0
    return app


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An application over real HTTP on loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
