"""One process that is every platform at once, on loopback, each under its own name, such as /facebook.

`/_simulator/` tells the truth behind them, for whoever has to check what was really published.
No token is kept: a request is recorded by its path, never its query or its headers.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qsl, unquote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.consent import Consent, DoorOnly
from simulator.exchange import Answer, Ask, Written
from simulator.faults import BEFORE_APPLYING, Fault, Faults, Kind, from_row, instead, spoilt
from simulator.platforms import PLATFORMS, Pretended
from simulator.push import Pusher, PushError, order_from
from simulator.world import World, message_as_json
from vocabulary import GwylioError, Platform

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TELLINGS = (
    "post", "comment", "mention", "overheard", "direct_message", "quote", "edit", "delete", "restore", "renew_token",
)  # fmt: skip
"""What may be said to have happened, as `World` has it."""
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class SimulatorError(GwylioError):
    """The simulator cannot be started as asked."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it was answered; `status` 0 is a connection dropped without an answer."""

    method: str
    path: str
    platform: Platform
    status: int
    when: datetime
    fault: str = ""
    reply: Written | None = None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "when": self.when.isoformat()}


class Simulator:
    """A running server; use it as a context manager, or `start` and `stop` it.

    `log` gets one JSON line for each request, written before the request is answered.
    """

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        log: Path | None = None,
    ) -> None:
        if host not in LOOPBACK:
            raise SimulatorError(f"the simulator listens on loopback only, not on {host!r}; use 127.0.0.1")
        self.world = world
        self.faults = faults if faults is not None else Faults()
        self.requests: list[Recorded] = []
        self.pusher = Pusher(world)
        self.consent = Consent(world)
        self._platforms: dict[str, Pretended] = {
            **{each.value: DoorOnly(each, world) for each in self.consent.platforms()},
            **{each.value: made(world) for each, made in PLATFORMS.items()},
        }
        self._log = log
        self._lock = Lock()
        config = uvicorn.Config(
            self._app(), host=host, port=port, http="h11", ws="none", lifespan="off",
            log_config=None, access_log=False, date_header=False, server_header=False, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._socket = _listening(host, port)
        self._thread = Thread(target=self._serve, name="simulator", daemon=True)
        self.base_url = f"http://{'[::1]' if host == '::1' else '127.0.0.1'}:{self._socket.getsockname()[1]}"

    def url_of(self, platform: Platform) -> str:
        """Where this platform's API begins."""
        return f"{self.base_url}/{platform.value}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def replies(self) -> list[Written]:
        """Every reply that was published through an API, in order, whether or not its sender learnt of it."""
        with self._lock:
            return [recorded.reply for recorded in self.requests if recorded.reply is not None]

    # --- inside

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/_simulator/world", lambda request: JSONResponse(self.world.as_json())),
                Route("/_simulator/replies", self._show_replies),
                Route("/_simulator/requests", self._show_requests),
                Route("/_simulator/now", self._set_now, methods=["POST"]),
                Route("/_simulator/faults", self._add_fault, methods=["POST"]),
                Route("/_simulator/push", self._push, methods=["POST"]),
                Route("/_simulator/happen", self._happen, methods=["POST"]),
                Route("/{platform:str}/{rest:path}", _Endpoint(self), methods=METHODS),
            ]
        )

    def _show_replies(self, request: Request) -> Response:
        now = self.world.now
        standing = {
            account.slug: [message_as_json(message, now) for message in self.world.replies_by_us(account.slug)]
            for account in self.world.accounts()
        }
        return JSONResponse({"published": [asdict(reply) for reply in self.replies()], "standing": standing})

    def _show_requests(self, request: Request) -> Response:
        with self._lock:
            return JSONResponse([recorded.as_json() for recorded in self.requests])

    async def _set_now(self, request: Request) -> Response:
        self.world.now = datetime.fromisoformat((await request.json())["now"])
        return JSONResponse({"now": self.world.now.isoformat()})

    async def _happen(self, request: Request) -> Response:
        """Something happens in the world: the name of one of its tellings, and what that takes."""
        told = await request.json()
        what = told.pop("what", "") if isinstance(told, dict) else ""
        if what not in TELLINGS:
            return JSONResponse({"wrong": f"what must be one of {', '.join(TELLINGS)}"}, status_code=400)
        try:
            for name in {"at", "listed_at"} & set(told):
                told[name] = datetime.fromisoformat(told[name])
            if what != "renew_token":
                told.setdefault("at", self.world.now)
            native_id = getattr(self.world, what)(**told)
        except (KeyError, TypeError, ValueError) as problem:
            return JSONResponse({"wrong": f"{type(problem).__name__}: {problem}"}, status_code=400)
        return JSONResponse({"native_id": native_id})

    async def _add_fault(self, request: Request) -> Response:
        try:
            self.faults.add(from_row(await request.json()))
        except (TypeError, ValueError) as problem:
            return JSONResponse({"wrong": str(problem)}, status_code=400)
        return JSONResponse({"faults": len(self.faults.rows)})

    async def _push(self, request: Request) -> Response:
        """In a thread of its own: whoever is pushed to may ask this simulator meanwhile."""
        try:
            order = order_from(await request.json())
            return JSONResponse({"delivered": await asyncio.to_thread(self.pusher.deliver, order)})
        except (PushError, ValueError) as problem:
            return JSONResponse({"wrong": str(problem)}, status_code=400)

    def decide(self, name: str, ask: Ask) -> tuple[Answer | None, Fault | None]:
        """The answer, and the fault that shaped it; None for a connection that just ends."""
        platform = self._platforms[name]
        fault = self.faults.for_request(platform.platform, ask)
        if fault is None:
            answer: Answer | None = self._answer_of(platform, ask)
        elif fault.kind is Kind.DROPPED_BEFORE:
            answer = None
        elif fault.kind in BEFORE_APPLYING:
            answer = instead(fault, platform.instead, self.world.now)
        else:
            answer = spoilt(fault, platform.spoil, ask, self._answer_of(platform, ask))
        self._record(platform.platform, ask, answer, fault)
        return (None if fault and fault.kind is Kind.DROPPED_AFTER else answer), fault

    def _answer_of(self, platform: Pretended, ask: Ask) -> Answer:
        return self.consent.answer(platform.platform, ask) or platform.answer(ask)

    def _record(self, platform: Platform, ask: Ask, answer: Answer | None, fault: Fault | None) -> None:
        dropped = answer is None or (fault is not None and fault.kind is Kind.DROPPED_AFTER)
        recorded = Recorded(
            ask.method,
            ask.path,
            platform,
            0 if dropped or answer is None else answer.status,
            self.world.now,
            fault.kind.value if fault else "",
            answer.written if answer else None,
        )
        with self._lock:
            self.requests.append(recorded)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(recorded.as_json(), ensure_ascii=False) + "\n")

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of a platform's client, from ASGI to ASGI: an answer, half of one, or none."""
        request = Request(scope, receive)
        name = request.path_params["platform"]
        if name not in self._platforms:
            wrong = f"no platform {name!r}; there are {', '.join(self._platforms)}"
            await JSONResponse({"wrong": wrong}, 404)(scope, receive, send)
            return
        answer, fault = self.decide(name, await _ask(request))
        if fault is not None and fault.kind is Kind.SLOW:
            await _pass(fault.seconds)
        if answer is None:
            self._hang_up(request)
            await receive()
            return
        body = _body(answer)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": _headers(answer, self.world.now)}
        )
        if answer.cut:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            self._hang_up(request)
            await receive()
        elif fault is not None and fault.kind is Kind.DRIP:
            await self._drip(body, fault.seconds, send)
        else:
            await send({"type": "http.response.body", "body": body})

    async def _drip(self, body: bytes, seconds: float, send: Send) -> None:
        """A byte at a time, so that no wait between two of them is long and the whole takes `seconds`."""
        for place in range(len(body)):
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
            await _pass(seconds / len(body))
        await send({"type": "http.response.body", "body": b""})

    def _hang_up(self, request: Request) -> None:
        """End the client's connection without another word, once what was sent has left."""
        client = tuple(request.client or ())
        for connection in list(self._server.server_state.connections):
            if getattr(connection, "client", None) == client:
                cast("Any", connection).transport.close()


async def _pass(seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


def _listening(host: str, port: int) -> socket.socket:
    """The socket listens before the loop turns, so that whoever connects at once only waits.

    Raises:
        SimulatorError: the port is taken.
    """
    listening = socket.socket(socket.AF_INET6 if host == "::1" else socket.AF_INET, socket.SOCK_STREAM)
    # Without this each answer waits some 40 ms: asyncio sets it only on sockets that name TCP as their protocol.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as problem:
        listening.close()
        raise SimulatorError(f"{host}:{port} cannot be listened on ({problem.strerror}); name another port") from None
    listening.listen()
    return listening


class _Endpoint:
    """A class, because Starlette takes a plain function for one that returns a response."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._simulator.answer(scope, receive, send)


async def _ask(request: Request) -> Ask:
    body = await request.body()
    kind = request.headers.get("content-type", "")
    form: dict[str, Any] = {}
    if "json" in kind:
        said = json.loads(body or b"{}")
        form = said if isinstance(said, dict) else {}
    elif body:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    headers = {name: value for name, value in request.headers.items() if name not in BEARERS}
    query = dict(request.query_params)
    token = query.pop("access_token", "") or form.pop("access_token", "") or _token(request)
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "access_token"]
    raw = "&".join(each for each in request.url.query.split("&") if not each.startswith("access_token="))
    return Ask(request.method, _path(request), query, form, token, pairs, headers, _oauth(request), raw)


BEARERS = ("authorization", "access-token", "cookie")


def _path(request: Request) -> str:
    """The path behind the platform's name, as it was sent: LinkedIn puts escaped colons and commas into one."""
    raw = request.scope.get("raw_path", b"").decode("ascii", "replace")
    return "/" + raw.split("/", 2)[2] if raw.count("/") > 1 else "/"


def _token(request: Request) -> str:
    """Whatever opens the account: a bearer token, an OAuth 1 token, a name and a password, TikTok's own header."""
    header = request.headers.get("authorization", "")
    oauth1 = re.search(r'oauth_token="([^"]*)"', header)
    if oauth1:
        return oauth1[1]
    scheme, _, value = header.partition(" ")
    if scheme == "Basic":
        return base64.b64decode(value).decode("utf-8", "replace")
    return value if scheme in ("Bearer", "OAuth", "bearer") else request.headers.get("access-token", "")


def _oauth(request: Request) -> dict[str, str]:
    """What an OAuth 1 header says, less its quotes."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', said)} if scheme == "OAuth" else {}


def _body(answer: Answer) -> bytes:
    return answer.body if answer.body is not None else json.dumps(answer.payload).encode()


def _headers(answer: Answer, now: datetime) -> list[tuple[bytes, bytes]]:
    """The platform's clock is the world's, so that a client can go by it."""
    headers = {**answer.headers, "date": format_datetime(now, usegmt=True), "content-length": str(len(_body(answer)))}
    if answer.content_type is not None:
        headers["content-type"] = answer.content_type
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
