"""Four files, written whole; last week's once, and never lost to a crash between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moderation import policy, service_areas
from reports.weekly import Week, publish, publish_last_week
from settings import Settings
from store import audit
from store.jobs import RunOnceRow
from tests.reports.test_figures import a_week
from tests.reports.world import KEY, World, on_sqlite

POWYS = policy.load("powys")
AREAS = service_areas.load()
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)
NAMES = [f"weekly-2026-W47.{language}.{kind}" for language in ("cy", "en") for kind in ("html", "csv")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = on_sqlite(tmp_path)
    a_week(world)
    yield world
    world.store.close()


def published(world: World) -> list[dict[str, object]]:
    with world.store.read() as session:
        return [row for row in audit.rows(session) if row["action"] == "report.weekly"]


def test_a_report_is_four_files_and_a_row_in_the_trail(world, tmp_path):
    out = tmp_path / "out" / "deeper"
    paths = publish(world.store, Settings(), POWYS, AREAS, Week(2026, 47), out, now=MONDAY)
    assert [path.name for path in paths] == NAMES
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)  # and nothing half-written beside them
    (row,) = published(world)
    assert row["subject"] == "report:weekly:2026-W47"
    assert set(row["after"]["sha256"]) == set(NAMES)  # type: ignore[index]
    with world.store.read() as session:
        assert audit.verify(session, KEY, None) is None


def test_publishing_again_writes_the_same_bytes(world, tmp_path):
    first = publish(world.store, Settings(), POWYS, AREAS, Week(2026, 47), tmp_path / "1", now=MONDAY)
    again = publish(
        world.store, Settings(), POWYS, AREAS, Week(2026, 47), tmp_path / "2", now=MONDAY.replace(year=2027)
    )
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_last_weeks_report_is_published_once(world, tmp_path):
    settings = Settings(state_dir=tmp_path)
    paths = publish_last_week(world.store, settings, POWYS, AREAS, now=MONDAY)
    assert [path.name for path in paths] == NAMES
    assert all(path.parent == settings.reports_dir for path in paths)
    assert publish_last_week(world.store, settings, POWYS, AREAS, now=MONDAY.replace(hour=9)) == ()
    assert len(published(world)) == 1
    with world.store.read() as session:
        assert session.get(RunOnceRow, "weekly:2026-W47") is not None


def test_a_crash_before_the_files_stand_leaves_the_report_to_be_written(world, tmp_path):
    settings = Settings(state_dir=tmp_path / "state")
    settings.state_dir.mkdir()
    settings.reports_dir.write_text("in the way")
    with pytest.raises(OSError, match="reports"):
        publish_last_week(world.store, settings, POWYS, AREAS, now=MONDAY)
    assert published(world) == []
    settings.reports_dir.unlink()
    assert len(publish_last_week(world.store, settings, POWYS, AREAS, now=MONDAY)) == 4


def test_a_crash_before_the_claim_writes_the_same_files_again(world, tmp_path):
    settings = Settings(state_dir=tmp_path)
    before = publish(world.store, settings, POWYS, AREAS, Week(2026, 47), settings.reports_dir, now=MONDAY)
    as_written = [path.read_bytes() for path in before]
    after = publish_last_week(world.store, settings, POWYS, AREAS, now=MONDAY)
    assert [path.read_bytes() for path in after] == as_written


def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(world, tmp_path):
    week = Week(2026, 47)
    (path, *_) = publish(world.store, Settings(), POWYS, AREAS, week, tmp_path / "out", now=MONDAY)
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match=r"weekly-2026-W47\.cy\.html"):
        publish(world.store, Settings(), POWYS, AREAS, week, tmp_path / "out", now=MONDAY)
    assert sorted(each.name for each in path.parent.iterdir()) == sorted(NAMES)
