"""A village with one account on each platform that has a page of consent, an app there, and a browser.

Everything goes over real HTTP to the simulator, the browser too.  `now` is the village's clock and the platforms'.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

import opening
import settings as configuration
from classifiers.panel import Panel
from collectors import ways
from collectors.base import Access
from collectors.consent import Asking, Door, Granted, brought_back
from pipeline import Installation, connecting
from settings import App, Settings
from simulator.server import Simulator
from simulator.world import Account, World
from store import accounts
from store.accounts import AccountRow, StreamRow
from store.credentials import reveal
from store.database import Session
from tests.ready import a_state_folder, lay_out
from tests.town import ByWords
from vocabulary import Platform

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
WAY_BACK = "http://127.0.0.1:8931/callback"
HOMES = {Platform.MASTODON: "https://tŵt.example", Platform.WORDPRESS: "https://newyddion.example"}
IDS: Mapping[Platform, str] = {
    Platform.X: "1001",
    Platform.FACEBOOK: "1002",
    Platform.INSTAGRAM: "17841400000000003",
    Platform.YOUTUBE: "UCdyffryn0000000000000004",
    Platform.LINKEDIN: "urn:li:organization:1005",
    Platform.TIKTOK: "1006",
    Platform.THREADS: "1007",
    Platform.MASTODON: "1008",
    Platform.FLICKR: "1009@N00",
    Platform.VIMEO: "/users/1010",
    Platform.BLUESKY: "did:plc:1011",
    Platform.WORDPRESS: "1",
}
PASSWORDS = {
    Platform.BLUESKY: "abcd-efgh-ijkl-mnop",
    Platform.WORDPRESS: "mair:abcd EFGH ijkl MNOP qrst UVWX",
}
"""What opens these accounts for ever: a password that their owner made for us."""


def slug_of(platform: Platform) -> str:
    return f"dyffryn-{platform.value}"


def browse(address: str) -> str:
    """Where a browser is sent by the page of consent at `address`."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, (answer.status_code, answer.text)
    return answer.headers["Location"]


@dataclass
class Village:
    """`here` is the installation; `consent` leads an administrator there and back."""

    here: Installation
    simulator: Simulator
    now: datetime = NINE

    @property
    def world(self) -> World:
        return self.simulator.world

    def wait(self, **much: float) -> datetime:
        self.now += timedelta(**much)
        self.world.now = self.now
        return self.now

    def begin(self, platform: Platform) -> Asking:
        return connecting.begin(self.here, slug_of(platform), now=self.now)

    def consent(self, platform: Platform, *, away: Callable[[str], str] = browse) -> Granted:
        asking = self.begin(platform)
        return connecting.finish(self.here, slug_of(platform), asking, away(asking.address), actor="nia", now=self.now)

    def door(self, platform: Platform, *, credential: str = "", **app: str) -> Door:
        """The platform's way in, with an app that may differ from the configured one."""
        configured = self.here.settings.app(platform) or App()
        return Door(
            platform=platform,
            name=platform.value,
            access=Access(
                account=slug_of(platform),
                native_id=IDS[platform],
                credential=credential,
                base_url=self.simulator.url_of(platform),
                home=HOMES.get(platform, ""),
            ),
            app=configured.model_copy(update=app),
            now=self.now,
        )

    def row(self, platform: Platform) -> AccountRow:
        with self.here.store.read() as session:
            return accounts.by_slug(session, slug_of(platform))

    def streams(self, platform: Platform) -> Mapping[str, StreamRow]:
        with self.here.store.read() as session:
            return {
                row.name: row
                for account, rows in accounts.health(session)
                for row in rows
                if account.slug == slug_of(platform)
            }

    def credential(self, platform: Platform) -> str:
        return reveal(self.row(platform), key=self.here.keys.credentials)

    def keys(self, platform: Platform) -> Mapping[str, str]:
        held: Mapping[str, str] = json.loads(self.credential(platform))
        return held

    def opens(self, platform: Platform) -> Account | None:
        """Whom the stored token opens on the platform, at this moment."""
        return self.world.holder_of(platform, self.keys(platform)["access_token"])

    def asked(self, path: str) -> list[int]:
        """What was answered to each request whose path ends so."""
        return [each.status for each in self.simulator.requests if each.path.endswith(path)]

    def trail(self) -> list[tuple[str, str, Mapping[str, object]]]:
        """What the audit trail says of credentials: act, account and facts."""
        from store import audit

        with self.here.store.read() as session:
            return [
                (row["action"], row["subject"].removeprefix("account:"), row["after"])
                for row in audit.rows(session)
                if row["action"].startswith("credential.")
            ]


@contextmanager
def village(folder: Path, *, public: bool = False) -> Iterator[Village]:
    """The village, with nobody connected yet.  `public`: X's app has no secret."""
    world = World(now=NINE)
    for platform, native_id in IDS.items():
        token = PASSWORDS.get(platform, f"own-token-of-{platform.value}")
        world.add_account(platform, slug_of(platform), native_id, "Cyngor Dyffryn", token)
    with Simulator(world) as simulator:
        settings = settings_of(folder, simulator.base_url, public=public)
        register_apps(simulator, settings, WAY_BACK)
        lay_out(a_state_folder(), folder)
        with opening.installation(settings) as opened:
            opened.store.write(_register)
            yield Village(replace(opened, open_panel=lambda: Panel([ByWords()])), simulator)


def register_apps(simulator: Simulator, settings: Settings, back: str) -> None:
    """Register the configured apps with the platforms; Instagram is reached with Facebook's."""
    for platform in ways.WAYS:
        if app := settings.app(platform):
            simulator.consent.register(platform, str(app.client_id), app.client_secret, back)


def settings_of(folder: Path, base_url: str, *, public: bool = False) -> Settings:
    apps = {
        platform: App(
            client_id=f"app-of-{platform.value}",
            client_secret="" if public and platform is Platform.X else f"planted-secret-{platform.value}",
            redirect_uri=WAY_BACK,
        )
        for platform in ways.WAYS
        if platform not in (Platform.MASTODON, Platform.INSTAGRAM)
    }
    urls = {platform.value: f"{base_url}/{platform.value}" for platform in IDS}
    return configuration.exactly(state_dir=folder, bank_holidays_url="", platform_urls=urls, apps=apps)


def written(dyffryn: Village, folder: Path, back: str = WAY_BACK) -> dict[str, str]:
    """gwylio.toml for a command line that is to find the same village; answers what must be in its environment."""
    lines = [f'state_dir = "{folder}"', 'bank_holidays_url = ""', "[platform_urls]"]
    lines += [f'{platform.value} = "{dyffryn.simulator.url_of(platform)}"' for platform in IDS]
    environment = {}
    for platform, app in dyffryn.here.settings.apps.items():
        lines += [f"[apps.{platform.value}]", f'client_id = "{app.client_id}"', f'redirect_uri = "{back}"']
        environment[f"GWYLIO_APPS__{platform.name}__CLIENT_SECRET"] = app.client_secret
    register_apps(dyffryn.simulator, dyffryn.here.settings, back)
    lines += ["[apps.mastodon]", f'redirect_uri = "{back}"']
    (folder / "gwylio.toml").write_text("\n".join(lines), encoding="utf-8")
    return environment


def taken_to(door: Door) -> Granted:
    """There and back through one door, without an installation."""
    way = ways.WAYS[door.platform]
    asking = way.begin(door)
    return way.finish(door, asking, brought_back(asking, browse(asking.address)))


def _register(session: Session) -> None:
    for platform, native_id in IDS.items():
        accounts.add(
            session,
            slug=slug_of(platform),
            platform=platform,
            native_id=native_id,
            display_name="Cyngor Dyffryn",
            service_area="waste",
            home=HOMES.get(platform, ""),
            now=NINE - timedelta(days=2),
        )
