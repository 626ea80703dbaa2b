"""A server whose metrics grow steadily with the clock, so that what a query must answer is known."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Measured:
    """What the server says about itself."""

    rate: float = 50.0
    failing: float = 0.0
    memory: float = 100e6
    silent: bool = False
    began: float = field(default_factory=time.time)

    def text(self) -> str:
        """The metrics as they are scraped: nine of ten requests within 100 ms, the rest within 500 ms."""
        seconds = time.time() - self.began
        served, failed = self.rate * seconds, self.failing * seconds
        lines = [f'http_requests_total{{method="GET",code="200"}} {served - failed}'] if self.rate else []
        if failed:
            lines.append(f'http_requests_total{{method="GET",code="500"}} {failed}')
        for limit, share in ((0.1, 0.9), (0.5, 1.0), (math.inf, 1.0)):
            shown = "+Inf" if math.isinf(limit) else f"{limit:g}"
            lines.append(f'http_request_duration_seconds_bucket{{le="{shown}"}} {served * share}')
        lines += [
            f"process_resident_memory_bytes {self.memory}",
            "process_memory_limit_bytes 500000000",
            "process_cpu_ratio 0.25",
            "disk_used_ratio 0.5",
            "requests_waiting 0",
        ]
        return "\n".join(["# TYPE http_requests_total counter", *lines, ""])


@contextmanager
def measured_server(measured: Measured) -> Iterator[str]:
    """The host:port at which the server is scraped."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = measured.text().encode()
            self.send_response(503 if measured.silent else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            del code, size

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
