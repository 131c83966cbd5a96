"""The demo shows the whole job and agrees with itself: each reply once, and a report whose totals are the rows."""

from __future__ import annotations

import csv
import itertools
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import demo
import pipeline
from moderation import triage
from moderation.record import Actor
from store import comments, people
from vocabulary import State

ROOT = Path(__file__).parents[1]
LONDON = ZoneInfo("Europe/London")


def gwylio_demo(out: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cli", "demo", "--once", "--out", str(out)],
        capture_output=True,
        check=False,
        text=True,
        cwd=out.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | environment,
        timeout=600,
    )


def column(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "gwylio.sqlite3")) as connection:
        return [row[0] for row in connection.execute(query)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One demo for the whole file, played beside a configuration and an environment that are none of its business."""
    beside = tmp_path_factory.mktemp("beside")
    out = beside / "demo"
    (beside / "gwylio.toml").write_text('state_dir = "real"\npolicy = "cardiff"\n', encoding="utf-8")
    done = gwylio_demo(out, GWYLIO_DATABASE_URL=f"sqlite:///{beside / 'real.sqlite3'}")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:]
    return out


@pytest.mark.slow
def test_it_leaves_the_report_in_both_languages_and_a_summary(played: Path) -> None:
    [week] = {path.name.split(".")[0] for path in played.glob("weekly-*")}
    for language in ("cy", "en"):
        assert f'<html lang="{language}"' in (played / f"{week}.{language}.html").read_text(encoding="utf-8")
        assert (played / f"{week}.{language}.csv").stat().st_size > 0
    summary = json.loads((played / "summary.json").read_text(encoding="utf-8"))
    assert summary["replies, each exactly once"] > 100


@pytest.mark.slow
def test_the_simulators_log_shows_each_reply_exactly_once(played: Path) -> None:
    with (played / "simulator.jsonl").open(encoding="utf-8") as lines:
        made = [json.loads(line) for line in lines]
    published = [request["reply"]["native_id"] for request in made if request["reply"]]
    assert max(Counter(published).values()) == 1
    assert sorted(published) == sorted(column(played, "SELECT native_id FROM reply_part WHERE state = 'sent'"))
    assert column(played, "SELECT count(*) FROM reply_part WHERE state != 'sent'") == [0]
    assert "demo-token" not in (played / "simulator.jsonl").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_totals_of_the_report_are_the_rows_of_the_database(played: Path) -> None:
    [file] = played.glob("weekly-*.en.csv")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(itertools.takewhile(lambda row: "-W" in row["Week"], csv.DictReader(lines)))
    received = {
        by: sum(int(row["Comments received"]) for row in rows if row["Counted by"] == by)
        for by in ("Total", "Service area", "Platform")
    }
    year, week = (int(part) for part in rows[0]["Week"].split("-W"))
    monday = datetime.combine(date.fromisocalendar(year, week, 1), time(), LONDON)
    start, end = (at.astimezone(UTC).strftime("'%Y-%m-%d %H:%M:%S'") for at in (monday, monday + timedelta(days=7)))
    [counted] = column(
        played, f"SELECT count(*) FROM comment WHERE NOT history AND posted_at >= {start} AND posted_at < {end}"
    )
    assert counted > 50
    assert set(received.values()) == {counted}
    assert column(played, "PRAGMA integrity_check") == ["ok"]


@pytest.mark.slow
def test_it_touches_nothing_but_its_own_folder(played: Path) -> None:
    """Least of all the database that this machine's own configuration names."""
    assert sorted(path.name for path in played.parent.iterdir()) == ["demo", "gwylio.toml"]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "lluniau"
    kept.mkdir()
    (kept / "gwyliau.jpg").write_bytes(b"haul")
    done = gwylio_demo(kept)
    assert (done.returncode, "choose another folder with --out" in done.stderr) == (2, True)
    assert [path.name for path in kept.iterdir()] == ["gwyliau.jpg"]


def test_an_invented_officer_answers_what_comes_unless_a_visitor_has_it(tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    with demo._stage(tmp_path / "demo", seed=1, now=now, log=tmp_path / "log.jsonl") as stage:
        here, stage.simulator.world.now = stage.here, now
        taken, free = [each for each in stage.told.trickle if each.answer_cy and each.account == "ffyrdd-x"]
        for each in (taken, free):
            stage.deal(each, now)
        assert not stage.answer_one(now), "nothing has been collected yet"
        pipeline.collect(here, "ffyrdd-x", now=now)
        pipeline.read_waiting(here, now=now)

        def claimed(session: Any) -> None:
            visitor = people.by_username(session, stage.told.council.staff[0].username)
            _comment, case_id = comments.find(session, "ffyrdd-x", stage.known[taken.key]) or (0, None)
            assert case_id is not None
            assert triage.claim(session, case_id, actor=Actor(visitor.username, visitor.id), now=now)

        here.store.write(claimed)
        assert stage.answer_one(now + timedelta(minutes=1))
        assert not stage.answer_one(now + timedelta(minutes=1))
        states = column(tmp_path / "demo", "SELECT state FROM cases ORDER BY state")
        assert states.count(State.ANSWERED) == 1
