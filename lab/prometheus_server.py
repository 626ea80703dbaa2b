"""A small stand-in for Prometheus where there is no real one: scrapes, keeps 15 minutes, answers queries.

Started as `python -m lab.prometheus_server FILE PORT RATE` with the configuration file of the real one.
Follows Prometheus' documentation, "HTTP API", for answers and refusals; what it cannot do, it refuses.
"""

import bisect
import json
import math
import re
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lab.prometheus_functions import BadQueryError, Labels, Samples, Selector
from lab.prometheus_queries import Parser

KEPT_SECONDS = 15 * 60
STALE_SECONDS = 5 * 60
WEEK = 7 * 24 * 3600
# Of last week there is as much as a lab is kept up for.
SEEDED_BEFORE, SEEDED_AFTER = 30 * 60, 24 * 3600
_LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_MOST_POINTS = 11_000


class Memory:
    """The samples of the last 15 minutes; a series that went away ends in NaN, which is not shown."""

    def __init__(self, *, rate: float, began: float) -> None:
        self._series: dict[Labels, Samples] = {}
        self._lock = threading.Lock()
        self._rate, self._began = rate, began
        self.servers: dict[str, str] = {}

    def add(self, at: float, values: dict[Labels, float], gone: set[Labels]) -> None:
        """Keep what one scrape found, and mark what it no longer found."""
        with self._lock:
            for labels, value in [*values.items(), *((labels, math.nan) for labels in gone)]:
                samples = self._series.setdefault(labels, [])
                samples.append((at, value))
                if samples[0][0] < at - KEPT_SECONDS - 60:
                    del samples[: bisect.bisect_left(samples, (at - KEPT_SECONDS, -math.inf))]

    def newest(self, selector: Selector, at: float) -> dict[Labels, tuple[float, float]]:
        """The newest sample of each series, if it is not stale."""
        found = self.window(selector, at - STALE_SECONDS, at, marks=True)
        return {labels: samples[-1] for labels, samples in found.items() if not math.isnan(samples[-1][1])}

    def window(self, selector: Selector, start: float, end: float, *, marks: bool = False) -> dict[Labels, Samples]:
        """The samples of each series after `start` and not after `end`."""
        found = {}
        for labels, samples in self._meant(selector, start, end):
            low = bisect.bisect_right(samples, (start, math.inf))
            high = bisect.bisect_right(samples, (end, math.inf))
            shown = [one for one in samples[low:high] if marks or not math.isnan(one[1])]
            if shown:
                found[labels] = shown
        return found

    def _meant(self, selector: Selector, start: float, end: float) -> list[tuple[Labels, Samples]]:
        if end < self._began - WEEK + SEEDED_AFTER:
            return [one for one in self._seeded(start, end) if selector.fits(dict(one[0]))]
        with self._lock:
            meant = [labels for labels in self._series if selector.fits(dict(labels))]
            return [(labels, list(self._series[labels])) for labels in meant]

    def _seeded(self, start: float, end: float) -> Iterator[tuple[Labels, Samples]]:
        """Last week's traffic: a steady rate on every server around this time of day."""
        zero = self._began - WEEK - SEEDED_BEFORE
        first, last = math.ceil(max(start, zero)), math.floor(end)
        samples = [(float(at), self._rate * (at - zero)) for at in range(first, last + 1)]
        for server, address in self.servers.items():
            yield seeded_labels(server, address), samples


def seeded_labels(server: str, address: str) -> Labels:
    """The series of last week's traffic on one server."""
    names = {"__name__": "http_requests_total", "server": server, "instance": address, "job": "web"}
    return tuple(sorted((names | {"method": "GET", "code": "200"}).items()))


def scrape_without_end(memory: Memory, address: str, fixed: dict[str, str], every: float) -> None:
    """Ask one target for its metrics, time after time."""
    before: set[Labels] = set()
    due = time.time()
    while True:
        at = round(time.time(), 3)
        values = _scraped(address, fixed)
        up = tuple(sorted({"__name__": "up", **fixed}.items()))
        memory.add(at, values | {up: 1.0 if values else 0.0}, before - set(values))
        before = set(values)
        due = max(due + every, time.time())
        time.sleep(max(due - time.time(), 0.05))


def _scraped(address: str, fixed: dict[str, str]) -> dict[Labels, float]:
    connection = HTTPConnection(address, timeout=1)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode()
    except (OSError, HTTPException, UnicodeDecodeError):
        return {}
    finally:
        connection.close()
    if answer.status != 200:
        return {}
    lines = (_LINE.fullmatch(line.strip()) for line in text.splitlines() if line and line[0] != "#")
    values = {}
    for line in lines:
        if line:
            labels = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _LABEL.findall(line[2] or "")}
            values[tuple(sorted({"__name__": line[1], **labels, **fixed}.items()))] = float(line[3])
    return values


class Handler(BaseHTTPRequestHandler):
    """The two query operations of the HTTP API, and readiness."""

    protocol_version = "HTTP/1.1"
    memory: Memory

    def do_GET(self) -> None:
        """Answer one question."""
        url = urlsplit(self.path)
        given = dict(parse_qsl(url.query))
        if url.path in ("/-/ready", "/-/healthy"):
            self._answer(200, b"Prometheus Server is Ready.\n", "text/plain; charset=utf-8")
            return
        if url.path not in ("/api/v1/query", "/api/v1/query_range"):
            self._answer(404, b"404 page not found\n", "text/plain; charset=utf-8")
            return
        try:
            data = self._instant(given) if url.path.endswith("query") else self._range(given)
            status, body = 200, {"status": "success", "data": data}
        except (BadQueryError, ValueError) as error:
            status, body = 400, {"status": "error", "errorType": "bad_data", "error": _said(error)}
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _instant(self, given: dict[str, str]) -> dict[str, Any]:
        at = float(given.get("time", time.time()))
        found = Parser(given.get("query", "")).parse()(self.memory, at)
        rows = [{"metric": dict(labels), "value": [at, _spoken(value)]} for labels, value in found.items()]
        return {"resultType": "vector", "result": rows}

    def _range(self, given: dict[str, str]) -> dict[str, Any]:
        start, end, step = (float(given.get(name, "nan")) for name in ("start", "end", "step"))
        if not step > 0 or not end >= start:
            raise ValueError("start, end and a step above zero are needed, and the end not before the start")
        if (end - start) / step > _MOST_POINTS:
            raise ValueError("exceeded maximum resolution of 11,000 points per timeseries")
        expression = Parser(given.get("query", "")).parse()
        rows: dict[Labels, list[tuple[float, str]]] = {}
        for number in range(int((end - start) / step) + 1):
            at = start + number * step
            for labels, value in expression(self.memory, at).items():
                rows.setdefault(labels, []).append((at, _spoken(value)))
        result = [{"metric": dict(labels), "values": values} for labels, values in rows.items()]
        return {"resultType": "matrix", "result": result}

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a question each second is no news."""


def _said(error: Exception) -> str:
    return f'invalid parameter "query": {error}'


def _spoken(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else f"{value:.17g}"


def main(file: str, port: str, rate: str) -> None:
    """Scrape and answer until the process is ended."""
    config = json.loads(Path(file).read_text())
    every = float(config["global"]["scrape_interval"].removesuffix("s"))
    memory = Memory(rate=float(rate), began=Path(file).stat().st_mtime)
    for job in config["scrape_configs"]:
        for group in job["static_configs"]:
            for address in group["targets"]:
                fixed = {"job": job["job_name"], "instance": address, **group["labels"]}
                if fixed["job"] == "web":
                    memory.servers[fixed["server"]] = address
                threading.Thread(target=scrape_without_end, args=(memory, address, fixed, every), daemon=True).start()
    Handler.memory = memory
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
