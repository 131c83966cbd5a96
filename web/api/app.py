"""The API, composed: an application of its own under /api/v1, so that its description holds nothing of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api import acting, reading
from web.api.access import ROUTES
from web.api.problems import (
    MATTER_RUNS,
    MEDIA_TYPE,
    NO_KEY,
    NO_REPLY,
    NO_TOKEN,
    NO_VERSION,
    NOT_ALLOWED,
    NOT_POSSIBLE,
    NOT_READ,
    NOT_THERE,
    OURS,
    REPLY_REFUSED,
    RESTRICTED,
    SCOPE_MISSING,
    STALE,
    TOO_LARGE,
    TOO_MANY,
    Fault,
    Kind,
    Problem,
    handlers,
    tell,
)

API: Final = "/api/v1"
LARGEST_CALL: Final = 300_000
"""In bytes."""
LONGEST_LENGTH: Final = 15
MOVES: Final = (STALE, NO_VERSION, NOT_POSSIBLE)

ANSWERED: Final[dict[str, tuple[Kind, ...]]] = {
    "act_on_case": (*MOVES, MATTER_RUNS),
    "change_answer_owed": MOVES,
    "send_reply": (*MOVES, NO_KEY, NO_REPLY, REPLY_REFUSED),
}
"""The problems that only some routes tell of."""

ABOUT: Final = """\
The same acts as on the pages, by the same functions. A call shows a token (`Authorization: Bearer …`), which is worth
what its owner may do, within its scopes. Words come in the language of `Accept-Language`, Welsh or English. Moments are
in UTC with their zone; days are those of Europe/London. Every problem is told by RFC 9457.\
"""


class Weighed:
    """Turns away a call that weighs too much, unread where it says so beforehand."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if said.isdigit() and (len(said) > LONGEST_LENGTH or int(said) > LARGEST_CALL):
            await tell(Request(scope), TOO_LARGE)(scope, receive, send)
            return
        seen = 0

        async def weighed() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LARGEST_CALL:
                raise HTTPException(TOO_LARGE.status)
            return message

        await self.app(scope, weighed, send)


class Api(FastAPI):
    """The routes, described with what each may answer in place of what it was asked for."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            found = super().openapi()
            schemas = found["components"]["schemas"]
            for model in (Problem, Fault):
                schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas[model.__name__].pop("$defs", None)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            for path, each in found["paths"].items():
                for operation in each.values():
                    name = operation["operationId"]
                    more = [RESTRICTED] if "_id}" in path else []
                    more += [TOO_LARGE] if "requestBody" in operation else []
                    operation["responses"] |= _problems(name, more)
                    scope = ROUTES[name].scope
                    operation["x-scope"] = scope.value if scope else ""
        return super().openapi()


def create_api(state: State) -> Api:
    """The API over what the pages are made of."""
    api = Api(
        title="Gwylio",
        version="1",
        description=ABOUT,
        servers=[{"url": API}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
        separate_input_output_schemas=False,
    )
    api.state = state
    for part in (reading, acting):
        api.include_router(part.router)
    handlers(api)
    api.add_middleware(Weighed)
    return api


def _name(route: APIRoute) -> str:
    return route.name


def _problems(name: str, more: Sequence[Kind]) -> dict[str, Any]:
    """What a route may tell of in place of its answer, by status."""
    kinds = [NO_TOKEN, NOT_READ, TOO_MANY, OURS, *ANSWERED.get(name, ()), *more]
    kinds += [SCOPE_MISSING, NOT_ALLOWED, NOT_THERE] if ROUTES[name].scope else []
    told: dict[str, list[str]] = {}
    for kind in kinds:
        told.setdefault(str(kind.status), []).append(f"{kind.title} (`{kind.slug}`)")
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {"description": "; ".join(said), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, said in sorted(told.items())
    }
