"""What every table shares: names for constraints, times in UTC, enums stored by their value."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, cast

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, Table, Text, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

import vocabulary
from vocabulary import GwylioError


class NaiveTime(GwylioError):
    """A time without a zone reached the store; nobody can say when it was."""


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, kept in UTC and handed back with its zone.  A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTime(f"{value!r} has no time zone; give every moment its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def by_value(kind: type[StrEnum]) -> Enum:
    """A text column that holds the enum's value; a new member needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


ENUMS = (
    vocabulary.Platform,
    vocabulary.Origin,
    vocabulary.Language,
    vocabulary.ReplyLanguage,
    vocabulary.Severity,
    vocabulary.Presence,
    vocabulary.State,
    vocabulary.ReviewState,
    vocabulary.ReviewAct,
    vocabulary.Opened,
    vocabulary.ReplyKind,
    vocabulary.ReplyState,
    vocabulary.NoticeState,
    vocabulary.TranslationOf,
    vocabulary.TranslationState,
    vocabulary.Role,
    vocabulary.Clock,
    vocabulary.RemovalKind,
    vocabulary.RemovalState,
    vocabulary.NotDone,
    vocabulary.MatterState,
)


class Base(DeclarativeBase):
    """Typed models; one file per noun."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        **{kind: by_value(kind) for kind in ENUMS},
    }


def insert_if_absent(session: Session, row: type[Base], **values: object) -> bool:
    """Add a row unless one with its key stands there, whoever else is adding it; whether it was added."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = insert(cast("Table", row.__table__)).values(**values).on_conflict_do_nothing().returning(literal(1))
    return session.execute(added).first() is not None
