"""What stands in the way of the web app is said before it starts, in a sentence that says what to do."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import opening
import settings as configuration
from settings import CHECKOUT, Settings
from store.database import Store
from tests.factories import MONDAY, a_user, with_account
from toml_file import FileError
from vocabulary import Platform


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(opening.PortTaken, match=f"port {port} of 127.0.0.1 cannot be used.*--port"):
            opening.port_free("127.0.0.1", port)
    opening.port_free("127.0.0.1", port)


def test_broken_saved_replies_stop_the_start_beside_everything_else_that_is_wrong(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CHECKOUT / "config", config)
    (config / "templates.toml").write_text('[[template]]\nslug = "x"\n', encoding="utf-8")
    (config / "service_areas.toml").write_text("", encoding="utf-8")
    with pytest.raises(FileError) as caught:
        opening.decided(Settings(state_dir=tmp_path, config_dir=config))
    assert {problem.file for problem in caught.value.problems} == {"templates.toml", "service_areas.toml"}


FIRST_THING_IN_THE_MORNING = """
import threading
import opening
from moderation import policy, service_areas

panel_of = opening.panel_of(service_areas.load(), policy.load("powys"))
start, found, failed = threading.Barrier(8), [], []

def asks():
    start.wait()
    try:
        found.append(id(panel_of()))
    except Exception as error:
        failed.append(repr(error))

threads = [threading.Thread(target=asks) for _ in range(8)]
[each.start() for each in threads]
[each.join() for each in threads]
print(len(found), len(set(found)), failed)
"""


def test_officers_who_ask_for_the_classifiers_in_the_same_moment_get_the_same_ones() -> None:
    code = [sys.executable, "-W", "ignore", "-c", FIRST_THING_IN_THE_MORNING]
    done = subprocess.run(code, capture_output=True, text=True, cwd=CHECKOUT, timeout=120, check=False)
    assert done.stdout == "8 1 []\n", done.stderr[-2000:]


@pytest.mark.parametrize(("platform", "asks"), [(Platform.FACEBOOK, True), (Platform.SNAPCHAT, False)])
def test_a_token_is_asked_for_only_where_something_reads_the_platform(
    tmp_path: Path, platform: Platform, asks: bool
) -> None:
    file = tmp_path / "gwylio.toml"
    file.write_text(f'state_dir = "{tmp_path}"\n', encoding="utf-8")
    settings = configuration.load(file)
    configuration.make_key_file(settings.key_file)
    with Store(settings.database, audit_key=configuration.keys(settings).audit) as store:
        opening.make_ready(store, now=MONDAY)
        with_account(store, platform=platform)
        store.write(a_user)
    assert any("has no token" in problem for problem in opening.problems(file)) is asks
