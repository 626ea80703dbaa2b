"""The clients of the benchmark: an open loop through the balancer that keeps how long each answer took.

A run of its own, so that it takes no time from the tool that is measured: `python -m benchmarks.load PORT RATE`.
It reads a password on its input, says `sending` once it sends, and on SIGTERM prints what it saw.
"""

import asyncio
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from lab.traffic import NO_ANSWER, Line

PATIENCE = 12.0
LOSSES_SHOWN = 5


@dataclass
class Seen:
    """What became of every request."""

    sent: int = 0
    lost: int = 0
    failed: int = 0
    milliseconds: list[float] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


class Clients:
    """Half of them keep their connection, half open a new one for each request; one request in ten is a POST."""

    def __init__(self, port: int, rate: float, token: str) -> None:
        self._port = port
        self._rate = rate
        self._token = token
        self._kept: list[Line] = []
        self.seen = Seen()

    async def send(self, stop: asyncio.Event) -> None:
        """Send at the wanted rate, whatever becomes of the requests before; return when all are answered or lost."""
        waiting: set[asyncio.Task[None]] = set()
        due, number = time.monotonic(), 0
        while not stop.is_set():
            due, number = due + 1 / self._rate, number + 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._request(number, due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)

    async def _request(self, number: int, due: float) -> None:
        keep = number % 2 == 0
        line = self._kept.pop() if keep and self._kept else Line(self._port)
        method, path, body = what(number)
        self.seen.sent += 1
        try:
            status, _ = await asyncio.wait_for(line.ask(head(method, path, self._token, keep=keep), body), PATIENCE)
        except NO_ANSWER as problem:
            self.seen.lost += 1
            self.seen.losses.append(f"{time.time():.3f} {method}: {problem or type(problem).__name__}")
            line.close()
            return
        self.seen.milliseconds.append((time.monotonic() - due) * 1000)
        self.seen.failed += status >= 400
        if keep and line.usable:
            self._kept.append(line)
        else:
            line.close()


def head(method: str, path: str, token: str, *, keep: bool) -> str:
    """The beginning of a request."""
    close = "" if keep else "Connection: close\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: api.holilabs.xyz\r\n{close}Authorization: Bearer {token}\r\n"


def what(number: int) -> tuple[str, str, bytes]:
    """The request of this number; a POST comes as often on a kept connection as on a fresh one."""
    patient = 1 + number * 37 % 400
    if number % 20 in (7, 14):
        return "POST", "/api/appointments", json.dumps({"patient": patient, "starts_at": "2030-01-01T09:00Z"}).encode()
    return "GET", f"/api/patients/{patient}", b""


async def token_of(port: int, password: str) -> str:
    """Log in."""
    line = Line(port)
    body = json.dumps({"email": "traffic@holilabs.xyz", "password": password}).encode()
    _, content = await asyncio.wait_for(line.ask(head("POST", "/api/login", "", keep=False), body), PATIENCE)
    line.close()
    return str(json.loads(content)["token"])


def summary(seen: Seen) -> dict[str, Any]:
    """What is said in the end."""
    words = asdict(seen) | {"losses": seen.losses[:LOSSES_SHOWN]}
    return words | {"milliseconds": [round(one, 1) for one in seen.milliseconds]}


async def main(port: int, rate: float) -> int:
    """Send until told to stop, then say what was seen."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    clients = Clients(port, rate, await token_of(port, sys.stdin.readline().strip()))
    sys.stdout.write("sending\n")
    sys.stdout.flush()
    await clients.send(stop)
    sys.stdout.write(json.dumps(summary(clients.seen)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]))))
