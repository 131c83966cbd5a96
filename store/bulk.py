"""Many rows at once, through each driver's quickest door: rows by the hundred on SQLite, COPY on PostgreSQL.

They go into the session's own transaction, behind its savepoint.  A table's types are asked once for
each column, where SQLAlchemy asks them for each value; what is stored is the same to the last character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain, repeat
from typing import Any, NoReturn, cast

import psycopg
from sqlalchemy import Boolean, Date, Enum, LargeBinary, Table, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from store.base import NaiveTime, UTCDateTime

BLOCKS = (100, 10, 1)
"""Rows in one statement on SQLite; the first keeps well within its 32,766 parameters."""
_TWO = tuple(f"{number:02}" for number in range(100))


def add(session: Session, table: Table, columns: Mapping[str, object]) -> None:
    """Add rows: a list is a column with a value for each row, anything else is the same in all of them.

    Raises:
        NaiveTime: a moment has no zone.
        DBAPIError: the database refused them, as it would have refused an INSERT.
    """
    (_add_to_sqlite if _on_sqlite(session) else _copy_to_postgres)(session, table, columns)


def change(
    session: Session, table: Table, ids: Sequence[int], columns: Mapping[str, object], *, more: str = ""
) -> None:
    """Give these rows new values: a list has one for each id, anything else is the same in all of them.

    `more` is SQL of ours that changes further columns.

    Raises:
        NaiveTime, DBAPIError: as `add`.
    """
    connection = session.connection()
    each = {name: given for name, given in columns.items() if isinstance(given, list)}
    every = {name: given for name, given in columns.items() if name not in each}
    if _on_sqlite(session):
        told = ", ".join([*(f"{name} = ?" for name in (*every, *each)), *filter(None, [more])])
        shared = [repeat(_sqlite_value(table, name, given)) for name, given in every.items()]
        lists = [[_sqlite_value(table, name, value) for value in given] for name, given in each.items()]
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET {told} WHERE id = ?",  # noqa: S608 - names of ours
            list(zip(*shared, *lists, ids, strict=False)),
        )
        return
    kinds = {name: table.c[name].type.compile(session.get_bind().dialect) for name in columns}
    told = ", ".join(
        [*(f"{name} = %s" for name in every), *(f"{name} = new.{name}" for name in each), *filter(None, [more])]
    )
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{kinds[name]}[]" for name in each)])
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {told} FROM unnest({arrays}) AS new(id{''.join(f', {name}' for name in each)})"  # noqa: S608
        f" WHERE {table.name}.id = new.id",
        (*every.values(), list(ids), *each.values()),
    )


def reserve(session: Session, table: Table, number: int) -> list[int]:
    """Ids for so many new rows, rising, that nobody else is given.

    On SQLite nobody else can write until this transaction is over.
    """
    if _on_sqlite(session):
        last = session.connection().execute(select(func.max(table.c.id))).scalar() or 0
        return list(range(last + 1, last + 1 + number))
    sequence = f"nextval(pg_get_serial_sequence('{table.name}', 'id'))"
    taken = session.connection().exec_driver_sql(
        f"SELECT {sequence} FROM generate_series(1, %s)",  # noqa: S608 - the name of a table of ours
        (number,),
    )
    return sorted(taken.scalars())


def among(session: Session, sql: str, wanted: Sequence[str], *more: object) -> Sequence[Any]:
    """The rows of a query that says `IN :wanted` and has a `?` for each of the values that come after those."""
    connection = session.connection()
    if _on_sqlite(session):
        one_of = f"IN ({','.join(repeat('?', len(wanted)))})"
        return connection.exec_driver_sql(sql.replace("IN :wanted", one_of), (*wanted, *more)).all()
    asked = sql.replace("?", "%s").replace("IN :wanted", "= ANY(%s)")
    return connection.exec_driver_sql(asked, (list(wanted), *more)).all()


def stored(moment: datetime) -> str:
    """A moment as SQLAlchemy writes it on SQLite: in UTC, to the microsecond, without its zone.

    Raises:
        NaiveTime: it has no zone.
    """
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise NaiveTime(f"{moment!r} has no time zone; give every moment its zone")
        moment = moment.astimezone(UTC)
    year, fraction = moment.year, moment.microsecond
    return (
        f"{year if year > 999 else f'{year:04}'}-{_TWO[moment.month]}-{_TWO[moment.day]}"
        f" {_TWO[moment.hour]}:{_TWO[moment.minute]}:{_TWO[moment.second]}"
        f".{f'{fraction:06}' if fraction else '000000'}"
    )


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _add_to_sqlite(session: Session, table: Table, columns: Mapping[str, object]) -> None:
    each: dict[str, list[Any]] = {}
    every: dict[str, Any] = {}
    for name, given in columns.items():
        write = _for_sqlite(table, name)
        if isinstance(given, list):
            each[name] = given if write is None else [None if value is None else write(value) for value in given]
        else:
            every[name] = _sqlite_value(table, name, given)
    shared, width = tuple(every.values()), len(each)
    values = tuple(chain.from_iterable(zip(*each.values(), strict=True)))
    connection, at = session.connection(), 0
    for size in BLOCKS:
        sql = _insert(table.name, tuple(every), tuple(each), size)
        while at + size * width <= len(values):
            connection.exec_driver_sql(sql, shared + values[at : at + size * width])
            at += size * width


def _sqlite_value(table: Table, name: str, given: object) -> object:
    write = _for_sqlite(table, name)
    return given if write is None or given is None else write(given)


@cache
def _insert(table: str, every: Sequence[str], each: Sequence[str], rows: int) -> str:
    """The statement for so many rows; the values that all of them share are given once, before the others."""
    shared = "".join(f"?{number}," for number in range(1, len(every) + 1))
    row = f"({shared}{','.join(repeat('?', len(each)))})"
    first = f"({shared}{','.join(f'?{number}' for number in range(len(every) + 1, len(every) + len(each) + 1))})"
    names = ",".join((*every, *each))
    return f"INSERT INTO {table} ({names}) VALUES {','.join((first, *repeat(row, rows - 1)))}"  # noqa: S608 - our own names


@cache
def _for_sqlite(table: Table, name: str) -> Callable[[Any], object] | None:
    kind = table.c[name].type
    if isinstance(kind, UTCDateTime):
        return stored
    if isinstance(kind, Date):
        return date.isoformat
    return _value if isinstance(kind, Enum) else None


def _copy_to_postgres(session: Session, table: Table, columns: Mapping[str, object]) -> None:
    fields: list[Iterable[str]] = []
    for name, given in columns.items():
        write = _for_postgres(table, name)
        if isinstance(given, list):
            fields.append(["\\N" if value is None else write(value) for value in given])
        else:
            fields.append(repeat("\\N" if given is None else write(given)))
    lines = "\n".join(map("\t".join, zip(*fields, strict=False)))
    connection = cast("psycopg.Connection", session.connection().connection.driver_connection)
    try:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table.name} ({','.join(columns)}) FROM STDIN") as copy:
            copy.write(lines)
    except psycopg.Error as error:
        _refuse(table, error)


def _refuse(table: Table, error: psycopg.Error) -> NoReturn:
    """Tell it as SQLAlchemy would, but for the line that COPY quotes: residents' words stand in it."""
    told = type(error)(f"COPY into {table.name} was refused: {type(error).__name__}")
    raise DBAPIError.instance(f"COPY {table.name}", None, told, psycopg.Error, hide_parameters=True) from None


@cache
def _for_postgres(table: Table, name: str) -> Callable[[Any], str]:
    kind = table.c[name].type
    if isinstance(kind, UTCDateTime):
        return _zoned
    if isinstance(kind, LargeBinary):
        return _hexadecimal
    if isinstance(kind, Date):
        return date.isoformat
    if isinstance(kind, Enum):
        return _value
    return str if isinstance(kind, Boolean) or kind.python_type in {int, float} else _escaped


def _value(member: Any) -> str:
    return cast("str", member.value)


def _zoned(moment: datetime) -> str:
    return f"{stored(moment)}+00"


def _hexadecimal(given: bytes) -> str:
    return f"\\\\x{given.hex()}"


def _escaped(text: str) -> str:
    """Text as COPY reads it: its four special characters behind a backslash."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
