"""Every key that a policy pack may write, as docs/reference/policy-keys.md, from the records themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from moderation.policy import PerLabel, Policy
from toml_file import Record

# A pack is named by its file, and its digest is made from what it says.
NOT_WRITTEN = frozenset({"name", "digest"})


def page() -> str:
    """The page.  A test holds it to the records."""
    tables = [(name, field, _record_in(field.annotation)) for name, field in _fields(Policy)]
    top = _rows([(name, field) for name, field, record in tables if record is None])
    sections = [_table(name, field, record) for name, field, record in tables if record is not None]
    return PAGE + "\n".join((f"## At the top\n\n{top}", *sections))


def _table(name: str, field: FieldInfo, record: type[Record]) -> str:
    named = get_origin(field.annotation) is Mapping
    heading = f"`[[{name}]]`" if _is_list(field) else f"`[{name}.NAME]`" if named else f"`[{name}]`"
    about = " ".join(cleandoc(record.__doc__ or "").split())
    keys = _fields(record)
    if issubclass(record, PerLabel):
        listed = (
            f"`{key}`" if f.is_required() or f.default is None else f"`{key}` ({f.default} unless said)"
            for key, f in keys
        )
        return f"## {heading}\n\n{about} Keys: {', '.join(listed)}.\n"
    return f"## {heading}\n\n{about}\n\n{_rows(keys)}"


def _rows(keys: Iterable[tuple[str, FieldInfo]]) -> str:
    rows = "".join(f"| `{key}` | {_what(field)} | {_unless(field)} |\n" for key, field in keys)
    return f"| key | what it says | unless said |\n|---|---|---|\n{rows}"


def _fields(record: type[Record]) -> list[tuple[str, FieldInfo]]:
    """The keys as the file writes them."""
    return [(field.alias or name, field) for name, field in record.model_fields.items() if name not in NOT_WRITTEN]


def _what(field: FieldInfo) -> str:
    record = _record_in(field.annotation)
    if record is None:
        return field.description or ""
    shape = f"`{{ {', '.join(key for key, _ in _fields(record))} }}`"
    return f"{field.description or ''} {'Each' if _is_list(field) else 'As'} {shape}".strip()


def _unless(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    if isinstance(field.default, tuple):
        return ", ".join(map(str, field.default))
    return str(field.default).lower() if isinstance(field.default, bool) else ""


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _record_in(annotation: Any) -> type[Record] | None:
    """The table that a key holds, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return next((found for part in get_args(annotation) if (found := _record_in(part))), None)


PAGE = """\
# The keys of a policy pack

Generated from `moderation/policy.py`. To renew it:

    python -c "from moderation import policy_keys; print(policy_keys.page(), end='')" > docs/reference/policy-keys.md

A pack is a TOML file in `config/policies`, named by its file. With `extends` it says only what differs: tables are
joined key by key, a list replaces the whole list of the pack below. A key that is not here is refused.

"""
