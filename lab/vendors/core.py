"""What every vendor stand-in shares: token, operations, a log of calls, and faults on command."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route


class Kind(StrEnum):
    """How a vendor misbehaves on command."""

    SLOW = "slow"  # answers rightly, after `seconds`
    ERROR = "error"  # 500, nothing stored
    LIMITED = "limited"  # 429 with the vendor's headers
    UNKNOWN = "unknown"  # the vendor's own 404, as for a path that it does not have
    HTML = "html"  # 200 with a page instead of JSON
    TRUNCATED = "truncated"  # the answer breaks off in the middle
    EMPTY = "empty"  # 200 with no body
    DOWN = "down"  # the connection breaks, nothing stored
    LOST = "lost"  # stored, then the connection breaks


@dataclass(slots=True)
class Fault:
    """A misbehaviour for the calls whose path contains `path`, `times` times or until it is mended."""

    kind: Kind
    path: str = ""
    times: int | None = None
    seconds: float = 1.0
    method: str = ""

    def concerns(self, method: str, path: str) -> bool:
        """Whether this call is to go wrong."""
        return self.path in path and self.method in ("", method) and self.times != 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    base_url: str
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def number(self, name: str, default: int) -> int:
        """A whole number of the query; `default` where there is none or it is no number."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else default


@dataclass(frozen=True, slots=True)
class Answer:
    """What the stand-in answers; `raw` takes the place of the JSON body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None


class RefusalError(Exception):
    """The vendor's answer when it says no."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body}")
        self.answer = answer


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of a vendor's table: method, path, what carries it out, and the body fields it knows."""

    method: str
    path: str
    handler: Handler
    fields: frozenset[str] = frozenset()


class Vendor:
    """A Starlette application made of a table of operations; a vendor adds state, token check, refusals."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.allowed = True  # whether the token has the permission that the stand-in's operations need
        self.calls: list[tuple[Call, int]] = []
        self.faults: list[Fault] = []
        self._state = threading.Lock()
        self._running: set[asyncio.Future[None]] = set()
        self._after: list[Callable[[], Awaitable[None]]] = []
        self.app = Starlette(routes=[self._route(operation) for operation in self.operations()])
        self.app.router.redirect_slashes = False
        self.app.router.default = self._unknown_path

    def operations(self) -> tuple[Operation, ...]:
        """The vendor's table."""
        raise NotImplementedError

    def check_caller(self, call: Call) -> None:
        """Raise the vendor's refusal unless the caller may ask."""
        raise NotImplementedError

    def unknown(self, call: Call) -> Answer:
        """What the vendor answers to a path that it does not have."""
        raise NotImplementedError

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """What is answered to body fields that the operation does not have."""
        raise NotImplementedError

    def limited(self, seconds: float) -> Answer:
        """The vendor's 429."""
        return Answer(429, {"message": "Too Many Requests"}, {"Retry-After": f"{seconds:.0f}"})

    def standing_headers(self) -> Mapping[str, str]:
        """Headers on every answer."""
        return {}

    def break_with(
        self, kind: str, *, path: str = "", times: int | None = None, seconds: float = 1.0, method: str = ""
    ) -> Fault:
        """From now on calls whose path contains `path`, of this method if one is given, go wrong; `mend` ends it."""
        self.faults.append(fault := Fault(Kind(kind), path, times, seconds, method))
        return fault

    def mend(self) -> None:
        """Every call is answered rightly again."""
        self.faults.clear()

    def later(self, act: Callable[[], Awaitable[None]]) -> None:
        """Have `act` awaited beside the answer, as a vendor's own background job would be."""
        self._after.append(act)

    async def settled(self) -> None:
        """Return when every background job has ended; a failed one raises here."""
        while self._running:
            await asyncio.gather(*tuple(self._running))

    def _route(self, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            call = await _read(request)
            return await self._serve(call, lambda: self._carry_out(operation, call))

        return Route(operation.path, endpoint, methods=[operation.method])

    async def _unknown_path(self, scope: Any, receive: Any, send: Any) -> None:
        call = await _read(Request(scope, receive))
        response = await self._serve(call, lambda: self.unknown(call))
        await response(scope, receive, send)

    def _carry_out(self, operation: Operation, call: Call) -> Answer:
        try:
            self.check_caller(call)
            if strange := sorted(set(call.body) - operation.fields):
                return self.refuse_fields(call, strange)
            with self._state:
                return operation.handler(call)
        except RefusalError as refusal:
            return refusal.answer

    async def _serve(self, call: Call, carry_out: Callable[[], Answer]) -> Response:
        fault = next((fault for fault in self.faults if fault.concerns(call.method, call.path)), None)
        if fault and fault.times is not None:
            fault.times -= 1
        if fault and fault.kind not in (Kind.SLOW, Kind.LOST, Kind.TRUNCATED):
            return self._misbehave(fault, call)
        if fault and fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.seconds)
        answer = await run_in_threadpool(carry_out)
        self.calls.append((call, answer.status))
        self._start_jobs()
        if fault and fault.kind is Kind.LOST:
            return _broken_off(b"")
        response = self._respond(answer)
        if fault and fault.kind is Kind.TRUNCATED:
            return _broken_off(bytes(response.body)[: len(response.body) // 2])
        return response

    def _start_jobs(self) -> None:
        jobs, self._after = self._after, []
        for job in jobs:
            running = asyncio.ensure_future(job())
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    def _misbehave(self, fault: Fault, call: Call) -> Response:
        if fault.kind is Kind.DOWN:
            self.calls.append((call, 0))
            return _broken_off(b"")
        answer = {
            Kind.ERROR: Answer(500, {"message": "Server Error"}),
            Kind.LIMITED: self.limited(fault.seconds),
            Kind.UNKNOWN: self.unknown(call),
            Kind.HTML: Answer(200, headers={"Content-Type": "text/html"}, raw=b"<html><h1>Unicorn!</h1></html>"),
            Kind.EMPTY: Answer(200, raw=b""),
        }[fault.kind]
        self.calls.append((call, answer.status))
        return self._respond(answer)

    def _respond(self, answer: Answer) -> Response:
        content = answer.raw
        if content is None:
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"} | dict(self.standing_headers())
        return Response(content, answer.status, headers=headers | dict(answer.headers))


async def _read(request: Request) -> Call:
    content = await request.body()
    body: Any = {}
    if content and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body = dict(parse_qsl(content.decode(), keep_blank_values=True))
    elif content:
        try:
            body = json.loads(content)
        except ValueError:
            body = None
    return Call(
        method=request.method,
        path=request.url.path,
        parameters={name: str(value) for name, value in request.path_params.items()},
        query=dict(request.query_params),
        body=body if isinstance(body, dict) else {"": content.decode(errors="replace")},
        headers=dict(request.headers),
        base_url=str(request.base_url).rstrip("/"),
        lists={name: tuple(request.query_params.getlist(name)) for name in request.query_params},
    )


def _broken_off(start: bytes) -> Response:
    """Promise more than is sent: the server closes the connection and the caller never has the answer."""

    async def nothing_more() -> AsyncIterator[bytes]:
        yield start

    return StreamingResponse(nothing_more(), headers={"Content-Length": "1000000", "Content-Type": "application/json"})
