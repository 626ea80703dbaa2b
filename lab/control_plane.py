"""Prefect in the lab: a server on PostgreSQL, the settings saved, the deployments written, one worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from lab.client import FRESH, ROOT, Lab
from lab.processes import LabError, end, of_this_lab, spawn, wait_until

POOL = "countersign"
SERVER_SECONDS = 120.0
FORM_SECONDS = 60.0
STOP_SECONDS = 120.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class ControlPlane:
    """The Prefect server and the worker of one lab, and its API as a person's browser uses it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.environment = {
            **lab.environment(),
            "PREFECT_LOGGING_LEVEL": "INFO",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_CLIENT_MAX_RETRIES": "2",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            # Unless told so, each state of each task run is written in a transaction of its own.
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
        }
        self._api = httpx.Client(base_url=self.environment["PREFECT_API_URL"], timeout=30, limits=FRESH)
        self._server: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def ui(self) -> str:
        """Where Prefect's UI is."""
        return self.lab.home.url("prefect")

    def page_of(self, run: str) -> str:
        """Return where a person sees this run."""
        return f"{self.ui}/v2/runs/flow-run/{run}"

    def form_of(self, name: str) -> str:
        """Return where a person fills in the form of a deployment such as `Rollback/rollback`."""
        return f"{self.ui}/v2/deployments/deployment/{self._deployment(name)}/run"

    def start(self) -> None:
        """Start the server, save the settings and write the deployments; return when a worker takes runs."""
        self.start_server()
        self.offer()

    def offer(self) -> None:
        """Save the settings and write the deployments; return when a worker takes runs."""
        self.prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
        with ThreadPoolExecutor() as pool:
            jobs = (
                pool.submit(self.command, "deployments.save_blocks"),
                pool.submit(self.prefect, "--no-prompt", "deploy", "--all"),
                pool.submit(self.start_worker),
            )
            for job in jobs:
                job.result()

    def start_server(self) -> None:
        """Start the server and wait until it answers."""
        words = [sys.executable, "-m", "prefect", "server", "start"]
        self._server = spawn(self.lab.home, "prefect-server", words, environment=self.environment, cwd=ROOT)
        wait_until("Prefect's server answers", self._server_answers, seconds=SERVER_SECONDS, home=self.lab.home)

    def kill_server(self) -> None:
        """Kill -9 the server; runs that wait for it go on waiting."""
        if self._server is None:
            raise LabError("no server runs")
        self._server.kill()
        self._server.wait()

    def start_worker(self) -> None:
        """Start a worker and wait until the server knows it."""
        words = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL]
        self._worker = spawn(self.lab.home, "prefect-worker", words, environment=self.environment, cwd=ROOT)
        wait_until("a worker takes runs", self._has_worker, seconds=SERVER_SECONDS, home=self.lab.home)

    def stop(self) -> None:
        """Stop worker and server."""
        end(self._worker, grace=3)
        end(self._server, grace=5)
        self._api.close()

    def answers(self) -> bool:
        """True once the server answers."""
        try:
            return self._api.get("/health").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _server_answers(self) -> bool:
        if self._server is not None and self._server.poll() is not None:
            raise LabError(f"Prefect's server ended by itself; its log is {self.lab.home.logs}/prefect-server.log")
        return self.answers()

    def command(self, module: str, *words: str) -> str:
        """Run `python -m module` as a person would, and return what it prints."""
        return self._run([sys.executable, "-m", module, *words])

    def prefect(self, *words: str) -> str:
        """Run `prefect …` as a person would, and return what it prints."""
        return self._run([sys.executable, "-m", "prefect", *words])

    def run_deployment(self, name: str, request: dict[str, Any] | None = None) -> str:
        """Start a deployment such as `Rollback/rollback` as the UI does; return the id of its run."""
        parameters = {"request": request} if request is not None else {}
        run = self._ask("POST", f"/deployments/{self._deployment(name)}/create_flow_run", parameters=parameters)
        return str(run["id"])

    def newest_run(self, name: str) -> str | None:
        """Return the id of the run that a deployment started last, if it ever did."""
        found = self._runs_of(name, limit=1)
        return str(found[0]["id"]) if found else None

    def runs_begun(self, name: str) -> list[dict[str, Any]]:
        """Return the runs of a deployment that have begun, the newest first, as the API shows them."""
        return self._runs_of(name, flow_runs={"start_time": {"is_null_": False}})

    def _runs_of(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        deployments = {"id": {"any_": [self._deployment(name)]}}
        asked = {"deployments": deployments, "sort": "EXPECTED_START_TIME_DESC", **filters}
        return list(self._ask("POST", "/flow_runs/filter", **asked))

    def read_run(self, run: str) -> dict[str, Any]:
        """Return a run as the API shows it."""
        return dict(self._ask("GET", f"/flow_runs/{run}"))

    def state_of(self, run: str) -> tuple[str, str]:
        """Return type and message of a run's state."""
        state = self.read_run(run)["state"] or {}
        return str(state.get("type")), str(state.get("message") or "")

    def read_question(self, run: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the key and the decisions of the form at which a run waits; None while there is no form."""
        state = self.read_run(run)["state"] or {}
        keys = (state.get("state_details") or {}).get("run_input_keyset")
        if state.get("type") != "PAUSED" or not keys:
            return None
        answer = self._api.get(f"/flow_runs/{run}/input/{keys['schema']}")
        if answer.is_error:
            return None
        decision = answer.json().get("properties", {}).get("decision", {})
        return str(keys["schema"]), tuple(str(one) for one in decision.get("enum", ()))

    def resume(self, run: str, answer: dict[str, Any]) -> None:
        """Answer a gate exactly as the UI does; a form that is not there yet is waited for."""
        deadline = time.monotonic() + FORM_SECONDS
        while True:
            found = self._ask("POST", f"/flow_runs/{run}/resume", run_input=answer)
            if found.get("status") == "ACCEPT":
                return
            reason = str(found.get("details", {}).get("reason"))
            if "schema not found" not in reason or time.monotonic() > deadline:
                raise LabError(f"the gate did not take the answer: {reason}")
            time.sleep(0.2)

    def wait_for(self, run: str, *types: str, seconds: float) -> tuple[str, str]:
        """Return the run's state once it has one of these types."""
        deadline = time.monotonic() + seconds
        while (state := self.state_of(run))[0] not in types:
            if state[0] in ENDED or time.monotonic() > deadline:
                raise LabError(f"run {run} is {state}, expected {' or '.join(types)} within {seconds:.0f} s")
            time.sleep(0.2)
        return state

    def artifacts(self, run: str) -> list[dict[str, Any]]:
        """Return the pages that a run left."""
        filters = {"artifacts": {"flow_run_id": {"any_": [run]}}}
        return list(self._ask("POST", "/artifacts/filter", **filters))

    def kill_run(self, run: str) -> int:
        """Kill -9 the process of a run; return its number."""
        pids = list(self.processes_of(run))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        if not pids:
            raise LabError(f"run {run} has no process")
        return pids[0]

    def kill_worker(self) -> None:
        """Kill -9 the worker; it says nothing to the server."""
        if self._worker is None:
            raise LabError("no worker runs")
        self._worker.kill()
        self._worker.wait()

    def stop_worker(self) -> None:
        """Stop the worker as a reboot of its machine does, by SIGTERM; return when it has ended."""
        if self._worker is None:
            raise LabError("no worker runs")
        self._worker.terminate()
        self._worker.wait(timeout=STOP_SECONDS)

    def cancel(self, run: str) -> None:
        """Cancel a run as the button of the UI does: by force."""
        state = {"type": "CANCELLING", "name": "Cancelling", "message": "cancelled from the UI"}
        self._force(run, state)

    def retry(self, run: str) -> None:
        """Retry a run as the button of the UI does: by force."""
        state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "retried from the UI"}
        self._force(run, state)

    def report_crash(self, run: str) -> None:
        """Tell the server that a run is dead, as nobody else does when its worker died with it."""
        state = {"type": "CRASHED", "name": "Crashed", "message": "the worker's machine lost its power"}
        self._force(run, state)

    def _force(self, run: str, state: dict[str, str]) -> None:
        self._ask("POST", f"/flow_runs/{run}/set_state", state=state, force=True)

    def processes_of(self, run: str) -> Iterator[int]:
        """Yield the processes of a run."""
        mark = f"PREFECT__FLOW_RUN_ID={run}".encode()
        for pid in of_this_lab(self.lab.home):
            try:
                if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    yield pid
            except OSError:
                continue

    def _deployment(self, name: str) -> str:
        return str(self._ask("GET", f"/deployments/name/{name}")["id"])

    def _has_worker(self) -> bool:
        workers = self._ask("POST", f"/work_pools/{POOL}/workers/filter")
        return any(worker["status"] == "ONLINE" for worker in workers)

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        answer = self._api.request(method, path, json=body if method == "POST" else None)
        if answer.is_error:
            raise LabError(f"Prefect refused {method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def _run(self, words: list[str]) -> str:
        environment = {**os.environ, **self.environment}
        done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"{' '.join(words[1:])} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout
