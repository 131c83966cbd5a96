"""A reader of lexicons, strict enough to hold a pretended Bluesky to the real one's words.

What a lexicon says of an object holds for its members as well, records included; a property that it
does not name is a flaw.  References into lexicons that are not in the folder are not followed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DID: Final = r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"
HANDLE: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
FORMATS: Final = {
    "at-identifier": f"{DID}|{HANDLE}",
    "at-uri": rf"at://(?:{DID}|{HANDLE})(?:/[a-zA-Z][a-zA-Z0-9.-]+(?:/[A-Za-z0-9._:~-]{{1,512}})?)?",
    "cid": r"b[a-z2-7]{58}",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
    "did": DID,
    "handle": HANDLE,
    "language": r"[a-z]{2,3}(?:-[A-Za-z0-9]+)*",
    "uri": r"[a-z][a-z.-]*:\S+",
}
TYPES: Final[Mapping[str, type]] = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


@dataclass(frozen=True, slots=True)
class Lexicons:
    """A folder of lexicons, read as they are asked for."""

    folder: Path

    def read(self, nsid: str) -> Mapping[str, Any] | None:
        """The definitions of one; None where the folder has none of that name."""
        file = self.folder.joinpath(*nsid.split(".")).with_suffix(".json")
        if not file.is_file():
            return None
        definitions: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))["defs"]
        return definitions

    def method(self, nsid: str) -> Mapping[str, Any]:
        definitions = self.read(nsid)
        if definitions is None:
            raise LookupError(nsid)
        method: Mapping[str, Any] = definitions["main"]
        return method

    def flaws_of_answer(self, nsid: str, payload: Any) -> Iterator[str]:
        """What in an answer does not keep to the lexicon of the method that gave it."""
        return self._flaws(payload, self.method(nsid)["output"]["schema"], nsid, nsid)

    def flaws_of_question(self, nsid: str, query: Mapping[str, Any]) -> Iterator[str]:
        """What in the parameters of a query, as texts, does not keep to its lexicon."""
        parameters = self.method(nsid)["parameters"]
        typed = {
            name: int(value)
            if parameters["properties"].get(name, {}).get("type") == "integer" and str(value).isdecimal()
            else value
            for name, value in query.items()
        }
        return self._flaws(typed, {**parameters, "type": "object"}, nsid, nsid)

    def _flaws(self, value: Any, schema: Mapping[str, Any], nsid: str, where: str) -> Iterator[str]:
        """`nsid` is the lexicon in which the schema stands."""
        kind = schema["type"]
        if kind == "ref":
            yield from self._flaws_of_reference(value, schema["ref"], nsid, where)
        elif kind == "union":
            yield from self._flaws_of_union(value, schema, nsid, where)
        elif kind == "unknown":
            yield from self._flaws_of_record(value, where)
        elif not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
            yield f"{where}: {value!r} is not of type {kind}"
        elif isinstance(value, dict):
            yield from self._flaws_of_object(value, schema, nsid, where)
        elif isinstance(value, list):
            if len(value) > schema.get("maxLength", len(value)):
                yield f"{where}: there are {len(value)}, more than {schema['maxLength']}"
            for number, inner in enumerate(value):
                yield from self._flaws(inner, schema["items"], nsid, f"{where}[{number}]")
        else:
            yield from flaws_of_scalar(value, schema, where)

    def _flaws_of_reference(self, value: Any, reference: str, nsid: str, where: str) -> Iterator[str]:
        named, _, part = reference.partition("#")
        definitions = self.read(named or nsid)
        if definitions is None:
            return
        definition = definitions[part or "main"]
        if definition["type"] != "record":
            yield from self._flaws(value, definition, named or nsid, where)

    def _flaws_of_union(self, value: Any, schema: Mapping[str, Any], nsid: str, where: str) -> Iterator[str]:
        kind = value.get("$type") if isinstance(value, dict) else None
        whole = {f"{nsid}{reference}" if reference.startswith("#") else reference for reference in schema["refs"]}
        if kind not in whole:
            yield f"{where}: {kind!r} is not one of {sorted(whole)}"
        else:
            yield from self._flaws_of_reference(value, str(kind), nsid, where)

    def _flaws_of_record(self, value: Any, where: str) -> Iterator[str]:
        """What stands in a repository says itself which lexicon it keeps to."""
        kind = value.get("$type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            yield f"{where}: a record without a $type"
        elif (definitions := self.read(kind)) is not None:
            yield from self._flaws(value, definitions["main"]["record"], kind, where)

    def _flaws_of_object(
        self, value: Mapping[str, Any], schema: Mapping[str, Any], nsid: str, where: str
    ) -> Iterator[str]:
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{where}: {name} is missing"
        for name, inner in value.items():
            if name in properties:
                yield from self._flaws(inner, properties[name], nsid, f"{where}.{name}")
            elif name != "$type":
                yield f"{where}: {name} is not in the lexicon"


def flaws_of_scalar(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if isinstance(value, str):
        if schema.get("format") and not re.fullmatch(FORMATS[schema["format"]], value):
            yield f"{where}: {value!r} is not a {schema['format']}"
        if len(value.encode("utf-8", "surrogatepass")) > schema.get("maxLength", 10**9):
            yield f"{where}: longer than {schema['maxLength']} bytes"
        if "knownValues" in schema and value not in schema["knownValues"]:
            yield f"{where}: {value!r} is not one of {schema['knownValues']}"
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where}: {value!r} is out of range"
