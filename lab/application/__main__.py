"""The application's front: HTTP/1.1, kept connections, an orderly end on SIGTERM."""

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import psycopg

from . import operations
from .figures import prometheus_text
from .operations import FAULT, FIGURES, OtherAnswerError

Operation = Callable[[dict[str, Any], str, str], dict[str, Any]]
OPEN: dict[tuple[str, str], Operation] = {
    ("GET", "/api/health"): operations.health,
    ("GET", "/api/health/metrics"): operations.own_metrics,
}
FREE: dict[tuple[str, str], Operation] = {("POST", "/api/login"): operations.log_in}
GUARDED: dict[tuple[str, str], Operation] = {
    ("GET", "/api/patients"): operations.search,
    ("POST", "/api/appointments"): operations.writer("Appointment", "startsAt", "starts_at"),
    ("POST", "/api/prescriptions"): operations.writer("Prescription", "medication", "medication"),
}
NUMBERED: dict[tuple[str, str], Operation] = {
    ("GET", "/api/patients"): operations.read_patient,
    ("DELETE", "/api/appointments"): operations.remover("Appointment"),
    ("DELETE", "/api/prescriptions"): operations.remover("Prescription"),
}
METHODS = ("do_GET", "do_POST", "do_DELETE")
LEAKED: list[bytes] = []
SLOW_SECONDS = 2.6
SHUTDOWN_DELAY = float(os.environ.get("SHUTDOWN_DELAY", "0"))


class Server(ThreadingHTTPServer):
    """Counts what is in flight, so that nothing is cut off at the end."""

    daemon_threads = True
    request_queue_size = 128
    in_flight = 0

    def __init__(self, address: tuple[str, int]) -> None:
        self.lock = threading.Lock()
        super().__init__(address, Handler)

    def finish(self, _number: int, _frame: FrameType | None) -> None:
        """Say that this process leaves, answer on for the delay, stop accepting, let what is in flight end, exit 0.

        A balancer that nobody tells anything sees in that delay that it has to send its requests elsewhere.
        """
        threading.Thread(target=self._finish).start()

    def _finish(self) -> None:
        operations.LEAVING.set()
        time.sleep(SHUTDOWN_DELAY)
        self.shutdown()
        self.server_close()
        while self.in_flight:
            time.sleep(0.005)
        print("finished everything in flight", flush=True)
        os._exit(0)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75
    wbufsize = 65_536
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class named it
        """Write no line for a request: names of patients stand in addresses."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return what stands in the header `Date`: this server's time."""
        return super().date_time_string(operations.clock().timestamp() if timestamp is None else timestamp)

    def answer(self) -> None:
        """Answer one request and count it, unless it asks about this process only."""
        with self.server.lock:
            self.server.in_flight += 1
        try:
            self._answer()
        finally:
            with self.server.lock:
                self.server.in_flight -= 1

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Lead every method to `answer`: the base class looks for `do_GET` and the like."""
        if name in METHODS:
            return self.answer
        raise AttributeError(name)

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        if self.command == "GET" and parts.path == "/metrics":
            return self._send(200, prometheus_text(FIGURES).encode(), "text/plain; version=0.0.4")
        before = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if operation := OPEN.get((self.command, parts.path)):
            found = operation({}, "", "")
            code = 503 if found.get("status") == "unhealthy" else 200
            return self._send(code, json.dumps(found).encode())
        try:
            misbehave()
            code, found = 200, self._carry_out(parts.path, parts.query, body)
        except OtherAnswerError as other:
            code, found = other.code, {"error": str(other)}
        except (psycopg.Error, queue.Empty) as problem:
            code, found = 503, {"error": f"database unavailable: {type(problem).__name__}"}
        FIGURES.add(self.command, code, time.monotonic() - before)
        return self._send(code, json.dumps(found).encode())

    def _carry_out(self, path: str, query: str, body: bytes) -> dict[str, Any]:
        try:
            data = json.loads(body) if body else {}
        except ValueError:
            raise OtherAnswerError(400, "the body is not JSON") from None
        if not isinstance(data, dict):
            raise OtherAnswerError(400, "the body is not a JSON object")
        if operation := FREE.get((self.command, path)):
            return operation(data, "", query)
        actor = operations.actor_of(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if operation := GUARDED.get((self.command, path)):
            return operation(data, actor, query)
        collection, _, number = path.rpartition("/")
        if number.isdecimal() and (operation := NUMBERED.get((self.command, collection))):
            return operation(data, actor, number)
        raise OtherAnswerError(404, f"there is no {self.command} {path}")

    def _send(self, code: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def misbehave() -> None:
    """Show the fault that this image was built with."""
    number = FIGURES.next_number()
    if FAULT == "leak":
        LEAKED.append(os.urandom(256 * 1024))
    if FAULT == "slow" and number % 5 == 0:
        time.sleep(SLOW_SECONDS)
    if FAULT == "errors" and number * 8 // 100 > (number - 1) * 8 // 100:
        raise OtherAnswerError(500, "internal error")


def main() -> int:
    """Boot and serve until told to stop."""
    time.sleep(float(os.environ.get("BOOT_SECONDS", "0")))
    if FAULT == "crash":
        print("Error: Cannot find module './billing'", flush=True)
        return 1
    server = Server((os.environ.get("ADDRESS", "127.0.0.1"), int(os.environ.get("PORT", "3000"))))
    signal.signal(signal.SIGTERM, signal.SIG_IGN if FAULT == "stubborn" else server.finish)
    print(f"version {operations.VERSION} listens on port {server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
