"""`gwylio account connect`, at a real terminal: led to a page of consent and back, or asked for what is needed."""

from __future__ import annotations

import json
import os
import re
import select
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from store import accounts
from tests.consents import IDS, PASSWORDS, Village, browse, slug_of, village, written
from tests.test_cli import BARE, DONE, OUTSIDE, ROOT, WRONG_USE
from vocabulary import Platform

P = Platform
ADDRESS = r"(http://127\.0\.0\.1:\d+/\S+)\s"
PASTE = r"paste it here.*: "


@dataclass
class Terminal:
    """A terminal of 24 lines with `gwylio` in it; `screen` is all that it ever showed."""

    process: subprocess.Popen[bytes]
    master: int
    screen: str = ""

    def until(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        """Wait until the screen shows it."""
        while (found := re.search(pattern, self.screen)) is None:
            ready, _, _ = select.select([self.master], [], [], seconds)
            assert ready, f"nothing more comes: {self.screen!r}"
            try:
                piece = os.read(self.master, 65_536)
            except OSError:  # the other end is closed
                piece = b""
            assert piece, f"it ended: {self.screen!r}"
            self.screen += piece.decode()
        return found

    def types(self, line: str) -> None:
        os.write(self.master, f"{line}\n".encode())

    def ends(self) -> int:
        with suppress(OSError):
            while piece := os.read(self.master, 65_536):
                self.screen += piece.decode()
        return self.process.wait(timeout=60)


@dataclass
class Desk:
    """An installation on disk, as a terminal finds it."""

    dyffryn: Village
    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def terminal(self, *words: str) -> Iterator[Terminal]:
        master, slave = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "cli", "account", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=self.folder,
            env=BARE | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | self.environment,
        )
        os.close(slave)
        try:
            yield Terminal(process, master)
        finally:
            process.kill()
            process.wait()
            os.close(master)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with village(tmp_path) as dyffryn:
        dyffryn.world.now = None  # the clock that the command reads
        port = free_port()
        environment = written(dyffryn, tmp_path, f"http://127.0.0.1:{port}/callback")
        made = Desk(dyffryn, tmp_path, port, environment)
        yield made


def keys(desk: Desk, platform: Platform) -> Mapping[str, str]:
    return desk.dyffryn.keys(platform)


@pytest.mark.parametrize("platform", [P.X, P.FACEBOOK, P.MASTODON, P.FLICKR])
def test_an_administrator_is_led_to_the_page_of_consent_and_heard_when_they_are_back(
    desk: Desk, platform: Platform
) -> None:
    with desk.terminal("connect", slug_of(platform)) as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until("Waiting for your browser")
        answer = requests.get(browse(asked), timeout=10)
        assert terminal.ends() == DONE, terminal.screen

    assert answer.status_code == 200
    assert "You may close this window" in answer.text
    assert "Cewch gau’r ffenestr hon" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert f"{slug_of(platform)} has its token" in terminal.screen
    held = keys(desk, platform)
    assert desk.dyffryn.world.holder_of(platform, held["access_token"])
    assert not [secret for secret in held.values() if secret in terminal.screen and secret != IDS[platform]]
    assert ("renewed by itself" in terminal.screen) is (platform is P.X)


def test_whoever_else_comes_to_the_door_is_sent_away_and_it_stays_open(desk: Desk) -> None:
    with desk.terminal("connect", slug_of(P.X)) as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until("Waiting for your browser")
        door = f"http://127.0.0.1:{desk.port}"
        for path in (
            "/",
            "/favicon.ico",
            "/callback",
            "/callback?code=c&state=guessed",
            "/callback?error=access_denied",
        ):
            assert requests.get(f"{door}{path}", timeout=10).status_code == 404
        assert requests.post(f"{door}/callback", timeout=10).status_code == 501
        requests.get(browse(asked), timeout=10)
        assert terminal.ends() == DONE, terminal.screen


def test_the_address_may_be_pasted_where_the_browser_is_elsewhere(desk: Desk) -> None:
    with desk.terminal("connect", slug_of(P.X), "--paste") as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until(PASTE)
        back = browse(asked)
        terminal.types(back)
        assert terminal.ends() == DONE, terminal.screen

    assert desk.dyffryn.opens(P.X)
    assert back not in terminal.screen, "it holds a code, and is not shown"


@pytest.mark.parametrize(
    ("brought", "code", "said"),
    [
        ("http://127.0.0.1:1/callback?code=c&state=another", WRONG_USE, "not from this attempt"),
        ("nonsense", WRONG_USE, "not from this attempt"),
        ("DENIED", OUTSIDE, r"gave no consent \(access_denied\)"),
        ("TWICE", OUTSIDE, "does not accept what was brought back"),
    ],
)
def test_what_is_pasted_wrongly_is_said_and_nothing_is_stored(desk: Desk, brought: str, code: int, said: str) -> None:
    if brought == "DENIED":
        desk.dyffryn.simulator.consent.denies.add(P.X)
    with desk.terminal("connect", slug_of(P.X), "--paste") as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until(PASTE)
        back = browse(asked) if brought.isupper() else brought
        if brought == "TWICE":
            for each in desk.dyffryn.simulator.consent.codes.values():
                each.spent = True
        terminal.types(back)
        assert terminal.ends() == code, terminal.screen

    assert re.search(said, terminal.screen)
    assert "Traceback" not in terminal.screen
    assert desk.dyffryn.row(P.X).credential is None


def test_a_consent_for_another_account_is_named_and_not_stored(desk: Desk) -> None:
    other = desk.dyffryn.world.add_account(P.X, "personol", "9999", "Rhywun", "personal")
    desk.dyffryn.simulator.consent.signed_in[P.X] = other.slug
    with desk.terminal("connect", slug_of(P.X), "--paste") as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until(PASTE)
        terminal.types(browse(asked))
        assert terminal.ends() == OUTSIDE

    assert "another account of X than 1001" in terminal.screen
    assert desk.dyffryn.row(P.X).credential is None


def test_permissions_that_were_not_given_are_named(desk: Desk) -> None:
    desk.dyffryn.simulator.consent.declines.add("tweet.moderate.write")
    with desk.terminal("connect", slug_of(P.X), "--paste") as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until(PASTE)
        terminal.types(browse(asked))
        assert terminal.ends() == DONE, terminal.screen

    assert "consent was given without tweet.moderate.write" in terminal.screen


def test_a_door_that_is_taken_is_said_at_once(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", desk.port)), desk.terminal("connect", slug_of(P.X)) as terminal:
        assert terminal.ends() == WRONG_USE
    assert f"port {desk.port}" in terminal.screen
    assert "--paste" in terminal.screen


@pytest.mark.parametrize("platform", [P.BLUESKY, P.WORDPRESS])
def test_a_name_and_a_password_are_asked_for_where_there_is_no_page(desk: Desk, platform: Platform) -> None:
    name, password = {
        P.BLUESKY: (IDS[P.BLUESKY], PASSWORDS[P.BLUESKY]),
        P.WORDPRESS: ("mair", PASSWORDS[P.WORDPRESS].partition(":")[2]),
    }[platform]
    with desk.terminal("connect", slug_of(platform)) as terminal:
        terminal.until(r"(Identifier|Username) of \S+: ")
        terminal.types(name)
        terminal.until(r"Password that was made for Gwylio there.*: ")
        terminal.types(password)
        assert terminal.ends() == DONE, terminal.screen

    assert password not in terminal.screen
    assert password in keys(desk, platform).values()


def test_a_password_that_the_platform_does_not_take_is_not_stored(desk: Desk) -> None:
    with desk.terminal("connect", slug_of(P.BLUESKY)) as terminal:
        terminal.until(r"Identifier of \S+: ")
        terminal.types(IDS[P.BLUESKY])
        terminal.until(r"Password that was made.*: ")
        terminal.types("anghywir-iawn")
        assert terminal.ends() == OUTSIDE
    assert "does not accept that name and password" in terminal.screen
    assert "anghywir" not in terminal.screen
    assert desk.dyffryn.row(P.BLUESKY).credential is None


def test_without_an_app_a_token_is_asked_for_and_what_to_configure_is_said(desk: Desk) -> None:
    (desk.folder / "gwylio.toml").write_text(f'state_dir = "{desk.folder}"\n', encoding="utf-8")
    desk.environment = {}
    with desk.terminal("connect", slug_of(P.X)) as terminal:
        terminal.until("Token for dyffryn-x: ")
        terminal.types("a-token-by-hand")
        assert terminal.ends() == DONE, terminal.screen

    assert "put its client_id in [apps.x] of gwylio.toml" in terminal.screen
    assert "GWYLIO_APPS__X__CLIENT_SECRET" in terminal.screen
    assert "a-token-by-hand" not in terminal.screen
    assert desk.dyffryn.credential(P.X) == "a-token-by-hand"


def test_a_token_may_be_given_in_any_case_and_keys_of_oauth_1_as_an_object(desk: Desk) -> None:
    signed = {
        name: f"{name}-planted" for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    }
    with desk.terminal("connect", slug_of(P.X), "--token") as terminal:
        terminal.until("Token for dyffryn-x: ")
        terminal.types(json.dumps(signed))
        assert terminal.ends() == DONE, terminal.screen

    assert keys(desk, P.X) == signed
    assert "planted" not in terminal.screen


def test_a_server_may_be_named_as_the_account_is_connected(desk: Desk) -> None:
    with desk.terminal("connect", slug_of(P.MASTODON), "--paste", "--home", "tŵt.dyffryn.example") as terminal:
        asked = terminal.until(ADDRESS)[1]
        terminal.until(PASTE)
        terminal.types(browse(asked))
        assert terminal.ends() == DONE, terminal.screen
    assert desk.dyffryn.row(P.MASTODON).home == "tŵt.dyffryn.example"


@pytest.mark.parametrize(
    ("platform", "home", "hint"),
    [
        ("mastodon",  "",                      "gwylio account connect ein-cyfrif --home ADDRESS`"),
        ("wordpress", "",                      "gwylio account connect ein-cyfrif --home ADDRESS`"),
        ("bluesky",   "",                      "gwylio account connect ein-cyfrif`"),
        ("mastodon",  "tŵt.dyffryn.example",   "gwylio account connect ein-cyfrif`"),
        ("bluesky",   "https://pds.dyffryn.example", "gwylio account connect ein-cyfrif`"),
    ],
)  # fmt: skip
def test_where_an_account_lives_is_kept_when_it_is_added_and_asked_for_where_it_must_be_known(
    desk: Desk, platform: str, home: str, hint: str
) -> None:
    add = ["add", "ein-cyfrif", "--platform", platform, "--id", "42", "--name", "Dyffryn", "--area", "waste"]
    with desk.terminal(*add, *(["--home", home] if home else [])) as terminal:
        assert terminal.ends() == DONE, terminal.screen
    assert hint in terminal.screen
    with desk.dyffryn.here.store.read() as session:
        assert accounts.by_slug(session, "ein-cyfrif").home == home


def test_the_terminal_is_left_as_it_was(desk: Desk) -> None:
    with desk.terminal("connect", slug_of(P.X), "--token") as terminal:
        echo = termios.tcgetattr(terminal.master)[3] & termios.ECHO
        terminal.until("Token for dyffryn-x: ")
        assert not termios.tcgetattr(terminal.master)[3] & termios.ECHO
        terminal.types("t")
        terminal.until("has its token")
        assert termios.tcgetattr(terminal.master)[3] & termios.ECHO == echo
        assert terminal.ends() == DONE
