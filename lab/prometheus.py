"""Metrics of the lab: the real Prometheus where it is installed, else a small stand-in set up alike."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.prometheus_server import SEEDED_AFTER, SEEDED_BEFORE, WEEK, seeded_labels

# The shortest span of the lab's settings holds two of last week's samples.
SEEDED_SECONDS = 2


def prepare(
    folder: Path,
    port: int,
    targets: Mapping[str, str],
    *,
    rate: float,
    staging: Mapping[str, str] | None = None,
    real: bool | None = None,
) -> list[str]:
    """Write the configuration and last week's traffic, and return the command that serves metrics on `port`.

    `targets` and `staging` say at which host:port each server is scraped; `rate` is last week's requests a second of
    each of the `targets`.
    The command may be run again after its end, and with `real=False` it is the stand-in anyway.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "prometheus.yml"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                "scrape_configs": [_job("web", targets), _job("staging", staging or {})],
            }
        )
    )
    program = shutil.which("prometheus")
    if program is None or real is False:
        return [sys.executable, "-m", "lab.prometheus_server", str(config), str(port), f"{rate:g}"]
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    _seed(folder, data, targets, rate)
    return [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=30d",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def _job(name: str, targets: Mapping[str, str]) -> dict[str, Any]:
    groups = [{"targets": [address], "labels": {"server": server}} for server, address in targets.items()]
    return {"job_name": name, "static_configs": groups}


def _seed(folder: Path, data: Path, targets: Mapping[str, str], rate: float) -> None:
    """Last week's traffic, around this time of day; without promtool there is none, and that is said."""
    tool = shutil.which("promtool")
    if tool is None:
        print("promtool is not installed: last week's traffic is unknown", flush=True)
        return
    first = int(time.time()) - WEEK - SEEDED_BEFORE
    lines = ["# TYPE http_requests counter"]
    for server, address in targets.items():
        labels = ",".join(f'{name}="{text}"' for name, text in seeded_labels(server, address)[1:])
        lines += [
            f"http_requests_total{{{labels}}} {rate * (at - first):g} {at}"
            for at in range(first, first + SEEDED_BEFORE + SEEDED_AFTER, SEEDED_SECONDS)
        ]
    text = folder / "last-week.txt"
    text.write_text("\n".join([*lines, "# EOF", ""]))
    words = [tool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(words, capture_output=True, timeout=120, check=True)
    text.unlink()
