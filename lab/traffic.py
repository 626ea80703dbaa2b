"""Steady traffic through the balancer: an open loop that counts every request not answered as it should be.

Half of the requests use kept connections, half a fresh one; one in ten is a POST. A kept connection that the
other side had closed before anything was sent on it is opened again, as every client does; one that breaks
after the request was sent counts as lost, and so do the balancer's own 502, 503 and 504.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

ANSWER_SECONDS = 12.0
BALANCER_CODES = (502, 503, 504)
SHOWN = 10


@dataclass
class Counts:
    """What happened since the mark."""

    sent: int = 0
    ok: int = 0
    failed: int = 0
    lost: int = 0
    slowest: float = 0.0
    losses: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.time)

    def note(self, request: str, problem: str, *, sent_at: float) -> None:
        """Keep the first ten requests that went wrong and the newest ten: when each was sent, and how long it took.

        What was searched for is left out.
        """
        said = f"{sent_at:.3f} {request.partition('?')[0]}: {problem}, after {time.time() - sent_at:.3f} s"
        first, later = self.losses[:SHOWN], self.losses[SHOWN:]
        self.losses = [*first, *later[1 - SHOWN :], said]


class LostError(Exception):
    """No answer of the application came back."""


NO_ANSWER = (OSError, LostError, asyncio.IncompleteReadError, TimeoutError, ValueError, LookupError)


class Line:
    """One connection to the balancer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def usable(self) -> bool:
        """False if the other side has closed it."""
        return self._reader is not None and not self._reader.at_eof()

    async def ask(self, head: str, body: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body of the answer."""
        if not self.usable:
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None  # noqa: S101 - opened above
        assert self._writer is not None  # noqa: S101 - opened above
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await self._writer.drain()
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(answer.split(" ", 2)[1])
        headers = dict(line.lower().split(": ", 1) for line in answer.split("\r\n")[1:] if ": " in line)
        content = await self._reader.readexactly(int(headers.get("content-length", "0")))
        if status in BALANCER_CODES and "json" not in headers.get("content-type", ""):
            raise LostError(f"{status} by the balancer")
        if headers.get("connection") == "close":
            self.close()
        return status, content

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class Traffic:
    """The clients of the application."""

    def __init__(self, port: int, password: str, path: str = "") -> None:
        self._port = port
        self._password = password
        self._path = path
        self._token = ""
        self._kept: list[Line] = []
        self._number = 0
        self.counts = Counts()
        self.rate = 0.0

    async def log_in(self) -> None:
        """Try until the application lets us in."""
        body = json.dumps({"email": "traffic@holilabs.xyz", "password": self._password}).encode()
        while True:
            with contextlib.suppress(*NO_ANSWER):
                line = Line(self._port)
                _, content = await asyncio.wait_for(line.ask(_head("POST", "/api/login", ""), body), 5)
                line.close()
                self._token = str(json.loads(content)["token"])
                return
            await asyncio.sleep(0.1)

    async def run(self) -> None:
        """Send at the wanted rate, whatever becomes of the requests before."""
        if not self._path:
            await self.log_in()
        waiting: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while True:
            if self.rate <= 0:
                await asyncio.sleep(0.05)
                due = time.monotonic()
                continue
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self.rate <= 0:
                continue
            self._number += 1
            task = asyncio.create_task(self._request(self._number))
            waiting.add(task)
            task.add_done_callback(waiting.discard)

    async def _request(self, number: int) -> None:
        counts = self.counts
        method, path, body = ("GET", self._path, b"") if self._path else _what(number)
        keep = number % 2 == 0
        line = self._kept.pop() if keep and self._kept else Line(self._port)
        if keep and not line.usable:
            line.close()
        counts.sent += 1
        before, sent_at = time.monotonic(), time.time()
        try:
            head = _head(method, path, self._token, keep=keep)
            status, content = await asyncio.wait_for(line.ask(head, body), ANSWER_SECONDS)
        except (
            TimeoutError,
            OSError,
            LostError,
            asyncio.IncompleteReadError,
            ValueError,
            IndexError,
        ) as problem:
            counts.lost += 1
            counts.note(f"{method} {path}", str(problem) or type(problem).__name__, sent_at=sent_at)
            line.close()
            return
        counts.slowest = max(counts.slowest, time.monotonic() - before)
        if status < 400:
            counts.ok += 1
        else:
            counts.failed += 1
            counts.note(f"{method} {path}", f"{status} {content[:80].decode(errors='replace')}", sent_at=sent_at)
        if keep and line.usable:
            self._kept.append(line)
        else:
            line.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve the counts: GET /counts, POST /mark, POST /rate/N."""
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = request.split(" ", 2)
        status, answer = "200 OK", {}
        match [method, *path.strip("/").split("/")]:
            case ["GET", "counts"]:
                answer = {**asdict(self.counts), "rate": self.rate, "logged_in": bool(self._token)}
            case ["POST", "mark"]:
                self.counts = Counts()
            case ["POST", "rate", rate]:
                self.rate = float(rate)
            case _:
                status = "404 Not Found"
        content = json.dumps(answer).encode()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n".encode())
        writer.write(f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()


def _head(method: str, path: str, token: str, *, keep: bool = False) -> str:
    connection = "" if keep else "Connection: close\r\n"
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: api.holilabs.xyz\r\n{connection}{authorization}"


def _what(number: int) -> tuple[str, str, bytes]:
    patient = 1 + number * 37 % 400
    if number % 20 in (7, 14):
        data: dict[str, Any] = {"patient": patient, "starts_at": "2030-01-01T09:00:00Z"}
        return "POST", "/api/appointments", json.dumps(data).encode()
    if number % 3 == 0:
        return "GET", "/api/patients?query=A", b""
    return "GET", f"/api/patients/{patient}", b""


async def main() -> None:
    """Send and serve until told to stop."""
    traffic = Traffic(
        int(os.environ["BALANCER_PORT"]), os.environ["TRAFFIC_PASSWORD"], os.environ.get("TRAFFIC_PATH", "")
    )
    traffic.rate = float(os.environ.get("TRAFFIC_RATE", "20"))
    server = await asyncio.start_server(traffic.answer, "127.0.0.1", int(os.environ["CONTROL_PORT"]))
    async with server:
        await traffic.run()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
