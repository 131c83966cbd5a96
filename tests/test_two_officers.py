"""Two officers press *send* in the same second from two processes: one reply, and one clear message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from store import replies
from tests.web.world import make_council, site_in

ENGLISH = "When is the bin lorry coming?"


def test_one_reply_goes_out_and_the_other_officer_is_told(tmp_path: Path) -> None:
    make_council(tmp_path)
    site = site_in(tmp_path)
    case = site.said(ENGLISH)
    officers = {"rhys": "It comes tomorrow.", "catrin": "It comes on Monday."}
    going = {
        name: subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.send_driver", str(tmp_path), str(case), name, text],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, text in officers.items()
    }
    try:
        for process in going.values():
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
        (tmp_path / "go").touch()
        told = {name: process.communicate(timeout=60)[0].split("\n") for name, process in going.items()}
    finally:
        for process in going.values():
            process.kill()
    statuses = sorted(lines[0] for lines in told.values())
    assert statuses[0] == "303"
    assert statuses[1] in {"409", "422"}
    with site.store.read() as session:
        [reply] = replies.of_case(session, case)
    [winner] = [name for name, lines in told.items() if lines[0] == "303"]
    assert reply.text_en == officers[winner]
    [loser] = [lines for lines in told.values() if lines[0] != "303"]
    assert "Somebody moved this case while you were reading" in loser[1] or "Error" in loser[1]
