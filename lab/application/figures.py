"""What one process of the application counts about itself, and how it says so."""

import os
import shutil
import threading
import time
from pathlib import Path

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0)
STARTED = time.time()
MEMORY_LIMIT = int(os.environ.get("MEMORY_LIMIT_BYTES", str(512 * 1024 * 1024)))


class Figures:
    """What this process counted about itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: dict[tuple[str, int], int] = {}
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0
        self.recent: list[float] = []
        self.served = 0
        self._cpu = (time.monotonic(), time.process_time(), 0.0)

    def next_number(self) -> int:
        """Number the requests, so that a fault hits an exact share of them."""
        with self._lock:
            self.served += 1
            return self.served

    def add(self, method: str, code: int, seconds: float) -> None:
        """Count one answered request."""
        with self._lock:
            key = (method, code)
            self.requests[key] = self.requests.get(key, 0) + 1
            place = next((place for place, limit in enumerate(BUCKETS) if seconds <= limit), len(BUCKETS))
            self.buckets[place] += 1
            self.seconds += seconds
            self.recent = [*self.recent[-199:], seconds]

    def totals(self) -> tuple[int, int]:
        """Return requests and failed requests."""
        with self._lock:
            failed = sum(count for (_, code), count in self.requests.items() if code >= 500)
            return sum(self.requests.values()), failed

    def p95_ms(self) -> float | None:
        """Return the latency that 95 of 100 recent requests stayed below."""
        recent = sorted(self.recent)
        return round(recent[int(len(recent) * 0.95)] * 1000, 1) if recent else None

    def cpu_ratio(self) -> float:
        """Return the share of one processor used since about a second ago."""
        at, used, ratio = self._cpu
        now = time.monotonic()
        if now - at >= 1:
            ratio = (time.process_time() - used) / (now - at) / (os.cpu_count() or 1)
            self._cpu = (now, time.process_time(), ratio)
        return round(ratio, 4)


def memory_bytes() -> int:
    """Return the resident memory of this process."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def disk_ratio() -> float:
    """Return the share of the server's disk in use; a lab server's disk is a number in its settings."""
    told = os.environ.get("DISK_USED_RATIO")
    usage = shutil.disk_usage("/")
    return float(told) if told else usage.used / usage.total


def prometheus_text(figures: Figures) -> str:
    """Return the figures in the text format that Prometheus scrapes."""
    lines = ["# TYPE http_requests_total counter"]
    for (method, code), count in sorted(figures.requests.items()):
        lines.append(f'http_requests_total{{method="{method}",code="{code}"}} {count}')
    lines.append("# TYPE http_request_duration_seconds histogram")
    running = 0
    for limit, count in zip((*BUCKETS, "+Inf"), figures.buckets, strict=True):
        running += count
        lines.append(f'http_request_duration_seconds_bucket{{le="{limit}"}} {running}')
    lines += [
        f"http_request_duration_seconds_sum {figures.seconds}",
        f"http_request_duration_seconds_count {running}",
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {time.process_time()}",
    ]
    gauges = {
        "process_start_time_seconds": round(STARTED, 3),
        "process_resident_memory_bytes": memory_bytes(),
        "process_memory_limit_bytes": MEMORY_LIMIT,
        "process_cpu_ratio": figures.cpu_ratio(),
        "disk_used_ratio": disk_ratio(),
    }
    for name, value in gauges.items():
        lines += [f"# TYPE {name} gauge", f"{name} {value}"]
    return "\n".join(lines) + "\n"
