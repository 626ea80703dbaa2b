"""What went over the wire between a block and its stand-in, recorded between the two."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; the path is as it was sent, with its percent signs."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer: bytes


class Recorder:
    """Stands before an ASGI application and keeps every exchange."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let the application answer, and keep both sides."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        sent: list[Message] = []

        async def given() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def kept(message: Message) -> None:
            sent.append(message)

        await self._app(scope, given, kept)
        start = sent[0]
        self.exchanges.append(
            Exchange(
                method=scope["method"],
                path=scope["raw_path"].decode().partition("?")[0],
                query=scope["query_string"].decode(),
                headers=_read(scope["headers"]),
                body=body,
                status=start["status"],
                answer_headers=_read(start["headers"]),
                answer=b"".join(message.get("body", b"") for message in sent[1:]),
            )
        )
        for message in sent:
            await send(message)


def forwarding(url: str) -> Starlette:
    """An application that lets another address answer: so a program of its own can be recorded too."""

    async def forward(request: Request) -> Response:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.request(
                request.method,
                f"{url}{request.url.path}?{request.url.query}",
                content=await request.body(),
                headers={name: value for name, value in request.headers.items() if name != "host"},
            )
        kind = answer.headers.get("content-type", "")
        return Response(answer.content, answer.status_code, headers={"Content-Type": kind})

    app = Starlette()
    app.add_route("/{path:path}", forward, methods=["GET", "POST"])
    return app


def _read(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in headers}
