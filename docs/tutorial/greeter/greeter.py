"""The tutorial's application: a greeting, and the four answers that a release asks of any application."""

import hmac
import json
import os
import resource
import shutil
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GREETING = "Good morning"
VERSION = os.environ.get("VERSION", "unknown")
STARTED = time.monotonic()
LOCK = threading.Lock()
TOOK: list[float] = []


def health() -> dict[str, Any]:
    """Say that it is well, and which commit it is; who has no database is connected to nothing that could be away."""
    return {"status": "healthy", "database": "connected", "version": VERSION}


def figures() -> dict[str, Any]:
    """Say how it has been since it started."""
    disk = shutil.disk_usage("/")
    with LOCK:
        slowest = sorted(TOOK)
    return health() | {
        "requests": len(slowest),
        "error_rate": 0.0,
        "p95_ms": round(slowest[int(len(slowest) * 0.95)] * 1000, 1) if slowest else 0.0,
        "cpu_ratio": min(1.0, time.process_time() / max(time.monotonic() - STARTED, 1.0)),
        "memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "memory_limit_bytes": 512 * 1024 * 1024,
        "disk_ratio": round(disk.used / disk.total, 3),
        "connections": 0,
        "pool": 1,
    }


class Greeter(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Write no line for a request."""

    def do_GET(self) -> None:
        """Answer who looks."""
        began = time.monotonic()
        answers = {"/": lambda: {"greeting": GREETING}, "/api/health": health, "/api/health/metrics": figures}
        if answer := answers.get(self.path):
            self._send(200, answer())
        else:
            self._send(404, {"error": "there is nothing here"})
        if self.path == "/":
            with LOCK:
                TOOK.append(time.monotonic() - began)
                del TOOK[:-1000]

    def do_POST(self) -> None:
        """Let the demo account in, with the password that stands in the environment of the server."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = str(json.loads(body or b"{}").get("password", ""))
        if self.path == "/api/login" and hmac.compare_digest(given, os.environ.get("DEMO_PASSWORD", "")):
            self._send(200, {"token": "of-the-demo-account"})
        else:
            self._send(401, {"error": "who are you?"})

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    server = ThreadingHTTPServer((os.environ.get("ADDRESS", "127.0.0.1"), int(os.environ.get("PORT", "3000"))), Greeter)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.05)
