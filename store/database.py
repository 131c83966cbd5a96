"""The database, opened: one way to write, one way to read, the same on SQLite and PostgreSQL.

On SQLite every write goes through one thread with one connection.  Acts that wait together are
committed together, each behind its own savepoint, and nobody is answered before the commit is
on disk.  Readers cannot write: their connections are read-only.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import OperationalError as Unreachable
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from store import audit, search
from vocabulary import GwylioError

__all__ = ["Session", "Store", "StoreError", "Unreachable"]

T = TypeVar("T")

log = structlog.get_logger("gwylio.store")

BUSY_TIMEOUT_MS = 15_000
GROUP = 64
"""Most acts in one commit, so that the first never waits long for the last."""
TRIES = 5
_ANOTHER_TRY = frozenset({"40001", "40P01", "23505"})
"""SQLSTATE of a serialisation failure, a deadlock, and a key that somebody else added in the meantime."""


class StoreError(GwylioError):
    """The database cannot be opened or used as asked."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    act: Callable[[Session], Any]
    answer: Future[Any]


class Store:
    """An open database.  `write` and `read` are the only ways in.

    `audit_key` is the HMAC key of the trail; `head_file` is where its head is kept outside.
    """

    def __init__(self, url: str, *, audit_key: bytes, head_file: Path | None = None) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError:
            raise StoreError("database_url is no address; use sqlite:///FILE or postgresql://…") from None
        self.audit_key, self.head_file = audit_key, head_file
        self._key_fits = False
        self.on_sqlite = self.url.get_backend_name() == "sqlite"
        if self.on_sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise StoreError("SQLite needs a file: sqlite:///var/gwylio.sqlite3")
            path = Path(self.url.database).absolute()
            _make_private(path)
            self._writer_engine = _sqlite_engine(path, read_only=False)
            self._reader_engine = _sqlite_engine(path, read_only=True)
            self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
            self._door, self._closed = threading.Lock(), False
            self._thread = threading.Thread(target=self._write_forever, name="store-writer", daemon=True)
            self._thread.start()
        elif self.url.get_backend_name() == "postgresql":
            self._writer_engine = create_engine(
                self.url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True
            )
            self._reader_engine = self._writer_engine.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
        else:
            raise StoreError(f"{self.url.get_backend_name()} is not supported; use sqlite:///FILE or postgresql://…")

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations only."""
        return self._writer_engine

    def write(self, act: Callable[[Session], T]) -> T:
        """Run `act` in a transaction; its answer comes back once that is durable.

        On PostgreSQL an act may run more than once (somebody else was quicker), so it must do
        nothing that cannot be rolled back.
        """
        if not self.on_sqlite:
            return self._write_here(act)
        if threading.current_thread() is self._thread:
            raise StoreError("write called inside a write; pass the session on instead")
        answer: Future[T] = Future()
        with self._door:
            if self._closed:
                raise StoreError("the database is closed; nothing was written")
            self._waiting.put(_Waiting(act, answer))
        return answer.result()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment of the database and cannot change it."""
        with Session(self._reader_engine, expire_on_commit=False, autoflush=False) as session:
            yield session
            session.commit()  # a rollback would make psycopg forget the statements that it has prepared

    def close(self) -> None:
        """Let the acts that wait finish, then close every connection."""
        if self.on_sqlite and self._thread.is_alive():
            with self._door:
                self._closed = True
                self._waiting.put(None)
            self._thread.join()
        self._writer_engine.dispose()
        self._reader_engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_here(self, act: Callable[[Session], T]) -> T:
        for tried in range(1, TRIES + 1):
            try:
                with Session(self._writer_engine, expire_on_commit=False, info=self._info()) as session:
                    with session.begin():
                        answer = act(session)
                        search.catch_up(session)
                    self._key_fits = self._key_fits or bool(session.info["audit_key_fits"])
                    self._keep_head(session.info.get("audit_head"))
                return answer
            except DBAPIError as error:
                if tried == TRIES or getattr(error.orig, "sqlstate", None) not in _ANOTHER_TRY:
                    raise
        raise AssertionError("unreachable")

    def _write_forever(self) -> None:
        stopping = False
        while not stopping:
            group, stopping = self._next_group()
            if group:
                self._commit_together(group)

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        first = self._waiting.get()
        if first is None:
            return [], True
        group = [first]
        while len(group) < GROUP:
            try:
                waiting = self._waiting.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return group, True
            group.append(waiting)
        return group, False

    def _commit_together(self, group: list[_Waiting]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        head: audit.Head | None = None
        try:
            with self._writer_engine.connect() as connection, connection.begin():
                connection.exec_driver_sql("SAVEPOINT together")
                for waiting in group:
                    try:
                        answer, new_head = self._act_behind_savepoint(connection, waiting.act)
                    except BaseException as error:
                        waiting.answer.set_exception(error)  # raised to whoever asked, in their thread
                        if _gave_up(connection):
                            raise
                    else:
                        done.append((waiting.answer, answer))
                        head = new_head or head
                connection.exec_driver_sql("RELEASE together")
            self._keep_head(head)
        except BaseException as error:  # noqa: BLE001 - the commit failed: everyone in it must hear so
            for future in [waiting.answer for waiting in group]:
                if not future.done():
                    future.set_exception(error)
            return
        for future, answer in done:
            future.set_result(answer)

    def _act_behind_savepoint(self, connection: Connection, act: Callable[[Session], T]) -> tuple[T, audit.Head | None]:
        with Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint", info=self._info()
        ) as session:
            answer = act(session)
            search.catch_up(session)
            session.commit()
            self._key_fits = self._key_fits or bool(session.info["audit_key_fits"])
            return answer, session.info.get("audit_head")

    def _info(self) -> dict[str, object]:
        return {"audit_key": self.audit_key, "audit_key_fits": self._key_fits}

    def _keep_head(self, head: audit.Head | None) -> None:
        """Once committed, an act is done: that its head could not be kept is logged, and the next one will be."""
        if head and self.head_file:
            try:
                if not audit.write_head(self.head_file, head, self._holds):
                    log.error("audit head left: the trail lacks the row it proves", file=self.head_file.name)
            except OSError as error:
                log.error("audit head not written", file=self.head_file.name, error=error.strerror)

    def _holds(self, known: audit.Head) -> bool:
        with self.read() as session:
            return audit.in_the_trail(session, known)


def _gave_up(connection: Connection) -> bool:
    """Whether SQLite has undone the whole transaction by itself, as it does when the disk is full.

    Then its commit would do nothing and raise nothing, and those before would be told that they are done.
    """
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    return not driver.in_transaction


def _make_private(path: Path) -> None:
    """Residents' words lie in it: a new file is for its owner alone, and SQLite gives those beside it the same rights.

    Raises:
        StoreError: the file cannot be made there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"the database cannot be {path}: {error.strerror}") from None


def _sqlite_engine(path: Path, *, read_only: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        mode = "ro" if read_only else "rwc"
        return sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )

    # An error's text must not carry what residents wrote.
    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=8 if read_only else 1, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
