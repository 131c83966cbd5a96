"""What stands in the way of the web app is said before it starts, in a sentence that says what to do."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

import opening
from settings import CHECKOUT, Settings
from toml_file import FileError


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
