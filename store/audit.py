"""The audit trail: who did what to which, when, chained so that no row can be changed unseen.

Each row's HMAC covers its own words and the HMAC of the row before.  Rows are appended behind
one locked head row; the head is also written outside the database, so that cutting off the end
shows.  Rows hold ids, field names and hashes, never a resident's words: erasing a revision
leaves the chain whole.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import LargeBinary, ScalarResult, Table, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.base import Base, insert_if_absent
from vocabulary import GwylioError

GENESIS = b"\0" * 32
SYSTEM = "system"


class AuditRow(Base):
    """One act.  `subject` is a kind and an id, such as `case:17`."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """The last row's number and HMAC; locked by whoever appends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True)
class Head:
    number: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.number} {self.mac.hex()}"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the trail does not hold."""

    number: int
    reason: str


class UnreadableHead(GwylioError):
    """The head kept outside the database holds something else."""


class WrongAuditKey(GwylioError):
    """The trail was begun with another key; nothing may be done that would have to be recorded under this one."""


class NoAuditKey(GwylioError):
    """A session without the audit key tried to append; only `Store.write` opens such sessions."""


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Add a row in the session's own transaction and answer its number.

    Raises:
        NoAuditKey, WrongAuditKey: nothing is recorded, so nothing may be done.
    """
    key = session.info.get("audit_key")
    if not isinstance(key, bytes):
        raise NoAuditKey(f"cannot record {action} on {subject}: this session has no audit key")
    session.flush()
    head = session.info.get("audit_head") or _locked_head(session)
    if not session.info.get("audit_key_fits"):
        check_key(session, key)
        session.info["audit_key_fits"] = True
    number: int = head.number + 1
    previous: bytes = head.mac
    row = {
        "number": number,
        "at": now,
        "actor": actor,
        "action": action,
        "subject": subject,
        "before": dict(before or {}),
        "after": dict(after or {}),
    }
    mac = _mac(key, previous, row)
    connection = session.connection()
    connection.execute(_ADD, row | {"mac": mac})
    connection.execute(_MOVE, {"number": number, "mac": mac})
    session.info["audit_head"] = Head(number, mac)
    return number


def _locked_head(session: Session) -> Head:
    """The head, which nobody else moves until this transaction is over: an act asks once."""
    last = select(AuditHead.number, AuditHead.mac).with_for_update()
    head = session.execute(last).one_or_none()
    if head is None:
        insert_if_absent(session, AuditHead, id=1, number=0, mac=GENESIS)
        head = session.execute(last).one()
    return Head(head.number, head.mac)


_ADD = insert(cast("Table", AuditRow.__table__))
_MOVE = update(cast("Table", AuditHead.__table__))


def verify(session: Session, key: bytes, outside: Head | None) -> Broken | None:
    """The first row that does not hold, or None.  `outside` is the head as written beside the database."""
    previous, expected = GENESIS, 1
    with _all_rows(session) as found:
        for row in found:
            if row.number != expected:
                return Broken(expected, f"row {expected} is missing; the next one there is {row.number}")
            mac = _mac(key, previous, {name: getattr(row, name) for name in _FIELDS})
            if not hmac.compare_digest(mac, row.mac):
                return Broken(row.number, f"row {row.number} is not the row that was written, or stands out of order")
            if outside and outside.number == row.number and not hmac.compare_digest(outside.mac, row.mac):
                return Broken(row.number, f"row {row.number} differs from the head kept outside the database")
            previous, expected = row.mac, expected + 1
    head = session.execute(select(AuditHead.number, AuditHead.mac)).one_or_none()
    last = expected - 1
    if (head.number if head else 0) != last or (head is not None and head.mac != previous):
        return Broken(expected, f"the head says {head.number if head else 0} rows, the trail has {last}")
    if outside and outside.number > last:
        return Broken(expected, f"row {expected} is missing: the head outside the database says {outside.number} rows")
    return None


def count(session: Session) -> int:
    """How many rows the trail has, as its head says."""
    return session.scalar(select(AuditHead.number)) or 0


def rows(session: Session) -> Iterator[dict[str, Any]]:
    """Every row as plain values, oldest first."""
    with _all_rows(session) as found:
        for row in found:
            yield {
                "number": row.number,
                "at": row.at.isoformat(),
                "actor": row.actor,
                "action": row.action,
                "subject": row.subject,
                "before": row.before,
                "after": row.after,
                "mac": row.mac.hex(),
            }


def between(session: Session, start: datetime, end: datetime, actions: Collection[str]) -> Sequence[AuditRow]:
    """The rows of these actions from `start` up to `end`, oldest first."""
    return session.scalars(
        select(AuditRow)
        .where(AuditRow.action.in_(actions), AuditRow.at >= start, AuditRow.at < end)
        .order_by(AuditRow.number)
    ).all()


def read_head(path: Path) -> Head | None:
    """The head kept outside the database, or None where none was written yet.

    Raises:
        UnreadableHead: the file holds no head.
    """
    try:
        number, mac = path.read_text(encoding="ascii").split()
        return Head(int(number), bytes.fromhex(mac))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UnreadableHead(f"{path}: not an audit head; restore it from a backup ({error})") from error


def write_head(path: Path, head: Head, holds: Callable[[Head], bool] = lambda known: True) -> bool:
    """Replace the head file, unless a later one is there already; False where it was left because it does not hold.

    Called after the commit whose head it is, so that a crash leaves it behind the database and never ahead.
    `holds` says whether the head that is there is a row of the trail.  One that is not proves that the end was
    cut off, and stays as the proof.  A file that cannot be read as a head is replaced: it proves nothing.
    """
    with suppress(UnreadableHead):
        known = read_head(path)
        if known and known.number >= head.number:
            return True
        if known and not holds(known):
            return False
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    fresh.write_text(f"{head}\n", encoding="ascii")
    fresh.replace(path)
    return True


def in_the_trail(session: Session, head: Head) -> bool:
    """Whether the trail has this very row."""
    return session.scalar(select(AuditRow.mac).where(AuditRow.number == head.number)) == head.mac


def check_key(session: Session, key: bytes) -> None:
    """See that this is the key of the trail, by its first row or its last; an empty trail takes any.

    One row appended with another key would break the trail for good.

    Raises:
        WrongAuditKey: it is another.
    """
    ends = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(2)).all()
    first = session.get(AuditRow, 1)
    proved = [(first, GENESIS)] if first else []
    if len(ends) == 2:
        proved.append((ends[0], ends[1].mac))
    if proved and not any(
        hmac.compare_digest(_mac(key, previous, {name: getattr(row, name) for name in _FIELDS}), row.mac)
        for row, previous in proved
    ):
        raise WrongAuditKey(
            "the audit trail was written with another secret key: put back the key that belongs to this database"
        )


def _all_rows(session: Session) -> ScalarResult[AuditRow]:
    return session.scalars(select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=1_000))


_FIELDS = ("number", "at", "actor", "action", "subject", "before", "after")


def _mac(key: bytes, previous: bytes, row: Mapping[str, Any]) -> bytes:
    words = json.dumps(
        [row[name].isoformat() if name == "at" else row[name] for name in _FIELDS],
        ensure_ascii=True,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hmac.new(key, previous + words.encode("ascii"), hashlib.sha256).digest()
