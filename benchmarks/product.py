"""Countersign in the benchmark: Prefect's server on PostgreSQL, its settings, each roll-out a process of its own."""

import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from benchmarks.scene import PATIENCE, Measured, NotSo, Scene, wait_until
from lab.control_plane import ControlPlane
from lab.settings_file import as_toml

# As a company has them by default, but for how long a boot may take: every tool waits equally long.
LEFT_TO_THE_DEFAULTS = ("heartbeat", "heartbeat_stale", "drain", "drain_home", "choice", "dead_man")


APPROVER = "Tomas Lima"
PROCESS_SECONDS = 300.0
LOOK_SECONDS = 0.1


class Product:
    """Countersign, as a worker of the lab has it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._result = scene.folder / "countersign-result.json"
        self.control = ControlPlane(scene.lab)
        self.control.environment["COUNTERSIGN_SETTINGS"] = str(self._write_settings())

    @property
    def watch_window(self) -> float:
        """Seconds of traffic that the watch needs before it can say anything."""
        return float(self._limits["watch_window"])

    def start(self) -> None:
        """Start Prefect's server and save the settings."""
        self.control.start_server()
        self.control.command("deployments.save_blocks")

    def _write_settings(self) -> Path:
        words: dict[str, Any] = tomllib.loads(self._scene.lab.settings_path.read_text())
        limits = {name: value for name, value in words["limits"].items() if name not in LEFT_TO_THE_DEFAULTS}
        self._limits = words["limits"] = {**limits, "boot": PATIENCE}
        path = self._scene.folder / "countersign.toml"
        path.write_text(as_toml(words))
        return path

    def begin(self, image: str, *, gate: Path | None = None) -> "subprocess.Popen[bytes]":
        """Begin a roll-out in a process of its own."""
        self._result.unlink(missing_ok=True)
        facts = {
            "key": time.strftime("%Y%m%d-%H%M%S-bench", time.gmtime()),
            "previous_commit": self._scene.previous_commit,
            "commit": self._scene.commit,
            "image": image,
            "result": str(self._result),
            "gate": str(gate or ""),
        }
        path = self._scene.folder / "countersign-facts.json"
        path.write_text(json.dumps(facts, indent=1))
        words = [sys.executable, "-m", "benchmarks.countersign", str(path)]
        return self._scene.start(words, environment=self.control.environment, name="countersign")

    def roll_out(self, image: str) -> Measured:
        """Roll out to the end; the seconds are those of the steps, `around` those of the process beside them."""
        began = time.monotonic()
        status = self.begin(image).wait(timeout=PROCESS_SECONDS)
        whole = time.monotonic() - began
        if not self._result.exists():
            return Measured(seconds=whole, status=status or 1)
        said = json.loads(self._result.read_text())
        return Measured(said["seconds"], status=status, parts=said["parts"], around=whole - said["seconds"])

    def gate_cost(self, image: str) -> dict[str, float]:
        """The seconds that the gate takes of its own: until it asks, and from the answer until it goes on."""
        path = self._scene.folder / "countersign-gate.json"
        path.unlink(missing_ok=True)
        process = self.begin(image, gate=path)
        wait_until("the gate is reached", path.exists, seconds=PROCESS_SECONDS, every=LOOK_SECONDS)
        asked = json.loads(path.read_text())
        self.control.wait_for(asked["run"], "PAUSED", seconds=PROCESS_SECONDS)
        paused = time.time()
        answer = {"decision": "approve", "name": APPROVER, "code": self._scene.lab.code_of(APPROVER), "reason": ""}
        self.control.resume(asked["run"], answer)
        answered = time.time()
        if process.wait(timeout=PROCESS_SECONDS):
            raise NotSo("the roll-out with a gate did not end well; see countersign.log in the lab's logs")
        went_on = json.loads(path.read_text())["went_on"]
        return {"until it asks": paused - asked["asked"], "from the answer until it goes on": went_on - answered}
