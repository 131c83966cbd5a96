"""docs/reference/api.md, from the routes, the shapes and the problems themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.datastructures import State

from vocabulary import Scope
from web.api.access import ROUTES
from web.api.app import API, create_api
from web.api.problems import KINDS, TYPE
from web.gate import PERMISSIONS
from words import Words

TAGS: Final[Mapping[str, str]] = {
    "about": "About yourself and the words",
    "cases": "Cases",
    "replies": "Replies",
    "reports": "Figures and accounts",
}
REF: Final = "$ref"


def page() -> str:
    """The whole page."""
    described = create_api(State()).openapi()
    return PAGE.format(
        api=API,
        scopes="\n".join(f"| `{each.value}` | {Words('en').name(each)} |" for each in Scope),
        routes="\n".join(_routes(described)),
        shapes="\n".join(_shapes(described)).rstrip() + "\n",
        type=TYPE,
        problems="\n".join(f"| {each.status} | `{each.slug}` | {each.title}. {each.text} |" for each in KINDS),
    )


def _routes(described: Mapping[str, Any]) -> Iterator[str]:
    for tag, title in TAGS.items():
        yield f"### {title}\n"
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                if operation["tags"] == [tag]:
                    yield from _route(path, method, operation)


def _route(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    needs = ROUTES[operation["operationId"]]
    roles = sorted(role.value for role in PERMISSIONS[needs.page]) if needs.page else []
    yield f"#### `{method.upper()} {path}`\n"
    yield f"{operation['description']}\n"
    scope = f"`{needs.scope.value}`" if needs.scope else "none"
    yield f"Scope: {scope}. Roles: {', '.join(f'`{each}`' for each in roles) or 'any'}."
    asked = [each for each in operation.get("parameters", ()) if each["in"] != "path"]
    if asked:
        yield ""
        yield "| asked | in | what it is |"
        yield "|---|---|---|"
        for each in asked:
            needed = " (needed)" if each["required"] else ""
            yield f"| `{each['name']}` | {each['in']}{needed} | {_said(each)} |"
    body = operation.get("requestBody")
    answer = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    given = _type(answer["content"]["application/json"]["schema"]) if "content" in answer else "nothing (204)"
    yield ""
    yield f"Body: {_type(body['content']['application/json']['schema']) if body else 'none'}. Answer: {given}.\n"


def _shapes(described: Mapping[str, Any]) -> Iterator[str]:
    for name, shape in sorted(described["components"]["schemas"].items()):
        if "properties" not in shape:
            continue
        needed = set(shape.get("required", ()))
        yield f"### {name}\n"
        yield f"{shape['description']}\n"
        yield "| field | type | what it is |"
        yield "|---|---|---|"
        for field, schema in shape["properties"].items():
            mark = "" if field in needed else " (may be left out)"
            yield f"| `{field}` | {_type(schema)}{mark} | {_said(schema)} |"
        yield ""


def _said(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", "")).replace("\n", " ").replace("|", "\\|")


def _type(schema: Mapping[str, Any]) -> str:
    """A type as a reader meets it: `Case`, a list of `Line`, text or null."""
    if REF in schema:
        name = schema[REF].rpartition("/")[2]
        return f"`{name}`"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(each) for each in schema[key])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"by name, {_type(schema['additionalProperties'])}"
    formats = {"date-time": "moment", "date": "day"}
    return formats.get(str(schema.get("format", "")), {"string": "text"}.get(str(kind), str(kind)))


PAGE: Final = """\
# The API

Generated from `web/api/`. To renew it:

    python -c "from web.api import reference; print(reference.page(), end='')" > docs/reference/api.md

Other programs do here what people do on the pages: the same acts, by the same functions, with the same rows left
behind ([ADR 18](../adr/0018-the-api-is-the-pages-without-the-pages.md)). The description for programs (OpenAPI
3.1) is at `{api}/openapi.json`; it is the only thing that needs no token.

## Coming in

    curl -H "Authorization: Bearer gwylio_…" https://gwylio.example.wales{api}/queue

- A token is made on the page *API tokens* (from *Your account*), or by `gwylio token add`. It is shown once; its
  SHA-256 is kept. It runs out after 30, 90 or 365 days, when it is revoked, and when its owner leaves.
- It is worth what its owner may do **when it is used**, and within that only its scopes. An administrator can make
  a *service*: a program with roles and areas of its own, which nobody signs in as.
- What is done with it stands in the history and in the audit trail under its owner's name, with the number of the
  token.
- Cookies are not looked at here, and no page takes a token.
- A token may be used 600 times a minute; after that the answer is 429 with `Retry-After`. Each process counts by
  itself.

| scope | what it is for |
|---|---|
{scopes}

A case of another service area does not exist (404). A **restricted case** is never opened here (403): it asks for
a purpose, which a person gives. Lists tell that it is there, and neither words nor name.

## Rules

- **Words** come in the language of `Accept-Language`, Welsh or English; English where neither is named. Codes are
  the same in both, and `GET /vocabulary` names all of them.
- **Moments** are in UTC with their zone; **days** are those of Europe/London.
- **Lists** go on by `next`, which is given back as `after`; never by a number of pages.
- **Whatever moves a case** names the version it has seen: the `ETag` of the case goes back as `If-Match`. Where
  somebody was quicker the answer is 412, and nothing has been done; without it, 428.
- **Whatever the public will see** is sent once for each `Idempotency-Key`, a text of your own choosing: asked
  again with it within seven days, the same is answered and nothing is done. The same key for something else is
  422.
- **Problems** are told by RFC 9457 (`application/problem+json`). Their `type` begins with `{type}`, stays for
  good, and is what a program goes by; `errors` says what is wrong, one by one.

| status | type | what it means |
|---|---|---|
{problems}

## Routes

All under `{api}`.

{routes}
## Shapes

A type that has no table here, such as `State`, is one of the codes that `GET /vocabulary` lists.

{shapes}"""
